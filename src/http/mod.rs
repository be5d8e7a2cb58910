//! CARRY: bytes, bounds, a request budget and patience between afresh and a server.
//!
//! Refuses: emptying a service's bucket, sending anything once a command's time is over, repeating a request marked
//! [`Repeat::Never`], following redirects, speaking plain http to anything but loopback (and an Azure machine's own identity
//! endpoint), an answer larger than [`crate::limits::RESPONSE_BYTES_MAX`].

pub mod budget;
pub mod client;
pub mod message;
pub mod patience;
mod places;
mod proxies;
pub mod redact;
mod turns;
pub mod waiting;
pub mod wiped;
pub mod wire;

pub use budget::{Bucket, Rate};
pub use client::{Client, Exchange, Skew};
pub use message::{
    Authorize, Cause, Class, Failure, Meter, Repeat, Request, Response, Sent, Transport,
};
pub use places::{Place, Places};
pub use proxies::Proxies;
pub use waiting::{Listener, Waiting};
pub use wire::Wire;
