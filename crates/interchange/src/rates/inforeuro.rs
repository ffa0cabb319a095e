//! InforEuro: the European Commission's accounting rates, as JSON.

use domain::rates::Month;
use jiff::civil::Date;
use money::Currency;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::RateForm;
use super::gathered::{Gathered, Place};
use crate::FileProblem;

/// One entry of either form. What stands in a field is kept as its text, so that a number is never rounded.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default, rename = "isoA3Code")]
    iso_code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "currencyIso")]
    currency: Option<&'a RawValue>,
    // The two names that the reference currency has been seen under.
    #[serde(borrow, default, rename = "refCurrencyIso")]
    reference_iso: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "refCurrency")]
    reference: Option<&'a RawValue>,
    #[serde(borrow, default)]
    amount: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "dateStart")]
    first_day: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "dateEnd")]
    last_day: Option<&'a RawValue>,
}

impl Entry<'_> {
    fn form(&self) -> Option<RateForm> {
        if self.iso_code.is_some() {
            return Some(RateForm::InforEuroMonth);
        }
        (self.first_day.is_some() || self.last_day.is_some()).then_some(RateForm::InforEuroHistory)
    }
}

pub(super) fn read(
    text: &str,
    month: Option<Month>,
    gathered: &mut Gathered,
) -> Result<RateForm, FileProblem> {
    let broken = |error: serde_json::Error| FileProblem::Json { line: error.line(), column: error.column() };
    let entries: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
    let first = entries.first().map(|entry| serde_json::from_str::<Entry<'_>>(entry.get()));
    let form = match first {
        None => return Err(FileProblem::WithoutRates),
        Some(entry) => entry.ok().and_then(|entry| entry.form()).ok_or(FileProblem::NoRates)?,
    };
    let month = match form {
        RateForm::InforEuroMonth => Some(month.ok_or(FileProblem::NoMonth)?.first()),
        _ => None,
    };
    for (row, entry) in (1..).zip(entries) {
        let Ok(entry) = serde_json::from_str::<Entry<'_>>(entry.get()) else {
            gathered.refuse(row, "entry", None, "rates.entry", "This is no entry of a table of rates.");
            continue;
        };
        match month {
            Some(month) => country(row, month, &entry, gathered),
            None => period(row, &entry, gathered),
        }
    }
    Ok(form)
}

/// `{country, currency, isoA3Code, isoA2Code, value, comment}`: the currency of one country.
fn country(row: u64, month: Date, entry: &Entry<'_>, gathered: &mut Gathered) {
    let place = Place { row, currency: "isoA3Code", rate: "value" };
    let code = text(row, "isoA3Code", entry.iso_code, gathered);
    let value = number(row, "value", entry.value, gathered);
    let currency = code.and_then(|code| gathered.currency(place, &code));
    if let (Some(currency), Some(value)) = (currency, value) {
        gathered.rate(place, month, currency, value);
    }
}

/// `{currencyIso, refCurrencyIso, amount, dateStart, dateEnd}`: one month of one currency.
fn period(row: u64, entry: &Entry<'_>, gathered: &mut Gathered) {
    let place = Place { row, currency: "currencyIso", rate: "amount" };
    let codes =
        [("currencyIso", entry.currency), ("refCurrencyIso", entry.reference_iso.or(entry.reference))];
    let (mut euro, mut others) = (false, Vec::new());
    for (column, raw) in codes.into_iter().filter(|(_, raw)| raw.is_some()) {
        let Some(code) = text(row, column, raw, gathered) else { return };
        if code == Currency::EUR.code() {
            euro = true;
        } else {
            others.push(code);
        }
    }
    let value = number(row, "amount", entry.amount, gathered);
    let first = date(row, "dateStart", entry.first_day, gathered);
    let last = date(row, "dateEnd", entry.last_day, gathered);
    let currency = match others.as_slice() {
        [code] => gathered.currency(place, code),
        [] if euro => Some(Currency::EUR),
        [] => {
            gathered.refuse(row, "currencyIso", None, "currency.missing", "The entry names no currency.");
            None
        }
        _ => {
            let message = "Neither of the two currencies is the euro: these are not rates against the euro.";
            gathered.refuse(row, "refCurrencyIso", None, "rates.reference-currency", message);
            None
        }
    };
    let (Some(first), Some(last), Some(currency), Some(value)) = (first, last, currency, value) else {
        return;
    };
    let month = Month::of(first);
    if month.first() != first || month.last() != last {
        let message =
            format!("{first} to {last} is not one month of the calendar, from its first to its last day.");
        return gathered.refuse(row, "dateEnd", Some(&last.to_string()), "rates.period", message);
    }
    gathered.rate(place, first, currency, value);
}

/// A field that must be text.
fn text(row: u64, column: &'static str, raw: Option<&RawValue>, gathered: &mut Gathered) -> Option<String> {
    let found = raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    if found.is_none() {
        let message = "The field is missing, or is no text.";
        gathered.refuse(row, column, raw.map(RawValue::get), "rates.field", message);
    }
    found
}

/// The text of a field that must be a number.
fn number<'a>(
    row: u64,
    column: &'static str,
    raw: Option<&'a RawValue>,
    gathered: &mut Gathered,
) -> Option<&'a str> {
    let digits = |text: &&str| text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    let found = raw.map(RawValue::get).filter(digits);
    if found.is_none() {
        let message = "The field is missing, or is no number.";
        gathered.refuse(row, column, raw.map(RawValue::get), "rates.field", message);
    }
    found
}

/// `dd/MM/yyyy`.
fn date(row: u64, column: &'static str, raw: Option<&RawValue>, gathered: &mut Gathered) -> Option<Date> {
    let given = text(row, column, raw, gathered)?;
    let number = |part: &str| part.bytes().all(|c| c.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    let found = match given.split('/').collect::<Vec<_>>().as_slice() {
        [day, month, year] if (day.len(), month.len(), year.len()) == (2, 2, 4) => {
            let small = |part: &str| number(part).and_then(|n: i16| i8::try_from(n).ok());
            number(year)
                .zip(small(month).zip(small(day)))
                .and_then(|(year, (month, day))| Date::new(year, month, day).ok())
        }
        _ => None,
    };
    if found.is_none() {
        let message = "A date is written DD/MM/YYYY, for example 01/06/2024.";
        gathered.refuse(row, column, Some(&given), "rates.date", message);
    }
    found
}
