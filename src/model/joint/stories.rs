//! Every way in which both keys can have been made so that each event is explained.

use super::events::Event;
use super::key::{Candidate, Key, Need};
use crate::model::birth::{Evidence, Interval};
use crate::model::runtime::PerSlot;

/// Every pair of births in which each event is of one of the keys; of both only where looks show that both changed and there is no
/// other way.
pub(super) fn told(keys: &PerSlot<Key<'_>>, events: &[Event]) -> Vec<PerSlot<Interval>> {
    let apart = pairs(keys, events, false);
    if apart.is_empty() {
        pairs(keys, events, true)
    } else {
        apart
    }
}

fn pairs(keys: &PerSlot<Key<'_>>, events: &[Event], one_for_both: bool) -> Vec<PerSlot<Interval>> {
    let changed = |key: &Key<'_>| matches!(key.tenure.own, Some(Evidence::Changed { .. }));
    let one_for_both = one_for_both && changed(&keys.one) && changed(&keys.two);
    let need = |event: &Event| PerSlot::from_fn(|slot| keys.get(slot).need(event));
    let needs: Vec<PerSlot<Need>> = events.iter().map(need).collect();
    let twos = keys.two.candidates(events);
    let mut stories = Vec::new();
    for one in keys.one.candidates(events) {
        let left = Unexplained::by(one, &needs);
        for two in &twos {
            let same = one.event.is_some() && one.event == two.event;
            if (!same || one_for_both) && left.are_of(*two) {
                stories.push(PerSlot {
                    one: one.interval,
                    two: two.interval,
                });
            }
        }
    }
    stories.sort_unstable_by_key(|story| (story.one, story.two));
    stories.dedup();
    stories
}

/// The events that the first key cannot explain if it was born so. Only the two that ask most of the second key matter: one of them may be
/// its birth.
#[derive(Default)]
struct Unexplained {
    most: (Need, usize),
    next: (Need, usize),
}

impl Unexplained {
    fn by(one: Candidate, needs: &[PerSlot<Need>]) -> Self {
        let mut left = Self::default();
        for (place, need) in needs.iter().enumerate() {
            if one.event == Some(place) || need.one.is_met_by(one) {
                continue;
            }
            let this = (need.two, place);
            if this > left.most {
                left.next = std::mem::replace(&mut left.most, this);
            } else {
                left.next = left.next.max(this);
            }
        }
        left
    }

    fn are_of(&self, two: Candidate) -> bool {
        let mut hardest = [self.most, self.next].into_iter();
        hardest.all(|(need, place)| two.event == Some(place) || need.is_met_by(two))
    }
}
