//! The log as projections want it: read ahead, decoded on several threads, handed over in order.
//!
//! A page is at most one run: a sealed one where those may be read, or as many events of the log itself.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Recorded;
use event_log::pipeline::{Pages, Pipeline};
use event_log::run::{self, BadRun, RUN_EVENTS, Run};
use event_log::{Hash, RecordedEvent, SealedRun, Store, StoreError, StreamId};

use tokio::runtime::Handle;

use crate::fill::Filling;
use crate::run::RunnerError;

/// Sealed runs read at a time.
const RUNS_READ: u32 = 16;
/// Runs of events read at a time from the log.
const LOG_RUNS_READ: u64 = 4;

/// Which events, and what is done with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Position before the first.
    pub(crate) after: u64,
    /// Position of the last.
    pub(crate) until: u64,
    /// They may come from sealed runs.
    pub(crate) runs: bool,
    /// Hash them all.
    pub(crate) hash: bool,
    /// The first run that is sealed where it is read from the log.
    pub(crate) seal_from: u64,
}

/// Consecutive events, read and understood.
pub(crate) struct Page {
    pub(crate) events: Vec<Recorded>,
    /// Position of the last.
    pub(crate) last: u64,
    /// Leaf hash of each, if all are hashed.
    pub(crate) leaves: Vec<Hash>,
    /// The run that these events are, where it is to be sealed.
    pub(crate) unsealed: Option<SealedRun>,
}

/// A page as it was read.
pub(crate) enum Raw {
    Sealed(SealedRun),
    Log(Vec<RecordedEvent>),
}

/// Feeds the pages wanted, one after the other; gives the position of the last event of each.
pub(crate) fn feed(
    store: Arc<dyn Store>,
    workers: usize,
    wanted: Wanted,
    filling: Arc<Mutex<Filling>>,
) -> Pipeline<Raw, u64, RunnerError> {
    Pipeline::new(
        wanted.after,
        workers,
        move |after| read(store.clone(), after, wanted),
        move |raw, turn| {
            let page = decode(raw, &wanted)?;
            turn.wait()?;
            let mut filling = filling.lock().unwrap_or_else(PoisonError::into_inner);
            Handle::current().block_on(filling.take(page))
        },
    )
}

async fn read(store: Arc<dyn Store>, after: u64, wanted: Wanted) -> Result<Pages<Raw>, RunnerError> {
    let number = after / RUN_EVENTS;
    let whole_runs = wanted.until.saturating_sub(after) / RUN_EVENTS;
    if wanted.runs && after.is_multiple_of(RUN_EVENTS) && whole_runs > 0 {
        let limit = u32::try_from(whole_runs).unwrap_or(u32::MAX).min(RUNS_READ);
        let mut runs = store.sealed_runs(number, limit).await?;
        runs.truncate((number..).zip(&runs).take_while(|(number, run)| *number == run.number).count());
        if let Some(last) = runs.last().map(|run| run::last(run.number)) {
            return Ok((runs.into_iter().map(Raw::Sealed).collect(), last));
        }
    }
    let until = ((number + LOG_RUNS_READ) * RUN_EVENTS).min(wanted.until);
    let (mut pages, mut page, mut last) = (Vec::new(), Vec::new(), after);
    while last < until {
        let limit = u32::try_from(until - last).unwrap_or(u32::MAX);
        let events = store.read_log(last, limit).await?;
        if events.is_empty() {
            return Err(missing(last + 1));
        }
        for event in events {
            last += 1;
            if event.position != last {
                return Err(missing(last));
            }
            page.push(event);
            if last == run::last(run::number_of(last)) {
                pages.push(Raw::Log(std::mem::take(&mut page)));
            }
        }
    }
    if !page.is_empty() {
        pages.push(Raw::Log(page));
    }
    Ok((pages, last))
}

fn missing(position: u64) -> RunnerError {
    StoreError::Damaged(format!("position {position} is missing")).into()
}

/// What a thread of its own does with a page.
fn decode(raw: Raw, wanted: &Wanted) -> Result<Page, RunnerError> {
    match raw {
        Raw::Sealed(sealed) => {
            let unpacked = Run::unpack(&sealed).map_err(StoreError::from)?;
            let events_expected = RUN_EVENTS as usize;
            let mut events = Vec::with_capacity(events_expected);
            let mut leaves = Vec::with_capacity(events_expected);
            for leaf in unpacked.leaves() {
                let leaf = leaf.map_err(StoreError::from)?;
                if wanted.hash {
                    leaves.push(leaf.hash());
                }
                let stream_id: StreamId = leaf.header.stream_id.parse().map_err(|_| {
                    StoreError::from(BadRun { number: sealed.number, why: "names a stream that cannot be" })
                })?;
                let event = Recorded::read(stream_id, &leaf.header, leaf.body);
                events.push(event.map_err(|why| RunnerError::SealedRun { number: sealed.number, why })?);
            }
            Ok(Page { events, last: run::last(sealed.number), leaves, unsealed: None })
        }
        Raw::Log(page) => {
            let last = page.last().map_or(0, |event| event.position);
            let whole = run::number_of(last) >= wanted.seal_from;
            let unsealed = if whole { run::seal(&page) } else { None };
            // Rows that rest on an altered event would be shown until somebody verifies the log.
            let leaves = if wanted.hash { page.iter().map(|e| e.leaf_hash).collect() } else { Vec::new() };
            let events = page.into_iter().map(Recorded::decode_checked).collect::<Result<_, _>>()?;
            Ok(Page { events, last, leaves, unsealed })
        }
    }
}
