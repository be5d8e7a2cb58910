//! CARRY OVER: a plan as a file, which can be shown anywhere offline and applied without the manifests.
//!
//! The file has a JSON object on each line, with shapes of its own, one for each type of the model, under a version: the first line says
//! `"format": "afresh-plan/2"`, and what was decided about all subjects together. Then come connections with their clouds and credentials,
//! rules, and a line for each subject. What many have in common stands in one line, and others name it. The last line says how many there
//! are, so that a file that was cut off is noticed, and has three hashes:
//! - `digest` is SHA-256 over what was decided and what that presumes, not over ages: the same plan a minute later has the same
//!   digest. It is what a reviewer compares.
//! - `actions` is SHA-256 over the digests of all actions, which each step that acts lists. It is what an approval names: rows that need no
//!   action, ids of runs and the time do not change it.
//! - `seal` is SHA-256 over the lines before it. It detects accidents and hand edits. It does **not** stop a forger, who can compute it
//!   again: whoever may replace the file decides what is applied, unless the policy asks for [signatures](crate::signature). Keep plan files
//!   where only the pipeline writes. What an apply does is still bounded, because it looks again before each action.
//!
//! A plan is written and read line by line. What a file may measure is held against both, so that what is written can be read, and a
//! hostile file takes no more memory than the largest plan ([`crate::limits::PLAN_BYTES_MAX`] and those beside it).
//!
//! A plan file holds no secret: there is no field for one, and credentials are references. A field or version that is not known is an
//! error.

mod actions;
mod digest;
mod error;
mod file;
mod known;
mod measure;
mod mirror;
mod names;
mod place;
mod reader;
mod shape;
mod writer;

#[cfg(test)]
mod tests;

use serde_json::Value;

use measure::{Seal, trimmed};

pub use actions::{action_digests, actions_digest, all_action_digests};
pub use digest::digest;
pub use error::{Excess, Place, SavedError, Unread, WriteError};
pub use file::{FORMAT, File};
pub use reader::read;
pub use writer::write;

/// The lines of a plan.
///
/// # Errors
/// It could not be read again.
pub fn text(file: &File) -> Result<String, WriteError> {
    let mut bytes = Vec::new();
    write(file, &mut bytes)?;
    // Each line comes from a string.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines with the seal and the number that they ask for, as whoever forges a plan writes them; as they are, if the last one is not the
/// end of a plan.
pub fn sealed(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.pop().unwrap_or_default();
    let mut seal = Seal::default();
    for line in &lines {
        seal.add(trimmed(line.as_bytes()));
    }
    let Ok(mut end) = serde_json::from_str::<Value>(last) else {
        return text.to_owned();
    };
    if let Some(fields) = end.get_mut("end").and_then(Value::as_object_mut) {
        fields.insert("seal".to_owned(), seal.finish().into());
        fields.insert("lines".to_owned(), (lines.len() + 1).into());
    }
    let end = end.to_string();
    lines.push(&end);
    lines.join("\n") + "\n"
}

/// The JSON Schema of each line of the plan file.
pub fn schema() -> Value {
    shape::line::schema()
}
