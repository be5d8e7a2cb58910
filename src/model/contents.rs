//! What the ledger knows of each content of one-time runs, under whatever names it was submitted: a document that is renamed is no new
//! content.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Identity;
use super::job::{RunId, RunResult, SubmissionMemory};
use super::memory::{Doubt, Memory};
use super::time::Timestamp;
use super::verdict::{Action, Refusal};

/// The contents of one workspace, by digest.
#[derive(Debug)]
pub struct Contents<'a> {
    memory: &'a Memory,
    known: BTreeMap<&'a str, BTreeSet<&'a Identity>>,
    doubts: BTreeMap<&'a str, Vec<(&'a Identity, &'a Doubt)>>,
}

impl<'a> Contents<'a> {
    /// Those of the workspace at `host`.
    pub fn of(memory: &'a Memory, host: &str) -> Self {
        let here = |identity: &Identity| identity.submission().is_some_and(|(at, _)| at == host);
        let mut contents = Self {
            memory,
            known: BTreeMap::new(),
            doubts: BTreeMap::new(),
        };
        for (identity, known) in memory.submissions.iter().filter(|(of, _)| here(of)) {
            for digest in known.contents() {
                contents.known.entry(digest).or_default().insert(identity);
            }
        }
        for (identity, doubts) in memory.doubts.iter().filter(|(of, _)| here(of)) {
            for doubt in doubts {
                if let Some(digest) = doubt.action.submitted() {
                    let of_content = contents.doubts.entry(digest).or_default();
                    of_content.push((identity, doubt));
                }
            }
        }
        contents
    }

    /// Whoever submitted this content, by any name.
    pub fn holders(&self, digest: &str) -> impl Iterator<Item = &'a Identity> + use<'a> {
        self.known.get(digest).cloned().into_iter().flatten()
    }

    /// What is known of `own`, and of `digest` under other names.
    pub fn memory(&self, own: &Identity, digest: &str) -> SubmissionMemory {
        let of = |identity: &Identity| self.memory.submissions.get(identity);
        let mut all = of(own).cloned().unwrap_or_default();
        let others = self.holders(digest).filter(|identity| *identity != own);
        for other in others.filter_map(of) {
            all.add(other, digest);
        }
        all
    }

    /// What the service refused last of `own`.
    pub fn refused(&self, own: &Identity) -> Option<(Action, Refusal)> {
        self.memory.refusals.get(own).cloned()
    }

    /// Open intents on `own`, and those that are to submit `digest` under other names.
    pub fn doubts(&self, own: &Identity, digest: &str) -> Vec<Doubt> {
        let others = self.doubts.get(digest).into_iter().flatten();
        let others = others.filter(|(identity, _)| *identity != own);
        let others = others.map(|(_, doubt)| *doubt);
        self.memory
            .doubts(own)
            .iter()
            .chain(others)
            .cloned()
            .collect()
    }
}

impl SubmissionMemory {
    /// Every content that is known of.
    pub fn contents(&self) -> BTreeSet<&str> {
        let runs = self.runs.iter().map(|(digest, ..)| digest);
        let ends = self.ends.iter().map(|(digest, ..)| digest);
        let confirmed = self.confirmed.iter().map(|(digest, _)| digest);
        let all = runs
            .chain(ends)
            .chain(confirmed)
            .chain(self.forgotten.keys());
        all.map(String::as_str).collect()
    }

    /// The run with which this content has succeeded, seen or confirmed.
    pub fn success(&self, digest: &str, accept: &[RunResult]) -> Option<RunId> {
        let ended = self.ends.iter();
        let ended = ended.filter(|(of, _, _, result)| of == digest && accept.contains(result));
        let mut confirmed = self.confirmed.iter().filter(|(of, _)| of == digest);
        let confirmed = confirmed.next().map(|(_, run)| *run);
        ended.map(|(_, run, ..)| *run).next().or(confirmed)
    }

    /// The content of which afresh submitted this run, and when the service answered; `None`: the ledger does not know it as ours.
    pub fn submitted(&self, run: RunId) -> Option<(&str, Timestamp)> {
        let mut runs = self.runs.iter();
        let (digest, _, at) = runs.find(|(_, own, _)| *own == run)?;
        Some((digest, *at))
    }

    /// Runs of this content that afresh submitted, oldest first, and when the service answered.
    pub fn runs_of<'a>(
        &'a self,
        digest: &'a str,
    ) -> impl DoubleEndedIterator<Item = (RunId, Timestamp)> + 'a {
        let runs = self.runs.iter().filter(move |(of, ..)| of == digest);
        runs.map(|(_, run, at)| (*run, *at))
    }

    /// How it ended, if that was seen.
    pub fn end_of(&self, run: RunId) -> Option<(Timestamp, &RunResult)> {
        let mut ends = self.ends.iter().filter(|(_, of, ..)| *of == run);
        ends.next().map(|(_, _, at, result)| (*at, result))
    }

    /// Is its end known, seen or confirmed?
    pub fn has_ended(&self, run: RunId) -> bool {
        self.end_of(run).is_some() || self.confirmed.iter().any(|(_, of)| *of == run)
    }

    /// Takes note of the end of a run; of two the later one counts, since a failed run can be repaired.
    pub fn ended(&mut self, digest: &str, run: RunId, at: Timestamp, result: &RunResult) {
        let end = (digest.to_owned(), run, at, result.clone());
        match self.ends.iter_mut().find(|(_, of, ..)| *of == run) {
            Some(known) if known.2 <= at => *known = end,
            Some(_) => {}
            None => self.ends.push(end),
        }
    }

    /// Adds what is known of one content under another name.
    fn add(&mut self, other: &Self, digest: &str) {
        for (run, at) in other.runs_of(digest) {
            if self.runs.iter().all(|(_, known, _)| *known != run) {
                self.runs.push((digest.to_owned(), run, at));
            }
        }
        self.runs.sort_by_key(|(_, run, at)| (*at, *run));
        for (_, run, at, result) in other.ends.iter().filter(|(of, ..)| of == digest) {
            self.ended(digest, *run, *at, result);
        }
        let confirmed = other.confirmed.iter().filter(|(of, _)| of == digest);
        self.confirmed.extend(confirmed.cloned());
        self.forgiven_at = self.forgiven_at.max(other.forgiven_at);
        if let Some(generation) = other.forgotten.get(digest) {
            let own = self.forgotten.entry(digest.to_owned()).or_default();
            *own = (*own).max(*generation);
        }
    }
}
