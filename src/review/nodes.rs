//! What is said of a runtime's nodes in text and in Markdown.

use crate::escape::line;
use crate::model::key_service::KeyService;
use crate::model::nodes::{NodeRecord, NodeRule, NodesSight, NodesUnfit};
use crate::model::time::minute;
use crate::model::verdict::{Hold, RuntimeFacts, Step, Verdict};

/// No source of Microsoft says it, so nobody should take it for granted.
const ASSUMPTION: &str =
    "it is documented nowhere whether nodes stay online when a key is regenerated";

/// `authKey1 regenerated 2026-11-22 09:00 UTC: 3 of 3 nodes online 5m later`.
pub(super) fn record(key: &str, known: &NodeRecord) -> String {
    match &known.after {
        Some(after) => format!("{key} regenerated {}: {known}", minute(after.rotated)),
        None => format!(
            "{key} was regenerated after {}: {known}",
            minute(known.before.at)
        ),
    }
}

/// What the rule asks of nodes, and what that rests on; nothing where there are none and nothing is asked.
pub(super) fn rule(facts: &RuntimeFacts) -> Vec<String> {
    let rule = facts.spec.nodes;
    let has_nodes = match &facts.nodes.sight {
        NodesSight::Shown(shown) => !shown.nodes.is_empty(),
        NodesSight::NotAsked | NodesSight::Refused(_) => facts.nodes.newest().is_some(),
    };
    let mut lines = Vec::new();
    if has_nodes || rule != NodeRule::default() {
        lines.push(asked(rule));
    }
    if has_nodes {
        lines.push(ASSUMPTION.to_owned());
    }
    lines
}

fn asked(rule: NodeRule) -> String {
    if rule.look.is_some_and(|look| look.unavailable_max.is_some()) {
        return format!("{rule}: with more lost by a rotation, the rest of the factory is on hold");
    }
    rule.to_string()
}

/// How the nodes are of a runtime of which a key is regenerated, or held for their sake; and the last rotation, while a look after it is
/// missing, or nodes are.
pub(super) fn remarks(step: &Step) -> Vec<String> {
    let (Some(facts), service) = (step.facts.runtime(), step.key_service()) else {
        return Vec::new();
    };
    let slot = match &step.verdict {
        Verdict::Act { .. } => step.regenerates(),
        Verdict::Hold {
            why:
                Hold::Nodes {
                    slot,
                    why: NodesUnfit::Offline { .. },
                    ..
                },
            ..
        } => Some(*slot),
        Verdict::Keep(_) | Verdict::Hold { .. } => None,
    };
    let mut all = Vec::new();
    if let Some(slot) = slot {
        let made = facts.slots.get(slot).birth.earliest;
        all.extend(facts.nodes.told(service.key_name(slot), made));
    }
    all.extend(unsettled(facts, service));
    all.iter().map(|text| line(text)).collect()
}

fn unsettled(facts: &RuntimeFacts, service: KeyService) -> Option<String> {
    let (slot, known) = facts.nodes.newest()?;
    let is_open = known
        .after
        .as_ref()
        .is_none_or(|after| !after.lost.is_empty());
    (is_open && facts.spec.nodes.look.is_some()).then(|| record(service.key_name(slot), known))
}
