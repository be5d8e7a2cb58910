//! Which policy is in force: `--policy FILE`, else `AFRESH_POLICY`, else the user's own.
//!
//! A policy that lies in what is planned is an error, since whoever writes the manifests could change it as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::args::Global;
use super::error::{Exit, Failure};
use super::links::leads_through;
use super::places::SIM_LINEAGE;
use super::screen::Screen;
use super::surroundings::variable;
use crate::cloud::{whole, without_dots, without_links};
use crate::escape;
use crate::manifest;
use crate::model::address::Name;
use crate::model::desired::LedgerPlace;
use crate::model::key_service::KeyService;
use crate::model::kind::Kind;
use crate::model::policy::{ActionKind, Policy, Violation};
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::{Action, Facts, Plan, Verdict};
use crate::{regular, saved};

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
        .with_advice("Keep it elsewhere: in a pipeline, check it out from the default branch."));
    }
    regular::check(&path).map_err(|error| {
        let failure = Failure::because(
            &format!("cannot read the policy {}", path.display()),
            &error,
        );
        match error.kind() {
            ErrorKind::IsADirectory => failure.with_advice("Name its file."),
            ErrorKind::Other => failure.with_advice("Save it in a file, and name that."),
            _ => failure,
        }
    })?;
    if let Some(beside) = planned.iter().find(|planned| lies_beside(&path, planned)) {
        screen.remark(&escape::line(&format!(
            "warning: the policy {} lies beside {}: whoever may change that folder can change the policy, so keep it elsewhere",
            path.display(),
            beside.display()
        )));
    }
    manifest::read_policy(&path).map_err(|problems| {
        screen.complain(&problems.render(screen.color_errors));
        Failure::new("the policy has problems, listed above")
    })
}

/// Does a file lie in what is planned, where whoever changes the manifests can change it, or is a link on the way to it there? A folder is
/// planned with all that lies below it. A file that is named is planned alone: what lies beside it is not read.
pub fn lies_in(file: &Path, planned: &Path) -> bool {
    let planned = without_links(planned);
    let is_there = planned.is_dir() || planned.is_file();
    is_there && (without_links(file).starts_with(&planned) || leads_through(file, &planned))
}

/// Does a policy lie in the folder of a manifest that is named alone?
fn lies_beside(policy: &Path, planned: &Path) -> bool {
    let planned = without_links(planned);
    planned.is_file() && without_links(policy).parent() == planned.parent()
}

/// The file that is meant; the user's own only if it is there.
fn file(global: &Global) -> Option<PathBuf> {
    let named = global
        .policy
        .clone()
        .or_else(|| variable(VARIABLE).map(PathBuf::from));
    let own = || {
        let own = config_folder()?.join(OWN);
        // One that cannot be looked at is there: reading it says what is wrong.
        let gone = fs::symlink_metadata(&own).is_err_and(|why| why.kind() == ErrorKind::NotFound);
        (!gone).then_some(own)
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
        (LedgerPlace::File(fixed), LedgerPlace::File(own)) => is_file(own, fixed),
        (fixed, own) => fixed == own,
    };
    // A simulated cloud's ledger lies beside the real one, wherever that is.
    if !file.lineage.starts_with(SIM_LINEAGE) {
        found.extend(policy.of_ledger(is_ledger));
    }
    found.extend(file.key_connections.values().flat_map(|connection| {
        let kind = policy.of_kind(connection.service().kind());
        let found = policy.of_key_connection(connection).into_iter();
        found.chain(kind)
    }));
    let vaults = file.vaults.values();
    found.extend(vaults.flat_map(|vault| policy.of_vault(vault)));
    found.extend(file.workspaces.values().flat_map(|workspace| {
        let kind = policy.of_kind(Kind::DatabricksWorkspace);
        policy.of_workspace(workspace).into_iter().chain(kind)
    }));
    let actions = file
        .plan
        .steps
        .iter()
        .filter_map(|step| match &step.verdict {
            Verdict::Act { actions, .. } => {
                Some(std::iter::once(&actions.first).chain(&actions.rest))
            }
            Verdict::Keep(_) | Verdict::Hold { .. } => None,
        });
    found.extend(policy.of_actions(actions.flatten().map(ActionKind::of)));
    found.extend(policy.of_counts(&file.plan.counts()));
    found.extend(of_acts(policy, &file.plan));
    let frozen = policy.freezes.iter().find(|freeze| freeze.covers(now));
    let mut told = BTreeSet::new();
    let messages = found.into_iter().map(|one| one.message);
    let mut lines: Vec<String> = messages.filter(|one| told.insert(one.clone())).collect();
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
        let _ = write!(summary, "\n  {}", escape::line(&line));
    }
    Err(Failure::new(summary)
        .with_exit(Exit::Refused)
        .with_advice(escape::paragraph(&policy.told())))
}

/// Is a ledger the file that a policy fixes, whatever links lead there? A relative one is named as the Project names it: from the folder of its
/// manifests, which a saved plan does not tell and the ledger lies below.
fn is_file(own: &Path, fixed: &Path) -> bool {
    let found = resolved(own);
    if fixed.is_absolute() {
        return resolved(fixed) == found;
    }
    let below = without_dots(fixed);
    let written = whole(own);
    let mut folders = written.ancestors().skip(below.components().count());
    let named = folders.next().map(|folder| resolved(&folder.join(&below)));
    named.is_some_and(|named| named == found)
}

/// A path without links; of a file that is not there yet, that of its folder.
fn resolved(path: &Path) -> PathBuf {
    let path = whole(path);
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if !path.exists() => without_links(folder).join(name),
        _ => without_links(&path),
    }
}

/// What the actions of a plan break by their rules, and by how many there are of a factory.
fn of_acts(policy: &Policy, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut regenerations: BTreeMap<(&Name, KeyService), usize> = BTreeMap::new();
    for step in &plan.steps {
        let Verdict::Act { actions, .. } = &step.verdict else {
            continue;
        };
        let keys = actions.iter().filter_map(Action::regenerated).count();
        let through = (&step.address.connection, step.key_service());
        *regenerations.entry(through).or_default() += keys;
        let kind = match &step.facts {
            Facts::Runtime(facts) => {
                found.extend(policy.of_key_age(&facts.spec));
                Kind::KeyAge
            }
            Facts::Job(_) | Facts::Submission(_) => Kind::JobRun,
            Facts::None => continue,
        };
        found.extend(policy.of_kind(kind));
    }
    let of_keys = |((connection, service), own)| policy.of_key_count(service, connection, own);
    found.extend(regenerations.into_iter().filter_map(of_keys));
    found
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_fixed_ledger_is_one_file_and_no_end_of_a_path() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("estate/.afresh")).unwrap();
        fs::create_dir_all(at("kept")).unwrap();
        fs::write(at("kept/ledger.jsonl"), "").unwrap();
        symlink(at("kept"), at("linked")).unwrap();
        symlink(at("kept/ledger.jsonl"), at("estate/link.jsonl")).unwrap();
        let kept = at("kept/ledger.jsonl");
        let kept = kept.to_str().unwrap();
        for (own, fixed, is_it) in [
            ("estate/.afresh/ledger.jsonl", ".afresh/ledger.jsonl", true),
            (
                "estate/.afresh/../.afresh/ledger.jsonl",
                ".afresh/ledger.jsonl",
                true,
            ),
            (
                "estate/.afresh/ledger.jsonl",
                "./.afresh/ledger.jsonl",
                true,
            ),
            ("estate/.afresh/ledger.jsonl", "afresh/ledger.jsonl", false),
            (
                "estate/.afresh/../kept/ledger.jsonl",
                ".afresh/ledger.jsonl",
                false,
            ),
            ("estate/.afresh/other.jsonl", ".afresh/ledger.jsonl", false),
            ("kept/ledger.jsonl", "../kept/ledger.jsonl", true),
            ("kept/ledger.jsonl", kept, true),
            ("linked/ledger.jsonl", kept, true),
            ("estate/link.jsonl", kept, true),
            ("estate/.afresh/ledger.jsonl", kept, false),
        ] {
            assert_eq!(is_file(&at(own), Path::new(fixed)), is_it, "{own} {fixed}");
        }
    }

    #[test]
    fn what_lies_in_the_planned_folder_is_known_through_links_on_both_sides() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("estate/below")).unwrap();
        fs::create_dir_all(at("outside")).unwrap();
        for file in [
            "estate/below/policy.yaml",
            "estate/rules.yaml",
            "outside/policy.yaml",
        ] {
            fs::write(at(file), "").unwrap();
        }
        symlink(at("estate"), at("planned")).unwrap();
        symlink(at("estate/below"), at("into")).unwrap();
        symlink(at("outside"), at("estate/out")).unwrap();
        symlink(at("outside/policy.yaml"), at("estate/link.yaml")).unwrap();
        symlink(at("estate/link.yaml"), at("outside/back.yaml")).unwrap();
        // A file that is named is planned alone, by whatever name.
        symlink(at("estate/rules.yaml"), at("named.yaml")).unwrap();
        symlink(at("named.yaml"), at("outside/named.yaml")).unwrap();
        for (policy, lies) in [
            ("estate/rules.yaml", true),
            ("named.yaml", true),
            ("outside/named.yaml", true),
            ("estate/below/../rules.yaml", true),
            ("estate/policy.yaml", false),
            ("estate/below/policy.yaml", false),
            ("estate/link.yaml", false),
            ("outside/policy.yaml", false),
        ] {
            for planned in ["estate/rules.yaml", "named.yaml", "planned/rules.yaml"] {
                let found = lies_in(&at(policy), &at(planned));
                assert_eq!(found, lies, "{policy} {planned}");
            }
        }
        for (policy, lies) in [
            ("estate/below/policy.yaml", true),
            ("into/policy.yaml", true),
            ("planned/below/policy.yaml", true),
            // Whoever changes the manifests can let these lead elsewhere.
            ("estate/link.yaml", true),
            ("planned/link.yaml", true),
            ("estate/out/policy.yaml", true),
            ("outside/back.yaml", true),
            ("outside/policy.yaml", false),
            ("outside/../estate/below/policy.yaml", true),
            ("estate/../outside/policy.yaml", false),
        ] {
            for planned in ["estate", "planned"] {
                assert_eq!(
                    lies_in(&at(policy), &at(planned)),
                    lies,
                    "{policy} {planned}"
                );
            }
        }
    }
}
