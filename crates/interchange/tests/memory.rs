//! Files far larger than the memory they may take. Alone in its process: it looks at the process's peak.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail them")]
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, Read};

use interchange::{FileError, MAX_ROWS, SpendRow, Table};
use money::Locale;

const HEADER: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n";
const GIB: u64 = 1 << 30;
const GROWTH_KIB_MAX: u64 = 4 * 1024;

#[test]
fn huge_files_are_read_or_refused_in_a_few_mebibytes() {
    let before = peak_kib();

    assert_eq!(refusal(io::repeat(b'x').take(500 << 20)), "file.row-too-long");
    assert_eq!(refusal(io::repeat(b'"').take(GIB)), "file.row-too-long");
    assert_eq!(refusal(io::repeat(b',').take(GIB)), "file.too-many-columns");
    assert_eq!(refusal(io::repeat(b'\n').take(GIB)), "file.too-many-rows");
    assert_eq!(refusal("\"".as_bytes().chain(io::repeat(b'\n').take(GIB))), "file.row-too-long");
    assert_eq!(refusal(Repeat::of("i,MV-1,c,2023-09-15,1,EUR,S,R1,,\n").take(GIB)), "file.too-many-rows");

    // Rows as long as they may be: 1 GiB is read to its end.
    let row = format!("{}\n", "x".repeat((1 << 16) - 1));
    let rows = table(Repeat::of(&row).take(GIB)).inspect(|record| assert!(record.is_ok())).count();
    assert_eq!(rows as u64, GIB >> 16);

    let growth = peak_kib() - before;
    assert!(growth < GROWTH_KIB_MAX, "the peak grew by {growth} KiB");
}

#[test]
fn as_many_rows_as_allowed_are_read() {
    let blank = Repeat::of("\n").take(MAX_ROWS - 1);
    let last = "i,MV-1,c,2023-09-15,1,EUR,S,R1,,";
    let records: Vec<_> = table(blank.chain(last.as_bytes())).map(Result::unwrap).collect();
    assert_eq!(records[0].row, MAX_ROWS + 1);
    assert!(records[0].parsed.is_ok());
}

fn table<Rd: Read>(body: Rd) -> Table<SpendRow, impl Read> {
    Table::open("spend.csv", HEADER.as_bytes().chain(body), Locale::Strict).unwrap()
}

fn refusal(body: impl Read) -> &'static str {
    let errors: Vec<FileError> = table(body).filter_map(Result::err).collect();
    errors[0].rule()
}

/// The most memory this process has had at once.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The same text for ever.
struct Repeat {
    text: Vec<u8>,
    at: usize,
}

impl Repeat {
    fn of(text: &str) -> Self {
        Self { text: text.as_bytes().to_vec(), at: 0 }
    }
}

impl Read for Repeat {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.text[self.at..];
        let size = rest.len().min(buffer.len());
        buffer[..size].copy_from_slice(&rest[..size]);
        self.at = (self.at + size) % self.text.len();
        Ok(size)
    }
}
