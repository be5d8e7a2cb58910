//! The exit codes of `plan` and `apply`: one table for people, and the two decisions behind it. Pure.
//!
//! Refuses: a code that depends on what was printed. `--quiet`, a closed stdout and a saved plan change nothing here.

mod left;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::error::Exit;
use crate::apply;
use crate::model::promise::{Attention, Promise};
use crate::model::verdict::{Hold, Plan, Step, Verdict};

pub use left::left;

/// What each code means, as `--help` and the README say it.
pub const TABLE: &str = "Exit codes:
  0  done, and no subject is of a kind named by --fail-on
  1  error, or no subject could be read
  2  plan --detailed-exitcode: an action, an operation to resolve, or a wait to resume
  3  a subject is of a kind named by --fail-on (default: unknown,attention);
     apply: not everything was done, an operation is unresolved, or it lost track of a run;
     auth: a right is missing
  4  the plan is stale or expired, or was made for another ledger
  5  refused by a guardrail, by the policy, or for lack of trust
  6  busy: another apply is working on the same subject
  7  a run that was waited for did not succeed
  8  interrupted, or out of time (--timeout)
 64  wrong usage";

/// What a subject can be that makes a command exit with 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its promise could not be checked.
    Unknown,
    /// It needs attention.
    Attention,
    /// Its promise is proved to be broken.
    Broken,
    /// Its promise may be broken or not.
    Unproven,
}

impl Kind {
    /// In the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::Attention, Self::Broken, Self::Unproven];

    /// As `--fail-on` spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Attention => "attention",
            Self::Broken => "broken",
            Self::Unproven => "unproven",
        }
    }

    const fn is(self, standing: &Standing) -> bool {
        match self {
            Self::Unknown => matches!(standing.promise, Promise::Unknown),
            Self::Attention => standing.attention.is_some(),
            Self::Broken => standing.promise.is_broken(),
            Self::Unproven => matches!(standing.promise, Promise::Unproven),
        }
    }
}

/// The kinds that `--fail-on` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailOn(BTreeSet<Kind>);

impl FailOn {
    /// Reads a list such as `unknown,attention`, or `none`.
    ///
    /// # Errors
    /// A word that is no kind, `none` beside others, or nothing at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        if words == ["none"] {
            return Ok(Self(BTreeSet::new()));
        }
        if words.contains(&"none") {
            return Err("`none` stands alone".to_owned());
        }
        words
            .into_iter()
            .map(kind)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Does it name this subject?
    pub fn names(&self, standing: &Standing) -> bool {
        self.0.iter().any(|kind| kind.is(standing))
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    let known = Kind::ALL.into_iter().find(|kind| kind.word() == word);
    known.ok_or_else(|| {
        format!(
            "`{word}` is not one of {}; or `none` alone",
            Kind::ALL.map(Kind::word).join(", ")
        )
    })
}

/// How a subject stands: all that `--fail-on` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether its promise holds.
    pub promise: Promise,
    /// Why it needs attention.
    pub attention: Option<Attention>,
}

impl Standing {
    /// As the plan found it.
    pub const fn of(step: &Step) -> Self {
        Self {
            promise: step.promise,
            attention: step.attention,
        }
    }
}

/// Could no subject be read? Of no subjects nothing had to be.
fn nothing_known(standings: &[Standing]) -> bool {
    let unknown = |standing: &Standing| Kind::Unknown.is(standing);
    !standings.is_empty() && standings.iter().all(unknown)
}

/// The code of a plan: the first that applies of 1, 5, 2, 3 and 0.
pub fn of_plan(plan: &Plan, detailed: bool, fail_on: &FailOn) -> Exit {
    let counts = plan.counts();
    let found: Vec<Standing> = plan.steps.iter().map(Standing::of).collect();
    if nothing_known(&found) {
        Exit::Error
    } else if plan.refused {
        Exit::Refused
    } else if detailed && counts.pending() {
        Exit::Pending
    } else if found.iter().any(|standing| fail_on.names(standing)) {
        Exit::Partly
    } else {
        Exit::AsWanted
    }
}

/// The code of an apply. What was done decides; then what is left, as of a plan: that no subject could be read, an operation that is
/// unresolved, a subject that `--fail-on` names, and what another apply is working on.
pub fn of_apply(
    done: apply::Exit,
    plan: &Plan,
    left: &[Standing],
    doubts_beside: bool,
    fail_on: &FailOn,
) -> Exit {
    let held = |kind: fn(&Hold) -> bool| {
        let is = |step: &Step| matches!(&step.verdict, Verdict::Hold { why, .. } if kind(why));
        plan.steps.iter().any(is)
    };
    let unresolved = doubts_beside || held(|why| matches!(why, Hold::Doubt { .. }));
    match done {
        apply::Exit::AllDone if nothing_known(left) => Exit::Error,
        apply::Exit::AllDone
            if unresolved || left.iter().any(|standing| fail_on.names(standing)) =>
        {
            Exit::Partly
        }
        apply::Exit::AllDone if held(|why| matches!(why, Hold::Busy { .. })) => Exit::Busy,
        apply::Exit::AllDone => Exit::AsWanted,
        apply::Exit::PartlyOrDoubt => Exit::Partly,
        apply::Exit::Stale => Exit::Stale,
        apply::Exit::Busy => Exit::Busy,
        apply::Exit::RunNotSucceeded => Exit::RunFailed,
        apply::Exit::Interrupted => Exit::Interrupted,
    }
}
