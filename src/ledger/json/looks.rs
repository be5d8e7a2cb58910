//! Looks that say what the look before said.
//!
//! Most lines of a ledger that has grown are looks at keys that nobody has replaced: their lines are equal but for the time. Of such a line only
//! the time is read. Everything else is known from the line before.

use std::collections::HashMap;
use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::{Finder, find_iter};

use crate::ledger::event::Event;
use crate::limits::{LEDGER_LOOK_BYTES_MAX, LEDGER_LOOKS_MAX};
use crate::model::time::Timestamp;

/// The name of a look's time.
const NAME: &[u8] = br#""at""#;
/// What stands in front of it, as afresh writes it.
static FRONT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""at":"#));

/// The newest look that begins like this.
struct Look {
    /// What stands behind its time.
    rest: Box<[u8]>,
    event: Event,
}

/// The newest look at each subject.
#[derive(Default)]
pub(super) struct Looks {
    all: Vec<Look>,
    /// By what stands in front of the time, which says whose they are.
    places: HashMap<Box<[u8]>, usize>,
}

impl Looks {
    /// The look that this line repeats, which has the line's time from now on; `None`: the line has to be read.
    pub fn repeated(&mut self, line: &[u8]) -> Option<usize> {
        let (front, time, rest) = split(line)?;
        let place = *self.places.get(front)?;
        let look = self.all.get_mut(place)?;
        let Event::Looked { at, .. } = &mut look.event else {
            return None;
        };
        if *look.rest != *rest {
            return None;
        }
        *at = serde_json::from_slice::<Timestamp>(time).ok()?;
        Some(place)
    }

    pub fn event(&self, place: usize) -> Option<&Event> {
        self.all.get(place).map(|look| &look.event)
    }

    /// Keeps what was read, if it is a look that later lines can be compared with.
    pub fn keep(&mut self, line: &[u8], event: &Event) {
        if !matches!(event, Event::Looked { .. }) || !is_plain(line) {
            return;
        }
        let Some((front, _, rest)) = split(line) else {
            return;
        };
        let look = Look {
            rest: rest.into(),
            event: event.clone(),
        };
        let known = self.places.get(front).copied();
        if let Some(known) = known.and_then(|place| self.all.get_mut(place)) {
            *known = look;
        } else if self.all.len() < LEDGER_LOOKS_MAX {
            self.places.insert(front.into(), self.all.len());
            self.all.push(look);
        }
    }
}

/// Is it certain which text of a look is its time? Without escapes each quotation mark begins or ends a text, and a look has a time.
fn is_plain(line: &[u8]) -> bool {
    line.len() <= LEDGER_LOOK_BYTES_MAX
        && memchr(b'\\', line).is_none()
        && find_iter(line, NAME).count() == 1
}

/// A line up to its time, the time with its quotation marks, and what stands behind it.
fn split(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (front, rest) = line.split_at(FRONT.find(line)? + FRONT.needle().len());
    let text = rest.strip_prefix(b"\"")?;
    let (time, rest) = rest.split_at(memchr(b'"', text)? + 2);
    Some((front, time, rest))
}

#[cfg(test)]
mod tests;
