//! Partners: loading them, registering those that are met, deciding commands on them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use domain::partner::{PartnerCommandRefused, PartnerEvent, PartnerRegistered};
use domain::{By, Event, Partner, PartnerCode, PartnerCommand};
use event_log::{StreamId, UniqueKey};

use super::{Decided, Draft, Owner, Purpose, RefusedCommand, Session, distinct};
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::nearest::{nearest, unknown};

/// A partner as its stream has it; none if it was never met.
#[derive(Default)]
pub(super) struct LoadedPartner {
    partner: Option<Partner>,
    version: u64,
}

impl Ledger {
    /// Who gives commands, and for whom they act, as the log has it now.
    pub(crate) async fn by(&self) -> Result<By, AppError> {
        Ok(self.by_and_guard().await?.0)
    }

    /// The same, with what must still be so when a command of theirs is written: see
    /// [`Session::acts_for_no_partner`].
    pub(crate) async fn by_and_guard(&self) -> Result<(By, Option<(StreamId, u64)>), AppError> {
        let mut session = Session::new(self, Purpose::Check);
        session.load_partners([]).await?;
        Ok((session.by()?, session.acts_for_no_partner()))
    }

    /// Refuses whoever acts for a partner, before what no state of its own is decided on. Answers with what must still be so
    /// when it is written.
    pub(crate) async fn may_decide(&self) -> Result<Option<(StreamId, u64)>, AppError> {
        let (by, guard) = self.by_and_guard().await?;
        by.may_decide()?;
        Ok(guard)
    }
}

impl Session<'_> {
    /// Loads the partners that are not held yet; with them the one for which whoever gives the commands may act.
    pub async fn load_partners(
        &mut self,
        codes: impl IntoIterator<Item = PartnerCode>,
    ) -> Result<(), AppError> {
        let codes: Vec<PartnerCode> = codes.into_iter().collect();
        let asked = codes.iter().cloned().chain(self.ledger.actor.organisation());
        let missing: Vec<PartnerCode> = distinct(asked.filter(|code| !self.partners.contains_key(code)));
        if missing.is_empty() {
            return Ok(());
        }
        let streams: Vec<StreamId> = missing.iter().map(PartnerCode::stream).collect();
        let mut folded: HashMap<StreamId, LoadedPartner> = HashMap::new();
        for recorded in self.ledger.store.read_streams(&streams).await? {
            let Event::Partner(event) = Event::decode_checked(&recorded)? else { continue };
            let loaded = match folded.entry(recorded.stream_id) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(place) => place.insert(LoadedPartner::default()),
            };
            loaded.partner = Some(Partner::evolve(loaded.partner.take(), &event)?);
            loaded.version = recorded.stream_version;
        }
        for (code, stream) in missing.into_iter().zip(streams) {
            self.partners.insert(code, folded.remove(&stream).unwrap_or_default());
        }
        if self.partner_codes.is_none() && codes.iter().any(|code| self.partner(code).is_none()) {
            self.partner_codes = Some(self.ledger.partner_codes().await?);
        }
        Ok(())
    }

    /// All partners there are, also those that were met in this session, where one that is none was loaded. In the order of
    /// their codes: which of two is meant by a slip must not depend on how they were loaded.
    pub(crate) fn known_partners(&self) -> BTreeSet<&PartnerCode> {
        let met = self.partners.iter().filter(|(_, loaded)| loaded.partner.is_some()).map(|(code, _)| code);
        self.partner_codes.iter().flatten().chain(met).collect()
    }

    /// Nobody has registered or met a partner, which was loaded.
    pub(crate) fn unknown_partner(&self, code: &PartnerCode) -> AppError {
        unknown(code, &nearest(code, self.known_partners()))
    }

    /// Who gives the commands, and for whom they act.
    pub(crate) fn by(&self) -> Result<By, AppError> {
        let actor = self.ledger.actor.clone();
        match actor.organisation() {
            Some(code) if !self.partners.contains_key(&code) => {
                Err(AppError::Usage(format!("whether {actor} acts for a partner was not loaded")))
            }
            _ => Ok(By::of(actor, |code| self.partner(code).is_some())),
        }
    }

    /// What must still be so when a command is written: that nobody has registered the organisation which the name of
    /// whoever gives it names. (One that is a partner stays one.) None where it was not asked.
    pub(super) fn acts_for_no_partner(&self) -> Option<(StreamId, u64)> {
        let code = self.ledger.actor.organisation()?;
        let loaded = self.partners.get(&code).filter(|loaded| loaded.partner.is_none())?;
        Some((code.stream(), loaded.version))
    }

    /// Has a command written only if nothing happened to a partner since it was loaded.
    pub(super) fn rest_on_partner(&self, draft: &mut Draft, code: &PartnerCode) {
        if let Some(loaded) = self.partners.get(code) {
            draft.rest_on(code.stream(), loaded.version);
        }
    }

    /// A partner that was loaded or registered in this session.
    pub fn partner(&self, code: &PartnerCode) -> Option<&Partner> {
        self.partners.get(code).and_then(|loaded| loaded.partner.as_ref())
    }

    /// Registers a partner that is met for the first time, by somebody who may.
    pub fn register_partner(&mut self, draft: &mut Draft, code: &PartnerCode) -> Result<(), AppError> {
        if self.partner(code).is_some() {
            return Ok(());
        }
        self.registered.insert(code.clone());
        self.record_partner(draft, code, PartnerRegistered { partner: code.clone() }.into())
    }

    /// Takes the partners that were met for the first time.
    pub(crate) fn take_registered(&mut self) -> BTreeSet<PartnerCode> {
        std::mem::take(&mut self.registered)
    }

    /// Whether a rule refuses a command on a partner, as things stand.
    pub fn partner_refuses(&self, code: &PartnerCode, command: &PartnerCommand) -> Result<bool, AppError> {
        let (by, rulebook) = (self.by()?, &self.ledger.rulebook);
        Ok(domain::partner::decide(self.partner(code), command, &by, rulebook).is_err())
    }

    /// Decides a command on a partner; a refusal is kept.
    pub fn on_partner(
        &mut self,
        draft: &mut Draft,
        code: &PartnerCode,
        command: &PartnerCommand,
    ) -> Result<Decided, AppError> {
        let by = self.by()?;
        match domain::partner::decide(self.partner(code), command, &by, &self.ledger.rulebook) {
            Ok(events) => {
                for event in events {
                    self.record_partner(draft, code, event)?;
                }
                Ok(Ok(()))
            }
            // A partner that there is none of has no stream to keep it in.
            Err(refusal) if self.partner(code).is_none() => Err(AppError::Refused(refusal)),
            Err(refusal) => {
                let refused = PartnerCommandRefused {
                    command: command.name().to_owned(),
                    about: command.about(),
                    on: command.on(),
                    rulebook: self.ledger.rulebook.version().to_owned(),
                    reasons: refusal.reasons.clone(),
                };
                self.record_partner(draft, code, refused.into())?;
                Ok(Err(RefusedCommand { refusal, repeated: false }))
            }
        }
    }

    pub(super) fn record_partner(
        &mut self,
        draft: &mut Draft,
        code: &PartnerCode,
        event: PartnerEvent,
    ) -> Result<(), AppError> {
        let mut keys = Vec::new();
        if let Some((scope, digest, entity)) = event.unique_fact() {
            keys.push(UniqueKey { scope, digest: digest.0, entity });
            let owner = Owner { stream_id: code.stream(), entity };
            self.keys.insert((scope, digest.0), Some(owner));
        }
        let loaded = self.partners.entry(code.clone()).or_default();
        loaded.partner = Some(Partner::evolve(loaded.partner.take(), &event)?);
        let before = loaded.version;
        loaded.version += 1;
        draft.push(code.stream(), before, &Event::Partner(event), keys)
    }
}
