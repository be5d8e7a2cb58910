//! Many applies at once on one ledger: every effect once, nothing lost, nobody stuck, not even behind one that was stopped in the
//! middle of an append.

use std::path::Path;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use super::cloud::{Cloud, Deeds, Made, SHORT, afresh, apply, lines, pause, signal, text};

const SUBJECTS: Made = Made {
    projects: 1,
    runtimes: 60,
    jobs: 40,
    slow: 0,
    clock: None,
    lifetime: None,
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
    assert_eq!(done + text(&last).matches(": done").count(), 100);
    let deeds = Deeds {
        regenerated: 60,
        started: 40,
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
        (100, 100)
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
    let exported = afresh(&project, &["ledger", "export", "."])
        .output()
        .unwrap();
    let text = text(&exported);
    let lines = |event: &str| text.lines().filter(|line| line.contains(event)).count();
    assert_eq!((lines("\"intended\""), lines("\"settled\"")), (100, 100));
}

/// Stops a process, and gives what another apply does then. One that was caught in the middle of an append, which the other one says
/// within seconds, is let go on and stopped again.
fn stop_between_appends(paused: &Child, project: &Path) -> Output {
    for _ in 0..10 {
        signal("-STOP", paused);
        let other = apply(project).output().unwrap();
        let said = text(&other);
        // It may have got as far as its first action before it was turned away.
        let turned_away = said.contains("another process is writing to it");
        if !turned_away || said.contains(": done") {
            return other;
        }
        assert!(said.contains("(process "), "{said}");
        signal("-CONT", paused);
        pause(20);
    }
    panic!("it was in the middle of an append ten times");
}

#[test]
fn behind_one_that_stopped_in_the_middle_of_an_append_nobody_is_stuck() {
    let mut cloud = Cloud::serve(Made {
        projects: 1,
        runtimes: 3,
        jobs: 0,
        slow: 0,
        clock: None,
        lifetime: None,
    });
    let project = cloud.project(0, "{file: ledger.jsonl}");
    let held = std::fs::File::create(project.join("ledger.jsonl.lock")).unwrap();
    std::fs::write(project.join("ledger.jsonl.lock"), "process 4711\n").unwrap();
    held.lock().unwrap();
    let began = Instant::now();
    let refused = apply(&project).output().unwrap();
    let said = text(&refused);
    assert_eq!(refused.status.code(), Some(6), "{said}");
    assert!(
        said.contains("ledger.jsonl: another process is writing to it and has not finished within 10 s (process 4711); let it go on"),
        "{said}"
    );
    assert!(began.elapsed() < Duration::from_secs(30));
    // Looking takes no lock.
    let plan = afresh(&project, &["plan", "."]).output().unwrap();
    assert!(
        text(&plan).contains("Plan: 3 to regenerate"),
        "{}",
        text(&plan)
    );
    drop(held);
    let done = apply(&project).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert_eq!(cloud.judge().regenerated, 3);
}

/// The worst moment to be stopped at: an intent is written, the service has throttled the request, and its pause goes on.
#[test]
fn who_slept_through_a_throttle_does_not_send_once_more() {
    let mut cloud = Cloud::serve_with(
        Made {
            projects: 1,
            runtimes: 1,
            jobs: 0,
            slow: 0,
            clock: None,
            lifetime: SHORT,
        },
        "faults:\n- {on: regenerateAuthKey, do: throttle, retryAfter: 18s, times: 1}\n",
    );
    let project = cloud.project(0, "{file: ledger.jsonl}");
    let paused = apply(&project).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while lines(&project, "\"intended\"") == 0 {
        assert!(Instant::now() < deadline, "nothing was intended");
        pause(5);
    }
    pause(2_000);
    signal("-STOP", &paused);
    // Its time is over after twelve seconds; then another one finds that nothing has happened, and does it.
    let deadline = Instant::now() + Duration::from_mins(2);
    let other = loop {
        let other = apply(&project).output().unwrap();
        if other.status.code() == Some(0) {
            break other;
        }
        assert!(Instant::now() < deadline, "{}", text(&other));
        pause(1_000);
    };
    assert_eq!(
        text(&other).matches(": done").count(),
        1,
        "{}",
        text(&other)
    );
    signal("-CONT", &paused);
    let woken = paused.wait_with_output().unwrap();
    assert_eq!(woken.status.code(), Some(3), "{}", text(&woken));
    assert!(
        text(&woken).contains("too little of its time was left to send it, so it was not sent"),
        "{}",
        text(&woken)
    );
    let deeds = Deeds {
        regenerated: 1,
        started: 0,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), deeds);
}

#[test]
fn who_wakes_after_another_took_over_does_nothing() {
    let mut cloud = Cloud::serve(Made {
        projects: 1,
        runtimes: 30,
        jobs: 0,
        // A busy machine may take a while from the first settled action to the stop.
        slow: 1_000,
        clock: None,
        lifetime: None,
    });
    let project = cloud.project(0, "{file: ledger.jsonl}");
    let paused = apply(&project).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while lines(&project, "\"settled\"") == 0 {
        assert!(Instant::now() < deadline, "nothing was settled");
        pause(5);
    }
    let other = stop_between_appends(&paused, &project);
    signal("-CONT", &paused);
    let woken = paused.wait_with_output().unwrap();
    // What was in flight when it was stopped it may finish; of all the rest it keeps its hands off.
    let (took_over, finished) = (
        text(&other).matches(": done").count(),
        text(&woken).matches(": done").count(),
    );
    assert!(took_over >= 1, "{}", text(&other));
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
