//! The statement as a workbook, whose totals are formulas over its rows.

use domain::Period;
use domain::statement::Disallowed;
use money::Eur;
use rust_xlsxwriter::{Formula, Workbook, XlsxError};

use super::{EUR_COLUMN, MOVEMENT_COLUMN, Open, STATEMENT_COLUMNS, StatementDocument, StatementLine};
use crate::guard::guarded;
use crate::workbook::{bold_and_money, column_name, money_cell};

const ROWS: &str = "Rows";
/// Columns whose cells are euros.
const EUROS: [&str; 5] = ["eur", "eligible", "disallowed", "reversed", "undecided"];

/// The bytes of an XLSX file: a sheet of figures, one of the rows they add up, and one each of what is open.
///
/// # Errors
/// [`XlsxError`] where there are more rows than a sheet can have.
pub fn workbook(statement: &StatementDocument) -> Result<Vec<u8>, XlsxError> {
    let figures = statement.figures().map_err(|error| XlsxError::ParameterError(error.to_string()))?;
    let open = statement.open();
    let totals = figures.iter().map(|figure| Total {
        english: &figure.english,
        swedish: figure.swedish,
        eur: figure.eur,
        formula: Some(match open.iter().find(|open| open.code == figure.rows) {
            None => {
                let (eur, kind) = (column_name(EUR_COLUMN), column_name(MOVEMENT_COLUMN));
                format!("=SUMIFS({ROWS}!{eur}:{eur},{ROWS}!{kind}:{kind},\"{}\")", figure.rows)
            }
            Some(open) => sum_of_sheet(open.sheet),
        }),
    });
    let StatementDocument { partner, name, period, position, root, .. } = statement;
    let mut book = Book::begin(partner, name, *period, *position, root);
    book.figures(totals, &statement.totals.disallowed)?;
    let sheets = open.iter().map(|Open { sheet, lines, .. }| (*sheet, *lines));
    for (sheet, lines) in std::iter::once((ROWS, statement.lines.as_slice())).chain(sheets) {
        book.rows(sheet, &STATEMENT_COLUMNS, lines.iter().map(StatementLine::cells))?;
    }
    book.end()
}

/// The formula that adds up the euros of a whole sheet.
fn sum_of_sheet(sheet: &str) -> String {
    let eur = column_name(EUR_COLUMN);
    format!("=SUM('{sheet}'!{eur}:{eur})")
}

/// One figure of the first sheet.
pub(super) struct Total<'a> {
    pub(super) english: &'a str,
    pub(super) swedish: &'a str,
    pub(super) eur: Eur,
    /// The sum of the rows that anybody can follow; none for a balance.
    pub(super) formula: Option<String>,
}

/// A workbook while it is written.
pub(super) struct Book {
    workbook: Workbook,
    head: [(&'static str, String); 5],
}

impl Book {
    pub(super) fn begin(partner: &str, name: &str, period: Period, position: u64, root: &str) -> Self {
        let head = [
            ("partner", partner.to_owned()),
            ("name", name.to_owned()),
            ("period", period.to_string()),
            ("log position", position.to_string()),
            ("root", root.to_owned()),
        ];
        Self { workbook: Workbook::new(), head }
    }

    /// The formula that adds up a column of the rows.
    pub(super) fn sum_of(place: usize) -> String {
        let column = column_name(place);
        format!("=SUM({ROWS}!{column}:{column})")
    }

    pub(super) fn figures<'a>(
        &mut self,
        totals: impl Iterator<Item = Total<'a>>,
        disallowed: &[Disallowed],
    ) -> Result<(), XlsxError> {
        let (bold, money) = bold_and_money();
        let sheet = self.workbook.add_worksheet().set_name("Statement")?;
        let mut row = 0;
        for (name, value) in &self.head {
            sheet.write_string_with_format(row, 0, *name, &bold)?;
            sheet.write_string(row, 1, guarded(value).as_ref())?;
            row += 1;
        }
        row += 1;
        for (column, name) in (0..).zip(["figure", "belopp", "EUR"]) {
            sheet.write_string_with_format(row, column, name, &bold)?;
        }
        for Total { english, swedish, eur, formula } in totals {
            row += 1;
            sheet.write_string(row, 0, english)?;
            sheet.write_string(row, 1, swedish)?;
            match formula {
                // What the ledger computed stands in it as the value shown.
                Some(formula) => {
                    let sum = Formula::new(formula).set_result(eur.to_string());
                    sheet.write_formula_with_format(row, 2, sum, &money)?;
                }
                None => money_cell(sheet, row, 2, &eur.to_string(), &money)?,
            }
        }
        row += 2;
        sheet.write_string_with_format(row, 0, "disallowed, by reason", &bold)?;
        for part in disallowed {
            row += 1;
            sheet.write_string(row, 0, &part.reason)?;
            money_cell(sheet, row, 2, &part.eur.to_string(), &money)?;
        }
        for (column, width) in [(0, 30), (1, 30), (2, 16)] {
            sheet.set_column_width(column, width)?;
        }
        Ok(())
    }

    /// A sheet of rows.
    pub(super) fn rows<const N: usize>(
        &mut self,
        name: &str,
        columns: &[&str; N],
        rows: impl Iterator<Item = [String; N]>,
    ) -> Result<(), XlsxError> {
        let (bold, money) = bold_and_money();
        let sheet = self.workbook.add_worksheet().set_name(name)?;
        for (place, name) in (0..).zip(columns) {
            sheet.write_string_with_format(0, place, *name, &bold)?;
            sheet.set_column_width(place, 14)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let mut last = 0;
        for (row, cells) in (1..).zip(rows) {
            last = row;
            for ((place, name), cell) in (0..).zip(columns).zip(&cells) {
                match EUROS.contains(name) && !cell.is_empty() {
                    true => money_cell(sheet, row, place, cell, &money)?,
                    false => drop(sheet.write_string(row, place, guarded(cell).as_ref())?),
                }
            }
        }
        if let Ok(width) = u16::try_from(N - 1) {
            sheet.autofilter(0, 0, last, width)?;
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Vec<u8>, XlsxError> {
        self.workbook.save_to_buffer()
    }
}
