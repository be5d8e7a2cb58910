//! afresh keeps two kinds of promises about time on Azure: *no auth key of this integration runtime is older than N days*, and *this
//! Databricks job has succeeded within N hours* (or is running, or is not). They are declared in YAML, compared with live Azure,
//! shown as a plan, and made true by `regenerateAuthKey`, `run-now`, `runs/submit` and `runs/cancel`: each effect once, whatever
//! crashes.
//!
//! # The map: five verbs, one direction
//! ```text
//!   YAML                  cloud (read)               pure                  cloud (write)
//!    │                        │                        │                        │
//! manifest::read  ──►  survey::gather  ──►  plan::decide  ──►  apply::run  ──►  ledger
//!   Desired               Survey                Plan              Outcome          events
//!                            ▲                                                       │
//!                            └──────────────── Memory = fold(events) ◄───────────────┘
//! ```
//! `plan` is the first three verbs and writes nothing anywhere. `apply` is all five. A saved plan ([`saved`]) enters at the fourth.
//!
//! | folder | verb | in one line |
//! |---|---|---|
//! | [`model`] | | the words: plain data that every verb speaks in |
//! | [`manifest`] | read | text → `Desired`, or every problem with its place in the file |
//! | [`survey`] | gather | `Desired` × `Memory` × live Azure → one case for each subject; lazy where the ledger is proof |
//! | [`mod@plan`] | decide | pure: a verdict with its reason, and the instant at which it would change; `audit` holds the laws |
//! | [`saved`] | carry over | the plan file: its own shapes, version, digest, valid-until |
//! | [`mod@apply`] | do | for each action: look again, intend, act, settle |
//! | [`ledger`] | remember | the journal is what we know: events, fold, and stores that append at a position |
//! | [`cloud`] | speak | model ⇄ wire; the only folder that can change the world; secrets become fingerprints here |
//! | [`http`] | carry | bytes, bounds, a request budget, patience, redaction |
//! | [`signature`] | | checks who signed a plan file, as `ssh-keygen -Y` does |
//! | [`sim`] | | a small false cloud: a second opinion of Azure that shares no code with [`cloud`] |
//! | [`review`] | show | a plan as text, JSON lines, Markdown; decides nothing |
//! | [`cli`] | | the edge: one file per command; the only place that prints, asks, reads the environment, exits |
//! | [`clock`], [`limits`] | | the only reader of time; every bound in one place |
//! | `loopback` | | what counts as this machine |
//! | `mutex` | | a mutex that is never poisoned |
//! | [`escape`] | | text from outside made harmless, once for each output |
//! | [`regular`] | | files are opened only if they are regular, and read only up to a bound |
//!
//! # The nevers
//! - No effect without a won ledger append before it, and no action without a way to tell afterwards whether it happened.
//! - `regenerateAuthKey` is never repeated blindly; `run-now` and `runs/submit` never go out without a token stored first.
//! - Never both keys of one runtime in one plan, nor within `overlap`.
//! - `plan` and `model` know no IO, clock, randomness or serde; `sim` knows no `model`; only `cli/apply` can approve a write.
//! - No credential goes to a host, and no secret comes from a place, that only a manifest or a plan file names: [`model::trust`] answers,
//!   and its yes comes from outside both.
//! - A secret never exists above [`cloud`], nor in a plan, a ledger, a log or an error.
//!
//! `tests/tidy.rs` reads the source tree and holds who may use whom.
//!
//! # An example: an age is an interval with its evidence
//! ```
//! use afresh::model::runtime::RuntimeMemory;
//! use afresh::model::time::{Span, Timestamp};
//! use afresh::model::timeline::LogSpan;
//!
//! let now: Timestamp = "2026-11-22T09:00:00Z".parse()?;
//! let mut known = RuntimeMemory { created: Some(Span::days(400).before(now)), ..RuntimeMemory::default() };
//! known.log.add(LogSpan { since: Span::days(90).before(now), until: now }, &[]);
//!
//! // Azure never tells a key's age. A runtime of 400 days whose Activity Log shows nothing in 90 days has keys of 90 to 400 days, or
//! // keys of the last 20 minutes, which the log may not show yet.
//! let story = &known.births().stories[0];
//! assert_eq!(story.one.latest, Some(Span::days(90).before(now)));
//! # Ok::<(), jiff::Error>(())
//! ```
#![forbid(unsafe_code)]

pub mod apply;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod escape;
pub mod http;
pub mod ledger;
pub mod limits;
mod loopback;
pub mod manifest;
pub mod model;
mod mutex;
pub mod plan;
pub mod regular;
pub mod review;
pub mod saved;
pub mod signature;
pub mod sim;
pub mod survey;

#[cfg(test)]
#[path = "../tests/support/costs.rs"]
mod costs;
#[cfg(test)]
#[path = "../tests/conformance/fixtures.rs"]
mod fixtures;
