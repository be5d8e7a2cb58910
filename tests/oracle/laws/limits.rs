//! Under daily applies no limit of a key is passed unless the rule says so, and a plan said it beforehand.

use afresh::model::promise::Promise;
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Plan, Step};

use super::births::{facts_of, holders};
use crate::play::{History, said};
use crate::script::{Happening, KeyRule};
use crate::tally::Law;
use crate::truth::{Holder, Truth};

/// Keys that passed their limit since the last plan.
pub fn passed(history: &mut History, plan: &Plan, truth: &Truth) {
    if !history.script.daily {
        return;
    }
    let limit = history.rules.keys.age_max;
    let Some((last, _)) = history.last.clone() else {
        return;
    };
    if Span::between(last.at, plan.at) > Span::hours(25) {
        return;
    }
    let changed = history.changes.iter().any(|(_, at)| *at >= last.at);
    for (step, _, holder) in holders(plan, truth) {
        let before = last.steps.iter().find(|one| one.address == step.address);
        let name = &step.address.subject;
        // An old value that somebody put back since the keys were seen, nobody can know of.
        let unseen = before
            .and_then(facts_of)
            .is_some_and(|facts| history.is_unseen_at(name, holder, facts, last.at));
        let beyond = unseen || history.is_beyond(name, holder, plan.at);
        let Some(before) = before.filter(|_| !beyond && !changed) else {
            continue;
        };
        for slot in &holder.slots {
            let ends = limit.after(slot.born);
            if slot.held_since > last.at || ends <= last.at {
                continue;
            }
            let is_passed = ends <= plan.at;
            let free = history.is_free(&last, before, holder, ends);
            if free {
                history.tally.check(Law::Limits, plan.at, !is_passed, || {
                    format!(
                        "a key made {} passed its limit at {ends} though nothing stood in the way; the plan before: {}",
                        slot.born,
                        said(before)
                    )
                });
            }
            if is_passed {
                let told = is_told(before, ends);
                history.tally.check(Law::Surprises, plan.at, told, || {
                    format!(
                        "a key made {} passed its limit at {ends}; the plan before, of {}: {}",
                        slot.born,
                        last.at,
                        said(before)
                    )
                });
            }
        }
    }
}

/// Did the plan before say that it would be so, or that it cannot tell?
fn is_told(before: &Step, ends: Timestamp) -> bool {
    let until = |at: Option<Timestamp>| at.is_some_and(|at| at <= ends);
    before.promise != Promise::Kept || until(before.breaks_at) || until(before.changes_at)
}

/// How long before its limit a key is due, where the rule does not say it: a tenth, at least twice the overlap.
fn rotate_before(rule: &KeyRule) -> Span {
    let tenth = Span::seconds(rule.age_max.as_secs() / 10);
    let twice = rule.overlap.plus(rule.overlap);
    rule.rotate_before.unwrap_or(tenth.max(twice))
}

impl History<'_> {
    /// Does nothing stand in the way of a daily apply: no window or freeze, no missing right, no key that is too old from the beginning,
    /// nobody else who rotates?
    fn is_free(&self, last: &Plan, before: &Step, holder: &Holder, ends: Timestamp) -> bool {
        let rule = &self.rules.keys;
        let lead = rotate_before(rule);
        let room = rule.overlap.plus(rule.overlap).plus(Span::days(2)) <= lead;
        let since = lead.before(ends);
        let name = &before.address.subject;
        let begun = self.first_look(name);
        let begun = begun.is_some_and(|first| first < since);
        // A window may open and close between two applies.
        let open = rule.window.is_none() && self.script.rules.freezes.is_empty();
        let applies = self.script.entries.iter().filter(|entry| {
            let at = self.script.instant(entry.at);
            since <= at && at <= last.at && matches!(entry.what, Happening::Apply(_))
        });
        let daily = Span::days(applies.count() as u64 + 2) > Span::between(since, last.at);
        let quiet = !self.script.speaks_of("forbid")
            && self.script.faults.is_empty()
            && self.changes.iter().all(|(_, at)| *at < since)
            && self.moves(name, holder).iter().all(|at| *at < since)
            && holder.kind.has_keys()
            && !holder.is_remade_within(lead.plus(rule.overlap), last.at);
        room && begun && open && daily && quiet && rule.unknown_age == "rotate"
    }
}
