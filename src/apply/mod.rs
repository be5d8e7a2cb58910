//! DO: each action of a plan, once: look again, intend, act, settle.
//!
//! An action whose assumptions no longer hold is stale and is skipped. No request that changes anything is sent before its intent is in the
//! ledger. A crash after that leaves the intent unresolved, and the next run settles it by evidence. Nothing is decided here: what to do
//! is in the plan, and apply only finds out whether it may still be done.

mod act;
mod before;
mod gate;
mod ground;
mod look;
mod news;
mod outcome;
mod proof;
mod remember;
mod step;
mod stop;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::{join, join_all};

use crate::clock::Clock;
use crate::cloud::{Gate, Reader, Writer};
use crate::ledger::{Ledger, LedgerError};
use crate::model::address::Name;
use crate::model::connection::{KeyConnection, Workspace};
use crate::model::outcome::{Happened, Report};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Plan, Step};
use crate::mutex::{Mutex, MutexGuard};
use gate::Skip;

pub use news::News;
pub use outcome::{Exit, Outcome, Tally};
pub use stop::StopFlag;

/// The connections that a plan's targets name.
#[derive(Clone, Copy, Debug)]
pub struct Connections<'a> {
    /// Connections to services with integration runtimes, by name.
    pub key_connections: &'a BTreeMap<Name, KeyConnection>,
    /// Databricks connections by name.
    pub workspaces: &'a BTreeMap<Name, Workspace>,
}

/// How to apply.
#[derive(Clone, Debug)]
pub struct Options {
    /// Requests that are under way at the same time, and actions in each subscription and workspace, at least 1. Waiting for runs to end takes no place.
    pub parallelism: usize,
    /// This apply's own id, unique in its ledger.
    pub apply_id: String,
    /// Whose apply this is, for people who meet its intents: `alice on build-7, process 4711`. No secret.
    pub by: Option<String>,
    /// Wait for the end of every run that is started (`--wait`), not only where the manifest says so.
    pub wait: bool,
    /// Until when the plan holds: after this, nothing more is begun.
    pub not_after: Timestamp,
    /// When the command's time is over: after this, nothing more is begun or waited for.
    pub ends_at: Timestamp,
    /// Raised by the first Ctrl-C: what is under way is finished, nothing more is begun.
    pub stop: StopFlag,
}

/// Applies `plan`: first writes down what it found out, then does the actions of every step that acts.
///
/// Steps run side by side in the plan's order; actions within a step one after the other, until one is not done. Beside them, runs that an
/// earlier apply started are waited for where their rules declare it. `report` is called as things
/// happen; the same reports are in the outcome.
///
/// # Errors
/// The ledger failed before anything was begun. Later failures of the ledger end single steps and are reported with them.
pub async fn run(
    plan: &Plan,
    connections: &Connections<'_>,
    writer: Writer,
    ledger: &Ledger,
    clock: Clock,
    options: Options,
    report: &(dyn Fn(Report) + Sync),
) -> Result<Outcome, LedgerError> {
    let hands = Hands {
        plan,
        connections,
        reader: writer.reader().clone(),
        writer,
        ledger,
        clock,
        places: Gate::new(options.parallelism),
        intents: AtomicU64::new(0),
        told: Mutex::default(),
        options,
        on_report: report,
    };
    hands.reader.at_most(hands.options.parallelism);
    hands.write_down().await?;
    let walks = join_all(plan.acts().map(|step| step::walk(&hands, step)));
    let waits = join_all(plan.steps.iter().map(|step| watch::resume(&hands, step)));
    join(walks, waits).await;
    Ok(hands.told.into_inner())
}

/// Everything that the steps of one apply share.
struct Hands<'a> {
    plan: &'a Plan,
    connections: &'a Connections<'a>,
    reader: Reader,
    writer: Writer,
    ledger: &'a Ledger,
    clock: Clock,
    options: Options,
    /// For the actions that may be under way.
    places: Gate,
    intents: AtomicU64,
    told: Mutex<Outcome>,
    on_report: &'a (dyn Fn(Report) + Sync),
}

impl Hands<'_> {
    /// What the plan saw and what it found out about open intents, in one append.
    async fn write_down(&self) -> Result<(), LedgerError> {
        let news = News::of(self.plan, self.ledger, self.clock.now());
        for report in news.record(self.ledger).await? {
            self.told().tally.count(&report.what);
            self.say(report);
        }
        Ok(())
    }

    fn tell(&self, step: &Step, what: Happened) {
        self.told().tally.count(&what);
        self.say(self.report(step, what));
    }

    fn not_begun(&self, step: &Step, action: &Action, skip: &Skip) {
        self.told().tally.skip(skip);
        let what = Happened::NotBegun(action.clone(), skip.to_string());
        self.say(self.report(step, what));
    }

    /// The service took a start, and nothing runs. Who waits for its end waits for a run that did not succeed.
    fn not_started(&self, step: &Step, action: &Action, why: String, is_awaited: bool) {
        let what = Happened::NotDone(action.clone(), why);
        if is_awaited {
            self.told().tally.runs_not_succeeded += 1;
            self.say(self.report(step, what));
        } else {
            self.tell(step, what);
        }
    }

    fn interrupted(&self) {
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

    fn next_intent(&self) -> String {
        let number = self.intents.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}-{number}", self.options.apply_id)
    }

    /// Why nothing may be begun now.
    fn gate(&self) -> Option<Skip> {
        let skew = self.reader.clock_skew();
        match skew.filter(crate::cloud::ClockSkew::forbids_deciding) {
            Some(skew) => Some(Skip::ClockOff(skew.to_string())),
            None => gate::gate(self.plan, &self.options, self.clock.now()),
        }
    }
}
