//! Partners: names, agreements, payment details with two people, fees.

use domain::partner::{
    AccountNumber, Agreement, BasisPoints, Bic, FeeConverted, FeeState, FeeTerms, Iban, PartnerEvent,
    ReportedFee, decide,
};
use domain::rates::{Quote, RateSource};
use domain::{By, FeeId, KeyDigest, Partner, PartnerCommand};
use money::{Amount, Locale};
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

/// A partner being told what happens to it.
pub struct Told(pub Option<Partner>);

impl Told {
    pub fn registered() -> Self {
        let mut told = Self(None);
        told.done(register("Caritas Armenia"));
        told
    }

    pub fn partner(&self) -> &Partner {
        self.0.as_ref().unwrap()
    }

    pub fn done(&mut self, given: impl Into<Given>) -> Vec<PartnerEvent> {
        let Given(command, by) = given.into();
        let events = decide(self.0.as_ref(), &command, &by, rules());
        let events = events.unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
        for event in &events {
            self.0 = Some(Partner::evolve(self.0.take(), event).unwrap());
        }
        events
    }

    pub fn refused(&self, given: impl Into<Given>) -> String {
        let Given(command, by) = given.into();
        match decide(self.0.as_ref(), &command, &by, rules()) {
            Err(refusal) => refusal.codes(),
            Ok(events) => panic!("{command:?} was not refused: {events:?}"),
        }
    }
}

pub fn register(name: &str) -> PartnerCommand {
    PartnerCommand::Register { partner: partner("caritas"), name: name.parse().unwrap() }
}

pub fn agreement(countries: &[&str], from: &str, until: Option<&str>) -> Agreement {
    Agreement {
        programme: "jrs".into(),
        countries: countries.iter().map(|code| code.parse().unwrap()).collect(),
        valid_from: day(from),
        valid_until: until.map(day),
        fee: None,
    }
}

pub fn sign(code: &str, terms: Agreement) -> PartnerCommand {
    PartnerCommand::Sign { agreement: code.parse().unwrap(), terms }
}

pub fn end(code: &str, on: &str) -> PartnerCommand {
    PartnerCommand::End { agreement: code.parse().unwrap(), ended_on: day(on) }
}

fn propose(number: u8, actor: &str) -> PartnerCommand {
    PartnerCommand::ProposeDetails {
        details: text(number),
        digest: KeyDigest([number; 32]),
        proposed_by: actor.parse().unwrap(),
    }
}

/// Approves what was proposed with this number.
fn approve_details(number: u8, actor: &str) -> PartnerCommand {
    PartnerCommand::ApproveDetails { details: text(number), approved_by: actor.parse().unwrap() }
}

fn reject_details() -> PartnerCommand {
    PartnerCommand::RejectDetails { reason: text(9) }
}

pub fn fee(number: u128, on: &str, amount: Amount) -> ReportedFee {
    ReportedFee {
        fee: FeeId(Uuid::from_u128(number)),
        charged_on: day(on),
        reported_on: day(on),
        amount,
        quote: None,
        receipt_key: KeyDigest([number as u8; 32]),
        receipt_sha256: None,
        details: text(5),
        file: None,
    }
}

/// A command, and who gives it.
pub struct Given(pub PartnerCommand, pub By);

impl From<PartnerCommand> for Given {
    fn from(command: PartnerCommand) -> Self {
        let by = match &command {
            PartnerCommand::ApproveDetails { approved_by, .. } => who(approved_by.as_str()),
            PartnerCommand::ProposeDetails { proposed_by, .. } => who(proposed_by.as_str()),
            _ => who("finance"),
        };
        Self(command, by)
    }
}

pub fn accept_fee(number: u128, name: &str) -> Given {
    Given(PartnerCommand::AcceptFee { fee: FeeId(Uuid::from_u128(number)) }, who(name))
}

pub fn refuse_fee(number: u128, name: &str) -> Given {
    Given(PartnerCommand::RefuseFee { fee: FeeId(Uuid::from_u128(number)), reason: text(6) }, who(name))
}

fn dinars(sum: &str) -> Amount {
    Amount::parse(sum, "IQD".parse().unwrap(), Locale::Strict).unwrap()
}

#[test]
fn a_partner_that_an_import_met_gets_its_name_once() {
    let met = domain::partner::PartnerRegistered { partner: partner("caritas") };
    let mut told = Told(Some(Partner::evolve(None, &met.into()).unwrap()));
    let events = told.done(register("Caritas Armenia"));
    assert!(matches!(events.as_slice(), [PartnerEvent::PartnerNamed(_)]));
    assert_eq!(told.refused(register("Caritas")), "already-registered");
    let rename = |name: &str| PartnerCommand::Rename { name: name.parse().unwrap() };
    assert_eq!(told.refused(rename("Caritas Armenia")), "no-change");
    told.done(rename("Caritas"));
    assert_eq!(told.partner().name.as_ref().unwrap().as_str(), "Caritas");
    assert_eq!(Told(None).refused(rename("Caritas")), "unknown-partner");
}

#[rstest]
#[case::open_ends(agreement(&["AM"], "2025-01-01", None), "agreements-overlap")]
#[case::one_same_country(agreement(&["GM", "AM"], "2024-12-31", Some("2025-12-31")), "agreements-overlap")]
#[case::inside(agreement(&["AM"], "2024-03-01", Some("2024-03-01")), "agreements-overlap")]
#[case::around(agreement(&["AM"], "2023-01-01", Some("2025-12-31")), "agreements-overlap")]
#[case::unknown_programme(Agreement { programme: "jrs2".into(), ..agreement(&["GM"], "2024-01-01", None) }, "unknown-programme")]
#[case::unknown_country(agreement(&["GM", "SE"], "2024-01-01", None), "unknown-country")]
#[case::no_country(agreement(&[], "2024-01-01", None), "no-country")]
#[case::ends_first(agreement(&["GM"], "2024-01-02", Some("2024-01-01")), "ends-before-it-begins")]
#[case::a_fee_of_nothing(Agreement { fee: Some(FeeTerms::PerCase(eur("0.00"))), ..agreement(&["GM"], "2024-01-01", None) }, "not-positive")]
fn an_agreement_that_cannot_be_is_refused(#[case] terms: Agreement, #[case] id: &str) {
    let mut told = Told::registered();
    told.done(sign("2024", agreement(&["AM", "ET"], "2024-01-01", Some("2024-12-31"))));
    told.done(sign("open", agreement(&["AM"], "2026-01-01", None)));
    assert_eq!(told.refused(sign("new", terms)), id);
}

#[test]
fn agreements_beside_each_other_are_signed_and_end_early_once() {
    let mut told = Told::registered();
    told.done(sign("2024", agreement(&["AM"], "2024-01-01", Some("2024-12-31"))));
    assert_eq!(told.refused(sign("2024", agreement(&["GM"], "2024-01-01", None))), "agreement-code-used");
    told.done(sign("2025", agreement(&["AM"], "2025-01-01", None)));
    told.done(sign("gm", agreement(&["GM"], "2024-01-01", None)));
    let amira = Agreement { programme: "amira2".into(), ..agreement(&["AM"], "2024-01-01", None) };
    told.done(sign("amira", amira));
    assert_eq!(told.refused(end("2023", "2024-06-30")), "unknown-agreement");
    assert_eq!(told.refused(end("2024", "2023-12-31")), "ends-before-it-begins");
    assert_eq!(told.refused(end("2024", "2024-12-31")), "ends-already");
    told.done(end("2024", "2024-06-30"));
    assert_eq!(told.refused(end("2024", "2024-07-31")), "ends-already");
    // The days that became free can be agreed anew.
    told.done(sign("2024-b", agreement(&["AM"], "2024-07-01", Some("2024-12-31"))));
    told.done(end("2025", "2025-06-30"));
}

/// An agreement covers its programme, its countries and its days; without any there is nothing to be outside of.
#[rstest]
#[case("jrs", "AM", "2024-01-01", false)]
#[case("jrs", "AM", "2024-12-31", false)]
#[case("jrs", "ET", "2024-06-30", false)]
#[case("jrs", "AM", "2023-12-31", true)]
#[case("jrs", "AM", "2025-01-01", true)]
#[case("jrs", "GM", "2024-06-30", true)]
#[case("amira2", "AM", "2024-06-30", true)]
#[case("amira2", "GM", "2024-06-30", false)]
fn spend_is_inside_an_agreement_or_outside_of_all(
    #[case] programme: &str,
    #[case] country: &str,
    #[case] on: &str,
    #[case] outside: bool,
) {
    let mut told = Told::registered();
    let is_outside =
        |told: &Told| told.partner().is_outside_agreements(programme, country.parse().unwrap(), day(on));
    assert!(!is_outside(&told));
    told.done(sign("2024", agreement(&["AM", "ET"], "2024-01-01", Some("2024-12-31"))));
    told.done(sign(
        "amira",
        Agreement { programme: "amira2".into(), ..agreement(&["GM"], "2024-01-01", None) },
    ));
    assert_eq!(is_outside(&told), outside);
}

#[test]
fn payment_details_come_into_force_when_another_person_approves() {
    let mut told = Told::registered();
    assert_eq!(told.refused(approve_details(1, "berit")), "nothing-proposed");
    told.done(propose(1, "anna"));
    assert_eq!(told.refused(propose(1, "anna")), "already-proposed");
    assert_eq!(told.refused(approve_details(1, "anna")), "same-person");
    assert_eq!(told.refused(approve_details(1, "asha@caritas")), "acts-for-partner");
    assert_eq!(told.partner().details, None);
    told.done(approve_details(1, "berit"));
    assert_eq!(told.partner().details.as_ref().unwrap().details, text(1));
    assert_eq!(told.refused(propose(1, "anna")), "no-change");
    // Until the next ones are approved, the old ones stay in force; rejected ones never are.
    told.done(propose(2, "berit"));
    assert_eq!(told.partner().details.as_ref().unwrap().details, text(1));
    told.done(reject_details());
    assert_eq!(told.refused(approve_details(2, "anna")), "nothing-proposed");
    assert_eq!(told.refused(reject_details()), "nothing-proposed");
    // Whoever proposes others takes the place of the proposer.
    told.done(propose(2, "anna"));
    told.done(propose(3, "berit"));
    assert_eq!(told.refused(approve_details(3, "berit")), "same-person");
    told.done(approve_details(3, "anna"));
    assert_eq!(told.partner().details.as_ref().unwrap().details, text(3));
}

/// Whoever approves has looked at one account, and approves no other that was put in its place.
#[test]
fn an_account_that_took_the_place_of_the_one_looked_at_is_not_approved() {
    let mut told = Told::registered();
    told.done(propose(1, "anna"));
    told.done(propose(2, "anna"));
    let Given(command, by) = approve_details(1, "berit").into();
    let refusal = decide(told.0.as_ref(), &command, &by, rules()).unwrap_err();
    assert_eq!(refusal.codes(), "another-proposal");
    assert!(refusal.reasons[0].detail.starts_with("anna proposed other"), "{refusal}");
    assert_eq!(told.partner().details, None);
    // The same account proposed again is looked at again.
    told.done(propose(3, "anna"));
    assert_eq!(told.refused(approve_details(2, "berit")), "another-proposal");
    told.done(approve_details(3, "berit"));
}

#[test]
fn a_fee_is_charged_under_the_agreement_with_fee_terms_on_its_day() {
    let mut told = Told::registered();
    let percent = Some(FeeTerms::Percent("7.5".parse().unwrap()));
    told.done(sign("a-none", agreement(&["AM"], "2024-01-01", None)));
    let charging = Agreement { fee: percent, ..agreement(&["GM"], "2024-02-01", Some("2024-02-29")) };
    told.done(sign("b-fee", charging));
    let of = |told: &mut Told, number, on: &str| {
        told.done(PartnerCommand::ReportFee(fee(number, on, eur("450.00").into())));
        let fee = &told.partner().fees[&FeeId(Uuid::from_u128(number))];
        fee.agreement.as_ref().map(|code| code.as_str().to_owned())
    };
    assert_eq!(of(&mut told, 1, "2024-01-31"), None);
    assert_eq!(of(&mut told, 2, "2024-02-01").as_deref(), Some("b-fee"));
    assert_eq!(of(&mut told, 3, "2024-02-29").as_deref(), Some("b-fee"));
    assert_eq!(of(&mut told, 4, "2024-03-01"), None);
}

#[test]
fn a_fee_is_decided_once() {
    let mut told = Told::registered();
    for number in [1, 2] {
        told.done(PartnerCommand::ReportFee(fee(number, "2024-02-01", eur("450.00").into())));
    }
    let again = PartnerCommand::ReportFee(fee(1, "2024-02-01", eur("450.00").into()));
    assert_eq!(told.refused(again), "already-reported");
    for own in ["caritas", "asha@caritas"] {
        assert_eq!(told.refused(accept_fee(1, own)), "acts-for-partner");
        assert_eq!(told.refused(refuse_fee(1, own)), "acts-for-partner");
    }
    told.done(accept_fee(1, "anna"));
    told.done(refuse_fee(2, "anna"));
    for number in [1, 2] {
        assert_eq!(told.refused(accept_fee(number, "anna")), "already-decided");
        assert_eq!(told.refused(refuse_fee(number, "anna")), "already-decided");
    }
    assert_eq!(told.refused(accept_fee(3, "anna")), "unknown-fee");
    let states: Vec<FeeState> = told.partner().fees.values().map(|fee| fee.state).collect();
    assert_eq!(states, [FeeState::Accepted, FeeState::Refused]);
}

#[test]
fn a_fee_in_another_currency_takes_the_rate_that_values_spend() {
    let mut told = Told::registered();
    let quote = |day_: &str| Quote {
        source: RateSource::InforEuro,
        rate_date: day(day_),
        rate: "1385.7992".parse().unwrap(),
        version: 1,
    };
    let charged = fee(1, "2024-06-30", dinars("1500000.000"));
    let later = ReportedFee { quote: Some(quote("2024-07-01")), ..charged.clone() };
    assert_eq!(told.refused(PartnerCommand::ReportFee(later)), "wrong-rate");
    told.done(PartnerCommand::ReportFee(ReportedFee { quote: Some(quote("2024-06-01")), ..charged }));
    let fee = told.partner().fees.values().next().unwrap();
    let valued = (fee.eur, fee.exchange.as_ref().unwrap().quote);
    assert_eq!(valued, (Some(eur("1082.41")), Some(quote("2024-06-01"))));
}

/// Without its rate a fee waits, like spend: it is not decided, and converted once, at the rate it was reported for.
#[test]
fn a_fee_without_its_rate_waits() {
    let mut told = Told::registered();
    let quote = |rate: &str, day_: &str| Quote {
        source: RateSource::InforEuro,
        rate_date: day(day_),
        rate: rate.parse().unwrap(),
        version: 1,
    };
    let convert =
        |number: u128, quote| PartnerCommand::ConvertFee { fee: FeeId(Uuid::from_u128(number)), quote };
    let state = |told: &Told, number: u128| {
        let fee = &told.partner().fees[&FeeId(Uuid::from_u128(number))];
        (fee.state, fee.eur)
    };
    for (number, sum) in [(1, "1500000.000"), (2, "4.999"), (3, "4000000.000")] {
        told.done(PartnerCommand::ReportFee(fee(number, "2024-06-30", dinars(sum))));
        assert_eq!(state(&told, number), (FeeState::WaitingForRate, None));
        assert_eq!(told.refused(accept_fee(number, "anna")), "waiting-for-rate");
    }
    assert_eq!(told.refused(convert(1, quote("1385.7992", "2024-07-01"))), "wrong-rate");
    assert_eq!(told.refused(convert(2, quote("1385.7992", "2024-06-01"))), "worth-nothing");
    assert_eq!(told.refused(convert(4, quote("1385.7992", "2024-06-01"))), "unknown-fee");
    // Whoever imports the rate decides nothing.
    told.done(Given(convert(1, quote("1385.7992", "2024-06-01")), who("asha@caritas")));
    assert_eq!(state(&told, 1), (FeeState::Reported, Some(eur("1082.41"))));
    assert_eq!(told.refused(convert(1, quote("1385.7992", "2024-06-01"))), "not-waiting");
    told.done(accept_fee(1, "anna"));
    // What is worth nothing is refused by a person; what is large takes two.
    told.done(refuse_fee(2, "anna"));
    assert_eq!(told.refused(convert(2, quote("1", "2024-06-01"))), "not-waiting");
    told.done(convert(3, quote("1385.7992", "2024-06-01")));
    told.done(accept_fee(3, "anna"));
    assert_eq!(state(&told, 3), (FeeState::Proposed, Some(eur("2886.42"))));
}

#[test]
fn a_conversion_of_a_fee_that_does_not_wait_is_damage() {
    let mut told = Told::registered();
    told.done(PartnerCommand::ReportFee(fee(1, "2024-06-30", eur("10.00").into())));
    let quote = Quote {
        source: RateSource::InforEuro,
        rate_date: day("2024-06-01"),
        rate: "2".parse().unwrap(),
        version: 1,
    };
    let converted = FeeConverted { fee: FeeId(Uuid::from_u128(1)), quote, eur: eur("5.00") };
    assert!(Partner::evolve(told.0.take(), &converted.into()).is_err());
}

#[rstest]
#[case::sweden("SE35 5000 0000 0549 1000 0003", "SE3550000000054910000003")]
#[case::small_letters("gb82 west 1234 5698 7654 32", "GB82WEST12345698765432")]
#[case::iraq("IQ98NBIQ850123456789012", "IQ98NBIQ850123456789012")]
fn an_iban_is_read_as_people_type_it(#[case] typed: &str, #[case] kept: &str) {
    assert_eq!(typed.parse::<Iban>().unwrap().to_string(), kept);
}

#[rstest]
#[case::one_digit_wrong("SE35 5000 0000 0549 1000 0004", "the check digits")]
#[case::two_swapped("SE35 5000 0000 0549 0100 0003", "the check digits")]
#[case::a_character_missing("SE35 5000 0000 0549 1000 000", "the check digits")]
#[case::another_character("SE35-5000", "an IBAN is")]
#[case::nothing("", "an IBAN is")]
fn a_mistyped_iban_is_refused(#[case] typed: &str, #[case] says: &str) {
    let error = typed.parse::<Iban>().unwrap_err().to_string();
    assert!(error.starts_with(says), "{error}");
}

/// Right check digits are not enough: the country must use such numbers, of this length.
#[test]
fn an_iban_that_its_country_does_not_have_is_refused() {
    let with_check = |country: &str, rest: &str| {
        let digits: String =
            format!("{rest}{country}00").chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
        let remainder = digits.bytes().fold(0_u32, |r, d| (r * 10 + u32::from(d - b'0')) % 97);
        format!("{country}{:02}{rest}", 98 - remainder)
    };
    let ethiopia = with_check("ET", "000012345678").parse::<Iban>().unwrap_err().to_string();
    assert!(ethiopia.contains("--account"), "{ethiopia}");
    let short = with_check("SE", "5000000005491").parse::<Iban>().unwrap_err().to_string();
    assert!(short.contains("another length or form"), "{short}");
}

#[test]
fn codes_of_banks_and_numbers_of_accounts_are_of_their_form() {
    for good in ["ESSESESS", "essesess", "ESSESESSXXX"] {
        assert!(good.parse::<Bic>().is_ok(), "{good}");
    }
    for bad in ["", "ESSES", "ESSE5ESS", "ESSESESSX", "ESSE ESS"] {
        assert!(bad.parse::<Bic>().is_err(), "{bad}");
    }
    for good in ["0012-44871", "AC 00.12/9"] {
        assert!(good.parse::<AccountNumber>().is_ok(), "{good}");
    }
    for bad in ["", "12345", " 123456", "123456 ", "12345\n6", "1234567890123456789012345678901234567"] {
        assert!(bad.parse::<AccountNumber>().is_err(), "{bad}");
    }
}

#[test]
fn a_share_is_exact_and_written_in_percent() {
    for (written, points, shown) in [
        ("7.5", 750, "7.5"),
        ("0.01", 1, "0.01"),
        ("100", 10_000, "100"),
        ("7.05", 705, "7.05"),
        ("7.50", 750, "7.5"),
    ] {
        let share: BasisPoints = written.parse().unwrap();
        assert_eq!((u16::from(share), share.to_string().as_str()), (points, shown), "{written}");
    }
    for bad in ["", "0", "0.00", "100.01", "7,5", "7.555", "-1", "+1", "7.", ".5", "1e1", "0000"] {
        assert!(bad.parse::<BasisPoints>().is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_share_is_read_as_it_is_shown(points in 1_u16..=10_000) {
        let share = BasisPoints::try_from(points).unwrap();
        prop_assert_eq!(share.to_string().parse::<BasisPoints>().unwrap(), share);
    }

    /// Whoever proposes and approves in whatever order: what is in force was approved by another than its proposer.
    #[test]
    fn nothing_comes_into_force_by_one_person(steps in prop::collection::vec((0_u8..3, 1_u8..4, 0_usize..2), 0..30)) {
        let people = ["anna", "berit"];
        let mut told = Told::registered();
        let mut proposers: Vec<(u8, &str)> = Vec::new();
        for (what, number, who) in steps {
            let command = match what {
                0 => propose(number, people[who]),
                1 => approve_details(number, people[who]),
                _ => reject_details(),
            };
            let Ok(events) = decide(told.0.as_ref(), &command, &crate::support::who("finance"), rules()) else { continue };
            for event in events {
                match &event {
                    PartnerEvent::PaymentDetailsProposed(_) => proposers.push((number, people[who])),
                    PartnerEvent::PaymentDetailsApproved(e) => {
                        let (proposed, by) = proposers.last().unwrap();
                        prop_assert_eq!(e.details, text(*proposed));
                        prop_assert_ne!(e.approved_by.as_str(), *by);
                    }
                    _ => {}
                }
                told.0 = Some(Partner::evolve(told.0.take(), &event).unwrap());
            }
        }
    }
}

/// A fee has no cap: from the limit of the rulebook on it takes two people.
#[test]
fn a_large_fee_takes_two_people() {
    let mut told = Told(None);
    told.done(register("Caritas"));
    for (number, amount) in [(1, "1999.99"), (2, "2000.00"), (3, "2000.00")] {
        told.done(PartnerCommand::ReportFee(fee(number, "2024-04-01", eur(amount).into())));
    }
    let names = |events: Vec<PartnerEvent>| events[0].event_type();
    assert_eq!(names(told.done(accept_fee(1, "anna"))), "FeeAccepted");
    assert_eq!(names(told.done(accept_fee(2, "anna"))), "FeeProposed");
    assert_eq!(told.refused(accept_fee(2, "anna")), "second-person-needed");
    assert_eq!(told.refused(accept_fee(2, "asha@caritas")), "acts-for-partner");
    assert_eq!(names(told.done(accept_fee(2, "bo"))), "FeeAccepted");
    told.done(accept_fee(3, "anna"));
    assert_eq!(names(told.done(refuse_fee(3, "anna"))), "FeeRefused", "one refusal ends it");
}

/// A partner's own people decide neither its name, its terms, its account nor its fees.
#[test]
fn a_partners_people_only_report_and_propose() {
    let mut told = Told(None);
    let by = |name: &str, command: PartnerCommand| Given(command, who(name));
    assert_eq!(told.refused(by("asha@caritas", register("Caritas"))), "acts-for-partner");
    told.done(register("Caritas"));
    assert_eq!(
        told.refused(by("asha@caritas", PartnerCommand::Rename { name: "Another".parse().unwrap() })),
        "acts-for-partner"
    );
    assert_eq!(told.refused(by("asha@caritas", end("a-1", "2024-01-01"))), "acts-for-partner");
    assert_eq!(told.refused(by("caritas", reject_details())), "acts-for-partner");
    assert_eq!(told.refused(by("omar@ettc", propose(1, "omar@ettc"))), "acts-for-partner");
    assert_eq!(told.refused(by("omar@ettc", reject_details())), "acts-for-partner");
    // Whoever will act for it once it is there does not register it.
    let not_there = Given(register("Caritas"), By::of(actor("asha@caritas"), |_| false));
    assert_eq!(Told(None).refused(not_there), "acts-for-partner");
    told.done(by("asha@caritas", propose(1, "asha@caritas")));
    told.done(by("asha@caritas", PartnerCommand::ReportFee(fee(1, "2024-04-01", eur("1.00").into()))));
}

fn reverse_fee(number: u128, amount: Option<&str>, name: &str) -> Given {
    let fee = FeeId(Uuid::from_u128(number));
    Given(PartnerCommand::ReverseFee { fee, amount: amount.map(eur), reason: text(7) }, who(name))
}

/// What was accepted is taken back in whole or in part, no more than there is, and only what was accepted.
#[test]
fn an_accepted_fee_is_taken_back() {
    let mut told = Told::registered();
    for number in [1, 2, 3] {
        told.done(PartnerCommand::ReportFee(fee(number, "2024-04-01", eur("100.00").into())));
    }
    assert_eq!(told.refused(reverse_fee(9, None, "anna")), "unknown-fee");
    assert_eq!(told.refused(reverse_fee(1, None, "anna")), "not-accepted");
    told.done(refuse_fee(3, "anna"));
    assert_eq!(told.refused(reverse_fee(3, None, "anna")), "not-accepted");
    for number in [1, 2] {
        told.done(accept_fee(number, "anna"));
    }
    for (amount, why) in
        [("100.01", "more-than-accepted"), ("0.00", "not-positive"), ("-1.00", "not-positive")]
    {
        assert_eq!(told.refused(reverse_fee(1, Some(amount), "anna")), why);
    }
    assert_eq!(told.refused(reverse_fee(1, None, "omar@ettc")), "acts-for-partner");
    let state = |told: &Told| {
        let fee = &told.partner().fees[&FeeId(Uuid::from_u128(1))];
        (fee.state, fee.net().unwrap())
    };
    told.done(reverse_fee(1, Some("30.00"), "anna"));
    assert_eq!(state(&told), (FeeState::Accepted, eur("70.00")));
    assert_eq!(told.refused(reverse_fee(1, Some("70.01"), "anna")), "more-than-accepted");
    told.done(reverse_fee(1, None, "anna"));
    assert_eq!(state(&told), (FeeState::Reversed, eur("0.00")));
    assert_eq!(told.refused(reverse_fee(1, None, "anna")), "already-reversed");
    assert_eq!(told.refused(accept_fee(1, "anna")), "already-decided");
}

/// What is taken back of a fee takes two people once it comes to the limit, also in small parts; whoever agrees names the
/// amount.
#[test]
fn much_of_a_fee_is_taken_back_by_two_people() {
    let mut told = Told::registered();
    told.done(PartnerCommand::ReportFee(fee(1, "2024-04-01", eur("5000.00").into())));
    told.done(accept_fee(1, "anna"));
    told.done(accept_fee(1, "bo"));
    let name = |events: Vec<PartnerEvent>| events[0].event_type();
    assert_eq!(name(told.done(reverse_fee(1, Some("1999.99"), "anna"))), "FeeReversed");
    assert_eq!(
        name(told.done(reverse_fee(1, Some("0.01"), "anna"))),
        "FeeReversalProposed",
        "2000.00 together"
    );
    assert_eq!(told.refused(reverse_fee(1, Some("0.01"), "anna")), "second-person-needed");
    // All that is left is something else than what was proposed.
    for other in [None, Some("0.02")] {
        assert_eq!(told.refused(reverse_fee(1, other, "bo")), "proposed-otherwise");
    }
    let events = told.done(reverse_fee(1, Some("0.01"), "bo"));
    let [PartnerEvent::FeeReversed(reversed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(reversed.eur, eur("0.01"));
    assert_eq!(name(told.done(reverse_fee(1, None, "anna"))), "FeeReversalProposed", "each time anew");
    assert_eq!(name(told.done(reverse_fee(1, None, "bo"))), "FeeReversed");
}

fn drop_reversal(number: u128, name: &str) -> Given {
    let fee = FeeId(Uuid::from_u128(number));
    Given(PartnerCommand::DropFeeReversal { fee, reason: text(7) }, who(name))
}

/// Whoever proposed to take back a fee withdraws it, anybody else refuses it: one is enough, and then nobody agrees to it.
#[test]
fn what_was_proposed_to_take_back_ends_with_one_refusal() {
    for ending in ["anna", "bo"] {
        let mut told = Told::registered();
        told.done(PartnerCommand::ReportFee(fee(1, "2024-04-01", eur("3000.00").into())));
        assert_eq!(told.refused(drop_reversal(1, "anna")), "nothing-proposed");
        told.done(accept_fee(1, "anna"));
        told.done(accept_fee(1, "bo"));
        told.done(reverse_fee(1, Some("2500.00"), "anna"));
        assert_eq!(told.refused(drop_reversal(1, "asha@caritas")), "acts-for-partner");
        told.done(drop_reversal(1, ending));
        assert_eq!(told.refused(drop_reversal(1, "bo")), "nothing-proposed");
        let events = told.done(reverse_fee(1, Some("2500.00"), "bo"));
        assert_eq!(events[0].event_type(), "FeeReversalProposed", "the first proposal is forgotten");
        told.done(reverse_fee(1, Some("2500.00"), "anna"));
    }
}
