//! One row of the three-way view, and the figures that rows come to.

use jiff::civil::Date;
use money::{Eur, Overflow};
use serde::Serialize;

rulebook::codes! {
    /// What a row is.
    RowKind {
        /// What a person may receive on a budget line.
        Entitlement = "entitlement",
        /// Spend that a partner reported.
        Claim = "claim",
        /// An arrival grant.
        Grant = "grant",
        /// What a partner charges.
        Fee = "fee",
        /// Paid in advance; below zero where a payment settles some of it.
        Advance = "advance",
        /// Paid outside of the ledger for what is owed; below zero where a payment takes it into account.
        Outside = "outside",
        /// A line of the bank.
        Line = "line",
        /// What the lines of a match are off.
        Difference = "difference",
    }
}

rulebook::codes! {
    /// What rows are added up to. Each figure opens into the rows that it is the sum of.
    Figure {
        /// Caps of whole cases.
        Entitled = "entitled",
        /// Of that, neither disbursed nor waiting for a decision; below zero where more is disbursed than the cap.
        NotClaimed = "not-claimed",
        /// Reported by partners, charged, or paid out as arrival grants.
        Reported = "reported",
        /// Of that, reported without the file of a receipt.
        NoReceipt = "no-receipt",
        /// Accepted, net of what came back.
        Accepted = "accepted",
        /// Accepted and not paid.
        NotPaid = "not-paid",
        /// Paid beyond what is accepted of it now.
        NotAccepted = "not-accepted",
        /// Paid in advance or outside of the ledger, and settled by no payment.
        Unsettled = "unsettled",
        /// Paid by the authority, net of what came back.
        Paid = "paid",
        /// Paid, and no line of the bank shows it.
        NotSeen = "not-seen",
        /// Paid by card: no line of the bank will show it.
        ByCard = "by-card",
        /// Paid, and matched with lines of the bank.
        Seen = "seen",
        /// Lines of the bank: above zero for money that went out.
        Bank = "bank",
        /// Of that, what matches are off: fees of the bank and the like.
        Difference = "difference",
        /// Of that, written off.
        WrittenOff = "written-off",
        /// Of that, neither matched nor written off.
        Unexplained = "unexplained",
        /// What is left of that: what the lines settle, whenever it was delivered. Of all days it is what is seen.
        Explained = "explained",
    }
}

/// One thing that money is about, from what was granted to what the bank shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreeWayRow {
    /// What it is.
    pub kind: RowKind,
    /// The number of the claim, grant, fee, payment, line or match.
    pub number: Option<u64>,
    /// The partner that reported it, charged it or is paid by it.
    pub partner: String,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Budget line.
    pub budget_line: String,
    /// The rule that sets its cap.
    pub rule_id: String,
    /// The cap of the person on this line, all claims together.
    pub cap: Option<Eur>,
    /// Benefit category.
    pub category: String,
    /// The day it is about: of the delivery, the charge, the payment, the booking; of an entitlement the decision.
    pub on: Option<Date>,
    /// The number of the receipt, or the reference of the payment to the person.
    pub receipt_no: String,
    /// Who was paid by the partner.
    pub supplier: String,
    /// SHA-256 of the receipt's file; of claims and fees alone.
    pub receipt_sha256: String,
    /// As on the receipt or the account.
    pub amount: String,
    /// In which currency.
    pub currency: &'static str,
    /// How far it has come.
    pub state: String,
    /// The cap, of an entitlement.
    pub entitled: Eur,
    /// What is left of it.
    pub not_claimed: Eur,
    /// Reported, in euro; nothing while the rate is still to come.
    pub reported: Eur,
    /// Accepted, net of what came back.
    pub accepted: Eur,
    /// Paid by the authority, net of what came back.
    pub paid: Eur,
    /// Of that, matched with lines of the bank.
    pub seen: Eur,
    /// Of a line or a difference what the bank shows, in euro: above zero for money that went out.
    pub bank: Eur,
    /// Numbers of the payments in which it stands, also of those that are not made yet; of a line of what it settles.
    pub payments: String,
    /// What stands on them at the bank.
    pub references: String,
    /// Numbers of the files in which they stand.
    pub files: String,
    /// Numbers of the bank's statements.
    pub statements: String,
    /// Numbers of their lines.
    pub lines: String,
    /// The day on which the last of these was booked.
    pub booked_on: Option<Date>,
    /// Numbers of the matches.
    pub matches: String,
}

impl ThreeWayRow {
    /// A row about which nothing is known yet.
    pub(super) fn of(kind: RowKind) -> Self {
        let empty = String::new;
        Self {
            kind,
            number: None,
            partner: empty(),
            external_ref: empty(),
            case: empty(),
            budget_line: empty(),
            rule_id: empty(),
            cap: None,
            category: empty(),
            on: None,
            receipt_no: empty(),
            supplier: empty(),
            receipt_sha256: empty(),
            amount: empty(),
            currency: "EUR",
            state: empty(),
            entitled: Eur::ZERO,
            not_claimed: Eur::ZERO,
            reported: Eur::ZERO,
            accepted: Eur::ZERO,
            paid: Eur::ZERO,
            seen: Eur::ZERO,
            bank: Eur::ZERO,
            payments: empty(),
            references: empty(),
            files: empty(),
            statements: empty(),
            lines: empty(),
            booked_on: None,
            matches: empty(),
        }
    }

    fn is_decided_on(&self) -> bool {
        matches!(self.kind, RowKind::Claim | RowKind::Grant | RowKind::Fee)
    }

    fn is_by_card(&self) -> bool {
        self.kind == RowKind::Grant && self.category == domain::grant::PaymentMethod::Card.code()
    }
}

/// What a line is that is written off.
pub(super) const WRITTEN_OFF: &str = "written off";

impl Figure {
    /// What a row adds to it.
    ///
    /// # Errors
    /// [`Overflow`] where the difference of two amounts of the row has no exact form.
    pub fn of(self, row: &ThreeWayRow) -> Result<Eur, Overflow> {
        let is_line = row.kind == RowKind::Line;
        Ok(match self {
            Self::Entitled => row.entitled,
            Self::NotClaimed => row.not_claimed,
            Self::Reported => row.reported,
            Self::NoReceipt if matches!(row.kind, RowKind::Claim | RowKind::Fee) => {
                if row.receipt_sha256.is_empty() { row.reported } else { Eur::ZERO }
            }
            Self::Accepted => row.accepted,
            Self::NotPaid if row.is_decided_on() => row.accepted.checked_sub(row.paid)?.max(Eur::ZERO),
            Self::NotAccepted if row.is_decided_on() => row.paid.checked_sub(row.accepted)?.max(Eur::ZERO),
            Self::Unsettled if !row.is_decided_on() => row.paid,
            Self::Paid => row.paid,
            Self::NotSeen if !row.is_by_card() => row.paid.checked_sub(row.seen)?,
            Self::ByCard if row.is_by_card() => row.paid.checked_sub(row.seen)?,
            Self::Seen => row.seen,
            Self::Bank if is_line => row.bank,
            Self::Difference if row.kind == RowKind::Difference => row.bank,
            Self::WrittenOff if is_line && row.state.starts_with(WRITTEN_OFF) => row.bank,
            Self::Unexplained if is_line && row.matches.is_empty() && !row.state.starts_with(WRITTEN_OFF) => {
                row.bank
            }
            Self::Explained if is_line && !row.matches.is_empty() => row.bank,
            Self::Explained if row.kind == RowKind::Difference => row.bank.checked_neg()?,
            _ => Eur::ZERO,
        })
    }

    /// Whether it opens into a row: also into a line in another currency, which has no euros.
    pub fn opens_into(self, row: &ThreeWayRow) -> Result<bool, Overflow> {
        let foreign = row.kind == RowKind::Line && row.currency != "EUR";
        Ok(match self {
            Self::Bank => row.kind == RowKind::Line,
            Self::Unexplained if foreign => row.matches.is_empty() && !row.state.starts_with(WRITTEN_OFF),
            Self::WrittenOff if foreign => row.state.starts_with(WRITTEN_OFF),
            _ => !self.of(row)?.is_zero(),
        })
    }
}

/// Adds the rows up.
///
/// # Errors
/// [`Overflow`] where the sum has no exact form.
pub(super) fn sum<'r>(
    figure: Figure,
    rows: impl IntoIterator<Item = &'r ThreeWayRow>,
) -> Result<Eur, Overflow> {
    rows.into_iter().try_fold(Eur::ZERO, |sum, row| sum.checked_add(figure.of(row)?))
}
