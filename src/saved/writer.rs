//! Writes a plan line by line: nothing of it is held but the line that is being written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::Serialize;

use super::actions::action_digests;
use super::digest::Digest;
use super::error::WriteError;
use super::file::{FORMAT, File};
use super::measure::{Kind, Measure, Seal};
use super::mirror::Mirror;
use super::names::{Called, Names};
use super::shape::connection::{
    Cloud, CredentialLine, Factory, Subscription, VaultConnection as VaultShape,
    Workspace as WorkspaceShape,
};
use super::shape::evidence::PerSlot;
use super::shape::facts::{Facts, JobFacts, RuntimeFacts, SubmissionFacts};
use super::shape::line::{End, Head, Line};
use super::shape::plan::{LogReading, Regeneration, Shard};
use super::shape::rule::{Rule, Terms};
use super::shape::step::{Step, Target};
use super::shape::text::Text;
use super::shape::words;
use crate::escape;
use crate::model::address::{Name, ResourceId};
use crate::model::approval::digest_over;
use crate::model::connection::{Credential, KeyConnection, Workspace, WorkspaceHost};
use crate::model::shard::{Basis, Part};
use crate::model::time::Timestamp;

/// Writes a plan, each of its lines with one call.
///
/// # Errors
/// It cannot be written, or could not be read again.
pub fn write(file: &File, out: &mut dyn Write) -> Result<(), WriteError> {
    let mut writer = Writer::new(file, out);
    writer.put(&head(file))?;
    for connection in file.key_connections.values() {
        writer.key_connection(connection)?;
    }
    for vault in file.vaults.values() {
        writer.vault(vault)?;
    }
    for workspace in file.workspaces.values() {
        writer.workspace(workspace)?;
    }
    for one in &file.trust {
        writer.put(&Line::Use(Mirror::of(one)))?;
    }
    for (index, step) in file.plan.steps.iter().enumerate() {
        let sentence = file.sentences.get(index).cloned().unwrap_or_default();
        writer.step(step, sentence)?;
    }
    for skipped in &file.plan.skipped {
        writer.put(&Line::PassedOver(Mirror::of(skipped)))?;
    }
    for log in &file.plan.logs {
        writer.put(&Line::Log(LogReading::of(log)))?;
        for event in &log.events {
            writer.put(&Line::Regeneration(Regeneration::of(event)))?;
        }
    }
    writer.end()
}

fn head(file: &File) -> Head {
    let plan = &file.plan;
    Head {
        format: FORMAT.to_owned(),
        tool: concat!("afresh ", env!("CARGO_PKG_VERSION")).to_owned(),
        project: file.project.clone(),
        ledger: Mirror::of(&file.ledger),
        lineage: file.lineage.clone(),
        ledger_began: file.began,
        at: Text(plan.at),
        valid_until: Text(plan.valid_until),
        refresh: Mirror::of(&plan.refresh),
        refused: plan.refused,
        guardrails: Mirror::of(&file.guardrails),
        exceeded: Mirror::of(&plan.exceeded),
        freezes: Mirror::of(&plan.freezes),
        counts: Mirror::of(&plan.counts()),
        requests: Mirror::of(&plan.requests),
        shard: plan.part.map(|part| shard(part, file.basis.as_ref())),
    }
}

fn shard(part: Part, basis: Option<&Basis>) -> Shard {
    Shard {
        number: part.shard.number(),
        count: part.shard.count(),
        left_out: part.left_out,
        documents: basis.map_or(0, |basis| basis.documents),
        manifests: basis.map_or_else(String::new, |basis| basis.digest.clone()),
    }
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    measure: Measure,
    seal: Seal,
    digest: Digest,
    /// The digests of all actions so far.
    actions: BTreeSet<String>,
    at: Timestamp,
    /// The id of each connection to resources with keys, and a slash.
    ids: BTreeMap<&'a Name, String>,
    /// Where each workspace is, as its own line says it.
    hosts: BTreeMap<&'a Name, &'a str>,
    clouds: Names,
    credentials: Names,
    rules: Names,
}

impl<'a> Writer<'a> {
    fn new(file: &'a File, out: &'a mut dyn Write) -> Self {
        let connections = file.key_connections.iter();
        Self {
            out,
            measure: Measure::default(),
            seal: Seal::default(),
            digest: Digest::of(&file.plan.frame()),
            actions: BTreeSet::new(),
            at: file.plan.at,
            ids: connections
                .map(|(name, connection)| (name, format!("{}/", connection.id())))
                .collect(),
            hosts: hosts(file),
            clouds: Names::default(),
            credentials: Names::default(),
            rules: Names::default(),
        }
    }

    /// One line, which is sealed as it is written.
    fn put(&mut self, shape: &impl Serialize) -> Result<(), WriteError> {
        let line = counted(shape, &mut self.measure)?;
        self.seal.add(line.as_bytes());
        Ok(self.out.write_all((line + "\n").as_bytes())?)
    }

    fn cloud(&mut self, cloud: &words::Cloud) -> Result<String, WriteError> {
        let called = self.clouds.of(&cloud.name, &Cloud::of(cloud, None));
        if called.is_new {
            let line = Cloud::of(cloud, called.unless(&cloud.name));
            self.put(&Line::Cloud(line))?;
        }
        self.named(Kind::Cloud, called)
    }

    /// Counts again what a line is about to name.
    fn named(&mut self, kind: Kind, called: Called) -> Result<String, WriteError> {
        if called.is_new {
            self.measure.keep(kind, &called.reference);
        }
        self.repeat(kind, &called.reference)?;
        Ok(called.reference)
    }

    fn repeat(&mut self, kind: Kind, name: &str) -> Result<(), WriteError> {
        self.measure
            .repeat(kind, name)
            .map_err(WriteError::TooLarge)
    }

    fn credential(&mut self, credential: &Credential) -> Result<String, WriteError> {
        let is = Mirror::of(credential);
        let called = self.credentials.of(credential.method(), &is);
        if called.is_new {
            let reference = called.reference.clone();
            self.put(&Line::Credential(CredentialLine { reference, is }))?;
        }
        self.named(Kind::Credential, called)
    }

    fn key_connection(&mut self, connection: &KeyConnection) -> Result<(), WriteError> {
        let cloud = self.cloud(connection.cloud())?;
        let credential = self.credential(connection.credential())?;
        self.put(&match connection {
            KeyConnection::Factory(one) => Line::Factory(Factory::of(one, cloud, credential)),
            KeyConnection::Subscription(one) => {
                Line::Subscription(Subscription::of(one, cloud, credential))
            }
        })?;
        let name = connection.name().as_str();
        self.measure.keep(Kind::KeyConnection, name);
        Ok(())
    }

    fn vault(&mut self, vault: &words::VaultConnection) -> Result<(), WriteError> {
        let cloud = self.cloud(&vault.cloud)?;
        let credential = self.credential(&vault.credential)?;
        self.put(&Line::Vault(VaultShape::of(vault, cloud, credential)))
    }

    fn workspace(&mut self, workspace: &Workspace) -> Result<(), WriteError> {
        let cloud = self.cloud(&workspace.cloud)?;
        let credential = self.credential(&workspace.credential)?;
        let found = match workspace.host {
            WorkspaceHost::Given(_) => None,
            WorkspaceHost::FromResource => self.hosts.get(&workspace.name),
        };
        let found = found.map(|host| (*host).to_owned());
        let line = WorkspaceShape::of(workspace, cloud, credential, found);
        self.put(&Line::Workspace(line))?;
        self.measure.keep(Kind::Workspace, workspace.name.as_str());
        Ok(())
    }

    /// A step, after its rule if no step before it had the same.
    fn step(&mut self, step: &words::Step, sentence: String) -> Result<(), WriteError> {
        self.digest.add(step);
        let rule = self.rule(step)?;
        let target = step.target.as_ref();
        if let Some(target) = target {
            self.repeat(connection_kind(target), target.connection().as_str())?;
        }
        let target = target.map(|target| self.target(target, &step.rule));
        let facts = facts(&step.facts, self.at);
        let proposal = step.proposal();
        let digests = proposal.as_ref().map(action_digests).unwrap_or_default();
        self.actions.extend(digests.iter().cloned());
        let line = Step::of(step, rule, target, sentence, digests, facts);
        self.put(&Line::Step(Box::new(line)))
    }

    fn rule(&mut self, step: &words::Step) -> Result<String, WriteError> {
        let name = step.rule.as_str();
        let promises = Terms::of(&step.facts);
        if promises.is_none()
            && let Some(reference) = self.rules.any(name)
        {
            let reference = reference.clone();
            self.repeat(Kind::Rule, &reference)?;
            return Ok(reference);
        }
        let called = self.rules.of(name, &promises);
        if called.is_new {
            self.put(&Line::Rule(Rule {
                name: Text(step.rule.clone()),
                reference: called.unless(name),
                promises,
            }))?;
        }
        self.named(Kind::Rule, called)
    }

    fn target(&self, target: &words::Target, step_rule: &Name) -> Target {
        let host = |workspace: &Name, host: &String| {
            let known = self.hosts.get(workspace);
            known
                .is_none_or(|known| known != host)
                .then(|| host.clone())
        };
        match target {
            words::Target::Runtime(target) => {
                let (below, id) = self.id(&target.connection, &target.id);
                Target::Runtime {
                    connection: Text(target.connection.clone()),
                    below,
                    id,
                }
            }
            words::Target::Job(target) => Target::Job {
                host: host(&target.workspace, &target.host),
                workspace: Text(target.workspace.clone()),
                job: target.job.0,
            },
            words::Target::Submission(target) => Target::Submission {
                host: host(&target.workspace, &target.host),
                workspace: Text(target.workspace.clone()),
                rule: (target.rule != *step_rule).then(|| Text(target.rule.clone())),
                body: target.body.clone(),
            },
        }
    }

    /// An id, either below that of its connection or whole.
    fn id(&self, connection: &Name, id: &ResourceId) -> (Option<String>, Option<Text<ResourceId>>) {
        let within = self.ids.get(connection);
        let below = within.and_then(|within| id.as_str().strip_prefix(within.as_str()));
        match below {
            Some(below) => (Some(below.to_owned()), None),
            None => (None, Some(Text(id.clone()))),
        }
    }

    fn end(mut self) -> Result<(), WriteError> {
        let end = Line::End(End {
            lines: self.measure.lines + 1,
            digest: self.digest.finish(),
            actions: (!self.actions.is_empty()).then(|| digest_over(&self.actions)),
            seal: self.seal.finish(),
        });
        let line = counted(&end, &mut self.measure)?;
        Ok(self.out.write_all((line + "\n").as_bytes())?)
    }
}

fn counted(shape: &impl Serialize, measure: &mut Measure) -> Result<String, WriteError> {
    let line = line_of(shape)?;
    let counted = measure.count(line.as_bytes());
    counted.map_err(WriteError::TooLarge).map(|()| line)
}

/// A shape as one line that is harmless wherever it is shown.
pub(super) fn line_of(shape: &impl Serialize) -> Result<String, WriteError> {
    let line = serde_json::to_string(shape).map_err(std::io::Error::from)?;
    Ok(escape::json(&line))
}

fn connection_kind(target: &words::Target) -> Kind {
    match target {
        words::Target::Runtime(_) => Kind::KeyConnection,
        words::Target::Job(_) | words::Target::Submission(_) => Kind::Workspace,
    }
}

/// Where each workspace is: as its connection says, or else as the first of its steps found it.
fn hosts(file: &File) -> BTreeMap<&Name, &str> {
    let mut hosts = BTreeMap::new();
    for step in &file.plan.steps {
        let (workspace, host) = match &step.target {
            Some(words::Target::Job(target)) => (&target.workspace, &target.host),
            Some(words::Target::Submission(target)) => (&target.workspace, &target.host),
            Some(words::Target::Runtime(_)) | None => continue,
        };
        hosts.entry(workspace).or_insert(host.as_str());
    }
    for (name, workspace) in &file.workspaces {
        if let WorkspaceHost::Given(host) = &workspace.host {
            hosts.insert(name, host);
        }
    }
    hosts
}

fn facts(facts: &words::Facts, at: Timestamp) -> Facts {
    match facts {
        words::Facts::Runtime(facts) => {
            let slots = PerSlot::of_keys(&facts.slots, at);
            Facts::Runtime(Box::new(RuntimeFacts::of(facts, slots)))
        }
        words::Facts::Job(facts) => Facts::Job(Box::new(JobFacts::of(facts))),
        words::Facts::Submission(facts) => Facts::Submission(SubmissionFacts::of(facts)),
        words::Facts::None => Facts::None,
    }
}
