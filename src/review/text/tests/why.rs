//! What stands behind a verdict.

use super::*;
use crate::model::job::{Inputs, JobId, RunId};
use crate::model::samples::unseen_job;

#[test]
fn why_tells_the_evidence_of_both_keys() {
    let mut facts = runtime_facts();
    facts.spec.windows = vec![Window::new("0 2 * * 6", "Europe/Paris", Span::hours(4)).unwrap()];
    facts.spec.jitter = Span::hours(6);
    facts.jitter_share = Span::hours(2);
    let target = Target::Runtime(RuntimeTarget {
        connection: Name::parse("ingest").unwrap(),
        id: crate::model::address::ResourceId::new(
            "/subscriptions/S/integrationRuntimes/gateway-west",
        ),
    });
    let step = Step {
        facts: Facts::Runtime(Box::new(facts)),
        target: Some(target),
        changes_at: Some(at("2026-11-24T03:00:00Z")),
        ..rotation("ingest/gateway-west")
    };
    assert_eq!(
        why(&step, &plan_of(Vec::new()), ""),
        "ingest/gateway-west: regenerate authKey1: 97d old, limit 90d
  promise     kept
  rule        rule, judged for 2026-11-22 09:00 UTC
  where       /subscriptions/S/integrationRuntimes/gateway-west
  requires    no key older than 90d; due from 76d on (rotateBefore 14d), and 2h earlier by its share of the jitter of 6h
              unknownAge adopt: an uncertain age is judged by the least it can be
  authKey1    97d old, fingerprint aaaaaaaa
              made 2026-08-17 03:12 UTC
              - rotated by afresh 2026-08-17 03:12 UTC
              due at 2026-11-01 03:12 UTC (21d ago); limit at 2026-11-15 03:12 UTC (7d ago)
  authKey2    21d old, fingerprint bbbbbbbb
              made 2026-11-01 03:00 UTC
              - rotated by afresh 2026-11-01 03:00 UTC
              due at 2027-01-16 03:00 UTC (in 54d); limit at 2027-01-30 03:00 UTC (in 68d)
  window      0 2 * * 6 Europe/Paris for 4h: opens Sat 28 Nov 02:00 Europe/Paris
              onWindowStarvation wait: the window is kept, even if the limit is exceeded before it opens
  overlap     at least 1d between the two keys
  read        the runtime was read for this plan
  changes     the verdict or the promise changes 2026-11-24 03:00 UTC (in 42h), if nothing else happens
"
    );
}

#[test]
fn why_shows_no_keys_where_there_are_none() {
    let why_not = |read: ReadOutcome, hold: Hold| {
        let mut facts = runtime_facts();
        facts.read = read;
        let step = Step {
            facts: Facts::Runtime(Box::new(facts)),
            verdict: Verdict::Hold {
                why: hold,
                until: None,
            },
            ..rotation("ingest/gateway-shared")
        };
        why(&step, &plan_of(Vec::new()), "")
    };
    let linked = Hold::NoKeys {
        why: "linked from another factory".to_owned(),
    };
    let linked = why_not(runtime_facts().read, linked);
    assert!(linked.contains("  keys        none of its own\n"));
    assert!(!linked.contains("authKey1"));
    for kind in [TroubleKind::NotFound, TroubleKind::Unexpected] {
        let trouble = Hold::Trouble(Trouble {
            kind,
            doing: "find it".to_owned(),
            message: "it is not there".to_owned(),
            ids: Box::default(),
        });
        let failed = why_not(ReadOutcome::Failed, trouble.clone());
        assert!(failed.contains("  read        the runtime could not be read\n"));
        let unread = why_not(ReadOutcome::NotRead, trouble);
        assert!(unread.contains("  read        not read (the ledger was enough"));
    }
}

#[test]
fn why_tells_how_a_pause_follows_from_the_failures() {
    let job = JobId(12);
    let facts = JobFacts {
        name: Some("nightly".to_owned()),
        last_success: Some((RunId(4), at("2026-11-21T02:00:00Z"))),
        failures: vec![
            (RunId(6), at("2026-11-22T08:45:00Z"), RunResult::Failed),
            (RunId(5), at("2026-11-22T08:00:00Z"), RunResult::TimedOut),
        ],
        undated: vec![Run {
            phase: Phase::Ended {
                at: None,
                result: RunResult::Failed,
            },
            ..active()
        }],
        history_since: Some(at("2026-11-15T09:00:00Z")),
        ..unseen_job(Requirement::Succeeded {
            start_after: None,
            warn_after: Some(Span::hours(20)),
            error_after: Span::hours(24),
        })
    };
    let step = Step {
        target: Some(Target::Job(JobTarget {
            workspace: Name::parse("analytics").unwrap(),
            host: "adb-1.7.azuredatabricks.net".to_owned(),
            job,
        })),
        facts: Facts::Job(Box::new(facts)),
        wait: Some(Wait {
            max: Some(Span::hours(2)),
            accept: vec![RunResult::Success],
            run: None,
        }),
        changes_at: Some(at("2026-11-22T09:15:00Z")),
        ..step(
            "analytics/nightly",
            Verdict::Hold {
                why: Hold::BackOff { failures: 3 },
                until: Some(at("2026-11-22T09:15:00Z")),
            },
        )
    };
    assert_eq!(
        why(&step, &plan_of(Vec::new()), ""),
        "analytics/nightly: on hold until 2026-11-22 09:15 UTC: backing off after 3 failures
  promise     kept
  rule        rule, judged for 2026-11-22 09:00 UTC
  where       job 12 on adb-1.7.azuredatabricks.net
  requires    a success within 1d, by the end of the run; a warning after 20h; a run is started when that is broken (`startAfter` starts it before)
  job         nightly
  success     run 4 ended 2026-11-21 02:00 UTC (31h ago)
  attempts    2 failures since the last success
  failure     run 6 ended FAILED 2026-11-22 08:45 UTC (15m ago)
  failure     run 5 ended TIMEDOUT 2026-11-22 08:00 UTC (1h ago)
  undated     run 9 ended FAILED, the service does not tell when
  back-off    3 failures; the last ended 2026-11-22 08:45 UTC, and the pause after it is 30m (doubled with each failure, up to backoffMax): until 2026-11-22 09:15 UTC
  active      no run
  history     every run that began since 2026-11-15 09:00 UTC was read
  wait        apply waits for the run for 2h at most; results that count as success: SUCCESS
  changes     the verdict or the promise changes 2026-11-22 09:15 UTC (in 15m), if nothing else happens
"
    );
}

#[test]
fn why_says_which_right_would_show_more() {
    let facts = RuntimeFacts {
        keys_refused: Some(Trouble {
            kind: TroubleKind::Forbidden {
                right: "Microsoft.DataFactory/factories/integrationRuntimes/listAuthKeys/action"
                    .to_owned(),
            },
            doing: "list the keys of lab".to_owned(),
            message: "403".to_owned(),
            ids: Box::new(RequestIds::of(Some("r-1".to_owned()))),
        }),
        ..runtime_facts()
    };
    let step = Step {
        facts: Facts::Runtime(Box::new(facts)),
        ..step("ingest/lab", Verdict::Keep(Keep::Young))
    };
    let shown = why(&step, &plan_of(Vec::new()), "");
    assert!(
        shown.contains("\n              to read it, grant Microsoft.DataFactory/factories/integrationRuntimes/listAuthKeys/action\n"),
        "{shown}"
    );
}

fn active() -> Run {
    Run {
        id: RunId(9),
        phase: Phase::Active(crate::model::job::ActivePhase::Unknown(
            "NEW\u{7}".to_owned(),
        )),
        started: None,
        queued_since: None,
        inputs: Inputs::default(),
        url: None,
        message: None,
    }
}

#[test]
fn an_unknown_phase_is_told_in_the_services_word() {
    let facts = JobFacts {
        active: vec![active()],
        ..unseen_job(Requirement::NotRunning)
    };
    let step = Step {
        facts: Facts::Job(Box::new(facts)),
        ..step("a/b", Verdict::Keep(Keep::Idle))
    };
    let shown = why(&step, &plan_of(Vec::new()), "");
    assert!(
        shown.contains("  active      run 9 is in a phase that afresh does not know, NEW\\u{7}\n"),
        "{shown}"
    );
}

#[test]
fn why_says_since_when_until_when_and_what_a_person_can_do() {
    let kept = Step {
        breaks_at: Some(at("2026-12-01T09:00:00Z")),
        ..step("a/b", Verdict::Keep(Keep::Young))
    };
    let shown = why(&kept, &plan_of(Vec::new()), "");
    assert!(
        shown.contains("\n  promise     kept; breaks at 2026-12-01 09:00 UTC (in 9d), if nothing happens until then\n"),
        "{shown}"
    );
    let attentions = [
        Attention::Access,
        Attention::Rule,
        Attention::NotFound,
        Attention::GivenUp,
        Attention::ForeignRotation,
        Attention::LostRun,
        Attention::UndatedSuccess,
        Attention::Settings,
        Attention::Policy,
        Attention::Unattributed,
        Attention::Blocked { run: RunId(7) },
    ];
    for attention in attentions {
        let one = Step {
            attention: Some(attention),
            promise: Promise::Broken {
                since: Some(at("2026-11-22T08:00:00Z")),
                part: BrokenPart::Whole,
            },
            ..step("a/b", hold(Hold::ActiveRun { run: RunId(7) }))
        };
        let shown = why(&one, &plan_of(Vec::new()), "");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            lines[0],
            "a/b: on hold, broken since 2026-11-22 08:00 UTC, needs attention: run 7 is active and must end first"
        );
        assert_eq!(lines[1], "  promise     broken since 2026-11-22 08:00 UTC");
        assert!(lines[2].starts_with("  attention   "), "{shown}");
        assert!(
            lines[3].len() > 20 && lines[3].starts_with("              "),
            "{shown}"
        );
    }
}
