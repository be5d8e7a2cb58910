//! One subject in one sentence: what is done about it, whether its promise holds, whether it needs attention, and why. Rows, `why`, JSON,
//! Markdown and diffs are made of the same pieces.
//!
//! A promise that does not hold is always mentioned.

use super::{hold, words};
use crate::escape::{self, line};
use crate::model::key_service::KeyService;
use crate::model::promise::{BrokenPart, Promise};
use crate::model::runtime::Slot;
use crate::model::time::{Span, Timestamp, minute};
use crate::model::verdict::{Action, Cause, Hold, Keep, NonEmpty, Step, Verdict};

/// `on hold until 2026-11-23 09:00 UTC, broken since 2026-11-22 09:00 UTC: authKey2 is due, but …`.
pub(super) fn sentence(step: &Step) -> String {
    match &step.verdict {
        Verdict::Act { actions, because } => {
            format!("{}: {}", titles(step, actions), cause(step, because))
        }
        Verdict::Hold { why, .. } => {
            format!("{}: {}", state(step), line(&hold_reason(step, why)))
        }
        Verdict::Keep(keep) => format!("{}: {}", state(step), keep_reason(step, keep)),
    }
}

/// The same of a step that does not act, in lines: what is lacking may be a list.
pub(super) fn lines(step: &Step) -> Vec<String> {
    let reason = match &step.verdict {
        Verdict::Hold { why, .. } => hold_reason(step, why),
        Verdict::Keep(keep) => keep_reason(step, keep),
        Verdict::Act { because, .. } => cause(step, because),
    };
    let mut all = escape::lines(&reason);
    if let Some(first) = all.first_mut() {
        *first = format!("{}: {first}", state(step));
    }
    all
}

/// The same of a subject whose trouble takes several lines and was told just before: `on hold, …: cannot read …: the same as above`.
pub(super) fn again(step: &Step) -> Option<String> {
    let Verdict::Hold {
        why: Hold::Trouble(trouble),
        ..
    } = &step.verdict
    else {
        return None;
    };
    let several = trouble.message.trim().lines().nth(1).is_some();
    let doing = line(&trouble.doing);
    several.then(|| format!("{}: cannot {doing}: the same as above", state(step)))
}

/// `cancel run 7, then run now`.
fn titles(step: &Step, actions: &NonEmpty<Action>) -> String {
    let service = step.key_service();
    let titles = actions.iter().map(|action| line(&action.title(service)));
    let titles: Vec<String> = titles.collect();
    titles.join(", then ")
}

/// Why something is to be done, with the promise behind it: `97d old, limit 90d; broken since 2026-11-22 09:00 UTC`.
pub(super) fn cause(step: &Step, because: &Cause) -> String {
    let mut text = words::cause(because);
    for more in either_key(step).into_iter().chain(standing(step)) {
        text.push_str("; ");
        text.push_str(&more);
    }
    text
}

/// Why nothing is to be done, or not now; not yet escaped.
pub(super) fn reason(step: &Step) -> String {
    match &step.verdict {
        Verdict::Hold { why, .. } => hold_reason(step, why),
        Verdict::Keep(keep) => keep_reason(step, keep),
        Verdict::Act { because, .. } => words::cause(because),
    }
}

/// `on hold until …, needs attention`, `up to date, promise unproven`, `broken since …`.
fn state(step: &Step) -> String {
    let done = match &step.verdict {
        Verdict::Hold { why, until } => Some(match hold_ends(why, *until) {
            Some(when) => format!("on hold until {when}"),
            None => "on hold".to_owned(),
        }),
        // What is broken is not up to date, though there is nothing to be done about it.
        Verdict::Keep(_) if step.promise.is_broken() => None,
        Verdict::Keep(_) => Some("up to date".to_owned()),
        Verdict::Act { .. } => None,
    };
    let parts: Vec<String> = done.into_iter().chain(standing(step)).collect();
    parts.join(", ")
}

/// What a row has to say of the promise and of attention.
fn standing(step: &Step) -> impl Iterator<Item = String> {
    let attention = step.attention.map(|_| "needs attention".to_owned());
    promise(step)
        .into_iter()
        .chain(breaks(step))
        .chain(attention)
}

/// `broken since 2026-11-22 09:00 UTC (authKey2)`, `promise unproven`, `promise unknown`; nothing of one that is kept.
pub(super) fn promise(step: &Step) -> Option<String> {
    match step.promise {
        Promise::Kept => None,
        Promise::Broken { part, .. } => Some(format!("{}{}", step.promise, part_mark(part, step))),
        Promise::Unproven | Promise::Unknown => Some(format!("promise {}", step.promise.word())),
    }
}

/// Which key it is, unless the verdict speaks of that key anyway.
fn part_mark(part: BrokenPart, step: &Step) -> String {
    match part {
        BrokenPart::Key(slot) if slot_of(&step.verdict) == Some(slot) => String::new(),
        BrokenPart::Whole | BrokenPart::EitherKey | BrokenPart::Key(_) | BrokenPart::BothKeys => {
            key_mark(part, step.key_service())
        }
    }
}

fn key_mark(part: BrokenPart, service: KeyService) -> String {
    match part {
        BrokenPart::Whole | BrokenPart::EitherKey => String::new(),
        BrokenPart::Key(slot) => format!(" ({})", service.key_name(slot)),
        BrokenPart::BothKeys => " (both keys)".to_owned(),
    }
}

/// The key that a verdict names.
fn slot_of(verdict: &Verdict) -> Option<Slot> {
    match verdict {
        Verdict::Act {
            because: Cause::KeyDue { slot, .. } | Cause::MadeBefore { slot, .. },
            ..
        }
        | Verdict::Hold {
            why:
                Hold::AgeUnknown { slot, .. }
                | Hold::Window { slot, .. }
                | Hold::Starved { slot, .. }
                | Hold::Overlap { slot, .. },
            ..
        } => Some(*slot),
        Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => None,
    }
}

/// `breaks at 2026-12-01 09:00 UTC`, `proved until …`: of a hold that outlasts its promise or the proof of it, or that no time ends.
fn breaks(step: &Step) -> Vec<String> {
    let breaks = outlasted(step).map(|at| format!("breaks at {}", minute(at)));
    let proved = proved_until(step).filter(|at| outlasts(step, *at));
    let proved = proved.map(|at| format!("proved until {}", minute(at)));
    proved.into_iter().chain(breaks).collect()
}

/// When the promise of a subject on hold breaks, if the hold lasts until then.
fn outlasted(step: &Step) -> Option<Timestamp> {
    let at = step.breaks_at.filter(|_| !step.promise.is_broken())?;
    outlasts(step, at).then_some(at)
}

/// Is it on hold until then?
fn outlasts(step: &Step, at: Timestamp) -> bool {
    match &step.verdict {
        Verdict::Hold { until, .. } => until.is_none_or(|until| until >= at),
        Verdict::Keep(_) | Verdict::Act { .. } => false,
    }
}

/// Until when a kept promise is proved, where a reader would not take that for the time at which it breaks.
fn proved_until(step: &Step) -> Option<Timestamp> {
    let breaks = step.breaks_at.map(minute);
    step.proved_until
        .filter(|at| step.promise == Promise::Kept && breaks.as_ref() != Some(&minute(*at)))
}

fn hold_reason(step: &Step, why: &Hold) -> String {
    let service = step.key_service();
    let due = |slot: Slot| due(step, slot);
    let reason = match why {
        Hold::Window {
            slot,
            breaks_limit: true,
            ..
        } if step.promise.is_broken() => format!("{}, outside its window", due(*slot)),
        Hold::Window {
            slot,
            breaks_limit: true,
            ..
        } => format!(
            "{}, outside its window; it {} exceed {} before the window opens",
            due(*slot),
            if outlasted(step).is_some() {
                "will"
            } else {
                "may"
            },
            age_limit(step)
        ),
        // It says so itself.
        Hold::EitherKeyTooOld { .. } => return hold::sentence(why, service, &due),
        other => hold::sentence(other, service, &due),
    };
    match (why, either_key(step)) {
        // It says so itself.
        (Hold::EitherKeyTooOld { .. }, _) | (_, None) => reason,
        (_, Some(either)) => format!("{reason}; {either}"),
    }
}

/// `authKey1 is due`, and why if that is not its age.
fn due(step: &Step, slot: Slot) -> String {
    let name = step.key_service().key_name(slot);
    let facts = step.facts.runtime();
    match facts.and_then(|facts| words::made_before(facts, slot)) {
        Some(made) => format!("{name} is due ({made})"),
        None => format!("{name} is due"),
    }
}

fn keep_reason(step: &Step, keep: &Keep) -> String {
    either_key(step).unwrap_or_else(|| line(&keep.to_string()))
}

/// What is broken where nobody can tell by which key.
fn either_key(step: &Step) -> Option<String> {
    let Promise::Broken {
        part: BrokenPart::EitherKey,
        since,
    } = step.promise
    else {
        return None;
    };
    let leak = step.facts.runtime().and_then(|facts| facts.spec.born_after);
    let is = match leak.filter(|leak| since == Some(*leak)) {
        Some(leak) => format!("was made before {} (bornAfter)", minute(leak)),
        None => format!("is older than {}", age_limit(step)),
    };
    Some(format!("one of the two keys {is} (nobody can tell which)"))
}

fn age_limit(step: &Step) -> String {
    step.facts.runtime().map_or_else(
        || "its limit".to_owned(),
        |facts| facts.spec.age_max.to_string(),
    )
}

/// When a hold ends, as people near it read it.
pub(super) fn hold_ends(why: &Hold, until: Option<Timestamp>) -> Option<String> {
    match why {
        Hold::Window { opens, .. } if !opens.is_empty() => Some(line(opens)),
        _ => until.map(minute),
    }
}

/// The promise for a column of its own or a line of `why`: `kept until 2026-12-01 09:00 UTC`, `broken since …`, `unproven`.
pub(super) fn promise_cell(step: &Step) -> String {
    match step.promise {
        Promise::Kept => "kept".to_owned(),
        Promise::Broken { part, .. } => {
            let mark = match part {
                BrokenPart::EitherKey => " (one of the two keys, nobody can tell which)".to_owned(),
                BrokenPart::Whole | BrokenPart::Key(_) | BrokenPart::BothKeys => {
                    key_mark(part, step.key_service())
                }
            };
            format!("{}{mark}", step.promise)
        }
        Promise::Unproven | Promise::Unknown => step.promise.word().to_owned(),
    }
}

/// The same with when that changes: `kept; proved until 2026-11-30 09:00 UTC (in 8d), breaks at 2026-12-01 09:00 UTC (in 9d), if
/// nothing happens until then`.
pub(super) fn promise_until(step: &Step, now: Timestamp) -> String {
    let cell = promise_cell(step);
    let breaks = step.breaks_at.filter(|_| !step.promise.is_broken());
    let turns = [("proved until", proved_until(step)), ("breaks at", breaks)];
    let turns: Vec<String> = turns
        .into_iter()
        .filter_map(|(what, at)| Some((what, at.filter(|at| *at > now)?)))
        .map(|(what, at)| {
            let wait = Span::between(now, at).rounded();
            format!("{what} {} (in {wait})", minute(at))
        })
        .collect();
    if turns.is_empty() {
        return cell;
    }
    format!(
        "{cell}; {}, if nothing happens until then",
        turns.join(", ")
    )
}
