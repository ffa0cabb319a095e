//! Closed periods: loading them, deciding about the next.

use domain::closing::{self, ClosePeriod, ClosingEvent, Closings, PeriodCommandRefused};
use domain::{Event, Recorded};

use super::{Decided, Draft, RefusedCommand, Session};
use crate::error::AppError;
use crate::ledger::Ledger;

/// All closed periods, as their stream has them.
pub(super) struct LoadedClosings {
    closings: Closings,
    version: u64,
}

impl Ledger {
    /// All closed periods, and the events that closed them.
    pub(crate) async fn closings_and_events(&self) -> Result<(Closings, Vec<Recorded>), AppError> {
        let (mut closings, mut events) = (Closings::default(), Vec::new());
        for recorded in self.store.read_streams(&[closing::stream()]).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            if let Event::Closing(event) = &recorded.event {
                closings.evolve(event)?;
            }
            events.push(recorded);
        }
        Ok((closings, events))
    }
}

impl Session<'_> {
    /// Loads the closed periods; answers with how many there are.
    pub async fn load_closings(&mut self) -> Result<u64, AppError> {
        self.load_partners([]).await?;
        let (closings, events) = self.ledger.closings_and_events().await?;
        let closed = closings.iter().count() as u64;
        let version = events.last().map_or(0, |recorded| recorded.stream_version);
        self.closings = Some(LoadedClosings { closings, version });
        Ok(closed)
    }

    /// Decides whether a period is closed; the closed ones were loaded. A refusal is kept.
    pub fn close_period(&mut self, draft: &mut Draft, command: &ClosePeriod) -> Result<Decided, AppError> {
        let by = self.by()?;
        let Some(loaded) = &mut self.closings else {
            return Err(AppError::Usage("the closed periods were not loaded".into()));
        };
        let (event, decided): (ClosingEvent, Decided) = match closing::decide(&loaded.closings, command, &by)
        {
            Ok(event) => (event.into(), Ok(())),
            Err(refusal) => {
                let refused = PeriodCommandRefused {
                    command: ClosePeriod::NAME.to_owned(),
                    period: command.period,
                    on: command.on,
                    reasons: refusal.reasons.clone(),
                };
                (refused.into(), Err(RefusedCommand { refusal, repeated: false }))
            }
        };
        loaded.closings.evolve(&event)?;
        let before = loaded.version;
        loaded.version += 1;
        draft.push(closing::stream(), before, &Event::Closing(event), Vec::new())?;
        Ok(decided)
    }
}
