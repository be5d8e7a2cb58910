//! The only reader of time, with a manual clock for tests and the simulator.
//!
//! Nothing else in the program asks what time it is; decisions take the time as an argument.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::mutex::Mutex;

/// Where a command gets its time from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock; sleeping really sleeps.
    #[default]
    Real,
    /// A clock that only moves when somebody sleeps on it or sets it.
    Manual(ManualClock),
}

impl Clock {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Real => Timestamp::now(),
            Self::Manual(clock) => clock.now(),
        }
    }

    /// Waits for `duration`; a manual clock moves ahead at once.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::Real => Box::pin(tokio::time::sleep(duration)),
            Self::Manual(clock) => {
                let clock = clock.clone();
                let wake = clock
                    .now()
                    .saturating_add(duration)
                    .unwrap_or(Timestamp::MAX);
                Box::pin(async move {
                    // Sleepers that started together wake together: one jump, not one for each.
                    tokio::task::yield_now().await;
                    clock.advance_to(wake);
                })
            }
        }
    }
}

/// A clock that stands still until it is moved; never backwards. Clones share one hand.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// The instant the hand stands at.
    pub fn now(&self) -> Timestamp {
        *self.0.lock()
    }

    /// Moves the hand to `instant`, unless it is already past it.
    pub fn advance_to(&self, instant: Timestamp) {
        let mut hand = self.0.lock();
        *hand = (*hand).max(instant);
    }
}
