//! How many subjects and actions of each kind a plan has.
//!
//! Every output takes its numbers from here, so that they agree.

use super::super::promise::Promise;
use super::action::Action;
use super::hold::Hold;
use super::step::{Step, Verdict};

/// How many of each. Actions are counted one by one, everything else by subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys to regenerate.
    pub regenerate: usize,
    /// Keys to hand over.
    pub hand_over: usize,
    /// Runs to start or submit.
    pub run: usize,
    /// Runs to cancel.
    pub cancel: usize,
    /// Operations whose outcome this plan tells, or that a later one has to find out.
    pub resolve: usize,
    /// Runs that an earlier apply started, and that this one waits for.
    pub wait: usize,
    /// Subjects on hold.
    pub on_hold: usize,
    /// Of these, the ones whose rule is suspended.
    pub suspended: usize,
    /// Subjects whose promise is broken, with no action that would mend it.
    pub without_action: usize,
    /// Subjects that need no action.
    pub up_to_date: usize,
    /// Promises that are proved to hold.
    pub kept: usize,
    /// Promises that are proved to be broken.
    pub broken: usize,
    /// Promises of which the evidence allows both.
    pub unproven: usize,
    /// Promises that could not be checked.
    pub unknown: usize,
    /// Subjects that need a person.
    pub attention: usize,
    /// Subjects that could not be read, so that nothing was decided about them.
    pub unread: usize,
    /// All subjects.
    pub subjects: usize,
}

impl Counts {
    /// Those of some steps.
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        let mut counts = Self::default();
        for step in steps {
            counts.add(step);
        }
        counts
    }

    fn add(&mut self, step: &Step) {
        self.subjects += 1;
        self.attention += usize::from(step.attention.is_some());
        self.unread += usize::from(step.is_unread());
        self.resolve += step.settlements.len();
        match step.promise {
            Promise::Kept => self.kept += 1,
            Promise::Broken { .. } => self.broken += 1,
            Promise::Unproven => self.unproven += 1,
            Promise::Unknown => self.unknown += 1,
        }
        match &step.verdict {
            Verdict::Keep(_) if step.promise.is_broken() => self.without_action += 1,
            Verdict::Keep(_) => self.up_to_date += 1,
            Verdict::Hold { why, .. } => {
                self.on_hold += 1;
                self.suspended += usize::from(matches!(why, Hold::Suspended { .. }));
                let open = matches!(why, Hold::Busy { .. } | Hold::Doubt { .. });
                self.resolve += usize::from(open);
            }
            Verdict::Act { actions, .. } => {
                actions.iter().for_each(|action| self.add_action(action));
            }
        }
        self.wait += usize::from(step.resumes());
    }

    fn add_action(&mut self, action: &Action) {
        match action {
            Action::Regenerate { .. } => self.regenerate += 1,
            Action::HandOver { .. } => self.hand_over += 1,
            Action::Start { .. } | Action::Submit { .. } => self.run += 1,
            Action::Cancel { .. } => self.cancel += 1,
        }
    }

    /// Does it act? Then a person approves it first.
    pub const fn acts(&self) -> bool {
        self.regenerate + self.hand_over + self.run + self.cancel > 0
    }

    /// Is there anything for an apply to do: an action, an operation to resolve, or a wait to resume?
    pub const fn pending(&self) -> bool {
        self.acts() || self.resolve + self.wait > 0
    }
}
