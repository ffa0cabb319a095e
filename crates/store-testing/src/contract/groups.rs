//! Many callers of one store at the same time: what waits is written together, and each is told only its own.

use std::time::Duration;

use event_log::{AppendOutcome, StoreError};

use super::{Build, Place, Random, assert_as_told, command, meta, one, verify};

/// Many tasks on one store, and a second store beside it: everybody gets the outcome of their own command.
pub async fn many_tasks_get_their_own_outcomes<P: Place>() {
    let Some(place) = P::create(meta()).await else { return };
    let stores = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let store = stores[task as usize % 2].clone();
            tokio::spawn(async move {
                for version in 0..20 {
                    let id = task * 100 + version;
                    let AppendOutcome::Appended { first, last } =
                        one(&*store, command(id).on(task, version * 2).and(task)).await
                    else {
                        panic!("nobody else writes to this stream")
                    };
                    let written = store.read_log(first - 1, 2).await.unwrap();
                    assert_eq!((written[0].command_id, written[1].position), (command(id).command_id, last));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stores[0].head().await.unwrap().position, 640);
    verify(&*stores[1]).await.unwrap();
}

/// Among those who wait together some are stale, some come a second time, and some break a rule that only the
/// database can see. Everybody else is written, without a hole where the others would have been.
pub async fn who_is_refused_takes_nobody_along<P: Place>() {
    let Some(place) = P::create(meta()).await else { return };
    let store = place.open().await;
    let mut told = Vec::new();
    let (mut stale, mut orphans, mut again) = (0, 0, 0);
    for round in 0..6_u64 {
        let tasks: Vec<_> = (0..32_u64)
            .map(|task| {
                let own = command(round * 100 + task);
                let append = match task % 8 {
                    // Nobody's key: refused by the schema, when the whole group is about to be written.
                    3 => own.on(task, 0).text(round * 100 + task, 9_999, b"text"),
                    5 => own.on(task, round + 7),
                    // The stream of the task before, which sends the very same command.
                    7 => command(round * 100 + task - 1).on(task - 1, round),
                    _ => own.on(task, round).key("receipt", round * 100 + task),
                };
                let store = store.clone();
                tokio::spawn(async move { (append.command_id, store.append(vec![append]).await) })
            })
            .collect();
        for (task, answer) in tasks.into_iter().enumerate() {
            let (id, answer) = answer.await.unwrap();
            match (task % 8, answer) {
                (3, Err(StoreError::BadRequest(_))) => orphans += 1,
                (5, Ok(outcomes)) if matches!(*outcomes, [AppendOutcome::Conflict(_)]) => stale += 1,
                (6 | 7, Ok(outcomes)) if matches!(*outcomes, [AppendOutcome::AlreadyDone { .. }]) => {
                    again += 1
                }
                (0 | 1 | 2 | 4 | 6 | 7, Ok(mut outcomes)) => {
                    assert!(matches!(*outcomes, [AppendOutcome::Appended { .. }]), "{outcomes:?}");
                    told.push((id, outcomes.remove(0)));
                }
                (task, answer) => panic!("{task}: {answer:?}"),
            }
        }
    }
    assert_eq!((stale, orphans, again), (24, 24, 24));
    assert_eq!(store.head().await.unwrap().position, told.len() as u64);
    assert_as_told(&*store, &told).await;
    verify(&*store).await.unwrap();
}

/// A caller may go away at any moment: what it was told stays, what it was not told is there or not, and the next
/// caller finds no trace of a half-done transaction.
pub async fn an_append_that_is_dropped_is_whole_or_absent<P: Place>() {
    let Some(place) = P::create(meta()).await else { return };
    let store = place.open().await;
    let mut random = Random(7);
    let (mut version, mut dropped) = (0, 0);
    for round in 0..100 {
        // 70 events of two streams: several statements, one of them full.
        let mut append = command(round).on(1, version).on(2, version);
        for _ in 0..34 {
            append = append.and(1).and(2);
        }
        let task = tokio::spawn({
            let (store, append) = (store.clone(), append.clone());
            async move { one(&*store, append).await }
        });
        tokio::time::sleep(Duration::from_micros(random.below(3_000))).await;
        task.abort();
        let told = task.await.ok();
        dropped += u64::from(told.is_none());
        assert!(told.is_none_or(|outcome| matches!(outcome, AppendOutcome::Appended { .. })));
        // The same command again, whatever became of it: it is written once.
        let again = one(&*store, append).await;
        assert!(
            matches!(again, AppendOutcome::AlreadyDone { .. } | AppendOutcome::Appended { .. }),
            "{again:?}"
        );
        version += 35;
    }
    assert!(dropped > 10, "{dropped} callers went away");
    assert_eq!(store.head().await.unwrap().position, 100 * 70);
    verify(&*place.open().await).await.unwrap();
}
