//! Two lines that take each other back: something that the bank booked by mistake, and its correction.

use std::collections::{BTreeSet, HashMap, HashSet};

use money::Currency;

use super::by_reference::units;
use super::open::OpenLine;
use super::pairs::LISTED_MAX;
use super::rules::Rule;
use crate::bank::LineReference;

type Key = (LineReference, Currency, u128);

/// Lines that went out and came in with the same amount and a reference in common, by their places; of many that have
/// the same only some.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], matched: &HashSet<usize>) -> BTreeSet<(usize, usize)> {
    let mut by_key: HashMap<Key, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| !matched.contains(at)) {
        let looked_at = line.references.iter().filter(|reference| rule.references.contains(&reference.kind));
        for reference in looked_at {
            let key = (*reference, line.amount.currency(), units(line.amount).unsigned_abs());
            let (out, back) = by_key.entry(key).or_default();
            if line.amount.is_negative() { out.push(at) } else { back.push(at) }
        }
    }
    let pairs = by_key.values().flat_map(|(out, back)| {
        out.iter().take(LISTED_MAX).flat_map(|out| back.iter().take(LISTED_MAX).map(|back| (*out, *back)))
    });
    pairs.collect()
}
