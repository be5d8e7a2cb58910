//! Windows and freezes, looked at one opening after the other.

use crate::model::survey::RuntimeCase;
use crate::model::time::Timestamp;
use crate::model::verdict::Plan;
use crate::model::window::Window;

/// Most openings that are looked at: minutely ones of a week.
const TRIES_MAX: usize = 10_000;

pub(super) fn is_open(windows: &[Window], at: Timestamp) -> bool {
    windows.is_empty() || windows.iter().any(|window| window.closes(at).is_some())
}

/// Would both keys surely be young enough if the next opening were waited for? `made`: when each was made at the earliest.
pub(super) fn leaves_time(case: &RuntimeCase, plan: &Plan, made: [Option<Timestamp>; 2]) -> bool {
    let [own, twin] = made.map(|made| made.map(|made| case.spec.age_max.after(made)));
    let Some(opens) = opening(case, plan, plan.at) else {
        return false;
    };
    let follows = opening(case, plan, case.spec.overlap.after(opens));
    let before = |at: Option<Timestamp>, limit: Option<Timestamp>| {
        at.zip(limit).is_some_and(|(at, limit)| at < limit)
    };
    before(Some(opens), own) && before(follows, twin)
}

/// The first instant from `from` on that is in a window and in no freeze.
fn opening(case: &RuntimeCase, plan: &Plan, from: Timestamp) -> Option<Timestamp> {
    let windows = &case.spec.windows;
    let frozen = |at: Timestamp| plan.freezes.iter().any(|freeze| freeze.covers(at));
    let mut at = from;
    for _ in 0..TRIES_MAX {
        if is_open(windows, at) && !frozen(at) {
            return Some(at);
        }
        let openings = windows.iter().filter_map(|window| window.next_opening(at));
        let thaws = plan.freezes.iter().map(|freeze| freeze.to);
        at = openings.chain(thaws.filter(|thaw| *thaw > at)).min()?;
    }
    None
}
