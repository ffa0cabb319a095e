//! Two lines that come to nothing together: something that the bank booked by mistake, and its correction; or money that went
//! from one account of the authority to another.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::ToSpan;
use money::Currency;

use super::by_reference::units;
use super::open::OpenLine;
use super::pairs::LISTED_MAX;
use super::rules::Rule;
use crate::bank::LineReference;
use crate::ids::KeyDigest;

type Key = (LineReference, Currency, u128);
/// Lines that went out, and lines that came in.
type Sides = (Vec<usize>, Vec<usize>);

/// Lines that went out and came in with the same amount and a reference in common, by their places; of many that have
/// the same only some.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], matched: &HashSet<usize>) -> BTreeSet<(usize, usize)> {
    let mut by_key: HashMap<Key, Sides> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| !matched.contains(at)) {
        let looked_at = line.references.iter().filter(|reference| rule.references.contains(&reference.kind));
        for reference in looked_at {
            let key = (*reference, line.amount.currency(), units(line.amount).unsigned_abs());
            let (out, back) = by_key.entry(key).or_default();
            if line.amount.is_negative() { out.push(at) } else { back.push(at) }
        }
    }
    some_pairs(by_key.values()).collect()
}

/// From which account of the authority to which: of no line that does not name another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Way {
    from: KeyDigest,
    to: KeyDigest,
}

impl Way {
    pub(super) fn of(line: &OpenLine) -> Option<Self> {
        let (own, other) = line.account.zip(line.counterpart).filter(|(own, other)| own != other)?;
        let (from, to) = if line.amount.is_negative() { (own, other) } else { (other, own) };
        Some(Self { from, to })
    }
}

/// Lines that went out of one account and came in on another with the same amount, each naming the other's account, by their
/// places; of many that have the same only some.
pub(super) fn transfers(
    rule: &Rule,
    lines: &[OpenLine],
    matched: &HashSet<usize>,
) -> BTreeSet<(usize, usize)> {
    let mut by_key: HashMap<(Way, Currency, u128), Sides> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| !matched.contains(at)) {
        let Some(way) = Way::of(line) else { continue };
        let key = (way, line.amount.currency(), units(line.amount).unsigned_abs());
        let (out, back) = by_key.entry(key).or_default();
        if line.amount.is_negative() { out.push(at) } else { back.push(at) }
    }
    let near = |(out, back): &(usize, usize)| {
        let (out, back) = (lines[*out].booked_on, lines[*back].booked_on);
        let first = out.saturating_sub(i64::from(rule.days_before).days());
        (first..=out.saturating_add(i64::from(rule.days_after).days())).contains(&back)
    };
    some_pairs(by_key.values()).filter(near).collect()
}

/// What went out with what came in.
fn some_pairs<'p>(sides: impl Iterator<Item = &'p Sides>) -> impl Iterator<Item = (usize, usize)> {
    sides.flat_map(|(out, back)| {
        out.iter().take(LISTED_MAX).flat_map(|out| back.iter().take(LISTED_MAX).map(|back| (*out, *back)))
    })
}
