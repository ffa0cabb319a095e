//! Callers whose answers get lost.

use event_log::{AppendOutcome, Store};

use super::{Build, Place, Random, assert_as_told, command, meta, stream, verify};
use crate::faulty::{Faults, Faulty};

/// Whether it fails before it is written or after, or arrives twice: sent again under the same id until there is an
/// answer, each command is written once, and every later answer is the first one.
pub async fn a_command_that_is_sent_until_it_is_answered_is_written_once<P: Place>() {
    for seed in 0..3 {
        let Some(place) = P::create(meta()).await else { return };
        let store = Faulty::new(place.open().await, seed, Faults::often());
        let mut random = Random(seed + 100);
        let mut told = Vec::new();
        let mut versions = [0; 5];
        for id in 0..150 {
            let number = random.below(5);
            let append = command(id).on(number, versions[number as usize]).and(number).key("receipt", id);
            versions[number as usize] += 2;
            let mut first = None;
            for _ in 0..2 {
                let outcome = loop {
                    match store.append(vec![append.clone()]).await {
                        Ok(mut outcomes) => break outcomes.remove(0),
                        Err(_) => continue,
                    }
                };
                let (AppendOutcome::Appended { first: from, last: to }
                | AppendOutcome::AlreadyDone { first: from, last: to }) = outcome
                else {
                    panic!("{outcome:?}")
                };
                assert_eq!(*first.get_or_insert((from, to)), (from, to));
                told.push((append.command_id, outcome));
            }
        }
        let happened = store.happened();
        assert!(happened.before > 20 && happened.after > 20 && happened.twice > 20, "{happened:?}");
        assert_eq!(store.head().await.unwrap().position, 300);
        let streams: Vec<_> = (0..5).map(stream).collect();
        assert_eq!(store.read_streams(&streams).await.unwrap().len(), 300);
        assert_as_told(&*store, &told).await;
        verify(&*place.open().await).await.unwrap();
    }
}
