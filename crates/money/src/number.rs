//! Reads a decimal number from text, or says precisely why not.

use crate::{Locale, ParseMoneyError};

/// Longest text looked at, in bytes. The longest valid number is far shorter.
pub const INPUT_BYTES_MAX: usize = 64;

/// Most digits before the decimals of an amount: as many as the largest [`Eur`](crate::Eur) has.
pub const WHOLE_DIGITS_MAX: usize = 17;

/// What a number may at most look like. Whole digits and decimals together stay below the 28
/// digits that a `Decimal` holds.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub whole_digits_max: usize,
    pub decimals_max: u32,
}

/// Reads `text`; returns the number in units of `10^-decimals_max`, exactly.
pub(crate) fn parse(text: &str, locale: Locale, limits: Limits) -> Result<i128, ParseMoneyError> {
    if text.len() > INPUT_BYTES_MAX {
        return Err(ParseMoneyError::TooLong);
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(ParseMoneyError::Empty);
    }
    if trimmed.len() != text.len() {
        return Err(ParseMoneyError::SurroundingSpace);
    }
    check_characters(text, locale)?;
    let (negative, unsigned) = split_sign(text)?;
    let (whole, fraction) = match locale {
        Locale::Strict => split_strict(unsigned)?,
        Locale::Sv => split_swedish(unsigned)?,
    };
    scale(negative, &whole, fraction, limits)
}

/// Refuses characters that no number of this locale contains, before its structure is looked at:
/// the message for `12,50 kr` should be about the letters, whatever the comma means.
fn check_characters(text: &str, locale: Locale) -> Result<(), ParseMoneyError> {
    for character in text.chars() {
        return Err(match character {
            '0'..='9' | '-' | '.' | ',' => continue,
            '\u{2212}' if locale == Locale::Sv => continue,
            c if c.is_whitespace() && !c.is_control() => continue,
            '\u{2212}' | '\u{2010}'..='\u{2015}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => {
                ParseMoneyError::MinusSign
            }
            '+' | '\u{FF0B}' => ParseMoneyError::PlusSign,
            '(' | ')' => ParseMoneyError::Parentheses,
            '\'' | '\u{2019}' | '_' | '\u{066C}' => ParseMoneyError::GroupSeparator,
            '$' | '\u{A2}'..='\u{A5}' | '\u{20A0}'..='\u{20CF}' => ParseMoneyError::CurrencySign,
            'e' | 'E' if has_exponent(text) => ParseMoneyError::Exponent,
            c if c.is_numeric() => ParseMoneyError::NonAsciiDigit,
            _ => ParseMoneyError::NotANumber,
        });
    }
    Ok(())
}

/// Whether `text` is digits, one `e` or `E`, and digits, each side possibly signed.
fn has_exponent(text: &str) -> bool {
    let is_number = |part: &str| {
        let digits = part.strip_prefix(['-', '+', '\u{2212}']).unwrap_or(part);
        digits.contains(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    };
    text.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| is_number(mantissa) && is_number(exponent))
}

fn split_sign(text: &str) -> Result<(bool, &str), ParseMoneyError> {
    let minus = ['-', '\u{2212}'];
    let unsigned = text.strip_prefix(minus);
    let rest = unsigned.unwrap_or(text);
    if rest.contains(minus) || rest.starts_with(char::is_whitespace) {
        return Err(ParseMoneyError::MinusSign);
    }
    Ok((unsigned.is_some(), rest))
}

/// Splits `3000.50` into its whole digits and its decimals.
fn split_strict(text: &str) -> Result<(String, Option<&str>), ParseMoneyError> {
    let points = text.matches('.').count();
    if points > 1 || text.contains(char::is_whitespace) {
        return Err(ParseMoneyError::GroupSeparator);
    }
    if let Some((before, after)) = text.split_once(',') {
        return Err(if points > 0 || after.contains(',') {
            ParseMoneyError::GroupSeparator
        } else if after.len() == 3 && (1..=3).contains(&before.len()) {
            ParseMoneyError::AmbiguousComma
        } else {
            ParseMoneyError::DecimalComma
        });
    }
    Ok(match text.split_once('.') {
        Some((whole, fraction)) => (whole.to_owned(), Some(fraction)),
        None => (text.to_owned(), None),
    })
}

/// Splits `3 000,50` into its whole digits, without the spaces, and its decimals.
fn split_swedish(text: &str) -> Result<(String, Option<&str>), ParseMoneyError> {
    if text.contains('.') {
        return Err(ParseMoneyError::DecimalPoint);
    }
    let (whole, fraction) = match text.split_once(',') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if fraction.is_some_and(|digits| digits.contains(',')) {
        return Err(ParseMoneyError::GroupSeparator);
    }
    let mut groups = whole.split([' ', '\u{A0}', '\u{202F}']);
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !(1..=3).contains(&first.len()) {
            return Err(ParseMoneyError::Grouping);
        }
        digits.push_str(group);
    }
    if digits.contains(char::is_whitespace) || fraction.is_some_and(|f| f.contains(char::is_whitespace)) {
        return Err(ParseMoneyError::Grouping);
    }
    Ok((digits, fraction))
}

fn scale(
    negative: bool,
    whole: &str,
    fraction: Option<&str>,
    limits: Limits,
) -> Result<i128, ParseMoneyError> {
    match (whole, fraction) {
        ("", None) => return Err(ParseMoneyError::NotANumber),
        ("", Some(_)) | (_, Some("")) => return Err(ParseMoneyError::BareSeparator),
        _ => {}
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(ParseMoneyError::LeadingZeros);
    }
    let fraction = fraction.unwrap_or_default();
    let decimals_max = limits.decimals_max as usize;
    if fraction.len() > decimals_max {
        return Err(ParseMoneyError::TooManyDecimals { allowed: limits.decimals_max });
    }
    if whole.len() > limits.whole_digits_max {
        return Err(ParseMoneyError::TooLarge);
    }
    let padding = std::iter::repeat_n(b'0', decimals_max - fraction.len());
    let mut number: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
        let value = char::from(digit).to_digit(10).ok_or(ParseMoneyError::NotANumber)?;
        number = number
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(i128::from(value)))
            .ok_or(ParseMoneyError::TooLarge)?;
    }
    match (negative, number) {
        (true, 0) => Err(ParseMoneyError::NegativeZero),
        (true, _) => Ok(-number),
        (false, _) => Ok(number),
    }
}
