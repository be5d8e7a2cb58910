//! The file beside a ledger file: its lock, who holds it, and how far the ledger has been written for sure.
//!
//! It holds `process 4711` and `ends 9f0c… 1870`: the generation and the length after the last finished append. It is written after the
//! append is on the disk, so it is never ahead of it. If it is missing or torn, nothing is known.
//! Waiting for the lock has a timeout. A lock on a file that has been removed meanwhile does not count.
//! A file that afresh did not write is never overwritten.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::Position;
use super::owner_only;
use crate::limits::LEDGER_LOCK_WAIT;
use crate::mutex::{Mutex, MutexGuard};
use crate::regular;

/// Pause between two tries to get the lock.
const PAUSE: Duration = Duration::from_millis(5);
/// How the line of whoever held it last begins.
const PROCESS: &str = "process ";
/// How the line of where the ledger ends begins.
const ENDS: &str = "ends ";
/// Longer than what stands in it can be, in bytes.
const TEXT_MAX: u64 = 200;

/// Why there is no lock.
pub(super) enum NoLock {
    /// Another process held it all the time; what it wrote about itself: `process 4711`, or nothing.
    Held(String),
    /// It is no lock of a ledger, with the reason.
    Unusable(String),
    Io(io::Error),
}

/// Where the lock of a ledger lies.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Who was waited for in vain: as long as it is the same one, whoever comes next tries only once.
    gave_up_on: Mutex<Option<String>>,
}

/// Held as long as it lives.
pub(super) struct Lock {
    file: File,
    known: Option<Position>,
}

impl Place {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            gave_up_on: Mutex::default(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the ledger ends at least, as far as anybody has written that down. Takes no lock: whoever reads this first and the ledger
    /// then never sees less of the ledger. One that may not be read tells nothing.
    ///
    /// # Errors
    /// It is no lock of a ledger: the next append would overwrite what is there, or wait for it.
    pub fn ends(&self) -> Result<Option<Position>, NoLock> {
        if !self.is_there()? {
            return Ok(None);
        }
        let Some(text) = File::open(&self.path)
            .ok()
            .and_then(|mut file| text(&mut file))
        else {
            return Ok(None);
        };
        check_ours(&text)?;
        Ok(ends_of(&text))
    }

    /// Is something there, which is a regular file then?
    fn is_there(&self) -> Result<bool, NoLock> {
        match regular::check(&self.path) {
            Ok(_) => Ok(true),
            Err(error) if regular::is_about_kind(&error) => {
                Err(NoLock::Unusable(error.to_string()))
            }
            Err(_) => Ok(false),
        }
    }

    /// Waits for the lock, and writes into it who holds it.
    pub fn take(&self) -> Result<Lock, NoLock> {
        let mut waited = Duration::ZERO;
        loop {
            self.is_there()?;
            let mut file = owner_only::file().open(&self.path).map_err(NoLock::Io)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &self.path) => {
                    *self.gave_up_on() = None;
                    let text = text(&mut file).unwrap_or_default();
                    check_ours(&text)?;
                    let known = ends_of(&text);
                    let mut lock = Lock { file, known };
                    // Only a hint: a disk that is too full for it fails at the append, which says so.
                    let _ = lock.write();
                    return Ok(lock);
                }
                // Somebody removed the file between opening and locking it: others lock the new one.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = holder(&mut file);
                    let mut gave_up_on = self.gave_up_on();
                    if waited >= LEDGER_LOCK_WAIT || gave_up_on.as_ref() == Some(&holder) {
                        *gave_up_on = Some(holder.clone());
                        return Err(NoLock::Held(holder));
                    }
                    drop(gave_up_on);
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                Err(TryLockError::Error(error)) => return Err(NoLock::Io(error)),
            }
        }
    }

    fn gave_up_on(&self) -> MutexGuard<'_, Option<String>> {
        self.gave_up_on.lock()
    }
}

impl Lock {
    /// Where the ledger ends at least.
    pub const fn known(&self) -> Option<Position> {
        self.known
    }

    /// Writes down where the ledger ends now that it is on the disk. If that cannot be written, less is known and nothing is lost.
    pub fn ends(&mut self, at: Position) {
        self.known = Some(at);
        let _ = self.write();
    }

    fn write(&mut self) -> io::Result<()> {
        let mut text = format!("{PROCESS}{}\n", std::process::id());
        if let Some(Position { generation, offset }) = self.known {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{ENDS}{generation:016x} {offset}");
        }
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }
}

fn text(file: &mut File) -> Option<String> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    Read::take(file, TEXT_MAX).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Is this a text that [`Lock::write`] wrote, or one that it began? A file system puts zeros behind it after a loss of power.
fn check_ours(text: &str) -> Result<(), NoLock> {
    let text = text.trim_end_matches('\0');
    let is_line = |line: &str| text.starts_with(line) || line.starts_with(text);
    if is_line(PROCESS) || is_line(ENDS) {
        return Ok(());
    }
    let why = "it holds something that afresh did not write, which would be overwritten";
    Err(NoLock::Unusable(why.to_owned()))
}

fn holder(file: &mut File) -> String {
    let text = text(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(PROCESS));
    line.unwrap_or_default().to_owned()
}

/// A line without its end is torn.
fn ends_of(text: &str) -> Option<Position> {
    let whole = &text[..=text.rfind('\n')?];
    let mut words = whole
        .lines()
        .find_map(|line| line.strip_prefix(ENDS))?
        .split(' ');
    Some(Position {
        generation: u64::from_str_radix(words.next()?, 16).ok()?,
        offset: words.next()?.parse().ok()?,
    })
}

/// Is this open file the one that lies there?
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |known: std::fs::Metadata| (known.dev(), known.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(held), Ok(there)) => id(held) == id(there),
        _ => false,
    }
}

#[cfg(not(unix))]
const fn is_at(_file: &File, _path: &Path) -> bool {
    true
}
