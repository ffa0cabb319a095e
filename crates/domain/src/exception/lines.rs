//! What an open line of the bank is, as far as anybody can tell.

use std::collections::HashMap;

use jiff::civil::Date;
use money::{Amount, Eur};

use super::kind::{Clue, ExceptionKind};
use crate::ids::{KeyDigest, LineId};
use crate::matching::within;

/// A line that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLine {
    /// The line.
    pub line: LineId,
    /// Above zero for money that came in.
    pub amount: Amount,
    /// The day it was booked.
    pub booked_on: Date,
    /// Its references.
    pub references: Vec<KeyDigest>,
    /// The bank says that it is a payment that came back, or takes an entry back.
    pub returned: bool,
    /// How many items would fit, if the rules are in doubt.
    pub tied: Option<usize>,
    /// It carries a reference of who pays or is paid.
    pub named: bool,
    /// Another line takes it back, or it takes that one back; or both are one transfer between accounts of the authority.
    pub taken_back: bool,
    /// Somebody took its match with something apart that is open.
    pub taken_apart: bool,
    /// What has its reference was recorded as paid only after the line had come.
    pub told_after: bool,
    /// The day of something with its amount that the rules suggest.
    pub suggested: Option<Date>,
    /// It has the reference of something and went to another account than that was to go to.
    pub elsewhere: bool,
    /// That day is so near that with a reference, or the account on the other side, it would be beyond doubt.
    pub near: bool,
}

/// Why a line is open that another line takes back.
const TAKEN_BACK: &str = "another line has its amount the other way, and its reference, or each names the account of the other: match them with each other (`svala bank proposals`)";

rulebook::codes! {
    /// How far something that the bank may tell of has come.
    Known {
        /// It was made, and no line has settled it.
        Open = "open",
        /// A line has settled it.
        Settled = "settled",
        /// It stands in no file for the bank.
        NotMade = "not-made",
        /// It was taken back from its file, and what it was to pay is not paid.
        TakenBack = "taken-back",
        /// It was taken back from its file, and what it was to pay is paid by another one.
        PaidAnew = "paid-anew",
        /// It was recorded as made outside of the ledger, and that was taken back.
        Unrecorded = "unrecorded",
    }
}

/// A payment or grant as lines may name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nameable {
    /// Its references.
    pub references: Vec<KeyDigest>,
    /// How far it has come.
    pub known: Known,
    /// As it stands on the account.
    pub amount: Amount,
    /// Its number: of several that a line names, the first is told.
    pub number: u64,
    /// What people call it.
    pub name: String,
}

/// What kind of exception a line is, why, and what became of the payment that it names.
///
/// A line may name a whole batch. The kind is part of what an exception is called, so what is said must not depend on the order
/// in which things are looked up: what has the amount of the line comes first, then what has the lowest number.
pub(super) fn kind_of(
    line: &SeenLine,
    by_reference: &HashMap<KeyDigest, Vec<&Nameable>>,
    may_be_off: Eur,
) -> (ExceptionKind, String, Option<Clue>) {
    let named = line.references.iter().filter_map(|reference| by_reference.get(reference));
    let mut named: Vec<&Nameable> = named.flatten().copied().collect();
    let is_other = |of: &Nameable| of.amount != line.amount && of.amount != line.amount.negated();
    named.sort_by(|a, b| (is_other(a), a.number, &a.name).cmp(&(is_other(b), b.number, &b.name)));
    if line.amount.is_negative() { went_out(line, &named) } else { came_in(line, &named, may_be_off) }
}

fn came_in(line: &SeenLine, named: &[&Nameable], may_be_off: Eur) -> (ExceptionKind, String, Option<Clue>) {
    let made = named.iter().find(|of| matches!(of.known, Known::Open | Known::Settled));
    match made.or(named.first()) {
        _ if line.tied.is_some() => in_doubt(line),
        _ if made.is_none() && line.taken_back => taken_back(),
        // A match settles a payment as a whole: what came back of it in part is no match of it, and would be refused as one.
        Some(Nameable { known: Known::Settled, amount, name, .. })
            if is_back_in_part(line, amount, may_be_off) =>
        {
            let whole = amount.negated();
            let why = format!(
                "came in with the reference of {name}, and is less than its {whole} {}",
                whole.currency()
            );
            (ExceptionKind::Returned, why, Some(Clue::BackInPart))
        }
        Some(Nameable { known, name, .. }) => {
            let why = format!("came in with the reference of {name}{}", became(*known));
            (ExceptionKind::Returned, why, clue_of(*known))
        }
        None if line.returned => {
            (ExceptionKind::Returned, "came back, and nothing says of which payment".to_owned(), None)
        }
        None => (ExceptionKind::NoMatch, "came in, and nothing explains it".to_owned(), None),
    }
}

fn went_out(line: &SeenLine, named: &[&Nameable]) -> (ExceptionKind, String, Option<Clue>) {
    let first = |wanted: Known| {
        let mut out = named.iter().filter(|of| of.amount.is_negative());
        out.find(|of| of.known == wanted).map(|of| (&of.amount, &of.name))
    };
    if let (true, Some((_, name))) = (line.elsewhere, first(Known::Open)) {
        let why = format!(
            "has the reference of {name}, and went to another account than the one that was approved"
        );
        return (ExceptionKind::PaidWithoutDecision, why, None);
    }
    if let Some((amount, name)) = first(Known::Settled) {
        // Less than what was to be paid is something else: the bank's charge, as a rule.
        if is_less(line, amount) {
            let why = format!(
                "has the reference of {name}, which another line settles, and is over less: a charge of the bank, or part of a second payment"
            );
            return (ExceptionKind::Amount, why, None);
        }
        let elsewhere = if line.elsewhere { ", and went to an account that nobody approved" } else { "" };
        let why = format!("has the reference of {name}, which another line settles{elsewhere}");
        return (ExceptionKind::PaidTwice, why, None);
    }
    let open = first(Known::Open);
    if open.is_none() && line.tied.is_none() {
        if line.taken_back {
            return taken_back();
        }
        if let Some((_, name)) = first(Known::PaidAnew) {
            let why = format!("has the reference of {name}{}", became(Known::PaidAnew));
            return (ExceptionKind::PaidTwice, why, None);
        }
        let not_paid = [Known::TakenBack, Known::NotMade, Known::Unrecorded];
        if let Some((known, (_, name))) = not_paid.into_iter().find_map(|of| Some((of, first(of)?))) {
            let why = format!("has the reference of {name}{}", became(known));
            return (ExceptionKind::PaidWithoutDecision, why, clue_of(known));
        }
    }
    match (open, line.tied) {
        // Alone it would have been matched: another line wants the same.
        (Some((amount, name)), Some(1)) if *amount == line.amount => {
            (ExceptionKind::PaidTwice, format!("another line would settle {name} as well"), None)
        }
        (_, Some(_)) => in_doubt(line),
        (Some((_, name)), None) if line.taken_apart => {
            let why = format!(
                "has the reference of {name}, and somebody took their match apart: `svala bank match history`"
            );
            (ExceptionKind::Ambiguous, why, None)
        }
        (Some((amount, name)), None) if line.told_after && *amount == line.amount => {
            let why = format!(
                "has the reference of {name}, which was recorded only after the line had come: two people match them (svala bank match)"
            );
            (ExceptionKind::Ambiguous, why, None)
        }
        (Some((amount, name)), None) => {
            let why = format!("has the reference of {name}, which is over {amount} {}", amount.currency());
            (ExceptionKind::Amount, why, is_less(line, amount).then_some(Clue::InPart))
        }
        (None, None) => match line.suggested {
            // Another reference is another payment; without one only the day speaks against it.
            Some(day) if line.named => {
                let why = format!(
                    "has a reference that nothing else has, and the amount of something of {day}: `svala bank proposals`"
                );
                (ExceptionKind::NoMatch, why, None)
            }
            Some(day) if line.near => {
                let why = format!(
                    "has the amount of something of {day}, and that alone does not say that it is that: `svala bank proposals`"
                );
                (ExceptionKind::Ambiguous, why, None)
            }
            Some(day) => {
                let why = format!("has the amount of something of {day}: `svala bank proposals`");
                (ExceptionKind::Date, why, None)
            }
            None => (ExceptionKind::NoMatch, "nothing explains it".to_owned(), None),
        },
    }
}

/// Whether less came in than went out, and a match may not be off by that.
fn is_back_in_part(line: &SeenLine, went_out: &Amount, may_be_off: Eur) -> bool {
    let off = line.amount.checked_add(*went_out);
    off.is_ok_and(|off| went_out.is_negative() && off.is_negative() && !within(off, may_be_off))
}

/// Whether less went out than was to.
fn is_less(line: &SeenLine, amount: &Amount) -> bool {
    line.amount.currency() == amount.currency() && line.amount.value() > amount.value()
}

/// What became of a payment, as it stands behind its name.
fn became(known: Known) -> &'static str {
    match known {
        Known::Open | Known::Settled => "",
        Known::NotMade => ", which stands in no file for the bank",
        Known::TakenBack => ", which was taken back from its file",
        Known::PaidAnew => ", which was taken back from its file and is paid by another payment",
        Known::Unrecorded => ", which was recorded as paid until somebody took that back",
    }
}

fn clue_of(known: Known) -> Option<Clue> {
    match known {
        Known::Open | Known::Settled => None,
        Known::NotMade => Some(Clue::NotMade),
        Known::TakenBack | Known::PaidAnew => Some(Clue::Recalled),
        Known::Unrecorded => Some(Clue::Unrecorded),
    }
}

fn taken_back() -> (ExceptionKind, String, Option<Clue>) {
    (ExceptionKind::NoMatch, TAKEN_BACK.to_owned(), Some(Clue::TakenBackByLine))
}

fn in_doubt(line: &SeenLine) -> (ExceptionKind, String, Option<Clue>) {
    let items = line.tied.unwrap_or_default();
    let why = format!("the rules are in doubt ({items} would fit): `svala bank proposals`");
    (ExceptionKind::Ambiguous, why, None)
}
