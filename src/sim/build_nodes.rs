//! From nodes and links as written to those of the world.

use jiff::Timestamp;

use super::build_ground::Ground;
use super::file::{LinkFile, NodeFile};
use super::node::{Link, Node, Written};
use super::times::When;

/// A node of a runtime that was created then: it registered at once, unless the file says otherwise.
pub(crate) fn node(file: &NodeFile, created: Timestamp, ground: &Ground) -> Node {
    let resolve = |when: When| when.resolve(ground.beginning);
    let written = Written {
        name: file.name.clone(),
        version: file.version.clone(),
        registered: file.registered.map_or(created, resolve),
        expires: file.expires.map(resolve),
        status: file.status.clone(),
        connected: file.last_connect.map(resolve),
        turns: file.after_regenerate.clone(),
    };
    Node::new(written, ground.beginning)
}

/// A link to a runtime that was created then.
pub(crate) fn link(file: &LinkFile, created: Timestamp, ground: &Ground) -> Link {
    Link {
        name: file.name.clone(),
        factory: file.factory.clone(),
        subscription: file.subscription.clone(),
        location: file.location.clone(),
        created: file
            .created
            .map_or(created, |when| when.resolve(ground.beginning)),
    }
}
