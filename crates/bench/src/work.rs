//! The work on the bytes themselves that nobody can leave out, on one thread or on two.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use event_log::RecordedEvent;
use event_log::leaf::write_leaf;
use sha2::{Digest, Sha256};

use crate::Outcome;

/// Does the same to all events, on so many threads, each with a share of the log.
pub fn on_threads(
    events: &[RecordedEvent],
    threads: usize,
    work: impl Fn(&RecordedEvent) -> Outcome<()> + Sync,
) -> Outcome<Duration> {
    let work = &work;
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let shares = events.chunks(events.len().div_ceil(threads.max(1)).max(1));
        let running: Vec<_> =
            shares.map(|share| scope.spawn(move || share.iter().try_for_each(work))).collect();
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread did not end")?)
    })?;
    Ok(begun.elapsed())
}

/// Parses a body into a value of no particular type.
pub fn parse_value(event: &RecordedEvent) -> Outcome<()> {
    black_box(serde_json::from_slice::<serde_json::Value>(&event.body)?);
    Ok(())
}

/// Parses a body into the event it is.
pub fn parse_event(event: &RecordedEvent) -> Outcome<()> {
    black_box(domain::Event::decode(event)?);
    Ok(())
}

/// Hashes the bytes of the leaves, which are made before the clock starts.
pub fn hash(events: &[RecordedEvent]) -> Duration {
    let leaves: Vec<Vec<u8>> = events
        .iter()
        .map(|event| {
            let mut bytes = Vec::new();
            write_leaf(&event.header(), &event.body, &mut bytes);
            bytes
        })
        .collect();
    let begun = Instant::now();
    for bytes in &leaves {
        black_box(Sha256::digest(bytes));
    }
    begun.elapsed()
}

/// Reads the cells of CSV files with the bare crate, without looking at any.
pub fn read_csv(files: &[&Path]) -> Outcome<(u64, Duration)> {
    let begun = Instant::now();
    let (mut rows, mut record) = (0, csv::StringRecord::new());
    for file in files {
        let mut reader = csv::Reader::from_path(file)?;
        while reader.read_record(&mut record)? {
            rows += 1;
            black_box(&record);
        }
    }
    Ok((rows, begun.elapsed()))
}
