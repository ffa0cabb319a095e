//! One report of spend in every arrangement: in any order, cut into files, with rows and files repeated, put together
//! again. Where the claims are accepted in one order, all come to the same.

use app::command::Proposals;
use proptest::prelude::*;

use crate::support::*;

/// Rows of a report, among them two receipts that differ in their number alone, a family, and more than fits.
fn report() -> Vec<String> {
    let mut rows: Vec<String> = (0..10)
        .map(|n| {
            receipt("caritas", &format!("MV-{}", n % 3 + 1), n, "2024-04-01", &format!("{}.10", 900 + n))
        })
        .collect();
    rows.push(receipt("irara", "MV-1", 10, "2024-04-01", "20.00"));
    rows.push(receipt("caritas", "MV-2", 11, "2024-03-01", "30.00"));
    rows.push(receipt("caritas", "MV-1+MV-4+MV-2", 12, "2024-04-02", "1000.00"));
    rows.push(in_currency(receipt("caritas", "MV-4", 13, "2024-04-02", "7.00"), "USD"));
    rows.extend([20, 21].map(|twin| receipt("caritas", "MV-4", twin, "2024-04-03", "100.00")));
    rows
}

/// Imports the files, then accepts what was reported in the order of the receipts; answers with what everybody has.
async fn come_to(files: &[Vec<String>]) -> (Vec<String>, Vec<String>) {
    let book = Book::new().await;
    let people: Vec<String> = (1..=4).map(|n| person(&format!("MV-{n}"))).collect();
    book.import(Kind::Cases, "cases.csv", &people).await;
    book.register("irara").await;
    for (number, rows) in files.iter().enumerate() {
        book.import(Kind::Spend, &format!("{number}.csv"), rows).await;
    }
    let mut claims = book.claims().await;
    claims.sort_by(|a, b| (&a.receipt_no, &a.external_ref).cmp(&(&b.receipt_no, &b.external_ref)));
    let named: Vec<_> = claims.iter().map(|claim| (claim.claim, claim.case_id, claim.id)).collect();
    book.ledger.accept_claims(&named, Proposals::Agree, false).await.unwrap();
    book.sound().await;
    (book.balances().await, book.claim_outcomes().await)
}

/// How the rows arrive.
#[derive(Debug, Clone)]
struct Arrangement {
    order: Vec<usize>,
    /// How many rows each file takes, again and again.
    cuts: Vec<usize>,
    /// Rows that come once more, each in one of the files.
    repeated: Vec<(prop::sample::Index, usize)>,
    /// Files that are sent again.
    again: Vec<prop::sample::Index>,
    /// All of it in one more file.
    together: bool,
}

impl Arrangement {
    fn files(&self) -> Vec<Vec<String>> {
        let rows = report();
        let mut left = self.order.as_slice();
        let mut files: Vec<Vec<String>> = Vec::new();
        for cut in self.cuts.iter().cycle() {
            let (file, rest) = left.split_at(left.len().min(*cut));
            files.push(file.iter().map(|row| rows[*row].clone()).collect());
            left = rest;
            if left.is_empty() {
                break;
            }
        }
        for (file, row) in &self.repeated {
            let place = file.index(files.len());
            files[place].insert(0, rows[*row].clone());
        }
        for file in &self.again {
            files.push(file.get(&files).clone());
        }
        if self.together {
            files.push(files.concat());
        }
        files
    }
}

fn arrangements() -> impl Strategy<Value = Arrangement> {
    let rows = report().len();
    (
        Just((0..rows).collect::<Vec<_>>()).prop_shuffle(),
        prop::collection::vec(1..rows, 1..4),
        prop::collection::vec((any::<prop::sample::Index>(), 0..rows), 0..6),
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(order, cuts, repeated, again, together)| Arrangement {
            order,
            cuts,
            repeated,
            again,
            together,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 16, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_arrangement_of_a_report_comes_to_the_same(arrangement in arrangements()) {
        let (one, other) = many_threads().block_on(async {
            (come_to(&[report()]).await, come_to(&arrangement.files()).await)
        });
        prop_assert_eq!(one, other);
    }
}

/// Nobody buys the same twice on one day at one shop, except those who do.
#[tokio::test(flavor = "multi_thread")]
async fn two_genuine_twins_both_count() {
    let (balances, outcomes) = come_to(&[report()]).await;
    for twin in ["R-20", "R-21"] {
        let counted = format!("MV-4 {twin} accepted 100.00 0.00 0.00 ");
        assert!(outcomes.contains(&counted), "{outcomes:?}");
    }
    // 333.33 of the family's receipt, and both twins.
    assert!(
        balances.iter().any(|line| line.starts_with("MV-4 reintegration") && line.contains(" 533.33 ")),
        "{balances:?}"
    );
}
