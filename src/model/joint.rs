//! When both keys of a runtime were made, judged together: every story of the two keys that the facts allow.
//!
//! An event of the Activity Log is about one key, and mostly does not say which. So a single event in 90 days proves that one of two old
//! keys is 90 days old, though nobody can tell which. That is why neither key is judged alone.
//!
//! Where facts contradict each other, the weakest are dropped first: declarations, silence of the log, single events. A `createTime` after
//! the first sight of a key is dropped as well. What was dropped is reported.

mod believed;
mod correction;
mod events;
mod key;
mod stories;

use believed::Believed;
use events::{LOOK_SLACK, changes};
use key::Key;
use stories::told;

use super::birth::{Birth, Evidence, Interval};
use super::runtime::{PerSlot, Slot};
use super::time::{Span, Timestamp};
use super::timeline::Timeline;

pub use correction::Correction;

/// What the facts say of both keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// The interval of each key over all stories.
    pub births: PerSlot<Birth>,
    /// Every story, as an interval for the birth of each key. At least one.
    pub stories: Vec<PerSlot<Interval>>,
    /// Facts that had to give way.
    pub corrected: Vec<Correction>,
}

/// Judges all facts of a timeline together.
pub fn joint(timeline: &Timeline) -> Joint {
    let mut corrected = Vec::new();
    let created = PerSlot::from_fn(|slot| created(timeline, slot, &mut corrected));
    let events = changes(timeline, &mut corrected);
    let judged = |believed: Believed| {
        let keys = PerSlot::from_fn(|slot| Key::new(timeline, slot, *created.get(slot), believed));
        let stories = told(&keys, &events);
        (keys, stories)
    };
    let mut last = None;
    for rank in Believed::RANKS {
        let mut consistent = rank
            .iter()
            .map(|believed| (*believed, judged(*believed)))
            .filter(|(_, (_, stories))| !stories.is_empty());
        // Where either of two facts may be the wrong one, neither is believed: the next rank.
        match (consistent.next(), consistent.next()) {
            (Some((believed, found)), None) => {
                last = Some((believed, found));
                break;
            }
            (Some(first), Some(_)) => last = Some(first),
            (None, _) => {}
        }
    }
    let (believed, (keys, stories)) = last.unwrap_or_else(|| {
        // Without a log any story goes; only to be total.
        let keys = PerSlot::from_fn(|slot| Key::new(timeline, slot, None, Believed::LOOKS));
        let stories = vec![PerSlot::from_fn(|slot| keys.get(slot).range)];
        (Believed::ALL, (keys, stories))
    });
    corrected.extend(believed.corrections(timeline));
    Joint {
        births: PerSlot::from_fn(|slot| keys.get(slot).birth(&stories, &events)),
        stories,
        corrected,
    }
}

impl Joint {
    /// Until when both keys are proved to be younger than `limit`; `None`: they are not.
    pub fn kept_until(&self, limit: Span) -> Option<Timestamp> {
        let ends: Option<Vec<Timestamp>> = self
            .stories
            .iter()
            .flat_map(|story| Slot::BOTH.map(|slot| story.get(slot).earliest))
            .map(|earliest| earliest.map(|earliest| limit.after(earliest)))
            .collect();
        ends?.into_iter().min()
    }

    /// From when on some key is proved to have reached `limit`, whichever it is; `None`: no evidence ever says so.
    pub fn broken_from(&self, limit: Span) -> Option<Timestamp> {
        let first = |story: &PerSlot<Interval>| {
            let latest = Slot::BOTH
                .into_iter()
                .filter_map(|slot| story.get(slot).latest);
            latest.map(|latest| limit.after(latest)).min()
        };
        let all: Option<Vec<Timestamp>> = self.stories.iter().map(first).collect();
        all?.into_iter().max()
    }
}

/// The runtime's creation, if it may bound this key: a key that was seen before it is not of this runtime.
fn created(timeline: &Timeline, slot: Slot, corrected: &mut Vec<Correction>) -> Option<Timestamp> {
    let at = timeline.created?;
    let tenure = timeline.slots.get(slot);
    if matches!(tenure.own, Some(Evidence::KnownBefore { .. })) {
        return None;
    }
    if tenure
        .bounds()
        .1
        .is_none_or(|by| at <= LOOK_SLACK.after(by))
    {
        return Some(at);
    }
    corrected.push(Correction::Created { slot, at });
    None
}

#[cfg(test)]
mod tests;
