//! ARM's token buckets: per subscription, principal and kind of request. Refuses: nothing unless the world says `throttling: true`.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::times::between;

/// Size and refill a second of the bucket for reads (Azure Resource Manager, "request limits and throttling").
const READS: (u64, u64) = (250, 25);
/// The same for writes.
const WRITES: (u64, u64) = (200, 10);

/// All buckets that have been drawn from, in thousandths of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets(HashMap<(String, String, bool), (u64, Timestamp)>);

impl Buckets {
    /// Takes one request out of the bucket: how many are left, or how long to wait for the next.
    pub(crate) fn take(
        &mut self,
        subscription: &str,
        caller: &str,
        write: bool,
        now: Timestamp,
    ) -> Result<u64, Duration> {
        let (size, refill) = if write { WRITES } else { READS };
        let key = (subscription.to_ascii_lowercase(), caller.to_owned(), write);
        let (level, at) = self.0.entry(key).or_insert((size * 1000, now));
        let gained = u64::try_from(between(*at, now).as_millis())
            .unwrap_or(u64::MAX)
            .saturating_mul(refill);
        *level = level.saturating_add(gained).min(size * 1000);
        *at = (*at).max(now);
        if *level < 1000 {
            return Err(Duration::from_millis((1000 - *level).div_ceil(refill)));
        }
        *level -= 1000;
        Ok(*level / 1000)
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

    #[test]
    fn a_bucket_empties_and_fills_again_with_time() {
        let mut buckets = Buckets::default();
        let start = Timestamp::from_second(1_000_000).unwrap();
        for left in (0..200).rev() {
            assert_eq!(buckets.take("s", "me", true, start), Ok(left));
        }
        assert_eq!(
            buckets.take("s", "me", true, start),
            Err(Duration::from_millis(100))
        );
        assert!(
            buckets.take("s", "me", false, start).is_ok(),
            "reads have their own bucket"
        );
        assert!(
            buckets.take("s", "you", true, start).is_ok(),
            "and so has every principal"
        );
        let later = super::super::times::after(start, Duration::from_secs(1));
        assert_eq!(buckets.take("s", "me", true, later), Ok(9), "ten a second");
    }
}
