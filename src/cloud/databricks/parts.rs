//! Whether a run ran all tasks of its job: run-now with `only` starts some of them, and the run need not say so.
//!
//! A run is discounted only on proof: a list of tasks that may be truncated, or that is missing, proves nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::session::Session;
use super::jobs;
use super::phase::RunBody;
use crate::limits::TASKS_TOLD_MAX;
use crate::model::connection::Workspace;
use crate::model::job::{JobId, Phase, RunId, RunResult, TasksRun};
use crate::model::trouble::{Trouble, TroubleKind};

/// What starts a run of the whole job. The rest, `ONE_TIME` above all, may be a run-now of some tasks.
const WHOLE: [&str; 8] = [
    "CONTINUOUS",
    "CONTINUOUS_RESTART",
    "FILE_ARRIVAL",
    "JOB_COMPLETION",
    "MODEL",
    "PERIODIC",
    "RUN_JOB_TASK",
    "TABLE",
];

/// Most tasks that are named.
const NAMED_MAX: usize = 5;

/// Runs are to be compared with their job's tasks.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The tasks of the job, if it was read with them.
    pub tasks: Option<&'a BTreeSet<String>>,
    /// A run of our own: it was started whole.
    pub own: Option<RunId>,
}

/// What a run tells of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    All,
    /// A service that tells what `only` was.
    Only(BTreeSet<String>),
    /// The tasks that it ran, every one.
    Keys(BTreeSet<String>),
}

impl Told {
    pub fn of(run: &RunBody) -> Self {
        let only = strings(run.only.as_ref());
        if !only.is_empty() {
            return Self::Only(only);
        }
        let by_itself = run.trigger.as_deref().is_some_and(|by| WHOLE.contains(&by));
        if by_itself {
            return Self::All;
        }
        let is_cut = run.has_more.as_ref().and_then(Value::as_bool) == Some(true)
            || run
                .next_page_token
                .as_ref()
                .is_some_and(|token| !token.is_empty())
            || run.tasks.len() >= TASKS_TOLD_MAX;
        let ran = run.tasks.iter().filter(|task| !is_disabled(task));
        let keys: Option<BTreeSet<String>> = ran.map(|task| task.task_key.clone()).collect();
        match keys {
            Some(keys) if !is_cut && !run.tasks.is_empty() => Self::Keys(keys),
            _ => Self::Nothing,
        }
    }
}

/// Was it left out by whoever started the run? A task whose condition was not met is `EXCLUDED`: that is how the whole job runs.
fn is_disabled(task: &RunBody) -> bool {
    matches!(task.phase(), Phase::Ended { result: RunResult::NeverRan(word), .. } if word == "DISABLED")
}

fn strings(told: Option<&Value>) -> BTreeSet<String> {
    let told = told.and_then(Value::as_array).into_iter().flatten();
    told.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A job's tasks as they were read here.
enum Read {
    NotYet,
    Untold,
    Tasks(BTreeSet<String>),
}

/// Compares the runs of one job with its tasks, which are read once a run needs them.
pub(super) struct Judge<'a> {
    session: &'a Session,
    workspace: &'a Workspace,
    job: JobId,
    parts: Option<Parts<'a>>,
    read: Read,
}

impl<'a> Judge<'a> {
    pub fn new(
        session: &'a Session,
        workspace: &'a Workspace,
        job: JobId,
        parts: Option<Parts<'a>>,
    ) -> Self {
        Self {
            session,
            workspace,
            job,
            parts,
            read: Read::NotYet,
        }
    }

    /// Whether `run` ran all tasks.
    pub async fn of(&mut self, run: RunId, told: Told) -> Result<TasksRun, Trouble> {
        let Some(parts) = self.parts else {
            return Ok(TasksRun::Untold);
        };
        if parts.own == Some(run) {
            return Ok(TasksRun::All);
        }
        Ok(match told {
            Told::Nothing => TasksRun::Untold,
            Told::All => TasksRun::All,
            Told::Only(ran) => TasksRun::Some(only(&ran)),
            Told::Keys(ran) => match self.tasks(parts).await? {
                Some(all) => compared(&ran, all),
                None => TasksRun::Untold,
            },
        })
    }

    async fn tasks(&mut self, parts: Parts<'a>) -> Result<Option<&BTreeSet<String>>, Trouble> {
        if parts.tasks.is_some() {
            return Ok(parts.tasks);
        }
        if matches!(self.read, Read::NotYet) {
            let tasks = match jobs::get(self.session, self.workspace, self.job).await {
                Ok(job) => job.said.tasks,
                Err(trouble) => match trouble.kind {
                    TroubleKind::NotFound | TroubleKind::Unexpected => None,
                    _ => return Err(trouble),
                },
            };
            self.read = tasks.map_or(Read::Untold, Read::Tasks);
        }
        Ok(match &self.read {
            Read::NotYet | Read::Untold => None,
            Read::Tasks(tasks) => Some(tasks),
        })
    }
}

/// `all` is what the job runs now: a task that was added since was not run either.
fn compared(ran: &BTreeSet<String>, all: &BTreeSet<String>) -> TasksRun {
    let missing: BTreeSet<String> = all.difference(ran).cloned().collect();
    if missing.is_empty() {
        TasksRun::All
    } else if ran.len() <= missing.len() {
        TasksRun::Some(only(ran))
    } else {
        TasksRun::Some(format!("without {}", named(&missing)))
    }
}

fn only(ran: &BTreeSet<String>) -> String {
    format!("only {}", named(ran))
}

/// `task load`, `tasks extract, load`.
fn named(tasks: &BTreeSet<String>) -> String {
    let noun = if tasks.len() == 1 { "task" } else { "tasks" };
    let first: Vec<&str> = tasks.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = tasks.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{noun} {}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(body: Value) -> Told {
        Told::of(&serde_json::from_value::<RunBody>(body).unwrap())
    }

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn only_a_whole_list_of_a_run_that_may_be_partial_is_compared() {
        let tasks = json!([{"task_key": "a"}, {"task_key": "b", "state": {"life_cycle_state": "TERMINATED", "result_state": "EXCLUDED"}}]);
        let run = |more: Value| {
            let mut body = json!({"run_id": 1, "trigger": "ONE_TIME", "tasks": tasks});
            let more = more.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(more);
            told(body)
        };
        assert_eq!(run(json!({})), Told::Keys(set(&["a", "b"])));
        assert_eq!(run(json!({"trigger": null})), Told::Keys(set(&["a", "b"])));
        assert_eq!(run(json!({"trigger": "PERIODIC"})), Told::All);
        assert_eq!(run(json!({"has_more": true})), Told::Nothing);
        assert_eq!(run(json!({"next_page_token": "x"})), Told::Nothing);
        assert_eq!(run(json!({"tasks": []})), Told::Nothing);
        assert_eq!(run(json!({"tasks": [{"run_id": 2}]})), Told::Nothing);
        let full: Vec<Value> = (0..100)
            .map(|n| json!({"task_key": n.to_string()}))
            .collect();
        assert_eq!(run(json!({"tasks": full})), Told::Nothing);
        assert_eq!(run(json!({"only": ["a"]})), Told::Only(set(&["a"])));
        let disabled = json!([{"task_key": "a"}, {"task_key": "b", "state": {"life_cycle_state": "TERMINATED", "result_state": "DISABLED"}}]);
        assert_eq!(run(json!({"tasks": disabled})), Told::Keys(set(&["a"])));
    }

    #[test]
    fn what_was_left_out_is_said_in_few_words() {
        let some = |ran: &[&str], all: &[&str]| compared(&set(ran), &set(all));
        let part = |words: &str| TasksRun::Some(words.to_owned());
        assert_eq!(some(&["a", "b"], &["a", "b"]), TasksRun::All);
        // A task that was removed since.
        assert_eq!(some(&["a", "b"], &["a"]), TasksRun::All);
        assert_eq!(some(&["a"], &["a", "b"]), part("only task a"));
        assert_eq!(some(&["a", "b"], &["a", "b", "c"]), part("without task c"));
        let many: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(some(&many[..1], &many), part("only task 0"));
        assert_eq!(named(&set(&many)), "tasks 0, 1, 2, 3, 4 and 3 more");
    }
}
