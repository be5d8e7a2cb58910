//! The exit codes as people read them, and the kinds of subjects that `--fail-on` names.

use std::collections::BTreeSet;

use crate::model::promise::{Attention, Promise};
use crate::model::verdict::Step;

/// What each code means, as `--help` and the README say it.
pub const TABLE: &str = "Exit codes:
  0  done, and no subject is of a kind named by --fail-on
  1  error, or no subject could be read
  2  plan --detailed-exitcode: an action, an operation to resolve, or a wait to resume
  3  a subject is of a kind named by --fail-on (default: unknown,attention);
     apply: not everything was done, an operation is unresolved, it lost track of a run,
     or a rotation lost more nodes than its rule allows;
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

    pub(super) const fn is(self, standing: &Standing) -> bool {
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
    /// An unknown word, `none` together with others, or an empty list.
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
