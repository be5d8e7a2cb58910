//! The three requirements, and what they share: runs that are too long, continuous jobs, back-off, and company.

use super::super::ruling::Ruling;
use super::super::token::token;
use super::freshness::Freshness;
use super::run::{is_ending, is_running, undated_success};
use super::view::View;
use crate::model::job::{Concurrency, Continuous, Requirement, Run};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Action, Cause, Company, Hold, Keep, NonEmpty};

impl View<'_> {
    pub(super) fn rule(&self) -> Ruling {
        let ruling = match &self.case.spec.require {
            Requirement::Succeeded {
                start_after,
                warn_after,
                error_after,
            } => self.too_long().unwrap_or_else(|| {
                self.succeeded(Freshness {
                    start_after: *start_after,
                    warn_after: *warn_after,
                    error_after: *error_after,
                })
            }),
            Requirement::Running => self.too_long().unwrap_or_else(|| self.running()),
            Requirement::NotRunning => return self.not_running(),
        };
        let overdue = self
            .sight
            .active
            .iter()
            .filter_map(|run| self.overdue_at(run));
        ruling.changing(self.moment, overdue)
    }

    /// When a run has been going for `maxDuration`, or waiting for `maxQueue`.
    fn overdue_at(&self, run: &Run) -> Option<Timestamp> {
        let spec = &self.case.spec;
        if run.is_queued() {
            Some(spec.queued_max()?.after(run.queued_since?))
        } else {
            Some(spec.duration_max?.after(run.started?))
        }
    }

    fn too_long(&self) -> Option<Ruling> {
        let overdue = |run: &&Run| self.overdue_at(run).is_some_and(|at| at <= self.moment.now);
        let runs: Vec<&Run> = self.sight.active.iter().filter(overdue).collect();
        let going = runs.iter().copied().filter(|run| !is_ending(run));
        let Some(longest) = going.clone().min_by_key(|run| (run.active_since(), run.id)) else {
            return runs.first().map(|run| self.waits_for(run));
        };
        let because = self.excess(longest)?;
        let actions = NonEmpty::from_vec(going.map(cancel).collect())?;
        Some(Ruling::act(actions, because, self.overdue_at(longest)))
    }

    fn excess(&self, run: &Run) -> Option<Cause> {
        let spec = &self.case.spec;
        let since =
            |at: Option<Timestamp>| at.map_or(Span::ZERO, |at| Span::between(at, self.moment.now));
        Some(if run.is_queued() {
            Cause::QueuedTooLong {
                run: run.id,
                queued: since(run.queued_since),
                limit: spec.queued_max()?,
            }
        } else {
            Cause::TooLong {
                run: run.id,
                ran: since(run.started),
                limit: spec.duration_max?,
            }
        })
    }

    fn succeeded(&self, freshness: Freshness) -> Ruling {
        let end = self.last_success.map(|(_, end)| end);
        if let Some(end) = end.filter(|end| self.moment.now < freshness.due_at(*end)) {
            return freshness.keep(end, self.moment);
        }
        if let Some(hold) = self.undated_success() {
            return hold;
        }
        let broken_at = end.map(|end| freshness.broken_at(end));
        let ruling = self
            .cannot_start()
            .unwrap_or_else(|| self.start(self.staleness(freshness), broken_at));
        // What is due before its promise breaks is told otherwise then.
        ruling.changing(self.moment, broken_at)
    }

    fn staleness(&self, freshness: Freshness) -> Cause {
        let failures = self.failures.count();
        let (end, limit) = (self.last_success.map(|(_, end)| end), freshness.error_after);
        let age = end.map(|end| Span::between(end, self.moment.now));
        let in_time = end.is_some_and(|end| self.moment.now < freshness.broken_at(end));
        match (age, freshness.start_after) {
            (Some(age), Some(start_after)) if in_time => Cause::Ageing {
                age,
                start_after,
                limit,
                failures,
            },
            (age, _) => Cause::Stale {
                age,
                limit,
                failures,
            },
        }
    }

    /// A success of which no time is known is neither fresh nor stale.
    fn undated_success(&self) -> Option<Ruling> {
        let undated = undated_success(self.case, self.facts)?;
        let why = Hold::UndatedSuccess { run: undated.id };
        Some(Ruling::hold(why, None))
    }

    fn running(&self) -> Ruling {
        let active = &self.sight.active;
        if let Some(run) = active.iter().find(|run| is_running(run)) {
            return Ruling::keep(Keep::Running { run: run.id });
        }
        if let Some(waiting) = self.longest() {
            return self.waits_for(waiting);
        }
        self.cannot_start()
            .unwrap_or_else(|| self.start(Cause::NotRunning, None))
    }

    fn not_running(&self) -> Ruling {
        let active = &self.sight.active;
        let going: Vec<&Run> = active.iter().filter(|run| !is_ending(run)).collect();
        if self.sight.continuous == Continuous::Unpaused {
            // Also between two runs: the next one starts within a minute.
            return Ruling::hold(Hold::PauseFirst, None);
        }
        match (NonEmpty::from_vec(going), self.longest()) {
            (None, None) => Ruling::keep(Keep::Idle),
            (None, Some(ending)) => self.waits_for(ending),
            (Some(going), _) => {
                let actions = NonEmpty {
                    first: cancel(going.first),
                    rest: going.rest.into_iter().map(cancel).collect(),
                };
                Ruling::act(actions, self.unwanted(), None)
            }
        }
    }

    fn unwanted(&self) -> Cause {
        let trigger = &self.sight.trigger;
        if trigger.is_live() {
            let next = trigger.next(self.moment.now);
            Cause::StartsAgain { next }
        } else {
            Cause::MustNotRun
        }
    }

    /// What forbids a new run, whatever else is active.
    fn cannot_start(&self) -> Option<Ruling> {
        match (self.sight.continuous, self.longest()) {
            (Continuous::Unpaused, Some(run)) => return Some(self.waits_for(run)),
            (Continuous::Unpaused, None) => return Some(Ruling::hold(Hold::RestartsItself, None)),
            (Continuous::Paused, _) => return Some(Ruling::hold(Hold::UnpauseFirst, None)),
            (Continuous::No, _) => {}
        }
        if self.sight.runs_max == 0 {
            return Some(Ruling::hold(Hold::RunsForbidden, None));
        }
        // One that no list shows yet counts as active first, and as an attempt that failed later.
        let lagging = || {
            let lagging = self.lagging();
            lagging.map(|(run, until)| Ruling::hold(Hold::ActiveRun { run }, Some(until)))
        };
        self.must_end_first()
            .or_else(lagging)
            .or_else(|| self.failures.pause(&self.case.spec.retry, self.moment.now))
    }

    /// An active run that no policy starts another beside: our own for this very need (a plan a minute after an apply must
    /// not start another), any under `Forbid`, and the last that fits under `Allow`.
    fn must_end_first(&self) -> Option<Ruling> {
        let active = &self.sight.active;
        let longest = self.longest().map(|run| self.waits_for(run));
        if let Some(own) = active.iter().find(|run| self.is_own(run)) {
            // One that is queued waits for another itself.
            return longest
                .filter(|_| own.is_queued())
                .or_else(|| Some(self.waits_for(own)));
        }
        let full = u32::try_from(active.len()).is_ok_and(|count| count >= self.sight.runs_max);
        match self.case.spec.concurrency {
            Concurrency::Forbid => longest,
            Concurrency::Allow if full => longest,
            Concurrency::Allow | Concurrency::Replace => None,
        }
    }

    fn start(&self, because: Cause, broken_at: Option<Timestamp>) -> Ruling {
        let active = &self.sight.active;
        let act = |actions| Ruling::act(actions, because, broken_at);
        match (self.longest(), active.first(), self.case.spec.concurrency) {
            (Some(longest), _, Concurrency::Replace) if active.iter().all(is_ending) => {
                self.waits_for(longest)
            }
            (_, Some(newest), Concurrency::Replace) => {
                // Also those that are ending: apply waits for every run that it cancels.
                let rest = active.iter().skip(1).map(cancel);
                let rest = rest.chain([self.run_now(Company::Alone)]).collect();
                act(NonEmpty {
                    first: cancel(newest),
                    rest,
                })
            }
            _ => act(NonEmpty::one(self.run_now(self.company()))),
        }
    }

    /// The run that has been in the way for the longest time: a newer one may only be queued behind it.
    fn longest(&self) -> Option<&Run> {
        let since = |run: &&Run| (run.active_since().is_none(), run.active_since(), run.id);
        self.sight.active.iter().min_by_key(since)
    }

    fn waits_for(&self, run: &Run) -> Ruling {
        let hold = if run.is_queued() {
            let since = run.queued_since;
            Hold::QueuedRun {
                run: run.id,
                queued: since.map(|since| Span::between(since, self.moment.now)),
            }
        } else {
            Hold::ActiveRun { run: run.id }
        };
        Ruling::hold(hold, None)
    }

    fn company(&self) -> Company {
        match self.case.spec.concurrency {
            Concurrency::Forbid | Concurrency::Replace => Company::Alone,
            Concurrency::Allow => Company::Any,
        }
    }

    fn is_own(&self, run: &Run) -> bool {
        let own = self.memory.last_start.as_ref();
        own.is_some_and(|own| {
            own.run == run.id && self.last_success.is_none_or(|(_, end)| end < own.at)
        })
    }

    fn run_now(&self, company: Company) -> Action {
        let target = &self.case.target;
        let followed = self.followed();
        let job = target.job.to_string();
        let parts = [
            "afresh/start/1",
            &target.host,
            &job,
            self.case.rule.as_str(),
        ];
        Action::Start {
            token: token(&parts, &followed),
            after: followed.newest,
            parameters: self.case.spec.parameters.clone(),
            company,
        }
    }
}

fn cancel(run: &Run) -> Action {
    Action::Cancel { run: run.id }
}
