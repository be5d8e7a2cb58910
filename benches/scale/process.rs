//! What a process costs: seconds of the processor, user and system, and the most memory that it had, in MB of 1,000,000 bytes.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Most, Result, Row};

/// How often a process is asked for its peak.
const LOOK_PAUSE: Duration = Duration::from_millis(5);
/// What the clock of the kernel counts in: 100 a second on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Runs a command, which has to succeed.
pub fn measure(name: String, command: &mut Command) -> Result<Row> {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let spent = watch(&child);
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{name} ended with {status}").into());
    }
    let (seconds, megabytes) = spent?;
    Ok(Row {
        name,
        seconds,
        wall: begun.elapsed().as_secs_f64(),
        megabytes,
        requests: None,
        most: Most::default(),
    })
}

/// Waits until a process has ended, without reaping it: until then its times stand in `/proc`. Its peak does not, so that is asked for
/// again and again.
fn watch(child: &Child) -> Result<(f64, f64)> {
    let mut peak = 0.0_f64;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        if let Some(kilobytes) = field(&status, "VmHWM:") {
            peak = peak.max(kilobytes.parse::<f64>()? * 1_024.0 / 1e6);
        }
        if field(&status, "State:") == Some("Z") {
            let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
            return Ok((seconds(&stat)?, peak));
        }
        sleep(LOOK_PAUSE);
    }
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()
}

/// User and system time: the 14th and 15th field, two of those behind the name in parentheses.
fn seconds(stat: &str) -> Result<f64> {
    let (_, behind) = stat.rsplit_once(") ").ok_or("no name in stat")?;
    let fields: Vec<&str> = behind.split(' ').collect();
    let ticks =
        |place: usize| -> Result<f64> { Ok(fields.get(place).ok_or("a short stat")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}
