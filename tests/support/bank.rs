//! A bank: reads a file of payments, and writes statements and notifications of what it booked.

/// The account of the authority.
pub const IBAN: &str = "SE3550000000054910000003";

/// A payment that the bank is asked for.
pub struct Order {
    pub reference: String,
    pub cents: i64,
    pub account: String,
}

/// Something that the bank booked.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// What the bank calls it.
    pub name: String,
    pub day: String,
    /// Above zero for money that came in.
    pub cents: i64,
    pub end_to_end: String,
    /// A structured reference in the words for whoever is paid.
    pub creditor: Option<String>,
    /// The account on the other side.
    pub account: Option<String>,
    /// What the file calls a batch that is booked as a whole.
    pub batch: Option<String>,
    /// What a batch is made up of, if the bank says it.
    pub parts: Vec<Part>,
    pub returned: bool,
}

/// A payment of a batch.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    pub cents: i64,
    pub reference: String,
}

/// What the batch of a file (pain.001) is called, and its payments.
pub fn orders(file: &str) -> (String, Vec<Order>) {
    let payments = file.split("<CdtTrfTxInf>").skip(1);
    let orders = payments.map(|payment| Order {
        reference: inside(payment, "EndToEndId"),
        cents: inside(payment, "InstdAmt Ccy=\"EUR\"").replace('.', "").parse().unwrap(),
        account: inside(payment, "IBAN"),
    });
    (inside(file, "PmtInfId"), orders.collect())
}

/// The text of the first element that begins like this.
fn inside(text: &str, element: &str) -> String {
    let (_, rest) = text.split_once(&format!("<{element}>")).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

pub fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// One statement (camt.053): entries with the balances before and after them.
pub fn statement(number: usize, message: &str, opening: i64, until: &str, entries: &[&Entry]) -> String {
    let closing = opening + entries.iter().map(|entry| entry.cents).sum::<i64>();
    let from = entries.iter().map(|entry| entry.day.as_str()).min().unwrap_or(until);
    let balance = |code: &str, cents: i64, on: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{}<Dt><Dt>{on}</Dt></Dt></Bal>",
            directed(cents)
        )
    };
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>{message}</MsgId>\
         </GrpHdr><Stmt><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>{}{}{}{}</Stmt></BkToCstmrStmt></Document>",
        account(),
        balance("OPBD", opening, from),
        balance("CLBD", closing, until),
        entries.iter().map(|entry| of_entry(entry)).collect::<String>()
    )
}

/// A notification (camt.054) of entries that a statement will have as well.
pub fn notification(id: &str, entries: &[&Entry]) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>{id}</Id>\
         {}{}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>",
        account(),
        entries.iter().map(|entry| of_entry(entry)).collect::<String>()
    )
}

fn account() -> String {
    format!("<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>")
}

fn directed(cents: i64) -> String {
    let direction = if cents < 0 { "DBIT" } else { "CRDT" };
    format!("<Amt Ccy=\"EUR\">{}</Amt><CdtDbtInd>{direction}</CdtDbtInd>", euros(cents.abs()))
}

fn of_entry(entry: &Entry) -> String {
    let parts = match entry.parts.as_slice() {
        [] => details(entry),
        parts => parts.iter().map(of_part).collect(),
    };
    let batch = entry.batch.as_ref().map(|batch| format!("<Btch><PmtInfId>{batch}</PmtInfId></Btch>"));
    let (name, day) = (&entry.name, &entry.day);
    // What is broken into parts has a name for each of them.
    let name =
        if entry.parts.is_empty() { format!("<AcctSvcrRef>{name}</AcctSvcrRef>") } else { String::new() };
    format!(
        "<Ntry>{}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>{name}<NtryDtls>{}{parts}</NtryDtls></Ntry>",
        directed(entry.cents),
        batch.unwrap_or_default()
    )
}

fn details(entry: &Entry) -> String {
    if entry.batch.is_some() {
        return String::new();
    }
    let other = |role: &str| {
        let account = entry.account.as_ref();
        account.map(|account| format!("<{role}Acct><Id><IBAN>{account}</IBAN></Id></{role}Acct>"))
    };
    let other = other(if entry.cents < 0 { "Cdtr" } else { "Dbtr" }).unwrap_or_default();
    let words = entry.creditor.as_ref().map(|reference| {
        format!("<RmtInf><Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd></RmtInf>")
    });
    let returned = if entry.returned { "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" } else { "" };
    format!(
        "<TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><RltdPties>{other}</RltdPties>{}{returned}</TxDtls>",
        entry.end_to_end,
        words.unwrap_or_default()
    )
}

fn of_part(part: &Part) -> String {
    format!(
        "<TxDtls><Refs><AcctSvcrRef>{}</AcctSvcrRef><EndToEndId>{}</EndToEndId></Refs>{}</TxDtls>",
        part.name,
        part.reference,
        directed(-part.cents)
    )
}
