//! Nodes of integration runtimes, as the file spells them.

use super::evidence::PerSlot;
use super::text::Text;
use super::trouble::Trouble;
use super::words::{self, Span, Timestamp};
use crate::saved::mirror::{OrDefault, mirror};

mirror! {
    /// What a rule asks of nodes.
    struct NodeRule {
        #[serde(default)]
        require: OrDefault<NodesRequired>,
        look: Option<NodeLook>,
    }
}

mirror! {
    /// Which nodes have to be online before a key is regenerated.
    enum NodesRequired { AllOnline, AnyOnline, Any }
}

mirror! {
    /// How nodes are looked at after a key was regenerated.
    struct NodeLook {
        wait: Text<Span>,
        #[serde(rename = "maxUnavailable")]
        unavailable_max: Option<u32>,
    }
}

mirror! {
    /// Why nodes hold a rotation.
    enum NodesUnfit { Offline { names: Vec<String>, all: u32 }, Unknown(trouble: Trouble) }
}

mirror! {
    /// Whether nodes were looked at.
    enum NodesSight { Shown(shown: NodesShown), NotAsked, Refused(trouble: Trouble) }
}

mirror! {
    /// What was shown of a runtime's nodes.
    struct NodesShown {
        at: Text<Timestamp>,
        #[serde(default)]
        nodes: Vec<Node>,
        #[serde(default)]
        links: Vec<Link>,
    }
}

mirror! {
    /// A node.
    struct Node {
        name: String,
        status: String,
        version: Option<String>,
        registered: Option<Text<Timestamp>>,
        connected: Option<Text<Timestamp>>,
        expires: Option<Text<Timestamp>>,
    }
}

mirror! {
    /// A runtime of another factory that shares this one.
    struct Link {
        name: String,
        factory: Option<String>,
        subscription: Option<String>,
        created: Option<Text<Timestamp>>,
    }
}

mirror! {
    /// The nodes right before a key was regenerated.
    struct NodesBefore { at: Text<Timestamp>, online: Vec<String>, all: u32 }
}

mirror! {
    /// What became of the nodes that were online before a key was regenerated.
    struct NodesAfter {
        rotated: Text<Timestamp>,
        at: Text<Timestamp>,
        reported: u32,
        #[serde(default)]
        lost: Vec<String>,
    }
}

mirror! {
    /// The nodes before and after the last regeneration of one key.
    struct NodeRecord { before: NodesBefore, after: Option<NodesAfter> }
}

mirror! {
    /// What a decision knows of nodes.
    struct NodeFacts {
        #[serde(default)]
        sight: OrDefault<NodesSight>,
        #[serde(default)]
        records: PerSlot<Option<NodeRecord>>,
    }
}
