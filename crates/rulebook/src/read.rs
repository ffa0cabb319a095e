//! How single values of the document are read.

use jiff::civil::Date;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A TOML date (`2024-06-30`, without quotes or time).
pub(crate) fn date<'de, D: Deserializer<'de>>(input: D) -> Result<Date, D::Error> {
    let date = toml::value::Date::deserialize(input)?;
    // TOML days and months fit; the year is checked here.
    let year = i16::try_from(date.year).map_err(D::Error::custom)?;
    let (month, day) = (i8::try_from(date.month), i8::try_from(date.day));
    match (month, day) {
        (Ok(month), Ok(day)) => Date::new(year, month, day).map_err(D::Error::custom),
        _ => Err(D::Error::custom("no such day")),
    }
}

/// The same, for a key that may be left out.
pub(crate) fn optional_date<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Date>, D::Error> {
    date(input).map(Some)
}

/// `yes` or `no`, for a key that may be left out.
pub(crate) fn optional_yes_no<'de, D: Deserializer<'de>>(input: D) -> Result<Option<bool>, D::Error> {
    match String::deserialize(input)?.as_str() {
        "yes" => Ok(Some(true)),
        "no" => Ok(Some(false)),
        other => Err(D::Error::custom(format!("`{other}` is neither \"yes\" nor \"no\""))),
    }
}
