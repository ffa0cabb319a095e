//! From the document to a checked rulebook. Every error is collected, none hides another of its stage.

mod names;
mod people;
mod replacing;
mod settings;
mod structure;

use crate::document::Document;
use crate::{Parameters, ReturnMode, RulebookError, RulebookErrors};

/// What loading yields.
pub(crate) struct Loaded {
    pub tables: Document,
    /// Index of the programme that applications are assessed for.
    pub assessed: usize,
    pub parameters: Parameters,
}

pub(crate) fn load(text: &str) -> Result<Loaded, RulebookErrors> {
    let mut tables = Document::read(text)?;
    let mut errors = Vec::new();

    names::check(&tables, &mut errors);
    let parameters = settings::read(&tables.parameters, &mut errors);
    let assessed = structure::check(&tables, &mut errors);
    // The comparison of rules below would only repeat a wrong name, date or setting in other words.
    let (Some(parameters), Some(assessed), true) = (parameters, assessed, errors.is_empty()) else {
        return Err(RulebookErrors::new(errors));
    };

    complete(&mut tables, &parameters);
    replacing::check(&mut tables, &mut errors);
    if errors.is_empty() {
        people::check(&tables, assessed, &parameters, &mut errors);
    }
    if errors.is_empty() {
        Ok(Loaded { tables, assessed, parameters })
    } else {
        Err(RulebookErrors::new(errors))
    }
}

/// Fills in what the document leaves to be taken from elsewhere in it.
fn complete(tables: &mut Document, parameters: &Parameters) {
    let lines = &tables.budget_lines;
    let programme_of = |id: &str| {
        let line = lines.iter().find(|line| line.id == id);
        line.map_or_else(String::new, |line| line.programme.clone())
    };
    for rule in &mut tables.entitlements {
        rule.programme = programme_of(&rule.budget_line);
        let forced = rule.forced_only_if.as_ref().is_none_or(|name| parameters.is_yes(name));
        rule.return_mode.retain(|mode| forced || *mode != ReturnMode::Forced);
    }
    for category in &mut tables.categories {
        category.programme = programme_of(&category.budget_line);
    }
}

/// Adds the error if `wrong`.
fn report(errors: &mut Vec<RulebookError>, wrong: bool, error: impl FnOnce() -> RulebookError) {
    if wrong {
        errors.push(error());
    }
}
