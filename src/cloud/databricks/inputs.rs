//! What a run was started with: job parameters, and parameters of the old kinds.
//!
//! Reading them never fails: none of them is needed to read a run, so a value of an unknown shape counts as absent.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::job::Parameter;

/// `job_parameters` of a run. `None`: not told, or not in a way that this version knows.
pub(super) fn parameters(told: Option<&Value>) -> Option<Vec<Parameter>> {
    let parameter = |one: &Value| {
        Some(Parameter {
            name: one["name"].as_str()?.to_owned(),
            default: text(&one["default"]),
            value: text(&one["value"]),
        })
    };
    told?.as_array()?.iter().map(parameter).collect()
}

/// `parameters` of a job's settings.
pub(super) fn defaults(told: Option<&Value>) -> BTreeMap<String, String> {
    let parameter = |one: &Value| Some((one["name"].as_str()?.to_owned(), text(&one["default"])?));
    let told = told.and_then(Value::as_array).into_iter().flatten();
    told.filter_map(parameter).collect()
}

/// Which of `overriding_parameters` say anything.
pub(super) fn overriding(told: Option<&Value>) -> Vec<String> {
    let told = told.and_then(Value::as_object).into_iter().flatten();
    let told = told.filter(|(_, value)| !is_blank(value));
    told.map(|(name, _)| name.clone()).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.iter().all(is_blank),
        Value::Object(all) => all.values().all(is_blank),
    }
}
