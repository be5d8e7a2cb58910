//! Which stretches of time of an Activity Log are read, newest first, and what they tell together.
//!
//! What the ledger has read already is not read again, but for its last day. A log that is too long is read in short stretches, each to its
//! last page: no order of the pages is promised, so that a stretch of which pages are missing counts as unread.

use std::cmp::Reverse;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::cloud::LogStretch;
use crate::limits::{
    LOG_PAGES_MAX, LOG_READ_AGAIN, LOG_READERS, LOG_STRETCH_MIN, LOG_STRETCH_PAGES, LOG_STRETCHES,
};
use crate::model::address::ResourceId;
use crate::model::memory::GroupLog;
use crate::model::runtime::Regeneration;
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::Trouble;

pub(super) type Events = Vec<(ResourceId, Regeneration)>;

/// What was read of a log, without a gap down to `since`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// From here on everything is known, from this reading or those before.
    pub since: Timestamp,
    /// The end of it.
    pub until: Timestamp,
    /// What was read now, newest first.
    pub stretches: Vec<LogSpan>,
    /// The events in those.
    pub events: Events,
}

/// The parts of `whole` that are to be read, newest first. `known` has been read before.
pub(super) fn gaps(known: &[LogSpan], whole: LogSpan) -> Vec<LogSpan> {
    let again = Span::seconds(LOG_READ_AGAIN.as_secs());
    let mut gaps = Vec::new();
    let mut end = whole.until;
    for span in known.iter().rev() {
        // One that ends in the future was read by a clock that was ahead: nobody has read what is yet to come.
        let until = span.until.min(whole.until);
        let held = LogSpan { until, ..*span };
        let known_until = again.before(held.holds_until());
        if span.since < known_until && span.since < end && whole.since < end {
            if known_until < end {
                gaps.push(LogSpan {
                    since: known_until.max(whole.since),
                    until: end,
                });
            }
            end = span.since;
        }
    }
    if whole.since < end {
        gaps.push(LogSpan {
            since: whole.since,
            until: end,
        });
    }
    gaps
}

/// Reads these gaps of `whole`, newest first, as far as the bound of pages allows. `ask` reads one stretch, of at most so many pages.
pub(super) async fn read<F>(
    whole: LogSpan,
    gaps: &[LogSpan],
    ask: impl Fn(LogSpan, usize) -> F + Sync,
) -> Result<Read, Trouble>
where
    F: Future<Output = Result<LogStretch, Trouble>> + Send,
{
    let reading = Reading {
        ask,
        until: whole.until,
        pages_left: AtomicUsize::new(LOG_PAGES_MAX),
    };
    let mut read = Read {
        since: whole.until,
        until: whole.until,
        stretches: Vec::new(),
        events: Vec::new(),
    };
    for (place, gap) in gaps.iter().enumerate() {
        let part = reading.part(*gap, LOG_STRETCHES).await?;
        read.events.extend(part.events);
        if part.since < gap.until {
            read.stretches.push(LogSpan {
                since: part.since,
                until: gap.until,
            });
        }
        if gap.since < part.since {
            read.since = part.since;
            return Ok(read);
        }
        // What lies between two gaps is known.
        read.since = gaps.get(place + 1).map_or(whole.since, |next| next.until);
    }
    Ok(read)
}

/// What is known of the time that a reading covers: its events, and those that the ledger knows of in between; newest first.
pub(super) fn joined(known: Option<&GroupLog>, read: Read) -> Events {
    // Of the newest stretch its end was read, too.
    let is_read = |at: Timestamp| {
        let mut stretches = read.stretches.iter();
        stretches.any(|stretch| {
            stretch.since <= at && (at < stretch.until || stretch.until == read.until)
        })
    };
    let known = known.into_iter().flat_map(|known| &known.events);
    let known = known.flat_map(|(of, events)| events.iter().map(move |event| (of, event)));
    let between = known.filter(|(_, event)| read.since <= event.at && !is_read(event.at));
    let between: Events = between
        .map(|(of, event)| (of.clone(), event.clone()))
        .collect();
    let mut all: Events = read.events.into_iter().chain(between).collect();
    all.sort_by_key(|(_, event)| Reverse(event.at));
    all
}

struct Reading<A> {
    ask: A,
    /// The end of all of it.
    until: Timestamp,
    pages_left: AtomicUsize,
}

/// The newest part of a stretch, down to `since`.
struct Part {
    since: Timestamp,
    events: Events,
}

impl<A, F> Reading<A>
where
    A: Fn(LogSpan, usize) -> F + Sync,
    F: Future<Output = Result<LogStretch, Trouble>> + Send,
{
    /// A stretch; one with too many pages in so many shorter ones.
    fn part(&self, span: LogSpan, stretches: u32) -> BoxFuture<'_, Result<Part, Trouble>> {
        async move {
            let none = Part {
                since: span.until,
                events: Vec::new(),
            };
            let pages_max = self
                .pages_left
                .load(Ordering::Relaxed)
                .min(LOG_STRETCH_PAGES);
            if pages_max == 0 {
                return Ok(none);
            }
            let told = (self.ask)(span, pages_max).await?;
            let take = |left: usize| Some(left.saturating_sub(told.pages));
            // It cannot fail: there is always a number to put in its place.
            let _ = self
                .pages_left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
            match told.events {
                Some(events) => Ok(Part {
                    since: span.since,
                    events: self.within(span, events),
                }),
                None if Span::between(span.since, span.until) < shortest() => Ok(none),
                None => self.in_shorter_ones(span, stretches).await,
            }
        }
        .boxed()
    }

    async fn in_shorter_ones(&self, span: LogSpan, stretches: u32) -> Result<Part, Trouble> {
        let mut all = Part {
            since: span.until,
            events: Vec::new(),
        };
        let shorter = split(span, stretches);
        let mut parts = stream::iter(shorter)
            .map(|shorter| async move { (shorter, self.part(shorter, 2).await) })
            .buffered(LOG_READERS);
        while let Some((shorter, part)) = parts.next().await {
            let part = part?;
            all.events.extend(part.events);
            all.since = part.since;
            if shorter.since < part.since {
                break;
            }
        }
        Ok(all)
    }

    /// The service is asked for whole seconds: an event at the border of two stretches belongs to the later one.
    fn within(&self, span: LogSpan, mut events: Events) -> Events {
        events.retain(|(_, event)| {
            span.since <= event.at && (event.at < span.until || span.until == self.until)
        });
        events
    }
}

const fn shortest() -> Span {
    Span::seconds(LOG_STRETCH_MIN.as_secs())
}

/// So many shorter stretches, newest first.
fn split(span: LogSpan, count: u32) -> Vec<LogSpan> {
    let (since, until) = (span.since.as_millisecond(), span.until.as_millisecond());
    let step = (until - since) / i64::from(count.max(1)) + 1;
    let mut shorter = Vec::new();
    let mut end = span.until;
    while span.since < end {
        let begin = Timestamp::from_millisecond(end.as_millisecond() - step);
        let begin = begin.map_or(span.since, |begin| begin.max(span.since));
        shorter.push(LogSpan {
            since: begin,
            until: end,
        });
        end = begin;
    }
    shorter
}

#[cfg(test)]
mod tests;
