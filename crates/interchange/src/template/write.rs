//! Writes the workbook.

use domain::{CaseReference, PartnerCode, Period};
use jiff::civil::Date;
use money::{Currency, Eur};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, Format, Formula, Workbook, Worksheet,
    XlsxError,
};

use super::{PARTNER_KEY, PERIOD_KEY, SHEET, VERSION, VERSION_KEY, instructions};
use crate::guard::guarded;
use crate::rows::SpendRow;
use crate::table::Row;

/// Rows below the header that have drop-down lists.
const ROWS: u32 = 10_000;
/// Where the lists stand in the hidden sheet, from 0.
const CATEGORIES_AT: u16 = 3;
const CURRENCIES_AT: u16 = 4;
const CASES_AT: u16 = 5;

/// What a template is filled with.
#[derive(Debug, Clone)]
pub struct TemplateContent {
    /// Whose.
    pub partner: PartnerCode,
    /// For when.
    pub period: Period,
    /// Codes of the benefit categories that can be reported.
    pub categories: Vec<String>,
    /// Currencies to choose from.
    pub currencies: Vec<Currency>,
    /// The partner's open cases, a row for each budget line; the rows of a case one after the other.
    pub cases: Vec<TemplateCase>,
}

/// One budget line of an open case.
#[derive(Debug, Clone)]
pub struct TemplateCase {
    /// The case's own reference.
    pub case: CaseReference,
    /// Budget line.
    pub budget_line: String,
    /// Most that may be disbursed, in EUR.
    pub cap: Eur,
    /// Of that, not yet disbursed.
    pub remaining: Eur,
    /// Of that, not yet claimed either.
    pub available: Eur,
}

impl TemplateContent {
    /// Each case once, on however many budget lines something is left.
    pub fn references(&self) -> Vec<CaseReference> {
        let mut references: Vec<CaseReference> = self.cases.iter().map(|case| case.case).collect();
        references.dedup();
        references
    }

    /// The bytes of the workbook.
    ///
    /// # Errors
    /// [`XlsxError`] where something does not fit a workbook.
    pub fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        self.spend(workbook.add_worksheet())?;
        self.cases(workbook.add_worksheet())?;
        self.instructions(workbook.add_worksheet())?;
        self.stamp(workbook.add_worksheet())?;
        workbook.save_to_buffer()
    }

    /// The rows to fill in: as text where digits must stay as they are typed, with lists to choose from, and days and amounts
    /// that are held against what they may be.
    fn spend(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name("Spend")?;
        header(sheet, SpendRow::COLUMNS)?;
        let text = Format::new().set_num_format("@");
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let cases = self.references().len();
        let list = |sheet: &mut Worksheet, column: u16, choice: DataValidation| {
            sheet.add_data_validation(1, column, ROWS, column, &choice).map(drop)
        };
        for (column, name) in (0..).zip(SpendRow::COLUMNS) {
            match *name {
                "delivered_on" => drop(sheet.set_column_format(column, &day)?),
                "amount" => {}
                _ => drop(sheet.set_column_format(column, &text)?),
            }
            match *name {
                "partner" => {
                    list(sheet, column, DataValidation::new().allow_list_strings(&[self.partner.as_str()])?)?
                }
                // A family's receipt names several cases, so another value than one of the list is let through.
                "case_ref" if cases > 0 => {
                    let codes = Formula::new(range(SHEET, CASES_AT, cases));
                    let choice = DataValidation::new().allow_list_formula(codes).show_error_message(false);
                    list(sheet, column, choice)?;
                }
                "category" if !self.categories.is_empty() => {
                    let codes = Formula::new(range(SHEET, CATEGORIES_AT, self.categories.len()));
                    list(sheet, column, DataValidation::new().allow_list_formula(codes))?;
                }
                // Any other currency may be named too: the list warns, and does not refuse.
                "currency" if !self.currencies.is_empty() => {
                    let codes = Formula::new(range(SHEET, CURRENCIES_AT, self.currencies.len()));
                    let warns = DataValidationErrorStyle::Warning;
                    let choice = DataValidation::new().allow_list_formula(codes).set_error_style(warns);
                    list(sheet, column, choice)?;
                }
                // A day outside of the period is kept and counted, so it is let through too.
                "delivered_on" => {
                    let day = |day: Date| {
                        Formula::new(format!("=DATE({},{},{})", day.year(), day.month(), day.day()))
                    };
                    let (first, last) = (self.period.first(), self.period.last());
                    let within = DataValidationRule::Between(day(first), day(last));
                    let message = format!("The day of the delivery, {first} to {last}. Leveransdagen.");
                    let choice = DataValidation::new()
                        .allow_date_formula(within)
                        .set_error_style(DataValidationErrorStyle::Warning)
                        .set_error_message(message)?;
                    list(sheet, column, choice)?;
                }
                "amount" => {
                    let positive = DataValidationRule::GreaterThan(Formula::new("0"));
                    let choice = DataValidation::new()
                        .allow_decimal_number_formula(positive)
                        .set_error_message("An amount above zero, without its currency. Ett belopp större än noll, utan valuta.")?;
                    list(sheet, column, choice)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn cases(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name("Cases")?;
        header(sheet, &["case_ref", "budget_line", "cap_eur", "remaining_eur", "available_eur"])?;
        for (row, case) in (1..).zip(&self.cases) {
            let (cap, remaining, available) =
                (case.cap.to_string(), case.remaining.to_string(), case.available.to_string());
            let cells = [&case.case.to_string(), &case.budget_line, &cap, &remaining, &available];
            for (column, cell) in (0..).zip(cells) {
                match column {
                    0 | 1 => write_text(sheet, row, column, cell)?,
                    // Figures, exact as no number of a spreadsheet is.
                    _ => drop(sheet.write_string(row, column, cell)?),
                }
            }
        }
        Ok(())
    }

    fn instructions(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name("Instructions")?;
        let wrapped = Format::new().set_text_wrap();
        for (row, line) in (0..).zip(instructions::lines(self.partner.as_str(), self.period)) {
            for (column, text) in (0..).zip(&line) {
                sheet.write_string_with_format(row, column, guarded(text).as_ref(), &wrapped)?;
            }
        }
        sheet.set_column_width(0, 70)?;
        sheet.set_column_width(1, 70)?;
        Ok(())
    }

    fn stamp(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name(SHEET)?;
        sheet.set_hidden(true);
        let period = self.period.to_string();
        let said = [(VERSION_KEY, VERSION), (PARTNER_KEY, self.partner.as_str()), (PERIOD_KEY, &period)];
        for (row, (key, value)) in (0..).zip(said) {
            write_text(sheet, row, 0, key)?;
            write_text(sheet, row, 1, value)?;
        }
        for (row, code) in (1..).zip(&self.categories) {
            write_text(sheet, row, CATEGORIES_AT, code)?;
        }
        for (row, currency) in (1..).zip(&self.currencies) {
            write_text(sheet, row, CURRENCIES_AT, currency.code())?;
        }
        for (row, case) in (1..).zip(self.references()) {
            write_text(sheet, row, CASES_AT, &case.to_string())?;
        }
        Ok(())
    }
}

fn header(sheet: &mut Worksheet, columns: &[&str]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (column, name) in (0..).zip(columns) {
        sheet.write_string_with_format(0, column, *name, &bold)?;
        sheet.set_column_width(column, 16)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// Text that no program runs as a formula.
fn write_text(sheet: &mut Worksheet, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    sheet.write_string(row, column, guarded(text).as_ref()).map(drop)
}

/// The cells of a list below a header, as a formula names them: `svala!$D$2:$D$9`.
fn range(sheet: &str, column: u16, length: usize) -> String {
    let column = crate::workbook::column_name(usize::from(column));
    format!("={sheet}!${column}$2:${column}${}", length + 1)
}
