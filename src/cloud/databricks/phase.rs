//! A run as the service reports it, in `state` (older) and `status` (newer), and the phase that follows from them.
//!
//! A run is active until the service says that it has ended, and successful only if its result says so.
//! `termination_details.type` is not read at all: it is `SUCCESS` even for a run that a person cancelled.

use serde::Deserialize;
use serde_json::Value;

use super::super::soft;
use super::inputs;
use crate::http::redact::{holds, redact};
use crate::model::job::{ActivePhase, Inputs, JobId, Phase, Run, RunId, RunResult, TasksRun};
use crate::model::time::Timestamp;

/// A run, or one task of it; every field may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RunBody {
    #[serde(default, deserialize_with = "soft::whole")]
    pub run_id: Option<RunId>,
    #[serde(default, deserialize_with = "soft::whole")]
    pub job_id: Option<JobId>,
    #[serde(default, deserialize_with = "soft::text")]
    pub run_name: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    pub task_key: Option<String>,
    #[serde(default, deserialize_with = "soft::list")]
    pub tasks: Vec<RunBody>,
    pub next_page_token: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    state: Option<Older>,
    #[serde(default, deserialize_with = "soft::part")]
    status: Option<Newer>,
    #[serde(default, deserialize_with = "soft::whole")]
    start_time: Option<i64>,
    #[serde(default, deserialize_with = "soft::whole")]
    end_time: Option<i64>,
    #[serde(default, deserialize_with = "soft::whole")]
    run_duration: Option<i64>,
    #[serde(default, deserialize_with = "soft::text")]
    run_page_url: Option<String>,
    /// See [`super::inputs`].
    job_parameters: Option<Value>,
    overriding_parameters: Option<Value>,
    /// See [`super::parts`].
    pub only: Option<Value>,
    pub has_more: Option<Value>,
    #[serde(default, deserialize_with = "soft::text")]
    pub trigger: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Older {
    #[serde(default, deserialize_with = "soft::text")]
    life_cycle_state: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    result_state: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    state_message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Newer {
    #[serde(default, deserialize_with = "soft::text")]
    state: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    termination_details: Option<Details>,
    #[serde(default, deserialize_with = "soft::part")]
    queue_details: Option<Details>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Details {
    #[serde(default, deserialize_with = "soft::text")]
    code: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
}

impl RunBody {
    /// The run in the model's words. A body without an id is no run.
    pub fn run(&self) -> Option<Run> {
        let phase = self.phase();
        // The service calls it the start of a queued run, too, when that was asked for.
        let began = millis(self.start_time);
        let is_queued = phase == Phase::Active(ActivePhase::Queued);
        Some(Run {
            id: self.run_id?,
            started: began.filter(|_| !is_queued),
            queued_since: began.filter(|_| is_queued),
            inputs: self.inputs(),
            phase,
            url: self.run_page_url.clone().filter(|url| !holds(url, [])),
            message: self.message(),
        })
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            parameters: inputs::parameters(self.job_parameters.as_ref()),
            overriding: inputs::overriding(self.overriding_parameters.as_ref()),
            tasks: TasksRun::Untold,
        }
    }

    /// Where it is in its life. `state` is believed where both speak; without any word of an end it is active.
    pub fn phase(&self) -> Phase {
        let ended = |result| Phase::Ended {
            at: self.end(),
            result,
        };
        let state = self.state.as_ref();
        let result = state.and_then(|state| state.result_state.as_deref());
        match state.and_then(|state| state.life_cycle_state.as_deref()) {
            Some("TERMINATED") => ended(match result {
                Some(word) => RunResult::parse(word),
                None => self.code_result(),
            }),
            Some("SKIPPED") => ended(RunResult::NeverRan(result.unwrap_or("SKIPPED").to_owned())),
            // The job-level phase of a run whose task failed; without a result the service itself failed.
            Some("INTERNAL_ERROR") => ended(match result.map(RunResult::parse) {
                None | Some(RunResult::Success | RunResult::SuccessWithFailures) => {
                    RunResult::Failed
                }
                Some(result) => result,
            }),
            Some(word) => Phase::Active(active(word)),
            None => match self.status.as_ref().and_then(|said| said.state.as_deref()) {
                Some("TERMINATED") => ended(self.code_result()),
                word => Phase::Active(active(word.unwrap_or_default())),
            },
        }
    }

    /// The result by the code of `status.termination_details`.
    fn code_result(&self) -> RunResult {
        let details = self
            .status
            .as_ref()
            .and_then(|status| status.termination_details.as_ref());
        match details.and_then(|details| details.code.as_deref()) {
            Some("USER_CANCELED") => RunResult::Canceled,
            Some(
                code @ ("MAX_CONCURRENT_RUNS_EXCEEDED"
                | "MAX_JOB_QUEUE_SIZE_EXCEEDED"
                | "WORKSPACE_RUN_LIMIT_EXCEEDED"),
            ) => RunResult::NeverRan(code.to_owned()),
            Some(code) if FAILURES.contains(&code) => RunResult::Failed,
            Some(code) => RunResult::parse(code),
            None => RunResult::Unknown("TERMINATED without a result".to_owned()),
        }
    }

    /// When it ended: told, or counted from its start. No other time will do: not that of its start, and not that of the look.
    fn end(&self) -> Option<Timestamp> {
        let counted = || {
            let length = self.run_duration.filter(|length| *length > 0)?;
            let start = self.start_time.filter(|start| *start > 0)?;
            millis(start.checked_add(length))
        };
        millis(self.end_time).or_else(counted)
    }

    /// The service's words on it.
    pub fn message(&self) -> Option<String> {
        let (state, status) = (self.state.as_ref(), self.status.as_ref());
        let details = |pick: fn(&Newer) -> &Option<Details>| {
            status.and_then(|status| pick(status).as_ref()?.message.as_ref())
        };
        [
            state.and_then(|state| state.state_message.as_ref()),
            details(|status| &status.termination_details),
            details(|status| &status.queue_details),
        ]
        .into_iter()
        .flatten()
        .find(|words| !words.is_empty())
        .map(|words| redact(words))
    }
}

/// Codes of `termination_details` that say that a run failed (Jobs API 2.2).
const FAILURES: [&str; 16] = [
    "BREAKING_CHANGE",
    "BUDGET_POLICY_LIMIT_EXCEEDED",
    "CLOUD_FAILURE",
    "CLUSTER_ERROR",
    "CLUSTER_REQUEST_LIMIT_EXCEEDED",
    "CLUSTER_TERMINATED_BY_USER",
    "DRIVER_ERROR",
    "FEATURE_DISABLED",
    "INTERNAL_ERROR",
    "INVALID_CLUSTER_REQUEST",
    "INVALID_RUN_CONFIGURATION",
    "LIBRARY_INSTALLATION_ERROR",
    "REPOSITORY_CHECKOUT_FAILED",
    "RUN_EXECUTION_ERROR",
    "STORAGE_ACCESS_ERROR",
    "UNAUTHORIZED_ERROR",
];

fn active(word: &str) -> ActivePhase {
    match word {
        "QUEUED" => ActivePhase::Queued,
        "PENDING" => ActivePhase::Pending,
        "RUNNING" => ActivePhase::Running,
        "TERMINATING" => ActivePhase::Terminating,
        "BLOCKED" | "WAITING" | "WAITING_FOR_RETRY" => ActivePhase::Waiting,
        other => ActivePhase::Unknown(other.to_owned()),
    }
}

/// Milliseconds since 1970; 0 stands for "not yet".
fn millis(value: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(value.filter(|value| *value > 0)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn phase(body: Value) -> Phase {
        serde_json::from_value::<RunBody>(body).unwrap().phase()
    }

    fn result(body: Value) -> RunResult {
        match phase(body) {
            Phase::Ended { result, .. } => result,
            Phase::Active(phase) => panic!("active: {phase:?}"),
        }
    }

    fn state(cycle: &str, result: &str) -> Value {
        json!({"run_id": 1, "state": {"life_cycle_state": cycle, "result_state": result}})
    }

    fn code(code: &str, kind: &str) -> Value {
        json!({"run_id": 1, "status": {"state": "TERMINATED", "termination_details": {"code": code, "type": kind}}})
    }

    #[test]
    fn an_end_is_read_from_state_where_it_speaks() {
        let never = |word: &str| RunResult::NeverRan(word.to_owned());
        for (cycle, word, wanted) in [
            ("TERMINATED", "SUCCESS", RunResult::Success),
            ("TERMINATED", "FAILED", RunResult::Failed),
            ("TERMINATED", "TIMEDOUT", RunResult::TimedOut),
            ("TERMINATED", "CANCELED", RunResult::Canceled),
            ("TERMINATED", "EXCLUDED", never("EXCLUDED")),
            (
                "TERMINATED",
                "SPARKLY",
                RunResult::Unknown("SPARKLY".to_owned()),
            ),
            ("INTERNAL_ERROR", "FAILED", RunResult::Failed),
            ("INTERNAL_ERROR", "SUCCESS", RunResult::Failed),
        ] {
            assert_eq!(result(state(cycle, word)), wanted, "{cycle} {word}");
        }
        let bare =
            |cycle: &str| json!({"state": {"life_cycle_state": cycle, "result_state": null}});
        assert_eq!(result(bare("INTERNAL_ERROR")), RunResult::Failed);
        assert_eq!(result(bare("SKIPPED")), never("SKIPPED"));
        assert!(matches!(result(bare("TERMINATED")), RunResult::Unknown(_)));
    }

    #[test]
    fn with_status_alone_the_code_decides_and_never_the_type() {
        for (word, kind, wanted) in [
            ("SUCCESS", "SUCCESS", RunResult::Success),
            ("USER_CANCELED", "SUCCESS", RunResult::Canceled),
            ("CANCELED", "SUCCESS", RunResult::Canceled),
            ("RUN_EXECUTION_ERROR", "CLIENT_ERROR", RunResult::Failed),
            (
                "SKIPPED",
                "SUCCESS",
                RunResult::NeverRan("SKIPPED".to_owned()),
            ),
            (
                "NEW_WORD",
                "SUCCESS",
                RunResult::Unknown("NEW_WORD".to_owned()),
            ),
        ] {
            assert_eq!(result(code(word, kind)), wanted, "{word}");
        }
        let bare =
            json!({"status": {"state": "TERMINATED", "termination_details": {"type": "SUCCESS"}}});
        assert!(matches!(result(bare), RunResult::Unknown(_)));
    }

    #[test]
    fn whatever_is_not_said_to_have_ended_is_active() {
        let unknown = |word: &str| ActivePhase::Unknown(word.to_owned());
        for (word, wanted) in [
            ("QUEUED", ActivePhase::Queued),
            ("PENDING", ActivePhase::Pending),
            ("RUNNING", ActivePhase::Running),
            ("TERMINATING", ActivePhase::Terminating),
            ("BLOCKED", ActivePhase::Waiting),
            ("WAITING_FOR_RETRY", ActivePhase::Waiting),
            ("DREAMING", unknown("DREAMING")),
        ] {
            // A repair sets an ended run going again, with the old result still on it.
            assert_eq!(phase(state(word, "SUCCESS")), Phase::Active(wanted.clone()));
            let newer = json!({"status": {"state": word}});
            assert_eq!(phase(newer), Phase::Active(wanted));
        }
        assert_eq!(phase(json!({"run_id": 1})), Phase::Active(unknown("")));
    }

    #[test]
    fn an_end_without_a_time_is_counted_or_unknown() {
        let at = |body: Value| match phase(body) {
            Phase::Ended { at, .. } => at.map(Timestamp::as_millisecond),
            Phase::Active(_) => Some(-1),
        };
        let told = json!({"state": {"life_cycle_state": "SKIPPED"}, "start_time": 1000, "end_time": 5000, "run_duration": 7});
        let counted = json!({"state": {"life_cycle_state": "SKIPPED"}, "start_time": 1000, "end_time": 0, "run_duration": 7});
        let nothing = json!({"state": {"life_cycle_state": "SKIPPED"}, "start_time": 1000});
        assert_eq!(
            (at(told), at(counted), at(nothing)),
            (Some(5000), Some(1007), None)
        );
    }

    #[test]
    fn a_queued_run_has_not_started() {
        let body = json!({"run_id": 9_223_372_036_854_775_807_i64, "start_time": 1000, "status": {"state": "QUEUED", "queue_details": {"message": "Queued due to reaching maximum concurrent runs of 1."}}});
        let run = serde_json::from_value::<RunBody>(body)
            .unwrap()
            .run()
            .unwrap();
        assert_eq!((run.id, run.started), (RunId(i64::MAX), None));
        assert_eq!(run.queued_since.map(Timestamp::as_millisecond), Some(1000));
        assert!(run.message.unwrap().starts_with("Queued due to"));
    }

    fn inputs(body: Value) -> Inputs {
        serde_json::from_value::<RunBody>(body).unwrap().inputs()
    }

    #[test]
    fn a_run_tells_what_it_was_started_with_in_the_shapes_of_the_service() {
        // As documented: without a value it is the default.
        let told = inputs(
            json!({"job_parameters": [{"name": "Environment", "default": "dev"}, {"name": "foo", "default": "", "value": "bar"}]}),
        );
        let told = told.parameters.unwrap();
        let effective = told.iter().map(|one| (one.name.as_str(), one.effective()));
        assert_eq!(
            effective.collect::<Vec<_>>(),
            [("Environment", Some("dev")), ("foo", Some("bar"))]
        );
        assert_eq!(inputs(json!({})), Inputs::default());
        assert_eq!(inputs(json!({"job_parameters": "news"})), Inputs::default());
        let blank = json!({"overriding_parameters": {"jar_params": [], "pipeline_params": {"full_refresh": false}, "dbt_commands": null}});
        assert_eq!(inputs(blank), Inputs::default());
        let old =
            json!({"overriding_parameters": {"notebook_params": {"age": "35"}, "jar_params": []}});
        assert_eq!(inputs(old).overriding, ["notebook_params"]);
    }
}
