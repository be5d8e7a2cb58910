//! Real processes over real HTTP: many at once on one ledger, paused, and killed. The judge is the simulated cloud, which counts what it
//! was made to do and outlives them all.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

mod cloud;
mod contention;
mod disk;
mod kill;
mod shards;
mod skew;
