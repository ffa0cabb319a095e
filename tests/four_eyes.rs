//! Two people for large claims, bulk acceptance with a preview, questions and answers, what is odd, and plans.

use crate::forger;
use crate::support::Ledger;

pub const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

/// A ledger under the rules of the program with the cases of the small scenario.
pub fn cases() -> Ledger {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("cases");
    ledger
}

/// The same with spend that is reported and not decided.
pub fn reported(rows: &str) -> Ledger {
    let ledger = cases();
    ledger.write("some.csv", format!("{SPEND}\n{rows}"));
    ledger.ok("import spend some.csv");
    ledger
}

pub fn one(receipt: &str, amount: &str) -> String {
    format!("irara,FX-2041,education,2024-02-01,{amount},EUR,Lempa,{receipt},,\n")
}

pub fn state(ledger: &Ledger, receipt: &str) -> String {
    let claims = ledger.csv("claim list");
    let claim = claims.iter().find(|claim| claim["receipt_no"] == receipt);
    claim.map(|claim| claim["state"].clone()).unwrap_or_default()
}

pub fn number(ledger: &Ledger, receipt: &str) -> String {
    let claims = ledger.csv("claim list");
    claims.iter().find(|claim| claim["receipt_no"] == receipt).unwrap()["claim"].clone()
}

#[test]
fn a_large_claim_takes_two_people() {
    let ledger = reported(&one("L-1", "2000.00"));
    let large = number(&ledger, "L-1");
    let said = ledger.ok(&format!("--actor anna claim accept {large}"));
    assert!(said.contains("proposed: another person must agree"), "{said}");
    assert_eq!(ledger.csv("claim list --state proposed")[0]["proposed_by"], "anna");
    assert_eq!(ledger.support("FX-2041")["disbursed"], "0.00");
    assert_eq!(ledger.support("FX-2041")["pending"], "2000.00");

    let refused = ledger.fail(1, &format!("--actor anna claim accept {large}"));
    assert!(refused.contains("second-person-needed"), "{refused}");
    let refused = ledger.fail(1, &format!("--actor asha@irara claim accept {large}"));
    assert!(refused.contains("acts-for-partner"), "{refused}");
    ledger.ok(&format!("--actor bo claim accept {large}"));
    assert_eq!(ledger.support("FX-2041")["disbursed"], "2000.00");
    let history = ledger.ok("history FX-2041");
    assert!(
        history.contains("anna") && history.contains("from 2000.00 EUR on another person must agree"),
        "{history}"
    );
    assert!(ledger.ok("explain FX-2041").contains("anna proposed to accept it"));
    ledger.is_sound();
}

/// Finance accepts a part: the rest is disallowed for its reason, which stands in the history, and who agrees agrees to it.
#[test]
fn a_claim_is_accepted_in_part() {
    let ledger = reported(&[one("C-1", "1000.00"), one("C-2", "2500.00")].concat());
    let (small, large) = (number(&ledger, "C-1"), number(&ledger, "C-2"));
    let part = |claim: &str, at_most: &str| {
        format!("claim accept {claim} --at-most {at_most} --reason 'two of ten days were not held'")
    };
    let shown = ledger.ok(&format!("--actor anna {} --dry-run", part(&small, "800.00")));
    let cut = "cut: 800.00 EUR eligible, 200.00 EUR disallowed (by-finance)";
    assert!(shown.contains(&format!("claim {small} would be {cut}")), "{shown}");
    assert!(ledger.ok(&format!("--actor anna {}", part(&small, "800.00"))).contains(cut));
    let line = ledger.support("FX-2041");
    assert_eq!((&*line["disbursed"], &*line["disallowed"]), ("800.00", "200.00"));
    assert_eq!(ledger.csv("claim list --state cut")[0]["at_most"], "800.00");
    assert!(ledger.ok("history FX-2041").contains("at most 800.00 EUR: two of ten days were not held"));
    let explained = ledger.ok("explain FX-2041");
    assert!(explained.contains("of 1000.00 finance accepts at most 800.00"), "{explained}");

    ledger.ok(&format!("--actor anna {}", part(&large, "2300.00")));
    assert_eq!(ledger.csv("claim list --state proposed")[0]["at_most"], "2300.00");
    let other = ledger.fail(1, &format!("--actor bo {}", part(&large, "2200.00")));
    assert!(other.contains("proposed-otherwise") && other.contains("at most 2300.00"), "{other}");
    let whole = ledger.fail(1, &format!("--actor bo claim accept {large}"));
    assert!(whole.contains("proposed-otherwise") && whole.contains("--at-most 2300.00"), "{whole}");
    let agreed = ledger.ok(&format!("--actor bo claim accept {large} --at-most 2300.00"));
    assert!(agreed.contains("cut: 2200.00 EUR eligible, 300.00 EUR disallowed (over-cap)"), "{agreed}");
    // Both reasons stand in the statement, each with its part.
    let year = ledger.csv("claim list")[0]["delivered_on"][..4].to_owned();
    let rows = ledger.csv("partner statement irara --period 2000-01-01..2100-12-31");
    let mut disallowed: Vec<(String, String)> = rows
        .iter()
        .filter(|row| row["movement"] == "disallowed")
        .map(|row| (row["reason"].clone(), row["eur"].clone()))
        .collect();
    disallowed.sort();
    let expected = [("by-finance", "200.00"), ("by-finance", "200.00"), ("over-cap", "100.00")];
    assert_eq!(disallowed, expected.map(|(reason, sum)| (reason.to_owned(), sum.to_owned())));
    let delivered = ledger.csv(&format!("partner statement irara --period {year} --by delivery"));
    let row = delivered.iter().find(|row| row["receipt_no"] == "C-2").unwrap();
    assert_eq!((&*row["disallowed"], &*row["reason"]), ("300.00", "by-finance over-cap"));

    for (line, why) in [
        (format!("claim accept {small} --at-most 1.00"), "--reason"),
        (format!("claim accept {small} --reason why"), "--at-most"),
        (format!("claim accept {small} {large} --at-most 1.00 --reason why"), "one claim"),
        ("claim accept --all --at-most 1.00 --reason why".to_owned(), "--at-most"),
    ] {
        assert!(ledger.fail(2, &line).contains(why), "{line}");
    }
    assert!(ledger.ok("duties").contains("nobody decided what they reported"));
    ledger.is_sound();
}

/// Whoever acts for a partner decides nothing: of no partner, and of no country.
#[test]
fn a_person_of_another_partner_decides_nothing() {
    let ledger = reported(&one("O-1", "100.00"));
    let claim = number(&ledger, "O-1");
    let omar = "--actor omar@lumen";
    // Nobody knows lumen yet, so the name is one like others.
    ledger.ok(&format!("{omar} claim query {claim} --reason why"));
    ledger.ok("partner register lumen --name Lumen");
    for line in [
        format!("claim accept {claim}"),
        format!("claim refuse {claim} --reason no"),
        "hold place --country SO --from 2024-01-01 --reason none".to_owned(),
        "case assign FX-2041 lumen --on 2024-05-01".to_owned(),
        "case close FX-2041 --on 2024-12-01".to_owned(),
        "partner paid irara --amount 1.00 --on 2024-05-01 --reference RF-1".to_owned(),
        "payment propose --partner irara".to_owned(),
        "import reversals reversals.csv".to_owned(),
        "import cases cases.csv --dry-run".to_owned(),
        "bank account add main --iban SE4550000000058398257466 --currency EUR".to_owned(),
    ] {
        let refused = ledger.fail(1, &format!("{omar} {line}"));
        assert!(refused.contains("acts-for-partner"), "{line}: {refused}");
    }
    // What a partner sends it may try itself, and it says nothing in the name of another.
    ledger.write("own.csv", format!("{SPEND}\nlumen,FX-2041,education,2024-02-01,5.00,EUR,Lempa,E-1,,\n"));
    ledger.ok(&format!("{omar} import spend own.csv --dry-run"));
    let refused = ledger.fail(1, &format!("{omar} claim answer {claim} --text because"));
    assert!(refused.contains("acts-for-partner"), "{refused}");
    ledger.ok(&format!("--actor asha@irara claim answer {claim} --text because"));
    for (partner, rule) in
        [("irara", "acts for lumen"), ("nobody", "partner.unknown"), ("lumen-two", "did you mean lumen?")]
    {
        ledger.write(
            "other.csv",
            format!("{SPEND}\n{partner},FX-2041,education,2024-02-01,5.00,EUR,Lempa,E-2,,\n"),
        );
        let refused = ledger.fail(2, &format!("{omar} import spend other.csv"));
        assert!(refused.contains("column partner") && refused.contains(rule), "{partner}: {refused}");
    }
    // Nor does somebody become a partner by a file of their own.
    ledger
        .write("other.csv", format!("{SPEND}\nfinance,FX-2041,education,2024-02-01,5.00,EUR,Lempa,E-3,,\n"));
    // It is registered by somebody who does not become its own; to be refused that is no damage.
    for name in ["finance", "anna@finance", "asha@irara"] {
        let refused = ledger.fail(1, &format!("--actor {name} partner register finance --name Finance"));
        assert!(refused.contains("acts-for-partner"), "{refused}");
    }
    for name in ["finance", "anna@finance", "Anna@Finance"] {
        let refused = ledger.fail(2, &format!("--actor {name} import spend other.csv"));
        assert!(refused.contains("partner.unknown"), "{refused}");
    }
    assert!(
        ledger
            .fail(1, &format!("--actor Omar@Lumen claim refuse {claim} --reason no"))
            .contains("acts-for-partner")
    );
    // Nothing is reported by an import that was to decide it.
    let before = ledger.root();
    let refused = ledger.fail(1, &format!("{omar} import spend own.csv --accept"));
    assert!(refused.contains("acts-for-partner"), "{refused}");
    assert_eq!(ledger.root(), before);
    ledger.ok(&format!("{omar} import spend own.csv"));
    assert_eq!(state(&ledger, "E-1"), "reported");

    // What omar asked before the partner was registered is nobody's breach.
    assert!(ledger.ok("duties").contains("nobody decided"));
    ledger.is_sound();
}

/// Whoever imports decides what is below the limit, proposes what is not, and reports neither.
#[test]
fn an_import_that_accepts_proposes_what_is_large() {
    let ledger = cases();
    ledger.write("some.csv", format!("{SPEND}\n{}{}", one("S-1", "1999.99"), one("L-1", "2000.00")));
    let report = ledger.json("--actor anna import spend some.csv --accept");
    assert_eq!(report["counts"]["applied"], 2, "{report}");
    assert_eq!((state(&ledger, "S-1"), state(&ledger, "L-1")), ("accepted".into(), "proposed".into()));
    // Whoever imported it cannot agree by accepting in bulk.
    ledger.ok("--actor anna claim accept --all --flagged-too");
    assert_eq!(state(&ledger, "L-1"), "proposed");
    ledger.ok("--actor bo claim accept --all --flagged-too --agree");
    assert_eq!(state(&ledger, "L-1"), "cut", "3000.00 − 1999.99 is left");
    assert!(ledger.ok("duties").contains("nobody decided what they reported"));
    ledger.is_sound();
}

#[test]
fn accepting_a_period_shows_before_what_it_does() {
    let rows = [
        one("Q1-1", "100.00"),
        "irara,FX-2041,medical-care,2024-04-01,90.00,EUR,Clinic,Q2-1,,\n".into(),
        "irara,FX-2041,job-counselling,2024-06-30,80.00,EUR,Desk,Q2-2,,\n".into(),
        "irara,FX-2041,temporary-housing,2024-07-01,70.00,EUR,House,Q3-1,,\n".into(),
    ];
    let ledger = reported(&rows.concat());
    let root = ledger.root();
    let preview = ledger.csv("claim accept --partner irara --period 2024-Q2 --dry-run");
    let named: Vec<&str> = preview.iter().map(|row| row["receipt_no"].as_str()).collect();
    assert_eq!(named, ["Q2-1", "Q2-2"]);
    assert_eq!(ledger.root(), root, "a dry run writes nothing");
    let said = ledger.ok("claim accept --partner irara --period 2024-Q2 --dry-run");
    assert!(
        said.contains("2 claims would be decided (dry run, nothing was written): 170.00 EUR eligible"),
        "{said}"
    );
    // What is reported after the preview waits for another one.
    let position = ledger.root().0;
    ledger.write(
        "late.csv",
        format!("{SPEND}\nirara,FX-2041,medical-care,2024-05-01,60.00,EUR,Clinic,Q2-3,,\n"),
    );
    ledger.ok("import spend late.csv");
    let accept = "claim accept --partner irara --period 2024-Q2";
    assert_eq!(ledger.csv(&format!("{accept} --up-to {position}")), preview);
    assert_eq!(state(&ledger, "Q2-3"), "reported");
    let said = ledger.run(&format!("{accept} --up-to {position} --dry-run"));
    assert!(said.err.contains("1 claim reported since then"), "{said}");
    assert_eq!(ledger.csv(accept).len(), 1);
    assert_eq!((state(&ledger, "Q1-1"), state(&ledger, "Q2-2")), ("reported".into(), "accepted".into()));
    assert!(ledger.fail(2, "claim accept --period 2024-Q5").contains("2024-Q2"));
    assert_eq!(ledger.csv("claim list --period 2024-04-01..2024-07-01").len(), 4);
}

/// What was asked and answered after the preview, or proposed by somebody, is not what the preview showed.
#[test]
fn what_has_changed_since_the_preview_is_left_open() {
    let ledger = reported(&["A-1", "A-2", "A-3"].map(|receipt| one(receipt, "100.00")).concat());
    ledger.write("large.csv", format!("{SPEND}\n{}", one("L-1", "2000.00")));
    ledger.ok("import spend large.csv");
    let accept = "claim accept --partner irara --flagged-too";
    assert_eq!(ledger.csv(&format!("{accept} --dry-run")).len(), 4);
    let position = ledger.root().0;
    let [asked, receipt, large] = ["A-1", "A-2", "L-1"].map(|name| number(&ledger, name));
    // Asked, answered, refused and taken up again: open as before, and with other facts.
    ledger.ok(&format!("claim refuse {asked} --reason 'no receipt'"));
    ledger.ok(&format!("claim reopen {asked} --reason 'there is one'"));
    ledger.write("receipt.txt", "paid");
    ledger.ok(&format!("claim attach {receipt} receipt.txt"));
    ledger.ok(&format!("--actor anna claim accept {large}"));
    let run = ledger.run(&format!("--actor bo {accept} --up-to {position}"));
    assert_eq!(run.code, Some(0), "{run}");
    let told = format!("3 claims changed since the preview: left open ({asked} {receipt} {large})");
    assert!(run.err.contains(&told), "{run}");
    let states = ["A-1", "A-2", "A-3", "L-1"].map(|receipt| state(&ledger, receipt));
    assert_eq!(states, ["reported", "reported", "accepted", "proposed"]);
    // Another preview shows them as they stand now.
    let position = ledger.root().0;
    ledger.ok(&format!("--actor bo {accept} --agree --up-to {position}"));
    let states = ["A-1", "A-2", "L-1"].map(|receipt| state(&ledger, receipt));
    assert_eq!(states, ["proposed", "accepted", "accepted"], "what was refused takes two");
    // Of each is said why.
    let history = ledger.ok("history FX-2041");
    let small = format!(
        "claim {asked} proposed: 100.00 EUR eligible; it had been refused, so another person must agree"
    );
    assert!(history.contains(&small), "{history}");
    let large = format!(
        "claim {large} proposed: 2000.00 EUR eligible; from 2000.00 EUR on another person must agree"
    );
    assert!(history.contains(&large), "{history}");
    ledger.is_sound();
}

#[test]
fn a_question_goes_to_the_partner_and_its_answer_comes_back() {
    let ledger = reported(&[one("A-1", "100.00"), one("A-2", "55.00")].concat());
    let asked = number(&ledger, "A-1");
    ledger.ok(&format!("claim query {asked} --reason 'which course is this?'"));
    assert_eq!(state(&ledger, "A-1"), "queried");
    ledger.ok("claim accept --all");
    assert_eq!((state(&ledger, "A-1"), state(&ledger, "A-2")), ("queried".into(), "accepted".into()));
    let queries = ledger.csv("claim queries");
    assert_eq!(queries.len(), 1);
    let open = &queries[0];
    assert_eq!(
        (&*open["question"], &*open["age_days"], &*open["age"]),
        ("which course is this?", "0", "0-30")
    );
    assert_eq!((&*open["answer"], &*open["answered_on"], &*open["reason"]), ("", "", "by-finance"));

    let other = number(&ledger, "A-2");
    assert!(ledger.fail(1, &format!("claim answer {other} --text no")).contains("not-queried"));
    ledger.ok(&format!("--actor asha@irara claim answer {asked} --text 'welding, spring term'"));
    let answered = &ledger.csv("claim queries --partner irara")[0];
    assert_eq!(answered["answer"], "welding, spring term");
    assert!(ledger.csv("claim queries --partner caritas").is_empty());
    ledger.ok("claim accept --all");
    assert_eq!(state(&ledger, "A-1"), "answered", "an answer is read before it is decided");
    ledger.ok(&format!("claim accept {asked}"));
    assert!(ledger.csv("claim queries").is_empty());
    let history = ledger.ok("history FX-2041");
    assert!(
        history.contains("which course is this?") && history.contains("welding, spring term"),
        "{history}"
    );
    ledger.is_sound();
}

/// The same receipt at two partners: both places are named, and neither is accepted without a look.
#[test]
fn one_receipt_at_two_partners_is_flagged_with_both_places() {
    let ledger = reported(
        &[one("D-1", "100.00"), "caritas,FX-2052,education,2024-03-01,100.00,EUR,LEMPA,D-1,,\n".into()]
            .concat(),
    );
    let flags = ledger.csv("claim flags");
    let same: Vec<_> = flags.iter().filter(|flag| flag["flag"] == "same-receipt").collect();
    assert_eq!(same.len(), 2, "{flags:?}");
    for (here, there) in [(0, 1), (1, 0)] {
        let place = format!("claim {} of {}", same[there]["claim"], same[there]["partner"]);
        assert!(same[here]["detail"].contains(&place), "{:?}", same[here]);
    }
    let said = ledger.ok("claim accept --all");
    assert!(said.contains("2 flagged and left open"), "{said}");
    assert_eq!(ledger.csv("claim list --state reported").len(), 2);
    ledger.ok("claim accept --partner irara --flagged-too");
    assert_eq!(ledger.csv("claim list --state accepted").len(), 1);
    assert_eq!(ledger.csv("claim flags --partner irara").len(), 0);
    assert!(!ledger.csv("claim flags --partner irara --decided").is_empty());
}

/// The commands obey the rule; the list finds what a forged history says.
#[test]
fn a_history_in_which_one_person_did_both_is_listed() {
    let ledger = reported(&one("L-1", "2500.00"));
    let large = number(&ledger, "L-1");
    ledger.ok(&format!("--actor anna claim accept {large}"));
    ledger.ok(&format!("--actor bo claim accept {large}"));
    assert!(ledger.ok("duties").contains("nobody decided"));
    assert!(ledger.csv("duties").is_empty());

    let by = |name: &'static str| {
        let twin = ledger.twin();
        forger::rewrite(&twin, |events| {
            let accepted = events.iter_mut().find(|event| event.event_type == "ClaimAccepted").unwrap();
            accepted.actor = name.into();
        });
        std::fs::remove_dir_all(twin.path("svala.checkpoints")).unwrap();
        twin.fail(1, "duties");
        twin.run("duties --format csv").out
    };
    assert!(by("anna").contains("same-person,anna,"), "{}", by("anna"));
    assert!(by("asha@irara").contains("acts-for-partner,asha@irara,"));
    let twin = ledger.twin();
    forger::rewrite(&twin, |events| events.retain(|event| event.event_type != "ClaimProposed"));
    std::fs::remove_dir_all(twin.path("svala.checkpoints")).unwrap();
    assert!(twin.run("duties --format csv").out.contains("no-second-person,bo,"));
}

/// What waits for its rate is held back at the newest one, wherever it is asked what is left; where none is known, nobody
/// plans more.
#[test]
fn a_claim_that_waits_for_its_rate_is_counted_against_new_plans() {
    let ledger = cases();
    let abroad = |receipt: &str, currency: &str| {
        format!("irara,FX-2041,education,2024-02-01,60500.00,{currency},Lempa,{receipt},,\n")
    };
    let plan = |amount: &str| {
        format!("case plan FX-2041 --partner irara --on 2024-02-01 --line medical-care={amount}")
    };
    ledger.write("unknown.csv", format!("{SPEND}\n{}", abroad("U-1", "ETB")));
    ledger.ok("import spend unknown.csv");
    let refused = ledger.fail(1, &plan("1.00"));
    assert!(refused.contains("waits-for-rate") && refused.contains("no rate of ETB was known"), "{refused}");
    ledger.ok(&format!("claim refuse {} --reason 'no receipt'", number(&ledger, "U-1")));

    ledger.write("inforeuro-2024-01.json", r#"[{"isoA3Code":"ETB","value":50}]"#);
    ledger.ok("import rates inforeuro-2024-01.json");
    ledger.write("abroad.csv", format!("{SPEND}\n{}", abroad("W-1", "ETB")));
    let told = ledger.json("import spend abroad.csv")["people"][0].clone();
    assert_eq!((&told["estimated"], &told["available"]), (&"1210.00".into(), &"1790.00".into()));
    let line = ledger.support("FX-2041");
    assert_eq!((&*line["estimated"], &*line["available"], &*line["pending"]), ("1210.00", "1790.00", "0.00"));
    let shown = ledger.json("case show FX-2041");
    assert!(shown.to_string().contains("\"estimated\":\"1210.00\""), "{shown}");
    assert!(ledger.ok("history FX-2041").contains("1210.00 EUR held back for claim"));
    let refused = ledger.fail(1, &plan("1790.01"));
    assert!(refused.contains("over-available") && refused.contains("1790.00 is available"), "{refused}");
    ledger.ok(&plan("1790.00"));
    let waiting = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["waiting"];
    assert_eq!((&waiting[0]["eur"], &waiting[0]["amount"]), (&"1210.00".into(), &"60500.00".into()));
    // The rate comes, and values it otherwise.
    ledger.write("inforeuro-2024-02.json", r#"[{"isoA3Code":"ETB","value":60.5}]"#);
    ledger.ok("import rates inforeuro-2024-02.json");
    let line = ledger.support("FX-2041");
    assert_eq!((&*line["estimated"], &*line["available"], &*line["pending"]), ("0.00", "210.00", "1000.00"));
    assert!(ledger.ok("duties").contains("nobody decided"));
    ledger.is_sound();
}

#[test]
fn a_plan_is_set_aside_drawn_down_and_released() {
    let ledger = cases();
    let plan = |lines: &str| format!("case plan FX-2041 --partner irara --on 2024-02-01 {lines}");
    ledger.ok(&plan("--line education=500 --line business-start-up=1000.00"));
    let line = ledger.support("FX-2041");
    assert_eq!((&*line["committed"], &*line["available"]), ("1500.00", "1500.00"));
    let refused = ledger.fail(1, &plan("--line education=3000.01"));
    assert!(refused.contains("over-available"), "{refused}");
    assert!(ledger.fail(2, &plan("--line education")).contains("CATEGORY=AMOUNT"));
    assert!(ledger.fail(1, "case plan FX-2041 --partner caritas --on 2024-02-01").contains("wrong-partner"));

    ledger.write("some.csv", format!("{SPEND}\n{}", one("P-1", "200.00")));
    ledger.ok("import spend some.csv --accept");
    let line = ledger.support("FX-2041");
    assert_eq!(
        (&*line["committed"], &*line["disbursed"], &*line["available"]),
        ("1300.00", "200.00", "1500.00")
    );
    assert!(ledger.ok("case show FX-2041").contains("planned and not spent"));
    let history = ledger.ok("history FX-2041");
    assert!(history.contains("200.00 EUR of the plan for education spent by claim"), "{history}");
    ledger.ok("case close FX-2041 --on 2024-12-01");
    assert_eq!(ledger.support("FX-2041")["committed"], "0.00");
    ledger.is_sound();
}

/// By hand or from a file, a reversal of the same receipt, day and amount is one.
#[test]
fn a_claim_is_reversed_by_its_number() {
    let ledger = reported(&one("B-1", "300.00"));
    let claim = number(&ledger, "B-1");
    let reverse =
        |amount: &str| format!("claim reverse {claim} --amount {amount} --on 2024-05-01 --reason returned");
    assert!(ledger.fail(1, &reverse("10.00")).contains("not-accepted"));
    ledger.ok("claim accept --all");
    assert!(ledger.fail(1, &reverse("300.01")).contains("more-than-accepted"));
    assert!(ledger.fail(2, &reverse("1,5")).contains("--amount 1,5"));
    ledger.ok(&reverse("100.00"));
    assert_eq!(ledger.support("FX-2041")["disbursed"], "200.00");
    assert!(ledger.fail(1, &reverse("100.00")).contains("already-recorded"));
    ledger.write(
        "back.csv",
        "partner,receipt_no,supplier,reversed_on,amount,currency,reason\nirara,B-1,lempa,2024-05-01,100.00,EUR,returned\n",
    );
    assert_eq!(ledger.json("import reversals back.csv")["counts"]["recognised"], 1);
    assert_eq!(ledger.support("FX-2041")["disbursed"], "200.00");
    ledger.is_sound();
}

/// Much that came back takes two people, by number or from a file, and one of them ends it.
#[test]
fn a_large_reversal_takes_two_people() {
    let ledger = reported(&[one("B-1", "2100.00"), one("B-2", "300.00")].concat());
    for name in ["anna", "bo"] {
        ledger.ok(&format!("--actor {name} claim accept --all --agree"));
    }
    let claim = number(&ledger, "B-1");
    let reverse =
        |amount: &str| format!("claim reverse {claim} --amount {amount} --on 2024-05-01 --reason returned");
    let disbursed = || ledger.support("FX-2041")["disbursed"].clone();
    let proposed = ledger.run(&format!("--actor anna {}", reverse("2000.00")));
    assert!(proposed.code == Some(0) && proposed.err.contains("another person must agree"), "{proposed}");
    assert_eq!(disbursed(), "2400.00");
    let listed = ledger.csv("claim list --state accepted");
    assert_eq!(listed[0]["to_reverse"], "2000.00 on 2024-05-01 by anna");
    assert!(ledger.ok("history FX-2041").contains("taking back 2000.00 EUR of claim"));
    assert!(ledger.ok("explain FX-2041").contains("anna proposed to take back 2000.00"));
    assert!(ledger.fail(1, &format!("--actor anna {}", reverse("2000.00"))).contains("second-person-needed"));
    assert!(ledger.fail(1, &format!("--actor bo {}", reverse("2000.01"))).contains("proposed-otherwise"));
    let drop = format!("claim drop-reversal {claim} --reason 'the goods were kept'");
    assert!(ledger.ok(&format!("--actor anna {drop}")).contains("the proposal has ended"));
    assert!(ledger.fail(1, &format!("--actor bo {drop}")).contains("nothing-proposed"));

    // The same from a file: another person imports it too, and nobody has to do so a third time.
    ledger.write(
        "back.csv",
        "partner,receipt_no,supplier,reversed_on,amount,currency,reason\nirara,B-1,lempa,2024-05-01,2000.00,EUR,returned\nirara,B-2,lempa,2024-05-01,300.00,EUR,returned\n",
    );
    let first = ledger.json("--actor anna import reversals back.csv");
    assert_eq!(
        (&first["counts"]["applied"], &first["refused"][0]["reason"]),
        (&1.into(), &"second-person".into())
    );
    assert_eq!((&first["counts"]["proposed"], &first["counts"]["refused"]), (&1.into(), &0.into()));
    let listed = ledger.csv("import list").pop().unwrap();
    assert_eq!(["applied", "proposed", "refused"].map(|of| listed[of].as_str()), ["1", "1", "0"]);
    assert_eq!(disbursed(), "2100.00");
    let again = ledger.json("--actor anna import reversals back.csv");
    assert_eq!(again["counts"]["recognised"], 2, "{again}");
    assert_eq!(disbursed(), "2100.00", "whoever proposed it does not agree");
    let second = ledger.json("--actor bo import reversals back.csv");
    assert_eq!((&second["counts"]["applied"], &second["counts"]["recognised"]), (&1.into(), &1.into()));
    assert_eq!(disbursed(), "100.00");
    assert!(ledger.ok("import reversals back.csv").contains("imported before"));
    assert!(ledger.ok("duties").contains("nobody decided what they reported"));
    ledger.is_sound();
}

/// What is shown for several numbers is what then happens, one after the other.
#[test]
fn a_preview_by_number_is_what_the_run_then_does() {
    let ledger = reported(
        &[one("N-1", "1900.00"), "irara,FX-2041,medical-care,2024-02-01,1900.00,EUR,Clinic,N-2,,\n".into()]
            .concat(),
    );
    let (first, second) = (number(&ledger, "N-1"), number(&ledger, "N-2"));
    let shown = ledger.ok(&format!("claim accept {first} {second} --dry-run"));
    assert!(shown.contains(&format!("claim {first} would be accepted: 1900.00 EUR eligible")), "{shown}");
    assert!(
        shown.contains(&format!("claim {second} would be cut: 1100.00 EUR eligible, 800.00 EUR")),
        "{shown}"
    );
    let own = ledger.fail(1, &format!("--actor asha@irara claim accept {first} --dry-run"));
    assert!(own.contains("would stay reported: acts-for-partner"), "{own}");
    let done = ledger.ok(&format!("claim accept {first} {second}"));
    assert_eq!(done, shown.replace("would be ", ""));
    assert!(ledger.fail(1, &format!("claim accept {first} --dry-run")).contains("already-decided"));
}

/// What came back has come back: a day that is still to come is a slip.
#[test]
fn nothing_comes_back_on_a_day_to_come() {
    let ledger = reported(&one("L-1", "100.00"));
    let claim = number(&ledger, "L-1");
    ledger.ok(&format!("claim accept {claim}"));
    let root = ledger.root();
    let reverse = |on: &str| format!("claim reverse {claim} --amount 10.00 --on {on} --reason returned");
    assert!(ledger.fail(2, &reverse("2099-05-01")).contains("2099-05-01 is still to come"));
    assert_eq!(ledger.root(), root);
    ledger.ok(&reverse("2024-05-01"));
}

/// A claim that came after the case had ended is explained by that, not by a grant that was never made.
#[test]
fn a_claim_of_an_ended_case_is_explained() {
    for (end, told) in [
        ("case close", "the case was closed on 2024-05-01"),
        ("case withdraw", "the person withdrew on 2024-05-01"),
    ] {
        let ledger = cases();
        ledger.ok(&format!("{end} FX-2041 --on 2024-05-01"));
        ledger.write("late.csv", format!("{SPEND}\n{}", one("L-1", "100.00")));
        ledger.ok("import spend late.csv");
        let claim = number(&ledger, "L-1");
        assert!(ledger.ok(&format!("claim accept {claim}")).contains("no-entitlement"));
        let explained = ledger.ok("explain FX-2041");
        assert!(explained.contains(told) && !explained.contains("nothing was granted"), "{explained}");
    }
}

/// An import that accepts holds nothing back, and says what it should have been looked at for.
#[test]
fn an_import_that_accepts_says_what_looks_like_another_claim() {
    let ledger = cases();
    ledger.write(
        "some.csv",
        format!(
            "{SPEND}\n{}caritas,FX-2042,education,2024-03-20,100.00,EUR,Lempa,D-1,,\n",
            one("D-1", "100.00")
        ),
    );
    let run = ledger.run("import spend some.csv --accept");
    let claims = ledger.csv("claim list");
    assert_eq!((&*claims[0]["state"], &*claims[1]["state"]), ("accepted", "reported"));
    let told = format!(
        "1 claim decided with this import looks like another claim or is oddly large: {};",
        claims[0]["claim"]
    );
    assert!(run.err.contains(&told), "{run}");
    // What is left for somebody to look at was not decided.
    ledger.write("later.csv", format!("{SPEND}\n{}", one("D-3", "1.00").replace("2024-02-01", "2099-02-01")));
    let run = ledger.run("import spend later.csv --accept");
    assert_eq!((state(&ledger, "D-3"), &*run.err), ("reported".into(), ""), "{run}");
    ledger.write("more.csv", format!("{SPEND}\n{}", one("D-2", "1.00")));
    assert!(!ledger.run("import spend more.csv --accept").err.contains("like another"));
}

/// One need is one purpose, whichever programme pays for it and whatever each calls it.
#[test]
fn a_need_that_both_programmes_pay_for_is_flagged() {
    let row = |(category, receipt): (&str, &str)| {
        format!("irara,FX-2041,{category},2024-02-01,{receipt}0.00,EUR,Lempa,R-{receipt},,\n")
    };
    let rows = [
        ("education", "10"),
        ("amira2-education", "20"),
        ("medical-care", "30"),
        ("amira2-healthcare-access", "40"),
        ("business-start-up", "50"),
        ("amira2-business-start-up", "60"),
        ("legal-counselling", "70"),
        ("amira2-psychosocial-support", "80"),
    ];
    let ledger = reported(&rows.map(row).concat());
    let same = |receipt: &str| {
        let claim = number(&ledger, receipt);
        let flags = ledger.csv("claim flags");
        flags.into_iter().find(|flag| flag["claim"] == claim && flag["flag"] == "same-purpose")
    };
    for (jrs, amira2) in [("R-10", "R-20"), ("R-30", "R-40"), ("R-50", "R-60")] {
        for (one, other) in [(jrs, amira2), (amira2, jrs)] {
            let flag = same(one).unwrap_or_else(|| panic!("{one} is for the purpose of {other}"));
            let other = format!("claim {}", number(&ledger, other));
            assert!(flag["detail"].contains(&other), "{flag:?}");
        }
    }
    assert_eq!((same("R-70"), same("R-80")), (None, None));
}
