//! Sums, rounding and conversion at their edges.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use money::{AddError, Amount, ConvertError, Decimal, Eur, Locale, Overflow, Rate};
use rstest::rstest;

fn amount(text: &str, currency: &str) -> Amount {
    Amount::parse(text, currency.parse().unwrap(), Locale::Strict).unwrap()
}

#[test]
fn overflow_is_an_error_not_a_wrap() {
    let cent = Eur::from_cents(1);
    assert_eq!(Eur::MAX.checked_add(cent), Err(Overflow));
    assert_eq!(Eur::MIN.checked_sub(cent), Err(Overflow));
    assert_eq!(Eur::MIN.checked_neg(), Err(Overflow));
    assert_eq!(Eur::MAX.checked_neg(), Ok(Eur::from_cents(-i64::MAX)));
    assert_eq!(Eur::sum([Eur::MAX, cent]), Err(Overflow));
    assert_eq!(Overflow.rule(), "amount.overflow");
}

#[test]
fn amounts_of_one_currency_have_a_sum_that_can_be_read_again() {
    let sum = |a: &str, b: &str| amount(a, "IQD").checked_add(amount(b, "IQD")).map(|sum| sum.to_string());
    assert_eq!(sum("1500.125", "-1500.125").as_deref(), Ok("0.000"));
    assert_eq!(sum("99999999999999999.998", "0.001").as_deref(), Ok("99999999999999999.999"));
    assert_eq!(sum("99999999999999999.999", "0.001"), Err(AddError::Overflow(Overflow)));
    assert_eq!(sum("-99999999999999999.999", "-0.001"), Err(AddError::Overflow(Overflow)));
    let (dinars, euros) = (amount("1", "IQD"), amount("1", "EUR"));
    assert_eq!(dinars.checked_add(euros), Err(AddError::Currencies(dinars.currency(), euros.currency())));
    let nothing = Amount::zero(euros.currency());
    assert_eq!((nothing.negated(), nothing.negated().to_string()), (nothing, "0.00".to_owned()));
    assert_eq!(euros.checked_add(euros.negated()), Ok(nothing));
    assert!(euros.negated().is_negative() && !nothing.is_negative());
}

#[rstest]
#[case("100", "2000", false)]
#[case("100", "2000.000000000001", true)]
#[case("100", "4.999999999999", true)]
#[case("0.000000000001", "999999999999999", true)]
#[case("999999999999999", "999999999999999", false)]
fn rates_are_compared_exactly(#[case] a: Rate, #[case] b: Rate, #[case] apart: bool) {
    assert_eq!((a.differs_by_more_than(20, b), b.differs_by_more_than(20, a)), (apart, apart));
}

#[rstest]
#[case("1385.7992", "0.00072160", true)]
#[case("1.1187", "0.8939", true)]
#[case("1.1187", "1.1187", false)]
#[case("1.02", "0.98", false)]
#[case("1385.7992", "1400", false)]
#[case("2", "0.4", false)]
#[case("999999999999999", "999999999999998", false)]
fn a_rate_turned_round_is_seen(#[case] a: Rate, #[case] b: Rate, #[case] inverted: bool) {
    assert_eq!((a.looks_inverted(b), b.looks_inverted(a)), (inverted, inverted));
}

#[test]
fn only_the_result_of_a_sum_has_to_fit() {
    let cent = Eur::from_cents(1);
    let back = Eur::from_cents(-1);
    assert_eq!(Eur::sum([Eur::MAX, cent, back]), Ok(Eur::MAX));
    assert_eq!(Eur::sum([Eur::MIN, Eur::MIN, Eur::MAX, Eur::MAX]), Ok(Eur::from_cents(-2)));
    assert_eq!(Eur::sum([]), Ok(Eur::ZERO));
}

#[rstest]
#[case("1.005", 101)]
#[case("1.0049999999999999999999999999", 100)]
#[case("-1.005", -101)]
#[case("-1.0049", -100)]
#[case("3000", 300_000)]
#[case("0.0049", 0)]
#[case("0.0000000000000000000000000001", 0)]
#[case("92233720368547758.0749", i64::MAX)]
fn decimals_round_once_half_up(#[case] text: &str, #[case] cents: i64) {
    let decimal = Decimal::from_str_exact(text).unwrap();
    assert_eq!(Eur::from_decimal_half_up(decimal), Ok(Eur::from_cents(cents)));
}

#[test]
fn decimals_that_do_not_fit_are_refused() {
    for text in ["92233720368547758.075", "-92233720368547758.085"] {
        assert_eq!(Eur::from_decimal_half_up(Decimal::from_str_exact(text).unwrap()), Err(Overflow));
    }
    assert_eq!(Eur::from_decimal_half_up(Decimal::MAX), Err(Overflow));
    assert_eq!(Eur::from_decimal_half_up(Decimal::MIN), Err(Overflow));
}

#[rstest]
#[case("100.00", "SEK", "11.2345", 890)] // 8.9011…
#[case("1500.500", "IQD", "1427.5", 105)] // 1.05113…
#[case("1", "JPY", "200", 1)] // exactly half a cent
#[case("-1", "JPY", "200", -1)]
#[case("1", "JPY", "200.000000000001", 0)] // just below half: two roundings would give 1
#[case("1", "JPY", "199.999999999999", 1)]
#[case("0.00", "USD", "1.0832", 0)]
#[case("300000.00", "USD", "100", 300_000)] // the cap, to the cent
#[case("300000.49", "USD", "100", 300_000)]
#[case("300000.50", "USD", "100", 300_001)]
#[case("12.34", "EUR", "1", 1234)]
#[case("99999999999999999.999", "IQD", "999999999999999.999999999999", 10_000)]
fn conversion_is_exact_and_rounded_once(
    #[case] text: &str,
    #[case] currency: &str,
    #[case] rate: &str,
    #[case] cents: i64,
) {
    assert_eq!(amount(text, currency).convert(rate.parse().unwrap()), Ok(Eur::from_cents(cents)));
}

#[test]
fn conversion_refuses_what_does_not_fit_and_a_rate_for_euros() {
    let smallest: Rate = "0.000000000001".parse().unwrap();
    let overflow = amount("99999999999999999.999", "IQD").convert(smallest).unwrap_err();
    assert_eq!(overflow, ConvertError::Overflow(Overflow));
    assert_eq!(overflow.rule(), "amount.overflow");
    let euros = amount("5.00", "EUR").convert("1.1".parse().unwrap()).unwrap_err();
    assert_eq!(euros, ConvertError::RateForEur);
    assert_eq!(euros.rule(), "rate.for-eur");
}

#[test]
fn only_euros_are_euros() {
    assert_eq!(amount("12.3", "EUR").to_eur_exact(), Some(Eur::from_cents(1230)));
    assert_eq!(amount("12.3", "USD").to_eur_exact(), None);
    assert_eq!(amount("99999999999999999", "EUR").to_eur_exact(), None);
    for eur in [Eur::MIN, Eur::ZERO, Eur::MAX] {
        assert_eq!(Amount::from(eur).to_eur_exact(), Some(eur));
        assert_eq!(Amount::from(eur).to_string(), eur.to_string());
    }
    assert!(amount("0.01", "USD").is_positive());
    assert!(!amount("0.00", "USD").is_positive());
    assert!(!amount("-0.01", "USD").is_positive());
}

#[test]
fn a_rate_has_one_form() {
    let rate: Rate = "11.2000".parse().unwrap();
    assert_eq!(rate.to_string(), "11.2");
    assert_eq!(rate, "11.2".parse().unwrap());
    assert_eq!("1.000".parse(), Ok(Rate::ONE));
    assert_eq!(Rate::parse("1 427,5", Locale::Sv), "1427.5".parse());
}
