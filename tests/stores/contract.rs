//! What every store promises. Each promise begins with a place of its own where nothing was written yet.

use std::any::Any;
use std::sync::Arc;

use afresh::ledger::store::{AppendError, Position, Room, Store, Stored};
use futures_util::future::join_all;

/// A place where a ledger may lie. `open` opens it once more, as another process would.
pub struct Place {
    pub open: Box<dyn Fn() -> Arc<dyn Store> + Send + Sync>,
    /// Lives as long as the place.
    pub kept: Option<Box<dyn Any + Send + Sync>>,
}

const START: Position = Position {
    generation: 0,
    offset: 0,
};

/// Every promise, each at a new place.
pub async fn holds(new: &(dyn Fn() -> Place + Sync)) {
    reading_creates_nothing(&new()).await;
    an_append_happens_at_the_expected_end_only(&new()).await;
    only_what_is_new_is_read(&new()).await;
    what_is_read_is_what_was_there(&new()).await;
    of_many_that_append_at_one_place_one_wins(&new()).await;
    a_new_generation_takes_the_old_ones_place(&new()).await;
    whoever_knows_the_old_generation_cannot_append(&new()).await;
    a_generation_is_not_replaced_behind_an_append(&new()).await;
    of_many_that_replace_one_wins(&new()).await;
    drop(new().kept);
}

fn line(text: &str) -> Vec<u8> {
    format!("{{\"n\":\"{text}\"}}\n").into_bytes()
}

async fn all(place: &Place) -> Stored {
    (place.open)().read(START).await.unwrap()
}

async fn reading_creates_nothing(place: &Place) {
    let store = (place.open)();
    assert_eq!(store.read(START).await.unwrap(), Stored::default());
    assert_eq!(store.read(START).await.unwrap(), Stored::default());
    assert_eq!(store.room(START), Room::Enough);
}

async fn an_append_happens_at_the_expected_end_only(place: &Place) {
    let (one, two) = ((place.open)(), (place.open)());
    let end = one.append(START, line("a")).await.unwrap();
    assert_eq!(end.offset, line("a").len() as u64);
    let late = two.append(START, line("b")).await;
    assert_eq!(late, Err(AppendError::Conflict));
    let end = one.append(end, line("c")).await.unwrap();
    let beyond = Position {
        offset: end.offset + 1,
        ..end
    };
    assert_eq!(
        one.append(beyond, line("d")).await,
        Err(AppendError::Conflict)
    );
    let stored = all(place).await;
    assert_eq!(stored.bytes, [line("a"), line("c")].concat());
    assert_eq!(stored.position, end);
    // The same bytes at the same place by somebody else are still two appends, unless they are the very same ones.
    assert_eq!(
        two.append(START, line("x")).await,
        Err(AppendError::Conflict)
    );
}

async fn only_what_is_new_is_read(place: &Place) {
    let (one, two) = ((place.open)(), (place.open)());
    let first = one.append(START, line("a")).await.unwrap();
    let second = one.append(first, line("b")).await.unwrap();
    let stored = two.read(first).await.unwrap();
    assert_eq!((stored.from, stored.position), (first, second));
    assert_eq!(stored.bytes, line("b"));
    let nothing = two.read(second).await.unwrap();
    assert_eq!((nothing.bytes.len(), nothing.position), (0, second));
}

/// However long it takes, and whatever others append or begin meanwhile.
async fn what_is_read_is_what_was_there(place: &Place) {
    let (one, two) = ((place.open)(), (place.open)());
    // More than is read at once anywhere.
    let half = line(&"y".repeat(1_000_000)).repeat(7);
    let end = one.append(START, half.clone()).await.unwrap();
    let end = one.append(end, half.clone()).await.unwrap();
    let mut reading = two.stream(START).await.unwrap();
    assert_eq!(reading.position, end);
    let mut read = reading.lines().await.unwrap().unwrap().to_vec();
    let late = one.append(end, line("late")).await.unwrap();
    let next = [line("next"), line("generation")].concat();
    let (next_end, _) = one.supersede(late, next.clone()).await.unwrap();
    while let Some(lines) = reading.lines().await.unwrap() {
        assert!(lines.ends_with(b"\n"));
        read.extend_from_slice(lines);
    }
    drop(reading);
    assert!(read == half.repeat(2), "{} bytes", read.len());
    let stored = two.read(end).await.unwrap();
    assert_eq!((stored.bytes, stored.position), (next, next_end));
}

async fn of_many_that_append_at_one_place_one_wins(place: &Place) {
    let tries = (0..8).map(|number| {
        let store = (place.open)();
        tokio::spawn(async move { store.append(START, line(&number.to_string())).await })
    });
    let ends: Vec<_> = join_all(tries)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let won = ends.iter().filter(|end| end.is_ok()).count();
    let lost = ends
        .iter()
        .filter(|end| **end == Err(AppendError::Conflict))
        .count();
    assert_eq!((won, lost), (1, 7), "{ends:?}");
    assert_eq!(all(place).await.bytes.len(), line("0").len());
}

async fn a_new_generation_takes_the_old_ones_place(place: &Place) {
    let (one, two) = ((place.open)(), (place.open)());
    let end = one.append(START, line("a")).await.unwrap();
    let seen = two.read(START).await.unwrap().position;
    assert_eq!(seen, end);
    let large = [line("first"), line(&"y".repeat(1_000_000)), line("last")].concat();
    let (next, kept) = one.replace(end, large.clone()).await.unwrap();
    assert!(!kept.is_empty());
    assert_ne!(next.generation, end.generation);
    let end = one.append(next, line("b")).await.unwrap();
    let stored = two.read(seen).await.unwrap();
    assert_eq!(stored.from, Position { offset: 0, ..end });
    assert_eq!(stored.bytes, [large, line("b")].concat());
    assert_eq!(stored.position, end);
    let end = two.append(end, line("c")).await.unwrap();
    let (again, _) = two.replace(end, line("third")).await.unwrap();
    let stored = all(place).await;
    assert_eq!((stored.bytes, stored.position), (line("third"), again));
}

async fn whoever_knows_the_old_generation_cannot_append(place: &Place) {
    let (one, two) = ((place.open)(), (place.open)());
    let end = one.append(START, line("a")).await.unwrap();
    two.read(START).await.unwrap();
    // The new generation is as long as the old one.
    one.replace(end, line("b")).await.unwrap();
    assert_eq!(two.append(end, line("c")).await, Err(AppendError::Conflict));
    assert_eq!(
        two.replace(end, line("d")).await,
        Err(AppendError::Conflict)
    );
    assert_eq!(all(place).await.bytes, line("b"));
}

async fn a_generation_is_not_replaced_behind_an_append(place: &Place) {
    let (one, two) = ((place.open)(), (place.open)());
    let end = one.append(START, line("a")).await.unwrap();
    two.append(two.read(START).await.unwrap().position, line("b"))
        .await
        .unwrap();
    assert_eq!(
        one.replace(end, line("c")).await,
        Err(AppendError::Conflict)
    );
    assert_eq!(all(place).await.bytes, [line("a"), line("b")].concat());
}

async fn of_many_that_replace_one_wins(place: &Place) {
    let end = (place.open)().append(START, line("a")).await.unwrap();
    let tries = (0..4).map(|number| {
        let store = (place.open)();
        tokio::spawn(async move {
            store.read(START).await.unwrap();
            store.replace(end, line(&number.to_string())).await
        })
    });
    let ends: Vec<_> = join_all(tries)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let won: Vec<_> = ends.iter().filter_map(|end| end.as_ref().ok()).collect();
    assert_eq!(won.len(), 1, "{ends:?}");
    assert_eq!(all(place).await.position, won[0].0);
}
