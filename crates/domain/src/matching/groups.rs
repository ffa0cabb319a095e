//! One line that pays several items, or several lines that pay one: a reference in common, and what they come to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use money::{Amount, Eur};

use super::by_reference::units;
use super::open::{OpenItem, OpenLine};
use super::pairs::Free;
use super::rules::Rule;
use crate::ids::KeyDigest;

/// Items with one reference among which those that come to a line are searched for.
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
    // What went out and what came back under one reference are two things.
    let mut by_reference: HashMap<(KeyDigest, bool), (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| free.lines[*at]) {
        let looked_at = line.references.iter().filter(|reference| rule.references.contains(&reference.kind));
        for digest in looked_at.map(|reference| reference.digest).collect::<HashSet<_>>() {
            by_reference.entry((digest, line.amount.is_negative())).or_default().0.push(at);
        }
    }
    for (at, item) in items.iter().enumerate().filter(|(at, _)| free.items[*at]) {
        for digest in item.references.iter().collect::<HashSet<_>>() {
            if let Some((_, of_reference)) = by_reference.get_mut(&(*digest, item.amount.is_negative())) {
                of_reference.push(at);
            }
        }
    }
    // The same group may be found by several references: by its members it is one.
    let mut found: BTreeMap<(Vec<usize>, Vec<usize>), Amount> = BTreeMap::new();
    // All items of all ties of a line: what is in any of them is kept from the weaker rules.
    let mut ties: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut tie = |of_lines: &[usize], of_items: &[usize]| {
        of_lines.iter().for_each(|line| ties.entry(*line).or_default().extend(of_items));
    };
    for (of_lines, of_items) in by_reference.into_values() {
        if of_lines.len().max(of_items.len()) > rule.members_max || of_items.is_empty() {
            continue;
        }
        match fit(rule, lines, items, &of_lines, &of_items) {
            Fit::Groups(groups) => {
                found.extend(groups.into_iter().map(|group| ((group.lines, group.items), group.residual)));
            }
            Fit::Several => tie(&of_lines, &of_items),
        }
    }
    let (mut groups_of_line, mut groups_of_item) = (HashMap::new(), HashMap::new());
    for (lines, items) in found.keys() {
        lines.iter().for_each(|line| *groups_of_line.entry(*line).or_insert(0) += 1);
        items.iter().for_each(|item| *groups_of_item.entry(*item).or_insert(0) += 1);
    }
    for (lines, items) in found.keys() {
        let alone = lines.iter().all(|line| groups_of_line.get(line) == Some(&1))
            && items.iter().all(|item| groups_of_item.get(item) == Some(&1));
        if !alone {
            tie(lines, items);
        }
    }
    let groups = beyond_doubt(found, &mut ties);
    let ties = ties.into_iter().map(|(line, items)| (line, items.into_iter().collect())).collect();
    Grouped { groups, ties }
}

/// The groups that share nothing with a tie; those that do are ties themselves, until none is left that does.
fn beyond_doubt(
    mut found: BTreeMap<(Vec<usize>, Vec<usize>), Amount>,
    ties: &mut BTreeMap<usize, BTreeSet<usize>>,
) -> Vec<Group> {
    loop {
        let tied: BTreeSet<usize> = ties.values().flatten().copied().collect();
        let touched: Vec<(Vec<usize>, Vec<usize>)> = found
            .keys()
            .filter(|(lines, items)| {
                lines.iter().any(|line| ties.contains_key(line))
                    || items.iter().any(|item| tied.contains(item))
            })
            .cloned()
            .collect();
        if touched.is_empty() {
            let group = |((lines, items), residual)| Group { lines, items, residual };
            return found.into_iter().map(group).collect();
        }
        for group in touched {
            found.remove(&group);
            group.0.iter().for_each(|line| ties.entry(*line).or_default().extend(&group.1));
        }
    }
}

enum Fit {
    /// In one way, if in any.
    Groups(Vec<Group>),
    Several,
}

/// How lines and items with one reference in common come to the same: all of them; or each line some of the items.
fn fit(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], of_lines: &[usize], of_items: &[usize]) -> Fit {
    let none = Fit::Groups(Vec::new());
    let paid = sum(of_lines.iter().map(|line| lines[*line].amount));
    let owed = sum(of_items.iter().map(|item| items[*item].amount));
    if of_lines.len() == 1 || of_items.len() == 1 {
        let Some((paid, owed)) = paid.zip(owed) else { return none };
        if let Some(residual) = residual(rule, paid, owed) {
            return Fit::Groups(vec![Group { lines: of_lines.to_vec(), items: of_items.to_vec(), residual }]);
        }
    }
    // Some of the items, exactly: a rest would let too many fit.
    if of_items.len() < 2 || of_items.len() > SEARCHED_MAX || rule.residual_max.is_some() {
        return none;
    }
    let sums = sums(items, of_items);
    let (mut groups, mut used) = (Vec::new(), BTreeSet::new());
    for line in of_lines {
        let amount = lines[*line].amount;
        match sums.get(&(amount.currency(), units(amount))) {
            None => {}
            Some(None) => return Fit::Several,
            Some(Some(chosen)) => {
                if !chosen.iter().all(|item| used.insert(*item)) {
                    return Fit::Several;
                }
                let residual = Amount::zero(amount.currency());
                groups.push(Group { lines: vec![*line], items: chosen.clone(), residual });
            }
        }
    }
    Fit::Groups(groups)
}

/// What some of these items come to, and which they are; nothing where several choices come to the same.
fn sums(items: &[OpenItem], of_items: &[usize]) -> HashMap<(money::Currency, i128), Option<Vec<usize>>> {
    let mut sums = HashMap::new();
    for chosen in 1..(1_u32 << of_items.len()) {
        let some: Vec<usize> = of_items
            .iter()
            .enumerate()
            .filter(|(n, _)| (chosen >> n) & 1 == 1)
            .map(|(_, item)| *item)
            .collect();
        if let Some(amount) = sum(some.iter().map(|item| items[*item].amount)) {
            let found = sums.entry((amount.currency(), units(amount)));
            found.and_modify(|only| *only = None).or_insert(Some(some));
        }
    }
    sums
}

/// None of nothing, of several currencies, and of what is too large.
fn sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    let first = amounts.next()?;
    amounts.try_fold(first, |sum, amount| sum.checked_add(amount).ok())
}

/// How much more was paid than owed, if the rule lets it be: what a bank has kept, and so more went out or less came in
/// than was owed, and no more than half of it. An instalment or a part that came back is none of it.
fn residual(rule: &Rule, paid: Amount, owed: Amount) -> Option<Amount> {
    let off = paid.checked_add(owed.negated()).ok()?;
    if off == Amount::zero(off.currency()) {
        return Some(off);
    }
    within(off, rule.residual_max.unwrap_or(Eur::ZERO))
        .then_some(off)
        .filter(|_| paid.is_negative() == owed.is_negative())
        .filter(|off| {
            off.is_negative() && units(*off).unsigned_abs().saturating_mul(2) <= units(owed).unsigned_abs()
        })
}

/// Whether an amount is in euro, and no larger than this.
pub(crate) fn within(off: Amount, max: Eur) -> bool {
    let max = Amount::from(max);
    let unsigned = if off.is_negative() { off.negated() } else { off };
    max.currency() == off.currency() && unsigned.value() <= max.value()
}
