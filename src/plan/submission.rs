//! Whether a one-time run is submitted: it succeeds once per content.

use super::follow::followed;
use super::retry::{self, Failures};
use super::ruling::{Draft, Moment, Ruling, busy, doubtful, settlement};
use super::token::token;
use super::{later, not_looked_at, promise, settle, step};
use crate::limits;
use crate::model::job::{Run, RunId, SubmissionSight};
use crate::model::memory::Doubt;
use crate::model::survey::{Looked, SubmissionCase};
use crate::model::time::Timestamp;
use crate::model::verdict::{
    Cause, Facts, Hold, Keep, Move, NonEmpty, Receipt, Settled, Settlement, SubmissionFacts,
    Target, Verdict, Wait,
};

pub(super) fn draft(case: &SubmissionCase, moment: Moment) -> Draft {
    let sight = match &case.sight {
        Looked::Seen(sight) => Some(sight),
        Looked::NotAsked | Looked::Failed(_) => None,
    };
    let view = View {
        case,
        runs: sight.map(|sight| sight.runs.as_slice()).unwrap_or_default(),
        moment,
    };
    let mut settlements = Vec::new();
    let ruling = view.rule(sight, &mut settlements);
    let judged = promise::submission(case, sight);
    let mut step = step(&case.address, &case.rule, &ruling, &judged, moment);
    step.target = Some(Target::Submission(case.target.clone()));
    step.facts = Facts::Submission(SubmissionFacts {
        digest: case.spec.digest.clone(),
        accept: case.spec.accept.clone(),
        runs: view.runs.to_vec(),
    });
    step.settlements = settlements;
    step.wait = case.spec.wait_max.map(|max| Wait {
        max: Some(max),
        accept: case.spec.accept.clone(),
    });
    Draft {
        step,
        broken_at: ruling.broken_at,
        attention: None,
    }
}

struct View<'a> {
    case: &'a SubmissionCase,
    runs: &'a [Run],
    moment: Moment<'a>,
}

impl View<'_> {
    fn rule(&self, sight: Option<&SubmissionSight>, settlements: &mut Vec<Settlement>) -> Ruling {
        if let Some(busy) = busy(&self.case.doubts, self.moment.now) {
            return busy;
        }
        if let Looked::Failed(trouble) = &self.case.sight {
            return Ruling::hold(Hold::Trouble(trouble.clone()), None);
        }
        let Some(sight) = sight else {
            return match (self.case.doubts.first(), self.success()) {
                (Some(doubt), _) => doubtful(doubt, None),
                (None, Some(run)) => Ruling::keep(Keep::SucceededOnce { run }),
                (None, None) => not_looked_at(),
            };
        };
        let (present, former): (Vec<&Doubt>, Vec<&Doubt>) = self
            .case
            .doubts
            .iter()
            .partition(|doubt| self.means_present(doubt));
        let mut repeats = Vec::new();
        for doubt in present {
            match settle::submission(doubt, sight, self.moment.now) {
                Some(Settled::Done(receipt)) => {
                    settlements.push(settlement(doubt, Settled::Done(receipt)));
                }
                _ => repeats.push(doubt),
            }
        }
        let ruling = self.judge(lately(settlements)).unless_frozen(self.moment);
        let ruling = self.repeat(ruling, repeats, sight, settlements);
        // An unsettled submit of an earlier content does not stand in the way of the present one.
        match (self.give_up(former, sight, settlements), &ruling.verdict) {
            (Some(hold), Verdict::Keep(_)) => hold,
            _ => ruling,
        }
    }

    fn means_present(&self, doubt: &Doubt) -> bool {
        matches!(&doubt.movement, Move::Submit { digest, .. } if *digest == self.case.spec.digest)
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
            Verdict::Act { moves, .. } => {
                moves.first = newest.movement.clone();
                settlements.push(settlement(newest, Settled::Repeat));
                ruling
            }
            Verdict::Hold { .. } => ruling,
            Verdict::Keep(_) => self.give_up(repeats, sight, settlements).unwrap_or(ruling),
        }
    }

    /// Submits that nobody wants any more did not happen, once the settling time is over: lists lag, but a run that shows up
    /// later still harms nothing. Until then nobody can tell.
    fn give_up(
        &self,
        doubts: Vec<&Doubt>,
        sight: &SubmissionSight,
        settlements: &mut Vec<Settlement>,
    ) -> Option<Ruling> {
        let mut hold = None;
        for doubt in doubts {
            let settles_at = settle::settles_at(doubt);
            if settles_at <= sight.at {
                settlements.push(settlement(doubt, Settled::NotDone));
            } else {
                let until = Some(settles_at).filter(|until| *until > self.moment.now);
                hold.get_or_insert(doubtful(doubt, until));
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
        let last = lately.or_else(|| self.remembered().last().copied());
        let unlisted = last.filter(|(run, _)| self.runs.iter().all(|listed| listed.id != *run));
        if let Some((run, at)) = unlisted {
            let until = later(at, limits::LIST_LAG_MAX);
            if self.moment.now < until {
                return Ruling::hold(Hold::ActiveRun { run }, Some(until));
            }
        }
        let accept = &self.case.spec.accept;
        let dated = retry::dated(self.runs, accept, None);
        let failures = Failures::new(&dated, retry::undated(self.runs), accept);
        let pause = failures.pause(&self.case.spec.retry, self.moment.now);
        pause.unwrap_or_else(|| self.submit(failures.count(), last))
    }

    fn success(&self) -> Option<RunId> {
        let spec = &self.case.spec;
        let seen = self.runs.iter().find(|run| run.has_succeeded(&spec.accept));
        let remembered = self.case.memory.successes.iter().find(|success| {
            let (digest, _, _, result) = success;
            *digest == spec.digest && spec.accept.contains(result)
        });
        seen.map(|run| run.id)
            .or_else(|| remembered.map(|(_, run, _, _)| *run))
    }

    /// Runs of the present content that afresh submitted, oldest first.
    fn remembered(&self) -> Vec<(RunId, Timestamp)> {
        self.case
            .memory
            .runs
            .iter()
            .filter(|(digest, _, _)| *digest == self.case.spec.digest)
            .map(|(_, run, at)| (*run, *at))
            .collect()
    }

    fn submit(&self, failures: u32, own: Option<(RunId, Timestamp)>) -> Ruling {
        let target = &self.case.target;
        let digest = &self.case.spec.digest;
        let parts = [
            "afresh/submit/1",
            &target.host,
            target.rule.as_str(),
            digest.as_str(),
        ];
        let movement = Move::Submit {
            token: token(&parts, &followed(self.runs.iter(), own)),
            digest: digest.clone(),
        };
        let because = Cause::NotSucceededYet { failures };
        Ruling::act(NonEmpty::one(movement), because, None)
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
