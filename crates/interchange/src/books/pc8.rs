//! Text as SIE wants it: code page 437 ("PC8"), quoted where a field has spaces.

use std::collections::BTreeSet;

use flate2::Crc;
use oem_cp::code_table::ENCODING_TABLE_CP437;
use oem_cp::encode_char_checked;

/// Collects the bytes of a SIE file: one line of bytes, and what of it the check sum covers.
#[derive(Debug, Default)]
pub(super) struct Pc8 {
    pub(super) bytes: Vec<u8>,
    /// The check sum over labels and fields since it was begun.
    sum: Option<Crc>,
    /// Characters that code page 437 does not have, with what stands in their place.
    pub(super) replaced: BTreeSet<(char, &'static str)>,
}

impl Pc8 {
    /// From the next line on, what is written counts.
    pub(super) fn begin_sum(&mut self) {
        self.sum = Some(Crc::new());
    }

    /// The check sum of what was written since.
    pub(super) fn end_sum(&mut self) -> u32 {
        self.sum.take().map_or(0, |crc| crc.sum())
    }

    /// A record's label.
    pub(super) fn label(&mut self, label: &str) {
        self.covered(label.as_bytes().to_vec());
    }

    /// A field, quoted where it has to be.
    pub(super) fn field(&mut self, text: &str) {
        let encoded = self.encoded(text);
        self.bytes.push(b' ');
        if !encoded.is_empty() && encoded.iter().all(|b| !matches!(b, b' ' | b'"' | b'{' | b'}' | b'\\')) {
            self.covered(encoded);
            return;
        }
        self.bytes.push(b'"');
        for byte in encoded {
            if byte == b'"' {
                self.bytes.push(b'\\');
                self.bytes.push(b'"');
                // Neither quotes nor backslashes count.
                continue;
            }
            self.covered(vec![byte]);
        }
        self.bytes.push(b'"');
    }

    /// The objects of a row: dimension and code, in braces.
    pub(super) fn objects<'a>(&mut self, objects: impl Iterator<Item = (u16, &'a str)>) {
        self.bytes.extend(b" {");
        for (place, (dimension, code)) in objects.enumerate() {
            if place > 0 {
                self.bytes.push(b' ');
            }
            self.covered(dimension.to_string().into_bytes());
            // Codes are quoted here, as the format's own examples do.
            let code = self.encoded(code);
            self.bytes.extend(b" \"");
            self.covered(code.into_iter().filter(|b| !matches!(b, b'"' | b'\\')).collect());
            self.bytes.push(b'"');
        }
        self.bytes.push(b'}');
    }

    pub(super) fn end(&mut self) {
        self.bytes.push(b'\n');
    }

    /// A brace alone on its line.
    pub(super) fn brace(&mut self, brace: u8) {
        self.bytes.extend([brace, b'\n']);
    }

    fn covered(&mut self, bytes: Vec<u8>) {
        if let Some(sum) = &mut self.sum {
            let counted: Vec<u8> =
                bytes.iter().copied().filter(|b| !matches!(b, b'{' | b'}' | b'\\' | b'"')).collect();
            sum.update(&counted);
        }
        self.bytes.extend(bytes);
    }

    /// Characters of code page 437; others are replaced, and told.
    fn encoded(&mut self, text: &str) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(text.len());
        for c in text.chars() {
            match c {
                // No control characters.
                c if c.is_control() => encoded.push(b' '),
                _ => match encode_char_checked(c, &ENCODING_TABLE_CP437) {
                    Some(byte) => encoded.push(byte),
                    None => {
                        let instead = instead_of(c);
                        self.replaced.insert((c, instead));
                        encoded.extend(instead.as_bytes());
                    }
                },
            }
        }
        encoded
    }
}

/// What stands in the place of a character that code page 437 does not have.
fn instead_of(c: char) -> &'static str {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{201c}' | '\u{201d}' => "\"",
        '\u{20ac}' => "EUR",
        '\u{a0}' | '\u{202f}' | '\u{2009}' => " ",
        _ => "?",
    }
}
