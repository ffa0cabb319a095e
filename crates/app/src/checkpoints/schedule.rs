//! When a checkpoint is due.

use jiff::{SignedDuration, Timestamp};

/// New events after which a checkpoint is due, once [`PAUSE`] has passed.
pub const EVENTS: u64 = 1_000;
/// Time between checkpoints however much is written, so that a long import is not held up by them.
pub const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// Time after which a checkpoint is due if anything at all was written.
pub const AGE: SignedDuration = SignedDuration::from_hours(1);

/// How far checkpoints have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// Number of events it is about.
    pub size: u64,
    /// When it was written, or tried.
    pub time: Timestamp,
}

/// Whether a checkpoint is due, now that the log has `size` events.
pub fn is_due(last: Option<Last>, size: u64, now: Timestamp) -> bool {
    let Some(last) = last else { return true };
    let new = size.saturating_sub(last.size);
    // A clock that was set back must not put checkpoints off for as long.
    let passed = now.duration_since(last.time).abs();
    new >= EVENTS && passed >= PAUSE || new > 0 && passed >= AGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_events_or_much_time_make_a_checkpoint_due() {
        let start: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let due = |new: u64, seconds: i64| {
            let last = Some(Last { size: 50, time: start });
            is_due(last, 50 + new, start + SignedDuration::from_secs(seconds))
        };
        assert!(is_due(None, 1, start));
        assert!(!due(0, 1_000_000), "nothing was written");
        assert!(!due(999, 3_599) && due(1_000, 60) && due(1, 3_600));
        assert!(!due(1_000_000, 59), "an import is not held up");
        assert!(due(1, -3_600) && !due(1, -60), "the clock was set back");
        assert!(!is_due(Some(Last { size: 50, time: start }), 40, start), "another process was faster");
    }
}
