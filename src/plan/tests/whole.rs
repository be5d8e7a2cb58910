//! The plan as a whole: guardrails, validity, what could not be found out.

use super::super::decide;
use super::super::testing::*;
use crate::limits::PLAN_VALIDITY_MAX;
use crate::model::address::{Address, Name, ResourceId};
use crate::model::desired::{OnExceed, Project};
use crate::model::survey::{RuntimeCase, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Exceeded, Hold, Plan, Verdict};

fn due(name: &str, age: &str) -> Subject {
    let mut case: RuntimeCase = runtime_named(name);
    case.memory.slots.one.evidence = Some(rotated(ago(age)));
    Subject::Runtime(case)
}

fn acting(plan: &Plan) -> Vec<&str> {
    plan.acts()
        .map(|step| step.address.subject.as_str())
        .collect()
}

#[test]
fn a_guardrail_defers_the_least_urgent_or_refuses_the_plan() {
    let survey = survey([due("a", "77d"), due("b", "95d"), due("c", "80d")]);
    let mut project = project();
    project.guardrails.regenerations_per_factory = Some(2);
    let plan = decide(&survey, &project, now());
    assert_eq!(acting(&plan), ["b", "c"]);
    let guardrail = "maxRegenerations.perFactory of ingest".to_owned();
    let why = Hold::Deferred {
        guardrail: format!("{guardrail}: 2"),
    };
    assert_eq!(plan.steps[0].verdict, Verdict::Hold { why, until: None });
    assert_eq!(
        plan.exceeded,
        [Exceeded {
            guardrail,
            limit: 2,
            wanted: 3
        }]
    );
    project.guardrails.on_exceed = OnExceed::Fail;
    let refused = decide(&survey, &project, now());
    assert!(refused.refused);
    assert_eq!(acting(&refused), ["a", "b", "c"]);
}

#[test]
fn accounts_are_bounded_by_their_subscription_and_runtimes_by_their_factory() {
    let lake = |name: &str, age: &str| {
        let mut case = account(age, "40d");
        case.address.subject = name.to_owned();
        case.target.id = ResourceId::new(case.target.id.as_str().replace("lake", name));
        Subject::Runtime(case)
    };
    let survey = survey([
        due("a", "95d"),
        due("b", "95d"),
        lake("x", "99d"),
        lake("y", "98d"),
    ]);
    let mut project = project();
    project.guardrails.regenerations_per_subscription = Some(1);
    assert_eq!(acting(&decide(&survey, &project, now())), ["a", "b", "x"]);
    project.guardrails.regenerations_per_subscription = None;
    project.guardrails.regenerations_per_factory = Some(1);
    assert_eq!(acting(&decide(&survey, &project, now())).len(), 3);
}

#[test]
fn a_plan_is_valid_until_an_action_of_its_own_changes_and_a_day_at_most() {
    let mut project = project();
    let valid = |project: &Project, subject| decide(&survey([subject]), project, now()).valid_until;
    let day: Timestamp = Span::seconds(PLAN_VALIDITY_MAX.as_secs()).after(now());
    assert_eq!(valid(&project, due("a", "40d")), day);
    // What becomes due meanwhile is another plan's business.
    assert_eq!(valid(&project, due("a", "75d23h")), day);
    // That a limit is passed while the key waits for its apply changes nothing about what is to be done.
    assert_eq!(valid(&project, due("a", "89d23h")), day);
    project.freezes = vec![freeze(ahead("2h"), ahead("3h"))];
    assert_eq!(valid(&project, due("a", "80d")), ahead("2h"));
    assert_eq!(valid(&project, due("a", "40d")), day);
}

#[test]
fn what_could_not_be_found_out_is_a_hold() {
    let subject = Subject::Unresolved {
        address: Address::new(Name::parse("ingest").unwrap(), "gateway-*"),
        rule: Name::parse("gateways").unwrap(),
        trouble: trouble(),
    };
    let why = Hold::Trouble(trouble());
    assert_eq!(
        super::super::testing::decide(subject).verdict,
        Verdict::Hold { why, until: None }
    );
}
