//! Numbers and days as a workbook stores them: text to text, digit by digit.
//!
//! A spreadsheet computes in binary floats, keeps 15 significant digits of what was typed, and shows at most 15; but it
//! writes up to 17, so that a sum of 1403.07 may stand in the file as `1403.0700000000002`. The rule here: a number of at
//! most 15 significant digits is taken as it stands. A longer one is rounded to 15, which is what the spreadsheet shows,
//! if at least four decimals are left: no amount has more, so none is changed by it. Otherwise it is refused.

use jiff::Span;
use jiff::civil::{Date, date};

use super::fault::Unreadable;

/// Significant digits that a spreadsheet keeps.
const DIGITS_MAX: usize = 15;
/// Decimals that must be left where digits are rounded off: the most that any currency has.
const DECIMALS_KEPT_MIN: usize = 4;
/// Longest number that is looked at, in bytes.
const NUMBER_BYTES_MAX: usize = 64;

/// The days of the 1900 calendar are counted from here; right from 1 March 1900 on, because the calendar has a
/// 29 February 1900.
const EPOCH_1900: Date = date(1899, 12, 30);
/// The first day that is counted right.
const FIRST_RIGHT_DAY: i64 = 61;
/// The days of the 1904 calendar are counted from here.
const EPOCH_1904: Date = date(1904, 1, 1);
/// 31 December 9999.
const LAST_DAY: i64 = 2_958_465;

/// A number as a decimal without an exponent and without needless zeros: `1403.07`, `-5`, `0.001`.
pub(super) fn decimal(text: &str) -> Result<String, Unreadable> {
    let text = text.trim();
    if text.len() > NUMBER_BYTES_MAX {
        return Err(Unreadable::Number);
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| Unreadable::Number)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Unreadable::Number);
    }
    // The number is 0.DIGITS × 10^point.
    let significant = digits.trim_start_matches('0');
    let zeros = i32::try_from(digits.len() - significant.len()).map_err(|_| Unreadable::Number)?;
    let point = i32::try_from(whole.len()).map_err(|_| Unreadable::Number)? - zeros;
    let point = point.checked_add(exponent).ok_or(Unreadable::Number)?;
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return Ok("0".to_owned());
    }
    let (significant, point) = match significant.len() {
        0..=DIGITS_MAX => (significant.to_owned(), point),
        _ => rounded(significant, point)?,
    };
    written(&significant, point).map(|number| format!("{sign}{number}"))
}

/// Rounds half up to as many digits as a spreadsheet shows.
fn rounded(significant: &str, point: i32) -> Result<(String, i32), Unreadable> {
    let decimals = i64::try_from(DIGITS_MAX).unwrap_or(0) - i64::from(point);
    if decimals < DECIMALS_KEPT_MIN as i64 {
        return Err(Unreadable::Number);
    }
    let (kept, dropped) = significant.split_at(DIGITS_MAX);
    let mut kept = kept.as_bytes().to_vec();
    let mut carry = dropped.as_bytes().first().is_some_and(|digit| *digit >= b'5');
    for digit in kept.iter_mut().rev() {
        match (carry, *digit) {
            (false, _) => break,
            (true, b'9') => *digit = b'0',
            (true, _) => {
                *digit += 1;
                carry = false;
            }
        }
    }
    let kept = String::from_utf8(kept).map_err(|_| Unreadable::Number)?;
    match carry {
        true => Ok(("1".to_owned(), point + 1)),
        false => Ok((kept.trim_end_matches('0').to_owned(), point)),
    }
}

/// `0.DIGITS × 10^point` with its decimal point.
fn written(significant: &str, point: i32) -> Result<String, Unreadable> {
    let length = significant.len();
    let zeros = |count: usize| match count {
        0..=NUMBER_BYTES_MAX => Ok("0".repeat(count)),
        _ => Err(Unreadable::Number),
    };
    match usize::try_from(point) {
        Ok(0) => Ok(format!("0.{significant}")),
        Ok(whole) if whole >= length => Ok(format!("{significant}{}", zeros(whole - length)?)),
        Ok(whole) => Ok(format!("{}.{}", &significant[..whole], &significant[whole..])),
        Err(_) => Ok(format!("0.{}{significant}", zeros(point.unsigned_abs() as usize)?)),
    }
}

/// The day with this number in a workbook's calendar. A time of day is no day.
pub(super) fn day(text: &str, from_1904: bool) -> Result<Date, Unreadable> {
    let number = decimal(text).map_err(|_| Unreadable::Date)?;
    let number: i64 = number.parse().map_err(|_| Unreadable::Date)?;
    let (epoch, first) = if from_1904 { (EPOCH_1904, 0) } else { (EPOCH_1900, FIRST_RIGHT_DAY) };
    if !(first..=LAST_DAY).contains(&number) {
        return Err(Unreadable::Date);
    }
    epoch.checked_add(Span::new().days(number)).map_err(|_| Unreadable::Date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_taken_as_they_stand() {
        for (stored, number) in [
            ("1403.07", "1403.07"),
            ("100", "100"),
            ("007.50", "7.5"),
            ("0", "0"),
            ("-0", "0"),
            ("0.000", "0"),
            ("-5", "-5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1E-3", "0.001"),
            ("1e-3", "0.001"),
            ("4.5E+2", "450"),
            ("4.5E2", "450"),
            ("1.2345E1", "12.345"),
            ("123456789012345", "123456789012345"),
            ("1.5E+17", "150000000000000000"),
            ("99999999999.9999", "99999999999.9999"),
        ] {
            assert_eq!(decimal(stored).as_deref(), Ok(number), "{stored}");
        }
    }

    /// As spreadsheet programs write them: 17 digits of a binary float.
    #[test]
    fn what_binary_arithmetic_left_is_rounded_off_as_the_spreadsheet_shows_it() {
        for (stored, number) in [
            ("1403.0700000000002", "1403.07"),
            ("0.30000000000000004", "0.3"),
            ("8.0990000000000002", "8.099"),
            ("4.3499999999999996", "4.35"),
            ("1402.9999999999998", "1403"),
            ("9.9999999999999999", "10"),
            ("99999999999.99999999", "100000000000"),
            ("3.3333333333333335", "3.33333333333333"),
            ("1.0000000000000001E-2", "0.01"),
        ] {
            assert_eq!(decimal(stored).as_deref(), Ok(number), "{stored}");
        }
    }

    #[test]
    fn digits_that_would_change_an_amount_or_a_reference_are_refused() {
        for stored in [
            "12345678901234567",
            "123456789012345.67",
            "123456789012.34567",
            "1E+300",
            "1E-300",
            "1E99999999999",
            "NaN",
            "INF",
            "1,5",
            "0x10",
            "--1",
            "",
            ".",
            "E5",
            "1e",
            "12 3",
            "١٢",
        ] {
            assert_eq!(decimal(stored), Err(Unreadable::Number), "{stored}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (stored, day_of) in [
            ("45292", "2024-01-01"),
            ("45473", "2024-06-30"),
            ("61", "1900-03-01"),
            ("45292.0", "2024-01-01"),
        ] {
            assert_eq!(day(stored, false).map(|day| day.to_string()).as_deref(), Ok(day_of), "{stored}");
        }
        assert_eq!(day("2958465", false).map(|day| day.to_string()).as_deref(), Ok("9999-12-31"));
        assert_eq!(day("43830", true).map(|day| day.to_string()).as_deref(), Ok("2024-01-01"));
        for stored in ["60", "1", "0", "-1", "45292.5", "2958466", "1E+9", "x"] {
            assert_eq!(day(stored, false), Err(Unreadable::Date), "{stored}");
        }
    }

    proptest! {
        /// Never a panic; and a number of few digits comes out with the same digits.
        #[test]
        fn any_text_is_a_number_or_refused(text in "[-0-9.eE+]{0,24}|\\PC{0,12}") {
            let _ = (decimal(&text), day(&text, false), day(&text, true));
        }

        #[test]
        fn amounts_come_out_as_they_were(cents in 0_u64..1_000_000_000_000) {
            let text = format!("{}.{:02}", cents / 100, cents % 100);
            let number = decimal(&text).unwrap();
            prop_assert_eq!(number.as_str(), text.trim_end_matches('0').trim_end_matches('.'));
        }
    }
}
