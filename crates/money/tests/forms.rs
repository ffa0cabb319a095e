//! What is printed and what is stored: one form for one value.

use money::{Amount, Currency, Eur, Locale, Rate, UnknownCurrency};
use rstest::rstest;

#[test]
fn display_honours_width_and_never_cuts_digits() {
    let eur = Eur::from_cents(-500);
    assert_eq!(
        format!("[{eur}] [{eur:>8}] [{eur:<8}] [{eur:8}]"),
        "[-5.00] [   -5.00] [-5.00   ] [   -5.00]"
    );
    assert_eq!(format!("{eur:.1}"), "-5.00");
    assert_eq!(format!("{:.2}", Eur::from_cents(300_000)), "3000.00");
    let amount = Amount::parse("-847.32", "USD".parse().unwrap(), Locale::Strict).unwrap();
    assert_eq!(format!("[{amount:>9}] {amount:.1}"), "[  -847.32] -847.32");
    assert_eq!(format!("[{:>5}]", Currency::EUR), "[  EUR]");
}

#[rstest]
#[case(0, "0,00\u{A0}€")]
#[case(-300_050, "\u{2212}3\u{A0}000,50\u{A0}€")]
#[case(99_999, "999,99\u{A0}€")]
#[case(100_000, "1\u{A0}000,00\u{A0}€")]
#[case(i64::MIN, "\u{2212}92\u{A0}233\u{A0}720\u{A0}368\u{A0}547\u{A0}758,08\u{A0}€")]
fn swedish_form(#[case] cents: i64, #[case] expected: &str) {
    assert_eq!(Eur::from_cents(cents).to_swedish(), expected);
}

#[test]
fn euros_are_stored_in_one_form_only() {
    assert_eq!(serde_json::to_string(&Eur::from_cents(-5)).unwrap(), r#""-0.05""#);
    assert_eq!(serde_json::from_str::<Eur>(r#""3000.00""#).unwrap(), Eur::from_cents(300_000));
    for other in
        [r#""3000""#, r#""3000.0""#, r#""-0.00""#, r#""03.00""#, r#""3000,00""#, r#"" 1.00""#, "3000", "3.0"]
    {
        assert!(serde_json::from_str::<Eur>(other).is_err(), "{other}");
    }
}

#[test]
fn amounts_are_stored_in_one_form_only() {
    let stored = r#"{"amount":"1500.500","currency":"IQD"}"#;
    let amount: Amount = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&amount).unwrap(), stored);
    for other in [
        r#"{"amount":"1500.5","currency":"IQD"}"#,
        r#"{"amount":"1500.5000","currency":"IQD"}"#,
        r#"{"amount":"-0.000","currency":"IQD"}"#,
        r#"{"amount":1500.5,"currency":"IQD"}"#,
        r#"{"amount":"1500.500","currency":"iqd"}"#,
        r#"{"amount":"1500.500","currency":"XXX"}"#,
        r#"{"amount":"1500.500"}"#,
        r#"{"amount":"1500.500","currency":"IQD","rate":"1"}"#,
    ] {
        assert!(serde_json::from_str::<Amount>(other).is_err(), "{other}");
    }
}

#[test]
fn rates_are_stored_in_one_form_only() {
    let rate: Rate = serde_json::from_str(r#""11.2345""#).unwrap();
    assert_eq!(serde_json::to_string(&rate).unwrap(), r#""11.2345""#);
    for other in [r#""11.20""#, r#""0""#, r#""-1""#, r#""01.5""#, "11.2"] {
        assert!(serde_json::from_str::<Rate>(other).is_err(), "{other}");
    }
}

#[rstest]
#[case("EUR", 2)]
#[case("JPY", 0)]
#[case("XAF", 0)]
#[case("IQD", 3)]
#[case("JOD", 3)]
#[case("TND", 3)]
#[case("AMD", 2)]
#[case("BDT", 2)]
#[case("CDF", 2)]
#[case("EGP", 2)]
#[case("ETB", 2)]
#[case("GMD", 2)]
#[case("MNT", 2)]
#[case("MAD", 2)]
#[case("NGN", 2)]
#[case("PKR", 2)]
#[case("SOS", 2)]
#[case("USD", 2)]
#[case("SEK", 2)]
#[case("HRK", 2)] // replaced by EUR, but old receipts stay valid
fn currencies_have_the_minor_digits_of_iso_4217(#[case] code: &str, #[case] digits: u32) {
    let currency: Currency = code.parse().unwrap();
    assert_eq!((currency.code(), currency.minor_digits()), (code, digits));
    assert_eq!(currency.to_string(), code);
    assert_eq!(serde_json::to_string(&currency).unwrap(), format!("\"{code}\""));
}

#[rstest]
#[case("", UnknownCurrency::NotACode, "currency.not-a-code")]
#[case("eur", UnknownCurrency::NotACode, "currency.not-a-code")]
#[case("EUR ", UnknownCurrency::NotACode, "currency.not-a-code")]
#[case("€", UnknownCurrency::NotACode, "currency.not-a-code")] // three bytes
#[case("ZZZ", UnknownCurrency::NotInIso4217, "currency.unknown")]
#[case("SLS", UnknownCurrency::SomalilandShilling, "currency.somaliland-shilling")] // Somaliland has no ISO code
#[case("XXX", UnknownCurrency::NotPaidIn, "currency.not-paid-in")]
#[case("XAU", UnknownCurrency::NotPaidIn, "currency.not-paid-in")]
#[case("XAD", UnknownCurrency::NotPaidIn, "currency.not-paid-in")] // special, though with digits
#[case("CLF", UnknownCurrency::NotPaidIn, "currency.not-paid-in")] // a fund
fn other_codes_are_refused(#[case] code: &str, #[case] error: UnknownCurrency, #[case] rule: &str) {
    assert_eq!(code.parse::<Currency>(), Err(error));
    assert_eq!(error.rule(), rule);
    assert!(!error.to_string().is_empty());
}

#[test]
fn currencies_are_ordered_by_code() {
    let mut currencies = ["USD", "XCG", "AMD", "BDT"].map(|code| code.parse::<Currency>().unwrap());
    currencies.sort();
    assert_eq!(currencies.map(Currency::code), ["AMD", "BDT", "USD", "XCG"]);
}
