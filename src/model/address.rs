//! Names and addresses: what people type, and what stays the same when they rename it.
//!
//! A [`Name`] is checked when it is parsed. Two ARM ids that differ in case only are equal, as they are to Azure.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::job::JobId;

/// A manifest's `metadata.name`: `^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`, 1 to 63 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Does a runtime's name follow the service's rule: 3 to 63 letters and digits, with single hyphens between them? Only such a name becomes
/// part of an address (Data Factory REST API, `integrationRuntimeName`).
pub fn is_runtime_name(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (3..=63).contains(&text.len()) && text.split('-').all(is_part)
}

/// Does a storage account's name follow the service's rule, 3 to 24 letters and digits? Only such a name becomes part of an address. Azure's
/// names are in lower case, and its ids are compared without regard to case.
pub fn is_account_name(text: &str) -> bool {
    (3..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Name {
    /// Checks the alphabet and the length.
    ///
    /// # Errors
    /// A sentence that says what a name may look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if text.len() <= 63
            && edge(text.chars().next())
            && edge(text.chars().last())
            && text.chars().all(inner)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err("a name has 1 to 63 lower-case letters, digits, `-` and `.`, and begins and ends with a letter or digit".to_owned())
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person calls a subject: `connection/name`, as in `ingest/gateway-west` or `analytics/nightly-sales`.
///
/// The name is a runtime's own name, a one-job rule's `metadata.name`, or, under a rule that selects by tags, the job's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The connection's `metadata.name`.
    pub connection: Name,
    /// The subject's name within it.
    pub subject: String,
}

impl Address {
    /// Puts the two halves together.
    pub fn new(connection: Name, subject: impl Into<String>) -> Self {
        Self {
            connection,
            subject: subject.into(),
        }
    }

    /// Reads `connection/name`; the name may hold further slashes.
    ///
    /// # Errors
    /// A sentence that says what an address looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (connection, subject) = text
            .split_once('/')
            .ok_or("an address reads CONNECTION/NAME, as in ingest/gateway-west")?;
        if subject.is_empty() {
            return Err(
                "an address reads CONNECTION/NAME, and here the name is missing".to_owned(),
            );
        }
        Ok(Self::new(Name::parse(connection)?, subject))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.connection, self.subject)
    }
}

/// An ARM resource id. Azure changes the case of its own ids: two that differ in case only are equal.
#[derive(Clone, Debug)]
pub struct ResourceId {
    written: Arc<str>,
    /// In lower case: what it is compared by. Folded once, since a large estate compares its ids all the time.
    folded: Arc<str>,
}

impl ResourceId {
    /// Takes the id as Azure or a manifest wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        let written: Arc<str> = text.into().into();
        let folded = if written.bytes().any(|letter| letter.is_ascii_uppercase()) {
            written.to_ascii_lowercase().into()
        } else {
            Arc::clone(&written)
        };
        Self { written, folded }
    }

    /// The id as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The id in lower case: the form to store and compare.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The last segment: the resource's own name.
    pub fn name(&self) -> &str {
        self.written.rsplit('/').next().unwrap_or_default()
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for ResourceId {}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.folded.hash(hasher);
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// What a subject *is*, whatever people call it: the ledger's key. A renamed connection keeps its memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// A resource with two keys: an integration runtime, a storage account.
    Runtime(ResourceId),
    /// A Databricks job: workspace host in lower case, and job id.
    Job(String, JobId),
    /// A one-time submit: workspace host in lower case, and the rule's name.
    Submission(String, Name),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(id) => write!(f, "runtime:{}", id.folded()),
            Self::Job(host, job) => write!(f, "job:{host}/{job}"),
            Self::Submission(host, rule) => write!(f, "submit:{host}/{rule}"),
        }
    }
}

impl Identity {
    /// The resource, of one that has keys.
    pub const fn resource(&self) -> Option<&ResourceId> {
        match self {
            Self::Runtime(id) => Some(id),
            Self::Job(..) | Self::Submission(..) => None,
        }
    }

    /// The workspace's host and the job's id, of a job.
    pub fn job(&self) -> Option<(&str, JobId)> {
        match self {
            Self::Job(host, job) => Some((host, *job)),
            Self::Runtime(_) | Self::Submission(..) => None,
        }
    }

    /// The workspace's host and the rule, of a one-time submit.
    pub fn submission(&self) -> Option<(&str, &Name)> {
        match self {
            Self::Submission(host, rule) => Some((host, rule)),
            Self::Runtime(_) | Self::Job(..) => None,
        }
    }

    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "runtime" => Some(Self::Runtime(ResourceId::new(rest))),
            "job" => rest
                .rsplit_once('/')
                .and_then(|(host, job)| Some(Self::Job(host.to_owned(), JobId(job.parse().ok()?)))),
            "submit" => rest.rsplit_once('/').and_then(|(host, rule)| {
                Some(Self::Submission(host.to_owned(), Name::parse(rule).ok()?))
            }),
            _ => None,
        }
    }
}
