//! A plan as its events have made it.

use std::collections::BTreeMap;

use money::Eur;

use crate::case::{Case, CaseEvent};
use crate::ids::{ClaimId, PartnerCode};
use crate::refusal::FoldError;

/// What partners plan for a person, by partner and benefit category; nothing that is spent or released.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan(BTreeMap<(PartnerCode, String), Planned>);

/// What is left of one planned benefit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Budget line.
    pub budget_line: String,
    /// Set aside and not spent; more than nothing.
    pub left: Eur,
}

impl Plan {
    /// What is left of a partner's plan for a category.
    pub fn get(&self, partner: &PartnerCode, category: &str) -> Option<&Planned> {
        self.0.get(&(partner.clone(), category.to_owned()))
    }

    /// Everything that is planned and not spent: partner, category, what is left.
    pub fn iter(&self) -> impl Iterator<Item = (&PartnerCode, &str, &Planned)> {
        self.0.iter().map(|((partner, category), planned)| (partner, category.as_str(), planned))
    }

    fn add(
        &mut self,
        partner: &PartnerCode,
        category: &str,
        budget_line: &str,
        amount: Eur,
    ) -> Result<(), FoldError> {
        let nothing = || Planned { budget_line: budget_line.to_owned(), left: Eur::ZERO };
        let planned = self.0.entry((partner.clone(), category.to_owned())).or_insert_with(nothing);
        planned.left = planned.left.checked_add(amount)?;
        Ok(())
    }

    fn take(&mut self, partner: &PartnerCode, category: &str, amount: Eur) -> Result<(), FoldError> {
        let key = (partner.clone(), category.to_owned());
        let left = self.0.get(&key).map_or(Eur::ZERO, |planned| planned.left).checked_sub(amount)?;
        if left.is_negative() {
            return Err(FoldError(format!("{amount} is taken from a plan that has less left")));
        }
        match self.0.get_mut(&key) {
            Some(planned) if !left.is_zero() => planned.left = left,
            _ => {
                self.0.remove(&key);
            }
        }
        Ok(())
    }
}

/// Applies an event to the plan of its case, and to the claims that draw on it.
pub(crate) fn evolve(case: &mut Case, event: &CaseEvent) -> Result<(), FoldError> {
    match event {
        CaseEvent::PlanAgreed(e) => {
            for line in &e.lines {
                case.plan.add(&e.partner, &line.category, &line.budget_line, line.amount)?;
            }
            // What was spent under the earlier plan is not given back to this one.
            for claim in case.claims.values_mut().filter(|claim| claim.partner == e.partner) {
                claim.drawn = Eur::ZERO;
            }
        }
        CaseEvent::PlanDrawn(e) => {
            case.plan.take(&e.partner, &e.category, e.amount)?;
            let drawn = drawn(case, e.claim)?;
            *drawn = drawn.checked_add(e.amount)?;
        }
        CaseEvent::PlanRestored(e) => {
            case.plan.add(&e.partner, &e.category, &e.budget_line, e.amount)?;
            let drawn = drawn(case, e.claim)?;
            *drawn = drawn.checked_sub(e.amount)?;
            if drawn.is_negative() {
                return Err(FoldError(format!("claim {} gives back more than it drew", e.claim)));
            }
        }
        CaseEvent::PlanReleased(e) => case.plan.take(&e.partner, &e.category, e.amount)?,
        _ => {}
    }
    Ok(())
}

fn drawn(case: &mut Case, id: ClaimId) -> Result<&mut Eur, FoldError> {
    match case.claims.get_mut(&id) {
        Some(claim) => Ok(&mut claim.drawn),
        None => Err(FoldError(format!("claim {id} was never reported"))),
    }
}
