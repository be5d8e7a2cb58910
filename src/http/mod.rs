//! CARRY: bytes, bounds and patience between afresh and a server.
//!
//! Refuses: repeating a request marked [`Repeat::Never`], following redirects, speaking plain http to anything but loopback (and
//! an Azure machine's own identity endpoint), an answer larger than [`crate::limits::RESPONSE_BYTES_MAX`].

pub mod client;
pub mod message;
pub mod patience;
pub mod redact;
pub mod wiped;
pub mod wire;

pub use client::{Client, Exchange, Skew};
pub use message::{Authorize, Failure, Repeat, Request, Response, Sent, Transport};
pub use wire::Wire;
