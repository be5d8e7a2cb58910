//! Every law fires on a doctored plan.

use super::super::testing::*;
use super::super::{audit, decide};
use super::Law;
use crate::model::desired::Project;
use crate::model::job::{Continuous, Requirement, RunId, RunResult};
use crate::model::runtime::{OwnKeys, Slot};
use crate::model::survey::{Looked, Subject, Survey};
use crate::model::time::Span;
use crate::model::verdict::{Action, Keep, NonEmpty, Plan, Verdict};
use crate::model::window::Window;

fn laws(survey: &Survey, project: &Project, plan: &Plan) -> Vec<Law> {
    audit(survey, project, plan)
        .into_iter()
        .map(|breach| breach.law)
        .collect()
}

/// The laws that the plan for `before` breaks once the world is `after`.
fn misjudged(before: Subject, after: Subject) -> Vec<Law> {
    let plan = decide(&survey([before]), &project(), now());
    laws(&survey([after]), &project(), &plan)
}

/// The laws that the plan for `subject` breaks after `doctor` has been at it.
fn doctored(subject: Subject, doctor: impl FnOnce(&mut Plan)) -> Vec<Law> {
    let survey = survey([subject]);
    let mut plan = decide(&survey, &project(), now());
    doctor(&mut plan);
    laws(&survey, &project(), &plan)
}

fn due() -> Subject {
    Subject::Runtime(runtime_aged("85d", "20d"))
}

fn push(plan: &mut Plan, action: Action) {
    if let Verdict::Act { actions, .. } = &mut plan.steps[0].verdict {
        actions.rest.push(action);
    }
}

#[test]
fn laws_of_the_whole_plan_fire() {
    assert_eq!(
        doctored(due(), |plan| plan.steps.clear()),
        [Law::OneStepEach]
    );
    let twice = doctored(Subject::Job(stale_job()), |plan| {
        plan.steps.push(plan.steps[0].clone());
    });
    assert_eq!(
        twice,
        [Law::OneStepEach, Law::OneSubjectEach, Law::OneTokenEach]
    );
    assert_eq!(
        doctored(due(), |plan| plan.valid_until = plan.at),
        [Law::Past]
    );
    assert_eq!(
        doctored(due(), |plan| plan.steps[0].changes_at = Some(plan.at)),
        [Law::Past]
    );
    let (survey, mut project) = (survey([due()]), project());
    let plan = decide(&survey, &project, now());
    project.guardrails.regenerations_per_factory = Some(0);
    assert_eq!(laws(&survey, &project, &plan), [Law::Guardrail]);
    project.guardrails.regenerations_per_factory = None;
    project.guardrails.regenerations_per_apply = Some(0);
    assert_eq!(laws(&survey, &project, &plan), [Law::Guardrail]);
    project.guardrails.regenerations_per_apply = None;
    project.freezes = vec![freeze(now(), ahead("1h"))];
    assert_eq!(laws(&survey, &project, &plan), [Law::Frozen]);
}

#[test]
fn each_guardrail_counts_its_own_actions() {
    let (survey, mut project) = (survey([Subject::Job(stale_job())]), project());
    let plan = decide(&survey, &project, now());
    assert_eq!(laws(&survey, &project, &plan), []);
    project.guardrails.cancellations_per_apply = Some(0);
    project.guardrails.regenerations_per_apply = Some(0);
    assert_eq!(laws(&survey, &project, &plan), []);
    project.guardrails.runs_per_apply = Some(0);
    assert_eq!(laws(&survey, &project, &plan), [Law::Guardrail]);
}

#[test]
fn laws_of_sight_and_company_with_other_applies_fire() {
    let (mut failed, mut busy) = (runtime_aged("85d", "20d"), runtime_aged("85d", "20d"));
    failed.sight = Looked::Failed(trouble());
    assert_eq!(misjudged(due(), Subject::Runtime(failed)), [Law::Unseen]);
    busy.doubts = vec![doubt(regenerate(Slot::One, 'a', 'b'), "30s")];
    assert_eq!(misjudged(due(), Subject::Runtime(busy)), [Law::Busy]);
}

#[test]
fn the_law_of_suspended_rules_fires() {
    for (until, broken) in [
        (None, vec![Law::Suspended]),
        (Some(ahead("1s")), vec![Law::Suspended]),
        (Some(now()), vec![]),
    ] {
        let mut case = runtime_aged("85d", "20d");
        let suspend = suspended(until);
        case.suspend.clone_from(&suspend);
        assert_eq!(misjudged(due(), Subject::Runtime(case)), broken);
        let (mut job, mut once) = (stale_job(), submission());
        job.suspend.clone_from(&suspend);
        once.suspend.clone_from(&suspend);
        let of_job = misjudged(Subject::Job(stale_job()), Subject::Job(job));
        assert_eq!(of_job, broken);
        let of_submit = misjudged(Subject::Submission(submission()), Subject::Submission(once));
        assert_eq!(of_submit, broken);
    }
}

#[test]
fn laws_about_keys_fire() {
    let both = doctored(due(), |plan| push(plan, regenerate(Slot::Two, 'b', 'a')));
    assert_eq!(both, [Law::BothKeys]);
    let young_twin = Subject::Runtime(runtime_aged("85d", "23h"));
    assert_eq!(misjudged(due(), young_twin), [Law::Overlap]);
    let mut linked = runtime_aged("85d", "20d");
    sight(&mut linked).kind = OwnKeys::Linked;
    assert_eq!(misjudged(due(), Subject::Runtime(linked)), [Law::NoKeys]);
    let mut windowed = runtime_aged("85d", "20d");
    windowed.spec.windows = vec![Window::new("0 2 * * *", "UTC", Span::hours(1)).unwrap()];
    assert_eq!(misjudged(due(), Subject::Runtime(windowed)), [Law::Window]);
    let mut changed = runtime_aged("85d", "20d");
    sight(&mut changed).keys = keys('c', 'b');
    assert_eq!(
        misjudged(due(), Subject::Runtime(changed)),
        [Law::Presumption]
    );
    let kept = doctored(Subject::Runtime(runtime_aged("90d", "20d")), |plan| {
        plan.steps[0].verdict = Verdict::Keep(Keep::Young);
    });
    assert_eq!(kept, [Law::OldKey]);
    let foreign = doctored(due(), |plan| {
        if let Verdict::Act { actions, .. } = &mut plan.steps[0].verdict {
            *actions = NonEmpty::one(Action::Cancel { run: RunId(1) });
        }
    });
    assert_eq!(foreign, [Law::Kind]);
}

#[test]
fn laws_about_runs_fire() {
    let mut company = stale_job();
    sight(&mut company).active = vec![active(5, "1h")];
    let stale = Subject::Job(stale_job());
    assert_eq!(misjudged(stale, Subject::Job(company)), [Law::Company]);
    let mut unknown = job();
    sight(&mut unknown).ended = vec![ended(1, "2h", RunResult::Unknown("SUCCESSFUL".to_owned()))];
    assert_eq!(
        misjudged(Subject::Job(job()), Subject::Job(unknown)),
        [Law::Success]
    );
    let mut stopped = job();
    stopped.spec.require = Requirement::NotRunning;
    sight(&mut stopped).active = vec![active(5, "1h")];
    let mut continuous = stopped.clone();
    sight(&mut continuous).continuous = Continuous::Unpaused;
    assert_eq!(
        misjudged(Subject::Job(stopped), Subject::Job(continuous)),
        [Law::Continuous]
    );
    let mut submitted = submission();
    sight(&mut submitted).runs = vec![active(5, "1h")];
    let once = Subject::Submission(submission());
    assert_eq!(
        misjudged(once, Subject::Submission(submitted)),
        [Law::Company]
    );
}
