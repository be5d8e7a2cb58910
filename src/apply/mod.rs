//! DO: each action of a plan, once: look again, intend, act, settle.
//!
//! An action whose assumptions no longer hold is stale and is skipped. No request that changes anything is sent before its intent is in the
//! ledger. A crash after that leaves the intent unresolved, and the next run settles it by evidence. Nothing is decided here: what to do
//! is in the plan, and apply only finds out whether it may still be done.

mod act;
mod before;
mod connections;
mod gate;
mod ground;
mod hand_over;
mod hands;
mod look;
mod news;
mod nodes;
mod options;
mod outcome;
mod pause;
mod progress;
mod proof;
mod remember;
mod skip;
mod step;
mod stop;
mod turns;
mod watch;

use std::sync::atomic::AtomicU64;

use futures_util::future::{join, join_all};

use crate::clock::Clock;
use crate::cloud::{Gate, Writer};
use crate::ledger::{Ledger, LedgerError};
use crate::model::outcome::Report;
use crate::model::verdict::Plan;
use crate::mutex::Mutex;
use hands::Hands;

pub use connections::Connections;
pub use news::News;
pub use options::Options;
pub use outcome::{Exit, Outcome, Tally};
pub use stop::StopFlag;

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
        places: Gate::new(options.width.each),
        intents: AtomicU64::new(0),
        told: Mutex::default(),
        turns: turns::Turns::of(plan),
        options,
        on_report: report,
    };
    hands.reader.at_most(hands.options.width.all);
    hands.write_down().await?;
    let walks = join_all(plan.acts().map(|step| step::walk(&hands, step)));
    let waits = join_all(plan.steps.iter().map(|step| watch::resume(&hands, step)));
    join(walks, waits).await;
    Ok(hands.told.into_inner())
}
