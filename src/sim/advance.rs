//! Time passes: queued runs get their places, continuous jobs restart, schedules fire, each at its own instant and in order, however
//! long nobody looked. The result does not depend on how often this is called.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use jiff::Timestamp;

use super::agenda::{Agenda, Event};
use super::run::{Outcome, Run, RunKind};
use super::times::after;
use super::world::{Job, Workspace, World};

/// A continuous job starts again within a minute of the end of its run.
const RESTART: Duration = Duration::from_secs(30);
/// Most things that happen by themselves between two looks; what is beyond waits for the next look.
const EVENTS_MAX: usize = 100_000;

impl World {
    /// Lets everything happen that was to happen until `now`.
    /// What others do at an instant comes after what happens by itself until then.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let due = self.meanwhile.partition_point(|one| one.at <= now);
        let later = self.meanwhile.split_off(due);
        for one in mem::replace(&mut self.meanwhile, later) {
            self.advance_workspaces(one.at);
            self.rewritten = true;
            // All of it was tried when the world was made; what a person has since taken out of the kept world is passed over.
            let _ = self.happen(&one.happening, one.at);
        }
        self.advance_workspaces(now);
    }

    fn advance_workspaces(&mut self, now: Timestamp) {
        for workspace in &mut self.workspaces {
            workspace.advance(now);
        }
    }
}

/// How a run is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start<'a> {
    pub(crate) trigger: &'a str,
    pub(crate) parameters: BTreeMap<String, String>,
    /// Notebook parameters, which override in the old way.
    pub(crate) overriding: BTreeMap<String, String>,
    /// Only these tasks; empty: all.
    pub(crate) only: Vec<String>,
}

impl<'a> Start<'a> {
    pub(crate) fn by(trigger: &'a str) -> Self {
        Self {
            trigger,
            ..Self::default()
        }
    }
}

impl Workspace {
    pub(crate) fn advance(&mut self, now: Timestamp) {
        for _ in 0..EVENTS_MAX {
            match self.next_event() {
                Some((at, job, event)) if at <= now => self.happen(job, event, at),
                Some(_) | None => return,
            }
        }
    }

    /// The next thing that happens to a job by itself: when, the job's place, and what. Only jobs that something has happened to since the
    /// last time are looked at again.
    pub(crate) fn next_event(&mut self) -> Option<(Timestamp, usize, Event)> {
        let (jobs, runs) = (self.jobs.take_unseen(), self.runs.take_unseen());
        let changed = if jobs.all || runs.all || self.agenda.jobs() != self.jobs.len() {
            self.agenda = Agenda::of(self.jobs.len());
            (0..self.jobs.len()).collect()
        } else {
            let ran = runs.places.into_iter().filter_map(|run| self.runs.get(run));
            let ran = ran.filter_map(|run| self.jobs.place(&run.job.to_string()));
            let mut changed = jobs.places;
            changed.extend(ran);
            changed
        };
        for place in changed {
            let job = self.jobs.get(place);
            let next = job.and_then(|job| job.next_event(&self.runs, self.beginning));
            self.agenda.set(place, next);
        }
        self.agenda.next()
    }

    fn happen(&mut self, job: usize, event: Event, at: Timestamp) {
        match event {
            Event::LeaveQueue { run } => {
                let run = &mut self.runs[run];
                run.started = Some(at.max(run.created));
            }
            Event::Restart => {
                self.start(job, at, &Start::by("CONTINUOUS_RESTART"));
            }
            Event::Fire => {
                if let Some(schedule) = &mut self.jobs[job].schedule {
                    schedule.next = after(schedule.next, schedule.every);
                }
                self.start(job, at, &Start::by("PERIODIC"));
            }
        }
    }

    /// Makes a run of a job: it starts, waits in the queue, or is skipped, as the job's places allow. Gives its id.
    pub(crate) fn start(&mut self, place: usize, at: Timestamp, asked: &Start) -> u64 {
        let job = &mut self.jobs[place];
        let busy = job
            .runs
            .iter()
            .filter(|run| self.runs[**run].holds_place(at))
            .count();
        let waiting = job.runs.iter().any(|run| self.runs[*run].is_queued());
        let full = busy >= job.max_concurrent_runs || waiting;
        // A continuous job never skips: a new run takes the place of the old one.
        let queues =
            (job.queue || job.continuous_paused == Some(false)) && job.max_concurrent_runs > 0;
        let skipped = full && !queues;
        let outcome = if skipped {
            Outcome::skipped()
        } else {
            next_outcome(&job.outcomes, &mut job.started)
        };
        let mut merged = job.parameters.clone();
        merged.extend(asked.parameters.clone());
        let run = Run {
            id: 0,
            job: job.id,
            kind: RunKind::Job,
            name: job.name.clone(),
            trigger: asked.trigger.to_owned(),
            created: at,
            started: (!full).then_some(at),
            starts_in: job.starts_in,
            takes: job.takes,
            outcome,
            places: job.max_concurrent_runs,
            skipped,
            cancel: None,
            parameters: merged,
            defaults: Some(job.parameters.clone()),
            overriding: asked.overriding.clone(),
            tasks: job.tasks_of(&asked.only),
            error: job.error.clone(),
            repaired: None,
            earlier: Vec::new(),
            removed: None,
        };
        self.append(run, Some(place))
    }
}

/// The outcome of the next run: in order, the last one for all that follow.
pub(crate) fn next_outcome(outcomes: &[Outcome], started: &mut usize) -> Outcome {
    let outcome = outcomes
        .get(*started)
        .or(outcomes.last())
        .cloned()
        .unwrap_or_else(Outcome::success);
    *started = started.saturating_add(1);
    outcome
}

impl Job {
    /// Its tasks, or those of them that are wanted, in its own order.
    fn tasks_of(&self, only: &[String]) -> Vec<String> {
        let wanted = |task: &&String| only.is_empty() || only.contains(task);
        self.tasks.iter().filter(wanted).cloned().collect()
    }

    fn next_event(&self, runs: &[Run], beginning: Timestamp) -> Option<(Timestamp, Event)> {
        let leave = self.leave_queue(runs);
        // What the world file tells of the past is all there was: nothing is added before the beginning.
        let restart = self
            .restart(runs)
            .map(|at| at.max(beginning).max(self.resumed.unwrap_or(beginning)))
            .map(|at| (at, Event::Restart));
        let fire = self
            .schedule
            .as_ref()
            .filter(|schedule| !schedule.paused)
            .map(|schedule| (schedule.next, Event::Fire));
        [leave, restart, fire]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// The oldest queued run leaves the queue when fewer runs than allowed hold a place.
    fn leave_queue(&self, runs: &[Run]) -> Option<(Timestamp, Event)> {
        let run = *self.runs.iter().find(|run| runs[**run].is_queued())?;
        let from = runs[run].created;
        let busy = |at: Timestamp| {
            let own = self.runs.iter().map(|run| &runs[*run]);
            own.filter(|run| run.holds_place(at)).count()
        };
        let mut instants: Vec<Timestamp> = self
            .runs
            .iter()
            .filter_map(|run| runs[*run].end())
            .chain([from])
            .collect();
        instants.sort_unstable();
        let at = instants
            .into_iter()
            .find(|at| *at >= from && busy(*at) < self.max_concurrent_runs)?;
        Some((at, Event::LeaveQueue { run }))
    }

    /// An unpaused continuous job starts anew soon after its last run has ended; without any run, at once.
    fn restart(&self, runs: &[Run]) -> Option<Timestamp> {
        if self.continuous_paused != Some(false)
            || self.runs.iter().any(|run| runs[*run].is_queued())
        {
            return None;
        }
        let ends: Option<Vec<Timestamp>> = self.runs.iter().map(|run| runs[*run].end()).collect();
        let last = ends?.into_iter().max().unwrap_or(self.created);
        Some(after(last, RESTART))
    }
}
