//! From the lines of a file to those of the ledger: what they are recognised by, and what is sealed.

use std::collections::HashMap;

use domain::bank::{BANK_LINE, BANK_STATEMENT, Booking, LineKeys, LineReference, StatementKind};
use domain::{BankAccountCode, KeyDigest, LineId, TextId};
use event_log::{SealedText, hex};
use interchange::camt::{BankStatement, StatementLine};

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::Session;
use crate::texts::LineText;

/// Scope of the keyed digest of a reference.
pub(crate) const BANK_REFERENCE: &str = "bank-reference";

impl Ledger {
    /// The keyed digest of what a bank calls a statement of an account.
    pub(super) fn statement_key(&self, account: &BankAccountCode, statement: &BankStatement) -> KeyDigest {
        let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        let (kind, sequence) = (statement.kind.code(), number(statement.electronic_sequence));
        let mut parts = vec![account.as_str(), kind, &statement.id, &sequence];
        // The pages of a statement have its name.
        let page = number(statement.page.filter(|_| statement.is_later_page()));
        parts.extend(Some(page.as_str()).filter(|page| !page.is_empty()));
        self.key_digest(BANK_STATEMENT, &parts)
    }

    /// By what each line is recognised. Lines that are equal in all that the bank tells them apart by are counted, so
    /// that two of them stay two. One without a reference of the bank is known by what it says, so that two statements about
    /// the same day can be held against each other; a notification must have the reference.
    pub(super) fn line_keys(
        &self,
        account: &BankAccountCode,
        kind: StatementKind,
        statement: KeyDigest,
        lines: &[StatementLine],
    ) -> Result<Vec<LineKeys>, AppError> {
        let statement = statement.to_string();
        let mut equal: HashMap<KeyDigest, u64> = HashMap::new();
        let mut keys = Vec::with_capacity(lines.len());
        for (ordinal, line) in (1_u64..).zip(lines) {
            let (day, amount) = (line.booked_on.to_string(), line.amount.to_string());
            let content = hex::encode(&self.digest(BANK_LINE, &[&content(line)?]));
            let name = match (&line.bank_reference, kind) {
                (Some(reference), _) => Some(reference),
                (None, StatementKind::Statement) => Some(&content),
                (None, StatementKind::Notification) => None,
            };
            let shared = name.map(|name| {
                let part = line.part.to_string();
                let nth = equal
                    .entry(self.key_digest(BANK_LINE, &[account.as_str(), name, &part, &day, &amount]))
                    .or_default();
                *nth += 1;
                let parts = [account.as_str(), name, &part, &day, &amount, &nth.to_string()];
                self.key_digest(BANK_LINE, &parts)
            });
            let parts = [account.as_str(), &statement, &ordinal.to_string(), &day, &amount, &content];
            keys.push(LineKeys { shared, own: self.key_digest(BANK_LINE, &parts) });
        }
        Ok(keys)
    }

    /// The keyed digest of a reference in its plain form.
    pub(crate) fn reference_key(&self, plain: &str) -> KeyDigest {
        self.key_digest(BANK_REFERENCE, &[plain])
    }
}

impl Session<'_> {
    /// A line as it is decided, and its sealed text.
    pub(super) fn booking(
        &self,
        line: &StatementLine,
        keys: LineKeys,
    ) -> Result<(Booking, SealedText), AppError> {
        let ledger = self.ledger();
        let sealed = self.seal_apart(&text(line))?;
        let references = line.references.iter();
        let mut references: Vec<LineReference> = references
            .map(|(kind, plain)| LineReference { kind: *kind, digest: ledger.reference_key(plain) })
            .collect();
        references.sort();
        let booking = Booking {
            line: LineId(ledger.environment.new_id()?),
            keys,
            booked_on: line.booked_on,
            value_on: line.value_on,
            amount: line.amount,
            exchange: line.exchange,
            references,
            code: line.code.clone(),
            reversal: line.reversal,
            returned: line.returned,
            told: None,
            details: TextId(sealed.id),
        };
        Ok((booking, sealed))
    }
}

fn text(line: &StatementLine) -> LineText {
    LineText {
        name: line.counterpart.name.clone(),
        account: line.counterpart.account.clone(),
        remittance: line.remittance.clone(),
        references: line.references.clone(),
        bank_reference: line.bank_reference.clone(),
        bank_code: line.proprietary_code.clone(),
        information: line.information.clone(),
    }
}

/// All that a line says beside its figures, in its one form.
fn content(line: &StatementLine) -> Result<String, AppError> {
    let bytes = event_log::canonical::to_bytes(&text(line))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
