//! What stands in one element: a text, an amount, a day, a code.

use std::io::Read;

use domain::bank::IsoCode;
use jiff::civil::Date;
use money::{Amount, Currency};

use super::read::{Building, TEXT_BYTES_KEPT_MAX};
use super::statement::TransactionCode;
use super::xml::Xml;
use super::{StatementPlace, StatementProblem, amount};
use crate::cell::iso_date;
use crate::error::FileProblem;

/// Most balances of a statement, or texts of one transaction.
pub(super) const REPEATED_MAX: usize = 100;
/// Longest text of a field, in characters.
const FIELD_CHARACTERS_MAX: usize = 500;
/// What stands in a reference that was not given.
const NOT_PROVIDED: [&str; 2] = ["NOTPROVIDED", "NONREF"];

impl Building {
    /// A text, which counts towards what is kept.
    pub(super) fn text<Rd: Read>(&mut self, xml: &Xml<Rd>, path: &str) -> Result<String, FileProblem> {
        let text = self.said(xml, path)?;
        self.text_bytes += text.len();
        if self.text_bytes > TEXT_BYTES_KEPT_MAX {
            return Err(StatementProblem::TooLarge.into());
        }
        Ok(text)
    }

    /// What stands in an element, of a length that a field may have.
    fn said<Rd: Read>(&self, xml: &Xml<Rd>, path: &str) -> Result<String, FileProblem> {
        let text = xml.text();
        if text.chars().nth(FIELD_CHARACTERS_MAX).is_some() {
            let message = format!("A field has at most {FIELD_CHARACTERS_MAX} characters.");
            return Err(StatementProblem::element(self.place(), path, "statement.too-long", message).into());
        }
        Ok(text)
    }

    /// A reference; none where it says that there is none.
    pub(super) fn reference<Rd: Read>(
        &mut self,
        xml: &Xml<Rd>,
        path: &str,
    ) -> Result<Option<String>, FileProblem> {
        let text = self.text(xml, path)?;
        Ok(Some(text).filter(|text| !text.is_empty() && !NOT_PROVIDED.contains(&text.as_str())))
    }

    pub(super) fn amount<Rd: Read>(&mut self, xml: &Xml<Rd>, path: &str) -> Result<Amount, FileProblem> {
        let (place, text) = (self.place(), self.said(xml, path)?);
        let currency = xml.currency().unwrap_or_default();
        let currency = currency.parse::<Currency>().map_err(|error| {
            StatementProblem::element(place, path, error.rule(), error.to_string()).with_value(currency)
        })?;
        Ok(amount::unsigned(&text, currency).map_err(|error| {
            StatementProblem::element(place, path, error.rule(), error.to_string()).with_value(&text)
        })?)
    }

    /// What stands in an element about an exchange, and as an amount if it is one that can be read.
    pub(super) fn of_exchange<Rd: Read>(
        &self,
        xml: &Xml<Rd>,
        path: &str,
    ) -> Result<(String, Option<Amount>), FileProblem> {
        let text = self.said(xml, path)?;
        let currency = xml.currency().and_then(|code| code.parse::<Currency>().ok());
        let amount = currency.and_then(|currency| amount::unsigned(&text, currency).ok());
        Ok((text, amount))
    }

    pub(super) fn credit<Rd: Read>(&mut self, xml: &Xml<Rd>, path: &str) -> Result<bool, FileProblem> {
        match self.said(xml, path)?.as_str() {
            "CRDT" => Ok(true),
            "DBIT" => Ok(false),
            other => {
                let message = "The direction is CRDT or DBIT.";
                let problem = StatementProblem::element(self.place(), path, "statement.code", message);
                Err(problem.with_value(other).into())
            }
        }
    }

    /// A day, or the day of a moment as the bank has it.
    pub(super) fn date<Rd: Read>(&mut self, xml: &Xml<Rd>, path: &str) -> Result<Date, FileProblem> {
        let text = self.said(xml, path)?;
        let (day, rest) = text.split_at_checked(10).unwrap_or((&text, ""));
        let zone = |rest: &str| rest.is_empty() || rest.starts_with(['T', 'Z', '+', '-']);
        let date = if zone(rest) { iso_date(day) } else { Err("A date is written YYYY-MM-DD.") };
        Ok(date.map_err(|message| {
            StatementProblem::element(self.place(), path, "date.iso", message).with_value(&text)
        })?)
    }

    /// A part of the code of a movement.
    pub(super) fn code_part<Rd: Read>(
        &mut self,
        xml: &Xml<Rd>,
        path: &str,
        part: &str,
    ) -> Result<Option<CodePart>, FileProblem> {
        let level = match part {
            "/Domn/Cd" => 0,
            "/Domn/Fmly/Cd" => 1,
            "/Domn/Fmly/SubFmlyCd" => 2,
            "/Prtry/Cd" => return Ok(Some(CodePart::Proprietary(self.text(xml, path)?))),
            _ => return Ok(None),
        };
        let text = self.said(xml, path)?;
        let code = code(&text).ok_or_else(|| {
            StatementProblem::element(self.place(), path, "statement.code", CODE).with_value(&text)
        })?;
        Ok(Some(CodePart::Domain(level, code)))
    }
}

pub(super) const CODE: &str = "A code has 1 to 4 capital letters and digits.";

/// A part of the code of a movement.
pub(super) enum CodePart {
    Domain(usize, IsoCode),
    Proprietary(String),
}

/// Domain, family and subfamily come in this order, each once.
pub(super) fn put(to: &mut TransactionCode, part: Option<CodePart>) -> bool {
    match part {
        None => true,
        Some(CodePart::Proprietary(code)) => once(&mut to.proprietary, code),
        Some(CodePart::Domain(level, code)) => {
            let next = to.domain.len() == level;
            to.domain.push(code);
            next
        }
    }
}

/// A code, if it is one.
pub(super) fn code(text: &str) -> Option<IsoCode> {
    text.parse().ok()
}

/// What may stand once stands twice.
pub(super) fn doubled(place: StatementPlace, path: &str) -> StatementProblem {
    StatementProblem::element(place, path, "statement.doubled", "This stands here more than once.")
}

/// Keeps what is there for the first time; answers whether it was.
pub(super) fn once<T>(to: &mut Option<T>, value: T) -> bool {
    to.replace(value).is_none()
}

/// The same for what may say that there is nothing.
pub(super) fn set<T>(to: &mut Option<T>, value: Option<T>) -> bool {
    value.is_none_or(|value| once(to, value))
}

/// An amount with its direction.
pub(super) fn directed(amount: Amount, credit: bool) -> Amount {
    if credit { amount } else { amount.negated() }
}
