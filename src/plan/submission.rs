//! Whether a one-time run is submitted: it succeeds once per content.
//!
//! No second run of a content is submitted while nobody knows how the first one ended.

use super::follow::followed;
use super::retry::{self, Failure, Failures};
use super::ruling::{Draft, Moment, Ruling, busy, doubtful, later, settlement};
use super::step::step;
use super::token::token;
use super::wait::wait;
use super::{promise, settle};
use crate::limits;
use crate::model::job::{Concurrency, Run, RunId, SubmissionSight};
use crate::model::memory::Doubt;
use crate::model::promise::Attention;
use crate::model::survey::{Looked, SubmissionCase};
use crate::model::time::Timestamp;
use crate::model::verdict::{
    Action, Cause, Facts, Hold, Keep, NonEmpty, Receipt, Settled, Settlement, SubmissionFacts,
    Target, Verdict,
};

pub(super) fn draft(case: &SubmissionCase, moment: Moment) -> Draft {
    let sight = match &case.sight {
        Looked::Seen(sight) => Some(sight),
        Looked::NotAsked | Looked::Failed(_) => None,
    };
    let view = View {
        case,
        runs: sight.map(|sight| sight.runs.as_slice()).unwrap_or_default(),
        sight,
        moment,
    };
    let mut settlements = Vec::new();
    let ruling = view.rule(&mut settlements);
    let blocked = view.blocked(&ruling.verdict);
    let ruling = ruling.changing(moment, blocked.map(|(_, at)| at));
    let judged = promise::submission(case, sight, view.lost().is_some());
    let mut step = step(&case.address, &case.rule, &ruling, &judged, moment);
    step.target = Some(Target::Submission(case.target.clone()));
    step.facts = Facts::Submission(SubmissionFacts {
        digest: case.spec.digest.clone(),
        accept: case.spec.accept.clone(),
        runs: view.runs.to_vec(),
        failures: view.unlisted_failures(),
        former: sight.map(|sight| sight.former.clone()).unwrap_or_default(),
    });
    let own = view.last(&settlements).map(|(run, _)| run);
    step.wait = wait(&ruling, case.spec.wait_max, &case.spec.accept, own);
    step.settlements = settlements;
    let attention = blocked.filter(|(_, at)| *at <= moment.now);
    Draft {
        step,
        broken_at: ruling.broken_at,
        attention: attention.map(|(run, _)| Attention::Blocked { run }),
        proposal_ends: None,
    }
}

struct View<'a> {
    case: &'a SubmissionCase,
    sight: Option<&'a SubmissionSight>,
    /// Those of the present content that were seen.
    runs: &'a [Run],
    moment: Moment<'a>,
}

impl View<'_> {
    fn rule(&self, settlements: &mut Vec<Settlement>) -> Ruling {
        if let Some(busy) = busy(&self.case.doubts, self.moment.now) {
            return busy;
        }
        if let Looked::Failed(trouble) = &self.case.sight {
            return Ruling::hold(Hold::Trouble(trouble.clone()), None);
        }
        let Some(sight) = self.sight else {
            return match (self.case.doubts.first(), self.success()) {
                (Some(doubt), _) => doubtful(doubt, None),
                (None, Some(run)) => Ruling::keep(Keep::SucceededOnce { run })
                    .unless_suspended(self.case.suspend.as_ref(), self.moment),
                (None, None) => Ruling::not_looked_at(),
            };
        };
        let (present, former): (Vec<&Doubt>, Vec<&Doubt>) = self
            .case
            .doubts
            .iter()
            .partition(|doubt| self.means_present(doubt));
        let mut repeats = Vec::new();
        for doubt in present {
            match settle::submission(doubt, sight.runs.iter(), sight.at, self.moment.now) {
                Some(Settled::Done(receipt)) => {
                    settlements.push(settlement(doubt, Settled::Done(receipt)));
                }
                _ => repeats.push(doubt),
            }
        }
        let ruling = self
            .judge(lately(settlements))
            .unless_suspended(self.case.suspend.as_ref(), self.moment)
            .unless_frozen(self.moment);
        let ruling = self.repeat(ruling, repeats, sight, settlements);
        let former = self.settle_former(former, sight, settlements);
        let in_the_way = match &ruling.verdict {
            Verdict::Keep(_)
            | Verdict::Hold {
                why: Hold::Suspended { .. },
                ..
            } => true,
            // What an earlier content's submit may have started shows up in the lists, and is then waited for.
            Verdict::Act { .. } => self.case.spec.concurrency != Concurrency::Allow,
            Verdict::Hold { .. } => false,
        };
        former.filter(|_| in_the_way).unwrap_or(ruling)
    }

    fn means_present(&self, doubt: &Doubt) -> bool {
        doubt.action.submitted() == Some(&self.case.spec.digest)
    }

    /// A submit in doubt is sent again, as it was, where it is still wanted.
    fn repeat(
        &self,
        mut ruling: Ruling,
        repeats: Vec<&Doubt>,
        sight: &SubmissionSight,
        settlements: &mut Vec<Settlement>,
    ) -> Ruling {
        let Some(newest) = repeats.last().copied() else {
            return ruling;
        };
        match &mut ruling.verdict {
            Verdict::Act { actions, .. } => {
                let place = std::iter::once(&mut actions.first).chain(&mut actions.rest);
                let mut submits = place.filter(|one| one.submitted().is_some());
                if let Some(submit) = submits.next() {
                    *submit = newest.action.clone();
                    settlements.push(settlement(newest, Settled::Repeat));
                }
                ruling
            }
            Verdict::Keep(_)
            | Verdict::Hold {
                why: Hold::Suspended { .. },
                ..
            } => self
                .settle_former(repeats, sight, settlements)
                .unwrap_or(ruling),
            Verdict::Hold { .. } => ruling,
        }
    }

    /// Intents that nobody wants any more: an earlier content's, or a submit whose content has succeeded. What shows that one happened
    /// is written down. Else it did not, once the settling time is over: lists lag. Until then nobody can tell.
    fn settle_former(
        &self,
        doubts: Vec<&Doubt>,
        sight: &SubmissionSight,
        settlements: &mut Vec<Settlement>,
    ) -> Option<Ruling> {
        let mut hold = None;
        for doubt in doubts {
            let settles_at = match &doubt.action {
                Action::Submit { .. } => doubt.act_by.max(later(doubt.at, limits::LIST_LAG_MAX)),
                Action::Start { .. }
                | Action::Cancel { .. }
                | Action::Regenerate { .. }
                | Action::HandOver { .. } => doubt.act_by,
            };
            match settle::former(doubt, sight, self.moment.now) {
                Some(settled) => settlements.push(settlement(doubt, settled)),
                None if settles_at <= sight.at => {
                    settlements.push(settlement(doubt, Settled::NotDone));
                }
                None => {
                    let until = Some(settles_at).filter(|until| *until > self.moment.now);
                    hold.get_or_insert(doubtful(doubt, until));
                }
            }
        }
        hold
    }

    fn judge(&self, lately: Option<(RunId, Timestamp)>) -> Ruling {
        if let Some(run) = self.success() {
            return Ruling::keep(Keep::SucceededOnce { run });
        }
        if let Some(run) = self.runs.iter().find(|run| run.is_active()) {
            return Ruling::hold(Hold::ActiveRun { run: run.id }, None);
        }
        let last = lately.or_else(|| self.last_remembered());
        let unlisted = last.filter(|(run, _)| !self.is_seen(*run));
        if let Some((run, at)) = unlisted.filter(|(run, _)| !self.case.memory.has_ended(*run)) {
            let until = later(at, limits::LIST_LAG_MAX);
            if self.moment.now < until {
                return Ruling::hold(Hold::ActiveRun { run }, Some(until));
            }
        }
        if let Some((run, since)) = self.lost() {
            return Ruling::hold(Hold::LostRun { run, since }, None);
        }
        let dated = self.failures();
        let accept = &self.case.spec.accept;
        let undated = retry::undated(self.runs).filter(|run| !self.is_forgiven(run.id));
        let failures = Failures::new(&dated, undated, accept);
        let pause = failures.pause(&self.case.spec.retry, self.moment.now);
        pause.unwrap_or_else(|| self.make_way(failures.count(), last))
    }

    fn success(&self) -> Option<RunId> {
        let spec = &self.case.spec;
        let seen = self.runs.iter().find(|run| run.has_succeeded(&spec.accept));
        let memory = &self.case.memory;
        seen.map(|run| run.id)
            .or_else(|| memory.success(&spec.digest, &spec.accept))
    }

    fn is_seen(&self, run: RunId) -> bool {
        self.runs.iter().any(|seen| seen.id == run)
    }

    /// The last run of the present content that afresh submitted.
    fn last_remembered(&self) -> Option<(RunId, Timestamp)> {
        self.case.memory.runs_of(&self.case.spec.digest).next_back()
    }

    fn last(&self, settlements: &[Settlement]) -> Option<(RunId, Timestamp)> {
        lately(settlements).or_else(|| self.last_remembered())
    }

    /// A run of the present content that was started for sure, is not found, and of which nobody has seen an end: it may have succeeded.
    fn lost(&self) -> Option<(RunId, Timestamp)> {
        self.sight?;
        let memory = &self.case.memory;
        let mut runs = memory.runs_of(&self.case.spec.digest);
        runs.rfind(|(run, _)| !self.is_seen(*run) && !memory.has_ended(*run))
    }

    /// Ends that were no success, newest first: those that were seen now, and those that the ledger knows.
    fn failures(&self) -> Vec<Failure> {
        let (memory, accept) = (&self.case.memory, &self.case.spec.accept);
        let mut failures = retry::dated(self.runs, accept, memory.forgiven_at);
        failures.extend(self.unlisted_failures());
        failures.sort_by_key(|(run, at, _)| std::cmp::Reverse((*at, *run)));
        failures
    }

    /// Failures that the ledger knows and that nobody shows any more, newest first.
    fn unlisted_failures(&self) -> Vec<Failure> {
        let (spec, memory) = (&self.case.spec, &self.case.memory);
        let ends = memory.ends.iter().filter(|(digest, run, at, result)| {
            *digest == spec.digest
                && !spec.accept.contains(result)
                && memory.forgiven_at.is_none_or(|since| since < *at)
                && !self.is_seen(*run)
        });
        let ends = ends.map(|(_, run, at, result)| (*run, *at, result.clone()));
        let mut failures: Vec<Failure> = ends.collect();
        failures.sort_by_key(|(run, at, _)| std::cmp::Reverse((*at, *run)));
        failures
    }

    /// Did it end before a person had the attempts forgotten, as the ledger dates it?
    fn is_forgiven(&self, run: RunId) -> bool {
        let memory = &self.case.memory;
        let end = memory.end_of(run).map(|(at, _)| at);
        end.is_some_and(|at| memory.forgiven_at.is_some_and(|since| at <= since))
    }

    /// A submit, once no run of an earlier content is in its way. Only a run that the ledger says is ours is cancelled for it: another
    /// one may be of another ledger, or a person's.
    fn make_way(&self, failures: u32, own: Option<(RunId, Timestamp)>) -> Ruling {
        let former = self.sight.map(|sight| sight.former.as_slice());
        let former = former.unwrap_or_default().iter();
        let going: Vec<RunId> = former
            .filter(|former| former.run.is_active())
            .map(|former| former.run.id)
            .collect();
        let memory = &self.case.memory;
        let strange = going.iter().find(|run| memory.submitted(**run).is_none());
        let submit = self.submit(own);
        let cancels = going.iter().map(|run| Action::Cancel { run: *run });
        let actions = match (self.case.spec.concurrency, going.first(), strange) {
            (Concurrency::Forbid, Some(run), _) | (Concurrency::Replace, _, Some(run)) => {
                return Ruling::hold(Hold::ActiveRun { run: *run }, None);
            }
            (Concurrency::Replace, Some(_), None) => {
                NonEmpty::from_vec(cancels.chain([submit.clone()]).collect())
            }
            (Concurrency::Allow, ..) | (_, None, _) => None,
        };
        let because = Cause::NotSucceededYet { failures };
        Ruling::act(
            actions.unwrap_or_else(|| NonEmpty::one(submit)),
            because,
            None,
        )
    }

    fn submit(&self, own: Option<(RunId, Timestamp)>) -> Action {
        let digest = &self.case.spec.digest;
        let forgotten = self.case.memory.forgotten.get(digest);
        let generation = forgotten.copied().unwrap_or_default().to_string();
        let host = &self.case.target.host;
        let parts = ["afresh/submit/2", host, digest, &generation];
        Action::Submit {
            token: token(&parts, &followed(self.runs.iter(), own)),
            digest: digest.clone(),
        }
    }

    /// The run that is waited for, and from when on it has blocked the subject for too long.
    fn blocked(&self, verdict: &Verdict) -> Option<(RunId, Timestamp)> {
        let Verdict::Hold {
            why: Hold::ActiveRun { run: id },
            ..
        } = verdict
        else {
            return None;
        };
        let former = self.sight.map(|sight| sight.former.as_slice());
        let former = former.unwrap_or_default().iter().map(|former| &former.run);
        let run = self.runs.iter().chain(former).find(|run| run.id == *id);
        let own = self.case.memory.submitted(*id);
        let began = run
            .and_then(|run| run.started)
            .or_else(|| own.map(|(_, at)| at))?;
        Some((*id, later(began, limits::SUBMISSION_BLOCKED_AFTER)))
    }
}

/// The run that a settlement has just found.
fn lately(settlements: &[Settlement]) -> Option<(RunId, Timestamp)> {
    settlements
        .iter()
        .rev()
        .find_map(|settlement| match settlement.settled {
            Settled::Done(Receipt::Started { run, answered }) => Some((run, answered)),
            _ => None,
        })
}
