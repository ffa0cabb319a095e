//! Holds, and what each keeps from being paid.

use std::collections::{BTreeMap, HashMap, HashSet};

use ::cases::{CaseRow, CasesProjection};
use ::claims::ClaimsProjection;
use domain::claim::ClaimState;
use domain::hold::{Hold, HoldEvent};
use domain::payment::{Payable, PaymentState};
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
        let (paid, mut without_items) = self.paid_claims().await?;
        let mut accepted = Vec::new();
        for (key, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            let Some(case) = cases.get(&row.case.to_string()) else { continue };
            if matches!(row.state, ClaimState::Accepted | ClaimState::Cut) {
                let programme = programmes.get(row.budget_line.as_str()).copied().unwrap_or_default();
                accepted.push(AcceptedSpend {
                    number: row.position,
                    partner: row.partner,
                    country: case.destination,
                    programme: programme.to_owned(),
                    case: row.case,
                    delivered_on: row.delivered_on,
                    eur: row
                        .eligible
                        .checked_sub(row.reversed)
                        .and_then(|net| net.checked_sub(paid.get(&key).copied().unwrap_or_default()))
                        .map_err(FoldError::from)?,
                });
            }
        }
        // Whatever was paid for no claim in particular is taken for the oldest first, as in statements.
        accepted.sort_by_key(|spend| spend.number);
        for spend in &mut accepted {
            if let Some(left) = without_items.get_mut(&spend.partner) {
                let paid = spend.eur.min(*left).max(Eur::ZERO);
                *left = left.checked_sub(paid).map_err(FoldError::from)?;
                spend.eur = spend.eur.checked_sub(paid).map_err(FoldError::from)?;
            }
        }
        Ok(accepted)
    }

    /// What payments that were made have of each claim; and what else each partner was paid, in advance or outside of the
    /// ledger, that no payment made has settled.
    async fn paid_claims(&self) -> Result<(HashMap<String, Eur>, HashMap<PartnerCode, Eur>), AppError> {
        let codes = self.partner_codes().await?;
        let (mut paid, mut without_items) = (HashMap::<String, Eur>::new(), HashMap::new());
        for (partner, _) in self.partners_and_events(&codes).await? {
            let done = partner.payments.iter().filter(|(_, payment)| {
                matches!(payment.state, PaymentState::Instructed | PaymentState::Settled)
            });
            for item in done.flat_map(|(_, payment)| &payment.items) {
                if let Payable::Claim { claim, .. } = item.of {
                    let sum = paid.entry(claim.to_string()).or_default();
                    *sum = sum.checked_add(item.eur).map_err(FoldError::from)?;
                }
            }
            let open = partner.payments.unsettled().map_err(FoldError::from)?;
            without_items.insert(partner.code, open);
        }
        Ok((paid, without_items))
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
