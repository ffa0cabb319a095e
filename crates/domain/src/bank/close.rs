//! The end of an account.

use super::command::{CloseAccount, Statement};
use super::event::{BankAccountClosed, BankEvent};
use super::state::BankAccount;
use crate::by::By;
use crate::refusal::Refusal;

/// Closes an account of which everything is known: the bank says that nothing is left on it, and nothing that it has told
/// waits to be explained.
pub fn close(account: &BankAccount, command: &CloseAccount, by: &By) -> Result<BankEvent, Refusal> {
    by.may_decide()?;
    let code = &account.code;
    if let Some(closed) = &account.closed {
        let detail = format!("the account {code} was closed on {} by {}", closed.on, closed.by);
        return Err(Refusal::new("already-closed", detail));
    }
    let mut reasons = Vec::new();
    let mut refuse = |id: &str, detail: String| reasons.extend(Refusal::new(id, detail).reasons);
    let CloseAccount { closed_on, today, open_lines, not_stated, reason } = *command;
    if closed_on > today {
        refuse("in-the-future", format!("{closed_on} is still to come: close it when it has ended"));
    }
    if let Some(until) = account.stated_until.filter(|until| *until > closed_on) {
        let detail = format!(
            "its last statement is until {until}, later than {closed_on}: give the day on which it ended"
        );
        refuse("stated-later", detail);
    }
    if let Some(last) = account.last.filter(|last| last.closing.is_negative() || last.closing.is_positive()) {
        let detail = format!(
            "its last statement closes with {} {}: import the one that says where that went",
            last.closing, account.currency
        );
        refuse("balance-left", detail);
    }
    if not_stated > 0 {
        let detail = format!(
            "{not_stated} of its lines stand in no statement yet, only in notifications: import the statement (`svala bank lines --account {code}`, source)"
        );
        refuse("not-stated", detail);
    }
    if open_lines > 0 {
        let detail = format!(
            "{open_lines} of its lines are explained by nothing: match them or write them off first (`svala bank lines --account {code} --open`)"
        );
        refuse("lines-open", detail);
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    Ok(BankAccountClosed { closed_on, reason, by: by.actor().clone() }.into())
}

/// Refuses what is about days after the last one of an account.
pub(super) fn is_of_its_days(account: &BankAccount, statement: &Statement) -> Result<(), Refusal> {
    let Some(closed) = &account.closed else { return Ok(()) };
    let last = statement.lines.iter().map(|line| line.booked_on).max().max(statement.to);
    if last.is_some_and(|day| day <= closed.on) {
        return Ok(());
    }
    let day = last.map_or_else(String::new, |day| format!(", and this {} is until {day}", statement.kind));
    let detail = format!(
        "the account {} was closed on {} by {}{day}: nothing of later days is taken in; ask the bank what it is",
        account.code, closed.on, closed.by
    );
    Err(Refusal::new("account-closed", detail))
}
