//! Whose books they are.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Digits of an organisation number.
const DIGITS: usize = 10;
/// Digits before its dash.
const BEFORE_DASH: usize = 6;

/// Whose books they are, as it stands in the chart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// Its organisation number.
    pub organisation_number: Option<OrganisationNumber>,
}

/// The organisation number (organisationsnummer) of a Swedish authority or company, whose last digit checks the others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct OrganisationNumber {
    digits: String,
}

/// A text that is no organisation number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an organisation number is written 202100-2114: ten digits, of which the last one checks the others")]
pub struct NotAnOrganisationNumber;

impl FromStr for OrganisationNumber {
    type Err = NotAnOrganisationNumber;

    fn from_str(text: &str) -> Result<Self, NotAnOrganisationNumber> {
        let digits = match text.as_bytes().get(BEFORE_DASH) {
            Some(b'-') => text.replacen('-', "", 1),
            _ => text.to_owned(),
        };
        let values: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
        let weighed = values.iter().enumerate().map(|(place, value)| match place % 2 {
            0 => value * 2 / 10 + value * 2 % 10,
            _ => *value,
        });
        let is_checked = weighed.sum::<u32>() % 10 == 0;
        if digits.len() == DIGITS && values.len() == DIGITS && is_checked {
            Ok(Self { digits })
        } else {
            Err(NotAnOrganisationNumber)
        }
    }
}

impl fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.digits.split_at_checked(BEFORE_DASH).unwrap_or((&self.digits, ""));
        write!(f, "{before}-{after}")
    }
}

impl TryFrom<String> for OrganisationNumber {
    type Error = NotAnOrganisationNumber;

    fn try_from(text: String) -> Result<Self, NotAnOrganisationNumber> {
        text.parse()
    }
}
