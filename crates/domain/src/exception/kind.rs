//! What an exception is.

use jiff::civil::Date;
use money::{Amount, Eur};
use serde::{Deserialize, Serialize};

use crate::approval::is_for_one;
use crate::ids::{BankAccountCode, CaseId, GrantId, KeyDigest, LineId, PartnerCode, PaymentId};

rulebook::codes! {
    /// What does not fit.
    ExceptionKind {
        /// Nothing at all explains a line, or no line shows a payment.
        NoMatch = "no-match",
        /// More than one payment would fit; or one, of which nothing but amount and day says so.
        Ambiguous = "ambiguous",
        /// The amount fits, the day does not.
        Date = "date",
        /// A reference fits, the amount does not.
        Amount = "amount",
        /// An arrival grant was paid that does not fit under its cap.
        OverCap = "over-cap",
        /// A cap fell below what is disbursed.
        Overdrawn = "overdrawn",
        /// A line has the reference of a payment that another line settles.
        PaidTwice = "paid-twice",
        /// A payment was made on a day on which a hold stopped it.
        PaidWhileHeld = "paid-while-held",
        /// Money went out for which nobody has decided anything.
        PaidWithoutDecision = "paid-without-decision",
        /// Money came back: nothing says of what, or what it was to pay is not paid again.
        Returned = "returned",
        /// An arrival grant was paid outside of its days.
        GrantOutsideItsDays = "grant-outside-its-days",
        /// A statement was taken in although one before it is missing, and still is.
        StatementGap = "statement-gap",
        /// The bank has notified of a line that the statements of its day do not have.
        NotifiedNotStated = "notified-not-stated",
    }
}

/// What an exception is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Subject {
    /// A line of the bank.
    Line {
        /// Which.
        line: LineId,
    },
    /// A payment to a partner.
    Payment {
        /// Whom it pays.
        partner: PartnerCode,
        /// Which.
        payment: PaymentId,
    },
    /// An arrival grant.
    Grant {
        /// The case it is for.
        case: CaseId,
        /// Which.
        grant: GrantId,
    },
    /// What a person may receive.
    BudgetLine {
        /// The case.
        case: CaseId,
        /// The budget line.
        budget_line: String,
    },
    /// What a partner was paid outside of the ledger, all together.
    Partner {
        /// Which.
        partner: PartnerCode,
    },
    /// A statement of the bank.
    Statement {
        /// The account.
        account: BankAccountCode,
        /// Which.
        statement: KeyDigest,
    },
}

impl Subject {
    /// The partner it is about, if it is about one.
    pub fn partner(&self) -> Option<&PartnerCode> {
        match self {
            Self::Payment { partner, .. } | Self::Partner { partner } => Some(partner),
            Self::Line { .. } | Self::Grant { .. } | Self::BudgetLine { .. } | Self::Statement { .. } => None,
        }
    }
}

/// Which exception: there is one of a kind about a thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionId {
    /// What does not fit.
    pub kind: ExceptionKind,
    /// About what.
    pub about: Subject,
}

impl ExceptionId {
    /// Whether one person answers for it alone. Of a statement that is missing only what its lines come to is known: what
    /// came in may hide what went out, so that takes two people.
    pub(crate) fn is_for_one(&self, amount: Amount, alone_max: Eur) -> bool {
        self.kind != ExceptionKind::StatementGap && is_for_one(amount, alone_max)
    }

    /// Its name in read models: no other has it.
    pub fn key(&self) -> String {
        let kind = self.kind;
        match &self.about {
            Subject::Line { line } => format!("{kind} line {line}"),
            Subject::Payment { payment, .. } => format!("{kind} payment {payment}"),
            Subject::Grant { grant, .. } => format!("{kind} grant {grant}"),
            Subject::BudgetLine { case, budget_line } => format!("{kind} case {case} {budget_line}"),
            Subject::Partner { partner } => format!("{kind} partner {partner}"),
            Subject::Statement { account, statement } => format!("{kind} statement {account} {statement}"),
        }
    }
}

/// An exception as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Which.
    pub id: ExceptionId,
    /// How much it is about; of a line as it stands on the account.
    pub amount: Amount,
    /// The day from which it is counted: of a line the day on which it was booked.
    pub since: Date,
    /// In words.
    pub why: String,
    /// What says more of what to do about it than its kind.
    pub clue: Option<Clue>,
}

impl Exception {
    /// Which way its money went, or would have.
    pub fn direction(&self) -> Direction {
        let comes_in = match (&self.id.kind, &self.id.about) {
            // Amounts are as they stand on the account.
            (_, Subject::Line { .. } | Subject::Statement { .. }) | (ExceptionKind::NoMatch, _) => {
                !self.amount.is_negative()
            }
            (ExceptionKind::Returned, _) => true,
            _ => false,
        };
        if comes_in { Direction::In } else { Direction::Out }
    }
}

rulebook::codes! {
    /// Which way money went.
    Direction {
        /// From the authority.
        Out = "out",
        /// To the authority.
        In = "in",
    }
}

rulebook::codes! {
    /// What became of that which a line names.
    Clue {
        /// Another line takes the line back.
        TakenBackByLine = "taken-back-by-line",
        /// The payment stands in no file for the bank.
        NotMade = "not-made",
        /// The payment was taken back from its file.
        Recalled = "recalled",
        /// The payment was recorded as made, and that was taken back.
        Unrecorded = "unrecorded",
        /// It is over less than the payment.
        InPart = "in-part",
        /// Less came back than went out.
        BackInPart = "back-in-part",
    }
}

rulebook::codes! {
    /// How old an exception is, in days.
    Age {
        /// Up to a month.
        Month = "0-30",
        /// Up to two.
        TwoMonths = "31-60",
        /// Up to three.
        ThreeMonths = "61-90",
        /// More.
        Older = ">90",
    }
}

impl Age {
    /// The age on a day of what is counted from another.
    pub fn on(today: Date, since: Date) -> Self {
        match since.until(today).map(|span| span.get_days()) {
            Ok(..=30) => Self::Month,
            Ok(31..=60) => Self::TwoMonths,
            Ok(61..=90) => Self::ThreeMonths,
            _ => Self::Older,
        }
    }
}
