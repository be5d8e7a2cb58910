//! What somebody approved: actions, by their digests, until some time.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::address::Name;
use super::hex::hex;
use super::time::Timestamp;

/// An approval that lies beside the manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What it is called.
    pub name: Name,
    /// Over all of its actions.
    pub digest: String,
    /// By the digest of each.
    pub actions: BTreeMap<String, Named>,
    /// Who approved, by the file's own word.
    pub by: Option<String>,
    /// The first instant at which it holds no longer; `None`: it holds as long as it lies there.
    pub until: Option<Timestamp>,
    /// Where it stands: `approvals/monday.yaml:3:9`.
    pub place: String,
}

/// What an approval says that an action is, for its readers. It has to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its subject, as plans call it.
    pub subject: String,
    /// What is done, as plans say it.
    pub action: String,
}

impl Approval {
    /// Does it hold at this time?
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// SHA-256, in lower-case hex, over the digests of actions in their order as text, each with a line feed behind it: in which order they are
/// listed does not matter.
pub fn digest_over<'a>(actions: impl IntoIterator<Item = &'a String>) -> String {
    let sorted: BTreeSet<&String> = actions.into_iter().collect();
    let mut hasher = Sha256::new();
    for action in sorted {
        hasher.update(action);
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}
