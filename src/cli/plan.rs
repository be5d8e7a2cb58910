//! `afresh plan`: read, gather, decide, show. Writes nothing but the files it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::args::{Global, Plan as Args};
use super::base;
use super::beside;
use super::comment;
use super::deciding::{Decided, Look, decide_from};
use super::error::{Exit, Failure};
use super::exit_code;
use super::output::{is_kept, write_with};
use super::screen::Screen;
use super::session::Session;
use super::shown::show;
use super::{shard, uses, validate};
use crate::model::address::Name;
use crate::model::verdict::{Plan, Target};
use crate::plan::walk;
use crate::{escape, manifest, review, saved};

/// Plans, shows, and saves if asked to.
pub async fn run(args: &Args, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    if args.out.is_some() && args.as_of.is_some() {
        return Err(Failure::new(
            "--as-of decides for another time, so its plan cannot be saved with --out",
        )
        .with_exit(Exit::Usage));
    }
    let planned = planned(args, global, screen).await;
    planned.map_err(|failure| failed(failure, args, screen))
}

/// A comment that stays when its plan fails would be believed: it is replaced by one that says so.
fn failed(failure: Failure, args: &Args, screen: &Screen) -> Failure {
    let project = || manifest::project_name(&args.paths.or_here());
    match comment::of_failure(&failure, &args.format, &args.comment, project, screen) {
        Ok(()) => failure,
        Err(other) => {
            screen.complain(&other.message());
            failure
        }
    }
}

async fn planned(args: &Args, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let shard = shard::of(args.looking.shard)?;
    let session = Session::open(&args.paths.or_here(), global, screen).await?;
    shard::hold_ledger(shard, &session.ground.place, global)?;
    session.warn(screen);
    beside::warn_of_ledger(&session.ground, screen);
    // A saved plan carries what was read to the ledger.
    let keys = args.evidence.keys(args.out.is_some());
    let look = Look::new(&args.looking, shard, keys, args.as_of);
    let Decided {
        plan,
        survey,
        options,
    } = decide_from(&session, look, global, screen).await?;
    let base = match &args.base {
        Some(path) => {
            Some(base::decide(path, &session, (&survey, &options), global, screen).await?)
        }
        None => None,
    };
    for warning in walk::warnings(&session.desired, plan.at) {
        screen.remark(&validate::as_text(&validate::of_walk(warning)));
    }
    let exit = exit_code::of_plan(&plan, args.detailed_exitcode, &args.failing.fail_on);
    let file = file(&session, plan);
    let pull = base.as_ref().map(|base| base.pull(&file, &session.desired));
    show(
        &file,
        &args.format,
        &args.comment,
        pull.as_ref(),
        &screen.typed.given(),
        screen,
    )?;
    if let Some(out) = &args.out {
        write_with(out, &|out| Ok(saved::write(&file, out)?), screen)?;
        if is_kept(out) {
            say_saved(out, &file, screen);
        }
    }
    if args.looking.target.is_empty() {
        beside::warn_of_doubts(&session.ground, &file.plan, screen);
    }
    if args.as_of.is_none() {
        beside::say_nothing_is_recorded(&session.ground, &file.plan, screen);
    }
    session.ground.close()?;
    Ok(exit)
}

fn say_saved(out: &Path, file: &saved::File, screen: &Screen) {
    let place = escape::line(&out.display().to_string());
    let how = match file.plan.part {
        None => "To apply exactly this:",
        Some(_) if file.guardrails.is_any_set() => {
            "Guardrails are held when the plans of all shards are merged:"
        }
        Some(_) => "To make one plan of this and those of the other shards:",
    };
    let command = match file.plan.part {
        None => screen.typed.command_on(["apply"], out),
        Some(_) => shard::merge_command(out),
    };
    screen.remark(&format!("Saved to {place}. {how}\n    {command}"));
}

/// The plan with all that is needed to apply it elsewhere.
fn file(session: &Session, plan: Plan) -> saved::File {
    let targets = plan.steps.iter().filter_map(|step| step.target.as_ref());
    let connections: BTreeSet<&Name> = targets.map(Target::connection).collect();
    let used = |name: &Name| connections.contains(name);
    let key_connections: BTreeMap<_, _> = session
        .desired
        .key_connections
        .iter()
        .filter(|(name, _)| used(name))
        .map(|(n, f)| (n.clone(), f.clone()))
        .collect();
    let workspaces: BTreeMap<_, _> = session
        .desired
        .workspaces
        .iter()
        // Also those that a variable may be meant for: whoever applies the file has to know that there is more than one.
        .filter(|(name, workspace)| used(name) || workspace.credential.takes_databricks_variables())
        .map(|(n, w)| (n.clone(), w.clone()))
        .collect();
    let vaults = uses::vaults_of(&plan, &session.desired.vaults).into_iter();
    let vaults = vaults.map(|one| (one.vault.clone(), one.clone())).collect();
    saved::File {
        vaults,
        key_connections,
        workspaces,
        project: session.desired.project.name.to_string(),
        ledger: session.ground.place.clone(),
        lineage: session.ground.lineage(),
        began: session.ground.ledger.lineage().is_some(),
        guardrails: session.desired.project.guardrails,
        basis: plan.part.map(|_| session.basis.clone()),
        trust: uses::of_plan(session, &plan),
        sentences: plan.steps.iter().map(review::text::sentence).collect(),
        plan,
    }
}
