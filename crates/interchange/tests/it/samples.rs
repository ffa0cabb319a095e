//! Whole small files of each kind, read as what they mean.

use domain::case::Decision;
use domain::grant::PaymentMethod;
use interchange::{CaseRow, Dialect, GrantRow, ReversalRow, SpendRow, Table};
use jiff::civil::date;
use money::{Amount, Currency, Locale};
use rulebook::{AsylumOutcome, Authority, Facts, ReturnMode};

use crate::read;

fn eur(text: &str) -> Amount {
    Amount::parse(text, Currency::EUR, Locale::Strict).unwrap()
}

#[test]
fn cases_are_read_as_facts_and_dates() {
    let text = "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,\
                intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,\
                arrived_on,partner\r\n\
                MV-03-00000,2023-06-01,IQ,forced,police,refused,yes,yes,yes,no,no,2023-06-21,approve,2023-07-01,\
                2023-07-02,ettc\r\n\
                MV-03-00003,2024-01-29,XS,voluntary,migration-agency,pending,yes,no,yes,yes,no,,,,,\r\n";
    let rows: Vec<CaseRow> = read(text.as_bytes(), Locale::Strict)
        .unwrap()
        .into_iter()
        .map(|record| record.parsed.unwrap())
        .collect();
    let first = CaseRow {
        case_ref: "MV-03-00000".to_owned(),
        facts: Facts {
            applied_on: date(2023, 6, 1),
            destination: "IQ".parse().unwrap(),
            return_mode: ReturnMode::Forced,
            handled_by: Authority::Police,
            asylum_outcome: AsylumOutcome::Refused,
            in_sweden: true,
            likely_received: true,
            intends_to_reestablish: true,
            court_expulsion: false,
            unaccompanied_child: false,
        },
        decided_on: Some(date(2023, 6, 21)),
        decision: Some(Decision::Approve),
        departed_on: Some(date(2023, 7, 1)),
        arrived_on: Some(date(2023, 7, 2)),
        partner: Some("ettc".to_owned()),
    };
    let second = CaseRow {
        case_ref: "MV-03-00003".to_owned(),
        facts: Facts {
            applied_on: date(2024, 1, 29),
            destination: "XS".parse().unwrap(),
            return_mode: ReturnMode::Voluntary,
            handled_by: Authority::MigrationAgency,
            asylum_outcome: AsylumOutcome::Pending,
            in_sweden: true,
            likely_received: false,
            intends_to_reestablish: true,
            court_expulsion: true,
            unaccompanied_child: false,
        },
        decided_on: None,
        decision: None,
        departed_on: None,
        arrived_on: None,
        partner: None,
    };
    assert_eq!(rows, [first, second]);
}

#[test]
fn grants_and_reversals_are_read() {
    let text = "case_ref,paid_on,amount,currency,method,payment_ref\n\
                MV-03-00000,2023-07-03,615,EUR,cash-by-partner,AG 0";
    let grants = read::<GrantRow>(text.as_bytes(), Locale::Strict).unwrap();
    let expected = GrantRow {
        case_ref: "MV-03-00000".to_owned(),
        paid_on: date(2023, 7, 3),
        amount: eur("615.00"),
        method: PaymentMethod::CashByPartner,
        payment_ref: "AG 0".to_owned(),
    };
    assert_eq!(grants[0].parsed, Ok(expected));

    let text = "partner,receipt_no,supplier,reversed_on,amount,currency,reason\n\
                irara,R00039-2,Al-Noor Trading,2023-10-05,423.66,EUR,goods returned\n";
    let reversals = read::<ReversalRow>(text.as_bytes(), Locale::Strict).unwrap();
    let expected = ReversalRow {
        partner: "irara".to_owned(),
        receipt_no: "R00039-2".to_owned(),
        supplier: "Al-Noor Trading".to_owned(),
        reversed_on: date(2023, 10, 5),
        amount: eur("423.66"),
        reason: "goods returned".to_owned(),
    };
    assert_eq!(reversals[0].parsed, Ok(expected));
}

/// As Excel in Swedish writes it: byte order mark, semicolons, decimal comma, no-break space, empty rows below.
#[test]
fn a_swedish_spreadsheet_export_is_read() {
    let text = "\u{feff}receipt_no;partner;case_ref;category;delivered_on;amount;currency;supplier;description;\
                receipt_sha256\r\n\
                R1;irara;MV-1;medical-care;2023-09-15;3\u{a0}000,50;EUR;\"Söner; \"\"Hemfrid\"\"\";\
                \"två\nrader, här\";E71C4fa9e2ae05cc9598a5d13900c0484502ddfaedcd523312706b408cb312d8\r\n\
                ;;;;;;;;;\r\n";
    let table = Table::<SpendRow, _>::open("spend.csv", text.as_bytes(), Locale::Sv).unwrap();
    assert_eq!(table.dialect(), Dialect { delimiter: b';', byte_order_mark: true });
    let records: Vec<_> = table.map(Result::unwrap).collect();
    let [record] = records.as_slice() else { panic!("one row, got {records:?}") };
    let row = record.parsed.as_ref().unwrap();
    assert_eq!(row.amount, eur("3000.50"));
    assert_eq!(row.supplier, "Söner; \"Hemfrid\"");
    assert_eq!(row.description.as_deref(), Some("två\nrader, här"));
    assert_eq!(row.receipt_sha256.map(|hash| (hash[0], hash[31])), Some((0xe7, 0xd8)));
    assert_eq!(record.fields[5], "3\u{a0}000,50", "the raw cell is kept");
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    let text = "\n\ncase_ref,paid_on,amount,currency,method,payment_ref\r\n\r\n\
                \"MV\r\n1\",2023-07-03,615,EUR,card,A\r,,,,,\rMV-2,2023-07-03,615,EUR,card,B\n\nx,y";
    let records = read::<GrantRow>(text.as_bytes(), Locale::Strict).unwrap();
    let rows: Vec<u64> = records.iter().map(|record| record.row).collect();
    assert_eq!(rows, [5, 7, 9]);
}
