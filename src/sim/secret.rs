//! A key vault and its secrets, each with all versions that it has had. Plain data.
//!
//! A deleted secret can be recovered for some days, and keeps its name until then. Deleting and recovering take the service a moment.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest;
use super::operation::Operation;
use super::shelf::{Keyed, Shelf};
use super::times::after;

/// How long a deletion or a recovery takes; a little more in recordings.
const SETTLING: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_hours(24);
/// The longest that a deleted secret is kept, which is what a vault does unless it is told otherwise.
pub(crate) const DAYS_MAX: u32 = 90;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vault {
    pub(crate) name: String,
    /// What its host is made of behind the name: `vault.azure.net`.
    pub(crate) domain: String,
    pub(crate) location: String,
    /// Its id, which only refusals tell.
    pub(crate) id: String,
    /// How long a deleted secret can be recovered, in days.
    pub(crate) recoverable_days: u32,
    /// Nobody can shorten that.
    pub(crate) purge_protection: bool,
    /// Rights are given in access policies, and not as roles.
    pub(crate) access_policies: bool,
    pub(crate) forbidden: Vec<Operation>,
    pub(crate) secrets: Shelf<Secret>,
}

impl Vault {
    pub(crate) fn host(&self) -> String {
        format!("{}.{}", self.name, self.domain)
    }

    /// What its tokens are for.
    pub(crate) fn resource(&self) -> String {
        format!("https://{}", self.domain)
    }

    /// As attributes spell it.
    pub(crate) fn recovery_level(&self) -> String {
        let usual = self.recoverable_days == DAYS_MAX;
        let level = if usual {
            "Recoverable"
        } else {
            "CustomizedRecoverable"
        };
        let more = if self.purge_protection {
            ""
        } else {
            "+Purgeable"
        };
        format!("{level}{more}")
    }

    /// How long a deleted secret is kept.
    pub(crate) fn kept_for(&self) -> Duration {
        DAY * self.recoverable_days
    }

    /// What has become of a secret by `at`.
    pub(crate) fn state(&self, secret: &Secret, at: Timestamp) -> State {
        let deleted = secret.deleted.filter(|deleted| *deleted <= at);
        match (deleted, secret.recovered) {
            _ if secret.versions.is_empty() => State::Absent,
            (Some(deleted), _) if after(deleted, self.kept_for()) <= at => State::Absent,
            (Some(deleted), _) if at < after(deleted, SETTLING) => State::BeingDeleted,
            (Some(_), _) => State::Deleted,
            (None, Some(recovered)) if recovered <= at && at < after(recovered, SETTLING) => {
                State::BeingRecovered
            }
            (None, _) => State::Present,
        }
    }

    /// The secret of this name, if there is one or there was.
    pub(crate) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.find(&name.to_ascii_lowercase())
    }
}

/// What has become of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
    /// No longer there, and not yet among the deleted ones.
    BeingDeleted,
    Deleted,
    /// The other way round.
    BeingRecovered,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// In order of creation. None: it was purged.
    pub(crate) versions: Vec<Version>,
    /// Versions that it ever had: ids derive from it.
    pub(crate) made: u64,
    pub(crate) deleted: Option<Timestamp>,
    pub(crate) recovered: Option<Timestamp>,
    pub(crate) forbidden: Vec<Operation>,
}

impl Keyed for Secret {
    fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

impl Secret {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            versions: Vec::new(),
            made: 0,
            deleted: None,
            recovered: None,
            forbidden: Vec::new(),
        }
    }

    /// The one that counts, as it was at `at`: the last that was made, whether it is enabled or not.
    pub(crate) fn newest(&self, at: Timestamp) -> Option<&Version> {
        self.versions.iter().rfind(|one| one.created <= at)
    }

    /// Makes a version at `at`; what it holds is filled in by whoever asked for it.
    pub(crate) fn make(&mut self, root: &str, vault: &str, at: Timestamp) -> &mut Version {
        let number = self.made.to_string();
        let key = self.key();
        let id = digest::digest(&[root, "secret version", vault, &key, &number]);
        self.made += 1;
        let place = self.versions.len();
        self.versions.push(Version {
            id: digest::hex(&id[..16]),
            value: None,
            enabled: true,
            created: at,
            updated: at,
            expires: None,
            not_before: None,
            content_type: None,
            tags: BTreeMap::new(),
        });
        &mut self.versions[place]
    }

    /// Nothing of it is left but that there was one.
    pub(crate) fn purge(&mut self) {
        self.versions.clear();
        (self.deleted, self.recovered) = (None, None);
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    /// 32 hex digits.
    pub(crate) id: String,
    /// What a request wrote; absent: it derives from the id.
    pub(crate) value: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// In seconds since 1970.
    pub(crate) expires: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) content_type: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Version {
    pub(crate) fn value(&self, root: &str) -> String {
        let derived = || digest::base64(&digest::digest(&[root, "secret value", &self.id]));
        self.value.clone().unwrap_or_else(derived)
    }
}
