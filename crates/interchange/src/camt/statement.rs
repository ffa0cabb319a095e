//! What a message says, typed.

use domain::bank::{IsoCode, StatementKind};
use jiff::civil::Date;
use money::{Amount, Currency, Rate};

/// One statement of an account, or one notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankStatement {
    /// Whether it is a whole statement, with its balances.
    pub kind: StatementKind,
    /// The message it came in.
    pub message_id: Option<String>,
    /// What the bank calls it.
    pub id: String,
    /// Its number among those sent electronically.
    pub electronic_sequence: Option<u64>,
    /// Its number among all.
    pub legal_sequence: Option<u64>,
    /// It was sent before: `COPY`, `DUPL` or `CODU`.
    pub copy: Option<IsoCode>,
    /// Which page of a statement of several it is, from 1 (`StmtPgntn`).
    pub page: Option<u64>,
    /// Other pages follow.
    pub goes_on: bool,
    /// The first day it is about.
    pub from: Option<Date>,
    /// The last day it is about.
    pub to: Option<Date>,
    /// The number of the account, an IBAN or another one, without spaces.
    pub account: String,
    /// The currency of the account, if it is named.
    pub currency: Option<Currency>,
    /// All balances, in the order of the file.
    pub balances: Vec<Balance>,
    /// All entries, in the order of the file.
    pub entries: Vec<Entry>,
}

impl BankStatement {
    /// The booked balance before the first entry: `OPBD` or else `PRCD`; of a later page the first `ITBD`.
    pub fn opening(&self) -> Option<&Balance> {
        let between = || self.balance("ITBD").filter(|_| self.is_later_page());
        self.balance("OPBD").or_else(|| self.balance("PRCD")).or_else(between)
    }

    /// The booked balance after the last entry: `CLBD`; of a page that others follow the last `ITBD`.
    pub fn closing(&self) -> Option<&Balance> {
        let mut balances = self.balances.iter().rev();
        let between = || balances.find(|balance| balance.code == "ITBD").filter(|_| self.goes_on);
        self.balance("CLBD").or_else(between)
    }

    /// Whether it is the second page of a statement, or a later one.
    pub fn is_later_page(&self) -> bool {
        self.page.is_some_and(|page| page > 1)
    }

    /// The currency of the account: as it is named, or else that of its balances or first entry.
    pub fn account_currency(&self) -> Option<Currency> {
        let balance = self.closing().or_else(|| self.opening()).map(|balance| balance.amount.currency());
        let entry = || self.entries.first().map(|entry| entry.amount.currency());
        self.currency.or(balance).or_else(entry)
    }

    /// How many entries are not booked.
    pub fn not_booked(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.status != EntryStatus::Booked).count() as u64
    }

    fn balance(&self, code: &str) -> Option<&Balance> {
        self.balances.iter().find(|balance| balance.code == code)
    }
}

/// A balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Which: `OPBD`, `PRCD`, `CLBD`, `OPAV`, `CLAV`, … or the bank's own word.
    pub code: String,
    /// Below zero where the account was overdrawn.
    pub amount: Amount,
    /// Of which day.
    pub on: Option<Date>,
}

rulebook::codes! {
    /// How certain an entry is.
    EntryStatus {
        /// Booked: money that moved.
        Booked = "BOOK",
        /// Expected.
        Pending = "PDNG",
        /// For information only.
        Information = "INFO",
        /// Expected on a later day.
        Future = "FUTR",
    }
}

/// An entry of a statement: one movement, or a batch of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Above zero for money that came in.
    pub amount: Amount,
    /// It takes an earlier entry back; the amount has its effect already.
    pub reversal: bool,
    /// How certain it is; only what is booked is money.
    pub status: EntryStatus,
    /// The day it was booked.
    pub booked_on: Option<Date>,
    /// The day from which it counts for interest.
    pub value_on: Option<Date>,
    /// What the bank calls it (`AcctSvcrRef`).
    pub bank_reference: Option<String>,
    /// What kind of movement it is.
    pub code: TransactionCode,
    /// The payment order it was a batch of (`Btch/PmtInfId`), the first where there are several.
    pub batch: Option<String>,
    /// What it says of an exchange of the whole.
    pub exchanged: Exchanged,
    /// The movements it is made of, as far as they are named.
    pub transactions: Vec<Transaction>,
    /// What else the bank says.
    pub information: Option<String>,
}

/// The code of a kind of movement: of ISO 20022, or the bank's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionCode {
    /// Domain, family and subfamily, such as `PMNT`, `RCDT`, `BOOK`.
    pub domain: Vec<IsoCode>,
    /// The bank's own.
    pub proprietary: Option<String>,
}

/// Subfamilies of movements that bring a payment back: returned by the other bank, or called back.
const RETURNS: [&str; 2] = ["RRTN", "RPCR"];

impl TransactionCode {
    /// Whether it says that a payment came back: a subfamily of ISO 20022 (`PMNT-ICDT-RRTN`), or what banks have kept of
    /// MT940 as a code of their own (`NRTI`, perhaps with more behind it: `NRTI+159`).
    pub fn is_return(&self) -> bool {
        let own = self.proprietary.as_deref().unwrap_or_default();
        let kind = own.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let of_mt940 = kind.strip_prefix(['N', 'S', 'F']) == Some("RTI");
        of_mt940 || self.domain.get(2).is_some_and(|code| RETURNS.contains(&code.as_str()))
    }
}

/// One movement of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What it is called.
    pub references: References,
    /// The payment order it was part of, if that stands above it (`Btch/PmtInfId`).
    pub batch: Option<String>,
    /// Its amounts, without a sign: of the transaction, of its details, the counter value.
    pub amounts: Vec<Amount>,
    /// What it says of an exchange.
    pub exchanged: Exchanged,
    /// Whether money came in, where it says so itself.
    pub credit: Option<bool>,
    /// What kind of movement it is.
    pub code: TransactionCode,
    /// Who paid.
    pub debtor: Party,
    /// Who was paid.
    pub creditor: Party,
    /// What it is for, in words.
    pub remittance: Vec<String>,
    /// References that the receiver gave for it, such as an `RF` reference.
    pub creditor_references: Vec<String>,
    /// It came back, and the code of the reason.
    pub returned: Option<Option<IsoCode>>,
    /// What else the bank says.
    pub information: Option<String>,
}

/// What a bank says of an exchange between two currencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// What was ordered (`InstdAmt`), without a sign.
    pub ordered: Option<Amount>,
    /// What that came to before charges, or after (`TxAmt`, `CntrValAmt`), without signs.
    pub came_to: [Option<Amount>; 2],
    /// The currencies between which it was exchanged (`SrcCcy`, `TrgtCcy`).
    pub between: [Option<Currency>; 2],
    /// The currency of which one unit is exchanged (`UnitCcy`).
    pub unit: Option<Currency>,
    /// The rate (`XchgRate`).
    pub rate: Option<Rate>,
}

/// The references of a movement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// The message of the payment order.
    pub message: Option<String>,
    /// What the bank calls it.
    pub bank: Option<String>,
    /// The payment order.
    pub payment_information: Option<String>,
    /// What the one who ordered it calls it.
    pub instruction: Option<String>,
    /// What goes from the one who pays to the one who is paid; `NOTPROVIDED` is left out.
    pub end_to_end: Option<String>,
    /// A UUID from end to end.
    pub uetr: Option<String>,
    /// What the first bank calls it.
    pub transaction: Option<String>,
}

/// Who is on one side of a movement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// The name.
    pub name: Option<String>,
    /// The number of the account.
    pub account: Option<String>,
}
