//! The amount in common, and days that are near.

use std::collections::HashMap;
use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;
use money::Currency;

use super::by_reference::units;
use super::open::{OpenItem, OpenLine};
use super::pairs::{Candidates, Free, LISTED_MAX, Resolved};
use super::rules::{Rule, RuleKind};
use crate::ids::KeyDigest;

type Key = (Currency, i128, Option<KeyDigest>);

/// Days with what stands on them, in order, by key.
type ByKey = HashMap<Key, Vec<(Date, usize)>>;

/// The pairs and ties of a rule of the kind `amount` or `suggestion`.
///
/// What shares a reference was left to this rule only because its amounts differ. So a line that carries one belongs to
/// no item that has others, though the amount may be the same; it is suggested at most.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> Resolved {
    let apart = rule.kind == RuleKind::Amount;
    let line_named = |at: usize| lines[at].is_named();
    let item_named = |at: usize| !items[at].references.is_empty();
    let items_where = |wanted: &dyn Fn(usize) -> bool| {
        let wanted = items.iter().enumerate().filter(|(at, _)| free.items[*at] && wanted(*at));
        by_key(
            wanted.filter_map(|(at, item)| Some((key(rule, item.amount, item.counterpart)?, item.day, at))),
        )
    };
    let lines_where = |wanted: &dyn Fn(usize) -> bool| {
        let wanted = lines.iter().enumerate().filter(|(at, _)| free.lines[*at] && wanted(*at));
        by_key(wanted.filter_map(|(at, line)| {
            // Without a reference a line in another currency is suggested at most.
            let exchanged = if apart { None } else { line.exchanged() };
            let amount = exchanged.unwrap_or(line.amount);
            Some((key(rule, amount, line.counterpart)?, line.booked_on, at))
        }))
    };
    let plain_lines = lines_where(&|at| !apart || !line_named(at));
    let named_lines = lines_where(&|at| apart && line_named(at));
    let mut candidates = Candidates::default();
    note(rule, &plain_lines, &items_where(&|_| true), &mut candidates);
    note(rule, &named_lines, &items_where(&|at| !item_named(at)), &mut candidates);
    let lines_of = |item: usize| {
        let OpenItem { amount, day, counterpart, .. } = &items[item];
        let Some(key) = key(rule, *amount, *counterpart) else { return 0 };
        let near = |booked: &ByKey| {
            let (before, after) = (i64::from(rule.days_before), i64::from(rule.days_after));
            booked.get(&key).map_or(0, |booked| window(booked, *day, before, after).len())
        };
        near(&plain_lines) + if item_named(item) { 0 } else { near(&named_lines) }
    };
    let mut resolved = candidates.resolve(lines_of);
    // Two that are known and differ do not belong together, whatever the amount. Where one of them is not known, amount
    // and day alone are beyond doubt only if the rule says so; and never for a line to somebody, without the reference
    // that the item has.
    let agree = |(line, item): &(usize, usize)| match (lines[*line].counterpart, items[*item].counterpart) {
        (Some(line), Some(item)) => line == item,
        _ if rule.kind == RuleKind::Suggestion => true,
        (Some(_), None) => rule.without_counterpart && !item_named(*item),
        (None, _) => rule.without_counterpart,
    };
    resolved.pairs.retain(agree);
    resolved
}

/// Notes the items that fit each line.
fn note(rule: &Rule, lines: &ByKey, items: &ByKey, candidates: &mut Candidates) {
    let (before, after) = (i64::from(rule.days_before), i64::from(rule.days_after));
    for (key, booked) in lines {
        let Some(due) = items.get(key) else { continue };
        let mut contested = 0;
        for (day, line) in booked {
            // The line may be booked from `before` days before the item's day until `after` days after it.
            let near = window(due, *day, after, before);
            let fitting = due[near.clone()].iter().map(|(_, item)| *item);
            candidates.note(*line, fitting.take(LISTED_MAX).collect(), near.len() > LISTED_MAX);
            // The lines come by day, so no window begins or ends before the one of the line before.
            if near.len() > 1 {
                let from = near.start.max(contested);
                contested = near.end.max(contested);
                candidates.contest(due[from..contested].iter().map(|(_, item)| *item));
            }
        }
    }
}

/// None if the rule asks for an account on the other side that is not known.
fn key(rule: &Rule, amount: money::Amount, counterpart: Option<KeyDigest>) -> Option<Key> {
    let same = rule.counterpart || (rule.kind == RuleKind::Amount && !rule.without_counterpart);
    let counterpart = match same {
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
