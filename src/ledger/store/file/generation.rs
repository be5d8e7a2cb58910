//! How the next generation of a ledger file takes the place of the present one, which stays under another name.
//!
//! 1. The next one is written to a temporary file and down to the disk, with the owner, group and mode of the present one.
//! 2. The present one gets a second name.
//! 3. The temporary file gets the ledger's name: only now the next generation has begun.
//! 4. Where the ledger compacts itself, that second name becomes `ledger.jsonl.older`, in place of the generation before.
//!
//! Whoever dies between two of these leaves the two newest generations whole. All of them happen under the lock.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::ends::position;
use super::fault::Fault;
use super::owner_only;
use super::system::{beside, sync_folder};
use crate::regular;

/// Under which name the present generation stays.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    /// One that nothing has yet: `ledger.jsonl.1`, `ledger.jsonl.2`.
    Numbered,
    /// `ledger.jsonl.older`, which the generation before it has until then.
    Older,
}

/// Puts the lines of `next` in the place of the file at `path`, and says where that one is then.
///
/// # Errors
/// The disk is in trouble, or others would lose or gain access. Both generations are whole, whichever of them is in its place.
pub(super) fn begin(path: &Path, folder: &Path, next: &[u8], keep: Keep) -> Result<PathBuf, Fault> {
    let next = written(next, &fs::metadata(path)?, folder)?;
    let second = match keep {
        Keep::Numbered => numbered(path, folder)?,
        Keep::Older => {
            finish(path)?;
            let passing = passing(path);
            second_name(path, folder, &passing)?;
            passing
        }
    };
    if let Err(error) = put(next, path, folder) {
        // It is a second name of what is still in its place.
        let _ = fs::remove_file(&second);
        return Err(error.into());
    }
    sync_folder(folder)?;
    Ok(match keep {
        Keep::Numbered => second,
        // It has begun: what stands under this name now is kept there, and passes on the next time.
        Keep::Older => pass_on(path).unwrap_or(second),
    })
}

/// A temporary file beside the present one. As it would be if the present one had been written to.
fn written(lines: &[u8], present: &Metadata, folder: &Path) -> Result<NamedTempFile, Fault> {
    let mut next = temporary(folder)?;
    next.write_all(lines)?;
    owner_only::give(next.as_file(), present).map_err(Fault::Owner)?;
    next.as_file().set_permissions(present.permissions())?;
    next.as_file().sync_all()?;
    Ok(next)
}

fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut named = tempfile::Builder::new();
    named.prefix(".afresh-ledger-").tempfile_in(folder)
}

/// The second name is on the disk before the first one leads elsewhere.
fn put(next: NamedTempFile, path: &Path, folder: &Path) -> io::Result<()> {
    sync_folder(folder)?;
    next.persist(path).map(drop).map_err(|error| error.error)
}

/// The name of the present generation while the next one takes its place.
fn passing(path: &Path) -> PathBuf {
    beside(path, ".older.next")
}

/// What a process left there that died: the generation before the present one, which is kept now, or else a second name of the present one.
fn finish(path: &Path) -> io::Result<()> {
    let passing = passing(path);
    match generation(&passing) {
        Ok(left) if left != 0 && left != generation(path)? => pass_on(path).map(drop),
        Ok(_) => fs::remove_file(passing),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => {
            let told = format!("{}: {error}", passing.display());
            Err(io::Error::new(error.kind(), told))
        }
    }
}

fn generation(path: &Path) -> io::Result<u64> {
    let mut file = regular::open(path)?;
    let length = file.metadata()?.len();
    Ok(position(&mut file, length)?.generation)
}

/// Gives the generation with the passing name the name that stays.
fn pass_on(path: &Path) -> io::Result<PathBuf> {
    let (passing, older) = (passing(path), beside(path, ".older"));
    fs::rename(&passing, &older)?;
    // Where both were names of one file, the system leaves both.
    match fs::remove_file(passing) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(older),
    }
}

/// Gives the present file a second name that nothing has yet.
fn numbered(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let name = beside(path, &format!(".{number}"));
        match second_name(path, folder, &name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            named => return named.map(|()| name),
        }
    }
}

/// A second name for the present file, which no other file has.
fn second_name(path: &Path, folder: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(path, name) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => copied(path, folder, name),
        linked => linked,
    }
}

/// A file system without hard links: a copy does as well, only slower. It has its name when it is whole.
fn copied(path: &Path, folder: &Path, name: &Path) -> io::Result<()> {
    let (mut present, mut copy) = (regular::open(path)?, temporary(folder)?);
    io::copy(&mut present, &mut copy)?;
    copy.as_file()
        .set_permissions(present.metadata()?.permissions())?;
    copy.as_file().sync_all()?;
    copy.persist(name).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests;
