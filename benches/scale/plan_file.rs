//! What a plan file costs: how large it is, how long it takes to write, and what `afresh show` of it takes.
//!
//! [`rows`] is called by the frame of this benchmark, in a release build.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use afresh::model::verdict::Facts;
use afresh::saved;

#[allow(
    clippy::unwrap_used,
    reason = "what the tests share ends where it cannot go on"
)]
#[path = "../../tests/support/plans.rs"]
mod plans;

/// What was measured, in seconds and in MB.
pub struct Row {
    /// What it is.
    pub name: String,
    /// How long it took.
    pub seconds: f64,
    /// How large the file is, or how much memory was in use at most.
    pub megabytes: f64,
}

/// Looks at how much memory a process has had at most.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// A plan of 10,000 rows with their evidence, and one of 250,000 small ones: written, and shown by the program.
pub fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
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
        rows.push(written(&plan, &file, told)?);
        rows.push(shown(&file, told)?);
    }
    Ok(rows)
}

fn written(plan: &saved::File, file: &Path, told: &str) -> Result<Row, Box<dyn Error>> {
    let begun = Instant::now();
    let mut out = BufWriter::new(File::create(file)?);
    saved::write(plan, &mut out)?;
    out.flush()?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Row {
        name: format!("plan file of {told} rows: written, size"),
        seconds,
        megabytes: in_megabytes(std::fs::metadata(file)?.len()),
    })
}

fn shown(file: &Path, told: &str) -> Result<Row, Box<dyn Error>> {
    let begun = Instant::now();
    let mut show = Command::new(env!("CARGO_BIN_EXE_afresh"))
        .arg("show")
        .arg(file)
        .env_clear()
        .stdout(Stdio::null())
        .spawn()?;
    let mut most = 0;
    let status = loop {
        most = most_memory(show.id()).unwrap_or(0).max(most);
        match show.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(LOOK_PAUSE),
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("show ended with {status}").into());
    }
    Ok(Row {
        name: format!("show of a plan of {told} rows: time, memory at most"),
        seconds,
        megabytes: in_megabytes(most),
    })
}

/// Bytes, where the system tells (Linux).
fn most_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of files and of memory are far below 2^52"
)]
fn in_megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
