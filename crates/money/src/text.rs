//! Deserialising from one string, without keeping or echoing it.

use std::fmt::{self, Write};
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// Deserialises a string through `read`, whose error is a sentence that does not echo the input.
pub(crate) fn deserialize<'de, D, T, E>(
    deserializer: D,
    expected: &'static str,
    read: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
{
    struct Reader<T, E> {
        expected: &'static str,
        read: fn(&str) -> Result<T, E>,
        result: PhantomData<T>,
    }
    impl<T, E: fmt::Display> Visitor<'_> for Reader<T, E> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }
        fn visit_str<F: Error>(self, text: &str) -> Result<T, F> {
            (self.read)(text).map_err(F::custom)
        }
    }
    deserializer.deserialize_str(Reader { expected, read, result: PhantomData })
}

/// Why stored text was refused: it is no number, or not the one way to write it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredTextError<E> {
    #[error(transparent)]
    Invalid(E),
    #[error("The stored number is not in its canonical form.")]
    NotCanonical,
}

/// Reads `text` with `parse` and accepts it only if it is exactly what `Display` prints, so that
/// one value has one stored form and bytes can be hashed.
pub(crate) fn canonical<T, E>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, StoredTextError<E>>
where
    T: fmt::Display,
{
    let value = parse(text).map_err(StoredTextError::Invalid)?;
    let mut rest = Rest(text);
    let canonical = write!(rest, "{value}").is_ok() && rest.0.is_empty();
    if canonical { Ok(value) } else { Err(StoredTextError::NotCanonical) }
}

/// What of a text has not been printed yet; printing anything else is an error. Every amount of every event is read
/// through this, so no copy is made for comparing.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, printed: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(printed).ok_or(fmt::Error)?;
        Ok(())
    }
}
