//! Payments to partners: what is due, what was proposed, down to claim and receipt; and the files for the bank.

use std::collections::HashMap;

use ::claims::{ClaimRow, ClaimsProjection};
use ::grants::{GrantRow, GrantsProjection};
use domain::partner::{PARTNER_FEE, PartnerEvent, PaymentDetails};
use domain::payment::{
    Payable, Payment, PaymentFileWritten, PaymentItem as PaymentItemPaid, PaymentState, left,
};
use domain::{Event, FoldError, Partner, PartnerCode, PaymentId, Period, Recorded, SubjectId, TextId};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::partner::unknown;
use crate::session::{Purpose, Session};
use crate::texts::{AnyText, ERASED, ReasonText};

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

/// One payment, opened down to claim and receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentDetail {
    /// The payment.
    #[serde(flatten)]
    pub item: PaymentItem,
    /// The account, masked.
    pub account: String,
    /// Who holds it.
    pub holder: String,
    /// Why an advance is paid.
    pub reason: String,
    /// What it pays.
    pub lines: Vec<PaymentLine>,
    /// What is due as well, and held: told when a payment is proposed.
    pub held: Vec<HeldLine>,
}

/// Something that is due and held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldLine {
    /// What it is.
    #[serde(flatten)]
    pub line: PaymentLine,
    /// The first hold that stops it.
    pub hold: u64,
}

/// One claim, fee, grant or advance in a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentLine {
    /// `claim`, `grant`, `fee` or `advance`.
    pub kind: &'static str,
    /// Its number; none of an advance.
    pub number: Option<u64>,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Benefit category.
    pub category: String,
    /// Day of the delivery, the charge, or the payment to the person.
    pub on: Option<Date>,
    /// The number of the receipt, or the reference of the payment to the person.
    pub receipt_no: String,
    /// Who was paid by the partner.
    pub supplier: String,
    /// How much, in euro; below zero where it came back after it was paid.
    pub eur: Eur,
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

impl Ledger {
    /// What each partner can be paid today, or one of them; those that can be paid nothing and owe nothing are left out.
    pub async fn payments_due(&self, partner: Option<&PartnerCode>) -> Result<Vec<DueItem>, AppError> {
        let codes = match partner {
            Some(code) => vec![code.clone()],
            None => self.partner_codes().await?,
        };
        let cases = self.payable_cases(&codes).await?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_payable(&codes, &cases).await?;
        let mut due = Vec::new();
        for code in &codes {
            let Some(found) = session.partner(code) else { return Err(unknown(code)) };
            let item = due_item(found, &session.standing(code, &cases, self.today())?)?;
            let nothing = DueItem { partner: item.partner.clone(), ..DueItem::default() };
            if partner.is_some() || item != nothing {
                due.push(item);
            }
        }
        Ok(due)
    }

    /// Payments in the order in which they were proposed.
    pub async fn payments(&self, filter: &PaymentFilter) -> Result<Vec<PaymentItem>, AppError> {
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

    /// One payment, opened.
    pub async fn payment_detail(&self, code: &PartnerCode, id: PaymentId) -> Result<PaymentDetail, AppError> {
        let found = self.partners_and_events(std::slice::from_ref(code)).await?.pop();
        let (partner, events) = found.ok_or_else(|| unknown(code))?;
        self.told_payment(&partner, &events, id).await
    }

    /// Files of payments, by number.
    pub async fn payment_files(&self) -> Result<Vec<PaymentFileItem>, AppError> {
        let (files, _) = self.payment_files_and_events().await?;
        Ok(files.iter().map(file_item).collect())
    }

    /// A payment with the words that belong to it; `events` are those of its partner that are written.
    pub(crate) async fn told_payment(
        &self,
        partner: &Partner,
        events: &[Recorded],
        id: PaymentId,
    ) -> Result<PaymentDetail, AppError> {
        let numbers = numbers(events);
        let payment = partner.payments.get(id);
        let payment = payment.ok_or_else(|| AppError::Usage("there is no such payment".into()))?;
        let account = self.reveal::<PaymentDetails>(&[(LEDGER_SUBJECT, payment.account)]).await?.pop();
        let (account, holder) = match account.flatten() {
            Some(details) => (details.account.masked(), details.holder.to_string()),
            None => (ERASED.to_owned(), ERASED.to_owned()),
        };
        let reason = match payment.reason {
            Some(reason) => self.reveal::<ReasonText>(&[(LEDGER_SUBJECT, reason)]).await?.pop().flatten(),
            None => None,
        };
        Ok(PaymentDetail {
            item: item(partner, &numbers, id, payment)?,
            account,
            holder,
            reason: reason.map(|text| text.reason).unwrap_or_default(),
            lines: self.payment_lines(partner, &numbers, &payment.items).await?,
            held: Vec::new(),
        })
    }

    /// What is due to a partner of a period and held today.
    pub(crate) async fn held_lines(
        &self,
        code: &PartnerCode,
        period: Option<Period>,
    ) -> Result<Vec<HeldLine>, AppError> {
        let cases = self.payable_cases(std::slice::from_ref(code)).await?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_payable(std::slice::from_ref(code), &cases).await?;
        let standing = session.standing(code, &cases, self.today())?;
        let (partner, events) =
            self.partners_and_events(std::slice::from_ref(code)).await?.pop().ok_or_else(|| unknown(code))?;
        let (mut items, mut holds) = (Vec::new(), Vec::new());
        for (worth, eur) in left(&partner, &standing.worths).map_err(FoldError::from)? {
            let in_period = period.is_none_or(|period| period.contains(worth.on));
            if let Some(hold) = worth.held_by.filter(|_| in_period && !eur.is_negative()) {
                items.push(PaymentItemPaid { of: worth.of, eur });
                holds.push(hold);
            }
        }
        let lines = self.payment_lines(&partner, &numbers(&events), &items).await?;
        Ok(lines.into_iter().zip(holds).map(|(line, hold)| HeldLine { line, hold }).collect())
    }

    async fn payment_lines(
        &self,
        partner: &Partner,
        numbers: &HashMap<Uuid, u64>,
        items: &[PaymentItemPaid],
    ) -> Result<Vec<PaymentLine>, AppError> {
        self.current().await?;
        let (mut claims, mut grants) = (Vec::new(), Vec::new());
        for item in items {
            match item.of {
                Payable::Claim { claim, .. } => claims.push(claim.to_string()),
                Payable::Grant { grant, .. } => grants.push(grant.to_string()),
                Payable::Fee { .. } | Payable::Advance => {}
            }
        }
        let claim_rows = self.runner.rows::<ClaimsProjection>(&claims).await?;
        let grant_rows = self.runner.rows::<GrantsProjection>(&grants).await?;
        let mut claims: HashMap<String, Option<ClaimRow>> = claims.into_iter().zip(claim_rows).collect();
        let mut grants: HashMap<String, Option<GrantRow>> = grants.into_iter().zip(grant_rows).collect();
        let names = self.case_names(items.iter().filter_map(|item| item.of.case())).await?;
        let (mut lines, mut texts): (Vec<PaymentLine>, Vec<Option<(SubjectId, TextId)>>) = Default::default();
        for item in items {
            let name = item.of.case().and_then(|case| names.get(&case));
            let subject = name.map_or(LEDGER_SUBJECT, |name| name.row.subject);
            let mut line = PaymentLine {
                kind: "advance",
                number: None,
                external_ref: name.map(|name| name.external_ref.clone()).unwrap_or_default(),
                case: name.map(|name| name.case.clone()).unwrap_or_default(),
                category: String::new(),
                on: None,
                receipt_no: String::new(),
                supplier: String::new(),
                eur: item.eur,
            };
            let mut text = None;
            match item.of {
                Payable::Claim { claim, .. } => {
                    line.kind = "claim";
                    if let Some(row) = claims.remove(&claim.to_string()).flatten() {
                        (line.number, line.on) = (Some(row.position), Some(row.delivered_on));
                        (line.category, text) = (row.category, Some(row.details));
                    }
                }
                Payable::Grant { grant, .. } => {
                    line.kind = "grant";
                    if let Some(row) = grants.remove(&grant.to_string()).flatten() {
                        (line.number, line.on) = (Some(row.position), Some(row.paid_on));
                        line.category = domain::grant::BUDGET_LINE.to_owned();
                        text = Some(row.details);
                    }
                }
                Payable::Fee { fee } => {
                    line.kind = "fee";
                    if let Some(known) = partner.fees.get(&fee) {
                        (line.number, line.on) = (numbers.get(&fee.0).copied(), Some(known.charged_on));
                        (line.category, text) = (PARTNER_FEE.to_owned(), Some(known.details));
                    }
                }
                Payable::Advance => {}
            }
            lines.push(line);
            texts.push(text.map(|text| (subject, text)));
        }
        let wanted: Vec<_> = texts.iter().flatten().copied().collect();
        let mut told = self.reveal::<AnyText>(&wanted).await?.into_iter();
        for (line, _) in lines.iter_mut().zip(&texts).filter(|(_, text)| text.is_some()) {
            (line.receipt_no, line.supplier) = AnyText::words(told.next().flatten().as_ref());
        }
        Ok(lines)
    }
}

fn due_item(partner: &Partner, standing: &domain::payment::Standing) -> Result<DueItem, AppError> {
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
    Ok(DueItem {
        partner: partner.code.to_string(),
        due: sum(due)?,
        held: sum(held)?,
        came_back: sum(back)?,
        paid_outside: payments.open_outside().map_err(FoldError::from)?,
        open_advance: payments.open_advance().map_err(FoldError::from)?,
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

fn item(
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
