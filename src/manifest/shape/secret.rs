//! Where secrets come from.
//!
//! A secret in place of its source is an error, and is not shown.

use schemars::JsonSchema;

use super::super::mark::Mark;
use super::super::problem::{Findings, Problem};
use super::super::scalar::Class;
use super::leaf::{Filled, VariableName};
use super::spot::{Shape, Spot, one_of};
use crate::manifest::tree::Value;

/// Where a secret is read from when it is needed: never the secret itself.
#[derive(Clone, Debug, JsonSchema)]
pub enum SecretText {
    /// An environment variable's name.
    #[schemars(rename = "env")]
    Env(VariableName),
    /// A file's path, relative to the manifest's own folder.
    #[schemars(rename = "file")]
    File(Filled),
}

impl Shape for SecretText {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let inline = match &spot.node.value {
            Value::Scalar(scalar) => (scalar.class() != Class::Null).then_some(spot.node.mark),
            Value::Map(entries) => entries
                .iter()
                .find(|entry| !matches!(entry.key.text.as_str(), "env" | "file"))
                .filter(|entry| matches!(entry.value.value, Value::Scalar(_)))
                .map(|entry| entry.value.mark),
            Value::List(_) => None,
        };
        if let Some(mark) = inline {
            findings.add(inline_secret(mark, spot.name));
            return None;
        }
        let spot = one_of(spot, &["env", "file"], findings)?;
        match spot.name {
            "env" => VariableName::read(spot, findings).map(Self::Env),
            _ => Filled::read(spot, findings).map(Self::File),
        }
    }
}

fn inline_secret(mark: Mark, name: &str) -> Problem {
    Problem::at(mark, format!("`{name}` holds a secret, and a manifest must not"))
        .label("not shown here")
        .help(format!("write where it comes from: `{name}: {{env: VARIABLE}}` or `{name}: {{file: PATH}}`; and replace the secret, since this file has held it"))
        .secret()
}
