//! What the storage service takes from one subscription, beside what Azure Resource Manager takes, and what one key vault takes: so many
//! requests of a kind in a window of time. It holds only if the world says `throttling: true`. A request that is refused does not count.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::times::{after, between};

/// What the service counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// One account, or its keys.
    Read,
    /// Accounts.
    List,
    /// A new key.
    Write,
    /// Anything that is asked of one key vault.
    Vault,
}

impl Kind {
    /// How many in which time (Azure subscription limits, "storage resource provider limits"; "Azure Key Vault service limits").
    fn limit(self) -> (u64, Duration) {
        match self {
            Self::Read => (800, Duration::from_mins(5)),
            Self::List => (100, Duration::from_mins(5)),
            Self::Write => (1200, Duration::from_hours(1)),
            Self::Vault => (4000, Duration::from_secs(10)),
        }
    }

    /// As the refusal spells it; a vault has no word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "Read_ObservationWindow_00:05:00",
            Self::List => "List_ObservationWindow_00:05:00",
            Self::Write => "Write_ObservationWindow_01:00:00",
            Self::Vault => "",
        }
    }
}

/// All windows that have been opened: when, and what has been taken since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotas(HashMap<(String, Kind), (Timestamp, u64)>);

impl Quotas {
    /// Takes one request out of the present window, which opens with the first one; or how long to wait for the next window.
    pub(crate) fn take(
        &mut self,
        subscription: &str,
        kind: Kind,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let (most, span) = kind.limit();
        let key = (subscription.to_ascii_lowercase(), kind);
        let (opened, taken) = self.0.entry(key).or_insert((now, 0));
        if after(*opened, span) <= now {
            (*opened, *taken) = (now, 0);
        }
        if *taken >= most {
            return Err(between(now, after(*opened, span)));
        }
        *taken += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_closes_when_it_is_used_up_and_another_opens_in_time() {
        let mut quotas = Quotas::default();
        let start = Timestamp::from_second(1_000_000).unwrap();
        for _ in 0..100 {
            assert_eq!(quotas.take("s", Kind::List, start), Ok(()));
        }
        let later = after(start, Duration::from_mins(1));
        assert_eq!(
            quotas.take("S", Kind::List, later),
            Err(Duration::from_mins(4))
        );
        assert_eq!(quotas.take("s", Kind::Read, later), Ok(()));
        assert_eq!(quotas.take("other", Kind::List, later), Ok(()));
        let next = after(start, Duration::from_mins(5));
        assert_eq!(quotas.take("s", Kind::List, next), Ok(()));
    }
}
