//! Many workers decide what one would have decided.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::merge::{Unmergeable, merge};
use super::super::testing::{Dice, now, project, runtime_aged, survey};
use super::super::{audit, audit_merged, decide};
use crate::model::address::{Address, Name};
use crate::model::desired::{Guardrails, OnExceed, Project};
use crate::model::memory::{LogId, LogReading};
use crate::model::shard::{Part, Shard};
use crate::model::survey::{Refresh, Subject, Survey};
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{Plan, Verdict};

fn shards(count: u32) -> impl Iterator<Item = Shard> {
    (1..=count).map(move |number| Shard::new(number, count).unwrap())
}

/// What the worker of one shard gathers of it. What cannot be found out, each worker fails to find out.
fn gathered(whole: &Survey, shard: Shard) -> Survey {
    let mut survey = whole.clone();
    let found = survey.cases.len();
    survey
        .cases
        .retain(|case| case.identity().is_none_or(|subject| shard.holds(&subject)));
    let left_out = found - survey.cases.len();
    survey.part = Some(Part { shard, left_out });
    survey
}

fn plans(whole: &Survey, project: &Project, count: u32, at: Timestamp) -> Vec<Plan> {
    shards(count)
        .map(|shard| {
            let survey = gathered(whole, shard);
            let plan = decide(&survey, project, at);
            assert_eq!(audit(&survey, project, &plan), []);
            plan
        })
        .collect()
}

fn unresolved(name: &str) -> Subject {
    Subject::Unresolved {
        address: Address::new(Name::parse("ingest").unwrap(), name),
        rule: Name::parse("gateways").unwrap(),
        trouble: Trouble {
            kind: TroubleKind::NotFound,
            doing: "list the runtimes".to_owned(),
            message: "not found".to_owned(),
            ids: Box::default(),
        },
    }
}

/// Runtimes in two factories, with keys due of which guardrails let only some through.
fn due(count: u8, bytes: &[u8]) -> Survey {
    let mut dice = Dice(bytes);
    survey((0..count).map(|number| Subject::Runtime(dice.runtime(number))))
}

fn tight() -> Project {
    let mut project = project();
    project.guardrails = Guardrails {
        regenerations_per_apply: Some(3),
        regenerations_per_factory: Some(2),
        regenerations_per_subscription: None,
        runs_per_apply: Some(1),
        cancellations_per_apply: Some(0),
        on_exceed: OnExceed::Defer,
    };
    project
}

fn drawn() -> impl Strategy<Value = (Survey, Project)> {
    let bytes = vec(any::<u8>(), 0..240);
    (bytes, 0_usize..3, any::<bool>()).prop_map(|(bytes, lost, is_tight)| {
        let mut dice = Dice(&bytes);
        let drawn = dice.project();
        let mut survey = dice.survey();
        let lost = ["a-*", "b-*"].into_iter().take(lost).map(unresolved);
        survey.cases.extend(lost);
        (survey, if is_tight { tight() } else { drawn })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Not only its steps: the whole plan, with its guardrails and its validity.
    #[test]
    fn the_merged_plan_is_the_plan_of_the_whole((survey, project) in drawn(), count in 1_u32..7, turn in 0_usize..7) {
        let whole = decide(&survey, &project, now());
        let mut parts = plans(&survey, &project, count, now());
        let places = parts.len();
        parts.rotate_left(turn % places);
        let merged = merge(parts, &project.guardrails).unwrap();
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(audit_merged(&project.guardrails, &merged), vec![]);
    }

    #[test]
    fn guardrails_hold_over_the_whole_and_no_action_is_lost_or_done_twice(bytes in vec(any::<u8>(), 0..240), count in 1_u32..9) {
        let (survey, project) = (due(12, &bytes), tight());
        let whole = decide(&survey, &project, now());
        let merged = merge(plans(&survey, &project, count, now()), &project.guardrails).unwrap();
        prop_assert_eq!(&merged, &whole);
        let of_shards: usize = shards(count).map(|shard| merged.of_shard(shard).acts().count()).sum();
        prop_assert_eq!(of_shards, whole.acts().count());
    }

    /// Each step of a plan is done by exactly one worker, and what one does not do is counted.
    #[test]
    fn each_step_is_in_exactly_one_shard((survey, project) in drawn(), count in 1_u32..7) {
        let whole = decide(&survey, &project, now());
        let parts: Vec<Plan> = shards(count).map(|shard| whole.of_shard(shard)).collect();
        for step in &whole.steps {
            prop_assert_eq!(parts.iter().filter(|part| part.steps.contains(step)).count(), 1);
        }
        for part in &parts {
            prop_assert_eq!(part.steps.len() + part.part.unwrap().left_out, whole.steps.len());
        }
    }

    #[test]
    fn another_subject_moves_none_to_another_shard(bytes in vec(any::<u8>(), 0..240), count in 1_u32..9, more in 1_u8..12) {
        let (few, many) = (due(6, &bytes), due(6 + more, &bytes));
        for shard in shards(count) {
            let held = |survey: &Survey| -> Vec<_> {
                gathered(survey, shard).cases.iter().filter_map(Subject::identity).collect()
            };
            let (before, after) = (held(&few), held(&many));
            prop_assert!(before.iter().all(|subject| after.contains(subject)));
        }
    }
}

/// What one shard alone would let through could be more than the whole allows: it lets all through, and says that it has not rationed.
#[test]
fn a_shard_keeps_every_candidate() {
    let survey = survey((0..12).map(|number| {
        let mut case = runtime_aged("100d", "50d");
        case.address = Address::new(Name::parse("ingest").unwrap(), format!("gateway-{number}"));
        case.target.id =
            crate::model::address::ResourceId::new(format!("{}-{number}", case.target.id));
        Subject::Runtime(case)
    }));
    let mut project = tight();
    project.guardrails.regenerations_per_factory = Some(2);
    let all = decide(&survey, &super::super::testing::project(), now());
    assert_eq!(all.acts().count(), 12);
    let parts = plans(&survey, &project, 3, now());
    let candidates: Vec<_> = parts.iter().flat_map(Plan::acts).collect();
    assert!(candidates.iter().all(|step| step.candidate.is_some()));
    assert_eq!(candidates.len(), 12);
    assert!(
        parts
            .iter()
            .all(|part| part.exceeded.is_empty() && !part.refused)
    );
    let merged = merge(parts, &project.guardrails).unwrap();
    assert_eq!(merged.acts().count(), 2);
    assert!(merged.steps.iter().all(|step| step.candidate.is_none()));
}

fn three() -> Vec<Plan> {
    plans(&due(6, &[]), &project(), 3, now())
}

fn refused(plans: Vec<Plan>) -> Unmergeable {
    merge(plans, &Guardrails::default()).unwrap_err()
}

fn shard(number: u32, count: u32) -> Shard {
    Shard::new(number, count).unwrap()
}

#[test]
fn what_is_not_each_shard_of_one_whole_once_is_refused() {
    assert_eq!(refused(Vec::new()), Unmergeable::Nothing);
    let missing = Unmergeable::Missing {
        numbers: vec![1, 3],
        count: 3,
    };
    assert_eq!(refused(three().drain(1..2).collect()), missing);
    assert_eq!(missing.to_string(), "of 3 shards these are missing: 1, 3");
    let mut doubled = three();
    doubled.push(doubled[1].clone());
    assert_eq!(refused(doubled), Unmergeable::Doubled(shard(2, 3)));
    let mut divided = three();
    divided.extend(plans(&due(6, &[]), &project(), 4, now()));
    assert_eq!(
        refused(divided),
        Unmergeable::Divided(shard(1, 3), shard(1, 4))
    );
    let mut whole = three();
    whole[2] = decide(&due(6, &[]), &project(), now());
    assert_eq!(refused(whole), Unmergeable::Whole(3));
    let mut refreshed = three();
    refreshed[2].refresh = Refresh::All;
    assert_eq!(
        refused(refreshed),
        Unmergeable::Refreshed(shard(1, 3), shard(3, 3))
    );
}

/// A forged plan, or one of a version that divides otherwise.
#[test]
fn a_subject_of_another_shard_is_refused() {
    let mut plans = three();
    let strays: Vec<_> = plans
        .iter_mut()
        .flat_map(|plan| std::mem::take(&mut plan.steps))
        .collect();
    plans[0].steps = strays;
    assert!(matches!(refused(plans), Unmergeable::Stray(of, _) if of == shard(1, 3)));
}

#[test]
fn plans_of_an_hour_are_one_plan_of_the_first_of_them_and_later_ones_are_refused() {
    let after = |span: Span| {
        let mut plans = three();
        let at = span.after(now());
        plans[1] = super::super::decide(&gathered(&due(6, &[]), shard(2, 3)), &project(), at);
        plans
    };
    let merged = merge(after(Span::hours(1)), &Guardrails::default()).unwrap();
    assert_eq!(merged.at, now());
    assert!(merged.valid_until > now());
    let apart = refused(after(Span::seconds(3_601)));
    assert!(
        matches!(apart, Unmergeable::Apart { first, .. } if first == now()),
        "{apart}"
    );
}

/// The list failed for one worker only: what it left open stays open, and is never taken for up to date.
#[test]
fn what_one_shard_could_not_find_out_is_not_lost() {
    let whole = due(6, &[]);
    let mut parts = plans(&whole, &project(), 3, now());
    let mut failed = gathered(&whole, shard(2, 3));
    failed.cases = vec![unresolved("gateway-*")];
    parts[1] = decide(&failed, &project(), now());
    let merged = merge(parts, &Guardrails::default()).unwrap();
    let held = merged.steps.iter().filter(|step| step.target.is_none());
    assert_eq!(held.count(), 1);
    assert!(
        merged
            .steps
            .iter()
            .any(|step| matches!(step.verdict, Verdict::Hold { .. }))
    );
}

#[test]
fn a_log_that_several_shards_read_is_kept_once() {
    let reading = |since: u64, until: u64| LogReading {
        log: LogId::new("1", "rg"),
        span: LogSpan {
            since: Span::hours(since).after(now()),
            until: Span::hours(until).after(now()),
        },
        events: Vec::new(),
    };
    let mut plans = three();
    plans[0].logs = vec![reading(1, 8)];
    plans[1].logs = vec![reading(1, 9)];
    plans[2].logs = vec![reading(0, 7), reading(2, 3)];
    let merged = merge(plans, &Guardrails::default()).unwrap();
    assert_eq!(merged.logs, [reading(1, 9), reading(0, 7)]);
}
