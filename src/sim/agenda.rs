//! What will happen next to each job of a workspace by itself, and when.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// Something that happens to a job without anybody asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    LeaveQueue { run: usize },
    Restart,
    Fire,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    /// When, and to which job; the next one first.
    due: BTreeSet<(Timestamp, usize)>,
    /// Of each job, by its place.
    of: Vec<Option<(Timestamp, Event)>>,
}

impl Agenda {
    /// Nothing is known yet of so many jobs.
    pub(crate) fn of(jobs: usize) -> Self {
        Self {
            due: BTreeSet::new(),
            of: vec![None; jobs],
        }
    }

    pub(crate) fn jobs(&self) -> usize {
        self.of.len()
    }

    /// The next thing that happens: when, the place of its job, and what.
    pub(crate) fn next(&self) -> Option<(Timestamp, usize, Event)> {
        let (at, job) = *self.due.first()?;
        let (_, event) = self.of.get(job).copied().flatten()?;
        Some((at, job, event))
    }

    pub(crate) fn set(&mut self, job: usize, next: Option<(Timestamp, Event)>) {
        let Some(own) = self.of.get_mut(job) else {
            return;
        };
        if let Some((at, _)) = own.take() {
            self.due.remove(&(at, job));
        }
        *own = next;
        self.due.extend(next.map(|(at, _)| (at, job)));
    }
}
