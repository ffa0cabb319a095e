//! Pages of the log, and streams.

use event_log::{LedgerMeta, Store};

use super::{Build, command, stream};

pub async fn the_identity_comes_back(store: &dyn Store, meta: &LedgerMeta) {
    assert_eq!(&store.meta().await.unwrap(), meta);
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
