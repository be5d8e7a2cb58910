//! `--shard K/N`: which part of the estate this worker is for.
//!
//! Where only `/N` is given, `JOB_COMPLETION_INDEX` says which: Kubernetes sets it, from 0, in each pod of an Indexed Job.

use std::borrow::Cow;
use std::path::Path;

use super::args::Global;
use super::error::{Exit, Failure};
use super::places::named;
use super::screen::Screen;
use super::shard_of::{INDEX, ShardOf};
use super::surroundings::variable;
use crate::model::desired::{Guardrails, LedgerPlace};
use crate::model::shard::Shard;
use crate::model::verdict::Plan;
use crate::saved;

/// Set where jobs that run at once are on machines of their own, with the value that says so, or any.
const MACHINES_OF_THEIR_OWN: [(&str, Option<&str>); 3] = [
    (INDEX, None),
    ("GITHUB_ACTIONS", Some("true")),
    ("TF_BUILD", Some("True")),
];

/// The shard that is meant, if one is.
///
/// # Errors
/// The environment was to tell, and does not.
pub fn of(asked: Option<ShardOf>) -> Result<Option<Shard>, Failure> {
    asked.map(here).transpose()
}

/// The shard that is meant here.
///
/// # Errors
/// The environment was to tell, and does not.
fn here(asked: ShardOf) -> Result<Shard, Failure> {
    let wrong = |why: String| Failure::new(why).with_exit(Exit::Usage);
    if let Some(number) = asked.number {
        return Shard::new(number, asked.count).map_err(wrong);
    }
    let count = asked.count;
    let Some(index) = variable(INDEX) else {
        let summary =
            format!("--shard /{count} takes the shard's number from {INDEX}, which is not set");
        return Err(wrong(summary).with_advice(format!(
            "give the number, from 1: --shard 1/{count} (Kubernetes sets {INDEX} in the pods of a Job with `completionMode: Indexed`)"
        )));
    };
    let number = index.parse::<u32>().ok();
    let number = number.and_then(|index| index.checked_add(1));
    let shard = number.and_then(|number| Shard::new(number, count).ok());
    shard.ok_or_else(|| {
        let index = crate::escape::line(&index);
        let summary = format!(
            "{INDEX} is `{index}`, and --shard /{count} has a place for 0 to {}",
            count - 1
        );
        wrong(summary).with_advice("give as many shards as the Job has `completions`")
    })
}

/// All workers of one whole have to see what the others write. Processes of one machine share a file, whose lock lets one append at a time;
/// jobs on machines of their own have each a file of their own, and each would do what another one has done.
///
/// # Errors
/// The ledger is a file, and the environment says that each worker is on a machine of its own.
pub fn hold_ledger(
    shard: Option<Shard>,
    place: &LedgerPlace,
    global: &Global,
) -> Result<(), Failure> {
    let (Some(_), LedgerPlace::File(_), None) = (shard, place, &global.sim) else {
        return Ok(());
    };
    let is_set = |(name, value): &(&str, Option<&str>)| {
        variable(name).is_some_and(|set| value.is_none_or(|value| value == set))
    };
    let Some((name, _)) = MACHINES_OF_THEIR_OWN.iter().find(|one| is_set(one)) else {
        return Ok(());
    };
    Err(Failure::new(format!(
        "the workers of a shard each have a machine of their own here ({name} is set), and the ledger {} is a file on one of them: the others would not see what is written to it",
        named(place)
    ))
    .with_exit(Exit::Usage)
    .with_advice("keep the ledger where all of them reach it: `ledger: {blob: \"https://…\"}` in the Project"))
}

/// Guardrails are for all shards together.
///
/// # Errors
/// There are some, so that the shards have to be merged first.
pub fn hold_guardrails(
    shard: Option<Shard>,
    guardrails: &Guardrails,
    screen: &Screen,
) -> Result<(), Failure> {
    let Some(shard) = shard.filter(|_| guardrails.is_any_set()) else {
        return Ok(());
    };
    let (number, given) = (shard.number(), shard.to_string());
    let saved = format!("shard-{number}.json");
    let plan = screen.typed.command(["plan"]);
    let advice = format!(
        "Plan each shard, merge the plans, and apply each shard of the merged plan:\n    {plan} --shard {given} --out {saved}\n    {}\n    {}",
        merge_command(Path::new(&saved)),
        screen
            .typed
            .command_on(["apply", "--shard", &given], Path::new("plan.json")),
    );
    Err(Failure::new(format!(
        "guardrails are for all shards together, and shard {given} alone does not know what the others do"
    ))
    .with_exit(Exit::Refused)
    .with_advice(advice))
}

/// The shard of a saved plan that is to be applied: the one that is asked for, or the one that the plan is about.
///
/// # Errors
/// The environment was to tell, and does not; the plan is about another shard, or is to be merged first; or the workers do not share its ledger.
pub fn of_saved(
    path: &Path,
    file: &saved::File,
    asked: Option<ShardOf>,
    global: &Global,
) -> Result<Option<Shard>, Failure> {
    let asked = of(asked)?;
    if let Some(part) = file.plan.part {
        hold_part(path, part.shard, asked, &file.guardrails)?;
    }
    let shard = asked.or(file.plan.part.map(|part| part.shard));
    hold_ledger(shard, &file.ledger, global)?;
    Ok(shard)
}

fn hold_part(
    path: &Path,
    shard: Shard,
    asked: Option<Shard>,
    guardrails: &Guardrails,
) -> Result<(), Failure> {
    if let Some(asked) = asked.filter(|asked| *asked != shard) {
        return Err(Failure::new(format!(
            "this is the plan of shard {shard}, and --shard {asked} asks for another one"
        ))
        .with_exit(Exit::Usage));
    }
    if !guardrails.is_any_set() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "this is the plan of shard {shard} alone, and guardrails are for all shards together"
    ))
    .with_exit(Exit::Refused)
    .with_command(
        "Merge the plans of all shards, and apply the merged plan, whole or by shards:",
        &merge_command(path),
    ))
}

/// What of a plan is this worker's: all of it, unless it is a whole of which one shard is asked for.
pub fn part_of(plan: &Plan, shard: Option<Shard>) -> Cow<'_, Plan> {
    match shard.filter(|_| plan.part.is_none()) {
        Some(shard) => Cow::Owned(plan.of_shard(shard)),
        None => Cow::Borrowed(plan),
    }
}

/// How the plan of one shard is merged with the others.
pub fn merge_command(path: &Path) -> String {
    let path = crate::escape::word(&path.to_string_lossy());
    format!("afresh merge {path} PLANFILE... --out plan.json")
}
