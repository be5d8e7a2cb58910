//! A shape as JSON. A field that is absent and one that is null mean the same.

use serde::Serialize;
use serde_json::Value;

/// As JSON, without the fields that have no value: an absent field and a null read the same.
pub(super) fn to_value(shape: &impl Serialize) -> Value {
    // The shapes have string keys and finite numbers only, which is all that can fail here.
    let mut value = serde_json::to_value(shape).unwrap_or_default();
    drop_nulls(&mut value);
    value
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
