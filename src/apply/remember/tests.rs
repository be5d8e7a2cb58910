use super::*;
use crate::ledger::fold::fold;
use crate::limits::FAILURES_REMEMBERED_MAX;
use crate::model::address::{Name, ResourceId};
use crate::model::birth::Birth;
use crate::model::job::{JobId, Requirement, RunId};
use crate::model::promise::Promise;
use crate::model::runtime::{OnStarvation, RuntimeSpec, UnknownAge};
use crate::model::samples::unseen_job;
use crate::model::survey::{JobTarget, RuntimeTarget};
use crate::model::time::Span;
use crate::model::timeline::LogSpan;
use crate::model::verdict::{Action, JobFacts, Keep, ReadOutcome, Receipt, SlotFacts, Verdict};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn key(digit: char) -> Fingerprint {
    Fingerprint::parse(&digit.to_string().repeat(64)).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn slot_facts(digit: char) -> SlotFacts {
    let birth = Birth::default();
    SlotFacts {
        fingerprint: Some(key(digit)),
        age: birth.age(at(0)),
        birth,
        due_at: None,
        limit_at: None,
    }
}

fn runtime_step(seen: i64, one: char, two: char) -> Step {
    let facts = RuntimeFacts {
        nodes: crate::model::nodes::NodeFacts::default(),
        spec: RuntimeSpec {
            nodes: crate::model::nodes::NodeRule::default(),
            age_max: Span::days(90),
            rotate_before: Span::ZERO,
            overlap: Span::ZERO,
            unknown_age: UnknownAge::Adopt,
            windows: Vec::new(),
            on_starvation: OnStarvation::Wait,
            jitter: Span::ZERO,
            hand_offs: Vec::new(),
            serves: crate::model::hand_off::Serves::default(),
            born_after: None,
            ignore_windows: false,
        },
        jitter_share: Span::ZERO,
        slots: PerSlot {
            one: slot_facts(one),
            two: slot_facts(two),
        },
        read: ReadOutcome::Read { at: at(seen) },
        seen_at: Some(at(seen)),
        created: Some(at(1)),
        told: PerSlot::default(),
        corrected: Vec::new(),
        hand_offs: Vec::new(),
        outside: Vec::new(),
        status_refused: None,
        keys_refused: None,
        log_refused: None,
    };
    Step {
        address: Address::parse("ingest/gateway-west").unwrap(),
        rule: name("gateways"),
        target: Some(Target::Runtime(RuntimeTarget {
            connection: name("ingest"),
            id: ResourceId::new("/subscriptions/s/integrationRuntimes/gateway-west"),
        })),
        promise: Promise::Kept,
        breaks_at: None,
        proved_until: None,
        attention: None,
        verdict: Verdict::Keep(Keep::Young),
        facts: Facts::Runtime(Box::new(facts)),
        changes_at: None,
        settlements: Vec::new(),
        wait: None,
        refused: None,
        candidate: None,
    }
}

fn job_step(last_success: Option<(RunId, Timestamp)>) -> Step {
    let facts = JobFacts {
        accept: vec![RunResult::Success, RunResult::SuccessWithFailures],
        name: Some("Nightly".to_owned()),
        last_success,
        success_result: last_success.map(|_| RunResult::Success),
        ..unseen_job(Requirement::Running)
    };
    Step {
        address: Address::parse("analytics/nightly").unwrap(),
        target: Some(Target::Job(JobTarget {
            workspace: name("analytics"),
            host: "adb-1.azuredatabricks.net".to_owned(),
            job: JobId(7),
        })),
        facts: Facts::Job(Box::new(facts)),
        ..runtime_step(0, '1', '2')
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        at: at(100),
        steps,
        skipped: Vec::new(),
        valid_until: at(1_000),
        freezes: Vec::new(),
        exceeded: Vec::new(),
        refused: false,
        logs: Vec::new(),
        requests: std::collections::BTreeMap::new(),
        refresh: crate::model::survey::Refresh::Auto,
        part: None,
    }
}

#[test]
fn what_a_plan_saw_is_written_down_once() {
    let plan = plan(vec![
        runtime_step(50, '1', '2'),
        job_step(Some((RunId(9), at(40)))),
    ]);
    let events = observations(&plan, &Memory::default());
    let memory = fold(&events).memory;
    let runtime = memory.runtimes.values().next().unwrap();
    assert_eq!(runtime.slots.two.fingerprint, Some(key('2')));
    assert_eq!(
        (runtime.created, runtime.slots.one.last_seen),
        (Some(at(1)), Some(at(50)))
    );
    let job = memory.jobs.values().next().unwrap();
    assert_eq!(
        job.last_success,
        Some((RunId(9), at(40), RunResult::Success))
    );
    assert_eq!(observations(&plan, &memory), []);
}

#[test]
fn a_changed_key_and_a_newer_success_are_news_and_older_ones_are_not() {
    let first = plan(vec![
        runtime_step(50, '1', '2'),
        job_step(Some((RunId(9), at(40)))),
    ]);
    let memory = fold(&observations(&first, &Memory::default())).memory;
    let newer = plan(vec![
        runtime_step(60, '1', '3'),
        job_step(Some((RunId(10), at(55)))),
    ]);
    assert_eq!(observations(&newer, &memory).len(), 2);
    let older = plan(vec![
        runtime_step(45, '1', '3'),
        job_step(Some((RunId(8), at(30)))),
    ]);
    assert_eq!(observations(&older, &memory), []);
}

/// A job's facts with these failures, the newest first.
fn failing_step(failures: &[(RunId, i64)], undated: &[RunId]) -> Step {
    let mut step = job_step(Some((RunId(9), at(40))));
    if let Facts::Job(facts) = &mut step.facts {
        let failed = |(run, end): &(RunId, i64)| (*run, at(*end), RunResult::Failed);
        facts.failures = failures.iter().map(failed).collect();
        let failed = |run: &RunId| (*run, RunResult::Canceled);
        facts.undated_failures = undated.iter().map(failed).collect();
    }
    step
}

#[test]
fn a_failure_is_written_down_once_and_again_where_it_ended_later() {
    let first = plan(vec![failing_step(
        &[(RunId(12), 60), (RunId(11), 50)],
        &[RunId(13)],
    )]);
    let events = observations(&first, &Memory::default());
    let memory = fold(&events).memory;
    let job = memory.jobs.values().next().unwrap();
    let known = job.failures.iter();
    let known = known.map(|known| (known.run.0, known.ended, known.rule.as_deref()));
    let rule = Some("rule-1");
    assert_eq!(
        known.collect::<Vec<_>>(),
        [
            (13, None, rule),
            (11, Some(at(50)), rule),
            (12, Some(at(60)), rule)
        ]
    );
    assert_eq!(observations(&first, &memory), []);
    // Run 11 was repaired, and failed again.
    let repaired = plan(vec![failing_step(
        &[(RunId(11), 70), (RunId(12), 60)],
        &[RunId(13)],
    )]);
    let events = observations(&repaired, &memory);
    assert!(
        matches!(&events[..], [Event::RunFailed { run: RunId(11), .. }]),
        "{events:?}"
    );
}

#[test]
fn no_more_failures_are_written_down_than_anybody_counts() {
    let most = i64::try_from(FAILURES_REMEMBERED_MAX).unwrap();
    let failures: Vec<(RunId, i64)> = (0..most + 50)
        .rev()
        .map(|n| (RunId(100 + n), 50 + n))
        .collect();
    let step = failing_step(&failures, &[]);
    let events = observations(&plan(vec![step.clone()]), &Memory::default());
    assert_eq!(events.len(), 1 + FAILURES_REMEMBERED_MAX);
    let memory = fold(&events).memory;
    assert_eq!(observations(&plan(vec![step]), &memory), []);
}

#[test]
fn only_open_intents_are_settled_and_what_only_repeating_tells_is_left() {
    let action = Action::Cancel { run: RunId(3) };
    let settlement = |intent: &str, settled| Settlement {
        intent: intent.to_owned(),
        action: action.clone(),
        settled,
    };
    let receipt = Receipt::Cancelled {
        run: RunId(3),
        answered: at(99),
    };
    let step = Step {
        settlements: vec![
            settlement("open", Settled::Done(receipt.clone())),
            settlement("closed", Settled::NotDone),
            settlement("lost", Settled::Repeat),
        ],
        ..job_step(None)
    };
    let identity = step.target.as_ref().unwrap().identity();
    let doubt = |intent: &str| crate::model::memory::Doubt {
        intent: intent.to_owned(),
        apply: "a".to_owned(),
        by: None,
        action: action.clone(),
        rule: None,
        at: at(1),
        since: at(1),
        act_by: at(2),
    };
    let mut memory = Memory::default();
    memory
        .doubts
        .insert(identity, vec![doubt("open"), doubt("lost")]);
    let found = settlements(&plan(vec![step]), &memory, at(100));
    let events: Vec<Event> = found.into_iter().map(|(event, ..)| event).collect();
    assert_eq!(
        events,
        [Event::Settled {
            intent: "open".to_owned(),
            how: Ending::Done(receipt),
            at: at(100)
        }]
    );
}

/// A quiet log is written down once a day, and with every look that is: what was seen then is judged with it.
#[test]
fn the_log_of_a_look_that_is_news_is_written_down_with_it() {
    let id = "/subscriptions/s/resourceGroups/g/providers/p/factories/f/integrationRuntimes/r";
    let step = |one: char, seen: i64| Step {
        target: Some(Target::Runtime(RuntimeTarget {
            connection: name("ingest"),
            id: ResourceId::new(id),
        })),
        ..runtime_step(seen, one, '2')
    };
    let with_log = |step: Step, until: i64| Plan {
        logs: vec![LogReading {
            log: LogId::new("s", "g"),
            span: LogSpan {
                since: at(0),
                until: at(until),
            },
            events: Vec::new(),
        }],
        ..plan(vec![step])
    };
    let memory = fold(&observations(
        &with_log(step('1', 50), 50),
        &Memory::default(),
    ))
    .memory;
    let logs = |plan: &Plan| {
        let events = observations(plan, &memory).into_iter();
        events
            .filter(|event| matches!(event, Event::LogRead(_)))
            .count()
    };
    assert_eq!(logs(&with_log(step('1', 60), 60)), 0, "nothing new");
    assert_eq!(logs(&with_log(step('3', 60), 60)), 1, "another key");
}

/// Two connections may lead into one resource group: what both readings tell is told once.
#[test]
fn two_readings_of_one_log_are_one() {
    let id = ResourceId::new(
        "/subscriptions/s/resourceGroups/g/providers/p/factories/f/integrationRuntimes/r",
    );
    let event = |second: i64| {
        let event = Regeneration {
            at: at(second),
            slot: None,
            by: None,
        };
        (id.clone(), event)
    };
    let reading = |events: Vec<(ResourceId, Regeneration)>| LogReading {
        log: LogId::new("s", "g"),
        span: LogSpan {
            since: at(0),
            until: at(90),
        },
        events,
    };
    let both = Plan {
        logs: vec![
            reading(vec![event(10), event(10), event(20)]),
            reading(vec![event(10), event(20), event(30)]),
        ],
        ..plan(Vec::new())
    };
    let memory = fold(&observations(&both, &Memory::default())).memory;
    let told: Vec<Timestamp> = memory.logs[&LogId::new("s", "g")].events[&id]
        .iter()
        .map(|event| event.at)
        .collect();
    assert_eq!(told, [at(10), at(10), at(20), at(30)]);
}
