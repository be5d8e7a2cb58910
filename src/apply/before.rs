//! Whether an earlier apply has already done, since the plan was made, an action that now no longer needs to be done.
//!
//! Then it is as good as done by this one: a plan that is applied again takes up where it was interrupted. What the plan already knew does
//! not count.

use super::look::known_runs;
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::memory::Memory;
use crate::model::runtime::Slot;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Presumed, Receipt, Step};

/// What an apply left behind that did what `action` was to do, by what the ledger knows and `step`, which was decided at `decided`, did not;
/// `None`: no apply with this ledger did.
pub(super) fn done(
    memory: &Memory,
    identity: &Identity,
    (step, decided): (&Step, Timestamp),
    action: &Action,
) -> Option<Receipt> {
    match action {
        Action::Regenerate {
            slot, replacing, ..
        } => regenerated(memory, identity, *slot, |key, answered| match replacing {
            Presumed::Key(replaced) => key != replaced.as_str(),
            Presumed::Made(made) => *made < answered,
            Presumed::Unseen => decided <= answered,
        }),
        Action::Start { .. } => {
            let known = known_runs(step, &[]);
            let start = memory.jobs.get(identity)?.last_start.as_ref()?;
            let is_news = start.at >= decided && !known.contains(&start.run);
            is_news.then_some(Receipt::Started {
                run: start.run,
                answered: start.at,
            })
        }
        Action::Submit { digest, .. } => {
            let facts = step.facts.submission()?;
            let known = |run| facts.runs.iter().any(|known| known.id == run);
            let mut submitted = memory.submissions.get(identity)?.runs.iter();
            let news = submitted
                .find(|(content, run, at)| content == digest && *at >= decided && !known(*run));
            news.map(|(_, run, at)| Receipt::Started {
                run: *run,
                answered: *at,
            })
        }
        Action::HandOver { to, slot, key } => {
            let delivered = memory.runtimes.get(identity)?.delivered.get(to)?;
            let is_it = match key {
                Presumed::Key(key) => *key == delivered.fingerprint,
                // It was to be made by this step.
                Presumed::Unseen | Presumed::Made(_) => true,
            };
            let is_news = is_it && delivered.slot == *slot && delivered.last >= decided;
            is_news.then(|| Receipt::HandedOver {
                to: to.clone(),
                slot: *slot,
                fingerprint: delivered.fingerprint.clone(),
                answered: delivered.last,
            })
        }
        Action::Cancel { .. } => None,
    }
}

/// The key that the ledger knows in this slot, if an apply made it, and it is the news that `is_news` tells by its fingerprint and when it
/// was made.
fn regenerated(
    memory: &Memory,
    identity: &Identity,
    slot: Slot,
    is_news: impl Fn(&str, Timestamp) -> bool,
) -> Option<Receipt> {
    let known = memory.runtimes.get(identity)?.slots.get(slot);
    let Some(Evidence::Rotated { sent, answered }) = known.evidence else {
        return None;
    };
    let fingerprint = known.fingerprint.clone()?;
    is_news(fingerprint.as_str(), answered).then_some(Receipt::Regenerated {
        slot,
        fingerprint,
        sent,
        answered,
    })
}
