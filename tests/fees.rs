//! Fees that finance asks about, refuses and takes up again, and what an agreement lets a partner charge.

use crate::support::{Ledger, find};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn reported(rows: &[&str]) -> Ledger {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("cases");
    import(&ledger, "fees.csv", rows);
    ledger
}

fn import(ledger: &Ledger, name: &str, rows: &[&str]) {
    ledger.write(name, format!("{SPEND}\n{}\n", rows.join("\n")));
    ledger.ok(&format!("--actor asha@irara import spend {name}"));
}

fn fee(ledger: &Ledger, receipt_no: &str) -> crate::support::Cells {
    find(ledger.csv("partner fee list"), "receipt_no", receipt_no)
}

/// A question about a fee stands beside those about claims until it is answered and the fee decided.
#[test]
fn a_fee_is_asked_about_and_answered() {
    let ledger = reported(&[
        "irara,FX-2041,education,2024-01-31,9.00,EUR,Lempa,E-1,,",
        "irara,,partner-fee,2024-01-31,450.00,EUR,IRARA,F-1,,",
        "irara,,partner-fee,2024-02-29,460.00,EUR,IRARA,F-2,,",
    ]);
    let [first, second] = ["F-1", "F-2"].map(|receipt| fee(&ledger, receipt)["fee"].clone());
    let claim = ledger.claim("E-1");
    ledger.ok(&format!("claim query {claim} --reason 'which course?'"));
    let query = format!("partner fee query {first} {second} --reason 'for which cases?'");
    assert!(ledger.fail(1, &format!("--actor asha@irara {query}")).contains("acts-for-partner"));
    let said = ledger.ok(&query);
    assert!(
        said.contains(&format!("fee {first} queried")) && said.contains(&format!("fee {second} q")),
        "{said}"
    );
    assert!(ledger.fail(1, &query).contains("already-queried"));

    let open = ledger.csv("claim queries");
    let listed: Vec<_> = open.iter().map(|row| [&*row["claim"], &*row["fee"], &*row["question"]]).collect();
    assert_eq!(
        listed,
        [
            [&*claim, "", "which course?"],
            ["", &*first, "for which cases?"],
            ["", &*second, "for which cases?"]
        ]
    );
    assert_eq!((&*open[1]["age_days"], &*open[1]["age"], &*open[1]["receipt_no"]), ("0", "0-30", "F-1"));
    assert_eq!(fee(&ledger, "F-1")["state"], "queried");
    let undecided = ledger.csv("partner statement irara --period 2020-01-01..2099-12-31");
    let words = |receipt: &str| {
        let row = |row: &&crate::support::Cells| {
            row["movement"] == "fees-undecided" && row["receipt_no"] == receipt
        };
        undecided.iter().find(row).unwrap()["words"].clone()
    };
    assert_eq!(words("F-1"), "for which cases?");

    let answer = |name: &str| format!("--actor {name} partner fee answer {first} --text 'for FX-2041'");
    assert!(ledger.fail(1, &answer("omar@caritas")).contains("acts-for-partner"));
    ledger.ok(&answer("asha@irara"));
    assert!(ledger.fail(1, &answer("asha@irara")).contains("not-queried"));
    let answered = &ledger.csv("claim queries --partner irara")[1];
    assert_eq!((&*answered["answer"], answered["answered_on"].is_empty()), ("for FX-2041", false));
    assert_eq!(fee(&ledger, "F-1")["answer"], "for FX-2041");
    ledger.ok(&format!("partner fee accept {first}"));
    assert_eq!(ledger.csv("claim queries").len(), 2);
    let history = ledger.ok("partner history irara");
    assert!(
        history.contains("queried: for which cases?") && history.contains("answered: for FX-2041"),
        "{history}"
    );
    ledger.is_sound();
}

/// A refusal is not the last word, and whoever takes it back does not accept the fee alone.
#[test]
fn a_refused_fee_is_taken_up_again() {
    let ledger = reported(&["irara,,partner-fee,2024-01-31,450.00,EUR,IRARA,F-1,,"]);
    let number = fee(&ledger, "F-1")["fee"].clone();
    let reopen = format!("partner fee reopen {number} --reason 'the agreement came by post'");
    assert!(ledger.fail(1, &reopen).contains("not-refused"));
    ledger.ok(&format!("--actor anna partner fee refuse {number} --reason 'no agreement'"));
    assert_eq!(fee(&ledger, "F-1")["words"], "no agreement");
    ledger.ok(&format!("--actor bo {reopen}"));
    let now = fee(&ledger, "F-1");
    assert_eq!([&*now["state"], &*now["words"], &*now["decided_by"]], ["reported", "", ""]);
    let accept = |name: &str| format!("--actor {name} partner fee accept {number}");
    assert!(ledger.ok(&accept("bo")).contains("proposed: another person must agree"));
    assert!(ledger.fail(1, &accept("bo")).contains("second-person-needed"));
    let why = format!("fee {number} proposed; it had been refused, so another person must agree");
    assert!(ledger.ok("partner history irara").contains(&why));
    assert!(ledger.ok(&accept("anna")).contains("accepted"));
    let totals = &ledger.json("partner statement irara --period 2020-01-01..2099-12-31")["totals"];
    for (figure, wanted) in [
        ("fees_reported", "450.00"),
        ("fees_refused", "450.00"),
        ("fees_reopened", "450.00"),
        ("fees", "450.00"),
        ("fees_undecided", "0.00"),
        ("owed", "450.00"),
    ] {
        assert_eq!(totals[figure], wanted, "{figure}: {totals}");
    }
    assert!(ledger.ok("duties").contains("nobody decided what they reported"));
    ledger.is_sound();
}

/// What is charged beyond the terms of an agreement is told with its figures, and finance decides all the same.
#[test]
fn a_fee_beyond_the_terms_of_its_agreement_is_flagged() {
    let ledger = reported(&[
        "irara,FX-2041,education,2024-02-01,1000.00,EUR,Lempa,E-1,,",
        "irara,FX-2041,education,2024-02-20,400.00,EUR,Lempa,E-2,,",
    ]);
    ledger.ok("partner agreement sign irara 2024 --programme jrs --country ET --from 2024-01-01 --until 2024-06-30 --fee-percent 7.5");
    ledger.ok("partner agreement sign caritas per-case --programme jrs --country MA --country JO --from 2024-01-01 --fee-per-case 45.00");
    import(
        &ledger,
        "charged.csv",
        &[
            "irara,,partner-fee,2024-01-31,75.00,EUR,IRARA,F-1,,",
            "irara,,partner-fee,2024-02-29,30.01,EUR,IRARA,F-2,,",
        ],
    );
    ledger.write(
        "cases-charged.csv",
        format!("{SPEND}\ncaritas,,partner-fee,2024-02-29,90.00,EUR,Caritas,F-3,,\ncaritas,,partner-fee,2024-03-31,0.01,EUR,Caritas,F-4,,\n"),
    );
    ledger.ok("import spend cases-charged.csv");
    let over = || -> Vec<(String, String)> {
        let flags = ledger.csv("partner fee flags");
        let flags = flags.iter().filter(|flag| flag["flag"] == "over-terms");
        flags.map(|flag| (flag["receipt_no"].clone(), flag["detail"].clone())).collect()
    };
    let told = over();
    let named: Vec<&str> = told.iter().map(|(receipt, _)| receipt.as_str()).collect();
    assert_eq!(named, ["F-1", "F-2", "F-4"], "nothing is accepted yet, and caritas had two cases there");
    assert_eq!(
        told[0].1,
        "with it 75.00 EUR are charged under agreement 2024, which allows 0.00: 7.5 % of eligible spend, which is 0.00, 1400.00 not decided"
    );
    assert_eq!(
        told[2].1,
        "with it 90.01 EUR are charged under agreement per-case, which allows 90.00: 45.00 EUR per case, of which there are 2"
    );
    ledger.ok(&format!("claim accept {} {}", ledger.claim("E-1"), ledger.claim("E-2")));
    let told = over();
    assert_eq!(told[0].0, "F-2", "75.00 is 7.5 % of 1000.00 already");
    assert!(
        told[0].1.starts_with("with it 105.01 EUR are charged under agreement 2024, which allows 105.00")
    );
    assert!(fee(&ledger, "F-2")["flags"].contains("over-terms"));
    // A cent less of it, and it fits; it would have been accepted before too.
    let number = fee(&ledger, "F-2")["fee"].clone();
    ledger.ok(&format!("partner fee accept {number}"));
    ledger.ok(&format!("partner fee reverse {number} --amount 0.01 --reason 'one cent too much'"));
    assert!(over().iter().all(|(receipt, _)| receipt != "F-2"));
    ledger.is_sound();
}

/// A row does not say which agreement it means, and agreements are signed after their first day.
#[test]
fn a_fee_is_held_against_all_agreements_of_its_day_whenever_they_were_signed() {
    let ledger = reported(&[
        "irara,FX-2041,education,2024-02-01,1000.00,EUR,Lempa,E-1,,",
        "irara,,partner-fee,2024-02-10,50.00,EUR,IRARA,F-1,,",
    ]);
    ledger.ok(&format!("claim accept {}", ledger.claim("E-1")));
    assert!(fee(&ledger, "F-1")["flags"].contains("outside-agreement"));
    let sign = |code: &str, country: &str| {
        let terms = "--from 2024-01-01 --until 2024-06-30 --fee-percent 5";
        ledger
            .ok(&format!("partner agreement sign irara {code} --programme jrs --country {country} {terms}"));
    };
    sign("et", "ET");
    let first = fee(&ledger, "F-1");
    assert_eq!([&*first["agreement"], &*first["terms"]], ["et", "5 % of eligible spend"]);
    assert_eq!(first["flags"], "late-report", "it is covered, and within the terms");
    import(&ledger, "more.csv", &["irara,,partner-fee,2024-02-20,50.00,EUR,IRARA,F-2,,"]);
    let over = || {
        let flags = ledger.csv("partner fee flags");
        let over = flags.iter().find(|flag| flag["flag"] == "over-terms");
        over.map(|flag| (flag["receipt_no"].clone(), flag["detail"].clone()))
    };
    let said = "with it 100.00 EUR are charged under agreement et, which allows 50.00: 5 % of eligible spend, which is 1000.00, 0.00 not decided";
    assert_eq!(over(), Some(("F-2".to_owned(), said.to_owned())));

    // Under the other one it fits.
    sign("xs", "XS");
    import(&ledger, "there.csv", &["irara,FX-2052,education,2024-02-01,1000.00,EUR,Lempa,E-2,,"]);
    ledger.ok("claim accept --all");
    assert_eq!(over(), None, "{:?}", ledger.csv("claim list"));
    assert_eq!(fee(&ledger, "F-2")["agreement"], "et xs");
}
