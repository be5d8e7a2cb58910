//! What an apply did, and how two plans differ.

use super::*;
use crate::model::job::RunId;
use crate::model::key_service::KeyService;

fn happened(what: Happened) -> Report {
    Report {
        address: Address::parse("analytics/nightly").unwrap(),
        service: KeyService::default(),
        at: now(),
        what,
    }
}

fn failed_run() -> Report {
    happened(Happened::Ended(RunEnd {
        skipped: None,
        run: RunId(7),
        result: RunResult::Failed,
        accepted: false,
        url: Some("https://adb-1.7.azuredatabricks.net/#job/12/run/7".to_owned()),
        failure: Some(TaskFailure {
            task: "load".to_owned(),
            error: "Traceback:\n  File \"a.py\"\u{1b}[31m\nValueError: no rows".to_owned(),
        }),
    }))
}

#[test]
fn a_reason_of_several_lines_keeps_them() {
    let refused = happened(Happened::NotDone(
        start(&[]),
        "no credential was found:\nenvironment: not set;\n  \u{1b}[2JAzure CLI: not there"
            .to_owned(),
    ));
    assert_eq!(
        report(&refused),
        "analytics/nightly  run now: no credential was found:\n      environment: not set;\n      \\u{1b}[2JAzure CLI: not there"
    );
}

#[test]
fn each_report_is_one_line() {
    let answered = now();
    let done = happened(Happened::Done(
        start(&[]),
        Receipt::Started {
            run: RunId(7),
            answered,
        },
    ));
    assert_eq!(report(&done), "analytics/nightly  run now: done (run 7)");
    let stale = happened(Happened::Stale(
        regenerate(),
        "authKey1 is another key by now".to_owned(),
    ));
    assert_eq!(
        report(&stale),
        "analytics/nightly  regenerate authKey1: stale, not done: authKey1 is another key by now"
    );
    assert_eq!(
        report(&failed_run()),
        "analytics/nightly  run 7 ended FAILED, which is not accepted; task load failed  https://adb-1.7.azuredatabricks.net/#job/12/run/7"
    );
}

#[test]
fn an_outcome_counts_and_shows_what_went_wrong() {
    let done = Receipt::Started {
        run: RunId(7),
        answered: now(),
    };
    let doubt = happened(Happened::InDoubt(
        regenerate(),
        "no answer within 30s".to_owned(),
    ));
    let reports = [
        happened(Happened::Done(start(&[]), done)),
        failed_run(),
        doubt,
    ];
    assert_eq!(
        outcome(&reports, "estate"),
        "  analytics/nightly  run 7 ended FAILED
      https://adb-1.7.azuredatabricks.net/#job/12/run/7
      task load:
        Traceback:
        File \"a.py\"\\u{1b}[31m
        ValueError: no rows

Applied: 1 done, 1 unresolved, 1 ended without success.
The next apply resolves these operations before anything else:
    afresh apply estate
"
    );
    assert_eq!(outcome(&reports[..1], ""), "Applied: 1 done.\n");
}

#[test]
fn after_a_long_apply_trouble_is_told_once_more() {
    let done = Receipt::Started {
        run: RunId(7),
        answered: now(),
    };
    let mut reports = vec![happened(Happened::Done(start(&[]), done)); 40];
    reports.push(happened(Happened::InDoubt(
        regenerate(),
        "no answer within 30s".to_owned(),
    )));
    assert_eq!(
        outcome(&reports, "estate"),
        "  analytics/nightly  regenerate authKey1: unresolved: no answer within 30s; the next apply finds out whether it happened

Applied: 40 done, 1 unresolved.
The next apply resolves these operations before anything else:
    afresh apply estate
"
    );
}

#[test]
fn a_diff_tells_what_is_decided_differently() {
    let submission = |body: &str, run| {
        let workspace = Name::parse("w").unwrap();
        let rule = Name::parse("backfill").unwrap();
        let target = SubmissionTarget {
            workspace,
            host: "h".to_owned(),
            rule,
            body: body.to_owned(),
        };
        Step {
            target: Some(Target::Submission(target)),
            ..step("w/backfill", Verdict::Keep(Keep::SucceededOnce { run }))
        }
    };
    let old = plan_of(vec![
        step("a/gone", Verdict::Keep(Keep::Idle)),
        step(
            "a/same",
            Verdict::Keep(Keep::Fresh {
                age: Span::hours(1),
                warn: false,
            }),
        ),
        step("a/turns", Verdict::Keep(Keep::Young)),
        submission(r#"{"tasks":[{"task_key":"a"}]}"#, RunId(1)),
    ]);
    let new = plan_of(vec![
        step("a/comes", hold(Hold::PauseFirst)),
        step(
            "a/same",
            Verdict::Keep(Keep::Fresh {
                age: Span::hours(2),
                warn: false,
            }),
        ),
        step("a/turns", act(vec![start(&[])], stale())),
        submission(r#"{"tasks":[{"task_key":"b"}]}"#, RunId(1)),
    ]);
    assert_eq!(
        diff(&old, &new),
        "+ a/comes: on hold, needs attention: a continuous job restarts itself: pause it in its settings
- a/gone: up to date: no run is active
~ a/turns
  - up to date: no key is due
  + run now: last success 31h ago, wanted within 24h
~ w/backfill
  - up to date: run 1 succeeded with this content
  + up to date: run 1 succeeded with this content
    -       \"task_key\": \"a\"
    +       \"task_key\": \"b\"

From the plan of 2026-11-22 09:00 UTC to the plan of 2026-11-22 09:00 UTC: 1 added, 1 removed, 2 decided differently.
"
    );
    assert!(diff(&new, &new).ends_with("no decision differs.\n"));
}
