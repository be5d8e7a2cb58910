//! Plans as large as one likes, of subjects with real evidence: an estate of a few is planned by the program itself in a simulated cloud,
//! after two months with some applies, and its rows are repeated under other names. Most keys are young, some are being rotated, and most
//! jobs have run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use afresh::model::address::{Address, Name, ResourceId};
use afresh::model::verdict::{Step, Target};
use afresh::saved::{self, File};

/// Subjects of each of the two kinds that are really planned.
const PLANNED: usize = 40;
const APPLY: &str = "apply estate --sim world.yaml --auto-approve -q";

fn world() -> String {
    let mut world = String::from(
        "clock: 2026-06-01T09:00:00Z\nsubscriptions:\n- id: 12345678-1234-1234-1234-1234567890ab\n  factories:\n  - name: adf-ingest\n    resourceGroup: rg-data\n    runtimes:\n",
    );
    for number in 0..PLANNED {
        let days = 1 + number * 7 % 120;
        // Writing to a String cannot fail.
        let _ = writeln!(
            world,
            "    - {{name: gateway-{number:05}, created: {days}d ago}}"
        );
    }
    world += "workspaces:\n- host: adb-1234567890123456.7.azuredatabricks.net\n  jobs:\n";
    for number in 0..PLANNED {
        let hours = number % 40;
        let _ = writeln!(
            world,
            "  - {{id: {}, name: nightly-sales-{number:05}, runs: [{{started: {}h ago, ended: {}h ago, result: SUCCESS}}]}}",
            1000 + number,
            hours + 2,
            hours + 1
        );
    }
    world
}

fn manifests() -> String {
    let mut text = String::from(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: large}\nspec: {}\n---\n\
         apiVersion: afresh/v1\nkind: DataFactory\nmetadata: {name: ingest}\nspec: {subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg-data, factory: adf-ingest}\n---\n\
         apiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {name: analytics}\nspec: {host: adb-1234567890123456.7.azuredatabricks.net}\n---\n\
         apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {name: gateways}\nspec: {factory: ingest, integrationRuntimes: ['gateway-*'], maxAge: 90d, overlap: 24h, windows: [{cron: '0 2 * * *', timezone: Europe/Berlin, duration: 20h}]}\n",
    );
    for number in 0..PLANNED {
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: nightly-{number:05}}}\nspec: {{workspace: analytics, job: {{name: nightly-sales-{number:05}}}, require: succeeded, freshness: {{warnAfter: 20h, errorAfter: 24h}}}}\n"
        );
    }
    text
}

fn run(folder: &Path, line: &str) {
    let done = Command::new(env!("CARGO_BIN_EXE_afresh"))
        .args(line.split(' '))
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        matches!(done.status.code(), Some(0 | 2 | 3)),
        "{line}: {said}"
    );
}

/// A plan of some subjects, as the program made it.
fn planned() -> File {
    let folder = tempfile::tempdir().unwrap();
    let estate = folder.path().join("estate");
    fs::create_dir(&estate).unwrap();
    fs::write(folder.path().join("world.yaml"), world()).unwrap();
    fs::write(estate.join("afresh.yaml"), manifests()).unwrap();
    for line in [
        APPLY,
        "sim advance 2d estate --sim world.yaml",
        APPLY,
        "sim advance 40d estate --sim world.yaml",
        APPLY,
        "sim advance 2d estate --sim world.yaml",
        APPLY,
        "sim advance 20d estate --sim world.yaml",
        APPLY,
        "sim advance 6h estate --sim world.yaml",
        "plan estate --sim world.yaml -q --out plan.json",
    ] {
        run(folder.path(), line);
    }
    let bytes = fs::read(folder.path().join("plan.json")).unwrap();
    saved::read(bytes.as_slice()).unwrap()
}

/// The same subject under another name.
fn renamed(step: &Step, round: usize) -> Step {
    let mut step = step.clone();
    let number = i64::try_from(round).unwrap();
    step.address = Address::new(
        step.address.connection.clone(),
        format!("{}-{round}", step.address.subject),
    );
    match &mut step.target {
        Some(Target::Runtime(target)) => {
            target.id = ResourceId::new(format!("{}-{round}", target.id.as_str()));
        }
        Some(Target::Job(target)) => {
            target.job.0 += 10_000 * number;
            // Each job has a rule of its own.
            step.rule = Name::parse(&format!("{}-{round}", step.rule)).unwrap();
        }
        Some(Target::Submission(_)) | None => {}
    }
    step
}

/// A plan of so many subjects, half of them runtimes and half of them jobs.
pub fn of_rows(count: usize) -> File {
    let mut file = planned();
    let (steps, sentences) = (file.plan.steps.clone(), file.sentences.clone());
    assert_eq!(steps.len(), 2 * PLANNED);
    file.plan.steps = (0..count)
        .map(|row| renamed(&steps[row % steps.len()], row / steps.len()))
        .collect();
    file.sentences = (0..count)
        .map(|row| sentences[row % sentences.len()].clone())
        .collect();
    file
}
