//! The figures of a statement are sums of its movements, in whatever order they came, and those of the balances.

use domain::claim::{Claim, ClaimState};
use domain::hold::{PaymentsHeld, Scope};
use domain::partner::FeeState;
use domain::statement::{
    Account, DeliveryTotals, Movement, MovementKind, Stated, Totals, delivered, delivery_totals,
    fees_undecided, held, owed, totals, undecided,
};
use domain::{Holds, Period};
use money::Eur;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{GRANT, day, partner, text};
use crate::world::{PARTNERS, World, acts};

fn movement() -> impl Strategy<Value = Movement> {
    let reasons = select(&["over-cap", "wrong-partner", "not-arrived"][..]);
    (1_u64..1_000, 0_i64..400, select(MovementKind::ALL), 1_i64..1_000_000, reasons).prop_map(
        |(position, after, kind, cents, reason)| Movement {
            position,
            day: day("2024-01-01") + jiff::Span::new().days(after),
            kind,
            eur: Eur::from_cents(cents),
            reason: (kind == MovementKind::Disallowed).then_some(reason),
            about: position,
            words: None,
        },
    )
}

proptest! {
    #[test]
    fn what_is_at_the_end_is_what_was_before_and_what_moved(moved in prop::collection::vec(movement(), 0..60)) {
        let mut owed_after_the_last = Eur::ZERO;
        let mut undecided_after_the_last = Eur::ZERO;
        for quarter in ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025"] {
            let period: Period = quarter.parse().unwrap();
            let t = totals(&moved, period).unwrap();
            let sum = |kind| Eur::sum(moved.iter().filter(|m| m.kind == kind && period.contains(m.day)).map(|m| m.eur)).unwrap();
            prop_assert_eq!(t.reported, sum(MovementKind::Reported));
            prop_assert_eq!(t.eligible, sum(MovementKind::Eligible));
            prop_assert_eq!(t.disallowed().unwrap(), sum(MovementKind::Disallowed));
            prop_assert_eq!(t.reversed, sum(MovementKind::Reversed));
            prop_assert_eq!(
                (t.fees, t.advances, t.paid),
                (sum(MovementKind::Fee), sum(MovementKind::Advance), sum(MovementKind::Paid))
            );
            prop_assert_eq!((t.owed_before, t.undecided_before), (owed_after_the_last, undecided_after_the_last));
            prop_assert_eq!((t.grants, t.grants_back), (sum(MovementKind::Grant), sum(MovementKind::GrantBack)));
            let cents = |eur: Eur| eur.cents();
            prop_assert_eq!(cents(t.owed), cents(t.owed_before) + cents(t.eligible) + cents(t.fees) + cents(t.grants)
                - cents(t.grants_back) - cents(t.reversed) - cents(t.advances) - cents(t.paid) + cents(t.paid_back)
                - cents(t.fees_reversed) + cents(t.paid_reversed) + cents(t.reversals_undone));
            prop_assert_eq!(t.paid_back, sum(MovementKind::PaidBack));
            prop_assert_eq!(
                (t.fees_reversed, t.paid_reversed),
                (sum(MovementKind::FeeReversed), sum(MovementKind::PaidReversed))
            );
            prop_assert_eq!(
                cents(t.undecided),
                cents(t.undecided_before) + cents(t.reported) + cents(t.reopened)
                    - cents(t.eligible) - cents(t.disallowed().unwrap())
            );
            (owed_after_the_last, undecided_after_the_last) = (t.owed, t.undecided);
        }
    }
}

/// The figure that adds up the movements of one kind.
fn figure(t: &Totals, kind: MovementKind) -> Eur {
    match kind {
        MovementKind::Reported => t.reported,
        MovementKind::Eligible => t.eligible,
        MovementKind::Disallowed => t.disallowed().unwrap(),
        MovementKind::Reopened => t.reopened,
        MovementKind::Reversed => t.reversed,
        MovementKind::ReversalUndone => t.reversals_undone,
        MovementKind::Grant => t.grants,
        MovementKind::GrantBack => t.grants_back,
        MovementKind::FeeReported => t.fees_reported,
        MovementKind::Fee => t.fees,
        MovementKind::FeeRefused => t.fees_refused,
        MovementKind::FeeReopened => t.fees_reopened,
        MovementKind::FeeReversed => t.fees_reversed,
        MovementKind::Advance => t.advances,
        MovementKind::Paid => t.paid,
        MovementKind::PaidReversed => t.paid_reversed,
        MovementKind::PaidBack => t.paid_back,
    }
}

fn net(claim: &Claim) -> Eur {
    claim.eligible.checked_sub(claim.reversed).unwrap()
}

fn pending(claim: &Claim) -> Eur {
    claim.eur.filter(|_| claim.is_open()).unwrap_or(Eur::ZERO)
}

fn sum(amounts: impl IntoIterator<Item = Eur>) -> Eur {
    Eur::sum(amounts).unwrap()
}

/// Everything that can lie between the first and the last day of a random history, one period after the other.
fn periods() -> impl Iterator<Item = Period> {
    let quarters = |year| (1..=4).map(move |quarter| format!("{year}-Q{quarter}").parse().unwrap());
    (2024..2031).flat_map(quarters)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened: the statements of a partner over all periods come to what the balances say of its claims.
    #[test]
    fn the_statements_of_all_periods_come_to_the_balances(acts in acts()) {
        let mut world = World::new();
        acts.iter().for_each(|given| drop(world.give(given)));
        for code in PARTNERS {
            let mut account = Account::of(partner(code));
            world.log.iter().for_each(|recorded| account.apply(recorded));
            let moved = account.movements();
            let mut before = Totals::default();
            let mut every: Vec<(MovementKind, Eur)> = Vec::new();
            for period in periods() {
                let t = totals(moved, period).unwrap();
                prop_assert_eq!((t.owed_before, t.undecided_before), (before.owed, before.undecided), "{}", period);
                prop_assert_eq!(t.fees_undecided_before, before.fees_undecided, "{}", period);
                let rows = || moved.iter().filter(|movement| period.contains(movement.day));
                for kind in MovementKind::ALL {
                    let of_kind = sum(rows().filter(|row| row.kind == *kind).map(|row| row.eur));
                    prop_assert_eq!(figure(&t, *kind), of_kind, "{} in {}", kind, period);
                    every.push((*kind, of_kind));
                }
                for part in &t.disallowed {
                    let of_reason = rows().filter(|row| row.reason == Some(part.reason.as_str()));
                    let of_reason = of_reason.filter(|row| row.kind == MovementKind::Disallowed);
                    prop_assert_eq!(part.eur, sum(of_reason.map(|row| row.eur)));
                }
                before = t;
            }
            let all = |kind| sum(every.iter().filter(|(of, _)| *of == kind).map(|(_, eur)| *eur));
            let less = |a: Eur, b: Eur| a.checked_sub(b).unwrap();
            let reversed = less(all(MovementKind::Reversed), all(MovementKind::ReversalUndone));
            let disbursed = less(all(MovementKind::Eligible), reversed);
            prop_assert_eq!(disbursed, world.claimed(code, net));
            prop_assert_eq!(before.undecided, world.claimed(code, pending));
            let open = world.partners[&partner(code)].fees.values().filter(|fee| fee.state.is_open());
            prop_assert_eq!(before.fees_undecided, sum(open.map(|fee| fee.eur.unwrap_or(Eur::ZERO))));
            let disallowed = less(all(MovementKind::Disallowed), all(MovementKind::Reopened));
            prop_assert_eq!(disallowed, world.claimed(code, |claim| claim.disallowed));
            let fees = world.partners[&partner(code)].fees.values();
            let fees = sum(fees.map(|fee| fee.net().unwrap()));
            prop_assert_eq!(less(all(MovementKind::Fee), all(MovementKind::FeeReversed)), fees);
            let back = sum([all(MovementKind::PaidReversed), all(MovementKind::PaidBack)]);
            let paid = less(sum([all(MovementKind::Advance), all(MovementKind::Paid)]), back);
            let grants = less(all(MovementKind::Grant), all(MovementKind::GrantBack));
            prop_assert_eq!(before.owed, less(sum([disbursed, fees, grants]), paid));
            // What is owed and what is undecided at the end of any period opens into its rows.
            for period in periods().step_by(3) {
                let (last, t) = (period.last(), totals(moved, period).unwrap());
                let (owed, undecided) = (owed(&account, last, t.owed).unwrap(), undecided(&account, last).unwrap());
                prop_assert_eq!(sum(owed.iter().map(|row| row.eur)), t.owed, "{}: {:?}", period, owed);
                prop_assert_eq!(sum(undecided.iter().map(|row| row.eur)), t.undecided, "{}", period);
                let fees = fees_undecided(&account, last).unwrap();
                prop_assert_eq!(sum(fees.iter().map(|row| row.eur)), t.fees_undecided, "{}", period);
                prop_assert!(owed.iter().chain(&undecided).all(|row| !row.eur.is_zero() && row.day <= last));
            }
            // A hold of the partner keeps all that is owed from being paid, and its rows say what that is.
            let (last, reason) = (periods().last().unwrap().last(), text(9));
            let scope = Scope::Partner(partner(code));
            let mut holds = Holds::default();
            holds.evolve(&PaymentsHeld { hold: 1, scope, from: day("2020-01-01"), reason }.into()).unwrap();
            let place = |_: &Stated| Some(("GM".parse().unwrap(), "jrs"));
            let rows = held(&account, last, &holds, before.owed, place).unwrap();
            prop_assert_eq!(sum(rows.iter().map(|row| row.eur)), before.owed.max(Eur::ZERO));
            prop_assert!(rows.iter().all(|row| row.eur > Eur::ZERO), "{:?}", rows);
            // By the days of delivery: every claim once, with what became of it.
            let every_day = "1900-01-01..2100-12-31".parse().unwrap();
            let (mut figures, mut claims) = (Vec::new(), 0);
            for period in (2020..2030).map(|year| year.to_string().parse().unwrap()) {
                let delivered = delivered(&account, period).unwrap();
                prop_assert!(delivered.iter().all(|claim| period.contains(claim.stated.on)));
                claims += delivered.len();
                figures.push(delivery_totals(&delivered).unwrap());
            }
            let all_of = |of: fn(&DeliveryTotals) -> Eur| sum(figures.iter().map(of));
            prop_assert_eq!(all_of(|t| t.reported), world.claimed(code, |claim| claim.eur.unwrap_or(Eur::ZERO)));
            prop_assert_eq!(all_of(|t| t.eligible), world.claimed(code, |claim| claim.eligible));
            prop_assert_eq!(all_of(|t| t.reversed), world.claimed(code, |claim| claim.reversed));
            prop_assert_eq!((all_of(|t| t.net), all_of(|t| t.undecided)), (disbursed, before.undecided));
            let parts = figures.iter().flat_map(|t| t.disallowed.iter().map(|part| part.eur));
            prop_assert_eq!(sum(parts), disallowed);
            let every = delivered(&account, every_day).unwrap();
            prop_assert_eq!(claims, every.len());
            for claim in &every {
                let decided = sum([claim.eligible, claim.disallowed, claim.undecided]);
                prop_assert_eq!(claim.reported.unwrap_or(Eur::ZERO), decided, "{:?}", claim);
            }
            // What is in no figure yet is shown as waiting.
            let last = periods().last().unwrap().last();
            let waiting = account.waiting().iter().filter(|waiting| waiting.at_the_end_of(last)).count();
            let claims = world.people.iter().flat_map(|person| person.case().claims.values());
            let claims = claims.filter(|claim| claim.partner == partner(code));
            let claims = claims.filter(|claim| claim.state == ClaimState::WaitingForRate).count();
            prop_assert_eq!(every.iter().filter(|claim| claim.waits).count(), claims);
            let fees = world.partners[&partner(code)].fees.values();
            let fees = fees.filter(|fee| fee.state == FeeState::WaitingForRate).count();
            prop_assert_eq!(waiting, claims + fees);
        }
        let lines = world.people.iter().flat_map(|person| person.case().balances.iter());
        let lines: Vec<_> = lines.filter(|(name, _)| *name != GRANT).map(|(_, line)| line).collect();
        let of_all = |of: fn(&Claim) -> Eur| sum(PARTNERS.map(|code| world.claimed(code, of)));
        prop_assert_eq!(sum(lines.iter().map(|line| line.disbursed)), of_all(net));
        prop_assert_eq!(sum(lines.iter().map(|line| line.pending)), of_all(pending));
    }
}
