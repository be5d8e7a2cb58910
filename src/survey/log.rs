//! The Activity Log of a resource group, read once for everything that is judged by it, whatever connection it was found through.
//!
//! A log that could not be read is not taken for one without events. Of a log that is too long to be read whole, the newest part is read:
//! before that nothing is known of it.

mod stretches;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use self::stretches::{gaps, joined};
use super::scene::Scene;
use crate::cloud::{ActivityLog, ActivityLogKey};
use crate::limits::ACTIVITY_LOG_DAYS;
use crate::model::address::ResourceId;
use crate::model::memory::LogReading;
use crate::model::runtime::LogSight;
use crate::model::survey::Refresh;
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::mutex::Mutex;

/// The Activity Log of a resource group.
pub(super) enum Log {
    /// What was read, and the places of each resource's events in it.
    Read(LogReading, BTreeMap<ResourceId, Vec<usize>>),
    Refused(Trouble),
}

impl Log {
    fn read(reading: LogReading) -> Self {
        let mut places: BTreeMap<ResourceId, Vec<usize>> = BTreeMap::new();
        for (place, (of, _)) in reading.events.iter().enumerate() {
            places.entry(of.clone()).or_default().push(place);
        }
        Self::Read(reading, places)
    }

    pub fn reading(&self) -> Option<&LogReading> {
        match self {
            Self::Read(reading, _) => Some(reading),
            Self::Refused(_) => None,
        }
    }

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
pub(super) struct Logs {
    asked: Mutex<BTreeMap<ActivityLogKey, Arc<OnceCell<Arc<Log>>>>>,
}

impl Logs {
    /// A log, read now if nobody has asked for it yet.
    pub async fn get(&self, scene: &Scene<'_>, log: ActivityLog<'_>, until: Timestamp) -> Arc<Log> {
        let place = Arc::clone(self.asked.lock().entry(log.key()).or_default());
        let read = place.get_or_init(|| async { Arc::new(read(scene, log, until).await) });
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

async fn read(scene: &Scene<'_>, log: ActivityLog<'_>, until: Timestamp) -> Log {
    let id = log.id();
    let whole = LogSpan {
        since: since(scene, until),
        until,
    };
    let known = match scene.options.refresh {
        Refresh::All => None,
        Refresh::Auto | Refresh::None => scene.memory.logs.get(&id),
    };
    let spans = known.map_or(&[][..], |known| &known.spans);
    let ask = |stretch, pages_max| {
        let told = scene.reader.regenerations(log, stretch, pages_max);
        scene.gate.pass(&log, told)
    };
    match stretches::read(whole, &gaps(spans, whole), ask).await {
        Ok(read) => Log::read(LogReading {
            log: id,
            span: LogSpan {
                since: read.since,
                until,
            },
            events: joined(known, read),
        }),
        Err(trouble) => Log::Refused(trouble),
    }
}

fn since(scene: &Scene<'_>, until: Timestamp) -> Timestamp {
    // By the earlier of the two clocks: a silent log then proves no less than its 90 days, whatever a second more or less.
    let reach = Span::days(ACTIVITY_LOG_DAYS.unsigned_abs());
    reach.before(until.min(scene.options.now))
}

/// Will it be another time? Where there is no right to read, or nothing to read, there is no point in waiting.
const fn passes(trouble: &Trouble) -> bool {
    !matches!(
        trouble.kind,
        TroubleKind::Forbidden { .. } | TroubleKind::NotFound
    )
}

/// Why a log could not be read that will be read another time. Judged without it, a key would look younger than it is, and only until the
/// log answers again.
pub(super) fn unread(log: &LogSight) -> Option<Trouble> {
    match log {
        LogSight::Refused(trouble) if passes(trouble) => Some(trouble.clone()),
        LogSight::Refused(_) | LogSight::Read { .. } | LogSight::NotAsked => None,
    }
}

#[cfg(test)]
mod tests;
