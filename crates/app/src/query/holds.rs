//! Holds, and what each keeps from being paid.

use std::collections::{BTreeMap, HashMap, HashSet};

use ::cases::{CaseRow, CasesProjection};
use ::claims::ClaimsProjection;
use ::grants::GrantsProjection;
use domain::claim::ClaimState;
use domain::grant::{GrantState, PaymentMethod};
use domain::hold::{Hold, HoldEvent};
use domain::payment::{Accepted, PaymentState, unpaid};
use domain::{CaseId, Event, FoldError, Holds, PartnerCode, Recorded};
use jiff::civil::Date;
use money::Eur;
use rulebook::Country;
use serde::Serialize;

use super::utc;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{ERASED, ReasonText};

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldItem {
    /// Its number.
    pub hold: u64,
    /// Whether it stops a partner, a country or a programme.
    pub scope: &'static str,
    /// Which.
    pub value: String,
    /// The first day on which it stops payments.
    pub from: Date,
    /// The first day on which it no longer does.
    pub released_on: Option<Date>,
    /// Who placed it.
    pub placed_by: String,
    /// When the ledger learned of it (UTC).
    pub placed_at: String,
    /// Who released it.
    pub released_by: String,
    /// Accepted claims in its scope that are not paid, whenever they were delivered, until it is released.
    pub claims: u64,
    /// Accepted fees that are not paid: a hold of their partner stops them too.
    pub fees: u64,
    /// Arrival grants that a partner paid out and is not paid for.
    pub grants: u64,
    /// The people these claims and grants are for.
    pub people: u64,
    /// What all of them come to: accepted, not come back, and owed to their partners.
    pub eur: Eur,
    /// The oldest day of delivery, charge or payment among them.
    pub oldest: Option<Date>,
    /// Why it was placed.
    pub reason: String,
    /// Why it was released.
    pub release_reason: String,
}

/// What a partner can be owed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Claim,
    Grant,
    Fee,
}

/// Where a claim or grant was delivered.
pub(super) struct Place {
    pub(super) case: CaseId,
    pub(super) country: Country,
    pub(super) programme: String,
}

/// A claim, grant or fee that was accepted.
pub(super) struct Owing {
    kind: Kind,
    /// Its number.
    number: u64,
    pub(super) partner: PartnerCode,
    /// None of a fee, which is for no case.
    pub(super) place: Option<Place>,
    /// Day of the delivery, the payment to the person, or the charge.
    on: Date,
    /// What has not come back and is not paid.
    eur: Eur,
}

impl Owing {
    /// Whether a hold that is in force on a day keeps it from being paid then, whenever it was delivered.
    pub(super) fn is_held_by(&self, hold: &Hold, day: Date) -> bool {
        let covers = match &self.place {
            Some(Place { country, programme, .. }) => hold.covers(&self.partner, *country, programme, day),
            None => hold.covers_all_of(&self.partner, day),
        };
        self.eur > Eur::ZERO && covers
    }
}

/// Everything that partners are owed for.
pub(super) struct Unpaid {
    /// Claims, grants and fees, the oldest first.
    pub(super) owing: Vec<Owing>,
    /// What each partner is owed altogether: less, where it was paid more for something than that is worth now.
    owed: HashMap<PartnerCode, Eur>,
}

impl Unpaid {
    /// What of these things holds keep from being paid, and how much of each. No more of a partner is held than it is owed:
    /// what was paid too much for something else is taken for the oldest, as in its statement.
    pub(super) fn held(&self, is_held: impl Fn(&Owing) -> bool) -> Result<Vec<(&Owing, Eur)>, FoldError> {
        let held: Vec<&Owing> = self.owing.iter().filter(|owing| is_held(owing)).collect();
        let mut excess: HashMap<&PartnerCode, Eur> = HashMap::new();
        for owing in &held {
            let sum = excess.entry(&owing.partner).or_default();
            *sum = sum.checked_add(owing.eur)?;
        }
        for (partner, sum) in &mut excess {
            let owed = self.owed.get(*partner).copied().unwrap_or_default().max(Eur::ZERO);
            *sum = sum.checked_sub(owed.min(*sum))?;
        }
        let mut left = Vec::with_capacity(held.len());
        for owing in held {
            let excess = excess.entry(&owing.partner).or_default();
            let settled = owing.eur.min(*excess);
            *excess = excess.checked_sub(settled)?;
            let eur = owing.eur.checked_sub(settled)?;
            left.extend((!eur.is_zero()).then_some((owing, eur)));
        }
        Ok(left)
    }
}

impl Ledger {
    /// The holds by number, with the backlog of each that is open; `all` with those that were released.
    pub async fn holds(&self, all: bool) -> Result<Vec<HoldItem>, AppError> {
        let unpaid = self.unpaid().await?;
        let (holds, events) = self.holds_and_events().await?;
        let mut items = Vec::new();
        for (number, hold) in holds.iter().filter(|(_, hold)| all || hold.released_on.is_none()) {
            // One that begins later shows what it will stop.
            let day = self.today().max(hold.from);
            items.push(item(number, hold, &unpaid.held(|owing| owing.is_held_by(hold, day))?)?);
        }
        self.tell_who_and_why(&mut items, &events).await?;
        Ok(items)
    }

    /// The holds as decisions see them, and their events.
    pub(crate) async fn holds_and_events(&self) -> Result<(Holds, Vec<Recorded>), AppError> {
        let (mut holds, mut events) = (Holds::default(), Vec::new());
        for recorded in self.store.read_streams(&[domain::hold::stream()]).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            if let Event::Hold(event) = &recorded.event {
                holds.evolve(event)?;
            }
            events.push(recorded);
        }
        Ok((holds, events))
    }

    /// All claims, grants and fees that partners are owed for, with what payments have left of each.
    pub(super) async fn unpaid(&self) -> Result<Unpaid, AppError> {
        self.current().await?;
        let lines = self.rulebook.budget_lines().iter();
        let programmes: HashMap<&str, &str> =
            lines.map(|line| (line.id.as_str(), line.programme.as_str())).collect();
        let cases: HashMap<String, CaseRow> =
            self.runner.all_rows::<CasesProjection>().await?.into_iter().collect();
        let place = |case, country, budget_line: &str| {
            let programme = programmes.get(budget_line).copied().unwrap_or_default().to_owned();
            Some(Place { case, country, programme })
        };
        let (mut numbers, mut owing) = (HashMap::new(), Vec::new());
        for (key, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            numbers.insert(key, row.position);
            let Some(case) = cases.get(&row.case.to_string()) else { continue };
            if matches!(row.state, ClaimState::Accepted | ClaimState::Cut) {
                owing.push(Owing {
                    kind: Kind::Claim,
                    number: row.position,
                    partner: row.partner,
                    place: place(row.case, case.destination, &row.budget_line),
                    on: row.delivered_on,
                    eur: row.eligible.checked_sub(row.reversed).map_err(FoldError::from)?,
                });
            }
        }
        for (key, row) in self.runner.all_rows::<GrantsProjection>().await? {
            let Some(case) = cases.get(&row.case.to_string()) else { continue };
            if row.method == PaymentMethod::CashByPartner
                && row.state != GrantState::Refused
                && let Some(partner) = case.assignments.on(row.paid_on)
            {
                numbers.insert(key, row.position);
                owing.push(Owing {
                    kind: Kind::Grant,
                    number: row.position,
                    partner: partner.clone(),
                    place: place(row.case, case.destination, domain::grant::BUDGET_LINE),
                    on: row.paid_on,
                    eur: row.amount.checked_sub(row.returned).map_err(FoldError::from)?,
                });
            }
        }
        self.left_unpaid(owing, numbers).await
    }

    /// What is left of claims and grants and, beside them, of the fees of their partners, after what payments that were made
    /// have of each was taken off. Whatever was paid for none of them is taken for the oldest first.
    async fn left_unpaid(
        &self,
        mut owing: Vec<Owing>,
        mut numbers: HashMap<String, u64>,
    ) -> Result<Unpaid, AppError> {
        let codes = self.partner_codes().await?;
        let partners = self.partners_and_events(&codes).await?;
        for (partner, events) in &partners {
            let of_partner = super::payments::numbers(events);
            for (id, fee) in &partner.fees {
                let Some(number) = of_partner.get(&id.0) else { continue };
                numbers.insert(id.to_string(), *number);
                owing.push(Owing {
                    kind: Kind::Fee,
                    number: *number,
                    partner: partner.code.clone(),
                    place: None,
                    on: fee.charged_on,
                    eur: fee.net().map_err(FoldError::from)?,
                });
            }
        }
        let mut accounts: BTreeMap<&PartnerCode, Vec<Accepted<u64>>> = BTreeMap::new();
        for Owing { partner, number, on, eur, .. } in &owing {
            let accepted = Accepted { of: *number, on: *on, eur: *eur };
            accounts.entry(partner).or_default().push(accepted);
        }
        let (mut left, mut owed) = (HashMap::new(), HashMap::new());
        for (partner, _) in &partners {
            let accepted = accounts.remove(&partner.code).unwrap_or_default();
            let worth = Eur::sum(accepted.iter().map(|accepted| accepted.eur)).map_err(FoldError::from)?;
            let mut taken = BTreeMap::<u64, Eur>::new();
            let made = partner.payments.iter().filter(|(_, payment)| {
                matches!(payment.state, PaymentState::Instructed | PaymentState::Settled)
            });
            for item in made.flat_map(|(_, payment)| &payment.items) {
                let number = item.of.id().and_then(|id| numbers.get(&id.to_string()));
                let Some(number) = number else { continue };
                let sum = taken.entry(*number).or_default();
                *sum = sum.checked_add(item.eur).map_err(FoldError::from)?;
            }
            let paid_for_none = partner.payments.unsettled().map_err(FoldError::from)?;
            let paid = Eur::sum(taken.values().copied().chain([paid_for_none])).map_err(FoldError::from)?;
            owed.insert(partner.code.clone(), worth.checked_sub(paid).map_err(FoldError::from)?);
            left.extend(unpaid(accepted, &taken, paid_for_none).map_err(FoldError::from)?);
        }
        for owing in &mut owing {
            owing.eur = left.get(&owing.number).copied().unwrap_or_default();
        }
        owing.sort_by_key(|owing| (owing.on, owing.number));
        Ok(Unpaid { owing, owed })
    }

    async fn tell_who_and_why(&self, items: &mut [HoldItem], events: &[Recorded]) -> Result<(), AppError> {
        let texts: Vec<_> = events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Hold(event) => event.text().map(|text| (LEDGER_SUBJECT, text)),
                _ => None,
            })
            .collect();
        let reasons = self.reveal::<ReasonText>(&texts).await?;
        let reasons: HashMap<_, _> = texts.into_iter().map(|(_, text)| text).zip(reasons).collect();
        let reason = |text| match reasons.get(text) {
            Some(Some(text)) => text.reason.clone(),
            _ => ERASED.to_owned(),
        };
        let mut items: BTreeMap<u64, &mut HoldItem> =
            items.iter_mut().map(|item| (item.hold, item)).collect();
        for recorded in events {
            match &recorded.event {
                Event::Hold(HoldEvent::PaymentsHeld(e)) => {
                    let Some(item) = items.get_mut(&e.hold) else { continue };
                    (item.placed_by, item.placed_at) = (recorded.actor.clone(), utc(recorded.recorded_at));
                    item.reason = reason(&e.reason);
                }
                Event::Hold(HoldEvent::PaymentsReleased(e)) => {
                    let Some(item) = items.get_mut(&e.hold) else { continue };
                    (item.released_by, item.release_reason) = (recorded.actor.clone(), reason(&e.reason));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn item(number: u64, hold: &Hold, held: &[(&Owing, Eur)]) -> Result<HoldItem, AppError> {
    let cases = held.iter().filter_map(|(owing, _)| Some(owing.place.as_ref()?.case));
    let people: HashSet<CaseId> = cases.collect();
    let of = |kind| held.iter().filter(|(owing, _)| owing.kind == kind).count() as u64;
    Ok(HoldItem {
        hold: number,
        scope: hold.scope.kind(),
        value: hold.scope.value(),
        from: hold.from,
        released_on: hold.released_on,
        placed_by: String::new(),
        placed_at: String::new(),
        released_by: String::new(),
        claims: of(Kind::Claim),
        fees: of(Kind::Fee),
        grants: of(Kind::Grant),
        people: people.len() as u64,
        eur: Eur::sum(held.iter().map(|(_, eur)| *eur)).map_err(FoldError::from)?,
        oldest: held.iter().map(|(owing, _)| owing.on).min(),
        reason: String::new(),
        release_reason: String::new(),
    })
}
