//! When was a key made? Azure never says: it is bounded by evidence, and the bounds are an interval.
//!
//! Refuses: a single made-up number. What cannot be proved stays open.

use super::time::{Span, Timestamp};

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
            Self::RuntimeCreated { at } => (Some(at), None),
            Self::LogSilent { since, .. } => (None, Some(since)),
            Self::LogEvents { known, newest, .. } => (known, Some(newest)),
            Self::Declared { at } => (Some(at), Some(at)),
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
    /// Intersects all evidence. Give the strongest first: a later piece that would leave nothing is passed over.
    ///
    /// A silent log on a runtime younger than the log's window says that the keys are as old as the runtime, so its bound is
    /// never drawn before the creation.
    pub fn of(evidence: impl IntoIterator<Item = Evidence>) -> Self {
        let mut birth = Self::default();
        for piece in evidence {
            birth.narrow(piece);
        }
        birth
    }

    fn narrow(&mut self, piece: Evidence) {
        let (not_before, not_after) = piece.bounds();
        let created_inside_log = matches!((piece, self.earliest), (Evidence::LogSilent { since, until }, Some(earliest)) if since < earliest && earliest <= until);
        let not_after = if created_inside_log {
            self.earliest
        } else {
            not_after
        };
        let earliest = self.earliest.max(not_before);
        let latest = match (self.latest, not_after) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if matches!((earliest, latest), (Some(e), Some(l)) if e > l) {
            return;
        }
        (self.earliest, self.latest) = (earliest, latest);
        self.evidence.push(piece);
    }

    /// The key's age at `now`.
    pub fn age(&self, now: Timestamp) -> AgeRange {
        AgeRange {
            at_least: self
                .latest
                .map_or(Span::ZERO, |latest| Span::between(latest, now)),
            at_most: self.earliest.map(|earliest| Span::between(earliest, now)),
        }
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

    fn day(days: u64) -> Timestamp {
        Span::days(days).after(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn evidence_narrows_an_interval() {
        let birth = Birth::of([
            Evidence::RuntimeCreated { at: day(10) },
            Evidence::LogSilent {
                since: day(110),
                until: day(200),
            },
            Evidence::FirstSeen { at: day(150) },
        ]);
        assert_eq!(
            birth.age(day(200)),
            AgeRange {
                at_least: Span::days(90),
                at_most: Some(Span::days(190))
            }
        );
    }

    #[test]
    fn a_silent_log_on_a_young_runtime_says_exactly_how_old_its_keys_are() {
        let birth = Birth::of([
            Evidence::RuntimeCreated { at: day(150) },
            Evidence::LogSilent {
                since: day(110),
                until: day(200),
            },
        ]);
        assert_eq!(birth.age(day(200)).to_string(), "50d");
    }

    #[test]
    fn a_declaration_that_contradicts_proof_is_passed_over() {
        let proof = Evidence::Rotated {
            sent: day(100),
            answered: day(100),
        };
        let birth = Birth::of([proof, Evidence::Declared { at: day(5) }]);
        assert_eq!(
            (birth.age(day(110)).to_string(), birth.evidence),
            ("10d".to_owned(), vec![proof])
        );
    }

    #[test]
    fn an_age_without_evidence_is_unknown() {
        assert_eq!(Birth::of([]).age(day(5)).to_string(), "unknown");
        assert_eq!(
            Birth::of([Evidence::FirstSeen { at: day(2) }])
                .age(day(5))
                .to_string(),
            "at least 3d"
        );
        assert_eq!(
            Birth::of([Evidence::RuntimeCreated { at: day(2) }])
                .age(day(5))
                .to_string(),
            "at most 3d"
        );
    }
}
