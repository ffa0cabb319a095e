//! What a bank does in a random world, and what people make of it: payments by file, lines, matches, write-offs.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank::{
    self, BankAccountOpened, BankLineBooked, LineEvent, LineReference, ReferenceKind, StatementImported,
};
use domain::exception::{ExceptionCommand, ExceptionId, ExceptionKind, Subject};
use domain::grant::PaymentMethod;
use domain::ids::{FileDigest, PaymentId};
use domain::matching::{OpenItem, OpenLine, Rules, run};
use domain::partner::PartnerEvent;
use domain::payment::{
    NewAdvance, NewPayment, NewPaymentFile, OutsideState, PainVersion, PaymentFileEvent, PaymentState,
};
use domain::reconciliation::{self, MatchedItem, MatchedLine, Named, NewMatch, ReconciliationEvent, Settled};
use domain::{
    BankAccountCode, Case, CreditorReference, Event, KeyDigest, LineId, PartnerCode, PartnerCommand,
    PaymentCommand, PaymentFiles, Reconciliation, ReconciliationCommand, Refusal,
};
use jiff::Timestamp;
use jiff::civil::Date;
use money::{Amount, Currency, Eur};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use crate::sequences::date;
use crate::support::*;
use crate::world::{PARTNERS, World};

/// No two things have one id, whatever they are.
const LINES: u128 = 5_000;
const FILED: u128 = 6_000;

/// Something about the bank; places are those among what is open, or has been matched.
#[derive(Debug, Clone)]
pub enum BankAct {
    /// A partner is paid what is due by a file for the bank: proposed, approved and written by three people.
    Pay(&'static str),
    /// The bank books lines of one statement: something that is open, so many cents off, with its reference or not.
    Book { lines: Vec<(Index, i64, bool)>, on: Date },
    /// Two people take a payment back from its file.
    Recall(Index),
    /// The rules match what they are certain of.
    ByRules,
    /// Somebody matches a line with an item.
    ByHand { line: Index, item: Index },
    /// Somebody matches a line with another one.
    Against { line: Index, other: Index },
    /// A match is taken back.
    Undo(Index),
    /// A line is written off, or that is proposed.
    WriteOff(Index),
    /// Nothing comes of a proposal.
    Decline(Index),
    /// What was written off is open again.
    Reopen(Index),
}

pub fn bank_act() -> impl Strategy<Value = BankAct> {
    let off = select(&[0, 0, 0, 0, -150, 40, -70_000][..]);
    let book = (prop::collection::vec((any::<Index>(), off, any::<bool>()), 1..4), date());
    prop_oneof![
        1 => any::<Index>().prop_map(BankAct::Recall),
        3 => select(&PARTNERS[..]).prop_map(BankAct::Pay),
        8 => book.prop_map(|(lines, on)| BankAct::Book { lines, on }),
        3 => Just(BankAct::ByRules),
        3 => (any::<Index>(), any::<Index>()).prop_map(|(line, item)| BankAct::ByHand { line, item }),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(line, other)| BankAct::Against { line, other }),
        2 => any::<Index>().prop_map(BankAct::Undo),
        2 => any::<Index>().prop_map(BankAct::WriteOff),
        1 => any::<Index>().prop_map(BankAct::Decline),
        1 => any::<Index>().prop_map(BankAct::Reopen),
    ]
}

/// What is known of the bank.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Banking {
    files: PaymentFiles,
    pub reconciliation: Reconciliation,
    lines: Vec<OpenLine>,
    statements: u64,
    told_until: Option<Date>,
    /// What the last statement closes with.
    pub balance: Eur,
}

fn nothing(what: &str) -> Refusal {
    Refusal::new("nothing-there", what)
}

fn pick<T>(of: &[T], place: Index) -> Result<&T, Refusal> {
    if of.is_empty() { Err(nothing("there is none")) } else { Ok(place.get(of)) }
}

fn rules_of_matching() -> Rules {
    Rules::embedded().unwrap()
}

impl World {
    pub fn bank(&mut self, by: &str, act: &BankAct) -> Result<(), Refusal> {
        match act {
            BankAct::Pay(code) => self.pay_by_file(&partner(code)),
            BankAct::Book { lines, on } => {
                let items = self.items();
                let line = |(item, off, named): &(Index, i64, bool)| {
                    let of = if items.is_empty() { None } else { Some(item.get(&items)) };
                    let amount = of.map_or(Eur::from_cents(-777).into(), |(_, open)| open.amount);
                    let amount = amount.checked_add(Eur::from_cents(*off).into()).unwrap();
                    let references =
                        of.filter(|_| *named).map(|(_, open)| open.references.clone()).unwrap_or_default();
                    (amount, references)
                };
                self.book(&lines.iter().map(line).collect::<Vec<_>>(), *on);
                Ok(())
            }
            BankAct::Recall(which) => {
                let mut instructed = Vec::new();
                for (code, partner) in &self.partners {
                    let payments = partner.payments.iter();
                    let of_partner = payments.filter(|(_, known)| known.state == PaymentState::Instructed);
                    instructed.extend(of_partner.map(|(payment, _)| (code.clone(), payment)));
                }
                let (code, payment) = pick(&instructed, *which)?.clone();
                for by in ["anna", "clara"] {
                    let of = Settled::Payment { partner: code.clone(), payment };
                    let matched = self.banking.reconciliation.of_item(&of).map(|of| of.matched.number);
                    // A line that names it and is open is not looked for: it is an exception then.
                    let recall = PaymentCommand::Recall {
                        payment,
                        reason: text(5),
                        matched,
                        shown: None,
                        in_part: Vec::new(),
                        rejected: false,
                    };
                    self.on_partner(&actor(by), &code, &PartnerCommand::Payment(recall))?;
                }
                Ok(())
            }
            BankAct::ByRules => {
                let (lines, items) = (self.open_lines(), self.open_items());
                let open: Vec<OpenItem> = items.iter().map(|(_, open)| open.clone()).collect();
                let rules = rules_of_matching();
                // What goes out before what may have come back of it, as both have one id.
                let (out, back): (Vec<_>, Vec<_>) =
                    open.into_iter().partition(|item| item.amount.is_negative());
                for (rules, open) in [(rules.clone(), out), (rules.by_reference(), back)] {
                    for found in run(&rules, &lines, &open).matches {
                        let rule = rules.rules.iter().find(|rule| rule.id == found.rule).unwrap();
                        let of: Vec<&Settled> = items
                            .iter()
                            .filter(|(_, item)| open.contains(item) && found.items.contains(&item.item))
                            .map(|(of, _)| of)
                            .collect();
                        let new = self.new_match(&found.lines, &of, rule.tolerance());
                        // The payment it would come back of may not have gone out.
                        let _ = self.reconcile(by, &ReconciliationCommand::Match(new));
                    }
                }
                Ok(())
            }
            BankAct::ByHand { line, item } => {
                let (lines, items) = (self.open_lines(), self.open_items());
                let (line, (of, _)) = (pick(&lines, *line)?.line, pick(&items, *item)?);
                let new = self.new_match(&[line], &[of], rules_of_matching().tolerance(false));
                self.reconcile(by, &ReconciliationCommand::Match(new))
            }
            BankAct::Against { line, other } => {
                let lines = self.open_lines();
                let (line, other) = (pick(&lines, *line)?, pick(&lines, *other)?);
                // The bank takes the line back, where no other line happens to.
                let other = match line.amount == other.amount.negated() {
                    true => other.line,
                    false => self.book(&[(line.amount.negated(), Vec::new())], line.booked_on),
                };
                let new = self.new_match(&[line.line, other], &[], None);
                // Whatever becomes of it, the bank has booked the line.
                let _ = self.reconcile(by, &ReconciliationCommand::Match(new));
                Ok(())
            }
            BankAct::Undo(which) => {
                let numbers: Vec<u64> = (1..self.banking.reconciliation.next_number()).collect();
                let number = *pick(&numbers, *which)?;
                self.reconcile(by, &ReconciliationCommand::Undo { number, reason: text(1) })
            }
            BankAct::WriteOff(line) => {
                let lines = self.open_lines();
                let line = pick(&lines, *line)?;
                let (exception, amount) = (no_match(line.line), line.amount);
                let (account, alone_max, reason) = ("bank-fees".parse().unwrap(), eur("50.00"), text(2));
                let command = ExceptionCommand::WriteOff { exception, amount, account, alone_max, reason };
                self.reconcile(by, &ReconciliationCommand::Exception(command))
            }
            BankAct::Decline(which) => {
                let exception = self.handled(*which)?;
                let command = ExceptionCommand::Decline { exception, reason: text(3) };
                self.reconcile(by, &ReconciliationCommand::Exception(command))
            }
            BankAct::Reopen(which) => {
                let exception = self.handled(*which)?;
                let command = ExceptionCommand::Reopen { exception, reason: text(3) };
                self.reconcile(by, &ReconciliationCommand::Exception(command))
            }
        }
    }

    fn handled(&self, which: Index) -> Result<ExceptionId, Refusal> {
        let ids: Vec<_> = self.banking.reconciliation.handling().iter().map(|(id, _)| id.clone()).collect();
        pick(&ids, which).cloned()
    }

    /// Proposed by one, approved by a second, written by a third; whatever stops the second or third leaves it where it is.
    /// A partner to which nothing is due is paid in advance.
    fn pay_by_file(&mut self, code: &PartnerCode) -> Result<(), Refusal> {
        let (details, digest) = (text(6), KeyDigest([6; 32]));
        let proposed = PartnerCommand::ProposeDetails { details, digest, proposed_by: actor("anna") };
        if self.on_partner(&actor("anna"), code, &proposed).is_ok() {
            let approved = PartnerCommand::ApproveDetails { details, approved_by: actor("bo") };
            let _ = self.on_partner(&actor("bo"), code, &approved);
        }
        let number = FILED + self.log.len() as u128;
        let payment = PaymentId(Uuid::from_u128(number));
        let reference = CreditorReference::from_random(number as u64);
        let standing = self.standing(code);
        let new = NewPayment { payment, reference, period: None, keep_advance: false, standing };
        let NewPayment { reference, standing, .. } = new.clone();
        let advance = NewAdvance { payment, reference, amount: eur("615.00"), reason: text(7), standing };
        let propose = |command| PartnerCommand::Payment(command);
        if self.on_partner(&actor("anna"), code, &propose(PaymentCommand::Propose(new))).is_err()
            && self.on_partner(&actor("anna"), code, &propose(PaymentCommand::Advance(advance))).is_err()
        {
            return Ok(());
        }
        let approve = PaymentCommand::Approve { payment, standing: self.standing(code) };
        if self.on_partner(&actor("bo"), code, &PartnerCommand::Payment(approve)).is_err() {
            return Ok(());
        }
        let new = NewPaymentFile {
            message: Uuid::from_u128(number),
            version: PainVersion::V03,
            created_at: Timestamp::UNIX_EPOCH,
            today: self.today(),
            execute_on: self.today(),
            debtor: text(2),
            payments: vec![(code.clone(), payment)],
            sha256: FileDigest([3; 32]),
        };
        let known = self.partners[code].clone();
        let partners = BTreeMap::from([(code.clone(), (&known, self.standing(code)))]);
        let Ok((written, instructed)) =
            domain::payment::write_file(&self.banking.files, &partners, &new, &who("clara"))
        else {
            return Ok(());
        };
        let written: PaymentFileEvent = written.into();
        self.banking.files.evolve(&written).unwrap();
        let version = self.log.len() as u64 + 1;
        self.record(&actor("clara"), domain::payment::stream(), version, Event::PaymentFile(written));
        for (code, event) in instructed {
            self.note_partner(&actor("clara"), &code, event.into());
        }
        Ok(())
    }

    fn standing(&self, code: &PartnerCode) -> domain::payment::Standing {
        let cases: Vec<&Case> = self.people.iter().map(|person| person.case()).collect();
        domain::payment::standing(&self.partners[code], cases, &self.holds, self.rules, self.today()).unwrap()
    }

    /// One statement, which goes on where the last one ended; answers with its last line.
    fn book(&mut self, lines: &[(Amount, Vec<KeyDigest>)], on: Date) -> LineId {
        // One statement after the other, as the bank makes them.
        let on = self.banking.told_until.map_or(on, |told| told.max(on));
        self.banking.told_until = Some(on);
        let account: BankAccountCode = "payments".parse().unwrap();
        if self.banking.statements == 0 {
            let (number_key, details) = (KeyDigest([8; 32]), text(8));
            let opened =
                BankAccountOpened { account: account.clone(), currency: Currency::EUR, number_key, details };
            self.record(&actor("anna"), account.stream(), 1, Event::Bank(opened.into()));
        }
        self.banking.statements += 1;
        let sequence = self.banking.statements;
        let mut digest = KeyDigest([0; 32]);
        digest.0[..8].copy_from_slice(&sequence.to_be_bytes());
        let moved = lines.iter().map(|(amount, _)| amount.to_eur_exact().unwrap());
        let closing = Eur::sum(moved.chain([self.banking.balance])).unwrap();
        let imported = StatementImported {
            statement: digest,
            sequence: Some(sequence),
            from: Some(on),
            to: Some(on),
            opening: self.banking.balance.into(),
            closing: closing.into(),
            lines: lines.len() as u64,
            file: FileDigest([4; 32]),
            not_stated: Vec::new(),
            gap_accepted: None,
            details: text(4),
        };
        self.banking.balance = closing;
        self.record(&actor("anna"), account.stream(), sequence + 1, Event::Bank(imported.into()));
        let booked = (1..).zip(lines);
        let booked =
            booked.map(|(nth, (amount, of))| self.book_line(&account, (digest, nth), *amount, of, on));
        booked.last().unwrap()
    }

    fn book_line(
        &mut self,
        account: &BankAccountCode,
        (statement, ordinal): (KeyDigest, u64),
        amount: Amount,
        references: &[KeyDigest],
        on: Date,
    ) -> LineId {
        let number = LINES + self.banking.lines.len() as u128;
        let line = LineId(Uuid::from_u128(number));
        let digest = KeyDigest([number as u8; 32]);
        let references: Vec<LineReference> = references
            .iter()
            .map(|digest| LineReference { kind: ReferenceKind::EndToEnd, digest: *digest })
            .collect();
        let booked = BankLineBooked {
            line,
            account: account.clone(),
            statement,
            kind: bank::StatementKind::Statement,
            ordinal,
            booked_on: on,
            value_on: None,
            amount,
            line_key: digest,
            exchange: None,
            references: references.clone(),
            code: Vec::new(),
            reversal: false,
            returned: false,
            return_reason: None,
            details: text(4),
        };
        self.record(&actor("anna"), line.stream(), 1, Event::Line(LineEvent::BankLineBooked(booked)));
        let (worth, counterpart, account, booked_on) = (None, None, None, on);
        self.banking.lines.push(OpenLine {
            line,
            amount,
            worth,
            booked_on,
            references,
            counterpart,
            account,
        });
        line
    }

    /// All that lines can settle, whether they have or not.
    fn items(&self) -> Vec<(Settled, OpenItem)> {
        let mut items = Vec::new();
        for recorded in &self.log {
            let Event::Partner(event) = &recorded.event else { continue };
            let code: PartnerCode = recorded.stream_id.id().parse().unwrap();
            let payments = &self.partners[&code].payments;
            let open = |payment: PaymentId, amount: Amount, day: Date| OpenItem {
                item: payment.0,
                amount,
                day,
                references: vec![KeyDigest([payment.0.as_u128() as u8; 32])],
                counterpart: None,
            };
            match event {
                PartnerEvent::PartnerPaid(e)
                    if payments.outside(e.payment).is_some_and(|of| of.state != OutsideState::TakenBack) =>
                {
                    let (amount, payment) = (Amount::from(e.amount), e.payment);
                    let of = Settled::PaidOutside { partner: code.clone(), payment };
                    items.push((of, open(payment, amount.negated(), e.paid_on)));
                    let of = Settled::PaidOutsideBack { partner: code, payment };
                    items.push((of, open(payment, amount, e.paid_on)));
                }
                PartnerEvent::PaymentInstructed(e) => {
                    let known = payments.get(e.payment).unwrap();
                    let made = matches!(known.state, PaymentState::Instructed | PaymentState::Returned);
                    if made && !known.total.is_zero() {
                        let (amount, payment) = (Amount::from(known.total), e.payment);
                        let of = Settled::Payment { partner: code.clone(), payment };
                        items.push((of, open(payment, amount.negated(), e.execute_on)));
                        let of = Settled::PaymentBack { partner: code, payment };
                        items.push((of, open(payment, amount, e.execute_on)));
                    }
                }
                _ => {}
            }
        }
        for case in self.people.iter().map(|person| person.case()) {
            let by_bank = case.grants.iter().filter(|(_, grant)| grant.method == PaymentMethod::Bank);
            for (id, grant) in by_bank {
                let out = Settled::Grant { case: case.id, grant: *id };
                let back = (1..).zip(&grant.returns).map(|(nth, part)| {
                    (Settled::GrantBack { case: case.id, grant: *id, nth }, Amount::from(part.amount))
                });
                for (of, amount) in back.chain([(out, Amount::from(grant.amount).negated())]) {
                    let references = vec![KeyDigest([id.0.as_u128() as u8; 32])];
                    let (item, day) = (of.key(), grant.paid_on);
                    items.push((of, OpenItem { item, amount, day, references, counterpart: None }));
                }
            }
        }
        items
    }

    fn open_items(&self) -> Vec<(Settled, OpenItem)> {
        let mut items = self.items();
        items.retain(|(of, _)| self.banking.reconciliation.of_item(of).is_none());
        items
    }

    fn open_lines(&self) -> Vec<OpenLine> {
        let reconciliation = &self.banking.reconciliation;
        let is_open = |line: &&OpenLine| {
            reconciliation.of_line(line.line).is_none()
                && reconciliation.handling().written_off(line.line).is_none()
        };
        self.banking.lines.iter().filter(is_open).cloned().collect()
    }

    /// What nothing explains, on both sides.
    pub fn open(&self) -> (BTreeSet<LineId>, BTreeSet<Settled>) {
        let lines = self.open_lines().into_iter().map(|line| line.line);
        (lines.collect(), self.open_items().into_iter().map(|(of, _)| of).collect())
    }

    fn new_match(
        &self,
        lines: &[LineId],
        items: &[&Settled],
        tolerance: Option<domain::matching::Tolerance>,
    ) -> NewMatch {
        let of_line = |line: &LineId| {
            let known = self.banking.lines.iter().find(|known| known.line == *line).unwrap();
            Named { name: "a line".into(), it: MatchedLine { line: *line, amount: known.amount } }
        };
        let all = self.items();
        let of_item = |of: &&Settled| {
            let (_, open) = all.iter().find(|(known, _)| known == *of).unwrap();
            Named { name: "a payment".into(), it: MatchedItem { of: (*of).clone(), amount: open.amount } }
        };
        NewMatch {
            rule: "by-hand".into(),
            rules: "1".into(),
            why: "somebody said so".into(),
            lines: lines.iter().map(of_line).collect(),
            worth: BTreeMap::new(),
            items: items.iter().map(of_item).collect(),
            tolerance,
            apart_max: None,
        }
    }

    /// Decides and records, with what it changes for partners; a match that is taken back at once was never there.
    fn reconcile(&mut self, by: &str, command: &ReconciliationCommand) -> Result<(), Refusal> {
        let before = self.open();
        self.settle(by, command)?;
        if let ReconciliationCommand::Match(_) = command {
            let number = self.banking.reconciliation.next_number() - 1;
            let mut other = self.clone();
            other.settle("bo", &ReconciliationCommand::Undo { number, reason: text(5) }).unwrap();
            assert_eq!(other.open(), before, "taken back, it is open as it was");
        }
        Ok(())
    }

    fn settle(&mut self, by: &str, command: &ReconciliationCommand) -> Result<(), Refusal> {
        let event = reconciliation::decide(&self.banking.reconciliation, command, &who(by))?;
        let (items, number, undone) = match &event {
            ReconciliationEvent::PaymentMatched(e) => (e.items.clone(), e.number, false),
            ReconciliationEvent::MatchUndone(e) => {
                let known = self.banking.reconciliation.get(e.number).unwrap();
                (known.matched.items.clone(), e.number, true)
            }
            _ => (Vec::new(), 0, false),
        };
        let mut of_partners = Vec::new();
        for item in items {
            let (Settled::PaymentBack { partner: code, payment }
            | Settled::PaidOutsideBack { partner: code, payment }) = item.of
            else {
                continue;
            };
            let command = match undone {
                false => PaymentCommand::Return { payment, matching: number },
                true => PaymentCommand::UndoReturn { payment, matching: number },
            };
            let (known, command) = (self.partners.get(&code), PartnerCommand::Payment(command));
            let events = domain::partner::decide(known, &command, &who(by), self.rules)?;
            of_partners.extend(events.into_iter().map(|event| (code.clone(), event)));
        }
        self.banking.reconciliation.evolve(&event, self.at).unwrap();
        let version = self.log.len() as u64 + 1;
        self.record(&actor(by), reconciliation::stream(), version, Event::Reconciliation(event));
        for (code, event) in of_partners {
            self.note_partner(&actor(by), &code, event);
        }
        Ok(())
    }
}

fn no_match(line: LineId) -> ExceptionId {
    ExceptionId { kind: ExceptionKind::NoMatch, about: Subject::Line { line } }
}
