//! Files of payments: made once, and made again from the log, byte for byte.

use std::collections::BTreeSet;

use domain::ids::FileDigest;
use domain::partner::PaymentDetails;
use domain::payment::{
    NewPaymentFile, PainVersion, Payment, PaymentFileWritten, PaymentState, may_execute_on, ready,
};
use domain::{CreditorReference, PartnerCode, PaymentId, TextId};
use event_log::hex;
use interchange::pain::{self, Debtor, Initiation, InitiationFile, Rewritten, Transfer};
use jiff::Timestamp;
use jiff::civil::Date;
use money::Eur;
use sha2::{Digest, Sha256};

use super::{may_be_transferred_to, no_file};
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::session::{About, Draft, Purpose, Session};

/// What a file is to be.
#[derive(Debug, Clone)]
pub struct FileAsked {
    /// The version of the message.
    pub version: PainVersion,
    /// Whose account pays.
    pub debtor: Debtor,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// The day may be farther ahead than banks keep an order.
    pub far_ahead: bool,
    /// Record nothing.
    pub dry_run: bool,
    /// The payments; none for all that are approved and may be paid by who asks.
    pub payments: Vec<(PartnerCode, PaymentId)>,
}

/// A file that was made.
#[derive(Debug, Clone)]
pub struct PaymentFileMade {
    /// Its number; 0 of a dry run.
    pub number: u64,
    /// The version of the message.
    pub version: PainVersion,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256.
    pub sha256: FileDigest,
    /// The payments, in the order of the file.
    pub payments: Vec<(PartnerCode, PaymentId)>,
    /// Their sum.
    pub total: Eur,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// Names that are written in other characters.
    pub rewritten: Vec<Rewritten>,
    /// Approved payments that are not in it, each with the reason.
    pub left_out: Vec<String>,
    /// Payments in it that were taken back from it since, or came back.
    pub taken_back: Vec<CreditorReference>,
}

impl Ledger {
    /// Makes a file of payments and records it with its hash: from then on they count as paid and stand in no other file.
    /// A dry run makes the same file, and records nothing.
    pub async fn make_payment_file(&self, asked: FileAsked) -> Result<PaymentFileMade, AppError> {
        may_execute_on(self.today(), asked.execute_on, asked.far_ahead)?;
        if pain::is_lost(asked.debtor.name.as_str()) {
            let said = "--debtor-name has letters that no bank takes: give it in Latin letters, as the bank writes it";
            return Err(AppError::Usage(said.to_owned()));
        }
        self.open_account_with(&asked.debtor.iban.to_string(), asked.execute_on).await?;
        let (payments, left_out) = match asked.payments.is_empty() {
            true => self.payable_now(asked.execute_on).await?,
            false => (asked.payments.clone(), Vec::new()),
        };
        if let ([], Some(first)) = (payments.as_slice(), left_out.first()) {
            return Err(AppError::Refused(domain::Refusal::new("nothing-to-pay", first)));
        }
        let codes: Vec<PartnerCode> =
            payments.iter().map(|(code, _)| code.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let cases = self.payable_cases(&codes).await?;
        let message = self.environment.new_id()?;
        let created_at = self.now_to_the_second();
        let mut orders = Vec::with_capacity(payments.len());
        for (partner, _) in self.partners_and_events(&codes).await? {
            for (code, id) in payments.iter().filter(|(code, _)| *code == partner.code) {
                orders.extend(partner.payments.get(*id).map(|payment| (code.clone(), *id, payment.clone())));
            }
        }
        let content = Initiation {
            version: asked.version,
            message,
            created_at,
            execute_on: asked.execute_on,
            transfers: self.transfers(&orders).await?,
            debtor: asked.debtor,
        };
        for ((code, ..), transfer) in orders.iter().zip(&content.transfers) {
            may_be_transferred_to(code, &transfer.to)?;
        }
        let named: Vec<(PartnerCode, PaymentId)> =
            orders.iter().map(|(code, id, _)| (code.clone(), *id)).collect();
        let made = match orders.is_empty() {
            // Refused below.
            true => InitiationFile { bytes: Vec::new(), total: Eur::ZERO, rewritten: Vec::new() },
            false => pain::write(&content).map_err(unwritable)?,
        };
        let sha256 = digest(&made.bytes);
        let words = message.to_string();
        let about = About::PaymentFile(codes, cases.clone());
        let decide = |session: &mut Session<'_>, draft: &mut Draft| {
            let new = NewPaymentFile {
                message,
                version: content.version,
                created_at,
                today: self.today(),
                execute_on: content.execute_on,
                debtor: session.seal_own(draft, &content.debtor)?,
                payments: named.clone(),
                sha256,
            };
            session.on_payment_file(draft, &new, &cases)
        };
        if asked.dry_run {
            let mut session = Session::new(self, Purpose::DryRun);
            session.load_about(&about).await?;
            let mut draft = session.draft(0, &["payment-file", &words], 0);
            let decided = decide(&mut session, &mut draft)?;
            decided.map_err(|refused| AppError::Refused(refused.refusal))?;
        } else {
            self.execute_about(about, &["payment-file", &words], decide).await?;
        }
        let (files, _) = self.payment_files_and_events().await?;
        let number = files.iter().find(|file| file.message == message).map_or(0, |file| file.file);
        Ok(PaymentFileMade {
            number,
            version: content.version,
            sha256,
            payments: named,
            total: made.total,
            execute_on: content.execute_on,
            bytes: made.bytes,
            rewritten: made.rewritten,
            left_out,
            taken_back: Vec::new(),
        })
    }

    /// Makes a file of payments again, and demands that it has the bytes that were recorded.
    pub async fn remake_payment_file(&self, number: u64) -> Result<PaymentFileMade, AppError> {
        let (files, _) = self.payment_files_and_events().await?;
        let file = files.get(number).ok_or_else(|| no_file(number))?;
        let codes: Vec<PartnerCode> = file
            .payments
            .iter()
            .map(|filed| filed.partner.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let partners = self.partners_and_events(&codes).await?;
        let mut orders = Vec::with_capacity(file.payments.len());
        for filed in &file.payments {
            let partner = partners.iter().find(|(partner, _)| partner.code == filed.partner);
            let payment = partner.and_then(|(partner, _)| partner.payments.get(filed.payment));
            orders.extend(payment.map(|payment| (filed.partner.clone(), filed.payment, payment.clone())));
        }
        let not_made = [PaymentState::Recalled, PaymentState::Returned];
        let taken_back = orders.iter().filter(|(.., payment)| not_made.contains(&payment.state));
        let taken_back = taken_back.map(|(.., payment)| payment.reference.clone()).collect();
        let debtor = self.reveal::<Debtor>(&[(LEDGER_SUBJECT, file.debtor)]).await?.pop().flatten();
        let content = Initiation {
            version: file.version,
            message: file.message,
            created_at: file.created_at,
            execute_on: file.execute_on,
            transfers: self.transfers(&orders).await?,
            debtor: debtor.ok_or_else(|| gone(file))?,
        };
        let made = pain::write(&content).map_err(unwritable)?;
        let sha256 = digest(&made.bytes);
        if sha256 != file.sha256 {
            return Err(AppError::Usage(format!(
                "file {number} of payments was made by another version of this program and comes out with other bytes: its SHA-256 was {}",
                hex::encode(&file.sha256.0)
            )));
        }
        Ok(PaymentFileMade {
            number,
            bytes: made.bytes,
            sha256,
            version: file.version,
            payments: orders.into_iter().map(|(code, id, _)| (code, id)).collect(),
            total: file.total,
            execute_on: file.execute_on,
            rewritten: made.rewritten,
            left_out: Vec::new(),
            taken_back,
        })
    }

    /// All approved payments that may be paid by who asks, in the order in which they were proposed; and why not the others.
    async fn payable_now(&self, day: Date) -> Result<(Vec<(PartnerCode, PaymentId)>, Vec<String>), AppError> {
        let codes = self.partner_codes().await?;
        let cases = self.payable_cases(&codes).await?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_to_pay(&codes, &cases).await?;
        let by = session.by()?;
        let (mut payable, mut left_out) = (Vec::new(), Vec::new());
        for code in codes {
            let Some(partner) = session.partner(&code) else { continue };
            let approved: Vec<PaymentId> = partner
                .payments
                .iter()
                .filter(|(_, payment)| payment.state == PaymentState::Approved)
                .map(|(id, _)| id)
                .collect();
            if approved.is_empty() {
                continue;
            }
            let standing = session.standing(&code, &cases, day)?;
            for id in approved {
                match ready(partner, id, &standing, &by) {
                    Ok(_) => payable.push((code.clone(), id)),
                    Err(refusal) => left_out.push(refusal.to_string()),
                }
            }
        }
        Ok((payable, left_out))
    }

    /// The transfers of payments, with the accounts that were in force when they were proposed.
    async fn transfers(
        &self,
        orders: &[(PartnerCode, PaymentId, Payment)],
    ) -> Result<Vec<Transfer>, AppError> {
        let texts: Vec<(_, TextId)> =
            orders.iter().map(|(.., payment)| (LEDGER_SUBJECT, payment.account)).collect();
        let accounts = self.reveal::<PaymentDetails>(&texts).await?;
        let transfer =
            |((code, _, payment), to): (&(PartnerCode, PaymentId, Payment), Option<PaymentDetails>)| {
                let to = to.ok_or_else(|| {
                    AppError::Store(event_log::StoreError::Damaged(format!(
                        "the account of {code} is missing"
                    )))
                })?;
                Ok(Transfer { reference: payment.reference.clone(), eur: payment.total, to })
            };
        orders.iter().zip(accounts).map(transfer).collect()
    }

    fn now_to_the_second(&self) -> Timestamp {
        let now = Timestamp::from_microsecond(self.environment.now()).unwrap_or_default();
        Timestamp::from_second(now.as_second()).unwrap_or_default()
    }
}

fn digest(bytes: &[u8]) -> FileDigest {
    FileDigest(Sha256::digest(bytes).into())
}

fn unwritable(error: pain::PainError) -> AppError {
    AppError::Usage(error.to_string())
}

fn gone(file: &PaymentFileWritten) -> AppError {
    AppError::Store(event_log::StoreError::Damaged(format!(
        "the account that pays file {} of payments is missing",
        file.file
    )))
}
