//! The amount in common, and days that are near.

use std::collections::HashMap;
use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;
use money::Currency;

use super::by_reference::units;
use super::open::{OpenItem, OpenLine};
use super::pairs::{Candidates, Free, LISTED_MAX, Resolved};
use super::rules::Rule;
use crate::ids::KeyDigest;

type Key = (Currency, i128, Option<KeyDigest>);

/// Days with what stands on them, in order, by key.
type ByKey = HashMap<Key, Vec<(Date, usize)>>;

/// The pairs and ties of a rule of the kind `amount` or `suggestion`.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> Resolved {
    let item_keys = items.iter().enumerate().filter(|(at, _)| free.items[*at]);
    let of_items = by_key(
        item_keys.filter_map(|(at, item)| Some((key(rule, item.amount, item.counterpart)?, item.day, at))),
    );
    let line_keys = lines.iter().enumerate().filter(|(at, _)| free.lines[*at]);
    let of_lines = by_key(
        line_keys
            .filter_map(|(at, line)| Some((key(rule, line.amount, line.counterpart)?, line.booked_on, at))),
    );
    let (before, after) = (i64::from(rule.days_before), i64::from(rule.days_after));
    let mut candidates = Candidates::default();
    for (key, booked) in &of_lines {
        let Some(due) = of_items.get(key) else { continue };
        let mut contested = 0;
        for (day, line) in booked {
            // The line may be booked from `before` days before the item's day until `after` days after it.
            let near = window(due, *day, after, before);
            let items = || due[near.clone()].iter().map(|(_, item)| *item);
            candidates.note(*line, items().take(LISTED_MAX).collect(), near.len() > LISTED_MAX);
            // The lines come by day, so no window begins or ends before the one of the line before.
            if near.len() > 1 {
                let from = near.start.max(contested);
                contested = near.end.max(contested);
                candidates.contest(due[from..contested].iter().map(|(_, item)| *item));
            }
        }
    }
    let lines_of = |item: usize| {
        let OpenItem { amount, day, counterpart, .. } = &items[item];
        let booked = key(rule, *amount, *counterpart).and_then(|key| of_lines.get(&key));
        booked.map_or(0, |booked| window(booked, *day, before, after).len())
    };
    let mut resolved = candidates.resolve(lines_of);
    // Two that are known and differ do not belong together, whatever the amount.
    let agree = |(line, item): &(usize, usize)| match (lines[*line].counterpart, items[*item].counterpart) {
        (Some(line), Some(item)) => line == item,
        _ => true,
    };
    resolved.pairs.retain(agree);
    resolved
}

/// None if the rule asks for an account on the other side that is not known.
fn key(rule: &Rule, amount: money::Amount, counterpart: Option<KeyDigest>) -> Option<Key> {
    let counterpart = match rule.counterpart {
        true => Some(counterpart?),
        false => None,
    };
    Some((amount.currency(), units(amount), counterpart))
}

fn by_key(found: impl Iterator<Item = (Key, Date, usize)>) -> ByKey {
    let mut by_key = ByKey::new();
    for (key, day, at) in found {
        by_key.entry(key).or_default().push((day, at));
    }
    by_key.values_mut().for_each(|days| days.sort_unstable());
    by_key
}

/// The places of what stands on the days from so many before to so many after one.
fn window(days: &[(Date, usize)], day: Date, before: i64, after: i64) -> Range<usize> {
    let first = day.saturating_sub(before.days());
    let last = day.saturating_add(after.days());
    let from = days.partition_point(|(day, _)| *day < first);
    let to = days.partition_point(|(day, _)| *day <= last);
    from..to
}
