//! Limits how many subjects of one subscription or workspace are read, or acted on, at a time.
//!
//! Each subscription and workspace has its own limit, so that a slow one does not hold up the others.
//! The total number of requests in flight is limited by the HTTP client.

use std::collections::BTreeMap;
use std::future::Future;

use super::activity::ActivityLog;
use crate::http::{Place, Places};
use crate::limits::PARALLELISM_MAX;
use crate::model::connection::{Cloud, Factory, KeyConnection, Subscription, Workspace};
use crate::model::vault::VaultConnection;
use crate::mutex::Mutex;

/// How much is under way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// Subjects of one subscription or workspace.
    pub each: usize,
    /// Requests in all.
    pub all: usize,
}

impl Width {
    /// Of reads, where nobody says otherwise: as many as the bucket of a subscription lets through while an answer takes two seconds. What
    /// is under way follows from the bucket's rate, so that this bounds no more than the burst.
    pub const READING: Self = Self {
        each: 64,
        all: PARALLELISM_MAX,
    };
    /// Of actions: few, so that few stay unresolved if the process dies.
    pub const ACTING: Self = Self {
        each: 10,
        all: PARALLELISM_MAX,
    };

    /// So many of everything, at least 1.
    pub const fn of(many: usize) -> Self {
        Self {
            each: many,
            all: many,
        }
    }

    /// The share of one of so many workers, at least 1 of everything.
    #[must_use]
    pub fn shared(self, workers: u32) -> Self {
        let workers = usize::try_from(workers.max(1)).unwrap_or(usize::MAX);
        Self {
            each: (self.each / workers).max(1),
            all: (self.all / workers).max(1),
        }
    }
}

/// Lets so many through at a time, by whom they ask.
pub struct Gate {
    width: usize,
    places: Mutex<BTreeMap<Asked, Places>>,
}

/// Whom a subject's requests go to: what shares its buckets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked(String);

impl Asked {
    fn in_subscription(id: &str, cloud: &Cloud) -> Self {
        let id = id.to_ascii_lowercase();
        Self(format!("{} {id}", cloud.resource_manager))
    }
}

impl From<&Factory> for Asked {
    fn from(one: &Factory) -> Self {
        Self::in_subscription(&one.subscription, &one.cloud)
    }
}

impl From<&Subscription> for Asked {
    fn from(one: &Subscription) -> Self {
        Self::in_subscription(&one.subscription, &one.cloud)
    }
}

impl From<&KeyConnection> for Asked {
    fn from(connection: &KeyConnection) -> Self {
        match connection {
            KeyConnection::Factory(one) => Self::from(one),
            KeyConnection::Subscription(one) => Self::from(one),
        }
    }
}

impl From<&ActivityLog<'_>> for Asked {
    fn from(log: &ActivityLog<'_>) -> Self {
        Self::in_subscription(log.subscription(), log.cloud())
    }
}

impl From<&Workspace> for Asked {
    fn from(workspace: &Workspace) -> Self {
        Self(workspace.known_as())
    }
}

impl From<&VaultConnection> for Asked {
    fn from(one: &VaultConnection) -> Self {
        Self(format!("{}{}", one.vault, one.cloud.vault_domain))
    }
}

impl Gate {
    /// A gate for so many of each subscription and workspace, at least 1.
    pub fn new(each: usize) -> Self {
        Self {
            width: each,
            places: Mutex::default(),
        }
    }

    /// Waits for a place.
    pub async fn enter(&self, asked: impl Into<Asked>) -> Place {
        let places = {
            let mut all = self.places.lock();
            let new = || Places::new(self.width);
            all.entry(asked.into()).or_insert_with(new).clone()
        };
        places.take().await
    }

    /// Waits for a place, then runs `work` to its end.
    pub async fn pass<T>(&self, asked: impl Into<Asked>, work: impl Future<Output = T>) -> T {
        let _place = self.enter(asked).await;
        work.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    use super::super::tests::{factory, workspace};

    #[test]
    fn who_shares_a_bucket_shares_places() {
        let other = Factory {
            factory: "adf-other".to_owned(),
            subscription: factory().subscription.to_uppercase(),
            ..factory()
        };
        assert_eq!(Asked::from(&factory()), Asked::from(&other));
        let elsewhere = Factory {
            subscription: "another".to_owned(),
            ..factory()
        };
        assert_ne!(Asked::from(&factory()), Asked::from(&elsewhere));
        assert_ne!(Asked::from(&factory()), Asked::from(&workspace()));
    }

    fn asked(host: &str) -> Asked {
        Asked(host.to_owned())
    }

    #[tokio::test]
    async fn a_full_bucket_is_in_nobody_elses_way() {
        let gate = Gate::new(2);
        let first = gate.enter(asked("a")).await;
        let _second = gate.enter(asked("a")).await;
        assert!(gate.enter(asked("a")).now_or_never().is_none());
        assert!(gate.enter(asked("b")).now_or_never().is_some());
        drop(first);
        assert!(gate.enter(asked("a")).now_or_never().is_some());
    }
}
