//! A ledger in a file of JSON lines.
//!
//! Every append happens under an exclusive lock on a sidecar file: compare the position, write, `fdatasync`. The lock is held by an
//! open file, so a process that dies leaves none behind; one that was stopped while it held it is waited for a while, and then named.
//! Compaction renames a finished file into place under the same lock and keeps the old one beside it. Refuses: creating anything on
//! a read, leaving half a line behind on a full disk, waiting for ever.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{
    AppendError, Position, Store, StoreError, Stored, first_line, generation_of, shorter, tail,
    whole_lines,
};
use crate::limits::LEDGER_LOCK_WAIT;

/// How much is read at once while looking for the last line's end.
const TAIL_BYTES: u64 = 4096;
/// Pause between two tries to get the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Why an append or a compaction did not happen.
enum Fault {
    /// Another process held the lock all the time; what it wrote about itself.
    Held(String),
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A ledger in a file.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
    /// The lock was waited for in vain: whoever comes next tries only once, until it is free again.
    gave_up: Arc<AtomicBool>,
}

impl FileStore {
    /// The ledger at `path`; neither it nor its folder needs to exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            gave_up: Arc::default(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn fault(&self, doing: &'static str, fault: Fault) -> AppendError {
        match fault {
            Fault::Io(error) => AppendError::Store(self.trouble(doing, &error)),
            Fault::Held(who) => AppendError::Held(StoreError {
                doing,
                place: self.path.display().to_string(),
                what: format!(
                    "another process is writing to it and has not finished within {} s{who}",
                    LEDGER_LOCK_WAIT.as_secs()
                ),
                advice: "let it go on or end it if it was stopped, and run the command again"
                    .to_owned(),
            }),
        }
    }

    fn trouble(&self, doing: &'static str, error: &io::Error) -> StoreError {
        StoreError {
            doing,
            place: self.path.display().to_string(),
            what: error.to_string(),
            advice: advice(error.kind()).to_owned(),
        }
    }

    /// `None`: it is shorter than it was.
    fn read_now(&self, since: Position) -> io::Result<Option<Stored>> {
        let bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        Ok(tail(&bytes, since))
    }

    /// `None`: somebody else was faster.
    fn append_now(&self, at: Position, bytes: &[u8]) -> Result<Option<Position>, Fault> {
        let folder = self.folder();
        std::fs::create_dir_all(folder)?;
        let _lock = self.lock()?;
        let is_new = !self.path.try_exists()?;
        let mut file = private().open(&self.path)?;
        if position(&mut file)? != at {
            return Ok(None);
        }
        let end = write_at(&mut file, at.offset, bytes)?;
        if is_new {
            sync_folder(folder)?;
        }
        let generation = match at.generation {
            0 => generation_of(first_line(bytes)),
            known => known,
        };
        Ok(Some(Position {
            generation,
            offset: end,
        }))
    }

    /// `None`: somebody else was faster. Whatever stops it in between leaves the old generation in its place.
    fn replace_now(&self, at: Position, bytes: &[u8]) -> Result<Option<(Position, String)>, Fault> {
        let folder = self.folder();
        let _lock = self.lock()?;
        if position(&mut File::open(&self.path)?)? != at {
            return Ok(None);
        }
        let mut next = tempfile::Builder::new()
            .prefix(".afresh-ledger-")
            .tempfile_in(folder)?;
        next.write_all(bytes)?;
        next.as_file().sync_all()?;
        let kept = self.keep_old()?;
        next.persist(&self.path)
            .map_err(|error| Fault::Io(error.error))?;
        sync_folder(folder)?;
        let position = Position {
            generation: generation_of(first_line(bytes)),
            offset: bytes.len() as u64,
        };
        Ok(Some((position, kept.display().to_string())))
    }

    /// Gives the present file a second name that nothing has yet: `ledger.jsonl.1`, `ledger.jsonl.2`.
    fn keep_old(&self) -> io::Result<PathBuf> {
        let mut number = 1;
        loop {
            let name = self.beside(&format!(".{number}"));
            match std::fs::hard_link(&self.path, &name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(_) => {
                    // A file system without hard links: a copy does as well, only slower.
                    std::fs::copy(&self.path, &name)?;
                    File::open(&name)?.sync_all()?;
                    return Ok(name);
                }
                Ok(()) => return Ok(name),
            }
        }
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Held as long as the file is open. Whoever holds it writes its process id into it, for those who wait in vain.
    fn lock(&self) -> Result<File, Fault> {
        let mut lock = private().open(self.beside(".lock"))?;
        let tries = if self.gave_up.load(Ordering::Relaxed) {
            1
        } else {
            LEDGER_LOCK_WAIT.as_millis() / LOCK_PAUSE.as_millis()
        };
        for _ in 0..tries {
            match lock.try_lock() {
                Ok(()) => {
                    self.gave_up.store(false, Ordering::Relaxed);
                    // Only a hint: a disk that is too full for it fails at the append, which says so.
                    let _ = lock
                        .set_len(0)
                        .and_then(|()| writeln!(lock, "process {}", std::process::id()));
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        self.gave_up.store(true, Ordering::Relaxed);
        let mut who = String::new();
        let known = Read::take(&mut lock, 100).read_to_string(&mut who).is_ok();
        Err(Fault::Held(match who.trim() {
            who if known && !who.is_empty() => format!(" ({who})"),
            _ => String::new(),
        }))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

impl Store for FileStore {
    fn read(&self, since: Position) -> BoxFuture<'_, Result<Stored, StoreError>> {
        Box::pin(async move {
            let store = self.clone();
            off_the_runtime(move || store.read_now(since))
                .await
                .map_err(|error| self.trouble("read", &error))?
                .ok_or_else(|| shorter(self.path.display().to_string()))
        })
    }

    fn append(&self, at: Position, bytes: Vec<u8>) -> BoxFuture<'_, Result<Position, AppendError>> {
        Box::pin(async move {
            let store = self.clone();
            match off_the_runtime(move || store.append_now(at, &bytes)).await {
                Ok(Some(end)) => Ok(end),
                Ok(None) => Err(AppendError::Conflict),
                Err(fault) => Err(self.fault("append to", fault)),
            }
        })
    }

    fn replace(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>> {
        Box::pin(async move {
            let store = self.clone();
            match off_the_runtime(move || store.replace_now(at, &bytes)).await {
                Ok(Some(replaced)) => Ok(replaced),
                Ok(None) => Err(AppendError::Conflict),
                Err(fault) => Err(self.fault("compact", fault)),
            }
        })
    }
}

async fn off_the_runtime<T: Send + 'static, E: From<io::Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(io::Error::other(stopped).into()),
    }
}

/// Read and write, created if absent, for the owner only: addresses and run ids are nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Where the ledger in `file` ends.
fn position(file: &mut File) -> io::Result<Position> {
    let offset = end_of_lines(file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    BufReader::new(&mut *file).read_until(b'\n', &mut first)?;
    let generation = if offset == 0 {
        0
    } else {
        generation_of(first_line(&first))
    };
    Ok(Position { generation, offset })
}

/// The length of all whole lines, found from the end: the file may be large, its last line is not.
fn end_of_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(TAIL_BYTES);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        Read::take(&mut *file, end - start).read_to_end(&mut piece)?;
        let whole = whole_lines(&piece) as u64;
        if whole > 0 {
            return Ok(start + whole);
        }
        end = start;
    }
    Ok(0)
}

/// Cuts a torn last line off, writes, and waits until it is on the disk. On failure the file is as it was.
fn write_at(file: &mut File, at: u64, bytes: &[u8]) -> io::Result<u64> {
    let written = (|| {
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        file.sync_data()
    })();
    if let Err(error) = written {
        // A half-written line would be dropped by the next append anyway; whole lines of a failed append would not.
        let _ = file.set_len(at).and_then(|()| file.sync_data());
        return Err(error);
    }
    Ok(at + bytes.len() as u64)
}

/// A new file is found after a power cut only if its folder knows it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

const fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PermissionDenied => {
            "let this user read and write the file and its folder, or name another place in the Project's `ledger`"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "name a place that can be written in the Project's `ledger`"
        }
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
            "name a file, not a folder, in the Project's `ledger`"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room on the disk; nothing was written"
        }
        _ => "check the place that the Project's `ledger` names",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, FileStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path().join("new/ledger.jsonl"));
        (folder, store)
    }

    #[tokio::test]
    async fn a_torn_last_line_is_not_data_and_gives_way() {
        let (_folder, store) = place();
        let start = store.append(Position::default(), b"{}\n".to_vec()).await;
        let start = start.unwrap();
        let long = format!("{{}}\n{}", "x".repeat(10_000));
        std::fs::write(store.path(), long).unwrap();
        assert_eq!(store.read(start).await.unwrap().position, start);
        let end = store.append(start, b"{2}\n".to_vec()).await.unwrap();
        assert_eq!(end.offset, 7);
        assert_eq!(std::fs::read(store.path()).unwrap(), b"{}\n{2}\n");
    }

    #[tokio::test]
    async fn a_file_that_was_cut_is_said_so() {
        let (_folder, store) = place();
        let lines = b"{1}\n{2}\n".to_vec();
        let end = store.append(Position::default(), lines).await.unwrap();
        std::fs::write(store.path(), "{1}\n").unwrap();
        let error = store.read(end).await.unwrap_err().to_string();
        assert!(error.contains("it is shorter than it was"), "{error}");
        std::fs::remove_file(store.path()).unwrap();
        assert!(store.read(end).await.is_err());
    }

    #[tokio::test]
    async fn compaction_keeps_every_old_file() {
        let (_folder, store) = place();
        let mut end = store
            .append(Position::default(), b"{1}\n".to_vec())
            .await
            .unwrap();
        for number in 2..4 {
            let (next, kept) = store
                .replace(end, format!("{{{number}}}\n").into_bytes())
                .await
                .unwrap();
            assert_eq!(
                std::fs::read_to_string(kept).unwrap(),
                format!("{{{}}}\n", number - 1)
            );
            end = next;
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, store) = place();
        store
            .append(Position::default(), b"{}\n".to_vec())
            .await
            .unwrap();
        let mode = std::fs::metadata(store.path())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_folder_in_its_place_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path());
        let error = store
            .read(Position::default())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot read the ledger"), "{error}");
        assert!(error.contains("name a file, not a folder"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_no_half_line() {
        // `/dev/full` takes no byte, as a full disk does.
        let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = full.write_all(b"{}\n").unwrap_err();
        assert!(advice(error.kind()).contains("make room"), "{error}");
    }
}
