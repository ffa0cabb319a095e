//! Lines of the bank and what explains them, as vouchers.

use jiff::civil::Date;
use money::{Amount, Eur, Overflow};

use super::chart::{MoneyKind, Seen};
use super::journal::{Journal, Told, Voucher, What, When, unknown};
use crate::bank::{BankAccount, BankEvent, LineEvent};
use crate::event::Recorded;
use crate::exception::{ExceptionResolved, Resolution, Subject};
use crate::ids::DifferenceAccount;
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
    /// The day on which it was booked.
    day: Date,
    amount: Amount,
    account: DifferenceAccount,
}

impl Journal<'_> {
    /// What the bank says stands on an account in euro, where the lines booked so far do not come to it: before its
    /// first statement, and where one is missing for ever. So the account in the books is what the bank says it is.
    pub(super) fn of_account(
        &mut self,
        recorded: &Recorded,
        event: &BankEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        let account = self.accounts.remove(&recorded.stream_id);
        let before = account.as_ref().and_then(|account| account.last).map(|last| last.closing);
        let account = BankAccount::evolve(account, event)?;
        let last = account.last;
        self.accounts.insert(recorded.stream_id.clone(), account);
        let (BankEvent::StatementImported(e), Some(last)) = (event, last) else { return Ok(Vec::new()) };
        let eur = |amount: Amount| amount.to_eur_exact();
        let (Some(opening), Some(closing), Some(told)) = (eur(e.opening), eur(e.closing), eur(last.closing))
        else {
            return Ok(Vec::new());
        };
        let booked = before.and_then(eur).unwrap_or_default().checked_add(closing.checked_sub(opening)?)?;
        let missing = told.checked_sub(booked)?;
        let day = e.from.or(e.to).unwrap_or_else(|| recorded.recorded_on());
        let told = Told { about: recorded.position, ..Told::default() };
        let (kind, when) = (MoneyKind::BankBalance, When::Moved(day));
        Ok(self.voucher(recorded, kind, missing, when, &told, None)?.into_iter().collect())
    }

    /// A line in euro; those of accounts in other currencies are not in these books.
    pub(super) fn of_line(
        &mut self,
        recorded: &Recorded,
        event: &LineEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        let LineEvent::BankLineBooked(e) = event else { return Ok(Vec::new()) };
        self.lines.insert(e.line, e.booked_on);
        let Some(eur) = e.amount.to_eur_exact() else { return Ok(Vec::new()) };
        let told = Told { about: recorded.position, ..Told::default() };
        let when = When::Moved(e.booked_on);
        Ok(self.voucher(recorded, MoneyKind::BankLine, eur, when, &told, None)?.into_iter().collect())
    }

    pub(super) fn of_matches(
        &mut self,
        recorded: &Recorded,
        event: &ReconciliationEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        match event {
            ReconciliationEvent::PaymentMatched(e) => {
                let days = e.lines.iter().filter_map(|line| self.lines.get(&line.line));
                let day = days.max().copied().unwrap_or_else(|| recorded.recorded_on());
                let matched = Matched { about: recorded.position, day, matched: e.clone() };
                let vouchers = self.matched(recorded, &matched, Eur::checked_add)?;
                self.matches.insert(e.number, matched);
                Ok(vouchers)
            }
            ReconciliationEvent::MatchUndone(e) => {
                let matched = self.matches.get(&e.number).cloned().ok_or_else(|| unknown(recorded))?;
                self.matched(recorded, &matched, Eur::checked_sub)
            }
            ReconciliationEvent::ExceptionResolved(ExceptionResolved {
                exception,
                amount,
                how: Resolution::WrittenOff { account },
                ..
            }) => {
                let day = match &exception.about {
                    Subject::Line { line } => self.lines.get(line).copied(),
                    _ => None,
                };
                let day = day.unwrap_or_else(|| recorded.recorded_on());
                let (amount, account) = (*amount, account.clone());
                let written = WrittenOff { about: recorded.position, day, amount, account };
                let voucher = self.written_off(recorded, &written, Eur::checked_add)?;
                self.write_offs.insert(exception.clone(), written);
                Ok(voucher.into_iter().collect())
            }
            ReconciliationEvent::ExceptionReopened(e) => match self.write_offs.remove(&e.exception) {
                Some(written) => {
                    Ok(self.written_off(recorded, &written, Eur::checked_sub)?.into_iter().collect())
                }
                None => Ok(Vec::new()),
            },
            _ => Ok(Vec::new()),
        }
    }

    /// The day of the lines of a match.
    pub(super) fn matched_on(&self, recorded: &Recorded, number: u64) -> Result<Date, FoldError> {
        self.matches.get(&number).map(|matched| matched.day).ok_or_else(|| unknown(recorded))
    }

    /// A line that is booked where nothing else explains it; one in another currency is not in these books.
    fn written_off(
        &mut self,
        recorded: &Recorded,
        written: &WrittenOff,
        signed: impl Fn(Eur, Eur) -> Result<Eur, Overflow>,
    ) -> Result<Option<Voucher>, FoldError> {
        let WrittenOff { about, day, amount, account } = written;
        match amount.to_eur_exact() {
            Some(eur) => self.off(recorded, (*about, *day), signed(Eur::ZERO, eur)?, account),
            None => Ok(None),
        }
    }

    /// What lines explain, and what they are off; `signed` puts each amount to nothing, or takes it off.
    fn matched(
        &mut self,
        recorded: &Recorded,
        Matched { about, day, matched }: &Matched,
        signed: impl Fn(Eur, Eur) -> Result<Eur, Overflow>,
    ) -> Result<Vec<Voucher>, FoldError> {
        let eur = |amount: Amount| -> Result<Eur, FoldError> {
            let eur = amount.to_eur_exact().ok_or_else(|| FoldError("a match is not in euro".into()))?;
            Ok(signed(Eur::ZERO, eur)?)
        };
        let items =
            matched.items.iter().map(|item| Ok((self.settled(recorded, &item.of)?, eur(item.amount)?)));
        let items: Vec<(Told, Eur)> = items.collect::<Result<_, FoldError>>()?;
        let sum = Eur::sum(items.iter().map(|(_, eur)| *eur))?;
        let nothing = Told::default();
        let credit: Vec<(&Told, Eur)> = items.iter().map(|(told, eur)| (told, *eur)).collect();
        let (kind, when, seen) = (MoneyKind::PaymentMatched, When::Moved(*day), Seen::default());
        let what = What { kind, about: *about, when, seen };
        let explained = self.make(recorded, what, &[(&nothing, sum)], &credit)?;
        let off = match &matched.residual {
            Some(residual) => self.off(recorded, (*about, *day), eur(residual.amount)?, &residual.account)?,
            None => None,
        };
        Ok(explained.into_iter().chain(off).collect())
    }

    /// What is off, where it is to be booked.
    fn off(
        &mut self,
        recorded: &Recorded,
        (about, day): (u64, Date),
        off: Eur,
        account: &DifferenceAccount,
    ) -> Result<Option<Voucher>, FoldError> {
        let told = Told::default();
        let seen = Seen { difference: Some(account), ..Seen::default() };
        let what = What { kind: MoneyKind::Difference, about, when: When::Moved(day), seen };
        self.make(recorded, what, &[(&told, off)], &[(&told, off)])
    }

    /// What an item of a match is about, as its payment was booked.
    fn settled(&self, recorded: &Recorded, item: &Settled) -> Result<Told, FoldError> {
        match item {
            Settled::Payment { partner, .. }
            | Settled::PaymentBack { partner, .. }
            | Settled::PaidOutside { partner, .. }
            | Settled::PaidOutsideBack { partner, .. } => {
                Ok(Told { partner: Some(partner.clone()), ..Told::default() })
            }
            Settled::Grant { grant, .. } | Settled::GrantBack { grant, .. } => {
                let grant = self.grants.get(grant).ok_or_else(|| unknown(recorded))?;
                Ok(grant.0.clone())
            }
        }
    }
}
