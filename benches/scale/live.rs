//! The rows of a plan that reads a cloud: how many requests it sends, what they take, and what the process costs.
//!
//! The cloud is the bare server of `live_plan`, in this process: it answers each request after a fixed time and thinks about nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use afresh::ledger::event::{Event, Subject};
use afresh::manifest::{Input, check};
use afresh::model::address::{Address, Identity, ResourceId};
use afresh::model::desired::{Desired, JobRunWhat};
use afresh::model::job::{JobId, RunId, RunResult};
use afresh::model::runtime::{Fingerprint, PerSlot, Slot};
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::Presumed;
use jiff::Timestamp as Instant;

use crate::history::{Regenerated, opened};
use crate::process::measure;
use crate::server::{Server, Size, kind};
use crate::{Most, Result, Row};

const BINARY: &str = env!("CARGO_BIN_EXE_afresh");
const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";

/// Who names the jobs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Jobs {
    /// One rule for all.
    ByTags,
    /// A rule for each.
    ByName,
}

/// How the cloud meters requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Metered {
    No,
    AsAzure,
}

/// What the ledger knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proved {
    Nothing,
    Everything,
}

struct Estate {
    name: &'static str,
    size: Size,
    latency: Duration,
    jobs: Jobs,
    metered: Metered,
    proved: Proved,
    most: Most,
}

/// All rows of this file.
pub async fn rows() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for estate in estates() {
        rows.push(row(&estate).await?);
    }
    Ok(rows)
}

fn estates() -> Vec<Estate> {
    let thousand = Size {
        runtimes: 1_000,
        factories: 10,
        jobs: 1_000,
        log_events: 1_000,
    };
    let usual = |name, proved| Estate {
        name,
        size: thousand,
        latency: Duration::from_millis(20),
        jobs: Jobs::ByTags,
        metered: Metered::No,
        proved,
        most: Most::default(),
    };
    let quick = |name, runtimes, jobs, proved| Estate {
        size: Size {
            runtimes,
            factories: 100,
            jobs,
            log_events: 10_000,
        },
        latency: Duration::ZERO,
        jobs: Jobs::ByName,
        ..usual(name, proved)
    };
    let most = Most::default();
    let at_most = |estate: Estate, most| Estate { most, ..estate };
    let requests = |count| Most {
        requests: Some(count),
        ..most
    };
    vec![
        at_most(
            usual("1,000 runtimes and 1,000 jobs, proved", Proved::Everything),
            requests(600),
        ),
        // As many again to read the status of each runtime.
        at_most(
            usual("the same, first look", Proved::Nothing),
            requests(1_600),
        ),
        Estate {
            metered: Metered::AsAzure,
            most: Most {
                wall: Some(35.0),
                ..most
            },
            ..usual("the same, first look at Azure's limits", Proved::Nothing)
        },
        Estate {
            size: Size {
                jobs: 0,
                log_events: 210_000,
                ..thousand
            },
            ..usual(
                "1,000 runtimes, 210,000 events in their group",
                Proved::Nothing,
            )
        },
        quick(
            "10,000 runtimes in 100 factories of one group",
            10_000,
            0,
            Proved::Nothing,
        ),
        at_most(
            quick("10,000 runtimes, proved", 10_000, 0, Proved::Everything),
            Most {
                seconds: Some(0.15),
                megabytes: Some(40.0),
                ..most
            },
        ),
        quick("100,000 runtimes, proved", 100_000, 0, Proved::Everything),
        at_most(
            quick("10,000 jobs by name, proved", 0, 10_000, Proved::Everything),
            Most {
                seconds: Some(0.30),
                ..most
            },
        ),
    ]
}

async fn row(estate: &Estate) -> Result<Row> {
    let server = Server::start(estate.size, estate.latency).await?;
    let folder = tempfile::tempdir()?;
    let manifests = manifests(&server.address.to_string(), estate);
    fs::write(folder.path().join("estate.yaml"), &manifests)?;
    if estate.proved == Proved::Everything {
        let input = Input {
            stdin: Some(manifests.into_bytes()),
            ..Input::default()
        };
        let read = check(&input).map_err(|problems| problems.render(false))?;
        let desired = read.desired.ok_or("no project")?;
        let host = server.address.to_string();
        write_ledger(&folder.path().join("ledger.jsonl"), estate, &desired, &host)?;
    }
    let mut command = Command::new(BINARY);
    command
        .args(["plan", "estate.yaml", "--quiet"])
        .current_dir(folder.path())
        .env_clear()
        .env("AFRESH_SECRET_BENCH", "canned")
        .env("AFRESH_ALLOW_LOOPBACK", "1")
        .env("HOME", folder.path());
    let name = estate.name.to_owned();
    let measured = tokio::task::spawn_blocking(move || {
        // A thread of its own: this one would not answer meanwhile.
        measure(name, &mut command).map_err(|error| error.to_string())
    });
    let row = measured.await??;
    let (received, _) = server.take();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for request in &received {
        *kinds.entry(kind(&request.path)).or_default() += 1;
    }
    let kinds = kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
    Ok(Row {
        requests: Some((received.len(), kinds.collect::<Vec<_>>().join(", "))),
        ..row.at_most(estate.most)
    })
}

fn manifests(host: &str, estate: &Estate) -> String {
    let limits = match estate.metered {
        Metered::No => {
            "  limits:\n    reads: {burst: 1000000, perSecond: 1000000}\n    writes: {burst: 1000000, perSecond: 1000000}\n    \
             databricks: {burst: 1000000, perSecond: 1000000}\n"
        }
        Metered::AsAzure => "",
    };
    let mut text = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: bench}}\nspec: {{ledger: {{file: ledger.jsonl}}}}\n\
         ---\napiVersion: afresh/v1\nkind: Cloud\nmetadata: {{name: bench}}\nspec:\n  authority: \"http://{host}\"\n  resourceManager: \"http://{host}\"\n  \
         audience: \"https://management.azure.com\"\n  databricks: {{domain: \"{host}\"}}\n{limits}\
         ---\napiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: bench}}\nspec:\n  servicePrincipal:\n    \
         tenant: 00000000-0000-0000-0000-00000000aaaa\n    clientId: 00000000-0000-0000-0000-00000000bbbb\n    clientSecret: {{env: AFRESH_SECRET_BENCH}}\n"
    );
    // Writing to a String cannot fail.
    if estate.size.runtimes > 0 {
        for number in 0..estate.size.factories {
            let _ = write!(
                text,
                "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: factory-{number}}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg-bench, \
                 factory: adf-bench-{number}, cloud: bench, credential: bench}}\n---\napiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: keys-{number}}}\n\
                 spec: {{factory: factory-{number}, integrationRuntimes: [\"*\"], maxAge: 90d, rotateBefore: 14d}}\n"
            );
        }
    }
    if estate.size.jobs > 0 {
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {{name: analytics}}\nspec: {{host: \"{host}\", cloud: bench, credential: bench}}\n"
        );
        let rules: Vec<(String, String)> = match estate.jobs {
            Jobs::ByTags => vec![("gold".to_owned(), "{tags: {tier: gold}}".to_owned())],
            Jobs::ByName => (0..estate.size.jobs)
                .map(|number| (format!("job-{number}"), format!("{{name: job-{number}}}")))
                .collect(),
        };
        for (name, job) in rules {
            let _ = write!(
                text,
                "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: {name}}}\nspec: {{workspace: analytics, job: {job}, require: succeeded, \
                 freshness: {{errorAfter: 24h}}}}\n"
            );
        }
    }
    text
}

/// Keys that afresh made yesterday, and jobs that have succeeded an hour ago; but of jobs that a tag selects the ledger knows nothing.
fn write_ledger(path: &Path, estate: &Estate, desired: &Desired, host: &str) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let now: Timestamp = Instant::now();
    let opened = opened(Span::days(2).before(now));
    file.write_all(opened.line()?.as_bytes())?;
    if estate.size.runtimes > 0 {
        for factory in 0..estate.size.factories {
            for number in 0..estate.size.runtimes / estate.size.factories {
                for event in rotated(factory, number, Span::days(1).before(now))? {
                    file.write_all(event.line()?.as_bytes())?;
                }
            }
        }
    }
    for (number, rule) in desired.job_runs.iter().enumerate() {
        let JobRunWhat::Job(_, spec) = &rule.what else {
            continue;
        };
        if estate.jobs == Jobs::ByName {
            let number: usize = rule
                .name
                .as_str()
                .trim_start_matches("job-")
                .parse()
                .unwrap_or(number);
            let job = i64::try_from(number)?;
            let event = Event::RunSeen {
                subject: Subject {
                    identity: Identity::Job(host.to_owned(), JobId(job)),
                    address: Address::parse(&format!("analytics/{}", rule.name))?,
                },
                name: Some(format!("job-{number}")),
                run: RunId(1_000_000 + job),
                ended: Span::hours(1).before(now),
                result: RunResult::Success,
                digest: None,
                asks: Some(spec.asks.clone()),
            };
            file.write_all(event.line()?.as_bytes())?;
        }
    }
    file.flush()?;
    Ok(())
}

/// Both keys of a runtime, one after the other.
fn rotated(factory: usize, number: usize, at: Timestamp) -> Result<Vec<Event>> {
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-bench/providers/microsoft.datafactory/factories/adf-bench-{factory}/integrationruntimes/gateway-{number}"
    );
    let subject = Subject {
        identity: Identity::Runtime(ResourceId::new(id)),
        address: Address::parse(&format!("factory-{factory}/gateway-{number}"))?,
    };
    let key = |slot: usize| {
        let text = format!("{slot:032x}{factory:016x}{number:016x}");
        Fingerprint::parse(&text).ok_or("not a fingerprint")
    };
    let keys = PerSlot {
        one: key(1)?,
        two: key(2)?,
    };
    let of = |slot: Slot| {
        let regenerated = Regenerated {
            subject: subject.clone(),
            slot,
            presumed: [Presumed::Unseen, Presumed::Unseen],
            fingerprint: keys.get(slot).clone(),
            sent: at,
            intent: format!("{factory}-{number}-{}", usize::from(slot == Slot::Two)),
        };
        regenerated.events("5b1c2f90-0000-4000-8000-000000000001".to_owned())
    };
    Ok(Slot::BOTH.into_iter().flat_map(of).collect())
}
