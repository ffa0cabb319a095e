//! Proofs as texts: they are checked with the public key alone, without the ledger.
//!
//! That one event is in the log is written as C2SP `tlog-proof`, with the bytes of the event's leaf as extra data. That
//! the log continues an older checkpoint is written as the request by which C2SP `tlog-witness` asks for a signature:
//! `old` and its size, the hashes, and the newer checkpoint.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::checkpoint::{BadCheckpoint, Checkpoint, decimal, hash};
use crate::envelope::{Hash, RecordedEvent};
use crate::merkle::{PROOF_HASHES_MAX, extends, includes};
use crate::note::{Note, VerifierKey};

/// Longest proof that is read, in bytes: the largest event, in Base64, with all that surrounds it.
pub const PROOF_BYTES_MAX: usize = 2 << 20;
/// First line of a proof that an event is in the log.
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// Bytes that are no proof.
    #[error("it is no proof: it should begin with {INCLUSION}, or with the word old and a number")]
    NotAProof,
    /// The checkpoint in it is not to be believed.
    #[error("its checkpoint does not count: {0}")]
    Checkpoint(#[from] BadCheckpoint),
    /// What it brings is no event, or not the one of that position.
    #[error("the bytes it brings are not those of the event at position {position}")]
    NotTheEvent {
        /// Position it is about.
        position: u64,
    },
    /// It is about another checkpoint than the one given.
    #[error("it is about a checkpoint of {old} events, the one given has {given}")]
    OtherCheckpoint {
        /// Size it is about.
        old: u64,
        /// Size of the checkpoint given.
        given: u64,
    },
    /// The hashes do not lead to the root that was signed.
    #[error("its hashes do not give the root of its checkpoint: what it says is not so")]
    DoesNotHold,
}

/// A proof of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// An event is in the log.
    Inclusion(InclusionProof),
    /// The log continues an older one.
    Consistency(ConsistencyProof),
}

/// That an event is in the log a checkpoint was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The event's position.
    pub position: u64,
    /// [`RecordedEvent::leaf_bytes`].
    pub leaf: Vec<u8>,
    /// The hashes beside the way from its leaf to the root.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: Note,
}

/// That the log a checkpoint was signed for continues an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Number of events of the older one.
    pub old: u64,
    /// The hashes from which both roots follow.
    pub path: Vec<Hash>,
    /// The newer checkpoint.
    pub checkpoint: Note,
}

impl Proof {
    /// Reads a proof; it proves nothing until it is checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadProof> {
        Self::read(bytes).ok_or(BadProof::NotAProof)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > PROOF_BYTES_MAX {
            return None;
        }
        let (proof, note) = str::from_utf8(bytes).ok()?.split_once("\n\n")?;
        let checkpoint = Note::parse(note.as_bytes()).ok()?;
        let mut lines = proof.split('\n');
        let mut path = Vec::new();
        let first = lines.next()?;
        let known = if first == INCLUSION {
            let leaf = BASE64.decode(lines.next()?.strip_prefix("extra ")?).ok()?;
            let index = decimal(lines.next()?.strip_prefix("index ")?)?;
            Err((index.checked_add(1)?, leaf))
        } else {
            Ok(decimal(first.strip_prefix("old ")?)?)
        };
        for line in lines {
            path.push(hash(line).filter(|_| path.len() < PROOF_HASHES_MAX)?);
        }
        Some(match known {
            Ok(old) => Self::Consistency(ConsistencyProof { old, path, checkpoint }),
            Err((position, leaf)) => Self::Inclusion(InclusionProof { position, leaf, path, checkpoint }),
        })
    }
}

impl InclusionProof {
    /// Checks it with the public key of the ledger; answers with the event and the checkpoint that vouches for it.
    pub fn check(&self, key: &VerifierKey) -> Result<(RecordedEvent, Checkpoint), BadProof> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let event = RecordedEvent::from_leaf_bytes(&self.leaf)
            .filter(|event| event.position == self.position)
            .ok_or(BadProof::NotTheEvent { position: self.position })?;
        let index = self.position - 1;
        if includes(&checkpoint.root, checkpoint.size, index, &event.leaf_hash, &self.path) {
            Ok((event, checkpoint))
        } else {
            Err(BadProof::DoesNotHold)
        }
    }
}

impl ConsistencyProof {
    /// Checks it with the public key of the ledger against the older checkpoint; answers with the newer one.
    pub fn check(&self, old: &Checkpoint, key: &VerifierKey) -> Result<Checkpoint, BadProof> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        if old.size != self.old {
            return Err(BadProof::OtherCheckpoint { old: self.old, given: old.size });
        }
        if extends(&checkpoint.root, checkpoint.size, &old.root, old.size, &self.path) {
            Ok(checkpoint)
        } else {
            Err(BadProof::DoesNotHold)
        }
    }
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.position.saturating_sub(1);
        writeln!(f, "{INCLUSION}\nextra {}\nindex {index}", BASE64.encode(&self.leaf))?;
        ending(f, &self.path, &self.checkpoint)
    }
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        ending(f, &self.path, &self.checkpoint)
    }
}

fn ending(f: &mut fmt::Formatter<'_>, path: &[Hash], checkpoint: &Note) -> fmt::Result {
    path.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash)))?;
    write!(f, "\n{checkpoint}")
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::merkle::{Frontier, ProofPath};
    use crate::note::tests::key;

    fn event(position: u64) -> RecordedEvent {
        let mut event = RecordedEvent {
            position,
            stream_id: format!("case-{position}").parse().unwrap(),
            stream_version: 1,
            event_type: "Arrived".into(),
            schema_version: 1,
            command_id: Uuid::from_u128(position.into()),
            actor: "anna".into(),
            recorded_at: 1_700_000_000_000_000,
            body: format!("{{\"n\":{position}}}").into_bytes(),
            leaf_hash: [0; 32],
        };
        event.leaf_hash = event.computed_leaf_hash();
        event
    }

    fn signed(size: u64, (key, secret): &(VerifierKey, SigningKey)) -> Note {
        let mut tree = Frontier::new();
        (1..=size).for_each(|position| tree.push(event(position).leaf_hash));
        let origin = key.name().to_owned();
        let checkpoint = Checkpoint { origin, size, root: tree.root(), time: None, frontier: None };
        checkpoint.sign(key, |text| secret.sign(text).to_bytes())
    }

    fn path(path: Option<ProofPath>, size: u64) -> Vec<Hash> {
        let mut path = path.unwrap();
        (1..=size).for_each(|position| path.push(event(position).leaf_hash));
        path.finish().unwrap()
    }

    fn inclusion(position: u64, size: u64, ours: &(VerifierKey, SigningKey)) -> InclusionProof {
        InclusionProof {
            position,
            leaf: event(position).leaf_bytes(),
            path: path(ProofPath::inclusion(position - 1, size), size),
            checkpoint: signed(size, ours),
        }
    }

    fn consistency(old: u64, size: u64, ours: &(VerifierKey, SigningKey)) -> ConsistencyProof {
        let path = path(ProofPath::consistency(old, size), size);
        ConsistencyProof { old, path, checkpoint: signed(size, ours) }
    }

    #[test]
    fn proofs_come_back_from_their_texts_and_hold() {
        let ours = key("svala/one", 1);
        for size in 1..9 {
            for position in 1..=size {
                let proof = inclusion(position, size, &ours);
                let read = Proof::parse(proof.to_string().as_bytes());
                assert_eq!(read, Ok(Proof::Inclusion(proof.clone())));
                assert_eq!(proof.check(&ours.0).unwrap().0, event(position));
            }
            for old in 0..=size {
                let proof = consistency(old, size, &ours);
                let read = Proof::parse(proof.to_string().as_bytes());
                assert_eq!(read, Ok(Proof::Consistency(proof.clone())));
                let older = Checkpoint::open(&signed(old, &ours), &ours.0).unwrap();
                assert_eq!(proof.check(&older, &ours.0).unwrap().size, size);
            }
        }
        let text = inclusion(2, 3, &ours).to_string();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra ") && text.contains("\nindex 1\n"), "{text}");
        assert!(consistency(2, 3, &ours).to_string().starts_with("old 2\n"));
    }

    #[test]
    fn what_was_altered_proves_nothing() {
        let (ours, theirs) = (key("svala/one", 1), key("svala/one", 2));
        let good = inclusion(3, 6, &ours);
        assert!(matches!(good.check(&theirs.0), Err(BadProof::Checkpoint(_))));
        for (altered, why) in [
            (InclusionProof { position: 4, ..good.clone() }, BadProof::NotTheEvent { position: 4 }),
            (InclusionProof { position: 0, ..good.clone() }, BadProof::NotTheEvent { position: 0 }),
            (
                InclusionProof { leaf: event(4).leaf_bytes(), ..good.clone() },
                BadProof::NotTheEvent { position: 3 },
            ),
            (
                InclusionProof { leaf: b"amount".to_vec(), ..good.clone() },
                BadProof::NotTheEvent { position: 3 },
            ),
            (InclusionProof { path: good.path[1..].to_vec(), ..good.clone() }, BadProof::DoesNotHold),
            (InclusionProof { checkpoint: signed(5, &ours), ..good.clone() }, BadProof::DoesNotHold),
        ] {
            assert_eq!(altered.check(&ours.0), Err(why));
        }
        let mut other = event(3);
        other.body = b"{\"n\":9}".to_vec();
        let altered = InclusionProof { leaf: other.leaf_bytes(), ..good };
        assert_eq!(altered.check(&ours.0), Err(BadProof::DoesNotHold));

        let good = consistency(3, 6, &ours);
        let older = Checkpoint::open(&signed(3, &ours), &ours.0).unwrap();
        let given = Checkpoint { size: 2, ..older.clone() };
        assert_eq!(good.check(&given, &ours.0), Err(BadProof::OtherCheckpoint { old: 3, given: 2 }));
        let rewritten = Checkpoint { root: [1; 32], ..older.clone() };
        assert_eq!(good.check(&rewritten, &ours.0), Err(BadProof::DoesNotHold));
        assert!(matches!(good.check(&older, &theirs.0), Err(BadProof::Checkpoint(_))));
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let ours = key("svala/one", 1);
        let good = inclusion(2, 3, &ours).to_string();
        let continued = consistency(2, 3, &ours).to_string();
        for bad in [
            String::new(),
            good.replacen("v1", "v2", 1),
            good.replacen("extra ", "extra", 1),
            good.replacen("index 1", "index 01", 1),
            good.replacen("index 1", &format!("index {}", u64::MAX), 1),
            good.replacen("index 1\n", &format!("index 1\n{}\n", "A".repeat(43)), 1),
            good.replacen(
                "index 1\n",
                &format!("index 1\n{}", format!("{}=\n", "A".repeat(43)).repeat(70)),
                1,
            ),
            good.replacen("\u{2014}", "-", 1),
            good.replacen('\n', "\r\n", 1),
            continued.replacen("old 2", "old -2", 1),
            continued.replacen("old 2", "new 2", 1),
            format!("{good}{}", "x".repeat(PROOF_BYTES_MAX)),
        ] {
            assert_eq!(
                Proof::parse(bad.as_bytes()),
                Err(BadProof::NotAProof),
                "{}",
                &bad[..bad.len().min(300)]
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(at in 0_usize..400, byte: u8, noise: Vec<u8>) {
            let ours = key("svala/one", 1);
            let _ = Proof::parse(&noise);
            for text in [inclusion(2, 3, &ours).to_string(), consistency(2, 3, &ours).to_string()] {
                let mut bytes = text.clone().into_bytes();
                let at = at % bytes.len();
                bytes[at] = byte;
                // One other byte anywhere, and it is no proof any more.
                let older = Checkpoint::open(&signed(2, &ours), &ours.0).unwrap();
                let holds = match Proof::parse(&bytes) {
                    Ok(Proof::Inclusion(proof)) => proof.check(&ours.0).is_ok(),
                    Ok(Proof::Consistency(proof)) => proof.check(&older, &ours.0).is_ok(),
                    Err(_) => false,
                };
                prop_assert_eq!(holds, bytes == text.as_bytes(), "byte {} is {}", at, byte);
            }
        }
    }
}
