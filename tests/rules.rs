//! The dated rules: borders, exclusions, pauses, and where a refusal is kept.

use crate::forger;
use crate::support::{Ledger, find};

const HEADER: &str = "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,\
                      intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,arrived_on,partner";

fn with_cases(lines: &[&str]) -> (Ledger, serde_json::Value) {
    let ledger = Ledger::new();
    ledger.write("cases.csv", format!("{HEADER}\n{}\n", lines.join("\n")));
    let report = ledger.json("import cases cases.csv");
    (ledger, report)
}

#[test]
fn the_iraq_extension_begins_and_ends_on_its_days() {
    let row = |applied: &str| {
        format!(
            "I-{applied},{applied},IQ,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-07-20,approve,,,ettc"
        )
    };
    let days = ["2023-05-31", "2023-06-01", "2024-06-30", "2024-07-01"];
    let lines = days.map(row);
    let (ledger, _) = with_cases(&lines.each_ref().map(String::as_str));
    let caps = days.map(|day| ledger.support(&format!("I-{day}")).remove("cap").unwrap());
    assert_eq!(caps, ["3000.00", "5000.00", "5000.00", "3000.00"]);
    let rules = days.map(|day| ledger.support(&format!("I-{day}")).remove("rule_id").unwrap());
    assert_eq!(rules[0], "jrs.reintegration.voluntary");
    assert_eq!(rules[1], "jrs.reintegration.iraq-extended");

    let explained = ledger.ok("explain I-2024-06-30");
    assert!(explained.contains("applied 2024-06-30 lies in 2023-06-01..2024-06-30"), "{explained}");
    assert!(explained.contains("replaces jrs.reintegration.voluntary (3000.00)"), "{explained}");
    assert!(explained.contains("ansöka om stödinsatser till ett värde om 5 000 euro/person"), "{explained}");
}

#[test]
fn a_forced_return_to_iraq_is_not_extended() {
    let (ledger, _) =
        with_cases(&["F-1,2023-09-01,IQ,forced,police,refused,yes,yes,yes,no,no,2023-09-20,approve,,,ettc"]);
    assert_eq!(ledger.support("F-1")["cap"], "2000.00");
}

/// Approvals that the rules forbid: the import succeeds, says so, and keeps the refused command.
#[test]
fn forbidden_approvals_are_outcomes_of_their_rows_and_stay_in_the_history() {
    let (ledger, report) = with_cases(&[
        "A-1,2024-05-06,AM,forced,police,refused,yes,yes,yes,no,no,2024-05-20,approve,,,caritas",
        "A-2,2023-11-02,PS,voluntary,migration-agency,refused,yes,yes,yes,no,no,2023-11-15,approve,,,caritas",
        "A-3,2024-05-06,AM,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-05-20,approve,,,caritas",
        "A-4,2024-01-15,NG,voluntary,migration-agency,pending,no,no,no,yes,no,2024-01-30,approve,,,irara",
        "A-5,2024-01-15,TR,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-01-30,approve,,,irara",
        "A-6,2021-12-31,NG,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-01-30,approve,,,irara",
        "A-7,2023-09-20,PS,voluntary,migration-agency,refused,yes,yes,yes,no,no,2023-10-06,approve,,,caritas",
    ]);
    assert_eq!(
        (report["counts"]["applied"].as_u64(), report["counts"]["refused"].as_u64()),
        (Some(2), Some(5))
    );
    let reasons: Vec<&str> =
        report["refused"].as_array().unwrap().iter().filter_map(|r| r["reason"].as_str()).collect();
    let all = [
        "asylum-refused-or-withdrawn",
        "destination-not-covered",
        "forced-return-excluded",
        "in-sweden-when-applying",
        "intends-to-reestablish",
        "likely-received",
        "not-court-expelled",
        "outside-programme",
        "programme-paused",
    ];
    assert_eq!(reasons, all);

    let listed = ledger.csv("case list");
    let reasons = |case: &str| find(listed.clone(), "external_ref", case).remove("reasons").unwrap();
    assert_eq!(reasons("A-1"), "forced-return-excluded");
    assert_eq!(reasons("A-2"), "programme-paused");
    assert_eq!(reasons("A-3"), "");
    let four = "asylum-refused-or-withdrawn likely-received intends-to-reestablish in-sweden-when-applying not-court-expelled";
    assert_eq!(reasons("A-4"), four);
    assert_eq!(reasons("A-5"), "destination-not-covered");
    assert_eq!(reasons("A-6"), "outside-programme");
    assert_eq!(reasons("A-7"), "", "approved the day before the pause");

    for (case, reason) in
        [("A-1", "forced-return-excluded"), ("A-2", "programme-paused"), ("A-4", "not-court-expelled")]
    {
        let history = ledger.csv(&format!("history {case}"));
        let refused = find(history, "event", "CommandRefused");
        assert!(refused["what"].starts_with("refused to approve: "), "{refused:?}");
        assert!(refused["what"].contains(reason), "{refused:?}");
        assert_eq!(refused["actor"], "tester");
        let case = find(ledger.csv("case list"), "external_ref", case);
        assert_eq!(case["stage"], "applied");
    }
    assert_eq!(ledger.balances().len(), 4, "only the two approved have balances");
}

#[test]
fn the_pause_is_explained_with_the_sentence_of_its_source() {
    let (ledger, _) = with_cases(&[
        "P-1,2023-11-02,PS,voluntary,migration-agency,refused,yes,yes,yes,no,no,2023-11-15,approve,,,caritas",
    ]);
    let explained = ledger.ok("explain P-1");
    for part in [
        "refused to approve",
        "programme-paused",
        "the decision is of 2023-11-15; no approvals there in 2023-10-07..open (jrs.pause.palestine)",
        "JRS-stödet till Palestina är pausat",
        "Migrationsverket (Swedish Migration Agency), Stödinsatser, 2024-06-30",
    ] {
        assert!(explained.contains(part), "{part} is not in\n{explained}");
    }
    ledger.fail(1, "case approve P-1 --on 2024-02-01");
    let twice = ledger.csv("history P-1").into_iter().filter(|row| row["event"] == "CommandRefused").count();
    assert_eq!(twice, 2, "each refused command is kept");
}

#[test]
fn the_exclusion_is_explained_with_the_sentence_of_its_source() {
    let (ledger, _) = with_cases(&[
        "A-1,2024-05-06,AM,forced,police,refused,yes,yes,yes,no,no,2024-05-20,approve,,,caritas",
    ]);
    let explained = ledger.ok("explain A-1");
    assert!(explained.contains("forced-return-excluded"), "{explained}");
    assert!(
        explained.contains("till Armenien och Mongoliet kan i nuläget inte få det här stödet"),
        "{explained}"
    );
}

#[test]
fn another_rulebook_decides_from_its_adoption_on_and_the_old_decision_keeps_its_reason() {
    let (ledger, _) = with_cases(&[
        "R-1,2024-02-01,NG,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-02-15,approve,,,irara",
        "R-2,2024-02-01,NG,voluntary,migration-agency,refused,yes,yes,yes,no,no,,,,,irara",
    ]);
    let book = ledger.ok("rulebook show --document");
    let changed = book
        .replace("version = \"2026.4\"", "version = \"test.2\"")
        .replace("cap = \"3000.00\"", "cap = \"3100.00\"");
    ledger.write("rules.toml", &changed);
    ledger.ok("rulebook check rules.toml");
    ledger.adopt("rules.toml");
    ledger.ok("case approve R-2 --on 2024-02-16");
    assert_eq!((&*ledger.support("R-1")["cap"], &*ledger.support("R-2")["cap"]), ("3000.00", "3100.00"));
    assert!(ledger.ok("explain R-1").contains("rulebook 2026.4"));
    assert!(ledger.ok("explain R-2").contains("rulebook test.2"));

    ledger.write("same.toml", changed.replace("3100.00", "3200.00"));
    let refused = ledger.fail(1, "rulebook adopt same.toml");
    assert!(refused.contains("rulebook-version-used"), "{refused}");
    ledger.is_sound();
}

/// Two people change the rules by which two people decide.
#[test]
fn a_change_of_the_rules_takes_two_people() {
    let ledger = Ledger::new();
    let changed =
        ledger.ok("rulebook show --document").replace("version = \"2026.4\"", "version = \"test.2\"");
    let looser = changed.replace("value = \"2000.00\"", "value = \"9000.00\"");
    assert_ne!(looser, changed);
    ledger.write("rules.toml", looser);
    let said = ledger.ok("--actor anna rulebook adopt rules.toml");
    assert!(said.contains("is proposed: another person must adopt the same file"), "{said}");
    assert!(ledger.ok("rulebook show").contains("2026.4"));
    assert!(ledger.run("rulebook show").err.contains("is proposed by anna"));
    for line in ["rulebook adopt rules.toml", "--rulebook rules.toml hold list"] {
        let run = ledger.run(&format!("--actor anna {line}"));
        assert_eq!(run.code, Some(if line.starts_with("rulebook") { 1 } else { 0 }), "{run}");
    }
    let hold = "hold place --country SO --from 2024-01-01 --reason none";
    let refused = ledger.fail(1, &format!("--actor anna --rulebook rules.toml {hold}"));
    assert!(refused.contains("second-person-needed"), "{refused}");
    assert!(ledger.csv("hold list").is_empty(), "nothing is decided by other rules than were given");
    // A dry run comes to the same.
    ledger.write("cases.csv", format!("{HEADER}\n"));
    ledger.write("other.toml", ledger.read("rules.toml").replace("test.2", "test.3"));
    let root = ledger.root();
    let dry = ledger.fail(1, "--actor anna --rulebook other.toml import cases cases.csv --dry-run");
    assert!(dry.contains("second-person-needed") && dry.contains("would be proposed"), "{dry}");
    ledger.ok("--actor bo --rulebook rules.toml import cases cases.csv --dry-run");
    assert_eq!(ledger.root(), root);
    let run = ledger.run(&format!("--actor bo --rulebook rules.toml {hold}"));
    assert!(run.code == Some(0) && run.err.contains("rulebook test.2 is in force from now on"), "{run}");
    assert_eq!(ledger.csv("hold list").len(), 1);
    assert!(ledger.ok("rulebook adopt rules.toml").contains("in force already"));
    assert!(ledger.ok("duties").contains("nobody decided"));

    let by = |name: &'static str, missing: bool| {
        let twin = ledger.twin();
        forger::rewrite(&twin, |events| {
            events.retain(|event| !missing || event.event_type != "RulebookProposed");
            let adopted = events.iter_mut().rfind(|event| event.event_type == "RulebookAdopted").unwrap();
            adopted.actor = name.into();
        });
        std::fs::remove_dir_all(twin.path("svala.checkpoints")).unwrap();
        twin.run("duties --format csv").out
    };
    assert!(by("anna", false).contains("same-person,anna,"));
    assert!(by("bo", true).contains("no-second-person,bo,"));
    ledger.is_sound();
}

#[test]
fn two_rules_that_fit_the_same_person_are_shown_and_not_loaded() {
    let ledger = Ledger::none();
    let book = ledger.ok("rulebook show --document");
    let special = "replaces = [\"jrs.reintegration.voluntary\"]\n";
    assert!(book.contains(special));
    ledger.write("overlap.toml", book.replace(special, ""));
    let refused = ledger.fail(2, "rulebook check overlap.toml");
    assert!(
        refused.contains("jrs.reintegration.voluntary")
            && refused.contains("jrs.reintegration.iraq-extended"),
        "{refused}"
    );
    let gap = book.replacen(
        "return_mode = [\"forced\"]\nunaccompanied_child = \"no\"\nvalid_from = 2022-01-01",
        "return_mode = [\"forced\"]\nunaccompanied_child = \"no\"\nvalid_from = 2022-01-05",
        1,
    );
    assert_ne!(gap, book);
    ledger.write("gap.toml", gap);
    let refused = ledger.fail(2, "rulebook check gap.toml");
    assert!(refused.contains("2022-01-01") && refused.contains("2022-01-04"), "{refused}");
}

/// Money that was claimed for a person without any approval is seen in that person's balance.
#[test]
fn spend_without_an_approval_stands_in_the_balance() {
    let (ledger, _) =
        with_cases(&["N-1,2023-09-01,IQ,voluntary,migration-agency,refused,yes,yes,yes,no,no,,,,,ettc"]);
    assert!(ledger.csv("balance N-1").is_empty(), "nothing was granted and nothing moved");
    ledger.write(
        "spend.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n\
         ettc,N-1,temporary-housing,2023-10-09,120.00,EUR,Al Amal Furniture,R-1,,rent\n",
    );
    ledger.ok("import spend spend.csv");
    let line = ledger.support("N-1");
    assert_eq!([&line["rule_id"], &line["cap"], &line["pending"]], ["not-granted", "0.00", "120.00"]);
    ledger.ok(&format!("claim refuse {} --reason 'nothing was granted'", ledger.claim("R-1")));
    let line = ledger.support("N-1");
    assert_eq!([&line["pending"], &line["disallowed"]], ["0.00", "120.00"]);
}

/// Whoever has come home is listed until the grant is paid in full, of an open case, with the hold that stops it.
#[test]
fn who_waits_for_the_arrival_grant_is_listed() {
    let came_home = |name: &str, arrived: &str, partner: &str| {
        format!(
            "{name},2023-09-01,IQ,voluntary,migration-agency,refused,yes,yes,yes,no,no,2023-09-10,approve,2023-09-20,{arrived},{partner}"
        )
    };
    let lines = [
        came_home("D-1", "2023-09-25", "ettc"),
        came_home("D-2", "2023-09-21", "ettc"),
        came_home("D-3", "2023-09-21", "weldo"),
        came_home("D-4", "", "ettc"),
        came_home("D-5", "2023-09-21", "ettc"),
    ];
    let (ledger, _) = with_cases(&lines.each_ref().map(String::as_str));
    ledger.write(
        "grants.csv",
        "payment_ref,case_ref,paid_on,currency,amount,method\n\
         P-1,D-2,2023-09-22,EUR,600.00,cash-by-partner\nP-2,D-5,2023-09-22,EUR,615.00,bank\n",
    );
    ledger.ok("import grants grants.csv");
    ledger.ok("hold place --partner weldo --from 2023-09-24 --reason 'receipts are missing'");
    let due = |line: &str| -> Vec<String> {
        let rows = ledger.csv(&format!("grant due {line}"));
        let columns = ["external_ref", "partner", "last_day", "days_late", "eur", "held_by"];
        rows.iter().map(|row| columns.map(|column| row[column].as_str()).join(" ")).collect()
    };
    assert_eq!(due("--on 2023-09-23"), ["D-2 ettc 2023-09-24 0 15.00 ", "D-3 weldo 2023-09-24 0 615.00 "]);
    assert_eq!(
        due("--on 2023-09-29"),
        ["D-2 ettc 2023-09-24 5 15.00 ", "D-3 weldo 2023-09-24 5 615.00 1", "D-1 ettc 2023-09-28 1 615.00 "]
    );
    assert_eq!(due("--on 2023-09-29 --partner weldo"), ["D-3 weldo 2023-09-24 5 615.00 1"]);
    ledger.ok("case close D-1 --on 2023-09-28");
    assert_eq!(due("--on 2023-09-29 --partner ettc"), ["D-2 ettc 2023-09-24 5 15.00 "]);
    assert!(ledger.fail(2, "grant due --partner wledo").contains("did you mean weldo?"));
}
