//! Positions, versions, command ids and batches.

use event_log::request::BODY_BYTES_MAX;
use event_log::{Append, AppendOutcome, Conflict, Head, Store, StoreError};

use super::{
    Build, Place, Random, appended, body_of, command, meta, one, random_command, stale, stream, verify,
};

pub async fn an_empty_log_has_the_empty_root(store: &dyn Store) {
    assert_eq!(store.head().await.unwrap(), Head::empty());
    assert_eq!(store.append(Vec::new()).await.unwrap(), []);
    assert_eq!(verify(store).await, Ok(Head::empty().root));
}

pub async fn positions_and_versions_are_dense(store: &dyn Store) {
    assert_eq!(one(store, command(1).on(1, 0).and(1).and(1)).await, appended(1, 3));
    let batch = vec![command(2).on(2, 0), command(3).on(1, 3).on(2, 1).and(1), command(4).on(1, 5)];
    assert_eq!(store.append(batch).await.unwrap(), [appended(4, 4), appended(5, 7), appended(8, 8)]);

    let log = store.read_log(0, 100).await.unwrap();
    let places: Vec<_> = log.iter().map(|e| (e.position, e.stream_id.clone(), e.stream_version)).collect();
    let expected = [(1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 1), (5, 1, 4), (6, 2, 2), (7, 1, 5), (8, 1, 6)];
    assert_eq!(places, expected.map(|(position, number, version)| (position, stream(number), version)));
    assert_eq!(store.head().await.unwrap().position, 8);
    verify(store).await.unwrap();
}

/// A batch is written as it was given: each field comes back byte for byte.
pub async fn every_field_comes_back(store: &dyn Store) {
    let mut append = command(9).on(4, 0).and(4);
    append.actor = "Zoë Åkesson".into();
    append.recorded_at = -5;
    append.events[1].schema_version = u32::MAX;
    append.events[1].event_type = "Ankommen";
    one(store, append.clone()).await;
    let log = store.read_log(1, 1).await.unwrap();
    let [event] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((event.position, &event.stream_id, event.stream_version), (2, &stream(4), 2));
    assert_eq!((event.event_type.as_str(), event.schema_version), ("Ankommen", u32::MAX));
    assert_eq!(
        (event.command_id, event.actor.as_str(), event.recorded_at),
        (append.command_id, "Zoë Åkesson", -5)
    );
    assert_eq!(event.body, append.events[1].body.as_bytes());
    verify(store).await.unwrap();
}

/// Another writer makes the stream exactly as long as a later command of the batch expects, with other contents.
/// Red if only versions were compared: a decision would rest on an event that was never written.
pub async fn a_command_never_rests_on_one_that_was_not_written(store: &dyn Store) {
    one(store, command(1).on(1, 0)).await;
    // Both were decided when the stream was empty: the second on what the first would write.
    let mut second = command(3).on(1, 1).on(2, 0);
    second.after = vec![command(2).command_id];
    let outcomes = store.append(vec![command(2).on(1, 0), second.clone()]).await.unwrap();
    assert_eq!(outcomes, [stale(1, 0, 1), stale(1, 1, 1)]);
    // Not even when the first was written before, by an earlier attempt: what stands between is not known.
    assert_eq!(one(store, second.clone()).await, stale(1, 1, 1));
    second.after.clear();
    assert_eq!(one(store, second).await, appended(2, 3));
    let mut third = command(5).on(1, 3);
    third.after = vec![command(4).command_id];
    let outcomes = store.append(vec![command(4).on(1, 2), third]).await.unwrap();
    assert_eq!(outcomes, [appended(4, 4), appended(5, 5)]);
    verify(store).await.unwrap();
}

/// Red if a command's events were written one stream at a time.
pub async fn several_streams_are_written_together_or_not_at_all(store: &dyn Store) {
    one(store, command(1).on(1, 0)).await;
    let batch = vec![
        command(2).on(2, 0),
        // Stream 1 moved on: nothing of this command is written, neither to 3 nor to 2.
        command(3).on(3, 0).on(2, 1).on(1, 0).key("receipt", 1).subject(1, b"key").text(1, 1, b"text"),
        command(4).on(3, 0),
        command(5).on(2, 1),
    ];
    let outcomes = store.append(batch).await.unwrap();
    assert_eq!(outcomes, [appended(2, 2), stale(1, 0, 1), appended(3, 3), appended(4, 4)]);
    assert_eq!(store.find_keys("receipt", &[super::digest(1)]).await.unwrap(), [None]);
    assert_eq!(store.subject_keys(&[uuid::Uuid::from_u128(1)]).await.unwrap(), [None]);
    assert_eq!(store.texts(&[super::digest(1)]).await.unwrap(), [None]);
    // Not written means not remembered: the same command can be decided again.
    assert_eq!(one(store, command(3).on(3, 1).on(1, 1)).await, appended(5, 6));
    verify(store).await.unwrap();
}

/// A version that was only read takes part in the check as well.
pub async fn an_expected_stream_without_events_is_checked(store: &dyn Store) {
    let mut append = command(1).on(1, 0);
    append.expected.push((stream(2), 3));
    assert_eq!(one(store, append.clone()).await, stale(2, 3, 0));
    append.expected[1].1 = 0;
    assert_eq!(one(store, append).await, appended(1, 1));
    // Also right after an append by the same store, when it could think it knows everything.
    let mut append = command(2).on(3, 0);
    append.expected.push((stream(1), 0));
    assert_eq!(one(store, append).await, stale(1, 0, 1));
    assert_eq!(one(store, command(2).on(2, 1)).await, stale(2, 1, 0));
}

/// A writer believes a stream to be longer than it is, such as one whose server fell back. Right after an append by the
/// same store, which could think it knows everything, and on streams that the commands extend: no key of the schema is in
/// the way then. Red if versions were compared only where something is read: the streams would have holes.
pub async fn a_version_that_is_not_reached_yet_is_a_conflict(store: &dyn Store) {
    assert_eq!(one(store, command(1).on(1, 0)).await, appended(1, 1));
    assert_eq!(one(store, command(2).on(1, 3)).await, stale(1, 3, 1));
    assert_eq!(one(store, command(3).on(1, 1)).await, appended(2, 2));
    assert_eq!(one(store, command(4).on(2, 1)).await, stale(2, 1, 0));
    assert_eq!(one(store, command(5).on(1, 2)).await, appended(3, 3));
    let batch = vec![command(6).on(3, 0), command(7).on(1, 5), command(8).on(3, 1)];
    assert_eq!(store.append(batch).await.unwrap(), [appended(4, 4), stale(1, 5, 3), appended(5, 5)]);
    verify(store).await.unwrap();
}

pub async fn the_same_command_again_gets_the_first_answer(store: &dyn Store) {
    let done = |first, last| AppendOutcome::AlreadyDone { first, last };
    assert_eq!(one(store, command(1).on(1, 0).and(1)).await, appended(1, 2));
    let head = store.head().await.unwrap();
    assert_eq!(one(store, command(1).on(1, 0).and(1)).await, done(1, 2));
    assert_eq!(store.head().await.unwrap(), head);

    // Also inside one batch, and beside commands that are new.
    let batch = vec![command(2).on(2, 0), command(2).on(2, 0), command(1).on(1, 0).and(1)];
    assert_eq!(store.append(batch).await.unwrap(), [appended(3, 3), done(3, 3), done(1, 2)]);
    assert_eq!(store.head().await.unwrap().position, 3);
}

pub async fn a_command_id_used_for_another_request_is_a_conflict(store: &dyn Store) {
    let other = |append: Append| Append { fingerprint: [1; 32], ..append };
    one(store, command(1).on(1, 0)).await;
    let conflict = AppendOutcome::Conflict(Conflict::Fingerprint);
    assert_eq!(one(store, other(command(1).on(1, 1))).await, conflict);
    let batch = vec![command(2).on(2, 0), other(command(2).on(3, 0))];
    assert_eq!(store.append(batch).await.unwrap(), [appended(2, 2), conflict]);
    assert_eq!(store.head().await.unwrap().position, 2);
}

/// Nothing at all is written of a batch with such a request in it.
pub async fn requests_that_break_the_contract_are_refused(store: &dyn Store) {
    let broken: Vec<(&str, Append)> = vec![
        ("no events", command(2)),
        ("no version is expected", {
            let mut append = command(2).on(2, 0);
            append.events[0].stream_id = stream(3);
            append
        }),
        ("two versions are expected", {
            let mut append = command(2).on(2, 0);
            append.expected.push((stream(2), 1));
            append
        }),
        ("1048577 bytes", with_body(&body_of(BODY_BYTES_MAX + 1))),
        ("the actor is empty", Append { actor: String::new(), ..command(2).on(2, 0) }),
        ("the actor has 201", Append { actor: "a".repeat(201), ..command(2).on(2, 0) }),
        ("same receipt twice", command(2).on(2, 0).key("receipt", 1).and(2).key("receipt", 1)),
        ("is named by a-z", command(2).on(2, 0).key("re\"ceipt", 1)),
        ("a wrapped key is empty", command(2).on(2, 0).subject(1, b"")),
        ("an encrypted text is empty", command(2).on(2, 0).subject(1, b"key").text(1, 1, b"")),
    ];
    for (reason, append) in broken {
        match store.append(vec![command(1).on(1, 0), append]).await {
            Err(StoreError::BadRequest(what)) if what.contains(reason) => {}
            other => panic!("{reason}: {other:?}"),
        }
        assert_eq!(store.head().await.unwrap(), Head::empty(), "{reason}");
    }
    assert_eq!(one(store, with_body(&body_of(BODY_BYTES_MAX))).await, appended(1, 1));
    verify(store).await.unwrap();
}

fn with_body(body: &[u8]) -> Append {
    let mut append = command(2).on(2, 0);
    append.events[0].body = body.to_vec().try_into().unwrap();
    append
}

/// The outcome of a command does not depend on the batch it happens to be in: random commands, full of
/// conflicts, retries and shared keys, get the same answers and the same root one by one in one ledger and in
/// batches in another.
pub async fn batches_change_nothing<P: Place>() {
    let (Some(alone), Some(batched)) = (P::create(meta()).await, P::create(meta()).await) else { return };
    let (alone, batched) = (alone.open().await, batched.open().await);
    let mut random = Random(20_240_630);
    let mut kinds = [0; 5];
    for _ in 0..60 {
        let batch: Vec<Append> = (0..1 + random.below(40)).map(|_| random_command(&mut random)).collect();
        let together = batched.append(batch.clone()).await.unwrap();
        for (append, outcome) in batch.into_iter().zip(together) {
            kinds[match outcome {
                AppendOutcome::Appended { .. } => 0,
                AppendOutcome::AlreadyDone { .. } => 1,
                AppendOutcome::Conflict(Conflict::Version { .. }) => 2,
                AppendOutcome::Conflict(Conflict::Key { .. }) => 3,
                AppendOutcome::Conflict(Conflict::Fingerprint) => 4,
            }] += 1;
            assert_eq!(one(&*alone, append).await, outcome);
        }
    }
    assert!(kinds.iter().all(|count| *count > 5), "each kind of outcome takes part: {kinds:?}");
    assert_eq!(alone.head().await.unwrap(), batched.head().await.unwrap());
    assert_eq!(verify(&*alone).await.unwrap(), verify(&*batched).await.unwrap());
    assert_eq!(alone.scan_keys(None, 10_000).await.unwrap(), batched.scan_keys(None, 10_000).await.unwrap());
}

/// Long enough that the tree has many levels and every size of insert is used.
pub async fn fifty_thousand_events_have_the_right_root(store: &dyn Store) {
    let mut id = 0;
    while id < 25_000 {
        let batch = (id..id + 1_250)
            .map(|id| command(id).on(id / 2, id % 2 * 2).and(id / 2).key("receipt", id))
            .collect();
        let outcomes = store.append(batch).await.unwrap();
        assert_eq!(outcomes[1_249], appended(id * 2 + 2_499, id * 2 + 2_500));
        id += 1_250;
    }
    assert_eq!(store.head().await.unwrap().position, 50_000);
    verify(store).await.unwrap();
}
