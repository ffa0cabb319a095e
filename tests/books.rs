//! The general ledger: vouchers, trial balance, and what other programs make of the same books.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::bank::{IBAN, Line, message, statement};
use crate::sie;
use crate::support::{Cells, Ledger, find, rows};

/// A year with spend, fees, grants, returns and payments, and what the bank tells of them: whole, less its charge, and
/// lines of its own.
fn ledger() -> Ledger {
    let ledger = Ledger::small("reversals");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
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
    let paid = find(ledger.csv("payment list"), "payment", &payment);
    let total = cents(&paid["total"]);
    let amounts = [
        (-total - 150, "B1", &*paid["reference"]),
        (-100_000, "B2", "A-1"),
        (-61_500, "B3", "PAYREF-90421"),
        (-1_200, "B4", "NOTPROVIDED"),
        (-900, "B5", "nobody knows"),
    ];
    let texts: Vec<String> = amounts.iter().map(|(cents, ..)| euros(*cents)).collect();
    let lines: Vec<Line<'_>> =
        amounts.iter().zip(&texts).map(|((_, name, said), text)| Line(text, name, said)).collect();
    let closing = 100_000_000 + amounts.iter().map(|(cents, ..)| cents).sum::<i64>();
    ledger.write("july.xml", message(&[statement(1, "2099-07-16", "1000000.00", &euros(closing), &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let fee = find(ledger.csv("bank lines --open"), "amount", "-12.00")["line"].clone();
    let why = "--reason 'the yearly fee'";
    ledger.ok(&format!("exception resolve no-match-{fee} --write-off bank-fees {why}"));
    ledger
}

fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// What a row adds to its account.
fn moved(row: &Cells) -> i64 {
    cents(&row["debit"]) - cents(&row["credit"])
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
    for series in ["S", "G", "P", "B"] {
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
    let all = ledger.fail(2, "books export --out all.si");
    assert!(all.contains("a SIE file is of one year") && all.contains("2024, "), "{all}");
    let wrong = ledger.fail(2, "books export --period 2024 --out wrong.si --org-number 202100-2115");
    assert!(wrong.contains("an organisation number is written 202100-2114"), "{wrong}");
    let years: BTreeSet<String> =
        ledger.csv("books vouchers").iter().map(|row| row["day"][..4].to_owned()).collect();
    assert!(years.len() > 2, "{years:?}");
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    let mut texts = Vec::new();
    for year in &years {
        let whose = "--company Återvändande–verket --org-number 202100-2114";
        let said = ledger.run(&format!("books export --period {year} --out {year}.si {whose}"));
        assert_eq!(said.code, Some(0), "{said}");
        assert!(said.err.contains("code page 437") && said.err.contains("is not closed"), "{said}");
        let file = sie::read(&std::fs::read(ledger.path(&format!("{year}.si"))).unwrap());
        is_a_sie_file(&file);
        for row in file.vouchers.iter().flat_map(|voucher| &voucher.rows) {
            *sums.entry(row.account.clone()).or_default() += row.cents;
        }
        texts.extend(file.vouchers.into_iter().map(|voucher| voucher.text));
    }
    assert_eq!(sums, trial(&ledger));
    let payment = &ledger.csv("payment list")[0];
    let (number, reference) = (&payment["payment"], &payment["reference"]);
    for wanted in [
        format!("Payment given to the bank, payment {number} ({reference}), caritas"),
        format!("Advance settled, payment {number} ({reference}), caritas"),
    ] {
        assert!(texts.contains(&wanted), "{wanted}: {texts:?}");
    }
}

/// What any accounting system asks of a file of vouchers.
fn is_a_sie_file(file: &sie::Sie) {
    let (stated, computed) = file.check_sums.unwrap();
    assert_eq!(stated, computed);
    let record =
        |label: &str| file.records.iter().find(|(name, _)| name == label).map(|(_, fields)| fields.clone());
    assert_eq!(record("#FNAMN").unwrap(), ["Återvändande-verket"]);
    assert_eq!(record("#ORGNR").unwrap(), ["202100-2114"]);
    for label in ["#FLAGGA", "#PROGRAM", "#GEN", "#RAR", "#VALUTA"] {
        assert!(record(label).is_some(), "{label}");
    }
    assert_eq!(
        (record("#SIETYP").unwrap(), record("#FORMAT").unwrap()),
        (vec!["4".into()], vec!["PC8".into()])
    );
    assert!(
        ["#IB", "#UB", "#RES"].iter().all(|label| record(label).is_none()),
        "a file of vouchers has no balances"
    );
    // In one file each series has a number once.
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    assert!(!file.vouchers.is_empty());
    for voucher in &file.vouchers {
        assert_eq!(voucher.rows.iter().map(|row| row.cents).sum::<i64>(), 0, "{voucher:?}");
        assert!(voucher.day.len() == 8 && voucher.rows.len() >= 2);
        assert!(
            voucher.text.len() > 10 && voucher.rows.iter().all(|row| !row.text.is_empty()),
            "{voucher:?}"
        );
        let before = last.insert(&voucher.series, voucher.number).unwrap_or(0);
        assert_eq!(voucher.number, before + 1, "{}", voucher.series);
        for row in &voucher.rows {
            let known = row.objects.iter().all(|(dimension, code)| {
                file.records
                    .iter()
                    .any(|(label, f)| label == "#OBJEKT" && f[0] == *dimension && f[1] == *code)
            });
            assert!(known, "{row:?}");
        }
    }
}

/// What hledger makes of a journal: what stands on each account, or on each `--pivot` of it.
fn hledger(ledger: &Ledger, journal: &str, arguments: &[&str]) -> BTreeMap<String, i64> {
    let output = Command::new("hledger")
        .args(["-f", journal, "balance", "--flat", "--no-total", "--output-format", "csv"])
        .args(arguments)
        .current_dir(ledger.path(""))
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let rows = rows(&text).into_iter();
    let amounts = rows.map(|row| (row["account"].clone(), cents(&row["balance"].replace(" EUR", ""))));
    amounts.filter(|(_, cents)| *cents != 0).collect()
}

/// What stands on each account, and on each account of each case, whether something is left on it or not.
type Standing = (BTreeMap<String, i64>, BTreeMap<(String, String), i64>);

/// Exports the books of all days, of a year and of a month that begin with what stood on the accounts before; answers with
/// the file of each, and with what should stand in it.
fn exported(ledger: &Ledger, ending: &str) -> Vec<(String, Standing)> {
    let all = ledger.csv("books vouchers");
    let today = all.iter().find(|row| row["kind"] == "spend-accepted").unwrap()["day"].clone();
    let year = today.split('-').next().unwrap();
    let of_period = |(name, period): (&str, &str)| {
        let of = if period.is_empty() { String::new() } else { format!(" --period {period}") };
        let file = format!("{name}.{ending}");
        ledger.ok(&format!("books export{of} --out {file}"));
        let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
        for line in ledger.csv(&format!("books trial-balance{of}")) {
            let account = if line["account"].is_empty() { "earlier-years" } else { &line["account"] };
            accounts.insert(account.to_owned(), cents(&line["closing"]));
        }
        accounts.retain(|_, cents| *cents != 0);
        assert!(accounts.len() > 5, "{accounts:?}");
        let mut cases: BTreeMap<(String, String), i64> = BTreeMap::new();
        let days = match period {
            "" => ["0000".to_owned(), "9999".to_owned()],
            "2099-07" => ["2099".to_owned(), "2099-07-31".to_owned()],
            year => [year.to_owned(), format!("{year}-12-31")],
        };
        for row in all.iter().filter(|row| !row["case"].is_empty() && row["day"] <= days[1]) {
            // Costs begin with nothing each year.
            if !row["account"].starts_with('7') || row["day"] >= days[0] {
                *cases.entry((row["account"].clone(), row["case"].clone())).or_default() += moved(row);
            }
        }
        cases.retain(|_, sum| *sum != 0);
        assert!(cases.len() > 3, "{period}: {cases:?}");
        (file, (accounts, cases))
    };
    [("all", ""), ("year", year), ("month", "2099-07")].map(of_period).into()
}

/// An independent program recomputes the balances: of each account, and on each account of each case.
#[test]
fn hledger_prints_the_same_balances() {
    if Command::new("hledger").arg("--version").output().is_err() {
        store_testing::missing("hledger is not installed here");
        return;
    }
    let ledger = ledger();
    let chart = ledger.csv("books chart");
    let numbers = chart.iter().flat_map(|posting| [&posting["debit"], &posting["credit"]]);
    let numbers: BTreeSet<&str> = numbers.filter_map(|name| name.split(' ').next()).collect();
    for (journal, (accounts, cases)) in exported(&ledger, "journal") {
        let names = hledger(&ledger, &journal, &[]);
        let found = names.iter().map(|(name, sum)| (name.rsplit_once(':').unwrap().1.to_owned(), *sum));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), accounts, "{journal}");
        let mut told: BTreeMap<(String, String), i64> = BTreeMap::new();
        for number in &numbers {
            let found = hledger(&ledger, &journal, &["--pivot", "case", &format!(":{number}$")]);
            let of_case = found.into_iter().filter(|(case, _)| case.contains('-') && !case.contains(':'));
            told.extend(of_case.map(|(case, sum)| (((*number).to_owned(), case), sum)));
        }
        assert_eq!(told, cases, "{journal}");
    }
}

/// Loads a file as beancount does, and prints what it finds wrong, and what stands on each account and of each case on it.
const BEANCOUNT: &str = "
import sys, collections
from beancount import loader
from beancount.core import data
entries, errors, _ = loader.load_file(sys.argv[1])
for error in errors:
    print('error', error.message)
sums = collections.Counter()
for entry in entries:
    for posting in entry.postings if isinstance(entry, data.Transaction) else []:
        account = posting.account.rsplit(':', 1)[1].lower()
        for case in {'', posting.meta.get('case', '')}:
            sums[account, case] += int(posting.units.number * 100)
for (account, case), cents in sums.items():
    print('balance', account, case or '-', cents)
";

/// So does another one, which also says whether every transaction balances and every account is open on its day.
#[test]
fn beancount_prints_the_same_balances() {
    let there = Command::new("python3").args(["-c", "import beancount"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        store_testing::skipped("beancount is not installed here (python3 -m pip install beancount)");
        return;
    }
    let ledger = ledger();
    for (file, (accounts, cases)) in exported(&ledger, "beancount") {
        let output =
            Command::new("python3").args(["-c", BEANCOUNT]).arg(ledger.path(&file)).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let (mut found, mut told) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let ["balance", account, case, sum] = words.as_slice() else { panic!("{file}: {line}") };
            let sum: i64 = sum.parse().unwrap();
            if sum != 0 && *case == "-" {
                found.insert((*account).to_owned(), sum);
            } else if sum != 0 {
                told.insert(((*account).to_owned(), (*case).to_owned()), sum);
            }
        }
        assert_eq!((found, told), (accounts, cases), "{file}");
    }
}

/// What stands on an account is what its rows come to, whichever of them are asked for.
#[test]
fn an_account_is_told_row_by_row() {
    let ledger = ledger();
    for period in ["", " --period 2099-07", " --period 2024", " --period 2024-01-01..2024-12-31"] {
        for line in ledger.csv(&format!("books trial-balance{period}")) {
            if line["account"].is_empty() {
                continue;
            }
            let told = ledger.csv(&format!("books account {}{period}", line["account"]));
            let (first, last) = (&told[0], told.last().unwrap());
            assert_eq!((&*first["text"], &first["balance"]), ("opening", &line["opening"]), "{line:?}");
            assert_eq!(
                (&*last["text"], &last["debit"], &last["credit"], &last["balance"]),
                ("closing", &line["debit"], &line["credit"], &line["closing"]),
                "{line:?}"
            );
            let mut balance = cents(&first["balance"]);
            for row in &told[1..told.len() - 1] {
                balance += moved(row);
                assert_eq!(cents(&row["balance"]), balance, "{row:?}");
                assert!(!row["voucher"].is_empty() && !row["text"].is_empty() && !row["row"].is_empty());
            }
            assert_eq!(balance, cents(&last["balance"]));
        }
    }
    let vouchers = ledger.csv("books vouchers");
    let case = find(ledger.csv("case list"), "external_ref", "FX-2041")["case"].clone();
    for (filter, column, code) in [
        ("--partner caritas", "partner", "caritas"),
        ("--case FX-2041", "case", &*case),
        ("--programme jrs", "programme", "jrs"),
    ] {
        let told = ledger.csv(&format!("books account 2560 {filter}"));
        let wanted: i64 =
            vouchers.iter().filter(|row| row["account"] == "2560" && row[column] == code).map(moved).sum();
        let count = vouchers.iter().filter(|row| row["account"] == "2560" && row[column] == code).count();
        assert_eq!((cents(&told.last().unwrap()["balance"]), told.len() - 2), (wanted, count), "{filter}");
        assert!(count > 0, "{filter}");
    }
    let whole = ledger.json("books account 1930 --period 2099-07");
    assert_eq!((whole["rows"].as_array().unwrap().len(), &*whole["name"].to_string()), (5, "\"Bank\""));
    let shown = ledger.run("books account 1939");
    assert!(shown.err.contains("1939 Bank lines to be explained, all days: "), "{shown}");
    assert!(ledger.fail(2, "books account 1").contains("there is no account 1 in the chart of accounts"));
    assert!(ledger.fail(2, "books account 2560 --partner nobody").contains("there is no partner nobody"));
    assert!(ledger.fail(2, "books account 2560 --case FX-1").contains("no case has this reference"));
    assert!(ledger.fail(2, "books account 2560 --programme jr").contains("no such programme; it has jrs"));
    ledger.fail(2, "books account 2560 --at 99999999");
}

/// Whose books they are is a matter of the chart, which the agency has anyway.
#[test]
fn the_chart_says_whose_books_they_are() {
    let ledger = ledger();
    let document = ledger.ok("books chart --document");
    let own = document.replace("# [company]\n# name = ", "[company]\nname = ");
    ledger.write("own.toml", own.replace("# organisation_number", "organisation_number"));
    ledger.ok("books export --period 2024 --chart own.toml --out own.si");
    let file = sie::read(&std::fs::read(ledger.path("own.si")).unwrap());
    let record = |label: &str| file.records.iter().find(|(name, _)| name == label).map(|(_, f)| f.clone());
    assert_eq!(record("#FNAMN").unwrap(), ["Migrationsverket"]);
    assert_eq!(record("#ORGNR").unwrap(), ["202100-2114"]);
    ledger.ok("books export --period 2024 --out plain.si");
    let file = sie::read(&std::fs::read(ledger.path("plain.si")).unwrap());
    assert!(file.records.iter().all(|(label, _)| label != "#ORGNR"));
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
