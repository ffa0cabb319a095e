//! Codes of ISO 20022.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A code of ISO 20022's external lists, such as `PMNT` or `AC04`: 1 to 4 capital letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct IsoCode([u8; LENGTH_MAX]);

const LENGTH_MAX: usize = 4;

/// A text that is no such code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code of ISO 20022 is 1 to 4 capital letters and digits, such as PMNT")]
pub struct NotAnIsoCode;

impl IsoCode {
    /// The code.
    pub fn as_str(&self) -> &str {
        // Only letters and digits can be inside, with zero bytes after them.
        std::str::from_utf8(&self.0).unwrap_or_default().trim_end_matches('\0')
    }
}

impl FromStr for IsoCode {
    type Err = NotAnIsoCode;

    fn from_str(text: &str) -> Result<Self, NotAnIsoCode> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(1..=LENGTH_MAX).contains(&text.len()) || !text.bytes().all(plain) {
            return Err(NotAnIsoCode);
        }
        let mut code = [0; LENGTH_MAX];
        code[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(code))
    }
}

impl TryFrom<String> for IsoCode {
    type Error = NotAnIsoCode;

    fn try_from(text: String) -> Result<Self, NotAnIsoCode> {
        text.parse()
    }
}

impl From<IsoCode> for String {
    fn from(code: IsoCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for IsoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for IsoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
