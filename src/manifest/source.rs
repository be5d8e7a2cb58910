//! Finds manifests and reads their text. It is the only file of this module that touches the disk.
//!
//! In a folder, `.yaml` and `.yml` are read, whatever their case. Hidden files and folders are not. JSON and files with a mistyped ending
//! are looked at, so that nothing that was meant for afresh is skipped silently.
//!
//! Not read are files over the size limit, text that is not UTF-8, folders that lead back into themselves, and links that lead out of what
//! was named.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::limits::MANIFEST_BYTES_MAX;
use crate::model::policy::Policy;
use crate::regular;

use super::mark::{Mark, to_u32};
use super::problem::{Findings, Problem, distance};
use super::{encoding, looks};

/// What is to be read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Files and folders that are meant.
    pub paths: Vec<PathBuf>,
    /// What came through stdin, if that is meant too.
    pub stdin: Option<Vec<u8>>,
    /// Files and folders that those refer to: what is wrong in them is not told.
    pub with: Vec<PathBuf>,
    /// What they are held to.
    pub policy: Policy,
}

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
    /// Only referred to.
    pub aside: bool,
    /// Why its text is no manifest, whatever it says.
    pub flaw: Option<Flaw>,
}

/// Why a file is no manifest, though its text may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It lies in a folder, and its name does not end as a manifest's does.
    Ending,
    /// It is saved in this encoding, and a manifest is UTF-8.
    Encoding(&'static str),
}

/// Deepest folder below a named one.
const FOLDERS_MAX: usize = 64;
/// What stdin is called in problems.
const STDIN: &str = "<stdin>";

/// Reads files, and all `*.yaml` and `*.yml` in and below folders. Named files come first, each kind in the order of the names, so
/// that it does not matter in which order they are given. What cannot be read is noted.
pub fn gather(input: &Input, findings: &mut Findings) -> Vec<Source> {
    let mut gatherer = Gatherer {
        findings,
        seen: HashSet::new(),
        met: HashSet::new(),
        sources: Vec::new(),
        roots: roots(input),
        aside: false,
    };
    if let Some(bytes) = &input.stdin {
        gatherer.keep(Path::new(STDIN), true, bytes.clone());
    }
    gatherer.all(&input.paths);
    gatherer.aside = true;
    gatherer.all(&input.with);
    gatherer.sources
}

struct Gatherer<'a> {
    findings: &'a mut Findings,
    /// Files and folders that were read, without links.
    seen: HashSet<PathBuf>,
    /// Where each file lies that was met, read before or not.
    met: HashSet<PathBuf>,
    sources: Vec<Source>,
    /// What was named, without links: nothing else is read.
    roots: Vec<PathBuf>,
    aside: bool,
}

fn roots(input: &Input) -> Vec<PathBuf> {
    let named = input.paths.iter().chain(&input.with);
    named.filter_map(|path| path.canonicalize().ok()).collect()
}

impl Gatherer<'_> {
    fn all(&mut self, paths: &[PathBuf]) {
        let mut sorted: Vec<(bool, &PathBuf)> =
            paths.iter().map(|path| (path.is_dir(), path)).collect();
        sorted.sort();
        for (_, path) in sorted {
            self.path(path);
        }
    }

    fn path(&mut self, path: &Path) {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let problem = Problem::nowhere(format!("`{}` does not exist", path.display()));
                self.findings
                    .add(problem.help("name a file, or a folder with manifests (*.yaml, *.yml)"));
            }
            Err(error) => self.unreadable(path, &error),
            Ok(found) if found.is_dir() => {
                let before = self.findings.error_count();
                self.folder(path, &mut Vec::new());
                if before == self.findings.error_count() && !self.has_met(path) {
                    let message = format!("no manifest in `{}`", path.display());
                    let help = "manifests are files that end with .yaml or .yml, in the folder itself or below";
                    self.findings.add(Problem::nowhere(message).help(help));
                }
            }
            Ok(found) if found.is_file() => self.file(path, true),
            Ok(_) => {
                if let Err(error) = regular::check(path) {
                    let help =
                        "name a file, or a folder with manifests; validate also takes - for stdin";
                    self.findings.add(unreadable(path, &error).help(help));
                }
            }
        }
    }

    /// Has a manifest been met in or below the folder, now or before?
    fn has_met(&self, folder: &Path) -> bool {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        self.met.iter().any(|path| path.starts_with(&real))
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
            Ok(found) if found.is_dir() && self.leads_out(path) => {
                let problem = Self::outside(path).warning();
                self.findings.add(problem);
            }
            Ok(found) if found.is_file() && is_yaml(path) && self.leads_out(path) => {
                let problem = Self::outside(path);
                self.findings.add(problem);
            }
            Ok(found) if found.is_dir() => self.folder(path, above),
            Ok(found) if found.is_file() && is_yaml(path) => self.file(path, false),
            Ok(_) if self.leads_out(path) => {}
            Ok(found) if found.is_file() && may_be_misnamed(path) => self.misnamed(path),
            Err(error) if is_yaml(path) => self.unreadable(path, &error),
            _ => {}
        }
    }

    /// Does a link lead to what was not named?
    fn leads_out(&self, path: &Path) -> bool {
        let real = path.canonicalize();
        real.is_ok_and(|real| !self.roots.iter().any(|root| real.starts_with(root)))
    }

    fn outside(path: &Path) -> Problem {
        let message = format!(
            "`{}` is not read: it is a link that leads out of what was named",
            path.display()
        );
        Problem::nowhere(message).help("name what it leads to as well, or put a copy in its place")
    }

    fn file(&mut self, path: &Path, named: bool) {
        self.met.insert(located(path));
        if !self.is_new(path) {
            return;
        }
        match regular::read(path, MANIFEST_BYTES_MAX) {
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

    /// A file whose name does not end as a manifest's does is kept if it speaks of afresh at all.
    fn misnamed(&mut self, path: &Path) {
        let Ok(Some(bytes)) = regular::read(path, MANIFEST_BYTES_MAX) else {
            return;
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return;
        };
        let has_header = ["\"metadata\"", "\"spec\""]
            .iter()
            .all(|key| text.contains(key));
        if (has_header || looks::mentions(&text)) && self.is_new(path) {
            self.sources.push(Source {
                flaw: Some(Flaw::Ending),
                ..self.source(path, false, without_mark(text))
            });
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.seen.insert(real)
    }

    fn keep(&mut self, path: &Path, named: bool, bytes: Vec<u8>) {
        if let Some((encoding, text)) = encoding::other_than_utf8(&bytes) {
            let source = Source {
                flaw: Some(Flaw::Encoding(encoding)),
                ..self.source(path, named, without_mark(text))
            };
            return self.sources.push(source);
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let source = self.source(path, named, without_mark(text));
                self.sources.push(source);
            }
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                if named || looks::mentions(&String::from_utf8_lossy(&bytes)) {
                    self.not_utf8(path, &bytes, valid);
                }
            }
        }
    }

    /// The first bad byte is shown in the line as far as that is text.
    fn not_utf8(&mut self, path: &Path, bytes: &[u8], valid: usize) {
        let file = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let good = String::from_utf8_lossy(&bytes[..valid]).into_owned();
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count();
        let mark = Mark::point(file, to_u32(line), to_u32(column));
        let message = format!(
            "`{}` is not UTF-8: byte {valid} (0x{:02x}) fits no character",
            path.display(),
            bytes[valid]
        );
        // Which files are aside the findings do not know yet.
        if !self.aside {
            let problem = Problem::at(mark, message);
            self.findings.add(problem.help("save the file as UTF-8"));
        }
        let source = self.source(path, false, good);
        self.sources.push(source);
    }

    fn source(&self, path: &Path, named: bool, text: String) -> Source {
        let shown = path.strip_prefix(".").unwrap_or(path);
        Source {
            name: shown.display().to_string(),
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            text,
            named,
            aside: self.aside,
            flaw: None,
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.findings.add(unreadable(path, error));
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::nowhere(format!("`{}` cannot be read: {error}", path.display()))
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Do two paths name one file, whatever links lead to it?
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| located(path));
    real(one) == real(other)
}

/// Where a file lies, without links in the way to it.
fn located(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let real = folder.unwrap_or(Path::new(".")).canonicalize();
    match (real, path.file_name()) {
        (Ok(real), Some(name)) => real.join(name),
        _ => path.to_owned(),
    }
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

/// Endings that another program would read a manifest by, and slips of the pen. Files that were renamed so that they are not read
/// (`.bak`, `.disabled`, `.tmpl`), and text that speaks of manifests (`.md`), are left alone.
fn may_be_misnamed(path: &Path) -> bool {
    let ending = |path: &Path| {
        path.extension()
            .map(|ending| ending.to_string_lossy().to_lowercase())
            .unwrap_or_default()
    };
    match ending(path).as_str() {
        "json" | "jsonc" | "json5" => true,
        "txt" => path
            .file_stem()
            .is_some_and(|stem| is_yaml(Path::new(stem))),
        other => other.bytes().all(|b| b.is_ascii_alphabetic()) && distance(other, "yaml") == 1,
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
    })
}
