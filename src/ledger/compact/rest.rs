//! The lines that the memory rests on, picked while the ledger is read: no more of them are held than some for each subject and log.
//!
//! What was picked adds up to the same as all that was read so far, so that picking again from that and what follows is right, too.

use std::collections::BTreeMap;

use super::super::event::Event;
use super::super::fold::Fold;
use super::choice::{Ground, Item, needed};
use super::line::Line;
use super::logs;
use crate::model::address::Identity;
use crate::model::memory::{LogId, LogReading, Memory};

/// How many lines of a subject are held at least before it is picked from them.
const HELD_MIN: usize = 16;

/// What is held of one subject or log.
#[derive(Debug)]
struct Held<T> {
    lines: Vec<T>,
    ground: Option<Ground>,
    /// With so many it is picked from them.
    most: usize,
}

/// What the memory rests on.
#[derive(Debug)]
pub(super) struct Rest {
    held_min: usize,
    read: usize,
    opened: Option<Event>,
    /// Of intents, their ends, and what was forgotten: tells which intents are open. Nothing else does.
    intents: Fold,
    subjects: BTreeMap<Identity, Held<Item>>,
    /// What the memory of all that is read rests on, where it is known already.
    grounds: BTreeMap<Identity, Ground>,
    logs: BTreeMap<LogId, Held<Line<LogReading>>>,
}

impl Default for Rest {
    fn default() -> Self {
        Self::holding(HELD_MIN)
    }
}

impl<T> Held<T> {
    /// As many are added as were left before it is picked from them again: so each line is looked at some few times, however many there are.
    fn add(&mut self, line: T, held_min: usize, pick: impl FnOnce(Vec<T>) -> Vec<T>) {
        self.lines.push(line);
        if self.lines.len() >= self.most.max(held_min) {
            self.lines = pick(std::mem::take(&mut self.lines));
            self.most = self.lines.len() * 2;
        }
    }
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            ground: None,
            most: 0,
        }
    }
}

impl Rest {
    /// As `default`, where it is picked from so many lines of a subject.
    pub fn holding(held_min: usize) -> Self {
        Self {
            held_min,
            read: 0,
            opened: None,
            intents: Fold::default(),
            subjects: BTreeMap::new(),
            grounds: BTreeMap::new(),
            logs: BTreeMap::new(),
        }
    }

    /// As `default`, of a ledger whose memory is known. It is much quicker, and what is left may add up to something else: then it is not
    /// to be used.
    pub fn of(memory: &Memory) -> Self {
        Self {
            grounds: Ground::of(memory),
            ..Self::default()
        }
    }

    /// How many lines were read.
    pub const fn read(&self) -> usize {
        self.read
    }

    /// How many lines are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let subjects = self.subjects.values().map(|held| held.lines.len());
        let logs = self.logs.values().map(|held| held.lines.len());
        subjects.chain(logs).sum()
    }

    /// Adds the next line. One that fits nowhere is left out, as [`Fold`] leaves it out.
    pub fn add(&mut self, text: &[u8], event: Event) {
        let number = self.read;
        self.read += 1;
        match event {
            Event::Opened { .. } => {
                self.opened.get_or_insert(event);
            }
            Event::LogRead(says) => {
                let held = self.logs.entry(says.log.clone()).or_default();
                held.add(Line::new(number, text, says), self.held_min, logs::needed);
            }
            Event::Settled { ref intent, .. } => {
                let whose = self.intents.open(intent);
                let held = whose.and_then(|identity| self.subjects.get_mut(identity));
                let items = held.into_iter().flat_map(|held| &mut held.lines);
                let item = items.rev().find(|item| item.is_of(intent));
                self.intents.add(&event);
                if let Some(item) = item {
                    item.settled = Some(Line::new(number, text, event));
                }
            }
            Event::Intended(ref intent) if self.intents.open(&intent.intent).is_some() => {}
            Event::Intended(_) => {
                self.intents.add(&event);
                self.hold(Line::new(number, text, event));
            }
            Event::Forgotten {
                ref subject,
                ref generations,
                ..
            } => {
                self.intents.add(&event);
                self.subjects.remove(&subject.identity);
                if !generations.is_empty() {
                    self.hold(Line::new(number, text, event));
                }
            }
            Event::Looked { .. }
            | Event::RunSeen { .. }
            | Event::RunFailed { .. }
            | Event::Declared { .. }
            | Event::Confirmed(_)
            | Event::HandOffConfirmed(_)
            | Event::NodesLooked(_)
            | Event::AttemptsForgotten { .. } => self.hold(Line::new(number, text, event)),
        }
    }

    /// Holds a line of a subject.
    fn hold(&mut self, line: Line<Event>) {
        let Some(subject) = line.says.subject() else {
            return;
        };
        let Some(held) = self.subjects.get_mut(&subject.identity) else {
            let identity = subject.identity.clone();
            let held = Held {
                ground: self.grounds.get(&identity).cloned(),
                lines: vec![Item::alone(line)],
                most: 0,
            };
            self.subjects.insert(identity, held);
            return;
        };
        if let (Some(ground), Some(last)) = (&held.ground, held.lines.last())
            && ground.passes_over(&last.first.says, &line.says)
        {
            held.lines.pop();
        }
        held.add(Item::alone(line), self.held_min, needed);
    }

    /// The lines that are left, in their order, behind the ledger's name.
    ///
    /// # Errors
    /// The line of the name cannot be written.
    pub fn text(self) -> Result<Vec<u8>, String> {
        let items = self.subjects.into_values();
        let items = items.flat_map(|held| needed(held.lines));
        let lines = items.flat_map(|item| [Some(item.first), item.settled]);
        let lines = lines.flatten().map(|line| (line.number, line.text));
        let logs = self.logs.into_values();
        let logs = logs.flat_map(|held| logs::needed(held.lines));
        let logs = logs.map(|line| (line.number, line.text));
        let lines: BTreeMap<usize, Box<[u8]>> = lines.chain(logs).collect();
        let mut text = Vec::new();
        if let Some(opened) = self.opened.map(again) {
            text.extend_from_slice(opened.line()?.as_bytes());
        }
        for line in lines.values() {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        Ok(text)
    }
}

/// The ledger's name, for the next generation.
fn again(opened: Event) -> Event {
    if let Event::Opened {
        lineage,
        at,
        tool,
        compactions,
    } = opened
    {
        return Event::Opened {
            lineage,
            at,
            tool,
            compactions: compactions.saturating_add(1),
        };
    }
    opened
}
