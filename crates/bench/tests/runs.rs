//! The benchmark still runs. How fast anything is, is asserted nowhere.

#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]

use std::process::Command;

/// What the benchmark prints, if it ends well.
fn bench(options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_svala-bench"))
        .args(options)
        .args(["--runs", "1", "--format", "table", "--folder"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_short_log_is_measured() {
    let report = bench(&["--events", "1000", "--commands", "8", "--database", "sqlite"]);
    for row in [
        "append in bulk",
        "import: rows",
        "replay into balances",
        "verify",
        "by folding",
        "append: 16 writers",
    ] {
        assert!(report.contains(row), "{row} in {report}");
    }
}

#[test]
fn a_short_statement_is_matched() {
    assert!(bench(&["--matching=40"]).contains("match, written: lines"));
}
