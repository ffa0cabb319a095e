//! Entries of which the bank has told before, broken up in another way.
//!
//! A notification may have the parts of a batch and the statement its sum, or the other way round. What the bank calls the
//! entry, its day and its amount are the same; so lines of that name and day that come to that amount are that entry.

use std::collections::{BTreeMap, HashMap, HashSet};

use ::bank::{LineRow, LinesProjection};
use domain::bank::{LineKeys, StatementKind};
use domain::{BankAccountCode, KeyDigest};
use interchange::camt::StatementLine;
use jiff::civil::Date;
use money::Amount;

use crate::error::AppError;
use crate::ledger::LEDGER_SUBJECT;
use crate::session::Session;
use crate::texts::LineText;

/// An entry of a statement.
struct Entry<'l> {
    reference: &'l str,
    day: Date,
    amount: Amount,
    /// All its lines are known as they are.
    known: bool,
}

impl Session<'_> {
    /// The lines by which the ledger knows entries that are broken up in another way here, by the entry's number in the
    /// statement. Their keys are loaded then. A statement looks for lines that stand in no statement yet.
    pub(super) async fn told_otherwise(
        &mut self,
        account: &BankAccountCode,
        kind: StatementKind,
        lines: &[StatementLine],
        keys: &[LineKeys],
    ) -> Result<HashMap<u64, Vec<KeyDigest>>, AppError> {
        let whole = kind == StatementKind::Statement;
        let notified = self.bank_account(account).is_some_and(|account| !account.notifications.is_empty());
        let mut told = HashMap::new();
        // Only a notification breaks an entry up in another way than its statement.
        if whole && !notified {
            return Ok(told);
        }
        let entries = self.unknown_entries(lines, keys)?;
        if entries.is_empty() {
            return Ok(told);
        }
        let days: HashSet<Date> = entries.values().map(|entry| entry.day).collect();
        let ledger = self.ledger();
        ledger.current().await?;
        let wanted = |row: &LineRow| {
            row.account == *account && days.contains(&row.booked_on) && !(whole && row.stated)
        };
        let rows = ledger.runner.all_rows::<LinesProjection>().await?;
        let rows: Vec<LineRow> = rows.into_iter().map(|(_, row)| row).filter(wanted).collect();
        let texts: Vec<_> = rows.iter().map(|row| (LEDGER_SUBJECT, row.details)).collect();
        let mut by_name: HashMap<(String, Date), Vec<LineRow>> = HashMap::new();
        for (row, text) in rows.into_iter().zip(ledger.reveal::<LineText>(&texts).await?) {
            if let Some(reference) = text.and_then(|text| text.bank_reference) {
                by_name.entry((reference, row.booked_on)).or_default().push(row);
            }
        }
        for (number, entry) in entries {
            let Some(rows) = by_name.get(&(entry.reference.to_owned(), entry.day)) else { continue };
            let mut amounts = rows.iter().map(|row| row.amount);
            let first = amounts.next();
            let sum = first.and_then(|first| amounts.try_fold(first, |sum, more| sum.checked_add(more).ok()));
            if sum == Some(entry.amount) {
                let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
                told.insert(number, self.load_lines_named(&lines).await?);
            }
        }
        Ok(told)
    }

    /// Entries with a name of the bank that are not known as they are.
    fn unknown_entries<'l>(
        &self,
        lines: &'l [StatementLine],
        keys: &[LineKeys],
    ) -> Result<BTreeMap<u64, Entry<'l>>, AppError> {
        let mut entries: BTreeMap<u64, Entry<'l>> = BTreeMap::new();
        for (line, keys) in lines.iter().zip(keys) {
            let (Some(reference), Some(shared)) = (&line.bank_reference, keys.shared) else { continue };
            let known = self.line_is_known(shared);
            match entries.get_mut(&line.entry) {
                None => {
                    let (day, amount) = (line.booked_on, line.amount);
                    entries.insert(line.entry, Entry { reference, day, amount, known });
                }
                Some(entry) => {
                    entry.known &= known;
                    let sum = entry.amount.checked_add(line.amount);
                    entry.amount = sum.map_err(|error| AppError::Usage(error.to_string()))?;
                }
            }
        }
        entries.retain(|_, entry| !entry.known);
        Ok(entries)
    }
}
