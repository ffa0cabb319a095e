//! Everything about one claim in one place.

use crate::support::Ledger;

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

/// Reported in another currency, asked about and answered, proposed and accepted by two, and partly taken back.
#[test]
fn a_claim_tells_all_that_happened_to_it() {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("cases");
    ledger.write("inforeuro-2024-02.json", r#"[{"isoA3Code":"USD","value":1.25}]"#);
    ledger.ok("import rates inforeuro-2024-02.json");
    let row = |receipt: &str, amount: &str| {
        format!("irara,FX-2041,education,2024-02-01,{amount},USD,Lempa,{receipt},,evening classes\n")
    };
    ledger.write("report.csv", format!("{SPEND}\n{}{}", row("R-1", "2600.00"), row("R 01", "10.00")));
    ledger.ok("--actor asha@irara import spend report.csv");
    let claim = ledger.claim("R-1");
    ledger.ok(&format!("--actor anna claim query {claim} --reason 'which course?'"));
    ledger.ok(&format!("--actor asha@irara claim answer {claim} --text 'the spring one'"));
    ledger.write("scan.txt", "paid");
    ledger.ok(&format!("claim attach {claim} scan.txt"));
    ledger.ok(&format!("--actor anna claim accept {claim}"));
    ledger.ok(&format!("--actor bo claim accept {claim}"));
    ledger.ok(&format!(
        "claim reverse {claim} --amount 125.00 --currency USD --on 2024-05-02 --reason 'left early'"
    ));

    let told = ledger.json(&format!("claim show {claim}"));
    let report = ledger.csv("report list").remove(0);
    for (field, wanted) in [
        ("state", "accepted"),
        ("partner", "irara"),
        ("external_ref", "FX-2041"),
        ("budget_line", "reintegration"),
        ("amount", "2600.00"),
        ("currency", "USD"),
        ("rate", "1.25"),
        ("rate_source", "inforeuro"),
        ("eur", "2080.00"),
        ("eligible", "2080.00"),
        ("reversed", "100.00"),
        ("receipt", "kept"),
        ("description", "evening classes"),
        ("file", "report.csv"),
        ("imported_by", "asha@irara"),
    ] {
        assert_eq!(told[field], wanted, "{field}: {told}");
    }
    assert_eq!(told["report"].to_string(), report["report"]);
    let flags: Vec<&str> =
        told["flags"].as_array().unwrap().iter().map(|f| f["flag"].as_str().unwrap()).collect();
    assert!(flags.contains(&"same-receipt"), "the same number in another spelling: {flags:?}");
    let told_of = |event: &str, actor: &str, words: &str| {
        let history = told["history"].as_array().unwrap();
        history.iter().any(|h| {
            h["event"] == event && h["actor"] == actor && h["what"].as_str().unwrap().contains(words)
        })
    };
    for (event, actor, words) in [
        ("SpendReported", "asha@irara", "R-1 of Lempa (evening classes)"),
        ("ClaimQueried", "anna", "which course?"),
        ("ClaimAnswered", "asha@irara", "the spring one"),
        ("ClaimProposed", "anna", "another person must agree"),
        ("ClaimAccepted", "bo", "2080.00 EUR"),
        ("BenefitReversed", "", "left early"),
    ] {
        let actor = if actor.is_empty() {
            told["history"].as_array().unwrap().last().unwrap()["actor"].as_str().unwrap()
        } else {
            actor
        };
        assert!(told_of(event, actor, words), "{event} {actor} {words}: {told}");
    }
    assert!(
        told["history"].as_array().unwrap().iter().all(|h| !h["what"].as_str().unwrap().contains("R 01"))
    );

    let shown = ledger.ok(&format!("claim show {claim}"));
    for words in [
        "claim ",
        "2600.00 USD",
        "1.25 for 1 EUR (inforeuro 2024-02-01)",
        "why it counts as it does",
        "same-receipt",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let listed = ledger.csv(&format!("claim show {claim}"));
    assert_eq!(
        (listed.len(), &*listed[0]["receipt"], &*listed[0]["description"]),
        (1, "kept", "evening classes")
    );
    assert!(ledger.fail(2, "claim show 1").contains("there is no claim 1"));
}
