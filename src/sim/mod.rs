//! THE SIMULATOR: (World, Request) → Response; knows nothing of model.
//!
//! A second opinion of Azure: Entra ID's token endpoints, the part of Azure Resource Manager that is about integration runtimes
//! and storage accounts, the Jobs API of Databricks, and the secrets of Key Vault, with the traps of the real services. The program talks to it in process ([`Embedded`]) and
//! over loopback ([`server::serve`]); other people's clients can too.
//!
//! It does not import `model`, `plan` or `cloud`, so that it does not share their misconceptions. Nothing is random: everything derives
//! from the world file's `seed`. It has no time of its own but lives by [`World::clock`]. A read writes nothing.
//!
//! ```text
//! world file ─ build ─► World ◄─ store ─► .afresh/world.json, and a journal beside it
//!                         ▲
//!  Embedded ─┐            │ advance (what happens by itself until now)
//!            ├─► door ────┤ fault   (which lie)
//!    server ─┘            └─► entra · arm · databricks · vault ─► Response, stamped with the world's time
//! ```
//!
#![doc = include_str!("../../docs/world-files.md")]

mod account;
mod advance;
mod agenda;
mod alone;
mod arm;
mod bucket;
mod build;
mod build_ground;
mod build_keys;
mod build_nodes;
mod build_storage;
mod build_vault;
mod build_workspace;
mod databricks;
mod denial;
mod device;
mod digest;
mod door;
mod embedded;
mod entra;
mod fault;
mod file;
mod handed;
mod happen;
mod happen_jobs;
mod happen_storage;
mod happen_vault;
mod journal;
mod keeper;
mod key;
mod machine;
mod meanwhile;
mod message;
mod node;
mod operation;
mod page;
mod person;
mod provider;
mod quota;
mod refuse;
mod role;
mod run;
mod secret;
pub mod server;
mod shelf;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod times;
mod token;
mod vault;
mod world;

pub use self::embedded::{Embedded, Recorded};
pub use self::operation::Operation;
pub use self::store::Error;
pub use self::tally::Tally;
pub use self::world::{Effects, World};
