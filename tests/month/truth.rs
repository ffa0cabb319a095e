//! An invented month: what people decided and paid, what the bank did with it, and so what belongs together and what is
//! left to look at. Nothing here knows the program; what it calls exceptions is what a finance officer would call them.

use std::collections::BTreeSet;

use crate::support::bank::{Entry, Order, Part};

/// Who reports spend, with the account it is paid to.
pub const PARTNERS: [(&str, &str); 3] = [
    ("caritas", "GB82WEST12345698765432"),
    ("irara", "DE89370400440532013000"),
    ("ettc", "FR1420041010050500013M02606"),
];
/// Whoever is paid outside of the ledger, and reports nothing.
pub const OUTSIDE: &str = "malteser";
/// An account that nobody approved.
const STRANGER: &str = "BE68539007547034";
/// What the bank charges in a line of its own, in cents.
const CHARGE: i64 = 250;
/// The account to which they are paid.
pub const OUTSIDE_ACCOUNT: &str = "NL91ABNA0417164300";
/// What each partner spends in a month: the same as the others, so that only reference or account tell them apart.
pub const SPENT: [(&str, i64); 3] = [("2024-04", 10_000), ("2024-05", 25_050), ("2024-06", 61_500)];
/// The last day on which the bank has told of anything, and when the two files were to be executed. What was not executed
/// of the second is not missing yet.
const DAYS: [&str; 2] = ["2099-07-15", "2099-07-28"];

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % n
    }

    /// The same as an amount or a number of days.
    pub fn up_to(&mut self, n: i64) -> i64 {
        self.below(n.unsigned_abs() + 1) as i64
    }

    /// Once in so many times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A month, as it was.
#[derive(Default)]
pub struct Month {
    /// Payments made outside of the ledger: cents, day and reference.
    pub outside: Vec<(i64, String, String)>,
    /// What was paid back of them: cents, day and reference.
    pub repaid: Vec<(i64, String, String)>,
    /// Payments in files that two people took back before the bank told anything of them, by their references.
    pub recalled: Vec<String>,
    /// Arrival grants: person, cents and reference; all were paid on one day.
    pub grants: Vec<(usize, i64, String)>,
    /// Grants that came back: reference and cents.
    pub returned: Vec<(String, i64)>,
    /// What the bank booked.
    pub entries: Vec<Entry>,
    /// What belongs together: lines by what the bank calls them, payments by their references; with `back` behind one
    /// that came back.
    pub pairs: BTreeSet<(Vec<String>, Vec<String>)>,
    /// What is left to look at: of what kind, about what, and how many cents.
    pub open: BTreeSet<(&'static str, String, i64)>,
    /// What the bank kept of payments, in cents.
    pub kept: i64,
    /// A statement that never came: before which of the others, counted from 0, and what its lines came to.
    pub lost: Option<(usize, i64)>,
    /// The place of a statement that came after the next one.
    pub late: Option<usize>,
}

/// What a statement is called that never came.
pub const LOST: &str = "lost";
/// The day on which all grants were paid.
pub const GRANTED: &str = "2024-03-12";

impl Month {
    /// All of a month that is told to the ledger before there is a file for the bank, and what becomes of it.
    pub fn of(random: &mut Random) -> Self {
        let mut month = Self::default();
        for n in 1..=9 {
            month.story(random, n);
        }
        month.grants(random);
        let paid: i64 = month.outside.iter().map(|(cents, ..)| cents).sum();
        let beyond = paid - month.repaid.iter().map(|(cents, ..)| cents).sum::<i64>();
        month.open.insert(("paid-without-decision", OUTSIDE.to_owned(), beyond));
        if random.once_in(2) {
            let cents = -1_000 - random.up_to(90_000);
            month.lost = Some((1 + random.below(4) as usize, cents));
            month.open.insert(("statement-gap", LOST.to_owned(), cents));
        }
        month.late = (!random.once_in(3)).then(|| 1 + random.below(3) as usize);
        month
    }

    /// What becomes of payments that were made outside of the ledger. Where nothing but its amount tells a payment, no
    /// other comes near to it.
    fn story(&mut self, random: &mut Random, n: i64) {
        let (alone, common) =
            (n * 40_000 + 20_000 + random.up_to(99), [10_000, 25_050][random.below(2) as usize]);
        let day = 1 + random.up_to(13);
        let soon = day + 1 + random.up_to(2);
        match random.below(24) {
            0 | 1 => {
                let paid = self.pay(common, day);
                let line = self.line(-common, day + random.up_to(10), Said::Named(&paid));
                self.settles(&[&line], &[&paid]);
            }
            2 => {
                let paid = self.pay(common, day);
                let line = self.line(-common, soon, Said::Structured(&paid));
                self.settles(&[&line], &[&paid]);
            }
            3 => {
                let paid = self.pay(alone, day);
                let line = self.silent(-alone, soon);
                self.settles(&[&line], &[&paid]);
            }
            4 => {
                let (paid, fee) = (self.pay(common, day), 1 + random.up_to(2_499));
                let line = self.line(-common - fee, soon, Said::Named(&paid));
                self.settles(&[&line], &[&paid]);
                self.kept += fee;
            }
            // In two or three instalments, a week apart.
            5 | 6 => {
                let (paid, parts) = (self.pay(alone, day), 2 + random.up_to(1));
                let rest = -alone + 7_000 * (parts - 1);
                let amounts = [vec![-7_000; parts as usize - 1], vec![rest]].concat();
                let lines: Vec<String> = (0..)
                    .zip(amounts)
                    .map(|(week, cents)| self.line(cents, soon + week * 5, Said::Named(&paid)))
                    .collect();
                self.settles(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &[&paid]);
            }
            7 => {
                let paid = self.pay(common, day);
                for later in [0, random.up_to(4)] {
                    let line = self.line(-common, soon + later, Said::Named(&paid));
                    self.open.insert(("paid-twice", line, -common));
                }
                self.missing(&paid, common);
            }
            8 => {
                let paid = self.pay(common, day);
                self.missing(&paid, common);
            }
            // Much more than it was, or less.
            9 | 10 => {
                let (paid, off) =
                    (self.pay(common, day), [3_000, 2_501, -1, -5_000][random.below(4) as usize]);
                let line = self.line(-common - off, soon, Said::Named(&paid));
                self.open.insert(("amount", line, -common - off));
                self.missing(&paid, common);
            }
            // Two payments of one amount, and nothing tells which line is whose.
            11 => {
                for _ in 0..2 {
                    let paid = self.pay(alone, day);
                    self.missing(&paid, alone);
                }
                for _ in 0..=random.below(2) {
                    let line = self.silent(-alone, soon);
                    self.open.insert(("ambiguous", line, -alone));
                }
            }
            // The same, but one of the lines says it: then the other one is clear as well.
            12 => {
                let (first, second) = (self.pay(alone, day), self.pay(alone, day));
                let other = self.silent(-alone, soon);
                let named = self.line(-alone, day + random.up_to(9), Said::Named(&first));
                self.settles(&[&named], &[&first]);
                self.settles(&[&other], &[&second]);
            }
            13 => {
                let paid = self.pay(alone, day);
                for _ in 0..2 {
                    let line = self.silent(-alone, soon);
                    self.open.insert(("ambiguous", line, -alone));
                }
                self.missing(&paid, alone);
            }
            14 => {
                let paid = self.pay(alone, day);
                let line = self.silent(-alone, day + 6 + random.up_to(6));
                self.open.insert(("date", line, -alone));
                self.missing(&paid, alone);
            }
            // Nobody's: to a stranger, the bank's own fee, from a stranger.
            15 => {
                let line = self.line(-alone, day, Said::Named(&format!("ELSE-{n}")));
                self.open.insert(("no-match", line, -alone));
            }
            // The same, though it has the amount of a payment that was never made.
            16 => {
                let paid = self.pay(alone, day);
                let line = self.line(-alone, soon, Said::Named(&format!("ELSE-{n}")));
                self.open.insert(("no-match", line, -alone));
                self.missing(&paid, alone);
            }
            // It has the amount and the day, and says neither what it is nor to whom.
            17 => {
                let paid = self.pay(alone, day);
                let line = self.line(-alone, soon, Said::Nothing);
                self.open.insert(("ambiguous", line, -alone));
                self.missing(&paid, alone);
            }
            18 => {
                let line = self.line(-150, day, Said::Nothing);
                self.open.insert(("no-match", line, -150));
            }
            // The partner pays a part of it back by itself, and the bank shows that or not.
            19 | 20 => {
                let paid = self.pay(alone, day);
                let line = self.line(-alone, soon, Said::Named(&paid));
                self.settles(&[&line], &[&paid]);
                let back = self.repay(alone / 2, soon);
                if random.once_in(2) {
                    self.missing(&back, -(alone / 2));
                } else {
                    let line = self.line(alone / 2, soon + random.up_to(5), Said::Named(&back));
                    self.settles(&[&line], &[&back]);
                }
            }
            // To a stranger, and it has the amount and the day of a payment that was never made.
            21 => {
                let paid = self.pay(alone, day);
                let line = self.line(-alone, soon, Said::Nothing);
                self.went_to(STRANGER);
                self.open.insert(("no-match", line, -alone));
                self.missing(&paid, alone);
            }
            // What the bank charges for a payment stands in a line of its own, with the payment's reference.
            22 => {
                let paid = self.pay(common, day);
                let line = self.line(-common, soon, Said::Named(&paid));
                self.settles(&[&line], &[&paid]);
                self.charge(&format!("2024-06-{soon:02}"), &paid);
            }
            _ => {
                let back = random.once_in(2);
                let line =
                    self.line(alone, day, if back { Said::Back("NOTPROVIDED") } else { Said::Nothing });
                self.open.insert((if back { "returned" } else { "no-match" }, line, alone));
            }
        }
    }

    /// Arrival grants by bank, to persons 0 to 3.
    fn grants(&mut self, random: &mut Random) {
        for person in 0..4 {
            let (cents, reference) =
                (50_000 + person as i64 * 1_000 + random.up_to(99), format!("G-{person}"));
            self.grants.push((person, cents, reference.clone()));
            let said = match random.below(4) {
                0 => {
                    self.missing(&reference, cents);
                    continue;
                }
                // To whom it went is not known here, so it could be anybody's.
                1 => {
                    let line = self.entry(-cents, "2024-03-13", Said::Nothing);
                    self.open.insert(("ambiguous", line, -cents));
                    self.missing(&reference, cents);
                    continue;
                }
                _ => Said::Named(&reference),
            };
            let line = self.entry(-cents, "2024-03-13", said);
            self.settles(&[&line], &[&reference]);
            if random.once_in(2) {
                self.returned.push((reference.clone(), cents));
                let line = self.entry(cents, "2024-03-19", Said::Named(&reference));
                self.settles(&[&line], &[&format!("{reference} back")]);
            }
        }
        // Beyond the cap: it was paid all the same.
        if !random.once_in(4) {
            let reference = "G-more".to_owned();
            self.grants.push((0, 30_000, reference.clone()));
            let line = self.entry(-30_000, "2024-03-13", Said::Named(&reference));
            self.settles(&[&line], &[&reference]);
            // Until all of it has come back.
            if random.once_in(2) {
                self.returned.push((reference.clone(), 30_000));
                let line = self.entry(30_000, "2024-03-19", Said::Named(&reference));
                self.settles(&[&line], &[&format!("{reference} back")]);
            } else {
                self.open.insert(("over-cap", reference, 30_000));
            }
        }
    }

    /// What the bank does with the payments of the `nth` file.
    pub fn execute(&mut self, random: &mut Random, nth: usize, batch: &str, orders: &[Order]) {
        let day = DAYS[nth];
        if nth == 0 && random.below(3) > 0 {
            return self.execute_at_once(random, batch, orders);
        }
        for order in orders {
            let (cents, reference) = (order.cents, order.reference.as_str());
            match random.below(14) {
                0 | 1 => {
                    let line = self.entry(-cents, day, Said::Named(reference));
                    self.settles(&[&line], &[reference]);
                }
                2 => {
                    let line = self.entry(-cents, day, Said::Structured(reference));
                    self.settles(&[&line], &[reference]);
                }
                // Whose it is shows in the account.
                3 => {
                    let line = self.entry(-cents, day, Said::Nothing);
                    self.settles(&[&line], &[reference]);
                }
                4 => {
                    let fee = 1 + random.up_to(2_499);
                    let line = self.entry(-cents - fee, day, Said::Named(reference));
                    self.settles(&[&line], &[reference]);
                    self.kept += fee;
                }
                5 => {
                    let line = self.entry(-cents, day, Said::Named(reference));
                    self.settles(&[&line], &[reference]);
                    self.come_back(order);
                    continue;
                }
                6 => {
                    for _ in 0..2 {
                        let line = self.entry(-cents, day, Said::Named(reference));
                        self.open.insert(("paid-twice", line, -cents));
                    }
                    self.not_executed(nth, order);
                }
                7 => {
                    let line = self.entry(-cents - 3_000, day, Said::Named(reference));
                    self.open.insert(("amount", line, -cents - 3_000));
                    self.not_executed(nth, order);
                }
                // Taken back in time: nothing is missing.
                8 => {
                    self.recalled.push(reference.to_owned());
                    continue;
                }
                // Under its reference to an account that nobody approved.
                10 | 11 => {
                    let line = self.entry(-cents, day, Said::Named(reference));
                    self.went_to(STRANGER);
                    self.open.insert(("paid-without-decision", line, -cents));
                    self.not_executed(nth, order);
                    continue;
                }
                12 => {
                    let line = self.entry(-cents, day, Said::Named(reference));
                    self.went_to(&order.account);
                    self.settles(&[&line], &[reference]);
                    self.charge(day, reference);
                    continue;
                }
                // Taken back, and the bank made it all the same.
                9 => {
                    self.recalled.push(reference.to_owned());
                    let line = self.entry(-cents, day, Said::Named(reference));
                    self.open.insert(("paid-without-decision", line, -cents));
                }
                _ => {
                    self.not_executed(nth, order);
                    continue;
                }
            }
            self.went_to(&order.account);
        }
    }

    /// One debit for a whole file: the bank says of what it is made up, or not.
    fn execute_at_once(&mut self, random: &mut Random, batch: &str, orders: &[Order]) {
        let whole = -orders.iter().map(|order| order.cents).sum::<i64>();
        // The bank may keep something for a file as it does for a payment.
        let (in_parts, fee) = match random.below(4) {
            0 | 1 => (true, 0),
            2 => (false, 0),
            _ => (false, 1 + random.up_to(2_499)),
        };
        let line = self.entry(whole - fee, DAYS[0], Said::Nothing);
        self.kept += fee;
        if !in_parts {
            if let Some(entry) = self.entries.last_mut() {
                entry.batch = Some(batch.to_owned());
            }
            let references: Vec<&str> = orders.iter().map(|order| order.reference.as_str()).collect();
            self.settles(&[&line], &references);
        } else {
            let mut parts = Vec::new();
            for (n, order) in (1..).zip(orders) {
                let name = format!("{line}P{n}");
                self.settles(&[&name], &[&order.reference]);
                parts.push(Part { name, cents: order.cents, reference: order.reference.clone() });
            }
            if let Some(entry) = self.entries.last_mut() {
                entry.parts = parts;
            }
        }
        let back = random.below(orders.len() as u64 * 2) as usize;
        if let Some(order) = orders.get(back) {
            self.come_back(order);
        }
    }

    /// A payment comes back, and nobody pays it again.
    fn come_back(&mut self, order: &Order) {
        let line = self.entry(order.cents, "2099-07-30", Said::Back(&order.reference));
        self.settles(&[&line], &[&format!("{} back", order.reference)]);
        self.open.insert(("returned", order.reference.clone(), order.cents));
    }

    fn not_executed(&mut self, nth: usize, order: &Order) {
        if nth == 0 {
            self.missing(&order.reference, order.cents);
        }
    }

    /// A payment outside of the ledger on a day of June; answers with its reference.
    fn pay(&mut self, cents: i64, day: i64) -> String {
        let reference = format!("OUT-{}", self.outside.len() + 1);
        self.outside.push((cents, format!("2024-06-{day:02}"), reference.clone()));
        reference
    }

    /// The partner pays back on a day of June; answers with the reference.
    fn repay(&mut self, cents: i64, day: i64) -> String {
        let reference = format!("BACK-{}", self.repaid.len() + 1);
        self.repaid.push((cents, format!("2024-06-{day:02}"), reference.clone()));
        reference
    }

    /// What the bank booked on a day of June; answers with what it calls it.
    fn line(&mut self, cents: i64, day: i64, said: Said<'_>) -> String {
        self.entry(cents, &format!("2024-06-{day:02}"), said)
    }

    /// What went out without a reference: to whom, the bank says.
    fn silent(&mut self, cents: i64, day: i64) -> String {
        let line = self.line(cents, day, Said::Nothing);
        self.went_to(OUTSIDE_ACCOUNT);
        line
    }

    /// To which account the last entry went.
    fn went_to(&mut self, account: &str) {
        if let Some(entry) = self.entries.last_mut() {
            entry.account = Some(account.to_owned());
        }
    }

    /// The bank's charge for a payment that another line settles.
    fn charge(&mut self, day: &str, reference: &str) {
        let line = self.entry(-CHARGE, day, Said::Named(reference));
        self.open.insert(("amount", line, -CHARGE));
    }

    fn entry(&mut self, cents: i64, day: &str, said: Said<'_>) -> String {
        let name = format!("B{}", self.entries.len() + 1);
        let (end_to_end, creditor, returned) = match said {
            Said::Nothing => ("NOTPROVIDED", None, false),
            Said::Named(reference) => (reference, None, false),
            Said::Structured(reference) => ("NOTPROVIDED", Some(reference.to_owned()), false),
            Said::Back(reference) => (reference, None, true),
        };
        let (day, end_to_end) = (day.to_owned(), end_to_end.to_owned());
        let entry =
            Entry { name: name.clone(), day, cents, end_to_end, creditor, returned, ..Entry::default() };
        self.entries.push(entry);
        name
    }

    fn settles(&mut self, lines: &[&str], items: &[&str]) {
        let owned = |names: &[&str]| -> Vec<String> {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.sort();
            names
        };
        self.pairs.insert((owned(lines), owned(items)));
    }

    /// No line shows a payment, and the bank has told of all the days after it.
    fn missing(&mut self, reference: &str, cents: i64) {
        self.open.insert(("no-match", reference.to_owned(), -cents));
    }
}

/// What a line says of the payment it is.
#[derive(Clone, Copy)]
enum Said<'r> {
    Nothing,
    Named(&'r str),
    Structured(&'r str),
    Back(&'r str),
}
