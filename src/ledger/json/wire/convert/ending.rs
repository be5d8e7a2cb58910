//! Converts what became of an intent between the model and its line.
//!
//! A line without a reason gives [`Why::Untold`]; no reason is made up.

use super::super::{
    BecauseLine, DestinationLine, EndingLine, EventLine, Instant, ReceiptLine, SettledLine,
    SlotLine,
};
use super::fingerprint;
use crate::ledger::event::{Ending, Event, Why};
use crate::model::job::RunId;
use crate::model::time::Timestamp;
use crate::model::verdict::Receipt;

impl EventLine {
    pub(super) fn settled(intent: String, how: Ending, at: Timestamp) -> Self {
        let (how, because) = match how {
            Ending::Done(receipt) => (EndingLine::Done(ReceiptLine::of(receipt)), None),
            Ending::NotDone(why) => (EndingLine::NotDone, BecauseLine::of(why)),
        };
        Self::Settled(SettledLine {
            intent,
            how,
            at: Instant(at),
            because,
        })
    }
}

impl SettledLine {
    pub(in super::super) fn event(self) -> Result<Event, String> {
        Ok(Event::Settled {
            intent: self.intent,
            how: self.how.ending(self.because)?,
            at: self.at.0,
        })
    }
}

impl EndingLine {
    fn ending(self, because: Option<BecauseLine>) -> Result<Ending, String> {
        match self {
            Self::Done(receipt) => receipt.receipt().map(Ending::Done),
            Self::NotDone => Ok(Ending::NotDone(
                because.map_or(Why::Untold, BecauseLine::why),
            )),
        }
    }
}

impl BecauseLine {
    fn of(why: Why) -> Option<Self> {
        match why {
            Why::Proved => Some(Self::Proved),
            Why::Said { by } => Some(Self::Said { by }),
            Why::Refused { why, is_access } => Some(Self::Refused {
                why,
                access: is_access,
            }),
            Why::Untold => None,
        }
    }

    fn why(self) -> Why {
        match self {
            Self::Proved => Why::Proved,
            Self::Said { by } => Why::Said { by },
            Self::Refused { why, access } => Why::Refused {
                why,
                is_access: access,
            },
        }
    }
}

impl ReceiptLine {
    fn of(receipt: Receipt) -> Self {
        match receipt {
            Receipt::Regenerated {
                slot,
                fingerprint,
                sent,
                answered,
            } => Self::Regenerated {
                slot: SlotLine::of(slot),
                fingerprint: fingerprint.as_str().to_owned(),
                sent: Instant(sent),
                answered: Instant(answered),
            },
            Receipt::HandedOver {
                to,
                slot,
                fingerprint,
                answered,
            } => Self::HandedOver {
                to: DestinationLine::of(to),
                slot: SlotLine::of(slot),
                fingerprint: fingerprint.as_str().to_owned(),
                answered: Instant(answered),
            },
            Receipt::Started { run, answered } => Self::Started {
                run: run.0,
                answered: Instant(answered),
            },
            Receipt::Cancelled { run, answered } => Self::Cancelled {
                run: run.0,
                answered: Instant(answered),
            },
        }
    }

    fn receipt(self) -> Result<Receipt, String> {
        Ok(match self {
            Self::Regenerated {
                slot,
                fingerprint: text,
                sent,
                answered,
            } => Receipt::Regenerated {
                slot: slot.slot(),
                fingerprint: fingerprint(&text)?,
                sent: sent.0,
                answered: answered.0,
            },
            Self::HandedOver {
                to,
                slot,
                fingerprint: text,
                answered,
            } => Receipt::HandedOver {
                to: to.destination()?,
                slot: slot.slot(),
                fingerprint: fingerprint(&text)?,
                answered: answered.0,
            },
            Self::Started { run, answered } => Receipt::Started {
                run: RunId(run),
                answered: answered.0,
            },
            Self::Cancelled { run, answered } => Receipt::Cancelled {
                run: RunId(run),
                answered: answered.0,
            },
        })
    }
}
