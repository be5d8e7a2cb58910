//! From a workspace as written to a live one: its jobs, and their past runs with ids in the order of their starts.
//!
//! Two jobs with the same id, a run that ended before it started, and a schedule that never rests are errors.

use std::time::Duration;

use jiff::Timestamp;

use super::agenda::Agenda;
use super::build_ground::{Ground, copies, unique};
use super::file::{JobFile, RepairFile, RunFile, ScheduleFile, SubmitFile, WorkspaceFile};
use super::happen_jobs::next_beat;
use super::run::{Outcome, Run, RunKind};
use super::shelf::Shelf;
use super::tally::Tally;
use super::times::{Span, When, after, before, between};
use super::world::{Job, Schedule, Submit, Workspace};

/// Ids of runs start here: large, as in a real workspace, so that a client that reads them as floats is found out.
const FIRST_RUN_ID: u64 = 730_000_000_000_000;
const YEAR: Duration = Duration::from_hours(365 * 24);
const MINUTE: Duration = Duration::from_mins(1);

pub(crate) fn workspace(file: WorkspaceFile, ground: &Ground) -> Result<Workspace, String> {
    let at = format!("workspaces[{}]", file.host);
    let mut jobs = Vec::new();
    let mut past = Vec::new();
    for one in &file.jobs {
        copies(&one.name, "-", one.copies, |name, copy| {
            let job = job(one, name, one.id + u64::from(copy), &at, ground)?;
            for run in &one.runs {
                past.push((jobs.len(), past_run(&job, run, &at, ground)?));
            }
            jobs.push(job);
            Ok(())
        })?;
    }
    let ids: Vec<String> = jobs.iter().map(|job| job.id.to_string()).collect();
    unique(&format!("{at}.jobs"), ids.iter().map(String::as_str))?;
    let mut workspace = Workspace {
        host: file.host.to_ascii_lowercase(),
        resource_id: file.resource_id,
        beginning: ground.beginning,
        tokens: file.tokens,
        members: file.members,
        principals: file.principals.map(|all| {
            let pair = |one: super::file::OwnPrincipalFile| (one.client_id, one.client_secret);
            all.into_iter().map(pair).collect()
        }),
        api_versions: file
            .api_versions
            .unwrap_or_else(|| vec!["2.1".to_owned(), "2.2".to_owned()]),
        forbidden: file.forbidden,
        hides_parameters: file.hides_parameters,
        jobs: jobs.into(),
        submit: vec![submit(file.submit)].into(),
        runs: Shelf::default(),
        idempotency: Tally::default(),
        served: None,
        agenda: Agenda::default(),
    };
    past.sort_by_key(|(_, run)| run.created);
    for (job, run) in past {
        workspace.append(run, Some(job));
    }
    Ok(workspace)
}

impl Workspace {
    /// Puts a run at the end of the list, gives it its id, and tells it.
    pub(crate) fn append(&mut self, mut run: Run, job: Option<usize>) -> u64 {
        let count = u64::try_from(self.runs.len()).unwrap_or(u64::MAX);
        run.id = FIRST_RUN_ID + (count + 1) * Run::ID_STEP;
        if run.kind == RunKind::Submit {
            // A one-time run has a job of its own that no list shows.
            run.job = run.id + Run::ID_STEP - 1;
        }
        if let Some(job) = job.and_then(|job| self.jobs.get_mut(job)) {
            job.runs.push(self.runs.len());
        }
        let id = run.id;
        self.runs.push(run);
        id
    }
}

fn job(file: &JobFile, name: String, id: u64, at: &str, ground: &Ground) -> Result<Job, String> {
    let begun = file
        .runs
        .iter()
        .map(|run| run.started.resolve(ground.beginning));
    let default = begun
        .clone()
        .min()
        .map_or(before(ground.beginning, YEAR), |oldest| {
            before(oldest, YEAR)
        });
    let newest = begun.max();
    Ok(Job {
        id,
        created: file
            .created
            .map_or(default, |when| when.resolve(ground.beginning)),
        tags: file.tags.clone(),
        parameters: file.parameters.clone(),
        hides_parameters: file.hides_parameters,
        tasks: if file.tasks.is_empty() {
            vec!["main".to_owned()]
        } else {
            file.tasks.clone()
        },
        starts_in: file.starts_in.map_or(Duration::from_secs(5), |span| span.0),
        takes: takes(file),
        outcomes: outcomes(file.outcome.as_ref(), &file.outcomes),
        error: file.error.clone(),
        max_concurrent_runs: file
            .max_concurrent_runs
            .map_or(1, |most| usize::try_from(most).unwrap_or(usize::MAX)),
        queue: file.queue,
        cancel_takes: file
            .cancel_takes
            .map_or(Duration::from_secs(20), |span| span.0),
        schedule: file
            .schedule
            .as_ref()
            .map(|one| schedule(one, newest, &format!("{at}.jobs[{name}]"), ground))
            .transpose()?,
        continuous_paused: file.continuous.map(|continuous| continuous.paused),
        resumed: None,
        forbidden: file.forbidden.clone(),
        runs: Vec::new(),
        started: 0,
        name,
    })
}

/// Ten minutes, unless told; a continuous job runs until it is stopped.
fn takes(file: &JobFile) -> Option<Duration> {
    let default = file.continuous.is_none().then_some(10 * MINUTE);
    file.takes.map_or(default, |span| Some(span.0))
}

fn outcomes(one: Option<&Outcome>, many: &[Outcome]) -> Vec<Outcome> {
    if many.is_empty() {
        vec![one.cloned().unwrap_or_else(Outcome::success)]
    } else {
        many.to_vec()
    }
}

fn schedule(
    file: &ScheduleFile,
    newest: Option<Timestamp>,
    at: &str,
    ground: &Ground,
) -> Result<Schedule, String> {
    let Span(every) = file.every;
    if every < MINUTE {
        return Err(format!(
            "{at}.schedule: a job cannot start more often than every minute"
        ));
    }
    // The next beat after the beginning, in step with the newest run that the file tells of.
    let mut next = after(newest.unwrap_or(ground.beginning), every);
    if next <= ground.beginning {
        next = next_beat(next, every, ground.beginning);
    }
    Ok(Schedule {
        every,
        paused: file.paused,
        next,
        cron: file.cron.clone(),
        timezone: file.timezone.clone(),
        periodic: file.periodic,
    })
}

fn submit(file: SubmitFile) -> Submit {
    Submit {
        takes: file.takes.map_or(2 * MINUTE, |span| span.0),
        outcomes: outcomes(file.outcome.as_ref(), &file.outcomes),
        error: file.error,
        started: 0,
    }
}

/// A run that the file tells of. Without an end it runs until somebody stops it.
fn past_run(job: &Job, file: &RunFile, at: &str, ground: &Ground) -> Result<Run, String> {
    let at = format!("{at}.jobs[{}].runs", job.name);
    let (started, ended) = spell(file.started, file.ended, file.result.as_ref(), &at, ground)?;
    let unknown = file.tasks.iter().find(|task| !job.tasks.contains(task));
    if let Some(task) = unknown {
        return Err(format!("{at}: the job has no task `{task}`"));
    }
    let usual = if job.schedule.is_some() {
        "PERIODIC"
    } else {
        "ONE_TIME"
    };
    let trigger = file.trigger.as_ref().map_or(usual, Outcome::as_str);
    let defaults = file.defaults.as_ref().unwrap_or(&job.parameters);
    let mut parameters = defaults.clone();
    for (name, value) in &file.parameters {
        match value {
            Some(value) => parameters.insert(name.clone(), value.clone()),
            // The service leaves a value out that is the default.
            None => parameters.remove(name),
        };
    }
    let mut run = Run {
        id: 0,
        job: job.id,
        kind: RunKind::Job,
        name: job.name.clone(),
        trigger: trigger.to_owned(),
        created: started,
        started: Some(started),
        starts_in: Duration::ZERO,
        takes: ended.map(|ended| between(started, ended)),
        outcome: file.result.clone().unwrap_or_else(Outcome::success),
        places: job.max_concurrent_runs,
        skipped: false,
        cancel: None,
        parameters,
        defaults: Some(defaults.clone()),
        overriding: file.overriding.clone(),
        tasks: if file.tasks.is_empty() {
            job.tasks.clone()
        } else {
            file.tasks.clone()
        },
        error: job.error.clone(),
        repaired: None,
        earlier: Vec::new(),
        removed: None,
    };
    if let Some(repair) = &file.repaired {
        past_repair(&mut run, repair, ended, &at, ground)?;
    }
    Ok(run)
}

fn past_repair(
    run: &mut Run,
    file: &RepairFile,
    ended: Option<Timestamp>,
    at: &str,
    ground: &Ground,
) -> Result<(), String> {
    let at = format!("{at}.repaired");
    let (began, over) = spell(file.started, file.ended, file.result.as_ref(), &at, ground)?;
    if ended.is_none_or(|ended| began < ended) {
        return Err(format!("{at}: a run is repaired after it has ended"));
    }
    let outcome = file.result.clone().unwrap_or_else(Outcome::success);
    run.repair(began, over.map(|over| between(began, over)), outcome);
    run.starts_in = Duration::ZERO;
    Ok(())
}

/// From when to when something went on that the file tells of.
fn spell(
    started: When,
    ended: Option<When>,
    result: Option<&Outcome>,
    at: &str,
    ground: &Ground,
) -> Result<(Timestamp, Option<Timestamp>), String> {
    let started = started.resolve(ground.beginning);
    let ended = ended.map(|when| when.resolve(ground.beginning));
    if started > ground.beginning || ended.is_some_and(|ended| ended > ground.beginning) {
        return Err(format!(
            "{at}: a run that lies in the future; only what has happened can be told"
        ));
    }
    if ended.is_some_and(|ended| ended < started) {
        return Err(format!("{at}: a run that ended before it started"));
    }
    if ended.is_none() && result.is_some() {
        return Err(format!("{at}: a run with a result needs `ended`"));
    }
    Ok((started, ended))
}
