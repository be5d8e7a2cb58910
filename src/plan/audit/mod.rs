//! The laws that every plan must obey, checked against the raw survey.
//!
//! It shares no code with the planner, whose mistakes it would share as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::address::{Address, Name};
use crate::model::desired::{Guardrails, Project};
use crate::model::memory::Doubt;
use crate::model::survey::{Looked, Subject, Survey};
use crate::model::suspension::Suspension;
use crate::model::verdict::{Action, Plan, Step, Target, Verdict};

mod actions;
mod hand_off;
mod keys;
mod law;
mod runs;
mod windows;

use actions::actions;
pub use law::{Breach, Law};

/// Every law that `plan` breaks; nothing, if all is well.
pub fn audit(survey: &Survey, project: &Project, plan: &Plan) -> Vec<Breach> {
    let mut breaches = Vec::new();
    whole(survey, plan, &mut breaches);
    // A shard's plan has every candidate, and nobody applies it while there are guardrails.
    if plan.part.is_none() {
        guardrails(&project.guardrails, plan, &mut breaches);
    }
    let known = survey.cases.iter();
    let known = known.map(|case| ((case.address(), rule(case)), case));
    let cases: HashMap<(&Address, &Name), &Subject> = known.collect();
    for step in &plan.steps {
        let case = cases.get(&(&step.address, &step.rule)).copied();
        let mut broken = timing(project, plan, step, case);
        broken.extend(
            case.map(|case| against(case, plan, step))
                .unwrap_or_default(),
        );
        breaches.extend(broken.into_iter().map(|law| Breach {
            address: Some(step.address.clone()),
            law,
        }));
    }
    breaches
}

/// The same of a merged plan, as far as it can be told without what it was decided from.
pub fn audit_merged(rails: &Guardrails, plan: &Plan) -> Vec<Breach> {
    let mut breaches = Vec::new();
    each_once(plan, &mut breaches);
    guardrails(rails, plan, &mut breaches);
    breaches
}

fn rule(case: &Subject) -> &Name {
    match case {
        Subject::Runtime(case) => &case.rule,
        Subject::Job(case) => &case.rule,
        Subject::Submission(case) => &case.rule,
        Subject::Unresolved { rule, .. } => rule,
    }
}

fn whole(survey: &Survey, plan: &Plan, breaches: &mut Vec<Breach>) {
    let mut wanted: Vec<_> = survey
        .cases
        .iter()
        .map(|case| (case.address(), rule(case)))
        .collect();
    let mut given: Vec<_> = plan
        .steps
        .iter()
        .map(|step| (&step.address, &step.rule))
        .collect();
    wanted.sort();
    given.sort();
    if wanted != given {
        breaches.push(Breach {
            address: None,
            law: Law::OneStepEach,
        });
    }
    each_once(plan, breaches);
}

fn each_once(plan: &Plan, breaches: &mut Vec<Breach>) {
    let mut subjects = BTreeSet::new();
    let one_subject = plan
        .steps
        .iter()
        .filter_map(|step| step.target.as_ref())
        .all(|target| subjects.insert(target.identity()));
    let mut tokens = BTreeSet::new();
    let one_token = plan
        .steps
        .iter()
        .flat_map(actions)
        .all(|action| match action {
            Action::Start { token, .. } | Action::Submit { token, .. } => tokens.insert(token),
            Action::Regenerate { .. } | Action::HandOver { .. } | Action::Cancel { .. } => true,
        });
    let checks = [
        (one_subject, Law::OneSubjectEach),
        (one_token, Law::OneTokenEach),
        (plan.valid_until > plan.at, Law::Past),
    ];
    let broken = checks.into_iter().filter(|(kept, _)| !kept);
    breaches.extend(broken.map(|(_, law)| Breach { address: None, law }));
}

fn guardrails(rails: &Guardrails, plan: &Plan, breaches: &mut Vec<Breach>) {
    let mut by_factory: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_subscription: BTreeMap<String, usize> = BTreeMap::new();
    let (mut keys, mut runs, mut cancels) = (0_usize, 0_usize, 0_usize);
    for step in &plan.steps {
        for action in actions(step) {
            match action {
                Action::Regenerate { .. } => {
                    keys += 1;
                    if let Some(target) = step.target.as_ref().and_then(Target::runtime) {
                        let id = target.id.folded();
                        let (within, counts) = if id.contains("/storageaccounts/") {
                            ("/resourcegroups/", &mut by_subscription)
                        } else {
                            ("/integrationruntimes/", &mut by_factory)
                        };
                        let holder = id.split(within).next().unwrap_or(id);
                        *counts.entry(holder.to_owned()).or_default() += 1;
                    }
                }
                Action::HandOver { .. } => {}
                Action::Start { .. } | Action::Submit { .. } => runs += 1,
                Action::Cancel { .. } => cancels += 1,
            }
        }
    }
    let fullest = |counts: BTreeMap<String, usize>| counts.into_values().max().unwrap_or(0);
    let within = |limit: Option<u32>, count: usize| {
        limit.is_none_or(|limit| usize::try_from(limit).is_ok_and(|limit| count <= limit))
    };
    let kept = plan.refused
        || within(rails.regenerations_per_apply, keys)
            && within(rails.regenerations_per_factory, fullest(by_factory))
            && within(
                rails.regenerations_per_subscription,
                fullest(by_subscription),
            )
            && within(rails.runs_per_apply, runs)
            && within(rails.cancellations_per_apply, cancels);
    if !kept {
        breaches.push(Breach {
            address: None,
            law: Law::Guardrail,
        });
    }
}

fn timing(project: &Project, plan: &Plan, step: &Step, case: Option<&Subject>) -> Vec<Law> {
    let mut broken = Vec::new();
    let until = match &step.verdict {
        Verdict::Hold { until, .. } => *until,
        Verdict::Keep(_) | Verdict::Act { .. } => None,
    };
    if until
        .into_iter()
        .chain(step.changes_at)
        .any(|instant| instant <= plan.at)
    {
        broken.push(Law::Past);
    }
    let runtime = case.and_then(Subject::runtime);
    let passes = runtime.is_some_and(|case| keys::pass_over(case, plan, step));
    let frozen = project
        .freezes
        .iter()
        .any(|freeze| freeze.from <= plan.at && plan.at < freeze.to && (freeze.firm || !passes));
    if frozen && !actions(step).is_empty() {
        broken.push(Law::Frozen);
    }
    broken
}

fn against(case: &Subject, plan: &Plan, step: &Step) -> Vec<Law> {
    let acts = !actions(step).is_empty();
    let open = |doubts: &[Doubt]| doubts.iter().any(|doubt| plan.at < doubt.act_by);
    let rests = |suspend: &Option<Suspension>| {
        let until = suspend.as_ref().map(|suspension| suspension.until);
        until.is_some_and(|until| until.is_none_or(|until| plan.at < until))
    };
    let (failed, busy, suspended, mut broken) = match case {
        Subject::Runtime(case) => (
            matches!(case.sight, Looked::Failed(_)),
            open(&case.doubts),
            rests(&case.suspend),
            keys::laws(case, plan, step),
        ),
        Subject::Job(case) => (
            matches!(case.sight, Looked::Failed(_)),
            open(&case.doubts),
            rests(&case.suspend),
            runs::job_laws(case, plan, step),
        ),
        Subject::Submission(case) => (
            matches!(case.sight, Looked::Failed(_)),
            open(&case.doubts),
            rests(&case.suspend),
            runs::submission_laws(case, step),
        ),
        Subject::Unresolved { .. } => (true, false, false, Vec::new()),
    };
    let orderly = !matches!(step.verdict, Verdict::Hold { .. });
    if failed && orderly {
        broken.push(Law::Unseen);
    }
    if busy && acts {
        broken.push(Law::Busy);
    }
    if suspended && acts {
        broken.push(Law::Suspended);
    }
    broken
}

#[cfg(test)]
mod tests;
