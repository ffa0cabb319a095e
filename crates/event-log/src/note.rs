//! Signed notes (C2SP `signed-note`): a text, a blank line, and one line for each signature.
//!
//! Only Ed25519 is understood (type 0x01). What is read is bounded, has one byte form, and proves nothing until
//! [`Note::open`] has found a good signature on it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::hex;

/// Longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Longest name of a key, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Type of Ed25519 keys and their signatures.
const ED25519: u8 = 1;
/// What a line of a signature begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Bytes that are no signed note, or no key that checks one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("it is longer than {NOTE_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8, or with control characters.
    #[error("it is not a plain text in UTF-8")]
    NotText,
    /// No blank line, or nothing on one side of it.
    #[error("it is not a text, a blank line and signatures")]
    NotANote,
    /// A line below the blank one is no signature.
    #[error("a line of its signatures is not: a dash, a name, a signature in Base64")]
    NotASignature,
    /// Nobody whose key was given has signed it.
    #[error("it is not signed by {0}")]
    NotSigned(String),
    /// The signature of a key that was given is wrong.
    #[error("the signature of {0} is wrong: it was altered, or signed with another key")]
    WrongSignature(String),
    /// Not `name+id+key`.
    #[error(
        "a verifier key is written NAME+ID+KEY, the id 8 hexadecimal digits, the key an Ed25519 key in Base64"
    )]
    NotAKey,
}

/// A text and who says to have signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    key_id: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text, which ends with a line break. `sign` gives the Ed25519 signature of `key`.
    pub fn sign(text: String, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let bytes = sign(text.as_bytes()).to_vec();
        let signature = NoteSignature { name: key.name.clone(), key_id: key.id(), bytes };
        Self { text, signatures: vec![signature] }
    }

    /// Reads a note; nothing in it is to be believed yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNote> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(BadNote::TooLong);
        }
        let note = str::from_utf8(bytes).map_err(|_| BadNote::NotText)?;
        if note.bytes().any(|c| c < b' ' && c != b'\n') {
            return Err(BadNote::NotText);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(BadNote::NotANote)?;
        let signatures = signatures.strip_suffix('\n').ok_or(BadNote::NotANote)?;
        if text.is_empty() {
            return Err(BadNote::NotANote);
        }
        let signatures = signatures.split('\n').map(NoteSignature::parse).collect::<Option<_>>();
        Ok(Self { text: format!("{text}\n"), signatures: signatures.ok_or(BadNote::NotASignature)? })
    }

    /// The text, if `key` has signed it.
    ///
    /// # Errors
    /// [`BadNote::NotSigned`] where there is no signature of that key, [`BadNote::WrongSignature`] where there is one
    /// that does not hold.
    pub fn open(&self, key: &VerifierKey) -> Result<&str, BadNote> {
        let mut of_key =
            self.signatures.iter().filter(|s| s.name == key.name && s.key_id == key.id()).peekable();
        if of_key.peek().is_none() {
            return Err(BadNote::NotSigned(key.to_string()));
        }
        if of_key.all(|signature| key.holds(&self.text, &signature.bytes)) {
            Ok(&self.text)
        } else {
            Err(BadNote::WrongSignature(key.to_string()))
        }
    }

    /// The text, whoever has signed it or not: for saying what a note claims to be.
    pub fn unproven_text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| {
            let bytes = [&signature.key_id, signature.bytes.as_slice()].concat();
            writeln!(f, "{SIGNATURE_MARK}{} {}", signature.name, BASE64.encode(bytes))
        })
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let signature = BASE64.decode(signature).ok()?;
        let (key_id, bytes) = signature.split_first_chunk()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            key_id: *key_id,
            bytes: bytes.to_vec(),
        })
    }
}

/// The public key that checks notes, with the name that its owner signs under. Its text is `NAME+ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

impl VerifierKey {
    /// The key with these bytes, under this name; `None` for bytes that are no Ed25519 public key, and for names that
    /// are empty, longer than 200 bytes, or hold spaces or a plus sign.
    pub fn new(name: impl Into<String>, public_key: &[u8; 32]) -> Option<Self> {
        let (name, key) = (name.into(), VerifyingKey::from_bytes(public_key).ok()?);
        // Under a weak key anybody can sign anything.
        (is_name(&name) && !key.is_weak()).then_some(Self { name, key })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key): tells keys apart, proves nothing.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn holds(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|s| self.key.verify_strict(text.as_bytes(), &s).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(&self.id()), BASE64.encode(typed))
    }
}

impl FromStr for VerifierKey {
    type Err = BadNote;

    fn from_str(text: &str) -> Result<Self, BadNote> {
        let read = || {
            // Base64 has plus signs; names have none.
            let (name, rest) = text.split_once('+')?;
            let (id, key) = rest.split_once('+')?;
            let typed = BASE64.decode(key).ok()?;
            let (kind, public_key) = typed.split_first()?;
            let key = Self::new(name, public_key.try_into().ok()?)?;
            (*kind == ED25519 && hex::decode(id) == Some(key.id())).then_some(key)
        };
        read().ok_or(BadNote::NotAKey)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

#[cfg(test)]
pub(crate) mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    use super::*;

    /// A key and its secret half.
    pub(crate) fn key(name: &str, seed: u8) -> (VerifierKey, SigningKey) {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        (VerifierKey::new(name, secret.verifying_key().as_bytes()).unwrap(), secret)
    }

    pub(crate) fn signed(text: &str, (key, secret): &(VerifierKey, SigningKey)) -> Note {
        Note::sign(text.to_owned(), key, |text| secret.sign(text).to_bytes())
    }

    /// The key and the note printed in the documentation of Go's `sumdb/note`, which the specification grew out of.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETERS_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_published_note_opens_with_its_published_key() {
        let key: VerifierKey = PETER.parse().unwrap();
        assert_eq!(key.to_string(), PETER);
        let note = Note::parse(PETERS_NOTE.as_bytes()).unwrap();
        assert!(note.open(&key).unwrap().starts_with("If you think"));
        assert_eq!(note.to_string(), PETERS_NOTE);
        let altered = Note::parse(PETERS_NOTE.replace("don't", "do").as_bytes()).unwrap();
        assert!(matches!(altered.open(&key), Err(BadNote::WrongSignature(_))));
    }

    #[test]
    fn a_note_opens_only_with_the_key_that_signed_it() {
        let ours = key("svala/one", 1);
        let note = signed("a\n\nb\n", &ours);
        assert_eq!(note.open(&ours.0), Ok("a\n\nb\n"));
        assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note.clone()));
        for (other, _) in [key("svala/one", 2), key("svala/two", 1)] {
            assert_eq!(note.open(&other), Err(BadNote::NotSigned(other.to_string())));
        }
        // Signatures of others beside ours change nothing; a second one of ours must hold as well.
        let mut both = note.clone();
        both.signatures.insert(0, signed("else\n", &key("witness", 3)).signatures.remove(0));
        assert_eq!(both.open(&ours.0), Ok("a\n\nb\n"));
        both.signatures.push(signed("else\n", &ours).signatures.remove(0));
        assert!(matches!(both.open(&ours.0), Err(BadNote::WrongSignature(_))));
        for byte in 0..64 {
            let mut forged = note.clone();
            forged.signatures[0].bytes[byte] ^= 1;
            assert!(matches!(forged.open(&ours.0), Err(BadNote::WrongSignature(_))), "{byte}");
        }
    }

    #[test]
    fn what_is_no_note_says_why() {
        let good = signed("a\n", &key("k", 1)).to_string();
        for (bad, why) in [
            (String::new(), BadNote::NotANote),
            (good.replace("\n\n", "\n"), BadNote::NotANote),
            (good.trim_end().to_owned(), BadNote::NotANote),
            (good[1..].to_owned(), BadNote::NotANote),
            (good.replace('\u{2014}', "-"), BadNote::NotASignature),
            (good.replace('=', ""), BadNote::NotASignature),
            (format!("{good}\n"), BadNote::NotANote),
            (format!("{good}more\n"), BadNote::NotASignature),
            (good.replace("\u{2014} k", "\u{2014} k+l"), BadNote::NotASignature),
            (good.replace("\u{2014} k ", "\u{2014} k A"), BadNote::NotASignature),
            (good.replace('a', "a\r"), BadNote::NotText),
            (good.repeat(700), BadNote::TooLong),
        ] {
            assert_eq!(Note::parse(bad.as_bytes()), Err(why), "{bad}");
        }
        assert_eq!(Note::parse(b"\xff\n\n"), Err(BadNote::NotText));
    }

    #[test]
    fn a_key_has_one_text_and_weak_ones_are_refused() {
        let (key, _) = key("svala/one", 1);
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key));
        for bad in [
            text.replace("one", "two"),
            text.to_uppercase(),
            text.replacen('+', "", 1),
            format!(" {text}"),
            format!("{text}\n"),
            text[..text.len() - 4].to_owned(),
            String::new(),
        ] {
            assert_eq!(bad.parse::<VerifierKey>(), Err(BadNote::NotAKey), "{bad}");
        }
        let neutral = [&[1], [0; 31].as_slice()].concat();
        assert_eq!(VerifierKey::new("weak", neutral.as_slice().try_into().unwrap()), None);
        assert_eq!(VerifierKey::new("a name", VerifyingKey::default().as_bytes()), None);
    }

    proptest! {
        #[test]
        fn whatever_is_read_has_one_form(text in "[ -~\n—+]{0,60}", tail in "(\n\n)?(— [ak+ ]{0,3} [A-Za-z0-9+/]{0,24}={0,2}\n){0,3}", bytes: Vec<u8>) {
            for candidate in [format!("{text}{tail}").into_bytes(), bytes] {
                if let Ok(note) = Note::parse(&candidate) {
                    prop_assert_eq!(note.to_string().into_bytes(), candidate);
                }
            }
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
