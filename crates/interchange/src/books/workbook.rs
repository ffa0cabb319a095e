//! The general ledger as a workbook, whose trial balance is formulas over the rows.

use domain::books::DimensionOf;
use money::Eur;
use rust_xlsxwriter::{Formula, Workbook, Worksheet, XlsxError};

use super::BooksDocument;
use crate::guard::guarded;
use crate::workbook::{bold_and_money, money_cell};

const ROWS: &str = "Vouchers";
const HEAD: [&str; 13] = [
    "voucher",
    "year",
    "day",
    "text",
    "account",
    "debit",
    "credit",
    "partner",
    "programme",
    "case",
    "category",
    "position",
    "row",
];

/// The bytes of an XLSX file: the trial balance, and the rows of all vouchers.
///
/// # Errors
/// [`XlsxError`] where there are more rows than a sheet can have.
pub fn books_workbook(document: &BooksDocument<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    trial(workbook.add_worksheet(), document)?;
    vouchers(workbook.add_worksheet(), document)?;
    workbook.save_to_buffer()
}

/// What stands on each account.
pub(super) fn trial(sheet: &mut Worksheet, document: &BooksDocument<'_>) -> Result<(), XlsxError> {
    sheet.set_name("Trial balance")?;
    let (bold, money) = bold_and_money();
    let heading = format!("{}, {}, log position {}", document.company, document.period, document.position);
    sheet.write_string_with_format(0, 0, guarded(&heading).as_ref(), &bold)?;
    for (column, name) in (0..).zip(["account", "name", "opening", "debit", "credit", "closing"]) {
        sheet.write_string_with_format(2, column, name, &bold)?;
    }
    for (row, line) in (3..).zip(&document.trial.lines) {
        sheet.write_string(row, 0, &line.account)?;
        sheet.write_string(row, 1, guarded(&line.name).as_ref())?;
        money_cell(sheet, row, 2, &line.opening.to_string(), &money)?;
        for (column, letter, sum) in [(3, 'F', line.debit), (4, 'G', line.credit)] {
            // Anybody can follow the sum to its rows; what the ledger computed stands in it as the value shown.
            let formula = format!("=SUMIFS({ROWS}!{letter}:{letter},{ROWS}!E:E,A{})", row + 1);
            let formula = Formula::new(formula).set_result(sum.to_string());
            sheet.write_formula_with_format(row, column, formula, &money)?;
        }
        let closing = Formula::new(format!("=C{0}+D{0}-E{0}", row + 1)).set_result(line.closing.to_string());
        sheet.write_formula_with_format(row, 5, closing, &money)?;
    }
    for (column, width) in [(0, 12), (1, 40), (2, 16), (3, 16), (4, 16), (5, 16)] {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(3, 0)?;
    Ok(())
}

/// The rows of all vouchers, which the trial balance adds up.
pub(super) fn vouchers(sheet: &mut Worksheet, document: &BooksDocument<'_>) -> Result<(), XlsxError> {
    sheet.set_name(ROWS)?;
    let (bold, money) = bold_and_money();
    for (column, name) in (0..).zip(HEAD) {
        sheet.write_string_with_format(0, column, name, &bold)?;
        sheet.set_column_width(column, 14)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let entries = document.vouchers.iter().flat_map(|v| v.entries.iter().map(move |entry| (v, entry)));
    for (row, (voucher, entry)) in (1..).zip(entries) {
        let words = [
            (0, voucher.name()),
            (1, voucher.year.to_string()),
            (2, voucher.day.to_string()),
            (3, voucher.text.clone()),
            (4, entry.account.clone()),
            (7, entry.code(DimensionOf::Partner).to_owned()),
            (8, entry.code(DimensionOf::Programme).to_owned()),
            (9, entry.code(DimensionOf::Case).to_owned()),
            (10, entry.code(DimensionOf::Category).to_owned()),
            (11, voucher.position.to_string()),
            (12, entry.text.clone()),
        ];
        for (column, word) in words {
            sheet.write_string(row, column, guarded(&word).as_ref())?;
        }
        let amount = entry.amount.to_string();
        let (column, amount) = match amount.strip_prefix('-') {
            Some(credit) if entry.amount < Eur::ZERO => (6, credit),
            _ => (5, amount.as_str()),
        };
        money_cell(sheet, row, column, amount, &money)?;
    }
    Ok(())
}
