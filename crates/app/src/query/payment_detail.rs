//! One payment, opened down to claim and receipt.

use std::collections::HashMap;

use ::claims::{ClaimRow, ClaimsProjection};
use ::grants::{GrantRow, GrantsProjection};
use domain::bank::IsoCode;
use domain::partner::{PARTNER_FEE, PaymentDetails};
use domain::payment::{Payable, PaymentItem as Paid, StatusOfPayment, left};
use domain::{FoldError, Partner, PartnerCode, PaymentId, Period, Recorded, SubjectId, TextId};
use interchange::pain::{reason_in_words, status_in_words};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;
use uuid::Uuid;

use super::payments::{PaymentItem, item, numbers};
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::session::{Purpose, Session};
use crate::texts::{AnyText, ERASED, ReasonText};

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
    /// What the bank said last of it, in codes and words; nothing if it said nothing.
    pub bank_status: String,
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

impl Ledger {
    /// One payment, opened.
    pub async fn payment_detail(&self, code: &PartnerCode, id: PaymentId) -> Result<PaymentDetail, AppError> {
        let (partner, events) = self.partner_and_events(code).await?;
        self.told_payment(&partner, &events, id).await
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
            bank_status: match payment.file {
                Some(_) => {
                    let (files, _) = self.payment_files_and_events().await?;
                    files.status_of(id).map(told_status).unwrap_or_default()
                }
                None => String::new(),
            },
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
        let (partner, events) = self.partner_and_events(code).await?;
        let (mut items, mut holds) = (Vec::new(), Vec::new());
        for (worth, eur) in left(&partner, &standing.worths).map_err(FoldError::from)? {
            let in_period = period.is_none_or(|period| period.contains(worth.on));
            if let Some(hold) = worth.held_by.filter(|_| in_period && !eur.is_negative()) {
                items.push(Paid { of: worth.of, eur });
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
        items: &[Paid],
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

/// What the bank said of a payment: `RJCT AC04: rejected; the account is closed`.
fn told_status(of: &StatusOfPayment) -> String {
    let codes: Vec<&str> = [&of.status].into_iter().chain(&of.reasons).map(IsoCode::as_str).collect();
    let words = [status_in_words(of.status)];
    let words = words.into_iter().chain(of.reasons.iter().map(|code| reason_in_words(*code)));
    let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
    format!("{}: {}", codes.join(" "), words.join("; "))
}
