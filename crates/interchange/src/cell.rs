//! What the text of one cell means, whatever its column.

use std::ops::RangeInclusive;

use jiff::civil::Date;

/// Years that a date may have: before and after lie only typing errors.
const YEARS: RangeInclusive<i16> = 1990..=2100;

/// Characters that make two references look alike: spaces that are not U+0020, and format characters (soft
/// hyphen, zero-width, text direction).
pub(crate) fn is_invisible(character: char) -> bool {
    match character {
        ' ' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        _ => character.is_whitespace(),
    }
}

/// A day as `YYYY-MM-DD`, in a plausible year; or what is wrong with it.
pub(crate) fn iso_date(text: &str) -> Result<Date, &'static str> {
    let number = |digits: &[u8]| -> Option<i16> {
        digits
            .iter()
            .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
    };
    let parts = match text.as_bytes() {
        [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => {
            number(year).zip(number(&[*m1, *m2])).zip(number(&[*d1, *d2]))
        }
        _ => None,
    };
    let ((year, month), day) = parts.ok_or("A date is written YYYY-MM-DD, for example 2024-06-30.")?;
    if !YEARS.contains(&year) {
        return Err("The year of a date must be from 1990 to 2100.");
    }
    let calendar = |number| i8::try_from(number).ok();
    calendar(month)
        .zip(calendar(day))
        .and_then(|(month, day)| Date::new(year, month, day).ok())
        .ok_or("There is no such day in the calendar.")
}

/// 64 hexadecimal digits as bytes.
pub(crate) fn hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
