//! Which steps a guardrail defers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::testing::*;
use super::super::{audit, decide};
use crate::model::birth::Evidence;
use crate::model::job::{Requirement, RunResult, Token};
use crate::model::promise::{Attention, Promise};
use crate::model::survey::{JobCase, RuntimeCase, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Action, Company, Facts, Hold, Plan, Refusal, Step, Verdict};

/// The one that acts where there is room for one.
fn first(cases: impl IntoIterator<Item = Subject>) -> String {
    let mut project = project();
    project.guardrails.regenerations_per_apply = Some(1);
    project.guardrails.runs_per_apply = Some(1);
    let survey = survey(cases);
    let plan = decide(&survey, &project, now());
    assert_eq!(audit(&survey, &project, &plan), []);
    let acting: Vec<&str> = plan
        .acts()
        .map(|step| step.address.subject.as_str())
        .collect();
    assert_eq!(acting.len(), 1, "{acting:?}");
    acting[0].to_owned()
}

/// authKey1 was made in this interval, authKey2 lately.
fn key(name: &str, most: &str, least: &str) -> Subject {
    let mut case: RuntimeCase = runtime_named(name);
    case.memory.slots.one.evidence = Some(Evidence::Changed {
        after: ago(most),
        by: ago(least),
    });
    Subject::Runtime(case)
}

fn stale(name: &str, id: i64, last: Option<&str>) -> Subject {
    let mut case: JobCase = job_named(name, id);
    let ended = last.map(|end| ended(id * 10, end, RunResult::Success));
    sight(&mut case).ended = ended.into_iter().collect();
    Subject::Job(case)
}

#[test]
fn proved_breaks_go_first_the_longest_broken_before_all() {
    let keys = [
        key("a", "80d", "80d"),
        key("b", "300d", "77d"),
        key("c", "91d", "91d"),
        key("d", "95d", "95d"),
    ];
    assert_eq!(first(keys.clone()), "d");
    assert_eq!(first(keys[..3].to_vec()), "c");
    assert_eq!(first(keys[..2].to_vec()), "b");
}

#[test]
fn of_equally_broken_keys_the_one_that_may_be_oldest_goes_first() {
    let keys = [
        key("gateway-a", "91d", "90d"),
        key("gateway-b", "300d", "90d"),
        key("gateway-c", "95d", "90d"),
    ];
    assert_eq!(first(keys), "gateway-b");
    let limits = [key("a", "200d", "78d"), key("b", "200d", "79d")];
    assert_eq!(first(limits), "b");
    // Only where nothing differs the name decides.
    assert_eq!(first([key("b", "95d", "95d"), key("a", "95d", "95d")]), "a");
}

#[test]
fn of_stale_jobs_the_longest_stale_goes_first_and_one_that_never_succeeded_before_it() {
    let jobs = [
        stale("a", 1, Some("31h")),
        stale("b", 2, Some("9d")),
        stale("c", 3, None),
    ];
    assert_eq!(first(jobs.clone()), "c");
    assert_eq!(first(jobs[..2].to_vec()), "b");
}

#[test]
fn a_job_that_stopped_is_as_urgent_as_it_has_stood_still_and_a_one_time_run_comes_last() {
    let mut running = job_named("z", 9);
    running.spec.require = Requirement::Running;
    sight(&mut running).ended = vec![ended(90, "3d", RunResult::Failed)];
    let running = || Subject::Job(running.clone());
    let once = || Subject::Submission(submission());
    assert_eq!(first([running(), stale("a", 1, Some("31h")), once()]), "z");
    assert_eq!(first([running(), stale("a", 1, Some("9d")), once()]), "a");
    assert_eq!(first([stale("z", 1, Some("31h")), once()]), "z");
}

#[test]
fn what_lacks_a_right_takes_nobodys_place_and_still_needs_attention() {
    let refused = |name: &str, id: i64, is_access: bool| {
        let Subject::Job(mut case) = stale(name, id, Some("9d")) else {
            panic!("a job")
        };
        let action = Action::Start {
            token: Token::parse("t").unwrap(),
            after: None,
            parameters: BTreeMap::new(),
            company: Company::Alone,
        };
        let refusal = Refusal {
            at: ago("1h"),
            why: "no right".to_owned(),
            is_access,
        };
        case.refused = Some((action, refusal));
        Subject::Job(case)
    };
    let fresher = || stale("z", 3, Some("31h"));
    assert_eq!(first([refused("a", 1, false), fresher()]), "a");
    assert_eq!(first([refused("a", 1, true), fresher()]), "z");
    assert_eq!(first([refused("a", 1, true)]), "a");
    let mut project = project();
    project.guardrails.runs_per_apply = Some(1);
    let plan = decide(&survey([refused("a", 1, true), fresher()]), &project, now());
    assert_eq!(plan.steps[0].attention, Some(Attention::Access));
    assert!(plan.steps[0].refused.is_some());
}

/// How a step is ranked, by another way: what is the smallest goes first.
fn rank(step: &Step) -> (bool, i128, i128) {
    let never = i128::MIN;
    let nanos = |at: Option<Timestamp>| at.map_or(never, Timestamp::as_nanosecond);
    let (broken, since) = match step.promise {
        Promise::Broken { since, .. } => (true, nanos(since)),
        Promise::Kept | Promise::Unproven | Promise::Unknown => (false, 0),
    };
    let oldest = match (&step.facts, &step.verdict) {
        (Facts::Runtime(facts), Verdict::Act { actions, .. }) => match actions.first {
            Action::Regenerate { slot, .. } => nanos(facts.slots.get(slot).birth.earliest),
            _ => 0,
        },
        _ => 0,
    };
    (!broken, since, oldest)
}

fn counts(step: &Step, guardrail: &str) -> bool {
    let Verdict::Act { actions, .. } = &step.verdict else {
        return false;
    };
    actions.iter().any(|action| match action {
        Action::Regenerate { .. } => guardrail.starts_with("maxRegenerations"),
        Action::Start { .. } | Action::Submit { .. } => guardrail.starts_with("maxRuns"),
        Action::HandOver { .. } => false,
        Action::Cancel { .. } => guardrail.starts_with("maxCancellations"),
    })
}

fn cancels(step: &Step) -> u32 {
    let Verdict::Act { actions, .. } = &step.verdict else {
        return 0;
    };
    let cancels = actions
        .iter()
        .filter(|action| matches!(action, Action::Cancel { .. }));
    u32::try_from(cancels.count()).unwrap()
}

fn deferred(plan: &Plan) -> impl Iterator<Item = (usize, &str)> {
    let steps = plan.steps.iter().enumerate();
    steps.filter_map(|(index, step)| match &step.verdict {
        Verdict::Hold {
            why: Hold::Deferred { guardrail },
            ..
        } => Some((index, guardrail.as_str())),
        _ => None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_acts_is_at_least_as_urgent_as_what_is_deferred(bytes in prop::collection::vec(any::<u8>(), 0..300), hours in 0_u64..200) {
        let mut dice = Dice(&bytes);
        let mut project = dice.project();
        project.guardrails.on_exceed = crate::model::desired::OnExceed::Defer;
        let survey = dice.survey();
        let at = Span::hours(hours).after(now());
        let plan = decide(&survey, &project, at);
        let mut free = project.clone();
        free.guardrails = crate::model::desired::Guardrails::default();
        let wanted = decide(&survey, &free, at);
        for (index, guardrail) in deferred(&plan) {
            let waiting = &wanted.steps[index];
            prop_assert!(matches!(waiting.verdict, Verdict::Act { .. }), "it was wanted");
            let fits = cancels(waiting) <= project.guardrails.cancellations_per_apply.unwrap_or(u32::MAX);
            for acting in plan.acts().filter(|step| fits && counts(step, guardrail)) {
                let runtimes = matches!(acting.facts, Facts::Runtime(_));
                prop_assert!(runtimes == matches!(waiting.facts, Facts::Runtime(_)));
                if runtimes {
                    prop_assert!(rank(acting) <= rank(waiting), "{:?} before {:?}", acting, waiting);
                }
                let (one, other) = (acting.promise, waiting.promise);
                prop_assert!(one.is_broken() || !other.is_broken(), "{:?} before {:?}", acting, waiting);
                if let (Promise::Broken { since: Some(one), .. }, Promise::Broken { since: Some(other), .. }) = (one, other) {
                    prop_assert!(one <= other, "{:?} before {:?}", acting, waiting);
                }
            }
        }
    }
}
