//! The rows of a ledger that has grown for years: what opening it costs, the first plan, and a compaction.
//!
//! ```text
//! ledger list       every line is read once and folded
//! first plan        the same, and a plan of a project that names none of its subjects
//! ledger compact    what is left is a few lines for each subject
//! ```
//! A row has the seconds of the processor, user and system, and the most memory that the process had, in MB of 1,000,000 bytes.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use afresh::ledger::event::{Event, Subject};
use afresh::model::address::{Address, Identity, ResourceId};
use afresh::model::job::{JobId, RunId, RunResult};
use afresh::model::memory::{LogId, LogReading};
use afresh::model::runtime::{Fingerprint, PerSlot, Slot};
use afresh::model::time::{Span, Timestamp};
use afresh::model::timeline::LogSpan;
use afresh::model::verdict::Presumed;

use crate::history::{Regenerated, opened};
use crate::process::measure;
use crate::{Most, Result, Row};

const BINARY: &str = env!("CARGO_BIN_EXE_afresh");
/// Looks at one runtime between two regenerations of it: one a day.
const LOOKS_PER_KEY: usize = 90;
/// A resource group has so many of the runtimes; its log is read with every look at all of them.
const RUNTIMES_PER_GROUP: usize = 100;
/// Of so many subjects one is a job.
const SUBJECTS_PER_JOB: usize = 10;

/// How large the ledger is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub events: usize,
    pub subjects: usize,
}

/// All rows of this file.
pub fn rows(size: Size) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let ledger = folder.path().join("ledger.jsonl");
    let bytes = write(&ledger, size)?;
    let project = folder.path().join("afresh.yaml");
    fs::write(&project, PROJECT)?;
    let name = |what: &str| {
        let megabytes = bytes / 1_000_000;
        format!("{what}, {} events, {megabytes} MB", size.events)
    };
    let most = |seconds, megabytes| Most {
        seconds: Some(seconds),
        megabytes: Some(megabytes),
        ..Most::default()
    };
    let rows = [
        ("ledger list", &["ledger", "list"][..], most(2.0, 60.0)),
        (
            "first plan",
            &["plan", "--refresh", "none"],
            most(2.0, 60.0),
        ),
        ("ledger compact", &["ledger", "compact"], most(4.0, 100.0)),
    ];
    let rows = rows.into_iter();
    rows.map(|(what, arguments, most)| cost(name(what), folder.path(), arguments, most))
        .collect()
}

const PROJECT: &str = "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: scale}\nspec: {ledger: {file: ledger.jsonl}}\n";

/// Writes a ledger of so many events, and says how many bytes they take.
pub fn write(path: &Path, size: Size) -> Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(opened(at(0, 0)?).line()?.as_bytes())?;
    let mut left = size.events.saturating_sub(1);
    let mut day = 0;
    while left > 0 {
        for number in 0..size.subjects {
            for event in of_a_day(day, number)?.into_iter().take(left) {
                file.write_all(event.line()?.as_bytes())?;
                left -= 1;
            }
        }
        day += 1;
    }
    Ok(file.into_inner()?.metadata()?.len())
}

/// What an apply writes of one subject on one day.
fn of_a_day(day: usize, number: usize) -> Result<Vec<Event>> {
    if number.is_multiple_of(SUBJECTS_PER_JOB) {
        return Ok(vec![run_seen(day, number)?]);
    }
    let (key, age) = (
        (day + number) / LOOKS_PER_KEY,
        (day + number) % LOOKS_PER_KEY,
    );
    let mut events = vec![looked(day, number, key)?];
    if age + 1 == LOOKS_PER_KEY {
        events.extend(regenerated(day, number, key)?);
    }
    if number % RUNTIMES_PER_GROUP == 1 {
        events.push(log_read(day, number)?);
    }
    Ok(events)
}

fn runtime(number: usize) -> Result<Subject> {
    let group = number / RUNTIMES_PER_GROUP;
    let id = format!(
        "/subscriptions/12345678-1234-1234-1234-1234567890ab/resourcegroups/rg-{group}/providers/microsoft.datafactory/factories/adf-{group}/\
         integrationruntimes/gateway-{number}"
    );
    Ok(Subject {
        identity: Identity::Runtime(ResourceId::new(id)),
        address: Address::parse(&format!("factory-{group}/gateway-{number}"))?,
    })
}

fn looked(day: usize, number: usize, key: usize) -> Result<Event> {
    Ok(Event::Looked {
        subject: runtime(number)?,
        at: at(day, number)?,
        created: Some(at(0, number)?),
        keys: Some(keys(number, key)?),
        told: PerSlot::default(),
    })
}

fn run_seen(day: usize, number: usize) -> Result<Event> {
    let job = i64::try_from(number)?;
    Ok(Event::RunSeen {
        subject: Subject {
            identity: Identity::Job(
                "adb-1234567890123456.7.azuredatabricks.net".to_owned(),
                JobId(job),
            ),
            address: Address::parse(&format!("analytics/job-{number}"))?,
        },
        name: Some(format!("job-{number}")),
        run: RunId(i64::try_from(day)? * 1_000_000 + job),
        ended: at(day, number)?,
        result: RunResult::Success,
        digest: None,
        asks: Some(fingerprint(number, 0)?.as_str().to_owned()),
    })
}

fn log_read(day: usize, number: usize) -> Result<Event> {
    let group = format!("rg-{}", number / RUNTIMES_PER_GROUP);
    let until = at(day, number)?;
    Ok(Event::LogRead(LogReading {
        log: LogId::new("12345678-1234-1234-1234-1234567890ab", &group),
        span: LogSpan {
            since: Span::days(2).before(until),
            until,
        },
        events: Vec::new(),
    }))
}

/// One regenerates the first key and the next the second one.
fn regenerated(day: usize, number: usize, key: usize) -> Result<[Event; 2]> {
    let slot = if key.is_multiple_of(2) {
        Slot::One
    } else {
        Slot::Two
    };
    let (before, after) = (keys(number, key)?, keys(number, key + 1)?);
    let regenerated = Regenerated {
        subject: runtime(number)?,
        slot,
        presumed: [slot, slot.twin()].map(|slot| Presumed::Key(before.get(slot).clone())),
        fingerprint: after.get(slot).clone(),
        sent: at(day, number + 1)?,
        intent: format!("5b1c2f90-0000-4000-8000-{day:012}-{number}"),
    };
    Ok(regenerated.events(format!("5b1c2f90-0000-4000-8000-{day:012}")))
}

/// Both keys of a runtime after so many regenerations.
fn keys(number: usize, regenerations: usize) -> Result<PerSlot<Fingerprint>> {
    Ok(PerSlot {
        one: fingerprint(number * 2, regenerations.div_ceil(2))?,
        two: fingerprint(number * 2 + 1, regenerations / 2)?,
    })
}

fn fingerprint(of: usize, count: usize) -> Result<Fingerprint> {
    Fingerprint::parse(&format!("{of:032x}{count:032x}")).ok_or_else(|| "no fingerprint".into())
}

/// Of each subject in a second of its own, so that everything is in the order of its time.
fn at(day: usize, number: usize) -> Result<Timestamp> {
    let seconds = day * 86_400 + number;
    Ok(Timestamp::from_second(
        1_500_000_000 + i64::try_from(seconds)?,
    )?)
}

fn cost(name: String, folder: &Path, arguments: &[&str], most: Most) -> Result<Row> {
    let mut command = Command::new(BINARY);
    command.args(arguments).arg("--color=never").arg(folder);
    Ok(measure(name, &mut command)?.at_most(most))
}
