//! Texts and keys open for the right person, unaltered, and for nobody else.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{ExhaustedEntropy, SeededEntropy, hex};
use uuid::Uuid;
use vault::{
    LedgerKey, OsEntropy, SubjectKey, TEXT_BYTES_MAX, VaultError, WRAPPED_KEY_BYTES, WrappedKey, seal_id,
};

const ANNA: Uuid = Uuid::from_u128(1);
const BASIM: Uuid = Uuid::from_u128(2);

fn ledger() -> LedgerKey {
    LedgerKey::from_bytes([7; 32])
}

fn new_key(subject: Uuid, seed: u64) -> (SubjectKey, WrappedKey) {
    ledger().new_subject_key(subject, &mut SeededEntropy(seed)).unwrap()
}

fn is_unreadable_key(result: Result<SubjectKey, VaultError>) -> bool {
    matches!(result, Err(VaultError::SubjectKeyUnreadable))
}

fn is_unreadable_text(result: Result<Vec<u8>, VaultError>) -> bool {
    matches!(result, Err(VaultError::TextUnreadable))
}

#[test]
fn a_text_round_trips_through_the_wrapped_key() {
    let (key, wrapped) = new_key(ANNA, 1);
    assert_eq!(wrapped.as_bytes().len(), WRAPPED_KEY_BYTES);
    for text in ["", "Behöver insulin", &"å".repeat(TEXT_BYTES_MAX / 2)] {
        let sealed = key.seal(ANNA, text.as_bytes(), &mut OsEntropy).unwrap();
        let reopened = ledger().unwrap(ANNA, wrapped.as_bytes()).unwrap();
        assert_eq!(reopened.open(ANNA, &sealed.bytes).unwrap(), text.as_bytes());
    }
    assert_eq!(wrapped.clone().into_bytes(), wrapped.as_bytes());
}

#[test]
fn the_text_is_not_in_the_sealed_bytes_and_its_length_is_hidden() {
    let (key, _) = new_key(ANNA, 1);
    let mut entropy = SeededEntropy(2);
    let short = key.seal(ANNA, b"yes", &mut entropy).unwrap();
    let longer = key.seal(ANNA, &[b'a'; 63], &mut entropy).unwrap();
    assert_eq!(short.bytes.len(), 24 + 64 + 16);
    assert_eq!(short.bytes.len(), longer.bytes.len());
    assert!(!longer.bytes.windows(8).any(|window| window == [b'a'; 8]));
}

#[test]
fn the_same_text_gives_other_bytes_each_time() {
    let (key, _) = new_key(ANNA, 1);
    let mut entropy = SeededEntropy(2);
    let first = key.seal(ANNA, b"text", &mut entropy).unwrap();
    let second = key.seal(ANNA, b"text", &mut entropy).unwrap();
    assert_ne!(first.id, second.id);
    assert_ne!(first.bytes[..24], second.bytes[..24], "nonces");
    assert_ne!(first.bytes[24..], second.bytes[24..], "ciphertexts");
}

#[test]
fn the_id_is_the_sha256_of_the_bytes() {
    let (key, _) = new_key(ANNA, 1);
    let sealed = key.seal(ANNA, b"text", &mut OsEntropy).unwrap();
    assert_eq!(sealed.id, seal_id(&sealed.bytes));
    assert_eq!(hex(&seal_id(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn a_text_of_another_person_is_refused_even_under_the_same_key() {
    let (anna, wrapped) = new_key(ANNA, 1);
    let (basim, _) = new_key(BASIM, 2);
    let sealed = anna.seal(ANNA, b"text", &mut OsEntropy).unwrap();
    assert!(is_unreadable_text(anna.open(BASIM, &sealed.bytes)), "wrong person");
    assert!(is_unreadable_text(basim.open(ANNA, &sealed.bytes)), "wrong key");
    assert!(is_unreadable_key(ledger().unwrap(BASIM, wrapped.as_bytes())), "wrong person");
    let other_ledger = LedgerKey::from_bytes([8; 32]);
    assert!(is_unreadable_key(other_ledger.unwrap(ANNA, wrapped.as_bytes())), "wrong ledger");
}

#[test]
fn any_flipped_or_missing_byte_is_refused() {
    let (key, wrapped) = new_key(ANNA, 1);
    let sealed = key.seal(ANNA, b"text", &mut OsEntropy).unwrap().bytes;
    for index in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert!(is_unreadable_text(key.open(ANNA, &altered)), "byte {index}");
        assert!(is_unreadable_text(key.open(ANNA, &sealed[..index])), "first {index} bytes");
    }
    let wrapped = wrapped.into_bytes();
    for index in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[index] ^= 1;
        assert!(is_unreadable_key(ledger().unwrap(ANNA, &altered)), "byte {index}");
        assert!(is_unreadable_key(ledger().unwrap(ANNA, &wrapped[..index])), "first {index} bytes");
    }
}

#[test]
fn a_text_longer_than_the_limit_is_refused() {
    let (key, _) = new_key(ANNA, 1);
    let text = vec![0; TEXT_BYTES_MAX + 1];
    assert!(matches!(key.seal(ANNA, &text, &mut OsEntropy), Err(VaultError::TextTooLong)));
}

#[test]
fn without_random_bytes_nothing_is_made() {
    let mut none = ExhaustedEntropy { fills: 0 };
    assert!(matches!(LedgerKey::generate_from(&mut none), Err(VaultError::Entropy)));
    for fills in [0, 1] {
        let mut entropy = ExhaustedEntropy { fills };
        assert!(matches!(ledger().new_subject_key(ANNA, &mut entropy), Err(VaultError::Entropy)), "{fills}");
    }
    let (key, _) = new_key(ANNA, 1);
    assert!(matches!(key.seal(ANNA, b"text", &mut none), Err(VaultError::Entropy)));
}

#[test]
fn debug_shows_no_key_and_no_ciphertext() {
    let (key, wrapped) = new_key(ANNA, 1);
    let sealed = key.seal(ANNA, b"text", &mut SeededEntropy(2)).unwrap();
    assert_eq!(format!("{:?}", ledger()), "LedgerKey(redacted)");
    assert_eq!(format!("{key:?}"), "SubjectKey(redacted)");
    assert_eq!(format!("{wrapped:?}"), "WrappedKey(72 bytes)");
    assert_eq!(format!("{sealed:?}"), "Sealed(104 bytes)");
}

// Expected values from an independent implementation of HKDF, HMAC and XChaCha20-Poly1305.
#[test]
fn stored_bytes_never_change_their_format() {
    let (key, wrapped) = new_key(ANNA, 1);
    let sealed = key.seal(ANNA, b"text", &mut SeededEntropy(2)).unwrap();
    let golden = [
        (
            "wrapped",
            hex(&seal_id(wrapped.as_bytes())),
            "e6d2bd8e87fac17a3f04f79824a4c931491d9a1e8651b3f0c8ee1e8eba4c8fd4",
        ),
        ("sealed", hex(&sealed.id), "db9eda4773bc9af62b4ed5a331e74fe2cd8b791c54f8f6308bd0528b0303dd63"),
    ];
    for (name, actual, expected) in golden {
        assert_eq!(actual, expected, "{name}: texts written by earlier versions would become unreadable");
    }
}
