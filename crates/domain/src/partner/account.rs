//! Where a partner is paid. The holder of an account may be a person, so this lives in the vault, never in an event.

use std::fmt;
use std::str::FromStr;

use iban::IbanLike;
use serde::{Deserialize, Serialize};

use rulebook::Country;

use super::name::Name;
use super::sepa::is_sepa;

/// Characters of an account that listings show.
const SHOWN: usize = 4;

/// An international account number (ISO 13616) whose length, form and check digits are those of its country. Written
/// without spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Iban(String);

/// A text that is no IBAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIban {
    /// Other characters or another length than any IBAN has.
    #[error(
        "an IBAN is a country, two check digits and up to 30 letters and digits, such as SE35 5000 0000 0549 1000 0003"
    )]
    Form,
    /// Something was mistyped.
    #[error(
        "the check digits of the IBAN do not fit: a character is wrong, missing or too many, or two are swapped"
    )]
    Check,
    /// The country uses none.
    #[error("this country has no IBAN: give --account and --bank instead")]
    Country,
    /// Another length or form than those of its country.
    #[error("an IBAN of this country has another length or form: compare it with the letter of the bank")]
    CountryForm,
}

impl FromStr for Iban {
    type Err = NotAnIban;

    /// Reads an IBAN as people type it: any case, with or without spaces.
    fn from_str(text: &str) -> Result<Self, NotAnIban> {
        let plain: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        match plain.parse::<iban::Iban>() {
            Ok(iban) => Ok(Self(iban.electronic_str().to_owned())),
            Err(iban::ParseIbanError::InvalidBaseIban {
                source: iban::ParseBaseIbanError::InvalidChecksum,
            }) => Err(NotAnIban::Check),
            Err(iban::ParseIbanError::InvalidBaseIban { .. }) => Err(NotAnIban::Form),
            Err(iban::ParseIbanError::UnknownCountry(_)) => Err(NotAnIban::Country),
            Err(iban::ParseIbanError::InvalidBban(_)) => Err(NotAnIban::CountryForm),
        }
    }
}

/// The code of a bank (ISO 9362), 8 or 11 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Bic(String);

/// A text that is no BIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a BIC has 8 or 11 letters and digits, with a country in the middle, such as ESSESESS")]
pub struct NotABic;

impl FromStr for Bic {
    type Err = NotABic;

    fn from_str(text: &str) -> Result<Self, NotABic> {
        let plain = text.to_ascii_uppercase();
        let bytes = plain.as_bytes();
        let all_alphanumeric = bytes.iter().all(u8::is_ascii_alphanumeric);
        let country = bytes.get(4..6).is_some_and(|country| country.iter().all(u8::is_ascii_alphabetic));
        if matches!(bytes.len(), 8 | 11) && all_alphanumeric && country {
            Ok(Self(plain))
        } else {
            Err(NotABic)
        }
    }
}

/// The number of an account in a country without IBAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AccountNumber(String);

/// A text that is no account number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an account number has 6 to 34 letters, digits, spaces, dots, dashes and slashes, and does not begin or end with a space"
)]
pub struct NotAnAccountNumber;

impl FromStr for AccountNumber {
    type Err = NotAnAccountNumber;

    fn from_str(text: &str) -> Result<Self, NotAnAccountNumber> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" .-/".contains(&byte);
        let valid = (6..=34).contains(&text.len()) && text.bytes().all(plain) && text.trim() == text;
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAnAccountNumber) }
    }
}

/// The number under which a bank knows an organisation that sends it files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SenderNumber(String);

/// A text that is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number under which the bank knows you has 1 to 35 letters, digits and dashes")]
pub struct NotASenderNumber;

impl FromStr for SenderNumber {
    type Err = NotASenderNumber;

    fn from_str(text: &str) -> Result<Self, NotASenderNumber> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let valid = (1..=35).contains(&text.len()) && text.bytes().all(plain);
        if valid { Ok(Self(text.to_owned())) } else { Err(NotASenderNumber) }
    }
}

macro_rules! texts {
    ($($name:ident: $error:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}
texts!(Iban: NotAnIban, Bic: NotABic, AccountNumber: NotAnAccountNumber, SenderNumber: NotASenderNumber);

/// An account at a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Account {
    /// With an international number.
    #[serde(rename = "iban")]
    Iban {
        /// The number.
        iban: Iban,
        /// The bank, where it is asked for.
        bic: Option<Bic>,
    },
    /// In a country without IBAN.
    #[serde(rename = "account")]
    Local {
        /// The number.
        number: AccountNumber,
        /// The bank.
        bank: Name,
        /// Its code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bic: Option<Bic>,
        /// Where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seat: Option<Seat>,
    },
}

/// Where a bank is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The town.
    pub town: Name,
    /// The country.
    pub country: Country,
}

impl Account {
    /// The whole number.
    pub fn number(&self) -> &str {
        match self {
            Self::Iban { iban, .. } => &iban.0,
            Self::Local { number, .. } => &number.0,
        }
    }

    /// The number without all but its last characters, for listings.
    pub fn masked(&self) -> String {
        // All of them are ASCII.
        let shown = self.number().len().saturating_sub(SHOWN);
        format!("…{}", self.number().get(shown..).unwrap_or_default())
    }

    /// Whether it takes SEPA transfers.
    pub fn is_within_sepa(&self) -> bool {
        matches!(self, Self::Iban { iban, .. } if is_sepa(&iban.0))
    }

    /// What a bank asks for beyond this before it transfers euros there: outside of SEPA a number alone finds no bank, and
    /// neither does a name.
    pub fn lacks(&self) -> Option<&'static str> {
        match self {
            Self::Iban { bic: None, .. } if !self.is_within_sepa() => {
                Some("the bank's code: give --iban with --bic")
            }
            Self::Local { bic: None, seat: None, .. } => Some(
                "the bank's code or seat: give --bank with --bic, or with --bank-town and --bank-country",
            ),
            Self::Iban { .. } | Self::Local { .. } => None,
        }
    }

    /// The bank, as far as it is named.
    pub fn bank(&self) -> &str {
        match self {
            Self::Iban { bic, .. } => bic.as_ref().map_or("", |bic| &bic.0),
            Self::Local { bank, .. } => bank.as_str(),
        }
    }
}

/// Where a partner is paid: an account, and who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDetails {
    /// Who holds it.
    pub holder: Name,
    /// The same in Latin letters, as the bank of the account has it, where the name is written in others: banks take no
    /// other letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latin_name: Option<Name>,
    /// The account.
    pub account: Account,
}

impl PaymentDetails {
    /// The name of the holder for a bank.
    pub fn name_for_bank(&self) -> &Name {
        self.latin_name.as_ref().unwrap_or(&self.holder)
    }
}
