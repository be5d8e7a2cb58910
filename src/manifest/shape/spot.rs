//! Reads a place in a manifest as a shape: lists, mappings and their fields, texts.
//!
//! Readers report every problem, not only the first one.

use std::collections::BTreeMap;

use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem, listed};
use super::super::scalar::{Class, Scalar};
use super::super::tree::{Entry, Node, Value};
use super::meant::{self, Holder};
use super::wrong_field;

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
            findings.add(
                wrong_type(spot, "a list").maybe_help(meant::list(spot.name, &spot.node.value)),
            );
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
        let entries = entries(spot, &[], findings)?;
        let read: Vec<_> = entries
            .iter()
            .map(|entry| {
                let key = text(&entry.key, entry.mark, "the key", findings);
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

/// The entries of a mapping that has these fields, or any; if it is none, that is noted.
pub fn entries<'a>(spot: Spot<'a>, known: &[&str], findings: &mut Findings) -> Option<&'a [Entry]> {
    if let Value::Map(entries) = &spot.node.value {
        return Some(entries);
    }
    let holder = Holder {
        name: spot.name,
        // An item is marked as its own holder.
        is_item: spot.owner == spot.node.mark,
    };
    let help = meant::mapping(holder, &spot.node.value, known);
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

/// The fields of a mapping, taken one by one.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: &'a [Entry],
    owner: Mark,
    name: &'a str,
}

impl<'a> Fields<'a> {
    /// Looks into a mapping. Fields that are not in `known` are noted.
    pub fn open(
        spot: Spot<'a>,
        known: &'static [&'static str],
        findings: &mut Findings,
    ) -> Option<Self> {
        let entries = entries(spot, known, findings)?;
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

fn unknown_field(entry: &Entry, owner: &str, known: &'static [&'static str]) -> Problem {
    let shown = clipped(&entry.key.text);
    Problem::at(entry.mark, format!("unknown field `{shown}`"))
        .label(format!("`{owner}` has no such field"))
        .stray(&entry.key.text, known)
        .maybe_help(wrong_field::instead(&entry.key.text, known))
}

/// The one entry of a mapping that says which of several forms is meant.
pub fn one_of<'a>(
    spot: Spot<'a>,
    known: &'static [&'static str],
    findings: &mut Findings,
) -> Option<Spot<'a>> {
    let entries = entries(spot, known, findings)?;
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

/// Reads a scalar as text. What is text in no tool, or not in every one, is noted.
pub fn text(scalar: &Scalar, mark: Mark, name: &str, findings: &mut Findings) -> Option<String> {
    let quoted = clipped(&scalar.quoted());
    let problem = match scalar.class() {
        Class::Text => return Some(scalar.text.clone()),
        Class::Null => Problem::at(mark, format!("{name} has no value")).label("text is wanted"),
        Class::Bool(_) => not_text(mark, name, "this is true or false"),
        Class::Integer | Class::Number => not_text(mark, name, "this is a number"),
        Class::Disputed(dispute) => {
            let message = format!(
                "`{}` without quotes is not the same to every tool",
                scalar.text
            );
            Problem::at(mark, message).label(dispute.reading())
        }
    };
    findings.add(problem.help(format!("write {quoted}")));
    None
}

fn not_text(mark: Mark, name: &str, label: &str) -> Problem {
    Problem::at(mark, format!("{name} wants text")).label(label)
}
