//! The same files again, renamed, split, concatenated and permuted; conflicts.

use serde_json::Value;

use crate::support::{Cells, KINDS, Ledger, expected, file_of, fixtures, golden, lines, only, samples};

/// What became of the rows: applied in whole, in part or with a refusal; known already.
fn import(ledger: &Ledger, kind: &str, file: &str) -> (u64, u64) {
    let accept = if kind == "spend" { "--accept" } else { "" };
    let counts = ledger.json(&format!("import {kind} {file} {accept}"))["counts"].clone();
    let count = |name: &str| counts[name].as_u64().unwrap();
    let applied = count("applied") + count("cut") + count("refused");
    assert_eq!(count("rows"), applied + count("recognised"), "{counts}");
    (applied, count("recognised"))
}

fn balances_of_fixture() -> Vec<Cells> {
    expected(&fixtures().join("expected-balances.csv"))
}

fn again_changes_nothing(ledger: &Ledger) {
    let before = ledger.root();
    for kind in KINDS {
        let said = ledger.ok(&format!("import {kind} {kind}.csv"));
        // A file with refused commands may be tried again, so it is not known as a whole; its rows are.
        let known =
            ["this very file was imported before, at position ", "nothing new, every row is known already"];
        assert!(known.iter().any(|words| said.contains(words)), "{said}");
        ledger.write("renamed.csv", ledger.read(&format!("{kind}.csv")));
        let said = ledger.json(&format!("import {kind} renamed.csv"));
        assert_eq!(said["written"], Value::Bool(false));
        for outcome in ["applied", "cut", "refused"] {
            assert_eq!(said["counts"][outcome], 0, "{said}");
        }
    }
    assert_eq!(ledger.root(), before);
}

#[test]
fn every_file_a_second_time_or_renamed_leaves_position_and_root() {
    again_changes_nothing(&Ledger::small("reversals"));
}

#[test]
fn every_sample_file_a_second_time_leaves_position_and_root() {
    let Some(scenario) = samples("scenario-eur") else { return };
    let ledger = Ledger::of_one();
    ledger.take_files(&scenario);
    ledger.import_up_to("reversals");
    again_changes_nothing(&ledger);
}

#[test]
fn rows_split_over_files_are_recognised_in_the_whole_one() {
    let ledger = Ledger::of_one();
    ledger.take_files(&fixtures());
    for kind in KINDS {
        let (header, lines) = lines(&ledger.read(&format!("{kind}.csv")));
        let (first, second) = lines.split_at(lines.len() / 2);
        ledger.write("first.csv", file_of(&header, first));
        ledger.write("second.csv", file_of(&header, second));
        assert_eq!(import(&ledger, kind, "first.csv"), (first.len() as u64, 0), "{kind}");
        assert_eq!(
            import(&ledger, kind, &format!("{kind}.csv")),
            (second.len() as u64, first.len() as u64),
            "{kind}"
        );
        assert_eq!(import(&ledger, kind, "second.csv"), (0, second.len() as u64), "{kind}");
    }
    assert_eq!(only(ledger.balances(), &columns()), balances_of_fixture());
    ledger.is_sound();
}

#[test]
fn a_file_concatenated_with_itself_counts_every_row_once() {
    let ledger = Ledger::of_one();
    ledger.take_files(&fixtures());
    for kind in KINDS {
        let (header, lines) = lines(&ledger.read(&format!("{kind}.csv")));
        ledger.write("twice.csv", file_of(&header, lines.iter().chain(&lines)));
        assert_eq!(import(&ledger, kind, "twice.csv"), (lines.len() as u64, lines.len() as u64), "{kind}");
    }
    assert_eq!(only(ledger.balances(), &columns()), balances_of_fixture());
}

/// Where money for a person is cut depends on the order, the sums do not. (A grant counts whole or not at all, so
/// the order of grants does matter.)
#[test]
fn permuted_rows_come_to_the_same_balances_and_are_recognised_later() {
    let ledger = Ledger::of_one();
    ledger.take_files(&fixtures());
    ledger.ok("import cases cases.csv");
    ledger.ok("import grants grants.csv");
    let (header, mut lines) = lines(&ledger.read("spend.csv"));
    lines.reverse();
    lines.rotate_left(5);
    ledger.write("permuted.csv", file_of(&header, &lines));
    assert_eq!(import(&ledger, "spend", "permuted.csv"), (lines.len() as u64, 0));
    assert_eq!(import(&ledger, "spend", "spend.csv"), (0, lines.len() as u64));
    assert_eq!(ledger.balances(), Ledger::small("spend").balances());

    for kind in ["cases", "grants"] {
        let (header, mut lines) = crate::support::lines(&ledger.read(&format!("{kind}.csv")));
        lines.reverse();
        ledger.write("permuted.csv", file_of(&header, &lines));
        assert_eq!(import(&ledger, kind, "permuted.csv"), (0, lines.len() as u64), "{kind}");
    }
}

fn columns() -> Vec<&'static str> {
    vec![
        "external_ref",
        "budget_line",
        "rule_id",
        "currency",
        "cap",
        "committed",
        "pending",
        "disbursed",
        "disallowed",
        "remaining",
        "available",
    ]
}

#[test]
fn two_genuine_twins_both_count() {
    let ledger = Ledger::small("spend");
    assert_eq!(ledger.support("FX-2052")["disbursed"], "500.00");
}

#[test]
fn what_contradicts_the_ledger_is_a_conflict_and_applies_nothing() {
    let ledger = Ledger::small("reversals");
    let before = ledger.root();
    let mut messages = String::new();
    for (kind, from, to) in [
        ("spend", "2023-11-06,1200.00", "2023-11-06,1200.01"),
        ("spend", "2023-11-06,1200.00", "2023-11-07,1200.00"),
        ("spend", "FX-2041,business-start-up", "FX-2041,education"),
        ("spend", "5e0f53b3", "5e0f53b4"),
        ("spend", "irara,FX-2041,business-start-up", "irara,FX-2052,business-start-up"),
        ("grants", "2023-10-14,615.00", "2023-10-14,614.99"),
        ("grants", "2023-10-14,615.00", "2023-10-13,615.00"),
        ("grants", "FX-2041,2023-10-14", "FX-2052,2023-10-14"),
        ("cases", "FX-2041,2023-09-04,ET", "FX-2041,2023-09-05,SO"),
        ("cases", "2023-09-04,ET,voluntary,migration-agency", "2023-09-04,ET,forced,police"),
        ("cases", "ET,voluntary,migration-agency,refused", "ET,voluntary,migration-agency,withdrawn"),
        (
            "cases",
            "2023-09-20,approve,2023-10-10,2023-10-11,irara",
            "2023-09-21,approve,2023-10-09,2023-10-12,ettc",
        ),
        ("cases", "2024-03-20,reject", "2024-03-20,approve"),
        ("cases", "yes,yes,yes,no,yes,2024-01-22", "yes,yes,yes,no,no,2024-01-22"),
    ] {
        let text = ledger.read(&format!("{kind}.csv"));
        assert!(text.contains(from), "{from}");
        ledger.write("changed.csv", text.replace(from, to));
        let message = ledger.fail(2, &format!("import {kind} changed.csv"));
        messages += &format!("{kind}: {from} -> {to}\n{message}");
    }
    golden("conflicts", &messages);
    assert_eq!(ledger.root(), before);
}

#[test]
fn rows_absent_from_a_newer_file_are_left_alone() {
    let ledger = Ledger::small("reversals");
    let before = ledger.balances();
    for kind in KINDS {
        let (header, lines) = lines(&ledger.read(&format!("{kind}.csv")));
        ledger.write("shorter.csv", file_of(&header, &lines[..1]));
        assert_eq!(import(&ledger, kind, "shorter.csv"), (0, 1));
    }
    assert_eq!(ledger.balances(), before);
}

#[test]
fn a_newer_register_fills_in_what_was_empty() {
    let ledger = Ledger::small("cases");
    let text = ledger.read("cases.csv").replace(
        "FX-2048,2024-09-02,GM,voluntary,migration-agency,refused,yes,yes,yes,no,no,,,,,caritas",
        "FX-2048,2024-09-02,GM,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-09-20,approve,2024-10-01,2024-10-02,caritas",
    );
    ledger.write("newer.csv", text);
    assert_eq!(import(&ledger, "cases", "newer.csv"), (1, 12));
    let case = ledger.json("case show FX-2048");
    assert_eq!((case["stage"].as_str(), case["arrived_on"].as_str()), (Some("approved"), Some("2024-10-02")));
    assert_eq!(ledger.support("FX-2048")["cap"], "3000.00");
}

/// A reversal that came before its claim was decided is not stuck: the same file passes once the claim is accepted.
#[test]
fn a_file_whose_commands_were_refused_passes_when_what_was_missing_is_there() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv");
    let said = ledger.json("import reversals reversals.csv");
    assert_eq!(said["counts"]["applied"], Value::from(0), "{said}");
    ledger.ok("claim accept --all");
    let said = ledger.json("import reversals reversals.csv");
    assert_ne!(said["counts"]["applied"], Value::from(0), "{said}");
    let root = ledger.root();
    ledger.ok("import reversals reversals.csv");
    assert_eq!(ledger.root(), root);
    ledger.is_sound();
}
