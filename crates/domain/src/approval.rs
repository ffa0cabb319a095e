//! Two people for what is large: the first proposes, another one decides.

use money::Eur;
use rulebook::Rulebook;

use crate::ids::Actor;
use crate::refusal::Refusal;

/// Whether accepting something, or taking that back, is only a proposal yet: the limit of the rulebook that asks for a second person, or `None`
/// where `by` decides.
///
/// `worth` is what the limit looks at, `what` what `by` would do, as it stands in sentences. Also where the limit was raised meanwhile, what was
/// proposed to two people is not decided by one.
///
/// # Errors
/// `second-person-needed` if `by` proposed it.
pub(crate) fn asks_for_second(
    proposed_by: Option<&Actor>,
    by: &Actor,
    worth: Eur,
    what: &str,
    rulebook: &Rulebook,
) -> Result<Option<Eur>, Refusal> {
    match proposed_by {
        Some(first) if first == by => {
            let detail = format!("{by} proposed to {what}: somebody else must agree");
            Err(Refusal::new("second-person-needed", detail))
        }
        Some(_) => Ok(None),
        None => Ok(rulebook.parameters().second_approval_from.filter(|limit| worth >= *limit)),
    }
}
