//! Amounts in workbooks that are written.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

/// Decimal digits that a number of a spreadsheet keeps.
const DIGITS_MAX: usize = 15;

/// Euros as the number of a spreadsheet, which keeps fifteen digits exactly; longer ones as text, which adds up to
/// nothing but is not another amount.
pub(crate) fn money_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    eur: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let digits = eur.bytes().filter(u8::is_ascii_digit).count();
    match eur.parse::<f64>() {
        Ok(value) if digits <= DIGITS_MAX => {
            sheet.write_number_with_format(row, column, value, format).map(drop)
        }
        _ => sheet.write_string(row, column, eur).map(drop),
    }
}

/// The formats of headings and of euros.
pub(crate) fn bold_and_money() -> (Format, Format) {
    (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"))
}
