//! What a read model is made of.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::marker::PhantomData;

use domain::{FoldError, Recorded};
use event_log::canonical;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A pure fold from events to rows.
pub trait Projection: Send + Sync + 'static {
    /// The projection's name, for ever.
    const NAME: &'static str;
    /// Raised when the same events give other rows than before: the rows are then rebuilt.
    const VERSION: u32;
    /// One row.
    type Row: Serialize + DeserializeOwned + Clone + Send + 'static;

    /// The row an event concerns, if any.
    fn key(event: &Recorded) -> Option<String>;

    /// The row after the event.
    fn fold(row: Option<Self::Row>, event: &Recorded) -> Result<Self::Row, FoldError>;
}

/// A projection without its row type, so that many can be fed in one pass over the log.
pub trait AnyProjection: Send + Sync {
    /// [`Projection::NAME`].
    fn name(&self) -> &'static str;
    /// [`Projection::VERSION`].
    fn version(&self) -> u32;
    /// [`Projection::key`].
    fn key(&self, event: &Recorded) -> Option<String>;
    /// An empty set of rows to fold into.
    fn rows(&self) -> Box<dyn Rows>;
}

/// Rows held in memory while events are folded into them.
pub trait Rows: Send {
    /// Whether a row is held, or is known to be absent.
    fn holds(&self, key: &str) -> bool;
    /// Takes a row as it is stored, or its absence.
    fn load(&mut self, key: String, stored: Option<&[u8]>) -> Result<(), FoldError>;
    /// Folds an event into the row of this key.
    fn fold(&mut self, key: String, event: &Recorded) -> Result<(), FoldError>;
    /// Number of rows held.
    fn len(&self) -> usize;
    /// The rows changed since the last call, as they are to be stored.
    fn take_changed(&mut self) -> Result<Vec<(String, Vec<u8>)>, FoldError>;
    /// Forgets all rows; only after their changes were taken.
    fn forget(&mut self);
}

/// Erases a projection's row type.
pub fn boxed<P: Projection>() -> Box<dyn AnyProjection> {
    Box::new(Erased::<P>(PhantomData))
}

struct Erased<P>(PhantomData<P>);

impl<P: Projection> AnyProjection for Erased<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn version(&self) -> u32 {
        P::VERSION
    }

    fn key(&self, event: &Recorded) -> Option<String> {
        P::key(event)
    }

    fn rows(&self) -> Box<dyn Rows> {
        Box::new(TypedRows::<P> { rows: HashMap::new(), changed: Vec::new() })
    }
}

struct TypedRows<P: Projection> {
    rows: HashMap<String, Held<P::Row>>,
    changed: Vec<String>,
}

struct Held<R> {
    row: Option<R>,
    changed: bool,
}

impl<P: Projection> Rows for TypedRows<P> {
    fn holds(&self, key: &str) -> bool {
        self.rows.contains_key(key)
    }

    fn load(&mut self, key: String, stored: Option<&[u8]>) -> Result<(), FoldError> {
        let row = match stored {
            None => None,
            Some(bytes) => Some(serde_json::from_slice(bytes).map_err(|_| unreadable::<P>(&key))?),
        };
        self.rows.insert(key, Held { row, changed: false });
        Ok(())
    }

    fn fold(&mut self, key: String, event: &Recorded) -> Result<(), FoldError> {
        let held = match self.rows.entry(key.clone()) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => place.insert(Held { row: None, changed: false }),
        };
        held.row = Some(P::fold(held.row.take(), event)?);
        if !held.changed {
            held.changed = true;
            self.changed.push(key);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn take_changed(&mut self) -> Result<Vec<(String, Vec<u8>)>, FoldError> {
        let mut keys = std::mem::take(&mut self.changed);
        keys.sort_unstable();
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(held) = self.rows.get_mut(&key) {
                held.changed = false;
                let bytes = canonical::to_bytes(&held.row).map_err(|e| FoldError(e.to_string()))?;
                rows.push((key, bytes));
            }
        }
        Ok(rows)
    }

    fn forget(&mut self) {
        self.rows.clear();
    }
}

fn unreadable<P: Projection>(key: &str) -> FoldError {
    FoldError(format!("row {key} of {} cannot be read: rebuild it with `svala replay --repair`", P::NAME))
}
