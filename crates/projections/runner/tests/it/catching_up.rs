//! Catching up: in whatever pieces, every event is folded exactly once and in order.

use event_log::ProjectionStore;
use projection_runner::{Runner, RunnerError, boxed};
use proptest::prelude::*;

use crate::support::*;
use store_testing::Before;

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_length_and_any_number_of_runs_equal_one_run(
        pieces in prop::collection::vec(prop::collection::vec(0_u8..12, 0..15), 1..6),
        page in 1_u32..9,
    ) {
        block_on(async {
            let (log, whole) = (Log::new().await, pieces.concat());
            let (runner, _) = log.paged(page);
            for piece in &pieces {
                log.append(piece).await;
                assert_eq!(catch_up(&runner).await.unwrap(), log.head().await);
            }
            let at_once = Log::with(&whole).await;
            catch_up(&at_once.runner(vec![boxed::<Days>()])).await.unwrap();
            assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&whole));
            assert_eq!(log.digest("days").await, at_once.digest("days").await);
            assert_eq!(log.live("days").await.position, whole.len() as u64);
            let replayed = replay(&runner, false).await;
            assert!(replayed[0].is_equal());
            assert_eq!(replayed[0].live, log.digest("days").await);
        });
    }
}

/// More events than the runner reads at a time.
#[test]
fn a_log_longer_than_a_page_is_folded_whole_and_progress_ends_at_its_end() {
    block_on(async {
        let cases: Vec<u8> = (0..11_003_u32).map(|n| (n % 251) as u8).collect();
        let log = Log::with(&cases).await;
        let runner = log.runner(vec![boxed::<Days>()]);
        let seen = std::sync::Mutex::new(Vec::new());
        runner.catch_up(&|at, of| seen.lock().unwrap().push((at, of))).await.unwrap();
        assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&cases));
        let seen = seen.into_inner().unwrap();
        assert!(seen.len() > 1 && seen.is_sorted(), "{seen:?}");
        assert_eq!(seen.last(), Some(&(11_003, 11_003)));
        // The end again: nothing to do.
        assert_eq!(catch_up(&runner).await.unwrap(), 11_003);
        assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&cases));
    });
}

#[test]
fn an_empty_log_has_empty_read_models() {
    block_on(async {
        let log = Log::new().await;
        let runner = log.runner(vec![boxed::<Days>()]);
        assert_eq!(catch_up(&runner).await.unwrap(), 0);
        assert_eq!(runner.all_rows::<Days>().await.unwrap(), []);
        assert!(replay(&runner, true).await[0].is_equal());
        // A new version of it is switched to as well.
        let newer = log.runner(vec![boxed::<DaysAgain>()]);
        catch_up(&newer).await.unwrap();
        assert_eq!(log.live("days").await.version, 2);
    });
}

#[test]
fn rows_are_answered_in_the_order_asked_for() {
    block_on(async {
        let log = Log::with(&[1, 2, 1]).await;
        let runner = log.runner(vec![boxed::<Days>()]);
        catch_up(&runner).await.unwrap();
        let rows = runner.rows::<Days>(&["2".into(), "9".into(), "1".into(), "2".into()]).await.unwrap();
        let lengths: Vec<_> = rows.iter().map(|row| row.as_ref().map(Vec::len)).collect();
        assert_eq!(lengths, [Some(1), None, Some(2), Some(1)]);
    });
}

/// Whether or not anybody caught up before, and whatever other read models do.
#[test]
fn one_row_is_answered_as_of_the_end_of_the_log() {
    block_on(async {
        let log = Log::with(&[1, 2]).await;
        let runner = log.runner(vec![boxed::<Careful<1>>(), boxed::<Days>()]);
        let length = async |key: &str| runner.row::<Days>(key).await.unwrap().map(|row| row.len());
        assert_eq!((length("1").await, length("9").await), (Some(1), None));
        log.append(&[1, 9]).await;
        assert_eq!((length("1").await, length("9").await), (Some(2), Some(1)));
        log.poison(1).await;
        assert_eq!(length("1").await, Some(3));
        assert!(matches!(
            runner.row::<Careful<1>>("1").await,
            Err(RunnerError::Stopped { name: "careful", position: 5, .. })
        ));
        log.append(&[9]).await;
        assert_eq!(length("9").await, Some(2));
        log.tamper("days", "9", b"\xff").await;
        assert!(runner.row::<Days>("9").await.is_err());
        assert_eq!(length("1").await, Some(3));
    });
}

#[test]
fn a_new_version_is_rebuilt_from_the_first_event_and_switched() {
    block_on(async {
        let log = Log::with(&[1, 2, 1]).await;
        catch_up(&log.runner(vec![boxed::<Days>()])).await.unwrap();
        log.append(&[2, 1]).await;
        let newer = log.runner(vec![boxed::<DaysAgain>()]);
        catch_up(&newer).await.unwrap();
        assert_eq!(newer.all_rows::<DaysAgain>().await.unwrap(), [("1".into(), 3), ("2".into(), 2)]);
        let generations = log.generations("days").await;
        assert_eq!(generations.len(), 1, "the old rows are still there: {generations:?}");
        assert!(generations[0].live && generations[0].version == 2 && generations[0].position == 5);
        let old = log.store.scan_rows("days", 1, None, 10).await.unwrap();
        assert!(old.is_empty());
        // An older program does not read the newer rows as its own: it builds its own again.
        let older = log.runner(vec![boxed::<Days>()]);
        assert!(older.rows::<Days>(&["1".into()]).await.is_err());
        catch_up(&older).await.unwrap();
        assert_eq!(older.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 1, 2, 1]));
    });
}

/// Another process folded the same events while this one was folding them.
#[test]
fn a_checkpoint_moved_by_another_process_is_never_folded_twice() {
    block_on(async {
        let log = Log::with(&[1, 2]).await;
        catch_up(&log.runner(vec![boxed::<Days>()])).await.unwrap();
        log.append(&[1, 1, 2]).await;
        let (slow, store) = log.paged(2);
        let quick = log.runner(vec![boxed::<Days>()]);
        store.meanwhile(Before::WriteRows, async move {
            catch_up(&quick).await.unwrap();
        });
        assert_eq!(catch_up(&slow).await.unwrap(), 5);
        assert_eq!(slow.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 1, 1, 2]));
        assert!(replay(&slow, false).await[0].is_equal());
    });
}

/// Another process, which saw a shorter log, moved the checkpoint only a part of the way.
#[test]
fn a_checkpoint_moved_part_of_the_way_is_gone_on_from() {
    block_on(async {
        let log = Log::with(&[1, 2]).await;
        catch_up(&log.runner(vec![boxed::<Days>()])).await.unwrap();
        log.append(&[1, 1, 2]).await;
        let (slow, interposed) = log.paged(9);
        let (live, store) = (log.live("days").await.generation, log.store.clone());
        interposed.meanwhile(Before::WriteRows, async move {
            let (key, row) = expected(&[1, 2, 1]).remove(0);
            let row = [(key, event_log::canonical::to_bytes(&row).unwrap())];
            assert!(store.write_rows("days", live, 2, 3, &row).await.unwrap());
        });
        assert_eq!(catch_up(&slow).await.unwrap(), 5);
        assert_eq!(log.live("days").await.position, 5);
        assert_eq!(slow.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 1, 1, 2]));
    });
}

/// Another process wrote and folded events just after this one had looked how long the log is.
#[test]
fn rows_of_a_quicker_process_are_not_called_ahead_of_the_log() {
    block_on(async {
        let log = Log::with(&[1, 2]).await;
        catch_up(&log.runner(vec![boxed::<Days>()])).await.unwrap();
        let (slow, interposed) = log.paged(9);
        let (quick, store) = (log.runner(vec![boxed::<Days>()]), log.store.clone());
        interposed.meanwhile(Before::Generations, async move {
            append(store.as_ref(), &[1], 2024).await;
            catch_up(&quick).await.unwrap();
        });
        catch_up(&slow).await.unwrap();
        assert_eq!(slow.all_rows::<Days>().await.unwrap(), expected(&[1, 2, 1]));
    });
}

/// Another process built and switched the new version first.
#[test]
fn a_version_switched_by_another_process_is_taken_over() {
    block_on(async {
        let log = Log::with(&[1, 2, 1]).await;
        catch_up(&log.runner(vec![boxed::<Days>()])).await.unwrap();
        let store = store_testing::Interposed::paged(log.store.clone(), 1);
        let slow = Runner::new(store.clone(), vec![boxed::<DaysAgain>()]);
        let quick = log.runner(vec![boxed::<DaysAgain>()]);
        store.meanwhile(Before::WriteRows, async move {
            catch_up(&quick).await.unwrap();
        });
        assert_eq!(catch_up(&slow).await.unwrap(), 3);
        assert_eq!(slow.all_rows::<DaysAgain>().await.unwrap(), [("1".into(), 2), ("2".into(), 1)]);
        assert_eq!(log.generations("days").await.len(), 1);
    });
}

#[test]
fn several_processes_catching_up_at_once_agree() {
    block_on(async {
        let cases: Vec<u8> = (0..400_u32).map(|n| (n * 7 % 31) as u8).collect();
        let log = Log::new().await;
        let mut given = 0;
        for piece in cases.chunks(80) {
            log.append(piece).await;
            given += piece.len();
            let runners: Vec<Runner> = (1..5).map(|n| log.paged(n * 10).0).collect();
            let tasks: Vec<_> = runners
                .into_iter()
                .map(|runner| tokio::spawn(async move { catch_up(&runner).await }))
                .collect();
            for task in tasks {
                match task.await.unwrap() {
                    Ok(position) => assert_eq!(position, given as u64),
                    Err(RunnerError::Contended) => {}
                    Err(fault) => panic!("{fault:?}"),
                }
            }
        }
        let runner = log.runner(vec![boxed::<Days>()]);
        catch_up(&runner).await.unwrap();
        assert_eq!(runner.all_rows::<Days>().await.unwrap(), expected(&cases));
    });
}
