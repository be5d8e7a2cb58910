//! What a handle knows of its ledger, what others did to it meanwhile, and which intents that forbids. Pure.

use std::collections::BTreeSet;

use super::error::{IntendError, LedgerError};
use super::event::{Confirmation, Event, HandOffConfirmation, Intent};
use super::fold::Fold;
use super::json;
use super::json::ReadError;
use super::store::Position;
use crate::model::address::Identity;
use crate::model::memory::Memory;
use crate::model::time::Timestamp;

/// What this handle has read and written so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the events read so far add up to.
    pub fold: Fold,
    /// Where they end.
    pub position: Position,
    /// How many lines they are.
    pub lines: usize,
    /// Subjects on which others wrote intents, settlements or a forget since this handle was opened.
    pub touched: BTreeSet<Identity>,
}

impl Known {
    /// Adds whole lines that come behind those that are known. What is known fits together also where one of them cannot be read: then it
    /// ends before that.
    ///
    /// # Errors
    /// A line cannot be read.
    pub(super) fn read_on(
        &mut self,
        lines: &[u8],
        reader: &mut json::Reader,
    ) -> Result<(), ReadError> {
        for line in json::lines(lines) {
            if let Some(event) = reader.event(line)? {
                self.touch(&event);
                self.fold.add(&event);
            }
            self.lines += 1;
            self.position.offset += line.len() as u64 + 1;
        }
        Ok(())
    }

    /// Takes over a new generation. It adds up to what the old one did, so whatever differs is what others did meanwhile.
    ///
    /// # Errors
    /// It is another ledger.
    pub(super) fn begin_again(&mut self, anew: Self) -> Result<(), LedgerError> {
        if anew.fold.memory.lineage != self.fold.memory.lineage {
            return Err(LedgerError::Replaced);
        }
        self.touched
            .extend(changed(&self.fold.memory, &anew.fold.memory));
        self.fold = anew.fold;
        self.position = anew.position;
        self.lines = anew.lines;
        Ok(())
    }

    /// Remembers whose subject somebody else's event changes.
    pub(super) fn touch(&mut self, event: &Event) {
        let identity = match event {
            Event::Intended(Intent { subject, .. })
            | Event::Confirmed(Confirmation { subject, .. })
            | Event::HandOffConfirmed(HandOffConfirmation { subject, .. })
            | Event::Forgotten { subject, .. }
            | Event::AttemptsForgotten { subject, .. } => Some(subject.identity.clone()),
            Event::Settled { intent, .. } => self.fold.open(intent).cloned(),
            Event::Opened { .. }
            | Event::Looked { .. }
            | Event::LogRead(_)
            | Event::RunSeen { .. }
            | Event::RunFailed { .. }
            | Event::Declared { .. }
            | Event::NodesLooked(_) => None,
        };
        self.touched.extend(identity);
    }

    /// May this intent be written, as far as this handle knows? An older doubt whose time is over was known when this was decided.
    pub(super) fn allows(
        &self,
        intent: &Intent,
        decided: Timestamp,
        now: Timestamp,
    ) -> Result<(), IntendError> {
        let identity = &intent.subject.identity;
        let others = self.fold.memory.doubts(identity).iter();
        let newest = others
            .filter(|doubt| doubt.apply != intent.apply)
            .max_by_key(|doubt| doubt.act_by);
        match newest {
            Some(doubt) if now < doubt.act_by => Err(IntendError::Busy(Box::new(doubt.clone()))),
            Some(doubt) if decided < doubt.at => Err(IntendError::Moved(format!(
                "another apply wrote down `{}` and nobody knows yet what became of it",
                doubt.action.title(identity.key_service())
            ))),
            _ => self.untouched(identity),
        }
    }

    pub(super) fn untouched(&self, identity: &Identity) -> Result<(), IntendError> {
        if self.touched.contains(identity) {
            let why = "another apply worked on it meanwhile".to_owned();
            return Err(IntendError::Moved(why));
        }
        Ok(())
    }
}

/// Whose intents, effects or very existence differ: what somebody else did between two looks at the memory.
fn changed(before: &Memory, after: &Memory) -> BTreeSet<Identity> {
    let all = [before, after];
    let known = all.iter().flat_map(|memory| {
        let things = memory.runtimes.keys().chain(memory.jobs.keys());
        things
            .chain(memory.submissions.keys())
            .chain(memory.doubts.keys())
    });
    known
        .filter(|identity| effects(before, identity) != effects(after, identity))
        .cloned()
        .collect()
}

/// Open intents and effects on one subject. Looks and declarations by others do not make a decision wrong.
fn effects<'a>(memory: &'a Memory, identity: &Identity) -> impl PartialEq + use<'a> {
    let intents: Vec<&str> = memory
        .doubts(identity)
        .iter()
        .map(|doubt| doubt.intent.as_str())
        .collect();
    (
        intents,
        memory
            .runtimes
            .get(identity)
            .map(|runtime| (&runtime.rotations, &runtime.delivered)),
        memory.jobs.get(identity).map(|job| &job.last_start),
        memory
            .submissions
            .get(identity)
            .map(|known| (&known.runs, &known.confirmed)),
    )
}
