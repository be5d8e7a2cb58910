//! When was a key made? Azure rarely says, so evidence bounds it, and the bounds are an interval.
//!
//! What cannot be proved stays open; no single time is made up.

use super::time::{Span, Timestamp};

/// From when to when something happened; `None`: nothing bounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// Not before this.
    pub earliest: Option<Timestamp>,
    /// Not after this.
    pub latest: Option<Timestamp>,
}

/// One piece of evidence about the key that a slot holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// afresh regenerated it: the service's `Date` before the call went out and in its answer.
    Rotated {
        /// Not before this.
        sent: Timestamp,
        /// Not after this.
        answered: Timestamp,
    },
    /// The slot's fingerprint differed at two looks.
    Changed {
        /// The last look that showed the key before.
        after: Timestamp,
        /// The first look that showed this key.
        by: Timestamp,
    },
    /// The first look that showed this key, with none before it.
    FirstSeen {
        /// It existed at this time.
        at: Timestamp,
    },
    /// The ledger met this key before, under another resource id, in the other slot or at an earlier time.
    KnownBefore {
        /// It was not made before this.
        earliest: Option<Timestamp>,
        /// It was not made after this.
        latest: Timestamp,
        /// When this slot was first seen to hold it.
        seen: Timestamp,
    },
    /// The service itself tells when it made the key (`keyCreationTime` of a storage account).
    Told {
        /// When.
        at: Timestamp,
    },
    /// No key is older than its runtime (`createTime` of getStatus).
    RuntimeCreated {
        /// When the runtime was made.
        at: Timestamp,
    },
    /// The Activity Log has no regeneration of this slot since then.
    LogSilent {
        /// The first instant that the log covers.
        since: Timestamp,
        /// When the log was read.
        until: Timestamp,
    },
    /// The Activity Log has regenerations, but most do not say which key.
    LogEvents {
        /// The newest one that is known to be of this slot: the key is not older.
        known: Option<Timestamp>,
        /// The newest one that may be of this slot: the key is not younger.
        newest: Timestamp,
        /// When the log was read.
        until: Timestamp,
    },
    /// A person said so (`afresh ledger declare`).
    Declared {
        /// The time they gave.
        at: Timestamp,
    },
}

impl Evidence {
    /// Not before, and not after.
    pub const fn bounds(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match *self {
            Self::Rotated { sent, answered } => (Some(sent), Some(answered)),
            Self::Changed { after, by } => (Some(after), Some(by)),
            Self::FirstSeen { at } => (None, Some(at)),
            Self::KnownBefore {
                earliest, latest, ..
            } => (earliest, Some(latest)),
            Self::RuntimeCreated { at } => (Some(at), None),
            Self::LogSilent { since, .. } => (None, Some(since)),
            Self::LogEvents { known, newest, .. } => (known, Some(newest)),
            Self::Told { at } | Self::Declared { at } => (Some(at), Some(at)),
        }
    }
}

/// When a key was made, as far as the evidence goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Birth {
    /// Not before this; `None`: nothing bounds it.
    pub earliest: Option<Timestamp>,
    /// Not after this; `None`: nothing bounds it but the present.
    pub latest: Option<Timestamp>,
    /// What the bounds rest on, in the order it was given; evidence that contradicts stronger evidence is left out.
    pub evidence: Vec<Evidence>,
}

impl Birth {
    /// The key's age at `now`.
    pub fn age(&self, now: Timestamp) -> AgeRange {
        AgeRange {
            at_least: self
                .latest
                .map_or(Span::ZERO, |latest| Span::between(latest, now)),
            at_most: self.earliest.map(|earliest| Span::between(earliest, now)),
        }
    }

    /// May it have been made before `instant`?
    pub fn may_be_before(&self, instant: Timestamp) -> bool {
        self.earliest.is_none_or(|earliest| earliest < instant)
    }

    /// Was it surely made before `instant`?
    pub fn is_before(&self, instant: Timestamp) -> bool {
        self.latest.is_some_and(|latest| latest < instant)
    }
}

/// An age as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeRange {
    /// Proved to be this old.
    pub at_least: Span,
    /// Proved not to be older; `None`: it may be of any age.
    pub at_most: Option<Span>,
}

impl std::fmt::Display for AgeRange {
    /// `97d`, `40d to 97d`, `at least 3d`, `at most 12d`, `unknown`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let low = self.at_least.rounded();
        match self.at_most {
            None if self.at_least == Span::ZERO => f.write_str("unknown"),
            None => write!(f, "at least {low}"),
            Some(most) if most.rounded() == low => f.write_str(&low),
            Some(most) if self.at_least == Span::ZERO => write!(f, "at most {}", most.rounded()),
            Some(most) => write!(f, "{low} to {}", most.rounded()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_an_interval_in_words() {
        let day = |days: u64| Span::days(days).after(Timestamp::UNIX_EPOCH);
        let age = |earliest: Option<u64>, latest: Option<u64>| {
            let birth = Birth {
                earliest: earliest.map(day),
                latest: latest.map(day),
                evidence: Vec::new(),
            };
            birth.age(day(100)).to_string()
        };
        assert_eq!(age(Some(3), Some(3)), "97d");
        assert_eq!(age(Some(3), Some(60)), "40d to 97d");
        assert_eq!(age(None, Some(97)), "at least 3d");
        assert_eq!(age(Some(88), None), "at most 12d");
        assert_eq!(age(None, None), "unknown");
    }
}
