//! Payments to partners: proposed from what is due, approved by a second person, given to the bank in a file.

mod file;
mod status;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::cases::{CaseRow, CasesProjection};
use ::claims::ClaimsProjection;
use ::grants::GrantsProjection;
use domain::grant::PaymentMethod;
use domain::matching::Rules;
use domain::partner::{Account, Name, PAYMENT, PartnerEvent, PaymentDetails};
use domain::payment::{NewAdvance, NewPayment, PartMade, PaymentState, Standing};
use domain::reconciliation::Settled;
use domain::{
    CaseId, CreditorReference, Event, FoldError, PartnerCode, PartnerCommand, PaymentCommand, PaymentId,
    Period,
};
use money::Eur;

pub use file::{FileAsked, PaymentFileMade};
pub use interchange::pain::Debtor;
pub use status::{NotStopped, StatusItem, StatusTaken};

use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, LEDGER_SUBJECT, Ledger};
use crate::query::PaymentDetail;
use crate::reconciliation::Shown;
use crate::session::{About, Decided, Draft, Executed, Purpose, Repeated, Session};
use crate::texts::PaymentText;

impl Ledger {
    /// Proposes to pay a partner what is due of a period, or altogether, less what was paid already; a dry run shows what
    /// it would come to. What came back after it was paid is taken off in any case.
    pub async fn propose_payment(
        &self,
        code: &PartnerCode,
        period: Option<Period>,
        keep_advance: bool,
        dry_run: bool,
    ) -> Result<PaymentDetail, AppError> {
        self.bank_is_found(code).await?;
        let (payment, reference) = self.new_payment()?;
        let words = format!("{payment} {period:?} {keep_advance}");
        let command = |standing: Standing, _: &Session<'_>, _: &mut Draft| {
            let reference = reference.clone();
            Ok(PaymentCommand::Propose(NewPayment { payment, reference, period, keep_advance, standing }))
        };
        if !dry_run {
            self.payment_command(code, &["propose-payment", &words], command).await?;
            let held = self.held_lines(code, period).await?;
            return Ok(PaymentDetail { held, ..self.payment_detail(code, payment).await? });
        }
        let cases = self.payable_cases(std::slice::from_ref(code)).await?;
        let mut session = Session::new(self, Purpose::DryRun);
        session.load_to_pay(std::slice::from_ref(code), &cases).await?;
        let mut draft = session.draft(0, &["propose-payment", &words], 0);
        let decided = self.decide_payment(&mut session, &mut draft, code, &cases, &command)?;
        decided.map_err(|refused| AppError::Refused(refused.refusal))?;
        let partner = session.partner(code).ok_or_else(|| session.unknown_partner(code))?;
        let (_, events) = self.partner_and_events(code).await?;
        let held = self.held_lines(code, period).await?;
        Ok(PaymentDetail { held, ..self.told_payment(partner, &events, payment).await? })
    }

    /// The partners to which something is due today, or of which something is held, in the order of their codes.
    pub async fn partners_due(&self) -> Result<Vec<PartnerCode>, AppError> {
        let due = self.payments_due(None).await?;
        let owed = due.iter().filter(|item| {
            let taken = item.paid_outside.is_negative() || item.open_advance.is_negative();
            !item.due.is_zero() || !item.held.is_zero() || taken
        });
        Ok(owed.filter_map(|item| item.partner.parse().ok()).collect())
    }

    /// Proposes to pay a partner in advance: what is still to be spent, settled by later payments. An advance of the same
    /// amount for the same reason that is in no file yet is the one that was proposed before; another one has another
    /// reason. Answers with the payment, and whether it was proposed before.
    pub async fn propose_advance(
        &self,
        code: &PartnerCode,
        amount: Eur,
        reason: &str,
    ) -> Result<(PaymentDetail, bool), AppError> {
        let text = reason_text(reason)?;
        self.bank_is_found(code).await?;
        let (payment, reference) = self.new_payment()?;
        let words = format!("{payment} {amount}");
        let cases = self.payable_cases(std::slice::from_ref(code)).await?;
        let alike = |session: &Session<'_>| {
            let known = session.partner(code).into_iter().flat_map(|partner| partner.payments.iter());
            known
                .filter(|(_, known)| matches!(known.state, PaymentState::Proposed | PaymentState::Approved))
                .filter(|(_, known)| known.is_advance() && known.total == amount)
                .filter_map(|(id, known)| Some((id, (LEDGER_SUBJECT, known.reason?))))
                .collect()
        };
        let command = |standing: Standing, session: &Session<'_>, draft: &mut Draft| {
            let (reference, reason) = (reference.clone(), session.seal_own(draft, &text)?);
            Ok(PaymentCommand::Advance(NewAdvance { payment, reference, amount, reason, standing }))
        };
        let request = ["propose-advance", &words, reason];
        let (about, said) = (About::Payment(code.clone(), cases.clone()), Some((&text, &alike as _)));
        let found = self.execute_unless_said(about, &request, said, |session, draft| {
            self.decide_payment(session, draft, code, &cases, &command)
        });
        match found.await? {
            Repeated::Words(before) => Ok((self.payment_detail(code, before).await?, true)),
            // Its id is a new one each time.
            Repeated::Nothing | Repeated::Command => Ok((self.payment_detail(code, payment).await?, false)),
        }
    }

    /// Approves a payment that another person proposed, if it is still right.
    pub async fn approve_payment(&self, code: &PartnerCode, payment: PaymentId) -> Result<(), AppError> {
        let about = payment.to_string();
        self.payment_command(code, &["approve-payment", &about], |standing, _, _| {
            Ok(PaymentCommand::Approve { payment, standing })
        })
        .await
    }

    /// Takes back a payment that is in no file; what it was to pay is due again.
    pub async fn cancel_payment(
        &self,
        code: &PartnerCode,
        payment: PaymentId,
        reason: &str,
    ) -> Result<(), AppError> {
        let (about, text) = (payment.to_string(), reason_text(reason)?);
        self.payment_command(code, &["cancel-payment", &about, reason], |_, session, draft| {
            Ok(PaymentCommand::Cancel { payment, reason: session.seal_own(draft, &text)? })
        })
        .await
    }

    /// Takes back a payment that stands in a file, before the bank makes it: one person asks for it, another agrees. What the
    /// bank has made of it is recorded as paid; answers with how much that is.
    pub async fn recall_payment(
        &self,
        code: &PartnerCode,
        payment: PaymentId,
        reason: &str,
    ) -> Result<(PaymentState, Eur), AppError> {
        let (about, text) = (payment.to_string(), reason_text(reason)?);
        let settled = Settled::Payment { partner: code.clone(), payment };
        let request = ["recall-payment", &about, reason];
        self.execute_unless_made(code, &settled, &request, |session, draft, matched, shown| {
            let reason = session.seal_own(draft, &text)?;
            let mut in_part = Vec::with_capacity(shown.in_part.len());
            for (line, amount, paid_on) in &shown.in_part {
                let known = session.partner(code).and_then(|partner| partner.payments.get(payment));
                let Some(known) = known else { continue };
                let payment_ref = known.reference.to_string();
                // Each line once; the first as if somebody had recorded it by that reference.
                let line = line.to_string();
                let parts = [code.as_str(), &payment_ref, &line];
                let parts = if in_part.is_empty() { &parts[..2] } else { &parts[..] };
                let payment_key = self.key_digest(PAYMENT, parts);
                let details = session.seal_own(draft, &PaymentText { payment_ref })?;
                let (payment, amount, paid_on) = (PaymentId(self.environment.new_id()?), *amount, *paid_on);
                in_part.push(PartMade { payment, amount, paid_on, payment_key, details });
            }
            let (shown, rejected) = (shown.line, false);
            let command = PaymentCommand::Recall { payment, reason, matched, shown, in_part, rejected };
            session.on_partner(draft, code, &PartnerCommand::Payment(command))
        })
        .await?;
        let (partner, events) = self.partner_and_events(code).await?;
        let known = partner.payments.get(payment);
        let known = known.ok_or_else(|| AppError::Usage("there is no such payment".to_owned()))?;
        let recalled = events.iter().find(|recorded| {
            matches!(&recorded.event, Event::Partner(PartnerEvent::PaymentRecalled(e)) if e.payment == payment)
        });
        let made = events.iter().filter_map(|recorded| match &recorded.event {
            Event::Partner(PartnerEvent::PartnerPaid(e)) => {
                recalled.filter(|of| of.command_id == recorded.command_id).map(|_| e.amount)
            }
            _ => None,
        });
        Ok((known.state, Eur::sum(made).map_err(FoldError::from)?))
    }

    /// Lets nothing come of a proposal to take a payment back: who wanted it withdraws it, anybody else refuses it.
    pub async fn withdraw_recall(
        &self,
        code: &PartnerCode,
        payment: PaymentId,
        reason: &str,
    ) -> Result<(), AppError> {
        let (about, text) = (payment.to_string(), reason_text(reason)?);
        let request = ["withdraw-recall", &about, reason];
        self.execute_about(About::Partner(code.clone()), &request, |session, draft| {
            let reason = session.seal_own(draft, &text)?;
            let command = PaymentCommand::WithdrawRecall { payment, reason };
            session.on_partner(draft, code, &PartnerCommand::Payment(command))
        })
        .await
    }

    /// Decides and writes a command that rests on what the bank has shown of a payment: the match that says that it was
    /// made, and what open lines say that have its reference. Nothing is written where the bank told more meanwhile.
    pub(crate) async fn execute_unless_made(
        &self,
        code: &PartnerCode,
        of: &Settled,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft, Option<u64>, &Shown) -> Result<Decided, AppError>,
    ) -> Result<(), AppError> {
        let rules = Rules::embedded().map_err(|error| AppError::Usage(error.to_string()))?;
        let rules = rules.under(&self.rulebook);
        let request: Vec<&str> = request.iter().copied().chain([code.as_str(), self.actor()]).collect();
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, Purpose::Write);
            self.current().await?;
            session.load_all_of_bank().await?;
            let revision = session.load_about(&About::Made(code.clone())).await?;
            let shown = self.look_at_bank().await?.shown(of, &rules);
            let executed = session.try_at(revision, &request, |session, draft| {
                session.rest_on_bank(draft);
                let matched = session.settled_by(draft, of)?;
                work(session, draft, matched, &shown)
            });
            match executed.await? {
                Executed::Now | Executed::Before => return Ok(()),
                Executed::Late => {}
            }
        }
        Err(AppError::always_second())
    }

    /// The payments of a file that were not taken back and did not come back.
    pub async fn payments_in_file(&self, number: u64) -> Result<Vec<(PartnerCode, PaymentId)>, AppError> {
        let (files, _) = self.payment_files_and_events().await?;
        let file = files.get(number).ok_or_else(|| no_file(number))?;
        let codes: BTreeSet<PartnerCode> = file.payments.iter().map(|filed| filed.partner.clone()).collect();
        let codes: Vec<PartnerCode> = codes.into_iter().collect();
        let partners = self.partners_and_events(&codes).await?;
        let state = |code: &PartnerCode, payment: PaymentId| {
            let found = partners.iter().find(|(partner, _)| partner.code == *code);
            found.and_then(|(partner, _)| partner.payments.get(payment)).map(|payment| payment.state)
        };
        let instructed = file
            .payments
            .iter()
            .filter(|filed| state(&filed.partner, filed.payment) == Some(PaymentState::Instructed));
        Ok(instructed.map(|filed| (filed.partner.clone(), filed.payment)).collect())
    }

    /// The payment with this number (the position of its proposal) or this reference, and whose it is.
    pub async fn find_payment(&self, name: &str) -> Result<(PartnerCode, PaymentId), AppError> {
        if let Some(before) = name.parse::<u64>().ok().and_then(|number| number.checked_sub(1))
            && let Some(recorded) = self.store.read_log(before, 1).await?.pop()
            && let Event::Partner(PartnerEvent::PaymentProposed(event)) = Event::decode_checked(&recorded)?
            && let Ok(code) = recorded.stream_id.id().parse()
        {
            return Ok((code, event.payment));
        }
        if let Ok(reference) = name.parse::<CreditorReference>() {
            let codes = self.partner_codes().await?;
            for (partner, _) in self.partners_and_events(&codes).await? {
                let mut payments = partner.payments.iter();
                if let Some((id, _)) = payments.find(|(_, payment)| payment.reference == reference) {
                    return Ok((partner.code, id));
                }
            }
        }
        Err(AppError::Usage(format!(
            "there is no payment {name}; `svala payment list` shows all payments with their numbers and references"
        )))
    }

    /// Gives a command about payments of a partner, with what it can be paid for today.
    async fn payment_command(
        &self,
        code: &PartnerCode,
        request: &[&str],
        command: impl Fn(Standing, &Session<'_>, &mut Draft) -> Result<PaymentCommand, AppError>,
    ) -> Result<(), AppError> {
        let cases = self.payable_cases(std::slice::from_ref(code)).await?;
        let today = self.today().to_string();
        let request: Vec<&str> = request.iter().copied().chain([today.as_str()]).collect();
        self.execute_about(About::Payment(code.clone(), cases.clone()), &request, |session, draft| {
            self.decide_payment(session, draft, code, &cases, &command)
        })
        .await
    }

    fn decide_payment(
        &self,
        session: &mut Session<'_>,
        draft: &mut Draft,
        code: &PartnerCode,
        cases: &[CaseId],
        command: &impl Fn(Standing, &Session<'_>, &mut Draft) -> Result<PaymentCommand, AppError>,
    ) -> Result<Decided, AppError> {
        if session.partner(code).is_none() {
            return Err(session.unknown_partner(code));
        }
        let standing = session.standing(code, cases, self.today())?;
        let command = command(standing, session, draft)?;
        session.rest_on_what_stops(draft);
        session.on_partner(draft, code, &PartnerCommand::Payment(command))
    }

    /// Refuses what no bank would transfer to the account in force of a partner.
    async fn bank_is_found(&self, code: &PartnerCode) -> Result<(), AppError> {
        let found = self.partners_and_events(std::slice::from_ref(code)).await?.pop();
        // Without an account the proposal is refused for that.
        let details = found.and_then(|(partner, _)| partner.details.map(|known| known.details));
        let Some(details) = details else { return Ok(()) };
        let account = self.reveal::<PaymentDetails>(&[(LEDGER_SUBJECT, details)]).await?.pop().flatten();
        account.map_or(Ok(()), |details| may_be_transferred_to(code, &details))
    }

    /// The id and the reference of a new payment.
    fn new_payment(&self) -> Result<(PaymentId, CreditorReference), AppError> {
        let reference = CreditorReference::from_random(self.environment.random_bits()?);
        Ok((PaymentId(self.environment.new_id()?), reference))
    }

    /// The cases in which these partners can have something to be paid for, or were paid for something.
    pub(crate) async fn payable_cases(&self, codes: &[PartnerCode]) -> Result<Vec<CaseId>, AppError> {
        let of_each = self.payable_cases_of_each(codes).await?;
        let cases: BTreeSet<CaseId> = of_each.into_values().flatten().collect();
        Ok(cases.into_iter().collect())
    }

    /// The same by partner: it reported spend there, may have paid out an arrival grant, or a payment names them.
    pub(crate) async fn payable_cases_of_each(
        &self,
        codes: &[PartnerCode],
    ) -> Result<BTreeMap<PartnerCode, BTreeSet<CaseId>>, AppError> {
        self.catch_up(&|_, _| {}).await?;
        let mut cases: BTreeMap<PartnerCode, BTreeSet<CaseId>> =
            codes.iter().map(|code| (code.clone(), BTreeSet::new())).collect();
        for (_, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            if let Some(cases) = cases.get_mut(&row.partner) {
                cases.insert(row.case);
            }
        }
        let assigned: HashMap<String, CaseRow> =
            self.runner.all_rows::<CasesProjection>().await?.into_iter().collect();
        for (_, row) in self.runner.all_rows::<GrantsProjection>().await? {
            let Some(case) = assigned.get(&row.case.to_string()) else { continue };
            for (_, code) in case.assignments.iter().filter(|_| row.method == PaymentMethod::CashByPartner) {
                if let Some(cases) = cases.get_mut(code) {
                    cases.insert(row.case);
                }
            }
        }
        for (partner, _) in self.partners_and_events(codes).await? {
            let payments = partner.payments.iter().filter(|(_, payment)| payment.is_live());
            let named = payments.flat_map(|(_, payment)| &payment.items).filter_map(|item| item.of.case());
            cases.entry(partner.code.clone()).or_default().extend(named);
        }
        Ok(cases)
    }
}

/// Whether a bank transfers to this account of a partner.
fn may_be_transferred_to(code: &PartnerCode, details: &PaymentDetails) -> Result<(), AppError> {
    is_legible(code, details)?;
    let Some(lacks) = details.account.lacks() else { return Ok(()) };
    let detail = format!(
        "{code} is paid to {} outside of SEPA, and a bank asks there for {lacks} (`svala partner payment-details propose {code} …`, then another person approves it)",
        details.account.masked()
    );
    Err(AppError::Refused(domain::Refusal::new("bank-not-found", detail)))
}

/// Whether the names that a bank needs can be written in its letters: in dots it would pay nobody, or somebody else.
fn is_legible(code: &PartnerCode, details: &PaymentDetails) -> Result<(), AppError> {
    let lost = |name: &Name| interchange::pain::is_lost(name.as_str());
    let (what, option) = match &details.account {
        _ if lost(details.name_for_bank()) => ("who holds its account", "--latin-name"),
        Account::Local { bank, .. } if lost(bank) => ("its bank", "--bank"),
        Account::Local { seat: Some(seat), .. } if lost(&seat.town) => {
            ("the town of its bank", "--bank-town")
        }
        Account::Local { .. } | Account::Iban { .. } => return Ok(()),
    };
    let detail = format!(
        "the name of {what} has letters that no bank takes, and {code} would be paid under another name: propose its payment details again with {option} in Latin letters, as its bank writes it (`svala partner payment-details propose {code} …`), then another person approves them"
    );
    Err(AppError::Refused(domain::Refusal::new("name-not-latin", detail)))
}

/// Nobody has made this file.
fn no_file(number: u64) -> AppError {
    AppError::Usage(format!("there is no file {number} of payments; `svala payment files` shows all"))
}
