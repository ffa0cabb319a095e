//! What an open line of the bank is, as far as anybody can tell.

use std::collections::HashMap;

use jiff::civil::Date;
use money::Amount;

use super::kind::ExceptionKind;
use crate::ids::{KeyDigest, LineId};

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
    /// Another line takes it back, or it takes that one back.
    pub taken_back: bool,
    /// The day of something with its amount that the rules suggest.
    pub suggested: Option<Date>,
    /// It has the reference of something and went to another account than that.
    pub elsewhere: bool,
    /// That day is so near that with a reference, or the account on the other side, it would be beyond doubt.
    pub near: bool,
}

/// Why a line is open that another line takes back.
const TAKEN_BACK: &str = "another line has its reference and its amount, the other way: match them with each other (`svala bank proposals`)";

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
    }
}

/// A payment or grant as lines may name it: as far as it has come, how much, and what people call it.
pub(super) type Named<'f> = (Known, Amount, &'f str);

/// What kind of exception a line is, and why.
pub(super) fn kind_of(
    line: &SeenLine,
    by_reference: &HashMap<KeyDigest, Vec<Named<'_>>>,
) -> (ExceptionKind, String) {
    let named = || line.references.iter().filter_map(|reference| by_reference.get(reference)).flatten();
    let same_way = |amount: &Amount| amount.is_negative() == line.amount.is_negative();
    let first = |wanted: Known| {
        named()
            .find(|(known, amount, _)| *known == wanted && same_way(amount))
            .map(|(_, amount, name)| (amount, name))
    };
    if !line.amount.is_negative() {
        return match named().next() {
            _ if line.tied.is_some() => in_doubt(line),
            Some((_, _, name)) => (ExceptionKind::Returned, format!("came in with the reference of {name}")),
            None if line.taken_back => (ExceptionKind::NoMatch, TAKEN_BACK.to_owned()),
            None if line.returned => {
                (ExceptionKind::Returned, "came back, and nothing says of which payment".to_owned())
            }
            None => (ExceptionKind::NoMatch, "came in, and nothing explains it".to_owned()),
        };
    }
    if let (true, Some((_, name))) = (line.elsewhere, first(Known::Open)) {
        let why = format!(
            "has the reference of {name}, and went to another account than the one that was approved"
        );
        return (ExceptionKind::PaidWithoutDecision, why);
    }
    if let Some((amount, name)) = first(Known::Settled) {
        // Less than what was to be paid is something else: the bank's charge, as a rule.
        let less = line.amount.currency() == amount.currency() && line.amount.value() > amount.value();
        if less {
            let why = format!(
                "has the reference of {name}, which another line settles, and is over less: a charge of the bank, or part of a second payment"
            );
            return (ExceptionKind::Amount, why);
        }
        let why = format!("has the reference of {name}, which another line settles");
        return (ExceptionKind::PaidTwice, why);
    }
    if let Some((_, name)) = first(Known::PaidAnew) {
        let why = format!(
            "has the reference of {name}, which was taken back from its file and is paid by another payment"
        );
        return (ExceptionKind::PaidTwice, why);
    }
    if let Some((_, name)) = first(Known::TakenBack) {
        let why = format!("has the reference of {name}, which was taken back from its file");
        return (ExceptionKind::PaidWithoutDecision, why);
    }
    if let Some((_, name)) = first(Known::NotMade) {
        let why = format!("has the reference of {name}, which stands in no file for the bank");
        return (ExceptionKind::PaidWithoutDecision, why);
    }
    match (first(Known::Open), line.tied) {
        // Alone it would have been matched: another line wants the same.
        (Some((amount, name)), Some(1)) if *amount == line.amount => {
            (ExceptionKind::PaidTwice, format!("another line would settle {name} as well"))
        }
        (_, Some(_)) => in_doubt(line),
        (Some((amount, name)), None) => {
            let why = format!("has the reference of {name}, which is over {amount} {}", amount.currency());
            (ExceptionKind::Amount, why)
        }
        (None, None) if line.taken_back => (ExceptionKind::NoMatch, TAKEN_BACK.to_owned()),
        (None, None) => match line.suggested {
            // Another reference is another payment; without one only the day speaks against it.
            Some(day) if line.named => {
                let why = format!(
                    "has a reference that nothing else has, and the amount of something of {day}: `svala bank proposals`"
                );
                (ExceptionKind::NoMatch, why)
            }
            Some(day) if line.near => {
                let why = format!(
                    "has the amount of something of {day}, and neither a reference nor an account says that it is that: `svala bank proposals`"
                );
                (ExceptionKind::Ambiguous, why)
            }
            Some(day) => {
                let why = format!("has the amount of something of {day}: `svala bank proposals`");
                (ExceptionKind::Date, why)
            }
            None => (ExceptionKind::NoMatch, "nothing explains it".to_owned()),
        },
    }
}

fn in_doubt(line: &SeenLine) -> (ExceptionKind, String) {
    let items = line.tied.unwrap_or_default();
    let why = format!("the rules are in doubt ({items} would fit): `svala bank proposals`");
    (ExceptionKind::Ambiguous, why)
}
