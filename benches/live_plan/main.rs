//! What a live plan costs beside the least that it could cost: the built binary against a bare server, then a bare client that sends the
//! same requests to the same server at the same concurrency. Also the start-up time, the requests by kind, and how long the same plan takes
//! where requests are metered as Azure's are: here they are not, so that what is measured is afresh.
//!
//! ```text
//! cargo bench --bench live_plan                  1,000 runtimes in 10 factories and 1,000 jobs, 20 ms for each answer
//! cargo bench --bench live_plan -- --size 100    a tenth of it
//! ```
//! Refuses to pass when the plan fails, or takes twice the time of the bare client or more.
#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]

mod server;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use afresh::limits;
use futures_util::{StreamExt, stream};
use server::{Received, Server, Size, kind};
use tokio::process::Command;

/// Distance of the service.
const LATENCY: Duration = Duration::from_millis(20);
/// Plans, and bare clients, of which the quickest counts.
const ROUNDS: usize = 3;
/// A plan must take less than so many times the bare client.
const RATIO_MAX: f64 = 2.0;
const BINARY: &str = env!("CARGO_BIN_EXE_afresh");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match measure(size()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `--size N`: so many runtimes and jobs. Cargo adds words of its own to the command line.
fn size() -> Size {
    let words: Vec<String> = std::env::args().collect();
    let given = words
        .iter()
        .position(|word| word == "--size")
        .and_then(|at| words.get(at + 1)?.parse().ok());
    let count = given.unwrap_or(1_000).max(10);
    Size {
        runtimes: count,
        factories: 10,
        jobs: count,
        log_events: 0,
    }
}

async fn measure(size: Size) -> Result<bool> {
    let start_up = start_up().await?;
    println!(
        "start-up      {:>9.1} ms   afresh --version, median of 20",
        start_up.as_secs_f64() * 1e3
    );
    let server = Server::start(size, LATENCY).await?;
    let mut plans = Vec::new();
    let mut bare = Vec::new();
    let mut requests = Vec::new();
    let mut width = 0;
    for _ in 0..ROUNDS {
        plans.push(plan(&server, size).await?);
        (requests, width) = server.take();
        bare.push(bare_client(&server, &requests, width).await?);
        server.take();
    }
    let (plan, bare) = (best(&plans), best(&bare));
    let ratio = plan / bare;
    println!(
        "live plan     {plan:>9.2} s    {} runtimes in {} factories, {} jobs; best of {ROUNDS}",
        size.runtimes, size.factories, size.jobs
    );
    println!(
        "bare client   {bare:>9.2} s    the same {} requests, {width} at a time; best of {ROUNDS}",
        requests.len()
    );
    println!("ratio         {ratio:>9.2}      must be below {RATIO_MAX}");
    println!(
        "at Azure      {:>9.0} s    what the buckets of Azure make of the same requests, at least; most for {}",
        metered(&requests).0,
        metered(&requests).1
    );
    println!("requests      {}", by_kind(&requests));
    Ok(ratio < RATIO_MAX)
}

async fn start_up() -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let status = Command::new(BINARY)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .await?;
        times.push(begun.elapsed());
        if !status.success() {
            return Err(format!("afresh --version ended with {status}").into());
        }
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// One plan in a fresh folder, with no memory. Checks that every subject was seen.
async fn plan(server: &Server, size: Size) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("estate.yaml"),
        estate(&server.address.to_string(), size),
    )?;
    let mut command = Command::new(BINARY);
    command
        .args(["plan", "estate.yaml", "--refresh", "all"])
        .current_dir(folder.path())
        .stdin(Stdio::null());
    command
        .env_clear()
        .envs([
            ("AFRESH_SECRET_BENCH", "canned"),
            ("NO_COLOR", "1"),
            ("TZ", "UTC"),
        ])
        .env("AFRESH_ALLOW_LOOPBACK", "1")
        .env("HOME", folder.path());
    let begun = Instant::now();
    let output = command.kill_on_drop(true).output().await?;
    let took = begun.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    let in_order = format!(
        "{} up to date.",
        size.runtimes / size.factories * size.factories + size.jobs
    );
    if !output.status.success() || !said.contains(&in_order) {
        return Err(format!(
            "the plan ended with {}:\n{said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    Ok(took)
}

fn estate(host: &str, size: Size) -> String {
    let mut text = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: bench}}\nspec: {{}}\n---\napiVersion: afresh/v1\nkind: Cloud\nmetadata: {{name: bench}}\nspec:\n  authority: \"http://{host}\"\n  resourceManager: \"http://{host}\"\n  \
         audience: \"https://management.azure.com\"\n  databricks: {{domain: \"{host}\"}}\n  \
         limits:\n    reads: {{burst: 1000000, perSecond: 1000000}}\n    writes: {{burst: 1000000, perSecond: 1000000}}\n    \
         databricks: {{burst: 1000000, perSecond: 1000000}}\n\
         ---\napiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: bench}}\nspec:\n  servicePrincipal:\n    \
         tenant: 00000000-0000-0000-0000-00000000aaaa\n    clientId: 00000000-0000-0000-0000-00000000bbbb\n    clientSecret: {{env: AFRESH_SECRET_BENCH}}\n\
         ---\napiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {{name: analytics}}\nspec: {{host: \"{host}\", cloud: bench, credential: bench}}\n\
         ---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: gold}}\nspec:\n  workspace: analytics\n  job: {{tags: {{tier: gold}}}}\n  \
         require: succeeded\n  freshness: {{errorAfter: 24h}}\n"
    );
    for number in 0..size.factories {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: factory-{number}}}\nspec:\n  \
             subscription: 12345678-1234-1234-1234-{number:012}\n  resourceGroup: rg-bench\n  factory: adf-bench-{number}\n  cloud: bench\n  \
             credential: bench\n---\napiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: keys-{number}}}\nspec:\n  \
             factory: factory-{number}\n  integrationRuntimes: [\"*\"]\n  maxAge: 90d\n  rotateBefore: 14d\n"
        );
    }
    text
}

/// Sends the same requests, so many at a time, over kept connections, and reads every answer.
async fn bare_client(server: &Server, requests: &[Received], width: usize) -> Result<Duration> {
    // A second call finds the provider of the first one, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()?;
    let send = |request: &Received| {
        let url = format!("http://{}{}", server.address, request.path);
        let request = client
            .request(request.method.clone(), url)
            .body(request.body.clone());
        async move { request.send().await?.bytes().await }
    };
    let begun = Instant::now();
    let mut answers = stream::iter(requests.iter().map(send)).buffer_unordered(width.max(1));
    while let Some(answer) = answers.next().await {
        answer?;
    }
    Ok(begun.elapsed())
}

fn best(times: &[Duration]) -> f64 {
    times
        .iter()
        .min()
        .copied()
        .unwrap_or_default()
        .as_secs_f64()
}

/// The least time that the requests need where each subscription and each workspace has Azure's bucket, and which needs the most.
fn metered(requests: &[Received]) -> (f64, &'static str) {
    let mut buckets = BTreeMap::new();
    for request in requests {
        let subscription = request.path.split('/').nth(2).unwrap_or_default();
        let (name, scope, rate) = match request.path.as_str() {
            path if path.starts_with("/api/") => {
                ("Databricks", String::new(), limits::DATABRICKS_REQUESTS)
            }
            path if path.contains("/listAuthKeys") => {
                ("ARM writes", subscription.to_owned(), limits::ARM_WRITES)
            }
            path if path.starts_with("/subscriptions/") => {
                ("ARM reads", subscription.to_owned(), limits::ARM_READS)
            }
            _ => continue,
        };
        buckets.entry((name, scope)).or_insert((0_u32, rate)).0 += 1;
    }
    let times = buckets
        .iter()
        .map(|((name, _), (count, (burst, per_second)))| {
            let time = f64::from(count.saturating_sub(*burst)) / f64::from(*per_second);
            (time, *name)
        });
    times.fold(
        (0.0, "none"),
        |most, one| if one.0 > most.0 { one } else { most },
    )
}

fn by_kind(requests: &[Received]) -> String {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(kind(&request.path)).or_insert(0_u32) += 1;
    }
    counts
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect::<Vec<_>>()
        .join(", ")
}
