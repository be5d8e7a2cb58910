//! One-time submits of one workspace: by the run's id where the ledger knows it, else by the run's name.

use futures_util::future::join_all;

use super::Scene;
use super::jobs::date_own;
use super::resolve::not_looked_at;
use crate::cloud::submission_name;
use crate::model::address::Address;
use crate::model::connection::Workspace;
use crate::model::desired::JobRunRule;
use crate::model::job::{RunId, SubmissionSight, SubmissionSpec};
use crate::model::survey::{Case, Looked, Refresh, Subject, SubmissionCase, SubmissionTarget};
use crate::model::trouble::{Trouble, TroubleKind};

/// One case for each rule.
pub async fn gather(
    scene: &Scene<'_>,
    workspace: &Workspace,
    host: &str,
    rules: &[(&JobRunRule, &SubmissionSpec)],
) -> Vec<Subject> {
    let cases = rules
        .iter()
        .map(|(rule, spec)| case(scene, host, rule, spec))
        .filter(|case| scene.options.wants(&case.address));
    join_all(cases.map(|case| look(scene, workspace, case)))
        .await
        .into_iter()
        .map(Subject::Submission)
        .collect()
}

fn case(scene: &Scene<'_>, host: &str, rule: &JobRunRule, spec: &SubmissionSpec) -> SubmissionCase {
    let target = SubmissionTarget {
        workspace: rule.workspace.clone(),
        host: host.to_owned(),
        rule: rule.name.clone(),
        body: spec.body.clone(),
    };
    let identity = target.identity();
    Case {
        address: Address::new(rule.workspace.clone(), rule.name.as_str()),
        rule: rule.name.clone(),
        place: rule.place.clone(),
        target,
        spec: spec.clone(),
        sight: Looked::NotAsked,
        memory: scene
            .memory
            .submissions
            .get(&identity)
            .cloned()
            .unwrap_or_default(),
        doubts: scene.memory.doubts(&identity).to_vec(),
    }
}

async fn look(scene: &Scene<'_>, workspace: &Workspace, case: SubmissionCase) -> SubmissionCase {
    let succeeded = case.memory.successes.iter().any(|(digest, _, _, result)| {
        *digest == case.spec.digest && case.spec.accept.contains(result)
    });
    let sight = match scene.options.refresh {
        Refresh::Auto if succeeded && case.doubts.is_empty() => Looked::NotAsked,
        Refresh::None if succeeded => Looked::NotAsked,
        Refresh::None => Looked::Failed(not_looked_at()),
        Refresh::Auto | Refresh::All => match see(scene, workspace, &case).await {
            Ok(sight) => Looked::Seen(sight),
            Err(trouble) => Looked::Failed(trouble),
        },
    };
    Case { sight, ..case }
}

async fn see(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: &SubmissionCase,
) -> Result<SubmissionSight, Trouble> {
    let mut sight = see_runs(scene, workspace, case).await?;
    let own = case.memory.runs.iter().map(|(_, run, at)| (*run, *at));
    date_own(sight.runs.iter_mut(), own);
    Ok(sight)
}

async fn see_runs(
    scene: &Scene<'_>,
    workspace: &Workspace,
    case: &SubmissionCase,
) -> Result<SubmissionSight, Trouble> {
    let own: Vec<RunId> = case
        .memory
        .runs
        .iter()
        .rev()
        .filter(|(digest, ..)| *digest == case.spec.digest)
        .map(|(_, run, _)| *run)
        .collect();
    if own.is_empty() || !case.doubts.is_empty() {
        let name = submission_name(case.rule.as_str(), &case.spec.digest);
        let found = scene
            .gate
            .pass(workspace, scene.reader.submitted_runs(workspace, &name))
            .await?;
        return Ok(SubmissionSight {
            at: found.at,
            runs: found.said,
        });
    }
    let mut sight = SubmissionSight {
        at: scene.options.now,
        runs: Vec::new(),
    };
    for run in own {
        match scene
            .gate
            .pass(workspace, scene.reader.run(workspace, run))
            .await
        {
            Ok(run) => {
                sight.at = run.at;
                sight.runs.push(run.said);
            }
            // The service forgets runs after 60 days.
            Err(trouble) if trouble.kind == TroubleKind::NotFound => {}
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(sight)
}
