//! What the steps of one apply share, and how they tell what happens.

use std::sync::atomic::{AtomicU64, Ordering};

use super::connections::Connections;
use super::gate;
use super::news::News;
use super::options::Options;
use super::outcome::Outcome;
use super::skip::Skip;
use super::turns::Turns;
use crate::clock::Clock;
use crate::cloud::{ClockSkew, Gate, Reader, Writer};
use crate::ledger::{Ledger, LedgerError};
use crate::model::outcome::{Happened, Report};
use crate::model::verdict::{Action, Plan, Step};
use crate::mutex::{Mutex, MutexGuard};

/// Everything that the steps of one apply share.
pub(super) struct Hands<'a> {
    pub(super) plan: &'a Plan,
    pub(super) connections: &'a Connections<'a>,
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    pub(super) ledger: &'a Ledger,
    pub(super) clock: Clock,
    pub(super) options: Options,
    /// For the actions that may be under way.
    pub(super) places: Gate,
    pub(super) intents: AtomicU64,
    pub(super) told: Mutex<Outcome>,
    /// Keys of one factory go one after the other, where nodes decide whether the next one may.
    pub(super) turns: Turns,
    pub(super) on_report: &'a (dyn Fn(Report) + Sync),
}

impl Hands<'_> {
    /// What the plan saw and what it found out about open intents, in one append.
    pub(super) async fn write_down(&self) -> Result<(), LedgerError> {
        let news = News::of(self.plan, self.ledger, self.clock.now());
        for report in news.record(self.ledger).await? {
            self.told().tally.count(&report.what);
            self.say(report);
        }
        Ok(())
    }

    pub(super) fn tell(&self, step: &Step, what: Happened) {
        self.told().tally.count(&what);
        self.say(self.report(step, what));
    }

    pub(super) fn not_begun(&self, step: &Step, action: &Action, skip: &Skip) {
        self.told().tally.skip(skip);
        let what = Happened::NotBegun(action.clone(), skip.to_string());
        self.say(self.report(step, what));
    }

    /// The service took a start, and nothing runs. Who waits for its end waits for a run that did not succeed.
    pub(super) fn not_started(&self, step: &Step, action: &Action, why: String, is_awaited: bool) {
        let what = Happened::NotDone(action.clone(), why);
        if is_awaited {
            self.told().tally.runs_not_succeeded += 1;
            self.say(self.report(step, what));
        } else {
            self.tell(step, what);
        }
    }

    pub(super) fn interrupted(&self) {
        self.told().tally.interrupted += 1;
    }

    fn report(&self, step: &Step, what: Happened) -> Report {
        Report {
            address: step.address.clone(),
            service: step.key_service(),
            at: self.clock.now(),
            what,
        }
    }

    fn say(&self, report: Report) {
        self.told().reports.push(report.clone());
        (self.on_report)(report);
    }

    fn told(&self) -> MutexGuard<'_, Outcome> {
        self.told.lock()
    }

    pub(super) fn next_intent(&self) -> String {
        let number = self.intents.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}-{number}", self.options.apply_id)
    }

    /// Why nothing of this step may be begun now.
    pub(super) fn gate(&self, step: &Step) -> Option<Skip> {
        let skew = self.reader.clock_skew();
        match skew.filter(ClockSkew::forbids_deciding) {
            Some(skew) => Some(Skip::ClockOff(skew.to_string())),
            None => gate::gate(self.plan, step, &self.options, self.clock.now()),
        }
    }
}
