//! The rows of an apply in the simulated cloud: so many actions, half of them keys to regenerate and half of them jobs to start. The world
//! is kept after each of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::measure;
use crate::{Most, Result, Row};

const BINARY: &str = env!("CARGO_BIN_EXE_afresh");

/// One row for each number of actions. Ten times as many should cost ten times as much.
pub fn rows(sizes: &[usize]) -> Result<Vec<Row>> {
    sizes.iter().map(|actions| row(*actions)).collect()
}

fn row(actions: usize) -> Result<Row> {
    let folder = tempfile::tempdir()?;
    write(folder.path(), actions)?;
    let mut apply = Command::new(BINARY);
    apply
        .args(["apply", "estate.yaml", "--sim", "world.yaml"])
        .args(["--auto-approve", "--quiet"])
        .current_dir(folder.path());
    let row = measure(format!("apply --sim, {actions} actions"), &mut apply)?;
    Ok(row.at_most(Most {
        seconds: (actions <= 1_000).then_some(2.0),
        ..Most::default()
    }))
}

/// A world in which everything is due, and a project that promises it.
pub fn write(folder: &Path, actions: usize) -> Result<()> {
    let keys = actions / 2;
    let jobs = actions - keys;
    fs::write(
        folder.join("world.yaml"),
        format!(
            "clock: 2026-11-22T09:00:00Z\n\
             subscriptions:\n\
             - id: {SUBSCRIPTION}\n  factories:\n  - name: adf-ingest\n    resourceGroup: rg-data\n    runtimes: [{{name: gateway, copies: {keys}, created: 97d ago}}]\n\
             workspaces:\n\
             - host: {HOST}\n  jobs: [{{id: 101, name: nightly, copies: {jobs}, tags: {{tier: gold}}, runs: [{{started: 32h ago, ended: 31h ago}}]}}]\n"
        ),
    )?;
    let factory =
        format!("subscription: {SUBSCRIPTION}, resourceGroup: rg-data, factory: adf-ingest");
    let keys = "factory: ingest, integrationRuntimes: ['gateway-*'], maxAge: 90d";
    let jobs = "workspace: lab, job: {tags: {tier: gold}}, require: succeeded, freshness: {errorAfter: 24h}";
    let documents = [
        document("Project", "scale", "ledger: {file: .afresh/ledger.jsonl}"),
        document("DataFactory", "ingest", &factory),
        document("DatabricksWorkspace", "lab", &format!("host: {HOST}")),
        document("KeyAge", "keys", keys),
        document("JobRun", "jobs", jobs),
    ];
    fs::write(folder.join("estate.yaml"), documents.concat())?;
    Ok(())
}

const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";
const HOST: &str = "adb-1234567890123456.7.azuredatabricks.net";

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: afresh/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
    )
}
