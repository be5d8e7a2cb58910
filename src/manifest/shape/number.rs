//! Numbers, and lengths of time.
//!
//! A length of time needs a unit. A number that tools read differently is an error.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::super::scalar::Class;
use super::spot::{Shape, Spot, scalar, wrong_type};
use crate::model::time::Span;

/// A length of time: `90d`, `12h`, `30m`, `45s`, or a sum such as `1d12h`.
#[derive(Clone, Copy, Debug)]
pub struct Length(pub Span);

impl Shape for Length {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let scalar = scalar(spot, "a length of time such as `90d`", findings)?;
        let problem = match (scalar.class(), scalar.text.parse()) {
            (Class::Integer | Class::Number | Class::Disputed(_), _) => {
                let message = format!("`{}` is a number without a unit", clipped(&scalar.text));
                let days = scalar.text.trim_start_matches(['0', '+', '-']);
                let number = if days.bytes().all(|b| b.is_ascii_digit()) && !days.is_empty() {
                    days
                } else {
                    "90"
                };
                let help =
                    format!("write a unit: `{number}d`, `{number}h`, `{number}m` or `{number}s`");
                Problem::at(spot.node.mark, message)
                    .label("a length of time has a unit")
                    .help(help)
            }
            (_, Ok(span)) => return Some(Self(span)),
            (_, Err(sentence)) => {
                let message = format!("`{}` is not a length of time", clipped(&scalar.text));
                Problem::at(spot.node.mark, message).help(sentence)
            }
        };
        findings.add(problem);
        None
    }
}

impl JsonSchema for Length {
    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(?=.)(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?$",
            "description": "A length of time: `90d`, `12h`, `30m`, `45s`, or a sum such as `1d12h`."
        })
    }
}

/// A whole number of 1 or more.
#[derive(Clone, Copy, Debug)]
pub struct Positive(pub i64);

impl Shape for Positive {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        at_least(1, spot, findings).map(Self)
    }
}

/// A whole number that is not less than `least`.
fn at_least(least: i64, spot: Spot<'_>, findings: &mut Findings) -> Option<i64> {
    let scalar = scalar(spot, "a whole number", findings)?;
    let number = scalar.text.parse().ok();
    let number = number.filter(|number: &i64| *number >= least);
    match (scalar.class(), number) {
        (Class::Integer, Some(number)) => return Some(number),
        (Class::Integer | Class::Number, _) => {
            let message = format!("`{}` wants a whole number of {least} or more", spot.name);
            findings.add(Problem::at(spot.node.mark, message));
        }
        (Class::Disputed(dispute), _) => {
            let message = format!("`{}` is not the same number to every tool", scalar.text);
            let plain = scalar.text.trim_start_matches('0').replace('_', "");
            findings.add(
                Problem::at(spot.node.mark, message)
                    .label(dispute.reading())
                    .help(format!("write {plain}")),
            );
        }
        (_, number) => {
            let help = number.map(|number| format!("write {number}, without quotes"));
            findings.add(wrong_type(spot, "a whole number").maybe_help(help));
        }
    }
    None
}

impl JsonSchema for Positive {
    fn schema_name() -> Cow<'static, str> {
        "Positive".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "description": "A whole number of 1 or more." })
    }
}

/// A whole number of 1 or more, of things to count.
#[derive(Clone, Copy, Debug)]
pub struct Count(pub u32);

impl Shape for Count {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let number = Positive::read(spot, findings)?.0;
        of_things(number, spot, findings).map(Self)
    }
}

/// Not more things than anybody counts.
fn of_things(number: i64, spot: Spot<'_>, findings: &mut Findings) -> Option<u32> {
    let fits = u32::try_from(number).ok();
    if fits.is_none() {
        let message = format!("`{}` wants at most {}", spot.name, u32::MAX);
        findings.add(Problem::at(spot.node.mark, message));
    }
    fits
}

/// A whole number of things, which may be none.
#[derive(Clone, Copy, Debug)]
pub struct Whole(pub u32);

impl Shape for Whole {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let number = at_least(0, spot, findings)?;
        of_things(number, spot, findings).map(Self)
    }
}

impl JsonSchema for Whole {
    fn schema_name() -> Cow<'static, str> {
        "Whole".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer", "minimum": 0, "maximum": u32::MAX,
            "description": "A whole number of things, which may be none."
        })
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer", "minimum": 1, "maximum": u32::MAX,
            "description": "A whole number of 1 or more, of things to count."
        })
    }
}
