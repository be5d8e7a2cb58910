//! `docs/manifests.md`: below its marker it is made from the schema. `UPDATE_DOCS=1 cargo test --test docs` writes it anew.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{read, root};

const MARKER: &str =
    "<!-- From here on made from schema/manifest.json: UPDATE_DOCS=1 cargo test --test docs -->\n";

/// Named shapes of the schema.
struct Reference {
    defs: Map<String, Value>,
    text: String,
}

fn text<'a>(schema: &'a Value, field: &str) -> &'a str {
    schema[field].as_str().unwrap_or_default()
}

impl Reference {
    /// The shape that a field's schema means, and that shape's name.
    fn meant<'a>(&'a self, schema: &'a Value) -> (&'a Value, &'a str) {
        let name = text(schema, "$ref").trim_start_matches("#/$defs/");
        self.defs
            .get(name)
            .map_or((schema, ""), |shape| (shape, name))
    }

    /// What a value is, in a word or two.
    fn kind(&self, schema: &Value) -> String {
        let (shape, name) = self.meant(schema);
        let word = match name {
            "Length" => "length of time",
            "Instant" => "time",
            "Reference" => "name of a document",
            "CronText" => "cron expression",
            _ => match text(shape, "type") {
                "boolean" => "true or false",
                "integer" => "number",
                "array" => return format!("list of: {}", self.kind(&shape["items"])),
                "object" => "object",
                "string" => "text",
                _ if shape["oneOf"][0].get("const").is_some() => "one word",
                _ if shape.get("oneOf").is_some() => "object with one field",
                _ if shape.get("anyOf").is_some() => "text, or object",
                _ => "any value",
            },
        };
        word.to_owned()
    }

    /// A field, and all that is in it.
    fn field(&mut self, depth: usize, name: &str, schema: &Value, is_required: bool) {
        let kind = self.kind(schema);
        let required = if is_required { ", required" } else { "" };
        let said = match text(schema, "description") {
            "" => text(self.meant(schema).0, "description").to_owned(),
            said => said.to_owned(),
        };
        let indent = "  ".repeat(depth);
        let _ = write!(self.text, "{indent}- `{name}` ({kind}{required})");
        let _ = writeln!(
            self.text,
            "{}",
            if said.is_empty() {
                String::new()
            } else {
                format!(": {said}")
            }
        );
        let mut inner = schema;
        while text(self.meant(inner).0, "type") == "array" {
            inner = &self.meant(inner).0["items"];
        }
        let shape = self.meant(inner).0.clone();
        self.inside(depth + 1, &shape);
    }

    /// The fields, choices or words of a shape.
    fn inside(&mut self, depth: usize, shape: &Value) {
        let required: Vec<&str> = shape["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let choices =
            ["oneOf", "anyOf"].map(|name| shape[name].as_array().cloned().unwrap_or_default());
        for (name, field) in shape["properties"].as_object().into_iter().flatten() {
            self.field(depth, name, field, required.contains(&name.as_str()));
        }
        for choice in choices.iter().flatten() {
            if let Some(word) = choice["const"].as_str() {
                let indent = "  ".repeat(depth);
                let _ = writeln!(
                    self.text,
                    "{indent}- `{word}`: {}",
                    text(choice, "description")
                );
            }
            for (name, field) in choice["properties"].as_object().into_iter().flatten() {
                let mut field = field.clone();
                if !text(choice, "description").is_empty() {
                    field["description"] = choice["description"].clone();
                }
                self.field(depth, name, &field, false);
            }
        }
    }

    /// A kind of document.
    fn document(&mut self, name: &str) {
        let Some(kind) = self.defs.get(name).cloned() else {
            return;
        };
        let _ = write!(
            self.text,
            "\n## {name}\n\n{}\n\n",
            text(&kind, "description")
        );
        let spec = self.meant(&kind["properties"]["spec"]).0.clone();
        self.inside(0, &spec);
    }
}

/// The generated part of the page.
fn generated() -> String {
    let schema: Value = serde_json::from_str(&read("schema/manifest.json")).unwrap();
    let mut reference = Reference {
        defs: schema["$defs"].as_object().unwrap().clone(),
        text: String::new(),
    };
    for kind in schema["oneOf"].as_array().unwrap() {
        let name = text(kind, "$ref").trim_start_matches("#/$defs/").to_owned();
        reference.document(&name);
    }
    reference.text
}

#[test]
fn the_reference_is_the_one_of_the_schema() {
    let page = read("docs/manifests.md");
    let (head, written) = page.split_once(MARKER).unwrap();
    let wanted = generated();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(
            root().join("docs/manifests.md"),
            format!("{head}{MARKER}{wanted}"),
        )
        .unwrap();
        return;
    }
    assert!(
        written == wanted,
        "docs/manifests.md is not what the schema says: UPDATE_DOCS=1 cargo test --test docs"
    );
    for field in [
        "`maxAge` (length of time, required)",
        "`adopt`: ",
        "`requestLifetime`",
        "## Policy",
    ] {
        assert!(wanted.contains(field), "{field}");
    }
}
