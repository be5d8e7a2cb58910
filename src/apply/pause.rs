//! Pauses between two looks, and how much time is left for another one.

use std::time::Duration;

use futures_util::future::{Either, select};

use super::hands::Hands;
use super::skip::Skip;
use crate::model::time::Timestamp;

/// A pause between two looks, cut short by the end of the command's time.
///
/// # Errors
/// Nothing more is waited for: it was interrupted, or its time is over.
pub(super) async fn pause(hands: &Hands<'_>, length: Duration) -> Result<(), Skip> {
    let left = time_left(Some(hands.options.ends_at), hands.clock.now());
    let length = left.unwrap_or_default().min(length);
    let stop = std::pin::pin!(hands.options.stop.raised());
    match select(stop, hands.clock.sleep(length)).await {
        Either::Left(_) => Err(Skip::Stopped),
        Either::Right(_) if hands.clock.now() >= hands.options.ends_at => Err(Skip::TimeOver),
        Either::Right(_) => Ok(()),
    }
}

/// `None`: the deadline has passed. Without one, there is always time.
pub(super) fn time_left(deadline: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let Some(deadline) = deadline else {
        return Some(Duration::MAX);
    };
    let left = deadline.duration_since(now);
    Duration::try_from(left).ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_leaves_less_and_less_time_and_none_leaves_enough() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(time_left(Some(at(10)), at(4)), Some(Duration::from_secs(6)));
        assert_eq!(time_left(Some(at(10)), at(10)), None);
        assert_eq!(time_left(Some(at(10)), at(11)), None);
        assert_eq!(time_left(None, at(11)), Some(Duration::MAX));
    }
}
