//! Commands a person gives one at a time, each with its refusals.

use crate::support::{Cells, Ledger, find};

fn case(ledger: &Ledger, external: &str) -> Cells {
    find(ledger.csv("case list"), "external_ref", external)
}

fn refused(ledger: &Ledger, line: &str, reason: &str) {
    let before = ledger.balances();
    let message = ledger.fail(1, line);
    assert!(message.contains(&format!("refused: {reason}: ")), "{line}: {message}");
    assert_eq!(ledger.balances(), before, "{line}");
}

#[test]
fn a_case_is_named_by_the_authority_s_reference_or_its_own_however_it_is_typed() {
    let ledger = Ledger::small("spend");
    let own = case(&ledger, "FX-2041").remove("case").unwrap();
    let typed = [
        own.clone(),
        own.to_lowercase(),
        own.replace('-', ""),
        own.to_lowercase().replace('-', ""),
        own.replace('0', "O").replace('1', "l"),
    ];
    for command in ["case show", "balance", "history", "explain", "claim list --case", "grant list --case"] {
        let wanted = ledger.ok(&format!("{command} FX-2041"));
        for own in &typed {
            assert_eq!(ledger.ok(&format!("{command} {own}")), wanted, "{command} {own}");
        }
    }
    assert_eq!(ledger.ok(&format!("balance '{}'", own.replace('-', " "))), ledger.ok("balance FX-2041"));
    ledger.ok(&format!("case close {} --on 2024-12-01", own.to_lowercase()));
    assert_eq!(case(&ledger, "FX-2041")["stage"], "closed");
}

#[test]
fn an_import_row_may_name_a_case_by_its_own_reference() {
    let ledger = Ledger::small("cases");
    let own = case(&ledger, "FX-2052").remove("case").unwrap();
    ledger.write(
        "grants.csv",
        format!(
            "case_ref,paid_on,amount,currency,method,payment_ref\n{own},2023-09-14,615.00,EUR,bank,PAYREF-1\n"
        ),
    );
    ledger.ok("import grants grants.csv");
    assert_eq!(find(ledger.csv("grant list"), "payment_ref", "PAYREF-1")["external_ref"], "FX-2052");
}

#[test]
fn a_mistyped_reference_is_told_apart_from_an_unknown_one() {
    let ledger = Ledger::small("cases");
    let own = case(&ledger, "FX-2041").remove("case").unwrap().replace('-', "");
    let last = own.chars().last().unwrap();
    let other = if last == '7' { '8' } else { '7' };
    let mistyped = ledger.fail(2, &format!("case show {}{other}", &own[..7]));
    assert!(mistyped.contains("its check character does not fit"), "{mistyped}");
    let mut swapped: Vec<char> = own.chars().collect();
    let at = (0..7).find(|at| swapped[*at] != swapped[at + 1]).unwrap();
    swapped.swap(at, at + 1);
    let swapped = ledger.fail(2, &format!("case show {}", String::from_iter(swapped)));
    assert!(swapped.contains("a character is wrong or two are swapped"), "{swapped}");
    let unknown = ledger.fail(2, "case show FX-9999");
    assert!(unknown.contains("no case has this reference; `svala case list` shows all cases"), "{unknown}");
}

#[test]
fn the_payment_reference_of_a_case_is_iso_11649() {
    let ledger = Ledger::small("cases");
    let shown = ledger.json("case show FX-2041");
    let reference = shown["payment_reference"].as_str().unwrap();
    assert!(
        reference.starts_with("RF") && reference.ends_with(&shown["case"].as_str().unwrap().replace('-', "")),
        "{reference}"
    );
    let (head, body) = reference.split_at(4);
    let digits: String =
        format!("{body}{head}").chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
    assert_eq!(digits.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97), 1);
}

#[test]
fn claims_are_accepted_and_refused_by_number() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv");
    let (whole, cut) = (ledger.claim("QX77-44001"), ledger.claim("QX77-44002"));
    let said = ledger.ok(&format!("claim accept {whole} {cut}"));
    assert!(
        said.contains(&format!("claim {whole} accepted: 4000.00 EUR eligible, 0.00 EUR disallowed")),
        "{said}"
    );
    assert!(
        said.contains(&format!("claim {cut} cut: 1000.00 EUR eligible, 500.00 EUR disallowed (over-cap)")),
        "{said}"
    );
    refused(&ledger, &format!("claim accept {whole}"), "already-decided");

    let other = ledger.claim("QX77-41001");
    ledger.fail(2, &format!("claim refuse {other} --reason '  '"));
    ledger.fail(2, &format!("claim refuse {other}"));
    ledger.ok(&format!("claim refuse {other} --reason 'receipt is for another person'"));
    let claim = find(ledger.csv("claim list --state refused"), "receipt_no", "QX77-41001");
    assert_eq!(
        (&*claim["reason"], &*claim["disallowed"], &*claim["eligible"]),
        ("by-finance", "1200.00", "0.00")
    );
    assert!(ledger.ok("history FX-2041").contains("receipt is for another person"));
    refused(&ledger, &format!("claim refuse {other} --reason again"), "already-decided");
    ledger.fail(2, "claim accept 1");
    ledger.fail(2, "claim accept 999999");
    ledger.fail(2, "claim accept 0");
    ledger.is_sound();
}

#[test]
fn one_refused_number_does_not_keep_the_others_from_being_accepted() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv");
    let (first, second) = (ledger.claim("QX77-52001"), ledger.claim("QX77-52002"));
    ledger.ok(&format!("claim accept {first}"));
    let message = ledger.fail(1, &format!("claim accept {first} {second}"));
    assert!(message.contains(&format!("claim {first}: refused: already-decided")), "{message}");
    assert_eq!(ledger.support("FX-2052")["disbursed"], "500.00");
}

#[test]
fn a_queried_claim_waits_until_finance_names_it() {
    let ledger = Ledger::small("spend");
    let number = ledger.claim("QX77-49003");
    ledger.ok("claim accept --all");
    assert_eq!(ledger.support("FX-2049")["pending"], "90.00");
    assert!(ledger.ok("explain FX-2049").contains("late-use"));
    ledger.ok(&format!("claim accept {number}"));
    let balance = ledger.support("FX-2049");
    assert_eq!((&*balance["pending"], &*balance["disbursed"]), ("0.00", "190.00"));
}

#[test]
fn a_bulk_acceptance_can_be_tried_and_narrowed() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv");
    let before = ledger.root();
    let dry = ledger.csv("claim accept --all --flagged-too --dry-run");
    assert_eq!(ledger.root(), before, "a dry run writes nothing");
    assert_eq!(ledger.csv("claim list --state reported").len(), dry.len());
    let first = ledger.claim("QX77-41001");
    assert!(ledger.ok(&format!("claim accept {first} --dry-run")).contains("would be accepted"));
    assert_eq!(ledger.root(), before);

    assert_eq!(ledger.csv("claim accept --case FX-2044 --flagged-too").len(), 2);
    assert_eq!(ledger.csv("claim accept --partner weldo --flagged-too").len(), 2);
    let rest = ledger.csv("claim accept --all --flagged-too");
    assert_eq!(rest.len() + 4, dry.len());
    for row in rest {
        assert_eq!(find(dry.clone(), "claim", &row["claim"]), row, "as the dry run said");
    }
    assert!(ledger.csv("claim list --state reported").is_empty());
    ledger.fail(2, "claim accept");
    ledger.fail(2, "claim accept 5 --all");
}

#[test]
fn a_refused_grant_counts_when_finance_gives_a_reason() {
    let ledger = Ledger::small("grants");
    let (late, early, over, none, not_arrived) = (
        ledger.grant("PAYREF-90421"),
        ledger.grant("PAYREF-90441"),
        ledger.grant("PAYREF-90412"),
        ledger.grant("PAYREF-90471"),
        ledger.grant("PAYREF-90461"),
    );
    let line = |case: &str| find(ledger.csv(&format!("balance {case}")), "budget_line", "arrival-grant");
    ledger.ok(&format!("grant allow {late} --reason 'bank holiday in Morocco'"));
    assert_eq!((&*line("FX-2042")["disbursed"], &*line("FX-2042")["disallowed"]), ("615.00", "0.00"));
    assert!(ledger.ok("history FX-2042").contains("bank holiday in Morocco"));
    ledger.ok(&format!("grant allow {early} --reason 'paid at the gate'"));
    assert_eq!((&*line("FX-2044")["disbursed"], &*line("FX-2044")["remaining"]), ("700.00", "-85.00"));
    ledger.ok(&format!("grant allow {over} --reason 'hotel for a missed flight'"));
    assert_eq!(line("FX-2041")["remaining"], "-20.00");
    refused(&ledger, &format!("grant allow {none} --reason x"), "no-entitlement");
    refused(&ledger, &format!("grant allow {not_arrived} --reason x"), "not-arrived");
    refused(&ledger, &format!("grant allow {late} --reason x"), "not-refused");
    ledger.fail(2, &format!("grant allow {none} --reason ''"));
    ledger.fail(2, "grant allow 1 --reason x");
    ledger.ok("case depart FX-2046 --on 2024-06-02");
    ledger.ok("case arrive FX-2046 --on 2024-06-02");
    ledger.ok(&format!("grant allow {not_arrived} --reason 'the arrival was reported late'"));
    ledger.is_sound();
}

#[test]
fn money_of_a_grant_comes_back() {
    let ledger = Ledger::small("grants");
    let grant = ledger.grant("PAYREF-90411");
    let back = |amount: &str, on: &str| {
        format!("grant return {grant} --amount {amount} --on {on} --reason 'card was not used up'")
    };
    ledger.ok(&back("115.50", "2023-11-01"));
    // The same again, by whoever did not see the answer: nothing is written, and it is said.
    let (root, said) = (ledger.root(), ledger.ok(&back("115.50", "2023-11-01")));
    assert!(said.contains("recorded before") && said.contains("nothing was changed"), "{said}");
    assert_eq!(ledger.root(), root);
    let line = || find(ledger.csv("balance FX-2041"), "budget_line", "arrival-grant");
    assert_eq!((&*line()["disbursed"], &*line()["remaining"]), ("499.50", "115.50"));
    refused(&ledger, &back("499.51", "2023-11-02"), "more-than-paid");
    refused(&ledger, &back("1.00", "2023-10-13"), "return-before-payment");
    for amount in ["0.00", "-1.00", "1,50", "1.005"] {
        let run = ledger.run(&back("X", "2023-11-02").replace("--amount X", &format!("--amount={amount}")));
        assert_eq!(run.code, Some(2), "{run}");
    }
    // What came back on the same day for another reason came back as well.
    for (reason, left) in
        [("a second card", "489.50"), ("a third card", "479.50"), ("a second card ", "479.50")]
    {
        ledger.ok(&format!("grant return {grant} --amount 10.00 --on 2023-11-02 --reason '{reason}'"));
        assert_eq!(line()["disbursed"], left, "{reason}");
    }
    ledger.ok(&back("479.50", "2023-11-02"));
    // Also when nothing is left that could come back.
    let root = ledger.root();
    assert!(ledger.ok(&back("479.50", "2023-11-02")).contains("recorded before"));
    assert_eq!(ledger.root(), root);
    assert_eq!(find(ledger.csv("grant list"), "payment_ref", "PAYREF-90411")["state"], "returned");
    // What a partner paid out in cash against the rules is its own money; what went out from here is not.
    let refused_grant = ledger.grant("PAYREF-90433");
    refused(
        &ledger,
        &format!("grant return {refused_grant} --amount 0.01 --on 2024-03-02 --reason x"),
        "not-paid",
    );
    let refused_grant = ledger.grant("PAYREF-90412");
    ledger.ok(&format!("grant return {refused_grant} --amount 20.00 --on 2023-11-02 --reason x"));
    assert_eq!(find(ledger.csv("grant list"), "payment_ref", "PAYREF-90412")["state"], "returned");
    ledger.is_sound();
}

/// 3 000 becomes 2 000 after 2 500 was paid: nothing is undone, the line shows as overdrawn, new claims do not fit.
#[test]
fn a_return_that_becomes_forced_leaves_what_was_paid_and_overdraws_the_line() {
    let ledger = Ledger::small("cases");
    let spend = |n: u32, amount: &str| {
        ledger.write(
            "spend.csv",
            format!("partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2052,education,2023-11-01,{amount},EUR,Lempa,QX77-{n},,\n"),
        );
        ledger.ok("import spend spend.csv --accept");
    };
    spend(1, "2500.00");
    ledger.ok("case change-mode FX-2052 forced --on 2023-12-01");
    let balance = ledger.support("FX-2052");
    assert_eq!(
        (&*balance["cap"], &*balance["disbursed"], &*balance["remaining"]),
        ("2000.00", "2500.00", "-500.00")
    );
    spend(2, "0.01");
    let claim = find(ledger.csv("claim list"), "receipt_no", "QX77-2");
    assert_eq!((&*claim["state"], &*claim["reason"], &*claim["disallowed"]), ("refused", "over-cap", "0.01"));
    assert!(ledger.ok("explain FX-2052").contains("assessed anew on 2023-12-01"));
    refused(&ledger, "case change-mode FX-2052 forced --on 2023-12-02", "no-change");
    refused(&ledger, "case change-mode FX-2052 voluntary --on 2023-08-01", "before-application");

    ledger.ok("case change-mode FX-2052 voluntary --on 2023-12-24");
    assert_eq!(ledger.support("FX-2052")["remaining"], "500.00");
    spend(3, "500.01");
    assert_eq!(ledger.support("FX-2052")["disbursed"], "3000.00");
    let said = ledger.ok("history FX-2052");
    assert!(said.contains("the return became forced on 2023-12-01, handled by police"), "{said}");
    ledger.is_sound();
}

#[test]
fn a_return_to_armenia_that_becomes_forced_ends_the_entitlement() {
    let ledger = Ledger::small("cases");
    ledger.write(
        "cases.csv",
        ledger.read("cases.csv").replace(
            "FX-2050,2024-05-06,AM,forced,police",
            "FX-3050,2024-05-06,AM,voluntary,migration-agency",
        ),
    );
    ledger.ok("import cases cases.csv");
    assert_eq!(ledger.support("FX-3050")["cap"], "3000.00");
    ledger.ok("case change-mode FX-3050 forced --on 2024-06-01");
    let balance = ledger.support("FX-3050");
    assert_eq!((&*balance["cap"], &*balance["rule_id"]), ("0.00", "forced-return-excluded"));
}

#[test]
fn a_case_from_decision_to_close() {
    let ledger = Ledger::small("cases");
    refused(&ledger, "case approve FX-2048 --on 2024-09-01", "before-application");
    refused(&ledger, "case arrive FX-2048 --on 2024-10-02", "not-departed");
    let said = ledger.csv("case approve FX-2048 --on 2024-09-20");
    assert_eq!(find(said, "budget_line", "reintegration")["cap"], "3000.00");
    refused(&ledger, "case approve FX-2048 --on 2024-09-21", "already-decided");
    refused(&ledger, "case reject FX-2048 --on 2024-09-21", "already-decided");
    refused(&ledger, "case assign FX-2048 caritas", "no-change");
    refused(&ledger, "case assign FX-2048 irara", "transfer-without-day");
    refused(&ledger, "case assign FX-2048 irara --on 2024-09-01", "before-application");
    ledger.ok("case assign FX-2048 irara --on 2024-09-20");
    refused(&ledger, "case assign FX-2048 irara --on 2024-09-21", "no-change");
    ledger.ok("case depart FX-2048 --on 2024-10-01");
    refused(&ledger, "case depart FX-2048 --on 2024-10-01", "already-departed");
    refused(&ledger, "case arrive FX-2048 --on 2024-09-30", "arrival-before-departure");
    ledger.ok("case arrive FX-2048 --on 2024-10-02");
    refused(&ledger, "case arrive FX-2048 --on 2024-10-02", "already-arrived");
    ledger.write(
        "spend.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2048,education,2024-10-03,10.00,EUR,Lempa,QX77-1,,\n",
    );
    ledger.ok("import spend spend.csv");
    refused(&ledger, "case close FX-2048 --on 2024-12-01", "claims-undecided");
    ledger.ok(&format!("claim accept {}", ledger.claim("QX77-1")));
    ledger.ok("case close FX-2048 --on 2024-12-01");
    refused(&ledger, "case depart FX-2048 --on 2024-12-02", "case-closed");
    refused(&ledger, "case withdraw FX-2048 --on 2024-12-02", "case-closed");
    let shown = case(&ledger, "FX-2048");
    assert_eq!(
        (&*shown["stage"], &*shown["partner"], &*shown["arrived_on"]),
        ("closed", "irara", "2024-10-02")
    );
    assert_eq!(ledger.support("FX-2048")["disbursed"], "10.00", "what was paid keeps its cap");
    ledger.is_sound();
}

#[test]
fn an_application_is_withdrawn_or_rejected() {
    let ledger = Ledger::small("grants");
    refused(&ledger, "case withdraw FX-2041 --on 2024-01-01", "already-disbursed");
    ledger.ok("case withdraw FX-2052 --on 2024-01-01");
    assert_eq!(case(&ledger, "FX-2052")["stage"], "withdrawn");
    assert_eq!(
        (&*ledger.support("FX-2052")["cap"], &*ledger.support("FX-2052")["rule_id"]),
        ("0.00", "application-withdrawn")
    );
    refused(&ledger, "case withdraw FX-2052 --on 2024-01-01", "case-withdrawn");
    ledger.ok("case reject FX-2048 --on 2024-09-20");
    assert_eq!(case(&ledger, "FX-2048")["stage"], "rejected");
}

#[test]
fn reversals_that_cannot_be_are_outcomes_of_their_rows_and_kept() {
    let ledger = Ledger::small("reversals");
    ledger.write(
        "reversals.csv",
        "partner,receipt_no,supplier,reversed_on,amount,currency,reason\n\
         irara,QX77-41001,Zeferino Looms & Sons,2024-01-10,1200.01,EUR,too much\n\
         irara,QX77-41001,Zeferino Looms & Sons,2023-11-05,1.00,EUR,too early\n\
         irara,QX77-41002,Entoto Evening Classes,2024-02-10,0.01,EUR,nothing left\n\
         irara,QX77-41004,Kebele Forms,2024-02-10,1.00,EUR,never accepted\n\
         irara,QX77-41003,Genet Dental Rooms,2024-02-10,299.50,EUR,all that was accepted\n",
    );
    let report = ledger.json("import reversals reversals.csv");
    let reasons: Vec<&str> =
        report["refused"].as_array().unwrap().iter().filter_map(|r| r["reason"].as_str()).collect();
    assert_eq!(reasons, ["more-than-accepted", "not-accepted", "reversal-before-delivery"]);
    assert_eq!((&report["counts"]["applied"], &report["counts"]["refused"]), (&1.into(), &4.into()));
    let history = ledger.csv("history FX-2041");
    assert_eq!(history.iter().filter(|row| row["what"].starts_with("refused to reverse-benefit")).count(), 4);
    let balance = ledger.support("FX-2041");
    assert_eq!((&*balance["disbursed"], &*balance["disallowed"]), ("1200.00", "510.50"));
}

#[test]
fn the_actor_stands_on_every_event() {
    let ledger = Ledger::small("cases");
    ledger.ok("--actor anna.berg case approve FX-2048 --on 2024-09-20");
    let approved = find(ledger.csv("history FX-2048"), "event", "Approved");
    assert_eq!(approved["actor"], "anna.berg");
    ledger.fail(2, "--actor 'two words' case list");
}

/// A claim refused because no arrival was recorded can be taken up again once it is.
#[test]
fn a_refused_claim_is_taken_up_again_when_what_it_was_refused_for_has_changed() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv --accept");
    let claims = ledger.csv("claim list --state refused");
    let claim =
        claims.iter().find(|claim| claim["reason"] == "wrong-partner").expect("a claim of the wrong partner");
    let (number, case, partner) = (&claim["claim"], &claim["external_ref"], &claim["partner"]);
    let before = ledger.csv(&format!("balance {case}"));
    ledger.fail(2, &format!("claim reopen {number}"));
    ledger.ok(&format!("case assign {case} {partner} --on {}", claim["delivered_on"]));
    ledger.ok(&format!("claim reopen {number} --reason 'the case had been handed over'"));
    refused(&ledger, &format!("claim reopen {number} --reason again"), "not-refused");
    let open = find(ledger.csv("claim list --state reported"), "claim", number);
    assert_eq!((&*open["disallowed"], &*open["reason"]), ("0.00", ""));
    let line = |rows: &[std::collections::BTreeMap<String, String>]| {
        rows.iter().find(|row| row["budget_line"] == "reintegration").cloned().expect("the line")
    };
    let pending = line(&ledger.csv(&format!("balance {case}")));
    assert_eq!(pending["pending"], claim["eur"]);
    ledger.ok(&format!("claim accept {number}"));
    let after = line(&ledger.csv(&format!("balance {case}")));
    assert_ne!(after["disbursed"], line(&before)["disbursed"]);
    assert!(ledger.ok(&format!("history {case}")).contains("the case had been handed over"));
    ledger.is_sound();
}
