//! The digest of a plan: over what was decided, and what that presumes.
//!
//! It is made in one pass, decision by decision. Ages and times that merely pass are no part of it.

use std::io;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::mirror::Mirror;
use super::shape::verdict::Action;
use crate::model::hex::hex;
use crate::model::job::RunResult;
use crate::model::nodes::NodesUnfit;
use crate::model::time::Span;
use crate::model::trouble::TroubleKind;
use crate::model::verdict::{
    Cause, Decision, Frame, HandOffStop, Hold, Keep, Obstacle, Plan, Receipt, Settled, Step,
    Target, Verdict, Wait,
};

/// SHA-256, in lower-case hex, over the decisions of a plan and what they presume: where each subject is, each action with what it
/// presumes, the kind of each reason, settlements, waits, freezes and refusal. Ages, instants of the plan itself, counts of
/// failures and the service's own words are left out.
pub fn digest(plan: &Plan) -> String {
    let mut digest = Digest::of(&plan.frame());
    for step in &plan.steps {
        digest.add(step);
    }
    digest.finish()
}

/// What was decided so far, hashed. Each part is a JSON value on a line of its own, so that no two plans read the same.
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn empty() -> Self {
        Self(Sha256::new())
    }

    /// What was decided about all subjects together; their own decisions follow.
    pub(super) fn of(frame: &Frame) -> Self {
        let mut digest = Self::empty();
        let Frame {
            freezes,
            guardrails,
            refused,
            shard,
        } = frame;
        let freezes: Vec<_> = freezes
            .iter()
            .map(|(from, to)| (from.to_string(), to.to_string()))
            .collect();
        digest.put(&(freezes, guardrails, refused));
        if let Some(shard) = shard {
            digest.put(&("shard", shard.number(), shard.count()));
        }
        digest
    }

    pub(super) fn add(&mut self, step: &Step) {
        let Decision {
            address,
            rule,
            target,
            verdict,
            settlements,
            wait,
        } = step.decision();
        self.put(&(address.to_string(), rule.as_str(), settlements.len()));
        self.target(target.as_ref());
        self.verdict(&verdict);
        for (intent, settled) in &settlements {
            self.settlement(intent, settled);
        }
        self.wait(wait.as_ref());
    }

    /// In lower-case hex.
    pub(super) fn finish(self) -> String {
        hex(&self.0.finalize())
    }

    /// What an action is about.
    pub(super) fn subject(&mut self, address: &str, rule: &str, target: Option<&Target>) {
        self.put(&(address, rule));
        self.target(target);
    }

    pub(super) fn action(&mut self, action: &crate::model::verdict::Action) {
        self.put(&Action::of(action));
    }

    fn put(&mut self, part: &impl Serialize) {
        // The hash takes any bytes, and what is put has string keys and finite numbers only, which is all that can fail here.
        let _ = serde_json::to_writer(Sink(&mut self.0), part);
        self.0.update(b"\n");
    }

    fn target(&mut self, target: Option<&Target>) {
        match target {
            None => self.put(&"nowhere"),
            Some(Target::Runtime(target)) => {
                self.put(&("runtime", target.connection.as_str(), target.id.as_str()));
            }
            Some(Target::Job(target)) => {
                self.put(&("job", target.workspace.as_str(), &target.host, target.job.0));
            }
            Some(Target::Submission(target)) => self.put(&(
                "submission",
                target.workspace.as_str(),
                &target.host,
                target.rule.as_str(),
                &target.body,
            )),
        }
    }

    fn wait(&mut self, wait: Option<&Wait>) {
        match wait {
            None => self.put(&"noWait"),
            Some(Wait { max, accept, run }) => {
                let accept: Vec<_> = accept.iter().map(RunResult::as_str).collect();
                self.put(&("wait", max.map(Span::as_secs), accept, run.map(|run| run.0)));
            }
        }
    }

    fn settlement(&mut self, intent: &str, settled: &Settled) {
        match settled {
            Settled::Done(Receipt::Regenerated {
                slot, fingerprint, ..
            }) => self.put(&(
                intent,
                "regenerated",
                slot.on_the_wire(),
                fingerprint.as_str(),
            )),
            Settled::Done(Receipt::HandedOver {
                to,
                slot,
                fingerprint,
                ..
            }) => self.put(&(
                intent,
                "handedOver",
                to.to_string(),
                slot.on_the_wire(),
                fingerprint.as_str(),
            )),
            Settled::Done(Receipt::Started { run, .. }) => self.put(&(intent, "started", run.0)),
            Settled::Done(Receipt::Cancelled { run, .. }) => {
                self.put(&(intent, "cancelled", run.0));
            }
            Settled::NotDone => self.put(&(intent, "notDone")),
            Settled::Repeat => self.put(&(intent, "repeat")),
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Keep(keep) => self.kept(keep),
            Verdict::Act { actions, because } => {
                let actions: Vec<_> = actions.iter().map(Action::of).collect();
                self.put(&("act", actions));
                self.cause(because);
            }
            Verdict::Hold { why, .. } => self.hold(why),
        }
    }

    fn kept(&mut self, keep: &Keep) {
        match keep {
            Keep::Young => self.put(&"young"),
            Keep::Fresh { .. } => self.put(&"fresh"),
            Keep::Running { run } => self.put(&("running", run.0)),
            Keep::Idle => self.put(&"idle"),
            Keep::SucceededOnce { run } => self.put(&("succeededOnce", run.0)),
        }
    }

    pub(super) fn cause(&mut self, cause: &Cause) {
        match cause {
            Cause::KeyDue {
                slot,
                limit,
                outside_window,
                ..
            } => self.put(&(
                "keyDue",
                slot.on_the_wire(),
                limit.as_secs(),
                outside_window,
            )),
            Cause::HandOffDue { slot, gaps } => {
                let gaps: Vec<_> = gaps.iter().map(ToString::to_string).collect();
                self.put(&("handOffDue", slot.on_the_wire(), gaps));
            }
            Cause::MadeBefore {
                slot,
                born_after,
                proved,
                ignores_windows,
                follows,
            } => self.put(&(
                "madeBefore",
                slot.on_the_wire(),
                born_after.as_second(),
                proved,
                ignores_windows,
                follows.map(Span::as_secs),
            )),
            Cause::Stale { limit, .. } => self.put(&("stale", limit.as_secs())),
            Cause::Ageing {
                start_after, limit, ..
            } => self.put(&("ageing", start_after.as_secs(), limit.as_secs())),
            Cause::NotRunning => self.put(&"notRunning"),
            Cause::MustNotRun => self.put(&"mustNotRun"),
            Cause::StartsAgain { .. } => self.put(&"startsAgain"),
            Cause::QueuedTooLong { run, limit, .. } => {
                self.put(&("queuedTooLong", run.0, limit.as_secs()));
            }
            Cause::TooLong { run, limit, .. } => self.put(&("tooLong", run.0, limit.as_secs())),
            Cause::NotSucceededYet { .. } => self.put(&"notSucceededYet"),
        }
    }

    fn hold(&mut self, hold: &Hold) {
        match hold {
            Hold::Trouble(trouble) => self.trouble(&trouble.kind),
            Hold::Busy { action, .. } => self.put(&("busy", Action::of(action))),
            Hold::Doubt { action, .. } => self.put(&("doubt", Action::of(action))),
            Hold::ForeignRotation { slot } => self.put(&("foreignRotation", slot.on_the_wire())),
            Hold::AgeUnknown { slot, .. } => self.put(&("ageUnknown", slot.on_the_wire())),
            Hold::EitherKeyDue { limit } => self.put(&("eitherKeyDue", limit.as_secs())),
            Hold::EitherKeyTooOld { limit } => self.put(&("eitherKeyTooOld", limit.as_secs())),
            Hold::Window {
                slot, breaks_limit, ..
            } => self.put(&("window", slot.on_the_wire(), breaks_limit)),
            Hold::Starved { slot, .. } => self.put(&("starved", slot.on_the_wire())),
            Hold::Overlap { slot, .. } => self.put(&("overlap", slot.on_the_wire())),
            Hold::HandOff { slot, to, why } => {
                self.put(&("handOff", slot.on_the_wire(), to.to_string(), stop(why)));
            }
            Hold::Nodes { slot, require, why } => self.put(&(
                "nodes",
                slot.on_the_wire(),
                require.word(),
                match why {
                    NodesUnfit::Offline { .. } => "offline",
                    NodesUnfit::Unknown(_) => "unknown",
                },
            )),
            Hold::NodesLost { of, max, .. } => self.put(&("nodesLost", of.to_string(), max)),
            Hold::Freeze { reason } => self.put(&("freeze", reason)),
            Hold::Suspended { reason } => self.put(&("suspended", reason)),
            Hold::NoKeys { .. } => self.put(&"noKeys"),
            Hold::Deferred { guardrail } => self.put(&("deferred", guardrail)),
            Hold::ActiveRun { run } => self.put(&("activeRun", run.0)),
            Hold::LostRun { run, .. } => self.put(&("lostRun", run.0)),
            Hold::UndatedSuccess { run } => self.put(&("undatedSuccess", run.0)),
            Hold::QueuedRun { run, .. } => self.put(&("queuedRun", run.0)),
            Hold::BackOff { .. } => self.put(&"backOff"),
            Hold::GaveUp { .. } => self.put(&"gaveUp"),
            Hold::PauseFirst => self.put(&"pauseFirst"),
            Hold::UnpauseFirst => self.put(&"unpauseFirst"),
            Hold::RestartsItself => self.put(&"restartsItself"),
            Hold::RunsForbidden => self.put(&"runsForbidden"),
        }
    }

    fn trouble(&mut self, kind: &TroubleKind) {
        let word = match kind {
            TroubleKind::Forbidden { right } => return self.put(&("trouble", "forbidden", right)),
            TroubleKind::Unauthenticated => "unauthenticated",
            TroubleKind::SignedOut => "signedOut",
            TroubleKind::Blocked => "blocked",
            TroubleKind::NotFound => "notFound",
            TroubleKind::Throttled => "throttled",
            TroubleKind::TimeOver => "timeOver",
            TroubleKind::Unwanted => "unwanted",
            TroubleKind::Unreachable => "unreachable",
            TroubleKind::Unexpected => "unexpected",
            TroubleKind::Misfit => "misfit",
        };
        self.put(&("trouble", word));
    }
}

/// Why a hand-off waits, in a word.
const fn stop(why: &HandOffStop) -> &'static str {
    match why {
        HandOffStop::Person { .. } => "person",
        HandOffStop::Obstacle(Obstacle::NotOurs) => "notOurs",
        HandOffStop::Obstacle(Obstacle::Deleted { .. }) => "deleted",
        HandOffStop::Obstacle(Obstacle::Unread(_)) => "unread",
        HandOffStop::Obstacle(Obstacle::CommandsOff) => "commandsOff",
        HandOffStop::Obstacle(Obstacle::Unfit(_)) => "unfit",
    }
}

/// Hashes what is written to it.
struct Sink<'a>(&'a mut Sha256);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
