//! Decisions about exceptions. That an exception is there was found out before.

use money::{Amount, Currency, Eur};

use super::command::ExceptionCommand;
use super::event::{
    AcceptanceDeclined, AcceptanceProposed, ExceptionAssigned, ExceptionReopened, ExceptionResolved,
    Resolution, WriteOffDeclined, WriteOffProposed,
};
use super::kind::{ExceptionId, ExceptionKind, Subject};
use super::state::{Handled, Proposed};
use crate::approval::asks_for_second_at_bank;
use crate::ids::{Actor, TextId};
use crate::reconciliation::{Reconciliation, ReconciliationEvent};
use crate::refusal::Refusal;

/// Decides a command about exceptions.
pub(crate) fn decide(
    reconciliation: &Reconciliation,
    command: &ExceptionCommand,
    by: &Actor,
) -> Result<ReconciliationEvent, Refusal> {
    let id = command.exception();
    let nothing = Handled::default();
    let handled = reconciliation.handling().get(id).unwrap_or(&nothing);
    match command {
        ExceptionCommand::Assign { exception, owner, note } => {
            if handled.owner.as_ref() == Some(owner) && note.is_none() {
                return Err(Refusal::new("no-change", format!("{owner} looks after it already")));
            }
            let (exception, owner, by) = (exception.clone(), owner.clone(), by.clone());
            Ok(ExceptionAssigned { exception, owner, note: *note, by }.into())
        }
        ExceptionCommand::Accept { exception, amount, alone_max, let_be_by, reason } => {
            unresolved(reconciliation, exception, *amount, handled)?;
            let answer = Answer { exception, amount: *amount, alone_max: *alone_max, reason: *reason, by };
            answer.decide(handled, let_be_by.as_ref(), Resolution::Accepted)
        }
        ExceptionCommand::WriteOff { exception, amount, account, alone_max, reason } => {
            unresolved(reconciliation, exception, *amount, handled)?;
            let Subject::Line { .. } = &exception.about else {
                let detail = "only a line of the bank can be written off: its money is there, and nothing else explains it";
                return Err(Refusal::new("not-a-line", detail));
            };
            if exception.kind == ExceptionKind::NotifiedNotStated {
                let detail = "no statement has the line, so its money is not on the account: accept it by name (--accept) when the bank has said what it is";
                return Err(Refusal::new("not-stated", detail));
            }
            // The account of the line is not in the books of this ledger, so there is nothing to book it against.
            if amount.currency() != Currency::EUR {
                let detail = format!(
                    "the line is in {}, and the books here are in euro: accept it by name (--accept), and book it where that account is booked",
                    amount.currency()
                );
                return Err(Refusal::new("not-in-euro", detail));
            }
            let answer = Answer { exception, amount: *amount, alone_max: *alone_max, reason: *reason, by };
            answer.decide(handled, None, Resolution::WrittenOff { account: account.clone() })
        }
        ExceptionCommand::Decline { exception, reason } => {
            let Some(Proposed { by: proposed_by, how, .. }) = handled.proposed.clone() else {
                return Err(Refusal::new("nothing-proposed", "nobody proposes to resolve it"));
            };
            let (exception, by, reason) = (exception.clone(), by.clone(), *reason);
            Ok(match how {
                Resolution::Accepted => AcceptanceDeclined { exception, proposed_by, reason, by }.into(),
                Resolution::WrittenOff { .. } => {
                    WriteOffDeclined { exception, proposed_by, reason, by }.into()
                }
            })
        }
        ExceptionCommand::Reopen { exception, reason } => {
            if handled.resolved.is_none() {
                return Err(Refusal::new("not-resolved", "nobody has resolved it"));
            }
            let (exception, by) = (exception.clone(), by.clone());
            Ok(ExceptionReopened { exception, reason: *reason, by }.into())
        }
    }
}

/// An answer to an exception: by one person where it is small, else by two who agree.
struct Answer<'a> {
    exception: &'a ExceptionId,
    amount: Amount,
    alone_max: Eur,
    reason: TextId,
    by: &'a Actor,
}

impl Answer<'_> {
    fn decide(
        self,
        handled: &Handled,
        let_be_by: Option<&Actor>,
        how: Resolution,
    ) -> Result<ReconciliationEvent, Refusal> {
        let Self { exception, amount, alone_max, reason, by } = self;
        let proposed = handled.proposed.as_ref().filter(|proposed| proposed.amount == amount);
        let first = proposed.map(|proposed| &proposed.by).or(let_be_by);
        let for_one = exception.is_for_one(amount, alone_max);
        let what = match proposed {
            Some(proposed) => format!("{} (`svala exception decline` withdraws it)", proposed.how.in_words()),
            None => "let it be when the next statement was taken in".to_owned(),
        };
        let waits = asks_for_second_at_bank(first, by, for_one, &what)?;
        if let Some(other) = proposed.filter(|proposed| proposed.how != how) {
            let detail = format!(
                "{} proposed to {}, not to {}; `svala exception decline` refuses that",
                other.by,
                other.how.in_words(),
                how.in_words()
            );
            return Err(Refusal::new("proposed-otherwise", detail));
        }
        let (exception, by) = (exception.clone(), by.clone());
        Ok(match (waits, how) {
            (false, how) => {
                ExceptionResolved { exception, amount, how, alone_max: Some(alone_max), reason, by }.into()
            }
            (true, Resolution::Accepted) => {
                AcceptanceProposed { exception, amount, alone_max, reason, by }.into()
            }
            (true, Resolution::WrittenOff { account }) => {
                WriteOffProposed { exception, amount, account, alone_max, reason, by }.into()
            }
        })
    }
}

/// Nobody has resolved it, and no match explains its line.
fn unresolved(
    reconciliation: &Reconciliation,
    exception: &ExceptionId,
    amount: Amount,
    handled: &Handled,
) -> Result<(), Refusal> {
    if let Some((resolved, at)) = handled.resolved.as_ref().filter(|_| handled.is_resolved(amount)) {
        let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let detail = format!("it was resolved by {} at {at}", resolved.by);
        return Err(Refusal::new("already-resolved", detail));
    }
    if let Subject::Line { line } = &exception.about {
        if let Some(matching) = reconciliation.of_line(*line) {
            let detail = format!("its line was matched {}", matching.by_and_when());
            return Err(Refusal::new("already-matched", detail));
        }
        if let Some(by_and_when) = reconciliation.handling().written_off(*line) {
            let detail = format!("its line was written off {by_and_when}");
            return Err(Refusal::new("already-written-off", detail));
        }
    }
    Ok(())
}
