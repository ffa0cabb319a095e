//! Lower-case hexadecimal, the text form of every hash and digest.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes bytes as lower-case hexadecimal.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// What each byte is worth as a digit; `NO_DIGIT` for all but sixteen.
const WORTH: [u8; 256] = {
    let mut worth = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        worth[DIGITS[digit as usize] as usize] = digit;
        digit += 1;
    }
    worth
};
const NO_DIGIT: u8 = 0xff;

/// Reads exactly `N` bytes of lower-case hexadecimal; anything else is `None`, so each value has one text.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != N * 2 {
        return None;
    }
    // Digits of a hash are as good as random: a branch for each would be guessed wrong every other time.
    let (mut bytes, mut seen) = ([0; N], 0);
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (WORTH[usize::from(pair[0])], WORTH[usize::from(pair[1])]);
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    (seen < 16).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_exactly_one_text() {
        assert_eq!(encode(&[0, 15, 16, 255]), "000f10ff");
        assert_eq!(decode::<4>("000f10ff"), Some([0, 15, 16, 255]));
        for bad in ["000F10FF", "000f10f", "000f10ff0", "000f10fg", ""] {
            assert_eq!(decode::<4>(bad), None, "{bad}");
        }
    }
}
