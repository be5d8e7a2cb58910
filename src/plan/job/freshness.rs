//! How long a success lasts: when a run is wanted again, and when the promise breaks.

use super::super::ruling::{Moment, Ruling};
use crate::model::job::Requirement;
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::Keep;

/// The lengths of `require: succeeded`.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_field_names,
    reason = "they are called as in the manifest"
)]
pub(super) struct Freshness {
    pub(super) start_after: Option<Span>,
    pub(super) warn_after: Option<Span>,
    pub(super) error_after: Span,
}

impl Freshness {
    pub(super) const fn of(require: &Requirement) -> Option<Self> {
        match *require {
            Requirement::Succeeded {
                start_after,
                warn_after,
                error_after,
            } => Some(Self {
                start_after,
                warn_after,
                error_after,
            }),
            Requirement::Running | Requirement::NotRunning => None,
        }
    }

    /// From when on a run is wanted after a success that ended at `end`.
    pub(super) fn due_at(self, end: Timestamp) -> Timestamp {
        let after = self.start_after.unwrap_or(self.error_after);
        after.min(self.error_after).after(end)
    }

    pub(super) fn broken_at(self, end: Timestamp) -> Timestamp {
        self.error_after.after(end)
    }

    pub(super) fn keep(self, end: Timestamp, moment: Moment) -> Ruling {
        let warn_at = self.warn_after.map(|after| after.after(end));
        Ruling::keep(Keep::Fresh {
            age: Span::between(end, moment.now),
            warn: warn_at.is_some_and(|at| at <= moment.now),
        })
        .changing(moment, warn_at.into_iter().chain([self.due_at(end)]))
    }
}
