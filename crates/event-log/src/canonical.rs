//! The one byte form of an event body: RFC 8785 canonical JSON.
//!
//! The bytes that are hashed are the bytes that are stored; nothing is ever hashed after being parsed and
//! written again. Amounts are strings inside a body, because JSON numbers are binary floats.

use serde::Serialize;

/// A value that has no canonical JSON form (a float that is not finite, a map with keys that are no strings).
#[derive(Debug, thiserror::Error)]
#[error("a value has no canonical JSON form: {0}")]
pub struct NotCanonical(String);

/// Bytes that are canonical JSON: made by the canonicaliser or checked against it, never just claimed to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Writes a value as RFC 8785 canonical JSON.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, NotCanonical> {
        serde_json_canonicalizer::to_vec(value).map(Self).map_err(|e| NotCanonical(e.to_string()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl TryFrom<Vec<u8>> for Canonical {
    type Error = NotCanonical;

    /// Takes bytes that are exactly the canonical form of the JSON they hold.
    fn try_from(bytes: Vec<u8>) -> Result<Self, NotCanonical> {
        if is_canonical(&bytes) {
            Ok(Self(bytes))
        } else {
            Err(NotCanonical("the bytes are another form of it".into()))
        }
    }
}

/// Writes a value as RFC 8785 canonical JSON.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    Canonical::of(value).map(Canonical::into_bytes)
}

/// Whether bytes are already exactly the canonical form of the JSON they hold.
pub fn is_canonical(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(bytes)
        .ok()
        .and_then(|value| to_bytes(&value).ok())
        .is_some_and(|canonical| canonical == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_nothing_is_padded() {
        let value = serde_json::json!({"b": "3000.00", "a": {"y": 1, "x": [true, null]}, "ö": "é\n"});
        let bytes = to_bytes(&value).unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "{\"a\":{\"x\":[true,null],\"y\":1},\"b\":\"3000.00\",\"ö\":\"é\\n\"}"
        );
        assert!(is_canonical(&bytes));
    }

    #[test]
    fn another_spelling_of_the_same_value_is_not_canonical() {
        for text in ["{\"b\":1,\"a\":2}", "{ \"a\":1}", "{\"a\":1.0}", "{\"a\":\"\\u0041\"}", "nonsense"] {
            assert!(!is_canonical(text.as_bytes()), "{text}");
            assert!(Canonical::try_from(text.as_bytes().to_vec()).is_err(), "{text}");
        }
    }
}
