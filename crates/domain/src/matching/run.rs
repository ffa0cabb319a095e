//! The ladder, from the first rule to the last.

use std::collections::HashSet;

use super::open::{Match, OpenItem, OpenLine, Outcome, Residual, Tie};
use super::pairs::{Free, Resolved};
use super::rules::{Rule, RuleKind, Rules};
use super::{by_amount, by_exchange, by_reference, groups, reversals};
use crate::ids::KeyDigest;

/// Matches lines with items. Ids must be distinct; the order of lines and items does not matter.
pub fn run(rules: &Rules, lines: &[OpenLine], items: &[OpenItem]) -> Outcome {
    let (mut lines, mut items) = (lines.to_vec(), items.to_vec());
    lines.sort_by_key(|line| line.line);
    items.sort_by_key(|item| item.item);
    let mut ladder = Ladder {
        free: Free { lines: vec![true; lines.len()], items: vec![true; items.len()] },
        lines,
        items,
        outcome: Outcome::default(),
    };
    for rule in &rules.rules {
        match rule.kind {
            RuleKind::Reference => {
                let resolved = by_reference::resolve(rule, &ladder.lines, &ladder.items, &ladder.free);
                ladder.take(rule, resolved);
            }
            RuleKind::Amount => {
                let mut resolved = by_amount::resolve(rule, &ladder.lines, &ladder.items, &ladder.free);
                let named = ladder.named_by_open_lines();
                resolved.pairs.retain(|(_, item)| !ladder.items[*item].is_among(&named));
                ladder.take(rule, resolved);
            }
            RuleKind::Group => {
                let grouped = groups::resolve(rule, &ladder.lines, &ladder.items, &ladder.free);
                ladder.take_groups(rule, grouped);
            }
            RuleKind::Suggestion => {
                let resolved = by_amount::resolve(rule, &ladder.lines, &ladder.items, &ladder.free);
                ladder.suggest(rule, resolved);
            }
            RuleKind::Exchange => {
                let resolved = by_exchange::resolve(rule, &ladder.lines, &ladder.items, &ladder.free);
                ladder.take_exchanged(rule, resolved);
            }
            RuleKind::Reversal | RuleKind::Transfer => ladder.suggest_lines(rule),
        }
    }
    let Outcome { mut matches, mut ties, mut suggestions } = ladder.outcome;
    matches.sort_by(|a, b| a.lines.cmp(&b.lines));
    ties.sort();
    suggestions.sort_by(|a, b| (&a.lines, &a.items).cmp(&(&b.lines, &b.items)));
    Outcome { matches, ties, suggestions }
}

struct Ladder {
    lines: Vec<OpenLine>,
    items: Vec<OpenItem>,
    free: Free,
    outcome: Outcome,
}

impl Ladder {
    /// Whether money went to another account than it was meant for: then a reference alone does not decide. What came in
    /// may name whoever sent it back.
    fn is_elsewhere(&self, line: usize, item: usize) -> bool {
        let accounts = self.lines[line].counterpart.zip(self.items[item].counterpart);
        self.lines[line].amount.is_negative() && accounts.is_some_and(|(line, item)| line != item)
    }

    /// Suggests what went elsewhere, and keeps it from the weaker rules.
    fn suggest_elsewhere(&mut self, rule: &Rule, lines: &[usize], items: &[usize]) {
        let why = format!("{}, but it went to another account than that of who was to be paid", named(rule));
        let suggestion = self.matched(rule, lines, items, None, why);
        self.outcome.suggestions.push(suggestion);
        lines.iter().for_each(|line| self.free.lines[*line] = false);
        items.iter().for_each(|item| self.free.items[*item] = false);
    }

    fn take(&mut self, rule: &Rule, resolved: Resolved) {
        for (line, item) in resolved.pairs {
            if rule.kind == RuleKind::Reference && self.is_elsewhere(line, item) {
                self.suggest_elsewhere(rule, &[line], &[item]);
                continue;
            }
            let amount = self.lines[line].amount;
            let why = match rule.kind {
                RuleKind::Reference => format!("{} and {amount} {}", named(rule), amount.currency()),
                _ => format!(
                    "{amount} {} booked on {}, due on {}",
                    amount.currency(),
                    self.lines[line].booked_on,
                    self.items[item].day
                ),
            };
            self.settle(rule, &[line], &[item], None, why);
        }
        self.keep_apart(rule, resolved.ties);
        resolved.contested.iter().for_each(|item| self.free.items[*item] = false);
    }

    fn take_exchanged(&mut self, rule: &Rule, resolved: Resolved) {
        for (line, item) in resolved.pairs {
            let (amount, owed) = (self.lines[line].amount, self.items[item].amount);
            let Some(worth) = self.lines[line].exchanged() else { continue };
            if self.is_elsewhere(line, item) {
                self.suggest_elsewhere(rule, &[line], &[item]);
                continue;
            }
            let off =
                by_exchange::residual(rule, worth, owed).filter(|off| off.is_negative() || off.is_positive());
            let residual = off.zip(rule.residual_account.clone());
            let residual = residual.map(|(amount, account)| Residual { amount, account });
            let off = off.map_or_else(String::new, |off| format!(", {off} EUR off"));
            let why = format!(
                "{}: {amount} {} are {worth} EUR, says the bank{off}",
                named(rule),
                amount.currency()
            );
            self.settle(rule, &[line], &[item], residual, why);
        }
        self.keep_apart(rule, resolved.ties);
        resolved.contested.iter().for_each(|item| self.free.items[*item] = false);
    }

    fn take_groups(&mut self, rule: &Rule, grouped: groups::Grouped) {
        for groups::Group { lines, items, residual } in grouped.groups {
            if lines.iter().any(|line| items.iter().any(|item| self.is_elsewhere(*line, *item))) {
                self.suggest_elsewhere(rule, &lines, &items);
                continue;
            }
            let account = rule
                .residual_account
                .clone()
                .filter(|_| residual != money::Amount::zero(residual.currency()));
            let rest = account.map(|account| Residual { amount: residual, account });
            let off = rest
                .as_ref()
                .map_or_else(String::new, |rest| format!(", {} {} off", rest.amount, rest.amount.currency()));
            let (of, settled) = (counted(lines.len(), "line"), counted(items.len(), "item"));
            let why = format!("{}: {of} for {settled}{off}", named(rule));
            self.settle(rule, &lines, &items, rest, why);
        }
        self.keep_apart(rule, grouped.ties);
    }

    fn settle(
        &mut self,
        rule: &Rule,
        lines: &[usize],
        items: &[usize],
        residual: Option<Residual>,
        why: String,
    ) {
        lines.iter().for_each(|line| self.free.lines[*line] = false);
        items.iter().for_each(|item| self.free.items[*item] = false);
        let matched = self.matched(rule, lines, items, residual, why);
        self.outcome.matches.push(matched);
    }

    fn matched(
        &self,
        rule: &Rule,
        lines: &[usize],
        items: &[usize],
        residual: Option<Residual>,
        why: String,
    ) -> Match {
        Match {
            rule: rule.id.clone(),
            lines: lines.iter().map(|line| self.lines[*line].line).collect(),
            items: items.iter().map(|item| self.items[*item].item).collect(),
            residual,
            why,
        }
    }

    /// What is in a tie is kept from the weaker rules: they would decide by less what more could not decide.
    fn keep_apart(&mut self, rule: &Rule, ties: Vec<(usize, Vec<usize>)>) {
        for (line, items) in ties {
            self.free.lines[line] = false;
            items.iter().for_each(|item| self.free.items[*item] = false);
            self.outcome.ties.push(Tie {
                line: self.lines[line].line,
                rule: rule.id.clone(),
                items: items.iter().map(|item| self.items[*item].item).collect(),
            });
        }
    }

    /// One suggestion for each pair that would fit; nothing is used up.
    fn suggest(&mut self, rule: &Rule, resolved: Resolved) {
        let pairs = resolved.pairs.into_iter().map(|(line, item)| (line, vec![item]));
        for (line, items) in pairs.chain(resolved.ties) {
            for item in items {
                let why =
                    format!("booked on {}, due on {}", self.lines[line].booked_on, self.items[item].day);
                let suggestion = self.matched(rule, &[line], &[item], None, why);
                self.outcome.suggestions.push(suggestion);
            }
        }
    }
}

impl Ladder {
    /// The lines that a rule has matched, by their places.
    fn matched_lines(&self) -> HashSet<usize> {
        let ids: HashSet<_> =
            self.outcome.matches.iter().flat_map(|found| found.lines.iter().copied()).collect();
        let places = self.lines.iter().enumerate().filter(|(_, line)| ids.contains(&line.line));
        places.map(|(at, _)| at).collect()
    }

    /// What lines name that no rule has matched, though they may be in doubt: which reference, and whether money went out.
    /// An amount alone decides nothing about an item of which another line says that it is for it, be it in part.
    fn named_by_open_lines(&self) -> HashSet<(KeyDigest, bool)> {
        let matched = self.matched_lines();
        let open = self.lines.iter().enumerate().filter(|(at, _)| !matched.contains(at));
        open.flat_map(|(_, line)| {
            line.references.iter().map(|known| (known.digest, line.amount.is_negative()))
        })
        .collect()
    }

    /// Lines that no rule has matched, though they may be in doubt: the doubt may be that one was taken back.
    fn suggest_lines(&mut self, rule: &Rule) {
        let matched = self.matched_lines();
        let (found, why) = match rule.kind {
            RuleKind::Transfer => (
                reversals::transfers(rule, &self.lines, &matched),
                "each names the account of the other: from one account of ours to another".to_owned(),
            ),
            _ => (
                reversals::resolve(rule, &self.lines, &matched),
                format!("{}: one takes the other back", named(rule)),
            ),
        };
        for (out, back) in found {
            let suggestion = self.matched(rule, &[out, back], &[], None, why.clone());
            self.outcome.suggestions.push(suggestion);
        }
    }
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

fn named(rule: &Rule) -> String {
    let kinds: Vec<&str> = rule.references.iter().map(|kind| kind.code()).collect();
    format!("reference in common ({})", kinds.join(", "))
}
