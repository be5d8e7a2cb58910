//! The nodes of a self-hosted integration runtime: the machines that work for it.
//!
//! A node needs a key to register. What one that is registered does when the key is regenerated is documented nowhere. So it is looked at
//! before and after, and what came of it is remembered.

use std::collections::BTreeMap;
use std::fmt;

use super::runtime::slot::{PerSlot, Slot};
use super::time::{Span, Timestamp};
use super::trouble::Trouble;

/// What the service calls a node that works.
const ONLINE: &str = "Online";

/// A node, as the service shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its state in the service's word: `Online`, `Offline`, `Limited` and so on; `unknown` if none was told.
    pub status: String,
    /// Of its software.
    pub version: Option<String>,
    /// When it was registered.
    pub registered: Option<Timestamp>,
    /// When it connected last.
    pub connected: Option<Timestamp>,
    /// When its registration or version expires, by the service's word.
    pub expires: Option<Timestamp>,
}

impl Node {
    /// Does the service call it online? `Limited` and `Upgrading` are not.
    pub fn is_online(&self) -> bool {
        self.status == ONLINE
    }

    /// Since when it is known to work no more; `None`: it is online, or nobody told.
    fn left(&self) -> Option<Timestamp> {
        self.connected.filter(|_| !self.is_online())
    }
}

/// A runtime of another factory that shares this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The runtime's name there.
    pub name: String,
    /// Its factory, if the service told.
    pub factory: Option<String>,
    /// Its subscription, if the service told.
    pub subscription: Option<String>,
    /// When it was linked, if the service told.
    pub created: Option<Timestamp>,
}

impl Link {
    /// Where it is.
    fn factory(&self) -> &str {
        self.factory.as_deref().unwrap_or("another factory")
    }
}

/// What was shown of a runtime's nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesShown {
    /// The service's time of the look.
    pub at: Timestamp,
    /// In the service's order.
    pub nodes: Vec<Node>,
    /// Runtimes of other factories that share it.
    pub links: Vec<Link>,
}

/// Whether nodes were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NodesSight {
    /// They were.
    Shown(NodesShown),
    /// Nobody asked: no key is due.
    #[default]
    NotAsked,
    /// Asked and not answered: usually the right to read the status is missing.
    Refused(Trouble),
}

/// What a rule asks of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeRule {
    /// Which have to be online before a key is regenerated.
    pub require: NodesRequired,
    /// How they are looked at after that; `None`: not at all.
    pub look: Option<NodeLook>,
}

impl fmt::Display for NodeRule {
    /// `require allOnline, wait 5m, maxUnavailable 1`, `require any, no look after a rotation`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "require {}", self.require.word())?;
        match self.look {
            None => f.write_str(", no look after a rotation"),
            Some(NodeLook {
                wait,
                unavailable_max,
            }) => {
                write!(f, ", wait {wait}")?;
                let max = unavailable_max.map(|max| format!(", maxUnavailable {max}"));
                f.write_str(&max.unwrap_or_default())
            }
        }
    }
}

/// Which nodes have to be online before a key is regenerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodesRequired {
    /// Every one. A runtime without nodes has none that is not.
    AllOnline,
    /// At least one.
    AnyOnline,
    /// None has to be.
    #[default]
    Any,
}

/// How nodes are looked at after a key was regenerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLook {
    /// Longest time until they report.
    pub wait: Span,
    /// With more that were online before and are not any more, no other key of the factory is regenerated; `None`: however many.
    pub unavailable_max: Option<u32>,
}

impl NodeLook {
    /// Are so many lost nodes too many?
    pub fn is_over(self, lost: usize) -> bool {
        self.unavailable_max.is_some_and(|max| count(lost) > max)
    }
}

/// Why nodes hold a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodesUnfit {
    /// These are not online, of so many.
    Offline {
        /// Their names.
        names: Vec<String>,
        /// How many there are.
        all: u32,
    },
    /// Nobody knows.
    Unknown(Trouble),
}

impl NodesRequired {
    /// Why nodes that look so are not what is required; `None`: they are. Where nobody asked, apply looks before it acts.
    pub fn unfit(self, sight: &NodesSight) -> Option<NodesUnfit> {
        let shown = match (self, sight) {
            (Self::Any, _) | (_, NodesSight::NotAsked) => return None,
            (_, NodesSight::Refused(trouble)) => return Some(NodesUnfit::Unknown(trouble.clone())),
            (_, NodesSight::Shown(shown)) => shown,
        };
        let offline: Vec<String> = shown.offline().map(|node| node.name.clone()).collect();
        let is_fit = match self {
            Self::AllOnline | Self::Any => offline.is_empty(),
            Self::AnyOnline => offline.len() < shown.nodes.len(),
        };
        (!is_fit).then(|| NodesUnfit::Offline {
            names: offline,
            all: count(shown.nodes.len()),
        })
    }

    /// `allOnline`, `anyOnline`, `any`: the manifest's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AllOnline => "allOnline",
            Self::AnyOnline => "anyOnline",
            Self::Any => "any",
        }
    }
}

impl NodesShown {
    /// Those that are not online.
    pub fn offline(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.is_online())
    }

    /// Those that may have registered with a key that was made no earlier than `made`; nobody can know. `None`: it may have been made at
    /// any time, so that nothing tells them apart.
    pub fn may_use(&self, made: Option<Timestamp>) -> impl Iterator<Item = &Node> {
        let registered = move |node: &&Node| {
            let both = node.registered.zip(made);
            both.is_some_and(|(registered, made)| made <= registered)
        };
        self.nodes.iter().filter(registered)
    }

    /// `2 of 3 nodes online, not vm-3 (Offline, last connected 2026-11-22 09:00 UTC)`.
    fn summary(&self) -> String {
        let offline: Vec<String> = self.offline().map(Node::to_string).collect();
        let (all, online) = (self.nodes.len(), self.nodes.len() - offline.len());
        let nodes = if all == 1 { "node" } else { "nodes" };
        let not = match offline.as_slice() {
            [] => String::new(),
            offline => format!(", not {}", offline.join(", ")),
        };
        format!("{online} of {all} {nodes} online{not}")
    }

    /// What is to be compared with after a key was regenerated; `None`: no node is online, so none can be lost.
    pub fn before(&self) -> Option<NodesBefore> {
        let online = self.nodes.iter().filter(|node| node.is_online());
        let online: Vec<String> = online.map(|node| node.name.clone()).collect();
        (!online.is_empty()).then(|| NodesBefore {
            at: self.at,
            online,
            all: count(self.nodes.len()),
        })
    }

    /// What became of those that were online before a key was regenerated at `rotated`.
    pub fn after(&self, before: &NodesBefore, rotated: Timestamp) -> NodesAfter {
        let nodes: BTreeMap<&str, &Node> = self
            .nodes
            .iter()
            .map(|node| (node.name.as_str(), node))
            .collect();
        let online = |name: &String| nodes.get(name.as_str()).filter(|node| node.is_online());
        let lost = before.online.iter().filter(|name| online(name).is_none());
        let reported = before.online.iter().filter_map(online);
        let reported = reported.filter(|node| node.connected.is_some_and(|at| rotated < at));
        NodesAfter {
            rotated,
            at: self.at,
            reported: count(reported.count()),
            lost: lost.cloned().collect(),
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The nodes right before a key was regenerated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesBefore {
    /// When they were looked at.
    pub at: Timestamp,
    /// Those that were online.
    pub online: Vec<String>,
    /// How many there were.
    pub all: u32,
}

/// What became of the nodes that were online before a key was regenerated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesAfter {
    /// When the key was regenerated.
    pub rotated: Timestamp,
    /// When they were looked at.
    pub at: Timestamp,
    /// How many are online and have connected since then. Of the others the service only says that they are online.
    pub reported: u32,
    /// Those that are not online any more.
    pub lost: Vec<String>,
}

impl NodesAfter {
    /// Is there nothing left to wait for?
    pub fn is_settled(&self, before: &NodesBefore) -> bool {
        self.lost.is_empty() && usize::try_from(self.reported) == Ok(before.online.len())
    }
}

/// The nodes before and after the last regeneration of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// Before it.
    pub before: NodesBefore,
    /// After it; `None`: nobody has looked since.
    pub after: Option<NodesAfter>,
}

impl NodeRecord {
    /// Is a look still missing: has nobody looked, or have some that are called online not connected since, and may within the rule's `wait`?
    pub fn is_open(&self, look: NodeLook) -> bool {
        self.after.as_ref().is_none_or(|after| {
            !after.is_settled(&self.before) && after.at < look.wait.after(after.rotated)
        })
    }

    /// Those that were online and are not any more, if that is known.
    pub fn lost(&self) -> &[String] {
        let after = self.after.as_ref();
        after.map(|after| after.lost.as_slice()).unwrap_or_default()
    }
}

impl fmt::Display for NodeRecord {
    /// `3 of 3 nodes online 5m later`, `1 of 3 nodes online 5m later; not any more: vm-2, vm-3`, `not looked at since then`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(after) = &self.after else {
            return f.write_str("its nodes have not been looked at since then");
        };
        let all = self.before.online.len();
        let online = all.saturating_sub(after.lost.len());
        let nodes = if all == 1 { "node" } else { "nodes" };
        let later = Span::between(after.rotated, after.at).rounded();
        write!(f, "{online} of {all} {nodes} online {later} later")?;
        if usize::try_from(after.reported) != Ok(online) {
            write!(f, ", {} of them connected since", after.reported)?;
        }
        if !after.lost.is_empty() {
            write!(f, "; not any more: {}", after.lost.join(", "))?;
        }
        Ok(())
    }
}

/// What a decision knows of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// What was seen.
    pub sight: NodesSight,
    /// What the last regeneration of each key did to them.
    pub records: PerSlot<Option<NodeRecord>>,
}

impl NodeFacts {
    /// The record of the last regeneration of either key.
    pub fn newest(&self) -> Option<(Slot, &NodeRecord)> {
        newest(&self.records)
    }

    /// What a reviewer should know of them before a key is regenerated that was made no earlier than `made`, each in a sentence. Nothing
    /// where nobody asked.
    pub fn told(&self, key: &str, made: Option<Timestamp>) -> Vec<String> {
        let shown = match &self.sight {
            NodesSight::NotAsked => return Vec::new(),
            NodesSight::Refused(trouble) => {
                return vec![format!("its nodes are not known: {trouble}")];
            }
            NodesSight::Shown(shown) => shown,
        };
        let may: Vec<&str> = shown.may_use(made).map(|node| node.name.as_str()).collect();
        let (verb, may_have) = (if may.len() == 1 { "was" } else { "were" }, may.join(", "));
        let may_have = (!may.is_empty()).then(|| {
            format!(
                "{may_have} {verb} registered after {key} was made, and may have registered with it"
            )
        });
        let links: Vec<&str> = shown.links.iter().map(Link::factory).collect();
        let links = (!links.is_empty()).then(|| format!("linked from {}", links.join(", ")));
        let summary = (!shown.nodes.is_empty()).then(|| shown.summary());
        [summary, may_have, links].into_iter().flatten().collect()
    }
}

/// The record of the last regeneration of either key.
pub fn newest(records: &PerSlot<Option<NodeRecord>>) -> Option<(Slot, &NodeRecord)> {
    let all = Slot::BOTH.into_iter();
    let all = all.filter_map(|slot| Some((slot, records.get(slot).as_ref()?)));
    all.max_by_key(|(_, record)| record.before.at)
}

impl fmt::Display for Node {
    /// `vm-2 (Offline, last connected 2026-11-22 09:00 UTC)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.name, self.status)?;
        if let Some(left) = self.left() {
            write!(f, ", last connected {}", super::time::minute(left))?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::samples::nodes::shown;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn node(name: &str, status: &str, connected: i64) -> Node {
        Node {
            name: name.to_owned(),
            status: status.to_owned(),
            version: None,
            registered: Some(at(100)),
            connected: Some(at(connected)),
            expires: None,
        }
    }

    fn look(second: i64, nodes: Vec<Node>) -> NodesShown {
        NodesShown {
            at: at(second),
            nodes,
            links: Vec::new(),
        }
    }

    #[test]
    fn what_was_online_and_is_not_any_more_is_lost() {
        let before = look(
            1_000,
            vec![
                node("a", "Online", 990),
                node("b", "Online", 990),
                node("c", "Online", 990),
                node("d", "Offline", 10),
            ],
        );
        let before = before.before().unwrap();
        assert_eq!((before.online.len(), before.all), (3, 4));
        // `b` says that it is online, and has not connected since; `c` is not in the list any more; `d` was not there before.
        let now = vec![
            node("a", "Online", 1_040),
            node("b", "Online", 999),
            node("d", "Offline", 10),
        ];
        let after = look(1_300, now).after(&before, at(1_000));
        assert_eq!(
            (after.reported, after.lost.as_slice()),
            (1, &["c".to_owned()][..])
        );
        assert!(!after.is_settled(&before));
        let record = NodeRecord {
            before,
            after: Some(after),
        };
        assert_eq!(
            record.to_string(),
            "2 of 3 nodes online 5m later, 1 of them connected since; not any more: c"
        );
    }

    #[test]
    fn who_registered_no_earlier_than_the_key_may_use_it() {
        let nodes = look(1_000, vec![node("a", "Online", 990)]);
        let may_use = |made: Option<i64>| nodes.may_use(made.map(at)).count();
        assert_eq!(
            [may_use(Some(99)), may_use(Some(100)), may_use(Some(101))],
            [1, 1, 0]
        );
        assert_eq!(may_use(None), 0);
    }

    proptest! {
        /// What is lost was online before, what reported is not lost, and a look that shows the same nodes later loses none.
        #[test]
        fn nothing_is_lost_that_is_still_there(first in shown(), second in shown(), rotated in 0_i64..2_000_000_000) {
            let Some(before) = first.before() else {
                prop_assert!(first.nodes.iter().all(|node| !node.is_online()));
                return Ok(());
            };
            // Two nodes of one name may be in different states.
            let is_off = |name: &String| {
                first.nodes.iter().any(|node| node.name == *name && !node.is_online())
            };
            prop_assert!(first.after(&before, at(rotated)).lost.iter().all(is_off), "lost at once");
            let after = second.after(&before, at(rotated));
            prop_assert!(after.lost.iter().all(|name| before.online.contains(name)));
            let kept = before.online.len() - after.lost.len();
            prop_assert!(usize::try_from(after.reported).unwrap() <= kept);
        }
    }
}
