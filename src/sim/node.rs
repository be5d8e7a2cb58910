//! The nodes of a runtime: what each of them does after a key is regenerated, and what the service says of it at an instant.
//!
//! Nothing is stored while time goes on: a node's state follows from the world file and from when a key was regenerated last.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::times::{Span, after, before};

/// The software on a node of which the world file says nothing.
pub(crate) const VERSION: &str = "5.5.7762.1";
/// How long ago a node that is online has connected.
const HEARTBEAT: Duration = Duration::from_secs(40);

/// A registered node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) registered: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    /// Its state at the beginning.
    status: String,
    /// When it connected last, if it is not online.
    connected: Option<Timestamp>,
    /// When the world began: what was regenerated before has no consequence any more.
    since: Timestamp,
    /// What happens to it each time that a key is regenerated, in the order of time.
    turns: Vec<Turn>,
}

/// What happens to a node some time after a key is regenerated.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Turn {
    after: Span,
    /// Its state from then on; absent: as before.
    status: Option<String>,
    /// It connects no more, whatever its state says: the service lies.
    #[serde(default)]
    silent: bool,
    /// It is in the list no more.
    #[serde(default)]
    gone: bool,
}

/// What the service says of a node.
pub(crate) struct Seen<'a> {
    pub(crate) status: &'a str,
    pub(crate) connected: Timestamp,
}

/// What a world file says of a node, its times resolved.
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) registered: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) status: Option<String>,
    pub(crate) connected: Option<Timestamp>,
    pub(crate) turns: Vec<Turn>,
}

impl Node {
    /// A node of a world that begins at `since`.
    pub(crate) fn new(written: Written, since: Timestamp) -> Self {
        let mut turns = written.turns;
        turns.sort_by_key(|turn| turn.after.0);
        Self {
            name: written.name,
            version: written.version.unwrap_or_else(|| VERSION.to_owned()),
            registered: written.registered,
            expires: written.expires,
            status: written.status.unwrap_or_else(|| "Online".to_owned()),
            connected: written.connected,
            since,
            turns,
        }
    }

    /// What is said of it at `now`, if a key was regenerated last at `regenerated`; `None`: it is gone.
    pub(crate) fn at(&self, regenerated: Option<Timestamp>, now: Timestamp) -> Option<Seen<'_>> {
        let regenerated = regenerated.filter(|at| *at >= self.since);
        let mut status = self.status.as_str();
        let mut gone = false;
        // Since when it connects no more; `None`: it does.
        let mut left = (status != "Online").then(|| self.connected.unwrap_or(self.registered));
        let turns = regenerated.into_iter().flat_map(|at| {
            let turns = self.turns.iter();
            turns.map(move |turn| (after(at, turn.after.0), turn))
        });
        for (at, turn) in turns.take_while(|(at, _)| *at <= now) {
            status = turn.status.as_deref().unwrap_or(status);
            gone = turn.gone;
            let connects = status == "Online" && !turn.silent;
            left = if connects { None } else { left.or(Some(at)) };
        }
        let connected = left.unwrap_or_else(|| before(now, HEARTBEAT).max(self.registered));
        (!gone).then_some(Seen { status, connected })
    }
}

/// A runtime in another factory that shares this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) factory: String,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) created: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn node(status: Option<&str>, turns: &str) -> Node {
        let written = Written {
            name: "vm-1".to_owned(),
            version: None,
            registered: at(0),
            expires: None,
            status: status.map(str::to_owned),
            connected: None,
            turns: serde_json::from_str(turns).unwrap(),
        };
        Node::new(written, at(1_000))
    }

    fn seen(node: &Node, regenerated: Option<i64>, now: i64) -> Option<(String, i64)> {
        let seen = node.at(regenerated.map(at), at(now))?;
        Some((seen.status.to_owned(), seen.connected.as_second()))
    }

    #[test]
    fn a_node_goes_and_comes_back_by_the_clock() {
        let turns =
            r#"[{"after": "4m", "status": "Online"}, {"after": "30s", "status": "Offline"}]"#;
        let node = node(None, turns);
        let online = |connected| Some(("Online".to_owned(), connected));
        assert_eq!(seen(&node, None, 2_000), online(1_960));
        // What was regenerated before the world began has no consequence.
        assert_eq!(seen(&node, Some(900), 2_000), online(1_960));
        assert_eq!(seen(&node, Some(2_000), 2_029), online(1_989));
        assert_eq!(
            seen(&node, Some(2_000), 2_100),
            Some(("Offline".to_owned(), 2_030))
        );
        assert_eq!(seen(&node, Some(2_000), 2_300), online(2_260));
    }

    #[test]
    fn a_node_lies_and_vanishes() {
        let lies = node(None, r#"[{"after": "10s", "silent": true}]"#);
        assert_eq!(
            seen(&lies, Some(2_000), 9_000),
            Some(("Online".to_owned(), 2_010))
        );
        let gone = node(Some("Offline"), r#"[{"after": "10s", "gone": true}]"#);
        assert_eq!(seen(&gone, None, 2_000), Some(("Offline".to_owned(), 0)));
        assert_eq!(seen(&gone, Some(2_000), 2_010), None);
    }
}
