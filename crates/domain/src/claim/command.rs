//! What can be asked about claims.

use jiff::civil::Date;
use money::{Amount, Eur};
use uuid::Uuid;

use super::event::{Alike, Cut, Shared};
use super::state::ReceiptFile;
use super::value;
use crate::case::Case;
use crate::ids::{ClaimId, FileDigest, KeyDigest, PartnerCode, TextId};
use crate::rates::Quote;

/// What a partner reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Spend {
    /// The new claim.
    pub claim: ClaimId,
    /// Who reports.
    pub partner: PartnerCode,
    /// Benefit category of the rulebook.
    pub category: String,
    /// Budget line the category belongs to.
    pub budget_line: String,
    /// Day of delivery.
    pub delivered_on: Date,
    /// Day of the report.
    pub reported_on: Date,
    /// As on the receipt, with its currency.
    pub amount: Amount,
    /// The rate that the rulebook asks for, if the amount is in another currency and the rate is published.
    pub quote: Option<Quote>,
    /// The newest rate that is known of its currency: an estimate while the rulebook's is still to come.
    pub newest: Option<Quote>,
    /// Keyed digest of partner, supplier and receipt number.
    pub receipt_key: KeyDigest,
    /// SHA-256 of the receipt's file, when the partner gave one.
    pub receipt_sha256: Option<FileDigest>,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// Which share of the receipt this is, if it is for a family; `amount` is the share.
    pub shared: Option<Shared>,
    /// SHA-256 of the file it is reported in, if it comes with one.
    pub file: Option<FileDigest>,
    /// What other people's parts of the same receipt come to that were reported before.
    pub beside: Option<Amount>,
    /// What tells its receipt, however that is spelled.
    pub alike: Option<Box<Alike>>,
}

/// A command about a claim of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum ClaimCommand {
    /// A partner reports spend. Nothing that is reported is dropped, so this is refused only if it was reported before.
    Report(Box<Spend>),
    /// Give a claim that waits for its rate the rate that has been published.
    Convert {
        /// Which.
        claim: ClaimId,
        /// The rate.
        quote: Quote,
    },
    /// Take what fits under the cap, or less, and disallow the rest.
    Accept {
        /// Which.
        claim: ClaimId,
        /// Accepted by name: decides also what accepting in bulk would query.
        by_name: bool,
        /// No more than this; none for all that fits, and to agree to what somebody else proposed.
        cut: Option<Cut>,
    },
    /// Finance refuses the whole claim; one person is enough.
    Refuse {
        /// Which.
        claim: ClaimId,
        /// Why, in the vault.
        details: TextId,
    },
    /// Finance asks the partner something before it decides.
    Query {
        /// Which.
        claim: ClaimId,
        /// The question, in the vault.
        details: TextId,
    },
    /// The partner's answer to a query, whoever types it in.
    Answer {
        /// Which.
        claim: ClaimId,
        /// The answer, in the vault.
        details: TextId,
    },
    /// Take up a refused claim again, because what it was refused for has changed or was wrong.
    Reopen {
        /// Which.
        claim: ClaimId,
        /// Why, in the vault.
        details: TextId,
    },
    /// Money came back, or never should have left: lowers what was disbursed.
    Reverse {
        /// Which.
        claim: ClaimId,
        /// How much: in euro, or in the currency of the claim.
        amount: Amount,
        /// Day.
        reversed_on: Date,
        /// Keyed digest of partner, supplier, receipt, day and amount.
        reversal_key: KeyDigest,
        /// Why, in the vault.
        details: TextId,
    },
    /// Have what a reversal took back count again: it was recorded by mistake.
    UndoReversal {
        /// Which.
        claim: ClaimId,
        /// Which of its reversals: its key.
        reversal_key: KeyDigest,
        /// Why, in the vault.
        details: TextId,
    },
    /// Withdraw or refuse what somebody proposed to take back, or to undo.
    DropReversal {
        /// Which.
        claim: ClaimId,
        /// Why, in the vault.
        details: TextId,
    },
    /// Put the file of the receipt beside the claim.
    Attach {
        /// Which.
        claim: ClaimId,
        /// The file, in the vault.
        file: ReceiptFile,
    },
}

impl ClaimCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Report(_) => "report-spend",
            Self::Convert { .. } => "convert-claim",
            Self::Accept { .. } => "accept-claim",
            Self::Refuse { .. } => "refuse-claim",
            Self::Query { .. } => "query-claim",
            Self::Answer { .. } => "answer-query",
            Self::Reopen { .. } => "reopen-claim",
            Self::Reverse { .. } => "reverse-benefit",
            Self::UndoReversal { .. } => "undo-reversal",
            Self::DropReversal { .. } => "drop-reversal",
            Self::Attach { .. } => "attach-receipt",
        }
    }

    /// The claim it is about.
    pub fn about(&self) -> Uuid {
        match self {
            Self::Report(spend) => spend.claim.0,
            Self::Convert { claim, .. }
            | Self::Accept { claim, .. }
            | Self::Refuse { claim, .. }
            | Self::Query { claim, .. }
            | Self::Answer { claim, .. }
            | Self::Reopen { claim, .. }
            | Self::Reverse { claim, .. }
            | Self::UndoReversal { claim, .. }
            | Self::DropReversal { claim, .. }
            | Self::Attach { claim, .. } => claim.0,
        }
    }

    /// The business date it gives, if any.
    pub fn on(&self) -> Option<Date> {
        match self {
            Self::Report(spend) => Some(spend.delivered_on),
            Self::Reverse { reversed_on, .. } => Some(*reversed_on),
            _ => None,
        }
    }

    /// The amount it gives, if any: in euro, as far as they are known.
    pub fn amount(&self, case: &Case) -> Option<Eur> {
        match self {
            Self::Report(spend) => match spend.quote {
                Some(quote) => value::shared(spend.amount, spend.shared, &quote).ok(),
                None => spend.amount.to_eur_exact(),
            },
            Self::Reverse { claim, amount, .. } => match case.claims.get(claim) {
                Some(claim) => claim.value_of(*amount).ok().map(|(eur, _)| eur),
                None => amount.to_eur_exact(),
            },
            Self::UndoReversal { claim, reversal_key, .. } => {
                Some(case.claims.get(claim)?.came_back_under(*reversal_key)?.eur)
            }
            _ => None,
        }
    }
}
