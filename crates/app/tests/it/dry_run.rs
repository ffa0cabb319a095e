//! A dry run writes nothing and promises exactly what a real run then does.

use std::collections::BTreeSet;

use app::import::{ImportReport, ImportRequest, RowReport, Spend};
use app::query::ClaimItem;
use money::Locale;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

/// A cell as it should be, or one of the ways in which it arrives.
fn cell(good: &'static [&'static str], bad: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => select(good), 1 => select(bad)]
}

fn names() -> impl Strategy<Value = &'static str> {
    cell(&["MV-1", "MV-2", "MV-3", "MV-4"], &["", "MV-99", " MV-1", "MV-1\u{200b}"])
}

fn dates() -> impl Strategy<Value = &'static str> {
    cell(
        &["2024-03-10", "2024-03-11", "2024-03-14", "2024-04-01", "2025-04-01"],
        &["", "2024-02-30", "01.04.2024", "45383"],
    )
}

fn amounts() -> impl Strategy<Value = &'static str> {
    cell(
        &["0.01", "100", "615.00", "615.01", "1500.00", "3000.01"],
        &[
            "",
            "1e2",
            "1.005",
            "12,50",
            "1 000,00",
            "-5.00",
            "(5)",
            "NaN",
            "0x10",
            "0.00",
            "1000000000000000000",
        ],
    )
}

fn currencies() -> impl Strategy<Value = &'static str> {
    cell(&["EUR"], &["USD", "XXQ", "", "eur"])
}

fn rows(kind: Kind) -> BoxedStrategy<Vec<String>> {
    let number = 0_u32..12;
    let partners = || cell(&["caritas", "irara"], &["", "Caritas", "-x"]);
    let row: BoxedStrategy<String> = match kind {
        Kind::Cases => (names(), dates(), cell(&["GM", "PS"], &["XX1", ""]), cell(&["approve", "reject"], &["maybe"]), dates(), partners())
            .prop_map(|(name, on, to, decision, left, code)| {
                format!("{name},2024-02-01,{to},voluntary,migration-agency,refused,yes,yes,yes,no,no,{on},{decision},{left},,{code}")
            })
            .boxed(),
        Kind::Grants => (names(), number, dates(), amounts(), currencies())
            .prop_map(|(name, n, on, sum, currency)| format!("{name},{on},\"{sum}\",{currency},bank,P-{n}"))
            .boxed(),
        Kind::Spend => (partners(), names(), number, dates(), amounts(), currencies(), cell(&["education", "medical-care"], &["horses", ""]))
            .prop_map(|(code, name, n, on, sum, currency, category)| {
                format!("{code},{name},{category},{on},\"{sum}\",{currency},Clinic,R-{n},,\"x, y\"")
            })
            .boxed(),
        Kind::Reversals => (partners(), number, dates(), amounts(), currencies())
            .prop_map(|(code, n, on, sum, currency)| format!("{code},R-{n},Hotel Banjul,{on},\"{sum}\",{currency},twice"))
            .boxed(),
    };
    prop::collection::vec(row, 1..30).boxed()
}

/// What is known beforehand, so that rows meet receipts, payments and people that are there already.
async fn book() -> Book {
    let book = Book::new().await;
    book.import(
        Kind::Cases,
        "cases.csv",
        &[person("MV-1"), person("MV-2"), person_to("MV-3", "PS", "irara")],
    )
    .await;
    let spend: Vec<String> =
        (0..6).map(|n| receipt("caritas", &format!("MV-{}", n % 2 + 1), n, "2024-04-01", "700.00")).collect();
    let path = book.write(Kind::Spend, "spend.csv", &spend);
    import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
    book.import(Kind::Grants, "grants.csv", &[payment("MV-1", 1, "2024-03-12", "100.00")]).await;
    book
}

fn promised(report: &ImportReport) -> String {
    let errors: Vec<String> = report.errors.iter().map(|e| format!("{e:?}")).collect();
    format!("{:?} {:?} {} {errors:#?}", report.counts, report.refused, report.errors_total)
}

async fn promise_holds(kind: Kind, rows: &[String]) {
    let book = book().await;
    let path = book.write(kind, "random.csv", rows);
    let before =
        (book.head().await, book.balances().await, std::fs::read_dir(book.folder.path()).unwrap().count());
    let dry = import(&book.ledger, kind, path.clone(), How::Dry).await.unwrap();
    let after =
        (book.head().await, book.balances().await, std::fs::read_dir(book.folder.path()).unwrap().count());
    assert_eq!(after, before, "a dry run wrote something");
    assert!(!dry.written && dry.reject_file.is_none());
    assert_eq!(dry.counts.rows, rows.len() as u64);

    // All or nothing: a file with an error is not applied, and is told the same errors.
    let whole = import(&book.ledger, kind, path.clone(), How::Accepting).await.unwrap();
    assert_eq!((whole.errors_total, &whole.errors), (dry.errors_total, &dry.errors));
    assert_eq!((whole.counts.rows, whole.counts.rejected), (dry.counts.rows, dry.counts.rejected));
    if dry.errors_total == 0 {
        assert_eq!(promised(&whole), promised(&dry));
    }
    assert_eq!(whole.written, dry.errors_total == 0);
    if dry.errors_total > 0 {
        assert_eq!(
            (book.head().await, book.balances().await),
            (before.0, before.1),
            "an error, and still applied"
        );
        // And in part: what was promised of the good rows.
        let part = import(&book.ledger, kind, path, How::Partial).await.unwrap();
        assert_eq!(promised(&part), promised(&dry));
        assert_eq!(part.written, dry.counts.applied + dry.counts.cut + dry.counts.refused > 0);
        let rejects = std::fs::read_to_string(part.reject_file.unwrap()).unwrap();
        assert_eq!(rejects.lines().count() as u64, dry.counts.rejected + 1);
    }
    book.sound().await;
}

/// A row that is left out is no earlier row: its twin is held against the ledger alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_twin_of_an_unusable_row_is_unusable_too() {
    let grant = payment("MV-2", 1, "2024-03-12", "100.00");
    promise_holds(Kind::Grants, &[grant.clone(), grant]).await;
    let spend = receipt("caritas", "MV-2", 0, "2024-04-01", "700.00");
    promise_holds(Kind::Spend, &[spend.clone(), spend]).await;
    let reused = "caritas,,fee,2024-04-01,\"700.00\",EUR,Clinic,R-1,,".to_owned();
    promise_holds(Kind::Spend, &[reused.clone(), reused]).await;
}

/// What a preview says of a row's claim, if it comes to one.
fn of_row(row: &RowReport) -> Option<String> {
    let (eligible, disallowed) = (row.eligible?, row.disallowed?);
    Some(format!("{} {} {eligible} {disallowed}", row.receipt_no, row.state))
}

/// A partner that looks at its file sees what acceptance in the order of the file comes to, and writes nothing.
async fn preview_holds(rows: &[String]) {
    let book = book().await;
    // Its own rows: it reports for nobody else.
    let rows: Vec<String> = rows.iter().filter(|row| row.starts_with("caritas,")).cloned().collect();
    let path = book.write(Kind::Spend, "random.csv", &rows);
    let before = book.head().await;
    let partner = book.by("asha@caritas", 3).await;
    let request = ImportRequest {
        path: path.clone(),
        locale: Locale::Strict,
        dry_run: true,
        partial: true,
        rejects: None,
        tell_rows: true,
    };
    let spend = Spend::new(false, None);
    let seen = partner.import(&spend, &request, &Silent).await.unwrap();
    assert_eq!(book.head().await, before, "a preview wrote something");
    assert_eq!((seen.rows.len(), seen.rows_untold), (rows.len(), 0));
    let mut told: Vec<String> = seen.rows.iter().filter_map(of_row).collect();
    told.sort();

    let known: BTreeSet<u64> = book.claims().await.iter().map(|claim| claim.claim).collect();
    import(&book.ledger, Kind::Spend, path, How::Partial).await.unwrap();
    let claims = book.claims().await.into_iter().filter(|claim| !known.contains(&claim.claim));
    let of = |c: ClaimItem| format!("{} {} {} {}", c.receipt_no, c.state, c.eligible, c.disallowed);
    let mut became: Vec<String> = claims.map(of).collect();
    became.sort();
    assert_eq!(told, became);
    for person in seen.people {
        let shown = book.ledger.balances(None).await.unwrap();
        let line = shown.iter().find(|b| (&b.case, &b.budget_line) == (&person.case, &person.budget_line));
        let figures = line.map(|b| (b.cap, b.disbursed, b.pending, b.available));
        let told = (person.cap, person.disbursed, person.pending, person.available);
        assert!(figures.is_none_or(|figures| figures == told), "{person:?} {figures:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 16, failure_persistence: None, max_shrink_iters: 128, ..ProptestConfig::default() })]

    #[test]
    fn of_spend(rows in rows(Kind::Spend)) {
        many_threads().block_on(promise_holds(Kind::Spend, &rows));
    }

    #[test]
    fn of_spend_told_row_by_row(rows in rows(Kind::Spend)) {
        many_threads().block_on(preview_holds(&rows));
    }

    #[test]
    fn of_grants(rows in rows(Kind::Grants)) {
        many_threads().block_on(promise_holds(Kind::Grants, &rows));
    }

    #[test]
    fn of_reversals(rows in rows(Kind::Reversals)) {
        many_threads().block_on(promise_holds(Kind::Reversals, &rows));
    }

    #[test]
    fn of_cases(rows in rows(Kind::Cases)) {
        many_threads().block_on(promise_holds(Kind::Cases, &rows));
    }
}
