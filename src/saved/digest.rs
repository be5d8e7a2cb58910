//! The two hashes of a plan file: over what was decided, and over everything that is written.
//!
//! Ages and times that merely pass are not part of the digest. The order of keys changes neither hash.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::mirror::Mirror;
use super::shape::plan::{Target, Wait};
use super::shape::verdict::Action;
use super::value::to_value;
use crate::model::trouble::TroubleKind;
use crate::model::verdict::{Cause, Decision, Hold, Keep, Plan, Receipt, Settled, Verdict};

/// SHA-256, in lower-case hex, over the decisions of a plan and what they presume: where each subject is, each action with what it
/// presumes, the kind of each reason, settlements, waits, freezes and refusal. Ages, instants of the plan itself, counts of
/// failures and the service's own words are left out.
pub fn digest(plan: &Plan) -> String {
    let frame = plan.frame();
    hash(json!({
        "steps": plan.steps.iter().map(|step| decision(&step.decision())).collect::<Value>(),
        "freezes": frame.freezes,
        "guardrails": frame.guardrails,
        "refused": frame.refused,
    }))
}

/// SHA-256, in lower-case hex, over a document without its seal.
pub(super) fn seal(mut document: Value) -> String {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("seal");
    }
    hash(document)
}

fn hash(mut value: Value) -> String {
    value.sort_all_objects();
    let nibble = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    let text = value.to_string();
    drop(value);
    Sha256::digest(text)
        .iter()
        .flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)])
        .collect()
}

fn decision(decision: &Decision) -> Value {
    json!({
        "address": decision.address.to_string(),
        "rule": decision.rule.as_str(),
        "target": to_value(&Option::<Target>::of(&decision.target)),
        "verdict": verdict(&decision.verdict),
        "settlements": decision.settlements.iter().map(settlement).collect::<Value>(),
        "wait": to_value(&Option::<Wait>::of(&decision.wait)),
    })
}

fn settlement((intent, settled): &(String, Settled)) -> Value {
    let settled = match settled {
        Settled::Done(Receipt::Regenerated {
            slot, fingerprint, ..
        }) => json!(["regenerated", slot.on_the_wire(), fingerprint.as_str()]),
        Settled::Done(Receipt::Started { run, .. }) => json!(["started", run]),
        Settled::Done(Receipt::Cancelled { run, .. }) => json!(["cancelled", run]),
        Settled::NotDone => json!("notDone"),
        Settled::Repeat => json!("repeat"),
    };
    json!([intent, settled])
}

fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Keep(keep) => json!({"keep": kept(keep)}),
        Verdict::Act { actions, because } => {
            let actions = actions.iter().map(|action| to_value(&Action::of(action)));
            json!({"act": actions.collect::<Value>(), "because": cause(because)})
        }
        Verdict::Hold { why, .. } => json!({"hold": hold(why)}),
    }
}

fn kept(keep: &Keep) -> Value {
    match keep {
        Keep::Young => json!("young"),
        Keep::Fresh { .. } => json!("fresh"),
        Keep::Running { run } => json!(["running", run]),
        Keep::Idle => json!("idle"),
        Keep::SucceededOnce { run } => json!(["succeededOnce", run]),
    }
}

fn cause(cause: &Cause) -> Value {
    match cause {
        Cause::KeyDue {
            slot,
            limit,
            outside_window,
            ..
        } => json!([
            "keyDue",
            slot.on_the_wire(),
            limit.as_secs(),
            outside_window
        ]),
        Cause::Stale { limit, .. } => json!(["stale", limit.as_secs()]),
        Cause::Ageing {
            start_after, limit, ..
        } => json!(["ageing", start_after.as_secs(), limit.as_secs()]),
        Cause::NotRunning => json!("notRunning"),
        Cause::MustNotRun => json!("mustNotRun"),
        Cause::StartsAgain { .. } => json!("startsAgain"),
        Cause::QueuedTooLong { run, limit, .. } => {
            json!(["queuedTooLong", run, limit.as_secs()])
        }
        Cause::TooLong { run, limit, .. } => json!(["tooLong", run, limit.as_secs()]),
        Cause::NotSucceededYet { .. } => json!("notSucceededYet"),
    }
}

fn hold(hold: &Hold) -> Value {
    let intended = |action| to_value(&Action::of(action));
    match hold {
        Hold::Trouble(trouble) => json!(["trouble", trouble_kind(&trouble.kind)]),
        Hold::Busy { action, .. } => json!(["busy", intended(action)]),
        Hold::Doubt { action, .. } => json!(["doubt", intended(action)]),
        Hold::ForeignRotation { slot } => json!(["foreignRotation", slot.on_the_wire()]),
        Hold::AgeUnknown { slot, .. } => json!(["ageUnknown", slot.on_the_wire()]),
        Hold::EitherKeyDue { limit } => json!(["eitherKeyDue", limit.as_secs()]),
        Hold::EitherKeyTooOld { limit } => json!(["eitherKeyTooOld", limit.as_secs()]),
        Hold::Window {
            slot, breaks_limit, ..
        } => json!(["window", slot.on_the_wire(), breaks_limit]),
        Hold::Starved { slot, .. } => json!(["starved", slot.on_the_wire()]),
        Hold::Overlap { slot, .. } => json!(["overlap", slot.on_the_wire()]),
        Hold::Freeze { reason } => json!(["freeze", reason]),
        Hold::NoKeys { .. } => json!("noKeys"),
        Hold::Deferred { guardrail } => json!(["deferred", guardrail]),
        Hold::ActiveRun { run } => json!(["activeRun", run]),
        Hold::LostRun { run, .. } => json!(["lostRun", run]),
        Hold::UndatedSuccess { run } => json!(["undatedSuccess", run]),
        Hold::QueuedRun { run, .. } => json!(["queuedRun", run]),
        Hold::BackOff { .. } => json!("backOff"),
        Hold::GaveUp { .. } => json!("gaveUp"),
        Hold::PauseFirst => json!("pauseFirst"),
        Hold::UnpauseFirst => json!("unpauseFirst"),
        Hold::RestartsItself => json!("restartsItself"),
        Hold::RunsForbidden => json!("runsForbidden"),
    }
}

fn trouble_kind(kind: &TroubleKind) -> Value {
    match kind {
        TroubleKind::Forbidden { right } => json!(["forbidden", right]),
        TroubleKind::Unauthenticated => json!("unauthenticated"),
        TroubleKind::SignedOut => json!("signedOut"),
        TroubleKind::Blocked => json!("blocked"),
        TroubleKind::NotFound => json!("notFound"),
        TroubleKind::Throttled => json!("throttled"),
        TroubleKind::TimeOver => json!("timeOver"),
        TroubleKind::Unwanted => json!("unwanted"),
        TroubleKind::Unreachable => json!("unreachable"),
        TroubleKind::Unexpected => json!("unexpected"),
        TroubleKind::Misfit => json!("misfit"),
    }
}
