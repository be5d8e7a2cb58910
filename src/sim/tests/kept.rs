//! A world on the disk: what a process was killed in the middle of, two processes, and what a request costs.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::*;
use crate::costs::in_proportion;
use crate::mutex::MutexGuard;
use crate::sim::Error;
use crate::sim::keeper::beside;

/// A world with jobs and runtimes, and where it is kept.
struct Lab {
    folder: tempfile::TempDir,
    file: PathBuf,
    stored: PathBuf,
}

/// One that talks to both services.
struct Process {
    arm: Client,
    jobs: Client,
}

impl Process {
    fn world(&self) -> MutexGuard<'_, World> {
        self.arm.cloud.world()
    }

    fn start(&self, job: usize, token: &str) {
        let asked = json!({"job_id": job, "idempotency_token": token});
        let (status, answer) = self.jobs.post_jobs("run-now", &asked);
        assert_eq!(status, 200, "{answer}");
    }

    fn regenerate(&self, number: usize) {
        let what = format!("gw-{number:04}/regenerateAuthKey");
        let asked = r#"{"keyName": "authKey2"}"#;
        let (status, answer) = self.arm.post_runtime(&what, asked).unwrap();
        assert_eq!(status, 200, "{answer}");
    }
}

impl Lab {
    fn with(copies: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("world.yaml");
        let text = format!(
            "{START}subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw, copies: {copies}}}]}}]}}]\n\
             workspaces: [{{host: {HOST}, submit: {{outcomes: [SUCCESS, FAILED]}}, jobs: [{{id: 1, name: n, copies: {copies}, runs: [{{started: 3h ago, ended: 2h ago}}]}}]}}]\n\
             faults: [{{on: runs/list, nth: 3, do: throttle}}]\n"
        );
        fs::write(&file, text).unwrap();
        let stored = folder.path().join("afresh/world.json");
        Self {
            folder,
            file,
            stored,
        }
    }

    /// A process that takes the world up.
    fn process(&self) -> Process {
        let arm = client("").put(self.load()).arm();
        let mut jobs = client("").dapi();
        jobs.cloud = arm.cloud.clone();
        Process { arm, jobs }
    }

    fn load(&self) -> World {
        World::load(&self.file, &self.stored, &Clock::Real).unwrap()
    }

    fn refused(&self) -> String {
        let error = World::load(&self.file, &self.stored, &Clock::Real).unwrap_err();
        assert!(matches!(error, Error::Stored { .. }), "{error}");
        error.to_string()
    }

    fn journal(&self) -> PathBuf {
        beside(&self.stored)
    }

    /// The copy and the journal as they are now.
    fn files(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let copy = fs::read(&self.stored).unwrap();
        (copy, fs::read(self.journal()).ok())
    }

    fn put(&self, copy: &[u8], journal: &[u8]) {
        fs::write(&self.stored, copy).unwrap();
        fs::write(self.journal(), journal).unwrap();
    }
}

/// Everything that is stored of a world, but for the number of its copy.
fn state(world: &World) -> Value {
    let mut state = serde_json::to_value(world).unwrap();
    state["edition"] = Value::Null;
    state
}

/// An effect, each of another kind than the one before.
fn act(process: &Process, number: usize) {
    let job = 1 + number / 5;
    match number % 5 {
        0 => process.start(job, &format!("t{number}")),
        1 => process.regenerate(job),
        2 => {
            let token = number.to_string();
            let asked = json!({"tasks": [{"task_key": "a"}], "idempotency_token": token});
            assert_eq!(process.jobs.post_jobs("runs/submit", &asked).0, 200);
        }
        3 => {
            let asked = json!({"job_id": job});
            assert_eq!(process.jobs.post_jobs("runs/cancel-all", &asked).0, 200);
        }
        // The third one meets a fault, and each is counted.
        _ => drop(process.jobs.get_jobs("runs/list")),
    }
    process.jobs.pass(1);
}

/// What a process knows of the world. Its clock has gone on since the last request.
fn now(process: &Process) -> Value {
    state(&process.world())
}

#[test]
fn killed_at_any_byte_it_has_every_effect_that_was_answered() {
    let lab = Lab::with(4);
    let process = lab.process();
    let mut answered = Vec::new();
    for number in 0..14 {
        act(&process, number);
        let (copy, journal) = lab.files();
        answered.push((
            copy,
            journal.map_or(0, |text| text.len()),
            state(&lab.load()),
        ));
        assert_eq!(state(&lab.load()), now(&process), "effect {number}");
    }
    let (copy, journal) = lab.files();
    let journal = journal.unwrap();
    assert!(
        answered.iter().all(|(same, _, _)| *same == copy),
        "one copy, and a journal"
    );
    let head = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // The head comes with the first line, all at once.
    let near_ends = answered
        .iter()
        .flat_map(|(_, end, _)| end.saturating_sub(2)..end + 2);
    let cuts = (head..journal.len()).step_by(61).chain(near_ends);
    for cut in cuts.map(|cut| cut.clamp(head, journal.len())) {
        lab.put(&copy, &journal[..cut]);
        let (_, _, last) = answered
            .iter()
            .rfind(|(_, length, _)| *length <= cut)
            .unwrap();
        assert_eq!(state(&lab.load()), *last, "cut after {cut} bytes");
    }
    // Blocks of a line may reach the disk in any order before it is answered for.
    let (_, before, last) = &answered[12];
    let mut torn = journal.clone();
    torn[before + 3..before + 40].fill(0);
    lab.put(&copy, &torn);
    assert_eq!(state(&lab.load()), *last);
}

#[test]
fn it_goes_on_after_a_kill_and_leaves_one_file_at_its_end() {
    let lab = Lab::with(4);
    let killed = lab.process();
    (0..8).for_each(|number| act(&killed, number));
    let before = state(&lab.load());
    drop(killed);
    let files = lab.files();
    let reading = lab.process();
    reading.jobs.get_jobs("list");
    assert_eq!(lab.files(), files, "reads write nothing");
    let next = lab.process();
    assert_eq!(now(&next), before);
    (8..12).for_each(|number| act(&next, number));
    next.world().close().unwrap();
    assert_eq!(state(&lab.load()), now(&next));
    let left = fs::read_dir(lab.stored.parent().unwrap()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["world.json"]);
}

#[test]
fn a_journal_that_outlived_its_copy_counts_for_nothing_and_one_of_another_copy_is_refused() {
    let lab = Lab::with(4);
    let process = lab.process();
    (0..6).for_each(|number| act(&process, number));
    let (old, journal) = lab.files();
    let journal = journal.unwrap();
    // Killed after the new copy was put in its place, before its journal was removed.
    process.world().close().unwrap();
    let (new, none) = lab.files();
    assert_eq!(none, None);
    let closed = state(&lab.load());
    lab.put(&new, &journal);
    assert_eq!(state(&lab.load()), closed);
    // A copy from before, under a journal of later.
    (6..9).for_each(|number| act(&process, number));
    let (_, later) = lab.files();
    lab.put(&old, &later.unwrap());
    let told = lab.refused();
    assert!(
        told.contains("its journal goes on from a later copy"),
        "{told}"
    );
    // A person has changed the copy, and the journal speaks of another one.
    let mut edited = old.clone();
    edited.push(b'\n');
    lab.put(&edited, &journal);
    let told = lab.refused();
    assert!(
        told.contains("it was changed while its journal had more to add"),
        "{told}"
    );
    // Without its copy a journal is nothing: the world begins anew.
    fs::remove_file(&lab.stored).unwrap();
    assert!(lab.load().effects().regenerations.is_empty());
    act(&lab.process(), 0);
    assert_eq!(lab.files().1, None);
}

#[test]
fn a_damaged_journal_is_refused_with_its_line() {
    let lab = Lab::with(4);
    let process = lab.process();
    (0..6).for_each(|number| act(&process, number));
    let (copy, journal) = lab.files();
    let journal = String::from_utf8(journal.unwrap()).unwrap();
    let lines: Vec<&str> = journal.lines().collect();
    for (text, what) in [
        (
            [lines[0], "{", lines[2], ""].join("\n"),
            "line 2 of its journal: ",
        ),
        (
            [&lines[0].replace(":1,", ":2,"), ""].join("\n"),
            "version 2 instead of 1",
        ),
        (
            ["{}", lines[1], ""].join("\n"),
            "its journal cannot be read: ",
        ),
        (String::new(), "its journal has no first line"),
        (
            journal.replacen(r#"{"run":[0,"#, r#"{"run":[7,"#, 1),
            "it tells of a place that is not there",
        ),
    ] {
        lab.put(&copy, text.as_bytes());
        let told = lab.refused();
        assert!(told.contains(what), "{told}");
    }
}

#[test]
fn of_two_processes_the_last_one_that_wrote_is_what_is_kept() {
    let lab = Lab::with(40);
    let both = [lab.process(), lab.process()];
    // Each alone for a while, then in turns.
    let turns = [0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1];
    for (number, turn) in turns.into_iter().enumerate() {
        act(&both[turn], number);
        assert_eq!(state(&lab.load()), now(&both[turn]), "turn {number}");
    }
    both[0].world().close().unwrap();
    act(&both[1], 20);
    act(&both[1], 21);
    assert_eq!(state(&lab.load()), now(&both[1]));
}

#[test]
fn however_two_processes_meet_the_world_can_be_taken_up() {
    let lab = Lab::with(20);
    std::thread::scope(|scope| {
        for process in 0..2 {
            let lab = &lab;
            scope.spawn(move || {
                let own = lab.process();
                for number in 0..40 {
                    act(&own, number * 2 + process);
                    lab.load();
                }
                own.world().close().unwrap();
            });
        }
    });
    lab.load();
}

#[test]
fn a_link_in_the_place_of_the_journal_is_replaced_and_not_followed() {
    let lab = Lab::with(4);
    let process = lab.process();
    act(&process, 0);
    let elsewhere = lab.folder.path().join("precious");
    fs::write(&elsewhere, "precious").unwrap();
    std::os::unix::fs::symlink(&elsewhere, lab.journal()).unwrap();
    (1..4).for_each(|number| act(&process, number));
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "precious");
    assert!(fs::symlink_metadata(lab.journal()).unwrap().is_file());
    assert_eq!(state(&lab.load()), now(&process));
}

#[test]
fn what_could_not_be_written_is_written_next_time() {
    let lab = Lab::with(4);
    let process = lab.process();
    act(&process, 0);
    let (copy, _) = lab.files();
    fs::create_dir(lab.journal()).unwrap();
    let asked = json!({"job_id": 2, "idempotency_token": "lost"}).to_string();
    let url = format!("https://{HOST}/api/2.2/jobs/run-now");
    let failure = process.jobs.send(&Method::POST, &url, asked).unwrap_err();
    assert!(failure.to_string().contains("cannot write"), "{failure}");
    assert_eq!(fs::read(&lab.stored).unwrap(), copy);
    fs::remove_dir(lab.journal()).unwrap();
    process.jobs.get_jobs("list");
    assert_eq!(lab.load().effects().runs_by_token["lost"], 1);
}

/// Bytes that were written of a world, as one sees them from outside.
#[derive(Default)]
struct Written {
    copy: (u64, u64),
    journal: (u64, u64),
    bytes: u64,
}

impl Written {
    /// To be asked after each request.
    fn look(&mut self, lab: &Lab) {
        let found = |path: PathBuf| {
            let found = fs::metadata(path).ok();
            found.map_or((0, 0), |found| (found.ino(), found.len()))
        };
        let (copy, journal) = (found(lab.stored.clone()), found(lab.journal()));
        if copy != self.copy {
            self.bytes += copy.1;
        }
        self.bytes += if journal.0 == self.journal.0 && journal.1 > self.journal.1 {
            journal.1 - self.journal.1
        } else if journal == self.journal {
            0
        } else {
            journal.1
        };
        (self.copy, self.journal) = (copy, journal);
    }
}

/// A whole world for each request, as it was once, would be a hundred times as much for ten times as many.
#[test]
fn what_is_written_for_an_effect_does_not_grow_with_the_world() {
    let written = |count: usize| {
        let lab = Lab::with(count);
        let process = lab.process();
        let mut written = Written::default();
        for number in 0..count {
            process.start(1 + number, &number.to_string());
            written.look(&lab);
        }
        process.world().close().unwrap();
        written.look(&lab);
        written.bytes / u64::try_from(count).unwrap()
    };
    let (few, many) = (written(100), written(1_000));
    assert!(
        many < 2 * few,
        "{few} bytes for each of 100, {many} for each of 1000"
    );
}

#[test]
fn what_a_request_takes_does_not_grow_with_the_world() {
    let runs = in_proportion(2_000, |count| {
        let lab = Lab::with(count);
        let process = lab.process();
        for number in 1..=count {
            process.start(number, &number.to_string());
            let list = format!("runs/list?job_id={number}");
            process.jobs.get_jobs(&list);
            process.regenerate(number);
        }
        let world = process.world();
        (
            world.effects().runs_by_token.len(),
            world.effects().regenerations.len(),
        )
    });
    assert_eq!(runs, (2_000, 2_000));
}
