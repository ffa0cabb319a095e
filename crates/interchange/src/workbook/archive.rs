//! The parts of a ZIP archive, found by its central directory and unpacked while they are read.
//!
//! A workbook comes from outside, so what is read is bounded: the number of parts, the length of the directory, how much
//! a part may grow, and how much is unpacked in all. Both sizes and the checksum that the directory claims must be those
//! found. Archives that are split, encrypted or larger than 4 GiB (ZIP64) are refused; no workbook of rows needs them.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::fault::WorkbookProblem;
use crate::error::FileProblem;

/// What every part begins with, and so the file.
pub(crate) const SIGNATURE: &[u8] = b"PK\x03\x04";

/// Most parts: a workbook has about ten, and a few for each sheet, picture and comment.
const PARTS_MAX: usize = 2_000;
/// Longest central directory, in bytes.
const DIRECTORY_BYTES_MAX: u64 = 1 << 20;
/// Most that is unpacked of one file, in bytes: a million rows of spend are 600 MB of XML.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// Most times as large as packed that a part may be unpacked. Rows that differ only in a number reach some 100; what was
/// made to exhaust reaches 1 000.
const RATIO_MAX: u64 = 500;
/// Parts below this size, in bytes, may grow as they like.
const RATIO_FLOOR_BYTES: u64 = 1 << 20;

/// The record at the end of an archive, without the comment that may follow it.
const END_BYTES: usize = 22;
/// Longest comment.
const COMMENT_BYTES_MAX: usize = u16::MAX as usize;
/// Fixed bytes of an entry in the directory, and of the header before a part.
const ENTRY_BYTES: usize = 46;
const HEADER_BYTES: usize = 30;

/// An archive whose directory has been read.
#[derive(Debug)]
pub(crate) struct Archive<Rd> {
    input: Rd,
    length: u64,
    parts: Vec<Entry>,
    /// What may still be unpacked.
    left: u64,
}

/// One entry of the directory.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    deflated: bool,
    crc: u32,
    packed: u64,
    unpacked: u64,
    header_at: u64,
}

impl<Rd: Read + Seek> Archive<Rd> {
    pub(crate) fn open(mut input: Rd) -> Result<Self, FileProblem> {
        let length = input.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let directory = directory(&mut input, length)?;
        let parts = entries(&directory)?;
        Ok(Self { input, length, parts, left: UNPACKED_BYTES_MAX })
    }

    /// A part, to be read while the archive is kept.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Unpacked<&mut Rd>>, FileProblem> {
        match self.begin(name)? {
            Some(entry) => Ok(Some(Unpacked::new(&mut self.input, &entry))),
            None => Ok(None),
        }
    }

    /// The last part that is read of the archive.
    pub(crate) fn last_part(mut self, name: &str) -> Result<Option<Unpacked<Rd>>, FileProblem> {
        let entry = self.begin(name)?;
        Ok(entry.map(|entry| Unpacked::new(self.input, &entry)))
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        self.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }

    /// Goes to where the content of a part begins.
    fn begin(&mut self, name: &str) -> Result<Option<Entry>, FileProblem> {
        let Some(entry) = self.find(name).cloned() else { return Ok(None) };
        if entry.unpacked > RATIO_FLOOR_BYTES && entry.unpacked / RATIO_MAX > entry.packed {
            return Err(too_large("a part of it unpacks to more than 500 times its size"));
        }
        self.left = self
            .left
            .checked_sub(entry.unpacked)
            .ok_or_else(|| too_large("its sheets unpack to more than 1 GiB"))?;
        let mut header = [0; HEADER_BYTES];
        self.input.seek(SeekFrom::Start(entry.header_at)).map_err(unreadable)?;
        self.input.read_exact(&mut header).map_err(|_| broken("it is cut off"))?;
        if !header.starts_with(SIGNATURE) {
            return Err(broken("its directory does not fit its parts"));
        }
        let names = u64::from(half(&header, 26)) + u64::from(half(&header, 28));
        let start = entry.header_at + HEADER_BYTES as u64 + names;
        if start.checked_add(entry.packed).is_none_or(|end| end > self.length) {
            return Err(broken("it is cut off"));
        }
        self.input.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        Ok(Some(entry))
    }
}

/// Finds the central directory by the record at the end, and reads it.
fn directory(input: &mut (impl Read + Seek), length: u64) -> Result<Vec<u8>, FileProblem> {
    let tail = length.min((END_BYTES + COMMENT_BYTES_MAX) as u64);
    input.seek(SeekFrom::Start(length - tail)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    input.by_ref().take(tail).read_to_end(&mut bytes).map_err(unreadable)?;
    let is_end = |at: &usize| {
        let end = &bytes[*at..];
        end.starts_with(b"PK\x05\x06") && END_BYTES + usize::from(half(end, 20)) == end.len()
    };
    let candidates = 0..(bytes.len() + 1).saturating_sub(END_BYTES);
    let at = candidates.rev().find(is_end).ok_or_else(|| broken("it has no directory, so it is cut off"))?;
    let end = &bytes[at..];
    let (size, start) = (u64::from(word(end, 12)), u64::from(word(end, 16)));
    if half(end, 4) != 0 || half(end, 6) != 0 {
        return Err(broken("it is one of several files of a split archive"));
    }
    if usize::from(half(end, 10)) > PARTS_MAX || size > DIRECTORY_BYTES_MAX {
        return Err(too_large("it has more than 2000 parts"));
    }
    if start + size > length - tail + at as u64 {
        return Err(broken("its directory lies outside of it"));
    }
    input.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    let mut directory = Vec::new();
    input.by_ref().take(size).read_to_end(&mut directory).map_err(unreadable)?;
    Ok(directory)
}

fn entries(mut directory: &[u8]) -> Result<Vec<Entry>, FileProblem> {
    let mut parts: Vec<Entry> = Vec::new();
    while !directory.is_empty() {
        if directory.len() < ENTRY_BYTES || !directory.starts_with(b"PK\x01\x02") {
            return Err(broken("its directory is damaged"));
        }
        if parts.len() == PARTS_MAX {
            return Err(too_large("it has more than 2000 parts"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(half(directory, at)));
        let (name_end, end) = (ENTRY_BYTES + name, ENTRY_BYTES + name + extra + comment);
        if directory.len() < end {
            return Err(broken("its directory is damaged"));
        }
        let name = String::from_utf8_lossy(&directory[ENTRY_BYTES..name_end]).into_owned();
        let (flags, method) = (half(directory, 8), half(directory, 10));
        let (packed, unpacked) = (word(directory, 20), word(directory, 24));
        if flags & 1 != 0 {
            return Err(broken("it is encrypted"));
        }
        if packed == u32::MAX || unpacked == u32::MAX {
            return Err(too_large("a part of it has more than 4 GiB"));
        }
        if !matches!(method, 0 | 8) {
            return Err(broken("it is packed by a method that no spreadsheet program uses"));
        }
        if parts.iter().any(|part| part.name.eq_ignore_ascii_case(&name)) {
            return Err(broken("it has the same part twice"));
        }
        parts.push(Entry {
            name,
            deflated: method == 8,
            crc: word(directory, 16),
            packed: u64::from(packed),
            unpacked: u64::from(unpacked),
            header_at: u64::from(word(directory, 42)),
        });
        directory = &directory[end..];
    }
    Ok(parts)
}

/// A part being unpacked. It ends with an error unless it is exactly what the directory says.
#[derive(Debug)]
pub(crate) struct Unpacked<Rd: Read> {
    input: Packing<Rd>,
    crc: Crc,
    wanted_crc: u32,
    /// Bytes that are still to come.
    left: u64,
}

#[derive(Debug)]
enum Packing<Rd: Read> {
    Stored(io::Take<Rd>),
    Deflated(DeflateDecoder<io::Take<Rd>>),
}

impl<Rd: Read> Unpacked<Rd> {
    fn new(input: Rd, entry: &Entry) -> Self {
        let input = input.take(entry.packed);
        Self {
            input: match entry.deflated {
                true => Packing::Deflated(DeflateDecoder::new(input)),
                false => Packing::Stored(input),
            },
            crc: Crc::new(),
            wanted_crc: entry.crc,
            left: entry.unpacked,
        }
    }
}

impl<Rd: Read> Read for Unpacked<Rd> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.input {
            Packing::Stored(input) => input.read(buffer),
            Packing::Deflated(input) => input.read(buffer),
        };
        // What the unpacking complains about is the archive; anything else is the disk.
        let n = read.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Damaged("a part of it is damaged").into()
            }
            _ => error,
        })?;
        self.left = (self.left.checked_sub(n as u64))
            .ok_or(Damaged("a part of it is longer than its directory says"))?;
        self.crc.update(&buffer[..n]);
        let ended = n == 0 && !buffer.is_empty();
        if ended && (self.left > 0 || self.crc.sum() != self.wanted_crc) {
            return Err(Damaged("a part of it is damaged").into());
        }
        Ok(n)
    }
}

/// Damage found while a part is read, on its way through `io::Error`.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(crate) &'static str);

impl From<Damaged> for io::Error {
    fn from(damaged: Damaged) -> Self {
        Self::other(damaged)
    }
}

fn broken(what: &'static str) -> FileProblem {
    WorkbookProblem::Archive(what).into()
}

fn too_large(what: &'static str) -> FileProblem {
    WorkbookProblem::TooLarge(what).into()
}

fn unreadable(source: io::Error) -> FileProblem {
    FileProblem::Io { row: 1, source }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
