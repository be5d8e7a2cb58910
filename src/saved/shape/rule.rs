//! A rule with what it promises of all its subjects, as the file spells it: once, and not in each step.

use super::facts::{Requirement, RuntimeSpec};
use super::text::Text;
use super::words::{self, Name, RunResult};
use crate::saved::mirror::{Absent, Mirror, shape};

shape! {
    /// A rule, as it was when the plan was made.
    Rule {
        name: Text<Name>,
        /// What steps call it, if that is not its name.
        #[serde(rename = "ref")] reference: Option<String>,
        /// What it promises of each subject; left out if nothing could be found out about any.
        promises: Option<Terms>,
    } {}
}

/// What a rule promises of each of its subjects.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(in crate::saved) enum Terms {
    KeyAge(RuntimeSpec),
    JobRun {
        require: Requirement,
        #[serde(default, skip_serializing_if = "Absent::is_absent")]
        accept: Vec<Text<RunResult>>,
        /// SHA-256 of what the rule says of a run.
        digest: String,
        /// SHA-256 of what it asks for when it starts one.
        asks: String,
    },
    Submit {
        /// SHA-256 of the content.
        digest: String,
        #[serde(default, skip_serializing_if = "Absent::is_absent")]
        accept: Vec<Text<RunResult>>,
    },
}

impl Terms {
    /// Those that a step's facts were judged by.
    pub(in crate::saved) fn of(facts: &words::Facts) -> Option<Self> {
        match facts {
            words::Facts::Runtime(facts) => Some(Self::KeyAge(Mirror::of(&facts.spec))),
            words::Facts::Job(facts) => Some(Self::JobRun {
                require: Mirror::of(&facts.require),
                accept: Mirror::of(&facts.accept),
                digest: facts.rule.clone(),
                asks: facts.asks.clone(),
            }),
            words::Facts::Submission(facts) => Some(Self::Submit {
                digest: facts.digest.clone(),
                accept: Mirror::of(&facts.accept),
            }),
            words::Facts::None => None,
        }
    }
}
