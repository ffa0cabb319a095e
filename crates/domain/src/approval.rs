//! Two people for what is large: the first proposes, another one decides.

use jiff::civil::Date;
use money::{Amount, Eur, Overflow};
use rulebook::Rulebook;

use crate::ids::Actor;
use crate::matching::within;
use crate::refusal::Refusal;

/// What somebody would take back of what was accepted, while another one has yet to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakingBack {
    /// How much, in euro.
    pub eur: Eur,
    /// The same as it was given, if that was in the currency of the receipt: what comes back is known by that.
    pub original: Option<Amount>,
    /// Of spend, the day on which it came back; of a fee none.
    pub on: Option<Date>,
    /// Who.
    pub proposed_by: Actor,
}

/// Whether taking something back is only a proposal yet: see [`asks_for_second`].
///
/// The limit looks at all that would then have been taken back: `before` and `eur`, or it could be done in small parts.
/// `parts` is the number of people who share the receipt: of each as much could come back. Whoever agrees names what was
/// proposed; another amount waits until that is agreed to or dropped, so that nobody agrees to what they have not seen.
///
/// # Errors
/// `proposed-otherwise` where another amount or day is proposed, `second-person-needed` if `by` proposed it.
pub(crate) fn asks_for_second_to_take_back(
    proposed: Option<&TakingBack>,
    (eur, original, on): (Eur, Option<Amount>, Option<Date>),
    before: Eur,
    parts: u32,
    by: &Actor,
    rulebook: &Rulebook,
) -> Result<Option<Eur>, Refusal> {
    let what = |eur: Eur, original: Option<Amount>, on: Option<Date>| {
        let given = original.map(|given| format!(" ({given} {})", given.currency())).unwrap_or_default();
        match on {
            Some(day) => format!("take back {eur}{given} on {day}"),
            None => format!("take back {eur}"),
        }
    };
    if let Some(other) = proposed.filter(|other| (other.eur, other.original, other.on) != (eur, original, on))
    {
        let detail = format!(
            "{} proposed to {}: agree to that, or drop that proposal first",
            other.proposed_by,
            what(other.eur, other.original, other.on)
        );
        return Err(Refusal::new("proposed-otherwise", detail));
    }
    let too_large = |overflow: Overflow| Refusal::new("amount-too-large", overflow.to_string());
    let altogether = before.checked_add(eur).map_err(too_large)?;
    let worth = (0..parts).try_fold(Eur::ZERO, |sum, _| sum.checked_add(altogether)).map_err(too_large)?;
    asks_for_second(proposed.map(|of| &of.proposed_by), by, worth, &what(eur, original, on), rulebook)
}

/// Whether accepting something is only a proposal yet: see [`asks_for_second`]. What somebody had refused (`by_two`) is
/// accepted by two whatever it is worth, where two ever decide.
///
/// # Errors
/// `second-person-needed` if `by` proposed it.
pub(crate) fn asks_for_second_to_accept(
    proposed_by: Option<&Actor>,
    by: &Actor,
    by_two: bool,
    (worth, what): (Eur, &str),
    rulebook: &Rulebook,
) -> Result<Option<Eur>, Refusal> {
    let limit = rulebook.parameters().second_approval_from;
    let refused_before = || limit.filter(|_| by_two && proposed_by.is_none());
    Ok(asks_for_second(proposed_by, by, worth, what, rulebook)?.or_else(refused_before))
}

/// Whether accepting something, or taking that back, is only a proposal yet: the limit of the rulebook that asks for a second person, or `None`
/// where `by` decides.
///
/// `worth` is what the limit looks at, `what` what `by` would do, as it stands in sentences. Also where the limit was raised meanwhile, what was
/// proposed to two people is not decided by one.
///
/// # Errors
/// `second-person-needed` if `by` proposed it.
fn asks_for_second(
    proposed_by: Option<&Actor>,
    by: &Actor,
    worth: Eur,
    what: &str,
    rulebook: &Rulebook,
) -> Result<Option<Eur>, Refusal> {
    if is_agreed(proposed_by, by, what)? {
        return Ok(None);
    }
    Ok(rulebook.parameters().second_approval_from.filter(|limit| worth >= *limit))
}

/// Whether explaining something at the bank is only a proposal yet: unless it is `for_one`, or another person has proposed
/// it. Also what one person could do by now is not decided by one once it was proposed to two.
///
/// # Errors
/// `second-person-needed` if `by` proposed it.
pub(crate) fn asks_for_second_at_bank(
    proposed_by: Option<&Actor>,
    by: &Actor,
    for_one: bool,
    what: &str,
) -> Result<bool, Refusal> {
    Ok(!is_agreed(proposed_by, by, what)? && !for_one)
}

/// Whether one person explains so much at the bank alone. `alone_max` is the limit of the rules of matching, which is less
/// than that of the rulebook; an amount in another currency has no limit in euro, and so takes two people.
pub(crate) fn is_for_one(amount: Amount, alone_max: Eur) -> bool {
    within(amount, alone_max)
}

/// Whether another person has proposed it.
fn is_agreed(proposed_by: Option<&Actor>, by: &Actor, what: &str) -> Result<bool, Refusal> {
    match proposed_by {
        Some(first) if first == by => {
            let detail = format!("{by} proposed to {what}: somebody else must agree");
            Err(Refusal::new("second-person-needed", detail))
        }
        first => Ok(first.is_some()),
    }
}
