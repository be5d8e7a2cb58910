//! Where a subject is, and what the ledger calls it.

use crate::model::address::{Identity, Name, ResourceId};
use crate::model::job::JobId;
use crate::model::key_service::KeyService;

/// Where a resource with two keys is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeTarget {
    /// The connection.
    pub connection: Name,
    /// Its ARM id, as declared or listed.
    pub id: ResourceId,
}

/// Where a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTarget {
    /// The connection.
    pub workspace: Name,
    /// The workspace's host in lower case, with a port on test servers.
    pub host: String,
    /// The job's id.
    pub job: JobId,
}

/// Where a one-time submit goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionTarget {
    /// The connection.
    pub workspace: Name,
    /// The workspace's host in lower case, with a port on test servers.
    pub host: String,
    /// The rule's name: part of the run's name and of the token.
    pub rule: Name,
    /// The content (see [`SubmissionSpec::body`](crate::model::job::SubmissionSpec::body)).
    pub body: String,
}

impl RuntimeTarget {
    /// The ARM id of what holds it, in lower case: a runtime's factory, an account's subscription.
    pub fn holder(&self) -> String {
        let id = self.id.folded();
        let end = id.find(KeyService::of(&self.id).below_holder());
        id.get(..end.unwrap_or(id.len()))
            .unwrap_or_default()
            .to_owned()
    }

    /// The ledger's key.
    pub fn identity(&self) -> Identity {
        Identity::Runtime(self.id.clone())
    }
}

impl JobTarget {
    /// The ledger's key.
    pub fn identity(&self) -> Identity {
        Identity::Job(self.host.clone(), self.job)
    }
}

impl SubmissionTarget {
    /// The ledger's key.
    pub fn identity(&self) -> Identity {
        Identity::Submission(self.host.clone(), self.rule.clone())
    }
}
