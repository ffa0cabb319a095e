//! The largest values, texts of any language, and numbers as large as the database holds.

use event_log::envelope::STREAM_ID_BYTES_MAX;
use event_log::request::{
    ACTOR_BYTES_MAX, BODY_BYTES_MAX, EVENT_TYPE_BYTES_MAX, SCOPE_BYTES_MAX, SEALED_BYTES_MAX, VERSION_MAX,
    WRAPPED_KEY_BYTES_MAX,
};
use event_log::{Append, AppendOutcome, Head, Store, StoreError, StreamId};
use uuid::Uuid;

use super::{Build, appended, body_of, command, digest, one, stale, stream, verify};

/// A name of so many bytes that lives as long as the program.
fn name_of(bytes: usize) -> &'static str {
    Box::leak("z".repeat(bytes).into_boxed_str())
}

/// A command in which everything has a length.
fn sized(name: usize, body: usize, key: usize, text: usize) -> Append {
    let mut append = command(u64::MAX).on(1, 0).subject(1, &vec![0xfe; key]).text(1, 1, &vec![0; text]);
    let stream_id: StreamId = format!("case-{}", "9".repeat(STREAM_ID_BYTES_MAX - 5)).parse().unwrap();
    append.command_id = Uuid::max();
    append.fingerprint = [0xff; 32];
    append.actor = "å".repeat(ACTOR_BYTES_MAX / 2) + &"a".repeat(name);
    append.expected[0].0 = stream_id.clone();
    append.events[0].stream_id = stream_id;
    append.events[0].event_type = name_of(EVENT_TYPE_BYTES_MAX + name);
    append.events[0].body = body_of(body).try_into().unwrap();
    append.key(name_of(SCOPE_BYTES_MAX), 1)
}

pub async fn the_largest_values_come_back(store: &dyn Store) {
    let append = sized(0, BODY_BYTES_MAX, WRAPPED_KEY_BYTES_MAX, SEALED_BYTES_MAX);
    assert_eq!(one(store, append.clone()).await, appended(1, 1));
    let event = store.read_log(0, 1).await.unwrap().remove(0);
    assert_eq!(event.body, append.events[0].body.as_bytes());
    assert_eq!((&event.actor, event.event_type.as_str()), (&append.actor, append.events[0].event_type));
    assert_eq!((&event.stream_id, event.command_id), (&append.events[0].stream_id, Uuid::max()));
    let streams = store.read_streams(std::slice::from_ref(&event.stream_id)).await.unwrap();
    assert_eq!(streams, [event]);
    let keys = store.subject_keys(&[Uuid::from_u128(1)]).await.unwrap();
    assert_eq!(keys, [Some(vec![0xfe; WRAPPED_KEY_BYTES_MAX])]);
    let texts = store.texts(&[digest(1)]).await.unwrap();
    assert_eq!(texts[0].as_ref().map(|text| text.bytes.len()), Some(SEALED_BYTES_MAX));
    assert!(store.find_keys(name_of(SCOPE_BYTES_MAX), &[digest(1)]).await.unwrap()[0].is_some());
    assert_eq!(one(store, append).await, AppendOutcome::AlreadyDone { first: 1, last: 1 });
    verify(store).await.unwrap();
}

/// One more, each by itself. The rest of the batch is not written either.
pub async fn values_past_a_limit_are_refused(store: &dyn Store) {
    for past in [
        sized(1, 9, 9, 9),
        sized(0, BODY_BYTES_MAX + 1, 9, 9),
        sized(0, 9, WRAPPED_KEY_BYTES_MAX + 1, 9),
        sized(0, 9, 9, SEALED_BYTES_MAX + 1),
        command(1).on(1, 0).key(name_of(SCOPE_BYTES_MAX + 1), 1),
        command(1).on(1, VERSION_MAX + 1),
        command(1).on(1, u64::MAX),
    ] {
        let refused = store.append(vec![command(1).on(2, 0), past]).await;
        assert!(matches!(refused, Err(StoreError::BadRequest(_))), "{refused:?}");
    }
    assert_eq!(store.head().await.unwrap(), Head::empty());
}

pub async fn texts_of_any_language_come_back(store: &dyn Store) {
    let texts = [
        "Zoë Åkesson",
        "زهرة",
        "ናትናኤል",
        "e\u{301} is not é",
        "👩‍👧‍👦",
        "\u{feff}bom",
        "\u{1}\u{1f}\u{7f}\u{80}",
        "it's \"so\"; -- $1 ? :x %s \\",
        "\u{10ffff}",
        " ",
        "line\r\nline",
    ];
    for (nth, text) in (0..).zip(texts) {
        let mut append = command(nth).on(nth, 0);
        append.actor = text.to_owned();
        append.events[0].body = event_log::Canonical::of(&text).unwrap();
        one(store, append).await;
    }
    let log = store.read_log(0, 100).await.unwrap();
    for (event, text) in log.iter().zip(texts) {
        assert_eq!(event.actor, text);
        assert_eq!(event.body, event_log::canonical::to_bytes(&text).unwrap());
    }
    assert_eq!(log.len(), texts.len());
    verify(store).await.unwrap();

    // Keys of rows are compared byte by byte: what looks alike is not the same.
    store.start_generation("åäö", 1).await.unwrap();
    let mut rows: Vec<_> = texts.iter().map(|text| ((*text).to_owned(), text.as_bytes().to_vec())).collect();
    rows.push(("é is not e\u{301}".into(), Vec::new()));
    assert!(store.write_rows("åäö", 1, 0, 1, &rows).await.unwrap());
    store.stop_generation("åäö", 1, texts[7]).await.unwrap();
    assert_eq!(store.generations("åäö").await.unwrap()[0].stopped.as_deref(), Some(texts[7]));
    rows.sort();
    assert_eq!(store.scan_rows("åäö", 1, None, 100).await.unwrap(), rows);
    let keys: Vec<String> = rows.iter().map(|(key, _)| key.clone()).collect();
    let values: Vec<_> = rows.into_iter().map(|(_, value)| Some(value)).collect();
    assert_eq!(store.rows("åäö", 1, &keys).await.unwrap(), values);
}

pub async fn numbers_reach_as_far_as_the_database(store: &dyn Store) {
    let largest = i64::MAX.unsigned_abs();
    for (id, at) in [i64::MIN, -1, 0, i64::MAX].into_iter().enumerate() {
        let mut append = command(id as u64).on(id as u64, 0);
        append.recorded_at = at;
        append.events[0].schema_version = if at < 0 { 0 } else { u32::MAX };
        one(store, append).await;
        let event = store.read_log(id as u64, 1).await.unwrap().remove(0);
        assert_eq!((event.recorded_at, event.schema_version), (at, if at < 0 { 0 } else { u32::MAX }));
    }
    // Versions nobody can have reached are stale decisions, not faults.
    for version in [largest / 4, VERSION_MAX] {
        assert_eq!(one(store, command(9).on(1, version)).await, stale(1, version, 1));
    }
    for after in [largest, largest + 1, u64::MAX] {
        assert_eq!(store.read_log(after, u32::MAX).await.unwrap(), []);
    }
    assert_eq!(store.read_log(0, u32::MAX).await.unwrap().len(), 4);
    verify(store).await.unwrap();

    store.start_generation("balances", u32::MAX).await.unwrap();
    assert!(store.write_rows("balances", 1, 0, largest, &[]).await.unwrap());
    let state = store.generations("balances").await.unwrap().remove(0);
    assert_eq!((state.version, state.position), (u32::MAX, largest));
    let beyond = store.write_rows("balances", 1, largest, largest + 1, &[]).await;
    assert!(matches!(beyond, Err(StoreError::BadRequest(_))), "{beyond:?}");
}

/// More rows of each kind, and more questions at once, than any statement has parameters.
pub async fn one_batch_may_be_large(store: &dyn Store) {
    const COMMANDS: u64 = 9_000;
    let one_of = |id: u64| {
        command(id).on(id, 0).and(id).key("receipt", id).subject(id, b"wrapped").text(id, id, b"sealed")
    };
    let outcomes = store.append((0..COMMANDS).map(one_of).collect()).await.unwrap();
    let expected: Vec<_> = (0..COMMANDS).map(|id| appended(id * 2 + 1, id * 2 + 2)).collect();
    assert!(outcomes == expected, "dense, and in the order given");
    let again = store.append((0..COMMANDS).map(one_of).collect()).await.unwrap();
    assert!(again.iter().all(|outcome| matches!(outcome, AppendOutcome::AlreadyDone { .. })));

    // One command that touches as many streams: all or nothing.
    let mut wide = command(COMMANDS);
    for number in 0..COMMANDS {
        wide = wide.on(number, 2);
    }
    let mut stale_wide = wide.clone();
    stale_wide.expected[8_999].1 = 3;
    assert_eq!(one(store, stale_wide).await, stale(8_999, 3, 2));
    assert_eq!(one(store, wide).await, appended(COMMANDS * 2 + 1, COMMANDS * 3));

    let streams: Vec<_> = (0..COMMANDS).map(stream).collect();
    assert_eq!(store.read_streams(&streams).await.unwrap().len() as u64, COMMANDS * 3);
    let digests: Vec<_> = (0..COMMANDS * 2).map(digest).collect();
    let found = store.find_keys("receipt", &digests).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|owner| owner.map(|owner| owner.position)).collect();
    assert!((0..COMMANDS * 2).all(|id| found[id as usize] == (id < COMMANDS).then_some(id * 2 + 2)));
    let subjects: Vec<_> = (0..COMMANDS).map(|id| Uuid::from_u128(id.into())).collect();
    assert!(store.subject_keys(&subjects).await.unwrap().iter().all(Option::is_some));
    let texts = store.texts(&digests).await.unwrap();
    assert_eq!(texts.iter().filter(|text| text.is_some()).count() as u64, COMMANDS);

    let rows: Vec<_> = (0..30_000).map(|n| (format!("row-{n}"), vec![1, 2, 3])).collect();
    store.start_generation("balances", 1).await.unwrap();
    assert!(store.write_rows("balances", 1, 0, 1, &rows).await.unwrap());
    let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
    assert!(store.rows("balances", 1, &keys).await.unwrap().iter().all(Option::is_some));
    assert_eq!(store.scan_rows("balances", 1, None, 40_000).await.unwrap().len(), 30_000);
    verify(store).await.unwrap();
}
