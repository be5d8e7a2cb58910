//! READ: text → `Desired`, or every problem with its place in the file.
//!
//! [`source`] finds and reads files, [`split`] cuts them into documents, [`tree`] parses each into a tree in which every node knows its
//! place, [`shape`] reads the tree as one of the kinds, and [`build`] puts all documents together and checks them against each other.
//! Problems are collected on the way, so that one run reports them all.
//!
//! Secrets, unknown fields, and text that two YAML tools would read differently are errors. This module prints nothing, and reads no
//! environment and no clock.

mod advice;
mod blank;
mod build;
mod document;
mod encoding;
mod example;
mod fields;
mod looks;
mod mark;
mod mask;
mod parse;
mod policy;
mod problem;
mod read;
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

use sha2::{Digest as _, Sha256};

use crate::model::desired::Desired;
use crate::model::hex::hex;
use crate::model::kind::Kind;
use crate::model::policy::Policy;
use crate::model::shard::Basis;
use crate::model::trust::Asked;

pub use example::example;
pub use fields::{Brief, Explained, NoSuch, explain, kinds};
pub use policy::read_policy;
pub use render::Problems;
pub use schema::schema;
pub use shape::check::{OVERLAP_DEFAULT, rotate_before_default};
pub use source::Input;

use problem::Findings;
use read::read_source;
use source::Source;
use tree::Budget;

/// Manifests that can be used.
#[derive(Debug)]
pub struct Manifests {
    /// What they say.
    pub desired: Desired,
    /// What is probably not meant.
    pub warnings: Problems,
    /// What needs a yes from outside.
    pub asks: Vec<Asked>,
    /// How many documents there are, and the digest of their texts.
    pub basis: Basis,
}

/// What a reading came to.
#[derive(Debug)]
pub struct Checked {
    /// What the manifests say; `None` if what they refer to cannot be understood.
    pub desired: Option<Desired>,
    /// What is probably not meant.
    pub warnings: Problems,
    /// How many documents there are, without those that are only referred to, and the digest of their texts.
    pub basis: Basis,
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
        basis,
    } = check(&input)?;
    match desired {
        Some(desired) => Ok(Manifests {
            desired,
            warnings,
            asks,
            basis,
        }),
        None => Err(warnings),
    }
}

/// The name of the Project in manifests that may have problems; `None`: there is none, or it cannot be read.
pub fn project_name(paths: &[PathBuf]) -> Option<String> {
    let input = Input {
        paths: paths.to_owned(),
        ..Input::default()
    };
    let mut findings = Findings::default();
    let sources = source::gather(&input, &mut findings);
    let mut budget = Budget::of(sources.iter().map(|source| source.text.as_str()));
    let mut skipped = findings.fresh();
    let documents = (0..).zip(&sources).flat_map(|(file, source)| {
        read_source(file, source, &mut budget, &mut findings, &mut skipped)
    });
    let mut projects = documents.filter(|document| document.kind == Kind::Project);
    projects.find_map(|project| Some(project.name?.value.to_string()))
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
    let mut budget = Budget::of(sources.iter().map(|source| source.text.as_str()));
    let mut documents = Vec::new();
    let (mut own, mut texts) = (0, Vec::new());
    let mut skipped = findings.fresh();
    for (file, source) in (0..).zip(sources) {
        let read = read_source(file, source, &mut budget, &mut findings, &mut skipped);
        if !source.aside && !read.is_empty() {
            own += read.len();
            texts.push(digest_of(&source.text));
        }
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
        basis: Basis {
            documents: own,
            digest: digest_of(&sorted(texts)),
        },
        asks,
    })
}

/// SHA-256 of its lines, in lower-case hex: a checkout may end them otherwise.
fn digest_of(text: &str) -> String {
    let mut hasher = Sha256::new();
    for line in text.lines() {
        hasher.update(line);
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}

/// In which order files were found does not matter.
fn sorted(mut digests: Vec<String>) -> String {
    digests.sort();
    digests.join("\n")
}
