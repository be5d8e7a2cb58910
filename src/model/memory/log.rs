//! What was read of the Activity Logs of resource groups.

use std::collections::BTreeMap;

use crate::model::address::ResourceId;
use crate::model::runtime::Regeneration;
use crate::model::timeline::log::{LogSpan, add_events, add_span};

/// One Activity Log: that of a resource group, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The subscription's id.
    pub subscription: String,
    /// The resource group's name.
    pub group: String,
}

impl LogId {
    /// Of these two.
    pub fn new(subscription: &str, group: &str) -> Self {
        Self {
            subscription: subscription.to_lowercase(),
            group: group.to_lowercase(),
        }
    }

    /// The log that tells of this resource; `None`: its id names no group.
    pub fn of(resource: &ResourceId) -> Option<Self> {
        let mut parts = resource
            .as_str()
            .split('/')
            .skip_while(|part| part.is_empty());
        let is = |part: Option<&str>, word: &str| {
            part.is_some_and(|part| part.eq_ignore_ascii_case(word))
        };
        if !is(parts.next(), "subscriptions") {
            return None;
        }
        let subscription = parts.next()?;
        if !is(parts.next(), "resourceGroups") {
            return None;
        }
        Some(Self::new(subscription, parts.next()?))
    }
}

/// What was read of one Activity Log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupLog {
    /// What was read, the earliest first.
    pub spans: Vec<LogSpan>,
    /// Regenerations by runtime, the earliest first.
    pub events: BTreeMap<ResourceId, Vec<Regeneration>>,
}

/// One reading of an Activity Log, to its last page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReading {
    /// Which log.
    pub log: LogId,
    /// What was read.
    pub span: LogSpan,
    /// Regenerations of all its runtimes in that time.
    pub events: Vec<(ResourceId, Regeneration)>,
}

impl GroupLog {
    /// Adds one reading.
    pub fn add(&mut self, reading: &LogReading) {
        add_span(&mut self.spans, reading.span);
        let mut by_runtime: BTreeMap<&ResourceId, Vec<Regeneration>> = BTreeMap::new();
        for (of, event) in &reading.events {
            // Who did it is shown while it is read, and not kept.
            by_runtime.entry(of).or_default().push(Regeneration {
                by: None,
                ..event.clone()
            });
        }
        for (of, events) in by_runtime {
            add_events(self.events.entry(of.clone()).or_default(), &events);
        }
    }
}
