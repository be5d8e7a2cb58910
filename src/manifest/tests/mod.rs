//! What is read, what is refused, and how that is said.

mod claims;
mod costs;
mod defaults;
mod files;
mod guesses;
mod hostile;
mod messages;
mod partly;
mod places;
mod schema;
mod semantics;
mod skipped;
mod true_causes;
mod warnings;

use std::path::PathBuf;

use super::problem::Findings;
use super::source::Source;
use super::{Checked, Problems, check_sources};
use crate::model::desired::Desired;
use crate::model::policy::Policy;

/// A Project, a factory `ingest` and a workspace `analytics`: 19 lines, so that what follows begins on line 20.
const BASE: &str = "apiVersion: afresh/v1
kind: Project
metadata: {name: test}
spec: {}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {name: ingest}
spec:
  subscription: 12345678-1234-1234-1234-1234567890ab
  resourceGroup: rg-data
  factory: adf-ingest
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {name: analytics}
spec:
  host: adb-1.7.azuredatabricks.net
---
";

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        folder: PathBuf::from("folder"),
        text: text.to_owned(),
        named: true,
        aside: false,
        flaw: None,
    }
}

fn read_all(text: &str) -> Result<Checked, Problems> {
    check_sources(
        &[source("a.yaml", text)],
        &Policy::default(),
        Findings::default(),
    )
}

fn read_text(text: &str) -> Result<Desired, Problems> {
    read_all(text).map(|checked| checked.desired.expect("it was understood"))
}

/// All warnings of a document that stands after [`BASE`], as they are shown.
fn warnings_after_base(document: &str) -> String {
    let text = format!("{BASE}apiVersion: afresh/v1\n{document}");
    let manifests = read_all(&text).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    manifests.warnings.render(false)
}

/// All problems of one file, as they are shown.
fn shown(text: &str) -> String {
    read_text(text)
        .expect_err("problems are wanted")
        .render(false)
}

/// All problems of a document that stands after [`BASE`].
fn shown_after_base(document: &str) -> String {
    shown(&format!("{BASE}apiVersion: afresh/v1\n{document}"))
}

/// Problems as programs get them.
fn rows(problems: &Problems) -> serde_json::Value {
    crate::review::findings::as_json(&problems.findings())
}

/// The messages alone, each with line and column.
fn told(text: &str) -> Vec<String> {
    let problems = rows(&read_text(text).expect_err("problems are wanted"));
    let problems = problems.as_array().cloned().unwrap_or_default();
    problems
        .iter()
        .map(|problem| {
            let message = problem["message"].as_str().unwrap_or_default();
            format!("{}:{} {message}", problem["line"], problem["column"])
        })
        .collect()
}

/// A KeyAge with these fields in its spec.
fn key_age(fields: &str) -> String {
    let fields = fields.replace('\n', "\n  ");
    format!(
        "kind: KeyAge\nmetadata: {{name: rule}}\nspec:\n  factory: ingest\n  integrationRuntimes: [gateway-west]\n  {fields}\n"
    )
}

/// A JobRun with these fields in its spec.
fn job_run(fields: &str) -> String {
    let fields = fields.replace('\n', "\n  ");
    format!("kind: JobRun\nmetadata: {{name: rule}}\nspec:\n  workspace: analytics\n  {fields}\n")
}
