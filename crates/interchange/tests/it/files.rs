//! Files that are broken as a whole.

use std::io::{self, Read};

use interchange::{FileProblem, GrantRow, MAX_COLUMNS, MAX_RECORD_BYTES, Table};
use money::Locale;
use rstest::rstest;

use crate::read;

const HEADER: &str = "case_ref,paid_on,amount,currency,method,payment_ref\n";
const ROW: &str = "MV-1,2023-07-03,615.00,EUR,card,AG1\n";

#[rstest]
#[case::unclosed_quote(
    [HEADER, ROW, "MV-2,2023-07-03,615.00,EUR,card,\"AG2\n", ROW].concat().into_bytes(),
    "The quote in row 3 (line 3), column 6 is never closed. Close it, or double a quote that is part of the text. \
     (rule file.unclosed-quote)"
)]
#[case::unclosed_quote_after_line_breaks(
    [HEADER, "\"MV\n\r\n1\",\"\r", ROW, "x"].concat().into_bytes(),
    "The quote in row 2 (line 4), column 2 is never closed. Close it, or double a quote that is part of the text. \
     (rule file.unclosed-quote)"
)]
#[case::quote_closed_by_a_later_row(
    [HEADER, "MV-2,2023-07-03,615.00,EUR,card,\"AG2\n", "\"MV-3\",2023-07-03,615.00,EUR,card,AG3\n"]
        .concat().into_bytes(),
    "The cell in row 2 (line 2), column 6 goes on after its closing quote. Close it, or double a quote that is part \
     of the text. (rule file.text-after-quote)"
)]
#[case::nul(
    [HEADER, "MV-1,2023\0"].concat().into_bytes(),
    "Byte 61 of the file, in row 2, is NUL. This is no text file; save it as CSV UTF-8. (rule file.nul)"
)]
#[case::latin_1(
    [b"\xEF\xBB\xBF", HEADER.as_bytes(), b"\r\n", ROW.as_bytes(), b"\r\nS\xF6ner"].concat(),
    "Byte 96 of the file, in row 5, is not UTF-8. Save it as CSV UTF-8. (rule file.not-utf-8)"
)]
#[case::utf_16_little_endian(
    b"\xFF\xFEc\0a\0".to_vec(),
    "The file is UTF-16. Save it as CSV UTF-8. (rule file.utf-16)"
)]
#[case::utf_16_big_endian(
    b"\xFE\xFF\0c\0a".to_vec(),
    "The file is UTF-16. Save it as CSV UTF-8. (rule file.utf-16)"
)]
#[case::utf_16_unmarked(
    b"c\0a\0".to_vec(),
    "Byte 1 of the file, in row 1, is NUL. This is no text file; save it as CSV UTF-8. (rule file.nul)"
)]
#[case::workbook(
    b"PK\x03\x04\x14\0".to_vec(),
    "The file is an Excel workbook or another ZIP archive. Save it as CSV UTF-8. (rule file.workbook)"
)]
#[case::long_row(
    [HEADER, &"x".repeat(MAX_RECORD_BYTES + 1)].concat().into_bytes(),
    "Row 2 is longer than 65536 bytes. (rule file.row-too-long)"
)]
#[case::long_quoted_row(
    [HEADER, "MV-1,\"", &"x\n".repeat(MAX_RECORD_BYTES)].concat().into_bytes(),
    "Row 2 is longer than 65536 bytes; the quote that opens column 2 is not closed. (rule file.row-too-long)"
)]
#[case::wide_header(
    "a,".repeat(1_000_000).into_bytes(),
    "Row 1 has more than 64 columns. (rule file.too-many-columns)"
)]
#[case::wide_row(
    [HEADER, &",".repeat(MAX_COLUMNS)].concat().into_bytes(),
    "Row 2 has more than 64 columns. (rule file.too-many-columns)"
)]
fn a_broken_file_is_refused(#[case] bytes: Vec<u8>, #[case] message: &str) {
    // Also byte by byte: what is found must not depend on how the reader cuts the file.
    for chunk in [1, usize::MAX] {
        let error = read::<GrantRow>(Chunks { bytes: &bytes, chunk }, Locale::Strict).unwrap_err();
        assert_eq!(error.to_string(), format!("grants.csv: {message}"));
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    let text = [HEADER, &"x".repeat(MAX_RECORD_BYTES), "\r\n", &",".repeat(MAX_COLUMNS - 1), "x"].concat();
    let records = read::<GrantRow>(text.as_bytes(), Locale::Strict).unwrap();
    let widths: Vec<usize> = records.iter().map(|record| record.fields.len()).collect();
    assert_eq!(widths, [1, MAX_COLUMNS], "rows of a wrong width, but rows");
}

#[test]
fn rows_before_the_fault_are_read_and_nothing_after_it() {
    let text = [HEADER, ROW, "\0", ROW].concat();
    let mut table = Table::<GrantRow, _>::open("grants.csv", text.as_bytes(), Locale::Strict).unwrap();
    assert!(table.next().unwrap().unwrap().parsed.is_ok());
    assert_eq!(table.next().unwrap().unwrap_err().rule(), "file.nul");
    assert!(table.next().is_none());
}

#[test]
fn a_read_error_names_the_row_and_an_interruption_is_none() {
    let bytes = [HEADER, ROW].concat();
    let interrupted = Failing(Some(io::ErrorKind::Interrupted)).chain(bytes.as_bytes());
    assert_eq!(read::<GrantRow>(interrupted, Locale::Strict).unwrap().len(), 1);

    let cut = bytes.as_bytes().chain(Failing(Some(io::ErrorKind::ConnectionReset)));
    let error = read::<GrantRow>(cut, Locale::Strict).unwrap_err();
    assert!(matches!(error.problem, FileProblem::Io { row: 3, .. }), "{error}");
    assert_eq!(error.rule(), "file.io");
}

#[test]
fn a_file_name_cannot_forge_a_line() {
    let error = Table::<GrantRow, _>::open("a\nb.csv", io::empty(), Locale::Strict).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a\\nb.csv: The file is empty. It must begin with a header row. (rule file.empty)"
    );
}

/// Hands out at most so many bytes at a time.
struct Chunks<'a> {
    bytes: &'a [u8],
    chunk: usize,
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = buffer.len().min(self.chunk);
        self.bytes.read(&mut buffer[..size])
    }
}

/// Fails once, then is empty.
struct Failing(Option<io::ErrorKind>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), |kind| Err(kind.into()))
    }
}
