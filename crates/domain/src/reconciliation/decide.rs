//! Decisions about matches.

use std::collections::BTreeSet;

use money::{Amount, Currency, Eur};

use super::command::{Named, NewMatch, ReconciliationCommand};
use super::event::{
    MatchDeclined, MatchProposed, MatchUndone, MatchedItem, MatchedLine, PaymentMatched, ReconciliationEvent,
};
use super::state::{Matching, Reconciliation};
use crate::approval::{asks_for_second_at_bank, is_for_one};
use crate::by::By;
use crate::ids::Actor;
use crate::matching::{Residual, within};
use crate::refusal::Refusal;

/// Decides a command about matches. What a payment that comes back changes for its partner is decided there.
pub fn decide(
    reconciliation: &Reconciliation,
    command: &ReconciliationCommand,
    by: &By,
) -> Result<ReconciliationEvent, Refusal> {
    by.may_decide()?;
    let by = by.actor();
    match command {
        ReconciliationCommand::Match(new) => record(reconciliation, new, by),
        ReconciliationCommand::Decline { lines, reason } => {
            let mut proposed = reconciliation.proposed().iter();
            let Some(known) = proposed.find(|known| known.line_ids() == *lines) else {
                let detail = "nobody proposes to match just these lines: `svala bank proposals` shows what is proposed";
                return Err(Refusal::new("nothing-proposed", detail));
            };
            let (lines, proposed_by) = (lines.clone(), known.by.clone());
            Ok(MatchDeclined { lines, proposed_by, reason: *reason, by: by.clone() }.into())
        }
        ReconciliationCommand::Undo { number, reason } => {
            in_force(reconciliation, *number)?;
            Ok(MatchUndone { number: *number, reason: *reason, by: by.clone() }.into())
        }
        ReconciliationCommand::Exception(command) => crate::exception::decide(reconciliation, command, by),
    }
}

/// Lines and items are in no other match, and come to the same but for what the rules tolerate. What is large and has
/// nothing in common one person proposes and another does.
fn record(
    reconciliation: &Reconciliation,
    new: &NewMatch,
    by: &Actor,
) -> Result<ReconciliationEvent, Refusal> {
    if new.lines.is_empty() || (new.items.is_empty() && new.lines.len() == 1) {
        let detail =
            "a match has one line at least, and a payment that it settles or a line that takes it back";
        return Err(Refusal::new("nothing-to-match", detail));
    }
    let mut reasons = Vec::new();
    let mut refuse = |id: &str, detail: String| reasons.extend(Refusal::new(id, detail).reasons);
    let (mut lines, mut items) = (BTreeSet::new(), BTreeSet::new());
    for Named { name, it } in &new.lines {
        if let Some(earlier) = reconciliation.of_line(it.line) {
            refuse("already-matched", format!("{name} was matched {}", earlier.by_and_when()));
        }
        if let Some(by_and_when) = reconciliation.handling().written_off(it.line) {
            refuse("already-written-off", format!("{name} was written off {by_and_when}"));
        }
        if !lines.insert(it.line) {
            refuse("named-twice", format!("{name} is named twice"));
        }
    }
    for Named { name, it } in &new.items {
        if let Some(earlier) = reconciliation.of_item(&it.of) {
            refuse("already-matched", format!("{name} was matched {}", earlier.by_and_when()));
        }
        if !items.insert(&it.of) {
            refuse("named-twice", format!("{name} is named twice"));
        }
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let lines: Vec<MatchedLine> = new.lines.iter().map(|line| line.it).collect();
    let items: Vec<MatchedItem> = new.items.iter().map(|item| item.it.clone()).collect();
    let residual = new.residual()?;
    let alone_max = new.apart_max.filter(|_| !items.is_empty());
    if let Some(alone_max) = alone_max
        && waits_for_second(reconciliation, (&lines, &items), alone_max, by)?
    {
        return Ok(MatchProposed { lines, items, alone_max, by: by.clone() }.into());
    }
    Ok(PaymentMatched {
        number: reconciliation.next_number(),
        rule: new.rule.clone(),
        rules: new.rules.clone(),
        why: new.why.clone(),
        residual,
        lines,
        items,
        alone_max,
        by: by.clone(),
    }
    .into())
}

/// Whether a match of what has nothing in common is only a proposal yet. One about the same lines is agreed to as it is, or
/// declined first.
fn waits_for_second(
    reconciliation: &Reconciliation,
    (lines, items): (&[MatchedLine], &[MatchedItem]),
    alone_max: Eur,
    by: &Actor,
) -> Result<bool, Refusal> {
    let proposed = reconciliation.proposed_of(lines);
    if let Some(other) = proposed.filter(|known| !known.is_of(lines, items)) {
        let detail = format!(
            "{} proposed to match one of these lines otherwise (`svala bank proposals`): agree to that, or let nothing come of it (`svala bank match decline`)",
            other.by
        );
        return Err(Refusal::new("proposed-otherwise", detail));
    }
    let what = "match them (`svala bank match decline` withdraws it)";
    let for_one = is_match_for_one(lines, items, alone_max);
    asks_for_second_at_bank(proposed.map(|known| &known.by), by, for_one, what)
}

/// Whether one person matches what has nothing in common: neither a line nor what it settles is large, or it could be done
/// in small parts.
pub(crate) fn is_match_for_one(lines: &[MatchedLine], items: &[MatchedItem], alone_max: Eur) -> bool {
    let mut amounts = lines.iter().map(|of| of.amount).chain(items.iter().map(|of| of.amount));
    amounts.all(|amount| is_for_one(amount, alone_max))
}

impl NewMatch {
    /// What the lines are off, if the rules let them be.
    ///
    /// # Errors
    /// [`Refusal`] where they do not.
    pub fn residual(&self) -> Result<Option<Residual>, Refusal> {
        if self.items.is_empty() {
            self.have_something_in_common()?;
            return taken_back(sum(self.lines.iter().map(|line| line.it.amount))?);
        }
        let owed = sum(self.items.iter().map(|item| item.it.amount))?;
        let paid: Vec<Amount> =
            self.lines.iter().map(|line| self.paid(line, owed.currency())).collect::<Result<_, _>>()?;
        let paid = sum(paid.into_iter())?;
        let off = add(paid, owed.negated())?;
        if off == Amount::zero(off.currency()) {
            return Ok(None);
        }
        let tolerance = self.tolerance.as_ref().filter(|tolerance| within(off, tolerance.max));
        match tolerance.filter(|_| paid.is_negative() == owed.is_negative()) {
            Some(tolerance) => Ok(Some(Residual { amount: off, account: tolerance.account.clone() })),
            None => {
                let most = self.tolerance.as_ref().map_or_else(String::new, |tolerance| {
                    format!("; the rules let it be {} EUR off at most", tolerance.max)
                });
                let detail = format!(
                    "the lines come to {paid} {}, what they would settle to {owed}: {off} off{most}",
                    off.currency()
                );
                Err(Refusal::new("does-not-add-up", detail))
            }
        }
    }
}

impl NewMatch {
    /// Lines that take each other back have a reference in common, or name each other's account, or are so small that one person would write them off.
    fn have_something_in_common(&self) -> Result<(), Refusal> {
        let Some(most) = self.apart_max else { return Ok(()) };
        let Some(large) = self.lines.iter().find(|line| !within(line.it.amount, most)) else { return Ok(()) };
        let detail = format!(
            "{} is over {} {}, and has no reference in common with the other, nor does each name the account of the other: one person explains no more than {most} EUR so; write them off, which two people do (`svala exception resolve … --write-off`)",
            large.name,
            large.it.amount,
            large.it.amount.currency()
        );
        Err(Refusal::new("nothing-in-common", detail))
    }

    /// What a line is in the currency of what it settles.
    fn paid(&self, line: &Named<MatchedLine>, currency: Currency) -> Result<Amount, Refusal> {
        let Named { name, it } = line;
        if it.amount.currency() == currency {
            return Ok(it.amount);
        }
        self.worth.get(&it.line).map(|eur| Amount::from(*eur)).ok_or_else(|| {
            let detail = format!(
                "{name} is in {}, what it would settle in {currency}, and the bank does not say what the one is in the other (AmtDtls): ask it for a statement that does, or write the line off",
                it.amount.currency()
            );
            Refusal::new("two-currencies", detail)
        })
    }
}

/// Lines that settle nothing take each other back, to the cent.
fn taken_back(sum: Amount) -> Result<Option<Residual>, Refusal> {
    if sum == Amount::zero(sum.currency()) {
        return Ok(None);
    }
    let detail = format!(
        "the lines come to {sum} {}; lines that settle no payment take each other back, and come to nothing",
        sum.currency()
    );
    Err(Refusal::new("does-not-add-up", detail))
}

fn sum(mut amounts: impl Iterator<Item = Amount>) -> Result<Amount, Refusal> {
    let first = amounts.next().unwrap_or_else(|| Amount::zero(money::Currency::EUR));
    amounts.try_fold(first, add)
}

fn add(a: Amount, b: Amount) -> Result<Amount, Refusal> {
    a.checked_add(b).map_err(|error| match error {
        money::AddError::Currencies(..) => Refusal::new("two-currencies", error.to_string()),
        money::AddError::Overflow(_) => Refusal::new("amount-too-large", error.to_string()),
    })
}

fn in_force(reconciliation: &Reconciliation, number: u64) -> Result<&Matching, Refusal> {
    match reconciliation.get(number) {
        Some(matching) => match &matching.undone_by {
            None => Ok(matching),
            Some(by) => {
                Err(Refusal::new("already-undone", format!("match {number} was taken back by {by} already")))
            }
        },
        None => {
            let detail = format!("there is no match {number}: `svala bank match list` shows all");
            Err(Refusal::new("unknown-match", detail))
        }
    }
}
