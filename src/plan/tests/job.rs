//! Jobs: every verdict, and the instants at which it turns.

use super::super::testing::*;
use crate::model::job::{
    ActivePhase, Concurrency, Continuous, Counting, Phase, Requirement, RunId, RunResult, TasksRun,
};
use crate::model::promise::Promise;
use crate::model::survey::{JobCase, Looked, Subject};
use crate::model::time::Span;
use crate::model::verdict::{Action, Cause, Company, Facts, Hold, Keep, Settled, Step, Verdict};

fn step(case: &JobCase) -> Step {
    decide(Subject::Job(case.clone()))
}

fn actions(step: &Step) -> Vec<Action> {
    match &step.verdict {
        Verdict::Act { actions, .. } => actions.iter().cloned().collect(),
        other => panic!("not an act: {other:?}"),
    }
}

fn hold(case: &JobCase) -> Hold {
    match step(case).verdict {
        Verdict::Hold { why, .. } => why,
        other => panic!("not a hold: {other:?}"),
    }
}

#[test]
fn freshness_ends_exactly_at_error_after() {
    let mut case = job();
    sight(&mut case).ended = vec![ended(1, "23h59m59s", RunResult::Success)];
    let fresh = step(&case);
    assert!(matches!(
        fresh.verdict,
        Verdict::Keep(Keep::Fresh { warn: true, .. })
    ));
    assert_eq!(fresh.changes_at, Some(ahead("1s")));
    let stale = decide_at(Subject::Job(case), ahead("1s"));
    assert!(matches!(
        &actions(&stale)[..],
        [Action::Start {
            after: Some(RunId(1)),
            company: Company::Alone,
            ..
        }]
    ));
}

#[test]
fn a_declared_wait_is_not_for_somebody_elses_run() {
    let mut case = job();
    case.spec.wait_max = Some(Span::hours(2));
    sight(&mut case).ended = vec![ended(1, "30h", RunResult::Success)];
    sight(&mut case).active = vec![active(5, "1h")];
    assert!(matches!(hold(&case), Hold::ActiveRun { run: RunId(5) }));
    assert_eq!(step(&case).wait, None);
}

#[test]
fn what_does_not_tell_its_tasks_counts_and_that_is_said() {
    let told = |tasks, counts| {
        let mut case = job();
        case.spec.counts = counts;
        let mut run = ended(1, "1h", RunResult::Success);
        run.inputs.tasks = tasks;
        sight(&mut case).ended = vec![run];
        let step = step(&case);
        assert_eq!(step.promise, Promise::Kept);
        let Facts::Job(facts) = step.facts else {
            panic!("facts of another kind");
        };
        facts.tasks_untold
    };
    assert!(told(TasksRun::Untold, Counting::SameParameters));
    assert!(!told(TasksRun::All, Counting::SameParameters));
    assert!(!told(TasksRun::Untold, Counting::Any));
}

#[test]
fn a_success_without_an_end_counts_from_its_start_and_without_both_it_proves_nothing() {
    let undated = |id, start: Option<&str>| {
        let mut run = ended(id, "1h", RunResult::Success);
        run.started = start.map(ago);
        run.phase = Phase::Ended {
            at: None,
            result: RunResult::Success,
        };
        run
    };
    let mut case = job();
    sight(&mut case).ended = vec![undated(2, Some("23h")), undated(1, None)];
    assert!(matches!(
        step(&case).verdict,
        Verdict::Keep(Keep::Fresh { age, .. }) if age == Span::hours(23)
    ));
    sight(&mut case).ended = vec![undated(2, Some("25h"))];
    assert!(matches!(&actions(&step(&case))[..], [Action::Start { .. }]));
    sight(&mut case).ended = vec![undated(2, Some("25h")), undated(1, None)];
    assert_eq!(hold(&case), Hold::UndatedSuccess { run: RunId(1) });
    let undecided = step(&case);
    assert_eq!(undecided.promise, Promise::Unproven);
    assert!(!undecided.is_unread(), "it was read, and cannot be judged");
    sight(&mut case).ended = vec![ended(3, "1h", RunResult::Success), undated(1, None)];
    assert!(matches!(
        step(&case).verdict,
        Verdict::Keep(Keep::Fresh { .. })
    ));
}

#[test]
fn the_same_need_has_the_same_token_and_the_next_another() {
    let mut case = stale_job();
    let first = actions(&step(&case));
    assert_eq!(
        first,
        actions(&decide_at(Subject::Job(case.clone()), ahead("1h")))
    );
    sight(&mut case)
        .ended
        .insert(0, ended(2, "10h", RunResult::Failed));
    assert_ne!(first, actions(&step(&case)));
}

/// Plans again and again for a job that fails on a server that tells no times: the ledger knows the last start, and nothing dates
/// the others. Gives the tokens, until nothing is started any more.
fn attempts(mut case: JobCase, ids: &[i64]) -> Vec<Action> {
    let mut all = Vec::new();
    for id in ids {
        let Verdict::Act { actions, .. } = step(&case).verdict else {
            break;
        };
        all.extend(actions.iter().cloned());
        for run in &mut sight(&mut case).ended {
            run.started = None;
        }
        case.memory.last_start = Some(own_start(RunId(*id), "7h"));
        let own = crate::model::job::Run {
            started: Some(ago("7h")),
            ..untold(*id, RunResult::Failed)
        };
        sight(&mut case).ended.insert(0, own);
    }
    all
}

fn token(action: &Action) -> &str {
    match action {
        Action::Start { token, .. } | Action::Submit { token, .. } => token.as_str(),
        other => panic!("no token: {other:?}"),
    }
}

#[test]
fn a_job_that_fails_without_telling_when_gets_a_new_token_each_time_and_is_given_up() {
    let mut case = stale_job();
    sight(&mut case).ended.clear();
    // Ids are in no order on every server.
    for ids in [[11, 12, 13, 14, 15, 16], [96, 12, 83, 14, 75, 6]] {
        let starts = attempts(case.clone(), &ids);
        let tokens: std::collections::BTreeSet<&str> = starts.iter().map(token).collect();
        assert_eq!((starts.len(), tokens.len()), (5, 5), "{starts:?}");
    }
}

#[test]
fn a_failure_without_a_time_counts_unless_it_is_known_to_be_older_than_a_success() {
    let mut case = stale_job();
    for id in 2..6 {
        sight(&mut case)
            .ended
            .insert(0, untold(id, RunResult::Failed));
    }
    assert!(matches!(
        step(&case).verdict,
        Verdict::Act {
            because: Cause::Stale { failures: 4, .. },
            ..
        }
    ));
    sight(&mut case)
        .ended
        .insert(0, untold(6, RunResult::Failed));
    assert_eq!(hold(&case), Hold::GaveUp { failures: 5 });
    // Where one is known to be older, the success has made up for it.
    for run in &mut sight(&mut case).ended {
        run.started.get_or_insert(ago("40h"));
    }
    assert!(matches!(
        step(&case).verdict,
        Verdict::Act {
            because: Cause::Stale { failures: 0, .. },
            ..
        }
    ));
    case.spec.require = Requirement::Running;
    sight(&mut case).ended = (2..7).map(|id| untold(id, RunResult::Failed)).collect();
    assert_eq!(hold(&case), Hold::GaveUp { failures: 5 });
}

#[test]
fn an_end_without_a_start_is_not_newer_than_everything() {
    let mut case = stale_job();
    let mut old = ended(9, "40h", RunResult::Success);
    old.started = None;
    sight(&mut case).ended.push(old);
    assert!(matches!(
        &actions(&step(&case))[..],
        [Action::Start {
            after: Some(RunId(1)),
            ..
        }]
    ));
}

#[test]
fn only_an_accepted_result_is_a_success() {
    for result in [
        RunResult::SuccessWithFailures,
        RunResult::Unknown("SUCCESSFUL".to_owned()),
    ] {
        let mut case = job();
        sight(&mut case).ended = vec![ended(1, "2h", result)];
        assert!(matches!(
            step(&case).verdict,
            Verdict::Act {
                because: Cause::Stale {
                    age: None,
                    failures: 1,
                    ..
                },
                ..
            }
        ));
    }
}

#[test]
fn failures_are_backed_off_and_given_up() {
    let mut case = stale_job();
    sight(&mut case)
        .ended
        .insert(0, ended(2, "14m59s", RunResult::Failed));
    let held = step(&case);
    assert_eq!(
        held.verdict,
        Verdict::Hold {
            why: Hold::BackOff { failures: 1 },
            until: Some(ahead("1s"))
        }
    );
    actions(&decide_at(Subject::Job(case.clone()), ahead("1s")));
    for id in 3..7 {
        sight(&mut case)
            .ended
            .insert(0, ended(id, "10h", RunResult::Canceled));
    }
    assert_eq!(hold(&case), Hold::GaveUp { failures: 5 });
}

#[test]
fn company_is_forbidden_replaced_or_allowed() {
    let mut case = stale_job();
    sight(&mut case).active = vec![active(5, "1h")];
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    case.spec.concurrency = Concurrency::Replace;
    assert!(matches!(
        &actions(&step(&case))[..],
        [
            Action::Cancel { run: RunId(5) },
            Action::Start {
                company: Company::Alone,
                ..
            }
        ]
    ));
    case.spec.concurrency = Concurrency::Allow;
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
    sight(&mut case).runs_max = 2;
    assert!(matches!(
        &actions(&step(&case))[..],
        [Action::Start {
            company: Company::Any,
            ..
        }]
    ));
    case.memory.last_start = Some(own_start(RunId(5), "1h"));
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
}

#[test]
fn a_run_that_no_list_shows_yet_counts_as_active_for_a_while() {
    let mut case = stale_job();
    case.memory.last_start = Some(own_start(RunId(9), "4m59s"));
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(9) });
    let later = decide_at(Subject::Job(case), ahead("1s"));
    assert!(matches!(
        &actions(&later)[..],
        [Action::Start {
            after: Some(RunId(9)),
            ..
        }]
    ));
}

#[test]
fn a_run_that_is_too_long_is_cancelled_once() {
    let mut case = job();
    case.spec.duration_max = Some(Span::hours(3));
    sight(&mut case).active = vec![active(5, "3h")];
    assert_eq!(actions(&step(&case)), [Action::Cancel { run: RunId(5) }]);
    sight(&mut case).active[0].phase = Phase::Active(ActivePhase::Terminating);
    assert_eq!(hold(&case), Hold::ActiveRun { run: RunId(5) });
}

#[test]
fn a_continuous_job_is_left_to_itself_or_to_a_person() {
    let mut case = stale_job();
    sight(&mut case).continuous = Continuous::Unpaused;
    assert_eq!(hold(&case), Hold::RestartsItself);
    sight(&mut case).continuous = Continuous::Paused;
    assert_eq!(hold(&case), Hold::UnpauseFirst);
    case.spec.require = Requirement::NotRunning;
    sight(&mut case).continuous = Continuous::Unpaused;
    sight(&mut case).active = vec![active(5, "1h")];
    assert_eq!(hold(&case), Hold::PauseFirst);
    sight(&mut case).active.clear();
    assert_eq!(hold(&case), Hold::PauseFirst);
    sight(&mut case).continuous = Continuous::Paused;
    assert_eq!(step(&case).verdict, Verdict::Keep(Keep::Idle));
}

#[test]
fn running_and_not_running_are_opposites() {
    let mut case = job();
    case.spec.require = Requirement::Running;
    assert!(matches!(&actions(&step(&case))[..], [Action::Start { .. }]));
    sight(&mut case).active = vec![active(5, "1h")];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::Running { run: RunId(5) })
    );
    case.spec.require = Requirement::NotRunning;
    assert_eq!(actions(&step(&case)), [Action::Cancel { run: RunId(5) }]);
    sight(&mut case).active.clear();
    assert_eq!(step(&case).verdict, Verdict::Keep(Keep::Idle));
}

#[test]
fn what_cannot_run_or_be_seen_is_held() {
    let mut case = stale_job();
    sight(&mut case).runs_max = 0;
    assert_eq!(hold(&case), Hold::RunsForbidden);
    case.sight = Looked::Failed(trouble());
    assert_eq!(hold(&case), Hold::Trouble(trouble()));
    case.sight = Looked::NotAsked;
    assert!(matches!(hold(&case), Hold::Trouble(_)));
    case.memory.last_success = Some((RunId(1), ago("1h"), RunResult::Success));
    assert!(matches!(
        step(&case).verdict,
        Verdict::Keep(Keep::Fresh { .. })
    ));
}

#[test]
fn a_start_in_doubt_is_found_sent_again_or_given_up() {
    let mut case = stale_job();
    case.doubts = vec![doubt(start("stored", Some(RunId(1))), "10m")];
    let again = step(&case);
    assert_eq!(actions(&again), [start("stored", Some(RunId(1)))]);
    assert_eq!(again.settlements[0].settled, Settled::Repeat);
    sight(&mut case).active = vec![active(5, "9m")];
    let found = step(&case);
    assert!(matches!(found.settlements[0].settled, Settled::Done(_)));
    assert!(matches!(
        found.verdict,
        Verdict::Hold {
            why: Hold::ActiveRun { run: RunId(5) },
            ..
        }
    ));
    // Our clock was a minute ahead of the service's: the run began before the intent was dated, but after the run it follows.
    sight(&mut case).active = vec![active(5, "11m")];
    let found = step(&case);
    assert!(matches!(found.settlements[0].settled, Settled::Done(_)));
    // Sent again, the same token returned the run that its first send had started.
    case.doubts[0].since = ago("25m");
    sight(&mut case).active = vec![active(5, "20m")];
    let found = step(&case);
    assert!(matches!(found.settlements[0].settled, Settled::Done(_)));
    let mut fresh = job();
    fresh.doubts = vec![doubt(start("stored", Some(RunId(0))), "1m59s")];
    assert!(matches!(hold(&fresh), Hold::Busy { .. }));
    fresh.doubts = vec![doubt(start("stored", Some(RunId(0))), "2m")];
    assert_eq!(step(&fresh).settlements[0].settled, Settled::NotDone);
}
