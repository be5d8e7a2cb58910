//! The rows of a project with very many documents: each is the promise of one job by its name, in files of 10,000 documents.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::measure;
use crate::{Most, Result, Row};

const BINARY: &str = env!("CARGO_BIN_EXE_afresh");
const DOCUMENTS_PER_FILE: usize = 10_000;

/// One row for each number of documents. Five times as many should cost five times as much.
pub fn rows(sizes: &[usize]) -> Result<Vec<Row>> {
    sizes.iter().map(|documents| row(*documents)).collect()
}

fn row(documents: usize) -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let bytes = write(folder.path(), documents)?;
    let mut validate = Command::new(BINARY);
    validate.arg("validate").arg(folder.path());
    let megabytes = bytes / 1_000_000;
    let name = format!("validate, {documents} documents, {megabytes} MB");
    let most = Most {
        seconds: Some(1.0),
        megabytes: Some(200.0),
        ..Most::default()
    };
    Ok(measure(name, &mut validate)?.at_most(most))
}

/// Writes such a project, and says how many bytes it has.
pub fn write(folder: &Path, documents: usize) -> Result<usize> {
    fs::write(folder.join("project.yaml"), PROJECT)?;
    let mut bytes = PROJECT.len();
    for first in (0..documents).step_by(DOCUMENTS_PER_FILE) {
        let numbers = first..documents.min(first + DOCUMENTS_PER_FILE);
        let text: String = numbers.map(document).collect();
        fs::write(folder.join(format!("jobs-{first}.yaml")), &text)?;
        bytes += text.len();
    }
    Ok(bytes)
}

const PROJECT: &str = "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: scale}\nspec: {}\n---\napiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {name: lab}\nspec: {host: adb-1234567890123456.7.azuredatabricks.net}\n";

fn document(number: usize) -> String {
    format!(
        "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: nightly-sales-{number:05}}}\nspec:\n  workspace: lab\n  job: {{name: nightly-sales-{number:05}}}\n  require: succeeded\n  freshness: {{startAfter: 22h, errorAfter: 24h}}\n"
    )
}
