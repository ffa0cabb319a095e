//! With the triggers gone anything can be changed; verification names what was.

use event_log::Store;
use event_log::verify::Damage;

use crate::support::Ledger;
use store_testing::contract::{Build, command, one, stream, verify};

/// What verification says of twelve events in three streams after SQL was run without triggers.
async fn damage(sql: &str) -> Damage {
    let ledger = Ledger::new().await;
    for id in 0..12 {
        one(&ledger.store, command(id).on(id % 3, id / 3)).await;
    }
    verify(&ledger.store).await.unwrap();
    for trigger in ["events_no_update", "events_no_delete", "events_only_at_the_end", "log_head_only_forward"]
    {
        ledger.sql(&format!("DROP TRIGGER {trigger}")).await.unwrap();
    }
    assert!(ledger.sql(sql).await.unwrap() > 0, "{sql}");
    verify(&ledger.store).await.expect_err(sql)
}

#[tokio::test]
async fn every_changed_column_is_named_with_position_and_stream() {
    for change in [
        "body = replace(body, '0', '1')",
        "actor = 'eve'",
        "event_type = 'Departed'",
        "schema_version = 2",
        "recorded_at = recorded_at + 1",
        "command_id = zeroblob(16)",
        "leaf_hash = zeroblob(32)",
    ] {
        match damage(&format!("UPDATE events SET {change} WHERE position = 7")).await {
            Damage::Altered { position: 7, stream_id, .. } => assert_eq!(stream_id, stream(0), "{change}"),
            other => panic!("{change}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn every_changed_structure_is_found() {
    let gap = damage("UPDATE events SET stream_version = 9 WHERE position = 7").await;
    assert!(matches!(&gap, Damage::VersionGap { position: 7, found: 9, .. }), "{gap:?}");
    let moved = damage("UPDATE events SET stream_id = 'case-9', stream_version = 1 WHERE position = 7").await;
    assert!(matches!(&moved, Damage::Altered { position: 7, .. }), "{moved:?}");
    let hole = damage("DELETE FROM events WHERE position = 7").await;
    assert!(matches!(&hole, Damage::Hole { expected: 7, found: 8, .. }), "{hole:?}");
    let cut = damage("DELETE FROM events WHERE position > 10").await;
    assert_eq!(cut, Damage::Length { head: 12, log: 10 });
    let swapped = damage(
        "UPDATE events SET position = 99 WHERE position = 7; UPDATE events SET position = 7 WHERE position = 8;
         UPDATE events SET position = 8 WHERE position = 99",
    )
    .await;
    assert!(matches!(&swapped, Damage::Altered { position: 7, .. }), "{swapped:?}");
    let head = damage("UPDATE log_head SET root = zeroblob(32)").await;
    assert!(matches!(&head, Damage::Root { size: 12, .. }), "{head:?}");
}

/// An event inserted past the head, which the triggers allow, is found; and nothing can be appended on top of it.
#[tokio::test]
async fn an_event_past_the_head_is_found() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(0).on(1, 0)).await;
    let forged = "INSERT INTO events SELECT 2, stream_id, 2, event_type, schema_version, command_id, actor,
                  recorded_at, body, leaf_hash FROM events";
    ledger.sql(forged).await.unwrap();
    assert!(matches!(verify(&ledger.store).await, Err(Damage::Altered { position: 2, .. })));
    let append = ledger.store.append(vec![command(1).on(2, 0)]).await;
    assert!(crate::support::is_damaged(append));
    assert_eq!(ledger.store.head().await.unwrap().position, 1);
}

/// A row that is not even an event any more is named as well.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(0).on(1, 0).and(1)).await;
    ledger.sql("DROP TRIGGER events_no_update").await.unwrap();
    for change in ["stream_id = 'no stream'", "actor = CAST(x'ff' AS TEXT)"] {
        ledger.sql(&format!("UPDATE events SET {change} WHERE position = 2")).await.unwrap();
        let error = ledger.store.read_log(0, 10).await.expect_err(change).to_string();
        assert!(error.contains("position 2: "), "{error}");
    }
}
