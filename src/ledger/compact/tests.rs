use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::event::{Ending, Event, Why};
use super::super::store::Store;
use super::super::store::file::FileStore;
use super::super::store::memory::MemoryStore;
use super::super::testing::{at, gateway, history, key, rotation};
use super::*;
use crate::clock::{Clock, ManualClock};
use crate::costs::in_proportion;
use crate::ledger::IntendError;
use crate::model::runtime::{PerSlot, Slot};
use crate::model::verdict::Receipt;

pub(super) fn picked(events: &[Event], mut rest: Rest) -> Vec<Event> {
    for event in events {
        rest.add(event.line().unwrap().trim_end().as_bytes(), event.clone());
    }
    read_any(&rest.text().unwrap())
}

/// Histories of any events have any names.
fn read_any(text: &[u8]) -> Vec<Event> {
    let one = |line: &[u8]| json::read(&[line, b"\n"].concat(), 0).unwrap();
    json::lines(text).flat_map(one).collect()
}

proptest! {
    /// However often it is picked from what is held so far.
    #[test]
    fn what_is_left_adds_up_to_the_same(events in history(), held_min in 1_usize..50) {
        let left = picked(&events, Rest::holding(held_min));
        prop_assert_eq!(fold(&left).memory, fold(&events).memory);
        let again = picked(&left, Rest::holding(usize::MAX));
        prop_assert_eq!(again.len(), left.len());
        prop_assert_eq!(again.get(1..), left.get(1..));
    }

    /// Also where what is passed over at once would be too much.
    #[test]
    fn a_ledger_of_any_history_remembers_the_same(events in history()) {
        let events = events.iter().filter(|event| !matches!(event, Event::Opened { .. }));
        let text: String = std::iter::once(&name())
            .chain(events)
            .map(|event| event.line().unwrap())
            .collect();
        let store = MemoryStore::holding(text);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (before, after) = runtime.block_on(async {
            let ledger = open(&store, 100).await;
            let before = ledger.memory();
            ledger.compact().await.unwrap();
            (before, open(&store, 100).await.memory())
        });
        prop_assert_eq!(before, after);
    }

    #[test]
    fn nothing_is_left_that_nobody_wrote(events in history()) {
        for event in compact(&events) {
            if !matches!(event, Event::Opened { .. }) {
                prop_assert!(events.contains(&event));
            }
        }
    }
}

fn looked(seconds: i64, one: u8) -> Event {
    Event::Looked {
        subject: gateway(1),
        at: at(seconds),
        created: Some(at(1)),
        keys: Some(PerSlot {
            one: key(one),
            two: key(200),
        }),
        told: PerSlot::default(),
    }
}

fn rotated(intent: &str, seconds: i64, fingerprint: u8) -> [Event; 2] {
    let settled = Event::Settled {
        intent: intent.to_owned(),
        how: Ending::Done(Receipt::Regenerated {
            slot: Slot::One,
            fingerprint: key(fingerprint),
            sent: at(seconds),
            answered: at(seconds + 1),
        }),
        at: at(seconds + 1),
    };
    let intended = Event::Intended(rotation(intent, "a", gateway(1), seconds));
    [intended, settled]
}

#[test]
fn a_year_of_looks_and_rotations_becomes_a_few_lines() {
    let mut events = Vec::new();
    for day in 0..365 {
        events.push(looked(day * 100 + 10, u8::try_from(day / 90).unwrap()));
        if day % 90 == 89 {
            let next = u8::try_from(day / 90 + 1).unwrap();
            events.extend(rotated(&format!("i{day}"), day * 100 + 20, next));
        }
    }
    let left = compact(&events);
    assert_eq!(fold(&left).memory, fold(&events).memory);
    // The name, and for each key, which may come back one day, its rotation and its last look.
    assert!(left.len() <= 14, "{} lines", left.len());
}

/// A look that tells the creation alone, and a person's word, are superseded by the next ones.
#[test]
fn what_is_told_again_and_again_becomes_its_last_line() {
    let created = |day: i64| Event::Looked {
        subject: gateway(1),
        at: at(day * 100),
        created: Some(at(1)),
        keys: None,
        told: PerSlot::default(),
    };
    let declared = |day: i64| Event::Declared {
        subject: gateway(1),
        slot: Slot::Two,
        born: at(day),
        at: at(day * 100 + 1),
        by: "ada".to_owned(),
    };
    let events: Vec<Event> = (1..100)
        .flat_map(|day| [created(day), declared(day)])
        .collect();
    let left = compact(&events);
    assert_eq!(fold(&left).memory, fold(&events).memory);
    assert_eq!(left, [created(99), declared(99)]);
}

/// The look right before a regenerate stands in its intent.
#[test]
fn an_intent_that_bounds_a_key_by_its_look_is_kept_and_others_go() {
    let mut events = Vec::new();
    for number in 0..30_i64 {
        let seconds = 1_000 + number * 1_000;
        let mut intent = rotation(&format!("i{number}"), "a", gateway(1), seconds);
        intent.seen = Some(at(seconds));
        events.push(Event::Intended(intent));
        events.push(Event::Settled {
            intent: format!("i{number}"),
            how: Ending::NotDone(Why::Untold),
            at: at(seconds + 1),
        });
    }
    let left = compact(&events);
    assert_eq!(fold(&left).memory, fold(&events).memory);
    assert_eq!(left.len(), 4, "the first look and the last one");
}

/// What a storage account tells of its keys is evidence, as a look at them is.
#[test]
fn a_year_of_what_an_account_tells_becomes_a_few_lines() {
    let told = |day: i64, made: i64| Event::Looked {
        subject: gateway(1),
        at: at(day * 100),
        created: Some(at(1)),
        keys: None,
        told: PerSlot {
            one: Some(at(made * 100)),
            two: None,
        },
    };
    let events: Vec<Event> = (100..465).map(|day| told(day, day / 90 * 90)).collect();
    let left = compact(&events);
    assert_eq!(fold(&left).memory, fold(&events).memory);
    // Of each key the first word and the last.
    assert_eq!(left.len(), 10);
}

#[test]
fn what_was_proved_to_have_changed_nothing_is_no_superseded_line() {
    let intended = Event::Intended(rotation("i1", "a", gateway(1), 20));
    let not_done = |why: Why| Event::Settled {
        intent: "i1".to_owned(),
        how: Ending::NotDone(why),
        at: at(30),
    };
    let looks = |end: &Event| {
        let before = [looked(10, 1), intended.clone(), end.clone()];
        let after = [looked(40, 1), looked(50, 1), looked(60, 1)];
        [before, after].concat()
    };
    let undone = |events: &[Event]| {
        let memory = fold(events).memory;
        memory.runtime(&gateway(1).identity).undone
    };
    let proved = looks(&not_done(Why::Proved));
    let left = compact(&proved);
    assert_eq!(undone(&left).len(), 1);
    assert_eq!(
        left.len(),
        4,
        "the first look, the intent, its end, the last look"
    );
    // A person's word proves nothing: the log may tell better.
    for why in [
        Why::Untold,
        Why::Said {
            by: "ada".to_owned(),
        },
    ] {
        let said = looks(&not_done(why));
        assert_eq!(undone(&said), []);
        assert_eq!(compact(&said).len(), 2);
    }
}

async fn open(store: &MemoryStore, seconds: i64) -> Ledger {
    let clock = Clock::Manual(ManualClock::new(at(seconds)));
    Ledger::open(Arc::new(store.clone()), clock).await.unwrap()
}

#[tokio::test]
async fn an_open_handle_goes_on_in_the_new_generation() {
    let store = MemoryStore::default();
    let (one, two) = (open(&store, 100).await, open(&store, 100).await);
    one.ensure_opened("l1").await.unwrap();
    for seconds in 0..50 {
        one.record(vec![looked(seconds, 1)]).await.unwrap();
    }
    let compacted = two.compact().await.unwrap().unwrap();
    assert_eq!(compacted.lines.0, 51);
    assert!(compacted.lines.1 <= 4, "{compacted:?}");
    one.intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await
        .unwrap();
    assert_eq!(open(&store, 100).await.memory(), one.memory());
    let bytes = store.bytes();
    assert_eq!(one.compact().await.unwrap(), None);
    assert_eq!(store.bytes(), bytes);
}

#[tokio::test]
async fn what_others_did_before_a_compaction_still_stops_an_old_decision() {
    let store = MemoryStore::default();
    let old = open(&store, 100).await;
    old.ensure_opened("l1").await.unwrap();
    let other = open(&store, 100).await;
    other.record(rotated("i1", 100, 9).into()).await.unwrap();
    other.compact().await.unwrap();
    let refused = old
        .intend(rotation("i2", "b", gateway(1), 110), at(100))
        .await;
    assert!(matches!(refused, Err(IntendError::Moved(_))), "{refused:?}");
}

#[tokio::test]
async fn another_ledger_in_its_place_is_refused() {
    let store = MemoryStore::default();
    let ledger = open(&store, 100).await;
    ledger.ensure_opened("l1").await.unwrap();
    let opened = Event::Opened {
        lineage: "l2".to_owned(),
        at: at(1),
        tool: "test".to_owned(),
        compactions: 0,
    };
    let end = store.read(Position::default()).await.unwrap().position;
    let text = opened.line().unwrap().into_bytes();
    store.replace(end, text).await.unwrap();
    let refused = ledger.record(vec![looked(5, 1)]).await;
    assert_eq!(refused, Err(LedgerError::Replaced));
}

/// How a ledger begins.
fn name() -> Event {
    Event::Opened {
        lineage: "l".to_owned(),
        at: at(0),
        tool: "afresh 0.1.0".to_owned(),
        compactions: 0,
    }
}

/// So many lines of ten runtimes: a look at each of them every day.
fn days(count: usize) -> impl Iterator<Item = Event> {
    (0..count).map(|number| {
        let runtime = u8::try_from(number % 10).unwrap();
        Event::Looked {
            subject: gateway(runtime),
            at: at(i64::try_from(number / 10).unwrap() * 86_400),
            created: Some(at(1)),
            keys: Some(PerSlot {
                one: key(runtime),
                two: key(100 + runtime),
            }),
            told: PerSlot::default(),
        }
    })
}

#[test]
fn what_is_held_and_remembered_goes_by_subjects_and_not_by_lines() {
    let held = |count| {
        let mut rest = Rest::default();
        let after_each = days(count).map(|event| {
            rest.add(event.line().unwrap().as_bytes(), event);
            rest.held()
        });
        after_each.max().unwrap()
    };
    assert!(held(2_000) <= 10 * 16, "{}", held(2_000));
    assert_eq!(held(2_000), held(8_000));
    let events: Vec<Event> = days(2_000).collect();
    let memory = fold(&events).memory;
    let quick = picked(&events, Rest::of(&memory));
    assert_eq!((quick.len(), fold(&quick).memory), (20, memory));
    let remembered = |count| format!("{:?}", fold(&days(count).collect::<Vec<_>>())).len();
    assert_eq!(remembered(2_000), remembered(8_000));
}

#[test]
fn opening_and_compacting_take_time_in_proportion_to_the_lines() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let left = in_proportion(8_000, |count| {
        let lines = days(count).map(|event| event.line().unwrap());
        let text: String = std::iter::once(name().line().unwrap())
            .chain(lines)
            .collect();
        let store = MemoryStore::holding(text);
        runtime.block_on(async {
            let ledger = open(&store, 100).await;
            ledger.compact().await.unwrap().unwrap().lines.1
        })
    });
    // The name, and of each the first look and the last one.
    assert_eq!(left, 21);
}

/// A ledger in a file that is large from some ten lines on.
async fn open_file(path: &Path) -> Ledger {
    let store = FileStore::new(path).with_large_from(4_000);
    let clock = Clock::Manual(ManualClock::new(at(100)));
    Ledger::open(Arc::new(store), clock).await.unwrap()
}

#[tokio::test]
async fn a_large_file_compacts_itself_and_what_was_before_stays_until_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let older = folder.path().join("ledger.jsonl.older");
    let ledger = open_file(&path).await;
    ledger.ensure_opened("l1").await.unwrap();
    for round in 0..3 {
        let looks = |from: i64| (from..from + 4).map(|second| looked(round * 100 + second, 1));
        ledger.record(looks(0).collect()).await.unwrap();
        // Most of it is superseded, but it is small.
        assert_eq!(ledger.compact_if_due().await, Ok(Upkeep::NotDue));
        for from in (4..40).step_by(4) {
            ledger.record(looks(from).collect()).await.unwrap();
        }
        let (before, memory) = (std::fs::read(&path).unwrap(), ledger.memory());
        let Ok(Upkeep::Done(compacted)) = ledger.compact_if_due().await else {
            panic!("it is due");
        };
        assert_eq!(compacted.kept, older.display().to_string());
        assert_eq!(compacted.bytes.0, before.len());
        assert_eq!(std::fs::read(&older).unwrap(), before);
        assert!(std::fs::read(&path).unwrap().len() < before.len() / 2);
        for after in [ledger.memory(), open_file(&path).await.memory()] {
            assert_eq!(after, memory);
        }
    }
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let wanted = ["ledger.jsonl", "ledger.jsonl.lock", "ledger.jsonl.older"];
    assert_eq!(files, wanted);
    // A person's compaction touches none of those that were kept.
    ledger.record(vec![looked(500, 1)]).await.unwrap();
    let compacted = ledger.compact().await.unwrap().unwrap();
    assert!(compacted.kept.ends_with("ledger.jsonl.1"));
    assert!(older.exists());
}

#[tokio::test]
async fn a_large_file_of_which_most_counts_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let ledger = open_file(&path).await;
    ledger.ensure_opened("l1").await.unwrap();
    // Of each the first look and the last one count, and not the one between them.
    ledger.record(days(30).collect()).await.unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(before.len() > 4_000);
    assert_eq!(ledger.compact_if_due().await, Ok(Upkeep::NotDue));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // A person may want it all the same.
    assert!(ledger.compact().await.unwrap().is_some());
}

/// It is only larger than it needs to be.
#[tokio::test]
async fn a_large_file_that_cannot_be_compacted_is_appended_to_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let ledger = open_file(&path).await;
    ledger.ensure_opened("l1").await.unwrap();
    let looks = (0..40).map(|second| looked(second, 1));
    ledger.record(looks.collect()).await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let in_the_way = folder.path().join("ledger.jsonl.older.next");
    std::fs::create_dir(&in_the_way).unwrap();
    let upkeep = ledger.compact_if_due().await;
    assert!(
        matches!(upkeep, Ok(Upkeep::PutOff(LedgerError::Store(_)))),
        "{upkeep:?}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    ledger.record(vec![looked(50, 1)]).await.unwrap();
    std::fs::remove_dir(in_the_way).unwrap();
    let upkeep = ledger.compact_if_due().await;
    assert!(matches!(upkeep, Ok(Upkeep::Done(_))), "{upkeep:?}");
}

/// What one of several handles does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Record(usize),
    Compact(usize),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn writers_and_compactions_in_any_order_lose_nothing(
        steps in proptest::collection::vec(
            prop_oneof![3 => (0_usize..3).prop_map(Step::Record), 1 => (0_usize..3).prop_map(Step::Compact)],
            1..40,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = MemoryStore::default();
            let handles = [open(&store, 100).await, open(&store, 100).await, open(&store, 100).await];
            handles[0].ensure_opened("l1").await.unwrap();
            // Neighbours run at the same time.
            for (number, pair) in steps.chunks(2).enumerate() {
                let runs = pair.iter().enumerate().map(|(half, step)| {
                    let handles = &handles;
                    async move {
                        match *step {
                            Step::Compact(who) => drop(handles[who].compact().await.unwrap()),
                            Step::Record(who) => {
                                let (intent, n) = (format!("i{number}-{half}"), u8::try_from(number * 2 + half).unwrap());
                                handles[who].intend(rotation(&intent, "a", gateway(n), 100), at(100)).await.unwrap();
                            }
                        }
                    }
                });
                futures_util::future::join_all(runs).await;
            }
            let wanted = steps.iter().filter(|step| matches!(step, Step::Record(_))).count();
            let doubts: usize = open(&store, 100).await.memory().doubts.values().map(Vec::len).sum();
            assert_eq!(doubts, wanted);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Those that only record know nothing of it, as an older afresh does.
    #[test]
    fn writers_beside_a_file_that_compacts_itself_lose_nothing(
        steps in proptest::collection::vec(
            prop_oneof![2 => (0_usize..3).prop_map(Step::Record), 1 => (0_usize..2).prop_map(Step::Compact)],
            1..30,
        )
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let handles = [open_file(&path).await, open_file(&path).await, open_file(&path).await];
            handles[0].ensure_opened("l1").await.unwrap();
            for (number, pair) in steps.chunks(2).enumerate() {
                let runs = pair.iter().enumerate().map(|(half, step)| {
                    let handles = &handles;
                    async move {
                        match *step {
                            Step::Compact(who) => {
                                let upkeep = handles[who].compact_if_due().await.unwrap();
                                assert!(!matches!(upkeep, Upkeep::PutOff(_)), "{upkeep:?}");
                            }
                            Step::Record(who) => {
                                let (intent, n) = (format!("i{number}-{half}"), u8::try_from(number * 2 + half).unwrap());
                                let looks = (0..8).map(|second| looked(second, 1)).collect();
                                handles[who].record(looks).await.unwrap();
                                handles[who].intend(rotation(&intent, "a", gateway(n), 100), at(100)).await.unwrap();
                            }
                        }
                    }
                });
                futures_util::future::join_all(runs).await;
            }
        });
        let wanted = steps.iter().filter(|step| matches!(step, Step::Record(_))).count();
        let memory = runtime.block_on(open_file(&path)).memory();
        prop_assert_eq!(memory.doubts.values().map(Vec::len).sum::<usize>(), wanted);
    }
}

/// What a later afresh wrote beside what this one reads is not ours to drop.
#[tokio::test]
async fn lines_that_stay_are_kept_to_the_letter() {
    let looks: Vec<Event> = (1..9).map(|second| looked(second, 1)).collect();
    let events = [looks, rotated("a-1", 10, 2).to_vec()].concat();
    let mut lines: Vec<String> = events.iter().map(|event| event.line().unwrap()).collect();
    lines.push(
        looked(20, 2)
            .line()
            .unwrap()
            .replacen('{', "{ \"later\": 7, ", 1),
    );
    let text = name().line().unwrap() + "\n" + &lines.concat();
    let store = MemoryStore::default();
    let end = store.append(Position::default(), text.into_bytes()).await;
    end.unwrap();
    let ledger = open(&store, 30).await;
    ledger.compact().await.unwrap().unwrap();
    let left = String::from_utf8(store.bytes()).unwrap();
    assert!(left.contains("{ \"later\": 7, "), "{left}");
    for line in left.lines().skip(1) {
        assert!(lines.contains(&format!("{line}\n")), "{line}");
    }
}
