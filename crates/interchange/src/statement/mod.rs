//! A partner's statement as a file: CSV for machines, a workbook to check it in, HTML to print.
//!
//! All three show the same figures and the same rows; a figure is the sum of the rows of its movement.

mod delivery;
mod html;
mod workbook;

use domain::Period;
use domain::statement::Totals;
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

pub use delivery::{DELIVERY_COLUMNS, DeliveryDocument, DeliveryFigure, DeliveryLine};
pub use html::html;
pub use workbook::workbook;

/// A statement, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementDocument {
    /// The partner's code.
    pub partner: String,
    /// What it is called; empty if that is not known.
    pub name: String,
    /// The days whose movements it shows.
    pub period: Period,
    /// The position of the log it was made at: the same ledger gives the same statement at this position for ever.
    pub position: u64,
    /// The root over the log up to there, hexadecimal.
    pub root: String,
    /// The figures.
    pub totals: Totals,
    /// The movements of the period, in the order of the log.
    pub lines: Vec<StatementLine>,
    /// Of what is owed at the end of the period, what a hold keeps from being paid: the sum of `held_lines`.
    pub held: Eur,
    /// What is held: claims, fees and grants, each with what is not paid of it and the movement that made it owed.
    pub held_lines: Vec<StatementLine>,
    /// The claims that were not decided before the period.
    pub undecided_before: Vec<StatementLine>,
    /// The claims that are not decided at the end of the period.
    pub undecided: Vec<StatementLine>,
    /// The fees that were not decided before the period.
    pub fees_undecided_before: Vec<StatementLine>,
    /// The fees that are not decided at the end of the period.
    pub fees_undecided: Vec<StatementLine>,
    /// What was owed before the period: claims, fees and grants, each with what was not paid of it, and payments with what was
    /// paid for nothing yet, less than nothing.
    pub owed_before_lines: Vec<StatementLine>,
    /// What is owed at the end of the period, in the same way.
    pub owed_lines: Vec<StatementLine>,
    /// What waits for its exchange rate at the end of the period, with what is held back for it: in no balance.
    pub waiting: Vec<StatementLine>,
}

/// One movement, or one undecided claim, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementLine {
    /// The event that caused it.
    pub position: u64,
    /// The day on which it was recorded.
    pub day: Date,
    /// What moved.
    pub movement: &'static str,
    /// How much, in euro.
    pub eur: Eur,
    /// Why it was disallowed.
    pub reason: &'static str,
    /// The number of the claim, fee or payment.
    pub number: u64,
    /// The authority's key for the case; empty of a fee or a payment to the partner.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Benefit category, `partner-fee`, `arrival-grant` or `payment`.
    pub category: String,
    /// The supplier's receipt number, or the payment's reference.
    pub receipt_no: String,
    /// Who was paid by the partner.
    pub supplier: String,
    /// Day of the delivery, the charge or the payment.
    pub on: Date,
    /// As on the receipt.
    pub amount: String,
    /// Its currency.
    pub currency: &'static str,
    /// Units of that currency for one euro; empty for euros.
    pub rate: String,
    /// What somebody said of it: why it was refused, taken up again or came back; what was asked about it.
    pub words: String,
}

/// The columns of a line.
pub const STATEMENT_COLUMNS: [&str; 16] = [
    "position",
    "day",
    "movement",
    "eur",
    "reason",
    "number",
    "external_ref",
    "case",
    "category",
    "receipt_no",
    "supplier",
    "on",
    "amount",
    "currency",
    "rate",
    "words",
];

/// Whether a column holds figures, which stand under each other.
pub fn is_figure(column: &str) -> bool {
    let figures = ["eur", "eligible", "disallowed", "reversed", "undecided"];
    matches!(column, "position" | "number" | "amount" | "rate") || figures.contains(&column)
}

/// The column of a line that holds its movement, and the one that holds its euros.
const MOVEMENT_COLUMN: usize = 2;
const EUR_COLUMN: usize = 3;
const WORDS_COLUMN: usize = 15;

impl StatementLine {
    /// The cells, in the order of [`STATEMENT_COLUMNS`].
    pub fn cells(&self) -> [String; 16] {
        [
            self.position.to_string(),
            self.day.to_string(),
            self.movement.to_owned(),
            self.eur.to_string(),
            self.reason.to_owned(),
            self.number.to_string(),
            self.external_ref.clone(),
            self.case.clone(),
            self.category.clone(),
            self.receipt_no.clone(),
            self.supplier.clone(),
            self.on.to_string(),
            self.amount.clone(),
            self.currency.to_owned(),
            self.rate.clone(),
            self.words.clone(),
        ]
    }
}

/// In the place of the movement, in rows of what is open before the period or at its end.
const UNDECIDED_BEFORE: &str = "undecided-before";
const UNDECIDED: &str = "undecided";
const FEES_UNDECIDED_BEFORE: &str = "fees-undecided-before";
const FEES_UNDECIDED: &str = "fees-undecided";
const WAITING: &str = "waiting-for-rate";
const OWED_BEFORE: &str = "owed-before";
const OWED: &str = "owed";
const HELD: &str = "held";

/// What is open before the period or at its end.
#[derive(Debug, Clone, Copy)]
pub struct Open<'s> {
    /// What stands in the place of the movement.
    pub code: &'static str,
    /// In English.
    pub title: &'static str,
    /// What its sheet of a workbook is called.
    sheet: &'static str,
    /// What is open of each.
    pub lines: &'s [StatementLine],
}

/// One figure of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// The movement whose rows it adds up, or for a balance what stands in the place of it in rows of what is open.
    pub rows: &'static str,
    /// In English.
    pub english: String,
    /// In Swedish.
    pub swedish: &'static str,
    /// How much, in euro.
    pub eur: Eur,
}

impl StatementDocument {
    /// All rows: the movements of the period, then what is open before it and at its end, under movements of their own.
    pub fn rows(&self) -> Vec<StatementLine> {
        let mut rows = self.lines.clone();
        for Open { code, lines, .. } in self.open() {
            rows.extend(lines.iter().map(|line| StatementLine { movement: code, ..line.clone() }));
        }
        rows
    }

    /// What is open, in the order in which it is read.
    pub fn open(&self) -> [Open<'_>; 8] {
        let open = |code, title, sheet, lines| Open { code, title, sheet, lines };
        [
            open(
                UNDECIDED_BEFORE,
                "undecided before the period",
                "Undecided before",
                self.undecided_before.as_slice(),
            ),
            open(UNDECIDED, "undecided at the end of the period", "Undecided", &self.undecided),
            open(
                FEES_UNDECIDED_BEFORE,
                "fees undecided before the period",
                "Fees undecided before",
                &self.fees_undecided_before,
            ),
            open(
                FEES_UNDECIDED,
                "fees undecided at the end of the period",
                "Fees undecided",
                &self.fees_undecided,
            ),
            open(
                WAITING,
                "waiting for an exchange rate: estimates, in no balance",
                "Waiting for a rate",
                &self.waiting,
            ),
            open(OWED_BEFORE, "owed before the period", "Owed before", &self.owed_before_lines),
            open(OWED, "owed at the end of the period", "Owed", &self.owed_lines),
            open(HELD, "held at the end of the period", "Held", &self.held_lines),
        ]
    }

    /// All of the statement as rows: those of [`Self::rows`], then each figure by its name, then the root over the log at
    /// the position of the statement.
    ///
    /// # Errors
    /// [`money::Overflow`] where what was disallowed cannot be added up.
    pub fn records(&self) -> Result<Vec<[String; 16]>, money::Overflow> {
        let mut records: Vec<_> = self.rows().iter().map(StatementLine::cells).collect();
        let told = |movement: &str, eur: String, words: &str| {
            let mut record: [String; 16] = Default::default();
            record[0] = self.position.to_string();
            record[MOVEMENT_COLUMN] = movement.to_owned();
            record[EUR_COLUMN] = eur;
            record[WORDS_COLUMN] = words.to_owned();
            record
        };
        for figure in self.figures()? {
            records.push(told("figure", figure.eur.to_string(), &figure.english));
        }
        records.push(told("root", String::new(), &self.root));
        Ok(records)
    }

    /// The figures in the order in which they are read.
    ///
    /// # Errors
    /// [`money::Overflow`] where what was disallowed cannot be added up.
    pub fn figures(&self) -> Result<Vec<Figure>, money::Overflow> {
        let t = &self.totals;
        let sum =
            |rows, english: &str, swedish, eur| Figure { rows, english: english.to_owned(), swedish, eur };
        Ok(vec![
            sum(
                UNDECIDED_BEFORE,
                "undecided before the period",
                "obeslutat före perioden",
                t.undecided_before,
            ),
            sum("reported", "reported", "redovisat", t.reported),
            sum("reopened", "taken up again", "återupptaget", t.reopened),
            sum("eligible", "eligible", "godkänt", t.eligible),
            sum("disallowed", "disallowed", "ej godkänt", t.disallowed()?),
            sum(UNDECIDED, "undecided at the end", "obeslutat vid periodens slut", t.undecided),
            sum(OWED_BEFORE, "owed before the period", "skuld före perioden", t.owed_before),
            sum("eligible", "eligible", "godkänt", t.eligible),
            sum("reversed", "came back", "återfört", t.reversed),
            sum(
                "reversal-undone",
                "came back by mistake, counts again",
                "felaktigt återfört, åter godkänt",
                t.reversals_undone,
            ),
            sum("fee", "fees accepted", "godkända avgifter", t.fees),
            sum("fee-reversed", "fees taken back", "återtagna avgifter", t.fees_reversed),
            sum("arrival-grant", "arrival grants paid out", "utbetalda ankomststöd", t.grants),
            sum("arrival-grant-back", "of those that came back", "varav återfört", t.grants_back),
            sum("advance", "advances", "förskott", t.advances),
            sum("paid", "paid", "utbetalt", t.paid),
            sum("paid-reversed", "payments taken back", "återtagna utbetalningar", t.paid_reversed),
            sum("paid-back", "payments that came back", "återkomna utbetalningar", t.paid_back),
            sum(OWED, "owed at the end", "skuld vid periodens slut", t.owed),
            sum(HELD, "of that held", "varav stoppat", self.held),
            sum(
                FEES_UNDECIDED_BEFORE,
                "fees undecided before the period",
                "obeslutade avgifter före perioden",
                t.fees_undecided_before,
            ),
            sum("fee-reported", "fees reported", "redovisade avgifter", t.fees_reported),
            sum("fee-refused", "fees refused", "ej godkända avgifter", t.fees_refused),
            sum("fee-reopened", "fees taken up again", "återupptagna avgifter", t.fees_reopened),
            sum(
                FEES_UNDECIDED,
                "fees undecided at the end",
                "obeslutade avgifter vid periodens slut",
                t.fees_undecided,
            ),
        ])
    }
}
