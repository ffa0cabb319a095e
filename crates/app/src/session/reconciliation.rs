//! Matches: loading them, deciding commands about them and what they change for partners.

use domain::partner::PartnerEvent;
use domain::reconciliation::{
    self, MatchedItem, Reconciliation, ReconciliationCommandRefused, ReconciliationEvent, Settled,
};
use domain::{
    By, Event, LineId, PartnerCode, PartnerCommand, PaymentCommand, ReconciliationCommand, Recorded, Refusal,
};

use super::{Decided, Draft, RefusedCommand, Session};
use crate::error::AppError;
use crate::ledger::Ledger;

/// All matches, as their stream has them.
pub(super) struct LoadedReconciliation {
    state: Reconciliation,
    version: u64,
}

/// What a command comes to: in the stream of matches, and in those of partners whose payments came back.
type Events = (ReconciliationEvent, Vec<(PartnerCode, PartnerEvent)>);

impl Ledger {
    /// All matches, and their events.
    pub(crate) async fn reconciliation_and_events(
        &self,
    ) -> Result<(Reconciliation, Vec<Recorded>), AppError> {
        let (mut state, mut events) = (Reconciliation::default(), Vec::new());
        for recorded in self.store.read_streams(&[reconciliation::stream()]).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            if let Event::Reconciliation(event) = &recorded.event {
                state.evolve(event, recorded.recorded_at)?;
            }
            events.push(recorded);
        }
        Ok((state, events))
    }
}

impl Session<'_> {
    /// Loads the matches, unless they are held here; answers with how often they have changed.
    pub(crate) async fn load_reconciliation(&mut self) -> Result<u64, AppError> {
        self.load_partners([]).await?;
        let loaded = match self.reconciliation.take() {
            Some(loaded) => loaded,
            None => {
                let (state, events) = self.ledger.reconciliation_and_events().await?;
                LoadedReconciliation { state, version: events.len() as u64 }
            }
        };
        Ok(self.reconciliation.insert(loaded).state.revision)
    }

    /// The matches that were loaded, with what was decided here.
    pub(crate) fn reconciliation_state(&self) -> Option<&Reconciliation> {
        self.reconciliation.as_ref().map(|loaded| &loaded.state)
    }

    /// The match that settles something, of the matches that were loaded; the command is written only if none is made
    /// meanwhile.
    pub(crate) fn settled_by(&self, draft: &mut Draft, of: &Settled) -> Result<Option<u64>, AppError> {
        let Some(loaded) = &self.reconciliation else { return Err(not_loaded()) };
        draft.rest_on(reconciliation::stream(), loaded.version);
        Ok(loaded.state.of_item(of).map(|matching| matching.matched.number))
    }

    /// Whether nothing explains a line, by the matches that were loaded; the command is written only if none is made or
    /// taken back meanwhile.
    pub(crate) fn is_unexplained(&self, draft: &mut Draft, line: LineId) -> Result<bool, AppError> {
        let Some(loaded) = &self.reconciliation else { return Err(not_loaded()) };
        draft.rest_on(reconciliation::stream(), loaded.version);
        Ok(loaded.state.of_line(line).is_none() && loaded.state.handling().written_off(line).is_none())
    }

    /// Decides a command about matches, which were loaded with the partners it is about; a refusal is kept.
    pub(crate) fn on_reconciliation(
        &mut self,
        draft: &mut Draft,
        command: &ReconciliationCommand,
    ) -> Result<Decided, AppError> {
        match self.decide_reconciliation(command)? {
            Ok(events) => {
                self.rest_on_payments(draft, &events.0);
                self.record_all(draft, events)?;
                Ok(Ok(()))
            }
            Err(refusal) => {
                let refused = ReconciliationCommandRefused {
                    command: command.name().to_owned(),
                    number: command.about(),
                    exception: command.exception().cloned(),
                    rulebook: self.ledger.rulebook.version().to_owned(),
                    reasons: refusal.reasons.clone(),
                };
                self.record_reconciliation(draft, refused.into())?;
                Ok(Err(RefusedCommand { refusal, repeated: false }))
            }
        }
    }

    /// Decides many commands that no person gave one by one: all, or none and nothing is kept.
    pub(crate) fn all_on_reconciliation(
        &mut self,
        draft: &mut Draft,
        commands: &[ReconciliationCommand],
    ) -> Result<Decided, AppError> {
        for command in commands {
            let events = self.decide_reconciliation(command)??;
            self.rest_on_payments(draft, &events.0);
            self.record_all(draft, events)?;
        }
        Ok(Ok(()))
    }

    fn decide_reconciliation(
        &self,
        command: &ReconciliationCommand,
    ) -> Result<Result<Events, Refusal>, AppError> {
        let Some(loaded) = &self.reconciliation else { return Err(not_loaded()) };
        Ok(self.events_of(&loaded.state, command, &self.by()?))
    }

    fn events_of(
        &self,
        state: &Reconciliation,
        command: &ReconciliationCommand,
        by: &By,
    ) -> Result<Events, Refusal> {
        let event = reconciliation::decide(state, command, by)?;
        let (items, matching, undone): (&[MatchedItem], u64, bool) = match &event {
            ReconciliationEvent::PaymentMatched(e) => (&e.items, e.number, false),
            ReconciliationEvent::MatchProposed(e) => {
                self.can_be_settled(&e.items)?;
                (&[], 0, false)
            }
            ReconciliationEvent::MatchUndone(e) => {
                let items = state.get(e.number).map(|known| known.matched.items.as_slice());
                (items.unwrap_or_default(), e.number, true)
            }
            _ => (&[], 0, false),
        };
        if !undone {
            self.can_be_settled(items)?;
        }
        let mut of_partners = Vec::new();
        for item in items {
            let (Settled::PaymentBack { partner: code, payment }
            | Settled::PaidOutsideBack { partner: code, payment }) = &item.of
            else {
                continue;
            };
            let payment = *payment;
            let command = match undone {
                false => PaymentCommand::Return { payment, matching },
                true => PaymentCommand::UndoReturn { payment, matching },
            };
            let command = PartnerCommand::Payment(command);
            let events = domain::partner::decide(self.partner(code), &command, by, &self.ledger.rulebook)?;
            of_partners.extend(events.into_iter().map(|event| (code.clone(), event)));
        }
        Ok((event, of_partners))
    }

    /// Whether the payments among these can have been made by the bank.
    fn can_be_settled(&self, items: &[MatchedItem]) -> Result<(), Refusal> {
        for item in items {
            let Some(partner) = item.of.partner().and_then(|code| self.partner(code)) else { continue };
            match &item.of {
                Settled::Payment { payment, .. } => domain::payment::can_be_made(partner, *payment)?,
                Settled::PaidOutside { payment, .. } => domain::payment::was_made(partner, *payment)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Has a match written only if nobody takes one of its payments back meanwhile.
    fn rest_on_payments(&self, draft: &mut Draft, event: &ReconciliationEvent) {
        let ReconciliationEvent::PaymentMatched(matched) = event else { return };
        for item in &matched.items {
            if let Settled::Payment { partner, .. } | Settled::PaidOutside { partner, .. } = &item.of {
                self.rest_on_partner(draft, partner);
            }
        }
    }

    fn record_all(&mut self, draft: &mut Draft, (event, of_partners): Events) -> Result<(), AppError> {
        self.record_reconciliation(draft, event)?;
        for (code, event) in of_partners {
            self.record_partner(draft, &code, event)?;
        }
        Ok(())
    }

    fn record_reconciliation(
        &mut self,
        draft: &mut Draft,
        event: ReconciliationEvent,
    ) -> Result<(), AppError> {
        let now = self.ledger.environment.now();
        let Some(loaded) = &mut self.reconciliation else { return Err(not_loaded()) };
        loaded.state.evolve(&event, now)?;
        let before = loaded.version;
        loaded.version += 1;
        draft.push(reconciliation::stream(), before, &Event::Reconciliation(event), Vec::new())
    }
}

fn not_loaded() -> AppError {
    AppError::Usage("the matches were not loaded".into())
}
