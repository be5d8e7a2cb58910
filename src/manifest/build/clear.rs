//! Values in plain text that look like secrets: parameters of runs, and the body of a one-time run.
//!
//! They are warnings and not errors, because a name alone proves nothing, and a demo may mean it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::super::shape::json::Json;
use super::super::shape::parameter::ParameterText;
use crate::model::job::{VARIABLE_PREFIX, is_secret};

/// Warns of parameters whose names say that they are secrets.
pub fn parameters(parameters: &BTreeMap<String, At<ParameterText>>, findings: &mut Findings) {
    for (name, value) in parameters {
        if let ParameterText::Text(text) = &value.value
            && is_secret(name, text)
        {
            let variable = format!("{VARIABLE_PREFIX}{}", variable_name(name));
            let help = format!(
                "the plan file and the ledger hold this value: write `{}: {{env: {variable}}}` and set that variable for apply, or keep it in a Databricks secret scope",
                clipped(name)
            );
            findings.add(warning(value.mark, name).help(help).secret());
        }
    }
}

/// `db-password` as a part of a variable's name: `DB_PASSWORD`.
fn variable_name(name: &str) -> String {
    let part = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    name.chars().take(40).map(part).collect()
}

/// Warns of such names anywhere in the body of a one-time run.
pub fn submit(body: &BTreeMap<String, At<Json>>, findings: &mut Findings) {
    for (key, value) in body {
        if let Some(name) = clear_in(key, &value.value.0) {
            findings.add(warning(value.mark, name).help("the manifest and the request hold this value: keep it in a Databricks secret scope, and let the task read it from there"));
        }
    }
}

/// The first name whose value is a secret in the clear.
fn clear_in<'a>(key: &'a str, value: &'a Value) -> Option<&'a str> {
    match value {
        Value::String(text) => is_secret(key, text).then_some(key),
        Value::Array(items) => items.iter().find_map(|item| clear_in(key, item)),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| clear_in(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn warning(mark: Mark, name: &str) -> Problem {
    let message = format!("`{}` looks like a secret in the clear", clipped(name));
    Problem::at(mark, message).warning()
}
