//! Files of exchange rates, in all forms: read digit by digit, or refused with the place and the rule.

use std::io::{self, Read};

use domain::rates::{Month, RateSource};
use interchange::{FileError, RATE_FILE_BYTES_MAX, RateFile, RateForm, month_in_name, read_rates};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;

const MONTH: &str = r#"[
{"country":"Iraq","currency":"Iraqi dinar","isoA3Code":"IQD","isoA2Code":"IQ","value":1385.7992,"comment":null},
{"country":"Germany","currency":"Euro","isoA3Code":"EUR","isoA2Code":"DE","value":1,"comment":null},
{"country":"United States","currency":"Dollar","isoA3Code":"USD","isoA2Code":"US","value":1.1187,"comment":"any"},
{"country":"El Salvador","currency":"Dollar","isoA3Code":"USD","isoA2Code":"SV","value":1.1187,"comment":null},
{"country":"Somaliland","currency":"Shilling","isoA3Code":"SLS","isoA2Code":"XS","value":9900,"comment":null}
]"#;
const HISTORY: &str = r#"[
{"currencyIso":"JOD","refCurrencyIso":"EUR","amount":0.7483,"dateStart":"01/06/2024","dateEnd":"30/06/2024"},
{"currencyIso":"EUR","refCurrency":"JOD","amount":0.7601,"dateStart":"01/05/2024","dateEnd":"31/05/2024"}
]"#;
const CSV: &str = "Date,USD,SEK,CYP,\n2024-07-01,1.0745,11.3675,N/A,\n2024-06-28,1.0705,11.3595,N/A,\n";
const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time="2024-07-01"><Cube currency="SEK" rate="11.3675"/></Cube>
<Cube time="2024-06-28"><Cube currency="SEK" rate="11.3595"/><Cube currency="USD" rate="1.0705"/></Cube></Cube>
</gesmes:Envelope>"#;

fn june() -> Option<Month> {
    Some("2024-06".parse().unwrap())
}

fn read(text: impl AsRef<[u8]>) -> Result<RateFile, FileError> {
    read_rates("rates", text.as_ref(), june())
}

/// Every rate as `day code rate`.
fn rates(file: &RateFile) -> Vec<String> {
    let days = file.tables.iter();
    days.flat_map(|(day, table)| table.iter().map(move |(code, rate)| format!("{day} {code} {rate}")))
        .collect()
}

/// The errors as a person sees them.
fn errors(text: &str) -> Vec<String> {
    let file = read(text).unwrap();
    assert_eq!(file.errors_total, file.errors.len() as u64);
    file.errors.iter().map(|error| error.in_file("rates").to_string()).collect()
}

fn refused(text: impl AsRef<[u8]>) -> &'static str {
    read(text).unwrap_err().rule()
}

#[rstest]
#[case(MONTH, RateForm::InforEuroMonth, &["2024-06-01 IQD 1385.7992", "2024-06-01 USD 1.1187"])]
#[case(HISTORY, RateForm::InforEuroHistory, &["2024-05-01 JOD 0.7601", "2024-06-01 JOD 0.7483"])]
#[case(CSV, RateForm::EcbCsv, &[
    "2024-06-28 SEK 11.3595", "2024-06-28 USD 1.0705", "2024-07-01 SEK 11.3675", "2024-07-01 USD 1.0745",
])]
#[case(XML, RateForm::EcbXml, &["2024-06-28 SEK 11.3595", "2024-06-28 USD 1.0705", "2024-07-01 SEK 11.3675"])]
fn each_form_is_known_by_its_content(#[case] text: &str, #[case] form: RateForm, #[case] wanted: &[&str]) {
    for text in [text.to_owned(), format!("\u{feff}{text}"), format!("\n  {text}\n").trim_start().to_owned()]
    {
        let file = read(&text).unwrap();
        assert_eq!((file.form, file.errors.as_slice()), (form, [].as_slice()));
        assert_eq!(rates(&file), wanted);
    }
}

#[test]
fn sources_follow_from_the_form() {
    let source = |text: &str| read(text).unwrap().form.source();
    assert_eq!((source(MONTH), source(HISTORY)), (RateSource::InforEuro, RateSource::InforEuro));
    assert_eq!((source(CSV), source(XML)), (RateSource::Ecb, RateSource::Ecb));
}

#[test]
fn codes_that_no_receipt_can_have_are_passed_over_and_counted() {
    let passed = |text: &str| read(text).unwrap().passed_over.into_iter().collect::<Vec<_>>();
    assert_eq!(passed(MONTH), [("SLS".to_owned(), 1)]);
    assert_eq!(passed(CSV), [("CYP".to_owned(), 1)]);
}

/// A binary float has 15 digits or so; the twelve decimals after fifteen digits would be gone.
#[test]
fn numbers_are_read_digit_by_digit() {
    let text = MONTH.replace("1385.7992", "123456789012345.123456789012");
    assert_eq!(rates(&read(text).unwrap())[0], "2024-06-01 IQD 123456789012345.123456789012");
    assert_eq!(rates(&read(MONTH.replace("1385.7992", "1385.10")).unwrap())[0], "2024-06-01 IQD 1385.1");
}

#[rstest]
#[case("0", "rate.not-positive")]
#[case("0.000", "rate.not-positive")]
#[case("-1385.7992", "rate.not-positive")]
#[case("1.3857992e3", "rate.exponent")]
#[case("1E400", "rate.exponent")]
#[case("1385.7992000000001", "rate.decimals")]
#[case("1234567890123456", "rate.too-large")]
#[case("\"1385.7992\"", "rates.field")]
#[case("null", "rates.field")]
#[case("[1]", "rates.field")]
fn a_rate_that_cannot_be_is_refused_with_its_place(#[case] value: &str, #[case] rule: &str) {
    let errors = errors(&MONTH.replace("1385.7992", value));
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(
        error.starts_with("rates row 1, column value") && error.ends_with(&format!("(rule {rule})")),
        "{error}"
    );
}

#[rstest]
#[case::contradiction(MONTH.replacen("1.1187", "1.1188", 1), "row 4, column value", "rate.contradiction")]
#[case::euro(MONTH.replace("\"value\":1,", "\"value\":1.1,"), "row 2, column value", "rate.for-eur")]
#[case::code(MONTH.replace("IQD", "iqd"), "row 1, column isoA3Code", "currency.not-a-code")]
#[case::no_code(MONTH.replacen("isoA3Code\":\"USD", "iso\":\"USD", 1), "row 3, column isoA3Code", "rates.field")]
#[case::no_entry(MONTH.replacen("[", "[{\"isoA3Code\":\"JOD\",\"value\":1},7,", 1), "row 2, column entry", "rates.entry")]
#[case::doubled_field(MONTH.replace("\"value\":1,", "\"value\":1,\"value\":1,"), "row 2, column entry", "rates.entry")]
#[case::no_month(HISTORY.replace("30/06/2024", "29/06/2024"), "row 1, column dateEnd", "rates.period")]
#[case::two_months(HISTORY.replace("30/06/2024", "31/07/2024"), "row 1, column dateEnd", "rates.period")]
#[case::american(HISTORY.replace("30/06/2024", "06/30/2024"), "row 1, column dateEnd", "rates.date")]
#[case::iso(HISTORY.replace("01/06/2024", "2024-06-01"), "row 1, column dateStart", "rates.date")]
#[case::no_euro(HISTORY.replacen("EUR", "USD", 1), "row 1, column refCurrencyIso", "rates.reference-currency")]
#[case::history_twice(HISTORY.replace("05/2024", "06/2024").replace("31/06", "30/06"), "row 2, column amount", "rate.contradiction")]
#[case::cells(CSV.replace("N/A,\n", "N/A\n"), "row 2, column Date", "row.cells")]
#[case::day(CSV.replace("2024-06-28", "2024-06-31"), "row 3, column Date", "date.iso")]
#[case::csv_zero(CSV.replace("11.3595", "0"), "row 3, column SEK", "rate.not-positive")]
#[case::csv_empty(CSV.replace("11.3595", ""), "row 3, column SEK", "rate.empty")]
#[case::csv_twice(CSV.replace("2024-06-28", "2024-07-01"), "row 3, column USD", "rate.contradiction")]
#[case::csv_code(CSV.replace("SEK", "Sek"), "row 1, column currency", "currency.not-a-code")]
#[case::xml_rate(XML.replace("11.3595", "11,3595"), "row 2, column rate", "rate.decimal-comma")]
#[case::xml_day(XML.replace("2024-06-28", "28.6.2024"), "row 2, column time", "date.iso")]
#[case::xml_code(XML.replace("\"USD\"", "\"US\""), "row 3, column currency", "currency.not-a-code")]
fn an_error_names_row_column_and_rule(#[case] text: String, #[case] place: &str, #[case] rule: &str) {
    let errors = errors(&text);
    assert!(errors[0].starts_with(&format!("rates {place}")), "{errors:?}");
    assert!(errors[0].ends_with(&format!("(rule {rule})")), "{errors:?}");
}

#[rstest]
#[case::nothing("", "file.empty")]
#[case::blank("\n\n", "file.empty")]
#[case::no_entries("[]", "rates.none")]
#[case::something_else("partner,case_ref", "rates.unknown-file")]
#[case::other_json("[{\"a\":1}]", "rates.unknown-file")]
#[case::other_xml("<a/>", "rates.unknown-file")]
#[case::an_object("{\"isoA3Code\":\"IQD\"}", "rates.unknown-file")]
#[case::cut_off("[{\"isoA3Code\":\"IQD\",\"value\":13", "file.json")]
#[case::two_documents("[{\"isoA3Code\":\"IQD\",\"value\":13}][]", "file.json")]
#[case::xml_cut_off(&XML[..XML.len() - 20], "file.xml")]
#[case::not_utf_8(b"[{\"isoA3Code\":\"IQD\xff\"}]", "file.not-utf-8")]
#[case::utf_16(b"\xff\xfe[\0{\0", "file.utf-16")]
#[case::zip(b"PK\x03\x04", "file.workbook")]
fn what_is_no_file_of_rates_is_refused(#[case] text: impl AsRef<[u8]>, #[case] rule: &str) {
    assert_eq!(refused(text), rule);
}

#[test]
fn xml_with_what_no_file_of_rates_has_is_refused() {
    let doctype = XML.replace("<gesmes:Env", "<!DOCTYPE a [<!ENTITY b \"c\">]><gesmes:Env");
    let entity = XML.replace("Reference", "&b;");
    let nested = |times: usize| {
        let text = format!("{}{}", "<a>".repeat(times), "</a>".repeat(times));
        XML.replace("Reference rates", &text)
    };
    assert!(read(nested(2)).is_ok());
    let (deep, deeper) = (nested(10), nested(100_000));
    let attributes: String = (0..50).map(|n| format!("a{n}=\"\" ")).collect();
    let wide = XML.replace("<Cube><Cube time", &format!("<Cube {attributes}><Cube time"));
    let twice = XML.replace("rate=\"1.0705\"", "rate=\"1.0705\" rate=\"2\"");
    for text in [doctype, entity, deep, deeper, wide, twice] {
        assert_eq!(refused(text), "file.xml");
    }
    let elsewhere = XML.replace("http://www.ecb.int/vocabulary/2002-08-01/eurofxref", "http://example.org/");
    assert_eq!(refused(elsewhere), "rates.unknown-file");
}

#[test]
fn a_table_of_a_month_needs_its_month() {
    assert_eq!(read_rates("rates.json", MONTH.as_bytes(), None).unwrap_err().rule(), "rates.month");
    for text in [HISTORY, CSV, XML] {
        assert!(read_rates("rates", text.as_bytes(), None).is_ok());
    }
}

#[rstest]
#[case("inforeuro-2024-06.json", Some("2024-06"))]
#[case("InforEuro-2024-06.JSON", Some("2024-06"))]
#[case("inforeuro-2024-13.json", None)]
#[case("inforeuro-2024-06 (1).json", None)]
#[case("2024-06.json", None)]
#[case("inforeuro-2024-06.csv", None)]
fn a_month_is_taken_from_a_name_of_one_form(#[case] name: &str, #[case] month: Option<&str>) {
    assert_eq!(month_in_name(name), month.map(|month| month.parse().unwrap()));
}

/// A file that never ends; counts what is taken of it.
struct Endless {
    start: &'static [u8],
    taken: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = if self.start.is_empty() { buffer.len() } else { self.start.len().min(buffer.len()) };
        if self.start.is_empty() {
            buffer.fill(b' ');
        } else {
            buffer[..n].copy_from_slice(&self.start[..n]);
            self.start = &self.start[n..];
        }
        self.taken += n as u64;
        Ok(n)
    }
}

#[test]
fn a_file_without_an_end_is_given_up() {
    for start in [&b"["[..], b"<a>", b"Date,"] {
        let mut endless = Endless { start, taken: 0 };
        assert_eq!(read_rates("rates", &mut endless, june()).unwrap_err().rule(), "file.too-large");
        assert!(endless.taken <= RATE_FILE_BYTES_MAX + 8, "{} bytes were read", endless.taken);
    }
}

#[test]
fn errors_are_counted_and_only_the_first_are_kept() {
    let entries = vec!["{\"isoA3Code\":\"IQD\",\"value\":0}"; 5_000].join(",");
    let file = read(format!("[{entries}]")).unwrap();
    assert_eq!((file.errors.len(), file.errors_total), (1_000, 5_000));
}

/// JSON as deep as it gets is passed over without going into it.
#[test]
fn deep_json_does_not_exhaust_the_stack() {
    let deep = format!("[{{\"isoA3Code\":{}{}}}]", "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(read(deep).unwrap().errors_total, 2);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), start in select(&["", "[", "[{", "<", "Date,"][..])) {
        let _ = read([start.as_bytes(), &bytes].concat());
    }

    /// A good file with some bytes exchanged, doubled or left out.
    #[test]
    fn damaged_files_never_panic_and_give_rates_above_zero(
        text in select(&[MONTH, HISTORY, CSV, XML][..]),
        changes in vec((any::<prop::sample::Index>(), 0_u8..3, any::<u8>()), 1..6),
    ) {
        let mut bytes = text.as_bytes().to_vec();
        for (at, change, byte) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        if let Ok(file) = read(bytes) {
            prop_assert!(file.tables.values().flat_map(|table| table.values()).all(|rate| !rate.value().is_sign_negative()));
        }
    }

    /// Whatever the digits: what a file says is what is read, in every form.
    #[test]
    fn a_rate_is_what_its_text_says(whole in 0_u64..1_000_000_000, decimals in "[0-9]{0,11}[1-9]") {
        let number = format!("{whole}.{decimals}");
        for (text, digits) in [(MONTH, "1385.7992"), (HISTORY, "0.7483"), (CSV, "11.3595"), (XML, "11.3595")] {
            let file = read(text.replace(digits, &number)).unwrap();
            prop_assert!(rates(&file).iter().any(|rate| rate.ends_with(&format!(" {number}"))), "{number} in {text}");
        }
    }
}
