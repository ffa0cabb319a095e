//! The bytes that the hash of a leaf is over, for whoever is to see what a proof is about.

use uuid::Uuid;

use crate::envelope::{RecordedEvent, header_bytes, length};

impl RecordedEvent {
    /// What is hashed after the 0x00 of a leaf: `u32(length of header) ‖ header ‖ body`; see
    /// [`crate::envelope::leaf_hash`].
    pub fn leaf_bytes(&self) -> Vec<u8> {
        let header = header_bytes(&self.header());
        [length(&header).as_slice(), &header, &self.body].concat()
    }

    /// Reads the event back, with its leaf hash; `None` for bytes that are no leaf.
    pub fn from_leaf_bytes(bytes: &[u8]) -> Option<Self> {
        let (mut header, body) = field(bytes)?;
        let mut next = || {
            let (content, rest) = field(header)?;
            header = rest;
            Some(content)
        };
        let mut event = Self {
            position: u64::from_be_bytes(next()?.try_into().ok()?),
            stream_id: text(next()?)?.parse().ok()?,
            stream_version: u64::from_be_bytes(next()?.try_into().ok()?),
            event_type: text(next()?)?.to_owned(),
            schema_version: u32::from_be_bytes(next()?.try_into().ok()?),
            command_id: Uuid::from_slice(next()?).ok()?,
            actor: text(next()?)?.to_owned(),
            recorded_at: i64::from_be_bytes(next()?.try_into().ok()?),
            body: body.to_vec(),
            leaf_hash: [0; 32],
        };
        event.leaf_hash = event.computed_leaf_hash();
        header.is_empty().then_some(event)
    }
}

/// The content of the first field, and what comes after it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    proptest! {
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
}
