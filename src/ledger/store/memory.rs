//! A ledger in memory, for tests: it counts appends, fails on demand, and lets a rival write between two of ours.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{
    AppendError, Position, Reading, Store, StoreError, first_line, generation_of, shorter, tail,
    whole_lines,
};
use crate::mutex::{Mutex, MutexGuard};

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
        self.0.lock()
    }

    fn check(&self, at: Position) -> Result<MutexGuard<'_, Inner>, AppendError> {
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
        if inner.position() == at {
            Ok(inner)
        } else {
            Err(AppendError::Conflict)
        }
    }

    fn append_now(&self, at: Position, bytes: &[u8]) -> Result<Position, AppendError> {
        let mut inner = self.check(at)?;
        let whole = whole_lines(&inner.bytes);
        inner.bytes.truncate(whole);
        inner.bytes.extend_from_slice(bytes);
        Ok(inner.position())
    }

    fn replace_now(&self, at: Position, bytes: Vec<u8>) -> Result<Position, AppendError> {
        let mut inner = self.check(at)?;
        inner.bytes = bytes;
        Ok(inner.position())
    }
}

impl Inner {
    fn position(&self) -> Position {
        let whole = whole_lines(&self.bytes);
        Position {
            generation: generation_of(first_line(&self.bytes[..whole])),
            offset: whole as u64,
        }
    }
}

impl Store for MemoryStore {
    fn stream(&self, since: Position) -> BoxFuture<'_, Result<Reading<'_>, StoreError>> {
        let inner = self.inner();
        let stored =
            tail(inner.bytes.clone(), since).ok_or_else(|| shorter("in memory".to_owned()));
        Box::pin(std::future::ready(stored.map(Reading::from)))
    }

    fn append(&self, at: Position, bytes: Vec<u8>) -> BoxFuture<'_, Result<Position, AppendError>> {
        Box::pin(async move {
            // A real store takes its time, and others run meanwhile.
            tokio::task::yield_now().await;
            self.append_now(at, &bytes)
        })
    }

    fn replace(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok((self.replace_now(at, bytes)?, "nowhere".to_owned()))
        })
    }
}
