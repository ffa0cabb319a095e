//! The one byte form of an event body: RFC 8785 canonical JSON.
//!
//! The bytes that are hashed are the bytes that are stored; nothing is ever hashed after being parsed and
//! written again. Amounts are strings inside a body, because JSON numbers are binary floats.

use serde::Serialize;
use serde_json::Value;

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
    serde_json::from_slice::<Value>(bytes)
        .ok()
        .and_then(|value| to_bytes(&value).ok())
        .is_some_and(|canonical| canonical == bytes)
}

/// Whether bytes are exactly the canonical form of a value that holds no floats.
pub fn is_form_of<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    // Where nothing needs the canonicaliser, serde_json writes the same bytes much faster.
    let plainly =
        serde_json::to_value(value).ok().filter(is_plain).and_then(|value| serde_json::to_vec(&value).ok());
    match plainly {
        Some(written) => written == bytes,
        None => to_bytes(value).is_ok_and(|canonical| canonical == bytes),
    }
}

/// Keys in one order by whatever unit they are compared, and whole numbers that a binary float holds exactly.
fn is_plain(value: &Value) -> bool {
    const EXACT: u64 = 1 << 53;
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() <= EXACT),
        Value::Array(values) => values.iter().all(is_plain),
        Value::Object(fields) => {
            fields.keys().is_sorted() && fields.iter().all(|(key, value)| key.is_ascii() && is_plain(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1_000_i64..1_000).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x7f]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{0,6}|\\PC{0,3}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// What is written the fast way is what the canonicaliser writes, and nothing else is taken for it.
        #[test]
        fn the_form_of_a_value_is_the_canonicalisers(value in json(), at: prop::sample::Index, other: u8) {
            let canonical = to_bytes(&value).unwrap();
            prop_assert!(is_form_of(&value, &canonical));
            if is_plain(&value) {
                prop_assert_eq!(serde_json::to_vec(&value).unwrap(), canonical.clone());
            }
            let mut altered = canonical.clone();
            let at = at.index(altered.len());
            altered[at] = other;
            prop_assert_eq!(is_form_of(&value, &altered), altered == canonical);
        }
    }

    #[test]
    fn a_number_that_is_no_exact_float_is_left_to_the_canonicaliser() {
        for number in [(1_u64 << 53) + 1, u64::MAX] {
            assert!(!is_plain(&Value::from(number)));
            assert!(!is_form_of(&number, number.to_string().as_bytes()), "{number}");
            assert!(is_form_of(&number, &to_bytes(&number).unwrap()), "{number}");
        }
        assert!(is_form_of(&(1_u64 << 53), b"9007199254740992"));
    }

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
