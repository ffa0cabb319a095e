//! Identifiers. None of them says anything about a person.

use std::fmt;
use std::str::FromStr;

use event_log::{Hash, StreamId, hex};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

uuid_ids! {
    /// One application for support, and all that follows from it.
    CaseId,
    /// One line of spend a partner reported.
    ClaimId,
    /// One payment of the arrival grant.
    GrantId,
    /// One fee that a partner charges.
    FeeId,
    /// One payment to a partner.
    PaymentId,
    /// One line of a bank statement.
    LineId,
    /// The person a case is about: whose key opens the encrypted texts.
    SubjectId,
}

impl CaseId {
    /// The stream that holds everything about the case.
    pub fn stream(self) -> StreamId {
        stream("case", self.0)
    }
}

/// A stream named after a UUID or a code that has been checked.
pub(crate) fn stream(noun: &str, id: impl fmt::Display) -> StreamId {
    match StreamId::new(noun, id) {
        Ok(stream) => stream,
        Err(never) => unreachable!("{never}: identifiers are checked when they are made"),
    }
}

macro_rules! hash_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub Hash);

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                hex::encode(&id.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAHash;

            fn try_from(text: String) -> Result<Self, NotAHash> {
                hex::decode(&text).map(Self).ok_or(NotAHash)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&hex::encode(&self.0))
            }
        }
    )+};
}

hash_ids! {
    /// An encrypted text in the vault: the SHA-256 of its encrypted bytes, so an exchanged text is noticed.
    TextId,
    /// A keyed digest of a fact that may exist once, such as a receipt of a supplier.
    KeyDigest,
    /// The SHA-256 of a file: a receipt, an import, a rulebook.
    FileDigest,
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is written as 64 lower-case hexadecimal digits")]
pub struct NotAHash;

/// Longest code of a partner or agreement, in characters.
pub const CODE_LENGTH_MAX: usize = 32;

macro_rules! short_codes {
    ($($(#[$doc:meta])* $name:ident, $(#[$error_doc:meta])* $error:ident = $what:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        $(#[$error_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error(
            "{} is 1 to 32 characters of a-z, 0-9 and dashes and starts with a letter or digit",
            $what
        )]
        pub struct $error;

        impl $name {
            /// The code.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                let valid = (1..=CODE_LENGTH_MAX).contains(&text.len())
                    && text.chars().all(plain)
                    && !text.starts_with('-');
                if valid { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

short_codes! {
    /// The short name of a partner organisation, such as `caritas`.
    PartnerCode,
    /// A text that cannot be a partner code.
    NotAPartnerCode = "a partner code";
    /// The short name of an agreement with a partner, such as `2024-iq`.
    AgreementCode,
    /// A text that cannot be the code of an agreement.
    NotAnAgreementCode = "the code of an agreement";
    /// The short name of an account of the authority at its bank, such as `payments-eur`.
    BankAccountCode,
    /// A text that cannot be the code of an account.
    NotABankAccountCode = "the code of an account";
    /// Where a small difference is booked, such as `bank-fees`: the chart of accounts says which account that is.
    DifferenceAccount,
    /// A text that cannot name where a difference is booked.
    NotADifferenceAccount = "the name of an account for differences";
}

impl PartnerCode {
    /// The partner's own stream.
    pub fn stream(&self) -> StreamId {
        stream("partner", &self.0)
    }
}

impl BankAccountCode {
    /// The stream of the account: its statements.
    pub fn stream(&self) -> StreamId {
        stream("bank", &self.0)
    }
}

impl LineId {
    /// The stream of the line: what became of it.
    pub fn stream(self) -> StreamId {
        stream("line", self.0)
    }
}

/// Longest name of an actor, in bytes.
pub const ACTOR_BYTES_MAX: usize = 64;

/// Who gives commands: the user name of a member of staff, or the name of a service. Where two people must agree, the
/// first one's stands in the event, so that the second can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Actor(String);

/// A text that cannot name an actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an actor is 1 to 64 characters: letters, digits and . _ - @")]
pub struct NotAnActor;

impl Actor {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name in lower case: `Anna` and `anna` are one person.
    #[must_use]
    pub fn in_lower_case(&self) -> Self {
        Self(self.0.to_lowercase())
    }

    /// The organisation for which somebody of this name acts, if its name can be that of a partner. People of a partner are
    /// named like `asha@caritas`, and `caritas` is the partner itself; whether it is one shows the log.
    pub fn organisation(&self) -> Option<PartnerCode> {
        organisation(&self.0)
    }
}

/// See [`Actor::organisation`]. However it is spelled: codes are in lower case, and end in no sign.
pub(crate) fn organisation(actor: &str) -> Option<PartnerCode> {
    let actor = actor.to_lowercase();
    let actor = actor.trim_matches(|c: char| !c.is_alphanumeric());
    actor
        .rsplit_once('@')
        .map_or(actor, |(_, organisation)| organisation.trim_start_matches(|c: char| !c.is_alphanumeric()))
        .parse()
        .ok()
}

impl FromStr for Actor {
    type Err = NotAnActor;

    fn from_str(text: &str) -> Result<Self, NotAnActor> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        let valid = !text.is_empty() && text.len() <= ACTOR_BYTES_MAX && text.chars().all(plain);
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAnActor) }
    }
}

impl TryFrom<String> for Actor {
    type Error = NotAnActor;

    fn try_from(text: String) -> Result<Self, NotAnActor> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
