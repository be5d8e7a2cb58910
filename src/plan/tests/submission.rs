//! One-time runs: each content succeeds once.

use super::super::testing::*;
use crate::model::job::RunResult;
use crate::model::survey::{Looked, Subject, SubmissionCase};
use crate::model::verdict::{Hold, Keep, Move, Receipt, Settled, Step, Verdict};

fn step(case: &SubmissionCase) -> Step {
    decide(Subject::Submission(case.clone()))
}

fn submitted(step: &Step) -> Move {
    match &step.verdict {
        Verdict::Act { moves, .. } => moves.first.clone(),
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
            why: Hold::ActiveRun { run: 2 },
            ..
        }
    ));
    sight(&mut case).runs = vec![ended(2, "1m", RunResult::Success)];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::SucceededOnce { run: 2 })
    );
}

#[test]
fn a_content_that_fails_without_telling_when_gets_a_new_token_each_time_and_is_given_up() {
    let mut case = submission();
    let mut tokens = Vec::new();
    for id in [96, 12, 83, 14, 75, 6] {
        let Verdict::Act { moves, .. } = step(&case).verdict else {
            break;
        };
        tokens.extend(moves.iter().map(|movement| match movement {
            Move::Submit { token, .. } => token.as_str().to_owned(),
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
    case.memory.ends = vec![("d1".to_owned(), 4, ago("50d"), RunResult::Success)];
    assert_eq!(
        step(&case).verdict,
        Verdict::Keep(Keep::SucceededOnce { run: 4 })
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
            Settled::Done(Receipt::Started { run: 7, .. })
        ),
        "our clock may have been ahead of the service's: {happened:?}"
    );
    sight(&mut case).runs = Vec::new();
    case.doubts = vec![doubt(submit("stored", "d0"), "10m")];
    let other = step(&case);
    assert_ne!(submitted(&other), submit("stored", "d0"));
    assert_eq!(other.settlements[0].settled, Settled::NotDone);
}
