//! Nodes of all kinds.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::parts::{address, instant, slot, span, text, trouble};
use crate::model::nodes::{
    Link, Node, NodeFacts, NodeLook, NodeRecord, NodeRule, NodesAfter, NodesBefore, NodesRequired,
    NodesShown, NodesSight, NodesUnfit,
};
use crate::model::runtime::PerSlot;
use crate::model::verdict::Hold;

pub(super) fn required() -> BoxedStrategy<NodesRequired> {
    prop_oneof![
        Just(NodesRequired::AllOnline),
        Just(NodesRequired::AnyOnline),
        Just(NodesRequired::Any),
    ]
    .boxed()
}

pub(super) fn rule() -> BoxedStrategy<NodeRule> {
    let look = (span(), of(0_u32..4)).prop_map(|(wait, unavailable_max)| NodeLook {
        wait,
        unavailable_max,
    });
    (required(), of(look))
        .prop_map(|(require, look)| NodeRule { require, look })
        .boxed()
}

pub(super) fn hold() -> BoxedStrategy<Hold> {
    let why = prop_oneof![
        (vec(text(), 1..3), 0_u32..9).prop_map(|(names, all)| NodesUnfit::Offline { names, all }),
        trouble().prop_map(NodesUnfit::Unknown),
    ];
    prop_oneof![
        (slot(), required(), why).prop_map(|(slot, require, why)| Hold::Nodes {
            slot,
            require,
            why
        }),
        (address(), vec(text(), 1..3), 0_u32..3).prop_map(|(of, names, max)| Hold::NodesLost {
            of,
            names,
            max
        }),
    ]
    .boxed()
}

fn node() -> BoxedStrategy<Node> {
    let status = prop_oneof![
        Just("Online".to_owned()),
        Just("Offline".to_owned()),
        text()
    ];
    (
        text(),
        status,
        of(text()),
        (of(instant()), of(instant()), of(instant())),
    )
        .prop_map(
            |(name, status, version, (registered, connected, expires))| Node {
                name,
                status,
                version,
                registered,
                connected,
                expires,
            },
        )
        .boxed()
}

fn link() -> BoxedStrategy<Link> {
    (text(), of(text()), of(text()), of(instant()))
        .prop_map(|(name, factory, subscription, created)| Link {
            name,
            factory,
            subscription,
            created,
        })
        .boxed()
}

pub(crate) fn shown() -> BoxedStrategy<NodesShown> {
    (instant(), vec(node(), 0..4), vec(link(), 0..2))
        .prop_map(|(at, nodes, links)| NodesShown { at, nodes, links })
        .boxed()
}

fn record() -> BoxedStrategy<NodeRecord> {
    let after = (instant(), instant(), 0_u32..3, vec(text(), 0..2));
    let after = after.prop_map(|(rotated, at, reported, lost)| NodesAfter {
        rotated,
        at,
        reported,
        lost,
    });
    (instant(), vec(text(), 1..4), of(after))
        .prop_map(|(at, online, after)| NodeRecord {
            before: NodesBefore { at, all: 4, online },
            after,
        })
        .boxed()
}

pub(super) fn facts() -> BoxedStrategy<NodeFacts> {
    let sight = prop_oneof![
        Just(NodesSight::NotAsked),
        shown().prop_map(NodesSight::Shown),
        trouble().prop_map(NodesSight::Refused),
    ];
    (sight, of(record()), of(record()))
        .prop_map(|(sight, one, two)| NodeFacts {
            sight,
            records: PerSlot { one, two },
        })
        .boxed()
}
