//! What the bank says of a file of payments: noted, and what it does not make is taken back.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use domain::bank::IsoCode;
use domain::ids::FileDigest;
use domain::matching::Rules;
use domain::partner::PaymentDetails;
use domain::payment::{PaymentFileWritten, PaymentState, StatusOfPayment};
use domain::reconciliation::Settled;
use domain::{CreditorReference, PartnerCode, PartnerCommand, PaymentCommand, PaymentId, Refusal};
use event_log::hex;
use interchange::pain::{
    ReportedStatus, StatusReport, instruction_ids, read_status, reason_in_words, status_in_words,
};
use serde::Serialize;

use crate::error::AppError;
use crate::import::{Hashing, file_name};
use crate::ledger::{ATTEMPTS_MAX, LEDGER_SUBJECT, Ledger};
use crate::query::PaymentItem;
use crate::session::{Executed, Purpose, Session};
use crate::texts::ReasonText;

/// What came of a report.
#[derive(Debug, Clone)]
pub struct StatusTaken {
    /// The file of payments that it is about.
    pub file: u64,
    /// What it says of each payment, with what became of it.
    pub payments: Vec<StatusItem>,
    /// It was taken in before: nothing was done now.
    pub taken_before: bool,
    /// How many payments were taken back now.
    pub taken_back: u64,
    /// What was taken back before, and the bank says now that it goes on with.
    pub not_stopped: Vec<NotStopped>,
}

/// A payment that was taken back from its file, and with which the bank goes on.
#[derive(Debug, Clone)]
pub struct NotStopped {
    /// What the bank says.
    pub said: StatusItem,
    /// The payment that pays the same anew.
    pub paid_by: Option<CreditorReference>,
}

/// What a report says of one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusItem {
    /// Its number.
    pub payment: Option<u64>,
    /// Whose.
    pub partner: String,
    /// What stands on it at the bank.
    pub reference: String,
    /// How much, in euro.
    pub total: money::Eur,
    /// How far it has come, as the bank says: a code.
    pub status: String,
    /// The same in words.
    pub meaning: &'static str,
    /// Why, as codes.
    pub reasons: String,
    /// The same in words.
    pub why: String,
    /// How far it has come here.
    pub state: PaymentState,
}

/// What was found out about a report.
struct Said {
    file: u64,
    sha256: FileDigest,
    payments: Vec<(PartnerCode, StatusOfPayment)>,
}

impl Ledger {
    /// Takes a payment status report in: what it says is noted, and payments that the bank does not make are taken back, so
    /// that what they were to pay is due again. All of it or nothing; the same report again changes nothing.
    pub async fn take_payment_status(&self, path: &Path, dry_run: bool) -> Result<StatusTaken, AppError> {
        let name = file_name(path, "report");
        let file = File::open(path).map_err(AppError::io(format!("{name} cannot be opened")))?;
        let mut hashing = Hashing::of(file);
        let report = read_status(&name, BufReader::new(&mut hashing))?;
        let sha256 = hashing.finish().map_err(AppError::io(format!("{name} cannot be read")))?;
        let (files, _) = self.payment_files_and_events().await?;
        let order = report.order.to_ascii_lowercase();
        let Some(filed) = files.iter().find(|file| file.message.simple().to_string() == order) else {
            let detail = format!(
                "{name} is about the order {}, which is no file of this ledger: `svala payment files` shows all",
                shown(&report.order)
            );
            return Err(AppError::Refused(Refusal::new("unknown-order", detail)));
        };
        let taken_before = files.has_report(FileDigest(sha256));
        let payments = self.said_of(&name, filed, &report).await?;
        let said = Said { file: filed.file, sha256: FileDigest(sha256), payments };
        let codes: BTreeSet<PartnerCode> = said.payments.iter().map(|(code, _)| code.clone()).collect();
        let before = self.partners_and_events(&codes.into_iter().collect::<Vec<_>>()).await?;
        if !taken_before {
            self.note_status(&said, dry_run).await?;
        }
        let mut items = Vec::with_capacity(said.payments.len());
        let (mut taken_back, mut not_stopped) = (0, Vec::new());
        for (code, of) in &said.payments {
            let payments = before.iter().find(|(partner, _)| partner.code == *code);
            let payments = payments.map(|(partner, _)| &partner.payments);
            let known = payments.and_then(|payments| Some((payments, payments.get(of.payment)?)));
            let PaymentItem { payment, partner, reference, total, state, .. } =
                self.payment_detail(code, of.payment).await?.item;
            let (status, meaning) = (of.status.to_string(), status_in_words(of.status));
            let reasons = of.reasons.iter().map(IsoCode::to_string).collect::<Vec<_>>().join(" ");
            let why = why(&of.reasons);
            let item =
                StatusItem { payment, partner, reference, total, status, meaning, reasons, why, state };
            match known.filter(|_| !taken_before) {
                Some((payments, known)) if known.state == PaymentState::Recalled && !of.is_not_made() => {
                    let paid_by = payments.paid_again(known).map(|again| again.reference.clone());
                    not_stopped.push(NotStopped { said: item.clone(), paid_by });
                }
                Some((_, known)) => {
                    taken_back += u64::from(known.state != state && state == PaymentState::Recalled);
                }
                None => {}
            }
            items.push(item);
        }
        Ok(StatusTaken { file: said.file, payments: items, taken_before, taken_back, not_stopped })
    }

    /// What a report says of each payment of the file: what it says of that one, else of its instruction, else of all.
    async fn said_of(
        &self,
        name: &str,
        filed: &PaymentFileWritten,
        report: &StatusReport,
    ) -> Result<Vec<(PartnerCode, StatusOfPayment)>, AppError> {
        let codes: BTreeSet<PartnerCode> = filed.payments.iter().map(|of| of.partner.clone()).collect();
        let codes: Vec<PartnerCode> = codes.into_iter().collect();
        let partners = self.partners_and_events(&codes).await?;
        let payment = |code: &PartnerCode, id: PaymentId| {
            partners.iter().find(|(partner, _)| partner.code == *code)?.0.payments.get(id)
        };
        let known: Vec<_> = filed.payments.iter().filter_map(|of| payment(&of.partner, of.payment)).collect();
        let accounts: Vec<_> = known.iter().map(|of| (LEDGER_SUBJECT, of.account)).collect();
        let accounts = self.reveal::<PaymentDetails>(&accounts).await?;
        // Without one of its accounts a file's instructions cannot be told apart any more.
        let accounts: Option<Vec<_>> = accounts.iter().map(|of| of.as_ref().map(|of| &of.account)).collect();
        let instructions = accounts.map_or_else(Vec::new, |of| instruction_ids(filed.message, of));
        let by_reference: HashMap<String, usize> =
            (0..).zip(&known).map(|(place, of)| (of.reference.to_string(), place)).collect();

        let mut said: Vec<Option<ReportedStatus>> = vec![None; known.len()];
        let mut reasons = Vec::new();
        let unknown = |what: &str, reference: &str| {
            let detail = format!("{name}: {what} {} does not stand in file {}", shown(reference), filed.file);
            Refusal::new("unknown-reference", detail).reasons
        };
        // A whole that is accepted in part says nothing of a part of which it does not speak.
        let of_whole =
            |of: &ReportedStatus| of.status.filter(|status| !is_in_part(*status)).map(|_| of.clone());
        if let Some(whole) = of_whole(&report.group) {
            said.fill(Some(whole));
        }
        for instruction in &report.instructions {
            let of_it = || (0..).zip(&instructions).filter(|(_, id)| **id == instruction.id);
            if of_it().next().is_none() {
                reasons.extend(unknown("the payment instruction", &instruction.id));
                continue;
            }
            if let Some(whole) = of_whole(&instruction.said) {
                for (place, _) in of_it() {
                    let place: usize = place;
                    said.get_mut(place).into_iter().for_each(|of| *of = Some(whole.clone()));
                }
            }
        }
        let mut named = BTreeSet::new();
        for of in report.instructions.iter().flat_map(|instruction| &instruction.payments) {
            let Some(place) = by_reference.get(&of.reference).copied() else {
                reasons.extend(unknown("the payment", &of.reference));
                continue;
            };
            if !named.insert(place) {
                let detail = format!("{name}: the payment {} is named twice", shown(&of.reference));
                reasons.extend(Refusal::new("named-twice", detail).reasons);
            }
            if let (Some(to), Some(_)) = (said.get_mut(place), of.said.status) {
                *to = Some(of.said.clone());
            }
        }
        if !reasons.is_empty() {
            return Err(AppError::Refused(Refusal { reasons }));
        }
        let payments = filed.payments.iter().zip(said).filter_map(|(filed, of)| {
            let ReportedStatus { status, reasons } = of?;
            let status = StatusOfPayment { payment: filed.payment, status: status?, reasons };
            Some((filed.partner.clone(), status))
        });
        let payments: Vec<_> = payments.collect();
        if payments.is_empty() {
            let detail = format!("{name} says nothing of the payments of file {}", filed.file);
            return Err(AppError::Refused(Refusal::new("nothing-said", detail)));
        }
        Ok(payments)
    }

    /// Writes what was said, and takes back what the bank does not make.
    async fn note_status(&self, said: &Said, dry_run: bool) -> Result<(), AppError> {
        let rules = Rules::embedded().map_err(|error| AppError::Usage(error.to_string()))?;
        let rules = rules.under(&self.rulebook);
        let (file, sha256) = (said.file.to_string(), hex::encode(&said.sha256.0));
        let request = ["payment-status", file.as_str(), &sha256, self.actor()];
        let statuses: Vec<StatusOfPayment> = said.payments.iter().map(|(_, of)| of.clone()).collect();
        let purpose = if dry_run { Purpose::DryRun } else { Purpose::Write };
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, purpose);
            self.current().await?;
            session.load_all_of_bank().await?;
            session.load_partners(said.payments.iter().map(|(code, _)| code.clone())).await?;
            session.load_own_key().await?;
            let revision = session.load_reconciliation().await? + session.load_payment_files().await?;
            let looked = self.look_at_bank().await?;
            let executed = session.try_at(revision, &request, |session, draft| {
                session.rest_on_accounts(draft);
                let mut recalls = Vec::new();
                for (code, of) in said.payments.iter().filter(|(_, of)| of.is_not_made()) {
                    let payment = of.payment;
                    let known = session.partner(code).and_then(|partner| partner.payments.get(payment));
                    // What is taken back already, or came back, is due again.
                    if known.is_none_or(|known| known.state != PaymentState::Instructed) {
                        continue;
                    }
                    let settled = Settled::Payment { partner: code.clone(), payment };
                    let matched = session.settled_by(draft, &settled)?;
                    let shown = looked.shown(&settled, &rules);
                    let shown = shown.line.or(shown.in_part.first().map(|(number, ..)| *number));
                    let reason = ReasonText { reason: rejected(of) };
                    let reason = session.seal_own(draft, &reason)?;
                    let (in_part, rejected) = (Vec::new(), true);
                    let command =
                        PaymentCommand::Recall { payment, reason, matched, shown, in_part, rejected };
                    recalls.push((code.clone(), PartnerCommand::Payment(command)));
                }
                session.on_payment_status(draft, (said.file, said.sha256), &statuses, &recalls)
            });
            match executed.await? {
                Executed::Now | Executed::Before => return Ok(()),
                Executed::Late => {}
            }
        }
        Err(AppError::always_second())
    }
}

/// Accepted in part, which of a whole says nothing of each of its parts.
fn is_in_part(status: IsoCode) -> bool {
    matches!(status.as_str(), "PART" | "PATC")
}

/// Why the bank does not make a payment, as it stands with what took it back.
fn rejected(of: &StatusOfPayment) -> String {
    let why = why(&of.reasons);
    let codes: Vec<&str> = of.reasons.iter().map(IsoCode::as_str).collect();
    let because = match why.as_str() {
        "" if codes.is_empty() => String::new(),
        "" => format!(": {}", codes.join(" ")),
        words => format!(": {} ({words})", codes.join(" ")),
    };
    format!("{} by the bank{because}", if of.status.as_str() == "RJCT" { "rejected" } else { "cancelled" })
}

/// Reasons in words.
fn why(reasons: &[IsoCode]) -> String {
    let words: Vec<&str> =
        reasons.iter().map(|code| reason_in_words(*code)).filter(|words| !words.is_empty()).collect();
    words.join("; ")
}

/// A reference from a file, safe to be shown.
fn shown(reference: &str) -> String {
    reference.escape_debug().to_string()
}
