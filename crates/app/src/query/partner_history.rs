//! The history of a partner, of the holds, of files of payments and of closed periods: every event in words, with who and when.

use std::collections::{BTreeMap, HashMap};

use domain::closing::ClosingEvent;
use domain::hold::HoldEvent;
use domain::partner::{PartnerEvent, PaymentDetails};
use domain::payment::PaymentFileEvent;
use domain::{Event, PartnerCode, Recorded, TextId};
use money::Eur;
use rulebook::{Country, FailedCondition};
use serde_json::Value;
use uuid::Uuid;

use super::closing::codes;
use super::history::{HistoryItem, phrase, rate, utc, why_two};
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::ERASED;

impl Ledger {
    /// Everything that happened to a partner, in order; refused commands too.
    pub async fn partner_history(&self, code: &PartnerCode) -> Result<Vec<HistoryItem>, AppError> {
        let (_, events) = self.partner_and_events(code).await?;
        self.told(&events).await
    }

    /// Everything that happened to holds, in order; refused commands too.
    pub async fn hold_history(&self) -> Result<Vec<HistoryItem>, AppError> {
        let (_, events) = self.holds_and_events().await?;
        self.told(&events).await
    }

    /// Everything that happened to files of payments, in order; refused commands too.
    pub async fn payment_file_history(&self) -> Result<Vec<HistoryItem>, AppError> {
        let (_, events) = self.payment_files_and_events().await?;
        self.told(&events).await
    }

    /// Everything that happened to periods, in order; refused commands too.
    pub async fn period_history(&self) -> Result<Vec<HistoryItem>, AppError> {
        let (_, events) = self.closings_and_events().await?;
        self.told(&events).await
    }

    async fn told(&self, events: &[Recorded]) -> Result<Vec<HistoryItem>, AppError> {
        let texts = self.own_texts(events).await?;
        let text = |id: TextId| texts.get(&id).cloned().unwrap_or_else(|| ERASED.to_owned());
        let mut numbers: HashMap<Uuid, u64> = HashMap::new();
        let mut worths: HashMap<Uuid, Eur> = HashMap::new();
        let mut items = Vec::with_capacity(events.len());
        for Recorded { position, recorded_at, actor, event, .. } in events {
            worths.extend(match event {
                Event::Partner(PartnerEvent::FeeReported(e)) => e.eur.map(|eur| (e.fee.0, eur)),
                Event::Partner(PartnerEvent::FeeConverted(e)) => Some((e.fee.0, e.eur)),
                _ => None,
            });
            match event {
                Event::Partner(PartnerEvent::FeeReported(e)) => numbers.insert(e.fee.0, *position),
                Event::Partner(PartnerEvent::PaymentProposed(e)) => numbers.insert(e.payment.0, *position),
                Event::Partner(PartnerEvent::PartnerPaid(e)) => numbers.insert(e.payment.0, *position),
                _ => None,
            };
            let number = |id: Uuid| numbers.get(&id).copied().unwrap_or_default();
            let what = match event {
                Event::Partner(event) => of_partner(event, &text, &number, &|fee| worths.get(&fee).copied()),
                Event::Hold(event) => of_hold(event, &text),
                Event::PaymentFile(event) => of_payment_file(event),
                Event::Closing(event) => of_closing(event, &text),
                Event::Case(_)
                | Event::Ledger(_)
                | Event::Rates(_)
                | Event::Bank(_)
                | Event::Line(_)
                | Event::Reconciliation(_) => continue,
            };
            let (position, recorded_at, actor) = (*position, utc(*recorded_at), actor.clone());
            items.push(HistoryItem { position, recorded_at, actor, event: event.event_type(), what });
        }
        Ok(items)
    }

    /// The texts that these events bring, each as one phrase; accounts masked.
    pub(super) async fn own_texts(&self, events: &[Recorded]) -> Result<HashMap<TextId, String>, AppError> {
        let (mut details, mut others) = (Vec::new(), Vec::new());
        for Recorded { event, .. } in events {
            match event {
                Event::Partner(PartnerEvent::PaymentDetailsProposed(e)) => {
                    details.push((LEDGER_SUBJECT, e.details));
                }
                Event::Partner(event) => others.extend(event.text().map(|text| (LEDGER_SUBJECT, text))),
                Event::Hold(event) => others.extend(event.text().map(|text| (LEDGER_SUBJECT, text))),
                Event::Closing(event) => others.extend(event.text().map(|text| (LEDGER_SUBJECT, text))),
                Event::Case(_)
                | Event::PaymentFile(_)
                | Event::Ledger(_)
                | Event::Rates(_)
                | Event::Bank(_)
                | Event::Line(_)
                | Event::Reconciliation(_) => {}
            }
        }
        let accounts = self.reveal::<PaymentDetails>(&details).await?;
        let accounts = accounts.into_iter().map(|text| text.map(|text| told_details(&text)));
        let phrases = self.reveal::<serde_json::Map<String, Value>>(&others).await?;
        let phrases = phrases.into_iter().map(|text| text.map(|text| phrase(&text)));
        let ids = details.iter().chain(&others).map(|(_, id)| *id);
        Ok(ids.zip(accounts.chain(phrases)).filter_map(|(id, text)| Some((id, text?))).collect())
    }
}

fn of_partner(
    event: &PartnerEvent,
    text: &dyn Fn(TextId) -> String,
    number: &dyn Fn(Uuid) -> u64,
    worth: &dyn Fn(Uuid) -> Option<Eur>,
) -> String {
    match event {
        PartnerEvent::PartnerRegistered(e) => format!("{} was met for the first time", e.partner),
        PartnerEvent::PartnerNamed(e) => format!("named {}", e.name),
        PartnerEvent::AgreementSigned(e) => {
            let countries = e.countries.iter().map(Country::code).collect::<Vec<_>>().join(", ");
            let until = e.valid_until.map_or_else(|| "open".to_owned(), |day| day.to_string());
            let fee = e.fee.map_or_else(|| "no fee".to_owned(), |fee| format!("a fee of {fee}"));
            format!(
                "agreement {} signed: {} in {countries}, {} to {until}, {fee}",
                e.agreement, e.programme, e.valid_from
            )
        }
        PartnerEvent::AgreementEnded(e) => format!("agreement {} ends on {}", e.agreement, e.ended_on),
        PartnerEvent::PaymentDetailsProposed(e) => {
            format!("payment details proposed by {}: {}", e.proposed_by, text(e.details))
        }
        PartnerEvent::PaymentDetailsApproved(e) => {
            format!("payment details approved by {}: {}", e.approved_by, text(e.details))
        }
        PartnerEvent::PaymentDetailsRejected(e) => {
            format!("payment details rejected ({}): {}", text(e.details), text(e.reason))
        }
        PartnerEvent::FeeReported(e) => {
            let quote = e.exchange.as_ref().and_then(|exchange| exchange.quote);
            let worth = match (e.eur, quote) {
                (Some(eur), Some(quote)) => format!(" = {eur} EUR at {}", rate(&quote)),
                (None, _) => ", which waits for its exchange rate,".to_owned(),
                (Some(_), None) => String::new(),
            };
            let agreement = match &e.agreement {
                Some(agreement) => format!("under agreement {agreement}"),
                None => "outside every agreement".to_owned(),
            };
            format!(
                "charged a fee of {} {}{worth} for {} {agreement}, receipt {}",
                e.amount,
                e.amount.currency(),
                e.charged_on,
                text(e.details)
            )
        }
        PartnerEvent::FeeReceiptAttached(e) => format!(
            "the receipt of fee {} was put into the vault: {} bytes, SHA-256 {}",
            number(e.fee.0),
            e.bytes,
            e.sha256
        ),
        PartnerEvent::FeeConverted(e) => {
            format!("fee {} converted: {} EUR at {}", number(e.fee.0), e.eur, rate(&e.quote))
        }
        PartnerEvent::FeeProposed(e) => {
            format!("fee {} proposed; {}", number(e.fee.0), why_two(worth(e.fee.0), e.second_approval_from))
        }
        PartnerEvent::FeeAccepted(e) => format!("fee {} accepted: {} EUR", number(e.fee.0), e.eur),
        PartnerEvent::FeeQueried(e) => format!("fee {} queried: {}", number(e.fee.0), text(e.details)),
        PartnerEvent::FeeAnswered(e) => format!("fee {} answered: {}", number(e.fee.0), text(e.details)),
        PartnerEvent::FeeRefused(e) => format!("fee {} refused: {}", number(e.fee.0), text(e.reason)),
        PartnerEvent::FeeReopened(e) => format!("fee {} taken up again: {}", number(e.fee.0), text(e.reason)),
        PartnerEvent::FeeReversalProposed(e) => format!(
            "taking back {} EUR of fee {} proposed: {}; from {} EUR on another person must agree",
            e.eur,
            number(e.fee.0),
            text(e.reason),
            e.second_approval_from
        ),
        PartnerEvent::FeeReversalDropped(e) => {
            format!("what was proposed to take back of fee {} dropped: {}", number(e.fee.0), text(e.reason))
        }
        PartnerEvent::FeeReversed(e) => {
            format!("{} EUR of fee {} taken back: {}", e.eur, number(e.fee.0), text(e.reason))
        }
        PartnerEvent::PartnerPaidReversed(e) if e.amount.is_negative() => format!(
            "payment {}, with which {} EUR were paid back ({}), is taken back as recorded wrongly: {}",
            number(e.payment.0),
            e.amount.to_string().trim_start_matches('-'),
            e.paid_for,
            text(e.reason)
        ),
        PartnerEvent::PartnerPaidReversed(e) => format!(
            "payment {} of {} EUR ({}) is taken back, as recorded wrongly or come back: {}",
            number(e.payment.0),
            e.amount,
            e.paid_for,
            text(e.reason)
        ),
        PartnerEvent::PartnerPaid(e) if e.amount.is_negative() => format!(
            "paid back {} EUR on {} ({}), reference {}",
            e.amount.to_string().trim_start_matches('-'),
            e.paid_on,
            e.paid_for,
            text(e.details)
        ),
        PartnerEvent::PartnerPaid(e) => {
            format!("paid {} EUR on {} ({}), reference {}", e.amount, e.paid_on, e.paid_for, text(e.details))
        }
        PartnerEvent::PaymentProposed(e) => {
            let already = |what: &str, eur: Eur| match eur.is_zero() {
                true => String::new(),
                false => format!(", less {eur} EUR {what}"),
            };
            let what = match e.reason {
                Some(reason) => format!("an advance: {}", text(reason)),
                None => format!(
                    "{} {}{}{}",
                    e.items.len(),
                    if e.items.len() == 1 { "item" } else { "items" },
                    already("paid before", e.paid_before),
                    already("of advances", e.advance_settled)
                ),
            };
            format!(
                "payment {} proposed by {}: {} EUR ({what}), {}",
                number(e.payment.0),
                e.by,
                e.total,
                e.reference
            )
        }
        PartnerEvent::PaymentApproved(e) => {
            format!("payment {} approved by {}", number(e.payment.0), e.by)
        }
        PartnerEvent::PaymentCancelled(e) => {
            format!("payment {} cancelled by {}: {}", number(e.payment.0), e.by, text(e.reason))
        }
        PartnerEvent::PaymentInstructed(e) => format!(
            "payment {} written into file {} by {}, to be executed on {}",
            number(e.payment.0),
            e.file,
            e.by,
            e.execute_on
        ),
        PartnerEvent::PaymentRecallProposed(e) => format!(
            "{} wants to take payment {} back from its file, another person must agree: {}",
            e.by,
            number(e.payment.0),
            text(e.reason)
        ),
        PartnerEvent::PaymentRecallWithdrawn(e) => {
            let what = if e.by == e.proposed_by { "withdraws it" } else { "refuses it" };
            format!(
                "payment {} is not taken back from its file, as {} wanted: {} {what}: {}",
                number(e.payment.0),
                e.proposed_by,
                e.by,
                text(e.reason)
            )
        }
        PartnerEvent::PaymentRecalled(e) => format!(
            "payment {} taken back from its file by {}: {}",
            number(e.payment.0),
            e.by,
            text(e.reason)
        ),
        PartnerEvent::PaymentReturned(e) => {
            format!(
                "payment {} came back from the bank (match {} by {})",
                number(e.payment.0),
                e.matching,
                e.by
            )
        }
        PartnerEvent::PaymentReturnUndone(e) => format!(
            "payment {} counts as paid again: match {} was taken back by {}",
            number(e.payment.0),
            e.matching,
            e.by
        ),
        PartnerEvent::PartnerPaidReturned(e) => format!(
            "payment {} came back from the bank (match {} by {})",
            number(e.payment.0),
            e.matching,
            e.by
        ),
        PartnerEvent::PartnerPaidReturnUndone(e) => format!(
            "payment {} counts again: match {} was taken back by {}",
            number(e.payment.0),
            e.matching,
            e.by
        ),
        PartnerEvent::PartnerCommandRefused(e) => refused(&e.command, &e.reasons),
    }
}

fn of_hold(event: &HoldEvent, text: &dyn Fn(TextId) -> String) -> String {
    match event {
        HoldEvent::PaymentsHeld(e) => {
            format!("hold {}: payments of {} stop from {} on: {}", e.hold, e.scope, e.from, text(e.reason))
        }
        HoldEvent::PaymentsReleased(e) => {
            format!("hold {} released from {} on: {}", e.hold, e.released_on, text(e.reason))
        }
        HoldEvent::HoldCommandRefused(e) => refused(&e.command, &e.reasons),
    }
}

fn of_closing(event: &ClosingEvent, text: &dyn Fn(TextId) -> String) -> String {
    match event {
        ClosingEvent::PeriodClosed(e) => {
            let accepted =
                e.reason.map(|reason| format!("; {} accepted: {}", codes(&e.accepted), text(reason)));
            format!(
                "{} closed with {} vouchers, booked up to position {}{}",
                e.period,
                e.vouchers,
                e.position,
                accepted.unwrap_or_default()
            )
        }
        ClosingEvent::PeriodCommandRefused(e) => refused(&e.command, &e.reasons),
    }
}

fn of_payment_file(event: &PaymentFileEvent) -> String {
    match event {
        PaymentFileEvent::PaymentFileWritten(e) => format!(
            "file {} made by {} ({}): {} EUR in {} payments, to be executed on {}, SHA-256 {}",
            e.file,
            e.by,
            e.version,
            e.total,
            e.payments.len(),
            e.execute_on,
            e.sha256
        ),
        PaymentFileEvent::PaymentStatusReported(e) => {
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for of in &e.payments {
                *counts.entry(of.status.as_str()).or_default() += 1;
            }
            let counts: Vec<String> =
                counts.iter().map(|(code, times)| format!("{code} of {times}")).collect();
            format!(
                "the bank says of file {}, as {} took in: {} (report {})",
                e.file,
                e.by,
                counts.join(", "),
                e.sha256
            )
        }
        PaymentFileEvent::PaymentFileCommandRefused(e) => refused(&e.command, &e.reasons),
    }
}

pub(super) fn refused(command: &str, reasons: &[FailedCondition]) -> String {
    let reasons: Vec<String> = reasons.iter().map(|r| format!("{} ({})", r.id, r.detail)).collect();
    format!("refused to {command}: {}", reasons.join("; "))
}

/// Where a partner is paid, in words.
fn told_details(details: &PaymentDetails) -> String {
    let latin = details.latin_name.as_ref().map_or_else(String::new, |name| format!(", for banks {name}"));
    format!("{} of {}{latin}", details.account.masked(), details.holder)
}
