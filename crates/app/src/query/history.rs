//! The history of a case: every event in words, with who and when.

use std::collections::HashMap;

use domain::case::CaseEvent;
use domain::claim::{Cut, worth};
use domain::rates::Quote;
use domain::{CaseId, ClaimId, Event, Recorded, SubjectId, TextId};
use money::Eur;
use serde::Serialize;
use serde_json::Value;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::ERASED;

/// One event in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryItem {
    /// Place in the log.
    pub position: u64,
    /// When the ledger learned of it (UTC).
    pub recorded_at: String,
    /// Who gave the command.
    pub actor: String,
    /// The event's type.
    pub event: &'static str,
    /// What happened.
    pub what: String,
}

impl Ledger {
    /// Everything that happened to a case, in order.
    pub async fn history(&self, case: CaseId) -> Result<Vec<HistoryItem>, AppError> {
        self.told_of_case(&self.case_events(case).await?).await
    }

    /// Everything that happened to one claim of a case, in order.
    pub(super) async fn claim_history(
        &self,
        case: CaseId,
        claim: ClaimId,
    ) -> Result<Vec<HistoryItem>, AppError> {
        let events = self.case_events(case).await?.into_iter().filter(|recorded| match &recorded.event {
            // Under whose key its texts are.
            Event::Case(CaseEvent::ApplicationFiled(_)) => true,
            Event::Case(event) => is_about(event, claim),
            _ => false,
        });
        let mut told = self.told_of_case(&events.collect::<Vec<_>>()).await?;
        told.retain(|item| item.event != "ApplicationFiled");
        Ok(told)
    }

    async fn told_of_case(&self, events: &[Recorded]) -> Result<Vec<HistoryItem>, AppError> {
        let texts = self.case_texts(events).await?;
        let (mut numbers, mut receipts, mut worths) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut items = Vec::with_capacity(events.len());
        for Recorded { position, recorded_at, actor, event, .. } in events {
            let Event::Case(event) = event else { continue };
            match event {
                CaseEvent::SpendReported(e) => {
                    receipts.insert(e.claim, e.with_others());
                    worths.extend(e.worth_of_receipt().map(|worth| (e.claim, worth)));
                }
                CaseEvent::ClaimConverted(e) => {
                    let receipt = receipts.get(&e.claim);
                    worths.extend(receipt.and_then(|of| Some((e.claim, worth(*of, Some(e.quote))?))));
                }
                _ => {}
            }
            match event {
                CaseEvent::SpendReported(e) => numbers.insert(e.claim.0, *position),
                CaseEvent::ArrivalGrantPaid(e) => numbers.insert(e.grant.0, *position),
                CaseEvent::ArrivalGrantRefused(e) => numbers.insert(e.grant.0, *position),
                _ => None,
            };
            let text = |id: TextId| texts.get(&id).cloned().unwrap_or_else(|| ERASED.to_owned());
            let number = |id: uuid::Uuid| numbers.get(&id).copied().unwrap_or_default();
            items.push(HistoryItem {
                position: *position,
                recorded_at: utc(*recorded_at),
                actor: actor.clone(),
                event: event.event_type(),
                what: in_words(event, &text, &number, &|claim| worths.get(&claim).copied()),
            });
        }
        Ok(items)
    }

    /// The events of one case.
    pub(crate) async fn case_events(&self, case: CaseId) -> Result<Vec<Recorded>, AppError> {
        let recorded = self.store.read_streams(&[case.stream()]).await?;
        Ok(recorded.into_iter().map(Recorded::decode_checked).collect::<Result<_, _>>()?)
    }

    /// The texts that the events of one case refer to, each as one phrase.
    async fn case_texts(&self, events: &[Recorded]) -> Result<HashMap<TextId, String>, AppError> {
        let mut subject = SubjectId(uuid::Uuid::nil());
        let mut ids = Vec::new();
        for recorded in events {
            let Event::Case(event) = &recorded.event else { continue };
            if let CaseEvent::ApplicationFiled(filed) = event {
                subject = filed.subject;
            }
            ids.extend(event.text());
        }
        let wanted: Vec<_> = ids.iter().map(|id| (subject, *id)).collect();
        let texts = self.reveal::<serde_json::Map<String, Value>>(&wanted).await?;
        Ok(ids.into_iter().zip(texts).filter_map(|(id, text)| Some((id, phrase(&text?)))).collect())
    }
}

/// Whether something is about a claim: what it draws from a plan too, and what was refused.
fn is_about(event: &CaseEvent, claim: ClaimId) -> bool {
    match event {
        CaseEvent::PlanDrawn(e) => e.claim == claim,
        CaseEvent::PlanRestored(e) => e.claim == claim,
        CaseEvent::CommandRefused(e) => e.about == Some(claim.0),
        event => event.claim() == Some(claim),
    }
}

/// `R00012 of Baraka School (course fee)`, or the one value there is.
pub(super) fn phrase(text: &serde_json::Map<String, Value>) -> String {
    let of = |name: &str| text.get(name).and_then(Value::as_str);
    match (of("receipt_no"), of("supplier"), of("description")) {
        (Some(receipt), Some(supplier), Some(description)) => {
            format!("{receipt} of {supplier} ({description})")
        }
        (Some(receipt), Some(supplier), None) => format!("{receipt} of {supplier}"),
        _ => text.values().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// UTC microseconds as people read them, to the second.
pub fn utc(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A rate with where it comes from, as it stands in sentences.
pub(super) fn rate(quote: &Quote) -> String {
    let correction = if quote.version > 1 { format!(", version {}", quote.version) } else { String::new() };
    format!("{} for 1 EUR ({} {}{correction})", quote.rate, quote.source, quote.rate_date)
}

/// Why accepting something takes another person: it is worth so much, or it had been refused and was taken up again.
pub(super) fn why_two(worth: Option<Eur>, limit: Eur) -> String {
    match worth {
        Some(worth) if worth < limit => "it had been refused, so another person must agree".to_owned(),
        _ => format!("from {limit} EUR on another person must agree"),
    }
}

/// What finance accepts at most, with its words.
fn at_most(cut: Option<Cut>, text: &dyn Fn(TextId) -> String) -> String {
    cut.map_or_else(String::new, |cut| format!("; at most {} EUR: {}", cut.at_most, text(cut.details)))
}

fn in_words(
    event: &CaseEvent,
    text: &dyn Fn(TextId) -> String,
    number: &dyn Fn(uuid::Uuid) -> u64,
    worth: &dyn Fn(ClaimId) -> Option<Eur>,
) -> String {
    match event {
        CaseEvent::ApplicationFiled(e) => format!(
            "applied {} for support on returning to {} ({}, {}); the authority calls the case {}, outsiders call it {}",
            e.facts.applied_on,
            e.facts.destination,
            e.facts.return_mode,
            e.facts.handled_by,
            text(e.external_ref),
            e.reference
        ),
        CaseEvent::Approved(e) => {
            let caps: Vec<String> = e
                .entitlements
                .iter()
                .map(|x| format!("{} {} EUR by {}", x.budget_line, x.cap, x.rule_id))
                .collect();
            format!(
                "approved {} by {} under rulebook {}: {}",
                e.decided_on,
                e.decided_by,
                e.rulebook,
                caps.join("; ")
            )
        }
        CaseEvent::Rejected(e) if e.failed.is_empty() => {
            format!(
                "rejected {} by {}, for a reason outside rulebook {}",
                e.decided_on, e.decided_by, e.rulebook
            )
        }
        CaseEvent::Rejected(e) => {
            let failed: Vec<String> = e.failed.iter().map(|f| format!("{} ({})", f.id, f.detail)).collect();
            format!("rejected {} by {}: {}", e.decided_on, e.decided_by, failed.join("; "))
        }
        CaseEvent::ApplicationWithdrawn(e) => format!("withdrawn by the person on {}", e.withdrawn_on),
        CaseEvent::ReturnModeChanged(e) => {
            format!("the return became {} on {}, handled by {}", e.return_mode, e.changed_on, e.handled_by)
        }
        CaseEvent::EntitlementAdjusted(e) if e.entitlements.is_empty() => {
            let failed: Vec<String> = e.failed.iter().map(|f| format!("{} ({})", f.id, f.detail)).collect();
            format!("entitlement ended on {}: {}", e.adjusted_on, failed.join("; "))
        }
        CaseEvent::EntitlementAdjusted(e) => {
            let caps: Vec<String> = e
                .entitlements
                .iter()
                .map(|x| format!("{} {} EUR by {}", x.budget_line, x.cap, x.rule_id))
                .collect();
            format!("entitlement assessed anew on {}: {}", e.adjusted_on, caps.join("; "))
        }
        CaseEvent::Departed(e) => format!("left Sweden on {}", e.departed_on),
        CaseEvent::Arrived(e) => format!("came home on {}", e.arrived_on),
        CaseEvent::PartnerAssigned(e) => match e.assigned_on {
            Some(day) => format!("{} took the case from {day} on", e.partner),
            None => format!("{} took the case", e.partner),
        },
        CaseEvent::CaseClosed(e) => format!("closed on {}", e.closed_on),
        CaseEvent::PlanAgreed(e) if e.lines.is_empty() => {
            format!("{} plans nothing any more, agreed {}", e.partner, e.agreed_on)
        }
        CaseEvent::PlanAgreed(e) => {
            let lines: Vec<String> =
                e.lines.iter().map(|line| format!("{} {} EUR", line.category, line.amount)).collect();
            format!("plan agreed with {} on {}: {}", e.partner, e.agreed_on, lines.join(", "))
        }
        CaseEvent::PlanDrawn(e) => {
            format!("{} EUR of the plan for {} spent by claim {}", e.amount, e.category, number(e.claim.0))
        }
        CaseEvent::PlanRestored(e) => format!(
            "{} EUR planned for {} again, disallowed of claim {}",
            e.amount,
            e.category,
            number(e.claim.0)
        ),
        CaseEvent::PlanReleased(e) => {
            format!("{} EUR that {} planned for {} released ({})", e.amount, e.partner, e.category, e.reason)
        }
        CaseEvent::CommandRefused(e) => {
            let reasons: Vec<String> = e.reasons.iter().map(|r| format!("{} ({})", r.id, r.detail)).collect();
            format!("refused to {}: {}", e.command, reasons.join("; "))
        }
        CaseEvent::ArrivalGrantPaid(e) => {
            format!(
                "arrival grant of {} EUR paid {} ({}), reference {}",
                e.amount,
                e.paid_on,
                e.method,
                text(e.details)
            )
        }
        CaseEvent::ArrivalGrantRefused(e) => format!(
            "arrival grant of {} EUR paid {} ({}), reference {}, does not count: {}",
            e.amount,
            e.paid_on,
            e.method,
            text(e.details),
            e.reason
        ),
        CaseEvent::ArrivalGrantAllowed(e) => format!(
            "finance lets arrival grant {} of {} EUR count in spite of {}: {}",
            number(e.grant.0),
            e.amount,
            e.waived,
            text(e.details)
        ),
        CaseEvent::ArrivalGrantReturned(e) => {
            format!(
                "{} EUR of arrival grant {} came back on {}: {}",
                e.amount,
                number(e.grant.0),
                e.returned_on,
                text(e.details)
            )
        }
        CaseEvent::RefusedGrantReturned(e) => format!(
            "{} EUR of arrival grant {}, which does not count, came back on {}: {}",
            e.amount,
            number(e.grant.0),
            e.returned_on,
            text(e.details)
        ),
        CaseEvent::SpendReported(e) => {
            let quote = e.exchange.as_ref().and_then(|exchange| exchange.quote);
            let worth = match (e.eur, quote) {
                (Some(eur), Some(quote)) => format!(" = {eur} EUR at {}", rate(&quote)),
                (None, _) => ", which waits for its exchange rate,".to_owned(),
                (Some(_), None) => String::new(),
            };
            let share = e.shared.map_or_else(String::new, |shared| {
                format!(" (share {} of {} of {})", shared.part, shared.parts, shared.whole)
            });
            format!(
                "{} reported {} {}{share}{worth} for {} delivered {}, receipt {}",
                e.partner,
                e.amount,
                e.amount.currency(),
                e.category,
                e.delivered_on,
                text(e.details)
            )
        }
        CaseEvent::SpendEstimated(e) => format!(
            "{} EUR held back for claim {} until its rate comes: {}",
            e.amount,
            number(e.claim.0),
            rate(&e.quote)
        ),
        CaseEvent::EstimateReleased(e) => {
            format!("{} EUR no longer held back for claim {}", e.amount, number(e.claim.0))
        }
        CaseEvent::ReceiptAttached(e) => {
            format!(
                "the receipt of claim {} was put into the vault: {} bytes, SHA-256 {}",
                number(e.claim.0),
                e.bytes,
                e.sha256
            )
        }
        CaseEvent::ClaimConverted(e) => {
            format!("claim {} converted: {} EUR at {}", number(e.claim.0), e.eur, rate(&e.quote))
        }
        CaseEvent::ClaimAccepted(e) if e.disallowed.is_zero() => {
            format!("claim {} accepted: {} EUR", number(e.claim.0), e.eligible)
        }
        CaseEvent::ClaimAccepted(e) => format!(
            "claim {} cut: {} EUR eligible, {} EUR disallowed ({}){}",
            number(e.claim.0),
            e.eligible,
            e.disallowed,
            e.reason.map_or("", |r| r.code()),
            at_most(e.cut, text)
        ),
        CaseEvent::ClaimProposed(e) => format!(
            "claim {} proposed: {} EUR eligible; {}{}",
            number(e.claim.0),
            e.eligible,
            why_two(worth(e.claim), e.second_approval_from),
            at_most(e.cut, text)
        ),
        CaseEvent::ClaimQueried(e) => {
            let words = e.details.map(|id| format!(": {}", text(id))).unwrap_or_default();
            format!("claim {} queried ({}){words}", number(e.claim.0), e.reason)
        }
        CaseEvent::ClaimAnswered(e) => format!("claim {} answered: {}", number(e.claim.0), text(e.details)),
        CaseEvent::ClaimRefused(e) => {
            let words = e.details.map(|id| format!(": {}", text(id))).unwrap_or_default();
            format!(
                "claim {} refused, {} EUR disallowed ({}){words}",
                number(e.claim.0),
                e.disallowed,
                e.reason
            )
        }
        CaseEvent::ClaimReopened(e) => {
            format!("claim {} taken up again: {}", number(e.claim.0), text(e.details))
        }
        CaseEvent::BenefitReversalProposed(e) => format!(
            "taking back {} EUR of claim {} on {} proposed: {}; from {} EUR on another person must agree",
            e.amount,
            number(e.claim.0),
            e.reversed_on,
            text(e.details),
            e.second_approval_from
        ),
        CaseEvent::BenefitReversalDropped(e) => {
            format!(
                "what was proposed to take back of claim {}, or to undo, dropped: {}",
                number(e.claim.0),
                text(e.details)
            )
        }
        CaseEvent::BenefitReversalUndoProposed(e) => format!(
            "undoing the reversal of {} EUR of claim {} on {} proposed: {}; {}",
            e.amount,
            number(e.claim.0),
            e.reversed_on,
            text(e.details),
            why_two(worth(e.claim), e.second_approval_from)
        ),
        CaseEvent::BenefitReversalUndone(e) => format!(
            "the reversal of {} EUR of claim {} on {} undone, it counts again: {}",
            e.amount,
            number(e.claim.0),
            e.reversed_on,
            text(e.details)
        ),
        CaseEvent::BenefitReversed(e) => {
            let original = e.original.map_or_else(String::new, |original| {
                format!(" ({} {})", original.amount, original.amount.currency())
            });
            format!(
                "{} EUR{original} of claim {} reversed on {}: {}",
                e.amount,
                number(e.claim.0),
                e.reversed_on,
                text(e.details)
            )
        }
    }
}
