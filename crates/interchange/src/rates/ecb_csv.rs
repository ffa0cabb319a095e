//! The European Central Bank's reference rates as CSV: `Date,USD,JPY,…,` with a comma at the end of every row.

use jiff::civil::Date;
use money::Currency;

use super::RateForm;
use super::gathered::{Gathered, Place};
use crate::cell::iso_date;
use crate::error::FileProblem;
use crate::record::Records;

/// What stands where the bank has published no rate.
const NO_RATE: &str = "N/A";

pub(super) fn read(text: &str, gathered: &mut Gathered) -> Result<RateForm, FileProblem> {
    let mut records = Records::open(text.as_bytes())?;
    let Some(header) = records.next()? else { return Err(FileProblem::Empty) };
    let row = header.row;
    let header = header.fields();
    let codes = match header.split_first() {
        Some((first, codes)) if first == "Date" && !codes.is_empty() => codes,
        _ => return Err(FileProblem::NoRates),
    };
    let place = |row| Place { row, currency: "currency", rate: "rate" };
    let columns: Vec<Option<Currency>> = codes
        .iter()
        .map(|code| if code.is_empty() { None } else { gathered.currency(place(row), code) })
        .collect();
    while let Some(record) = records.next()? {
        let row = record.row;
        let cells = record.fields();
        if cells.len() != header.len() {
            let message = format!("The row has {} cells, the header has {}.", cells.len(), header.len());
            gathered.refuse(row, "Date", None, "row.cells", message);
            continue;
        }
        let Some((date, rates)) = cells.split_first() else { continue };
        let day: Date = match iso_date(date) {
            Ok(day) => day,
            Err(message) => {
                gathered.refuse(row, "Date", Some(date), "date.iso", message);
                continue;
            }
        };
        for (currency, rate) in columns.iter().zip(rates) {
            if let (Some(currency), true) = (currency, rate != NO_RATE) {
                gathered.rate(Place { rate: currency.code(), ..place(row) }, day, *currency, rate);
            }
        }
    }
    Ok(RateForm::EcbCsv)
}
