//! Hides the exact length of a text. See the crate documentation for why.

use zeroize::Zeroizing;

/// Texts are padded to a multiple of this many bytes.
pub const PADDING_BYTES: usize = 64;

const END_OF_TEXT: u8 = 0x80;

/// `text`, 0x80, and zeros up to the next multiple of [`PADDING_BYTES`].
pub(crate) fn pad(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let padded_len = (text.len() / PADDING_BYTES + 1) * PADDING_BYTES;
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_len));
    padded.extend_from_slice(text);
    padded.push(END_OF_TEXT);
    padded.resize(padded_len, 0);
    padded
}

/// The text inside `padded`; `None` when it was not made by [`pad`].
pub(crate) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    if !padded.len().is_multiple_of(PADDING_BYTES) {
        return None;
    }
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    let is_in_last_block = padded.len() - end <= PADDING_BYTES;
    (is_in_last_block && padded[end] == END_OF_TEXT).then(|| &padded[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips_in_steps_of_64() {
        for length in 0..200 {
            for byte in [0, 1, END_OF_TEXT] {
                let text = vec![byte; length];
                let padded = pad(&text);
                assert_eq!(padded.len(), (length / 64 + 1) * 64);
                assert_eq!(unpad(&padded), Some(text.as_slice()));
            }
        }
    }

    #[test]
    fn what_pad_never_makes_is_refused() {
        let mut too_long = vec![0; 128];
        too_long[63] = END_OF_TEXT;
        assert_eq!(unpad(&too_long), None, "two blocks where one is enough");
        assert_eq!(unpad(&[]), None);
        assert_eq!(unpad(&[0; 64]), None, "no end");
        assert_eq!(unpad(&[1; 64]), None, "wrong end");
        assert_eq!(unpad(&[END_OF_TEXT]), None, "wrong length");
    }
}
