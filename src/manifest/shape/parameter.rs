//! The value of a job parameter: a text, or the variable that it comes from.
//!
//! Only variables that are meant for jobs are accepted, so that a manifest cannot send a credential to one.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::problem::{Findings, Problem};
use super::leaf::VariableName;
use super::spot::{Shape, Spot, one_of};
use crate::manifest::tree::Value;
use crate::model::job::{ParameterValue, VARIABLE_PREFIX};

/// What a job parameter is given.
#[derive(Clone, Debug)]
pub enum ParameterText {
    /// This text.
    Text(String),
    /// What this environment variable holds when the run is started.
    Env(String),
}

impl From<&ParameterText> for ParameterValue {
    fn from(written: &ParameterText) -> Self {
        match written {
            ParameterText::Text(text) => Self::Text(text.clone()),
            ParameterText::Env(variable) => Self::Variable(variable.clone()),
        }
    }
}

impl Shape for ParameterText {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        if !matches!(spot.node.value, Value::Map(_)) {
            return String::read(spot, findings).map(Self::Text);
        }
        let spot = one_of(spot, &["env"], findings)?;
        let mark = spot.node.mark;
        let variable = VariableName::read(spot, findings)?.0;
        if variable.starts_with(VARIABLE_PREFIX) {
            return Some(Self::Env(variable));
        }
        let message = format!("`{variable}` is not a variable for job parameters");
        let problem = Problem::at(mark, message).label(format!("`{VARIABLE_PREFIX}…` is wanted"));
        findings.add(problem.help(format!(
            "only variables whose names begin with {VARIABLE_PREFIX} are given to jobs, so that a manifest cannot send a credential to one"
        )));
        None
    }
}

impl JsonSchema for ParameterText {
    fn schema_name() -> Cow<'static, str> {
        "ParameterText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("^{VARIABLE_PREFIX}[A-Za-z0-9_]*$");
        json_schema!({
            "description": "What a job parameter is given: a text, or where it comes from when the run is started.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": {
                        "env": {
                            "description": "An environment variable of `afresh apply`. Its name begins with AFRESH_PARAMETER_. Plans and the ledger hold the name only.",
                            "type": "string",
                            "pattern": pattern,
                        },
                    },
                    "required": ["env"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
