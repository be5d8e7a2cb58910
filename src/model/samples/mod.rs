//! Plans for tests: any plan that the words can say, with hostile texts in every place that a foreign hand fills.

mod facts;
pub(crate) mod nodes;
mod parts;
mod verdicts;

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::address::ResourceId;
use super::memory::{LogId, LogReading};
use super::promise::{Attention, BrokenPart, Promise};
use super::requests::RequestClass;
use super::runtime::Regeneration;
use super::shard::{Candidate, Part, Shard};
use super::survey::{JobTarget, Refresh, RuntimeTarget, Skipped, SubmissionTarget};
use super::time::{Freeze, Timestamp};
use super::timeline::LogSpan;
use super::verdict::{Exceeded, Plan, Refusal, Step, Target, Wait};
use crate::model::job::JobId;
use facts::facts;
use parts::{address, instant, name, result, run_id, slot, span, text};
use verdicts::{settlement, verdict};

pub(crate) use facts::unseen_job;
pub(crate) use verdicts::action;

fn target() -> BoxedStrategy<Target> {
    prop_oneof![
        (name(), text()).prop_map(|(factory, id)| Target::Runtime(RuntimeTarget {
            connection: factory,
            id: ResourceId::new(id)
        })),
        (name(), text(), run_id()).prop_map(|(workspace, host, job)| Target::Job(JobTarget {
            workspace,
            host,
            job: JobId(job.0)
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
                Attention::Nodes,
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
        (of(wait), of(refusal()), of(candidate())),
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
                (wait, refused, candidate),
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
                candidate,
            },
        )
        .boxed()
}

fn candidate() -> BoxedStrategy<Candidate> {
    (of(instant()), of(instant()))
        .prop_map(|(broken_at, ends_at)| Candidate { broken_at, ends_at })
        .boxed()
}

fn part() -> BoxedStrategy<Part> {
    (1..9_u32, 0_u32..9, any::<u32>())
        .prop_map(|(number, more, left_out)| Part {
            shard: Shard::new(number, number + more).unwrap(),
            left_out: usize::try_from(left_out).unwrap(),
        })
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
        part: None,
    }
}

/// Any plan of so many steps.
pub(crate) fn plan(steps: std::ops::Range<usize>) -> BoxedStrategy<Plan> {
    let passed = (address(), text()).prop_map(|(address, why)| Skipped { address, why });
    let freeze =
        (instant(), instant(), text(), any::<bool>()).prop_map(|(from, to, reason, firm)| Freeze {
            from,
            to,
            reason,
            firm,
        });
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
        (
            select(vec![Refresh::Auto, Refresh::All, Refresh::None]),
            of(part()),
        ),
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
                (refresh, part),
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
                part,
            },
        )
        .boxed()
}
