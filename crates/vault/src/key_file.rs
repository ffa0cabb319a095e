//! The key file: one line, `svala-ledger-key-1:` and 64 hexadecimal digits.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::VaultError;
use crate::secret::{SECRET_BYTES, Secret};

const PREFIX: &[u8] = b"svala-ledger-key-1:";

/// Longest key file that is read, in bytes; the right one has 84.
pub const KEY_FILE_BYTES_MAX: usize = 128;

pub(crate) fn create(path: &Path, secret: &Secret) -> Result<(), VaultError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => VaultError::KeyFileExists { path: path.to_owned() },
        _ => failed(path, "written", error),
    })?;
    let written =
        file.write_all(&line(secret)).and_then(|()| file.sync_all()).and_then(|()| sync_directory(path));
    if written.is_err() {
        // Made just now, and nobody has this key: left behind, half a file would be in the way of the next attempt.
        let _ = std::fs::remove_file(path);
    }
    written.map_err(|error| failed(path, "written", error))
}

pub(crate) fn read(path: &Path) -> Result<Secret, VaultError> {
    // Before opening: opening a pipe would wait for ever. After: the path may be another file by now.
    check(path, &std::fs::metadata(path).map_err(|error| cannot_read(path, error))?)?;
    let file = File::open(path).map_err(|error| cannot_read(path, error))?;
    check(path, &file.metadata().map_err(|error| cannot_read(path, error))?)?;

    // One byte more than allowed, to notice it; all room from the start, so that no copy is left.
    let mut contents = Zeroizing::new(Vec::with_capacity(2 * KEY_FILE_BYTES_MAX));
    file.take(KEY_FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut contents)
        .map_err(|error| cannot_read(path, error))?;
    parse(&contents).ok_or_else(|| VaultError::KeyFileFormat { path: path.to_owned() })
}

fn check(path: &Path, metadata: &std::fs::Metadata) -> Result<(), VaultError> {
    if !metadata.is_file() {
        return Err(VaultError::KeyFileNotRegular { path: path.to_owned() });
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & 0o077 != 0 {
            return Err(VaultError::KeyFileOpenToOthers { path: path.to_owned(), mode });
        }
    }
    Ok(())
}

fn line(secret: &Secret) -> Zeroizing<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut line = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX));
    line.extend_from_slice(PREFIX);
    for byte in secret.expose() {
        line.push(DIGITS[usize::from(byte >> 4)]);
        line.push(DIGITS[usize::from(byte & 0x0f)]);
    }
    line.push(b'\n');
    line
}

/// Reads exactly what [`line`] writes; an editor may have removed the line end.
fn parse(contents: &[u8]) -> Option<Secret> {
    let digits = contents.strip_prefix(PREFIX)?;
    let digits = digits.strip_suffix(b"\n").unwrap_or(digits);
    if digits.len() != 2 * SECRET_BYTES {
        return None;
    }
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(Secret::from_bytes(*bytes))
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Without this a power failure could lose the file's name, though not its contents.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

fn cannot_read(path: &Path, error: io::Error) -> VaultError {
    match error.kind() {
        io::ErrorKind::NotFound => VaultError::KeyFileMissing { path: path.to_owned() },
        _ => failed(path, "read", error),
    }
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> VaultError {
    VaultError::KeyFileIo { path: path.to_owned(), action, source }
}
