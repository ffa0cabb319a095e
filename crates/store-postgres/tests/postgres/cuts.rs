//! The connection ends around a commit, at each message that store and server exchange.

use std::collections::BTreeSet;

use event_log::{AppendOutcome, Store, StoreError};
use store_postgres::PostgresStore;
use store_testing::contract::{Build, appended, assert_as_told, command, one, verify};

use crate::proxy::{From, Proxy};
use crate::support::Ledger;

const COMMANDS: u64 = 300;

/// Messages from the first statement of an append to the answer to its last, with those of a new connection.
const MESSAGES: u64 = 60;

/// Ledgers on which they are cut at the same time: a cut is mostly waiting.
const LEDGERS: u64 = 10;

/// No command is written twice, none is lost, and whoever asks again gets the answer that was lost. Half of the
/// appends are the first after somebody else's, so they lock, read, write and commit; the others are one statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_cut_at_any_message_is_written_once() {
    let mut cutting = Vec::new();
    for number in 0..LEDGERS {
        let Some(ledger) = Ledger::new().await else { return };
        let ids: Vec<u64> = (0..COMMANDS).filter(|id| id / 2 % LEDGERS == number).collect();
        cutting.push(tokio::spawn(cut(ledger, ids)));
    }
    let (mut came, mut places) = (0, BTreeSet::new());
    for ledger in cutting {
        let (cuts, cut_at) = ledger.await.unwrap();
        came += cuts;
        places.extend(cut_at);
    }

    // It was cut where it matters: before the server had everything, and after it had committed.
    for (from, kinds) in [
        (From::Store, &["Q BEGIN", "Q COMMIT", "P", "B", "E", "S"][..]),
        (From::Server, &["T", "D", "C", "Z"]),
    ] {
        for kind in kinds {
            let place = (from, (*kind).to_owned());
            assert!(places.contains(&place), "never cut after {place:?}: {places:?}");
        }
    }
    assert!(
        came > COMMANDS / 4 && came < COMMANDS,
        "{came} cuts: from before the first message to after the last"
    );
}

/// Cuts the appends of these commands; answers with how many were met, and where.
async fn cut(ledger: Ledger, ids: Vec<u64>) -> (u64, BTreeSet<(From, String)>) {
    let proxy = Proxy::start(&ledger.database).await;
    let store = PostgresStore::open(proxy.url()).await.unwrap();
    let mut told = Vec::new();
    let mut came = 0;
    for &id in &ids {
        let nth = id / 2 % MESSAGES + 1;
        if id % 2 == 1 {
            one(&ledger.store, command(10_000 + id).on(10_000 + id, 0)).await;
        } else {
            // With a connection and a head that are known.
            one(&store, command(20_000 + id).on(20_000 + id, 0)).await;
        }
        let append =
            command(id).on(id, 0).and(id).key("receipt", id).subject(id, b"key").text(id, id, b"text");
        proxy.cut_after(nth);
        let outcome = one(&store, append.clone()).await;
        came += u64::from(proxy.calm());
        let AppendOutcome::Appended { first, last } = outcome else { panic!("{id}: {outcome:?}") };
        told.push((append.command_id, outcome));
        let again = AppendOutcome::AlreadyDone { first, last };
        assert_eq!(one(&ledger.store, append.clone()).await, again);
        assert_eq!(one(&store, append).await, again);
    }
    let head = ledger.store.head().await.unwrap();
    let all = ids.len() as u64 * 3;
    assert_eq!(head.position, all, "two events of each, and one of somebody else before it");
    assert_as_told(&ledger.store, &told).await;
    verify(&ledger.store).await.unwrap();
    (came, proxy.places().0)
}

/// The server goes away in the middle of an append and does not come back in time: the caller is told so. The same
/// command again, once the server is there, is written now, or gets the answer that was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gives_up_and_asks_again_gets_the_one_answer() {
    let Some(ledger) = Ledger::new().await else { return };
    let mut callers = Vec::new();
    // The commit and its answer are among the last messages of a first append.
    let (seldom, each) = if store_testing::long() { (1..1, 1..=90) } else { (1..50, 50..=66) };
    for nth in seldom.step_by(7).chain(each) {
        let proxy = Proxy::start(&ledger.database).await;
        callers.push(tokio::spawn(async move {
            let store = PostgresStore::open(proxy.url()).await.unwrap();
            let append = command(nth).on(nth, 0).and(nth);
            proxy.gone_after(nth);
            let cut = store.append(vec![append.clone()]).await;
            proxy.calm();
            (nth, cut, append.command_id, one(&store, append).await)
        }));
    }
    let (mut written_now, mut written_before, mut told) = (0, 0, Vec::new());
    for caller in callers {
        let (nth, cut, id, again) = caller.await.unwrap();
        match (cut, &again) {
            (Err(StoreError::Unreachable(_)), AppendOutcome::Appended { .. }) => written_now += 1,
            (Err(StoreError::Unreachable(_)), AppendOutcome::AlreadyDone { .. }) => written_before += 1,
            // It was answered before so many messages.
            (Ok(outcomes), AppendOutcome::AlreadyDone { first, last }) => {
                assert_eq!(outcomes, [appended(*first, *last)]);
            }
            other => panic!("{nth}: {other:?}"),
        }
        told.push((id, again));
    }
    assert!(written_now > 0 && written_before > 0, "{written_now} written now, {written_before} before");
    assert_eq!(ledger.store.head().await.unwrap().position, told.len() as u64 * 2);
    assert_as_told(&ledger.store, &told).await;
    verify(&ledger.store).await.unwrap();
}

/// A look is asked again on another connection, wherever it is cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_is_cut_is_asked_again() {
    let Some(ledger) = Ledger::new().await else { return };
    let proxy = Proxy::start(&ledger.database).await;
    let store = PostgresStore::open(proxy.url()).await.unwrap();
    one(&ledger.store, command(1).on(1, 0).and(1)).await;
    let head = ledger.store.head().await.unwrap();
    for nth in 1..40 {
        proxy.cut_after(nth);
        assert_eq!(store.head().await.unwrap(), head);
        assert_eq!(store.read_log(0, 9).await.unwrap().len(), 2, "{nth}");
    }
    proxy.calm();
    assert!(proxy.places().1 > 20);
}
