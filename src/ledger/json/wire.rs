//! The shape of a line: names and text for other programs, apart from the words that the rest of afresh uses.

mod convert;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::read_error::ReadError;
use crate::ledger::event::Event;
use crate::model::time::Timestamp;

/// The version that is written. Unknown fields do not raise it; a field that an old reader must not overlook does.
const VERSION: u32 = 1;

/// One line of an afresh ledger. Readers ignore fields that they do not know, and refuse versions and events that they do not know.
// It is only written so: serde would read it into values first, to look for the tag among them, and then into this.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "afresh ledger event")]
pub(super) struct Line {
    /// Version of this format.
    v: u32,
    #[serde(flatten)]
    event: EventLine,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What a line must say before the rest of it means anything.
#[derive(Deserialize)]
struct Head<'a> {
    v: u32,
    #[serde(borrow)]
    event: Cow<'a, str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "camelCase")]
enum EventLine {
    /// The ledger was begun.
    Opened(OpenedLine),
    /// A runtime was looked at.
    Looked(LookedLine<'static>),
    /// The Activity Log of a resource group was read to its last page.
    LogRead(LogReadLine),
    /// A successful run was seen.
    RunSeen(SeenLine<'static>),
    /// A run was seen to have failed.
    RunFailed(FailedLine<'static>),
    /// An action comes next.
    Intended(IntendedLine<'static>),
    /// What became of an intent.
    Settled(SettledLine),
    /// A person said when a key was made.
    Declared(DeclaredLine<'static>),
    /// A person said that a one-time run whose end was never seen has succeeded.
    Confirmed(ConfirmedLine<'static>),
    /// A person said that a key is where it goes.
    HandOffConfirmed(HandOffLine<'static>),
    /// The nodes of a runtime were looked at, before or after a key was regenerated.
    NodesLooked(NodesLine<'static>),
    /// A person had the failed attempts on a subject forgotten: they are counted anew.
    AttemptsForgotten(AttemptsLine<'static>),
    /// Everything about a subject is forgotten.
    Forgotten(ForgottenLine<'static>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct OpenedLine {
    /// The ledger's name for good.
    lineage: String,
    at: Instant,
    /// The afresh that began it.
    tool: String,
    /// How often it was compacted since.
    #[serde(default, skip_serializing_if = "is_zero")]
    compactions: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LogReadLine {
    /// The subscription, in lower case.
    subscription: String,
    /// The resource group, in lower case.
    resource_group: String,
    /// The first instant that was read.
    since: Instant,
    /// When it was read: what happened in the 20 minutes before may be missing.
    until: Instant,
    /// Regenerations in that time which no line before has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    regenerations: Vec<RegenerationLine>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct IntendedLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    /// The intent's number.
    intent: String,
    /// The apply that means it.
    apply: String,
    /// Whose apply that is: user, machine, process, pipeline run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(rename = "move")]
    action: ActionLine,
    /// SHA-256 of the rule of a job that it is an attempt for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// When both keys were seen to be those that a regenerate names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Instant>,
    at: Instant,
    /// Until when its request may be under way.
    act_by: Instant,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct SettledLine {
    intent: String,
    how: EndingLine,
    at: Instant,
    /// How it is known that it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    because: Option<BecauseLine>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct DeclaredLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    slot: SlotLine,
    born: Instant,
    at: Instant,
    /// Who said it.
    by: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FailedLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    run: i64,
    /// When it ended, if the service told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Instant>,
    /// The service's word.
    #[serde(borrow)]
    result: Cow<'a, str>,
    /// SHA-256 of the rule that it was an attempt for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LookedLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    /// The service's time.
    at: Instant,
    /// When the runtime was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Instant>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    keys: Option<KeysLine<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_creation_time: Option<TimesLine>,
}

/// When a storage account says that it made its keys.
#[derive(Serialize, Deserialize, JsonSchema)]
struct TimesLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key1: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key2: Option<Instant>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct SeenLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    /// The job's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    run: i64,
    ended: Instant,
    /// The service's word.
    #[serde(borrow)]
    result: Cow<'a, str>,
    /// SHA-256 of a one-time run's content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// SHA-256 of what the rule asks of a job's run, which this one was an answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asks: Option<String>,
}

/// A regeneration that an Activity Log tells of.
#[derive(Serialize, Deserialize, JsonSchema)]
struct RegenerationLine {
    /// The runtime's resource id.
    runtime: String,
    at: Instant,
    /// Which key, if the id of the request tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<SlotLine>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct ConfirmedLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    /// SHA-256 of the content.
    digest: String,
    run: i64,
    at: Instant,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct HandOffLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    to: DestinationLine,
    slot: SlotLine,
    /// The key's.
    fingerprint: String,
    at: Instant,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Where a key goes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum DestinationLine {
    /// A secret in a Key Vault.
    KeyVault { vault: String, secret: String },
    /// A program and its arguments.
    Command(Vec<String>),
    /// What a person has to do.
    Confirm(String),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NodesLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    /// Which key was to be regenerated.
    slot: SlotLine,
    /// When they were looked at before it.
    at: Instant,
    /// Those that were online then.
    online: Vec<String>,
    /// How many there were.
    all: u32,
    /// What became of them; absent: not looked at yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<NodesAfterLine>,
}

/// What became of nodes that were online before a key was regenerated.
#[derive(Serialize, Deserialize, JsonSchema)]
struct NodesAfterLine {
    /// When the key was regenerated.
    rotated: Instant,
    /// When they were looked at after it.
    at: Instant,
    /// How many are online and have connected since.
    reported: u32,
    /// Those that are not online any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct AttemptsLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    at: Instant,
    by: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct ForgottenLine<'a> {
    /// What it is: `runtime:ARM-ID`, `job:HOST/ID`, `submit:HOST/RULE`.
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// What people called it: `CONNECTION/NAME`.
    #[serde(borrow)]
    address: Cow<'a, str>,
    at: Instant,
    /// Of a one-time submit: how often each content has been forgotten by then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    generations: BTreeMap<String, u32>,
}

/// Fingerprints: SHA-256 of each key, lower-case hex. The first key of a storage account, `key1`, is `authKey1` here, and `key2` is `authKey2`.
#[derive(Serialize, Deserialize, JsonSchema)]
struct KeysLine<'a> {
    #[serde(borrow, rename = "authKey1")]
    one: Cow<'a, str>,
    #[serde(borrow, rename = "authKey2")]
    two: Cow<'a, str>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum SlotLine {
    #[serde(rename = "authKey1")]
    One,
    #[serde(rename = "authKey2")]
    Two,
}

/// What a job parameter is given: a text, or the environment variable that apply reads it from.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
enum ParameterLine {
    Text(String),
    Variable { env: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "camelCase")]
enum ActionLine {
    /// A key is regenerated.
    Regenerate {
        slot: SlotLine,
        /// The fingerprint it has before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replacing: Option<String>,
        /// The other key's fingerprint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<String>,
    },
    /// A key is handed over.
    HandOver {
        to: DestinationLine,
        slot: SlotLine,
        /// The key's fingerprint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A run of a job is started.
    Start {
        /// The idempotency token.
        token: String,
        /// The newest run before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<i64>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        parameters: BTreeMap<String, ParameterLine>,
        company: CompanyLine,
    },
    /// A one-time run is submitted.
    Submit {
        /// The idempotency token.
        token: String,
        /// SHA-256 of its content.
        digest: String,
    },
    /// A run is cancelled.
    Cancel { run: i64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum CompanyLine {
    Alone,
    Any,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum EndingLine {
    /// It happened; this is what it left behind.
    Done(ReceiptLine),
    /// It did not, and will not any more.
    NotDone,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum BecauseLine {
    /// Its request was never sent, or what it was to change was looked at afterwards and had not changed.
    Proved,
    /// A person said so.
    Said { by: String },
    /// The service refused it.
    Refused {
        why: String,
        /// A right or a sign-in is missing.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        access: bool,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum ReceiptLine {
    Regenerated {
        slot: SlotLine,
        /// The new key's.
        fingerprint: String,
        /// The service's time before the request.
        sent: Instant,
        /// The service's time of its answer.
        answered: Instant,
    },
    HandedOver {
        to: DestinationLine,
        slot: SlotLine,
        /// The key's.
        fingerprint: String,
        /// The service's time of its answer, or when the program ended.
        answered: Instant,
    },
    Started {
        run: i64,
        answered: Instant,
    },
    Cancelled {
        run: i64,
        answered: Instant,
    },
}

/// RFC 3339, UTC.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Instant(Timestamp);

impl JsonSchema for Instant {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339, UTC."})
    }
}

/// How afresh begins every line, up to the name of its event.
const BEGINNING: &[u8] = br#"{"v":1,"event":""#;

/// What a line says of itself, to be looked for.
static KEYS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new(br#""v""#), Finder::new(br#""event""#)]);

/// Why a text holds no event.
enum Wrong {
    /// It has not the shape of one.
    Shape(serde_json::Error),
    /// A value is none that the model knows.
    Value(String),
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Self::Shape(error)
    }
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Value(why)
    }
}

/// Reads one whole line; `number` is for the error.
pub(super) fn read_line(text: &[u8], number: usize) -> Result<Event, ReadError> {
    let damaged = |why: String| ReadError::Damaged { line: number, why };
    let newer = |what: String| ReadError::Newer { line: number, what };
    let told = |wrong: Wrong| match wrong {
        Wrong::Shape(error) => {
            let why = error.to_string();
            // A later afresh may know more kinds of actions, receipts and results than this one.
            if why.starts_with("unknown variant") {
                newer(why)
            } else {
                damaged(why)
            }
        }
        Wrong::Value(why) => damaged(why),
    };
    if let Some(read) = plain_name(text).and_then(|name| read_event(name, text)) {
        return read.map_err(told);
    }
    let head: Head<'_> =
        serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
    if head.v > VERSION {
        return Err(newer(format!("version {}", head.v)));
    }
    match read_event(&head.event, text) {
        Some(read) => read.map_err(told),
        None => Err(newer(format!("event `{}`", head.event))),
    }
}

/// The name of the event of a line that begins as afresh writes it and says its version and event once: a line that was edited, or that
/// another program wrote, has to be looked through for them.
fn plain_name(text: &[u8]) -> Option<&str> {
    let rest = text.strip_prefix(BEGINNING)?;
    let (name, rest) = rest.split_at(memchr::memchr(b'"', rest)?);
    // A key may be spelled with escapes.
    if memchr::memchr(b'\\', rest).is_some() || KEYS.iter().any(|key| key.find(rest).is_some()) {
        return None;
    }
    std::str::from_utf8(name).ok()
}

/// Reads a line whose event has this name; `None`: this version knows no such event.
fn read_event(name: &str, text: &[u8]) -> Option<Result<Event, Wrong>> {
    fn read<'a, L: Deserialize<'a>>(
        text: &'a [u8],
        event: impl FnOnce(L) -> Result<Event, String>,
    ) -> Result<Event, Wrong> {
        // Looked through for what is no UTF-8 once, and not at each text in it.
        let line = match std::str::from_utf8(text) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(text),
        };
        Ok(event(line?)?)
    }
    Some(match name {
        "opened" => read(text, |line: OpenedLine| Ok(line.event())),
        "looked" => read(text, LookedLine::event),
        "logRead" => read(text, |line: LogReadLine| Ok(line.event())),
        "runSeen" => read(text, SeenLine::event),
        "runFailed" => read(text, FailedLine::event),
        "attemptsForgotten" => read(text, AttemptsLine::event),
        "intended" => read(text, IntendedLine::event),
        "settled" => read(text, SettledLine::event),
        "declared" => read(text, DeclaredLine::event),
        "confirmed" => read(text, |line: ConfirmedLine<'_>| {
            line.confirmation().map(Event::Confirmed)
        }),
        "handOffConfirmed" => read(text, |line: HandOffLine<'_>| {
            line.confirmation().map(Event::HandOffConfirmed)
        }),
        "nodesLooked" => read(text, |line: NodesLine<'_>| {
            line.looked().map(Event::NodesLooked)
        }),
        "forgotten" => read(text, ForgottenLine::event),
        _ => return None,
    })
}
