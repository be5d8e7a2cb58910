//! Reads the documents of one file.
//!
//! A well-known token anywhere in them is an error. What was meant for afresh is never skipped silently.

use super::document::{self, Document};
use super::looks::{self, Looks};
use super::parse::parse;
use super::problem::{Findings, Problem};
use super::source::{Flaw, Source};
use super::tree::{self, Budget, Node};
use super::{mask, unread};

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
