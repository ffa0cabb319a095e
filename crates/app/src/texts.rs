//! The texts that live in the vault, and how they are read.

use std::collections::HashMap;

use domain::bank::ReferenceKind;
use domain::{SubjectId, TextId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::ledger::Ledger;

/// What stands in a listing where a text was erased.
pub(crate) const ERASED: &str = "(erased)";

/// The authority's own key for a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CaseText {
    pub external_ref: String,
}

/// What a receipt says beside its amount.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReceiptText {
    pub supplier: String,
    pub receipt_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A supplier's name as it is compared, however it is spaced or capitalised.
pub(crate) fn plain_supplier(supplier: &str) -> String {
    supplier.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The reference of a payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaymentText {
    pub payment_ref: String,
}

/// The text of a claim or fee, or of a payment.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum AnyText {
    Receipt(ReceiptText),
    Payment(PaymentText),
}

impl AnyText {
    /// The number of the receipt or the reference of the payment, and the supplier if there is one.
    pub(crate) fn words(text: Option<&Self>) -> (String, String) {
        match text {
            Some(Self::Receipt(text)) => (text.receipt_no.clone(), text.supplier.clone()),
            Some(Self::Payment(text)) => (text.payment_ref.clone(), String::new()),
            None => (ERASED.to_owned(), ERASED.to_owned()),
        }
    }
}

/// Why somebody did something, in their own words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReasonText {
    pub reason: String,
}

/// The number of an account of the authority.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccountText {
    pub number: String,
}

/// What a bank calls a statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StatementText {
    pub statement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a line of a statement says beside its figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LineText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remittance: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<(ReferenceKind, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub information: Option<String>,
}

/// The name of an imported file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FileText {
    pub name: String,
}

impl Ledger {
    /// Opens texts, in the order asked for; `None` where the text or its person's key was erased.
    pub(crate) async fn reveal<T: DeserializeOwned>(
        &self,
        wanted: &[(SubjectId, TextId)],
    ) -> Result<Vec<Option<T>>, AppError> {
        const PAGE: usize = 2_000;
        let mut keys = HashMap::new();
        let mut revealed = Vec::with_capacity(wanted.len());
        for page in wanted.chunks(PAGE) {
            let mut subjects: Vec<_> =
                page.iter().map(|(s, _)| s.0).filter(|s| !keys.contains_key(s)).collect();
            subjects.sort_unstable();
            subjects.dedup();
            let ids: Vec<_> = page.iter().map(|(_, text)| text.0).collect();
            // Neither waits for the other.
            let (wrapped, sealed) = tokio::join!(self.store.subject_keys(&subjects), self.store.texts(&ids));
            for (subject, wrapped) in subjects.iter().zip(wrapped?) {
                let key = wrapped.map(|wrapped| self.key.unwrap(*subject, &wrapped)).transpose()?;
                keys.insert(*subject, key);
            }
            for ((subject, _), sealed) in page.iter().zip(sealed?) {
                let text = match (keys.get(&subject.0), sealed) {
                    (Some(Some(key)), Some(sealed)) => {
                        let bytes = key.open(subject.0, &sealed.bytes)?;
                        let text = serde_json::from_slice(&bytes);
                        Some(text.map_err(|_| AppError::Vault(vault::VaultError::TextUnreadable))?)
                    }
                    _ => None,
                };
                revealed.push(text);
            }
        }
        Ok(revealed)
    }
}
