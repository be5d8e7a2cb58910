//! The parts of a step that are the same for every kind.

use super::promise::Judged;
use super::ruling::{Moment, Ruling};
use crate::model::address::{Address, Name};
use crate::model::verdict::{Facts, Step};

/// A step with these parts; its kind adds the others.
pub(super) fn step(
    address: &Address,
    rule: &Name,
    ruling: &Ruling,
    judged: &Judged,
    moment: Moment,
) -> Step {
    let turns = judged.turns().chain(ruling.changes_at);
    Step {
        address: address.clone(),
        rule: rule.clone(),
        target: None,
        promise: judged.promise,
        breaks_at: judged.breaks_at,
        proved_until: judged.proved_until(),
        attention: None,
        verdict: ruling.verdict.clone(),
        facts: Facts::None,
        changes_at: moment.first_after(turns),
        settlements: Vec::new(),
        wait: None,
        refused: None,
        candidate: None,
    }
}
