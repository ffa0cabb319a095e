//! Key ids, blind indexes and fingerprints: stable, keyed, separate.

mod common;

use std::collections::BTreeSet;

use common::hex;
use vault::LedgerKey;

fn ledger() -> LedgerKey {
    LedgerKey::from_bytes([7; 32])
}

// Expected values from independent implementations of HKDF, HMAC and Ed25519.
#[test]
fn hashes_never_change_their_format() {
    let golden = [
        ("key id", hex(&ledger().key_id()), "41215e0d205aa100ede5eebd82aed0dd"),
        (
            "blind index",
            hex(&ledger().blind_index("receipt", &["ab", "c"])),
            "b90d8383c2c801040dfddb2a9ce05e5600e4f121bfd2cb3a88d3287e3775f249",
        ),
        (
            "fingerprint",
            hex(&ledger().fingerprint(b"request")),
            "b030163903e57e63853fd955bd638ab43a47abcecc8e8de8f21b76e52b55c44a",
        ),
        (
            "checkpoint key",
            hex(&ledger().checkpoint_key()),
            "eb5ef53a302de79e7c6ba2548f5df280f4329f4547d884a290c82dd7f9e1ca8f",
        ),
        (
            "checkpoint signature",
            hex(&ledger().sign_checkpoint(b"checkpoint\n")),
            "ee99075a67df1326909a67efaf90c9ffe06089012559e24d146626a21530521856014dbd19cb206f64f50ab57d201557110e11bea6cc4aa1dff78db863bcb009",
        ),
    ];
    for (name, actual, expected) in golden {
        assert_eq!(actual, expected, "{name}: stored values would no longer be found");
    }
}

#[test]
fn a_blind_index_depends_on_scope_and_on_where_parts_end() {
    let key = ledger();
    let distinct = [
        key.blind_index("receipt", &["ab", "c"]),
        key.blind_index("receipt", &["a", "bc"]),
        key.blind_index("receipt", &["abc"]),
        key.blind_index("receipt", &["abc", ""]),
        key.blind_index("receipt", &["c", "ab"]),
        key.blind_index("receipt", &[]),
        key.blind_index("receiptab", &["c"]),
        key.blind_index("person", &["ab", "c"]),
        key.fingerprint(b"receiptabc"),
    ];
    assert_eq!(BTreeSet::from(distinct).len(), distinct.len());
    assert_eq!(key.blind_index("receipt", &["ab", "c"]), distinct[0]);
}

#[test]
fn purposes_have_keys_of_their_own() {
    // The same bytes go into both: the blind index writes the length of its scope first.
    let bytes = [&7u64.to_be_bytes(), b"receipt".as_slice()].concat();
    assert_ne!(ledger().fingerprint(&bytes), ledger().blind_index("receipt", &[]));
}

#[test]
fn another_key_gives_other_hashes() {
    let other = LedgerKey::from_bytes([8; 32]);
    assert_ne!(ledger().key_id(), other.key_id());
    assert_ne!(ledger().blind_index("s", &["p"]), other.blind_index("s", &["p"]));
    assert_ne!(ledger().fingerprint(b"r"), other.fingerprint(b"r"));
}

#[test]
fn generated_keys_differ() {
    let keys: BTreeSet<_> = (0..8).map(|_| LedgerKey::generate().unwrap().key_id()).collect();
    assert_eq!(keys.len(), 8);
}
