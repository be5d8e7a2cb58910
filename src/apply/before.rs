//! Whether an earlier apply has already done, since the plan was made, an action that now no longer needs to be done.
//!
//! What the plan already knew does not count.

use super::look::known_runs;
use crate::model::address::Identity;
use crate::model::birth::Evidence;
use crate::model::memory::Memory;
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Presumed, Step};

/// When an apply did what `action` was to do, by what the ledger knows and `step`, which was decided at `decided`, did not; `None`: no
/// apply with this ledger did.
pub(super) fn since(
    memory: &Memory,
    identity: &Identity,
    (step, decided): (&Step, Timestamp),
    action: &Action,
) -> Option<Timestamp> {
    match action {
        Action::Regenerate {
            slot,
            replacing: Presumed::Key(replaced),
            ..
        } => {
            let slot = memory.runtimes.get(identity)?.slots.get(*slot);
            match slot.evidence {
                Some(Evidence::Rotated { answered, .. })
                    if slot.fingerprint.as_ref() != Some(replaced) =>
                {
                    Some(answered)
                }
                _ => None,
            }
        }
        Action::Regenerate {
            slot,
            replacing: Presumed::Made(made),
            ..
        } => match memory.runtimes.get(identity)?.slots.get(*slot).evidence {
            Some(Evidence::Rotated { answered, .. }) if *made < answered => Some(answered),
            _ => None,
        },
        Action::Start { .. } => {
            let known = known_runs(step, &[]);
            let start = memory.jobs.get(identity)?.last_start.as_ref()?;
            (start.at >= decided && !known.contains(&start.run)).then_some(start.at)
        }
        Action::Submit { digest, .. } => {
            let facts = step.facts.submission()?;
            let known = |run| facts.runs.iter().any(|known| known.id == run);
            let mut submitted = memory.submissions.get(identity)?.runs.iter();
            submitted
                .find(|(content, run, at)| content == digest && *at >= decided && !known(*run))
                .map(|(.., at)| *at)
        }
        Action::HandOver { to, key, .. } => {
            let delivered = memory.runtimes.get(identity)?.delivered.get(to)?;
            let is_it = *key == Presumed::Key(delivered.fingerprint.clone());
            (is_it && delivered.last >= decided).then_some(delivered.last)
        }
        Action::Cancel { .. }
        | Action::Regenerate {
            replacing: Presumed::Unseen,
            ..
        } => None,
    }
}
