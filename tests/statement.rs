//! What a partner and finance agree on.

use money::Eur;

use crate::support::{Cells, Ledger, find, rows};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn ledger() -> Ledger {
    let ledger = Ledger::small("cases");
    ledger.write(
        "some.csv",
        format!(
            "{SPEND}\n\
             irara,FX-2041,education,2024-02-01,2900.00,EUR,=Lempa,R-1,,\n\
             irara,FX-2041,medical-care,2024-02-02,150.00,EUR,Clinic <B>,R-2,,\n\
             irara,FX-2041,education,2023-01-01,20.00,EUR,Lempa,R-3,,\n\
             caritas,FX-2052,education,2024-03-01,70.00,EUR,Lempa,R-4,,\n"
        ),
    );
    ledger.ok("import spend some.csv");
    ledger.ok("claim accept --partner irara --flagged-too");
    ledger.write("more.csv", format!("{SPEND}\nirara,FX-2041,education,2024-04-01,5.00,EUR,Lempa,R-5,,\n"));
    ledger.ok("import spend more.csv");
    ledger.write(
        "back.csv",
        "partner,receipt_no,supplier,reversed_on,amount,currency,reason\nirara,R-1,=Lempa,2024-05-01,100.00,EUR,returned\n",
    );
    ledger.ok("import reversals back.csv");
    ledger
}

fn figures(ledger: &Ledger, options: &str) -> Vec<String> {
    let statement = ledger.json(&format!("partner statement irara {options}"));
    let totals = &statement["totals"];
    let figure = |name: &str| format!("{name} {}", totals[name].as_str().unwrap());
    let mut all: Vec<String> =
        ["undecided_before", "reported", "eligible", "reversed", "undecided", "owed_before", "owed"]
            .iter()
            .map(|name| figure(name))
            .collect();
    for part in totals["disallowed"].as_array().unwrap() {
        all.push(format!("{} {}", part["reason"].as_str().unwrap(), part["eur"].as_str().unwrap()));
    }
    all
}

#[test]
fn every_figure_is_the_sum_of_its_rows() {
    let ledger = ledger();
    assert_eq!(
        figures(&ledger, "--period 2020-01-01..2099-12-31"),
        [
            "undecided_before 0.00",
            "reported 3075.00",
            "eligible 3000.00",
            "reversed 100.00",
            "undecided 5.00",
            "owed_before 0.00",
            "owed 2900.00",
            "before-arrival 20.00",
            "over-cap 50.00",
        ]
    );
    let statement = ledger.json("partner statement irara --period 2020-01-01..2099-12-31");
    let lines = ledger.csv("partner statement irara --period 2020-01-01..2099-12-31");
    for (movement, expected) in
        [("reported", 307_500), ("eligible", 300_000), ("disallowed", 7_000), ("reversed", 10_000)]
    {
        let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
        let sum: i64 =
            lines.iter().filter(|line| line["movement"] == movement).map(|line| cents(&line["eur"])).sum();
        assert_eq!(sum, expected, "{movement}");
    }
    assert_eq!(statement["undecided"].as_array().unwrap().len(), 1);
    // The file says it all: the figures, and the log it was made from.
    let told = |movement: &str, words: &str| {
        let found = lines.iter().find(|line| line["movement"] == movement && line["words"] == words);
        found.map(|line| (line["position"].clone(), line["eur"].clone()))
    };
    let (position, root) = ledger.root();
    assert_eq!(told("figure", "owed at the end"), Some((position.to_string(), "2900.00".into())));
    assert_eq!(told("root", &root), Some((position.to_string(), String::new())));
    assert!(lines.iter().all(|line| line["receipt_no"] != "R-4"), "another partner's claim");
}

/// What comes before a period is in its opening figures, and what comes after it in none.
#[test]
fn a_period_begins_with_what_the_one_before_ended_with() {
    let ledger = ledger();
    assert_eq!(
        figures(&ledger, "--period 2099"),
        [
            "undecided_before 5.00",
            "reported 0.00",
            "eligible 0.00",
            "reversed 0.00",
            "undecided 5.00",
            "owed_before 2900.00",
            "owed 2900.00",
        ]
    );
    assert!(figures(&ledger, "--period 2020").iter().all(|figure| figure.ends_with(" 0.00")));
}

/// A statement names where the log stood, and is given again from there byte for byte, whatever happened since.
#[test]
fn a_statement_is_given_again_as_it_was() {
    let ledger = ledger();
    let options = "partner statement irara --period 2020-01-01..2099-12-31";
    let (position, root) = ledger.root();
    for ending in ["csv", "html"] {
        ledger.ok(&format!("{options} --out then.{ending}"));
    }
    let then = ledger.json(options);
    assert_eq!(
        (then["position"].as_u64().unwrap(), then["root"].as_str().unwrap()),
        (position, root.as_str())
    );
    ledger.ok("claim accept --all --flagged-too");
    assert_ne!(ledger.json(options)["totals"], then["totals"]);
    assert_eq!(ledger.json(&format!("{options} --at {position}")), then);
    for ending in ["csv", "html"] {
        ledger.ok(&format!("{options} --at {position} --out again.{ending}"));
        assert_eq!(ledger.read(&format!("then.{ending}")), ledger.read(&format!("again.{ending}")));
    }
    assert!(ledger.fail(2, &format!("{options} --out then.csv")).contains("then.csv is there already"));
    assert!(ledger.fail(2, &format!("{options} --at 99999")).contains("the log ends at position"));
    assert!(ledger.fail(2, "partner statement nobody --period 2024").contains("no partner nobody is known"));
    assert!(ledger.fail(2, &format!("{options} --out then.pdf")).contains(".html"));
}

/// Nothing that a partner wrote is run: not by a browser, not by a spreadsheet.
#[test]
fn text_stays_text_in_every_form() {
    let ledger = ledger();
    let options = "partner statement irara --period 2020-01-01..2099-12-31";
    ledger.ok(&format!("{options} --out s.html"));
    let html = ledger.read("s.html");
    assert!(
        html.contains("Clinic &lt;B&gt;") && !html.contains("<B>") && !html.contains("<script"),
        "{html}"
    );
    for needed in ["<caption>", "scope=\"col\"", "scope=\"row\"", "lang=\"sv\"", "@page"] {
        assert!(html.contains(needed), "{needed}");
    }
    let lines = rows(&ledger.ok(&format!("{options} --format csv")));
    assert!(lines.iter().any(|line| line["supplier"] == "'=Lempa"));
    ledger.ok(&format!("{options} --out s.xlsx"));
    assert!(std::fs::read(ledger.path("s.xlsx")).unwrap().starts_with(b"PK"));
}

/// Fees, advances and payments, and what a hold keeps from being paid.
#[test]
fn what_is_owed_is_what_was_earned_and_not_paid() {
    let ledger = ledger();
    ledger.write(
        "two.toml",
        include_str!("../crates/rulebook/rulebook.toml")
            .replace("version = \"2026.4\"", "version = \"test.two\""),
    );
    ledger.adopt("two.toml");
    ledger.write("fee.csv", format!("{SPEND}\nirara,,partner-fee,2024-03-31,200.00,EUR,irara,F-1,,\n"));
    ledger.ok("import spend fee.csv");
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    ledger.ok(&format!("partner fee accept {fee}"));
    ledger.write("fees.csv", format!("{SPEND}\nirara,,partner-fee,2024-03-31,50.00,EUR,irara,F-2,,\nirara,,partner-fee,2024-03-31,5000.00,EUR,irara,F-3,,\n"));
    ledger.ok("import spend fees.csv");
    let number = |receipt: &str| {
        let fees = ledger.csv("partner fee list");
        fees.iter().find(|fee| fee["receipt_no"] == receipt).unwrap()["fee"].clone()
    };
    ledger.ok(&format!("partner fee refuse {} --reason 'not agreed'", number("F-2")));
    // What was charged and not decided is in this statement and in the next one.
    let totals =
        |period: &str| ledger.json(&format!("partner statement irara --period {period}"))["totals"].clone();
    assert_eq!(totals(ALL_TIME)["fees_undecided"], "5000.00");
    assert_eq!(totals("2099")["fees_undecided_before"], "5000.00");
    assert_eq!(open_rows(&ledger, "2099", "fees-undecided-before"), ["F-3 5000.00"]);
    // A fee has no cap: from the same limit on as a claim, two people decide it.
    let large = number("F-3");
    assert!(ledger.ok(&format!("partner fee accept {large}")).contains("another person must agree"));
    assert!(ledger.fail(1, &format!("partner fee accept {large}")).contains("second-person-needed"));
    ledger.ok(&format!("--actor bo partner fee refuse {large} --reason 'too much'"));
    let paid = |amount: &str, reference: &str, more: &str| {
        format!("partner paid irara --amount {amount} --on 2024-07-01 --reference {reference} {more}")
    };
    ledger.ok(&paid("1000.00", "ADV-1", "--advance"));
    ledger.ok(&paid("500.00", "RF-1", ""));
    assert!(ledger.fail(1, &paid("500.00", "RF-1", "")).contains("already-recorded"));
    assert!(ledger.fail(1, &paid("0.00", "RF-2", "")).contains("not-positive"));
    assert!(
        ledger
            .fail(1, &format!("--actor asha@irara {}", paid("1.00", "RF-3", "")))
            .contains("acts-for-partner")
    );
    let statement = ledger.json("partner statement irara --period 2020-01-01..2099-12-31");
    let totals = &statement["totals"];
    assert_eq!(
        (&totals["fees_undecided"], &totals["fees_undecided_before"]),
        (&"0.00".into(), &"0.00".into())
    );
    // 3 000 − 100 + 200 − 1 000 − 500
    for (figure, eur) in
        [("fees", "200.00"), ("advances", "1000.00"), ("paid", "500.00"), ("owed", "1600.00")]
    {
        assert_eq!(totals[figure], eur, "{figure}");
    }
    assert_eq!((&totals["fees_reported"], &totals["fees_refused"]), (&"5250.00".into(), &"5050.00".into()));
    assert_eq!(statement["held"], "0.00");
    // Balances open into rows like the other figures: those of the period, and of one that begins with all of it.
    assert_eq!(open_rows(&ledger, ALL_TIME, "owed"), ["R-1 1300.00", "R-2 100.00", "F-1 200.00"]);
    for (period, position) in [(ALL_TIME, ""), ("2099", "-before")] {
        let totals = &ledger.json(&format!("partner statement irara --period {period}"))["totals"];
        for figure in ["owed", "undecided"] {
            let total = &totals[format!("{figure}{}", position.replace('-', "_"))];
            let rows = open_rows(&ledger, period, &format!("{figure}{position}"));
            let sum: i64 = rows
                .iter()
                .map(|row| row.rsplit_once(' ').unwrap().1.replace('.', "").parse::<i64>().unwrap())
                .sum();
            assert_eq!(
                sum.to_string(),
                total.as_str().unwrap().replace('.', ""),
                "{figure} {period}: {rows:?}"
            );
            assert!(!rows.is_empty(), "{figure} {period}");
        }
    }
    let shown = ledger.ok("partner statement irara --period 2099");
    assert!(
        shown.contains("owed before the period\n") && shown.contains("undecided before the period\n"),
        "{shown}"
    );
    let lines = ledger.csv("partner statement irara --period 2020-01-01..2099-12-31");
    let advance = lines.iter().find(|line| line["movement"] == "advance").unwrap();
    assert_eq!(
        (&*advance["receipt_no"], &*advance["eur"], &*advance["external_ref"]),
        ("ADV-1", "1000.00", "")
    );

    ledger.ok("hold place --country ET --from 2024-01-01 --reason invoices");
    let held = ledger.json("partner statement irara --period 2020-01-01..2099-12-31");
    // 3 000 − 100 − 1 500 of the claim; the fee is no support in Ethiopia.
    assert_eq!(held["held"], "1400.00");
    assert_eq!(open_rows(&ledger, ALL_TIME, "held"), ["R-1 1300.00", "R-2 100.00"]);
    ledger.ok("hold place --partner irara --from 2024-02-01 --reason invoices");
    assert_eq!(ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["held"], "1600.00");
    assert_eq!(open_rows(&ledger, ALL_TIME, "held"), ["R-1 1300.00", "R-2 100.00", "F-1 200.00"]);
    let shown = ledger.ok("partner statement irara --period 2020-01-01..2099-12-31");
    assert!(shown.contains("held at the end"), "{shown}");
    for ending in ["html", "xlsx"] {
        ledger.ok(&format!("partner statement irara --period 2020-01-01..2099-12-31 --out held.{ending}"));
    }
    let page = ledger.read("held.html");
    assert!(
        page.contains("<a href=\"#held\">of that held</a>") && page.contains("<table id=\"held\">"),
        "{page}"
    );
    assert!(
        page.contains("<a href=\"#owed\">owed at the end</a>") && page.contains("<table id=\"owed\">"),
        "{page}"
    );
    assert!(std::fs::read(ledger.path("held.xlsx")).unwrap().starts_with(b"PK"));
    // While a partner is held, nothing is paid to it unless somebody says why.
    assert!(ledger.fail(1, &paid("10.00", "RF-4", "")).contains("paid-while-held"));
    assert!(
        ledger
            .fail(1, "--actor asha@irara hold release 2 --on 2024-07-02 --reason done")
            .contains("acts-for-partner")
    );
    ledger.ok(&paid("10.00", "RF-4", "--despite-hold"));
    assert_eq!(ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["held"], "1590.00");
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}

const ALL_TIME: &str = "2020-01-01..2099-12-31";

/// The rows that a figure of what is open opens into.
fn open_rows(ledger: &Ledger, period: &str, movement: &str) -> Vec<String> {
    let lines = ledger.csv(&format!("partner statement irara --period {period}"));
    let open = lines.iter().filter(|line| line["movement"] == movement);
    open.map(|line| format!("{} {}", line["receipt_no"], line["eur"])).collect()
}

/// Why something was refused, what was asked and why money came back is told where the figures are, to whoever may open it.
#[test]
fn what_was_said_stands_beside_the_figures() {
    let ledger = ledger();
    ledger.write(
        "more.csv",
        format!(
            "{SPEND}\nirara,FX-2041,education,2024-04-02,6.00,EUR,Lempa,R-6,,\nirara,,partner-fee,2024-03-31,50.00,EUR,irara,F-1,,\n"
        ),
    );
    ledger.ok("import spend more.csv");
    ledger.ok(&format!("claim refuse {} --reason 'for another person'", ledger.claim("R-5")));
    ledger.ok(&format!("claim query {} --reason 'which course?'", ledger.claim("R-6")));
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    ledger.ok(&format!("partner fee refuse {fee} --reason 'not agreed'"));

    let claims = ledger.csv("claim list");
    let said = |receipt: &str, column: &str| find(claims.clone(), "receipt_no", receipt)[column].clone();
    assert_eq!(said("R-5", "words"), "for another person");
    assert_eq!((said("R-6", "words"), said("R-6", "answer")), ("which course?".into(), String::new()));
    assert_eq!(said("R-1", "words"), "");
    assert!(!ledger.ok("claim list").contains("which course?"), "the table has no room for it");

    let lines = ledger.csv("partner statement irara --period 2020-01-01..2099-12-31");
    let words = |receipt: &str, movement: &str| -> Vec<String> {
        let of = |line: &&Cells| line["receipt_no"] == receipt && line["movement"] == movement;
        lines.iter().filter(of).map(|line| line["words"].clone()).collect()
    };
    assert_eq!(words("R-5", "disallowed"), ["for another person"]);
    assert_eq!(words("R-2", "disallowed"), [""], "a rule has no words of its own");
    assert_eq!(words("R-1", "reversed"), ["returned"]);
    assert_eq!(words("R-6", "undecided"), ["which course?"]);
    assert_eq!(words("F-1", "fee-refused"), ["not agreed"]);

    let delivered = ledger.csv("partner statement irara --period 2024-Q2 --by delivery");
    let words: Vec<&str> = delivered.iter().map(|claim| claim["words"].as_str()).collect();
    assert_eq!(words, ["for another person", "which course?"]);

    ledger.ok(&format!("claim answer {} --text 'the spring course'", ledger.claim("R-6")));
    assert_eq!(find(ledger.csv("claim list"), "receipt_no", "R-6")["answer"], "the spring course");
    ledger.ok(&format!("claim accept {}", ledger.claim("R-6")));
    ledger.ok(&format!("claim reopen {} --reason 'it was hers'", ledger.claim("R-5")));
    let claims = ledger.csv("claim list");
    for receipt in ["R-5", "R-6"] {
        let claim = find(claims.clone(), "receipt_no", receipt);
        assert_eq!((&*claim["words"], &*claim["answer"]), ("", ""), "{receipt} is not asked about any more");
    }
    ledger.is_sound();
}

/// What waits for its rate will take euros that nothing else shows: it stands beside what is available.
#[test]
fn what_waits_for_a_rate_stands_beside_what_is_available() {
    let ledger = Ledger::small("cases");
    let row = |amount: &str, currency: &str, receipt: &str| {
        format!("irara,FX-2041,education,2024-02-01,{amount},{currency},Lempa,{receipt},,\n")
    };
    let rows = [row("70000.00", "ETB", "R-1"), row("30000.00", "ETB", "R-2"), row("12.50", "USD", "R-3")];
    ledger.write("abroad.csv", format!("{SPEND}\n{}", rows.concat()));
    ledger.ok("import spend abroad.csv");
    let beside = || {
        let line = ledger.support("FX-2041");
        format!("{} {} {}", line["available"], line["waiting"], line["waiting_amounts"])
    };
    assert_eq!(beside(), "3000.00 3 100000.00 ETB + 12.50 USD");
    ledger.ok(&format!("claim refuse {} --reason 'no receipt'", ledger.claim("R-1")));
    assert_eq!(beside(), "3000.00 2 30000.00 ETB + 12.50 USD");
    ledger.ok(&format!("claim reopen {} --reason 'here it is'", ledger.claim("R-1")));
    assert_eq!(beside(), "3000.00 3 100000.00 ETB + 12.50 USD");
    ledger.write(
        "inforeuro-2024-02.json",
        r#"[{"isoA3Code":"ETB","value":60.5},{"isoA3Code":"USD","value":1.25}]"#,
    );
    ledger.ok("import rates inforeuro-2024-02.json");
    assert_eq!(beside(), "1337.11 0 ");
    ledger.is_sound();
}

/// The list of holds and the statement say the same of what waits, whatever else the partner was paid for.
#[test]
fn what_a_hold_keeps_back_is_the_same_wherever_it_is_shown() {
    let ledger = ledger();
    ledger.write("fee.csv", format!("{SPEND}\nirara,,partner-fee,2024-01-15,500.00,EUR,irara,F-1,,\n"));
    ledger.ok("import spend fee.csv");
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    ledger.ok(&format!("partner fee accept {fee}"));
    ledger.ok("partner paid irara --amount 700.00 --on 2024-07-01 --reference RF-1");
    ledger.ok("hold place --country ET --from 2024-01-01 --reason invoices");
    // 3 000 − 100, less what of 700 the older fee has left.
    assert_eq!(ledger.csv("hold list")[0]["eur"], "2700.00");
    let held = ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["held"].clone();
    assert_eq!(held, "2700.00");
    let irara = ledger.csv("partner list").into_iter().find(|partner| partner["partner"] == "irara").unwrap();
    assert_eq!(irara["held"], "2700.00");
}

/// What was accepted, or recorded as paid, by mistake is taken back in rows of its own, and the balances follow.
#[test]
fn what_is_taken_back_stands_in_rows_of_its_own() {
    let ledger = Ledger::new();
    ledger.ok("partner register irara --name IRARA");
    let fee = |receipt: &str, amount: &str| {
        format!("irara,,partner-fee,2024-03-31,{amount},EUR,irara,{receipt},,\n")
    };
    ledger.write("fees.csv", format!("{SPEND}\n{}{}", fee("F-1", "200.00"), fee("F-2", "2500.00")));
    ledger.ok("import spend fees.csv");
    let numbers: Vec<String> = ledger.csv("partner fee list").iter().map(|fee| fee["fee"].clone()).collect();
    let (small, large) = (&numbers[0], &numbers[1]);
    assert!(ledger.fail(1, &format!("partner fee reverse {small} --reason no")).contains("not-accepted"));
    for name in ["anna", "bo"] {
        ledger.run(&format!("--actor {name} partner fee accept {small} {large}"));
    }
    let paid = "partner paid irara --amount 300.00 --on 2024-04-05 --reference RF-1";
    ledger.ok(paid);
    let period = "partner statement irara --period 2020-01-01..2099-12-31";
    assert_eq!(ledger.json(period)["totals"]["owed"], "2400.00");

    let part = format!("partner fee reverse {small} --amount 75.00 --reason");
    let back = ledger.ok(&format!("{part} 'one case too many'"));
    assert!(back.contains(&format!("75.00 EUR of fee {small} taken back")), "{back}");
    // Given again, because its answer got lost, it takes back nothing more; for another reason it is another part.
    assert!(ledger.ok(&format!("{part} 'one case too many'")).contains("was taken back before"));
    assert!(
        ledger
            .fail(1, &format!("{part} 'two more'").replace("75.00", "125.01"))
            .contains("more-than-accepted")
    );
    let reverse = format!("partner fee reverse {large} --reason 'the wrong agreement'");
    assert!(ledger.ok(&format!("--actor anna {reverse}")).contains("another person must agree"));
    assert!(ledger.fail(1, &format!("--actor anna {reverse}")).contains("second-person-needed"));
    ledger.ok(&format!("--actor bo {reverse}"));
    let payment = ledger.csv(period).iter().find(|row| row["movement"] == "paid").unwrap()["number"].clone();
    let take_back = format!("partner reverse-paid {payment} --reason 'the bank returned it'");
    assert!(ledger.fail(1, &format!("--actor asha@irara {take_back}")).contains("acts-for-partner"));
    ledger.ok(&take_back);
    assert!(ledger.fail(1, &take_back).contains("already-reversed"));
    assert!(
        ledger.fail(2, &format!("partner reverse-paid {small} --reason no")).contains("no payment outside")
    );
    // Its reference is free again, once.
    ledger.ok(&paid.replace("300.00", "30.00"));
    assert!(ledger.fail(1, paid).contains("already-recorded"));

    let statement = ledger.json(period);
    let totals = &statement["totals"];
    // 200 + 2 500 − 75 − 2 500 − 300 + 300 − 30
    let expected = [
        ("fees", "2700.00"),
        ("fees_reversed", "2575.00"),
        ("paid", "330.00"),
        ("paid_reversed", "300.00"),
        ("owed", "95.00"),
    ];
    for (figure, eur) in expected {
        assert_eq!(totals[figure], eur, "{figure}");
    }
    let rows = ledger.csv(period);
    let of = |movement: &str| -> Vec<(String, String)> {
        let rows = rows.iter().filter(|row| row["movement"] == movement);
        rows.map(|row| (row["number"].clone(), row["eur"].clone())).collect()
    };
    assert_eq!(of("fee-reversed"), [(small.clone(), "75.00".into()), (large.clone(), "2500.00".into())]);
    assert_eq!(of("paid-reversed"), [(payment.clone(), "300.00".into())]);
    let said = ledger.ok(period);
    assert!(said.contains("fees taken back") && said.contains("payments taken back"), "{said}");
    let fees = ledger.csv("partner fee list");
    assert_eq!((&*fees[0]["state"], &*fees[0]["reversed"]), ("accepted", "75.00"));
    assert_eq!((&*fees[1]["state"], &*fees[1]["reversed"]), ("reversed", "2500.00"));
    assert_eq!(ledger.csv("partner list")[0]["fees"], "125.00");
    assert_eq!(ledger.csv("payment due --partner irara")[0]["due"], "125.00");
    let history = ledger.ok("partner history irara");
    for words in ["one case too many", "the wrong agreement", "the bank returned it"] {
        assert!(history.contains(words), "{words}: {history}");
    }
    // The books say the same: what is owed, what fees cost, and what is under way to the partner.
    let trial = ledger.csv("books trial-balance");
    let closing = |account: &str| {
        trial
            .iter()
            .find(|row| row["account"] == account)
            .map(|row| row["closing"].clone())
            .unwrap_or_default()
    };
    assert_eq!([closing("2560"), closing("7310"), closing("1935")], ["-95.00", "125.00", "-30.00"]);
    assert!(ledger.ok("duties").contains("nobody decided"));
    ledger.is_sound();
}

/// What was reported and has no rate yet stands in the statement, in its currency.
#[test]
fn spend_that_waits_for_its_rate_is_shown() {
    let ledger = ledger();
    ledger.write(
        "abroad.csv",
        format!("{SPEND}\nirara,FX-2041,education,2024-02-01,70000.00,ETB,Lempa,R-9,,\n"),
    );
    ledger.ok("import spend abroad.csv");
    let period = "partner statement irara --period 2020-01-01..2099-12-31";
    let waiting = &ledger.json(period)["waiting"];
    assert_eq!((&waiting[0]["amount"], &waiting[0]["currency"]), (&"70000.00".into(), &"ETB".into()));
    assert_eq!(waiting[0]["eur"], "0.00", "no rate of ETB is known, so nothing can be estimated");
    assert!(ledger.ok(period).contains("waiting for an exchange rate"));
    ledger.ok(&format!("claim refuse {} --reason 'no receipt'", ledger.claim("R-9")));
    assert_eq!(ledger.json(period)["waiting"].as_array().unwrap().len(), 0);
    ledger.is_sound();
}

/// By day of delivery: what was delivered in a quarter and what became of it, however late that was known.
#[test]
fn a_statement_by_delivery_shows_what_became_of_what_was_delivered() {
    let ledger = ledger();
    let figures = |period: &str| {
        let totals =
            ledger.json(&format!("partner statement irara --period {period} --by delivery"))["totals"]
                .clone();
        let figure = |name: &str| totals[name].as_str().unwrap().to_owned();
        ["reported", "eligible", "reversed", "net", "undecided"].map(figure).join(" ")
    };
    assert_eq!(figures("2024-Q1"), "3050.00 3000.00 100.00 2900.00 0.00");
    assert_eq!(figures("2024-Q2"), "5.00 0.00 0.00 0.00 5.00");
    assert_eq!(figures("2023"), "20.00 0.00 0.00 0.00 0.00");
    assert_eq!(figures("2022"), "0.00 0.00 0.00 0.00 0.00");
    let quarter = "partner statement irara --period 2024-Q1 --by delivery";
    let parts = &ledger.json(quarter)["totals"]["disallowed"];
    assert_eq!((&parts[0]["reason"], &parts[0]["eur"]), (&"over-cap".into(), &"50.00".into()));
    let lines = ledger.csv(quarter);
    let told: Vec<String> = lines
        .iter()
        .map(|l| {
            format!("{} {} {} {} {}", l["receipt_no"], l["eur"], l["eligible"], l["reversed"], l["reason"])
        })
        .collect();
    assert_eq!(told, ["R-1 2900.00 2900.00 100.00 ", "R-2 150.00 100.00 0.00 over-cap"]);

    // What has no rate yet is there too, and in no figure.
    ledger.write(
        "abroad.csv",
        format!("{SPEND}\nirara,FX-2041,education,2024-02-01,70000.00,ETB,Lempa,R-9,,\n"),
    );
    let (position, _) = ledger.root();
    let then = ledger.json(quarter);
    ledger.ok("import spend abroad.csv");
    assert_eq!(figures("2024-Q1"), "3050.00 3000.00 100.00 2900.00 0.00");
    let waiting = &ledger.csv(quarter)[2];
    assert_eq!(
        (&*waiting["receipt_no"], &*waiting["eur"], &*waiting["reason"]),
        ("R-9", "", "waiting-for-rate")
    );
    assert_eq!(ledger.json(quarter)["totals"]["waiting"], 1);
    assert_eq!(ledger.json(&format!("{quarter} --at {position}")), then);

    assert!(ledger.ok(quarter).contains("delivered in the period, with what became of it"));
    for ending in ["csv", "html", "xlsx"] {
        ledger.ok(&format!("{quarter} --at {position} --out d.{ending}"));
    }
    let page = ledger.read("d.html");
    assert!(page.contains("Clinic &lt;B&gt;") && !page.contains("<B>"), "{page}");
    assert!(page.contains(&format!("--by delivery --at {position}</code>")), "{page}");
    assert_eq!(rows(&ledger.read("d.csv")), lines);
    assert!(std::fs::read(ledger.path("d.xlsx")).unwrap().starts_with(b"PK"));
    assert!(ledger.fail(2, &format!("{quarter} --out d.pdf")).contains(".html"));
    assert!(ledger.fail(2, &format!("{quarter} --out d.csv")).contains("d.csv is there already"));
    ledger.is_sound();
}

/// The sum of a column over the rows that are wanted.
fn total(rows: &[Cells], column: &str, wanted: impl Fn(&Cells) -> bool) -> Eur {
    let wanted = rows.iter().filter(|row| wanted(row));
    Eur::sum(wanted.map(|row| row[column].parse::<Eur>().unwrap())).unwrap()
}

/// A whole year: what the statements of all partners over all periods come to is what the balances of all people say.
#[test]
fn the_statements_of_a_year_come_to_its_balances() {
    let ledger = Ledger::none();
    ledger.ok("demo --into . --seed 11 --people 120");
    let claims = ledger.csv("claim list");
    let mut disbursed = Vec::new();
    for partner in ledger.csv("partner list") {
        let code = &partner["partner"];
        let own = |row: &Cells| row["partner"] == *code;
        let (mut owed, mut undecided) = ("0.00".to_owned(), "0.00".to_owned());
        let mut all: Vec<Cells> = Vec::new();
        for period in ["2000-01-01..2019-12-31", "2020-01-01..2029-12-31", "2030-01-01..2099-12-31"] {
            let of_period = format!("partner statement {code} --period {period}");
            let (statement, lines) = (ledger.json(&of_period), ledger.csv(&of_period));
            let totals = &statement["totals"];
            assert_eq!(totals["owed_before"], *owed, "{of_period}");
            assert_eq!(totals["undecided_before"], *undecided, "{of_period}");
            for figure in ["reported", "eligible", "reversed", "reopened"] {
                let sum = total(&lines, "eur", |line| line["movement"] == figure);
                assert_eq!(totals[figure], sum.to_string(), "{figure}: {of_period}");
            }
            for part in totals["disallowed"].as_array().unwrap() {
                let of_reason =
                    |line: &Cells| line["movement"] == "disallowed" && part["reason"] == *line["reason"];
                assert_eq!(part["eur"], total(&lines, "eur", of_reason).to_string(), "{of_period}");
            }
            let text = |figure: &str| totals[figure].as_str().unwrap().to_owned();
            (owed, undecided) = (text("owed"), text("undecided"));
            all.extend(lines);
        }
        let net = |rows: &[Cells], eligible: Eur| {
            eligible.checked_sub(total(rows, "eur", |row| row["movement"] == "reversed")).unwrap()
        };
        let stated = net(&all, total(&all, "eur", |row| row["movement"] == "eligible"));
        let claimed = total(&claims, "eligible", own).checked_sub(total(&claims, "reversed", own)).unwrap();
        assert_eq!((stated, stated.to_string()), (claimed, partner["disbursed"].clone()), "{code}");
        assert_eq!(undecided, partner["pending"], "{code}");
        disbursed.push(stated);
    }
    assert!(disbursed.iter().filter(|eur| !eur.is_zero()).count() > 1, "{disbursed:?}");
    let of_people = total(&ledger.balances(), "disbursed", |line| line["budget_line"] != "arrival-grant");
    assert_eq!(Eur::sum(disbursed).unwrap(), of_people);
}
