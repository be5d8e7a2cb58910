//! Group commit: whoever comes first appends for everybody who waits, so that n actions cost far fewer than 2n appends.
//!
//! A caller gets a success only after the append is durable.
//! After a conflict each intent is checked again, against the events that others have appended in between.

use std::collections::BTreeSet;

use super::error::{IntendError, LedgerError};
use super::event::{Event, Intent};
use super::handle::Ledger;
use super::queue::{Answer, Waiting, Wanted, answer_all};
use super::store::AppendError;
use crate::limits::{EVENTS_PER_APPEND_MAX, LEDGER_CONFLICTS_MAX};
use crate::model::address::Identity;
use crate::model::time::Timestamp;

impl Ledger {
    /// Begins the ledger under the name `lineage_if_new` unless it has a name already; gives the name it has then.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub async fn ensure_opened(&self, lineage_if_new: &str) -> Result<String, LedgerError> {
        let event = Event::Opened {
            lineage: lineage_if_new.to_owned(),
            at: self.clock.now(),
            tool: concat!("afresh ", env!("CARGO_PKG_VERSION")).to_owned(),
            compactions: 0,
        };
        if self.lineage().is_none() {
            self.commit(Wanted::Opened(event))
                .await
                .map_err(|refusal| match refusal {
                    IntendError::Ledger(error) => error,
                    IntendError::Busy(_) | IntendError::Moved(_) => LedgerError::BrokenOff,
                })?;
        }
        Ok(self.lineage().unwrap_or_else(|| lineage_if_new.to_owned()))
    }

    /// Appends events that hold whatever others wrote meanwhile: looks, seen runs, settlements, declarations.
    ///
    /// # Errors
    /// The place is in trouble, or what others appended cannot be read.
    pub async fn record(&self, events: Vec<Event>) -> Result<(), LedgerError> {
        for piece in events.chunks(EVENTS_PER_APPEND_MAX) {
            match self.commit(Wanted::Events(piece.to_vec())).await {
                Ok(()) => {}
                Err(IntendError::Ledger(error)) => return Err(error),
                Err(IntendError::Busy(_) | IntendError::Moved(_)) => {
                    return Err(LedgerError::BrokenOff);
                }
            }
        }
        Ok(())
    }

    /// Appends what a person said of one subject, unless somebody else has changed it since this ledger was opened: they did not know
    /// of that.
    ///
    /// # Errors
    /// [`IntendError::Moved`], or the ledger failed.
    pub async fn record_if_untouched(
        &self,
        identity: &Identity,
        events: Vec<Event>,
    ) -> Result<(), IntendError> {
        self.commit(Wanted::IfUntouched(identity.clone(), events))
            .await
    }

    /// Appends an intent that was decided at `decided`, unless somebody else is busy with its subject or has changed it since. Only
    /// after `Ok` may its request go out.
    ///
    /// # Errors
    /// See [`IntendError`].
    pub async fn intend(&self, intent: Intent, decided: Timestamp) -> Result<(), IntendError> {
        self.commit(Wanted::Intent(intent, decided)).await
    }

    /// Queues `wanted`, appends for everybody if it is our turn, and gives our own answer.
    async fn commit(&self, wanted: Wanted) -> Answer {
        let mut answer = self
            .queue
            .join(wanted)
            .map_err(|why| IntendError::Ledger(LedgerError::Unwritable(why)))?;
        let baton = self.queue.baton().await;
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
