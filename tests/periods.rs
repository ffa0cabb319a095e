//! Closing of periods: in order, with what is open accepted by name, and for ever.

use serde_json::Value;

use crate::forger;
use crate::support::bank::{Entry, IBAN, notification, statement};
use crate::support::{Cells, Ledger, find};

/// Grants went through the bank, of which nobody has told this ledger.
const NO_BANK: &str = "--accept statements --reason 'the bank is not connected yet'";

/// The small scenario up to and with a kind, in which somebody answers for what does not fit.
fn scenario(last: &str) -> Ledger {
    let ledger = Ledger::small(last);
    for exception in ledger.csv("exception list") {
        ledger.accept_exception(&exception["exception"], "it stays refused");
    }
    ledger
}

/// The small scenario with its spend decided, and one payment of an arrival grant more.
fn closed_ledger() -> Ledger {
    let ledger = scenario("reversals");
    ledger.ok(&format!("period close 2023 {NO_BANK}"));
    ledger
}

#[test]
fn periods_are_closed_in_their_order_once_they_are_over() {
    let ledger = scenario("reversals");
    let before = ledger.root();
    // Dry runs write nothing, and are refused like the real thing.
    assert!(
        ledger.ok(&format!("period close 2023 --dry-run {NO_BANK}")).contains("statements"),
        "the checks are shown"
    );
    let error = ledger.fail(1, "period close 2024-02 --dry-run");
    assert!(
        error.contains("something is booked on 2023-07-28 already: 2023-07 is to be closed first"),
        "{error}"
    );
    assert_eq!(ledger.root(), before);

    let said = ledger.ok(&format!("period close 2023 {NO_BANK}"));
    assert!(said.starts_with("2023 is closed: "), "{said}");
    let refused = [
        ("2023", "2023 is closed, and with it every day before 2024-01-01"),
        ("2023-12", "a closed period stays closed"),
        ("2024-02", "the next period to close begins on 2024-01-01"),
        ("2024-01-01..2024-01-30", "whole months are closed"),
        ("2024-01-01..2099-12-31", "it can be closed from the day after"),
    ];
    for (period, message) in refused {
        let error = ledger.fail(1, &format!("period close {period}"));
        assert!(error.contains(message), "{period}: {error}");
    }
    ledger.ok(&format!("period close 2024-Q1 {NO_BANK}"));
    let closed = ledger.csv("period list");
    assert_eq!(closed.len(), 2);
    assert!(closed.iter().all(|row| row["unchanged"] == "yes"), "{closed:?}");
    let history = ledger.csv("period history");
    assert_eq!(history.iter().filter(|row| row["event"] == "PeriodCommandRefused").count(), refused.len());
    assert_eq!(history.iter().filter(|row| row["event"] == "PeriodClosed").count(), 2);
    ledger.ok("verify");
}

#[test]
fn what_comes_late_is_booked_in_the_open_period_and_names_the_old_one() {
    let ledger = closed_ledger();
    let before = ledger.csv("period list");
    let of_2023 = ledger.ok("books vouchers --period 2023 --format csv");
    let grant = find(ledger.csv("grant list"), "payment_ref", "PAYREF-90411")["grant"].clone();
    ledger.ok(&format!("grant return {grant} --amount 1.00 --on 2023-12-30 --reason late"));
    assert_eq!(ledger.ok("books vouchers --period 2023 --format csv"), of_2023);
    let vouchers = ledger.csv("books vouchers");
    let late = vouchers.iter().find(|row| row["closed_period"] == "2023").unwrap();
    assert_eq!((late["kind"].as_str(), late["about_day"].as_str()), ("grant-returned", "2023-12-30"));
    assert!(late["day"].as_str() > "2024-01-01", "{late:?}");
    assert_eq!(ledger.csv("period list"), before);
    // The pack of a closed period is the one of the day on which it was closed.
    let said = ledger.ok("period pack 2023 --out 2023.xlsx --company Norrkassan");
    assert!(said.contains("2023.xlsx: 2023, which is closed, log position "), "{said}");
    assert!(ledger.ok("period pack 2024 --out 2024.xlsx").contains("which is open"));
    for name in ["2023.xlsx", "2024.xlsx"] {
        assert!(std::fs::read(ledger.path(name)).unwrap().starts_with(b"PK"));
    }
    ledger.fail(2, "period pack 2024 --out 2024.xlsx");
    let trial = ledger.csv("books trial-balance --period 2023");
    assert!(!trial.is_empty());
}

#[test]
fn what_nobody_decided_stops_a_closing_unless_it_is_accepted_with_a_reason() {
    let ledger = scenario("grants");
    ledger.ok("import spend spend.csv");
    let run = ledger.run("period check 2023 --format json");
    assert_eq!(run.code, Some(1), "{run}");
    let checked: Value = serde_json::from_str(&run.out).unwrap();
    let matters = checked["matters"].as_array().unwrap();
    let undecided =
        ledger.csv("claim list").into_iter().filter(|row| row["delivered_on"].as_str() < "2024").count();
    assert!(undecided > 0);
    assert_eq!(matters.iter().filter(|matter| matter["check"] == "undecided").count(), undecided);

    let error = ledger.fail(1, "period close 2023");
    let first = error.lines().next().unwrap();
    assert!(
        first.ends_with(&format!("2023 has open matters (statements: 1, undecided: {undecided})")),
        "one short line: {first}"
    );
    let told = |what: &str| error.lines().filter(|line| line.trim_start().starts_with(what)).count();
    assert_eq!((told("undecided: "), told("svala claim accept ")), (undecided, undecided), "{error}");
    assert!(ledger.fail(1, "period close 2023 --dry-run").contains("svala claim accept "));
    let matter = &matters.iter().find(|matter| matter["check"] == "undecided").unwrap();
    assert_eq!(
        matter["next_step"],
        format!("svala claim accept {0}, or svala claim refuse {0}", matter["number"])
    );
    ledger.fail(2, "period close 2023 --accept undecided");
    ledger.fail(2, "period close 2023 --accept holidays --reason x");
    ledger.fail(1, "period close 2023 --accept statements --reason 'the bank is late'");
    ledger.fail(1, "period close 2023 --accept undecided --reason 'irara answers in January'");
    let both = "--accept undecided --accept statements";
    ledger.ok(&format!("period close 2023 {both} --reason 'irara answers in January'"));
    let closed = ledger.csv("period list");
    let [closed] = closed.as_slice() else { panic!("{closed:?}") };
    assert_eq!(
        (closed["accepted"].as_str(), closed["reason"].as_str()),
        ("statements undecided", "irara answers in January")
    );
    assert!(ledger.ok("period history").contains("statements undecided accepted: irara answers in January"));
}

/// What does not fit and for which nobody answers stops the period in which it is, and every later one.
#[test]
fn an_exception_for_which_nobody_answers_stops_a_closing() {
    let ledger = Ledger::small("reversals");
    let open = ledger.csv("exception list");
    let of_2023: Vec<_> = open.iter().filter(|item| item["since"].as_str() < "2024").collect();
    assert!(!of_2023.is_empty() && of_2023.len() < open.len());
    let error = ledger.fail(1, &format!("period close 2023 {NO_BANK}"));
    assert!(error.contains(&format!("2023 has open matters (exceptions: {})", of_2023.len())), "{error}");
    let shown = ledger.run("period check 2023 --format csv").out;
    assert!(shown.contains(&format!("{}: ", of_2023[0]["exception"])), "{shown}");
    for item in of_2023 {
        ledger.accept_exception(&item["exception"], "it stays refused");
        // It stops nothing any more, and is not forgotten.
        let shown = ledger.run("period check 2023 --format csv").out;
        let accepted = format!(": {}: ", item["exception"]);
        let is_told = |line: &str| line.contains("accepted by") && line.contains(&accepted);
        assert!(shown.lines().any(|line| line.starts_with("exceptions,no,") && is_told(line)), "{shown}");
    }
    ledger.ok(&format!("period close 2023 {NO_BANK}"));
    let error = ledger.fail(1, &format!("period close 2024-Q1 {NO_BANK}"));
    assert!(error.contains("exceptions: "), "{error}");
}

#[test]
fn an_account_without_a_statement_up_to_the_last_day_stops_a_closing() {
    let ledger = scenario("reversals");
    ledger.ok("bank account add payments --iban 'SE35 5000 0000 0549 1000 0003' --currency EUR");
    let error = ledger.fail(1, "period close 2023");
    assert!(error.contains("2023 has open matters (statements: 1)"), "{error}");
    let matters = ledger.run("period check 2023 --format csv").out;
    assert!(matters.contains("statements,yes,,payments,,,there is no statement,"), "{matters}");
}

/// Under another chart the same vouchers have other entries, and the list of closed periods says so.
#[test]
fn another_chart_changes_no_closed_period_and_is_told() {
    let ledger = closed_ledger();
    let chart = ledger.ok("books chart --document");
    assert!(chart.contains("\"7720\""), "{chart}");
    ledger.write("own.toml", chart.replace("\"7720\"", "\"7729\""));
    let told = |rows: Vec<crate::support::Cells>| -> Vec<(String, String)> {
        rows.into_iter().map(|row| (row["unchanged"].clone(), row["same_entries"].clone())).collect()
    };
    assert_eq!(told(ledger.csv("period list")), [("yes".into(), "yes".into())]);
    assert_eq!(told(ledger.csv("period list --chart own.toml")), [("yes".into(), "no".into())]);
}

/// What was booked under the programmes of one rulebook stays there when another one has others.
#[test]
fn another_rulebook_changes_no_closed_period() {
    let ledger = closed_ledger();
    let (closed, booked) = (ledger.csv("period list"), ledger.ok("books vouchers --format csv"));
    assert_eq!((&*closed[0]["unchanged"], &*closed[0]["same_entries"]), ("yes", "yes"));
    assert!(booked.contains(",jrs,"), "{booked}");
    let rules = crate::support::rules_of_one().replace("\"jrs\"", "\"frontex\"");
    let version = rules.lines().find(|line| line.starts_with("version = ")).unwrap().to_owned();
    ledger.write("other.toml", rules.replace(&version, "version = \"other\""));
    ledger.adopt("other.toml");
    assert_eq!(ledger.csv("period list"), closed);
    assert_eq!(ledger.ok("books vouchers --format csv"), booked);
    // What is reported from now on is of the new programme.
    ledger.write(
        "late.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n\
         irara,FX-2041,education,2023-12-01,5.00,EUR,Lempa,LATE-1,,\n",
    );
    ledger.ok("import spend late.csv --accept");
    assert_eq!(ledger.csv("period list"), closed);
    let late = ledger.csv("books vouchers");
    let late: Vec<_> = late.iter().filter(|row| row["programme"] == "frontex").collect();
    assert!(!late.is_empty() && late.iter().all(|row| row["closed_period"] == "2023"), "{late:?}");
}

/// What was refused and is in order now is done: the same words are another command.
#[test]
fn a_closing_that_was_refused_is_done_once_nothing_stands_in_its_way() {
    let ledger = scenario("grants");
    ledger.ok("import spend spend.csv");
    ledger.fail(1, "period close 2023");
    for claim in ledger.csv("claim list").iter().filter(|row| row["delivered_on"].as_str() < "2024") {
        ledger.ok(&format!("claim refuse {} --reason late", claim["claim"]));
    }
    let of_bank = ledger.fail(1, "period close 2023");
    assert!(of_bank.contains("none of its accounts is registered"), "{of_bank}");
    ledger.ok("bank account add payments --iban 'SE35 5000 0000 0549 1000 0003' --currency EUR");
    ledger.ok(&format!("period close 2023 {NO_BANK}"));
    assert_eq!(ledger.csv("period list").len(), 1);
}

/// Two people close a period at the same time: it is closed once, and the other is told.
#[test]
fn a_period_is_closed_by_one_of_two() {
    let ledger = scenario("reversals");
    let runs: Vec<_> = std::thread::scope(|scope| {
        let close = |name: &'static str| {
            let ledger = &ledger;
            scope.spawn(move || ledger.run(&format!("--actor {name} period close 2023 {NO_BANK}")))
        };
        let closing = ["anna", "berit"].map(close);
        closing.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut codes: Vec<_> = runs.iter().map(|run| run.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)]);
    let late = runs.iter().find(|run| run.code == Some(1)).unwrap();
    assert!(late.err.contains("2023 is closed"), "{late}");
    assert_eq!(ledger.csv("period list").len(), 1);
}

#[test]
fn a_closed_period_whose_events_were_exchanged_is_found() {
    let ledger = closed_ledger();
    forger::rewrite(&ledger, |events| {
        let paid = events.iter_mut().find(|event| event.event_type == "ArrivalGrantPaid").unwrap();
        let body = String::from_utf8(paid.body.clone()).unwrap();
        assert!(body.contains("\"615.00\""), "{body}");
        paid.body = body.replace("\"615.00\"", "\"614.00\"").into_bytes();
    });
    std::fs::remove_dir_all(ledger.path("svala.checkpoints")).unwrap();
    let error = ledger.fail(1, "period list");
    assert!(error.contains("the log does not give the vouchers with which 2023 was closed"), "{error}");
}

fn entry(name: &str, day: &str, cents: i64, said: &str) -> Entry {
    Entry { name: name.into(), day: day.into(), cents, end_to_end: said.into(), ..Entry::default() }
}

/// An account with a statement of June, from the 5th on: what was paid on the 4th, and nothing else.
fn with_statement() -> Ledger {
    let ledger = Ledger::new();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.ok("partner register caritas --name Caritas");
    ledger.ok("partner paid caritas --amount 20.00 --on 2024-06-04 --reference P-1");
    take_in(&ledger, 1, 100_000, "2024-06-30", &[entry("B1", "2024-06-05", -2_000, "P-1")], "");
    ledger.ok("bank match");
    ledger
}

fn take_in(ledger: &Ledger, number: usize, opening: i64, until: &str, entries: &[Entry], more: &str) {
    let entries: Vec<&Entry> = entries.iter().collect();
    ledger.write("statement.xml", statement(number, &format!("M{number}"), opening, until, &entries));
    ledger.ok(&format!("import statement statement.xml {more}"));
}

/// What a check of a period found.
fn found(ledger: &Ledger, period: &str, check: &str) -> Vec<Cells> {
    let out = ledger.run(&format!("period check {period} --format csv")).out;
    crate::support::rows(&out).into_iter().filter(|row| row["check"] == check).collect()
}

/// Days of which no statement tells: before the first one, after the last one, and in a gap that somebody accepted.
#[test]
fn days_of_which_no_statement_tells_stop_a_closing() {
    let ledger = with_statement();
    for (period, words) in [
        ("2024-05", "the first statement begins on 2024-06-05: nothing tells of the days before"),
        ("2024-06", "the first statement begins on 2024-06-05: nothing tells of the days before"),
        ("2024-07", "the last statement ends on 2024-06-30"),
    ] {
        let found = found(&ledger, period, "statements");
        assert_eq!((found.len(), &*found[0]["what"]), (1, words), "{found:?}");
    }
    // What is missing is an exception of its first day, with its sum, as long as no statement fills it.
    let lines = [entry("B2", "2024-07-10", -100, "NOTPROVIDED")];
    take_in(&ledger, 3, 48_000, "2024-07-31", &lines, "--accept-gap 'lost in the post' --actor anna");
    let gaps = |period: &str| {
        let mut rows = found(&ledger, period, "exceptions");
        rows.retain(|row| row["what"].contains("statement-gap-"));
        rows
    };
    let of_july = gaps("2024-07");
    assert_eq!((of_july.len(), &*of_july[0]["eur"], &*of_july[0]["stops"]), (1, "-500.00", "yes"));
    assert!(
        of_july[0]["what"].ends_with(": between the statement until 2024-06-30 and that from 2024-07-10 one is missing, over -500.00 EUR; anna took the next one in"),
        "{of_july:?}"
    );
    assert!(gaps("2024-06").is_empty());
    // Whoever took the next statement in does not answer for it: another person does.
    let name = ledger.csv("exception list --kind statement-gap").remove(0)["exception"].clone();
    let accept =
        |who: &str| format!("--actor {who} exception resolve {name} --accept --reason 'it never comes'");
    assert!(ledger.fail(1, &accept("anna")).contains("second-person-needed"));
    ledger.ok(&accept("berit"));
    assert_eq!(&*gaps("2024-07")[0]["stops"], "no", "berit answers for it");
    assert!(ledger.ok("duties").contains("nobody"));
    let refused = ledger.fail(1, "period close 2024-06");
    assert!(refused.contains("2024-06 has open matters (statements: 1"), "{refused}");
    let late = [entry("B3", "2024-07-02", -50_000, "NOTPROVIDED")];
    take_in(&ledger, 2, 98_000, "2024-07-09", &late, "");
    assert!(gaps("2024-07").is_empty(), "it came late");
    assert!(ledger.csv("exception list --all --kind statement-gap").is_empty());
}

/// A line of a day that was closed before it came stands on the first open day, so that the next month has what the bank says.
#[test]
fn a_line_that_comes_late_stands_where_the_bank_says_at_the_end_of_the_next_month() {
    let ledger = with_statement();
    ledger.accept_exception("paid-without-decision-caritas", "it was for May");
    let first_days = "--accept statements --reason 'the account is older than this ledger'";
    ledger.ok(&format!("period close 2024-06 {first_days}"));
    let before = (ledger.csv("period list"), ledger.ok("books vouchers --period 2024-06 --format csv"));
    let lines = [entry("B2", "2024-06-29", -400, "late"), entry("B3", "2024-07-10", -100, "in time")];
    take_in(&ledger, 2, 98_000, "2024-07-31", &lines, "");
    let vouchers = ledger.csv("books vouchers");
    let late = vouchers.iter().find(|row| row["closed_period"] == "2024-06").unwrap();
    assert_eq!((&*late["day"], &*late["about_day"]), ("2024-07-01", "2024-06-29"));
    assert_eq!(found(&ledger, "2024-07", "statements"), [], "the books have what the bank says");
    for line in ledger.csv("exception list") {
        ledger.accept_exception(&line["exception"], "it is so");
    }
    ledger.ok("period check 2024-07");
    ledger.ok("period close 2024-07");
    assert_eq!(ledger.csv("period list")[..1], before.0);
    // A check says as well what is not the next one to be closed, though nothing is open in it.
    assert!(ledger.fail(1, "period check 2024-07").contains("period-closed"));
    assert_eq!(ledger.ok("books vouchers --period 2024-06 --format csv"), before.1);
    let pack = ledger.ok("period pack 2024-07 --out july.xlsx --company Norrkassan");
    assert!(pack.contains("which is closed"), "{pack}");
    ledger.is_sound();
}

/// A line of which only a notification tells, of a day between two statements, stands in the books and in neither.
#[test]
fn a_bank_account_that_the_books_have_otherwise_stops_a_closing() {
    let ledger = with_statement();
    assert!(found(&ledger, "2024-06", "statements").iter().all(|row| row["of"] != "1930"));
    ledger.write("note.xml", notification("N1", &[&entry("NOTE-77", "2024-07-15", -9_000, "X-1")]));
    ledger.ok("import statement note.xml");
    take_in(&ledger, 2, 98_000, "2024-07-31", &[entry("STMT-88", "2024-07-20", -9_000, "X-1")], "");
    let off = found(&ledger, "2024-07", "statements");
    assert_eq!(off.len(), 1, "{off:?}");
    assert_eq!((&*off[0]["of"], &*off[0]["eur"]), ("1930", "-90.00"));
    assert!(off[0]["what"].contains("stands at 800.00, and the bank says 890.00"), "{off:?}");
    assert!(off[0]["next_step"].contains("svala books account 1930 --period 2024-07"), "{off:?}");
}

/// A line of which only a notification tells, and not the statement of its day, is not on the account: somebody answers for it,
/// and the line that the statement has instead settles what it did.
#[test]
fn a_line_that_was_notified_and_not_stated_is_not_in_the_books() {
    let ledger = with_statement();
    ledger.ok("partner paid caritas --amount 90.00 --on 2024-07-19 --reference P-90");
    ledger.write("note.xml", notification("N1", &[&entry("NOTE-77", "2024-07-20", -9_000, "P-90")]));
    ledger.ok("import statement note.xml");
    ledger.ok("bank match");
    take_in(&ledger, 2, 98_000, "2024-07-31", &[entry("STMT-88", "2024-07-20", -9_000, "P-90")], "");
    assert_eq!(found(&ledger, "2024-07", "statements").len(), 0);
    let lines = ledger.csv("bank lines");
    let line =
        |name: &str| lines.iter().find(|line| line["references"].ends_with(name)).unwrap()["line"].clone();
    let (notified, stated) = (line("NOTE-77"), line("STMT-88"));
    let name = format!("notified-not-stated-{notified}");
    let told = find(ledger.csv("exception list"), "exception", &name);
    let holds = find(lines.clone(), "line", &notified)["match"].clone();
    assert!(told["why"].ends_with(&format!("match {holds} holds it")), "{told:?}");
    let accept = format!("exception resolve {name} --accept --reason 'the bank named it twice'");
    assert!(ledger.fail(1, &accept).contains("already-matched"));
    ledger.ok(&format!("bank unmatch {holds} --reason 'not on the statement'"));
    assert!(ledger.fail(1, &format!("bank match {notified} P-90")).contains("not-stated"));
    ledger.ok("bank match");
    assert!(!find(ledger.csv("bank lines"), "line", &stated)["match"].is_empty());
    // It is over more than one person answers for.
    let open = found(&ledger, "2024-07", "exceptions");
    assert!(open.iter().any(|row| row["what"].contains("notified")), "{open:?}");
    ledger.ok(&format!("--actor anna {accept}"));
    assert!(ledger.fail(1, &format!("--actor anna {accept}")).contains("second-person-needed"));
    ledger.ok(&format!("--actor berit {accept}"));
    let open = found(&ledger, "2024-07", "exceptions");
    assert!(open.iter().all(|row| row["stops"] == "no" || !row["what"].contains("notified")), "{open:?}");
    ledger.is_sound();
}

/// What was paid before the end and shown after it, or not yet, is what a bank reconciliation is about.
#[test]
fn what_is_under_way_at_the_end_is_on_the_cut_off_list() {
    let ledger = with_statement();
    ledger.ok("partner paid caritas --amount 30.00 --on 2024-06-28 --reference P-2");
    ledger.ok("partner paid caritas --amount 40.00 --on 2024-06-29 --reference P-3");
    ledger.ok("partner paid caritas --amount 50.00 --on 2024-06-01 --reference P-4");
    take_in(&ledger, 2, 98_000, "2024-07-31", &[entry("B2", "2024-07-02", -3_000, "P-2")], "");
    ledger.ok("bank match");
    let told = |row: &Cells| format!("{} {} {}", row["day"], row["eur"], row["what"]);
    let cut_off: Vec<String> = found(&ledger, "2024-06", "cut-off").iter().map(told).collect();
    assert_eq!(
        cut_off,
        [
            "2024-06-28 -30.00 booked by the bank on 2024-07-02 (match 2)",
            "2024-06-29 -40.00 no line of the bank shows it yet",
        ],
        "near the end only"
    );
    assert_eq!(found(&ledger, "2024-06", "cut-off").len(), 2);
    let wider = ledger.run("period check 2024-06 --near 40 --format csv").out;
    assert!(wider.contains("2024-06-01,-50.00,no line of the bank shows it yet"), "{wider}");
}

/// What came in does not make up for what went out.
#[test]
fn exceptions_are_summed_up_each_way() {
    let ledger = with_statement();
    let lines =
        [entry("B2", "2024-07-02", -3_000, "NOTPROVIDED"), entry("B3", "2024-07-03", 3_000, "NOTPROVIDED")];
    take_in(&ledger, 2, 98_000, "2024-07-31", &lines, "");
    let shown = ledger.run("period check 2024-07").out;
    let line = shown.lines().find(|line| line.starts_with("exceptions ")).unwrap();
    assert!(line.contains("30.00 in, -"), "{shown}");
    let listed = ledger.run("exception list --kind no-match");
    assert!(listed.err.contains("2 exceptions: 1 out, -30.00 EUR; 1 in, 30.00 EUR"), "{listed}");
}
