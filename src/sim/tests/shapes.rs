//! Compares the simulated cloud with what real services answered: the same requests, the same status, the header fields that matter, and
//! the same shape of the body, field by field: name, JSON type, null or not.
//!
//! Each difference needs a row in the table, and each row needs a difference.

mod known;

use std::collections::BTreeSet;

use super::*;
use crate::fixtures::{
    Fixture, are_here, bodies, mark, next_are_here, next_bodies, own_bodies, saw,
};

/// A place of a body, and how the false cloud differs there: `value[].identity: missing`.
type Difference = String;

/// What of a shape is compared.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Where `ours` differs in shape from `theirs`. Of a list every entry counts, whichever has the field.
fn differences(theirs: &Value, ours: &Value, at: &str, found: &mut BTreeSet<Difference>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
            for name in names {
                let place = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                match (theirs.get(name), ours.get(name)) {
                    (Some(theirs), Some(ours)) => differences(theirs, ours, &place, found),
                    (Some(_), None) => note(found, format!("{place}: missing")),
                    (None, _) => note(found, format!("{place}: added")),
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            let place = format!("{at}[]");
            match (joined(theirs), joined(ours)) {
                (Some(theirs), Some(ours)) => differences(&theirs, &ours, &place, found),
                (None, Some(_)) | (Some(_), None) => note(found, format!("{place}: empty in one")),
                (None, None) => {}
            }
        }
        (theirs, ours) if kind(theirs) == kind(ours) => {}
        (theirs, ours) => note(
            found,
            format!("{at}: {} instead of {}", kind(ours), kind(theirs)),
        ),
    }
}

fn note(found: &mut BTreeSet<Difference>, difference: Difference) {
    found.insert(difference);
}

/// One entry with the fields of all; `None` of an empty list.
fn joined(entries: &[Value]) -> Option<Value> {
    let mut entries = entries.iter().cloned();
    let first = entries.next()?;
    Some(entries.fold(first, |mut all, entry| {
        if let (Value::Object(all), Value::Object(entry)) = (&mut all, entry) {
            for (name, value) in entry {
                all.entry(name).or_insert(value);
            }
        }
        all
    }))
}

/// The header fields that a client acts upon.
const HEADERS: [&str; 7] = [
    "content-type",
    "date",
    "etag",
    "retry-after",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-writes",
    "x-ms-request-id",
];

fn compared(body: &Fixture, ours: &Response) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    if body.status != ours.status {
        found.insert(format!(
            "status: {} instead of {}",
            ours.status, body.status
        ));
    }
    let recorded = |name: &str| body.headers.iter().find(|(known, _)| known == name);
    for name in HEADERS.into_iter().filter(|_| !body.headers.is_empty()) {
        match (recorded(name), ours.headers.get(name)) {
            (Some(_), None) => note(&mut found, format!("header {name}: missing")),
            (None, Some(_)) => note(&mut found, format!("header {name}: added")),
            (Some((_, theirs)), Some(ours)) if name == "content-type" && theirs != ours => {
                found.insert(format!(
                    "header {name}: {} instead of {theirs}",
                    ours.to_str().unwrap()
                ));
            }
            _ => {}
        }
    }
    let said = serde_json::from_slice(&ours.body).unwrap_or(Value::Null);
    differences(&body.body, &said, "", &mut found);
    found
}

/// A request as the fixtures tell it, to the public cloud and in the API version that is spoken today.
fn replayed(client: &Client, body: &Fixture) -> Option<Response> {
    let (method, url) = body.request.as_ref()?;
    let url = url
        .replace(
            "https://login.windows-ppe.net//",
            "https://login.microsoftonline.com/",
        )
        .replace(
            "https://api-dogfood.resources.windows-int.net",
            "https://management.azure.com",
        )
        .replace("2017-09-01-preview", "2018-06-01");
    let sent = match &body.sent {
        Value::Null => String::new(),
        Value::String(form) => form.clone(),
        json => json.to_string(),
    };
    let response = client.send(&method.parse().unwrap(), &url, sent).unwrap();
    let operation = client.cloud.requests().last()?.operation;
    (operation != crate::sim::Operation::Unknown).then_some(response)
}

/// Every answer that can be compared: the fixture's body and ours.
fn pairs() -> Vec<(Fixture, &'static str, Response)> {
    let all = bodies();
    let mut pairs = Vec::new();
    let worlds: Vec<(&str, Client)> = known::worlds();
    for body in &all {
        let file = body.name.split(' ').next().unwrap_or_default();
        let Some((_, client)) = worlds.iter().find(|(of, _)| *of == file) else {
            continue;
        };
        if let Some(response) = replayed(client, body) {
            pairs.push((
                body.clone(),
                known::kind_of(body.request.as_ref().unwrap()),
                response,
            ));
        }
    }
    for (name, kind, ours) in known::asked() {
        let body = all.iter().find(|body| body.name == name);
        let body = body.unwrap_or_else(|| panic!("there is no body {name}"));
        pairs.push((body.clone(), kind, ours));
    }
    pairs
}

#[test]
fn every_difference_from_the_real_services_has_a_reason() {
    if !are_here("every_difference_from_the_real_services_has_a_reason") {
        return;
    }
    let pairs = pairs();
    assert!(
        pairs.len() > 40,
        "only {} answers were compared",
        pairs.len()
    );
    explain(&pairs, known::DIFFERENCES);
}

#[test]
fn every_difference_from_the_examples_of_storage_accounts_has_a_reason() {
    if !next_are_here("every_difference_from_the_examples_of_storage_accounts_has_a_reason") {
        return;
    }
    let all = next_bodies();
    let asked = known::storage().into_iter();
    let pairs: Vec<_> = asked
        .map(|(name, kind, ours)| {
            let body = all.iter().find(|body| body.name == name);
            let body = body.unwrap_or_else(|| panic!("there is no body {name}"));
            (body.clone(), kind, ours)
        })
        .collect();
    assert_eq!(pairs.len(), all.len(), "each is compared");
    explain(&pairs, known::STORAGE_DIFFERENCES);
}

/// Our own have the documented shapes and are here always, so nothing may differ.
#[test]
fn storage_accounts_answer_as_our_own_examples_do() {
    let client = known::like_our_own_examples();
    let own = own_bodies().into_iter();
    let pairs: Vec<_> = own
        .filter(|body| body.name.starts_with("own/storage.json"))
        .map(|body| {
            let ours = replayed(&client, &body).unwrap();
            (body, "", ours)
        })
        .collect();
    assert_eq!(pairs.len(), 5);
    explain(&pairs, &[]);
}

/// Fails unless each difference has a row and each row a difference. Writes down what was compared.
fn explain(pairs: &[(Fixture, &'static str, Response)], rows: &'static [known::Row]) {
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    for (body, _, ours) in pairs {
        for difference in compared(body, ours) {
            let mut fitting = rows.iter().filter(|row| body.name.starts_with(row.bodies));
            match fitting.find(|row| row.differences.contains(&difference.as_str())) {
                Some(row) => {
                    used.insert((row.bodies, difference));
                }
                None => unexplained.push(format!("{}: {difference}", body.name)),
            }
        }
    }
    assert!(
        unexplained.is_empty(),
        "without a row:\n{}",
        unexplained.join("\n")
    );
    for row in rows {
        assert!(row.reason.len() > 10, "{}: say why", row.bodies);
        for difference in row.differences {
            let is_used = used.contains(&(row.bodies, (*difference).to_owned()));
            assert!(
                is_used,
                "a row without a difference: {} {difference}",
                row.bodies
            );
        }
    }
    for (body, kind, _) in pairs {
        if mark(&body.name).is_some() && !kind.is_empty() {
            saw(kind, "simulator", &body.name);
        }
    }
}
