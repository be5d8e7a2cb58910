//! The schema: what it is worth is shown on the examples, and against a second reader of YAML.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::manifest::scalar::Class;
use crate::manifest::tree::{Budget, Node, Value as Tree};

const FILE: &str = "schema/manifest.json";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every example that is a manifest, as (path, text).
fn examples() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.contains("apiVersion: afresh/v1") {
                    found.push((path, text));
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("examples"), &mut found);
    assert!(!found.is_empty());
    found
}

fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&crate::manifest::schema()).unwrap()
}

/// After a change of the shapes: `afresh schema manifest > schema/manifest.json`, or run this test with `WRITE_SCHEMA=1`.
#[test]
fn the_schema_in_the_folder_is_the_one_of_the_shapes() {
    let generated = serde_json::to_string_pretty(&crate::manifest::schema()).unwrap() + "\n";
    let path = root().join(FILE);
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &generated).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), generated);
}

#[test]
fn the_schema_is_a_schema_with_a_description_for_each_definition() {
    let schema = crate::manifest::schema();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    assert!(!schema.to_string().contains("\"null\""));
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["description"].is_string(), "{name}");
    }
}

#[test]
fn every_example_fits_the_schema_and_can_be_read() {
    let validator = validator();
    let mut count = 0;
    for (path, text) in examples() {
        for document in documents(&text)
            .iter()
            .filter(|document| document["apiVersion"] == "afresh/v1")
        {
            let errors: Vec<_> = validator
                .iter_errors(document)
                .map(|error| error.to_string())
                .collect();
            assert!(
                errors.is_empty(),
                "{}: {errors:?}\n{document}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 25, "only {count} documents");
    for folder in ["examples/quickstart", "examples/full"] {
        let read = crate::manifest::read(&[root().join(folder)]);
        assert!(
            read.is_ok(),
            "{}",
            read.map_or_else(|problems| problems.render(false), |_| String::new())
        );
    }
}

/// The names of all fields in a schema.
fn properties(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(fields)) = object.get("properties") {
                found.extend(fields.keys().cloned());
            }
            object.values().for_each(|value| properties(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}

#[test]
fn the_full_example_shows_every_field() {
    let text: String = examples().iter().map(|(_, text)| text.as_str()).collect();
    let mut fields = Vec::new();
    properties(&crate::manifest::schema(), &mut fields);
    let missing: Vec<_> = fields
        .iter()
        .filter(|field| !text.contains(&format!("{field}:")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = validator();
    for fields in [
        "maxAge: 90",
        "maxAge: 90d\nmaxage: 1d",
        "maxAge: 3mo",
        "overlap: 1d",
        "maxAge: 90d\nunknownAge: adapt",
        "maxAge: 90d\nwindows: [{cron: \"0 2 * * 6\", duration: 4h}]",
        "maxAge: 90d\nexclude: gateway",
        "maxAge: 90d\njitter: ~",
    ] {
        let text = format!("apiVersion: afresh/v1\n{}", key_age(fields));
        assert!(!validator.is_valid(&documents(&text)[0]), "{fields}");
        assert!(read_text(&format!("{BASE}{text}")).is_err(), "{fields}");
    }
    for spec in [
        "{azureCli: {}, deviceCode: {}}",
        "{}",
        "{servicePrincipal: {tenant: a, clientId: b, clientSecret: word}}",
    ] {
        let text = format!(
            "apiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: x}}\nspec: {spec}\n"
        );
        assert!(!validator.is_valid(&documents(&text)[0]), "{spec}");
        assert!(read_text(&format!("{BASE}{text}")).is_err(), "{spec}");
    }
}

/// Our tree as the JSON that another reader makes of the same text.
fn as_json(node: &Node) -> Value {
    match &node.value {
        Tree::Scalar(scalar) => match scalar.class() {
            Class::Null => Value::Null,
            Class::Bool(value) => value.into(),
            Class::Integer | Class::Number => {
                scalar.text.parse::<serde_json::Number>().unwrap().into()
            }
            Class::Text | Class::Disputed(_) => scalar.text.as_str().into(),
        },
        Tree::List(items) => items.iter().map(|item| as_json(item)).collect(),
        Tree::Map(entries) => {
            let fields = entries
                .iter()
                .map(|entry| (entry.key.text.clone(), as_json(&entry.value)));
            Value::Object(fields.collect())
        }
    }
}

#[test]
fn a_second_reader_reads_the_same_from_every_example() {
    for (path, text) in examples() {
        let mut findings = Findings::default();
        let roots = crate::manifest::parse::parse(
            0,
            &text,
            &mut Budget::of([text.as_str()]),
            &mut findings,
        );
        assert_eq!(findings.error_count(), 0, "{}", path.display());
        let ours: Vec<Value> = roots.iter().map(|root| as_json(root)).collect();
        assert_eq!(ours, documents(&text), "{}", path.display());
    }
}
