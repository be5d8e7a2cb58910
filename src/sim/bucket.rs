//! ARM's token buckets: per subscription, principal and kind of request. They throttle only if the world says `throttling: true`.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::times::{after, between};

/// Size and refill a second of the bucket for reads (Azure Resource Manager, "request limits and throttling").
const READS: (u64, u64) = (250, 25);
/// The same for writes.
const WRITES: (u64, u64) = (200, 10);

/// All buckets that have been drawn from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets {
    levels: HashMap<(String, String, bool), (u64, Timestamp)>,
    /// What other clients wanted and did not find, in thousandths of a request.
    others_missed: u64,
}

/// One draw from a bucket.
pub(crate) struct Draw<'a> {
    pub(crate) subscription: &'a str,
    pub(crate) caller: &'a str,
    pub(crate) write: bool,
    /// Requests a second that another client with the same identity draws from it.
    pub(crate) others: u64,
}

impl Buckets {
    /// Takes one request out of a bucket, after what it has gained and others have taken: how many are left, or how long to wait for
    /// the next. Levels are in thousandths of a request.
    pub(crate) fn take(&mut self, draw: &Draw, now: Timestamp) -> Result<u64, Duration> {
        let (size, refill) = if draw.write { WRITES } else { READS };
        let subscription = draw.subscription.to_ascii_lowercase();
        let key = (subscription, draw.caller.to_owned(), draw.write);
        let (level, at) = self.levels.entry(key).or_insert((size * 1000, now));
        let passed = u64::try_from(between(*at, now).as_millis()).unwrap_or(u64::MAX);
        let filled = level.saturating_add(passed.saturating_mul(refill));
        let taken = passed.saturating_mul(draw.others);
        self.others_missed = self
            .others_missed
            .saturating_add(taken.saturating_sub(filled));
        *level = filled.saturating_sub(taken).min(size * 1000);
        // The rest of a millisecond is gained the next time.
        *at = after(*at, Duration::from_millis(passed));
        if *level < 1000 {
            let gain = refill.saturating_sub(draw.others).max(1);
            return Err(Duration::from_millis((1000 - *level).div_ceil(gain)));
        }
        *level -= 1000;
        Ok(*level / 1000)
    }

    /// Requests that other clients wanted to send and could not.
    pub(crate) const fn others_missed(&self) -> u64 {
        self.others_missed / 1000
    }
}

/// What an untouched bucket shows after one request.
pub(crate) fn full(write: bool) -> u64 {
    let (size, _) = if write { WRITES } else { READS };
    size - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(caller: &'static str, write: bool) -> Draw<'static> {
        Draw {
            subscription: "s",
            caller,
            write,
            others: 0,
        }
    }

    #[test]
    fn a_bucket_empties_and_fills_again_with_time() {
        let mut buckets = Buckets::default();
        let start = Timestamp::from_second(1_000_000).unwrap();
        let mine = draw("me", true);
        for left in (0..200).rev() {
            assert_eq!(buckets.take(&mine, start), Ok(left));
        }
        assert_eq!(buckets.take(&mine, start), Err(Duration::from_millis(100)));
        assert!(
            buckets.take(&draw("me", false), start).is_ok(),
            "reads have their own bucket"
        );
        assert!(
            buckets.take(&draw("you", true), start).is_ok(),
            "and so has every principal"
        );
        let later = after(start, Duration::from_secs(1));
        assert_eq!(buckets.take(&mine, later), Ok(9), "ten a second");
    }

    #[test]
    fn what_others_take_is_missing() {
        let mut buckets = Buckets::default();
        let start = Timestamp::from_second(1_000_000).unwrap();
        let crowded = Draw {
            others: 5,
            ..draw("me", true)
        };
        while buckets.take(&crowded, start).is_ok() {}
        let later = after(start, Duration::from_secs(1));
        assert_eq!(buckets.take(&crowded, later), Ok(4));
        let greedy = Draw {
            others: 15,
            ..crowded
        };
        let much_later = after(later, Duration::from_secs(2));
        assert!(buckets.take(&greedy, much_later).is_err());
        assert_eq!(
            buckets.others_missed(),
            6,
            "4 were there, 20 came, 30 were wanted"
        );
    }
}
