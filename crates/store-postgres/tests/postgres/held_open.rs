//! Transaction A is held open while B commits: does a reader that asks for what comes after the last it has seen
//! ever see what A wrote?

use std::time::Duration;

use event_log::{LedgerMeta, Store};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use store_testing::contract::{Build, Place, appended, command, one, races};

use crate::support::{Ledger, sql, until};

/// A reader that goes on from the last number it has seen.
#[derive(Default)]
struct Reader {
    cursor: u64,
    seen: Vec<u64>,
}

impl Reader {
    async fn follow(&mut self, after: impl AsyncFn(u64) -> Vec<u64>) {
        for _ in 0..5 {
            for number in after(self.cursor).await {
                self.seen.push(number);
                self.cursor = self.cursor.max(number);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Makes every append of the actor `held` wait, inside its transaction, for whoever holds an advisory lock.
const HOLD: &str = "
CREATE FUNCTION svala.hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE INSERT ON svala.events FOR EACH ROW WHEN (NEW.actor = 'held') EXECUTE FUNCTION svala.hold()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_positions_misses_nothing() {
    let Some(ledger) = Ledger::new().await else { return };
    let after = async |cursor| {
        let page = ledger.store.read_log(cursor, 100).await.unwrap();
        page.iter().map(|event| event.position).collect()
    };
    let (a, b) = (ledger.open().await, ledger.open().await);
    one(&*b, command(1).on(1, 0)).await;
    let mut gate = ledger.database.connect().await;
    sql(&mut gate, HOLD).await;
    sql(&mut gate, "SELECT pg_advisory_lock(1)").await;

    let mut held = command(2).on(2, 0).and(2);
    held.actor = "held".into();
    let a = tokio::spawn(async move { one(&*a, held).await });
    let waits = "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    until(&mut gate, waits).await;
    let b = tokio::spawn(async move { one(&*b, command(3).on(3, 0)).await });
    let mut reader = Reader::default();
    reader.follow(after).await;
    assert_eq!(reader.seen, [1]);
    assert!(!b.is_finished(), "whoever comes later waits until A has ended");
    sql(&mut gate, "SELECT pg_advisory_unlock(1)").await;
    assert_eq!((a.await.unwrap(), b.await.unwrap()), (appended(2, 3), appended(4, 4)));
    reader.follow(after).await;
    assert_eq!(reader.seen, [1, 2, 3, 4]);
}

/// The same reader on a table that is numbered by a sequence, as many event stores do it: it passes over A. This is
/// what the test above would show of such a store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_a_sequence_misses_what_commits_late() {
    let Some(ledger) = Ledger::new().await else { return };
    let (mut a, mut b) = (ledger.database.connect().await, ledger.database.connect().await);
    let look = tokio::sync::Mutex::new(ledger.database.connect().await);
    let after = async |cursor: u64| {
        let rows = sqlx::query("SELECT id FROM naive WHERE id > $1 ORDER BY id").bind(cursor.cast_signed());
        let rows = rows.fetch_all(&mut *look.lock().await).await.unwrap();
        rows.iter().map(|row| row.get::<i64, _>(0).cast_unsigned()).collect()
    };
    sql(&mut b, "CREATE TABLE naive (id BIGSERIAL PRIMARY KEY, what TEXT)").await;
    let insert = async |connection: &mut PgConnection, what: &str| {
        sqlx::query("INSERT INTO naive (what) VALUES ($1)").bind(what).execute(connection).await.unwrap();
    };
    insert(&mut b, "before").await;
    let mut held = a.begin().await.unwrap();
    insert(&mut held, "held open").await;
    insert(&mut b, "committed meanwhile").await;
    let mut reader = Reader::default();
    reader.follow(after).await;
    held.commit().await.unwrap();
    reader.follow(after).await;
    assert_eq!(reader.seen, [1, 3], "what A wrote has the number 2");
}

/// Appends that take their time inside their transactions.
struct Slow(Ledger);

impl Place for Slow {
    async fn create(meta: LedgerMeta) -> Option<Self> {
        let ledger = Ledger::create(meta).await?;
        let slow = "
            CREATE FUNCTION svala.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
            CREATE TRIGGER dawdle AFTER INSERT ON svala.events EXECUTE FUNCTION svala.dawdle();
            CREATE TRIGGER dawdle AFTER INSERT ON svala.commands EXECUTE FUNCTION svala.dawdle()";
        sql(&mut ledger.database.connect().await, slow).await;
        Some(Self(ledger))
    }

    async fn open(&self) -> std::sync::Arc<dyn Store> {
        self.0.open().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_misses_nothing_of_writers_that_dawdle() {
    races::a_reader_that_tails_misses_nothing::<Slow>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_dawdle_are_told_what_happened() {
    races::random_commands_of_four_writers_are_all_as_told::<Slow>().await;
}

/// What waits while another program holds the head of the log is one transaction, not one each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_one_transaction() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    let (mut other, mut look) = (ledger.database.connect().await, ledger.database.connect().await);
    sql(&mut other, "BEGIN; SELECT * FROM svala.log_head FOR UPDATE").await;
    let store = ledger.open().await;
    let waiting: Vec<_> = (2..34)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { one(&*store, command(id).on(id, 0)).await })
        })
        .collect();
    until(&mut look, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    sql(&mut other, "ROLLBACK").await;
    for caller in waiting {
        caller.await.unwrap();
    }
    let made: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM svala.events WHERE position > 1")
            .fetch_one(&mut look)
            .await
            .unwrap();
    assert_eq!(ledger.store.head().await.unwrap().position, 33);
    assert!((1..=4).contains(&made), "32 commands in {made} transactions");
}
