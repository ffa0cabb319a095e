//! Several programs on one ledger, each with connections of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::{AppendOutcome, Conflict, Store};

use super::{
    Build, Place, Random, appended, assert_as_told, command, meta, one, random_command, stale, stream, verify,
};

const ROUNDS: u64 = 100;

/// Two stores on one new ledger.
async fn two<P: Place>() -> Option<(P, [Arc<dyn Store>; 2])> {
    let place = P::create(meta()).await?;
    let stores = [place.open().await, place.open().await];
    Some((place, stores))
}

/// Does the same on both stores at the same time; each is told its number.
async fn both<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    stores: &[Arc<dyn Store>; 2],
    work: impl Fn(u64, Arc<dyn Store>) -> F,
) -> [T; 2] {
    let [one, other] = stores;
    let (one, other) = (tokio::spawn(work(0, one.clone())), tokio::spawn(work(1, other.clone())));
    [one.await.unwrap(), other.await.unwrap()]
}

/// Both decide on the same versions again and again: each version is won exactly once.
pub async fn two_writers_race_for_the_same_versions<P: Place>() {
    let Some((_place, stores)) = two::<P>().await else { return };
    let won = both(&stores, |writer, store| async move {
        let mut won = 0;
        for round in 0..ROUNDS {
            // Each tries all versions in turn; a loser goes on to the next, as the winner moved the stream.
            let append = command(1 + writer * ROUNDS + round).on(1, round).key("receipt", round);
            match one(&*store, append).await {
                AppendOutcome::Appended { .. } => won += 1,
                AppendOutcome::Conflict(Conflict::Version { expected, actual, .. }) => {
                    assert!(actual > expected)
                }
                outcome => panic!("{outcome:?}"),
            }
        }
        won
    })
    .await;
    assert_eq!(won.iter().sum::<u64>(), ROUNDS, "each version was won once");
    let [one, other] = &stores;
    assert_eq!(one.head().await.unwrap().position, ROUNDS);
    assert_eq!(verify(&**one).await.unwrap(), verify(&**other).await.unwrap());
}

/// Streams of their own, the same receipts: who loses one is told who has it.
pub async fn two_writers_race_for_the_same_facts<P: Place>() {
    let Some((_place, stores)) = two::<P>().await else { return };
    let won = both(&stores, |writer, store| async move {
        let mut won = 0;
        for round in 0..ROUNDS {
            let own = writer * 1_000 + round;
            match one(&*store, command(own).on(own, 0).key("receipt", round)).await {
                AppendOutcome::Appended { .. } => won += 1,
                AppendOutcome::Conflict(Conflict::Key { scope: "receipt", owner }) => {
                    assert_eq!(owner.stream_id, stream((1 - writer) * 1_000 + round));
                    let at = store.read_log(owner.position - 1, 1).await.unwrap();
                    assert_eq!(at[0].stream_id, owner.stream_id);
                }
                outcome => panic!("{outcome:?}"),
            }
        }
        won
    })
    .await;
    assert_eq!(won.iter().sum::<u64>(), ROUNDS, "each receipt was won once");
    assert_eq!(stores[0].scan_keys(None, 1_000).await.unwrap().len() as u64, ROUNDS);
    verify(&*stores[1]).await.unwrap();
}

/// A request that reaches the ledger on two ways is written once, and both are told the same.
pub async fn two_writers_send_the_same_commands<P: Place>() {
    let Some((_place, stores)) = two::<P>().await else { return };
    let [told, other] = both(&stores, |_, store| async move {
        let mut told = Vec::new();
        for id in 0..ROUNDS {
            told.push(one(&*store, command(id).on(id, 0).and(id).key("receipt", id)).await);
        }
        told
    })
    .await;
    for (told, other) in told.into_iter().zip(other) {
        match (told, other) {
            (AppendOutcome::Appended { first, last }, done)
            | (done, AppendOutcome::Appended { first, last }) => {
                assert_eq!(done, AppendOutcome::AlreadyDone { first, last });
            }
            outcomes => panic!("{outcomes:?}"),
        }
    }
    assert_eq!(stores[0].head().await.unwrap().position, ROUNDS * 2);
    verify(&*stores[1]).await.unwrap();
}

/// Whatever meets whatever: the log holds exactly what was acknowledged.
pub async fn random_commands_of_four_writers_are_all_as_told<P: Place>() {
    let Some((_place, stores)) = two::<P>().await else { return };
    let writers: Vec<_> = (0..4_u64)
        .map(|writer| {
            let store = stores[writer as usize % 2].clone();
            tokio::spawn(async move {
                let mut random = Random(writer);
                let mut told = Vec::new();
                for _ in 0..40 {
                    let batch: Vec<_> =
                        (0..1 + random.below(12)).map(|_| random_command(&mut random)).collect();
                    let ids: Vec<_> = batch.iter().map(|append| append.command_id).collect();
                    told.extend(ids.into_iter().zip(store.append(batch).await.unwrap()));
                }
                told
            })
        })
        .collect();
    let mut told = Vec::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }
    let written = told.iter().map(|(_, outcome)| match outcome {
        AppendOutcome::Appended { first, last } => last - first + 1,
        _ => 0,
    });
    assert_eq!(stores[0].head().await.unwrap().position, written.sum::<u64>());
    assert_as_told(&*stores[0], &told).await;
    verify(&*stores[1]).await.unwrap();
}

/// A stale decision is refused also when the stream was extended by another program a moment ago.
pub async fn another_program_is_noticed_at_once<P: Place>() {
    let Some((_place, [here, there])) = two::<P>().await else { return };
    for version in (0..10).step_by(2) {
        let (next, at) = (version + 1, |position| appended(position, position));
        assert_eq!(one(&*here, command(version).on(1, version)).await, at(next));
        assert_eq!(one(&*there, command(100 + version).on(1, version)).await, stale(1, version, next));
        assert_eq!(one(&*there, command(next).on(1, next)).await, at(next + 1));
        let again = one(&*here, command(next).on(1, 0)).await;
        assert_eq!(again, AppendOutcome::AlreadyDone { first: next + 1, last: next + 1 });
    }
    verify(&*here).await.unwrap();
}

/// A reader asks for what comes after the last position it has seen, while writers with small and large batches are
/// at work. Red wherever an event becomes visible after one that has a higher position.
pub async fn a_reader_that_tails_misses_nothing<P: Place>() {
    let Some((place, stores)) = two::<P>().await else { return };
    let reader = place.open().await;
    let done = Arc::new(AtomicBool::new(false));
    let tail = tokio::spawn({
        let done = done.clone();
        async move {
            let mut seen = 0;
            loop {
                let over = done.load(Ordering::Acquire);
                let page = reader.read_log(seen, 37).await.unwrap();
                for event in &page {
                    assert_eq!(event.position, seen + 1, "an event was passed over");
                    seen += 1;
                }
                if over && page.is_empty() {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let writers: Vec<_> = (0..6_u64)
        .map(|writer| {
            let store = stores[writer as usize % 2].clone();
            tokio::spawn(async move {
                let mut random = Random(writer);
                let mut version = 0;
                for round in 0..25 {
                    let events = if random.below(4) == 0 { 150 } else { 1 };
                    let mut append = command(writer * 1_000 + round).on(writer, version);
                    for _ in 1..events {
                        append = append.and(writer);
                    }
                    version += events;
                    assert!(matches!(one(&*store, append).await, AppendOutcome::Appended { .. }));
                }
                version
            })
        })
        .collect();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    done.store(true, Ordering::Release);
    assert_eq!(tail.await.unwrap(), written);
}

/// Each step of a checkpoint is taken once, and the rows are those of whoever took it.
pub async fn two_runners_race_for_the_same_checkpoint<P: Place>() {
    let Some((_place, stores)) = two::<P>().await else { return };
    stores[0].start_generation("balances", 1).await.unwrap();
    let taken = both(&stores, |runner, store| async move {
        let mut taken = Vec::new();
        for step in 0..ROUNDS {
            let rows =
                [(format!("step-{step}"), vec![runner as u8]), ("last".into(), step.to_be_bytes().into())];
            if store.write_rows("balances", 1, step, step + 1, &rows).await.unwrap() {
                taken.push((format!("step-{step}"), vec![runner as u8]));
            }
        }
        taken
    })
    .await;
    let mut taken = taken.concat();
    taken.push(("last".into(), (ROUNDS - 1).to_be_bytes().into()));
    taken.sort();
    assert_eq!(stores[0].scan_rows("balances", 1, None, 1_000).await.unwrap(), taken);
    assert_eq!(stores[1].generations("balances").await.unwrap()[0].position, ROUNDS);
}

/// One generation is live, whoever starts one and whoever takes over.
pub async fn two_runners_race_to_start_and_to_switch<P: Place>() {
    let Some((_place, stores)) = two::<P>().await else { return };
    for round in 0..10 {
        let name = format!("balances-{round}");
        let started = both(&stores, |_, store| {
            let name = name.clone();
            async move { store.start_generation(&name, 1).await.unwrap() }
        });
        let mut started = started.await;
        started.sort_by_key(|state| state.generation);
        assert_eq!(started.each_ref().map(|state| (state.generation, state.live)), [(1, false), (2, false)]);
        stores[0].start_generation(&name, 1).await.unwrap();
        let switched = both(&stores, |runner, store| {
            let name = name.clone();
            async move { store.switch_generation(&name, runner + 2, 0).await.unwrap() }
        });
        let switched = switched.await;
        let left = stores[0].generations(&name).await.unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
        // The first to take over removed the other.
        let winner = 2 + u64::from(!switched[0]);
        assert_eq!((left[0].generation, left[0].live, switched[0] ^ switched[1]), (winner, true, true));
    }
}
