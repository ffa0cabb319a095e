//! Decisions about exceptions. That an exception is there was found out before.

use money::{Amount, Currency, Eur};

use super::command::ExceptionCommand;
use super::event::{
    ExceptionAssigned, ExceptionReopened, ExceptionResolved, Resolution, WriteOffDeclined, WriteOffProposed,
};
use super::kind::{ExceptionId, Subject};
use super::state::Handled;
use crate::ids::{Actor, DifferenceAccount, TextId};
use crate::matching::within;
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
        ExceptionCommand::Accept { exception, amount, reason } => {
            unresolved(reconciliation, exception, *amount, handled)?;
            Ok(resolved(exception, *amount, Resolution::Accepted, *reason, by).into())
        }
        ExceptionCommand::WriteOff { exception, amount, account, alone_max, reason } => {
            unresolved(reconciliation, exception, *amount, handled)?;
            let Subject::Line { .. } = &exception.about else {
                let detail = "only a line of the bank can be written off: its money is there, and nothing else explains it";
                return Err(Refusal::new("not-a-line", detail));
            };
            // The account of the line is not in the books of this ledger, so there is nothing to book it against.
            if amount.currency() != Currency::EUR {
                let detail = format!(
                    "the line is in {}, and the books here are in euro: accept it by name (--accept), and book it where that account is booked",
                    amount.currency()
                );
                return Err(Refusal::new("not-in-euro", detail));
            }
            write_off(exception, *amount, account, *alone_max, *reason, handled, by)
        }
        ExceptionCommand::Decline { exception, reason } => {
            let Some((proposed_by, ..)) = handled.proposed.clone() else {
                return Err(Refusal::new("nothing-proposed", "nobody proposes to write it off"));
            };
            let (exception, by) = (exception.clone(), by.clone());
            Ok(WriteOffDeclined { exception, proposed_by, reason: *reason, by }.into())
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

/// One person writes off what is small; what is large one proposes and another does, to the same account.
fn write_off(
    exception: &ExceptionId,
    amount: Amount,
    account: &DifferenceAccount,
    alone_max: Eur,
    reason: TextId,
    handled: &Handled,
    by: &Actor,
) -> Result<ReconciliationEvent, Refusal> {
    let proposed = handled.proposed.as_ref().filter(|(_, proposed, _)| *proposed == amount);
    match proposed {
        Some((first, ..)) if first == by => {
            let detail = format!(
                "{by} proposed to write it off: somebody else must agree; `svala exception decline` withdraws it"
            );
            return Err(Refusal::new("second-person-needed", detail));
        }
        Some((first, _, other)) if other != account => {
            let detail = format!(
                "{first} proposed to book it as {other}, not as {account}; `svala exception decline` refuses that"
            );
            return Err(Refusal::new("another-account", detail));
        }
        Some(_) => {}
        None if within(amount, alone_max) => {}
        None => {
            let (exception, account, by) = (exception.clone(), account.clone(), by.clone());
            return Ok(WriteOffProposed { exception, amount, account, alone_max, reason, by }.into());
        }
    }
    let how = Resolution::WrittenOff { account: account.clone() };
    Ok(resolved(exception, amount, how, reason, by).into())
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

fn resolved(
    exception: &ExceptionId,
    amount: Amount,
    how: Resolution,
    reason: TextId,
    by: &Actor,
) -> ExceptionResolved {
    ExceptionResolved { exception: exception.clone(), amount, how, reason, by: by.clone() }
}
