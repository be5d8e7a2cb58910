//! The Activity Log of a resource group, read once for everything that is judged by it, whatever connection it was found through.
//!
//! A log that could not be read is not taken for one without events. Of a log that is too long to be read whole, the newest part is read:
//! before that nothing is known of it.

pub(super) mod kept;
mod stretches;

use std::sync::Arc;

use self::kept::Log;
use self::stretches::{gaps, joined};
use super::scene::Scene;
use crate::cloud::ActivityLog;
use crate::limits::ACTIVITY_LOG_DAYS;
use crate::model::memory::{GroupLog, LogReading};
use crate::model::runtime::LogSight;
use crate::model::survey::Refresh;
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::{Trouble, TroubleKind};

/// A log, read now if nobody has asked for it yet.
pub(super) async fn read_log(
    scene: &Scene<'_>,
    log: ActivityLog<'_>,
    until: Timestamp,
) -> Arc<Log> {
    let read = |before: Option<Arc<Log>>| read(scene, log, until, before);
    scene.logs.get(log.key(), until, read).await
}

/// `before`: what this command has read of it already.
async fn read(
    scene: &Scene<'_>,
    log: ActivityLog<'_>,
    until: Timestamp,
    before: Option<Arc<Log>>,
) -> Log {
    let before = before.as_ref().and_then(|before| before.reading());
    let id = log.id();
    let whole = LogSpan {
        // What was too long then would be too long again.
        since: before.map_or_else(|| since(scene, until), |before| before.span.since),
        until,
    };
    let just_read = before.map(|before| {
        let mut known = GroupLog::default();
        known.add(before);
        known
    });
    let known = match scene.options.refresh {
        Refresh::All => None,
        Refresh::Auto | Refresh::None => scene.memory.logs.get(&id),
    };
    let known = just_read.as_ref().or(known);
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
