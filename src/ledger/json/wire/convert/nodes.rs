//! What became of a runtime's nodes.

use super::super::{Instant, NodesAfterLine, NodesLine, SlotLine};
use super::{address, identity, subject};
use crate::ledger::event::NodesLooked;
use crate::model::nodes::{NodeRecord, NodesAfter, NodesBefore};

impl NodesLine<'_> {
    pub(super) fn of(looked: NodesLooked) -> Self {
        let NodeRecord { before, after } = looked.record;
        Self {
            identity: identity(&looked.subject),
            address: address(&looked.subject),
            slot: SlotLine::of(looked.slot),
            at: Instant(before.at),
            online: before.online,
            all: before.all,
            after: after.map(|after| NodesAfterLine {
                rotated: Instant(after.rotated),
                at: Instant(after.at),
                reported: after.reported,
                lost: after.lost,
            }),
        }
    }

    pub(in super::super) fn looked(self) -> Result<NodesLooked, String> {
        Ok(NodesLooked {
            subject: subject(&self.identity, &self.address)?,
            slot: self.slot.slot(),
            record: NodeRecord {
                before: NodesBefore {
                    at: self.at.0,
                    online: self.online,
                    all: self.all,
                },
                after: self.after.map(|after| NodesAfter {
                    rotated: after.rotated.0,
                    at: after.at.0,
                    reported: after.reported,
                    lost: after.lost,
                }),
            },
        })
    }
}
