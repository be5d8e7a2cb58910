//! Anything that a verdict may rest on.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::nodes;
use super::parts::{
    age, fingerprint, hex_digits, instant, result, run_id, slot, span, text, trouble,
};
use crate::model::address::ResourceId;
use crate::model::birth::{Birth, Evidence};
use crate::model::job::{
    ActivePhase, Continuous, FormerRun, Inputs, Phase, Requirement, Run, RunId, RunResult,
};
use crate::model::joint::Correction;
use crate::model::runtime::{OnStarvation, PerSlot, RuntimeSpec, UnknownAge};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{
    Dismissed, Facts, Firing, JobFacts, OutsideChange, ReadOutcome, RuntimeFacts, SlotFacts,
    SubmissionFacts,
};
use crate::model::window::Window;

pub(super) fn evidence() -> BoxedStrategy<Evidence> {
    let two = || (instant(), instant());
    prop_oneof![
        two().prop_map(|(sent, answered)| Evidence::Rotated { sent, answered }),
        two().prop_map(|(after, by)| Evidence::Changed { after, by }),
        instant().prop_map(|at| Evidence::FirstSeen { at }),
        instant().prop_map(|at| Evidence::Told { at }),
        (of(instant()), two()).prop_map(|(earliest, (latest, seen))| Evidence::KnownBefore {
            earliest,
            latest,
            seen
        }),
        instant().prop_map(|at| Evidence::RuntimeCreated { at }),
        two().prop_map(|(since, until)| Evidence::LogSilent { since, until }),
        (of(instant()), instant(), instant()).prop_map(|(known, newest, until)| {
            Evidence::LogEvents {
                known,
                newest,
                until,
            }
        }),
        instant().prop_map(|at| Evidence::Declared { at }),
    ]
    .boxed()
}

pub(super) fn run() -> BoxedStrategy<Run> {
    let active = prop_oneof![
        select(
            &[
                ActivePhase::Queued,
                ActivePhase::Pending,
                ActivePhase::Running,
                ActivePhase::Terminating,
                ActivePhase::Waiting
            ][..]
        ),
        text().prop_map(ActivePhase::Unknown),
    ];
    let phase = prop_oneof![
        active.prop_map(Phase::Active),
        (of(instant()), result()).prop_map(|(at, result)| Phase::Ended { at, result }),
    ];
    let instants = (of(instant()), of(instant()));
    (run_id(), phase, instants, of(text()), of(text()))
        .prop_map(|(id, phase, (started, queued_since), url, message)| Run {
            id,
            phase,
            started,
            queued_since,
            inputs: Inputs::default(),
            url,
            message,
        })
        .boxed()
}

fn submission_facts() -> impl Strategy<Value = SubmissionFacts> {
    let former = (hex_digits(), run()).prop_map(|(content, run)| FormerRun { content, run });
    (
        hex_digits(),
        vec(result(), 0..3),
        vec(run(), 0..3),
        vec((run_id(), instant(), result()), 0..3),
        vec(former, 0..3),
    )
        .prop_map(|(digest, accept, runs, failures, former)| SubmissionFacts {
            digest,
            accept,
            runs,
            failures,
            former,
        })
}

pub(super) fn facts() -> BoxedStrategy<Facts> {
    prop_oneof![
        runtime_facts().prop_map(|facts| Facts::Runtime(Box::new(facts))),
        job_facts().prop_map(|facts| Facts::Job(Box::new(facts))),
        submission_facts().prop_map(Facts::Submission),
        Just(Facts::None),
    ]
    .boxed()
}

pub(super) fn spec() -> BoxedStrategy<RuntimeSpec> {
    let window = Window::new("0 2 * * 6", "Europe/Paris", Span::hours(4)).unwrap();
    let judging = select(&[UnknownAge::Adopt, UnknownAge::Rotate, UnknownAge::Fail][..]);
    let starving = select(&[OnStarvation::Wait, OnStarvation::Rotate, OnStarvation::Fail][..]);
    (
        span(),
        span(),
        span(),
        judging,
        vec(Just(window), 0..2),
        starving,
        span(),
        (of(instant()), any::<bool>(), nodes::rule()),
    )
        .prop_map(
            |(
                age_max,
                rotate_before,
                overlap,
                unknown_age,
                windows,
                on_starvation,
                jitter,
                (born_after, ignore_windows, nodes),
            )| {
                RuntimeSpec {
                    age_max,
                    rotate_before,
                    overlap,
                    unknown_age,
                    windows,
                    on_starvation,
                    jitter,
                    hand_offs: Vec::new(),
                    serves: crate::model::hand_off::Serves::default(),
                    born_after,
                    ignore_windows,
                    nodes,
                }
            },
        )
        .boxed()
}

pub(super) fn slot_facts() -> BoxedStrategy<SlotFacts> {
    (
        of(fingerprint()),
        vec(evidence(), 0..3),
        age(),
        (of(instant()), of(instant())),
        (of(instant()), of(instant())),
    )
        .prop_map(
            |(fingerprint, evidence, age, (earliest, latest), (due_at, limit_at))| SlotFacts {
                fingerprint,
                birth: Birth {
                    earliest,
                    latest,
                    evidence,
                },
                age,
                due_at,
                limit_at,
            },
        )
        .boxed()
}

pub(super) fn runtime_facts() -> BoxedStrategy<RuntimeFacts> {
    (
        spec(),
        span(),
        slot_facts(),
        slot_facts(),
        prop_oneof![
            instant().prop_map(|at| ReadOutcome::Read { at }),
            Just(ReadOutcome::NotRead),
            Just(ReadOutcome::Failed),
        ],
        (of(instant()), of(instant()), told(), nodes::facts()),
        (
            vec(correction(), 0..2),
            vec(outside(), 0..2),
            of(trouble()),
            of(trouble()),
            of(trouble()),
        ),
    )
        .prop_map(
            |(
                spec,
                jitter_share,
                one,
                two,
                read,
                (seen_at, created, told, nodes),
                (corrected, outside, status_refused, keys_refused, log_refused),
            )| RuntimeFacts {
                spec,
                jitter_share,
                slots: PerSlot { one, two },
                read,
                seen_at,
                created,
                told,
                corrected,
                hand_offs: Vec::new(),
                outside,
                status_refused,
                keys_refused,
                log_refused,
                nodes,
            },
        )
        .boxed()
}

fn told() -> BoxedStrategy<PerSlot<Option<Timestamp>>> {
    (of(instant()), of(instant()))
        .prop_map(|(one, two)| PerSlot { one, two })
        .boxed()
}

fn correction() -> BoxedStrategy<Correction> {
    prop_oneof![
        (slot(), instant()).prop_map(|(slot, born)| Correction::Declared { slot, born }),
        slot().prop_map(|slot| Correction::Silence { slot }),
        (slot(), instant()).prop_map(|(slot, at)| Correction::Created { slot, at }),
        instant().prop_map(|at| Correction::Event { at }),
        (slot(), instant()).prop_map(|(slot, at)| Correction::Ahead { slot, at }),
    ]
    .boxed()
}

fn outside() -> BoxedStrategy<OutsideChange> {
    prop_oneof![
        instant().prop_map(|at| OutsideChange::CreatedAnew { at }),
        (slot(), of(instant()), of(text()), any::<bool>()).prop_map(|(slot, at, by, by_afresh)| {
            OutsideChange::Rotated {
                slot,
                at,
                by,
                by_afresh,
            }
        }),
        (slot(), text(), slot()).prop_map(|(slot, from, was)| OutsideChange::Returned {
            slot,
            from: ResourceId::new(from),
            was
        }),
    ]
    .boxed()
}

/// A job of which nothing was seen.
pub(crate) fn unseen_job(require: Requirement) -> JobFacts {
    JobFacts {
        require,
        accept: vec![RunResult::Success],
        rule: "rule-1".to_owned(),
        asks: "asks-1".to_owned(),
        name: None,
        last_success: None,
        success_result: None,
        untold: false,
        tasks_untold: false,
        uncompared: Vec::new(),
        dismissed: Vec::new(),
        failures: Vec::new(),
        undated_failures: Vec::new(),
        lost: Vec::new(),
        undated: Vec::new(),
        active: Vec::new(),
        history_since: None,
        continuous: None,
        firing: None,
        unsuited: None,
    }
}

pub(super) fn job_facts() -> BoxedStrategy<JobFacts> {
    let require = prop_oneof![
        (of(span()), of(span()), span()).prop_map(|(start_after, warn_after, error_after)| {
            Requirement::Succeeded {
                start_after,
                warn_after,
                error_after,
            }
        }),
        Just(Requirement::Running),
        Just(Requirement::NotRunning),
    ];
    let continuous = of(select(
        &[Continuous::No, Continuous::Unpaused, Continuous::Paused][..],
    ));
    let failures = vec((run_id(), instant(), result()), 0..3);
    let firing = (text(), of(instant())).prop_map(|(by, next)| Firing { by, next });
    let history = (
        of((run_id(), instant())),
        failures,
        vec(run(), 0..2),
        vec(run(), 0..2),
        of(instant()),
    );
    let rule = (require, vec(result(), 0..3), hex_digits(), hex_digits());
    let job = (of(text()), continuous, of(firing), of(text()));
    (rule, job, history, counted())
        .prop_map(
            |(
                (require, accept, rule, asks),
                (name, continuous, firing, unsuited),
                (last_success, failures, undated, active, history_since),
                (
                    success_result,
                    (untold, tasks_untold, uncompared),
                    dismissed,
                    undated_failures,
                    lost,
                ),
            )| JobFacts {
                require,
                accept,
                name,
                rule,
                asks,
                last_success,
                success_result,
                untold,
                tasks_untold,
                uncompared,
                dismissed,
                failures,
                undated_failures,
                lost,
                undated,
                active,
                history_since,
                continuous,
                firing,
                unsuited,
            },
        )
        .boxed()
}

type Counted = (
    Option<RunResult>,
    (bool, bool, Vec<String>),
    Vec<Dismissed>,
    Vec<(RunId, RunResult)>,
    Vec<(RunId, Timestamp)>,
);

fn counted() -> BoxedStrategy<Counted> {
    let dismissed = (run_id(), of(instant()), text());
    let dismissed = dismissed.prop_map(|(run, at, why)| Dismissed { run, at, why });
    (
        of(result()),
        (any::<bool>(), any::<bool>(), vec(text(), 0..2)),
        vec(dismissed, 0..2),
        vec((run_id(), result()), 0..2),
        vec((run_id(), instant()), 0..3),
    )
        .boxed()
}
