//! One document: its `apiVersion`, `kind` and name, and which shape its `spec` has.
//!
//! Refuses: a document of another version.

use std::rc::Rc;

use super::mark::{At, Mark};
use super::problem::{Findings, Problem, suggestion};
use super::shape::connection::{
    CloudSpec, CredentialSpec, DataFactorySpec, DatabricksWorkspaceSpec,
};
use super::shape::leaf::NameText;
use super::shape::policy::PolicySpec;
use super::shape::project::ProjectSpec;
use super::shape::rule::{JobRunSpec, KeyAgeSpec};
use super::shape::{Fields, Shape, Spot, clipped, record};
use super::tree::Node;
use crate::model::address::Name;

/// The version that this program reads.
pub const API_VERSION: &str = "afresh/v1";

/// The kinds of documents.
pub const KINDS: [&str; 8] = [
    "Project",
    "DataFactory",
    "DatabricksWorkspace",
    "Cloud",
    "Credential",
    "KeyAge",
    "JobRun",
    "Policy",
];

record! {
    /// What a document is called.
    Metadata {
        /// Its name: one of its kind.
        "name" name: At<NameText>,
    }
}

/// A document's spec.
#[derive(Debug)]
pub enum Spec {
    /// `Project`.
    Project(ProjectSpec),
    /// `DataFactory`.
    DataFactory(DataFactorySpec),
    /// `DatabricksWorkspace`.
    DatabricksWorkspace(DatabricksWorkspaceSpec),
    /// `Cloud`.
    Cloud(CloudSpec),
    /// `Credential`.
    Credential(CredentialSpec),
    /// `KeyAge`.
    KeyAge(Box<KeyAgeSpec>),
    /// `JobRun`.
    JobRun(Box<JobRunSpec>),
    /// `Policy`, which is read from outside the manifests only.
    Policy(Box<PolicySpec>),
}

/// A document that was recognised. Its parts are there as far as they could be read.
#[derive(Debug)]
pub struct Document {
    /// Its kind, one of [`KINDS`].
    pub kind: &'static str,
    /// Its name.
    pub name: Option<At<Name>>,
    /// Its spec.
    pub spec: Option<Spec>,
    /// Its place.
    pub mark: Mark,
}

impl Document {
    /// Does it promise something?
    pub fn is_rule(&self) -> bool {
        matches!(self.kind, "KeyAge" | "JobRun")
    }
}

/// Reads a document. `None` if its version or kind is not known: then that was noted.
pub fn read(root: &Rc<Node>, findings: &mut Findings) -> Option<Document> {
    let first_line = Mark {
        end_line: root.mark.line,
        end_column: root.mark.column + 1,
        ..root.mark
    };
    let spot = Spot {
        node: root,
        owner: first_line,
        name: "document",
    };
    let fields = Fields::open(spot, &["apiVersion", "kind", "metadata", "spec"], findings)?;
    let help = format!(
        "write `apiVersion: {API_VERSION}`; keep YAML for other programs in another folder"
    );
    let version = fields.take_or_help::<At<String>>("apiVersion", &help, findings);
    let kind = fields.take::<At<String>>("kind", findings);
    let version_fits = version.is_some_and(|version| version_fits(&version, findings));
    let kind = kind.and_then(|kind| known_kind(&kind, findings));
    let metadata = fields.take::<Metadata>("metadata", findings);
    let kind = kind.filter(|_| version_fits)?;
    let spec = read_spec(kind, &fields, findings);
    let name = metadata.map(|metadata| At {
        value: metadata.name.value.0,
        mark: metadata.name.mark,
    });
    let mark = name.as_ref().map_or(first_line, |name| name.mark);
    Some(Document {
        kind,
        name,
        spec,
        mark,
    })
}

fn version_fits(version: &At<String>, findings: &mut Findings) -> bool {
    if version.value == API_VERSION {
        return true;
    }
    let message = format!(
        "`{}` is not a version that this afresh reads",
        clipped(&version.value)
    );
    findings
        .add(Problem::at(version.mark, message).help(format!("write `apiVersion: {API_VERSION}`")));
    false
}

fn known_kind(kind: &At<String>, findings: &mut Findings) -> Option<&'static str> {
    let known = KINDS.into_iter().find(|known| *known == kind.value);
    if known.is_none() {
        let message = format!("`{}` is not a kind of document", clipped(&kind.value));
        findings.add(Problem::at(kind.mark, message).maybe_help(suggestion(&kind.value, &KINDS)));
    }
    known
}

fn read_spec(kind: &str, fields: &Fields<'_>, findings: &mut Findings) -> Option<Spec> {
    fn take<T: Shape>(
        fields: &Fields<'_>,
        wrap: fn(T) -> Spec,
        findings: &mut Findings,
    ) -> Option<Spec> {
        fields.take::<T>("spec", findings).map(wrap)
    }
    match kind {
        "Project" => take(fields, Spec::Project, findings),
        "DataFactory" => take(fields, Spec::DataFactory, findings),
        "DatabricksWorkspace" => take(fields, Spec::DatabricksWorkspace, findings),
        "Cloud" => take(fields, Spec::Cloud, findings),
        "Credential" => take(fields, Spec::Credential, findings),
        "KeyAge" => take(fields, |spec| Spec::KeyAge(Box::new(spec)), findings),
        "Policy" => take(fields, |spec| Spec::Policy(Box::new(spec)), findings),
        _ => take(fields, |spec| Spec::JobRun(Box::new(spec)), findings),
    }
}
