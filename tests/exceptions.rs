//! What does not fit at the bank: found from what is there, looked after, and answered for by name.

use crate::bank::{IBAN, Line, message, statement};
use crate::support::{Ledger, find};

/// A ledger with payments that were recorded, and a statement on which little fits.
fn ledger() -> Ledger {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name 'Caritas Armenia'");
    for (amount, on, reference) in [
        ("250.00", "2024-06-02", "P-250"),
        ("77.00", "2024-06-02", "P-77"),
        ("40.00", "2024-05-20", "P-40"),
        ("12.00", "2024-04-01", "P-12"),
        ("33.00", "2024-06-01", "P-33"),
    ] {
        ledger.ok(&format!("partner paid caritas --amount {amount} --on {on} --reference {reference}"));
    }
    let lines = [
        Line("-250.00", "B1", "P-250"),
        Line("-77.00", "B2", "P-77"),
        Line("-77.00", "B3", "P-77"),
        Line("-41.00", "B4", "NOTPROVIDED"),
        Line("-12.00", "B5", "NOTPROVIDED"),
        Line("-90.00", "B6", "P-33"),
        Line("-250.00", "B7", "P-250"),
        Line("60.00", "B8", "NOTPROVIDED"),
    ];
    let statement = |lines: &[Line<'_>]| message(&[statement(17, "2024-06-08", "1000.00", "263.00", lines)]);
    ledger.write("june.xml", statement(&lines));
    ledger.ok("import statement june.xml");
    ledger
}

fn by_bank_reference(ledger: &Ledger, wanted: &str) -> String {
    let lines = ledger.csv("bank lines");
    lines.iter().find(|line| line["references"].ends_with(wanted)).unwrap()["line"].clone()
}

/// `kind bank-reference` of all that is about a line.
fn of_lines(ledger: &Ledger) -> Vec<String> {
    let lines = ledger.csv("bank lines");
    let mut told: Vec<String> = ledger
        .csv("exception list")
        .iter()
        .filter(|item| item["about"].starts_with("line "))
        .map(|item| {
            let number = item["about"].split(' ').nth(1).unwrap();
            let line = lines.iter().find(|line| line["line"] == number).unwrap();
            format!("{} {}", line["references"].rsplit(' ').next().unwrap(), item["kind"])
        })
        .collect();
    told.sort_unstable();
    told
}

#[test]
fn each_open_line_is_an_exception_until_it_is_explained() {
    let ledger = ledger();
    // The second payment with one reference makes both a tie; the rest are what they are.
    assert_eq!(
        of_lines(&ledger),
        [
            "B1 paid-twice",
            "B2 paid-twice",
            "B3 paid-twice",
            "B4 no-match",
            "B5 no-match",
            "B6 amount",
            "B7 paid-twice",
            "B8 no-match",
        ]
    );
    let first = by_bank_reference(&ledger, "B1");
    ledger.ok(&format!("bank match {first} P-250"));
    let again = find(
        ledger.csv("exception list"),
        "exception",
        &format!("paid-twice-{}", by_bank_reference(&ledger, "B7")),
    );
    assert!(again["why"].contains("which another line settles"), "{again:?}");
    assert_eq!((&*again["amount"], &*again["since"], &*again["age"]), ("-250.00", "2024-06-08", ">90"));
    assert!(!of_lines(&ledger).iter().any(|told| told.starts_with("B1 ")), "it went away by itself");
    // What the bank should have shown, and what nobody decided.
    let items = ledger.csv("exception list --kind no-match");
    let payments: Vec<&str> =
        items.iter().filter(|item| item["about"].starts_with("payment ")).map(|i| &*i["amount"]).collect();
    assert_eq!(payments, ["-12.00", "-40.00", "-33.00", "-77.00"]);
    let beyond = ledger.csv("exception list --kind paid-without-decision");
    assert_eq!(
        (&*beyond[0]["exception"], &*beyond[0]["amount"]),
        ("paid-without-decision-caritas", "412.00")
    );
    assert!(ledger.csv("exception list --age 0-30").is_empty());
    assert!(ledger.fail(2, "exception list --age 31").contains("0-30, 31-60, 61-90, >90"));
    ledger.is_sound();
}

#[test]
fn somebody_looks_after_it_and_answers_for_it_by_name() {
    let ledger = ledger();
    let name = format!("no-match-{}", by_bank_reference(&ledger, "B4"));
    ledger.ok(&format!("--actor anna exception assign {name} berit --note 'asked the bank on Monday'"));
    let mine = ledger.csv("exception list --owner berit");
    assert_eq!((mine.len(), &*mine[0]["note"]), (1, "asked the bank on Monday"));
    let shown = ledger.ok(&format!("exception show {name}"));
    assert!(shown.contains("owner: berit") && shown.contains("next: find out what it is"), "{shown}");
    assert!(ledger.fail(2, "exception show no-match-1").contains("there is no exception no-match-1"));
    ledger.fail(2, &format!("exception resolve {name} --reason x"));

    ledger.ok(&format!(
        "--actor berit exception resolve {name} --write-off bank-fees --reason 'the yearly fee'"
    ));
    assert!(ledger.csv("exception list --owner berit").is_empty());
    let all = find(ledger.csv("exception list --all"), "exception", &name);
    assert_eq!(
        (&*all["state"], &*all["resolved_by"], &*all["reason"]),
        ("written off as bank-fees", "berit", "the yearly fee")
    );
    let line = by_bank_reference(&ledger, "B4");
    assert!(!ledger.csv("bank lines --open").iter().any(|open| open["line"] == line));
    let refused = ledger.fail(1, &format!("bank match {line} P-40"));
    assert!(
        refused.contains(&format!("already-written-off: line {line} was written off by berit at 20")),
        "{refused}"
    );
    let trial = ledger.csv("books trial-balance");
    assert_eq!(find(trial, "account", "6570")["closing"], "41.00");

    assert!(
        ledger.fail(2, "exception reopen no-match-1 --reason x").contains("nobody has resolved no-match-1")
    );
    ledger.ok(&format!("exception reopen {name} --reason 'it was a payment after all'"));
    assert_eq!(find(ledger.csv("exception list"), "exception", &name)["owner"], "berit");
    assert_eq!(find(ledger.csv("books trial-balance"), "account", "6570")["closing"], "0.00");
    let told = ledger.ok("bank match history");
    for part in
        ["looked after by berit, says anna", "written off as bank-fees by berit", "opened again by tester"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let bodies = ledger.ask("SELECT body FROM events", |row| row.get::<String>(0)).join("\n");
    for secret in ["asked the bank", "yearly fee", "payment after all"] {
        assert!(!bodies.contains(secret), "{secret}");
    }
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

#[test]
fn what_is_large_takes_two_to_be_written_off() {
    let ledger = ledger();
    let name = format!("no-match-{}", by_bank_reference(&ledger, "B8"));
    let resolve = |who: &str, account: &str| {
        format!("--actor {who} exception resolve {name} --write-off {account} --reason 'a gift'")
    };
    let said = ledger.ok(&resolve("anna", "other-differences"));
    assert!(said.contains("above the limit for one person"), "{said}");
    let open = find(ledger.csv("exception list"), "exception", &name);
    assert_eq!(open["state"], "anna proposes to write it off as other-differences");
    assert!(ledger.fail(1, &resolve("anna", "other-differences")).contains("second-person-needed"));
    assert!(ledger.fail(1, &resolve("berit", "bank-fees")).contains("proposed-otherwise"));
    // The one who proposed it withdraws it, or another one refuses it: then it is proposed anew.
    for (who, told) in
        [("anna", "anna withdraws the proposal"), ("berit", "berit refuses what anna proposed")]
    {
        let decline = format!("exception decline {name} --reason 'it is a donation'");
        assert!(ledger.fail(1, &format!("--actor asha@caritas {decline}")).contains("acts-for-partner"));
        ledger.ok(&format!("--actor {who} {decline}"));
        assert_eq!(find(ledger.csv("exception list"), "exception", &name)["state"], "open");
        assert!(ledger.ok("bank match history").contains(told), "{told}");
        assert!(ledger.fail(2, &decline).contains("nobody proposes to resolve"));
        ledger.ok(&resolve("anna", "other-differences"));
    }
    assert!(ledger.ok(&resolve("berit", "other-differences")).contains("is resolved"));
    assert_eq!(find(ledger.csv("books trial-balance"), "account", "6990")["closing"], "-60.00");
    let accept = "exception resolve paid-without-decision-caritas --accept --reason 'receipts come in July'";
    assert!(ledger.fail(1, &format!("--actor asha@caritas {accept}")).contains("acts-for-partner"));
    let said = ledger.ok(&format!("--actor anna {accept}"));
    assert!(said.contains("above the limit for one person"), "{said}");
    let beyond = || find(ledger.csv("exception list"), "exception", "paid-without-decision-caritas");
    assert_eq!(beyond()["state"], "anna proposes to accept it");
    assert!(ledger.fail(1, &format!("--actor anna {accept}")).contains("second-person-needed"));
    ledger.ok("--actor berit exception decline paid-without-decision-caritas --reason 'ask them first'");
    assert_eq!(beyond()["state"], "open");
    assert!(ledger.ok("bank match history").contains("berit refuses what anna proposed, to accept it"));
    ledger.ok(&format!("--actor anna {accept}"));
    ledger.ok(&format!("--actor berit {accept}"));
    assert!(ledger.csv("exception list --kind paid-without-decision").is_empty());
    assert!(ledger.ok("duties").contains("nobody"));
    // More of the same is not what was accepted.
    ledger.ok("partner paid caritas --amount 1.00 --on 2024-06-07 --reference P-1");
    assert_eq!(ledger.csv("exception list --kind paid-without-decision")[0]["amount"], "413.00");
    ledger.is_sound();
}

/// A name that is mistyped would be booked with the rest, where nobody looks for it.
#[test]
fn only_names_of_the_chart_are_written_off_to() {
    let ledger = ledger();
    let name = format!("no-match-{}", by_bank_reference(&ledger, "B4"));
    let root = ledger.root();
    let resolve =
        |account: &str| format!("exception resolve {name} --write-off {account} --reason 'the yearly fee'");
    let refused = ledger.fail(2, &resolve("bank-fee"));
    assert!(
        refused.contains("bank-fee is no name for differences in the chart of accounts, which has bank-fees (6570 Bank charges), exchange (6640 Exchange differences), funding (2510 Settlement with the State), interest (5610 Interest), prepaid-cards (1690 Prepaid cards), other-differences (6990 Other differences)"),
        "{refused}"
    );
    let chart = ledger.ok("books chart --document").replace("\"bank-fees\"", "\"charges\"");
    ledger.write("chart.toml", chart);
    let refused = ledger.fail(2, &format!("{} --chart chart.toml", resolve("bank-fees")));
    assert!(refused.contains("which has charges (6570 Bank charges), exchange"), "{refused}");
    let rules = ledger.ok("bank proposals --show-rules").replace("\"bank-fees\"", "\"bank-fee\"");
    ledger.write("rules.toml", rules);
    for command in ["bank match --dry-run", "bank match", "bank proposals"] {
        let refused = ledger.fail(2, &format!("{command} --rules rules.toml"));
        assert!(refused.contains("bank-fee is no name for differences"), "{refused}");
    }
    assert_eq!(ledger.root(), root);
    ledger.ok(&resolve("bank-fees"));
}

/// What is wrong with payments, grants and balances, not with lines.
#[test]
fn grants_and_balances_that_do_not_fit_are_exceptions_as_well() {
    let ledger = Ledger::small("reversals");
    ledger.ok("case change-mode FX-2044 forced --on 2024-09-01");
    let items = ledger.csv("exception list");
    let balances = ledger.csv("balance");
    let overdrawn = balances.iter().filter(|line| line["remaining"].starts_with('-')).count();
    let refused: Vec<String> = ledger
        .csv("grant list")
        .into_iter()
        .filter(|grant| grant["state"] == "refused")
        .map(|grant| grant["reason"].clone())
        .collect();
    assert!(!refused.is_empty() && overdrawn > 0, "{refused:?} {balances:?}");
    assert_eq!(items.len(), refused.len() + overdrawn, "{items:?}");
    let of = |kind: &str| items.iter().filter(|item| item["kind"] == kind).count();
    assert_eq!(of("overdrawn"), overdrawn);
    let late = refused.iter().filter(|why| ["before-arrival", "after-grant-days"].contains(&why.as_str()));
    assert_eq!(of("grant-outside-its-days"), late.count());
    let grant = items.iter().find(|item| item["about"].starts_with("grant ")).unwrap();
    let number = grant["about"].split(' ').nth(1).unwrap();
    ledger.ok(&format!("grant allow {number} --reason 'the airline was late'"));
    assert!(!ledger.csv("exception list").iter().any(|item| item["exception"] == grant["exception"]));
}

/// A hold that was in force on the day of a payment, and a payment that came back.
#[test]
fn a_payment_while_held_and_one_that_came_back_are_exceptions() {
    let ledger = Ledger::small("cases");
    ledger.ok("partner register irara --name IRARA");
    ledger.ok("hold place --partner irara --from 2024-06-01 --reason 'receipts are missing'");
    ledger.ok("partner paid irara --amount 10.00 --on 2024-06-02 --reference H-1 --despite-hold");
    ledger.ok("partner paid irara --amount 10.00 --on 2024-05-31 --reference H-2");
    let held = ledger.csv("exception list --kind paid-while-held");
    assert_eq!((held.len(), &*held[0]["since"]), (1, "2024-06-02"));
    assert!(held[0]["why"].contains("hold 1 was in force"), "{held:?}");
    ledger.ok("hold release 1 --on 2024-07-01 --reason 'receipts are here'");
    assert_eq!(ledger.csv("exception list --kind paid-while-held").len(), 1, "it was held then");
}

/// An account of which nobody has told for long silences nothing that another one pays.
#[test]
fn an_old_account_does_not_hide_what_is_missing() {
    let ledger = ledger();
    let missing = || {
        ledger
            .csv("exception list --kind no-match")
            .into_iter()
            .filter(|i| i["about"].starts_with("payment "))
            .count()
    };
    let before = missing();
    assert!(before > 0);
    let other = "DE89370400440532013000";
    ledger.ok(&format!("bank account add old --iban {other} --currency EUR"));
    let lines = [Line("-1.00", "B1", "NOTPROVIDED")];
    let old = message(&[statement(1, "2023-08-28", "10.00", "9.00", &lines)]).replace(IBAN, other);
    ledger.write("old.xml", old.replace("2024-06-03", "2023-08-28"));
    ledger.ok("import statement old.xml");
    assert_eq!(missing(), before);
}

/// What one person says was paid in advance is nobody's decision until claims have used it up or somebody answers for it.
#[test]
fn an_advance_that_one_person_recorded_is_an_exception() {
    let ledger = Ledger::small("cases");
    ledger.ok("partner register irara --name IRARA");
    ledger.ok("partner paid irara --amount 500.00 --on 2024-06-01 --reference A-1 --advance");
    let item = find(ledger.csv("exception list"), "exception", "paid-without-decision-irara");
    assert_eq!((&*item["amount"], &*item["direction"], &*item["since"]), ("500.00", "out", "2024-06-01"));
    ledger.ok("partner repaid irara --amount 120.00 --on 2024-06-05 --reference A-2 --advance");
    let item = find(ledger.csv("exception list"), "exception", "paid-without-decision-irara");
    assert_eq!(item["amount"], "380.00");
    ledger.accept_exception("paid-without-decision-irara", "agreed in the contract");
    assert!(
        ledger.csv("exception list").iter().all(|item| item["exception"] != "paid-without-decision-irara")
    );
}

/// What the rules are certain of only waits to be matched: it is no exception, and stops a closing all the same.
#[test]
fn a_line_that_the_rules_would_match_is_no_exception() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name Caritas");
    ledger.ok("partner paid caritas --amount 20.00 --on 2024-06-02 --reference P-20");
    let lines = [Line("-20.00", "B1", "P-20"), Line("-7.00", "B2", "NOTPROVIDED")];
    ledger.write("june.xml", message(&[statement(1, "2024-06-12", "100.00", "73.00", &lines)]));
    ledger.ok("import statement june.xml");
    let listed = ledger.run("exception list");
    assert!(listed.err.contains("1 open line not listed: the rules are certain"), "{listed}");
    let of_bank =
        |listed: Vec<crate::support::Cells>| listed.into_iter().filter(|i| i["kind"] == "no-match").count();
    assert_eq!(of_bank(ledger.csv("exception list")), 1);
    let checked = ledger.run("period check 2024-06 --format csv").out;
    assert!(checked.contains("the rules are certain what these lines settle,svala bank match"), "{checked}");
    ledger.ok("bank match");
    assert_eq!(of_bank(ledger.csv("exception list")), 1);
    assert!(!ledger.run("period check 2024-06 --format csv").out.contains("the rules are certain"));
    assert!(!ledger.run("exception list").err.contains("not listed"));
}
