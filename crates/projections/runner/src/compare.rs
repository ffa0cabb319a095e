//! Live rows held against rebuilt ones, both in the order of their keys.

use std::cmp::Ordering;
use std::sync::Arc;

use event_log::{Store, StoreError};
use tokio::task::JoinHandle;

use crate::digest::Digest;
use crate::projection::Rows;
use crate::run::{PAGE_ROWS, RunnerError};

/// Keys of differing rows that are named.
const SHOWN: usize = 10;

type Row = (String, Vec<u8>);

/// What a comparison found.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) live: Digest,
    pub(crate) rebuilt: Digest,
    /// Keys of rows that differ, the first few.
    pub(crate) differing: Vec<String>,
}

impl Comparison {
    fn note(&mut self, key: String) {
        if self.differing.len() < SHOWN {
            self.differing.push(key);
        }
    }
}

/// Compares all rows of both sides.
pub(crate) async fn compare(mut live: Side<'_>, mut rebuilt: Side<'_>) -> Result<Comparison, RunnerError> {
    let mut found = Comparison::default();
    let (mut left, mut right) = (live.next().await?, rebuilt.next().await?);
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(found),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let one = if order.is_le() { std::mem::replace(&mut left, live.next().await?) } else { None };
        let other = if order.is_ge() { std::mem::replace(&mut right, rebuilt.next().await?) } else { None };
        if let Some((key, value)) = &one {
            found.live.add(key, value);
        }
        if let Some((key, value)) = &other {
            found.rebuilt.add(key, value);
        }
        if one != other
            && let Some((key, _)) = one.or(other)
        {
            found.note(key);
        }
    }
}

/// Rows in the order of their keys.
pub(crate) enum Side<'a> {
    /// Of a generation.
    Stored(Scan),
    /// In memory.
    Held(std::vec::IntoIter<&'a str>, &'a dyn Rows),
}

impl<'a> Side<'a> {
    pub(crate) fn stored(store: Arc<dyn Store>, name: &'static str, generation: u64) -> Self {
        let mut scan = Scan { store, name, generation, page: Vec::new().into_iter(), ahead: None };
        scan.read_after(None);
        Self::Stored(scan)
    }

    pub(crate) fn held(rows: &'a dyn Rows) -> Self {
        Self::Held(rows.keys().into_iter(), rows)
    }

    async fn next(&mut self) -> Result<Option<Row>, RunnerError> {
        match self {
            Self::Stored(scan) => scan.next().await,
            Self::Held(keys, rows) => {
                for key in keys {
                    let value = rows.stored(key).map_err(|why| StoreError::BadRequest(why.to_string()))?;
                    if let Some(value) = value {
                        return Ok(Some((key.to_owned(), value)));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// Walks the rows of one generation, reading a page ahead.
pub(crate) struct Scan {
    store: Arc<dyn Store>,
    name: &'static str,
    generation: u64,
    page: std::vec::IntoIter<Row>,
    ahead: Option<JoinHandle<Result<Vec<Row>, StoreError>>>,
}

impl Scan {
    fn read_after(&mut self, after: Option<String>) {
        let (store, name, generation) = (self.store.clone(), self.name, self.generation);
        self.ahead = Some(tokio::spawn(async move {
            store.scan_rows(name, generation, after.as_deref(), PAGE_ROWS).await
        }));
    }

    async fn next(&mut self) -> Result<Option<Row>, RunnerError> {
        if let Some(row) = self.page.next() {
            return Ok(Some(row));
        }
        let Some(ahead) = self.ahead.take() else { return Ok(None) };
        let page =
            ahead.await.map_err(|_| StoreError::BadRequest("reading rows was interrupted".into()))??;
        if let Some((last, _)) = page.last() {
            self.read_after(Some(last.clone()));
        }
        self.page = page.into_iter();
        Ok(self.page.next())
    }
}
