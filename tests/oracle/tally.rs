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
    /// A key whose making the service tells is dated by that.
    Told,
    /// What a rule selects is judged, and nothing else is judged or touched.
    Selection,
    /// Text, JSON, Markdown and `why` say the same.
    Words,
    /// Every command ends as it should, and the audit finds nothing.
    Sound,
}

impl Law {
    pub const ALL: [Self; 16] = [
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
        Self::Told,
        Self::Selection,
        Self::Words,
        Self::Sound,
    ];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What has two keys, by its sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    Runtime,
    Account,
}

/// What became of something with two keys. Laws that never meet one of these prove less than they seem to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Judged, and found to be true.
    Kept,
    Broken,
    Unproven,
    /// A key was regenerated.
    Rotated,
    /// The answer to a regenerate was lost.
    Lost,
    /// It was found out what became of one.
    Settled,
}

impl Sort {
    pub const ALL: [Self; 2] = [Self::Runtime, Self::Account];
}

impl Fate {
    pub const ALL: [Self; 6] = [
        Self::Kept,
        Self::Broken,
        Self::Unproven,
        Self::Rotated,
        Self::Lost,
        Self::Settled,
    ];
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
    pub met: BTreeMap<(Sort, Fate), u64>,
    /// The first breach of each.
    pub breaches: BTreeMap<Law, Breach>,
}

impl Tally {
    pub fn meet(&mut self, sort: Sort, fate: Fate) {
        *self.met.entry((sort, fate)).or_default() += 1;
    }

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
