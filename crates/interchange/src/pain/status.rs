//! What the bank says of an order of payments: pain.002 (ISO 20022, customer payment status report), versions .03 and .10
//! and those between and after them.
//!
//! It is read like a statement: element by element, no DOCTYPE, no entities of its own, elements at most so long and so
//! deep. Kept are references and codes; names, accounts and the bank's own words are passed over.

use std::fmt;
use std::io::Read;

use domain::bank::IsoCode;

use crate::camt::StatementProblem;
use crate::camt::xml::{Step, Xml};
use crate::error::{FileError, FileProblem, echo};

/// Most payments and payment instructions of one report.
pub const STATUSES_MAX: u32 = 100_000;
/// Most reasons of one status.
const REASONS_MAX: usize = 20;
/// Longest reference, in characters: the schema has 35.
const REFERENCE_CHARACTERS_MAX: usize = 35;
/// The root of the report.
const REPORT: &str = "/CstmrPmtStsRpt";

/// A report about one order of payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// What the order is called: the `MsgId` of the file it is about.
    pub order: String,
    /// What is said of all of it.
    pub group: ReportedStatus,
    /// What is said of its payment instructions.
    pub instructions: Vec<InstructionStatus>,
}

/// What is said of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedStatus {
    /// How far it has come: `RJCT` of what was rejected.
    pub status: Option<IsoCode>,
    /// Why, as codes.
    pub reasons: Vec<IsoCode>,
}

/// What is said of a payment instruction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstructionStatus {
    /// Its `PmtInfId`.
    pub id: String,
    /// What is said of all of it.
    pub said: ReportedStatus,
    /// What is said of its payments.
    pub payments: Vec<PaymentStatus>,
}

/// What is said of one payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentStatus {
    /// Its `EndToEndId`.
    pub reference: String,
    /// What is said of it.
    pub said: ReportedStatus,
}

/// What is wrong with a status report. Names, accounts and texts are never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusProblem {
    /// Another kind of file.
    #[error(
        "This is no payment status report: its first element is not the Document of a pain.002 message, version 02 or later. Get such a file from the bank; a statement is read by `svala import statement`."
    )]
    NotStatus,
    /// More payments than an order has.
    #[error("The file has more or longer parts than the report of one order may have. Get it anew.")]
    TooLarge,
    /// An element that is missing, doubled or says what cannot be.
    #[error("{place}, element {element}{}: {message}", .value.as_ref().map_or_else(String::new, |value| format!(", value \"{value}\"")))]
    Element {
        /// Where.
        place: StatusPlace,
        /// The element.
        element: Box<str>,
        /// What stands there, cut; only of codes.
        value: Option<Box<str>>,
        /// The stable id of the rule that was broken.
        rule: &'static str,
        /// The rule as a sentence for people.
        message: &'static str,
    },
}

impl StatusProblem {
    /// The stable id of the rule that was broken.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotStatus => "status.unknown-file",
            Self::TooLarge => "file.too-large",
            Self::Element { rule, .. } => rule,
        }
    }
}

/// Where in a report: which payment instruction, and which payment of it, both counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusPlace {
    /// The payment instruction; none of the order as a whole.
    pub instruction: Option<u32>,
    /// The payment of it.
    pub payment: Option<u32>,
}

impl fmt::Display for StatusPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.instruction, self.payment) {
            (None, _) => write!(f, "the order"),
            (Some(instruction), None) => write!(f, "payment instruction {instruction}"),
            (Some(instruction), Some(payment)) => {
                write!(f, "payment instruction {instruction}, payment {payment}")
            }
        }
    }
}

/// Reads a payment status report.
///
/// # Errors
/// [`FileError`] if it is no such message, or broken, too large, or says what cannot be; with the element.
pub fn read_status(file: &str, reader: impl Read) -> Result<StatusReport, FileError> {
    read(reader).map_err(|problem| own(problem).in_file(file))
}

/// The walk through a message names its own problems after statements.
fn own(problem: FileProblem) -> FileProblem {
    match problem {
        FileProblem::Statement(StatementProblem::NotCamt) => StatusProblem::NotStatus.into(),
        FileProblem::Statement(StatementProblem::TooLarge) => StatusProblem::TooLarge.into(),
        other => other,
    }
}

fn read(reader: impl Read) -> Result<StatusReport, FileProblem> {
    let mut xml = Xml::open(reader)?;
    let mut reading = Reading::default();
    loop {
        match xml.next()? {
            Step::Open => reading.open(&xml)?,
            Step::Close => reading.close(&xml)?,
            Step::End => return Ok(reading.finish()?),
        }
    }
}

/// The report as far as it was read.
#[derive(Default)]
struct Reading {
    is_report: bool,
    order: Option<String>,
    group: ReportedStatus,
    instructions: Vec<InstructionStatus>,
    /// Whether the instruction and the payment being read have said what they are called.
    named: (bool, bool),
    payments: u32,
}

impl Reading {
    fn place(&self, path: &str) -> StatusPlace {
        // No more of either than STATUSES_MAX.
        let nth = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let within = |part: &str| path.starts_with(part);
        let instruction = within("/CstmrPmtStsRpt/OrgnlPmtInfAndSts").then_some(nth(self.instructions.len()));
        let payment = within("/CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts")
            .then(|| self.instructions.last().map_or(0, |of| nth(of.payments.len())));
        StatusPlace { instruction, payment }
    }

    fn wrong(&self, path: &str, rule: &'static str, message: &'static str) -> StatusProblem {
        let element = path.strip_prefix(REPORT).unwrap_or(path).into();
        StatusProblem::Element { place: self.place(path), element, value: None, rule, message }
    }

    fn open<Rd: Read>(&mut self, xml: &Xml<Rd>) -> Result<(), FileProblem> {
        let path = xml.path();
        match path.strip_prefix(REPORT) {
            Some("") => {
                let version = xml.message().strip_prefix("pain.002.001.");
                let version = version.and_then(|version| version.parse::<u8>().ok());
                // The first version had other elements.
                self.is_report = version.is_some_and(|version| version >= 2);
                if !self.is_report {
                    return Err(StatusProblem::NotStatus.into());
                }
            }
            Some("/OrgnlPmtInfAndSts") => {
                self.count()?;
                self.named.0 = false;
                self.instructions.push(InstructionStatus::default());
            }
            Some("/OrgnlPmtInfAndSts/TxInfAndSts") => {
                self.count()?;
                self.named.1 = false;
                if let Some(instruction) = self.instructions.last_mut() {
                    instruction.payments.push(PaymentStatus::default());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), StatusProblem> {
        self.payments += 1;
        if self.payments > STATUSES_MAX { Err(StatusProblem::TooLarge) } else { Ok(()) }
    }

    fn close<Rd: Read>(&mut self, xml: &Xml<Rd>) -> Result<(), FileProblem> {
        let path = xml.path();
        let Some(below) = path.strip_prefix(REPORT) else { return Ok(()) };
        match below {
            "/OrgnlGrpInfAndSts/OrgnlMsgId" => {
                let order = self.reference(xml)?;
                if self.order.replace(order).is_some() {
                    return Err(self.doubled(path).into());
                }
            }
            "/OrgnlPmtInfAndSts/OrgnlPmtInfId" => {
                let id = self.reference(xml)?;
                if std::mem::replace(&mut self.named.0, true) {
                    return Err(self.doubled(path).into());
                }
                if let Some(instruction) = self.instructions.last_mut() {
                    instruction.id = id;
                }
            }
            "/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId" => {
                let reference = self.reference(xml)?;
                if std::mem::replace(&mut self.named.1, true) {
                    return Err(self.doubled(path).into());
                }
                if let Some(payment) = self.payment() {
                    payment.reference = reference;
                }
            }
            "/OrgnlPmtInfAndSts/TxInfAndSts" if !self.named.1 => {
                let message = "A payment is named by its EndToEndId (OrgnlEndToEndId), by which alone it is known here.";
                return Err(self.wrong(path, "status.missing", message).into());
            }
            "/OrgnlPmtInfAndSts" if !self.named.0 => {
                let message = "A payment instruction is named by its PmtInfId (OrgnlPmtInfId).";
                return Err(self.wrong(path, "status.missing", message).into());
            }
            _ => self.of_status(xml, path, below)?,
        }
        Ok(())
    }

    /// A status, or a reason of one.
    fn of_status<Rd: Read>(&mut self, xml: &Xml<Rd>, path: &str, below: &str) -> Result<(), FileProblem> {
        let (rest, of) = if let Some(rest) = below.strip_prefix("/OrgnlPmtInfAndSts/TxInfAndSts") {
            (rest, "/TxSts")
        } else if let Some(rest) = below.strip_prefix("/OrgnlPmtInfAndSts") {
            (rest, "/PmtInfSts")
        } else if let Some(rest) = below.strip_prefix("/OrgnlGrpInfAndSts") {
            (rest, "/GrpSts")
        } else {
            return Ok(());
        };
        let is_status = rest == of;
        if !is_status && !matches!(rest, "/StsRsnInf/Rsn/Cd" | "/StsRsnInf/Rsn/Prtry") {
            return Ok(());
        }
        let text = xml.text();
        let code = match text.parse::<IsoCode>() {
            Ok(code) => code,
            // A bank's own reason may be a sentence: it is in the report, and not kept.
            Err(_) if rest.ends_with("/Prtry") => return Ok(()),
            Err(_) => {
                let mut wrong =
                    self.wrong(path, "status.code", "A code has 1 to 4 capital letters and digits.");
                if let StatusProblem::Element { value, .. } = &mut wrong {
                    *value = Some(echo(&text).into());
                }
                return Err(wrong.into());
            }
        };
        let said = match of {
            "/TxSts" => self.payment().map(|payment| &mut payment.said),
            "/PmtInfSts" => self.instructions.last_mut().map(|instruction| &mut instruction.said),
            _ => Some(&mut self.group),
        };
        let Some(said) = said else { return Ok(()) };
        if is_status {
            if said.status.replace(code).is_some() {
                return Err(self.doubled(path).into());
            }
        } else if said.reasons.len() >= REASONS_MAX {
            return Err(StatusProblem::TooLarge.into());
        } else if !said.reasons.contains(&code) {
            said.reasons.push(code);
        }
        Ok(())
    }

    fn payment(&mut self) -> Option<&mut PaymentStatus> {
        self.instructions.last_mut()?.payments.last_mut()
    }

    fn reference<Rd: Read>(&self, xml: &Xml<Rd>) -> Result<String, StatusProblem> {
        let text = xml.text();
        if text.is_empty() || text.chars().nth(REFERENCE_CHARACTERS_MAX).is_some() {
            let message = "A reference has 1 to 35 characters.";
            return Err(self.wrong(xml.path(), "status.reference", message));
        }
        Ok(text)
    }

    fn doubled(&self, path: &str) -> StatusProblem {
        self.wrong(path, "status.doubled", "This stands here more than once.")
    }

    fn finish(self) -> Result<StatusReport, StatusProblem> {
        if !self.is_report {
            return Err(StatusProblem::NotStatus);
        }
        let Some(order) = self.order.clone() else {
            let path = "/CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgId";
            return Err(self.wrong(path, "status.missing", "A report names the order that it is about."));
        };
        Ok(StatusReport { order, group: self.group, instructions: self.instructions })
    }
}
