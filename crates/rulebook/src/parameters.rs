//! Settings of the rulebook that are single values.

use money::Eur;
use serde::Deserialize;

use crate::entry::Entry;
use crate::{RuleKind, Validity};

codes! {
    /// The day on which an entitlement rule must be in force to set a person's amount.
    AmountFixedBy {
        /// The day of the application.
        ApplicationDate = "application-date",
        /// The day of the decision.
        DecisionDate = "decision-date",
    }
}

codes! {
    /// Which exchange rate values spend in another currency than the euro.
    SpendRate {
        /// The European Commission's accounting rate (InforEuro) of the month of the delivery.
        InforEuroMonthOfDelivery = "inforeuro-month-of-delivery",
        /// The same of the month in which the spend was reported.
        InforEuroMonthOfSubmission = "inforeuro-month-of-submission",
        /// The European Central Bank's reference rate of the day of the delivery.
        EcbDayOfDelivery = "ecb-day-of-delivery",
    }
}

/// The parameters, typed. Where each comes from: [`Rulebook::rule`](crate::Rulebook::rule) with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Which day fixes the amount.
    pub amount_fixed_by: AmountFixedBy,
    /// Days after the arrival within which the arrival grant is paid without a reason from finance.
    pub grant_days_after_arrival: u16,
    /// Months after the arrival within which in-kind support is used without a query.
    pub package_months_after_arrival: u16,
    /// Whether forced returns receive the arrival grant.
    pub arrival_grant_for_police_cases: bool,
    /// Which exchange rate values spend in another currency. A rulebook older than the parameter means the rate of the
    /// month of the delivery.
    pub spend_rate: SpendRate,
    /// The claim, in euro, from which a second person must agree before it is accepted. A rulebook older than the
    /// parameter asks for nobody.
    pub second_approval_from: Option<Eur>,
    /// Days after the delivery from which a report is flagged as late; a rulebook without it flags none.
    pub late_report_days: Option<u16>,
    /// How many times the partner's usual claim for the same benefit a claim must be to be flagged as odd.
    pub outlier_factor: Option<u16>,
    /// How near below [`second_approval_from`](Self::second_approval_from) a claim must be to be flagged, as a
    /// percentage of it.
    pub near_threshold_percent: Option<u16>,
}

/// A parameter as it stands in the document.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name: one of the fields of [`Parameters`].
    pub id: String,
    /// Its value, not yet typed.
    pub(crate) value: toml::Value,
    /// Id of the [`Source`](crate::Source) that settles it, or of the one that marks defaults.
    pub source: String,
    /// The Swedish sentence of the source, where one bears on it.
    pub sentence: Option<String>,
    /// What it means, in English.
    pub meaning: Option<String>,
    /// A doubt or a default to know about.
    pub note: Option<String>,
}

impl Entry for Parameter {
    fn kind(&self) -> RuleKind {
        RuleKind::Parameter
    }
    fn id(&self) -> &str {
        &self.id
    }
    fn validity(&self) -> Option<Validity> {
        None
    }
    fn source(&self) -> &str {
        &self.source
    }
    fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }
    fn meaning(&self) -> Option<&str> {
        self.meaning.as_deref()
    }
    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
    fn text(&self) -> String {
        format!("{} = {}", self.id, self.value)
    }
}
