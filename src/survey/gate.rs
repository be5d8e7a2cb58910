//! How many requests are under way at a time.

use std::future::Future;

use tokio::sync::Semaphore;

/// Lets so many futures through at a time.
pub struct Gate(Semaphore);

impl Gate {
    /// A gate as wide as `parallelism`, at least 1.
    pub fn new(parallelism: usize) -> Self {
        Self(Semaphore::new(parallelism.max(1)))
    }

    /// Waits for a place, then runs `work` to its end.
    pub async fn pass<T>(&self, work: impl Future<Output = T>) -> T {
        // The semaphore is never closed, so a missing permit cannot happen; going on without one is harmless.
        let _permit = self.0.acquire().await.ok();
        work.await
    }
}
