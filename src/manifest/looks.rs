//! Tells by its header whether a document is for afresh.
//!
//! A folder of manifests may hold other YAML, which is skipped silently. What was meant for afresh must not be skipped, even if its header
//! is mistyped: a promise that nobody reads looks like one that is kept.

use super::document::API_VERSION;
use super::problem::{distance, nearest};
use super::shape::rule::{JobRunSpec, KeyAgeSpec};
use super::tree::{Entry, Node, Value};
use crate::model::kind::Kind;

/// Whom a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// For afresh: in this or another version, or its header was lost or mistyped.
    Ours,
    /// Not for afresh itself, but it is a list with documents that are.
    Holds,
    /// For another program, which its `apiVersion` names.
    Foreign,
    /// Nothing says that it is for afresh.
    Unknown,
}

/// The fields of a document's header.
const HEADER: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
/// Most letters in which a mistyped `apiVersion` or header field differs.
const TYPO_MAX: usize = 2;

/// Whom is this document for?
pub fn looks(root: &Node) -> Looks {
    if listed(root).next().is_some() {
        Looks::Holds
    } else {
        by_header(root)
    }
}

fn by_header(root: &Node) -> Looks {
    let Value::Map(entries) = &root.value else {
        return Looks::Unknown;
    };
    match text(entries, "apiVersion") {
        Some(version) if is_ours(version, text(entries, "kind")) => Looks::Ours,
        Some(_) => Looks::Foreign,
        None if has_lost_its_version(entries) => Looks::Ours,
        None => Looks::Unknown,
    }
}

/// The documents for afresh that stand in a list: in the `items` of a `List`, or in a list that is the whole document, also in
/// lists inside those.
pub fn listed(root: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    let items = match &root.value {
        Value::List(items) => Some(items),
        Value::Map(entries) => match entry(entries, "items").map(|entry| &entry.value.value) {
            Some(Value::List(items)) => Some(items),
            _ => None,
        },
        Value::Scalar(_) => None,
    };
    let found = items.into_iter().flatten().flat_map(|item| {
        let own = (by_header(item) == Looks::Ours).then_some(&**item);
        own.into_iter().chain(listed(item))
    });
    Box::new(found)
}

/// `KeyAge gw`, as far as the document tells.
pub fn called(root: &Node) -> String {
    let Value::Map(entries) = &root.value else {
        return "document".to_owned();
    };
    let name = entry(entries, "metadata").and_then(|metadata| match &metadata.value.value {
        Value::Map(fields) => text(fields, "name"),
        _ => None,
    });
    let kind = text(entries, "kind").unwrap_or("document");
    name.map_or_else(|| kind.to_owned(), |name| format!("{kind} `{name}`"))
}

/// Does a text that cannot be parsed, or not yet, speak of afresh? It may do so in passing.
pub fn mentions(text: &str) -> bool {
    let folded = text.to_lowercase();
    let alone = |at: usize| {
        let before = folded[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '/' | '-' | '_' | '@'))
    };
    folded.match_indices("afresh/").any(|(at, _)| alone(at))
        || names_of_ours_alone().any(|kind| {
            text.match_indices(kind)
                .any(|(at, _)| is_value_of_kind(&text[..at], &text[at + kind.len()..]))
        })
}

/// Does a word between these stand behind `kind:`, as in YAML or as in JSON?
fn is_value_of_kind(before: &str, after: &str) -> bool {
    const BLANK: [char; 4] = ['"', '\'', ' ', '\t'];
    let key = before.trim_end_matches(BLANK).strip_suffix(':');
    key.is_some_and(|key| key.trim_end_matches(BLANK).ends_with("kind"))
        && !after.starts_with(char::is_alphanumeric)
}

fn is_ours(version: &str, kind: Option<&str>) -> bool {
    let folded = version.trim().to_lowercase();
    folded.starts_with("afresh")
        || distance(&folded, API_VERSION) <= TYPO_MAX
        || !folded.contains('/') && kind.and_then(Kind::parse).is_some_and(Kind::is_ours_alone)
}

/// Names of kinds that nobody else has: a version without a group does not make them foreign.
fn names_of_ours_alone() -> impl Iterator<Item = &'static str> {
    let ours = Kind::ALL.iter().filter(|kind| kind.is_ours_alone());
    ours.map(|kind| kind.as_str())
}

/// There is no `apiVersion`, or none that is text; the rest speaks for afresh.
fn has_lost_its_version(entries: &[Entry]) -> bool {
    let versioned = entries.iter().any(|entry| match &entry.value.value {
        Value::Scalar(scalar) => scalar.text.trim().to_lowercase().starts_with("afresh/"),
        Value::List(_) | Value::Map(_) => false,
    });
    let kind = text(entries, "kind");
    if versioned || kind.and_then(Kind::parse).is_some() {
        return true;
    }
    let only_header = entries.iter().all(|entry| {
        let key = entry.key.text.to_lowercase();
        HEADER
            .iter()
            .any(|field| distance(&key, &field.to_lowercase()) <= TYPO_MAX)
    });
    let kind_fits =
        kind.is_none_or(|kind| nearest(kind, Kind::ALL.iter().map(|kind| kind.as_str())).is_some());
    let body = is_map(entries, "spec") && is_map(entries, "metadata");
    only_header && kind_fits && (body || is_rule_spec(entries))
}

fn is_map(entries: &[Entry], key: &str) -> bool {
    entry(entries, key).is_some_and(|entry| matches!(entry.value.value, Value::Map(_)))
}

/// Are all fields of the `spec` those of one kind of rule, and more than one?
fn is_rule_spec(entries: &[Entry]) -> bool {
    let Some(Value::Map(fields)) = entry(entries, "spec").map(|entry| &entry.value.value) else {
        return false;
    };
    let all_of = |known: &[&str]| {
        fields.len() > 1
            && fields
                .iter()
                .all(|field| known.contains(&field.key.text.as_str()))
    };
    all_of(KeyAgeSpec::FIELDS) || all_of(JobRunSpec::FIELDS)
}

fn entry<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
    let plain = |entry: &&Entry| entry.key.text.trim_start_matches('\u{feff}') == key;
    entries.iter().find(plain)
}

fn text<'a>(entries: &'a [Entry], key: &str) -> Option<&'a str> {
    match &entry(entries, key)?.value.value {
        Value::Scalar(scalar) if !scalar.text.trim().is_empty() => Some(&scalar.text),
        _ => None,
    }
}
