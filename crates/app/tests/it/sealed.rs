//! Verification reads the log itself, and holds the sealed runs against it.

use event_log::run::{RUN_EVENTS, seal};
use event_log::{SealedRun, Store};

use crate::support::*;

/// A ledger of more than two runs, sealed by the first query.
async fn sealed() -> (Book, Vec<SealedRun>) {
    let book = Book::new().await;
    let rows: Vec<String> = (0..500)
        .map(|n| {
            format!("MV-{n},2024-02-01,AM,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-02-20,approve,2024-03-10,2024-03-11,caritas")
        })
        .collect();
    book.import(Kind::Cases, "cases.csv", &rows).await;
    book.ledger.balances(None).await.unwrap();
    let runs = book.ledger.store().sealed_runs(0, u32::MAX).await.unwrap();
    assert!(runs.len() >= 2, "{}", runs.len());
    (book, runs)
}

async fn exchange(store: &dyn Store, runs: Vec<SealedRun>) {
    store.remove_sealed_runs().await.unwrap();
    store.seal_runs(runs).await.unwrap();
}

async fn verified(book: &Book) -> Result<u64, String> {
    book.ledger.verify(&|_, _| {}).await.map(|v| v.events).map_err(|error| {
        assert_eq!(error.exit_code(), 3);
        error.to_string()
    })
}

#[tokio::test]
async fn a_log_and_its_runs_verify_and_so_does_a_log_without_them() {
    let (book, runs) = sealed().await;
    let events = book.head().await.0;
    assert_eq!(verified(&book).await, Ok(events));
    exchange(book.ledger.store().as_ref(), vec![runs[1].clone()]).await;
    assert_eq!(verified(&book).await, Ok(events));
    book.ledger.store().remove_sealed_runs().await.unwrap();
    assert_eq!(verified(&book).await, Ok(events));
    book.sound().await;
}

#[tokio::test]
async fn a_run_that_differs_from_the_log_is_named_with_position_and_stream() {
    let (book, runs) = sealed().await;
    let store = book.ledger.store();
    let mut events = store.read_log(RUN_EVENTS, RUN_EVENTS as u32).await.unwrap();
    let (position, stream_id) = (events[77].position, events[77].stream_id.clone());
    events[77].recorded_at += 1;
    exchange(store.as_ref(), vec![runs[0].clone(), seal(&events).unwrap()]).await;
    let told = verified(&book).await.unwrap_err();
    assert!(told.contains(&format!("position {position}, stream {stream_id}")), "{told}");
    assert!(told.contains("one of them was altered") && told.contains("replay --repair"), "{told}");
    book.ledger.replay(true, &|_, _| {}).await.unwrap();
    assert_eq!(store.sealed_runs(0, u32::MAX).await.unwrap(), runs);
    book.sound().await;
}

#[tokio::test]
async fn a_run_that_is_no_run_and_one_past_the_end_of_the_log_are_found() {
    let (book, runs) = sealed().await;
    let store = book.ledger.store();
    let garbage = SealedRun { number: 1, packed: runs[0].packed.clone() };
    exchange(store.as_ref(), vec![runs[0].clone(), garbage]).await;
    let told = verified(&book).await.unwrap_err();
    assert!(told.contains("the sealed run 1 (positions 1025 to 2048)"), "{told}");

    // As if the log had been longer once: where it ends in the middle of a run, and where it ends before it.
    let log = book.head().await.0;
    for number in [log / RUN_EVENTS, log / RUN_EVENTS + 5] {
        let mut events = store.read_log(0, RUN_EVENTS as u32).await.unwrap();
        for (event, position) in events.iter_mut().zip(event_log::run::first(number)..) {
            event.position = position;
        }
        let beyond = seal(&events).unwrap();
        exchange(store.as_ref(), [runs.clone(), vec![beyond]].concat()).await;
        let told = verified(&book).await.unwrap_err();
        assert!(
            told.contains(&format!("sealed run {number}")) || told.contains("one of them was altered"),
            "{told}"
        );
    }
    exchange(store.as_ref(), runs).await;
    assert_eq!(verified(&book).await, Ok(log));
}
