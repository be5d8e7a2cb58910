//! Verdicts with their actions and reasons, as the file spells them.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::evidence::AgeRange;
use super::hand_off::{Destination, HandOffGap, HandOffStop};
use super::nodes::{NodesRequired, NodesUnfit};
use super::text::Text;
use super::trouble::Trouble;
use super::words::{self, Address, Fingerprint, NonEmpty, Slot, Span, Timestamp, Token};
use crate::saved::mirror::{Absent, Mirror, mirror};

mirror! {
    /// What is to become of a subject.
    enum Verdict {
        Keep(why: Keep),
        Act { #[serde(rename = "moves")] actions: OneOrMore<Action>, because: Cause },
        Hold { why: Hold, until: Option<Text<Timestamp>> },
    }
}

mirror! {
    /// Whether what a rule promises of a subject holds.
    enum Promise {
        Kept,
        Broken { since: Option<Text<Timestamp>>, part: BrokenPart },
        Unproven,
        Unknown,
    }
}

mirror! {
    /// Which part of a subject breaks its promise.
    enum BrokenPart { Whole, Key(slot: Text<Slot>), BothKeys, EitherKey }
}

mirror! {
    /// Why only a person can end this.
    enum Attention {
        Access,
        Rule,
        NotFound,
        GivenUp,
        ForeignRotation,
        LostRun,
        UndatedSuccess,
        Settings,
        Policy,
        Unattributed,
        HandOff,
        Nodes,
        Blocked { run: i64 },
    }
}

mirror! {
    /// One effect, with what it presumes.
    enum Action {
        Regenerate { slot: Text<Slot>, replacing: Presumed, beside: Presumed },
        HandOver { to: Destination, slot: Text<Slot>, key: Presumed },
        Start {
            token: Text<Token>,
            after: Option<i64>,
            #[serde(default)] parameters: BTreeMap<String, ParameterValue>,
            company: Company,
        },
        Submit { token: Text<Token>, digest: String },
        Cancel { run: i64 },
    }
}

/// What a job parameter is given: a text, or the environment variable that apply reads it from.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(in crate::saved) enum ParameterValue {
    Text(String),
    Variable { env: String },
}

impl Mirror<words::ParameterValue> for ParameterValue {
    fn of(model: &words::ParameterValue) -> Self {
        match model {
            words::ParameterValue::Text(text) => Self::Text(text.clone()),
            words::ParameterValue::Variable(env) => Self::Variable { env: env.clone() },
        }
    }
    fn back(self) -> words::ParameterValue {
        match self {
            Self::Text(text) => words::ParameterValue::Text(text),
            Self::Variable { env } => words::ParameterValue::Variable(env),
        }
    }
}

mirror! {
    /// A key as far as the planner was allowed to see it.
    enum Presumed {
        Key(fingerprint: Text<Fingerprint>),
        Unseen,
        Made(at: Text<Timestamp>),
    }
}

mirror! {
    /// Whether other runs may be active when a run is started.
    enum Company { Alone, Any }
}

mirror! {
    /// Why a subject is as promised.
    enum Keep {
        Young,
        Fresh { age: Text<Span>, #[serde(default)] warn: bool },
        Running { run: i64 },
        Idle,
        SucceededOnce { run: i64 },
    }
}

mirror! {
    /// Why a key does not wait for its window, or goes before its ordinary time.
    enum Haste {
        Window { opens: Option<String> },
        Twin { opens: String },
        Freeze { until: Text<Timestamp> },
        Overlap,
    }
}

mirror! {
    /// Why something is to be done.
    enum Cause {
        KeyDue {
            slot: Text<Slot>,
            age: AgeRange,
            limit: Text<Span>,
            #[serde(default)]
            outside_window: bool,
            haste: Option<Haste>,
        },
        HandOffDue { slot: Text<Slot>, gaps: OneOrMore<HandOffGap> },
        MadeBefore {
            slot: Text<Slot>,
            born_after: Text<Timestamp>,
            #[serde(default)]
            proved: bool,
            #[serde(default)]
            ignores_windows: bool,
            follows: Option<Text<Span>>,
        },
        Stale { age: Option<Text<Span>>, limit: Text<Span>, failures: u32 },
        Ageing { age: Text<Span>, start_after: Text<Span>, limit: Text<Span>, failures: u32 },
        NotRunning,
        MustNotRun,
        StartsAgain { next: Option<Text<Timestamp>> },
        QueuedTooLong { run: i64, queued: Text<Span>, limit: Text<Span> },
        TooLong { run: i64, ran: Text<Span>, limit: Text<Span> },
        NotSucceededYet { failures: u32 },
    }
}

mirror! {
    /// Why something wanted waits.
    enum Hold {
        Trouble(trouble: Trouble),
        Busy {
            #[serde(rename = "move")] action: Action,
            since: Text<Timestamp>,
            by: Option<String>,
        },
        Doubt { #[serde(rename = "move")] action: Action, since: Text<Timestamp> },
        ForeignRotation { slot: Text<Slot> },
        AgeUnknown { slot: Text<Slot>, age: AgeRange },
        EitherKeyDue { limit: Text<Span> },
        EitherKeyTooOld { limit: Text<Span> },
        Window { slot: Text<Slot>, opens: String, #[serde(default)] breaks_limit: bool },
        Starved { slot: Text<Slot>, opens: Option<String> },
        Overlap { slot: Text<Slot>, overlap: Text<Span> },
        HandOff { slot: Text<Slot>, to: Destination, why: HandOffStop },
        Nodes { slot: Text<Slot>, require: NodesRequired, why: NodesUnfit },
        NodesLost { of: Text<Address>, names: Vec<String>, max: u32 },
        Freeze { reason: String },
        Suspended { reason: String },
        NoKeys { why: String },
        Deferred { guardrail: String },
        ActiveRun { run: i64 },
        LostRun { run: i64, since: Text<Timestamp> },
        UndatedSuccess { run: i64 },
        QueuedRun { run: i64, queued: Option<Text<Span>> },
        BackOff { failures: u32 },
        GaveUp { failures: u32 },
        PauseFirst,
        UnpauseFirst,
        RestartsItself,
        RunsForbidden,
    }
}

mirror! {
    /// What is found out about an intent that had no end.
    struct Settlement { intent: String, #[serde(rename = "move")] action: Action, settled: Settled }
}

mirror! {
    /// What became of an intent.
    enum Settled {
        Done(receipt: Receipt),
        NotDone,
        Repeat,
    }
}

mirror! {
    /// What an effect left behind.
    enum Receipt {
        Regenerated { slot: Text<Slot>, fingerprint: Text<Fingerprint>, sent: Text<Timestamp>, answered: Text<Timestamp> },
        HandedOver { to: Destination, slot: Text<Slot>, fingerprint: Text<Fingerprint>, answered: Text<Timestamp> },
        Started { run: i64, answered: Text<Timestamp> },
        Cancelled { run: i64, answered: Text<Timestamp> },
    }
}

/// A list that is never empty.
pub(in crate::saved) struct OneOrMore<S>(NonEmpty<S>);

impl<S: Serialize> Serialize for OneOrMore<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for OneOrMore<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NonEmpty::from_vec(Vec::deserialize(deserializer)?)
            .map(Self)
            .ok_or_else(|| D::Error::custom("an act has at least one move"))
    }
}

impl<S: JsonSchema> JsonSchema for OneOrMore<S> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("OneOrMore_{}", S::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "minItems": 1, "items": generator.subschema_for::<S>()})
    }
}

impl<S> Absent for OneOrMore<S> {}

impl<M, S: Mirror<M>> Mirror<NonEmpty<M>> for OneOrMore<S> {
    fn of(model: &NonEmpty<M>) -> Self {
        Self(NonEmpty {
            first: S::of(&model.first),
            rest: Mirror::of(&model.rest),
        })
    }
    fn back(self) -> NonEmpty<M> {
        NonEmpty {
            first: self.0.first.back(),
            rest: self.0.rest.back(),
        }
    }
}
