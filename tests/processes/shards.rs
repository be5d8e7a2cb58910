//! Eight shards at once on one ledger: planned by eight processes, merged, and applied by eight processes. Each effect happens once, and
//! guardrails hold in sum. `AFRESH_TEST_SUBJECTS` says how many subjects there are, 400 unless it is set.

use std::path::Path;
use std::process::{Child, Output};
use std::time::Instant;

use super::cloud::{Cloud, Deeds, Made, afresh, lines, text};

const SHARDS: usize = 8;

/// Four fifths of the subjects are runtimes, and the guardrails let half of each kind through.
struct Size {
    runtimes: usize,
    jobs: usize,
}

impl Size {
    fn wanted() -> Self {
        let subjects =
            std::env::var("AFRESH_TEST_SUBJECTS").map_or(400, |text| text.parse().unwrap());
        let jobs = subjects / 5;
        Self {
            runtimes: subjects - jobs,
            jobs,
        }
    }

    fn serve(&self) -> Cloud {
        Cloud::serve(Made {
            projects: 1,
            runtimes: self.runtimes,
            jobs: self.jobs,
            slow: 0,
            clock: None,
            lifetime: None,
        })
    }

    /// What stands in a Project behind `ledger:`.
    fn bounded(&self, ledger: &str) -> String {
        format!(
            "{ledger}, guardrails: {{maxRegenerations: {{perApply: {}}}, maxRuns: {{perApply: {}}}}}",
            self.runtimes / 2,
            self.jobs / 2
        )
    }
}

/// All shards at once.
fn at_once(project: &Path, words: impl Fn(usize) -> Vec<String>) -> Vec<Output> {
    let began = Instant::now();
    let started: Vec<Child> = (1..=SHARDS)
        .map(|number| {
            let words = words(number);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            afresh(project, &words).spawn().unwrap()
        })
        .collect();
    let ended = started
        .into_iter()
        .map(|one| one.wait_with_output().unwrap());
    let ended: Vec<Output> = ended.collect();
    eprintln!(
        "{} of {SHARDS} shards: {:.1} s",
        words(1)[0],
        began.elapsed().as_secs_f32()
    );
    for one in &ended {
        assert_eq!(one.status.code(), Some(0), "{}", text(one));
    }
    ended
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn eight_shards(cloud: &mut Cloud, project: &Path, size: &Size) {
    at_once(project, |number| {
        words(&format!(
            "plan . --shard {number}/{SHARDS} --out shard-{number}.json --quiet --fail-on none"
        ))
    });
    let mut merge = words("merge --out plan.json --fail-on none");
    merge.extend(
        (1..=SHARDS)
            .rev()
            .map(|number| format!("shard-{number}.json")),
    );
    let merge: Vec<&str> = merge.iter().map(String::as_str).collect();
    let merged = afresh(project, &merge).output().unwrap();
    let said = text(&merged);
    assert_eq!(merged.status.code(), Some(0), "{said}");
    let (keys, runs) = (size.runtimes / 2, size.jobs / 2);
    assert!(
        said.contains(&format!("Plan: {keys} to regenerate, {runs} to run")),
        "{said}"
    );
    let applied = at_once(project, |number| {
        words(&format!(
            "apply plan.json --shard {number}/{SHARDS} --fail-on none"
        ))
    });
    let done: Vec<usize> = applied
        .iter()
        .map(|one| text(one).matches(": done").count())
        .collect();
    assert!(done.iter().all(|one| *one > 0), "{done:?}");
    assert_eq!(done.iter().sum::<usize>(), keys + runs);
    let deeds = Deeds {
        regenerated: keys,
        started: runs,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), deeds);
}

#[test]
fn eight_shards_on_one_file() {
    let size = Size::wanted();
    let mut cloud = size.serve();
    let project = cloud.project(0, &size.bounded("{file: ledger.jsonl}"));
    eight_shards(&mut cloud, &project, &size);
    let acts = size.runtimes / 2 + size.jobs / 2;
    assert_eq!(lines(&project, "\"intended\""), acts);
}

#[test]
fn eight_shards_on_one_blob() {
    let Ok(container) = std::env::var("AFRESH_TEST_BLOB") else {
        assert!(
            std::env::var("CI").is_err(),
            "AFRESH_TEST_BLOB is not set: nothing may be skipped with CI=true"
        );
        eprintln!("skipped: AFRESH_TEST_BLOB is not set; tests/run starts the emulator");
        return;
    };
    let size = Size::wanted();
    let mut cloud = size.serve();
    let blob = format!("{{blob: \"{container}/shards-{}\"}}", std::process::id());
    let project = cloud.project(0, &size.bounded(&blob));
    eight_shards(&mut cloud, &project, &size);
}

/// Without guardrails nothing has to be rationed: each worker plans and applies its own shard, also where no ledger has begun yet.
#[test]
fn without_guardrails_each_shard_is_applied_at_once() {
    let size = Size {
        runtimes: 30,
        jobs: 10,
    };
    let mut cloud = size.serve();
    let project = cloud.project(0, "{file: ledger.jsonl}");
    let applied = at_once(&project, |number| {
        words(&format!(
            "apply . --shard {number}/{SHARDS} --auto-approve --fail-on none"
        ))
    });
    let done = applied
        .iter()
        .map(|one| text(one).matches(": done").count());
    assert_eq!(done.sum::<usize>(), 40);
    let deeds = Deeds {
        regenerated: 30,
        started: 10,
        twice: Vec::new(),
    };
    assert_eq!(cloud.judge(), deeds);
}
