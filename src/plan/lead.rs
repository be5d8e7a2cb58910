//! How early a key has to be rotated so that both keys of a runtime keep their limits: before freezes, and with the overlap between them.
//!
//! When a key falls due does not depend on the present, so it is the same in every plan.

use super::openings::{Openings, Rests};
use crate::model::runtime::{OnStarvation, PerSlot, RuntimeSpec};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Haste, SlotFacts};

/// When each key falls due, from when its limit is reached.
///
/// That is `rotateBefore` and the share of the jitter before its limit. Under `onWindowStarvation: rotate` a freeze that outlasts
/// the limit stands in for it, with the overlap as least lead; and there is always room for both keys, one after the other, for
/// which a time shorter than the overlap before a limit or between two freezes is none.
pub(super) fn due_at(
    spec: &RuntimeSpec,
    due_age: Span,
    rests: &Rests,
    limits: &PerSlot<Option<Timestamp>>,
) -> PerSlot<Option<Timestamp>> {
    let lead = spec.age_max.minus(due_age);
    if spec.on_starvation != OnStarvation::Rotate {
        return PerSlot::from_fn(|slot| limits.get(slot).map(|limit| lead.before(limit)));
    }
    let chances = PerSlot::from_fn(|slot| limits.get(slot).map(|limit| last_chance(rests, limit)));
    let overlap = spec.overlap;
    PerSlot::from_fn(|slot| {
        let (limit, own) = ((*limits.get(slot))?, (*chances.get(slot))?);
        let lead = if own < limit { lead.max(overlap) } else { lead };
        let roomy = roomy(rests, overlap, own);
        let alone = (roomy < own).then(|| overlap.plus(overlap).before(roomy));
        let first = chances.get(slot.twin()).filter(|twin| own <= *twin);
        let pair = first.map(|twin| {
            let follows = overlap.before(self::roomy(rests, overlap, twin));
            overlap.before(self::roomy(rests, overlap, follows))
        });
        let all = [Some(lead.before(own)), alone, pair];
        all.into_iter().flatten().min()
    })
}

/// What must be done before `limit` must be done before this: the limit, or the freeze that outlasts it.
fn last_chance(rests: &Rests, limit: Timestamp) -> Timestamp {
    let rest = rests.outlasting(limit);
    rest.map_or(limit, |rest| rest.from.min(limit))
}

/// The last instant up to `until` that has at least `room` without a freeze before it.
fn roomy(rests: &Rests, room: Span, until: Timestamp) -> Timestamp {
    let mut until = until;
    while let Some(rest) = rests
        .outlasting(until)
        .or_else(|| rests.outlasting(room.before(until)))
        .filter(|rest| rest.from < until)
    {
        until = rest.from;
    }
    until
}

/// A due key at a time at which it may not be rotated.
pub(super) struct Waiting<'a> {
    pub(super) openings: Openings<'a>,
    pub(super) now: Timestamp,
    /// The first instant at which it may.
    pub(super) opens: Option<Timestamp>,
    pub(super) key: &'a SlotFacts,
    pub(super) twin: &'a SlotFacts,
    pub(super) overlap: Span,
}

impl Waiting<'_> {
    /// The key's limit is reached by then. One of unknown age may have reached it long ago.
    pub(super) fn breaks_limit(&self) -> bool {
        !matches!((self.opens, self.key.limit_at), (Some(opens), Some(limit)) if opens < limit)
    }

    /// The other key, which would have to wait for the overlap after that, would reach its limit before the opening that follows.
    fn breaks_twin(&self) -> bool {
        let Some((opens, limit)) = self.opens.zip(self.twin.limit_at) else {
            return false;
        };
        let follows = self.overlap.after(opens);
        let due_by_then = self.twin.due_at.is_some_and(|due| due < follows);
        let late = |opens: Timestamp| opens >= limit;
        due_by_then && self.openings.first_from(follows).is_none_or(late)
    }

    /// When it may be rotated, as people read it.
    pub(super) fn words(&self) -> Option<String> {
        self.opens.map(|opens| self.openings.words(opens, self.now))
    }

    /// Why waiting for the next opening would be too long; `None`: it is not.
    pub(super) fn haste(&self) -> Option<Haste> {
        if !self.breaks_limit() {
            let opens = self.words()?;
            return self.breaks_twin().then_some(Haste::Twin { opens });
        }
        let window = self.openings.next_window(self.now);
        let in_time = window
            .zip(self.key.limit_at)
            .is_some_and(|(window, limit)| window < limit);
        let freeze = window
            .filter(|_| in_time)
            .and_then(|window| self.openings.rests.at(window));
        Some(match freeze {
            Some(rest) => Haste::Freeze { until: rest.to },
            None => Haste::Window {
                opens: self.words(),
            },
        })
    }
}

/// Why a key goes before its ordinary time, at a time at which it may; `None`: it does not.
pub(super) fn early(key: &SlotFacts, lead: Span, rests: &Rests, now: Timestamp) -> Option<Haste> {
    let limit = key.limit_at?;
    (lead.before(limit) > now).then(|| match rests.outlasting(limit) {
        Some(rest) if rest.from < limit => Haste::Freeze { until: rest.to },
        _ => Haste::Overlap,
    })
}
