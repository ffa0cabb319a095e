//! Sealed runs: consecutive events packed into one value, so that the whole log can be read fast.

/// Events of one run.
pub const RUN_EVENTS: u64 = 1_024;
