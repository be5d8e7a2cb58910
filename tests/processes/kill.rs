//! `kill -9` at random moments, again and again; then others finish, once what was under way can be under way no more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cloud::{Cloud, Deeds, Made, SHORT, apply, lines, pause, text};

const MADE: Made = Made {
    projects: 10,
    runtimes: 24,
    jobs: 24,
    slow: 60,
    clock: None,
    lifetime: SHORT,
};
/// Processes that are killed.
const KILLS: usize = 160;
/// Fewest of them that must die with a request in flight, or the test proves nothing.
const IN_FLIGHT_MIN: usize = 30;

/// Intents without an end.
fn open(project: &Path) -> usize {
    lines(project, "\"intended\"").saturating_sub(lines(project, "\"settled\""))
}

/// Kills an apply some time after it began to work; tells whether it left anything without an end.
fn kill_one(project: &Path, delay: u64) -> bool {
    let (before, began) = (
        open(project),
        lines(project, "\"looked\"") + lines(project, "\"intended\""),
    );
    let mut killed = apply(project).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    // Most of the time it signs in and looks; three of four kills wait until it writes.
    while !delay.is_multiple_of(4)
        && lines(project, "\"looked\"") + lines(project, "\"intended\"") == began
    {
        if killed.try_wait().unwrap().is_some() || Instant::now() > deadline {
            break;
        }
        pause(2);
    }
    pause(delay);
    killed.kill().unwrap();
    killed.wait().unwrap();
    open(project) > before
}

/// Numbers that look random and are the same each time.
fn delays() -> impl Iterator<Item = u64> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        // Longer, and most would find everything done.
        seed % 90
    })
}

#[test]
fn after_many_kills_every_effect_has_happened_once() {
    let mut cloud = Cloud::serve(MADE);
    let ledger = "{file: ledger.jsonl}";
    let projects: Vec<PathBuf> = (0..MADE.projects)
        .map(|number| cloud.project(number, ledger))
        .collect();
    let mut in_flight = 0;
    for (number, delay) in (0..KILLS).zip(delays()) {
        in_flight += usize::from(kill_one(&projects[number % projects.len()], delay));
    }
    eprintln!("{KILLS} kills, {in_flight} of them with something in flight");
    assert!(
        in_flight >= IN_FLIGHT_MIN,
        "only {in_flight} kills hit something in flight"
    );
    let doubts: usize = projects.iter().map(|project| open(project)).sum();
    eprintln!("{doubts} doubts are left to settle");
    finish(&projects);
    let all = |each: usize| each * MADE.projects;
    let deeds = Deeds {
        regenerated: all(MADE.runtimes),
        started: all(MADE.jobs),
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), deeds);
}

/// Applies until nothing is left without an end: a start may be under way for half a minute before it is sent again.
fn finish(projects: &[PathBuf]) {
    let deadline = Instant::now() + Duration::from_mins(10);
    for project in projects {
        loop {
            let output = apply(project).output().unwrap();
            let plan = text(&output);
            if output.status.code() == Some(0) && plan.contains("Nothing to do.") {
                break;
            }
            assert!(Instant::now() < deadline, "{plan}");
            if output.status.code() != Some(0) {
                pause(1_000);
            }
        }
    }
}
