//! Pages of the log, and streams.

use event_log::{Hash, SealedRun, Store};

use super::{Build, command, meta, one, stream};

pub async fn the_identity_comes_back(store: &dyn Store) {
    assert_eq!(store.meta().await.unwrap(), meta());
}

pub async fn the_log_is_read_in_pages(store: &dyn Store) {
    store.append((0..10).map(|id| command(id).on(id, 0).and(id)).collect()).await.unwrap();
    let positions = async |after, limit| {
        let page = store.read_log(after, limit).await.unwrap();
        page.iter().map(|event| event.position).collect::<Vec<_>>()
    };
    assert_eq!(positions(0, 7).await, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(positions(7, 7).await, [8, 9, 10, 11, 12, 13, 14]);
    assert_eq!(positions(14, 7).await, [15, 16, 17, 18, 19, 20]);
    for (after, limit) in [(20, 7), (0, 0), (u64::MAX, 7)] {
        assert!(positions(after, limit).await.is_empty(), "{after} {limit}");
    }
}

pub async fn streams_are_read_whole_and_in_order(store: &dyn Store) {
    // Interleaved in the log; 10 comes before 2 in the order of bytes.
    store.append((0..12).map(|id| command(id).on(id % 4 * 5, id / 4)).collect()).await.unwrap();
    let asked = [stream(5), stream(10), stream(99), stream(5)];
    let events = store.read_streams(&asked).await.unwrap();
    let found: Vec<_> = events.iter().map(|e| (e.stream_id.clone(), e.stream_version, e.position)).collect();
    let expected = [(10, 1, 3), (10, 2, 7), (10, 3, 11), (5, 1, 2), (5, 2, 6), (5, 3, 10)];
    assert_eq!(found, expected.map(|(number, version, position)| (stream(number), version, position)));
    assert_eq!(store.read_streams(&[]).await.unwrap(), []);
}

pub async fn leaf_hashes_are_read_in_pages(store: &dyn Store) {
    assert_eq!(store.leaf_hashes(0, 7).await.unwrap(), Vec::<Hash>::new());
    store.append((0..10).map(|id| command(id).on(id, 0).and(id)).collect()).await.unwrap();
    let log = store.read_log(0, 100).await.unwrap();
    let all: Vec<Hash> = log.iter().map(|event| event.leaf_hash).collect();
    for (after, limit) in [(0, 7), (7, 7), (14, 7), (19, 7), (0, 20), (0, u32::MAX)] {
        let from = usize::try_from(after).unwrap();
        let to = from.saturating_add(limit as usize).min(20);
        assert_eq!(store.leaf_hashes(after, limit).await.unwrap(), all[from..to], "{after} {limit}");
    }
    for (after, limit) in [(20, 7), (0, 0), (u64::MAX, 7)] {
        assert_eq!(store.leaf_hashes(after, limit).await.unwrap(), Vec::<Hash>::new(), "{after} {limit}");
    }
}

/// Runs are derived from the log, so the first one kept is as good as any later one.
pub async fn sealed_runs_are_kept_until_they_are_removed(store: &dyn Store) {
    let run = |number: u64, byte: u8| SealedRun { number, packed: vec![byte; 5] };
    let beyond = i64::MAX.unsigned_abs();
    assert_eq!(store.sealed_runs(0, 9).await.unwrap(), []);
    store.seal_runs(vec![run(0, 1), run(1, 2), run(2, 3)]).await.unwrap();
    store.seal_runs(vec![run(1, 9), run(3, 4)]).await.unwrap();
    store.seal_runs(Vec::new()).await.unwrap();
    let all = [run(0, 1), run(1, 2), run(2, 3), run(3, 4)];
    assert_eq!(store.sealed_runs(0, 9).await.unwrap(), all);
    assert_eq!(store.sealed_runs(1, 2).await.unwrap(), all[1..3]);
    assert_eq!(store.sealed_runs(4, 9).await.unwrap(), []);
    assert_eq!(store.sealed_runs(beyond, 9).await.unwrap(), []);
    let large = SealedRun { number: 4, packed: (0..3_000_000_u32).map(|n| (n % 251) as u8).collect() };
    store.seal_runs(vec![large.clone()]).await.unwrap();
    assert_eq!(store.sealed_runs(4, 1).await.unwrap(), [large]);
    store.remove_sealed_runs().await.unwrap();
    assert_eq!(store.sealed_runs(0, 9).await.unwrap(), []);
    // They can be made anew.
    store.seal_runs(vec![run(0, 7)]).await.unwrap();
    assert_eq!(store.sealed_runs(0, 9).await.unwrap(), [run(0, 7)]);
}

/// Whatever is asked: an error, at once, and not a wait for connections that never come.
pub async fn a_closed_store_answers_nothing(store: &dyn Store) {
    one(store, command(1).on(1, 0)).await;
    store.start_generation("balances", 1).await.unwrap();
    store.close().await.unwrap();
    let answers = async {
        assert!(store.meta().await.is_err());
        assert!(store.head().await.is_err());
        assert!(store.append(vec![command(2).on(2, 0)]).await.is_err());
        assert!(store.read_log(0, 1).await.is_err());
        assert!(store.read_streams(&[stream(1)]).await.is_err());
        assert!(store.generations("balances").await.is_err());
        assert!(store.write_rows("balances", 1, 0, 1, &[]).await.is_err());
        assert!(store.assertions().await.is_err());
        store.close().await.unwrap();
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), answers).await.unwrap();
}
