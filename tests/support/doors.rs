//! The doors between a process and the world: every request and every append. A process dies at the one that was chosen, before or
//! after what is behind it happened, and never hears an answer.

use std::future::pending;
use std::sync::{Arc, Mutex};

use afresh::http::{Failure, Request, Response, Transport};
use afresh::ledger::store::memory::MemoryStore;
use afresh::ledger::store::{AppendError, Position, Reading, Store, StoreError};
use afresh::sim::Embedded;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::weather::Weather;

/// When a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the request left, before anything was appended.
    Before,
    /// After the cloud acted, after the append was durable.
    After,
    /// In the middle of an append: its last line is torn. As `After` at a request.
    Torn,
}

pub const WHENS: [When; 3] = [When::Before, When::After, When::Torn];

/// All doors of one estate. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Doors(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    counts: Mutex<Counts>,
    crashed: Notify,
    weather: Mutex<Option<Weather>>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Doors that were passed since the process began.
    passed: u64,
    /// The one to die at, from 0.
    fatal: Option<(u64, When)>,
    dead: bool,
}

impl Doors {
    /// The process is to die at its `number`th door from now.
    pub fn die_at(&self, number: u64, when: When) {
        let mut counts = self.0.counts.lock().unwrap();
        *counts = Counts {
            fatal: Some((number, when)),
            ..Counts::default()
        };
    }

    /// What requests and answers go through from now on.
    pub fn set_weather(&self, weather: Option<Weather>) {
        *self.0.weather.lock().unwrap() = weather;
    }

    fn weather(&self) -> Option<Weather> {
        self.0.weather.lock().unwrap().clone()
    }

    /// A new process passes all doors.
    pub fn open(&self) {
        *self.0.counts.lock().unwrap() = Counts::default();
    }

    /// Doors that were passed since the process began.
    pub fn passed(&self) -> u64 {
        self.0.counts.lock().unwrap().passed
    }

    /// Ends when the process dies.
    pub async fn crash(&self) {
        loop {
            let notified = self.0.crashed.notified();
            if self.0.counts.lock().unwrap().dead {
                return;
            }
            notified.await;
        }
    }

    /// Comes to the next door.
    fn pass(&self) -> Option<When> {
        let mut counts = self.0.counts.lock().unwrap();
        let number = counts.passed;
        counts.passed += 1;
        let (_, when) = counts.fatal.filter(|(fatal, _)| *fatal == number)?;
        Some(when)
    }

    async fn die<T>(&self) -> T {
        self.0.counts.lock().unwrap().dead = true;
        self.0.crashed.notify_waiters();
        pending().await
    }

    /// Nothing moves any more in a dead process.
    async fn live(&self) {
        if self.0.counts.lock().unwrap().dead {
            pending::<()>().await;
        }
    }
}

/// Something behind doors.
pub struct Guarded<T> {
    inner: T,
    doors: Doors,
}

impl<T> Guarded<T> {
    pub fn new(inner: T, doors: Doors) -> Self {
        Self { inner, doors }
    }
}

impl Transport for Guarded<Embedded> {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            self.doors.live().await;
            match self.doors.pass() {
                Some(When::Before) => self.doors.die().await,
                Some(When::After | When::Torn) => {
                    drop(self.inner.send(request).await);
                    self.doors.die().await
                }
                None => match self.doors.weather() {
                    Some(weather) => {
                        let clock = self.inner.world().clock();
                        weather.carry(&self.inner, &clock, request).await
                    }
                    None => self.inner.send(request).await,
                },
            }
        })
    }
}

impl Store for Guarded<MemoryStore> {
    fn stream(&self, since: Position) -> BoxFuture<'_, Result<Reading<'_>, StoreError>> {
        self.inner.stream(since)
    }

    fn append(&self, at: Position, bytes: Vec<u8>) -> BoxFuture<'_, Result<Position, AppendError>> {
        Box::pin(async move {
            self.doors.live().await;
            match self.doors.pass() {
                Some(When::Before) => self.doors.die().await,
                Some(When::After) => {
                    drop(self.inner.append(at, bytes).await);
                    self.doors.die().await
                }
                Some(When::Torn) => {
                    let torn = bytes[..bytes.len() / 2].to_vec();
                    drop(self.inner.append(at, torn).await);
                    self.doors.die().await
                }
                None => self.inner.append(at, bytes).await,
            }
        })
    }

    fn replace(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>> {
        Box::pin(async move {
            self.doors.live().await;
            match self.doors.pass() {
                // A generation takes the old one's place whole or not at all: it has no torn form.
                Some(When::Before | When::Torn) => self.doors.die().await,
                Some(When::After) => {
                    drop(self.inner.replace(at, bytes).await);
                    self.doors.die().await
                }
                None => self.inner.replace(at, bytes).await,
            }
        })
    }
}
