//! The folder of checkpoints: outside the database, so that whoever can change the one cannot change the other.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use event_log::Checkpoint;
use event_log::note::{NOTE_BYTES_MAX, Note, VerifierKey};
use event_log::watch::KnownCheckpoint;

use super::Signed;
use crate::error::AppError;

/// What the names of checkpoints end with.
const ENDING: &str = ".checkpoint";
/// The file with the public key.
const KEY_FILE: &str = "ledger.vkey";
/// Mode of what is written: anyone may read it, nobody changes it.
#[cfg(unix)]
const FILE_MODE: u32 = 0o444;
/// Mode of the folder: only its owner adds to it.
#[cfg(unix)]
const FOLDER_MODE: u32 = 0o755;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Kept {
    /// Checkpoints of the ledger.
    pub known: Vec<KnownCheckpoint>,
    /// The first file that is none, though it is named like one.
    pub bad: Option<AppError>,
}

/// A folder of checkpoints, which may not exist yet.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the public key is written beside the checkpoints.
    pub fn key_file(&self) -> PathBuf {
        self.0.join(KEY_FILE)
    }

    /// The name of a checkpoint's file: names sort by the number of events.
    pub fn file_name(size: u64) -> String {
        format!("{size:012}{ENDING}")
    }

    /// The checkpoints that are there, by their files' names: number of events and path, fewest first. Files with
    /// other names are passed over.
    pub fn list(&self) -> Result<Vec<(u64, PathBuf)>, AppError> {
        let cannot_read = |why| self.failed("read", why);
        let files = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            files => files.map_err(cannot_read)?,
        };
        let mut found = Vec::new();
        for file in files {
            let name = file.map_err(cannot_read)?.file_name();
            let size = name.to_str().and_then(|name| name.strip_suffix(ENDING)?.parse().ok());
            if let Some(size) = size.filter(|size| *name == *Self::file_name(*size)) {
                found.push((size, self.0.join(name)));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The checkpoint with most events, if there is one.
    pub fn newest(&self, key: &VerifierKey) -> Result<Option<KnownCheckpoint>, AppError> {
        self.list()?.pop().map(|(size, path)| Self::open(size, &path, key)).transpose()
    }

    /// The same, with its signature.
    pub fn newest_signed(&self, key: &VerifierKey) -> Result<Option<Signed>, AppError> {
        let Some((size, path)) = self.list()?.pop() else { return Ok(None) };
        let KnownCheckpoint { checkpoint, .. } = Self::open(size, &path, key)?;
        let note = read_note(&path).map_err(|why| bad(&path, why))?;
        Ok(Some(Signed { checkpoint, note, file: Some(path), is_new: false }))
    }

    /// All of them: those that can be used, and what is wrong with the first that cannot.
    pub fn all(&self, key: &VerifierKey) -> Result<Kept, AppError> {
        let mut kept = Kept::default();
        for (size, path) in self.list()? {
            match Self::open(size, &path, key) {
                Ok(checkpoint) => kept.known.push(checkpoint),
                Err(error) => kept.bad = kept.bad.or(Some(error)),
            }
        }
        Ok(kept)
    }

    /// Reads one of the [`Folder::list`].
    pub fn open(size: u64, path: &Path, key: &VerifierKey) -> Result<KnownCheckpoint, AppError> {
        let known = read(path, key).and_then(|known| match known.checkpoint.size == size {
            true => Ok(known),
            false => Err(format!("it is about {} events, its name says {size}", known.checkpoint.size)),
        });
        known.map_err(|why| bad(path, why))
    }

    /// Writes a checkpoint and waits until it is on disk. One of as many events that is there already stays, and is
    /// answered with in its place.
    pub fn write(&self, checkpoint: Checkpoint, note: Note, key: &VerifierKey) -> Result<Signed, AppError> {
        let path = self.0.join(Self::file_name(checkpoint.size));
        let written = self
            .make()
            .and_then(|()| self.add(KEY_FILE, format!("{key}\n").as_bytes()))
            .and_then(|_| self.add(&Self::file_name(checkpoint.size), note.to_string().as_bytes()))
            .map_err(|why| self.failed("written", why))?;
        if written {
            return Ok(Signed { checkpoint, note, file: Some(path), is_new: true });
        }
        let there = Self::open(checkpoint.size, &path, key)?;
        if there.checkpoint.root != checkpoint.root {
            return Err(there.is_not_continued(checkpoint.size).into());
        }
        let note = read_note(&path).map_err(|why| bad(&path, why))?;
        Ok(Signed { checkpoint: there.checkpoint, note, file: Some(path), is_new: false })
    }

    /// Whether a file can be added, and nobody but the owner can: what is wrong, if something is.
    pub fn problem(&self) -> Option<String> {
        #[cfg(unix)]
        if let Ok(folder) = fs::metadata(&self.0) {
            let mode = std::os::unix::fs::PermissionsExt::mode(&folder.permissions()) & 0o7777;
            if mode & 0o022 != 0 {
                return Some(format!("others than its owner may change it (mode {mode:04o})"));
            }
        }
        let tried = tempfile::Builder::new().prefix(".try-").tempfile_in(&self.0);
        tried.err().map(|why| format!("it cannot be written to: {why}"))
    }

    fn make(&self) -> io::Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        let mut folder = DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, FOLDER_MODE);
        folder.create(&self.0)?;
        let parent = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_folder(parent.unwrap_or(Path::new(".")))
    }

    /// Adds a file, whole or not at all; `false` if there is one of that name already.
    fn add(&self, name: &str, content: &[u8]) -> io::Result<bool> {
        let path = self.0.join(name);
        if path.exists() {
            return Ok(false);
        }
        let mut file = tempfile::Builder::new();
        file.prefix(".new-");
        #[cfg(unix)]
        file.permissions(std::os::unix::fs::PermissionsExt::from_mode(FILE_MODE));
        let mut file = file.tempfile_in(&self.0)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            // Somebody was faster.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            persisted => persisted?,
        };
        sync_folder(&self.0)?;
        Ok(true)
    }

    fn failed(&self, action: &'static str, why: io::Error) -> AppError {
        AppError::CheckpointFolder { folder: self.0.display().to_string(), action, why }
    }
}

/// Reads the checkpoint in a file, whatever its name; says why where it is none of this ledger.
pub fn read(path: &Path, key: &VerifierKey) -> Result<KnownCheckpoint, String> {
    let checkpoint = Checkpoint::open(&read_note(path)?, key).map_err(|error| error.to_string())?;
    Ok(KnownCheckpoint { checkpoint, name: path.display().to_string() })
}

fn read_note(path: &Path) -> Result<Note, String> {
    let bytes = read_bounded(path, NOTE_BYTES_MAX).map_err(|error| format!("it cannot be read: {error}"))?;
    Note::parse(&bytes).map_err(|error| error.to_string())
}

fn bad(path: &Path, why: String) -> AppError {
    AppError::BadCheckpoint { file: path.display().to_string(), why }
}

/// The bytes of a file; of one with more than `bytes_max` one byte more, so that it is noticed.
pub fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file is synced with its content; its name is in its folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use event_log::Frontier;
    use event_log::verify::Damage;
    use vault::LedgerKey;

    use super::*;

    fn signed(key: &LedgerKey, leaf: u8) -> (Checkpoint, Note, VerifierKey) {
        let mut tree = Frontier::new();
        tree.push([leaf; 32]);
        let verifier = VerifierKey::new("svala/one", &key.checkpoint_key()).unwrap();
        let checkpoint = Checkpoint {
            origin: "svala/one".into(),
            size: 1,
            root: tree.root(),
            time: None,
            frontier: Some(tree),
        };
        let note = checkpoint.sign(&verifier, |text| key.sign_checkpoint(text));
        (checkpoint, note, verifier)
    }

    #[test]
    fn a_checkpoint_is_never_replaced_not_even_by_one_that_contradicts_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::at(parent.path().join("a/b"));
        let key = LedgerKey::from_bytes([7; 32]);
        let (checkpoint, note, verifier) = signed(&key, 1);
        let written = folder.write(checkpoint.clone(), note.clone(), &verifier).unwrap();
        let path = written.file.unwrap();
        // The same log at another time of day: what is there is answered with.
        let later = Checkpoint { time: Some(jiff::Timestamp::UNIX_EPOCH), ..checkpoint };
        let later_note = later.sign(&verifier, |text| key.sign_checkpoint(text));
        assert_ne!(later_note, note);
        let there = folder.write(later, later_note, &verifier).unwrap();
        assert_eq!((there.file.as_ref(), there.checkpoint.time), (Some(&path), None));
        assert!(written.is_new && !there.is_new && there.note == note);
        let (other, other_note, _) = signed(&key, 2);
        let refused = folder.write(other, other_note, &verifier);
        assert!(matches!(refused, Err(AppError::Damaged(Damage::NotContinued { .. }))), "{refused:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), note.to_string());
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["000000000001.checkpoint", "ledger.vkey"], "nothing is left lying about");
    }
}
