//! One of several parts of an estate, each for a worker of its own.
//!
//! A subject's part follows from what the subject is: neither its address nor its place in a list, nor what else there is.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::address::{Address, Identity, Name};
use super::memory::LogId;
use super::time::Timestamp;
use crate::limits::SHARDS_MAX;

/// Which part, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: u32,
    count: u32,
}

impl fmt::Display for Shard {
    /// `2/8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl Shard {
    /// The part with this number, from 1, of so many, at most [`SHARDS_MAX`].
    ///
    /// # Errors
    /// There is no such part.
    pub fn new(number: u32, count: u32) -> Result<Self, String> {
        if !(1..=SHARDS_MAX).contains(&count) {
            return Err(format!(
                "there may be 1 to {SHARDS_MAX} shards, not {count}"
            ));
        }
        if !(1..=count).contains(&number) {
            return Err(format!(
                "shards are numbered from 1 to {count}, so there is no shard {number}"
            ));
        }
        Ok(Self { number, count })
    }

    /// Which one, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Of how many.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Is the subject in this part? It is in exactly one.
    pub fn holds(self, subject: &Identity) -> bool {
        self.has(&subject.to_string())
    }

    /// Is what could not be found out in this part? It has no identity: its rule and address stand for it.
    pub fn holds_unresolved(self, rule: &Name, address: &Address) -> bool {
        self.has(&format!("unresolved:{rule}:{address}"))
    }

    /// Does this part's worker write down what a log tells?
    pub fn keeps_log(self, log: &LogId) -> bool {
        self.has(&format!("log:{}/{}", log.subscription, log.group))
    }

    fn has(self, text: &str) -> bool {
        let digest = Sha256::new()
            .chain_update("shard ")
            .chain_update(text)
            .finalize();
        let number = digest
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number.checked_rem(u64::from(self.count)) == Some(u64::from(self.number - 1))
    }
}

/// Which part of its subjects a plan is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub shard: Shard,
    /// How many subjects were found that other parts are about. Nothing is said of them.
    pub left_out: usize,
}

/// The manifests that a plan was made from: all shards of one whole have the same ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// How many documents there are.
    pub documents: usize,
    /// SHA-256 over the texts of their files, in lower-case hex, whatever the files are called and however their lines end.
    pub digest: String,
}

/// What rationing needs of an action besides its step: kept where other shards have to be heard before it is rationed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// When what is due now is too late, or was; `None`: nothing tells.
    pub broken_at: Option<Timestamp>,
    /// When what it proposes to do changes by time alone.
    pub ends_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::address::ResourceId;
    use crate::model::job::JobId;

    fn holders(subject: &Identity, count: u32) -> Vec<u32> {
        (1..=count)
            .filter(|number| Shard::new(*number, count).unwrap().holds(subject))
            .collect()
    }

    #[test]
    fn shards_are_numbered_from_one() {
        assert_eq!(Shard::new(2, 8).unwrap().to_string(), "2/8");
        for (number, count) in [(0, 8), (9, 8), (1, 0), (1, SHARDS_MAX + 1)] {
            assert!(Shard::new(number, count).is_err(), "{number}/{count}");
        }
        assert!(Shard::new(SHARDS_MAX, SHARDS_MAX).is_ok());
    }

    /// Workers of two versions must agree, so the numbers never change.
    #[test]
    fn which_shard_a_subject_is_in_never_changes() {
        let runtime = ResourceId::new(
            "/subscriptions/1/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf/integrationRuntimes/Gateway-West",
        );
        let subjects = [
            Identity::Runtime(runtime),
            Identity::Job("adb-1.azuredatabricks.net".to_owned(), JobId(7)),
            Identity::Submission(
                "adb-1.azuredatabricks.net".to_owned(),
                Name::parse("backfill").unwrap(),
            ),
        ];
        let held: Vec<_> = subjects.iter().map(|one| holders(one, 8)).collect();
        assert_eq!(held, [[2], [8], [5]]);
    }

    #[test]
    fn the_parts_are_about_as_large() {
        let subjects = (0..8_000).map(|id| Identity::Job("host".to_owned(), JobId(id)));
        let mut sizes = [0_usize; 8];
        for subject in subjects {
            for number in holders(&subject, 8) {
                sizes[usize::try_from(number - 1).unwrap()] += 1;
            }
        }
        assert_eq!(sizes.iter().sum::<usize>(), 8_000);
        assert!(
            sizes.iter().all(|size| (850..1_150).contains(size)),
            "{sizes:?}"
        );
    }

    proptest! {
        /// However a resource id is spelled, and whatever else there is.
        #[test]
        fn each_subject_is_in_exactly_one_shard(name in "[a-z]{3,12}", count in 1_u32..40) {
            let id = |name: &str| Identity::Runtime(ResourceId::new(format!("/subscriptions/1/{name}")));
            let (lower, upper) = (holders(&id(&name), count), holders(&id(&name.to_uppercase()), count));
            prop_assert_eq!(lower.len(), 1);
            prop_assert_eq!(lower, upper);
        }
    }

    #[test]
    fn each_step_and_each_log_is_in_exactly_one_shard() {
        let shards = || (1..=8).map(|number| Shard::new(number, 8).unwrap());
        let mut seen = BTreeSet::new();
        for group in 0..100 {
            let log = LogId {
                subscription: "1".to_owned(),
                group: format!("rg-{group}"),
            };
            let keepers: Vec<u32> = shards()
                .filter(|one| one.keeps_log(&log))
                .map(Shard::number)
                .collect();
            assert_eq!(keepers.len(), 1);
            seen.extend(keepers);
        }
        assert_eq!(seen.len(), 8);
    }
}
