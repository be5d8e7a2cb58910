//! The laws by name, how often each was asked, and what broke it.

use std::collections::BTreeMap;
use std::fmt;

use afresh::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// The true birth of each key lies in the interval that is shown, as of the log's lag.
    Births,
    /// While a key's fingerprint stays, the interval that the ledger gives only narrows.
    Narrowing,
    /// Of keys, `kept` and `broken` are never said wrongly.
    KeyPromises,
    /// Of jobs.
    JobPromises,
    /// Of one-time runs.
    SubmitPromises,
    /// At `changesAt` something differs, and a second before nothing does.
    ChangesAt,
    /// Before `validUntil` nothing differs.
    ValidUntil,
    /// Where nothing stands in the way, daily applies keep every limit.
    Limits,
    /// No limit is passed of which the plan before said nothing.
    Surprises,
    /// No more attempts than `maxAttempts` for one success or rule.
    Attempts,
    /// No content of a submit succeeds twice.
    Once,
    /// No key is regenerated while its twin is younger than the overlap.
    Overlap,
    /// Text, JSON, Markdown and `why` say the same.
    Words,
    /// Every command ends as it should, and the audit finds nothing.
    Sound,
}

impl Law {
    pub const ALL: [Self; 14] = [
        Self::Births,
        Self::Narrowing,
        Self::KeyPromises,
        Self::JobPromises,
        Self::SubmitPromises,
        Self::ChangesAt,
        Self::ValidUntil,
        Self::Limits,
        Self::Surprises,
        Self::Attempts,
        Self::Once,
        Self::Overlap,
        Self::Words,
        Self::Sound,
    ];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// One thing that was said or done wrongly.
#[derive(Clone, Debug)]
pub struct Breach {
    pub law: Law,
    pub at: Timestamp,
    /// What is true, and what afresh said.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {} at {}: {}", self.law, self.at, self.what)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How often each law was asked.
    pub asked: BTreeMap<Law, u64>,
    /// The first breach of each.
    pub breaches: BTreeMap<Law, Breach>,
}

impl Tally {
    pub fn check(&mut self, law: Law, at: Timestamp, holds: bool, what: impl FnOnce() -> String) {
        *self.asked.entry(law).or_default() += 1;
        if !holds {
            self.breaches.entry(law).or_insert_with(|| Breach {
                law,
                at,
                what: what(),
            });
        }
    }
}
