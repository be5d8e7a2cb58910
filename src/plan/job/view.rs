//! Everything a job is judged by, and what follows from it alone.

use std::collections::BTreeSet;

use super::super::follow::{Followed, followed};
use super::super::retry::Failures;
use super::super::ruling::{Moment, later};
use crate::limits;
use crate::model::job::{JobMemory, JobSight, Run, RunId};
use crate::model::survey::JobCase;
use crate::model::time::Timestamp;
use crate::model::verdict::JobFacts;

/// Everything a job is judged by.
pub(super) struct View<'a> {
    pub(super) case: &'a JobCase,
    pub(super) sight: &'a JobSight,
    pub(super) moment: Moment<'a>,
    pub(super) last_success: Option<(RunId, Timestamp)>,
    pub(super) failures: Failures<'a>,
    pub(super) facts: &'a JobFacts,
    pub(super) memory: &'a JobMemory,
}

impl<'a> View<'a> {
    pub(super) fn new(
        case: &'a JobCase,
        sight: &'a JobSight,
        memory: &'a JobMemory,
        facts: &'a JobFacts,
        moment: Moment<'a>,
    ) -> Self {
        Self {
            case,
            sight,
            moment,
            last_success: facts.last_success,
            failures: Failures {
                dated: &facts.failures,
                undated: facts.undated_failures.len() + facts.lost.len(),
            },
            facts,
            memory,
        }
    }

    /// Active and ended runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = &'a Run> {
        self.sight.active.iter().chain(&self.sight.ended)
    }

    /// The newest run that afresh started and no list shows, while it may only be missing because lists lag, with the end of that
    /// time: it counts as active.
    pub(super) fn lagging(&self) -> Option<(RunId, Timestamp)> {
        let listed: BTreeSet<RunId> = self.runs().map(|run| run.id).collect();
        let unlisted = self
            .memory
            .starts()
            .filter(|own| !listed.contains(&own.run));
        unlisted
            .map(|own| (own.run, later(own.at, limits::LIST_LAG_MAX)))
            .filter(|(_, until)| self.moment.now < *until)
            .max_by_key(|(run, until)| (*until, *run))
    }

    /// What a new run would follow.
    pub(super) fn followed(&self) -> Followed {
        let own = self.memory.last_start.as_ref();
        followed(self.runs(), own.map(|own| (own.run, own.at)))
    }
}
