//! Payments to a partner: what is due, everything once, by two people, in one file.

use std::collections::BTreeMap;

use domain::grant::PaymentMethod;
use domain::hold::Scope;
use domain::ids::FileDigest;
use domain::partner::{PaidFor, PartnerEvent, ReportedFee};
use domain::payment::{
    ITEMS_MAX, NewAdvance, NewPayment, NewPaymentFile, PainVersion, PartMade, Payable, Payment,
    PaymentFileWritten, PaymentState, Standing, Worth, standing, write_file,
};
use domain::{
    Case, CreditorReference, FeeId, GrantCommand, HoldCommand, Holds, KeyDigest, Partner, PartnerCommand,
    PaymentCommand, PaymentFiles, PaymentId, Refusal,
};
use jiff::Timestamp;
use money::Eur;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

const TODAY: &str = "2024-07-10";

/// Caritas, its cases, the holds and the files, being told what happens.
struct Paying {
    partner: Partner,
    cases: Vec<Case>,
    holds: Holds,
    files: PaymentFiles,
    next: u128,
}

impl Paying {
    /// Caritas with an account that two people brought into force, and these cases.
    fn to(cases: &[&History]) -> Self {
        let registered = domain::partner::PartnerRegistered { partner: partner("caritas") };
        let partner = Partner::evolve(None, &registered.into()).unwrap();
        let cases = cases.iter().map(|history| history.case().clone()).collect();
        let mut paying =
            Self { partner, cases, holds: Holds::default(), files: PaymentFiles::default(), next: 1 };
        paying.account(1);
        paying
    }

    /// Brings another account into force.
    fn account(&mut self, number: u8) {
        self.done(
            "anna",
            PartnerCommand::ProposeDetails {
                details: text(number),
                digest: KeyDigest([number; 32]),
                proposed_by: actor("anna"),
            },
        );
        let details = text(number);
        self.done("berit", PartnerCommand::ApproveDetails { details, approved_by: actor("berit") });
    }

    fn give(&mut self, by: &str, command: PartnerCommand) -> Result<Vec<PartnerEvent>, Refusal> {
        let events = domain::partner::decide(Some(&self.partner), &command, &who(by), rules_of_one())?;
        for event in &events {
            self.partner = Partner::evolve(Some(self.partner.clone()), event).unwrap();
        }
        Ok(events)
    }

    fn done(&mut self, by: &str, command: PartnerCommand) -> Vec<PartnerEvent> {
        self.give(by, command.clone()).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"))
    }

    fn standing(&self) -> Standing {
        standing(&self.partner, &self.cases, &self.holds, rules_of_one(), day(TODAY)).unwrap()
    }

    fn new_id(&mut self) -> (PaymentId, CreditorReference) {
        self.next += 1;
        (PaymentId(Uuid::from_u128(self.next)), CreditorReference::from_random(self.next as u64))
    }

    fn propose_of(
        &mut self,
        by: &str,
        period: Option<&str>,
        keep_advance: bool,
    ) -> Result<PaymentId, Refusal> {
        let ((payment, reference), standing) = (self.new_id(), self.standing());
        let period = period.map(|period| period.parse().unwrap());
        let new = NewPayment { payment, reference, period, keep_advance, standing };
        self.give(by, PartnerCommand::Payment(PaymentCommand::Propose(new)))?;
        Ok(payment)
    }

    fn propose(&mut self, by: &str) -> Result<PaymentId, Refusal> {
        self.propose_of(by, None, false)
    }

    fn advance(&mut self, by: &str, amount: &str) -> Result<PaymentId, Refusal> {
        let ((payment, reference), standing) = (self.new_id(), self.standing());
        let new = NewAdvance { payment, reference, amount: eur(amount), reason: text(3), standing };
        self.give(by, PartnerCommand::Payment(PaymentCommand::Advance(new)))?;
        Ok(payment)
    }

    fn approve(&mut self, by: &str, payment: PaymentId) -> Result<(), Refusal> {
        let standing = self.standing();
        self.give(by, PartnerCommand::Payment(PaymentCommand::Approve { payment, standing })).map(|_| ())
    }

    fn cancel(&mut self, by: &str, payment: PaymentId) -> Result<(), Refusal> {
        let cancel = PaymentCommand::Cancel { payment, reason: text(4) };
        self.give(by, PartnerCommand::Payment(cancel)).map(|_| ())
    }

    fn write(&mut self, by: &str, payments: &[PaymentId]) -> Result<PaymentFileWritten, Refusal> {
        self.write_on(by, payments, TODAY)
    }

    fn write_on(
        &mut self,
        by: &str,
        payments: &[PaymentId],
        on: &str,
    ) -> Result<PaymentFileWritten, Refusal> {
        let new = NewPaymentFile {
            message: Uuid::from_u128(77),
            version: PainVersion::V03,
            created_at: Timestamp::UNIX_EPOCH,
            today: day(TODAY),
            execute_on: day(on),
            debtor: text(9),
            payments: payments.iter().map(|id| (partner("caritas"), *id)).collect(),
            sha256: FileDigest([9; 32]),
        };
        let standing = standing(&self.partner, &self.cases, &self.holds, rules_of_one(), day(on)).unwrap();
        let partners = BTreeMap::from([(partner("caritas"), (&self.partner, standing))]);
        let (written, instructed) = write_file(&self.files, &partners, &new, &who(by))?;
        self.files.evolve(&written.clone().into()).unwrap();
        for (_, event) in instructed {
            self.partner = Partner::evolve(Some(self.partner.clone()), &event.into()).unwrap();
        }
        Ok(written)
    }

    fn hold(&mut self, scope: Scope) {
        let command = HoldCommand::Place { scope, from: day("2024-07-01"), reason: text(1) };
        let event = domain::hold::decide(&self.holds, &command, &who("finance"), rules_of_one()).unwrap();
        self.holds.evolve(&event).unwrap();
    }

    fn release(&mut self, hold: u64) {
        let command = HoldCommand::Release { hold, released_on: day("2024-07-02"), reason: text(1) };
        let event = domain::hold::decide(&self.holds, &command, &who("finance"), rules_of_one()).unwrap();
        self.holds.evolve(&event).unwrap();
    }

    fn open_hold(&self) -> Option<u64> {
        self.holds.iter().find(|(_, hold)| hold.released_on.is_none()).map(|(number, _)| number)
    }

    fn paid_outside(&mut self, paid_for: PaidFor, amount: &str) {
        self.next += 1;
        let pay = PartnerCommand::Pay {
            payment: PaymentId(Uuid::from_u128(self.next)),
            paid_for,
            amount: eur(amount),
            paid_on: day("2024-07-05"),
            payment_key: KeyDigest([self.next as u8; 32]),
            details: text(5),
        };
        self.done("anna", pay);
    }

    fn payment(&self, id: PaymentId) -> &Payment {
        self.partner.payments.get(id).unwrap()
    }

    /// `total: item, item …` of a payment.
    fn told(&self, id: PaymentId) -> String {
        let payment = self.payment(id);
        let items: Vec<String> = payment.items.iter().map(|item| item.eur.to_string()).collect();
        format!("{}: {}", payment.total, items.join(", "))
    }
}

fn codes<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
    outcome.unwrap_err().codes()
}

/// A case of Caritas with accepted spend of these amounts, delivered month by month from April on.
fn spent(amounts: &[&str]) -> History {
    let mut history = History::arrived(facts());
    for (number, amount) in (1..).zip(amounts) {
        history.done(spend(number, &format!("2024-{:02}-01", 3 + number), amount));
        history.done(accept(number));
    }
    history
}

fn cash(number: u128, on: &str, amount: &str) -> GrantCommand {
    let GrantCommand::Pay { grant, paid_on, amount, payment_key, details, .. } = pay(number, on, amount)
    else {
        panic!("another command")
    };
    GrantCommand::Pay { grant, paid_on, amount, method: PaymentMethod::CashByPartner, payment_key, details }
}

fn charged(paying: &mut Paying, number: u128, amount: &str) {
    let fee = ReportedFee {
        fee: FeeId(Uuid::from_u128(number)),
        charged_on: day("2024-05-01"),
        reported_on: day("2024-05-01"),
        amount: eur(amount).into(),
        quote: None,
        receipt_key: KeyDigest([number as u8; 32]),
        receipt_sha256: None,
        details: text(5),
        file: None,
    };
    paying.done("caritas", PartnerCommand::ReportFee(fee));
    paying.done("anna", PartnerCommand::AcceptFee { fee: FeeId(Uuid::from_u128(number)) });
}

#[test]
fn what_is_due_is_paid_once() {
    let mut history = spent(&["100.00", "250.50"]);
    history.done(spend(3, "2024-06-01", "70.00"));
    history.done(cash(1, "2024-03-12", "615.00"));
    let mut paying = Paying::to(&[&history]);
    charged(&mut paying, 900, "40.00");
    let first = paying.propose("anna").unwrap();
    // The claim that nobody has decided is not in it.
    assert_eq!(paying.told(first), "1005.50: 615.00, 100.00, 250.50, 40.00");
    assert_eq!(codes(paying.propose("berit")), "nothing-due");
    paying.approve("berit", first).unwrap();
    assert_eq!(codes(paying.propose("berit")), "nothing-due");
    assert_eq!(paying.write("anna", &[first]).unwrap().total, eur("1005.50"));
    assert_eq!(codes(paying.propose("berit")), "nothing-due");
    assert_eq!(codes(paying.write("anna", &[first])), "already-in-a-file");
    history.done(accept(3));
    paying.cases = vec![history.case().clone()];
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "70.00: 70.00");
}

#[test]
fn nobody_is_paid_where_nobody_approved() {
    let history = spent(&["100.00"]);
    let mut paying = Paying::to(&[&history]);
    paying.partner.details = None;
    assert_eq!(codes(paying.propose("anna")), "no-payment-details");
    assert_eq!(codes(paying.advance("anna", "10.00")), "no-payment-details");
}

#[test]
fn a_period_takes_what_was_delivered_in_it_and_whatever_came_back() {
    let mut history = spent(&["100.00", "200.00", "300.00", "400.00"]);
    let mut paying = Paying::to(&[&history]);
    let april = paying.propose_of("anna", Some("2024-04"), false).unwrap();
    assert_eq!(paying.told(april), "100.00: 100.00");
    history.done(reverse(1, "2024-07-09", "30.00"));
    paying.cases = vec![history.case().clone()];
    let quarter = paying.propose_of("anna", Some("2024-Q2"), false).unwrap();
    assert_eq!(paying.told(quarter), "470.00: -30.00, 200.00, 300.00");
    assert_eq!(codes(paying.propose_of("anna", Some("2024-Q2"), false)), "nothing-due");
    let rest = paying.propose("anna").unwrap();
    assert_eq!(paying.told(rest), "400.00: 400.00");
}

/// What came back after it was paid lowers the next payment; more of it than is due waits.
#[test]
fn a_reversal_after_the_payment_is_taken_off_the_next_one() {
    let mut history = spent(&["500.00"]);
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    history.done(reverse(1, "2024-07-09", "120.00"));
    paying.cases = vec![history.case().clone()];
    assert_eq!(codes(paying.propose("anna")), "nothing-due");
    history.done(spend(2, "2024-06-01", "50.00"));
    history.done(accept(2));
    paying.cases = vec![history.case().clone()];
    let refused = paying.propose("anna").unwrap_err();
    assert!(refused.to_string().contains("-70.00 is left for its next payment"), "{refused}");
    history.done(spend(3, "2024-06-02", "100.00"));
    history.done(accept(3));
    paying.cases = vec![history.case().clone()];
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "30.00: -120.00, 50.00, 100.00");
}

/// A reversal between proposal and approval: it is not paid as it was proposed.
#[test]
fn what_is_no_longer_due_is_not_approved() {
    let mut history = spent(&["500.00", "100.00"]);
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    history.done(reverse(1, "2024-07-09", "120.00"));
    paying.cases = vec![history.case().clone()];
    let refused = paying.approve("berit", first).unwrap_err();
    assert_eq!(refused.codes(), "no-longer-due");
    assert!(refused.to_string().contains("1 of the 2 items"), "{refused}");
    paying.cancel("anna", first).unwrap();
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "480.00: 380.00, 100.00");
    assert_eq!(codes(paying.approve("berit", first)), "already-decided");
    assert_eq!(codes(paying.cancel("berit", first)), "already-decided");
    paying.approve("berit", second).unwrap();
    // The same between approval and file.
    history.done(reverse(2, "2024-07-09", "1.00"));
    paying.cases = vec![history.case().clone()];
    assert_eq!(codes(paying.write("anna", &[second])), "no-longer-due");
}

#[test]
fn what_was_proposed_for_another_account_is_not_paid() {
    let history = spent(&["500.00"]);
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    paying.account(2);
    assert_eq!(codes(paying.approve("berit", first)), "account-changed");
    paying.cancel("berit", first).unwrap();
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.payment(second).account, text(2));
    paying.approve("berit", second).unwrap();
    paying.account(3);
    assert_eq!(codes(paying.write("anna", &[second])), "account-changed");
    paying.cancel("anna", second).unwrap();
    assert!(paying.propose("anna").is_ok());
}

/// Holds of each kind: left out when it is proposed, refused when it comes later.
#[rstest]
#[case::of_the_partner(Scope::Partner(partner("caritas")))]
#[case::of_the_country(Scope::Country("GM".parse().unwrap()))]
#[case::of_the_programme(Scope::Programme("jrs".into()))]
fn what_a_hold_stops_is_not_paid(#[case] scope: Scope) {
    let history = spent(&["500.00"]);
    let mut paying = Paying::to(&[&history]);
    paying.hold(scope.clone());
    assert_eq!(codes(paying.propose("anna")), "held");
    paying.release(1);
    let first = paying.propose("anna").unwrap();
    paying.hold(scope.clone());
    assert_eq!(codes(paying.approve("berit", first)), "held");
    paying.release(2);
    paying.approve("berit", first).unwrap();
    paying.hold(scope);
    assert_eq!(codes(paying.write("anna", &[first])), "held");
    paying.release(3);
    paying.write("anna", &[first]).unwrap();
}

/// Fees and advances are for no country: only a hold of the partner stops them.
#[test]
fn a_hold_of_a_country_lets_fees_and_advances_through() {
    let history = spent(&["500.00"]);
    let mut paying = Paying::to(&[&history]);
    charged(&mut paying, 900, "40.00");
    paying.hold(Scope::Country("GM".parse().unwrap()));
    let fees = paying.propose("anna").unwrap();
    assert_eq!(paying.told(fees), "40.00: 40.00");
    let advance = paying.advance("anna", "10.00").unwrap();
    paying.hold(Scope::Partner(partner("caritas")));
    assert_eq!(codes(paying.advance("anna", "10.00")), "held");
    assert_eq!(codes(paying.approve("berit", advance)), "held");
    assert_eq!(codes(paying.approve("berit", fees)), "held");
}

/// An advance is open from the day its file is made, and later payments settle it.
#[test]
fn an_advance_is_settled_by_later_payments() {
    let history = spent(&["300.00", "400.00"]);
    let mut paying = Paying::to(&[&history]);
    assert_eq!(codes(paying.advance("anna", "0.00")), "not-positive");
    let advance = paying.advance("anna", "1000.00").unwrap();
    let early = paying.propose_of("anna", Some("2024-04"), false).unwrap();
    assert_eq!(paying.told(early), "300.00: 300.00", "what is not paid yet settles nothing");
    paying.cancel("anna", early).unwrap();
    assert_eq!(codes(paying.approve("anna", advance)), "same-person");
    paying.approve("berit", advance).unwrap();
    paying.write("anna", &[advance]).unwrap();
    assert_eq!(paying.partner.payments.open_advance(), Ok(eur("1000.00")));
    let kept = paying.propose_of("anna", Some("2024-04"), true).unwrap();
    assert_eq!(paying.told(kept), "300.00: 300.00");
    paying.cancel("anna", kept).unwrap();
    let settled = paying.propose_of("anna", Some("2024-04"), false).unwrap();
    assert_eq!(paying.told(settled), "0.00: 300.00");
    assert_eq!(paying.partner.payments.open_advance(), Ok(eur("700.00")));
    paying.approve("berit", settled).unwrap();
    // Nothing is left to be transferred, so it never stands in a file.
    assert_eq!(paying.payment(settled).state, PaymentState::Settled);
    assert_eq!(codes(paying.write("anna", &[settled])), "already-decided");
    assert_eq!(codes(paying.cancel("anna", settled)), "already-decided");
    let rest = paying.propose("anna").unwrap();
    assert_eq!(
        (paying.told(rest), paying.payment(rest).advance_settled),
        ("0.00: 400.00".into(), eur("400.00"))
    );
    assert_eq!(paying.partner.payments.open_advance(), Ok(eur("300.00")));
}

/// What was paid outside of the ledger is not paid again.
#[test]
fn payments_that_were_recorded_afterwards_are_taken_off() {
    let history = spent(&["300.00", "400.00"]);
    let mut paying = Paying::to(&[&history]);
    paying.paid_outside(PaidFor::Claims, "350.00");
    paying.paid_outside(PaidFor::Advance, "100.00");
    let first = paying.propose("anna").unwrap();
    assert_eq!(paying.told(first), "250.00: 300.00, 400.00");
    let payment = paying.payment(first);
    assert_eq!((payment.paid_before, payment.advance_settled), (eur("350.00"), eur("100.00")));
    paying.cancel("berit", first).unwrap();
    // An advance can be kept open; what was paid for claims cannot.
    let second = paying.propose_of("anna", None, true).unwrap();
    assert_eq!(paying.told(second), "350.00: 300.00, 400.00");
}

/// A grant that a partner paid out is its own, until a transfer is told that gives the case to another on that day.
#[test]
fn a_grant_in_cash_is_paid_back_to_the_partner_that_had_the_case() {
    let mut history = History::arrived(facts());
    history.done(cash(1, "2024-03-12", "600.00"));
    history.done(pay(2, "2024-03-12", "15.00"));
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    assert_eq!(paying.told(first), "600.00: 600.00", "the bank paid the other one itself");
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    history.done(give_back(1, "2024-03-20", "50.00"));
    history.done(hand_over("irara", "2024-03-12"));
    history.done(spend(1, "2024-03-11", "900.00"));
    history.done(accept(1));
    paying.cases = vec![history.case().clone()];
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "300.00: -600.00, 900.00");
    let irara =
        Partner::evolve(None, &domain::partner::PartnerRegistered { partner: partner("irara") }.into());
    let theirs = standing(&irara.unwrap(), &paying.cases, &paying.holds, rules_of_one(), day(TODAY)).unwrap();
    let worth: Vec<Eur> = theirs.worths.iter().map(|worth| worth.eur).filter(|eur| !eur.is_zero()).collect();
    assert_eq!(worth, [eur("550.00")]);
}

#[test]
fn a_file_takes_what_is_approved_once_and_not_before_today() {
    let history = spent(&["300.00", "400.00"]);
    let mut paying = Paying::to(&[&history]);
    assert_eq!(codes(paying.write("anna", &[])), "nothing-to-pay");
    let april = paying.propose_of("anna", Some("2024-04"), false).unwrap();
    let may = paying.propose_of("anna", Some("2024-05"), false).unwrap();
    assert_eq!(codes(paying.write("anna", &[april])), "not-approved");
    paying.approve("berit", april).unwrap();
    assert_eq!(codes(paying.write("anna", &[april, may])), "not-approved");
    assert_eq!(codes(paying.write("anna", &[april, april])), "named-twice");
    assert_eq!(codes(paying.write_on("anna", &[april], "2024-07-09")), "in-the-past");
    assert_eq!(codes(paying.write("anna", &[PaymentId(Uuid::from_u128(99))])), "unknown-payment");
    let written = paying.write_on("anna", &[april], "2024-07-11").unwrap();
    assert_eq!((written.file, written.total, written.payments.len()), (1, eur("300.00"), 1));
    assert_eq!(paying.payment(april).file, Some((1, day("2024-07-11"))));
    assert_eq!(codes(paying.cancel("anna", april)), "already-in-a-file");
    paying.approve("berit", may).unwrap();
    assert_eq!(paying.write("clara", &[may]).unwrap().file, 2);
}

/// What somebody does at random.
#[derive(Debug, Clone)]
enum Step {
    Spend(i64),
    Reverse(u128, i64),
    Propose(bool, Option<&'static str>),
    Advance(i64),
    Approve(usize),
    Cancel(usize),
    Write(usize),
    Outside(bool, i64),
    Hold,
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_i64..30_000).prop_map(Step::Spend),
        2 => (1_u128..8, 1_i64..20_000).prop_map(|(claim, cents)| Step::Reverse(claim, cents)),
        3 => (any::<bool>(), prop::sample::select(&[None, Some("2024-04"), Some("2024-Q2")][..]))
            .prop_map(|(keep, period)| Step::Propose(keep, period)),
        1 => (1_i64..30_000).prop_map(Step::Advance),
        3 => (0_usize..6).prop_map(Step::Approve),
        1 => (0_usize..6).prop_map(Step::Cancel),
        3 => (0_usize..6).prop_map(Step::Write),
        1 => (any::<bool>(), 1_i64..9_000).prop_map(|(advance, cents)| Step::Outside(advance, cents)),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: nothing is paid twice, nothing is lost, and every cent that was transferred is
    /// the worth of something or still open.
    #[test]
    fn everything_is_paid_once(steps in prop::collection::vec(step(), 1..50)) {
        let mut history = History::arrived(facts());
        let mut paying = Paying::to(&[&history]);
        let (mut claims, mut ids) = (0, Vec::new());
        let mut outside = 0;
        for step in steps {
            // Refusals are fine: they change nothing.
            match step {
                Step::Spend(cents) => {
                    claims += 1;
                    let on = format!("2024-{:02}-01", 4 + claims % 4);
                    if history.give(spend(claims, &on, &Eur::from_cents(cents).to_string())).is_ok() {
                        let _ = history.give(accept(claims));
                    }
                }
                Step::Reverse(claim, cents) if claim <= claims => {
                    let _ = history.give(reverse(claim, "2024-07-09", &Eur::from_cents(cents).to_string()));
                }
                Step::Reverse(..) => {}
                Step::Propose(keep, period) => ids.extend(paying.propose_of("anna", period, keep)),
                Step::Advance(cents) => ids.extend(paying.advance("anna", &Eur::from_cents(cents).to_string())),
                Step::Approve(at) => { if let Some(id) = ids.get(at) { let _ = paying.approve("berit", *id); } }
                Step::Cancel(at) => { if let Some(id) = ids.get(at) { let _ = paying.cancel("berit", *id); } }
                Step::Write(at) => { if let Some(id) = ids.get(at) { let _ = paying.write("anna", &[*id]); } }
                Step::Outside(advance, cents) => {
                    outside += cents;
                    let paid_for = if advance { PaidFor::Advance } else { PaidFor::Claims };
                    paying.paid_outside(paid_for, &Eur::from_cents(cents).to_string());
                }
                Step::Hold => {
                    if paying.open_hold().is_none() {
                        paying.hold(Scope::Country("GM".parse().unwrap()));
                    }
                }
                Step::Release => {
                    if let Some(number) = paying.open_hold() { paying.release(number); }
                }
            }
            paying.cases = vec![history.case().clone()];
            let payments = &paying.partner.payments;
            for (_, payment) in payments.iter() {
                prop_assert!(!payment.total.is_negative());
                let parts = [payment.total, payment.paid_before, payment.advance_settled];
                prop_assert_eq!(payment.gross(), Eur::sum(parts));
            }
            prop_assert!(!payments.open_advance().unwrap().is_negative());
            prop_assert!(!payments.open_outside().unwrap().is_negative());
        }
        // Whatever is under way is finished or taken back, and what is then due is paid.
        if let Some(number) = paying.open_hold() {
            paying.release(number);
        }
        for id in &ids {
            let _ = paying.approve("berit", *id);
            let _ = paying.write("anna", &[*id]);
            let _ = paying.cancel("anna", *id);
        }
        if let Ok(last) = paying.propose("anna") {
            paying.approve("berit", last).unwrap();
            let _ = paying.write("anna", &[last]);
        }
        let payments = &paying.partner.payments;
        let taken = payments.taken(None).unwrap();
        let worths = paying.standing().worths;
        let (mut worth_all, mut taken_all) = (0, 0);
        let behind = worths.iter().map(|w| w.eur.cents() - taken.get(&w.of).map_or(0, |t| t.cents())).sum::<i64>();
        for worth in &worths {
            let of_it = taken.get(&worth.of).copied().unwrap_or_default();
            // Only where more came back than was due is anything left, and that for the next payment.
            prop_assert!(of_it == worth.eur || behind < 0, "{:?} {} {}", worth.of, of_it, worth.eur);
            worth_all += worth.eur.cents();
            taken_all += of_it.cents();
        }
        prop_assert!(behind <= 0);
        let sent: i64 = payments
            .iter()
            .filter(|(_, payment)| payment.state == PaymentState::Instructed)
            .map(|(_, payment)| payment.total.cents())
            .sum();
        let open = payments.open_advance().unwrap().cents() + payments.open_outside().unwrap().cents();
        prop_assert_eq!(sent + outside, taken_all + open);
        prop_assert_eq!(taken_all + behind, worth_all);
    }
}

fn came_back(paying: &mut Paying, payment: PaymentId) -> Result<Vec<PartnerEvent>, Refusal> {
    paying.give("anna", PartnerCommand::Payment(PaymentCommand::Return { payment, matching: 1 }))
}

fn not_back(paying: &mut Paying, payment: PaymentId) -> Result<Vec<PartnerEvent>, Refusal> {
    paying.give("anna", PartnerCommand::Payment(PaymentCommand::UndoReturn { payment, matching: 1 }))
}

fn recall(paying: &mut Paying, by: &str, payment: PaymentId, matched: Option<u64>) -> Result<(), Refusal> {
    let recall = PaymentCommand::Recall {
        payment,
        reason: text(9),
        matched,
        shown: None,
        in_part: Vec::new(),
        rejected: false,
    };
    paying.give(by, PartnerCommand::Payment(recall)).map(|_| ())
}

/// What the bank made of a payment is recorded by the one who agrees to take it back, so only the rest is due again.
#[test]
fn what_the_bank_made_in_part_is_paid_and_the_rest_is_due() {
    let history = spent(&["100.00", "250.50"]);
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    let part = |number: u128, amount: &str| PartMade {
        payment: PaymentId(Uuid::from_u128(9_000 + number)),
        amount: eur(amount),
        paid_on: day("2024-07-16"),
        payment_key: KeyDigest([number as u8; 32]),
        details: text(9),
    };
    let recall = |parts: &[PartMade]| {
        let (in_part, rejected) = (parts.to_vec(), false);
        let (matched, shown) = (None, None);
        let command =
            PaymentCommand::Recall { payment: first, reason: text(9), matched, shown, in_part, rejected };
        PartnerCommand::Payment(command)
    };
    let whole = paying.give("anna", recall(&[part(1, "300.00"), part(2, "50.50")]));
    assert_eq!(whole.unwrap_err().codes(), "made-by-the-bank");
    let parts = [part(1, "120.00"), part(2, "50.00")];
    let names = |events: Vec<PartnerEvent>| events.iter().map(PartnerEvent::event_type).collect::<Vec<_>>();
    assert_eq!(names(paying.give("anna", recall(&parts)).unwrap()), ["PaymentRecallProposed"]);
    assert_eq!(codes(paying.propose("anna")), "nothing-due", "one person is not enough");
    let agreed = names(paying.give("berit", recall(&parts)).unwrap());
    assert_eq!(agreed, ["PaymentRecalled", "PartnerPaid", "PartnerPaid"]);
    assert_eq!(paying.partner.payments.open_outside(), Ok(eur("170.00")));
    let rest = paying.propose("anna").unwrap();
    assert_eq!(paying.payment(rest).total, eur("180.50"));
}

/// The bank is the first of the two who take back what it rejects.
#[test]
fn what_the_bank_rejects_one_person_takes_back() {
    let history = spent(&["100.00"]);
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    let rejected = |shown: Option<u64>| {
        let (matched, in_part) = (None, Vec::new());
        let command = PaymentCommand::Recall {
            payment: first,
            reason: text(9),
            matched,
            shown,
            in_part,
            rejected: true,
        };
        PartnerCommand::Payment(command)
    };
    assert_eq!(paying.give("anna", rejected(Some(61))).unwrap_err().codes(), "made-by-the-bank");
    assert_eq!(paying.give("omar@caritas", rejected(None)).unwrap_err().codes(), "acts-for-partner");
    paying.give("anna", rejected(None)).unwrap();
    assert_eq!(paying.payment(first).state, PaymentState::Recalled);
    paying.propose("anna").unwrap();
}

/// What stands in a file and is not made is taken back by two people, and due again.
#[test]
fn what_the_bank_did_not_make_is_taken_back_by_two() {
    let history = spent(&["100.00", "250.50"]);
    let mut paying = Paying::to(&[&history]);
    let advance = paying.advance("anna", "80.00").unwrap();
    paying.approve("berit", advance).unwrap();
    paying.write("anna", &[advance]).unwrap();
    let first = paying.propose("anna").unwrap();
    assert_eq!(codes(recall(&mut paying, "anna", first, None)), "not-approved");
    paying.approve("berit", first).unwrap();
    assert_eq!(codes(recall(&mut paying, "anna", first, None)), "already-decided", "it can be cancelled");
    paying.write("anna", &[first]).unwrap();
    assert_eq!(codes(recall(&mut paying, "caritas", first, None)), "acts-for-partner");
    assert_eq!(codes(recall(&mut paying, "anna", first, Some(7))), "made-by-the-bank");
    let shown = PaymentCommand::Recall {
        payment: first,
        reason: text(9),
        matched: None,
        shown: Some(61),
        in_part: Vec::new(),
        rejected: false,
    };
    let refused = paying.give("anna", PartnerCommand::Payment(shown)).unwrap_err().to_string();
    assert!(refused.starts_with("made-by-the-bank: line 61 has its reference"), "{refused}");
    recall(&mut paying, "anna", first, None).unwrap();
    assert_eq!(paying.payment(first).state, PaymentState::Instructed);
    assert_eq!(codes(paying.propose("anna")), "nothing-due", "one person is not enough");
    assert_eq!(codes(recall(&mut paying, "anna", first, None)), "same-person");
    assert_eq!(codes(recall(&mut paying, "berit", first, Some(7))), "made-by-the-bank");
    recall(&mut paying, "berit", first, None).unwrap();
    assert_eq!(paying.payment(first).state, PaymentState::Recalled);
    assert_eq!(paying.partner.payments.open_advance(), Ok(eur("80.00")), "what it settled is open again");
    assert_eq!(codes(recall(&mut paying, "clara", first, None)), "taken-back");
    assert_eq!(codes(came_back(&mut paying, first)), "taken-back");
    assert_eq!(codes(paying.write("anna", &[first])), "taken-back");
    assert_eq!(codes(domain::payment::can_be_made(&paying.partner, first)), "not-in-a-file");
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "270.50: 100.00, 250.50");
    let again = paying.partner.payments.paid_again(paying.payment(first));
    assert_eq!(again.map(|payment| &payment.reference), Some(&paying.payment(second).reference));
    domain::payment::can_be_made(&paying.partner, advance).unwrap();
}

/// What the bank gives back is due again, in another payment; and if it did not come back after all, it is not.
#[test]
fn what_came_back_from_the_bank_is_due_again() {
    let history = spent(&["100.00", "250.50"]);
    let mut paying = Paying::to(&[&history]);
    let first = paying.propose("anna").unwrap();
    assert_eq!(codes(came_back(&mut paying, first)), "not-approved");
    paying.approve("berit", first).unwrap();
    assert_eq!(codes(came_back(&mut paying, first)), "already-decided", "in no file yet");
    paying.write("anna", &[first]).unwrap();
    assert_eq!(codes(not_back(&mut paying, first)), "already-in-a-file");
    came_back(&mut paying, first).unwrap();
    assert_eq!(codes(came_back(&mut paying, first)), "came-back");
    assert_eq!(paying.payment(first).state, PaymentState::Returned);
    not_back(&mut paying, first).unwrap();
    assert_eq!(codes(paying.propose("anna")), "nothing-due");
    came_back(&mut paying, first).unwrap();

    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), paying.told(first));
    assert_eq!(codes(not_back(&mut paying, first)), "paid-again");
    let reason = text(9);
    paying.done("anna", PartnerCommand::Payment(PaymentCommand::Cancel { payment: second, reason }));
    not_back(&mut paying, first).unwrap();
    assert_eq!(codes(paying.propose("anna")), "nothing-due");
}

/// One advance is not the other, and yet the second stands in the place of the first that came back.
#[test]
fn another_advance_stands_in_the_place_of_one_that_came_back() {
    let mut paying = Paying::to(&[]);
    let first = paying.advance("anna", "80.00").unwrap();
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    came_back(&mut paying, first).unwrap();
    let replaced = |paying: &Paying| paying.partner.payments.is_replaced(paying.payment(first)).unwrap();
    assert!(!replaced(&paying));
    let second = paying.advance("anna", "90.00").unwrap();
    assert!(replaced(&paying));
    let reason = text(9);
    paying.done("anna", PartnerCommand::Payment(PaymentCommand::Cancel { payment: second, reason }));
    assert!(!replaced(&paying), "that one is not paid either");
    // Whether it came back is another question than whether it was paid again: it may still not have.
    paying.advance("anna", "80.00").unwrap();
    not_back(&mut paying, first).unwrap();
}

/// What an advance that came back had settled is paid by a payment that has nothing else; that one may come back as well.
#[test]
fn what_an_advance_had_settled_stands_in_its_place_once_it_is_paid() {
    let history = spent(&["100.00"]);
    let mut paying = Paying::to(&[&history]);
    let advance = paying.advance("anna", "80.00").unwrap();
    paying.approve("berit", advance).unwrap();
    paying.write("anna", &[advance]).unwrap();
    let settling = paying.propose("anna").unwrap();
    paying.approve("berit", settling).unwrap();
    came_back(&mut paying, advance).unwrap();
    let replaced = |paying: &Paying, id| paying.partner.payments.is_replaced(paying.payment(id)).unwrap();
    paying.advance("anna", "50.00").unwrap();
    assert!(!replaced(&paying, advance), "80.00 are owed, and less is paid in advance");
    let owed = paying.propose("anna").unwrap();
    assert_eq!(paying.told(owed), "80.00: ");
    assert!(replaced(&paying, advance));
    paying.approve("berit", owed).unwrap();
    paying.write("anna", &[owed]).unwrap();
    came_back(&mut paying, owed).unwrap();
    assert!(!replaced(&paying, advance) && !replaced(&paying, owed));
    paying.propose("anna").unwrap();
    assert!(replaced(&paying, advance) && replaced(&paying, owed));
}

/// An advance that a payment had settled is open again when the payment comes back.
#[test]
fn what_a_payment_settled_is_open_again_when_it_comes_back() {
    let history = spent(&["100.00", "250.50"]);
    let mut paying = Paying::to(&[&history]);
    let advance = paying.advance("anna", "80.00").unwrap();
    paying.approve("berit", advance).unwrap();
    paying.write("anna", &[advance]).unwrap();
    let first = paying.propose_of("anna", Some("2024-04"), false).unwrap();
    assert_eq!(paying.told(first), "20.00: 100.00");
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    came_back(&mut paying, first).unwrap();
    assert_eq!(paying.partner.payments.open_advance(), Ok(eur("80.00")));
    let second = paying.propose_of("anna", Some("2024-05"), false).unwrap();
    assert_eq!(paying.told(second), "170.50: 250.50");
    assert_eq!(codes(not_back(&mut paying, first)), "paid-again", "the advance would be settled twice");
}

/// What does not fit into one event is due in the next.
#[test]
fn more_items_than_fit_are_paid_in_several_payments() {
    let mut paying = Paying::to(&[]);
    let worth = |number| Worth {
        of: Payable::Fee { fee: FeeId(Uuid::from_u128(number)) },
        on: day("2024-05-01"),
        eur: eur("0.01"),
        held_by: None,
    };
    let standing =
        Standing { worths: (1..=ITEMS_MAX as u128 + 1).map(worth).collect(), ..Standing::default() };
    for items in [ITEMS_MAX, 1] {
        let (payment, reference) = paying.new_id();
        let standing = standing.clone();
        let new = NewPayment { payment, reference, period: None, keep_advance: false, standing };
        let events = paying.done("anna", PartnerCommand::Payment(PaymentCommand::Propose(new)));
        assert_eq!(paying.payment(payment).items.len(), items);
        let bytes = events[0].body().unwrap().into_bytes().len();
        assert!(bytes <= event_log::request::BODY_BYTES_MAX, "{bytes}");
    }
}

#[test]
fn an_item_names_what_it_pays() {
    let mut history = spent(&["300.00"]);
    history.done(cash(1, "2024-03-12", "600.00"));
    let mut paying = Paying::to(&[&history]);
    charged(&mut paying, 900, "40.00");
    let id = paying.propose("anna").unwrap();
    let case = history.case().id;
    let of: Vec<Payable> = paying.payment(id).items.iter().map(|item| item.of).collect();
    let expected = [
        Payable::Grant { case, grant: grant(1) },
        Payable::Claim { case, claim: claim(1) },
        Payable::Fee { fee: FeeId(Uuid::from_u128(900)) },
    ];
    assert_eq!(of, expected);
}

/// A fee that is taken back after it was paid lowers the next payment, like spend that comes back.
#[test]
fn a_fee_that_is_taken_back_after_it_was_paid_is_taken_off_the_next_payment() {
    let mut history = spent(&["500.00"]);
    let mut paying = Paying::to(&[&history]);
    charged(&mut paying, 900, "40.00");
    let first = paying.propose("anna").unwrap();
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    let fee = FeeId(Uuid::from_u128(900));
    paying.done("anna", PartnerCommand::ReverseFee { fee, amount: Some(eur("15.00")), reason: text(7) });
    history.done(spend(2, "2024-06-01", "100.00"));
    history.done(accept(2));
    paying.cases = vec![history.case().clone()];
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "85.00: -15.00, 100.00");
}

/// A payment outside of the ledger that is taken back is owed again: at once, or with the next payment where an earlier one
/// has taken it into account.
#[rstest]
#[case(PaidFor::Claims)]
#[case(PaidFor::Advance)]
fn a_payment_outside_that_is_taken_back_is_owed_again(#[case] paid_for: PaidFor) {
    let mut history = spent(&["500.00"]);
    let mut paying = Paying::to(&[&history]);
    paying.paid_outside(paid_for, "120.00");
    let outside = PaymentId(Uuid::from_u128(paying.next));
    let take_back =
        |payment| PartnerCommand::ReversePaid { payment, matched: None, shown: None, reason: text(7) };
    let mut before = paying_twin(&paying);
    let first = before.propose("anna").unwrap();
    assert_eq!(before.told(first), "380.00: 500.00");
    before.done("anna", take_back(outside));
    if paid_for == PaidFor::Claims {
        assert_eq!(codes(before.approve("berit", first)), "no-longer-due");
    }
    before.cancel("berit", first).unwrap();
    let second = before.propose("anna").unwrap();
    assert_eq!(before.told(second), "500.00: 500.00");
    assert_eq!(codes(before.give("anna", take_back(outside))), "already-reversed");
    assert_eq!(codes(before.give("anna", take_back(first))), "unknown-payment");
    assert_eq!(codes(before.give("asha@caritas", take_back(outside))), "acts-for-partner");

    let first = paying.propose("anna").unwrap();
    paying.approve("berit", first).unwrap();
    paying.write("anna", &[first]).unwrap();
    paying.done("anna", take_back(outside));
    let mut again = paying_twin(&paying);
    let owed = again.propose("anna").unwrap();
    again.paid_outside(paid_for, "120.00");
    assert_eq!(codes(again.approve("berit", owed)), "no-longer-due", "it was paid after all");
    let mut returned = spent(&["500.00"]);
    returned.done(reverse(1, "2024-07-09", "30.00"));
    let mut lowered = paying_twin(&paying);
    lowered.cases = vec![returned.case().clone()];
    let owed = lowered.propose("anna").unwrap();
    assert_eq!(lowered.told(owed), "90.00: -30.00", "what came back is taken off what is owed");
    let mut alone = paying_twin(&paying);
    let owed = alone.propose("anna").unwrap();
    assert_eq!(alone.told(owed), "120.00: ", "though nothing else is due");
    alone.approve("berit", owed).unwrap();
    alone.write("anna", &[owed]).unwrap();
    assert_eq!(codes(alone.propose("anna")), "nothing-due");
    let open = [alone.partner.payments.open_outside(), alone.partner.payments.open_advance()];
    assert_eq!(open, [Ok(Eur::ZERO), Ok(Eur::ZERO)]);
    history.done(spend(2, "2024-06-01", "100.00"));
    history.done(accept(2));
    paying.cases = vec![history.case().clone()];
    let second = paying.propose("anna").unwrap();
    assert_eq!(paying.told(second), "220.00: 100.00");
    paying.approve("berit", second).unwrap();
    paying.write("anna", &[second]).unwrap();
    let open = [paying.partner.payments.open_outside(), paying.partner.payments.open_advance()];
    assert_eq!(open, [Ok(Eur::ZERO), Ok(Eur::ZERO)]);
}

fn paying_twin(paying: &Paying) -> Paying {
    Paying {
        partner: paying.partner.clone(),
        cases: paying.cases.clone(),
        holds: paying.holds.clone(),
        files: paying.files.clone(),
        next: paying.next,
    }
}

/// The day is today at the earliest and not a year mistyped; what TARGET settles on another day is told.
#[rstest]
#[case::yesterday("2024-07-09", false, Some("in-the-past"))]
#[case::yesterday_however_far("2024-07-09", true, Some("in-the-past"))]
#[case::today(TODAY, false, None)]
#[case::the_last("2025-07-05", false, None)]
#[case::too_far("2025-07-06", false, Some("too-far-ahead"))]
#[case::on_purpose("2034-07-06", true, None)]
fn a_file_is_for_a_day_that_a_bank_takes(#[case] on: &str, #[case] far: bool, #[case] refused: Option<&str>) {
    let said = domain::payment::may_execute_on(day(TODAY), day(on), far);
    assert_eq!(said.err().map(|refusal| refusal.codes()).as_deref(), refused);
}

#[rstest]
#[case::a_wednesday("2024-07-10", None)]
#[case::a_saturday("2024-07-13", Some("2024-07-15"))]
#[case::good_friday("2024-03-29", Some("2024-04-02"))]
#[case::christmas("2026-12-25", Some("2026-12-28"))]
#[case::a_swedish_holiday("2024-06-06", None)]
fn a_day_on_which_no_euro_moves_is_told(#[case] on: &str, #[case] settled: Option<&str>) {
    assert_eq!(domain::payment::settled_instead_on(day(on)), settled.map(day));
}

/// What is left of an advance comes back: no more than is open of it, and the next payment takes only what is left.
#[test]
fn the_rest_of_an_advance_comes_back() {
    let history = spent(&["100.00"]);
    let mut paying = Paying::to(&[&history]);
    paying.paid_outside(PaidFor::Advance, "80.00");
    let repay = |paying: &mut Paying, paid_for: PaidFor, amount: &str| {
        paying.next += 1;
        let pay = PartnerCommand::Pay {
            payment: PaymentId(Uuid::from_u128(paying.next)),
            paid_for,
            amount: eur(amount),
            paid_on: day("2024-07-06"),
            payment_key: KeyDigest([paying.next as u8; 32]),
            details: text(5),
        };
        paying.give("anna", pay).map(|_| ())
    };
    assert_eq!(codes(repay(&mut paying, PaidFor::Advance, "-80.01")), "more-than-open");
    repay(&mut paying, PaidFor::Advance, "-50.00").unwrap();
    assert_eq!(paying.partner.payments.open_advance(), Ok(eur("30.00")));
    let first = paying.propose("anna").unwrap();
    assert_eq!(paying.told(first), "70.00: 100.00");
    assert_eq!(
        codes(repay(&mut paying, PaidFor::Advance, "-0.01")),
        "more-than-open",
        "a payment settles it"
    );
    // More than was due came back as well: the next payment is so much larger.
    repay(&mut paying, PaidFor::Claims, "-5.00").unwrap();
    assert_eq!(paying.partner.payments.open_outside(), Ok(eur("-5.00")));
}
