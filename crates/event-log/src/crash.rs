//! Named places at which a test ends the program as suddenly as a power cut would.
//!
//! `SVALA_CRASH_AT=before-commit:3` ends it when it comes to that place for the third time. A program that is built
//! without debug assertions, as every release is, never looks at the variable. The places, of every transaction:
//!
//! - `before-transaction`: what will be written is decided, and nothing was sent;
//! - `in-transaction`: between two of its statements, such as a checkpoint and its rows;
//! - `before-commit`: all rows are written;
//! - `after-commit`: it is committed, and nobody was told.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

struct Wanted {
    place: String,
    nth: u32,
    passed: AtomicU32,
}

/// Ends the program, if a test wants it to end here.
pub fn crash_point(place: &str) {
    if let Some(wanted) = wanted(place)
        && wanted.passed.fetch_add(1, Ordering::Relaxed) + 1 == wanted.nth
    {
        // Runs no destructor and flushes nothing.
        std::process::abort();
    }
}

/// Whether a test wants the program to end inside a transaction. Where it does, what is otherwise done in one step is
/// taken apart, so that there is an inside.
pub fn crash_point_inside_ahead() -> bool {
    wanted("in-transaction").or_else(|| wanted("before-commit")).is_some()
}

fn wanted(place: &str) -> Option<&'static Wanted> {
    static WANTED: OnceLock<Option<Wanted>> = OnceLock::new();
    if !cfg!(debug_assertions) {
        return None;
    }
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("SVALA_CRASH_AT").ok()?;
        let (place, nth) = text.split_once(':')?;
        Some(Wanted { place: place.to_owned(), nth: nth.parse().ok()?, passed: AtomicU32::new(0) })
    });
    wanted.as_ref().filter(|wanted| wanted.place == place)
}
