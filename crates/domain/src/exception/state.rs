//! What people did about exceptions, as their events have made it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use money::Amount;
use serde::{Deserialize, Serialize};

use super::event::{ExceptionAssigned, ExceptionReopened, ExceptionResolved, Resolution};
use super::kind::{ExceptionId, Subject};
use crate::ids::{Actor, LineId, TextId};
use crate::refusal::FoldError;

/// What was done about one exception.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Handled {
    /// Who looks after it.
    pub owner: Option<Actor>,
    /// What is to be done, in the vault.
    pub note: Option<TextId>,
    /// What waits for another person.
    pub proposed: Option<Proposed>,
    /// How it was resolved, and when.
    pub resolved: Option<(ExceptionResolved, Timestamp)>,
}

/// How somebody would resolve an exception, while another person has yet to agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// Who.
    pub by: Actor,
    /// How much it was about then: of another amount nothing is proposed.
    pub amount: Amount,
    /// How.
    pub how: Resolution,
}

impl Handled {
    /// Whether somebody answers for it: for this amount, and for no other that it may have come to since.
    pub fn is_resolved(&self, amount: Amount) -> bool {
        self.resolved.as_ref().is_some_and(|(resolved, _)| resolved.amount == amount)
    }
}

/// What was done about all exceptions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Handling {
    handled: BTreeMap<ExceptionId, Handled>,
    /// Lines that are written off, by the exception they were.
    written_off: HashMap<LineId, ExceptionId>,
}

impl Handling {
    /// What was done about one exception.
    pub fn get(&self, exception: &ExceptionId) -> Option<&Handled> {
        self.handled.get(exception)
    }

    /// All exceptions about which anything was done.
    pub fn iter(&self) -> impl Iterator<Item = (&ExceptionId, &Handled)> {
        self.handled.iter()
    }

    /// By whom and when a line was written off, as it stands in sentences.
    pub fn written_off(&self, line: LineId) -> Option<String> {
        let (resolved, at) = self.get(self.written_off.get(&line)?)?.resolved.as_ref()?;
        Some(format!("by {} at {}", resolved.by, at.strftime("%Y-%m-%dT%H:%M:%SZ")))
    }

    pub(crate) fn assigned(&mut self, event: &ExceptionAssigned) {
        let handled = self.of(&event.exception);
        (handled.owner, handled.note) = (Some(event.owner.clone()), event.note);
    }

    pub(crate) fn proposed(&mut self, exception: &ExceptionId, proposed: Proposed) {
        self.of(exception).proposed = Some(proposed);
    }

    pub(crate) fn declined(&mut self, exception: &ExceptionId) -> Result<(), FoldError> {
        match self.of(exception).proposed.take() {
            Some(_) => Ok(()),
            None => Err(FoldError("a resolution is declined that nobody proposed".into())),
        }
    }

    pub(crate) fn resolved(&mut self, event: &ExceptionResolved, at: Timestamp) -> Result<(), FoldError> {
        if let (Resolution::WrittenOff { .. }, Subject::Line { line }) = (&event.how, &event.exception.about)
            && self.written_off.insert(*line, event.exception.clone()).is_some()
        {
            return Err(FoldError("a line is written off twice".into()));
        }
        let handled = self.of(&event.exception);
        (handled.proposed, handled.resolved) = (None, Some((event.clone(), at)));
        Ok(())
    }

    pub(crate) fn reopened(&mut self, event: &ExceptionReopened) -> Result<(), FoldError> {
        // Accepted as one kind, a line may have been written off as another.
        if let Subject::Line { line } = &event.exception.about
            && self.written_off.get(line) == Some(&event.exception)
        {
            self.written_off.remove(line);
        }
        match self.of(&event.exception).resolved.take() {
            Some(_) => Ok(()),
            None => Err(FoldError("an exception is reopened that nobody resolved".into())),
        }
    }

    fn of(&mut self, exception: &ExceptionId) -> &mut Handled {
        self.handled.entry(exception.clone()).or_default()
    }
}
