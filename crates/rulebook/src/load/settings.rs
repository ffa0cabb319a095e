//! The parameters, typed.

use money::Eur;
use toml::Value;

use super::report;
use crate::{AmountFixedBy, Parameter, Parameters, RulebookError, SpendRate};

/// No programme waits longer than ten years; a larger number is a slip of the hand.
const DAYS_MAX: u16 = 3_652;
const MONTHS_MAX: u16 = 120;
const FACTOR_MAX: u16 = 1_000;
const PERCENT_MAX: u16 = 50;

impl Parameters {
    /// The name of every parameter.
    const NAMES: [&str; 9] = [
        "amount_fixed_by",
        "grant_days_after_arrival",
        "package_months_after_arrival",
        "arrival_grant_for_police_cases",
        "spend_rate",
        "second_approval_from",
        "late_report_days",
        "outlier_factor",
        "near_threshold_percent",
    ];

    /// The parameters that are true or false, which a rule may depend on.
    pub(super) const SWITCHES: [&str; 1] = ["arrival_grant_for_police_cases"];

    /// Whether the switch with this name is on.
    pub(super) fn is_yes(&self, switch: &str) -> bool {
        switch == "arrival_grant_for_police_cases" && self.arrival_grant_for_police_cases
    }
}

/// `None` if one is missing or wrong; the errors say which.
pub(super) fn read(given: &[Parameter], errors: &mut Vec<RulebookError>) -> Option<Parameters> {
    for parameter in given {
        report(errors, !Parameters::NAMES.contains(&parameter.id.as_str()), || {
            RulebookError::UnknownParameter {
                name: parameter.id.clone(),
                known: Parameters::NAMES.map(str::to_owned).to_vec(),
            }
        });
    }
    let mut reader = Reader { given, errors };
    // Read all before asking for one, so that every error is reported.
    let amount_fixed_by =
        reader.value("amount_fixed_by", format!("\"{}\"", AmountFixedBy::CODES.join("\" or \"")), |value| {
            value.as_str()?.parse::<AmountFixedBy>().ok()
        });
    let grant_days_after_arrival = reader.number("grant_days_after_arrival", DAYS_MAX);
    let package_months_after_arrival = reader.number("package_months_after_arrival", MONTHS_MAX);
    let arrival_grant_for_police_cases =
        reader.value("arrival_grant_for_police_cases", "true or false".to_owned(), Value::as_bool);
    // Rulebooks that were adopted before there was a choice stand in ledgers, and are read for ever.
    let spend_rate = match reader.is_given("spend_rate") {
        false => Some(SpendRate::InforEuroMonthOfDelivery),
        true => reader.value("spend_rate", format!("\"{}\"", SpendRate::CODES.join("\" or \"")), |value| {
            value.as_str()?.parse::<SpendRate>().ok()
        }),
    };
    let second_approval_from = match reader.is_given("second_approval_from") {
        false => Some(None),
        true => reader.value("second_approval_from", "an amount such as \"2000.00\"".to_owned(), |value| {
            value.as_str()?.parse::<Eur>().ok().filter(|amount| *amount > Eur::ZERO).map(Some)
        }),
    };
    let late_report_days = reader.number_if_given("late_report_days", DAYS_MAX);
    let outlier_factor = reader.number_if_given("outlier_factor", FACTOR_MAX);
    let near_threshold_percent = reader.number_if_given("near_threshold_percent", PERCENT_MAX);
    Some(Parameters {
        amount_fixed_by: amount_fixed_by?,
        grant_days_after_arrival: grant_days_after_arrival?,
        package_months_after_arrival: package_months_after_arrival?,
        arrival_grant_for_police_cases: arrival_grant_for_police_cases?,
        spend_rate: spend_rate?,
        second_approval_from: second_approval_from?,
        late_report_days: late_report_days?,
        outlier_factor: outlier_factor?,
        near_threshold_percent: near_threshold_percent?,
    })
}

struct Reader<'a> {
    given: &'a [Parameter],
    errors: &'a mut Vec<RulebookError>,
}

impl Reader<'_> {
    fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|parameter| parameter.id == name)
    }

    /// Of a parameter that older rulebooks do not have.
    fn number_if_given(&mut self, name: &'static str, max: u16) -> Option<Option<u16>> {
        match self.is_given(name) {
            false => Some(None),
            true => self.number(name, max).map(Some),
        }
    }

    fn number(&mut self, name: &'static str, max: u16) -> Option<u16> {
        self.value(name, format!("a whole number from 1 to {max}"), |value| {
            let number = u16::try_from(value.as_integer()?).ok()?;
            (1..=max).contains(&number).then_some(number)
        })
    }

    fn value<T>(
        &mut self,
        name: &'static str,
        expected: String,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let Some(parameter) = self.given.iter().find(|parameter| parameter.id == name) else {
            self.errors.push(RulebookError::MissingParameter { name, expected });
            return None;
        };
        let value = read(&parameter.value);
        report(self.errors, value.is_none(), || RulebookError::ParameterValue {
            name,
            value: parameter.value.to_string(),
            expected,
        });
        value
    }
}
