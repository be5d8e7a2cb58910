//! What an apply has written to a ledger.

use afresh::ledger::event::{Ending, Event, Intent, Subject};
use afresh::model::runtime::{Fingerprint, Slot};
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Action, Presumed, Receipt};

/// The first line.
pub fn opened(at: Timestamp) -> Event {
    Event::Opened {
        lineage: "5b1c2f90-0000-4000-8000-000000000000".to_owned(),
        at,
        tool: "afresh 0.1.0".to_owned(),
        compactions: 0,
    }
}

/// A key that was regenerated.
pub struct Regenerated {
    pub subject: Subject,
    pub slot: Slot,
    /// What the slot and its twin were presumed to hold.
    pub presumed: [Presumed; 2],
    /// The new key.
    pub fingerprint: Fingerprint,
    pub sent: Timestamp,
    /// The intent's own id.
    pub intent: String,
}

impl Regenerated {
    /// The intent, and that it has happened a second later.
    pub fn events(self, apply: String) -> [Event; 2] {
        let [replacing, beside] = self.presumed;
        let (slot, sent) = (self.slot, self.sent);
        let answered = Span::seconds(1).after(sent);
        let intended = Event::Intended(Intent {
            intent: self.intent.clone(),
            apply,
            by: Some("alice on build-7, process 4711".to_owned()),
            subject: self.subject,
            action: Action::Regenerate {
                slot,
                replacing,
                beside,
            },
            rule: None,
            seen: Some(sent),
            at: sent,
            act_by: Span::seconds(120).after(sent),
        });
        let settled = Event::Settled {
            intent: self.intent,
            how: Ending::Done(Receipt::Regenerated {
                slot,
                fingerprint: self.fingerprint,
                sent,
                answered,
            }),
            at: answered,
        };
        [intended, settled]
    }
}
