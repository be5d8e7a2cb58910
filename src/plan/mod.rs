//! DECIDE: what is to become of every subject, from what was gathered and the time. Pure, total, deterministic.
//!
//! Every subject gets a verdict, and every verdict has a reason. This module does no I/O, reads no clock, and uses no randomness.

use crate::model::desired::Project;
use crate::model::survey::Survey;
use crate::model::time::Timestamp;
use crate::model::verdict::{Plan, Step};

use draft::draft;
use finish::{candidate, finish, sort, valid_until};
use openings::Rests;
use ration::{Rationed, ration};
use ruling::{Draft, Moment};

pub mod audit;
mod changes;
pub mod doubtful;
mod draft;
mod finish;
mod follow;
mod hand_off;
mod job;
mod lead;
mod leak;
pub mod merge;
mod nodes;
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
    nodes::hold(&mut drafts);
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

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
