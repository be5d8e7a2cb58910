//! An inventory of keys as a table, the oldest possible first.

use super::row::letters;
use crate::escape::line;
use crate::model::inventory::Inventory;
use crate::review::inventory::{age, evidence, rule, summary};
use crate::review::words;

/// The table, what could not be read, and a summary; with a line end at its end.
pub fn inventory(inventory: &Inventory) -> String {
    let head = ["AGE", "KEY", "RULE", "EVIDENCE"].map(str::to_owned);
    let rows = inventory.keys.iter();
    let rows = rows.map(|key| [age(key), line(&key.title()), rule(key), evidence(key)]);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| letters(cell)).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut lines: Vec<String> = rows
        .iter()
        .filter(|_| !inventory.keys.is_empty())
        .map(|[age, key, rule, evidence]| {
            let padded = [age, key, rule].into_iter().zip(widths);
            let mut text = String::new();
            for (index, (cell, width)) in padded.enumerate() {
                // Without manifests there are no rules to name.
                if index < 2 || inventory.has_rules {
                    let gap = (width + 3).saturating_sub(letters(cell));
                    text.push_str(cell);
                    text.push_str(&" ".repeat(gap));
                }
            }
            text.push_str(evidence);
            text.trim_end().to_owned()
        })
        .collect();
    if !inventory.keys.is_empty() {
        lines.push(String::new());
    }
    let troubles = inventory.troubles.iter();
    lines.extend(troubles.map(|trouble| format!("Not read: {}", line(&trouble.to_string()))));
    lines.push(format!(
        "{}  {}.",
        summary(inventory),
        words::requests(&inventory.requests)
    ));
    lines.join("\n") + "\n"
}
