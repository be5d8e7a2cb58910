//! Windows, freezes and limits together: when a key goes, and what a hold says.

use proptest::prelude::*;

use super::super::testing::*;
use crate::model::desired::Project;
use crate::model::promise::Promise;
use crate::model::runtime::{OnStarvation, Rotation, Slot};
use crate::model::survey::{RuntimeCase, Subject};
use crate::model::time::{Freeze, Span, Timestamp};
use crate::model::verdict::{Action, Cause, Facts, Haste, Hold, Step, Verdict};
use crate::model::window::Window;

/// It is a Wednesday at midnight; this window opens at 02:00 UTC of the given days of the week.
fn window(days: &str) -> Window {
    Window::new(&format!("0 2 * * {days}"), "UTC", Span::hours(4)).unwrap()
}

fn case(one: &str, two: &str, policy: OnStarvation, windows: Vec<Window>) -> RuntimeCase {
    let mut case = runtime_aged(one, two);
    case.spec.windows = windows;
    case.spec.on_starvation = policy;
    case
}

fn frozen(freezes: &[(&str, &str)]) -> Project {
    let mut project = project();
    let freezes = freezes
        .iter()
        .map(|(from, to)| freeze(ahead(from), ahead(to)));
    project.freezes = freezes.collect();
    project
}

fn step(case: &RuntimeCase, project: &Project, at: Timestamp) -> Step {
    plan_at(Subject::Runtime(case.clone()), project, at)
        .steps
        .remove(0)
}

/// What holds it, until when, and when the verdict changes.
fn held(step: &Step) -> (&Hold, Option<Timestamp>, Option<Timestamp>) {
    match &step.verdict {
        Verdict::Hold { why, until } => (why, *until, step.changes_at),
        other => panic!("{other:?}"),
    }
}

fn acted(step: &Step) -> (Slot, bool, Option<Haste>) {
    match &step.verdict {
        Verdict::Act {
            actions,
            because:
                Cause::KeyDue {
                    outside_window,
                    haste,
                    ..
                },
        } => match actions.first {
            Action::Regenerate { slot, .. } => (slot, *outside_window, haste.clone()),
            _ => panic!("{actions:?}"),
        },
        other => panic!("{other:?}"),
    }
}

const SATURDAY: &str = "3d2h";

#[test]
fn a_window_in_a_freeze_is_no_opening() {
    let wait = case("80d", "20d", OnStarvation::Wait, vec![window("6")]);
    let project = frozen(&[("2d", "4d"), ("4d", "6d")]);
    let hold = step(&wait, &project, now());
    let (why, until, changes) = held(&hold);
    let opens = "Sat 7 Oct 02:00 UTC".to_owned();
    assert_eq!(
        *why,
        Hold::Window {
            slot: Slot::One,
            opens,
            breaks_limit: true
        }
    );
    assert_eq!(until, Some(ahead("10d2h")));
    assert_eq!(changes, Some(ahead("2d")));
    // In the freeze, which ends outside the window: until the true opening, told anew when the freeze ends.
    let hold = step(&wait, &project, ahead("5d"));
    let (why, until, changes) = held(&hold);
    assert!(matches!(why, Hold::Freeze { .. }));
    assert_eq!((until, changes), (Some(ahead("10d2h")), Some(ahead("6d"))));
}

#[test]
fn a_window_that_outlasts_a_freeze_opens_when_that_ends() {
    let wait = case("80d", "20d", OnStarvation::Wait, vec![window("6")]);
    let project = frozen(&[("3d", "3d5h")]);
    let hold = step(&wait, &project, now());
    let (why, until, _) = held(&hold);
    let opens = "Sat 30 Sep 05:00 UTC".to_owned();
    assert_eq!(
        *why,
        Hold::Window {
            slot: Slot::One,
            opens,
            breaks_limit: false
        }
    );
    assert_eq!(until, Some(ahead("3d5h")));
    acted(&step(&wait, &project, ahead("3d5h")));
    // A freeze that begins in the window ends the opening.
    let project = frozen(&[("3d3h", "3d5h")]);
    let act = step(&wait, &project, ahead(SATURDAY));
    acted(&act);
    assert_eq!(act.changes_at, Some(ahead("3d3h")));
}

#[test]
fn rotate_goes_before_a_freeze_in_which_its_window_lies() {
    let rotate = case("80d", "20d", OnStarvation::Rotate, vec![window("6")]);
    let project = frozen(&[("2d", "12d")]);
    let act = step(&rotate, &project, now());
    let until = ahead("12d");
    assert_eq!(
        acted(&act),
        (Slot::One, true, Some(Haste::Freeze { until }))
    );
    assert_eq!(act.changes_at, Some(ahead("2d")));
    let fail = case("80d", "20d", OnStarvation::Fail, vec![window("6")]);
    for at in [now(), ahead("3d")] {
        let hold = step(&fail, &project, at);
        let (why, until, _) = held(&hold);
        let opens = Some("Sat 14 Oct 02:00 UTC".to_owned());
        let slot = Slot::One;
        assert_eq!(*why, Hold::Starved { slot, opens });
        assert_eq!(until, Some(ahead("17d2h")));
        assert!(hold.attention.is_some());
    }
}

#[test]
fn without_windows_a_key_is_due_before_a_freeze_that_outlasts_its_limit() {
    // The limit is reached in 20 days, in the freeze; 14 days before that begins is in three hours.
    let mut rotate = case("70d", "20d", OnStarvation::Rotate, Vec::new());
    let project = frozen(&[("14d3h", "16d"), ("16d", "21d")]);
    let keep = step(&rotate, &project, now());
    assert!(matches!(keep.verdict, Verdict::Keep(_)));
    assert_eq!(keep.changes_at, Some(ahead("3h")));
    let act = step(&rotate, &project, ahead("3h"));
    let until = ahead("21d");
    assert_eq!(
        acted(&act),
        (Slot::One, false, Some(Haste::Freeze { until }))
    );
    // A freeze that ends before the limit leaves time.
    let short = frozen(&[("14d3h", "19d23h")]);
    assert_eq!(step(&rotate, &short, now()).changes_at, Some(ahead("6d")));
    rotate.spec.on_starvation = OnStarvation::Wait;
    assert_eq!(step(&rotate, &project, now()).changes_at, Some(ahead("6d")));
}

#[test]
fn the_first_key_goes_early_enough_for_the_second() {
    let rotate = |one, two| case(one, two, OnStarvation::Rotate, vec![window("6")]);
    // Both limits are reached on Saturday at noon. The first could wait until 02:00, the second could not follow.
    let pair = rotate("86d12h", "86d12h");
    let act = step(&pair, &project(), now());
    let opens = "Sat 30 Sep 02:00 UTC".to_owned();
    assert_eq!(acted(&act), (Slot::One, true, Some(Haste::Twin { opens })));
    assert_eq!(act.changes_at, Some(ahead(SATURDAY)));
    // The second one has time until the Saturday after.
    assert!(matches!(
        held(&step(&rotate("86d12h", "79d"), &project(), now())).0,
        Hold::Window {
            breaks_limit: false,
            ..
        }
    ));
    // Without windows the first one leaves twice the overlap, whatever `rotateBefore` says.
    let mut close = rotate("87d", "87d");
    close.spec.windows = Vec::new();
    close.spec.rotate_before = Span::ZERO;
    assert_eq!(
        step(&close, &project(), now()).changes_at,
        Some(ahead("1d"))
    );
    let act = step(&close, &project(), ahead("1d"));
    assert_eq!(acted(&act), (Slot::One, false, Some(Haste::Overlap)));
    close.spec.on_starvation = OnStarvation::Wait;
    assert_eq!(
        step(&close, &project(), now()).changes_at,
        Some(ahead("3d"))
    );
}

fn rule() -> impl Strategy<Value = RuntimeCase> {
    let windows = prop::collection::vec(
        prop::sample::select(&["6", "*", "2,5"][..]).prop_map(window),
        0..2,
    );
    let policy = prop::sample::select(vec![
        OnStarvation::Wait,
        OnStarvation::Rotate,
        OnStarvation::Fail,
    ]);
    let before = prop::sample::select(vec![9_u64, 14, 2, 0]);
    (60_u64..95 * 4, 0_u64..95 * 4, policy, windows, before).prop_map(
        |(one, two, policy, windows, before)| {
            let hours = |quarters: u64| Span::hours(quarters * 6).to_string();
            let mut case = case(&hours(one), &hours(two), policy, windows);
            case.spec.rotate_before = Span::days(before);
            case
        },
    )
}

fn freezes() -> impl Strategy<Value = Vec<Freeze>> {
    let one = (0_u64..40 * 24, 1_u64..20 * 24).prop_map(|(from, length)| {
        let from = Span::hours(from).after(now());
        freeze(from, Span::hours(length).after(from))
    });
    prop::collection::vec(one, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A second before `changes_at` nothing has changed, and at it something has.
    #[test]
    fn a_verdict_changes_exactly_when_it_says(case in rule(), freezes in freezes(), hour in 0_u64..600) {
        let mut project = project();
        project.freezes = freezes;
        let at = Span::hours(hour).after(now());
        let first = step(&case, &project, at);
        let kind = |step: &Step| {
            let act = match &step.verdict {
                Verdict::Act { actions, because: Cause::KeyDue { outside_window, .. } } => Some((actions.clone(), *outside_window)),
                _ => None,
            };
            let hold = match &step.verdict {
                Verdict::Hold { why, until } => Some((why.clone(), *until)),
                _ => None,
            };
            (act, hold)
        };
        let changes = first.changes_at.unwrap_or(Span::days(200).after(at));
        let before = Span::seconds(1).before(changes);
        prop_assert_eq!(kind(&first), kind(&step(&case, &project, before)));
        let Facts::Runtime(facts) = &first.facts else { panic!("{first:?}") };
        let falls_due = |at| Slot::BOTH.into_iter().any(|slot| facts.slots.get(slot).due_at == Some(at));
        // Where the other key falls due nothing need change.
        if let Some(changes) = first.changes_at.filter(|at| !falls_due(*at)) {
            let then = step(&case, &project, changes);
            prop_assert_ne!((kind(&first), first.promise), (kind(&then), then.promise), "at {}", changes);
        }
        if let Verdict::Hold { until: Some(until), why: Hold::Window { .. } | Hold::Freeze { .. } | Hold::Starved { .. } } = &first.verdict {
            acted(&step(&case, &project, *until));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    /// With `rotate`, a default lead and an apply every three hours, no limit is passed by more than the time between two applies, whatever
    /// windows and freezes there are: a window may open shortly before the limit, and the next apply comes shortly after it.
    #[test]
    fn rotate_keeps_the_limit_of_both_keys(case in rule(), freezes in freezes(), one in 0_u64..38 * 24, two in 0_u64..38 * 24) {
        let mut case = case;
        case.spec.on_starvation = OnStarvation::Rotate;
        case.spec.rotate_before = Span::days(9);
        case.spec.age_max = Span::days(90);
        let mut project = project();
        project.freezes = freezes;
        // It begins in good order: both keys are young.
        case.memory.slots.one.evidence = Some(rotated(Span::hours(one).before(now())));
        case.memory.slots.two.evidence = Some(rotated(Span::hours(two).before(now())));
        let mut at = now();
        for _ in 0..1040 {
            sight(&mut case).at = at;
            let planned = step(&case, &project, at);
            let kept = match planned.promise {
                Promise::Broken { since, .. } => since.is_some_and(|since| Span::between(since, at) < Span::hours(3)),
                Promise::Kept | Promise::Unproven | Promise::Unknown => true,
            };
            prop_assert!(kept, "{} {:?} {:?}", at, planned, case.memory);
            if let Verdict::Act { actions, .. } = &planned.verdict
                && let Action::Regenerate { slot, .. } = actions.first
            {
                case.memory.slots.get_mut(slot).evidence = Some(rotated(at));
                case.memory.rotated(Rotation {
                    slot,
                    sent: at,
                    answered: at,
                });
            }
            at = Span::hours(3).after(at);
        }
    }
}
