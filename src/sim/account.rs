//! A storage account, which has two keys as a runtime has them, and tells when each was made, more or less.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest;
use super::key::{Making, Pair};
use super::operation::Operation;
use super::shelf::Keyed;
use super::times::after;

/// Names of the two slots, as bodies and requests spell them.
pub(crate) const SLOTS: [&str; 2] = ["key1", "key2"];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Unique in the whole world, so that keys derive from it alone and stay when the account moves.
    pub(crate) name: String,
    pub(crate) resource_group: String,
    pub(crate) location: String,
    pub(crate) created: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
    /// Absent: not shown, which means yes.
    pub(crate) allow_shared_key_access: Option<bool>,
    pub(crate) key_times: KeyTimes,
    pub(crate) keys: Pair,
    pub(crate) forbidden: Vec<Operation>,
    /// How often it has been made anew: its keys are others each time.
    pub(crate) life: u32,
    /// Only of what is gone: its deletion.
    pub(crate) deleted: Option<Making>,
}

impl Keyed for Account {
    fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

/// Where an account tells when its keys were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum KeyTimes {
    /// Everywhere.
    #[default]
    Shown,
    /// Everywhere but in lists of accounts, which do not have the field.
    NotInLists,
    /// The time of a key is null until that key has been rotated once.
    AfterRotation,
    /// Null everywhere.
    Hidden,
    /// Everywhere, and a year too late: no service is known to do that.
    Ahead,
}

/// How much too late those times are.
const AHEAD: Duration = Duration::from_hours(365 * 24);

impl Account {
    /// The text of the key in a slot (0 or 1) as it was at `instant`: 64 bytes in base64.
    pub(crate) fn key_value(&self, root: &str, slot: usize, instant: Timestamp) -> String {
        let value = self.keys.value(slot, instant);
        let name = self.name.to_ascii_lowercase();
        let numbers = [value.slot.to_string(), value.generation.to_string()];
        let life = self.life.to_string();
        let half = |half: &str| {
            digest::digest(&[
                root,
                "storage",
                &name,
                &numbers[0],
                &numbers[1],
                &life,
                half,
            ])
        };
        digest::base64(&[half("first"), half("second")].concat())
    }

    /// When the key in a slot was made, if the account tells it at `instant`.
    pub(crate) fn key_time(&self, slot: usize, instant: Timestamp) -> Option<Timestamp> {
        let value = self.keys.value(slot, instant);
        let made = || self.keys.made(value);
        match self.key_times {
            KeyTimes::Hidden => None,
            KeyTimes::AfterRotation if value.generation == 0 => None,
            KeyTimes::Shown | KeyTimes::NotInLists | KeyTimes::AfterRotation => made(),
            KeyTimes::Ahead => Some(after(made()?, AHEAD)),
        }
    }

    /// What had been told of it until it went elsewhere.
    pub(crate) fn until(mut self, at: Timestamp) -> Self {
        self.keys.cut(at);
        self
    }
}
