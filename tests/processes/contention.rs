//! Many applies at once on one ledger: every effect once, nothing lost, nobody stuck.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use super::cloud::{Cloud, Deeds, Made, apply, lines, pause, signal, text};

const SUBJECTS: Made = Made {
    projects: 1,
    runtimes: 300,
    jobs: 200,
    slow: 0,
    clock: None,
};

/// Eight at once, and then one that finds nothing left to do.
fn eight_at_once(cloud: &mut Cloud, project: &Path) {
    let began = Instant::now();
    let applies: Vec<Child> = (0..8).map(|_| apply(project).spawn().unwrap()).collect();
    let mut done = 0;
    for apply in applies {
        let output = apply.wait_with_output().unwrap();
        let said = text(&output);
        done += said.matches(": done").count();
        // As wanted, or: partly, stale, busy, since others were faster.
        assert!(
            matches!(output.status.code(), Some(0 | 3 | 4 | 6)),
            "{:?} {said}",
            output.status
        );
        assert!(!said.contains("in doubt"), "{said}");
    }
    eprintln!("eight applies took {:.1} s", began.elapsed().as_secs_f32());
    let last = apply(project).output().unwrap();
    assert_eq!(last.status.code(), Some(0), "{}", text(&last));
    assert_eq!(done + text(&last).matches(": done").count(), 500);
    let deeds = Deeds {
        regenerated: 300,
        started: 200,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), deeds);
}

#[test]
fn eight_applies_on_one_file() {
    let mut cloud = Cloud::serve(SUBJECTS);
    let project = cloud.project(0, "{file: ledger.jsonl}");
    eight_at_once(&mut cloud, &project);
    assert_eq!(
        (
            lines(&project, "\"intended\""),
            lines(&project, "\"settled\"")
        ),
        (500, 500)
    );
}

#[test]
fn eight_applies_on_one_blob() {
    let Ok(container) = std::env::var("AFRESH_TEST_BLOB") else {
        assert!(
            std::env::var("CI").is_err(),
            "AFRESH_TEST_BLOB is not set: nothing may be skipped with CI=true"
        );
        eprintln!("skipped: AFRESH_TEST_BLOB is not set; tests/run starts the emulator");
        return;
    };
    let mut cloud = Cloud::serve(SUBJECTS);
    let blob = format!(
        "{{blob: \"{container}/contention-{}\"}}",
        std::process::id()
    );
    let project = cloud.project(0, &blob);
    eight_at_once(&mut cloud, &project);
}

#[test]
fn who_wakes_after_another_took_over_does_nothing() {
    let mut cloud = Cloud::serve(Made {
        projects: 1,
        runtimes: 30,
        jobs: 0,
        slow: 100,
        clock: None,
    });
    let project = cloud.project(0, "{file: ledger.jsonl}");
    let paused = apply(&project).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while lines(&project, "\"settled\"") == 0 {
        assert!(Instant::now() < deadline, "nothing was settled");
        pause(5);
    }
    signal("-STOP", &paused);
    let other = apply(&project).output().unwrap();
    signal("-CONT", &paused);
    let woken = paused.wait_with_output().unwrap();
    // What was in flight when it was stopped it may finish; of all the rest it keeps its hands off.
    let (took_over, finished) = (
        text(&other).matches(": done").count(),
        text(&woken).matches(": done").count(),
    );
    assert!(took_over >= 15, "{}", text(&other));
    assert_eq!(
        took_over + finished,
        30,
        "{}\n{}",
        text(&other),
        text(&woken)
    );
    let deeds = Deeds {
        regenerated: 30,
        started: 0,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), deeds);
}
