//! Test support: cases that are in order until a test changes them, and surveys drawn from bytes.

use std::collections::BTreeMap;

use crate::model::address::{Address, Name, ResourceId};
use crate::model::birth::Evidence;
use crate::model::desired::{Guardrails, LedgerPlace, OnExceed, Place, Project};
use crate::model::hand_off::{
    Delivered, DestinationCase, DestinationSight, HandOff, Serves, new_version, proved,
};
use crate::model::job::{
    ActivePhase, Concurrency, Continuous, Counting, FormerRun, Inputs, JobId, JobMemory, JobSight,
    JobSpec, KnownFailure, OwnStart, Parameter, Phase, Requirement, Retry, Run, RunId, RunResult,
    SubmissionMemory, SubmissionSight, SubmissionSpec, TasksRun, Token, Trigger,
};
use crate::model::memory::Doubt;
use crate::model::nodes::{
    Node, NodeLook, NodeRecord, NodeRule, NodesBefore, NodesRequired, NodesShown, NodesSight,
};
use crate::model::runtime::{
    Declaration, Fingerprint, KeySight, LogSight, OnStarvation, OwnKeys, PerSlot, Regeneration,
    Rotation, RuntimeMemory, RuntimeSight, RuntimeSpec, Slot, SlotMemory, UnknownAge,
};
use crate::model::survey::{
    Case, JobCase, JobTarget, Looked, RuntimeCase, RuntimeTarget, Subject, SubmissionCase,
    SubmissionTarget, Survey,
};
use crate::model::suspension::Suspension;
use crate::model::time::{Freeze, Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::{DeletedSecret, SecretSight, SecretVersion, SecretVersions, VaultName};
use crate::model::verdict::{Action, Company, Plan, Presumed, Step};
use crate::model::window::Window;

/// Every test decides for this time unless it says otherwise: 1000 days into 1970's epoch, a Wednesday at midnight UTC.
pub fn now() -> Timestamp {
    Span::days(1000).after(Timestamp::UNIX_EPOCH)
}

pub fn ago(span: &str) -> Timestamp {
    span.parse::<Span>().unwrap().before(now())
}

pub fn ahead(span: &str) -> Timestamp {
    span.parse::<Span>().unwrap().after(now())
}

pub fn key(letter: char) -> Fingerprint {
    Fingerprint::parse(&letter.to_string().repeat(64)).unwrap()
}

pub fn keys(one: char, two: char) -> KeySight {
    KeySight::Shown(PerSlot {
        one: key(one),
        two: key(two),
    })
}

pub fn trouble() -> Trouble {
    Trouble {
        kind: TroubleKind::Unreachable,
        doing: "look".to_owned(),
        message: "no answer".to_owned(),
        ids: Box::default(),
    }
}

pub fn rotated(at: Timestamp) -> Evidence {
    Evidence::Rotated {
        sent: at,
        answered: at,
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn place() -> Place {
    Place {
        file: "afresh.yaml".to_owned(),
        line: 1,
        column: 1,
    }
}

pub fn project() -> Project {
    Project {
        name: name("test"),
        ledger: LedgerPlace::File("ledger.jsonl".into()),
        guardrails: Guardrails::default(),
        freezes: Vec::new(),
    }
}

pub fn freeze(from: Timestamp, to: Timestamp) -> Freeze {
    Freeze {
        from,
        to,
        reason: "year-end close".to_owned(),
        firm: false,
    }
}

/// With a leak of that long ago.
pub fn leaked(mut case: RuntimeCase, at: &str) -> RuntimeCase {
    case.spec.born_after = Some(ago(at));
    case
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where a case has an option"
)]
pub fn suspended(until: Option<Timestamp>) -> Option<Suspension> {
    Some(Suspension {
        reason: "the gateway is being moved".to_owned(),
        until,
    })
}

/// Remembered and seen: keys `a` and `b`, rotated by afresh 40 and 20 days ago; 90d, 14d before, overlap 24h, adopt.
pub fn runtime() -> RuntimeCase {
    runtime_named("gateway")
}

pub fn runtime_named(runtime: &str) -> RuntimeCase {
    let memory = |letter: char, born: &str| SlotMemory {
        fingerprint: Some(key(letter)),
        last_seen: Some(ago("1d")),
        evidence: Some(rotated(ago(born))),
        former: Vec::new(),
        declared: None,
    };
    Case {
        address: Address::new(name("ingest"), runtime),
        rule: name("gateways"),
        place: place(),
        target: RuntimeTarget {
            connection: name("ingest"),
            id: ResourceId::new(format!(
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/adf/integrationRuntimes/{runtime}"
            )),
        },
        spec: RuntimeSpec {
            nodes: NodeRule::default(),
            age_max: Span::days(90),
            rotate_before: Span::days(14),
            overlap: Span::hours(24),
            unknown_age: UnknownAge::Adopt,
            windows: Vec::new(),
            on_starvation: OnStarvation::Wait,
            jitter: Span::ZERO,
            hand_offs: Vec::new(),
            serves: Serves::default(),
            born_after: None,
            ignore_windows: false,
        },
        suspend: None,
        sight: Looked::Seen(RuntimeSight {
            nodes: NodesSight::NotAsked,
            at: now(),
            kind: OwnKeys::Yes,
            told: PerSlot::default(),
            told_ahead: PerSlot::default(),
            created: None,
            status_refused: None,
            keys: keys('a', 'b'),
            log: LogSight::NotAsked,
        }),
        memory: RuntimeMemory {
            slots: PerSlot {
                one: memory('a', "40d"),
                two: memory('b', "20d"),
            },
            ..RuntimeMemory::default()
        },
        destinations: Vec::new(),
        doubts: Vec::new(),
        refused: None,
    }
}

/// The same with authKey1 made `one` ago and authKey2 `two` ago.
pub fn runtime_aged(one: &str, two: &str) -> RuntimeCase {
    let mut case = runtime();
    case.memory.slots.one.evidence = Some(rotated(ago(one)));
    case.memory.slots.two.evidence = Some(rotated(ago(two)));
    case
}

/// A storage account that the ledger does not know, whose keys were not listed: made so long ago, as Azure tells.
pub fn account(one: &str, two: &str) -> RuntimeCase {
    let mut case = runtime();
    case.target.id = ResourceId::new(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/lake",
    );
    case.memory = RuntimeMemory::default();
    let seen = sight(&mut case);
    seen.keys = KeySight::NotAsked;
    seen.told = PerSlot {
        one: Some(ago(one)),
        two: Some(ago(two)),
    };
    case
}

pub fn sight<T, S, L, M>(case: &mut Case<T, S, L, M>) -> &mut L {
    match &mut case.sight {
        Looked::Seen(sight) => sight,
        _ => panic!("this case was not looked at"),
    }
}

pub fn regenerate(slot: Slot, replacing: char, beside: char) -> Action {
    Action::Regenerate {
        slot,
        replacing: Presumed::Key(key(replacing)),
        beside: Presumed::Key(key(beside)),
    }
}

/// An intent of `age` ago that may be under way for two minutes.
pub fn doubt(action: Action, age: &str) -> Doubt {
    Doubt {
        intent: format!("intent-{age}"),
        apply: "apply".to_owned(),
        by: Some("alice on build-7, process 4711".to_owned()),
        action,
        rule: None,
        at: ago(age),
        since: ago(age),
        act_by: Span::seconds(120).after(ago(age)),
    }
}

pub fn run(id: i64, phase: Phase, started: &str) -> Run {
    Run {
        id: RunId(id),
        phase,
        started: Some(ago(started)),
        queued_since: None,
        inputs: Inputs::default(),
        url: None,
        message: None,
    }
}

pub fn ended(id: i64, end: &str, result: RunResult) -> Run {
    let started = Span::seconds(600).before(ago(end));
    Run {
        started: Some(started),
        ..run(
            id,
            Phase::Ended {
                at: Some(ago(end)),
                result,
            },
            end,
        )
    }
}

/// One that ended on a server that tells no times.
pub fn untold(id: i64, result: RunResult) -> Run {
    Run {
        id: RunId(id),
        phase: Phase::Ended { at: None, result },
        started: None,
        queued_since: None,
        inputs: Inputs::default(),
        url: None,
        message: None,
    }
}

/// The same with one job parameter: its default, and what it was set to.
pub fn with_parameter(run: Run, name: &str, default: &str, value: &str) -> Run {
    let parameter = Parameter {
        name: name.to_owned(),
        default: Some(default.to_owned()),
        value: Some(value.to_owned()),
    };
    let inputs = Inputs {
        parameters: Some(vec![parameter]),
        ..run.inputs
    };
    Run { inputs, ..run }
}

/// One that waits in a queue.
pub fn queued(id: i64, since: &str) -> Run {
    Run {
        started: None,
        queued_since: Some(ago(since)),
        ..run(id, Phase::Active(ActivePhase::Queued), since)
    }
}

/// A start by afresh without parameters, under the rule of [`job`].
pub fn own_start(run: RunId, ago_: &str) -> OwnStart {
    OwnStart {
        run,
        at: ago(ago_),
        parameters: BTreeMap::new(),
        rule: Some("rule-1".to_owned()),
    }
}

/// A failure that the ledger knows, under the rule of [`job`].
pub fn known_failure(run: RunId, end: &str) -> KnownFailure {
    KnownFailure {
        run,
        ended: Some(ago(end)),
        result: RunResult::Failed,
        rule: Some("rule-1".to_owned()),
    }
}

pub fn active(id: i64, started: &str) -> Run {
    run(id, Phase::Active(ActivePhase::Running), started)
}

pub fn retry() -> Retry {
    Retry {
        backoff: Span::seconds(900),
        backoff_max: Span::hours(6),
        attempts_max: 5,
    }
}

/// A job that should succeed within 24h (20h warns) and did 2 hours ago with run 1.
pub fn job() -> JobCase {
    job_named("nightly", 7)
}

pub fn job_named(job: &str, id: i64) -> JobCase {
    Case {
        address: Address::new(name("analytics"), job),
        rule: name("sales"),
        place: place(),
        target: JobTarget {
            workspace: name("analytics"),
            host: "adb-1.7.azuredatabricks.net".to_owned(),
            job: JobId(id),
        },
        spec: JobSpec {
            require: Requirement::Succeeded {
                start_after: None,
                warn_after: Some(Span::hours(20)),
                error_after: Span::hours(24),
            },
            duration_max: None,
            queue_max: None,
            concurrency: Concurrency::Forbid,
            accept: vec![RunResult::Success],
            counts: Counting::SameParameters,
            retry: retry(),
            parameters: BTreeMap::new(),
            wait_max: None,
            digest: "rule-1".to_owned(),
            asks: "asks-1".to_owned(),
        },
        suspend: None,
        sight: Looked::Seen(JobSight {
            at: now(),
            job: JobId(id),
            name: job.to_owned(),
            continuous: Continuous::No,
            runs_max: 1,
            trigger: Trigger::None,
            parameters: BTreeMap::new(),
            active: Vec::new(),
            ended: vec![ended(1, "2h", RunResult::Success)],
            history_since: ago("7d"),
        }),
        memory: JobMemory::default(),
        destinations: Vec::new(),
        doubts: Vec::new(),
        refused: None,
    }
}

/// The same, last succeeded 31h ago.
pub fn stale_job() -> JobCase {
    let mut case = job();
    sight(&mut case).ended = vec![ended(1, "31h", RunResult::Success)];
    case
}

pub fn start(token: &str, after: Option<RunId>) -> Action {
    Action::Start {
        token: Token::parse(token).unwrap(),
        after,
        parameters: BTreeMap::new(),
        company: Company::Alone,
    }
}

/// A one-time run that was never submitted.
pub fn submission() -> SubmissionCase {
    Case {
        address: Address::new(name("analytics"), "backfill"),
        rule: name("backfill"),
        place: place(),
        target: SubmissionTarget {
            workspace: name("analytics"),
            host: "adb-1.7.azuredatabricks.net".to_owned(),
            rule: name("backfill"),
            body: "{}".to_owned(),
        },
        spec: SubmissionSpec {
            body: "{}".to_owned(),
            digest: "d1".to_owned(),
            accept: vec![RunResult::Success],
            concurrency: Concurrency::Forbid,
            retry: retry(),
            wait_max: None,
        },
        suspend: None,
        sight: Looked::Seen(SubmissionSight {
            at: now(),
            runs: Vec::new(),
            former: Vec::new(),
        }),
        memory: SubmissionMemory::default(),
        destinations: Vec::new(),
        doubts: Vec::new(),
        refused: None,
    }
}

pub fn submit(token: &str, digest: &str) -> Action {
    Action::Submit {
        token: Token::parse(token).unwrap(),
        digest: digest.to_owned(),
    }
}

/// Nodes in these states, that registered ten days ago.
pub fn nodes(states: &[&str]) -> NodesShown {
    let node = |(number, state): (usize, &&str)| Node {
        name: format!("vm-{number}"),
        status: (*state).to_owned(),
        version: None,
        registered: Some(ago("10d")),
        connected: Some(ago("1m")),
        expires: None,
    };
    NodesShown {
        at: now(),
        nodes: states.iter().enumerate().map(node).collect(),
        links: Vec::new(),
    }
}

pub fn survey(cases: impl IntoIterator<Item = Subject>) -> Survey {
    Survey {
        cases: cases.into_iter().collect(),
        ..Survey::default()
    }
}

/// The plan for one subject; the audit must find nothing.
pub fn plan_at(subject: Subject, project: &Project, at: Timestamp) -> Plan {
    let survey = survey([subject]);
    let plan = super::decide(&survey, project, at);
    assert_eq!(super::audit(&survey, project, &plan), []);
    plan
}

pub fn decide_at(subject: Subject, at: Timestamp) -> Step {
    plan_at(subject, &project(), at).steps.remove(0)
}

pub fn decide(subject: Subject) -> Step {
    decide_at(subject, now())
}

/// Choices drawn from bytes: with none left, everything is the first choice.
pub struct Dice<'a>(pub &'a [u8]);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        first % sides
    }

    fn one_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == 1
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        let sides = u8::try_from(choices.len()).unwrap();
        choices[usize::from(self.roll(sides))].clone()
    }

    fn maybe<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(2) == 1).then(|| draw(self))
    }

    fn some<T>(&mut self, most: u8, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.roll(most + 1)).map(|_| draw(self)).collect()
    }

    /// Whole hours of the last 100 days: instants often meet.
    fn days(&mut self) -> Timestamp {
        let days = self.pick(&[0_u64, 1, 2, 20, 75, 76, 77, 89, 90, 91, 100]);
        Span::hours(days * 24 + u64::from(self.roll(3))).before(now())
    }

    fn recent(&mut self) -> Timestamp {
        let minutes = self.pick(&[0_u64, 1, 2, 4, 5, 15, 30, 60, 180, 1200, 1440, 1500, 3000]);
        Span::seconds(minutes * 60).before(now())
    }

    fn doubt(&mut self, action: Action, number: usize) -> Doubt {
        let at = self.recent();
        let length = self.pick(&[60_u64, 30, 3600]);
        Doubt {
            rule: None,
            intent: format!("intent-{number}"),
            apply: "apply".to_owned(),
            by: None,
            action,
            at,
            since: at,
            act_by: Span::seconds(length).after(at),
        }
    }

    fn declaration(&mut self) -> Declaration {
        let (a, b) = (self.days(), self.days());
        Declaration {
            born: a.min(b),
            said: a.max(b),
        }
    }

    fn evidence(&mut self) -> Option<Evidence> {
        let (a, b) = (self.days(), self.days());
        let (early, late) = (a.min(b), a.max(b));
        match self.roll(4) {
            0 => Some(rotated(early)),
            1 => Some(Evidence::Changed {
                after: early,
                by: late,
            }),
            2 => Some(Evidence::FirstSeen { at: late }),
            _ => None,
        }
    }

    fn slot_memory(&mut self, letter: char) -> SlotMemory {
        if self.one_in(4) {
            return SlotMemory {
                declared: self.maybe(Self::declaration),
                ..SlotMemory::default()
            };
        }
        let evidence = self.evidence();
        let latest = evidence.and_then(|piece| piece.bounds().1);
        SlotMemory {
            fingerprint: Some(key(letter)),
            former: Vec::new(),
            last_seen: Some(self.days().max(latest.unwrap_or(Timestamp::MIN))),
            declared: self.maybe(Self::declaration).filter(|_| evidence.is_none()),
            evidence,
        }
    }

    /// Mostly nothing: few services tell when they made a key.
    fn told(&mut self) -> PerSlot<Option<Timestamp>> {
        if !self.one_in(4) {
            return PerSlot::default();
        }
        PerSlot {
            one: self.maybe(Self::days),
            two: self.maybe(Self::days),
        }
    }

    fn log(&mut self) -> LogSight {
        match self.roll(3) {
            0 => LogSight::NotAsked,
            1 => LogSight::Refused(trouble()),
            _ => LogSight::Read {
                since: ago("90d"),
                until: now(),
                events: self.some(3, |dice| Regeneration {
                    at: dice.days(),
                    slot: dice.pick(&[None, Some(Slot::One), Some(Slot::Two)]),
                    by: None,
                }),
            },
        }
    }

    /// What the rule asks of nodes, what they were before the last rotation, and how they are.
    fn nodes(&mut self, case: &mut RuntimeCase) -> NodesSight {
        if !self.one_in(3) {
            return NodesSight::NotAsked;
        }
        case.spec.nodes.require = self.pick(&[
            NodesRequired::AllOnline,
            NodesRequired::AnyOnline,
            NodesRequired::Any,
        ]);
        case.spec.nodes.look = self.maybe(|dice| NodeLook {
            wait: Span::hours(1),
            unavailable_max: dice.pick(&[None, Some(0), Some(1)]),
        });
        let before = self.maybe(|dice| NodesBefore {
            at: dice.days(),
            online: vec!["vm-0".to_owned(), "vm-1".to_owned()],
            all: 2,
        });
        *case.memory.nodes.get_mut(Slot::One) = before.map(|before| NodeRecord {
            before,
            after: None,
        });
        match self.roll(4) {
            0 => NodesSight::Refused(trouble()),
            1 => NodesSight::NotAsked,
            _ => NodesSight::Shown(nodes(
                &self.some(2, |dice| dice.pick(&["Online", "Offline", "Limited"])),
            )),
        }
    }

    fn suspension(&mut self) -> Option<Suspension> {
        self.one_in(6).then(|| Suspension {
            reason: "moved to a new factory".to_owned(),
            until: self.pick(&[None, Some(ahead("3h")), Some(ago("1h")), Some(ahead("20d"))]),
        })
    }

    pub fn runtime(&mut self, number: u8) -> RuntimeCase {
        let mut case = runtime_named(&format!("gateway-{number}"));
        case.memory.slots = PerSlot {
            one: self.slot_memory('a'),
            two: self.slot_memory('b'),
        };
        case.memory.created = self.maybe(Self::days);
        case.memory.rotations = self.some(1, |dice| {
            let (slot, at) = (dice.pick(&Slot::BOTH), dice.days());
            Rotation {
                slot,
                sent: at,
                answered: at,
            }
        });
        case.spec.overlap = self.pick(&[Span::hours(24), Span::ZERO, Span::days(2)]);
        case.spec.unknown_age =
            self.pick(&[UnknownAge::Adopt, UnknownAge::Rotate, UnknownAge::Fail]);
        case.spec.on_starvation =
            self.pick(&[OnStarvation::Wait, OnStarvation::Rotate, OnStarvation::Fail]);
        case.spec.jitter = self.pick(&[Span::ZERO, Span::hours(6)]);
        if self.one_in(3) {
            let leaks = [ago("1d"), ago("30d"), ago("76d"), now(), ahead("1h")];
            case.spec.born_after = Some(self.pick(&leaks));
            case.spec.ignore_windows = self.one_in(2);
        }
        case.spec.windows = self.some(2, |dice| {
            let cron = dice.pick(&["0 2 * * 6", "0 0 * * *", "30 23 * * 2"]);
            Window::new(
                cron,
                "Europe/Paris",
                dice.pick(&[Span::hours(4), Span::hours(1)]),
            )
            .unwrap()
        });
        let kind = match self.roll(12) {
            1 => OwnKeys::Linked,
            2 => OwnKeys::Managed,
            _ => OwnKeys::Yes,
        };
        let shown = match self.roll(5) {
            0 | 1 => keys('a', 'b'),
            2 => keys('c', 'b'),
            3 => keys('a', 'd'),
            _ => KeySight::Refused(trouble()),
        };
        let (created, log) = (self.maybe(Self::days), self.log());
        case.sight = match self.roll(8) {
            1 => Looked::NotAsked,
            2 => Looked::Failed(trouble()),
            _ => Looked::Seen(RuntimeSight {
                nodes: self.nodes(&mut case),
                at: now(),
                kind,
                created,
                status_refused: None,
                keys: shown,
                told: self.told(),
                told_ahead: PerSlot::default(),
                log,
            }),
        };
        if self.one_in(4) {
            let slot = self.pick(&Slot::BOTH);
            let (replacing, beside) = match slot {
                Slot::One => ('a', 'b'),
                Slot::Two => ('b', 'a'),
            };
            case.doubts = vec![self.doubt(regenerate(slot, replacing, beside), 0)];
        }
        self.hand_offs(&mut case);
        case.suspend = self.suspension();
        case
    }

    /// Mostly none. What lies where a key goes may be right, another key's, somebody else's, gone, or not to be read.
    fn hand_offs(&mut self, case: &mut RuntimeCase) {
        if !self.one_in(3) {
            return;
        }
        case.spec.serves = self.pick(&[Serves::Newest, Serves::Newest, Serves::Key(Slot::Two)]);
        let entry = self.pick(&[
            HandOff::Vault {
                vault: VaultName::parse("kv-data").unwrap(),
                secret: "{runtime}".to_owned(),
                adopt: false,
            },
            HandOff::Vault {
                vault: VaultName::parse("kv-data").unwrap(),
                secret: "{runtime}-{slot}".to_owned(),
                adopt: true,
            },
            HandOff::Command {
                argv: vec!["deliver".to_owned()],
                timeout: Span::seconds(60),
            },
            HandOff::Person {
                what: "tell them".to_owned(),
            },
        ]);
        case.spec.hand_offs = vec![entry.clone()];
        let slots = if entry.is_of_each_key() {
            vec![Some(Slot::One), Some(Slot::Two)]
        } else {
            vec![None]
        };
        for only in slots {
            let to = entry.of(&case.address, &case.target.id, only.unwrap_or(Slot::One));
            let to = to.unwrap();
            if self.one_in(2) {
                let (slot, letter) =
                    self.pick(&[(Slot::One, 'a'), (Slot::Two, 'b'), (Slot::One, 'e')]);
                let delivered = Delivered::now(slot, &key(letter), self.days());
                case.memory.deliver(&to, delivered);
            }
            if self.one_in(5) {
                let handing = Action::HandOver {
                    to: to.clone(),
                    slot: only.unwrap_or(Slot::One),
                    key: Presumed::Key(key('a')),
                };
                case.doubts.push(self.doubt(handing, 7));
            }
            let sight = match &entry {
                HandOff::Vault { .. } => self.secret(&case.target.id),
                HandOff::Command { .. } => DestinationSight::Command {
                    allowed: self.roll(3) > 0,
                },
                HandOff::Person { .. } => DestinationSight::Person,
            };
            case.destinations.push(DestinationCase {
                to,
                hand_off: entry.clone(),
                only,
                sight,
            });
        }
    }

    fn secret(&mut self, resource: &ResourceId) -> DestinationSight {
        let versions = self.some(3, |dice| {
            let letter = dice.pick(&['a', 'b', 'c', 'd', 'e']);
            let version = new_version(resource, Slot::One, None);
            let version = proved(version, resource, &key(letter), (Span::days(90), None));
            SecretVersion {
                id: dice.roll(250).to_string(),
                enabled: dice.roll(5) > 0,
                created: dice.days(),
                updated: None,
                expires: dice.maybe(Self::days),
                not_before: None,
                content_type: None,
                tags: if dice.one_in(6) {
                    BTreeMap::new()
                } else {
                    version.tags
                },
            }
        });
        let sight = match (SecretVersions::new(versions), self.roll(7)) {
            (_, 5) => return DestinationSight::Failed(trouble()),
            (_, 6) => return DestinationSight::NotAsked,
            (_, 4) => SecretSight::Deleted(DeletedSecret::default()),
            (Some(versions), _) => SecretSight::Versions(versions),
            (None, 3) => SecretSight::AbsentOrDeleted(Box::new(trouble())),
            (None, _) => SecretSight::Absent,
        };
        DestinationSight::Secret(Box::new(sight))
    }

    fn result(&mut self) -> RunResult {
        self.pick(&[
            RunResult::Failed,
            RunResult::Success,
            RunResult::Canceled,
            RunResult::NeverRan("SKIPPED".to_owned()),
            RunResult::Unknown("ODD".to_owned()),
            RunResult::SuccessWithFailures,
        ])
    }

    fn inputs(&mut self) -> Inputs {
        let value = self.pick(&["today", "2019-01-01", "{{job.start_time}}"]);
        let parameters = [Parameter {
            name: "day".to_owned(),
            default: Some("today".to_owned()),
            value: Some(value.to_owned()),
        }];
        Inputs {
            parameters: self.one_in(3).then(|| parameters.to_vec()),
            tasks: match self.roll(9) {
                0 => TasksRun::Some("only task load".to_owned()),
                1 => TasksRun::Untold,
                _ => TasksRun::All,
            },
            overriding: Vec::new(),
        }
    }

    fn active_run(&mut self, id: i64) -> Run {
        let phase = self.pick(&[
            ActivePhase::Running,
            ActivePhase::Terminating,
            ActivePhase::Queued,
            ActivePhase::Unknown("ODD".to_owned()),
        ]);
        let since = self.recent();
        let is_queued = phase == ActivePhase::Queued;
        Run {
            id: RunId(id),
            started: Some(since).filter(|_| !is_queued),
            queued_since: Some(since).filter(|_| is_queued && self.one_in(2)),
            inputs: self.inputs(),
            phase: Phase::Active(phase),
            url: None,
            message: None,
        }
    }

    fn ended_run(&mut self, id: i64) -> Run {
        let at = self.recent();
        // Some servers tell only one of the two times, or neither.
        let tells = self.pick(&[
            (true, true),
            (true, true),
            (false, true),
            (true, false),
            (false, false),
        ]);
        Run {
            id: RunId(id),
            started: Some(Span::seconds(600).before(at)).filter(|_| tells.0),
            queued_since: None,
            inputs: self.inputs(),
            phase: Phase::Ended {
                at: Some(at).filter(|_| tells.1),
                result: self.result(),
            },
            url: None,
            message: None,
        }
    }

    pub fn job(&mut self, number: u8) -> JobCase {
        let mut case = job_named(&format!("job-{number}"), i64::from(number));
        case.spec.require = match self.roll(4) {
            0 | 1 => case.spec.require,
            2 => Requirement::Running,
            _ => Requirement::NotRunning,
        };
        case.spec.duration_max = self.maybe(|dice| dice.pick(&[Span::hours(3), Span::hours(1)]));
        case.spec.concurrency = self.pick(&[
            Concurrency::Forbid,
            Concurrency::Replace,
            Concurrency::Allow,
        ]);
        case.spec.retry.attempts_max = self.pick(&[5, 1, 2]);
        case.spec.wait_max = self.maybe(|_| Span::hours(2));
        if let Requirement::Succeeded { start_after, .. } = &mut case.spec.require {
            *start_after = self.maybe(|_| Span::hours(22));
        }
        case.spec.queue_max = self.maybe(|dice| dice.pick(&[Span::hours(2), Span::hours(1)]));
        case.spec.counts = self.pick(&[Counting::SameParameters, Counting::Any]);
        case.memory.last_start = self.maybe(|dice| OwnStart {
            run: dice.pick(&[RunId(100), RunId(101), RunId(900)]),
            at: dice.recent(),
            parameters: BTreeMap::new(),
            rule: dice.maybe(|dice| dice.pick(&["rule-1", "rule-2"]).to_owned()),
        });
        case.memory.open_starts = self.some(2, |dice| OwnStart {
            run: dice.pick(&[RunId(103), RunId(902)]),
            at: dice.recent(),
            parameters: BTreeMap::new(),
            rule: None,
        });
        case.memory.last_success = self.maybe(|dice| (RunId(800), dice.recent(), dice.result()));
        case.memory.last_success_for =
            self.maybe(|dice| dice.pick(&["asks-1", "asks-2"]).to_owned());
        case.memory.failures = self.some(2, |dice| KnownFailure {
            run: dice.pick(&[RunId(102), RunId(901)]),
            ended: dice.maybe(Self::recent),
            result: RunResult::Failed,
            rule: dice.maybe(|dice| dice.pick(&["rule-1", "rule-2"]).to_owned()),
        });
        // The ledger knows a run once.
        case.memory.open_starts.dedup_by_key(|own| own.run);
        case.memory.failures.sort_by_key(|known| known.run);
        case.memory.failures.dedup_by_key(|known| known.run);
        case.memory.forgiven_at = self.maybe(Self::recent);
        let mut id = 99;
        let mut next = || {
            id += 1;
            id
        };
        let active = self.some(2, |dice| dice.active_run(next()));
        let ended = self.some(3, |dice| dice.ended_run(next()));
        let seen = sight(&mut case);
        seen.continuous = match self.roll(8) {
            1 => Continuous::Unpaused,
            2 => Continuous::Paused,
            _ => Continuous::No,
        };
        seen.runs_max = self.pick(&[1, 0, 2, 10]);
        seen.history_since = self.pick(&[ago("7d"), ago("1h")]);
        (seen.active, seen.ended) = (active, ended);
        self.hide(&mut case.sight);
        if self.one_in(3) {
            let action = match self.roll(2) {
                0 => start(&format!("token-{number}"), Some(RunId(100))),
                _ => Action::Cancel { run: RunId(100) },
            };
            case.doubts = vec![self.doubt(action, 0)];
        }
        case.suspend = self.suspension();
        case
    }

    fn hide<T>(&mut self, looked: &mut Looked<T>) {
        match self.roll(10) {
            1 => *looked = Looked::NotAsked,
            2 => *looked = Looked::Failed(trouble()),
            _ => {}
        }
    }

    pub fn submission(&mut self) -> SubmissionCase {
        let mut case = submission();
        let mut runs = self.some(1, |dice| dice.active_run(300));
        runs.extend(self.some(2, |dice| dice.ended_run(301)));
        sight(&mut case).runs = runs;
        case.memory.runs = self.some(1, |dice| ("d1".to_owned(), RunId(302), dice.recent()));
        case.memory.ends = self.some(1, |dice| {
            (
                dice.pick(&["d1", "d0"]).to_owned(),
                RunId(303),
                dice.recent(),
                dice.result(),
            )
        });
        sight(&mut case).former = self.some(1, |dice| FormerRun {
            content: "d0".to_owned(),
            run: dice.active_run(304),
        });
        case.spec.concurrency = self.pick(&[
            Concurrency::Forbid,
            Concurrency::Replace,
            Concurrency::Allow,
        ]);
        self.hide(&mut case.sight);
        if self.one_in(3) {
            let digest = self.pick(&["d1", "d0"]);
            case.doubts = vec![self.doubt(submit("submit-token", digest), 0)];
        }
        case.suspend = self.suspension();
        case
    }

    pub fn survey(&mut self) -> Survey {
        let runtimes: Vec<Subject> = (0..=self.roll(3))
            .map(|number| Subject::Runtime(self.runtime(number)))
            .collect();
        let jobs: Vec<Subject> = (0..=self.roll(3))
            .map(|number| Subject::Job(self.job(number)))
            .collect();
        let once = Subject::Submission(self.submission());
        survey(runtimes.into_iter().chain(jobs).chain([once]))
    }

    pub fn project(&mut self) -> Project {
        let mut project = project();
        let rail = |dice: &mut Self| dice.maybe(|dice| u32::from(dice.roll(3)));
        project.guardrails = Guardrails {
            regenerations_per_apply: rail(self),
            regenerations_per_factory: rail(self),
            regenerations_per_subscription: rail(self),
            runs_per_apply: rail(self),
            cancellations_per_apply: rail(self),
            on_exceed: self.pick(&[OnExceed::Defer, OnExceed::Fail]),
        };
        if self.one_in(3) {
            let from = self.pick(&[ago("1d"), ahead("30m"), ahead("3d")]);
            project.freezes = vec![freeze(from, Span::hours(36).after(from))];
            project.freezes[0].firm = self.one_in(3);
        }
        project
    }
}
