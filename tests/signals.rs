//! The first Ctrl-C finishes what is in flight, starts nothing more and ends with 8; the next apply does the rest, each once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

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

fn interrupted(folder: &Path, signal: &str) -> Output {
    let apply = afresh(
        folder,
        &["apply", "estate", "--auto-approve", "--parallelism", "1"],
    )
    .spawn()
    .unwrap();
    wait_for_intent(&folder.join("estate/.afresh/sim/ledger.jsonl"));
    let sent = Command::new("kill")
        .args([signal, &apply.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    apply.wait_with_output().unwrap()
}

#[test]
fn the_first_interrupt_finishes_what_is_in_flight_and_begins_nothing_more() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("estate")).unwrap();
        std::fs::write(folder.path().join("estate/afresh.yaml"), MANIFEST).unwrap();
        std::fs::write(folder.path().join("world.yaml"), WORLD).unwrap();

        let output = interrupted(folder.path(), signal);
        let (said, complained) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(output.status.code(), Some(8), "{said}{complained}");
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

        let rest = afresh(folder.path(), &["apply", "estate", "--auto-approve"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&rest.stdout);
        assert_eq!(
            (rest.status.code(), said.matches(": done").count()),
            (Some(0), 2),
            "{said}"
        );
    }
}
