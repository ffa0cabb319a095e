//! What verification finds out about each event alone: on several threads, before anything is done in order.

use std::sync::Arc;
use std::thread::available_parallelism;

use domain::{DecodeError, Event};
use event_log::canonical::is_canonical;
use event_log::leaf::write_leaf;
use event_log::pipeline::{Pages, Pipeline};
use event_log::run::{self, RUN_EVENTS, Run};
use event_log::{Hash, RecordedEvent, SealedRun, Store, StoreError, StreamId};

use crate::error::AppError;

/// Runs of events read at a time.
const RUNS_READ: u64 = 4;

/// An event with what can be said of it without knowing the others.
pub(crate) struct Examined {
    pub(crate) event: RecordedEvent,
    /// Leaf hash of its fields.
    pub(crate) computed: Hash,
    pub(crate) canonical: bool,
    /// What it means, if writing that again gives the same bytes.
    pub(crate) decoded: Result<Event, DecodeError>,
}

/// At most one run of the log.
pub(crate) struct Page {
    pub(crate) events: Vec<Examined>,
    /// Where the sealed run is not made of these events.
    pub(crate) differs: Option<Differs>,
}

/// A sealed run that does not hold what the log holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Differs {
    #[error(
        "position {position}, stream {stream_id}: the log and the sealed run {run} made from it hold different events, so one of them was altered. If the log agrees with a checkpoint of yours, make the runs anew with `svala replay --repair`"
    )]
    At { position: u64, stream_id: StreamId, run: u64 },
    #[error(transparent)]
    Unreadable(#[from] run::BadRun),
    #[error(
        "the sealed run {run} holds events up to position {last}, the log ends at {log}: events at the end were removed, or the run was put there. If the log agrees with a checkpoint of yours, make the runs anew with `svala replay --repair`"
    )]
    Beyond { run: u64, last: u64, log: u64 },
}

impl From<Differs> for AppError {
    fn from(differs: Differs) -> Self {
        Self::Store(StoreError::Damaged(differs.to_string()))
    }
}

/// A page as it was read, with the run that was sealed of it.
pub(crate) struct Raw {
    events: Vec<RecordedEvent>,
    sealed: Option<SealedRun>,
}

/// The log after a position, in order.
pub(crate) fn examine(store: Arc<dyn Store>, after: u64) -> Pipeline<Raw, Page, AppError> {
    let workers = available_parallelism().map_or(1, usize::from);
    Pipeline::new(after, workers, move |after| read(store.clone(), after), |raw, _| Ok(page(raw)))
}

/// Reads whole runs of the log: what stands at their places, whatever position it claims.
async fn read(store: Arc<dyn Store>, after: u64) -> Result<Pages<Raw>, AppError> {
    let number = after / RUN_EVENTS;
    let wanted = ((number + RUNS_READ) * RUN_EVENTS - after) as usize;
    let mut sealed = store.sealed_runs(number, RUNS_READ as u32).await?;
    let mut events: Vec<RecordedEvent> = Vec::with_capacity(wanted);
    while events.len() < wanted {
        let last = events.last().map_or(after, |event| event.position);
        let page = store.read_log(last, (wanted - events.len()) as u32).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let last = events.last().map_or(after, |event| event.position);
    let (mut pages, mut events) = (Vec::new(), events.into_iter().peekable());
    while let Some(first) = events.peek().map(|event| event.position) {
        let number = run::number_of(first);
        let of_run = std::iter::from_fn(|| events.next_if(|event| run::number_of(event.position) == number));
        let of_run = of_run.collect();
        let sealed = sealed.iter().position(|run| run.number == number).map(|at| sealed.swap_remove(at));
        pages.push(Raw { events: of_run, sealed });
    }
    Ok((pages, last))
}

fn page(raw: Raw) -> Page {
    let Raw { events, sealed } = raw;
    // A part of a run tells nothing: it may have been sealed since these events were read.
    let sealed = sealed.filter(|_| events.len() as u64 == RUN_EVENTS);
    let differs = sealed.and_then(|sealed| compare(&events, &sealed).err());
    let events = events
        .into_iter()
        .map(|event| {
            let decoded = Event::decode_exact(&event);
            // What is written again as it stands was written by the canonicaliser.
            let canonical = decoded.is_ok() || is_canonical(&event.body);
            Examined { computed: event.computed_leaf_hash(), canonical, decoded, event }
        })
        .collect();
    Page { events, differs }
}

/// A sealed run must be, byte for byte, what sealing these events gives.
fn compare(events: &[RecordedEvent], sealed: &SealedRun) -> Result<(), Differs> {
    let unpacked = Run::unpack(sealed)?;
    let mut leaves = unpacked.leaves();
    let mut bytes = Vec::new();
    for event in events {
        bytes.clear();
        write_leaf(&event.header(), &event.body, &mut bytes);
        if leaves.next().transpose()?.is_none_or(|leaf| leaf.bytes != bytes) {
            let (position, stream_id) = (event.position, event.stream_id.clone());
            return Err(Differs::At { position, stream_id, run: sealed.number });
        }
    }
    match leaves.next().transpose()? {
        None => Ok(()),
        Some(leaf) => {
            let log = leaf.header.position - 1;
            Err(Differs::Beyond { run: sealed.number, last: run::last(sealed.number), log })
        }
    }
}

/// No run may be sealed of events that are not there.
pub(crate) async fn nothing_beyond(store: &dyn Store, log: u64) -> Result<(), AppError> {
    let runs = store.sealed_runs(log / RUN_EVENTS, 1).await?;
    let Some(SealedRun { number, .. }) = runs.first() else { return Ok(()) };
    // Read after the run: others may have added its events and sealed them meanwhile.
    if run::last(*number) <= store.head().await?.position {
        return Ok(());
    }
    Err(Differs::Beyond { run: *number, last: run::last(*number), log }.into())
}
