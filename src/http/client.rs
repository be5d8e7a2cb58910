//! Sends requests in turn and with retries, counts them, and logs each exchange without its secrets.
//!
//! It does not interpret responses: one with an error status is a response like any other.
//! Once the command's time is over, nothing more is sent, except a sign-in for what is under way and the requests of the ledger.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::budget::{Bucket, Wait};
use super::message::{Cause, Class, Failure, Repeat, Request, Response, Sent, Transport};
use super::patience::{self, Retry, Trial};
use super::places::{Place, Places};
use super::turns::{Ticket, Turns};
use super::waiting::{Listener, Seconds, Waits};
use crate::clock::Clock;
use crate::limits::{PARALLELISM_MAX, REQUEST_DEADLINE, UNREACHABLE_KEPT, UNREPEATABLE_DEADLINE};
use crate::mutex::Mutex;

/// Said of a request that was not sent because the command's time was over.
const TIME_OVER: &str = "the time of this command is over (--timeout)";
const TOO_LATE: &str = "too little of its time was left to send it, so it was not sent";

/// What became of one request, over all its sends.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The last outcome.
    pub outcome: Result<Response, Failure>,
    /// Could the server have acted on a send before the last one?
    pub earlier: Sent,
}

/// A patient sender. Cheap to clone; clones share connections and counts.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    stops: Stops,
}

/// What the end of the command's time stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stops {
    /// Every request but the ledger's.
    Work,
    /// None: what was done is still written down, whatever sign-in that takes.
    Nothing,
}

/// How far this machine's clock is from a server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skew {
    /// The server.
    pub host: String,
    /// Positive: our clock is ahead. At least this much; what an answer's way may explain is left out.
    pub ahead: SignedDuration,
}

struct Inner {
    transport: Arc<dyn Transport>,
    clock: Clock,
    /// The largest so far.
    skew: Mutex<Option<Skew>>,
    /// Hosts that no connection could be made to for a whole request's patience, and until when that is believed.
    unreachable: Mutex<BTreeMap<String, (Timestamp, Failure)>>,
    turns: Turns,
    waits: Waits,
    ending: Mutex<Ending>,
    counts: Mutex<BTreeMap<Class, BTreeMap<&'static str, u64>>>,
    /// One for each metered request that may be under way.
    places: Mutex<Places>,
}

/// When nothing more is sent.
#[derive(Clone, Copy, Debug)]
struct Ending {
    at: Timestamp,
    /// Something was not sent because of it.
    has_cut: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Sends through `transport` and waits by `clock`.
    pub fn new(transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                transport,
                clock,
                skew: Mutex::default(),
                unreachable: Mutex::default(),
                turns: Turns::default(),
                waits: Waits::default(),
                ending: Mutex::new(Ending {
                    at: Timestamp::MAX,
                    has_cut: false,
                }),
                counts: Mutex::default(),
                places: Mutex::new(Places::new(PARALLELISM_MAX)),
            }),
            stops: Stops::Work,
        }
    }

    /// The same for the ledger's needs: it is not stopped by the end of the command's time.
    #[must_use]
    pub fn for_the_ledger(&self) -> Self {
        Self {
            stops: Stops::Nothing,
            ..self.clone()
        }
    }

    /// From now on so many metered requests are under way at a time, at least 1. Who stands in line is not.
    pub fn at_most(&self, requests: usize) {
        *self.inner.places.lock() = Places::new(requests);
    }

    /// From now on this process takes only the share of one of so many workers of each service's bucket.
    pub fn share_with(&self, workers: u32) {
        self.inner.turns.share_with(workers);
    }

    /// Waits for a place among the requests that are under way. Sign-ins and the ledger's are few, and others wait for them.
    async fn place(&self, request: &Request) -> Option<Place> {
        request.meter.bucket.as_ref()?;
        let places = self.inner.places.lock().clone();
        Some(places.take().await)
    }

    /// The clock that pauses are measured by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The largest difference between our clock and the `Date` of a successful answer; `None`: no answer had one.
    pub fn skew(&self) -> Option<Skew> {
        self.inner.skew.lock().clone()
    }

    fn compare_clocks(&self, request: &Request, response: &Response, sent: Timestamp) {
        let answered = self.inner.clock.now();
        let Some(date) = patience::date(response).filter(|_| response.status < 300) else {
            return;
        };
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let ahead = skew(date, sent, answered);
        let mut known = self.inner.skew.lock();
        if known
            .as_ref()
            .is_none_or(|known| known.ahead.abs() < ahead.abs())
        {
            *known = Some(Skew { host, ahead });
        }
    }

    /// Requests sent so far, repeats included, by class and kind.
    pub fn requests(&self) -> BTreeMap<Class, BTreeMap<String, u64>> {
        let counts = self.inner.counts.lock();
        let named = |(kind, count): (&&str, &u64)| ((*kind).to_owned(), *count);
        counts
            .iter()
            .map(|(class, kinds)| (*class, kinds.iter().map(named).collect()))
            .collect()
    }

    /// From `instant` on nothing more is sent.
    pub fn end_at(&self, instant: Timestamp) {
        self.inner.ending.lock().at = instant;
    }

    /// Was something not sent because the command's time was over?
    pub fn was_cut(&self) -> bool {
        self.inner.ending.lock().has_cut
    }

    /// May anything be begun?
    ///
    /// # Errors
    /// The command's time is over.
    pub fn in_time(&self) -> Result<(), Failure> {
        if self.inner.clock.now() < self.ends_at() {
            return Ok(());
        }
        Err(self.cut())
    }

    /// From when on nothing more is sent.
    pub fn ends_at(&self) -> Timestamp {
        match self.stops {
            Stops::Work => self.inner.ending.lock().at,
            Stops::Nothing => Timestamp::MAX,
        }
    }

    fn cut(&self) -> Failure {
        self.inner.ending.lock().has_cut = true;
        Failure::unsent(Cause::TimeOver, TIME_OVER.to_owned())
    }

    /// `listener` hears of what is waited for, once for each bucket and reason.
    pub fn on_wait(&self, listener: Listener) {
        self.inner.waits.listen(listener);
    }

    /// How long was waited for each bucket.
    pub fn waited(&self) -> BTreeMap<String, Duration> {
        self.inner.waits.spent()
    }

    /// A request waits for its turn.
    fn in_line(&self, bucket: &Bucket, wait: Wait) {
        let (inner, now) = (&self.inner, self.inner.clock.now());
        let rate = inner.turns.rate(bucket);
        inner.waits.in_line(bucket, rate, wait, now);
    }

    /// Waits until so many requests of a bucket could be sent at once, without taking them: for what must not wait later. Whoever has
    /// room keeps it until they are sent; only so many have it that none of them waits for long.
    ///
    /// # Errors
    /// The command's time is over before that, or the service has asked for more patience than a request has.
    pub async fn room(&self, bucket: &Bucket, requests: u32) -> Result<Place, Failure> {
        let inner = &self.inner;
        let last = |wait| self.last_turn(Repeat::Safe, wait, inner.clock.now());
        let told = |wait| self.in_line(bucket, wait);
        let room = inner.turns.room(bucket, requests, &inner.clock, last, told);
        let room = room.await.map_err(|late| self.too_late(late))?;
        self.in_time().map(|()| room)
    }

    /// Sends `request` until it is answered for good or patience ends.
    ///
    /// # Errors
    /// The last failure; it says [`Sent::Maybe`] if any of the sends may have reached the server.
    pub async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let Exchange { outcome, earlier } = self.exchange(request).await;
        outcome.map_err(|failure| match earlier {
            Sent::Maybe => Failure {
                sent: Sent::Maybe,
                ..failure
            },
            Sent::No => failure,
        })
    }

    /// Sends once, without patience and whatever is known of the host: for finding out whether anybody is there.
    ///
    /// # Errors
    /// No answer.
    pub async fn send_only_once(&self, request: &Request) -> Result<Response, Failure> {
        self.send_once(request, 1).await
    }

    /// As [`Client::send`], telling also what the earlier sends may have done.
    pub fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Exchange> {
        // Many layers lie above this one: boxed, they stay small.
        Box::pin(self.patiently(request))
    }

    async fn patiently(&self, request: &Request) -> Exchange {
        let clock = &self.inner.clock;
        let mut started = clock.now();
        let mut earlier = Sent::No;
        let mut attempt = 0;
        if let Some(known) = self.known_unreachable(request, started) {
            return Exchange {
                outcome: Err(known),
                earlier,
            };
        }
        let mut last = None;
        loop {
            attempt += 1;
            let (ticket, place) = match self.admission(request, attempt, started).await {
                Ok(admission) => admission,
                Err(failure) => {
                    let outcome = unsent(request, failure, last);
                    return Exchange { outcome, earlier };
                }
            };
            if attempt == 1 && request.repeat == Repeat::Safe {
                // Standing in line is no failure: only what must not be late counts it.
                started = clock.now();
            }
            // Asked right before each send: a process may have stood still since anything else was.
            if self.is_too_late(request) {
                let failure = Failure::unsent(Cause::Late, TOO_LATE.to_owned());
                let outcome = unsent(request, failure, last);
                return Exchange { outcome, earlier };
            }
            let outcome = self.send_once(request, attempt).await;
            drop(place);
            let next = patience::next(&self.trial(request, attempt, started), &outcome);
            self.account(request, &outcome, next, ticket);
            let Retry::After(pause) = next else {
                self.remember_unreachable(request, &outcome);
                return Exchange { outcome, earlier };
            };
            if patience::may_have_acted(&outcome) == Sent::Maybe {
                earlier = Sent::Maybe;
            }
            if !self.has_time_for(request, pause) {
                let outcome = unsent(request, self.cut(), Some(outcome));
                return Exchange { outcome, earlier };
            }
            last = Some(outcome);
            clock.sleep(pause).await;
        }
    }

    /// Waits for the turn of a request, and then for a place among those that are under way: by then its bucket may be closed again.
    ///
    /// # Errors
    /// It was not sent.
    async fn admission(
        &self,
        request: &Request,
        attempt: u32,
        started: Timestamp,
    ) -> Result<(Option<Ticket>, Option<Place>), Failure> {
        loop {
            let ticket = self.turn(request, attempt, started).await?;
            let place = self.place(request).await;
            let Some(ticket) = ticket else {
                return Ok((None, place));
            };
            self.in_time()?;
            if !ticket.is_shut(self.inner.clock.now()) {
                return Ok((Some(ticket), place));
            }
        }
    }

    fn is_too_late(&self, request: &Request) -> bool {
        request
            .send_by
            .is_some_and(|send_by| send_by < self.inner.clock.now())
    }

    /// Waits for the turn of a request.
    ///
    /// # Errors
    /// It was not sent.
    async fn turn(
        &self,
        request: &Request,
        attempt: u32,
        started: Timestamp,
    ) -> Result<Option<Ticket>, Failure> {
        let inner = &self.inner;
        if ends(request, attempt) {
            self.in_time()?;
        }
        let Some(bucket) = &request.meter.bucket else {
            return Ok(None);
        };
        let last = |wait| self.last_turn(request.repeat, wait, started);
        let told = |wait| self.in_line(bucket, wait);
        let ticket = inner.turns.take(bucket, &inner.clock, last, told).await;
        let ticket = ticket.map_err(|late| self.too_late(late))?;
        self.in_time().map(|()| Some(ticket))
    }

    /// Until when a turn is of use. What must not be late counts from when it was `started`, standing in line included.
    fn last_turn(&self, repeat: Repeat, wait: Wait, started: Timestamp) -> Timestamp {
        let (from, patience) = match (repeat, wait) {
            (Repeat::Never, _) => (started, UNREPEATABLE_DEADLINE),
            (Repeat::Keyed, _) => (started, REQUEST_DEADLINE),
            (Repeat::Safe, Wait::Throttled(_)) => (self.inner.clock.now(), REQUEST_DEADLINE),
            (Repeat::Safe, Wait::Budget(_)) => (Timestamp::MAX, Duration::ZERO),
        };
        let last = from.saturating_add(patience).unwrap_or(Timestamp::MAX);
        last.min(self.ends_at())
    }

    fn too_late(&self, late: Wait) -> Failure {
        let (Wait::Budget(wait) | Wait::Throttled(wait)) = late;
        let turn = self.inner.clock.now().saturating_add(wait);
        if turn.unwrap_or(Timestamp::MAX) >= self.ends_at() {
            return self.cut();
        }
        let wait = Seconds(wait);
        let what = match late {
            Wait::Budget(_) => {
                format!("its turn in the request budget would come in {wait}, which is too late")
            }
            Wait::Throttled(_) => format!(
                "the service has asked to be left alone for {wait} more, which is too late for it"
            ),
        };
        Failure::unsent(Cause::Throttled, what)
    }

    /// Is there time for another send after `pause`?
    fn has_time_for(&self, request: &Request, pause: Duration) -> bool {
        let again = self.inner.clock.now().saturating_add(pause);
        let is_over = again.unwrap_or(Timestamp::MAX) >= self.ends_at();
        !(is_over && ends(request, 2))
    }

    /// What an outcome means for the bucket, and for whoever watches.
    fn account(
        &self,
        request: &Request,
        outcome: &Result<Response, Failure>,
        next: Retry,
        ticket: Option<Ticket>,
    ) {
        let (waits, now) = (&self.inner.waits, self.inner.clock.now());
        let host = request.url.authority();
        let whom = request
            .meter
            .bucket
            .as_ref()
            .map_or(host, |bucket| &bucket.name);
        let asked = outcome
            .as_ref()
            .ok()
            .and_then(|response| patience::asks_to_wait(response, next, now));
        match (asked, next) {
            (Some(pause), _) => waits.throttled(whom, pause, now),
            (None, Retry::After(pause)) => waits.again(host, said(request, outcome), pause, now),
            (None, Retry::Give) => {}
        }
        if let (Some(ticket), Some(bucket), Ok(response)) = (ticket, &request.meter.bucket, outcome)
        {
            ticket.answered(response, bucket, asked, now);
        }
    }

    /// A thousand requests must not each wait for a host that is not there.
    fn known_unreachable(&self, request: &Request, now: Timestamp) -> Option<Failure> {
        let known = self.inner.unreachable.lock();
        let (until, failure) = known.get(request.url.authority())?;
        // A clock that was set back makes nothing longer.
        let left = until.duration_since(now);
        let is_kept = left.is_positive() && left.unsigned_abs() <= UNREACHABLE_KEPT;
        is_kept.then(|| failure.clone())
    }

    fn remember_unreachable(&self, request: &Request, outcome: &Result<Response, Failure>) {
        let mut known = self.inner.unreachable.lock();
        let host = request.url.authority();
        match outcome {
            Err(failure) if failure.sent == Sent::No => {
                let until = self.inner.clock.now().saturating_add(UNREACHABLE_KEPT);
                let until = until.unwrap_or(Timestamp::MAX);
                known.insert(host.to_owned(), (until, failure.clone()));
            }
            _ => drop(known.remove(host)),
        }
    }

    async fn send_once(&self, request: &Request, attempt: u32) -> Result<Response, Failure> {
        *self
            .inner
            .counts
            .lock()
            .entry(request.meter.class)
            .or_default()
            .entry(request.kind)
            .or_default() += 1;
        let sent = self.inner.clock.now();
        let outcome = self.inner.transport.send(request).await;
        match &outcome {
            Ok(response) => {
                self.compare_clocks(request, response, sent);
                tracing::debug!(
                    kind = request.kind,
                    ?request,
                    attempt,
                    ?response,
                    "answered"
                );
            }
            Err(failure) => {
                tracing::debug!(kind = request.kind, ?request, attempt, %failure, "no answer");
            }
        }
        outcome
    }

    fn trial(&self, request: &Request, attempt: u32, started: Timestamp) -> Trial {
        let now = self.inner.clock.now();
        let mut seed = DefaultHasher::new();
        request.url.as_str().hash(&mut seed);
        Trial {
            attempt,
            repeat: request.repeat,
            elapsed: Duration::try_from(now.duration_since(started)).unwrap_or(Duration::ZERO),
            now,
            seed: seed.finish(),
        }
    }
}

/// Does the end of the command's time stop this send? What is under way may still sign in, and be written down.
const fn ends(request: &Request, attempt: u32) -> bool {
    match request.meter.class {
        Class::ArmReads | Class::ArmWrites | Class::Databricks | Class::Vault => true,
        Class::SignIns => attempt > 1,
        Class::Ledger => false,
    }
}

/// What becomes of a request that was not sent, after it had this `last` outcome. That the command's time was over is all there is to
/// say of what did nothing; of anything else its own answer says more than why it got no other.
fn unsent(
    request: &Request,
    failure: Failure,
    last: Option<Result<Response, Failure>>,
) -> Result<Response, Failure> {
    let Some(last) = last else {
        return Err(failure);
    };
    let is_look = request.repeat == Repeat::Safe && request.send_by.is_none();
    let is_harmless = is_look || patience::may_have_acted(&last) == Sent::No;
    match failure.cause {
        Cause::TimeOver if is_harmless => {
            let what = format!("{failure}, and {} so far", said(request, &last));
            Err(Failure { what, ..failure })
        }
        Cause::Late => Err(failure),
        Cause::Network | Cause::Throttled | Cause::TimeOver => last,
    }
}

/// `adf.getStatus was answered with 503`.
fn said(request: &Request, outcome: &Result<Response, Failure>) -> String {
    match outcome {
        Ok(response) => format!("{} was answered with {}", request.kind, response.status),
        Err(failure) => format!("{}: {failure}", request.kind),
    }
}

/// How far a clock that read `sent` and `answered` is ahead of one that read `date`, a whole second, somewhere in between.
fn skew(date: Timestamp, sent: Timestamp, answered: Timestamp) -> SignedDuration {
    let end_of_second = date
        .saturating_add(SignedDuration::from_secs(1))
        .unwrap_or(date);
    if end_of_second < sent {
        sent.duration_since(end_of_second)
    } else if answered < date {
        answered.duration_since(date)
    } else {
        SignedDuration::ZERO
    }
}

#[cfg(test)]
mod tests;
