//! Whether a job is started, cancelled, waited for or left alone, and why.
//!
//! Refuses: a phase nobody knows counting as success; a second run for a need that an intent may have met already.

use super::follow::{Followed, followed};
use super::retry::{self, Failures};
use super::ruling::{Draft, Moment, Ruling, busy, doubtful, settlement};
use super::wait::wait;
use super::{later, not_looked_at, promise, settle, step};
use crate::limits;
use crate::model::job::{JobMemory, JobSight, Requirement, Run, RunId};
use crate::model::memory::Doubt;
use crate::model::survey::{JobCase, Looked};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{
    Facts, Hold, JobFacts, Keep, Move, NonEmpty, Receipt, Settled, Settlement, Target, Verdict,
};

mod rules;

pub(super) fn draft(case: &JobCase, moment: Moment) -> Draft {
    let sight = match &case.sight {
        Looked::Seen(sight) => Some(sight),
        Looked::NotAsked | Looked::Failed(_) => None,
    };
    let mut opened = open(case, sight, moment.now);
    let facts = facts(case, sight);
    let ruling = match (opened.blocked.take(), sight) {
        (Some(blocked), _) => blocked,
        (None, None) => rule_unseen(case, &facts, moment),
        (None, Some(sight)) => {
            let view = View::new(case, sight, &opened.memory, &facts, moment);
            let ruling = view.rule().unless_frozen(moment);
            repeat(ruling, sight, &mut opened, moment.now)
        }
    };
    let judged = promise::job(case, &facts, sight, moment);
    let mut step = step(&case.address, &case.rule, &ruling, &judged, moment);
    step.target = Some(Target::Job(case.target.clone()));
    let own = opened.memory.last_start.map(|(run, _)| run);
    step.wait = wait(&ruling, case.spec.wait_max, &case.spec.accept, own);
    step.facts = Facts::Job(Box::new(facts));
    step.settlements = opened.settlements;
    Draft {
        step,
        broken_at: ruling.broken_at,
        attention: None,
    }
}

/// A job after its open intents have been gone through.
struct Opened<'a> {
    settlements: Vec<Settlement>,
    /// As it will be once the settlements are written.
    memory: JobMemory,
    /// Starts that only sending again can settle.
    repeats: Vec<&'a Doubt>,
    blocked: Option<Ruling>,
}

fn open<'a>(case: &'a JobCase, sight: Option<&JobSight>, now: Timestamp) -> Opened<'a> {
    let mut opened = Opened {
        settlements: Vec::new(),
        memory: case.memory.clone(),
        repeats: Vec::new(),
        blocked: busy(&case.doubts, now),
    };
    if opened.blocked.is_some() {
        return opened;
    }
    if let Looked::Failed(trouble) = &case.sight {
        opened.blocked = Some(Ruling::hold(Hold::Trouble(trouble.clone()), None));
        return opened;
    }
    for doubt in &case.doubts {
        match sight.and_then(|sight| settle::job(doubt, sight, now)) {
            None => opened.blocked = Some(doubtful(doubt, None)),
            Some(Settled::Repeat) => opened.repeats.push(doubt),
            Some(settled) => {
                if let Settled::Done(Receipt::Started { run, answered }) = settled {
                    opened.memory.last_start = Some((run, answered));
                }
                opened.settlements.push(settlement(doubt, settled));
            }
        }
    }
    opened
}

/// A start in doubt is sent again, as it was, where a start is wanted. Where nothing is wanted any more, it is given up after
/// the settling time: lists lag, but a run that shows up later still harms nothing. Until then nobody can tell.
fn repeat(mut ruling: Ruling, sight: &JobSight, opened: &mut Opened, now: Timestamp) -> Ruling {
    let Some(newest) = opened.repeats.last().copied() else {
        return ruling;
    };
    match &mut ruling.verdict {
        Verdict::Act { moves, .. } => {
            if send_again(moves, newest) {
                opened.settlements.push(settlement(newest, Settled::Repeat));
            }
            ruling
        }
        Verdict::Hold { .. } => ruling,
        Verdict::Keep(_) => {
            let settles_at = |doubt: &&Doubt| settle::settles_at(doubt) <= sight.at;
            if let Some(open) = opened.repeats.iter().find(|doubt| !settles_at(doubt)) {
                let until = Some(settle::settles_at(open)).filter(|until| *until > now);
                return doubtful(open, until);
            }
            let given_up = opened.repeats.iter();
            opened
                .settlements
                .extend(given_up.map(|doubt| settlement(doubt, Settled::NotDone)));
            ruling
        }
    }
}

/// Puts the intent's own start, with its token, in the place of a new one; false if none is wanted.
fn send_again(moves: &mut NonEmpty<Move>, doubt: &Doubt) -> bool {
    let place = std::iter::once(&mut moves.first)
        .chain(&mut moves.rest)
        .find(|movement| matches!(movement, Move::Start { .. }));
    if let (
        Some(Move::Start {
            token,
            after,
            parameters,
            ..
        }),
        Move::Start {
            token: stored,
            after: followed,
            parameters: sent,
            ..
        },
    ) = (place, &doubt.movement)
    {
        (*token, *after, *parameters) = (stored.clone(), *followed, sent.clone());
        true
    } else {
        false
    }
}

fn facts(case: &JobCase, sight: Option<&JobSight>) -> JobFacts {
    let accept = &case.spec.accept;
    let ended = sight
        .map(|sight| sight.ended.as_slice())
        .unwrap_or_default();
    let remembered = case
        .memory
        .last_success
        .as_ref()
        .filter(|(_, _, result)| accept.contains(result))
        .map(|(run, at, _)| (*run, *at));
    let last_success = ended
        .iter()
        .filter_map(|run| Some((run.id, run.succeeded_at(accept)?)))
        .chain(remembered)
        .max_by_key(|(run, at)| (*at, *run));
    JobFacts {
        require: case.spec.require.clone(),
        accept: accept.clone(),
        name: sight
            .map(|sight| sight.name.clone())
            .or_else(|| case.memory.name.clone()),
        last_success,
        failures: retry::dated(ended, accept, last_success.map(|(_, at)| at)),
        undated: retry::undated(ended).cloned().collect(),
        active: sight.map(|sight| sight.active.clone()).unwrap_or_default(),
        history_since: sight.map(|sight| sight.history_since),
        continuous: sight.map(|sight| sight.continuous),
    }
}

/// From the ledger alone: a past success stays past, so freshness is the one thing that it can prove.
fn rule_unseen(case: &JobCase, facts: &JobFacts, moment: Moment) -> Ruling {
    match (&case.spec.require, facts.last_success) {
        (
            Requirement::Succeeded {
                warn_after,
                error_after,
            },
            Some((_, end)),
        ) if moment.now < error_after.after(end) => fresh(*warn_after, *error_after, end, moment),
        _ => not_looked_at(),
    }
}

fn fresh(warn_after: Option<Span>, error_after: Span, end: Timestamp, moment: Moment) -> Ruling {
    let warn_at = warn_after.map(|after| after.after(end));
    Ruling::keep(Keep::Fresh {
        age: Span::between(end, moment.now),
        warn: warn_at.is_some_and(|at| at <= moment.now),
    })
    .changing(moment, warn_at.into_iter().chain([error_after.after(end)]))
}

/// Everything a job is judged by.
struct View<'a> {
    case: &'a JobCase,
    sight: &'a JobSight,
    moment: Moment<'a>,
    last_success: Option<(RunId, Timestamp)>,
    failures: Failures<'a>,
    /// Ended runs of which no time is known.
    undated: &'a [Run],
    last_start: Option<(RunId, Timestamp)>,
}

impl<'a> View<'a> {
    fn new(
        case: &'a JobCase,
        sight: &'a JobSight,
        memory: &JobMemory,
        facts: &'a JobFacts,
        moment: Moment<'a>,
    ) -> Self {
        Self {
            case,
            sight,
            moment,
            last_success: facts.last_success,
            failures: Failures::new(&facts.failures, facts.undated.iter(), &facts.accept),
            undated: &facts.undated,
            last_start: memory.last_start,
        }
    }

    /// Active and ended runs.
    fn runs(&self) -> impl Iterator<Item = &'a Run> {
        self.sight.active.iter().chain(&self.sight.ended)
    }

    /// The run that afresh started last, if no list shows it.
    fn unlisted(&self) -> Option<(RunId, Timestamp)> {
        self.last_start
            .filter(|(run, _)| self.runs().all(|listed| listed.id != *run))
    }

    /// That run while it may only be missing because lists lag, with the end of that time: it counts as active.
    fn lagging(&self) -> Option<(RunId, Timestamp)> {
        self.unlisted()
            .map(|(run, at)| (run, later(at, limits::LIST_LAG_MAX)))
            .filter(|(_, until)| self.moment.now < *until)
    }

    /// What a new run would follow.
    fn followed(&self) -> Followed {
        followed(self.runs(), self.last_start)
    }
}
