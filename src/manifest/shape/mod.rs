//! Shapes: what a manifest may look like. One declaration gives the type, its reader and its JSON Schema.
//!
//! Refuses: stopping at the first problem. A reader notes what is wrong and goes on with the rest.

pub mod check;
pub mod connection;
pub mod declare;
pub mod json;
pub mod leaf;
pub mod number;
pub mod parameter;
pub mod policy;
pub mod project;
pub mod rule;
pub mod secret;
pub mod spot;
