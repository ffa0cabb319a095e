//! Matching: what the rules are certain of, what a person knows, and what was wrong.

use std::collections::{BTreeSet, HashMap, HashSet};

use ::bank::LineRow;
use domain::matching::{Rules, Tolerance, are_transfer, have_in_common};
use domain::reconciliation::{BY_HAND, MatchProposed, MatchedItem, MatchedLine, Named, NewMatch, Settled};
use domain::{KeyDigest, LineId, PartnerCode, Reconciliation, ReconciliationCommand, Refusal};
use event_log::StoreError;
use money::{Amount, Eur};

use super::exceptions::Resolved;
use super::looked::{Finding, Looked};
use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::query::{PROPOSED, ProposalItem};
use crate::session::{About, Executed, Purpose, Session};

/// What is to be matched by the rules.
#[derive(Debug, Clone)]
pub struct MatchAsked {
    /// The rules.
    pub rules: Rules,
    /// Only lines of the statement with this number (the position of its import).
    pub statement: Option<u64>,
    /// Record nothing.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct MatchedNow {
    /// What was matched, or would be.
    pub matched: Vec<ProposalItem>,
    /// How many lines that is.
    pub lines: u64,
    /// Lines that are in doubt.
    pub ties: u64,
    /// Lines that stay open, those in doubt too.
    pub open: u64,
}

/// What a person says belongs together.
#[derive(Debug, Clone)]
pub struct HandMatch {
    /// The rules, for how much it may be off.
    pub rules: Rules,
    /// The numbers of the lines.
    pub lines: Vec<u64>,
    /// Payments and grants, by number or reference; none where the lines take each other back.
    pub items: Vec<String>,
    /// Record nothing.
    pub dry_run: bool,
}

impl Ledger {
    /// Matches all open lines of which the rules are certain, all of them or none. A tie is nobody's: it stays open.
    pub async fn match_by_rules(&self, asked: &MatchAsked) -> Result<MatchedNow, AppError> {
        let rules = asked.rules.under(&self.rulebook);
        let of_statement = match asked.statement {
            Some(number) => Some(self.find_statement(number).await?),
            None => None,
        };
        let purpose = if asked.dry_run { Purpose::DryRun } else { Purpose::Write };
        let request = ["match-by-rules", asked.rules.version.as_str(), self.actor()];
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, purpose);
            // What is certain is so as long as nothing else comes in: a line more, or a payment, could make it a tie.
            self.current().await?;
            session.load_all_of_bank().await?;
            let revision = session.load_reconciliation().await?;
            let looked = self.look_at_bank().await?;
            let mut said = looked.said(&rules);
            let wanted = |line: &LineId| {
                let row = looked.lines.get(line);
                of_statement.is_none_or(|statement| row.is_some_and(|row| row.statement == statement))
            };
            // In the order of the lines' numbers: what is found does not depend on it, but what matches are called does.
            said.matches.sort_by_key(|finding| {
                finding
                    .found
                    .lines
                    .iter()
                    .filter_map(|line| looked.lines.get(line))
                    .map(|row| row.position)
                    .min()
            });
            said.matches.retain(|finding| finding.found.lines.iter().all(wanted));
            said.ties.retain(|finding| finding.found.lines.iter().all(wanted));
            let matched = said.matches.iter().map(|finding| finding.found.lines.len()).sum::<usize>();
            let open = looked.open_lines.iter().filter(|line| wanted(&line.line)).count();
            let now = MatchedNow {
                matched: looked.told("match", &said.matches),
                lines: matched as u64,
                ties: said.ties.len() as u64,
                open: (open - matched.min(open)) as u64,
            };
            let mut commands = Vec::with_capacity(said.matches.len());
            for finding in &said.matches {
                let rule = rules.rules.iter().find(|rule| rule.id == finding.found.rule);
                let tolerance = rule.and_then(domain::matching::Rule::tolerance);
                let new = looked.new_match(&rules, finding, tolerance);
                commands.push(ReconciliationCommand::Match(new));
            }
            if !asked.dry_run {
                let lines = said.matches.iter().flat_map(|finding| finding.found.lines.iter().copied());
                self.hold_lines_against_log(&looked, &lines.collect::<Vec<_>>()).await?;
            }
            let partners = said.matches.iter().flat_map(|finding| &finding.items);
            session.load_partners(partners.filter_map(Settled::partner).cloned()).await?;
            let executed = session.try_at(revision, &request, |session, draft| {
                session.rest_on_bank(draft);
                session.all_on_reconciliation(draft, &commands)
            });
            match executed.await {
                Ok(Executed::Now | Executed::Before) => return Ok(now),
                Ok(Executed::Late) => {}
                // Somebody matched one of them between the two looks.
                Err(AppError::Refused(refusal)) if refusal.codes().contains("already-matched") => {}
                Err(other) => return Err(other),
            }
        }
        Err(AppError::always_second())
    }

    /// Matches lines with what they settle, as a person says: they must come to the same, but for what the rules tolerate.
    /// Lines without items take each other back.
    /// What is large and has nothing in common is only proposed, until another person says the same.
    pub async fn match_by_hand(&self, asked: &HandMatch) -> Result<(ProposalItem, Resolved), AppError> {
        let looked = self.look_at_bank().await?;
        let lines = looked.find_lines(&asked.lines)?;
        if let Some(line) = lines.iter().find(|line| looked.not_stated.contains(line)) {
            let detail = format!(
                "the bank has notified of line {}, and the statement of its day does not have it: match the line that the statement has",
                looked.numbers([*line].into_iter())
            );
            return Err(AppError::Refused(Refusal::new("not-stated", detail)));
        }
        let mut amounts = lines.iter().filter_map(|line| looked.lines.get(line)).map(|row| row.amount);
        let sum = amounts
            .next()
            .and_then(|first| amounts.try_fold(first, |sum, amount| sum.checked_add(amount).ok()));
        let came_in = sum.is_some_and(|sum| sum.is_positive());
        let items = asked.items.iter().map(|name| looked.find_item(name, came_in));
        let items: Vec<Settled> = items.collect::<Result<_, _>>()?;
        let mut finding = Finding::by_hand(lines, items);
        let partners: Vec<PartnerCode> = finding.items.iter().filter_map(Settled::partner).cloned().collect();
        let rules = asked.rules.under(&self.rulebook);
        let new = looked.new_match(&rules, &finding, rules.tolerance(looked.is_exchanged(&finding)));
        finding.found.residual = new.residual().ok().flatten();
        let command = ReconciliationCommand::Match(new);
        let words = format!("{:?} {:?} {}", asked.lines, asked.items, asked.rules.version);
        let of_line = finding.found.lines.first().copied();
        let is_matched = |state: &Reconciliation| of_line.is_some_and(|line| state.of_line(line).is_some());
        let matched = if asked.dry_run {
            let mut session = Session::new(self, Purpose::DryRun);
            session.load_partners(partners).await?;
            session.load_reconciliation().await?;
            let mut draft = session.draft(0, &["match", &words], 0);
            let decided = session.on_reconciliation(&mut draft, &command)?;
            decided.map_err(|refused| AppError::Refused(refused.refusal))?;
            session.reconciliation_state().is_some_and(is_matched)
        } else {
            self.hold_lines_against_log(&looked, &finding.found.lines).await?;
            let about = About::Reconciliation(partners);
            self.execute_about(about, &["match", &words], |session, draft| {
                session.on_reconciliation(draft, &command)
            })
            .await?;
            is_matched(&self.reconciliation_and_events().await?.0)
        };
        let (certainty, resolved) =
            if matched { ("match", Resolved::Done) } else { (PROPOSED, Resolved::Proposed) };
        let told = looked.told(certainty, std::slice::from_ref(&finding)).pop();
        Ok((told.ok_or_else(|| AppError::Usage("nothing was named".into()))?, resolved))
    }

    /// Lets nothing come of a proposal to match lines: who proposed it withdraws it, anybody else refuses it.
    pub async fn decline_match(&self, numbers: &[u64], reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let lines: BTreeSet<LineId> = self.look_at_bank().await?.find_lines(numbers)?.into_iter().collect();
        let words = format!("{numbers:?}");
        let about = About::Reconciliation(Vec::new());
        self.execute_about(about, &["decline-match", &words, reason], |session, draft| {
            let (lines, reason) = (lines.clone(), session.seal_own(draft, &text)?);
            session.on_reconciliation(draft, &ReconciliationCommand::Decline { lines, reason })
        })
        .await
    }

    /// The amounts that a match is recorded with come from rows that are only derived from the log: they must be those of
    /// the log.
    async fn hold_lines_against_log(&self, looked: &Looked, lines: &[LineId]) -> Result<(), AppError> {
        let booked = self.lines_named(lines).await?;
        let booked: HashMap<LineId, Amount> =
            booked.into_iter().map(|(line, _)| (line.booked.line, line.booked.amount)).collect();
        let differs = |row: &&LineRow| booked.get(&row.line) != Some(&row.amount);
        match lines.iter().filter_map(|line| looked.lines.get(line)).find(differs) {
            None => Ok(()),
            Some(row) => Err(AppError::Store(StoreError::Damaged(format!(
                "the read model of the bank's lines shows another amount for line {} than the log has: run `svala replay --repair`",
                row.position
            )))),
        }
    }

    /// Takes a match back: its lines and items are open again, as if it had never been.
    pub async fn undo_match(&self, number: u64, reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let (reconciliation, _) = self.reconciliation_and_events().await?;
        let items = reconciliation.get(number).map(|known| known.matched.items.clone()).unwrap_or_default();
        let partners = items.iter().filter_map(|item| item.of.partner()).cloned().collect();
        let words = number.to_string();
        let about = About::Reconciliation(partners);
        self.execute_about(about, &["undo-match", &words, reason], |session, draft| {
            let reason = session.seal_own(draft, &text)?;
            session.on_reconciliation(draft, &ReconciliationCommand::Undo { number, reason })
        })
        .await
    }
}

impl Finding {
    /// What somebody would match.
    pub(crate) fn proposed(proposed: &MatchProposed) -> Self {
        let lines = proposed.lines.iter().map(|of| of.line).collect();
        let mut finding = Self::by_hand(lines, proposed.items.iter().map(|of| of.of.clone()).collect());
        finding.found.why = format!(
            "{} says so, and they have nothing in common, or only what was recorded after the line had come: another person gives the same command",
            proposed.by
        );
        finding
    }

    fn by_hand(lines: Vec<LineId>, items: Vec<Settled>) -> Self {
        let found = domain::matching::Match {
            rule: BY_HAND.to_owned(),
            lines,
            items: items.iter().map(Settled::key).collect(),
            residual: None,
            why: "somebody said so".to_owned(),
        };
        Self { found, items }
    }
}

impl Looked {
    /// A finding as it is to be recorded.
    fn new_match(&self, rules: &Rules, finding: &Finding, tolerance: Option<Tolerance>) -> NewMatch {
        let lines = finding.found.lines.iter().filter_map(|line| self.lines.get(line)).map(|row| Named {
            name: format!("line {}", row.position),
            it: MatchedLine { line: row.line, amount: row.amount },
        });
        let items = finding.items.iter().filter_map(|of| self.items.get(of)).map(|item| Named {
            name: item.name.clone(),
            it: MatchedItem { of: item.of.clone(), amount: item.amount },
        });
        NewMatch {
            rule: finding.found.rule.clone(),
            rules: rules.version.clone(),
            why: finding.found.why.clone(),
            lines: lines.collect(),
            worth: finding
                .found
                .lines
                .iter()
                .filter_map(|line| Some((*line, self.lines.get(line)?.worth()?)))
                .collect(),
            items: items.collect(),
            tolerance,
            apart_max: Some(rules.write_off_alone_max).filter(|max| self.is_apart(finding, *max)),
        }
    }

    /// Whether a person says that things belong together which have nothing in common, or nothing but what somebody recorded
    /// when the line was there.
    fn is_apart(&self, finding: &Finding, alone_max: Eur) -> bool {
        if finding.items.is_empty() {
            return !self.share_a_reference(finding) && !self.is_transfer(finding);
        }
        if finding.found.rule != BY_HAND {
            return false;
        }
        if self.is_told_after(finding, alone_max) {
            return true;
        }
        let named: HashSet<LineId> = finding.found.lines.iter().copied().collect();
        let lines: Vec<_> = self.open_lines.iter().filter(|line| named.contains(&line.line)).collect();
        let items: Vec<_> =
            finding.items.iter().filter_map(|of| self.items.get(of)).map(|item| &item.open).collect();
        !have_in_common(&lines, &items)
    }

    /// The lines with these numbers.
    fn find_lines(&self, numbers: &[u64]) -> Result<Vec<LineId>, AppError> {
        let mut lines = Vec::with_capacity(numbers.len());
        for number in numbers {
            let row = self.lines.values().find(|row| row.position == *number);
            let row = row.ok_or_else(|| {
                AppError::Usage(format!(
                    "there is no line {number}; `svala bank lines --open` shows all that are open with their numbers"
                ))
            })?;
            lines.push(row.line);
        }
        Ok(lines)
    }

    /// Whether all its lines have a reference in common.
    fn share_a_reference(&self, finding: &Finding) -> bool {
        let mut lines = finding.found.lines.iter().filter_map(|line| self.lines.get(line));
        let Some(first) = lines.next() else { return false };
        let mut common: Vec<KeyDigest> = first.references.iter().map(|known| known.digest).collect();
        for line in lines {
            common.retain(|digest| line.references.iter().any(|known| known.digest == *digest));
        }
        !common.is_empty()
    }

    /// Whether its lines are one transfer between accounts of the authority.
    fn is_transfer(&self, finding: &Finding) -> bool {
        let open = |line: &LineId| self.open_lines.iter().find(|open| open.line == *line);
        match finding.found.lines.as_slice() {
            [one, other] => open(one).zip(open(other)).is_some_and(|(one, other)| are_transfer(one, other)),
            _ => false,
        }
    }

    /// Whether one of its lines is in another currency, and the bank says what it is in euro.
    fn is_exchanged(&self, finding: &Finding) -> bool {
        let mut lines = finding.found.lines.iter().filter_map(|line| self.lines.get(line));
        lines.any(|row| row.worth().is_some())
    }

    /// The item with this number or reference: what went out, or for money that came in what came back.
    fn find_item(&self, name: &str, came_in: bool) -> Result<Settled, AppError> {
        let number = name.parse::<u64>().ok();
        let plain = domain::bank::plain_reference(name);
        let named = |item: &&super::BankItem| {
            number.is_some_and(|number| item.number == number || item.about == number)
                || item.reference.as_ref() == Some(&plain)
        };
        let mut found: Vec<_> =
            self.items.values().filter(|item| item.amount.is_positive() == came_in).filter(named).collect();
        // Of what came back bit by bit it can only be a part that no line has settled.
        if found.iter().any(|item| self.is_open(&item.of)) {
            found.retain(|item| self.is_open(&item.of));
        }
        found.sort_by_key(|item| item.number);
        match found.as_slice() {
            [only] => Ok(only.of.clone()),
            [_, ..] => {
                let each =
                    found.iter().map(|item| format!("{} ({}, {})", item.number, item.name, item.amount));
                Err(AppError::Usage(format!(
                    "{name} stands on more than one: name it by its number: {}",
                    each.collect::<Vec<_>>().join(", ")
                )))
            }
            [] => {
                let what = if came_in { "that came back" } else { "that the bank can have made" };
                Err(AppError::Usage(format!(
                    "there is no payment {name} {what}; `svala payment list` and `svala grant list` show all with their numbers"
                )))
            }
        }
    }
}
