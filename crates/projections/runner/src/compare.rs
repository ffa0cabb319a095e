//! Live rows held against rebuilt ones, both in the order of their keys.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::FoldError;
use event_log::{Store, StoreError};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use crate::digest::Digest;
use crate::projection::Rows;
use crate::run::{PAGE_ROWS, RunnerError};

/// Keys of differing rows that are named.
const SHOWN: usize = 10;
/// Pages that are read or written before they are compared.
const PAGES_AHEAD: usize = 2;

type Row = (String, Vec<u8>);

/// What a comparison found.
pub(crate) struct Comparison {
    pub(crate) live: Digest,
    pub(crate) rebuilt: Digest,
    /// Keys of rows that differ, the first few.
    pub(crate) differing: Vec<String>,
    /// The rebuilt rows, if they were in memory.
    pub(crate) held: Option<Box<dyn Rows>>,
}

/// Compares all rows of both sides.
pub(crate) async fn compare(mut live: Side, mut rebuilt: Side) -> Result<Comparison, RunnerError> {
    let mut differing = Vec::new();
    let (mut left, mut right) = (live.next().await, rebuilt.next().await);
    loop {
        let order = match (&left, &right) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let one = if order.is_le() { std::mem::replace(&mut left, live.next().await) } else { None };
        let other = if order.is_ge() { std::mem::replace(&mut right, rebuilt.next().await) } else { None };
        if one != other
            && differing.len() < SHOWN
            && let Some((key, _)) = one.or(other)
        {
            differing.push(key);
        }
    }
    let ((live, _), (rebuilt, held)) = (live.end().await?, rebuilt.end().await?);
    Ok(Comparison { live, rebuilt, differing, held })
}

/// Rows in the order of their keys. A task of their own reads or writes them ahead, and digests them.
pub(crate) struct Side {
    pages: Receiver<Vec<Row>>,
    page: std::vec::IntoIter<Row>,
    ended: JoinHandle<Result<End, RunnerError>>,
}

/// The digest of all rows, and the rows themselves where they were in memory.
type End = (Digest, Option<Box<dyn Rows>>);

impl Side {
    /// The rows of a generation.
    pub(crate) fn stored(store: Arc<dyn Store>, name: &'static str, generation: u64) -> Self {
        let (sender, pages) = channel(PAGES_AHEAD);
        let ended = tokio::spawn(async move {
            let (mut digest, mut after) = (Digest::default(), None::<String>);
            loop {
                let page = store.scan_rows(name, generation, after.as_deref(), PAGE_ROWS).await?;
                let Some((last, _)) = page.last() else { return Ok((digest, None)) };
                after = Some(last.clone());
                page.iter().for_each(|(key, value)| digest.add(key, value));
                if sender.send(page).await.is_err() {
                    return Ok((digest, None));
                }
            }
        });
        Self { pages, page: Vec::new().into_iter(), ended }
    }

    /// Rows in memory.
    pub(crate) fn held(name: &'static str, rows: Box<dyn Rows>) -> Self {
        let (sender, pages) = channel(PAGES_AHEAD);
        let ended = tokio::task::spawn_blocking(move || {
            let mut digest = Digest::default();
            for keys in rows.keys().chunks(PAGE_ROWS as usize) {
                let page =
                    keys.iter().filter_map(|key| Some(((*key).to_owned(), rows.stored(key).transpose()?)));
                let page =
                    page.map(|(key, value)| Ok((key, value?))).collect::<Result<Vec<Row>, FoldError>>();
                let page = page.map_err(|why| RunnerError::Unwritable { name, why })?;
                page.iter().for_each(|(key, value)| digest.add(key, value));
                if sender.blocking_send(page).is_err() {
                    break;
                }
            }
            Ok((digest, Some(rows)))
        });
        Self { pages, page: Vec::new().into_iter(), ended }
    }

    /// `None` at the end, and where the task failed.
    async fn next(&mut self) -> Option<Row> {
        loop {
            if let Some(row) = self.page.next() {
                return Some(row);
            }
            self.page = self.pages.recv().await?.into_iter();
        }
    }

    /// What the task ended with.
    async fn end(self) -> Result<End, RunnerError> {
        drop(self.pages);
        let interrupted = || StoreError::BadRequest("the comparison was interrupted".into());
        self.ended.await.map_err(|_| interrupted())?
    }
}
