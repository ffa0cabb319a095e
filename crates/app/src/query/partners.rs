//! Partners: the list, and one in full.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::cases::{CaseRow, CasesProjection};
use ::claims::{ClaimRow, ClaimsProjection};
use domain::case::Stage;
use domain::claim::ClaimState;
use domain::hold::{Hold, Scope};
use domain::partner::{Fee, PartnerEvent, PaymentDetails};
use domain::{Actor, AgreementCode, Event, FoldError, Holds, Partner, PartnerCode, Recorded, TextId};
use event_log::StreamId;
use jiff::civil::Date;
use money::Eur;
use partners::PartnersProjection;
use rulebook::Country;
use serde::Serialize;

use super::HoldItem;
use super::history::utc;
use super::holds::Place;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::ERASED;

/// One partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerItem {
    /// Its code.
    pub partner: String,
    /// Its full name; empty while only imports have met it.
    pub name: String,
    /// Agreements in force today.
    pub agreements: u64,
    /// Where it is paid: `none`, `proposed`, `in-force`, or `in-force, another proposed`.
    pub payment_details: &'static str,
    /// Open holds that touch it.
    pub holds: u64,
    /// Cases it has that are not decided or not closed.
    pub open_cases: u64,
    /// Claims it reported.
    pub claims: u64,
    /// Claimed, not decided.
    pub pending: Eur,
    /// Accepted, net of reversals.
    pub disbursed: Eur,
    /// What an open hold keeps from being paid: of claims, fees and arrival grants.
    pub held: Eur,
    /// Refused at the decision.
    pub disallowed: Eur,
    /// Fees accepted, net of what was taken back.
    pub fees: Eur,
}

/// One agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgreementItem {
    /// Whose.
    pub partner: String,
    /// Its code.
    pub agreement: String,
    /// Programme of the rulebook.
    pub programme: String,
    /// Countries.
    pub countries: String,
    /// First day in force.
    pub valid_from: Date,
    /// Last day in force.
    pub valid_until: Option<Date>,
    /// What the partner may charge.
    pub fee: String,
    /// Whether it is in force today.
    pub in_force: bool,
}

/// Payment details of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetailsItem {
    /// Under which number they were proposed: the position of that record.
    pub number: u64,
    /// `in-force` or `proposed`.
    pub state: &'static str,
    /// Who holds the account.
    pub holder: String,
    /// The same in Latin letters, where it was given.
    pub latin_name: String,
    /// The account, masked unless all was asked for.
    pub account: String,
    /// The bank.
    pub bank: String,
    /// Who proposed or approved them.
    pub by: String,
    /// When they did.
    pub at: String,
}

/// Claims in one state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StateTotal {
    /// The state.
    pub state: String,
    /// How many.
    pub claims: u64,
    /// As claimed, as far as the rates are known.
    pub eur: Eur,
    /// Counted as disbursed.
    pub eligible: Eur,
    /// Not.
    pub disallowed: Eur,
    /// Came back.
    pub reversed: Eur,
}

/// One partner in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerDetail {
    /// Where it stands.
    #[serde(flatten)]
    pub item: PartnerItem,
    /// Its agreements, ended ones too.
    pub agreements_signed: Vec<AgreementItem>,
    /// Where it is paid, and what is proposed.
    pub details: Vec<DetailsItem>,
    /// Open holds that touch it.
    pub open_holds: Vec<HoldItem>,
    /// Its claims by state.
    pub claims_by_state: Vec<StateTotal>,
}

/// What the read models say of one partner.
#[derive(Default)]
struct Business {
    open_cases: u64,
    countries: BTreeSet<Country>,
    programmes: BTreeSet<String>,
    states: BTreeMap<ClaimState, StateTotal>,
    held: Vec<Eur>,
}

impl Ledger {
    /// All partners, by code.
    pub async fn partners(&self) -> Result<Vec<PartnerItem>, AppError> {
        let codes = self.partner_codes().await?;
        let (holds, _) = self.holds_and_events().await?;
        let mut business = self.business(&holds).await?;
        let partners = self.partners_and_events(&codes).await?;
        partners
            .iter()
            .map(|(partner, _)| {
                self.partner_item(partner, &business.remove(&partner.code).unwrap_or_default(), &holds)
            })
            .collect()
    }

    /// One partner; `reveal` shows whole account numbers.
    pub async fn partner_detail(&self, code: &PartnerCode, reveal: bool) -> Result<PartnerDetail, AppError> {
        let (partner, events) = self.partner_and_events(code).await?;
        let (holds, _) = self.holds_and_events().await?;
        let business = self.business(&holds).await?.remove(code).unwrap_or_default();
        let item = self.partner_item(&partner, &business, &holds)?;
        let touching: BTreeSet<u64> =
            touching(&partner, &business, &holds).map(|(number, _)| number).collect();
        let mut open_holds = self.holds(false).await?;
        open_holds.retain(|hold| touching.contains(&hold.hold));
        let agreements_signed = self.agreement_items(&partner);
        let details = self.details_items(&partner, &events, reveal).await?;
        let claims_by_state = business.states.into_values().collect();
        Ok(PartnerDetail { item, agreements_signed, details, open_holds, claims_by_state })
    }

    /// Agreements, of one partner or of all, by partner and code.
    pub async fn agreements(&self, partner: Option<&PartnerCode>) -> Result<Vec<AgreementItem>, AppError> {
        let codes = match partner {
            Some(code) => vec![code.clone()],
            None => self.partner_codes().await?,
        };
        let partners = self.partners_and_events(&codes).await?;
        if let (Some(code), []) = (partner, partners.as_slice()) {
            return Err(self.unknown_partner(code).await);
        }
        Ok(partners.iter().flat_map(|(partner, _)| self.agreement_items(partner)).collect())
    }

    /// The codes of all partners.
    pub(crate) async fn partner_codes(&self) -> Result<Vec<PartnerCode>, AppError> {
        self.current().await?;
        let rows = self.runner.all_rows::<PartnersProjection>().await?;
        Ok(rows.into_iter().map(|(_, row)| row.partner).collect())
    }

    /// One partner with its events.
    ///
    /// # Errors
    /// [`AppError::Usage`] if there is none, with those that may have been meant.
    pub(crate) async fn partner_and_events(
        &self,
        code: &PartnerCode,
    ) -> Result<(Partner, Vec<Recorded>), AppError> {
        match self.partners_and_events(std::slice::from_ref(code)).await?.pop() {
            Some(found) => Ok(found),
            None => Err(self.unknown_partner(code).await),
        }
    }

    /// Partners with their events, by code; those that were never met are left out.
    pub(crate) async fn partners_and_events(
        &self,
        codes: &[PartnerCode],
    ) -> Result<Vec<(Partner, Vec<Recorded>)>, AppError> {
        let streams: Vec<StreamId> = codes.iter().map(PartnerCode::stream).collect();
        let mut by_stream: BTreeMap<StreamId, (Option<Partner>, Vec<Recorded>)> = BTreeMap::new();
        for recorded in self.store.read_streams(&streams).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            let (partner, events) = by_stream.entry(recorded.stream_id.clone()).or_default();
            if let Event::Partner(event) = &recorded.event {
                *partner = Some(Partner::evolve(partner.take(), event)?);
            }
            events.push(recorded);
        }
        Ok(by_stream.into_values().filter_map(|(partner, events)| Some((partner?, events))).collect())
    }

    /// What the read models say of each partner.
    async fn business(&self, holds: &Holds) -> Result<HashMap<PartnerCode, Business>, AppError> {
        let unpaid = self.unpaid().await?;
        let mut business: HashMap<PartnerCode, Business> = HashMap::new();
        for (_, CaseRow { assignments, stage, destination, .. }) in
            self.runner.all_rows::<CasesProjection>().await?
        {
            if let (Some(partner), Stage::Applied | Stage::Approved) = (assignments.last(), stage) {
                let business = business.entry(partner.clone()).or_default();
                business.open_cases += 1;
                business.countries.insert(destination);
            }
        }
        for (_, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            business.entry(row.partner.clone()).or_default().count(&row)?;
        }
        let today = self.today();
        let held = unpaid.held(|owing| holds.iter().any(|(_, hold)| owing.is_held_by(hold, today)))?;
        for (owing, eur) in held {
            business.entry(owing.partner.clone()).or_default().held.push(eur);
        }
        for owing in unpaid.owing {
            let business = business.entry(owing.partner).or_default();
            if let Some(Place { country, programme, .. }) = owing.place {
                business.countries.insert(country);
                business.programmes.insert(programme);
            }
        }
        Ok(business)
    }

    fn partner_item(
        &self,
        partner: &Partner,
        business: &Business,
        holds: &Holds,
    ) -> Result<PartnerItem, AppError> {
        let today = self.today();
        let in_force = partner.agreements.values().filter(|agreement| agreement.holds_on(today)).count();
        let states = || business.states.values();
        let open = business.states.iter().filter(|(state, _)| state.is_open());
        let mut pending = open.map(|(_, total)| total.eur);
        let fees: Vec<Eur> =
            partner.fees.values().map(Fee::net).collect::<Result<_, _>>().map_err(FoldError::from)?;
        let sum = |amounts: &mut dyn Iterator<Item = Eur>| Eur::sum(amounts).map_err(FoldError::from);
        let eligible = sum(&mut states().map(|total| total.eligible))?;
        let reversed = sum(&mut states().map(|total| total.reversed))?;
        Ok(PartnerItem {
            partner: partner.code.to_string(),
            name: partner.name.as_ref().map(|name| name.to_string()).unwrap_or_default(),
            agreements: in_force as u64,
            payment_details: match (&partner.details, &partner.proposal) {
                (None, None) => "none",
                (None, Some(_)) => "proposed",
                (Some(_), None) => "in-force",
                (Some(_), Some(_)) => "in-force, another proposed",
            },
            holds: touching(partner, business, holds).count() as u64,
            open_cases: business.open_cases,
            claims: states().map(|total| total.claims).sum(),
            pending: sum(&mut pending)?,
            disbursed: eligible.checked_sub(reversed).map_err(FoldError::from)?,
            held: sum(&mut business.held.iter().copied())?,
            disallowed: sum(&mut states().map(|total| total.disallowed))?,
            fees: sum(&mut fees.into_iter())?,
        })
    }

    fn agreement_items(&self, partner: &Partner) -> Vec<AgreementItem> {
        let today = self.today();
        let item = |(code, agreement): (&AgreementCode, &domain::partner::Agreement)| AgreementItem {
            partner: partner.code.to_string(),
            agreement: code.to_string(),
            programme: agreement.programme.clone(),
            countries: agreement.countries.iter().map(Country::code).collect::<Vec<_>>().join(" "),
            valid_from: agreement.valid_from,
            valid_until: agreement.valid_until,
            fee: agreement.fee.map(|fee| fee.to_string()).unwrap_or_default(),
            in_force: agreement.holds_on(today),
        };
        partner.agreements.iter().map(item).collect()
    }

    async fn details_items(
        &self,
        partner: &Partner,
        events: &[Recorded],
        reveal: bool,
    ) -> Result<Vec<DetailsItem>, AppError> {
        let known = partner.details.iter().map(|known| ("in-force", known.details, &known.approved_by));
        let proposed = partner.proposal.iter().map(|known| ("proposed", known.details, &known.proposed_by));
        let wanted: Vec<(&'static str, TextId, &Actor)> = known.chain(proposed).collect();
        let texts: Vec<_> = wanted.iter().map(|(_, text, _)| (LEDGER_SUBJECT, *text)).collect();
        let texts = self.reveal::<PaymentDetails>(&texts).await?;
        let item = |((state, id, by), text): ((&'static str, TextId, &Actor), Option<PaymentDetails>)| {
            let mut of_these = events.iter().filter(|recorded| match &recorded.event {
                Event::Partner(PartnerEvent::PaymentDetailsProposed(e)) => e.details == id,
                Event::Partner(PartnerEvent::PaymentDetailsApproved(e)) => e.details == id,
                _ => false,
            });
            let number = of_these.clone().next().map_or(0, |recorded| recorded.position);
            let at = of_these.next_back().map(|recorded| utc(recorded.recorded_at)).unwrap_or_default();
            let [mut holder, mut account, mut bank] = [ERASED; 3].map(str::to_owned);
            let mut latin_name = String::new();
            if let Some(text) = text {
                holder = text.holder.to_string();
                latin_name = text.latin_name.map_or_else(String::new, |name| name.to_string());
                account = if reveal { text.account.number().to_owned() } else { text.account.masked() };
                bank = text.account.bank().to_owned();
            }
            DetailsItem { number, state, holder, latin_name, account, bank, by: by.to_string(), at }
        };
        Ok(wanted.into_iter().zip(texts).map(item).collect())
    }
}

impl Business {
    fn count(&mut self, row: &ClaimRow) -> Result<(), AppError> {
        let total = self.states.entry(row.state).or_default();
        let add = |sum: &mut Eur, amount: Eur| -> Result<(), FoldError> {
            *sum = sum.checked_add(amount)?;
            Ok(())
        };
        total.state = row.state.to_string();
        total.claims += 1;
        add(&mut total.eur, row.eur.unwrap_or(Eur::ZERO))?;
        add(&mut total.eligible, row.eligible)?;
        add(&mut total.disallowed, row.disallowed)?;
        add(&mut total.reversed, row.reversed)?;
        Ok(())
    }
}

/// The open holds that stop, or would stop, something of a partner: by its code, or by the countries and programmes of
/// its agreements, open cases, accepted claims and arrival grants.
fn touching<'h>(
    partner: &Partner,
    business: &Business,
    holds: &'h Holds,
) -> impl Iterator<Item = (u64, &'h Hold)> {
    let touches = |scope: &Scope| match scope {
        Scope::Partner(code) => *code == partner.code,
        Scope::Country(country) => {
            let agreed = partner.agreements.values().any(|agreement| agreement.countries.contains(country));
            agreed || business.countries.contains(country)
        }
        Scope::Programme(programme) => {
            let agreed = partner.agreements.values().any(|agreement| agreement.programme == *programme);
            agreed || business.programmes.contains(programme)
        }
    };
    let found: Vec<(u64, &Hold)> =
        holds.iter().filter(|(_, hold)| hold.released_on.is_none() && touches(&hold.scope)).collect();
    found.into_iter()
}
