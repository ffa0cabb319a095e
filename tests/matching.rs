//! Lines of the bank and what they settle: matched by the rules or by hand, each once, and taken back.

use std::collections::BTreeMap;

use crate::bank::{IBAN, Line, message, statement};
use crate::support::bank::Entry;
use crate::support::{self, Ledger, Run, either, find};

/// A ledger with four payments that were recorded, and a statement of what the bank did with three of them.
fn ledger() -> Ledger {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name 'Caritas Armenia'");
    for (amount, reference) in
        [("250.00", "P-250"), ("100.00", "P-100"), ("300.00", "P-300"), ("77.00", "P-77")]
    {
        ledger.ok(&format!("partner paid caritas --amount {amount} --on 2024-06-02 --reference {reference}"));
    }
    let lines = [
        Line("-250.00", "B1", "P-250"),
        Line("-101.50", "B2", "P-100"),
        Line("-120.00", "B3", "P-300"),
        Line("-180.00", "B4", "P-300"),
        Line("-77.00", "B5", "P-77"),
        Line("-77.00", "B6", "P-77"),
        Line("-9.00", "B7", "somebody else"),
    ];
    ledger.write("june.xml", message(&[statement(17, "2024-06-03", "1000.00", "185.50", &lines)]));
    ledger.ok("import statement june.xml");
    ledger
}

/// The number of the line with what the bank calls it.
fn line(ledger: &Ledger, bank_reference: &str) -> String {
    let lines = ledger.csv("bank lines");
    let found = lines.iter().find(|line| line["references"].ends_with(bank_reference)).unwrap();
    found["line"].clone()
}

/// What is open, by what the bank calls it.
fn open(ledger: &Ledger) -> Vec<String> {
    let lines = ledger.csv("bank lines --open");
    lines.iter().map(|line| line["references"].rsplit(' ').next().unwrap().to_owned()).collect()
}

fn cents(amount: &str) -> i64 {
    if amount.is_empty() { 0 } else { amount.replace('.', "").parse().unwrap() }
}

/// What stands on each account; every voucher comes to nothing.
fn trial(ledger: &Ledger) -> BTreeMap<String, i64> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for row in ledger.csv("books vouchers") {
        *sums.entry(row["voucher"].clone()).or_default() += cents(&row["debit"]) - cents(&row["credit"]);
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    let lines = ledger.csv("books trial-balance");
    lines.iter().map(|line| (line["account"].clone(), cents(&line["closing"]))).collect()
}

#[test]
fn the_rules_match_what_they_are_certain_of_once_and_a_tie_stays_open() {
    let ledger = ledger();
    let root = ledger.root();
    let shown = ledger.run("bank match --dry-run");
    assert!(
        shown.err.contains("4 lines matched; 3 open lines left, 2 in doubt; nothing was written"),
        "{shown}"
    );
    assert_eq!(ledger.root(), root);
    let trial_before = trial(&ledger);
    assert_eq!(
        (trial_before["1930"], trial_before["1939"]),
        (18_550, 81_450),
        "nothing explains the lines yet"
    );

    let told = ledger.run("--actor anna bank match --format csv");
    assert!(told.err.contains("4 lines matched; 3 open lines left, 2 in doubt"), "{told}");
    let matches = ledger.csv("bank match list");
    let rules: Vec<String> = matches
        .iter()
        .map(|m| {
            format!("{} {} {} {} {}", m["rule"], m["amount"], m["residual"], m["residual_account"], m["by"])
        })
        .collect();
    assert_eq!(
        rules,
        [
            "exact-reference -250.00   anna",
            "reference-less-fee -101.50 -1.50 bank-fees anna",
            "group-by-reference -300.00   anna"
        ]
    );
    assert!(matches[0]["items"].ends_with(" to caritas"), "{matches:?}");
    assert_eq!(matches[2]["lines"], format!("{} {}", line(&ledger, "B3"), line(&ledger, "B4")));
    assert_eq!(open(&ledger), ["B5", "B6", "B7"]);
    assert_eq!(find(ledger.csv("bank lines"), "line", &line(&ledger, "B3"))["match"], "3");

    let trial = trial(&ledger);
    let of = |account: &str| trial.get(account).copied().unwrap_or_default();
    assert_eq!((of("1930"), of("1939"), of("6570")), (18_550, 7_700 + 7_700 + 900, 150));
    assert_eq!(of("1935"), -7_700, "one payment is under way");
    let root = ledger.root();
    assert!(ledger.run("bank match").err.contains("0 lines matched; 3 open lines left, 2 in doubt"));
    assert_eq!(ledger.root(), root, "what is matched is matched once");
    assert_eq!(ledger.csv("bank proposals").iter().filter(|p| p["certainty"] == "match").count(), 0);
    let told = ledger.ok("bank match history");
    assert!(
        told.contains("match 2 by anna: line") && told.contains("-1.50 EUR off, booked as bank-fees"),
        "{told}"
    );
    ledger.is_sound();
}

#[test]
fn a_match_by_hand_must_add_up_and_whoever_is_second_is_told_by_whom_and_when() {
    let ledger = ledger();
    let (tied, other, unknown) = (line(&ledger, "B5"), line(&ledger, "B6"), line(&ledger, "B7"));
    let dry = ledger.run(&format!("bank match {tied} P-77 --dry-run"));
    assert!(dry.out.contains("by-hand") && dry.err.contains("nothing was written"), "{dry}");
    let refused = ledger.fail(1, &format!("bank match {tied},{other} P-77"));
    assert!(refused.contains("does-not-add-up: the lines come to -154.00 EUR, what they would settle to -77.00: -77.00 off; the rules let it be 25.00 EUR off at most"), "{refused}");
    assert!(
        ledger.fail(1, &format!("--actor asha@caritas bank match {tied} P-77")).contains("acts-for-partner")
    );
    assert!(ledger.fail(2, &format!("bank match {tied} P-78")).contains("there is no payment P-78"));
    assert!(ledger.fail(2, "bank match 1 P-77").contains("there is no line 1"));
    assert!(ledger.fail(2, "bank match one P-77").contains("invalid"));
    ledger.fail(2, &format!("bank match {tied}"));

    ledger.ok(&format!("--actor anna bank match {tied} P-77"));
    let second = ledger.fail(1, &format!("--actor berit bank match {tied} P-100"));
    assert!(second.contains(&format!("already-matched: line {tied} was matched by anna at 20")), "{second}");
    assert!(second.contains("(match 1)"), "{second}");
    let second = ledger.fail(1, &format!("--actor berit bank match {other} P-77"));
    assert!(second.contains(" to caritas was matched by anna at 20"), "{second}");
    assert!(open(&ledger).contains(&"B6".to_owned()) && open(&ledger).contains(&"B7".to_owned()));
    assert!(ledger.ok("bank match history").contains("refused to match: already-matched"));
    assert!(ledger.fail(1, &format!("bank match {unknown} P-100")).contains("does-not-add-up"));
    ledger.is_sound();
}

/// A line and a payment that come to nearly the same, and have neither a reference nor an account nor the amount in common.
#[test]
fn what_has_nothing_in_common_is_matched_by_two_people() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name Caritas");
    ledger.ok("partner paid caritas --amount 900.00 --on 2024-05-02 --reference P-900");
    ledger.ok("partner paid caritas --amount 30.00 --on 2024-05-02 --reference P-30");
    let lines = [Line("-910.00", "B1", "NOTPROVIDED"), Line("-31.00", "B2", "NOTPROVIDED")];
    ledger.write("june.xml", message(&[statement(1, "2024-06-03", "1000.00", "59.00", &lines)]));
    ledger.ok("import statement june.xml");
    let (large, small) = (line(&ledger, "B1"), line(&ledger, "B2"));
    ledger.ok(&format!("--actor anna bank match {small} P-30"));
    let root = ledger.root();
    let dry = ledger.run(&format!("--actor anna bank match {large} P-900 --dry-run"));
    assert!(dry.out.contains("proposed") && dry.err.contains("another one gives the same command"), "{dry}");
    assert_eq!(ledger.root(), root);

    let matching = |who: &str| format!("--actor {who} bank match {large} P-900");
    let said = ledger.run(&matching("anna"));
    assert!(said.err.contains("they have nothing in common"), "{said}");
    assert!(ledger.fail(1, &matching("anna")).contains("second-person-needed"));
    let waits = find(ledger.csv("bank proposals"), "certainty", "proposed");
    assert_eq!((&*waits["lines"], &*waits["amount"]), (&*large, "-910.00"));
    assert!(waits["why"].contains("anna says so"), "{waits:?}");
    let decline = format!("bank match decline {large} --reason 'ask the bank first'");
    assert!(ledger.fail(1, &format!("--actor asha@caritas {decline}")).contains("acts-for-partner"));
    ledger.ok(&format!("--actor berit {decline}"));
    assert!(ledger.fail(1, &decline).contains("nothing-proposed"));
    assert!(ledger.csv("bank proposals").iter().all(|row| row["certainty"] != "proposed"));
    let told = ledger.ok("bank match history");
    assert!(
        told.contains("berit refuses what anna proposed") && told.contains("ask the bank first"),
        "{told}"
    );

    ledger.ok(&matching("anna"));
    assert_eq!(ledger.csv("bank match list").len(), 1);
    ledger.ok(&matching("berit"));
    assert_eq!(ledger.csv("bank match list").len(), 2);
    assert!(ledger.csv("bank lines --open").is_empty());
    assert!(ledger.ok("duties").contains("nobody"));
    let bodies = ledger.ask("SELECT body FROM events", |row| row.get::<String>(0)).join("\n");
    assert!(!bodies.contains("ask the bank first"));
    ledger.is_sound();
}

/// Two who match the same line at the same moment: one of them does, and the other is told.
#[test]
fn two_who_match_one_line_at_once_do_it_once() {
    let ledger = ledger();
    let tied = line(&ledger, "B5");
    let children =
        ["anna", "berit"].map(|name| ledger.start(&format!("--actor {name} bank match {tied} P-77")));
    let runs = children.map(|child| Run::of("bank match", child.wait_with_output().unwrap()));
    let mut codes: Vec<i32> = runs.iter().map(|run| run.code.unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1], "{} {}", runs[0], runs[1]);
    let second = runs.iter().find(|run| run.code == Some(1)).unwrap();
    assert!(second.err.contains(&format!("line {tied} was matched by ")), "{second}");
    // The rules as well: all they are certain of is recorded once, whoever asks.
    let children = ["anna", "berit", "clara"].map(|name| ledger.start(&format!("--actor {name} bank match")));
    for child in children {
        let run = Run::of("bank match", child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(0), "{run}");
    }
    assert_eq!(ledger.csv("bank match list").len(), 4);
    ledger.is_sound();
}

#[test]
fn what_is_undone_is_open_as_it_was_and_history_keeps_both() {
    let ledger = ledger();
    let (lines, books) = (ledger.csv("bank lines --open"), trial(&ledger));
    ledger.ok("--actor anna bank match");
    assert!(ledger.fail(2, "bank unmatch 1 --reason ''").contains("a reason is needed"));
    assert!(ledger.fail(1, "bank unmatch 9 --reason x").contains("unknown-match: there is no match 9"));
    assert!(ledger.fail(1, "--actor caritas bank unmatch 1 --reason x").contains("acts-for-partner"));
    for number in [2, 1, 3] {
        ledger.ok(&format!("--actor berit bank unmatch {number} --reason 'the wrong month'"));
    }
    assert!(ledger.fail(1, "bank unmatch 1 --reason x").contains("already-undone"));
    assert_eq!(ledger.csv("bank lines --open"), lines);
    let mut after = trial(&ledger);
    after.retain(|_, sum| *sum != 0);
    let mut before = books;
    before.retain(|_, sum| *sum != 0);
    assert_eq!(after, before);
    assert!(ledger.csv("bank match list").is_empty());
    let all = ledger.csv("bank match list --undone");
    assert_eq!(
        (&*all[0]["by"], &*all[0]["undone_by"], &*all[0]["reason"]),
        ("anna", "berit", "the wrong month")
    );
    let bodies = ledger.ask("SELECT body FROM events", |row| row.get::<String>(0)).join("\n");
    assert!(!bodies.contains("the wrong month"));
    // What somebody took back is not recorded again by itself: it is suggested, and says what became of it.
    ledger.ok("bank match");
    assert!(ledger.csv("bank match list").is_empty());
    for name in ["B1", "B2", "B3", "B4"] {
        let exception = format!("ambiguous-{}", line(&ledger, name));
        let found = find(ledger.csv("exception list"), "exception", &exception);
        assert!(found["why"].contains("somebody took their match apart"), "{found:?}");
    }
    ledger.is_sound();
}

/// The bank booked something by mistake, and took it back: the rules suggest it, and a person matches line with line.
#[test]
fn lines_that_take_each_other_back_are_matched_with_each_other() {
    let ledger = ledger();
    let lines = [
        Line("-44.00", "E1", "BANK-ERROR"),
        Line("44.00", "E2", "BANK-ERROR"),
        Line("44.00", "E3", "a gift"),
    ];
    ledger.write("july.xml", message(&[statement(18, "2024-06-04", "185.50", "229.50", &lines)]));
    ledger.ok("import statement july.xml");
    let (error, back, gift) = (line(&ledger, "E1"), line(&ledger, "E2"), line(&ledger, "E3"));
    let told = find(ledger.csv("bank proposals"), "rule", "taken-back");
    assert_eq!(
        (&*told["certainty"], &*told["lines"], &*told["items"], &*told["amount"]),
        ("suggestion", &*format!("{error} {back}"), "each other", "0.00")
    );
    for number in [&error, &back] {
        let exception = find(ledger.csv("exception list"), "exception", &format!("no-match-{number}"));
        assert!(exception["why"].contains("match them with each other"), "{exception:?}");
    }
    ledger.ok("bank match");
    let before = (ledger.csv("bank lines --open"), trial(&ledger));
    assert!(
        ledger
            .fail(2, &format!("bank match {error}"))
            .contains("or with a comma the line that takes it back")
    );
    let uneven = ledger.fail(1, &format!("bank match {},{back}", line(&ledger, "B7")));
    assert!(uneven.contains("does-not-add-up: the lines come to 35.00 EUR"), "{uneven}");

    let dry = ledger.run(&format!("bank match {error},{back} --dry-run"));
    assert!(dry.out.contains("each other") && dry.err.contains("nothing was written"), "{dry}");
    ledger.ok(&format!("--actor anna bank match {error},{back}"));
    assert!(
        ledger.ok("bank match history").contains(&format!("line {error} {back} with each other (by-hand"))
    );
    let open = open(&ledger);
    assert!(!open.contains(&"E1".to_owned()) && !open.contains(&"E2".to_owned()), "{open:?}");
    assert_eq!(trial(&ledger)["1939"], before.1["1939"], "together they were nothing");
    assert!(
        ledger.fail(1, &format!("--actor berit bank match {error},{gift}")).contains("was matched by anna")
    );
    let number = ledger.csv("bank match list").len();
    ledger.ok(&format!("--actor berit bank unmatch {number} --reason 'the gift was the correction'"));
    assert_eq!((ledger.csv("bank lines --open"), trial(&ledger)), before);
    ledger.ok(&format!("--actor berit bank match {error},{gift}"));
    ledger.is_sound();
}

/// From one account of the authority to another: each line names the other's account, so one person matches them, however
/// large they are; and the books are as before, but for what was to be explained.
#[test]
fn a_transfer_between_own_accounts_is_matched_line_with_line() {
    const SAVINGS: &str = "DE02120300000000202051";
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok(&format!("bank account add savings --iban {SAVINGS} --currency EUR"));
    let booked = |name: &str, cents: i64, account: &str| Entry {
        name: name.into(),
        day: "2024-06-12".into(),
        cents,
        end_to_end: "NOTPROVIDED".into(),
        account: Some(account.into()),
        ..Entry::default()
    };
    let (out, own) = (booked("T1", -5_000_000, SAVINGS), booked("T2", -5_000_000, "BE68539007547034"));
    let pay = support::bank::statement(1, "M1", 10_000_000, "2024-06-30", &[&out, &own]);
    ledger.write("pay.xml", pay);
    let back = booked("T3", 5_000_000, "OTHER");
    let save = support::bank::statement(1, "M2", 0, "2024-06-30", &[&back]);
    ledger.write("save.xml", save.replace(IBAN, SAVINGS).replace("OTHER", IBAN));
    ledger.ok("import statement pay.xml");
    ledger.ok("import statement save.xml");
    let before = trial(&ledger);
    ledger.ok("bank match");
    assert_eq!(open(&ledger), ["T1", "T2", "T3"], "it is suggested at most");
    let [out, other, back] = ["T1", "T2", "T3"].map(|name| line(&ledger, name));
    let told = find(ledger.csv("bank proposals"), "rule", "between-own-accounts");
    assert_eq!((&*told["certainty"], &*told["lines"]), ("suggestion", &*format!("{out} {back}")));
    for number in [&out, &back] {
        let exception = find(ledger.csv("exception list"), "exception", &format!("no-match-{number}"));
        assert!(exception["next_step"].contains("svala bank match LINE,LINE"), "{exception:?}");
    }
    let refused = ledger.fail(1, &format!("bank match {other},{back}"));
    assert!(refused.contains("nothing-in-common"), "{refused}");
    ledger.ok(&format!("bank match {out},{back}"));
    assert_eq!(open(&ledger), ["T2"]);
    assert_eq!(trial(&ledger), before, "together they were nothing");
    ledger.ok("bank unmatch 1 --reason x");
    assert_eq!(open(&ledger), ["T1", "T2", "T3"]);
    ledger.is_sound();
}

/// Who sees a large line that went out cannot explain it alone by recording a payment with its reference.
#[test]
fn what_is_recorded_for_a_line_is_matched_by_two_people() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name Caritas");
    ledger.ok("partner paid caritas --amount 900.00 --on 2024-06-03 --reference P-900");
    let lines =
        [Line("-900.00", "B1", "P-900"), Line("-3000.00", "B2", "X-77"), Line("-40.00", "B3", "X-40")];
    ledger.write("june.xml", message(&[statement(1, "2024-06-03", "5000.00", "1060.00", &lines)]));
    ledger.ok("import statement june.xml");
    for (amount, reference) in [("3000.00", "X-77"), ("40.00", "X-40")] {
        let paid = format!("partner paid caritas --amount {amount} --on 2024-06-03 --reference {reference}");
        ledger.ok(&format!("--actor anna {paid}"));
    }
    let large = line(&ledger, "B2");
    ledger.ok("--actor anna bank match");
    assert_eq!(open(&ledger), ["B2"], "what was recorded before, and what one person writes off");
    let exceptions = ledger.csv("exception list");
    let found = find(exceptions, "exception", &format!("ambiguous-{large}"));
    assert!(found["why"].contains("recorded only after the line had come"), "{found:?}");
    let suggested = find(ledger.csv("bank proposals"), "certainty", "suggestion");
    assert_eq!(suggested["lines"], large);

    let by_hand = format!("bank match {large} X-77");
    ledger.ok(&format!("--actor anna {by_hand}"));
    assert_eq!(open(&ledger), ["B2"]);
    assert!(ledger.fail(1, &format!("--actor anna {by_hand}")).contains("second-person-needed"));
    ledger.ok(&format!("--actor berit {by_hand}"));
    assert_eq!(open(&ledger).len(), 0);
    ledger.is_sound();
}

/// Who gives a file of rules may be who writes off: no file lets one person alone write off more.
#[test]
fn no_file_of_rules_raises_what_one_person_writes_off() {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name 'Caritas Armenia'");
    ledger.ok("partner paid caritas --amount 9000.00 --on 2024-06-02 --reference P-9");
    ledger.ok("partner paid caritas --amount 8000.00 --on 2024-06-02 --reference P-8");
    let lines = [Line("-11000.01", "B1", "P-9"), Line("-9999.00", "B2", "P-8")];
    ledger.write("june.xml", message(&[statement(17, "2024-06-03", "30000.00", "9000.99", &lines)]));
    ledger.ok("import statement june.xml");
    let rules = ledger.ok("bank proposals --show-rules").replace("\"25.00\"", "\"4000.00\"");
    ledger.write("rules.toml", &rules);
    let refused = ledger.fail(2, "bank match --rules rules.toml");
    assert!(refused.contains("rule reference-less-fee: residual_max is more than 50.00"), "{refused}");
    ledger.write("rules.toml", rules.replace("\"50.00\"", "\"5000.00\""));
    for command in [
        "bank match".to_owned(),
        format!("bank match {} P-9", line(&ledger, "B1")),
        "bank proposals".to_owned(),
        format!(
            "exception resolve no-match-{} --write-off other-differences --reason x",
            line(&ledger, "B1")
        ),
    ] {
        let refused = ledger.fail(2, &format!("{command} --rules rules.toml"));
        assert!(
            refused.contains("write_off_alone_max is 5000.00, and one person alone writes off 50.00 at most"),
            "{refused}"
        );
    }
    // Less is theirs to say.
    ledger.write("rules.toml", ledger.ok("bank proposals --show-rules").replace("\"50.00\"", "\"25.00\""));
    ledger.ok("bank match --rules rules.toml");
    assert_eq!(open(&ledger), ["B1", "B2"]);
}

#[test]
fn one_statement_can_be_matched_alone() {
    let ledger = ledger();
    let lines = [Line("-77.00", "B8", "P-77-again")];
    ledger.write("july.xml", message(&[statement(18, "2024-06-04", "185.50", "108.50", &lines)]));
    ledger.ok("partner paid caritas --amount 77.00 --on 2024-06-03 --reference P-77-again");
    ledger.ok("import statement july.xml");
    let statements = ledger.csv("bank statements");
    let said = ledger.run(&format!("bank match --statement {}", statements[1]["position"]));
    assert!(said.err.contains("1 line matched; 0 open lines left, 0 in doubt"), "{said}");
    assert_eq!(open(&ledger).len(), 7);
    assert!(ledger.fail(2, "bank match --statement 1").contains("there is no statement 1"));
}

const FROM: &str =
    "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS";

/// A ledger with a payment of 500.00 to IRARA in a file, and its reference.
fn paid() -> (Ledger, String, String) {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\n");
    ledger.ok("import spend some.csv --accept");
    ledger.ok("--actor anna partner payment-details propose irara --iban 'GB82 WEST 1234 5698 7654 32' --holder Irara");
    ledger.approve_account("berit", "irara");
    let (number, reference) = pay(&ledger, "pay.xml");
    (ledger, number, reference)
}

/// Pays what is due in a new file.
fn pay(ledger: &Ledger, file: &str) -> (String, String) {
    let number = ledger.json("--actor anna payment propose --partner irara")["payment"].to_string();
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger.ok(&format!("--actor anna payment file --out {file} --execute-on 2099-07-15 {FROM} {number}"));
    let reference = find(ledger.csv("payment list"), "payment", &number)["reference"].clone();
    (number, reference)
}

fn due(ledger: &Ledger) -> String {
    ledger.csv("payment due --partner irara").remove(0)["due"].clone()
}

#[test]
fn a_payment_that_came_back_reopens_what_it_paid() {
    let (ledger, number, reference) = paid();
    let lines = [
        Line("-500.00", "B1", &reference),
        Line("500.00", "B2", &reference),
        Line("500.00", "B3", "by chance"),
    ];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "500.00", "1000.00", &lines)]));
    ledger.ok("import statement july.xml");
    assert_eq!(due(&ledger), "0.00");
    ledger.ok("--actor anna bank match");
    let items: Vec<String> = ledger.csv("bank match list").iter().map(|m| m["items"].clone()).collect();
    let paid = format!("payment {number} to irara");
    assert_eq!(items, [paid.clone(), format!("{paid}, back")]);
    assert_eq!(open(&ledger), ["B3"], "the same amount by chance is nothing that came back");
    assert_eq!(due(&ledger), "500.00");
    assert_eq!(find(ledger.csv("payment list"), "payment", &number)["state"], "returned");
    let totals = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["totals"];
    assert_eq!(
        (&totals["paid"], &totals["paid_back"], &totals["owed"]),
        (&"500.00".into(), &"500.00".into(), &"500.00".into())
    );
    let books = trial(&ledger);
    assert_eq!((books["1935"], books["2560"]), (0, -50_000), "owed again");
    assert!(
        ledger
            .ok("partner history irara")
            .contains(&format!("payment {number} came back from the bank (match 2 by anna)"))
    );
    assert!(ledger.ok("duties").contains("nobody"));

    let again = ledger.run("payment file --again 1 --out warned.xml");
    assert!(
        again.err.contains(&format!("payment {reference} in it was taken back since, or came back")),
        "{again}"
    );

    let back = ledger.csv("exception list --kind returned");
    assert_eq!(
        (back.len(), &*back[0]["exception"], &*back[0]["amount"]),
        (1, &*format!("returned-{number}"), "500.00")
    );

    // Paid again: the first payment did come back.
    let (second, _) = pay(&ledger, "again.xml");
    assert!(ledger.csv("exception list --kind returned").is_empty());
    assert_eq!(due(&ledger), "0.00");
    assert!(ledger.fail(1, "bank unmatch 2 --reason x").contains("paid-again"));
    assert_eq!(trial(&ledger)["2560"], 0);
    assert!(ledger.ok(&format!("payment show {second}")).contains("500.00"));
    // What it was paid for is told of the payment that stands.
    assert!(ledger.ok("explain FX-2041").contains(&format!("500.00 in payment {second}")));
    ledger.is_sound();
}

/// The bank paid twice and took one of the two back: the partner has its money, and nothing is due again by itself.
#[test]
fn what_went_out_twice_and_came_back_once_is_not_due_again() {
    let (ledger, number, reference) = paid();
    let lines = [
        Line("-500.00", "B1", &reference),
        Line("-500.00", "B2", &reference),
        Line("500.00", "B3", &reference),
    ];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "500.00", "0.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    assert!(ledger.csv("bank match list").is_empty(), "which of the two was it?");
    ledger.ok(&format!("bank match {} {number}", line(&ledger, "B1")));
    ledger.ok("bank match");
    assert_eq!(ledger.csv("bank match list").len(), 1);
    assert_eq!((due(&ledger).as_str(), open(&ledger)), ("0.00", vec!["B2".to_owned(), "B3".to_owned()]));
}

#[test]
fn what_did_not_come_back_after_all_counts_as_paid_again() {
    let (ledger, number, reference) = paid();
    let lines = [Line("-500.00", "B1", &reference), Line("500.00", "B2", "no reference of ours")];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "500.00", "500.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let books = trial(&ledger);
    assert_eq!((books["1935"], books["1939"]), (0, -50_000));
    ledger.ok(&format!("bank match {} {number}", line(&ledger, "B2")));
    assert_eq!(due(&ledger), "500.00");
    ledger.ok("bank unmatch 2 --reason 'a refund of another matter'");
    assert_eq!(due(&ledger), "0.00");
    assert_eq!(find(ledger.csv("payment list"), "payment", &number)["state"], "instructed");
    assert_eq!(trial(&ledger), books);
    let told = ledger.ok("partner history irara");
    assert!(told.contains(&format!("payment {number} counts as paid again")), "{told}");
    let totals = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["totals"];
    assert_eq!(totals["owed"], "0.00");
    ledger.is_sound();
}

/// What was refused is done when its reason is gone, in the very same words.
#[test]
fn a_return_is_undone_once_what_paid_it_again_is_cancelled() {
    let (ledger, number, reference) = paid();
    let lines = [Line("-500.00", "B1", &reference), Line("500.00", "B2", &reference)];
    ledger.write("july.xml", message(&[statement(1, "2099-07-15", "500.00", "500.00", &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let second = ledger.json("--actor anna payment propose --partner irara")["payment"].to_string();
    let undo = "bank unmatch 2 --reason 'another matter'";
    assert!(ledger.fail(1, undo).contains("paid-again"));
    ledger.ok(&format!("payment cancel {second} --reason 'it did not come back'"));
    ledger.ok(undo);
    assert_eq!(find(ledger.csv("payment list"), "payment", &number)["state"], "instructed");
    assert_eq!(due(&ledger), "0.00");
}

/// A grant came back bit by bit: each part is settled by the line that brought it, and can be taken apart alone.
#[test]
fn what_came_back_of_a_grant_at_two_times_is_two_things() {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.write("grants.csv", "case_ref,paid_on,amount,currency,method,payment_ref\nFX-2042,2024-03-03,615.00,EUR,bank,G-42\nFX-2047,2024-04-03,600.00,EUR,bank,G-47\n");
    ledger.ok("import grants grants.csv");
    let (grant, refused) = (ledger.grant("G-42"), ledger.grant("G-47"));
    assert_eq!(find(ledger.csv("grant list"), "payment_ref", "G-47")["state"], "refused");
    for (amount, day) in [("100.00", "2024-03-10"), ("50.00", "2024-03-12")] {
        ledger.ok(&format!("grant return {grant} --amount {amount} --on {day} --reason 'wrong account'"));
    }
    // Money that went out against the rules comes back as well.
    ledger.ok(&format!("grant return {refused} --amount 600.00 --on 2024-04-09 --reason 'not granted'"));
    assert_eq!(find(ledger.csv("grant list"), "payment_ref", "G-47")["state"], "returned");
    let lines = [
        Line("-615.00", "B1", "G-42"),
        Line("50.00", "B2", "G-42"),
        Line("100.00", "B3", "somebody"),
        Line("-600.00", "B4", "G-47"),
        Line("600.00", "B5", "G-47"),
    ];
    ledger.write("march.xml", message(&[statement(1, "2024-04-15", "1000.00", "535.00", &lines)]));
    ledger.ok("import statement march.xml");
    ledger.ok("bank match");
    let items: Vec<String> = ledger.csv("bank match list").iter().map(|m| m["items"].clone()).collect();
    let (paid, back) = (format!("grant {grant}"), format!("grant {refused}"));
    let expected =
        [&paid, &format!("{paid}, back on 2024-03-12"), &back, &format!("{back}, back on 2024-04-09")];
    assert_eq!(items.iter().collect::<Vec<_>>(), expected);
    assert_eq!(open(&ledger), ["B3"]);
    // The other part is the only one that is left, so its grant names it.
    ledger.ok(&format!("bank match {} {grant}", line(&ledger, "B3")));
    let books = trial(&ledger);
    let of = |account: &str| books.get(account).copied().unwrap_or_default();
    assert_eq!((of("1580"), of("1935"), of("1939"), of("7720")), (0, 0, 0, 46_500));
    assert!(
        ledger.csv("exception list").is_empty(),
        "what came back was not paid against the rules in the end"
    );
    ledger.ok("bank unmatch 2 --reason 'the other part'");
    let refusal = ledger.fail(1, &format!("bank match {} {grant}", line(&ledger, "B3")));
    assert!(refusal.contains("already-matched"), "{refusal}");
    assert!(ledger.ok("history FX-2047").contains("which does not count, came back on 2024-04-09"));
    ledger.is_sound();
}

/// A payment that was made outside of the ledger came back: it is owed again, and can be undone.
#[test]
fn what_was_paid_outside_and_came_back_is_owed_again() {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\n");
    ledger.ok("import spend some.csv --accept");
    ledger.ok("partner paid irara --amount 500.00 --on 2024-06-02 --reference P-500");
    assert_eq!(due(&ledger), "500.00");
    assert_eq!(ledger.csv("payment due --partner irara")[0]["paid_outside"], "500.00");
    let lines = [Line("-500.00", "B1", "P-500"), Line("500.00", "B2", "P-500")];
    ledger.write("june.xml", message(&[statement(1, "2024-06-05", "500.00", "500.00", &lines)]));
    ledger.ok("import statement june.xml");
    ledger.ok("--actor anna bank match");
    assert!(open(&ledger).is_empty());
    assert_eq!(ledger.csv("payment due --partner irara")[0]["paid_outside"], "0.00");
    let period = "partner statement irara --period 2020-01-01..2099-12-31";
    let totals = &ledger.json(period)["totals"];
    assert_eq!((&totals["paid_back"], &totals["owed"]), (&"500.00".into(), &"500.00".into()));
    let books = trial(&ledger);
    assert_eq!((books["1935"], books["1939"], books["2560"]), (0, 0, -50_000));
    let history = ledger.ok("partner history irara");
    assert!(history.contains("came back from the bank (match 2 by anna)"), "{history}");
    let paid = find(ledger.csv("bank match list"), "match", "2")["items"].clone();
    let paid = paid.split(' ').nth(1).unwrap().to_owned();
    let again = format!("partner reverse-paid {paid} --reason 'came back'");
    assert!(ledger.fail(1, &again).contains("came-back"));
    ledger.ok("bank unmatch 2 --reason 'another matter'");
    assert_eq!(ledger.csv("payment due --partner irara")[0]["paid_outside"], "500.00");
    assert_eq!((&ledger.json(period)["totals"]["owed"], trial(&ledger)["2560"]), (&"0.00".into(), 0));
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

/// A bank that books a whole file at once names the batch as the file does.
#[test]
fn a_batch_is_known_by_what_our_file_calls_it() {
    let (ledger, first, _) = paid();
    ledger.write("more.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-02,70.00,EUR,Lempa,R-2,,\n");
    ledger.ok("import spend more.csv --accept");
    ledger.ok("--actor anna payment propose --partner irara");
    ledger.write("most.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-03,80.00,EUR,Lempa,R-3,,\n");
    ledger.ok("import spend most.csv --accept");
    ledger.ok("--actor anna payment propose --partner irara");
    let proposed = ledger.csv("payment list --state proposed");
    for payment in &proposed {
        ledger.ok(&format!("--actor berit payment approve {}", payment["payment"]));
    }
    ledger.ok(&format!("--actor anna payment file --out batch.xml --execute-on 2099-07-16 {FROM}"));
    let file = ledger.read("batch.xml");
    let batch = file.split("<PmtInfId>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    let with_batch =
        message(&[statement(1, "2099-07-16", "150.00", "0.00", &[Line("-150.00", "B1", "NOTPROVIDED")])])
            .replace("<Refs>", &format!("<Refs><PmtInfId>{batch}</PmtInfId>"));
    ledger.write("batch-booked.xml", with_batch);
    ledger.ok("import statement batch-booked.xml");
    ledger.ok("bank match");
    let matched = ledger.csv("bank match list");
    assert_eq!((matched.len(), &*matched[0]["rule"]), (1, "group-by-reference"));
    for payment in &proposed {
        assert!(
            matched[0]["items"].contains(&format!("payment {} to irara", payment["payment"])),
            "{matched:?}"
        );
    }
    assert!(!matched[0]["items"].contains(&format!("payment {first} ")), "{matched:?}");
}

/// What the bank paid twice and gives back is not what was to be paid: nothing is due again, though the second line was
/// dealt with before.
#[test]
fn what_was_paid_twice_and_came_back_is_not_due_again() {
    for recorded in [false, true] {
        let (ledger, number, reference) = paid();
        let lines = [Line("-500.00", "B1", &reference), Line("-500.00", "B2", &reference)];
        ledger.write("july.xml", message(&[statement(1, "2099-07-15", "1000.00", "0.00", &lines)]));
        ledger.ok("import statement july.xml");
        ledger.ok(&format!("bank match {} {number}", line(&ledger, "B1")));
        let second = line(&ledger, "B2");
        if recorded {
            ledger.ok("partner paid irara --amount 500.00 --on 2099-07-15 --reference DUP-1 --advance");
            // Recorded for a line that was there: two people say so.
            ledger.ok(&format!("--actor anna bank match {second} DUP-1"));
            ledger.ok(&format!("--actor berit bank match {second} DUP-1"));
        } else {
            let resolve = format!("exception resolve paid-twice-{second} --write-off funding --reason x");
            ledger.ok(&format!("--actor anna {resolve}"));
            ledger.ok(&format!("--actor berit {resolve}"));
        }
        let back = [Line("500.00", "B3", &reference)];
        ledger.write("august.xml", message(&[statement(2, "2099-08-15", "0.00", "500.00", &back)]));
        ledger.ok("import statement august.xml");
        ledger.ok("bank match");
        assert_eq!((open(&ledger), due(&ledger)), (vec!["B3".to_owned()], "0.00".to_owned()));
        let proposal = find(ledger.csv("bank proposals"), "certainty", "suggestion");
        assert_eq!(proposal["items"], format!("payment {number} to irara, back"));
        ledger.is_sound();
    }
}

/// A file that was changed on its way to the bank: the reference is ours, the account is not the one that was approved.
#[test]
fn what_went_to_another_account_is_an_exception() {
    let imported = |account: &str| {
        let (ledger, number, reference) = paid();
        let to = format!("<CdtrAcct><Id><IBAN>{account}</IBAN></Id></CdtrAcct></RltdPties>");
        let lines = [Line("-500.00", "B1", &reference)];
        let text = message(&[statement(1, "2099-07-15", "500.00", "0.00", &lines)]);
        ledger.write("july.xml", text.replace("</RltdPties>", &to));
        ledger.ok("import statement july.xml");
        ledger.ok("bank match");
        (ledger, number)
    };
    let (ledger, number) = imported("FR1420041010050500013M02606");
    assert_eq!(open(&ledger), ["B1"]);
    let found = find(ledger.csv("exception list"), "kind", "paid-without-decision");
    assert!(found["why"].contains("went to another account than the one that was approved"), "{found:?}");
    assert!(found["next_step"].contains("svala bank match LINE PAYMENT"), "{found:?}");
    let matching = format!("bank match {} {number}", line(&ledger, "B1"));
    ledger.ok(&format!("--actor anna {matching}"));
    assert_eq!(
        open(&ledger),
        ["B1"],
        "it has the reference, and yet it went somewhere else: one is not enough"
    );
    ledger.ok(&format!("--actor berit {matching}"));
    assert!(open(&ledger).is_empty(), "two people may know why");
    assert!(open(&imported("GB82WEST12345698765432").0).is_empty());
    // That it went elsewhere stays to be seen where another line has gone where it was to go, and is matched.
    let (ledger, number) = imported("FR1420041010050500013M02606");
    let reference = find(ledger.csv("payment list"), "payment", &number)["reference"].clone();
    let to = "<CdtrAcct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></CdtrAcct></RltdPties>";
    let lines = [Line("-500.00", "B2", &reference)];
    let text = message(&[statement(2, "2099-07-16", "0.00", "-500.00", &lines)]);
    ledger.write("again.xml", text.replace("</RltdPties>", to));
    ledger.ok("import statement again.xml");
    let elsewhere = line(&ledger, "B1");
    let name = format!("paid-without-decision-{elsewhere}");
    find(ledger.csv("exception list"), "exception", &name);
    ledger.ok(&format!("bank match {} {number}", line(&ledger, "B2")));
    let found = find(ledger.csv("exception list"), "exception", &format!("paid-twice-{elsewhere}"));
    assert!(found["why"].contains("went to an account that nobody approved"), "{found:?}");
}

/// Two lines that have nothing in common explain each other only as far as one person writes off alone.
#[test]
fn lines_with_nothing_in_common_are_not_explained_by_one_person() {
    let ledger = ledger();
    let lines = [
        Line("-64.00", "E1", "X-1"),
        Line("64.00", "E2", "funding"),
        Line("-50.00", "E3", "X-2"),
        Line("50.00", "E4", "funding too"),
    ];
    ledger.write("july.xml", message(&[statement(18, "2024-06-04", "185.50", "185.50", &lines)]));
    ledger.ok("import statement july.xml");
    let refused = ledger.fail(1, &format!("bank match {},{}", line(&ledger, "E1"), line(&ledger, "E2")));
    assert!(refused.contains("nothing-in-common") && refused.contains("no more than 50.00 EUR"), "{refused}");
    ledger.ok(&format!("bank match {},{}", line(&ledger, "E3"), line(&ledger, "E4")));
}

/// What is recorded is what the log has of a line, not what somebody wrote into a row that is shown.
#[test]
fn a_row_that_was_altered_is_not_matched() {
    let ledger = ledger();
    ledger.ok("bank lines");
    let text = either("CAST(row_value AS TEXT)", "convert_from(row_value, 'UTF8')");
    let (before, after) = either(("CAST(", " AS BLOB)"), ("convert_to(", ", 'UTF8')"));
    ledger.alter(&format!(
        "UPDATE projection_rows SET row_value = {before}replace({text}, '-9.00', '-250.00'){after}
         WHERE name = 'bank-lines' AND {text} LIKE '%-9.00%'"
    ));
    let altered =
        ledger.csv("bank lines").into_iter().find(|line| line["references"].ends_with("B7")).unwrap();
    assert_eq!(altered["amount"], "-250.00");
    let events = ledger.root();
    let refused = ledger.fail(3, &format!("bank match {} P-250", altered["line"]));
    assert!(
        refused.contains(&format!("another amount for line {} than the log has", altered["line"])),
        "{refused}"
    );
    assert_eq!(ledger.root(), events);
    ledger.ok("replay --repair");
    ledger.fail(1, &format!("bank match {} P-250", altered["line"]));
}
