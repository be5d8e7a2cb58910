//! An action together with the subject that it is done to. An action that its subject cannot do has no such pair.

use std::collections::BTreeMap;

use super::address::Name;
use super::hand_off::Destination;
use super::job::{ParameterValue, RunId, Token};
use super::runtime::Slot;
use super::survey::{JobTarget, RuntimeTarget, SubmissionTarget};
use super::verdict::{Action, Company, Presumed, Target};

/// What is done to which subject.
#[derive(Clone, Copy, Debug)]
pub enum Effect<'a> {
    /// `regenerateAuthKey` of a runtime.
    Regenerate {
        /// Where it is.
        target: &'a RuntimeTarget,
        /// Which key.
        slot: Slot,
        /// The key it replaces.
        replacing: &'a Presumed,
        /// The other key.
        beside: &'a Presumed,
    },
    /// A key is handed over.
    HandOver {
        /// Whose.
        target: &'a RuntimeTarget,
        /// Where it goes.
        to: &'a Destination,
        /// Which key.
        slot: Slot,
        /// Its value.
        key: &'a Presumed,
    },
    /// `run-now` of a job.
    Start {
        /// Where it is.
        target: &'a JobTarget,
        /// Its token.
        token: &'a Token,
        /// The newest run at the time of the decision.
        after: Option<RunId>,
        /// `job_parameters`.
        parameters: &'a BTreeMap<String, ParameterValue>,
        /// Whether other runs may be active.
        company: Company,
    },
    /// `runs/submit` of a one-time run.
    Submit {
        /// Where it goes.
        target: &'a SubmissionTarget,
        /// Its token.
        token: &'a Token,
        /// SHA-256 of the content.
        digest: &'a str,
    },
    /// `runs/cancel`, of a job's run or a one-time one.
    Cancel {
        /// The connection of its workspace.
        workspace: &'a Name,
        /// Which run.
        run: RunId,
    },
}

impl<'a> Effect<'a> {
    /// `None`: no action for a subject of this kind, as in a plan that was not made by this program.
    pub const fn of(target: &'a Target, action: &'a Action) -> Option<Self> {
        match (target, action) {
            (
                Target::Runtime(target),
                Action::Regenerate {
                    slot,
                    replacing,
                    beside,
                },
            ) => Some(Self::Regenerate {
                target,
                slot: *slot,
                replacing,
                beside,
            }),
            (Target::Runtime(target), Action::HandOver { to, slot, key }) => Some(Self::HandOver {
                target,
                to,
                slot: *slot,
                key,
            }),
            (
                Target::Job(target),
                Action::Start {
                    token,
                    after,
                    parameters,
                    company,
                },
            ) => Some(Self::Start {
                target,
                token,
                after: *after,
                parameters,
                company: *company,
            }),
            (Target::Submission(target), Action::Submit { token, digest }) => Some(Self::Submit {
                target,
                token,
                digest: digest.as_str(),
            }),
            (
                Target::Job(JobTarget { workspace, .. })
                | Target::Submission(SubmissionTarget { workspace, .. }),
                Action::Cancel { run },
            ) => Some(Self::Cancel {
                workspace,
                run: *run,
            }),
            (
                Target::Runtime(_),
                Action::Start { .. } | Action::Submit { .. } | Action::Cancel { .. },
            )
            | (
                Target::Job(_),
                Action::Regenerate { .. } | Action::HandOver { .. } | Action::Submit { .. },
            )
            | (
                Target::Submission(_),
                Action::Regenerate { .. } | Action::HandOver { .. } | Action::Start { .. },
            ) => None,
        }
    }
}
