//! The main job: from files to balances.

use std::fs;
use std::path::Path;

use crate::support::{Ledger, equals, expected, fixtures, samples};

/// Runs the command sequence on a scenario, by the files' own paths.
fn imported(scenario: &Path) -> Ledger {
    let ledger = Ledger::of_one();
    let file = |kind: &str| format!("'{}'", scenario.join(format!("{kind}.csv")).display());
    ledger.ok(&format!("import cases {}", file("cases")));
    ledger.ok(&format!("import grants {}", file("grants")));
    ledger.ok(&format!("import spend {} --accept", file("spend")));
    ledger.ok(&format!("import reversals {}", file("reversals")));
    ledger
}

#[test]
fn the_sample_scenario_gives_the_expected_balances_and_claims() {
    let Some(scenario) = samples("scenario-eur") else { return };
    let ledger = imported(&scenario);
    equals(ledger.csv("balance"), &scenario.join("expected-balances.csv"));
    equals(ledger.csv("claim list"), &scenario.join("expected-claims.csv"));
    ledger.is_sound();
}

/// The published rates of a scenario, the oldest first.
fn rates(scenario: &Path) -> String {
    let files = fs::read_dir(scenario).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<String> = files
        .filter(|file| file.extension() == Some("json".as_ref()))
        .map(|file| format!("'{}'", file.display()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no rates", scenario.display());
    files.join(" ")
}

#[test]
fn the_sample_scenario_in_local_currencies_gives_the_expected_balances_and_claims() {
    let Some(scenario) = samples("scenario") else { return };
    let file = |kind: &str| format!("'{}'", scenario.join(format!("{kind}.csv")).display());
    let ledger = Ledger::new();
    ledger.ok(&format!("import rates {}", rates(&scenario)));
    ledger.ok(&format!("import cases {}", file("cases")));
    ledger.ok(&format!("import grants {}", file("grants")));
    ledger.ok(&format!("import spend {} --accept", file("spend")));
    ledger.ok(&format!("import reversals {}", file("reversals")));
    equals(ledger.csv("balance"), &scenario.join("expected-balances.csv"));
    equals(ledger.csv("claim list"), &scenario.join("expected-claims.csv"));
    assert!(ledger.csv("claim list --state waiting-for-rate").is_empty());
    ledger.is_sound();
}

/// The rates come last: what waited for them is converted by the import that brings them, and comes out the same.
#[test]
fn the_sample_scenario_comes_out_the_same_when_the_rates_come_after_the_spend() {
    let Some(scenario) = samples("scenario") else { return };
    let file = |kind: &str| format!("'{}'", scenario.join(format!("{kind}.csv")).display());
    let ledger = Ledger::new();
    ledger.ok(&format!("import cases {}", file("cases")));
    ledger.ok(&format!("import grants {}", file("grants")));
    let said = ledger.ok(&format!("import spend {}", file("spend")));
    let foreign = expected(&scenario.join("spend.csv")).iter().filter(|row| row["currency"] != "EUR").count();
    assert!(said.contains(&format!("waiting        {foreign}  (for an exchange rate")), "{said}");
    let waiting = ledger.csv("claim list --state waiting-for-rate");
    assert_eq!(waiting.len(), foreign);
    assert!(waiting.iter().all(|claim| claim["eur"].is_empty() && claim["rate"].is_empty()));

    let said = ledger.ok(&format!("import rates {}", rates(&scenario)));
    assert!(said.ends_with(&format!("{foreign} claims that waited for these rates converted\n")), "{said}");
    assert!(ledger.csv("claim list --state waiting-for-rate").is_empty());
    ledger.ok("claim accept --all --flagged-too");
    ledger.ok(&format!("import reversals {}", file("reversals")));
    equals(ledger.csv("balance"), &scenario.join("expected-balances.csv"));
    equals(ledger.csv("claim list"), &scenario.join("expected-claims.csv"));
    ledger.is_sound();
}

#[test]
fn the_small_scenario_gives_what_was_worked_out_by_hand() {
    let ledger = imported(&fixtures());
    equals(ledger.csv("balance"), &fixtures().join("expected-balances.csv"));
    equals(ledger.csv("claim list"), &fixtures().join("expected-claims.csv"));
    equals(ledger.csv("grant list"), &fixtures().join("expected-grants.csv"));
    ledger.is_sound();
}

#[test]
fn claims_accepted_after_the_import_come_out_as_those_accepted_with_it() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv");
    let pending = ledger.support("FX-2041");
    assert_eq!(
        (&*pending["pending"], &*pending["disbursed"], &*pending["available"]),
        ("3510.50", "0.00", "-510.50")
    );
    ledger.ok("claim accept --all --flagged-too");
    ledger.ok("import reversals reversals.csv");
    equals(ledger.csv("balance"), &fixtures().join("expected-balances.csv"));
    equals(ledger.csv("claim list"), &fixtures().join("expected-claims.csv"));
}

/// What was accepted in part is no refusal: not in the summary of the import, and not in its record.
#[test]
fn what_was_cut_is_counted_apart_from_what_was_refused() {
    let ledger = Ledger::small("grants");
    let promised = ledger.json("import spend spend.csv --accept --dry-run")["counts"].clone();
    let said = ledger.ok("import spend spend.csv --accept");
    let claims = ledger.csv("claim list");
    let [cut, refused] =
        ["cut", "refused"].map(|state| claims.iter().filter(|c| c["state"] == state).count());
    assert!(cut > 0 && refused > 0);
    assert!(said.contains(&format!("  cut         {cut:>6}  (accepted in part)\n")), "{said}");
    assert!(said.contains(&format!("  refused     {refused:>6}  (kept, with the reason)\n")), "{said}");
    assert_eq!((&promised["cut"], &promised["refused"]), (&cut.into(), &refused.into()));
    let listed = ledger.csv("import list").pop().unwrap();
    assert_eq!((&*listed["cut"], &*listed["refused"]), (&*cut.to_string(), &*refused.to_string()));
    let counts = ["applied", "cut", "refused", "recognised", "rejected"]
        .map(|of| listed[of].parse::<usize>().unwrap());
    assert_eq!(counts.iter().sum::<usize>().to_string(), listed["rows"]);
}

#[test]
fn every_reason_stands_in_the_small_scenario() {
    let text = |name: &str| fs::read_to_string(fixtures().join(name)).unwrap();
    for reason in ["no-entitlement", "wrong-partner", "not-arrived", "before-arrival", "over-cap"] {
        assert!(text("expected-claims.csv").contains(reason), "claims: {reason}");
        assert!(
            reason == "wrong-partner" || text("expected-grants.csv").contains(reason),
            "grants: {reason}"
        );
    }
    assert!(text("expected-grants.csv").contains("after-grant-days"));
}
