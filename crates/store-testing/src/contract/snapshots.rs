//! Reading everything as of one moment while others write.

use event_log::{Past, ProjectionStore, Store};

use super::projections::start_live;
use super::{Build, Place, command, digest, meta, one, stream};

fn row(key: &str, value: &str) -> (String, Vec<u8>) {
    (key.to_owned(), value.as_bytes().to_vec())
}

/// All that a store can be asked for, in a form that can be compared.
async fn all(store: &dyn Store) -> String {
    let streams = [stream(1), stream(2)];
    let subjects = [uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2)];
    format!(
        "{:?}",
        (
            store.head().await.unwrap(),
            store.read_log(0, 100).await.unwrap(),
            store.leaf_hashes(0, 100).await.unwrap(),
            store.sealed_runs(0, 100).await.unwrap(),
            store.read_streams(&streams).await.unwrap(),
            store.find_keys("receipt", &[digest(1), digest(2)]).await.unwrap(),
            store.scan_keys(None, 100).await.unwrap(),
            store.subject_keys(&subjects).await.unwrap(),
            store.generations("balances").await.unwrap(),
            store.rows("balances", 1, &["a".into(), "b".into()]).await.unwrap(),
            store.live_row("balances", "a").await.unwrap(),
            store.scan_rows("balances", 1, None, 100).await.unwrap(),
        )
    )
}

/// Whatever is written after it, by this program or another, a snapshot shows the store as it was.
pub async fn a_snapshot_sees_nothing_that_comes_later<P: Place>() {
    let Some(place) = P::create(meta()).await else { return };
    let (store, other) = (place.open().await, place.open().await);
    one(&*store, command(1).subject(1, b"key").on(1, 0).and(1).key("receipt", 1)).await;
    start_live(&*store, "balances", 1).await;
    store.write_rows("balances", 1, 0, 2, &[row("a", "1"), row("c", "1")]).await.unwrap();

    let before = all(&*store).await;
    let snapshot = store.snapshot().await.unwrap();
    for (number, store) in [(2, &store), (3, &other)] {
        let next = command(number).subject(number, b"key").on(number, 0).key("receipt", number);
        one(&**store, next).await;
        let rows = [row("a", "later"), row(&format!("b{number}"), "later")];
        assert!(store.write_rows("balances", 1, number, number + 1, &rows).await.unwrap());
        assert_eq!(all(&*snapshot).await, before);
    }
    // A rebuild that takes over removes the rows that the snapshot still shows.
    other.start_generation("balances", 2).await.unwrap();
    assert!(other.write_rows("balances", 2, 0, 4, &[row("a", "new")]).await.unwrap());
    assert!(other.switch_generation("balances", 2, 4).await.unwrap());
    assert_eq!(all(&*snapshot).await, before);
    assert_ne!(all(&*store).await, before);
    snapshot.close().await.unwrap();
}

/// The one that it was taken of goes on.
pub async fn closing_a_snapshot_closes_nothing_else<P: Place>() {
    let Some(place) = P::create(meta()).await else { return };
    let store = place.open().await;
    let snapshot = store.snapshot().await.unwrap();
    snapshot.close().await.unwrap();
    assert!(snapshot.head().await.is_err());
    one(&*store, command(1).on(1, 0)).await;
    let again = store.snapshot().await.unwrap();
    assert_eq!(again.head().await.unwrap().position, 1);
    again.close().await.unwrap();
    store.close().await.unwrap();
}

/// Rows that were changed in memory stand among those of the store, in their order, on pages of any length.
pub async fn what_is_folded_at_a_moment_stays_there<P: Place>() {
    let Some(place) = P::create(meta()).await else { return };
    let store = place.open().await;
    one(&*store, command(1).on(1, 0).and(1).and(1)).await;
    start_live(&*store, "balances", 1).await;
    let stored: Vec<_> = ["a", "c", "e", "g"].map(|key| row(key, "stored")).into();
    store.write_rows("balances", 1, 0, 2, &stored).await.unwrap();

    let now = Past::now(&*store).await.unwrap();
    let changed: Vec<_> = ["b", "c", "h", "i"].map(|key| row(key, "held")).into();
    assert!(!now.write_rows("balances", 1, 1, 3, &changed).await.unwrap(), "it stands at 2");
    assert!(now.write_rows("balances", 1, 2, 3, &changed).await.unwrap());
    let mut wanted = [stored.clone(), changed].concat();
    wanted.sort_by(|a, b| (&a.0, &b.1).cmp(&(&b.0, &a.1)));
    wanted.dedup_by(|later, first| later.0 == first.0);
    for (key, value) in &mut wanted {
        let is_held = ["b", "c", "h", "i"].contains(&key.as_str());
        *value = if is_held { b"held".to_vec() } else { b"stored".to_vec() };
    }
    for limit in 1..9 {
        let (mut rows, mut after): (Vec<(String, Vec<u8>)>, Option<String>) = (Vec::new(), None);
        loop {
            let page = now.scan_rows("balances", 1, after.as_deref(), limit).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            rows.extend(page);
        }
        assert_eq!(rows, wanted, "pages of {limit}");
    }
    let keys: Vec<String> = wanted.iter().map(|(key, _)| key.clone()).chain(["z".into()]).collect();
    let values = now.rows("balances", 1, &keys).await.unwrap();
    assert_eq!(values.iter().flatten().count(), wanted.len());
    assert!(wanted.iter().zip(&values).all(|((_, value), found)| found.as_ref() == Some(value)));
    assert_eq!(now.live_row("balances", "b").await.unwrap().value, Some(b"held".to_vec()));
    assert_eq!(now.live_row("balances", "a").await.unwrap().value, Some(b"stored".to_vec()));
    // A generation of its own begins empty, and the next number is free.
    assert_eq!(now.start_generation("balances", 2).await.unwrap().generation, 2);
    assert_eq!(now.scan_rows("balances", 2, None, 9).await.unwrap(), []);
    // The store itself has nothing of it.
    assert_eq!(store.scan_rows("balances", 1, None, 9).await.unwrap(), stored);
    assert_eq!(store.generations("balances").await.unwrap().len(), 1);
    now.close().await.unwrap();
}
