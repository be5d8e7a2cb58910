//! What is known of workspaces: their hosts, and the version of the Jobs API that each has. A cache only; it sends no requests.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::OnceCell;
use url::Url;

use crate::mutex::Mutex;

/// A version of the Jobs API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 2.2.
    New,
    /// 2.1.
    Old,
}

/// What is known of workspaces' hosts.
#[derive(Debug, Default)]
pub(in crate::cloud) struct Hosts {
    /// By cloud and ARM id in lower case.
    read: Mutex<HashMap<String, Arc<OnceCell<String>>>>,
    /// The version in which each has answered a request with success. Nothing less proves that it is there.
    versions: Mutex<BTreeMap<String, Version>>,
}

impl Hosts {
    /// The version that this workspace is known to have.
    pub(super) fn version(&self, base: &Url) -> Option<Version> {
        let versions = self.versions.lock();
        versions.get(base.as_str()).copied()
    }

    /// It has answered in this version. The first one that has stays.
    pub(super) fn has_answered(&self, base: &Url, version: Version) {
        let mut versions = self.versions.lock();
        if !versions.contains_key(base.as_str()) {
            versions.insert(base.to_string(), version);
        }
    }

    pub(super) fn cell(&self, key: String) -> Arc<OnceCell<String>> {
        let mut read = self.read.lock();
        Arc::clone(read.entry(key).or_default())
    }
}
