//! The program dies at each named place of each transaction (see `crates/event-log/src/crash.rs`).

use std::fmt::Debug;

use crate::support::{Ledger, Run};
use crate::{ledger_before_the_spend, rounds};

const PLACES: [&str; 4] = ["before-transaction", "in-transaction", "before-commit", "after-commit"];

/// Runs a command that dies when it comes to a place for the n-th time; answers `false` where it does not come there
/// so often, and ended well instead.
fn dies(ledger: &Ledger, line: &str, place: &str, nth: u32) -> bool {
    let output = ledger.command(line).env("SVALA_CRASH_AT", format!("{place}:{nth}")).output().unwrap();
    let run = Run::of(line, output);
    // No exit code: it was ended by a signal.
    assert!(matches!(run.code, None | Some(0)), "{place}:{nth}: {run}");
    run.code.is_none()
}

/// Gives a command again; one that was written before the crash has nothing left to do.
fn again(ledger: &Ledger, line: &str) {
    let run = ledger.run(line);
    assert!(matches!(run.code, Some(0 | 1)), "{run}");
}

/// Each place in turn, the first time it is reached, the second, and so on until the command runs through. However it is
/// given `again`, the `state` is that of a ledger in which it ran through.
pub fn everywhere<S: PartialEq + Debug>(
    before: &Ledger,
    line: &str,
    every: u32,
    state: impl Fn(&Ledger) -> S,
    again: impl Fn(&Ledger, &str),
) {
    let whole = before.twin();
    whole.ok(line);
    let wanted = state(&whole);
    let mut lengths = [const { Vec::new() }; 4];
    for (place, lengths) in PLACES.into_iter().zip(&mut lengths) {
        for nth in (1..).step_by(every as usize) {
            let ledger = before.twin();
            if !dies(&ledger, line, place, nth) {
                break;
            }
            let (position, _) = ledger.root();
            lengths.push(position);
            again(&ledger, line);
            assert_eq!(state(&ledger), wanted, "{line}: {place}:{nth}");
            ledger.is_sound();
        }
    }
    let [before_transaction, in_transaction, before_commit, after_commit] = lengths;
    assert!(
        ![&before_transaction, &in_transaction, &before_commit, &after_commit].iter().any(|at| at.is_empty()),
        "{line} did not come to all places"
    );
    if every == 1 {
        // Nothing of a transaction is there before its commit, and all of it after.
        assert_eq!(before_commit[0], before.root().0);
        assert_eq!(before_commit[1..], after_commit[..after_commit.len() - 1]);
        assert_eq!(after_commit.last(), Some(&whole.root().0));
    }
}

#[test]
fn an_import_and_its_read_models_survive_a_crash_anywhere() {
    let before = ledger_before_the_spend(60);
    everywhere(&before, "import spend spend.csv --accept", rounds(4, 1), Ledger::state, again);
}

#[test]
fn a_single_command_survives_a_crash_anywhere() {
    let before = Ledger::small("spend");
    let claim = before.claim("QX77-49003");
    everywhere(&before, &format!("claim accept {claim}"), 1, Ledger::state, again);
}

/// Published, and not yet converted: the same command goes on.
#[test]
fn an_import_of_rates_and_its_conversions_survive_a_crash_anywhere() {
    let before = Ledger::small("cases");
    let spend = before.read("spend.csv").replace(",EUR,", ",USD,");
    before.write("dollars.csv", spend);
    before.ok("import spend dollars.csv");
    let months: Vec<String> = before
        .csv("claim list --state waiting-for-rate")
        .iter()
        .map(|claim| claim["delivered_on"][..7].to_owned())
        .collect();
    assert!(months.len() > 5);
    let mut files: Vec<String> = months.iter().map(|month| format!("inforeuro-{month}.json")).collect();
    files.sort();
    files.dedup();
    for file in &files {
        before.write(file, r#"[{"isoA3Code":"USD","value":1.1}]"#);
    }
    everywhere(&before, &format!("import rates {}", files.join(" ")), rounds(3, 1), Ledger::state, again);
}

/// Rows of the read models that were written without their checkpoint would count an event twice.
#[test]
fn a_rebuild_of_the_read_models_survives_a_crash_anywhere() {
    let before = Ledger::small("reversals");
    before.alter("DELETE FROM projection_rows");
    before.alter("DELETE FROM projections");
    everywhere(&before, "balance", rounds(4, 1), Ledger::state, again);
}

#[test]
fn a_creation_that_crashed_can_be_repeated() {
    for place in PLACES {
        for nth in 1.. {
            let ledger = Ledger::none();
            if !dies(&ledger, "init", place, nth) {
                assert!(nth > 1, "init never comes to {place}");
                break;
            }
            ledger.ends_in_one_ledger();
        }
    }
}
