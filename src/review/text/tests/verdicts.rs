//! The exact words for every verdict.

use super::*;
use crate::model::job::RunId;
use crate::model::key_service::KeyService;

#[test]
fn every_act_says_why() {
    let slot = Slot::One;
    let due = |at_least, at_most, outside_window| Cause::KeyDue {
        slot,
        age: AgeRange { at_least, at_most },
        limit: Span::days(90),
        outside_window,
        haste: None,
    };
    let opens = || "Tue 1 Jun 2027 02:00 Europe/Paris".to_owned();
    let hasty = |outside_window, haste| Cause::KeyDue {
        slot,
        age: AgeRange {
            at_least: Span::days(80),
            at_most: Some(Span::days(80)),
        },
        limit: Span::days(90),
        outside_window,
        haste: Some(haste),
    };
    let until = at("2026-12-10T00:00:00Z");
    for (because, said) in [
        (
            hasty(
                true,
                Haste::Window {
                    opens: Some(opens()),
                },
            ),
            "80d old, limit 90d; outside its window, which opens too late (Tue 1 Jun 2027 02:00 Europe/Paris)",
        ),
        (
            hasty(true, Haste::Window { opens: None }),
            "80d old, limit 90d; outside its window, which never opens",
        ),
        (
            hasty(true, Haste::Twin { opens: opens() }),
            "80d old, limit 90d; outside its window, since after Tue 1 Jun 2027 02:00 Europe/Paris the other key could not follow within its limit",
        ),
        (
            hasty(true, Haste::Freeze { until }),
            "80d old, limit 90d; outside its window, before the freeze until 2026-12-10 00:00 UTC, which outlasts its limit",
        ),
        (
            hasty(false, Haste::Freeze { until }),
            "80d old, limit 90d; before the freeze until 2026-12-10 00:00 UTC, which outlasts its limit",
        ),
        (
            hasty(false, Haste::Overlap),
            "80d old, limit 90d; early, so that both keys keep their limit",
        ),
        (
            due(Span::days(80), None, false),
            "at least 80d old, limit 90d",
        ),
        (due(Span::ZERO, None, false), "of unknown age, limit 90d"),
        (
            due(Span::ZERO, Some(Span::days(99)), false),
            "at most 99d old, limit 90d",
        ),
        (stale(), "last success 31h ago, wanted within 24h"),
        (
            Cause::Stale {
                age: None,
                limit: Span::hours(24),
                failures: 2,
            },
            "no success found, wanted within 24h, 2 failures",
        ),
        (Cause::NotRunning, "no run is active, and one should be"),
        (Cause::MustNotRun, "no run should be active"),
        (
            Cause::NotSucceededYet { failures: 0 },
            "this content has not succeeded yet",
        ),
    ] {
        let shown = row(act(vec![regenerate()], because));
        assert_eq!(shown.rsplit_once("authKey1   ").unwrap().1, said);
    }
}

/// What the row of a hold says behind its state.
fn said_of(why: Hold) -> String {
    let state = match why.attention() {
        Some(_) => "on hold, needs attention: ",
        None => "on hold: ",
    };
    row(hold(why)).split_once(state).unwrap().1.to_owned()
}

#[test]
fn every_hold_of_a_subject_says_why() {
    let misfit = Trouble {
        kind: TroubleKind::Misfit,
        doing: "find the job".to_owned(),
        message: "two jobs have this name: 5 and 6".to_owned(),
        ids: Box::default(),
    };
    let since = at("2026-11-22T08:59:00Z");
    let action = regenerate;
    for (why, said) in [
        (Hold::Trouble(misfit), "two jobs have this name: 5 and 6"),
        (
            Hold::Busy {
                action: action(),
                since,
                by: None,
            },
            "an apply that began to regenerate authKey1 at 2026-11-22 08:59 UTC may still be running",
        ),
        (
            Hold::Busy {
                action: action(),
                since,
                by: Some("alice on build-7, process 4711".to_owned()),
            },
            "an apply that began to regenerate authKey1 at 2026-11-22 08:59 UTC may still be running (alice on build-7, process 4711)",
        ),
        (
            Hold::Doubt {
                action: action(),
                since,
            },
            "unresolved: it is not known yet whether `regenerate authKey1` of 2026-11-22 08:59 UTC happened",
        ),
        (
            Hold::Freeze {
                reason: "year-end close".to_owned(),
            },
            "frozen: year-end close",
        ),
        (
            Hold::NoKeys {
                why: "linked from another factory: its keys are rotated there".to_owned(),
            },
            "linked from another factory: its keys are rotated there",
        ),
        (
            Hold::Deferred {
                guardrail: "maxRuns.perApply: 1".to_owned(),
            },
            "deferred by maxRuns.perApply: 1",
        ),
    ] {
        assert_eq!(said_of(why), said);
    }
}

#[test]
fn every_hold_of_a_runtime_says_why() {
    let slot = Slot::One;
    for (why, said) in [
        (
            Hold::ForeignRotation { slot },
            "authKey1 was rotated outside afresh while an operation of afresh was unresolved",
        ),
        (
            Hold::AgeUnknown {
                slot,
                age: AgeRange {
                    at_least: Span::ZERO,
                    at_most: None,
                },
            },
            "the age of authKey1 is unknown, and unknownAge is fail",
        ),
        (
            Hold::Starved { slot, opens: None },
            "authKey1 will exceed its limit, its window never opens, and onWindowStarvation is fail",
        ),
        (
            Hold::Overlap {
                slot,
                overlap: Span::hours(24),
            },
            "authKey1 is due, but the other key may be younger than the overlap of 1d",
        ),
    ] {
        assert_eq!(said_of(why), said);
    }
}

#[test]
fn every_hold_of_a_job_says_why() {
    for (why, said) in [
        (
            Hold::ActiveRun { run: RunId(7) },
            "run 7 is active and must end first",
        ),
        (Hold::BackOff { failures: 1 }, "backing off after 1 failure"),
        (
            Hold::UndatedSuccess { run: RunId(7) },
            "cannot judge how fresh it is: run 7 succeeded, and the service tells neither when it started nor when it ended",
        ),
        (
            Hold::GaveUp { failures: 5 },
            "given up after 5 failures; any successful run resets the count",
        ),
        (
            Hold::QueuedRun {
                run: RunId(7),
                queued: Some(Span::days(10)),
            },
            "waiting for run 7, queued for 10d",
        ),
        (
            Hold::QueuedRun {
                run: RunId(7),
                queued: None,
            },
            "waiting for run 7, which is queued",
        ),
        (
            Hold::PauseFirst,
            "a continuous job restarts itself: pause it in its settings",
        ),
        (
            Hold::UnpauseFirst,
            "a continuous job that is paused: unpause it in its settings",
        ),
        (
            Hold::RestartsItself,
            "a continuous job between two runs: it restarts itself",
        ),
        (
            Hold::RunsForbidden,
            "its settings allow no runs (max_concurrent_runs is 0)",
        ),
    ] {
        assert_eq!(said_of(why), said);
    }
}

#[test]
fn a_hold_has_its_end_and_a_keep_its_warning() {
    let until = Verdict::Hold {
        why: Hold::BackOff { failures: 2 },
        until: Some(at("2026-11-22T10:00:00Z")),
    };
    assert!(
        row(until).ends_with("on hold until 2026-11-22 10:00 UTC: backing off after 2 failures")
    );
    let warned = Keep::Fresh {
        age: Span::hours(21),
        warn: true,
    };
    assert!(
        row(Verdict::Keep(warned))
            .ends_with("up to date: last success 21h ago, older than warnAfter")
    );
}

#[test]
fn every_piece_of_evidence_has_its_sentence() {
    let (a, b) = (at("2026-08-17T03:12:00Z"), at("2026-09-01T00:00:00Z"));
    for (evidence, said) in [
        (
            Evidence::Rotated {
                sent: a,
                answered: a,
            },
            "rotated by afresh 2026-08-17 03:12 UTC",
        ),
        (
            Evidence::Changed { after: a, by: b },
            "changed between 2026-08-17 03:12 UTC and 2026-09-01 00:00 UTC",
        ),
        (
            Evidence::FirstSeen { at: a },
            "first seen 2026-08-17 03:12 UTC",
        ),
        (
            Evidence::RuntimeCreated { at: a },
            "runtime created 2026-08-17 03:12 UTC",
        ),
        (
            Evidence::LogSilent { since: a, until: b },
            "no regeneration in the Activity Log since 2026-08-17 03:12 UTC",
        ),
        (
            Evidence::LogEvents {
                known: None,
                newest: a,
                until: b,
            },
            "a regeneration at 2026-08-17 03:12 UTC may have been of this key",
        ),
        (
            Evidence::Declared { at: a },
            "declared: made 2026-08-17 03:12 UTC",
        ),
    ] {
        assert_eq!(words::evidence(&evidence, KeyService::DataFactory), said);
    }
}

#[test]
fn a_promise_that_is_not_kept_says_so_whatever_is_done() {
    let broken = |part| Promise::Broken {
        since: Some(at("2026-11-22T08:00:00Z")),
        part,
    };
    let since = "broken since 2026-11-22 08:00 UTC";
    let either = "one of the two keys is older than 90d (nobody can tell which)";
    let shown = |verdict: Verdict, promise| {
        let step = Step {
            promise,
            facts: Facts::Runtime(Box::new(runtime_facts())),
            ..step("a/b", verdict)
        };
        sentence::sentence(&step)
    };
    let keep = || Verdict::Keep(Keep::Young);
    let due = || rotation("a/b").verdict;
    for (verdict, promise, said) in [
        (keep(), Promise::Kept, "up to date: no key is due".to_owned()),
        (
            keep(),
            Promise::Unproven,
            "up to date, promise unproven: no key is due".to_owned(),
        ),
        (keep(), broken(BrokenPart::EitherKey), format!("{since}: {either}")),
        (
            due(),
            broken(BrokenPart::Key(Slot::One)),
            format!("regenerate authKey1: 97d old, limit 90d; {since}"),
        ),
        (
            due(),
            broken(BrokenPart::Key(Slot::Two)),
            format!("regenerate authKey1: 97d old, limit 90d; {since} (authKey2)"),
        ),
        (
            due(),
            broken(BrokenPart::BothKeys),
            format!("regenerate authKey1: 97d old, limit 90d; {since} (both keys)"),
        ),
        (
            due(),
            broken(BrokenPart::EitherKey),
            format!("regenerate authKey1: 97d old, limit 90d; {either}; {since}"),
        ),
        (
            hold(Hold::ActiveRun { run: RunId(7) }),
            broken(BrokenPart::Whole),
            format!("on hold, {since}: run 7 is active and must end first"),
        ),
        (
            hold(Hold::GaveUp { failures: 5 }),
            Promise::Unknown,
            "on hold, promise unknown: given up after 5 failures; any successful run resets the count".to_owned(),
        ),
    ] {
        // Attention is the planner's word; it is tested beside it.
        assert_eq!(
            shown(verdict, promise).replace(", needs attention", ""),
            said
        );
    }
}

#[test]
fn a_hold_that_outlasts_its_promise_says_when_it_breaks() {
    let breaks_at = Some(at("2026-11-25T09:00:00Z"));
    let note = ", breaks at 2026-11-25 09:00 UTC: ";
    let action = regenerate();
    let since = now();
    let slot = Slot::One;
    for why in [
        Hold::ActiveRun { run: RunId(7) },
        Hold::BackOff { failures: 2 },
        Hold::Freeze {
            reason: "close".to_owned(),
        },
        Hold::Overlap {
            slot,
            overlap: Span::days(1),
        },
        Hold::Deferred {
            guardrail: "maxRuns".to_owned(),
        },
        Hold::Doubt { action, since },
    ] {
        for (until, outlasts) in [
            (None, true),
            (Some(at("2026-11-25T09:00:00Z")), true),
            (Some(at("2026-12-01T09:00:00Z")), true),
            (Some(at("2026-11-25T08:59:00Z")), false),
        ] {
            let why = why.clone();
            let verdict = Verdict::Hold { why, until };
            let one = Step {
                breaks_at,
                ..step("a/b", verdict)
            };
            let said = sentence::sentence(&one);
            assert_eq!(said.contains(note), outlasts, "{said}");
        }
    }
    let window = Verdict::Hold {
        why: Hold::Window {
            slot,
            opens: "Sat 28 Nov 02:00 Europe/Paris".to_owned(),
            breaks_limit: true,
        },
        until: Some(at("2026-11-28T01:00:00Z")),
    };
    let one = Step {
        breaks_at,
        facts: Facts::Runtime(Box::new(runtime_facts())),
        ..step("a/b", window)
    };
    assert_eq!(
        sentence::sentence(&one),
        "on hold until Sat 28 Nov 02:00 Europe/Paris, breaks at 2026-11-25 09:00 UTC: authKey1 is due, outside its window; it will exceed 90d before the window opens"
    );
}
