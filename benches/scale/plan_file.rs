//! What a plan file costs: how large it is, how long it takes to write, and what `afresh show` of it takes.
//!
//! [`rows`] is called by the frame of this benchmark, in a release build.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use afresh::model::verdict::Facts;
use afresh::saved;

use crate::process::measure;
use crate::{Most, Result, Row};

#[allow(
    clippy::unwrap_used,
    reason = "what the tests share ends where it cannot go on"
)]
#[path = "../../tests/support/plans.rs"]
mod plans;

/// A plan of 10,000 rows with their evidence, and one of 250,000 small ones: written, and shown by the program.
pub fn rows() -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("plan.json");
    let mut rows = Vec::new();
    for (count, told, small) in [(10_000, "10,000", false), (250_000, "250,000 small", true)] {
        let mut plan = plans::of_rows(count);
        if small {
            for step in &mut plan.plan.steps {
                step.facts = Facts::None;
            }
        }
        let (size, show) = if small {
            (Most::default(), Most::default())
        } else {
            (
                Most {
                    megabytes: Some(12.0),
                    ..Most::default()
                },
                Most {
                    seconds: Some(0.3),
                    megabytes: Some(80.0),
                    ..Most::default()
                },
            )
        };
        rows.push(written(&plan, &file, told, size)?);
        rows.push(shown(&file, told, show)?);
    }
    Ok(rows)
}

/// How large it is stands where the memory of other rows does.
fn written(plan: &saved::File, file: &Path, told: &str, most: Most) -> Result<Row> {
    let begun = Instant::now();
    let mut out = BufWriter::new(File::create(file)?);
    saved::write(plan, &mut out)?;
    out.flush()?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Row {
        name: format!("plan file of {told} rows: written, size"),
        seconds,
        wall: seconds,
        megabytes: in_megabytes(std::fs::metadata(file)?.len()),
        requests: None,
        most,
    })
}

fn shown(file: &Path, told: &str, most: Most) -> Result<Row> {
    let mut show = Command::new(env!("CARGO_BIN_EXE_afresh"));
    show.arg("show").arg(file).env_clear();
    let row = measure(format!("show of a plan of {told} rows"), &mut show)?;
    Ok(row.at_most(most))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of files and of memory are far below 2^52"
)]
fn in_megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
