//! Months whose truth is known, from the first receipt to what is left to look at: told to the program as people and a bank
//! tell it. Every true pair is found, no false one, and what is open is what a finance officer would have on the list.

mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use self::truth::{GRANTED, LOST, Month, OUTSIDE, OUTSIDE_ACCOUNT, PARTNERS, Random, SPENT};
use crate::support::Ledger;
use crate::support::bank::{Entry, IBAN, euros, notification, orders, statement};

const FROM: &str =
    "--debtor-name Norrkassan --debtor-iban 'SE35 5000 0000 0549 1000 0003' --debtor-bic ESSESESS";
/// The last days of the statements.
const STATEMENTS: [&str; 7] =
    ["2024-03-31", "2024-06-07", "2024-06-14", "2024-06-21", "2024-06-30", "2099-07-20", "2099-07-31"];
const OPENING: i64 = 10_000_000;
/// How many months there are with all other tests, and how many in a campaign of their own (`SVALA_LONG=1`).
const SEEDS: [u64; 2] = [6, 50];

/// People, partners and their accounts, which are the same in all months.
fn before() -> Ledger {
    let ledger = Ledger::of_one();
    ledger.ok(&format!("bank account add payments --iban {IBAN} --currency EUR"));
    let mut cases = "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,arrived_on,partner\n".to_owned();
    for (of, (partner, _)) in PARTNERS.iter().enumerate() {
        for n in 0..4 {
            cases += &format!(
                "MV-{},2024-02-01,GM,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-02-20,approve,2024-03-10,2024-03-11,{partner}\n",
                of * 4 + n
            );
        }
    }
    ledger.write("cases.csv", cases);
    ledger.ok("import cases cases.csv");
    for (partner, account) in PARTNERS {
        let details = format!("--iban {account} --holder {partner}");
        ledger.ok(&format!("--actor anna partner payment-details propose {partner} {details}"));
        ledger.approve_account("berit", partner);
    }
    ledger.ok(&format!("partner register {OUTSIDE} --name Malteser"));
    let details = format!("--iban {OUTSIDE_ACCOUNT} --holder Malteser");
    ledger.ok(&format!("--actor anna partner payment-details propose {OUTSIDE} {details}"));
    ledger.approve_account("berit", OUTSIDE);
    ledger
}

/// A month that was told and matched, and what belongs to it.
struct Told {
    ledger: Ledger,
    month: Month,
}

impl Told {
    fn of(before: &Ledger, seed: u64) -> Self {
        let ledger = before.twin();
        let mut random = Random(seed);
        let mut month = Month::of(&mut random);
        report(&ledger, &month);
        for nth in 0..2 {
            let file = pay(&ledger, &mut random, nth);
            let (batch, orders) = orders(&file);
            month.execute(&mut random, nth, &batch, &orders);
        }
        let payments = ledger.csv("payment list");
        for reference in &month.recalled {
            let payment = &payments.iter().find(|row| row["reference"] == *reference).unwrap()["payment"];
            for who in ["anna", "clara"] {
                ledger.ok(&format!("--actor {who} payment recall {payment} --reason 'the account is wrong'"));
            }
        }
        tell(&ledger, &mut random, &month);
        ledger.ok("--actor anna bank match");
        Self { ledger, month }
    }

    /// What things are called outside, by their numbers in the ledger.
    fn names(&self) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for line in self.ledger.csv("bank lines") {
            names.insert(line["line"].clone(), line["references"].rsplit(' ').next().unwrap().to_owned());
        }
        for payment in self.ledger.csv("payment list") {
            names.insert(payment["payment"].clone(), payment["reference"].clone());
        }
        for statement in self.ledger.csv("bank statements") {
            if statement["gap_accepted"] == LOST {
                names.insert(statement["position"].clone(), LOST.to_owned());
            }
        }
        for grant in self.ledger.csv("grant list") {
            names.insert(grant["grant"].clone(), grant["payment_ref"].clone());
        }
        for event in self.ledger.csv(&format!("partner history {OUTSIDE}")) {
            if let Some((_, reference)) = event["what"].rsplit_once("reference ") {
                names.insert(event["position"].clone(), reference.to_owned());
            }
        }
        names
    }

    /// Answers with the rules that matched, and the kinds of what is open.
    fn is_as_it_was(&self, seed: u64) -> BTreeSet<String> {
        let mut met = BTreeSet::new();
        let names = self.names();
        let lines = self.ledger.csv("bank lines");
        let booked: usize = self.month.entries.iter().map(|entry| entry.parts.len().max(1)).sum();
        assert_eq!(lines.len(), booked, "seed {seed}: each line once, however often the bank told of it");

        let mut kept = 0;
        let mut pairs = BTreeSet::new();
        for matched in self.ledger.csv("bank match list") {
            let mut of: Vec<String> =
                matched["lines"].split(' ').map(|number| names[number].clone()).collect();
            // `payment 12 to caritas, payment 13 to irara, back, grant 5, grant 7, back on 2024-06-03`.
            let mut items: Vec<String> = Vec::new();
            for item in matched["items"].split(", ") {
                match item {
                    back if back.starts_with("back") => items.last_mut().unwrap().push_str(" back"),
                    item => items.push(names[item.split(' ').nth(1).unwrap()].clone()),
                }
            }
            of.sort();
            items.sort();
            kept -= cents(&matched["residual"]);
            met.insert(matched["rule"].clone());
            pairs.insert((of, items));
        }
        assert_eq!(pairs, self.month.pairs, "seed {seed}");
        assert_eq!(kept, self.month.kept, "seed {seed}");

        let open: BTreeSet<(String, String, i64)> = self
            .ledger
            .csv("exception list")
            .iter()
            .map(|item| {
                let kind = item["kind"].clone();
                let about = item["exception"].strip_prefix(&format!("{kind}-")).unwrap();
                (kind, names.get(about).cloned().unwrap_or_else(|| about.to_owned()), cents(&item["amount"]))
            })
            .collect();
        let wanted: BTreeSet<(String, String, i64)> = self
            .month
            .open
            .iter()
            .map(|(kind, about, cents)| ((*kind).to_owned(), about.clone(), *cents))
            .collect();
        assert_eq!(open, wanted, "seed {seed}");

        // What nothing explains stands in the books as that, to the cent.
        let explained: i64 =
            self.month.pairs.iter().flat_map(|(lines, _)| lines).map(|name| self.booked(name)).sum();
        let all: i64 = self.month.entries.iter().map(|entry| entry.cents).sum();
        let trial = self.ledger.csv("books trial-balance");
        let of = |account: &str| {
            trial.iter().find(|line| line["account"] == account).map_or(0, |line| cents(&line["closing"]))
        };
        // Of what was lost the balances tell.
        let before = OPENING + self.month.lost.map_or(0, |(_, cents)| cents);
        assert_eq!(
            (of("1930") - before, of("1939"), of("6570")),
            (all, explained - all, self.month.kept),
            "seed {seed}"
        );
        assert_eq!(of("2080"), -before, "seed {seed}");
        met.extend(open.into_iter().map(|(kind, ..)| kind));
        let came = [
            ("recalled", !self.month.recalled.is_empty()),
            ("repaid", !self.month.repaid.is_empty()),
            ("late", self.month.late.is_some()),
            ("refused grant back", self.month.returned.iter().any(|(reference, _)| reference == "G-more")),
        ];
        met.extend(came.into_iter().filter(|(_, came)| *came).map(|(what, _)| what.to_owned()));
        met
    }

    /// What the bank booked under a name.
    fn booked(&self, name: &str) -> i64 {
        let of_entry = |entry: &Entry| match entry.parts.iter().find(|part| part.name == name) {
            Some(part) => Some(-part.cents),
            None => (entry.name == name).then_some(entry.cents),
        };
        self.month.entries.iter().find_map(of_entry).unwrap()
    }
}

fn cents(amount: &str) -> i64 {
    if amount.is_empty() { 0 } else { amount.replace('.', "").parse().unwrap() }
}

/// What people tell the ledger before anything is paid by file.
fn report(ledger: &Ledger, month: &Month) {
    let mut grants = "case_ref,paid_on,amount,currency,method,payment_ref\n".to_owned();
    for (person, cents, reference) in &month.grants {
        grants += &format!("MV-{person},{GRANTED},{},EUR,bank,{reference}\n", euros(*cents));
    }
    ledger.write("grants.csv", grants);
    ledger.ok("import grants grants.csv");
    for (reference, cents) in &month.returned {
        let (grant, amount) = (ledger.grant(reference), euros(*cents));
        ledger.ok(&format!(
            "grant return {grant} --amount {amount} --on 2024-03-18 --reason 'the account is closed'"
        ));
    }
    for (cents, day, reference) in &month.outside {
        let amount = euros(*cents);
        ledger.ok(&format!("partner paid {OUTSIDE} --amount {amount} --on {day} --reference {reference}"));
    }
    for (cents, day, reference) in &month.repaid {
        let amount = euros(*cents);
        ledger.ok(&format!("partner repaid {OUTSIDE} --amount {amount} --on {day} --reference {reference}"));
    }
    // Each month of each partner in two receipts.
    let mut spend = "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n".to_owned();
    for (of, (partner, _)) in PARTNERS.iter().enumerate() {
        for (month, cents) in SPENT {
            for (n, cents) in [(0, cents / 3), (1, cents - cents / 3)] {
                let case = of * 4 + n;
                spend += &format!(
                    "{partner},MV-{case},temporary-housing,{month}-0{},{},EUR,Hotel,R-{partner}-{month}-{n},,\n",
                    n + 1,
                    euros(cents)
                );
            }
        }
    }
    ledger.write("spend.csv", spend);
    ledger.ok("import spend spend.csv --accept");
}

/// Has some of the partners paid for some of the months by one file; answers with the file.
fn pay(ledger: &Ledger, random: &mut Random, nth: usize) -> String {
    let months = if nth == 0 { &SPENT[..2] } else { &SPENT[2..] };
    let mut numbers = Vec::new();
    for (partner, _) in PARTNERS {
        for (month, _) in months {
            // One at least, or there is no file.
            if numbers.is_empty() || !random.once_in(4) {
                let proposed = ledger
                    .json(&format!("--actor anna payment propose --partner {partner} --period {month}"));
                numbers.push(proposed["payment"].to_string());
            }
        }
    }
    ledger.ok(&format!("--actor berit payment approve {}", numbers.join(" ")));
    let day = ["2099-07-15", "2099-07-28"][nth];
    ledger.ok(&format!("--actor anna payment file --out pay-{nth}.xml --execute-on {day} {FROM}"));
    ledger.read(&format!("pay-{nth}.xml"))
}

/// What the bank tells: of some entries before, of some statements twice, under their name or another; one of them late, and
/// one never.
fn tell(ledger: &Ledger, random: &mut Random, month: &Month) {
    let (mut opening, mut after, mut statements) = (OPENING, "", Vec::new());
    for (place, until) in STATEMENTS.into_iter().enumerate() {
        let lost = month.lost.filter(|(at, _)| *at <= place);
        opening += lost.filter(|(at, _)| *at == place).map_or(0, |(_, cents)| cents);
        let of: Vec<&Entry> = month
            .entries
            .iter()
            .filter(|entry| entry.day.as_str() > after && entry.day.as_str() <= until)
            .collect();
        statements.push((place + 1 + usize::from(lost.is_some()), opening, until, of.clone()));
        opening += of.iter().map(|entry| entry.cents).sum::<i64>();
        after = until;
    }
    let mut order: Vec<usize> = (0..STATEMENTS.len()).collect();
    if let Some(late) = month.late {
        order.swap(late, late + 1);
    }
    for place in order {
        let (number, opening, until, of) = &statements[place];
        let before: Vec<&Entry> = of.iter().copied().filter(|_| random.once_in(3)).collect();
        if !before.is_empty() {
            ledger.write("before.xml", notification(&format!("N{number}"), &before));
            ledger.ok("import statement before.xml");
        }
        let file = format!("statement-{number}.xml");
        let text = |message: &str| statement(*number, message, *opening, until, of);
        ledger.write(&file, text("M1"));
        // The one after what is missing is let follow, and so are the two that changed their places.
        let gap = match (month.lost, month.late) {
            (Some((at, _)), _) if at == place => format!(" --accept-gap {LOST}"),
            (_, Some(late)) if (late..=late + 2).contains(&place) => " --accept-gap late".to_owned(),
            _ => String::new(),
        };
        ledger.ok(&format!("import statement {file}{gap}"));
        match random.below(6) {
            0 => drop(ledger.ok(&format!("import statement {file}"))),
            1 => {
                ledger.write("again.xml", text("M2"));
                ledger.ok("import statement again.xml");
            }
            2 => {
                let (own, other) = (format!("<Id>S{number}</Id>"), format!("<Id>COPY-{number}</Id>"));
                assert!(text("M3").contains(&own));
                ledger.write("copy.xml", text("M3").replace(&own, &other));
                assert!(ledger.ok("import statement copy.xml").contains("known already"));
            }
            _ => {}
        }
    }
}

#[test]
fn each_month_is_matched_as_it_was_and_the_list_of_what_is_open_is_the_true_one() {
    let before = &before();
    let seeds = SEEDS[usize::from(store_testing::long())];
    // Two at a time.
    let of_half = move |half| {
        (half..seeds).step_by(2).flat_map(|seed| Told::of(before, seed).is_as_it_was(seed)).collect()
    };
    let met: BTreeSet<String> = thread::scope(|scope| {
        let halves = [0, 1].map(|half| scope.spawn(move || -> BTreeSet<String> { of_half(half) }));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    // All that can happen did happen.
    assert!(
        ["recalled", "repaid", "late", "refused grant back"].iter().all(|what| met.contains(*what)),
        "{met:?}"
    );
    for wanted in [
        "exact-reference",
        "structured-reference",
        "group-by-reference",
        "amount-day-and-account",
        "reference-less-fee",
        "no-match",
        "ambiguous",
        "date",
        "amount",
        "paid-twice",
        "returned",
        "over-cap",
        "paid-without-decision",
        "statement-gap",
    ] {
        assert!(met.contains(wanted), "{wanted} never came");
    }
}
