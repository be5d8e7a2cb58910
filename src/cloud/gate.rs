//! How many subjects of one subscription or workspace are looked at, or acted on, at a time.
//!
//! Refuses: letting those who wait for one stand in the way of others: each has places of its own. How many requests are
//! under way in all is the client's business.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::connection::{Factory, Workspace, WorkspaceHost};

/// Lets so many through at a time, by whom they ask.
pub struct Gate {
    width: usize,
    places: Mutex<BTreeMap<Asked, Arc<Semaphore>>>,
}

/// Whom a subject's requests go to: what shares its buckets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked(String);

impl From<&Factory> for Asked {
    fn from(factory: &Factory) -> Self {
        let subscription = factory.subscription.to_ascii_lowercase();
        Self(format!("{} {subscription}", factory.cloud.resource_manager))
    }
}

impl From<&Workspace> for Asked {
    fn from(workspace: &Workspace) -> Self {
        match (&workspace.host, &workspace.resource_id) {
            (WorkspaceHost::Given(host), _) => Self(host.to_ascii_lowercase()),
            (WorkspaceHost::FromResource, Some(id)) => Self(id.as_str().to_ascii_lowercase()),
            (WorkspaceHost::FromResource, None) => Self(workspace.name.to_string()),
        }
    }
}

/// A place behind the gate, until it is dropped.
pub struct Place(#[expect(dead_code, reason = "held, not used")] Option<OwnedSemaphorePermit>);

impl Gate {
    /// A gate as wide as `parallelism`, at least 1.
    pub fn new(parallelism: usize) -> Self {
        Self {
            width: parallelism.clamp(1, Semaphore::MAX_PERMITS),
            places: Mutex::default(),
        }
    }

    /// Waits for a place.
    pub async fn enter(&self, asked: impl Into<Asked>) -> Place {
        let places = {
            let mut all = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(self.width));
            Arc::clone(all.entry(asked.into()).or_insert_with(new))
        };
        // The semaphore is never closed, so a missing permit cannot happen; going on without one is harmless.
        Place(places.acquire_owned().await.ok())
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
