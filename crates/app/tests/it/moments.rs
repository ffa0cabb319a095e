//! What is read while others write: answers that belong together, and checks that come to an end.

use std::sync::Arc;

use app::Ledger;
use app::command::Proposals;
use store_testing::{Before, Interposed};

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::support::*;

/// `None` where there is no such database to test on.
async fn on<P: Home>() -> Option<Book<P>> {
    let book = Book::<P>::made(1).await?;
    let people: Vec<String> = (1..=6).map(|n| person(&format!("MV-{n}"))).collect();
    book.import(Kind::Cases, "cases.csv", &people).await;
    let spend: Vec<String> =
        (1..=6).map(|n| receipt("caritas", &format!("MV-{n}"), n, "2024-04-01", "300.00")).collect();
    book.import(Kind::Spend, "spend.csv", &spend).await;
    Some(book)
}

/// Another process, which reads two rows at a time.
pub async fn interposed<P: Home>(book: &Book<P>) -> (Ledger, Arc<Interposed>) {
    let store = Interposed::paged(book.home.open().await, 2);
    let ledger = Ledger::open(start(store.clone(), 3, book.folder.path())).await.unwrap();
    (ledger, store)
}

/// Claims are accepted, and all read models brought up to date, between two pages of the rows of one.
async fn figures_are_of_one_moment<P: Home>() {
    let Some(book) = on::<P>().await else { return };
    let (slow, store) = interposed(&book).await;
    let before = slow.summary().await.unwrap();
    assert_eq!((before.open_claims.0, before.total.people), (6, 6));

    let moment = slow.at_this_moment().await.unwrap();
    let quick = book.another(4).await;
    store.meanwhile(Before::Rows, async move {
        let claims = quick.claims(&Default::default()).await.unwrap();
        let claims: Vec<_> = claims.iter().map(|claim| (claim.claim, claim.case_id, claim.id)).collect();
        quick.accept_claims(&claims, Proposals::Agree, false).await.unwrap();
        assert_eq!(quick.summary().await.unwrap().open_claims.0, 0);
    });
    assert_eq!(moment.summary().await.unwrap(), before);
    assert_eq!(moment.balances(None).await.unwrap().len(), 12);
    let after = slow.summary().await.unwrap();
    assert_eq!((after.open_claims.0, after.position > before.position), (0, true));
    assert_eq!(moment.summary().await.unwrap(), before);
    moment.store().close().await.unwrap();
    book.sound().await;
}

#[test]
fn figures_are_of_one_moment_on_sqlite() {
    many_threads().block_on(figures_are_of_one_moment::<SqliteHome>());
}

#[test]
fn figures_are_of_one_moment_on_postgres() {
    many_threads().block_on(figures_are_of_one_moment::<PostgresHome>());
}

/// Somebody adds to the log and brings the read models up to date before every look at their rows.
fn keep_moving(store: Arc<Interposed>, quick: Arc<Ledger>, number: u32) {
    let again = store.clone();
    store.meanwhile(Before::Rows, async move {
        let case = quick.find_case("MV-1").await.unwrap();
        let partner = if number.is_multiple_of(2) { "caritas" } else { "irara" };
        let day = format!("2024-{:02}-{:02}", number / 28 + 3, number % 28 + 1);
        quick.assign(case, partner.parse().unwrap(), Some(day.parse().unwrap())).await.unwrap();
        quick.cases().await.unwrap();
        keep_moving(again, quick, number + 1);
    });
}

/// A replay ends although the rows never hold still, and calls none of them different.
async fn a_replay_of_a_busy_ledger_ends<P: Home>() {
    let Some(book) = on::<P>().await else { return };
    book.import(Kind::Cases, "another.csv", &[person_to("MV-9", "GM", "irara")]).await;
    let (slow, store) = interposed(&book).await;
    keep_moving(store, Arc::new(book.another(4).await), 1);
    let replayed = slow.replay(false, &|_, _| {}).await.unwrap();
    assert!(replayed.iter().all(|replayed| replayed.is_equal()), "{replayed:?}");
}

#[test]
fn a_replay_of_a_busy_ledger_ends_on_sqlite() {
    many_threads().block_on(a_replay_of_a_busy_ledger_ends::<SqliteHome>());
}

#[test]
fn a_replay_of_a_busy_ledger_ends_on_postgres() {
    many_threads().block_on(a_replay_of_a_busy_ledger_ends::<PostgresHome>());
}

/// A row that is wrong is put right although nothing holds still: nobody is sent away until the others go home.
async fn a_busy_ledger_is_repaired<P: Home>() {
    let Some(book) = on::<P>().await else { return };
    book.import(Kind::Cases, "another.csv", &[person_to("MV-9", "GM", "irara")]).await;
    book.another(3).await.cases().await.unwrap();
    let plain = book.home.open().await;
    let live = plain.generations("cases").await.unwrap().into_iter().find(|state| state.live).unwrap();
    let rows = plain.scan_rows("cases", live.generation, None, 100).await.unwrap();
    let wrong = rows.into_iter().find_map(|(key, value)| {
        let text = String::from_utf8(value).unwrap();
        text.contains("\"GM\"").then(|| (key, text.replace("\"GM\"", "\"SO\"").into_bytes()))
    });
    let (at, wrong) = (live.position, [wrong.unwrap()]);
    assert!(plain.write_rows("cases", live.generation, at, at, &wrong).await.unwrap());

    let (slow, store) = interposed(&book).await;
    keep_moving(store, Arc::new(book.another(4).await), 1);
    let replayed = slow.replay(true, &|_, _| {}).await.unwrap();
    let switched: Vec<_> = replayed.iter().filter(|found| found.switched).map(|found| found.name).collect();
    assert_eq!(switched, ["cases"]);
    let after = book.another(5).await;
    assert!(after.replay(false, &|_, _| {}).await.unwrap().iter().all(|found| found.is_equal()));
    assert!(after.cases().await.unwrap().iter().any(|case| case.destination == "GM"));
}

#[test]
fn a_busy_ledger_is_repaired_on_sqlite() {
    many_threads().block_on(a_busy_ledger_is_repaired::<SqliteHome>());
}

#[test]
fn a_busy_ledger_is_repaired_on_postgres() {
    many_threads().block_on(a_busy_ledger_is_repaired::<PostgresHome>());
}

/// A fact that is reserved after the last event that a verification reads is no damage.
#[test]
fn a_ledger_that_grows_while_it_is_verified_is_sound() {
    many_threads().block_on(async {
        let book = on::<SqliteHome>().await.unwrap();
        let (slow, store) = interposed(&book).await;
        let (events, _) = book.head().await;
        let quick = book.another(4).await;
        let path = book.write(Kind::Cases, "more.csv", &[person("MV-7")]);
        store.meanwhile(Before::ScanKeys, async move {
            import(&quick, Kind::Cases, path, How::Real).await.unwrap();
        });
        assert_eq!(slow.verify(&|_, _| {}).await.unwrap().events, events);
        assert!(slow.verify(&|_, _| {}).await.unwrap().events > events);
    });
}
