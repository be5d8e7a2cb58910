//! Nodes: what a rule requires of them, and what a rotation that lost some holds.

use super::super::decide as decide_survey;
use super::super::testing::*;
use crate::model::nodes::{
    NodeLook, NodeRecord, NodesAfter, NodesBefore, NodesRequired, NodesSight, NodesUnfit,
};
use crate::model::promise::Attention;
use crate::model::runtime::{Rotation, Slot};
use crate::model::survey::{Looked, RuntimeCase, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Hold, Plan, Verdict};

/// A runtime with a due key, a rule that requires this, and nodes that look so.
fn due(require: NodesRequired, sight_of: NodesSight) -> RuntimeCase {
    let mut case = runtime_aged("95d", "20d");
    case.spec.nodes.require = require;
    sight(&mut case).nodes = sight_of;
    case
}

fn shown(states: &[&str]) -> NodesSight {
    NodesSight::Shown(nodes(states))
}

/// Is the key regenerated? Otherwise it is held for the sake of nodes, and a person is told.
fn goes(case: RuntimeCase) -> bool {
    let step = decide(Subject::Runtime(case));
    match &step.verdict {
        Verdict::Act { .. } => true,
        Verdict::Hold {
            why: Hold::Nodes {
                slot: Slot::One, ..
            },
            until: None,
        } => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_goes_if_the_nodes_are_as_required() {
    use NodesRequired::{AllOnline, Any, AnyOnline};
    for (states, all, any) in [
        (&["Online", "Online"][..], true, true),
        (&["Online", "Offline"], false, true),
        (&["Limited", "Upgrading"], false, false),
        // None is offline, and none is online.
        (&[], true, false),
    ] {
        assert_eq!(goes(due(AllOnline, shown(states))), all, "{states:?}");
        assert_eq!(goes(due(AnyOnline, shown(states))), any, "{states:?}");
        assert!(goes(due(Any, shown(states))), "{states:?}");
    }
    for require in [AllOnline, AnyOnline] {
        assert!(!goes(due(require, NodesSight::Refused(trouble()))));
        // Nobody looked: apply does, before it acts.
        assert!(goes(due(require, NodesSight::NotAsked)));
    }
    assert!(goes(due(Any, NodesSight::Refused(trouble()))));
}

#[test]
fn a_hold_for_nodes_tells_which_and_leaves_the_promise_as_it_is() {
    let mut case = due(NodesRequired::AllOnline, shown(&["Online", "Offline"]));
    let held = decide(Subject::Runtime(case.clone()));
    let Verdict::Hold {
        why: Hold::Nodes { why, .. },
        ..
    } = &held.verdict
    else {
        panic!("{:?}", held.verdict);
    };
    let (names, all) = (vec!["vm-1".to_owned()], 2);
    assert_eq!(*why, NodesUnfit::Offline { names, all });
    assert_eq!(held.attention, Some(Attention::Nodes));
    case.spec.nodes.require = NodesRequired::Any;
    assert_eq!(held.promise, decide(Subject::Runtime(case)).promise);
}

/// A runtime whose first key was regenerated two hours ago, when both of its nodes were online; what the ledger says of them since.
fn rotated_with(max: Option<u32>, after: Option<NodesAfter>) -> RuntimeCase {
    let mut case = runtime_named("gateway-a");
    let at = ago("2h");
    case.spec.nodes.look = Some(NodeLook {
        wait: Span::hours(1),
        unavailable_max: max,
    });
    case.memory.rotated(Rotation {
        slot: Slot::One,
        sent: at,
        answered: at,
    });
    let before = NodesBefore {
        at,
        online: vec!["vm-0".to_owned(), "vm-1".to_owned()],
        all: 2,
    };
    *case.memory.nodes.get_mut(Slot::One) = Some(NodeRecord { before, after });
    case
}

fn after(at: Timestamp, lost: &[&str]) -> NodesAfter {
    NodesAfter {
        rotated: ago("2h"),
        at,
        reported: 0,
        lost: lost.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// What becomes of a due key of another runtime in the same factory.
fn other(case: RuntimeCase) -> Plan {
    let mut due = runtime_aged("95d", "20d");
    due.address = runtime_named("gateway-b").address;
    due.target = runtime_named("gateway-b").target;
    let cases = [Subject::Runtime(case), Subject::Runtime(due)];
    decide_survey(&survey(cases), &project(), now())
}

fn holds_other(case: RuntimeCase) -> bool {
    let plan = other(case);
    match &plan.steps[1].verdict {
        Verdict::Act { .. } => false,
        Verdict::Hold {
            why: Hold::NodesLost { of, max: 0, .. },
            ..
        } => {
            assert_eq!(of, &plan.steps[0].address);
            true
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rotation_that_lost_nodes_holds_the_rest_of_the_factory_until_they_are_back() {
    let lost = || Some(after(ago("1h"), &["vm-1"]));
    assert!(holds_other(rotated_with(Some(0), lost())));
    assert!(!holds_other(rotated_with(Some(1), lost())));
    assert!(!holds_other(rotated_with(None, lost())));
    assert!(!holds_other(rotated_with(
        Some(0),
        Some(after(ago("1h"), &[]))
    )));
    // What is seen now counts.
    let seen = |states: &[&str], record| {
        let mut case = rotated_with(Some(0), record);
        sight(&mut case).nodes = shown(states);
        case
    };
    assert!(!holds_other(seen(&["Online", "Online"], lost())));
    assert!(holds_other(seen(&["Online", "Offline"], lost())));
    assert!(holds_other(seen(&["Online"], lost())));
    // Nobody has looked since: not known is not well.
    assert!(holds_other(rotated_with(Some(0), None)));
    assert!(!holds_other(seen(&["Online", "Online"], None)));
    assert!(holds_other(seen(&["Offline", "Online"], None)));
}

#[test]
fn a_look_before_a_regenerate_that_was_not_done_owes_none_after_it() {
    let mut case = rotated_with(Some(0), None);
    case.memory.rotations.clear();
    let look = case.spec.nodes.look.unwrap();
    assert!(!case.memory.owes_node_look(look));
    assert!(!holds_other(case));
    assert!(rotated_with(Some(0), None).memory.owes_node_look(look));
}

#[test]
fn nodes_that_have_not_reported_hold_the_rest_until_their_time_is_over() {
    // The rule waits for an hour, and the key is two hours old.
    for (at, holds) in [("2h", true), ("61m", true), ("1h", false), ("1m", false)] {
        let case = rotated_with(Some(0), Some(after(ago(at), &[])));
        assert_eq!(holds_other(case), holds, "{at}");
    }
    let reported = NodesAfter {
        reported: 2,
        ..after(ago("2h"), &[])
    };
    assert!(!holds_other(rotated_with(Some(0), Some(reported))));
}

#[test]
fn other_factories_go_on() {
    let mut elsewhere = rotated_with(Some(0), None);
    let id = elsewhere.target.id.to_string();
    elsewhere.target.id =
        crate::model::address::ResourceId::new(id.replace("/factories/adf", "/factories/hub"));
    assert_ne!(elsewhere.target.holder(), runtime().target.holder());
    assert!(!holds_other(elsewhere));
    // A runtime that could not be read tells as much as the ledger does.
    let mut unread = rotated_with(Some(0), Some(after(ago("1h"), &["vm-0", "vm-1"])));
    unread.sight = Looked::NotAsked;
    assert!(holds_other(unread));
}
