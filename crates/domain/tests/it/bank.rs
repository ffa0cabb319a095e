//! Statements of the bank: they add up, continue each other, and each line is there once.

use domain::bank::{
    BankAccount, BankEvent, BankLine, Booking, CloseAccount, Imported, KnownLines, LineEvent, LineKeys,
    OpenAccount, Statement, StatementKind, close, import, open,
};
use domain::books::{Chart, Journal};
use domain::closing::Closings;
use domain::ids::FileDigest;
use domain::{By, Event, KeyDigest, LineId, Recorded, Refusal};
use event_log::StreamId;
use money::{Amount, Currency, Eur, Locale};
use proptest::collection::vec;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

fn amount(text: &str) -> Amount {
    Amount::parse(text, Currency::EUR, Locale::Strict).unwrap()
}

fn key(number: u64) -> KeyDigest {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    KeyDigest(digest)
}

fn opened() -> BankEvent {
    let command = OpenAccount {
        account: "payments".parse().unwrap(),
        currency: Currency::EUR,
        number_key: key(1),
        details: text(1),
    };
    open(None, &command).unwrap()
}

fn account() -> BankAccount {
    BankAccount::evolve(None, &opened()).unwrap()
}

/// A line of so many euros; `shared` is what the bank calls it.
fn booking(line: u128, euros: &str, shared: Option<u64>) -> Booking {
    Booking {
        line: LineId(Uuid::from_u128(line)),
        keys: LineKeys { shared: shared.map(key), own: key(1_000_000 + line as u64) },
        booked_on: day("2024-06-03"),
        value_on: None,
        amount: amount(euros),
        exchange: None,
        references: Vec::new(),
        code: Vec::new(),
        reversal: false,
        returned: None,
        told: None,
        details: text(7),
    }
}

fn statement(
    name: u64,
    sequence: Option<u64>,
    opening: &str,
    closing: &str,
    lines: Vec<Booking>,
) -> Statement {
    Statement {
        statement: key(name),
        kind: StatementKind::Statement,
        is_copy: false,
        sequence,
        from: None,
        to: None,
        opening: Some(amount(opening)),
        closing: Some(amount(closing)),
        lines,
        notified: Vec::new(),
        file: FileDigest([9; 32]),
        gap_accepted: None,
        details: text(8),
    }
}

fn notification(name: u64, lines: Vec<Booking>) -> Statement {
    let kind = StatementKind::Notification;
    Statement { kind, opening: None, closing: None, ..statement(name, None, "0.00", "0.00", lines) }
}

/// An account and its lines being told what the bank says.
struct Told {
    account: BankAccount,
    known: KnownLines,
    lines: Vec<BankLine>,
}

impl Told {
    fn new() -> Self {
        Self { account: account(), known: KnownLines::default(), lines: Vec::new() }
    }

    /// Takes a statement in; answers with new and known lines.
    fn take(&mut self, statement: &Statement) -> Result<(u64, u64), Refusal> {
        match import(&self.account, statement, &mut self.known)? {
            None => Ok((0, statement.lines.len() as u64)),
            Some(Imported { event, lines, booked, known }) => {
                self.account = BankAccount::evolve(Some(self.account.clone()), &event).unwrap();
                for (id, event) in &lines {
                    let at = self.lines.iter().position(|line| line.booked.line == *id);
                    let before = at.map(|at| self.lines.remove(at));
                    self.lines.push(BankLine::evolve(before, event).unwrap());
                }
                // What another program would load is what was noted on the way.
                self.known = KnownLines::default();
                self.lines.iter().for_each(|line| self.known.insert(line));
                Ok((booked, known))
            }
        }
    }

    fn sum(&self) -> Eur {
        Eur::sum(self.lines.iter().map(|line| line.booked.amount.to_eur_exact().unwrap())).unwrap()
    }
}

fn refused(told: &mut Told, statement: &Statement) -> (String, String) {
    let refusal = told.take(statement).unwrap_err();
    (refusal.codes(), refusal.to_string())
}

#[test]
fn a_statement_that_does_not_add_up_is_refused_with_the_sum_that_is_off() {
    let mut told = Told::new();
    let wrong = statement(1, None, "18.15", "27.05", vec![booking(1, "8.85", None)]);
    let (code, said) = refused(&mut told, &wrong);
    assert_eq!(code, "statement-does-not-add-up");
    assert!(
        said.contains(
            "opening 18.15 and booked entries 8.85 come to 27.00 EUR, not to the closing 27.05: 0.05 off"
        ),
        "{said}"
    );
    assert_eq!(told.take(&statement(1, None, "18.15", "27.00", vec![booking(1, "8.85", None)])), Ok((1, 0)));
}

#[rstest]
#[case::no_opening(Statement { opening: None, ..statement(1, None, "0.00", "0.00", vec![]) }, "statement-balance-missing")]
#[case::no_closing(Statement { closing: None, ..statement(1, None, "0.00", "0.00", vec![]) }, "statement-balance-missing")]
#[case::other_currency(Statement { closing: Some(Amount::parse("0.00", "SEK".parse().unwrap(), Locale::Strict).unwrap()), ..statement(1, None, "0.00", "0.00", vec![]) }, "statement-currency")]
#[case::line_in_another(statement(1, None, "0.00", "0.00", vec![Booking { amount: Amount::zero("SEK".parse().unwrap()), ..booking(1, "1.00", None) }]), "statement-currency")]
#[case::notification_without_reference(notification(1, vec![booking(1, "1.00", None)]), "notification-without-reference")]
#[case::too_much(statement(1, None, "0.00", "0.00", vec![booking(1, "99999999999999999.99", None), booking(2, "99999999999999999.99", None)]), "amount-too-large")]
fn what_cannot_be_is_refused(#[case] wrong: Statement, #[case] code: &str) {
    assert_eq!(refused(&mut Told::new(), &wrong).0, code);
}

#[test]
fn an_account_is_opened_once() {
    let known = account();
    let command = OpenAccount {
        account: known.code.clone(),
        currency: Currency::EUR,
        number_key: key(2),
        details: text(2),
    };
    assert_eq!(open(Some(&known), &command).unwrap_err().codes(), "account-code-used");
}

#[rstest]
#[case::in_order(Some(12), "10.00", None)]
#[case::not_numbered(None, "10.00", None)]
#[case::a_new_year(Some(1), "10.00", None)]
#[case::two_missing(Some(14), "10.00", Some("statements 12 to 13 are missing"))]
#[case::one_missing(Some(13), "10.00", Some("statement 12 is missing"))]
#[case::the_same_number(Some(11), "10.00", Some("it is number 11, and number 11 was imported before it"))]
#[case::older(Some(7), "10.00", Some("it is number 7, and number 11 was imported before it"))]
#[case::broken(
    Some(12),
    "10.01",
    Some("it opens with 10.01, and the one before it closes with 10.00: 0.01 off")
)]
#[case::broken_and_not_numbered(None, "0.00", Some("closes with 10.00: -10.00 off"))]
#[case::broken_in_a_new_year(Some(1), "0.00", Some("closes with 10.00: -10.00 off"))]
fn a_statement_continues_the_one_before_it(
    #[case] sequence: Option<u64>,
    #[case] opening: &str,
    #[case] missing: Option<&str>,
) {
    let mut told = Told::new();
    told.take(&statement(1, Some(11), "0.00", "10.00", vec![booking(1, "10.00", None)])).unwrap();
    let next = statement(2, sequence, opening, opening, vec![]);
    let Some(missing) = missing else {
        assert_eq!(told.take(&next), Ok((0, 0)));
        return;
    };
    let (code, said) = refused(&mut told, &next);
    assert_eq!(code, "statement-gap");
    assert!(said.contains(missing) && said.contains("--accept-gap"), "{said}");
    // A reason stands only where there is a gap.
    let accepted = Statement { gap_accepted: Some(text(3)), ..next };
    told.take(&accepted).unwrap();
    let after = Statement { gap_accepted: Some(text(4)), ..statement(3, None, opening, opening, vec![]) };
    let Ok(Some(Imported { event, .. })) = import(&told.account, &after, &mut told.known) else { panic!() };
    assert!(matches!(event, BankEvent::StatementImported(e) if e.gap_accepted.is_none()));
}

/// Statements of days, by number, days of June and balances: 1 and 4 are there, 2 and 3 were missing.
fn june(name: u64, number: Option<u64>, days: (i8, i8), opening: &str, closing: &str) -> Statement {
    let on = |nth: i8| Some(jiff::civil::date(2024, 6, nth));
    let moved = amount(closing).checked_add(amount(opening).negated()).unwrap().to_eur_exact().unwrap();
    let lines = vec![booking(u128::from(name), &moved.to_string(), None)];
    Statement { from: on(days.0), to: on(days.1), ..statement(name, number, opening, closing, lines) }
}

/// What was missing comes late, and needs no reason: it goes on where the one before it ends.
#[rstest]
#[case::numbered(true)]
#[case::by_its_days_and_balances(false)]
fn a_statement_that_was_missing_is_taken_in(#[case] numbered: bool) {
    let number = |number: u64| numbered.then_some(number);
    let mut told = Told::new();
    told.take(&june(1, number(1), (1, 5), "0.00", "10.00")).unwrap();
    let last = june(4, number(4), (20, 25), "40.00", "50.00");
    assert_eq!(refused(&mut told, &last).0, "statement-gap");
    told.take(&Statement { gap_accepted: Some(text(3)), ..last }).unwrap();
    let (second, third) =
        (june(2, number(2), (6, 12), "10.00", "25.00"), june(3, number(3), (13, 19), "25.00", "40.00"));
    assert_eq!(refused(&mut told, &third).0, "statement-gap", "what is before it is missing still");
    let before = told.account.last;
    for late in [&second, &third] {
        let Ok(Some(Imported { event, .. })) = import(&told.account, late, &mut told.known) else { panic!() };
        assert!(matches!(event, BankEvent::StatementImported(e) if e.gap_accepted.is_none()));
        assert_eq!(told.take(late), Ok((1, 0)));
    }
    assert_eq!((told.account.last, told.sum()), (before, eur("50.00")));
    // Nothing is missing any more: whatever else there is about those days is something else.
    for other in [
        june(5, number(2), (6, 12), "10.00", "25.00"),
        june(6, number(3), (7, 19), "10.00", "40.00"),
        june(7, None, (6, 19), "10.00", "40.00"),
    ] {
        let taken = told.take(&other);
        assert!(
            taken == Ok((0, 1)) || taken.as_ref().is_err_and(|of| of.codes() == "statement-gap"),
            "{taken:?}"
        );
    }
}

/// One that is late and does not fit, or has days of the next, is refused as before.
#[rstest]
#[case::another_balance(june(2, Some(2), (6, 19), "11.00", "40.00"))]
#[case::another_number(june(2, Some(5), (6, 19), "10.00", "40.00"))]
#[case::days_of_the_one_before(june(2, Some(2), (4, 19), "10.00", "40.00"))]
#[case::days_of_the_next(june(2, Some(2), (6, 21), "10.00", "43.00"))]
#[case::days_of_the_next_without_a_number(june(2, None, (6, 20), "10.00", "43.00"))]
#[case::longer_than_the_gap(june(2, None, (6, 24), "10.00", "40.00"))]
fn a_late_statement_that_does_not_fit_is_refused(#[case] late: Statement) {
    let mut told = Told::new();
    told.take(&june(1, Some(1), (1, 5), "0.00", "10.00")).unwrap();
    let last = june(4, Some(4), (20, 25), "40.00", "50.00");
    told.take(&Statement { gap_accepted: Some(text(3)), ..last }).unwrap();
    assert_eq!(refused(&mut told, &late).0, "statement-gap");
}

#[test]
fn the_same_statement_is_known_and_another_of_its_name_is_a_conflict() {
    let mut told = Told::new();
    let first = statement(1, Some(1), "0.00", "10.00", vec![booking(1, "10.00", None)]);
    assert_eq!(told.take(&first), Ok((1, 0)));
    let again = statement(1, Some(1), "0.00", "10.00", vec![booking(2, "10.00", None)]);
    assert_eq!(told.take(&again), Ok((0, 1)));
    let (code, said) =
        refused(&mut told, &statement(1, Some(1), "0.00", "9.00", vec![booking(3, "9.00", None)]));
    assert_eq!(code, "statement-conflict");
    assert!(said.contains("1 lines from 0.00 to 10.00, and has 1 lines from 0.00 to 9.00 now"), "{said}");
    assert_eq!(told.lines.len(), 1);
}

#[test]
fn a_line_of_a_notification_and_of_the_statement_is_one() {
    let mut told = Told::new();
    let line = |id| booking(id, "-5.00", Some(77));
    assert_eq!(told.take(&notification(1, vec![line(1)])), Ok((1, 0)));
    assert_eq!(told.lines[0].stated_in, None);
    assert_eq!(told.take(&notification(2, vec![line(2)])), Ok((0, 1)));
    let whole = statement(3, None, "5.00", "0.00", vec![line(3)]);
    assert_eq!(told.take(&whole), Ok((0, 1)));
    assert_eq!(told.lines.len(), 1);
    assert_eq!(told.lines[0].stated_in, Some(key(3)));
    // And one that comes late brings nothing.
    assert_eq!(told.take(&notification(4, vec![line(4)])), Ok((0, 1)));
    assert_eq!(told.sum(), eur("-5.00"));
}

/// A bank that gives the same reference, day and amount twice did so for two movements, if two statements have them.
#[test]
fn a_line_that_stands_in_another_statement_is_another_line() {
    let mut told = Told::new();
    assert_eq!(
        told.take(&statement(1, None, "0.00", "5.00", vec![booking(1, "5.00", Some(77))])),
        Ok((1, 0))
    );
    assert_eq!(
        told.take(&statement(2, None, "5.00", "10.00", vec![booking(2, "5.00", Some(77))])),
        Ok((1, 0))
    );
    assert_eq!(told.sum(), eur("10.00"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However many statements, with whatever their notifications brought before or after: the lines in the ledger come
    /// to what the balances say, each line once.
    #[test]
    fn the_lines_come_to_the_balances(
        months in vec(vec((1_i64..100_000, any::<bool>(), any::<bool>(), any::<bool>()), 0..8), 1..6),
        late: bool,
    ) {
        let mut told = Told::new();
        let (mut balance, mut name, mut id, mut wanted) = (0, 100, 0_u128, 0);
        let mut later = Vec::new();
        for month in months {
            let mut lines = Vec::new();
            let opening = balance;
            let mut notified = Vec::new();
            for (cents, debit, referenced, early) in month {
                id += 1;
                wanted += 1;
                let cents = if debit { -cents } else { cents };
                balance += cents;
                let line = booking(id, &Eur::from_cents(cents).to_string(), referenced.then_some(id as u64));
                if referenced && early {
                    notified.push(Booking { line: LineId(Uuid::from_u128(1_000 + id)), ..line.clone() });
                }
                lines.push(line);
            }
            name += 2;
            let notice = notification(name, notified);
            if late { later.push(notice) } else { told.take(&notice).unwrap(); }
            let (opening, closing) = (Eur::from_cents(opening).to_string(), Eur::from_cents(balance).to_string());
            told.take(&statement(name + 1, None, &opening, &closing, lines)).unwrap();
        }
        for notice in later {
            prop_assert_eq!(told.take(&notice).unwrap().0, 0);
        }
        prop_assert_eq!(told.sum().cents(), balance);
        prop_assert_eq!(told.lines.len(), wanted);
        prop_assert!(told.lines.iter().all(|line| line.stated_in.is_some()));
    }
}

/// A notification and the statement break one entry up in different ways: its money is there once.
#[test]
fn an_entry_that_is_broken_up_in_another_way_is_counted_once() {
    let mut told = Told::new();
    let parts = vec![booking(1, "-2.00", Some(11)), booking(2, "-3.00", Some(12))];
    assert_eq!(told.take(&notification(1, parts)).unwrap().0, 2);
    let whole = Booking { told: Some(vec![key(11), key(12)]), ..booking(3, "-5.00", Some(13)) };
    let other = booking(4, "9.00", Some(14));
    assert_eq!(told.take(&statement(2, None, "0.00", "4.00", vec![whole.clone(), other])).unwrap().0, 1);
    assert_eq!((told.lines.len(), told.sum().to_string().as_str()), (3, "4.00"));
    assert!(told.lines.iter().all(|line| line.stated_in.is_some()));
    // A notification that comes late, broken up in a third way, brings nothing.
    let late = vec![
        Booking { told: Some(vec![key(11), key(12)]), ..booking(5, "-1.00", Some(15)) },
        Booking { told: Some(Vec::new()), ..booking(6, "-4.00", Some(16)) },
    ];
    assert_eq!(told.take(&notification(3, late)).unwrap().0, 0);
    assert_eq!(told.sum().to_string(), "4.00");
}

/// What is folded in another order contradicts itself.
#[test]
fn a_line_is_booked_once_and_stated_once() {
    let mut told = Told::new();
    told.take(&statement(1, None, "0.00", "5.00", vec![booking(1, "5.00", None)])).unwrap();
    let line = told.lines.pop().unwrap();
    let booked: LineEvent = line.booked.clone().into();
    let stated: LineEvent = domain::bank::BankLineStated { statement: key(2), ordinal: 1 }.into();
    assert!(BankLine::evolve(Some(line.clone()), &booked).is_err());
    assert!(BankLine::evolve(Some(line), &stated).is_err());
    assert!(BankLine::evolve(None, &stated).is_err());
}

/// Statement 3 comes after statement 4: the next one is still the fifth, and what stands on the account is what the bank
/// said last.
#[test]
fn a_late_statement_is_not_the_last() {
    let mut told = Told::new();
    let gap = |statement: Statement| Statement { gap_accepted: Some(text(3)), ..statement };
    told.take(&statement(2, Some(2), "0.00", "10.00", vec![booking(1, "10.00", None)])).unwrap();
    told.take(&gap(statement(4, Some(4), "13.00", "14.00", vec![booking(2, "1.00", None)]))).unwrap();
    told.take(&gap(statement(3, Some(3), "10.00", "13.00", vec![booking(3, "3.00", None)]))).unwrap();
    let last = told.account.last.unwrap();
    assert_eq!((last.sequence, last.closing), (Some(4), amount("14.00")));
    told.take(&statement(5, Some(5), "14.00", "15.00", vec![booking(4, "1.00", None)])).unwrap();
    assert_eq!(told.account.last.unwrap().sequence, Some(5));
}

/// The books of an account as statements and notifications come.
struct Books {
    chart: Chart,
    log: Vec<Recorded>,
    told: Told,
}

impl Books {
    fn new() -> Self {
        let mut books = Self { chart: Chart::standard().unwrap(), log: Vec::new(), told: Told::new() };
        books.record("bank", "payments", Event::Bank(opened()));
        books
    }

    fn record(&mut self, noun: &str, id: &str, event: Event) {
        let position = self.log.len() as u64 + 1;
        self.log.push(Recorded {
            position,
            stream_id: StreamId::new(noun, id).unwrap(),
            stream_version: position,
            command_id: Uuid::nil(),
            actor: "anna".into(),
            recorded_at: 1_717_400_000_000_000,
            event,
        });
    }

    fn take(&mut self, statement: &Statement) {
        let imported = import(&self.told.account, statement, &mut self.told.known.clone()).unwrap().unwrap();
        self.told.take(statement).unwrap();
        self.record("bank", "payments", Event::Bank(imported.event));
        for (line, event) in imported.lines {
            self.record("line", &line.to_string(), Event::Line(event));
        }
    }

    /// What stands on the bank's account and on balances brought forward at the end of a day.
    fn on(&self, until: &str) -> (String, String) {
        let closings = Closings::default();
        let mut journal = Journal::under(&self.chart, &closings);
        let vouchers: Vec<_> = self.log.iter().flat_map(|recorded| journal.book(recorded).unwrap()).collect();
        let of = |number: &str| {
            let booked = vouchers.iter().filter(|voucher| voucher.day <= day(until));
            let entries = booked.flat_map(|voucher| &voucher.entries).filter(|entry| entry.account == number);
            Eur::sum(entries.map(|entry| entry.amount)).unwrap().to_string()
        };
        (of("1930"), of("2080"))
    }
}

fn on(booked_on: &str, booking: Booking) -> Booking {
    Booking { booked_on: day(booked_on), ..booking }
}

fn from(from: &str, to: &str, statement: Statement) -> Statement {
    Statement { from: Some(day(from)), to: Some(day(to)), ..statement }
}

/// What was there before the first statement, what is missing between two until it comes late, and nothing where they
/// continue each other: at the end of every month the account is what the bank says.
#[test]
fn the_books_hold_what_the_bank_says() {
    let mut books = Books::new();
    let gap = |statement: Statement| Statement { gap_accepted: Some(text(3)), ..statement };
    let month = |number: u64, opening, closing, line: Booking| {
        let (first, last) = (format!("2024-0{number}-01"), format!("2024-0{number}-28"));
        let line = on(&format!("2024-0{number}-10"), line);
        from(&first, &last, statement(number, Some(number), opening, closing, vec![line]))
    };
    books.take(&month(1, "100.00", "110.00", booking(1, "10.00", None)));
    books.take(&month(2, "110.00", "108.00", booking(2, "-2.00", None)));
    assert_eq!(books.on("2024-02-28"), ("108.00".into(), "-100.00".into()));
    books.take(&gap(month(4, "111.00", "112.00", booking(3, "1.00", None))));
    assert_eq!(books.on("2024-03-31"), ("108.00".into(), "-100.00".into()));
    assert_eq!(books.on("2024-04-30"), ("112.00".into(), "-103.00".into()));
    books.take(&gap(month(3, "108.00", "111.00", booking(4, "3.00", None))));
    assert_eq!(books.on("2024-03-31"), ("111.00".into(), "-100.00".into()));
    assert_eq!(books.on("2024-04-30"), ("112.00".into(), "-100.00".into()));
    books.take(&month(5, "112.00", "112.50", booking(5, "0.50", None)));
    assert_eq!(books.on("2024-05-31"), ("112.50".into(), "-100.00".into()));
}

/// What a notification has told of is not missing as well: before the first statement, in a gap, and when the statement of
/// the gap comes after all.
#[test]
fn what_was_notified_is_booked_once() {
    let mut books = Books::new();
    let gap = |statement: Statement| Statement { gap_accepted: Some(text(3)), ..statement };
    books.take(&notification(1, vec![on("2023-12-20", booking(1, "-30.00", Some(71)))]));
    let first = vec![on("2024-01-10", booking(2, "10.00", None))];
    books.take(&from("2024-01-01", "2024-01-31", statement(2, Some(1), "70.00", "80.00", first)));
    assert_eq!(books.on("2024-01-31"), ("80.00".into(), "-100.00".into()));

    books.take(&notification(3, vec![on("2024-02-05", booking(3, "-5.00", Some(72)))]));
    let third = vec![on("2024-03-10", booking(4, "1.00", None))];
    books.take(&gap(from("2024-03-01", "2024-03-31", statement(4, Some(3), "77.00", "78.00", third))));
    assert_eq!(books.on("2024-03-31"), ("78.00".into(), "-102.00".into()));
    let second =
        vec![on("2024-02-05", booking(5, "-5.00", Some(72))), on("2024-02-06", booking(6, "2.00", None))];
    books.take(&gap(from("2024-02-01", "2024-02-29", statement(5, Some(2), "80.00", "77.00", second))));
    assert_eq!(books.on("2024-02-29"), ("77.00".into(), "-100.00".into()));
    assert_eq!(books.on("2024-03-31"), ("78.00".into(), "-100.00".into()));
}

/// A line that was notified, and that the statement of its day does not have, is not on the account; one that has it after all
/// puts it there. One of a day of which no statement tells waits.
#[test]
fn what_was_notified_and_not_stated_is_not_at_the_bank() {
    let mut books = Books::new();
    let lines = vec![
        on("2024-01-10", booking(1, "-60.00", Some(71))),
        on("2024-01-11", booking(2, "-7.00", Some(72))),
        on("2024-02-01", booking(3, "-8.00", Some(73))),
    ];
    let notified: Vec<_> = lines.iter().map(|line| (line.line, line.booked_on)).collect();
    books.take(&notification(1, lines));
    let january = vec![
        on("2024-01-10", booking(4, "-60.00", Some(81))),
        on("2024-01-11", booking(5, "-7.00", Some(72))),
    ];
    let january = from("2024-01-01", "2024-01-31", statement(2, Some(1), "100.00", "33.00", january));
    books.take(&Statement { notified: notified.clone(), ..january });
    assert_eq!(books.told.account.not_stated.iter().copied().collect::<Vec<_>>(), [notified[0].0]);
    assert_eq!(books.on("2024-01-31"), ("33.00".into(), "-100.00".into()));

    // Told once; what is stated late is there.
    let february = vec![
        on("2024-02-01", booking(6, "-8.00", Some(73))),
        on("2024-01-10", booking(7, "-60.00", Some(71))),
    ];
    let february = from("2024-02-01", "2024-02-29", statement(3, Some(2), "33.00", "-35.00", february));
    books.take(&Statement { notified: vec![notified[0], notified[2]], ..february });
    let told = books.log.iter().filter(
        |of| matches!(&of.event, Event::Bank(BankEvent::StatementImported(e)) if !e.not_stated.is_empty()),
    );
    assert_eq!(told.count(), 1);
    assert_eq!(books.on("2024-02-29"), ("-35.00".into(), "-100.00".into()));
}

/// The same where the statement of its day was missing and comes late.
#[test]
fn what_was_notified_in_a_gap_and_not_stated_is_not_at_the_bank() {
    let mut books = Books::new();
    let gap = |statement: Statement| Statement { gap_accepted: Some(text(3)), ..statement };
    books.take(&from("2024-01-01", "2024-01-31", statement(1, Some(1), "100.00", "100.00", vec![])));
    books.take(&notification(2, vec![on("2024-02-10", booking(1, "-60.00", Some(71)))]));
    let third = vec![on("2024-03-10", booking(2, "1.00", None))];
    books.take(&gap(from("2024-03-01", "2024-03-31", statement(3, Some(3), "93.00", "94.00", third))));
    assert_eq!(books.on("2024-03-31"), ("94.00".into(), "-153.00".into()));
    let second = vec![on("2024-02-10", booking(3, "-7.00", Some(72)))];
    let second = from("2024-02-01", "2024-02-29", statement(4, Some(2), "100.00", "93.00", second));
    books.take(&Statement { notified: vec![(LineId(Uuid::from_u128(1)), day("2024-02-10"))], ..second });
    assert_eq!(books.on("2024-02-29"), ("93.00".into(), "-100.00".into()));
    assert_eq!(books.on("2024-03-31"), ("94.00".into(), "-100.00".into()));
}

/// Two statements may be alike; only where the bank says that one is a copy it is the other.
#[test]
fn a_copy_under_another_name_is_known() {
    let mut told = Told::new();
    let lines = |id| vec![booking(id, "10.00", None), booking(id + 1, "-10.00", None)];
    told.take(&statement(1, None, "5.00", "5.00", lines(1))).unwrap();
    let copy = Statement { is_copy: true, ..statement(2, None, "5.00", "5.00", lines(3)) };
    assert_eq!(told.take(&copy), Ok((0, 2)));
    assert_eq!(told.take(&Statement { is_copy: false, ..copy }), Ok((2, 0)));
    let first =
        Statement { is_copy: true, ..statement(3, None, "5.00", "6.00", vec![booking(5, "1.00", None)]) };
    assert_eq!(told.take(&first), Ok((1, 0)), "what it is a copy of was never here");
}

/// An account ends when everything of it is known and explained; then nothing of later days is taken in.
#[test]
fn an_account_is_closed_when_nothing_of_it_is_left() {
    let mut told = Told::new();
    let ask = |on: &str, open_lines: u64, not_stated: u64| CloseAccount {
        closed_on: day(on),
        today: day("2024-12-31"),
        open_lines,
        not_stated,
        reason: text(3),
    };
    let codes = |told: &Told, command: &CloseAccount| match close(&told.account, command, &who("anna")) {
        Ok(_) => String::new(),
        Err(refusal) => refusal.codes(),
    };
    assert_eq!(codes(&told, &ask("2024-06-30", 0, 0)), "", "one that never had a statement");
    let first = from(
        "2024-06-01",
        "2024-06-10",
        statement(1, Some(1), "0.00", "5.00", vec![booking(1, "5.00", None)]),
    );
    told.take(&first).unwrap();
    assert_eq!(codes(&told, &ask("2024-06-30", 1, 2)), "balance-left not-stated lines-open");
    let last = from(
        "2024-06-11",
        "2024-06-20",
        statement(2, Some(2), "5.00", "0.00", vec![booking(2, "-5.00", None)]),
    );
    told.take(&last).unwrap();
    assert_eq!(codes(&told, &ask("2024-06-19", 0, 0)), "stated-later");
    assert_eq!(codes(&told, &ask("2025-01-01", 0, 0)), "in-the-future");
    let partner = By::of(actor("omar@ettc"), |_| true);
    let told_off = close(&told.account, &ask("2024-06-30", 0, 0), &partner).unwrap_err();
    assert_eq!(told_off.codes(), "acts-for-partner");
    let closed = close(&told.account, &ask("2024-06-30", 0, 0), &who("anna")).unwrap();
    told.account = BankAccount::evolve(Some(told.account.clone()), &closed).unwrap();
    assert_eq!(codes(&told, &ask("2024-06-30", 0, 0)), "already-closed");
    assert!(BankAccount::evolve(Some(told.account.clone()), &closed).is_err());

    assert_eq!(told.take(&last), Ok((0, 1)), "what is known stays known");
    let late = from("2024-06-21", "2024-06-30", statement(3, Some(3), "0.00", "0.00", vec![]));
    told.take(&late).unwrap();
    let later = from("2024-07-01", "2024-07-01", statement(4, Some(4), "0.00", "0.00", vec![]));
    let (code, said) = refused(&mut told, &later);
    assert_eq!(code, "account-closed");
    assert!(
        said.contains("was closed on 2024-06-30 by anna, and this statement is until 2024-07-01"),
        "{said}"
    );
    let notified = notification(5, vec![on("2024-07-01", booking(9, "1.00", Some(9)))]);
    assert_eq!(refused(&mut told, &notified).0, "account-closed");
}

/// A statement under another name is the one it was: by its number, days and figures, or by what the bank calls its lines.
#[test]
fn the_same_statement_under_another_name_is_known() {
    let lines = || vec![booking(1, "-9.00", Some(11)), booking(2, "9.00", Some(12))];
    let june = |name: u64, sequence, lines| {
        from("2024-06-01", "2024-06-10", statement(name, sequence, "5.00", "5.00", lines))
    };
    for sequence in [Some(1), None] {
        let mut told = Told::new();
        told.take(&june(1, sequence, lines())).unwrap();
        assert_eq!(told.take(&june(2, sequence, lines())), Ok((0, 2)));
        assert_eq!(told.lines.len(), 2);
    }
    // Without names of the bank the number and the days tell it; with others it is another statement.
    let nameless = || vec![booking(1, "-9.00", None), booking(2, "9.00", None)];
    let mut told = Told::new();
    told.take(&june(1, Some(1), nameless())).unwrap();
    assert_eq!(told.take(&june(2, Some(1), nameless())), Ok((0, 2)));
    let nameless = vec![booking(5, "-9.00", None), booking(6, "9.00", None)];
    let later = from("2024-06-11", "2024-06-12", statement(3, Some(2), "5.00", "5.00", nameless));
    assert_eq!(told.take(&later), Ok((2, 0)));
    let mut told = Told::new();
    told.take(&june(1, Some(1), lines())).unwrap();
    let others = vec![booking(3, "-9.00", Some(11)), booking(4, "9.00", Some(13))];
    assert_eq!(
        told.take(&from("2024-06-11", "2024-06-12", statement(4, Some(2), "5.00", "5.00", others))),
        Ok((2, 0))
    );
    // Whatever somebody would accept.
    let mut told = Told::new();
    let moved = |name| statement(name, None, "5.00", "-4.00", vec![booking(1, "-9.00", Some(11))]);
    told.take(&moved(1)).unwrap();
    assert_eq!(told.take(&Statement { gap_accepted: Some(text(3)), ..moved(2) }), Ok((0, 1)));
}

/// January after February, in whatever number: what is late is told by its days.
#[test]
fn a_late_statement_with_the_first_number_is_not_the_last() {
    let gap = |statement: Statement| Statement { gap_accepted: Some(text(3)), ..statement };
    let month = |number: u64, sequence, opening, closing, line| {
        let (first, last) = (format!("2024-0{number}-01"), format!("2024-0{number}-28"));
        from(&first, &last, statement(number, sequence, opening, closing, vec![line]))
    };
    for numbered in [true, false] {
        let number = |number: u64| numbered.then_some(number);
        let mut told = Told::new();
        told.take(&month(2, number(2), "9.00", "7.00", booking(1, "-2.00", None))).unwrap();
        let january = month(1, number(1), "10.00", "9.00", booking(2, "-1.00", None));
        let (code, said) = refused(&mut told, &january);
        assert_eq!(code, "statement-gap");
        assert!(
            said.contains(if numbered { "it is number 1, and number 2" } else { "it is about earlier days" }),
            "{said}"
        );
        told.take(&gap(january)).unwrap();
        assert_eq!(told.account.last.unwrap().closing, amount("7.00"));
        told.take(&month(3, number(3), "7.00", "4.00", booking(3, "-3.00", None))).unwrap();
    }
}

/// A line that equals another of the same day is no copy of it: what is missing is asked for, and nothing is lost.
#[test]
fn an_equal_line_of_another_statement_of_the_day_is_not_swallowed() {
    for number in [Some(3), None] {
        let mut told = Told::new();
        let fee = |line: u64| Booking {
            keys: LineKeys { shared: Some(key(7)), own: key(100 + line) },
            ..booking(line.into(), "-1.50", None)
        };
        let of_the_day =
            |statement| Statement { from: Some(day("2024-06-03")), to: Some(day("2024-06-03")), ..statement };
        told.take(&of_the_day(statement(1, number.map(|_| 1), "100.00", "98.50", vec![fee(1)]))).unwrap();
        let third = of_the_day(statement(3, number, "78.50", "77.00", vec![fee(3)]));
        assert_eq!(told.take(&third).unwrap_err().codes(), "statement-gap", "{number:?}");
        let accepted = Statement { gap_accepted: Some(text(9)), ..third };
        assert_eq!(told.take(&accepted).unwrap(), (1, 0), "{number:?}");
    }
}

/// An account that is emptied every day: each of its statements continues every other.
#[test]
fn an_export_of_more_days_of_an_emptied_account_brings_only_the_rest() {
    let mut told = Told::new();
    let on = |day| jiff::civil::date(2024, 6, day);
    let line = |number: u64, amount: &str, day| Booking {
        keys: LineKeys { shared: Some(key(number)), own: key(100 + number) },
        booked_on: on(day),
        ..booking(number.into(), amount, None)
    };
    let first = vec![line(1, "500.00", 3), line(2, "-500.00", 9)];
    let days =
        |from, to, statement: Statement| Statement { from: Some(on(from)), to: Some(on(to)), ..statement };
    told.take(&days(1, 15, statement(1, None, "0.00", "0.00", first.clone()))).unwrap();
    let more = [first, vec![line(3, "-30.00", 20)]].concat();
    assert_eq!(told.take(&days(1, 30, statement(2, None, "0.00", "-30.00", more))).unwrap(), (1, 2));
    assert_eq!(told.lines.len(), 3);
}

/// Five entries of an account, as the bank names and states them however often: their days of June and euros, from 100.
const ENTRIES: [(i8, i64); 5] = [(1, -5), (10, -60), (11, -7), (12, -60), (20, 3)];

/// A statement of some of these entries, about days of June.
fn of_entries(
    name: u64,
    sequence: Option<u64>,
    days: (i8, i8),
    entries: std::ops::Range<usize>,
) -> Statement {
    let on = |nth: i8| jiff::civil::date(2024, 6, nth);
    let until = |end: usize| 100 + ENTRIES[..end].iter().map(|(_, euros)| euros).sum::<i64>();
    let line = |at: usize| Booking {
        keys: LineKeys { shared: Some(key(500 + at as u64)), own: key(name * 100 + at as u64) },
        booked_on: on(ENTRIES[at].0),
        ..booking(u128::from(name) * 100 + at as u128, &ENTRIES[at].1.to_string(), None)
    };
    let (opening, closing) = (until(entries.start).to_string(), until(entries.end).to_string());
    let lines = entries.map(line).collect();
    let statement = statement(name, sequence, &opening, &closing, lines);
    Statement { from: Some(on(days.0)), to: Some(on(days.1)), ..statement }
}

/// The statement of one day that has one of these entries.
fn of_one(nth: usize, sequence: Option<u64>) -> Statement {
    let on = ENTRIES[nth].0;
    of_entries(nth as u64 + 1, sequence, (on, on), nth..nth + 1)
}

/// A bank that states the same entries by day and by month, each in a series of its own: every entry is booked once, and no
/// number is missed that is of the other series.
#[rstest]
#[case::days_numbered_month_not(true, None)]
#[case::both_numbered(true, Some(9))]
#[case::month_numbered_days_not(false, Some(9))]
#[case::none_numbered(false, None)]
fn entries_stated_by_day_and_by_month_are_booked_once(#[case] days: bool, #[case] month: Option<u64>) {
    let number = |nth: usize| days.then_some(nth as u64 + 1);
    let mut told = Told::new();
    for nth in 0..4 {
        assert_eq!(told.take(&of_one(nth, number(nth))), Ok((1, 0)));
    }
    assert_eq!(told.take(&of_entries(20, month, (1, 12), 0..4)), Ok((0, 4)), "the month after its days");
    assert_eq!(told.take(&of_entries(21, month, (1, 11), 0..3)), Ok((0, 3)), "some of its days");
    assert_eq!(told.take(&of_entries(22, month, (1, 30), 0..5)), Ok((1, 4)), "with one more");
    assert_eq!(told.take(&of_one(4, number(4))), Ok((0, 1)), "the day after the month");
    assert_eq!((told.lines.len(), told.sum()), (5, eur("-129.00")));

    let mut told = Told::new();
    assert_eq!(told.take(&of_entries(20, month, (1, 30), 0..5)), Ok((5, 0)));
    for nth in [0, 1, 3, 4] {
        let late = Statement { gap_accepted: Some(text(3)), ..of_one(nth, number(nth)) };
        assert_eq!(told.take(&late), Ok((0, 1)), "a day after its month, whatever somebody would accept");
    }
}

/// A statement without a new line of which nobody knew the last days: nothing was booked on them, and that is known then.
#[test]
fn a_statement_that_brings_nothing_tells_of_its_days() {
    let mut told = Told::new();
    for nth in 0..4 {
        told.take(&of_one(nth, Some(nth as u64 + 1))).unwrap();
    }
    let month = of_entries(20, Some(9), (1, 19), 0..4);
    assert_eq!(told.take(&month), Ok((0, 4)));
    assert_eq!(told.account.stated_until, Some(day("2024-06-19")));
    assert_eq!(told.account.last.unwrap().closing, amount("-32.00"));
    assert_eq!(told.take(&month), Ok((0, 4)), "and once more");
    assert_eq!(told.account.statements.len(), 5);
    assert_eq!(told.take(&of_one(4, Some(5))), Ok((1, 0)));
}

/// Somebody answers for a gap, not for lines that were there: exports in any order book every line once, and the account in
/// the books is what the bank says.
#[rstest]
#[case::later_first((10, 12, 1..4), (1, 11, 0..3))]
#[case::more_on_both_sides((10, 11, 1..3), (1, 20, 0..5))]
fn an_accepted_gap_takes_no_line_in_again(
    #[case] first: (i8, i8, std::ops::Range<usize>),
    #[case] second: (i8, i8, std::ops::Range<usize>),
    #[values(None, Some(1))] number: Option<u64>,
) {
    let mut books = Books::new();
    let entries = first.2.start.min(second.2.start)..first.2.end.max(second.2.end);
    let closing = 100 + ENTRIES[..entries.end].iter().map(|(_, euros)| euros).sum::<i64>();
    books.take(&of_entries(1, number, (first.0, first.1), first.2));
    let second = of_entries(2, number.map(|number| number + 8), (second.0, second.1), second.2);
    let (code, said) = refused(&mut books.told, &second);
    assert_eq!(code, "statement-gap");
    assert!(said.contains("(2 of its lines are known from other statements of these days"), "{said}");
    let second = Statement { gap_accepted: Some(text(3)), ..second };
    books.take(&second);
    assert_eq!(books.told.lines.len(), entries.len());
    assert_eq!(books.on("2024-06-30"), (format!("{closing}.00"), "-100.00".into()));
    assert_eq!(books.told.take(&second).unwrap().0, 0, "known now");
}

/// What a bank that exports any days has of an account: the day, the amount in cents, and what it says of it.
fn movement() -> impl Strategy<Value = (i8, i64, u8)> {
    (1_i8..12, prop_oneof![Just(-150_i64), Just(150), -500_i64..500], 0_u8..2)
}

proptest! {
    /// Exports of days that overlap, each later than the one before: every movement is booked once, equal ones of one day as
    /// often as the bank has them, and the account stands where the bank says.
    #[test]
    fn overlapping_exports_book_every_movement_once(
        mut movements in vec(movement(), 1..25),
        windows in vec((0_i8..6, 1_i8..5), 1..6),
    ) {
        movements.sort_by_key(|(day, ..)| *day);
        let on = |nth: i8| jiff::civil::date(2024, 6, nth);
        let sum_until = |until: i8| {
            let before = movements.iter().filter(|(day, ..)| *day < until);
            Amount::from(Eur::from_cents(before.map(|(_, cents, _)| cents).sum()))
        };
        let mut told = Told::new();
        let (mut end, mut line, mut name) = (1_i8, 0_u128, 100_u64);
        for (back, ahead) in windows {
            let (from, to) = ((end - back).max(1), (end + ahead).min(12));
            let mut equal = std::collections::BTreeMap::<(i8, i64, u8), u64>::new();
            let within = movements.iter().filter(|(day, ..)| (from..to).contains(day));
            let lines: Vec<Booking> = within.map(|movement @ (day, cents, words)| {
                let nth = equal.entry(*movement).or_default();
                *nth += 1;
                line += 1;
                let shared = key(u64::from(day.unsigned_abs()) << 48 | cents.unsigned_abs() << 24 | u64::from(*cents < 0) << 20 | u64::from(*words) << 16 | *nth);
                let keys = LineKeys { shared: Some(shared), own: key(1 << 60 | line as u64) };
                let amount = Eur::from_cents(*cents).into();
                Booking { keys, amount, booked_on: on(*day), ..booking(line, "1.00", None) }
            }).collect();
            name += 1;
            // A bank says of which days its export is, though nothing moved on some of them.
            let export = Statement {
                from: Some(on(from)),
                to: Some(on(to - 1)),
                opening: Some(sum_until(from)),
                closing: Some(sum_until(to)),
                ..statement(name, None, "0.00", "0.00", lines)
            };
            match told.take(&export) {
                Ok((new, known)) => prop_assert_eq!(new + known, export.lines.len() as u64),
                // Of one that continues and begins on the last day nothing says which it is.
                Err(refused) if refused.codes() == "statement-overlaps" => continue,
                Err(refused) => {
                    prop_assert_eq!(refused.codes(), "statement-gap");
                    // Only where no line proves the overlap.
                    prop_assert!(export.lines.is_empty() || to <= end || told.lines.iter().all(|known| known.booked.booked_on < on(from)));
                    continue;
                }
            }
            end = end.max(to);
        }
        let wanted = movements.iter().filter(|(day, ..)| *day < end).count();
        prop_assert_eq!(told.lines.len(), wanted);
        prop_assert_eq!(Amount::from(told.sum()), sum_until(end));
    }
}
