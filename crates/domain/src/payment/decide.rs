//! Decisions about payments to a partner.

use std::collections::BTreeMap;

use money::{Eur, Overflow};

use super::command::{NewAdvance, NewPayment, PartMade, PaymentCommand};
use super::due::{Standing, Worth, left};
use super::event::{
    Payable, PaymentApproved, PaymentCancelled, PaymentItem, PaymentProposed, PaymentRecallProposed,
    PaymentRecallWithdrawn, PaymentRecalled, PaymentReturnUndone, PaymentReturned,
};
use super::state::{Outside, OutsideState, Payment, PaymentState};
use crate::balance::Line;
use crate::by::By;
use crate::ids::{Actor, PaymentId, TextId};
use crate::partner::{
    PaidFor, Partner, PartnerEvent, PartnerPaid, PartnerPaidReturnUndone, PartnerPaidReturned,
    PartnerPaidReversed,
};
use crate::refusal::{Refusal, bookable};

/// Most items of one payment: what fits into one event. What is left over is due in the next.
pub const ITEMS_MAX: usize = 5_000;

/// Decides a command about payments of a partner. (That nobody of the partner gives it was checked.)
pub(crate) fn decide(
    partner: &Partner,
    command: &PaymentCommand,
    by: &Actor,
) -> Result<PartnerEvent, Refusal> {
    match command {
        PaymentCommand::Propose(new) => Ok(propose(partner, new, by)?.into()),
        PaymentCommand::Advance(new) => Ok(advance(partner, new, by)?.into()),
        PaymentCommand::Approve { payment, standing } => {
            let proposed = in_state(partner, *payment, PaymentState::Proposed)?;
            if proposed.proposed_by == *by {
                let detail =
                    format!("{by} proposed payment {}: another person approves it", proposed.reference);
                return Err(Refusal::new("same-person", detail));
            }
            still_right(partner, *payment, proposed, standing)?;
            Ok(PaymentApproved { payment: *payment, by: by.clone() }.into())
        }
        PaymentCommand::Cancel { payment: id, reason } => {
            let payment = known(partner, *id)?;
            match payment.state {
                PaymentState::Proposed | PaymentState::Approved => {
                    Ok(PaymentCancelled { payment: *id, reason: *reason, by: by.clone() }.into())
                }
                _ => Err(wrong_state(payment)),
            }
        }
        PaymentCommand::Recall { payment, reason, matched, shown, in_part, rejected } => {
            let event = recall(partner, *payment, *reason, (*matched, *shown), *rejected, by)?;
            is_in_part(known(partner, *payment)?, in_part)?;
            Ok(event)
        }
        PaymentCommand::WithdrawRecall { payment: id, reason } => {
            let payment = in_state(partner, *id, PaymentState::Instructed)?;
            let Some(proposed_by) = payment.recall_by.clone() else {
                let detail = format!(
                    "nobody wants to take payment {} back: `svala payment recall list`",
                    payment.reference
                );
                return Err(Refusal::new("nothing-proposed", detail));
            };
            Ok(PaymentRecallWithdrawn { payment: *id, proposed_by, reason: *reason, by: by.clone() }.into())
        }
        PaymentCommand::Return { payment, matching } if partner.payments.outside(*payment).is_some() => {
            outside_in(partner, *payment, OutsideState::Made)?;
            Ok(PartnerPaidReturned { payment: *payment, matching: *matching, by: by.clone() }.into())
        }
        PaymentCommand::UndoReturn { payment, matching } if partner.payments.outside(*payment).is_some() => {
            outside_in(partner, *payment, OutsideState::Returned)?;
            Ok(PartnerPaidReturnUndone { payment: *payment, matching: *matching, by: by.clone() }.into())
        }
        PaymentCommand::Return { payment, matching } => {
            in_state(partner, *payment, PaymentState::Instructed)?;
            Ok(PaymentReturned { payment: *payment, matching: *matching, by: by.clone() }.into())
        }
        PaymentCommand::UndoReturn { payment: id, matching } => {
            let payment = in_state(partner, *id, PaymentState::Returned)?;
            if let Some(again) = partner.payments.paid_again(payment) {
                let detail = format!(
                    "payment {} pays again what payment {} did, since that came back: cancel it first, or leave the match",
                    again.reference, payment.reference
                );
                return Err(Refusal::new("paid-again", detail));
            }
            let open = [
                (payment.advance_settled, partner.payments.open_advance().map_err(too_large)?),
                (payment.paid_before, partner.payments.open_outside().map_err(too_large)?),
            ];
            // Open may be less than nothing for another reason: it was taken back after it was settled.
            let short = open.iter().any(|(settled, open)| !settled.is_zero() && settled > open);
            if short && partner.payments.settled_again(payment) {
                let detail = format!(
                    "another payment settles what payment {} had settled, since that came back: cancel it first, or leave the match",
                    payment.reference
                );
                return Err(Refusal::new("paid-again", detail));
            }
            Ok(PaymentReturnUndone { payment: *id, matching: *matching, by: by.clone() }.into())
        }
    }
}

/// Takes two people, as paying it did. What the bank has made is not taken back: it comes back, or it does not.
fn recall(
    partner: &Partner,
    id: PaymentId,
    reason: TextId,
    (matched, shown): (Option<u64>, Option<u64>),
    rejected: bool,
    by: &Actor,
) -> Result<PartnerEvent, Refusal> {
    let payment = in_state(partner, id, PaymentState::Instructed)?;
    if let Some(line) = shown.filter(|_| matched.is_none()) {
        return Err(shown_by(line, &format!("payment {}", payment.reference)));
    }
    if let Some(number) = matched {
        let detail = format!(
            "match {number} says that the bank has made payment {}: if that is wrong, `svala bank unmatch {number}`; if the money comes back, match the line that brings it",
            payment.reference
        );
        return Err(Refusal::new("made-by-the-bank", detail));
    }
    match &payment.recall_by {
        // The bank is the first of the two.
        _ if rejected => Ok(PaymentRecalled { payment: id, reason, by: by.clone() }.into()),
        Some(first) if first == by => {
            let detail =
                format!("{by} wants to take payment {} back: another person agrees", payment.reference);
            Err(Refusal::new("same-person", detail))
        }
        Some(_) => Ok(PaymentRecalled { payment: id, reason, by: by.clone() }.into()),
        None => Ok(PaymentRecallProposed { payment: id, reason, by: by.clone() }.into()),
    }
}

/// What the bank has made of a payment is less than all of it.
fn is_in_part(payment: &Payment, in_part: &[PartMade]) -> Result<(), Refusal> {
    let made = Eur::sum(in_part.iter().map(|part| part.amount)).map_err(too_large)?;
    if in_part.is_empty() || made < payment.total {
        return Ok(());
    }
    let detail = format!("the bank has made {made} of payment {}: match its lines", payment.reference);
    Err(Refusal::new("made-by-the-bank", detail))
}

/// What is recorded beside an event: of a payment that is taken back what the bank has made of it, so that only the rest is
/// due again.
pub(crate) fn beside(partner: &Partner, command: &PaymentCommand, event: &PartnerEvent) -> Vec<PartnerEvent> {
    let (PaymentCommand::Recall { payment, in_part, .. }, PartnerEvent::PaymentRecalled(_)) =
        (command, event)
    else {
        return Vec::new();
    };
    let is_advance = partner.payments.get(*payment).is_some_and(Payment::is_advance);
    let paid_for = if is_advance { PaidFor::Advance } else { PaidFor::Claims };
    let paid = in_part.iter().map(|part| {
        let PartMade { payment, amount, paid_on, payment_key, details } = *part;
        PartnerPaid { payment, paid_for, amount, paid_on, payment_key, details }.into()
    });
    paid.collect()
}

/// An open line has its reference: it would be paid again.
fn shown_by(line: u64, what: &str) -> Refusal {
    let detail = format!(
        "line {line} has its reference, so the bank has made {what}: match them (`svala bank match`), or find out what the line is first"
    );
    Refusal::new("made-by-the-bank", detail)
}

/// Whether the bank can have made a payment: it stands in a file, and was not taken back from it.
///
/// # Errors
/// [`Refusal`] where it cannot.
pub fn can_be_made(partner: &Partner, id: PaymentId) -> Result<(), Refusal> {
    let payment = known(partner, id)?;
    match payment.state {
        PaymentState::Instructed | PaymentState::Returned => Ok(()),
        state => {
            let detail =
                format!("payment {} is {state}: the bank was not told to make it", payment.reference);
            Err(Refusal::new("not-in-a-file", detail))
        }
    }
}

/// Whether a line of the bank may stand for a payment that was made outside of the ledger: not where it was taken back.
///
/// # Errors
/// [`Refusal`] where it may not.
pub fn was_made(partner: &Partner, id: PaymentId) -> Result<(), Refusal> {
    match partner.payments.outside(id).map(|outside| outside.state) {
        Some(OutsideState::TakenBack) => {
            Err(Refusal::new("already-reversed", "the payment was recorded by mistake, and taken back"))
        }
        _ => Ok(()),
    }
}

/// The payment, if it may be written into a file by this person: it was approved by another one, and nothing has changed
/// since.
pub fn ready<'p>(
    partner: &'p Partner,
    id: PaymentId,
    standing: &Standing,
    by: &By,
) -> Result<&'p Payment, Refusal> {
    by.may_decide()?;
    let (payment, by) = (in_state(partner, id, PaymentState::Approved)?, by.actor());
    if payment.approved_by.as_ref() == Some(by) {
        let detail = format!("{by} approved payment {}: somebody else pays it", payment.reference);
        return Err(Refusal::new("same-person", detail));
    }
    still_right(partner, id, payment, standing)?;
    Ok(payment)
}

/// Takes everything that is due and not held, and what came back after it was paid, less what was paid already.
fn propose(partner: &Partner, new: &NewPayment, by: &Actor) -> Result<PaymentProposed, Refusal> {
    let account = account(partner)?;
    not_made_all_the_same(partner, &new.standing)?;
    let (mut due, mut held) = (Vec::new(), None);
    for (worth, eur) in left(partner, &new.standing.worths).map_err(too_large)? {
        let in_period = new.period.is_none_or(|period| period.contains(worth.on));
        match worth.held_by {
            // What came back is taken off whatever stops or bounds the payment: the partner has that money.
            _ if eur.is_negative() => due.push((worth, eur)),
            _ if !in_period => {}
            Some(hold) => held = held.or(Some(hold)),
            None => due.push((worth, eur)),
        }
    }
    due.sort_by_key(|(_, eur)| !eur.is_negative());
    due.truncate(ITEMS_MAX);
    let items: Vec<PaymentItem> =
        due.iter().map(|(worth, eur)| PaymentItem { of: worth.of, eur: *eur }).collect();
    let gross = Eur::sum(items.iter().map(|item| item.eur)).map_err(too_large)?;
    // Where a payment or an advance that was taken into account was taken back or came back, the partner is paid so much
    // more, though nothing else is due.
    let paid_before = taken_off(partner.payments.open_outside().map_err(too_large)?, gross);
    let left = gross.checked_sub(paid_before).map_err(too_large)?;
    let advance_settled = match new.keep_advance {
        true => Eur::ZERO,
        false => partner.payments.open_advance().map_err(too_large)?.min(left),
    };
    let total = left.checked_sub(advance_settled).map_err(too_large)?;
    let nothing_due = items.iter().all(|item| item.eur.is_negative()) || gross.is_negative();
    if nothing_due && (total.is_zero() || total.is_negative()) {
        return Err(nothing(partner, held, gross));
    }
    Ok(PaymentProposed {
        payment: new.payment,
        reference: new.reference.clone(),
        period: new.period,
        items,
        paid_before,
        advance_settled,
        total,
        account,
        reason: None,
        by: by.clone(),
    })
}

/// Of what was paid outside of the ledger, what a payment takes into account: no more than it is over, and nothing where
/// more came back than is due.
fn taken_off(outside: Eur, gross: Eur) -> Eur {
    outside.min(gross.max(Eur::ZERO))
}

fn advance(partner: &Partner, new: &NewAdvance, by: &Actor) -> Result<PaymentProposed, Refusal> {
    let account = account(partner)?;
    bookable(new.amount, &Line::default())?;
    not_made_all_the_same(partner, &new.standing)?;
    if let Some(hold) = new.standing.held_by {
        return Err(held_back(partner, hold));
    }
    Ok(PaymentProposed {
        payment: new.payment,
        reference: new.reference.clone(),
        period: None,
        items: vec![PaymentItem { of: Payable::Advance, eur: new.amount }],
        paid_before: Eur::ZERO,
        advance_settled: Eur::ZERO,
        total: new.amount,
        account,
        reason: Some(new.reason),
        by: by.clone(),
    })
}

/// What was taken back from its file, and the bank has made all the same, is due again only as far as nobody has said what
/// its line is: until then it would be paid a second time.
fn not_made_all_the_same(partner: &Partner, standing: &Standing) -> Result<(), Refusal> {
    let Some((id, line)) = standing.made else { return Ok(()) };
    let (reference, code) = (&known(partner, id)?.reference, &partner.code);
    let detail = format!(
        "line {line} has the reference of payment {reference}, which was taken back from its file: the bank made it all the same, and {code} would be paid twice. Record it (`svala partner paid {code} --reference {reference} …`) and match it (`svala bank match`); or match it with the line that brings the money back; or answer for it (`svala exception list`)"
    );
    Err(Refusal::new("made-by-the-bank", detail))
}

/// What was proposed is still due in these amounts, to the account in force, and nothing stops it.
fn still_right(
    partner: &Partner,
    id: PaymentId,
    payment: &Payment,
    standing: &Standing,
) -> Result<(), Refusal> {
    let reference = &payment.reference;
    let again = "cancel it and propose it again";
    if account(partner)? != payment.account {
        let detail = format!(
            "{} is paid to another account since payment {reference} was proposed: {again}",
            partner.code
        );
        return Err(Refusal::new("account-changed", detail));
    }
    not_made_all_the_same(partner, standing)?;
    let worths: BTreeMap<Payable, &Worth> = standing.worths.iter().map(|worth| (worth.of, worth)).collect();
    let taken = partner.payments.taken(Some(id)).map_err(too_large)?;
    let (mut changed, mut held) = (0_usize, None);
    for item in &payment.items {
        let worth = worths.get(&item.of);
        let held_by =
            if item.of == Payable::Advance { standing.held_by } else { worth.and_then(|w| w.held_by) };
        held = held.or(held_by.filter(|_| !item.eur.is_negative()));
        let of_others = taken.get(&item.of).copied().unwrap_or_default();
        let due = worth.map_or(Eur::ZERO, |worth| worth.eur).checked_sub(of_others).map_err(too_large)?;
        if item.of != Payable::Advance && due != item.eur {
            changed += 1;
        }
    }
    if let Some(hold) = held {
        return Err(held_back(partner, hold));
    }
    if changed > 0 {
        let detail = format!(
            "{changed} of the {} items of payment {reference} are not due in these amounts any more: {again}",
            payment.items.len()
        );
        return Err(Refusal::new("no-longer-due", detail));
    }
    // What was recorded as paid outside of the ledger since would be paid a second time.
    if !payment.is_advance() {
        let gross = payment.gross().map_err(too_large)?;
        let open = partner.payments.open_outside().map_err(too_large)?;
        let outside = taken_off(open.checked_add(payment.paid_before).map_err(too_large)?, gross);
        if outside != payment.paid_before {
            let detail = format!(
                "{outside} EUR of payment {reference} were paid outside of the ledger, not {} as when it was proposed: {again}",
                payment.paid_before
            );
            return Err(Refusal::new("no-longer-due", detail));
        }
        // Of an advance it settles no more than is open, nor pays more of one that was taken back than is owed of it.
        let open = partner.payments.open_advance().map_err(too_large)?;
        let open = open.checked_add(payment.advance_settled).map_err(too_large)?;
        let open = open.min(gross.checked_sub(outside).map_err(too_large)?);
        let settled = payment.advance_settled;
        if settled.max(Eur::ZERO) > open.max(Eur::ZERO) || settled.min(Eur::ZERO) < open.min(Eur::ZERO) {
            let detail = format!(
                "payment {reference} takes {settled} EUR of advances into account, and {open} are open: {again}"
            );
            return Err(Refusal::new("no-longer-due", detail));
        }
    }
    Ok(())
}

/// Takes back a payment that was recorded as made outside of the ledger: it was recorded by one person, and whatever is
/// paid in its place takes two.
pub(crate) fn reverse_paid(
    partner: &Partner,
    id: PaymentId,
    (matched, shown): (Option<u64>, Option<u64>),
    reason: TextId,
) -> Result<PartnerEvent, Refusal> {
    let outside = outside_in(partner, id, OutsideState::Made)?;
    if let Some(line) = shown.filter(|_| matched.is_none()) {
        return Err(shown_by(line, "the payment"));
    }
    if let Some(number) = matched {
        let detail = format!(
            "match {number} says that the bank has made the payment: if that is wrong, `svala bank unmatch {number}`; if the money came back, match the line that brings it"
        );
        return Err(Refusal::new("made-by-the-bank", detail));
    }
    let (paid_for, amount) = (outside.paid_for, outside.amount);
    Ok(PartnerPaidReversed { payment: id, paid_for, amount, reason }.into())
}

fn outside_in(partner: &Partner, id: PaymentId, state: OutsideState) -> Result<&Outside, Refusal> {
    let outside = partner.payments.outside(id).ok_or_else(|| {
        let detail = format!("no payment of {} outside of the ledger has this number", partner.code);
        Refusal::new("unknown-payment", detail)
    })?;
    match outside.state {
        now if now == state => Ok(outside),
        OutsideState::Made => Err(Refusal::new("not-returned", "the payment did not come back")),
        OutsideState::TakenBack => Err(Refusal::new("already-reversed", "the payment was taken back before")),
        OutsideState::Returned => Err(Refusal::new("came-back", "the payment came back from the bank")),
    }
}

fn account(partner: &Partner) -> Result<TextId, Refusal> {
    let code = &partner.code;
    partner.details.as_ref().map(|known| known.details).ok_or_else(|| {
        let detail = format!(
            "nobody has approved where {code} is paid: `svala partner payment-details propose {code}`, then another person `… approve {code} NUMBER`"
        );
        Refusal::new("no-payment-details", detail)
    })
}

fn known(partner: &Partner, id: PaymentId) -> Result<&Payment, Refusal> {
    let payment = partner.payments.get(id);
    payment.ok_or_else(|| Refusal::new("unknown-payment", format!("{} has no such payment", partner.code)))
}

fn in_state(partner: &Partner, id: PaymentId, state: PaymentState) -> Result<&Payment, Refusal> {
    let payment = known(partner, id)?;
    if payment.state == state { Ok(payment) } else { Err(wrong_state(payment)) }
}

fn wrong_state(payment: &Payment) -> Refusal {
    let reference = &payment.reference;
    match (payment.state, payment.file) {
        (PaymentState::Proposed, _) => {
            Refusal::new("not-approved", format!("payment {reference} waits for a second person"))
        }
        (PaymentState::Returned, _) => {
            Refusal::new("came-back", format!("payment {reference} came back from the bank"))
        }
        (PaymentState::Recalled, Some((file, _))) => {
            let detail =
                format!("payment {reference} was taken back from file {file}: what is due is proposed anew");
            Refusal::new("taken-back", detail)
        }
        (_, Some((file, _))) => {
            Refusal::new("already-in-a-file", format!("payment {reference} stands in file {file}"))
        }
        (state, None) => Refusal::new("already-decided", format!("payment {reference} is {state} already")),
    }
}

fn nothing(partner: &Partner, held: Option<u64>, gross: Eur) -> Refusal {
    match held {
        Some(hold) => held_back(partner, hold),
        None if gross.is_negative() => {
            let detail = format!(
                "more came back than is due to {}: {gross} is left for its next payment",
                partner.code
            );
            Refusal::new("nothing-due", detail)
        }
        None => {
            Refusal::new("nothing-due", format!("nothing is due to {} that no payment has", partner.code))
        }
    }
}

fn held_back(partner: &Partner, hold: u64) -> Refusal {
    let detail = format!("hold {hold} stops payments to {}: `svala hold list` says why", partner.code);
    Refusal::new("held", detail)
}

fn too_large(overflow: Overflow) -> Refusal {
    Refusal::new("amount-too-large", overflow.to_string())
}
