//! Statements of the bank: from a camt file to lines in the ledger, each once.

use std::fs;

use crate::support::{Ledger, find, on_postgres, samples};

pub const IBAN: &str = "SE3550000000054910000003";

/// A movement: its amount, what the bank calls it, and what both sides call it.
pub struct Line<'l>(pub &'l str, pub &'l str, pub &'l str);

/// One `Ntry`.
fn entry(Line(amount, reference, end_to_end): &Line<'_>, day: &str) -> String {
    let (direction, unsigned) = match amount.strip_prefix('-') {
        Some(unsigned) => ("DBIT", unsigned),
        None => ("CRDT", *amount),
    };
    let reference = match *reference {
        "" => String::new(),
        reference => format!("<AcctSvcrRef>{reference}</AcctSvcrRef>"),
    };
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{unsigned}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>{day}</Dt></BookgDt>{reference}<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>\
         <RltdPties><Dbtr><Pty><Nm>Asha Hidden</Nm></Pty></Dbtr><Cdtr><Pty><Nm>Asha Hidden</Nm></Pty></Cdtr></RltdPties>\
         <RmtInf><Ustrd>a word in confidence</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
}

fn balance(code: &str, amount: &str) -> String {
    let (direction, unsigned) = match amount.strip_prefix('-') {
        Some(unsigned) => ("DBIT", unsigned),
        None => ("CRDT", amount),
    };
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{unsigned}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>2024-06-03</Dt></Dt></Bal>"
    )
}

/// One `Stmt` of a day in June.
pub fn statement(sequence: u64, day: &str, opening: &str, closing: &str, lines: &[Line<'_>]) -> String {
    let entries: String = lines.iter().map(|line| entry(line, day)).collect();
    format!(
        "<Stmt><Id>S{sequence}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb><Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>{}{}{entries}</Stmt>",
        balance("OPBD", opening),
        balance("CLBD", closing)
    )
}

pub fn message(statements: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>{}</BkToCstmrStmt></Document>",
        statements.concat()
    )
}

fn notification(id: &str, day: &str, lines: &[Line<'_>]) -> String {
    let entries: String = lines.iter().map(|line| entry(line, day)).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>{id}</Id><Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )
}

/// A ledger with the account, and the statement of 3 June beside it: a payment and a fee, and the same fee again.
fn with_account() -> Ledger {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    let lines = [
        Line("-250.00", "B1", "RF18539007547034"),
        Line("-1.50", "", "NOTPROVIDED"),
        Line("-1.50", "", "NOTPROVIDED"),
    ];
    ledger.write("june-3.xml", message(&[statement(17, "2024-06-03", "1000.00", "747.00", &lines)]));
    ledger
}

#[test]
fn a_statement_becomes_lines_that_are_listed() {
    let ledger = with_account();
    let dry = ledger.ok("import statement june-3.xml --dry-run");
    assert!(dry.contains("dry run, nothing was written; 1 statement"), "{dry}");
    assert!(ledger.csv("bank lines").is_empty());
    let said = ledger.ok("import statement june-3.xml");
    assert_eq!(
        said,
        "june-3.xml: 1 statement\n  statement 17 of payments until 2024-06-03: 1000.00 to 747.00, 3 lines, 3 new\n"
    );
    let lines = ledger.csv("bank lines");
    let amounts: Vec<&str> = lines.iter().map(|line| &*line["amount"]).collect();
    assert_eq!(amounts, ["-250.00", "-1.50", "-1.50"], "two equal lines of one statement are two");
    assert_eq!(lines[0]["name"], "Asha Hidden");
    assert_eq!(lines[0]["references"], "RF18539007547034 B1");
    assert_eq!((&*lines[0]["source"], &*lines[0]["booked_on"]), ("statement", "2024-06-03"));
    assert_eq!(ledger.csv("bank lines --from 2024-06-04").len(), 0);
    let statements = ledger.csv("bank statements --account payments");
    assert_eq!((&*statements[0]["statement"], &*statements[0]["closing"]), ("S17", "747.00"));
    let accounts = ledger.csv("bank account list");
    assert_eq!((&*accounts[0]["number"], &*accounts[0]["closing"]), ("…0003", "747.00"));
    let told = ledger.ok("bank history payments");
    assert!(told.contains("the account payments in EUR was registered"), "{told}");
    assert!(
        told.contains(
            "statement number 17 S17 imported, 2024-06-03 to 2024-06-03, from 1000.00 to 747.00 EUR, 3 lines"
        ),
        "{told}"
    );
    assert_eq!(ledger.json("bank lines")[0]["amount"], "-250.00");
    ledger.is_sound();
}

#[test]
fn the_same_file_again_is_a_no_op_and_the_same_statement_in_another_is_recognised() {
    let ledger = with_account();
    ledger.ok("import statement june-3.xml");
    let before = ledger.root();
    let again = ledger.ok("import statement june-3.xml");
    assert!(again.contains("this very file was imported before, at position"), "{again}");
    assert_eq!(ledger.root(), before);
    ledger.write("copy.xml", ledger.read("june-3.xml").replace("<GrpHdr>", "<GrpHdr> "));
    let said = ledger.ok("import statement copy.xml");
    assert!(said.contains("statement 17 of payments until 2024-06-03: known already"), "{said}");
    assert_eq!(ledger.csv("bank lines").len(), 3);
    assert_eq!(ledger.csv("import list").len(), 2);
    ledger.write(
        "forged.xml",
        ledger.read("june-3.xml").replace("1000.00", "1001.00").replace("747.00", "748.00"),
    );
    assert!(ledger.fail(1, "import statement forged.xml").contains("statement-conflict"));
    ledger.is_sound();
}

#[test]
fn a_statement_of_a_strange_account_or_that_does_not_add_up_changes_nothing() {
    let ledger = with_account();
    let before = ledger.root();
    ledger.write("strange.xml", ledger.read("june-3.xml").replace(IBAN, "AT611904300234573201"));
    let said = ledger.fail(1, "import statement strange.xml");
    assert!(
        said.contains(
            "unknown-account: strange.xml, statement 1: the account …3201 in EUR is not registered"
        ),
        "{said}"
    );
    assert!(said.contains("svala bank account add CODE --iban"), "{said}");
    assert!(!said.contains("AT6119"), "{said}");
    ledger.write("off.xml", ledger.read("june-3.xml").replace("747.00", "747.01"));
    let said = ledger.fail(1, "import statement off.xml");
    assert!(
        said.contains("off.xml, statement 1: opening 1000.00 and booked entries -253.00 come to 747.00 EUR, not to the closing 747.01: 0.01 off"),
        "{said}"
    );
    // One of two: neither.
    let good = statement(17, "2024-06-03", "0.00", "5.00", &[Line("5.00", "B1", "x")]);
    let bad = statement(18, "2024-06-04", "5.00", "9.00", &[Line("5.00", "B2", "x")]);
    ledger.write("two.xml", message(&[good, bad]));
    assert!(ledger.fail(1, "import statement two.xml").contains("two.xml, statement 2: opening 5.00"));
    assert!(ledger.fail(2, "import statement nothing.xml").contains("nothing.xml cannot be opened"));
    ledger.write("doctype.xml", ledger.read("june-3.xml").replace("<Document", "<!DOCTYPE a><Document"));
    assert!(ledger.fail(2, "import statement doctype.xml").contains("a DOCTYPE is not allowed"));
    assert_eq!(ledger.root(), before);
}

#[test]
fn a_missing_statement_is_named_and_can_be_accepted_with_a_reason() {
    let ledger = with_account();
    ledger.ok("import statement june-3.xml");
    let lines = [Line("3.00", "B9", "x")];
    ledger.write("june-6.xml", message(&[statement(20, "2024-06-06", "740.00", "743.00", &lines)]));
    let said = ledger.fail(1, "import statement june-6.xml");
    assert!(
        said.contains("statement-gap: june-6.xml, statement 1: statements 18 to 19 are missing"),
        "{said}"
    );
    assert!(
        said.contains("it opens with 740.00, and the one before it closes with 747.00: -7.00 off"),
        "{said}"
    );
    assert!(ledger.fail(2, "import statement june-6.xml --accept-gap ''").contains("a reason is needed"));
    ledger.ok("import statement june-6.xml --accept-gap 'the bank lost two days'");
    assert_eq!(ledger.csv("bank statements")[1]["gap_accepted"], "the bank lost two days");
    assert!(
        ledger.ok("bank history payments").contains("something before it is missing: the bank lost two days")
    );
    ledger.is_sound();
}

#[test]
fn a_line_of_a_notification_is_the_line_of_the_statement() {
    let ledger = with_account();
    let paid = || Line("-250.00", "B1", "RF18539007547034");
    ledger.write("n.xml", notification("N1", "2024-06-03", &[paid()]));
    let said = ledger.ok("import statement n.xml");
    assert!(said.contains("notification of payments: 1 line, 1 new"), "{said}");
    assert_eq!(ledger.csv("bank lines")[0]["source"], "notification");
    let said = ledger.ok("import statement june-3.xml");
    assert!(said.contains("3 lines, 2 new, 1 known"), "{said}");
    let lines = ledger.csv("bank lines");
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["source"] == "statement"));
    ledger.write("late.xml", notification("N2", "2024-06-03", &[paid()]));
    assert!(ledger.ok("import statement late.xml").contains("1 line, 0 new, 1 known"));
    ledger.write("nameless.xml", notification("N3", "2024-06-03", &[Line("1.00", "", "x")]));
    assert!(ledger.fail(1, "import statement nameless.xml").contains("notification-without-reference"));
    ledger.is_sound();
}

/// The bank notifies of the parts of a batch and states its sum, or the other way round: the money is counted once.
#[test]
fn a_batch_that_is_broken_up_in_another_way_is_counted_once() {
    let whole = |reference: &str| entry(&Line("-250.00", reference, "x"), "2024-06-03");
    let parts = |reference: &str| {
        let part = |amount: &str| {
            format!("<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>")
        };
        let details = format!("<NtryDtls>{}{}</NtryDtls>", part("200.00"), part("50.00"));
        let entry = whole(reference);
        let (head, _) = entry.split_once("<NtryDtls>").unwrap();
        format!("{head}{details}</Ntry>")
    };
    let note = |id: &str, entry: String| {
        notification(id, "2024-06-03", &[]).replace("</Ntfctn>", &format!("{entry}</Ntfctn>"))
    };
    let day = |sequence: u64, opening: &str, closing: &str, entry: String| {
        let empty = statement(sequence, "2024-06-03", opening, closing, &[]);
        message(&[empty.replace("</Stmt>", &format!("{entry}</Stmt>"))])
    };
    let ledger = with_account();
    let import = |name: &str, content: String| {
        ledger.write(name, content);
        ledger.ok(&format!("import statement {name}"))
    };
    assert!(import("n1.xml", note("N1", parts("B1"))).contains("2 lines, 2 new"));
    assert!(import("s1.xml", day(17, "1000.00", "750.00", whole("B1"))).contains("1 line, 0 new, 1 known"));
    assert!(import("n2.xml", note("N2", whole("B2"))).contains("1 line, 1 new"));
    assert!(import("s2.xml", day(18, "750.00", "500.00", parts("B2"))).contains("2 lines, 0 new, 2 known"));
    assert!(import("s3.xml", day(19, "500.00", "250.00", parts("B3"))).contains("2 lines, 2 new"));
    assert!(
        import("n3.xml", note("N3", whole("B3"))).contains("1 line, 0 new, 1 known"),
        "the statement was first"
    );
    // The same amount on the same day under another name is another entry.
    assert!(import("s4.xml", day(20, "250.00", "0.00", whole("B4"))).contains("1 line, 1 new"));
    let lines = ledger.csv("bank lines");
    let cents: i64 = lines.iter().map(|line| line["amount"].replace('.', "").parse::<i64>().unwrap()).sum();
    assert_eq!((lines.len(), cents), (6, -100_000));
    assert!(lines.iter().all(|line| line["source"] == "statement"));
    ledger.is_sound();
}

/// Details that do not come to their entry: the entry is what the balances confirm, and what is off is told.
#[test]
fn an_entry_whose_details_are_off_stays_one_line() {
    let ledger = with_account();
    let text = message(&[statement(17, "2024-06-03", "1000.00", "750.00", &[Line("-250.00", "B1", "x")])]);
    let details = "<TxDtls><Amt Ccy=\"EUR\">200.00</Amt></TxDtls><TxDtls><Amt Ccy=\"EUR\">50.01</Amt></TxDtls></NtryDtls>";
    let text = text.replace("</NtryDtls>", &format!("</NtryDtls><NtryDtls>{details}"));
    let (head, tail) = text.split_once("<NtryDtls>").unwrap();
    let (_, tail) = tail.split_once("</NtryDtls>").unwrap();
    ledger.write("off.xml", format!("{head}{tail}"));
    let said = ledger.ok("import statement off.xml");
    assert!(
        said.contains("1 line, 1 new") && said.contains("its 2 transactions come to -250.01: -0.01 off"),
        "{said}"
    );
    assert_eq!(ledger.csv("bank lines")[0]["amount"], "-250.00");
    ledger.write(
        "worse.xml",
        format!("{head}{tail}")
            .replace("S17", "S18")
            .replace(">17<", ">18<")
            .replace(">1000.00<", ">750.00<"),
    );
    assert!(ledger.fail(1, "import statement worse.xml").contains("statement-does-not-add-up"));
    ledger.is_sound();
}

/// Payments that were recorded, and what the bank did with them.
#[test]
fn the_rules_say_which_payments_the_lines_settle() {
    let ledger = with_account();
    ledger.ok("partner register caritas --name 'Caritas Armenia'");
    for (amount, reference) in
        [("250.00", "RF18539007547034"), ("100.00", "P-100"), ("300.00", "P-300"), ("77.00", "P-77")]
    {
        ledger
            .ok(&format!("partner paid caritas --amount {amount} --on 2024-06-02 --reference '{reference}'"));
    }
    let lines = [
        Line("-250.00", "B1", "RF18539007547034"),
        Line("-101.50", "B2", "P-100"),
        Line("-120.00", "B3", "P-300"),
        Line("-180.00", "B4", "P-300"),
        Line("-77.00", "B5", "P-77"),
        Line("-77.00", "B6", "P-77"),
        Line("-9.00", "B7", "somebody else"),
    ];
    ledger.write("june.xml", message(&[statement(17, "2024-06-03", "1000.00", "185.50", &lines)]));
    ledger.ok("import statement june.xml");
    let before = ledger.root();
    let told: Vec<String> = ledger
        .csv("bank proposals")
        .into_iter()
        .map(|p| {
            format!("{} {} {} {}", p["certainty"], p["rule"], p["amount"], p["residual"]).trim().to_owned()
        })
        .collect();
    assert_eq!(
        told,
        [
            "match exact-reference -250.00",
            "match reference-less-fee -101.50 -1.50",
            "match group-by-reference -300.00",
            "tie exact-reference -77.00",
            "tie exact-reference -77.00",
        ]
    );
    let first = &ledger.csv("bank proposals")[0];
    assert!(first["items"].starts_with("payment ") && first["items"].ends_with(" to caritas"), "{first:?}");
    ledger.write(
        "mine.toml",
        ledger
            .ok("bank proposals --show-rules")
            .replace("residual_max = \"25.00\"", "residual_max = \"1.00\""),
    );
    assert_eq!(ledger.csv("bank proposals --rules mine.toml").len(), 4);
    ledger.write("mine.toml", "version = \"x\"");
    assert!(ledger.fail(2, "bank proposals --rules mine.toml").contains("these are no rules of matching"));
    assert_eq!(ledger.root(), before);
}

/// What goes out in a file for the bank comes back as a line with its reference.
#[test]
fn a_payment_in_a_file_is_found_by_its_reference() {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\n");
    ledger.ok("import spend some.csv --accept");
    ledger.ok("--actor anna partner payment-details propose irara --iban 'GB82 WEST 1234 5698 7654 32' --holder Irara");
    ledger.approve_account("berit", "irara");
    ledger.ok("--actor anna payment propose --partner irara");
    let payment = ledger.csv("payment list").remove(0);
    ledger.ok(&format!("--actor berit payment approve {}", payment["payment"]));
    let line = [Line("-500.00", "B1", &payment["reference"])];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "500.00", "0.00", &line)]));
    ledger.ok("import statement july.xml");
    assert!(ledger.csv("bank proposals").is_empty(), "what is in no file cannot have been paid");
    ledger.ok(&format!("--actor anna payment file --out pay.xml --debtor-name Norrkassan --debtor-iban {IBAN} --debtor-bic ESSESESS --execute-on 2099-07-15"));
    let told = ledger.csv("bank proposals");
    let wanted = format!("payment {} to irara", payment["payment"]);
    assert_eq!((told.len(), &*told[0]["rule"], &*told[0]["items"]), (1, "exact-reference", &*wanted));
    ledger.is_sound();
}

const MAPPING: &str = "
account = \"0012-44871\"
currency = \"EUR\"
decimal = \",\"
thousands = \" \"
date = \"DD.MM.YYYY\"
order = \"newest-first\"
[columns]
booked_on = \"Bokföringsdag\"
amount = \"Belopp\"
balance = \"Saldo\"
bank_reference = \"Verifikation\"
texts = [\"Text\"]
";

#[test]
fn a_bank_without_camt_sends_csv_with_a_mapping() {
    let ledger = Ledger::new();
    ledger.ok("bank account add cash-desk --number 0012-44871 --currency EUR");
    ledger.write("bank.toml", MAPPING);
    let csv = "Bokföringsdag;Text;Belopp;Saldo;Verifikation\n04.06.2024;Avgift;-1,50;998,50;V3\n03.06.2024;Avgift;-1,50;1 000,00;V2\n03.06.2024;Insättning;1 001,50;1 001,50;V1\n";
    ledger.write("june.csv", csv);
    let said = ledger.ok("import statement june.csv --mapping bank.toml");
    assert!(
        said.contains("statement of cash-desk until 2024-06-04: 0.00 to 998.50, 3 lines, 3 new"),
        "{said}"
    );
    let amounts: Vec<String> =
        ledger.csv("bank lines").into_iter().map(|line| line["amount"].clone()).collect();
    assert_eq!(amounts, ["1001.50", "-1.50", "-1.50"]);
    assert!(ledger.ok("import statement june.csv --mapping bank.toml").contains("imported before"));

    let before = ledger.root();
    ledger.write("wrong.csv", csv.replace("1 000,00", "1 000,10"));
    let said = ledger.fail(2, "import statement wrong.csv --mapping bank.toml");
    assert!(said.contains("wrong.csv: row 3, column Saldo: The balance before this row is 1001.50, and this row leads from 1001.60"), "{said}");
    ledger.write("wrong.csv", csv.replace("03.06.2024;Avgift", "31.06.2024;Avgift"));
    assert!(
        ledger
            .fail(2, "import statement wrong.csv --mapping bank.toml")
            .contains("row 3, column Bokföringsdag")
    );
    ledger.write("bank.toml", MAPPING.replace("\"Belopp\"", "\"Summa\""));
    assert!(
        ledger
            .fail(2, "import statement wrong.csv --mapping bank.toml")
            .contains("column Summa: The header has no such column")
    );
    ledger.write("bank.toml", MAPPING.replace("amount", "betrag"));
    assert!(
        ledger
            .fail(2, "import statement wrong.csv --mapping bank.toml")
            .contains("bank.toml: this is no mapping")
    );
    assert_eq!(ledger.root(), before);

    // Without a column for it the balance is given; and the next export goes on where this one ends.
    ledger.write("bank.toml", MAPPING.replace("balance = \"Saldo\"\n", ""));
    ledger.write("july.csv", "Bokföringsdag;Text;Belopp;Saldo;Verifikation\n01.07.2024;Avgift;-1,50;;V4\n");
    assert!(ledger.fail(2, "import statement july.csv --mapping bank.toml").contains("give --opening"));
    let line = "import statement july.csv --mapping bank.toml --opening 998.50 --closing";
    assert!(
        ledger
            .fail(1, &format!("{line} 998.00"))
            .contains("come to 997.00 EUR, not to the closing 998.00: 1.00 off")
    );
    ledger.ok(&format!("{line} 997.00"));
    ledger.is_sound();
}

/// Exports of days that somebody chose: what is in two of them is there once, and two equal lines of one day stay two.
#[test]
fn what_stands_in_two_exports_counts_once() {
    let ledger = Ledger::new();
    ledger.ok("bank account add cash-desk --number 0012-44871 --currency EUR");
    let mapping =
        MAPPING.replace("balance = \"Saldo\"\n", "").replace("bank_reference = \"Verifikation\"\n", "");
    ledger.write("bank.toml", mapping);
    let rows = [
        "01.06.2024;Insättning;100,00;;",
        "03.06.2024;Avgift;-1,50;;",
        "03.06.2024;Avgift;-1,50;;",
        "04.06.2024;Uttag;-20,00;;",
        "05.06.2024;Avgift;-1,50;;",
        "07.06.2024;Uttag;-5,00;;",
    ];
    // Newest first, as the mapping says.
    let export = |name: &str, rows: &[&str]| {
        let rows: Vec<&str> = rows.iter().rev().copied().collect();
        ledger.write(name, format!("Bokföringsdag;Text;Belopp;Saldo;Verifikation\n{}\n", rows.join("\n")));
    };
    let take = |name: &str, opening: &str, closing: &str| {
        format!("import statement {name} --mapping bank.toml --opening {opening} --closing {closing}")
    };
    export("first.csv", &rows[..4]);
    export("second.csv", &rows[1..5]);
    export("within.csv", &rows[1..3]);
    export("third.csv", &rows[3..]);
    ledger.ok(&take("first.csv", "0.00", "77.00"));
    let said = ledger.ok(&take("second.csv", "100.00", "75.50"));
    assert!(said.contains("4 lines, 1 new, 3 known"), "{said}");
    assert!(ledger.ok(&take("within.csv", "100.00", "97.00")).contains("known already"));
    // As another file with the same rows.
    ledger.write("second-again.csv", format!("{}\n", ledger.read("second.csv")));
    assert!(ledger.ok(&take("second-again.csv", "100.00", "75.50")).contains("known already"));
    let said = ledger.ok(&take("third.csv", "97.00", "70.50"));
    assert!(said.contains("3 lines, 1 new, 2 known"), "{said}");
    let amounts: Vec<String> =
        ledger.csv("bank lines").into_iter().map(|line| line["amount"].clone()).collect();
    assert_eq!(amounts, ["100.00", "-1.50", "-1.50", "-20.00", "-1.50", "-5.00"]);
    assert_eq!(ledger.csv("bank account list")[0]["closing"], "70.50");
    assert_eq!(find(ledger.csv("books trial-balance"), "account", "1930")["closing"], "70.50");
    assert!(ledger.csv("exception list --kind statement-gap").is_empty());
    // What does not lead from where the account stands is refused as before; equal lines of a later day are other ones.
    export("wrong.csv", &["07.06.2024;Uttag;-5,00;;", "08.06.2024;Avgift;-1,50;;"]);
    assert!(ledger.fail(1, &take("wrong.csv", "80.00", "73.50")).contains("statement-gap"));
    export("next.csv", &["07.06.2024;Uttag;-5,00;;", "08.06.2024;Avgift;-1,50;;"]);
    let said = ledger.ok(&take("next.csv", "70.50", "64.00"));
    assert!(said.contains("2 lines, 2 new"), "it continues, so its lines are others: {said}");
    ledger.is_sound();
}

#[test]
fn an_account_is_registered_once() {
    let ledger = with_account();
    let add = |code: &str, number: &str| format!("bank account add {code} {number} --currency EUR");
    assert!(ledger.fail(1, &add("payments", "--number 4711-000001")).contains("account-code-used"));
    let again = ledger.fail(1, &add("second", "--iban 'SE35 5000 0000 0549 1000 0003'"));
    assert!(again.contains("this number is that of the account payments already"), "{again}");
    ledger.ok("bank account add second --iban SE3550000000054910000003 --currency SEK");
    assert!(ledger.fail(2, &add("third", "--iban SE3550000000054910000004")).contains("check digits"));
    assert!(ledger.fail(2, "bank account add third --currency EUR").contains("--iban"));
    assert!(ledger.fail(2, "bank statements --account nobody").contains("there is no account nobody"));
    assert_eq!(ledger.csv("bank account list").len(), 2);
}

/// Names, words, numbers of accounts and references stand in no table as they are.
#[test]
fn what_the_bank_says_about_people_is_sealed() {
    let ledger = with_account();
    ledger.ok("import statement june-3.xml");
    if on_postgres() {
        return;
    }
    let files = fs::read_dir(ledger.path("")).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|file| file.to_string_lossy().contains("svala.db"));
    let bytes: Vec<u8> = files.flat_map(|file| fs::read(file).unwrap()).collect();
    assert!(!bytes.is_empty());
    for text in ["Asha Hidden", "a word in confidence", IBAN, "RF18539007547034", "june-3.xml"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

/// The public samples: nine of the statements do not add up, and are refused with the sum that is off.
#[test]
fn the_public_samples_pass_the_gate_or_are_told_what_is_off() {
    let Some(folder) = samples("camt") else { return };
    let ledger = Ledger::new();
    ledger.ok("bank account add first --number NL26VAYB8060476890 --currency EUR");
    ledger.ok("bank account add third --number NL26VAYB8060476890 --currency SEK");
    ledger.ok("bank account add second --number CH2801234000123456789 --currency SEK");
    let import = |name: &str| format!("import statement '{}'", folder.join(format!("{name}.xml")).display());
    let off = ledger.fail(1, &import("camt053.v2.five.decimals"));
    assert!(
        off.contains(
            "opening 18.15 and booked entries 8.85 come to 27.00 EUR, not to the closing 27.05: 0.05 off"
        ),
        "{off}"
    );
    for name in ["camt053.v2.minimal", "camt053.v4", "camt053.v8"] {
        let said = ledger.fail(1, &import(name));
        assert!(said.contains("statement-currency"), "{name}: {said}");
    }
    assert!(ledger.fail(2, &import("camt053.v2.wrong")).contains("rule statement.none"));
    assert!(ledger.fail(2, &import("camt054.v8")).contains("rule statement.batch"));
    let said = ledger.ok(&import("camt053.v2.multi.statement"));
    assert!(
        said.contains("18.15 to 27.00, 1 line, 1 new") && said.contains("27.00 to 20.00, 1 line, 1 new"),
        "{said}"
    );
    assert!(
        ledger
            .ok(&import("camt054.v2"))
            .contains("notification 12312 of second until 2007-10-18: 1 line, 1 new")
    );
    ledger.is_sound();
}

/// A payment in euro from an account in crowns: the reference decides, what the bank says it came to in euro is held against
/// it, and the rest is an exchange difference. Without a reference it is suggested.
#[test]
fn a_payment_that_the_bank_exchanged_is_matched_and_booked() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add crowns --iban {IBAN} --currency SEK"));
    ledger.ok("partner register caritas --name 'Caritas Armenia'");
    for (amount, reference) in [("500.00", "P-500"), ("70.00", "P-70")] {
        ledger.ok(&format!("partner paid caritas --amount {amount} --on 2024-06-03 --reference {reference}"));
    }
    let rate = "<CcyXchg><SrcCcy>SEK</SrcCcy><TrgtCcy>EUR</TrgtCcy><UnitCcy>EUR</UnitCcy><XchgRate>11.4246</XchgRate></CcyXchg>";
    let entry = |amount: &str, name: &str, reference: &str, eur: &str| {
        format!(
            "<Ntry><Amt Ccy=\"SEK\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2024-06-03</Dt></BookgDt>\
             <AcctSvcrRef>{name}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>\
             <AmtDtls><InstdAmt><Amt Ccy=\"EUR\">{eur}</Amt>{rate}</InstdAmt></AmtDtls></TxDtls></NtryDtls></Ntry>"
        )
    };
    let entries = [entry("5713.67", "B1", "P-500", "500.12"), entry("799.72", "B2", "NOTPROVIDED", "70.00")];
    let empty = statement(17, "2024-06-03", "10000.00", "3486.61", &[]).replace("EUR", "SEK");
    ledger.write("june.xml", message(&[empty.replace("</Stmt>", &format!("{}</Stmt>", entries.concat()))]));
    ledger.ok("import statement june.xml");
    let line = ledger.csv("bank lines").remove(0);
    assert_eq!(
        (format!("{} {}", line["ordered"], line["ordered_currency"]), &*line["rate"], &*line["in_eur"]),
        ("-500.12 EUR".to_owned(), "1 EUR = 11.4246", "-500.12")
    );
    let matched = ledger.csv("bank match");
    assert_eq!(matched.len(), 1);
    assert_eq!(
        (&*matched[0]["rule"], &*matched[0]["residual"], &*matched[0]["residual_account"]),
        ("reference-in-another-currency", "-0.12", "exchange")
    );
    assert!(matched[0]["why"].contains("-5713.67 SEK are -500.12 EUR, says the bank"), "{matched:?}");
    let trial = |account: &str| {
        let rows = ledger.csv("books trial-balance");
        rows.into_iter().find(|row| row["account"] == account).map(|row| row["closing"].clone())
    };
    assert_eq!(trial("6640").as_deref(), Some("0.12"));
    assert_eq!(trial("1930").as_deref(), Some("-500.12"));
    let check = ledger.run("period check 2024-06 --format csv").out;
    assert!(check.contains("the last statement ends on") && !check.contains("the bank says"), "{check}");
    let proposals = ledger.csv("bank proposals");
    assert_eq!(
        (&*proposals[0]["certainty"], &*proposals[0]["items"]),
        ("suggestion", "payment 6 to caritas")
    );
    // A person knows; then undone it is as if it had never been.
    let number = ledger.csv("bank lines")[1]["line"].clone();
    ledger.ok(&format!("bank match {number} P-70"));
    assert_eq!(trial("1935").as_deref(), Some("0.00"));
    ledger.ok("bank unmatch 1 --reason 'another payment'");
    ledger.ok("bank unmatch 2 --reason 'another payment'");
    assert_eq!(trial("1930").as_deref(), Some("0.00"));
    ledger.is_sound();
}

/// An account ends once everything of it is known and explained; later statements and files are refused in words.
#[test]
fn an_account_is_closed_and_takes_nothing_more() {
    let ledger = with_account();
    ledger.ok("import statement june-3.xml");
    let close = "bank account close payments --on 2024-06-30 --reason 'another bank'";
    let refused = ledger.fail(1, close);
    assert!(
        refused.contains("balance-left: its last statement closes with 747.00 EUR")
            && refused.contains("lines-open: 3 of its lines"),
        "{refused}"
    );
    assert!(ledger.fail(2, &close.replace("payments", "cash")).contains("there is no account cash"));
    let last = [Line("-747.00", "B9", "RF18539007547034")];
    ledger.write("june-4.xml", message(&[statement(18, "2024-06-04", "747.00", "0.00", &last)]));
    ledger.ok("import statement june-4.xml");
    for line in ledger.csv("bank lines") {
        let number = &line["line"];
        let name = ledger.csv("exception list").into_iter().find(|row| row["exception"].ends_with(&**number));
        let resolve =
            format!("exception resolve {} --write-off funding --reason x", name.unwrap()["exception"]);
        ledger.ok(&format!("--actor anna {resolve}"));
        if !ledger.csv("bank lines --open").iter().all(|open| open["line"] != *number) {
            ledger.ok(&format!("--actor berit {resolve}"));
        }
    }
    ledger.ok(&format!("--actor anna {close}"));
    let account = ledger.csv("bank account list").remove(0);
    assert_eq!((&*account["closed_on"], &*account["closed_by"]), ("2024-06-30", "anna"));
    // No statement tells of days on which it is closed, and none has to.
    let until = |period: &str| ledger.run(&format!("period check {period} --format csv")).out;
    assert!(until("2024-06").contains("the last statement ends"), "{}", until("2024-06"));
    assert!(!until("2024-07").contains("the last statement ends"), "{}", until("2024-07"));
    assert!(
        ledger
            .ok("bank history payments")
            .contains("the account payments was closed on 2024-06-30 by anna: another bank")
    );
    assert!(ledger.fail(1, close).contains("already-closed"));
    let lines = [Line("5.00", "B10", "x")];
    ledger.write("july.xml", message(&[statement(19, "2024-07-01", "0.00", "5.00", &lines)]));
    let refused = ledger.fail(1, "import statement july.xml");
    assert!(
        refused.contains("account-closed: july.xml, statement 1: the account payments was closed"),
        "{refused}"
    );
    let file = "payment file --out p.xml --debtor-name Norrkassan --execute-on 2099-07-15 --debtor-iban";
    let refused = ledger.fail(1, &format!("{file} {IBAN}"));
    assert!(refused.contains("account-closed: the account payments (…0003) was closed"), "{refused}");
    ledger.is_sound();
}

/// Every account that is not registered is named at once; what is known is taken on purpose, and the rest later.
#[test]
fn a_file_of_several_accounts_is_taken_for_those_that_are_known() {
    let ledger = with_account();
    let own = statement(17, "2024-06-03", "0.00", "5.00", &[Line("5.00", "B1", "x")]);
    let others = ["AT611904300234573201", "DE89370400440532013000"].map(|number| own.replace(IBAN, number));
    ledger.write(
        "all.xml",
        message(&[own, others[0].clone(), others[1].clone(), others[1].replace("S17", "S18")]),
    );
    let root = ledger.root();
    let refused = ledger.fail(1, "import statement all.xml");
    for part in
        ["statement 2: the account …3201", "statement 3: the account …3000", "--only-known takes the others"]
    {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert_eq!(refused.matches("is not registered").count(), 2, "each once: {refused}");
    assert!(
        ledger
            .fail(1, "import statement all.xml --account GB82WEST12345698765432")
            .contains("nothing-to-take")
    );
    assert_eq!(ledger.root(), root);
    let said = ledger.ok("import statement all.xml --only-known");
    assert!(
        said.contains("all.xml: 1 statement") && said.contains("left out: the account …3201 in EUR"),
        "{said}"
    );
    assert_eq!(ledger.json("import statement all.xml --only-known")["left_out"][1], "…3201 in EUR");
    ledger.ok("bank account add vienna --iban AT611904300234573201 --currency EUR");
    let said = ledger.ok("import statement all.xml --account 'AT61 1904 3002 3457 3201'");
    assert!(said.contains("statement 17 of vienna"), "{said}");
    assert_eq!(ledger.csv("bank lines").len(), 2);
    ledger.is_sound();
}

/// Pages of one statement come as several messages: each leads from balance to balance, and none is missing.
#[test]
fn the_pages_of_a_statement_continue_each_other() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    let page = |number: u64, last: bool, opening: &str, closing: &str, lines: &[Line<'_>]| {
        let paged = format!(
            "<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn><ElctrncSeqNb>"
        );
        let mut text = statement(17, "2024-06-03", opening, closing, lines).replace("<ElctrncSeqNb>", &paged);
        if number > 1 {
            text = text.replace("OPBD", "ITBD");
        }
        message(&[if last { text } else { text.replace("CLBD", "ITBD") }])
    };
    ledger.write("1.xml", page(1, false, "100.00", "95.00", &[Line("-5.00", "B1", "x")]));
    ledger.write("2.xml", page(2, false, "95.00", "90.00", &[Line("-5.00", "B2", "x")]));
    ledger.write("3.xml", page(3, true, "90.00", "80.00", &[Line("-10.00", "B3", "x")]));
    ledger.ok("import statement 1.xml");
    assert!(
        ledger
            .fail(1, "import statement 3.xml")
            .contains("it opens with 90.00, and the one before it closes with 95.00")
    );
    ledger.ok("import statement 2.xml");
    ledger.ok("import statement 3.xml");
    let check = ledger.run("period check 2024-06 --format csv").out;
    assert!(check.contains("the last statement ends on") && !check.contains("the bank says"), "{check}");
    ledger.write("2-again.xml", ledger.read("2.xml").replace("<GrpHdr>", "<GrpHdr> "));
    assert!(ledger.ok("import statement 2-again.xml").contains("known already"));
    let next = statement(18, "2024-06-04", "80.00", "80.00", &[]);
    ledger.write("next.xml", message(&[next]));
    ledger.ok("import statement next.xml");
    let account = ledger.csv("bank account list").remove(0);
    assert_eq!((&*account["closing"], ledger.csv("bank lines").len()), ("80.00", 3));
    ledger.is_sound();
}

/// A statement without a number that comes late is late for the books as it is for the account.
#[test]
fn a_late_statement_without_a_number_leaves_the_books_where_the_bank_is() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    for (month, opening, closing, moved) in
        [(6, "100.00", "80.00", "-20.00"), (8, "60.00", "50.00", "-10.00"), (7, "80.00", "60.00", "-20.00")]
    {
        let (day, name) = (format!("2024-0{month}-20"), format!("B{month}"));
        let numbered = statement(month, &day, opening, closing, &[Line(moved, &name, "x")]);
        let days = format!("<FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>");
        let number = format!("<ElctrncSeqNb>{month}</ElctrncSeqNb>");
        ledger.write("statement.xml", message(&[numbered.replace(&number, &days)]));
        ledger.ok("import statement statement.xml --accept-gap 'by post'");
    }
    let row = find(ledger.csv("books trial-balance"), "account", "1930");
    assert_eq!(row["closing"], "50.00");
    ledger.is_sound();
}
