//! The month pack: all that belongs to a period in one workbook.

use money::Eur;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::BooksDocument;
use super::workbook::{trial, vouchers};
use crate::guard::guarded;
use crate::statement::{STATEMENT_COLUMNS, StatementDocument, StatementLine};
use crate::workbook::{bold_and_money, money_cell};

/// What is put together.
#[derive(Debug, Clone, Copy)]
pub struct PackDocument<'a> {
    /// The vouchers of the period, and what the accounts come to.
    pub books: &'a BooksDocument<'a>,
    /// What stands above everything else, each with its name: when it was closed, by whom, digest and root.
    pub head: &'a [(&'static str, String)],
    /// What the checks came to: name, how many, euros, and whether it stops a closing.
    pub findings: &'a [(String, u64, Eur, bool)],
    /// The names of the columns of `matters`.
    pub matter_columns: &'a [&'a str],
    /// What was open when the period was closed, or is open now, cell by cell.
    pub matters: &'a [Vec<String>],
    /// The names of the columns of `exceptions`.
    pub exception_columns: &'a [&'a str],
    /// What did not fit then, also what somebody answers for, cell by cell.
    pub exceptions: &'a [Vec<String>],
    /// The names of the columns of `waiting`.
    pub waiting_columns: &'a [&'a str],
    /// What one person had proposed, and what waited for another one, cell by cell.
    pub waiting: &'a [Vec<String>],
    /// The statement of each partner that had business with the authority.
    pub statements: &'a [StatementDocument],
}

/// The bytes of an XLSX file: summary, open matters, exceptions, what is under way, what was booked late, statements of the partners, trial balance and
/// vouchers.
///
/// # Errors
/// [`XlsxError`] where there are more rows than a sheet can have, or figures that cannot be added up.
pub fn month_pack(document: &PackDocument<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    summary(workbook.add_worksheet().set_name("Summary")?, document)?;
    let matters = document.matters.iter().map(Vec::as_slice);
    rows(workbook.add_worksheet().set_name("Open matters")?, document.matter_columns, matters)?;
    let exceptions = document.exceptions.iter().map(Vec::as_slice);
    rows(workbook.add_worksheet().set_name("Exceptions")?, document.exception_columns, exceptions)?;
    let waiting = document.waiting.iter().map(Vec::as_slice);
    rows(workbook.add_worksheet().set_name("Under way")?, document.waiting_columns, waiting)?;
    late(workbook.add_worksheet().set_name("Changes")?, document.books)?;
    figures(workbook.add_worksheet().set_name("Partners")?, document.statements)?;
    let columns: Vec<&str> = ["partner"].into_iter().chain(STATEMENT_COLUMNS).collect();
    let mut lines = Vec::new();
    for statement in document.statements {
        lines.extend(statement.rows().iter().map(|line| of_partner(statement, line)));
    }
    let sheet = workbook.add_worksheet().set_name("Partners' rows")?;
    rows(sheet, &columns, lines.iter().map(Vec::as_slice))?;
    trial(workbook.add_worksheet(), document.books)?;
    vouchers(workbook.add_worksheet(), document.books)?;
    workbook.save_to_buffer()
}

fn summary(sheet: &mut Worksheet, document: &PackDocument<'_>) -> Result<(), XlsxError> {
    let (bold, money) = bold_and_money();
    let mut row = 0;
    for (name, value) in document.head {
        sheet.write_string_with_format(row, 0, *name, &bold)?;
        sheet.write_string(row, 1, guarded(value).as_ref())?;
        row += 1;
    }
    row += 1;
    head(sheet, row, &["check", "found", "EUR", "stops a closing"])?;
    for (name, found, eur, stops) in document.findings {
        row += 1;
        sheet.write_string(row, 0, name)?;
        sheet.write_string(row, 1, found.to_string())?;
        money_cell(sheet, row, 2, &eur.to_string(), &money)?;
        sheet.write_string(row, 3, if *stops { "yes" } else { "no" })?;
    }
    widths(sheet, &[24, 40, 16, 16])
}

/// Vouchers of earlier, closed periods that are booked in this one.
fn late(sheet: &mut Worksheet, books: &BooksDocument<'_>) -> Result<(), XlsxError> {
    let (_, money) = bold_and_money();
    head(sheet, 0, &["voucher", "booked on", "belongs to", "day", "text", "EUR"])?;
    let late = books.vouchers.iter().filter_map(|voucher| Some((voucher, voucher.closed_period?)));
    for (row, (voucher, period)) in (1..).zip(late) {
        let words = [
            voucher.name(),
            voucher.day.to_string(),
            period.to_string(),
            voucher.about_day.to_string(),
            voucher.text.clone(),
        ];
        for (column, word) in (0..).zip(words) {
            sheet.write_string(row, column, guarded(&word).as_ref())?;
        }
        money_cell(sheet, row, 5, &voucher.moved.to_string(), &money)?;
    }
    widths(sheet, &[14, 14, 14, 14, 40, 16])
}

/// Every figure of every statement.
fn figures(sheet: &mut Worksheet, statements: &[StatementDocument]) -> Result<(), XlsxError> {
    let (_, money) = bold_and_money();
    head(sheet, 0, &["partner", "name", "figure", "belopp", "EUR"])?;
    let mut row = 0;
    for statement in statements {
        let figures = statement.figures().map_err(|error| XlsxError::ParameterError(error.to_string()))?;
        for figure in figures {
            row += 1;
            let words = [&statement.partner, &statement.name, &figure.english];
            for (column, word) in (0..).zip(words) {
                sheet.write_string(row, column, guarded(word).as_ref())?;
            }
            sheet.write_string(row, 3, figure.swedish)?;
            money_cell(sheet, row, 4, &figure.eur.to_string(), &money)?;
        }
    }
    widths(sheet, &[16, 30, 30, 30, 16])
}

fn of_partner(statement: &StatementDocument, line: &StatementLine) -> Vec<String> {
    [statement.partner.clone()].into_iter().chain(line.cells()).collect()
}

/// Rows under their columns; those named `eur` and `amount` are money.
fn rows<'r>(
    sheet: &mut Worksheet,
    columns: &[&str],
    rows: impl Iterator<Item = &'r [String]>,
) -> Result<(), XlsxError> {
    let (_, money) = bold_and_money();
    head(sheet, 0, columns)?;
    for (row, cells) in (1..).zip(rows) {
        for ((place, name), cell) in (0..).zip(columns).zip(cells) {
            match ["eur", "amount"].contains(name) && !cell.is_empty() {
                true => money_cell(sheet, row, place, cell, &money)?,
                false => drop(sheet.write_string(row, place, guarded(cell).as_ref())?),
            }
        }
    }
    widths(sheet, &vec![16; columns.len()])
}

fn head(sheet: &mut Worksheet, row: u32, names: &[&str]) -> Result<(), XlsxError> {
    let (bold, _) = bold_and_money();
    for (column, name) in (0..).zip(names) {
        sheet.write_string_with_format(row, column, *name, &bold)?;
    }
    Ok(())
}

fn widths(sheet: &mut Worksheet, widths: &[u32]) -> Result<(), XlsxError> {
    for (column, width) in (0..).zip(widths) {
        sheet.set_column_width(column, *width)?;
    }
    Ok(())
}
