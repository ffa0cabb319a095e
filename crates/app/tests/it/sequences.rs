//! The same commands give the same log, whatever the order of what has nothing to do with each other.

use app::command::Proposals;
use domain::claim::ClaimState;
use proptest::prelude::*;
use proptest::sample::select;
use rulebook::Rulebook;

use crate::steps::{AMOUNTS, DAYS, PEOPLE, Step, steps, take};
use crate::support::*;

/// Two people take steps, under rules that need both for what is large; `hands` says who takes which.
async fn run(steps: &[Step], hands: &[bool]) -> Book {
    let book = Book::made_under(Rulebook::embedded().unwrap(), 1).await.unwrap();
    let bo = book.by("bo", 2).await;
    for ((index, step), hand) in steps.iter().enumerate().zip(hands) {
        let ledger = if *hand { &bo } else { &book.ledger };
        let before = if step.is_of_partners() { Some(balances(ledger).await) } else { None };
        let taken = take(ledger, book.folder.path(), index, step).await;
        taken.unwrap_or_else(|fault| panic!("{step:?}: {fault:?}"));
        if let Some(before) = before {
            assert_eq!(before, balances(ledger).await, "{step:?} moved a balance");
        }
    }
    let (events, violations) = book.ledger.duties(&|_, _| {}).await.unwrap();
    assert_eq!((events, violations), (book.head().await.0, Vec::new()));
    book
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 32, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_same_commands_give_the_same_root_and_live_equals_replayed(
        steps in steps(),
        hands in prop::collection::vec(any::<bool>(), 46),
    ) {
        many_threads().block_on(async {
            let one = run(&steps, &hands).await;
            one.sound().await;
            let other = run(&steps, &hands).await;
            assert_eq!(one.head().await, other.head().await, "the same commands gave another log");
            assert_eq!(one.balances().await, other.balances().await);
            // Whoever opens the file later sees the same.
            let later = one.another(5).await;
            assert_eq!(balances(&later).await, other.balances().await);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 32, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    /// Rows of different people may stand in any order; each person's own order is kept.
    #[test]
    fn the_order_of_unrelated_rows_changes_no_balance(
        rows in spend_rows_of_everybody(),
        order in Just(PEOPLE.to_vec()).prop_shuffle(),
    ) {
        let by_person: Vec<String> = order
            .iter()
            .flat_map(|name| rows.iter().filter(move |row| row.contains(&format!(",{name},"))).cloned())
            .collect();
        many_threads().block_on(async {
            let mut found = Vec::new();
            for (seed, rows) in [(1, &rows), (2, &by_person)] {
                let book = Book::seeded(seed).await;
                let mut people: Vec<String> = PEOPLE.iter().map(|name| person(name)).collect();
                people.push(person_to("MV-99", "GM", "irara"));
                book.import(Kind::Cases, "cases.csv", &people).await;
                let path = book.write(Kind::Spend, "spend.csv", rows);
                let report = import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
                assert_eq!(report.errors, []);
                book.sound().await;
                found.push((report.counts, book.balances().await, book.claim_outcomes().await));
            }
            assert_eq!(found[0], found[1]);
        });
    }
}

/// Enough spend that everybody meets the cap; every receipt once.
fn spend_rows_of_everybody() -> impl Strategy<Value = Vec<String>> {
    let row = (select(&["caritas", "caritas", "irara"][..]), select(PEOPLE), select(DAYS), select(AMOUNTS));
    prop::collection::vec(row, 10..60).prop_map(|rows| {
        let numbered = (0_u32..).zip(rows);
        numbered.map(|(n, (code, name, on, amount))| receipt(code, name, n, on, amount)).collect()
    })
}

/// A claim that was queried for late use stays so when claims are accepted in bulk.
#[test]
fn a_queried_claim_waits_for_a_decision_by_name() {
    many_threads().block_on(async {
        let book = Book::new().await;
        book.import(Kind::Cases, "cases.csv", &[person("MV-1")]).await;
        book.import(Kind::Spend, "spend.csv", &[receipt("caritas", "MV-1", 1, "2025-03-12", "10.00")]).await;
        for _ in 0..2 {
            let open: Vec<_> = book.claims().await.iter().map(|c| (c.claim, c.case_id, c.id)).collect();
            let done = book.ledger.accept_claims(&open, Proposals::Agree, false).await.unwrap();
            assert_eq!((done[0].state, done[0].reason.as_str()), (ClaimState::Queried, "late-use"));
        }
        let claim = book.claims().await.remove(0);
        book.ledger.accept_claim(claim.case_id, claim.id).await.unwrap();
        assert_eq!(book.claims().await[0].state, ClaimState::Accepted);
        book.sound().await;
    });
}

/// Accepting is shown before it is done: nothing is written, and what is promised is what happens.
#[test]
fn accepting_dry_writes_nothing_and_promises_what_happens() {
    many_threads().block_on(async {
        let book = Book::new().await;
        book.import(Kind::Cases, "cases.csv", &[person("MV-1"), person("MV-2")]).await;
        let rows: Vec<String> =
            (0..20).map(|n| receipt("caritas", PEOPLE[n as usize % 2], n, "2024-04-01", "400.00")).collect();
        book.import(Kind::Spend, "spend.csv", &rows).await;
        let open: Vec<_> = book.claims().await.iter().map(|c| (c.claim, c.case_id, c.id)).collect();
        let before = book.head().await;
        let promised = book.ledger.accept_claims(&open, Proposals::Agree, true).await.unwrap();
        assert_eq!(book.head().await, before);
        assert_eq!(book.ledger.accept_claims(&open, Proposals::Agree, false).await.unwrap(), promised);
        assert_eq!(promised.iter().filter(|c| c.state == ClaimState::Cut).count(), 2);
        book.sound().await;
    });
}
