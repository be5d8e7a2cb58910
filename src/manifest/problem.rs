//! Problems: what is wrong, where, and what would be right. They are collected, so that one run reports them all. A warning is a problem
//! that stops nothing: `findings.add(Problem::at(mark, "…").help("…").warning())`.
//!
//! Only a bounded number of problems is kept, and the rest is counted, so that a hostile file cannot fill the memory.

use std::collections::HashSet;
use std::rc::Rc;

use crate::limits::PROBLEMS_SHOWN_MAX;
use crate::model::finding::Severity;
use crate::model::kind::Kind;

use super::mark::Mark;

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(super) mark: Option<Mark>,
    pub(super) message: String,
    pub(super) label: Option<String>,
    pub(super) help: Option<String>,
    pub(super) other: Option<(Mark, String)>,
    pub(super) secret: bool,
    pub(super) severity: Severity,
    pub(super) misses: bool,
    pub(super) by_policy: bool,
    pub(super) stray: Option<Stray>,
}

/// A field that its mapping does not have.
#[derive(Clone, Debug)]
pub struct Stray {
    /// How it is called.
    pub field: String,
    /// The fields that the mapping has.
    pub known: &'static [&'static str],
}

impl Problem {
    /// Something is wrong with what is written at `mark`.
    pub fn at(mark: Mark, message: impl Into<String>) -> Self {
        Self {
            mark: Some(mark),
            ..Self::nowhere(message)
        }
    }

    /// Something is wrong that no line of a file can be blamed for.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self {
            mark: None,
            message: message.into(),
            label: None,
            help: None,
            other: None,
            secret: false,
            severity: Severity::Error,
            misses: false,
            by_policy: false,
            stray: None,
        }
    }

    /// Words that stand beside the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What to do, if that is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// It is about a field that its mapping does not have. Where it belongs is looked up if nothing else is known to help.
    #[must_use]
    pub fn stray(mut self, field: &str, known: &'static [&'static str]) -> Self {
        let field = field.to_owned();
        self.stray = Some(Stray { field, known });
        self
    }

    /// A second place that belongs to the problem.
    #[must_use]
    pub fn also(mut self, mark: Mark, label: impl Into<String>) -> Self {
        self.other = Some((mark, label.into()));
        self
    }

    /// From its mark on, its line holds a secret.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// A document is missing, which may stand in a file that was not read.
    #[must_use]
    pub const fn misses_document(mut self) -> Self {
        self.misses = true;
        self
    }

    /// The manifests are understood; it is the policy that refuses them.
    #[must_use]
    pub const fn by_policy(mut self) -> Self {
        self.by_policy = true;
        self
    }

    /// It stops nothing.
    #[must_use]
    pub const fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

/// Collects problems while manifests are read, and the names that one document gives another: those can only be checked when
/// all have been read, and are checked also where the rest of a document is wrong.
#[derive(Debug, Default)]
pub struct Findings {
    errors: Kept,
    warnings: Kept,
    mentions: Vec<Mention>,
    /// A document could not be read: what is missed may stand in it.
    unread: bool,
    /// Files that are only referred to: a problem that stands in them alone is not told.
    aside: Rc<HashSet<u32>>,
}

/// Problems of one severity, the first with their words.
#[derive(Debug, Default)]
struct Kept {
    problems: Vec<Problem>,
    more: usize,
}

/// A name that has to be the name of another document.
#[derive(Clone, Debug)]
pub struct Mention {
    /// The other document's kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Where it is mentioned.
    pub mark: Mark,
}

/// Most problems that are kept with their words; more are only counted, so that a hostile file cannot fill the memory.
const KEPT_MAX: usize = PROBLEMS_SHOWN_MAX * 10;

impl Findings {
    /// Nothing yet; problems that stand in none but these files will not be told.
    pub fn without(aside: HashSet<u32>) -> Self {
        Self {
            aside: Rc::new(aside),
            ..Self::default()
        }
    }

    /// Nothing yet, with the same files aside.
    pub fn fresh(&self) -> Self {
        Self {
            aside: Rc::clone(&self.aside),
            ..Self::default()
        }
    }

    fn is_aside(&self, problem: &Problem) -> bool {
        let aside = |mark: &Mark| self.aside.contains(&mark.file);
        problem.mark.as_ref().is_some_and(aside)
            && problem.other.as_ref().is_none_or(|(mark, _)| aside(mark))
    }

    /// Takes note of a problem.
    pub fn add(&mut self, problem: Problem) {
        if self.is_aside(&problem) {
            return;
        }
        match problem.severity {
            Severity::Error => self.errors.add_with(|| problem),
            Severity::Warning => self.warnings.add_with(|| problem),
        }
    }

    /// Is another error only counted?
    pub const fn is_full(&self) -> bool {
        self.errors.is_full()
    }

    /// Takes note of an error whose words are only made if they will be kept.
    pub fn add_with(&mut self, error: impl FnOnce() -> Problem) {
        if self.aside.is_empty() || self.is_full() {
            self.errors.add_with(error);
        } else {
            self.add(error());
        }
    }

    /// Takes note of a document that could not be read, so that another one that misses it is not told of.
    pub const fn leave_unread(&mut self) {
        self.unread = true;
    }

    /// Takes over what was found elsewhere.
    pub fn append(&mut self, other: Self) {
        self.unread |= other.unread;
        self.errors.append(other.errors);
        self.warnings.append(other.warnings);
    }

    /// Takes note of a mention: what a document may expand to bounds how many there are.
    pub fn mention(&mut self, mention: Mention) {
        self.mentions.push(mention);
    }

    /// All mentions, which are then forgotten.
    pub fn take_mentions(&mut self) -> Vec<Mention> {
        std::mem::take(&mut self.mentions)
    }

    /// How many errors there are.
    pub const fn error_count(&self) -> usize {
        self.errors.problems.len() + self.errors.more
    }

    /// The kept errors by place, then the kept warnings, each with those without a place last; and how many of both were only
    /// counted.
    pub fn sorted(self) -> (Vec<Problem>, usize) {
        let more = self.errors.more + self.warnings.more;
        let unread = self.unread;
        let mut sorted = self.errors.sorted();
        sorted.retain(|problem| !(unread && problem.misses));
        sorted.extend(self.warnings.sorted());
        (sorted, more)
    }
}

impl Kept {
    const fn is_full(&self) -> bool {
        self.problems.len() >= KEPT_MAX
    }

    fn add_with(&mut self, problem: impl FnOnce() -> Problem) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.problems.push(problem());
        }
    }

    fn append(&mut self, other: Self) {
        self.more += other.more;
        for problem in other.problems {
            self.add_with(|| problem);
        }
    }

    fn sorted(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| (problem.mark.is_none(), problem.mark));
        problems
    }
}

/// The candidate that `word` was probably meant to be.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(word.get(..word.len().min(64)).unwrap_or(word));
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &plain(candidate));
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// In how many letters two words differ; of a long one the beginning counts.
pub fn distance(word: &str, other: &str) -> usize {
    let word: String = word.chars().take(64).collect();
    strsim::damerau_levenshtein(&word, other)
}

/// "did you mean `x`?", or all candidates if they are few.
pub fn suggestion(word: &str, candidates: &[&str]) -> Option<String> {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if (1..=12).contains(&candidates.len()) => {
            Some(format!("known: {}", listed(candidates)))
        }
        None => None,
    }
}

/// `` `a`, `b`, `c` ``.
pub fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
