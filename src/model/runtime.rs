//! Integration runtimes and their two keys.
//!
//! A runtime always has both keys, and a key is held as its fingerprint only.

pub(super) mod fingerprint;
mod known_key;
mod memory;
pub(super) mod regeneration;
mod sight;
pub(super) mod slot;
mod slot_memory;
mod spec;
mod undone;

pub use fingerprint::Fingerprint;
pub use known_key::KnownKey;
pub use memory::RuntimeMemory;
pub use regeneration::{Regeneration, Rotation};
pub use sight::{KeySight, LogSight, OwnKeys, RuntimeSight};
pub use slot::{PerSlot, Slot};
pub use slot_memory::{Declaration, SlotMemory, TOLD_SLACK};
pub use spec::{OnStarvation, RuntimeSpec, UnknownAge};
pub use undone::Undone;
