//! The document as a whole, and what is wrong with one that cannot be read.

use serde::Deserialize;

use crate::entry::Entry;
use crate::parameters::Parameter;
use crate::{
    BudgetLine, Category, Check, Condition, Destination, EntitlementRule, Exclusion, Pause, Programme,
    RulebookError, RulebookErrors, Source,
};

/// Every table, in the order of the document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub version: String,
    pub title: String,
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
    #[serde(default, rename = "programme")]
    pub programmes: Vec<Programme>,
    #[serde(default, rename = "budget_line")]
    pub budget_lines: Vec<BudgetLine>,
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Parameter>,
    #[serde(default, rename = "destination")]
    pub destinations: Vec<Destination>,
    #[serde(default, rename = "condition")]
    pub conditions: Vec<Condition>,
    #[serde(default, rename = "check")]
    pub checks: Vec<Check>,
    #[serde(default, rename = "exclusion")]
    pub exclusions: Vec<Exclusion>,
    #[serde(default, rename = "pause")]
    pub pauses: Vec<Pause>,
    #[serde(default, rename = "entitlement")]
    pub entitlements: Vec<EntitlementRule>,
    #[serde(default, rename = "category")]
    pub categories: Vec<Category>,
}

impl Document {
    pub fn read(text: &str) -> Result<Self, RulebookErrors> {
        toml::from_str(text).map_err(|wrong| {
            let at = wrong.span().map_or(0, |span| span.start);
            RulebookErrors::new(vec![RulebookError::Unreadable {
                line: line_of(text, at),
                rule: entry_at(text, at),
                message: wrong.message().to_owned(),
            }])
        })
    }

    /// Every entry except the sources.
    pub fn entries(&self) -> impl Iterator<Item = &dyn Entry> {
        fn all<E: Entry>(table: &[E]) -> impl Iterator<Item = &dyn Entry> {
            table.iter().map(|entry| entry as &dyn Entry)
        }
        all(&self.programmes)
            .chain(all(&self.budget_lines))
            .chain(all(&self.parameters))
            .chain(all(&self.destinations))
            .chain(all(&self.conditions))
            .chain(all(&self.checks))
            .chain(all(&self.exclusions))
            .chain(all(&self.pauses))
            .chain(all(&self.entitlements))
            .chain(all(&self.categories))
    }
}

/// The line, counted from 1, that byte `at` of `text` stands in.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The id of the entry whose lines byte `at` lies in. Only good enough for a message.
fn entry_at(text: &str, at: usize) -> Option<String> {
    let at = line_of(text, at);
    let is_header = |line: &str| line.trim_start().starts_with("[[");
    let lines: Vec<&str> = text.lines().take(at).collect();
    let first = lines.iter().rposition(|line| is_header(line))?;
    let entry = text.lines().skip(first + 1).take_while(|line| !is_header(line));
    entry
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == "id")
        .map(|(_, id)| id.trim().trim_matches('"').to_owned())
}
