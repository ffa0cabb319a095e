//! The booked lines of a statement: batches are broken into their transactions.

use domain::bank::{BankExchange, IsoCode, ReferenceKind, StatementKind, plain_reference};
use domain::creditor::CreditorReference;
use jiff::civil::Date;
use money::Amount;

use super::statement::{BankStatement, Entry, EntryStatus, Party, Transaction};
use super::{StatementPlace, StatementProblem};

/// Where the amounts of a batch stand, below the statement.
const BATCH: &str = "/Ntry/NtryDtls/TxDtls";
/// Transactions without amounts whose words and references are kept.
const TOGETHER_MAX: usize = 50;

/// One movement of money on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Its entry in the file, from 1.
    pub entry: u64,
    /// Which transaction of the entry it is, from 1; 0 for the entry as a whole.
    pub part: u64,
    /// Above zero for money that came in.
    pub amount: Amount,
    /// What the bank says of an exchange.
    pub exchange: Option<BankExchange>,
    /// The day it was booked.
    pub booked_on: Date,
    /// The day from which it counts for interest.
    pub value_on: Option<Date>,
    /// It takes an earlier entry back; the amount has its effect already.
    pub reversal: bool,
    /// It is a payment that came back, and the code of the reason.
    pub returned: Option<Option<IsoCode>>,
    /// What the bank calls it.
    pub bank_reference: Option<String>,
    /// Domain, family and subfamily of the kind of movement.
    pub code: Vec<IsoCode>,
    /// The bank's own code of it.
    pub proprietary_code: Option<String>,
    /// By what it can be recognised, each in its plain form.
    pub references: Vec<(ReferenceKind, String)>,
    /// Who is on the other side.
    pub counterpart: Party,
    /// What it is for, in words.
    pub remittance: Vec<String>,
    /// What else the bank says.
    pub information: Option<String>,
    /// Why its entry could not be broken into its transactions, where it should have been.
    pub unbroken: Option<Box<StatementProblem>>,
}

impl BankStatement {
    /// Its booked entries as lines, in order. An entry of several transactions is as many lines, if they have amounts;
    /// without amounts there is nothing to break it up by, and it stays one line. So does one of a statement whose
    /// transactions do not come to its amount; the line says why. `number` is that of the statement in
    /// its file, from 1.
    ///
    /// # Errors
    /// [`StatementProblem`] if the transactions of an entry of a notification do not come to its amount, or a booked entry
    /// has no day.
    pub fn lines(&self, number: u64) -> Result<Vec<StatementLine>, StatementProblem> {
        let mut lines = Vec::with_capacity(self.entries.len());
        for (nth, entry) in (1..).zip(&self.entries) {
            if entry.status != EntryStatus::Booked {
                continue;
            }
            let place = StatementPlace { statement: number, entry: Some(nth) };
            let day = entry.booked_on.or(entry.value_on).or(self.to);
            let day = day.ok_or_else(|| {
                let message = "A booked entry has the day on which it was booked.";
                StatementProblem::element(place, "/Ntry/BookgDt", "statement.missing", message)
            })?;
            let none = Transaction::default();
            match entry.transactions.as_slice() {
                [] => lines.push(line(entry, &none, nth, 0, entry.amount, day)),
                [only] => lines.push(line(entry, only, nth, 0, entry.amount, day)),
                several if several.iter().all(|transaction| transaction.amounts.is_empty()) => {
                    lines.push(line(entry, &together(several), nth, 0, entry.amount, day));
                }
                several => {
                    let amounts = match broken(entry, several, place) {
                        Ok(amounts) => amounts,
                        // Whether the entry is right the balances tell; a notification has none.
                        Err(problem) if self.kind == StatementKind::Statement => {
                            let whole = line(entry, &together(several), nth, 0, entry.amount, day);
                            lines.push(StatementLine { unbroken: Some(Box::new(problem)), ..whole });
                            continue;
                        }
                        Err(problem) => return Err(problem),
                    };
                    for ((part, transaction), amount) in (1..).zip(several).zip(amounts) {
                        lines.push(line(entry, transaction, nth, part, amount, day));
                    }
                }
            }
        }
        Ok(lines)
    }
}

/// The amounts of the transactions of an entry, in its currency and with their direction; together they are the entry.
fn broken(
    entry: &Entry,
    transactions: &[Transaction],
    place: StatementPlace,
) -> Result<Vec<Amount>, StatementProblem> {
    let currency = entry.amount.currency();
    // Where all say the same direction it can only be that of the entry, whatever they say.
    let first = transactions.first().and_then(|transaction| transaction.credit);
    let mixed = transactions.iter().any(|transaction| transaction.credit != first);
    let mut sum = Amount::zero(currency);
    let mut amounts = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        let amount = transaction.amounts.iter().find(|amount| amount.currency() == currency);
        let amount = *amount.ok_or_else(|| {
            let message =
                format!("Each transaction of a batch has its amount in {currency}, as the entry has.");
            StatementProblem::element(place, BATCH, "statement.batch", message)
        })?;
        let credit = transaction.credit.filter(|_| mixed).unwrap_or(!entry.amount.is_negative());
        let amount = if credit { amount } else { amount.negated() };
        sum = add(sum, amount, place)?;
        amounts.push(amount);
    }
    if sum == entry.amount {
        return Ok(amounts);
    }
    let off = add(sum, entry.amount.negated(), place)?;
    let message = format!(
        "The entry is {} {currency}, its {} transactions come to {sum}: {off} off. Get the file anew from the bank.",
        entry.amount,
        transactions.len()
    );
    Err(StatementProblem::element(place, BATCH, "statement.batch", message))
}

fn add(a: Amount, b: Amount, place: StatementPlace) -> Result<Amount, StatementProblem> {
    a.checked_add(b)
        .map_err(|error| StatementProblem::element(place, BATCH, "amount.overflow", error.to_string()))
}

fn line(
    entry: &Entry,
    transaction: &Transaction,
    nth: u64,
    part: u64,
    amount: Amount,
    booked_on: Date,
) -> StatementLine {
    let silent = entry.code.domain.is_empty() && entry.code.proprietary.is_none();
    let code = if silent { &transaction.code } else { &entry.code };
    let counterpart = if amount.is_negative() { &transaction.creditor } else { &transaction.debtor };
    let exchanged = transaction.exchanged.of_line(amount);
    // What an entry says of the whole is not that of its parts.
    let of_entry = || entry.exchanged.of_line(amount).filter(|_| part == 0);
    let is_return = entry.code.is_return() || transaction.code.is_return();
    StatementLine {
        entry: nth,
        part,
        amount,
        exchange: exchanged.or_else(of_entry),
        booked_on,
        value_on: entry.value_on,
        reversal: entry.reversal,
        returned: transaction.returned.or_else(|| is_return.then_some(None)),
        bank_reference: entry.bank_reference.clone().or_else(|| transaction.references.bank.clone()),
        code: code.domain.clone(),
        proprietary_code: code.proprietary.clone(),
        references: references(entry, transaction),
        counterpart: counterpart.clone(),
        remittance: transaction.remittance.clone(),
        information: transaction.information.clone().or_else(|| entry.information.clone()),
        unbroken: None,
    }
}

/// What can be recognised again, each once; an `RF` reference also where it stands among the words.
fn references(entry: &Entry, transaction: &Transaction) -> Vec<(ReferenceKind, String)> {
    let r = &transaction.references;
    let named = [
        (ReferenceKind::EndToEnd, &r.end_to_end),
        (ReferenceKind::Instruction, &r.instruction),
        (ReferenceKind::Uetr, &r.uetr),
        (ReferenceKind::Transaction, &r.transaction),
        (ReferenceKind::PaymentInformation, &r.payment_information),
        (ReferenceKind::PaymentInformation, &transaction.batch),
        (ReferenceKind::PaymentInformation, if entry.transactions.is_empty() { &entry.batch } else { &None }),
    ];
    let named =
        named.into_iter().filter_map(|(kind, text)| text.as_ref().map(|text| (kind, plain_reference(text))));
    let creditor = transaction.creditor_references.iter().map(|text| plain_reference(text));
    let words = transaction.remittance.iter().map(|text| plain_reference(text));
    let creditor = creditor.chain(words.filter(|text| text.parse::<CreditorReference>().is_ok()));
    let mut all: Vec<(ReferenceKind, String)> = named
        .chain(creditor.map(|text| (ReferenceKind::Creditor, text)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Several transactions that cannot be told apart by their amounts, as one: with the words and references of the first
/// of them.
fn together(transactions: &[Transaction]) -> Transaction {
    let batch = transactions.first().and_then(|first| first.batch.clone());
    let mut one = Transaction { batch, ..Transaction::default() };
    for transaction in transactions.iter().take(TOGETHER_MAX) {
        one.remittance.extend(transaction.remittance.iter().take(1).cloned());
        one.creditor_references.extend(transaction.creditor_references.iter().take(1).cloned());
        one.creditor_references.extend(transaction.references.end_to_end.iter().cloned());
    }
    one
}
