//! What a verdict rests on, as the file spells it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Text;
use super::trouble::Trouble;
use super::words::{self, Fingerprint, ResourceId, RunId, RunResult, Slot, Span, Timestamp};
use crate::saved::mirror::{Mirror, mirror};

mirror! {
    /// What a verdict rests on.
    enum Facts {
        Runtime(facts: Box<RuntimeFacts>),
        Job(facts: Box<JobFacts>),
        Submission(facts: SubmissionFacts),
        None,
    }
}

mirror! {
    /// What a runtime's verdict rests on.
    struct RuntimeFacts {
        spec: RuntimeSpec,
        jitter_share: Text<Span>,
        slots: PerSlot<SlotFacts>,
        read: ReadOutcome,
        seen_at: Option<Text<Timestamp>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read_at: Option<Text<Timestamp>>,
        created: Option<Text<Timestamp>>,
        /// When each key was made, where the service itself tells.
        #[serde(default, skip_serializing_if = "Told::is_empty")]
        told: Told,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        corrected: Vec<Correction>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outside: Vec<OutsideChange>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_refused: Option<Trouble>,
        keys_refused: Option<Trouble>,
        log_refused: Option<Trouble>,
    }
}

mirror! {
    /// Whether something was read for the decision.
    enum ReadOutcome { Read, NotRead, Failed }
}

mirror! {
    /// What is promised of a runtime's keys.
    struct RuntimeSpec {
        #[serde(rename = "maxAge")]
        age_max: Text<Span>,
        rotate_before: Text<Span>,
        overlap: Text<Span>,
        unknown_age: UnknownAge,
        windows: Vec<Window>,
        #[serde(rename = "onWindowStarvation")]
        on_starvation: OnStarvation,
        jitter: Text<Span>,
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
    /// What is known of one key.
    struct SlotFacts {
        fingerprint: Option<Text<Fingerprint>>,
        birth: Birth,
        age: AgeRange,
        due_at: Option<Text<Timestamp>>,
        limit_at: Option<Text<Timestamp>>,
    }
}

mirror! {
    /// When a key was made, as far as the evidence goes.
    struct Birth {
        earliest: Option<Text<Timestamp>>,
        latest: Option<Text<Timestamp>>,
        evidence: Vec<Evidence>,
    }
}

mirror! {
    /// One piece of evidence about a key.
    enum Evidence {
        Rotated { sent: Text<Timestamp>, answered: Text<Timestamp> },
        Changed { after: Text<Timestamp>, by: Text<Timestamp> },
        FirstSeen { at: Text<Timestamp> },
        Told { at: Text<Timestamp> },
        KnownBefore { earliest: Option<Text<Timestamp>>, latest: Text<Timestamp>, seen: Text<Timestamp> },
        RuntimeCreated { at: Text<Timestamp> },
        LogSilent { since: Text<Timestamp>, until: Text<Timestamp> },
        LogEvents { known: Option<Text<Timestamp>>, newest: Text<Timestamp>, until: Text<Timestamp> },
        Declared { at: Text<Timestamp> },
    }
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
        Rotated { slot: Text<Slot>, at: Option<Text<Timestamp>>, by: Option<String>, by_afresh: bool },
        Returned { slot: Text<Slot>, from: Text<ResourceId>, was: Text<Slot> },
    }
}

mirror! {
    /// An age as far as it is known.
    struct AgeRange { at_least: Text<Span>, at_most: Option<Text<Span>> }
}

mirror! {
    /// What a job's verdict rests on.
    struct JobFacts {
        require: Requirement,
        accept: Vec<Text<RunResult>>,
        name: Option<String>,
        rule: String,
        asks: String,
        last_success: Option<Success>,
        success_result: Option<Text<RunResult>>,
        untold: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        tasks_untold: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        uncompared: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dismissed: Vec<Dismissed>,
        failures: Vec<Failure>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        undated_failures: Vec<UndatedFailure>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<Success>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        undated: Vec<Run>,
        active: Vec<Run>,
        history_since: Option<Text<Timestamp>>,
        continuous: Option<Continuous>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        firing: Option<Firing>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unsuited: Option<String>,
    }
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
            #[serde(default, skip_serializing_if = "Option::is_none")] start_after: Option<Text<Span>>,
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
        digest: String,
        accept: Vec<Text<RunResult>>,
        runs: Vec<Run>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failures: Vec<Failure>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        former: Vec<FormerRun>,
    }
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
        #[serde(default, skip_serializing_if = "Option::is_none")]
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

/// One instant or none for each key.
type Told = PerSlot<Option<Text<Timestamp>>>;

impl Told {
    const fn is_empty(&self) -> bool {
        self.one.is_none() && self.two.is_none()
    }
}

/// One of something for each key: `authKey1` is the first, at a storage account `key1`.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::saved) struct PerSlot<S> {
    #[serde(rename = "authKey1")]
    one: S,
    #[serde(rename = "authKey2")]
    two: S,
}

impl<M, S: Mirror<M>> Mirror<words::PerSlot<M>> for PerSlot<S> {
    fn of(model: &words::PerSlot<M>) -> Self {
        Self {
            one: S::of(&model.one),
            two: S::of(&model.two),
        }
    }
    fn back(self) -> words::PerSlot<M> {
        words::PerSlot {
            one: self.one.back(),
            two: self.two.back(),
        }
    }
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
        Self { run, at: Text(at) }
    }
    fn back(self) -> (RunId, Timestamp) {
        (self.run, self.at.0)
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
            run: *run,
            at: Text(*at),
            result: Text(result.clone()),
        }
    }
    fn back(self) -> (RunId, Timestamp, RunResult) {
        (self.run, self.at.0, self.result.0)
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
            run: *run,
            result: Text(result.clone()),
        }
    }
    fn back(self) -> (RunId, RunResult) {
        (self.run, self.result.0)
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
