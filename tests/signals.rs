//! The first Ctrl-C finishes what is in flight, starts nothing more and ends with 8; the next apply does the rest, each once. The
//! second stops where it is. While nothing is under way, the first one ends the command.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MANIFEST: &str = r"
apiVersion: afresh/v1
kind: Project
metadata: {name: lab}
spec: {}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {name: ingest}
spec: {subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg-data, factory: adf-ingest}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {name: gateways}
spec: {factory: ingest, integrationRuntimes: ['gateway-*'], maxAge: 90d}
";

/// In real time, and every regenerate takes two seconds.
const WORLD: &str = r"
subscriptions:
- id: 12345678-1234-1234-1234-1234567890ab
  factories:
  - name: adf-ingest
    resourceGroup: rg-data
    runtimes:
    - {name: gateway-a, created: 97d ago}
    - {name: gateway-b, created: 97d ago}
    - {name: gateway-c, created: 97d ago}
faults:
- {on: regenerateAuthKey, do: slow, by: 2s, times: 1}
";

fn afresh(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
    command
        .args(arguments)
        .args(["--sim", "world.yaml"])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits until the ledger holds an intent: then its request is under way.
fn wait_for_intent(ledger: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string(ledger).is_ok_and(|text| text.contains("\"intended\"")) {
        assert!(Instant::now() < deadline, "no intent was written");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn send(signal: &str, process: &Child) {
    let sent = Command::new("kill")
        .args([signal, &process.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// An estate and its world in a folder of their own.
fn estate(world: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("estate")).unwrap();
    std::fs::write(folder.path().join("estate/afresh.yaml"), MANIFEST).unwrap();
    std::fs::write(folder.path().join("world.yaml"), world).unwrap();
    folder
}

fn ledger(folder: &TempDir) -> PathBuf {
    folder.path().join("estate/.afresh/sim/ledger.jsonl")
}

fn apply(folder: &TempDir) -> Child {
    afresh(
        folder.path(),
        &["apply", "estate", "--auto-approve", "--parallelism", "1"],
    )
    .spawn()
    .unwrap()
}

/// Exit code, stdout and stderr.
fn end(process: Child) -> (Option<i32>, String, String) {
    let output = process.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn the_first_interrupt_finishes_what_is_in_flight_and_begins_nothing_more() {
    for signal in ["-INT", "-TERM"] {
        let folder = estate(WORLD);
        let process = apply(&folder);
        wait_for_intent(&ledger(&folder));
        send(signal, &process);
        let (code, said, complained) = end(process);
        assert_eq!(code, Some(8), "{said}{complained}");
        assert!(
            complained.contains("interrupted: finishing what is in flight"),
            "{complained}"
        );
        assert_eq!(said.matches(": done").count(), 1, "{said}");
        assert_eq!(
            said.matches("interrupted before it began").count(),
            2,
            "{said}"
        );

        let (code, said, _) = end(apply(&folder));
        assert_eq!(
            (code, said.matches(": done").count()),
            (Some(0), 2),
            "{said}"
        );
    }
}

#[test]
fn an_interrupt_that_finds_the_last_move_in_flight_is_told_too() {
    let folder = estate(
        &WORLD
            .replace("gateway-b", "other-b")
            .replace("gateway-c", "other-c"),
    );
    let process = apply(&folder);
    wait_for_intent(&ledger(&folder));
    send("-INT", &process);
    let (code, said, complained) = end(process);
    assert_eq!(
        (code, said.matches(": done").count()),
        (Some(8), 1),
        "{said}{complained}"
    );
}

#[test]
fn the_second_interrupt_stops_at_once_and_leaves_a_doubt() {
    let folder = estate(&WORLD.replace("by: 2s", "by: 20s"));
    let process = apply(&folder);
    wait_for_intent(&ledger(&folder));
    let began = Instant::now();
    send("-INT", &process);
    std::thread::sleep(Duration::from_millis(200));
    send("-TERM", &process);
    let (code, said, complained) = end(process);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(code, Some(8), "{said}{complained}");
    assert!(
        complained.contains("stopped: the next apply resolves interrupted operations"),
        "{complained}"
    );
    let text = std::fs::read_to_string(ledger(&folder)).unwrap();
    assert!(
        text.ends_with('\n') && !text.contains("\"settled\""),
        "{text}"
    );
}

#[test]
fn an_interrupt_before_anything_is_under_way_ends_the_command() {
    let slow = "faults:\n- {on: listRuntimes, do: slow, by: 20s, times: 1}\n";
    let world = format!("{}{slow}", WORLD.split("faults:").next().unwrap());
    for (arguments, signal) in [
        (&["plan", "estate"][..], "-INT"),
        (&["apply", "estate", "--auto-approve"], "-TERM"),
    ] {
        let folder = estate(&world);
        let began = Instant::now();
        let process = afresh(folder.path(), arguments).spawn().unwrap();
        // Long enough to listen; the answer that it waits for takes ten times as long.
        std::thread::sleep(Duration::from_secs(2));
        send(signal, &process);
        let (code, said, complained) = end(process);
        assert!(began.elapsed() < Duration::from_secs(15));
        assert_eq!(
            (code, complained.as_str()),
            (Some(8), "interrupted\n"),
            "{said}"
        );
        assert!(!ledger(&folder).exists());
    }
}

/// Between the approval and the first action the ledger may keep an apply waiting.
#[test]
fn an_interrupt_while_the_ledger_is_waited_for_is_not_lost() {
    let folder = estate(WORLD);
    std::fs::create_dir_all(ledger(&folder).parent().unwrap()).unwrap();
    let held = std::fs::File::create(ledger(&folder).with_extension("jsonl.lock")).unwrap();
    held.lock().unwrap();
    let process = apply(&folder);
    std::thread::sleep(Duration::from_secs(3));
    send("-INT", &process);
    std::thread::sleep(Duration::from_millis(500));
    drop(held);
    let (code, said, complained) = end(process);
    assert_eq!(code, Some(8), "{said}{complained}");
    assert_eq!(
        said.matches("interrupted before it began").count(),
        3,
        "{said}"
    );
    assert!(
        !std::fs::read_to_string(ledger(&folder))
            .unwrap()
            .contains("\"intended\"")
    );
}
