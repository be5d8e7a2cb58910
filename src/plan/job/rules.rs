//! The three requirements, and what they share: runs that are too long, continuous jobs, back-off, and company.

use super::super::ruling::Ruling;
use super::super::token::token;
use super::{View, fresh};
use crate::model::job::{ActivePhase, Concurrency, Continuous, Phase, Requirement, Run, RunId};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{Cause, Company, Hold, Keep, Move, NonEmpty};

impl View<'_> {
    pub(super) fn rule(&self) -> Ruling {
        let ruling = match &self.case.spec.require {
            Requirement::Succeeded {
                warn_after,
                error_after,
            } => self
                .too_long()
                .unwrap_or_else(|| self.succeeded(*warn_after, *error_after)),
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

    /// When a run has been active for `maxDuration`.
    fn overdue_at(&self, run: &Run) -> Option<Timestamp> {
        Some(self.case.spec.duration_max?.after(run.started?))
    }

    fn too_long(&self) -> Option<Ruling> {
        let limit = self.case.spec.duration_max?;
        let overdue = |run: &&Run| self.overdue_at(run).is_some_and(|at| at <= self.moment.now);
        let runs: Vec<&Run> = self.sight.active.iter().filter(overdue).collect();
        let going = runs.iter().copied().filter(|run| !is_ending(run));
        let Some(longest) = going.clone().min_by_key(|run| (run.started, run.id)) else {
            return runs.first().map(|run| active_run(run.id));
        };
        let ran = longest.started.map_or(Span::ZERO, |started| {
            Span::between(started, self.moment.now)
        });
        let because = Cause::TooLong {
            run: longest.id,
            ran,
            limit,
        };
        let moves = NonEmpty::from_vec(going.map(cancel).collect())?;
        Some(Ruling::act(moves, because, self.overdue_at(longest)))
    }

    fn succeeded(&self, warn_after: Option<Span>, error_after: Span) -> Ruling {
        let broken_at = self.last_success.map(|(_, end)| error_after.after(end));
        if let (Some((_, end)), Some(broken_at)) = (self.last_success, broken_at)
            && self.moment.now < broken_at
        {
            return fresh(warn_after, error_after, end, self.moment);
        }
        if let Some(hold) = self.undated_success() {
            return hold;
        }
        let because = Cause::Stale {
            age: self
                .last_success
                .map(|(_, end)| Span::between(end, self.moment.now)),
            limit: error_after,
            failures: self.failures.count(),
        };
        if let Some(hold) = self.cannot_start() {
            return hold;
        }
        self.start(because, broken_at)
    }

    /// A success of which no time is known is neither fresh nor stale.
    fn undated_success(&self) -> Option<Ruling> {
        let accept = &self.case.spec.accept;
        let undated = self.undated.iter().find(|run| run.has_succeeded(accept))?;
        let trouble = Trouble {
            kind: TroubleKind::Unexpected,
            doing: "judge how fresh it is".to_owned(),
            message: format!(
                "run {} succeeded, and the service tells neither when it started nor when it ended",
                undated.id
            ),
            ids: Box::default(),
        };
        Some(Ruling::hold(Hold::Trouble(trouble), None))
    }

    fn running(&self) -> Ruling {
        let active = &self.sight.active;
        if let Some(run) = active.iter().find(|run| !is_ending(run)) {
            return Ruling::keep(Keep::Running { run: run.id });
        }
        if let Some(ending) = active.first() {
            return active_run(ending.id);
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
        match (NonEmpty::from_vec(going), active.first()) {
            (None, None) => Ruling::keep(Keep::Idle),
            (None, Some(ending)) => active_run(ending.id),
            (Some(going), _) => {
                let moves = NonEmpty {
                    first: cancel(going.first),
                    rest: going.rest.into_iter().map(cancel).collect(),
                };
                Ruling::act(moves, Cause::MustNotRun, None)
            }
        }
    }

    /// What forbids a new run, whatever else is active.
    fn cannot_start(&self) -> Option<Ruling> {
        let active = self.sight.active.first();
        match (self.sight.continuous, active) {
            (Continuous::Unpaused, Some(run)) => return Some(active_run(run.id)),
            (Continuous::Unpaused, None) => return Some(Ruling::hold(Hold::RestartsItself, None)),
            (Continuous::Paused, _) => return Some(Ruling::hold(Hold::UnpauseFirst, None)),
            (Continuous::No, _) => {}
        }
        if self.sight.runs_max == 0 {
            return Some(Ruling::hold(Hold::RunsForbidden, None));
        }
        self.must_end_first()
            .or_else(|| self.failures.pause(&self.case.spec.retry, self.moment.now))
            .or_else(|| {
                self.lagging()
                    .map(|(run, until)| Ruling::hold(Hold::ActiveRun { run }, Some(until)))
            })
    }

    /// An active run that no policy starts another beside: our own for this very need (a plan a minute after an apply must
    /// not start another), any under `Forbid`, and the last that fits under `Allow`.
    fn must_end_first(&self) -> Option<Ruling> {
        let active = &self.sight.active;
        if let Some(own) = active.iter().find(|run| self.is_own(run)) {
            return Some(active_run(own.id));
        }
        let full = u32::try_from(active.len()).is_ok_and(|count| count >= self.sight.runs_max);
        let newest = active.first().map(|newest| active_run(newest.id));
        match self.case.spec.concurrency {
            Concurrency::Forbid => newest,
            Concurrency::Allow if full => newest,
            Concurrency::Allow | Concurrency::Replace => None,
        }
    }

    fn start(&self, because: Cause, broken_at: Option<Timestamp>) -> Ruling {
        let active = &self.sight.active;
        let act = |moves| Ruling::act(moves, because, broken_at);
        match (active.first(), self.case.spec.concurrency) {
            (Some(newest), Concurrency::Replace) if active.iter().all(is_ending) => {
                active_run(newest.id)
            }
            (Some(newest), Concurrency::Replace) => {
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

    fn company(&self) -> Company {
        match self.case.spec.concurrency {
            Concurrency::Forbid | Concurrency::Replace => Company::Alone,
            Concurrency::Allow => Company::Any,
        }
    }

    fn is_own(&self, run: &Run) -> bool {
        self.last_start.is_some_and(|(own, at)| {
            own == run.id && self.last_success.is_none_or(|(_, end)| end < at)
        })
    }

    fn run_now(&self, company: Company) -> Move {
        let target = &self.case.target;
        let followed = self.followed();
        let job = target.job.to_string();
        let parts = [
            "afresh/start/1",
            &target.host,
            &job,
            self.case.rule.as_str(),
        ];
        Move::Start {
            token: token(&parts, &followed),
            after: followed.newest,
            parameters: self.case.spec.parameters.clone(),
            company,
        }
    }
}

fn is_ending(run: &Run) -> bool {
    run.phase == Phase::Active(ActivePhase::Terminating)
}

fn cancel(run: &Run) -> Move {
    Move::Cancel { run: run.id }
}

fn active_run(run: RunId) -> Ruling {
    Ruling::hold(Hold::ActiveRun { run }, None)
}
