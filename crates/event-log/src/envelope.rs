//! What is stored of one event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::canonical::Canonical;
use crate::leaf::{Header, leaf_hash};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Longest stream name, in bytes.
pub const STREAM_ID_BYTES_MAX: usize = 80;

/// The name of a stream: a noun, a dash and an identifier, such as `case-01890a5d-…` or `partner-caritas`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct StreamId(String);

/// A text that cannot name a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stream is named by a noun, a dash and an identifier of a-z, 0-9 and dashes, at most 80 characters"
)]
pub struct BadStreamId;

impl StreamId {
    /// The stream of one thing: `noun` is lower-case letters, `id` letters, digits and dashes.
    pub fn new(noun: &str, id: impl fmt::Display) -> Result<Self, BadStreamId> {
        format!("{noun}-{id}").parse()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first dash: what kind of thing this stream is about.
    pub fn noun(&self) -> &str {
        self.0.split_once('-').map_or(self.0.as_str(), |(noun, _)| noun)
    }

    /// The part after the first dash.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl FromStr for StreamId {
    type Err = BadStreamId;

    fn from_str(text: &str) -> Result<Self, BadStreamId> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        match text.split_once('-') {
            Some((noun, id))
                if text.len() <= STREAM_ID_BYTES_MAX
                    && !noun.is_empty()
                    && noun.bytes().all(|c| c.is_ascii_lowercase())
                    && !id.is_empty()
                    && id.bytes().all(plain) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(BadStreamId),
        }
    }
}

impl TryFrom<String> for StreamId {
    type Error = BadStreamId;

    fn try_from(text: String) -> Result<Self, BadStreamId> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(id: StreamId) -> Self {
        id.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A fact that may exist once in the whole ledger, such as one receipt of one supplier.
///
/// The digest is keyed (HMAC), so the database shows neither the fact nor a way to guess it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueKey {
    /// What kind of fact: `receipt`, `payment`, `case-reference`, …
    pub scope: &'static str,
    /// Keyed digest of the fact.
    pub digest: Hash,
    /// What the fact belongs to inside the event's stream, such as a claim.
    pub entity: Uuid,
}

/// An event that has been decided and not yet been given a place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The stream it extends.
    pub stream_id: StreamId,
    /// Name of the event's type, such as `SpendReported`.
    pub event_type: &'static str,
    /// Version of that type's body.
    pub schema_version: u32,
    /// RFC 8785 canonical JSON.
    pub body: Canonical,
    /// Facts reserved together with this event, or the whole append is refused.
    pub keys: Vec<UniqueKey>,
}

/// An event as it stands in the log, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the log: 1, 2, 3 … without holes.
    pub position: u64,
    /// Stream it belongs to.
    pub stream_id: StreamId,
    /// Place in that stream: 1, 2, 3 … without holes.
    pub stream_version: u64,
    /// Name of the event's type.
    pub event_type: String,
    /// Version of that type's body.
    pub schema_version: u32,
    /// The command that caused it; all events of one command carry the same id.
    pub command_id: Uuid,
    /// Who gave the command (a user name or service, never a person helped).
    pub actor: String,
    /// When the ledger learned of it: UTC microseconds since 1970. Never used for order.
    pub recorded_at: i64,
    /// The exact bytes that were hashed.
    pub body: Vec<u8>,
    /// [`leaf_hash`] of the fields above.
    pub leaf_hash: Hash,
}

impl RecordedEvent {
    /// The fields beside the body.
    pub fn header(&self) -> Header<'_> {
        Header {
            position: self.position,
            stream_id: self.stream_id.as_str(),
            stream_version: self.stream_version,
            event_type: &self.event_type,
            schema_version: self.schema_version,
            command_id: self.command_id,
            actor: &self.actor,
            recorded_at: self.recorded_at,
        }
    }

    /// Computes the leaf hash anew from the other fields.
    pub fn computed_leaf_hash(&self) -> Hash {
        leaf_hash(&self.header(), &self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_names_are_a_noun_and_an_identifier() {
        let id: StreamId = "case-0189-ab".parse().unwrap();
        assert_eq!((id.noun(), id.id()), ("case", "0189-ab"));
        for bad in [
            "case",
            "-x",
            "Case-1",
            "case-",
            "case-A",
            "case-ö",
            "c4se-1",
            &format!("case-{}", "a".repeat(76)),
        ] {
            assert_eq!(bad.parse::<StreamId>(), Err(BadStreamId), "{bad}");
        }
    }
}
