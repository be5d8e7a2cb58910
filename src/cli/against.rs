//! `apply PLANFILE --against PATH`: checks a saved plan against the manifests of today.
//!
//! Nothing is applied if the rule of any action is gone, or promises something else by now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::args::Global;
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::session;
use crate::escape::line;
use crate::model::address::Name;
use crate::model::approval::Approval;
use crate::model::desired::{Desired, JobRunRule, JobRunWhat, JobSelector, KeyAgeRule};
use crate::model::job::JobSpec;
use crate::model::survey::{JobTarget, RuntimeTarget, SubmissionTarget};
use crate::model::suspension::Suspension;
use crate::model::time::{Freeze, Timestamp, minute};
use crate::model::verdict::{
    Action, Facts, JobFacts, RuntimeFacts, Step, SubmissionFacts, Target, Verdict,
};
use crate::{saved, survey};

/// Holds what `file` would do or wait for against the manifests in `paths`, and gives the approvals beside them; `None`: no manifests are
/// named. `again` is the command that makes a new plan.
///
/// # Errors
/// The manifests have problems or break the policy, or every action that they do not hold any more; or they freeze everything now.
pub fn check(
    file: &saved::File,
    paths: &[PathBuf],
    now: Timestamp,
    again: &str,
    global: &Global,
    screen: &Screen,
) -> Result<Option<Vec<Approval>>, Failure> {
    if paths.is_empty() {
        return Ok(None);
    }
    let desired = session::held(paths, global, screen)?.0.desired;
    let freezes = &desired.project.freezes;
    let rests = |freeze: &&Freeze| freeze.covers(now) && !all_pass(file, freeze);
    if let Some(freeze) = freezes.iter().find(rests) {
        let summary = format!(
            "the manifests freeze everything until {}: {}",
            minute(freeze.to),
            freeze.reason
        );
        return Err(Failure::new(summary).with_exit(Exit::Stale));
    }
    let rules = Rules::of(&desired, now);
    let steps = file.plan.steps.iter();
    let done = steps.filter(|step| matches!(step.verdict, Verdict::Act { .. }) || step.resumes());
    let refused = done.filter_map(|step| {
        let why = rules.differs(step, file)?;
        Some(format!("\n  {}", line(&format!("{}: {why}", step.address))))
    });
    let refused: String = refused.collect();
    if refused.is_empty() {
        return Ok(Some(desired.approvals));
    }
    let summary =
        format!("this plan does not fit the manifests any more, and nothing was done:{refused}");
    Err(Failure::new(summary)
        .with_exit(Exit::Stale)
        .with_command("Make a new one:", again))
}

/// Is there something to do, all of which `ignoreWindows` takes through this freeze?
fn all_pass(file: &saved::File, freeze: &Freeze) -> bool {
    let mut acts = file.plan.acts().peekable();
    acts.peek().is_some() && acts.all(|step| step.passes(freeze))
}

struct Rules<'a> {
    desired: &'a Desired,
    now: Timestamp,
    key_ages: BTreeMap<&'a Name, &'a KeyAgeRule>,
    job_runs: BTreeMap<&'a Name, &'a JobRunRule>,
}

impl<'a> Rules<'a> {
    fn of(desired: &'a Desired, now: Timestamp) -> Self {
        let key_ages = desired.key_ages.iter().map(|rule| (&rule.name, rule));
        let job_runs = desired.job_runs.iter().map(|rule| (&rule.name, rule));
        Self {
            desired,
            now,
            key_ages: key_ages.collect(),
            job_runs: job_runs.collect(),
        }
    }

    /// Why the manifests do not ask for this step any more.
    fn differs(&self, step: &Step, file: &saved::File) -> Option<String> {
        let rule = &step.rule;
        match (&step.target, &step.facts) {
            (Some(Target::Runtime(target)), Facts::Runtime(facts)) => {
                let Some(known) = self.key_ages.get(rule) else {
                    return Some(format!("no KeyAge is called {rule}"));
                };
                self.keys(known, target, facts)
            }
            (Some(Target::Job(target)), Facts::Job(facts)) => {
                let known = match self.job_run(rule, &target.workspace, file) {
                    Ok(known) => known,
                    Err(why) => return Some(why),
                };
                job(known, target, facts, step)
                    .or_else(|| self.suspended(rule, known.suspend.as_ref()))
            }
            (Some(Target::Submission(target)), Facts::Submission(facts)) => {
                let known = match self.job_run(rule, &target.workspace, file) {
                    Ok(known) => known,
                    Err(why) => return Some(why),
                };
                submission(known, target, facts)
                    .or_else(|| self.suspended(rule, known.suspend.as_ref()))
            }
            (None | Some(Target::Runtime(_) | Target::Job(_) | Target::Submission(_)), _) => {
                Some("what it rests on is not in the plan".to_owned())
            }
        }
    }

    fn keys(
        &self,
        rule: &KeyAgeRule,
        target: &RuntimeTarget,
        facts: &RuntimeFacts,
    ) -> Option<String> {
        let name = &rule.name;
        let connection = self.desired.key_connections.get(&rule.connection);
        let leads_there = connection.is_some_and(|connection| {
            let id = connection.id_of(target.id.name());
            connection.leads_to(&target.id) && id.is_none_or(|id| id == target.id)
        });
        if rule.connection != target.connection || !leads_there {
            return Some(format!("the connection of {name} is another one"));
        }
        if !survey::selects(rule, target.id.name()) {
            return Some(format!("{name} does not select it"));
        }
        if rule.spec != facts.spec {
            return Some(format!("{name} promises something else"));
        }
        self.suspended(name, rule.suspend.as_ref())
    }

    fn suspended(&self, rule: &Name, suspend: Option<&Suspension>) -> Option<String> {
        let suspension = suspend.filter(|suspension| suspension.holds(self.now))?;
        let until = suspension.until.map(minute);
        let until = until
            .map(|until| format!(" until {until}"))
            .unwrap_or_default();
        Some(format!("{rule} is suspended{until}: {}", suspension.reason))
    }

    fn job_run(
        &self,
        rule: &Name,
        workspace: &Name,
        file: &saved::File,
    ) -> Result<&'a JobRunRule, String> {
        let known = self.job_runs.get(rule).copied();
        let known = known.ok_or_else(|| format!("no JobRun is called {rule}"))?;
        let now = self.desired.workspaces.get(workspace);
        let then = file.workspaces.get(workspace);
        let same = now.zip(then).is_some_and(|(now, then)| {
            now.host == then.host && now.resource_id == then.resource_id
        });
        if known.workspace != *workspace || !same {
            return Err(format!("the workspace of {rule} is another one"));
        }
        Ok(known)
    }
}

fn job(rule: &JobRunRule, target: &JobTarget, facts: &JobFacts, step: &Step) -> Option<String> {
    let name = &rule.name;
    let JobRunWhat::Job(selector, spec) = &rule.what else {
        return Some(format!("{name} is about a one-time run"));
    };
    let selected = match selector {
        JobSelector::Name(job) => facts.name.as_ref().is_none_or(|known| known == job),
        JobSelector::Id(job) => target.job == *job,
        // Which jobs have the tags now, only the workspace knows.
        JobSelector::Tags(_) => true,
    };
    if !selected {
        return Some(format!("{name} does not select it"));
    }
    let same = spec.require == facts.require
        && spec.accept == facts.accept
        && has_parameters(&step.verdict, spec);
    (!same).then(|| format!("{name} promises something else"))
}

fn has_parameters(verdict: &Verdict, spec: &JobSpec) -> bool {
    let Verdict::Act { actions, .. } = verdict else {
        return true;
    };
    let mut started = actions.iter().filter_map(Action::started_with);
    started.all(|parameters| *parameters == spec.parameters)
}

fn submission(
    rule: &JobRunRule,
    target: &SubmissionTarget,
    facts: &SubmissionFacts,
) -> Option<String> {
    let name = &target.rule;
    let JobRunWhat::Submission(spec) = &rule.what else {
        return Some(format!("{name} is about jobs"));
    };
    let same = spec.digest == facts.digest && spec.accept == facts.accept;
    (!same).then(|| format!("the content of {name} is another one"))
}
