//! Whose turn it is: each bucket has one line, first come, first served, and only the first of it looks at the clock.
//!
//! Refuses: a herd. Who waits behind the first does not wake when time passes, and a bucket that is closed is tried by one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::budget::{Bucket, Level, Wait};
use super::message::Response;
use crate::clock::Clock;

/// The lines of all buckets.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<(String, String), Arc<Line>>>);

#[derive(Debug)]
struct Line {
    /// Fair: whoever asked first is first.
    queue: tokio::sync::Mutex<()>,
    level: Mutex<Level>,
    /// The answer that closed the bucket last.
    refusal: Mutex<Option<Response>>,
}

/// A request that was drawn from its bucket and is under way until this is dropped.
#[derive(Debug)]
pub(super) struct Ticket(Arc<Line>);

/// A turn that would come too late.
#[derive(Debug)]
pub(super) struct Late {
    /// How long after now it would have come.
    pub wait: Duration,
    /// What the service said, if it closed the bucket.
    pub refusal: Option<Response>,
}

impl Turns {
    fn line(&self, bucket: &Bucket, now: Timestamp) -> Arc<Line> {
        let mut lines = locked(&self.0);
        let key = (bucket.name.clone(), bucket.principal.clone());
        let line = lines.entry(key).or_insert_with(|| {
            Arc::new(Line {
                queue: tokio::sync::Mutex::default(),
                level: Mutex::new(Level::unknown(bucket.rate, now)),
                refusal: Mutex::default(),
            })
        });
        Arc::clone(line)
    }

    /// Waits in line until a request may be sent. `told` hears of each wait before it begins; `last` says until when a turn is of use, by why it is waited for.
    ///
    /// # Errors
    /// The turn would come after `last`.
    pub async fn take(
        &self,
        bucket: &Bucket,
        clock: &Clock,
        last: impl Fn(Wait) -> Timestamp,
        told: impl Fn(Wait),
    ) -> Result<Ticket, Late> {
        let line = self.line(bucket, clock.now());
        let _first = line.queue.lock().await;
        line.wait(clock, last, told, Level::draw).await?;
        Ok(Ticket(Arc::clone(&line)))
    }

    /// Waits in line until so many requests could be sent, and takes none.
    ///
    /// # Errors
    /// That would be after `last`.
    pub async fn room(
        &self,
        bucket: &Bucket,
        requests: u32,
        clock: &Clock,
        last: impl Fn(Wait) -> Timestamp,
        told: impl Fn(Wait),
    ) -> Result<(), Late> {
        let line = self.line(bucket, clock.now());
        let _first = line.queue.lock().await;
        let has = |level: &mut Level, now| level.has(requests, now);
        line.wait(clock, last, told, has).await
    }
}

impl Line {
    async fn wait(
        &self,
        clock: &Clock,
        last: impl Fn(Wait) -> Timestamp,
        told: impl Fn(Wait),
        wanted: impl Fn(&mut Level, Timestamp) -> Result<(), Wait>,
    ) -> Result<(), Late> {
        loop {
            let now = clock.now();
            let wanted = wanted(&mut locked(&self.level), now);
            let Err(why) = wanted else {
                return Ok(());
            };
            let (Wait::Budget(wait) | Wait::Throttled(wait)) = why;
            if now.saturating_add(wait).unwrap_or(Timestamp::MAX) > last(why) {
                let closed = matches!(why, Wait::Throttled(_));
                let refusal = locked(&self.refusal).clone().filter(|_| closed);
                return Err(Late { wait, refusal });
            }
            told(why);
            clock.sleep(wait).await;
        }
    }
}

impl Ticket {
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
        let mut level = locked(&line.level);
        match pause {
            Some(pause) => {
                if response.status == 429 {
                    level.refused(pause, now);
                } else {
                    level.pause(pause, now);
                }
                *locked(&line.refusal) = Some(response.clone());
            }
            None => level.answered(remaining(response, bucket), now),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        locked(&self.0.level).landed();
    }
}

/// The least of what the answer says remains, in fields that hold a plain number.
fn remaining(response: &Response, bucket: &Bucket) -> Option<u64> {
    let fields = bucket.remaining.iter();
    let values = fields.flat_map(|name| response.headers.get_all(*name));
    let numbers = values.filter_map(|value| value.to_str().ok()?.trim().parse().ok());
    numbers.min()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
