//! Random commands over several people, through files and by hand.

use app::import::ImportReport;
use app::{AppError, Ledger};
use domain::CaseId;
use domain::case::Decision;
use domain::claim::ClaimState;
use money::Eur;
use proptest::prelude::*;
use proptest::sample::select;
use rulebook::{Authority, ReturnMode};

use crate::support::*;

const PEOPLE: &[&str] = &["MV-1", "MV-2", "MV-3", "MV-4"];
const DAYS: &[&str] =
    &["2024-02-01", "2024-03-10", "2024-03-11", "2024-03-14", "2024-03-15", "2025-03-11", "2025-03-12"];
const AMOUNTS: &[&str] =
    &["0.01", "100.00", "614.99", "615.00", "615.01", "999.99", "1500.00", "3000.00", "3000.01"];

#[derive(Debug, Clone)]
enum Step {
    File(Kind, Vec<String>),
    AcceptingFile(Vec<String>),
    AcceptAll,
    Accept(usize),
    Refuse(usize),
    Allow(usize),
    Return(usize, &'static str, &'static str),
    Mode(&'static str, ReturnMode, &'static str),
    Decide(&'static str, Decision, &'static str),
    Assign(&'static str, &'static str),
    Arrive(&'static str),
    Withdraw(&'static str),
    Close(&'static str),
    CatchUp,
}

/// Rows of the register: decided or not yet, at home or not yet, so that a newer file fills in an older one.
fn case_rows() -> impl Strategy<Value = Vec<String>> {
    let row = (select(PEOPLE), select(&["GM", "IQ", "AM"][..]), 0_u8..4).prop_map(|(name, _, known)| {
        // Each person goes to one country, or the register would contradict itself.
        let country = ["GM", "IQ", "AM", "PS"][PEOPLE.iter().position(|p| *p == name).unwrap()];
        let filed =
            format!("{name},2024-02-01,{country},voluntary,migration-agency,refused,yes,yes,yes,no,no");
        let rest = [
            "2024-02-20,approve,2024-03-10,2024-03-11,caritas",
            "2024-02-20,approve,,,caritas",
            ",,,,",
            ",,2024-03-10,,",
        ];
        format!("{filed},{}", rest[usize::from(known)])
    });
    prop::collection::vec(row, 1..5)
}

fn spend_rows() -> impl Strategy<Value = Vec<String>> {
    let codes = select(&["caritas", "caritas", "irara"][..]);
    let row = (codes, select(PEOPLE), 0_u32..25, select(DAYS), select(AMOUNTS))
        .prop_map(|(code, name, number, on, amount)| receipt(code, name, number, on, amount));
    prop::collection::vec(row, 1..12)
}

fn step() -> impl Strategy<Value = Step> {
    let grants = prop::collection::vec(
        (select(PEOPLE), 0_u32..12, select(DAYS), select(AMOUNTS))
            .prop_map(|(name, n, on, sum)| payment(name, n, on, sum)),
        1..4,
    );
    let reversals = prop::collection::vec(
        (select(&["caritas", "irara"][..]), 0_u32..25, select(DAYS), select(AMOUNTS))
            .prop_map(|(code, n, on, sum)| reversal(code, n, on, sum)),
        1..4,
    );
    prop_oneof![
        2 => case_rows().prop_map(|rows| Step::File(Kind::Cases, rows)),
        3 => spend_rows().prop_map(|rows| Step::File(Kind::Spend, rows)),
        4 => spend_rows().prop_map(Step::AcceptingFile),
        3 => grants.prop_map(|rows| Step::File(Kind::Grants, rows)),
        2 => reversals.prop_map(|rows| Step::File(Kind::Reversals, rows)),
        2 => Just(Step::AcceptAll),
        2 => any::<usize>().prop_map(Step::Accept),
        1 => any::<usize>().prop_map(Step::Refuse),
        2 => any::<usize>().prop_map(Step::Allow),
        2 => (any::<usize>(), select(AMOUNTS), select(DAYS)).prop_map(|(n, sum, on)| Step::Return(n, sum, on)),
        3 => (select(PEOPLE), select(ReturnMode::ALL), select(DAYS)).prop_map(|(p, mode, on)| Step::Mode(p, mode, on)),
        1 => (select(PEOPLE), select(Decision::ALL), select(DAYS)).prop_map(|(p, d, on)| Step::Decide(p, d, on)),
        1 => (select(PEOPLE), select(&["caritas", "irara"][..])).prop_map(|(p, code)| Step::Assign(p, code)),
        1 => select(PEOPLE).prop_map(Step::Arrive),
        1 => select(PEOPLE).prop_map(Step::Withdraw),
        1 => select(PEOPLE).prop_map(Step::Close),
        2 => Just(Step::CatchUp),
    ]
}

/// Starts with everybody filed, most of them at home.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    (case_rows(), prop::collection::vec(step(), 25..45)).prop_map(|(mut rows, mut steps)| {
        rows.extend(
            PEOPLE.iter().zip(["GM", "IQ", "AM", "PS"]).map(|(name, to)| person_to(name, to, "caritas")),
        );
        rows.reverse();
        steps.insert(0, Step::File(Kind::Cases, rows));
        steps
    })
}

/// A rule may refuse it, or there may be nothing to do it to; anything else is a fault.
fn business<T>(step: &Step, result: Result<T, AppError>) -> Option<T> {
    match result {
        Ok(done) => Some(done),
        Err(AppError::Refused(_) | AppError::Usage(_)) => None,
        Err(fault) => panic!("{step:?}: {fault:?}"),
    }
}

async fn take(book: &Book, index: usize, step: &Step) {
    let ledger: &Ledger = &book.ledger;
    let day = |text: &str| text.parse().unwrap();
    let person = async |name: &str| -> Option<CaseId> { ledger.find_case(name).await.ok() };
    match step {
        Step::File(kind, rows) => {
            let path = book.write(*kind, &format!("{index}.csv"), rows);
            business::<ImportReport>(step, import(ledger, *kind, path, How::Partial).await);
        }
        Step::AcceptingFile(rows) => {
            let path = book.write(Kind::Spend, &format!("{index}.csv"), rows);
            business(step, import(ledger, Kind::Spend, path, How::Accepting).await);
        }
        Step::AcceptAll => {
            let open: Vec<_> = book.claims().await.iter().map(|c| (c.claim, c.case_id, c.id)).collect();
            business(step, ledger.accept_claims(&open, false).await);
        }
        Step::Accept(n) | Step::Refuse(n) => {
            let claims = book.claims().await;
            let Some(claim) = claims.get(n.checked_rem(claims.len()).unwrap_or(0)) else { return };
            let done = match step {
                Step::Accept(_) => ledger.accept_claim(claim.case_id, claim.id).await,
                _ => ledger.refuse_claim(claim.case_id, claim.id, "no receipt").await,
            };
            business(step, done);
        }
        Step::Allow(n) | Step::Return(n, ..) => {
            let grants = ledger.grants(None).await.unwrap();
            let Some(item) = grants.get(n.checked_rem(grants.len()).unwrap_or(0)) else { return };
            let (case, grant) = ledger.find_grant(item.grant).await.unwrap();
            let done = match step {
                Step::Return(_, sum, on) => {
                    ledger.return_grant(case, grant, sum.parse::<Eur>().unwrap(), day(on), "came back").await
                }
                _ => ledger.allow_grant(case, grant, "the bank was closed").await,
            };
            business(step, done);
        }
        Step::Mode(name, mode, on) => {
            let Some(case) = person(name).await else { return };
            let authority =
                if *mode == ReturnMode::Forced { Authority::Police } else { Authority::MigrationAgency };
            business(step, ledger.change_return_mode(case, *mode, authority, day(on)).await);
        }
        Step::Decide(name, decision, on) => {
            let Some(case) = person(name).await else { return };
            business(step, ledger.decide(case, *decision, day(on)).await);
        }
        Step::Assign(name, code) => {
            let Some(case) = person(name).await else { return };
            business(step, ledger.assign(case, code.parse().unwrap()).await);
        }
        Step::Arrive(name) | Step::Withdraw(name) | Step::Close(name) => {
            let Some(case) = person(name).await else { return };
            let done = match step {
                Step::Arrive(_) => ledger.arrive(case, day("2024-03-11")).await,
                Step::Withdraw(_) => ledger.withdraw(case, day("2024-04-01")).await,
                _ => ledger.close(case, day("2026-01-31")).await,
            };
            business(step, done);
        }
        Step::CatchUp => {
            ledger.catch_up(&|_, _| {}).await.unwrap();
        }
    }
}

async fn run(steps: &[Step]) -> Book {
    let book = Book::new().await;
    for (index, step) in steps.iter().enumerate() {
        take(&book, index, step).await;
    }
    book
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_same_commands_give_the_same_root_and_live_equals_replayed(steps in steps()) {
        many_threads().block_on(async {
            let one = run(&steps).await;
            one.sound().await;
            let other = run(&steps).await;
            assert_eq!(one.head().await, other.head().await, "the same commands gave another log");
            assert_eq!(one.balances().await, other.balances().await);
            // Whoever opens the file later sees the same.
            let later = one.another(5).await;
            assert_eq!(balances(&later).await, other.balances().await);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

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
                let people: Vec<String> = PEOPLE.iter().map(|name| person(name)).collect();
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
            let done = book.ledger.accept_claims(&open, false).await.unwrap();
            assert_eq!((done[0].state, done[0].reason.as_str()), (ClaimState::Queried, "late-use"));
        }
        let claim = book.claims().await.remove(0);
        book.ledger.accept_claim(claim.case_id, claim.id).await.unwrap();
        assert_eq!(book.claims().await[0].state, "accepted");
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
        let promised = book.ledger.accept_claims(&open, true).await.unwrap();
        assert_eq!(book.head().await, before);
        assert_eq!(book.ledger.accept_claims(&open, false).await.unwrap(), promised);
        assert_eq!(promised.iter().filter(|c| c.state == ClaimState::Cut).count(), 2);
        book.sound().await;
    });
}
