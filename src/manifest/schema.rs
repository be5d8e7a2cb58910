//! The JSON Schema of manifests, from the same declarations that read them.
//!
//! A field that may be left out may not be `null`, just as in the reader.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::document::{API_VERSION, Metadata, Spec};
use crate::model::kind::Kind;

/// JSON Schema (draft 2020-12) of one document.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut generator = settings.into_generator();
    let metadata = generator.subschema_for::<Metadata>();
    let documents: Map<String, Value> = Kind::ALL
        .iter()
        .map(|kind| (kind.to_string(), document(*kind, &metadata, &mut generator)))
        .collect();
    let references: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| json!({ "$ref": format!("#/$defs/{kind}") }))
        .collect();
    let mut definitions = documents;
    definitions.extend(generator.take_definitions(true));
    let mut schema = schemars::json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "afresh manifest",
        "description": "One document of a manifest.",
        "oneOf": references,
        "$defs": definitions,
    });
    RecursiveTransform(without_null).transform(&mut schema);
    schema.to_value()
}

fn document(kind: Kind, metadata: &Schema, generator: &mut SchemaGenerator) -> Value {
    let spec = Spec::schema(kind, generator);
    let described = definition(&spec, generator);
    json!({
        "description": described,
        "type": "object",
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "const": kind.as_str() },
            "metadata": metadata,
            "spec": spec,
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
    })
}

/// The words on a spec, which are the words on its document as well.
fn definition(spec: &Schema, generator: &SchemaGenerator) -> Option<Value> {
    let name = spec.get("$ref")?.as_str()?.rsplit('/').next()?;
    generator
        .definitions()
        .get(name)?
        .get("description")
        .cloned()
}

/// A field that may be left out may not be null: takes the null out again that an `Option` puts in.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let null = json!({ "type": "null" });
    if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
        forms.retain(|form| *form != null);
        if let [Value::Object(only)] = forms.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}
