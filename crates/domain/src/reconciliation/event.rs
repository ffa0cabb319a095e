//! What happened to lines of the bank and the payments they settle. Reasons are in the vault.

use std::collections::BTreeSet;

use money::{Amount, Eur};
use rulebook::FailedCondition;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::upcast::{PaymentMatchedV1, PaymentMatchedV2};
use crate::event::events;
use crate::exception::{
    AcceptanceDeclined, AcceptanceProposed, ExceptionAssigned, ExceptionId, ExceptionReopened,
    ExceptionResolved, ExceptionResolvedV1, WriteOffDeclined, WriteOffProposed,
};
use crate::ids::{Actor, CaseId, GrantId, LineId, PartnerCode, PaymentId, TextId};
use crate::matching::Residual;

events! {
    /// An event of the stream of matches, and of what is done about exceptions.
    ReconciliationEvent {
        PaymentMatched = 3 (1 as PaymentMatchedV1, 2 as PaymentMatchedV2),
        MatchProposed = 1,
        MatchDeclined = 1,
        MatchUndone = 1,
        ExceptionAssigned = 1,
        WriteOffProposed = 1,
        WriteOffDeclined = 1,
        AcceptanceProposed = 1,
        AcceptanceDeclined = 1,
        ExceptionResolved = 2 (1 as ExceptionResolvedV1),
        ExceptionReopened = 1,
        ReconciliationCommandRefused = 1,
    }
}

impl ReconciliationEvent {
    /// The encrypted text this event brings, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::MatchDeclined(e) => Some(e.reason),
            Self::MatchUndone(e) => Some(e.reason),
            Self::ExceptionAssigned(e) => e.note,
            Self::WriteOffProposed(e) => Some(e.reason),
            Self::WriteOffDeclined(e) => Some(e.reason),
            Self::AcceptanceProposed(e) => Some(e.reason),
            Self::AcceptanceDeclined(e) => Some(e.reason),
            Self::ExceptionResolved(e) => Some(e.reason),
            Self::ExceptionReopened(e) => Some(e.reason),
            Self::PaymentMatched(_) | Self::MatchProposed(_) | Self::ReconciliationCommandRefused(_) => None,
        }
    }
}

/// What lines of the bank can settle, each once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Settled {
    /// A payment to a partner in a file for the bank.
    Payment {
        /// Whom it pays.
        partner: PartnerCode,
        /// Which.
        payment: PaymentId,
    },
    /// The same payment, coming back: what it was to pay is due again.
    PaymentBack {
        /// Whom it was to pay.
        partner: PartnerCode,
        /// Which.
        payment: PaymentId,
    },
    /// A payment to a partner that was made outside of the ledger.
    PaidOutside {
        /// Whom it pays.
        partner: PartnerCode,
        /// Which.
        payment: PaymentId,
    },
    /// The same payment, coming back: it is owed again (not in version 1).
    PaidOutsideBack {
        /// Whom it was to pay.
        partner: PartnerCode,
        /// Which.
        payment: PaymentId,
    },
    /// An arrival grant paid by bank.
    Grant {
        /// The case it is for.
        case: CaseId,
        /// Which.
        grant: GrantId,
    },
    /// What came back of such a grant at one time.
    GrantBack {
        /// The case it was for.
        case: CaseId,
        /// Which.
        grant: GrantId,
        /// Which of its returns, from 1 (left out of the first; in version 1 all that had come back was one item).
        #[serde(default = "first", skip_serializing_if = "is_first")]
        nth: u64,
    },
}

fn first() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_first(nth: &u64) -> bool {
    *nth == first()
}

impl Settled {
    /// The payment or grant.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Payment { payment, .. }
            | Self::PaymentBack { payment, .. }
            | Self::PaidOutside { payment, .. }
            | Self::PaidOutsideBack { payment, .. } => payment.0,
            Self::Grant { grant, .. } | Self::GrantBack { grant, .. } => grant.0,
        }
    }

    /// What it is called while it is matched: nothing else that went out, or that came in, is called so. Ids are random,
    /// so a later return of a grant may have one beside that of the grant.
    pub fn key(&self) -> Uuid {
        match self {
            Self::GrantBack { grant, nth, .. } => {
                Uuid::from_u128(grant.0.as_u128().wrapping_add(u128::from(*nth - 1)))
            }
            _ => self.id(),
        }
    }

    /// The partner it pays, if it is one.
    pub fn partner(&self) -> Option<&PartnerCode> {
        match self {
            Self::Payment { partner, .. }
            | Self::PaymentBack { partner, .. }
            | Self::PaidOutside { partner, .. }
            | Self::PaidOutsideBack { partner, .. } => Some(partner),
            Self::Grant { .. } | Self::GrantBack { .. } => None,
        }
    }

    /// Whether it is money that came back.
    pub fn is_back(&self) -> bool {
        matches!(self, Self::PaymentBack { .. } | Self::PaidOutsideBack { .. } | Self::GrantBack { .. })
    }
}

/// A line of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchedLine {
    /// Which.
    pub line: LineId,
    /// Above zero for money that came in.
    pub amount: Amount,
}

/// An item of a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchedItem {
    /// What the lines settle.
    pub of: Settled,
    /// As it stands on the account: below zero for money that went out.
    pub amount: Amount,
}

/// Lines settle items: they come to the same, but for the residual. Lines without items take each other back: they come
/// to nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentMatched {
    /// The match's number: 1, 2, 3 …
    pub number: u64,
    /// The rule that says so, or `by-hand`.
    pub rule: String,
    /// The version of the rules.
    pub rules: String,
    /// In words.
    pub why: String,
    /// The lines.
    pub lines: Vec<MatchedLine>,
    /// What they settle; none where they take each other back.
    pub items: Vec<MatchedItem>,
    /// What the lines are off, and where that is booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual: Option<Residual>,
    /// Where they have nothing in common: up to which amount one person would have been enough (not in versions 1 and 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_max: Option<Eur>,
    /// Who matched them.
    pub by: Actor,
}

/// Somebody would match lines with what has nothing in common with them, and is so large that another person must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchProposed {
    /// The lines.
    pub lines: Vec<MatchedLine>,
    /// What they would settle.
    pub items: Vec<MatchedItem>,
    /// Up to which amount one person would be enough.
    pub alone_max: Eur,
    /// Who would do it, and so cannot be the one who agrees.
    pub by: Actor,
}

impl MatchProposed {
    /// Whether it is about these lines and items and no others, in whatever order.
    pub fn is_of(&self, lines: &[MatchedLine], items: &[MatchedItem]) -> bool {
        let line = |of: &MatchedLine| (of.line, of.amount.to_string());
        let item = |of: &MatchedItem| (of.of.clone(), of.amount.to_string());
        self.lines.iter().map(line).collect::<BTreeSet<_>>() == lines.iter().map(line).collect()
            && self.items.iter().map(item).collect::<BTreeSet<_>>() == items.iter().map(item).collect()
    }

    /// The lines.
    pub fn line_ids(&self) -> BTreeSet<LineId> {
        self.lines.iter().map(|of| of.line).collect()
    }

    /// Whether nothing can come of it once these are matched.
    pub fn needs_any_of(&self, lines: &[MatchedLine], items: &[MatchedItem]) -> bool {
        self.lines.iter().any(|own| lines.iter().any(|of| of.line == own.line))
            || self.items.iter().any(|own| items.iter().any(|of| of.of == own.of))
    }
}

/// Nothing came of a proposal to match lines: who proposed it withdrew it, or somebody else refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchDeclined {
    /// The lines.
    pub lines: BTreeSet<LineId>,
    /// Who had proposed it.
    pub proposed_by: Actor,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who.
    pub by: Actor,
}

/// A match was taken back: its lines and items are open again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchUndone {
    /// The match's number.
    pub number: u64,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who took it back.
    pub by: Actor,
}

/// A command about matches or exceptions was refused by a rule. It changed nothing; who gave it stands in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationCommandRefused {
    /// Name of the command.
    pub command: String,
    /// The match it was about, if there is one already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The exception it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<ExceptionId>,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// Every reason.
    pub reasons: Vec<FailedCondition>,
}
