//! What a plan read and found out that the ledger does not know yet.
//!
//! Recording it writes to the ledger only; no service is changed.

use super::remember;
use crate::ledger::event::Event;
use crate::ledger::{Ledger, LedgerError};
use crate::model::outcome::Report;
use crate::model::time::Timestamp;
use crate::model::verdict::Plan;

/// Observations, and operations whose outcome is known now.
pub struct News {
    observations: Vec<Event>,
    resolved: Vec<(Event, Report)>,
}

impl News {
    /// What `plan` says and `ledger` does not know; resolved operations are dated `now`.
    pub fn of(plan: &Plan, ledger: &Ledger, now: Timestamp) -> Self {
        Self {
            observations: ledger.ask(|memory| remember::observations(plan, memory)),
            resolved: ledger.ask(|memory| remember::settlements(plan, memory, now)),
        }
    }

    /// How many observations.
    pub fn observed(&self) -> usize {
        self.observations.len()
    }

    /// Is there nothing to write down?
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty() && self.resolved.is_empty()
    }

    /// Writes all of it down in one append, and gives a report for each operation that is resolved.
    ///
    /// # Errors
    /// The ledger failed; nothing of it counts.
    pub async fn record(self, ledger: &Ledger) -> Result<Vec<Report>, LedgerError> {
        let mut events = self.observations;
        events.extend(self.resolved.iter().map(|(event, ..)| event.clone()));
        ledger.record(events).await?;
        Ok(self
            .resolved
            .into_iter()
            .map(|(_, report)| report)
            .collect())
    }
}
