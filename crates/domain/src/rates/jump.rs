//! Rates that cannot be right, seen beside those around them.

use money::Rate;

/// The most that a rate may grow or shrink by from one publication to the next, as a factor.
pub const JUMP_FACTOR_MAX: u32 = 20;

/// How a rate differs from the one it is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jump {
    /// By more than [`JUMP_FACTOR_MAX`], up or down.
    Factor,
    /// It is the other one turned round: euros for one unit.
    Inverted,
}

/// Whether `rate` jumps from `earlier`.
pub(super) fn jump(earlier: Rate, rate: Rate) -> Option<Jump> {
    if rate.differs_by_more_than(JUMP_FACTOR_MAX, earlier) {
        return Some(Jump::Factor);
    }
    rate.looks_inverted(earlier).then_some(Jump::Inverted)
}
