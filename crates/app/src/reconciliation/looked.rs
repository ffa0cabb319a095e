//! What is open at the bank, and what the rules say of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use ::bank::{ExceptionRow, ExceptionsProjection, LineRow, LinesProjection, MatchRow, MatchesProjection};
use domain::bank::{LineReference, ReferenceKind};
use domain::exception::{Resolution, Subject};
use domain::matching::{Match, OpenItem, OpenLine, Outcome, Rules, run, within};
use domain::reconciliation::Settled;
use domain::{BankAccountCode, KeyDigest, LineId};
use jiff::civil::Date;
use money::{Amount, Eur};
use uuid::Uuid;

use super::items::BankItem;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::LineText;

/// All lines and items, with which of them are in no match. What is walked through has an order, so that the same ledger
/// is told in the same words each time.
pub(crate) struct Looked {
    /// All lines.
    pub lines: BTreeMap<LineId, LineRow>,
    /// All items.
    pub items: BTreeMap<Settled, BankItem>,
    /// Lines that nothing explains.
    pub open_lines: Vec<OpenLine>,
    /// Lines that were notified, and that the statements of their days do not have: they settle nothing.
    pub not_stated: HashSet<LineId>,
    /// Items that no line has settled.
    open_items: HashSet<Settled>,
    /// What each line in a match in force is matched with.
    matched_with: HashMap<LineId, Vec<Uuid>>,
    /// The number of the match in force that holds a line.
    match_of: HashMap<LineId, u64>,
    /// Lines and items that were matched with each other once, until somebody took that back.
    taken_apart: HashSet<(LineId, Settled)>,
    /// The numbers of payments and grants.
    numbers: HashMap<Uuid, u64>,
}

/// What open lines show of a payment by its reference.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// The number of the line that shows it, or something else that nobody knows yet.
    pub line: Option<u64>,
    /// The lines that show less than all of it, by number, with how many euros each of them is over, and its day.
    pub in_part: Vec<(u64, Eur, Date)>,
}

/// What the rules say of the open lines.
#[derive(Default)]
pub(crate) struct Said {
    /// Beyond doubt.
    pub matches: Vec<Finding>,
    /// In doubt: one for each line, with the items that would fit.
    pub ties: Vec<Finding>,
    /// Likely: one line and one item each.
    pub suggestions: Vec<Finding>,
}

/// Lines and items that belong together, or might.
pub(crate) struct Finding {
    /// What was found.
    pub found: Match,
    /// Its items.
    pub items: Vec<Settled>,
}

impl Ledger {
    /// Matches in the order in which they were recorded, undone ones too.
    pub(crate) async fn match_rows(&self) -> Result<Vec<MatchRow>, AppError> {
        let rows = self.runner.all_rows::<MatchesProjection>().await?;
        let mut rows: Vec<MatchRow> = rows.into_iter().map(|(_, row)| row).collect();
        rows.sort_by_key(|row| row.number);
        Ok(rows)
    }

    /// Lines that are booked where nothing else explains them.
    pub(crate) async fn lines_written_off(&self) -> Result<Vec<LineId>, AppError> {
        let rows = self.runner.all_rows::<ExceptionsProjection>().await?;
        let written_off = |row: ExceptionRow| match (row.id.about, row.resolved?.how) {
            (Subject::Line { line }, Resolution::WrittenOff { .. }) => Some(line),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(|(_, row)| written_off(row)).collect())
    }

    /// Lines of money that went out which nothing explains and for which nobody answers, in the order of their numbers: with
    /// their references. That a line belongs to a batch says nothing of one payment of it.
    pub(crate) async fn unanswered_lines(&self) -> Result<Vec<(u64, Vec<KeyDigest>)>, AppError> {
        let matches = self.match_rows().await?.into_iter().filter(|row| row.undone.is_none());
        let mut explained: HashSet<LineId> = matches.flat_map(|row| row.lines).map(|of| of.line).collect();
        explained.extend(self.lines_written_off().await?);
        let rows = self.runner.all_rows::<ExceptionsProjection>().await?;
        let answered: HashMap<LineId, Amount> = rows
            .into_iter()
            .filter_map(|(_, row)| match row.id.about {
                Subject::Line { line } => Some((line, row.resolved?.amount)),
                _ => None,
            })
            .collect();
        let rows = self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row);
        let open = rows.filter(|row| {
            let is_answered = answered.get(&row.line) == Some(&row.amount);
            row.amount.is_negative() && !is_answered && !explained.contains(&row.line)
        });
        let mut lines: Vec<_> = open
            .map(|row| {
                let own = row.references.iter().filter(|of| of.kind != ReferenceKind::PaymentInformation);
                (row.position, own.map(|of| of.digest).collect())
            })
            .collect();
        lines.sort_unstable_by_key(|(number, _)| *number);
        Ok(lines)
    }

    /// Those of the lines that were notified, and that the statements of their days do not have.
    pub(crate) async fn not_stated(&self, lines: &[LineRow]) -> Result<HashSet<LineId>, AppError> {
        let notified: HashSet<LineId> = lines.iter().filter(|row| !row.stated).map(|row| row.line).collect();
        if notified.is_empty() {
            return Ok(notified);
        }
        let accounts = self.accounts_and_numbers().await?;
        let missed = accounts.into_iter().flat_map(|(account, _)| account.not_stated);
        Ok(missed.filter(|line| notified.contains(line)).collect())
    }

    /// Lines and items, and which are open.
    pub(crate) async fn look_at_bank(&self) -> Result<Looked, AppError> {
        self.current().await?;
        let (undone, in_force): (Vec<_>, Vec<_>) =
            self.match_rows().await?.into_iter().partition(|row| row.undone.is_some());
        let mut taken_apart = HashSet::new();
        for row in &undone {
            for line in &row.lines {
                taken_apart.extend(row.items.iter().map(|item| (line.line, item.of.clone())));
            }
        }
        let (mut matched_lines, mut matched_items) = (HashSet::new(), HashSet::new());
        let mut matched_with: HashMap<LineId, Vec<Uuid>> = HashMap::new();
        let mut match_of = HashMap::new();
        for row in in_force {
            match_of.extend(row.lines.iter().map(|line| (line.line, row.number)));
            let ids: Vec<Uuid> = row.items.iter().map(|item| item.of.id()).collect();
            matched_with.extend(row.lines.iter().map(|line| (line.line, ids.clone())));
            matched_lines.extend(row.lines.into_iter().map(|line| line.line));
            matched_items.extend(row.items.into_iter().map(|item| item.of));
        }
        matched_lines.extend(self.lines_written_off().await?);
        let rows: Vec<LineRow> =
            self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row).collect();
        let not_stated = self.not_stated(&rows).await?;
        matched_lines.extend(&not_stated);
        let open: Vec<&LineRow> = rows.iter().filter(|row| !matched_lines.contains(&row.line)).collect();
        let wanted: Vec<_> = open.iter().map(|row| (LEDGER_SUBJECT, row.details)).collect();
        let texts = self.reveal::<LineText>(&wanted).await?;
        let accounts = self.accounts_and_numbers().await?.into_iter();
        let own: BTreeMap<BankAccountCode, KeyDigest> = accounts
            .filter_map(|(account, number)| Some((account.code, self.counterpart(&number?))))
            .collect();
        let open_lines = open.iter().zip(texts).map(|(row, text)| OpenLine {
            line: row.line,
            amount: row.amount,
            worth: row.worth(),
            booked_on: row.booked_on,
            references: row.references.clone(),
            counterpart: text.and_then(|text| text.account).map(|number| self.counterpart(&number)),
            account: own.get(&row.account).copied(),
        });
        let open_lines = open_lines.collect();
        let items = self.bank_items().await?;
        let open_items = items.iter().map(|item| &item.of).filter(|of| !matched_items.contains(of)).cloned();
        Ok(Looked {
            open_lines,
            not_stated,
            open_items: open_items.collect(),
            matched_with,
            match_of,
            taken_apart,
            numbers: items.iter().map(|item| (item.of.id(), item.about)).collect(),
            lines: rows.into_iter().map(|row| (row.line, row)).collect(),
            items: items.into_iter().map(|item| (item.of.clone(), item)).collect(),
        })
    }
}

impl Looked {
    /// What the rules say. What went out comes first; then what came in is held against what may have come back, by
    /// reference alone: the same amount that comes in by chance is nothing that came back. What somebody took apart, and
    /// what came in while it is not settled what went out, is suggested at most.
    pub fn said(&self, rules: &Rules) -> Said {
        let mut said = Said::default();
        let (out, back): (Vec<&Settled>, Vec<&Settled>) =
            self.open_items.iter().partition(|of| !of.is_back());
        let outcome = run(rules, &self.open_lines, &self.open(&out));
        let matched = outcome.matches.iter().flat_map(|found| &found.lines);
        let taken: HashSet<LineId> =
            matched.copied().chain(outcome.ties.iter().map(|tie| tie.line)).collect();
        said.take(outcome, &out, |finding| {
            !self.was_taken_apart(finding) && !self.is_told_after(finding, rules.write_off_alone_max)
        });
        let unsettled: HashSet<Uuid> = {
            let settled: HashSet<Uuid> =
                said.matches.iter().flat_map(|finding| &finding.items).map(Settled::id).collect();
            out.iter().map(|of| of.id()).filter(|id| !settled.contains(id)).collect()
        };
        let matched: HashSet<LineId> =
            said.matches.iter().flat_map(|finding| finding.found.lines.iter().copied()).collect();
        let still_out: HashSet<LineReference> = self
            .open_lines
            .iter()
            .filter(|line| line.amount.is_negative() && !matched.contains(&line.line))
            .flat_map(|line| line.references.iter().copied())
            .collect();
        let went_out = self.went_out(&said);
        let came_in = self.open_lines.iter().filter(|line| line.amount.is_positive());
        let came_in: Vec<OpenLine> = came_in.filter(|line| !taken.contains(&line.line)).cloned().collect();
        let references: HashMap<LineId, &[LineReference]> =
            self.open_lines.iter().map(|line| (line.line, line.references.as_slice())).collect();
        // It went out once, and no other line says that it went out again: only then it came back, and is due again.
        let came_back = |finding: &Finding| {
            finding.items.iter().all(|of| !unsettled.contains(&of.id()))
                && !finding.found.lines.iter().filter_map(|line| references.get(line)).any(|references| {
                    references.iter().any(|reference| still_out.contains(reference))
                        || went_out.otherwise(references, &finding.items)
                })
        };
        let outcome = run(&rules.by_reference(), &came_in, &self.open(&back));
        said.take(outcome, &back, |finding| came_back(finding) && !self.was_taken_apart(finding));
        said
    }

    /// What open lines of money that went out show of an item, by its reference. That a line belongs to a batch says nothing
    /// of one payment of it.
    pub fn shown(&self, of: &Settled, rules: &Rules) -> Shown {
        let Some(item) = self.items.get(of) else { return Shown::default() };
        let names = |line: &&OpenLine| {
            let mut own =
                line.references.iter().filter(|known| known.kind != ReferenceKind::PaymentInformation);
            line.amount.is_negative() && own.any(|known| item.open.references.contains(&known.digest))
        };
        let lines: Vec<&OpenLine> = self.open_lines.iter().filter(names).collect();
        // What went out and came back is no part that was made.
        let came_back = self.open_lines.iter().any(|line| {
            let mut references = line.references.iter().map(|known| known.digest);
            line.amount.is_positive() && references.any(|digest| item.open.references.contains(&digest))
        });
        let mut rows: Vec<&LineRow> = lines.iter().filter_map(|line| self.lines.get(&line.line)).collect();
        rows.sort_by_key(|row| row.position);
        match self.in_part(item, &lines, &rows, rules).filter(|_| !came_back) {
            Some(in_part) => Shown { line: None, in_part },
            None => Shown { line: rows.first().map(|row| row.position), in_part: Vec::new() },
        }
    }

    /// What lines show of an item, if that is less than all of it by more than a match may be off, and went where it was to
    /// go.
    fn in_part(
        &self,
        item: &BankItem,
        lines: &[&OpenLine],
        rows: &[&LineRow],
        rules: &Rules,
    ) -> Option<Vec<(u64, Eur, Date)>> {
        let elsewhere = |line: &&OpenLine| {
            line.counterpart.zip(item.open.counterpart).is_some_and(|(one, other)| one != other)
        };
        if rows.is_empty() || lines.iter().any(elsewhere) {
            return None;
        }
        let part = |row: &&LineRow| {
            Some((row.position, row.amount.to_eur_exact()?.checked_neg().ok()?, row.booked_on))
        };
        let parts: Vec<_> = rows.iter().map(part).collect::<Option<_>>()?;
        let made = Eur::sum(parts.iter().map(|(_, eur, _)| *eur)).ok()?;
        let off = rules.tolerance(false).map_or(Eur::ZERO, |tolerance| tolerance.max);
        let whole = item.amount.to_eur_exact()?.checked_neg().ok()?;
        // As little as a match may be off is what the bank charges for it.
        (made > off && made.checked_add(off).ok()? < whole).then_some(parts)
    }

    /// Whether a line of it went to another account than something it would settle; `accounts` tells where lines went.
    pub fn is_elsewhere(
        &self,
        Finding { found, items }: &Finding,
        accounts: &HashMap<LineId, KeyDigest>,
    ) -> bool {
        found.lines.iter().filter_map(|line| accounts.get(line)).any(|account| {
            let mut owed = items.iter().filter_map(|of| self.items.get(of)?.open.counterpart);
            owed.any(|owed| owed != *account)
        })
    }

    /// Open lines of money that went out under a reference of its own to another account than what has it was to go to.
    pub fn named_elsewhere(&self) -> impl Iterator<Item = LineId> {
        let mut owed: HashMap<KeyDigest, HashSet<KeyDigest>> = HashMap::new();
        for item in self.items.values().filter(|item| !item.of.is_back()) {
            for digest in &item.open.references {
                owed.entry(*digest).or_default().extend(item.open.counterpart);
            }
        }
        let out = self.open_lines.iter().filter(|line| line.amount.is_negative());
        out.filter_map(move |line| {
            let account = line.counterpart?;
            let mut own =
                line.references.iter().filter(|known| known.kind != ReferenceKind::PaymentInformation);
            let named = own.find_map(|known| owed.get(&known.digest))?;
            (!named.is_empty() && !named.contains(&account)).then_some(line.line)
        })
    }

    /// Whether somebody took the match of a line with something apart that is open.
    pub fn is_taken_apart(&self, line: LineId) -> bool {
        self.taken_apart.iter().any(|(apart, of)| *apart == line && self.open_items.contains(of))
    }

    /// What went out under which reference, and for what: as it was matched, or will be now.
    fn went_out(&self, said: &Said) -> WentOut {
        let mut now: HashMap<LineId, Vec<Uuid>> = HashMap::new();
        for finding in &said.matches {
            let ids: Vec<Uuid> = finding.items.iter().map(Settled::id).collect();
            now.extend(finding.found.lines.iter().map(|line| (*line, ids.clone())));
        }
        let mut by_reference: HashMap<KeyDigest, Vec<Vec<Uuid>>> = HashMap::new();
        for row in self.lines.values().filter(|row| row.amount.is_negative()) {
            let settled = now.get(&row.line).or_else(|| self.matched_with.get(&row.line));
            // What another line took back did not go out.
            if settled.is_some_and(Vec::is_empty) {
                continue;
            }
            let own = row.references.iter().filter(|known| known.kind != ReferenceKind::PaymentInformation);
            for digest in own.map(|known| known.digest).collect::<HashSet<_>>() {
                by_reference.entry(digest).or_default().push(settled.cloned().unwrap_or_default());
            }
        }
        WentOut { by_reference }
    }

    /// Whether somebody said that some of these do not belong together.
    fn was_taken_apart(&self, Finding { found, items }: &Finding) -> bool {
        let apart = |line: &LineId, of: &Settled| self.taken_apart.contains(&(*line, of.clone()));
        !self.taken_apart.is_empty() && found.lines.iter().any(|line| items.iter().any(|of| apart(line, of)))
    }

    /// The number of the match in force that holds a line, if one does.
    pub fn match_of(&self, line: LineId) -> Option<u64> {
        self.match_of.get(&line).copied()
    }

    /// Whether somebody recorded what a line would settle as paid after the line had come, and one person explains no line so
    /// large alone: the reference says then only that they have seen the line.
    pub fn is_told_after(&self, Finding { found, items }: &Finding, alone_max: Eur) -> bool {
        let lines = || found.lines.iter().filter_map(|line| self.lines.get(line));
        let Some(first) = lines().map(|row| row.position).min() else { return false };
        let told_after = |of: &Settled| {
            let item = self.items.get(of);
            matches!(of, Settled::PaidOutside { .. })
                && item.is_some_and(|item| item.amount.is_negative() && !item.by_two && item.number > first)
        };
        let large = lines()
            .map(|row| row.amount)
            .chain(items.iter().filter_map(|of| Some(self.items.get(of)?.amount)));
        items.iter().any(told_after) && !large.into_iter().all(|amount| within(amount, alone_max))
    }

    /// Whether no line has settled an item.
    pub fn is_open(&self, of: &Settled) -> bool {
        self.open_items.contains(of)
    }

    /// The number of a payment or grant that the bank can have made.
    pub fn number(&self, id: Uuid) -> u64 {
        self.numbers.get(&id).copied().unwrap_or_default()
    }

    /// The numbers of lines, in their order.
    pub fn numbers(&self, lines: impl Iterator<Item = LineId>) -> String {
        let mut numbers: Vec<u64> =
            lines.filter_map(|line| self.lines.get(&line)).map(|row| row.position).collect();
        numbers.sort_unstable();
        numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// What lines settle, as people call it.
    pub fn settled<'a>(&self, items: impl Iterator<Item = &'a Settled>) -> String {
        let names = items.filter_map(|of| self.items.get(of)).map(|item| item.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        if names.is_empty() { "each other".to_owned() } else { names }
    }

    fn open(&self, wanted: &[&Settled]) -> Vec<OpenItem> {
        wanted.iter().filter_map(|of| self.items.get(*of)).map(|item| item.open.clone()).collect()
    }
}

/// Lines of money that went out, by their references: each with what it settles, nothing where it is written off.
struct WentOut {
    by_reference: HashMap<KeyDigest, Vec<Vec<Uuid>>>,
}

impl WentOut {
    /// Whether money went out under one of these references that was not for these items: then it may be that which came
    /// back.
    fn otherwise(&self, references: &[LineReference], items: &[Settled]) -> bool {
        let for_them = |settled: &Vec<Uuid>| items.iter().any(|of| settled.contains(&of.id()));
        let mut lines = references.iter().filter_map(|known| self.by_reference.get(&known.digest)).flatten();
        lines.any(|settled| !for_them(settled))
    }
}

impl Said {
    /// Takes what was found; what is not `sure` is only suggested.
    fn take(&mut self, outcome: Outcome, items: &[&Settled], sure: impl Fn(&Finding) -> bool) {
        let by_id: HashMap<Uuid, &Settled> = items.iter().map(|of| (of.key(), *of)).collect();
        let finding = |found: Match| {
            let items = found.items.iter().filter_map(|id| by_id.get(id).copied().cloned()).collect();
            Finding { found, items }
        };
        let (matches, doubtful): (Vec<Finding>, Vec<Finding>) =
            outcome.matches.into_iter().map(finding).partition(sure);
        self.matches.extend(matches);
        self.suggestions.extend(doubtful);
        self.ties.extend(outcome.ties.into_iter().map(|tie| {
            finding(Match {
                rule: tie.rule,
                lines: vec![tie.line],
                items: tie.items,
                residual: None,
                why: "more than one would fit: somebody decides".to_owned(),
            })
        }));
        self.suggestions.extend(outcome.suggestions.into_iter().map(finding));
    }
}
