//! Group commit: whoever comes first appends for everybody who waits, so that n actions cost far fewer than 2n appends.
//!
//! A caller gets a success only after the append is durable.
//! After a conflict each intent is checked again, against the events that others have appended in between.

use std::collections::BTreeSet;

use tokio::sync::oneshot;

use super::event::{Event, Intent};
use super::store::AppendError;
use super::{IntendError, Ledger, LedgerError};
use crate::limits::LEDGER_CONFLICTS_MAX;
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

type Answer = Result<(), IntendError>;

struct Waiting {
    wanted: Wanted,
    events: Vec<Event>,
    text: String,
    answer: oneshot::Sender<Answer>,
}

/// Those who wait for the next append, and the baton of the one who makes it.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    baton: tokio::sync::Mutex<()>,
}

impl Queue {
    fn join(&self, wanted: Wanted) -> Result<oneshot::Receiver<Answer>, String> {
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

    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

impl Ledger {
    /// Queues `wanted`, appends for everybody if it is our turn, and gives our own answer.
    pub(super) async fn commit(&self, wanted: Wanted) -> Answer {
        let mut answer = self
            .queue
            .join(wanted)
            .map_err(|why| IntendError::Ledger(LedgerError::Unwritable(why)))?;
        let baton = self.queue.baton.lock().await;
        if let Ok(answer) = answer.try_recv() {
            return answer;
        }
        // Those who are ready at this very moment come along.
        tokio::task::yield_now().await;
        self.append_for(self.queue.take()).await;
        drop(baton);
        answer
            .await
            .unwrap_or(Err(IntendError::Ledger(LedgerError::BrokenOff)))
    }

    async fn append_for(&self, mut group: Vec<Waiting>) {
        for _ in 0..LEDGER_CONFLICTS_MAX {
            group = self.turn_away(group);
            match self.try_append(&group).await {
                Ok(()) => return answer_all(group, &Ok(())),
                Err(AppendError::Conflict) => {
                    if let Err(error) = self.reload().await {
                        return answer_all(group, &Err(IntendError::Ledger(error)));
                    }
                }
                Err(AppendError::Held(error)) => {
                    let error = LedgerError::Held(error);
                    return answer_all(group, &Err(IntendError::Ledger(error)));
                }
                Err(AppendError::Store(error)) => {
                    return answer_all(group, &Err(IntendError::Ledger(error.into())));
                }
            }
        }
        let error = LedgerError::Overtaken(LEDGER_CONFLICTS_MAX);
        answer_all(group, &Err(IntendError::Ledger(error)));
    }

    /// Answers those who need no append or may not have one; the others stay.
    fn turn_away(&self, group: Vec<Waiting>) -> Vec<Waiting> {
        let known = self.known();
        let now = self.clock.now();
        let mut begun = known.fold.memory.lineage.is_some();
        let mut meant = BTreeSet::<Identity>::new();
        let mut staying = Vec::with_capacity(group.len());
        for waiting in group {
            let early = match &waiting.wanted {
                Wanted::Opened(_) => std::mem::replace(&mut begun, true).then_some(Ok(())),
                Wanted::Events(_) => None,
                Wanted::IfUntouched(identity, _) => known.untouched(identity).err().map(Err),
                Wanted::Intent(intent, _) if !meant.insert(intent.subject.identity.clone()) => {
                    let why = "two intents on one subject at the same moment".to_owned();
                    Some(Err(IntendError::Moved(why)))
                }
                Wanted::Intent(intent, decided) => {
                    known.allows(intent, *decided, now).err().map(Err)
                }
            };
            match early {
                Some(answer) => drop(waiting.answer.send(answer)),
                None => staying.push(waiting),
            }
        }
        staying
    }

    async fn try_append(&self, group: &[Waiting]) -> Result<(), AppendError> {
        if group.is_empty() {
            return Ok(());
        }
        let bytes: String = group.iter().map(|waiting| waiting.text.as_str()).collect();
        let at = self.known().position;
        let end = self.store.append(at, bytes.into_bytes()).await?;
        let mut known = self.known();
        known.position = end;
        for event in group.iter().flat_map(|waiting| &waiting.events) {
            known.lines += 1;
            known.fold.add(event);
        }
        Ok(())
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

fn answer_all(group: Vec<Waiting>, answer: &Answer) {
    for waiting in group {
        // A caller who no longer listens has nothing to be told.
        drop(waiting.answer.send(answer.clone()));
    }
}
