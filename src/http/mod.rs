//! CARRY: bytes, bounds and patience between afresh and a server.
//!
//! Refuses: repeating a request marked [`Repeat::Never`], following redirects, speaking plain http to anything but loopback,
//! an answer larger than [`crate::limits::RESPONSE_BYTES_MAX`].

pub mod message;

pub use message::{Failure, Repeat, Request, Response, Sent, Transport};
