//! Sealed runs: consecutive events packed into one value, so that the whole log can be read fast.
//!
//! A run is an LZ4 frame of the leaves of its events ([`crate::leaf`]), one after the other, each with its length
//! before it (four bytes, big-endian): exactly the bytes that were hashed. Whoever wants to check one unpacks it with
//! any LZ4 tool, cuts it at the lengths and hashes the pieces; these are the leaves of the tree. [`RUN_EVENTS`] is a
//! power of two and runs begin at its multiples, so each run is a complete subtree.
//!
//! Runs are derived from the log and never its truth. They can be removed and made anew at any time.

use std::io::{Read, Write};

use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

use crate::envelope::RecordedEvent;
use crate::leaf::{LEAF_BYTES_MAX, Leaf, Rest, length, write_leaf};
use crate::store::{SealedRun, StoreError};

/// Events of one run.
pub const RUN_EVENTS: u64 = 1_024;

/// Most bytes of a run before it is packed. Events so long that they do not fit are few; they are read from the log.
pub const RUN_BYTES_MAX: usize = 16 << 20;

/// Bytes that are not the run they are said to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sealed run {number} (positions {} to {}) {why}: make the runs anew with `svala replay --repair`", first(*.number), last(*.number))]
pub struct BadRun {
    /// Which run.
    pub number: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

impl From<BadRun> for StoreError {
    fn from(bad: BadRun) -> Self {
        Self::Damaged(bad.to_string())
    }
}

/// The run that a position belongs to.
pub const fn number_of(position: u64) -> u64 {
    position.saturating_sub(1) / RUN_EVENTS
}

/// First position of a run.
pub const fn first(number: u64) -> u64 {
    number.saturating_mul(RUN_EVENTS).saturating_add(1)
}

/// Last position of a run.
pub const fn last(number: u64) -> u64 {
    number.saturating_add(1).saturating_mul(RUN_EVENTS)
}

/// Packs the events of one run. `None` if they are not exactly a run, or too long to be one.
pub fn seal(events: &[RecordedEvent]) -> Option<SealedRun> {
    let number = number_of(events.first()?.position);
    if !events.iter().map(|event| event.position).eq(first(number)..=last(number)) {
        return None;
    }
    let mut plain = Vec::with_capacity(events.len() * 512);
    for event in events {
        let start = plain.len();
        plain.extend_from_slice(&[0; 4]);
        write_leaf(&event.header(), &event.body, &mut plain);
        let bytes = length(plain.len() - start - 4);
        plain.get_mut(start..start + 4)?.copy_from_slice(&bytes);
        if plain.len() > RUN_BYTES_MAX {
            return None;
        }
    }
    let form = FrameInfo::new()
        .content_size(Some(plain.len() as u64))
        .content_checksum(true)
        .block_mode(BlockMode::Independent)
        .block_size(BlockSize::Max64KB);
    let mut packer = FrameEncoder::with_frame_info(form, Vec::with_capacity(plain.len() / 3));
    packer.write_all(&plain).ok()?;
    Some(SealedRun { number, packed: packer.finish().ok()? })
}

/// A run whose checksum was right.
#[derive(Debug, Clone)]
pub struct Run {
    number: u64,
    plain: Vec<u8>,
}

impl Run {
    /// Unpacks a sealed run. Whatever it claims, it takes no more than [`RUN_BYTES_MAX`] of memory.
    pub fn unpack(sealed: &SealedRun) -> Result<Self, BadRun> {
        let number = sealed.number;
        let mut unpacker = FrameDecoder::new(sealed.packed.as_slice());
        let guess = sealed.packed.len().saturating_mul(4).min(RUN_BYTES_MAX);
        let mut plain = Vec::with_capacity(guess);
        (&mut unpacker)
            .take(RUN_BYTES_MAX as u64 + 1)
            .read_to_end(&mut plain)
            .map_err(|_| BadRun { number, why: "cannot be unpacked" })?;
        if plain.len() > RUN_BYTES_MAX {
            return Err(BadRun { number, why: "is longer than a run can be" });
        }
        if !unpacker.get_ref().is_empty() {
            return Err(BadRun { number, why: "does not end where it should" });
        }
        Ok(Self { number, plain })
    }

    /// Which run.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its events, in order. After an error nothing more comes; a run of more or fewer events ends with one.
    pub fn leaves(&self) -> impl Iterator<Item = Result<Leaf<'_>, BadRun>> {
        let mut rest = Rest(&self.plain);
        let mut positions = first(self.number)..=last(self.number);
        let mut ended = false;
        std::iter::from_fn(move || {
            let next = match (positions.next(), rest.0.is_empty()) {
                _ if ended => return None,
                (None, true) => return None,
                (Some(position), false) => rest
                    .field()
                    .filter(|bytes| bytes.len() <= LEAF_BYTES_MAX)
                    .and_then(Leaf::read)
                    .ok_or("holds something that is no event")
                    .and_then(|leaf| {
                        let expected = leaf.header.position == position;
                        if expected { Ok(leaf) } else { Err("holds an event of another place") }
                    }),
                (Some(_), true) => Err("holds fewer events than a run"),
                (None, false) => Err("holds more events than a run"),
            };
            ended = next.is_err();
            Some(next.map_err(|why| BadRun { number: self.number, why }))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::envelope::StreamId;
    use crate::merkle::Frontier;

    fn events(positions: impl Iterator<Item = u64>, body: &[u8]) -> Vec<RecordedEvent> {
        positions
            .map(|position| {
                let mut event = RecordedEvent {
                    position,
                    stream_id: StreamId::new("case", position % 7).unwrap(),
                    stream_version: position / 7 + 1,
                    event_type: "Arrived".into(),
                    schema_version: 1,
                    command_id: Uuid::from_u128(position.into()),
                    actor: "Zoë".into(),
                    recorded_at: -1,
                    body: body.to_vec(),
                    leaf_hash: [0; 32],
                };
                event.leaf_hash = event.computed_leaf_hash();
                event
            })
            .collect()
    }

    fn run(number: u64) -> Vec<RecordedEvent> {
        events(first(number)..=last(number), br#"{"arrived_on":"2024-05-11"}"#)
    }

    /// What is wrong with the events of a sealed run.
    fn fault(sealed: &SealedRun) -> Option<&'static str> {
        let run = match Run::unpack(sealed) {
            Ok(run) => run,
            Err(bad) => return Some(bad.why),
        };
        let fault = run.leaves().find_map(|leaf| leaf.err()).map(|bad| bad.why);
        // Nothing comes after an error.
        assert!(run.leaves().count() as u64 <= RUN_EVENTS + 1);
        fault
    }

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut packer = FrameEncoder::new(Vec::new());
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_run_gives_the_leaves_of_its_events_and_is_much_shorter() {
        let events = run(3);
        let sealed = seal(&events).unwrap();
        assert_eq!(sealed.number, 3);
        let unpacked = Run::unpack(&sealed).unwrap();
        assert!(sealed.packed.len() * 3 < unpacked.plain.len(), "{}", sealed.packed.len());
        let leaves: Vec<_> = unpacked.leaves().collect::<Result<_, _>>().unwrap();
        assert_eq!(leaves.len() as u64, RUN_EVENTS);
        for (leaf, event) in leaves.iter().zip(&events) {
            assert_eq!((leaf.header, leaf.body), (event.header(), event.body.as_slice()));
            assert_eq!(leaf.hash(), event.leaf_hash);
        }
        // A complete subtree: one hash.
        let mut tree = Frontier::new();
        leaves.iter().for_each(|leaf| tree.push(leaf.hash()));
        assert_eq!(tree.to_bytes(), tree.root());
    }

    #[test]
    fn only_whole_runs_in_order_are_sealed() {
        let whole = run(1);
        assert_eq!(whole[0].position, 1_025);
        assert!(seal(&whole).is_some());
        assert!(seal(&whole[..1_023]).is_none() && seal(&whole[1..]).is_none() && seal(&[]).is_none());
        assert!(seal(&events(1_026..=2_049, b"{}")).is_none());
        let mut swapped = whole;
        swapped.swap(3, 4);
        assert!(seal(&swapped).is_none());
        assert_eq!([1, 1_024, 1_025].map(number_of), [0, 0, 1]);
    }

    #[test]
    fn events_too_long_for_a_run_stay_in_the_log() {
        assert!(seal(&events(1..=RUN_EVENTS, &vec![b'1'; RUN_BYTES_MAX / 1_024])).is_none());
    }

    #[test]
    fn a_run_with_other_events_than_its_own_is_refused() {
        let sealed = seal(&run(2)).unwrap();
        assert_eq!(fault(&sealed), None);
        let plain = Run::unpack(&sealed).unwrap().plain;
        let event = plain.len() / 1_024;
        let sealed_as = |number, plain: &[u8]| SealedRun { number, packed: packed(plain) };
        assert_eq!(fault(&sealed_as(3, &plain)), Some("holds an event of another place"));
        assert_eq!(
            fault(&sealed_as(2, &plain[..plain.len() - event])),
            Some("holds fewer events than a run")
        );
        assert_eq!(
            fault(&sealed_as(2, &[plain.as_slice(), b"1"].concat())),
            Some("holds more events than a run")
        );
        assert_eq!(fault(&sealed_as(2, &plain[1..])), Some("holds something that is no event"));
        let trailing = SealedRun { number: 2, packed: [sealed.packed.as_slice(), b"1"].concat() };
        assert_eq!(fault(&trailing), Some("does not end where it should"));
        let told = BadRun { number: 2, why: "cannot be unpacked" }.to_string();
        assert!(told.starts_with("the sealed run 2 (positions 2049 to 3072) cannot be unpacked"), "{told}");
    }

    /// 64 MiB of zeros in a few hundred kilobytes.
    #[test]
    fn a_bomb_is_refused_before_it_expands() {
        let bomb = SealedRun { number: 0, packed: packed(&vec![0; 64 << 20]) };
        assert!(bomb.packed.len() < 1 << 20);
        assert_eq!(fault(&bomb), Some("is longer than a run can be"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

        /// The checksum finds what was flipped, wherever it was.
        #[test]
        fn a_flipped_bit_is_found(at: prop::sample::Index, bit in 0..8_u32) {
            let mut sealed = seal(&run(0)).unwrap();
            let good = Run::unpack(&sealed).unwrap().plain;
            let at = at.index(sealed.packed.len());
            sealed.packed[at] ^= 1 << bit;
            // Some bits of the frame's own header mean nothing.
            if let Ok(unpacked) = Run::unpack(&sealed) {
                prop_assert_eq!(unpacked.plain, good);
            }
        }

        #[test]
        fn any_bytes_are_refused(packed: Vec<u8>) {
            let sealed = SealedRun { number: 0, packed };
            prop_assert!(fault(&sealed).is_some());
        }
    }
}
