//! The texts that the sheets of a workbook share, and texts as they are written in a workbook.

use std::io::Read;

use super::fault::WorkbookProblem;
use super::xml::{Node, Xml};
use crate::error::FileProblem;

/// Most bytes of all shared texts together: they are the only part of a workbook that is held as a whole.
const STRINGS_BYTES_MAX: usize = 16 << 20;
/// Most shared texts.
const STRINGS_MAX: usize = 1_000_000;

/// The shared texts, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the part that holds them.
    pub(crate) fn read<Rd: Read>(mut xml: Xml<Rd>) -> Result<Self, FileProblem> {
        let mut strings = Self::default();
        let mut reading = Text::default();
        loop {
            match xml.next()? {
                Node::Open(element) => reading.open(element.name()),
                Node::Text(text) => reading.push(&text),
                Node::Close(end) if end.local_name().into_inner() == "si" => {
                    strings.text.push_str(&reading.take());
                    let end = u32::try_from(strings.text.len()).unwrap_or(u32::MAX);
                    strings.ends.push(end);
                }
                Node::Close(end) => reading.close(end.local_name().into_inner()),
                Node::Nothing => {}
                Node::End => return Ok(strings),
            }
            if strings.text.len() + reading.len() > STRINGS_BYTES_MAX || strings.ends.len() > STRINGS_MAX {
                let what = "its texts have more than 16 MiB";
                return Err(WorkbookProblem::TooLarge(what).into());
            }
        }
    }

    /// One text by its number.
    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// A text being put together from the runs of characters that differ in their format.
#[derive(Debug, Default)]
pub(crate) struct Text {
    text: String,
    inside: bool,
    /// Inside a phonetic reading, which stands beside the text and not in it.
    phonetic: bool,
}

impl Text {
    pub(crate) fn open(&mut self, element: &str) {
        match element {
            "t" => self.inside = true,
            "rPh" => self.phonetic = true,
            _ => {}
        }
    }

    pub(crate) fn close(&mut self, element: &str) {
        match element {
            "t" => self.inside = false,
            "rPh" => self.phonetic = false,
            _ => {}
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        if self.inside && !self.phonetic {
            self.text.push_str(text);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn take(&mut self) -> String {
        unescaped(std::mem::take(self).text)
    }
}

/// Characters that XML cannot hold stand as `_x000D_` in a workbook, and such a text itself as `_x005F_x000D_`.
fn unescaped(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let digits = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = &rest[at + 7..];
            }
            None => {
                plain.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_cannot_hold_are_read_and_what_looks_like_them_is_left() {
        for (written, read) in [
            ("two_x000D_\nlines", "two\r\nlines"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x0041", "_x0041"),
            ("_x00g1_", "_x00g1_"),
            ("_xD800_", "_xD800_"),
            ("a_x", "a_x"),
            ("_xåäö_", "_xåäö_"),
        ] {
            assert_eq!(unescaped(written.to_owned()), read);
        }
    }
}
