//! Partners through the program: names, agreements, payment details with two people, holds, transfers, fees.

use money::Eur;

use crate::forger;
use crate::support::{Cells, Ledger, find};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn spend(ledger: &Ledger, name: &str, rows: &[&str]) {
    ledger.write(name, format!("{SPEND}\n{}\n", rows.join("\n")));
}

fn refused(ledger: &Ledger, line: &str, reason: &str) {
    let message = ledger.fail(1, line);
    assert!(message.contains(&format!("refused: {reason}: ")), "{line}: {message}");
}

fn partner(ledger: &Ledger, code: &str) -> Cells {
    find(ledger.csv("partner list"), "partner", code)
}

#[test]
fn a_partner_is_registered_or_named_once_an_import_met_it() {
    let ledger = Ledger::small("cases");
    assert_eq!(partner(&ledger, "irara")["name"], "", "an import met it");
    ledger.ok("partner register irara --name 'International Returns and Reintegration Assistance'");
    ledger.ok("partner register iraqi-red-crescent --name 'Iraqi Red Crescent'");
    assert!(partner(&ledger, "irara")["name"].starts_with("International Returns"));
    assert_eq!(partner(&ledger, "iraqi-red-crescent")["open_cases"], "0");
    refused(&ledger, "partner register irara --name IRARA", "already-registered");
    ledger.ok("partner rename irara --name IRARA");
    assert_eq!(partner(&ledger, "irara")["name"], "IRARA");
    ledger.fail(2, "partner register IRARA --name x");
    ledger.fail(2, "partner register nobody --name ' '");
    ledger.fail(2, "partner register nobody");
    let unknown = ledger.fail(2, "partner show nobody");
    assert!(unknown.contains("there is no partner nobody"), "{unknown}");
    ledger.fail(2, "partner rename nobody --name x");
    ledger.fail(2, "partner history nobody");
    ledger.fail(2, "partner agreement list nobody");
    let history = ledger.csv("--actor anna.berg partner history irara");
    let refused = find(history, "event", "PartnerCommandRefused");
    assert!(refused["what"].starts_with("refused to register: already-registered"), "{refused:?}");
    assert_eq!(refused["actor"], "tester");
    ledger.is_sound();
}

#[test]
fn agreements_are_signed_ended_and_never_overlap() {
    let ledger = Ledger::small("cases");
    let sign = |code: &str, rest: &str| format!("partner agreement sign irara {code} --programme jrs {rest}");
    ledger.ok(&sign(
        "2024",
        "--country ET --country SO --from 2024-01-01 --until 2024-12-31 --fee-percent 7.5",
    ));
    ledger.ok(&sign("gm", "--country GM --from 2024-01-01 --fee-per-case 45.00"));
    refused(&ledger, &sign("again", "--country SO --from 2024-12-31"), "agreements-overlap");
    let other_country = ledger.fail(2, &sign("other", "--country SE --from 2025-01-01"));
    assert!(other_country.contains("SE is no destination of the rulebook"), "{other_country}");
    refused(&ledger, &sign("2024", "--country AM --from 2025-01-01"), "agreement-code-used");
    let other_programme =
        sign("x", "--country SO --from 2024-01-01").replace("--programme jrs", "--programme jrs2");
    let other_programme = ledger.fail(2, &other_programme);
    assert!(other_programme.contains("no such programme; it has jrs, amira2"), "{other_programme}");
    ledger.fail(2, &sign("x", "--from 2025-01-01"));
    ledger.fail(2, &sign("x", "--country SO --from 2025-01-01 --fee-percent 7.555"));
    ledger.fail(2, &sign("x", "--country SO --from 2025-01-01 --fee-percent 7 --fee-per-case 1.00"));
    ledger.ok("partner agreement end irara 2024 --on 2024-06-30");
    refused(&ledger, "partner agreement end irara 2024 --on 2024-06-30", "ends-already");
    ledger.ok(&sign("again", "--country SO --from 2024-07-01"));
    let listed = ledger.csv("partner agreement list irara");
    let told: Vec<_> = listed
        .iter()
        .map(|a| format!("{} {}..{} {}", a["agreement"], a["valid_from"], a["valid_until"], a["fee"]))
        .collect();
    assert_eq!(
        told,
        [
            "2024 2024-01-01..2024-06-30 7.5 % of eligible spend",
            "again 2024-07-01.. ",
            "gm 2024-01-01.. 45.00 EUR per case"
        ]
    );
    let shown = ledger.ok("partner show irara");
    assert!(shown.contains("agreements") && shown.contains("7.5 % of eligible spend"), "{shown}");
    // Refused commands are kept, with who and why.
    let refusals = ledger.csv("partner history irara");
    assert_eq!(refusals.iter().filter(|row| row["event"] == "PartnerCommandRefused").count(), 3);
    ledger.is_sound();
}

#[test]
fn payment_details_need_a_second_person_and_are_shown_masked() {
    let ledger = Ledger::small("cases");
    let iban = "SE35 5000 0000 0549 1000 0003";
    let propose = format!(
        "--actor anna partner payment-details propose irara --iban '{iban}' --bic ESSESESS --holder 'Karin Kanarie'"
    );
    let texts = |ledger: &Ledger| ledger.json("verify")["texts"].as_u64().unwrap();
    let before = texts(&ledger);
    let said = ledger.ok(&propose);
    assert_eq!(texts(&ledger), before + 1, "verification looks at the sealed account too");
    assert!(said.contains("…0003") && !said.contains("5000"), "{said}");
    assert_eq!(partner(&ledger, "irara")["payment_details"], "proposed");
    let number = ledger.proposed_account("irara");
    let approve = format!("partner payment-details approve irara {number}");
    refused(&ledger, &format!("--actor anna {approve}"), "same-person");
    assert_eq!(partner(&ledger, "irara")["payment_details"], "proposed");
    assert!(ledger.approve_account("berit", "irara").contains("…0003"));
    assert_eq!(partner(&ledger, "irara")["payment_details"], "in-force");
    refused(&ledger, &propose, "no-change");

    // Another account is proposed, and rejected: the first one stays.
    let local =
        "partner payment-details propose irara --account 0012-44871 --bank 'Bank of Addis' --holder IRARA";
    ledger.ok(&format!("--actor anna {local}"));
    assert_eq!(partner(&ledger, "irara")["payment_details"], "in-force, another proposed");
    ledger.fail(2, "partner payment-details reject irara --reason ' '");
    ledger.fail(2, "partner payment-details reject irara 1 --reason 'the letter is missing'");
    ledger.ok(
        "--actor berit partner payment-details reject irara --reason 'the letter of the bank is missing'",
    );
    refused(&ledger, &format!("--actor berit {approve}"), "nothing-proposed");
    let shown = ledger.json("partner show irara");
    assert_eq!(shown["details"][0]["account"], "…0003");
    assert_eq!(shown["details"][0]["by"], "berit");
    assert_eq!(shown["details"].as_array().map(Vec::len), Some(1));
    let revealed = ledger.json("partner show irara --reveal");
    assert_eq!(revealed["details"][0]["account"], iban.replace(' ', ""));
    let history = ledger.ok("partner history irara");
    assert!(history.contains("payment details proposed by anna: …0003 of Karin Kanarie"), "{history}");
    assert!(history.contains("the letter of the bank is missing") && history.contains("same-person"));
    assert!(!history.contains("0549"), "{history}");

    for bad in [
        "--iban 'SE35 5000 0000 0549 1000 0004' --holder x",
        "--iban 'SE35 5000 0000 0549 1000 0003' --account 123456 --bank x --holder x",
        "--account 123456 --holder x",
        "--iban 'SE35 5000 0000 0549 1000 0003'",
        "--iban 'SE35 5000 0000 0549 1000 0003' --bic ESSE --holder x",
    ] {
        ledger.fail(2, &format!("partner payment-details propose irara {bad}"));
    }
    // Account and holder stand in no event.
    let bodies = ledger.ask("SELECT body || ' ' || actor FROM events", |row| row.get::<String>(0)).join("\n");
    assert!(bodies.contains("PaymentDetails") || bodies.contains("proposed_by"));
    for secret in ["Kanarie", "0000000549", "44871", "Bank of Addis", "letter of the bank"] {
        assert!(!bodies.contains(secret), "{secret}");
    }
    ledger.is_sound();
}

/// Anna proposes an account, Berit looks at it, Anna proposes another: Berit's approval of the first brings neither into
/// force, and says what stands there now.
#[test]
fn an_account_is_approved_by_the_number_that_was_looked_at() {
    let ledger = Ledger::small("cases");
    let propose = |account: &str| {
        ledger.ok(&format!(
            "--actor anna partner payment-details propose irara --account {account} --bank Bank --holder IRARA"
        ))
    };
    let said = propose("0012-44871");
    let seen = ledger.proposed_account("irara");
    assert!(said.contains(&format!("payment-details approve irara {seen}")), "{said}");
    propose("0012-66666");
    let approve = format!("--actor berit partner payment-details approve irara {seen}");
    let error = ledger.fail(1, &approve);
    let now = ledger.proposed_account("irara");
    for told in
        ["another-proposal: anna proposed other", &format!("number {now}, account …6666, proposed at 20")]
    {
        assert!(error.contains(told), "{error}");
    }
    assert_eq!(partner(&ledger, "irara")["payment_details"], "proposed");
    // What is no proposal of this partner is no number of one.
    for other in ["0", "1", "999999", &(seen + 2).to_string()] {
        let error = ledger.fail(2, &format!("--actor berit partner payment-details approve irara {other}"));
        assert!(error.contains("svala partner show irara"), "{error}");
    }
    ledger.ok("partner payment-details propose caritas --account 0012-44871 --bank Bank --holder C");
    ledger.fail(2, &format!("--actor berit partner payment-details approve caritas {now}"));
    assert!(ledger.approve_account("berit", "irara").contains("…6666"));
    ledger.is_sound();
}

/// The commands obey the rule; `duties` finds what a forged history says.
#[test]
fn an_account_that_one_person_approved_is_listed() {
    let ledger = Ledger::small("cases");
    let details = "--account 0012-44871 --bank 'Bank of Addis' --holder IRARA";
    ledger.ok(&format!("--actor anna partner payment-details propose irara {details}"));
    ledger.approve_account("berit", "irara");
    spend(&ledger, "fees.csv", &["irara,,partner-fee,2024-01-31,450.00,EUR,IRARA,F-1,,"]);
    ledger.ok("import spend fees.csv");
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    for own in ["irara", "asha@irara"] {
        refused(&ledger, &format!("--actor {own} partner fee accept {fee}"), "acts-for-partner");
        refused(&ledger, &format!("--actor {own} partner fee refuse {fee} --reason x"), "acts-for-partner");
    }
    ledger.ok(&format!("--actor berit partner fee accept {fee}"));
    assert!(ledger.csv("duties").is_empty());

    let by = |event_type: &'static str, name: &'static str| {
        let twin = ledger.twin();
        forger::rewrite(&twin, |events| {
            let decided = events.iter_mut().find(|event| event.event_type == event_type).unwrap();
            decided.actor = name.into();
        });
        std::fs::remove_dir_all(twin.path("svala.checkpoints")).unwrap();
        twin.fail(1, "duties");
        twin.run("duties --format csv").out
    };
    let approved = by("PaymentDetailsApproved", "anna");
    assert!(approved.contains("same-person,anna,") && approved.contains("another-name,anna,"), "{approved}");
    assert!(by("PaymentDetailsApproved", "asha@irara").contains("acts-for-partner,asha@irara,"));
    assert!(by("PaymentDetailsProposed", "berit").contains("same-person,berit,"));
    assert!(by("FeeAccepted", "irara").contains(&format!("acts-for-partner,irara,{fee}")));
    let twin = ledger.twin();
    forger::rewrite(&twin, |events| events.retain(|event| event.event_type != "PaymentDetailsProposed"));
    std::fs::remove_dir_all(twin.path("svala.checkpoints")).unwrap();
    assert!(twin.run("duties --format csv").out.contains("no-second-person,berit,"));
}

/// Accepted claims of a list: their number, people and sum, counted by hand.
fn backlog(claims: &[Cells]) -> (usize, usize, String) {
    let held: Vec<&Cells> =
        claims.iter().filter(|claim| ["accepted", "cut"].contains(&&*claim["state"])).collect();
    let people: std::collections::BTreeSet<&String> =
        held.iter().map(|claim| &claim["external_ref"]).collect();
    let net = held.iter().map(|claim| {
        let euros = |column: &str| claim[column].parse::<Eur>().unwrap();
        euros("eligible").checked_sub(euros("reversed")).unwrap()
    });
    (held.len(), people.len(), Eur::sum(net).unwrap().to_string())
}

/// The same euros wait in the list of holds, with the partner and in its statement: fees and arrival grants too.
#[test]
fn a_hold_of_a_partner_shows_the_fees_and_grants_it_stops_and_others_do_not() {
    let ledger = Ledger::small("cases");
    spend(
        &ledger,
        "q.csv",
        &[
            "irara,FX-2041,education,2024-02-01,1000.00,EUR,Lempa,W-1,,",
            "irara,,partner-fee,2024-01-31,338.95,EUR,IRARA,W-2,,",
            "irara,,partner-fee,2024-02-29,11.05,EUR,IRARA,W-3,,",
        ],
    );
    ledger.ok("import spend q.csv --accept");
    ledger.write(
        "paid.csv",
        "case_ref,paid_on,amount,currency,method,payment_ref\nFX-2041,2023-10-12,60.00,EUR,cash-by-partner,WP-1\n",
    );
    ledger.ok("import grants paid.csv");
    for receipt in ["W-2", "W-3"] {
        let fee = find(ledger.csv("partner fee list"), "receipt_no", receipt)["fee"].clone();
        ledger.ok(&format!("partner fee accept {fee}"));
    }
    let of_hold = |number: &str| {
        let hold = find(ledger.csv("hold list"), "hold", number);
        ["claims", "fees", "grants", "people", "eur"].map(|column| hold[column].clone()).join(" ")
    };
    let held = || {
        let statement = ledger.json("partner statement irara --period 2020-01-01..2099-12-31");
        let shown = ledger.json("partner show irara")["held"].as_str().unwrap().to_owned();
        assert_eq!(partner(&ledger, "irara")["held"], shown);
        assert_eq!(statement["held"], shown, "{statement}");
        shown
    };
    assert_eq!(held(), "0.00");
    // Where somebody returned to, and of what programme, stops no fee, which is for nobody.
    let said = ledger.ok("hold place --country ET --from 2024-01-01 --reason 'the bank is closed'");
    let by_country = of_hold("1");
    assert_eq!(by_country, "1 0 1 1 1060.00");
    assert_eq!(held(), by_country.rsplit(' ').next().unwrap(), "{said}");
    ledger.ok("hold release 1 --on 2024-01-01 --reason 'it is open'");
    let said = ledger.ok("hold place --partner irara --from 2024-01-01 --reason invoices");
    assert!(said.contains(", 2 fees, 1 arrival grant over "), "{said}");
    let all = of_hold("2");
    let eur = all.rsplit(' ').next().unwrap().to_owned();
    assert_eq!(held(), eur, "{all}");
    assert!(said.ends_with(&format!("over {eur} EUR\n")), "{said}");
    // Paid in part, outside of the ledger: the oldest first, whatever it is.
    ledger.ok("partner paid irara --amount 400.00 --on 2024-03-01 --reference WR-1 --despite-hold");
    assert_eq!(held(), of_hold("2").rsplit(' ').next().unwrap());
    assert_ne!(held(), eur);
    ledger.is_sound();
}

/// Several people place holds at the same time: each is told the number of their own.
#[test]
fn whoever_places_a_hold_is_told_its_number() {
    let ledger = Ledger::small("cases");
    let scopes =
        ["partner irara", "partner caritas", "country ET", "country SO", "country MA", "programme jrs"];
    let placing =
        scopes.map(|scope| ledger.start(&format!("hold place --{scope} --from 2024-01-01 --reason x")));
    let told = placing.map(|placing| String::from_utf8(placing.wait_with_output().unwrap().stdout).unwrap());
    let holds = ledger.csv("hold list");
    assert_eq!(holds.len(), scopes.len(), "{told:?}");
    for (scope, told) in scopes.iter().zip(told) {
        let hold =
            holds.iter().find(|hold| format!("{} {}", hold["scope"], hold["value"]) == *scope).unwrap();
        assert!(told.starts_with(&format!("hold {}: payments of {scope} stop", hold["hold"])), "{told}");
    }
}

#[test]
fn a_hold_shows_its_backlog_and_stops_no_decision() {
    let ledger = Ledger::small("reversals");
    let from = "2023-11-01";
    let (claims, people, eur) = backlog(&ledger.csv("claim list --partner irara"));
    assert_eq!((claims, people, &*eur), (4, 2, "1999.50"), "as the small scenario has them");
    let place =
        format!("hold place --partner irara --from {from} --reason 'invoices could not be accounted for'");
    let said = ledger.ok(&format!("--actor anna {place}"));
    assert!(said.contains(&format!("waiting: {claims} accepted claims over {eur} EUR")), "{said}");
    refused(&ledger, &place, "already-held");
    ledger.fail(2, "hold place --country SE --from 2024-01-01 --reason x");
    ledger.fail(2, "hold place --programme jrs2 --from 2024-01-01 --reason x");
    ledger.fail(2, "hold place --partner nobody --from 2024-01-01 --reason x");
    ledger.fail(2, "hold place --from 2024-01-01 --reason x");
    ledger.fail(2, "hold place --partner irara --country SO --from 2024-01-01 --reason x");
    ledger.fail(2, "hold place --country SO --from 2024-01-01 --reason ' '");

    let hold = find(ledger.csv("hold list"), "hold", "1");
    assert_eq!((&*hold["claims"], &*hold["people"]), (&*claims.to_string(), &*people.to_string()));
    assert_eq!((&*hold["eur"], &*hold["placed_by"]), (&*eur, "anna"));
    assert_eq!(hold["reason"], "invoices could not be accounted for");
    assert_eq!((&*partner(&ledger, "irara")["held"], &*partner(&ledger, "irara")["holds"]), (&*eur, "1"));
    assert_eq!(
        (&*partner(&ledger, "caritas")["held"], &*partner(&ledger, "caritas")["holds"]),
        ("0.00", "0")
    );
    assert!(ledger.ok("partner show irara").contains("open holds"));

    // Spend is still reported and decided; it grows the backlog.
    let before = partner(&ledger, "irara")["disbursed"].clone();
    spend(&ledger, "more.csv", &["irara,FX-2052,education,2023-12-01,10.00,EUR,Lempa,HOLD-1,,"]);
    ledger.ok("import spend more.csv --accept");
    assert_ne!(partner(&ledger, "irara")["disbursed"], before);
    let after = backlog(&ledger.csv("claim list --partner irara"));
    let hold = find(ledger.csv("hold list"), "hold", "1");
    assert_eq!((&*hold["claims"], &*hold["people"], &*hold["eur"]), ("5", "2", "2009.50"));
    assert_eq!((after.0, after.1, &*after.2), (5, 2, "2009.50"));

    // The same claims are held for their country and programme too, and are not counted twice for the partner.
    ledger.ok("hold place --programme jrs --from 2020-01-01 --reason 'the programme is audited'");
    let all = backlog(&ledger.csv("claim list"));
    let programme = find(ledger.csv("hold list"), "scope", "programme");
    // The grants that another partner paid out are of the same programme.
    let grants: Eur = "615.00".parse().unwrap();
    let eur = all.2.parse::<Eur>().unwrap().checked_add(grants).unwrap().to_string();
    assert_eq!((&*programme["claims"], &*programme["grants"]), (&*all.0.to_string(), "2"));
    assert_eq!((&*programme["fees"], &*programme["eur"]), ("0", &*eur));
    let own = backlog(&ledger.csv("claim list --partner irara"));
    assert_eq!(partner(&ledger, "irara")["held"], own.2);
    assert_eq!(partner(&ledger, "caritas")["holds"], "1");

    // What was paid all the same waits no more: the oldest delivery first, as in the statement.
    let before = find(ledger.csv("hold list"), "scope", "programme");
    let ten: Eur = "10.00".parse().unwrap();
    let owed = || {
        let statement = ledger.json("partner statement irara --period 2020-01-01..2099-12-31");
        statement["totals"]["owed"].as_str().unwrap().parse::<Eur>().unwrap()
    };
    let rest = owed().checked_sub(ten).unwrap();
    ledger.ok(&format!("partner paid irara --amount {rest} --on 2024-02-01 --reference RF-1 --despite-hold"));
    let hold = find(ledger.csv("hold list"), "hold", "1");
    assert_eq!((&*hold["claims"], &*hold["eur"], &*hold["oldest"]), ("1", "10.00", "2023-12-04"));
    assert_eq!(partner(&ledger, "irara")["held"], "10.00");
    let eur = |cells: &Cells| cells["eur"].parse::<Eur>().unwrap();
    let programme = find(ledger.csv("hold list"), "scope", "programme");
    let paid = own.2.parse::<Eur>().unwrap().checked_sub(ten);
    assert_eq!(eur(&before).checked_sub(eur(&programme)), paid, "others are not paid by it");
    ledger.ok("partner paid irara --amount 10.00 --on 2024-02-01 --reference RF-2 --despite-hold");
    let hold = find(ledger.csv("hold list"), "hold", "1");
    assert_eq!((&*hold["claims"], &*hold["people"], &*hold["eur"], &*hold["oldest"]), ("0", "0", "0.00", ""));

    refused(&ledger, "hold release 1 --on 2023-10-31 --reason x", "release-before-hold");
    refused(&ledger, "hold release 7 --on 2023-10-31 --reason x", "unknown-hold");
    ledger.ok("--actor berit hold release 1 --on 2024-11-04 --reason 'all invoices are accounted for'");
    refused(&ledger, "hold release 1 --on 2024-11-05 --reason x", "already-released");
    assert_eq!(ledger.csv("hold list").len(), 1);
    let released = find(ledger.csv("hold list --all"), "hold", "1");
    assert_eq!((&*released["released_by"], &*released["claims"]), ("berit", "0"));
    assert_eq!(released["release_reason"], "all invoices are accounted for");
    let history = ledger.csv("hold history");
    assert_eq!(history.iter().filter(|row| row["event"] == "HoldCommandRefused").count(), 4);
    ledger.is_sound();
}

#[test]
fn after_a_transfer_the_day_of_the_delivery_decides() {
    let ledger = Ledger::small("cases");
    // FX-2041 is with IRARA from the beginning.
    spend(
        &ledger,
        "s.csv",
        &[
            "irara,FX-2041,education,2023-11-30,10.00,EUR,Lempa,T-1,,",
            "irara,FX-2041,education,2023-12-01,20.00,EUR,Lempa,T-2,,",
            "caritas,FX-2041,education,2023-11-30,30.00,EUR,Lempa,T-3,,",
            "caritas,FX-2041,education,2023-12-01,40.00,EUR,Lempa,T-4,,",
        ],
    );
    ledger.ok("import spend s.csv");
    ledger.ok(&format!("claim accept {}", ledger.claim("T-4")));
    assert_eq!(find(ledger.csv("claim list"), "receipt_no", "T-4")["reason"], "wrong-partner");
    let message = ledger.fail(1, "case assign FX-2041 caritas");
    assert!(
        message.contains("transfer-without-day: irara has the case: say from which day on caritas has it")
    );
    ledger.ok("case assign FX-2041 caritas --on 2023-12-01");
    ledger.ok(&format!("claim reopen {} --reason 'the transfer was told late'", ledger.claim("T-4")));
    ledger.ok("claim accept --all");
    let states = ["T-1", "T-2", "T-3", "T-4"]
        .map(|receipt| find(ledger.csv("claim list"), "receipt_no", receipt)["state"].clone());
    assert_eq!(states, ["accepted", "refused", "refused", "accepted"]);
    assert_eq!(find(ledger.csv("case list"), "external_ref", "FX-2041")["partner"], "caritas");
    assert!(ledger.ok("history FX-2041").contains("caritas took the case from 2023-12-01 on"));
    let explained = ledger.ok("explain FX-2041");
    assert!(explained.contains("reported by irara, caritas had the case"), "{explained}");
    assert!(explained.contains("reported by caritas, irara had the case"), "{explained}");
    ledger.is_sound();
}

#[test]
fn a_fee_is_reported_with_spend_decided_by_finance_and_touches_no_person() {
    let ledger = Ledger::small("cases");
    ledger.ok("partner agreement sign irara 2024 --programme jrs --country ET --from 2024-01-01 --until 2024-06-30 --fee-percent 7.5");
    ledger.ok("partner register newcomer --name Newcomer");
    let before = ledger.balances();
    let fees = [
        "irara,,partner-fee,2024-01-31,450.00,EUR,IRARA,F-1,,January",
        "irara,,partner-fee,2024-07-31,450.00,EUR,IRARA,F-2,,July",
        "newcomer,,partner-fee,2024-01-31,10.50,EUR,Newcomer,F-1,,",
    ];
    spend(&ledger, "fees.csv", &fees);
    assert!(ledger.ok("import spend fees.csv --accept").contains("applied          3"));
    assert_eq!(ledger.balances(), before);
    assert!(ledger.csv("claim list").is_empty());
    let listed = ledger.csv("partner fee list");
    let told: Vec<String> = listed
        .iter()
        .map(|f| {
            format!(
                "{} {} {} {} {} {}",
                f["partner"], f["receipt_no"], f["agreement"], f["eur"], f["state"], f["flags"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "irara F-1 2024 450.00 reported late-report over-terms",
            "irara F-2  450.00 reported late-report outside-agreement",
            "newcomer F-1  10.50 reported late-report outside-agreement"
        ]
    );
    assert_eq!(listed[0]["terms"], "7.5 % of eligible spend");

    // Known by its receipt: the same again is nothing, anything else is a conflict.
    spend(
        &ledger,
        "again.csv",
        &[fees[1], fees[0], "irara,FX-2041,education,2024-01-31,9.00,EUR,Lempa,E-1,,"],
    );
    let counts = ledger.json("import spend again.csv")["counts"].clone();
    assert_eq!((&counts["recognised"], &counts["applied"]), (&2.into(), &1.into()));
    assert_eq!(ledger.csv("partner fee list").len(), 3);
    let before = ledger.root();
    for (row, message) in [
        ("irara,,partner-fee,2024-01-31,450.01,EUR,IRARA,F-1,,", "column amount"),
        ("irara,,partner-fee,2024-01-30,450.00,EUR,IRARA,F-1,,", "column delivered_on"),
        ("irara,FX-2041,education,2024-01-31,450.00,EUR,IRARA,F-1,,", "receipt as a fee"),
        ("irara,,partner-fee,2024-01-31,9.00,EUR,Lempa,E-1,,", "as spend on a person"),
        ("irara,FX-2041,partner-fee,2024-01-31,9.00,EUR,IRARA,F-3,,", "(rule fee.case)"),
        ("irara,,education,2024-01-31,9.00,EUR,IRARA,F-3,,", "(rule cell.empty)"),
        ("irara,,partner-fee,2024-01-31,0.00,EUR,IRARA,F-3,,", "(rule amount.not-positive)"),
    ] {
        spend(&ledger, "bad.csv", &[row]);
        let error = ledger.fail(2, "import spend bad.csv");
        assert!(error.contains(message), "{row}: {error}");
    }
    spend(
        &ledger,
        "twice.csv",
        &[
            "irara,,partner-fee,2024-01-31,9.00,EUR,IRARA,F-9,,",
            "irara,,partner-fee,2024-01-31,9.01,EUR,IRARA,F-9,,",
        ],
    );
    assert!(
        ledger.fail(2, "import spend twice.csv").contains("An earlier row of this file has this receipt")
    );
    assert_eq!(ledger.root(), before);

    // In another currency at the rate that values spend, which it waits for.
    spend(&ledger, "dinars.csv", &["irara,,partner-fee,2024-06-14,1500000.000,IQD,IRARA,F-3,,"]);
    let said = ledger.ok("import spend dinars.csv");
    assert!(said.contains("waiting          1  (for an exchange rate: `svala partner fee list"), "{said}");
    let waiting = &ledger.csv("partner fee list --state waiting-for-rate")[0];
    assert_eq!((&*waiting["receipt_no"], &*waiting["eur"], &*waiting["rate"]), ("F-3", "", ""));
    refused(&ledger, &format!("partner fee accept {}", waiting["fee"]), "waiting-for-rate");
    assert!(
        ledger
            .ok("partner history irara")
            .contains("1500000.000 IQD, which waits for its exchange rate, for")
    );
    let shown = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["waiting"];
    assert_eq!((&shown[0]["receipt_no"], &shown[0]["movement"]), (&"F-3".into(), &"fee-reported".into()));
    ledger.write("inforeuro-2024-06.json", r#"[{"isoA3Code":"IQD","value":1385.7992}]"#);
    let said = ledger.ok("import rates inforeuro-2024-06.json");
    assert!(said.contains("1 fee that waited for these rates converted"), "{said}");
    assert!(ledger.csv("partner fee list --state waiting-for-rate").is_empty());
    let dinars = find(ledger.csv("partner fee list"), "receipt_no", "F-3");
    assert_eq!((&*dinars["eur"], &*dinars["agreement"]), ("1082.41", "2024"));
    assert!(dinars["rate"].starts_with("1385.7992 for 1 EUR (inforeuro 2024-06-01)"), "{dinars:?}");

    // Decided once, by somebody.
    let [first, second] = [&listed[0]["fee"], &listed[1]["fee"]];
    ledger.ok(&format!("--actor anna partner fee accept {first} {}", dinars["fee"]));
    ledger.ok(&format!("--actor berit partner fee refuse {second} --reason 'outside the agreement'"));
    let third = &listed[2]["fee"];
    let message = ledger.fail(1, &format!("partner fee accept {first} {third}"));
    assert!(message.contains(&format!("fee {first}: refused: already-decided")), "{message}");
    refused(&ledger, &format!("partner fee refuse {third} --reason x"), "already-decided");
    ledger.fail(2, &format!("partner fee refuse {third} --reason ' '"));
    ledger.fail(2, "partner fee accept 1");
    ledger.fail(2, "partner fee accept 999999");
    let accepted = ledger.csv("partner fee list --state accepted --partner irara");
    assert_eq!(accepted.iter().map(|fee| fee["decided_by"].as_str()).collect::<Vec<_>>(), ["anna", "anna"]);
    assert_eq!(partner(&ledger, "irara")["fees"], "1532.41");
    assert!(ledger.ok("partner history irara").contains("refused: outside the agreement"));
    assert!(ledger.balances().iter().all(|balance| balance["disbursed"] == "0.00"));
    ledger.is_sound();
}

/// What was delivered where and when no agreement with the partner was in force is shown, and decided all the same.
#[test]
fn spend_outside_every_agreement_is_flagged() {
    let ledger = Ledger::small("cases");
    spend(
        &ledger,
        "s.csv",
        &[
            "irara,FX-2041,education,2023-12-31,10.00,EUR,Lempa,A-1,,",
            "irara,FX-2041,education,2024-01-01,20.00,EUR,Lempa,A-2,,",
            "caritas,FX-2041,education,2024-01-01,30.00,EUR,Lempa,A-3,,",
        ],
    );
    ledger.ok("import spend s.csv");
    let outside = || {
        let mut flags = ledger.csv("claim flags");
        flags.retain(|flag| flag["flag"] == "outside-agreement");
        flags.iter().map(|flag| format!("{} {}", flag["receipt_no"], flag["detail"])).collect::<Vec<_>>()
    };
    assert!(outside().is_empty(), "no agreement is recorded");
    ledger.ok("partner agreement sign irara 2024 --programme jrs --country ET --from 2024-01-01");
    ledger.ok("partner agreement sign caritas 2024 --programme jrs --country SO --from 2024-01-01");
    assert_eq!(
        outside(),
        [
            "A-1 no agreement with irara for jrs in ET on 2023-12-31",
            "A-3 no agreement with caritas for jrs in ET on 2024-01-01"
        ]
    );
    ledger.ok("claim accept --partner irara");
    assert_eq!(find(ledger.csv("claim list"), "receipt_no", "A-1")["state"], "accepted");
}

/// Fees are held against the partner's other fees, and their receipts against all claims and fees.
#[test]
fn what_is_odd_about_fees_is_seen_before_they_are_accepted() {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("cases");
    ledger.write(
        "odd.csv",
        format!(
            "{SPEND}\n\
             irara,,partner-fee,2024-03-31,1950.00,EUR,Hub,F-1,,\n\
             caritas,,partner-fee,2024-03-31,20.00,EUR,HUB,F-1,,\n\
             ettc,FX-2041,education,2024-02-01,30.00,EUR,hub,F-1,,\n"
        ),
    );
    ledger.ok("import spend odd.csv");
    let flags = |options: &str| -> Vec<String> {
        let flags = ledger.csv(&format!("partner fee flags {options}"));
        flags.iter().map(|flag| format!("{} {}", flag["partner"], flag["flag"])).collect()
    };
    let expected = ["late-report", "same-receipt", "near-threshold", "outside-agreement"];
    assert_eq!(flags("--partner irara"), expected.map(|flag| format!("irara {flag}")));
    assert!(flags("").contains(&"caritas same-receipt".to_owned()));
    let fees = ledger.csv("partner fee list");
    assert_eq!(fees[0]["flags"], expected.join(" "));
    let same = ledger.csv("partner fee flags --partner irara");
    let (fee, claim) = (&fees[1]["fee"], ledger.claim("F-1"));
    assert_eq!(
        same[1]["detail"],
        format!("the same receipt: fee {fee} of caritas, claim {claim} of ettc under jrs")
    );
    // The claim shows the fees, and the fees are no claims.
    let claims = ledger.csv("claim flags");
    assert!(claims.iter().all(|flag| flag["claim"] == claim), "{claims:?}");
    let seen = claims.iter().find(|flag| flag["flag"] == "same-receipt").unwrap();
    assert!(seen["detail"].contains(&format!("fee {fee} of caritas")), "{seen:?}");
    ledger.ok(&format!("partner fee accept {}", fees[0]["fee"]));
    assert_eq!(flags("--partner irara"), Vec::<String>::new());
    assert_eq!(flags("--partner irara --decided").len(), 4);
    // What is refused is no double of anything.
    ledger.ok(&format!("partner fee refuse {fee} --reason twice"));
    let same = ledger.csv("partner fee flags --partner irara --decided");
    assert_eq!(same[1]["detail"], format!("the same receipt: claim {claim} of ettc under jrs"));
}
