//! Replay: finds every row that is not what the events give, and puts it right when asked.

use std::sync::Arc;

use event_log::{ProjectionState, ProjectionStore};
use projection_runner::{Runner, boxed};
use store_sqlite::SqliteStore;

use crate::support::*;
use store_testing::{Before, Interposed};

async fn caught_up() -> (Log, Runner) {
    let log = Log::with(&[1, 2, 3, 2, 1]).await;
    let runner = log.runner(vec![boxed::<Days>(), boxed::<Careful<1>>()]);
    catch_up(&runner).await.unwrap();
    (log, runner)
}

#[tokio::test]
async fn untouched_rows_are_equal_and_nothing_is_left_behind() {
    let (log, runner) = caught_up().await;
    for repair in [false, true] {
        for replayed in replay(&runner, repair).await {
            assert!(replayed.is_equal() && !replayed.switched && replayed.differing.is_empty());
            assert_eq!((replayed.position, replayed.rows), (5, 3));
            assert_eq!(replayed.live, log.digest(replayed.name).await);
            assert_eq!(log.generations(replayed.name).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_tampered_row_is_named_and_only_a_repair_heals_it() {
    let (log, runner) = caught_up().await;
    let good = log.digest("days").await;
    log.tamper("days", "2", br#"["2 2024-03-03"]"#).await;
    let found = replay(&runner, false).await;
    assert!(!found[0].is_equal() && !found[0].switched && found[1].is_equal());
    assert_eq!(found[0].differing, ["2"]);
    assert_eq!((&found[0].rebuilt, &found[0].live), (&good, &log.digest("days").await));
    assert_ne!(log.digest("days").await, good, "looking changed something");
    assert_eq!(log.generations("days").await.len(), 1);

    let healed = replay(&runner, true).await;
    assert!(healed[0].switched && !healed[1].switched);
    assert_eq!(log.digest("days").await, good);
    assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 3, 2, 1]));
    assert!(replay(&runner, false).await[0].is_equal());
    // The healed rows go on from where they are.
    log.append(&[3]).await;
    catch_up(&runner).await.unwrap();
    assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 3, 2, 1, 3]));
}

/// One row changed, one too many at the front, between and at the end: each is named.
#[tokio::test]
async fn rows_too_many_are_named_wherever_they_stand() {
    let (log, runner) = caught_up().await;
    for key in ["0", "22", "9"] {
        log.tamper("days", key, br#"["1 2024-03-02"]"#).await;
    }
    log.tamper("days", "3", b"[]").await;
    let found = replay(&runner, false).await;
    assert_eq!(found[0].differing, ["0", "22", "3", "9"]);
    assert_eq!(found[0].rows, 3);
    replay(&runner, true).await;
    assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 3, 2, 1]));
}

/// Rows that are missing: the live set is replaced by one that lost them.
#[tokio::test]
async fn a_row_that_is_missing_is_named() {
    let (log, runner) = caught_up().await;
    let live = log.live("days").await;
    let mut rows = log.store.scan_rows("days", live.generation, None, 10).await.unwrap();
    rows.remove(1);
    let other = log.store.start_generation("days", 1).await.unwrap().generation;
    assert!(log.store.write_rows("days", other, 0, 5, &rows).await.unwrap());
    assert!(log.store.switch_generation("days", other, 5).await.unwrap());
    assert_eq!(replay(&runner, false).await[0].differing, ["2"]);
    replay(&runner, true).await;
    assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 3, 2, 1]));
}

/// A row that is no row any more is an error of the read model, not a panic, and a repair heals it too.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_healed() {
    let (log, runner) = caught_up().await;
    log.tamper("days", "2", b"\xff{").await;
    assert!(runner.all_rows::<Days>().await.is_err());
    assert_eq!(replay(&runner, false).await[0].differing, ["2"]);
    assert!(replay(&runner, true).await[0].switched);
    assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 3, 2, 1]));
}

/// And also when events wait to be folded into that row: the message says to repair, so a repair must work.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_healed_although_events_wait_for_it() {
    let (log, runner) = caught_up().await;
    log.tamper("days", "2", b"\xff{").await;
    log.append(&[2]).await;
    let told = catch_up(&runner).await.unwrap_err().to_string();
    assert!(told.contains("row 2 of days cannot be read"), "{told}");
    let healed = runner.replay(true, &|_, _| {}).await;
    assert!(healed.is_ok(), "{healed:?}");
    assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 3, 2, 1, 2]));
}

#[tokio::test]
async fn of_many_differing_rows_the_first_are_shown() {
    let cases: Vec<u8> = (0..40).collect();
    let log = Log::with(&cases).await;
    let runner = log.runner(vec![boxed::<Days>()]);
    catch_up(&runner).await.unwrap();
    for case in &cases {
        log.tamper("days", &case.to_string(), b"[]").await;
    }
    let found = replay(&runner, false).await;
    assert_eq!((found[0].differing.len(), found[0].rows), (10, 40));
}

/// Pages of rows end anywhere; the comparison must not.
#[tokio::test]
async fn a_comparison_in_small_pages_finds_the_same() {
    let cases: Vec<u8> = (0..23).collect();
    let log = Log::with(&cases).await;
    let (runner, _) = log.paged(2);
    catch_up(&runner).await.unwrap();
    assert!(replay(&runner, false).await[0].is_equal());
    for key in ["0", "15", "9", "99"] {
        log.tamper("days", key, b"[]").await;
    }
    let found = replay(&runner, false).await;
    assert_eq!((found[0].differing.join(" "), found[0].rows), ("0 15 9 99".into(), 23));
    assert_eq!(found[0].live, log.digest("days").await);
}

/// Another process folded a new event into the live rows during the replay: they are ahead, not different.
#[tokio::test]
async fn live_rows_that_moved_on_during_a_replay_are_not_called_different() {
    for repair in [false, true] {
        let (log, _) = caught_up().await;
        let store = Interposed::paged(log.store.clone(), 2);
        let slow = Runner::new(store.clone(), vec![boxed::<Days>()]);
        let (quick, inner) = (log.runner(vec![boxed::<Days>()]), log.store.clone());
        store.meanwhile(Before::Rows, async move {
            append(inner.as_ref(), &[2], 2024).await;
            catch_up(&quick).await.unwrap();
        });
        let found = slow.replay(repair, &|_, _| {}).await;
        // To say that others were too quick is an answer; to call sound rows different, or to set them back, is not.
        if let Ok(found) = found {
            assert!(found[0].is_equal(), "repair {repair}: {:?}", found[0]);
        }
        assert_eq!(log.live("days").await.position, 6, "repair {repair}: the live rows were set back");
    }
}

/// Puts the same rows in the place of the live ones, as a rebuild of another process does.
async fn take_over(store: Arc<SqliteStore>, live: ProjectionState) {
    let rows = store.scan_rows("days", live.generation, None, u32::MAX).await.unwrap();
    let rebuilt = store.start_generation("days", live.version).await.unwrap().generation;
    assert!(store.write_rows("days", rebuilt, 0, live.position, &rows).await.unwrap());
    assert!(store.switch_generation("days", rebuilt, live.position).await.unwrap());
}

/// The answer is that of one set of rows or the other, never what is left of rows that are going.
#[tokio::test]
async fn rows_that_are_replaced_while_they_are_read_are_read_again() {
    let (log, _) = caught_up().await;
    let (slow, store) = log.paged(2);
    let whole = slow.all_rows::<Days>().await.unwrap();
    let keys: Vec<String> = whole.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, ["1", "2", "3"]);
    store.meanwhile(Before::Rows, take_over(log.store.clone(), log.live("days").await));
    assert_eq!(slow.all_rows::<Days>().await.unwrap(), whole);
    store.meanwhile(Before::Rows, take_over(log.store.clone(), log.live("days").await));
    let rows = slow.rows::<Days>(&keys).await.unwrap();
    assert!(rows.into_iter().flatten().eq(whole.into_iter().map(|(_, row)| row)));
}

#[tokio::test]
async fn equal_rows_have_equal_digests_however_they_came_to_be() {
    let (one, runner) = caught_up().await;
    let other = Log::new().await;
    let (paged, _) = other.paged(1);
    for case in [1, 2, 3, 2, 1] {
        other.append(&[case]).await;
        catch_up(&paged).await.unwrap();
    }
    assert_eq!(one.digest("days").await, other.digest("days").await);
    one.append(&[1]).await;
    catch_up(&runner).await.unwrap();
    assert_ne!(one.digest("days").await, other.digest("days").await);
}
