//! One receipt for a family: written as one, each person with a share of their own.

use crate::support::{Ledger, find};

const HEADER: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

const CASES: &str = "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,\
intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,arrived_on,partner";

/// A ledger with five people of one family, at home since March.
fn family() -> Ledger {
    let ledger = Ledger::new();
    let person = |name: &str| {
        format!(
            "{name},2024-02-01,IQ,forced,police,refused,yes,yes,yes,no,no,2024-02-15,approve,2024-03-01,2024-03-02,irara"
        )
    };
    let people: Vec<String> =
        ["MV-03-00001", "MV-03-00002", "MV-03-00003", "MV-03-00004", "MV-03-00005"].map(person).into();
    ledger.write("cases.csv", format!("{CASES}\n{}\n", people.join("\n")));
    ledger.ok("import cases cases.csv");
    ledger
}

fn spend(ledger: &Ledger, name: &str, people: &str, amount: &str, receipt: &str) {
    let row = format!("irara,{people},temporary-housing,2024-04-02,{amount},Hotel Banjul,{receipt},,rooms");
    ledger.write(name, format!("{HEADER}\n{row}\n"));
}

const THREE: &str = "MV-03-00001 + MV-03-00002+MV-03-00003";

fn shares(ledger: &Ledger) -> Vec<(String, String, String, String)> {
    let of = |mut row: crate::support::Cells| {
        let mut take = |name: &str| row.remove(name).unwrap();
        (take("external_ref"), take("amount"), take("eligible"), take("disallowed"))
    };
    ledger.csv("claim list").into_iter().map(of).collect()
}

fn share(person: u32, amount: &str, eligible: &str, disallowed: &str) -> (String, String, String, String) {
    (format!("MV-03-0000{person}"), amount.into(), eligible.into(), disallowed.into())
}

#[test]
fn a_thousand_over_three_is_shared_without_losing_a_cent_and_recognised_again() {
    let ledger = family();
    spend(&ledger, "first.csv", THREE, "1000.00,EUR", "R-1");
    ledger.ok("import spend first.csv --accept");
    let wanted = [
        share(1, "333.34", "333.34", "0.00"),
        share(2, "333.33", "333.33", "0.00"),
        share(3, "333.33", "333.33", "0.00"),
    ];
    assert_eq!(shares(&ledger), wanted);
    let root = ledger.root();
    // The same row in another file; another spacing of the references is the same row.
    spend(&ledger, "again.csv", "MV-03-00001+MV-03-00002 + MV-03-00003", "1000.00,EUR", "R-1");
    let report = ledger.json("import spend again.csv --dry-run");
    assert_eq!(report["counts"]["recognised"], 1, "{report}");
    assert_eq!(ledger.root(), root);
    ledger.is_sound();
}

/// All events of a family are one command: none is there without the others.
#[test]
fn the_shares_are_written_by_one_command() {
    let ledger = family();
    spend(&ledger, "first.csv", THREE, "1000.00,EUR", "R-1");
    let (before, _) = ledger.root();
    ledger.ok("import spend first.csv");
    for (what, wanted) in [("DISTINCT command_id", 1), ("DISTINCT stream_id", 3), ("*", 3)] {
        let sql = format!(
            "SELECT count({what}) FROM events WHERE position > {before} AND event_type = 'SpendReported'"
        );
        assert_eq!(ledger.number(&sql), wanted, "{what}");
    }
}

#[test]
fn another_list_of_people_is_a_conflict() {
    let ledger = family();
    spend(&ledger, "first.csv", THREE, "1000.00,EUR", "R-1");
    ledger.ok("import spend first.csv");
    let root = ledger.root();
    for people in [
        "MV-03-00001",
        "MV-03-00001+MV-03-00002",
        "MV-03-00001+MV-03-00003+MV-03-00002",
        "MV-03-00002+MV-03-00001+MV-03-00003",
        "MV-03-00001+MV-03-00002+MV-03-00004",
        "MV-03-00001+MV-03-00002+MV-03-00003+MV-03-00004",
        "MV-03-00004+MV-03-00005",
    ] {
        spend(&ledger, "other.csv", people, "1000.00,EUR", "R-1");
        let error = ledger.fail(2, "import spend other.csv");
        assert!(error.contains("(rule receipt.conflict)"), "{people}: {error}");
        assert!(!error.contains("MV-03"), "{error}");
    }
    spend(&ledger, "other.csv", THREE, "999.00,EUR", "R-1");
    let error = ledger.fail(2, "import spend other.csv");
    assert!(error.contains("reported with 1000.00 EUR"), "{error}");
    assert_eq!(ledger.root(), root);

    // The other way round: a receipt of one person is not shared later.
    spend(&ledger, "single.csv", "MV-03-00005", "10.00,EUR", "R-2");
    ledger.ok("import spend single.csv");
    spend(&ledger, "shared.csv", "MV-03-00005+MV-03-00004", "10.00,EUR", "R-2");
    assert!(ledger.fail(2, "import spend shared.csv").contains("(rule receipt.conflict)"));
}

#[test]
fn what_does_not_fit_one_person_is_not_moved_to_the_others() {
    let ledger = family();
    spend(&ledger, "before.csv", "MV-03-00002", "1900.00,EUR", "R-0");
    ledger.ok("import spend before.csv --accept");
    spend(&ledger, "first.csv", THREE, "1000.00,EUR", "R-1");
    let said = ledger.ok("import spend first.csv --accept");
    assert!(said.contains("over-cap"), "{said}");
    let wanted = [
        share(2, "1900.00", "1900.00", "0.00"),
        share(1, "333.34", "333.34", "0.00"),
        share(2, "333.33", "100.00", "233.33"),
        share(3, "333.33", "333.33", "0.00"),
    ];
    assert_eq!(shares(&ledger), wanted);
    let explained = ledger.ok("explain MV-03-00002");
    assert!(explained.contains("share 2 of 3 of a receipt of 1000.00 EUR: 333.33"), "{explained}");
    assert!(explained.contains("is not moved to the others"), "{explained}");
    let history = ledger.ok("history MV-03-00002");
    assert!(history.contains("reported 333.33 EUR (share 2 of 3 of 1000.00)"), "{history}");
}

#[test]
fn the_euros_of_a_family_sum_to_what_the_receipt_is_worth_also_when_the_rate_comes_later() {
    let ledger = family();
    spend(&ledger, "first.csv", THREE, "1000000.000,IQD", "R-1");
    let said = ledger.ok("import spend first.csv");
    assert!(said.contains("(for an exchange rate"), "{said}");
    assert_eq!(ledger.csv("claim list --state waiting-for-rate").len(), 3);
    ledger.write(
        "inforeuro-2024-04.json",
        r#"[{"country":"Iraq","currency":"Dinar","isoA3Code":"IQD","isoA2Code":"IQ","value":1385.7992,"comment":null}]"#,
    );
    ledger.ok("import rates inforeuro-2024-04.json");
    let eur: Vec<String> = ledger.csv("claim list").into_iter().map(|row| row["eur"].clone()).collect();
    assert_eq!(eur, ["240.54", "240.54", "240.53"], "721.61 in all");
    let explained = ledger.ok("explain MV-03-00003");
    assert!(explained.contains("= 721.61, rounded half up, of which 240.53 is share 3 of 3"), "{explained}");
    spend(&ledger, "at-once.csv", THREE, "1000000.000,IQD", "R-2");
    ledger.ok("import spend at-once.csv --accept");
    let eur: Vec<String> = ledger.csv("claim list").into_iter().map(|row| row["eur"].clone()).collect();
    assert_eq!(eur[3..], ["240.54", "240.54", "240.53"]);
    ledger.is_sound();
}

#[test]
fn lists_of_people_that_cannot_be_meant_are_errors_of_the_row() {
    let ledger = family();
    let root = ledger.root();
    let own = ledger.csv("case list")[1]["case"].clone();
    for (people, amount, rule) in [
        ("MV-03-00001+", "10.00,EUR", "family.empty"),
        ("MV-03-00001++MV-03-00002", "10.00,EUR", "family.empty"),
        ("MV-03-00001+MV-03-00001", "10.00,EUR", "family.twice"),
        (&format!("MV-03-00002+{own}"), "10.00,EUR", "family.twice"),
        ("MV-03-00001+MV-03-99999", "10.00,EUR", "case.unknown"),
        ("MV-03-00001 MV-03-00002", "10.00,EUR", "case.unknown"),
        (&vec!["MV-03-00001"; 13].join("+"), "10.00,EUR", "family.too-many"),
        (THREE, "0.02,EUR", "family.too-small"),
    ] {
        spend(&ledger, "bad.csv", people, amount, "R-1");
        let error = ledger.fail(2, "import spend bad.csv");
        assert!(error.contains(&format!("(rule {rule})")), "{people}: {error}");
        assert!(!error.contains("MV-03"), "{error}");
    }
    assert_eq!(ledger.root(), root);
}

/// A file of reversals names a receipt, not a person; the claim does.
#[test]
fn money_of_a_family_comes_back_by_the_claim_of_whose_it_was() {
    let ledger = family();
    spend(&ledger, "first.csv", THREE, "1000.00,EUR", "R-1");
    ledger.ok("import spend first.csv --accept");
    ledger.write(
        "reversals.csv",
        "partner,receipt_no,supplier,reversed_on,amount,currency,reason\nirara,R-1,Hotel Banjul,2024-05-01,33.33,EUR,left early\n",
    );
    let error = ledger.fail(2, "import reversals reversals.csv");
    assert!(
        error.contains("shared by several people") && error.contains("svala claim reverse NUMBER"),
        "{error}"
    );
    let claim = find(ledger.csv("claim list"), "external_ref", "MV-03-00002")["claim"].clone();
    let reverse = format!("claim reverse {claim} --amount 33.33 --on 2024-05-01 --reason 'left early'");
    ledger.ok(&reverse);
    assert!(ledger.fail(1, &reverse).contains("already-recorded"));
    assert_eq!(ledger.support("MV-03-00002")["disbursed"], "300.00");
    assert_eq!(ledger.support("MV-03-00001")["disbursed"], "333.34");
    let other = find(ledger.csv("claim list"), "external_ref", "MV-03-00003")["claim"].clone();
    ledger.ok(&reverse.replace(&format!("reverse {claim}"), &format!("reverse {other}")));
    assert!(
        ledger
            .fail(1, &format!("claim reverse {claim} --amount 300.01 --on 2024-05-02 --reason more"))
            .contains("more-than-accepted")
    );
    ledger.is_sound();
}
