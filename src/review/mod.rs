//! SHOW: a plan, the reasons for one verdict, and what an apply did, as text, JSON and Markdown.
//!
//! This module returns strings. It decides nothing, prints nothing, and reads no file. Whatever comes from Azure or from a manifest is
//! escaped here, once for terminals and once more for Markdown.

mod change;
mod command;
pub mod findings;
mod hold;
pub mod inventory;
pub mod json;
pub mod markdown;
mod nodes;
mod paint;
mod pull;
mod sentence;
mod tally;
pub mod text;
mod uses;
mod words;

pub use pull::{Pull, Side};
pub use uses::Uses;
