//! Bank statements as camt messages: read exactly, or refused with the place and the rule; hostile ones stay small.

use std::io::{self, Read};

use domain::bank::{ReferenceKind, StatementKind};
use interchange::camt::{
    BankStatement, Entry, EntryStatus, StatementLine, check_statements, read_statements,
};
use interchange::{FileError, FileProblem};
use money::Amount;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;

/// A statement of one entry, a batch of two payments, in version 08.
const MESSAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2024-06-03T06:00:00+02:00</CreDtTm></GrpHdr>
<Stmt><Id>S-1</Id><ElctrncSeqNb>17</ElctrncSeqNb><CreDtTm>2024-06-03T06:00:00+02:00</CreDtTm>
<Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-06-02</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2024-06-03</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">1500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2024-06-03T23:30:00-05:00</DtTm></BookgDt><ValDt><Dt>2024-06-04Z</Dt></ValDt><AcctSvcrRef>B-1</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><Btch><PmtInfId>P-1</PmtInfId></Btch>
<TxDtls><Refs><EndToEndId>RF18539007547034</EndToEndId></Refs><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<RltdPties><Dbtr><Pty><Nm>We</Nm></Pty></Dbtr><Cdtr><Pty><Nm>Sun &amp; Moon</Nm></Pty></Cdtr><CdtrAcct><Id><IBAN>AT611904300234573201</IBAN></Id></CdtrAcct></RltdPties></TxDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId><UETR>8a562c67-ca16-48ba-b074-65581be6f001</UETR></Refs><Amt Ccy="EUR">500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<RmtInf><Ustrd>rf18 5390 0754 7034</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>"#;

/// Reads a message; checking it alone must come to the same.
fn read(text: impl AsRef<[u8]>) -> Result<Vec<BankStatement>, FileError> {
    let read = read_statements("s.xml", text.as_ref());
    let checked = check_statements("s.xml", text.as_ref());
    let told = |error: &FileError| error.to_string();
    assert_eq!(checked.as_ref().err().map(told), read.as_ref().err().map(told));
    read
}

fn one(text: &str) -> BankStatement {
    let mut statements = read(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(statements.len(), 1);
    statements.pop().unwrap()
}

fn refused(text: impl AsRef<[u8]>) -> &'static str {
    read(text).unwrap_err().rule()
}

fn lines(text: &str) -> Vec<StatementLine> {
    one(text).lines(1).unwrap()
}

#[test]
fn a_batch_becomes_its_transactions_with_all_that_tells_them_apart() {
    let statement = one(MESSAGE);
    assert_eq!((statement.kind, statement.electronic_sequence), (StatementKind::Statement, Some(17)));
    assert_eq!(statement.opening().unwrap().amount.to_string(), "1000.00");
    assert_eq!(statement.closing().unwrap().amount.to_string(), "-500.00");
    assert_eq!(statement.not_booked(), 1);
    let lines = statement.lines(1).unwrap();
    let amounts: Vec<String> = lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["-1000.00", "-500.00"]);
    assert_eq!(lines[0].counterpart.name.as_deref(), Some("Sun & Moon"));
    assert_eq!(lines[0].counterpart.account.as_deref(), Some("AT611904300234573201"));
    // The day at the bank, whatever day it was elsewhere.
    assert_eq!(lines[0].booked_on.to_string(), "2024-06-03");
    assert_eq!(lines[0].value_on.unwrap().to_string(), "2024-06-04");
    assert_eq!(lines[0].bank_reference.as_deref(), Some("B-1"));
    let rf = "RF18539007547034".to_owned();
    assert_eq!(
        lines[0].references,
        [(ReferenceKind::EndToEnd, rf.clone()), (ReferenceKind::PaymentInformation, "P-1".to_owned())]
    );
    assert_eq!(
        lines[1].references,
        [
            (ReferenceKind::Creditor, rf),
            (ReferenceKind::PaymentInformation, "P-1".to_owned()),
            (ReferenceKind::Uetr, "8A562C67-CA16-48BA-B074-65581BE6F001".to_owned()),
        ]
    );
    assert_eq!((lines[0].part, lines[1].part), (1, 2));
}

#[test]
fn every_version_and_any_prefix_is_read_the_same() {
    let new = one(MESSAGE);
    for version in ["02", "04", "10", "13"] {
        assert_eq!(one(&MESSAGE.replace("camt.053.001.08", &format!("camt.053.001.{version}"))), new);
    }
    let old = MESSAGE
        .replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
        .replace("<Pty>", "")
        .replace("</Pty>", "");
    assert_eq!(one(&old), new);
    let prefixed = MESSAGE.replace("</", "</n:").replace('<', "<n:").replace("<n:/n:", "</n:");
    let prefixed = prefixed.replace("<n:?xml", "<?xml").replace("xmlns=", "xmlns:n=");
    assert_eq!(one(&prefixed), new);
}

/// A reversal has its direction like any other entry: it is not turned round once more.
#[test]
fn a_reversal_keeps_the_direction_it_has() {
    let text = MESSAGE.replace("<Sts><Cd>BOOK", "<RvslInd>true</RvslInd><Sts><Cd>BOOK");
    assert!(lines(&text).iter().all(|line| line.reversal && line.amount.is_negative()));
}

#[test]
fn a_return_has_its_reason() {
    let with = |what: &str| {
        lines(&MESSAGE.replacen("</TxDtls>", &format!("<RtrInf>{what}</RtrInf></TxDtls>"), 1))[0].returned
    };
    assert_eq!(with("<Rsn><Cd>AC04</Cd></Rsn>"), Some(Some("AC04".parse().unwrap())));
    assert_eq!(with("<OrgnlBkTxCd><Domn><Cd>PMNT</Cd></Domn></OrgnlBkTxCd>"), Some(None));
    assert_eq!(lines(MESSAGE)[0].returned, None);
}

/// Credits and debits in one batch: each as it says, because together they are the entry.
#[test]
fn a_batch_of_both_directions_is_netted() {
    let text = MESSAGE.replacen("DBIT</CdtDbtInd>\n<RmtInf>", "CRDT</CdtDbtInd>\n<RmtInf>", 1);
    let text = text.replacen(">1500.00<", ">500.00<", 1);
    let amounts: Vec<String> = lines(&text).iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["-1000.00", "500.00"]);
}

#[test]
fn a_batch_that_does_not_come_to_its_entry_says_by_how_much() {
    let off = one(&MESSAGE.replacen(">1500.00<", ">1500.01<", 1));
    let lines = off.lines(1).unwrap();
    // The entry stays whole, and the balances tell whether it is right.
    assert_eq!((lines.len(), lines[0].amount.to_string().as_str(), lines[0].part), (1, "-1500.01", 0));
    assert!(lines[0].references.contains(&(ReferenceKind::PaymentInformation, "P-1".to_owned())));
    let problem = lines[0].unbroken.as_deref().unwrap();
    assert_eq!(
        problem.to_string(),
        "statement 1, entry 1, element /Ntry/NtryDtls/TxDtls: The entry is -1500.01 EUR, its 2 transactions come to -1500.00: 0.01 off. Get the file anew from the bank."
    );
    assert_eq!(problem.rule(), "statement.batch");
    let half = MESSAGE.replacen("<Amt Ccy=\"EUR\">500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>\n", "", 1);
    assert_eq!(one(&half).lines(1).unwrap()[0].unbroken.as_ref().unwrap().rule(), "statement.batch");
    // A notification has no balances that could tell.
    let notification = BankStatement { kind: StatementKind::Notification, ..off };
    assert_eq!(notification.lines(1).unwrap_err().rule(), "statement.batch");
}

/// The schema lets an entry have several details: all their transactions together are the entry, each with its own order.
#[test]
fn several_details_of_an_entry_are_read_together() {
    let two = "</TxDtls></NtryDtls><NtryDtls><Btch><PmtInfId>P-2</PmtInfId></Btch><TxDtls>";
    let at = MESSAGE.find("</TxDtls>").unwrap();
    let rest = MESSAGE[at..].replacen("</TxDtls>", "", 1).replacen("<TxDtls>", two, 1);
    let lines = lines(&format!("{}{rest}", &MESSAGE[..at]));
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let orders =
                line.references.iter().filter(|(kind, _)| *kind == ReferenceKind::PaymentInformation);
            let orders: Vec<&str> = orders.map(|(_, order)| order.as_str()).collect();
            format!("{} {}", line.amount, orders.join(" "))
        })
        .collect();
    assert_eq!(told, ["-1000.00 P-1", "-500.00 P-2"]);
}

#[rstest]
#[case::nothing("", "file.empty")]
#[case::csv("date,amount\n", "statement.unknown-file")]
#[case::no_namespace(MESSAGE.replace(" xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"", ""), "statement.unknown-file")]
#[case::other_namespace(MESSAGE.replace("urn:iso:std:iso:20022:tech:xsd:camt", "http://example.org/camt"), "statement.unknown-file")]
#[case::other_message(MESSAGE.replace("camt.053.001.08", "camt.052.001.08"), "statement.unknown-file")]
#[case::other_content(MESSAGE.replace("camt.053.001.08", "camt.054.001.08"), "statement.unknown-file")]
#[case::first_version(MESSAGE.replace("camt.053.001.08", "camt.053.001.01"), "statement.unknown-file")]
#[case::no_statement(MESSAGE.replace("<Stmt>", "<Stmt xmlns=\"urn:other\">"), "statement.none")]
#[case::no_id(MESSAGE.replace("<Id>S-1</Id>", ""), "statement.missing")]
#[case::no_account(MESSAGE.replace("<IBAN>SE3550000000054910000003</IBAN>", ""), "statement.missing")]
#[case::two_ids(MESSAGE.replace("<Id>S-1</Id>", "<Id>S-1</Id><Id>S-2</Id>"), "statement.doubled")]
#[case::two_references(MESSAGE.replace("<EndToEndId>RF", "<EndToEndId>X</EndToEndId><EndToEndId>RF"), "statement.doubled")]
#[case::two_directions(MESSAGE.replacen("<Sts>", "<CdtDbtInd>CRDT</CdtDbtInd><Sts>", 1), "statement.doubled")]
#[case::two_dates(MESSAGE.replace("<ValDt>", "<ValDt><Dt>2024-06-05</Dt>"), "statement.doubled")]
#[case::no_amount(MESSAGE.replacen("<Amt Ccy=\"EUR\">1500.00</Amt>", "", 1), "statement.missing")]
#[case::no_status(MESSAGE.replace("<Sts><Cd>BOOK</Cd></Sts>", ""), "statement.missing")]
#[case::balance_without_amount(MESSAGE.replacen("<Amt Ccy=\"EUR\">1000.00</Amt>", "", 1), "statement.missing")]
#[case::status(MESSAGE.replace("BOOK", "BOOKED"), "statement.code")]
#[case::direction(MESSAGE.replacen("DBIT", "debit", 1), "statement.code")]
#[case::reversal(MESSAGE.replace("<Sts><Cd>BOOK", "<RvslInd>yes</RvslInd><Sts><Cd>BOOK"), "statement.code")]
#[case::sequence(MESSAGE.replace(">17<", ">2024-17<"), "statement.sequence")]
#[case::day(MESSAGE.replace("2024-06-04Z", "2024-06-31"), "date.iso")]
#[case::american(MESSAGE.replace("2024-06-04Z", "06/04/2024"), "date.iso")]
#[case::day_and_more(MESSAGE.replace("2024-06-04Z", "2024-06-04x"), "date.iso")]
#[case::comma(MESSAGE.replacen("1500.00", "1500,00", 1), "amount.not-a-number")]
#[case::sign(MESSAGE.replacen("1500.00", "-1500.00", 1), "amount.not-a-number")]
#[case::decimals(MESSAGE.replacen("1500.00", "1500.001", 1), "amount.decimals")]
#[case::digits(MESSAGE.replacen("1500.00", "1000000000000000000.00", 1), "amount.too-large")]
#[case::currency(MESSAGE.replacen("Ccy=\"EUR\">1500", "Ccy=\"EURO\">1500", 1), "currency.not-a-code")]
#[case::no_currency(MESSAGE.replacen(" Ccy=\"EUR\">1500", ">1500", 1), "currency.not-a-code")]
#[case::long(MESSAGE.replace("Sun &amp; Moon", &"x".repeat(501)), "statement.too-long")]
#[case::cut_off(&MESSAGE[..MESSAGE.len() - 40], "file.xml")]
#[case::two_documents(format!("{MESSAGE}<a>"), "file.xml")]
#[case::not_utf_8(MESSAGE.replace("Sun", "\u{1}").replace('\u{1}', "X").into_bytes().iter().map(|b| if *b == b'X' { 0xff } else { *b }).collect::<Vec<u8>>(), "file.xml")]
#[case::utf_16(b"\xff\xfe<\0".to_vec(), "file.utf-16")]
#[case::zip(b"PK\x03\x04".to_vec(), "file.workbook")]
fn what_is_no_good_statement_is_refused(#[case] text: impl AsRef<[u8]>, #[case] rule: &str) {
    assert_eq!(refused(text), rule);
}

#[test]
fn an_error_names_the_place_and_shows_no_name() {
    let error = read(MESSAGE.replacen("1500.00", "15 00", 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "s.xml: statement 1, entry 1, element /Ntry/Amt, value \"15 00\": This is not a plain number. Write digits only, for example 100, without words, letters or hidden characters. (rule amount.not-a-number)"
    );
    let error = read(MESSAGE.replace("Sun &amp; Moon", &"Moon ".repeat(200))).unwrap_err();
    assert!(!error.to_string().contains("Moon"), "{error}");
}

/// What stands in an envelope of another namespace is nobody's amount.
#[test]
fn elements_of_others_are_passed_over() {
    let foreign =
        "<SplmtryData><Envlp><x:Ntry xmlns:x=\"urn:other\"><x:Amt>1</x:Amt></x:Ntry></Envlp></SplmtryData>";
    let text = MESSAGE.replace("</Stmt>", &format!("{foreign}</Stmt>"));
    assert_eq!(one(&text), one(MESSAGE));
    let inside = MESSAGE.replacen("<Sts>", "<x:Amt xmlns:x=\"urn:other\" Ccy=\"EUR\">9.00</x:Amt><Sts>", 1);
    assert_eq!(one(&inside), one(MESSAGE));
}

#[test]
fn xml_with_what_no_message_has_is_refused() {
    let doctype = MESSAGE.replace("<Document", "<!DOCTYPE a [<!ENTITY b \"c\">]><Document");
    let entity = MESSAGE.replace("&amp;", "&b;");
    let nested =
        |times: usize| MESSAGE.replace("Sun", &format!("{}{}", "<a>".repeat(times), "</a>".repeat(times)));
    let (deep, deeper) = (nested(40), nested(100_000));
    let attributes: String = (0..50).map(|n| format!("a{n}=\"\" ")).collect();
    let wide = MESSAGE.replacen("<Amt Ccy", &format!("<Amt {attributes} Ccy"), 1);
    let name = MESSAGE.replace("Sun", &format!("<{0}></{0}>", "a".repeat(100)));
    let long = MESSAGE.replace("Sun", &"x".repeat(70_000));
    let pieces = MESSAGE.replace("Sun", &"&amp;".repeat(70_000));
    for text in [doctype, entity, deep, deeper, wide, name, long, pieces] {
        assert_eq!(refused(&text), "file.xml");
    }
    assert!(read(nested(10)).is_ok());
}

/// A message that repeats something for ever; counts what is taken of it.
struct Endless<'a> {
    start: &'a [u8],
    again: &'a [u8],
    at: usize,
    taken: u64,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = match self.start.get(self.at) {
                Some(byte) => *byte,
                None => self.again[(self.at - self.start.len()) % self.again.len()],
            };
            self.at += 1;
        }
        self.taken += buffer.len() as u64;
        Ok(buffer.len())
    }
}

/// Entries, transactions, words, balances, texts without an end: each is given up, long before memory is.
#[rstest]
#[case::entries("<Ntry></Ntry>", "", 40)]
#[case::transactions("<TxDtls></TxDtls>", "<Ntry><NtryDtls>", 40)]
#[case::words("<Ustrd>words words</Ustrd>", "<Ntry><NtryDtls><TxDtls><RmtInf>", 1)]
#[case::balances(
    "<Bal><Tp><CdOrPrtry><Cd>A</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>",
    "",
    1
)]
#[case::one_text("x", "<Id>", 1)]
#[case::one_name("x", "<", 1)]
#[case::one_comment("x", "<!--", 1)]
#[case::spaces(" ", "", 1)]
#[case::depth("<a>", "", 1)]
fn a_message_without_an_end_is_given_up(#[case] again: &str, #[case] inside: &str, #[case] mebibytes: u64) {
    let cut = MESSAGE.find("<Id>S-1").unwrap();
    let start = format!("{}{inside}", &MESSAGE[..cut]);
    let mut endless = Endless { start: start.as_bytes(), again: again.as_bytes(), at: 0, taken: 0 };
    let error = read_statements("s.xml", &mut endless).unwrap_err();
    let too_much = ["file.too-large", "file.xml", "statement.missing"].contains(&error.rule());
    assert!(too_much, "{error}");
    assert!(endless.taken <= mebibytes << 20, "{} bytes were read: {error}", endless.taken);
}

/// A file that cannot be read is not taken for one that ends.
#[test]
fn a_failing_disk_is_told() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let start = MESSAGE.as_bytes()[..400].chain(Failing);
    let error = read_statements("s.xml", start).unwrap_err();
    assert!(matches!(error.problem, FileProblem::Io { .. }), "{error}");
}

/// A booked movement, as the generator knows it.
#[derive(Debug, Clone)]
struct Movement {
    cents: i64,
    parts: Vec<i64>,
    reference: Option<String>,
    name: String,
    words: Vec<String>,
    day: i8,
}

prop_compose! {
    fn movement()(
        parts in vec(prop_oneof![-100_000_000_i64..-1, 1_i64..100_000_000], 1..4),
        reference in option::of("[A-Z0-9/-]{1,35}"),
        name in "[A-Za-zåäö&<>'\"0-9]([A-Za-zåäö&<>'\" 0-9.-]{0,60}[a-z])?",
        words in vec("[!-~]([ -~]{0,100}[!-~])?", 0..3),
        day in 1_i8..29,
    ) -> Movement {
        Movement { cents: parts.iter().sum(), parts, reference, name, words, day }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn amount(cents: i64) -> String {
    let unsigned = cents.unsigned_abs();
    let direction = if cents < 0 { "DBIT" } else { "CRDT" };
    format!(
        "<Amt Ccy=\"EUR\">{}.{:02}</Amt><CdtDbtInd>{direction}</CdtDbtInd>",
        unsigned / 100,
        unsigned % 100
    )
}

/// Writes the message that a bank would, in one of the two forms.
fn written(movements: &[Movement], old: bool) -> String {
    let version = if old { "02" } else { "08" };
    let entries: String = movements
        .iter()
        .map(|m| {
            let reference = m.reference.as_ref().map_or_else(String::new, |r| format!("<AcctSvcrRef>{r}</AcctSvcrRef>"));
            let status = if old { "<Sts>BOOK</Sts>" } else { "<Sts><Cd>BOOK</Cd></Sts>" };
            let name = escaped(&m.name);
            let party = if old { format!("<Nm>{name}</Nm>") } else { format!("<Pty><Nm>{name}</Nm></Pty>") };
            let words: String = m.words.iter().map(|w| format!("<Ustrd>{}</Ustrd>", escaped(w))).collect();
            let parts: String = m
                .parts
                .iter()
                .map(|part| {
                    format!(
                        "<TxDtls>{}<RltdPties><Dbtr>{party}</Dbtr><Cdtr>{party}</Cdtr></RltdPties><RmtInf>{words}</RmtInf></TxDtls>",
                        amount(*part)
                    )
                })
                .collect();
            format!(
                "<Ntry>{}{status}<BookgDt><Dt>2024-06-{:02}</Dt></BookgDt>{reference}<NtryDtls>{parts}</NtryDtls></Ntry>",
                amount(m.cents),
                m.day
            )
        })
        .collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><Othr><Id>4711</Id></Othr></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
}

fn eur(cents: i64) -> Amount {
    money::Eur::from_cents(cents).into()
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What a bank writes is read as it was meant, in the old form and the new.
    #[test]
    fn what_is_written_is_read(movements in vec(movement(), 0..12), old: bool) {
        let statement = one(&written(&movements, old));
        prop_assert_eq!(statement.entries.len(), movements.len());
        for (entry, movement) in statement.entries.iter().zip(&movements) {
            let Entry { amount, status, bank_reference, .. } = entry;
            prop_assert_eq!((*amount, *status), (eur(movement.cents), EntryStatus::Booked));
            let given = movement.reference.clone().filter(|r| r != "NONREF" && r != "NOTPROVIDED");
            prop_assert_eq!(bank_reference, &given);
        }
        let lines = statement.lines(1).unwrap();
        let wanted: Vec<(i64, &Movement)> =
            movements.iter().flat_map(|m| m.parts.iter().map(move |part| (*part, m))).collect();
        prop_assert_eq!(lines.len(), wanted.len());
        for (line, (cents, movement)) in lines.iter().zip(wanted) {
            prop_assert_eq!(line.amount, eur(cents));
            prop_assert_eq!(line.booked_on.day(), movement.day);
            prop_assert_eq!(line.counterpart.name.clone().unwrap(), spaced(&movement.name));
            let words: Vec<String> = movement.words.iter().map(|word| spaced(word)).collect();
            prop_assert_eq!(&line.remittance, &words);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), start in select(&[0_usize, 60, 150, 700, 1_400][..])) {
        let _ = read([&MESSAGE.as_bytes()[..start], &bytes].concat());
    }

    /// A good message with some bytes exchanged or left out is refused, or gives lines that can be taken.
    #[test]
    fn damaged_messages_never_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
    ) {
        let mut bytes = MESSAGE.as_bytes().to_vec();
        for (at, byte, cut) in changes {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at.max(1)) } else { bytes[at] = byte }
        }
        for statement in read(&bytes).unwrap_or_default() {
            let _ = statement.lines(1);
        }
    }
}

/// One entry of an account in crowns, as a bank tells of a payment that it exchanged.
fn exchanged(details: &str) -> String {
    format!(
        r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>S-1</Id>
<Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id><Ccy>SEK</Ccy></Acct>
<Ntry><Amt Ccy="SEK">5712.30</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2024-06-03</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>E-1</EndToEndId></Refs><AmtDtls>{details}</AmtDtls></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>"#
    )
}

const RATE: &str = "<CcyXchg><SrcCcy>SEK</SrcCcy><TrgtCcy>EUR</TrgtCcy><UnitCcy>EUR</UnitCcy><XchgRate>11.4246</XchgRate></CcyXchg>";

/// What was ordered, what the line is in euro, and the rate, as far as the bank says them.
#[rstest]
#[case::ordered(
    "<InstdAmt><Amt Ccy=\"EUR\">500.00</Amt></InstdAmt>",
    Some("-500.00 EUR"),
    Some("-500.00"),
    None
)]
#[case::with_its_rate(
    &format!("<InstdAmt><Amt Ccy=\"EUR\">500.00</Amt></InstdAmt><TxAmt><Amt Ccy=\"SEK\">5712.30</Amt>{RATE}</TxAmt>"),
    Some("-500.00 EUR"), Some("-500.00"), Some("1 EUR = 11.4246")
)]
#[case::by_the_rate(&format!("<TxAmt><Amt Ccy=\"SEK\">5700.00</Amt>{RATE}</TxAmt>"), None, Some("-500.00"), Some("1 EUR = 11.4246"))]
#[case::counter_value("<CntrValAmt><Amt Ccy=\"EUR\">499.90</Amt></CntrValAmt>", None, Some("-499.90"), None)]
#[case::a_rate_the_other_way_round(
    &format!("<TxAmt><Amt Ccy=\"SEK\">5712.30</Amt>{}</TxAmt>", RATE.replace("<UnitCcy>EUR", "<UnitCcy>SEK")),
    None, None, Some("1 SEK = 11.4246")
)]
#[case::a_rate_between_others(
    &format!("<TxAmt><Amt Ccy=\"SEK\">5712.30</Amt>{}</TxAmt>", RATE.replace("SEK", "USD")),
    None, None, Some("1 EUR = 11.4246")
)]
#[case::in_a_third("<InstdAmt><Amt Ccy=\"USD\">540.00</Amt></InstdAmt>", Some("-540.00 USD"), None, None)]
#[case::in_its_own("<InstdAmt><Amt Ccy=\"SEK\">5712.30</Amt></InstdAmt>", None, None, None)]
#[case::in_none("<InstdAmt><Amt Ccy=\"E1\">x</Amt></InstdAmt>", None, None, None)]
fn what_the_bank_exchanged_is_told(
    #[case] details: &str,
    #[case] ordered: Option<&str>,
    #[case] eur: Option<&str>,
    #[case] rate: Option<&str>,
) {
    let line = lines(&exchanged(details)).remove(0);
    assert_eq!(line.amount.to_string(), "-5712.30");
    let told = line.exchange.unwrap_or_default();
    let amount = told.ordered.map(|amount| format!("{amount} {}", amount.currency()));
    assert_eq!(amount.as_deref(), ordered);
    assert_eq!(told.eur.map(|eur| eur.to_string()).as_deref(), eur);
    assert_eq!(told.rate.map(|rate| format!("1 {} = {}", rate.unit, rate.rate)).as_deref(), rate);
}

/// What an entry says of the whole is no part's.
#[test]
fn an_exchange_of_a_whole_batch_is_not_that_of_its_parts() {
    let whole = "<AmtDtls><InstdAmt><Amt Ccy=\"EUR\">500.00</Amt></InstdAmt></AmtDtls><NtryDtls>";
    let text = exchanged("").replace("<NtryDtls>", whole);
    assert!(lines(&text)[0].exchange.is_some());
    let part = |amount: &str| format!("<TxDtls><Amt Ccy=\"SEK\">{amount}</Amt></TxDtls>");
    let parts = format!("{}{}</NtryDtls>", part("5000.00"), part("712.30"));
    let (head, _) = text.split_once("<TxDtls>").unwrap();
    let broken = lines(&format!("{head}{parts}</Ntry></Stmt></BkToCstmrStmt></Document>"));
    assert_eq!(broken.len(), 2);
    assert!(broken.iter().all(|line| line.exchange.is_none()));
}

/// Banks that give no `RtrInf` tell a return by its code: of ISO 20022, or of their own.
#[rstest]
#[case::of_a_transfer(
    "<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn>",
    true
)]
#[case::received("<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn>", true)]
#[case::called_back("<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RPCR</SubFmlyCd></Fmly></Domn>", true)]
#[case::as_in_mt940("<Prtry><Cd>NRTI</Cd></Prtry>", true)]
#[case::as_in_germany("<Prtry><Cd>NRTI+159+00931</Cd><Issr>DK</Issr></Prtry>", true)]
#[case::an_ordinary_one(
    "<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>",
    false
)]
#[case::another_of_the_bank("<Prtry><Cd>NTRF+166</Cd></Prtry>", false)]
#[case::a_word("<Prtry><Cd>CONCERTI</Cd></Prtry>", false)]
fn a_return_is_known_by_its_code(#[case] code: &str, #[case] returned: bool) {
    let of_the_entry = exchanged("").replace("<NtryDtls>", &format!("<BkTxCd>{code}</BkTxCd><NtryDtls>"));
    let of_the_transaction = exchanged("").replace("</TxDtls>", &format!("<BkTxCd>{code}</BkTxCd></TxDtls>"));
    for text in [of_the_entry, of_the_transaction] {
        assert_eq!(lines(&text)[0].returned, returned.then_some(None));
    }
    let told = exchanged("").replace("</TxDtls>", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>");
    assert_eq!(lines(&told)[0].returned, Some("AC04".parse().ok()));
}

/// Another file of the bank, given by mistake, is told for what it is.
#[rstest]
#[case("camt.052.001.02", "BkToCstmrAcctRpt", "a report of the day so far")]
#[case("pain.001.001.03", "CstmrCdtTrfInitn", "an order of payments")]
#[case("pain.002.001.10", "CstmrPmtStsRpt", "svala payment status")]
#[case("camt.029.001.09", "RsltnOfInvstgtn", "another kind of message")]
fn another_message_is_named(#[case] message: &str, #[case] element: &str, #[case] wanted: &str) {
    let text = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{message}\"><{element}><GrpHdr><MsgId>M</MsgId></GrpHdr></{element}></Document>"
    );
    let error = read(&text).unwrap_err();
    assert_eq!(error.rule(), "statement.unknown-file");
    let said = error.to_string();
    assert!(said.contains(&format!("This is {message}, ")) && said.contains(wanted), "{said}");
}

#[test]
fn another_encoding_is_told() {
    let text = MESSAGE.replace("Sun &amp; Moon", "R\u{1}dgivning").replace("UTF-8", "ISO-8859-1");
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == 1 { 0xE5 } else { byte }).collect();
    let said = read(bytes).unwrap_err().to_string();
    assert!(said.contains("UTF-8"), "{said}");
}
