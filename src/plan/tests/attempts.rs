//! Jobs: which successes and attempts count, whoever remembers them, and whether the promise holds.

use std::collections::BTreeSet;

use super::super::testing::*;
use crate::model::job::{
    ActivePhase, Concurrency, Counting, JobMemory, Phase, Requirement, Run, RunId, RunResult,
    Trigger,
};
use crate::model::promise::{Attention, BrokenPart, Promise};
use crate::model::survey::{JobCase, Looked, Subject};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Action, Cause, Facts, Hold, JobFacts, Keep, Settled, Step, Verdict};

fn step(case: &JobCase) -> Step {
    decide(Subject::Job(case.clone()))
}

fn hold(case: &JobCase) -> Hold {
    match step(case).verdict {
        Verdict::Hold { why, .. } => why,
        other => panic!("not a hold: {other:?}"),
    }
}

fn cause(case: &JobCase) -> Cause {
    match step(case).verdict {
        Verdict::Act { because, .. } => because,
        other => panic!("not an act: {other:?}"),
    }
}

fn facts(case: &JobCase) -> JobFacts {
    match step(case).facts {
        Facts::Job(facts) => *facts,
        other => panic!("not of a job: {other:?}"),
    }
}

fn broken(since: Option<Timestamp>) -> Promise {
    Promise::Broken {
        since,
        part: BrokenPart::Whole,
    }
}

fn never_ran(id: i64, end: &str) -> Run {
    let word = "MAXIMUM_CONCURRENT_RUNS_REACHED".to_owned();
    ended(id, end, RunResult::NeverRan(word))
}

/// Three attempts of an hour of back-off at most; the last success was 9 days ago, and lists reach back for 7.
fn long_given_up() -> JobCase {
    let mut case = job();
    case.spec.retry.attempts_max = 3;
    sight(&mut case).ended.clear();
    case.memory = JobMemory {
        last_success: Some((RunId(1), ago("9d"), RunResult::Success)),
        last_success_for: Some("asks-1".to_owned()),
        failures: vec![
            known_failure(RunId(2), "8d12h"),
            known_failure(RunId(3), "8d10h"),
        ],
        last_start: Some(own_start(RunId(4), "8d8h")),
        ..JobMemory::default()
    };
    case
}

#[test]
fn given_up_stays_given_up_whatever_lists_still_show() {
    let case = long_given_up();
    assert_eq!(hold(&case), Hold::GaveUp { failures: 3 });
    let told = facts(&case);
    assert_eq!(
        (told.failures.len(), told.lost.clone(), told.failed()),
        (2, vec![(RunId(4), ago("8d8h"))], 3)
    );
    assert_eq!(step(&case).attention, Some(Attention::GivenUp));
    // The run is found by its id, and counts once.
    let mut found = case.clone();
    sight(&mut found).ended = vec![
        ended(4, "8d7h", RunResult::Failed),
        ended(3, "8d10h", RunResult::Failed),
    ];
    assert_eq!(hold(&found), Hold::GaveUp { failures: 3 });
    assert_eq!(facts(&found).lost, []);
}

#[test]
fn every_start_that_nobody_shows_any_more_was_an_attempt() {
    let mut case = long_given_up();
    case.memory.failures.clear();
    case.memory.open_starts = vec![own_start(RunId(2), "8d12h"), own_start(RunId(3), "8d10h")];
    assert_eq!(hold(&case), Hold::GaveUp { failures: 3 });
    let lost = [(4, "8d8h"), (3, "8d10h"), (2, "8d12h")];
    assert_eq!(
        facts(&case).lost,
        lost.map(|(run, at)| (RunId(run), ago(at)))
    );
    // A run that a list still shows is not lost, and counts once.
    sight(&mut case).ended = vec![ended(3, "8d9h", RunResult::Failed)];
    let told = facts(&case);
    assert_eq!(
        (told.lost.len(), told.failures.len(), told.failed()),
        (2, 1, 3)
    );
    // What was started for another rule, or before a person had it tried anew, was none for this one.
    case.memory.open_starts[0].rule = Some("rule-2".to_owned());
    assert_eq!(facts(&case).failed(), 2);
    case.memory.forgiven_at = Some(ago("8d9h"));
    assert_eq!(facts(&case).failed(), 1);
}

#[test]
fn a_success_another_rule_or_a_person_lets_it_try_again() {
    let mut succeeded = long_given_up();
    sight(&mut succeeded).ended = vec![ended(9, "25h", RunResult::Success)];
    assert!(matches!(
        cause(&succeeded),
        Cause::Stale { failures: 0, .. }
    ));
    let mut changed = long_given_up();
    changed.spec.digest = "rule-2".to_owned();
    assert!(matches!(cause(&changed), Cause::Stale { failures: 0, .. }));
    // Also where a list shows the attempts at the former rule.
    sight(&mut changed).ended = vec![
        ended(4, "8d7h", RunResult::Failed),
        ended(3, "8d10h", RunResult::Failed),
    ];
    assert!(matches!(cause(&changed), Cause::Stale { failures: 0, .. }));
    let mut forgiven = changed;
    forgiven.spec.digest = "rule-1".to_owned();
    forgiven.memory.failures.clear();
    forgiven.memory.forgiven_at = Some(ago("1d"));
    assert!(matches!(cause(&forgiven), Cause::Stale { failures: 0, .. }));
    forgiven.memory.forgiven = BTreeSet::from([RunId(6)]);
    sight(&mut forgiven).ended = vec![untold(6, RunResult::Failed), untold(5, RunResult::Failed)];
    assert!(matches!(cause(&forgiven), Cause::Stale { failures: 1, .. }));
}

#[test]
fn an_old_ledger_that_tells_no_rule_counts_for_any() {
    let mut case = long_given_up();
    for failure in &mut case.memory.failures {
        failure.rule = None;
    }
    case.spec.digest = "rule-2".to_owned();
    case.memory.last_start = None;
    assert!(matches!(cause(&case), Cause::Stale { failures: 2, .. }));
}

#[test]
fn a_run_that_is_being_repaired_is_no_failure_and_holds_the_next() {
    let mut case = long_given_up();
    sight(&mut case).active = vec![active(3, "8d11h")];
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(3) });
    assert_eq!(facts(&case).failures.len(), 1);
}

#[test]
fn firings_that_were_skipped_or_displaced_are_no_failures() {
    let mut case = stale_job();
    let skipped = ["80m", "110m", "140m", "170m"];
    let skipped = (3..).zip(skipped).map(|(id, end)| never_ran(id, end));
    sight(&mut case).ended.splice(
        0..0,
        [ended(2, "20m", RunResult::Failed)]
            .into_iter()
            .chain(skipped),
    );
    assert!(matches!(cause(&case), Cause::Stale { failures: 1, .. }));
    // Afresh cancelled a run of others, to start its own in its place.
    sight(&mut case)
        .ended
        .insert(0, ended(8, "1h", RunResult::Canceled));
    assert_eq!(facts(&case).failed(), 2);
    case.memory.cancelled.insert(RunId(8), ago("61m"));
    assert_eq!(facts(&case).failed(), 1);
}

#[test]
fn a_success_with_other_parameters_does_not_count_and_neither_does_such_a_failure() {
    let mut case = stale_job();
    let backfill = with_parameter(
        ended(5, "2h", RunResult::Success),
        "day",
        "today",
        "2019-01-01",
    );
    let failed = with_parameter(
        ended(4, "3h", RunResult::Failed),
        "day",
        "today",
        "2018-01-01",
    );
    sight(&mut case).ended.splice(0..0, [backfill, failed]);
    assert!(matches!(cause(&case), Cause::Stale { failures: 0, .. }));
    let told = facts(&case);
    assert_eq!(told.dismissed.len(), 1);
    assert_eq!(
        (told.dismissed[0].run, told.dismissed[0].why.as_str()),
        (RunId(5), "day=2019-01-01")
    );
    assert_eq!(step(&case).promise, broken(Some(ago("7h"))));
    case.spec.counts = Counting::Any;
    assert!(matches!(
        step(&case).verdict,
        Verdict::Keep(Keep::Fresh { .. })
    ));
    assert_eq!(facts(&case).dismissed, []);
    // What the ledger knows was an answer to another question.
    let mut other = job();
    other.sight = Looked::NotAsked;
    other.memory.last_success = Some((RunId(1), ago("2h"), RunResult::Success));
    other.memory.last_success_for = Some("asks-2".to_owned());
    assert!(matches!(hold(&other), Hold::Trouble(_)));
    assert_eq!(step(&other).promise, Promise::Unknown);
}

#[test]
fn parameters_that_nobody_tells_count_and_that_is_said() {
    let mut case = job();
    assert!(!facts(&case).untold, "a job without parameters");
    case.spec
        .parameters
        .insert("day".to_owned(), "today".into());
    assert!(matches!(
        step(&case).verdict,
        Verdict::Keep(Keep::Fresh { .. })
    ));
    assert!(facts(&case).untold);
    sight(&mut case).ended = vec![with_parameter(
        ended(1, "2h", RunResult::Success),
        "day",
        "today",
        "today",
    )];
    assert!(!facts(&case).untold);
}

#[test]
fn a_schedule_whose_runs_do_not_count_is_told() {
    let mut case = job();
    case.spec
        .parameters
        .insert("day".to_owned(), "yesterday".into());
    let seen = sight(&mut case);
    seen.parameters.insert("day".to_owned(), "today".to_owned());
    seen.trigger = Trigger::Cron {
        quartz: "0 0 2 * * ?".to_owned(),
        zone: "UTC".to_owned(),
    };
    let told = facts(&case);
    assert_eq!(
        told.unsuited.as_deref(),
        Some("day is today by default, and the rule asks for yesterday")
    );
    assert_eq!(told.firing.unwrap().next, Some(ahead("2h")));
    sight(&mut case).trigger = Trigger::Paused;
    assert_eq!(facts(&case).unsuited, None);
}

#[test]
fn a_run_is_due_in_time_while_the_promise_is_kept() {
    let mut case = job();
    case.spec.require = Requirement::Succeeded {
        start_after: Some(Span::hours(22)),
        warn_after: None,
        error_after: Span::hours(24),
    };
    sight(&mut case).ended = vec![ended(1, "21h59m59s", RunResult::Success)];
    let fresh = step(&case);
    assert!(matches!(fresh.verdict, Verdict::Keep(Keep::Fresh { .. })));
    assert_eq!(fresh.changes_at, Some(ahead("1s")));
    let due = decide_at(Subject::Job(case.clone()), ahead("1s"));
    assert!(matches!(
        due.verdict,
        Verdict::Act {
            because: Cause::Ageing { failures: 0, .. },
            ..
        }
    ));
    assert_eq!(
        (due.promise, due.breaks_at),
        (Promise::Kept, Some(ahead("2h1s")))
    );
    assert_eq!(due.changes_at, Some(ahead("2h1s")));
    let late = decide_at(Subject::Job(case.clone()), ahead("2h1s"));
    assert!(matches!(
        late.verdict,
        Verdict::Act {
            because: Cause::Stale { .. },
            ..
        }
    ));
    assert_eq!(late.promise, broken(Some(ahead("2h1s"))));
    // Held by its back-off, it says when the promise breaks all the same.
    sight(&mut case).ended = vec![
        ended(2, "5m", RunResult::Failed),
        ended(1, "23h", RunResult::Success),
    ];
    let held = step(&case);
    assert_eq!(
        held.verdict,
        Verdict::Hold {
            why: Hold::BackOff { failures: 1 },
            until: Some(ahead("10m"))
        }
    );
    assert_eq!(
        (held.promise, held.breaks_at),
        (Promise::Kept, Some(ahead("1h")))
    );
}

#[test]
fn a_run_that_is_in_the_way_for_longer_than_the_promise_allows_needs_a_person() {
    let mut case = stale_job();
    sight(&mut case).active = vec![active(5, "23h59m59s")];
    let young = step(&case);
    assert_eq!(
        (young.attention, young.promise),
        (None, broken(Some(ago("7h"))))
    );
    assert_eq!(young.changes_at, Some(ahead("1s")));
    let old = decide_at(Subject::Job(case.clone()), ahead("1s"));
    assert_eq!(old.attention, Some(Attention::Blocked { run: RunId(5) }));
    sight(&mut case).active = vec![queued(5, "10d")];
    let waits = step(&case);
    assert_eq!(waits.attention, Some(Attention::Blocked { run: RunId(5) }));
    assert_eq!(
        hold(&case),
        Hold::QueuedRun {
            run: RunId(5),
            queued: Some(Span::days(10))
        }
    );
    // Beside a run of others another is started: nothing is in the way.
    case.spec.concurrency = Concurrency::Allow;
    sight(&mut case).runs_max = 2;
    assert_eq!(step(&case).attention, None);
}

#[test]
fn whether_a_run_that_is_being_ended_still_runs_nobody_tells() {
    let mut case = job();
    case.spec.require = Requirement::Running;
    let mut ending = active(5, "2h");
    ending.phase = Phase::Active(ActivePhase::Terminating);
    sight(&mut case).active = vec![ending];
    assert_eq!(step(&case).promise, Promise::Unproven);
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    sight(&mut case).active.insert(0, active(6, "1m"));
    assert_eq!(step(&case).promise, Promise::Kept);
}

#[test]
fn a_run_that_no_list_shows_yet_counts_as_active_whichever_start_it_was() {
    let mut case = stale_job();
    case.memory.last_start = Some(own_start(RunId(9), "10m"));
    sight(&mut case).ended = vec![ended(9, "9m", RunResult::Canceled)];
    case.spec.retry.backoff = Span::seconds(1);
    assert!(matches!(cause(&case), Cause::Stale { failures: 1, .. }));
    case.memory.open_starts = vec![own_start(RunId(8), "4m59s")];
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(8) });
}

#[test]
fn a_job_that_waits_names_the_run_that_is_in_the_way_for_the_longest_time() {
    let mut case = stale_job();
    // As lists have them: the newest first.
    let both = vec![queued(6, "1h"), active(5, "3d")];
    sight(&mut case).active = both.clone();
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    let blocked = Some(Attention::Blocked { run: RunId(5) });
    assert_eq!(step(&case).attention, blocked);
    // Also where the queued one is our own, which waits for it like everybody.
    case.memory.last_start = Some(own_start(RunId(6), "1h"));
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    case.spec.concurrency = Concurrency::Allow;
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    case.memory.last_start = None;
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    // One that runs, though nobody tells since when, is behind those of which it is known.
    sight(&mut case).active[1].started = None;
    assert!(matches!(hold(&case), Hold::QueuedRun { run: RunId(6), .. }));
    let mut running = job();
    running.spec.require = Requirement::Running;
    sight(&mut running).active = vec![queued(6, "1h"), queued(5, "2h")];
    assert!(matches!(
        hold(&running),
        Hold::QueuedRun { run: RunId(5), .. }
    ));
}

#[test]
fn a_queue_does_not_run_and_is_not_longer_than_the_rule_says() {
    let mut case = job();
    case.spec.require = Requirement::Running;
    sight(&mut case).active = vec![queued(5, "2h")];
    assert_eq!(
        hold(&case),
        Hold::QueuedRun {
            run: RunId(5),
            queued: Some(Span::hours(2))
        }
    );
    assert_eq!(
        step(&case).promise,
        broken(Some(ago("2h"))),
        "since the last run ended"
    );
    sight(&mut case).active = vec![queued(6, "1h"), active(5, "2h")];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::Running { run: RunId(5) })
    );
    assert_eq!(step(&case).promise, Promise::Kept);
    for (longest, queue_max, limit) in [
        (Some(3), None, 3),
        (Some(1), Some(3), 3),
        (None, Some(3), 3),
    ] {
        case.spec.duration_max = longest.map(Span::hours);
        case.spec.queue_max = queue_max.map(Span::hours);
        sight(&mut case).active = vec![queued(5, "2h59m59s")];
        assert_eq!(step(&case).changes_at, Some(ahead("1s")));
        let late = decide_at(Subject::Job(case.clone()), ahead("1s"));
        let limit = Span::hours(limit);
        assert!(
            matches!(late.verdict, Verdict::Act { because: Cause::QueuedTooLong { run: RunId(5), limit: told, .. }, .. } if told == limit)
        );
    }
    case.spec.duration_max = None;
    case.spec.queue_max = Some(Span::hours(1));
    sight(&mut case).active = vec![active(5, "20d")];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::Running { run: RunId(5) })
    );
}

#[test]
fn what_must_not_run_and_starts_again_says_so() {
    let mut case = job();
    case.spec.require = Requirement::NotRunning;
    sight(&mut case).active = vec![active(6, "1h"), active(5, "3h")];
    assert_eq!(cause(&case), Cause::MustNotRun);
    assert_eq!(step(&case).promise, broken(Some(ago("3h"))));
    sight(&mut case).trigger = Trigger::Cron {
        quartz: "0 0 2 * * ?".to_owned(),
        zone: "UTC".to_owned(),
    };
    assert_eq!(
        cause(&case),
        Cause::StartsAgain {
            next: Some(ahead("2h"))
        }
    );
    sight(&mut case).trigger = Trigger::Other("every 4 hours".to_owned());
    assert_eq!(cause(&case), Cause::StartsAgain { next: None });
    sight(&mut case).trigger = Trigger::Paused;
    assert_eq!(cause(&case), Cause::MustNotRun);
    sight(&mut case).active = vec![queued(5, "3h")];
    assert_eq!(step(&case).promise, broken(Some(ago("3h"))));
}

#[test]
fn a_promise_is_broken_only_if_the_look_went_far_enough() {
    let mut case = stale_job();
    sight(&mut case).history_since = ago("23h");
    let cut = step(&case);
    assert_eq!(
        (cut.promise, cut.breaks_at),
        (Promise::Unproven, Some(ahead("1h")))
    );
    sight(&mut case).history_since = ago("24h");
    assert_eq!(step(&case).promise, broken(Some(ago("7h"))));
    sight(&mut case).ended.clear();
    assert_eq!(step(&case).promise, broken(None));
}

#[test]
fn a_running_job_is_broken_since_its_last_run_ended() {
    let mut case = job();
    case.spec.require = Requirement::Running;
    let mut untimed = ended(3, "1h", RunResult::Failed);
    untimed.phase = Phase::Ended {
        at: None,
        result: RunResult::Failed,
    };
    sight(&mut case).ended = vec![
        never_ran(4, "1m"),
        untimed,
        ended(2, "90m", RunResult::Failed),
    ];
    assert_eq!(step(&case).promise, broken(Some(ago("90m"))));
    sight(&mut case).ended.clear();
    assert_eq!(step(&case).promise, broken(None));
}

#[test]
fn a_backfill_that_began_after_a_lost_answer_is_not_taken_for_our_run() {
    let mut case = stale_job();
    case.doubts = vec![doubt(start("stored", Some(RunId(1))), "10m")];
    let other = with_parameter(active(5, "9m"), "day", "today", "2019-01-01");
    sight(&mut case).active = vec![other];
    assert_eq!(step(&case).settlements, []);
    sight(&mut case).active = vec![with_parameter(active(5, "9m"), "day", "today", "today")];
    assert!(matches!(
        step(&case).settlements[0].settled,
        Settled::Done(_)
    ));
    // With another run in the way nothing is sent; alone, the stored token is.
    sight(&mut case).active.clear();
    let again = step(&case);
    assert!(
        matches!(&again.verdict, Verdict::Act { actions, .. } if matches!(&actions.first, Action::Start { token, .. } if token.as_str() == "stored"))
    );
}
