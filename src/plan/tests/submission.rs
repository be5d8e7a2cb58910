//! One-time runs: each content succeeds once.

use super::super::testing::*;
use crate::model::address::Name;
use crate::model::job::{Concurrency, FormerRun, Run, RunId, RunResult};
use crate::model::key_service::KeyService;
use crate::model::promise::{Attention, Promise};
use crate::model::survey::{Looked, Subject, SubmissionCase};
use crate::model::time::Span;
use crate::model::verdict::{Action, Cause, Hold, Keep, Receipt, Settled, Step, Verdict};

fn step(case: &SubmissionCase) -> Step {
    decide(Subject::Submission(case.clone()))
}

fn submitted(step: &Step) -> Action {
    match &step.verdict {
        Verdict::Act { actions, .. } => actions.first.clone(),
        other => panic!("not an act: {other:?}"),
    }
}

#[test]
fn a_content_is_submitted_until_it_has_succeeded() {
    let mut case = submission();
    let first = submitted(&step(&case));
    sight(&mut case).runs = vec![ended(1, "1h", RunResult::Failed)];
    assert_ne!(
        first,
        submitted(&step(&case)),
        "a new attempt needs a new token"
    );
    sight(&mut case).runs.insert(0, active(2, "10m"));
    assert!(matches!(
        step(&case).verdict,
        Verdict::Hold {
            why: Hold::ActiveRun { run: RunId(2) },
            ..
        }
    ));
    sight(&mut case).runs = vec![ended(2, "1m", RunResult::Success)];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::SucceededOnce { run: RunId(2) })
    );
}

#[test]
fn a_content_that_fails_without_telling_when_gets_a_new_token_each_time_and_is_given_up() {
    let mut case = submission();
    let mut tokens = Vec::new();
    for id in [96, 12, 83, 14, 75, 6] {
        let Verdict::Act { actions, .. } = step(&case).verdict else {
            break;
        };
        tokens.extend(actions.iter().map(|action| match action {
            Action::Submit { token, .. } => token.as_str().to_owned(),
            other => panic!("no submit: {other:?}"),
        }));
        sight(&mut case)
            .runs
            .insert(0, untold(id, RunResult::Failed));
    }
    assert!(matches!(
        step(&case).verdict,
        Verdict::Hold {
            why: Hold::GaveUp { failures: 5 },
            ..
        }
    ));
    let different: std::collections::BTreeSet<&String> = tokens.iter().collect();
    assert_eq!((tokens.len(), different.len()), (5, 5));
}

#[test]
fn a_remembered_success_needs_no_look_and_is_for_its_content_only() {
    let mut case = submission();
    case.sight = Looked::NotAsked;
    assert!(matches!(
        step(&case).verdict,
        Verdict::Hold {
            why: Hold::Trouble(_),
            ..
        }
    ));
    case.memory.ends = vec![("d1".to_owned(), RunId(4), ago("50d"), RunResult::Success)];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::SucceededOnce { run: RunId(4) })
    );
    case.spec.digest = "d2".to_owned();
    assert!(matches!(step(&case).verdict, Verdict::Hold { .. }));
}

#[test]
fn a_submit_in_doubt_is_sent_again_with_its_own_token() {
    let mut case = submission();
    case.doubts = vec![doubt(submit("stored", "d1"), "10m")];
    let again = step(&case);
    assert_eq!(submitted(&again), submit("stored", "d1"));
    assert_eq!(again.settlements[0].settled, Settled::Repeat);
    sight(&mut case).runs = vec![active(7, "14m")];
    let happened = step(&case);
    assert!(
        matches!(
            &happened.settlements[0].settled,
            Settled::Done(Receipt::Started { run: RunId(7), .. })
        ),
        "our clock may have been ahead of the service's: {happened:?}"
    );
    sight(&mut case).runs = Vec::new();
    case.doubts = vec![doubt(submit("stored", "d0"), "10m")];
    let other = step(&case);
    assert_ne!(submitted(&other), submit("stored", "d0"));
    assert_eq!(other.settlements[0].settled, Settled::NotDone);
}

/// It was submitted for sure. Where nobody shows it any more, it may have succeeded.
#[test]
fn a_run_whose_end_was_never_seen_is_followed_by_no_other() {
    let mut case = submission();
    case.memory.runs = vec![("d1".to_owned(), RunId(7), ago("61d"))];
    let held = step(&case);
    assert!(matches!(
        held.verdict,
        Verdict::Hold {
            why: Hold::LostRun { run: RunId(7), .. },
            until: None
        }
    ));
    assert_eq!(held.attention, Some(Attention::LostRun));
    assert_eq!(held.promise, Promise::Unproven);
    case.spec.digest = "d2".to_owned();
    assert_eq!(
        submitted(&step(&case)).title(KeyService::default()),
        "submit",
        "another content"
    );
    case.spec.digest = "d1".to_owned();
    case.memory.confirmed = vec![("d1".to_owned(), RunId(7))];
    let kept = step(&case);
    assert_eq!(
        kept.verdict,
        Verdict::Keep(Keep::SucceededOnce { run: RunId(7) })
    );
    assert_eq!((kept.promise, kept.attention), (Promise::Kept, None));
    case.memory.confirmed.clear();
    case.memory.ends = vec![("d1".to_owned(), RunId(7), ago("61d"), RunResult::Failed)];
    assert_eq!(
        submitted(&step(&case)).title(KeyService::default()),
        "submit",
        "it failed"
    );
}

#[test]
fn forgotten_content_gets_another_token_each_time() {
    let mut case = submission();
    let mut tokens = vec![submitted(&step(&case))];
    for count in [1, 2] {
        case.memory.forgotten.insert("d1".to_owned(), count);
        tokens.push(submitted(&step(&case)));
    }
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);
}

#[test]
fn the_name_of_its_document_is_no_part_of_a_contents_token() {
    let mut renamed = submission();
    renamed.target.rule = Name::parse("other").unwrap();
    assert_eq!(submitted(&step(&renamed)), submitted(&step(&submission())));
}

#[test]
fn failures_count_when_nobody_shows_them_any_more_until_a_person_says_otherwise() {
    let mut case = submission();
    let failed = |run, age| ("d1".to_owned(), RunId(run), ago(age), RunResult::Failed);
    case.memory.ends = (1..6).map(|run| failed(run, "90d")).collect();
    assert!(matches!(
        step(&case).verdict,
        Verdict::Hold {
            why: Hold::GaveUp { failures: 5 },
            ..
        }
    ));
    // Shown and remembered, it counts once.
    sight(&mut case).runs = vec![ended(5, "90d", RunResult::Failed)];
    case.memory.ends.pop();
    assert!(matches!(
        step(&case).verdict,
        Verdict::Hold {
            why: Hold::GaveUp { failures: 5 },
            ..
        }
    ));
    case.memory.forgiven_at = Some(ago("1d"));
    assert_eq!(
        submitted(&step(&case)).title(KeyService::default()),
        "submit"
    );
}

/// A list may still show what a person had forgotten: what ended before that, as the ledger dates it, counts no more.
#[test]
fn failures_that_were_forgiven_do_not_count_where_they_are_still_shown() {
    let mut case = submission();
    let ends = (1..6).map(|run| (run, format!("{run}d")));
    for (run, age) in ends {
        let failed = ended(run, &age, RunResult::Failed);
        sight(&mut case).runs.push(failed);
        let end = ("d1".to_owned(), RunId(run), ago(&age), RunResult::Failed);
        case.memory.ends.push(end);
    }
    let failures = |forgiven: Option<&str>| {
        let mut case = case.clone();
        case.memory.forgiven_at = forgiven.map(ago);
        match step(&case).verdict {
            Verdict::Hold {
                why: Hold::GaveUp { failures } | Hold::BackOff { failures },
                ..
            }
            | Verdict::Act {
                because: Cause::NotSucceededYet { failures },
                ..
            } => failures,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failures(None), 5);
    assert_eq!(failures(Some("3d")), 2);
    assert_eq!(failures(Some("12h")), 0);
}

fn former(content: &str, run: Run) -> FormerRun {
    FormerRun {
        content: content.to_owned(),
        run,
    }
}

#[test]
fn changed_content_waits_for_the_run_of_the_earlier_one_as_the_rule_says() {
    let mut case = submission();
    sight(&mut case).former = vec![former("d0", active(3, "1h"))];
    let held = step(&case);
    assert!(matches!(
        held.verdict,
        Verdict::Hold {
            why: Hold::ActiveRun { run: RunId(3) },
            ..
        }
    ));
    assert_eq!(held.attention, None);
    assert_eq!(held.changes_at, Some(Span::hours(23).after(now())));
    // What the ledger does not know may be another's, and is not cancelled.
    case.spec.concurrency = Concurrency::Replace;
    let held = step(&case).verdict;
    assert!(matches!(
        held,
        Verdict::Hold {
            why: Hold::ActiveRun { run: RunId(3) },
            ..
        }
    ));
    case.memory.runs = vec![("d0".to_owned(), RunId(3), ago("1h"))];
    let Verdict::Act { actions, .. } = step(&case).verdict else {
        panic!("not an act");
    };
    let titles: Vec<String> = actions
        .iter()
        .map(|action| action.title(KeyService::default()))
        .collect();
    assert_eq!(titles, ["cancel run 3", "submit"]);
    case.spec.concurrency = Concurrency::Allow;
    assert_eq!(
        submitted(&step(&case)).title(KeyService::default()),
        "submit"
    );
    // Beside one of the same content nothing is submitted, whatever the rule says.
    sight(&mut case).runs = vec![active(4, "25h")];
    let held = step(&case);
    assert!(matches!(
        held.verdict,
        Verdict::Hold {
            why: Hold::ActiveRun { run: RunId(4) },
            ..
        }
    ));
    assert_eq!(held.attention, Some(Attention::Blocked { run: RunId(4) }));
}

#[test]
fn what_an_earlier_contents_open_submit_started_is_written_down() {
    let mut case = submission();
    case.doubts = vec![doubt(submit("stored", "d0"), "3m")];
    assert!(
        matches!(
            step(&case).verdict,
            Verdict::Hold {
                why: Hold::Doubt { .. },
                until: Some(_)
            }
        ),
        "it may be missing in the list"
    );
    let mut run = ended(8, "1m", RunResult::Success);
    run.started = Some(ago("2m"));
    sight(&mut case).former = vec![former("d0", run)];
    let found = step(&case);
    assert_eq!(submitted(&found).title(KeyService::default()), "submit");
    assert!(matches!(
        &found.settlements[0].settled,
        Settled::Done(Receipt::Started { run: RunId(8), .. })
    ));
}

#[test]
fn a_declared_wait_is_gone_on_with_only_for_a_run_of_our_own() {
    let mut case = submission();
    case.spec.wait_max = Some(Span::hours(2));
    sight(&mut case).runs = vec![active(4, "1h")];
    let wait = step(&case).wait;
    assert_eq!(wait, None, "somebody else started it");
    case.memory.runs = vec![("d1".to_owned(), RunId(4), ago("1h"))];
    let own = step(&case);
    assert!(own.resumes());
    assert_eq!(own.wait.and_then(|wait| wait.run), Some(RunId(4)));
    case.spec.wait_max = None;
    assert!(!step(&case).resumes());
}
