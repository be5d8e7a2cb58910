//! The ended runs of a whole workspace, page by page: where many jobs are judged, most of them are on the first pages.

use std::collections::BTreeMap;

use super::super::session::Session;
use super::parts::{Judge, Parts, Told};
use super::runs::{Pages, list};
use crate::model::connection::Workspace;
use crate::model::job::{JobId, Run};
use crate::model::time::Timestamp;
use crate::model::trouble::Trouble;

/// Walks through the ended runs of a workspace, newest first.
pub struct EndedRuns<'a> {
    pages: Pages<'a>,
    judges: BTreeMap<JobId, Judge<'a>>,
    /// The earliest start that was told.
    floor: Option<Timestamp>,
    in_order: bool,
}

impl<'a> EndedRuns<'a> {
    /// Those that started at or after `since`. Only runs of `jobs` are told; with parts each tells whether it ran all tasks of its job.
    pub(in crate::cloud) fn new(
        session: &'a Session,
        workspace: &'a Workspace,
        since: Timestamp,
        jobs: BTreeMap<JobId, Option<Parts<'a>>>,
    ) -> Self {
        let doing = format!("list the ended runs of {}", workspace.name);
        let mut ask = list("runs.list-ended", doing, "JOB_RUN")
            .with("completed_only", true)
            .with("start_time_from", since.as_millisecond());
        if jobs.values().any(Option::is_some) {
            ask = ask.with("expand_tasks", true);
        }
        let judge = |(job, parts)| (job, Judge::new(session, workspace, job, parts));
        Self {
            pages: Pages::new(session, workspace, ask),
            judges: jobs.into_iter().map(judge).collect(),
            floor: None,
            in_order: true,
        }
    }

    /// The runs on the next page, those that are active among them; `None` after the last page.
    pub async fn next(&mut self) -> Result<Option<Vec<(JobId, Run)>>, Trouble> {
        let Some(page) = self.pages.next_of(None).await? else {
            return Ok(None);
        };
        let mut runs = Vec::new();
        let (mut floor, mut in_order) = (self.floor, self.in_order);
        for (job, body, mut run) in page {
            if let Some(started) = run.started {
                in_order &= floor.is_none_or(|floor| started <= floor);
                floor = Some(floor.map_or(started, |floor| floor.min(started)));
            }
            if let Some(judge) = self.judges.get_mut(&job) {
                if !run.is_active() {
                    run.inputs.tasks = judge.of(run.id, Told::of(&body)).await?;
                }
                runs.push((job, run));
            }
        }
        // Only now: of a page that could not be judged no run is told.
        (self.floor, self.in_order) = (floor, in_order);
        Ok(Some(runs))
    }

    /// The earliest start that was told: runs before it are yet to come.
    pub const fn floor(&self) -> Option<Timestamp> {
        self.floor
    }

    /// The service's time, and from when on the runs that were told are complete. A run that waited in a queue may have started after one
    /// that is listed before it: then nothing is proved to be complete.
    pub fn complete_from(&self) -> (Timestamp, Timestamp) {
        let at = self.pages.dated(()).at;
        let floor = self.floor.filter(|_| self.in_order);
        (at, floor.unwrap_or(at))
    }
}
