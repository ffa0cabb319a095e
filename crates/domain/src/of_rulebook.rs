//! What commands name of the rulebook. What it does not have may be anything that somebody typed, a name even: no
//! refusal repeats it, because refusals are kept for good.

use jiff::civil::Date;
use rulebook::{Category, Country, Rulebook};

use crate::refusal::Refusal;

/// The rulebook has this programme.
///
/// # Errors
/// It has none.
pub fn programme(id: &str, rulebook: &Rulebook) -> Result<(), Refusal> {
    let known = rulebook.programmes().iter().map(|programme| programme.id.as_str()).collect::<Vec<_>>();
    if known.contains(&id) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(Refusal::new("unknown-programme", format!("the rulebook has no such programme; it has {known}")))
}

/// The country is a destination of the rulebook, now or before.
///
/// # Errors
/// It is none.
pub fn country(country: Country, rulebook: &Rulebook) -> Result<(), Refusal> {
    match rulebook.destination(country) {
        Some(_) => Ok(()),
        None => Err(Refusal::new("unknown-country", format!("{country} is no destination of the rulebook"))),
    }
}

/// The benefit category with this code on a day.
///
/// # Errors
/// There is none.
pub fn category<'r>(code: &str, on: Date, rulebook: &'r Rulebook) -> Result<&'r Category, Refusal> {
    rulebook.category(code, on).ok_or_else(|| {
        let on_day = rulebook.categories().iter().filter(|category| category.validity().contains(on));
        let known = on_day.map(|category| category.code.as_str()).collect::<Vec<_>>();
        let detail = match known.is_empty() {
            true => format!("the rulebook pays for no benefit on {on}"),
            false => {
                format!("the rulebook has no such benefit category on {on}; it has {}", known.join(", "))
            }
        };
        Refusal::new("unknown-category", detail)
    })
}
