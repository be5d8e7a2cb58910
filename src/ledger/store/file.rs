//! A ledger in a file of JSON lines.
//!
//! Every append happens under an exclusive lock on a sidecar file: compare the length, write, `fdatasync`. The lock is held by an open
//! file, so a process that dies leaves none behind. Refuses: creating anything on a read, and leaving half a line behind on a full disk.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;

use super::{AppendError, Store, StoreError, Stored, whole_lines};

/// How much is read at once while looking for the last line's end.
const TAIL_BYTES: u64 = 4096;

/// A ledger in a file.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// The ledger at `path`; neither it nor its folder needs to exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn trouble(&self, doing: &'static str, error: &io::Error) -> StoreError {
        StoreError {
            doing,
            place: self.path.display().to_string(),
            what: error.to_string(),
            advice: advice(error.kind()).to_owned(),
        }
    }

    fn read_now(&self) -> io::Result<Stored> {
        let mut bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        bytes.truncate(whole_lines(&bytes));
        let position = bytes.len() as u64;
        Ok(Stored { bytes, position })
    }

    /// `None`: somebody else was faster.
    fn append_now(&self, at: u64, bytes: &[u8]) -> io::Result<Option<u64>> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder)?;
        let lock = private().open(self.lock_path())?;
        lock.lock()?;
        let is_new = !self.path.try_exists()?;
        let mut file = private().open(&self.path)?;
        if end_of_lines(&mut file)? != at {
            return Ok(None);
        }
        let end = write_at(&mut file, at, bytes)?;
        if is_new {
            sync_folder(folder)?;
        }
        Ok(Some(end))
    }

    fn lock_path(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        name.into()
    }
}

impl Store for FileStore {
    fn read(&self) -> BoxFuture<'_, Result<Stored, StoreError>> {
        Box::pin(async move {
            let store = self.clone();
            off_the_runtime(move || store.read_now())
                .await
                .map_err(|error| self.trouble("read", &error))
        })
    }

    fn append(&self, at: u64, bytes: Vec<u8>) -> BoxFuture<'_, Result<u64, AppendError>> {
        Box::pin(async move {
            let store = self.clone();
            match off_the_runtime(move || store.append_now(at, &bytes)).await {
                Ok(Some(end)) => Ok(end),
                Ok(None) => Err(AppendError::Conflict),
                Err(error) => Err(AppendError::Store(self.trouble("append to", &error))),
            }
        })
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(io::Error::other(stopped)),
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
    async fn reading_creates_nothing() {
        let (folder, store) = place();
        assert_eq!(store.read().await.unwrap(), Stored::default());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_append_happens_at_the_expected_end_only() {
        let (_folder, store) = place();
        assert_eq!(store.append(0, b"{}\n".to_vec()).await, Ok(3));
        assert_eq!(
            store.append(0, b"{1}\n".to_vec()).await,
            Err(AppendError::Conflict)
        );
        assert_eq!(store.append(3, b"{2}\n".to_vec()).await, Ok(7));
        assert_eq!(store.read().await.unwrap().bytes, b"{}\n{2}\n");
    }

    #[tokio::test]
    async fn a_torn_last_line_is_not_data_and_gives_way() {
        let (_folder, store) = place();
        store.append(0, b"{}\n".to_vec()).await.unwrap();
        let long = format!("{{}}\n{}", "x".repeat(10_000));
        std::fs::write(store.path(), long).unwrap();
        assert_eq!(store.read().await.unwrap().position, 3);
        assert_eq!(store.append(3, b"{2}\n".to_vec()).await, Ok(7));
        assert_eq!(std::fs::read(store.path()).unwrap(), b"{}\n{2}\n");
    }

    #[tokio::test]
    async fn of_two_that_append_at_one_place_one_wins() {
        let (_folder, store) = place();
        let tries = (0..8).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.append(0, format!("{{{n}}}\n").into_bytes()).await })
        });
        let ends = futures_util::future::join_all(tries).await;
        let won = ends.iter().filter(|end| matches!(end, Ok(Ok(4)))).count();
        assert_eq!((won, store.read().await.unwrap().position), (1, 4));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, store) = place();
        store.append(0, b"{}\n".to_vec()).await.unwrap();
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
        let error = store.read().await.unwrap_err().to_string();
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
