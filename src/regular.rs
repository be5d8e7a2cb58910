//! Opens and reads regular files only: a pipe may block for ever, a device may have no end, and a folder holds no text.
//!
//! No more is read than the caller has room for.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Opens a regular file for reading, links followed. Nothing else is opened at all.
///
/// # Errors
/// It cannot be opened, or is something else: `it is a pipe, not a regular file` ([`is_about_kind`]).
pub fn open(path: &Path) -> io::Result<File> {
    check(path)?;
    File::open(path)
}

/// The bytes of a regular file; `None` if there are more than `limit`. A size that is told beforehand is believed, so that nothing is read.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    if check(path)?.len() > limit {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= limit);
    Ok(fits.then_some(bytes))
}

/// What is known of a regular file.
///
/// # Errors
/// As [`open`].
pub fn check(path: &Path) -> io::Result<Metadata> {
    let found = std::fs::metadata(path)?;
    match oddity(&found) {
        None => Ok(found),
        Some(what) => {
            let kind = if found.is_dir() {
                ErrorKind::IsADirectory
            } else {
                ErrorKind::Other
            };
            let told = format!("it is {what}, not a regular file");
            Err(io::Error::new(kind, told))
        }
    }
}

/// Does an error of this module say that something is not a regular file?
pub fn is_about_kind(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::IsADirectory | ErrorKind::Other)
}

/// `a folder`, `a pipe`, `a socket` or `a device`; `None`: a regular file.
fn oddity(found: &Metadata) -> Option<&'static str> {
    if found.is_file() {
        return None;
    }
    if found.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = found.file_type();
        if kind.is_fifo() {
            return Some("a pipe");
        } else if kind.is_socket() {
            return Some("a socket");
        }
    }
    Some("a device")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_no_more_is_read_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap().unwrap(), b"12345");
        assert_eq!(read(&file, 4).unwrap(), None);
        assert!(!is_about_kind(
            &open(&folder.path().join("none")).unwrap_err()
        ));
        // Files of the kernel tell no size.
        assert_eq!(read(Path::new("/proc/self/status"), 4).unwrap(), None);
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (odd, what) in [
            (folder.path(), "a folder"),
            (socket.as_path(), "a socket"),
            (Path::new("/dev/zero"), "a device"),
            (Path::new("/dev/null"), "a device"),
        ] {
            for error in [open(odd).unwrap_err(), read(odd, 5).unwrap_err()] {
                let wanted = format!("it is {what}, not a regular file");
                assert_eq!(error.to_string(), wanted);
                assert!(is_about_kind(&error));
            }
        }
    }
}
