//! One-time runs: content is what counts, and the workspace is listed once, and only where our own runs do not decide.

use super::*;
use crate::ledger::event::Event;
use crate::model::job::{RunId, RunResult, Token};
use crate::model::verdict::{Action, Receipt};

/// Any run is asked for by its id, also one of a job: this is the first of a world.
const FIRST: RunId = RunId(730_000_000_001_000);

fn submit(name: &str, path: &str) -> String {
    job_run(
        name,
        &format!(
            "submit: {{tasks: [{{task_key: main, notebook_task: {{notebook_path: {path}}}}}]}}, require: succeeded"
        ),
    )
}

/// The rule `load`, in a workspace with a run that goes on and one that has failed.
fn estate() -> Estate {
    let world = workspace(
        "[{id: 101, name: job, runs: [{started: 3h ago}, {started: 2h ago, ended: 1h ago, result: FAILED}]}]",
    );
    Estate::new(&world, &[submit("load", "/load")])
}

fn case(estate: &Estate) -> Subject {
    subject(&estate.survey(), "analytics/load").clone()
}

fn digest(subject: &Subject) -> String {
    match subject {
        Subject::Submission(case) => case.spec.digest.clone(),
        other => panic!("not a one-time run: {other:?}"),
    }
}

fn success(subject: &Subject, estate: &Estate) -> Event {
    Event::RunSeen {
        subject: of(subject),
        name: None,
        run: FIRST,
        ended: estate.ago("100d"),
        result: RunResult::Success,
        digest: Some(digest(subject)),
        asks: None,
    }
}

fn submitted(estate: &mut Estate, subject: &Subject, digest: &str, run: RunId) {
    let (token, digest) = (Token::parse("t").unwrap(), digest.to_owned());
    let answered = estate.now();
    let receipt = Receipt::Started { run, answered };
    estate.acted(subject, Action::Submit { token, digest }, receipt);
}

/// However long ago, and whatever the document was called then.
#[test]
fn a_content_that_has_succeeded_is_not_read_again() {
    let mut estate = estate();
    let load = case(&estate);
    estate.know(success(&load, &estate));
    estate.asked();
    assert_eq!(estate.asks(), [""; 0]);
    estate.rule(&[submit("renamed", "/load")]);
    assert_eq!(estate.asks(), [""; 0]);
    let survey = estate.survey();
    let renamed = submission(&survey, "analytics/renamed");
    assert_eq!(renamed.sight, Looked::NotAsked);
    estate.rule(&[submit("load", "/other")]);
    assert_eq!(estate.asks(), ["runs.list-submitted"]);
    // An open intent may have made a second run of it.
    estate.rule(&[submit("load", "/load")]);
    let (token, digest) = (Token::parse("t").unwrap(), digest(&load));
    estate.intend(&load, Action::Submit { token, digest });
    assert!(estate.asks().contains(&"runs.list-submitted"));
}

#[test]
fn our_own_run_decides_without_a_list_while_it_goes_on() {
    for (run, expected) in [
        (FIRST, vec!["runs.get"]),
        (
            RunId(FIRST.0 + 1_000),
            vec!["runs.get", "runs.list-submitted"],
        ),
        (RunId(77), vec!["runs.get", "runs.list-submitted"]),
    ] {
        let mut estate = estate();
        let load = case(&estate);
        submitted(&mut estate, &load, &digest(&load), run);
        assert_eq!(estate.asks(), expected, "{run}");
    }
}

/// Whether it goes on or not is not known then.
#[test]
fn our_own_run_that_cannot_be_read_fails_the_look() {
    let faults = "faults: [{on: runs/get, times: 100, do: error, status: 400}]\n";
    let mut estate = Estate::new(&(workspace("[]") + faults), &[submit("load", "/load")]);
    let load = case(&estate);
    submitted(&mut estate, &load, &digest(&load), FIRST);
    let survey = estate.survey();
    assert_eq!(
        trouble(&survey, "analytics/load").kind,
        TroubleKind::Unexpected
    );
}

/// One list is for all rules of a workspace, and its failure is each one's.
#[test]
fn the_workspace_is_listed_once() {
    let rules = [submit("load", "/load"), submit("clean", "/clean")];
    let mut estate = Estate::new(&workspace("[]"), &rules);
    assert_eq!(estate.asks(), ["runs.list-submitted"]);
    let faults = "faults: [{on: runs/list, times: 100, do: error, status: 400}]\n";
    let survey = Estate::new(&(workspace("[]") + faults), &rules).survey();
    for of in ["analytics/load", "analytics/clean"] {
        assert_eq!(trouble(&survey, of).kind, TroubleKind::Unexpected);
    }
}

/// A run of an earlier content may still go on: it is asked for while its end is not known and the service keeps it.
#[test]
fn runs_of_earlier_contents_are_asked_for_until_their_ends_are_known() {
    let earlier = "0".repeat(64);
    let mut estate = estate();
    let load = case(&estate);
    submitted(&mut estate, &load, &earlier, FIRST);
    let survey = estate.survey();
    let former = &seen(&submission(&survey, "analytics/load").sight).former;
    let former: Vec<RunId> = former.iter().map(|former| former.run.id).collect();
    assert_eq!(former, [FIRST]);
    assert_eq!(estate.asks(), ["runs.get", "runs.list-submitted"]);
    let ended = Event::RunSeen {
        subject: of(&load),
        name: None,
        run: FIRST,
        ended: estate.now(),
        result: RunResult::Success,
        digest: Some(earlier.clone()),
        asks: None,
    };
    estate.know(ended);
    assert_eq!(estate.asks(), ["runs.list-submitted"]);

    let mut forgotten = self::estate();
    submitted(&mut forgotten, &load, &earlier, FIRST);
    forgotten.advance("61d");
    assert_eq!(forgotten.asks(), ["runs.list-submitted"]);
}

#[test]
fn refresh_none_knows_only_what_has_succeeded() {
    let mut estate = estate();
    let load = case(&estate);
    estate.refresh = Refresh::None;
    estate.asked();
    let survey = estate.survey();
    let said = &trouble(&survey, "analytics/load").message;
    assert!(said.contains("--refresh none"), "{said}");
    estate.know(success(&load, &estate));
    let survey = estate.survey();
    assert_eq!(
        submission(&survey, "analytics/load").sight,
        Looked::NotAsked
    );
    assert_eq!(estate.asked(), [""; 0]);
}
