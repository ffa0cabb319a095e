//! Who explained what at the bank.

use std::collections::{BTreeMap, HashMap};

use super::{Breach, Violation, violation};
use crate::bank::BankEvent;
use crate::event::Recorded;
use crate::exception::{ExceptionId, ExceptionResolved, Proposed, Resolution, Subject};
use crate::ids::KeyDigest;
use crate::reconciliation::{MatchProposed, ReconciliationEvent, is_match_for_one};

/// What was proposed at the bank so far, and by whom.
#[derive(Debug, Default)]
pub(super) struct WatchedBank {
    /// Where each match was recorded.
    matches: HashMap<u64, u64>,
    /// Who would resolve an exception, and how.
    answers: BTreeMap<ExceptionId, (String, Proposed)>,
    /// Who would match lines.
    proposed: Vec<(String, MatchProposed)>,
    /// Who took a statement in although one before it is missing.
    gaps: HashMap<KeyDigest, String>,
}

impl WatchedBank {
    /// Notes who took a statement in.
    pub(super) fn statement(&mut self, event: &BankEvent, actor: &str) {
        if let BankEvent::StatementImported(e) = event
            && e.gap_accepted.is_some()
        {
            self.gaps.insert(e.statement, actor.to_owned());
        }
    }

    /// Where the match was recorded that an event is about; the event itself where it is about none.
    pub(super) fn about(&self, event: &ReconciliationEvent, recorded: &Recorded) -> u64 {
        let known = match event {
            ReconciliationEvent::MatchUndone(e) => self.matches.get(&e.number).copied(),
            _ => None,
        };
        known.unwrap_or(recorded.position)
    }

    /// Whoever matches is the one who is named, and what is large and has nothing in common another one has proposed.
    pub(super) fn of_matches(&mut self, event: &ReconciliationEvent, recorded: &Recorded) -> Vec<Violation> {
        let actor = &recorded.actor;
        let (by, one_person) = match event {
            ReconciliationEvent::PaymentMatched(e) => {
                self.matches.insert(e.number, recorded.position);
                let first = self.proposed.iter().find(|(_, known)| known.is_of(&e.lines, &e.items));
                let first = first.map(|(first, _)| first);
                // What a rule says, or has something in common, is for one.
                let breach = e
                    .alone_max
                    .and_then(|most| alone(first, actor, is_match_for_one(&e.lines, &e.items, most)));
                self.proposed.retain(|(_, known)| !known.needs_any_of(&e.lines, &e.items));
                (&e.by, breach)
            }
            ReconciliationEvent::MatchProposed(e) => {
                self.proposed.push((actor.clone(), e.clone()));
                (&e.by, None)
            }
            ReconciliationEvent::MatchDeclined(e) => {
                self.proposed.retain(|(_, known)| known.line_ids() != e.lines);
                (&e.by, None)
            }
            ReconciliationEvent::MatchUndone(e) => (&e.by, None),
            _ => return self.of_exceptions(event, recorded),
        };
        let other_name = (by.as_str() != actor).then_some(Breach::AnotherName);
        let breaches = [one_person, other_name].into_iter().flatten();
        breaches.map(|breach| violation(recorded, breach, self.about(event, recorded))).collect()
    }

    /// What is large is not answered for by the one who proposed it, nor without a proposal.
    fn of_exceptions(&mut self, event: &ReconciliationEvent, recorded: &Recorded) -> Vec<Violation> {
        let actor = &recorded.actor;
        let (by, one_person) = match event {
            ReconciliationEvent::ExceptionAssigned(e) => (&e.by, None),
            ReconciliationEvent::WriteOffProposed(e) => {
                self.answers.insert(e.exception.clone(), (actor.clone(), e.proposed()));
                (&e.by, None)
            }
            ReconciliationEvent::AcceptanceProposed(e) => {
                self.answers.insert(e.exception.clone(), (actor.clone(), e.proposed()));
                (&e.by, None)
            }
            ReconciliationEvent::ExceptionResolved(e) => (&e.by, self.resolved_alone(e, actor)),
            ReconciliationEvent::WriteOffDeclined(e) => {
                self.answers.remove(&e.exception);
                (&e.by, None)
            }
            ReconciliationEvent::AcceptanceDeclined(e) => {
                self.answers.remove(&e.exception);
                (&e.by, None)
            }
            ReconciliationEvent::ExceptionReopened(e) => (&e.by, None),
            _ => return Vec::new(),
        };
        let other_name = (by.as_str() != actor).then_some(Breach::AnotherName);
        let breaches = [one_person, other_name].into_iter().flatten();
        breaches.map(|breach| violation(recorded, breach, recorded.position)).collect()
    }

    /// Whether somebody answered alone for what takes two. Before version 2 one person accepted any amount.
    fn resolved_alone(&mut self, event: &ExceptionResolved, actor: &str) -> Option<Breach> {
        let ExceptionResolved { exception, amount, how, alone_max, .. } = event;
        let let_be = match &exception.about {
            Subject::Statement { statement, .. } => self.gaps.get(statement).cloned(),
            _ => None,
        };
        if let (Subject::Line { line }, Resolution::WrittenOff { .. }) = (&exception.about, how) {
            self.proposed.retain(|(_, known)| !known.line_ids().contains(line));
        }
        let answer = self.answers.remove(exception);
        let same = answer.filter(|(_, known)| known.how == *how && known.amount == *amount);
        let first = same.map(|(first, _)| first).or(let_be);
        alone(first.as_ref(), actor, alone_max.is_none_or(|most| exception.is_for_one(*amount, most)))
    }
}

/// Whether one person did what another one must have proposed, unless it is for one.
fn alone(first: Option<&String>, actor: &str, for_one: bool) -> Option<Breach> {
    match first {
        Some(first) => (first == actor).then_some(Breach::SamePerson),
        None => (!for_one).then_some(Breach::NoSecondPerson),
    }
}
