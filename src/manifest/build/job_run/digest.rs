//! Digests by which the ledger tells one rule from another. They stay the same from version to version.
//!
//! A digest does not depend on how a manifest is written: a default that is written out gives the same digest.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::model::desired::JobSelector;
use crate::model::hex::hex;
use crate::model::job::{Counting, ParameterValue, Retry, RunResult};

/// SHA-256, in lower-case hex.
pub(super) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Of what an attempt is an attempt at: where it changes, attempts are counted anew.
pub(super) fn of_rule(
    selector: &JobSelector,
    parameters: &BTreeMap<String, ParameterValue>,
    accept: &[RunResult],
    retry: &Retry,
) -> String {
    let selector = match selector {
        JobSelector::Name(name) => json!({"name": name}),
        JobSelector::Id(id) => json!({"id": id.0}),
        JobSelector::Tags(tags) => json!({"tags": tags}),
    };
    let mut accept: Vec<&str> = accept.iter().map(RunResult::as_str).collect();
    accept.sort_unstable();
    let retry = json!([
        retry.backoff.as_secs(),
        retry.backoff_max.as_secs(),
        retry.attempts_max
    ]);
    sha256(
        &json!([
            "afresh/rule/1",
            selector,
            references(parameters),
            accept,
            retry
        ])
        .to_string(),
    )
}

/// As a manifest writes them: a variable by its name, whatever it holds.
fn references(parameters: &BTreeMap<String, ParameterValue>) -> Value {
    let value = |value: &ParameterValue| match value {
        ParameterValue::Text(text) => json!(text),
        ParameterValue::Variable(variable) => json!({"env": variable}),
    };
    let fields = parameters.iter();
    let fields = fields.map(|(name, given)| (name.clone(), value(given)));
    Value::Object(fields.collect())
}

/// Of what makes a run a success: a run with other parameters answers another question.
pub(super) fn of_question(
    counts: Counting,
    parameters: &BTreeMap<String, ParameterValue>,
) -> String {
    let asked = match counts {
        Counting::SameParameters => references(parameters),
        Counting::Any => Value::Null,
    };
    sha256(&json!(["afresh/asks/1", asked]).to_string())
}
