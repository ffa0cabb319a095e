//! The elements of one entry.

use std::io::Read;

use money::{Amount, Currency};

use super::StatementProblem;
use super::fields::{directed, doubled, once, put, set};
use super::read::{Amounted, Building, Keep};
use super::statement::{Entry, EntryStatus, Exchanged, TransactionCode};
use super::xml::Xml;
use crate::error::FileProblem;

impl Building {
    /// Takes the end of an element of an entry; `rest` is its path below the entry.
    pub(super) fn of_entry<Rd: Read>(
        &mut self,
        xml: &Xml<Rd>,
        path: &str,
        rest: &str,
    ) -> Result<(), FileProblem> {
        let place = self.place();
        let first = match rest {
            "" => return self.finish_entry(),
            "/Amt" => {
                let amount = self.amount(xml, path)?;
                self.entry.as_mut().is_none_or(|(amounted, _)| once(&mut amounted.amount, amount))
            }
            "/CdtDbtInd" => {
                let credit = self.credit(xml, path)?;
                self.entry.as_mut().is_none_or(|(amounted, _)| once(&mut amounted.credit, credit))
            }
            "/RvslInd" => {
                let text = self.text(xml, path)?;
                let reversal = match text.as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => {
                        let message = "This is true or false.";
                        let problem = StatementProblem::element(place, path, "statement.code", message);
                        return Err(problem.with_value(&text).into());
                    }
                };
                if let Some((_, entry)) = &mut self.entry {
                    entry.reversal = reversal;
                }
                true
            }
            "/Sts" | "/Sts/Cd" | "/Sts/Prtry" => {
                // Where the code has an element of its own, nothing but that stands here.
                let text = self.text(xml, path)?;
                if rest == "/Sts" && text.is_empty() {
                    return Ok(());
                }
                let status = text.parse::<EntryStatus>().map_err(|_| {
                    let message = "An entry is BOOK, PDNG, INFO or FUTR.";
                    StatementProblem::element(place, path, "statement.code", message).with_value(&text)
                })?;
                self.entry.as_mut().is_none_or(|(amounted, _)| once(&mut amounted.status, status))
            }
            "/BookgDt/Dt" | "/BookgDt/DtTm" => {
                let date = self.date(xml, path)?;
                self.entry.as_mut().is_none_or(|(_, entry)| once(&mut entry.booked_on, date))
            }
            "/ValDt/Dt" | "/ValDt/DtTm" => {
                let date = self.date(xml, path)?;
                self.entry.as_mut().is_none_or(|(_, entry)| once(&mut entry.value_on, date))
            }
            "/AcctSvcrRef" => {
                let reference = self.reference(xml, path)?;
                self.entry.as_mut().is_none_or(|(_, entry)| set(&mut entry.bank_reference, reference))
            }
            "/NtryDtls/Btch/PmtInfId" => {
                let reference = self.reference(xml, path)?;
                if let Some((_, entry)) = &mut self.entry {
                    entry.batch = entry.batch.take().or_else(|| reference.clone());
                }
                set(&mut self.batch, reference)
            }
            "/AddtlNtryInf" => {
                let text = self.text(xml, path)?;
                self.entry.as_mut().is_none_or(|(_, entry)| once(&mut entry.information, text))
            }
            rest if rest.starts_with("/AmtDtls/") => {
                let (text, amount) = self.of_exchange(xml, path)?;
                let below = rest.strip_prefix("/AmtDtls").unwrap_or_default();
                if let Some((_, entry)) = &mut self.entry {
                    entry.exchanged.take(below, &text, amount);
                }
                true
            }
            rest => match rest.strip_prefix("/BkTxCd") {
                Some(part) => {
                    let code = self.code_part(xml, path, part)?;
                    self.entry.as_mut().is_none_or(|(_, entry)| put(&mut entry.code, code))
                }
                None => true,
            },
        };
        if first { Ok(()) } else { Err(doubled(place, path).into()) }
    }

    fn finish_entry(&mut self) -> Result<(), FileProblem> {
        let place = self.place();
        let Some((Amounted { amount, credit, status, .. }, mut entry)) = self.entry.take() else {
            return Ok(());
        };
        let (Some(amount), Some(credit), Some(status)) = (amount, credit, status) else {
            let message = "An entry has an amount, a direction and a status.";
            return Err(StatementProblem::element(place, "/Ntry", "statement.missing", message).into());
        };
        (entry.amount, entry.status) = (directed(amount, credit), status);
        self.entries_read += 1;
        if let (Some(current), Keep::Everything) = (&mut self.statement, self.keep) {
            // Most entries have one transaction, and a list is made for four.
            entry.transactions.shrink_to_fit();
            current.statement.entries.push(entry);
        }
        Ok(())
    }
}

/// An entry of which nothing is known yet.
pub(super) fn empty_entry() -> Entry {
    Entry {
        amount: Amount::zero(Currency::EUR),
        reversal: false,
        status: EntryStatus::Booked,
        booked_on: None,
        value_on: None,
        bank_reference: None,
        code: TransactionCode::default(),
        batch: None,
        exchanged: Exchanged::default(),
        transactions: Vec::new(),
        information: None,
    }
}
