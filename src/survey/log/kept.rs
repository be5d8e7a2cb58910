//! The Activity Logs that were read, each once, and what each tells of one resource.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use crate::cloud::ActivityLogKey;
use crate::model::address::ResourceId;
use crate::model::memory::LogReading;
use crate::model::runtime::LogSight;
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::Trouble;
use crate::mutex::Mutex;

/// How much later than a reading a look may be that is judged by it.
const LOG_SHARED_FOR: Span = Span::seconds(60);

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

    /// Is it as good as one that is read up to then? A look a minute later is judged by it, too; one after that would take for silent what
    /// nobody has read. What was refused, or was too long to tell anything, is not asked for again.
    fn reaches(&self, until: Timestamp) -> bool {
        match self {
            Self::Read(reading, _) => {
                let LogSpan { since, until: read } = reading.span;
                until <= LOG_SHARED_FOR.after(read) || since == read
            }
            Self::Refused(_) => true,
        }
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

/// What was read of one log; whoever comes meanwhile waits for it.
type Place = Arc<tokio::sync::Mutex<Option<Arc<Log>>>>;

/// The logs that were asked for, each once: connections that lead to one group with the same rights share it.
#[derive(Default)]
pub struct Logs {
    asked: Mutex<BTreeMap<ActivityLogKey, Place>>,
}

impl Logs {
    /// A log up to `until`. `read` reads it, from the beginning or on from what was read before, where nobody has asked for as much yet.
    pub async fn get<F: Future<Output = Log>>(
        &self,
        key: ActivityLogKey,
        until: Timestamp,
        read: impl FnOnce(Option<Arc<Log>>) -> F,
    ) -> Arc<Log> {
        let place = Arc::clone(self.asked.lock().entry(key).or_default());
        let mut kept = place.lock().await;
        match &*kept {
            Some(log) if log.reaches(until) => Arc::clone(log),
            before => {
                let log = Arc::new(read(before.clone()).await);
                *kept = Some(Arc::clone(&log));
                log
            }
        }
    }

    /// Everything that was read.
    pub fn readings(&self) -> Vec<LogReading> {
        let asked = self.asked.lock();
        let kept = asked.values().filter_map(|place| place.try_lock().ok());
        let told = kept.filter_map(|kept| kept.as_ref()?.reading().cloned());
        // Of a log that was too long nothing may be known.
        told.filter(|reading| reading.span.since < reading.span.until)
            .collect()
    }
}
