//! Amounts as ISO 20022 writes them: without a sign, at most 18 digits, at most 5 of them decimals.

use money::{Amount, Currency, Locale, ParseMoneyError};

/// Digits of an amount.
const DIGITS_MAX: usize = 18;
/// Decimals of an amount.
const DECIMALS_MAX: usize = 5;

/// Reads an unsigned amount. Zeros that say nothing are left out; what then has more decimals than its currency is
/// refused, never rounded.
pub(super) fn unsigned(text: &str, currency: Currency) -> Result<Amount, ParseMoneyError> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() {
        return Err(ParseMoneyError::Empty);
    }
    if !digits(whole) || !digits(decimals) || (whole.is_empty() && decimals.is_empty()) {
        return Err(ParseMoneyError::NotANumber);
    }
    if decimals.len() > DECIMALS_MAX {
        return Err(ParseMoneyError::TooManyDecimals { allowed: DECIMALS_MAX as u32 });
    }
    if whole.len() + decimals.len() > DIGITS_MAX {
        return Err(ParseMoneyError::TooLarge);
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    match decimals.trim_end_matches('0') {
        "" => Amount::parse(whole, currency, Locale::Strict),
        decimals => Amount::parse(&format!("{whole}.{decimals}"), currency, Locale::Strict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_schema_allows_is_read_exactly() {
        let eur = |text| unsigned(text, Currency::EUR).map(|amount| amount.to_string());
        for (text, wanted) in [
            ("18.150", "18.15"),
            ("18.15000", "18.15"),
            ("0", "0.00"),
            ("007", "7.00"),
            (".5", "0.50"),
            ("5.", "5.00"),
        ] {
            assert_eq!(eur(text).as_deref(), Ok(wanted), "{text}");
        }
        assert_eq!(eur("1234567890123456.78").as_deref(), Ok("1234567890123456.78"));
        let yen = "JPY".parse().unwrap_or(Currency::EUR);
        assert_eq!(unsigned("2700.00", yen).map(|amount| amount.to_string()).as_deref(), Ok("2700"));
    }

    #[test]
    fn nothing_is_rounded_and_no_sign_is_taken() {
        let refused = |text| unsigned(text, Currency::EUR).map_err(|error| error.rule());
        for (text, rule) in [
            ("18.151", "amount.decimals"),
            ("18.150001", "amount.decimals"),
            ("12345678901234567.89", "amount.too-large"),
            ("-5", "amount.not-a-number"),
            ("+5", "amount.not-a-number"),
            ("1,5", "amount.not-a-number"),
            ("1e2", "amount.not-a-number"),
            ("1.2.3", "amount.not-a-number"),
            (".", "amount.not-a-number"),
            ("", "amount.empty"),
        ] {
            assert_eq!(refused(text), Err(rule), "{text}");
        }
    }
}
