//! Every key that is there: how old it is, by what evidence, and which rule covers it.

use std::cmp::Ordering;

use super::address::{Name, ResourceId};
use super::birth::{AgeRange, Birth};
use super::key_service::KeyService;
use super::requests::Requests;
use super::runtime::slot::Slot;
use super::time::{Span, Timestamp};
use super::trouble::Trouble;

/// From which age on a key counts as old in the summary.
pub const OLD: Span = Span::days(90);

/// Every key of some subscriptions.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// When it was read.
    pub at: Timestamp,
    /// Ids of the subscriptions, in the order of their ids.
    pub subscriptions: Vec<String>,
    /// Whether manifests were given: without any, no rule can cover a key.
    pub has_rules: bool,
    /// The keys, the oldest possible first.
    pub keys: Vec<InventoryKey>,
    /// What could not be read, so that keys may be missing.
    pub troubles: Vec<Trouble>,
    /// Requests that were sent.
    pub requests: Requests,
}

/// One key.
#[derive(Clone, Debug)]
pub struct InventoryKey {
    /// The runtime or storage account.
    pub resource: ResourceId,
    /// Which of its keys.
    pub slot: Slot,
    /// Whether it works.
    pub state: KeyState,
    /// When it was made, with the evidence.
    pub birth: Birth,
    /// Its age when it was read.
    pub age: AgeRange,
    /// The rule that covers it.
    pub rule: Option<Name>,
    /// That rule is suspended.
    pub suspended: bool,
}

/// Whether a key works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Enabled,
    /// The account takes none of its keys.
    Disabled,
    /// The resource could not be read; what is known of its keys is what the ledger knows.
    Unread(Trouble),
}

/// How many keys of each kind an inventory has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InventoryCounts {
    /// All.
    pub keys: usize,
    /// Covered by a rule.
    pub covered: usize,
    /// Covered by none.
    pub not_covered: usize,
    /// Those that may be older than [`OLD`].
    pub may_be_old: usize,
    /// Of accounts that take no keys.
    pub disabled: usize,
    /// Of resources that could not be read.
    pub unread: usize,
}

impl InventoryKey {
    /// Whose key it is.
    pub fn service(&self) -> KeyService {
        KeyService::of(&self.resource)
    }

    /// The factory or workspace that its runtime is of; `None`: a storage account is of none.
    pub fn holder(&self) -> Option<&str> {
        match self.service() {
            KeyService::DataFactory | KeyService::Synapse => {
                self.resource.as_str().split('/').nth(8)
            }
            KeyService::Storage => None,
        }
    }

    /// `adf-ingest/gateway-west#authKey1`, `lakeraw#key1`.
    pub fn title(&self) -> String {
        let holder = self.holder().map(|holder| format!("{holder}/"));
        format!(
            "{}{}#{}",
            holder.unwrap_or_default(),
            self.resource.name(),
            self.service().key_name(self.slot)
        )
    }

    /// May it be older than [`OLD`]?
    pub fn may_be_old(&self) -> bool {
        self.age.at_most.is_none_or(|at_most| at_most > OLD)
    }

    /// The oldest possible first; of equals in the order of their ids.
    fn order(&self, other: &Self) -> Ordering {
        (self.birth.earliest, &self.resource, self.slot).cmp(&(
            other.birth.earliest,
            &other.resource,
            other.slot,
        ))
    }
}

impl Inventory {
    /// Puts the keys in order.
    pub fn sort(&mut self) {
        self.keys.sort_by(InventoryKey::order);
    }

    /// How many of each.
    pub fn counts(&self) -> InventoryCounts {
        let mut counts = InventoryCounts::default();
        for key in &self.keys {
            counts.keys += 1;
            counts.covered += usize::from(key.rule.is_some());
            counts.not_covered += usize::from(key.rule.is_none());
            counts.may_be_old += usize::from(key.may_be_old());
            counts.disabled += usize::from(key.state == KeyState::Disabled);
            counts.unread += usize::from(matches!(key.state, KeyState::Unread(_)));
        }
        counts
    }
}
