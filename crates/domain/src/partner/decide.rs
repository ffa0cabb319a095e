//! Decisions about a partner.

use jiff::civil::Date;
use money::{Currency, Eur, Overflow};
use rulebook::Rulebook;

use super::agreement::{Agreement, FeeTerms};
use super::command::{Fee as ReportedFee, PartnerCommand};
use super::event::{
    AgreementEnded, AgreementSigned, FeeAccepted, FeeAnswered, FeeConverted, FeeProposed, FeeQueried,
    FeeReceiptAttached, FeeRefused, FeeReopened, FeeReported, FeeReversalDropped, FeeReversalProposed,
    FeeReversed, PaidFor, PartnerEvent, PartnerNamed, PartnerPaid, PartnerRegistered, PaymentDetailsApproved,
    PaymentDetailsProposed, PaymentDetailsRejected,
};
use super::fee::{Fee, FeeState};
use super::state::{Partner, Proposal};
use crate::approval::{asks_for_second_to_accept, asks_for_second_to_take_back};
use crate::balance::Line;
use crate::by::By;
use crate::claim::{Exchange, ReceiptFile, attachable, euros, waiting_for_rate};
use crate::ids::{Actor, AgreementCode, FeeId, TextId};
use crate::of_rulebook;
use crate::rates::Quote;
use crate::refusal::{Refusal, bookable, reportable};

/// Decides a command on a partner, or on none yet for [`PartnerCommand::Register`].
pub fn decide(
    partner: Option<&Partner>,
    command: &PartnerCommand,
    by: &By,
    rulebook: &Rulebook,
) -> Result<Vec<PartnerEvent>, Refusal> {
    let partner = match (partner, command) {
        (None, PartnerCommand::Register { partner, name }) => {
            by.may_register(partner)?;
            let registered = PartnerRegistered { partner: partner.clone() };
            return Ok(vec![registered.into(), PartnerNamed { name: name.clone() }.into()]);
        }
        (None, _) => return Err(Refusal::new("unknown-partner", "the partner is not registered")),
        (Some(partner), _) => partner,
    };
    // A partner's people report, with receipts, answer and propose; a rate is nobody's decision; what the partner is paid, where and on what
    // terms is decided by others.
    match command {
        PartnerCommand::ProposeDetails { .. }
        | PartnerCommand::ReportFee(_)
        | PartnerCommand::AnswerFee { .. }
        | PartnerCommand::AttachFee { .. } => by.may_speak_for(&partner.code)?,
        PartnerCommand::ConvertFee { .. } => {}
        _ => by.may_decide()?,
    }
    let event = match command {
        PartnerCommand::Register { name, .. } => match &partner.name {
            Some(known) => {
                let detail = format!("{} is registered already, as {known}", partner.code);
                return Err(Refusal::new("already-registered", detail));
            }
            None => PartnerNamed { name: name.clone() }.into(),
        },
        PartnerCommand::Rename { name } => {
            if partner.name.as_ref() == Some(name) {
                return Err(Refusal::new("no-change", format!("{} has this name already", partner.code)));
            }
            PartnerNamed { name: name.clone() }.into()
        }
        PartnerCommand::Sign { agreement, terms } => sign(partner, agreement, terms, rulebook)?,
        PartnerCommand::End { agreement, ended_on } => end(partner, agreement, *ended_on)?,
        PartnerCommand::ProposeDetails { details, digest, proposed_by } => {
            if partner.details.as_ref().is_some_and(|known| known.digest == *digest) {
                return Err(Refusal::new("no-change", "these payment details are in force already"));
            }
            if partner.proposal.as_ref().is_some_and(|known| known.digest == *digest) {
                return Err(Refusal::new("already-proposed", "these payment details wait for approval"));
            }
            let (details, digest, proposed_by) = (*details, *digest, proposed_by.clone());
            PaymentDetailsProposed { details, digest, proposed_by }.into()
        }
        PartnerCommand::ApproveDetails { details: seen, approved_by } => {
            let Proposal { details, proposed_by, .. } = proposed(partner)?;
            if details != seen {
                let detail = format!(
                    "{proposed_by} proposed other payment details since: look at them, then approve or reject those"
                );
                return Err(Refusal::new("another-proposal", detail));
            }
            if proposed_by == approved_by {
                let detail =
                    format!("{approved_by} proposed these payment details: another person approves them");
                return Err(Refusal::new("same-person", detail));
            }
            PaymentDetailsApproved { details: *details, approved_by: approved_by.clone() }.into()
        }
        PartnerCommand::RejectDetails { reason } => {
            PaymentDetailsRejected { details: proposed(partner)?.details, reason: *reason }.into()
        }
        PartnerCommand::ReportFee(fee) => report_fee(partner, fee, rulebook)?,
        PartnerCommand::AttachFee { fee, file } => {
            let known = known(partner, *fee)?;
            attachable(known.receipt.as_ref(), known.receipt_sha256, file)?;
            let ReceiptFile { pieces, sha256, bytes } = file.clone();
            FeeReceiptAttached { fee: *fee, pieces, sha256, bytes }.into()
        }
        PartnerCommand::ConvertFee { fee, quote } => convert_fee(partner, *fee, quote)?,
        PartnerCommand::AcceptFee { fee } => accept_fee(partner, *fee, by.actor(), rulebook)?,
        PartnerCommand::Payment(command) => {
            let event = crate::payment::decide(partner, command, by.actor())?;
            let beside = crate::payment::beside(partner, command, &event);
            return Ok([event].into_iter().chain(beside).collect());
        }
        PartnerCommand::Pay { payment, paid_for, amount, paid_on, payment_key, details } => {
            match amount.is_negative() {
                true => repayable(partner, *paid_for, *amount)?,
                false => bookable(*amount, &Line::default())?,
            }
            if partner.payments.outside(*payment).is_some() {
                return Err(Refusal::new("already-recorded", "this payment was recorded before"));
            }
            PartnerPaid {
                payment: *payment,
                paid_for: *paid_for,
                amount: *amount,
                paid_on: *paid_on,
                payment_key: *payment_key,
                details: *details,
            }
            .into()
        }
        PartnerCommand::ReverseFee { fee, amount, reason } => {
            reverse_fee(partner, *fee, *amount, *reason, by.actor(), rulebook)?
        }
        PartnerCommand::DropFeeReversal { fee, reason } => {
            if known(partner, *fee)?.reversal.is_none() {
                let detail = "nobody proposed to take back something of the fee";
                return Err(Refusal::new("nothing-proposed", detail));
            }
            FeeReversalDropped { fee: *fee, reason: *reason }.into()
        }
        PartnerCommand::ReversePaid { payment, matched, shown, reason } => {
            crate::payment::reverse_paid(partner, *payment, (*matched, *shown), *reason)?
        }
        PartnerCommand::RefuseFee { fee, reason } => {
            undecided(partner, *fee)?;
            FeeRefused { fee: *fee, reason: *reason }.into()
        }
        PartnerCommand::QueryFee { fee, details } => query_fee(partner, *fee, *details)?,
        PartnerCommand::AnswerFee { fee, details } => {
            let state = known(partner, *fee)?.state;
            if state != FeeState::Queried {
                let detail = format!("the fee is {state}: nothing is asked about it");
                return Err(Refusal::new("not-queried", detail));
            }
            FeeAnswered { fee: *fee, details: *details }.into()
        }
        PartnerCommand::ReopenFee { fee, reason } => {
            let state = known(partner, *fee)?.state;
            if state != FeeState::Refused {
                let detail = format!("the fee is {state}: only a refused fee is taken up again");
                return Err(Refusal::new("not-refused", detail));
            }
            FeeReopened { fee: *fee, reason: *reason }.into()
        }
    };
    Ok(vec![event])
}

/// An agreement must be one of this rulebook, and the only one for its programme and countries on each of its days.
fn sign(
    partner: &Partner,
    code: &AgreementCode,
    terms: &Agreement,
    rulebook: &Rulebook,
) -> Result<PartnerEvent, Refusal> {
    if partner.agreements.contains_key(code) {
        return Err(Refusal::new(
            "agreement-code-used",
            format!("{} has an agreement {code} already", partner.code),
        ));
    }
    of_rulebook::programme(&terms.programme, rulebook)?;
    if terms.countries.is_empty() {
        return Err(Refusal::new("no-country", "an agreement is for one country at least"));
    }
    terms.countries.iter().try_for_each(|country| of_rulebook::country(*country, rulebook))?;
    if terms.valid_until.is_some_and(|last| last < terms.valid_from) {
        return Err(Refusal::new("ends-before-it-begins", "the last day lies before the first"));
    }
    if let Some(FeeTerms::PerCase(amount)) = terms.fee {
        bookable(amount, &Line::default())?;
    }
    if let Some((other, _)) = partner.agreements.iter().find(|(_, known)| known.overlaps(terms)) {
        let detail =
            format!("agreement {other} is for the same programme, and for some of these countries and days");
        return Err(Refusal::new("agreements-overlap", detail));
    }
    let Agreement { programme, countries, valid_from, valid_until, fee } = terms.clone();
    Ok(AgreementSigned { agreement: code.clone(), programme, countries, valid_from, valid_until, fee }.into())
}

/// An agreement can only end earlier than it would.
fn end(partner: &Partner, code: &AgreementCode, ended_on: Date) -> Result<PartnerEvent, Refusal> {
    let Some(agreement) = partner.agreements.get(code) else {
        return Err(Refusal::new("unknown-agreement", format!("{} has no agreement {code}", partner.code)));
    };
    if ended_on < agreement.valid_from {
        let detail = format!("the agreement begins on {}", agreement.valid_from);
        return Err(Refusal::new("ends-before-it-begins", detail));
    }
    if let Some(last) = agreement.valid_until.filter(|last| *last <= ended_on) {
        return Err(Refusal::new("ends-already", format!("the agreement ends on {last} already")));
    }
    Ok(AgreementEnded { agreement: code.clone(), ended_on }.into())
}

/// What a partner pays back is a payment below zero. Of advances no more comes back than is open.
fn repayable(partner: &Partner, paid_for: PaidFor, amount: Eur) -> Result<(), Refusal> {
    let too_large = |overflow: Overflow| Refusal::new("amount-too-large", overflow.to_string());
    let back = amount.checked_neg().map_err(too_large)?;
    bookable(back, &Line::default())?;
    let open = partner.payments.open_advance().map_err(too_large)?;
    if paid_for == PaidFor::Advance && back > open {
        let detail = format!("{back} is more than the {open} that is open of advances to {}", partner.code);
        return Err(Refusal::new("more-than-open", detail));
    }
    let paid = partner.payments.paid().map_err(too_large)?;
    if back > paid {
        let detail = format!("{back} is more than the {paid} that {} was ever paid", partner.code);
        return Err(Refusal::new("more-than-paid", detail));
    }
    Ok(())
}

fn proposed(partner: &Partner) -> Result<&Proposal, Refusal> {
    partner.proposal.as_ref().ok_or_else(|| {
        Refusal::new("nothing-proposed", format!("no payment details of {} wait for approval", partner.code))
    })
}

/// Values the fee in euro, at the rate that values spend; without it the fee waits. Nothing that is charged is dropped: a
/// fee outside every agreement is reported as such.
fn report_fee(partner: &Partner, fee: &ReportedFee, rulebook: &Rulebook) -> Result<PartnerEvent, Refusal> {
    if partner.fees.contains_key(&fee.fee) {
        return Err(Refusal::new("already-reported", "this fee was reported before"));
    }
    let (exchange, eur) = match fee.amount.currency() {
        Currency::EUR => (None, Some(euros(fee.amount)?)),
        _ => {
            let exchange = Exchange::asked(rulebook, fee.charged_on, fee.reported_on, fee.quote);
            let eur = fee.quote.as_ref().map(|quote| exchange.value(fee.amount, quote)).transpose()?;
            (Some(exchange), eur)
        }
    };
    reportable(fee.amount, eur, &Line::default())?;
    let ReportedFee { fee: id, charged_on, amount, receipt_key, receipt_sha256, details, file, .. } =
        fee.clone();
    let agreement = partner.fee_agreement(charged_on).cloned();
    Ok(FeeReported {
        fee: id,
        agreement,
        charged_on,
        amount,
        exchange,
        eur,
        receipt_key,
        receipt_sha256,
        details,
        file,
    }
    .into())
}

/// Values a fee that waited, at the rate that was asked for when it was reported.
fn convert_fee(partner: &Partner, id: FeeId, quote: &Quote) -> Result<PartnerEvent, Refusal> {
    let fee = known(partner, id)?;
    let exchange = fee.exchange.as_ref().filter(|_| fee.state == FeeState::WaitingForRate);
    let exchange = exchange.ok_or_else(|| {
        Refusal::new("not-waiting", format!("the fee is {}: it waits for no rate", fee.state))
    })?;
    let eur = exchange.value(fee.amount, quote)?;
    bookable(eur, &Line::default())?;
    Ok(FeeConverted { fee: id, quote: *quote, eur }.into())
}

fn query_fee(partner: &Partner, id: FeeId, details: TextId) -> Result<PartnerEvent, Refusal> {
    let fee = undecided(partner, id)?;
    match fee.state {
        FeeState::WaitingForRate => Err(waiting_for_rate(fee.amount.currency())),
        FeeState::Queried => {
            let detail = "the fee is queried already: wait for the answer, or decide it";
            Err(Refusal::new("already-queried", detail))
        }
        _ => Ok(FeeQueried { fee: id, details }.into()),
    }
}

/// A fee has no cap, so from the limit of the rulebook on it takes two people like a claim.
fn accept_fee(
    partner: &Partner,
    id: FeeId,
    by: &Actor,
    rulebook: &Rulebook,
) -> Result<PartnerEvent, Refusal> {
    let fee = undecided(partner, id)?;
    let eur = fee.eur.ok_or_else(|| waiting_for_rate(fee.amount.currency()))?;
    let what = format!("accept {eur}");
    let first = fee.proposed_by.as_ref();
    Ok(match asks_for_second_to_accept(first, by, fee.by_two, (eur, &what), rulebook)? {
        Some(second_approval_from) => {
            let (proposed_by, rulebook) = (by.clone(), rulebook.version().to_owned());
            FeeProposed { fee: id, proposed_by, second_approval_from, rulebook }.into()
        }
        None => FeeAccepted { fee: id, eur }.into(),
    })
}

/// Takes back an accepted fee, by two people from the limit of the rulebook on.
fn reverse_fee(
    partner: &Partner,
    id: FeeId,
    amount: Option<Eur>,
    reason: TextId,
    by: &Actor,
    rulebook: &Rulebook,
) -> Result<PartnerEvent, Refusal> {
    let fee = known(partner, id)?;
    match fee.state {
        FeeState::Accepted => {}
        FeeState::Reversed => return Err(Refusal::new("already-reversed", "nothing is left of the fee")),
        state => {
            let detail = format!("the fee is {state}: only an accepted one can be taken back");
            return Err(Refusal::new("not-accepted", detail));
        }
    }
    let left = fee.net().map_err(|overflow| Refusal::new("amount-too-large", overflow.to_string()))?;
    let eur = amount.unwrap_or(left);
    bookable(eur, &Line::default())?;
    if eur > left {
        let detail = format!("{eur} is more than the {left} that is left of what was accepted");
        return Err(Refusal::new("more-than-accepted", detail));
    }
    let proposed = fee.reversal.as_ref();
    Ok(match asks_for_second_to_take_back(proposed, (eur, None, None), fee.reversed, 1, by, rulebook)? {
        Some(second_approval_from) => FeeReversalProposed {
            fee: id,
            eur,
            reason,
            proposed_by: by.clone(),
            second_approval_from,
            rulebook: rulebook.version().to_owned(),
        }
        .into(),
        None => FeeReversed { fee: id, eur, reason }.into(),
    })
}

fn known(partner: &Partner, id: FeeId) -> Result<&Fee, Refusal> {
    let fee = partner.fees.get(&id);
    fee.ok_or_else(|| Refusal::new("unknown-fee", format!("{} has no such fee", partner.code)))
}

fn undecided(partner: &Partner, id: FeeId) -> Result<&Fee, Refusal> {
    let fee = known(partner, id)?;
    if !fee.state.is_open() {
        return Err(Refusal::new("already-decided", format!("the fee is {} already", fee.state)));
    }
    Ok(fee)
}
