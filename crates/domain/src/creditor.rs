//! The creditor reference (ISO 11649): what stands on a payment, so that the line of the bank finds its way back.
//!
//! `RF`, two check digits (mod 97), and up to 21 letters and digits. The check finds every digit taken for another, every
//! letter taken for another, and every swap of two digits or of two letters; of other mistakes all but one in 97.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest part behind the check digits, in characters.
const BODY_MAX: usize = 21;
/// Letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random characters of a payment's reference, each of 5 bits.
const RANDOM_CHARACTERS: usize = 12;

/// A creditor reference, written without spaces: `RF71P7K3M9PQ4XW2T`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CreditorReference(String);

/// A text that is no creditor reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACreditorReference {
    /// Other characters or another length.
    #[error("a creditor reference is RF, two digits, and 1 to 21 letters and digits")]
    Form,
    /// Something was mistyped.
    #[error(
        "the check digits of the creditor reference do not fit: a character is wrong, missing or too many, or two are swapped"
    )]
    Check,
}

impl CreditorReference {
    /// The reference of a new payment: `P` and 60 random bits; the others are ignored.
    pub fn from_random(bits: u64) -> Self {
        let random = (0..RANDOM_CHARACTERS).map(|index| {
            let digit = (bits >> (5 * index)) as u8 & 31;
            char::from(ALPHABET[usize::from(digit)])
        });
        Self::of(&std::iter::once('P').chain(random).collect::<String>())
    }

    /// The reference with this part behind the check digits, which are capital letters and digits.
    pub(crate) fn of(body: &str) -> Self {
        Self(format!("RF{:02}{body}", 98 - remainder(body.chars().chain("RF00".chars()))))
    }

    /// The reference, as it stands in a payment.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The remainder by 97 of what the characters spell, a letter as two digits.
fn remainder(characters: impl Iterator<Item = char>) -> u32 {
    characters.fold(0, |remainder, character| match character.to_digit(36).unwrap_or_default() {
        digit @ 0..10 => (remainder * 10 + digit) % 97,
        letter => (remainder * 100 + letter) % 97,
    })
}

impl FromStr for CreditorReference {
    type Err = NotACreditorReference;

    /// Reads a reference as people and banks write it: any case, with or without spaces.
    fn from_str(text: &str) -> Result<Self, NotACreditorReference> {
        let plain: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        let Some((digits, body)) = plain.strip_prefix("RF").and_then(|rest| rest.split_at_checked(2)) else {
            return Err(NotACreditorReference::Form);
        };
        let form = digits.bytes().all(|c| c.is_ascii_digit())
            && (1..=BODY_MAX).contains(&body.len())
            && body.bytes().all(|c| c.is_ascii_alphanumeric());
        if !form {
            return Err(NotACreditorReference::Form);
        }
        match remainder(body.chars().chain("RF".chars()).chain(digits.chars())) {
            1 => Ok(Self(plain)),
            _ => Err(NotACreditorReference::Check),
        }
    }
}

impl TryFrom<String> for CreditorReference {
    type Error = NotACreditorReference;

    fn try_from(text: String) -> Result<Self, NotACreditorReference> {
        text.parse()
    }
}

impl From<CreditorReference> for String {
    fn from(reference: CreditorReference) -> Self {
        reference.0
    }
}

impl fmt::Display for CreditorReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_as_written_and_as_typed(bits: u64) {
            let reference = CreditorReference::from_random(bits);
            prop_assert_eq!(reference.as_str().len(), 17);
            prop_assert_eq!(reference.to_string().parse(), Ok(reference.clone()));
            let typed = reference.as_str().to_lowercase().split_inclusive(|_| true).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(typed.parse(), Ok(reference));
        }

        #[test]
        fn finds_what_is_mistaken_for_its_like(bits: u64, at in 4_usize..17, other in 0_usize..32) {
            let reference = CreditorReference::from_random(bits);
            let bytes = reference.as_str().as_bytes();
            let alike = |one: u8, other: u8| one != other && one.is_ascii_digit() == other.is_ascii_digit();
            let mut changed: Vec<Vec<u8>> = Vec::new();
            if alike(bytes[at], ALPHABET[other]) {
                changed.push(bytes.to_vec());
                changed[0][at] = ALPHABET[other];
            }
            if at < 16 && alike(bytes[at], bytes[at + 1]) {
                let mut swapped = bytes.to_vec();
                swapped.swap(at, at + 1);
                changed.push(swapped);
            }
            for text in changed {
                let text = String::from_utf8(text).unwrap();
                prop_assert_eq!(text.parse::<CreditorReference>(), Err(NotACreditorReference::Check), "{}", text);
            }
        }
    }

    /// The example of the European Payments Council's guidance.
    #[test]
    fn a_reference_from_outside_is_read() {
        assert!("RF18 5390 0754 7034".parse::<CreditorReference>().is_ok());
        assert_eq!("RF19 5390 0754 7034".parse::<CreditorReference>(), Err(NotACreditorReference::Check));
        for text in
            ["", "RF", "RF18", "RFX85390", "RF18-539", "XX185390", "RF18ÅÄÖ", "RF180123456789012345678901"]
        {
            assert_eq!(text.parse::<CreditorReference>(), Err(NotACreditorReference::Form), "{text}");
        }
    }
}
