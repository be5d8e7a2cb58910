//! THE WORDS: plain data that every verb speaks in.
//!
//! This module does no I/O, reads no clock, prints nothing, and knows no serde. Boundaries (manifest, ledger, saved, cloud, review) own
//! their formats and translate from and to these types.
//!
//! *desired* (manifest) · *seen* (a sight of the cloud) · *remembered* (ledger) · *decided* (verdict).

pub mod access;
pub mod address;
pub mod approval;
pub mod birth;
mod births;
pub mod connection;
pub mod contents;
pub mod desired;
pub mod effect;
pub mod finding;
pub mod hand_off;
pub mod hex;
pub mod inventory;
pub mod job;
pub mod joint;
pub mod key_service;
pub mod kind;
pub mod memory;
pub mod name_glob;
pub mod nodes;
pub mod outcome;
pub mod policy;
pub mod promise;
mod recurring;
pub mod requests;
pub mod runtime;
pub mod runtime_service;
#[cfg(test)]
pub(crate) mod samples;
pub mod selector;
pub mod shard;
pub mod signing;
pub mod survey;
pub mod suspension;
pub mod time;
pub mod timeline;
pub mod trouble;
pub mod trust;
pub mod vault;
pub mod verdict;
pub mod window;
