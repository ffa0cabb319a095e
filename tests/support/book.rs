//! Workbooks as spreadsheet programs write them: numbers as numbers, days as days, the rest as texts.

use rust_xlsxwriter::{Format, Workbook, Worksheet};

/// A workbook of one sheet with the rows of a CSV.
pub fn of_csv(text: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet(), text);
    workbook.save_to_buffer().unwrap()
}

/// The same, with the hidden sheet of a template that says this of itself.
pub fn template(text: &str, version: &str, partner: &str, period: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Spend").unwrap();
    fill(sheet, text);
    workbook.add_worksheet().set_name("Notes").unwrap();
    let hidden = workbook.add_worksheet();
    hidden.set_name("svala").unwrap().set_hidden(true);
    let said = [("template version", version), ("partner", partner), ("period", period)];
    for (row, (key, value)) in (0..).zip(said) {
        hidden.write_string(row, 0, key).unwrap();
        hidden.write_string(row, 1, value).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

fn fill(sheet: &mut Worksheet, text: &str) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let header = records[0].clone();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (row, record) in (0..).zip(&records) {
        for (column, (name, cell)) in (0..).zip(header.iter().zip(record)) {
            match (row, cell) {
                (_, "") => {}
                (1.., cell) if name == "amount" => {
                    sheet.write_number(row, column, cell.parse::<f64>().unwrap()).unwrap();
                }
                (1.., cell) if name.ends_with("_on") => {
                    let date: rust_xlsxwriter::ExcelDateTime =
                        rust_xlsxwriter::ExcelDateTime::parse_from_str(cell).unwrap();
                    sheet.write_datetime_with_format(row, column, &date, &day).unwrap();
                }
                _ => {
                    sheet.write_string(row, column, cell).unwrap();
                }
            }
        }
    }
}
