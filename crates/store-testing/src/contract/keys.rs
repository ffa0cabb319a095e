//! Unique facts, people's keys and encrypted texts.

use event_log::{AppendOutcome, Conflict, Head, KeyOwner, Store, StoreError};
use uuid::Uuid;

use super::{Build, appended, command, digest, one, stream, verify};

fn taken(scope: &'static str, number: u64, key: u64, position: u64) -> AppendOutcome {
    AppendOutcome::Conflict(Conflict::Key { scope, owner: owner(number, key, position) })
}

fn owner(number: u64, key: u64, position: u64) -> KeyOwner {
    KeyOwner { stream_id: stream(number), entity: Uuid::from_u128(u128::from(key) + 1_000), position }
}

pub async fn a_fact_is_reserved_once(store: &dyn Store) {
    let batch = vec![
        command(1).on(1, 0).and(1).key("receipt", 5),
        // In the same batch …
        command(2).on(2, 0).key("receipt", 5),
        // … the same digest of another kind is another fact …
        command(3).on(3, 0).key("payment", 5),
    ];
    let outcomes = store.append(batch).await.unwrap();
    assert_eq!(outcomes, [appended(1, 2), taken("receipt", 1, 5, 2), appended(3, 3)]);
    // … and in a later one.
    assert_eq!(one(store, command(4).on(4, 0).and(4).key("receipt", 5)).await, taken("receipt", 1, 5, 2));
    assert_eq!(store.head().await.unwrap().position, 3);
    // The version is looked at first: a stale decision is made again before it is blamed on a key.
    assert_eq!(one(store, command(5).on(1, 0).key("receipt", 5)).await, super::stale(1, 0, 2));
    verify(store).await.unwrap();
}

pub async fn owners_are_found_in_the_order_asked_for(store: &dyn Store) {
    one(store, command(1).on(1, 0).key("receipt", 1).and(1).key("receipt", 2).key("payment", 3)).await;
    let found = store.find_keys("receipt", &[digest(2), digest(3), digest(1), digest(2)]).await.unwrap();
    assert_eq!(found, [Some(owner(1, 2, 2)), None, Some(owner(1, 1, 1)), Some(owner(1, 2, 2))]);
    assert_eq!(store.find_keys("receipt", &[]).await.unwrap(), []);
}

pub async fn all_facts_are_scanned_in_order(store: &dyn Store) {
    let mut append = command(1).on(1, 0);
    for number in [300, 2, 1, 256] {
        append = append.key("receipt", number).key("payment", number);
    }
    one(store, append).await;
    let mut scanned = Vec::new();
    let mut after = None;
    loop {
        let page = store.scan_keys(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some((scope, digest, _)) = page.last() else { break };
        after = Some((scope.clone(), *digest));
        scanned.extend(page);
    }
    let expected = ["payment", "receipt"]
        .into_iter()
        .flat_map(|scope| [1, 2, 256, 300].map(|key| (scope.to_owned(), digest(key), owner(1, key, 1))));
    assert_eq!(scanned, expected.collect::<Vec<_>>());
}

pub async fn all_commands_are_scanned_in_the_order_of_their_ids(store: &dyn Store) {
    let ids = [300, 2, 1, 256];
    for (stream, number) in (1..).zip(ids) {
        one(store, command(number).on(stream, 0).and(stream)).await;
    }
    let mut scanned = Vec::new();
    let mut after = None;
    loop {
        let page = store.scan_commands(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        scanned.extend(page.into_iter().map(|command| (command.id, command.first, command.last)));
    }
    let expected: [(u64, u64); 4] = [(1, 5), (2, 3), (256, 7), (300, 1)];
    assert_eq!(scanned, expected.map(|(id, first)| (Uuid::from_u128(id.into()), first, first + 1)));
}

/// The first key of a person stays: texts were encrypted with it.
pub async fn keys_and_texts_are_kept_with_the_first_value(store: &dyn Store) {
    let subjects = [3, 1, 2].map(Uuid::from_u128);
    let batch = vec![
        command(1).on(1, 0).subject(1, b"first").text(1, 1, b"one"),
        command(2)
            .on(2, 0)
            .subject(1, b"second")
            .subject(2, b"other")
            .text(1, 1, b"two")
            .text(2, 2, b"three"),
    ];
    store.append(batch).await.unwrap();
    one(store, command(3).on(3, 0).subject(2, b"third").text(2, 2, b"four")).await;
    let keys = store.subject_keys(&subjects).await.unwrap();
    assert_eq!(keys, [None, Some(b"first".to_vec()), Some(b"other".to_vec())]);
    let texts = store.texts(&[digest(2), digest(9), digest(1)]).await.unwrap();
    let bytes: Vec<_> =
        texts.into_iter().map(|text| text.map(|text| (text.id, text.subject_id, text.bytes))).collect();
    assert_eq!(
        bytes,
        [
            Some((digest(2), Uuid::from_u128(2), b"three".to_vec())),
            None,
            Some((digest(1), Uuid::from_u128(1), b"one".to_vec()))
        ]
    );
}

/// Such a text could never be read: its command is refused, with everything in it.
pub async fn a_text_of_a_person_without_a_key_is_refused(store: &dyn Store) {
    let orphan = command(1).on(1, 0).key("receipt", 1).text(3, 9, b"three");
    let refused = store.append(vec![orphan.clone()]).await;
    assert!(matches!(refused, Err(StoreError::BadRequest(_))), "{refused:?}");
    assert_eq!(store.head().await.unwrap(), Head::empty());
    assert_eq!(store.find_keys("receipt", &[digest(1)]).await.unwrap(), [None]);
    // With the key it is a command as any other.
    assert_eq!(one(store, orphan.subject(9, b"key")).await, appended(1, 1));
    verify(store).await.unwrap();
}
