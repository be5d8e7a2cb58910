//! One list of a workspace's ended runs instead of one list for each job, as long as that is cheaper.
//!
//! Where many jobs ran lately, their runs stand on a few pages. Where a busy workspace hides few jobs among many others, its list is longer
//! than a list for each of them. Nobody knows beforehand, so that what was seen decides ([`Progress`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::scene::Scene;
use super::fresh::{fresh_from, is_fresh, parts};
use crate::cloud::{History, ListedJob, Parts};
use crate::limits::{JOBS_ONE_BY_ONE_MAX, RUN_RETENTION_DAYS, SWEEP_LOOK_PAGES};
use crate::model::connection::Workspace;
use crate::model::job::{JobId, Run};
use crate::model::survey::JobCase;
use crate::model::time::{Span, Timestamp};

/// Jobs whose fresh success the list of the workspace shows, each with the service's time and its runs. The others are to be asked for.
pub(super) type Swept = BTreeMap<JobId, (Timestamp, History)>;

/// Reads the list of the workspace as far as that is worth it.
pub(super) async fn sweep(
    scene: &Scene<'_>,
    workspace: &Workspace,
    wanted: &[(JobCase, ListedJob)],
) -> Swept {
    let now = scene.options.now;
    let jobs = sweepable(wanted, now);
    let Some(oldest) = jobs.values().map(|job| job.needed_since).min() else {
        return Swept::new();
    };
    if jobs.len() <= JOBS_ONE_BY_ONE_MAX {
        return Swept::new();
    }
    let kept = Span::days(RUN_RETENTION_DAYS.unsigned_abs()).before(now);
    let parts = jobs.iter().map(|(id, job)| (*id, job.parts)).collect();
    let mut list = scene.reader.swept_runs(workspace, oldest.max(kept), parts);
    let needed = jobs.iter().map(|(id, job)| (*id, job.needed_since));
    let mut progress = Progress::new(needed.collect(), now);
    let mut runs: BTreeMap<JobId, Vec<Run>> = BTreeMap::new();
    let mut satisfied: BTreeSet<JobId> = BTreeSet::new();
    while progress.goes_on() {
        // Where it fails, the jobs are asked for one by one, and each says what its trouble is.
        let Ok(Some(page)) = scene.gate.pass(workspace, list.next()).await else {
            break;
        };
        let mut found = Vec::new();
        for (id, run) in page {
            let is_success = jobs
                .get(&id)
                .is_some_and(|job| is_fresh(job.case, &run, job.needed_since));
            if is_success && satisfied.insert(id) {
                found.push(id);
            }
            runs.entry(id).or_default().push(run);
        }
        progress.read(&found, list.floor());
    }
    let (at, since) = list.complete_from();
    runs.retain(|id, _| satisfied.contains(id));
    let history = |runs: Vec<Run>| {
        let (active, mut runs): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(Run::is_active);
        runs.sort_by_key(|run| std::cmp::Reverse(run.started));
        History {
            runs,
            active,
            since,
        }
    };
    runs.into_iter()
        .map(|(id, runs)| (id, (at, history(runs))))
        .collect()
}

struct Sweepable<'a> {
    case: &'a JobCase,
    /// A success that ended after this satisfies the rule.
    needed_since: Timestamp,
    parts: Option<Parts<'a>>,
}

/// The jobs that a success satisfies. Of one that two rules claim, each rule asks by itself.
fn sweepable(wanted: &[(JobCase, ListedJob)], now: Timestamp) -> BTreeMap<JobId, Sweepable<'_>> {
    let mut met: BTreeMap<JobId, usize> = BTreeMap::new();
    for (_, job) in wanted {
        *met.entry(job.id).or_default() += 1;
    }
    let alone = wanted
        .iter()
        .filter(|(_, job)| met.get(&job.id) == Some(&1));
    let each = alone.filter_map(|(case, job)| {
        let needed_since = fresh_from(&case.spec.require, now)?;
        let parts = parts(case, job);
        let job_of = Sweepable {
            case,
            needed_since,
            parts,
        };
        Some((job.id, job_of))
    });
    each.collect()
}

/// What a sweep has cost and brought so far. Pure.
///
/// It goes on while the last pages brought as many jobs as they cost, or while the pages that are still to come, as dense as the last ones,
/// are fewer than the jobs that are open. It never costs more than a few pages, or a tenth of its jobs, beyond what it brought: a quiet hour
/// must not hide the busy one before it, and a busy one must not be read to its end in vain.
struct Progress {
    /// The jobs that a run further down may satisfy, by the time since when; the latest last.
    open: BTreeSet<(Timestamp, JobId)>,
    needed: BTreeMap<JobId, Timestamp>,
    pages: usize,
    found: usize,
    /// For each of the last pages, from where it went down, and how many jobs it brought.
    last: VecDeque<(Timestamp, usize)>,
    floor: Timestamp,
}

impl Progress {
    fn new(needed: BTreeMap<JobId, Timestamp>, now: Timestamp) -> Self {
        Self {
            open: needed.iter().map(|(id, since)| (*since, *id)).collect(),
            needed,
            pages: 0,
            found: 0,
            last: VecDeque::new(),
            floor: now,
        }
    }

    /// Another page was read. `floor`: the earliest start so far.
    fn read(&mut self, found: &[JobId], floor: Option<Timestamp>) {
        for id in found {
            if let Some(since) = self.needed.get(id) {
                self.open.remove(&(*since, *id));
            }
        }
        self.pages += 1;
        self.found += found.len();
        self.last.push_back((self.floor, found.len()));
        if self.last.len() > SWEEP_LOOK_PAGES {
            self.last.pop_front();
        }
        if let Some(floor) = floor {
            self.floor = self.floor.min(floor);
        }
        // A run that began before that may have ended since. Such a job is asked for by itself.
        while self
            .open
            .last()
            .is_some_and(|(since, _)| self.floor <= *since)
        {
            self.open.pop_last();
        }
    }

    fn goes_on(&self) -> bool {
        let Some((oldest, _)) = self.open.first() else {
            return false;
        };
        if self.pages < SWEEP_LOOK_PAGES {
            return true;
        }
        if self.pages.saturating_sub(self.found) > SWEEP_LOOK_PAGES + self.needed.len() / 10 {
            return false;
        }
        let brought: usize = self.last.iter().map(|(_, found)| found).sum();
        brought >= self.last.len() || self.pages_to(*oldest) < self.open.len()
    }

    /// How many more pages lead down to `oldest`, if they are as dense as the last ones.
    fn pages_to(&self, oldest: Timestamp) -> usize {
        let Some((top, _)) = self.last.front() else {
            return usize::MAX;
        };
        let read = Span::between(self.floor, *top).as_secs();
        let left = Span::between(oldest, self.floor).as_secs();
        let pages = left.saturating_mul(self.last.len() as u64);
        match pages.checked_div(read) {
            Some(pages) => usize::try_from(pages).unwrap_or(usize::MAX),
            None => usize::MAX,
        }
    }
}

#[cfg(test)]
mod tests;
