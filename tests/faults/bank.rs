//! It dies while it writes a file of payments, takes a statement in, matches or closes a period: whoever gives the command
//! again ends where one that ran through did.

use std::time::Instant;

use crate::crash_points::everywhere;
use crate::kill::{killed_after, moment};
use crate::rounds;
use crate::support::bank::{Entry, IBAN, orders, statement};
use crate::support::{Cells, Ledger, only};

const FILE: &str = "--actor anna payment file --out pay.xml --execute-on 2099-07-15 --debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS";
const IMPORT: &str = "--actor anna import statement month.xml";
const MATCH: &str = "--actor anna bank match";
const CLOSE: &str =
    "--actor anna period close 2024-06 --accept statements --reason 'the account is older than the ledger'";

/// A ledger with payments that are approved, and some that were made outside of it.
fn approved() -> Ledger {
    let ledger = Ledger::small("cases");
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    ledger.write("some.csv", "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\nirara,FX-2041,education,2024-02-01,500.00,EUR,Lempa,R-1,,\nirara,FX-2041,education,2024-03-01,70.00,EUR,Lempa,R-2,,\n");
    ledger.ok("import spend some.csv --accept");
    ledger.ok("--actor anna partner payment-details propose irara --iban 'GB82 WEST 1234 5698 7654 32' --holder Irara");
    ledger.approve_account("berit", "irara");
    for month in ["2024-02", "2024-03"] {
        let payment = ledger.json(&format!("--actor anna payment propose --partner irara --period {month}"));
        ledger.ok(&format!("--actor berit payment approve {}", payment["payment"]));
    }
    ledger.ok("partner register malteser --name Malteser");
    for n in 1..=4 {
        ledger.ok(&format!("partner paid malteser --amount {n}00.00 --on 2024-06-0{n} --reference OUT-{n}"));
    }
    ledger
}

/// The same once the file is made, beside it what the bank did with it: a fee, a payment that came back, a stranger.
fn filed() -> Ledger {
    let ledger = approved();
    ledger.ok(FILE);
    let (_, orders) = orders(&ledger.read("pay.xml"));
    let mut entries: Vec<Entry> =
        [(-10_000, "OUT-1"), (-20_350, "OUT-2"), (-15_000, "OUT-3"), (-15_000, "OUT-3")]
            .map(|(cents, reference)| ("2024-06-05", cents, reference.to_owned()))
            .into_iter()
            .chain(orders.iter().map(|order| ("2099-07-15", -order.cents, order.reference.clone())))
            .chain(orders.iter().take(1).map(|order| ("2099-07-20", order.cents, order.reference.clone())))
            .chain([("2099-07-21", -777, "somebody else".to_owned())])
            .map(|(day, cents, end_to_end)| Entry {
                day: day.to_owned(),
                cents,
                end_to_end,
                ..Entry::default()
            })
            .collect();
    for (n, entry) in (1..).zip(&mut entries) {
        entry.name = format!("B{n}");
    }
    let entries: Vec<&Entry> = entries.iter().collect();
    ledger.write("month.xml", statement(1, "M1", 1_000_000, "2099-07-31", &entries));
    ledger
}

fn imported() -> Ledger {
    let ledger = filed();
    ledger.ok(IMPORT);
    ledger
}

/// The same once everything is matched and somebody answers for the rest.
fn matched() -> Ledger {
    let ledger = imported();
    ledger.ok(MATCH);
    for exception in ledger.csv("exception list") {
        ledger.accept_exception(&exception["exception"], "the bank is asked");
    }
    ledger
}

/// All that the bank, payments and books come to, without what is random.
fn state(ledger: &Ledger) -> Vec<Vec<Cells>> {
    let lists: [(&str, &[&str]); 9] = [
        ("bank lines", &["line", "amount", "booked_on", "match"]),
        ("bank match list", &["match", "rule", "lines", "items", "amount", "residual", "why", "by"]),
        ("exception list", &["exception", "amount", "why", "state"]),
        ("payment list", &["payment", "state", "total", "file", "execute_on"]),
        ("payment due", &["partner", "due", "open_advance", "paid_outside"]),
        ("books vouchers", &["voucher", "day", "text", "account", "debit", "credit"]),
        (
            "reconcile period 2000-01-01..2199-12-31",
            &["kind", "number", "accepted", "paid", "seen", "bank", "state", "lines"],
        ),
        ("books trial-balance", &["account", "debit", "credit", "closing"]),
        ("period list", &["period", "position", "vouchers", "digest", "unchanged"]),
    ];
    lists.iter().map(|(list, columns)| only(ledger.csv(list), columns)).collect()
}

/// Gives a command again; one that was written has nothing left to do. A file of payments that was recorded, and never came
/// to the disk, is written from the record.
fn again(ledger: &Ledger, line: &str) {
    let run = ledger.run(line);
    match run.code {
        Some(0) => {}
        Some(1) if line == FILE => {
            assert!(run.err.contains("nothing-to-pay"), "{run}");
            ledger.ok("payment file --again 1 --out pay.xml");
        }
        // It died when the file had its name already.
        Some(2) if line == FILE => assert!(run.err.contains("pay.xml is there already"), "{run}"),
        // A month that is closed is not closed again.
        Some(1) if line == CLOSE => assert!(run.err.contains("period-closed"), "{run}"),
        _ => panic!("{run}"),
    }
}

#[test]
fn payments_statements_matches_and_closings_survive_a_crash_anywhere() {
    for (before, line) in [(approved(), FILE), (filed(), IMPORT), (imported(), MATCH), (matched(), CLOSE)] {
        everywhere(&before, line, rounds(9, 1), state, again);
    }
}

#[test]
fn payments_statements_matches_and_closings_that_are_killed_end_as_if_they_had_not_been() {
    let kills = rounds(2, 50);
    for (before, line) in [(approved(), FILE), (filed(), IMPORT), (imported(), MATCH), (matched(), CLOSE)] {
        let whole = before.twin();
        let begun = Instant::now();
        whole.ok(line);
        let duration = begun.elapsed();
        let wanted = state(&whole);
        let mut killed = 0;
        for round in 0..kills {
            let ledger = before.twin();
            killed += u32::from(!killed_after(&ledger, line, moment(round, kills, duration)));
            again(&ledger, line);
            assert_eq!(state(&ledger), wanted, "{line}");
            ledger.is_sound();
        }
        assert!(killed >= kills / 4, "{killed} of {kills} were killed: too few to show anything");
    }
}
