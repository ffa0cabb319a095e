//! What is to be matched, and what comes of it.

use std::collections::HashSet;

use jiff::civil::Date;
use money::{Amount, Currency, Eur};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bank::{LineReference, ReferenceKind};
use crate::ids::{DifferenceAccount, KeyDigest, LineId};

/// Something that is to be paid, or to come in, and that no line has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// What it is.
    pub item: Uuid,
    /// As it will stand on the account: below zero for money that goes out.
    pub amount: Amount,
    /// The day on which it is due, or was paid.
    pub day: Date,
    /// Keyed digests of its references.
    pub references: Vec<KeyDigest>,
    /// Keyed digest of the account on the other side.
    pub counterpart: Option<KeyDigest>,
}

impl OpenItem {
    /// Whether one of its references is among these, in the direction in which it goes.
    pub(super) fn is_among(&self, named: &HashSet<(KeyDigest, bool)>) -> bool {
        self.references.iter().any(|digest| named.contains(&(*digest, self.amount.is_negative())))
    }
}

/// A line of a statement that has settled nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLine {
    /// The line.
    pub line: LineId,
    /// Above zero for money that came in.
    pub amount: Amount,
    /// What a line in another currency is in euro, if the bank says it.
    pub worth: Option<Eur>,
    /// The day it was booked.
    pub booked_on: Date,
    /// Its references.
    pub references: Vec<LineReference>,
    /// Keyed digest of the account on the other side.
    pub counterpart: Option<KeyDigest>,
    /// The same of the account of the authority on which it is booked.
    pub account: Option<KeyDigest>,
}

/// References that who pays or is paid has given; what banks call a movement says nothing of what it is for.
const THEIRS: [ReferenceKind; 4] = [
    ReferenceKind::EndToEnd,
    ReferenceKind::Creditor,
    ReferenceKind::Instruction,
    ReferenceKind::PaymentInformation,
];

impl OpenLine {
    /// What it is in euro, if it is in another currency and the bank says it.
    pub(super) fn exchanged(&self) -> Option<Amount> {
        self.worth.filter(|_| self.amount.currency() != Currency::EUR).map(Amount::from)
    }

    /// Whether it carries a reference of who pays or is paid.
    pub fn is_named(&self) -> bool {
        self.references.iter().any(|known| THEIRS.contains(&known.kind))
    }
}

/// Lines that settle items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The rule that says so.
    pub rule: String,
    /// The lines, in the order of their ids.
    pub lines: Vec<LineId>,
    /// The items, in the order of their ids; none where lines take each other back.
    pub items: Vec<Uuid>,
    /// What the lines are off.
    pub residual: Option<Residual>,
    /// In words.
    pub why: String,
}

/// What lines come to more, or less if below zero, than the items they settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residual {
    /// How much.
    pub amount: Amount,
    /// Where it is booked.
    pub account: DifferenceAccount,
}

/// More than one way to match: somebody decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// A line of it.
    pub line: LineId,
    /// The rule that found it.
    pub rule: String,
    /// Some of the items that would fit, in the order of their ids.
    pub items: Vec<Uuid>,
}

/// What came of it, in the order of the lines' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Beyond doubt.
    pub matches: Vec<Match>,
    /// In doubt.
    pub ties: Vec<Tie>,
    /// Likely, for somebody to look at: one line and one item each, or two lines.
    pub suggestions: Vec<Match>,
}
