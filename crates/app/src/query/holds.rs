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
    /// The people they are for.
    pub people: u64,
    /// What they come to: eligible and not reversed.
    pub eur: Eur,
    /// The oldest day of delivery among them.
    pub oldest: Option<Date>,
    /// Why it was placed.
    pub reason: String,
    /// Why it was released.
    pub release_reason: String,
}

/// Spend that was accepted.
pub(super) struct AcceptedSpend {
    /// The claim's number.
    number: u64,
    pub(super) partner: PartnerCode,
    pub(super) country: Country,
    pub(super) programme: String,
    pub(super) case: CaseId,
    pub(super) delivered_on: Date,
    /// What has not come back and is not paid.
    pub(super) eur: Eur,
}

impl AcceptedSpend {
    /// Whether a hold that is in force on a day keeps it from being paid then, whenever it was delivered.
    pub(super) fn is_held_by(&self, hold: &Hold, day: Date) -> bool {
        self.eur > Eur::ZERO && hold.covers(&self.partner, self.country, &self.programme, day)
    }
}

impl Ledger {
    /// The holds by number, with the backlog of each that is open; `all` with those that were released.
    pub async fn holds(&self, all: bool) -> Result<Vec<HoldItem>, AppError> {
        let accepted = self.accepted_spend().await?;
        let (holds, events) = self.holds_and_events().await?;
        let mut items = Vec::new();
        for (number, hold) in holds.iter().filter(|(_, hold)| all || hold.released_on.is_none()) {
            // One that begins later shows what it will stop.
            let day = self.today().max(hold.from);
            items.push(item(number, hold, accepted.iter().filter(|spend| spend.is_held_by(hold, day)))?);
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

    /// All spend that was accepted and has not come back as a whole.
    pub(super) async fn accepted_spend(&self) -> Result<Vec<AcceptedSpend>, AppError> {
        self.current().await?;
        let lines = self.rulebook.budget_lines().iter();
        let programmes: HashMap<&str, &str> =
            lines.map(|line| (line.id.as_str(), line.programme.as_str())).collect();
        let cases: HashMap<String, CaseRow> =
            self.runner.all_rows::<CasesProjection>().await?.into_iter().collect();
        let (mut accounts, mut numbers) =
            (BTreeMap::<PartnerCode, Vec<Accepted<u64>>>::new(), HashMap::new());
        let mut spent = Vec::new();
        for (key, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            numbers.insert(key, row.position);
            let Some(case) = cases.get(&row.case.to_string()) else { continue };
            if matches!(row.state, ClaimState::Accepted | ClaimState::Cut) {
                let programme = programmes.get(row.budget_line.as_str()).copied().unwrap_or_default();
                let eur = row.eligible.checked_sub(row.reversed).map_err(FoldError::from)?;
                let accepted = Accepted { of: row.position, on: row.delivered_on, eur };
                accounts.entry(row.partner.clone()).or_default().push(accepted);
                spent.push(AcceptedSpend {
                    number: row.position,
                    partner: row.partner,
                    country: case.destination,
                    programme: programme.to_owned(),
                    case: row.case,
                    delivered_on: row.delivered_on,
                    eur,
                });
            }
        }
        // Whatever was paid for none of them is taken for the oldest first, be that a claim, a grant or a fee.
        for (key, row) in self.runner.all_rows::<GrantsProjection>().await? {
            let partner = cases.get(&row.case.to_string()).and_then(|case| case.assignments.on(row.paid_on));
            if row.method == PaymentMethod::CashByPartner
                && row.state != GrantState::Refused
                && let Some(partner) = partner
            {
                let eur = row.amount.checked_sub(row.returned).map_err(FoldError::from)?;
                let accepted = Accepted { of: row.position, on: row.paid_on, eur };
                accounts.entry(partner.clone()).or_default().push(accepted);
                numbers.insert(key, row.position);
            }
        }
        let left = self.left_unpaid(accounts, numbers).await?;
        for spend in &mut spent {
            spend.eur = left.get(&spend.number).copied().unwrap_or_default();
        }
        Ok(spent)
    }

    /// What is left of claims and grants, by number, after the fees of their partners were added and what payments that
    /// were made have of each was taken off.
    async fn left_unpaid(
        &self,
        mut accounts: BTreeMap<PartnerCode, Vec<Accepted<u64>>>,
        mut numbers: HashMap<String, u64>,
    ) -> Result<HashMap<u64, Eur>, AppError> {
        let codes = self.partner_codes().await?;
        let mut left = HashMap::new();
        for (partner, events) in self.partners_and_events(&codes).await? {
            let mut accepted = accounts.remove(&partner.code).unwrap_or_default();
            let of_partner = super::payments::numbers(&events);
            for (id, fee) in &partner.fees {
                let Some(number) = of_partner.get(&id.0) else { continue };
                let eur = fee.net().map_err(FoldError::from)?;
                accepted.push(Accepted { of: *number, on: fee.charged_on, eur });
                numbers.insert(id.to_string(), *number);
            }
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
            left.extend(unpaid(accepted, &taken, paid_for_none).map_err(FoldError::from)?);
        }
        Ok(left)
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

fn item<'a>(
    number: u64,
    hold: &Hold,
    held: impl Iterator<Item = &'a AcceptedSpend>,
) -> Result<HoldItem, AppError> {
    let held: Vec<&AcceptedSpend> = held.collect();
    let people: HashSet<CaseId> = held.iter().map(|spend| spend.case).collect();
    Ok(HoldItem {
        hold: number,
        scope: hold.scope.kind(),
        value: hold.scope.value(),
        from: hold.from,
        released_on: hold.released_on,
        placed_by: String::new(),
        placed_at: String::new(),
        released_by: String::new(),
        claims: held.len() as u64,
        people: people.len() as u64,
        eur: Eur::sum(held.iter().map(|spend| spend.eur)).map_err(FoldError::from)?,
        oldest: held.iter().map(|spend| spend.delivered_on).min(),
        reason: String::new(),
        release_reason: String::new(),
    })
}
