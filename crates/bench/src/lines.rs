//! Arrival grants that a bank has paid, and the statement that says so: as many lines as grants.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// The account of the authority.
pub const IBAN: &str = "SE3550000000054910000003";

/// The files of a bank's month.
pub struct Month {
    /// People, and the grants that were paid to them.
    pub cases: PathBuf,
    pub grants: PathBuf,
    /// What the bank notified before (camt.054): every second line.
    pub notified: PathBuf,
    /// The statement (camt.053) with all lines.
    pub statement: PathBuf,
}

/// A line: cents that went out, and the reference that it carries.
struct Line {
    cents: u64,
    reference: Option<String>,
}

impl Month {
    /// Files in a folder, whether they are there or not.
    pub fn in_folder(folder: &Path) -> Self {
        let [cases, grants] = ["cases.csv", "grants.csv"].map(|name| folder.join(name));
        let [notified, statement] = ["notified.xml", "statement.xml"].map(|name| folder.join(name));
        Self { cases, grants, notified, statement }
    }

    /// Writes them. Of ten grants six were paid as they are, and one each with a structured reference, without any, in
    /// two instalments, and not at all.
    pub fn invent(folder: &Path, lines: usize) -> Outcome<Self> {
        let files = Self::in_folder(folder);
        let mut cases = String::from(
            "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,arrived_on,partner\n",
        );
        let mut grants = String::from("case_ref,paid_on,amount,currency,method,payment_ref\n");
        let (mut notified, mut all, mut sum) = (String::new(), String::new(), 0);
        for n in 0..lines {
            // Most amounts are those of a few others; the reference tells them apart.
            let cents = 10_000 + (n as u64 * 7_919) % 5_000;
            writeln!(
                cases,
                "M-{n},2024-02-01,GM,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-02-20,approve,2024-03-10,2024-03-11,caritas"
            )?;
            writeln!(grants, "M-{n},2024-03-12,{},EUR,bank,G-{n}", euros(cents))?;
            let named = |cents| Line { cents, reference: Some(format!("G-{n}")) };
            let of = match n % 10 {
                0..=5 => vec![named(cents)],
                6 => vec![Line { cents, reference: Some(format!("g {n}")) }],
                7 => vec![Line { cents, reference: None }],
                8 => vec![named(4_000), named(cents - 4_000)],
                _ => Vec::new(),
            };
            for (part, line) in of.into_iter().enumerate() {
                let entry = entry(&format!("B{n}-{part}"), &line);
                if n % 2 == 0 {
                    notified += &entry;
                }
                all += &entry;
                sum += line.cents;
            }
        }
        std::fs::write(&files.cases, cases)?;
        std::fs::write(&files.grants, grants)?;
        let account = format!("<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>");
        let notified = format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>N</Id>{account}{notified}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
        );
        std::fs::write(&files.notified, notified)?;
        let balance = |code: &str, cents: u64| {
            let cents = euros(cents);
            format!(
                "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{cents}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-03-31</Dt></Dt></Bal>"
            )
        };
        let (opening, closing) = (balance("OPBD", sum + 100), balance("CLBD", 100));
        let statement = format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb>{account}{opening}{closing}{all}</Stmt></BkToCstmrStmt></Document>"
        );
        std::fs::write(&files.statement, statement)?;
        Ok(files)
    }
}

fn entry(name: &str, line: &Line) -> String {
    let cents = euros(line.cents);
    let reference = line.reference.as_deref().unwrap_or("NOTPROVIDED");
    // A structured reference is written as people write it.
    let (end_to_end, words) = match reference.strip_prefix("g ") {
        Some(number) => (
            "NOTPROVIDED",
            format!("<RmtInf><Strd><CdtrRefInf><Ref>G-{number}</Ref></CdtrRefInf></Strd></RmtInf>"),
        ),
        None => (reference, String::new()),
    };
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{cents}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2024-03-13</Dt></BookgDt><AcctSvcrRef>{name}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>{words}</TxDtls></NtryDtls></Ntry>"
    )
}

fn euros(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
