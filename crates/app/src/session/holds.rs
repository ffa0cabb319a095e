//! Holds: loading them, deciding commands about them.

use domain::hold::{HoldCommandRefused, HoldEvent, Scope};
use domain::{Event, HoldCommand, Holds};

use super::{Decided, Draft, RefusedCommand, Session};
use crate::error::AppError;
use crate::ledger::Ledger;

/// All holds, as their stream has them.
pub(super) struct LoadedHolds {
    holds: Holds,
    version: u64,
}

impl Ledger {
    /// All holds, and the version of their stream.
    async fn read_holds(&self) -> Result<LoadedHolds, AppError> {
        let mut loaded = LoadedHolds { holds: Holds::default(), version: 0 };
        for recorded in self.store.read_streams(&[domain::hold::stream()]).await? {
            if let Event::Hold(event) = Event::decode_checked(&recorded)? {
                loaded.holds.evolve(&event)?;
                loaded.version = recorded.stream_version;
            }
        }
        Ok(loaded)
    }
}

impl Session<'_> {
    /// Loads the holds, unless they are held here; answers with how often they have changed.
    pub async fn load_holds(&mut self) -> Result<u64, AppError> {
        self.load_partners([]).await?;
        let loaded = match self.holds.take() {
            Some(loaded) => loaded,
            None => self.ledger.read_holds().await?,
        };
        Ok(self.holds.insert(loaded).holds.revision)
    }

    /// The holds, if they were loaded.
    pub(super) fn holds(&self) -> Option<&Holds> {
        self.holds.as_ref().map(|loaded| &loaded.holds)
    }

    /// The number of the open hold of something; there is only one.
    pub fn open_hold(&self, scope: &Scope) -> Option<u64> {
        let mut holds = self.holds()?.iter();
        holds.find(|(_, hold)| hold.scope == *scope && hold.released_on.is_none()).map(|(number, _)| number)
    }

    /// Has a command written only if no hold was placed or released meanwhile: what is paid is held by none.
    pub fn rest_on_holds(&self, draft: &mut Draft) {
        let version = self.holds.as_ref().map(|loaded| (domain::hold::stream(), loaded.version));
        draft.read.extend(version);
    }

    /// Decides a command about holds, which were loaded; a refusal is kept.
    pub fn on_holds(&mut self, draft: &mut Draft, command: &HoldCommand) -> Result<Decided, AppError> {
        let (rulebook, by) = (&self.ledger.rulebook, self.by()?);
        let Some(loaded) = &mut self.holds else {
            return Err(AppError::Usage("the holds were not loaded".into()));
        };
        let (event, decided) = match domain::hold::decide(&loaded.holds, command, &by, rulebook) {
            Ok(event) => (event, Ok(())),
            Err(refusal) => {
                let refused: HoldEvent = HoldCommandRefused {
                    command: command.name().to_owned(),
                    hold: command.about(),
                    on: command.on(),
                    rulebook: rulebook.version().to_owned(),
                    reasons: refusal.reasons.clone(),
                }
                .into();
                (refused, Err(RefusedCommand { refusal, repeated: false }))
            }
        };
        loaded.holds.evolve(&event)?;
        let before = loaded.version;
        loaded.version += 1;
        draft.push(domain::hold::stream(), before, &Event::Hold(event), Vec::new())?;
        Ok(decided)
    }
}
