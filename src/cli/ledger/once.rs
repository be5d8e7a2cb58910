//! A one-time run as a `ledger` command means it: the content that the manifests hold now, under whatever name it was submitted.

use super::super::error::Failure;
use super::super::session::Session;
use crate::model::address::{Address, Identity};
use crate::model::contents::Contents;
use crate::model::desired::{JobRunRule, JobRunWhat};
use crate::model::job::RunResult;
use crate::model::memory::Memory;

/// A one-time run that a rule covers.
pub(super) struct Once {
    /// The ledger's key.
    pub(super) identity: Identity,
    /// SHA-256 of its present content.
    pub(super) digest: String,
    /// Results that count as success.
    pub(super) accept: Vec<RunResult>,
    host: String,
}

impl Once {
    /// The one that `address` names; `None`: it names none of the manifests.
    pub(super) async fn of(session: &Session, address: &Address) -> Result<Option<Self>, Failure> {
        let names = |rule: &&JobRunRule| {
            rule.workspace == address.connection && rule.name.as_str() == address.subject
        };
        let rule = session.desired.job_runs.iter().find(names);
        let Some((rule, JobRunWhat::Submission(spec))) = rule.map(|rule| (rule, &rule.what)) else {
            return Ok(None);
        };
        let Some(workspace) = session.desired.workspaces.get(&rule.workspace) else {
            return Ok(None);
        };
        let host = session.ground.reader.host(workspace).await;
        let host = host.map_err(|trouble| Failure::new(trouble.to_string()))?;
        Ok(Some(Self {
            identity: Identity::Submission(host.clone(), rule.name.clone()),
            digest: spec.digest.clone(),
            accept: spec.accept.clone(),
            host,
        }))
    }

    /// What is known of the contents of its workspace.
    pub(super) fn contents<'a>(&self, memory: &'a Memory) -> Contents<'a> {
        Contents::of(memory, &self.host)
    }
}
