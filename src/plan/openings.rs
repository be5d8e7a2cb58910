//! When something may be done: in windows, outside of freezes.
//!
//! An opening never lies in a freeze.

use crate::model::time::{Freeze, Timestamp, minute};
use crate::model::window::Window;

/// A time in which nothing is applied: freezes that meet or overlap are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    /// Its first instant.
    pub(super) from: Timestamp,
    /// The first instant after it.
    pub(super) to: Timestamp,
}

/// All of them, in order; between any two lies a time in which something may be applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rests(Vec<Rest>);

impl Rests {
    pub(super) fn of<'a>(freezes: impl IntoIterator<Item = &'a Freeze>) -> Self {
        let mut sorted: Vec<Rest> = freezes
            .into_iter()
            .filter(|freeze| freeze.from < freeze.to)
            .map(|freeze| Rest {
                from: freeze.from,
                to: freeze.to,
            })
            .collect();
        sorted.sort_by_key(|rest| rest.from);
        let mut merged: Vec<Rest> = Vec::new();
        for rest in sorted {
            match merged.last_mut() {
                Some(last) if rest.from <= last.to => last.to = last.to.max(rest.to),
                _ => merged.push(rest),
            }
        }
        Self(merged)
    }

    /// The one that covers `at`.
    pub(super) fn at(&self, at: Timestamp) -> Option<Rest> {
        let begun = self.0.partition_point(|rest| rest.from <= at);
        let last = self.0.get(begun.checked_sub(1)?)?;
        (at < last.to).then_some(*last)
    }

    /// The first one that begins after `at`.
    pub(super) fn next(&self, at: Timestamp) -> Option<Rest> {
        let begun = self.0.partition_point(|rest| rest.from <= at);
        self.0.get(begun).copied()
    }

    /// The one that leaves no time between its end and `limit`: what must be done before the limit must be done before it.
    pub(super) fn outlasting(&self, limit: Timestamp) -> Option<Rest> {
        let begun = self.0.partition_point(|rest| rest.from < limit);
        let last = self.0.get(begun.checked_sub(1)?)?;
        (limit <= last.to).then_some(*last)
    }
}

/// Windows, less the freezes. No window is all the time.
#[derive(Clone, Copy)]
pub(super) struct Openings<'a> {
    pub(super) windows: &'a [Window],
    pub(super) rests: &'a Rests,
}

/// Most windows that follow each other without a gap before the end of an opening counts as unknown: hourly ones for three weeks.
const CHAIN_MAX: usize = 500;

impl Openings<'_> {
    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        self.rests.at(at).is_none() && (self.windows.is_empty() || self.closes(at).is_some())
    }

    /// The first instant from `at` on at which something may be done; `None`: there is none.
    pub(super) fn first_from(&self, at: Timestamp) -> Option<Timestamp> {
        let mut at = at;
        // Each rest costs a way out of it and a way to the next window, which may lie in another rest.
        for _ in 0..=2 * self.rests.0.len() + 1 {
            if let Some(rest) = self.rests.at(at) {
                at = rest.to;
            } else if self.is_open(at) {
                return Some(at);
            } else {
                at = self.next_window(at)?;
            }
        }
        None
    }

    /// If it is open at `at`: the first instant after it at which it is not, by a window's end or a freeze's beginning.
    /// `None`: it never closes, or nobody can tell.
    pub(super) fn ends(&self, at: Timestamp) -> Option<Timestamp> {
        let freeze = self.rests.next(at).map(|rest| rest.from);
        let mut end = at;
        for _ in 0..CHAIN_MAX {
            match self.closes(end) {
                Some(closes) if freeze.is_none_or(|freeze| closes < freeze) => end = closes,
                Some(_) => return freeze,
                None if end > at => return Some(end),
                None => return freeze.filter(|_| self.windows.is_empty()),
            }
        }
        freeze
    }

    /// When a window opens next after `at`, be it in a freeze.
    pub(super) fn next_window(&self, at: Timestamp) -> Option<Timestamp> {
        let openings = self.windows.iter();
        openings.filter_map(|window| window.next_opening(at)).min()
    }

    /// `opens` as people read it near the window that is open then.
    pub(super) fn words(&self, opens: Timestamp, now: Timestamp) -> String {
        let mut open = self.windows.iter();
        open.find(|window| window.closes(opens).is_some())
            .map_or_else(|| minute(opens), |window| window.local(opens, now))
    }

    fn closes(&self, at: Timestamp) -> Option<Timestamp> {
        let windows = self.windows.iter();
        windows.filter_map(|window| window.closes(at)).max()
    }
}
