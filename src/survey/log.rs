//! The Activity Log of a resource group, read once for all resources of a connection there.
//!
//! A log that could not be read is not taken for one without events.

use std::collections::BTreeMap;

use super::scene::Scene;
use crate::limits::ACTIVITY_LOG_DAYS;
use crate::model::address::ResourceId;
use crate::model::connection::{Factory, Subscription};
use crate::model::memory::{LogId, LogReading};
use crate::model::runtime::{LogSight, Regeneration};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::{Trouble, TroubleKind};

/// The Activity Log of a resource group.
pub(super) enum Log {
    NotAsked,
    /// What was read, and the places of each resource's events in it, by its id in lower case.
    Read(LogReading, BTreeMap<String, Vec<usize>>),
    Refused(Trouble),
}

impl Log {
    pub fn reading(self) -> Option<LogReading> {
        match self {
            Self::Read(reading, _) => Some(reading),
            Self::NotAsked | Self::Refused(_) => None,
        }
    }

    pub fn of(&self, id: &ResourceId) -> LogSight {
        match self {
            Self::NotAsked => LogSight::NotAsked,
            Self::Refused(trouble) => LogSight::Refused(trouble.clone()),
            Self::Read(reading, places) => LogSight::Read {
                since: reading.span.since,
                until: reading.span.until,
                events: places
                    .get(&id.folded())
                    .into_iter()
                    .flatten()
                    .filter_map(|place| reading.events.get(*place))
                    .map(|(_, event)| event.clone())
                    .collect(),
            },
        }
    }
}

/// The Activity Log of a factory's resource group.
pub(super) async fn read_log(scene: &Scene<'_>, factory: &Factory, until: Timestamp) -> Log {
    let since = since(scene, until);
    let read = scene.reader.regenerations(factory, since, until);
    let log = LogId::new(&factory.subscription, &factory.resource_group);
    of_read(log, (since, until), scene.gate.pass(factory, read).await)
}

/// That of one resource group of a subscription.
pub(super) async fn read_log_in(
    scene: &Scene<'_>,
    place: &Subscription,
    group: &str,
    until: Timestamp,
) -> Log {
    let since = since(scene, until);
    let read = scene.reader.regenerations_in(place, group, since, until);
    let log = LogId::new(&place.subscription, group);
    of_read(log, (since, until), scene.gate.pass(place, read).await)
}

fn since(scene: &Scene<'_>, until: Timestamp) -> Timestamp {
    // By the earlier of the two clocks: a silent log then proves no less than its 90 days, whatever a second more or less.
    let reach = Span::days(ACTIVITY_LOG_DAYS.unsigned_abs());
    reach.before(until.min(scene.options.now))
}

type Events = Vec<(ResourceId, Regeneration)>;

fn of_read(
    log: LogId,
    (since, until): (Timestamp, Timestamp),
    read: Result<Events, Trouble>,
) -> Log {
    match read {
        Ok(events) => {
            let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (place, (of, _)) in events.iter().enumerate() {
                places.entry(of.folded()).or_default().push(place);
            }
            let reading = LogReading {
                log,
                span: LogSpan { since, until },
                events,
            };
            Log::Read(reading, places)
        }
        Err(trouble) => Log::Refused(trouble),
    }
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
