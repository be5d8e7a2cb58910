//! Which address was meant by one that uses the names of Azure and Databricks instead of those of documents.

use crate::model::address::{Address, Name};
use crate::model::connection::{KeyConnection, Workspace, WorkspaceHost};
use crate::model::desired::{Desired, JobRunWhat, JobSelector};

/// The address that a connection's or a job's own name stands in. `None` also where no rule would cover it, as far as manifests tell.
pub fn address(desired: &Desired, target: &Address) -> Option<Address> {
    let connection = connection(desired, target.connection.as_str());
    let name = connection.unwrap_or(&target.connection);
    let subject = if desired.workspaces.contains_key(name) {
        rule_of_job(desired, name, &target.subject)?.as_str()
    } else {
        target.subject.as_str()
    };
    let meant = Address::new(name.clone(), subject);
    (meant != *target).then_some(meant)
}

/// The connection to what Azure calls so.
fn connection<'a>(desired: &'a Desired, own: &str) -> Option<&'a Name> {
    let is_of_keys = |connection: &&KeyConnection| match connection {
        KeyConnection::Factory(factory) => factory.factory.eq_ignore_ascii_case(own),
        KeyConnection::Subscription(one) => one.subscription.eq_ignore_ascii_case(own),
    };
    let is_of_jobs = |workspace: &&Workspace| match &workspace.host {
        WorkspaceHost::Given(host) => host.eq_ignore_ascii_case(own),
        WorkspaceHost::FromResource => false,
    };
    let of_keys = desired.key_connections.values().find(is_of_keys);
    let of_jobs = desired.workspaces.values().find(is_of_jobs);
    of_keys
        .map(KeyConnection::name)
        .or(of_jobs.map(|workspace| &workspace.name))
}

/// The rule that is about the job of this name or id, or that is called so itself.
fn rule_of_job<'a>(desired: &'a Desired, workspace: &Name, job: &str) -> Option<&'a Name> {
    let rules = desired.job_runs.iter();
    let mut of_workspace = rules.filter(|rule| rule.workspace == *workspace);
    let is_about = |what: &JobRunWhat| match what {
        JobRunWhat::Job(JobSelector::Name(name), _) => name.eq_ignore_ascii_case(job),
        JobRunWhat::Job(JobSelector::Id(id), _) => id.to_string() == job,
        JobRunWhat::Job(JobSelector::Tags(_), _) | JobRunWhat::Submission(_) => false,
    };
    of_workspace
        .find(|rule| is_about(&rule.what) || rule.name.as_str() == job)
        .map(|rule| &rule.name)
}
