//! An event that cannot be folded stops its projection, visibly, and no other.

use event_log::{Append, NewEvent, Store, StreamId};
use projection_runner::{Runner, RunnerError, boxed};
use uuid::Uuid;

use crate::support::*;

fn both(log: &Log) -> Runner {
    log.runner(vec![boxed::<Careful<1>>(), boxed::<Days>()])
}

/// Four arrivals, then one that cannot be folded, then two more.
async fn poisoned() -> Log {
    let log = Log::with(&[1, 2, 1, 2]).await;
    log.poison(1).await;
    log.append(&[2, 2]).await;
    log
}

fn assert_stopped_at_five(result: Result<u64, RunnerError>) {
    match result {
        Err(RunnerError::Stopped { name: "careful", position: 5, why }) => {
            assert!(why.to_string().contains("an arrival to come"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_poison_event_stops_its_projection_with_its_position_and_is_never_skipped() {
    let log = poisoned().await;
    let runner = both(&log);
    // However often it is tried, and whatever comes after it.
    for _ in 0..3 {
        assert_stopped_at_five(catch_up(&runner).await);
        let live = log.live("careful").await;
        assert!(live.position < 5, "{live:?}");
        let why = live.stopped.unwrap();
        assert!(why.contains("position 5") && why.contains("an arrival to come"), "{why}");
        log.append(&[2]).await;
    }
    let states = runner.states().await.unwrap();
    assert!(
        states.iter().any(|(name, state)| *name == "careful" && state.as_ref().unwrap().stopped.is_some())
    );
    let counted: u64 = runner.all_rows::<Careful<1>>().await.unwrap().iter().map(|(_, row)| row).sum();
    assert!(counted <= 4, "events past the poison were folded");
}

/// The checkpoint says what stands still: the event after it is the one that could not be folded.
#[tokio::test]
async fn a_stopped_projection_stands_right_before_its_poison_event() {
    let log = poisoned().await;
    let runner = both(&log);
    assert_stopped_at_five(catch_up(&runner).await);
    assert_eq!(log.live("careful").await.position, 4);
    assert_eq!(runner.all_rows::<Careful<1>>().await.unwrap(), [("1".into(), 2), ("2".into(), 2)]);
}

#[tokio::test]
async fn other_projections_go_on_past_a_poison_event() {
    let log = poisoned().await;
    let runner = both(&log);
    assert_stopped_at_five(catch_up(&runner).await);
    assert_eq!((log.live("days").await.position, log.live("days").await.stopped), (7, None));
    log.append(&[1]).await;
    assert_stopped_at_five(catch_up(&runner).await);
    assert_eq!(log.live("days").await.position, 8);
    assert_eq!(runner.rows::<Days>(&["1".into()]).await.unwrap()[0].as_ref().unwrap().len(), 4);
}

/// Also those that are being rebuilt in a new version, in whatever order the projections stand.
#[tokio::test]
async fn a_poison_event_does_not_keep_another_projection_from_its_new_version() {
    let log = poisoned().await;
    let _ = catch_up(&both(&log)).await;
    let newer = log.runner(vec![boxed::<Careful<1>>(), boxed::<DaysAgain>()]);
    assert_stopped_at_five(catch_up(&newer).await);
    assert_eq!(log.live("days").await.version, 2, "{:?}", log.generations("days").await);
}

/// Trying again must not leave another set of rows behind each time.
#[tokio::test]
async fn a_poisoned_rebuild_leaves_no_generations_behind() {
    let log = Log::with(&[1, 2]).await;
    catch_up(&both(&log)).await.unwrap();
    log.append(&[1, 2]).await;
    log.poison(1).await;
    let newer = log.runner(vec![boxed::<Careful<2>>(), boxed::<DaysAgain>()]);
    for _ in 0..4 {
        assert_stopped_at_five(catch_up(&newer).await);
    }
    for name in ["careful", "days"] {
        let generations = log.generations(name).await;
        assert!(generations.len() <= 2, "{name}: {generations:?}");
    }
}

#[tokio::test]
async fn a_mended_program_goes_on_where_the_poison_stopped_it() {
    let log = poisoned().await;
    assert_stopped_at_five(catch_up(&both(&log)).await);
    let mended = log.runner(vec![boxed::<Mended>(), boxed::<Days>()]);
    assert_eq!(catch_up(&mended).await.unwrap(), 7);
    assert_eq!(mended.all_rows::<Mended>().await.unwrap(), [("1".into(), 3), ("2".into(), 4)]);
    let live = log.live("careful").await;
    assert_eq!((live.position, live.stopped), (7, None));
    assert!(replay(&mended, false).await.iter().all(|r| r.is_equal()));
}

/// An event of a newer program stops all of them: none may answer as if it had not been there.
#[tokio::test]
async fn an_unknown_event_stops_every_projection() {
    let log = Log::with(&[1, 2]).await;
    let runner = both(&log);
    catch_up(&runner).await.unwrap();
    let stream_id = StreamId::new("case", 200).unwrap();
    let event = NewEvent {
        stream_id: stream_id.clone(),
        event_type: "PlanAgreed",
        schema_version: 1,
        body: b"{}".to_vec().try_into().unwrap(),
        keys: Vec::new(),
    };
    let append = Append {
        command_id: Uuid::from_u128(1_000),
        fingerprint: [0; 32],
        actor: "anna".into(),
        recorded_at: 0,
        expected: vec![(stream_id, 0)],
        after: Vec::new(),
        events: vec![event],
        subject_keys: Vec::new(),
        texts: Vec::new(),
    };
    log.store.append(vec![append]).await.unwrap();
    log.append(&[1]).await;
    let refused = catch_up(&runner).await;
    assert!(
        matches!(&refused, Err(RunnerError::Decode(e)) if e.to_string().contains("position 3, stream case-200"))
    );
    for name in ["careful", "days"] {
        assert_eq!(log.live(name).await.position, 2);
    }
}
