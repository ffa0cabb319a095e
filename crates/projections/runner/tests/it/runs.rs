//! Sealed runs: made while the log is folded, read by a replay, and never believed against the head.

use std::sync::Arc;

use event_log::run::{RUN_EVENTS, seal};
use event_log::{ProjectionStore, SealedRun, Store};
use projection_runner::{Runner, RunnerError, boxed};
use store_postgres::PostgresStore;
use store_testing::Before;
use store_testing::contract::meta;
use store_testing::postgres::Database;

use crate::support::*;

/// Two runs and a half.
fn cases() -> Vec<u8> {
    (0..2_560_u32).map(|n| (n * 13 % 97) as u8).collect()
}

async fn caught_up() -> (Log, Runner) {
    let log = Log::with(&cases()).await;
    let runner = log.runner(vec![boxed::<Days>(), boxed::<Careful<1>>()]);
    catch_up(&runner).await.unwrap();
    (log, runner)
}

async fn exchange(log: &Log, runs: Vec<SealedRun>) {
    log.store.remove_sealed_runs().await.unwrap();
    log.store.seal_runs(runs).await.unwrap();
}

async fn fault(runner: &Runner) -> String {
    match runner.replay(false, &|_, _| {}).await {
        Err(RunnerError::Store(fault)) => fault.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whole_runs_are_sealed_while_they_are_folded_however_the_log_grows() {
    let (at_once, _) = caught_up().await;
    let sealed = at_once.runs().await;
    assert_eq!(sealed.iter().map(|run| run.number).collect::<Vec<_>>(), [0, 1]);
    for run in &sealed {
        let events = at_once.store.read_log(run.number * RUN_EVENTS, RUN_EVENTS as u32).await.unwrap();
        assert_eq!(seal(&events).as_ref(), Some(run));
    }
    for page in [7, 1_000, u32::MAX] {
        let grown = Log::new().await;
        let (runner, _) = grown.paged(page);
        for piece in cases().chunks(300) {
            grown.append(piece).await;
            catch_up(&runner).await.unwrap();
        }
        assert_eq!(grown.runs().await, sealed, "pages of {page}");
    }
}

#[tokio::test]
async fn any_number_of_threads_gives_the_same_rows() {
    let (log, _) = caught_up().await;
    let digest = log.digest("days").await;
    for workers in [1, 2, 5] {
        let other = Log::with(&cases()).await;
        let runner = other.runner(vec![boxed::<Days>()]).with_workers(workers);
        // First from the log, then from its runs.
        catch_up(&runner).await.unwrap();
        let replayed = replay(&runner, false).await;
        assert!(replayed[0].is_equal());
        assert_eq!((&replayed[0].live, &replayed[0].rebuilt), (&digest, &digest), "{workers} threads");
        assert_eq!(runner.all_rows::<Days>().await.unwrap().len(), 97);
        let trusted = runner.replay_trusting_runs(&|_, _| {}).await.unwrap();
        assert_eq!(trusted, replayed);
    }
}

/// Rows that do not fit in memory are rebuilt beside the live ones in the database.
#[tokio::test]
async fn a_replay_with_little_memory_finds_the_same_and_leaves_nothing_behind() {
    for held in [0, 50, 190] {
        let (log, runner) = caught_up().await;
        let digest = log.digest("days").await;
        let runner = runner.with_held_rows(held);
        for replayed in replay(&runner, false).await {
            assert!(replayed.is_equal(), "{replayed:?}");
        }
        log.tamper("days", "2", b"[]").await;
        let found = replay(&runner, false).await;
        assert_eq!(found[0].differing, ["2"]);
        assert!(found[1].is_equal());
        assert!(replay(&runner, true).await[0].switched);
        assert_eq!(log.digest("days").await, digest);
        for name in ["days", "careful"] {
            let generations = log.generations(name).await;
            assert!(generations.len() == 1 && generations[0].live, "{held} rows: {generations:?}");
        }
        // From nothing, too.
        let fresh = Log::with(&cases()).await;
        catch_up(&fresh.runner(vec![boxed::<Days>()]).with_held_rows(held)).await.unwrap();
        assert_eq!(fresh.digest("days").await, digest);
    }
}

/// A run may be missing, wherever it stands: the log has its events.
#[tokio::test]
async fn a_missing_run_is_read_from_the_log_and_made_anew() {
    let (log, runner) = caught_up().await;
    let sealed = log.runs().await;
    for left in [vec![], vec![sealed[0].clone()], vec![sealed[1].clone()]] {
        exchange(&log, left).await;
        assert!(replay(&runner, false).await.iter().all(|replayed| replayed.is_equal()));
        assert_eq!(log.runs().await, sealed);
    }
}

/// Well formed, with a checksum of its own, and not what was recorded.
#[tokio::test]
async fn a_run_that_was_altered_is_found_by_the_root_and_healed_by_repair() {
    let (log, runner) = caught_up().await;
    let good = log.runs().await;
    exchange(&log, vec![good[0].clone(), altered(&log).await]).await;
    let told = fault(&runner).await;
    assert!(
        told.contains("the root over all 2560 events read") && told.contains("replay --repair"),
        "{told}"
    );
    // Trusted, it gives other rows than those shown.
    let trusted = runner.replay_trusting_runs(&|_, _| {}).await.unwrap();
    assert!(!trusted[0].is_equal() && !trusted[0].switched);
    assert_eq!(trusted[0].differing.len(), 1);
    // Neither is a new version shown that would rest on it.
    let newer = log.runner(vec![boxed::<DaysAgain>()]);
    assert!(catch_up(&newer).await.is_err());
    assert_eq!(log.live("days").await.version, 1);

    assert!(replay(&runner, true).await.iter().all(|replayed| replayed.is_equal() && !replayed.switched));
    assert_eq!(log.runs().await, good);
    catch_up(&newer).await.unwrap();
}

#[tokio::test]
async fn a_run_that_cannot_be_read_is_named_and_healed_by_repair() {
    let (log, runner) = caught_up().await;
    let good = log.runs().await;
    let mut events = log.store.read_log(RUN_EVENTS, RUN_EVENTS as u32).await.unwrap();
    let unpackable = SealedRun { number: 1, packed: b"no frame at all".to_vec() };
    let misplaced = SealedRun { number: 1, packed: good[0].packed.clone() };
    // A name that the log would refuse.
    events[7].stream_id = "nobody-1".parse().unwrap();
    let unknown = seal(&events).unwrap();
    for (run, words) in [(unpackable, "cannot be unpacked"), (misplaced, "holds an event of another place")] {
        exchange(&log, vec![good[0].clone(), run]).await;
        let told = fault(&runner).await;
        assert!(told.contains("the sealed run 1 (positions 1025 to 2048)") && told.contains(words), "{told}");
        assert!(told.contains("`svala replay --repair`"), "{told}");
        assert!(replay(&runner, true).await[0].is_equal());
        assert_eq!(log.runs().await, good);
    }
    // Events that this program cannot read: the run is named, and that it is only derived.
    let mut unreadable = log.store.read_log(RUN_EVENTS, RUN_EVENTS as u32).await.unwrap();
    unreadable[7].body = br#"{"arrived_on":"one day"}"#.to_vec();
    let unreadable = seal(&unreadable).unwrap();
    for (run, words) in [(unknown, "does not know the event"), (unreadable, "cannot be read")] {
        exchange(&log, vec![good[0].clone(), run]).await;
        let told = match runner.replay(false, &|_, _| {}).await {
            Err(fault @ RunnerError::SealedRun { number: 1, .. }) => fault.to_string(),
            other => panic!("{other:?}"),
        };
        for words in
            [words, "the sealed run 1 (positions 1025 to 2048)", "position 1032", "derived from the log"]
        {
            assert!(told.contains(words), "{told}");
        }
        assert!(told.contains("`svala replay --repair`"), "{told}");
        assert!(replay(&runner, true).await[0].is_equal());
        assert_eq!(log.runs().await, good);
    }
}

/// The second run, well formed and altered.
async fn altered(log: &Log) -> SealedRun {
    let mut events = log.store.read_log(RUN_EVENTS, RUN_EVENTS as u32).await.unwrap();
    let changed = events.iter_mut().find(|event| event.body.ends_with(b"-05\"}")).unwrap();
    changed.body = br#"{"arrived_on":"2024-03-06"}"#.to_vec();
    seal(&events).unwrap()
}

/// Rows that do not fit in memory are written before the last event is hashed.
#[tokio::test]
async fn rows_of_an_altered_run_are_never_live_however_early_they_are_written() {
    for held in [0, 50] {
        let (log, runner) = caught_up().await;
        let good = log.runs().await;
        let altered = altered(&log).await;
        let fresh = Log::with(&cases()).await;
        fresh.store.seal_runs(vec![good[0].clone(), altered]).await.unwrap();
        let (first, store) = fresh.paged(u32::MAX);
        let first = first.with_held_rows(held);
        let inner = fresh.store.clone();
        // Whoever asks while they are written, from another process, has no rows either.
        store.meanwhile(Before::Rows, async move {
            assert_eq!(inner.live_row("days", "2").await.unwrap().live, None);
        });
        let told = catch_up(&first).await.unwrap_err().to_string();
        assert!(told.contains("the root over all 2560 events read"), "{told}");
        let row = fresh.store.live_row("days", "2").await.unwrap();
        assert_eq!((row.live, row.value), (None, None), "{held} rows");
        assert!(first.row::<Days>("2").await.is_err() && first.all_rows::<Days>().await.is_err());
        assert_eq!(fresh.generations("days").await, [], "each attempt leaves its rows behind");
        exchange(&fresh, good).await;
        catch_up(&first).await.unwrap();
        assert_eq!(first.all_rows::<Days>().await.unwrap(), runner.all_rows::<Days>().await.unwrap());
    }
}

/// Rows that are live already go on from the log, also where others are built from the first event on beside them.
#[tokio::test]
async fn live_rows_take_nothing_from_an_altered_run() {
    let cases = cases();
    let (whole, _) = caught_up().await;
    let log = Log::with(&cases[..1_100]).await;
    catch_up(&log.runner(vec![boxed::<Days>()])).await.unwrap();
    log.append(&cases[1_100..]).await;
    let (good, altered) = (whole.runs().await, altered(&whole).await);
    exchange(&log, vec![good[0].clone(), altered]).await;
    let runner = log.runner(vec![boxed::<Days>(), boxed::<Careful<1>>()]).with_held_rows(50);
    assert!(catch_up(&runner).await.is_err());
    assert_eq!(log.generations("careful").await, []);
    assert_eq!(log.live("days").await.position, 2_560);
    assert_eq!(log.digest("days").await, whole.digest("days").await);
}

/// A first generation that meets a poison event stands before it, and is live.
#[tokio::test]
async fn a_poison_event_after_many_rows_leaves_the_first_generation_before_it() {
    let log = Log::with(&cases()).await;
    log.poison(1).await;
    let runner = log.runner(vec![boxed::<Careful<1>>()]).with_held_rows(50);
    assert!(matches!(catch_up(&runner).await, Err(RunnerError::Stopped { position: 2_561, .. })));
    let live = log.live("careful").await;
    assert_eq!(live.position, 2_560);
    assert!(live.stopped.unwrap().contains("position 2561"));
}

/// The same events in the other database: the same runs and the same rows, whatever reads them.
#[tokio::test]
async fn on_postgres_runs_and_rows_are_the_same() {
    let (log, _) = caught_up().await;
    let digest = log.digest("days").await;
    for workers in [1, 2] {
        let Some(database) = Database::create().await else { return };
        let store = PostgresStore::create(&database.url(), meta()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        append(store.as_ref(), &cases(), 2024).await;
        let runner = Runner::new(store.clone(), vec![boxed::<Days>()]).with_workers(workers);
        catch_up(&runner).await.unwrap();
        assert_eq!(store.sealed_runs(0, u32::MAX).await.unwrap(), log.runs().await);
        for held in [usize::MAX, 50] {
            let runner =
                Runner::new(store.clone(), vec![boxed::<Days>()]).with_workers(workers).with_held_rows(held);
            let replayed = replay(&runner, false).await;
            assert!(replayed[0].is_equal());
            assert_eq!(replayed[0].rebuilt, digest, "{workers} threads, {held} rows");
        }
        store.close().await.unwrap();
    }
}
