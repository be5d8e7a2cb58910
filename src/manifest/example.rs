//! Examples of fields, cut out of the manifests in `examples`, which use every field.

use super::parse::parse_piece;
use super::problem::Findings;
use super::tree::{Budget, Entry, Node, Value};
use super::{mark::Mark, split};

const FILES: [&str; 6] = [
    include_str!("../../examples/full/rules.yaml"),
    include_str!("../../examples/full/connections.yaml"),
    include_str!("../../examples/full/project.yaml"),
    include_str!("../../examples/full/credentials.yaml"),
    include_str!("../../examples/full/approvals/monday.yaml"),
    include_str!("../../examples/policy/policy.yaml"),
];

/// A field as it is written in an example, by its path: `KeyAge`, `windows`, `cron`.
pub fn example(path: &[String]) -> Option<String> {
    let (kind, fields) = path.split_first()?;
    let (part, fields) = match fields.split_first() {
        Some((first, rest)) if first == "metadata" => ("metadata", rest),
        Some(_) => ("spec", fields),
        None => return None,
    };
    FILES.iter().find_map(|text| {
        let mut budget = Budget::of([*text]);
        let mut findings = Findings::default();
        let roots = split::pieces(text)
            .into_iter()
            .flat_map(|piece| parse_piece(0, &piece, &mut budget, &mut findings));
        let of_kind = roots.into_iter().filter(|root| is_kind(root, kind));
        of_kind.into_iter().find_map(|root| {
            let mut found = field(&root, part)?;
            for name in fields {
                found = field(&found.value, name)?;
            }
            Some(cut(text, found.mark, found.value.mark))
        })
    })
}

fn is_kind(root: &Node, kind: &str) -> bool {
    field(root, "kind").is_some_and(
        |entry| matches!(&entry.value.value, Value::Scalar(scalar) if scalar.text == kind),
    )
}

/// A field of a mapping, or of the first item of a list that has it.
fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Entry> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key.text == name),
        Value::List(items) => items.iter().find_map(|item| field(item, name)),
        Value::Scalar(_) => None,
    }
}

/// From a key to the end of its value, as far to the left as it goes.
fn cut(text: &str, key: Mark, value: Mark) -> String {
    let columns = |line: &str, from: u32, to: u32| -> String {
        line.chars()
            .skip(usize::try_from(from).unwrap_or_default())
            .take(usize::try_from(to.saturating_sub(from)).unwrap_or_default())
            .collect()
    };
    let mut lines: Vec<String> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if number < key.line || number > value.end_line {
            continue;
        }
        let end = if number == value.end_line {
            value.end_column
        } else {
            u32::MAX
        };
        lines.push(columns(line, key.column, end).trim_end().to_owned());
    }
    // A mapping ends where the next field begins, behind the comments on that.
    while lines
        .last()
        .is_some_and(|line| line.is_empty() || line.trim_start().starts_with('#'))
    {
        lines.pop();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fields;
    use crate::model::kind::Kind;

    fn of(path: &str) -> Option<String> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        example(&path)
    }

    #[test]
    fn a_field_is_shown_as_it_is_written() {
        assert_eq!(of("KeyAge.overlap").as_deref(), Some("overlap: 1d12h"));
        assert_eq!(
            of("JobRun.freshness.startAfter").as_deref(),
            Some("startAfter: 22h")
        );
        assert_eq!(
            of("KeyAge.windows").as_deref(),
            Some(
                "windows:\n  - {cron: \"0 2 * * 6\", timeZone: Europe/Paris, duration: 4h}\n  - {cron: \"0 3 1 * *\", timezone: UTC, duration: 90m}"
            )
        );
        assert_eq!(
            of("KeyAge.windows.timezone").as_deref(),
            Some("timezone: UTC")
        );
        assert_eq!(of("KeyAge"), None);
        assert_eq!(of("KeyAge.nothing"), None);
    }

    /// A field that no example uses would be explained without one.
    #[test]
    fn every_field_of_every_kind_has_an_example() {
        let mut lacking = Vec::new();
        for kind in Kind::ALL {
            let all = fields::explain(kind.as_str()).unwrap().fields;
            for field in all {
                let path = format!("{kind}.{}", field.name);
                if of(&path).is_none() {
                    lacking.push(path);
                }
            }
        }
        assert!(lacking.is_empty(), "{lacking:?}");
    }
}
