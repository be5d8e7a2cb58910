//! `--shard K/N`: which part of the estate this worker is for.
//!
//! Where only `/N` is given, `JOB_COMPLETION_INDEX` says which: Kubernetes sets it, from 0, in each pod of an Indexed Job.

use std::path::Path;

use super::args::Global;
use super::error::{Exit, Failure};
use super::places::named;
use super::screen::Screen;
use super::surroundings::variable;
use crate::limits::SHARDS_MAX;
use crate::model::desired::{Guardrails, LedgerPlace};
use crate::model::shard::Shard;
use crate::saved;

/// The number of a pod of an Indexed Job, from 0.
const INDEX: &str = "JOB_COMPLETION_INDEX";
/// Set where jobs that run at once are on machines of their own, with the value that says so, or any.
const MACHINES_OF_THEIR_OWN: [(&str, Option<&str>); 3] = [
    (INDEX, None),
    ("GITHUB_ACTIONS", Some("true")),
    ("TF_BUILD", Some("True")),
];

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardOf {
    /// From 1; `None`: the environment tells.
    number: Option<u32>,
    count: u32,
}

impl ShardOf {
    /// Reads `2/8` or `/8`.
    ///
    /// # Errors
    /// It reads otherwise, or there is no such shard.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "a shard reads K/N, as in 2/8, with K from 1 and N up to {SHARDS_MAX}; or /N, where {INDEX} tells K"
            )
        };
        let whole = |part: &str| -> Result<u32, String> {
            let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse().ok().filter(|_| is_plain);
            number.ok_or_else(wrong)
        };
        let (number, count) = text.split_once('/').ok_or_else(wrong)?;
        let count = whole(count)?;
        let number = match number {
            "" => None,
            number => Some(whole(number)?),
        };
        Shard::new(number.unwrap_or(1), count)?;
        Ok(Self { number, count })
    }

    /// The shard that is meant here.
    ///
    /// # Errors
    /// The environment was to tell, and does not.
    pub fn here(self) -> Result<Shard, Failure> {
        let wrong = |why: String| Failure::new(why).with_exit(Exit::Usage);
        if let Some(number) = self.number {
            return Shard::new(number, self.count).map_err(wrong);
        }
        let count = self.count;
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
}

/// The shard that is meant, if one is.
///
/// # Errors
/// As [`ShardOf::here`].
pub fn of(asked: Option<ShardOf>) -> Result<Option<Shard>, Failure> {
    asked.map(ShardOf::here).transpose()
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

/// Holds a saved plan of a shard.
///
/// # Errors
/// There are guardrails, so that it has to be merged first; or another shard is asked for than it is about.
pub fn hold_saved(path: &Path, file: &saved::File, asked: Option<Shard>) -> Result<(), Failure> {
    let Some(part) = file.plan.part else {
        return Ok(());
    };
    if let Some(asked) = asked.filter(|asked| *asked != part.shard) {
        return Err(Failure::new(format!(
            "this is the plan of shard {}, and --shard {asked} asks for another one",
            part.shard
        ))
        .with_exit(Exit::Usage));
    }
    if !file.guardrails.is_any_set() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "this is the plan of shard {} alone, and guardrails are for all shards together",
        part.shard
    ))
    .with_exit(Exit::Refused)
    .with_command(
        "Merge the plans of all shards, and apply the merged plan, whole or by shards:",
        &merge_command(path),
    ))
}

/// How the plan of one shard is merged with the others.
pub fn merge_command(path: &Path) -> String {
    let path = crate::escape::word(&path.to_string_lossy());
    format!("afresh merge {path} PLANFILE... --out plan.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_reads_k_of_n_and_nothing_else() {
        let read = |text| ShardOf::parse(text).map(|one| (one.number, one.count));
        assert_eq!(read("2/8"), Ok((Some(2), 8)));
        assert_eq!(read("/8"), Ok((None, 8)));
        for wrong in [
            "8",
            "",
            "/",
            "2/",
            "0/8",
            "9/8",
            "1/0",
            "/0",
            "+2/8",
            "2/+8",
            "-1/8",
            "2/8/8",
            " 2/8",
            "2/251",
            "99999999999/8",
        ] {
            assert!(ShardOf::parse(wrong).is_err(), "{wrong}");
        }
    }
}
