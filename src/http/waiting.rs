//! Reports what is waited for, once for all requests that wait and not once for each.
//!
//! Nothing is printed here: whoever runs the command decides who is told.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::budget::{Bucket, Rate, Wait};
use crate::limits::BUDGET_WAIT_TOLD;
use crate::mutex::Mutex;

/// Something is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// A bucket, or a host.
    pub whom: String,
    /// Why.
    pub why: Why,
}

/// Why something is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Our own request budget is used up: no more than the bucket gains from here on.
    Budget(Rate),
    /// The service asked to wait.
    Throttled(Duration),
    /// Something passing: what it was, and how long it is given.
    Again(String, Duration),
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = &self.whom;
        match &self.why {
            Why::Budget(rate) => write!(
                f,
                "waiting for {whom}: from here on {rate} (the request budget; a share is left to others)"
            ),
            Why::Throttled(pause) => {
                let pause = Seconds(*pause);
                write!(f, "waiting {pause} for {whom}: throttled by the service")
            }
            Why::Again(what, pause) => {
                let pause = Seconds(*pause);
                write!(f, "waiting {pause} for {whom}: {what}, then again")
            }
        }
    }
}

/// `2m05s`, `17s`, `0.5s`.
pub struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0..10 => write!(f, "{:.1}s", self.0.as_secs_f64()),
            seconds @ 10..60 => write!(f, "{seconds}s"),
            seconds @ 60..3600 => write!(f, "{}m{:02}s", seconds / 60, seconds % 60),
            seconds => write!(f, "{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        }
    }
}

/// Hears of what is waited for.
pub type Listener = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// What has been waited for so far, and who hears of it.
#[derive(Default)]
pub(super) struct Waits {
    listener: Mutex<Option<Listener>>,
    /// Until when a wait of this kind has been told of, by whom and kind.
    told: Mutex<BTreeMap<(String, &'static str), Timestamp>>,
    /// Time that the first of each line has waited.
    spent: Mutex<BTreeMap<String, Duration>>,
}

impl Waits {
    pub fn listen(&self, listener: Listener) {
        *self.listener.lock() = Some(listener);
    }

    /// Time that was waited for each bucket.
    pub fn spent(&self) -> BTreeMap<String, Duration> {
        self.spent.lock().clone()
    }

    /// The first of a bucket's line waits for its turn, at this rate.
    pub fn in_line(&self, bucket: &Bucket, rate: Rate, wait: Wait, now: Timestamp) {
        let (Wait::Budget(pause) | Wait::Throttled(pause)) = wait;
        let spent = {
            let mut spent = self.spent.lock();
            let spent = spent.entry(bucket.name.clone()).or_default();
            *spent = spent.saturating_add(pause);
            *spent
        };
        match wait {
            Wait::Budget(_) if spent < BUDGET_WAIT_TOLD => {}
            Wait::Budget(_) => {
                let why = Why::Budget(rate);
                self.tell(&bucket.name, "budget", why, Timestamp::MAX);
            }
            Wait::Throttled(_) => self.throttled(&bucket.name, pause, now),
        }
    }

    /// A service asks to wait.
    pub fn throttled(&self, whom: &str, pause: Duration, now: Timestamp) {
        self.tell(whom, "throttled", Why::Throttled(pause), after(now, pause));
    }

    /// One request is sent again after a pause.
    pub fn again(&self, whom: &str, what: String, pause: Duration, now: Timestamp) {
        self.tell(whom, "again", Why::Again(what, pause), after(now, pause));
    }

    /// Says it, unless a wait of that kind that has been told of lasts until then.
    fn tell(&self, whom: &str, kind: &'static str, why: Why, until: Timestamp) {
        {
            let mut told = self.told.lock();
            let known = told
                .entry((whom.to_owned(), kind))
                .or_insert(Timestamp::MIN);
            if *known >= until {
                return;
            }
            *known = until;
        }
        let waiting = Waiting {
            whom: whom.to_owned(),
            why,
        };
        let listener = self.listener.lock().clone();
        if let Some(listener) = listener {
            listener(&waiting);
        }
    }
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
