//! The three-way view: every figure is the sum of its rows, and says what the other lists say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::bank::{IBAN, Line, message, statement};
use crate::support::{Cells, Ledger, find};

const FROM: &str =
    "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS";

fn cents(amount: &str) -> i64 {
    if amount.is_empty() { 0 } else { amount.replace('.', "").parse().unwrap() }
}

fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// The payment of what is due to a partner, in a file: its number, its reference and what is transferred.
fn pay(ledger: &Ledger, partner: &str) -> (String, String, i64) {
    let account = format!("--iban 'GB82 WEST 1234 5698 7654 32' --holder {partner}");
    if ledger.run(&format!("--actor anna partner payment-details propose {partner} {account}")).code
        == Some(0)
    {
        ledger.approve_account("berit", partner);
    }
    let number =
        ledger.json(&format!("--actor anna payment propose --partner {partner}"))["payment"].to_string();
    ledger.ok(&format!("--actor berit payment approve {number}"));
    ledger
        .ok(&format!("--actor anna payment file --out {number}.xml --execute-on 2099-07-15 {FROM} {number}"));
    let row = find(ledger.csv("payment list"), "payment", &number);
    (number, row["reference"].clone(), cents(&row["total"]))
}

/// Claims, fees, grants, advances; paid whole, in instalments, two at once, less charges, by nobody; one came back.
fn ledger() -> Ledger {
    let ledger = Ledger::small("reversals");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.write(
        "fees.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n\
         caritas,,partner-fee,2024-05-01,150.00,EUR,Office,F-1,,\n\
         caritas,FX-2042,education,2024-05-02,10.00,EUR,Office,R-9,,\n",
    );
    ledger.ok("import spend fees.csv");
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    ledger.ok(&format!("partner fee accept {fee}"));
    ledger.ok("partner paid caritas --amount 1000.00 --on 2024-06-01 --reference A-1 --advance");
    ledger.ok("partner paid caritas --amount 250.50 --on 2024-06-02 --reference A-2");
    let (_, irara, irara_eur) = pay(&ledger, "irara");
    let (_, caritas, caritas_eur) = pay(&ledger, "caritas");
    let (_, ettc, ettc_eur) = pay(&ledger, "ettc");
    let (weldo, _, weldo_eur) = pay(&ledger, "weldo");
    let amounts = [
        (-irara_eur - 150, "B1", &*irara),
        (-20_000, "B2", &*caritas),
        (20_000 - caritas_eur, "B3", &*caritas),
        (-ettc_eur, "B4", &*ettc),
        (ettc_eur, "B5", &*ettc),
        (-100_000, "B6", "A-1"),
        (-61_500, "B7", "PAYREF-90421"),
        (-900, "B8", "nobody knows"),
        (-50, "B9", "NOTPROVIDED"),
        (-weldo_eur - 25_050, "B10", "NOTPROVIDED"),
    ];
    let texts: Vec<String> = amounts.iter().map(|(eur, ..)| euros(*eur)).collect();
    let lines: Vec<Line<'_>> =
        amounts.iter().zip(&texts).map(|((_, name, reference), eur)| Line(eur, name, reference)).collect();
    let closing = 100_000_000 + amounts.iter().map(|(eur, ..)| eur).sum::<i64>();
    ledger.write("july.xml", message(&[statement(1, "2099-07-16", "1000000.00", &euros(closing), &lines)]));
    ledger.ok("import statement july.xml");
    ledger.ok("bank match");
    let lines = ledger.csv("bank lines");
    let batch = lines.iter().find(|line| line["references"].ends_with("B10")).unwrap();
    // Nothing but what they come to says that they belong together.
    for who in ["anna", "berit"] {
        ledger.ok(&format!("--actor {who} bank match {} {weldo} A-2", batch["line"]));
    }
    let open = ledger.csv("bank lines --open");
    let names: Vec<&str> = open.iter().map(|line| line["references"].rsplit(' ').next().unwrap()).collect();
    assert_eq!(names, ["B8", "B9"]);
    let fee = format!("no-match-{}", open[1]["line"]);
    ledger.ok(&format!("exception resolve {fee} --write-off bank-fees --reason 'a fee of the bank'"));
    // What is due again and proposed again is paid nowhere yet.
    ledger.ok("--actor anna payment propose --partner ettc");
    ledger
}

/// What a row adds to a figure, told once more from what the figures are said to mean.
fn of(figure: &str, row: &Cells) -> i64 {
    let of = |column: &str| cents(&row[column]);
    let kind = row["kind"].as_str();
    let decided = ["claim", "grant", "fee"].contains(&kind);
    let card = kind == "grant" && row["category"] == "card";
    let left = of("accepted") - of("paid");
    let line = |so: bool| if kind == "line" && so { of("bank") } else { 0 };
    match figure {
        "entitled" | "reported" | "accepted" | "paid" | "seen" => of(figure),
        "not-claimed" => of("not_claimed"),
        "no-receipt" if ["claim", "fee"].contains(&kind) && row["receipt_sha256"].is_empty() => {
            of("reported")
        }
        "not-paid" if decided => left.max(0),
        "not-accepted" if decided => (-left).max(0),
        "unsettled" if !decided => of("paid"),
        "not-seen" if !card => of("paid") - of("seen"),
        "by-card" if card => of("paid") - of("seen"),
        "bank" => line(true),
        "difference" if kind == "difference" => of("bank"),
        "written-off" => line(row["state"].starts_with("written off")),
        "unexplained" => line(row["state"] == "open"),
        "explained" if kind == "difference" => -of("bank"),
        "explained" => line(row["state"] == "matched"),
        _ => 0,
    }
}

/// Every figure is the sum of its rows, opened or not, and of its groups; what follows from each other does. Answers with
/// the figures.
fn figures(ledger: &Ledger, line: &str) -> BTreeMap<String, i64> {
    let view = ledger.json(line);
    let rows = ledger.csv(line);
    let listed = |value: &Value| -> Vec<(String, i64, u64)> {
        let sums = value.as_array().unwrap().iter();
        sums.map(|sum| {
            let text = |name: &str| sum[name].as_str().unwrap().to_owned();
            (text("figure"), cents(&text("eur")), sum["rows"].as_u64().unwrap())
        })
        .collect()
    };
    let mut sums = BTreeMap::new();
    for (figure, eur, count) in listed(&view["figures"]) {
        assert_eq!(rows.iter().map(|row| of(&figure, row)).sum::<i64>(), eur, "{line}: {figure}");
        let opened = ledger.csv(&format!("{line} --open {figure}"));
        assert_eq!(opened.iter().map(|row| of(&figure, row)).sum::<i64>(), eur, "{line} --open {figure}");
        assert_eq!(opened.len() as u64, count, "{line} --open {figure}");
        sums.insert(figure, eur);
    }
    let mut grouped: BTreeMap<String, i64> = BTreeMap::new();
    for group in view["groups"].as_array().unwrap() {
        for (figure, eur, _) in listed(&group["figures"]) {
            *grouped.entry(figure).or_default() += eur;
        }
    }
    for (figure, eur) in grouped {
        assert_eq!(sums.get(&figure).copied().unwrap_or(eur), eur, "{line}: groups of {figure}");
    }
    let of = |figure: &str| sums[figure];
    if sums.contains_key("bank") {
        let no_payment = of("difference") + of("written-off") + of("unexplained");
        assert_eq!(of("bank") - no_payment, of("explained"), "{line}");
    }
    if sums.contains_key("not-paid") {
        assert_eq!(
            of("accepted") - of("not-paid") + of("not-accepted") + of("unsettled"),
            of("paid"),
            "{line}"
        );
        assert_eq!(of("paid") - of("not-seen") - of("by-card"), of("seen"), "{line}");
    }
    sums
}

const ALL: &str = "2000-01-01..2199-12-31";

/// What the view says is what balances, statements, lines and books say.
fn agrees(ledger: &Ledger) {
    let all = figures(ledger, &format!("reconcile period {ALL}"));
    assert_eq!(all["explained"], all["seen"], "from both sides the same");
    // In a month too the bank's side is explained to the cent, whatever was delivered when.
    let months: BTreeSet<String> =
        ledger.csv("bank lines").iter().map(|line| line["booked_on"][..7].to_owned()).collect();
    for month in months {
        figures(ledger, &format!("reconcile period {month}"));
    }
    let lines: i64 = ledger.csv("bank lines").iter().map(|line| -cents(&line["amount"])).sum();
    assert_eq!(all["bank"], lines);
    let mut of_cases: BTreeMap<&str, i64> = BTreeMap::new();
    for case in ledger.csv("case list") {
        let case = case["external_ref"].clone();
        let of_case = figures(ledger, &format!("reconcile case {case}"));
        let balance = ledger.csv(&format!("balance {case}"));
        let sum = |column: &str| balance.iter().map(|row| cents(&row[column])).sum::<i64>();
        let granted: Vec<_> = balance.iter().filter(|row| row["rule_id"] != "not-granted").collect();
        let left: i64 = granted
            .iter()
            .map(|row| cents(&row["cap"]) - cents(&row["disbursed"]) - cents(&row["pending"]))
            .sum();
        assert_eq!(of_case["accepted"], sum("disbursed"), "{case}");
        assert_eq!((of_case["entitled"], of_case["not-claimed"]), (sum("cap"), left), "{case}");
        for figure in ["entitled", "not-claimed", "by-card"] {
            *of_cases.entry(figure).or_default() += of_case[figure];
        }
    }
    for (figure, eur) in of_cases {
        assert_eq!(all[figure], eur, "{figure} of all cases");
    }
    let mut of_partners: BTreeMap<String, i64> = BTreeMap::new();
    for partner in ledger.csv("partner list") {
        let partner = partner["partner"].clone();
        let of_partner = figures(ledger, &format!("reconcile partner {partner}"));
        let statement = ledger.json(&format!("partner statement {partner} --period {ALL}"));
        let total = |name: &str| cents(statement["totals"][name].as_str().unwrap());
        let paid = total("paid") + total("advances") - total("paid_reversed") - total("paid_back");
        assert_eq!(of_partner["paid"], paid, "{partner}");
        assert_eq!(of_partner["accepted"] - of_partner["paid"], total("owed"), "{partner}");
        for (figure, eur) in of_partner {
            *of_partners.entry(figure).or_default() += eur;
        }
    }
    let own = ledger.csv(&format!("reconcile period {ALL}"));
    let own = own.iter().filter(|row| row["kind"] == "grant" && row["partner"].is_empty());
    let own: i64 = own.map(|row| cents(&row["paid"])).sum();
    assert_eq!(of_partners["paid"] + own, all["paid"]);
}

#[test]
fn every_figure_is_the_sum_of_its_rows_and_agrees_with_the_other_lists() {
    let ledger = ledger();
    agrees(&ledger);
    let all = figures(&ledger, &format!("reconcile period {ALL}"));
    let own = |wanted: &dyn Fn(&Cells) -> bool| -> i64 {
        let grants = ledger.csv("grant list").into_iter().filter(|row| wanted(row));
        grants.map(|row| cents(&row["eur"]) - cents(&row["returned"])).sum()
    };
    let by_card = own(&|row| row["method"] == "card");
    let against_rules = own(&|row| row["method"] != "cash-by-partner" && row["state"] == "refused");
    assert!(by_card > 0 && against_rules > 61_500);
    for (figure, eur) in [
        ("difference", 150),
        ("written-off", 50),
        ("unexplained", 900),
        ("by-card", by_card),
        ("not-accepted", against_rules),
    ] {
        assert_eq!(all[figure], eur, "{figure}");
    }
    // What came back is due again, and neither paid nor seen.
    let ettc = figures(&ledger, "reconcile partner ettc");
    assert_eq!((ettc["paid"], ettc["seen"], ettc["accepted"]), (0, 0, ettc["not-paid"]));
    let claim = find(ledger.csv("reconcile partner ettc"), "receipt_no", "QX77-44001");
    assert_eq!(
        claim["payments"].split(' ').count(),
        2,
        "the one that came back, and the one that is proposed: {claim:?}"
    );
    assert_eq!(claim["lines"].split(' ').count(), 2, "out and back: {claim:?}");
    // Days that share nothing share no row, and all days have all rows.
    let count = |period: &str| ledger.csv(&format!("reconcile period {period} --open reported")).len();
    assert_eq!(count("2000-01-01..2023-12-31") + count("2024-01-01..2199-12-31"), count(ALL));
    assert!(ledger.csv("reconcile partner weldo --period 2001").is_empty());
    ledger.is_sound();
}

#[test]
fn an_invented_year_agrees_too() {
    let ledger = Ledger::none();
    ledger.ok("demo --into . --people 12");
    agrees(&ledger);
}

/// From what was granted to the line, and from the line back.
#[test]
fn a_euro_is_followed_in_both_directions() {
    let ledger = ledger();
    let case = ledger.csv("reconcile case FX-2041");
    let granted =
        case.iter().find(|row| row["kind"] == "entitlement" && row["budget_line"] == "reintegration");
    let granted = granted.unwrap();
    assert_eq!((&*granted["rule_id"], &*granted["entitled"]), ("jrs.reintegration.voluntary", "3000.00"));
    let claim = find(case.clone(), "receipt_no", "QX77-41001");
    assert_eq!(
        (&*claim["accepted"], &*claim["paid"], &*claim["seen"], &*claim["cap"]),
        ("1200.00", "1200.00", "1200.00", "3000.00")
    );
    let payment = find(ledger.csv("payment list"), "payment", &claim["payments"]);
    assert_eq!((&payment["reference"], &payment["file"]), (&claim["references"], &claim["files"]));
    let line = find(ledger.csv("bank lines"), "line", &claim["lines"]);
    let shown = find(case.clone(), "kind", "line");
    assert_eq!(
        (&shown["lines"], &shown["amount"], &*shown["currency"]),
        (&claim["lines"], &line["amount"], "EUR"),
        "the line as it stands on the account"
    );
    assert_eq!((&line["booked_on"], &line["match"]), (&claim["booked_on"], &claim["matches"]));
    let statement = find(ledger.csv("bank statements"), "position", &claim["statements"]);
    assert_eq!(statement["account"], "payments");

    let number = &claim["lines"];
    let back = ledger.csv(&format!("reconcile line {number}"));
    assert_eq!(find(back.clone(), "kind", "line")["amount"], line["amount"]);
    assert_eq!(find(back.clone(), "kind", "difference")["bank"], "1.50");
    let again = find(back.clone(), "receipt_no", "QX77-41001");
    assert_eq!((&again["number"], &again["payments"]), (&claim["number"], &claim["payments"]));
    assert!(back.iter().any(|row| row["kind"] == "entitlement" && row["external_ref"] == "FX-2041"));
    for line in ledger.csv("bank lines") {
        let number = &line["line"];
        let of_line = figures(&ledger, &format!("reconcile line {number}"));
        let other = of_line["difference"] + of_line["written-off"] + of_line["unexplained"];
        assert_eq!(of_line["bank"] - other, of_line["seen"], "line {number}");
    }
    let told = ledger.ok("reconcile case FX-2041");
    for part in
        ["reconciliation of FX-2041", "not-claimed", "QX77-41001", &*claim["references"], "jrs.arrival-grant"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let shown = ledger.run("reconcile partner irara --open seen");
    assert!(shown.err.contains("irara: seen 1999.50 EUR, 4 rows"), "{shown}");
    assert!(ledger.ok("reconcile period 2099-07").contains("unexplained"));
    assert!(ledger.fail(2, "reconcile line 1").contains("there is no line 1"));
    assert!(ledger.fail(2, "reconcile partner nobody").contains("there is no partner nobody"));
    assert!(ledger.fail(2, "reconcile case FX-1").contains("no case has this reference"));
    assert!(ledger.fail(2, "reconcile case FX-2041 --open bank").contains("there is no figure bank here"));
    ledger.fail(2, "reconcile period 2099-07 --open money");
}
