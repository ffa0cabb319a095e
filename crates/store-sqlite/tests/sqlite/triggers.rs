//! What the schema itself refuses, whoever asks: plain SQL through a connection that knows nothing of the store.

use crate::support::Ledger;
use store_testing::contract::{Build, command, one, verify};

/// Three events of one stream, a command each, and a receipt.
async fn filled() -> Ledger {
    let ledger = Ledger::new().await;
    for version in 0..3 {
        one(&ledger.store, command(version).on(1, version).key("receipt", version)).await;
    }
    ledger
}

/// Runs SQL that must be refused with a sentence; afterwards the log is what it was.
async fn refused(ledger: &Ledger, sql: &str, sentence: &str) {
    use event_log::Store;

    let before = (ledger.store.head().await.unwrap(), ledger.store.read_log(0, 100).await.unwrap());
    let error = ledger.sql(sql).await.expect_err(sql).to_string();
    assert!(error.contains(sentence), "{sql}: {error}");
    let after = (ledger.store.head().await.unwrap(), ledger.store.read_log(0, 100).await.unwrap());
    assert_eq!(after, before, "{sql}");
    verify(&ledger.store).await.unwrap();
}

/// An event at a place of choice; everything else about it is valid.
fn event_at(verb: &str, position: &str, version: u64) -> String {
    format!(
        "{verb} INTO events VALUES ({position}, 'case-1', {version}, 'Forged', 1, zeroblob(16), 'eve', 0, '{{}}', zeroblob(32))"
    )
}

#[tokio::test]
async fn an_event_is_never_changed_or_deleted() {
    let ledger = filled().await;
    for sql in [
        "UPDATE events SET body = '{}' WHERE position = 2",
        "UPDATE OR REPLACE events SET position = 1 WHERE position = 2",
        "UPDATE OR IGNORE events SET actor = 'eve'",
    ] {
        refused(&ledger, sql, "an event is never changed").await;
    }
    for sql in ["DELETE FROM events WHERE position = 3", "DELETE FROM events"] {
        refused(&ledger, sql, "an event is never deleted").await;
    }
}

/// REPLACE deletes the old row without firing DELETE triggers, so an insert itself must be refused.
#[tokio::test]
async fn an_event_is_never_replaced() {
    let ledger = filled().await;
    for verb in ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"] {
        for position in ["2", "3", "5", "0", "-1", "NULL"] {
            refused(&ledger, &event_at(verb, position, 4), "at the position after the last one").await;
        }
        // The right position, with the version of another event of the stream, or with a gap.
        for version in [1, 3, 5] {
            refused(&ledger, &event_at(verb, "4", version), "extend its stream by one version").await;
        }
    }
    let upsert = event_at("INSERT", "2", 2) + " ON CONFLICT (position) DO UPDATE SET body = '{}'";
    refused(&ledger, &upsert, "at the position after the last one").await;
}

#[tokio::test]
async fn a_command_is_never_changed_deleted_or_replaced() {
    let ledger = filled().await;
    refused(&ledger, "UPDATE commands SET fingerprint = zeroblob(32)", "a recorded command is never changed")
        .await;
    refused(
        &ledger,
        "UPDATE OR IGNORE commands SET last_position = 9",
        "a recorded command is never changed",
    )
    .await;
    refused(&ledger, "DELETE FROM commands", "a recorded command is never deleted").await;
    for verb in ["INSERT OR REPLACE", "REPLACE", "INSERT"] {
        let sql = format!("{verb} INTO commands SELECT command_id, zeroblob(32), 1, 1 FROM commands LIMIT 1");
        refused(&ledger, &sql, "a command is recorded once").await;
    }
}

#[tokio::test]
async fn the_head_only_moves_forward_and_to_the_last_event() {
    let ledger = filled().await;
    for sql in [
        "UPDATE log_head SET position = 2",
        "UPDATE log_head SET root = zeroblob(32)",
        "UPDATE log_head SET frontier = zeroblob(64)",
        "UPDATE OR IGNORE log_head SET position = NULL",
        "UPDATE OR REPLACE log_head SET id = 2",
    ] {
        refused(&ledger, sql, "the head of the log only moves forward").await;
    }
    refused(&ledger, "UPDATE log_head SET position = 4", "the head of the log is its last event").await;
    refused(&ledger, "DELETE FROM log_head", "the head of the log is never deleted").await;
    for verb in ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"] {
        let sql = format!("{verb} INTO log_head VALUES (1, 9, zeroblob(32), zeroblob(64))");
        refused(&ledger, &sql, "a log has one head").await;
    }
}

#[tokio::test]
async fn a_reserved_fact_never_changes_hands() {
    let ledger = filled().await;
    refused(&ledger, "UPDATE unique_keys SET stream_id = 'case-2'", "a reserved fact is never changed").await;
    let sql = "REPLACE INTO unique_keys SELECT scope, digest, 'case-2', entity, position FROM unique_keys";
    refused(&ledger, sql, "a unique fact is reserved once").await;
}

#[tokio::test]
async fn the_identity_of_a_ledger_is_fixed() {
    let ledger = filled().await;
    refused(&ledger, "UPDATE ledger SET key_id = x'00'", "identity of a ledger never changes").await;
    refused(&ledger, "DELETE FROM ledger", "identity of a ledger is never deleted").await;
    refused(&ledger, "REPLACE INTO ledger VALUES (1, zeroblob(16), x'00', 0)", "gets its identity once")
        .await;
}

/// Deleting a person's key deletes their texts, and nobody else's.
#[tokio::test]
async fn texts_go_with_the_key_of_their_person() {
    use event_log::Store;

    let ledger = Ledger::new().await;
    let append = command(1).on(1, 0).subject(1, b"a").subject(2, b"b").text(1, 1, b"one").text(2, 2, b"two");
    one(&ledger.store, append).await;
    assert_eq!(ledger.sql("DELETE FROM vault_subjects WHERE hex(subject_id) LIKE '%1'").await.unwrap(), 1);
    let texts = ledger
        .store
        .texts(&[store_testing::contract::digest(1), store_testing::contract::digest(2)])
        .await
        .unwrap();
    assert_eq!(texts.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
}

/// A row may be added by hand; the store believes the events that it points to, and not the row.
#[tokio::test]
async fn a_command_is_not_done_because_a_row_says_so() {
    use event_log::{Store, StoreError};

    let ledger = filled().await;
    let forged = "INSERT INTO commands SELECT x'00000000000000000000000000000009', fingerprint, 1, 2 FROM commands LIMIT 1";
    ledger.sql(forged).await.unwrap();
    let refused = ledger.store.append(vec![command(9).on(2, 0)]).await;
    assert!(
        matches!(&refused, Err(StoreError::Damaged(why)) if why.contains("wrote the positions 1 to 2, whose events are not its own")),
        "{refused:?}"
    );
    verify(&ledger.store).await.unwrap();
}
