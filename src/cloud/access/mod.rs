//! Who the caller is to a service, and what they may do there, as far as reads can tell.
//!
//! Nothing is changed to find out, no key is read, and no token leaves this folder. `Unknown` is a valid answer.

pub(super) mod claims;
mod entry;
pub(super) mod permissions;
pub(super) mod vault;
pub(super) mod workspace;
