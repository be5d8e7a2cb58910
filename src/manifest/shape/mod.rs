//! Shapes: what a manifest may look like. One declaration gives the type, its reader and its JSON Schema.
//!
//! Refuses: stopping at the first problem. A reader notes what is wrong and goes on with the rest.

pub mod check;
pub mod connection;
pub mod json;
pub mod leaf;
pub mod number;
pub mod parameter;
pub mod policy;
pub mod project;
pub mod rule;
pub mod secret;

use std::collections::BTreeMap;

use super::mark::{At, Mark};
use super::problem::{Findings, Problem, listed, suggestion};
use super::scalar::{Class, Scalar};
use super::tree::{Entry, Node, Value};

/// A value, and the place of the key or list item that holds it: what is missing in it is missed there.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    /// The value.
    pub node: &'a Node,
    /// Where its holder is written.
    pub owner: Mark,
    /// The holder's words: the key.
    pub name: &'a str,
}

/// Something that can be read from a manifest.
pub trait Shape: Sized {
    /// Reads it. `None` if that fails: then at least one problem was noted.
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self>;

    /// What a field of this shape holds when it is not written; `None` if it must be written.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Shape> Shape for Option<T> {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        T::read(spot, findings).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Shape> Shape for At<T> {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let value = T::read(spot, findings)?;
        let mark = match &spot.node.value {
            Value::Scalar(_) => spot.node.mark,
            Value::List(_) | Value::Map(_) => spot.owner,
        };
        Some(Self { value, mark })
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let Value::List(items) = &spot.node.value else {
            let problem = wrong_type(spot, "a list");
            let help = match &spot.node.value {
                Value::Scalar(scalar) if scalar.class() == Class::Text => {
                    Some(format!("write `[{}]`", clipped(&scalar.text)))
                }
                _ => None,
            };
            findings.add(problem.maybe_help(help));
            return None;
        };
        let read: Vec<_> = items
            .iter()
            .map(|item| {
                let spot = Spot {
                    node: item,
                    owner: item.mark,
                    name: spot.name,
                };
                T::read(spot, findings)
            })
            .collect();
        read.into_iter().collect()
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let entries = entries(spot, findings)?;
        let read: Vec<_> = entries
            .iter()
            .map(|entry| {
                let key = leaf::text(&entry.key, entry.mark, "the key", findings);
                let spot = Spot {
                    node: &entry.value,
                    owner: entry.mark,
                    name: &entry.key.text,
                };
                let value = T::read(spot, findings);
                Some((key?, value?))
            })
            .collect();
        read.into_iter().collect()
    }
}

/// The entries of a mapping; if it is none, that is noted.
pub fn entries<'a>(spot: Spot<'a>, findings: &mut Findings) -> Option<&'a [Entry]> {
    if let Value::Map(entries) = &spot.node.value {
        return Some(entries);
    }
    let help = match &spot.node.value {
        Value::Scalar(scalar) if scalar.class() == Class::Null => {
            Some(format!("write `{}: {{}}` if it has no fields", spot.name))
        }
        Value::Scalar(scalar) if scalar.plain && is_key_without_space(&scalar.text) => {
            Some("write a space after the colon".to_owned())
        }
        Value::Scalar(_) | Value::List(_) | Value::Map(_) => None,
    };
    findings.add(wrong_type(spot, "a mapping").maybe_help(help));
    None
}

/// "`x` wants a list, and this is a number".
pub fn wrong_type(spot: Spot<'_>, wanted: &str) -> Problem {
    let (mark, found) = match &spot.node.value {
        Value::Map(_) => (spot.owner, "a mapping"),
        Value::List(_) => (spot.owner, "a list"),
        Value::Scalar(scalar) => match scalar.class() {
            Class::Null => {
                let message = format!("`{}` has no value", spot.name);
                return Problem::at(spot.owner, message).label(format!("{wanted} is wanted"));
            }
            Class::Bool(_) => (spot.node.mark, "true or false"),
            Class::Integer | Class::Number => (spot.node.mark, "a number"),
            Class::Disputed(_) | Class::Text => (spot.node.mark, "text"),
        },
    };
    Problem::at(mark, format!("`{}` wants {wanted}", spot.name)).label(format!("this is {found}"))
}

fn is_key_without_space(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.chars().all(char::is_alphanumeric);
    text.split_once(':').is_some_and(|(key, _)| word(key))
}

/// The fields of a mapping, taken one by one.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: &'a [Entry],
    owner: Mark,
    name: &'a str,
}

impl<'a> Fields<'a> {
    /// Looks into a mapping. Fields that are not in `known` are noted.
    pub fn open(spot: Spot<'a>, known: &[&str], findings: &mut Findings) -> Option<Self> {
        let entries = entries(spot, findings)?;
        for entry in entries {
            if !known.contains(&entry.key.text.as_str()) {
                findings.add_with(|| unknown_field(entry, spot.name, known));
            }
        }
        Some(Self {
            entries,
            owner: spot.owner,
            name: spot.name,
        })
    }

    /// The field `key`. One that has to be there and is not is noted.
    pub fn take<T: Shape>(&self, key: &str, findings: &mut Findings) -> Option<T> {
        match self.entries.iter().find(|entry| entry.key.text == key) {
            Some(entry) => {
                let spot = Spot {
                    node: &entry.value,
                    owner: entry.mark,
                    name: &entry.key.text,
                };
                T::read(spot, findings)
            }
            None => T::absent().or_else(|| {
                findings.add(self.missing(key));
                None
            }),
        }
    }

    /// As [`Self::take`], with what to do where the field is missing.
    pub fn take_or_help<T: Shape>(
        &self,
        key: &str,
        help: &str,
        findings: &mut Findings,
    ) -> Option<T> {
        if self.entries.iter().any(|entry| entry.key.text == key) {
            return self.take(key, findings);
        }
        findings.add(self.missing(key).help(help));
        None
    }

    fn missing(&self, key: &str) -> Problem {
        let message = format!("the field `{key}` is missing");
        Problem::at(self.owner, message).label(format!("`{}` needs it", self.name))
    }
}

fn unknown_field(entry: &Entry, owner: &str, known: &[&str]) -> Problem {
    let shown = clipped(&entry.key.text);
    Problem::at(entry.mark, format!("unknown field `{shown}`"))
        .label(format!("`{owner}` has no such field"))
        .maybe_help(suggestion(&entry.key.text, known))
}

/// The one entry of a mapping that says which of several forms is meant.
pub fn one_of<'a>(spot: Spot<'a>, known: &[&str], findings: &mut Findings) -> Option<Spot<'a>> {
    let entries = entries(spot, findings)?;
    let mut found: Option<&Entry> = None;
    let mut fits = true;
    for entry in entries {
        let key = entry.key.text.as_str();
        if !known.contains(&key) {
            findings.add(unknown_field(entry, spot.name, known));
            fits = false;
        } else if let Some(first) = found {
            let message = format!(
                "`{}` takes one of {}, not several",
                spot.name,
                listed(known)
            );
            findings.add(
                Problem::at(entry.mark, message)
                    .label("second")
                    .also(first.mark, "first"),
            );
            fits = false;
        } else {
            found = Some(entry);
        }
    }
    if found.is_none() && fits {
        let message = format!("`{}` needs one of {}", spot.name, listed(known));
        findings.add(Problem::at(spot.owner, message));
    }
    found.filter(|_| fits).map(|entry| Spot {
        node: &entry.value,
        owner: entry.mark,
        name: &entry.key.text,
    })
}

/// At most 60 characters of `text`, for a message.
pub fn clipped(text: &str) -> String {
    let text = super::mask::without_tokens(text);
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(59).chain(['…']).collect()
}

/// The scalar that stands at a spot; if none does, that is noted.
pub fn scalar<'a>(spot: Spot<'a>, wanted: &str, findings: &mut Findings) -> Option<&'a Scalar> {
    match &spot.node.value {
        Value::Scalar(scalar) if scalar.class() != Class::Null => Some(scalar),
        _ => {
            findings.add(wrong_type(spot, wanted));
            None
        }
    }
}

/// Declares a mapping with named fields: the struct, its reader, its schema; and what the fields must be to each other,
/// each an `Option` there, since it may not have been understood.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $key:literal $field:ident : $type:ty ),* $(,)? } $(check |$findings:ident| $check:block)?) => {
        #[derive(Clone, Debug, schemars::JsonSchema)]
        $(#[$meta])*
        #[schemars(deny_unknown_fields)]
        pub struct $name { $( $(#[$field_meta])* #[schemars(rename = $key)] pub $field: $type ),* }

        impl $name {
            /// The names of its fields.
            pub const FIELDS: &[&str] = &[$($key),*];
        }

        impl $crate::manifest::shape::Shape for $name {
            fn read(
                spot: $crate::manifest::shape::Spot<'_>,
                findings: &mut $crate::manifest::problem::Findings,
            ) -> Option<Self> {
                let _fields = $crate::manifest::shape::Fields::open(spot, Self::FIELDS, findings)?;
                $( let $field = _fields.take::<$type>($key, findings); )*
                $( let $findings = &mut *findings; $check )?
                Some(Self { $( $field: $field? ),* })
            }
        }
    };
}

/// Declares a mapping with exactly one of several keys: the enum, its reader, its schema.
macro_rules! either {
    ($(#[$meta:meta])* $name:ident { $( $(#[$variant_meta:meta])* $key:literal $variant:ident ( $type:ty ) ),* $(,)? }) => {
        #[derive(Clone, Debug, schemars::JsonSchema)]
        $(#[$meta])*
        pub enum $name { $( $(#[$variant_meta])* #[schemars(rename = $key)] $variant($type) ),* }

        impl $crate::manifest::shape::Shape for $name {
            fn read(
                spot: $crate::manifest::shape::Spot<'_>,
                findings: &mut $crate::manifest::problem::Findings,
            ) -> Option<Self> {
                let spot = $crate::manifest::shape::one_of(spot, &[$($key),*], findings)?;
                match spot.name {
                    $( $key => <$type as $crate::manifest::shape::Shape>::read(spot, findings).map(Self::$variant), )*
                    _ => None,
                }
            }
        }
    };
}

/// Declares one word out of few: a wrapper of a model enum, its reader, its schema.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident ( $model:ty ) { $( $word:literal $value:path = $about:literal ),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $model);

        impl $crate::manifest::shape::Shape for $name {
            fn read(
                spot: $crate::manifest::shape::Spot<'_>,
                findings: &mut $crate::manifest::problem::Findings,
            ) -> Option<Self> {
                let known = [$($word),*];
                match $crate::manifest::shape::leaf::word(spot, &known, findings)? {
                    $( $word => Some(Self($value)), )*
                    _ => None,
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!($($doc),*).trim(),
                    "oneOf": [ $( { "const": $word, "description": $about } ),* ]
                })
            }
        }
    };
}

pub(super) use {either, record, words};
