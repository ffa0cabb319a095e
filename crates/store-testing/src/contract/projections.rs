//! Checkpoints, generations and rows.

use event_log::{LiveRow, ProjectionState, Store, StoreError};

use super::{Build, command, one};

fn state(generation: u64, version: u32, position: u64, live: bool) -> ProjectionState {
    ProjectionState { generation, version, position, live, stopped: None }
}

/// A generation that is live before its first event.
pub(super) async fn start_live(store: &dyn Store, name: &str, version: u32) -> ProjectionState {
    let started = store.start_generation(name, version).await.unwrap();
    assert!(store.switch_generation(name, started.generation, 0).await.unwrap());
    ProjectionState { live: true, ..started }
}

fn row(key: &str, value: &str) -> (String, Vec<u8>) {
    (key.to_owned(), value.as_bytes().to_vec())
}

/// Two runners fold the same events: one of them wins, and the rows of the other never appear.
pub async fn a_checkpoint_moves_only_from_where_it_is(store: &dyn Store) {
    assert_eq!(store.generations("balances").await.unwrap(), []);
    assert_eq!(start_live(store, "balances", 3).await, state(1, 3, 0, true));
    assert!(store.write_rows("balances", 1, 0, 10, &[row("a", "1"), row("b", "1")]).await.unwrap());
    assert!(!store.write_rows("balances", 1, 0, 10, &[row("a", "2"), row("c", "2")]).await.unwrap());
    assert!(!store.write_rows("balances", 2, 0, 10, &[row("a", "2")]).await.unwrap(), "no such generation");
    assert!(!store.write_rows("other", 1, 0, 10, &[row("a", "2")]).await.unwrap(), "no such projection");
    let keys = ["c", "b", "a"].map(str::to_owned);
    let values = store.rows("balances", 1, &keys).await.unwrap();
    assert_eq!(values, [None, Some(b"1".to_vec()), Some(b"1".to_vec())]);
    // The last value of a row stays, also within one call.
    assert!(store.write_rows("balances", 1, 10, 11, &[row("a", "3"), row("a", "4")]).await.unwrap());
    assert_eq!(store.rows("balances", 1, &keys[2..]).await.unwrap(), [Some(b"4".to_vec())]);
    assert_eq!(store.generations("balances").await.unwrap(), [state(1, 3, 11, true)]);
    assert!(matches!(store.write_rows("balances", 1, 11, 10, &[]).await, Err(StoreError::BadRequest(_))));
}

/// A rebuild fills its rows beside the live ones and takes over at exactly one position.
pub async fn a_generation_takes_over_at_an_exact_position(store: &dyn Store) {
    // What it was filled from may still have to be checked: not even the first is live by itself.
    assert_eq!(store.start_generation("balances", 1).await.unwrap(), state(1, 1, 0, false));
    assert_eq!(store.live_row("balances", "a").await.unwrap().live, None);
    assert!(store.switch_generation("balances", 1, 0).await.unwrap());
    start_live(store, "other", 1).await;
    store.write_rows("balances", 1, 0, 10, &[row("a", "old"), row("b", "old")]).await.unwrap();
    store.write_rows("other", 1, 0, 10, &[row("a", "other")]).await.unwrap();

    assert_eq!(store.start_generation("balances", 2).await.unwrap(), state(2, 2, 0, false));
    store.write_rows("balances", 2, 0, 9, &[row("a", "new")]).await.unwrap();
    let both = [state(1, 1, 10, true), state(2, 2, 9, false)];
    assert_eq!(store.generations("balances").await.unwrap(), both);
    assert!(!store.switch_generation("balances", 2, 10).await.unwrap(), "it stands at 9");
    assert!(!store.switch_generation("balances", 3, 9).await.unwrap(), "no such generation");
    assert_eq!(store.generations("balances").await.unwrap(), both);
    assert_eq!(store.scan_rows("balances", 1, None, 9).await.unwrap(), [row("a", "old"), row("b", "old")]);

    store.write_rows("balances", 2, 9, 10, &[row("c", "new")]).await.unwrap();
    assert!(store.switch_generation("balances", 2, 10).await.unwrap());
    assert_eq!(store.generations("balances").await.unwrap(), [state(2, 2, 10, true)]);
    assert_eq!(store.scan_rows("balances", 1, None, 9).await.unwrap(), []);
    assert_eq!(store.scan_rows("balances", 2, None, 9).await.unwrap(), [row("a", "new"), row("c", "new")]);
    assert_eq!(store.scan_rows("other", 1, None, 9).await.unwrap(), [row("a", "other")]);
}

pub async fn only_a_generation_that_is_not_live_is_removed(store: &dyn Store) {
    start_live(store, "balances", 1).await;
    store.start_generation("balances", 2).await.unwrap();
    for generation in [1, 2] {
        store.write_rows("balances", generation, 0, 1, &[row("a", "1")]).await.unwrap();
    }
    assert!(matches!(store.drop_generation("balances", 1).await, Err(StoreError::BadRequest(_))));
    store.drop_generation("balances", 2).await.unwrap();
    store.drop_generation("balances", 7).await.unwrap();
    assert_eq!(store.generations("balances").await.unwrap(), [state(1, 1, 1, true)]);
    assert_eq!(store.scan_rows("balances", 2, None, 9).await.unwrap(), []);
    assert_eq!(store.scan_rows("balances", 1, None, 9).await.unwrap(), [row("a", "1")]);
}

/// Why it stands still is kept until it moves on.
pub async fn a_generation_that_stands_still_says_why(store: &dyn Store) {
    start_live(store, "balances", 1).await;
    store.stop_generation("balances", 1, "position 1: no such type").await.unwrap();
    let stopped = store.generations("balances").await.unwrap();
    assert_eq!(stopped[0].stopped.as_deref(), Some("position 1: no such type"));
    assert!(store.write_rows("balances", 1, 0, 1, &[]).await.unwrap());
    assert_eq!(store.generations("balances").await.unwrap(), [state(1, 1, 1, true)]);
}

/// The order of bytes, not of any language: the same on every database and in every locale.
pub async fn rows_are_scanned_in_the_order_of_bytes(store: &dyn Store) {
    store.start_generation("balances", 1).await.unwrap();
    let mut keys: Vec<String> =
        ["b", "a", "B", "Z", "å", "ä", "z", "aa", "a/", "a-b", "ab", "", "10", "9", "\u{1f426}", "\u{ffee}"]
            .map(str::to_owned)
            .into();
    keys.extend((0..200).map(|number| format!("n{number}")));
    let rows: Vec<_> = keys.iter().map(|key| row(key, key)).collect();
    store.write_rows("balances", 1, 0, 1, &rows).await.unwrap();

    keys.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let mut scanned = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.scan_rows("balances", 1, after.as_deref(), 7).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        scanned.extend(page.into_iter().map(|(key, value)| {
            assert_eq!(key.as_bytes(), value);
            key
        }));
    }
    assert_eq!(scanned, keys);
    // Look-ups of more rows than one statement takes, some of them missing.
    keys.extend((0..100).map(|number| format!("missing{number}")));
    keys.reverse();
    let values = store.rows("balances", 1, &keys).await.unwrap();
    for (key, value) in keys.iter().zip(values) {
        assert_eq!(value.is_none(), key.starts_with("missing"), "{key}");
        assert!(value.is_none_or(|value| value == key.as_bytes()), "{key}");
    }
    assert_eq!(store.rows("balances", 1, &[]).await.unwrap(), Vec::<Option<Vec<u8>>>::new());
}

pub async fn a_live_row_comes_with_its_checkpoint_and_the_head(store: &dyn Store) {
    let nothing = LiveRow { live: None, head: 0, value: None };
    assert_eq!(store.live_row("balances", "a").await.unwrap(), nothing);
    one(store, command(1).on(1, 0).and(1).and(1)).await;
    start_live(store, "balances", 1).await;
    store.write_rows("balances", 1, 0, 2, &[row("a", "old"), row("b", "old")]).await.unwrap();
    let live = |generation, position, value: Option<&str>| LiveRow {
        live: Some(state(generation, 1, position, true)),
        head: 3,
        value: value.map(|value| value.as_bytes().to_vec()),
    };
    assert_eq!(store.live_row("balances", "a").await.unwrap(), live(1, 2, Some("old")));
    assert_eq!(store.live_row("balances", "c").await.unwrap(), live(1, 2, None));
    // Another generation is not looked at before it is live.
    store.start_generation("balances", 1).await.unwrap();
    store.write_rows("balances", 2, 0, 3, &[row("a", "new")]).await.unwrap();
    assert_eq!(store.live_row("balances", "a").await.unwrap(), live(1, 2, Some("old")));
    assert!(store.switch_generation("balances", 2, 3).await.unwrap());
    assert_eq!(store.live_row("balances", "a").await.unwrap(), live(2, 3, Some("new")));
    assert_eq!(store.live_row("balances", "b").await.unwrap(), live(2, 3, None));
    store.stop_generation("balances", 2, "position 4").await.unwrap();
    let stopped = store.live_row("balances", "a").await.unwrap().live.unwrap().stopped;
    assert_eq!(stopped.as_deref(), Some("position 4"));
}
