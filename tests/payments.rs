//! Payments out: from what is due to a file for the bank.

use std::os::unix::fs::PermissionsExt;
use std::process::Child;

use sha2::{Digest, Sha256};

use crate::bank::IBAN;
use crate::forger;
use crate::support::{Cells, Ledger, Run, find};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
const FROM: &str = "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS --execute-on 2099-07-15";

/// A ledger with accepted spend of IRARA in two quarters, and an account that two people brought into force.
fn ledger() -> Ledger {
    let ledger = Ledger::small("cases");
    paying_account(&ledger);
    spend(
        &ledger,
        &[
            "irara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,",
            "irara,FX-2041,medical-care,2024-03-31,150.00,EUR,Clinic,R-2,,",
            "irara,FX-2052,education,2024-04-01,70.00,EUR,Lempa,R-3,,",
            "irara,,partner-fee,2024-03-31,200.00,EUR,irara,F-1,,",
        ],
    );
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    if ledger.csv("partner fee list")[0]["state"] == "reported" {
        ledger.ok(&format!("partner fee accept {fee}"));
    }
    account(&ledger, "--iban 'GB82 WEST 1234 5698 7654 32' --holder 'Irära Återvändande'");
    ledger
}

/// The account of the authority that pays.
fn paying_account(ledger: &Ledger) {
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
}

fn account(ledger: &Ledger, details: &str) {
    ledger.ok(&format!("--actor anna partner payment-details propose irara {details}"));
    ledger.approve_account("berit", "irara");
}

fn spend(ledger: &Ledger, rows: &[&str]) {
    ledger.write("some.csv", format!("{SPEND}\n{}\n", rows.join("\n")));
    ledger.ok("import spend some.csv --accept");
}

/// Proposes what is due as Anna; answers with its number.
fn proposed(ledger: &Ledger, options: &str) -> String {
    let payment = ledger.json(&format!("--actor anna payment propose --partner irara {options}"));
    payment["payment"].as_u64().unwrap().to_string()
}

fn payment(ledger: &Ledger, number: &str) -> Cells {
    find(ledger.csv("payment list"), "payment", number)
}

fn due(ledger: &Ledger) -> Cells {
    ledger.csv("payment due --partner irara").remove(0)
}

/// What a payment would transfer stands beside what is due; whoever records more than that is told.
#[test]
fn what_is_paid_outside_is_held_against_what_is_to_be_paid() {
    let ledger = ledger();
    let to_pay = due(&ledger)["to_pay"].clone();
    assert_eq!(to_pay, due(&ledger)["due"]);
    let paid = |amount: &str, reference: &str| {
        ledger.run(&format!("partner paid irara --amount {amount} --on 2024-07-01 --reference {reference}"))
    };
    assert_eq!(paid("100.00", "X-1").err, "");
    let due_now = due(&ledger);
    let left = to_pay.replace('.', "").parse::<i64>().unwrap() - 10_000;
    assert_eq!(due_now["to_pay"].replace('.', ""), left.to_string());
    assert_eq!((&due_now["due"], &*due_now["paid_outside"]), (&to_pay, "100.00"));
    let more = paid("5000.00", "X-2");
    assert!(
        more.code == Some(0) && more.err.contains(&format!("more than the {} EUR", due_now["to_pay"])),
        "{more}"
    );
    assert_eq!(due(&ledger)["to_pay"], "0.00");
}

#[test]
fn a_quarter_is_paid_from_import_to_file() {
    let ledger = ledger();
    let root = ledger.root();
    let shown = ledger.run("payment propose --partner irara --period 2024-Q1 --dry-run");
    assert!(shown.out.contains("850.00") && shown.err.contains("nothing was written"), "{shown}");
    assert_eq!(ledger.root(), root, "a dry run writes nothing");

    let number = proposed(&ledger, "--period 2024-Q1");
    let opened = ledger.csv(&format!("payment show {number}"));
    let lines: Vec<String> =
        opened.iter().map(|l| format!("{} {} {}", l["kind"], l["receipt_no"], l["eur"])).collect();
    assert_eq!(lines, ["claim R-1 500.00", "claim R-2 150.00", "fee F-1 200.00"]);
    assert_eq!(opened[0]["number"], ledger.claim("R-1"));
    assert_eq!(opened[0]["external_ref"], "FX-2041");
    let first = payment(&ledger, &number);
    assert_eq!((&*first["state"], &*first["total"], &*first["period"]), ("proposed", "850.00", "2024-Q1"));
    let reference = first["reference"].clone();
    assert!(reference.starts_with("RF"));

    let approve = format!("payment approve {number}");
    assert!(ledger.fail(1, &format!("--actor anna {approve}")).contains("same-person"));
    assert!(ledger.fail(1, &format!("--actor asha@irara {approve}")).contains("acts-for-partner"));
    let file = format!("payment file --out pay.xml {FROM}");
    assert!(ledger.fail(1, &format!("--actor anna {file}")).contains("nothing-to-pay"));
    ledger.ok(&format!("--actor berit payment approve {reference}"));
    assert!(ledger.fail(1, &format!("--actor berit {file} {number}")).contains("same-person"));
    assert!(ledger.fail(1, &format!("--actor berit {file}")).contains("somebody else pays it"));
    assert!(!ledger.path("pay.xml").exists(), "what is refused leaves no file");

    let told = ledger.run(&format!("--actor anna {file}"));
    assert_eq!(told.code, Some(0), "{told}");
    assert!(told.err.contains("\"Irära Återvändande\" is written Irara Atervandande"), "{told}");
    let bytes = std::fs::read(ledger.path("pay.xml")).unwrap();
    let hash = event_log::hex::encode(&<[u8; 32]>::from(Sha256::digest(&bytes)));
    let files = ledger.csv("payment files");
    assert_eq!((&*files[0]["file"], &*files[0]["sha256"], &*files[0]["total"]), ("1", &*hash, "850.00"));
    let mode = std::fs::metadata(ledger.path("pay.xml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner may read it");
    let xml = String::from_utf8(bytes.clone()).unwrap();
    for part in
        ["pain.001.001.03", "<NbOfTxs>1</NbOfTxs>", "<CtrlSum>850.00</CtrlSum>", "GB82WEST12345698765432"]
    {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    assert_eq!(xml.matches(&reference).count(), 2, "once to the bank, once to the partner");

    // Never a second time by accident; again on purpose, byte for byte.
    assert!(ledger.fail(2, &format!("--actor anna {file}")).contains("is there already"));
    let second = format!("--actor anna payment file --out second.xml {FROM}");
    assert!(ledger.fail(1, &second).contains("nothing-to-pay"));
    assert!(ledger.fail(1, &format!("{second} {number}")).contains("already-in-a-file"));
    assert!(
        ledger
            .fail(1, &format!("--actor anna payment cancel {number} --reason x"))
            .contains("already-in-a-file")
    );
    assert!(!ledger.path("second.xml").exists());
    ledger.ok("payment file --again 1 --out copy.xml");
    assert_eq!(std::fs::read(ledger.path("copy.xml")).unwrap(), bytes);
    assert!(ledger.fail(2, "payment file --again 2 --out no.xml").contains("there is no file 2"));

    let statement = ledger.json("partner statement irara --period 2020-01-01..2099-12-31");
    assert_eq!(
        (&statement["totals"]["paid"], &statement["totals"]["owed"]),
        (&"850.00".into(), &"70.00".into())
    );
    let paid =
        find(ledger.csv("partner statement irara --period 2020-01-01..2099-12-31"), "movement", "paid");
    assert_eq!((&*paid["receipt_no"], &*paid["number"]), (&*reference, &*number));
    let explained = ledger.ok("explain FX-2041");
    assert!(
        explained.contains(&format!(
            "500.00 in payment {number} ({reference}), proposed by anna, approved by berit, in file 1"
        )),
        "{explained}"
    );
    let history = ledger.ok("partner history irara");
    for part in ["proposed by anna: 850.00 EUR (3 items)", "approved by berit", "written into file 1 by anna"]
    {
        assert!(history.contains(part), "{part}: {history}");
    }
    let outside = format!("partner paid irara --amount 850.00 --on 2024-07-15 --reference {reference}");
    assert!(ledger.fail(1, &outside).contains("is a payment of this ledger"));
    assert!(ledger.ok("payment history").contains("file 1 made by anna (pain.001.001.03): 850.00 EUR"));
    assert!(ledger.ok("duties").contains("nobody"));
    assert_eq!(due(&ledger)["due"], "70.00");
    // Accounts and names stand in no event.
    let bodies = ledger.ask("SELECT body FROM events", |row| row.get::<String>(0)).join("\n");
    for secret in ["WEST", "05491000", "Irära", "Irara", "Norrkassan"] {
        assert!(!bodies.contains(secret), "{secret}");
    }
    ledger.is_sound();
}

#[test]
fn the_newer_version_is_written_when_it_is_asked_for() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --pain 09 --out new.xml {FROM} {number}"));
    let xml = ledger.read("new.xml");
    assert!(xml.contains("pain.001.001.09") && xml.contains("<BICFI>ESSESESS</BICFI>"), "{xml}");
    ledger.ok("payment file --again 1 --out copy.xml");
    assert_eq!(ledger.read("copy.xml"), xml);
    assert_eq!(ledger.csv("payment list --file 1 --state instructed").len(), 1);
}

/// A dry run shows what would stand in the file; the day must not be over or mistyped, and the bank's calendar is told.
#[test]
fn a_file_is_shown_before_it_is_written() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    let from = FROM.replace("--execute-on 2099-07-15", "");
    let root = ledger.root();
    let dry = format!("--actor anna payment file --dry-run {from}");
    let shown = ledger.run(&format!("{dry} --execute-on 2099-07-15 --format csv"));
    assert_eq!(shown.code, Some(0), "{shown}");
    let rows = crate::support::rows(&shown.out);
    assert_eq!((rows.len(), &*rows[0]["payment"], &*rows[0]["total"]), (1, &*number, "920.00"));
    for part in [
        "\"Irära Återvändande\" is written Irara Atervandande",
        "pain.001.001.03: NbOfTxs 1, CtrlSum 920.00, to be executed on 2099-07-15; dry run: nothing was written",
    ] {
        assert!(shown.err.contains(part), "{part}: {shown}");
    }
    // A Saturday; the Easter Monday after it.
    let shown = ledger.run(&format!("{dry} --execute-on 2099-04-11"));
    assert!(shown.err.contains("2099-04-11 is a weekend or a holiday of the euro area (TARGET): the bank settles it on 2099-04-14"), "{shown}");
    assert!(ledger.fail(1, &format!("{dry} --execute-on 2024-07-15")).contains("in-the-past"));
    assert!(ledger.fail(1, &format!("{dry} --execute-on 2100-01-04")).contains("too-far-ahead"));
    assert!(
        ledger
            .fail(1, &format!("--actor berit payment file {number} --dry-run {FROM}"))
            .contains("same-person")
    );
    assert!(
        ledger
            .fail(1, &format!("--actor anna payment file --out late.xml {from} --execute-on 2100-01-04"))
            .contains("more than 360 days ahead")
    );
    assert!(!ledger.path("late.xml").exists());
    ledger.fail(2, &format!("--actor anna payment file {FROM}"));
    assert_eq!(ledger.root(), root, "nothing was written");
    assert_eq!(payment(&ledger, &number)["state"], "approved");
}

/// Outside of SEPA a bank wants to know the other bank: what it would reject is not proposed.
#[test]
fn a_bank_that_cannot_be_found_is_told_before_the_payment() {
    let ledger = ledger();
    let root = ledger.root();
    for (details, lacks) in [
        ("--iban 'IQ98 NBIQ 8501 2345 6789 012' --holder IRARA", "--bic"),
        ("--account 0012-44871 --bank 'Bank of Addis' --holder IRARA", "--bank-town and --bank-country"),
    ] {
        account(&ledger, details);
        for line in [
            "payment propose --partner irara",
            "payment advance irara 5.00 --reason x",
            "payment propose --partner irara --dry-run",
        ] {
            let refused = ledger.fail(1, &format!("--actor anna {line}"));
            assert!(
                refused.contains("bank-not-found: irara is paid to …") && refused.contains(lacks),
                "{refused}"
            );
        }
    }
    assert!(ledger.csv("payment list").is_empty());
    assert_ne!(ledger.root(), root, "the accounts are there");
    account(&ledger, "--iban 'IQ98 NBIQ 8501 2345 6789 012' --bic NBIQIQBA --holder IRARA");
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM} --debtor-id 556677-8899"));
    let xml = ledger.read("pay.xml");
    for part in ["<BIC>NBIQIQBA</BIC>", "<Id>556677-8899</Id>"] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    // As it was, whatever the bank calls us by now.
    let again = ledger.command("payment file --again 1 --out copy.xml").env("SVALA_DEBTOR_ID", "7").output();
    assert!(again.unwrap().status.success());
    assert_eq!(ledger.read("copy.xml"), xml);
    ledger.fail(
        2,
        "partner payment-details propose irara --account 0012-44871 --bank B --bank-town Addis --holder x",
    );
    ledger.is_sound();
}

/// Two who propose at the same time: one of them is told that nothing is due.
#[test]
fn whoever_proposes_second_finds_nothing_due() {
    let ledger = ledger();
    let children: Vec<Child> = ["anna", "berit", "clara"]
        .map(|name| ledger.start(&format!("--actor {name} payment propose --partner irara")))
        .into();
    let runs: Vec<Run> = children
        .into_iter()
        .map(|child| Run::of("payment propose", child.wait_with_output().unwrap()))
        .collect();
    let mut codes: Vec<i32> = runs.iter().map(|run| run.code.unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1, 1]);
    assert!(runs.iter().filter(|run| run.code == Some(1)).all(|run| run.err.contains("nothing-due")));
    let payments = ledger.csv("payment list");
    assert_eq!((payments.len(), &*payments[0]["total"]), (1, "920.00"));
    ledger.is_sound();
}

/// Two who write the same payment into a file at the same time: it stands in one.
#[test]
fn a_payment_stands_in_one_file_whoever_writes() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    let children = ["anna", "clara"]
        .map(|name| ledger.start(&format!("--actor {name} payment file {number} --out {name}.xml {FROM}")));
    let runs = children.map(|child| Run::of("payment file", child.wait_with_output().unwrap()));
    assert_eq!(runs.iter().filter(|run| run.code == Some(0)).count(), 1, "{} {}", runs[0], runs[1]);
    assert_eq!(["anna.xml", "clara.xml"].iter().filter(|name| ledger.path(name).exists()).count(), 1);
    assert_eq!(ledger.csv("payment files").len(), 1);
    ledger.is_sound();
}

#[test]
fn what_is_cancelled_is_due_again() {
    let ledger = ledger();
    let first = proposed(&ledger, "");
    assert_eq!((&*due(&ledger)["due"], &*due(&ledger)["proposed"]), ("0.00", "920.00"));
    assert!(ledger.fail(1, "payment propose --partner irara").contains("nothing-due"));
    ledger.ok(&format!("--actor berit payment cancel {first} --reason 'the quarter is not complete'"));
    assert_eq!(payment(&ledger, &first)["state"], "cancelled");
    assert!(ledger.ok("partner history irara").contains("the quarter is not complete"));
    let second = proposed(&ledger, "");
    assert_eq!(payment(&ledger, &second)["total"], "920.00");
    assert!(ledger.fail(1, &format!("--actor berit payment approve {first}")).contains("already-decided"));
    ledger.ok(&format!("--actor berit payment approve {second}"));
    ledger.ok(&format!("--actor clara payment cancel {second} --reason 'another account'"));
    assert_eq!(due(&ledger)["due"], "920.00");
    assert!(ledger.fail(2, "payment show 1").contains("there is no payment 1"));
    assert!(ledger.fail(2, "payment show RF18539007547034").contains("there is no payment RF18"));
    ledger.is_sound();
}

#[test]
fn what_a_hold_stops_is_left_out_and_not_paid() {
    let ledger = ledger();
    // FX-2041 is Ethiopia, FX-2052 is Somaliland.
    ledger.ok("hold place --country ET --from 2020-01-01 --reason 'the bank is closed'");
    let run = ledger.run("--actor anna payment propose --partner irara --format json");
    let held: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let held: Vec<String> = held["held"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            format!(
                "{} {} {}",
                line["receipt_no"].as_str().unwrap(),
                line["eur"].as_str().unwrap(),
                line["hold"]
            )
        })
        .collect();
    assert_eq!(held, ["R-1 500.00 1", "R-2 150.00 1"]);
    let rest = ledger.csv("payment list")[0].clone();
    assert_eq!((&*rest["total"], &*rest["items"]), ("270.00", "2"));
    assert!(ledger.fail(1, "payment propose --partner irara").contains("held: hold 1"));
    let number = rest["payment"].clone();
    ledger.ok("hold place --partner irara --from 2020-01-01 --reason 'invoices are missing'");
    let approve = format!("--actor berit payment approve {number}");
    assert!(ledger.fail(1, &approve).contains("held: hold 2"));
    ledger.ok("hold release 2 --on 2020-01-01 --reason 'they are here'");
    // The same command as before, and another answer: what it rests on has changed.
    ledger.ok(&approve);
    assert_eq!(payment(&ledger, &number)["state"], "approved");
    ledger.ok("hold place --partner irara --from 2020-01-01 --reason 'again'");
    let refused = ledger.fail(1, &format!("--actor anna payment file --out pay.xml {FROM}"));
    assert!(refused.contains("held: hold 3"), "{refused}");
    // The backlog is what waits to be paid: of what is in a file, nothing does.
    let backlog = || find(ledger.csv("hold list --all"), "hold", "4")["eur"].clone();
    ledger.ok("hold release 3 --on 2020-01-01 --reason 'found'");
    ledger.ok("hold place --partner irara --from 2020-01-01 --reason 'once more'");
    assert_eq!(backlog(), "920.00");
    ledger.ok("hold release 4 --on 2020-01-01 --reason 'found again'");
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    ledger.ok("hold place --partner irara --from 2020-01-01 --reason 'the last'");
    let last = find(ledger.csv("hold list"), "hold", "5");
    assert_eq!((&*last["eur"], &*last["claims"]), ("650.00", "2"));
    ledger.is_sound();
}

#[test]
fn another_account_or_a_reversal_sends_a_payment_back() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    account(
        &ledger,
        "--account 0012-44871 --bank 'Bank of Addis' --bank-town 'Addis Ababa' --bank-country ET --holder IRARA",
    );
    let approve = |number: &str| format!("--actor berit payment approve {number}");
    assert!(ledger.fail(1, &approve(&number)).contains("account-changed"));
    ledger.ok(&format!("payment cancel {number} --reason 'the account changed'"));
    let number = proposed(&ledger, "");
    let reverse = |receipt: &str, amount: &str| {
        format!("claim reverse {} --amount {amount} --on 2024-05-01 --reason returned", ledger.claim(receipt))
    };
    ledger.ok(&reverse("R-1", "100.00"));
    assert!(ledger.fail(1, &approve(&number)).contains("no-longer-due"));
    ledger.ok(&format!("payment cancel {number} --reason 'something came back'"));
    let number = proposed(&ledger, "");
    assert_eq!(payment(&ledger, &number)["total"], "820.00");
    ledger.ok(&approve(&number));
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    let xml = ledger.read("pay.xml");
    assert!(xml.contains("<Id>0012-44871</Id>") && xml.contains("<Nm>Bank of Addis</Nm>"), "{xml}");
    // Another account since, and the file still comes out as it was.
    account(&ledger, "--iban 'GB82 WEST 1234 5698 7654 32' --holder IRARA");
    ledger.ok("payment file --again 1 --out copy.xml");
    assert_eq!(ledger.read("copy.xml"), xml);

    // What comes back after the payment is taken off the next one.
    ledger.ok(&reverse("R-2", "30.00"));
    assert_eq!(due(&ledger)["came_back"], "30.00");
    assert!(ledger.fail(1, "payment propose --partner irara").contains("nothing-due"));
    spend(&ledger, &["irara,FX-2041,education,2024-05-01,100.00,EUR,Lempa,R-4,,"]);
    let next = proposed(&ledger, "--period 2024-05");
    assert_eq!(payment(&ledger, &next)["total"], "70.00");
    let lines = ledger.csv(&format!("payment show {next}"));
    assert_eq!((&*lines[0]["receipt_no"], &*lines[0]["eur"]), ("R-2", "-30.00"));
    ledger.is_sound();
}

#[test]
fn an_advance_is_paid_and_settled() {
    let ledger = ledger();
    assert!(ledger.fail(1, "payment advance irara 0.00 --reason x").contains("not-positive"));
    let advance =
        ledger.json("--actor anna payment advance irara 800.00 --reason 'rent until the first report'");
    assert_eq!(advance["reason"], "rent until the first report");
    let number = advance["payment"].as_u64().unwrap();
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out advance.xml {FROM}"));
    assert_eq!(due(&ledger)["open_advance"], "800.00");
    ledger.ok("partner paid irara --amount 20.00 --on 2024-07-01 --reference CASH-1");
    let kept = ledger.json("payment propose --partner irara --keep-advance --dry-run");
    assert_eq!((&kept["total"], &kept["paid_before"]), (&"900.00".into(), &"20.00".into()));
    let quarter = proposed(&ledger, "--period 2024-Q2");
    let settled = payment(&ledger, &quarter);
    assert_eq!(
        (&*settled["total"], &*settled["paid_before"], &*settled["advance_settled"]),
        ("0.00", "20.00", "50.00")
    );
    let said = ledger.ok(&format!("--actor berit payment approve {quarter}"));
    assert!(said.contains("is settled"), "{said}");
    let rest = proposed(&ledger, "");
    assert_eq!((&*payment(&ledger, &rest)["total"], &*due(&ledger)["open_advance"]), ("100.00", "0.00"));
    ledger.ok(&format!("--actor berit payment approve {rest}"));
    ledger.ok(&format!("--actor anna payment file --out rest.xml {FROM}"));
    let totals = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["totals"];
    assert_eq!(
        (&totals["advances"], &totals["paid"], &totals["owed"]),
        (&"800.00".into(), &"120.00".into(), &"0.00".into())
    );
    ledger.is_sound();
}

/// Arrival grants that a partner paid out in cash are paid back to it, and stand in its statement.
#[test]
fn grants_in_cash_are_paid_back() {
    let ledger = Ledger::small("grants");
    paying_account(&ledger);
    let period = "partner statement weldo --period 2020-01-01..2099-12-31";
    let totals = &ledger.json(period)["totals"];
    assert_eq!((&totals["grants"], &totals["owed"]), (&"615.00".into(), &"615.00".into()));
    assert!(ledger.fail(1, "payment propose --partner weldo").contains("no-payment-details"));
    ledger.ok(
        "--actor anna partner payment-details propose weldo --account 0012-44871 --bank Bank --bic WELDPKKA --holder Weldo",
    );
    ledger.approve_account("berit", "weldo");
    let paid = ledger.json("--actor anna payment propose --partner weldo");
    assert_eq!(paid["total"], "615.00");
    let lines = paid["lines"].as_array().unwrap();
    assert_eq!(
        (lines.len(), &lines[0]["kind"], &lines[0]["receipt_no"]),
        (2, &"grant".into(), &"PAYREF-90431".into())
    );
    let number = paid["payment"].as_u64().unwrap();
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    assert_eq!(ledger.json(period)["totals"]["owed"], "0.00");
    assert!(ledger.ok("explain FX-2043").contains(&format!("300.00 in payment {number}")));
    let grant = ledger.grant("PAYREF-90432");
    ledger.ok(&format!("grant return {grant} --amount 15.00 --on 2024-02-20 --reason 'not used'"));
    let totals = &ledger.json(period)["totals"];
    assert_eq!((&totals["grants_back"], &totals["owed"]), (&"15.00".into(), &"-15.00".into()));
    ledger.is_sound();
}

/// The commands obey the rules; `duties` finds what a forged history says.
#[test]
fn a_payment_by_one_person_is_listed() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor clara payment file --out pay.xml {FROM}"));
    assert!(ledger.csv("duties").is_empty());
    let by = |event_type: &'static str, name: &'static str| {
        let twin = ledger.twin();
        forger::rewrite(&twin, |events| {
            let event = events.iter_mut().find(|event| event.event_type == event_type).unwrap();
            event.actor = name.into();
        });
        std::fs::remove_dir_all(twin.path("svala.checkpoints")).unwrap();
        twin.fail(1, "duties");
        twin.run("duties --format csv").out
    };
    assert!(by("PaymentApproved", "anna").contains(&format!("same-person,anna,{number}")));
    assert!(by("PaymentInstructed", "berit").contains(&format!("approver-pays,berit,{number}")));
    assert!(by("PaymentProposed", "asha@irara").contains("acts-for-partner,asha@irara,"));
    assert!(by("PaymentFileWritten", "anna").contains("another-name,anna,"));
}

/// A file that would come out with other bytes than the bank got is not written.
#[test]
fn a_file_that_is_made_again_must_be_the_one_that_was_recorded() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    let day = ledger.csv("payment files")[0]["execute_on"].clone();
    forger::rewrite(&ledger, |events| {
        let written = events.iter_mut().find(|event| event.event_type == "PaymentFileWritten").unwrap();
        forger::raise(written, &day, "2099-07-16");
    });
    std::fs::remove_dir_all(ledger.path("svala.checkpoints")).unwrap();
    let refused = ledger.fail(2, "payment file --again 1 --out copy.xml");
    assert!(refused.contains("comes out with other bytes"), "{refused}");
    assert!(!ledger.path("copy.xml").exists());
}

/// What a hold stops is owed all the same: whoever paid it before the hold paid no more than that.
#[test]
fn what_is_held_is_owed() {
    let ledger = ledger();
    let owed = due(&ledger)["due"].clone();
    ledger.ok("hold place --partner irara --from 2024-07-01 --reason 'invoices could not be accounted for'");
    assert_eq!((&*due(&ledger)["to_pay"], &due(&ledger)["held"]), ("0.00", &owed));
    let paid = |amount: &str, on: &str, reference: &str| {
        ledger.run(&format!("partner paid irara --amount {amount} --on {on} --reference {reference}"))
    };
    assert_eq!(paid("100.00", "2024-06-30", "X-1").err, "");
    let more = paid("5000.00", "2024-06-30", "X-2");
    let left = owed.parse::<money::Eur>().unwrap().checked_sub("100.00".parse().unwrap()).unwrap();
    assert!(more.err.contains(&format!("more than the {left} EUR that was owed to irara")), "{more}");
    let early = paid("0.01", "2099-01-01", "X-3");
    assert!(early.code == Some(1) && early.err.contains("paid-while-held"), "{early}");
    ledger.ok("hold release 1 --on 2024-08-01 --reason 'all are accounted for'");
    assert!(paid("0.01", "2099-01-01", "X-3").err.contains("2099-01-01 is still to come"));
}

/// Who pays by hand what is proposed already, and records it, must not see it paid again.
#[test]
fn what_was_paid_outside_meanwhile_is_not_paid_again() {
    let ledger = ledger();
    let number = proposed(&ledger, "");
    let total = payment(&ledger, &number)["total"].clone();
    ledger.ok(&format!("partner paid irara --amount {total} --on 2024-06-01 --reference H-1"));
    let error = ledger.fail(1, &format!("--actor berit payment approve {number}"));
    assert!(error.contains("no-longer-due") && error.contains("paid outside"), "{error}");

    // Nor where it was approved before.
    let other = Ledger::small("cases");
    paying_account(&other);
    spend(&other, &["irara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,"]);
    account(&other, "--iban 'GB82 WEST 1234 5698 7654 32' --holder IRARA");
    let number = proposed(&other, "");
    other.ok(&format!("--actor berit payment approve {number}"));
    other.ok("partner paid irara --amount 500.00 --on 2024-06-01 --reference H-1");
    let error = other.fail(1, &format!("--actor anna payment file --out p.xml {FROM}"));
    assert!(error.contains("no-longer-due"), "{error}");
    other.ok(&format!("payment cancel {number} --reason 'paid by hand'"));
    let again = proposed(&other, "");
    assert_eq!(payment(&other, &again)["total"], "0.00");
}

/// What came back of one claim after it was paid lowers what is owed, and so what a hold keeps of the others.
#[test]
fn no_more_is_held_than_is_owed() {
    let ledger = ledger();
    let number = proposed(&ledger, "--period 2024-Q1");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    let back =
        format!("claim reverse {} --amount 30.00 --on 2024-06-01 --reason returned", ledger.claim("R-1"));
    ledger.ok(&back);
    ledger.ok("hold place --partner irara --from 2024-01-01 --reason invoices");
    let period = "partner statement irara --period 2020-01-01..2099-12-31";
    let statement = ledger.json(period);
    assert_eq!((&statement["totals"]["owed"], &statement["held"]), (&"40.00".into(), &"40.00".into()));
    let held: Vec<String> = ledger
        .csv(period)
        .iter()
        .filter(|line| line["movement"] == "held")
        .map(|line| format!("{} {}", line["receipt_no"], line["eur"]))
        .collect();
    assert_eq!(held, ["R-3 40.00"]);
}

/// Whoever types another account than one of the authority's is told which there are.
#[test]
fn a_file_is_paid_from_a_registered_account() {
    let ledger = Ledger::small("cases");
    let file = format!("--actor anna payment file --out pay.xml {FROM}");
    let refused = ledger.fail(1, &file);
    assert!(
        refused.contains("unknown-account: the account …0003") && refused.contains("none is registered yet"),
        "{refused}"
    );
    paying_account(&ledger);
    ledger.ok("bank account add cash-desk --number 0012-44871 --currency SEK");
    assert!(ledger.fail(1, &file).contains("nothing-to-pay"));
    let other = file.replace("SE35 5000 0000 0549 1000 0003", "AT61 1904 3002 3457 3201");
    let refused = ledger.fail(1, &other);
    assert!(
        refused.contains("the account …3201 is no account of the authority here: registered are cash-desk (…4871 in SEK), payments (…0003 in EUR)"),
        "{refused}"
    );
    assert!(!ledger.path("pay.xml").exists());
}

/// A name of which a bank would make dots pays nobody: it is refused until two people have given it in Latin letters.
#[test]
fn a_name_without_latin_letters_is_given_in_them_first() {
    let ledger = ledger();
    let iban = "--iban 'IQ98 NBIQ 8501 2345 6789 012' --bic NBIQIQBA --holder 'جمعية الهلال الأحمر'";
    account(&ledger, iban);
    for line in ["payment propose --partner irara", "payment advance irara 5.00 --reason x"] {
        let refused = ledger.fail(1, &format!("--actor anna {line}"));
        assert!(
            refused.contains("name-not-latin")
                && refused.contains("irara would be paid")
                && refused.contains("--latin-name"),
            "{refused}"
        );
    }
    account(&ledger, &format!("{iban} --latin-name 'Iraqi Red Crescent'"));
    assert_eq!(ledger.json("partner show irara")["details"][0]["latin_name"], "Iraqi Red Crescent");
    assert!(
        ledger.ok("partner history irara").contains("of جمعية الهلال الأحمر, for banks Iraqi Red Crescent")
    );
    let number = proposed(&ledger, "");
    ledger.ok(&format!("--actor berit payment approve {number}"));
    let debtor = FROM.replace("Norrkassan", "'Κασσα'");
    assert!(
        ledger
            .fail(2, &format!("--actor anna payment file --out pay.xml {debtor}"))
            .contains("--debtor-name")
    );
    ledger.ok(&format!("--actor anna payment file --out pay.xml {FROM}"));
    let xml = ledger.read("pay.xml");
    assert!(xml.contains("<Nm>Iraqi Red Crescent</Nm>") && !xml.contains("...."), "{xml}");
    let bodies = ledger.ask("SELECT body FROM events", |row| row.get::<String>(0)).join("\n");
    assert!(!bodies.contains("Crescent"));
    ledger.is_sound();
}

/// One payment for each partner to which something is due; who cannot be paid keeps nobody else waiting.
#[test]
fn all_partners_are_proposed_at_once() {
    let ledger = ledger();
    spend(
        &ledger,
        &[
            "caritas,FX-2042,education,2024-05-02,80.00,EUR,Lempa,C-1,,",
            "weldo,FX-2043,education,2024-05-02,30.00,EUR,Lempa,W-1,,",
        ],
    );
    ledger.ok("--actor anna partner payment-details propose weldo --iban 'DE89 3704 0044 0532 0130 00' --holder Weldo");
    ledger.approve_account("berit", "weldo");
    let root = ledger.root();
    let dry = ledger.run("payment propose --all --dry-run --format csv");
    let totals = |out: &str| -> Vec<String> {
        crate::support::rows(out).iter().map(|row| format!("{} {}", row["partner"], row["total"])).collect()
    };
    assert_eq!(totals(&dry.out), ["irara 920.00", "weldo 30.00"]);
    assert!(
        dry.err.contains("caritas: refused: no-payment-details") && dry.err.contains("2 payments; dry run"),
        "{dry}"
    );
    assert_eq!(ledger.root(), root);
    let run = ledger.run("--actor anna payment propose --all --format csv");
    assert_eq!(run.code, Some(1), "somebody could not be paid");
    assert_eq!(totals(&run.out), totals(&dry.out));
    assert_eq!(ledger.csv("payment list --state proposed").len(), 2);
    let again = ledger.run("--actor anna payment propose --all --format csv");
    assert!(totals(&again.out).is_empty() && again.err.contains("0 payments"), "{again}");
    let error = ledger.fail(2, "payment propose");
    assert!(error.contains("--partner") && error.contains("--all"), "{error}");
    ledger.is_sound();
}
