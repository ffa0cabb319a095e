//! An advance from its proposal to the day on which nothing of it is left.

use crate::bank::{IBAN, Line, message, statement};
use crate::support::{Ledger, find};

const FROM: &str = "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS --execute-on 2099-07-15";

fn closing(ledger: &Ledger, account: &str) -> String {
    let balances = ledger.csv("books trial-balance");
    balances
        .iter()
        .find(|line| line["account"] == account)
        .map_or("0.00".into(), |line| line["closing"].clone())
}

/// A ledger in which an advance of 500.00 stands in a file for the bank, with its reference.
fn advanced() -> (Ledger, String) {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("--actor anna partner payment-details propose irara --iban 'GB82 WEST 1234 5698 7654 32' --holder Irara");
    ledger.approve_account("berit", "irara");
    let advance = ledger.json("--actor anna payment advance irara 500.00 --reason 'rent until the report'");
    let (number, reference) =
        (advance["payment"].to_string(), advance["reference"].as_str().unwrap().to_owned());
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out a.xml {FROM}"));
    (ledger, reference)
}

/// Whoever gives the command again because its answer got lost proposes nothing a second time.
#[test]
fn an_advance_in_the_same_words_is_the_one_that_was_proposed() {
    let (ledger, _) = advanced();
    let ask = "--actor anna payment advance irara 500.00 --reason 'rent until the report'";
    // The first one is in a file for the bank: this is the next month's.
    let first = ledger.run(ask);
    let again = ledger.run(ask);
    let number = ledger.csv("payment list --state proposed")[0]["payment"].clone();
    assert!(first.err.contains(&format!("payment {number} is proposed")), "{}", first.err);
    assert!(again.err.contains(&format!("payment {number} was proposed before")), "{}", again.err);
    assert_eq!((first.code, again.code), (Some(0), Some(0)));
    ledger.ok(&format!("--actor berit payment approve {number}"));
    assert_eq!(ledger.json(ask)["payment"].to_string(), number);
    for other in [ask.replace("500.00", "500.01"), ask.replace("report", "summer")] {
        assert_ne!(ledger.json(&other)["payment"].to_string(), number);
    }
    assert_eq!(ledger.csv("payment list").len(), 4);
    ledger.is_sound();
}

/// Proposed, approved, filed, on the statement; settled against a claim; the rest comes back by bank.
#[test]
fn an_advance_is_paid_settled_and_the_rest_comes_back() {
    let (ledger, reference) = advanced();
    assert_eq!(closing(&ledger, "1680"), "500.00");
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,120.00,EUR,Lempa,R-1,,\n");
    ledger.ok("import spend some.csv --accept");
    let settling = ledger.json("--actor anna payment propose --partner irara");
    assert_eq!((&settling["advance_settled"], &settling["total"]), (&"120.00".into(), &"0.00".into()));
    assert!(
        ledger.ok(&format!("--actor berit payment approve {}", settling["payment"])).contains("is settled")
    );
    assert_eq!(ledger.csv("payment due --partner irara")[0]["open_advance"], "380.00");

    let rest = "partner repaid irara --advance --on 2099-07-20 --reference REST-1";
    assert!(ledger.fail(1, &format!("{rest} --amount 380.01")).contains("more-than-open"));
    ledger.fail(2, &format!("{rest} --amount 0.00"));
    assert!(ledger.ok(&format!("{rest} --amount 380.00")).contains("came back from irara"));
    assert!(ledger.ok("partner history irara").contains("paid back 380.00 EUR on 2099-07-20"));
    let lines = [Line("-500.00", "B1", &reference), Line("380.00", "B2", "REST-1")];
    ledger.write("july.xml", message(&[statement(1, "2099-07-21", "1000.00", "880.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    assert!(ledger.csv("bank lines --open").is_empty());
    let due = ledger.csv("payment due --partner irara").remove(0);
    assert_eq!((&*due["open_advance"], &*due["due"]), ("0.00", "0.00"));
    for account in ["1680", "1935", "1939", "2560"] {
        assert_eq!(closing(&ledger, account), "0.00", "{account}");
    }
    let totals = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["totals"];
    assert_eq!((&totals["advances"], &totals["owed"]), (&"120.00".into(), &"0.00".into()));
    // Recorded by mistake, it is taken back like any other.
    let paid =
        find(ledger.csv("bank match list"), "match", "2")["items"].split(' ').nth(1).unwrap().to_owned();
    // What the bank has shown is not taken back by one person.
    let made = ledger.fail(1, &format!("partner reverse-paid {paid} --reason 'another partner'"));
    assert!(made.contains("made-by-the-bank") && made.contains("svala bank unmatch 2"), "{made}");
    ledger.ok("bank unmatch 2 --reason x");
    ledger.ok(&format!("partner reverse-paid {paid} --reason 'another partner'"));
    assert_eq!(ledger.csv("payment due --partner irara")[0]["open_advance"], "380.00");
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

/// What an advance had paid is owed again when the advance comes back, claim by claim.
#[test]
fn what_an_advance_had_settled_is_owed_when_it_comes_back() {
    let (ledger, _) = advanced();
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,120.00,EUR,Lempa,R-1,,\n");
    ledger.ok("import spend some.csv --accept");
    let settling = ledger.json("--actor anna payment propose --partner irara");
    ledger.ok(&format!("--actor berit payment approve {}", settling["payment"]));
    let statement = "partner statement irara --period 2020-01-01..2099-12-31";
    assert_eq!(ledger.json(statement)["totals"]["owed"], "-380.00");
    let advance = find(ledger.csv("payment list"), "total", "500.00")["payment"].clone();
    for actor in ["anna", "berit"] {
        ledger.ok(&format!("--actor {actor} payment recall {advance} --reason 'never made'"));
    }
    let stated = ledger.json(statement);
    assert_eq!(stated["totals"]["owed"], "120.00");
    let mut rows = ledger.csv(statement);
    rows.retain(|row| row["movement"] == "owed");
    assert!(matches!(&rows[..], [row] if row["eur"] == "120.00" && row["receipt_no"] == "R-1"), "{rows:?}");
    ledger.is_sound();
}

/// An advance that came back is looked at until another one stands in its place.
#[test]
fn an_advance_that_came_back_is_an_exception_until_another_is_proposed() {
    let (ledger, reference) = advanced();
    let lines = [Line("-500.00", "B1", &reference), Line("500.00", "B2", &reference)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-20", "1000.00", "1000.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let returned = || ledger.csv("exception list --kind returned").len();
    assert_eq!(returned(), 1);
    let again = ledger.json("--actor anna payment advance irara 500.00 --reason 'the same again'");
    assert_eq!(returned(), 0);
    ledger.ok(&format!("--actor anna payment cancel {} --reason 'not needed any more'", again["payment"]));
    assert_eq!(returned(), 1);
    ledger.is_sound();
}

/// A partner pays back under the reference of what it was paid, or under the same words each time.
#[test]
fn what_is_paid_back_may_carry_any_reference_of_the_partner() {
    let (ledger, reference) = advanced();
    let repaid = |amount: &str, day: u8, reference: &str| {
        format!("partner repaid irara --advance --amount {amount} --on 2099-07-{day} --reference {reference}")
    };
    ledger.ok(&repaid("120.00", 20, &reference));
    ledger.ok(&repaid("80.00", 21, "IRARA"));
    ledger.ok(&repaid("80.00", 22, "IRARA"));
    ledger.ok(&repaid("20.00", 22, "IRARA"));
    // Given twice it is recorded once, whatever happened in between.
    assert!(ledger.fail(1, &repaid("120.00", 20, &reference)).contains("already-recorded"));
    assert!(ledger.fail(1, &repaid("80.00", 21, "IRARA")).contains("already-recorded"));
    assert!(ledger.fail(1, &repaid("200.01", 23, &reference)).contains("more-than-open"));
    // What this ledger paid is no payment outside of it, as before.
    let paid = format!("partner paid irara --amount 120.00 --on 2099-07-20 --reference {reference}");
    assert!(ledger.fail(1, &paid).contains("is a payment of this ledger"));

    let lines =
        [Line("-500.00", "B1", &reference), Line("120.00", "B2", &reference), Line("20.00", "B3", "IRARA")];
    ledger.write("july.xml", message(&[statement(1, "2099-07-22", "1000.00", "640.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    assert!(ledger.csv("bank lines --open").is_empty(), "each by its reference and amount");
    let due = ledger.csv("payment due --partner irara").remove(0);
    assert_eq!(due["open_advance"], "200.00");
    // Taken back, it can be recorded again.
    let history = ledger.csv("partner history irara");
    let record =
        history.iter().find(|row| row["what"].contains("paid back 80.00 EUR on 2099-07-21")).unwrap();
    ledger.ok(&format!("partner reverse-paid {} --reason 'another day'", record["position"]));
    ledger.ok(&repaid("80.00", 21, "IRARA"));
    ledger.is_sound();
}
