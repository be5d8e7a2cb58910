//! What is to become of one subject.

use super::super::address::{Address, Name};
use super::super::job::{RunId, RunResult};
use super::super::key_service::KeyService;
use super::super::nodes::NodeRule;
use super::super::promise::{Attention, Promise};
use super::super::runtime::Slot;
use super::super::shard::{Candidate, Shard};
use super::super::time::{Freeze, Span, Timestamp};
use super::action::Action;
use super::cause::Cause;
use super::facts::Facts;
use super::hold::Hold;
use super::keep::Keep;
use super::non_empty::NonEmpty;
use super::refusal::Refusal;
use super::settlement::Settlement;
use super::target::Target;

/// One subject's verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What people call it.
    pub address: Address,
    /// The rule that speaks of it.
    pub rule: Name,
    /// Where it is; `None` for what could not be found out.
    pub target: Option<Target>,
    /// Whether its promise holds, whatever is done about it.
    pub promise: Promise,
    /// When its promise is proved to be broken if nothing happens until then; `None`: it is already, or no evidence tells.
    pub breaks_at: Option<Timestamp>,
    /// When it is kept and no longer proved, if that comes before it is proved to be broken.
    pub proved_until: Option<Timestamp>,
    /// Why a person is needed; `None`: time or the next apply mends what is wrong, if anything is.
    pub attention: Option<Attention>,
    /// Keep, act or hold.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub facts: Facts,
    /// When the verdict changes if nothing but time does; `None`: never, or not by time.
    pub changes_at: Option<Timestamp>,
    /// What this look says of the intents that had no end: written to the ledger by the next apply, before anything else.
    pub settlements: Vec<Settlement>,
    /// How apply waits for a run: the one that this step starts, or one that an earlier apply started and that is still active.
    pub wait: Option<Wait>,
    /// The last time that what it is to do was refused; `None`: it never was, or has been done since.
    pub refused: Option<Refusal>,
    /// Where it acts, and guardrails have not been held against it yet, since the plan is a shard's: what they will need.
    pub candidate: Option<Candidate>,
}

impl Step {
    /// Whose keys it is about, if it is about keys.
    pub fn key_service(&self) -> KeyService {
        self.target
            .as_ref()
            .map(Target::key_service)
            .unwrap_or_default()
    }

    /// It could not be read, or was not, and the ledger alone decides nothing about it. What was read and cannot be judged is no such.
    pub fn is_unread(&self) -> bool {
        let failed = match &self.verdict {
            Verdict::Hold {
                why: Hold::Trouble(trouble),
                ..
            } => trouble.kind.promise() == Promise::Unknown,
            Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => false,
        };
        failed || self.promise == Promise::Unknown
    }

    /// May it be done in this freeze? What `bornAfter` makes due may, if its rule says `ignoreWindows` and the freeze is the Project's.
    pub fn passes(&self, freeze: &Freeze) -> bool {
        let is_leak = matches!(
            &self.verdict,
            Verdict::Act {
                because: Cause::MadeBefore { .. },
                ..
            }
        );
        let facts = self.facts.runtime();
        is_leak && !freeze.firm && facts.is_some_and(|facts| facts.spec.ignore_windows)
    }

    /// Is its subject in this part?
    pub fn is_in(&self, shard: Shard) -> bool {
        match self.target.as_ref().map(Target::identity) {
            Some(subject) => shard.holds(&subject),
            None => shard.holds_unresolved(&self.rule, &self.address),
        }
    }

    /// What its rule asks of nodes.
    pub fn node_rule(&self) -> NodeRule {
        let facts = self.facts.runtime();
        facts.map(|facts| facts.spec.nodes).unwrap_or_default()
    }

    /// The key that it makes anew.
    pub fn regenerates(&self) -> Option<Slot> {
        match &self.verdict {
            Verdict::Act { actions, .. } => actions.iter().find_map(Action::regenerated),
            Verdict::Keep(_) | Verdict::Hold { .. } => None,
        }
    }

    /// Is there a declared wait for a run that an earlier apply started?
    pub fn resumes(&self) -> bool {
        let wait = self.wait.as_ref();
        wait.is_some_and(|wait| wait.run.is_some() && wait.max.is_some())
    }
}

/// How apply waits for the end of a run, and which ends are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Longest wait; `None` under `--wait` without `waitFor`: until it ends.
    pub max: Option<Span>,
    /// Results that count as success.
    pub accept: Vec<RunResult>,
    /// The run, if an earlier apply started it; `None`: the one that the step starts.
    pub run: Option<RunId>,
}

/// What is to become of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as promised.
    Keep(Keep),
    /// It is not, and now is the time.
    Act {
        /// What to do, in order; each presumes that the one before it has happened.
        actions: NonEmpty<Action>,
        /// Why.
        because: Cause,
    },
    /// It is not, or nobody can tell, and now is not the time.
    Hold {
        /// Why not.
        why: Hold,
        /// Until when, if time alone ends it.
        until: Option<Timestamp>,
    },
}
