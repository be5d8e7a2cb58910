//! A ledger in a file of JSON lines.
//!
//! Every append happens under an exclusive lock on a sidecar file: compare the position, write, `fdatasync`. The lock is held by an open
//! file, so a process that dies leaves none behind. If another process holds it for too long, the append fails with an error that names it.
//! Compaction renames a finished file into place under the same lock and keeps the old one beside it: `ledger.jsonl.1` and so on where a person
//! asked for it, `ledger.jsonl.older`, one at a time, where the ledger compacts itself. A read creates nothing and takes no lock. A line that could
//! be written only in part, as on a full disk, is removed again.

mod ends;
mod fault;
mod generation;
mod lock;
mod owner_only;
mod pieces;
mod system;

use std::fs::File;
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{
    AppendError, Position, Reading, Room, Store, StoreError, first_line, generation_of, shorter,
    start, tail, too_large,
};
use crate::limits::{LEDGER_BYTES_LARGE, LEDGER_LOCK_WAIT};
use crate::{escape, regular};
use ends::{between, position};
use fault::Fault;
use generation::Keep;
use lock::Lock;
use pieces::Opened;
use system::{beside, off_the_runtime, sync_folder};

/// Links that are followed, one to the next, while nothing is there yet; as many as Linux follows.
const LINKS_MAX: usize = 40;
/// How every ledger begins.
const BEGINNING: &[u8] = br#"{"v":1,"event":"opened","#;

/// How every line begins.
const LINE: &[u8] = br#"{"v":1,"event":""#;

/// A ledger in a file.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
    lock: Arc<lock::Place>,
    /// From so many bytes on it is large.
    large_from: u64,
}

impl FileStore {
    /// The ledger at `path`; neither it nor its folder needs to exist yet. Where a link stands, what it leads to is the ledger, so that
    /// all who come by other ways meet at one lock.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = behind_links(path.into());
        Self {
            lock: Arc::new(lock::Place::new(beside(&path, ".lock"))),
            path,
            large_from: LEDGER_BYTES_LARGE,
        }
    }

    /// As [`FileStore::new`], for a ledger that is large from so many bytes on.
    #[must_use]
    pub fn with_large_from(self, large_from: u64) -> Self {
        Self { large_from, ..self }
    }

    /// Where it is, behind all links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file beside it that is locked for an append, and holds how far the ledger was written.
    pub fn lock_path(&self) -> &Path {
        self.lock.path()
    }

    fn fault(&self, doing: &'static str, fault: Fault) -> AppendError {
        match fault {
            Fault::Held(_) => AppendError::Held(self.told(doing, fault)),
            Fault::Unusable(_)
            | Fault::Cut { .. }
            | Fault::Gone { .. }
            | Fault::Owner(_)
            | Fault::Io(_) => AppendError::Store(self.told(doing, fault)),
        }
    }

    fn told(&self, doing: &'static str, fault: Fault) -> StoreError {
        match fault {
            Fault::Held(who) => self.held(doing, &who),
            Fault::Unusable(why) => self.unusable(doing, &why),
            Fault::Cut { missing } => self.cut(doing, missing),
            Fault::Gone { written } => self.gone(doing, written),
            Fault::Owner(error) => self.foreign(doing, &error),
            Fault::Io(error) => system::trouble(doing, self.place(), &error),
        }
    }

    fn unusable(&self, doing: &'static str, why: &str) -> StoreError {
        StoreError {
            doing,
            place: self.place(),
            what: format!(
                "its lock {} cannot be used: {why}",
                self.lock.path().display()
            ),
            advice: "move that away, and run the command again".to_owned(),
        }
    }

    fn held(&self, doing: &'static str, who: &str) -> StoreError {
        let who = if who.is_empty() {
            String::new()
        } else {
            format!(" ({who})")
        };
        StoreError {
            doing,
            place: self.place(),
            what: format!(
                "another process is writing to it and has not finished within {} s{who}",
                LEDGER_LOCK_WAIT.as_secs()
            ),
            advice: "let it go on or end it if it was stopped, and run the command again"
                .to_owned(),
        }
    }

    /// The commands stand alone on their lines.
    fn cut(&self, doing: &'static str, missing: u64) -> StoreError {
        let (path, lock) = (word(&self.path), word(self.lock.path()));
        let (what, way) = if missing == 1 {
            let way = format!("put the line end back:\n    echo >> {path}\nor, ");
            ("the end of its last line is missing".to_owned(), way)
        } else {
            let way = "restore it from a copy, or, ".to_owned();
            (format!("its last {missing} bytes are missing"), way)
        };
        StoreError {
            doing,
            place: self.place(),
            what,
            advice: format!(
                "{way}if it is meant to be as it is, and nothing that is missing counts:\n    rm {lock}"
            ),
        }
    }

    /// As [`Self::cut`]: without it nobody knows what was done.
    fn gone(&self, doing: &'static str, written: u64) -> StoreError {
        let lock = self.lock.path();
        StoreError {
            doing,
            place: self.place(),
            what: format!(
                "the file does not exist, but {written} bytes have been written to it ({} says so)",
                lock.display()
            ),
            advice: format!(
                "restore it from a copy, or, if it was removed on purpose and a new ledger may begin:\n    rm {}",
                word(lock)
            ),
        }
    }

    fn foreign(&self, doing: &'static str, error: &io::Error) -> StoreError {
        StoreError {
            doing,
            place: self.place(),
            what: format!(
                "its next generation cannot be given to its owner and group, so others would lose or gain access: {error}"
            ),
            advice: "let its owner run `ledger compact`".to_owned(),
        }
    }

    /// Finds where it ends now, without reading what is before. `None`: it is shorter than it was.
    fn open_now(&self, since: Position) -> Result<Option<Opened>, Fault> {
        // In this order: what is appended meanwhile makes the ledger longer than it is known to be, never shorter.
        let known = self.lock.ends()?;
        let mut file = match regular::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                not_gone(known)?;
                return Ok(tail(Vec::new(), since).map(Opened::Empty));
            }
            opened => opened?,
        };
        let length = file.metadata()?.len();
        if let Some(told) = too_large(length) {
            return Err(io::Error::other(told).into());
        }
        let end = position(&mut file, length)?;
        let Some(offset) = start(since, end) else {
            return Ok(None);
        };
        whole(known, end, length)?;
        if end.offset == 0 {
            begun_by_afresh(&head(&mut file)?)?;
        } else if !is_torn(&between(&mut file, end.offset, length)?) {
            return Err(Fault::Io(not_ours()));
        }
        Ok(Some(Opened::Lines(file, Position { offset, ..end }, end)))
    }

    /// `None`: somebody else was faster.
    fn append_now(&self, at: Position, bytes: &[u8]) -> Result<Option<Position>, Fault> {
        let folder = self.folder();
        owner_only::make_folder(folder)?;
        let mut lock = self.lock.take()?;
        let is_new = !self.path.try_exists()?;
        if is_new && at.offset > 0 {
            // It was removed meanwhile. Reading says so, and no empty one must hide that.
            return Ok(None);
        }
        if is_new {
            not_gone(lock.known())?;
        } else {
            regular::check(&self.path)?;
        }
        let mut file = owner_only::file().open(&self.path)?;
        let length = file.metadata()?.len();
        let end = position(&mut file, length)?;
        whole(lock.known(), end, length)?;
        if end != at {
            return Ok(None);
        }
        if end.offset == 0 {
            begun_by_afresh(&head(&mut file)?)?;
        } else if !is_torn(&between(&mut file, end.offset, length)?) {
            return Err(Fault::Io(not_ours()));
        }
        let offset = write_at(&mut file, at.offset, bytes)?;
        if is_new {
            sync_folder(folder)?;
        }
        let generation = match at.generation {
            0 => generation_of(first_line(bytes)),
            known => known,
        };
        let end = Position { generation, offset };
        lock.ends(end);
        Ok(Some(end))
    }

    /// `None`: somebody else was faster.
    fn replace_now(
        &self,
        at: Position,
        bytes: &[u8],
        keep: Keep,
    ) -> Result<Option<(Position, String)>, Fault> {
        let mut lock: Lock = self.lock.take()?;
        let mut file = regular::open(&self.path)?;
        let length = file.metadata()?.len();
        let end = position(&mut file, length)?;
        whole(lock.known(), end, length)?;
        if end != at {
            return Ok(None);
        }
        let kept = generation::begin(&self.path, self.folder(), bytes, keep)?;
        let position = Position {
            generation: generation_of(first_line(bytes)),
            offset: bytes.len() as u64,
        };
        lock.ends(position);
        Ok(Some((position, kept.display().to_string())))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    async fn replace_by(
        &self,
        (at, bytes): (Position, Vec<u8>),
        keep: Keep,
    ) -> Result<(Position, String), AppendError> {
        let store = self.clone();
        match off_the_runtime(move || store.replace_now(at, &bytes, keep)).await {
            Ok(Some(replaced)) => Ok(replaced),
            Ok(None) => Err(AppendError::Conflict),
            Err(fault) => Err(self.fault("compact", fault)),
        }
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

impl Store for FileStore {
    fn stream(&self, since: Position) -> BoxFuture<'_, Result<Reading<'_>, StoreError>> {
        Box::pin(async move {
            let store = self.clone();
            off_the_runtime(move || store.open_now(since))
                .await
                .map_err(|fault| self.told("read", fault))?
                .ok_or_else(|| shorter(self.place()))?
                .reading(self.place())
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
        Box::pin(self.replace_by((at, bytes), Keep::Numbered))
    }

    fn supersede(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>> {
        Box::pin(self.replace_by((at, bytes), Keep::Older))
    }

    fn room(&self, at: Position) -> Room {
        if at.offset >= self.large_from {
            Room::Large
        } else {
            Room::Enough
        }
    }
}

/// A path in a command that a person is to run.
fn word(path: &Path) -> String {
    escape::word(&path.to_string_lossy())
}

/// What a link leads to, also where nothing is yet; other paths as they are.
fn behind_links(path: PathBuf) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(&path)
        && path.is_symlink()
    {
        return real;
    }
    let mut path = path;
    for _ in 0..LINKS_MAX {
        match std::fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => break,
        }
    }
    path
}

/// Does a file that is there and ends at `end` hold all that is `known` to have been written to it? Of another generation nothing is
/// known; one without a whole line was cut within its first.
fn whole(known: Option<Position>, end: Position, length: u64) -> Result<(), Fault> {
    match known {
        Some(known)
            if [known.generation, 0].contains(&end.generation) && known.offset > end.offset =>
        {
            let missing = match known.offset.saturating_sub(length) {
                0 => known.offset - end.offset,
                missing => missing,
            };
            Err(Fault::Cut { missing })
        }
        _ => Ok(()),
    }
}

/// Can our own writer have left this behind the last whole line? A part of a line, and the zeros that a file system puts behind it after a
/// loss of power.
fn is_torn(bytes: &[u8]) -> bool {
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let text = &bytes[..bytes.len() - zeros];
    LINE.starts_with(text) || text.starts_with(LINE)
}

fn not_ours() -> io::Error {
    io::Error::other(
        "behind its last whole line stands something that afresh did not write; it would be overwritten",
    )
}

/// Is what stands in a file without a whole line the beginning of a ledger's first line? A process that died leaves one, and the next
/// append takes its place. Anything else is another file, which is not to be lost.
fn begun_by_afresh(bytes: &[u8]) -> io::Result<()> {
    if BEGINNING.starts_with(bytes) || bytes.starts_with(BEGINNING) {
        Ok(())
    } else {
        Err(io::Error::other(
            "it holds something else: its only line does not begin as a ledger does",
        ))
    }
}

/// May a ledger that is not there be a new one? Not if something is `known` to have been written to it.
const fn not_gone(known: Option<Position>) -> Result<(), Fault> {
    match known {
        Some(Position { offset, .. }) if offset > 0 => Err(Fault::Gone { written: offset }),
        _ => Ok(()),
    }
}

/// As much of a file as tells whether afresh began it.
fn head(file: &mut File) -> io::Result<Vec<u8>> {
    between(file, 0, BEGINNING.len() as u64)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::LEDGER_BYTES_MAX;

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
        let long = format!("{{}}\n{{\"v\":1,\"event\":\"looked{}", "x".repeat(10_000));
        std::fs::write(store.path(), long).unwrap();
        assert_eq!(store.read(start).await.unwrap().position, start);
        let end = store.append(start, b"{2}\n".to_vec()).await.unwrap();
        assert_eq!(end.offset, 7);
        assert_eq!(std::fs::read(store.path()).unwrap(), b"{}\n{2}\n");
    }

    #[tokio::test]
    async fn only_what_our_own_writer_can_leave_gives_way() {
        let (_folder, store) = place();
        let end = store
            .append(Position::default(), b"{}\n".to_vec())
            .await
            .unwrap();
        for torn in [
            "{",
            "{\"v\":1,\"ev",
            "\0\0\0",
            "{\"v\":1,\"event\":\"look\0\0",
        ] {
            std::fs::write(store.path(), format!("{{}}\n{torn}")).unwrap();
            assert_eq!(store.read(Position::default()).await.unwrap().position, end);
        }
        for other in ["MY-PRECIOUS-TOKEN", "\0{\"v\"", "{\"v\":2", " "] {
            let text = format!("{{}}\n{other}");
            std::fs::write(store.path(), &text).unwrap();
            let error = store.read(Position::default()).await.unwrap_err();
            assert!(error.to_string().contains("did not write"), "{error}");
            let refused = store.append(end, b"{1}\n".to_vec()).await;
            assert!(matches!(refused, Err(AppendError::Store(_))), "{refused:?}");
            assert_eq!(std::fs::read_to_string(store.path()).unwrap(), text);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_ledger_is_left_alone() {
        for other in [
            "MY-PRECIOUS-TOKEN",
            "{\"v\":1}",
            "{\"v\":1,\"event\":\"other",
            " ",
            "\0\0\0",
        ] {
            let (folder, _) = place();
            let path = folder.path().join("ledger.jsonl");
            std::fs::write(&path, other).unwrap();
            let store = FileStore::new(&path);
            let error = store.read(Position::default()).await.unwrap_err();
            assert!(error.to_string().contains("something else"), "{error}");
            let start = Position::default();
            let refused = store.append(start, b"{1}\n".to_vec()).await;
            assert!(matches!(refused, Err(AppendError::Store(_))), "{refused:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
        }
    }

    #[tokio::test]
    async fn a_torn_first_line_gives_way() {
        for torn in [
            "",
            "{\"v\":1,\"ev",
            "{\"v\":1,\"event\":\"opened\",\"lineage\":\"d8",
        ] {
            let (folder, _) = place();
            let path = folder.path().join("ledger.jsonl");
            std::fs::write(&path, torn).unwrap();
            let store = FileStore::new(&path);
            let start = store.read(Position::default()).await.unwrap().position;
            store.append(start, b"{1}\n".to_vec()).await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"{1}\n");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_larger_than_any_ledger_is_told_before_it_is_read() {
        let long = format!("{{}}\n{}", "x".repeat(3 * 16 * 1024 * 1024));
        for (text, length, words) in [
            ("", LEDGER_BYTES_MAX + 1, "a ledger has at most"),
            (
                long.as_str(),
                long.len() as u64,
                "a line of more than 16777216 bytes",
            ),
        ] {
            let (folder, _) = place();
            let path = folder.path().join("ledger.jsonl");
            std::fs::write(&path, text).unwrap();
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_len(length)
                .unwrap();
            let error = FileStore::new(&path)
                .read(Position::default())
                .await
                .unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_was_cut_is_said_so() {
        let (_folder, store) = place();
        let lines = b"{1}\n{2}\n".to_vec();
        let end = store.append(Position::default(), lines).await.unwrap();
        std::fs::remove_file(store.lock.path()).unwrap();
        std::fs::write(store.path(), "{1}\n").unwrap();
        let error = store.read(end).await.unwrap_err().to_string();
        assert!(error.contains("it is shorter than it was"), "{error}");
        std::fs::remove_file(store.path()).unwrap();
        assert!(store.read(end).await.is_err());
    }

    /// Whoever opens it anew has read nothing yet: the file beside it tells them.
    #[tokio::test]
    async fn what_was_written_for_sure_is_missed_by_everybody() {
        let (_folder, store) = place();
        let first = store.append(Position::default(), b"{1}\n".to_vec());
        let first = first.await.unwrap();
        store.append(first, b"{2}\n{3}\n".to_vec()).await.unwrap();
        for (left, said) in [
            (
                "{1}\n{2}\n{3}",
                "the end of its last line is missing; put the line end back:\n    echo >> ",
            ),
            (
                "{1}\n{2}\n",
                "its last 4 bytes are missing; restore it from a copy, or, if it is meant",
            ),
            ("{1}\n{2", "its last 6 bytes are missing"),
            ("{1", "its last 10 bytes are missing"),
            ("", "its last 12 bytes are missing"),
        ] {
            std::fs::write(store.path(), left).unwrap();
            let opened = FileStore::new(store.path());
            let error = opened.read(Position::default()).await.unwrap_err();
            assert!(error.to_string().contains(said), "{left:?}: {error}");
            assert!(error.advice.ends_with("/ledger.jsonl.lock"), "{error}");
            let end = Position { offset: 4, ..first };
            let refused = opened.append(end, b"{4}\n".to_vec()).await;
            assert!(matches!(refused, Err(AppendError::Store(_))), "{refused:?}");
            assert_eq!(std::fs::read_to_string(store.path()).unwrap(), left);
        }
        // The ways out.
        std::fs::write(store.path(), "{1}\n{2}\n{3}\n").unwrap();
        assert_eq!(store.read(first).await.unwrap().bytes, b"{2}\n{3}\n");
        std::fs::write(store.path(), "{1}\n").unwrap();
        std::fs::remove_file(store.lock.path()).unwrap();
        store.append(first, b"{5}\n".to_vec()).await.unwrap();
        assert_eq!(std::fs::read_to_string(store.path()).unwrap(), "{1}\n{5}\n");
    }

    #[tokio::test]
    async fn what_is_torn_beside_it_refuses_nothing() {
        let (_folder, store) = place();
        let end = store.append(Position::default(), b"{1}\n".to_vec()).await;
        let end = end.unwrap();
        for torn in [
            "",
            "process 1\nends 0123",
            "process 1\nends 0123 99",
            "ends x y\n",
            "\0\0",
        ] {
            std::fs::write(store.lock.path(), torn).unwrap();
            assert_eq!(store.read(Position::default()).await.unwrap().position, end);
        }
        let next = store.append(end, b"{2}\n".to_vec()).await.unwrap();
        assert_eq!(store.lock.ends().ok(), Some(Some(next)));
    }

    #[tokio::test]
    async fn an_empty_first_line_is_none() {
        let (_folder, store) = place();
        std::fs::create_dir_all(store.folder()).unwrap();
        std::fs::write(store.path(), "\n  \n").unwrap();
        let end = store.read(Position::default()).await.unwrap().position;
        let end = store.append(end, b"{1}\n".to_vec()).await.unwrap();
        let end = store.append(end, b"{2}\n".to_vec()).await.unwrap();
        let anew = FileStore::new(store.path());
        let stored = anew.read(Position::default()).await.unwrap();
        assert_eq!(stored.position, end);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn those_who_come_by_a_link_meet_at_one_lock() {
        let (folder, store) = place();
        let link = folder.path().join("link.jsonl");
        std::os::unix::fs::symlink("new/ledger.jsonl", &link).unwrap();
        // Also while it leads to nothing yet.
        let early = FileStore::new(&link);
        let end = early.append(Position::default(), b"{1}\n".to_vec()).await;
        let end = end.unwrap();
        let late = FileStore::new(&link);
        assert_eq!(
            std::fs::canonicalize(late.lock.path()).unwrap(),
            std::fs::canonicalize(store.lock.path()).unwrap()
        );
        late.replace(end, b"{2}\n".to_vec()).await.unwrap();
        assert!(link.is_symlink());
        assert_eq!(store.read(end).await.unwrap().bytes, b"{2}\n");
    }

    #[cfg(unix)]
    #[test]
    fn links_to_links_to_nothing_yet_lead_to_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("two", at("one")).unwrap();
        std::os::unix::fs::symlink("ledger.jsonl", at("two")).unwrap();
        assert_eq!(FileStore::new(at("one")).path(), at("ledger.jsonl"));
        // A circle ends too.
        std::os::unix::fs::symlink("circle", at("circle")).unwrap();
        assert_eq!(FileStore::new(at("circle")).path(), at("circle"));
    }

    /// Whoever has read it and whoever comes anew: both are told, until the mark of its length goes too.
    #[tokio::test]
    async fn a_ledger_that_is_gone_beside_its_mark_is_no_new_one() {
        let (_folder, store) = place();
        let end = store.append(Position::default(), b"{1}\n".to_vec()).await;
        std::fs::remove_file(store.path()).unwrap();
        let late = store.append(end.unwrap(), b"{2}\n".to_vec()).await;
        assert_eq!(late, Err(AppendError::Conflict));
        let opened = FileStore::new(store.path());
        let error = opened.read(Position::default()).await.unwrap_err();
        assert!(
            error
                .what
                .starts_with("the file does not exist, but 4 bytes have been written to it"),
            "{error}"
        );
        assert!(error.advice.ends_with("/ledger.jsonl.lock"), "{error}");
        let refused = opened.append(Position::default(), b"{3}\n".to_vec()).await;
        assert!(matches!(refused, Err(AppendError::Store(_))), "{refused:?}");
        assert!(!store.path().exists());
        std::fs::remove_file(store.lock.path()).unwrap();
        let next = opened.append(Position::default(), b"{3}\n".to_vec()).await;
        assert_eq!(next.unwrap().offset, 4);
    }

    /// The first append of all died before it had written anything, or when the file was there and empty.
    #[tokio::test]
    async fn a_bare_lock_is_no_mark() {
        let (_folder, store) = place();
        std::fs::create_dir_all(store.folder()).unwrap();
        for begun in [false, true] {
            drop(store.lock.take().ok().unwrap());
            if begun {
                std::fs::write(store.path(), "").unwrap();
            }
            let stored = store.read(Position::default()).await.unwrap();
            assert_eq!(stored.position, Position::default());
        }
        let next = store.append(Position::default(), b"{3}\n".to_vec()).await;
        assert_eq!(next.unwrap().offset, 4);
    }

    #[tokio::test]
    async fn however_long_it_is_little_of_it_is_in_memory_at_once() {
        let (_folder, store) = place();
        std::fs::create_dir_all(store.folder()).unwrap();
        for count in [20_000, 80_000] {
            let text = "{\"v\":1,\"event\":\"one of many\"}\n".repeat(count);
            std::fs::write(store.path(), &text).unwrap();
            let mut reading = store.stream(Position::default()).await.unwrap();
            let mut read = 0;
            while let Some(lines) = reading.lines().await.unwrap() {
                assert!(lines.len() < 300_000, "{} bytes", lines.len());
                read += lines.len();
            }
            assert_eq!(read, text.len());
        }
    }

    /// A lock on a file that was removed keeps nobody out.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_removed_lock_is_made_anew() {
        let (_folder, store) = place();
        let end = store.append(Position::default(), b"{1}\n".to_vec()).await;
        std::fs::remove_file(store.lock.path()).unwrap();
        store.append(end.unwrap(), b"{2}\n".to_vec()).await.unwrap();
        assert!(store.lock.path().exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_in_its_place_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let read = FileStore::new(&path).read(Position::default()).await;
        assert!(
            read.unwrap_err()
                .to_string()
                .contains("it is a pipe, not a regular file")
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_no_lock_of_ours_is_neither_waited_for_nor_overwritten() {
        use std::os::unix::fs::symlink;

        let (folder, store) = place();
        let end = store.append(Position::default(), b"{1}\n".to_vec()).await;
        let end = end.unwrap();
        let (lock, precious) = (store.lock.path(), folder.path().join("precious"));
        std::fs::write(&precious, "precious").unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (target, why) in [
            (
                precious.as_path(),
                "holds something that afresh did not write",
            ),
            (pipe.as_path(), "it is a pipe, not a regular file"),
            (socket.as_path(), "it is a socket, not a regular file"),
            (folder.path(), "it is a folder, not a regular file"),
            (Path::new("/dev/full"), "it is a device, not a regular file"),
        ] {
            std::fs::remove_file(lock).unwrap();
            symlink(target, lock).unwrap();
            let read = store.read(Position::default()).await.unwrap_err();
            let appended = store.append(end, b"{2}\n".to_vec()).await;
            let Err(AppendError::Store(appended)) = appended else {
                panic!("{appended:?}");
            };
            for error in [read, appended] {
                assert!(error.what.contains(why), "{error}");
                assert!(error.what.contains(".jsonl.lock cannot be used"), "{error}");
            }
        }
        assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
        assert_eq!(std::fs::read(store.path()).unwrap(), b"{1}\n");
        // What our own writer may leave after a loss of power.
        for torn in ["", "proc", "\0\0\0\0", "process 1", "process 1\nends 1"] {
            std::fs::remove_file(lock).unwrap();
            std::fs::write(lock, torn).unwrap();
            store.read(Position::default()).await.unwrap();
        }
        store.append(end, b"{2}\n".to_vec()).await.unwrap();
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
        let known = std::fs::metadata(store.path()).unwrap();
        assert_eq!(known.permissions().mode() & 0o777, 0o600);
    }

    /// Also by an editor that writes it anew in its place.
    #[tokio::test]
    async fn what_is_cut_while_it_is_read_is_said_so() {
        let (_folder, store) = place();
        let line = "{\"v\":1,\"event\":\"one of many\"}\n";
        std::fs::create_dir_all(store.folder()).unwrap();
        // In the second case as many bytes are there, and a line is not.
        for (left, said) in [
            (String::new(), "it is shorter than it was"),
            (
                "x".repeat(line.len() * 20_000),
                "it was changed while it was read",
            ),
        ] {
            std::fs::write(store.path(), line.repeat(20_000)).unwrap();
            let mut reading = store.stream(Position::default()).await.unwrap();
            reading.lines().await.unwrap().unwrap();
            std::fs::write(store.path(), left).unwrap();
            let error = loop {
                match reading.lines().await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("nobody was told"),
                    Err(error) => break error,
                }
            };
            assert!(error.to_string().contains(said), "{error}");
        }
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
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let error = full.write_all(b"{}\n").unwrap_err();
        assert!(
            system::advice(error.kind()).contains("make room"),
            "{error}"
        );
    }
}
