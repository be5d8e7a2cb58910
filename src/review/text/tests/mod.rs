//! Small plans to show.

mod plan;
mod report;
mod verdicts;
mod why;

use proptest::prelude::*;

use super::*;
use crate::model::address::{Address, Name};
use crate::model::birth::{AgeRange, Birth, Evidence};
use crate::model::job::{Phase, Requirement, Run, RunResult, Token};
use crate::model::outcome::{Happened, Report, RunEnd, TaskFailure};
use crate::model::promise::{Attention, BrokenPart};
use crate::model::requests::RequestClass;
use crate::model::runtime::{Fingerprint, OnStarvation, PerSlot, RuntimeSpec, Slot, UnknownAge};
use crate::model::samples;
use crate::model::survey::{JobTarget, Refresh, RuntimeTarget, SubmissionTarget};
use crate::model::time::{Freeze, Span, Timestamp};
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};
use crate::model::verdict::{
    Company, Exceeded, Facts, Haste, Hold, JobFacts, Presumed, ReadOutcome, Receipt, RuntimeFacts,
    Settled, Settlement, SlotFacts, Target, Wait,
};
use crate::model::window::Window;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-22T09:00:00Z")
}

fn print(digit: char) -> Fingerprint {
    Fingerprint::parse(&digit.to_string().repeat(64)).unwrap()
}

fn key(digit: char, evidence: Evidence) -> SlotFacts {
    let (earliest, latest) = evidence.bounds();
    let birth = Birth {
        earliest,
        latest,
        evidence: vec![evidence],
    };
    let made = birth.latest;
    SlotFacts {
        fingerprint: Some(print(digit)),
        age: birth.age(now()),
        birth,
        due_at: made.map(|made| Span::days(76).after(made)),
        limit_at: made.map(|made| Span::days(90).after(made)),
    }
}

fn rotated(text: &str) -> Evidence {
    Evidence::Rotated {
        sent: at(text),
        answered: at(text),
    }
}

fn runtime_facts() -> RuntimeFacts {
    RuntimeFacts {
        nodes: crate::model::nodes::NodeFacts::default(),
        spec: RuntimeSpec {
            nodes: crate::model::nodes::NodeRule::default(),
            age_max: Span::days(90),
            rotate_before: Span::days(14),
            overlap: Span::hours(24),
            unknown_age: UnknownAge::Adopt,
            windows: Vec::new(),
            on_starvation: OnStarvation::Wait,
            jitter: Span::ZERO,
            hand_offs: Vec::new(),
            serves: crate::model::hand_off::Serves::default(),
            born_after: None,
            ignore_windows: false,
        },
        jitter_share: Span::ZERO,
        slots: PerSlot {
            one: key('a', rotated("2026-08-17T03:12:00Z")),
            two: key('b', rotated("2026-11-01T03:00:00Z")),
        },
        read: ReadOutcome::Read {
            at: at("2026-11-22T09:00:00Z"),
        },
        seen_at: None,
        created: None,
        told: PerSlot::default(),
        corrected: Vec::new(),
        hand_offs: Vec::new(),
        outside: Vec::new(),
        status_refused: None,
        keys_refused: None,
        log_refused: None,
    }
}

/// As the planner would say it: a hold that only a person can end needs attention.
fn step(address: &str, verdict: Verdict) -> Step {
    let attention = match &verdict {
        Verdict::Hold { why, .. } => why.attention(),
        Verdict::Keep(_) | Verdict::Act { .. } => None,
    };
    Step {
        address: Address::parse(address).unwrap(),
        rule: Name::parse("rule").unwrap(),
        target: None,
        promise: Promise::Kept,
        breaks_at: None,
        proved_until: None,
        attention,
        verdict,
        facts: Facts::None,
        changes_at: None,
        settlements: Vec::new(),
        wait: None,
        refused: None,
        candidate: None,
    }
}

fn regenerate() -> Action {
    Action::Regenerate {
        slot: Slot::One,
        replacing: Presumed::Key(print('a')),
        beside: Presumed::Key(print('b')),
    }
}

fn rotation(address: &str) -> Step {
    let because = Cause::KeyDue {
        slot: Slot::One,
        age: runtime_facts().slots.one.age,
        limit: Span::days(90),
        outside_window: false,
        haste: None,
    };
    Step {
        facts: Facts::Runtime(Box::new(runtime_facts())),
        ..step(address, act(vec![regenerate()], because))
    }
}

fn act(actions: Vec<Action>, because: Cause) -> Verdict {
    Verdict::Act {
        actions: NonEmpty::from_vec(actions).unwrap(),
        because,
    }
}

fn start(parameters: &[(&str, &str)]) -> Action {
    Action::Start {
        token: Token::parse("t").unwrap(),
        after: None,
        parameters: parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect(),
        company: Company::Alone,
    }
}

fn stale() -> Cause {
    Cause::Stale {
        age: Some(Span::hours(31)),
        limit: Span::hours(24),
        failures: 0,
    }
}

fn hold(why: Hold) -> Verdict {
    Verdict::Hold { why, until: None }
}

fn window_hold() -> Verdict {
    hold(Hold::Window {
        slot: Slot::Two,
        opens: "Sat 28 Nov 02:00 Europe/Paris".to_owned(),
        breaks_limit: false,
    })
}

fn plan_of(steps: Vec<Step>) -> Plan {
    Plan {
        at: now(),
        steps,
        skipped: Vec::new(),
        valid_until: at("2026-11-24T03:00:00Z"),
        freezes: Vec::new(),
        exceeded: Vec::new(),
        refused: false,
        logs: Vec::new(),
        requests: BTreeMap::from([(
            RequestClass::ArmReads,
            BTreeMap::from([("adf.list".to_owned(), 5)]),
        )]),
        refresh: Refresh::Auto,
        part: None,
    }
}

fn plain(steps: Vec<Step>) -> String {
    plan(&plan_of(steps), &TextOptions::default())
}

/// The one line of a plan with this step.
fn row(verdict: Verdict) -> String {
    plain(vec![step("a/b", verdict)])
        .lines()
        .next()
        .unwrap()
        .to_owned()
}

fn kept(n: usize) -> Vec<Step> {
    let mut kept: Vec<Step> = (0..n)
        .map(|n| step(&format!("ingest/kept-{n}"), Verdict::Keep(Keep::Young)))
        .collect();
    kept.push(Step {
        facts: Facts::Runtime(Box::new(runtime_facts())),
        changes_at: Some(at("2026-11-28T10:00:00Z")),
        ..step("ingest/lab", Verdict::Keep(Keep::Young))
    });
    kept
}
