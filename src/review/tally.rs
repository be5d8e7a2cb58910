//! How much of what an apply did it reports: its last line says so, in text and in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::outcome::{Happened, NodesEnd, Report};

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Actions done by this apply.
    pub done: u64,
    /// Actions that others had done, or an earlier apply.
    pub already_done: u64,
    /// Older operations of which it is known now whether they happened.
    pub resolved: u64,
    /// Actions whose reason no longer held, or whose plan had expired.
    pub stale: u64,
    /// Actions left to another apply, which works on the same subject.
    pub busy: u64,
    /// Actions that a service refused.
    pub refused: u64,
    /// Actions that a service took and nothing came of.
    pub not_done: u64,
    /// Actions of which nobody knows yet whether they happened.
    pub unresolved: u64,
    /// Actions that were not started.
    pub not_started: u64,
    /// Runs that were waited for and succeeded.
    pub succeeded: u64,
    /// Runs that were waited for and ended otherwise.
    pub ended_without_success: u64,
    /// Runs that were waited for and go on.
    pub still_running: u64,
    /// Runs that were waited for, or nodes after a rotation, that cannot be looked at any more.
    pub lost_track_of: u64,
    /// Rotations after which more nodes are missing than their rule allows.
    pub nodes_lost: u64,
}

impl Tally {
    /// Counts them.
    pub fn of(reports: &[Report]) -> Self {
        let mut tally = Self::default();
        for report in reports {
            if let Some(count) = tally.count_of(&report.what) {
                *count += 1;
            }
        }
        tally
    }

    const fn count_of(&mut self, what: &Happened) -> Option<&mut u64> {
        Some(match what {
            Happened::Done(..) => &mut self.done,
            Happened::Already(..) => &mut self.already_done,
            Happened::Settled(..) => &mut self.resolved,
            Happened::Stale(..) => &mut self.stale,
            Happened::Busy(..) => &mut self.busy,
            Happened::Refused(..) => &mut self.refused,
            Happened::NotDone(..) => &mut self.not_done,
            Happened::InDoubt(..) => &mut self.unresolved,
            Happened::NotBegun(..) => &mut self.not_started,
            Happened::Ended(end) if end.accepted => &mut self.succeeded,
            Happened::Ended(_) => &mut self.ended_without_success,
            Happened::StillGoing { .. } => &mut self.still_running,
            Happened::OutOfSight { .. }
            | Happened::Nodes {
                how: NodesEnd::Unknown,
                ..
            } => &mut self.lost_track_of,
            Happened::Nodes {
                how: NodesEnd::TooMany,
                ..
            } => &mut self.nodes_lost,
            Happened::Intended(_)
            | Happened::Besides(..)
            | Happened::Nodes {
                how: NodesEnd::Online | NodesEnd::Lost,
                ..
            }
            | Happened::Waiting { .. } => {
                return None;
            }
        })
    }

    /// `Applied: 2 done, 1 stale, 1 unresolved.` What there is none of is not named, but what was done.
    pub fn sentence(&self) -> String {
        let others = [
            (self.already_done, "already done"),
            (self.resolved, "resolved"),
            (self.stale, "stale"),
            (self.busy, "busy"),
            (self.refused, "refused"),
            (self.not_done, "not done"),
            (self.unresolved, "unresolved"),
            (self.not_started, "not started"),
            (self.succeeded, "succeeded"),
            (self.ended_without_success, "ended without success"),
            (self.still_running, "still running"),
            (self.lost_track_of, "lost track of"),
            (self.nodes_lost, "lost too many nodes"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = std::iter::once((self.done, "done"))
            .chain(others)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!("Applied: {}.", parts.join(", "))
    }
}
