//! The statement by day of delivery: what was delivered in a period, and what became of it.

use domain::Period;
use domain::statement::DeliveryTotals;
use jiff::civil::Date;
use money::{Eur, Overflow};
use rust_xlsxwriter::XlsxError;
use serde::Serialize;

use super::html::Page;
use super::workbook::{Book, Total};

/// A statement by day of delivery, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryDocument {
    /// The partner's code.
    pub partner: String,
    /// What it is called; empty if that is not known.
    pub name: String,
    /// The days of delivery it shows.
    pub period: Period,
    /// The position of the log it was made at: the same ledger gives the same statement at this position for ever.
    pub position: u64,
    /// The root over the log up to there, hexadecimal.
    pub root: String,
    /// The figures.
    pub totals: DeliveryTotals,
    /// Every claim for something that was delivered in the period, in the order of the reports.
    pub lines: Vec<DeliveryLine>,
}

/// One claim, with what became of it by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryLine {
    /// Its number.
    pub number: u64,
    /// Day of the delivery.
    pub on: Date,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Benefit category.
    pub category: String,
    /// The supplier's receipt number.
    pub receipt_no: String,
    /// Who was paid by the partner.
    pub supplier: String,
    /// As on the receipt.
    pub amount: String,
    /// Its currency.
    pub currency: &'static str,
    /// Units of that currency for one euro; empty for euros.
    pub rate: String,
    /// In euro; none without a rate.
    pub eur: Option<Eur>,
    /// Accepted: the part that counts.
    pub eligible: Eur,
    /// Decided: the part that does not.
    pub disallowed: Eur,
    /// Of the eligible part, what came back.
    pub reversed: Eur,
    /// Not decided.
    pub undecided: Eur,
    /// Why something is disallowed, each reason once, or `waiting-for-rate`.
    pub reason: String,
    /// What finance said about it, or asks.
    pub words: String,
}

/// The columns of a line.
pub const DELIVERY_COLUMNS: [&str; 17] = [
    "number",
    "on",
    "external_ref",
    "case",
    "category",
    "receipt_no",
    "supplier",
    "amount",
    "currency",
    "rate",
    "eur",
    "eligible",
    "disallowed",
    "reversed",
    "undecided",
    "reason",
    "words",
];

impl DeliveryLine {
    /// The cells, in the order of [`DELIVERY_COLUMNS`].
    pub fn cells(&self) -> [String; 17] {
        [
            self.number.to_string(),
            self.on.to_string(),
            self.external_ref.clone(),
            self.case.clone(),
            self.category.clone(),
            self.receipt_no.clone(),
            self.supplier.clone(),
            self.amount.clone(),
            self.currency.to_owned(),
            self.rate.clone(),
            self.eur.map(|eur| eur.to_string()).unwrap_or_default(),
            self.eligible.to_string(),
            self.disallowed.to_string(),
            self.reversed.to_string(),
            self.undecided.to_string(),
            self.reason.clone(),
            self.words.clone(),
        ]
    }
}

/// One figure, with the column of the rows that it adds up; none adds up other figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFigure {
    /// The column.
    pub column: Option<&'static str>,
    /// In English.
    pub english: &'static str,
    /// In Swedish.
    pub swedish: &'static str,
    /// How much, in euro.
    pub eur: Eur,
}

impl DeliveryDocument {
    /// The figures in the order in which they are read.
    ///
    /// # Errors
    /// [`Overflow`] where what was disallowed cannot be added up.
    pub fn figures(&self) -> Result<Vec<DeliveryFigure>, Overflow> {
        let t = &self.totals;
        let disallowed = Eur::sum(t.disallowed.iter().map(|part| part.eur))?;
        let of = |column, english, swedish, eur| DeliveryFigure { column, english, swedish, eur };
        Ok(vec![
            of(Some("eur"), "reported", "redovisat", t.reported),
            of(Some("eligible"), "eligible", "godkänt", t.eligible),
            of(Some("disallowed"), "disallowed", "ej godkänt", disallowed),
            of(Some("undecided"), "undecided", "obeslutat", t.undecided),
            of(Some("reversed"), "came back", "återfört", t.reversed),
            of(None, "eligible, less what came back", "godkänt, minskat med återfört", t.net),
        ])
    }

    /// A whole page: no scripts, nothing from elsewhere.
    ///
    /// # Errors
    /// [`Overflow`] where what was disallowed cannot be added up.
    pub fn html(&self) -> Result<String, Overflow> {
        let mut page = Page::begin("Deliveries", &self.partner, &self.name, self.period);
        let figures = self.figures()?.into_iter();
        page.figures(figures.map(|f| (None, f.english.to_owned(), f.swedish, f.eur)));
        page.reasons(&self.totals.disallowed);
        page.rows(
            "delivered",
            "delivered in the period",
            &DELIVERY_COLUMNS,
            self.lines.iter().map(DeliveryLine::cells),
        );
        let said = "What was delivered in the period, as it was reported and decided up to this position; fees and payments stand in the statement by day of record.";
        Ok(page.end(said, &self.partner, self.period, " --by delivery", self.position, &self.root))
    }

    /// The bytes of an XLSX file: a sheet of figures, one of the rows they add up.
    ///
    /// # Errors
    /// [`XlsxError`] where there are more rows than a sheet can have.
    pub fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let figures = self.figures().map_err(|error| XlsxError::ParameterError(error.to_string()))?;
        let place = |column| DELIVERY_COLUMNS.iter().position(|name| *name == column);
        let totals = figures.iter().map(|figure| Total {
            english: figure.english,
            swedish: figure.swedish,
            eur: figure.eur,
            formula: figure.column.and_then(place).map(Book::sum_of),
        });
        let mut book = Book::begin(&self.partner, &self.name, self.period, self.position, &self.root);
        book.figures(totals, &self.totals.disallowed)?;
        book.rows("Rows", &DELIVERY_COLUMNS, self.lines.iter().map(DeliveryLine::cells))?;
        book.end()
    }
}
