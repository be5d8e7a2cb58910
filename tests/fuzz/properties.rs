//! What holds of any input: no panic, and the laws of each reader. Each takes bytes and panics where a law is broken.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use afresh::clock::Clock;
use afresh::cloud::ActivityLog;
use afresh::escape;
use afresh::http::message::{Failure, Request, Response, Transport};
use afresh::ledger::event;
use afresh::ledger::fold::fold;
use afresh::ledger::json;
use afresh::ledger::store::memory::MemoryStore;
use afresh::ledger::{Ledger, LedgerError};
use afresh::limits::PAGES_MAX;
use afresh::manifest::{self, Checked, Input};
use afresh::model::address::{Address, Name, ResourceId};
use afresh::model::connection::{Factory, KeyConnection, Subscription, Workspace};
use afresh::model::desired::Desired;
use afresh::model::job::{JobId, RunId};
use afresh::model::memory::Memory;
use afresh::model::policy::Policy;
use afresh::model::signing::{PublicKey, Signer, Signing};
use afresh::model::survey::{KeyReading, Refresh};
use afresh::model::time::{Span, Timestamp};
use afresh::model::timeline::LogSpan;
use afresh::model::window::Window;
use afresh::review::Uses;
use afresh::review::markdown::{self, Limit, MarkdownOptions};
use afresh::review::text::{self, TextOptions};
use afresh::signature::{self, Sealed};
use afresh::{plan, saved, sim, survey};
use futures_util::future::BoxFuture;
use pulldown_cmark::{Event, Options, Parser};
use serde_json::Value;

use crate::answers::{self, Answers};

pub type Property = fn(&[u8]);

/// Every target, by its name.
pub const ALL: [(&str, Property); 11] = [
    ("manifest", manifest),
    ("policy", policy),
    ("plan-file", plan_file),
    ("signature", signature),
    ("ledger", ledger),
    ("answers", answers),
    ("whole-plan", whole_plan),
    ("window", window),
    ("escape", escape),
    ("profile", profile),
    ("world", world),
];

/// A text for a terminal or a log: nothing hidden in it, nothing that commands a pipeline's agent.
fn is_harmless(text: &str) {
    for c in text.chars() {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}');
        assert!(
            c == '\n' || c == '\t' || !(c.is_control() || hidden),
            "{c:?} in {text:?}"
        );
    }
    for line in text.lines() {
        let second_place = line.trim_start().starts_with("::: ");
        let commands =
            line.contains("##vso[") || line.contains("##[") || line.trim_start().starts_with("::");
        assert!(second_place || !commands, "a command in {line:?}");
    }
}

/// Runs `future` to its end.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

fn check(text: &[u8]) -> Option<Checked> {
    let input = Input {
        paths: Vec::new(),
        stdin: Some(text.to_vec()),
        with: Vec::new(),
        policy: Policy::default(),
    };
    match manifest::check(&input) {
        Ok(checked) => {
            is_harmless(&escape::page(&checked.warnings.render(false), false));
            Some(checked)
        }
        Err(problems) => {
            is_harmless(&escape::page(&problems.render(false), false));
            let _ = problems.render(true);
            None
        }
    }
}

/// Any text is read, or every problem is told.
pub fn manifest(input: &[u8]) {
    let Some(checked) = check(input) else { return };
    let Some(desired) = checked.desired else {
        return;
    };
    // What was read can be planned: without a look everything is unknown.
    let decided = decide(&desired, b"", Refresh::None);
    shown(&decided);
}

pub fn policy(input: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, input).unwrap();
    if let Err(problems) = manifest::read_policy(&file) {
        is_harmless(&escape::page(&problems.render(false), false));
    }
}

/// Nothing counts as a signature but what was signed, however it is broken into lines.
pub fn signature(input: &[u8]) {
    static KNOWN: OnceLock<(Signing, signature::Hashes, Vec<Sealed>)> = OnceLock::new();
    let (signing, hashes, sealed) = KNOWN.get_or_init(|| {
        let [keys, signatures] = crate::seeds::signed();
        let signer = |line: Vec<u8>| Signer {
            name: "alice@example.com".to_owned(),
            key: PublicKey::parse(&String::from_utf8(line).unwrap()).unwrap(),
        };
        let signing = Signing {
            signers: keys.into_iter().map(signer).collect(),
            needed: 1,
        };
        let mut message = signature::Hashing::new(crate::seeds::MESSAGE);
        std::io::copy(&mut message, &mut std::io::sink()).unwrap();
        let sealed = signatures.iter().map(|text| signature::read(text).unwrap());
        (signing, message.finish(), sealed.collect())
    });
    if let Ok(read) = signature::read(input)
        && signature::check(&read, hashes, signing).is_ok()
    {
        assert!(sealed.contains(&read), "{read:?}");
    }
    if let Ok(line) = std::str::from_utf8(input) {
        let _ = PublicKey::parse(line);
    }
    let _ = PublicKey::of_blob(input.to_vec());
}

/// A plan file is what it was when it is written and read again.
pub fn plan_file(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // Whoever can forge a plan can seal it.
    let sealed = saved::sealed(&text).into_bytes();
    for bytes in [input, &sealed] {
        match saved::read(bytes) {
            Ok(file) => {
                let written = saved::text(&file).unwrap();
                is_harmless(&written);
                assert_eq!(saved::read(written.as_bytes()).unwrap(), file);
                shown(&file.plan);
            }
            Err(error) => is_harmless(&escape::paragraph(&error.why.to_string())),
        }
    }
}

/// A ledger's lines mean the same when they are written again, and after the ledger was compacted.
pub fn ledger(input: &[u8]) {
    let events = match json::read(input, 0) {
        Ok(events) => events,
        Err(error) => return is_harmless(&escape::paragraph(&error.to_string())),
    };
    let lines: Result<Vec<String>, String> = events.iter().map(event::Event::line).collect();
    if let Ok(lines) = lines {
        assert_eq!(json::read(lines.concat().as_bytes(), 0).unwrap(), events);
    }
    let memory = fold(&events).memory;
    wait(async {
        let store = MemoryStore::holding(input);
        let clock = answers::reader(Arc::new(Answers::of(b""))).1;
        let Ok(opened) = Ledger::open(Arc::new(store.clone()), clock.clone()).await else {
            return;
        };
        if opened.lineage().is_some() {
            // It compares what both mean by itself, and writes nothing where that differs.
            if let Err(LedgerError::Miscompacted) = opened.compact().await {
                panic!("what is compacted would mean another thing");
            }
            let again = Ledger::open(Arc::new(store), clock).await.unwrap();
            assert_eq!(
                again.memory(),
                memory,
                "what was compacted means another thing"
            );
        }
    });
    // Whatever it says, it can be planned with.
    shown(&decide_with(estate(), &memory, b"", Refresh::None));
}

struct Connections {
    desired: Desired,
    factory: Factory,
    subscription: Subscription,
    workspace: Workspace,
}

/// A project with a rule of each kind.
fn estate() -> &'static Desired {
    &connections().desired
}

fn connections() -> &'static Connections {
    static ALL: OnceLock<Connections> = OnceLock::new();
    ALL.get_or_init(|| {
        let desired = check(ESTATE.as_bytes()).unwrap().desired.unwrap();
        let all = desired.key_connections.values();
        let factory = all.clone().find_map(|one| match one {
            KeyConnection::Factory(factory) => Some(factory.clone()),
            KeyConnection::Subscription(_) => None,
        });
        let subscription = all.clone().find_map(|one| match one {
            KeyConnection::Subscription(subscription) => Some(subscription.clone()),
            KeyConnection::Factory(_) => None,
        });
        let (factory, subscription) = (factory.unwrap(), subscription.unwrap());
        let workspace = desired.workspaces.values().next().unwrap().clone();
        Connections {
            desired,
            factory,
            subscription,
            workspace,
        }
    })
}

pub const ESTATE: &str = r#"apiVersion: afresh/v1
kind: Project
metadata: {name: fuzz}
spec: {freezes: [{from: 2026-12-23T00:00Z, to: 2027-01-02T00:00Z, reason: holidays}]}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {name: ingest}
spec: {subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg-data, factory: adf-ingest}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {name: analytics}
spec: {host: adb-1234567890123456.7.azuredatabricks.net}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {name: gateways}
spec: {factory: ingest, integrationRuntimes: ["gateway-*", edge-1], maxAge: 90d, unknownAge: rotate}
---
apiVersion: afresh/v1
kind: Subscription
metadata: {name: data}
spec: {subscription: 12345678-1234-1234-1234-1234567890ab}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {name: accounts}
spec: {subscription: data, storageAccounts: ["afresh*", otherdata], tags: {env: prod}, maxAge: 90d}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {name: nightly}
spec: {workspace: analytics, job: {name: nightly-sales}, require: succeeded, freshness: {errorAfter: 24h}, parameters: {day: today}}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {name: stream}
spec: {workspace: analytics, job: {id: 102}, require: running}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {name: backfill}
spec:
  workspace: analytics
  require: succeeded
  submit: {tasks: [{task_key: main, notebook_task: {notebook_path: /Shared/backfill}}]}
"#;

/// No answer of a service makes a look panic, and what it is told is a sentence.
pub fn answers(input: &[u8]) {
    let Some((which, rest)) = input.split_first() else {
        return;
    };
    let (reader, _) = answers::reader(Arc::new(Answers::of(rest)));
    let (factory, workspace) = (&connections().factory, &connections().workspace);
    let accounts = &connections().subscription;
    let provider = "resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts";
    let account = ResourceId::new(format!("{}/{provider}/afreshdata", accounts.id()));
    let now: Timestamp = answers::NOW.parse().unwrap();
    let told = wait(async {
        match which % 15 {
            0 => reader.runtimes(factory).await.err(),
            1 => reader.runtime_status(factory, "gateway-west").await.err(),
            2 => reader.keys(factory, "gateway-west").await.err(),
            3 => reader
                .regenerations(
                    ActivityLog::of_factory(factory),
                    LogSpan {
                        since: Span::days(90).before(now),
                        until: now,
                    },
                    PAGES_MAX,
                )
                .await
                .err(),
            4 => reader.jobs(workspace, None).await.err(),
            5 => reader.job(workspace, JobId(101)).await.err(),
            6 => reader.active_runs(workspace, None).await.err(),
            7 => reader.run(workspace, RunId(1)).await.err(),
            8 => reader.submitted_runs(workspace).await.err(),
            9 => reader.failure(workspace, RunId(1)).await.err(),
            10 => {
                let one = KeyConnection::Factory(factory.clone());
                let _ = reader.key_access(&one).await;
                None
            }
            11 => reader.accounts(accounts).await.err(),
            12 => reader.account(accounts, &account).await.err(),
            13 => reader.account_keys(accounts, &account).await.err(),
            _ => {
                let (_, me) = reader.workspace_access(workspace).await;
                let _ = reader.may_run(workspace, JobId(101), me.as_ref()).await;
                None
            }
        }
    });
    if let Some(trouble) = told {
        let said = trouble.to_string();
        assert!(!said.contains("a secret of the fuzzer"), "{said}");
        is_harmless(&escape::paragraph(&said));
    }
}

fn decide(desired: &Desired, text: &[u8], refresh: Refresh) -> afresh::model::verdict::Plan {
    decide_with(desired, &Memory::default(), text, refresh)
}

fn decide_with(
    desired: &Desired,
    memory: &Memory,
    text: &[u8],
    refresh: Refresh,
) -> afresh::model::verdict::Plan {
    let (reader, clock) = answers::reader(Arc::new(Answers::of(text)));
    let options = survey::Options {
        shard: None,
        refresh,
        keys: KeyReading::Recorded,
        targets: Vec::new(),
        width: afresh::cloud::Width::of(1),
        now: clock.now(),
    };
    let surveyed = wait(survey::gather(desired, memory, &reader, &options));
    let decided = plan::decide(&surveyed, &desired.project, options.now);
    let breaches = plan::audit(&surveyed, &desired.project, &decided);
    assert!(breaches.is_empty(), "the audit finds {breaches:?}");
    decided
}

/// Whatever services answer, a plan breaks no law, and every way to show it is harmless.
pub fn whole_plan(input: &[u8]) {
    shown(&decide(estate(), input, Refresh::All));
}

/// Text and Markdown of a plan.
fn shown(plan: &afresh::model::verdict::Plan) {
    for (verbose, width) in [(false, None), (true, Some(80))] {
        let options = TextOptions {
            color: false,
            verbose,
            width,
            given: "estate",
        };
        is_harmless(&text::plan(plan, &options));
    }
    for step in &plan.steps {
        is_harmless(&text::why(step, plan, "estate"));
    }
    let place = &estate().project.ledger;
    let options = MarkdownOptions {
        limit: Limit::default(),
        title: "afresh",
        marker: "fuzz",
        digest: "0",
        actions: Some("1"),
        links: &[],
        guardrails: None,
        pull: None,
        given: "estate",
        previous: None,
        uses: Uses {
            ledger: place,
            all: &[],
        },
    };
    let comment = markdown::plan(plan, &options);
    is_harmless(&comment);
    for event in Parser::new_ext(&comment, Options::ENABLE_TABLES) {
        if let Event::Start(
            pulldown_cmark::Tag::Link { dest_url, .. }
            | pulldown_cmark::Tag::Image { dest_url, .. },
        ) = event
        {
            panic!("Markdown links to {dest_url}");
        }
    }
}

/// `CRON\nZONE\nSECONDS\nINSTANT`: an opening lies ahead, and the window is open then.
pub fn window(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (cron, zone, seconds, instant) = (next(), next(), next(), next());
    let length = Span::seconds(seconds.parse().unwrap_or(3600));
    let now: Timestamp = instant
        .parse()
        .unwrap_or_else(|_| answers::NOW.parse().unwrap());
    let window = match Window::new(cron, zone, length) {
        Ok(window) => window,
        Err(why) => return is_harmless(&escape::paragraph(&why)),
    };
    if let Some(opens) = window.next_opening(now) {
        assert!(opens >= now, "{opens} is past at {now}");
        assert!(
            length == Span::ZERO || window.closes(opens).is_some(),
            "closed at its own opening {opens}"
        );
        let _ = window.local(opens, now);
    }
    if let Some(closes) = window.closes(now) {
        assert!(closes > now, "open at {now} until {closes}");
    }
}

/// What is escaped is harmless in its output, and escaping it twice changes nothing.
pub fn escape(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let line = escape::line(&text);
    is_harmless(&line);
    assert!(!line.contains('\n'));
    assert_eq!(escape::line(&line), line);
    for one in escape::lines(&text) {
        is_harmless(&one);
    }
    is_harmless(&escape::paragraph(&text));
    let page = escape::page(&text, false);
    is_harmless(&page);
    assert_eq!(escape::page(&page, false), page);
    let quoted = escape::quoted(&text);
    is_harmless(&quoted);
    assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
    let value = Value::String(text.clone().into_owned()).to_string();
    let told = escape::json(&value);
    is_harmless(&told);
    assert_eq!(serde_json::from_str::<String>(&told).unwrap(), text);
    is_harmless(&escape::word(&text));
    let (_, places) = escape::excerpt(&text, [0, text.len() / 2]);
    assert!(places[0] <= places[1]);
    if let Ok(address) = Address::parse(&text) {
        assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
    }
    let _ = Name::parse(&text);
}

/// Whether a request carried a token.
struct Watched(Answers, AtomicBool);

impl Transport for Watched {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        let carries = request.headers.contains_key(http::header::AUTHORIZATION);
        self.1.fetch_or(carries, Ordering::Relaxed);
        self.0.send(request)
    }
}

/// A profile of Databricks opens only the workspace that it is of.
pub fn profile(input: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("databrickscfg");
    std::fs::write(&file, input).unwrap();
    let workspace = &connections().workspace;
    for name in ["DEFAULT", "ci"] {
        let surroundings = afresh::cloud::Surroundings::new([
            ("DATABRICKS_CONFIG_FILE", file.to_str().unwrap()),
            ("DATABRICKS_CONFIG_PROFILE", name),
        ]);
        let watched = Arc::new(Watched(
            Answers::of(PROFILE_ANSWERS),
            AtomicBool::new(false),
        ));
        let clock = answers::reader(Arc::new(Answers::of(b""))).1;
        let client = afresh::http::client::Client::new(watched.clone(), clock);
        let trust = afresh::model::trust::Trust::default();
        let reader = afresh::cloud::Reader::new(client, surroundings, trust);
        reader.among([workspace]);
        if let Err(trouble) = wait(reader.jobs(workspace, None)) {
            is_harmless(&escape::paragraph(&trouble.to_string()));
        }
        let names_it = String::from_utf8_lossy(input)
            .to_lowercase()
            .contains(PROFILE_HOST);
        assert!(
            names_it || !watched.1.load(Ordering::Relaxed),
            "a profile opened a workspace that it does not name"
        );
    }
}

/// The workspace of the estate.
const PROFILE_HOST: &str = "adb-1234567890123456.7.azuredatabricks.net";
/// Of the token endpoint, if it is asked, and of the list of jobs.
const PROFILE_ANSWERS: &[u8] =
    br#"200{"token_type":"Bearer","expires_in":3599,"access_token":"an opaque token of databricks","jobs":[]}
200{"jobs":[]}"#;

pub fn world(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Err(error) = sim::World::from_text(text, Path::new("world.yaml"), &Clock::Real) {
        is_harmless(&escape::paragraph(&error.to_string()));
    }
}
