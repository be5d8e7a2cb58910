//! The only file here that touches the disk: finds manifests and reads their text.
//!
//! Refuses: files beyond the size limit (before they are read), what is not UTF-8, and folders that lead back into themselves.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::limits::MANIFEST_BYTES_MAX;

use super::mark::Mark;
use super::problem::{Findings, Problem};

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    /// Its path as it was named.
    pub name: String,
    /// The folder that relative paths in it start from.
    pub folder: PathBuf,
    /// Its text, without a byte order mark.
    pub text: String,
    /// Named on the command line itself, not found in a folder.
    pub named: bool,
}

/// Deepest folder below a named one.
const FOLDERS_MAX: usize = 64;

/// Reads files, and all `*.yaml` and `*.yml` in and below folders, in the order of their names. What cannot be read is noted.
pub fn gather(paths: &[PathBuf], findings: &mut Findings) -> Vec<Source> {
    let mut gatherer = Gatherer {
        findings,
        seen: HashSet::new(),
        sources: Vec::new(),
    };
    for path in paths {
        gatherer.path(path);
    }
    gatherer.sources
}

struct Gatherer<'a> {
    findings: &'a mut Findings,
    seen: HashSet<PathBuf>,
    sources: Vec<Source>,
}

impl Gatherer<'_> {
    fn path(&mut self, path: &Path) {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let problem = Problem::nowhere(format!("`{}` does not exist", path.display()));
                self.findings
                    .add(problem.help("name a file, or a folder with manifests (*.yaml, *.yml)"));
            }
            Err(error) => self.unreadable(path, &error),
            Ok(found) if found.is_dir() => {
                let before = (self.sources.len(), self.findings.error_count());
                self.folder(path, &mut Vec::new());
                if before == (self.sources.len(), self.findings.error_count()) {
                    let message = format!("no manifest in `{}`", path.display());
                    let help = "manifests are files that end with .yaml or .yml, in the folder itself or below";
                    self.findings.add(Problem::nowhere(message).help(help));
                }
            }
            Ok(_) => self.file(path, true),
        }
    }

    fn folder(&mut self, path: &Path, above: &mut Vec<PathBuf>) {
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) => return self.unreadable(path, &error),
        };
        if above.contains(&real) || above.len() >= FOLDERS_MAX {
            let problem = Problem::nowhere(format!(
                "the folder `{}` leads back into itself",
                path.display()
            ));
            self.findings
                .add(problem.help("remove the link, or name the folders that are meant"));
            return;
        }
        if !self.seen.insert(real.clone()) {
            return;
        }
        above.push(real);
        match entries(path) {
            Ok(entries) => entries.iter().for_each(|entry| self.entry(entry, above)),
            Err(error) => self.unreadable(path, &error),
        }
        above.pop();
    }

    fn entry(&mut self, path: &Path, above: &mut Vec<PathBuf>) {
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path, above),
            Ok(found) if found.is_file() && is_yaml(path) => self.file(path, false),
            Err(error) if is_yaml(path) => self.unreadable(path, &error),
            _ => {}
        }
    }

    fn file(&mut self, path: &Path, named: bool) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(real) {
            return;
        }
        match read(path) {
            Ok(Some(bytes)) => self.keep(path, named, bytes),
            Ok(None) => {
                let message = format!(
                    "`{}` is larger than {} MB, the most that is read of a manifest",
                    path.display(),
                    MANIFEST_BYTES_MAX / (1024 * 1024)
                );
                self.findings.add(
                    Problem::nowhere(message).help("split it, or keep data out of the folder"),
                );
            }
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn keep(&mut self, path: &Path, named: bool, bytes: Vec<u8>) {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                self.not_utf8(path, &error.into_bytes(), valid);
                return;
            }
        };
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        self.sources.push(source(path, named, text));
    }

    /// The first bad byte is shown in the line as far as that is text.
    fn not_utf8(&mut self, path: &Path, bytes: &[u8], valid: usize) {
        let file = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let good = String::from_utf8_lossy(&bytes[..valid]).into_owned();
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count();
        let mark = Mark::point(file, super::to_u32(line), super::to_u32(column));
        let message = format!(
            "`{}` is not UTF-8: byte {valid} (0x{:02x}) fits no character",
            path.display(),
            bytes[valid]
        );
        self.findings
            .add(Problem::at(mark, message).help("save the file as UTF-8"));
        self.sources.push(Source {
            text: good,
            ..source(path, false, String::new())
        });
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let message = format!("`{}` cannot be read: {error}", path.display());
        self.findings.add(Problem::nowhere(message));
    }
}

fn source(path: &Path, named: bool, text: String) -> Source {
    let shown = path.strip_prefix(".").unwrap_or(path);
    Source {
        name: shown.display().to_string(),
        folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        text,
        named,
    }
}

/// The file's bytes; `None` if there are more than a manifest may have. A size that is told beforehand is believed, so that nothing is read.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > MANIFEST_BYTES_MAX {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= MANIFEST_BYTES_MAX);
    Ok(fits.then_some(bytes))
}

/// What is in a folder, without dot-files, by name.
fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
    })
}
