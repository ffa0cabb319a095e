//! The matrix of duties: who reports, decides first, decides second, proposes a payment, approves it and pays it; what one
//! person in two of these places comes to when the command is given, and what a log in which it happened is found to say.

use std::collections::BTreeMap;

use domain::case::CaseEvent;
use domain::claim::{
    Basis, BenefitReversalDropped, BenefitReversalProposed, BenefitReversalUndoProposed,
    BenefitReversalUndone, BenefitReversed, Cut,
};
use domain::duties::{Breach, Duties};
use domain::exception::{
    ExceptionId, ExceptionKind, ExceptionResolved, Resolution, Subject, WriteOffProposed,
};
use domain::ids::{DifferenceAccount, FileDigest};
use domain::ledger::RulebookAdopted;
use domain::partner::{
    FeeAccepted, FeeProposed, FeeReported, FeeReversalDropped, FeeReversalProposed, FeeReversed, PaidFor,
    PartnerEvent, PartnerPaidReversed, PartnerRegistered,
};
use domain::payment::{NewPayment, NewPaymentFile, PainVersion, standing, write_file};
use domain::reconciliation::{
    MatchUndone, MatchedItem, MatchedLine, PaymentMatched, ReconciliationEvent, Settled,
};
use domain::{
    CreditorReference, Event, FeeId, Holds, KeyDigest, LineId, Partner, PartnerCommand, PaymentCommand,
    PaymentFiles, PaymentId, Recorded, Refusal,
};
use event_log::StreamId;
use jiff::Timestamp;
use money::Amount;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

/// The six places, in the order in which they are taken.
const PLACES: [&str; 6] = ["reporter", "first", "second", "proposer", "approver", "payer"];

/// Six people, of whom the first acts for the partner.
fn people() -> [&'static str; 6] {
    ["asha@caritas", "anna", "berit", "clara", "dora", "eva"]
}

/// What each event was: the stream, who gave the command, and what happened.
pub type Log = Vec<(StreamId, String, Event)>;

/// A partner is met for the first time.
pub fn met(code: &str) -> (StreamId, String, Event) {
    let registered = PartnerRegistered { partner: partner(code) };
    (partner(code).stream(), "anna".to_owned(), Event::Partner(registered.into()))
}

/// One claim, from report to file. Answers with the log, or with who was refused what.
fn lived(people: [&str; 6]) -> Result<Log, (usize, Refusal)> {
    let [reporter, first, second, proposer, approver, payer] = people;
    let mut log: Log = Vec::new();
    let mut history = History::arrived_under(rules(), facts());
    let case = history.case().id;
    log.extend(["caritas", "ettc"].map(met));
    let mut note = |stream: &StreamId, by: &str, events: Vec<Event>| {
        log.extend(events.into_iter().map(|event| (stream.clone(), by.to_owned(), event)));
    };
    let given = |place| move |refusal| (place, refusal);
    let events = history.give(spend(1, "2024-04-01", "2500.00")).map_err(given(0))?;
    note(&case.stream(), reporter, events.into_iter().map(Event::Case).collect());
    for (place, name) in [(1, first), (2, second)] {
        let events = history.give(by(name, accept_by_name(1))).map_err(given(place))?;
        note(&case.stream(), name, events.into_iter().map(Event::Case).collect());
    }

    let caritas = partner("caritas");
    let mut known = Partner::evolve(None, &PartnerRegistered { partner: caritas.clone() }.into()).unwrap();
    let give = |known: &mut Partner, by: &str, command: PartnerCommand| {
        let events = domain::partner::decide(Some(known), &command, &who(by), rules())?;
        for event in &events {
            *known = Partner::evolve(Some(known.clone()), event).unwrap();
        }
        Ok::<Vec<PartnerEvent>, Refusal>(events)
    };
    let digest = KeyDigest([1; 32]);
    let details = PartnerCommand::ProposeDetails { details: text(1), digest, proposed_by: actor("frida") };
    give(&mut known, "frida", details).unwrap();
    give(&mut known, "gerd", PartnerCommand::ApproveDetails { details: text(1), approved_by: actor("gerd") })
        .unwrap();

    let today = day("2024-07-10");
    let stand =
        |known: &Partner| standing(known, [history.case()], &Holds::default(), rules(), today).unwrap();
    let payment = PaymentId(Uuid::from_u128(9));
    let new = NewPayment {
        payment,
        reference: CreditorReference::from_random(9),
        period: None,
        keep_advance: false,
        standing: stand(&known),
    };
    let propose = PartnerCommand::Payment(PaymentCommand::Propose(new));
    let events = give(&mut known, proposer, propose).map_err(given(3))?;
    note(&caritas.stream(), proposer, events.into_iter().map(Event::Partner).collect());
    let approve = PaymentCommand::Approve { payment, standing: stand(&known) };
    let events = give(&mut known, approver, PartnerCommand::Payment(approve)).map_err(given(4))?;
    note(&caritas.stream(), approver, events.into_iter().map(Event::Partner).collect());

    let new = NewPaymentFile {
        message: Uuid::from_u128(7),
        version: PainVersion::V03,
        created_at: Timestamp::UNIX_EPOCH,
        today,
        execute_on: today,
        debtor: text(2),
        payments: vec![(caritas.clone(), payment)],
        sha256: FileDigest([3; 32]),
    };
    let partners = BTreeMap::from([(caritas.clone(), (&known, stand(&known)))]);
    let written = write_file(&PaymentFiles::default(), &partners, &new, &who(payer)).map_err(given(5))?;
    note(&domain::payment::stream(), payer, vec![Event::PaymentFile(written.0.into())]);
    let instructed = written.1.into_iter().map(|(_, event)| Event::Partner(event.into())).collect();
    note(&caritas.stream(), payer, instructed);
    Ok(log)
}

/// Everything that is found in a log, but for names: in a forged one they may fit or not.
pub fn found(log: Log) -> Vec<Breach> {
    let limits = BTreeMap::from([(rules().version().to_owned(), rules().parameters().second_approval_from)]);
    let mut duties = Duties::under(limits);
    let mut breaches = Vec::new();
    for (position, (stream_id, actor, event)) in (1..).zip(log) {
        let command_id = Uuid::from_u128(position.into());
        let recorded = Recorded {
            position,
            stream_id,
            stream_version: position,
            command_id,
            actor,
            recorded_at: 0,
            event,
        };
        breaches.extend(duties.observe(&recorded).into_iter().map(|violation| violation.breach));
    }
    breaches
}

/// The log of six people, as if the one in a place had been somebody else.
fn forged(place: usize, name: &str) -> Log {
    let mut log = lived(people()).unwrap();
    let before = people()[place];
    for (_, by, _) in log.iter_mut().filter(|(_, by, _)| *by == before) {
        *by = name.to_owned();
    }
    log
}

/// Every pair of places that one person takes: how the later command is refused, and what a log says in which it was not.
#[rstest]
#[case("reporter", "first", "acts-for-partner", "acts-for-partner")]
#[case("reporter", "second", "acts-for-partner", "acts-for-partner")]
#[case("reporter", "proposer", "acts-for-partner", "acts-for-partner")]
#[case("reporter", "approver", "acts-for-partner", "acts-for-partner")]
#[case("reporter", "payer", "acts-for-partner", "acts-for-partner")]
#[case("first", "second", "second-person-needed", "same-person")]
#[case("first", "proposer", "", "")]
#[case("first", "approver", "", "")]
#[case("first", "payer", "", "")]
#[case("second", "proposer", "", "")]
#[case("second", "approver", "", "")]
#[case("second", "payer", "", "")]
#[case("proposer", "approver", "same-person", "same-person")]
#[case("proposer", "payer", "", "")]
#[case("approver", "payer", "same-person", "approver-pays")]
fn one_person_in_two_places(
    #[case] one: &str,
    #[case] other: &str,
    #[case] refused: &str,
    #[case] breach: &str,
) {
    let place = |name: &str| PLACES.iter().position(|place| *place == name).unwrap();
    let (one, other) = (place(one), place(other));
    let mut names = people();
    names[other] = names[one];
    let outcome = lived(names).map(|_| ()).map_err(|(at, refusal)| (at, refusal.codes()));
    let expected = if refused.is_empty() { Ok(()) } else { Err((other, refused.to_owned())) };
    assert_eq!(outcome, expected);

    let mut breaches: Vec<&str> = found(forged(other, people()[one])).into_iter().map(Breach::code).collect();
    breaches.retain(|breach| *breach != "another-name");
    breaches.dedup();
    let expected: Vec<&str> = if breach.is_empty() { Vec::new() } else { vec![breach] };
    assert_eq!(breaches, expected);
}

/// Whoever acts for another partner is in none of the places but the reporter's.
#[rstest]
#[case("first")]
#[case("second")]
#[case("proposer")]
#[case("approver")]
#[case("payer")]
fn who_acts_for_another_partner_decides_nothing(#[case] place: &str) {
    let place = PLACES.iter().position(|name| *name == place).unwrap();
    let mut names = people();
    names[place] = "omar@ettc";
    let outcome = lived(names).map(|_| ()).map_err(|(at, refusal)| (at, refusal.codes()));
    assert_eq!(outcome, Err((place, "acts-for-partner".to_owned())));
    let mut breaches = found(forged(place, "omar@ettc"));
    breaches.retain(|breach| *breach != Breach::AnotherName);
    breaches.dedup();
    assert_eq!(breaches, [Breach::ActsForPartner]);
    // Where nobody has registered what the name names, it is a name like others.
    let mut breaches = found(forged(place, "omar@agency"));
    breaches.retain(|breach| *breach != Breach::AnotherName);
    assert_eq!(breaches, []);
}

/// The table above has every pair once.
#[test]
fn there_are_fifteen_pairs_and_six_people_breach_nothing() {
    assert_eq!(PLACES.len() * (PLACES.len() - 1) / 2, 15);
    assert!(found(lived(people()).unwrap()).is_empty());
}

/// Whoever gave the command must be who the event names: of each event that names somebody.
#[rstest]
#[case("first")]
#[case("proposer")]
#[case("approver")]
#[case("payer")]
fn an_event_that_names_another_person_is_found(#[case] place: &str) {
    let at = PLACES.iter().position(|name| *name == place).unwrap();
    let expected = if place == "payer" { 2 } else { 1 };
    assert_eq!(found(forged(at, "hedda")), vec![Breach::AnotherName; expected]);
}

/// A match of a payment to Caritas that is taken back, and a write-off that two people agreed on.
fn reconciled(matcher: &str, undoer: &str, first: &str, second: &str) -> Log {
    let payment = PaymentId(Uuid::from_u128(9));
    let item = MatchedItem {
        of: Settled::PaidOutside { partner: partner("caritas"), payment },
        amount: eur("-1.00").into(),
    };
    let line = |number| LineId(Uuid::from_u128(number));
    let exception = ExceptionId { kind: ExceptionKind::NoMatch, about: Subject::Line { line: line(2) } };
    let account: DifferenceAccount = "bank-fees".parse().unwrap();
    let amount = Amount::from(eur("-75.00"));
    let matched = PaymentMatched {
        number: 1,
        rule: "by-hand".into(),
        rules: "1".into(),
        why: String::new(),
        lines: vec![MatchedLine { line: line(1), amount: eur("-1.00").into() }],
        items: vec![item],
        residual: None,
        alone_max: None,
        by: actor(matcher),
    };
    let proposed = WriteOffProposed {
        exception: exception.clone(),
        amount,
        account: account.clone(),
        alone_max: eur("50.00"),
        reason: text(1),
        by: actor(first),
    };
    let how = Resolution::WrittenOff { account };
    let (alone_max, reason) = (Some(eur("50.00")), text(1));
    let resolved = ExceptionResolved { exception, amount, how, alone_max, reason, by: actor(second) };
    let events: [(&str, ReconciliationEvent); 4] = [
        (matcher, matched.into()),
        (undoer, MatchUndone { number: 1, reason: text(1), by: actor(undoer) }.into()),
        (first, proposed.into()),
        (second, resolved.into()),
    ];
    let stream = domain::reconciliation::stream();
    let events = events.map(|(by, event)| (stream.clone(), by.to_owned(), Event::Reconciliation(event)));
    std::iter::once(met("caritas")).chain(events).collect()
}

#[rstest]
#[case(["anna", "berit", "anna", "berit"], &[])]
#[case(["anna", "anna", "anna", "berit"], &[])]
#[case(["asha@caritas", "berit", "anna", "berit"], &[Breach::ActsForPartner])]
#[case(["anna", "caritas", "anna", "berit"], &[Breach::ActsForPartner])]
#[case(["anna", "berit", "anna", "anna"], &[Breach::SamePerson])]
fn whoever_matches_their_own_partner_or_writes_off_alone_is_found(
    #[case] people: [&str; 4],
    #[case] wanted: &[Breach],
) {
    let [matcher, undoer, first, second] = people;
    assert_eq!(found(reconciled(matcher, undoer, first, second)), wanted);
    let mut forged = reconciled("anna", "berit", "anna", "berit");
    forged.iter_mut().for_each(|(_, by, _)| *by = "hedda".to_owned());
    // Another name each time, and one person for both halves of the write-off.
    assert_eq!(found(forged).len(), 5);
}

/// A payment that nobody approved, or nobody proposed, is found when it is paid or approved.
#[test]
fn a_step_that_is_missing_is_found() {
    let without = |missing: &str| {
        let mut log = lived(people()).unwrap();
        log.retain(|(.., event)| event.event_type() != missing);
        found(log)
    };
    assert_eq!(without("PaymentApproved"), [Breach::NoSecondPerson]);
    assert_eq!(without("PaymentProposed"), [Breach::NoSecondPerson, Breach::NoSecondPerson]);
}

/// Two people who want different amounts have not agreed, and what is cut below the limit takes one person.
#[rstest]
#[case::in_whole(None, &[])]
#[case::in_part(Some("2000.00"), &[])]
fn who_agrees_to_another_amount_is_found(#[case] at_most: Option<&str>, #[case] expected: &[Breach]) {
    let mut log: Log = Vec::new();
    let mut history = History::arrived_under(rules(), facts());
    let stream = history.case().id.stream();
    log.push(met("caritas"));
    let accepting = at_most.map_or_else(|| accept_by_name(1), |at_most| accept_at_most(1, at_most));
    let given = [("asha@caritas", Command::from(spend(1, "2024-04-01", "2500.00")))];
    let decided = ["anna", "bo"].map(|name| (name, by(name, accepting.clone())));
    for (name, command) in given.into_iter().chain(decided) {
        let events = history.done(command);
        log.extend(events.into_iter().map(|event| (stream.clone(), name.to_owned(), Event::Case(event))));
    }
    assert_eq!(found(log.clone()), expected);
    for (.., event) in &mut log {
        if let Event::Case(CaseEvent::ClaimAccepted(e)) = event {
            e.cut = Some(Cut { at_most: eur("2100.00"), details: text(12) });
            (e.eligible, e.disallowed) = (eur("2100.00"), eur("400.00"));
        }
    }
    assert_eq!(found(log.clone()), [Breach::NoSecondPerson]);
    log.retain(|(.., event)| event.event_type() != "ClaimProposed");
    assert_eq!(found(log.clone()), [Breach::NoSecondPerson], "2100.00 takes two people");
    for (.., event) in &mut log {
        if let Event::Case(CaseEvent::ClaimAccepted(e)) = event {
            e.cut = Some(Cut { at_most: eur("1999.99"), details: text(12) });
            (e.eligible, e.disallowed) = (eur("1999.99"), eur("500.01"));
        }
    }
    assert_eq!(found(log), [Breach::NoSecondPerson], "what is cut off counts too");
}

/// What is taken back of fees takes two people from the limit on, also in parts.
#[rstest]
#[case::little(&[("FeeReversed", "anna")], "1999.99", &[])]
#[case::two(&[("FeeReversalProposed", "anna"), ("FeeReversed", "bo")], "2000.00", &[])]
#[case::one_twice(&[("FeeReversalProposed", "anna"), ("FeeReversed", "anna")], "2000.00", &[Breach::SamePerson])]
#[case::one_alone(&[("FeeReversed", "anna")], "2000.00", &[Breach::NoSecondPerson])]
#[case::one_in_parts(&[("FeeReversed", "anna"), ("FeeReversed", "anna")], "1000.00", &[Breach::NoSecondPerson])]
#[case::another_amount(&[("FeeReversalProposed", "anna"), ("FeeReversed", "bo")], "2000.01", &[Breach::NoSecondPerson])]
#[case::dropped(&[("FeeReversalProposed", "anna"), ("FeeReversalDropped", "anna"), ("FeeReversed", "bo")], "2000.00", &[Breach::NoSecondPerson])]
#[case::a_partners_person(&[("FeeReversalProposed", "anna"), ("FeeReversed", "omar@ettc")], "2000.00", &[Breach::ActsForPartner])]
#[case::a_payment(&[("PartnerPaidReversed", "omar@ettc")], "5.00", &[Breach::ActsForPartner])]
fn who_takes_back_what_alone_is_found(
    #[case] steps: &[(&str, &str)],
    #[case] taken_back: &str,
    #[case] expected: &[Breach],
) {
    let version = rules().version().to_owned();
    let adopted =
        RulebookAdopted { version: version.clone(), sha256: FileDigest([0; 32]), document: String::new() };
    let mut log: Log = vec![
        (domain::ledger::stream(), "anna".to_owned(), Event::Ledger(adopted.into())),
        met("caritas"),
        met("ettc"),
    ];
    let (fee, payment) = (FeeId(Uuid::from_u128(1)), PaymentId(Uuid::from_u128(2)));
    let reported = FeeReported {
        fee,
        agreement: None,
        charged_on: day("2024-04-01"),
        amount: eur("2500.00").into(),
        exchange: None,
        eur: Some(eur("2500.00")),
        receipt_key: KeyDigest([1; 32]),
        receipt_sha256: None,
        details: text(5),
        file: None,
    };
    let second_approval_from = eur("2000.00");
    let proposed =
        FeeProposed { fee, proposed_by: actor("anna"), second_approval_from, rulebook: version.clone() };
    let by_partner: [(&str, PartnerEvent); 3] = [
        ("asha@caritas", reported.into()),
        ("anna", proposed.into()),
        ("bo", FeeAccepted { fee, eur: eur("2500.00") }.into()),
    ];
    let steps = steps.iter().map(|(what, name)| {
        let event: PartnerEvent = match *what {
            "FeeReversalProposed" => FeeReversalProposed {
                fee,
                eur: eur("2000.00"),
                reason: text(7),
                proposed_by: actor(name),
                second_approval_from,
                rulebook: version.clone(),
            }
            .into(),
            "FeeReversalDropped" => FeeReversalDropped { fee, reason: text(7) }.into(),
            "FeeReversed" => FeeReversed { fee, eur: eur(taken_back), reason: text(7) }.into(),
            _ => {
                let (paid_for, amount) = (PaidFor::Claims, eur("1.00"));
                PartnerPaidReversed { payment, paid_for, amount, reason: text(7) }.into()
            }
        };
        (*name, event)
    });
    for (name, event) in by_partner.into_iter().chain(steps) {
        log.push((partner("caritas").stream(), name.to_owned(), Event::Partner(event)));
    }
    assert_eq!(found(log), expected);
}

/// So does what is taken back of claims; but before version 3 of the event one person took back any amount.
#[rstest]
#[case::little(&[("BenefitReversed", "anna")], "1999.99", &[])]
#[case::two(&[("BenefitReversalProposed", "anna"), ("BenefitReversed", "bo")], "2000.00", &[])]
#[case::one_twice(&[("BenefitReversalProposed", "anna"), ("BenefitReversed", "anna")], "2000.00", &[Breach::SamePerson])]
#[case::one_alone(&[("BenefitReversed", "anna")], "2000.00", &[Breach::NoSecondPerson])]
#[case::one_long_ago(&[("as it was", "anna")], "2000.00", &[])]
#[case::one_in_parts(&[("BenefitReversed", "anna"), ("BenefitReversed", "anna")], "1000.00", &[Breach::NoSecondPerson])]
#[case::another_amount(&[("BenefitReversalProposed", "anna"), ("BenefitReversed", "bo")], "2000.01", &[Breach::NoSecondPerson])]
#[case::dropped(&[("BenefitReversalProposed", "anna"), ("BenefitReversalDropped", "anna"), ("BenefitReversed", "bo")], "2000.00", &[Breach::NoSecondPerson])]
#[case::a_partners_person(&[("BenefitReversalProposed", "anna"), ("BenefitReversed", "omar@ettc")], "2000.00", &[Breach::ActsForPartner])]
#[case::undone_by_two(&[("BenefitReversed", "anna"), ("BenefitReversalUndoProposed", "anna"), ("BenefitReversalUndone", "bo")], "10.00", &[])]
#[case::undone_by_one_twice(&[("BenefitReversed", "anna"), ("BenefitReversalUndoProposed", "anna"), ("BenefitReversalUndone", "anna")], "10.00", &[Breach::SamePerson])]
#[case::undone_by_one(&[("BenefitReversed", "anna"), ("BenefitReversalUndone", "anna")], "10.00", &[Breach::NoSecondPerson])]
#[case::undone_after_it_was_dropped(&[("BenefitReversed", "anna"), ("BenefitReversalUndoProposed", "anna"), ("BenefitReversalDropped", "bo"), ("BenefitReversalUndone", "bo")], "10.00", &[Breach::NoSecondPerson])]
#[case::undone_by_a_partners_person(&[("BenefitReversed", "anna"), ("BenefitReversalUndoProposed", "anna"), ("BenefitReversalUndone", "omar@ettc")], "10.00", &[Breach::ActsForPartner])]
fn who_takes_back_spend_alone_is_found(
    #[case] steps: &[(&str, &str)],
    #[case] taken_back: &str,
    #[case] expected: &[Breach],
) {
    let mut log: Log = vec![met("caritas"), met("ettc")];
    let mut history = History::arrived_under(rules(), facts());
    let stream = history.case().id.stream();
    let given = [("asha@caritas", Command::from(spend(1, "2024-04-01", "2500.00")))];
    let decided = ["anna", "bo"].map(|name| (name, by(name, accept_by_name(1))));
    for (name, command) in given.into_iter().chain(decided) {
        let events = history.done(command);
        log.extend(events.into_iter().map(|event| (stream.clone(), name.to_owned(), Event::Case(event))));
    }
    let version = rules().version().to_owned();
    for (what, name) in steps {
        let event: CaseEvent = match *what {
            "BenefitReversalProposed" => BenefitReversalProposed {
                claim: claim(1),
                amount: eur("2000.00"),
                original: None,
                reversed_on: day("2024-06-01"),
                details: text(7),
                proposed_by: actor(name),
                second_approval_from: eur("2000.00"),
                rulebook: version.clone(),
            }
            .into(),
            "BenefitReversalDropped" => BenefitReversalDropped { claim: claim(1), details: text(7) }.into(),
            "BenefitReversalUndoProposed" => BenefitReversalUndoProposed {
                claim: claim(1),
                reversal_key: KeyDigest([7; 32]),
                amount: eur(taken_back),
                reversed_on: day("2024-06-01"),
                details: text(7),
                proposed_by: actor(name),
                second_approval_from: eur("2000.00"),
                rulebook: version.clone(),
            }
            .into(),
            "BenefitReversalUndone" => BenefitReversalUndone {
                claim: claim(1),
                budget_line: SUPPORT.into(),
                reversal_key: KeyDigest([7; 32]),
                amount: eur(taken_back),
                reversed_on: day("2024-06-01"),
                details: text(7),
                basis: Basis {
                    rulebook: version.clone(),
                    rule_id: None,
                    cap: eur("3000.00"),
                    disbursed: eur("0.00"),
                    partner: None,
                    arrived_on: None,
                },
            }
            .into(),
            what => BenefitReversed {
                claim: claim(1),
                budget_line: SUPPORT.into(),
                amount: eur(taken_back),
                original: None,
                reversed_on: day("2024-06-01"),
                reversal_key: KeyDigest([7; 32]),
                details: text(7),
                rulebook: (what == "BenefitReversed").then(|| version.clone()),
            }
            .into(),
        };
        log.push((stream.clone(), (*name).to_owned(), Event::Case(event)));
    }
    assert_eq!(found(log), expected);
}

/// Whoever accepts alone what somebody else had refused is found, however small it is.
#[test]
fn who_overrides_a_refusal_alone_is_found() {
    let mut history = History::arrived_under(rules(), facts());
    history.done(spend(1, "2024-04-01", "10.00"));
    for (name, command) in [("anna", refuse(1)), ("bo", reopen(1)), ("bo", accept(1)), ("anna", accept(1))] {
        history.done(by(name, command));
    }
    let stream = history.case().id.stream();
    let log = |is_there: fn(&CaseEvent) -> bool| -> Log {
        let events = history.events.iter().filter(|event| is_there(event));
        let entry = |event: &CaseEvent| {
            let proposed = matches!(event, CaseEvent::ClaimProposed(_));
            (stream.clone(), if proposed { "bo" } else { "anna" }.to_owned(), Event::Case(event.clone()))
        };
        events.map(entry).collect()
    };
    assert_eq!(found(log(|_| true)), []);
    assert_eq!(found(log(|event| !matches!(event, CaseEvent::ClaimProposed(_)))), [Breach::NoSecondPerson]);
}
