//! Who waits for the next append, and for what.

use tokio::sync::oneshot;

use super::error::IntendError;
use super::event::{Event, Intent};
use crate::model::address::Identity;
use crate::model::time::Timestamp;
use crate::mutex::Mutex;

/// What one caller wants appended.
pub(super) enum Wanted {
    /// The ledger's beginning, unless it has begun.
    Opened(Event),
    /// Events that always hold.
    Events(Vec<Event>),
    /// Events that hold only if nobody else has changed their subject since this ledger was opened.
    IfUntouched(Identity, Vec<Event>),
    /// An intent and when it was decided, if it is allowed.
    Intent(Intent, Timestamp),
}

/// What a caller is told: it is on the disk, or why it is not.
pub(super) type Answer = Result<(), IntendError>;

/// One caller who waits.
pub(super) struct Waiting {
    /// What they want.
    pub wanted: Wanted,
    /// The same as events.
    pub events: Vec<Event>,
    /// And as lines.
    pub text: String,
    /// Where they are told.
    pub answer: oneshot::Sender<Answer>,
}

/// Those who wait for the next append, and the baton of the one who makes it.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    baton: tokio::sync::Mutex<()>,
}

impl Queue {
    /// Has a caller wait for the next append.
    ///
    /// # Errors
    /// An event that cannot be written as JSON.
    pub(super) fn join(&self, wanted: Wanted) -> Result<oneshot::Receiver<Answer>, String> {
        let (answer, receiver) = oneshot::channel();
        let events = wanted.events();
        let text = events.iter().map(Event::line).collect::<Result<_, _>>()?;
        self.waiting.lock().push(Waiting {
            wanted,
            events,
            text,
            answer,
        });
        Ok(receiver)
    }

    /// Waits for the right to make the next append.
    pub(super) async fn baton(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.baton.lock().await
    }

    /// Everybody who waits now.
    pub(super) fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

impl Wanted {
    fn events(&self) -> Vec<Event> {
        match self {
            Self::Opened(event) => vec![event.clone()],
            Self::Events(events) | Self::IfUntouched(_, events) => events.clone(),
            Self::Intent(intent, _) => vec![Event::Intended(intent.clone())],
        }
    }
}

/// Tells all of them the same.
pub(super) fn answer_all(group: Vec<Waiting>, answer: &Answer) {
    for waiting in group {
        // A caller who no longer listens has nothing to be told.
        drop(waiting.answer.send(answer.clone()));
    }
}
