//! What money is about, before it is shown: a row, and the payments that have something of it.

use std::collections::BTreeMap;

use ::balances::BalancesRow;
use ::cases::CaseRow;
use ::claims::ClaimRow;
use ::grants::GrantRow;
use domain::grant::{GrantState, PaymentMethod};
use domain::partner::PARTNER_FEE;
use domain::partner::{PaidFor, PartnerEvent};
use domain::payment::{OutsideState, Payable, Payment, PaymentState};
use domain::reconciliation::Settled;
use domain::{CaseId, Event, GrantId, Partner, PartnerCode, PaymentId, Recorded, TextId};
use money::{Eur, Overflow};

use super::matched::{Lines, Matched, joined};
use super::row::{RowKind, ThreeWayRow};
use crate::query::payments::numbers;

/// A row that is not told in full yet.
pub(super) struct Thing {
    pub(super) row: ThreeWayRow,
    /// The case it is for.
    pub(super) case: Option<CaseId>,
    /// Receipt or reference, in the vault.
    pub(super) text: Option<TextId>,
    /// What payments have of it.
    pub(super) parts: Vec<Part>,
}

impl From<ThreeWayRow> for Thing {
    fn from(row: ThreeWayRow) -> Self {
        Self { row, case: None, text: None, parts: Vec::new() }
    }
}

/// What a payment has of something.
#[derive(Clone)]
pub(super) struct Part {
    /// The number of the payment.
    number: u64,
    reference: String,
    file: Option<u64>,
    /// Paid of it, in euro: nothing as long as the payment is not made, below zero for what came back.
    paid: Eur,
    /// Of that, what the bank shows.
    seen: Eur,
    /// The match that shows it.
    pub(super) matching: Option<u64>,
}

/// What the payments of a partner have of what, and what they pay that is for no case.
#[derive(Default)]
pub(super) struct Paid {
    pub(super) of: BTreeMap<(PartnerCode, Payable), Vec<Part>>,
    pub(super) things: Vec<Thing>,
    /// To whom.
    pub(super) partners: Vec<PartnerCode>,
}

impl Thing {
    /// Adds up its parts, and tells where they stand.
    pub(super) fn settle(&mut self, matched: &Matched, lines: &Lines) -> Result<(), Overflow> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let row = &mut self.row;
        row.paid = Eur::sum(self.parts.iter().map(|part| part.paid))?;
        row.seen = Eur::sum(self.parts.iter().map(|part| part.seen))?;
        row.payments = joined(self.parts.iter().map(|part| part.number));
        row.files = joined(self.parts.iter().filter_map(|part| part.file));
        let mut references: Vec<&str> = self.parts.iter().map(|part| part.reference.as_str()).collect();
        references.dedup();
        row.references = references.join(" ").trim().to_owned();
        let numbers: Vec<u64> = self.parts.iter().filter_map(|part| part.matching).collect();
        matched.show(row, &numbers, lines);
        Ok(())
    }

    /// What a person may receive on each budget line.
    pub(super) fn entitlements(
        case: CaseId,
        row: &CaseRow,
        balances: &BalancesRow,
    ) -> Result<Vec<Self>, Overflow> {
        let mut things = Vec::new();
        for (budget_line, line) in balances.lines.iter() {
            let Some(rule) = &line.rule_id else { continue };
            let mut told = ThreeWayRow::of(RowKind::Entitlement);
            told.number = Some(row.position);
            told.partner = row.assignments.last().map(ToString::to_string).unwrap_or_default();
            told.budget_line = budget_line.to_owned();
            told.rule_id.clone_from(rule);
            told.cap = Some(line.cap);
            told.on = row.decided_on;
            told.state = row.stage.to_string();
            told.entitled = line.cap;
            told.not_claimed = line.remaining()?.checked_sub(line.pending)?.checked_sub(line.estimated)?;
            things.push(Self { case: Some(case), ..Self::from(told) });
        }
        Ok(things)
    }

    pub(super) fn claim(claim: &ClaimRow, parts: Vec<Part>) -> Result<Self, Overflow> {
        let mut row = ThreeWayRow::of(RowKind::Claim);
        row.number = Some(claim.position);
        row.partner = claim.partner.to_string();
        row.budget_line.clone_from(&claim.budget_line);
        row.category.clone_from(&claim.category);
        row.on = Some(claim.delivered_on);
        row.receipt_sha256 = claim.receipt_sha256.map(|hash| hash.to_string()).unwrap_or_default();
        row.amount = claim.amount.to_string();
        row.currency = claim.amount.currency().code();
        row.state = claim.state.to_string();
        row.reported = claim.eur.unwrap_or_default();
        row.accepted = claim.eligible.checked_sub(claim.reversed)?;
        Ok(Self { row, case: Some(claim.case), text: Some(claim.details), parts })
    }

    /// A grant: worth something to `partner`, if that is who paid it out.
    pub(super) fn grant(
        grant: &GrantRow,
        partner: Option<&PartnerCode>,
        is_theirs: bool,
        parts: Vec<Part>,
    ) -> Result<Self, Overflow> {
        let mut row = ThreeWayRow::of(RowKind::Grant);
        row.number = Some(grant.position);
        row.partner = partner.map(ToString::to_string).unwrap_or_default();
        row.budget_line = domain::grant::BUDGET_LINE.to_owned();
        row.category = grant.method.to_string();
        row.on = Some(grant.paid_on);
        row.amount = grant.amount.to_string();
        row.state = grant.state.to_string();
        if is_theirs {
            row.reported = grant.amount;
            if grant.state != GrantState::Refused {
                row.accepted = grant.amount.checked_sub(grant.returned)?;
            }
        }
        Ok(Self { row, case: Some(grant.case), text: Some(grant.details), parts })
    }

    fn of_partner(kind: RowKind, partner: &Partner, number: Option<u64>, parts: Vec<Part>) -> Self {
        let mut row = ThreeWayRow::of(kind);
        (row.number, row.partner) = (number, partner.code.to_string());
        Self { parts, ..Self::from(row) }
    }
}

impl Part {
    /// What the authority paid itself for a grant, and what of that came back.
    pub(super) fn of_grant(id: GrantId, grant: &GrantRow, matched: &Matched) -> Result<Vec<Self>, Overflow> {
        let case = grant.case;
        let mut told = vec![(Settled::Grant { case, grant: id }, grant.amount, grant.position)];
        for (nth, back) in (1..).zip(&grant.returns) {
            told.push((
                Settled::GrantBack { case, grant: id, nth },
                back.amount.checked_neg()?,
                back.position,
            ));
        }
        let mut parts = Vec::new();
        for (of, paid, number) in told {
            let shown = matched.eur_of(&of)?.filter(|_| grant.method == PaymentMethod::Bank);
            if paid.is_zero() && shown.is_none() {
                continue;
            }
            let (matching, seen) = shown.map_or((None, Eur::ZERO), |(number, eur)| (Some(number), eur));
            let (reference, file) = (String::new(), None);
            parts.push(Self { number, reference, file, paid, seen, matching });
        }
        Ok(parts)
    }

    /// What a payment has of something: as it went out, and as it came back.
    fn of(
        partner: &PartnerCode,
        id: PaymentId,
        number: u64,
        payment: &Payment,
        eur: Eur,
        matched: &Matched,
    ) -> Result<Vec<Self>, Overflow> {
        let of = |settled: Settled| matched.of_item(&settled);
        let file = payment.file.map(|(file, _)| file);
        let reference = payment.reference.to_string();
        let part =
            |paid, seen, matching| Self { number, reference: reference.clone(), file, paid, seen, matching };
        let (partner, payment_id) = (partner.clone(), id);
        let out = of(Settled::Payment { partner: partner.clone(), payment: payment_id });
        let shown = |matching: Option<u64>, eur: Eur| if matching.is_some() { eur } else { Eur::ZERO };
        Ok(match payment.state {
            // A line that comes for what was taken back out of its file is matched with nothing.
            PaymentState::Cancelled | PaymentState::Recalled => Vec::new(),
            PaymentState::Proposed | PaymentState::Approved => vec![part(Eur::ZERO, Eur::ZERO, None)],
            // Its items and what was paid before come to nothing: there is nothing for the bank to show.
            PaymentState::Settled => vec![part(eur, eur, None)],
            PaymentState::Instructed => vec![part(eur, shown(out, eur), out)],
            PaymentState::Returned => {
                let back = of(Settled::PaymentBack { partner, payment: payment_id });
                let less = eur.checked_neg()?;
                vec![part(eur, shown(out, eur), out), part(less, shown(back, less), back)]
            }
        })
    }
}

impl Paid {
    /// Adds what a partner was paid and charges.
    pub(super) fn add(
        &mut self,
        partner: &Partner,
        events: &[Recorded],
        matched: &Matched,
    ) -> Result<(), Overflow> {
        let numbers = numbers(events);
        let code = &partner.code;
        self.partners.push(code.clone());
        let mut approved_on = BTreeMap::new();
        for recorded in events {
            if let Event::Partner(PartnerEvent::PaymentApproved(e)) = &recorded.event {
                approved_on.insert(e.payment, recorded.recorded_on());
            }
        }
        for (id, payment) in partner.payments.iter() {
            let number = numbers.get(&id.0).copied().unwrap_or_default();
            let parts = |eur| Part::of(code, id, number, payment, eur, matched);
            let day = payment.file.map(|(_, day)| day).or(approved_on.get(&id).copied());
            let mut add = |kind, eur: Eur| -> Result<(), Overflow> {
                let parts = parts(eur)?;
                if !parts.is_empty() {
                    let mut thing = Thing::of_partner(kind, partner, Some(number), parts);
                    (thing.row.on, thing.row.state) = (day, payment.state.to_string());
                    self.things.push(thing);
                }
                Ok(())
            };
            for (kind, settled) in
                [(RowKind::Outside, payment.paid_before), (RowKind::Advance, payment.advance_settled)]
            {
                if !settled.is_zero() {
                    add(kind, settled.checked_neg()?)?;
                }
            }
            for item in &payment.items {
                match item.of {
                    Payable::Advance => add(RowKind::Advance, item.eur)?,
                    of => self.of.entry((code.clone(), of)).or_default().extend(parts(item.eur)?),
                }
            }
        }
        for recorded in events {
            let Event::Partner(PartnerEvent::PartnerPaid(e)) = &recorded.event else { continue };
            let state = partner.payments.outside(e.payment).map_or(OutsideState::TakenBack, |of| of.state);
            let number = recorded.position;
            let part = |settled: Settled, paid| {
                let shown = matched.eur_of(&settled)?;
                let (matching, seen) = shown.map_or((None, Eur::ZERO), |(number, eur)| (Some(number), eur));
                let (reference, file) = (String::new(), None);
                Ok::<_, Overflow>(Part { number, reference, file, paid, seen, matching })
            };
            let (partner_code, payment) = (code.clone(), e.payment);
            let out = Settled::PaidOutside { partner: partner_code.clone(), payment };
            let back = Settled::PaidOutsideBack { partner: partner_code, payment };
            let parts = match state {
                OutsideState::Made => vec![part(out, e.amount)?],
                OutsideState::TakenBack => match part(out, Eur::ZERO)? {
                    Part { matching: None, .. } => continue,
                    shown => vec![shown],
                },
                OutsideState::Returned => vec![part(out, e.amount)?, part(back, e.amount.checked_neg()?)?],
            };
            let kind = if e.paid_for == PaidFor::Advance { RowKind::Advance } else { RowKind::Outside };
            let mut thing = Thing::of_partner(kind, partner, Some(number), parts);
            (thing.row.on, thing.text) = (Some(e.paid_on), Some(e.details));
            thing.row.state =
                if state == OutsideState::Made { "outside".to_owned() } else { state.to_string() };
            self.things.push(thing);
        }
        for (id, fee) in &partner.fees {
            let parts = self.of.remove(&(code.clone(), Payable::Fee { fee: *id })).unwrap_or_default();
            let mut thing = Thing::of_partner(RowKind::Fee, partner, numbers.get(&id.0).copied(), parts);
            let row = &mut thing.row;
            row.category = PARTNER_FEE.to_owned();
            row.on = Some(fee.charged_on);
            row.receipt_sha256 = fee.receipt_sha256.map(|hash| hash.to_string()).unwrap_or_default();
            (row.amount, row.currency) = (fee.amount.to_string(), fee.amount.currency().code());
            row.state = fee.state.to_string();
            (row.reported, row.accepted) = (fee.eur.unwrap_or_default(), fee.net()?);
            thing.text = Some(fee.details);
            self.things.push(thing);
        }
        Ok(())
    }

    /// Leaves only what a match shows.
    pub(super) fn retain(&mut self, matching: u64) {
        let shown = |parts: &mut Vec<Part>| parts.retain(|part| part.matching == Some(matching));
        self.of.values_mut().for_each(shown);
        self.of.retain(|_, parts| !parts.is_empty());
        self.things.iter_mut().for_each(|thing| shown(&mut thing.parts));
        self.things.retain(|thing| !thing.parts.is_empty());
    }
}
