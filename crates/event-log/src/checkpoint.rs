//! Checkpoints (C2SP `tlog-checkpoint`): a signed note of how long the log was at a moment, and what it hashed to.
//!
//! Whoever holds one can tell whether the log still has the history it had then. Two lines are added to the three
//! that every checkpoint has: when it was written, and the frontier of the tree. The frontier follows from the root,
//! and lets the tree be continued from there without reading what came before.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use uuid::Uuid;

use crate::envelope::Hash;
use crate::merkle::Frontier;
use crate::note::{BadNote, Note, VerifierKey};

/// Kind of log, the first part of every origin and of the name its key signs under.
const ORIGIN: &str = "svala/";

/// How long the log was at a moment, and what it hashed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: `svala/` and the ledger's id.
    pub origin: String,
    /// Number of events.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
    /// When it was written, in whole seconds; not every checkpoint says so.
    pub time: Option<Timestamp>,
    /// The tree's frontier at that size; not every checkpoint holds it.
    pub frontier: Option<Frontier>,
}

/// Why a note is no checkpoint of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// No signed note, or not signed by the key.
    #[error(transparent)]
    Note(#[from] BadNote),
    /// The text is not that of a checkpoint.
    #[error("it is not the text of a checkpoint: origin, number of events, root")]
    NotACheckpoint,
    /// It is about another log.
    #[error("it is a checkpoint of another ledger, {found}")]
    OtherLedger {
        /// Its origin.
        found: String,
    },
}

/// The origin of a ledger's checkpoints, and the name of its key.
pub fn origin(ledger_id: Uuid) -> String {
    format!("{ORIGIN}{ledger_id}")
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root));
        if let Some(time) = self.time {
            text.push_str(&format!("time {time}\n"));
        }
        if let Some(frontier) = &self.frontier {
            text.push_str(&format!("frontier {}\n", BASE64.encode(frontier.to_bytes())));
        }
        text
    }

    /// Signs it; `sign` gives the Ed25519 signature of `key`.
    pub fn sign(&self, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Note {
        Note::sign(self.text(), key, sign)
    }

    /// Reads a checkpoint that this key has signed for the ledger it is named after.
    pub fn open(note: &Note, key: &VerifierKey) -> Result<Self, BadCheckpoint> {
        // First what it claims: another ledger's is better called that than wrongly signed.
        let claimed = Self::parse(note.unproven_text()).ok_or(BadCheckpoint::NotACheckpoint)?;
        if claimed.origin != key.name() {
            return Err(BadCheckpoint::OtherLedger { found: claimed.origin });
        }
        note.open(key)?;
        Ok(claimed)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
        let (size, root) = (decimal(lines.next()?)?, hash(lines.next()?)?);
        let (mut time, mut frontier) = (None, None);
        for line in lines {
            match line.split_once(' ') {
                _ if line.is_empty() => return None,
                Some(("time", at)) => time = Some(at.parse().ok()?),
                Some(("frontier", hashes)) => {
                    let read = Frontier::from_bytes(size, &BASE64.decode(hashes).ok()?).ok()?;
                    frontier = Some(read).filter(|read| read.root() == root);
                    frontier.as_ref()?;
                }
                // Others may know more lines.
                _ => {}
            }
        }
        Some(Self { origin, size, root, time, frontier })
    }
}

/// A number as checkpoints and proofs write it: digits, and no zero before others.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number = text.parse().ok()?;
    (text == u64::to_string(&number)).then_some(number)
}

/// A hash as checkpoints and proofs write it: Base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    BASE64.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Signer;
    use proptest::prelude::*;

    use super::*;
    use crate::note::tests::{key, signed};

    fn checkpoint(size: u64) -> Checkpoint {
        let mut frontier = Frontier::new();
        (0..size).for_each(|n| frontier.push([n as u8; 32]));
        Checkpoint {
            origin: origin(Uuid::from_u128(7)),
            size,
            root: frontier.root(),
            time: Some("2026-11-22T00:32:55Z".parse().unwrap()),
            frontier: Some(frontier),
        }
    }

    #[test]
    fn a_checkpoint_comes_back_and_is_written_as_the_specification_says() {
        let ours = key("svala/00000000-0000-0000-0000-000000000007", 1);
        for size in [0, 1, 6, 64] {
            let checkpoint = checkpoint(size);
            let note = checkpoint.sign(&ours.0, |text| ours.1.sign(text).to_bytes());
            assert_eq!(Checkpoint::open(&note, &ours.0), Ok(checkpoint), "{note}");
        }
        let text = checkpoint(2).text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["svala/00000000-0000-0000-0000-000000000007", "2"]);
        assert_eq!((lines[2].len(), lines[3]), (44, "time 2026-11-22T00:32:55Z"));
        assert_eq!(lines[4], format!("frontier {}", lines[2]), "a complete tree is its own frontier");
    }

    #[test]
    fn a_checkpoint_of_another_ledger_is_called_that() {
        let (ours, theirs) = (key("svala/one", 1), key("svala/two", 2));
        let text = format!("svala/two\n0\n{}\n", BASE64.encode([0; 32]));
        let note = signed(&text, &theirs);
        assert_eq!(
            Checkpoint::open(&note, &ours.0),
            Err(BadCheckpoint::OtherLedger { found: "svala/two".into() })
        );
        let (same_name, _) = key("svala/two", 3);
        assert!(matches!(
            Checkpoint::open(&note, &same_name),
            Err(BadCheckpoint::Note(BadNote::NotSigned(_)))
        ));
    }

    #[test]
    fn only_the_text_of_a_checkpoint_is_one_even_when_it_is_signed() {
        let ours = key("o", 1);
        let root = BASE64.encode([0; 32]);
        let opened = |text: &str| Checkpoint::open(&signed(text, &ours), &ours.0);
        assert!(opened(&format!("o\n0\n{root}\n")).is_ok());
        assert!(opened(&format!("o\n3\n{root}\nsomething of others\n")).is_ok());
        for bad in [
            "o\n".to_owned(),
            "o\n1\n".to_owned(),
            format!("\n1\n{root}\n"),
            format!("o\n01\n{root}\n"),
            format!("o\n+1\n{root}\n"),
            format!("o\n-1\n{root}\n"),
            format!("o\n18446744073709551616\n{root}\n"),
            format!("o\n1\n{}\n", &root[4..]),
            format!("o\n1\n{root}\n\nx\n"),
            format!("o\n1\n{root}\ntime yesterday\n"),
            format!("o\n1\n{root}\nfrontier {}\n", BASE64.encode([1; 32])),
            format!("o\n3\n{root}\nfrontier {root}\n"),
        ] {
            assert_eq!(opened(&bad), Err(BadCheckpoint::NotACheckpoint), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(lines in proptest::collection::vec("[0-9]{0,21}|time .*|frontier [A-Za-z+/]{0,90}|.*|[A-Za-z0-9+/]{43}=", 0..6)) {
            let text = lines.join("\n") + "\n";
            if let Some(read) = Checkpoint::parse(&text) {
                let [origin, size, root] = [&read.origin, &read.size.to_string(), &BASE64.encode(read.root)];
                let begins = format!("{origin}\n{size}\n{root}\n");
                prop_assert!(text.starts_with(&begins));
            }
        }
    }
}
