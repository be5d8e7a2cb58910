//! Why an action is planned. Every verdict that acts has such a cause.

use std::fmt;

use super::super::birth::AgeRange;
use super::super::job::RunId;
use super::super::runtime::Slot;
use super::super::time::{Span, Timestamp, minute};
use super::hand_off::HandOffGap;
use super::haste::Haste;
use super::non_empty::NonEmpty;

/// Why something is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A key is due.
    KeyDue {
        /// Which.
        slot: Slot,
        /// How old it is.
        age: AgeRange,
        /// The promise.
        limit: Span,
        /// The window was passed over.
        outside_window: bool,
        /// Why it does not wait for its window, or goes before its ordinary time.
        haste: Option<Haste>,
    },
    /// A key is not where its rule says that it goes.
    HandOffDue {
        /// Which key.
        slot: Slot,
        /// What is missing where, in the order of the rule.
        gaps: NonEmpty<HandOffGap>,
    },
    /// A key may have been made before the rule's `bornAfter`.
    MadeBefore {
        /// Which.
        slot: Slot,
        /// That instant.
        born_after: Timestamp,
        /// It surely was.
        proved: bool,
        /// No window is open, or there is a freeze, and the rule's `ignoreWindows` passes that over.
        ignores_windows: bool,
        /// The other key may have been, too, and has to wait for the overlap: how long that is.
        follows: Option<Span>,
    },
    /// No success is fresh enough.
    Stale {
        /// How long ago the newest one ended; `None`: none was found.
        age: Option<Span>,
        /// The promise.
        limit: Span,
        /// Failures since then.
        failures: u32,
    },
    /// The newest success will soon be too old, and the rule says to start a run before it is.
    Ageing {
        /// How long ago the newest one ended.
        age: Span,
        /// The rule's `startAfter`.
        start_after: Span,
        /// The promise.
        limit: Span,
        /// Failures since then.
        failures: u32,
    },
    /// No run is active, and one should be.
    NotRunning,
    /// A run is active, and none should be.
    MustNotRun,
    /// A run is active, none should be, and the job starts again by itself.
    StartsAgain {
        /// When, if that can be computed.
        next: Option<Timestamp>,
    },
    /// A run has been queued for too long.
    QueuedTooLong {
        /// Which.
        run: RunId,
        /// For how long.
        queued: Span,
        /// The promise.
        limit: Span,
    },
    /// A run has been active for too long.
    TooLong {
        /// Which.
        run: RunId,
        /// For how long.
        ran: Span,
        /// The promise.
        limit: Span,
    },
    /// This content has not succeeded yet.
    NotSucceededYet {
        /// Failures so far.
        failures: u32,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyDue {
                age,
                limit,
                outside_window,
                haste,
                ..
            } => key_due(f, (*age, *limit), *outside_window, haste.as_ref()),
            Self::HandOffDue { gaps, .. } => {
                let all: Vec<String> = gaps.iter().map(ToString::to_string).collect();
                f.write_str(&all.join("; "))
            }
            Self::MadeBefore {
                born_after,
                proved,
                ignores_windows,
                follows,
                ..
            } => made_before(f, *born_after, (*proved, *ignores_windows), *follows),
            Self::Stale {
                age: Some(age),
                limit,
                failures,
            } => {
                write!(
                    f,
                    "last success {} ago, wanted within {}{}",
                    age.rounded(),
                    limit.rounded(),
                    after_failures(*failures, " since")
                )
            }
            Self::Stale {
                age: None,
                limit,
                failures,
            } => write!(
                f,
                "no success found, wanted within {}{}",
                limit.rounded(),
                after_failures(*failures, "")
            ),
            Self::Ageing {
                age,
                start_after,
                limit,
                failures,
            } => write!(
                f,
                "last success {} ago, due after {} to stay within {}{}",
                age.rounded(),
                start_after.rounded(),
                limit.rounded(),
                after_failures(*failures, " since")
            ),
            Self::StartsAgain { next } => starts_again(f, *next),
            Self::QueuedTooLong { run, queued, limit } => {
                too_long(f, *run, "queued", (*queued, *limit))
            }
            Self::NotRunning => f.write_str("no run is active, and one should be"),
            Self::MustNotRun => f.write_str("no run should be active"),
            Self::TooLong { run, ran, limit } => too_long(f, *run, "active", (*ran, *limit)),
            Self::NotSucceededYet { failures } => write!(
                f,
                "this content has not succeeded yet{}",
                after_failures(*failures, "")
            ),
        }
    }
}

fn made_before(
    f: &mut fmt::Formatter<'_>,
    born_after: Timestamp,
    (proved, ignores_windows): (bool, bool),
    follows: Option<Span>,
) -> fmt::Result {
    let made = if proved { "made" } else { "may have been made" };
    write!(f, "{made} before {} (bornAfter)", minute(born_after))?;
    if ignores_windows {
        f.write_str("; outside its windows or in a freeze (ignoreWindows)")?;
    }
    match follows {
        None => Ok(()),
        Some(Span::ZERO) => f.write_str("; the next apply regenerates the other key"),
        Some(overlap) => write!(
            f,
            "; the other key follows in an apply {} after this one",
            overlap.rounded()
        ),
    }
}

fn key_due(
    f: &mut fmt::Formatter<'_>,
    (age, limit): (AgeRange, Span),
    outside_window: bool,
    haste: Option<&Haste>,
) -> fmt::Result {
    write!(f, "{age} old, limit {}", limit.rounded())?;
    if outside_window {
        f.write_str("; outside its window")?;
    }
    match haste {
        None => Ok(()),
        Some(haste) => {
            let dot = if outside_window { ", " } else { "; " };
            write!(f, "{dot}{haste}")
        }
    }
}

fn starts_again(f: &mut fmt::Formatter<'_>, next: Option<Timestamp>) -> fmt::Result {
    match next {
        Some(next) => write!(
            f,
            "no run should be active; the job's schedule is not paused, next run {}",
            minute(next)
        ),
        None => f.write_str(
            "no run should be active; the job's trigger is not paused, so it will start again",
        ),
    }
}

fn too_long(
    f: &mut fmt::Formatter<'_>,
    run: RunId,
    how: &str,
    (lasted, limit): (Span, Span),
) -> fmt::Result {
    let (lasted, limit) = (lasted.rounded(), limit.rounded());
    write!(f, "run {run} has been {how} for {lasted}, limit {limit}")
}

/// `1 failure`, `3 failures`.
pub fn failed(failures: u32) -> String {
    if failures == 1 {
        "1 failure".to_owned()
    } else {
        format!("{failures} failures")
    }
}

/// Failures since a success, or in all where there was none.
fn after_failures(failures: u32, since: &str) -> String {
    if failures == 0 {
        return String::new();
    }
    format!(", {}{since}", failed(failures))
}
