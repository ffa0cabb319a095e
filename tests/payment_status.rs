//! What the bank says of a file of payments: accepted is noted, rejected is due again.

use crate::bank::{IBAN, Line, message, statement};
use crate::support::{Ledger, find};

const FROM: &str = "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS --execute-on 2099-07-15";

/// A ledger with a file of two payments: its message, the first payment's number and both references.
fn filed() -> (Ledger, String, String, [String; 2]) {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("--actor anna partner payment-details propose irara --iban 'GB82 WEST 1234 5698 7654 32' --holder Irara");
    ledger.approve_account("berit", "irara");
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\nirara,FX-2041,education,2024-03-01,70.00,EUR,Lempa,R-2,,\n");
    ledger.ok("import spend some.csv --accept");
    let payments = ["2024-02", "2024-03"].map(|month| {
        let proposed = ledger.json(&format!("--actor anna payment propose --partner irara --period {month}"));
        ledger.ok(&format!("--actor berit payment approve {}", proposed["payment"]));
        (proposed["payment"].to_string(), proposed["reference"].as_str().unwrap().to_owned())
    });
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    let message = ledger.csv("payment files").remove(0)["message"].replace('-', "");
    let [(number, first), (_, second)] = payments;
    (ledger, message, number, [first, second])
}

fn report(order: &str, group: &str, payments: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03\"><CstmrPmtStsRpt><GrpHdr><MsgId>S</MsgId><CreDtTm>2099-07-15T07:10:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{order}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>{payments}</CstmrPmtStsRpt></Document>"
    )
}

fn of_payment(order: &str, reference: &str, status: &str) -> String {
    format!(
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>{order}-1</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>PERSON 1</AddtlInf></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>"
    )
}

#[test]
fn what_was_rejected_is_due_again_with_its_reason() {
    let (ledger, order, number, [first, second]) = filed();
    let accepted = report(&order, "<GrpSts>ACTC</GrpSts>", "");
    ledger.write("accepted.xml", accepted);
    let rows = ledger.csv("payment status accepted.xml");
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["status"] == "ACTC" && row["state"] == "instructed"), "{rows:?}");
    assert!(
        ledger.ok(&format!("payment show {number}")).contains("the bank says: ACTC: accepted, well formed")
    );
    assert_eq!(ledger.csv("payment due --partner irara")[0]["to_pay"], "0.00", "accepted changes nothing");

    ledger
        .write("rejected.xml", report(&order, "<GrpSts>PART</GrpSts>", &of_payment(&order, &first, "RJCT")));
    let root = ledger.root();
    let dry = ledger.run("payment status rejected.xml --dry-run");
    assert!(dry.out.contains("the account is closed") && dry.err.contains("nothing was written"), "{dry}");
    assert_eq!(ledger.root(), root);
    assert!(ledger.fail(1, "--actor asha@irara payment status rejected.xml").contains("acts-for-partner"));
    assert_eq!(ledger.root(), root);

    let said = ledger.run("--actor clara payment status rejected.xml");
    assert!(said.err.contains("1 payment taken back and due again"), "{said}");
    let due = ledger.csv("payment due --partner irara").remove(0);
    assert_eq!((&*due["due"], &*due["to_pay"]), ("500.00", "500.00"));
    let state = |reference: &str| find(ledger.csv("payment list"), "reference", reference)["state"].clone();
    assert_eq!((&*state(&first), &*state(&second)), ("recalled", "instructed"));
    let history = ledger.ok("partner history irara");
    assert!(history.contains("rejected by the bank: AC04 (the account is closed)"), "{history}");
    assert!(ledger.ok("payment history").contains("the bank says of file 1, as clara took in: RJCT of 1"));
    // The same report changes nothing, also as another message around it is read again.
    let root = ledger.root();
    assert!(ledger.run("payment status rejected.xml").err.contains("taken in before"));
    assert_eq!(ledger.root(), root);
    assert!(ledger.ok("duties").contains("nobody"), "the bank is the first of the two");
    let bodies = ledger.ask("SELECT body FROM events", |row| row.get::<String>(0)).join("\n");
    assert!(!bodies.contains("PERSON 1") && !bodies.contains("the account is closed"));

    // It is paid anew by two people, and the bank makes it.
    let again = ledger.json("--actor anna payment propose --partner irara");
    ledger.ok(&format!("--actor berit payment approve {}", again["payment"]));
    ledger.ok(&format!("--actor anna payment file --out again.xml {FROM}"));
    let third = again["reference"].as_str().unwrap();
    let lines = [Line("-70.00", "B1", &second), Line("-500.00", "B2", third)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-16", "1000.00", "430.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    assert!(ledger.csv("bank lines --open").is_empty());
    // What the bank has made it cannot reject.
    ledger.write("late.xml", report(&order, "", &of_payment(&order, &second, "RJCT")));
    let root = ledger.root();
    assert!(ledger.fail(1, "payment status late.xml").contains("made-by-the-bank"));
    assert_eq!(ledger.root(), root, "nothing of it is kept");
    ledger.is_sound();
}

/// Of what is told now only what this report took back counts; where the bank goes on with what it or somebody had taken back,
/// whoever takes the report in is warned, once.
#[test]
fn the_bank_goes_on_with_what_was_taken_back() {
    let (ledger, order, number, [first, second]) = filed();
    ledger.write("no.xml", report(&order, "", &of_payment(&order, &first, "RJCT")));
    assert!(ledger.run("payment status no.xml").err.contains("1 payment taken back and due again"));
    ledger.write("yes.xml", report(&order, "<GrpSts>ACSC</GrpSts>", ""));
    for options in [" --dry-run", ""] {
        let said = ledger.run(&format!("payment status yes.xml{options}"));
        assert_eq!(said.code, Some(1), "{said}");
        let warned = format!(
            "warning: payment {number} ({first}) of 500.00 EUR to irara was taken back, and the bank says ACSC"
        );
        assert!(said.err.contains(&warned) && !said.err.contains(&second), "{said}");
        assert_eq!(said.err.contains("0 payments taken back and due again"), options.is_empty(), "{said}");
    }
    let said = ledger.run("payment status yes.xml");
    assert!(said.code == Some(0) && said.err.contains("taken in before"), "{said}");
    // What pays it anew is named.
    let again = ledger.json("--actor anna payment propose --partner irara")["reference"].clone();
    ledger.write("later.xml", report(&order, "", &of_payment(&order, &first, "ACSP")));
    let said = ledger.run("payment status later.xml");
    let warned = format!("and payment {} pays the same", again.as_str().unwrap());
    assert!(said.code == Some(1) && said.err.contains(&warned), "{said}");
    ledger.is_sound();
}

/// A whole file, or an instruction of it.
#[test]
fn what_is_said_of_a_whole_is_said_of_its_payments() {
    let (ledger, order, _, [first, second]) = filed();
    let whole = format!(
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>{order}-1</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf><TxInfAndSts><OrgnlEndToEndId>{second}</OrgnlEndToEndId><TxSts>ACSP</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
    );
    ledger.write("part.xml", report(&order, "<GrpSts>RCVD</GrpSts>", &whole));
    ledger.ok("payment status part.xml");
    let state = |reference: &str| find(ledger.csv("payment list"), "reference", reference)["state"].clone();
    assert_eq!((&*state(&first), &*state(&second)), ("recalled", "instructed"));
    ledger.write("all.xml", report(&order, "<GrpSts>RJCT</GrpSts>", ""));
    ledger.ok("payment status all.xml");
    assert_eq!((&*state(&first), &*state(&second)), ("recalled", "recalled"));
    assert_eq!(ledger.csv("payment due --partner irara")[0]["to_pay"], "570.00");
    ledger.is_sound();
}

#[test]
fn a_report_about_something_else_is_refused_by_name() {
    let (ledger, order, _, [first, _]) = filed();
    let root = ledger.root();
    let both = of_payment(&order, &first, "RJCT") + &of_payment(&order, "RF00STRANGE", "RJCT");
    for (report, said) in [
        (report("f00d", "<GrpSts>RJCT</GrpSts>", ""), "unknown-order: report.xml is about the order f00d"),
        (
            report(&order, "", &both),
            "unknown-reference: report.xml: the payment RF00STRANGE does not stand in file 1",
        ),
        (
            report(&order, "", &of_payment("other", &first, "RJCT")),
            "unknown-reference: report.xml: the payment instruction other-1",
        ),
        (report(&order, "<GrpSts>PART</GrpSts>", ""), "nothing-said"),
        (
            report(&order, "", &(of_payment(&order, &first, "RJCT") + &of_payment(&order, &first, "ACSC"))),
            "named-twice",
        ),
    ] {
        ledger.write("report.xml", report);
        let refused = ledger.fail(1, "payment status report.xml");
        assert!(refused.contains(said), "{said}: {refused}");
    }
    let refused = ledger.fail(2, "payment status pay.xml");
    assert!(refused.contains("This is no payment status report"), "{refused}");
    assert_eq!(ledger.root(), root);
}
