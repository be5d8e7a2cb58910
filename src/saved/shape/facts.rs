//! What a verdict rests on, as the file spells it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::PerSlot;
use super::hand_off::{HandOff, HandOffFacts, Serves};
use super::nodes::{NodeFacts, NodeRule};
use super::slot::SlotFacts;
use super::text::Text;
use super::trouble::Trouble;
use super::words::{self, ResourceId, RunId, RunResult, Slot, Span, Timestamp};
use crate::saved::mirror::{Absent, Mirror, OrDefault, mirror};

/// What a verdict rests on. What a rule says for all of its subjects stands in the line of the rule.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::saved) enum Facts {
    Runtime(Box<RuntimeFacts>),
    Job(Box<JobFacts>),
    Submission(SubmissionFacts),
    #[default]
    None,
}

impl Absent for Facts {
    fn is_absent(&self) -> bool {
        matches!(self, Self::None)
    }
}

mirror! {
    /// What a runtime's verdict rests on.
    struct RuntimeFacts {
        jitter_share: Text<Span>,
        read: ReadOutcome,
        seen_at: Option<Text<Timestamp>>,
        created: Option<Text<Timestamp>>,
        /// When each key was made, where the service itself tells.
        #[serde(default)]
        told: PerSlot<Option<Text<Timestamp>>>,
        #[serde(default)]
        corrected: Vec<Correction>,
        #[serde(default)]
        hand_offs: Vec<HandOffFacts>,
        #[serde(default)]
        outside: Vec<OutsideChange>,
        status_refused: Option<Trouble>,
        keys_refused: Option<Trouble>,
        log_refused: Option<Trouble>,
        #[serde(default)]
        nodes: OrDefault<NodeFacts>,
    }
    beside { spec: words::RuntimeSpec, slots: words::PerSlot<words::SlotFacts> }
    written { slots: PerSlot<SlotFacts> }
}

mirror! {
    /// Whether something was read for the decision.
    enum ReadOutcome {
        Read { at: Text<Timestamp> },
        NotRead,
        Failed,
    }
}

mirror! {
    /// What is promised of a runtime's keys.
    struct RuntimeSpec {
        #[serde(rename = "maxAge")]
        age_max: Text<Span>,
        rotate_before: Text<Span>,
        overlap: Text<Span>,
        unknown_age: UnknownAge,
        #[serde(default)]
        windows: Vec<Window>,
        #[serde(rename = "onWindowStarvation")]
        on_starvation: OnStarvation,
        jitter: Text<Span>,
        #[serde(default)]
        hand_offs: Vec<HandOff>,
        #[serde(default)]
        serves: Serves,
        born_after: Option<Text<Timestamp>>,
        #[serde(default)]
        ignore_windows: bool,
        #[serde(default)]
        nodes: OrDefault<NodeRule>,
    }
}

mirror! {
    /// How an age that is not known exactly is judged.
    enum UnknownAge { Adopt, Rotate, Fail }
}

mirror! {
    /// What happens if the limit would be broken before a window opens.
    enum OnStarvation { Wait, Rotate, Fail }
}

mirror! {
    /// A fact that stronger ones exclude.
    enum Correction {
        Declared { slot: Text<Slot>, born: Text<Timestamp> },
        Silence { slot: Text<Slot> },
        Created { slot: Text<Slot>, at: Text<Timestamp> },
        Event { at: Text<Timestamp> },
        Ahead { slot: Text<Slot>, at: Text<Timestamp> },
    }
}

mirror! {
    /// What others did to a key, or to what has it, since it was last read.
    enum OutsideChange {
        CreatedAnew { at: Text<Timestamp> },
        Rotated {
            slot: Text<Slot>,
            at: Option<Text<Timestamp>>,
            by: Option<String>,
            #[serde(default)] by_afresh: bool,
        },
        Returned { slot: Text<Slot>, from: Text<ResourceId>, was: Text<Slot> },
    }
}

mirror! {
    /// What a job's verdict rests on.
    struct JobFacts {
        name: Option<String>,
        last_success: Option<Success>,
        success_result: Option<Text<RunResult>>,
        #[serde(default)]
        untold: bool,
        #[serde(default)]
        tasks_untold: bool,
        #[serde(default)]
        uncompared: Vec<String>,
        #[serde(default)]
        dismissed: Vec<Dismissed>,
        #[serde(default)]
        failures: Vec<Failure>,
        #[serde(default)]
        undated_failures: Vec<UndatedFailure>,
        #[serde(default)]
        lost: Vec<Success>,
        #[serde(default)]
        undated: Vec<Run>,
        #[serde(default)]
        active: Vec<Run>,
        history_since: Option<Text<Timestamp>>,
        continuous: Option<Continuous>,
        firing: Option<Firing>,
        unsuited: Option<String>,
    }
    beside { require: words::Requirement, accept: Vec<RunResult>, rule: String, asks: String }
    written {}
}

mirror! {
    /// A success that does not count.
    struct Dismissed { run: i64, at: Option<Text<Timestamp>>, why: String }
}

mirror! {
    /// What starts a job by itself.
    struct Firing { by: String, next: Option<Text<Timestamp>> }
}

mirror! {
    /// Succeeded, running, or not running.
    enum Requirement {
        Succeeded {
            start_after: Option<Text<Span>>,
            warn_after: Option<Text<Span>>,
            error_after: Text<Span>,
        },
        Running,
        NotRunning,
    }
}

mirror! {
    /// Whether a job restarts itself.
    enum Continuous { No, Unpaused, Paused }
}

mirror! {
    /// What a one-time submit's verdict rests on.
    struct SubmissionFacts {
        #[serde(default)]
        runs: Vec<Run>,
        #[serde(default)]
        failures: Vec<Failure>,
        #[serde(default)]
        former: Vec<FormerRun>,
    }
    beside { digest: String, accept: Vec<RunResult> }
    written {}
}

mirror! {
    /// A run of an earlier content.
    struct FormerRun {
        /// The beginning of that content's digest.
        content: String,
        run: Run,
    }
}

mirror! {
    /// One run.
    struct Run {
        id: i64,
        phase: Phase,
        started: Option<Text<Timestamp>>,
        queued_since: Option<Text<Timestamp>>,
        #[serde(skip)]
        inputs: NotKept,
        url: Option<String>,
        message: Option<String>,
    }
}

/// What a run was started with has been judged when a plan is saved, and may be a secret.
#[derive(Default)]
pub(in crate::saved) struct NotKept;

impl Absent for NotKept {}

impl Mirror<words::Inputs> for NotKept {
    fn of(_: &words::Inputs) -> Self {
        Self
    }
    fn back(self) -> words::Inputs {
        words::Inputs::default()
    }
}

mirror! {
    /// Where a run is in its life.
    enum Phase {
        Active(phase: ActivePhase),
        Ended { at: Option<Text<Timestamp>>, result: Text<RunResult> },
    }
}

mirror! {
    /// Phases before the end.
    enum ActivePhase { Queued, Pending, Running, Terminating, Waiting, Unknown(word: String) }
}

/// A run that succeeded.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::saved) struct Success {
    run: i64,
    at: Text<Timestamp>,
}

impl Mirror<(RunId, Timestamp)> for Success {
    fn of(&(run, at): &(RunId, Timestamp)) -> Self {
        Self {
            run: run.0,
            at: Text(at),
        }
    }
    fn back(self) -> (RunId, Timestamp) {
        (RunId(self.run), self.at.0)
    }
}

/// A run that ended without success.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::saved) struct Failure {
    run: i64,
    at: Text<Timestamp>,
    result: Text<RunResult>,
}

impl Mirror<(RunId, Timestamp, RunResult)> for Failure {
    fn of((run, at, result): &(RunId, Timestamp, RunResult)) -> Self {
        Self {
            run: run.0,
            at: Text(*at),
            result: Text(result.clone()),
        }
    }
    fn back(self) -> (RunId, Timestamp, RunResult) {
        (RunId(self.run), self.at.0, self.result.0)
    }
}

/// A run that ended without success, nobody tells when.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::saved) struct UndatedFailure {
    run: i64,
    result: Text<RunResult>,
}

impl Mirror<(RunId, RunResult)> for UndatedFailure {
    fn of((run, result): &(RunId, RunResult)) -> Self {
        Self {
            run: run.0,
            result: Text(result.clone()),
        }
    }
    fn back(self) -> (RunId, RunResult) {
        (RunId(self.run), self.result.0)
    }
}

/// A recurring time in which effects are wanted, in the manifest's words.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WindowWords {
    cron: String,
    timezone: String,
    duration: Text<Span>,
}

/// A window that has been checked.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "WindowWords", into = "WindowWords")]
#[schemars(with = "WindowWords")]
#[derive(Clone)]
pub(in crate::saved) struct Window(words::Window);

impl TryFrom<WindowWords> for Window {
    type Error = String;

    fn try_from(written: WindowWords) -> Result<Self, String> {
        words::Window::new(&written.cron, &written.timezone, written.duration.0).map(Self)
    }
}

impl From<Window> for WindowWords {
    fn from(Window(window): Window) -> Self {
        Self {
            cron: window.cron_text().to_owned(),
            timezone: window.zone_name().to_owned(),
            duration: Text(window.length()),
        }
    }
}

impl Mirror<words::Window> for Window {
    fn of(model: &words::Window) -> Self {
        Self(model.clone())
    }
    fn back(self) -> words::Window {
        self.0
    }
}
