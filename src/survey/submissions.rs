//! One-time submits of one workspace: by the run's id where the ledger knows it, and by the name of its content unless that run
//! decides. Content is what counts, whatever the document is called.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use tokio::sync::OnceCell;

use super::jobs::look::date_own;
use super::resolve::not_looked_at;
use super::scene::Scene;
use crate::cloud::{Dated, SubmittedRun, content_mark};
use crate::limits::RUN_RETENTION_DAYS;
use crate::model::address::Address;
use crate::model::connection::Workspace;
use crate::model::contents::Contents;
use crate::model::desired::JobRunRule;
use crate::model::job::{FormerRun, Run, RunId, SubmissionSight, SubmissionSpec};
use crate::model::survey::{Case, Looked, Refresh, Subject, SubmissionCase, SubmissionTarget};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::Action;

/// One case for each rule.
pub async fn gather(
    scene: &Scene<'_>,
    workspace: &Workspace,
    host: &str,
    rules: &[(&JobRunRule, &SubmissionSpec)],
) -> Vec<Subject> {
    let contents = Contents::of(scene.memory, host);
    let cases = rules
        .iter()
        .map(|(rule, spec)| case(&contents, host, rule, spec))
        .filter(|case| scene.options.wants(&case.address));
    let sights = Sights {
        scene,
        workspace,
        listed: OnceCell::new(),
    };
    join_all(cases.map(|case| sights.look(case)))
        .await
        .into_iter()
        .map(Subject::Submission)
        .collect()
}

fn case(
    contents: &Contents<'_>,
    host: &str,
    rule: &JobRunRule,
    spec: &SubmissionSpec,
) -> SubmissionCase {
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
        suspend: rule.suspend.clone(),
        sight: Looked::NotAsked,
        destinations: Vec::new(),
        memory: contents.memory(&identity, &spec.digest),
        doubts: contents.doubts(&identity, &spec.digest),
        refused: contents.refused(&identity),
    }
}

/// One list of the workspace, by content and by rule.
struct Listed {
    at: Timestamp,
    by_content: BTreeMap<String, Vec<Run>>,
    by_rule: BTreeMap<String, Vec<FormerRun>>,
}

impl Listed {
    fn of(all: Dated<Vec<SubmittedRun>>) -> Self {
        let mut listed = Self {
            at: all.at,
            by_content: BTreeMap::new(),
            by_rule: BTreeMap::new(),
        };
        for SubmittedRun { rule, content, run } in all.said {
            let same = listed.by_content.entry(content.clone()).or_default();
            same.push(run.clone());
            let of_rule = listed.by_rule.entry(rule).or_default();
            of_rule.push(FormerRun { content, run });
        }
        listed
    }
}

/// The looks at one workspace: its list is read once, and only if a case needs it.
struct Sights<'a> {
    scene: &'a Scene<'a>,
    workspace: &'a Workspace,
    listed: OnceCell<Result<Listed, Trouble>>,
}

impl Sights<'_> {
    async fn look(&self, case: SubmissionCase) -> SubmissionCase {
        if !self.scene.options.is_ours(&case.target.identity()) {
            return case;
        }
        let (digest, accept) = (&case.spec.digest, &case.spec.accept);
        let succeeded = case.memory.success(digest, accept).is_some();
        let sight = match self.scene.options.refresh {
            Refresh::Auto if succeeded && case.doubts.is_empty() => Looked::NotAsked,
            Refresh::None if succeeded => Looked::NotAsked,
            Refresh::None => Looked::Failed(not_looked_at()),
            Refresh::Auto | Refresh::All => match self.see(&case).await {
                Ok(sight) => Looked::Seen(sight),
                Err(trouble) => Looked::Failed(trouble),
            },
        };
        Case { sight, ..case }
    }

    /// First our own runs by their ids. If one is active or has succeeded, nothing will be submitted, and nobody else's runs matter.
    async fn see(&self, case: &SubmissionCase) -> Result<SubmissionSight, Trouble> {
        let mut sight = SubmissionSight {
            at: self.scene.options.now,
            runs: Vec::new(),
            former: Vec::new(),
        };
        for run in own(case) {
            if let Some(seen) = self.run(run).await? {
                sight.at = seen.at;
                sight.runs.push(seen.said);
            }
        }
        let accept = &case.spec.accept;
        let decides = |run: &Run| run.is_active() || run.has_succeeded(accept);
        if !sight.runs.iter().any(decides) || !case.doubts.is_empty() {
            self.see_all(case, &mut sight).await?;
        }
        let known = case.memory.runs.iter().map(|(_, run, at)| (*run, *at));
        let former = sight.former.iter_mut().map(|former| &mut former.run);
        date_own(sight.runs.iter_mut().chain(former), known);
        Ok(sight)
    }

    async fn see_all(
        &self,
        case: &SubmissionCase,
        sight: &mut SubmissionSight,
    ) -> Result<(), Trouble> {
        let listed = match self.listed().await {
            Ok(listed) => listed,
            Err(trouble) => return Err(trouble.clone()),
        };
        sight.at = listed.at;
        let mark = content_mark(&case.spec.digest);
        let seen: BTreeSet<RunId> = sight.runs.iter().map(|run| run.id).collect();
        let same = listed.by_content.get(mark).into_iter().flatten();
        let news = same.filter(|run| !seen.contains(&run.id));
        sight.runs.extend(news.cloned());
        let newest = |run: &Run| Reverse(run.started.unwrap_or(Timestamp::MAX));
        sight.runs.sort_by_key(newest);
        let of_rule = listed.by_rule.get(case.rule.as_str()).into_iter().flatten();
        let former = of_rule.filter(|former| former.content != mark && matters(case, former));
        sight.former.extend(former.cloned());
        self.see_former(case, sight).await
    }

    /// Our own runs of earlier contents whose end nobody has seen, by their ids: lists lag.
    async fn see_former(
        &self,
        case: &SubmissionCase,
        sight: &mut SubmissionSight,
    ) -> Result<(), Trouble> {
        let kept = Span::days(RUN_RETENTION_DAYS.unsigned_abs());
        let kept_since = kept.before(self.scene.options.now);
        let listed: BTreeSet<RunId> = sight.former.iter().map(|former| former.run.id).collect();
        let unknown = case.memory.runs.iter().filter(|(digest, run, at)| {
            *digest != case.spec.digest
                && *at >= kept_since
                && !case.memory.has_ended(*run)
                && !listed.contains(run)
        });
        for (digest, run, _) in unknown {
            if let Some(seen) = self.run(*run).await? {
                let (content, run) = (digest.clone(), seen.said);
                sight.former.push(FormerRun { content, run });
            }
        }
        Ok(())
    }

    async fn listed(&self) -> &Result<Listed, Trouble> {
        let list = || async {
            let reader = &self.scene.reader;
            let all = reader.submitted_runs(self.workspace);
            let all = self.scene.gate.pass(self.workspace, all).await?;
            Ok(Listed::of(all))
        };
        self.listed.get_or_init(list).await
    }

    /// `None`: the service forgets runs after 60 days, and a person may have removed it.
    async fn run(&self, run: RunId) -> Result<Option<Dated<Run>>, Trouble> {
        let reader = &self.scene.reader;
        let seen = reader.run(self.workspace, run);
        match self.scene.gate.pass(self.workspace, seen).await {
            Ok(run) => Ok(Some(run)),
            Err(trouble) if trouble.kind == TroubleKind::NotFound => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}

/// Our own runs of the content, newest first: the last one, and those whose end nobody has seen.
fn own(case: &SubmissionCase) -> Vec<RunId> {
    let runs = case.memory.runs_of(&case.spec.digest).rev().enumerate();
    runs.filter(|(index, (run, _))| *index == 0 || !case.memory.has_ended(*run))
        .map(|(_, (run, _))| run)
        .collect()
}

/// A listed run of an earlier content matters while it is active, while its end is unknown, and where an open intent may have made it.
fn matters(case: &SubmissionCase, former: &FormerRun) -> bool {
    let is_own = case.memory.submitted(former.run.id).is_some();
    let is_meant = |action: &Action| {
        let digest = action.submitted();
        digest.is_some_and(|digest| digest.starts_with(&former.content))
    };
    former.run.is_active()
        || is_own && !case.memory.has_ended(former.run.id)
        || case.doubts.iter().any(|doubt| is_meant(&doubt.action))
}
