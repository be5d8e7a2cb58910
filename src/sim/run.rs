//! One run of a job, and what it is doing at any instant: a pure function of what has been decided about it.
//!
//! The phase is computed and never stored, so a run goes on without anything having to happen.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::times::after;

/// How a run ends, in the words of `result_state`. Any upper-case word is taken: real services invent new ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Outcome(String);

impl Outcome {
    pub(crate) fn success() -> Self {
        Self("SUCCESS".to_owned())
    }

    pub(crate) fn skipped() -> Self {
        Self("MAXIMUM_CONCURRENT_RUNS_REACHED".to_owned())
    }

    pub(crate) fn canceled() -> Self {
        Self("CANCELED".to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Outcome {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
            Ok(Self(text))
        } else {
            Err(format!(
                "`{text}` is not a result: write SUCCESS, FAILED, TIMEDOUT, CANCELED or another upper-case result_state"
            ))
        }
    }
}

impl From<Outcome> for String {
    fn from(outcome: Outcome) -> Self {
        outcome.0
    }
}

/// What a run was started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RunKind {
    Job,
    Submit,
}

/// One run and everything decided about it so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) job: u64,
    pub(crate) kind: RunKind,
    pub(crate) name: String,
    pub(crate) trigger: String,
    pub(crate) created: Timestamp,
    /// When it left the queue; absent while it waits there.
    pub(crate) started: Option<Timestamp>,
    pub(crate) starts_in: Duration,
    /// How long it runs; absent: until somebody stops it.
    pub(crate) takes: Option<Duration>,
    pub(crate) outcome: Outcome,
    /// How many runs its job may have at once.
    pub(crate) places: usize,
    /// It never ran: the job had as many runs as it may.
    pub(crate) skipped: bool,
    /// When it was asked to stop, and when it will have stopped.
    pub(crate) cancel: Option<(Timestamp, Timestamp)>,
    pub(crate) parameters: BTreeMap<String, String>,
    /// What its job's own parameters were by default when it began; absent: as they are now.
    #[serde(default)]
    pub(crate) defaults: Option<BTreeMap<String, String>>,
    /// Notebook parameters, which override in the old way.
    #[serde(default)]
    pub(crate) overriding: BTreeMap<String, String>,
    pub(crate) tasks: Vec<String>,
    pub(crate) error: Option<String>,
    /// When it was last repaired.
    #[serde(default)]
    pub(crate) repaired: Option<Timestamp>,
    /// It as it was before each repair, oldest first.
    #[serde(default)]
    pub(crate) earlier: Vec<Run>,
    /// When somebody removed it.
    #[serde(default)]
    pub(crate) removed: Option<Timestamp>,
}

/// What a run does at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued,
    Pending,
    Running,
    Terminating,
    Ended(Timestamp),
}

impl Run {
    /// Ids come in thousands, so that a task's id (run + 1 + its place) tells its run.
    pub(crate) const ID_STEP: u64 = 1_000;

    /// The attempts that had begun by `instant`, oldest first: there is always one.
    pub(crate) fn attempts(&self, instant: Timestamp) -> Vec<&Run> {
        let mut all: Vec<&Run> = self.earlier.iter().chain([self]).collect();
        while all.len() > 1 && all.last().and_then(|run| run.repaired) > Some(instant) {
            all.pop();
        }
        all
    }

    /// It as it was at `instant`, with the repairs of that time.
    pub(crate) fn at(&self, instant: Timestamp) -> &Run {
        self.attempts(instant).last().copied().unwrap_or(self)
    }

    /// It becomes active again under its id, from `began` on.
    pub(crate) fn repair(&mut self, began: Timestamp, takes: Option<Duration>, outcome: Outcome) {
        let mut before = self.clone();
        before.earlier = Vec::new();
        self.earlier.push(before);
        self.repaired = Some(began);
        self.started = Some(began);
        self.takes = takes;
        self.outcome = outcome;
        self.cancel = None;
    }

    /// What it does at `instant`, by what is known now.
    pub(crate) fn phase(&self, instant: Timestamp) -> Phase {
        self.at(instant).own_phase(instant)
    }

    /// The same of this attempt alone.
    pub(crate) fn own_phase(&self, instant: Timestamp) -> Phase {
        if let Some(end) = self.end().filter(|end| *end <= instant) {
            return Phase::Ended(end);
        }
        let Some(started) = self.started.filter(|started| *started <= instant) else {
            return Phase::Queued;
        };
        if self.cancel.is_some_and(|(asked, _)| asked <= instant) {
            return Phase::Terminating;
        }
        if instant < after(started, self.starts_in) {
            Phase::Pending
        } else {
            Phase::Running
        }
    }

    /// When it ends, if that is decided.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        if self.skipped {
            return Some(self.created);
        }
        if let Some((_, over)) = self.cancel {
            return Some(over);
        }
        let begun = after(self.started?, self.starts_in);
        self.takes.map(|takes| after(begun, takes))
    }

    /// How it ended, once it has.
    pub(crate) fn result(&self) -> Outcome {
        if self.cancel.is_some() {
            return Outcome::canceled();
        }
        self.outcome.clone()
    }

    /// Does it take one of its job's places at `instant`?
    pub(crate) fn holds_place(&self, instant: Timestamp) -> bool {
        self.started.is_some_and(|started| started <= instant) && self.is_active(instant)
    }

    /// Does it wait for a place?
    pub(crate) fn is_queued(&self) -> bool {
        self.started.is_none() && !self.skipped && self.cancel.is_none()
    }

    /// Is it not over at `instant`?
    pub(crate) fn is_active(&self, instant: Timestamp) -> bool {
        !matches!(self.phase(instant), Phase::Ended(_))
    }

    /// The id of the task at `place` in an attempt, the first one being 0: each attempt runs its tasks anew.
    pub(crate) fn task_id(&self, attempt: usize, place: usize) -> u64 {
        let place = attempt * self.tasks.len() + place;
        self.id + 1 + u64::try_from(place).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn run() -> Run {
        Run {
            id: 7_000,
            job: 1,
            kind: RunKind::Job,
            name: "nightly".to_owned(),
            trigger: "ONE_TIME".to_owned(),
            created: at(0),
            started: Some(at(0)),
            starts_in: Duration::from_secs(5),
            takes: Some(Duration::from_mins(1)),
            outcome: Outcome::success(),
            places: 1,
            skipped: false,
            cancel: None,
            parameters: BTreeMap::new(),
            defaults: None,
            overriding: BTreeMap::new(),
            tasks: vec!["main".to_owned()],
            error: None,
            repaired: None,
            earlier: Vec::new(),
            removed: None,
        }
    }

    #[test]
    fn a_run_goes_on_by_itself() {
        let phases = [0, 4, 5, 64, 65].map(|second| run().phase(at(second)));
        assert_eq!(
            phases,
            [
                Phase::Pending,
                Phase::Pending,
                Phase::Running,
                Phase::Running,
                Phase::Ended(at(65))
            ]
        );
    }

    #[test]
    fn a_cancelled_run_is_active_until_it_has_stopped() {
        let run = Run {
            cancel: Some((at(20), at(40))),
            ..run()
        };
        assert_eq!(
            [19, 20, 39, 40].map(|second| run.is_active(at(second))),
            [true, true, true, false]
        );
        assert_eq!(run.phase(at(20)), Phase::Terminating);
        assert_eq!(run.result().as_str(), "CANCELED");
    }

    #[test]
    fn a_run_without_an_end_runs_for_ever() {
        let run = Run {
            takes: None,
            ..run()
        };
        assert_eq!(run.phase(at(1_000_000)), Phase::Running);
    }

    #[test]
    fn an_outcome_may_be_a_word_nobody_knows_yet() {
        assert!(Outcome::try_from("MELTED".to_owned()).is_ok());
        assert!(Outcome::try_from("success".to_owned()).is_err());
    }
}
