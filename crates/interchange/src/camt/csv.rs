//! A statement as CSV, read as its mapping says.

use std::collections::HashMap;
use std::io::Read;

use domain::bank::StatementKind;
use jiff::civil::Date;
use money::{Amount, Locale};

use super::StatementProblem;
use super::mapping::{CsvMapping, DateForm, RowOrder, StatedBalances};
use super::read::LINES_MAX;
use super::statement::{
    Balance, BankStatement, Entry, EntryStatus, Exchanged, Party, References, Transaction, TransactionCode,
};
use crate::cell::iso_date;
use crate::error::{FileError, FileProblem};
use crate::record::Records;

/// Reads a statement as CSV. Its balances are those of the column for them, or those that are given; every row's
/// balance must follow from the one before.
///
/// # Errors
/// [`FileError`] if the file is no such CSV, with the row and the column.
pub fn read_csv_statement(
    file: &str,
    reader: impl Read,
    mapping: &CsvMapping,
    balances: StatedBalances,
) -> Result<BankStatement, FileError> {
    read(reader, mapping, balances).map_err(|problem| problem.in_file(file))
}

fn read(
    reader: impl Read,
    mapping: &CsvMapping,
    stated: StatedBalances,
) -> Result<BankStatement, FileProblem> {
    let mut records = Records::open(reader)?;
    let header = records.next()?.ok_or(FileProblem::Empty)?.fields();
    let columns = columns(&header, mapping)?;
    let mut rows = Vec::new();
    while let Some(record) = records.next()? {
        let (row, cells) = (record.row, record.fields());
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if rows.len() as u64 >= LINES_MAX {
            return Err(StatementProblem::TooLarge.into());
        }
        rows.push(Row { row, cells: &cells, columns: &columns, mapping }.read()?);
    }
    if mapping.order == RowOrder::NewestFirst {
        rows.reverse();
    }
    let (opening, closing) = balances(&rows, mapping, stated)?;
    let days = || rows.iter().map(|row| row.booked_on);
    let (from, to) = (days().min(), days().max());
    // A bank that sends CSV gives it no name: what it says is its name.
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let id = format!("{}..{} {opening} {closing} {}", day(from), day(to), rows.len());
    let balance = |code: &str, amount, on| Balance { code: code.to_owned(), amount, on };
    Ok(BankStatement {
        kind: StatementKind::Statement,
        message_id: None,
        id,
        electronic_sequence: None,
        legal_sequence: None,
        copy: None,
        page: None,
        goes_on: false,
        from,
        to,
        account: mapping.account.split_whitespace().collect(),
        currency: Some(mapping.currency),
        balances: vec![balance("OPBD", opening, from), balance("CLBD", closing, to)],
        entries: rows.into_iter().map(|row| row.entry).collect(),
    })
}

/// One row, read.
struct ReadRow {
    row: u64,
    booked_on: Date,
    balance: Option<Amount>,
    entry: Entry,
}

/// The place of each column that the mapping names.
fn columns<'m>(
    header: &[String],
    mapping: &'m CsvMapping,
) -> Result<HashMap<&'m str, usize>, StatementProblem> {
    let mut columns = HashMap::new();
    for name in mapping.names() {
        let mut places = header.iter().enumerate().filter(|(_, cell)| cell.trim() == name);
        match (places.next(), places.next()) {
            (Some((at, _)), None) => columns.insert(name.as_str(), at),
            (None, _) => {
                let message =
                    "The header has no such column. Compare the mapping with the first row of the file.";
                return Err(StatementProblem::cell(1, name, "statement.column", message));
            }
            (Some(_), Some(_)) => {
                let message = "The header has this column twice.";
                return Err(StatementProblem::cell(1, name, "statement.column", message));
            }
        };
    }
    Ok(columns)
}

/// A row with what is needed to read it.
struct Row<'r> {
    row: u64,
    cells: &'r [String],
    columns: &'r HashMap<&'r str, usize>,
    mapping: &'r CsvMapping,
}

impl Row<'_> {
    fn read(&self) -> Result<ReadRow, StatementProblem> {
        let names = &self.mapping.columns;
        let booked_on = self.date(&names.booked_on)?;
        let value_on = match &names.value_on {
            Some(name) if !self.cell(name).is_empty() => Some(self.date(name)?),
            _ => None,
        };
        let balance = names.balance.as_ref().map(|name| self.amount(name)).transpose()?;
        let text = |name: &Option<String>| {
            let cell = name.as_ref().map(|name| self.cell(name).to_owned());
            cell.filter(|cell| !cell.is_empty())
        };
        let party = Party { name: text(&names.name), account: text(&names.account) };
        let texts = names.texts.iter().map(|name| self.cell(name).to_owned());
        let transaction = Transaction {
            references: References { end_to_end: text(&names.end_to_end), ..References::default() },
            debtor: party.clone(),
            creditor: party,
            remittance: texts.filter(|text| !text.is_empty()).collect(),
            creditor_references: text(&names.creditor_reference).into_iter().collect(),
            ..Transaction::default()
        };
        let entry = Entry {
            amount: self.movement()?,
            reversal: false,
            status: EntryStatus::Booked,
            booked_on: Some(booked_on),
            value_on,
            bank_reference: text(&names.bank_reference),
            code: TransactionCode::default(),
            batch: None,
            exchanged: Exchanged::default(),
            transactions: vec![transaction],
            information: None,
        };
        Ok(ReadRow { row: self.row, booked_on, balance, entry })
    }

    /// What moved, above zero for money that came in.
    fn movement(&self) -> Result<Amount, StatementProblem> {
        let names = &self.mapping.columns;
        if let Some(name) = &names.amount {
            let amount = self.amount(name)?;
            let (Some(direction), Some(credit)) = (&names.direction, &self.mapping.credit) else {
                return Ok(amount);
            };
            if amount.is_negative() {
                let message = "With a column for the direction an amount has no sign.";
                return Err(StatementProblem::cell(self.row, name, "amount.minus-sign", message));
            }
            return Ok(if self.cell(direction) == credit { amount } else { amount.negated() });
        }
        let (debit, credit) = (names.debit.as_deref(), names.credit.as_deref());
        let (debit, credit) = (debit.unwrap_or_default(), credit.unwrap_or_default());
        match (self.cell(debit), self.cell(credit)) {
            (_, "") => {
                let amount = self.amount(debit)?;
                // Some banks write the sign there as well.
                Ok(if amount.is_negative() { amount } else { amount.negated() })
            }
            ("", _) => self.amount(credit),
            _ => {
                let message = "A row has money that went out or that came in, not both.";
                Err(StatementProblem::cell(self.row, credit, "statement.direction", message))
            }
        }
    }

    fn cell(&self, name: &str) -> &str {
        let at = self.columns.get(name).copied();
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| cell.trim())
    }

    // A mapping may name the wrong column, so no cell is repeated: it may be a name or a birth number.
    fn amount(&self, name: &str) -> Result<Amount, StatementProblem> {
        let cell = self.cell(name);
        let plain = plain_number(cell, self.mapping);
        let amount = plain.ok_or_else(|| {
            let message = "The number is not written as the mapping says: compare decimal and thousands.";
            StatementProblem::cell(self.row, name, "amount.not-a-number", message)
        })?;
        Amount::parse(&amount, self.mapping.currency, Locale::Strict)
            .map_err(|error| StatementProblem::cell(self.row, name, error.rule(), error.to_string()))
    }

    fn date(&self, name: &str) -> Result<Date, StatementProblem> {
        let cell = self.cell(name);
        let iso = match self.mapping.date {
            DateForm::Iso => Some(cell.to_owned()),
            DateForm::Plain => parts(cell, [4, 2, 2], None).map(|[y, m, d]| format!("{y}-{m}-{d}")),
            DateForm::Dots => parts(cell, [2, 2, 4], Some('.')).map(|[d, m, y]| format!("{y}-{m}-{d}")),
            DateForm::DayFirst => parts(cell, [2, 2, 4], Some('/')).map(|[d, m, y]| format!("{y}-{m}-{d}")),
            DateForm::MonthFirst => parts(cell, [2, 2, 4], Some('/')).map(|[m, d, y]| format!("{y}-{m}-{d}")),
        };
        let wrong = |message: &str| StatementProblem::cell(self.row, name, "date.form", message);
        let iso = iso.ok_or_else(|| wrong("The day is not written as the mapping says."))?;
        iso_date(&iso).map_err(wrong)
    }
}

/// A number without its thousands and with a point: none if it is written in another way.
fn plain_number(text: &str, mapping: &CsvMapping) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, decimals) = match unsigned.split_once(mapping.decimal) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut plain = String::new();
    let groups: Vec<&str> = match mapping.thousands {
        Some(thousands) => whole.split(thousands).collect(),
        None => vec![whole],
    };
    for (n, group) in groups.iter().enumerate() {
        let fits = if n == 0 { groups.len() == 1 || group.len() <= 3 } else { group.len() == 3 };
        if !fits || !digits(group) {
            return None;
        }
        plain.push_str(group);
    }
    let whole = match plain.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    // Nothing has no sign.
    let nothing = whole == "0" && decimals.is_none_or(|decimals| decimals.bytes().all(|digit| digit == b'0'));
    let sign = if nothing { "" } else { sign };
    match decimals {
        Some(decimals) if digits(decimals) => Some(format!("{sign}{whole}.{decimals}")),
        Some(_) => None,
        None => Some(format!("{sign}{whole}")),
    }
}

/// Three parts of these lengths, with this between them.
fn parts(text: &str, lengths: [usize; 3], between: Option<char>) -> Option<[&str; 3]> {
    let (first, rest) = text.split_at_checked(lengths[0])?;
    let rest = between.map_or(Some(rest), |between| rest.strip_prefix(between))?;
    let (second, rest) = rest.split_at_checked(lengths[1])?;
    let third = between.map_or(Some(rest), |between| rest.strip_prefix(between))?;
    (third.len() == lengths[2]).then_some([first, second, third])
}

/// Opening and closing: given, or from the column, whose every balance follows from the one before.
fn balances(
    rows: &[ReadRow],
    mapping: &CsvMapping,
    stated: StatedBalances,
) -> Result<(Amount, Amount), StatementProblem> {
    let name = mapping.columns.balance.as_deref().unwrap_or_default();
    let overflow = |row: u64| {
        move |error: money::AddError| StatementProblem::cell(row, name, "amount.overflow", error.to_string())
    };
    let mut before = stated.opening;
    for ReadRow { row, balance, entry, .. } in rows {
        let Some(after) = *balance else { continue };
        let opening = after.checked_add(entry.amount.negated()).map_err(overflow(*row))?;
        match before {
            Some(before) if before != opening => {
                let off = opening.checked_add(before.negated()).map_err(overflow(*row))?;
                let message = format!(
                    "The balance before this row is {before}, and this row leads from {opening} to its own: {off} off. Compare order and sign in the mapping."
                );
                return Err(StatementProblem::cell(*row, name, "statement.balance", message));
            }
            _ => before = Some(after),
        }
    }
    let first = rows.first().and_then(|row| row.balance?.checked_add(row.entry.amount.negated()).ok());
    let last = rows.last().and_then(|row| row.balance);
    let missing = |which: &str| {
        let message =
            format!("Nothing says the {which} balance: name its column in the mapping, or give --{which}.");
        StatementProblem::cell(1, which, "statement.missing", message)
    };
    let opening = stated.opening.or(first).ok_or_else(|| missing("opening"))?;
    let closing = stated.closing.or(last).ok_or_else(|| missing("closing"))?;
    Ok((opening, closing))
}
