//! How many requests may be sent, and when, so that a service's bucket is never emptied. Pure arithmetic, time as an argument.
//!
//! Services meter by token bucket: a burst at once, a rate per second after that, and 429 for the rest. A [`Level`] is our own estimate
//! of such a bucket. It leaves one of [`RESERVE_PARTS`] parts of it to whoever else uses the same identity. Where a response says what
//! remains, the lower of the two numbers counts, so that what others take is subtracted from ours. Until the first response nobody knows
//! how full a bucket is, and most of it counts as used.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::limits::PACE_MIN;

/// One in so many parts of a bucket is left to others. Also what is thought to be there before the first answer.
const RESERVE_PARTS: i64 = 5;
/// One request. Smaller parts come with time.
const ONE: i64 = 1_000_000;
/// The whole pace, in thousandths.
pub(super) const PACE_WHOLE: i64 = 1_000;
/// What each answer that is no 429 adds to a halved pace.
const PACE_STEP: i64 = 10;

/// A token bucket as a service describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests that a full bucket holds, at least 1.
    pub burst: u32,
    /// Requests that it gains in [`Self::seconds`], at least 1.
    pub gain: u32,
    /// In how many seconds it gains them, at least 1.
    pub seconds: u32,
}

impl Rate {
    /// What each of so many workers may take of it, at least one request at a time.
    #[must_use]
    pub fn shared(self, workers: u32) -> Self {
        let workers = workers.max(1);
        Self {
            burst: (self.burst / workers).max(1),
            gain: self.gain,
            seconds: self.seconds.saturating_mul(workers),
        }
    }
}

impl fmt::Display for Rate {
    /// `25 a second`, `12 a minute`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds <= 1 {
            write!(f, "{} a second", self.gain)
        } else {
            write!(
                f,
                "{} a minute",
                u64::from(self.gain) * 60 / u64::from(self.seconds)
            )
        }
    }
}

/// One bucket of a service, and how its answers speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// In words: `ARM writes of 12345678-… (management.azure.com)`. With `principal` its identity.
    pub name: String,
    /// Who asks: each has a bucket of its own. Empty where all share one.
    pub principal: String,
    /// Its size.
    pub rate: Rate,
    /// Header fields that tell how many requests remain.
    pub remaining: &'static [&'static str],
}

/// Why a request has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The bucket would fall below its reserve.
    Budget(Duration),
    /// The service asked everybody to wait.
    Throttled(Duration),
}

/// Our reckoning of one bucket.
#[derive(Clone, Debug)]
pub struct Level {
    rate: Rate,
    /// Parts of requests that may be sent. Below zero, others have taken from the reserve.
    left: i64,
    /// When `left` was right.
    at: Timestamp,
    /// The latest time that it was asked at: one before it tells of a clock that was set back.
    seen: Timestamp,
    /// Nothing goes before this: the service said so.
    closed_until: Timestamp,
    /// Thousandths of the rate that the bucket is thought to gain: halved by each 429.
    pace: i64,
    /// Sent and not answered: the service may have counted them, or not yet.
    unanswered: i64,
    is_told: bool,
    /// Workers that draw from it, this one included: what the service says remains is for all of them.
    workers: i64,
}

impl Level {
    /// A bucket of which nothing is known but its size.
    pub fn unknown(rate: Rate, now: Timestamp) -> Self {
        Self {
            rate,
            left: (i64::from(rate.burst) * ONE / RESERVE_PARTS).max(ONE),
            at: now,
            seen: now,
            closed_until: Timestamp::MIN,
            pace: PACE_WHOLE,
            unanswered: 0,
            is_told: false,
            workers: 1,
        }
    }

    /// The share of one of so many workers in a bucket of which nothing else is known.
    pub fn shared(rate: Rate, workers: u32, now: Timestamp) -> Self {
        Self {
            workers: i64::from(workers.max(1)),
            ..Self::unknown(rate.shared(workers), now)
        }
    }

    /// Takes one request out of the bucket.
    ///
    /// # Errors
    /// How long to wait, and why; nothing was taken.
    pub fn draw(&mut self, now: Timestamp) -> Result<(), Wait> {
        self.has(1, now)?;
        self.left -= ONE;
        self.unanswered += 1;
        Ok(())
    }

    /// Are there so many requests in it?
    ///
    /// # Errors
    /// How long to wait for them, and why.
    pub fn has(&mut self, requests: u32, now: Timestamp) -> Result<(), Wait> {
        self.pass_time(now);
        let closed = between(now, self.closed_until);
        if !closed.is_zero() {
            return Err(Wait::Throttled(closed));
        }
        let wanted = (i64::from(requests) * ONE).min(self.most());
        let missing = wanted - self.left;
        if missing <= 0 {
            return Ok(());
        }
        let missing = missing.saturating_mul(PACE_WHOLE).unsigned_abs();
        let micros = missing.div_ceil(self.gain().unsigned_abs());
        Err(Wait::Budget(Duration::from_micros(micros)))
    }

    /// Does the service want to be left alone?
    pub fn is_closed(&mut self, now: Timestamp) -> bool {
        self.pass_time(now);
        now < self.closed_until
    }

    /// A request that was drawn is under way no more.
    pub const fn landed(&mut self) {
        self.unanswered -= 1;
    }

    /// An answer came that is no 429. `remaining`: what it says is left in the bucket. Counters are kept by each of a service's
    /// instances: what they say makes us slower, never faster, but for the first one.
    pub fn answered(&mut self, remaining: Option<u64>, now: Timestamp) {
        self.pass_time(now);
        self.pace = (self.pace + PACE_STEP).min(PACE_WHOLE);
        let sent = self.unanswered.saturating_mul(ONE);
        let left = remaining.map(|left| {
            let left = i64::try_from(left)
                .unwrap_or(i64::MAX)
                .min(i64::from(u32::MAX));
            left * ONE / self.workers - self.reserve() - sent
        });
        match left {
            Some(left) if self.is_told => self.left = self.left.min(left),
            Some(left) => self.left = left.min(self.most()),
            None if self.is_told => {}
            None => self.left = self.most() - sent,
        }
        self.is_told = true;
    }

    /// A 429 came: nothing goes for `pause`, then at the pace at which the bucket fills, at first half of it.
    pub fn refused(&mut self, pause: Duration, now: Timestamp) {
        self.pass_time(now);
        if now >= self.closed_until {
            self.pace = (self.pace / 2).max(PACE_MIN);
        }
        self.is_told = true;
        self.pause(pause, now);
    }

    /// The service asks to wait, without saying that too much was asked.
    pub fn pause(&mut self, pause: Duration, now: Timestamp) {
        self.pass_time(now);
        let until = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        self.closed_until = self.closed_until.max(until);
        // What the bucket gains while it is closed is taken by those who wait, one after the other.
        self.left = self.left.min(0);
        self.at = self.at.max(self.closed_until);
    }

    fn pass_time(&mut self, now: Timestamp) {
        let back = between(now, self.seen);
        self.at = self.at.saturating_sub(back).unwrap_or(now);
        self.closed_until = self.closed_until.saturating_sub(back).unwrap_or(now);
        self.seen = now;
        let micros = i64::try_from(between(self.at, now).as_micros()).unwrap_or(i64::MAX);
        let gained = micros.saturating_mul(self.gain()) / PACE_WHOLE;
        self.left = self.left.saturating_add(gained).min(self.most());
        self.at = self.at.max(now);
    }

    /// A second's gain at the present pace, in thousandths of a request: a microsecond's, in thousandths of a part.
    fn gain(&self) -> i64 {
        let gained = i64::from(self.rate.gain).saturating_mul(self.pace);
        (gained / i64::from(self.rate.seconds.max(1))).max(1)
    }

    fn most(&self) -> i64 {
        (i64::from(self.rate.burst) * ONE - self.reserve()).max(ONE)
    }

    fn reserve(&self) -> i64 {
        i64::from(self.rate.burst) * ONE / RESERVE_PARTS
    }
}

/// The time from `start` to `end`, nothing if that is the past.
fn between(start: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(start).max(SignedDuration::ZERO)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WRITES: Rate = Rate {
        burst: 200,
        gain: 10,
        seconds: 1,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000_000_000 + millis).unwrap()
    }

    fn wait(told: Result<(), Wait>) -> Duration {
        match told {
            Ok(()) => Duration::ZERO,
            Err(Wait::Budget(wait) | Wait::Throttled(wait)) => wait,
        }
    }

    /// A level that an answer has told to be full.
    fn full(rate: Rate) -> Level {
        let mut level = Level::unknown(rate, at(0));
        level.answered(None, at(0));
        level
    }

    fn drawn(level: &mut Level, now: Timestamp) -> usize {
        std::iter::repeat_with(|| level.draw(now))
            .take_while(Result::is_ok)
            .count()
    }

    #[test]
    fn a_fifth_is_left_to_others_and_the_rest_comes_back_with_time() {
        let mut level = full(WRITES);
        assert_eq!(drawn(&mut level, at(0)), 160);
        assert_eq!(
            level.draw(at(0)),
            Err(Wait::Budget(Duration::from_millis(100)))
        );
        assert_eq!(drawn(&mut level, at(1_000)), 10);
        assert_eq!(drawn(&mut level, at(3_600_000)), 160);
    }

    #[test]
    fn before_the_first_answer_a_bucket_may_be_nearly_empty() {
        let mut level = Level::unknown(WRITES, at(0));
        assert_eq!(drawn(&mut level, at(0)), 40);
        level.landed();
        level.answered(Some(55), at(0));
        // 55 remain; 40 are not ours, and 39 are still under way.
        assert_eq!(
            level.draw(at(0)),
            Err(Wait::Budget(Duration::from_millis(2_500)))
        );
    }

    #[test]
    fn what_remains_makes_slower_and_never_faster() {
        let mut level = full(WRITES);
        level.answered(Some(100), at(0));
        level.answered(Some(11_999), at(0));
        assert_eq!(drawn(&mut level, at(0)), 60);
        let mut level = full(WRITES);
        level.answered(Some(30), at(0));
        assert_eq!(wait(level.draw(at(0))), Duration::from_millis(1_100));
    }

    #[test]
    fn each_of_eight_workers_takes_an_eighth() {
        let mut shares: Vec<Level> = (0..8)
            .map(|_| {
                let mut level = Level::shared(WRITES, 8, at(0));
                level.answered(None, at(0));
                level
            })
            .collect();
        let mut all = |millis| -> usize {
            shares
                .iter_mut()
                .map(|level| drawn(level, at(millis)))
                .sum()
        };
        assert_eq!(all(0), 160);
        assert_eq!(all(8_000), 80);
        // The service tells all of them what is left for all of them.
        let mut level = Level::shared(WRITES, 8, at(0));
        level.answered(Some(80), at(0));
        assert_eq!(drawn(&mut level, at(0)), 5);
        let slow = Rate {
            burst: 2,
            gain: 1,
            seconds: 60,
        };
        let mut level = Level::shared(slow, 250, at(0));
        assert!(level.draw(at(0)).is_ok());
        assert!(wait(level.draw(at(0))) < Duration::from_secs(1_001));
    }

    #[test]
    fn a_429_closes_the_bucket_and_halves_the_pace_until_answers_come_again() {
        let mut level = full(WRITES);
        let pause = Duration::from_secs(17);
        level.refused(pause, at(0));
        level.refused(pause, at(0));
        assert_eq!(level.draw(at(0)), Err(Wait::Throttled(pause)));
        assert_eq!(wait(level.draw(at(17_000))), Duration::from_millis(200));
        assert!(level.draw(at(17_200)).is_ok());
        for _ in 0..50 {
            level.landed();
            level.answered(None, at(17_200));
        }
        assert_eq!(wait(level.draw(at(17_200))), Duration::from_millis(100));
    }

    /// Whoever sets a machine's clock right must not make a command wait for the time to come round again.
    #[test]
    fn a_clock_that_is_set_back_takes_nothing_away() {
        let mut level = full(WRITES);
        assert_eq!(drawn(&mut level, at(0)), 160);
        assert_eq!(wait(level.draw(at(-3_600_000))), Duration::from_millis(100));
        level.pause(Duration::from_secs(17), at(-5_400_000));
        assert_eq!(
            level.draw(at(-7_200_000)),
            Err(Wait::Throttled(Duration::from_secs(17)))
        );
        assert!(level.draw(at(-7_200_000 + 17_200)).is_ok());
    }

    #[test]
    fn a_bucket_without_bounds_never_waits() {
        let mut level = Level::unknown(
            Rate {
                burst: u32::MAX,
                gain: u32::MAX,
                seconds: 1,
            },
            at(0),
        );
        for _ in 0..100_000 {
            assert_eq!(level.draw(at(0)), Ok(()));
        }
        assert_eq!(level.has(2, at(-5_000)), Ok(()));
    }

    /// The service's own bucket, from which others draw as well.
    struct Service {
        level: f64,
        rate: Rate,
    }

    impl Service {
        fn pass(&mut self, wait: Duration, others: f64) {
            let gain = f64::from(self.rate.gain) / f64::from(self.rate.seconds) - others;
            self.level =
                (self.level + gain * wait.as_secs_f64()).clamp(0.0, f64::from(self.rate.burst));
        }
    }

    proptest! {
        /// Whatever others take, up to nine tenths of what comes in, and however full the bucket was: no request finds it empty.
        #[test]
        fn the_bucket_is_never_emptied(
            burst in 50_u32..400, gain in 1_u32..50, seconds in 1_u32..10, share in 0.0..0.9_f64, start in 0.3..1.0_f64, asked in 1..600_usize,
        ) {
            let rate = Rate { burst, gain, seconds };
            let others = f64::from(gain) / f64::from(seconds) * share;
            let mut service = Service { level: f64::from(burst) * start, rate };
            let (mut ours, mut now) = (Level::unknown(rate, at(0)), at(0));
            for _ in 0..asked {
                while let Err(Wait::Budget(wait) | Wait::Throttled(wait)) = ours.draw(now) {
                    now += wait;
                    service.pass(wait, others);
                }
                prop_assert!(service.level >= 1.0, "an empty bucket after {}", now.duration_since(at(0)));
                service.level -= 1.0;
                ours.landed();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as the service rounds it")]
                ours.answered(Some(service.level.floor() as u64), now);
            }
        }
    }
}
