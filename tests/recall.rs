//! Payments that stand in a file and must not go: taken back by two people before the bank makes them.

use std::process::Child;

use crate::bank::{IBAN, Line, message, statement};
use crate::support::{Ledger, Run, find};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
const FROM: &str = "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS --execute-on 2099-07-15";

/// A ledger with two payments to two partners in one file; with their numbers and references.
fn ledger() -> (Ledger, [(String, String); 2]) {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    let rows = "irara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\ncaritas,FX-2042,education,2024-04-01,70.00,EUR,Lempa,R-2,,";
    ledger.write("some.csv", format!("{SPEND}\n{rows}\n"));
    ledger.ok("import spend some.csv --accept");
    let payments = ["irara", "caritas"].map(|partner| {
        ledger.ok(&format!("--actor anna partner payment-details propose {partner} --iban 'GB82 WEST 1234 5698 7654 32' --holder {partner}"));
        ledger.approve_account("berit", partner);
        propose(&ledger, partner)
    });
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    (ledger, payments)
}

/// A payment of what is due that two people agreed on: its number and reference.
fn propose(ledger: &Ledger, partner: &str) -> (String, String) {
    let number =
        ledger.json(&format!("--actor anna payment propose --partner {partner}"))["payment"].to_string();
    ledger.ok(&format!("--actor berit payment approve {number}"));
    let reference = find(ledger.csv("payment list"), "payment", &number)["reference"].clone();
    (number, reference)
}

fn state(ledger: &Ledger, number: &str) -> String {
    find(ledger.csv("payment list"), "payment", number)["state"].clone()
}

fn due(ledger: &Ledger, partner: &str) -> String {
    ledger.csv(&format!("payment due --partner {partner}")).remove(0)["due"].clone()
}

fn owed(ledger: &Ledger) -> String {
    find(ledger.csv("books trial-balance"), "account", "2560")["closing"].clone()
}

#[test]
fn one_payment_of_a_file_is_taken_back_and_due_again() {
    let (ledger, [(first, reference), (second, _)]) = ledger();
    let file = ledger.csv("payment files");
    let recall = format!("payment recall {first} --reason 'the account is closed'");
    ledger.fail(2, "payment recall --reason x");
    assert!(ledger.fail(1, &format!("--actor asha@irara {recall}")).contains("acts-for-partner"));
    assert!(ledger.ok(&format!("--actor anna {recall}")).contains("another person agrees"));
    assert_eq!((due(&ledger, "irara").as_str(), state(&ledger, &first).as_str()), ("0.00", "instructed"));
    assert!(ledger.fail(1, &format!("--actor anna {recall}")).contains("same-person"));
    assert!(ledger.ok(&format!("--actor clara {recall}")).contains("is taken back"));
    assert_eq!((due(&ledger, "irara").as_str(), state(&ledger, &first).as_str()), ("500.00", "recalled"));
    assert_eq!(state(&ledger, &second), "instructed");
    assert!(ledger.fail(1, &format!("--actor anna {recall}")).contains("taken-back"));
    assert_eq!(owed(&ledger), "-500.00", "owed again");
    let totals = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["totals"];
    assert_eq!((&totals["paid_reversed"], &totals["owed"]), (&"500.00".into(), &"500.00".into()));
    let history = ledger.ok("partner history irara");
    for part in [
        format!("anna wants to take payment {first} back"),
        format!("payment {first} taken back from its file by clara: the account is closed"),
    ] {
        assert!(history.contains(&part), "{part}: {history}");
    }
    // The file stays what it was, and whoever writes it again is warned.
    assert_eq!(ledger.csv("payment files"), file);
    let again = ledger.run("payment file --again 1 --out copy.xml");
    assert!(again.err.contains(&format!("payment {reference} in it was taken back since")), "{again}");
    assert_eq!(ledger.read("copy.xml"), ledger.read("pay.xml"));
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

#[test]
fn a_file_that_the_bank_rejected_is_taken_back_as_a_whole() {
    let (ledger, payments) = ledger();
    let recall = "payment recall --file 1 --reason 'rejected by the bank'";
    ledger.ok(&format!("--actor anna {recall}"));
    ledger.ok(&format!("--actor berit {recall}"));
    for (number, _) in &payments {
        assert_eq!(state(&ledger, number), "recalled");
    }
    assert_eq!((due(&ledger, "irara").as_str(), due(&ledger, "caritas").as_str()), ("500.00", "70.00"));
    assert!(ledger.fail(2, &format!("--actor berit {recall}")).contains("no payment of the file is left"));
    assert!(ledger.fail(2, "payment recall --file 2 --reason x").contains("there is no file 2"));
    propose(&ledger, "irara");
    ledger.ok(&format!("--actor anna payment file --out second.xml {FROM}"));
    assert_eq!(ledger.csv("payment files").len(), 2);
    ledger.is_sound();
}

/// The bank made it nevertheless: without a decision, or twice. Recorded as what it is, it counts.
#[test]
fn a_line_for_what_was_taken_back_is_an_exception() {
    let (ledger, [(first, reference), (second, other)]) = ledger();
    for number in [&first, &second] {
        for actor in ["anna", "berit"] {
            ledger.ok(&format!("--actor {actor} payment recall {number} --reason x"));
        }
    }
    let (_, new) = propose(&ledger, "caritas");
    let lines = [Line("-500.00", "B1", &reference), Line("-70.00", "B2", &other)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "1000.00", "430.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    assert!(ledger.csv("bank match list").is_empty());
    let kinds: Vec<String> =
        ledger.csv("exception list").iter().map(|e| format!("{} {}", e["kind"], e["amount"])).collect();
    assert_eq!(kinds, ["paid-twice -70.00", "paid-without-decision -500.00"]);
    let line = ledger.csv("bank lines")[0]["line"].clone();
    let item = find(ledger.csv("exception list"), "exception", &format!("paid-without-decision-{line}"));
    assert!(
        item["next_step"].starts_with("the bank made it all the same: record it with the reference"),
        "{item:?}"
    );
    assert_eq!(item["direction"], "out");
    assert!(ledger.fail(2, &format!("bank match {line} {first}")).contains("there is no payment"));
    ledger.ok(&format!("partner paid irara --amount 500.00 --on 2024-07-15 --reference {reference}"));
    let paid = format!("partner paid caritas --amount 70.00 --on 2024-07-15 --reference {new}");
    assert!(ledger.fail(1, &paid).contains("is a payment of this ledger"));
    ledger.ok("bank match");
    assert_eq!(ledger.csv("bank match list").len(), 1);
    assert_eq!(ledger.csv("exception list").len(), 1);
    ledger.is_sound();
}

/// The bank made what was taken back: until somebody says what its line is, the partner is paid nothing, at whatever step.
#[test]
fn what_the_bank_made_all_the_same_is_not_paid_again() {
    let (ledger, [(first, reference), (second, other)]) = ledger();
    for number in [&first, &second] {
        for actor in ["anna", "berit"] {
            ledger.ok(&format!("--actor {actor} payment recall {number} --reason x"));
        }
    }
    let proposed = ledger.json("--actor anna payment propose --partner caritas")["payment"].to_string();
    let lines = [Line("-500.00", "B1", &reference), Line("-70.00", "B2", &other)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "1000.00", "430.00", &lines)]));
    ledger.ok("import statement july.xml");
    let line = |end: &str| {
        let lines = ledger.csv("bank lines");
        lines.iter().find(|line| line["references"].ends_with(end)).unwrap()["line"].clone()
    };
    let refused = ledger.fail(1, "--actor anna payment propose --partner irara");
    let said = format!("made-by-the-bank: line {} has the reference of payment {reference}", line("B1"));
    assert!(refused.contains(&said) && refused.contains("svala partner paid irara"), "{refused}");
    for refused in [
        ledger.fail(1, "--actor anna payment propose --partner irara --dry-run"),
        ledger.fail(1, "--actor anna payment propose --all"),
        ledger.fail(1, "--actor anna payment advance irara 10.00 --reason x"),
        ledger.fail(1, &format!("--actor berit payment approve {proposed}")),
    ] {
        assert!(refused.contains("made-by-the-bank"), "{refused}");
    }
    // What is matched with what was recorded under its reference is taken off.
    ledger.ok(&format!("partner paid irara --amount 500.00 --on 2099-07-15 --reference {reference}"));
    ledger.ok("bank match");
    assert_eq!(ledger.json("--actor anna payment propose --partner irara")["total"], "0.00");
    // Somebody answers for the other: it went to nobody, and is claimed from the bank. It is open again before the file.
    let name = format!("paid-twice-{}", line("B2"));
    for actor in ["anna", "berit"] {
        ledger.ok(&format!(
            "--actor {actor} exception resolve {name} --accept --reason 'the bank pays it back'"
        ));
    }
    ledger.ok(&format!("--actor berit payment approve {proposed}"));
    ledger.ok(&format!("--actor anna exception reopen {name} --reason 'it does not'"));
    let file = format!("--actor anna payment file --out again.xml {FROM}");
    for refused in [ledger.fail(1, &file), ledger.fail(1, &file.replace(".xml", &format!(".xml {proposed}")))]
    {
        assert!(refused.contains("made-by-the-bank"), "{refused}");
    }
    ledger.write(
        "back.xml",
        message(&[statement(2, "2099-07-16", "430.00", "500.00", &[Line("70.00", "B3", &other)])]),
    );
    ledger.ok("import statement back.xml");
    ledger.ok(&format!("bank match {},{}", line("B2"), line("B3")));
    ledger.ok(&file);
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

/// What the bank has made is not taken back, whoever is first: a match and its opposite meet.
#[test]
fn what_the_bank_has_made_is_not_taken_back() {
    let (ledger, [(first, reference), (second, other)]) = ledger();
    ledger.ok(&format!("--actor anna payment recall {first} {second} --reason x"));
    let lines = [Line("-500.00", "B1", &reference), Line("-70.00", "B2", &other)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "1000.00", "430.00", &lines)]));
    ledger.ok("import statement july.xml");
    let of = |end: &str| {
        let lines = ledger.csv("bank lines");
        lines.iter().find(|line| line["references"].ends_with(end)).unwrap()["line"].clone()
    };
    let refused = ledger.fail(1, &format!("--actor berit payment recall {first} --reason x"));
    assert!(refused.contains(&format!("made-by-the-bank: line {} has its reference", of("B1"))), "{refused}");
    ledger.ok(&format!("bank match {} {first}", of("B1")));
    let refused = ledger.fail(1, &format!("--actor berit payment recall {first} --reason x"));
    assert!(refused.contains("made-by-the-bank") && refused.contains("svala bank unmatch 1"), "{refused}");
    let children: Vec<Child> = vec![
        ledger.start(&format!("--actor clara bank match {} {second}", of("B2"))),
        ledger.start(&format!("--actor berit payment recall {second} --reason x")),
    ];
    let runs: Vec<Run> =
        children.into_iter().map(|child| Run::of("at once", child.wait_with_output().unwrap())).collect();
    assert_eq!(runs.iter().filter(|run| run.code == Some(0)).count(), 1, "{} {}", runs[0], runs[1]);
    let matched = ledger.csv("bank match list").len() == 2;
    assert_eq!(state(&ledger, &second), if matched { "instructed" } else { "recalled" });
    ledger.is_sound();
}

/// What somebody recorded and took back is told by its line, and so are two lines that take each other back.
#[test]
fn a_line_for_what_was_recorded_and_taken_back_says_so() {
    let (ledger, [(first, reference), _]) = ledger();
    for actor in ["anna", "berit"] {
        ledger.ok(&format!("--actor {actor} payment recall {first} --reason x"));
    }
    ledger.ok("partner paid caritas --amount 33.00 --on 2024-07-14 --reference OUT-1");
    let history = ledger.csv("partner history caritas");
    let paid = history.iter().find(|event| event["what"].contains("OUT-1")).unwrap()["position"].clone();
    ledger.ok(&format!("partner reverse-paid {paid} --reason 'another partner'"));
    let told = ledger.ok("partner history caritas");
    assert!(told.contains(&format!("payment {paid} of 33.00 EUR (claims) is taken back, as recorded wrongly or come back: another partner")), "{told}");
    assert!(
        ledger.fail(1, &format!("partner reverse-paid {paid} --reason again")).contains("taken"),
        "{told}"
    );
    assert!(ledger.ok("partner history caritas").contains("refused to reverse-paid"));
    let lines =
        [Line("-33.00", "B1", "OUT-1"), Line("-500.00", "B2", &reference), Line("500.00", "B3", &reference)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "1000.00", "967.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let items = ledger.csv("exception list");
    let of = |amount: &str| {
        let item =
            items.iter().find(|item| item["amount"] == amount && item["about"].starts_with("line ")).unwrap();
        (item["kind"].clone(), item["why"].clone(), item["next_step"].clone())
    };
    let (kind, why, next) = of("-33.00");
    assert_eq!(kind, "paid-without-decision");
    assert_eq!(
        why,
        format!(
            "has the reference of payment {paid} to caritas, which was recorded as paid until somebody took that back"
        )
    );
    assert!(next.contains("record it again with the reference of the line"), "{next}");
    for amount in ["-500.00", "500.00"] {
        let (kind, _, next) = of(amount);
        assert_eq!(
            (&*kind, &*next),
            ("no-match", "match both lines with each other: svala bank match LINE,LINE")
        );
    }
    ledger.is_sound();
}

/// What waits for a second person is listed, and ends as well when nothing comes of it.
#[test]
fn what_one_person_wants_to_take_back_is_listed_and_withdrawn() {
    let (ledger, [(first, reference), (second, _)]) = ledger();
    ledger.ok(&format!("--actor anna payment recall {first} {second} --reason 'the account is closed'"));
    let listed = ledger.csv("payment recall list");
    assert_eq!(listed.len(), 2);
    let row = find(listed, "payment", &first);
    assert_eq!(
        (&*row["reference"], &*row["total"], &*row["file"], &*row["by"], &*row["reason"]),
        (&*reference, "500.00", "1", "anna", "the account is closed")
    );
    ledger.ok(&format!("--actor anna payment recall withdraw {first} --reason 'it is open'"));
    ledger.ok(&format!("--actor berit payment recall withdraw {second} --reason 'no letter'"));
    assert!(ledger.csv("payment recall list").is_empty());
    let history = ledger.ok("partner history irara");
    assert!(
        history.contains("is not taken back from its file, as anna wanted: anna withdraws it: it is open"),
        "{history}"
    );
    assert!(ledger.ok("partner history caritas").contains("berit refuses it: no letter"));
    let refused = ledger.fail(1, &format!("payment recall withdraw {first} --reason x"));
    assert!(refused.contains("nothing-proposed"), "{refused}");
    // Whoever wants it now is the first again.
    ledger.ok(&format!("--actor berit payment recall {first} --reason x"));
    assert_eq!(state(&ledger, &first), "instructed");
    assert!(
        ledger.fail(1, &format!("--actor berit payment recall {first} --reason x")).contains("same-person")
    );
    ledger.ok(&format!("--actor anna payment recall {first} --reason x"));
    assert_eq!(state(&ledger, &first), "recalled");
    ledger.fail(2, &format!("payment recall {second}"));
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}
