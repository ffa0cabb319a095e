//! The invented year, and a large one.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{Ledger, Run, either, on_postgres};

#[test]
fn the_demo_shows_a_year_and_leaves_a_sound_ledger() {
    let ledger = Ledger::none();
    let said = ledger.ok("demo --into year");
    for section in [
        "An invented year (seed 2024)",
        "cases: ",
        "to do: ",
        "entitled, disbursed and remaining (EUR)",
        "people near, at or over their cap",
        "refused, and why",
        "log position ",
        "try next",
        "svala explain ",
        either("SVALA_LEDGER=sqlite:", "SVALA_LEDGER="),
    ] {
        assert!(said.contains(section), "{section} is not in\n{said}");
    }
    let reasons = [
        "asylum-refused-or-withdrawn",
        "destination-not-covered",
        "forced-return-excluded",
        "not-court-expelled",
        "programme-paused",
        "no-entitlement",
        "wrong-partner",
        "not-arrived",
        "before-arrival",
        "over-cap",
        "after-grant-days",
        "more-than-accepted",
        "not-accepted",
    ];
    for reason in reasons {
        assert!(said.contains(reason), "{reason} is not in\n{said}");
    }
    let key = said.lines().find_map(|line| line.trim().strip_prefix("export SVALA_KEY_FILE="));
    let year = match key {
        Some(key) => format!("--key-file {key}"),
        None => "--ledger sqlite:year/svala.db".to_owned(),
    };
    assert_eq!(key.is_some(), on_postgres(), "{said}");
    ledger.ok(&format!("{year} verify"));
    ledger.ok(&format!("{year} replay"));
    ledger.ok(&format!("{year} doctor"));
    let next: Vec<&str> =
        said.lines().filter_map(|line| Some(line.strip_prefix("  ")?.split_once("svala ")?.1)).collect();
    assert!(next.len() >= 5, "{next:?}");
    for line in next {
        ledger.ok(&format!("{year} {line}"));
    }
    let again = ledger.fail(2, "demo --into year");
    assert!(again.contains("there is a ledger at "), "{again}");
}

#[test]
fn the_same_seed_gives_the_same_balances_and_another_seed_others() {
    let balances = |seed: u32| {
        let ledger = Ledger::none();
        ledger.ok(&format!("demo --into . --seed {seed} --people 60"));
        ledger.balances()
    };
    let first = balances(7);
    assert_eq!(first, balances(7));
    assert_ne!(first, balances(8));
}

const PEOPLE: usize = 22_000;
const ROWS_MIN: usize = 100_000;
const MEMORY_KIB_MAX: u64 = 400 * 1024;

/// Takes minutes, so it is run by `just long` (`SVALA_LONG=1`, with the release build).
#[test]
fn a_hundred_thousand_rows_are_imported_in_one_run_with_steady_memory() {
    if !store_testing::long() {
        store_testing::skipped("100 000 rows in one run; set SVALA_LONG=1");
        return;
    }
    let year = demo::invent(3, PEOPLE);
    assert!(year.spend.lines().count() > ROWS_MIN);
    let ledger = Ledger::new();
    ledger.write("cases.csv", &year.cases);
    ledger.write("spend.csv", &year.spend);
    ledger.ok("import cases cases.csv");
    let mut child = ledger.start("import spend spend.csv --accept");
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(high_water_kib(child.id()).unwrap_or(0));
        sleep(Duration::from_millis(20));
    }
    let run = Run::of("import spend", child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(0), "{run}");
    eprintln!("{} rows: at most {} MiB", year.spend.lines().count() - 1, peak / 1024);
    assert!(peak > 0 && peak < MEMORY_KIB_MAX, "{peak} KiB");
    assert_eq!(ledger.csv("claim list").len(), year.spend.lines().count() - 1);
    ledger.is_sound();
}

/// The most memory a process has had so far, as Linux tells it.
fn high_water_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
