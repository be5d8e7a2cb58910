//! CARRY: bytes, bounds, a request budget and retries between afresh and a server.
//!
//! A service's bucket is never emptied, and nothing is sent once a command's time is over. A request marked [`Repeat::Never`] is not
//! repeated unless it surely did nothing. Redirects are not followed. Plain http is used only for loopback and for an Azure machine's own
//! identity endpoint. A response has at most [`crate::limits::RESPONSE_BYTES_MAX`] bytes.

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
