//! Free-form JSON: what a service takes as it is.
//!
//! A plain word that tools read differently is an error, since the service could get something that nobody meant.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::super::scalar::{Class, Scalar};
use super::spot::{Shape, Spot, text};
use crate::manifest::tree::Value;

/// Any JSON value: what a service takes as it is.
#[derive(Clone, Debug)]
pub struct Json(pub serde_json::Value);

impl Shape for Json {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        use serde_json::Value as J;
        let value = match &spot.node.value {
            Value::Scalar(scalar) => json_scalar(scalar, spot, findings)?,
            Value::List(_) => {
                let items = Vec::<Self>::read(spot, findings)?;
                J::Array(items.into_iter().map(|item| item.0).collect())
            }
            Value::Map(_) => {
                let fields = std::collections::BTreeMap::<String, Self>::read(spot, findings)?;
                J::Object(
                    fields
                        .into_iter()
                        .map(|(key, value)| (key, value.0))
                        .collect(),
                )
            }
        };
        Some(Self(value))
    }
}

fn json_scalar(
    scalar: &Scalar,
    spot: Spot<'_>,
    findings: &mut Findings,
) -> Option<serde_json::Value> {
    let number = || scalar.text.parse::<serde_json::Number>().ok();
    match scalar.class() {
        Class::Null => Some(serde_json::Value::Null),
        Class::Bool(value) => Some(value.into()),
        Class::Integer | Class::Number => {
            if let Some(number) = number() {
                return Some(number.into());
            }
            let message = format!("`{}` is not a number in JSON", clipped(&scalar.text));
            findings.add(Problem::at(spot.node.mark, message).help(format!(
                "write it in digits, or {} for text",
                scalar.quoted()
            )));
            None
        }
        Class::Disputed(_) | Class::Text => text(
            scalar,
            spot.node.mark,
            &format!("`{}`", spot.name),
            findings,
        )
        .map(Into::into),
    }
}

impl JsonSchema for Json {
    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}
