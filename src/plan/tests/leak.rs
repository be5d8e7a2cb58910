//! `bornAfter`: no key older than the leak.

use super::super::testing::*;
use crate::model::desired::Project;
use crate::model::promise::{BrokenPart, Promise};
use crate::model::runtime::{LogSight, RuntimeMemory, Slot, UnknownAge};
use crate::model::survey::{RuntimeCase, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Cause, Hold, Keep, Step, Verdict};
use crate::model::window::Window;

fn step(case: &RuntimeCase) -> Step {
    decide(Subject::Runtime(case.clone()))
}

fn made_before(slot: Slot, at: &str, proved: bool, ignores: bool, follows: Option<Span>) -> Cause {
    Cause::MadeBefore {
        slot,
        born_after: ago(at),
        proved,
        ignores_windows: ignores,
        follows,
    }
}

#[track_caller]
fn cause(step: &Step) -> Cause {
    match &step.verdict {
        Verdict::Act { because, .. } => because.clone(),
        other => panic!("not an act: {other:?}"),
    }
}

fn broken(at: &str, part: BrokenPart) -> Promise {
    let since = Some(ago(at));
    Promise::Broken { since, part }
}

#[test]
fn a_key_that_was_made_before_is_due_at_once_and_the_other_one_follows_after_the_overlap() {
    let day = Some(Span::hours(24));
    for (one, two, at, because, part) in [
        (
            "40d",
            "20d",
            "10d",
            made_before(Slot::One, "10d", true, false, day),
            BrokenPart::BothKeys,
        ),
        (
            "20d",
            "40d",
            "10d",
            made_before(Slot::Two, "10d", true, false, day),
            BrokenPart::BothKeys,
        ),
        (
            "40d",
            "5d",
            "10d",
            made_before(Slot::One, "10d", true, false, None),
            BrokenPart::Key(Slot::One),
        ),
        (
            "5d",
            "11d",
            "10d",
            made_before(Slot::Two, "10d", true, false, None),
            BrokenPart::Key(Slot::Two),
        ),
    ] {
        let step = step(&leaked(runtime_aged(one, two), at));
        assert_eq!((cause(&step), step.promise), (because, broken(at, part)));
    }
}

#[test]
fn a_key_that_was_made_then_or_later_is_fine() {
    for (one, at) in [("40d", "40d"), ("40d", "41d")] {
        let step = step(&leaked(runtime_aged(one, "20d"), at));
        assert_eq!(step.verdict, Verdict::Keep(Keep::Young));
        assert_eq!(step.promise, Promise::Kept);
    }
}

#[test]
fn the_second_key_waits_for_the_overlap_and_then_goes() {
    let mut case = leaked(runtime_aged("0s", "40d"), "10d");
    case.spec.ignore_windows = true;
    let held = step(&case);
    let why = Hold::Overlap {
        slot: Slot::Two,
        overlap: Span::hours(24),
    };
    let until = Some(ahead("1d"));
    assert_eq!(held.verdict, Verdict::Hold { why, until });
    assert_eq!(held.promise, broken("10d", BrokenPart::Key(Slot::Two)));
    let then = decide_at(Subject::Runtime(case), ahead("1d"));
    assert_eq!(
        cause(&then),
        made_before(Slot::Two, "10d", true, false, None)
    );
}

/// A runtime of 30 days of which nothing else is known but that both keys were seen a day ago.
fn of_unknown_age() -> RuntimeCase {
    let mut case = runtime();
    case.memory = RuntimeMemory {
        created: Some(ago("30d")),
        ..RuntimeMemory::default()
    };
    case.memory.log.add(
        crate::model::timeline::LogSpan {
            since: ago("5d"),
            until: now(),
        },
        &[],
    );
    sight(&mut case).log = LogSight::Read {
        since: ago("5d"),
        until: now(),
        events: Vec::new(),
    };
    case
}

#[test]
fn the_greatest_possible_age_counts_whatever_the_rule_says_of_unknown_ages() {
    for unknown_age in [UnknownAge::Adopt, UnknownAge::Rotate, UnknownAge::Fail] {
        let mut case = leaked(of_unknown_age(), "10d");
        case.spec.unknown_age = unknown_age;
        let step = step(&case);
        assert_eq!(
            cause(&step),
            made_before(Slot::One, "10d", false, false, Some(Span::hours(24)))
        );
        assert_eq!(step.promise, Promise::Unproven);
        assert_eq!(step.attention, None);
    }
}

fn windowed(case: RuntimeCase) -> RuntimeCase {
    let mut case = case;
    case.spec.windows = vec![Window::new("0 2 * * *", "UTC", Span::hours(1)).unwrap()];
    case
}

#[test]
fn windows_and_freezes_give_way_only_if_the_rule_says_so_and_a_policys_freeze_never() {
    let mut case = windowed(leaked(runtime_aged("40d", "5d"), "10d"));
    let opens = ahead("2h");
    let is_held = |step: &Step, until: Timestamp| matches!(step.verdict, Verdict::Hold { until: Some(at), .. } if at == until);
    assert!(is_held(&step(&case), opens));
    let mut project = project();
    project.freezes = vec![freeze(ago("1h"), ahead("1h"))];
    let frozen = |case: &RuntimeCase, project: &Project| {
        let subject = Subject::Runtime(case.clone());
        plan_at(subject, project, now()).steps.remove(0)
    };
    assert!(is_held(&frozen(&case, &project), opens));
    case.spec.ignore_windows = true;
    let ignoring = made_before(Slot::One, "10d", true, true, None);
    assert_eq!(cause(&step(&case)), ignoring);
    assert_eq!(cause(&frozen(&case, &project)), ignoring);
    assert!(frozen(&case, &project).passes(&project.freezes[0]));
    project.freezes[0].firm = true;
    let held = frozen(&case, &project);
    assert!(is_held(&held, ahead("1h")), "{held:?}");
    assert!(!step(&case).passes(&project.freezes[0]));
}

#[test]
fn what_is_due_by_its_age_alone_does_not_pass_windows_over() {
    let mut case = windowed(leaked(runtime_aged("85d", "40d"), "86d"));
    case.spec.ignore_windows = true;
    let held = step(&case);
    let waits = matches!(
        &held.verdict,
        Verdict::Hold {
            why: Hold::Window { .. },
            ..
        }
    );
    assert!(waits, "{held:?}");
}

#[test]
fn a_leak_is_no_starvation_and_one_that_lies_ahead_is_none() {
    use crate::model::runtime::OnStarvation;
    for starvation in [OnStarvation::Rotate, OnStarvation::Fail] {
        let mut case = windowed(leaked(of_unknown_age(), "10d"));
        case.spec.on_starvation = starvation;
        let held = step(&case);
        let why = matches!(
            &held.verdict,
            Verdict::Hold {
                why: Hold::Window {
                    breaks_limit: false,
                    ..
                },
                ..
            }
        );
        assert!(why && held.attention.is_none(), "{held:?}");
    }
    let mut case = runtime();
    case.spec.born_after = Some(ahead("1s"));
    let kept = step(&case);
    assert_eq!(kept.verdict, Verdict::Keep(Keep::Young));
    assert_eq!(kept.changes_at, Some(ahead("1s")));
}
