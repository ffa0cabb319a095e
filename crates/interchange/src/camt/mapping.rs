//! How a bank writes its statements as CSV: a mapping from its columns, as data (TOML).

use money::{Amount, Currency};
use serde::Deserialize;

/// Largest mapping, in bytes.
pub const MAPPING_BYTES_MAX: u64 = 64 << 10;

/// What the columns of a bank's CSV mean.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvMapping {
    /// The number of the account, as it was registered.
    pub account: String,
    /// Its currency, and that of all amounts.
    pub currency: Currency,
    /// What stands before the decimals: `.` or `,`.
    #[serde(default = "point")]
    pub decimal: char,
    /// What stands between thousands, if anything.
    #[serde(default)]
    pub thousands: Option<char>,
    /// How days are written.
    #[serde(default)]
    pub date: DateForm,
    /// In which order the rows stand.
    #[serde(default)]
    pub order: RowOrder,
    /// The names of the columns.
    pub columns: Columns,
    /// What stands in the column of the direction for money that came in; anything else went out.
    #[serde(default)]
    pub credit: Option<String>,
}

/// The names of the columns, as they stand in the header.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The day it was booked.
    pub booked_on: String,
    /// The day from which it counts for interest.
    pub value_on: Option<String>,
    /// The amount: with a sign, or with the direction in a column of its own.
    pub amount: Option<String>,
    /// The direction.
    pub direction: Option<String>,
    /// Money that went out, where the two have columns of their own; without a sign.
    pub debit: Option<String>,
    /// Money that came in.
    pub credit: Option<String>,
    /// The balance after the row.
    pub balance: Option<String>,
    /// What the bank calls the movement.
    pub bank_reference: Option<String>,
    /// The reference from end to end.
    pub end_to_end: Option<String>,
    /// The reference of the one who is paid.
    pub creditor_reference: Option<String>,
    /// Who is on the other side.
    pub name: Option<String>,
    /// The number of their account.
    pub account: Option<String>,
    /// What it is for, in words.
    #[serde(default)]
    pub texts: Vec<String>,
}

/// How days are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum DateForm {
    /// `2024-06-30`
    #[default]
    #[serde(rename = "YYYY-MM-DD")]
    Iso,
    /// `20240630`
    #[serde(rename = "YYYYMMDD")]
    Plain,
    /// `30.06.2024`
    #[serde(rename = "DD.MM.YYYY")]
    Dots,
    /// `30/06/2024`
    #[serde(rename = "DD/MM/YYYY")]
    DayFirst,
    /// `06/30/2024`
    #[serde(rename = "MM/DD/YYYY")]
    MonthFirst,
}

/// In which order rows stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOrder {
    /// The oldest at the top.
    #[default]
    OldestFirst,
    /// The newest at the top.
    NewestFirst,
}

/// Opening and closing balance, where no column has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatedBalances {
    /// Before the first row.
    pub opening: Option<Amount>,
    /// After the last.
    pub closing: Option<Amount>,
}

/// A text that is no mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no mapping of a bank's CSV: {0}")]
pub struct NotAMapping(String);

const fn point() -> char {
    '.'
}

impl CsvMapping {
    /// Reads a mapping (TOML).
    ///
    /// # Errors
    /// [`NotAMapping`] says what is missing or contradicts itself.
    pub fn parse(document: &str) -> Result<Self, NotAMapping> {
        let mapping: Self = toml::from_str(document).map_err(|error| NotAMapping(error.to_string()))?;
        match mapping.wrong() {
            Some(what) => Err(NotAMapping(what.to_owned())),
            None => Ok(mapping),
        }
    }

    fn wrong(&self) -> Option<&'static str> {
        let Columns { amount, direction, debit, credit, .. } = &self.columns;
        if !['.', ','].contains(&self.decimal) || self.thousands == Some(self.decimal) {
            return Some("decimal is \".\" or \",\", and thousands is something else");
        }
        if self.thousands.is_some_and(|c| !['.', ',', ' ', '\'', '\u{a0}', '\u{202f}'].contains(&c)) {
            return Some("thousands is a space, a point, a comma or an apostrophe");
        }
        match (amount, direction, debit, credit) {
            (Some(_), _, None, None) if direction.is_some() == self.credit.is_some() => None,
            (Some(_), _, None, None) => {
                Some("a column of the direction comes with what stands in it for credit")
            }
            (None, None, Some(_), Some(_)) if self.credit.is_none() => None,
            _ => Some("columns has either amount, perhaps with direction, or both debit and credit"),
        }
    }

    /// The names of all columns that are asked for.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        let c = &self.columns;
        let optional = [
            &c.value_on,
            &c.amount,
            &c.direction,
            &c.debit,
            &c.credit,
            &c.balance,
            &c.bank_reference,
            &c.end_to_end,
            &c.creditor_reference,
            &c.name,
            &c.account,
        ];
        std::iter::once(&c.booked_on).chain(optional.into_iter().flatten()).chain(&c.texts)
    }
}
