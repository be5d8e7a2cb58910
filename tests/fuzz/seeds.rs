//! What each target begins from: the examples, what stories write and print, and what the simulator answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use afresh::clock::Clock;
use afresh::cloud::{Reader, Surroundings};
use afresh::http::client::Client;
use afresh::http::message::{Failure, Request, Response, Transport};
use afresh::model::desired::Desired;
use afresh::model::memory::Memory;
use afresh::model::survey::{KeyReading, Refresh};
use afresh::model::trust::Trust;
use afresh::sim::{Embedded, World};
use afresh::{manifest, plan, review, saved, survey};
use futures_util::future::BoxFuture;

use crate::properties::ESTATE;

/// The project's folder: the one with the examples.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = own.ancestors();
    all.find(|folder| folder.join("examples").is_dir()).unwrap()
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let below = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    entries.into_iter().flat_map(below).collect()
}

fn examples() -> Vec<Vec<u8>> {
    let yaml = files(&root().join("examples")).into_iter();
    let yaml = yaml.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    yaml.map(|path| fs::read(path).unwrap()).collect()
}

/// The texts of all stories.
fn stories() -> Vec<String> {
    let text = files(&root().join("tests/stories")).into_iter();
    let text = text.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    text.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// What stories write into files whose text has `word` in it.
fn written(word: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for story in stories() {
        for block in story
            .split("\n--- end")
            .filter_map(|part| part.rsplit_once("\n--- "))
        {
            if let Some((_, text)) = block
                .1
                .split_once('\n')
                .filter(|(_, text)| text.contains(word))
            {
                all.push(text.as_bytes().to_vec());
            }
        }
    }
    all
}

/// Ledgers that stories print.
fn ledgers() -> Vec<Vec<u8>> {
    let ledger = |story: String| {
        let lines = story.lines().filter_map(|line| line.strip_prefix("| "));
        let lines = lines.filter(|line| line.starts_with("{\"v\":1,\"event\""));
        let text: String = lines
            .flat_map(|line| [line.replace("[..]", "1"), "\n".to_owned()])
            .collect();
        text.into_bytes()
    };
    let all = stories().into_iter().map(ledger);
    all.filter(|ledger| !ledger.is_empty()).collect()
}

/// Hands on what the simulator answers, and keeps it as [`crate::answers`] reads it.
struct Recorder {
    cloud: Embedded,
    lines: Mutex<Vec<Vec<u8>>>,
}

impl Transport for Recorder {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let said = self.cloud.send(request).await;
            if let Ok(said) = &said
                && !request.url.path().ends_with("/token")
            {
                let line = [said.status.to_string().as_bytes(), &said.body].concat();
                self.lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
            said
        })
    }
}

const WORLD: &str = r"
clock: 2026-11-22T09:00:00Z
subscriptions:
- id: 12345678-1234-1234-1234-1234567890ab
  factories:
  - name: adf-ingest
    resourceGroup: rg-data
    runtimes:
    - {name: gateway-west, created: 200d ago, authKey1: {made: 50d ago}}
    - {name: gateway-east, created: 20d ago}
    - {name: edge-1, created: 400d ago, forbidden: [listAuthKeys]}
workspaces:
- host: adb-1234567890123456.7.azuredatabricks.net
  jobs:
  - id: 101
    name: nightly-sales
    parameters: {day: today}
    schedule: {every: 24h}
    runs:
    - {started: 32h ago, ended: 31h ago, result: SUCCESS}
    - {started: 8h ago, ended: 7h ago, result: FAILED}
  - {id: 102, name: stream, continuous: {paused: true}}
";

/// What is answered to a plan, line by line, and the file of that plan.
fn played() -> (Vec<Vec<u8>>, Vec<u8>) {
    let desired = estate();
    let world = World::from_text(WORLD, Path::new("world.yaml"), &Clock::Real).unwrap();
    let clock = world.clock();
    let recorder = Arc::new(Recorder {
        cloud: Embedded::new(world),
        lines: Mutex::default(),
    });
    let client = Client::new(recorder.clone(), clock.clone());
    let surroundings = Surroundings::new([
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
    ]);
    let reader = Reader::new(client, surroundings, Trust::default());
    let options = survey::Options {
        shard: None,
        refresh: Refresh::All,
        keys: KeyReading::Recorded,
        targets: Vec::new(),
        width: afresh::cloud::Width::of(1),
        now: clock.now(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let surveyed = runtime.block_on(survey::gather(
        &desired,
        &Memory::default(),
        &reader,
        &options,
    ));
    let decided = plan::decide(&surveyed, &desired.project, options.now);
    let file = saved::File {
        basis: None,
        sentences: decided.steps.iter().map(review::text::sentence).collect(),
        plan: decided,
        key_connections: desired.key_connections.clone(),
        vaults: std::collections::BTreeMap::new(),
        workspaces: desired.workspaces.clone(),
        project: desired.project.name.to_string(),
        ledger: desired.project.ledger.clone(),
        lineage: "fuzz".to_owned(),
        began: false,
        guardrails: afresh::model::desired::Guardrails::default(),
        trust: Vec::new(),
    };
    let lines = recorder
        .lines
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    (lines, saved::text(&file).unwrap().into_bytes())
}

fn estate() -> Desired {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("afresh.yaml"), ESTATE).unwrap();
    manifest::read(&[folder.path().to_owned()]).unwrap().desired
}

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// What a target begins from.
/// What is signed in the examples of signatures.
pub const MESSAGE: &[u8] = include_bytes!("../support/signatures/message");

/// Public keys as lines, and signatures that count, each by one of them.
pub fn signed() -> [Vec<Vec<u8>>; 2] {
    let folder = root().join("tests/support/signatures");
    let names = [
        "ed25519",
        "p256",
        "p384",
        "rsa2048",
        "token-ed25519",
        "token-p256",
    ];
    ["pub", "sig"].map(|kind| {
        let read = |name: &&str| fs::read(folder.join(format!("{name}.{kind}"))).unwrap();
        names.iter().map(read).collect()
    })
}

pub fn of(name: &str) -> Vec<Vec<u8>> {
    match name {
        "manifest" => [
            examples(),
            texts(&[ESTATE]),
            written("apiVersion: afresh/v1"),
        ]
        .concat(),
        "policy" => [examples(), written("kind: Policy")].concat(),
        "plan-file" => vec![played().1],
        "signature" => signed().concat(),
        "ledger" => ledgers(),
        "answers" => {
            let (lines, _) = played();
            let each =
                |line: Vec<u8>| (0..12).map(move |which| [&[which], line.as_slice()].concat());
            lines.into_iter().flat_map(each).collect()
        }
        "whole-plan" => vec![played().0.join(&b'\n')],
        "window" => texts(&[
            "0 2 * * 6\nEurope/Berlin\n7200\n2026-03-29T00:59:59Z",
            "30 1,2 * * *\nAustralia/Lord_Howe\n60\n2026-04-04T15:00:00Z",
            "0 0 29 2 *\nUTC\n86400\n2097-01-01T00:00:00Z",
            "*/5 9-17 1-7 */2 MON#1\nAmerica/New_York\n300\n1970-01-01T00:00:00Z",
            "@daily\nlocaltime\n1\n9999-12-30T22:00:00Z",
        ]),
        "escape" => texts(&[
            "one\n::error::two",
            "##vso[task.setvariable variable=x]1 \u{1b}]0;title\u{7}\u{9b}31m",
            "abc\u{202e}txt.exe \u{2066}\u{200b}\u{2028}",
            "ingest/gateway-west#authKey1",
            "it's a $'word' \\ \"quoted\" \t#",
        ]),
        "profile" => texts(&[
            "[DEFAULT]\nhost = https://adb-1234567890123456.7.azuredatabricks.net\ntoken = dapi0123456789\n",
            "\u{feff}; comment\n[ci]\nhost=adb-1234567890123456.7.azuredatabricks.net\nclient_id = c\nclient_secret = s\n",
            "[DEFAULT]\nhost = https://evil.example\ntoken = dapi0123456789\n",
        ]),
        "world" => [
            texts(&[WORLD]),
            written("subscriptions:"),
            written("workspaces:"),
        ]
        .concat(),
        other => panic!("no target {other}"),
    }
}

/// What was found once, and must not come back.
pub fn found(name: &str) -> Vec<Vec<u8>> {
    let folder = root().join("tests/fuzz/found").join(name);
    if folder.is_dir() {
        files(&folder)
            .into_iter()
            .map(|path| fs::read(path).unwrap())
            .collect()
    } else {
        Vec::new()
    }
}
