//! Payments to partners: what is due, what was proposed, and the files for the bank.

use std::collections::HashMap;

use domain::partner::PartnerEvent;
use domain::payment::{Payment, PaymentFileWritten, PaymentState, Standing, left};
use domain::{CaseId, Event, FoldError, Partner, PartnerCode, PaymentId, Recorded};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;
use uuid::Uuid;

use super::history::utc;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::session::{Purpose, Session};
use crate::texts::{ERASED, ReasonText};

/// What a partner can be paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DueItem {
    /// Whom.
    pub partner: String,
    /// Accepted, not held, and in no payment.
    pub due: Eur,
    /// The same, as far as a hold stops it today.
    pub held: Eur,
    /// Paid, and came back since: taken off the next payment.
    pub came_back: Eur,
    /// Paid outside of the ledger and in no payment: taken off the next one.
    pub paid_outside: Eur,
    /// Paid in advance and not settled: taken off the next payment.
    pub open_advance: Eur,
    /// Proposed, and waiting for a second person.
    pub proposed: Eur,
    /// Approved, and in no file.
    pub approved: Eur,
    /// What a payment would transfer that is proposed now: `due`, less what came back, was paid outside of the ledger or in
    /// advance.
    pub to_pay: Eur,
    /// The same, had no hold stopped any of it.
    pub owed: Eur,
}

/// Which payments to list; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct PaymentFilter {
    /// To this partner.
    pub partner: Option<PartnerCode>,
    /// In this state.
    pub state: Option<PaymentState>,
    /// In this file.
    pub file: Option<u64>,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentItem {
    /// Its number: the position of its proposal; none while it is only shown.
    pub payment: Option<u64>,
    /// Whom.
    pub partner: String,
    /// What stands on it at the bank; empty while it is only shown.
    pub reference: String,
    /// How far it has come.
    pub state: PaymentState,
    /// The days of what is paid; empty for whatever was due.
    pub period: String,
    /// How many claims, fees and grants.
    pub items: u64,
    /// What they come to.
    pub gross: Eur,
    /// Of that, paid outside of the ledger before.
    pub paid_before: Eur,
    /// Of that, paid in advance.
    pub advance_settled: Eur,
    /// What is transferred.
    pub total: Eur,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// The file it stands in.
    pub file: Option<u64>,
    /// The day on which the bank is to execute it.
    pub execute_on: Option<Date>,
}

/// One file of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentFileItem {
    /// Its number.
    pub file: u64,
    /// Its version.
    pub version: String,
    /// The message's identity for the bank.
    pub message: String,
    /// When it was made (UTC).
    pub created_at: String,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// How many payments.
    pub payments: u64,
    /// Their sum.
    pub total: Eur,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Who made it.
    pub by: String,
}

/// A payment that somebody wants to take back from its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecallItem {
    /// Its number.
    pub payment: u64,
    /// Whom it pays.
    pub partner: String,
    /// What stands on it at the bank.
    pub reference: String,
    /// What is transferred.
    pub total: Eur,
    /// The file it stands in.
    pub file: Option<u64>,
    /// The day on which the bank is to execute it.
    pub execute_on: Option<Date>,
    /// Who wants it.
    pub by: String,
    /// Since when (UTC).
    pub since: String,
    /// Why.
    pub reason: String,
}

impl Ledger {
    /// Payments that one person wants to take back from their file, and that wait for another one, in the order in which they
    /// were proposed.
    pub async fn recalls(&self) -> Result<Vec<RecallItem>, AppError> {
        let mut items = Vec::new();
        for (partner, events) in self.partners_and_events(&self.partner_codes().await?).await? {
            let numbers = numbers(&events);
            for (id, payment) in partner.payments.iter() {
                let wanted = payment.state == PaymentState::Instructed;
                let Some(by) = payment.recall_by.as_ref().filter(|_| wanted) else { continue };
                let asked = events.iter().rev().find_map(|recorded| match &recorded.event {
                    Event::Partner(PartnerEvent::PaymentRecallProposed(e)) if e.payment == id => {
                        Some((recorded.recorded_at, e.reason))
                    }
                    _ => None,
                });
                let Some((since, reason)) = asked else { continue };
                let reason = self.reveal::<ReasonText>(&[(LEDGER_SUBJECT, reason)]).await?.pop().flatten();
                items.push(RecallItem {
                    payment: numbers.get(&id.0).copied().unwrap_or_default(),
                    partner: partner.code.to_string(),
                    reference: payment.reference.to_string(),
                    total: payment.total,
                    file: payment.file.map(|(file, _)| file),
                    execute_on: payment.file.map(|(_, day)| day),
                    by: by.to_string(),
                    since: utc(since),
                    reason: reason.map_or_else(|| ERASED.to_owned(), |text| text.reason),
                });
            }
        }
        items.sort_by_key(|item| item.payment);
        Ok(items)
    }

    /// What each partner can be paid today, or one of them; those that can be paid nothing and owe nothing are left out.
    pub async fn payments_due(&self, partner: Option<&PartnerCode>) -> Result<Vec<DueItem>, AppError> {
        let codes = match partner {
            Some(code) => vec![code.clone()],
            None => self.partner_codes().await?,
        };
        let mut due = self.due_to_each(&codes).await?;
        let is_nothing =
            |item: &DueItem| *item == DueItem { partner: item.partner.clone(), ..DueItem::default() };
        due.retain(|item| partner.is_some() || !is_nothing(item));
        Ok(due)
    }

    /// What each of these partners can be paid today. Of each only its own cases are looked at.
    pub(crate) async fn due_to_each(&self, codes: &[PartnerCode]) -> Result<Vec<DueItem>, AppError> {
        let cases = self.payable_cases_of_each(codes).await?;
        let mut due = Vec::with_capacity(codes.len());
        for (code, cases) in cases {
            let cases: Vec<CaseId> = cases.into_iter().collect();
            let mut session = Session::new(self, Purpose::Check);
            session.load_payable(std::slice::from_ref(&code), &cases).await?;
            let found = session.partner(&code).ok_or_else(|| session.unknown_partner(&code))?;
            due.push(due_item(found, &session.standing(&code, &cases, self.today())?)?);
        }
        Ok(due)
    }

    /// Payments in the order in which they were proposed.
    pub async fn payments(&self, filter: &PaymentFilter) -> Result<Vec<PaymentItem>, AppError> {
        self.known_partner(filter.partner.as_ref()).await?;
        let codes = match &filter.partner {
            Some(code) => vec![code.clone()],
            None => self.partner_codes().await?,
        };
        let mut items = Vec::new();
        for (partner, events) in self.partners_and_events(&codes).await? {
            let numbers = numbers(&events);
            for (id, payment) in partner.payments.iter() {
                let wanted = filter.state.is_none_or(|state| payment.state == state)
                    && filter
                        .file
                        .is_none_or(|file| payment.file.is_some_and(|(in_file, _)| in_file == file));
                if wanted {
                    items.push(item(&partner, &numbers, id, payment)?);
                }
            }
        }
        items.sort_by_key(|item| item.payment);
        Ok(items)
    }

    /// Files of payments, by number.
    pub async fn payment_files(&self) -> Result<Vec<PaymentFileItem>, AppError> {
        let (files, _) = self.payment_files_and_events().await?;
        Ok(files.iter().map(file_item).collect())
    }
}

fn due_item(partner: &Partner, standing: &Standing) -> Result<DueItem, AppError> {
    let payments = &partner.payments;
    let (mut due, mut held, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for (worth, left) in left(partner, &standing.worths).map_err(FoldError::from)? {
        match worth.held_by {
            _ if left.is_negative() => back.push(left.checked_neg().map_err(FoldError::from)?),
            Some(_) => held.push(left),
            None => due.push(left),
        }
    }
    let sum = |amounts: Vec<Eur>| Eur::sum(amounts).map_err(FoldError::from);
    let in_state = |state| {
        let payments = payments.iter().filter(move |(_, payment)| payment.state == state);
        Eur::sum(payments.map(|(_, payment)| payment.total)).map_err(FoldError::from)
    };
    let (due, came_back) = (sum(due)?, sum(back)?);
    let paid_outside = payments.open_outside().map_err(FoldError::from)?;
    let open_advance = payments.open_advance().map_err(FoldError::from)?;
    let held = sum(held)?;
    let less_taken_off = |of: Eur| {
        let mut taken_off = [came_back, paid_outside, open_advance].into_iter();
        taken_off.try_fold(of, Eur::checked_sub).map(|left| left.max(Eur::ZERO)).map_err(FoldError::from)
    };
    let to_pay = less_taken_off(due)?;
    let owed = less_taken_off(due.checked_add(held).map_err(FoldError::from)?)?;
    Ok(DueItem {
        partner: partner.code.to_string(),
        due,
        held,
        came_back,
        paid_outside,
        open_advance,
        to_pay,
        owed,
        proposed: in_state(PaymentState::Proposed)?,
        approved: in_state(PaymentState::Approved)?,
    })
}

/// The numbers of a partner's fees and payments.
pub(super) fn numbers(events: &[Recorded]) -> HashMap<Uuid, u64> {
    let mut numbers = HashMap::new();
    for Recorded { position, event, .. } in events {
        match event {
            Event::Partner(PartnerEvent::FeeReported(e)) => numbers.insert(e.fee.0, *position),
            Event::Partner(PartnerEvent::PaymentProposed(e)) => numbers.insert(e.payment.0, *position),
            _ => None,
        };
    }
    numbers
}

pub(super) fn item(
    partner: &Partner,
    numbers: &HashMap<Uuid, u64>,
    id: PaymentId,
    payment: &Payment,
) -> Result<PaymentItem, AppError> {
    let number = numbers.get(&id.0).copied();
    Ok(PaymentItem {
        payment: number,
        partner: partner.code.to_string(),
        reference: number.map(|_| payment.reference.to_string()).unwrap_or_default(),
        state: payment.state,
        period: payment.period.map(|period| period.to_string()).unwrap_or_default(),
        items: payment.items.len() as u64,
        gross: payment.gross().map_err(FoldError::from)?,
        paid_before: payment.paid_before,
        advance_settled: payment.advance_settled,
        total: payment.total,
        proposed_by: payment.proposed_by.to_string(),
        approved_by: payment.approved_by.as_ref().map(ToString::to_string).unwrap_or_default(),
        file: payment.file.map(|(file, _)| file),
        execute_on: payment.file.map(|(_, day)| day),
    })
}

fn file_item(file: &PaymentFileWritten) -> PaymentFileItem {
    PaymentFileItem {
        file: file.file,
        version: file.version.to_string(),
        message: file.message.simple().to_string(),
        created_at: file.created_at.to_string(),
        execute_on: file.execute_on,
        payments: file.payments.len() as u64,
        total: file.total,
        sha256: file.sha256.to_string(),
        by: file.by.to_string(),
    }
}
