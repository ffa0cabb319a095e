//! Balances per person and budget line, and the one place that says which event moves which figure.
//!
//! | figure | meaning |
//! |---|---|
//! | `cap` | most that may be disbursed (takbelopp) |
//! | `committed` | planned, not yet spent |
//! | `pending` | claimed, not decided |
//! | `estimated` | claimed in a currency whose rate is still to come: at the newest rate known when it was reported |
//! | `disbursed` | accepted, net of reversals |
//! | `disallowed` | claimed or paid, and refused at the decision; a reversal does not lower it, a refused payment that came back does |
//! | `remaining` | `cap − disbursed`; negative when a cap dropped below what was paid |
//! | `available` | `cap − disbursed − committed − pending − estimated` |

use std::collections::BTreeMap;

use money::{Eur, Overflow};
use rulebook::Entitlement;
use serde::{Deserialize, Serialize, Serializer};

use crate::case::CaseEvent;
use crate::refusal::FoldError;

/// The figures of one budget line of one person, in euro cents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The rule that sets the cap, or the condition that took it away; `None` while nothing was granted.
    pub rule_id: Option<String>,
    /// Most that may be disbursed.
    pub cap: Eur,
    /// Planned, not yet spent.
    pub committed: Eur,
    /// Claimed, not decided.
    pub pending: Eur,
    /// Claimed in a currency whose rate is still to come: at the newest rate known when it was reported.
    pub estimated: Eur,
    /// Accepted, net of reversals.
    pub disbursed: Eur,
    /// Refused at the decision.
    pub disallowed: Eur,
}

impl Line {
    /// Nothing was granted here, and no money stands here.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `cap − disbursed`; negative when the line is overdrawn.
    pub fn remaining(&self) -> Result<Eur, Overflow> {
        self.cap.checked_sub(self.disbursed)
    }

    /// `cap − disbursed − committed − pending − estimated`; negative when more is claimed or planned than there is.
    pub fn available(&self) -> Result<Eur, Overflow> {
        self.remaining()?.checked_sub(self.committed)?.checked_sub(self.pending)?.checked_sub(self.estimated)
    }
}

/// All budget lines of one person.
///
/// A person has few lines and a ledger has many people, so they stand in a list in the order of their names: a node of
/// a tree would take many times their size. Stored as a map from name to line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Line>")]
pub struct Balances(Vec<(String, Line)>);

impl Serialize for Balances {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl From<BTreeMap<String, Line>> for Balances {
    fn from(lines: BTreeMap<String, Line>) -> Self {
        Self(lines.into_iter().collect())
    }
}

impl Balances {
    /// The figures of a budget line; all zero where nothing has happened.
    pub fn line(&self, budget_line: &str) -> Line {
        self.place(budget_line).map(|place| self.0[place].1.clone()).unwrap_or_default()
    }

    /// The lines by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Line)> {
        self.0.iter().map(|(name, line)| (name.as_str(), line))
    }

    /// Moves the figures that an event moves.
    pub fn apply(&mut self, event: &CaseEvent) -> Result<(), FoldError> {
        match event {
            CaseEvent::Approved(e) => self.grant(&e.entitlements),
            CaseEvent::EntitlementAdjusted(e) => {
                self.end(e.failed.first().map_or("entitlement-adjusted", |f| f.id.as_str()));
                self.grant(&e.entitlements);
            }
            CaseEvent::ApplicationWithdrawn(_) => self.end("application-withdrawn"),
            // Spend that waits for its rate is no claim in euro yet: what it is estimated at is a figure of its own.
            CaseEvent::SpendReported(e) => {
                add(&mut self.at(&e.budget_line).pending, e.eur.unwrap_or(Eur::ZERO))?;
            }
            CaseEvent::SpendEstimated(e) => add(&mut self.at(&e.budget_line).estimated, e.amount)?,
            CaseEvent::EstimateReleased(e) => subtract(&mut self.at(&e.budget_line).estimated, e.amount)?,
            CaseEvent::PlanAgreed(e) => {
                for planned in &e.lines {
                    add(&mut self.at(&planned.budget_line).committed, planned.amount)?;
                }
            }
            CaseEvent::PlanDrawn(e) => subtract(&mut self.at(&e.budget_line).committed, e.amount)?,
            CaseEvent::PlanRestored(e) => add(&mut self.at(&e.budget_line).committed, e.amount)?,
            CaseEvent::PlanReleased(e) => subtract(&mut self.at(&e.budget_line).committed, e.amount)?,
            CaseEvent::ClaimConverted(e) => add(&mut self.at(&e.budget_line).pending, e.eur)?,
            CaseEvent::ClaimAccepted(e) => {
                let line = self.at(&e.budget_line);
                subtract(&mut line.pending, e.eligible.checked_add(e.disallowed)?)?;
                add(&mut line.disbursed, e.eligible)?;
                add(&mut line.disallowed, e.disallowed)?;
            }
            CaseEvent::ClaimRefused(e) => {
                let line = self.at(&e.budget_line);
                subtract(&mut line.pending, e.disallowed)?;
                add(&mut line.disallowed, e.disallowed)?;
            }
            CaseEvent::ClaimReopened(e) => {
                let line = self.at(&e.budget_line);
                subtract(&mut line.disallowed, e.amount)?;
                add(&mut line.pending, e.amount)?;
            }
            CaseEvent::BenefitReversed(e) => subtract(&mut self.at(&e.budget_line).disbursed, e.amount)?,
            CaseEvent::BenefitReversalUndone(e) => add(&mut self.at(&e.budget_line).disbursed, e.amount)?,
            CaseEvent::ArrivalGrantPaid(e) => add(&mut self.at(&e.budget_line).disbursed, e.amount)?,
            CaseEvent::ArrivalGrantRefused(e) => add(&mut self.at(&e.budget_line).disallowed, e.amount)?,
            CaseEvent::ArrivalGrantAllowed(e) => {
                let line = self.at(&e.budget_line);
                subtract(&mut line.disallowed, e.amount)?;
                add(&mut line.disbursed, e.amount)?;
            }
            CaseEvent::ArrivalGrantReturned(e) => subtract(&mut self.at(&e.budget_line).disbursed, e.amount)?,
            CaseEvent::RefusedGrantReturned(e) => {
                subtract(&mut self.at(&e.budget_line).disallowed, e.amount)?;
            }
            CaseEvent::ApplicationFiled(_)
            | CaseEvent::Rejected(_)
            | CaseEvent::ReturnModeChanged(_)
            | CaseEvent::Departed(_)
            | CaseEvent::Arrived(_)
            | CaseEvent::PartnerAssigned(_)
            | CaseEvent::CaseClosed(_)
            | CaseEvent::CommandRefused(_)
            | CaseEvent::ReceiptAttached(_)
            | CaseEvent::ClaimProposed(_)
            | CaseEvent::BenefitReversalProposed(_)
            | CaseEvent::BenefitReversalDropped(_)
            | CaseEvent::BenefitReversalUndoProposed(_)
            | CaseEvent::ClaimQueried(_)
            | CaseEvent::ClaimAnswered(_) => {}
        }
        Ok(())
    }

    /// Where a line stands, or where it would.
    fn place(&self, budget_line: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(name, _)| name.as_str().cmp(budget_line))
    }

    fn at(&mut self, budget_line: &str) -> &mut Line {
        let place = self.place(budget_line).unwrap_or_else(|place| {
            self.0.insert(place, (budget_line.to_owned(), Line::default()));
            place
        });
        &mut self.0[place].1
    }

    fn grant(&mut self, entitlements: &[Entitlement]) {
        for entitlement in entitlements {
            let line = self.at(&entitlement.budget_line);
            line.cap = entitlement.cap;
            line.rule_id = Some(entitlement.rule_id.clone());
        }
    }

    /// Ends what was granted; what was disbursed stays, so the line shows as overdrawn by it.
    fn end(&mut self, why: &str) {
        for (_, line) in self.0.iter_mut().filter(|(_, line)| line.rule_id.is_some()) {
            line.cap = Eur::ZERO;
            line.rule_id = Some(why.to_owned());
        }
    }
}

fn add(figure: &mut Eur, amount: Eur) -> Result<(), Overflow> {
    *figure = figure.checked_add(amount)?;
    Ok(())
}

/// A figure that would become negative shows a history that contradicts itself.
fn subtract(figure: &mut Eur, amount: Eur) -> Result<(), FoldError> {
    let rest = figure.checked_sub(amount)?;
    if rest.is_negative() {
        return Err(FoldError(format!("{amount} is taken from {figure}")));
    }
    *figure = rest;
    Ok(())
}
