//! The dated rules as data, and the assessment of one person's facts against them.
//!
//! - [`Rulebook`] is one version of the rules, read from a TOML document and checked: the embedded one, or
//!   another in its place. Rules, amounts, dates and their sources stand there, not in code.
//! - [`Rulebook::assess`] takes the [`Facts`] of an application and answers with the entitlements and the
//!   arithmetic behind each, or with every condition that fails. It is pure: no clock, no I/O.
//! - [`Rulebook::rule`] says where any id comes from: dates, Swedish source sentence, source.
//! - [`RulebookErrors`] lists what is wrong with a document: overlaps and gaps between rules, unknown names,
//!   conditions that could never hold, and so on.
//!
//! ```
//! use rulebook::Rulebook;
//!
//! let book = Rulebook::embedded()?;
//! let rule = book.rule("jrs.reintegration.iraq-extended").ok_or("no such rule")?;
//! assert_eq!(rule.valid_until, Some("2024-06-30".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
mod codes;
#[macro_use]
mod entry;
mod assess;
mod book;
mod document;
mod error;
mod explain;
mod facts;
mod load;
mod parameters;
mod read;
mod tables;
mod validity;

pub use assess::{Assessment, Entitlement, FailedCondition};
pub use book::Rulebook;
pub use codes::UnknownCode;
pub use entry::RuleKind;
pub use error::{RuleBrief, RulebookError, RulebookErrors};
pub use explain::RuleInfo;
pub use facts::{AsylumOutcome, Authority, Country, Fact, Facts, NotACountry, ReturnMode};
pub use parameters::{AmountFixedBy, Parameter, Parameters, SpendRate};
pub use tables::{
    Against, BudgetLine, Cap, Category, Check, Condition, Destination, EntitlementRule, Exclusion, GrantedBy,
    Pause, Programme, Source,
};
pub use validity::Validity;
