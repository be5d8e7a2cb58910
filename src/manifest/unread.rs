//! What was meant for afresh and is not read: documents in lists, in files with another ending, in another encoding.
//!
//! These are reported and never read: what a folder of manifests says must not depend on the tool that reads it.

use super::looks::{self, Looks};
use super::mark::{Mark, to_u32};
use super::parse::parse;
use super::problem::{Findings, Problem};
use super::source::Source;
use super::tree::{Budget, Node};

/// Notes each document for afresh that stands in a list.
pub fn in_a_list(root: &Node, findings: &mut Findings) {
    for item in looks::listed(root) {
        let message = format!(
            "the {} stands in a list, and is not read there",
            looks::called(item)
        );
        findings.add(
            Problem::at(beginning(item), message)
                .help("write each document on its own, with a line `---` before it"),
        );
    }
}

/// Notes the documents for afresh in a file whose name does not end as a manifest's does.
pub fn misnamed(file: u32, source: &Source, findings: &mut Findings) {
    // What is data of somebody else must not use up what manifests may be.
    let mut budget = Budget::of([source.text.as_str()]);
    let mut mistakes = Findings::default();
    let roots = parse(file, &source.text, &mut budget, &mut mistakes);
    let help = format!(
        "rename it to `{}`, or name the file itself beside the folder; JSON is YAML",
        renamed(&source.name)
    );
    let mut found = false;
    for root in &roots {
        let ours: Vec<&Node> = match looks::looks(root) {
            Looks::Ours => vec![root],
            Looks::Holds => looks::listed(root).collect(),
            Looks::Foreign | Looks::Unknown => continue,
        };
        for node in ours {
            found = true;
            let message = format!(
                "the {} is not read: in a folder only files that end with .yaml or .yml are",
                looks::called(node)
            );
            findings.add(Problem::at(beginning(node), message).help(help.clone()));
        }
    }
    if !found
        && mistakes.error_count() > 0
        && let Some(mark) = version(file, &source.text)
    {
        let message = "this is not read: in a folder only files that end with .yaml or .yml are";
        findings.add(Problem::at(mark, message).help(help));
    }
}

/// The file's own name, with the ending of a manifest.
fn renamed(name: &str) -> String {
    let own = name.rsplit('/').next().unwrap_or(name);
    let stem = own.split('.').next().unwrap_or(own);
    format!("{stem}.yaml")
}

/// Notes that a file is saved in another encoding.
pub fn encoded(file: u32, source: &Source, encoding: &str, findings: &mut Findings) {
    let message = format!("`{}` is saved as {encoding}", source.name);
    findings.add(
        Problem::at(Mark::point(file, 1, 0), message)
            .label("the file begins here")
            .help("save the file as UTF-8"),
    );
}

/// Where a node begins.
const fn beginning(node: &Node) -> Mark {
    Mark::point(node.mark.file, node.mark.line, node.mark.column)
}

/// The first line of a text that cannot be parsed and names a version of afresh as JSON does.
fn version(file: u32, text: &str) -> Option<Mark> {
    let is_version = |line: &str| {
        let (_, value) = line.split_once("\"apiVersion\"")?;
        let value = value.trim_start().strip_prefix(':')?.trim_start();
        value.to_lowercase().starts_with("\"afresh").then_some(())
    };
    let (number, line) = (1..)
        .zip(text.lines())
        .find(|(_, line)| is_version(line).is_some())?;
    let column = line.chars().take_while(|c| c.is_whitespace()).count();
    Some(Mark::point(file, number, to_u32(column)))
}
