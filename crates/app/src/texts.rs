//! The texts that live in the vault, and how they are read.

use std::collections::HashMap;

use domain::bank::ReferenceKind;
use domain::claim::{Alike, RECEIPT_ALIKE, SUPPLIER};
use domain::{SubjectId, TextId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

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

/// A receipt's number as it is compared, in two ways that may come to the same: without what stands between its letters and
/// digits, and without the zeros in front of each number, be it read as it is grouped or as a whole.
fn plain_numbers(receipt_no: &str) -> [String; 2] {
    let plain: String = receipt_no.nfkc().flat_map(char::to_lowercase).map(in_western_digits).collect();
    let without_signs = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let as_grouped = without_signs(&without_leading_zeros(&plain));
    let as_a_whole = without_leading_zeros(&without_signs(&plain));
    // A number of signs alone is itself.
    [as_grouped, as_a_whole].map(|number| if number.is_empty() { plain.clone() } else { number })
}

/// A digit as the scripts write it in which suppliers of the destinations number receipts: Arabic, Persian, Bengali.
fn in_western_digits(c: char) -> char {
    let zeros = ['\u{660}', '\u{6f0}', '\u{9e6}'];
    let mut values = zeros.iter().filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero)));
    values.find_map(|value| char::from_digit(value, 10)).unwrap_or(c)
}

fn without_leading_zeros(text: &str) -> String {
    let (mut plain, mut in_number) = (String::with_capacity(text.len()), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let leads = c == '0' && !in_number && chars.peek().is_some_and(char::is_ascii_digit);
        if !leads {
            in_number = c.is_ascii_digit();
            plain.push(c);
        }
    }
    plain
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
    /// The keyed digests of a receipt, however its supplier and number are spelled: another spelling has one of them too.
    pub(crate) fn alike(&self, supplier: &str, receipt_no: &str) -> Box<Alike> {
        let supplier = plain_supplier(&supplier.nfkc().collect::<String>());
        let digest = |number: String| self.key_digest(RECEIPT_ALIKE, &[&supplier, &number]);
        let [grouped, whole] = plain_numbers(receipt_no).map(digest);
        let receipts = if grouped == whole { vec![grouped] } else { vec![grouped, whole] };
        Box::new(Alike { supplier: self.key_digest(SUPPLIER, &[&supplier]), receipts })
    }

    /// The first of these texts that gives this reason: where two things alike can both be meant, it tells them apart.
    pub(crate) async fn with_reason(
        &self,
        texts: &[(SubjectId, TextId)],
        text: &ReasonText,
    ) -> Result<Option<usize>, AppError> {
        let known = self.reveal::<ReasonText>(texts).await?;
        Ok(known.iter().position(|known| known.as_ref().is_some_and(|known| known.reason == text.reason)))
    }

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

#[cfg(test)]
mod tests {
    use super::plain_numbers;

    fn same(one: &str, other: &str) -> bool {
        plain_numbers(one).iter().any(|number| plain_numbers(other).contains(number))
    }

    #[test]
    fn one_receipt_number_in_many_spellings() {
        for other in
            ["r 12", "R12", "r-0012", "R/12", "Ｒ－１２", "R.12", "R-١٢", "R_12", "R‑12", "R–12", "R\u{a0}12"]
        {
            assert!(same("R-12", other), "{other}");
        }
        for other in ["INV2024007", "inv 2024 7", "INV-2024/007", "INV-2024-7"] {
            assert!(same("INV-2024-007", other), "{other}");
        }
        assert!(same("000", "0") && same("---", "---"));
    }

    #[test]
    fn other_numbers_stay_others() {
        for [one, other] in [
            ["R-12", "R-120"],
            ["R-12", "R-102"],
            ["R-12", "S-12"],
            ["10", "1"],
            ["---", "--"],
            ["12a", "12b"],
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
