//! The general ledger: vouchers, trial balance, and what other programs make of the same books.

use std::collections::BTreeMap;
use std::process::Command;

use crate::sie;
use crate::support::{Ledger, find};

/// A year with spend, fees, grants, returns and payments.
fn ledger() -> Ledger {
    let ledger = Ledger::small("reversals");
    ledger.ok("bank account add payments --iban 'SE35 5000 0000 0549 1000 0003' --currency EUR");
    ledger.ok("partner register caritas --name Caritas");
    ledger.write(
        "fees.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n\
         caritas,,partner-fee,2024-05-01,150.00,EUR,Office,F-1,,\n",
    );
    ledger.ok("import spend fees.csv");
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    ledger.ok(&format!("partner fee accept {fee}"));
    ledger.ok("partner paid caritas --amount 1000.00 --on 2024-06-01 --reference A-1 --advance");
    ledger.ok("partner paid caritas --amount 250.50 --on 2024-06-02 --reference A-2");
    let account = "--iban 'GB82 WEST 1234 5698 7654 32' --holder Caritas";
    ledger.ok(&format!("--actor anna partner payment-details propose caritas {account}"));
    ledger.approve_account("berit", "caritas");
    let payment = ledger.json("--actor anna payment propose --partner caritas")["payment"].to_string();
    ledger.ok(&format!("--actor berit payment approve {payment}"));
    let debtor = "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003'";
    ledger.ok(&format!("--actor anna payment file --out p.xml --execute-on 2099-07-15 {debtor}"));
    ledger
}

fn cents(amount: &str) -> i64 {
    match amount {
        "" => 0,
        _ => amount.replace('.', "").parse().unwrap(),
    }
}

/// What stands on each account.
fn trial(ledger: &Ledger) -> BTreeMap<String, i64> {
    let lines = ledger.csv("books trial-balance");
    lines.iter().map(|line| (line["account"].clone(), cents(&line["closing"]))).collect()
}

#[test]
fn every_voucher_is_balanced_and_numbered_without_gaps() {
    let ledger = ledger();
    let rows = ledger.csv("books vouchers");
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for row in &rows {
        *sums.entry(row["voucher"].clone()).or_default() += cents(&row["debit"]) - cents(&row["credit"]);
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    let mut numbers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (series, number) in sums.keys().map(|name| name.rsplit_once('-').unwrap()) {
        numbers.entry(series).or_default().push(number.parse().unwrap());
    }
    for (series, mut numbers) in numbers.clone() {
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(1..=numbers.len()), "{series}: {numbers:?}");
    }
    for series in ["S", "G", "P"] {
        assert!(numbers.keys().any(|name| name.starts_with(series)), "{series}");
    }
    let trial = trial(&ledger);
    assert_eq!(trial.values().sum::<i64>(), 0);
    assert_eq!((trial["1680"], trial["7310"]), (0, 15_000), "the advance is settled by the payment");
    // What the partner is owed after all that: nothing, and so says its statement.
    let statement = ledger.json("partner statement caritas --period 2020-01-01..2099-12-31");
    assert_eq!(statement["totals"]["owed"], "0.00");
    let owed: i64 = rows
        .iter()
        .filter(|row| row["account"] == "2560" && row["partner"] == "caritas")
        .map(|row| cents(&row["debit"]) - cents(&row["credit"]))
        .sum();
    assert_eq!(owed, 0);
}

/// What was accepted and paid comes to nothing for each case, not only for the partner.
#[test]
fn what_is_owed_for_each_case_is_cleared_by_its_payment() {
    let ledger = ledger();
    let mut owed: BTreeMap<String, i64> = BTreeMap::new();
    let mut cases = 0;
    for row in ledger.csv("books vouchers").iter().filter(|row| row["account"] == "2560") {
        if row["partner"] != "caritas" {
            continue;
        }
        cases += usize::from(!row["case"].is_empty() && row["kind"] == "payment-instructed");
        let of = format!("{} {} {}", row["case"], row["programme"], row["category"]);
        *owed.entry(of).or_default() += cents(&row["debit"]) - cents(&row["credit"]);
    }
    assert!(cases > 1, "the payment names its cases");
    assert!(owed.values().all(|sum| *sum == 0), "{owed:?}");
}

/// What the books say was disbursed is what the balances say.
#[test]
fn costs_are_what_the_balances_call_disbursed() {
    let ledger = ledger();
    let mut disbursed: BTreeMap<String, i64> = BTreeMap::new();
    for line in ledger.csv("balance") {
        *disbursed.entry(line["case"].clone()).or_default() += cents(&line["disbursed"]);
    }
    disbursed.retain(|_, sum| *sum != 0);
    let mut booked: BTreeMap<String, i64> = BTreeMap::new();
    let costs = ["7710", "7720"];
    for row in ledger.csv("books vouchers").iter().filter(|row| costs.contains(&row["account"].as_str())) {
        *booked.entry(row["case"].clone()).or_default() += cents(&row["debit"]) - cents(&row["credit"]);
    }
    booked.retain(|_, sum| *sum != 0);
    assert_eq!(booked, disbursed);
}

#[test]
fn an_independent_reader_of_sie_finds_balanced_vouchers_and_the_same_balances() {
    let ledger = ledger();
    let said = ledger.run("books export --out all.si --company Återvändande–verket");
    assert_eq!(said.code, Some(0), "{said}");
    assert!(said.err.contains("code page 437"), "{said}");
    let file = sie::read(&std::fs::read(ledger.path("all.si")).unwrap());
    let (stated, computed) = file.check_sums.unwrap();
    assert_eq!(stated, computed);
    let record =
        |label: &str| file.records.iter().find(|(name, _)| name == label).map(|(_, fields)| fields.clone());
    assert_eq!(record("#FNAMN").unwrap(), ["Återvändande-verket"]);
    assert_eq!(
        (record("#SIETYP").unwrap(), record("#FORMAT").unwrap()),
        (vec!["4".into()], vec!["PC8".into()])
    );
    assert!(
        ["#IB", "#UB", "#RES"].iter().all(|label| record(label).is_none()),
        "a file of vouchers has no balances"
    );

    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    let mut last: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    assert!(!file.vouchers.is_empty());
    for voucher in &file.vouchers {
        assert_eq!(voucher.rows.iter().map(|row| row.cents).sum::<i64>(), 0, "{voucher:?}");
        assert!(voucher.day.len() == 8 && voucher.rows.len() >= 2);
        let before = last.insert((&voucher.series, &voucher.day[..4]), voucher.number).unwrap_or(0);
        assert_eq!(voucher.number, before + 1, "{}", voucher.series);
        for row in &voucher.rows {
            *sums.entry(row.account.clone()).or_default() += row.cents;
            let known = row.objects.iter().all(|(dimension, code)| {
                file.records
                    .iter()
                    .any(|(label, f)| label == "#OBJEKT" && f[0] == *dimension && f[1] == *code)
            });
            assert!(known, "{row:?}");
        }
    }
    assert_eq!(sums, trial(&ledger));
}

/// An independent program recomputes the balances, per account and per case.
#[test]
fn hledger_prints_the_same_balances() {
    if Command::new("hledger").arg("--version").output().is_err() {
        store_testing::skipped("hledger is not installed here");
        return;
    }
    let ledger = ledger();
    ledger.ok("books export --out all.journal");
    let hledger = |arguments: &[&str]| -> BTreeMap<String, i64> {
        let output = Command::new("hledger")
            .args(["-f", "all.journal", "balance", "--flat", "--no-total", "--output-format", "csv"])
            .args(arguments)
            .current_dir(ledger.path(""))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let rows = text.lines().skip(1).map(|line| line.trim_matches('"').split_once("\",\"").unwrap());
        let amounts = rows.map(|(name, amount)| (name.to_owned(), cents(&amount.replace(" EUR", ""))));
        amounts.filter(|(_, cents)| *cents != 0).collect()
    };
    let mut expected = trial(&ledger);
    expected.retain(|_, cents| *cents != 0);
    let accounts =
        hledger(&[]).into_iter().map(|(name, sum)| (name.rsplit_once(':').unwrap().1.to_owned(), sum));
    assert_eq!(accounts.collect::<BTreeMap<_, _>>(), expected);

    let mut of_cases: BTreeMap<String, i64> = BTreeMap::new();
    for row in ledger.csv("books vouchers").iter().filter(|row| row["account"].starts_with("77")) {
        *of_cases.entry(row["case"].clone()).or_default() += cents(&row["debit"]) - cents(&row["credit"]);
    }
    of_cases.retain(|_, sum| *sum != 0);
    assert_eq!(hledger(&["--pivot", "case", "expenses:77"]), of_cases);
}

#[test]
fn the_books_are_the_same_at_a_position_whatever_came_after() {
    let ledger = ledger();
    let position = ledger.root().0;
    let before = ledger.ok(&format!("books vouchers --at {position} --format csv"));
    ledger.ok("partner paid caritas --amount 1.00 --on 2024-06-03 --reference A-3");
    assert_eq!(ledger.ok(&format!("books vouchers --at {position} --format csv")), before);
    assert_ne!(ledger.ok("books vouchers --format csv"), before);
    ledger.fail(2, "books vouchers --at 99999999");
    assert_eq!(ledger.csv("books vouchers --period 1999").len(), 0);
}

#[test]
fn a_chart_of_ones_own_is_checked_and_used() {
    let ledger = ledger();
    let document = ledger.ok("books chart --document");
    ledger.write("own.toml", document.replace("7710", "77101"));
    let trial = ledger.csv("books trial-balance --chart own.toml");
    assert_eq!(find(trial, "account", "77101")["name"], "Reintegration support in kind");
    ledger.write("wrong.toml", document.replacen("credit = \"2560\"", "credit = \"9\"", 1));
    let error = ledger.fail(2, "books trial-balance --chart wrong.toml");
    assert!(error.contains("wrong.toml") && error.contains("there is no account 9"), "{error}");
    ledger.write("less.toml", document.replacen("kind = \"fee-accepted\"", "kind = \"spend-reversed\"", 1));
    let error = ledger.fail(2, "books trial-balance --chart less.toml");
    assert!(error.contains("fee-accepted"), "{error}");
}

#[test]
fn a_file_for_each_kind_of_program() {
    let ledger = ledger();
    for ending in ["xlsx", "csv", "beancount"] {
        ledger.ok(&format!("books export --out all.{ending}"));
        assert!(std::fs::metadata(ledger.path(&format!("all.{ending}"))).unwrap().len() > 1_000);
    }
    ledger.fail(2, "books export --out all.csv");
    ledger.fail(2, "books export --out all.doc");
    let opened = ledger.read("all.beancount");
    assert!(opened.contains(" open Assets:1935 EUR") && opened.contains("    case: \""), "{opened}");
}
