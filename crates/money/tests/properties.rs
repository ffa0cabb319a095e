//! Laws that hold for every amount.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use money::{Amount, Currency, Decimal, Eur, Locale, Rate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;

const LOCALES: [Locale; 2] = [Locale::Strict, Locale::Sv];

fn any_eur() -> impl Strategy<Value = Eur> {
    prop_oneof![any::<i64>(), -100_000i64..100_000, Just(i64::MIN), Just(i64::MAX)].prop_map(Eur::from_cents)
}

fn foreign_currency() -> impl Strategy<Value = Currency> {
    prop_oneof![Just("USD"), Just("JPY"), Just("IQD"), Just("JOD")].prop_map(|code| code.parse().unwrap())
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop_oneof![1 => Just(Currency::EUR), 4 => foreign_currency()]
}

/// An amount, and what it is in minor units.
fn amount_in(currency: impl Strategy<Value = Currency>) -> impl Strategy<Value = (Amount, i128)> {
    let minor_units = prop_oneof![any::<i64>().prop_map(|cents| cents / 1000), -100_000i64..100_000];
    (currency, minor_units).prop_map(|(currency, minor_units)| {
        let text = Decimal::new(minor_units, currency.minor_digits()).to_string();
        (Amount::parse(&text, currency, Locale::Strict).unwrap(), i128::from(minor_units))
    })
}

/// A rate, and what it is in units of 10^-12.
fn any_rate() -> impl Strategy<Value = (Rate, i128)> {
    let trillionths = prop_oneof![
        (1..10i128.pow(27)),
        (1..10i128.pow(15)),
        (1i128..100_000).prop_map(|cents| cents * 10i128.pow(10)),
    ];
    trillionths.prop_map(|number| {
        let text = format!("{}.{:012}", number / 10i128.pow(12), number % 10i128.pow(12));
        (text.parse().unwrap(), number)
    })
}

proptest! {
    // Failures are reproduced from the printed values; no files are left in the source tree.
    #![proptest_config(Config { failure_persistence: None, cases: Config::default().cases * 2, ..Config::default() })]

    #[test]
    fn formatting_and_parsing_are_inverse(eur in any_eur()) {
        prop_assert_eq!(Eur::parse(&eur.to_string(), Locale::Strict), Ok(eur));
        let swedish = eur.to_swedish();
        let number = swedish.strip_suffix("\u{A0}€").unwrap();
        prop_assert_eq!(Eur::parse(number, Locale::Sv), Ok(eur));
        let narrow = number.replace('\u{A0}', "\u{202F}").replace('\u{2212}', "-");
        prop_assert_eq!(Eur::parse(&narrow, Locale::Sv), Ok(eur));
    }

    #[test]
    fn what_both_locales_accept_means_the_same(text in "[-\u{2212}]?[0-9]{1,4}([ .,][0-9]{1,3}){0,2}") {
        let read = LOCALES.map(|locale| Eur::parse(&text, locale));
        if let [Ok(strict), Ok(sv)] = read {
            prop_assert_eq!(strict, sv, "{:?} is ambiguous", text);
        }
    }

    #[test]
    fn stored_forms_are_inverse(eur in any_eur(), (amount, _) in amount_in(any_currency()), (rate, _) in any_rate()) {
        let json = serde_json::to_string(&(eur, amount, rate)).unwrap();
        prop_assert_eq!(serde_json::from_str::<(Eur, Amount, Rate)>(&json).unwrap(), (eur, amount, rate));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), currency in any_currency()) {
        for locale in LOCALES {
            let _ = Eur::parse(&text, locale);
            let _ = Amount::parse(&text, currency, locale);
            let _ = Rate::parse(&text, locale);
        }
        let _ = text.parse::<Currency>();
    }

    #[test]
    fn almost_numbers_do_not_panic_and_what_is_accepted_is_exact(
        text in "[-+\u{2212}]?[0-9\u{FF11} \u{A0}\u{202F}.,eE()x€']{0,24}",
    ) {
        for locale in LOCALES {
            if let Ok(eur) = Eur::parse(&text, locale) {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                let decimals = text.rsplit_once(['.', ',']).map_or(0, |(_, decimals)| decimals.len());
                let cents = digits.parse::<i128>().unwrap() * [100, 10, 1][decimals];
                prop_assert_eq!(i128::from(eur.cents()).abs(), cents);
                prop_assert_eq!(eur.is_negative(), text.starts_with(['-', '\u{2212}']));
            }
        }
    }

    #[test]
    fn sums_agree_with_wide_arithmetic(a in any_eur(), b in any_eur(), more in vec(any_eur(), 0..20)) {
        let narrow = |wide: i128| i64::try_from(wide).ok().map(Eur::from_cents);
        let (wide_a, wide_b) = (i128::from(a.cents()), i128::from(b.cents()));
        prop_assert_eq!(a.checked_add(b).ok(), narrow(wide_a + wide_b));
        prop_assert_eq!(a.checked_sub(b).ok(), narrow(wide_a - wide_b));
        prop_assert_eq!(a.checked_neg().ok(), narrow(-wide_a));
        let total: i128 = more.iter().map(|eur| i128::from(eur.cents())).sum();
        prop_assert_eq!(Eur::sum(more).ok(), narrow(total));
    }

    #[test]
    fn a_split_loses_no_cent_and_is_fair(eur in any_eur(), weights in vec(0u64..1_000_000, 1..12)) {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        prop_assume!(total > 0);
        let shares = eur.split(&weights).unwrap();
        prop_assert_eq!(shares.len(), weights.len());
        prop_assert_eq!(Eur::sum(shares.iter().copied()), Ok(eur));
        for (share, weight) in shares.iter().zip(&weights) {
            // |share − eur × weight / total| < 1 cent, without dividing.
            let exact = i128::from(eur.cents()) * i128::from(*weight);
            prop_assert!((i128::from(share.cents()) * total - exact).abs() < total);
        }
    }

    #[test]
    fn conversion_agrees_with_rational_arithmetic((amount, minor_units) in amount_in(foreign_currency()), (rate, trillionths) in any_rate()) {
        // Half up as floor((2n + d) / 2d) of the magnitude: another formula than the library's.
        let numerator = minor_units.abs() * 10i128.pow(14);
        let denominator = trillionths * 10i128.pow(amount.currency().minor_digits());
        let magnitude = (2 * numerator + denominator).div_euclid(2 * denominator);
        let expected = i64::try_from(magnitude * minor_units.signum()).ok().map(Eur::from_cents);
        prop_assert_eq!(amount.convert(rate).ok(), expected);
    }

    #[test]
    fn decimals_round_like_rational_arithmetic(mantissa in any::<i64>(), scale in 0u32..=18) {
        let numerator = i128::from(mantissa).abs() * 100;
        let denominator = 10i128.pow(scale);
        let magnitude = (2 * numerator + denominator).div_euclid(2 * denominator);
        let expected = i64::try_from(magnitude * i128::from(mantissa.signum())).ok().map(Eur::from_cents);
        prop_assert_eq!(Eur::from_decimal_half_up(Decimal::new(mantissa, scale)).ok(), expected);
    }
}
