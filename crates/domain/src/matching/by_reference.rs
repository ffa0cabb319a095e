//! A reference and the amount in common.

use std::collections::{HashMap, HashSet};

use money::Currency;

use super::open::{OpenItem, OpenLine};
use super::pairs::{Candidates, Free, LISTED_MAX, Resolved};
use super::rules::Rule;
use crate::ids::KeyDigest;

type Key = (KeyDigest, Currency, i128);

/// The pairs and ties of a rule of the kind `reference`.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> Resolved {
    let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate().filter(|(at, _)| free.items[*at]) {
        let distinct: HashSet<KeyDigest> = item.references.iter().copied().collect();
        for digest in distinct {
            by_key.entry((digest, item.amount.currency(), units(item.amount))).or_default().push(at);
        }
    }
    let mut candidates = Candidates::default();
    let mut lines_of: HashMap<usize, usize> = HashMap::new();
    // Items that share a key with many others are in doubt for every line that has the key: told once for the key.
    let mut crowded: HashSet<Key> = HashSet::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| free.lines[*at]) {
        let mut fitting = Vec::new();
        let mut more = false;
        for key in keys(rule, line) {
            let Some(bucket) = by_key.get(&key) else { continue };
            if bucket.len() > LISTED_MAX {
                more = true;
                if crowded.insert(key) {
                    bucket.iter().for_each(|item| *lines_of.entry(*item).or_default() += 2);
                    candidates.contest(bucket.iter().copied());
                }
            }
            fitting.extend(bucket.iter().take(LISTED_MAX));
        }
        fitting.sort_unstable();
        fitting.dedup();
        for item in &fitting {
            *lines_of.entry(*item).or_default() += 1;
        }
        more |= fitting.len() > LISTED_MAX;
        fitting.truncate(LISTED_MAX);
        candidates.note(at, fitting, more);
    }
    candidates.resolve(|item| lines_of.get(&item).copied().unwrap_or_default())
}

fn keys<'a>(rule: &'a Rule, line: &'a OpenLine) -> impl Iterator<Item = Key> + 'a {
    let (currency, units) = (line.amount.currency(), units(line.amount));
    let looked_at = line.references.iter().filter(|reference| rule.references.contains(&reference.kind));
    looked_at.map(move |reference| (reference.digest, currency, units))
}

/// An amount in the smallest unit of its currency.
pub(super) fn units(amount: money::Amount) -> i128 {
    amount.value().mantissa()
}
