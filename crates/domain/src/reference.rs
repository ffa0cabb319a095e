//! The case reference: what outsiders see of a case.
//!
//! Eight characters such as `7K3M-9PQ4`: seven random ones from Crockford's base 32 (no I, L, O, U, so it can be
//! read out over a bad line) and a check character by Damm's method over GF(32). That finds every single wrong
//! character and every swap of two neighbours, which a plain Luhn sum would not. As an ISO 11649 reference it can
//! stand on a payment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::creditor::CreditorReference;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// A short, speakable name of a case, with a check character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CaseReference([u8; LENGTH]);

/// A text that is no case reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAReference {
    /// Wrong length or characters.
    #[error("a case reference is eight letters and digits, such as 7K3M-9PQ4")]
    Form,
    /// The check character does not fit: something was mistyped.
    #[error("the check character does not fit: a character is wrong or two are swapped")]
    Check,
}

impl CaseReference {
    /// Makes a reference of 35 random bits; the others are ignored.
    pub fn from_random(bits: u64) -> Self {
        let mut text = [0; LENGTH];
        let mut interim = 0;
        for (index, character) in text[..LENGTH - 1].iter_mut().enumerate() {
            let digit = (bits >> (5 * index)) as u8 & 31;
            *character = ALPHABET[usize::from(digit)];
            interim = step(interim, digit);
        }
        text[LENGTH - 1] = ALPHABET[usize::from(interim)];
        Self(text)
    }

    /// The eight characters without a dash, as stored and as sent to banks.
    pub fn as_str(&self) -> &str {
        // Only characters of the alphabet can be inside.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The reference as an ISO 11649 creditor reference: `RF`, two check digits (mod 97), the eight characters.
    pub fn payment_reference(&self) -> String {
        CreditorReference::of(self.as_str()).to_string()
    }
}

/// One step of Damm's method with the quasigroup `x ∘ y = 2(x + y)` over GF(32), reduced by x⁵ + x² + 1.
fn step(interim: u8, digit: u8) -> u8 {
    let doubled = (interim ^ digit) << 1;
    if doubled & 32 == 0 { doubled } else { doubled ^ 0b10_0101 }
}

impl FromStr for CaseReference {
    type Err = NotAReference;

    /// Reads a reference as people type it: any case, with or without dashes and spaces, O for 0, I or L for 1.
    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let mut characters = [0; LENGTH];
        let mut length = 0;
        let mut interim = 0;
        for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            };
            let digit = ALPHABET.iter().position(|a| char::from(*a) == c).ok_or(NotAReference::Form)?;
            *characters.get_mut(length).ok_or(NotAReference::Form)? = ALPHABET[digit];
            length += 1;
            // The check character is the interim digit itself, so the sum over all eight ends at zero.
            interim = step(interim, digit as u8);
        }
        match (length, interim) {
            (LENGTH, 0) => Ok(Self(characters)),
            (LENGTH, _) => Err(NotAReference::Check),
            _ => Err(NotAReference::Form),
        }
    }
}

impl fmt::Display for CaseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = self.as_str().split_at(4);
        f.pad(&format!("{left}-{right}"))
    }
}

impl From<CaseReference> for String {
    fn from(reference: CaseReference) -> Self {
        reference.as_str().to_owned()
    }
}

impl TryFrom<String> for CaseReference {
    type Error = NotAReference;

    fn try_from(text: String) -> Result<Self, NotAReference> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_as_written_and_as_typed(bits: u64) {
            let reference = CaseReference::from_random(bits);
            prop_assert_eq!(reference.to_string().parse(), Ok(reference));
            prop_assert_eq!(reference.as_str().to_lowercase().replace('0', "o").replace('1', "l").parse(), Ok(reference));
        }

        #[test]
        fn finds_every_wrong_character_and_every_swap_of_neighbours(bits: u64, at in 0_usize..LENGTH, other in 0_usize..32) {
            let reference = CaseReference::from_random(bits);
            let mut wrong = reference.0;
            wrong[at] = ALPHABET[other];
            if wrong != reference.0 {
                let text = std::str::from_utf8(&wrong).unwrap();
                prop_assert_eq!(text.parse::<CaseReference>(), Err(NotAReference::Check));
            }
            let mut swapped = reference.0;
            swapped.swap(at.min(LENGTH - 2), at.min(LENGTH - 2) + 1);
            if swapped != reference.0 {
                let text = std::str::from_utf8(&swapped).unwrap();
                prop_assert_eq!(text.parse::<CaseReference>(), Err(NotAReference::Check));
            }
        }

        #[test]
        fn the_payment_reference_has_remainder_one(bits: u64) {
            let reference = CaseReference::from_random(bits).payment_reference();
            let (head, body) = reference.split_at(4);
            let number = format!("{body}{head}").chars().fold(String::new(), |n, c| n + &c.to_digit(36).unwrap().to_string());
            prop_assert_eq!(number.bytes().fold(0_u32, |r, d| (r * 10 + u32::from(d - b'0')) % 97), 1);
        }
    }

    #[test]
    fn another_form_is_refused() {
        for text in ["", "7K3M", "7K3M-9PQ4-2", "7K3M-9PQ!", "MV-03-00001", "ÅÄÖ"] {
            assert_eq!(text.parse::<CaseReference>(), Err(NotAReference::Form), "{text}");
        }
    }
}
