//! The Activity Log of a factory's resource group, read once for all its runtimes.
//!
//! A log that could not be read is not taken for one without events.

use super::super::scene::Scene;
use crate::limits::ACTIVITY_LOG_DAYS;
use crate::model::address::ResourceId;
use crate::model::connection::Factory;
use crate::model::memory::{LogId, LogReading};
use crate::model::runtime::LogSight;
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::Trouble;

/// The Activity Log of a factory's resource group.
pub(super) enum Log {
    NotAsked,
    Read(LogReading),
    Refused(Trouble),
}

impl Log {
    pub fn reading(self) -> Option<LogReading> {
        match self {
            Self::Read(reading) => Some(reading),
            Self::NotAsked | Self::Refused(_) => None,
        }
    }

    pub fn of(&self, id: &ResourceId) -> LogSight {
        match self {
            Self::NotAsked => LogSight::NotAsked,
            Self::Refused(trouble) => LogSight::Refused(trouble.clone()),
            Self::Read(reading) => LogSight::Read {
                since: reading.span.since,
                until: reading.span.until,
                events: reading
                    .events
                    .iter()
                    .filter(|(of, _)| of == id)
                    .map(|(_, event)| event.clone())
                    .collect(),
            },
        }
    }
}

pub(super) async fn read_log(scene: &Scene<'_>, factory: &Factory, until: Timestamp) -> Log {
    // By the earlier of the two clocks: a silent log then proves no less than its 90 days, whatever a second more or less.
    let reach = Span::days(ACTIVITY_LOG_DAYS.unsigned_abs());
    let since = reach.before(until.min(scene.options.now));
    match scene
        .gate
        .pass(factory, scene.reader.regenerations(factory, since, until))
        .await
    {
        Ok(events) => Log::Read(LogReading {
            log: LogId::new(&factory.subscription, &factory.resource_group),
            span: LogSpan { since, until },
            events,
        }),
        Err(trouble) => Log::Refused(trouble),
    }
}
