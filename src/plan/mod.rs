//! DECIDE: what is to become of every subject, from what was gathered and the time. Pure, total, deterministic.
//!
//! Every subject gets a verdict, and every verdict has a reason. This module does no I/O, reads no clock, and uses no randomness.

use crate::limits;
use crate::model::address::Name;
use crate::model::desired::Project;
use crate::model::promise::Attention;
use crate::model::survey::{Subject, Survey};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{Action, Facts, Hold, Plan, Refusal, Settled, Step, Verdict};

use openings::Rests;
use promise::Judged;
use ruling::{Draft, Moment, Ruling};

pub mod audit;
mod changes;
mod follow;
mod job;
mod lead;
mod openings;
mod outside;
mod promise;
mod ration;
mod retry;
mod ruling;
mod runtime;
pub mod settle;
mod submission;
mod token;
mod urgency;
mod wait;
pub mod walk;

pub use audit::audit;
pub use runtime::jitter_share;

/// Decides about every subject of `survey` at `now`.
///
/// The same survey, project and time give the same plan, in whatever order the cases come. Deciding again at any time before
/// [`Plan::valid_until`] gives the same actions.
pub fn decide(survey: &Survey, project: &Project, now: Timestamp) -> Plan {
    let rests = Rests::of(&project.freezes);
    let moment = Moment {
        now,
        freezes: &project.freezes,
        rests: &rests,
    };
    let mut drafts: Vec<Draft> = survey
        .cases
        .iter()
        .map(|subject| {
            let mut draft = draft(subject, moment);
            changes::foresee(subject, &mut draft, moment);
            draft
        })
        .collect();
    drafts.sort_by(|a, b| (&a.step.address, &a.step.rule).cmp(&(&b.step.address, &b.step.rule)));
    let rationed = ration::ration(&mut drafts, &project.guardrails);
    let steps: Vec<Step> = drafts.into_iter().map(finish).collect();
    let mut skipped = survey.skipped.clone();
    skipped.sort_by(|a, b| (&a.address, &a.why).cmp(&(&b.address, &b.why)));
    Plan {
        at: now,
        valid_until: valid_until(&steps, moment),
        steps,
        skipped,
        freezes: moment.ahead(),
        exceeded: rationed.exceeded,
        refused: rationed.refused,
        logs: survey.logs.clone(),
        requests: survey.requests.clone(),
        refresh: survey.refresh,
    }
}

fn draft(subject: &Subject, moment: Moment) -> Draft {
    match subject {
        Subject::Runtime(case) => refused(runtime::draft(case, moment), case.refused.as_ref()),
        Subject::Job(case) => refused(job::draft(case, moment), case.refused.as_ref()),
        Subject::Submission(case) => {
            refused(submission::draft(case, moment), case.refused.as_ref())
        }
        Subject::Unresolved {
            address,
            rule,
            trouble,
        } => Draft {
            step: Step {
                address: address.clone(),
                rule: rule.clone(),
                target: None,
                promise: trouble.kind.promise(),
                breaks_at: None,
                proved_until: None,
                attention: None,
                verdict: Verdict::Hold {
                    why: Hold::Trouble(trouble.clone()),
                    until: None,
                },
                facts: Facts::None,
                changes_at: None,
                settlements: Vec::new(),
                wait: None,
                refused: None,
            },
            broken_at: None,
            attention: None,
        },
    }
}

/// A draft that knows that what it is to do was refused the last time.
fn refused(mut draft: Draft, last: Option<&(Action, Refusal)>) -> Draft {
    let Verdict::Act { actions, .. } = &draft.step.verdict else {
        return draft;
    };
    let again = |(action, refusal): &&(Action, Refusal)| {
        actions.iter().any(|act| refusal.is_about(action, act))
    };
    draft.step.refused = last.filter(again).map(|(_, refusal)| refusal.clone());
    draft
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

fn valid_until(steps: &[Step], moment: Moment) -> Timestamp {
    let acts = steps
        .iter()
        .any(|step| matches!(step.verdict, Verdict::Act { .. }));
    let freeze = moment.next_freeze().filter(|_| acts);
    let limit = later(moment.now, limits::PLAN_VALIDITY_MAX);
    steps
        .iter()
        .filter_map(|step| step.changes_at)
        .chain(freeze)
        .filter(|instant| *instant > moment.now)
        .fold(limit, Timestamp::min)
}

/// A bound of [`limits`] after `instant`.
fn later(instant: Timestamp, by: std::time::Duration) -> Timestamp {
    Span::seconds(by.as_secs()).after(instant)
}

/// What `--refresh none` leaves open: the ledger cannot judge, and nobody looked.
fn not_looked_at() -> Ruling {
    Ruling::hold(
        Hold::Trouble(Trouble {
            kind: TroubleKind::Unexpected,
            doing: "judge it from the ledger alone".to_owned(),
            message: "not read (--refresh none)".to_owned(),
            ids: Box::default(),
        }),
        None,
    )
}

/// The parts of a step that are the same for every kind.
fn step(
    address: &crate::model::address::Address,
    rule: &Name,
    ruling: &Ruling,
    judged: &Judged,
    moment: Moment,
) -> Step {
    let turns = judged.turns().chain(ruling.changes_at);
    Step {
        address: address.clone(),
        rule: rule.clone(),
        target: None,
        promise: judged.promise,
        breaks_at: judged.breaks_at,
        proved_until: judged.proved_until(),
        attention: None,
        verdict: ruling.verdict.clone(),
        facts: Facts::None,
        changes_at: moment.first_after(turns),
        settlements: Vec::new(),
        wait: None,
        refused: None,
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
