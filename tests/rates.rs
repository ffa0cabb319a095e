//! Exchange rates through the program: files in, what they say, what waits for them.

use crate::support::{Ledger, samples};

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn month(rates: &[(&str, &str)]) -> String {
    let entry = |(code, rate): &(&str, &str)| format!(r#"{{"isoA3Code":"{code}","value":{rate}}}"#);
    format!("[{}]", rates.iter().map(entry).collect::<Vec<_>>().join(","))
}

/// People at home, and no spend yet.
fn at_home() -> Ledger {
    Ledger::small("cases")
}

/// FX-2041 is with irara, and has been at home since before 2024.
fn spend(ledger: &Ledger, name: &str, rows: &[(&str, &str, &str, &str)]) {
    let row = |(number, on, amount, code): &(&str, &str, &str, &str)| {
        format!("irara,FX-2041,education,{on},{amount},{code},Lempa Night School,{number},,")
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    ledger.write(name, format!("{SPEND}\n{}\n", rows.join("\n")));
}

#[test]
fn the_month_is_taken_from_the_name_or_the_option_and_said() {
    let ledger = Ledger::new();
    let june = month(&[("IQD", "1385.7992"), ("JOD", "0.7483")]);
    ledger.write("inforeuro-2024-06.json", &june);
    ledger.write("table.json", &june);
    let said = ledger.ok("import rates inforeuro-2024-06.json");
    assert_eq!(said, "inforeuro-2024-06.json: inforeuro 2024-06 (by the name of the file): 2 rates new\n");
    assert!(ledger.fail(2, "import rates table.json").contains("(rule rates.month)"));
    assert!(
        ledger
            .fail(2, "import rates inforeuro-2024-06.json --month 2024-07")
            .contains("leave one of them out")
    );
    assert_eq!(
        ledger.ok("import rates table.json --month 2024-07"),
        "table.json: inforeuro 2024-07 (by --month): 2 rates new\n"
    );
    // Other bytes, the same rates.
    ledger.write("spaced.json", june.replace(",", " , "));
    assert_eq!(
        ledger.ok("import rates spaced.json --month 2024-06"),
        "spaced.json: inforeuro 2024-06 (by --month): nothing new, all 2 rates are known\n"
    );
    assert!(
        ledger.ok("import rates table.json --month 2024-07").contains("this very file was imported before")
    );
    assert_eq!(ledger.csv("rate list").len(), 4);
    assert_eq!(ledger.csv("rate list --currency IQD --from 2024-07-01 --source inforeuro").len(), 1);
    assert!(
        ledger.csv("rate list --to 2024-05-31").is_empty() && ledger.csv("rate list --source ecb").is_empty()
    );
    let kinds: Vec<String> = ledger.csv("import list").into_iter().map(|file| file["kind"].clone()).collect();
    assert_eq!(kinds, ["rates inforeuro 2024-06", "rates inforeuro 2024-07", "rates inforeuro 2024-06"]);
    ledger.is_sound();
}

#[test]
fn a_jump_is_refused_by_name_of_file_and_currency_and_allowed_by_name() {
    let ledger = Ledger::new();
    ledger.write("inforeuro-2024-05.json", month(&[("IQD", "1400"), ("JOD", "0.75")]));
    ledger.write("inforeuro-2024-06.json", month(&[("IQD", "0.000714"), ("JOD", "0.76")]));
    let before = ledger.root();
    let message = ledger.fail(1, "import rates inforeuro-2024-05.json inforeuro-2024-06.json");
    assert!(message.contains("rate-jump: inforeuro-2024-06.json: IQD is 0.000714 for 2024-06"), "{message}");
    assert_eq!(ledger.root(), before, "the good file was published without the other");
    ledger.fail(1, "import rates inforeuro-2024-05.json inforeuro-2024-06.json --allow-jump JOD");
    let said = ledger.ok("import rates inforeuro-2024-05.json inforeuro-2024-06.json --allow-jump IQD");
    assert!(said.contains("allowed to jump: IQD"), "{said}");
    assert_eq!(ledger.csv("rate list --currency IQD")[1]["rate"], "0.000714");
}

/// What was corrected is still there: an earlier conversion may rest on it.
#[test]
fn every_value_of_a_rate_is_listed_with_who_published_it() {
    let ledger = Ledger::new();
    for (actor, rate) in [("anna", "1385.7992"), ("bo", "1390.5"), ("anna", "1385.7992")] {
        ledger.write("inforeuro-2024-06.json", month(&[("IQD", rate), ("JOD", "0.75")]));
        ledger.ok(&format!("--actor {actor} import rates inforeuro-2024-06.json"));
    }
    let told = |options: &str| {
        let rates = ledger.csv(&format!("rate list {options}"));
        rates
            .iter()
            .map(|r| format!("{} {} {} {}", r["currency"], r["version"], r["rate"], r["published_by"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(""), ["IQD 3 1385.7992 anna", "JOD 1 0.75 anna"]);
    assert_eq!(
        told("--all-versions"),
        ["IQD 1 1385.7992 anna", "IQD 2 1390.5 bo", "IQD 3 1385.7992 anna", "JOD 1 0.75 anna"]
    );
    assert_eq!(told("--all-versions --currency JOD"), ["JOD 1 0.75 anna"]);
    assert!(told("--all-versions --from 2024-07-01").is_empty());
    assert!(told("--all-versions --source ecb").is_empty());
}

#[test]
fn a_file_with_errors_publishes_nothing_and_names_each() {
    let ledger = Ledger::new();
    let before = ledger.root();
    ledger.write("inforeuro-2024-05.json", month(&[("IQD", "1400")]));
    ledger.write(
        "inforeuro-2024-06.json",
        month(&[("IQD", "0"), ("JOD", "-1"), ("USD", "1e1"), ("USD", "1.1")]),
    );
    let run = ledger.run("import rates inforeuro-2024-05.json inforeuro-2024-06.json");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.out.ends_with("nothing was published: 3 errors to correct\n"), "{run}");
    for place in
        ["row 1, column value, value \"0\"", "row 2, column value, value \"-1\"", "row 3, column value"]
    {
        assert!(run.err.contains(&format!("inforeuro-2024-06.json {place}")), "{run}");
    }
    assert_eq!(ledger.root(), before);
    assert!(ledger.fail(2, "import rates nothing.json").contains("nothing.json"));
}

#[test]
fn the_sample_of_the_central_bank_gives_the_rate_of_the_day_or_of_the_last_before_it() {
    let Some(rates) = samples("rates") else { return };
    let ledger = Ledger::new();
    let file = format!("'{}'", rates.join("eurofxref-hist.csv").display());
    let said = ledger.ok(&format!("import rates {file}"));
    assert!(said.contains("ecb 2022-01-03 to 2024-07-08: 19619 rates new"), "{said}");
    let show = |day: &str| ledger.ok(&format!("rate show SEK {day} --policy day"));
    assert!(show("2024-06-28").starts_with("1 EUR = 11.3595 SEK, ecb of 2024-06-28\n"));
    let sunday = show("2024-06-30");
    assert!(
        sunday.starts_with("1 EUR = 11.3595 SEK, ecb of 2024-06-28, the last day before 2024-06-30 on which"),
        "{sunday}"
    );
    assert!(sunday.contains("version 1, published here on ") && sunday.contains(" by tester (position "));
    assert!(show("2024-07-01").starts_with("1 EUR = 11.3675 SEK, ecb of 2024-07-01\n"));
    // What comes after the file is still to come, and the rulebook asks for another source.
    assert!(ledger.fail(1, "rate show SEK 2024-07-09 --policy day").contains("spend waits for it"));
    assert!(ledger.fail(2, "rate show EUR 2024-07-01").contains("euros have no exchange rate"));
    assert!(ledger.fail(1, "rate show SEK 2024-07-01").contains("inforeuro has published no rate of SEK"));
    ledger.is_sound();
}

#[test]
fn spend_at_the_rate_of_the_day_when_the_rulebook_says_so() {
    let ledger = at_home();
    let document =
        ledger.ok("rulebook show --document").replace("version = \"2026.4\"", "version = \"test.ecb\"");
    let rule = "value = \"inforeuro-month-of-delivery\"";
    assert!(document.contains(rule));
    ledger.write("ecb.toml", document.replace(rule, "value = \"ecb-day-of-delivery\""));
    ledger.adopt("ecb.toml");
    ledger.write("hist.csv", "Date,USD,SEK,\n2024-07-01,1.0745,11.3675,\n2024-06-28,1.0705,11.3595,\n");
    ledger.ok("import rates hist.csv");
    spend(
        &ledger,
        "s.csv",
        &[("Q-1", "2024-06-30", "1135.95", "SEK"), ("Q-2", "2024-07-02", "10.00", "SEK")],
    );
    ledger.ok("import spend s.csv");
    let claims = ledger.csv("claim list");
    let told = |n: usize| {
        ["eur", "rate", "rate_date", "rate_source", "state"].map(|column| claims[n][column].clone())
    };
    assert_eq!(told(0), ["100.00", "11.3595", "2024-06-28", "ecb", "reported"]);
    assert_eq!(told(1), ["", "", "", "", "waiting-for-rate"]);
    // The rulebook of today does not change what was asked for when it was reported.
    ledger.adopt("one.toml");
    ledger.write("day.csv", "Date,SEK,\n2024-07-02,11.40,\n");
    assert!(ledger.ok("import rates day.csv").contains("1 claim that waited for these rates converted"));
    assert_eq!(ledger.csv("claim list")[1]["eur"], "0.88");
    ledger.is_sound();
}

#[test]
fn a_claim_that_waits_is_shown_counted_and_not_decided() {
    let ledger = at_home();
    spend(
        &ledger,
        "s.csv",
        &[("Q-1", "2024-06-14", "1500000.000", "IQD"), ("Q-2", "2024-06-14", "100.00", "EUR")],
    );
    let said = ledger.ok("import spend s.csv --accept");
    assert!(said.contains("  waiting          1  (for an exchange rate"), "{said}");
    assert!(ledger.ok("summary").contains("waiting for an exchange rate: 1 claim until a rate is imported"));
    let number = ledger.csv("claim list --state waiting-for-rate")[0]["claim"].clone();
    let refused = ledger.fail(1, &format!("claim accept {number}"));
    assert!(refused.contains("waiting-for-rate: the exchange rate of IQD is not published yet"), "{refused}");
    assert!(ledger.ok("claim accept --all").contains("0 claims decided"));
    assert!(
        ledger.ok("explain FX-2041").contains("the rate of inforeuro for 2024-06-14 is not published yet")
    );

    ledger.write("inforeuro-2024-06.json", month(&[("IQD", "1385.7992")]));
    let dry = ledger.ok("import rates inforeuro-2024-06.json --dry-run");
    assert!(dry.contains("1 claim that waited for these rates would be converted"), "{dry}");
    assert!(ledger.csv("rate list").is_empty());
    ledger.ok("import rates inforeuro-2024-06.json");
    ledger.ok("claim accept --all");
    let claims = ledger.csv("claim list");
    assert_eq!((&*claims[0]["eur"], &*claims[0]["amount"]), ("1082.41", "1500000.000"));
    let explained = ledger.ok("explain FX-2041");
    assert!(
        explained.contains(
            "1500000.000 IQD at 1385.7992 for 1 EUR (inforeuro 2024-06-01) = 1082.41, rounded half up"
        ),
        "{explained}"
    );
    assert!(ledger.ok("history FX-2041").contains("converted: 1082.41 EUR at 1385.7992 for 1 EUR"));
    ledger.is_sound();
}

/// 0.001 dinars are worth nothing that could be booked: an error where the rate is known, and else a claim that its rate
/// refuses.
#[test]
fn what_is_worth_less_than_half_a_cent_is_never_booked() {
    let ledger = at_home();
    spend(&ledger, "s.csv", &[("Q-1", "2024-06-14", "0.001", "IQD")]);
    ledger.ok("import spend s.csv");
    ledger.write("inforeuro-2024-06.json", month(&[("IQD", "1385.7992")]));
    ledger.ok("import rates inforeuro-2024-06.json");
    spend(&ledger, "t.csv", &[("Q-2", "2024-06-14", "0.001", "IQD")]);
    assert!(ledger.fail(2, "import spend t.csv").contains("(rule amount.worth-nothing)"));
    let claim = &ledger.csv("claim list")[0];
    assert_eq!((&*claim["state"], &*claim["reason"]), ("refused", "worth-nothing"));
    let because = ledger.ok(&format!("explain {}", claim["external_ref"]));
    assert!(because.contains("less than half a cent: there is nothing to book"), "{because}");
    assert!(ledger.ok("duties").contains("nobody"));
    ledger.is_sound();
}
