//! What partners delivered and report: `spend.csv`.
//!
//! A person's package is a number of services and, for most of the money, one thing in instalments: usually
//! the start of a business, for a child the school.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::calendar::{CLOSING, after, before, days_between};
use crate::dice::Dice;
use crate::people::Person;
use crate::roles::SpendPlan;
use crate::sheet::{Sheet, euros};
use crate::world::{
    self, AIRPORT_RECEPTION, BUSINESS_START_UP, Category, EDUCATION, JOB_COUNSELLING, MEDICAL_CARE, SERVICES,
    TEMPORARY_HOUSING,
};

/// Days over which a package is used, at most.
const PACKAGE_DAYS_MAX: u64 = 240;
/// Days kept free at the end of a package for what comes after the cap is reached.
const LAST_DAYS: u64 = 30;
/// An instalment of less is not worth one, in cents.
const INSTALMENT_MIN: u64 = 20_000;

/// One line of the report.
#[derive(Debug)]
pub(crate) struct Receipt<'p> {
    pub(crate) partner: &'static str,
    person: &'p Person,
    category: &'static Category,
    pub(crate) delivered_on: Date,
    pub(crate) cents: u64,
    pub(crate) supplier: &'static str,
    /// Given once all receipts are in order.
    pub(crate) number: String,
    sha256: String,
    description: &'static str,
    pub(crate) undo: Option<Undo>,
}

impl Receipt<'_> {
    /// Whether goods were bought, rather than a service.
    pub(crate) fn is_goods(&self) -> bool {
        self.category == BUSINESS_START_UP
    }
}

/// How much of a receipt comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    Part,
    Whole,
}

/// All receipts, in the order of delivery.
pub(crate) fn report<'p>(dice: &mut Dice, people: &'p [Person]) -> Vec<Receipt<'p>> {
    let mut receipts = Vec::new();
    for person in people {
        Package::of(dice, person, &mut receipts).fill();
    }
    // Receipts of one day stay in the order of the register.
    receipts.sort_by_key(|receipt| receipt.delivered_on);
    number(dice, &mut receipts);
    receipts
}

/// The support of one person.
struct Package<'d, 'p> {
    dice: &'d mut Dice,
    person: &'p Person,
    /// From when on it can be used.
    start: Date,
    /// Days until it should be used up.
    days: u64,
    receipts: &'d mut Vec<Receipt<'p>>,
}

impl<'d, 'p> Package<'d, 'p> {
    fn of(dice: &'d mut Dice, person: &'p Person, receipts: &'d mut Vec<Receipt<'p>>) -> Self {
        let start = person.latest();
        let days = days_between(start, CLOSING).min(PACKAGE_DAYS_MAX);
        Self { dice, person, start, days, receipts }
    }

    fn fill(&mut self) {
        let cap = self.person.cap();
        match self.person.spend {
            SpendPlan::Never => {}
            SpendPlan::Usual => {
                let share = self.usual_share();
                self.spend_percent(share);
            }
            SpendPlan::NearCap => {
                let share = self.dice.between(90, 99);
                let cents = cap * share / 100 + self.dice.below(cap / 100);
                self.spend(cents);
            }
            SpendPlan::WholeCap => self.spend(cap),
            SpendPlan::OverCap => {
                self.pass_cap();
            }
            SpendPlan::FarOverCap => {
                let last = self.pass_cap();
                for category in
                    [JOB_COUNSELLING, MEDICAL_CARE].into_iter().take(self.dice.between(1, 2) as usize)
                {
                    let day = after(last, self.dice.between(2, LAST_DAYS - 2));
                    self.service(category, day);
                }
            }
            SpendPlan::WrongPartner => {
                self.spend_within(35, 75);
                self.by_another_partner();
            }
            SpendPlan::BeforeArrival => {
                let day = before(self.start, self.dice.between(1, 6));
                self.service(TEMPORARY_HOUSING, day);
                self.spend_within(35, 75);
            }
            SpendPlan::Twins => {
                self.spend_within(35, 70);
                self.twins();
            }
            SpendPlan::LateUse => {
                self.spend_within(35, 75);
                let day = after(self.start, self.dice.between(370, 430));
                let category = *self.dice.pick(&[EDUCATION, MEDICAL_CARE, JOB_COUNSELLING]);
                self.service(category, day);
            }
            SpendPlan::Unfounded => self.unfounded(),
            SpendPlan::PartReversed => {
                self.spend_within(40, 85);
                self.undo_last(Undo::Part);
            }
            SpendPlan::Reversed => {
                self.spend_within(40, 85);
                self.undo_last(Undo::Whole);
            }
            SpendPlan::ReversedBeyond => {
                self.pass_cap();
                self.undo_last(Undo::Whole);
            }
            SpendPlan::RefusedReversed => {
                self.spend_within(35, 75);
                self.by_another_partner();
                self.undo_last(Undo::Part);
            }
        }
    }

    /// Percent of the cap that is used by the closing: less the later the arrival.
    fn usual_share(&mut self) -> u64 {
        if self.days >= 150 {
            self.dice.between(40, 88)
        } else {
            self.dice.between(12, 16 + self.days * 2 / 5)
        }
    }

    fn spend_within(&mut self, first: u64, last: u64) {
        let share = self.dice.between(first, last);
        self.spend_percent(share);
    }

    fn spend_percent(&mut self, share: u64) {
        let cents = self.person.cap() * share / 100 + self.dice.below(1_000);
        self.spend(cents);
    }

    /// Receipts that come to exactly so much.
    fn spend(&mut self, cents: u64) {
        let rest = cents - self.services(cents / 2);
        let days = self.days;
        self.instalments(rest, days);
    }

    /// Receipts of which the last goes past the cap; gives its day.
    fn pass_cap(&mut self) -> Date {
        let cap = self.person.cap();
        self.days = self.days.saturating_sub(LAST_DAYS);
        let room = cap * self.dice.between(5, 20) / 100 + self.dice.below(1_000);
        self.spend(cap - room);
        let over = cap * self.dice.between(3, 20) / 100 + self.dice.below(1_000);
        let last = after(self.start, self.days + 1);
        self.add(BUSINESS_START_UP, last, room + over);
        last
    }

    /// Some services for at most so much; gives what they come to.
    fn services(&mut self, cents_max: u64) -> u64 {
        let mut sum = 0;
        if self.dice.percent(65) {
            sum += self.service(AIRPORT_RECEPTION, self.start);
        }
        let times = if self.days >= 60 { self.dice.between(2, 6) } else { self.dice.between(1, 4) };
        for _ in 0..times {
            let category = *self.dice.weighted(SERVICES, |category| category.weight);
            let day = after(self.start, self.dice.between(1, self.days));
            let cents = self.price(category);
            if sum + cents <= cents_max {
                self.add(category, day, cents);
                sum += cents;
            }
        }
        sum
    }

    /// Splits the amount over one to three receipts of one category.
    fn instalments(&mut self, cents: u64, days: u64) {
        let category = match self.dice.below(100) {
            _ if self.person.unaccompanied_child => EDUCATION,
            0..16 if cents < 120_000 => EDUCATION,
            16..28 if cents < 90_000 => TEMPORARY_HOUSING,
            _ => BUSINESS_START_UP,
        };
        let times = self.dice.between(1, 3).min(cents / INSTALMENT_MIN);
        let mut rest = cents;
        for left in (1..times).rev() {
            // Even shares, give or take a third, in steps of five euros.
            let share = rest / (left + 1) * self.dice.between(67, 133) / 100 / 500 * 500;
            let day = after(self.start, self.dice.between(days / 8, days));
            self.add(category, day, share);
            rest -= share;
        }
        let day = after(self.start, self.dice.between(days / 8, days));
        self.add(category, day, rest);
    }

    fn by_another_partner(&mut self) {
        let day = after(self.start, self.dice.between(1, self.days));
        self.service(MEDICAL_CARE, day);
        let partner = self.person.place.foreign_partner(self.dice);
        if let Some(receipt) = self.receipts.last_mut() {
            receipt.partner = partner;
        }
    }

    fn twins(&mut self) {
        let day = after(self.start, self.dice.between(1, self.days));
        let cents = self.service(TEMPORARY_HOUSING, day);
        self.add(TEMPORARY_HOUSING, day, cents);
        if let [.., first, second] = self.receipts.as_mut_slice() {
            second.description = first.description;
        }
    }

    fn unfounded(&mut self) {
        self.service(AIRPORT_RECEPTION, self.start);
        let day = after(self.start, self.dice.between(1, 12));
        self.service(TEMPORARY_HOUSING, day);
    }

    fn undo_last(&mut self, undo: Undo) {
        if let Some(receipt) = self.receipts.last_mut() {
            receipt.undo = Some(undo);
        }
    }

    /// Adds a receipt at a usual price, which it gives.
    fn service(&mut self, category: &'static Category, day: Date) -> u64 {
        let cents = self.price(category);
        self.add(category, day, cents);
        cents
    }

    fn price(&mut self, category: &Category) -> u64 {
        let euros = self.dice.between(category.price.0, category.price.1);
        // A third are round sums.
        if self.dice.percent(33) { euros.div_ceil(5) * 500 } else { euros * 100 + self.dice.below(100) }
    }

    fn add(&mut self, category: &'static Category, delivered_on: Date, cents: u64) {
        let Some(partner) = self.person.partner else { return };
        let supplier = self.person.place.supplier(*self.dice.pick(&category.trades));
        let sha256 = (0..4).map(|_| format!("{:016x}", self.dice.next())).collect();
        let description = self.dice.pick(category.descriptions);
        self.receipts.push(Receipt {
            partner,
            person: self.person,
            category,
            delivered_on: delivered_on.min(CLOSING),
            cents,
            supplier,
            number: String::new(),
            sha256,
            description,
            undo: None,
        });
    }
}

/// Numbers the receipts. A supplier has other customers too, so its series has gaps; it never goes back.
fn number(dice: &mut Dice, receipts: &mut [Receipt<'_>]) {
    let mut series: HashMap<&str, (usize, u64)> =
        world::suppliers().enumerate().map(|(at, name)| (name, (at, dice.between(1, 4_000)))).collect();
    for receipt in receipts {
        let (at, number) = series.entry(receipt.supplier).or_default();
        *number += dice.between(1, 9);
        let year = receipt.delivered_on.year();
        receipt.number = match *at % 6 {
            0 => format!("INV-{year}-{number:04}"),
            1 => format!("{year}/{number}"),
            2 => format!("{number:06}"),
            3 => format!("R{number:05}-{}", year % 100),
            4 => format!("No. {number}"),
            _ => format!("A{}-{:03}", *number / 50, number),
        };
    }
}

/// `spend.csv`.
pub(crate) fn to_csv(receipts: &[Receipt<'_>]) -> String {
    let mut sheet = Sheet::new(&[
        "partner",
        "case_ref",
        "category",
        "delivered_on",
        "amount",
        "currency",
        "supplier",
        "receipt_no",
        "receipt_sha256",
        "description",
    ]);
    for receipt in receipts {
        sheet.row(&[
            receipt.partner,
            &receipt.person.case_ref,
            receipt.category.code,
            &receipt.delivered_on.to_string(),
            &euros(receipt.cents),
            "EUR",
            receipt.supplier,
            &receipt.number,
            &receipt.sha256,
            receipt.description,
        ]);
    }
    sheet.into_text()
}
