//! Nodes of runtimes: what a look says of those that were online before a key was regenerated, and what that holds.

use std::collections::BTreeMap;

use super::ruling::Draft;
use crate::model::address::Address;
use crate::model::nodes::{NodeFacts, NodeRecord, NodeRule, NodesSight, newest};
use crate::model::runtime::{PerSlot, RuntimeMemory, RuntimeSight, Slot};
use crate::model::verdict::{Hold, Verdict};

/// What is known of them. `memory` has what was found out about earlier intents.
pub(super) fn facts(
    rule: NodeRule,
    memory: &RuntimeMemory,
    sight: Option<&RuntimeSight>,
) -> NodeFacts {
    let sight = sight.map(|sight| sight.nodes.clone()).unwrap_or_default();
    let last = newest(&memory.nodes).map(|(slot, _)| slot);
    let records = PerSlot::from_fn(|slot| {
        let is_last = last == Some(slot);
        record(rule, memory, slot, (&sight, is_last))
    });
    NodeFacts { sight, records }
}

/// What the last regeneration of one key did to them. Those that are missing are looked at again, until another key has been
/// regenerated: then nobody could tell which one it was.
fn record(
    rule: NodeRule,
    memory: &RuntimeMemory,
    slot: Slot,
    (sight, is_last): (&NodesSight, bool),
) -> Option<NodeRecord> {
    let known = memory.nodes.get(slot).as_ref()?;
    let rotated = match &known.after {
        Some(after) => after.rotated,
        None => memory.rotated_after_look(slot)?,
    };
    let is_open = match rule.look {
        Some(look) => known.is_open(look) || !known.lost().is_empty(),
        None => known.after.is_none(),
    };
    match sight {
        NodesSight::Shown(shown) if is_open && is_last && rotated <= shown.at => Some(NodeRecord {
            before: known.before.clone(),
            after: Some(shown.after(&known.before, rotated)),
        }),
        NodesSight::Shown(_) | NodesSight::NotAsked | NodesSight::Refused(_) => Some(known.clone()),
    }
}

/// Nodes that were lost by a rotation, more than the rule of their runtime allows.
struct Lost {
    of: Address,
    names: Vec<String>,
    max: u32,
}

/// Holds what would regenerate another key in a factory where a rotation has lost too many nodes.
pub(super) fn hold(drafts: &mut [Draft]) {
    let mut lost: BTreeMap<String, Lost> = BTreeMap::new();
    for draft in drafts.iter() {
        if let Some((holder, news)) = lost_by(draft) {
            lost.entry(holder).or_insert(news);
        }
    }
    for draft in drafts.iter_mut() {
        let target = draft.step.target.as_ref();
        let holder = target.and_then(|target| Some(target.runtime()?.holder()));
        if let Some(lost) = holder.and_then(|holder| lost.get(&holder))
            && draft.step.regenerates().is_some()
        {
            let why = Hold::NodesLost {
                of: lost.of.clone(),
                names: lost.names.clone(),
                max: lost.max,
            };
            draft.step.verdict = Verdict::Hold { why, until: None };
        }
    }
}

/// The factory, and what it has lost by the last rotation of this runtime; nothing by name while a look after it is missing.
fn lost_by(draft: &Draft) -> Option<(String, Lost)> {
    let facts = draft.step.facts.runtime()?;
    let look = facts.spec.nodes.look?;
    let max = look.unavailable_max?;
    let record = facts.nodes.newest().map(|(_, record)| record);
    let names = record.map(NodeRecord::lost).unwrap_or_default();
    let is_unlooked = is_unresolved(&draft.step.verdict)
        || record.is_some_and(|record| record.is_open(look) && names.is_empty());
    let holder = draft.step.target.as_ref()?.runtime()?.holder();
    (is_unlooked || look.is_over(names.len())).then(|| {
        let lost = Lost {
            of: draft.step.address.clone(),
            names: names.to_vec(),
            max,
        };
        (holder, lost)
    })
}

/// Is a regenerate under way, or its outcome not known? Then nobody can have looked after it.
fn is_unresolved(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Hold {
            why: Hold::Busy { action, .. } | Hold::Doubt { action, .. },
            ..
        } => action.regenerated().is_some(),
        Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => false,
    }
}
