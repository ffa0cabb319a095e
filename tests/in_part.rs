//! A payment that the bank made only in part: what it made is settled, and the rest is paid.

use crate::bank::{IBAN, Line, message, statement};
use crate::support::{Ledger, find};

const FROM: &str = "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS --execute-on 2099-07-15";

/// A ledger in which a payment of 500.00 stands in a file for the bank.
fn filed() -> Ledger {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("--actor anna partner payment-details propose irara --iban 'GB82 WEST 1234 5698 7654 32' --holder Irara");
    ledger.approve_account("berit", "irara");
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\n");
    ledger.ok("import spend some.csv --accept");
    ledger
}

/// Proposes, approves and files what is due; answers with the payment's number, reference and total.
fn pay(ledger: &Ledger, file: &str) -> [String; 3] {
    let proposed = ledger.json("--actor anna payment propose --partner irara");
    let [number, reference, total] = ["payment", "reference", "total"].map(|name| match &proposed[name] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out {file} {FROM}"));
    [number, reference, total]
}

#[test]
fn what_the_bank_made_of_a_payment_is_settled_and_the_rest_is_paid() {
    let ledger = filed();
    let [number, reference, total] = pay(&ledger, "first.xml");
    assert_eq!(total, "500.00");
    let lines = [Line("-180.00", "B1", &reference), Line("-120.00", "B2", &reference)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-16", "1000.00", "700.00", &lines)]));
    ledger.ok("import statement july.xml");
    assert!(ledger.run("bank match").err.contains("0 lines matched"));
    let item = ledger.csv("exception list --kind amount").remove(0);
    assert!(item["next_step"].contains("svala payment recall"), "{item:?}");
    let line = ledger.csv("bank lines --open").remove(0)["line"].clone();
    assert!(ledger.fail(1, &format!("bank match {line} {number}")).contains("does-not-add-up"));

    let recall = |who: &str| format!("--actor {who} payment recall {number} --reason 'the bank had no more'");
    assert!(ledger.ok(&recall("anna")).contains("another person agrees"));
    assert_eq!(ledger.csv("payment due --partner irara")[0]["to_pay"], "0.00", "one person is not enough");
    let said = ledger.ok(&recall("berit"));
    assert!(said.contains("300.00 EUR that the bank made of it are recorded as paid"), "{said}");
    let due = ledger.csv("payment due --partner irara").remove(0);
    assert_eq!((&*due["due"], &*due["paid_outside"], &*due["to_pay"]), ("500.00", "300.00", "200.00"));
    // Nobody records it a second time.
    let again = format!("partner paid irara --amount 180.00 --on 2099-07-16 --reference {reference}");
    assert!(ledger.fail(1, &again).contains("already-recorded"));
    ledger.ok("bank match");
    assert!(ledger.csv("bank lines --open").is_empty(), "both lines are what was recorded");

    let [_, rest, total] = pay(&ledger, "second.xml");
    assert_eq!(total, "200.00");
    let lines = [Line("-200.00", "B3", &rest)];
    ledger.write("later.xml", message(&[statement(2, "2099-07-17", "700.00", "500.00", &lines)]));
    ledger.ok("import statement later.xml");
    ledger.ok("bank match");
    assert!(ledger.csv("bank lines --open").is_empty());
    assert_eq!(ledger.csv("payment due --partner irara")[0]["due"], "0.00");
    let trial = ledger.csv("books trial-balance");
    for account in ["1935", "1939", "2560"] {
        let found = trial.iter().find(|row| row["account"] == account);
        assert_eq!(found.map_or("0.00", |row| &*row["closing"]), "0.00", "{account}");
    }
    assert_eq!(find(trial, "account", "1930")["closing"], "500.00");
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

/// Less a charge it is the whole payment; and what went to another account, or came whole, is no part.
#[test]
fn what_is_only_off_by_a_charge_is_not_taken_back() {
    let ledger = filed();
    let [number, reference, _] = pay(&ledger, "first.xml");
    let lines = [Line("-480.00", "B1", &reference)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-16", "1000.00", "520.00", &lines)]));
    ledger.ok("import statement july.xml");
    let refused = ledger.fail(1, &format!("--actor anna payment recall {number} --reason x"));
    assert!(refused.contains("made-by-the-bank: line"), "{refused}");
    let line = ledger.csv("bank lines --open").remove(0)["line"].clone();
    ledger.ok(&format!("bank match {line} {number}"));
    ledger.is_sound();
}

/// What came back of a payment in part is no match of it: it is recorded as paid back, as the list says, and is due again.
#[test]
fn what_came_back_in_part_is_recorded_and_due_again() {
    let ledger = filed();
    let [number, reference, _] = pay(&ledger, "first.xml");
    let lines = [
        Line("-250.00", "B1", &reference),
        Line("-250.00", "B2", &reference),
        Line("250.00", "B3", &reference),
    ];
    ledger.write("july.xml", message(&[statement(1, "2099-07-16", "1000.00", "750.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let line = ledger.csv("bank lines --open").remove(0)["line"].clone();
    assert!(ledger.fail(1, &format!("bank match {line} {number}")).contains("does-not-add-up"));
    let item = ledger.csv("exception list --kind returned").remove(0);
    assert!(item["why"].ends_with("and is less than its 500.00 EUR"), "{item:?}");
    assert!(item["next_step"].contains("svala partner repaid"), "{item:?}");

    ledger.ok(&format!("partner repaid irara --amount 250.00 --on 2099-07-16 --reference {reference}"));
    ledger.ok("bank match");
    assert!(ledger.csv("bank lines --open").is_empty());
    assert!(ledger.csv("exception list").is_empty());
    assert_eq!(ledger.csv("payment due --partner irara")[0]["to_pay"], "250.00");
    ledger.is_sound();
}
