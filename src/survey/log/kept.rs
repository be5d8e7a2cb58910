//! The Activity Logs that were read, each once, and what each tells of one resource.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::cloud::ActivityLogKey;
use crate::model::address::ResourceId;
use crate::model::memory::LogReading;
use crate::model::runtime::LogSight;
use crate::model::trouble::Trouble;
use crate::mutex::Mutex;

/// The Activity Log of a resource group.
pub enum Log {
    /// What was read, and the places of each resource's events in it.
    Read(LogReading, BTreeMap<ResourceId, Vec<usize>>),
    Refused(Trouble),
}

impl Log {
    /// What was read of it.
    pub fn read(reading: LogReading) -> Self {
        let mut places: BTreeMap<ResourceId, Vec<usize>> = BTreeMap::new();
        for (place, (of, _)) in reading.events.iter().enumerate() {
            places.entry(of.clone()).or_default().push(place);
        }
        Self::Read(reading, places)
    }

    /// The reading, if there is one.
    pub fn reading(&self) -> Option<&LogReading> {
        match self {
            Self::Read(reading, _) => Some(reading),
            Self::Refused(_) => None,
        }
    }

    /// What it tells of one resource.
    pub fn of(&self, id: &ResourceId) -> LogSight {
        match self {
            Self::Refused(trouble) => LogSight::Refused(trouble.clone()),
            Self::Read(reading, places) => LogSight::Read {
                since: reading.span.since,
                until: reading.span.until,
                events: places
                    .get(id)
                    .into_iter()
                    .flatten()
                    .filter_map(|place| reading.events.get(*place))
                    .map(|(_, event)| event.clone())
                    .collect(),
            },
        }
    }
}

/// The logs that were asked for, each once: connections that lead to one group with the same rights share it.
#[derive(Default)]
pub struct Logs {
    asked: Mutex<BTreeMap<ActivityLogKey, Arc<OnceCell<Arc<Log>>>>>,
}

impl Logs {
    /// A log, read now if nobody has asked for it yet.
    pub async fn get(&self, key: ActivityLogKey, read: impl Future<Output = Log>) -> Arc<Log> {
        let place = Arc::clone(self.asked.lock().entry(key).or_default());
        let read = place.get_or_init(|| async { Arc::new(read.await) });
        Arc::clone(read.await)
    }

    /// Everything that was read.
    pub fn readings(&self) -> Vec<LogReading> {
        let asked = self.asked.lock();
        let read = asked.values().filter_map(|place| place.get());
        let told = read.filter_map(|log| log.reading());
        // Of a log that was too long nothing may be known.
        let told = told.filter(|reading| reading.span.since < reading.span.until);
        told.cloned().collect()
    }
}
