//! Lines of the bank and what explains them, as vouchers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use money::{Amount, Eur};

use super::chart::{MoneyKind, Seen};
use super::journal::{Journal, Told, Voucher, What, When, unknown};
use super::{payments, words};
use crate::bank::{BankAccount, BankEvent, LineEvent, StatementKind};
use crate::event::Recorded;
use crate::exception::{ExceptionResolved, Resolution, Subject};
use crate::ids::{DifferenceAccount, LineId};
use crate::reconciliation::{PaymentMatched, ReconciliationEvent, Settled};
use crate::refusal::FoldError;

/// A match that was recorded.
#[derive(Debug, Clone)]
pub(super) struct Matched {
    /// The position of its event.
    about: u64,
    /// The last day on which one of its lines was booked.
    day: Date,
    matched: PaymentMatched,
}

/// A line that is written off.
#[derive(Debug, Clone)]
pub(super) struct WrittenOff {
    /// The position of the event.
    about: u64,
    /// The number of the line.
    line: u64,
    /// The day on which it was booked.
    day: Date,
    amount: Amount,
    account: DifferenceAccount,
}

/// What is off, and where it is to be booked.
struct Off<'a> {
    /// The position of the match or write-off.
    about: u64,
    day: Date,
    eur: Eur,
    account: &'a DifferenceAccount,
    /// The lines it is of.
    lines: String,
    text: String,
}

/// An account at the bank, as it stands in the books.
#[derive(Debug, Clone, Default)]
pub(super) struct AtBank {
    account: Option<BankAccount>,
    /// Lines that only a notification has told of so far.
    notified: BTreeMap<LineId, (Date, Eur)>,
    /// Those of them that lie before a statement, in a gap.
    in_gaps: BTreeMap<LineId, (Date, Eur)>,
    /// Those that the statements of their days do not have.
    not_stated: BTreeMap<LineId, (Date, Eur)>,
    /// The days on which what is missing was booked.
    gaps: BTreeSet<Date>,
}

impl AtBank {
    /// What is missing before a statement that begins on this day: lines booked by notification are not.
    fn is_missing(&mut self, missing: Eur, from: Date) -> Result<(Eur, Date), FoldError> {
        let (before, since): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.notified).into_iter().partition(|(_, (day, _))| *day < from);
        self.notified = since;
        let known = Eur::sum(before.values().map(|(_, eur)| *eur))?;
        self.in_gaps.extend(before);
        self.gaps.insert(from);
        Ok((missing.checked_sub(known)?, from))
    }

    /// What a late statement of these movements takes back of what was missing, on the day on which that was booked.
    fn comes_late(&mut self, moved: Eur, from: Date, to: Option<Date>) -> Result<(Eur, Date), FoldError> {
        let days = from..=to.unwrap_or(from);
        let (own, others): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.in_gaps).into_iter().partition(|(_, (day, _))| days.contains(day));
        self.in_gaps = others;
        let known = Eur::sum(own.values().map(|(_, eur)| *eur))?;
        let day = self.gaps.range(from..).next().copied().unwrap_or(from);
        Ok((known.checked_sub(moved)?, day))
    }
}

impl Journal<'_> {
    /// What the bank says stands on an account in euro, where what is booked does not come to it: before its first
    /// statement, and where one is missing. So the account in the books is what the bank says it is.
    pub(super) fn of_account(
        &mut self,
        recorded: &Recorded,
        event: &BankEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        let at_bank = self.at_bank.entry(recorded.stream_id.id().to_owned()).or_default();
        let before = at_bank.account.as_ref().and_then(|account| account.last);
        let account = BankAccount::evolve(at_bank.account.take(), event)?;
        let BankEvent::StatementImported(e) = event else {
            at_bank.account = Some(account);
            return Ok(Vec::new());
        };
        let own = account.statements.get(&e.statement).copied();
        at_bank.account = Some(account);
        let mut missed: Vec<_> =
            e.not_stated.iter().filter_map(|line| at_bank.notified.remove_entry(line)).collect();
        // What lies in a gap that this one fills is still counted there.
        missed.extend(e.not_stated.iter().filter_map(|line| Some((*line, *at_bank.in_gaps.get(line)?))));
        let eur = |amount: Amount| amount.to_eur_exact();
        let (Some(opening), Some(closing)) = (eur(e.opening), eur(e.closing)) else { return Ok(Vec::new()) };
        let own_day = e.from.or(e.to).unwrap_or_else(|| recorded.recorded_on());
        let is_late = before.zip(own).is_some_and(|(before, own)| own.is_late_after(&before));
        let (missing, day) = match before.filter(|_| is_late) {
            // Its lines were missing until now, but for those that a notification had told of.
            Some(_) => at_bank.comes_late(closing.checked_sub(opening)?, own_day, e.to)?,
            None => {
                let told = before.and_then(|before| eur(before.closing));
                let missing = opening.checked_sub(told.unwrap_or_default())?;
                // Where they continue each other nothing is missing between them.
                match told.is_some() && missing.is_zero() {
                    true => (missing, own_day),
                    false => at_bank.is_missing(missing, own_day)?,
                }
            }
        };
        at_bank.in_gaps.retain(|line, _| !e.not_stated.contains(line));
        at_bank.not_stated.extend(missed.iter().copied());
        let (about, account) = (recorded.position, recorded.stream_id.id());
        let told = Told { about, name: format!("statement {about} of {account}"), ..Told::default() };
        let (kind, when) = (MoneyKind::BankBalance, When::AtBank(day));
        let mut vouchers: Vec<_> =
            self.voucher(recorded, kind, missing, when, &told, None)?.into_iter().collect();
        for (line, (day, eur)) in missed {
            vouchers.extend(self.at_bank(recorded, account, line, day, eur.checked_neg()?)?);
        }
        Ok(vouchers)
    }

    /// A line that was notified is no more on the account, or is after all.
    fn at_bank(
        &mut self,
        recorded: &Recorded,
        account: &str,
        line: LineId,
        day: Date,
        eur: Eur,
    ) -> Result<Option<Voucher>, FoldError> {
        let about = self.lines.get(&line).map(|(number, _)| *number).ok_or_else(|| unknown(recorded))?;
        let told = Told { about, name: format!("line {about} of {account}"), ..Told::default() };
        self.voucher(recorded, MoneyKind::BankLine, eur, When::AtBank(day), &told, None)
    }

    /// A line in euro. One in another currency is not in these books until it is matched with something in euro.
    pub(super) fn of_line(
        &mut self,
        recorded: &Recorded,
        event: &LineEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        let LineEvent::BankLineBooked(e) = event else {
            let line: Option<LineId> = recorded.stream_id.id().parse().ok();
            let Some(line) = line else { return Ok(Vec::new()) };
            let mut after_all = None;
            for (account, at_bank) in &mut self.at_bank {
                at_bank.notified.remove(&line);
                if let Some((day, eur)) = at_bank.not_stated.remove(&line) {
                    after_all = Some((account.clone(), day, eur));
                }
            }
            let Some((account, day, eur)) = after_all else { return Ok(Vec::new()) };
            return Ok(self.at_bank(recorded, &account, line, day, eur)?.into_iter().collect());
        };
        self.lines.insert(e.line, (recorded.position, e.booked_on));
        let Some(eur) = e.amount.to_eur_exact() else {
            let worth = e.exchange.as_ref().and_then(|exchange| exchange.eur);
            self.exchanged.extend(worth.map(|eur| (e.line, eur)));
            return Ok(Vec::new());
        };
        if e.kind == StatementKind::Notification {
            let at_bank = self.at_bank.entry(e.account.to_string()).or_default();
            at_bank.notified.insert(e.line, (e.booked_on, eur));
        }
        let about = recorded.position;
        let told = Told { about, name: format!("line {about} of {}", e.account), ..Told::default() };
        let when = When::AtBank(e.booked_on);
        Ok(self.voucher(recorded, MoneyKind::BankLine, eur, when, &told, None)?.into_iter().collect())
    }

    pub(super) fn of_matches(
        &mut self,
        recorded: &Recorded,
        event: &ReconciliationEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        match event {
            ReconciliationEvent::PaymentMatched(e) => {
                let days = e.lines.iter().filter_map(|line| self.lines.get(&line.line)).map(|(_, day)| *day);
                let day = days.max().unwrap_or_else(|| recorded.recorded_on());
                let matched = Matched { about: recorded.position, day, matched: e.clone() };
                let vouchers = self.matched(recorded, &matched, false)?;
                self.matches.insert(e.number, matched);
                Ok(vouchers)
            }
            ReconciliationEvent::MatchUndone(e) => {
                let matched = self.matches.get(&e.number).cloned().ok_or_else(|| unknown(recorded))?;
                self.matched(recorded, &matched, true)
            }
            ReconciliationEvent::ExceptionResolved(ExceptionResolved {
                exception,
                amount,
                how: Resolution::WrittenOff { account },
                ..
            }) => {
                let known = match &exception.about {
                    Subject::Line { line } => self.lines.get(line).copied(),
                    _ => None,
                };
                let (line, day) = known.unwrap_or_else(|| (0, recorded.recorded_on()));
                let (about, amount, account) = (recorded.position, *amount, account.clone());
                let written = WrittenOff { about, line, day, amount, account };
                let voucher = self.written_off(recorded, &written, false)?;
                self.write_offs.insert(exception.clone(), written);
                Ok(voucher.into_iter().collect())
            }
            ReconciliationEvent::ExceptionReopened(e) => match self.write_offs.remove(&e.exception) {
                Some(written) => Ok(self.written_off(recorded, &written, true)?.into_iter().collect()),
                None => Ok(Vec::new()),
            },
            _ => Ok(Vec::new()),
        }
    }

    /// The day of the lines of a match.
    pub(super) fn matched_on(&self, recorded: &Recorded, number: u64) -> Result<Date, FoldError> {
        self.matches.get(&number).map(|matched| matched.day).ok_or_else(|| unknown(recorded))
    }

    /// A line that is booked where nothing else explains it, or is `open` again; one in another currency, which older
    /// ledgers let people write off, is not in these books.
    fn written_off(
        &mut self,
        recorded: &Recorded,
        written: &WrittenOff,
        open: bool,
    ) -> Result<Option<Voucher>, FoldError> {
        let WrittenOff { about, line, day, amount, account } = written;
        let Some(eur) = amount.to_eur_exact() else { return Ok(None) };
        let (about, day, eur) = (*about, *day, if open { eur.checked_neg()? } else { eur });
        let (lines, done) = (format!("line {line}"), if open { "open again, was" } else { "written off as" });
        let text = format!("Line {line} {done} {account}");
        self.off(recorded, Off { about, day, eur, account, lines, text })
    }

    /// What lines explain, and what they are off; of a match that is `undone` the other way round.
    fn matched(
        &mut self,
        recorded: &Recorded,
        Matched { about, day, matched }: &Matched,
        undone: bool,
    ) -> Result<Vec<Voucher>, FoldError> {
        let eur = |amount: Amount| -> Result<Eur, FoldError> {
            let eur = amount.to_eur_exact().ok_or_else(|| FoldError("a match is not in euro".into()))?;
            Ok(if undone { eur.checked_neg()? } else { eur })
        };
        let numbers = matched.lines.iter().filter_map(|line| self.lines.get(&line.line));
        let names: Vec<Told> =
            numbers.map(|(number, _)| Told { name: format!("line {number}"), ..Told::default() }).collect();
        let lines = words::about(&names.iter().collect::<Vec<_>>());
        let done = if undone { "taken apart" } else { "matched" };
        let number = matched.number;
        let items =
            matched.items.iter().map(|item| Ok((self.settled(recorded, &item.of)?, eur(item.amount)?)));
        let items: Vec<(Told, Eur)> = items.collect::<Result<_, FoldError>>()?;
        let sum = Eur::sum(items.iter().map(|(_, eur)| *eur))?;
        let of_lines = Told { name: lines.clone(), ..Told::default() };
        let credit: Vec<(&Told, Eur)> = items.iter().map(|(told, eur)| (told, *eur)).collect();
        let (kind, when, seen) = (MoneyKind::PaymentMatched, When::Moved(*day), Seen::default());
        let whose = words::about(&items.iter().map(|(told, _)| told).collect::<Vec<_>>());
        let text = words::joined(&format!("Match {number}, {lines} {done}"), &whose);
        let what = What { kind, about: *about, when, seen, text: &text };
        // A line in another currency comes into the books as what it is in euro, and goes with its match.
        let mut vouchers = Vec::new();
        for line in matched.lines.iter().filter(|_| !matched.items.is_empty()) {
            if let Some(worth) = self.exchanged.get(&line.line).copied() {
                let number = self.lines.get(&line.line).map_or(0, |(number, _)| *number);
                let name = format!("line {number}");
                let (told, when) = (Told { about: *about, name, ..Told::default() }, When::Moved(*day));
                let worth = if undone { worth.checked_neg()? } else { worth };
                vouchers.extend(self.voucher(recorded, MoneyKind::BankLine, worth, when, &told, None)?);
            }
        }
        let explained = self.make(recorded, what, &[(&of_lines, sum)], &credit)?;
        let off = match &matched.residual {
            Some(residual) => {
                let account = &residual.account;
                let text = format!("Match {number}, {lines} {done}, difference booked as {account}");
                let (about, day, eur) = (*about, *day, eur(residual.amount)?);
                self.off(recorded, Off { about, day, eur, account, lines, text })?
            }
            None => None,
        };
        vouchers.extend(explained.into_iter().chain(off));
        Ok(vouchers)
    }

    /// What is off, where it is to be booked.
    fn off(&mut self, recorded: &Recorded, off: Off<'_>) -> Result<Option<Voucher>, FoldError> {
        let Off { about, day, eur, account, lines, text } = off;
        let told = Told { name: lines, ..Told::default() };
        let seen = Seen { difference: Some(account), ..Seen::default() };
        let what = What { kind: MoneyKind::Difference, about, when: When::Moved(day), seen, text: &text };
        self.make(recorded, what, &[(&told, eur)], &[(&told, eur)])
    }

    /// What an item of a match is about, as its payment was booked.
    fn settled(&self, recorded: &Recorded, item: &Settled) -> Result<Told, FoldError> {
        match item {
            Settled::Payment { payment, .. } | Settled::PaymentBack { payment, .. } => {
                Ok(self.payment(recorded, *payment)?.told())
            }
            Settled::PaidOutside { partner, payment } | Settled::PaidOutsideBack { partner, payment } => {
                let outside = self.outside.get(payment).ok_or_else(|| unknown(recorded))?;
                Ok(payments::outside(outside.about, partner.clone()))
            }
            Settled::Grant { grant, .. } | Settled::GrantBack { grant, .. } => {
                let grant = self.grants.get(grant).ok_or_else(|| unknown(recorded))?;
                Ok(grant.0.clone())
            }
        }
    }
}
