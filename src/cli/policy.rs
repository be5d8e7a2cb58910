//! Which policy holds: `--policy FILE`, else `AFRESH_POLICY`, else the user's own; never one that lies in what is planned.
//!
//! Refuses: a policy that whoever writes the manifests could write as well.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::Global;
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::session::SIM_LINEAGE;
use super::surroundings::variable;
use crate::cloud::without_links;
use crate::manifest;
use crate::model::desired::LedgerPlace;
use crate::model::policy::{Action, Policy, Violation};
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::Verdict;
use crate::saved;

/// Names a policy's file, as `--policy` does.
const VARIABLE: &str = "AFRESH_POLICY";
/// The user's own, in the configuration folder of afresh.
const OWN: &str = "policy.yaml";

/// The policy that holds for these manifests; without one, that of [`Policy::default`].
///
/// # Errors
/// It cannot be read, or lies below one of `planned`.
pub fn find(global: &Global, planned: &[PathBuf], screen: &Screen) -> Result<Policy, Failure> {
    let Some(path) = file(global) else {
        return Ok(Policy::default());
    };
    if let Some(planned) = planned.iter().find(|planned| lies_in(&path, planned)) {
        return Err(Failure::new(format!(
            "the policy {} lies in what is planned ({}), where whoever changes the manifests can change it",
            path.display(),
            planned.display()
        ))
        .with_exit(Exit::Refused)
        .with_advice("Keep it elsewhere: in a pipeline, check it out from the base branch."));
    }
    if path.is_dir() {
        return Err(Failure::new(format!(
            "the policy {} is a folder; name its file",
            path.display()
        )));
    }
    manifest::read_policy(&path).map_err(|problems| {
        screen.complain(&problems.render(screen.color_errors));
        Failure::new("the policy has problems, listed above")
    })
}

/// Does it lie below a folder of manifests, or beside a file of them?
fn lies_in(policy: &Path, planned: &Path) -> bool {
    let (policy, planned) = (without_links(policy), without_links(planned));
    if planned.is_dir() {
        policy.starts_with(planned)
    } else {
        planned.is_file() && policy.parent() == planned.parent()
    }
}

/// The file that is meant; the user's own only if it is there.
fn file(global: &Global) -> Option<PathBuf> {
    let named = global
        .policy
        .clone()
        .or_else(|| variable(VARIABLE).map(PathBuf::from));
    let own = || {
        let own = config_folder()?.join(OWN);
        own.exists().then_some(own)
    };
    named.or_else(own)
}

/// Where the user's own files for afresh lie: `$XDG_CONFIG_HOME/afresh`, `~/.config/afresh`, or `%APPDATA%\afresh`.
pub fn config_folder() -> Option<PathBuf> {
    let absolute = |path: String| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let of_home = || Some(absolute(variable("HOME")?)?.join(".config"));
    let base = if cfg!(windows) {
        variable("APPDATA").and_then(absolute)
    } else {
        variable("XDG_CONFIG_HOME")
            .and_then(absolute)
            .or_else(of_home)
    };
    Some(base?.join("afresh"))
}

/// Holds a saved plan to the policy that holds now.
///
/// # Errors
/// What it breaks, with the policy's reason; exit code 5.
pub fn check_plan(policy: &Policy, file: &saved::File, now: Timestamp) -> Result<(), Failure> {
    let mut found: Vec<Violation> = Vec::new();
    let is_ledger = |fixed: &LedgerPlace| match (fixed, &file.ledger) {
        (LedgerPlace::File(fixed), LedgerPlace::File(own)) => own.ends_with(fixed),
        (fixed, own) => fixed == own,
    };
    // A simulated cloud's ledger lies beside the real one, wherever that is.
    if !file.lineage.starts_with(SIM_LINEAGE) {
        found.extend(policy.of_ledger(is_ledger));
    }
    found.extend(
        file.factories
            .values()
            .flat_map(|factory| policy.of_factory(factory)),
    );
    found.extend(
        file.workspaces
            .values()
            .flat_map(|workspace| policy.of_workspace(workspace)),
    );
    let actions = file
        .plan
        .steps
        .iter()
        .filter_map(|step| match &step.verdict {
            Verdict::Act { moves, .. } => Some(std::iter::once(&moves.first).chain(&moves.rest)),
            Verdict::Keep(_) | Verdict::Hold { .. } => None,
        });
    found.extend(policy.of_actions(actions.flatten().map(Action::of)));
    found.extend(policy.of_counts(&file.plan.counts()));
    let frozen = policy.freezes.iter().find(|freeze| freeze.covers(now));
    let mut lines: Vec<String> = found.into_iter().map(|one| one.message).collect();
    lines.extend(frozen.map(|freeze| {
        format!(
            "the policy freezes everything until {}: {}",
            minute(freeze.to),
            freeze.reason
        )
    }));
    if lines.is_empty() {
        return Ok(());
    }
    let mut summary = "this plan breaks the policy, so nothing was done:".to_owned();
    for line in lines {
        // Writing to a String cannot fail.
        let _ = write!(summary, "\n  {line}");
    }
    Err(Failure::new(summary)
        .with_exit(Exit::Refused)
        .with_advice(policy.told()))
}
