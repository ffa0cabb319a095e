//! A reference in common between a line in another currency and an item in euro: they come to nearly the same.

use std::collections::{HashMap, HashSet};

use money::Amount;

use super::by_reference::units;
use super::groups::within;
use super::open::{OpenItem, OpenLine};
use super::pairs::{Candidates, Free, LISTED_MAX, Resolved};
use super::rules::Rule;
use crate::ids::KeyDigest;

/// The pairs and ties of a rule of the kind `exchange`. A line of which the bank does not say what it is in euro is in
/// none.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> Resolved {
    let mut by_reference: HashMap<KeyDigest, Vec<usize>> = HashMap::new();
    let exchanged: Vec<(usize, Amount)> = lines
        .iter()
        .enumerate()
        .filter(|(at, _)| free.lines[*at])
        .filter_map(|(at, line)| Some((at, line.exchanged()?)))
        .collect();
    if exchanged.is_empty() {
        return Resolved::default();
    }
    for (at, item) in items.iter().enumerate().filter(|(at, _)| free.items[*at]) {
        for digest in item.references.iter().collect::<HashSet<_>>() {
            by_reference.entry(*digest).or_default().push(at);
        }
    }
    let mut candidates = Candidates::default();
    let mut lines_of: HashMap<usize, usize> = HashMap::new();
    for (at, worth) in exchanged {
        let looked_at = lines[at].references.iter().filter(|known| rule.references.contains(&known.kind));
        let named = looked_at.filter_map(|known| by_reference.get(&known.digest)).flatten().copied();
        let mut fitting: Vec<usize> =
            named.filter(|item| residual(rule, worth, items[*item].amount).is_some()).collect();
        fitting.sort_unstable();
        fitting.dedup();
        for item in &fitting {
            *lines_of.entry(*item).or_default() += 1;
        }
        if fitting.len() > LISTED_MAX {
            candidates.contest(fitting.iter().copied());
        }
        let more = fitting.len() > LISTED_MAX;
        fitting.truncate(LISTED_MAX);
        candidates.note(at, fitting, more);
    }
    candidates.resolve(|item| lines_of.get(&item).copied().unwrap_or_default())
}

/// What a line is off in euro, if the rule lets it be: either way, as rates go, and no more than half of it.
pub(super) fn residual(rule: &Rule, worth: Amount, owed: Amount) -> Option<Amount> {
    let off = worth.checked_add(owed.negated()).ok()?;
    let near = within(off, rule.residual_max.unwrap_or_default())
        && units(off).unsigned_abs().saturating_mul(2) <= units(owed).unsigned_abs();
    (near && worth.is_negative() == owed.is_negative()).then_some(off)
}
