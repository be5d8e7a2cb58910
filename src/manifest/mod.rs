//! READ: text → `Desired`, or every problem with its place in the file.
//!
//! The way of a manifest: [`source`] finds and reads files, [`split`] cuts them into documents, [`tree`] parses each into a
//! tree in which everything knows its place, [`shape`] reads the tree as one of the kinds, and [`build`] puts all documents
//! together and checks what they say of each other. Problems are collected on the way, so one reading tells them all.
//!
//! Refuses: secrets; what two YAML tools would read differently; anything unknown. Prints nothing, reads no environment and no clock.

mod build;
mod document;
mod mark;
mod mask;
mod problem;
mod render;
mod scalar;
mod schema;
mod shape;
mod source;
mod split;
#[cfg(test)]
mod tests;
mod tree;

use std::path::PathBuf;
use std::rc::Rc;

use crate::model::desired::Desired;

pub use render::Problems;
pub use schema::schema;

use document::{Document, Looks};
use mark::Mark;
use problem::{Findings, Problem};
use source::Source;
use tree::{Budget, Node};

/// Manifests that can be used.
#[derive(Debug)]
pub struct Manifests {
    /// What they say.
    pub desired: Desired,
    /// What is probably not meant.
    pub warnings: Problems,
}

/// Reads manifests: files, and all `*.yaml` and `*.yml` in and below folders.
///
/// # Errors
/// Everything that is wrong, at once, warnings included.
pub fn read(paths: &[PathBuf]) -> Result<Manifests, Problems> {
    let mut findings = Findings::default();
    let sources = source::gather(paths, &mut findings);
    read_sources(&sources, findings)
}

fn read_sources(sources: &[Source], mut findings: Findings) -> Result<Manifests, Problems> {
    let mut budget = Budget::default();
    let mut documents = Vec::new();
    let mut passed_over = Findings::default();
    for (file, source) in (0..).zip(sources) {
        let budget = &mut budget;
        documents.extend(read_source(
            file,
            source,
            budget,
            &mut findings,
            &mut passed_over,
        ));
    }
    if documents.is_empty() && findings.error_count() == 0 {
        // Nothing is ours: then a mistake in what was passed over may be why.
        findings.append(passed_over);
    }
    let desired = build::build(&documents, sources, &mut findings);
    match desired {
        Some(desired) if findings.error_count() == 0 => Ok(Manifests {
            desired,
            warnings: Problems::of(findings, sources),
        }),
        _ => Err(Problems::of(findings, sources)),
    }
}

/// The documents of one file. A file in a folder that has nothing to do with afresh is passed over, with its mistakes.
fn read_source(
    file: u32,
    source: &Source,
    budget: &mut Budget,
    findings: &mut Findings,
    passed_over: &mut Findings,
) -> Vec<Document> {
    let mut own = Findings::default();
    let roots = parse(file, &source.text, budget, &mut own);
    let meant = source.named
        || roots
            .iter()
            .any(|root| document::looks(root) == Looks::Ours)
        || (own.error_count() > 0 && source.text.contains("afresh/"));
    if !meant {
        passed_over.append(own);
        return Vec::new();
    }
    findings.append(own);
    if roots.is_empty() && findings.error_count() == 0 {
        let problem = Problem::nowhere(format!("`{}` holds no document", source.name));
        findings.add(problem.help(format!(
            "a document begins with `apiVersion: {}`",
            document::API_VERSION
        )));
    }
    roots
        .iter()
        .filter_map(|root| {
            check_tokens(root, findings);
            document::read(root, findings)
        })
        .collect()
}

fn parse(file: u32, text: &str, budget: &mut Budget, findings: &mut Findings) -> Vec<Rc<Node>> {
    let mut roots = Vec::new();
    for piece in split::pieces(text) {
        if let Some(line) = split::directive(&piece) {
            let problem = Problem::at(
                Mark::point(file, line, 0),
                "YAML directives are not read here",
            );
            findings.add(problem.help("leave the line out"));
            continue;
        }
        roots.extend(tree::parse(file, piece.line, piece.text, budget, findings));
    }
    roots.retain(|root| !root.is_empty());
    roots
}

/// Notes every well-known token, wherever it stands.
fn check_tokens(node: &Node, findings: &mut Findings) {
    match &node.value {
        tree::Value::Scalar(scalar) if mask::holds_token(&scalar.text) => {
            let problem = Problem::at(
                node.mark,
                "this looks like a secret, and a manifest must not hold one",
            );
            let help = "keep it in an environment variable or a file, name that in a Credential, and replace the secret, since this file has held it";
            findings.add(problem.label("not shown here").help(help).secret());
        }
        tree::Value::Scalar(_) => {}
        tree::Value::List(items) => items.iter().for_each(|item| check_tokens(item, findings)),
        tree::Value::Map(entries) => entries
            .iter()
            .for_each(|entry| check_tokens(&entry.value, findings)),
    }
}

/// For lines and columns, which a file within the size limit cannot have more of than fits.
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX - 1)
}
