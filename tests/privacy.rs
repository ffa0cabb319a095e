//! What may identify a person is found nowhere in clear.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sqlx::Connection;

use crate::support::{Cells, KINDS, Ledger, fixtures, in_file, on_postgres, rows, samples};

/// Every external reference, receipt and payment number, supplier, description and reason of a scenario.
fn canaries(scenario: &Path) -> BTreeSet<String> {
    let mut canaries = BTreeSet::new();
    for kind in KINDS {
        for row in rows(&fs::read_to_string(scenario.join(format!("{kind}.csv"))).unwrap()) {
            for column in ["case_ref", "receipt_no", "payment_ref", "supplier", "description", "reason"] {
                canaries.extend(row.get(column).filter(|text| !text.is_empty()).cloned());
            }
        }
    }
    assert!(canaries.len() > 20);
    canaries
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Canaries short enough to occur by chance in binary data are looked for as a JSON string.
fn is_nowhere_in(canaries: &BTreeSet<String>, bytes: &[u8], place: &str) {
    for canary in canaries {
        let found = match canary.len() {
            0..5 => holds(bytes, &format!("\"{canary}\"")),
            _ => holds(bytes, canary),
        };
        assert!(!found, "{canary} stands in {place}");
    }
}

/// Everything that could write a name somewhere; what is given as a reason is a canary too.
fn live_with_names(ledger: &Ledger, canaries: &mut BTreeSet<String>) {
    let case = rows(&ledger.read("cases.csv")).remove(0).remove("case_ref").unwrap();
    ledger.import_up_to("reversals");
    // The name of a file may say as much as what is in it.
    ledger.write("Kanarie-Nilsson.csv", ledger.read("cases.csv") + "\n");
    ledger.ok("import cases Kanarie-Nilsson.csv");
    canaries.insert("Kanarie-Nilsson".to_owned());
    for (about, reason) in
        [("claim refuse", "Zwischenbescheid fehlt"), ("grant allow", "Brückentag am Flughafen")]
    {
        canaries.insert(reason.to_owned());
        let column = if about.starts_with("claim") { "claim" } else { "grant" };
        let list = ledger.csv(&format!("{column} list"));
        for row in list.iter().filter(|row| ["queried", "refused"].contains(&&*row["state"])) {
            // Not every one can be; the reason must stay out of the log either way.
            ledger.run(&format!("{about} {} --reason '{reason}'", row[column]));
        }
    }
    ledger.run("claim refuse 1 --reason 'Zwischenbescheid fehlt'");
    // What is typed in place of a code may be anything: it is no command that could be kept.
    let typed = "Kanarie Karlsson";
    canaries.insert(typed.to_owned());
    let had = |row: &&Cells| !row["partner"].is_empty() && row["decision"] == "approve";
    for row in rows(&ledger.read("cases.csv")).iter().filter(had).take(3) {
        let (case, partner) = (&row["case_ref"], &row["partner"]);
        for line in [
            format!("case plan {case} --partner {partner} --line '{typed}=10.00' --on 2024-06-01"),
            format!("hold place --programme '{typed}' --from 2024-06-01 --reason x"),
            format!(
                "partner agreement sign {partner} a --programme '{typed}' --country ET --from 2024-06-01"
            ),
        ] {
            assert!(!ledger.fail(2, &line).contains(typed));
        }
    }
    ledger.ok(&format!("explain {case}"));
    ledger.ok(&format!("history {case}"));
}

fn stays_in_the_vault(scenario: &Path) {
    let mut canaries = canaries(scenario);
    let ledger = Ledger::new();
    ledger.take_files(scenario);
    if on_postgres() {
        live_with_names(&ledger, &mut canaries);
        let Some(dump) = ledger.dump() else { return };
        let dump = fs::read(dump).unwrap();
        assert!(dump.len() > 10_000, "the dump is too short to hold the ledger");
        is_nowhere_in(&canaries, &dump, "a dump");
        // Bytes are dumped as their digits.
        let digits = |text: &String| text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let long = canaries.iter().filter(|canary| canary.len() > 4);
        is_nowhere_in(&long.map(digits).collect(), &dump, "the digits of a dump");
    } else {
        // A connection of our own keeps the write-ahead log from being folded into the file and removed.
        let seen = in_file(&ledger.path("svala.db"), async |held| {
            let mut transaction = held.begin().await.unwrap();
            sqlx::query("SELECT count(*) FROM events").fetch_one(&mut *transaction).await.unwrap();
            live_with_names(&ledger, &mut canaries);
            ["svala.db", "svala.db-wal", "svala.db-shm"]
                .map(|name| (name, fs::read(ledger.path(name)).unwrap()))
        });
        for (name, bytes) in &seen {
            assert!(!bytes.is_empty(), "{name} is empty");
            is_nowhere_in(&canaries, bytes, name);
        }
        ledger.ok("verify");
        is_nowhere_in(&canaries, &fs::read(ledger.path("svala.db")).unwrap(), "the closed svala.db");
    }
    ledger.is_sound();
    let whole_rows = "SELECT body || ' ' || stream_id || ' ' || actor || ' ' || event_type FROM events";
    let bodies = ledger.ask(whole_rows, |row| row.get::<String>(0));
    assert!(bodies.len() > 50);
    is_nowhere_in(&canaries, bodies.join("\n").as_bytes(), "an event");
    let shown = ledger.ok("claim list --format csv");
    let receipt = rows(&ledger.read("spend.csv")).remove(0).remove("receipt_no").unwrap();
    assert!(shown.contains(&receipt), "who may read the ledger still sees {receipt}");
}

#[test]
fn references_and_texts_of_the_small_scenario_stay_in_the_vault() {
    stays_in_the_vault(&fixtures());
}

#[test]
fn references_and_texts_of_the_samples_stay_in_the_vault() {
    let Some(scenario) = samples("scenario-eur") else { return };
    stays_in_the_vault(&scenario);
}

/// The digest of an import file's name and of a reference are keyed: two ledgers share none.
#[test]
fn two_ledgers_with_the_same_people_share_no_digest() {
    let digests = |ledger: &Ledger| -> BTreeSet<Vec<u8>> {
        ledger.ask("SELECT digest FROM unique_keys", |row| row.get(0)).into_iter().collect()
    };
    let (one, other) = (Ledger::small("reversals"), Ledger::small("reversals"));
    assert!(digests(&one).len() > 40);
    assert!(digests(&one).is_disjoint(&digests(&other)));
}

/// A refusal is read on screens and in logs: it locates references and texts by row and column alone.
#[test]
fn no_message_shows_a_reference_or_a_text() {
    let ledger = Ledger::small("cases");
    let secret = |n: u32| format!("SECRET-{n}");
    let long = "SECRET-LONG".repeat(300);
    let mut errors = String::new();
    for (kind, header, row) in [
        (
            "grants",
            "case_ref,paid_on,amount,currency,method,payment_ref",
            format!("{},2024-02-01,615.00,EUR,bank,{}", secret(1), secret(2)),
        ),
        (
            "grants",
            "case_ref,paid_on,amount,currency,method,payment_ref",
            format!(" {},2024-02-01,615.00,EUR,bank,{}\u{200b}", secret(1), secret(2)),
        ),
        (
            "grants",
            "case_ref,paid_on,amount,currency,method,payment_ref",
            format!("{long},2024-02-01,615.00,EUR,bank,{long}"),
        ),
        (
            "spend",
            SPEND,
            format!(
                "irara,{},education,2024-02-01,1.00,EUR,{},{},,{}",
                secret(1),
                secret(2),
                secret(3),
                secret(4)
            ),
        ),
        (
            "spend",
            SPEND,
            format!(
                "irara,{}\u{1},education,2024-02-01,1.00,EUR,{}\u{1},{}\u{1},{},{}\u{1}",
                secret(1),
                secret(2),
                secret(3),
                secret(5),
                secret(4)
            ),
        ),
        (
            "spend",
            SPEND,
            format!(
                "irara,{},education,2024-02-01,1.00,EUR, {}, {},,{long}",
                secret(1),
                secret(2),
                secret(3)
            ),
        ),
        (
            "spend",
            SPEND,
            format!("irara,{},education,2024-02-01,1.00,EUR,{},{}", secret(1), secret(2), secret(3)),
        ),
        (
            "spend",
            SPEND,
            format!("irara,{},education,2024-02-01,1.00,EUR,\"{}\" x,{},,", secret(1), secret(2), secret(3)),
        ),
        (
            "reversals",
            REVERSALS,
            format!("irara,{},{},2024-02-01,1.00,EUR,{}", secret(1), secret(2), secret(3)),
        ),
        (
            "reversals",
            REVERSALS,
            format!("irara,{} , {},2024-02-01,1.00,EUR,{}\u{1}", secret(1), secret(2), secret(3)),
        ),
        ("reversals", REVERSALS, format!("irara,{},{},2024-02-01,1.00,EUR,", secret(1), secret(2))),
        // No header: the first row is a person's.
        ("reversals", "SECRET-1,SECRET-2", "SECRET-3,SECRET-4".to_owned()),
        ("cases", "SECRET-1;2024-01-01", "SECRET-2;2024-01-02".to_owned()),
    ] {
        ledger.write("bad.csv", format!("{header}\n{row}\n"));
        let run = ledger.run(&format!("import {kind} bad.csv"));
        assert_eq!(run.code, Some(2), "{run}");
        errors += &run.err;
        errors += &run.out;
    }
    for line in [
        "case show SECRET-9",
        "balance SECRET-9",
        "explain SECRET-9",
        "history SECRET-9",
        "case close SECRET-9 --on 2024-01-01",
    ] {
        errors += &ledger.fail(2, line);
    }
    errors += &ledger.fail(2, "claim refuse 1 --reason SECRET-8");
    ledger.write("list.csv", "case_ref\nSECRET-7\n");
    errors += &ledger.fail(2, "case transfer caritas --on 2024-06-01 --file list.csv");
    assert!(!errors.contains("SECRET"), "{errors}");
}

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
const REVERSALS: &str = "partner,receipt_no,supplier,reversed_on,amount,currency,reason";

/// What a partner wrote cannot become a formula in a spreadsheet or move the cursor of a terminal.
#[test]
fn texts_from_outside_are_harmless_in_listings() {
    let ledger = Ledger::small("cases");
    let formula = "=HYPERLINK(0)";
    ledger.write(
        "spend.csv",
        format!("{SPEND}\nirara,FX-2041,education,2024-02-01,1.00,EUR,{formula},+46-70,,\n"),
    );
    ledger.ok("import spend spend.csv");
    let claim = ledger.csv("claim list").remove(0);
    assert_eq!((&*claim["supplier"], &*claim["receipt_no"]), ("'=HYPERLINK(0)", "'+46-70"));
}
