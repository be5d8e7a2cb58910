//! One document: its `apiVersion`, `kind` and name, and which shape its `spec` has.
//!
//! A document of another `apiVersion` is an error.

use std::rc::Rc;

use schemars::{Schema, SchemaGenerator};

use super::mark::{At, Mark};
use super::mask::clipped;
use super::problem::{Findings, Problem, suggestion};
use super::shape::approval::ApprovalSpec;
use super::shape::connection::{
    CloudSpec, CredentialSpec, DataFactorySpec, DatabricksWorkspaceSpec, SubscriptionSpec,
    SynapseWorkspaceSpec,
};
use super::shape::declare::record;
use super::shape::leaf::NameText;
use super::shape::policy::PolicySpec;
use super::shape::project::ProjectSpec;
use super::shape::rule::{JobRunSpec, KeyAgeSpec};
use super::shape::spot::{Fields, Spot};
use super::tree::Node;
use crate::model::address::Name;
use crate::model::kind::Kind;

/// The version that this program reads.
pub const API_VERSION: &str = "afresh/v1";

record! {
    /// What a document is called.
    Metadata {
        /// Its name. No two documents of one kind have the same name, and no two connections (DataFactory, SynapseWorkspace, Subscription, DatabricksWorkspace).
        "name" name: At<NameText>,
    }
}

/// The shape of each kind's spec: its type, its reader and its schema come from this one table.
macro_rules! specs {
    ($($kind:ident: $shape:ty),* $(,)?) => {
        /// A document's spec.
        #[derive(Debug)]
        pub enum Spec { $(
            #[doc = concat!("`", stringify!($kind), "`.")]
            $kind(Box<$shape>)
        ),* }

        impl Spec {
            /// Reads the `spec` of a document. `None` if that fails: then at least one problem was noted.
            fn read(kind: Kind, fields: &Fields<'_>, findings: &mut Findings) -> Option<Self> {
                match kind { $(
                    Kind::$kind => fields.take::<$shape>("spec", findings).map(|spec| Self::$kind(Box::new(spec)))
                ),* }
            }

            /// The JSON Schema of a `spec`.
            pub fn schema(kind: Kind, generator: &mut SchemaGenerator) -> Schema {
                match kind { $(Kind::$kind => generator.subschema_for::<$shape>()),* }
            }
        }
    };
}

specs! {
    Project: ProjectSpec,
    DataFactory: DataFactorySpec,
    SynapseWorkspace: SynapseWorkspaceSpec,
    Subscription: SubscriptionSpec,
    DatabricksWorkspace: DatabricksWorkspaceSpec,
    Cloud: CloudSpec,
    Credential: CredentialSpec,
    KeyAge: KeyAgeSpec,
    JobRun: JobRunSpec,
    Policy: PolicySpec,
    Approval: ApprovalSpec,
}

/// A document that was recognised. Its parts are there as far as they could be read.
#[derive(Debug)]
pub struct Document {
    /// Its kind.
    pub kind: Kind,
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
        self.kind.is_rule()
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
    let spec = Spec::read(kind, &fields, findings);
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

fn known_kind(kind: &At<String>, findings: &mut Findings) -> Option<Kind> {
    let known = Kind::parse(&kind.value);
    if known.is_none() {
        let message = format!("`{}` is not a kind of document", clipped(&kind.value));
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        findings.add(Problem::at(kind.mark, message).maybe_help(suggestion(&kind.value, &kinds)));
    }
    known
}
