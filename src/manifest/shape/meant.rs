//! What a value was probably meant to be that has the wrong form: `freshness: 24h` for `freshness: {errorAfter: 24h}`.
//!
//! Such a value is an error, and its help says what to write. Nothing is read in two ways.

use super::super::mask::clipped;
use super::super::scalar::{Class, Scalar};
use super::super::tree::Value;
use crate::model::time::Span;

/// What holds a value.
#[derive(Clone, Copy)]
pub struct Holder<'a> {
    /// The key's words; for an item those of the list.
    pub name: &'a str,
    /// Is it an item of a list, with no key to repeat?
    pub is_item: bool,
}

/// Which values a field takes that people give in the place of the whole mapping.
#[derive(Clone, Copy)]
enum Takes {
    Number,
    Length,
    Address,
    Text,
}

/// The field that a bare value is meant for, what it takes, and what has to stand beside it. The first one that the mapping has and that takes
/// the value is told.
const FIELDS: &[(&str, Takes, &str)] = &[
    ("perApply", Takes::Number, ""),
    ("maxAttempts", Takes::Number, ""),
    ("id", Takes::Number, ""),
    ("errorAfter", Takes::Length, ""),
    ("end", Takes::Length, ""),
    ("backoff", Takes::Length, ""),
    ("blob", Takes::Address, ""),
    ("vault", Takes::Text, ", secret: …"),
    ("cron", Takes::Text, ", timeZone: …, duration: …"),
    ("file", Takes::Text, ""),
    ("name", Takes::Text, ""),
    ("reason", Takes::Text, ""),
    ("domain", Takes::Text, ""),
];

/// A value in the place of a mapping with these fields.
pub fn mapping(holder: Holder<'_>, value: &Value, known: &[&str]) -> Option<String> {
    match value {
        Value::Scalar(scalar) => of_scalar(holder, scalar, known),
        Value::List(_) if known.is_empty() => {
            Some(format!("write `{}: {{KEY: VALUE}}`", holder.name))
        }
        Value::List(_) if known.contains(&"tags") => Some(
            "a rule is for one job, or for all with a tag: write a JobRun for each job, or `job: {tags: {KEY: VALUE}}`"
                .to_owned(),
        ),
        Value::List(_) => Some("only one is wanted: write its fields without the list".to_owned()),
        Value::Map(_) => None,
    }
}

fn of_scalar(holder: Holder<'_>, scalar: &Scalar, known: &[&str]) -> Option<String> {
    let write = |fields: &str| {
        if holder.is_item {
            format!("write `{{{fields}}}`")
        } else {
            format!("write `{}: {{{fields}}}`", holder.name)
        }
    };
    match scalar.class() {
        Class::Null => return Some(format!("{} if it has no fields", write(""))),
        Class::Bool(_) if known.contains(&"reason") => return Some(write("reason: …")),
        Class::Bool(_) => return None,
        Class::Integer | Class::Number | Class::Disputed(_) | Class::Text => {}
    }
    if scalar.plain && is_key_without_space(&scalar.text, known) {
        return Some("write a space after the colon".to_owned());
    }
    if known.is_empty() {
        return Some(write("KEY: VALUE"));
    }
    if known.contains(&scalar.text.as_str()) {
        return Some(write(&format!("{}: {{…}}", scalar.text)));
    }
    let fits = FIELDS
        .iter()
        .filter(|(field, ..)| known.contains(field))
        .find_map(|(field, takes, rest)| Some((*field, takes.value(scalar)?, rest)));
    fits.map(|(field, value, rest)| {
        // What stands in the place of a file that is no ledger may be what should be in it: a private key.
        let value = if field == "file" && !known.contains(&"blob") {
            "PATH".to_owned()
        } else {
            value
        };
        write(&format!("{field}: {value}{rest}"))
    })
}

impl Takes {
    /// The value as it would be written there; `None`: it takes no such value.
    fn value(self, scalar: &Scalar) -> Option<String> {
        let text = scalar.text.as_str();
        match self {
            Self::Number => (scalar.class() == Class::Integer).then(|| clipped(text)),
            Self::Length => length(text),
            Self::Address => text.starts_with("http").then(|| quoted(scalar)),
            Self::Text => (scalar.class() == Class::Text).then(|| quoted(scalar)),
        }
    }
}

/// A length of time, as it would be written where it is in another notation.
fn length(text: &str) -> Option<String> {
    if text.parse::<Span>().is_ok() {
        return Some(text.to_owned());
    }
    Span::in_words(text).map(|span| span.to_string())
}

/// As it may stand between braces: in quotes, unless it is a plain word.
pub fn quoted(scalar: &Scalar) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    let is_plain = scalar.class() == Class::Text && scalar.text.chars().all(is_word);
    clipped(&if is_plain {
        scalar.text.clone()
    } else {
        scalar.quoted()
    })
}

/// A value in the place of a list.
pub fn list(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Scalar(scalar) if scalar.class() == Class::Text => {
            // The words of a command line are items of their own.
            if name == "command" {
                let words: Vec<String> = scalar.text.split_whitespace().map(in_quotes).collect();
                return Some(format!("write `[{}]`", clipped(&words.join(", "))));
            }
            Some(format!("write `[{}]`", quoted(scalar)))
        }
        Value::Map(_) => Some("write a list: `- ` before its first field".to_owned()),
        Value::Scalar(_) | Value::List(_) => None,
    }
}

fn in_quotes(word: &str) -> String {
    format!("\"{word}\"")
}

/// A mapping or a list in the place of one of these words: `require: {succeeded: true}`.
pub fn word(name: &str, value: &Value, known: &[&str]) -> Option<String> {
    let told = match value {
        Value::Map(entries) => match entries.as_slice() {
            [entry] => entry.key.text.as_str(),
            _ => return None,
        },
        Value::List(items) => match items.as_slice() {
            [item] => match &item.value {
                Value::Scalar(scalar) => scalar.text.as_str(),
                Value::List(_) | Value::Map(_) => return None,
            },
            _ => return None,
        },
        Value::Scalar(_) => return None,
    };
    let known = known.iter().find(|word| **word == told)?;
    Some(format!("write `{name}: {known}`"))
}

/// `errorAfter:24h`, which YAML reads as one word.
fn is_key_without_space(text: &str, known: &[&str]) -> bool {
    let is_key = |word: &str| match known {
        [] => !word.is_empty() && word.chars().all(char::is_alphanumeric),
        known => known.contains(&word),
    };
    // `https://…` is an address.
    text.split_once(':')
        .is_some_and(|(key, rest)| is_key(key) && !rest.starts_with("//"))
}
