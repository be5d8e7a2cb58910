//! The nodes of a runtime, before and after one of its keys is regenerated.
//!
//! What they were before is in the ledger before the key goes. So whoever comes after a crash knows that they were not looked at since.

use super::hands::Hands;
use super::pause::{pause, time_left};
use super::skip::Skip;
use crate::ledger::event::{Event, NodesLooked, Subject};
use crate::limits::{POLL_PAUSE, POLL_PAUSE_MAX};
use crate::model::nodes::{
    NodeLook, NodeRecord, NodeRule, NodesBefore, NodesShown, NodesSight, NodesUnfit,
};
use crate::model::outcome::{Happened, NodesEnd};
use crate::model::runtime::Slot;
use crate::model::survey::RuntimeTarget;
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::Step;

/// What is known of nodes right before a key goes.
pub(super) enum Before {
    /// They are as the rule requires. What is compared with afterwards, if anything is.
    Fit(Option<NodesBefore>),
    /// They are not any more.
    Unfit(String),
}

/// Looks at the nodes before a key of `target` is regenerated, where the rule asks for it.
pub(super) async fn before(hands: &Hands<'_>, step: &Step, target: &RuntimeTarget) -> Before {
    let rule = step.node_rule();
    if rule == NodeRule::default() {
        return Before::Fit(None);
    }
    let sight = match shown(hands, target).await {
        Ok(shown) => NodesSight::Shown(shown),
        Err(trouble) => NodesSight::Refused(trouble),
    };
    match (rule.require.unfit(&sight), sight) {
        (Some(NodesUnfit::Unknown(trouble)), _) => {
            Before::Unfit(format!("its nodes are not known: {trouble}"))
        }
        (Some(NodesUnfit::Offline { names, .. }), _) => Before::Unfit(format!(
            "nodes are not as required any more ({}): not online: {}",
            rule.require.word(),
            names.join(", ")
        )),
        (None, NodesSight::Shown(shown)) if rule.look.is_some() => Before::Fit(shown.before()),
        (None, _) => Before::Fit(None),
    }
}

/// What the ledger is to know before a key goes.
pub(super) fn event(step: &Step, target: &RuntimeTarget, slot: Slot, record: NodeRecord) -> Event {
    Event::NodesLooked(NodesLooked {
        subject: Subject {
            identity: target.identity(),
            address: step.address.clone(),
        },
        slot,
        record,
    })
}

async fn shown(hands: &Hands<'_>, target: &RuntimeTarget) -> Result<NodesShown, Trouble> {
    let factory = hands.connections.keys_of(target)?.factory();
    let factory = factory.ok_or_else(|| Trouble {
        kind: TroubleKind::Misfit,
        doing: format!("read the nodes of {}", target.id.name()),
        message: "it has none".to_owned(),
        ids: Box::default(),
    })?;
    let status = hands.reader.runtime_status(factory, target.id.name());
    let status = status.await?;
    Ok(NodesShown {
        at: status.at,
        nodes: status.said.nodes,
        links: status.said.links,
    })
}

/// Looks at the nodes again after the key of `slot` was regenerated at `rotated`, until those that were online before have connected. Gives
/// why no other key of the factory may go.
pub(super) async fn after(
    hands: &Hands<'_>,
    step: &Step,
    target: &RuntimeTarget,
    (slot, rotated): (Slot, Timestamp),
) -> Option<String> {
    let look = step.node_rule().look?;
    let identity = target.identity();
    let known = hands.ledger.ask(|memory| {
        let known = memory.runtimes.get(&identity)?.nodes.get(slot).clone()?;
        (known.after.is_none() && known.before.at <= rotated).then_some(known)
    });
    let Some(NodeRecord { before, .. }) = known else {
        return unlooked(hands, step, target, (slot, look)).await;
    };
    let watch = Watch {
        hands,
        target,
        look,
        rotated,
        before,
    };
    match watch.follow().await {
        Ok(record) => {
            let lost = record.lost().len();
            let text = record.to_string();
            let of = &step.address;
            let event = event(step, target, slot, record);
            // What is not written down here, the next look writes down.
            let _ = hands.ledger.record(vec![event]).await;
            let is_over = look.is_over(lost);
            let how = match (lost, is_over) {
                (0, _) => NodesEnd::Online,
                (_, false) => NodesEnd::Lost,
                (_, true) => NodesEnd::TooMany,
            };
            hands.tell(step, Happened::Nodes { slot, text, how });
            is_over.then(|| {
                format!("{of} lost nodes after its rotation, more than maxUnavailable allows")
            })
        }
        Err(why) => {
            let (text, how) = (
                format!("its nodes were not looked at: {why}"),
                NodesEnd::Unknown,
            );
            hands.tell(step, Happened::Nodes { slot, text, how });
            unknown(step, look)
        }
    }
}

/// There is nothing to compare with: no node was online before, so none can be lost; or nobody may look.
async fn unlooked(
    hands: &Hands<'_>,
    step: &Step,
    target: &RuntimeTarget,
    (slot, look): (Slot, NodeLook),
) -> Option<String> {
    let trouble = shown(hands, target).await.err()?;
    let text = format!("its nodes are not known: {trouble}");
    let how = NodesEnd::Unknown;
    hands.tell(step, Happened::Nodes { slot, text, how });
    unknown(step, look)
}

/// Where nodes may be lost only so far, what nobody knows stops the factory, too.
fn unknown(step: &Step, look: NodeLook) -> Option<String> {
    let of = &step.address;
    look.unavailable_max
        .map(|_| format!("it is not known how the nodes of {of} are after its rotation"))
}

/// Nodes that are waited for.
struct Watch<'a> {
    hands: &'a Hands<'a>,
    target: &'a RuntimeTarget,
    look: NodeLook,
    rotated: Timestamp,
    before: NodesBefore,
}

impl Watch<'_> {
    /// What became of them: as soon as all have connected again, or when the time is over.
    ///
    /// # Errors
    /// Why nobody knows.
    async fn follow(self) -> Result<NodeRecord, String> {
        let clock = &self.hands.clock;
        let deadline = self.look.wait.after(clock.now());
        let mut length = POLL_PAUSE;
        loop {
            let seen = shown(self.hands, self.target).await;
            let seen = seen.map(|shown| shown.after(&self.before, self.rotated));
            let is_settled = seen
                .as_ref()
                .is_ok_and(|after| after.is_settled(&self.before));
            let left = time_left(Some(deadline), clock.now()).filter(|_| !is_settled);
            let Some(left) = left else {
                let after = Some(seen.map_err(|trouble| trouble.to_string())?);
                let before = self.before;
                return Ok(NodeRecord { before, after });
            };
            if let Err(skip) = pause(self.hands, length.min(left)).await {
                self.hands.interrupted();
                return Err(match skip {
                    Skip::TimeOver => "the time of this command is over (--timeout)".to_owned(),
                    _ => "interrupted while waiting for them".to_owned(),
                });
            }
            length = (length * 3 / 2).min(POLL_PAUSE_MAX);
        }
    }
}
