use std::sync::Arc;

use futures_util::future::join_all;

use super::event::{Ending, Event, Subject};
use super::store::StoreError;
use super::store::memory::MemoryStore;
use super::testing::{at, gateway, key, rotation};
use super::*;
use crate::clock::{Clock, ManualClock};
use crate::model::runtime::{PerSlot, Slot};
use crate::model::verdict::Receipt;

async fn open(store: &MemoryStore, seconds: i64) -> Ledger {
    let clock = Clock::Manual(ManualClock::new(at(seconds)));
    Ledger::open(Arc::new(store.clone()), clock).await.unwrap()
}

fn done(intent: &str) -> Event {
    Event::Settled {
        intent: intent.to_owned(),
        how: Ending::Done(Receipt::Regenerated {
            slot: Slot::One,
            fingerprint: key(9),
            sent: at(100),
            answered: at(101),
        }),
        at: at(101),
    }
}

#[tokio::test]
async fn what_one_handle_wrote_another_remembers() {
    let store = MemoryStore::default();
    let ledger = open(&store, 100).await;
    assert_eq!(ledger.lineage(), None);
    assert_eq!(ledger.ensure_opened("l1").await.unwrap(), "l1");
    ledger
        .intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await
        .unwrap();
    ledger.record(vec![done("i1")]).await.unwrap();
    let other = open(&store, 200).await;
    assert_eq!(
        (other.memory(), other.position()),
        (ledger.memory(), ledger.position())
    );
    assert_eq!(other.ensure_opened("l2").await.unwrap(), "l1");
    let mut told = Vec::new();
    let export = other.export(|lines| told.extend_from_slice(lines)).await;
    export.unwrap();
    assert_eq!(told, store.bytes());
}

#[tokio::test]
async fn of_two_that_begin_a_ledger_one_gives_it_its_name() {
    let store = MemoryStore::default();
    let (one, two) = (open(&store, 1).await, open(&store, 1).await);
    assert_eq!(one.ensure_opened("l1").await.unwrap(), "l1");
    assert_eq!(two.ensure_opened("l2").await.unwrap(), "l1");
}

#[tokio::test]
async fn many_actions_share_few_appends() {
    let store = MemoryStore::default();
    let ledger = &open(&store, 100).await;
    let actions = 200_u8;
    join_all((0..actions).map(|n| async move {
        let intent = format!("i{n}");
        ledger
            .intend(rotation(&intent, "a", gateway(n), 100), at(100))
            .await
            .unwrap();
        ledger.record(vec![done(&intent)]).await.unwrap();
    }))
    .await;
    let lines = json::read(&store.bytes(), 0).unwrap();
    assert_eq!(lines.len(), 400);
    assert!(store.appends() <= 20, "{} appends", store.appends());
    assert!(ledger.memory().doubts.is_empty());
}

#[tokio::test]
async fn what_a_person_said_before_another_apply_began_is_not_written() {
    let store = MemoryStore::default();
    let (person, apply) = (open(&store, 100).await, open(&store, 100).await);
    apply.ensure_opened("l1").await.unwrap();
    let intent = rotation("i1", "a", gateway(1), 100);
    apply.intend(intent, at(100)).await.unwrap();
    let forgotten = |subject: Subject| {
        let identity = subject.identity.clone();
        let at = at(101);
        (
            identity,
            vec![Event::Forgotten {
                subject,
                at,
                generations: std::collections::BTreeMap::new(),
            }],
        )
    };
    let (identity, events) = forgotten(gateway(1));
    let refused = person.record_if_untouched(&identity, events).await;
    assert!(matches!(refused, Err(IntendError::Moved(_))), "{refused:?}");
    let (other, events) = forgotten(gateway(2));
    person.record_if_untouched(&other, events).await.unwrap();
    assert_eq!(person.memory().doubts(&identity).len(), 1);
}

#[tokio::test]
async fn a_subject_somebody_is_busy_with_is_left_alone() {
    let store = MemoryStore::default();
    let (one, two) = (open(&store, 100).await, open(&store, 110).await);
    one.intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await
        .unwrap();
    let refused = two
        .intend(rotation("i2", "b", gateway(1), 110), at(100))
        .await;
    assert!(
        matches!(&refused, Err(IntendError::Busy(doubt)) if doubt.intent == "i1"),
        "{refused:?}"
    );
    two.intend(rotation("i3", "b", gateway(2), 110), at(100))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_doubt_that_the_plan_did_not_know_of_stops_the_move() {
    let store = MemoryStore::default();
    open(&store, 100)
        .await
        .intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await
        .unwrap();
    let late = open(&store, 900).await;
    let intent = rotation("i2", "b", gateway(1), 900);
    let refused = late.intend(intent.clone(), at(99)).await;
    assert!(matches!(refused, Err(IntendError::Moved(_))), "{refused:?}");
    late.intend(intent, at(890)).await.unwrap();
}

#[tokio::test]
async fn a_subject_that_changed_behind_our_back_is_not_what_was_decided_about() {
    let store = MemoryStore::default();
    let (one, two) = (open(&store, 100).await, open(&store, 100).await);
    one.intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await
        .unwrap();
    one.record(vec![done("i1")]).await.unwrap();
    let refused = two
        .intend(rotation("i2", "b", gateway(1), 110), at(100))
        .await;
    assert_eq!(
        refused,
        Err(IntendError::Moved(
            "another apply worked on it meanwhile".to_owned()
        ))
    );
}

#[tokio::test]
async fn a_look_by_others_stops_nobody() {
    let store = MemoryStore::default();
    let (one, two) = (open(&store, 100).await, open(&store, 100).await);
    let looked = Event::Looked {
        subject: gateway(1),
        at: at(100),
        created: None,
        keys: Some(PerSlot {
            one: key(1),
            two: key(2),
        }),
        told: PerSlot::default(),
    };
    one.record(vec![looked]).await.unwrap();
    two.intend(rotation("i1", "b", gateway(1), 110), at(100))
        .await
        .unwrap();
    assert_eq!(two.memory().runtimes.len(), 1);
}

#[tokio::test]
async fn nothing_counts_as_written_that_is_not() {
    let store = MemoryStore::default();
    let ledger = open(&store, 100).await;
    store.break_with(Some("No space left on device"));
    let refused = ledger
        .intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await;
    assert!(
        matches!(
            refused,
            Err(IntendError::Ledger(LedgerError::Store(StoreError { .. })))
        ),
        "{refused:?}"
    );
    assert!(ledger.memory().doubts.is_empty());
    store.break_with(None);
    ledger
        .intend(rotation("i1", "a", gateway(1), 100), at(100))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_torn_line_of_a_dead_writer_gives_way() {
    let whole = Event::Intended(rotation("i1", "a", gateway(1), 100))
        .line()
        .unwrap();
    let store = MemoryStore::holding(whole.clone() + r#"{"v":1,"event":"set"#);
    let ledger = open(&store, 200).await;
    assert_eq!(ledger.memory().doubts.len(), 1);
    ledger.record(vec![done("i1")]).await.unwrap();
    assert_eq!(
        String::from_utf8(store.bytes()).unwrap(),
        whole + &done("i1").line().unwrap()
    );
}

#[tokio::test]
async fn a_damaged_ledger_is_not_opened() {
    let store = Arc::new(MemoryStore::holding("rubbish\n"));
    let error = Ledger::open(store, Clock::Real).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the ledger: line 1, which names the ledger, is damaged"),
        "{error}"
    );
}

#[tokio::test]
async fn the_looks_of_a_large_estate_go_in_pieces() {
    let store = MemoryStore::default();
    let ledger = open(&store, 0).await;
    ledger.ensure_opened("l").await.unwrap();
    let before = store.appends();
    let events = vec![done("unknown"); 2 * crate::limits::EVENTS_PER_APPEND_MAX + 1];
    ledger.record(events).await.unwrap();
    assert_eq!(store.appends() - before, 3);
}
