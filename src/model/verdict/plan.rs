//! Everything that was decided, about every subject.

use super::super::memory::LogReading;
use super::super::requests::Requests;
use super::super::shard::{Part, Shard};
use super::super::survey::{Refresh, Skipped};
use super::super::time::{Freeze, Timestamp};
use super::counts::Counts;
use super::step::{Step, Verdict};

/// Everything that was decided, about every subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The time it was decided for.
    pub at: Timestamp,
    /// One for each subject, in the order of their addresses.
    pub steps: Vec<Step>,
    /// What globs met and left alone.
    pub skipped: Vec<Skipped>,
    /// None of its actions changes before this by the passing of time alone; at most [`crate::limits::PLAN_VALIDITY_MAX`] from `at`. What needs
    /// no action now may need one earlier: that is another plan's business.
    pub valid_until: Timestamp,
    /// Freezes that are not over yet: apply keeps them also between decision and act.
    pub freezes: Vec<Freeze>,
    /// Guardrails that were reached.
    pub exceeded: Vec<Exceeded>,
    /// The plan must not be applied: a guardrail with `onExceed: fail` was reached (exit code 5).
    pub refused: bool,
    /// Activity Logs that the survey read to their last page, for the ledger.
    pub logs: Vec<LogReading>,
    /// Requests that the survey sent.
    pub requests: Requests,
    /// How it was read: with [`Refresh::None`] everything is as of the last read.
    pub refresh: Refresh,
    /// Which part of the subjects it is about; `None`: all.
    pub part: Option<Part>,
}

/// A guardrail that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// `maxRegenerations.perFactory`, with the factory's connection where it is one: `maxRegenerations.perFactory of ingest`.
    pub guardrail: String,
    /// Its bound.
    pub limit: u32,
    /// How many actions were wanted.
    pub wanted: u32,
}

impl Plan {
    /// Steps that act, in order.
    pub fn acts(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .filter(|step| matches!(step.verdict, Verdict::Act { .. }))
    }

    /// Steps that only wait: the rule declares it, and an earlier apply, which started the run, did not see its end.
    pub fn waits_to_resume(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.resumes())
    }

    /// What of a whole plan one worker does. What logs tell is written down by one of them.
    #[must_use]
    pub fn of_shard(&self, shard: Shard) -> Self {
        let (steps, others): (Vec<&Step>, Vec<&Step>) =
            self.steps.iter().partition(|step| step.is_in(shard));
        let logs = self.logs.iter().filter(|log| shard.keeps_log(&log.log));
        Self {
            steps: steps.into_iter().cloned().collect(),
            logs: logs.cloned().collect(),
            part: Some(Part {
                shard,
                left_out: others.len(),
            }),
            ..self.clone()
        }
    }

    /// How many of each.
    pub fn counts(&self) -> Counts {
        Counts::of(&self.steps)
    }
}
