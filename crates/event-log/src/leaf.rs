//! The RFC 6962 leaf of an event: the bytes that are hashed, how they are written and how they are read again.
//!
//! They are `0x00 ‖ u32(length of header) ‖ header ‖ body`. The header is its eight fields in the order of
//! [`Header`], each as `u32(length) ‖ bytes`; numbers are eight bytes (`schema_version` four), big-endian, the command
//! id its sixteen bytes. No two events share a leaf because every field is bounded by its length.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::envelope::{Hash, RecordedEvent, STREAM_ID_BYTES_MAX};
use crate::request::{ACTOR_BYTES_MAX, BODY_BYTES_MAX, EVENT_TYPE_BYTES_MAX};

/// What RFC 6962 puts before a leaf, so that none can be taken for an inner node.
const LEAF: u8 = 0;

/// Bytes of a header beside its texts: eight lengths, five numbers and the command.
const HEADER_FIXED_BYTES: usize = 8 * 4 + 8 + 8 + 4 + 16 + 8;

/// Most bytes that are hashed of one event.
pub const LEAF_BYTES_MAX: usize = 1
    + 4
    + HEADER_FIXED_BYTES
    + STREAM_ID_BYTES_MAX
    + EVENT_TYPE_BYTES_MAX
    + ACTOR_BYTES_MAX
    + BODY_BYTES_MAX;

/// The fields beside the body that are part of the leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Place in the log.
    pub position: u64,
    /// Stream name.
    pub stream_id: &'a str,
    /// Place in the stream.
    pub stream_version: u64,
    /// Type name.
    pub event_type: &'a str,
    /// Version of the body.
    pub schema_version: u32,
    /// Causing command.
    pub command_id: Uuid,
    /// Who gave the command.
    pub actor: &'a str,
    /// UTC microseconds.
    pub recorded_at: i64,
}

/// The RFC 6962 leaf hash of an event: the SHA-256 of [`write_leaf`].
pub fn leaf_hash(header: &Header<'_>, body: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(256 + body.len());
    write_leaf(header, body, &mut bytes);
    Sha256::digest(&bytes).into()
}

/// Adds the bytes that are hashed of an event.
pub fn write_leaf(header: &Header<'_>, body: &[u8], bytes: &mut Vec<u8>) {
    let texts = header.stream_id.len() + header.event_type.len() + header.actor.len();
    bytes.push(LEAF);
    bytes.extend_from_slice(&length(HEADER_FIXED_BYTES + texts));
    let mut field = |content: &[u8]| {
        bytes.extend_from_slice(&length(content.len()));
        bytes.extend_from_slice(content);
    };
    field(&header.position.to_be_bytes());
    field(header.stream_id.as_bytes());
    field(&header.stream_version.to_be_bytes());
    field(header.event_type.as_bytes());
    field(&header.schema_version.to_be_bytes());
    field(header.command_id.as_bytes());
    field(header.actor.as_bytes());
    field(&header.recorded_at.to_be_bytes());
    bytes.extend_from_slice(body);
}

/// Fields are far below 4 GiB (the store bounds them); a longer one would saturate, never wrap.
pub(crate) fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

/// An event as the bytes that were hashed, taken apart without copying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// The fields beside the body. The stream's name is any text.
    pub header: Header<'a>,
    /// The body.
    pub body: &'a [u8],
    /// All of it.
    pub bytes: &'a [u8],
}

impl<'a> Leaf<'a> {
    /// Reads what [`write_leaf`] wrote; `None` for any other bytes.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Rest(bytes.strip_prefix(&[LEAF])?);
        let mut fields = Rest(rest.field()?);
        let header = Header {
            position: u64::from_be_bytes(fields.fixed()?),
            stream_id: fields.text()?,
            stream_version: u64::from_be_bytes(fields.fixed()?),
            event_type: fields.text()?,
            schema_version: u32::from_be_bytes(fields.fixed()?),
            command_id: Uuid::from_bytes(fields.fixed()?),
            actor: fields.text()?,
            recorded_at: i64::from_be_bytes(fields.fixed()?),
        };
        fields.0.is_empty().then_some(Self { header, body: rest.0, bytes })
    }

    /// The leaf hash.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.bytes).into()
    }
}

impl RecordedEvent {
    /// What is hashed after the 0x00 of a leaf: `u32(length of header) ‖ header ‖ body`.
    pub fn leaf_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.body.len());
        write_leaf(&self.header(), &self.body, &mut bytes);
        bytes.split_off(1)
    }

    /// Reads the event back, with its leaf hash; `None` for bytes that are no leaf.
    pub fn from_leaf_bytes(bytes: &[u8]) -> Option<Self> {
        let whole = [&[LEAF], bytes].concat();
        let leaf = Leaf::read(&whole)?;
        let header = leaf.header;
        Some(Self {
            position: header.position,
            stream_id: header.stream_id.parse().ok()?,
            stream_version: header.stream_version,
            event_type: header.event_type.to_owned(),
            schema_version: header.schema_version,
            command_id: header.command_id,
            actor: header.actor.to_owned(),
            recorded_at: header.recorded_at,
            body: leaf.body.to_vec(),
            leaf_hash: leaf.hash(),
        })
    }
}

/// What has not been read yet.
pub(crate) struct Rest<'a>(pub(crate) &'a [u8]);

impl<'a> Rest<'a> {
    /// A field after its length.
    pub(crate) fn field(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(field)
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.field()?).ok()
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.field()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> Header<'static> {
        Header {
            position: 7,
            stream_id: "case-a",
            stream_version: 2,
            event_type: "Arrived",
            schema_version: 1,
            command_id: Uuid::from_u128(5),
            actor: "anna",
            recorded_at: 1_700_000_000_000_000,
        }
    }

    /// A golden value: it may never change, or every ledger out there would fail its verification.
    #[test]
    fn the_leaf_of_a_known_event_never_changes() {
        let leaf = leaf_hash(&header(), br#"{"arrived_on":"2024-05-11"}"#);
        assert_eq!(
            crate::hex::encode(&leaf),
            "570242ad81f0fe185d9da7cf273505e69b1a1888bd33d1c01dae641e594999bd"
        );
    }

    #[test]
    fn every_field_changes_the_leaf() {
        let base = leaf_hash(&header(), b"{}");
        let variants = [
            Header { position: 8, ..header() },
            Header { stream_id: "case-b", ..header() },
            Header { stream_version: 3, ..header() },
            Header { event_type: "Departed", ..header() },
            Header { schema_version: 2, ..header() },
            Header { command_id: Uuid::from_u128(6), ..header() },
            Header { actor: "annb", ..header() },
            Header { recorded_at: 1, ..header() },
            // Bytes moved from one field to its neighbour.
            Header { stream_id: "case-aA", event_type: "rrived", ..header() },
        ];
        for (index, variant) in variants.iter().enumerate() {
            assert_ne!(leaf_hash(variant, b"{}"), base, "variant {index}");
        }
        assert_ne!(leaf_hash(&header(), b"{ }"), base);
    }

    proptest! {
        #[test]
        fn is_read_as_written(
            numbers: (u64, u64, u32, i64),
            texts: (String, String, String),
            command: u128,
            body: Vec<u8>,
        ) {
            let header = Header {
                position: numbers.0,
                stream_id: &texts.0,
                stream_version: numbers.1,
                event_type: &texts.1,
                schema_version: numbers.2,
                command_id: Uuid::from_u128(command),
                actor: &texts.2,
                recorded_at: numbers.3,
            };
            let mut bytes = Vec::new();
            write_leaf(&header, &body, &mut bytes);
            let leaf = Leaf::read(&bytes).unwrap();
            prop_assert_eq!((leaf.header, leaf.body), (header, body.as_slice()));
            prop_assert_eq!(leaf.hash(), leaf_hash(&header, &body));
        }

        #[test]
        fn any_bytes_are_a_leaf_or_are_not(bytes: Vec<u8>) {
            if let Some(leaf) = Leaf::read(&bytes) {
                let mut again = Vec::new();
                write_leaf(&leaf.header, leaf.body, &mut again);
                prop_assert_eq!(again, bytes);
            }
        }

        #[test]
        fn an_event_comes_back_from_the_bytes_that_are_hashed(position: u64, version: u64, kind in "[A-Za-z]{1,20}", schema: u32, id: u128, actor in ".{0,20}", at: i64, body: Vec<u8>) {
            let mut event = RecordedEvent {
                position,
                stream_id: "case-a".parse().unwrap(),
                stream_version: version,
                event_type: kind,
                schema_version: schema,
                command_id: Uuid::from_u128(id),
                actor,
                recorded_at: at,
                body,
                leaf_hash: [0; 32],
            };
            event.leaf_hash = event.computed_leaf_hash();
            let bytes = event.leaf_bytes();
            let hashed: [u8; 32] = Sha256::new().chain_update([0]).chain_update(&bytes).finalize().into();
            prop_assert_eq!(hashed, event.leaf_hash);
            prop_assert_eq!(RecordedEvent::from_leaf_bytes(&bytes), Some(event));
        }

        #[test]
        fn bytes_that_are_no_leaf_are_none(bytes: Vec<u8>, cut in 0_usize..60) {
            if let Some(event) = RecordedEvent::from_leaf_bytes(&bytes) {
                prop_assert_eq!(event.leaf_bytes(), bytes);
            }
            let event = RecordedEvent {
                position: 1,
                stream_id: "case-a".parse().unwrap(),
                stream_version: 1,
                event_type: "A".into(),
                schema_version: 1,
                command_id: Uuid::nil(),
                actor: "a".into(),
                recorded_at: 0,
                body: Vec::new(),
                leaf_hash: [0; 32],
            };
            let whole = event.leaf_bytes();
            prop_assert_eq!(RecordedEvent::from_leaf_bytes(&whole[..whole.len() - 1 - cut]), None);
        }
    }

    /// Cut in the header it is no leaf; cut in the body it is another.
    #[test]
    fn a_header_that_is_cut_or_longer_than_its_fields_is_no_leaf() {
        let mut bytes = Vec::new();
        write_leaf(&header(), b"{}", &mut bytes);
        let body_at = bytes.len() - 2;
        for end in 0..bytes.len() {
            assert_eq!(Leaf::read(&bytes[..end]).is_some(), end >= body_at, "{end}");
        }
        // One byte of the body becomes part of the header.
        bytes[4] += 1;
        assert_eq!(Leaf::read(&bytes), None);
        bytes[4] -= 1;
        bytes[0] = 1;
        assert_eq!(Leaf::read(&bytes), None);
    }
}
