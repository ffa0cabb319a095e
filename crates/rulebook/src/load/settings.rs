//! The parameters, typed.

use toml::Value;

use super::report;
use crate::{AmountFixedBy, Parameter, Parameters, RulebookError, SpendRate};

/// No programme waits longer than ten years; a larger number is a slip of the hand.
const DAYS_MAX: u16 = 3_652;
const MONTHS_MAX: u16 = 120;

impl Parameters {
    /// The name of every parameter.
    const NAMES: [&str; 5] = [
        "amount_fixed_by",
        "grant_days_after_arrival",
        "package_months_after_arrival",
        "arrival_grant_for_police_cases",
        "spend_rate",
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
    let spend_rate = match given.iter().any(|parameter| parameter.id == "spend_rate") {
        false => Some(SpendRate::InforEuroMonthOfDelivery),
        true => reader.value("spend_rate", format!("\"{}\"", SpendRate::CODES.join("\" or \"")), |value| {
            value.as_str()?.parse::<SpendRate>().ok()
        }),
    };
    Some(Parameters {
        amount_fixed_by: amount_fixed_by?,
        grant_days_after_arrival: grant_days_after_arrival?,
        package_months_after_arrival: package_months_after_arrival?,
        arrival_grant_for_police_cases: arrival_grant_for_police_cases?,
        spend_rate: spend_rate?,
    })
}

struct Reader<'a> {
    given: &'a [Parameter],
    errors: &'a mut Vec<RulebookError>,
}

impl Reader<'_> {
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
