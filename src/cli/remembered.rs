//! Hosts that a person has allowed, remembered role by role in the user's configuration folder. This is the only file that a plan may
//! write.
//!
//! A file that others may write is an error, and so is one that is not understood as a whole. A file that lies in what is planned allows
//! nothing, since whoever changes the manifests could change it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Failure;
use super::policy::{config_folder, lies_in};
use crate::limits::TRUST_BYTES_MAX;
use crate::model::trust::{HostPattern, Role};
use crate::{escape, regular};

/// The version of this file.
const FORMAT: &str = "afresh-trust/1";
/// What it is called.
const NAME: &str = "trust.json";

/// What to do about one that cannot be used. Nothing is written over it.
const WAY_OUT: &str = "Correct it, or move it away: then you are asked again.";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    hosts: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    role: String,
    host: String,
}

fn file() -> Option<PathBuf> {
    Some(config_folder()?.join(NAME))
}

/// What was allowed in earlier commands; nothing where the file lies in what is `planned`.
///
/// # Errors
/// The file cannot be used.
pub fn read(planned: &[PathBuf]) -> Result<BTreeSet<(Role, HostPattern)>, Failure> {
    let Some(path) = file() else {
        return Ok(BTreeSet::new());
    };
    let cannot = |error: &dyn std::error::Error| {
        let path = path.display();
        let summary = format!("cannot read {path}, where hosts that you allowed are kept");
        Failure::because(&summary, error).with_advice(WAY_OUT)
    };
    let bytes = match regular::read(&path, TRUST_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(cannot(&error)),
    };
    only_ours(&path)?;
    // Nothing that is planned may allow itself anything. Who plans where it lies is asked, or refused, as if it were not there.
    if planned.iter().any(|planned| lies_in(&path, planned)) {
        return Ok(BTreeSet::new());
    }
    let Some(bytes) = bytes else {
        let large = format!("it is larger than {} KiB", TRUST_BYTES_MAX / 1024);
        return Err(cannot(&io::Error::other(large)));
    };
    let text = String::from_utf8(bytes).map_err(|error| cannot(&error))?;
    parse(&text).map_err(|why| cannot(&io::Error::other(why)))
}

fn parse(text: &str) -> Result<BTreeSet<(Role, HostPattern)>, String> {
    let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if document.format != FORMAT {
        return Err(format!("its format is not {FORMAT}"));
    }
    let entry = |entry: Entry| {
        let role = Role::ALL
            .into_iter()
            .find(|role| role.field() == entry.role);
        let role = role.ok_or_else(|| format!("`{}` is not a role", entry.role))?;
        Ok((role, HostPattern::parse(&entry.host)?))
    };
    document.hosts.into_iter().map(entry).collect()
}

/// Whoever else may write it could allow hosts in this user's name.
#[cfg(unix)]
fn only_ours(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    if fs::metadata(path)?.permissions().mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(Failure::new(format!(
        "others may write {}, so it allows nothing",
        path.display()
    ))
    .with_command(
        "Keep it to yourself:",
        &format!("chmod 600 {}", escape::word(&path.to_string_lossy())),
    ))
}

#[cfg(not(unix))]
fn only_ours(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Remembers all of these. A reader sees the old file or the new one, never a part.
///
/// # Errors
/// It cannot be written.
pub fn write(hosts: &BTreeSet<(Role, HostPattern)>) -> Result<(), Failure> {
    let Some(path) = file() else {
        return Err(Failure::new(
            "neither XDG_CONFIG_HOME nor HOME says where your answer is to be kept",
        ));
    };
    let entry = |(role, host): &(Role, HostPattern)| Entry {
        role: role.field().to_owned(),
        host: host.as_str().to_owned(),
    };
    let document = Document {
        format: FORMAT.to_owned(),
        hosts: hosts.iter().map(entry).collect(),
    };
    let failed =
        |error: io::Error| Failure::because(&format!("cannot write {}", path.display()), &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder).map_err(failed)?;
    // Made for this user alone.
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let text = serde_json::to_string_pretty(&document)?;
    writeln!(new, "{text}").map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_file_is_understood_whole_or_not_used() {
        let whole = r#"{"format": "afresh-trust/1", "hosts": [{"role": "authority", "host": "login.lab.example.com"}]}"#;
        assert_eq!(parse(whole).unwrap().len(), 1);
        for bad in [
            "",
            "[]",
            r#"{"format": "afresh-trust/2", "hosts": []}"#,
            r#"{"format": "afresh-trust/1", "hosts": [], "more": 1}"#,
            r#"{"format": "afresh-trust/1", "hosts": [{"role": "keyring", "host": "a.example.com"}]}"#,
            r#"{"format": "afresh-trust/1", "hosts": [{"role": "authority", "host": ".com"}]}"#,
            r#"{"format": "afresh-trust/1", "hosts": [{"role": "authority", "host": "127.0.0.1:80"}]}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
