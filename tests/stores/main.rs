//! One contract, every store: the ledger in memory, in a file, and in an append blob of a real emulator.
//!
//! The emulator is started by `tests/run`, which gives its addresses in `AFRESH_TEST_BLOB` and
//! `AFRESH_TEST_BLOB_OAUTH`. Without it those tests say that they were
//! skipped; with `CI=true` they fail.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

mod auth;
mod blob;
mod contract;
mod oauth;

use std::sync::Arc;

use afresh::ledger::store::Store;
use afresh::ledger::store::file::FileStore;
use afresh::ledger::store::memory::MemoryStore;
use contract::{Place, holds};

#[tokio::test]
async fn in_memory() {
    holds(&|| {
        let store = MemoryStore::default();
        Place {
            open: Box::new(move || Arc::new(store.clone()) as Arc<dyn Store>),
            kept: None,
        }
    })
    .await;
}

#[tokio::test]
async fn in_a_file() {
    holds(&|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/ledger.jsonl");
        Place {
            open: Box::new(move || Arc::new(FileStore::new(path.clone())) as Arc<dyn Store>),
            kept: Some(Box::new(folder)),
        }
    })
    .await;
}
