//! The operating system is asked off the runtime, since a disk may take its time; what its errors mean to a person; and folders.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::StoreError;

pub(super) async fn off_the_runtime<T: Send + 'static, E: From<io::Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(io::Error::other(stopped).into()),
    }
}

pub(super) fn trouble(doing: &'static str, place: String, error: &io::Error) -> StoreError {
    StoreError {
        doing,
        place,
        what: error.to_string(),
        advice: advice(error.kind()).to_owned(),
    }
}

pub(super) const fn advice(kind: ErrorKind) -> &'static str {
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
        ErrorKind::ResourceBusy => {
            "if this file is mounted by itself, mount its folder instead: a file that is mounted cannot be compacted"
        }
        _ => "check the place that the Project's `ledger` names",
    }
}

/// The path of what lies beside a file, under its name with something behind it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// A new file is found after a power cut only if its folder knows it.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
