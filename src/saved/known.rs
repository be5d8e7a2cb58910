//! What the lines before a step have said, by the names that steps and connections call it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::mirror::Mirror;
use super::shape::connection::{
    Cloud, CredentialLine, Factory, Subscription, VaultConnection as VaultShape,
    Workspace as WorkspaceShape,
};
use super::shape::facts::Facts;
use super::shape::rule::{Rule, Terms};
use super::shape::step::{Step, Target};
use super::shape::text::Text;
use super::shape::words;
use crate::model::address::{Name, ResourceId};
use crate::model::connection::{Credential, KeyConnection, Workspace, WorkspaceHost};
use crate::model::job::JobId;
use crate::model::time::Timestamp;
use crate::model::vault::{VaultConnection, VaultName};

/// What is wrong in a line that could be parsed.
pub(super) struct Wrong {
    /// The field: `step.rule`.
    pub(super) path: String,
    pub(super) why: String,
}

impl Wrong {
    pub(super) fn at(path: &str, why: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            why: why.into(),
        }
    }
}

/// What the lines so far have said that others name.
#[derive(Default)]
pub(super) struct Known {
    pub(super) key_connections: BTreeMap<Name, KeyConnection>,
    pub(super) vaults: BTreeMap<VaultName, VaultConnection>,
    pub(super) workspaces: BTreeMap<Name, Workspace>,
    clouds: BTreeMap<String, words::Cloud>,
    credentials: BTreeMap<String, Credential>,
    /// The id of each connection to resources with keys, and a slash.
    ids: BTreeMap<Name, String>,
    /// Where each workspace is whose line says it.
    hosts: BTreeMap<Name, String>,
    rules: BTreeMap<String, (Name, Option<Promised>)>,
}

/// What a rule promises of each of its subjects.
enum Promised {
    KeyAge(words::RuntimeSpec),
    JobRun {
        require: words::Requirement,
        accept: Vec<words::RunResult>,
        digest: String,
        asks: String,
    },
    Submit {
        digest: String,
        accept: Vec<words::RunResult>,
    },
}

impl Known {
    pub(super) fn cloud(&mut self, line: Cloud) -> Result<(), Wrong> {
        let reference = line.reference.clone();
        let cloud = line.back();
        let reference = reference.unwrap_or_else(|| cloud.name.clone());
        add(&mut self.clouds, reference, cloud, "cloud")
    }

    pub(super) fn credential(&mut self, line: CredentialLine) -> Result<(), Wrong> {
        let credential = line.is.back();
        add(
            &mut self.credentials,
            line.reference,
            credential,
            "credential",
        )
    }

    pub(super) fn factory(&mut self, line: Factory) -> Result<(), Wrong> {
        let (cloud, credential) = self.reached(&line.cloud, &line.credential, "factory")?;
        let factory = line.back(cloud, credential);
        self.key_connection(KeyConnection::Factory(factory), "factory")
    }

    pub(super) fn subscription(&mut self, line: Subscription) -> Result<(), Wrong> {
        let (cloud, credential) = self.reached(&line.cloud, &line.credential, "subscription")?;
        let subscription = line.back(cloud, credential);
        self.key_connection(KeyConnection::Subscription(subscription), "subscription")
    }

    pub(super) fn vault(&mut self, line: VaultShape) -> Result<(), Wrong> {
        let (cloud, credential) = self.reached(&line.cloud, &line.credential, "keyVault")?;
        let vault = line.back(cloud, credential);
        add(&mut self.vaults, vault.vault.clone(), vault, "keyVault")
    }

    pub(super) fn workspace(&mut self, mut line: WorkspaceShape) -> Result<(), Wrong> {
        let (cloud, credential) = self.reached(&line.cloud, &line.credential, "workspace")?;
        let found = line.host_found.take();
        let workspace = line.back(cloud, credential);
        let name = workspace.name.clone();
        let host = match &workspace.host {
            WorkspaceHost::Given(host) => Some(host.clone()),
            WorkspaceHost::FromResource => found,
        };
        add(&mut self.workspaces, name.clone(), workspace, "workspace")?;
        if let Some(host) = host {
            self.hosts.insert(name, host);
        }
        Ok(())
    }

    pub(super) fn rule(&mut self, line: Rule) -> Result<(), Wrong> {
        let Text(name) = line.name;
        let reference = line.reference.unwrap_or_else(|| name.to_string());
        let promised = line.promises.map(|terms| match terms {
            Terms::KeyAge(spec) => Promised::KeyAge(spec.back()),
            Terms::JobRun {
                require,
                accept,
                digest,
                asks,
            } => Promised::JobRun {
                require: require.back(),
                accept: accept.back(),
                digest,
                asks,
            },
            Terms::Submit { digest, accept } => Promised::Submit {
                digest,
                accept: accept.back(),
            },
        });
        add(&mut self.rules, reference, (name, promised), "rule")
    }

    /// A step with all that the lines before it say of it, and its sentence.
    pub(super) fn step(
        &self,
        mut line: Step,
        at: Timestamp,
    ) -> Result<(words::Step, String), Wrong> {
        let Some((rule, promised)) = self.rules.get(&line.rule) else {
            return Err(unknown("step.rule", "rule", &line.rule));
        };
        let target = line.target.take();
        let target = target.map(|target| self.target(target, rule)).transpose()?;
        let facts = facts(std::mem::take(&mut line.facts), promised.as_ref(), at)?;
        let sentence = std::mem::take(&mut line.sentence);
        Ok((line.back(rule.clone(), target, facts), sentence))
    }

    fn reached(
        &self,
        cloud: &str,
        credential: &str,
        line: &str,
    ) -> Result<(words::Cloud, Credential), Wrong> {
        let found = self.clouds.get(cloud).cloned();
        let found = found.ok_or_else(|| unknown(&format!("{line}.cloud"), "cloud", cloud))?;
        let known = self.credentials.get(credential).cloned();
        let known = known
            .ok_or_else(|| unknown(&format!("{line}.credential"), "credential", credential))?;
        Ok((found, known))
    }

    fn key_connection(&mut self, connection: KeyConnection, kind: &str) -> Result<(), Wrong> {
        let name = connection.name().clone();
        self.ids
            .insert(name.clone(), format!("{}/", connection.id()));
        add(&mut self.key_connections, name, connection, kind)
    }

    fn target(&self, target: Target, step_rule: &Name) -> Result<words::Target, Wrong> {
        Ok(match target {
            Target::Runtime {
                connection: Text(connection),
                below,
                id,
            } => words::Target::Runtime(words::RuntimeTarget {
                id: self.id(&connection, below, id)?,
                connection,
            }),
            Target::Job {
                workspace: Text(workspace),
                host,
                job,
            } => words::Target::Job(words::JobTarget {
                host: self.host(&workspace, host, "step.target.job")?,
                workspace,
                job: JobId(job),
            }),
            Target::Submission {
                workspace: Text(workspace),
                host,
                rule,
                body,
            } => words::Target::Submission(words::SubmissionTarget {
                host: self.host(&workspace, host, "step.target.submission")?,
                workspace,
                rule: rule.back().unwrap_or_else(|| step_rule.clone()),
                body,
            }),
        })
    }

    fn id(
        &self,
        connection: &Name,
        below: Option<String>,
        id: Option<Text<ResourceId>>,
    ) -> Result<ResourceId, Wrong> {
        let place = "step.target.runtime";
        let Some(within) = self.ids.get(connection) else {
            let path = format!("{place}.connection");
            return Err(unknown(&path, "connection", connection.as_str()));
        };
        match (below, id) {
            (Some(below), None) => Ok(ResourceId::new(format!("{within}{below}"))),
            (None, Some(Text(id))) => Ok(id),
            (Some(_), Some(_)) | (None, None) => {
                Err(Wrong::at(place, "either `below` or `id` says which it is"))
            }
        }
    }

    fn host(&self, workspace: &Name, host: Option<String>, place: &str) -> Result<String, Wrong> {
        if !self.workspaces.contains_key(workspace) {
            let path = format!("{place}.workspace");
            return Err(unknown(&path, "workspace", workspace.as_str()));
        }
        host.or_else(|| self.hosts.get(workspace).cloned())
            .ok_or_else(|| Wrong::at(place, "neither it nor its workspace says a host"))
    }
}

fn add<K: Ord, T>(
    known: &mut BTreeMap<K, T>,
    reference: K,
    thing: T,
    kind: &str,
) -> Result<(), Wrong> {
    match known.entry(reference) {
        Entry::Vacant(place) => {
            place.insert(thing);
            Ok(())
        }
        Entry::Occupied(_) => {
            let why = format!("a line before it says a {kind} of the same name");
            Err(Wrong::at(kind, why))
        }
    }
}

fn unknown(path: &str, kind: &str, reference: &str) -> Wrong {
    let why = format!("no line before it says a {kind} `{reference}`");
    Wrong::at(path, why)
}

fn facts(facts: Facts, promised: Option<&Promised>, at: Timestamp) -> Result<words::Facts, Wrong> {
    match (facts, promised) {
        (Facts::None, _) => Ok(words::Facts::None),
        (Facts::Runtime(mut facts), Some(Promised::KeyAge(spec))) => {
            let slots = std::mem::take(&mut facts.slots).back(at);
            let slots = slots.map_err(|(path, why)| Wrong {
                path: format!("step.facts.runtime.slots.{path}"),
                why,
            })?;
            let facts = facts.back(spec.clone(), slots);
            Ok(words::Facts::Runtime(Box::new(facts)))
        }
        (
            Facts::Job(facts),
            Some(Promised::JobRun {
                require,
                accept,
                digest,
                asks,
            }),
        ) => {
            let facts = facts.back(
                require.clone(),
                accept.clone(),
                digest.clone(),
                asks.clone(),
            );
            Ok(words::Facts::Job(Box::new(facts)))
        }
        (Facts::Submission(facts), Some(Promised::Submit { digest, accept })) => Ok(
            words::Facts::Submission(facts.back(digest.clone(), accept.clone())),
        ),
        (Facts::Runtime(_) | Facts::Job(_) | Facts::Submission(_), _) => Err(Wrong::at(
            "step.facts",
            "they are of another kind than what its rule promises",
        )),
    }
}
