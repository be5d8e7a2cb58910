//! How afresh grows: what each part costs at sizes that few will reach, in seconds of the processor and in memory.
//!
//! ```text
//! cargo bench --bench scale                 every part, some minutes
//! cargo bench --bench scale -- live ledger  these parts: live, plan-file, simulated, validate, ledger
//! ```
//! A row has the seconds of the processor, user and system, those by the clock on the wall, and the most memory that the process had, in MB of
//! 1,000,000 bytes. The last column is what it must not exceed. Ends with an error where a row does.
#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]

mod history;
mod ledger;
mod live;
mod plan_file;
mod process;
#[expect(
    dead_code,
    reason = "the bare client of `live_plan` sends the requests again"
)]
#[path = "../live_plan/server.rs"]
mod server;
mod simulated;
mod validate;

use std::error::Error;
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one thing costs.
struct Row {
    name: String,
    /// Of the processor, user and system.
    seconds: f64,
    /// By the clock on the wall.
    wall: f64,
    /// The most memory that the process had.
    megabytes: f64,
    /// How many were sent, and of which kinds.
    requests: Option<(usize, String)>,
    most: Most,
}

/// What a row must not exceed; without a value, it is for comparison.
#[derive(Clone, Copy, Default)]
struct Most {
    seconds: Option<f64>,
    wall: Option<f64>,
    megabytes: Option<f64>,
    requests: Option<usize>,
}

impl Row {
    fn at_most(self, most: Most) -> Self {
        Self { most, ..self }
    }

    fn is_kept(&self) -> bool {
        let within = |most: Option<f64>, is: f64| most.is_none_or(|most| is <= most);
        let sent = self.requests.as_ref().map_or(0, |(sent, _)| *sent);
        within(self.most.seconds, self.seconds)
            && within(self.most.wall, self.wall)
            && within(self.most.megabytes, self.megabytes)
            && self.most.requests.is_none_or(|most| sent <= most)
    }

    fn shown(&self) -> String {
        let told = |most: Option<f64>, unit: &str| most.map(|most| format!("{most} {unit}"));
        let most: Vec<String> = [
            told(self.most.seconds, "s CPU"),
            told(self.most.wall, "s"),
            told(self.most.megabytes, "MB"),
            self.most.requests.map(|most| format!("{most} requests")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let most = if most.is_empty() {
            String::new()
        } else {
            format!("at most {}", most.join(", "))
        };
        let requests = self.requests.as_ref();
        let requests = requests.map_or(String::new(), |(sent, kinds)| {
            format!("\n    {sent} requests: {kinds}")
        });
        let missed = if self.is_kept() { "" } else { "  EXCEEDED" };
        format!(
            "{:<50} {:>6.2} s CPU {:>6.2} s {:>5.0} MB  {most}{missed}{requests}",
            self.name, self.seconds, self.wall, self.megabytes
        )
    }
}

const PARTS: [&str; 5] = ["live", "plan-file", "simulated", "validate", "ledger"];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool> {
    let words: Vec<String> = std::env::args().collect();
    let named = |part: &str| words.iter().any(|word| word == part);
    let all = !PARTS.into_iter().any(named);
    println!("{}", machine());
    let mut are_kept = true;
    for part in PARTS {
        if !(all || named(part)) {
            continue;
        }
        println!("\n{part}");
        for row in rows(part).await? {
            are_kept &= row.is_kept();
            println!("{}", row.shown());
        }
    }
    Ok(are_kept)
}

async fn rows(part: &str) -> Result<Vec<Row>> {
    match part {
        "live" => live::rows().await,
        "plan-file" => plan_file::rows(),
        "simulated" => simulated::rows(&[1_000, 10_000]),
        "validate" => validate::rows(&[10_000, 50_000]),
        "ledger" => ledger::rows(ledger::Size {
            events: 1_000_000,
            subjects: 1_000,
        }),
        other => Err(format!("no part is called {other}").into()),
    }
}

/// The processor and how many of it there are.
fn machine() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut models = told.lines().filter(|line| line.starts_with("model name"));
    let model = models.next().and_then(|line| line.split(':').nth(1));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} × {}", model.unwrap_or("processor").trim())
}
