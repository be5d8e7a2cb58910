//! What the runs of a job come down to for one rule: the newest success that counts, and the attempts that failed since.
//!
//! A run counts once, by its id, whether a list shows it or the ledger remembers it. Not counted are runs that were not started as the rule
//! asks, runs that never ran, runs that afresh cancelled, attempts for another rule, and attempts that a person had forgotten.

use std::collections::BTreeSet;

use super::super::retry::{self, Failure, failure};
use super::super::ruling::later;
use crate::limits;
use crate::model::job::{
    JobMemory, JobSight, JobSpec, OwnStart, Requirement, Run, RunId, RunResult, TasksRun,
};
use crate::model::time::Timestamp;
use crate::model::verdict::Dismissed;

/// A job's runs, judged by one rule.
pub(super) struct Record {
    pub(super) success: Option<Success>,
    /// Successes since then that do not count, the newest first.
    pub(super) dismissed: Vec<Dismissed>,
    /// Failures since then, the newest first.
    pub(super) failures: Vec<Failure>,
    pub(super) undated_failures: Vec<(RunId, RunResult)>,
    /// Runs that afresh started and nobody shows any more, the newest first.
    pub(super) lost: Vec<(RunId, Timestamp)>,
}

/// The newest success that counts.
pub(super) struct Success {
    pub(super) run: RunId,
    pub(super) at: Timestamp,
    pub(super) result: RunResult,
    /// The service does not tell its parameters.
    pub(super) untold: bool,
    /// The service does not tell whether it ran all tasks.
    pub(super) tasks_untold: bool,
    /// Parameters that cannot be compared, since the rule takes them from variables.
    pub(super) uncompared: Vec<String>,
}

/// Most dismissed successes that are told.
const DISMISSED_MAX: usize = 10;

impl Record {
    pub(super) fn of(
        spec: &JobSpec,
        memory: &JobMemory,
        sight: Option<&JobSight>,
        now: Timestamp,
    ) -> Self {
        let listed = sight.map(|sight| sight.ended.as_slice());
        let judge = Judge {
            spec,
            memory,
            sight,
            ended: listed.unwrap_or_default(),
        };
        let success = judge.success();
        let since = success.as_ref().map(|success| success.at);
        Self {
            dismissed: judge.dismissed(since),
            failures: judge.failures(since),
            undated_failures: judge.undated_failures(),
            lost: judge.lost(since, now),
            success,
        }
    }
}

struct Judge<'a> {
    spec: &'a JobSpec,
    memory: &'a JobMemory,
    sight: Option<&'a JobSight>,
    ended: &'a [Run],
}

impl Judge<'_> {
    fn success(&self) -> Option<Success> {
        let accept = &self.spec.accept;
        let seen = self.ended.iter().filter(|run| self.is_asked_for(run));
        let seen = seen.filter_map(|run| {
            Some(Success {
                run: run.id,
                at: run.succeeded_at(accept)?,
                result: run.result()?.clone(),
                untold: self.is_untold(run),
                tasks_untold: self.are_tasks_untold(run),
                uncompared: self.spec.uncompared(run, self.memory),
            })
        });
        seen.chain(self.remembered())
            .max_by_key(|success| (success.at, success.run))
    }

    /// The success that the ledger knows, if it was one for what the rule asks, and the list does not say otherwise.
    fn remembered(&self) -> Option<Success> {
        let (run, at, result) = self.memory.last_success.clone()?;
        let asked = self.memory.last_success_for.as_ref();
        let fits = self.spec.accept.contains(&result)
            && asked.is_none_or(|asked| *asked == self.spec.asks)
            && self
                .ended
                .iter()
                .all(|listed| listed.id != run || self.is_asked_for(listed));
        fits.then_some(Success {
            run,
            at,
            result,
            untold: false,
            tasks_untold: false,
            uncompared: Vec::new(),
        })
    }

    fn is_asked_for(&self, run: &Run) -> bool {
        self.spec.mismatch(run, self.memory).is_none()
    }

    /// Does nobody tell whether its parameters are the rule's?
    fn is_untold(&self, run: &Run) -> bool {
        let declares = self.sight.is_some_and(|sight| !sight.parameters.is_empty());
        let own = self.memory.own(run.id).is_some();
        let matters = declares || !self.spec.parameters.is_empty();
        self.spec.judges_parameters() && matters && !own && run.inputs.parameters.is_none()
    }

    /// Does nobody tell whether it ran all tasks?
    fn are_tasks_untold(&self, run: &Run) -> bool {
        let own = self.memory.own(run.id).is_some();
        self.spec.judges_parameters() && !own && run.inputs.tasks == TasksRun::Untold
    }

    fn dismissed(&self, since: Option<Timestamp>) -> Vec<Dismissed> {
        let dismissed = |run: &Run| {
            let at = run.ended_no_earlier_than();
            let news = since.is_none_or(|since| at.is_none_or(|at| at > since));
            let why = self.spec.mismatch(run, self.memory)?;
            (news && run.has_succeeded(&self.spec.accept)).then_some(Dismissed {
                run: run.id,
                at,
                why,
            })
        };
        let mut all: Vec<Dismissed> = self.ended.iter().filter_map(dismissed).collect();
        all.sort_by_key(|one| std::cmp::Reverse((one.at, one.run)));
        all.truncate(DISMISSED_MAX);
        all
    }

    fn failures(&self, since: Option<Timestamp>) -> Vec<Failure> {
        let listed = self.ended.iter().filter(|run| self.is_attempt(run));
        let mut all = retry::dated(listed, &self.spec.accept, since);
        let listed = self.listed();
        let remembered = self.memory.failures.iter();
        all.extend(
            remembered
                .filter(|known| {
                    !listed.contains(&known.run) && self.spec.is_same_rule(known.rule.as_deref())
                })
                .filter_map(|known| Some((known.run, known.ended?, known.result.clone())))
                .filter(|(_, at, _)| since.is_none_or(|since| since < *at)),
        );
        retry::newest_first(&mut all);
        all
    }

    fn undated_failures(&self) -> Vec<(RunId, RunResult)> {
        let listed = self.listed();
        let undated = retry::undated(self.ended).filter(|run| self.is_attempt(run));
        let seen =
            undated.filter_map(|run| Some((run.id, failure(run, &self.spec.accept)?.clone())));
        let remembered = self
            .memory
            .failures
            .iter()
            .filter(|known| known.ended.is_none() && !listed.contains(&known.run))
            .filter(|known| self.spec.is_same_rule(known.rule.as_deref()))
            .map(|known| (known.run, known.result.clone()));
        seen.chain(remembered).collect()
    }

    /// Runs that a list shows: what is remembered of them is older.
    fn listed(&self) -> BTreeSet<RunId> {
        let active = self.sight.iter().flat_map(|sight| &sight.active);
        active.chain(self.ended).map(|run| run.id).collect()
    }

    /// If it failed, is it an attempt at what this rule asks?
    fn is_attempt(&self, run: &Run) -> bool {
        let forgiven = match run.ended_no_earlier_than() {
            Some(at) => self
                .memory
                .forgiven_at
                .is_some_and(|forgiven| at <= forgiven),
            None => self.memory.forgiven.contains(&run.id),
        };
        let displaced = self.memory.cancelled.contains_key(&run.id);
        !forgiven && !displaced && self.is_under_this_rule(run.id) && self.is_asked_for(run)
    }

    fn is_under_this_rule(&self, run: RunId) -> bool {
        let own = self.memory.own(run).map(|own| &own.rule);
        let known = || {
            let mut known = self.memory.failures.iter();
            known
                .find(|known| known.run == run)
                .map(|known| &known.rule)
        };
        let rule = own.or_else(known);
        rule.is_none_or(|rule| self.spec.is_same_rule(rule.as_deref()))
    }

    /// Attempts of our own that nobody shows any more, and whose ends nobody saw, were attempts all the same.
    fn lost(&self, since: Option<Timestamp>, now: Timestamp) -> Vec<(RunId, Timestamp)> {
        if self.sight.is_none() || self.spec.require == Requirement::NotRunning {
            return Vec::new();
        }
        let after = since.max(self.memory.forgiven_at);
        let listed = self.listed();
        let ended: BTreeSet<RunId> = self.memory.failures.iter().map(|known| known.run).collect();
        let is_lost = |own: &&OwnStart| {
            after.is_none_or(|after| after < own.at)
                && self.spec.is_same_rule(own.rule.as_deref())
                && !listed.contains(&own.run)
                && !ended.contains(&own.run)
                && now >= later(own.at, limits::LIST_LAG_MAX)
        };
        let own = self.memory.starts();
        own.filter(is_lost).map(|own| (own.run, own.at)).collect()
    }
}
