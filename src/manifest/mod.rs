//! READ: text → `Desired`, or every problem with its place in the file.
//!
//! The way of a manifest: [`source`] finds and reads files, [`split`] cuts them into documents, [`tree`] parses each into a
//! tree in which everything knows its place, [`shape`] reads the tree as one of the kinds, and [`build`] puts all documents
//! together and checks what they say of each other. Problems are collected on the way, so one reading tells them all.
//!
//! Refuses: secrets; what two YAML tools would read differently; anything unknown. Prints nothing, reads no environment and no clock.

mod advice;
mod blank;
mod build;
mod document;
mod encoding;
mod looks;
mod mark;
mod mask;
mod policy;
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
mod unread;

use std::path::PathBuf;
use std::rc::Rc;

use crate::model::desired::Desired;
use crate::model::policy::Policy;
use crate::model::trust::Asked;

pub use policy::read_policy;
pub use render::Problems;
pub use schema::schema;
pub use source::Input;

use document::Document;
use looks::Looks;
use mark::Mark;
use problem::{Findings, Problem};
use source::{Flaw, Source};
use split::Piece;
use tree::{Budget, Node};

/// Manifests that can be used.
#[derive(Debug)]
pub struct Manifests {
    /// What they say.
    pub desired: Desired,
    /// What is probably not meant.
    pub warnings: Problems,
    /// What needs a yes from outside.
    pub asks: Vec<Asked>,
}

/// What a reading came to.
#[derive(Debug)]
pub struct Checked {
    /// What the manifests say; `None` if what they refer to cannot be understood.
    pub desired: Option<Desired>,
    /// What is probably not meant.
    pub warnings: Problems,
    /// How many documents there are, without those that are only referred to.
    pub documents: usize,
    /// What needs a yes from outside.
    pub asks: Vec<Asked>,
}

/// Reads manifests: files, and all `*.yaml` and `*.yml` in and below folders.
///
/// # Errors
/// Everything that is wrong, at once, warnings included.
pub fn read(paths: &[PathBuf]) -> Result<Manifests, Problems> {
    read_under(paths, Policy::default())
}

/// The same, held to a policy.
///
/// # Errors
/// Everything that is wrong or breaks the policy, at once, warnings included.
pub fn read_under(paths: &[PathBuf], policy: Policy) -> Result<Manifests, Problems> {
    let input = Input {
        paths: paths.to_owned(),
        policy,
        ..Input::default()
    };
    let Checked {
        desired,
        warnings,
        asks,
        ..
    } = check(&input)?;
    match desired {
        Some(desired) => Ok(Manifests {
            desired,
            warnings,
            asks,
        }),
        None => Err(warnings),
    }
}

/// Checks manifests, also such that are a part of a whole: what they refer to is read beside them, and its problems are not told.
///
/// # Errors
/// Everything that is wrong, at once, warnings included.
pub fn check(input: &Input) -> Result<Checked, Problems> {
    let mut findings = Findings::default();
    let sources = source::gather(input, &mut findings);
    check_sources(&sources, &input.policy, findings)
}

fn check_sources(
    sources: &[Source],
    policy: &Policy,
    found: Findings,
) -> Result<Checked, Problems> {
    let aside = (0..).zip(sources).filter(|(_, source)| source.aside);
    let mut findings = Findings::without(aside.map(|(file, _)| file).collect());
    findings.append(found);
    let mut budget = Budget::default();
    let mut documents = Vec::new();
    let mut own = 0;
    let mut skipped = findings.fresh();
    for (file, source) in (0..).zip(sources) {
        let read = read_source(file, source, &mut budget, &mut findings, &mut skipped);
        own += if source.aside { 0 } else { read.len() };
        documents.extend(read);
    }
    if documents.is_empty() && findings.error_count() == 0 {
        // Nothing is ours: then a mistake in what was skipped may be why.
        findings.append(skipped);
    }
    let (desired, asks) = build::build(&documents, sources, policy, &mut findings);
    let understood = desired.is_some() || sources.iter().any(|source| source.aside);
    if findings.error_count() > 0 || !understood {
        return Err(Problems::of(findings, sources));
    }
    Ok(Checked {
        desired,
        warnings: Problems::of(findings, sources),
        documents: own,
        asks,
    })
}

/// The documents of one file. A file in a folder that has nothing to do with afresh is skipped, with its mistakes.
fn read_source(
    file: u32,
    source: &Source,
    budget: &mut Budget,
    findings: &mut Findings,
    skipped: &mut Findings,
) -> Vec<Document> {
    if source.flaw == Some(Flaw::Ending) {
        unread::misnamed(file, source, findings);
        return Vec::new();
    }
    let mut own = findings.fresh();
    let roots = parse(file, &source.text, budget, &mut own);
    let looks: Vec<Looks> = roots.iter().map(|root| looks::looks(root)).collect();
    let ours = |looks: &Looks| matches!(looks, Looks::Ours | Looks::Holds);
    let broken = own.error_count() > 0 && looks::mentions(&source.text);
    if !(source.named || broken || looks.iter().any(ours)) {
        skipped.append(own);
        return Vec::new();
    }
    findings.append(own);
    if let Some(Flaw::Encoding(encoding)) = source.flaw {
        unread::encoded(file, source, encoding, findings);
    }
    if roots.is_empty() && findings.error_count() == 0 {
        let problem = Problem::nowhere(format!("`{}` holds no document", source.name));
        findings.add(problem.help(format!(
            "a document begins with `apiVersion: {}`",
            document::API_VERSION
        )));
    }
    let mut documents = Vec::new();
    for (root, looks) in roots.iter().zip(looks) {
        match looks {
            Looks::Holds => unread::in_a_list(root, findings),
            // Beside a manifest, in one file of a folder.
            Looks::Foreign if !source.named => {}
            Looks::Ours | Looks::Foreign | Looks::Unknown => {
                check_tokens(root, findings);
                documents.extend(document::read(root, findings));
            }
        }
    }
    documents
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
        roots.extend(parse_piece(file, &piece, budget, findings));
    }
    roots.retain(|root| !root.is_empty());
    roots
}

/// Where blanks that are none to YAML are what is wrong, that is said, and the rest is read as it was meant.
fn parse_piece(
    file: u32,
    piece: &Piece<'_>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Rc<Node>> {
    let mut own = findings.fresh();
    let roots = tree::parse(file, piece.line, piece.text, budget, &mut own);
    if own.error_count() > 0 || roots.iter().any(|root| blank::in_keys(root)) {
        let meant = blank::as_spaces(piece.text);
        let mut other = findings.fresh();
        if meant != piece.text {
            let read = tree::parse(file, piece.line, &meant, budget, &mut other);
            if other.error_count() == 0 {
                blank::note_lines(file, piece.line, piece.text, findings);
                return read;
            }
        }
    }
    if own.error_count() > 0 && roots.is_empty() {
        own.leave_unread();
    }
    findings.append(own);
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
