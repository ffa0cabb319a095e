//! The month pack: what belongs to a period stands on its sheets, and no text of it is a formula.

use domain::Period;
use domain::books::{Chart, Entry, MoneyKind, TrialBalance, Voucher};
use domain::statement::Totals;
use interchange::books::{BooksDocument, PackDocument, month_pack};
use interchange::statement::{StatementDocument, StatementLine};

use crate::templates::{between, cell, unpacked};

fn voucher(number: u64, kind: MoneyKind, closed: Option<&str>) -> Voucher {
    let entry = |account: &str, amount: &str| Entry {
        account: account.to_owned(),
        amount: amount.parse().unwrap(),
        objects: vec![],
        text: String::new(),
    };
    Voucher {
        series: "G".into(),
        year: 2024,
        number,
        day: "2024-06-08".parse().unwrap(),
        about_day: "2024-05-30".parse().unwrap(),
        recorded_on: "2024-06-08".parse().unwrap(),
        closed_period: closed.map(|period| period.parse().unwrap()),
        kind,
        position: 100 + number,
        about: 40 + number,
        moved: "615.00".parse().unwrap(),
        text: "Arrival grant paid, grant 41".into(),
        entries: vec![entry("7720", "615.00"), entry("1935", "-615.00")],
    }
}

#[test]
fn a_month_pack_holds_what_belongs_to_the_month() {
    let chart = Chart::standard().unwrap();
    let vouchers =
        [voucher(1, MoneyKind::GrantPaid, None), voucher(2, MoneyKind::GrantReturned, Some("2024-05"))];
    let june: Period = "2024-06".parse().unwrap();
    let trial = TrialBalance::of(&chart, &vouchers, Some(june)).unwrap();
    let statement = StatementDocument {
        partner: "irara".into(),
        name: "=cmd()".into(),
        period: june,
        position: 102,
        root: "00".repeat(32),
        totals: Totals { owed: "99.95".parse().unwrap(), ..Totals::default() },
        lines: vec![],
        held: "99.95".parse().unwrap(),
        held_lines: vec![StatementLine {
            position: 44,
            day: june.first(),
            movement: "eligible",
            eur: "99.95".parse().unwrap(),
            reason: "",
            number: 31,
            external_ref: "FX-2041".into(),
            case: "7K3M-9PQ4".into(),
            category: "education".into(),
            receipt_no: "R-1".into(),
            supplier: "Lempa".into(),
            on: june.first(),
            amount: "99.95".into(),
            currency: "EUR",
            rate: String::new(),
            words: String::new(),
        }],
        undecided_before: vec![],
        undecided: vec![],
        fees_undecided_before: vec![],
        fees_undecided: vec![],
        owed_before_lines: vec![],
        owed_lines: vec![],
        waiting: vec![],
    };
    let books = BooksDocument {
        chart: &chart,
        vouchers: &vouchers,
        openings: &[],
        trial: &trial,
        period: june,
        position: 102,
        company: "Norrkassan",
        organisation_number: None,
        made_on: june.last(),
    };
    let bytes = month_pack(&PackDocument {
        books: &books,
        head: &[("books of", "=Norrkassan".into()), ("period", june.to_string())],
        findings: &[("undecided".into(), 1, "12.50".parse().unwrap(), true)],
        matter_columns: &["check", "eur"],
        matters: &[vec!["undecided".into(), "12.50".into()]],
        exception_columns: &["exception", "amount", "note"],
        exceptions: &[vec!["=no-match-7".into(), "-9.00".into(), "yes".into()]],
        waiting_columns: &["what", "amount"],
        waiting: &[vec!["approve-payment".into(), "270.50".into()]],
        statements: &[statement],
    })
    .unwrap();
    let parts = unpacked(&bytes);
    let names: Vec<&str> = between(&parts["xl/workbook.xml"], "<sheet name=\"", "\"");
    let expected = [
        "Summary",
        "Open matters",
        "Exceptions",
        "Under way",
        "Changes",
        "Partners",
        "Partners' rows",
        "Trial balance",
        "Vouchers",
    ];
    assert_eq!(names, expected);
    assert_eq!((cell(&parts, 1, "A1"), cell(&parts, 1, "B1")), ("books of", "'=Norrkassan"));
    assert_eq!((cell(&parts, 1, "A5"), cell(&parts, 1, "D5")), ("undecided", "yes"));
    assert_eq!(cell(&parts, 2, "A2"), "undecided");
    assert_eq!((cell(&parts, 3, "A2"), cell(&parts, 3, "C2")), ("'=no-match-7", "yes"));
    assert!(parts["xl/worksheets/sheet3.xml"].contains("<v>-9</v>"), "how much it is about is a number");
    assert_eq!(cell(&parts, 4, "A2"), "approve-payment");
    assert!(parts["xl/worksheets/sheet4.xml"].contains("<v>270.5</v>"), "and so is this");
    // Only what belongs to a closed period.
    assert_eq!(
        (cell(&parts, 5, "A2"), cell(&parts, 5, "C2"), cell(&parts, 5, "A3")),
        ("G2024-2", "2024-05", "")
    );
    assert_eq!((cell(&parts, 6, "A2"), cell(&parts, 6, "B2")), ("irara", "'=cmd()"));
    assert!(parts["xl/worksheets/sheet6.xml"].contains("<v>99.95</v>"), "what is owed is a number");
    assert_eq!((cell(&parts, 7, "D2"), cell(&parts, 7, "K2")), ("held", "R-1"), "what is held has its rows");
    assert_eq!(cell(&parts, 9, "A2"), "G2024-1");
}
