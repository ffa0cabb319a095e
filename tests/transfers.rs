//! Handing many cases over to another partner at once.

use crate::support::{Cells, Ledger, find};

fn cases() -> Ledger {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("cases");
    ledger
}

fn had_by(ledger: &Ledger, case: &str) -> String {
    find(ledger.csv("case list"), "external_ref", case)["partner"].clone()
}

fn of(ledger: &Ledger, partner: &str) -> Vec<String> {
    let open = |case: &Cells| {
        case["partner"] == partner && ["applied", "approved"].contains(&case["stage"].as_str())
    };
    ledger.csv("case list").into_iter().filter(open).map(|case| case["external_ref"].clone()).collect()
}

/// All open cases of a partner change hands on a day; what it delivered before stays its own.
#[test]
fn all_cases_of_a_partner_are_handed_over() {
    let ledger = cases();
    let before = of(&ledger, "irara");
    assert!(before.len() > 1, "{before:?}");
    ledger.write(
        "spend.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n\
         irara,FX-2041,education,2024-02-01,10.00,EUR,Lempa,B-1,,\n\
         irara,FX-2041,education,2024-07-01,10.00,EUR,Lempa,B-2,,\n\
         caritas,FX-2041,education,2024-07-02,10.00,EUR,Lempa,B-3,,\n",
    );
    let line = "case transfer caritas --on 2024-06-01 --from irara --all";
    let root = ledger.root();
    let preview = ledger.csv(&format!("{line} --dry-run"));
    assert_eq!(ledger.root(), root, "a dry run writes nothing");
    assert_eq!(preview.iter().map(|row| row["case"].clone()).collect::<Vec<_>>(), before);
    assert!(preview.iter().all(|row| row["from"] == "irara" && row["to"] == "caritas"));
    assert!(preview.iter().all(|row| row["refused"].is_empty()), "{preview:?}");
    assert!(ledger.ok(&format!("{line} --dry-run")).contains("would be handed over (dry run"));

    assert_eq!(ledger.csv(line), preview);
    assert_eq!(of(&ledger, "irara"), Vec::<String>::new());
    ledger.ok("import spend spend.csv --accept");
    let states =
        ["B-1", "B-2", "B-3"].map(|r| find(ledger.csv("claim list"), "receipt_no", r)["state"].clone());
    assert_eq!(states, ["accepted", "refused", "accepted"], "who had the case on the day of the delivery");
    assert!(ledger.ok(line).contains("0 cases handed over"), "nothing is left to hand over");
    let earlier = ledger.csv("case transfer weldo --on 2024-05-01 --from irara --all --dry-run");
    assert_eq!(earlier.len(), before.len(), "before that day it has them");
    ledger.is_sound();
}

/// A list is taken as a whole or not at all; a case that a rule refuses stops none of the others.
#[test]
fn a_list_of_cases_is_handed_over() {
    let ledger = cases();
    ledger.write("list.csv", "case_ref\nFX-2041\nFX-9999\n\nFX-2042\n");
    let root = ledger.root();
    let error = ledger.fail(2, "case transfer caritas --on 2024-06-01 --file list.csv");
    assert!(error.contains("list.csv row 3") && error.contains("nothing was done"), "{error}");
    assert_eq!(ledger.root(), root);
    ledger.write("wrong.csv", "case\nFX-2041\n");
    assert!(ledger.fail(2, "case transfer caritas --on 2024-06-01 --file wrong.csv").contains("case_ref"));

    ledger.ok("case assign FX-2041 caritas --on 2024-06-01");
    let other = of(&ledger, "irara").remove(0);
    ledger.write("list.csv", format!("case_ref\nFX-2041\n{other}\n{other}\n"));
    let line = "case transfer caritas --on 2024-06-01 --file list.csv";
    let dry = ledger.run(&format!("{line} --dry-run --format csv"));
    let run = ledger.run(&format!("{line} --format csv"));
    assert_eq!((dry.code, run.code, &dry.out), (Some(1), Some(1), &run.out));
    assert!(run.out.contains("no-change: caritas has the case already"), "{run}");
    assert_eq!(run.out.lines().count(), 3, "a case that is listed twice is one");
    assert_eq!(had_by(&ledger, &other), "caritas");

    for dry in ["", " --dry-run"] {
        let own = ledger.run(&format!("--actor asha@irara case transfer irara --on 2024-07-01 {other}{dry}"));
        assert!(own.code == Some(1) && own.out.contains("acts-for-partner"), "{own}");
    }
    for line in [
        "case transfer caritas --on 2024-06-01",
        "case transfer caritas --on 2024-06-01 --from irara",
        "case transfer caritas --on 2024-06-01 --all",
        "case transfer caritas --on 2024-06-01 FX-2041 --file list.csv",
        "case transfer nobody --on 2024-06-01 FX-2041",
        "case transfer caritas FX-2041",
    ] {
        ledger.fail(2, line);
    }
    ledger.is_sound();
}

/// Who has passed a case on plans nothing more on it, whatever day it gives.
#[test]
fn who_has_passed_a_case_on_plans_nothing_more() {
    let ledger = cases();
    ledger.ok("case assign FX-2041 caritas --on 2024-06-01");
    let plan = "case plan FX-2041 --partner irara --on 2024-05-20";
    let error = ledger.fail(1, &format!("{plan} --line education=2500"));
    assert!(error.contains("wrong-partner") && error.contains("caritas by now"), "{error}");
    assert_eq!(ledger.support("FX-2041")["committed"], "0.00");
    ledger.ok("case plan FX-2041 --partner caritas --on 2024-06-02 --line education=2500");
    assert_eq!(ledger.support("FX-2041")["committed"], "2500.00");
}
