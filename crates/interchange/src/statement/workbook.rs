//! The statement as a workbook, whose totals are formulas over its rows.

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet, XlsxError};

use super::{EUR_COLUMN, MOVEMENT_COLUMN, STATEMENT_COLUMNS, StatementDocument, StatementLine};
use crate::guard::guarded;
use crate::workbook::{column_name, money_cell};

const ROWS: &str = "Rows";

/// The bytes of an XLSX file: a sheet of figures, one of the rows they add up, one of what is undecided.
///
/// # Errors
/// [`XlsxError`] where there are more rows than a sheet can have.
pub fn workbook(statement: &StatementDocument) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    figures(workbook.add_worksheet(), statement)?;
    rows(workbook.add_worksheet().set_name(ROWS)?, &statement.lines)?;
    rows(workbook.add_worksheet().set_name("Undecided")?, &statement.undecided)?;
    rows(workbook.add_worksheet().set_name("Waiting for a rate")?, &statement.waiting)?;
    workbook.save_to_buffer()
}

fn figures(sheet: &mut Worksheet, statement: &StatementDocument) -> Result<(), XlsxError> {
    sheet.set_name("Statement")?;
    let (bold, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
    let head = [
        ("partner", statement.partner.clone()),
        ("name", statement.name.clone()),
        ("period", statement.period.to_string()),
        ("log position", statement.position.to_string()),
        ("root", statement.root.clone()),
    ];
    let mut row = 0;
    for (name, value) in &head {
        sheet.write_string_with_format(row, 0, *name, &bold)?;
        sheet.write_string(row, 1, guarded(value).as_ref())?;
        row += 1;
    }
    row += 1;
    for (column, name) in (0..).zip(["figure", "belopp", "EUR"]) {
        sheet.write_string_with_format(row, column, name, &bold)?;
    }
    let figures = statement.figures().map_err(|error| XlsxError::ParameterError(error.to_string()))?;
    for figure in figures {
        row += 1;
        sheet.write_string(row, 0, &figure.english)?;
        sheet.write_string(row, 1, figure.swedish)?;
        match figure.movement {
            // A sum that anybody can follow to its rows; what the ledger computed stands in it as the value shown.
            Some(movement) => {
                let (eur, kind) = (column_name(EUR_COLUMN), column_name(MOVEMENT_COLUMN));
                let sum = format!("=SUMIFS({ROWS}!{eur}:{eur},{ROWS}!{kind}:{kind},\"{movement}\")");
                let sum = Formula::new(sum).set_result(figure.eur.to_string());
                sheet.write_formula_with_format(row, 2, sum, &money)?;
            }
            None => money_cell(sheet, row, 2, &figure.eur.to_string(), &money)?,
        }
    }
    row += 2;
    sheet.write_string_with_format(row, 0, "disallowed, by reason", &bold)?;
    for part in &statement.totals.disallowed {
        row += 1;
        sheet.write_string(row, 0, &part.reason)?;
        money_cell(sheet, row, 2, &part.eur.to_string(), &money)?;
    }
    for (column, width) in [(0, 30), (1, 30), (2, 16)] {
        sheet.set_column_width(column, width)?;
    }
    Ok(())
}

fn rows(sheet: &mut Worksheet, lines: &[StatementLine]) -> Result<(), XlsxError> {
    let (bold, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
    for (place, name) in (0..).zip(STATEMENT_COLUMNS) {
        sheet.write_string_with_format(0, place, name, &bold)?;
        sheet.set_column_width(place, 14)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, line) in (1..).zip(lines) {
        for (place, cell) in (0..).zip(line.cells()) {
            match usize::from(place) {
                EUR_COLUMN => money_cell(sheet, row, place, &cell, &money)?,
                _ => drop(sheet.write_string(row, place, guarded(&cell).as_ref())?),
            }
        }
    }
    if let (Ok(last), Ok(width)) = (u32::try_from(lines.len()), u16::try_from(STATEMENT_COLUMNS.len() - 1)) {
        sheet.autofilter(0, 0, last, width)?;
    }
    Ok(())
}
