use proptest::prelude::*;

use super::*;
use crate::ledger::testing::{at, backfill, gateway, history, job, key, rotation};
use crate::model::job::{RunId, Token};

fn looked(seconds: i64, one: u8, two: u8) -> Event {
    Event::Looked {
        subject: gateway(1),
        at: at(seconds),
        created: None,
        keys: Some(PerSlot {
            one: key(one),
            two: key(two),
        }),
        told: PerSlot::default(),
    }
}

fn settled(intent: &str, receipt: Receipt) -> Event {
    Event::Settled {
        intent: intent.to_owned(),
        how: Ending::Done(receipt),
        at: at(0),
    }
}

fn regenerated(fingerprint: u8, sent: i64, answered: i64) -> Receipt {
    Receipt::Regenerated {
        slot: Slot::One,
        fingerprint: key(fingerprint),
        sent: at(sent),
        answered: at(answered),
    }
}

fn first_slot(events: &[Event]) -> SlotMemory {
    let fold = fold(events);
    assert_eq!(fold.notes, Vec::<String>::new());
    fold.memory.runtimes[&gateway(1).identity].slots.one.clone()
}

#[test]
fn two_looks_bound_the_birth_of_a_key_that_changed_between_them() {
    let slot = first_slot(&[looked(10, 1, 2), looked(20, 1, 2), looked(30, 3, 2)]);
    assert_eq!(
        slot.evidence,
        Some(Evidence::Changed {
            after: at(20),
            by: at(30)
        })
    );
    assert_eq!(
        first_slot(&[looked(10, 1, 2), looked(20, 1, 2)]).evidence,
        Some(Evidence::FirstSeen { at: at(10) })
    );
}

/// A plan that is applied twice tells twice what it saw, all in one second.
#[test]
fn a_look_in_the_second_of_our_rotation_came_before_it() {
    let events = [
        looked(10, 1, 2),
        Event::Intended(rotation("i1", "a", gateway(1), 10)),
        settled("i1", regenerated(3, 10, 10)),
        looked(10, 1, 2),
    ];
    let slot = first_slot(&events);
    assert_eq!(slot.fingerprint, Some(key(3)));
    let (sent, answered) = (at(10), at(10));
    assert_eq!(slot.evidence, Some(Evidence::Rotated { sent, answered }));
}

#[test]
fn our_own_rotation_stays_the_evidence_while_its_key_is_seen() {
    let slot = first_slot(&[
        looked(10, 1, 2),
        Event::Intended(rotation("i1", "a", gateway(1), 11)),
        settled("i1", regenerated(3, 12, 13)),
        looked(40, 3, 2),
    ]);
    assert_eq!(
        slot.evidence,
        Some(Evidence::Rotated {
            sent: at(12),
            answered: at(13)
        })
    );
    assert_eq!(slot.last_seen, Some(at(40)));
}

/// The answer was lost: a look shows the new key first, and then it is settled whose it is.
#[test]
fn a_look_at_a_key_before_its_rotation_is_settled_is_no_older_knowledge_of_it() {
    let intended = Event::Intended(rotation("i1", "a", gateway(1), 10));
    let settled = |sent| settled("i1", regenerated(3, sent, 9_000));
    let evidence = |events: &[Event]| {
        let known = fold(events).memory.runtime(&gateway(1).identity);
        known.slots.one.evidence
    };
    let (sent, answered) = (at(10), at(9_000));
    let events = [looked(5, 1, 2), intended, looked(9_000, 3, 2), settled(10)];
    let rotated = Some(Evidence::Rotated { sent, answered });
    assert_eq!(evidence(&events), rotated);
    // One that was there before it was sent is none that it made.
    let events = [looked(5, 3, 2), events[1].clone(), settled(10)];
    assert!(matches!(
        evidence(&events),
        Some(Evidence::KnownBefore { .. })
    ));
}

#[test]
fn a_late_look_at_a_key_that_is_gone_changes_nothing() {
    let rotated = [
        Event::Intended(rotation("i1", "a", gateway(1), 11)),
        settled("i1", regenerated(3, 12, 13)),
    ];
    let with_late_look = [rotated[0].clone(), rotated[1].clone(), looked(12, 1, 2)];
    assert_eq!(first_slot(&with_late_look), first_slot(&rotated));
}

#[test]
fn a_declaration_holds_for_the_key_it_was_made_of() {
    let declared = Event::Declared {
        subject: gateway(1),
        slot: Slot::One,
        born: at(5),
        at: at(15),
        by: "ada".to_owned(),
    };
    let before_any_look = [declared.clone(), looked(20, 1, 2)];
    assert_eq!(
        first_slot(&before_any_look).declared,
        Some(Declaration {
            born: at(5),
            said: at(15)
        })
    );
    let changed_since = [looked(10, 1, 2), declared.clone(), looked(20, 3, 2)];
    assert_eq!(first_slot(&changed_since).declared, None);
    let rotated_since = [
        declared,
        Event::Intended(rotation("i1", "a", gateway(1), 11)),
        settled("i1", regenerated(3, 12, 13)),
    ];
    assert_eq!(first_slot(&rotated_since).declared, None);
}

#[test]
fn an_intent_is_a_doubt_until_it_is_settled() {
    let intended = Event::Intended(rotation("i1", "a", gateway(1), 11));
    let not_done = Event::Settled {
        intent: "i1".to_owned(),
        how: Ending::NotDone(Why::Proved),
        at: at(20),
    };
    let open = fold([&intended]);
    assert_eq!(open.memory.doubts(&gateway(1).identity).len(), 1);
    let closed = fold([&intended, &not_done]);
    assert_eq!(closed.memory.doubts(&gateway(1).identity), []);
    let twice = fold([&intended, &not_done, &not_done]);
    assert_eq!(
        (twice.memory, twice.notes),
        (closed.memory, Vec::<String>::new()),
        "two applies may find out the same"
    );
}

#[test]
fn a_token_that_is_sent_again_is_one_doubt_since_its_first_intent() {
    let intended = |number: &str, token: &str, second| {
        Event::Intended(Intent {
            action: Action::Submit {
                token: Token::parse(token).unwrap(),
                digest: "d".to_owned(),
            },
            ..rotation(number, "a", backfill(1), second)
        })
    };
    let all = [
        intended("i1", "t", 11),
        intended("i2", "t", 400),
        intended("i3", "t", 900),
        intended("i4", "u", 950),
    ];
    let fold = fold(&all);
    let doubts = fold.memory.doubts(&backfill(1).identity);
    let told = doubts
        .iter()
        .map(|doubt| (doubt.intent.as_str(), doubt.since));
    assert_eq!(told.collect::<Vec<_>>(), [("i3", at(11)), ("i4", at(950))]);
}

#[test]
fn the_newest_success_of_a_job_is_the_one_that_ended_last() {
    let seen = |run, ended, asks: &str| Event::RunSeen {
        subject: job(1),
        name: Some("nightly".to_owned()),
        run,
        ended: at(ended),
        result: RunResult::Success,
        digest: None,
        asks: Some(asks.to_owned()),
    };
    let remembered = |events: &[Event]| fold(events).memory.jobs[&job(1).identity].clone();
    let memory = remembered(&[seen(RunId(7), 70, "a"), seen(RunId(6), 60, "a")]);
    assert_eq!(
        memory.last_success,
        Some((RunId(7), at(70), RunResult::Success))
    );
    assert_eq!(memory.name.as_deref(), Some("nightly"));
    // Seen again under another rule, it is what that one asks for as well.
    let memory = remembered(&[seen(RunId(7), 70, "a"), seen(RunId(7), 70, "b")]);
    assert_eq!(memory.last_success_for.as_deref(), Some("b"));
}

#[test]
fn a_submitted_run_is_remembered_under_its_content() {
    let intent = Intent {
        action: Action::Submit {
            token: Token::parse("t").unwrap(),
            digest: "d".to_owned(),
        },
        ..rotation("i1", "a", backfill(1), 11)
    };
    let started = settled(
        "i1",
        Receipt::Started {
            run: RunId(5),
            answered: at(12),
        },
    );
    let fold = fold([&Event::Intended(intent), &started]);
    let memory = &fold.memory.submissions[&backfill(1).identity];
    assert_eq!(memory.runs, [("d".to_owned(), RunId(5), at(12))]);
}

#[test]
fn what_is_said_twice_is_no_news_and_what_contradicts_is() {
    let intended = Event::Intended(rotation("i1", "a", gateway(1), 11));
    let not_done = Event::Settled {
        intent: "i1".to_owned(),
        how: Ending::NotDone(Why::Proved),
        at: at(200),
    };
    let run = Receipt::Cancelled {
        run: RunId(1),
        answered: at(201),
    };
    let done = settled("i1", run);
    let notes = |events: &[&Event]| fold(events.iter().copied()).notes.len();
    assert_eq!(notes(&[&intended, &not_done, &not_done]), 0);
    assert_eq!(notes(&[&intended, &not_done, &done]), 1);
    assert_eq!(notes(&[&not_done]), 1);
}

#[test]
fn who_settles_what_was_forgotten_meanwhile_has_edited_nothing() {
    let intended = Event::Intended(rotation("i1", "a", gateway(1), 11));
    let forgotten = Event::Forgotten {
        subject: gateway(1),
        at: at(150),
        generations: std::collections::BTreeMap::new(),
    };
    let not_done = Event::Settled {
        intent: "i1".to_owned(),
        how: Ending::NotDone(Why::Proved),
        at: at(200),
    };
    let fold = fold([&intended, &forgotten, &not_done]);
    assert_eq!(fold.notes, Vec::<String>::new());
}

#[test]
fn what_is_forgotten_leaves_no_trace() {
    let forgotten = Event::Forgotten {
        subject: gateway(1),
        at: at(50),
        generations: std::collections::BTreeMap::new(),
    };
    let fold = fold([
        &looked(10, 1, 2),
        &Event::Intended(rotation("i1", "a", gateway(1), 11)),
        &forgotten,
    ]);
    assert_eq!((fold.memory, fold.notes), (Memory::default(), Vec::new()));
}

proptest! {
    #[test]
    fn any_history_adds_up_step_by_step_as_at_once(events in history(), cut in 0_usize..40) {
        let cut = cut.min(events.len());
        let mut steps = fold(&events[..cut]);
        events[cut..].iter().for_each(|event| steps.add(event));
        prop_assert_eq!(steps, fold(&events));
    }

    #[test]
    fn subjects_do_not_depend_on_each_other(events in history()) {
        // Settlements name an intent, not a subject: they stay with the subject of the intent that they close.
        let of = |wanted: &Identity| -> Vec<Event> {
            let mut so_far = Fold::default();
            let mut own = Vec::new();
            for event in &events {
                let identity = match event {
                    Event::Settled { intent, .. } => so_far.open(intent).cloned(),
                    Event::Intended(intent) if so_far.open(&intent.intent).is_some() => None,
                    other => other.subject().map(|subject| subject.identity.clone()),
                };
                if identity.as_ref() == Some(wanted) {
                    own.push(event.clone());
                }
                so_far.add(event);
            }
            own
        };
        let all = fold(&events).memory;
        for subject in [gateway(0), gateway(1), job(0), job(1), backfill(0), backfill(2)] {
            let alone = fold(&of(&subject.identity)).memory;
            prop_assert_eq!(alone.runtimes.get(&subject.identity), all.runtimes.get(&subject.identity));
            prop_assert_eq!(alone.jobs.get(&subject.identity), all.jobs.get(&subject.identity));
            prop_assert_eq!(alone.submissions.get(&subject.identity), all.submissions.get(&subject.identity));
            prop_assert_eq!(alone.doubts(&subject.identity), all.doubts(&subject.identity));
        }
    }
}

fn failed(run: i64, ended: Option<i64>) -> Event {
    Event::RunFailed {
        subject: job(1),
        run: RunId(run),
        ended: ended.map(at),
        result: RunResult::Failed,
        rule: Some("rule-1".to_owned()),
    }
}

fn succeeded(run: i64, ended: i64) -> Event {
    Event::RunSeen {
        subject: job(1),
        name: None,
        run: RunId(run),
        ended: at(ended),
        result: RunResult::Success,
        digest: None,
        asks: Some("asks-1".to_owned()),
    }
}

fn forgotten(second: i64) -> Event {
    Event::AttemptsForgotten {
        subject: job(1),
        at: at(second),
        by: "alice".to_owned(),
    }
}

fn failing(events: &[Event]) -> Vec<i64> {
    let fold = fold(events);
    assert_eq!(fold.notes, Vec::<String>::new());
    let failures = &fold.memory.jobs[&job(1).identity].failures;
    failures.iter().map(|failure| failure.run.0).collect()
}

#[test]
fn a_failure_is_remembered_once_and_until_a_later_success() {
    let all = [
        failed(2, Some(20)),
        failed(3, None),
        failed(2, Some(20)),
        failed(4, Some(40)),
    ];
    assert_eq!(failing(&all), [3, 2, 4]);
    let then = |event: Event| failing(&[all.as_slice(), &[event]].concat());
    assert_eq!(then(succeeded(5, 50)), Vec::<i64>::new());
    assert_eq!(then(succeeded(1, 30)), [4]);
    assert_eq!(
        then(failed(2, Some(60))),
        [3, 4, 2],
        "repaired, and failed again"
    );
    assert_eq!(
        failing(&[succeeded(5, 50), failed(2, Some(20)), failed(6, Some(60))]),
        [6]
    );
}

#[test]
fn a_person_forgives_what_was_tried_until_then() {
    let all = [failed(2, Some(20)), failed(3, None), failed(4, Some(40))];
    let then = |events: &[Event]| failing(&[all.as_slice(), events].concat());
    assert_eq!(then(&[forgotten(30)]), [4]);
    assert_eq!(then(&[forgotten(50)]), Vec::<i64>::new());
    // Lists go on showing them.
    assert_eq!(
        then(&[
            forgotten(50),
            all[0].clone(),
            all[1].clone(),
            failed(6, Some(60))
        ]),
        [6]
    );
    let memory = fold(&[all[1].clone(), forgotten(50)]).memory;
    let job = &memory.jobs[&job(1).identity];
    assert_eq!((job.forgiven_at, job.forgiven.len()), (Some(at(50)), 1));
}

/// An intent on the job and its end.
fn done(number: &str, action: Action, receipt: Receipt) -> [Event; 2] {
    let intent = Intent {
        action,
        subject: job(1),
        rule: Some("rule-1".to_owned()),
        ..rotation(number, "a", job(1), 11)
    };
    [Event::Intended(intent), settled(number, receipt)]
}

fn started(number: &str, run: i64, second: i64) -> [Event; 2] {
    let action = Action::Start {
        token: Token::parse(number).unwrap(),
        after: None,
        parameters: [("day".to_owned(), "today".into())].into(),
        company: crate::model::verdict::Company::Alone,
    };
    done(
        number,
        action,
        Receipt::Started {
            run: RunId(run),
            answered: at(second),
        },
    )
}

fn cancelled(number: &str, run: i64, second: i64) -> [Event; 2] {
    done(
        number,
        Action::Cancel { run: RunId(run) },
        Receipt::Cancelled {
            run: RunId(run),
            answered: at(second),
        },
    )
}

#[test]
fn a_start_is_remembered_with_its_parameters_and_its_rule() {
    let memory = fold(&started("i1", 7, 20)).memory;
    let start = memory.jobs[&job(1).identity].last_start.clone().unwrap();
    assert_eq!(
        (start.run, start.at, start.rule.as_deref()),
        (RunId(7), at(20), Some("rule-1"))
    );
    assert_eq!(start.parameters.len(), 1);
}

#[test]
fn starts_whose_ends_are_not_known_stay_remembered() {
    let open = |events: &[&[Event]]| {
        let memory = fold(&events.concat()).memory;
        let starts = memory.jobs[&job(1).identity].starts();
        starts.map(|own| own.run.0).collect::<Vec<_>>()
    };
    let (one, two, three) = (
        started("i1", 7, 20),
        started("i2", 8, 30),
        started("i3", 9, 40),
    );
    assert_eq!(open(&[&one, &two, &three]), [9, 8, 7]);
    // Whoever writes down an earlier one late writes down the same.
    assert_eq!(open(&[&one, &three, &two]), [9, 8, 7]);
    let ended = [failed(8, Some(35))];
    assert_eq!(open(&[&one, &two, &three, &ended]), [9, 7]);
    assert_eq!(open(&[&one, &two, &ended, &three]), [9, 7]);
    assert_eq!(open(&[&one, &two, &three, &[succeeded(8, 35)]]), [9]);
    assert_eq!(open(&[&one, &two, &three, &[forgotten(25)]]), [9, 8]);
}

#[test]
fn a_run_of_others_that_was_cancelled_is_told_from_an_attempt_that_took_too_long() {
    let all = [
        started("i1", 7, 20),
        cancelled("i2", 7, 30),
        cancelled("i3", 8, 40),
    ]
    .concat();
    let displaced = |events: &[Event]| {
        let memory = fold(events).memory;
        let cancelled = &memory.jobs[&job(1).identity].cancelled;
        cancelled.keys().map(|run| run.0).collect::<Vec<_>>()
    };
    assert_eq!(displaced(&all), [8]);
    assert_eq!(
        displaced(&[all.as_slice(), &[succeeded(9, 50)]].concat()),
        Vec::<i64>::new()
    );
}

#[test]
fn compaction_keeps_what_counts_of_a_job() {
    let mut events = Vec::new();
    for round in 0..100 {
        let (first, at) = (round * 10, round * 1_000 + 100);
        let number = |name: &str| format!("{name}{round}");
        events.extend(cancelled(&number("c"), first + 1, at));
        events.extend(started(&number("s"), first + 2, at + 10));
        events.extend([failed(first + 3, Some(at + 20)), failed(first + 4, None)]);
        if round < 99 {
            events.push(succeeded(first + 5, at + 30));
        }
    }
    events.push(forgotten(99_090));
    events.extend(started("open", 991, 99_200));
    events.extend(started("last", 992, 99_300));
    let left = crate::ledger::compact::compact(&events);
    assert_eq!(fold(&left).memory, fold(&events).memory);
    assert!(left.len() <= 13, "{} lines", left.len());
}

#[test]
fn an_intent_tells_that_both_keys_were_seen_right_before() {
    let intent = Intent {
        seen: Some(at(11)),
        ..rotation("i1", "a", gateway(1), 12)
    };
    let done = settled("i1", regenerated(3, 12, 13));
    // It changed both keys: of the other one the next look tells, months later.
    let events = [
        looked(0, 1, 2),
        Event::Intended(intent),
        done,
        looked(9_000_000, 3, 4),
    ];
    let runtime = &fold(&events).memory.runtimes[&gateway(1).identity];
    let (after, by) = (at(11), at(9_000_000));
    assert_eq!(
        runtime.slots.two.evidence,
        Some(Evidence::Changed { after, by })
    );
    assert_eq!(runtime.slots.one.former, [(at(0), at(11))]);
}

fn told(seconds: i64, made: Option<i64>, keys: Option<(u8, u8)>) -> Event {
    Event::Looked {
        subject: gateway(1),
        at: at(seconds),
        created: None,
        keys: keys.map(|(one, two)| PerSlot {
            one: key(one),
            two: key(two),
        }),
        told: PerSlot {
            one: made.map(at),
            two: None,
        },
    }
}

#[test]
fn what_the_service_tells_of_a_key_outlives_the_look() {
    let heard = first_slot(&[told(1_000, Some(100), None)]);
    assert_eq!(heard.evidence, Some(Evidence::Told { at: at(100) }));
    assert_eq!(
        (heard.fingerprint, heard.last_seen),
        (None, Some(at(1_000)))
    );
    // Its fingerprint comes later: shown with the same word, it is this key; alone, it may be one that was made since.
    let shown = first_slot(&[
        told(1_000, Some(100), None),
        told(2_000, Some(100), Some((1, 2))),
    ]);
    assert_eq!(shown.evidence, Some(Evidence::Told { at: at(100) }));
    assert_eq!(shown.fingerprint, Some(key(1)));
    let alone = first_slot(&[told(1_000, Some(100), None), looked(2_000, 1, 2)]);
    let (after, by) = (at(100), at(2_000));
    assert_eq!(alone.evidence, Some(Evidence::Changed { after, by }));
}

#[test]
fn a_newer_time_is_another_key_and_an_older_one_an_old_answer() {
    let known = [told(1_000, Some(100), Some((1, 2)))];
    let newer = first_slot(&[known[0].clone(), told(3_000, Some(2_000), None)]);
    assert_eq!(newer.evidence, Some(Evidence::Told { at: at(2_000) }));
    assert_eq!(newer.fingerprint, None);
    assert_eq!(newer.former, [(at(100), at(1_000))]);
    let older = first_slot(&[known[0].clone(), told(3_000, Some(50), None)]);
    assert_eq!(older.evidence, Some(Evidence::Told { at: at(100) }));
    assert_eq!(older.fingerprint, Some(key(1)));
    // A look that was read late says nothing of what came after it.
    let late = first_slot(&[known[0].clone(), told(900, Some(800), None)]);
    assert_eq!(late.evidence, Some(Evidence::Told { at: at(100) }));
}

#[test]
fn what_is_told_after_our_own_rotation_is_that_rotation() {
    let ours = |made: i64| {
        let intent = rotation("i1", "a", gateway(1), 1_000);
        let done = settled("i1", regenerated(9, 1_000, 1_001));
        first_slot(&[
            told(900, Some(100), Some((1, 2))),
            Event::Intended(intent),
            done,
            told(2_000, Some(made), None),
        ])
    };
    let rotated = Evidence::Rotated {
        sent: at(1_000),
        answered: at(1_001),
    };
    for made in [1_000, 1_004, 100] {
        assert_eq!(ours(made).evidence, Some(rotated), "{made}");
        assert_eq!(ours(made).fingerprint, Some(key(9)), "{made}");
    }
    assert_eq!(ours(1_900).evidence, Some(Evidence::Told { at: at(1_900) }));
    assert_eq!(ours(1_900).fingerprint, None);
}
