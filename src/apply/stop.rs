//! The flag that the first Ctrl-C raises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A flag that is raised once and never lowered. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_raised: AtomicBool,
    raised: Notify,
}

impl StopFlag {
    /// Asks everybody who shares the flag to begin nothing more.
    pub fn raise(&self) {
        self.0.is_raised.store(true, Ordering::SeqCst);
        self.0.raised.notify_waiters();
    }

    /// Has it been raised?
    pub fn is_raised(&self) -> bool {
        self.0.is_raised.load(Ordering::SeqCst)
    }

    /// Ends when it is raised.
    pub async fn raised(&self) {
        let raised = self.0.raised.notified();
        if !self.is_raised() {
            raised.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_for_the_flag_hears_of_it_before_and_after() {
        let flag = StopFlag::default();
        let other = flag.clone();
        let waiting = tokio::spawn(async move { other.raised().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        flag.raise();
        waiting.await.unwrap();
        flag.raised().await;
        assert!(flag.is_raised());
    }
}
