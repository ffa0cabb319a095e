//! The key file: written once, readable by its owner only, never echoed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use vault::{KEY_FILE_BYTES_MAX, LedgerKey, VaultError};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("ledger.key")
    }

    /// A file with these contents that only its owner can read.
    fn with(contents: &[u8]) -> Self {
        let folder = Self::new();
        fs::write(folder.path(), contents).unwrap();
        set_mode(&folder.path(), 0o600);
        folder
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[test]
fn a_key_round_trips_in_one_line_of_text() {
    let folder = Folder::new();
    LedgerKey::from_bytes([0xA7; 32]).create_file(&folder.path()).unwrap();
    let contents = fs::read_to_string(folder.path()).unwrap();
    assert_eq!(contents, format!("svala-ledger-key-1:{}\n", "a7".repeat(32)));
    let read = LedgerKey::read_file(&folder.path()).unwrap();
    assert_eq!(read.key_id(), LedgerKey::from_bytes([0xA7; 32]).key_id());
}

#[test]
fn every_byte_value_round_trips() {
    for start in (0..=224).step_by(32) {
        let bytes: [u8; 32] = std::array::from_fn(|index| start + index as u8);
        let folder = Folder::new();
        LedgerKey::from_bytes(bytes).create_file(&folder.path()).unwrap();
        let read = LedgerKey::read_file(&folder.path()).unwrap();
        assert_eq!(read.key_id(), LedgerKey::from_bytes(bytes).key_id());
    }
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = Folder::with(b"precious");
    let error = LedgerKey::from_bytes([1; 32]).create_file(&folder.path()).unwrap_err();
    assert!(matches!(error, VaultError::KeyFileExists { .. }), "{error}");
    assert_eq!(fs::read(folder.path()).unwrap(), b"precious");
}

#[test]
fn a_missing_file_and_a_missing_folder_are_named() {
    let folder = Folder::new();
    let error = LedgerKey::read_file(&folder.path()).unwrap_err();
    assert!(matches!(error, VaultError::KeyFileMissing { .. }), "{error}");
    assert!(error.to_string().contains("ledger.key"), "{error}");
    let nowhere = folder.0.path().join("no/such/ledger.key");
    let error = LedgerKey::from_bytes([1; 32]).create_file(&nowhere).unwrap_err();
    assert!(matches!(error, VaultError::KeyFileIo { action: "written", .. }), "{error}");
}

#[test]
fn another_format_is_refused_without_echoing_it() {
    let digits = "a7".repeat(32);
    let wrong = [
        String::new(),
        "canary".to_owned(),
        digits.clone(),
        format!("svala-ledger-key-2:{digits}\n"),
        format!("svala-ledger-key-1:{}\n", &digits[1..]),
        format!("svala-ledger-key-1:{digits}a7\n"),
        format!("svala-ledger-key-1:{digits}\n\n"),
        format!(" svala-ledger-key-1:{digits}\n"),
        format!("svala-ledger-key-1:{}\n", digits.to_uppercase()),
        format!("svala-ledger-key-1:{}zz\n", &digits[2..]),
        format!("svala-ledger-key-1:{}\u{e5}\n", &digits[2..]),
        format!("svala-ledger-key-1:{digits}\n{}", "canary".repeat(KEY_FILE_BYTES_MAX)),
    ];
    for contents in wrong {
        let folder = Folder::with(contents.as_bytes());
        let error = LedgerKey::read_file(&folder.path()).unwrap_err();
        assert!(matches!(error, VaultError::KeyFileFormat { .. }), "{contents:?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("a7a7") && !shown.contains("canary"), "{shown}");
    }
    let folder = Folder::with(format!("svala-ledger-key-1:{digits}").as_bytes());
    assert!(LedgerKey::read_file(&folder.path()).is_ok(), "an editor may have removed the line end");
}

#[test]
fn what_is_not_a_file_is_refused() {
    let folder = Folder::new();
    let error = LedgerKey::read_file(folder.0.path()).unwrap_err();
    assert!(matches!(error, VaultError::KeyFileNotRegular { .. }), "{error}");
}

#[cfg(unix)]
mod permissions {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_new_file_belongs_to_its_owner_alone() {
        let folder = Folder::new();
        LedgerKey::from_bytes([1; 32]).create_file(&folder.path()).unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o7777, 0o600);
    }

    #[test]
    fn any_permission_for_others_is_refused_with_the_command_that_helps() {
        let folder = Folder::new();
        LedgerKey::from_bytes([0xA7; 32]).create_file(&folder.path()).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
            set_mode(&folder.path(), mode);
            let error = LedgerKey::read_file(&folder.path()).unwrap_err();
            assert!(matches!(error, VaultError::KeyFileOpenToOthers { mode: m, .. } if m == mode), "{error}");
            let sentence = error.to_string();
            assert!(sentence.contains(&format!("mode {mode:04o}")), "{sentence}");
            assert!(sentence.ends_with(&format!("chmod 600 {}", folder.path().display())), "{sentence}");
        }
        for mode in [0o600, 0o400] {
            set_mode(&folder.path(), mode);
            assert!(LedgerKey::read_file(&folder.path()).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn a_link_counts_as_the_file_it_leads_to() {
        let folder = Folder::new();
        LedgerKey::from_bytes([1; 32]).create_file(&folder.path()).unwrap();
        let link = folder.0.path().join("link");
        symlink(folder.path(), &link).unwrap();
        assert!(LedgerKey::read_file(&link).is_ok());
        set_mode(&folder.path(), 0o644);
        assert!(matches!(LedgerKey::read_file(&link), Err(VaultError::KeyFileOpenToOthers { .. })));
    }

    #[test]
    fn a_new_file_is_not_written_through_a_link() {
        let folder = Folder::new();
        let link = folder.0.path().join("link");
        symlink(folder.path(), &link).unwrap();
        let error = LedgerKey::from_bytes([1; 32]).create_file(&link).unwrap_err();
        assert!(matches!(error, VaultError::KeyFileExists { .. }), "{error}");
        assert!(!folder.path().exists());
    }

    #[test]
    fn a_device_is_refused() {
        let error = LedgerKey::read_file(Path::new("/dev/null")).unwrap_err();
        assert!(matches!(error, VaultError::KeyFileNotRegular { .. }), "{error}");
    }
}
