//! What holds for any input: no panic, no row lost, and the same reading as the `csv` crate.

use domain::case::Decision;
use domain::grant::PaymentMethod;
use interchange::{CaseRow, Fields, GrantRow, ReversalRow, Row, SpendRow};
use jiff::civil::Date;
use money::{Amount, Locale};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use rulebook::{AsylumOutcome, Authority, Facts, ReturnMode};

use crate::read;

/// A kind whose rows are their cells.
#[derive(Debug, PartialEq)]
struct Cells;

impl Row for Cells {
    const KIND: &'static str = "cells";
    const COLUMNS: &'static [&'static str] = &["a", "b", "c"];

    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// Text of the characters that matter to CSV.
fn csv_text() -> impl Strategy<Value = String> {
    vec(
        select(vec!["x", "å", " ", ",", ",", ";", "\"", "\"", "\"\"", "\n", "\r\n", "\r", ",\"", "\","]),
        0..60,
    )
    .prop_map(|parts| parts.concat())
}

fn second_opinion(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| row.iter().any(|cell| !cell.is_empty())).collect()
}

fn no_panic<R: Row>(bytes: &[u8]) {
    for locale in [Locale::Strict, Locale::Sv] {
        // Both outcomes are fine.
        let _ = read::<R>(bytes, locale);
        let header = R::COLUMNS.join(",");
        let _ = read::<R>([header.as_bytes(), b"\n", bytes].concat().as_slice(), locale);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        no_panic::<CaseRow>(&bytes);
        no_panic::<SpendRow>(&bytes);
    }

    #[test]
    fn arbitrary_cells_never_panic(
        cells in vec(Union::new(["\\PC{0,12}", "[0-9.,-]{0,12}", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "EUR|yes|no"]), 16),
    ) {
        let row: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        for width in [6, 7, 10, 16] {
            let row = row[..width].join(",");
            no_panic::<CaseRow>(row.as_bytes());
            no_panic::<GrantRow>(row.as_bytes());
            no_panic::<SpendRow>(row.as_bytes());
            no_panic::<ReversalRow>(row.as_bytes());
        }
    }

    #[test]
    fn whatever_is_accepted_reads_the_same_with_the_csv_crate(
        text in csv_text(),
        (header, delimiter) in select(vec![("a,b,c\n", b','), ("a;b;c\r\n", b';')]),
    ) {
        let text = format!("{header}{text}");
        if let Ok(records) = read::<Cells>(text.as_bytes(), Locale::Strict) {
            let fields: Vec<Vec<String>> = records.into_iter().map(|record| record.fields).collect();
            prop_assert_eq!(fields, second_opinion(&text, delimiter));
        }
    }

    #[test]
    fn whatever_the_csv_crate_writes_is_read_back(
        rows in vec(vec("[ ,;\"\r\nxå]{0,6}", 1..5), 0..6),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(Cells::COLUMNS).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let records = read::<Cells>(bytes.as_slice(), Locale::Strict).unwrap();
        let fields: Vec<Vec<String>> = records.into_iter().map(|record| record.fields).collect();
        let rows: Vec<Vec<String>> =
            rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
        prop_assert_eq!(fields, rows);
    }

    #[test]
    fn cases_written_are_the_cases_read(rows in vec(case(), 0..5)) {
        written_is_read(&rows, |row| {
            let facts = &row.facts;
            let yes_no = |value| if value { "yes" } else { "no" }.to_owned();
            vec![
                row.case_ref.clone(),
                facts.applied_on.to_string(),
                facts.destination.to_string(),
                facts.return_mode.to_string(),
                facts.handled_by.to_string(),
                facts.asylum_outcome.to_string(),
                yes_no(facts.in_sweden),
                yes_no(facts.likely_received),
                yes_no(facts.intends_to_reestablish),
                yes_no(facts.court_expulsion),
                yes_no(facts.unaccompanied_child),
                text(row.decided_on),
                text(row.decision),
                text(row.departed_on),
                text(row.arrived_on),
                text(row.partner.clone()),
            ]
        })?;
    }

    #[test]
    fn grants_written_are_the_grants_read(rows in vec(grant(), 0..5)) {
        written_is_read(&rows, |row| vec![
            row.case_ref.clone(),
            row.paid_on.to_string(),
            row.amount.to_string(),
            row.amount.currency().to_string(),
            row.method.to_string(),
            row.payment_ref.clone(),
        ])?;
    }

    #[test]
    fn spend_written_is_the_spend_read(rows in vec(spend(), 0..5)) {
        written_is_read(&rows, |row| vec![
            row.partner.clone(),
            row.case_refs.join(" + "),
            row.category.clone(),
            row.delivered_on.to_string(),
            row.amount.to_string(),
            row.amount.currency().to_string(),
            row.supplier.clone(),
            row.receipt_no.clone(),
            row.receipt_sha256.map(|hash| hash.map(|byte| format!("{byte:02x}")).concat()).unwrap_or_default(),
            row.description.clone().unwrap_or_default(),
        ])?;
    }

    #[test]
    fn reversals_written_are_the_reversals_read(rows in vec(reversal(), 0..5)) {
        written_is_read(&rows, |row| vec![
            row.partner.clone(),
            row.receipt_no.clone(),
            row.supplier.clone(),
            row.reversed_on.to_string(),
            row.amount.to_string(),
            row.amount.currency().to_string(),
            row.reason.clone(),
        ])?;
    }
}

fn written_is_read<R: Row + Clone + PartialEq + std::fmt::Debug>(
    rows: &[R],
    cells: impl Fn(&R) -> Vec<String>,
) -> Result<(), TestCaseError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(R::COLUMNS).unwrap();
    for row in rows {
        writer.write_record(cells(row)).unwrap();
    }
    let records = read::<R>(writer.into_inner().unwrap().as_slice(), Locale::Strict).unwrap();
    let back: Result<Vec<R>, _> = records.into_iter().map(|record| record.parsed).collect();
    prop_assert_eq!(back, Ok(rows.to_vec()));
    Ok(())
}

fn text(cell: Option<impl ToString>) -> String {
    cell.map(|cell| cell.to_string()).unwrap_or_default()
}

fn day() -> impl Strategy<Value = Date> {
    (1990_i16..=2100, 1_i8..=12, 1_i8..=28)
        .prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn amount() -> impl Strategy<Value = Amount> {
    amount_from(1)
}

/// At least so many of the currency's smallest unit.
fn amount_from(least: u64) -> impl Strategy<Value = Amount> {
    (least..=9_999_999_999, select(vec!["EUR", "IQD", "JPY", "SEK"])).prop_map(|(minor, currency)| {
        let currency: money::Currency = currency.parse().unwrap();
        let digits = currency.minor_digits() as usize;
        let padded = format!("{minor:0>width$}", width = digits + 1);
        let (whole, decimals) = padded.split_at(padded.len() - digits);
        let point = if digits > 0 { "." } else { "" };
        Amount::parse(&format!("{whole}{point}{decimals}"), currency, Locale::Strict).unwrap()
    })
}

const CODE: &str = "[a-z0-9][a-z0-9-]{0,31}";
const REFERENCE: &str = "[A-Za-z0-9åÅ\"=@/;,-]([A-Za-z0-9å\" ;,.-]{0,62}[0-9\",;])?";
const NAME: &str = "[\\p{L}\"',;=+@-]{1,200}";
const FREE_TEXT: &str = "[ \t\n\r\"',;\\p{L}]{0,40}x[ \t\n\r\"',;\\p{L}]{0,40}";

prop_compose! {
    fn facts()(
        applied_on in day(),
        destination in "[A-Z]{2}",
        return_mode in select(ReturnMode::ALL),
        handled_by in select(Authority::ALL),
        asylum_outcome in select(AsylumOutcome::ALL),
        yes in any::<[bool; 5]>(),
    ) -> Facts {
        let [in_sweden, likely_received, intends_to_reestablish, court_expulsion, unaccompanied_child] = yes;
        Facts {
            applied_on,
            destination: destination.parse().unwrap(),
            return_mode,
            handled_by,
            asylum_outcome,
            in_sweden,
            likely_received,
            intends_to_reestablish,
            court_expulsion,
            unaccompanied_child,
        }
    }
}

prop_compose! {
    fn case()(
        case_ref in REFERENCE,
        facts in facts(),
        decision in option::of((day(), select(Decision::ALL))),
        journey in option::of((day(), option::of(day()))),
        partner in option::of(CODE),
    ) -> CaseRow {
        let departed_on = journey.map(|(departed, _)| departed.max(facts.applied_on));
        CaseRow {
            case_ref,
            decided_on: decision.map(|(day, _)| day.max(facts.applied_on)),
            decision: decision.map(|(_, decision)| decision),
            departed_on,
            arrived_on: journey.and_then(|(_, arrived)| arrived).map(|day| departed_on.map_or(day, |d| d.max(day))),
            partner,
            facts,
        }
    }
}

prop_compose! {
    fn grant()(
        case_ref in REFERENCE,
        paid_on in day(),
        amount in amount(),
        method in select(PaymentMethod::ALL),
        payment_ref in REFERENCE,
    ) -> GrantRow {
        GrantRow { case_ref, paid_on, amount, method, payment_ref }
    }
}

prop_compose! {
    fn spend()(
        partner in CODE,
        case_refs in btree_set(REFERENCE, 1..5),
        category in CODE,
        delivered_on in day(),
        amount in amount_from(5),
        supplier in NAME,
        receipt_no in REFERENCE,
        receipt_sha256 in option::of(any::<[u8; 32]>()),
        description in option::of(FREE_TEXT),
    ) -> SpendRow {
        SpendRow {
            partner,
            case_refs: case_refs.into_iter().collect(),
            category,
            delivered_on,
            amount,
            supplier,
            receipt_no,
            receipt_sha256,
            description,
        }
    }
}

prop_compose! {
    fn reversal()(
        partner in CODE,
        receipt_no in REFERENCE,
        supplier in NAME,
        reversed_on in day(),
        amount in amount(),
        reason in FREE_TEXT,
    ) -> ReversalRow {
        ReversalRow { partner, receipt_no, supplier, reversed_on, amount, reason }
    }
}
