//! A limit on how many things are under way at a time.
//!
//! The semaphore is never closed, so everybody who waits gets a place.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places. Clones share them.
#[derive(Clone, Debug)]
pub struct Places(Arc<Semaphore>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held, not used")] Option<OwnedSemaphorePermit>);

impl Places {
    /// At least one.
    pub fn new(many: usize) -> Self {
        let many = many.clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(many)))
    }

    /// Waits for one, first come, first served.
    pub async fn take(&self) -> Place {
        // The semaphore is never closed; without a permit there is only less order.
        Place(Arc::clone(&self.0).acquire_owned().await.ok())
    }
}
