//! One line that pays several items, or several lines that pay one: a reference in common, and what they come to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use money::{Amount, Eur};

use super::open::{OpenItem, OpenLine};
use super::pairs::Free;
use super::rules::Rule;
use crate::ids::KeyDigest;

/// Items of a line among which those that come to it are searched for.
const SEARCHED_MAX: usize = 12;

/// Lines and items that belong together, and what the lines are off.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) lines: Vec<usize>,
    pub(super) items: Vec<usize>,
    pub(super) residual: Amount,
}

/// Groups beyond doubt, and lines in doubt with the items that would fit.
#[derive(Default)]
pub(super) struct Grouped {
    pub(super) groups: Vec<Group>,
    pub(super) ties: Vec<(usize, Vec<usize>)>,
}

/// The groups of a rule.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> Grouped {
    let mut by_reference: HashMap<KeyDigest, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| free.lines[*at]) {
        let looked_at = line.references.iter().filter(|reference| rule.references.contains(&reference.kind));
        for digest in looked_at.map(|reference| reference.digest).collect::<HashSet<_>>() {
            by_reference.entry(digest).or_default().0.push(at);
        }
    }
    for (at, item) in items.iter().enumerate().filter(|(at, _)| free.items[*at]) {
        for digest in item.references.iter().collect::<HashSet<_>>() {
            if let Some((_, of_reference)) = by_reference.get_mut(digest) {
                of_reference.push(at);
            }
        }
    }
    // The same group may be found by several references: by its members it is one.
    let mut found: BTreeMap<(Vec<usize>, Vec<usize>), Amount> = BTreeMap::new();
    let mut grouped = Grouped::default();
    for (of_lines, of_items) in by_reference.into_values() {
        if of_lines.len().max(of_items.len()) > rule.members_max || of_items.is_empty() {
            continue;
        }
        match fit(rule, lines, items, &of_lines, &of_items) {
            Fit::One(group) => {
                found.insert((group.lines, group.items), group.residual);
            }
            Fit::Several => grouped.ties.extend(of_lines.iter().map(|line| (*line, of_items.clone()))),
            Fit::None => {}
        }
    }
    let (mut groups_of_line, mut groups_of_item) = (HashMap::new(), HashMap::new());
    for (lines, items) in found.keys() {
        lines.iter().for_each(|line| *groups_of_line.entry(*line).or_insert(0) += 1);
        items.iter().for_each(|item| *groups_of_item.entry(*item).or_insert(0) += 1);
    }
    let tied_lines: BTreeSet<usize> = grouped.ties.iter().map(|(line, _)| *line).collect();
    let tied: BTreeSet<usize> = grouped.ties.iter().flat_map(|(_, items)| items.iter().copied()).collect();
    for ((lines, items), residual) in found {
        let alone =
            lines.iter().all(|line| groups_of_line.get(line) == Some(&1) && !tied_lines.contains(line))
                && items.iter().all(|item| groups_of_item.get(item) == Some(&1) && !tied.contains(item));
        match alone {
            true => grouped.groups.push(Group { lines, items, residual }),
            false => grouped.ties.extend(lines.iter().map(|line| (*line, items.clone()))),
        }
    }
    grouped.ties.sort();
    grouped.ties.dedup_by_key(|(line, _)| *line);
    grouped
}

enum Fit {
    None,
    One(Group),
    Several,
}

/// Whether lines and items with one reference in common come to the same, all of them or, for one line, some items.
fn fit(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], of_lines: &[usize], of_items: &[usize]) -> Fit {
    let group = |items: Vec<usize>, residual| Group { lines: of_lines.to_vec(), items, residual };
    let paid = of_lines.iter().map(|line| lines[*line].amount);
    let owed = of_items.iter().map(|item| items[*item].amount);
    if of_lines.len() > 1 && of_items.len() > 1 {
        return Fit::None;
    }
    let Some((paid, owed)) = sum(paid).zip(sum(owed)) else { return Fit::None };
    if let Some(residual) = residual(rule, paid, owed) {
        return Fit::One(group(of_items.to_vec(), residual));
    }
    // Some of the items of one line, exactly: a rest would let too many fit.
    if of_lines.len() > 1
        || of_items.len() < 2
        || of_items.len() > SEARCHED_MAX
        || rule.residual_max.is_some()
    {
        return Fit::None;
    }
    let mut only = None;
    for chosen in 1..(1_u32 << of_items.len()) {
        let some: Vec<usize> = of_items
            .iter()
            .enumerate()
            .filter(|(n, _)| (chosen >> n) & 1 == 1)
            .map(|(_, item)| *item)
            .collect();
        if sum(some.iter().map(|item| items[*item].amount)) == Some(paid) && only.replace(some).is_some() {
            return Fit::Several;
        }
    }
    only.map_or(Fit::None, |some| Fit::One(group(some, Amount::zero(paid.currency()))))
}

/// None of nothing, of several currencies, and of what is too large.
fn sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    let first = amounts.next()?;
    amounts.try_fold(first, |sum, amount| sum.checked_add(amount).ok())
}

/// How much more was paid than owed, if the rule lets it be.
fn residual(rule: &Rule, paid: Amount, owed: Amount) -> Option<Amount> {
    let off = paid.checked_add(owed.negated()).ok()?;
    if off == Amount::zero(off.currency()) {
        return Some(off);
    }
    let max = Amount::from(rule.residual_max.unwrap_or(Eur::ZERO));
    let unsigned = if off.is_negative() { off.negated() } else { off };
    let within = max.currency() == off.currency() && unsigned.value() <= max.value();
    (within && paid.is_negative() == owed.is_negative()).then_some(off)
}
