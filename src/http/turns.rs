//! Whose turn it is: each bucket has one queue, first come, first served, and only the first in it watches the clock.
//!
//! There is no thundering herd: those behind the first are not woken when time passes, and a bucket that is closed is tried by one request.
//! One request's response is never handed to another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::budget::{Bucket, Level, PACE_WHOLE, Rate, Wait};
use super::message::Response;
use super::places::{Place, Places};
use crate::clock::Clock;
use crate::limits::{PACE_MIN, UNREPEATABLE_DEADLINE};
use crate::mutex::Mutex;

/// The lines of all buckets.
#[derive(Debug)]
pub(super) struct Turns {
    lines: Mutex<BTreeMap<(String, String), Arc<Line>>>,
    /// Workers that draw from them, this process included.
    workers: AtomicU32,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            lines: Mutex::default(),
            workers: AtomicU32::new(1),
        }
    }
}

#[derive(Debug)]
struct Line {
    /// Fair: whoever asked first is first.
    queue: tokio::sync::Mutex<()>,
    level: Mutex<Level>,
    /// Who may be between asking for room and having used it.
    rooms: Places,
}

/// A request that was drawn from its bucket and is under way until this is dropped.
#[derive(Debug)]
pub(super) struct Ticket(Arc<Line>);

/// How many may have room at once. Each of them draws one request at a time, so that even at the slowest pace the last of them waits for
/// half the time that a request may be late by.
fn rooms(rate: Rate) -> usize {
    let patience = i64::try_from(UNREPEATABLE_DEADLINE.as_secs() / 2).unwrap_or(i64::MAX);
    let drawn = i64::from(rate.gain)
        .saturating_mul(PACE_MIN)
        .saturating_mul(patience)
        / PACE_WHOLE
        / i64::from(rate.seconds.max(1));
    usize::try_from(drawn).unwrap_or(usize::MAX)
}

impl Turns {
    /// From now on each bucket is met with the share of one of so many workers.
    pub fn share_with(&self, workers: u32) {
        self.workers.store(workers, Ordering::Relaxed);
    }

    /// Our share of a bucket.
    pub fn rate(&self, bucket: &Bucket) -> Rate {
        bucket.rate.shared(self.workers.load(Ordering::Relaxed))
    }

    fn line(&self, bucket: &Bucket, now: Timestamp) -> Arc<Line> {
        let workers = self.workers.load(Ordering::Relaxed);
        let mut lines = self.lines.lock();
        let key = (bucket.name.clone(), bucket.principal.clone());
        let line = lines.entry(key).or_insert_with(|| {
            Arc::new(Line {
                queue: tokio::sync::Mutex::default(),
                level: Mutex::new(Level::shared(bucket.rate, workers, now)),
                rooms: Places::new(rooms(bucket.rate.shared(workers))),
            })
        });
        Arc::clone(line)
    }

    /// Waits in line until a request may be sent. `told` hears of each wait before it begins; `last` says until when a turn is of use, by why it is waited for.
    ///
    /// # Errors
    /// The turn would come after `last`: how long after now.
    pub async fn take(
        &self,
        bucket: &Bucket,
        clock: &Clock,
        last: impl Fn(Wait) -> Timestamp,
        told: impl Fn(Wait),
    ) -> Result<Ticket, Wait> {
        let line = self.line(bucket, clock.now());
        let _first = line.queue.lock().await;
        line.wait(clock, last, told, Level::draw).await?;
        Ok(Ticket(Arc::clone(&line)))
    }

    /// Waits until so many requests could be sent at once, and takes none: who has room draws them one after the other.
    ///
    /// # Errors
    /// That would be after `last`: how long after now.
    pub async fn room(
        &self,
        bucket: &Bucket,
        requests: u32,
        clock: &Clock,
        last: impl Fn(Wait) -> Timestamp,
        told: impl Fn(Wait),
    ) -> Result<Place, Wait> {
        let line = self.line(bucket, clock.now());
        let room = line.rooms.take().await;
        let _first = line.queue.lock().await;
        let has = |level: &mut Level, now| level.has(requests, now);
        line.wait(clock, last, told, has).await?;
        Ok(room)
    }
}

impl Line {
    async fn wait(
        &self,
        clock: &Clock,
        last: impl Fn(Wait) -> Timestamp,
        told: impl Fn(Wait),
        wanted: impl Fn(&mut Level, Timestamp) -> Result<(), Wait>,
    ) -> Result<(), Wait> {
        loop {
            let now = clock.now();
            let wanted = wanted(&mut self.level.lock(), now);
            let Err(why) = wanted else {
                return Ok(());
            };
            let (Wait::Budget(wait) | Wait::Throttled(wait)) = why;
            if now.saturating_add(wait).unwrap_or(Timestamp::MAX) > last(why) {
                return Err(why);
            }
            told(why);
            clock.sleep(wait).await;
        }
    }
}

impl Ticket {
    /// Has the bucket been closed since this was drawn?
    pub fn is_shut(&self, now: Timestamp) -> bool {
        self.0.level.lock().is_closed(now)
    }

    /// The answer that the drawn request got. `pause`: how long the service, or our own patience after a 429, wants to be left alone.
    pub fn answered(
        self,
        response: &Response,
        bucket: &Bucket,
        pause: Option<Duration>,
        now: Timestamp,
    ) {
        let line = Arc::clone(&self.0);
        drop(self);
        let mut level = line.level.lock();
        match pause {
            Some(pause) if response.status == 429 => level.refused(pause, now),
            Some(pause) => level.pause(pause, now),
            None => level.answered(remaining(response, bucket), now),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.level.lock().landed();
    }
}

/// The least of what the answer says remains, in fields that hold a plain number.
fn remaining(response: &Response, bucket: &Bucket) -> Option<u64> {
    let fields = bucket.remaining.iter();
    let values = fields.flat_map(|name| response.headers.get_all(*name));
    let numbers = values.filter_map(|value| value.to_str().ok()?.trim().parse().ok());
    numbers.min()
}
