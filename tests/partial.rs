//! Dry runs, partial imports with their reject file, the Swedish form.

use crate::support::{Ledger, rows};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

#[test]
fn a_dry_run_writes_nothing_and_promises_what_the_run_then_does() {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    for kind in crate::support::KINDS {
        let accept = if kind == "spend" { "--accept" } else { "" };
        let before = (ledger.root(), ledger.balances());
        let dry = ledger.json(&format!("import {kind} {kind}.csv {accept} --dry-run"));
        assert_eq!(dry["written"], false);
        assert_eq!((ledger.root(), ledger.balances()), before, "{kind}");
        assert!(
            ledger
                .ok(&format!("import {kind} {kind}.csv {accept} --dry-run"))
                .contains("dry run, nothing was written")
        );
        let real = ledger.json(&format!("import {kind} {kind}.csv {accept}"));
        assert_eq!((&dry["counts"], &dry["refused"]), (&real["counts"], &real["refused"]), "{kind}");
        assert_eq!(real["written"], true);
        assert_ne!(ledger.root(), before.0);
    }
}

#[test]
fn a_dry_run_of_a_bad_file_ends_as_the_run_would() {
    let ledger = Ledger::small("cases");
    ledger
        .write("spend.csv", format!("{SPEND}\nirara,FX-9999,education,2024-02-01,1.00,EUR,Lempa,QX77-1,,\n"));
    let dry = ledger.fail(2, "import spend spend.csv --dry-run");
    assert_eq!(dry, ledger.fail(2, "import spend spend.csv"));
    ledger.fail(2, "import spend spend.csv --partial --rejects there.csv --dry-run --locale xx");
    let partial = ledger.run("import spend spend.csv --partial --dry-run");
    assert_eq!(partial.code, Some(2), "{partial}");
    assert!(partial.out.contains("nothing would be applied, 1 of 1 rows have errors"), "{partial}");
    assert!(!ledger.path("spend.rejected.csv").exists(), "a dry run writes no reject file");
}

/// A dry run holds what it decides, so of a long file it decides the beginning; errors are found in all of it.
#[test]
fn a_dry_run_of_a_long_file_decides_its_beginning_and_checks_the_rest() {
    let ledger = Ledger::small("cases");
    let row = |n: usize| format!("irara,FX-2041,education,2024-02-01,0.01,EUR,Lempa,L-{n},,\n");
    let mut text = format!("{SPEND}\n");
    (0..10_010).for_each(|n| text += &row(n));
    // The same row again is known; it was decided, and is noted all the same.
    text += &row(3);
    text += &row(10_004);
    ledger.write("long.csv", &text);
    let before = ledger.root();
    let dry = ledger.json("import spend long.csv --dry-run");
    let counts = &dry["counts"];
    assert_eq!((&counts["rows"], &counts["applied"]), (&10_012.into(), &10_000.into()), "{counts}");
    assert_eq!((&counts["recognised"], &dry["only_checked"]), (&2.into(), &10.into()), "{counts}");
    assert_eq!(dry["rows"].as_array().unwrap().len() as u64 + dry["rows_untold"].as_u64().unwrap(), 10_012);
    let said = ledger.ok("import spend long.csv --accept --dry-run");
    assert!(
        said.contains("  applied      10000\n") && said.contains("  checked         10  (without errors"),
        "{said}"
    );
    assert!(said.contains("a dry run decides the first 10000 rows"), "{said}");

    ledger.write("long.csv", text + "irara,FX-2041,education,2024-02-01,0.02,EUR,Lempa,L-7,,\n");
    let refused = ledger.fail(2, "import spend long.csv --dry-run");
    assert!(refused.contains("row 10014") && refused.contains("(rule receipt.conflict)"), "{refused}");
    assert_eq!(ledger.root(), before);
}

fn mixed(ledger: &Ledger) {
    ledger.write(
        "spend.csv",
        format!(
            "{SPEND}\n\
             irara,FX-2041,education,2024-02-01,1.00,EUR,\"Lempa, Night\",QX77-1,,good\n\
             irara,FX-9999,education,2024-02-01,2.00,EUR,\"Lempa \"\"Night\"\"\",QX77-2,,unknown case\n\
             irara,FX-2052,education,2024-02-01,\"3,00\",EUR,Lempa,QX77-3,,decimal comma\n\
             irara,FX-2052,education,2024-02-01,4.00,EUR,Lempa,QX77-4,,good\n\
             caritas,FX-2052,education,2024-02-01,5.00,EUR,Lempa,QX77-5,,business refusal\n\
             irara,FX-2052,education,2024-02-01\n"
        ),
    );
}

#[test]
fn partial_applies_the_good_rows_and_the_corrected_reject_file_brings_the_others() {
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    let before = ledger.root();
    ledger.fail(2, "import spend spend.csv --accept");
    assert_eq!(ledger.root(), before, "all or nothing without --partial");

    let run = ledger.run("import spend spend.csv --accept --partial");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.err.contains("row 3, column case_ref"), "{run}");
    assert!(run.err.contains("row 4, column amount, value \"3,00\""), "{run}");
    assert!(run.err.contains("row 7: "), "{run}");
    assert!(run.out.contains("spend.rejected.csv"), "{run}");
    assert_eq!(ledger.csv("claim list").len(), 3);

    let text = ledger.read("spend.rejected.csv");
    assert_eq!(text.lines().next().unwrap(), format!("{SPEND},reason"));
    assert!(text.contains(",\"Lempa \"\"Night\"\"\",QX77-2,,unknown case,"), "{text}");
    let two: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    let rejected = rows(&two);
    assert_eq!((&*rejected[0]["receipt_no"], &*rejected[1]["amount"]), ("QX77-2", "3,00"));
    assert!(rejected[0]["reason"].contains("(rule case.unknown)"), "{rejected:?}");
    assert!(rejected[1]["reason"].contains("(rule amount.decimal-comma)"), "{rejected:?}");

    let refused = ledger.fail(2, "import spend spend.rejected.csv");
    assert!(
        refused.contains("spend.rejected.csv row 2, column case_ref"),
        "as it stands it is refused again: {refused}"
    );
    ledger.write("spend.rejected.csv", two.replace("FX-9999", "FX-2041").replacen("\"3,00\"", "3.00", 1));
    let report = ledger.json("import spend spend.rejected.csv --accept");
    assert_eq!(report["counts"]["applied"], 2, "{report}");
    assert_eq!(ledger.support("FX-2041")["disbursed"], "3.00");
    assert_eq!(ledger.support("FX-2052")["disbursed"], "7.00");
    ledger.is_sound();
}

#[test]
fn the_whole_file_can_be_imported_once_its_rows_were_corrected_in_place() {
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    ledger.ok("import spend spend.csv --partial");
    let text = ledger.read("spend.csv").replace("FX-9999", "FX-2041").replace("\"3,00\"", "3.00");
    let text = text.replace("irara,FX-2052,education,2024-02-01\n", "");
    ledger.write("spend.csv", text);
    let report = ledger.json("import spend spend.csv");
    assert_eq!((&report["counts"]["applied"], &report["counts"]["recognised"]), (&2.into(), &3.into()));
}

#[test]
fn the_same_partial_import_again_applies_nothing_and_writes_its_reject_file_again() {
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    ledger.ok("import spend spend.csv --partial");
    let before = ledger.root();
    std::fs::remove_file(ledger.path("spend.rejected.csv")).unwrap();
    let report = ledger.json("import spend spend.csv --partial --rejects elsewhere.csv");
    assert_eq!((&report["counts"]["recognised"], &report["counts"]["rejected"]), (&3.into(), &3.into()));
    assert_eq!(ledger.root(), before);
    assert!(ledger.path("elsewhere.csv").exists() && !ledger.path("spend.rejected.csv").exists());
}

#[test]
fn an_import_of_which_no_row_is_usable_has_failed() {
    let ledger = Ledger::small("cases");
    let before = ledger.root();
    let bad = |n: u32| format!("irara,FX-9999,education,2024-02-01,{n}.00,EUR,Lempa,QX77-{n},,\n");
    ledger.write("spend.csv", format!("{SPEND}\n{}{}", bad(1), bad(2)));
    let run = ledger.run("import spend spend.csv --partial");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.out.contains("spend.csv: nothing was applied, 2 of 2 rows have errors\n"), "{run}");
    assert!(run.out.contains("the rows left out are in spend.rejected.csv, with the reason"), "{run}");
    assert!(!run.out.contains("nothing was written") && !run.out.contains("--partial"), "{run}");
    assert_eq!((ledger.root(), ledger.read("spend.rejected.csv").lines().count()), (before, 3));

    // One that is known is something: the file is done as far as it can be.
    let good = "irara,FX-2041,education,2024-02-01,3.00,EUR,Lempa,QX77-3,,\n";
    ledger.write("more.csv", format!("{SPEND}\n{good}{}", bad(4)));
    ledger.ok("import spend more.csv --partial");
    let again = ledger.ok("import spend more.csv --partial");
    assert!(
        again.contains("nothing new was applied, 1 of 2 rows have errors, the others are known already"),
        "{again}"
    );
    assert!(!again.contains("nothing was written"), "{again}");
    ledger.is_sound();
}

/// Once the file was its own reject file, and its good rows were gone.
#[test]
fn a_file_is_never_its_own_reject_file() {
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    let (before, whole) = (ledger.root(), ledger.read("spend.csv"));
    std::fs::create_dir(ledger.path("folder")).unwrap();
    let mut spellings = vec!["spend.csv".to_owned(), "./folder/../spend.csv".to_owned()];
    spellings.push(ledger.path("spend.csv").display().to_string());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("spend.csv", ledger.path("soft.csv")).unwrap();
        std::fs::hard_link(ledger.path("spend.csv"), ledger.path("hard.csv")).unwrap();
        spellings.extend(["soft.csv", "hard.csv"].map(str::to_owned));
    }
    for spelling in spellings {
        for dry in ["", " --dry-run"] {
            let line = format!("import spend spend.csv --partial --rejects '{spelling}'{dry}");
            let refused = ledger.fail(2, &line);
            assert!(refused.contains("would be written over spend.csv itself"), "{spelling}: {refused}");
        }
        assert_eq!((ledger.root(), ledger.read("spend.csv")), (before.clone(), whole.clone()), "{spelling}");
    }
}

/// What a partner corrected in it is not lost, and what is refused twice is told twice.
#[test]
fn a_reject_file_that_is_there_is_not_overwritten() {
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    ledger.ok("import spend spend.csv --partial");
    let (applied, rejects) = (ledger.root(), ledger.read("spend.rejected.csv"));
    // The same again, as a script may do: the same rows are left out, and stand there.
    let again = ledger.ok("import spend spend.csv --partial");
    assert!(again.contains("spend.rejected.csv"), "{again}");
    assert_eq!((ledger.root(), ledger.read("spend.rejected.csv")), (applied.clone(), rejects.clone()));

    let corrected = rejects.replace("FX-9999", "FX-2041");
    ledger.write("spend.rejected.csv", &corrected);
    let more = "irara,FX-2041,education,2024-02-01,9.00,EUR,Lempa,QX77-9,,\n";
    ledger.write("spend.csv", ledger.read("spend.csv") + more);
    for line in
        ["import spend spend.csv --partial", "import spend spend.csv --partial --rejects spend.rejected.csv"]
    {
        let refused = ledger.fail(2, line);
        assert!(refused.contains("is there already and is not overwritten"), "{refused}");
        assert!(refused.contains("--rejects") && refused.contains("nothing was applied"), "{refused}");
        assert_eq!((ledger.root(), ledger.read("spend.rejected.csv")), (applied.clone(), corrected.clone()));
    }
    ledger.ok("import spend spend.csv --partial --rejects others.csv");
    assert_ne!(ledger.root(), applied);
    assert_eq!(ledger.read("spend.rejected.csv"), corrected);
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_a_reject_file() {
    use std::os::unix::fs::PermissionsExt;
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    ledger.ok("import spend spend.csv --partial");
    let mode = std::fs::metadata(ledger.path("spend.rejected.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn swedish_amounts_and_semicolons_are_read_when_declared() {
    let ledger = Ledger::small("cases");
    let rows = [("1 234,50", 1), ("1\u{a0}234,50", 2), ("1\u{202f}000", 3), ("0,01", 4), ("12,5", 5)];
    let lines: String = rows
        .iter()
        .map(|(amount, n)| {
            format!("irara;FX-2052;education;2024-02-01;{amount};EUR;Lempa, Night;QX77-{n};;\n")
        })
        .collect();
    ledger.write(
        "spend.csv",
        format!("\u{feff}{}\r\n{}", SPEND.replace(',', ";"), lines.replace('\n', "\r\n")),
    );
    ledger.fail(2, "import spend spend.csv");
    let said = ledger.ok("import spend spend.csv --locale sv");
    assert!(said.contains("delimiter   ;"), "{said}");
    let eur: Vec<String> =
        ledger.csv("claim list").into_iter().map(|mut c| c.remove("eur").unwrap()).collect();
    assert_eq!(eur, ["1234.50", "1234.50", "1000.00", "0.01", "12.50"]);
}

#[test]
fn the_import_itself_is_on_record() {
    let ledger = Ledger::small("cases");
    mixed(&ledger);
    ledger.ok("--actor anna.berg import spend spend.csv --partial");
    let record = ledger.csv("import list").pop().unwrap();
    let of = |column: &str| record[column].as_str();
    assert_eq!((of("actor"), of("kind"), of("file")), ("anna.berg", "spend", "spend.csv"));
    assert_eq!((of("rows"), of("applied"), of("rejected")), ("6", "3", "3"));
    assert_eq!(of("sha256").len(), 64);
}
