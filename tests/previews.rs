//! What a partner sees of its own file before it sends it, and finance after it was imported.

use crate::support::{Cells, Ledger, find};

const HEADER: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn ledger() -> Ledger {
    let ledger = Ledger::small("cases");
    ledger.write(
        "spend.csv",
        format!(
            "{HEADER}\n\
             irara,FX-2041,education,2024-02-01,2900.00,EUR,Lempa,R-1,,\n\
             irara,FX-2041,medical-care,2024-02-02,150.00,EUR,Clinic,R-2,,\n\
             irara,FX-2041,education,2023-01-01,20.00,EUR,Lempa,R-3,,\n\
             irara,FX-2041,education,2024-02-03,1000.000,IQD,Lempa,R-4,,\n\
             irara,,partner-fee,2024-03-31,75.00,EUR,IRARA,F-1,,\n"
        ),
    );
    ledger
}

fn states(rows: &[Cells]) -> Vec<String> {
    let of = |row: &Cells| {
        let columns = ["row", "outcome", "state", "eligible", "disallowed", "reason"];
        columns.map(|column| row[column].as_str()).join(" ").trim_end().to_owned()
    };
    rows.iter().map(of).collect()
}

#[test]
fn a_partner_sees_what_would_become_of_each_row_without_deciding_anything() {
    let ledger = ledger();
    let root = ledger.root();
    let rows = ledger.csv("--actor asha@irara import spend spend.csv --dry-run");
    assert_eq!(
        states(&rows),
        [
            "2 applied accepted 2900.00 0.00",
            "3 applied cut 100.00 50.00 over-cap",
            "4 applied refused 0.00 20.00 before-arrival",
            "5 applied waiting-for-rate 0.00 0.00 waiting-for-rate",
            "6 applied reported",
        ]
    );
    let data = ledger.json("--actor asha@irara import spend spend.csv --dry-run");
    assert_eq!((&data["supposed"], &data["counts"]["applied"]), (&true.into(), &5.into()));
    let person = &data["people"][0];
    for (figure, wanted) in [
        ("case_ref", "FX-2041"),
        ("cap", "3000.00"),
        ("disbursed", "3000.00"),
        ("pending", "0.00"),
        ("available", "0.00"),
        ("waiting", "1000.000 IQD"),
    ] {
        assert_eq!(person[figure], wanted, "{figure}: {person}");
    }
    let shown = ledger.ok("--actor asha@irara import spend spend.csv --dry-run");
    assert!(shown.contains("rows; state: if finance accepted them now, in this order"), "{shown}");
    assert!(shown.contains("what would be left for each person then (EUR)"), "{shown}");
    assert_eq!(ledger.root(), root, "a preview wrote something");

    // What it would really do with --accept is another question, and has its own answer.
    let refused = ledger.csv("--actor asha@irara import spend spend.csv --dry-run --accept");
    assert_eq!(states(&refused)[0], "2 refused reported 0.00 0.00 acts-for-partner");
}

#[test]
fn an_import_tells_what_became_of_each_row() {
    let ledger = ledger();
    let rows = ledger.csv("import spend spend.csv --accept");
    assert_eq!(
        states(&rows),
        [
            "2 applied accepted 2900.00 0.00",
            "3 cut cut 100.00 50.00 over-cap",
            "4 refused refused 0.00 20.00 before-arrival",
            "5 applied waiting-for-rate 0.00 0.00 waiting-for-rate",
            "6 applied reported",
        ]
    );
    ledger.write(
        "more.csv",
        format!(
            "{HEADER}\n\
             irara,FX-2041,education,2024-02-01,2900.00,EUR,Lempa,R-1,,\n\
             caritas,FX-2042,education,2024-04-01,5.00,EUR,Clinic,R-2,,\n"
        ),
    );
    let rows = ledger.csv("import spend more.csv --dry-run");
    let open = "3 applied reported 0.00 0.00 same-receipt";
    assert_eq!(states(&rows), ["2 recognised", open], "nobody accepts it unseen");
    let flagged = |rows: &[Cells]| rows[1]["flags"].contains("same-receipt");
    assert!(flagged(&rows), "the receipt of another partner: {rows:?}");
    let rows = ledger.csv("import spend more.csv");
    assert_eq!(states(&rows), ["2 recognised", "3 applied reported 0.00 0.00"]);
    assert!(flagged(&rows), "{rows:?}");
}

/// Large claims take two people; to look at them takes one.
#[test]
fn a_preview_says_what_takes_two_people() {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.ok("import cases cases.csv");
    ledger.write(
        "spend.csv",
        format!("{HEADER}\nirara,FX-2041,education,2024-02-01,2900.00,EUR,Lempa,R-1,,\nirara,FX-2041,education,2024-02-02,150.00,EUR,Lempa,R-2,,\n"),
    );
    let rows = ledger.csv("import spend spend.csv --dry-run");
    assert_eq!(
        states(&rows),
        ["2 applied accepted 2900.00 0.00 takes two people", "3 applied cut 100.00 50.00 over-cap"]
    );
}

/// The rows to look at are among those shown, in the order of the file; data have all.
#[test]
fn a_table_shows_the_rows_to_look_at_and_counts_the_others() {
    let ledger = Ledger::small("cases");
    let good: String =
        (0..30).map(|n| format!("irara,FX-2041,education,2024-02-01,{n}.50,EUR,Lempa,R-{n},,\n")).collect();
    let bad = "irara,FX-2041,education,2024-02-01,1e2,EUR,Lempa,R-30,,\n";
    ledger.write("spend.csv", format!("{HEADER}\n{good}{bad}"));
    let run = ledger.run("import spend spend.csv --dry-run");
    assert_eq!(run.code, Some(2), "{run}");
    let lines: Vec<&str> = run.out.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("row ")).unwrap();
    assert!(lines[first + 1].trim_start().starts_with("2 "), "{run}");
    assert!(
        lines[first + 20].trim_start().starts_with("32 ") && lines[first + 20].contains("amount."),
        "{run}"
    );
    assert!(run.out.contains("… and 11 more rows: --format csv lists all"), "{run}");
    let all = ledger.run("import spend spend.csv --dry-run --format csv");
    let rows = crate::support::rows(&all.out);
    assert_eq!(rows.len(), 31);
    assert_eq!(find(rows, "outcome", "rejected")["row"], "32");
}
