//! What the ledger holds beside the plan: lines that fit nowhere, and doubts that no rule speaks of any more. Nothing is decided from
//! them, so nobody would hear of them.
//!
//! Refuses: stopping a command. They are told, and an apply that leaves a doubt does not end as if all were in order.

use super::screen::Screen;
use super::session::{Ground, named};
use crate::apply::News;
use crate::model::address::{Address, Identity};
use crate::model::memory::{Doubt, Memory};
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::Plan;

/// Doubts that are told one by one; the rest is counted.
const DOUBTS_TOLD_MAX: usize = 3;

/// Says how many lines of the ledger fit nowhere: somebody may have edited it.
pub fn warn_of_notes(ground: &Ground, screen: &Screen) {
    let (what, they) = match ground.ledger.notes().len() {
        0 => return,
        1 => ("1 line that does not fit".to_owned(), "it is"),
        many => (format!("{many} lines that do not fit"), "they are"),
    };
    screen.remark(&format!(
        "warning: the ledger {} has {what} what was before: {they} ignored. What is wrong:\n    afresh ledger list",
        named(&ground.place)
    ));
}

/// Says that nothing of what `plan` read is recorded yet, where no apply has begun the ledger, and which command records it.
pub fn say_nothing_is_recorded(ground: &Ground, plan: &Plan, remember: &str, screen: &Screen) {
    let begun = ground.ledger.lineage().is_some();
    if begun || News::of(plan, &ground.ledger, ground.now()).observed() == 0 {
        return;
    }
    screen.remark(&format!(
        "Nothing of this is recorded yet: there is no ledger at {}. To record what was read, and change nothing else:\n    {remember}",
        named(&ground.place)
    ));
}

/// Says which intents have no end and are on nothing that `plan` speaks of. Is there one?
pub fn warn_of_doubts(ground: &Ground, plan: &Plan, screen: &Screen) -> bool {
    let memory = ground.ledger.memory();
    let left = unspoken_of(plan, &memory, ground.now());
    for (address, doubt) in left.iter().take(DOUBTS_TOLD_MAX) {
        screen.remark(&format!(
            "warning: unresolved: it is not known yet whether `{}` of {} on {address} happened, and this plan has no rule that could find out. \
             Restore the rule that started it, or mark the operation as not done:\n    afresh ledger forget --doubts {address}",
            doubt.movement.title(),
            minute(doubt.at)
        ));
    }
    if let Some(more @ 1..) = left.len().checked_sub(DOUBTS_TOLD_MAX) {
        screen.remark(&format!(
            "warning: and {more} more:\n    afresh ledger list"
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
) -> Vec<(&'a Address, &'a Doubt)> {
    let speaks_of = |identity: &Identity, address: &Address| {
        plan.steps.iter().any(|step| match &step.target {
            Some(target) => target.identity() == *identity,
            None => step.address.connection == address.connection,
        })
    };
    let open = memory.doubts.iter().filter_map(|(identity, doubts)| {
        let address = memory.addresses.get(identity)?;
        (!speaks_of(identity, address)).then(|| doubts.iter().map(move |doubt| (address, doubt)))
    });
    open.flatten()
        .filter(|(_, doubt)| doubt.act_by <= now)
        .collect()
}
