//! REMEMBER: the journal is the state. Events are appended; what they add up to is [`crate::model::memory::Memory`].
//!
//! Nothing is locked for longer than one append. Whoever appends says where the ledger ended when they decided; a writer that was
//! overtaken reads again and decides again. An intent is not written on a subject that somebody else is busy with, or has changed since
//! this ledger was opened. A written line is never changed, and none is lost that anything rests on: compaction keeps the old ledger, and one that
//! compacts itself the last old one. No line holds a secret.
//!
//! A ledger is read line by line, and never lies in memory as a whole: what is remembered goes by its subjects.
//!
#![doc = include_str!("../../docs/guarantee.md")]

mod commit;
mod compact;
mod error;
pub mod event;
pub mod fold;
mod handle;
pub mod json;
mod known;
mod queue;
pub mod store;

pub use compact::{Compacted, Upkeep};
pub use error::{IntendError, LedgerError};
pub use handle::Ledger;
pub use json::schema;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
