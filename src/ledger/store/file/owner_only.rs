//! The ledger file, its lock and their folder are for the owner only: addresses and run ids are nobody else's business.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// How such a file is opened: for reading and writing, and made if it is absent.
pub(super) fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes such a folder, and those above it.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Gives a new file to the owner and group of the one whose place it takes.
///
/// # Errors
/// They cannot be kept, so that others would lose or gain access. Another owner is none where the group may do all that the owner may.
#[cfg(unix)]
pub(super) fn give(new: &File, present: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = new.metadata()?;
    if own.gid() != present.gid() {
        fchown(new, None, Some(present.gid()))?;
    }
    if own.uid() == present.uid() {
        return Ok(());
    }
    let is_of_group = (present.mode() & 0o700) >> 3 == present.mode() & 0o070;
    match fchown(new, Some(present.uid()), None) {
        Err(error) if !is_of_group => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) const fn give(_new: &File, _present: &Metadata) -> io::Result<()> {
    Ok(())
}
