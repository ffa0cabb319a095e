//! Several programs on one ledger at the same time.

use std::process::Child;

use crate::support::{Ledger, Run, file_of, lines};

/// Neither the others nor their checkpoints, in the folder they share, were in anybody's way.
fn ended_well(child: Child) {
    let run = Run::of("import spend", child.wait_with_output().unwrap());
    assert!(run.code == Some(0) && !run.err.contains("warning"), "{run}");
}

#[test]
fn two_imports_at_the_same_time_both_succeed_and_lose_nothing() {
    let year = demo::invent(5, 200);
    let ledger = Ledger::new();
    ledger.write("cases.csv", &year.cases);
    ledger.write("spend.csv", &year.spend);
    ledger.ok("import cases cases.csv");
    let alone = ledger.twin();
    alone.ok("import spend spend.csv --accept");

    // Every second row: both files are about the same people, so both write to the same streams.
    let (header, rows) = lines(&year.spend);
    for (file, parity) in [("even.csv", 0), ("odd.csv", 1)] {
        ledger.write(file, file_of(&header, rows.iter().skip(parity).step_by(2)));
    }
    let children = ["even.csv", "odd.csv"].map(|file| ledger.start(&format!("import spend {file} --accept")));
    children.into_iter().for_each(ended_well);
    assert_eq!(ledger.csv("claim list").len(), rows.len());
    for balance in ledger.balances() {
        assert!(!balance["remaining"].starts_with('-'), "over the cap: {balance:?}");
    }
    for (together, alone) in ledger.balances().iter().zip(alone.balances()) {
        assert_eq!(*together, alone, "whoever came first, the sums are the same");
    }
    ledger.is_sound();
}

#[test]
fn the_same_file_imported_twice_at_the_same_time_counts_once() {
    let ledger = Ledger::small("grants");
    let alone = ledger.twin();
    alone.ok("import spend spend.csv --accept");
    let children = [0, 1, 2].map(|_| ledger.start("import spend spend.csv --accept"));
    children.into_iter().for_each(ended_well);
    assert_eq!(ledger.balances(), alone.balances());
    assert_eq!(ledger.csv("claim list").len(), alone.csv("claim list").len());
    ledger.is_sound();
}

/// Eight files race for the last euros of one person. Some have one row and some two: where another file's one row got
/// in first, the stream has exactly the length that the second row was decided on, and yet another content.
#[test]
fn nobody_passes_the_cap_whoever_is_first() {
    let ledger = Ledger::small("cases");
    let header = "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
    let row =
        |n: usize, m: usize| format!("irara,FX-2052,education,2023-11-01,500.00,EUR,Lempa,QX77-{n}-{m},,");
    let children: Vec<_> = (0..8)
        .map(|n| {
            let rows: Vec<String> = (0..=n % 2).map(|m| row(n, m)).collect();
            ledger.write(&format!("race{n}.csv"), file_of(header, &rows));
            ledger.start(&format!("import spend race{n}.csv --accept"))
        })
        .collect();
    children.into_iter().for_each(ended_well);
    let balance = ledger.support("FX-2052");
    assert_eq!(
        (&*balance["disbursed"], &*balance["disallowed"], &*balance["pending"]),
        ("3000.00", "3000.00", "0.00")
    );
    assert_eq!(ledger.csv("claim list --state accepted").len(), 6, "nobody is refused while there is room");
    ledger.is_sound();
}

#[test]
fn two_inits_at_the_same_time_make_one_ledger() {
    let ledger = Ledger::none();
    let children = [0, 1].map(|_| ledger.start("init"));
    let runs = children.map(|child| Run::of("init", child.wait_with_output().unwrap()));
    runs.iter().for_each(|run| assert!(!run.err.contains("warning"), "{run}"));
    let codes = runs.map(|run| run.code);
    assert!(codes.contains(&Some(0)) && codes.contains(&Some(2)), "{codes:?}");
    assert_eq!(ledger.number("SELECT count(*) FROM events"), 1, "the rulebook is adopted once");
    ledger.is_sound();
}
