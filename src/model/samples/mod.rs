//! Plans for tests: any plan that the words can say, with hostile texts in every place that a foreign hand fills.

mod facts;
mod verdicts;

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::address::{Address, Name, ResourceId};
use super::birth::{AgeRange, Birth, Evidence};
use super::job::{
    ActivePhase, Continuous, FormerRun, Inputs, ParameterValue, Phase, Requirement, Run, RunId,
    RunResult, Token,
};
use super::joint::Correction;
use super::memory::{LogId, LogReading};
use super::promise::{Attention, BrokenPart, Promise};
use super::requests::RequestClass;
use super::runtime::{
    Fingerprint, OnStarvation, PerSlot, Regeneration, RuntimeSpec, Slot, UnknownAge,
};
use super::survey::{JobTarget, Refresh, RuntimeTarget, Skipped, SubmissionTarget};
use super::time::{Freeze, Span, Timestamp, Window};
use super::timeline::LogSpan;
use super::trouble::{RequestIds, Trouble, TroubleKind};
use super::verdict::*;
use facts::facts;
pub(crate) use facts::unseen_job;
pub(crate) use verdicts::action;
use verdicts::{settlement, verdict};

const HOSTILE: [&str; 8] = [
    "gateway-west",
    "</details><script>alert(1)</script>",
    "@everyone | #1 `x` ```\n# head",
    "\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}",
    "<!-- afresh-plan:other -->",
    "\u{202e}abc --> https://evil.example www.evil.example a@b.c",
    "größe 東京 🚀",
    "\"quoted\\\"",
];

/// Words that a foreign hand may have written.
pub(crate) fn text() -> BoxedStrategy<String> {
    let any_text = vec(any::<char>(), 1..12).prop_map(String::from_iter);
    prop_oneof![3 => select(&HOSTILE[..]).prop_map(str::to_owned), 1 => any_text].boxed()
}

pub(crate) fn instant() -> BoxedStrategy<Timestamp> {
    (1_700_000_000_i64..2_000_000_000, 0_i32..1_000_000_000)
        .prop_map(|(second, nanos)| Timestamp::new(second, nanos).unwrap())
        .boxed()
}

fn span() -> BoxedStrategy<Span> {
    prop_oneof![0_u64..400 * 86_400, Just(70_000 * 86_400 + 5)]
        .prop_map(Span::seconds)
        .boxed()
}

fn name() -> BoxedStrategy<Name> {
    select(&["ingest", "analytics", "a.b-c", "x"][..])
        .prop_map(|name| Name::parse(name).unwrap())
        .boxed()
}

fn address() -> BoxedStrategy<Address> {
    (name(), text())
        .prop_map(|(connection, subject)| Address::new(connection, subject))
        .boxed()
}

fn fingerprint() -> BoxedStrategy<Fingerprint> {
    hex_digits()
        .prop_map(|text| Fingerprint::parse(&text).unwrap())
        .boxed()
}

fn hex_digits() -> BoxedStrategy<String> {
    any::<(u128, u128)>()
        .prop_map(|(high, low)| format!("{high:032x}{low:032x}"))
        .boxed()
}

fn token() -> BoxedStrategy<Token> {
    (hex_digits(), 1_usize..=64)
        .prop_map(|(text, length)| Token::parse(&text[..length]).unwrap())
        .boxed()
}

fn slot() -> BoxedStrategy<Slot> {
    select(&Slot::BOTH[..]).boxed()
}

fn run_id() -> BoxedStrategy<i64> {
    (1..i64::MAX).boxed()
}

fn result() -> BoxedStrategy<RunResult> {
    select(
        &[
            "SUCCESS",
            "SUCCESS_WITH_FAILURES",
            "FAILED",
            "TIMEDOUT",
            "CANCELED",
            "SKIPPED",
            "NEW|ONE",
        ][..],
    )
    .prop_map(RunResult::parse)
    .boxed()
}

fn age() -> BoxedStrategy<AgeRange> {
    (span(), of(span()))
        .prop_map(|(at_least, at_most)| AgeRange { at_least, at_most })
        .boxed()
}

fn target() -> BoxedStrategy<Target> {
    prop_oneof![
        (name(), text()).prop_map(|(factory, id)| Target::Runtime(RuntimeTarget {
            connection: factory,
            id: ResourceId::new(id)
        })),
        (name(), text(), run_id()).prop_map(|(workspace, host, job)| Target::Job(JobTarget {
            workspace,
            host,
            job
        })),
        (name(), text(), name(), text()).prop_map(|(workspace, host, rule, body)| {
            Target::Submission(SubmissionTarget {
                workspace,
                host,
                rule,
                body,
            })
        }),
    ]
    .boxed()
}

/// A promise, when it breaks, until when it is proved, and why a person is needed.
type Stands = (
    Promise,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<Attention>,
);

fn standing() -> BoxedStrategy<Stands> {
    let part = prop_oneof![
        Just(BrokenPart::Whole),
        slot().prop_map(BrokenPart::Key),
        Just(BrokenPart::BothKeys),
        Just(BrokenPart::EitherKey)
    ];
    let promise = prop_oneof![
        Just(Promise::Kept),
        Just(Promise::Unproven),
        Just(Promise::Unknown),
        (of(instant()), part).prop_map(|(since, part)| Promise::Broken { since, part }),
    ];
    let attention = prop_oneof![
        select(
            &[
                Attention::Access,
                Attention::Rule,
                Attention::NotFound,
                Attention::GivenUp,
                Attention::ForeignRotation,
                Attention::LostRun,
                Attention::UndatedSuccess,
                Attention::Settings,
                Attention::Policy,
                Attention::Unattributed,
            ][..]
        ),
        run_id().prop_map(|run| Attention::Blocked { run }),
    ];
    (promise, of(instant()), of(instant()), of(attention)).boxed()
}

fn step() -> BoxedStrategy<Step> {
    let wait = (of(span()), vec(result(), 1..3), of(run_id()))
        .prop_map(|(max, accept, run)| Wait { max, accept, run });
    (
        address(),
        name(),
        of(target()),
        standing(),
        verdict(),
        facts(),
        of(instant()),
        vec(settlement(), 0..2),
        (of(wait), of(refusal())),
    )
        .prop_map(
            |(
                address,
                rule,
                target,
                (promise, breaks_at, proved_until, attention),
                verdict,
                facts,
                changes_at,
                settlements,
                (wait, refused),
            )| Step {
                address,
                rule,
                target,
                promise,
                breaks_at,
                proved_until,
                attention,
                verdict,
                facts,
                changes_at,
                settlements,
                wait,
                refused,
            },
        )
        .boxed()
}

fn refusal() -> BoxedStrategy<Refusal> {
    (instant(), text(), any::<bool>())
        .prop_map(|(at, why, is_access)| Refusal { at, why, is_access })
        .boxed()
}

fn log_reading() -> BoxedStrategy<LogReading> {
    let event = (text(), instant(), of(slot())).prop_map(|(runtime, at, slot)| {
        let event = Regeneration { at, slot, by: None };
        (ResourceId::new(runtime), event)
    });
    (text(), text(), instant(), instant(), vec(event, 0..3))
        .prop_map(|(subscription, group, since, until, events)| LogReading {
            log: LogId {
                subscription,
                group,
            },
            span: LogSpan { since, until },
            events,
        })
        .boxed()
}

/// A plan without steps, valid for a day.
pub(crate) fn empty_plan() -> Plan {
    Plan {
        at: "2026-11-22T09:00:00Z".parse().unwrap(),
        steps: Vec::new(),
        skipped: Vec::new(),
        valid_until: "2026-11-23T09:00:00Z".parse().unwrap(),
        freezes: Vec::new(),
        exceeded: Vec::new(),
        refused: false,
        logs: Vec::new(),
        requests: BTreeMap::new(),
        refresh: Refresh::Auto,
    }
}

/// Any plan of so many steps.
pub(crate) fn plan(steps: std::ops::Range<usize>) -> BoxedStrategy<Plan> {
    let passed = (address(), text()).prop_map(|(address, why)| Skipped { address, why });
    let freeze =
        (instant(), instant(), text()).prop_map(|(from, to, reason)| Freeze { from, to, reason });
    let exceeded =
        (text(), any::<u32>(), any::<u32>()).prop_map(|(guardrail, limit, wanted)| Exceeded {
            guardrail,
            limit,
            wanted,
        });
    let requests = btree_map(
        select(RequestClass::ALL.to_vec()),
        btree_map(text(), 0_u64..1_000, 0..3),
        0..3,
    );
    (
        instant(),
        vec(step(), steps),
        vec(passed, 0..3),
        instant(),
        vec(freeze, 0..3),
        vec(exceeded, 0..5),
        any::<bool>(),
        (vec(log_reading(), 0..2), requests),
        select(vec![Refresh::Auto, Refresh::All, Refresh::None]),
    )
        .prop_map(
            |(
                at,
                steps,
                skipped,
                valid_until,
                freezes,
                exceeded,
                refused,
                (logs, requests),
                refresh,
            )| Plan {
                at,
                steps,
                skipped,
                valid_until,
                freezes,
                exceeded,
                refused,
                logs,
                requests,
                refresh,
            },
        )
        .boxed()
}
