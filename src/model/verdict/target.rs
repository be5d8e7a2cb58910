//! Where the subject of a verdict is.

use super::super::address::{Identity, Name};
use super::super::key_service::KeyService;
use super::super::survey::target::{JobTarget, RuntimeTarget, SubmissionTarget};

/// Where a subject is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A runtime.
    Runtime(RuntimeTarget),
    /// A job.
    Job(JobTarget),
    /// A one-time submit.
    Submission(SubmissionTarget),
}

impl Target {
    /// The ledger's key.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Runtime(target) => target.identity(),
            Self::Job(target) => target.identity(),
            Self::Submission(target) => target.identity(),
        }
    }

    /// That of a resource with keys.
    pub const fn runtime(&self) -> Option<&RuntimeTarget> {
        match self {
            Self::Runtime(target) => Some(target),
            Self::Job(_) | Self::Submission(_) => None,
        }
    }

    /// That of a job.
    pub const fn job(&self) -> Option<&JobTarget> {
        match self {
            Self::Job(target) => Some(target),
            Self::Runtime(_) | Self::Submission(_) => None,
        }
    }

    /// That of a one-time submit.
    pub const fn submission(&self) -> Option<&SubmissionTarget> {
        match self {
            Self::Submission(target) => Some(target),
            Self::Runtime(_) | Self::Job(_) => None,
        }
    }

    /// Whose keys it has, if it has any.
    pub fn key_service(&self) -> KeyService {
        self.identity().key_service()
    }

    /// The connection it is reached by.
    pub const fn connection(&self) -> &Name {
        match self {
            Self::Runtime(target) => &target.connection,
            Self::Job(target) => &target.workspace,
            Self::Submission(target) => &target.workspace,
        }
    }
}
