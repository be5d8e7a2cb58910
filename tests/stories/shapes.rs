//! What a command prints with `--format json` has the shape that `afresh schema` promises of it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::play::Trouble;

/// The schema of what these arguments print; none: they print something else.
fn schema(arguments: &[&str]) -> Option<&'static str> {
    let is_json = arguments
        .windows(2)
        .any(|pair| pair == ["--format", "json"]);
    let of_commands = [
        "apply",
        "auth",
        "diff",
        "inventory",
        "ledger",
        "validate",
        "why",
    ];
    let command = arguments.first().filter(|_| is_json)?;
    of_commands.into_iter().find(|known| known == command)
}

/// Checks what was printed. `apply` prints a document on each line.
pub fn check(arguments: &[&str], printed: &[String]) -> Result<(), Trouble> {
    let Some(name) = schema(arguments) else {
        return Ok(());
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let validator = jsonschema::draft202012::new(&schema).map_err(|why| why.to_string())?;
    let documents = match name {
        "apply" => printed.to_vec(),
        _ if printed.is_empty() => Vec::new(),
        _ => vec![printed.join("\n")],
    };
    for text in documents {
        let document: Value = serde_json::from_str(&text)?;
        if let Err(why) = validator.validate(&document) {
            return Err(format!("does not fit schema/{name}.json: {why}\n{text}").into());
        }
    }
    Ok(())
}
