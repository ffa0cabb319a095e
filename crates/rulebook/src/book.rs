//! The rulebook: loaded, checked, and looked up.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::document::Document;
use crate::{
    BudgetLine, Category, Check, Condition, Country, Destination, EntitlementRule, Exclusion, Parameter,
    Parameters, Pause, Programme, RulebookErrors, Source, load,
};

/// The document compiled into the program.
const EMBEDDED: &str = include_str!("../rulebook.toml");

/// One version of the rules, checked: every eligible person has exactly one rule per budget line that must
/// cover everyone, and never two on any line. Cheap to clone.
#[derive(Clone)]
pub struct Rulebook(Arc<Inner>);

struct Inner {
    text: String,
    digest: [u8; 32],
    tables: Document,
    /// Index of the programme that applications are assessed for.
    assessed: usize,
    parameters: Parameters,
}

impl Rulebook {
    /// The rulebook compiled into the program.
    ///
    /// # Errors
    /// None in practice: a test loads it. They are those of [`Rulebook::parse`].
    pub fn embedded() -> Result<Self, RulebookErrors> {
        Self::parse(EMBEDDED)
    }

    /// Reads and checks a rulebook document (TOML, in the form of the embedded one).
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the rules concerned and what to change.
    pub fn parse(document: &str) -> Result<Self, RulebookErrors> {
        let loaded = load::load(document)?;
        Ok(Self(Arc::new(Inner {
            text: document.to_owned(),
            digest: Sha256::digest(document.as_bytes()).into(),
            tables: loaded.tables,
            assessed: loaded.assessed,
            parameters: loaded.parameters,
        })))
    }

    pub(crate) fn tables(&self) -> &Document {
        &self.0.tables
    }

    /// The version it names itself.
    pub fn version(&self) -> &str {
        &self.tables().version
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.tables().title
    }

    /// SHA-256 of the document's bytes; two documents with one digest are the same rules.
    pub fn digest(&self) -> [u8; 32] {
        self.0.digest
    }

    /// The document, byte for byte.
    pub fn document(&self) -> &str {
        &self.0.text
    }

    /// The parameters, typed.
    pub fn parameters(&self) -> &Parameters {
        &self.0.parameters
    }

    /// The parameters as they stand in the document, with source and note.
    pub fn parameter_entries(&self) -> &[Parameter] {
        &self.tables().parameters
    }

    /// The sources.
    pub fn sources(&self) -> &[Source] {
        &self.tables().sources
    }

    /// The programmes.
    pub fn programmes(&self) -> &[Programme] {
        &self.tables().programmes
    }

    /// The programme that applications are assessed for.
    pub fn assessed_programme(&self) -> &Programme {
        &self.tables().programmes[self.0.assessed]
    }

    /// The budget lines of all programmes.
    pub fn budget_lines(&self) -> &[BudgetLine] {
        &self.tables().budget_lines
    }

    /// The programme of a budget line, if there is such a line.
    pub fn programme_of(&self, budget_line: &str) -> Option<&str> {
        let line = self.budget_lines().iter().find(|line| line.id == budget_line);
        line.map(|line| line.programme.as_str())
    }

    /// The destinations, past ones too.
    pub fn destinations(&self) -> &[Destination] {
        &self.tables().destinations
    }

    /// The destination for `country`, whether in force or not; of several the one that began last.
    pub fn destination(&self, country: Country) -> Option<&Destination> {
        let entries = self.destinations().iter().filter(|entry| entry.country == country);
        entries.max_by_key(|entry| entry.valid_from)
    }

    /// The conditions on facts.
    pub fn conditions(&self) -> &[Condition] {
        &self.tables().conditions
    }

    /// The checks against other tables.
    pub fn checks(&self) -> &[Check] {
        &self.tables().checks
    }

    /// The exclusions.
    pub fn exclusions(&self) -> &[Exclusion] {
        &self.tables().exclusions
    }

    /// The pauses.
    pub fn pauses(&self) -> &[Pause] {
        &self.tables().pauses
    }

    /// The entitlement rules of all programmes.
    pub fn entitlements(&self) -> &[EntitlementRule] {
        &self.tables().entitlements
    }

    /// The benefit categories of all programmes.
    pub fn categories(&self) -> &[Category] {
        &self.tables().categories
    }

    /// The benefit category with `code` that is in force on day `on`.
    pub fn category(&self, code: &str, on: Date) -> Option<&Category> {
        self.categories().iter().find(|entry| entry.code == code && entry.validity().contains(on))
    }
}

impl fmt::Debug for Rulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rulebook(version {:?}, sha256 ", self.version())?;
        self.0.digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
