//! Keys: every verdict, and the instants at which it turns.

use super::super::testing::*;
use crate::model::birth::Evidence;
use crate::model::joint::Correction;
use crate::model::promise::Attention;
use crate::model::runtime::{
    Declaration, KeySight, LogSight, OnStarvation, OwnKeys, PerSlot, Regeneration, Slot,
    SlotMemory, UnknownAge,
};
use crate::model::survey::{Looked, RuntimeCase, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{
    Action, Cause, Facts, Hold, Keep, OutsideChange, Presumed, Receipt, Settled, Step, Verdict,
};
use crate::model::window::Window;

fn verdict(case: &RuntimeCase) -> Verdict {
    decide(Subject::Runtime(case.clone())).verdict
}

fn held(case: &RuntimeCase) -> (Hold, Option<Timestamp>) {
    match verdict(case) {
        Verdict::Hold { why, until } => (why, until),
        other => panic!("not a hold: {other:?}"),
    }
}

fn acted(step: &Step) -> (Action, Cause) {
    match &step.verdict {
        Verdict::Act { actions, because } => (actions.first.clone(), because.clone()),
        other => panic!("not an act: {other:?}"),
    }
}

#[test]
fn a_key_is_due_exactly_at_its_due_age() {
    let case = runtime_aged("75d23h59m59s", "20d");
    let step = decide(Subject::Runtime(case.clone()));
    assert_eq!(step.verdict, Verdict::Keep(Keep::Young));
    assert_eq!(step.changes_at, Some(ahead("1s")));
    let (action, because) = acted(&decide_at(Subject::Runtime(case), ahead("1s")));
    assert_eq!(action, regenerate(Slot::One, 'a', 'b'));
    assert!(matches!(
        because,
        Cause::KeyDue {
            slot: Slot::One,
            outside_window: false,
            ..
        }
    ));
}

#[test]
fn of_two_due_keys_the_older_goes_first_and_of_equals_the_first() {
    for (one, two, first) in [("80d", "85d", Slot::Two), ("80d", "80d", Slot::One)] {
        let (action, _) = acted(&decide(Subject::Runtime(runtime_aged(one, two))));
        assert!(matches!(action, Action::Regenerate { slot, .. } if slot == first));
    }
}

#[test]
fn the_twin_waits_until_the_overlap_is_proved() {
    let case = runtime_aged("80d", "23h59m59s");
    let overlap = Hold::Overlap {
        slot: Slot::One,
        overlap: Span::hours(24),
    };
    assert_eq!(held(&case), (overlap, Some(ahead("1s"))));
    acted(&decide_at(Subject::Runtime(case), ahead("1s")));
}

#[test]
fn jitter_makes_a_key_due_earlier_and_never_later() {
    let mut case = runtime_aged("75d", "20d");
    case.spec.jitter = Span::days(1);
    let share = super::super::jitter_share(&case.target.identity(), case.spec.jitter);
    assert!(share < case.spec.jitter && share > Span::ZERO);
    let step = decide(Subject::Runtime(case));
    assert_eq!(step.changes_at, Some(share.before(ahead("1d"))));
}

#[test]
fn an_unknown_age_is_adopted_rotated_or_refused() {
    let mut case = runtime_aged("20d", "20d");
    case.memory.slots.one = crate::model::runtime::SlotMemory::default();
    assert_eq!(verdict(&case), Verdict::Keep(Keep::Young));
    case.spec.unknown_age = UnknownAge::Rotate;
    acted(&decide(Subject::Runtime(case.clone())));
    case.spec.unknown_age = UnknownAge::Fail;
    let (why, until) = held(&case);
    assert!(matches!(
        why,
        Hold::AgeUnknown {
            slot: Slot::One,
            ..
        }
    ));
    // By then the other key is due, whose age is known.
    assert_eq!(until, Some(ahead("56d")));
}

#[test]
fn a_changed_key_forgets_what_was_known_of_the_old_one() {
    let mut case = runtime_aged("85d", "20d");
    case.memory.slots.one.declared = Some(Declaration {
        born: ago("300d"),
        said: ago("2d"),
    });
    sight(&mut case).keys = keys('c', 'b');
    assert_eq!(verdict(&case), Verdict::Keep(Keep::Young));
}

#[test]
fn without_a_look_and_without_a_log_a_key_may_be_younger_than_remembered() {
    let mut case = runtime_aged("85d", "20d");
    sight(&mut case).keys = KeySight::Refused(trouble());
    // It is 85 days old or any younger, and nothing will ever tell: that is no key in order.
    assert_eq!(held(&case), (Hold::Trouble(trouble()), None));
    sight(&mut case).log = crate::model::runtime::LogSight::Read {
        since: ago("90d"),
        until: now(),
        events: Vec::new(),
    };
    // Nor does a silent log while nobody tells when the runtime was made: it may have been deleted and made anew, which no log tells.
    assert_eq!(held(&case), (Hold::Trouble(trouble()), None));
    sight(&mut case).created = Some(ago("400d"));
    let (action, _) = acted(&decide(Subject::Runtime(case)));
    assert_eq!(action, regenerate(Slot::One, 'a', 'b'));
}

#[test]
fn keys_that_may_not_be_seen_are_in_order_only_while_evidence_says_so() {
    let mut case = runtime_aged("20d", "20d");
    sight(&mut case).keys = KeySight::Refused(trouble());
    let step = decide(Subject::Runtime(case.clone()));
    assert_eq!(step.verdict, Verdict::Keep(Keep::Young));
    assert_eq!(step.changes_at, Some(ahead("56d")));
    let later = decide_at(Subject::Runtime(case.clone()), ahead("56d"));
    assert!(matches!(
        later.verdict,
        Verdict::Hold {
            why: Hold::Trouble(_),
            ..
        }
    ));
    // A log that is silent covers the last 90 days at every plan: a limit beyond them would never be reached.
    case.memory = crate::model::runtime::RuntimeMemory::default();
    sight(&mut case).created = Some(ago("400d"));
    case.spec.age_max = Span::days(180);
    sight(&mut case).log = crate::model::runtime::LogSight::Read {
        since: ago("90d"),
        until: now(),
        events: Vec::new(),
    };
    assert_eq!(held(&case), (Hold::Trouble(trouble()), None));
}

#[test]
fn keys_that_were_never_shown_are_presumed_unseen() {
    let mut case = runtime_aged("85d", "20d");
    case.memory = crate::model::runtime::RuntimeMemory::default();
    sight(&mut case).created = Some(ago("400d"));
    sight(&mut case).keys = KeySight::Refused(trouble());
    sight(&mut case).log = crate::model::runtime::LogSight::Read {
        since: ago("90d"),
        until: now(),
        events: Vec::new(),
    };
    let (action, _) = acted(&decide(Subject::Runtime(case)));
    assert!(matches!(
        action,
        Action::Regenerate {
            replacing: Presumed::Unseen,
            ..
        }
    ));
}

#[test]
fn a_window_is_waited_for_unless_the_limit_would_break() {
    let mut case = runtime_aged("80d", "20d");
    case.spec.windows = vec![Window::new("0 2 * * *", "UTC", Span::hours(4)).unwrap()];
    let opens = Some(ahead("2h"));
    let breaks = |case: &RuntimeCase| match held(case) {
        (Hold::Window { breaks_limit, .. }, until) => (breaks_limit, until),
        other => panic!("{other:?}"),
    };
    assert_eq!(breaks(&case), (false, opens));
    case.memory.slots.one.evidence = Some(rotated(ago("89d22h")));
    assert_eq!(breaks(&case), (true, opens));
    case.spec.on_starvation = OnStarvation::Fail;
    assert!(matches!(held(&case), (Hold::Starved { .. }, until) if until == opens));
    case.spec.on_starvation = OnStarvation::Rotate;
    let step = decide(Subject::Runtime(case.clone()));
    assert!(matches!(
        acted(&step).1,
        Cause::KeyDue {
            outside_window: true,
            ..
        }
    ));
    let inside = decide_at(Subject::Runtime(case), ahead("2h"));
    assert!(matches!(
        acted(&inside).1,
        Cause::KeyDue {
            outside_window: false,
            ..
        }
    ));
    assert_eq!(inside.changes_at, Some(ahead("6h")));
}

#[test]
fn a_freeze_beats_everything_until_the_last_one_that_meets_it_ends() {
    let mut project = project();
    project.freezes = vec![
        freeze(ahead("1d"), ahead("2d")),
        freeze(ago("1d"), ahead("1d")),
    ];
    let plan = plan_at(
        Subject::Runtime(runtime_aged("95d", "20d")),
        &project,
        now(),
    );
    let reason = "year-end close".to_owned();
    let until = Some(ahead("2d"));
    assert_eq!(
        plan.steps[0].verdict,
        Verdict::Hold {
            why: Hold::Freeze { reason },
            until
        }
    );
}

#[test]
fn what_has_no_keys_or_was_not_seen_is_held() {
    let mut case = runtime_aged("95d", "20d");
    sight(&mut case).kind = OwnKeys::Linked;
    assert!(matches!(held(&case).0, Hold::NoKeys { .. }));
    case.sight = Looked::Failed(trouble());
    assert_eq!(held(&case).0, Hold::Trouble(trouble()));
    case.sight = Looked::NotAsked;
    acted(&decide(Subject::Runtime(case.clone())));
    case.memory = crate::model::runtime::RuntimeMemory::default();
    assert!(matches!(held(&case).0, Hold::Trouble(_)));
}

#[test]
fn a_doubt_is_settled_by_the_fingerprint() {
    let doubted = |age: &str, keys| {
        let mut case = runtime_aged("95d", "20d");
        case.doubts = vec![doubt(regenerate(Slot::One, 'a', 'b'), age)];
        sight(&mut case).keys = keys;
        decide(Subject::Runtime(case))
    };
    let busy = doubted("1m59s", keys('a', 'b'));
    assert!(
        matches!(&busy.verdict, Verdict::Hold { why: Hold::Busy { .. }, until } if *until == Some(ahead("1s")))
    );
    // By the service's clock the look was a second too early to prove anything.
    let mut case = runtime_aged("95d", "20d");
    case.doubts = vec![doubt(regenerate(Slot::One, 'a', 'b'), "2m")];
    sight(&mut case).at = ago("1s");
    let early = decide(Subject::Runtime(case));
    assert!(matches!(
        &early.verdict,
        Verdict::Hold {
            why: Hold::Doubt { .. },
            ..
        }
    ));
    let undone = doubted("2m", keys('a', 'b'));
    assert_eq!(undone.settlements[0].settled, Settled::NotDone);
    assert_eq!(acted(&undone).0, regenerate(Slot::One, 'a', 'b'));
    let done = doubted("2m", keys('c', 'b'));
    assert_eq!(done.verdict, Verdict::Keep(Keep::Young));
    assert!(
        matches!(&done.settlements[0].settled, Settled::Done(Receipt::Regenerated { fingerprint, .. }) if *fingerprint == key('c'))
    );
    let foreign = doubted("2m", keys('a', 'd'));
    assert!(foreign.settlements.is_empty());
    assert!(matches!(
        foreign.verdict,
        Verdict::Hold {
            why: Hold::ForeignRotation { slot: Slot::Two },
            ..
        }
    ));
}

/// A storage account tells when it made its keys: what the key and that time say has to be the same.
#[test]
fn a_doubt_stays_where_the_key_and_its_time_say_different_things() {
    let doubted = |shown: char, made: &str| {
        let mut case = account("95d", "20d");
        case.doubts = vec![doubt(regenerate(Slot::One, 'a', 'b'), "10m")];
        let seen = sight(&mut case);
        (seen.keys, seen.told.one) = (keys(shown, 'b'), Some(ago(made)));
        let step = decide(Subject::Runtime(case));
        step.settlements.first().map(|found| found.settled.clone())
    };
    assert!(matches!(doubted('c', "10m"), Some(Settled::Done(_))));
    assert_eq!(doubted('a', "95d"), Some(Settled::NotDone));
    assert_eq!(doubted('c', "95d"), None, "another key, and an old one");
    assert_eq!(doubted('a', "1m"), None, "the same key, and a new one");
    // So near to the operation two clocks may differ: the key tells.
    assert_eq!(doubted('a', "11m"), Some(Settled::NotDone));
}

#[test]
fn keys_that_were_not_shown_are_presumed_by_the_time_that_is_told() {
    let case = account("95d", "20d");
    let action = acted(&decide(Subject::Runtime(case.clone()))).0;
    let (replacing, beside) = (ago("95d"), ago("20d"));
    let by_time = Action::Regenerate {
        slot: Slot::One,
        replacing: Presumed::Made(replacing),
        beside: Presumed::Made(beside),
    };
    assert_eq!(action, by_time);
    // The ledger knows the fingerprint of the very key.
    let mut known = case;
    known.memory.slots.one = SlotMemory {
        fingerprint: Some(key('a')),
        last_seen: Some(ago("1d")),
        evidence: Some(Evidence::Told { at: replacing }),
        ..SlotMemory::default()
    };
    let action = acted(&decide(Subject::Runtime(known))).0;
    let by_key = Action::Regenerate {
        slot: Slot::One,
        replacing: Presumed::Key(key('a')),
        beside: Presumed::Made(beside),
    };
    assert_eq!(action, by_key);
}

#[test]
fn an_account_that_takes_no_key_promises_nothing() {
    let mut case = account("95d", "20d");
    sight(&mut case).kind = OwnKeys::Disabled;
    assert!(matches!(held(&case).0, Hold::NoKeys { .. }));
}

/// An intent is dated by our own clock, which may be ahead of the service's by as much as is still taken for right.
#[test]
fn a_rotation_in_doubt_began_before_it_was_seen_whatever_our_clock_said() {
    let mut case = runtime_aged("95d", "20d");
    let mut ahead_of_us = doubt(regenerate(Slot::One, 'a', 'b'), "2m");
    ahead_of_us.at = ahead("2m");
    case.doubts = vec![ahead_of_us];
    sight(&mut case).keys = keys('c', 'b');
    let step = decide(Subject::Runtime(case));
    let Settled::Done(Receipt::Regenerated { sent, answered, .. }) = &step.settlements[0].settled
    else {
        panic!("not done: {step:?}")
    };
    assert!(*sent <= ago("3m") && sent <= answered, "{sent} {answered}");
    assert_eq!(step.verdict, Verdict::Keep(Keep::Young));
}

#[test]
fn one_of_two_keys_that_is_due_is_told_before_its_limit() {
    let first_seen = |letter: char| SlotMemory {
        fingerprint: Some(key(letter)),
        last_seen: Some(now()),
        evidence: Some(Evidence::FirstSeen { at: now() }),
        ..SlotMemory::default()
    };
    let judged = |created: &str| {
        let mut case = runtime();
        case.memory.slots.one = first_seen('a');
        case.memory.slots.two = first_seen('b');
        sight(&mut case).created = Some(ago(created));
        sight(&mut case).log = LogSight::Read {
            since: ago("90d"),
            until: now(),
            events: vec![Regeneration {
                at: ago("30d"),
                slot: None,
                by: None,
            }],
        };
        decide(Subject::Runtime(case))
    };
    let limit = Span::days(90);
    let held = |step: &Step| match &step.verdict {
        Verdict::Hold { why, until: None } => why.clone(),
        other => panic!("not such a hold: {other:?}"),
    };
    let young = judged("75d");
    assert_eq!(young.verdict, Verdict::Keep(Keep::Young));
    assert_eq!(young.changes_at, Some(ahead("1d")));
    let due = judged("76d");
    assert_eq!(held(&due), Hold::EitherKeyDue { limit });
    assert_eq!(due.attention, Some(Attention::Unattributed));
    assert_eq!(due.changes_at, Some(ahead("14d")));
    assert_eq!(held(&judged("90d")), Hold::EitherKeyTooOld { limit });
}

fn outside(case: &RuntimeCase) -> Vec<OutsideChange> {
    match decide(Subject::Runtime(case.clone())).facts {
        Facts::Runtime(facts) => facts.outside,
        other => panic!("not of keys: {other:?}"),
    }
}

/// Whether the keys are shown, or only dated: what was created after the last look was not regenerated.
#[test]
fn what_was_created_anew_is_told_as_that() {
    let mut shown = runtime_aged("40d", "20d");
    sight(&mut shown).keys = keys('c', 'd');
    let mut dated = account("12h", "12h");
    for slot in Slot::BOTH {
        dated.memory.slots.get_mut(slot).last_seen = Some(ago("1d"));
    }
    for mut case in [shown, dated] {
        sight(&mut case).created = Some(ago("1d"));
        let regenerated = outside(&case);
        assert!(
            matches!(
                regenerated[..],
                [
                    OutsideChange::Rotated {
                        slot: Slot::One,
                        ..
                    },
                    OutsideChange::Rotated {
                        slot: Slot::Two,
                        ..
                    }
                ]
            ),
            "{regenerated:?}"
        );
        let at = ago("23h59m59s");
        sight(&mut case).created = Some(at);
        assert_eq!(outside(&case), [OutsideChange::CreatedAnew { at }]);
        // Recorded, it is news only where the keys are shown that nobody saw before.
        case.memory.created = Some(at);
        let is_shown = matches!(sight(&mut case).keys, KeySight::Shown(_));
        sight(&mut case).told = PerSlot::default();
        let news = is_shown.then_some(OutsideChange::CreatedAnew { at });
        assert_eq!(outside(&case), Vec::from_iter(news));
        // Who never saw its keys cannot tell that they are others.
        case.memory = crate::model::runtime::RuntimeMemory::default();
        assert_eq!(outside(&case), []);
    }
}

#[test]
fn a_time_that_is_yet_to_come_is_told_as_not_believed() {
    let mut case = account("40d", "20d");
    let at = ahead("30d");
    let seen = sight(&mut case);
    seen.told.two = None;
    seen.told_ahead.two = Some(at);
    let Facts::Runtime(facts) = decide(Subject::Runtime(case)).facts else {
        panic!("it has keys")
    };
    let slot = Slot::Two;
    assert_eq!(facts.corrected, [Correction::Ahead { slot, at }]);
}
