//! From elements to statements.

use std::io::Read;

use domain::bank::StatementKind;
use jiff::civil::Date;
use money::{Amount, Currency};

use super::entry::empty_entry;
use super::fields::{CODE, REPEATED_MAX, code, directed, doubled, once};
use super::statement::{Balance, BankStatement, Entry, EntryStatus, Transaction};
use super::xml::{Step, Xml};
use super::{StatementPlace, StatementProblem};
use crate::error::{FileError, FileProblem};

/// Most entries of one file, and most transactions.
pub const LINES_MAX: u64 = 100_000;
/// Most bytes of texts of one file.
pub const TEXT_BYTES_KEPT_MAX: usize = 96 << 20;
/// Reads a camt.053 or camt.054 message.
///
/// # Errors
/// [`FileError`] if it is no such message, or broken, too large, or says what cannot be; with the statement, the entry
/// and the element.
pub fn read_statements(file: &str, reader: impl Read) -> Result<Vec<BankStatement>, FileError> {
    read(reader, Keep::Everything).map_err(|problem| problem.in_file(file))
}

/// Finds what [`read_statements`] would find wrong, and keeps nothing: whatever the file, in little memory.
///
/// # Errors
/// As [`read_statements`].
pub fn check_statements(file: &str, reader: impl Read) -> Result<(), FileError> {
    read(reader, Keep::Nothing).map(|_| ()).map_err(|problem| problem.in_file(file))
}

/// Whether entries are kept once they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Everything,
    Nothing,
}

fn read(reader: impl Read, keep: Keep) -> Result<Vec<BankStatement>, FileProblem> {
    let mut xml = Xml::open(reader)?;
    let mut building = Building::new(keep);
    loop {
        match xml.next()? {
            Step::Open => building.open(&xml)?,
            Step::Close => building.close(&xml)?,
            Step::End if building.statements.is_empty() => {
                return Err(StatementProblem::without_statement(xml.message()).into());
            }
            Step::End => return Ok(building.statements),
        }
    }
}

/// A statement without what must stand in it, as long as it is being read.
pub(super) struct Unfinished {
    pub(super) statement: BankStatement,
    has_id: bool,
    has_account: bool,
}

/// The parts being read, from the outermost in.
pub(super) struct Building {
    pub(super) keep: Keep,
    kind: Option<StatementKind>,
    message_id: Option<String>,
    statements: Vec<BankStatement>,
    pub(super) statement: Option<Unfinished>,
    balance: Option<Amounted>,
    pub(super) entry: Option<(Amounted, Entry)>,
    pub(super) transaction: Option<Transaction>,
    entries: u64,
    /// Of the statement being read.
    pub(super) entries_read: u64,
    transactions: u64,
    /// The payment order of the details being read.
    pub(super) batch: Option<String>,
    pub(super) text_bytes: usize,
}

/// What has an amount and a direction, which stand in elements of their own.
#[derive(Default)]
pub(super) struct Amounted {
    code: Option<String>,
    pub(super) amount: Option<Amount>,
    pub(super) credit: Option<bool>,
    on: Option<Date>,
    pub(super) status: Option<EntryStatus>,
}

impl Building {
    fn new(keep: Keep) -> Self {
        Self {
            keep,
            kind: None,
            message_id: None,
            statements: Vec::new(),
            statement: None,
            balance: None,
            entry: None,
            transaction: None,
            entries: 0,
            entries_read: 0,
            transactions: 0,
            batch: None,
            text_bytes: 0,
        }
    }

    /// Where the walk stands.
    pub(super) fn place(&self) -> StatementPlace {
        StatementPlace {
            statement: self.statements.len() as u64 + 1,
            entry: self.entry.is_some().then_some(self.entries_read + 1),
        }
    }

    fn open<Rd: Read>(&mut self, xml: &Xml<Rd>) -> Result<(), FileProblem> {
        match xml.path() {
            "/BkToCstmrStmt" | "/BkToCstmrDbtCdtNtfctn" => self.kind = Some(kind(xml)?),
            "/BkToCstmrStmt/Stmt" | "/BkToCstmrDbtCdtNtfctn/Ntfctn" => {
                let kind = self.kind.unwrap_or(StatementKind::Statement);
                let statement = empty_statement(kind, self.message_id.clone());
                self.entries_read = 0;
                self.statement = Some(Unfinished { statement, has_id: false, has_account: false });
            }
            path => match within(path) {
                Some("/Bal") => self.balance = Some(Amounted::default()),
                Some("/Ntry") => {
                    count(&mut self.entries)?;
                    self.entry = Some((Amounted::default(), empty_entry()));
                }
                // An entry may have several of them, each with a payment order of its own.
                Some("/Ntry/NtryDtls") => self.batch = None,
                Some("/Ntry/NtryDtls/TxDtls") => {
                    count(&mut self.transactions)?;
                    self.transaction = Some(Transaction::default());
                }
                _ => {}
            },
        }
        Ok(())
    }

    fn close<Rd: Read>(&mut self, xml: &Xml<Rd>) -> Result<(), FileProblem> {
        let path = xml.path();
        if path.ends_with("/GrpHdr/MsgId") {
            self.message_id = Some(self.text(xml, "GrpHdr/MsgId")?);
            return Ok(());
        }
        let Some(path) = within(path) else { return Ok(()) };
        if let Some(rest) = path.strip_prefix("/Ntry/NtryDtls/TxDtls") {
            return self.of_transaction(xml, path, rest);
        }
        match path.strip_prefix("/Ntry") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => self.of_entry(xml, path, rest),
            _ => self.of_statement(xml, path),
        }
    }

    fn of_statement<Rd: Read>(&mut self, xml: &Xml<Rd>, path: &str) -> Result<(), FileProblem> {
        match path {
            "" => return self.finish_statement(),
            "/Bal/Tp/CdOrPrtry/Cd" | "/Bal/Tp/CdOrPrtry/Prtry" => {
                let code = self.text(xml, path)?;
                return self.of_balance(path, |balance| once(&mut balance.code, code));
            }
            "/Bal/Amt" => {
                let amount = self.amount(xml, path)?;
                return self.of_balance(path, |balance| once(&mut balance.amount, amount));
            }
            "/Bal/CdtDbtInd" => {
                let credit = self.credit(xml, path)?;
                return self.of_balance(path, |balance| once(&mut balance.credit, credit));
            }
            "/Bal/Dt/Dt" | "/Bal/Dt/DtTm" => {
                let on = self.date(xml, path)?;
                return self.of_balance(path, |balance| once(&mut balance.on, on));
            }
            "/Bal" => return self.finish_balance(path),
            "/StmtPgntn/PgNb"
            | "/StmtPgntn/LastPgInd"
            | "/Id"
            | "/ElctrncSeqNb"
            | "/LglSeqNb"
            | "/CpyDplctInd"
            | "/FrToDt/FrDtTm"
            | "/FrToDt/FrDt"
            | "/FrToDt/ToDtTm"
            | "/FrToDt/ToDt"
            | "/Acct/Id/IBAN"
            | "/Acct/Id/Othr/Id"
            | "/Acct/Ccy" => {}
            _ => return Ok(()),
        }
        let text = self.text(xml, path)?;
        let date = if path.starts_with("/FrToDt") { Some(self.date(xml, path)?) } else { None };
        let place = self.place();
        let wrong =
            |rule, message: &str| StatementProblem::element(place, path, rule, message).with_value(&text);
        let Some(Unfinished { statement, has_id, has_account }) = &mut self.statement else { return Ok(()) };
        let first = match path {
            "/Id" => {
                statement.id.clone_from(&text);
                !std::mem::replace(has_id, true)
            }
            "/ElctrncSeqNb" | "/LglSeqNb" => {
                let number = text.parse().map_err(|_| {
                    wrong("statement.sequence", "The number of a statement is digits, at most 18.")
                })?;
                let to = match path {
                    "/LglSeqNb" => &mut statement.legal_sequence,
                    _ => &mut statement.electronic_sequence,
                };
                once(to, number)
            }
            "/StmtPgntn/PgNb" => {
                let number =
                    text.parse().map_err(|_| wrong("statement.page", "The number of a page is digits."))?;
                once(&mut statement.page, number)
            }
            "/StmtPgntn/LastPgInd" => {
                statement.goes_on = matches!(text.as_str(), "false" | "0");
                true
            }
            "/CpyDplctInd" => {
                once(&mut statement.copy, code(&text).ok_or_else(|| wrong("statement.code", CODE))?)
            }
            "/FrToDt/FrDtTm" | "/FrToDt/FrDt" => date.is_none_or(|date| once(&mut statement.from, date)),
            "/FrToDt/ToDtTm" | "/FrToDt/ToDt" => date.is_none_or(|date| once(&mut statement.to, date)),
            "/Acct/Ccy" => {
                let currency =
                    text.parse::<Currency>().map_err(|error| wrong(error.rule(), &error.to_string()))?;
                once(&mut statement.currency, currency)
            }
            _ => {
                statement.account = text.split(' ').collect();
                !std::mem::replace(has_account, true)
            }
        };
        if first { Ok(()) } else { Err(doubled(place, path).into()) }
    }

    fn of_balance(&mut self, path: &str, set: impl FnOnce(&mut Amounted) -> bool) -> Result<(), FileProblem> {
        let place = self.place();
        match self.balance.as_mut().map(set) {
            Some(true) | None => Ok(()),
            Some(false) => Err(doubled(place, path).into()),
        }
    }

    fn finish_balance(&mut self, path: &str) -> Result<(), FileProblem> {
        let place = self.place();
        let Some(Amounted { code, amount, credit, on, .. }) = self.balance.take() else { return Ok(()) };
        let (Some(code), Some(amount), Some(credit)) = (code, amount, credit) else {
            let message = "A balance has its type, its amount and its direction.";
            return Err(StatementProblem::element(place, path, "statement.missing", message).into());
        };
        let Some(current) = &mut self.statement else { return Ok(()) };
        if current.statement.balances.len() >= REPEATED_MAX {
            return Err(StatementProblem::TooLarge.into());
        }
        current.statement.balances.push(Balance { code, amount: directed(amount, credit), on });
        Ok(())
    }

    fn finish_statement(&mut self) -> Result<(), FileProblem> {
        let place = self.place();
        let Some(Unfinished { statement, has_id, has_account }) = self.statement.take() else {
            return Ok(());
        };
        for (there, element, message) in [
            (has_id, "/Id", "A statement has an id."),
            (has_account, "/Acct/Id", "A statement names its account, by IBAN or by another number."),
        ] {
            if !there {
                return Err(StatementProblem::element(place, element, "statement.missing", message).into());
            }
        }
        self.statements.push(statement);
        Ok(())
    }
}

fn kind<Rd: Read>(xml: &Xml<Rd>) -> Result<StatementKind, StatementProblem> {
    let (kind, message) = match xml.path() {
        "/BkToCstmrStmt" => (StatementKind::Statement, "camt.053.001."),
        _ => (StatementKind::Notification, "camt.054.001."),
    };
    let version = xml.message().strip_prefix(message).and_then(|version| version.parse::<u8>().ok());
    // The first version had other elements.
    version.filter(|version| *version >= 2).map(|_| kind).ok_or(StatementProblem::NotCamt)
}

/// The path below a statement or notification.
fn within(path: &str) -> Option<&str> {
    let below = path.strip_prefix("/BkToCstmrStmt/Stmt");
    let below = below.or_else(|| path.strip_prefix("/BkToCstmrDbtCdtNtfctn/Ntfctn"))?;
    (below.is_empty() || below.starts_with('/')).then_some(below)
}

fn count(lines: &mut u64) -> Result<(), StatementProblem> {
    *lines += 1;
    if *lines > LINES_MAX { Err(StatementProblem::TooLarge) } else { Ok(()) }
}

fn empty_statement(kind: StatementKind, message_id: Option<String>) -> BankStatement {
    BankStatement {
        kind,
        message_id,
        id: String::new(),
        electronic_sequence: None,
        legal_sequence: None,
        copy: None,
        page: None,
        goes_on: false,
        from: None,
        to: None,
        account: String::new(),
        currency: None,
        balances: Vec::new(),
        entries: Vec::new(),
    }
}
