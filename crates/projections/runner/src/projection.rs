//! What a read model is made of.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use domain::{FoldError, Recorded};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A pure fold from events to rows.
pub trait Projection: Send + Sync + 'static {
    /// The projection's name, for ever.
    const NAME: &'static str;
    /// Raised when the same events give other rows than before: the rows are then rebuilt.
    const VERSION: u32;
    /// One row, stored as JSON with its fields in the order of the struct: equal rows must give equal bytes, so a map
    /// in it is ordered and there are no floats.
    type Row: Serialize + DeserializeOwned + Clone + Send + 'static;

    /// The key of the row an event concerns, if any.
    fn key(event: &Recorded) -> Option<Cow<'_, str>>;

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
    fn key<'e>(&self, event: &'e Recorded) -> Option<Cow<'e, str>>;
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
    fn fold(&mut self, key: Cow<'_, str>, event: &Recorded) -> Result<(), FoldError>;
    /// Number of rows held.
    fn len(&self) -> usize;
    /// The keys of the rows held, in the order of their bytes.
    fn keys(&self) -> Vec<&str>;
    /// The row of this key as it is to be stored; `None` if it is not held or known to be absent.
    fn stored(&self, key: &str) -> Result<Option<Vec<u8>>, FoldError>;
    /// Rows changed since they were last taken, as they are to be stored: at most so many, the first in the order of
    /// their keys.
    fn take_changed(&mut self, rows_max: usize) -> Result<Vec<(String, Vec<u8>)>, FoldError>;
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

    fn key<'e>(&self, event: &'e Recorded) -> Option<Cow<'e, str>> {
        P::key(event)
    }

    fn rows(&self) -> Box<dyn Rows> {
        Box::new(TypedRows::<P> { rows: HashMap::new() })
    }
}

struct TypedRows<P: Projection> {
    rows: HashMap<String, Held<P::Row>>,
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

    fn fold(&mut self, key: Cow<'_, str>, event: &Recorded) -> Result<(), FoldError> {
        let held = match self.rows.get_mut(key.as_ref()) {
            Some(held) => held,
            None => self.rows.entry(key.into_owned()).or_insert(Held { row: None, changed: false }),
        };
        held.row = Some(P::fold(held.row.take(), event)?);
        held.changed = true;
        Ok(())
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.rows.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    fn stored(&self, key: &str) -> Result<Option<Vec<u8>>, FoldError> {
        self.rows.get(key).and_then(|held| held.row.as_ref()).map(bytes).transpose()
    }

    fn take_changed(&mut self, rows_max: usize) -> Result<Vec<(String, Vec<u8>)>, FoldError> {
        let mut changed: Vec<_> = self.rows.iter_mut().filter(|(_, held)| held.changed).collect();
        // Neighbours together: each page of the database's tree is then written once.
        if changed.len() > rows_max {
            changed.select_nth_unstable_by(rows_max, |(a, _), (b, _)| a.cmp(b));
            changed.truncate(rows_max);
        }
        changed.sort_unstable_by_key(|(a, _)| *a);
        let mut rows = Vec::with_capacity(changed.len());
        for (key, held) in changed {
            held.changed = false;
            if let Some(row) = &held.row {
                rows.push((key.clone(), bytes(row)?));
            }
        }
        Ok(rows)
    }

    fn forget(&mut self) {
        self.rows.clear();
    }
}

fn bytes<R: Serialize>(row: &R) -> Result<Vec<u8>, FoldError> {
    serde_json::to_vec(row).map_err(|e| FoldError(e.to_string()))
}

fn unreadable<P: Projection>(key: &str) -> FoldError {
    FoldError(format!("row {key} of {} cannot be read: rebuild it with `svala replay --repair`", P::NAME))
}
