//! Transactions that the server ends because of others: serialisation failures and deadlocks.

use std::sync::Arc;

use event_log::{AppendOutcome, LedgerMeta, Store, StoreError};
use store_testing::contract::{Build, Place, appended, command, one, races, retries, verify};

use crate::support::{Ledger, sql, until};

/// Makes the server refuse commands as it refuses transactions that collide.
async fn refuse_commands_while(ledger: &Ledger, condition: &str) {
    refuse_with(ledger, "CASE attempt % 2 WHEN 0 THEN '40001' ELSE '40P01' END", condition).await;
}

/// Makes the server refuse commands with a code. A sequence counts on whatever is rolled back.
async fn refuse_with(ledger: &Ledger, code: &str, condition: &str) {
    let trigger = format!(
        "CREATE SEQUENCE svala.attempts;
         GRANT USAGE ON SEQUENCE svala.attempts TO svala_append;
         CREATE FUNCTION svala.collide() RETURNS trigger LANGUAGE plpgsql AS $$
         DECLARE attempt BIGINT := nextval('svala.attempts');
         BEGIN
             IF {condition} THEN
                 RAISE EXCEPTION 'collided' USING ERRCODE = {code};
             END IF;
             RETURN NULL;
         END $$;
         CREATE TRIGGER collide AFTER INSERT ON svala.commands EXECUTE FUNCTION svala.collide()"
    );
    sql(&mut ledger.database.connect().await, &trigger).await;
}

/// A ledger on which every fifth transaction collides: that ten do in a row happens to nobody.
struct Colliding(Ledger);

impl Place for Colliding {
    async fn create(meta: LedgerMeta) -> Option<Self> {
        let ledger = Ledger::create(meta).await?;
        refuse_commands_while(&ledger, "random() < 0.2").await;
        Some(Self(ledger))
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.0.open().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_collide_are_tried_again_as_a_whole() {
    let Some(ledger) = Ledger::new().await else { return };
    refuse_commands_while(&ledger, "attempt <= 5").await;
    let batch = vec![command(1).on(1, 0).key("receipt", 1), command(2).on(1, 1).and(1), command(3).on(1, 0)];
    let outcomes = ledger.store.append(batch).await.unwrap();
    assert_eq!(outcomes[..2], [appended(1, 1), appended(2, 3)]);
    assert!(matches!(outcomes[2], AppendOutcome::Conflict(_)), "{outcomes:?}");
    verify(&ledger.store).await.unwrap();
}

/// The program stood still inside a transaction for so long that the server ended its session: that is a lost connection,
/// and the whole batch is tried again on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_idle_for_too_long_is_a_lost_connection() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    refuse_with(&ledger, "'25P03'", "attempt <= 2").await;
    assert_eq!(one(&ledger.store, command(2).on(1, 1)).await, appended(2, 2));
    verify(&ledger.store).await.unwrap();
}

/// Not for ever: after some seconds the caller is told that the ledger is busy, and nothing was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_always_collide_are_given_up() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    let head = ledger.store.head().await.unwrap();
    refuse_commands_while(&ledger, "TRUE").await;
    let busy = ledger.store.append(vec![command(2).on(1, 1)]).await;
    let told = busy.unwrap_err();
    assert!(matches!(&told, StoreError::Busy(said) if said == "collided"), "{told:?}");
    assert_eq!(ledger.store.head().await.unwrap(), head);
    sql(&mut ledger.database.connect().await, "DROP TRIGGER collide ON svala.commands").await;
    assert_eq!(one(&ledger.store, command(2).on(1, 1)).await, appended(2, 2));
    verify(&ledger.store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn races_come_out_right_where_transactions_collide() {
    races::random_commands_of_four_writers_are_all_as_told::<Colliding>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_come_out_right_where_transactions_collide() {
    retries::a_command_that_is_sent_until_it_is_answered_is_written_once::<Colliding>().await;
}

/// Somebody holds a row that the append needs, and then wants the head, which the append holds. The server ends one of
/// them; here it is the append, because the other is more patient.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_survived() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    let (mut other, mut watch) = (ledger.database.connect().await, ledger.database.connect().await);
    sql(&mut other, "SET deadlock_timeout = '60s'; BEGIN").await;
    let digest = "decode('0000000000000005' || repeat('07', 24), 'hex')";
    let insert = format!(
        "INSERT INTO svala.unique_keys (scope, digest, stream_id, entity, position)
         VALUES ('receipt', {digest}, 'case-9', '00000000-0000-0000-0000-000000000001', 9)"
    );
    sql(&mut other, &insert).await;
    let store = ledger.open().await;
    let append = tokio::spawn(async move { one(&*store, command(2).on(2, 0).key("receipt", 5)).await });
    until(&mut watch, "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
        .await;
    // Waits for the append, which waits for this: until the server ends the append.
    sql(&mut other, "SELECT FROM svala.log_head FOR UPDATE").await;
    assert!(!append.is_finished());
    sql(&mut other, "ROLLBACK").await;
    assert_eq!(append.await.unwrap(), appended(2, 2));
    let deadlocks = "SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()";
    until(&mut watch, deadlocks).await;
    verify(&ledger.store).await.unwrap();
}
