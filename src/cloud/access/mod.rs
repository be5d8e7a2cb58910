//! Who we are to a service, and what it lets us do there, as far as reads can tell.
//!
//! Refuses: changing anything to find out; reading a key; letting a token out. `Unknown` is an answer.

pub(super) mod claims;
mod entry;
pub(super) mod permissions;
pub(super) mod workspace;
