//! The elements of one transaction of an entry.

use std::io::Read;

use super::StatementProblem;
use super::fields::{REPEATED_MAX, code, doubled, once, put, set};
use super::read::{Building, Keep};
use super::statement::Transaction;
use super::xml::Xml;
use crate::error::FileProblem;

impl Building {
    /// Takes the end of an element of a transaction; `rest` is its path below the transaction.
    pub(super) fn of_transaction<Rd: Read>(
        &mut self,
        xml: &Xml<Rd>,
        path: &str,
        rest: &str,
    ) -> Result<(), FileProblem> {
        let place = self.place();
        if rest.is_empty() {
            let transaction = self.transaction.take().filter(|_| self.keep == Keep::Everything);
            if let (Some(mut transaction), Some((_, entry))) = (transaction, &mut self.entry) {
                transaction.batch.clone_from(&self.batch);
                entry.transactions.push(transaction);
            }
            return Ok(());
        }
        let Some(mut transaction) = self.transaction.take() else { return Ok(()) };
        let first = self.part_of(xml, path, rest, &mut transaction)?;
        self.transaction = Some(transaction);
        if first { Ok(()) } else { Err(doubled(place, path).into()) }
    }

    /// Takes one element of a transaction; answers whether it is the first of its kind.
    fn part_of<Rd: Read>(
        &mut self,
        xml: &Xml<Rd>,
        path: &str,
        rest: &str,
        transaction: &mut Transaction,
    ) -> Result<bool, FileProblem> {
        let references = &mut transaction.references;
        Ok(match rest {
            "/Refs/MsgId" => set(&mut references.message, self.reference(xml, path)?),
            "/Refs/AcctSvcrRef" => set(&mut references.bank, self.reference(xml, path)?),
            "/Refs/PmtInfId" => set(&mut references.payment_information, self.reference(xml, path)?),
            "/Refs/InstrId" => set(&mut references.instruction, self.reference(xml, path)?),
            "/Refs/EndToEndId" => set(&mut references.end_to_end, self.reference(xml, path)?),
            "/Refs/UETR" => set(&mut references.uetr, self.reference(xml, path)?),
            "/Refs/TxId" => set(&mut references.transaction, self.reference(xml, path)?),
            "/Amt" | "/AmtDtls/TxAmt/Amt" | "/AmtDtls/CntrValAmt/Amt" => {
                let amount = self.amount(xml, path)?;
                let below = rest.strip_prefix("/AmtDtls").unwrap_or_default();
                transaction.exchanged.take(below, "", Some(amount));
                transaction.amounts.push(amount);
                transaction.amounts.len() <= 3
            }
            "/CdtDbtInd" => once(&mut transaction.credit, self.credit(xml, path)?),
            "/RltdPties/Dbtr/Nm" | "/RltdPties/Dbtr/Pty/Nm" => {
                once(&mut transaction.debtor.name, self.text(xml, path)?)
            }
            "/RltdPties/DbtrAcct/Id/IBAN" | "/RltdPties/DbtrAcct/Id/Othr/Id" => {
                once(&mut transaction.debtor.account, self.text(xml, path)?)
            }
            "/RltdPties/Cdtr/Nm" | "/RltdPties/Cdtr/Pty/Nm" => {
                once(&mut transaction.creditor.name, self.text(xml, path)?)
            }
            "/RltdPties/CdtrAcct/Id/IBAN" | "/RltdPties/CdtrAcct/Id/Othr/Id" => {
                once(&mut transaction.creditor.account, self.text(xml, path)?)
            }
            "/RmtInf/Ustrd" | "/RmtInf/Strd/AddtlRmtInf" => {
                let text = self.text(xml, path)?;
                several(&mut transaction.remittance, text)?
            }
            "/RmtInf/Strd/CdtrRefInf/Ref" => match self.reference(xml, path)? {
                Some(reference) => several(&mut transaction.creditor_references, reference)?,
                None => true,
            },
            "/RtrInf" => {
                transaction.returned.get_or_insert(None);
                true
            }
            "/RtrInf/Rsn/Cd" => {
                let text = self.text(xml, path)?;
                transaction.returned = Some(code(&text));
                true
            }
            "/AddtlTxInf" => once(&mut transaction.information, self.text(xml, path)?),
            rest if rest.starts_with("/AmtDtls/") => {
                let (text, amount) = self.of_exchange(xml, path)?;
                transaction.exchanged.take(rest.strip_prefix("/AmtDtls").unwrap_or_default(), &text, amount);
                true
            }
            rest => match rest.strip_prefix("/BkTxCd") {
                Some(part) => put(&mut transaction.code, self.code_part(xml, path, part)?),
                None => true,
            },
        })
    }
}

/// Keeps one more of what may repeat, within limits.
fn several(to: &mut Vec<String>, text: String) -> Result<bool, StatementProblem> {
    to.push(text);
    if to.len() > REPEATED_MAX { Err(StatementProblem::TooLarge) } else { Ok(true) }
}
