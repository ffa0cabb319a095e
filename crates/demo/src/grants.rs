//! Arrival grants: `grants.csv`.

use jiff::civil::Date;

use crate::calendar::{after, before};
use crate::dice::Dice;
use crate::people::Person;
use crate::roles::GrantPlan;
use crate::sheet::{Sheet, euros};

/// What one person may receive for the first three days, in cents.
const GRANT: u64 = 61_500;

struct Payment<'p> {
    person: &'p Person,
    paid_on: Date,
    cents: u64,
    method: &'static str,
}

/// `grants.csv`.
pub(crate) fn to_csv(dice: &mut Dice, people: &[Person]) -> String {
    let mut payments: Vec<Payment<'_>> = Vec::new();
    for person in people {
        let methods = [("cash-by-partner", 50), ("card", 30), ("bank", 20)];
        let method = dice.weighted(&methods, |(_, weight)| *weight).0;
        let latest = person.latest();
        let mut pay = |paid_on, cents| payments.push(Payment { person, paid_on, cents, method });
        match person.grant {
            GrantPlan::Never => {}
            GrantPlan::Usual => {
                if dice.percent(84) {
                    pay(after(latest, dice.between(0, 3)), GRANT);
                }
            }
            GrantPlan::Late => pay(after(latest, 5), GRANT),
            GrantPlan::BeforeArrival => pay(before(latest, 2), GRANT),
            GrantPlan::Twice => {
                pay(after(latest, 1), GRANT);
                pay(after(latest, 3), 5_000);
            }
            GrantPlan::Unfounded => pay(after(latest, 2), GRANT),
        }
    }
    payments.sort_by_key(|payment| payment.paid_on);

    let mut sheet = Sheet::new(&["case_ref", "paid_on", "amount", "currency", "method", "payment_ref"]);
    for (number, payment) in (1..).zip(&payments) {
        sheet.row(&[
            &payment.person.case_ref,
            &payment.paid_on.to_string(),
            &euros(payment.cents),
            "EUR",
            payment.method,
            &payment_ref(payment, number),
        ]);
    }
    sheet.into_text()
}

/// Each payer has a style of its own; the number is that of the payment.
fn payment_ref(payment: &Payment<'_>, number: u64) -> String {
    let year = payment.paid_on.year();
    match payment.method {
        "bank" => format!("AG-{year}-{number:05}"),
        "card" => format!("KORT{number:07}"),
        _ => format!("{} {year}/{number}", payment.person.partner.unwrap_or("kvitto")),
    }
}
