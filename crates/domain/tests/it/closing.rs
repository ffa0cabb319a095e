//! Closing periods: in their order, once they are over, and for ever.

use std::collections::HashMap;

use domain::bank::{BankLineBooked, LineEvent, StatementKind};
use domain::books::{
    Chart, DimensionOf, Journal, MoneyKind, Object, TrialBalance, Voucher, digest, digest_of_entries,
};
use domain::closing::{Check, ClosePeriod, ClosingEvent, Finding, PeriodClosed, decide};
use domain::ids::FileDigest;
use domain::partner::{PaidFor, PartnerEvent, PartnerPaid};
use domain::reconciliation::{ReconciliationEvent, Settled};
use domain::{Closings, Event, KeyDigest, LineId, PaymentId, Period, Recorded};
use jiff::Timestamp;
use money::Eur;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;
use crate::world::{World, acts};

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

/// May 2024 on a day of June, with nothing in its way.
fn may() -> ClosePeriod {
    ClosePeriod {
        period: period("2024-05"),
        on: day("2024-06-08"),
        position: 100,
        first_booked: Some(day("2024-05-02")),
        vouchers: 3,
        digest: FileDigest([5; 32]),
        chart: "2026".into(),
        entries: FileDigest([6; 32]),
        difference: Eur::ZERO,
        findings: Vec::new(),
        accepted: Vec::new(),
        reason: None,
    }
}

fn found(check: Check, found: u64) -> Finding {
    Finding { check, found, amount: eur("12.50") }
}

fn closed(command: &ClosePeriod) -> Closings {
    let mut closings = Closings::default();
    closings.evolve(&decide(&closings, command, &who("finance")).unwrap().into()).unwrap();
    closings
}

#[test]
fn a_period_is_closed_as_it_was_booked() {
    let event = decide(&Closings::default(), &may(), &who("finance")).unwrap();
    assert_eq!((event.period, event.position, event.vouchers), (period("2024-05"), 100, 3));
    let closings = closed(&may());
    assert_eq!(closings.next_day(), Some(day("2024-06-01")));
    assert_eq!(closings.first_open_at(100), None, "it was booked up to there");
    assert_eq!(closings.first_open_at(101), Some(day("2024-06-01")));
    assert_eq!(closings.closed_at(101, day("2024-05-31")), Some(period("2024-05")));
    assert_eq!(closings.closed_at(100, day("2024-05-31")), None);
    assert_eq!(closings.closed_at(101, day("2024-06-01")), None);
}

#[rstest]
#[case::on_its_last_day(ClosePeriod { on: day("2024-05-31"), ..may() }, "period-not-over")]
#[case::not_whole_months(ClosePeriod { period: period("2024-04-15..2024-05-31"), ..may() }, "period-not-months")]
#[case::an_earlier_one_is_open(ClosePeriod { first_booked: Some(day("2024-04-30")), ..may() }, "period-not-next")]
#[case::books_do_not_balance(ClosePeriod { difference: eur("0.01"), ..may() }, "books-do-not-balance")]
#[case::something_is_open(ClosePeriod { findings: vec![found(Check::Undecided, 1)], ..may() }, "period-has-open-matters")]
#[case::something_else_is_accepted(
    ClosePeriod { findings: vec![found(Check::Undecided, 1)], accepted: vec![Check::Statements], reason: Some(text(1)), ..may() },
    "period-has-open-matters"
)]
#[case::accepted_without_a_reason(
    ClosePeriod { findings: vec![found(Check::Undecided, 1)], accepted: vec![Check::Undecided], ..may() },
    "reason-missing"
)]
fn the_first_period_is_not_closed(#[case] command: ClosePeriod, #[case] id: &str) {
    assert_eq!(decide(&Closings::default(), &command, &who("finance")).unwrap_err().codes(), id);
}

#[rstest]
#[case::again("2024-05", "period-closed")]
#[case::one_before("2024-04", "period-closed")]
#[case::one_around_it("2024-Q2", "period-closed")]
#[case::a_gap("2024-07", "period-not-next")]
fn another_than_the_next_is_not_closed(#[case] asked: &str, #[case] id: &str) {
    let command = ClosePeriod { period: period(asked), on: day("2025-01-01"), position: 200, ..may() };
    assert_eq!(decide(&closed(&may()), &command, &who("finance")).unwrap_err().codes(), id);
}

#[test]
fn what_is_only_listed_stops_nothing_and_what_is_accepted_is_told() {
    let listed = vec![found(Check::Holds, 2), found(Check::CutOff, 1), found(Check::Statements, 0)];
    let command = ClosePeriod { findings: listed.clone(), accepted: vec![Check::Statements], ..may() };
    let event = decide(&Closings::default(), &command, &who("finance")).unwrap();
    assert_eq!((event.findings, event.accepted, event.reason), (listed, vec![], None));

    let open = vec![found(Check::Undecided, 1), found(Check::WaitingForRate, 4)];
    let accepted = vec![Check::WaitingForRate, Check::Undecided];
    let command = ClosePeriod { findings: open, accepted, reason: Some(text(1)), ..may() };
    let event = decide(&Closings::default(), &command, &who("finance")).unwrap();
    assert_eq!(event.accepted, [Check::Undecided, Check::WaitingForRate]);
    assert_eq!(event.reason, Some(text(1)));
}

#[test]
fn a_stream_in_which_periods_are_out_of_order_is_refused() {
    let closing = |text: &str, position| -> ClosingEvent {
        let event = PeriodClosed {
            period: period(text),
            position,
            vouchers: 0,
            digest: FileDigest([0; 32]),
            chart: String::new(),
            entries: FileDigest([0; 32]),
            findings: vec![],
            accepted: vec![],
            reason: None,
            late_on_first_day: true,
        };
        event.into()
    };
    let mut closings = closed(&may());
    assert!(closings.evolve(&closing("2024-05", 200)).is_err());
    assert!(closings.evolve(&closing("2024-07", 200)).is_err());
    assert!(closings.evolve(&closing("2024-06", 100)).is_err(), "booked up to the same position");
    closings.evolve(&closing("2024-06", 101)).unwrap();
}

/// A payment to caritas that was made on one day and recorded on another.
fn paid(position: u64, paid_on: &str, recorded_on: &str) -> Recorded {
    let event = PartnerPaid {
        payment: PaymentId(Uuid::from_u128(u128::from(position))),
        paid_for: PaidFor::Claims,
        amount: eur("100.00"),
        paid_on: day(paid_on),
        payment_key: KeyDigest([0; 32]),
        details: text(1),
    };
    let recorded_at: Timestamp = format!("{recorded_on}T12:00:00Z").parse().unwrap();
    Recorded {
        position,
        stream_id: partner("caritas").stream(),
        stream_version: position,
        command_id: Uuid::from_u128(u128::from(position)),
        actor: "finance".into(),
        recorded_at: recorded_at.as_microsecond(),
        event: Event::Partner(PartnerEvent::PartnerPaid(event)),
    }
}

#[rstest]
#[case::in_the_open_period(99, "2024-05-31", "2024-06-07", "2024-05-31", None)]
#[case::once_it_is_closed(101, "2024-05-31", "2024-06-08", "2024-06-08", Some("2024-05"))]
#[case::in_the_next(101, "2024-06-01", "2024-06-08", "2024-06-01", None)]
#[case::long_before(101, "2023-12-31", "2024-06-08", "2024-06-08", None)]
#[case::by_a_clock_that_is_late(101, "2024-05-30", "2024-05-31", "2024-06-01", Some("2024-05"))]
fn money_is_booked_on_its_day_or_in_the_open_period(
    #[case] position: u64,
    #[case] paid_on: &str,
    #[case] recorded_on: &str,
    #[case] booked_on: &str,
    #[case] closed_period: Option<&str>,
) {
    let (chart, closings) = (Chart::standard().unwrap(), closed(&may()));
    let mut journal = Journal::under(&chart, &closings);
    let [voucher] = journal.book(&paid(position, paid_on, recorded_on)).unwrap().try_into().unwrap();
    assert_eq!((voucher.day, voucher.about_day), (day(booked_on), day(paid_on)));
    assert_eq!(voucher.closed_period, closed_period.map(period));
}

/// A line of the bank of -5.00 that was booked on one day and recorded on another.
fn at_bank(position: u64, booked_on: &str, recorded_on: &str) -> Recorded {
    let line = LineId(Uuid::from_u128(u128::from(position)));
    let event = BankLineBooked {
        line,
        account: "payments".parse().unwrap(),
        statement: KeyDigest([3; 32]),
        kind: StatementKind::Statement,
        ordinal: 1,
        booked_on: day(booked_on),
        value_on: None,
        amount: eur("-5.00").into(),
        line_key: KeyDigest([4; 32]),
        exchange: None,
        references: Vec::new(),
        code: Vec::new(),
        reversal: false,
        returned: false,
        return_reason: None,
        details: text(5),
    };
    Recorded {
        stream_id: line.stream(),
        event: Event::Line(event.into()),
        ..paid(position, booked_on, recorded_on)
    }
}

/// However late a line comes, the account of the bank is at the end of the open period what the bank says.
#[rstest]
#[case::in_the_open_period(99, "2024-05-31", "2024-06-07", "2024-05-31", None)]
#[case::once_it_is_closed(101, "2024-05-31", "2024-06-08", "2024-06-01", Some("2024-05"))]
#[case::months_later(101, "2024-05-31", "2024-11-23", "2024-06-01", Some("2024-05"))]
#[case::in_the_next(101, "2024-06-02", "2024-06-08", "2024-06-02", None)]
#[case::long_before(101, "2023-12-31", "2024-06-08", "2024-06-01", None)]
fn a_line_of_the_bank_is_booked_on_its_day_or_the_first_open_one(
    #[case] position: u64,
    #[case] day_at_bank: &str,
    #[case] recorded_on: &str,
    #[case] booked_on: &str,
    #[case] closed_period: Option<&str>,
) {
    let (chart, closings) = (Chart::standard().unwrap(), closed(&may()));
    let mut journal = Journal::under(&chart, &closings);
    let [voucher] = journal.book(&at_bank(position, day_at_bank, recorded_on)).unwrap().try_into().unwrap();
    assert_eq!((voucher.day, voucher.about_day), (day(booked_on), day(day_at_bank)));
    assert_eq!(voucher.closed_period, closed_period.map(period));
}

/// A period that was closed while late lines stood on the day on which they were recorded keeps what it was closed with: also
/// what came late then and stands in a later month. From the next closing on they stand on the first open day.
#[test]
fn what_was_closed_otherwise_keeps_its_vouchers() {
    let closing = |month: &str, position, late_on_first_day| -> ClosingEvent {
        let (vouchers, chart, entries) = (0, String::new(), FileDigest([0; 32]));
        let (findings, accepted, digest) = (vec![], vec![], FileDigest([0; 32]));
        let (period, reason) = (period(month), None);
        PeriodClosed {
            period,
            position,
            vouchers,
            digest,
            chart,
            entries,
            findings,
            accepted,
            reason,
            late_on_first_day,
        }
        .into()
    };
    let chart = Chart::standard().unwrap();
    let late = [(101, "2024-08-08"), (201, "2024-08-09"), (301, "2024-08-10")];
    let days = |closings: &Closings| {
        let mut journal = Journal::under(&chart, closings);
        let booked = late.map(|(position, on)| journal.book(&at_bank(position, "2024-05-31", on)).unwrap());
        booked.map(|vouchers| vouchers[0].day.to_string())
    };
    let mut closings = Closings::default();
    closings.evolve(&closing("2024-05", 100, false)).unwrap();
    assert_eq!(days(&closings), ["2024-06-01", "2024-06-01", "2024-06-01"], "nothing after it is closed");
    closings.evolve(&closing("2024-06", 200, false)).unwrap();
    assert_eq!(days(&closings), ["2024-08-08", "2024-07-01", "2024-07-01"]);
    closings.evolve(&closing("2024-07", 300, true)).unwrap();
    assert_eq!(days(&closings), ["2024-08-08", "2024-07-01", "2024-08-01"]);
}

/// What was used in earlier years is a line of its own in the next: an account of costs begins with nothing.
#[test]
fn costs_begin_with_nothing_each_year() {
    let owed = "name = \"Owed to partner organisations\"\nkind = \"liability\"";
    assert!(Chart::standard_document().contains(owed));
    let chart = Chart::read(&Chart::standard_document().replace(owed, &owed.replace("liability", "expense")))
        .unwrap();
    let closings = Closings::default();
    let mut journal = Journal::under(&chart, &closings);
    let log = [
        paid(1, "2023-12-31", "2023-12-31"),
        paid(2, "2024-01-01", "2024-01-01"),
        paid(3, "2024-02-01", "2024-02-01"),
    ];
    let vouchers: Vec<_> = log.iter().flat_map(|recorded| journal.book(recorded).unwrap()).collect();
    let trial = TrialBalance::of(&chart, &vouchers, Some(period("2024-02"))).unwrap();
    let lines: Vec<_> = trial
        .lines
        .iter()
        .map(|line| (line.account.as_str(), line.opening.to_string(), line.closing.to_string()))
        .collect();
    assert_eq!(
        lines,
        [
            ("1935", "-200.00".to_owned(), "-300.00".to_owned()),
            ("2560", "100.00".to_owned(), "200.00".to_owned()),
            ("", "100.00".to_owned(), "100.00".to_owned()),
        ]
    );
    assert_eq!(trial.difference().unwrap(), Eur::ZERO);
}

fn booked(log: &[Recorded], closings: &Closings) -> Vec<Voucher> {
    let chart = Chart::standard().unwrap();
    let mut journal = Journal::under(&chart, closings);
    log.iter().flat_map(|recorded| journal.book(recorded).unwrap()).collect()
}

fn of(vouchers: &[Voucher], period: Period) -> FileDigest {
    digest(vouchers.iter().filter(|voucher| period.contains(voucher.day)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whenever it is closed, and whatever comes after: a closed period keeps its vouchers, and all of them add up.
    #[test]
    fn a_closed_period_never_changes(
        acts in acts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        otherwise in 0_usize..4,
    ) {
        let mut world = World::new();
        for given in &acts {
            let _ = world.give(given);
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(world.log.len()) + 1).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let (mut closings, mut digests) = (Closings::default(), Vec::new());
        for (nth, cut) in cuts.into_iter().enumerate() {
            let first = booked(&world.log[..cut], &closings).iter().map(|voucher| voucher.day).min();
            let Some(month) = closings.next_day().or(first).map(Period::month_of) else { continue };
            let event = PeriodClosed {
                period: month,
                position: cut as u64,
                vouchers: 0,
                digest: FileDigest([0; 32]),
                chart: String::new(),
                entries: FileDigest([0; 32]),
                findings: vec![],
                accepted: vec![],
                reason: None,
                // The first ones were closed before late lines stood on the first open day.
                late_on_first_day: nth >= otherwise,
            };
            closings.evolve(&event.into()).unwrap();
            digests.push((month, of(&booked(&world.log[..cut], &closings), month)));
        }
        let vouchers = booked(&world.log, &closings);
        for (month, digest) in digests {
            prop_assert_eq!(of(&vouchers, month), digest, "{}", month);
        }
        for voucher in &vouchers {
            let sum = Eur::sum(voucher.entries.iter().map(|entry| entry.amount)).unwrap();
            prop_assert_eq!(sum, Eur::ZERO, "{:?}", voucher);
            // A payment may take off one case what came back, and pay another: its entries go both ways.
            if matches!(voucher.kind, MoneyKind::PaymentInstructed | MoneyKind::AdvanceSettled | MoneyKind::AdvancePaid) {
                continue;
            }
            // What the digest sees is what the entries say; what is taken back is booked the other way round.
            let debits = voucher.entries.iter().map(|entry| entry.amount).filter(|amount| !amount.is_negative());
            let taken_back = voucher.moved.is_negative();
            let moved = if taken_back { voucher.moved.checked_neg().unwrap() } else { voucher.moved };
            prop_assert_eq!(moved, Eur::sum(debits).unwrap(), "{:?}", voucher);
        }
    }

    /// Of whatever the bank books and people make of it, each line and each payment is in one match at most; the account of
    /// lines to be explained holds what is open.
    #[test]
    fn everything_is_matched_once_and_what_nothing_explains_stands_in_the_books(acts in acts()) {
        let mut world = World::new();
        for given in &acts {
            let _ = world.give(given);
        }
        let (mut lines, mut items): (HashMap<LineId, i32>, HashMap<Settled, i32>) = Default::default();
        let (mut matches, mut open) = (HashMap::new(), HashMap::new());
        let mut written_off = HashMap::new();
        for recorded in &world.log {
            let (matched, times) = match &recorded.event {
                Event::Line(LineEvent::BankLineBooked(e)) => {
                    open.insert(e.line, e.amount.to_eur_exact().unwrap());
                    continue;
                }
                Event::Reconciliation(ReconciliationEvent::PaymentMatched(e)) => {
                    matches.insert(e.number, e.clone());
                    (e.clone(), 1)
                }
                Event::Reconciliation(ReconciliationEvent::MatchUndone(e)) => (matches[&e.number].clone(), -1),
                Event::Reconciliation(ReconciliationEvent::ExceptionResolved(e)) => {
                    written_off.insert(e.exception.clone(), e.amount.to_eur_exact().unwrap());
                    continue;
                }
                Event::Reconciliation(ReconciliationEvent::ExceptionReopened(e)) => {
                    written_off.remove(&e.exception);
                    continue;
                }
                _ => continue,
            };
            matched.lines.iter().for_each(|line| *lines.entry(line.line).or_default() += times);
            matched.items.iter().for_each(|item| *items.entry(item.of.clone()).or_default() += times);
            prop_assert!(lines.values().chain(items.values()).all(|times| (0..=1).contains(times)));
        }
        open.retain(|line, _| lines.get(line) != Some(&1));
        let open = Eur::sum(open.into_values()).unwrap().checked_sub(Eur::sum(written_off.into_values()).unwrap());
        let booked = booked(&world.log, &Closings::default());
        let unexplained = booked.iter().flat_map(|voucher| &voucher.entries).filter(|entry| entry.account == "1939");
        prop_assert_eq!(Eur::sum(unexplained.map(|entry| entry.amount)).unwrap().checked_neg(), open);
    }

    /// Whatever becomes of its lines, the account of the bank stands in the books where the last statement says.
    #[test]
    fn the_account_of_the_bank_is_what_its_last_statement_says(acts in acts()) {
        let mut world = World::new();
        for given in &acts {
            let _ = world.give(given);
        }
        let booked = booked(&world.log, &Closings::default());
        let of_bank = booked.iter().flat_map(|voucher| &voucher.entries).filter(|entry| entry.account == "1930");
        prop_assert_eq!(Eur::sum(of_bank.map(|entry| entry.amount)).unwrap(), world.banking.balance);
    }

    /// The digest sees every change of a voucher, and of their order.
    #[test]
    fn the_digest_sees_every_change(acts in acts(), which in any::<prop::sample::Index>(), change in 0..4) {
        let mut world = World::new();
        for given in &acts {
            let _ = world.give(given);
        }
        let vouchers = booked(&world.log, &Closings::default());
        prop_assume!(!vouchers.is_empty());
        let mut changed = vouchers.clone();
        let which = which.index(changed.len());
        match change {
            0 => changed[which].moved = changed[which].moved.checked_add(eur("0.01")).unwrap(),
            1 => changed[which].day = changed[which].day.tomorrow().unwrap(),
            2 => drop(changed.remove(which)),
            _ => changed.push(vouchers[which].clone()),
        }
        prop_assert_ne!(digest(&changed), digest(&vouchers));
        // Another account or object is another entry of the same voucher.
        let mut moved = vouchers.clone();
        match change {
            0 => moved[which].entries[0].account.push('0'),
            1 => moved[which].number += 1,
            2 => {
                let amount = &mut moved[which].entries[0].amount;
                *amount = amount.checked_add(eur("0.01")).unwrap();
            }
            _ => moved[which].entries[0].objects.push(Object {
                dimension: 20,
                of: DimensionOf::Partner,
                code: "irara".into(),
            }),
        }
        prop_assert_eq!(digest(&moved), digest(&vouchers));
        prop_assert_ne!(digest_of_entries(&moved), digest_of_entries(&vouchers));
    }
}

/// Whoever acts for a partner closes nothing.
#[test]
fn no_person_of_a_partner_closes_a_period() {
    for name in ["caritas", "asha@caritas"] {
        let refused = decide(&Closings::default(), &may(), &who(name)).unwrap_err();
        assert_eq!(refused.codes(), "acts-for-partner");
    }
}
