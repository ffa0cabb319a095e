//! Why a number was refused: as data for programs, as a sentence for people.

use thiserror::Error;

/// A result does not fit in [`Eur`](crate::Eur): about ±92 000 000 000 000 000 euros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("The result is larger than the ledger can hold. Check the amounts.")]
pub struct Overflow;

impl Overflow {
    /// Stable id of the rule that was broken.
    pub const fn rule(&self) -> &'static str {
        "amount.overflow"
    }
}

/// Why text is not an amount.
///
/// `Display` is a sentence for a finance officer. It never contains the text itself, which may be
/// anything, also personal data from the wrong column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseMoneyError {
    /// Nothing, or nothing but white space.
    #[error("The number is missing.")]
    Empty,
    /// More than [`INPUT_BYTES_MAX`](crate::INPUT_BYTES_MAX) bytes.
    #[error("The text is too long to be a number. Check that the columns are in the right order.")]
    TooLong,
    /// White space before or after the number.
    #[error("There is white space before or after the number. Remove it.")]
    SurroundingSpace,
    /// `1e2`: usually a spreadsheet that shortened the number.
    #[error("The number is written with an exponent, like 1e2. Write all digits: 100.")]
    Exponent,
    /// Words, letters, `NaN`, `Infinity`, `0x10`, hidden characters.
    #[error(
        "This is not a plain number. Write digits only, for example 100, without words, letters or hidden \
         characters."
    )]
    NotANumber,
    /// `(5)`, the bookkeeping way to write minus five.
    #[error("The number stands in parentheses. Write a negative number with a minus: -5.")]
    Parentheses,
    /// `12 €`, `$5`.
    #[error(
        "There is a currency sign in the number. Write the number alone; the currency has its own field."
    )]
    CurrencySign,
    /// `12,50` where a decimal point is expected.
    #[error(
        "The number has a decimal comma. Write a point (12.50) or, if all numbers are written with a comma, \
         use --locale sv."
    )]
    DecimalComma,
    /// `1,000` where a decimal point is expected: a thousand, or one with three decimals.
    #[error(
        "The comma can mean thousands or decimals. Write thousands together (1000) and decimals after a point \
         (12.50) or, if all numbers have a decimal comma, use --locale sv."
    )]
    AmbiguousComma,
    /// `12.50` or `1.000` where a decimal comma is expected.
    #[error(
        "The number has a point. Write a decimal comma (12,50) and no point between thousands or, if all \
         numbers are written with a decimal point, use --locale strict."
    )]
    DecimalPoint,
    /// A space, comma, point, apostrophe or underscore between thousands.
    #[error("There are separators between the thousands. Write the digits together: 1000.")]
    GroupSeparator,
    /// Thousands that are not groups of exactly three digits.
    #[error(
        "The thousands are not grouped in threes with one space between them. Write 1 000 000, or the digits \
         together: 1000000."
    )]
    Grouping,
    /// U+2212, a dash, two minus signs, or a minus that is not directly before the first digit.
    #[error("The minus is not a plain minus. Write one hyphen directly before the first digit: -5.")]
    MinusSign,
    /// `+5`.
    #[error("There is a plus sign. Write the number without it.")]
    PlusSign,
    /// Digits other than 0 to 9: full-width, Arabic-Indic, superscript, fractions.
    #[error("The number has digits of another script. Write it with the digits 0 to 9.")]
    NonAsciiDigit,
    /// `.5`, `5.`: no digit on one side of the decimal separator.
    #[error(
        "A digit is missing before or after the decimal separator. Write for example 0.50 or, with \
         --locale sv, 0,50."
    )]
    BareSeparator,
    /// `007`: usually an identifier in the wrong column.
    #[error("The number begins with a needless zero. Remove it, or check that this is not an identifier.")]
    LeadingZeros,
    /// More decimals than the currency has minor digits. Nothing is rounded in silence.
    #[error("{}", too_many_decimals(*allowed))]
    TooManyDecimals {
        /// The most decimals accepted here.
        allowed: u32,
    },
    /// More than [`WHOLE_DIGITS_MAX`](crate::WHOLE_DIGITS_MAX) digits before the decimals, or more than fits.
    #[error("The number is larger than the ledger can hold. Check that it is an amount.")]
    TooLarge,
    /// `-0`, `-0.00`.
    #[error("The number is minus zero. Write 0.")]
    NegativeZero,
}

fn too_many_decimals(allowed: u32) -> String {
    match allowed {
        0 => "This currency has no decimals. Write a whole number; nothing is rounded for you.".to_owned(),
        1 => "There are too many decimals. Write at most 1; nothing is rounded for you.".to_owned(),
        _ => format!("There are too many decimals. Write at most {allowed}; nothing is rounded for you."),
    }
}

impl ParseMoneyError {
    /// Stable id of the rule that was broken, such as `amount.exponent`.
    pub const fn rule(&self) -> &'static str {
        self.rules().0
    }

    /// The rule ids for an amount and for a rate, kept together so that they cannot drift apart.
    pub(crate) const fn rules(&self) -> (&'static str, &'static str) {
        macro_rules! ids {
            ($name:literal) => {
                (concat!("amount.", $name), concat!("rate.", $name))
            };
        }
        match self {
            Self::Empty => ids!("empty"),
            Self::TooLong => ids!("too-long"),
            Self::SurroundingSpace => ids!("surrounding-space"),
            Self::Exponent => ids!("exponent"),
            Self::NotANumber => ids!("not-a-number"),
            Self::Parentheses => ids!("parentheses"),
            Self::CurrencySign => ids!("currency-sign"),
            Self::DecimalComma => ids!("decimal-comma"),
            Self::AmbiguousComma => ids!("ambiguous-comma"),
            Self::DecimalPoint => ids!("decimal-point"),
            Self::GroupSeparator => ids!("group-separator"),
            Self::Grouping => ids!("grouping"),
            Self::MinusSign => ids!("minus-sign"),
            Self::PlusSign => ids!("plus-sign"),
            Self::NonAsciiDigit => ids!("non-ascii-digit"),
            Self::BareSeparator => ids!("bare-separator"),
            Self::LeadingZeros => ids!("leading-zeros"),
            Self::TooManyDecimals { .. } => ids!("decimals"),
            Self::TooLarge => ids!("too-large"),
            Self::NegativeZero => ids!("negative-zero"),
        }
    }
}
