//! A `bornAfter` that lies in the future: a leak that has not happened. Only a command that has a clock knows.

use super::error::Failure;
use crate::escape::line;
use crate::model::desired::{Desired, KeyAgeRule, Place};
use crate::model::finding::{Finding, Severity};
use crate::model::time::{Timestamp, minute};

/// Rules whose `bornAfter` lies after `now`, with where it is written.
fn ahead(
    desired: &Desired,
    now: Timestamp,
) -> impl Iterator<Item = (&KeyAgeRule, Timestamp, &Place)> {
    desired.key_ages.iter().filter_map(move |rule| {
        let at = rule.spec.born_after.filter(|at| *at > now)?;
        Some((rule, at, rule.born_after_at.as_ref().unwrap_or(&rule.place)))
    })
}

fn message(rule: &KeyAgeRule, at: Timestamp, now: Timestamp) -> String {
    format!(
        "`bornAfter` of {} must not lie in the future: it is {}, and now is {}",
        rule.name,
        minute(at),
        minute(now)
    )
}

const HELP: &str =
    "write when the leak ended at the latest; keys that are made from then on are fine";

/// Nothing is decided by a leak that has not happened.
///
/// # Errors
/// The rules, each with its place.
pub fn refuse_ahead(desired: &Desired, now: Timestamp) -> Result<(), Failure> {
    let found = ahead(desired, now).map(|(rule, at, place)| {
        format!(
            "{}\n --> {}",
            line(&message(rule, at, now)),
            line(&place.to_string())
        )
    });
    let found: Vec<String> = found.collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(found.join("\n")).with_advice(HELP))
}

/// The same for `validate`, which does not know by whose clock the manifests will be planned.
pub fn warnings(desired: &Desired, now: Timestamp) -> Vec<Finding> {
    let found = ahead(desired, now).map(|(rule, at, place)| Finding {
        severity: Severity::Warning,
        message: message(rule, at, now),
        help: Some(HELP.to_owned()),
        place: Some(place.clone()),
    });
    found.collect()
}
