//! The cells of one row by column name, and the rules for a single cell.

use std::fmt::Display;
use std::str::FromStr;

use jiff::civil::Date;
use money::{Amount, Currency, Locale};

use crate::cell::{hex, is_invisible, iso_date};
use crate::{Row, RowError, Template};

/// Most characters of a partner or category code.
const CODE_CHARACTERS_MAX: usize = 32;
/// Most characters of a reference: a case, a receipt, a payment.
const REFERENCE_CHARACTERS_MAX: usize = 64;
/// Most people of a family that share one row.
pub(crate) const FAMILY_MAX: usize = 12;
/// Stands between the references of a family: no reference of a case has it, and a space may be part of one.
const FAMILY_SEPARATOR: char = '+';
/// Most characters of a name.
const NAME_CHARACTERS_MAX: usize = 200;
/// Most characters of free text.
const FREE_TEXT_CHARACTERS_MAX: usize = 2000;

const EMPTY: &str = "The cell must not be empty.";

/// The cells of one row. Every reader returns `None` after it has noted what is wrong, so that a row goes on
/// to be checked and all its errors are reported at once.
#[derive(Debug)]
pub struct Fields<'a> {
    row: u64,
    cells: &'a [String],
    columns: &'a [&'static str],
    locale: Locale,
    template: Option<&'a Template>,
    errors: Vec<RowError>,
}

impl<'a> Fields<'a> {
    /// Reads one row of as many cells as there are columns.
    pub(crate) fn read<R: Row>(
        row: u64,
        cells: &'a [String],
        columns: &'a [&'static str],
        locale: Locale,
        template: Option<&'a Template>,
    ) -> Result<R, Vec<RowError>> {
        let mut fields = Self { row, cells, columns, locale, template, errors: Vec::new() };
        match R::read(&mut fields) {
            Some(read) if fields.errors.is_empty() => Ok(read),
            _ => Err(fields.errors),
        }
    }

    /// The template that the row stands in, if it stands in one.
    pub fn template(&self) -> Option<&'a Template> {
        self.template
    }

    /// The cell as it stands; empty for a column the file does not have.
    pub fn cell(&self, column: &str) -> &'a str {
        let at = self.columns.iter().position(|known| *known == column);
        at.and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }

    /// Whether the cell is empty.
    pub fn is_empty(&self, column: &str) -> bool {
        self.cell(column).is_empty()
    }

    /// Reads a cell that may be empty: `fields.optional("arrived_on", Fields::date)`.
    pub fn optional<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if self.is_empty(column) { None } else { read(self, column) }
    }

    /// Notes an error and shows the cell. For structured columns only.
    pub fn refuse(&mut self, column: &'static str, rule: &'static str, message: impl Into<String>) {
        let error = RowError::new(self.row, rule, message).in_column(column).with_value(self.cell(column));
        self.errors.push(error);
    }

    /// Notes an error without the cell, which may identify a person.
    pub fn refuse_unshown(&mut self, column: &'static str, rule: &'static str, message: impl Into<String>) {
        self.errors.push(RowError::new(self.row, rule, message).in_column(column));
    }

    /// A date: `YYYY-MM-DD`, a day of the calendar, in a plausible year.
    pub fn date(&mut self, column: &'static str) -> Option<Date> {
        match iso_date(self.filled(column)?) {
            Ok(date) => Some(date),
            Err(message) => self.refused(column, "date.iso", message),
        }
    }

    /// `yes` or `no`, exactly.
    pub fn yes_no(&mut self, column: &'static str) -> Option<bool> {
        match self.filled(column)? {
            "yes" => Some(true),
            "no" => Some(false),
            _ => self.refused(column, "bool.yes-no", "Write yes or no."),
        }
    }

    /// One of a closed list of codes; the list is what the error of the type says.
    pub fn code<T: FromStr<Err: Display>>(&mut self, column: &'static str) -> Option<T> {
        match self.filled(column)?.parse() {
            Ok(code) => Some(code),
            Err(error) => self.refused(column, "code.unknown", format!("This code is not known; {error}.")),
        }
    }

    /// A code from an open list, such as a partner: small letters, digits and hyphens.
    pub fn slug(&mut self, column: &'static str) -> Option<String> {
        let text = self.filled(column)?;
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= CODE_CHARACTERS_MAX
            && text.as_bytes().first().is_some_and(alphanumeric)
            && text.as_bytes().iter().all(|byte| alphanumeric(byte) || *byte == b'-');
        if fits {
            return Some(text.to_owned());
        }
        let message = format!(
            "A code has at most {CODE_CHARACTERS_MAX} of the characters a-z, 0-9 and -, and does not begin with -."
        );
        self.refused(column, "code.pattern", message)
    }

    /// A positive amount of the currency in another column. Without its currency an amount is not judged:
    /// how many decimals it may have is unknown.
    pub fn amount(&mut self, column: &'static str, currency_column: &'static str) -> Option<Amount> {
        let currency = self.currency(currency_column)?;
        match Amount::parse(self.cell(column), currency, self.locale) {
            Ok(amount) if amount.is_positive() => Some(amount),
            Ok(_) => self.refused(column, "amount.not-positive", "An amount must be greater than zero."),
            Err(error) => self.refused(column, error.rule(), error.to_string()),
        }
    }

    /// An ISO 4217 currency.
    pub fn currency(&mut self, column: &'static str) -> Option<Currency> {
        match self.filled(column)?.parse::<Currency>() {
            Ok(currency) => Some(currency),
            Err(error) => self.refused(column, error.rule(), error.to_string()),
        }
    }

    /// A reference that others gave: it must be the same text wherever it stands, so nothing invisible is
    /// allowed in it.
    pub fn reference(&mut self, column: &'static str) -> Option<String> {
        let text = self.line(column, REFERENCE_CHARACTERS_MAX)?;
        if text.chars().any(is_invisible) {
            let message = "There are invisible characters or unusual spaces in the reference. Type it anew.";
            return self.refused_unshown(column, "text.invisible", message);
        }
        Some(text.to_owned())
    }

    /// One reference, or those of a family with `+` between them, each once; in their order.
    pub fn references(&mut self, column: &'static str) -> Option<Vec<String>> {
        if !self.cell(column).contains(FAMILY_SEPARATOR) {
            return self.reference(column).map(|reference| vec![reference]);
        }
        let text = self.line(column, FAMILY_MAX * (REFERENCE_CHARACTERS_MAX + 3))?;
        let references: Vec<&str> = text.split(FAMILY_SEPARATOR).map(str::trim).collect();
        let (rule, message) = if references.len() > FAMILY_MAX {
            ("family.too-many", format!("A receipt is shared by at most {FAMILY_MAX} people."))
        } else if references.iter().any(|reference| reference.is_empty()) {
            ("family.empty", "There is no reference before or after a +. Add it, or remove the +.".to_owned())
        } else if references.iter().any(|r| r.chars().nth(REFERENCE_CHARACTERS_MAX).is_some()) {
            let message = format!(
                "A reference is too long. It may have at most {REFERENCE_CHARACTERS_MAX} characters."
            );
            ("text.length", message)
        } else if text.chars().any(is_invisible) {
            let message =
                "There are invisible characters or unusual spaces in the references. Type them anew.";
            ("text.invisible", message.to_owned())
        } else if (1..references.len()).any(|at| references[..at].contains(&references[at])) {
            ("family.twice", "The same reference stands there twice. Each person has one share.".to_owned())
        } else {
            return Some(references.into_iter().map(str::to_owned).collect());
        };
        self.refused_unshown(column, rule, message)
    }

    /// A name, on one line.
    pub fn name(&mut self, column: &'static str) -> Option<String> {
        self.line(column, NAME_CHARACTERS_MAX).map(str::to_owned)
    }

    /// Free text: line breaks and tabs are allowed, other control characters are not.
    pub fn free_text(&mut self, column: &'static str) -> Option<String> {
        let text = self.cell(column);
        if text.trim().is_empty() {
            return self.refused_unshown(column, "cell.empty", EMPTY);
        }
        let refused = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        self.text(column, FREE_TEXT_CHARACTERS_MAX, refused).map(str::to_owned)
    }

    /// A SHA-256 as 64 hexadecimal digits.
    pub fn sha256(&mut self, column: &'static str) -> Option<[u8; 32]> {
        match hex(self.filled(column)?) {
            Some(bytes) => Some(bytes),
            None => self.refused_unshown(
                column,
                "sha256.hex",
                "A SHA-256 is 64 hexadecimal digits. Correct it or leave it empty.",
            ),
        }
    }

    /// One line of text: not empty, no white space around it, no control characters.
    fn line(&mut self, column: &'static str, characters_max: usize) -> Option<&'a str> {
        if self.is_empty(column) {
            return self.refused_unshown(column, "cell.empty", EMPTY);
        }
        let text = self.text(column, characters_max, char::is_control)?;
        if text.trim() != text {
            return self.refused_unshown(
                column,
                "text.whitespace",
                "There is white space before or after the text. Remove it.",
            );
        }
        Some(text)
    }

    fn text(
        &mut self,
        column: &'static str,
        characters_max: usize,
        refused: impl Fn(char) -> bool,
    ) -> Option<&'a str> {
        let text = self.cell(column);
        if text.chars().nth(characters_max).is_some() {
            let message = format!("The text is too long. It may have at most {characters_max} characters.");
            return self.refused_unshown(column, "text.length", message);
        }
        if text.chars().any(refused) {
            return self.refused_unshown(
                column,
                "text.control",
                "There are control characters in the text. Remove them.",
            );
        }
        Some(text)
    }

    fn filled(&mut self, column: &'static str) -> Option<&'a str> {
        let text = self.cell(column);
        if text.is_empty() { self.refused_unshown(column, "cell.empty", EMPTY) } else { Some(text) }
    }

    fn refused<T>(
        &mut self,
        column: &'static str,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.refuse(column, rule, message);
        None
    }

    fn refused_unshown<T>(
        &mut self,
        column: &'static str,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.refuse_unshown(column, rule, message);
        None
    }
}
