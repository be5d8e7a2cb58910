//! Values that look like secrets and stand in the clear: parameters of runs, and the body of a one-time run.
//!
//! Refuses: to be an error. A name alone proves nothing, and a demo may mean it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::mark::{At, Mark};
use super::super::mask;
use super::super::problem::{Findings, Problem};
use super::super::shape::clipped;
use super::super::shape::json::Json;

/// Warns of parameters whose names say that they are secrets.
pub fn parameters(parameters: &BTreeMap<String, At<String>>, findings: &mut Findings) {
    for (name, value) in parameters {
        if is_clear(name, &value.value) {
            findings.add(warning(value.mark, name).secret());
        }
    }
}

/// Warns of such names anywhere in the body of a one-time run.
pub fn submit(body: &BTreeMap<String, At<Json>>, findings: &mut Findings) {
    for (key, value) in body {
        if let Some(name) = clear_in(key, &value.value.0) {
            findings.add(warning(value.mark, name));
        }
    }
}

/// The first name whose value is a secret in the clear.
fn clear_in<'a>(key: &'a str, value: &'a Value) -> Option<&'a str> {
    match value {
        Value::String(text) => is_clear(key, text).then_some(key),
        Value::Array(items) => items.iter().find_map(|item| clear_in(key, item)),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| clear_in(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// `{{…}}` is filled in by Databricks when the run starts.
fn is_clear(name: &str, value: &str) -> bool {
    mask::names_secret(name) && !value.is_empty() && !value.contains("{{")
}

fn warning(mark: Mark, name: &str) -> Problem {
    let message = format!("`{}` looks like a secret in the clear", clipped(name));
    Problem::at(mark, message)
        .help("manifests, plans and the ledger show this value: keep it in a Databricks secret scope, and let the job read it from there")
        .warning()
}
