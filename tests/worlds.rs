//! Laws of the whole program, over generated estates: real manifests, the real wire format, the simulated cloud, a ledger in memory.
//!
//! - Applying a plan in a faithful world leaves only Keep and Hold, or the start that a cancelled run has made room for, and the world has
//!   exactly the effects that were planned.
//! - Never both keys of one runtime in one plan, nor within `overlap`, however often and whenever one applies.
//! - The audit finds nothing in any plan.
//! - A plan is the same plan when it is made again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::collections::BTreeMap;

use afresh::model::time::Span;
use afresh::model::verdict::{Action, Plan, Verdict};
use proptest::prelude::*;
use support::{Estate, Job, Runtime, estate};

fn actions(plan: &Plan) -> Vec<(String, String)> {
    let of_step = |step: &afresh::model::verdict::Step| match &step.verdict {
        Verdict::Act { actions, .. } => actions
            .iter()
            .map(|action| (step.address.to_string(), action.title(step.key_service())))
            .collect(),
        Verdict::Keep(_) | Verdict::Hold { .. } => Vec::new(),
    };
    plan.steps.iter().flat_map(of_step).collect()
}

/// A run of others that was cancelled for taking too long is no failure, so that the job may be started as soon as it has ended.
fn makes_room(plan: &Plan, (address, action): &(String, String)) -> bool {
    let mut before = actions(plan).into_iter().filter(|(of, _)| of == address);
    let cancelled = before
        .next()
        .is_some_and(|(_, first)| first.starts_with("cancel"));
    action == "run now" && cancelled && before.all(|(_, other)| other.starts_with("cancel"))
}

fn regenerated(plan: &Plan) -> BTreeMap<String, usize> {
    let mut by_runtime = BTreeMap::new();
    for step in plan.acts() {
        if let Verdict::Act { actions, .. } = &step.verdict {
            *by_runtime.entry(step.address.to_string()).or_default() += actions
                .iter()
                .filter(|action| matches!(action, Action::Regenerate { .. }))
                .count();
        }
    }
    by_runtime
}

fn runtime() -> impl Strategy<Value = Runtime> {
    (1_u64..400, 0_u64..200, 0_u64..200).prop_map(|(created, one, two)| Runtime {
        created,
        made: [one.min(created), two.min(created)],
    })
}

fn job() -> impl Strategy<Value = Job> {
    let runs = prop::collection::vec(
        (
            1_u64..200,
            prop::sample::select(vec!["SUCCESS", "FAILED", "CANCELED", "TIMEDOUT"]),
        ),
        0..5,
    );
    let outcome = prop::sample::select(vec!["SUCCESS", "FAILED"]);
    let require = prop::sample::select(vec!["succeeded", "running", "notRunning"]);
    let policy = prop::sample::select(vec!["Forbid", "Replace", "Allow"]);
    (
        runs,
        prop::option::of(1_u64..30),
        outcome,
        require,
        policy,
        0_u64..3,
    )
        .prop_map(
            |(ended, active_hours, outcome, require, policy, runs_max)| Job {
                ended,
                active_hours,
                outcome,
                takes: "10m",
                require,
                policy,
                runs_max,
            },
        )
}

fn any_estate() -> impl Strategy<Value = Estate> {
    let rule = (
        prop::sample::select(vec![30_u64, 90, 120]),
        0_u64..15,
        prop::sample::select(vec!["adopt", "rotate", "fail"]),
        any::<bool>(),
        any::<bool>(),
    );
    (
        prop::collection::vec(runtime(), 0..6),
        prop::collection::vec(job(), 0..5),
        rule,
    )
        .prop_map(
            |(runtimes, jobs, (age_max, before, unknown, windows, log))| Estate {
                submits: 0,
                runtimes,
                accounts: Vec::new(),
                jobs,
                age_max_days: age_max,
                rotate_before_days: before,
                unknown_age: unknown,
                windowed: windows,
                hands_over: false,
                log_readable: log,
                faults: Vec::new(),
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn applying_a_plan_in_a_faithful_world_leaves_only_keep_and_hold(described in any_estate()) {
        let estate = estate(&described);
        let plan = estate.plan();
        prop_assert_eq!(actions(&estate.plan()), actions(&plan), "the same plan when it is made again");
        let outcome = estate.apply(&plan);
        prop_assert!(outcome.iter().all(|report| !support::is_trouble(report)), "{:?}", outcome);
        let after = estate.plan();
        let left: Vec<_> = actions(&after).into_iter().filter(|after| !makes_room(&plan, after)).collect();
        prop_assert_eq!(left, Vec::<(String, String)>::new());
        prop_assert_eq!(estate.effects(), actions(&plan).len());
    }

    #[test]
    fn never_both_keys_of_one_runtime_within_overlap(described in any_estate(), steps in prop::collection::vec(1_u64..90, 1..6)) {
        let estate = estate(&described);
        let mut last: BTreeMap<String, afresh::model::time::Timestamp> = BTreeMap::new();
        for hours in steps {
            let plan = estate.plan();
            for (address, count) in regenerated(&plan) {
                prop_assert!(count <= 1, "{address}: both keys in one plan");
                if count == 1 {
                    if let Some(before) = last.get(&address) {
                        prop_assert!(Span::between(*before, estate.now()) >= Span::hours(24), "{address}: both keys within overlap");
                    }
                    last.insert(address, estate.now());
                }
            }
            estate.apply(&plan);
            estate.advance(Span::hours(hours));
        }
    }
}
