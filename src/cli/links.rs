//! Where links lead, and a check that none in a project leads its ledger out of it.
//!
//! The ledger and its lock must lie where their names say, since whoever changes the manifests can also put a link there.
//! Only a policy can allow another place for the ledger.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::args::Global;
use super::error::{Exit, Failure};
use super::places::place_of;
use crate::cloud::{whole, without_links};
use crate::escape;
use crate::ledger::store::file::FileStore;
use crate::model::desired::LedgerPlace;
use crate::model::policy::Policy;

/// Most links behind each other that are followed.
const LINKS_MAX: usize = 40;

/// Holds that the ledger at `place`, and its lock, lie where their names say as far as that is in the project: `project` are the files and
/// folders that were named. A policy that fixes the ledger by its absolute path allows it to be elsewhere.
///
/// # Errors
/// A link leads out of the project; exit code 5.
pub fn hold_ledger(
    project: &[PathBuf],
    place: &LedgerPlace,
    policy: &Policy,
    global: &Global,
) -> Result<(), Failure> {
    let LedgerPlace::File(path) = place else {
        return Ok(());
    };
    let roots: Vec<PathBuf> = project.iter().map(|path| root(path)).collect();
    let store = FileStore::new(path.clone());
    if let Some(target) = leads_out(path, &roots) {
        if is_fixed(&target, policy, global) {
            return Ok(());
        }
        return Err(led_out(path, &target, global));
    }
    let lock = store.lock_path();
    let Some(target) = leads_out(lock, &roots) else {
        return Ok(());
    };
    let summary = format!(
        "the lock of the ledger, {}, is a link that leads out of the project, to {}, so it is not written",
        lock.display(),
        target.display()
    );
    let remove = format!("rm {}", escape::word(&lock.to_string_lossy()));
    Err(Failure::new(summary)
        .with_exit(Exit::Refused)
        .with_command("Remove the link:", &remove))
}

fn led_out(path: &Path, target: &Path, global: &Global) -> Failure {
    let summary = format!(
        "a link leads the ledger {} out of the project, to {}, so it is neither read nor written: whoever changes the manifests can put a link there",
        path.display(),
        target.display()
    );
    let advice = if global.sim.is_some() {
        "Remove the link.".to_owned()
    } else {
        let fixed = escape::quoted(&target.display().to_string());
        format!(
            "Remove the link, or fix the ledger in a policy, outside of the manifests (--policy FILE): `require: {{ledger: {{file: {fixed}}}}}`"
        )
    };
    Failure::new(summary)
        .with_exit(Exit::Refused)
        .with_advice(advice)
}

/// Where a path leads that runs through one of these folders and out of all of them.
fn leads_out(path: &Path, folders: &[PathBuf]) -> Option<PathBuf> {
    let end = end(path);
    let is_in = folders.iter().any(|folder| end.starts_with(folder));
    (!is_in && folders.iter().any(|folder| leads_through(path, folder))).then_some(end)
}

/// Does a policy fix the ledger that lies at `target`? A relative path in a policy says nothing of links.
fn is_fixed(target: &Path, policy: &Policy, global: &Global) -> bool {
    let Some(fixed @ LedgerPlace::File(path)) = &policy.require.ledger else {
        return false;
    };
    let LedgerPlace::File(fixed) = place_of(fixed, global) else {
        return false;
    };
    path.is_absolute() && end(&fixed) == target
}

/// Is one of the links in a path, or one that such a link leads to, in this folder, or the path itself?
pub fn leads_through(path: &Path, folder: &Path) -> bool {
    leads_through_within(path, folder, LINKS_MAX)
}

fn leads_through_within(path: &Path, folder: &Path, links: usize) -> bool {
    links == 0
        || whole(path).ancestors().any(|step| {
            let (Some(parent), Some(name)) = (step.parent(), step.file_name()) else {
                return false;
            };
            let parent = without_links(parent);
            let step = parent.join(name);
            let target = fs::read_link(&step);
            step.starts_with(folder)
                || target.is_ok_and(|to| leads_through_within(&parent.join(to), folder, links - 1))
        })
}

/// Where a path ends, also if neither the file nor its folder is there yet.
fn end(path: &Path) -> PathBuf {
    let target = target(path).unwrap_or_else(|_| path.to_owned());
    let (mut there, mut missing) = (target.as_path(), Vec::new());
    loop {
        if let Ok(real) = there.canonicalize() {
            return missing.iter().rev().fold(real, |end, name| end.join(name));
        }
        match (there.parent(), there.file_name()) {
            (Some(above), Some(name)) => {
                missing.push(name);
                there = if above.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    above
                };
            }
            _ => return whole(&target),
        }
    }
}

/// The file that a path names in the end, also if it is not there yet.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .canonicalize()?;
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
        path = folder.join(name);
        match fs::read_link(&path) {
            Ok(link) => path = folder.join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead back to themselves"))
}

/// A folder of manifests without links; of a file, the one that it lies in.
pub fn root(path: &Path) -> PathBuf {
    let resolved = without_links(path);
    if resolved.is_dir() {
        return resolved;
    }
    resolved.parent().map_or_else(PathBuf::new, Path::to_owned)
}
