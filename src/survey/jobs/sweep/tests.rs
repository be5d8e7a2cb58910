use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::limits::RUNS_PAGE;
use crate::model::job::JobId;

const DAY: i64 = 86_400;
const NOW: i64 = 100 * DAY;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What `jobs` cost that a success since yesterday satisfies, where the list of the workspace has these runs: of a job, that long ago, in
/// seconds. The pages that were read, and the jobs that are left to be asked for.
fn cost(jobs: usize, runs: &[(JobId, i64)]) -> (usize, usize) {
    let mut runs = runs.to_vec();
    runs.sort_by_key(|(_, ago)| *ago);
    let wanted = 0..i64::try_from(jobs).unwrap();
    let needed = wanted.map(|id| (JobId(id), at(NOW - DAY))).collect();
    let mut progress = Progress::new(needed, at(NOW));
    let mut left: BTreeSet<JobId> = progress.needed.keys().copied().collect();
    let mut pages = runs.chunks(RUNS_PAGE);
    let mut read = 0;
    while progress.goes_on() {
        read += 1;
        let page = pages.next().unwrap_or_default();
        let found: Vec<JobId> = page
            .iter()
            .filter(|(id, ago)| *ago < DAY && left.remove(id))
            .map(|(id, _)| *id)
            .collect();
        let floor = page.iter().map(|(_, ago)| at(NOW - ago)).min();
        progress.read(&found, floor);
        if page.len() < RUNS_PAGE {
            break;
        }
    }
    (read, left.len())
}

/// Another job's run each so many seconds, all day long.
fn others(each: i64) -> impl Iterator<Item = (JobId, i64)> {
    (0..DAY / each).map(move |n| (JobId(-1 - n), n * each))
}

#[test]
fn jobs_that_ran_today_are_read_from_one_list() {
    let runs: Vec<(JobId, i64)> = (0..1_000).map(|id| (JobId(id), id * 80)).collect();
    assert_eq!(cost(1_000, &runs), (40, 0));
    // All of them in the night, many hours of other jobs ago.
    let night = (0..1_000).map(|id| (JobId(id), 7 * 3600 + id));
    let runs: Vec<(JobId, i64)> = night.chain(others(120)).collect();
    let (pages, left) = cost(1_000, &runs);
    assert!(pages <= 60 && left == 0, "{pages} pages, {left} left");
}

#[test]
fn few_jobs_among_many_others_are_asked_for_one_by_one() {
    let runs: Vec<(JobId, i64)> = (0..50)
        .map(|id| (JobId(id), id * 1_700))
        .chain(others(1))
        .collect();
    let (pages, left) = cost(50, &runs);
    assert!(
        pages <= SWEEP_LOOK_PAGES && left >= 49,
        "{pages} pages, {left} left"
    );
}

/// What does not satisfy its rule is below the list sooner or later, and asked for by itself.
#[test]
fn a_list_is_not_read_for_what_it_cannot_tell() {
    let runs: Vec<(JobId, i64)> = (0..100).map(|id| (JobId(id), 2 * DAY + id)).collect();
    assert_eq!(cost(100, &runs), (1, 100));
    assert_eq!(cost(100, &[]), (1, 100));
}

proptest! {
    /// However the runs lie, the jobs cost little more than if each were asked for.
    #[test]
    fn a_sweep_never_costs_much(
        jobs in 11_usize..400,
        bursts in vec((0_i64..200_000, 1_i64..3_000, 1_i64..4_000, any::<bool>()), 0..8),
    ) {
        let mut runs = Vec::new();
        for (begin, count, width, ours) in bursts {
            runs.extend((0..count).map(|n| {
                let id = if ours { n % i64::try_from(jobs).unwrap() } else { -1 - n };
                (JobId(id), begin + n * width / count)
            }));
        }
        let (pages, left) = cost(jobs, &runs);
        prop_assert!(pages + left <= jobs + SWEEP_LOOK_PAGES + jobs / 10 + 1, "{} pages, {} left", pages, left);
    }
}
