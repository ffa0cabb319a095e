//! Every way a number is known to go wrong: exact, or refused with a stable rule and a sentence.

use money::{Amount, Currency, Eur, INPUT_BYTES_MAX, Locale, ParseMoneyError as E, ParseRateError, Rate};
use rstest::rstest;

const NOT_A_NUMBER: &str = "This is not a plain number. Write digits only, for example 100, without words, letters or hidden characters.";
const GROUPS: &str = "There are separators between the thousands. Write the digits together: 1000.";
const MINUS: &str = "The minus is not a plain minus. Write one hyphen directly before the first digit: -5.";
const DIGITS: &str = "The number has digits of another script. Write it with the digits 0 to 9.";
const DECIMALS: &str = "There are too many decimals. Write at most 2; nothing is rounded for you.";
const COMMA: &str = "The number has a decimal comma. Write a point (12.50) or, if all numbers are written with a comma, use --locale sv.";
const AMBIGUOUS: &str = "The comma can mean thousands or decimals. Write thousands together (1000) and decimals after a point (12.50) or, if all numbers have a decimal comma, use --locale sv.";
const POINT: &str = "The number has a point. Write a decimal comma (12,50) and no point between thousands or, if all numbers are written with a decimal point, use --locale strict.";
const GROUPING: &str = "The thousands are not grouped in threes with one space between them. Write 1 000 000, or the digits together: 1000000.";
const EMPTY: &str = "The number is missing.";
const SPACE: &str = "There is white space before or after the number. Remove it.";
const EXPONENT: &str = "The number is written with an exponent, like 1e2. Write all digits: 100.";
const PARENTHESES: &str = "The number stands in parentheses. Write a negative number with a minus: -5.";
const SIGN: &str =
    "There is a currency sign in the number. Write the number alone; the currency has its own field.";
const PLUS: &str = "There is a plus sign. Write the number without it.";
const BARE: &str = "A digit is missing before or after the decimal separator. Write for example 0.50 or, with --locale sv, 0,50.";
const ZEROS: &str =
    "The number begins with a needless zero. Remove it, or check that this is not an identifier.";
const LARGE: &str = "The number is larger than the ledger can hold. Check that it is an amount.";
const MINUS_ZERO: &str = "The number is minus zero. Write 0.";

#[rstest]
#[case("", E::Empty, "amount.empty", EMPTY)]
#[case(" \t\u{A0}", E::Empty, "amount.empty", EMPTY)]
#[case(" 5", E::SurroundingSpace, "amount.surrounding-space", SPACE)]
#[case("5\n", E::SurroundingSpace, "amount.surrounding-space", SPACE)]
#[case("5\u{A0}", E::SurroundingSpace, "amount.surrounding-space", SPACE)]
#[case("1e2", E::Exponent, "amount.exponent", EXPONENT)]
#[case("-1.5E+03", E::Exponent, "amount.exponent", EXPONENT)]
#[case("NaN", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("Infinity", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("-inf", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("0x10", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("tre", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("e", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("1e", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("12.50 EUR", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("-", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("5\u{0}", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("5\t000", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("\u{FEFF}5", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("\u{200E}5", E::NotANumber, "amount.not-a-number", NOT_A_NUMBER)]
#[case("(5)", E::Parentheses, "amount.parentheses", PARENTHESES)]
#[case("€5", E::CurrencySign, "amount.currency-sign", SIGN)]
#[case("$5", E::CurrencySign, "amount.currency-sign", SIGN)]
#[case("12,50", E::DecimalComma, "amount.decimal-comma", COMMA)]
#[case("0,5", E::DecimalComma, "amount.decimal-comma", COMMA)]
#[case("1000,500", E::DecimalComma, "amount.decimal-comma", COMMA)]
#[case("1,000", E::AmbiguousComma, "amount.ambiguous-comma", AMBIGUOUS)]
#[case("1,000.00", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1.000,00", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1,000,000", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1.000.000", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1 000.00", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1\u{A0}000,00", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1\u{202F}000,00", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1'000.00", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("1_000", E::GroupSeparator, "amount.group-separator", GROUPS)]
#[case("\u{2212}5", E::MinusSign, "amount.minus-sign", MINUS)]
#[case("\u{2013}5", E::MinusSign, "amount.minus-sign", MINUS)]
#[case("\u{FF0D}5", E::MinusSign, "amount.minus-sign", MINUS)]
#[case("--5", E::MinusSign, "amount.minus-sign", MINUS)]
#[case("- 5", E::MinusSign, "amount.minus-sign", MINUS)]
#[case("5-", E::MinusSign, "amount.minus-sign", MINUS)]
#[case("+5", E::PlusSign, "amount.plus-sign", PLUS)]
#[case("\u{FF11}\u{FF12}", E::NonAsciiDigit, "amount.non-ascii-digit", DIGITS)]
#[case("\u{661}\u{662}", E::NonAsciiDigit, "amount.non-ascii-digit", DIGITS)]
#[case("5\u{BD}", E::NonAsciiDigit, "amount.non-ascii-digit", DIGITS)]
#[case(".5", E::BareSeparator, "amount.bare-separator", BARE)]
#[case("5.", E::BareSeparator, "amount.bare-separator", BARE)]
#[case(".", E::BareSeparator, "amount.bare-separator", BARE)]
#[case("007.00", E::LeadingZeros, "amount.leading-zeros", ZEROS)]
#[case("00", E::LeadingZeros, "amount.leading-zeros", ZEROS)]
#[case("1.005", E::TooManyDecimals { allowed: 2 }, "amount.decimals", DECIMALS)]
#[case("1.000", E::TooManyDecimals { allowed: 2 }, "amount.decimals", DECIMALS)]
#[case("0.123456789012345678901234567890", E::TooManyDecimals { allowed: 2 }, "amount.decimals", DECIMALS)]
#[case("1000000000000000000", E::TooLarge, "amount.too-large", LARGE)]
#[case("92233720368547758.08", E::TooLarge, "amount.too-large", LARGE)]
#[case("-92233720368547758.09", E::TooLarge, "amount.too-large", LARGE)]
#[case("99999999999999999999999999999999999999999999999999", E::TooLarge, "amount.too-large", LARGE)]
#[case("-0", E::NegativeZero, "amount.negative-zero", MINUS_ZERO)]
#[case("-0.00", E::NegativeZero, "amount.negative-zero", MINUS_ZERO)]
fn strict_refuses(#[case] text: &str, #[case] error: E, #[case] rule: &str, #[case] sentence: &str) {
    assert_eq!(Eur::parse(text, Locale::Strict), Err(error));
    assert_eq!(text.parse::<Eur>(), Err(error));
    assert_eq!(error.rule(), rule);
    assert_eq!(error.to_string(), sentence);
}

#[rstest]
#[case("0", 0)]
#[case("0.5", 50)]
#[case("12.50", 1250)]
#[case("-5", -500)]
#[case("3000.00", 300_000)]
#[case("92233720368547758.07", i64::MAX)]
#[case("-92233720368547758.08", i64::MIN)]
fn strict_accepts(#[case] text: &str, #[case] cents: i64) {
    assert_eq!(Eur::parse(text, Locale::Strict), Ok(Eur::from_cents(cents)));
}

#[rstest]
#[case("12.50", E::DecimalPoint, POINT)]
#[case("1.000", E::DecimalPoint, POINT)]
#[case("1.000,50", E::DecimalPoint, POINT)]
#[case("1,000,000", E::GroupSeparator, GROUPS)]
#[case("1 00", E::Grouping, GROUPING)]
#[case("1000 000", E::Grouping, GROUPING)]
#[case("1 0000", E::Grouping, GROUPING)]
#[case("1  000", E::Grouping, GROUPING)]
#[case("1 000,5 0", E::Grouping, GROUPING)]
#[case("1\u{2009}000", E::Grouping, GROUPING)]
#[case("1 \u{2009}", E::SurroundingSpace, SPACE)]
#[case("1 \u{2009},5", E::Grouping, GROUPING)]
#[case("0 123", E::LeadingZeros, ZEROS)]
#[case("1,005", E::TooManyDecimals { allowed: 2 }, DECIMALS)]
#[case(",5", E::BareSeparator, BARE)]
#[case("5,", E::BareSeparator, BARE)]
#[case("\u{2212}0,00", E::NegativeZero, MINUS_ZERO)]
#[case("\u{2212} 5", E::MinusSign, MINUS)]
#[case("\u{2013}5", E::MinusSign, MINUS)]
#[case("\u{2212}", E::NotANumber, NOT_A_NUMBER)]
#[case("+5", E::PlusSign, PLUS)]
#[case("5 €", E::CurrencySign, SIGN)]
#[case("\u{2212}1e2", E::Exponent, EXPONENT)]
#[case("100 000 000 000 000 000,00", E::TooLarge, LARGE)]
fn swedish_refuses(#[case] text: &str, #[case] error: E, #[case] sentence: &str) {
    assert_eq!(Eur::parse(text, Locale::Sv), Err(error));
    assert_eq!(error.to_string(), sentence);
}

#[rstest]
#[case("12,50", 1250)]
#[case("1000", 100_000)]
#[case("1 000,00", 100_000)]
#[case("1\u{A0}000,00", 100_000)]
#[case("1\u{202F}000\u{A0}000,5", 100_000_050)]
#[case("-5", -500)]
#[case("\u{2212}5,05", -505)]
fn swedish_accepts(#[case] text: &str, #[case] cents: i64) {
    assert_eq!(Eur::parse(text, Locale::Sv), Ok(Eur::from_cents(cents)));
}

#[test]
fn input_longer_than_the_limit_is_refused_before_it_is_read() {
    let longest = "1".repeat(INPUT_BYTES_MAX);
    assert_eq!(longest.parse::<Eur>(), Err(E::TooLarge));
    let longer = "1".repeat(INPUT_BYTES_MAX + 1);
    assert_eq!(longer.parse::<Eur>(), Err(E::TooLong));
    assert_eq!(" ".repeat(1_000_000).parse::<Eur>(), Err(E::TooLong));
    assert_eq!(E::TooLong.rule(), "amount.too-long");
}

#[rstest]
#[case("JPY", "12", Ok("12"))]
#[case("JPY", "12.0", Err(E::TooManyDecimals { allowed: 0 }))]
#[case("IQD", "1500.5", Ok("1500.500"))]
#[case("JOD", "0.001", Ok("0.001"))]
#[case("JOD", "0.0001", Err(E::TooManyDecimals { allowed: 3 }))]
#[case("USD", "847.32", Ok("847.32"))]
#[case("JPY", "1000000000000000000", Err(E::TooLarge))]
#[case("JPY", "99999999999999999", Ok("99999999999999999"))]
#[case("IQD", "-99999999999999999.999", Ok("-99999999999999999.999"))]
#[case("IQD", "1,500", Err(E::AmbiguousComma))]
fn amounts_have_the_decimals_of_their_currency(
    #[case] currency: &str,
    #[case] text: &str,
    #[case] expected: Result<&str, E>,
) {
    let amount = Amount::parse(text, currency.parse().unwrap(), Locale::Strict);
    assert_eq!(amount.map(|a| a.to_string()), expected.map(str::to_owned));
}

#[test]
fn a_currency_without_decimals_says_so() {
    let sentence = "This currency has no decimals. Write a whole number; nothing is rounded for you.";
    assert_eq!(E::TooManyDecimals { allowed: 0 }.to_string(), sentence);
}

#[rstest]
#[case("0", ParseRateError::NotPositive, "rate.not-positive")]
#[case("0.000", ParseRateError::NotPositive, "rate.not-positive")]
#[case("-11.2", ParseRateError::NotPositive, "rate.not-positive")]
#[case("", ParseRateError::Number(E::Empty), "rate.empty")]
#[case("NaN", ParseRateError::Number(E::NotANumber), "rate.not-a-number")]
#[case("1e2", ParseRateError::Number(E::Exponent), "rate.exponent")]
#[case("11,2345", ParseRateError::Number(E::DecimalComma), "rate.decimal-comma")]
#[case("0.1234567890123", ParseRateError::Number(E::TooManyDecimals { allowed: 12 }), "rate.decimals")]
#[case("1000000000000000", ParseRateError::Number(E::TooLarge), "rate.too-large")]
fn rates_are_positive_exact_numbers(#[case] text: &str, #[case] error: ParseRateError, #[case] rule: &str) {
    assert_eq!(text.parse::<Rate>(), Err(error));
    assert_eq!(error.rule(), rule);
}

#[test]
fn no_sentence_echoes_the_input() {
    let canary = "Zarah-19900101";
    let errors = [
        canary.parse::<Eur>().unwrap_err().to_string(),
        canary.parse::<Rate>().unwrap_err().to_string(),
        canary.parse::<Currency>().unwrap_err().to_string(),
        canary.parse::<Locale>().unwrap_err().to_string(),
        serde_json::from_value::<Eur>(canary.into()).unwrap_err().to_string(),
        serde_json::from_value::<Currency>(canary.into()).unwrap_err().to_string(),
    ];
    for sentence in errors {
        assert!(!sentence.contains("Zarah") && !sentence.contains("1990"), "{sentence}");
    }
}
