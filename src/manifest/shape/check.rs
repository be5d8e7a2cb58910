//! What the fields of one mapping must be to each other. Asked as soon as those fields are read, also if others are wrong.

use crate::limits::{
    HAND_OFF_TIMEOUT_MAX, HAND_OFFS_MAX, NODES_WAIT_MAX, RUN_RETENTION_DAYS, WINDOWS_MAX,
};
use crate::model::time::Span;
use crate::model::window::Window;

use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::leaf::{CronText, Filled, Instant};
use super::number::Length;

/// Least time between regenerating the two keys of one runtime, unless a rule says something else.
pub const OVERLAP_DEFAULT: Span = Span::hours(24);

/// How long before `maxAge` a key is due, unless a rule says something else: a tenth of it, and time for both keys.
pub fn rotate_before_default(limit: Span, overlap: Span) -> Span {
    Span::seconds(limit.as_secs() / 10).max(overlap.plus(overlap))
}

/// The lengths of time in a `KeyAge`.
#[derive(Clone, Copy, Debug)]
pub struct KeyAgeLengths<'a> {
    /// `maxAge`.
    pub limit: &'a At<Length>,
    /// `rotateBefore`.
    pub rotate_before: Option<&'a At<Length>>,
    /// `overlap`.
    pub overlap: Option<&'a At<Length>>,
    /// `jitter`.
    pub jitter: Option<&'a At<Length>>,
}

impl KeyAgeLengths<'_> {
    /// Each must be shorter than the limit, and two overlaps together.
    pub fn check(self, findings: &mut Findings) {
        let limit = self.limit.value.0;
        if limit == Span::ZERO {
            findings.add(Problem::at(
                self.limit.mark,
                "`maxAge` must be longer than nothing",
            ));
            return;
        }
        let overlap = self.overlap.map_or(OVERLAP_DEFAULT, |at| at.value.0);
        let kept = overlap.plus(overlap) < limit;
        if !kept {
            let message = format!(
                "twice the `overlap` ({}) must be shorter than `maxAge` ({limit})",
                said(overlap, self.overlap)
            );
            let help = format!(
                "the keys take turns, so each gets at least two overlaps old: write an `overlap` of less than {}, or a longer `maxAge`",
                Span::seconds(limit.as_secs() / 2)
            );
            findings.add(self.too_long(self.overlap, message).help(help));
        }
        if kept || self.rotate_before.is_some() {
            self.check_due(limit, overlap, findings);
        }
    }

    fn check_due(self, limit: Span, overlap: Span, findings: &mut Findings) {
        let rotate_before = self
            .rotate_before
            .map_or_else(|| rotate_before_default(limit, overlap), |at| at.value.0);
        let both = rotate_before.plus(self.jitter.map_or(Span::ZERO, |at| at.value.0));
        if rotate_before >= limit {
            let message =
                format!("`rotateBefore` ({rotate_before}) must be shorter than `maxAge` ({limit})");
            let help = "otherwise a key is due as soon as it is made";
            findings.add(self.too_long(self.rotate_before, message).help(help));
        } else if both >= limit {
            let message = format!(
                "`rotateBefore` ({}) and `jitter` together ({both}) must be shorter than `maxAge` ({limit})",
                said(rotate_before, self.rotate_before)
            );
            let help = "otherwise a key may be due as soon as it is made";
            findings.add(self.too_long(self.jitter, message).help(help));
        }
    }

    fn too_long(self, written: Option<&At<Length>>, message: String) -> Problem {
        match written {
            Some(at) => Problem::at(at.mark, message).also(self.limit.mark, "the limit"),
            None => Problem::at(self.limit.mark, message),
        }
    }
}

/// A length of time, and whether that is the default.
fn said(length: Span, written: Option<&At<Length>>) -> String {
    match written {
        Some(_) => length.to_string(),
        None => format!("default {length}"),
    }
}

/// A window has one timezone, under one of the two names that tools have for it.
pub fn time_zone<'a>(
    cron: Option<&At<CronText>>,
    zones: [Option<&'a At<Filled>>; 2],
    findings: &mut Findings,
) -> Option<&'a At<Filled>> {
    match zones {
        [Some(first), Some(second)] => {
            let problem = Problem::at(
                second.mark,
                "a window has one timezone, and both `timeZone` and `timezone` are written",
            );
            findings.add(problem.label("second").also(first.mark, "first"));
            None
        }
        [None, None] => {
            if let Some(cron) = cron {
                let problem = Problem::at(cron.mark, "the field `timeZone` is missing");
                let help = "a window opens at a local time: write its zone, `timeZone: Europe/Paris` or `timeZone: UTC`";
                findings.add(problem.label("in which timezone?").help(help));
            }
            None
        }
        [one, other] => one.or(other),
    }
}

/// A window must open, and stay open.
pub fn window(
    cron: &At<CronText>,
    zone: &At<Filled>,
    length: &At<Length>,
    findings: &mut Findings,
) {
    if length.value.0 == Span::ZERO {
        let problem = Problem::at(length.mark, "this window is never open");
        findings.add(problem.label("it closes as it opens"));
    }
    if let Err(sentence) = Window::new("0 0 * * *", &zone.value.0, length.value.0) {
        let help = "names as in the IANA database: Area/City, or UTC";
        findings.add(Problem::at(zone.mark, sentence).help(help));
    }
    if let Err(sentence) = Window::new(&cron.value.0, "UTC", length.value.0) {
        let help = "minute, hour, day of month, month, day of week: `0 2 * * 6` is Saturday 02:00";
        findings.add(Problem::at(cron.mark, sentence).help(help));
    }
}

/// A rule has so many windows at most: each is looked through for each key.
pub fn windows<T>(windows: &[At<T>], findings: &mut Findings) {
    if let Some(more) = windows.get(WINDOWS_MAX) {
        let message = format!("a rule has at most {WINDOWS_MAX} windows");
        let help = "a cron expression takes lists and ranges: `0 2,14 * * 1-5`";
        findings.add(Problem::at(more.mark, message).help(help));
    }
}

/// A freeze must begin before it ends.
pub fn freeze(from: &At<Instant>, to: &At<Instant>, findings: &mut Findings) {
    if from.value.0 >= to.value.0 {
        let problem = Problem::at(to.mark, "this freeze ends before it begins").label("its end");
        findings.add(problem.also(from.mark, "its beginning"));
    }
}

/// A warning must come before what it warns of, a start no later than the promise is broken, and the service must remember a success for
/// so long.
pub fn freshness(
    start: Option<&At<Length>>,
    warn: Option<&At<Length>>,
    error: &At<Length>,
    findings: &mut Findings,
) {
    let (limit, mark) = (error.value.0, error.mark);
    if limit == Span::ZERO {
        findings.add(Problem::at(
            mark,
            "`errorAfter` must be longer than nothing",
        ));
        return;
    }
    let kept = Span::days(RUN_RETENTION_DAYS.unsigned_abs());
    if limit > kept {
        let message = format!(
            "`errorAfter` ({limit}) is longer than Databricks keeps runs ({kept}): an older success cannot be found"
        );
        let help = format!("write `errorAfter: {kept}` or less");
        findings.add(Problem::at(mark, message).help(help));
    }
    if let Some(warn) = warn.filter(|warn| warn.value.0 >= limit) {
        let message = format!(
            "`warnAfter` ({}) must be shorter than `errorAfter` ({limit})",
            warn.value.0
        );
        findings.add(Problem::at(warn.mark, message).also(mark, "broken from here on"));
    }
    if let Some(start) = start.filter(|start| start.value.0 > limit || start.value.0 == Span::ZERO)
    {
        let message = if start.value.0 == Span::ZERO {
            "`startAfter` must be longer than nothing".to_owned()
        } else {
            format!(
                "`startAfter` ({}) must not be longer than `errorAfter` ({limit})",
                start.value.0
            )
        };
        findings.add(Problem::at(start.mark, message).also(mark, "broken from here on"));
    }
}

/// One entry of `handOff`: exactly one way, and a timeout only of a command.
pub fn hand_off(
    ways: [Option<Mark>; 3],
    command: Option<&At<Vec<Filled>>>,
    timeout: Option<&At<Length>>,
    findings: &mut Findings,
) {
    let help = "write one of `keyVault`, `command` and `confirm` in each entry of the list";
    let given: Vec<Mark> = ways.into_iter().flatten().collect();
    if let [first, second, ..] = given.as_slice() {
        let message = "a hand-off has one of `keyVault`, `command` and `confirm`";
        let problem = Problem::at(*second, message).label("second");
        findings.add(problem.also(*first, "first").help(help));
    }
    if let (Some(timeout), None) = (timeout, command) {
        let message = "`timeout` goes with `command`";
        findings.add(Problem::at(timeout.mark, message).help("leave it out"));
    }
    let longest = Span::seconds(HAND_OFF_TIMEOUT_MAX.as_secs());
    if let (Some(timeout), Some(_)) = (timeout, command)
        && (timeout.value.0 == Span::ZERO || timeout.value.0 > longest)
    {
        let message = format!("`timeout` must be between 1s and {longest}");
        let help = "a command that takes longer holds up everything that follows it";
        findings.add(Problem::at(timeout.mark, message).help(help));
    }
    if let Some(command) = command
        && command.value.is_empty()
    {
        let message = "`command` names no program";
        findings.add(
            Problem::at(command.mark, message)
                .help("write the program and its arguments: `[./deliver.sh, west]`"),
        );
    }
}

/// The `wait` of `nodes`: not for ever.
pub fn nodes_wait(wait: &At<Length>, findings: &mut Findings) {
    let longest = Span::seconds(NODES_WAIT_MAX.as_secs());
    if wait.value.0 > longest {
        let message = format!("`wait` must be at most {longest}");
        let help = "a node that takes longer is looked at by the next plan";
        findings.add(Problem::at(wait.mark, message).help(help));
    }
}

/// The list of a rule: not too long, and each entry is something. Of each: where it is, and whether it says nothing.
pub fn hand_offs(all: impl Iterator<Item = (Mark, bool)>, findings: &mut Findings) {
    for (index, (mark, is_empty)) in all.enumerate() {
        if index == HAND_OFFS_MAX {
            let message = format!("a rule has at most {HAND_OFFS_MAX} hand-offs");
            findings.add(Problem::at(mark, message));
        }
        if is_empty {
            let message = "a hand-off needs `keyVault`, `command` or `confirm`";
            findings.add(Problem::at(mark, message));
        }
    }
}
