//! What is decided about all subjects together, once each has its draft: their order, and how long the plan is valid.

use super::ruling::{Draft, later};
use crate::limits;
use crate::model::promise::Attention;
use crate::model::shard::Candidate;
use crate::model::time::Timestamp;
use crate::model::verdict::{Hold, Settled, Step, Verdict};

pub(super) fn sort(drafts: &mut [Draft]) {
    drafts.sort_by(|a, b| (&a.step.address, &a.step.rule).cmp(&(&b.step.address, &b.step.rule)));
}

/// The step of a shard's plan, with what [`merge`] needs to ration it.
pub(super) fn candidate(draft: Draft) -> Step {
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
pub(super) fn finish(draft: Draft) -> Step {
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
pub(super) fn valid_until(
    drafts: &[Draft],
    now: Timestamp,
    next_freeze: Option<Timestamp>,
) -> Timestamp {
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
