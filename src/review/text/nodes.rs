//! Nodes of a runtime as text: how they are, what a rotation did to them, and what a person can do where they are in the way.

use super::label::labelled;
use super::remedy::Remedy;
use crate::escape::line;
use crate::model::key_service::KeyService;
use crate::model::nodes::{Link, Node, NodeRecord, NodesSight, NodesUnfit};
use crate::model::runtime::Slot;
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::{Hold, RuntimeFacts, Step, Verdict};
use crate::review::nodes::{record, rule};

/// What the rule requires of them, each node and link, and what the last rotations did to them, for `why`.
pub(super) fn why(facts: &RuntimeFacts, service: KeyService) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    match &facts.nodes.sight {
        NodesSight::NotAsked => {}
        NodesSight::Refused(_) if facts.status_refused.is_some() => {
            texts.push("not known: the status may not be read".to_owned());
        }
        NodesSight::Refused(trouble) => texts.push(format!("not known: {trouble}")),
        NodesSight::Shown(shown) if shown.nodes.is_empty() => {
            texts.push("none is registered".to_owned());
        }
        NodesSight::Shown(shown) => texts.extend(shown.nodes.iter().map(node)),
    }
    if let NodesSight::Shown(shown) = &facts.nodes.sight {
        texts.extend(shown.links.iter().map(link));
    }
    let records = Slot::BOTH.into_iter();
    let records = records.filter_map(|slot| Some((slot, facts.nodes.records.get(slot).as_ref()?)));
    let mut records: Vec<(Slot, &NodeRecord)> = records.collect();
    records.sort_by_key(|(_, record)| record.before.at);
    texts.extend(
        records
            .into_iter()
            .map(|(slot, known)| record(service.key_name(slot), known)),
    );
    texts.extend(rule(facts));
    let lines = texts.iter().enumerate();
    let lines = lines.map(|(index, text)| {
        let label = if index == 0 { "nodes" } else { "" };
        labelled(label, &line(text))
    });
    lines.collect()
}

/// `vm-1: Online, last connected …, registered …, expires …, version …`.
fn node(node: &Node) -> String {
    let at = |what: &str, at: Option<Timestamp>| at.map(|at| format!("{what} {}", minute(at)));
    let all = [
        Some(format!("{}: {}", node.name, node.status)),
        at("last connected", node.connected),
        at("registered", node.registered),
        at("expires", node.expires),
        node.version
            .as_ref()
            .map(|version| format!("version {version}")),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `linked from adf-sales as shared-gateway (subscription …) since …`.
fn link(link: &Link) -> String {
    let factory = link.factory.as_deref().unwrap_or("a factory");
    let subscription = link.subscription.as_ref();
    let subscription = subscription.map(|id| format!(" (subscription {id})"));
    let since = link.created.map(|at| format!(" since {}", minute(at)));
    format!(
        "linked from {factory} as {}{}{}",
        link.name,
        subscription.unwrap_or_default(),
        since.unwrap_or_default()
    )
}

/// What ends a hold by nodes.
pub(super) fn remedies(step: &Step) -> Vec<Remedy> {
    let Verdict::Hold { why, .. } = &step.verdict else {
        return Vec::new();
    };
    let rule = &step.rule;
    let without = || Remedy::only(format!("or let the rule {rule} do without: `require: any`"));
    if let Hold::NodesLost { of, .. } = why {
        let of = of.to_string();
        return vec![
            Remedy::by(
                "find out why they left, and bring them online",
                &["why", &of],
            ),
            Remedy::only(format!(
                "or, if they are gone for good, raise `maxUnavailable` in the rule of {}",
                line(&of)
            )),
        ];
    }
    let Hold::Nodes { why, .. } = why else {
        return Vec::new();
    };
    match why {
        NodesUnfit::Unknown(_) => vec![
            Remedy::by(
                "to see which right is missing",
                &["auth", "--connection", step.address.connection.as_str()],
            ),
            without(),
        ],
        NodesUnfit::Offline { .. } => vec![
            Remedy::only("bring its nodes online, or remove those from it that are gone for good"),
            without(),
        ],
    }
}
