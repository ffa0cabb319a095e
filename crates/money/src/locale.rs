//! How a person or a file writes numbers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How a number is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// `-3000.50`: decimal point, ASCII hyphen-minus, no separators between thousands.
    #[default]
    Strict,
    /// `−3 000,50`: decimal comma; thousands may be grouped with a space, U+00A0 or U+202F;
    /// minus as `-` or U+2212. A point is never accepted.
    Sv,
}

impl Locale {
    /// The code a person types: `strict` or `sv`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Sv => "sv",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Locale {
    type Err = UnknownLocale;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "strict" => Ok(Self::Strict),
            "sv" => Ok(Self::Sv),
            _ => Err(UnknownLocale),
        }
    }
}

/// The text names no [`Locale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This locale is not known. Write strict (3000.50) or sv (3 000,50).")]
pub struct UnknownLocale;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_nothing_else_is_accepted() {
        for locale in [Locale::Strict, Locale::Sv] {
            assert_eq!(locale.to_string().parse(), Ok(locale));
        }
        for text in ["", "SV", "en", "sv-SE", "strict "] {
            assert_eq!(text.parse::<Locale>(), Err(UnknownLocale), "{text:?}");
        }
    }
}
