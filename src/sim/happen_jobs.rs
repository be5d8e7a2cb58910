//! What happens meanwhile to jobs and their runs. What others do is not counted as an effect of requests.

use std::time::Duration;

use jiff::Timestamp;

use super::advance::Start;
use super::meanwhile::{DeleteRuns, Happening, JobName, RecreateJob, RepairRun, StartJob};
use super::run::{Outcome, Phase, RunKind};
use super::times::{after, between};
use super::world::{Job, Schedule, Workspace, World};

impl World {
    pub(crate) fn workspace_place(&self, host: &str) -> Result<usize, String> {
        let mut all = self.workspaces.iter();
        all.position(|one| one.host.eq_ignore_ascii_case(host))
            .ok_or_else(|| format!("there is no workspace `{host}`"))
    }

    /// Where a job is: the workspace and its place there.
    pub(crate) fn job_place(
        &self,
        job: &JobName,
        workspace: Option<&str>,
    ) -> Result<(usize, usize), String> {
        let only = workspace
            .map(|host| self.workspace_place(host))
            .transpose()?;
        let is_meant = |one: &Job| match job {
            JobName::Id(id) => one.id == *id,
            JobName::Name(name) => one.name == *name,
        };
        let mut found = None;
        for (place, workspace) in self.workspaces.iter().enumerate() {
            if only.is_some_and(|only| only != place) {
                continue;
            }
            for (own, _) in workspace
                .jobs
                .iter()
                .enumerate()
                .filter(|(_, one)| is_meant(one))
            {
                if found.replace((place, own)).is_some() {
                    return Err(format!(
                        "there are several jobs `{job}`: write the id, and `workspace` where that is not enough"
                    ));
                }
            }
        }
        found.ok_or_else(|| format!("there is no job `{job}`"))
    }

    pub(crate) fn happen_to_job(
        &mut self,
        happening: &Happening,
        at: Timestamp,
    ) -> Result<(), String> {
        if let Happening::DeleteRuns(what) = happening {
            return self.delete_runs(what, at);
        }
        let Some((job, workspace)) = subject(happening) else {
            return Ok(());
        };
        let (place, job) = self.job_place(job, workspace)?;
        let workspace = &mut self.workspaces[place];
        match happening {
            Happening::DeleteJob(_) => {
                workspace.delete_job(job, at);
            }
            Happening::RecreateJob(what) => workspace.recreate_job(job, what, at)?,
            Happening::RenameJob(what) => workspace.jobs[job].name.clone_from(&what.name),
            Happening::SetParameters(what) => {
                workspace.jobs[job].parameters.clone_from(&what.parameters);
            }
            Happening::PauseJob(_) => workspace.jobs[job].pause(true, at)?,
            Happening::UnpauseJob(_) => workspace.jobs[job].pause(false, at)?,
            Happening::StartJob(what) => workspace.start_by_others(job, what, at)?,
            Happening::CancelRuns(_) => {
                for run in workspace.jobs[job].runs.clone() {
                    workspace.stop(run, at);
                }
            }
            Happening::RepairRun(what) => workspace.repair(job, what, at),
            _ => {}
        }
        Ok(())
    }

    fn delete_runs(&mut self, what: &DeleteRuns, at: Timestamp) -> Result<(), String> {
        let (place, runs) = match (&what.job, &what.workspace) {
            (Some(job), workspace) => {
                let (place, job) = self.job_place(job, workspace.as_deref())?;
                (place, self.workspaces[place].jobs[job].runs.clone())
            }
            (None, Some(host)) => {
                let place = self.workspace_place(host)?;
                let all = self.workspaces[place].runs.iter().enumerate();
                let one_time = all.filter(|(_, run)| run.kind == RunKind::Submit);
                (place, one_time.map(|(run, _)| run).collect())
            }
            (None, None) => {
                return Err(
                    "`deleteRuns` needs a `job`, or the `workspace` of one-time runs".to_owned(),
                );
            }
        };
        let workspace = &mut self.workspaces[place];
        for run in runs.into_iter().rev().skip(what.keep) {
            // The service refuses to delete a run that is active.
            let run = &mut workspace.runs[run];
            if !run.is_active(at) {
                run.removed.get_or_insert(at);
            }
        }
        Ok(())
    }
}

/// The job that a happening is about, and its workspace.
fn subject(happening: &Happening) -> Option<(&JobName, Option<&str>)> {
    let (job, workspace) = match happening {
        Happening::DeleteJob(what)
        | Happening::PauseJob(what)
        | Happening::UnpauseJob(what)
        | Happening::CancelRuns(what) => (&what.job, &what.workspace),
        Happening::RecreateJob(what) => (&what.job, &what.workspace),
        Happening::RenameJob(what) => (&what.job, &what.workspace),
        Happening::SetParameters(what) => (&what.job, &what.workspace),
        Happening::StartJob(what) => (&what.job, &what.workspace),
        Happening::RepairRun(what) => (&what.job, &what.workspace),
        Happening::RegenerateKey(_)
        | Happening::SwapKeys(_)
        | Happening::RestoreKey(_)
        | Happening::DeleteRuntime(_)
        | Happening::RecreateRuntime(_)
        | Happening::MoveFactory(_)
        | Happening::DeleteStorageAccount(_)
        | Happening::RecreateStorageAccount(_)
        | Happening::MoveStorageAccount(_)
        | Happening::WriteSecret(_)
        | Happening::DisableSecret(_)
        | Happening::DeleteSecret(_)
        | Happening::RecoverSecret(_)
        | Happening::PurgeSecret(_)
        | Happening::DeleteRuns(_)
        | Happening::Forbid(_)
        | Happening::Allow(_)
        | Happening::LogDelay(_) => return None,
    };
    Some((job, workspace.as_deref()))
}

impl Workspace {
    /// A deleted job takes its runs along; what is still active ends.
    fn delete_job(&mut self, place: usize, at: Timestamp) -> Job {
        let job = self.jobs.remove(place);
        for run in &job.runs {
            let run = &mut self.runs[*run];
            if run.is_active(at) {
                run.cancel = Some((at, at));
            }
            run.removed.get_or_insert(at);
        }
        job
    }

    fn recreate_job(
        &mut self,
        place: usize,
        what: &RecreateJob,
        at: Timestamp,
    ) -> Result<(), String> {
        let highest = self.jobs.iter().map(|job| job.id).max().unwrap_or(0);
        let id = what.id.unwrap_or(highest.saturating_add(1));
        if self.jobs.iter().any(|job| job.id == id) {
            return Err(format!(
                "there is a job {id} already: a job made anew has a new id"
            ));
        }
        let old = self.delete_job(place, at);
        self.jobs.push(Job {
            id,
            created: at,
            runs: Vec::new(),
            resumed: None,
            ..old
        });
        Ok(())
    }

    fn start_by_others(
        &mut self,
        place: usize,
        what: &StartJob,
        at: Timestamp,
    ) -> Result<(), String> {
        let job = &self.jobs[place];
        if let Some(unknown) = what.only.iter().find(|task| !job.tasks.contains(task)) {
            return Err(format!("job `{}` has no task `{unknown}`", job.name));
        }
        let id = self.start(
            place,
            at,
            &Start {
                trigger: "ONE_TIME",
                parameters: what.parameters.clone(),
                overriding: what.overriding.clone(),
                only: what.only.clone(),
            },
        );
        let place = self.run_place(id);
        if let Some(run) = place.and_then(|place| self.runs.get_mut(place))
            && !run.skipped
        {
            if let Some(result) = &what.result {
                run.outcome.clone_from(result);
            }
            run.takes = what.takes.map_or(run.takes, |span| Some(span.0));
        }
        Ok(())
    }

    fn repair(&mut self, job: usize, what: &RepairRun, at: Timestamp) {
        let ended = |run: &&usize| {
            let run = &self.runs[**run];
            matches!(run.phase(at), Phase::Ended(_)) && !run.skipped && run.removed.is_none()
        };
        let places = self.jobs[job].runs.iter().rev();
        let Some(place) = places.filter(ended).nth(what.skip).copied() else {
            return;
        };
        let usual = self.jobs[job].takes;
        let takes = what.takes.map_or(usual, |span| Some(span.0));
        let outcome = what.result.clone().unwrap_or_else(Outcome::success);
        self.runs[place].repair(at, takes, outcome);
    }
}

impl Job {
    fn pause(&mut self, paused: bool, at: Timestamp) -> Result<(), String> {
        if let Some(schedule) = &mut self.schedule {
            schedule.pause(paused, at);
        } else if let Some(own) = &mut self.continuous_paused {
            *own = paused;
            self.resumed = (!paused).then_some(at);
        } else {
            return Err(format!(
                "job `{}` has neither a schedule nor continuous mode to pause",
                self.name
            ));
        }
        Ok(())
    }
}

impl Schedule {
    /// What was missed while it rested stays missed.
    fn pause(&mut self, paused: bool, at: Timestamp) {
        self.paused = paused;
        if self.next <= at {
            self.next = next_beat(self.next, self.every, at);
        }
    }
}

/// The first beat after `now`, in step with `beat`.
pub(crate) fn next_beat(beat: Timestamp, every: Duration, now: Timestamp) -> Timestamp {
    let missed = between(beat, now).as_secs() / every.as_secs().max(1) + 1;
    after(
        beat,
        every.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX)),
    )
}
