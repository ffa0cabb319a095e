//! One line that pays several items, or several lines that pay one: a reference in common, and what they come to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use money::{Amount, Eur};

use super::by_reference::units;
use super::open::{OpenItem, OpenLine};
use super::pairs::Free;
use super::rules::Rule;
use crate::bank::LineReference;
use crate::bank::ReferenceKind::PaymentInformation;
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

/// Lines and items with one reference in common.
#[derive(Default)]
struct Named {
    lines: Vec<usize>,
    items: Vec<usize>,
    /// Lines have it as what a batch is called.
    batch: bool,
}

/// What went out and what came back under one reference are two things.
type ByReference = HashMap<(KeyDigest, bool), Named>;

fn by_reference(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> ByReference {
    let mut by_reference = ByReference::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| free.lines[*at]) {
        let kinds: BTreeMap<KeyDigest, bool> =
            looked_at(rule, line).map(|known| (known.digest, known.kind == PaymentInformation)).collect();
        for (digest, batch) in kinds {
            let named = by_reference.entry((digest, line.amount.is_negative())).or_default();
            named.lines.push(at);
            named.batch |= batch;
        }
    }
    for (at, item) in items.iter().enumerate().filter(|(at, _)| free.items[*at]) {
        for digest in item.references.iter().collect::<HashSet<_>>() {
            if let Some(named) = by_reference.get_mut(&(*digest, item.amount.is_negative())) {
                named.items.push(at);
            }
        }
    }
    by_reference
}

/// The references of a line that a rule looks at. Less than a batch that came back may be the batch without one of its payments,
/// so that what is missing is no fee.
fn looked_at<'l>(rule: &'l Rule, line: &'l OpenLine) -> impl Iterator<Item = &'l LineReference> {
    let whole = rule.residual_max.is_none() || line.amount.is_negative();
    line.references
        .iter()
        .filter(move |known| rule.references.contains(&known.kind))
        .filter(move |known| whole || known.kind != PaymentInformation)
}

/// All items that one line names, each by a reference of its own, as where the bank has not broken an entry up; and whether
/// another line names one of them too. What a batch is called names none of its payments.
fn named_by(rule: &Rule, line: &OpenLine, by_reference: &ByReference) -> Option<(Vec<usize>, bool)> {
    let own = looked_at(rule, line).filter(|known| known.kind != PaymentInformation);
    let digests: BTreeSet<KeyDigest> = own.map(|known| known.digest).collect();
    if digests.len() < 2 {
        return None;
    }
    let named = digests.iter().filter_map(|digest| by_reference.get(&(*digest, line.amount.is_negative())));
    let named: Vec<&Named> = named.filter(|named| !named.items.is_empty()).collect();
    let items: BTreeSet<usize> = named.iter().flat_map(|named| &named.items).copied().collect();
    let contested = named.iter().any(|named| named.lines.len() > 1);
    (named.len() > 1 && items.len() > 1).then(|| (items.into_iter().collect(), contested))
}

/// The groups of a rule.
pub(super) fn resolve(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], free: &Free) -> Grouped {
    let by_reference = by_reference(rule, lines, items, free);
    // The same group may be found by several references: by its members it is one.
    let mut found: BTreeMap<(Vec<usize>, Vec<usize>), Amount> = BTreeMap::new();
    // All items of all ties of a line: what is in any of them is kept from the weaker rules.
    let mut ties: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut tie = |of_lines: &[usize], of_items: &[usize]| {
        of_lines.iter().for_each(|line| ties.entry(*line).or_default().extend(of_items));
    };
    for named in by_reference.values() {
        if named.lines.len().max(named.items.len()) > rule.members_max || named.items.is_empty() {
            continue;
        }
        match fit(rule, lines, items, named) {
            Fit::Groups(groups) => {
                found.extend(groups.into_iter().map(|group| ((group.lines, group.items), group.residual)));
            }
            Fit::Several => tie(&named.lines, &named.items),
        }
    }
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| free.lines[*at]) {
        let Some((of_items, contested)) = named_by(rule, line, &by_reference) else { continue };
        if of_items.len() > rule.members_max {
            continue;
        }
        match whole(rule, lines, items, &[at], &of_items) {
            Some(Whole::Group(group)) if !contested => {
                found.insert((group.lines, group.items), group.residual);
            }
            Some(_) => tie(&[at], &of_items),
            None => {}
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

enum Whole {
    Group(Group),
    /// Or without one of the items, and with so much more of a fee.
    OrWithout,
}

/// Whether all of some lines come to all of some items.
fn whole(
    rule: &Rule,
    lines: &[OpenLine],
    items: &[OpenItem],
    of_lines: &[usize],
    of_items: &[usize],
) -> Option<Whole> {
    let paid = sum(of_lines.iter().map(|line| lines[*line].amount))?;
    let owed = sum(of_items.iter().map(|item| items[*item].amount))?;
    let residual = residual(rule, paid, owed)?;
    let least =
        of_items.iter().map(|item| items[*item].amount).min_by_key(|amount| units(*amount).unsigned_abs());
    let without = least.filter(|_| of_items.len() > 1).and_then(|least| residual.checked_add(least).ok());
    let max = rule.residual_max.unwrap_or(Eur::ZERO);
    if residual != Amount::zero(residual.currency()) && without.is_some_and(|off| within(off, max)) {
        return Some(Whole::OrWithout);
    }
    Some(Whole::Group(Group { lines: of_lines.to_vec(), items: of_items.to_vec(), residual }))
}

/// How lines and items with one reference in common come to the same: all of them; or each line some of the items.
fn fit(rule: &Rule, lines: &[OpenLine], items: &[OpenItem], named: &Named) -> Fit {
    let Named { lines: of_lines, items: of_items, batch } = named;
    let none = Fit::Groups(Vec::new());
    // Which of several lines of a batch has a fee in it nobody knows.
    let fee_of_several = *batch && rule.residual_max.is_some() && of_lines.len() > 1;
    if (of_lines.len() == 1 || of_items.len() == 1) && !fee_of_several {
        match whole(rule, lines, items, of_lines, of_items) {
            Some(Whole::Group(group)) => return Fit::Groups(vec![group]),
            Some(Whole::OrWithout) => return Fit::Several,
            None => {}
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
pub fn within(off: Amount, max: Eur) -> bool {
    let max = Amount::from(max);
    let unsigned = if off.is_negative() { off.negated() } else { off };
    max.currency() == off.currency() && unsigned.value() <= max.value()
}
