//! A ledger in memory, for tests: it counts appends, fails on demand, and lets a rival write between two of ours.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use super::{AppendError, Store, StoreError, Stored, whole_lines};

/// A ledger in memory. Clones share one content, as two processes share one file.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    appends: u64,
    broken: Option<String>,
}

impl MemoryStore {
    /// A ledger that holds `bytes` already, torn last line and all.
    pub fn holding(bytes: impl Into<Vec<u8>>) -> Self {
        let store = Self::default();
        store.inner().bytes = bytes.into();
        store
    }

    /// Appends that were tried so far, conflicts included.
    pub fn appends(&self) -> u64 {
        self.inner().appends
    }

    /// Everything that was written.
    pub fn bytes(&self) -> Vec<u8> {
        self.inner().bytes.clone()
    }

    /// From now on every append fails with `what`; `None` mends it.
    pub fn break_with(&self, what: Option<&str>) {
        self.inner().broken = what.map(str::to_owned);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, at: u64, bytes: &[u8]) -> Result<u64, AppendError> {
        let mut inner = self.inner();
        inner.appends += 1;
        if let Some(what) = &inner.broken {
            return Err(AppendError::Store(StoreError {
                doing: "append to",
                place: "in memory".to_owned(),
                what: what.clone(),
                advice: "mend the test's store".to_owned(),
            }));
        }
        let whole = whole_lines(&inner.bytes);
        if whole as u64 != at {
            return Err(AppendError::Conflict);
        }
        inner.bytes.truncate(whole);
        inner.bytes.extend_from_slice(bytes);
        Ok(inner.bytes.len() as u64)
    }
}

impl Store for MemoryStore {
    fn read(&self) -> BoxFuture<'_, Result<Stored, StoreError>> {
        let mut bytes = self.bytes();
        bytes.truncate(whole_lines(&bytes));
        let position = bytes.len() as u64;
        Box::pin(std::future::ready(Ok(Stored { bytes, position })))
    }

    fn append(&self, at: u64, bytes: Vec<u8>) -> BoxFuture<'_, Result<u64, AppendError>> {
        Box::pin(async move {
            // A real store takes its time, and others run meanwhile.
            tokio::task::yield_now().await;
            self.append_now(at, &bytes)
        })
    }
}
