//! Whether a rule can keep its promise: a walk through its windows, its overlap and the project's freezes, before any key is due.
//!
//! Nobody knows when applies will run. The walk assumes one a day, and one in every opening that is shorter.
//!
//! The walk reads no clock, since it starts at a given instant. It only warns: a rule that can never be kept is an error of the manifest's
//! reader.

use super::openings::{Openings, Rests};
use crate::model::address::Name;
use crate::model::desired::{Desired, KeyAgeRule, Place};
use crate::model::runtime::{OnStarvation, RuntimeSpec};
use crate::model::time::{Freeze, Span, Timestamp, minute};

/// A rule that may break its promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Which.
    pub rule: Name,
    /// Where it is written.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// How far the walk goes: a window of once a year comes twice.
const HORIZON: Span = Span::days(800);
/// Applies are at most so long apart, while something may be done.
const BEAT: Span = Span::days(1);
/// Most openings that it goes through.
const OPENINGS_MAX: usize = 400;

/// Rules whose second key may reach its limit before it is rotated, in the order of their names, as seen at `now`.
pub fn warnings(desired: &Desired, now: Timestamp) -> Vec<Warning> {
    let freezes = &desired.project.freezes;
    let rests = Rests::of(freezes);
    desired
        .key_ages
        .iter()
        .filter_map(|rule| warning(rule, freezes, &rests, now))
        .collect()
}

fn warning(
    rule: &KeyAgeRule,
    freezes: &[Freeze],
    rests: &Rests,
    now: Timestamp,
) -> Option<Warning> {
    let spec = &rule.spec;
    let longest = match spec.on_starvation {
        // It goes before freezes and passes windows over: the overlap is left to wait for, and the next apply, for each key.
        OnStarvation::Rotate => Some(BEAT.plus(spec.overlap).plus(BEAT)),
        OnStarvation::Wait | OnStarvation::Fail => longest(spec, rests, now),
    };
    // That long is never waited whole: what falls due at an apply is done by it.
    if longest.is_some_and(|longest| longest <= spec.rotate_before) {
        return None;
    }
    let passes = longest.map_or_else(
        || "the second key is never rotated".to_owned(),
        |longest| {
            format!(
                "up to {} pass until the second key is rotated",
                told(longest)
            )
        },
    );
    let message = format!(
        "the rule `{}` may break its promise: from due on {passes} ({}), and `rotateBefore` is {}",
        rule.name,
        reasons(spec, freezes, now),
        spec.rotate_before
    );
    let enough = longest
        .map(whole)
        .filter(|enough| enough.plus(spec.jitter) < spec.age_max);
    let help = match (enough, spec.on_starvation) {
        (Some(enough), _) => format!("write `rotateBefore: {enough}` or more"),
        (None, OnStarvation::Rotate) => "write a shorter `overlap` or a longer `maxAge`".to_owned(),
        (None, OnStarvation::Wait | OnStarvation::Fail) => format!(
            "no `rotateBefore` within {} is enough: open windows more often, shorten the freeze, or write `onWindowStarvation: rotate`",
            spec.age_max
        ),
    };
    Some(Warning {
        rule: rule.name.clone(),
        place: rule.place.clone(),
        message,
        help,
    })
}

/// The longest time from the instant at which both keys fall due until the second one is rotated; `None`: that may be never.
///
/// It is longest where the last apply of an opening has just been missed: by the first key, or by the second one after the overlap.
fn longest(spec: &RuntimeSpec, rests: &Rests, now: Timestamp) -> Option<Span> {
    let openings = Openings {
        windows: &spec.windows,
        rests,
    };
    let done = |due: Timestamp| {
        let first = applied_by(&openings, due)?;
        let second = applied_by(&openings, spec.overlap.after(first))?;
        Some(Span::between(due, second))
    };
    let (mut longest, mut at) = (done(now)?, now);
    for _ in 0..OPENINGS_MAX {
        let opening = openings.first_from(at);
        let Some((opens, ends)) = opening
            .and_then(|opens| Some((opens, openings.ends(opens)?)))
            .filter(|(_, ends)| *ends < HORIZON.after(now))
        else {
            break;
        };
        let missed = Span::seconds(1).after(opens.max(BEAT.before(ends)));
        let after_overlap = spec.overlap.plus(BEAT).before(missed).max(now);
        longest = longest.max(done(missed)?).max(done(after_overlap)?);
        at = ends;
    }
    Some(longest)
}

/// When an apply has come for what falls due at `due`, at the latest; `None`: maybe never.
fn applied_by(openings: &Openings, due: Timestamp) -> Option<Timestamp> {
    let opens = openings.first_from(due)?;
    let in_time = |opens: Timestamp| {
        let ends = openings.ends(opens);
        ends.map_or(BEAT.after(opens), |ends| BEAT.after(opens).min(ends))
    };
    match openings.ends(opens) {
        // The apply of this opening may have been before.
        Some(ends) if opens == due && ends < BEAT.after(due) => {
            openings.first_from(ends).map(in_time)
        }
        _ => Some(in_time(opens)),
    }
}

/// What there is to wait for.
fn reasons(spec: &RuntimeSpec, freezes: &[Freeze], now: Timestamp) -> String {
    let bound = spec.on_starvation != OnStarvation::Rotate;
    let windows = spec.windows.iter().filter(|_| bound).map(|window| {
        format!(
            "window {} {} for {}",
            window.cron_text(),
            window.zone_name(),
            window.length()
        )
    });
    let freezes = freezes
        .iter()
        .filter(|freeze| bound && freeze.to > now)
        .map(|freeze| {
            format!(
                "freeze from {} to {}",
                minute(freeze.from),
                minute(freeze.to)
            )
        });
    let overlap = format!("overlap {}", spec.overlap);
    let applies = if bound && !spec.windows.is_empty() {
        "an apply each day and in each window"
    } else {
        "an apply each day"
    };
    let all = windows.chain([overlap]).chain(freezes);
    let all: Vec<String> = all.chain([applies.to_owned()]).collect();
    all.join(", ")
}

/// In days and hours, rounded up to minutes.
fn told(span: Span) -> Span {
    Span::seconds(span.as_secs().div_ceil(60) * 60)
}

/// The first whole number of days that is as long.
fn whole(span: Span) -> Span {
    Span::days(span.as_secs().div_ceil(86_400))
}

#[cfg(test)]
mod tests;
