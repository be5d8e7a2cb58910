//! Keeps a world on the disk: a whole copy of it, and beside it a journal of what has changed since. A request adds one line, so what it
//! costs does not depend on the size of the world.
//!
//! A process that has something to keep writes the whole world first, and then begins a journal of its own. It adds to that only while
//! both are still the ones that it wrote: where two processes have one world, the file is what the last one of them knew of it, and never
//! a mixture. The journal names the copy that it goes on from, so that one which outlived its copy counts for nothing.
//!
//! Nothing that is there is opened for writing: where a link lies in the way, it is replaced and not followed.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::digest;
use crate::limits::{LEDGER_LOCK_WAIT, SIM_JOURNAL_BYTES_MIN};
use crate::regular;

/// Version of the journal.
const VERSION: u32 = 1;
const LOCK_PAUSE: Duration = Duration::from_millis(2);

/// Where a world is kept, and what this process has written there.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    copy: Option<WholeCopy>,
    journal: Option<Journal>,
}

/// Two of them would each take the other for somebody else.
impl Clone for Keeper {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

/// The whole world as this process has written it. The open file holds its inode, so that no other file can be taken for it.
#[derive(Debug)]
struct WholeCopy {
    file: File,
    changed: SystemTime,
    head: Head,
    length: u64,
}

/// What has changed since then.
#[derive(Debug)]
struct Journal {
    file: File,
    length: u64,
}

/// The first line of a journal: which copy it goes on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    journal: u32,
    /// The copy's own number.
    edition: u64,
    /// The copy's digest.
    of: String,
}

/// What is kept of a world.
pub(crate) struct Kept {
    pub(crate) copy: Vec<u8>,
    journal: Option<Vec<u8>>,
}

impl Keeper {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            copy: None,
            journal: None,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Is a journal to be written into the copy?
    pub(crate) const fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Is a line cheaper than the whole? A journal that has outgrown its copy is not: so no world is written more than twice as often
    /// as its changes.
    pub(crate) fn takes_lines(&self) -> bool {
        let written = self.journal.as_ref().map_or(0, |journal| journal.length);
        let copy = self.copy.as_ref().map(|copy| copy.length);
        copy.is_some_and(|length| written < length.max(SIM_JOURNAL_BYTES_MIN))
    }

    /// Adds a line, also for when the machine stops. `false`: somebody else has written here, and nothing was added.
    pub(crate) fn add(&mut self, line: &[u8]) -> io::Result<bool> {
        let folder = folder(&self.path)?;
        let _lock = locked(&folder)?;
        let added = self.add_locked(&folder, line);
        if added.is_err() {
            // How much of it has been written, nobody knows.
            (self.copy, self.journal) = (None, None);
        }
        added
    }

    fn add_locked(&mut self, folder: &File, line: &[u8]) -> io::Result<bool> {
        let Some(copy) = self.copy.as_ref().filter(|copy| copy.is_at(&self.path)) else {
            return Ok(false);
        };
        let place = beside(&self.path);
        let Some(journal) = &mut self.journal else {
            let mut text = serde_json::to_vec(&copy.head)?;
            text.push(b'\n');
            text.extend_from_slice(line);
            let file = replace(&place, &text)?;
            folder.sync_all()?;
            let length = to_u64(text.len());
            self.journal = Some(Journal { file, length });
            return Ok(true);
        };
        if !journal.is_at(&place) {
            return Ok(false);
        }
        let added = journal
            .file
            .write_all(line)
            .and_then(|()| journal.file.sync_data());
        if added.is_err() {
            // Whoever reads it passes over half a line at its end, so this need not succeed.
            let _ = journal.file.set_len(journal.length);
        }
        added?;
        journal.length += to_u64(line.len());
        Ok(true)
    }

    /// Writes the whole world, which `text` makes for a number: whole or not at all, also when the machine stops. The journal is part
    /// of it.
    pub(crate) fn write_whole(
        &mut self,
        edition: u64,
        text: impl FnOnce(u64) -> io::Result<Vec<u8>>,
    ) -> io::Result<()> {
        (self.copy, self.journal) = (None, None);
        fs::create_dir_all(folder_of(&self.path))?;
        let folder = folder(&self.path)?;
        let _lock = locked(&folder)?;
        let journal = beside(&self.path);
        // A journal of somebody else must not look as if it went on from this copy.
        let other = regular::open(&journal).and_then(|file| head_of(&file));
        let edition = other.map_or(edition, |other| edition.max(other.edition)) + 1;
        let text = text(edition)?;
        let file = replace(&self.path, &text)?;
        folder.sync_all()?;
        match fs::remove_file(&journal) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.copy = Some(WholeCopy {
            changed: file.metadata()?.modified()?,
            file,
            head: Head::of(&text, edition),
            length: to_u64(text.len()),
        });
        Ok(())
    }
}

impl WholeCopy {
    fn is_at(&self, path: &Path) -> bool {
        is_same(&self.file, path).is_some_and(|found| {
            found.len() == self.length && found.modified().is_ok_and(|at| at == self.changed)
        })
    }
}

impl Journal {
    fn is_at(&self, path: &Path) -> bool {
        is_same(&self.file, path).is_some_and(|found| found.len() == self.length)
    }
}

/// What is known of the file at `path`, if it is this one.
fn is_same(file: &File, path: &Path) -> Option<Metadata> {
    let (own, found) = (file.metadata().ok()?, fs::symlink_metadata(path).ok()?);
    ((own.dev(), own.ino()) == (found.dev(), found.ino())).then_some(found)
}

impl Head {
    fn of(copy: &[u8], edition: u64) -> Self {
        Self {
            journal: VERSION,
            edition,
            of: digest::hex(&digest::of_bytes(copy)),
        }
    }
}

impl Kept {
    /// What lies at `path`; `None`: nothing.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        let read = |path: &Path| match regular::open(path).and_then(read_all) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let folder = match folder(path) {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Nobody may write a copy between the two.
        let _lock = locked(&folder)?;
        let Some(copy) = read(path)? else {
            return Ok(None);
        };
        let journal = read(&beside(path))?;
        Ok(Some(Self { copy, journal }))
    }

    /// The lines of the journal that go on from the copy, which has this number. The error says why that cannot be told.
    pub(crate) fn lines(&self, edition: u64) -> Result<Vec<&[u8]>, String> {
        let Some(journal) = &self.journal else {
            return Ok(Vec::new());
        };
        let mut lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
        // Half a line was never answered for.
        lines.pop_if(|line| !line.ends_with(b"\n"));
        let Some((first, lines)) = lines.split_first() else {
            return Err("its journal has no first line".to_owned());
        };
        let head: Head = serde_json::from_slice(first)
            .map_err(|error| format!("its journal cannot be read: {error}"))?;
        let own = Head::of(&self.copy, edition);
        if head.journal != VERSION {
            let other = head.journal;
            Err(format!(
                "its journal has version {other} instead of {VERSION}"
            ))
        } else if head == own {
            Ok(lines.to_vec())
        } else if head.edition < edition {
            // It is in the copy: whoever wrote that was killed before it could remove the journal.
            Ok(Vec::new())
        } else if head.edition > edition {
            Err("its journal goes on from a later copy".to_owned())
        } else {
            Err("it was changed while its journal had more to add".to_owned())
        }
    }
}

/// The journal of the world at `path`.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".journal");
    path.with_file_name(name)
}

fn head_of(file: &File) -> io::Result<Head> {
    let mut first = Vec::new();
    file.take(1024).read_to_end(&mut first)?;
    let end = first.iter().position(|byte| *byte == b'\n');
    let line = end.and_then(|end| first.get(..end)).unwrap_or(&first);
    Ok(serde_json::from_slice(line)?)
}

/// Puts a new file at `path`, which is whole when it is there.
fn replace(path: &Path, text: &[u8]) -> io::Result<File> {
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    Ok(file.persist(path)?)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn folder(path: &Path) -> io::Result<File> {
    File::open(folder_of(path))
}

/// Keeps others out of the folder while the result lives. Where the file system has no locks, nobody is kept out.
fn locked(folder: &File) -> io::Result<Option<Locked<'_>>> {
    let mut waited = Duration::ZERO;
    while waited < LEDGER_LOCK_WAIT {
        match folder.try_lock() {
            Ok(()) => return Ok(Some(Locked(folder))),
            Err(TryLockError::WouldBlock) => {
                thread::sleep(LOCK_PAUSE);
                waited += LOCK_PAUSE;
            }
            Err(TryLockError::Error(_)) => return Ok(None),
        }
    }
    let what = "another process is writing to it and has not finished";
    Err(io::Error::new(ErrorKind::TimedOut, what))
}

struct Locked<'a>(&'a File);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // It ends with the file at the latest.
        let _ = self.0.unlock();
    }
}

fn read_all(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
