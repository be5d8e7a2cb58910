//! `afresh merge`: one plan of the plans of all shards, with the guardrails held against all of them together. Offline.

use std::path::PathBuf;

use super::args::Merge as Args;
use super::comment;
use super::deciding::lawful;
use super::error::{Exit, Failure};
use super::exit_code;
use super::output::{is_kept, write_with};
use super::places::{SIM_LINEAGE, file_of, named};
use super::planfile::load;
use super::screen::Screen;
use super::shown::show;
use crate::plan::merge::Unmergeable;
use crate::{escape, plan, review, saved};

/// Merges, shows, and saves if asked to.
pub fn run(args: &Args, screen: &Screen) -> Result<Exit, Failure> {
    let mut project = None;
    merged(args, &mut project, screen).map_err(|failure| {
        let project = || project.clone();
        match comment::of_failure(&failure, &args.format, &args.comment, project, screen) {
            Ok(()) => failure,
            Err(other) => {
                screen.complain(&other.message());
                failure
            }
        }
    })
}

/// Notes the `project` as soon as a plan tells it: a comment is found by it.
fn merged(args: &Args, project: &mut Option<String>, screen: &Screen) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for path in &args.planfiles {
        let file = load(path, screen)?;
        project.get_or_insert_with(|| file.project.clone());
        files.push(file);
    }
    alike(&args.planfiles, &files)?;
    let file = one(files)?;
    let exit = exit_code::of_plan(&file.plan, args.detailed_exitcode, &args.failing.fail_on);
    let typed = screen.typed.of_plan(file_of(&file.ledger));
    show(
        &file,
        &args.format,
        &args.comment,
        None,
        &typed.given(),
        screen,
    )?;
    if let Some(out) = &args.out {
        write_with(out, &|out| Ok(saved::write(&file, out)?), screen)?;
        if is_kept(out) {
            screen.remark(&format!(
                "Saved to {}. To apply it, whole or one shard of it with --shard K/N:\n    {}",
                escape::line(&out.display().to_string()),
                screen.typed.command_on(["apply"], out)
            ));
        }
    }
    Ok(exit)
}

/// Are they shards of one whole? What the plans themselves say of that, [`plan::merge()`] holds.
fn alike(paths: &[PathBuf], files: &[saved::File]) -> Result<(), Failure> {
    let Some(first) = files.first() else {
        return Ok(());
    };
    let whole = |(_, file): &(_, &saved::File)| file.plan.part.is_none();
    if let Some((path, _)) = paths.iter().zip(files).find(whole) {
        let path = escape::line(&path.display().to_string());
        let summary =
            format!("{path} is the plan of all subjects: there is nothing to merge it with");
        return Err(Failure::new(summary).with_advice("name plans that were made with --shard"));
    }
    for (path, file) in paths.iter().zip(files).skip(1) {
        if let Some(what) = differs(first, file) {
            let (path, first) = (path.display(), paths[0].display());
            let summary = format!("{path} and {first} are not shards of one whole: {what}");
            return Err(Failure::new(escape::line(&summary))
                .with_exit(Exit::Stale)
                .with_advice("plan all shards from the same manifests and the same ledger"));
        }
    }
    Ok(())
}

fn differs(first: &saved::File, file: &saved::File) -> Option<String> {
    if file.project != first.project {
        return Some(format!(
            "they are of the projects `{}` and `{}`",
            file.project, first.project
        ));
    }
    if file.ledger != first.ledger {
        let (one, other) = (named(&file.ledger), named(&first.ledger));
        return Some(format!("they were made from the ledgers {one} and {other}"));
    }
    let is_sim = |file: &saved::File| file.lineage.starts_with(SIM_LINEAGE);
    if is_sim(file) != is_sim(first) {
        return Some("one was made for a simulated cloud".to_owned());
    }
    if file.began != first.began {
        return Some("the ledger began between them".to_owned());
    }
    // A ledger that has not begun has no name yet, and each plan proposes one.
    if file.began && file.lineage != first.lineage {
        return Some("they were made from different ledgers".to_owned());
    }
    let both = file.basis.as_ref().zip(first.basis.as_ref());
    match both {
        Some((one, other)) if one.documents != other.documents => Some(format!(
            "they were made from manifests of {} and {} documents",
            one.documents, other.documents
        )),
        Some((one, other)) if one != other => {
            Some("they were made from different manifests".to_owned())
        }
        _ if file.guardrails != first.guardrails => Some("their guardrails differ".to_owned()),
        _ => None,
    }
}

/// One file of all of them.
fn one(mut files: Vec<saved::File>) -> Result<saved::File, Failure> {
    files.sort_by_key(|file| file.plan.part.map(|part| part.shard));
    let mut files = files.into_iter();
    let Some(first) = files.next() else {
        return Err(Failure::new("there is no plan to merge").with_exit(Exit::Usage));
    };
    let saved::File {
        plan,
        mut key_connections,
        mut vaults,
        mut workspaces,
        mut trust,
        guardrails,
        project,
        ledger,
        lineage,
        began,
        basis: _,
        sentences: _,
    } = first;
    let mut plans = vec![plan];
    for file in files {
        plans.push(file.plan);
        key_connections.extend(file.key_connections);
        vaults.extend(file.vaults);
        workspaces.extend(file.workspaces);
        for one in file.trust {
            if !trust.contains(&one) {
                trust.push(one);
            }
        }
    }
    let plan = plan::merge(plans, &guardrails).map_err(|why| refused(&why))?;
    lawful(&plan::audit_merged(&guardrails, &plan))?;
    Ok(saved::File {
        sentences: plan.steps.iter().map(review::text::sentence).collect(),
        plan,
        key_connections,
        vaults,
        workspaces,
        project,
        ledger,
        lineage,
        began,
        guardrails,
        basis: None,
        trust,
    })
}

fn refused(why: &Unmergeable) -> Failure {
    let exit = match why {
        Unmergeable::Nothing
        | Unmergeable::Whole(_)
        | Unmergeable::Divided(..)
        | Unmergeable::Doubled(_)
        | Unmergeable::Missing { .. }
        | Unmergeable::Refreshed(..)
        | Unmergeable::Stray(..) => Exit::Error,
        Unmergeable::Apart { .. } => Exit::Stale,
    };
    let advice = match why {
        Unmergeable::Nothing | Unmergeable::Missing { .. } => {
            "name the plans of all shards: a whole of which a part is not known is not planned"
        }
        Unmergeable::Whole(_) => "a plan that was made without --shard is applied as it is",
        Unmergeable::Divided(..)
        | Unmergeable::Refreshed(..)
        | Unmergeable::Stray(..)
        | Unmergeable::Apart { .. } => {
            "plan all shards anew, in the same way and at about the same time"
        }
        Unmergeable::Doubled(_) => "name the plan of each shard once",
    };
    Failure::new(why.to_string())
        .with_exit(exit)
        .with_advice(advice)
}
