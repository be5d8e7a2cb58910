//! A suspended rule: judged, shown, and not acted on.

use super::super::testing::*;
use crate::model::job::RunId;
use crate::model::promise::Promise;
use crate::model::survey::{Looked, Subject};
use crate::model::time::Timestamp;
use crate::model::verdict::{Hold, Settled, Step, Verdict};

fn is_suspended(step: &Step) -> bool {
    let reason = "the gateway is being moved".to_owned();
    matches!(&step.verdict, Verdict::Hold { why, .. } if *why == Hold::Suspended { reason })
}

/// One of each kind that would act.
fn acting(until: Option<Timestamp>) -> [Subject; 3] {
    let (mut keys, mut job, mut once) = (runtime_aged("95d", "40d"), stale_job(), submission());
    keys.suspend = suspended(until);
    job.suspend = suspended(until);
    once.suspend = suspended(until);
    [
        Subject::Runtime(keys),
        Subject::Job(job),
        Subject::Submission(once),
    ]
}

#[test]
fn a_suspended_rule_takes_no_action_and_its_broken_promise_is_told_and_needs_nobody() {
    for subject in acting(None) {
        let step = decide(subject);
        assert!(is_suspended(&step), "{step:?}");
        assert!(step.promise.is_broken(), "{step:?}");
        assert_eq!(step.attention, None);
    }
}

#[test]
fn it_acts_again_when_the_suspension_ends_which_changes_no_other_action() {
    for subject in acting(Some(ahead("3h"))) {
        let plan = plan_at(subject.clone(), &project(), now());
        assert_eq!(plan.steps[0].changes_at, Some(ahead("3h")));
        assert_eq!(plan.valid_until, ahead("1d"));
        let Verdict::Hold { until, .. } = plan.steps[0].verdict else {
            panic!("not on hold: {:?}", plan.steps[0]);
        };
        assert_eq!(until, Some(ahead("3h")));
        let step = decide_at(subject, ahead("3h"));
        assert!(matches!(step.verdict, Verdict::Act { .. }), "{step:?}");
    }
}

#[test]
fn what_is_up_to_date_is_shown_as_suspended_too() {
    let (mut keys, mut fresh) = (runtime(), job());
    keys.suspend = suspended(None);
    fresh.suspend = suspended(None);
    for subject in [Subject::Runtime(keys), Subject::Job(fresh)] {
        let step = decide(subject);
        assert!(is_suspended(&step), "{step:?}");
        assert_eq!(step.promise, Promise::Kept);
    }
}

#[test]
fn suspended_is_told_before_a_freeze_and_needs_nobody_where_a_hold_would() {
    let mut given_up = stale_job();
    given_up.spec.retry.attempts_max = 1;
    let failed = ended(2, "1h", crate::model::job::RunResult::Failed);
    sight(&mut given_up).ended.insert(0, failed);
    assert!(decide(Subject::Job(given_up.clone())).attention.is_some());
    given_up.suspend = suspended(None);
    let step = decide(Subject::Job(given_up.clone()));
    assert!(is_suspended(&step) && step.attention.is_none(), "{step:?}");
    let mut project = project();
    project.freezes = vec![freeze(now(), ahead("1d"))];
    let plan = plan_at(Subject::Job(given_up), &project, now());
    assert!(is_suspended(&plan.steps[0]));
}

#[test]
fn what_could_not_be_read_is_told_first() {
    let mut case = runtime_aged("95d", "40d");
    (case.suspend, case.sight) = (suspended(None), Looked::Failed(trouble()));
    let step = decide(Subject::Runtime(case));
    let why = Hold::Trouble(trouble());
    assert_eq!(step.verdict, Verdict::Hold { why, until: None });
}

#[test]
fn an_open_operation_of_a_suspended_rule_is_resolved_and_nothing_is_sent_again() {
    use crate::model::runtime::Slot;
    let mut keys = runtime_aged("95d", "40d");
    keys.suspend = suspended(None);
    keys.doubts = vec![doubt(regenerate(Slot::One, 'a', 'b'), "10m")];
    let (mut job, mut once) = (stale_job(), submission());
    job.suspend = suspended(None);
    job.doubts = vec![doubt(start("stored", Some(RunId(1))), "10m")];
    once.suspend = suspended(None);
    once.doubts = vec![doubt(submit("stored", "d1"), "3h")];
    for subject in [
        Subject::Runtime(keys),
        Subject::Job(job.clone()),
        Subject::Submission(once),
    ] {
        let step = decide(subject);
        assert!(is_suspended(&step), "{step:?}");
        let settled: Vec<&Settled> = step.settlements.iter().map(|one| &one.settled).collect();
        assert_eq!(settled, [&Settled::NotDone], "{step:?}");
    }
    // While the request may still be under way nobody can tell what became of it.
    job.doubts = vec![doubt(start("stored", Some(RunId(1))), "30s")];
    let step = decide(Subject::Job(job));
    let busy = matches!(
        &step.verdict,
        Verdict::Hold {
            why: Hold::Busy { .. },
            ..
        }
    );
    assert!(busy && step.settlements.is_empty(), "{step:?}");
}
