//! CARRY OVER: a plan as a file, which can be shown anywhere offline and applied without the manifests.
//!
//! The file is JSON with shapes of its own, one for each type of the model, under a version: `"format": "afresh-plan/2"`.
//! It contains two hashes:
//! - `digest` is SHA-256 over what was decided and what that presumes, not over ages: the same plan a minute later has the same
//!   digest. It is what a reviewer compares.
//! - `seal` is SHA-256 over the whole document without the seal. It detects accidents and hand edits. It does **not** stop a
//!   forger, who can compute it again: whoever may replace the file decides what is applied. Keep plan files where only the
//!   pipeline writes. What an apply does is still bounded, because it looks again before each action.
//!
//! A plan file holds no secret: there is no field for one, and credentials are references. A field or version that is not known is an
//! error, and so is a file larger than [`crate::limits::PLAN_BYTES_MAX`].

mod digest;
mod mirror;
mod place;
mod shape;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::value::to_value;
use crate::limits::{PLAN_BYTES_MAX, PLAN_VALUES_MAX};
use crate::model::address::Name;
use crate::model::connection::{KeyConnection, Workspace};
use crate::model::desired::LedgerPlace;
use crate::model::trust::Use;
use crate::model::verdict::Plan;
use mirror::Mirror;
use shape::connection as connection_shape;
use shape::plan as plan_shape;
use shape::text::Text;
use shape::trust as trust_shape;

pub use digest::digest;

/// The version that this tool writes and reads.
pub const FORMAT: &str = "afresh-plan/2";
const FAMILY: &str = "afresh-plan/";

/// A plan with all that is needed to apply it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What was decided.
    pub plan: Plan,
    /// The connections to resources with keys that its steps use.
    pub key_connections: BTreeMap<Name, KeyConnection>,
    /// The Databricks connections that its steps use, and those that the `DATABRICKS_` variables may be meant for.
    pub workspaces: BTreeMap<Name, Workspace>,
    /// The project's name.
    pub project: String,
    /// Where the ledger is that it was decided from.
    pub ledger: LedgerPlace,
    /// That ledger's own name, or the name it is to get: a plan is for one ledger.
    pub lineage: String,
    /// Was there anything in it? Then the plan presumes that it still is.
    pub began: bool,
    /// What its credentials come from and go to; nothing, if it was made for a simulated cloud. Nothing is allowed because it stands here.
    pub trust: Vec<Use>,
    /// Each step in one sentence, in their order. For people and programs that read the file; nothing is decided from it.
    pub sentences: Vec<String>,
}

/// Why a text is not a plan that may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// Something else.
    #[error("this is not a plan file of afresh; `afresh plan --out FILE` writes one")]
    NotAPlan,
    /// Written by a later version.
    #[error(
        "this plan has the format `{format}`, and this version of afresh reads `{FORMAT}`: use the version that made it, or plan again"
    )]
    NewerVersion {
        /// The format it says it has.
        format: String,
    },
    /// Written by an earlier version.
    #[error(
        "this plan has the format `{format}` of an older version of afresh, and this version reads `{FORMAT}`: make a new plan"
    )]
    OlderVersion {
        /// The format it says it has.
        format: String,
    },
    /// Its seal or its digest does not match what it says.
    #[error(
        "this plan was changed after it was written: its {mark} does not match. Nothing of it is used; plan again"
    )]
    Tampered {
        /// `seal` or `digest`.
        mark: &'static str,
    },
    /// Damaged, or cut off.
    #[error("this plan file is damaged at {path} (line {line}, column {column}): {why}")]
    Malformed {
        /// Where in the JSON: `plan.steps[3].verdict`; `the top` for the whole.
        path: String,
        /// 1-based line.
        line: usize,
        /// 1-based column, in bytes.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// Beyond [`crate::limits::PLAN_VALUES_MAX`].
    #[error(
        "this file has {values} values, and a plan has at most {PLAN_VALUES_MAX}: is it the right file?"
    )]
    TooMany {
        /// How many it has.
        values: usize,
    },
    /// Beyond [`crate::limits::PLAN_BYTES_MAX`].
    #[error(
        "this file has {bytes} bytes, and a plan has at most {PLAN_BYTES_MAX}: is it the right file?"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl SavedError {
    /// May a new plan take the file's place? Another version may still use what is there, and what is no plan is somebody's.
    pub const fn may_be_replaced(&self) -> bool {
        match self {
            Self::Tampered { .. } | Self::Malformed { .. } => true,
            Self::NotAPlan
            | Self::NewerVersion { .. }
            | Self::OlderVersion { .. }
            | Self::TooMany { .. }
            | Self::TooLarge { .. } => false,
        }
    }
}

/// A plan file of afresh.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "afresh plan file")]
struct Document {
    /// The version of this shape.
    format: String,
    /// The version of the tool that wrote it.
    tool: String,
    /// SHA-256 over what was decided and what that presumes, without ages.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    digest: String,
    project: String,
    ledger: connection_shape::LedgerPlace,
    /// The ledger's own name: a plan is for one ledger.
    lineage: String,
    /// Was there anything in the ledger? Then the plan presumes that it still is.
    ledger_began: bool,
    /// What the plan comes to, as its headline says it.
    counts: plan_shape::Counts,
    plan: plan_shape::Plan,
    /// Connections that the steps use; credentials only as references.
    factories: BTreeMap<Text<Name>, connection_shape::Factory>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    subscriptions: BTreeMap<Text<Name>, connection_shape::Subscription>,
    workspaces: BTreeMap<Text<Name>, connection_shape::Workspace>,
    /// What credentials come from and go to, with what allowed each when the plan was made. For people: whoever applies the plan asks again.
    trust: Vec<trust_shape::Use>,
    /// SHA-256 over this document without this field, as JSON without spaces and with its keys sorted.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    seal: String,
}

/// The file's text: readable JSON with its digest and its seal.
pub fn write(file: &File) -> String {
    format!("{:#}\n", document(file))
}

/// The whole document as JSON.
pub fn document(file: &File) -> Value {
    let mut plan: plan_shape::Plan = Mirror::of(&file.plan);
    for (step, sentence) in plan.steps.iter_mut().zip(&file.sentences) {
        step.sentence.clone_from(sentence);
    }
    let document = Document {
        format: FORMAT.to_owned(),
        tool: concat!("afresh ", env!("CARGO_PKG_VERSION")).to_owned(),
        digest: digest(&file.plan),
        project: file.project.clone(),
        ledger: Mirror::of(&file.ledger),
        lineage: file.lineage.clone(),
        ledger_began: file.began,
        counts: Mirror::of(&file.plan.counts()),
        plan,
        factories: factories(&file.key_connections),
        subscriptions: subscriptions(&file.key_connections),
        workspaces: Mirror::of(&file.workspaces),
        trust: Mirror::of(&file.trust),
        seal: String::new(),
    };
    sealed(to_value(&document))
}

/// The document, a JSON object, with the seal that its other fields ask for.
pub fn sealed(mut document: Value) -> Value {
    document["seal"] = digest::seal(document.clone()).into();
    document
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// Every way in which the text is not such a file, or not any more.
pub fn read(text: &str) -> Result<File, SavedError> {
    if text.len() > PLAN_BYTES_MAX {
        return Err(SavedError::TooLarge { bytes: text.len() });
    }
    is_plan(text)?;
    let values = values(text);
    if values > PLAN_VALUES_MAX {
        return Err(SavedError::TooMany { values });
    }
    // First what it must be: what it must not be costs nothing more then.
    let document: Document = serde_json::from_str(text).map_err(|error| malformed(text, &error))?;
    let value: Value = serde_json::from_str(text).map_err(|error| malformed(text, &error))?;
    if digest::seal(value) != document.seal {
        return Err(SavedError::Tampered { mark: "seal" });
    }
    let written_digest = document.digest.clone();
    let file = open(document);
    if digest(&file.plan) != written_digest {
        return Err(SavedError::Tampered { mark: "digest" });
    }
    Ok(file)
}

/// Where the ledger lies that a plan file was made from, as far as the text tells, which may be cut or damaged: for people, and never
/// opened.
pub fn ledger_file(text: &str) -> Option<PathBuf> {
    let file = |rest: &str| {
        let rest = after(rest, &[':', '{'])?.strip_prefix("\"file\"")?;
        let value = after(rest, &[':'])?;
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
        values.next()?.ok().map(PathBuf::from)
    };
    let mut places = text.match_indices("\"ledger\"");
    places.find_map(|(at, key)| file(&text[at + key.len()..]))
}

/// What follows these signs, with any blanks around them.
fn after<'a>(text: &'a str, signs: &[char]) -> Option<&'a str> {
    signs
        .iter()
        .try_fold(text.trim_ascii_start(), |rest, sign| {
            Some(rest.strip_prefix(*sign)?.trim_ascii_start())
        })
}

/// The JSON Schema of the plan file.
pub fn schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// Is it JSON of a plan's family and of this version? Nothing but that is kept of it.
fn is_plan(text: &str) -> Result<(), SavedError> {
    #[derive(Deserialize)]
    struct Head {
        format: Option<String>,
    }
    let head: Head = match serde_json::from_str(text) {
        Ok(head) => head,
        Err(error) if text.contains(FAMILY) => return Err(malformed(text, &error)),
        Err(_) => return Err(SavedError::NotAPlan),
    };
    match head.format.as_deref() {
        Some(FORMAT) => Ok(()),
        other => Err(other.map_or(SavedError::NotAPlan, of_another_version)),
    }
}

/// How many values JSON has, at most: what may follow each is counted, outside of strings.
fn values(text: &str) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

fn of_another_version(format: &str) -> SavedError {
    let version = |text: &str| text.strip_prefix(FAMILY)?.parse::<u32>().ok();
    let is_newer = |own: u32| version(FORMAT).is_some_and(|known| known < own);
    let format = format.to_owned();
    match version(&format).map(is_newer) {
        None => SavedError::NotAPlan,
        Some(true) => SavedError::NewerVersion { format },
        Some(false) => SavedError::OlderVersion { format },
    }
}

fn malformed(text: &str, error: &serde_json::Error) -> SavedError {
    let (line, column) = (error.line(), error.column());
    let why = error.to_string();
    let place = format!(" at line {line} column {column}");
    SavedError::Malformed {
        path: place::path(text, line, column),
        line,
        column,
        why: why.strip_suffix(&place).unwrap_or(&why).to_owned(),
    }
}

fn factories(
    all: &BTreeMap<Name, KeyConnection>,
) -> BTreeMap<Text<Name>, connection_shape::Factory> {
    let factories = all
        .iter()
        .filter_map(|(name, connection)| match connection {
            KeyConnection::Factory(one) => Some((Text(name.clone()), Mirror::of(one))),
            KeyConnection::Subscription(_) => None,
        });
    factories.collect()
}

fn subscriptions(
    all: &BTreeMap<Name, KeyConnection>,
) -> BTreeMap<Text<Name>, connection_shape::Subscription> {
    let subscriptions = all
        .iter()
        .filter_map(|(name, connection)| match connection {
            KeyConnection::Subscription(one) => Some((Text(name.clone()), Mirror::of(one))),
            KeyConnection::Factory(_) => None,
        });
    subscriptions.collect()
}

fn key_connections(
    factories: BTreeMap<Text<Name>, connection_shape::Factory>,
    subscriptions: BTreeMap<Text<Name>, connection_shape::Subscription>,
) -> BTreeMap<Name, KeyConnection> {
    let factories = factories
        .into_iter()
        .map(|(Text(name), one)| (name, KeyConnection::Factory(one.back())));
    let subscriptions = subscriptions
        .into_iter()
        .map(|(Text(name), one)| (name, KeyConnection::Subscription(one.back())));
    factories.chain(subscriptions).collect()
}

fn open(document: Document) -> File {
    let steps = &document.plan.steps;
    let sentences = steps.iter().map(|step| step.sentence.clone()).collect();
    File {
        plan: document.plan.back(),
        key_connections: key_connections(document.factories, document.subscriptions),
        workspaces: document.workspaces.back(),
        project: document.project,
        ledger: document.ledger.back(),
        lineage: document.lineage,
        began: document.ledger_began,
        trust: document.trust.back(),
        sentences,
    }
}
