//! An inventory of keys as a table of Markdown.

use super::escape;
use crate::model::inventory::Inventory;
use crate::review::inventory::{age, evidence, rule, summary};

/// The summary, what could not be read, and the table; with a line end at its end.
pub fn inventory(inventory: &Inventory) -> String {
    let mut lines = vec![format!("**{}**", summary(inventory)), String::new()];
    for trouble in &inventory.troubles {
        lines.push(format!(
            "- not read: {}",
            escape::inline(&trouble.to_string())
        ));
    }
    if !inventory.troubles.is_empty() {
        lines.push(String::new());
    }
    if !inventory.keys.is_empty() {
        lines.push("| age | key | rule | evidence |".to_owned());
        lines.push("|---|---|---|---|".to_owned());
    }
    for key in &inventory.keys {
        lines.push(format!(
            "| {} | {} | {} | {} |",
            escape::inline(&age(key)),
            escape::code(&key.title()),
            escape::inline(&rule(key)),
            escape::inline(&evidence(key)),
        ));
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}
