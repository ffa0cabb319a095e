//! Answers "where does this come from?" for any id of the rulebook.

use jiff::civil::Date;

use crate::{RuleKind, Rulebook, Source, Validity};

/// An entry of the rulebook with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo<'a> {
    /// Its id.
    pub id: &'a str,
    /// The table it stands in.
    pub kind: RuleKind,
    /// First day in force; for an entry without own dates, that of its programme.
    pub valid_from: Date,
    /// Last day in force, if there is one.
    pub valid_until: Option<Date>,
    /// The Swedish sentence of the source, word for word. Only a parameter may be without.
    pub sentence: Option<&'a str>,
    /// What it means, in English.
    pub meaning: Option<&'a str>,
    /// A doubt or a default to know about.
    pub note: Option<&'a str>,
    /// The source of the sentence.
    pub source: &'a Source,
    /// What the entry says, as one English phrase with its dates.
    pub text: String,
}

impl Rulebook {
    /// The entry with this id: a programme, budget line, parameter, destination, condition, check, exclusion,
    /// pause, entitlement or category.
    pub fn rule(&self, id: &str) -> Option<RuleInfo<'_>> {
        let entry = self.tables().entries().find(|entry| entry.id() == id)?;
        let source = self.sources().iter().find(|source| source.id == entry.source())?;
        let Validity { from, until } = entry.validity().unwrap_or_else(|| {
            let line = self.budget_lines().iter().find(|line| line.id == id);
            let programme = line.map_or(&self.assessed_programme().id, |line| &line.programme);
            let programme = self.programmes().iter().find(|candidate| candidate.id == *programme);
            programme.unwrap_or(self.assessed_programme()).validity()
        });
        let days = Validity { from, until };
        Some(RuleInfo {
            id: entry.id(),
            kind: entry.kind(),
            valid_from: from,
            valid_until: until,
            sentence: entry.sentence(),
            meaning: entry.meaning(),
            note: entry.note(),
            source,
            text: format!("{} ({days})", entry.text()),
        })
    }
}
