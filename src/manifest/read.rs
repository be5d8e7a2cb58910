//! Reads the documents of one file.
//!
//! A well-known token anywhere in them is an error. What was meant for afresh is never skipped silently.

use std::mem;
use std::rc::Rc;

use super::document::{self, Document};
use super::looks::{self, Looks};
use super::parse::parse_piece;
use super::problem::{Findings, Problem};
use super::source::{Flaw, Source};
use super::tree::{self, Budget, Node};
use super::{mask, split, unread};

/// The documents of one file. A file in a folder that has nothing to do with afresh is skipped, with its mistakes.
pub fn read_source(
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
    let mut reading = Reading {
        named: source.named,
        ours: source.named,
        waiting: Vec::new(),
        any: false,
        documents: Vec::new(),
    };
    for piece in split::pieces(&source.text) {
        for root in parse_piece(file, &piece, budget, &mut own) {
            reading.take(root, findings);
        }
    }
    let broken = own.error_count() > 0 && looks::mentions(&source.text);
    if !(reading.ours || broken) {
        skipped.append(own);
        return Vec::new();
    }
    findings.append(own);
    reading.read_waiting(findings);
    if let Some(Flaw::Encoding(encoding)) = source.flaw {
        unread::encoded(file, source, encoding, findings);
    }
    if !reading.any && findings.error_count() == 0 {
        let problem = Problem::nowhere(format!("`{}` holds no document", source.name));
        findings.add(problem.help(format!(
            "a document begins with `apiVersion: {}`",
            document::API_VERSION
        )));
    }
    reading.documents
}

/// The documents of a file as they are read. A tree takes many times the room of its text, so none is held longer than it takes to know
/// whether the file is for afresh.
struct Reading {
    /// Somebody named the file: whatever is in it is meant.
    named: bool,
    /// The file is for afresh.
    ours: bool,
    waiting: Vec<(Rc<Node>, Looks)>,
    /// There was a document.
    any: bool,
    documents: Vec<Document>,
}

impl Reading {
    fn take(&mut self, root: Rc<Node>, findings: &mut Findings) {
        let looks = looks::looks(&root);
        self.any = true;
        self.ours |= matches!(looks, Looks::Ours | Looks::Holds);
        self.waiting.push((root, looks));
        if self.ours {
            self.read_waiting(findings);
        }
    }

    fn read_waiting(&mut self, findings: &mut Findings) {
        for (root, looks) in mem::take(&mut self.waiting) {
            match looks {
                Looks::Holds => unread::in_a_list(&root, findings),
                // Beside a manifest, in one file of a folder.
                Looks::Foreign if !self.named => {}
                Looks::Ours | Looks::Foreign | Looks::Unknown => {
                    check_tokens(&root, findings);
                    self.documents.extend(document::read(&root, findings));
                }
            }
        }
    }
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
