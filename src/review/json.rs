//! What commands print with `--format json`: of each a shape with a schema (`afresh schema`). Fields may be added, and are never renamed.
//!
//! A field without a value is left out; only `granted` may be null. A plan as JSON is the plan file's business.

mod access;
mod diff;
mod event;
mod why;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::{Value, json};

pub use access::{Document as Accesses, accesses};
pub use diff::{Document as Diff, diff};
pub use event::{Line as Event, recorded, report, summary};
pub use why::{Document as Why, why};

/// The schema of one of them.
pub fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

/// On one line.
pub fn in_a_line<T: Serialize>(said: &T) -> String {
    json!(said).to_string()
}

/// On many.
pub fn spread<T: Serialize>(said: &T) -> String {
    format!("{:#}", json!(said))
}
