//! What a partner's claims, fees and arrival grants are worth now.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Eur, Overflow};
use rulebook::Rulebook;

use super::event::Payable;
use super::unpaid::{Accepted, unpaid};
use crate::case::Case;
use crate::grant::{GrantState, PaymentMethod};
use crate::hold::Holds;
use crate::ids::PaymentId;
use crate::partner::Partner;
use crate::refusal::FoldError;

/// What one thing is worth to a partner as it stands now. What is due of it is that, less what payments have of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// What it is.
    pub of: Payable,
    /// Day of the delivery, the charge, or the payment to the person.
    pub on: Date,
    /// Accepted, net of what came back.
    pub eur: Eur,
    /// The first hold that stops its payment.
    pub held_by: Option<u64>,
}

/// What a partner can be paid for, as it stands now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Everything that is worth something to it, or was.
    pub worths: Vec<Worth>,
    /// The first hold that stops all its payments, also of what is for no case.
    pub held_by: Option<u64>,
    /// A payment that was taken back from its file, and the number of the open line that says that the bank made it all the
    /// same.
    pub made: Option<(PaymentId, u64)>,
}

/// What everything is worth to a partner that it reported in these cases, paid out for them or charged, and what a hold
/// stops on the day of a payment. An arrival grant is the partner's that has the case on the day it was paid, as far as
/// is known now: if a transfer is told late, it is worth nothing any more to the one and something to the other.
///
/// # Errors
/// [`FoldError`] where more came back than was accepted.
pub fn standing<'c>(
    partner: &Partner,
    cases: impl IntoIterator<Item = &'c Case>,
    holds: &Holds,
    rulebook: &Rulebook,
    day: Date,
) -> Result<Standing, FoldError> {
    let code = &partner.code;
    let mut worths = Vec::new();
    for case in cases {
        let held_by = |budget_line: &str| {
            let programme = rulebook.programme_of(budget_line).unwrap_or_default();
            holds.stopping(code, case.facts.destination, programme, day).map(|(number, _)| number)
        };
        for (id, claim) in case.claims.iter().filter(|(_, claim)| claim.partner == *code) {
            worths.push(Worth {
                of: Payable::Claim { case: case.id, claim: *id },
                on: claim.delivered_on,
                eur: claim.eligible.checked_sub(claim.reversed)?,
                held_by: held_by(&claim.budget_line),
            });
        }
        for (id, grant) in &case.grants {
            let paid_out = grant.method == PaymentMethod::CashByPartner
                && grant.state != GrantState::Refused
                && case.partner_on(grant.paid_on) == Some(code);
            worths.push(Worth {
                of: Payable::Grant { case: case.id, grant: *id },
                on: grant.paid_on,
                eur: if paid_out { grant.amount.checked_sub(grant.returned)? } else { Eur::ZERO },
                held_by: held_by(crate::grant::BUDGET_LINE),
            });
        }
    }
    let held_by = holds.stopping_all_of(code, day).map(|(number, _)| number);
    for (id, fee) in &partner.fees {
        worths.push(Worth { of: Payable::Fee { fee: *id }, on: fee.charged_on, eur: fee.net()?, held_by });
    }
    Ok(Standing { worths, held_by, made: None })
}

/// What is due of each thing, by day: what it is worth, less what payments have of it. Things of which nothing is are left
/// out.
///
/// # Errors
/// [`Overflow`] where what payments have of a thing cannot be added up.
pub fn left<'w>(partner: &Partner, worths: &'w [Worth]) -> Result<Vec<(&'w Worth, Eur)>, Overflow> {
    let accepted = worths.iter().map(|worth| Accepted { of: worth.of, on: worth.on, eur: worth.eur });
    let by_thing: BTreeMap<Payable, &Worth> = worths.iter().map(|worth| (worth.of, worth)).collect();
    // What was paid for none of them in particular is taken off a payment as a whole, not off its items.
    let left = unpaid(accepted.collect(), &partner.payments.taken(None)?, Eur::ZERO)?;
    let left = left.into_iter().filter(|(_, eur)| !eur.is_zero());
    Ok(left.filter_map(|(of, eur)| Some((*by_thing.get(&of)?, eur))).collect())
}
