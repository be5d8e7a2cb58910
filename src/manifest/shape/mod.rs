//! Shapes: what a manifest may look like. One declaration gives the type, its reader and its JSON Schema.
//!
//! Readers report every problem, not only the first one.

pub mod approval;
pub mod check;
pub mod connection;
pub mod declare;
pub mod json;
pub mod leaf;
mod likeness;
mod meant;
pub mod number;
pub mod parameter;
pub mod policy;
pub mod project;
pub mod rule;
pub mod secret;
pub mod signer;
pub mod spot;
pub mod suspend;
mod wrong_field;
