//! Files that a command is asked to write: a saved plan, a plan in another format.
//!
//! A device or a pipe is written through and never replaced, and a file keeps its owner and mode. A link in the present folder that leads
//! out of it is not followed: whoever can put a link there, as a pull request can, could have any file overwritten.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::error::Failure;
use super::links::target;
use super::screen::{Put, Screen, write_line};
use crate::cloud::without_dots;

/// Writes a file whole or not at all; through a device or a pipe. A text ends with a line end.
pub fn write_file(path: &Path, text: &str, screen: &Screen) -> Result<(), Failure> {
    write_with(path, &|out| write_line(out, text), screen)
}

/// The same with what is written piece by piece.
pub fn write_with(path: &Path, put: &Put<'_>, screen: &Screen) -> Result<(), Failure> {
    let cannot =
        |error: &io::Error| Failure::because(&format!("cannot write {}", path.display()), error);
    match stream_of(path) {
        Some(Stream::Out) => return screen.stream(put).map_err(|error| cannot(&error)),
        Some(Stream::Error) => {
            let mut text = Vec::new();
            put(&mut text).map_err(|error| cannot(&error))?;
            screen.complain(&String::from_utf8_lossy(&text));
            return Ok(());
        }
        Some(Stream::Other) => {
            return write_through(path, put).map_err(|error| cannot(&error));
        }
        None => {}
    }
    let target = target(path).map_err(|error| cannot(&error))?;
    stays_inside(path, &target)?;
    let written = match fs::metadata(&target) {
        Ok(found) if found.is_dir() => Err(io::Error::from(ErrorKind::IsADirectory)),
        Ok(found) if !found.is_file() => write_through(&target, put),
        found => replace(&target, put, found.ok().as_ref()),
    };
    written.map_err(|error| cannot(&error))
}

/// Is there a file by this name now, that can be read again?
pub fn is_kept(path: &Path) -> bool {
    stream_of(path).is_none() && fs::metadata(path).is_ok_and(|found| found.is_file())
}

/// What this process has open already.
enum Stream {
    Out,
    Error,
    Other,
}

/// Opened by its name anew, a file behind a stream would be written from its beginning.
fn stream_of(path: &Path) -> Option<Stream> {
    let number = match path.to_str()? {
        "/dev/stdout" => "1",
        "/dev/stderr" => "2",
        other => other
            .strip_prefix("/dev/fd/")
            .or_else(|| other.strip_prefix("/proc/self/fd/"))?,
    };
    match number {
        "1" => Some(Stream::Out),
        "2" => Some(Stream::Error),
        _ => Some(Stream::Other),
    }
}

/// A reader that went away has read enough.
fn write_through(path: &Path, put: &Put<'_>) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    match buffered(&mut file, put) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A path that is in the present folder as it is written must be there in truth.
fn stays_inside(path: &Path, target: &Path) -> Result<(), Failure> {
    let Ok(here) = std::env::current_dir().and_then(|here| here.canonicalize()) else {
        return Ok(());
    };
    let typed_here = std::env::var_os("PWD").map(PathBuf::from);
    let written = without_dots(&here.join(path));
    let inside = written.starts_with(&here)
        || typed_here.is_some_and(|here| written.starts_with(without_dots(&here)));
    if !inside || target.starts_with(&here) {
        return Ok(());
    }
    let summary = format!(
        "{} is a link that leads out of this folder, to {}, so it is not written",
        path.display(),
        target.display()
    );
    Err(Failure::new(summary).with_advice("remove the link, or name the file itself"))
}

/// Puts a new file in the place of one that is there, with its owner and mode. Where the folder does not let that be done, the
/// file itself is written.
fn replace(target: &Path, put: &Put<'_>, old: Option<&Metadata>) -> io::Result<()> {
    match (swap(target, put, old), old) {
        (Err(error), Some(_)) if is_about_the_folder(&error) => {
            let mut file = OpenOptions::new().write(true).truncate(true).open(target)?;
            buffered(&mut file, put)?;
            file.sync_all()
        }
        (swapped, _) => swapped,
    }
}

/// Files may not be made or renamed there, or not be given to their owner; the file itself may yet be written.
fn is_about_the_folder(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ResourceBusy
            | ErrorKind::CrossesDevices
    )
}

/// Pieces may be small, and calls of the system are not.
fn buffered(file: &mut File, put: &Put<'_>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    put(&mut out)?;
    out.flush()
}

fn swap(target: &Path, put: &Put<'_>, old: Option<&Metadata>) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(plain)?;
    buffered(file.as_file_mut(), put)?;
    if let Some(old) = old {
        keep_owner(file.as_file(), old)?;
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Without the name of the temporary file, which says nothing to a person.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn plain(error: io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::from(error.kind()),
        io::Error::from_raw_os_error,
    )
}
