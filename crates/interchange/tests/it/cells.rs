//! What may stand in a cell, and how a refusal reads.

use interchange::{CaseRow, GrantRow, ReversalRow, Row, RowError, SpendRow};
use money::{Amount, Currency, Locale};
use rstest::rstest;

use crate::{CASE, GRANT, REVERSAL, SPEND, file, read, refused, shown};

/// The amounts that ledgers get wrong. The sentence is the money crate's; place, value and rule are ours.
#[rstest]
#[case::exponent("1e2", "EUR", Locale::Strict, "1e2", "amount.exponent")]
#[case::three_decimals("1.005", "EUR", Locale::Strict, "1.005", "amount.decimals")]
#[case::decimal_comma("12,50", "EUR", Locale::Strict, "12,50", "amount.decimal-comma")]
#[case::decimal_point("12.50", "EUR", Locale::Sv, "12.50", "amount.decimal-point")]
#[case::unicode_minus("\u{2212}5", "EUR", Locale::Strict, "\u{2212}5", "amount.minus-sign")]
#[case::parentheses("(5)", "EUR", Locale::Strict, "(5)", "amount.parentheses")]
#[case::nan("NaN", "EUR", Locale::Strict, "NaN", "amount.not-a-number")]
#[case::infinity("Infinity", "EUR", Locale::Strict, "Infinity", "amount.not-a-number")]
#[case::hexadecimal("0x10", "EUR", Locale::Strict, "0x10", "amount.not-a-number")]
#[case::full_width("１２", "EUR", Locale::Strict, "１２", "amount.non-ascii-digit")]
#[case::thirty_decimals(
    "1.000000000000000000000000000001",
    "EUR",
    Locale::Strict,
    "1.000000000000000000000000000001",
    "amount.decimals"
)]
#[case::too_large("1000000000000000000", "EUR", Locale::Strict, "1000000000000000000", "amount.too-large")]
#[case::minus_zero("-0", "EUR", Locale::Strict, "-0", "amount.negative-zero")]
#[case::empty("", "EUR", Locale::Strict, "", "amount.empty")]
#[case::no_minor_digits("1.5", "JPY", Locale::Strict, "1.5", "amount.decimals")]
#[case::three_minor_digits("1.0005", "IQD", Locale::Strict, "1.0005", "amount.decimals")]
fn a_bad_amount_names_row_column_value_and_rule(
    #[case] text: &str,
    #[case] currency: &str,
    #[case] locale: Locale,
    #[case] value: &str,
    #[case] rule: &str,
) {
    let errors =
        refused::<SpendRow>(&file::<SpendRow>(SPEND, &[("amount", text), ("currency", currency)]), locale);
    let sentence = Amount::parse(text, currency.parse().unwrap(), locale).unwrap_err();
    let expected = format!("spend.csv row 2, column amount, value \"{value}\": {sentence} (rule {rule})");
    assert_eq!(shown::<SpendRow>(&errors), [expected]);
}

#[rstest]
#[case::no_break_space("1\u{a0}000,00", "value \"1\\u{a0}000,00\"")]
#[case::narrow_no_break_space("1\u{202f}000,00", "value \"1\\u{202f}000,00\"")]
fn invisible_characters_of_an_amount_are_shown(#[case] text: &str, #[case] value: &str) {
    let errors = refused::<GrantRow>(&file::<GrantRow>(GRANT, &[("amount", text)]), Locale::Strict);
    assert!(errors[0].to_string().contains(value), "{}", errors[0]);
    let swedish =
        read::<GrantRow>(file::<GrantRow>(GRANT, &[("amount", text)]).as_bytes(), Locale::Sv).unwrap();
    let amount = Amount::parse("1000", Currency::EUR, Locale::Strict).unwrap();
    assert_eq!(swedish[0].parsed.as_ref().unwrap().amount, amount);
}

#[rstest]
#[case("0.00")]
#[case("-5.00")]
fn an_amount_must_be_positive(#[case] text: &str) {
    let errors = refused::<GrantRow>(&file::<GrantRow>(GRANT, &[("amount", text)]), Locale::Strict);
    let expected = format!(
        "grants.csv row 2, column amount, value \"{text}\": An amount must be greater than zero. \
         (rule amount.not-positive)"
    );
    assert_eq!(shown::<GrantRow>(&errors), [expected]);
}

#[test]
fn an_unknown_currency_is_one_error() {
    let text = file::<GrantRow>(GRANT, &[("currency", "QQQ"), ("amount", "1.005")]);
    let errors = refused::<GrantRow>(&text, Locale::Strict);
    let sentence = "QQQ".parse::<Currency>().unwrap_err();
    let expected =
        format!("grants.csv row 2, column currency, value \"QQQ\": {sentence} (rule currency.unknown)");
    assert_eq!(shown::<GrantRow>(&errors), [expected]);
}

const NOT_ISO: &str = "A date is written YYYY-MM-DD, for example 2024-06-30.";
const NO_DAY: &str = "There is no such day in the calendar.";
const NO_YEAR: &str = "The year of a date must be from 1990 to 2100.";

#[rstest]
#[case("2023-6-01", NOT_ISO)]
#[case("20230601", NOT_ISO)]
#[case("2023-06-01 ", NOT_ISO)]
#[case("2023-06-01T00:00", NOT_ISO)]
#[case("01/06/2023", NOT_ISO)]
#[case("+023-06-01", NOT_ISO)]
#[case("２023-06-0", NOT_ISO)]
#[case("2023-02-29", NO_DAY)]
#[case("2023-00-10", NO_DAY)]
#[case("2023-13-10", NO_DAY)]
#[case("2023-01-00", NO_DAY)]
#[case("1989-12-31", NO_YEAR)]
#[case("2101-01-01", NO_YEAR)]
#[case("9999-99-99", NO_YEAR)]
fn a_date_is_a_day_in_iso_8601(#[case] text: &str, #[case] sentence: &str) {
    let errors = refused::<GrantRow>(&file::<GrantRow>(GRANT, &[("paid_on", text)]), Locale::Strict);
    let expected = format!("grants.csv row 2, column paid_on, value \"{text}\": {sentence} (rule date.iso)");
    assert_eq!(shown::<GrantRow>(&errors), [expected]);
}

#[rstest]
#[case("1990-01-01")]
#[case("2024-02-29")]
#[case("2100-12-31")]
fn dates_at_the_edge_are_read(#[case] text: &str) {
    let records = read::<GrantRow>(file::<GrantRow>(GRANT, &[("paid_on", text)]).as_bytes(), Locale::Strict);
    assert_eq!(records.unwrap()[0].parsed.as_ref().unwrap().paid_on.to_string(), text);
}

#[rstest]
#[case::destination("destination", "Iraq", "code.unknown", true)]
#[case::destination_case("destination", "iq", "code.unknown", true)]
#[case::return_mode("return_mode", "Forced", "code.unknown", true)]
#[case::handled_by("handled_by", "court", "code.unknown", true)]
#[case::asylum_outcome("asylum_outcome", " refused", "code.unknown", true)]
#[case::decision("decision", "approved", "code.unknown", true)]
#[case::boolean("in_sweden", "Yes", "bool.yes-no", true)]
#[case::boolean_digit("court_expulsion", "0", "bool.yes-no", true)]
#[case::boolean_empty("unaccompanied_child", "", "cell.empty", false)]
#[case::partner("partner", "Röda Korset", "code.pattern", true)]
#[case::partner_hyphen("partner", "-ettc", "code.pattern", true)]
#[case::partner_long("partner", "abcdefghijklmnopqrstuvwxyz0123456", "code.pattern", true)]
#[case::case_ref_empty("case_ref", "", "cell.empty", false)]
#[case::case_ref_space("case_ref", "MV-1 ", "text.whitespace", false)]
#[case::case_ref_control("case_ref", "MV\n1", "text.control", false)]
#[case::case_ref_zero_width("case_ref", "MV\u{200b}1", "text.invisible", false)]
#[case::case_ref_no_break_space("case_ref", "MV\u{a0}1", "text.invisible", false)]
#[case::applied_on("applied_on", "", "cell.empty", false)]
fn a_case_cell_is_refused_by_its_rule(
    #[case] column: &str,
    #[case] text: &str,
    #[case] rule: &str,
    #[case] echoed: bool,
) {
    let errors = refused::<CaseRow>(&file::<CaseRow>(CASE, &[(column, text)]), Locale::Strict);
    let [error] = errors.as_slice() else { panic!("one error, got {errors:?}") };
    assert_eq!((error.column, error.rule, error.value.is_some()), (Some(column), rule, echoed));
}

#[test]
fn an_unknown_code_lists_the_known_ones() {
    let errors = refused::<GrantRow>(&file::<GrantRow>(GRANT, &[("method", "cash")]), Locale::Strict);
    assert_eq!(
        shown::<GrantRow>(&errors),
        [
            "grants.csv row 2, column method, value \"cash\": This code is not known; allowed are cash-by-partner, \
          bank, card. (rule code.unknown)"
        ]
    );
}

#[rstest]
#[case::decision_alone(&[("decided_on", "")], "decision", "case.decision-date", "A decision has a day; decided_on is missing.")]
#[case::day_alone(&[("decision", "")], "decided_on", "case.decision-date", "Only a decision has a day; decision is missing.")]
#[case::decided_early(
    &[("decided_on", "2023-05-31")], "decided_on", "case.decided-before-applied", "The date is before applied_on, 2023-06-01."
)]
#[case::departed_early(
    &[("departed_on", "2023-05-31")], "departed_on", "case.departed-before-applied", "The date is before applied_on, 2023-06-01."
)]
#[case::arrived_early(
    &[("arrived_on", "2023-06-30")], "arrived_on", "case.arrived-before-departed", "The date is before departed_on, 2023-07-01."
)]
#[case::not_departed(
    &[("departed_on", "")], "arrived_on", "case.arrived-not-departed", "Who arrived has departed; departed_on is missing."
)]
fn the_dates_of_a_case_fit_together(
    #[case] changed: &[(&str, &str)],
    #[case] column: &str,
    #[case] rule: &str,
    #[case] sentence: &str,
) {
    let errors = refused::<CaseRow>(&file::<CaseRow>(CASE, changed), Locale::Strict);
    let [error] = errors.as_slice() else { panic!("one error, got {errors:?}") };
    assert_eq!((error.column, error.rule, error.message.as_str()), (Some(column), rule, sentence));
}

#[test]
fn all_on_one_day_is_in_order() {
    let day = "2023-06-01";
    let text = file::<CaseRow>(CASE, &[("decided_on", day), ("departed_on", day), ("arrived_on", day)]);
    assert!(read::<CaseRow>(text.as_bytes(), Locale::Strict).unwrap()[0].parsed.is_ok());
}

#[test]
fn a_misspelt_date_is_not_reported_as_missing_too() {
    let text = file::<CaseRow>(CASE, &[("departed_on", "July"), ("decided_on", "June")]);
    let rules: Vec<_> =
        refused::<CaseRow>(&text, Locale::Strict).into_iter().map(|error| error.rule).collect();
    assert_eq!(rules, ["date.iso", "date.iso"]);
}

#[test]
fn every_error_of_a_row_is_reported() {
    let all_wrong: Vec<(&str, &str)> = SpendRow::COLUMNS.iter().map(|column| (*column, "\u{1}")).collect();
    let errors = refused::<SpendRow>(&file::<SpendRow>(&all_wrong, &[]), Locale::Strict);
    // Without a currency its amount is not judged.
    let columns: Vec<&str> = errors.iter().filter_map(|error| error.column).collect();
    let expected: Vec<&str> =
        SpendRow::COLUMNS.iter().copied().filter(|column| *column != "amount").collect();
    assert_eq!(columns, expected);
}

#[rstest]
#[case::supplier(SPEND, "supplier", 200)]
#[case::receipt_no(SPEND, "receipt_no", 64)]
#[case::case_ref(SPEND, "case_ref", 64)]
#[case::description(SPEND, "description", 2000)]
fn text_is_counted_in_characters(#[case] row: &[(&str, &str)], #[case] column: &str, #[case] most: usize) {
    let fits = file::<SpendRow>(row, &[(column, &"å".repeat(most))]);
    assert!(read::<SpendRow>(fits.as_bytes(), Locale::Strict).unwrap()[0].parsed.is_ok());
    let errors =
        refused::<SpendRow>(&file::<SpendRow>(row, &[(column, &"å".repeat(most + 1))]), Locale::Strict);
    let expected = format!(
        "spend.csv row 2, column {column}: The text is too long. It may have at most {most} characters. \
         (rule text.length)"
    );
    assert_eq!(shown::<SpendRow>(&errors), [expected]);
}

#[rstest]
#[case("abc")]
#[case("zz1c4fa9e2ae05cc9598a5d13900c0484502ddfaedcd523312706b408cb312d8")]
#[case("éééééééééééééééééééééééééééééééé")]
fn a_hash_is_64_hexadecimal_digits(#[case] text: &str) {
    let errors = refused::<SpendRow>(&file::<SpendRow>(SPEND, &[("receipt_sha256", text)]), Locale::Strict);
    assert_eq!((errors[0].column, errors[0].rule), (Some("receipt_sha256"), "sha256.hex"));
}

#[rstest]
#[case::empty("", "cell.empty")]
#[case::blank(" \n\t", "cell.empty")]
#[case::control("returned\u{7}", "text.control")]
fn a_reversal_says_why(#[case] text: &str, #[case] rule: &str) {
    let errors = refused::<ReversalRow>(&file::<ReversalRow>(REVERSAL, &[("reason", text)]), Locale::Strict);
    assert_eq!((errors[0].column, errors[0].rule), (Some("reason"), rule));
}

#[rstest]
#[case("MV-1,2023-07-03", "The row has 2 cells, the header has 6.")]
#[case("MV-1,2023-07-03,615,00,EUR,card,AG1", "The row has 7 cells, the header has 6.")]
fn a_row_of_another_width_is_an_error_of_the_row(#[case] row: &str, #[case] sentence: &str) {
    let text = format!("{}\n{row}\n", GrantRow::COLUMNS.join(","));
    let errors = refused::<GrantRow>(&text, Locale::Sv);
    assert_eq!(shown::<GrantRow>(&errors), [format!("grants.csv row 2: {sentence} (rule row.cells)")]);
}

/// A canary in every reference and free text, made wrong in every way: no error may repeat it.
#[rstest]
#[case("canary\u{7}")]
#[case(" canary")]
#[case("can\u{200b}ary canary")]
fn references_and_free_text_are_never_echoed(#[case] canary: &str) {
    let canary = canary.repeat(3000 / canary.len() + 1);
    for canary in [canary.as_str(), &canary[..30]] {
        let columns = ["case_ref", "supplier", "receipt_no", "receipt_sha256", "description"];
        let errors =
            refused::<SpendRow>(&file::<SpendRow>(SPEND, &columns.map(|c| (c, canary))), Locale::Strict);
        assert!(!errors.is_empty());
        for error in &errors {
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}

#[test]
fn an_echoed_value_is_escaped_and_cut() {
    let error = RowError::new(17, "case.unknown", "There is no such case.");
    assert_eq!(error.to_string(), "row 17: There is no such case. (rule case.unknown)");
    let error =
        error.in_column("partner").with_value("a\"\r\n\u{1b}[31m'å\u{202e}0123456789012345678901234567890");
    assert_eq!(
        error.in_file("x\u{1b}.csv").to_string(),
        "x\\u{1b}.csv row 17, column partner, value \"a\\\"\\r\\n\\u{1b}[31m'å\\u{202e}01234567890123456789…\": \
         There is no such case. (rule case.unknown)"
    );
}
