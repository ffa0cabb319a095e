//! An import that is killed at any moment leaves a sound ledger, and the same command finishes the work.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::Ledger;

const KILLS: u32 = 20;
/// Ledgers that take the kills in turns.
const LEDGERS: u32 = 2;
const IMPORT: &str = "import spend spend.csv --accept";

#[test]
fn killed_at_twenty_moments_an_import_ends_like_one_that_ran_through() {
    let year = demo::invent(11, 600);
    let before = Ledger::new();
    before.write("cases.csv", &year.cases);
    before.write("grants.csv", &year.grants);
    before.write("spend.csv", &year.spend);
    before.write("reversals.csv", &year.reversals);
    assert!(year.spend.lines().count() > 2_500);
    before.import_up_to("grants");
    let (empty, _) = before.root();

    let whole = before.twin();
    let began = Instant::now();
    whole.ok(IMPORT);
    let duration = began.elapsed();
    let (full, _) = whole.root();

    let (mut killed, mut halfway) = (0, 0);
    for turn in 0..LEDGERS {
        let ledger = before.twin();
        for moment in (0..KILLS).filter(|moment| moment % LEDGERS == turn) {
            let mut child = ledger.start(IMPORT);
            sleep(duration * (moment + 1) / (KILLS + 1));
            // On Unix this is SIGKILL.
            child.kill().unwrap();
            killed += u32::from(!child.wait().unwrap().success());
            let (position, _) = ledger.root();
            halfway += u32::from(position > empty && position < full);
        }
        ledger.ok(IMPORT);
        assert_eq!(ledger.balances(), whole.balances());
        assert_eq!(ledger.csv("claim list").len(), whole.csv("claim list").len());
        ledger.ok("import reversals reversals.csv");
        ledger.is_sound();
    }
    assert!(
        killed >= KILLS / 4 && halfway > 0,
        "{killed} were killed, {halfway} halfway: too few to show anything"
    );
}

#[test]
fn a_killed_init_can_be_repeated_or_says_what_is_there() {
    for wait_ms in [1_u64, 3, 6, 10, 20, 40] {
        let ledger = Ledger::none();
        let mut child = ledger.start("init");
        sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let again = ledger.run("init");
        // What was made before the kill is either whole, or named and in nobody's way once removed.
        match again.code {
            Some(0) => ledger.is_sound(),
            _ if ledger.run("verify").code == Some(0) => {}
            _ => {
                assert!(again.err.contains("svala.key") || again.err.contains("svala.db"), "{again}");
                for name in ["svala.key", "svala.db", "svala.db-wal", "svala.db-shm"] {
                    let _ = std::fs::remove_file(ledger.path(name));
                }
                ledger.ok("init");
            }
        }
    }
}
