//! DECIDE: what is to become of every subject, from what was gathered and the time. Pure, total, deterministic.
//!
//! Every subject gets a verdict, and every verdict has a reason. This module does no I/O, reads no clock, and uses no randomness.

use crate::limits;
use crate::model::desired::Project;
use crate::model::promise::Attention;
use crate::model::shard::Candidate;
use crate::model::survey::Survey;
use crate::model::time::Timestamp;
use crate::model::verdict::{Hold, Plan, Settled, Step, Verdict};

use draft::draft;
use openings::Rests;
use ration::{Rationed, ration};
use ruling::{Draft, Moment, later};

pub mod audit;
mod changes;
pub mod doubtful;
mod draft;
mod follow;
mod hand_off;
mod job;
mod lead;
mod leak;
pub mod merge;
mod openings;
mod outside;
mod promise;
mod ration;
mod retry;
mod ruling;
mod runtime;
pub mod settle;
mod step;
mod submission;
mod token;
mod urgency;
mod wait;
pub mod walk;

pub use audit::{audit, audit_merged};
pub use merge::merge;
pub use runtime::jitter_share;

/// Decides about every subject of `survey` at `now`.
///
/// The same survey, project and time give the same plan, in whatever order the cases come. Deciding again at any time before
/// [`Plan::valid_until`] proposes each of its actions again, unless a guardrail gives the place of one to what has become more urgent.
pub fn decide(survey: &Survey, project: &Project, now: Timestamp) -> Plan {
    let rests = Rests::of(&project.freezes);
    let firm = project.freezes.iter().filter(|freeze| freeze.firm);
    let firm = Rests::of(firm);
    let moment = Moment {
        now,
        freezes: &project.freezes,
        rests: &rests,
        firm: &firm,
    };
    let mut drafts: Vec<Draft> = survey
        .cases
        .iter()
        .map(|subject| {
            let mut draft = draft(subject, moment);
            draft.proposal_ends = changes::proposal_ends(subject, &draft, moment);
            changes::foresee(subject, &mut draft, moment);
            draft
        })
        .collect();
    sort(&mut drafts);
    // Guardrails are for all shards together: their plans keep every candidate, and whoever merges them rations.
    let rationed = match survey.part {
        Some(_) => Rationed::default(),
        None => ration(&mut drafts, &project.guardrails),
    };
    let valid_until = valid_until(&drafts, now, moment.next_freeze());
    let finished = drafts.into_iter().map(|draft| match survey.part {
        Some(_) => candidate(draft),
        None => finish(draft),
    });
    let steps: Vec<Step> = finished.collect();
    let mut skipped = survey.skipped.clone();
    skipped.sort_by(|a, b| (&a.address, &a.why).cmp(&(&b.address, &b.why)));
    Plan {
        at: now,
        valid_until,
        steps,
        skipped,
        freezes: moment.ahead(),
        exceeded: rationed.exceeded,
        refused: rationed.refused,
        logs: survey.logs.clone(),
        requests: survey.requests.clone(),
        refresh: survey.refresh,
        part: survey.part,
    }
}

fn sort(drafts: &mut [Draft]) {
    drafts.sort_by(|a, b| (&a.step.address, &a.step.rule).cmp(&(&b.step.address, &b.step.rule)));
}

/// The step of a shard's plan, with what [`merge`] needs to ration it.
fn candidate(draft: Draft) -> Step {
    let needed = Candidate {
        broken_at: draft.broken_at,
        ends_at: draft.proposal_ends,
    };
    let mut step = finish(draft);
    step.candidate = matches!(step.verdict, Verdict::Act { .. }).then_some(needed);
    step
}

/// Sending again settles an intent only where something is sent, and only a step that acts waits for a run that it starts. Whether a person is
/// needed is known only after the guardrails.
fn finish(draft: Draft) -> Step {
    let mut step = draft.step;
    let acts = matches!(step.verdict, Verdict::Act { .. });
    step.refused = step.refused.filter(|_| acts || is_deferred(&step.verdict));
    let access = step.refused.as_ref().filter(|refusal| refusal.is_access);
    step.attention = draft.attention.or(match &step.verdict {
        Verdict::Hold { why, .. } => why
            .attention()
            .or_else(|| access.map(|_| Attention::Access)),
        Verdict::Act { .. } => access.map(|_| Attention::Access),
        Verdict::Keep(_) => None,
    });
    if !acts {
        step.settlements
            .retain(|settlement| settlement.settled != Settled::Repeat);
        step.wait = step.wait.filter(|wait| wait.run.is_some());
    }
    step
}

const fn is_deferred(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Hold {
            why: Hold::Deferred { .. },
            ..
        }
    )
}

/// Until the first of its actions changes. What is kept or waits ends no plan: whatever becomes of it, this plan does nothing about it.
fn valid_until(drafts: &[Draft], now: Timestamp, next_freeze: Option<Timestamp>) -> Timestamp {
    let limit = later(now, limits::PLAN_VALIDITY_MAX);
    let acting = || {
        let acts = |draft: &&Draft| matches!(draft.step.verdict, Verdict::Act { .. });
        drafts.iter().filter(acts)
    };
    let freeze = next_freeze.filter(|_| acting().next().is_some());
    acting()
        .filter_map(|draft| draft.proposal_ends)
        .chain(freeze)
        .filter(|instant| *instant > now)
        .fold(limit, Timestamp::min)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
