//! A disk that is full and a place that cannot be written: nothing is sent without a written intent, and nothing is left half written.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::cloud::{Cloud, Deeds, Made, SHORT, afresh, apply, pause, text};

fn made(runtimes: usize) -> Made {
    Made {
        projects: 1,
        runtimes,
        jobs: 0,
        slow: 0,
        clock: None,
        lifetime: SHORT,
    }
}

/// The command, where no file may grow beyond so many blocks of the shell, and whoever tries is told, as on a full disk.
fn full(wanted: &Command, project: &Path, blocks: u32) -> Command {
    let mut full = Command::new("sh");
    full.arg("-c")
        .arg(format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
        ))
        .arg(wanted.get_program())
        .args(wanted.get_args())
        .current_dir(project)
        .env_clear()
        .envs(
            wanted
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    full
}

#[test]
fn a_full_disk_stops_an_apply_and_the_next_one_goes_on() {
    let mut cloud = Cloud::serve(made(12));
    let project = cloud.project(0, "{file: ledger.jsonl}");
    let mut stopped = 0;
    for blocks in [1, 4, 8, 12, 16] {
        let wanted = apply(&project);
        let mut full = full(&wanted, &project, blocks);
        let output = full.output().unwrap();
        let said = text(&output);
        if output.status.code() != Some(0) {
            assert!(said.contains("make room on the disk"), "{said}");
            stopped += 1;
        }
        let ledger = std::fs::read_to_string(project.join("ledger.jsonl")).unwrap_or_default();
        assert!(
            ledger.is_empty() || ledger.ends_with('\n'),
            "half a line is left: {ledger}"
        );
    }
    assert!(stopped >= 3, "only {stopped} applies met a full disk");
    // What was done but could not be written down is in doubt for twelve seconds, and busy.
    let deadline = Instant::now() + Duration::from_mins(4);
    loop {
        let rest = apply(&project).output().unwrap();
        if rest.status.code() == Some(0) && text(&rest).contains("Nothing to do.") {
            break;
        }
        assert!(
            matches!(rest.status.code(), Some(0 | 3 | 6)),
            "{}",
            text(&rest)
        );
        assert!(Instant::now() < deadline, "{}", text(&rest));
        pause(2_000);
    }
    let all = Deeds {
        regenerated: 12,
        started: 0,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), all);
}

#[test]
fn a_full_disk_stops_a_compaction_and_leaves_everything_as_it_was() {
    let cloud = Cloud::serve(made(8));
    let project = cloud.project(0, "{file: ledger.jsonl}");
    assert_eq!(apply(&project).output().unwrap().status.code(), Some(0));
    // Of two declarations of one key the second one counts.
    for days in [95, 94] {
        let ago = jiff::SignedDuration::from_hours(24 * days);
        let born = (jiff::Timestamp::now() - ago).to_string();
        let slot = "ingest/gateway-0#authKey2";
        let said = afresh(&project, &["ledger", "declare", slot, "--born", &born, "."]).output();
        let said = said.unwrap();
        assert_eq!(said.status.code(), Some(0), "{}", text(&said));
    }
    let ledger = || std::fs::read(project.join("ledger.jsonl")).unwrap();
    let files = || std::fs::read_dir(&project).unwrap().count();
    let before = (ledger(), files());
    let wanted = afresh(&project, &["ledger", "compact", "."]);
    let output = full(&wanted, &project, 2).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("make room on the disk"), "{said}");
    assert_eq!((ledger(), files()), before);
    let output = afresh(&project, &["ledger", "compact", "."]).output();
    assert_eq!(output.unwrap().status.code(), Some(0));
    assert!(ledger().len() < before.0.len());
}

#[test]
fn a_place_that_cannot_be_written_is_named_and_nothing_is_done() {
    let mut cloud = Cloud::serve(made(1));
    let project = cloud.project(0, "{file: /sys/afresh/ledger.jsonl}");
    let output = apply(&project).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("error: cannot append to the ledger /sys/afresh/ledger.jsonl: "),
        "{said}"
    );
    assert!(said.contains("`ledger`"), "{said}");
    let nothing = Deeds {
        regenerated: 0,
        started: 0,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), nothing);
}
