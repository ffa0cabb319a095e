//! What breaks while the program runs: kills, crashes at named places, full disks, servers that fail, restored backups.
//! Short rounds with all other tests, the long ones with `just faults`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say where")]

#[path = "../support/mod.rs"]
mod support;

mod bank;
mod crash_points;
mod disk_full;
mod documented;
mod kill;
mod restart;
mod restore;
mod roles;

use support::Ledger;

/// How many rounds: few with all other tests, many in a campaign of their own (`SVALA_LONG=1`).
fn rounds(few: u32, many: u32) -> u32 {
    if store_testing::long() { many } else { few }
}

/// A ledger with the cases and grants of an invented year; its spend and reversals lie beside it.
fn ledger_before_the_spend(people: usize) -> Ledger {
    let year = demo::invent(11, people);
    let ledger = Ledger::new();
    ledger.write("cases.csv", &year.cases);
    ledger.write("grants.csv", &year.grants);
    ledger.write("spend.csv", &year.spend);
    ledger.write("reversals.csv", &year.reversals);
    ledger.import_up_to("grants");
    ledger
}
