//! Tokens: how they are obtained, and kept in memory until shortly before they expire.
//!
//! No token is written anywhere. Requests that need the same token at the same time share one fetch.
//!
//! # Why not the official crate
//! `azure_identity` 1.0.0 was tried for what it covers; `benches/official_credentials/run` shows what it costs and, by checks against the
//! crate itself, what it conflicts with. Its `Secret` can be serialised and compared, and is not wiped. A refusal of Entra ID as it
//! really is (with an escape in its text) comes out as an error of the JSON reader, without status and AADSTS number, so that nobody can
//! be told what to do. Lifetimes come as text from some services and as numbers from others; it takes one of them at each place. It computes
//! a token's end by the machine's clock, where ours can be set. It retries requests by itself, nine sends of one refused request, outside
//! our retry policy, deadlines and counts. It reads the process's environment by itself, which only `cli` may. The metadata service cannot
//! be moved to loopback, and an authority there needs TLS, so the simulated cloud could not be used. The Azure CLI goes through a shell.
//! A managed identity of App Service cannot be named by resource id. GitHub, device codes, a certificate without OpenSSL, Databricks and
//! the chain are not in it: most of what is here would stay.
//!
//! # What is wiped
//! Tokens, secrets, forms, header fields and responses, when the last copy is dropped. Not wiped: the environment that the kernel keeps for this
//! process, pages of files in its cache, buffers of hyper, HTTP/2 and rustls, and the reader's scratch space for a string with escapes.

mod advice;
pub(super) mod authority;
mod azure_cli;
mod certificate;
mod chain;
mod databricks;
mod device;
mod entra;
mod federated;
mod grant;
mod lookup;
mod managed;
mod oauth;
mod profile;
mod source;
pub(super) mod token;
pub(super) mod vault;
mod ways;
