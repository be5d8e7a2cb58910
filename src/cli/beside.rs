//! What the ledger holds beside the plan: lines that do not fit, and unresolved operations that no rule covers any more. No decision uses
//! them, so nobody would hear of them otherwise.
//!
//! They are warnings and stop no command. But an apply that leaves an operation unresolved does not exit with 0.

use std::collections::BTreeSet;
use std::path::Path;

use super::places::{file_of, named};
use super::screen::Screen;
use super::session::Ground;
use crate::apply::News;
use crate::escape;
use crate::model::address::{Address, Identity, Name};
use crate::model::memory::{Doubt, Memory};
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::{Plan, Step, Target};

/// Doubts that are told one by one; the rest is counted.
const DOUBTS_TOLD_MAX: usize = 3;

/// Says what is wrong with the ledger itself.
pub fn warn_of_ledger(ground: &Ground, screen: &Screen) {
    warn_of_notes(ground, screen);
    warn_of_others(ground, screen);
}

/// Says how many lines of the ledger fit nowhere: somebody may have edited it.
fn warn_of_notes(ground: &Ground, screen: &Screen) {
    let (what, they) = match ground.ledger.notes().len() {
        0 => return,
        1 => ("1 line that does not fit".to_owned(), "it is"),
        many => (format!("{many} lines that do not fit"), "they are"),
    };
    screen.remark(&format!(
        "warning: the ledger {} has {what} what was before: {they} ignored. What is wrong:\n    {}",
        named(&ground.place),
        screen.typed.command(["ledger", "list"])
    ));
}

/// Says that others than its owner may read or change a ledger file.
pub fn warn_of_others(ground: &Ground, screen: &Screen) {
    let Some(path) = file_of(&ground.place) else {
        return;
    };
    let Some(mode) = mode_for_others(path) else {
        return;
    };
    screen.remark(&format!(
        "warning: others than its owner may use the ledger {} (mode {mode:03o}), which tells of resources, runs and who applied what. To keep it to \
         yourself:\n    chmod 600 {}",
        named(&ground.place),
        escape::word(&path.to_string_lossy())
    ));
}

/// The permissions of a file, if they let others in than its owner.
#[cfg(unix)]
fn mode_for_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
const fn mode_for_others(_: &Path) -> Option<u32> {
    None
}

/// Says that nothing of what `plan` read is recorded yet, where no apply has begun the ledger, and which command records it.
pub fn say_nothing_is_recorded(ground: &Ground, plan: &Plan, screen: &Screen) {
    let begun = ground.ledger.lineage().is_some();
    if begun || News::of(plan, &ground.ledger, ground.now()).observed() == 0 {
        return;
    }
    screen.remark(&format!(
        "None of this is recorded yet: there is no ledger at {}. To record what was read, and change nothing else:\n    {}",
        named(&ground.place),
        screen.typed.command(["apply", "--refresh-only"])
    ));
}

/// Says which intents have no end and are on nothing that `plan` speaks of. Is there one?
pub fn warn_of_doubts(ground: &Ground, plan: &Plan, screen: &Screen) -> bool {
    let memory = ground.ledger.memory();
    let left = unspoken_of(plan, &memory, ground.now());
    for (identity, address, doubt) in left.iter().take(DOUBTS_TOLD_MAX) {
        screen.remark(&format!(
            "warning: unresolved: it is not known yet whether `{}` of {} on {} happened, and this plan has no rule that could find out. \
             Restore the rule that started it, or mark the operation as not done:\n    {}",
            escape::line(&doubt.action.title(identity.key_service())),
            minute(doubt.at),
            escape::line(&address.to_string()),
            screen.typed.command(["ledger", "forget", "--unresolved", &address.to_string()])
        ));
    }
    if let Some(more @ 1..) = left.len().checked_sub(DOUBTS_TOLD_MAX) {
        screen.remark(&format!(
            "warning: and {more} more:\n    {}",
            screen.typed.command(["ledger", "list"])
        ));
    }
    !left.is_empty()
}

/// Open intents on subjects of no step, once their requests cannot be under way any more: until then whoever wrote them is at it. A
/// step that could not be resolved may be of any subject of its connection.
fn unspoken_of<'a>(
    plan: &Plan,
    memory: &'a Memory,
    now: Timestamp,
) -> Vec<(&'a Identity, &'a Address, &'a Doubt)> {
    let targets = || plan.steps.iter().filter_map(|step| step.target.as_ref());
    let identities: BTreeSet<Identity> = targets().map(Target::identity).collect();
    let unresolved = plan.steps.iter().filter(|step| step.target.is_none());
    let unresolved: BTreeSet<&Name> = unresolved.map(|step| &step.address.connection).collect();
    // A document that was renamed goes on with what was begun under its old name.
    let contents: BTreeSet<&str> = plan.steps.iter().filter_map(content).collect();
    let is_content = |doubt: &Doubt| {
        let digest = doubt.action.submitted();
        digest.is_some_and(|digest| contents.contains(digest))
    };
    let open = memory.doubts.iter().filter_map(|(identity, doubts)| {
        let address = memory.addresses.get(identity)?;
        let spoken_of = identities.contains(identity) || unresolved.contains(&address.connection);
        let is_ours = plan.part.is_none_or(|part| part.shard.holds(identity));
        (!spoken_of && is_ours).then(|| doubts.iter().map(move |doubt| (identity, address, doubt)))
    });
    open.flatten()
        .filter(|(.., doubt)| doubt.act_by <= now && !is_content(doubt))
        .collect()
}

/// The content that a one-time run's step speaks of.
fn content(step: &Step) -> Option<&str> {
    step.facts.submission().map(|facts| facts.digest.as_str())
}
