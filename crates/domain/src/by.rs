//! Who gives a command. The authority decides; whoever acts for a partner reports, answers and proposes.

use crate::ids::{Actor, PartnerCode};
use crate::refusal::Refusal;

/// Somebody who gives a command, and the partner for which they act, if they act for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    actor: Actor,
    acts_for: Option<PartnerCode>,
}

impl By {
    /// `is_partner` tells whether the organisation that somebody's name names is a partner: see [`Actor::organisation`].
    pub fn of(actor: Actor, is_partner: impl FnOnce(&PartnerCode) -> bool) -> Self {
        let acts_for = actor.organisation().filter(is_partner);
        Self { actor, acts_for }
    }

    /// Who it is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whoever acts for a partner decides nothing, about that partner or any other.
    ///
    /// # Errors
    /// `acts-for-partner`.
    pub fn may_decide(&self) -> Result<(), Refusal> {
        match &self.acts_for {
            Some(code) => Err(self.acts_for_partner(code, "somebody who acts for none decides this")),
            None => Ok(()),
        }
    }

    /// Nor do they say what another partner reports or plans, or where it is paid.
    ///
    /// # Errors
    /// `acts-for-partner`.
    pub fn may_speak_for(&self, partner: &PartnerCode) -> Result<(), Refusal> {
        match &self.acts_for {
            Some(code) if code != partner => {
                Err(self.acts_for_partner(code, &format!("who acts for {partner}, or for none, says this")))
            }
            _ => Ok(()),
        }
    }

    /// A partner is registered by somebody who acts for none, and will not act for it once it is there: a name that becomes
    /// a partner's could decide nothing any more.
    ///
    /// # Errors
    /// `acts-for-partner`.
    pub fn may_register(&self, partner: &PartnerCode) -> Result<(), Refusal> {
        self.may_decide()?;
        Self::of(self.actor.clone(), |code| code == partner).may_decide()
    }

    fn acts_for_partner(&self, code: &PartnerCode, instead: &str) -> Refusal {
        Refusal::new("acts-for-partner", format!("{} acts for {code}: {instead}", self.actor))
    }
}
