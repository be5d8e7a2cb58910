//! Sends requests with patience, counts them by kind, and tells the log about each exchange without its secrets.
//!
//! Refuses: deciding what an answer means. An answer with an error status is an answer.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::message::{Failure, Request, Response, Sent, Transport};
use super::patience::{self, Retry, Trial};
use crate::clock::Clock;
use crate::limits::UNREACHABLE_KEPT;

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
    counts: Mutex<BTreeMap<&'static str, u64>>,
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
                counts: Mutex::default(),
            }),
        }
    }

    /// The clock that pauses are measured by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The largest difference between our clock and the `Date` of a successful answer; `None`: no answer had one.
    pub fn skew(&self) -> Option<Skew> {
        let skew = self.inner.skew.lock();
        skew.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn compare_clocks(&self, request: &Request, response: &Response, sent: Timestamp) {
        let answered = self.inner.clock.now();
        let Some(date) = patience::date(response).filter(|_| response.status < 300) else {
            return;
        };
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let ahead = skew(date, sent, answered);
        let mut known = self
            .inner
            .skew
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known
            .as_ref()
            .is_none_or(|known| known.ahead.abs() < ahead.abs())
        {
            *known = Some(Skew { host, ahead });
        }
    }

    /// Requests sent so far by kind, repeats included.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        let counts = self
            .inner
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect()
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
    pub async fn exchange(&self, request: &Request) -> Exchange {
        let started = self.inner.clock.now();
        let mut earlier = Sent::No;
        let mut attempt = 0;
        if let Some(known) = self.known_unreachable(request, started) {
            return Exchange {
                outcome: Err(known),
                earlier,
            };
        }
        loop {
            attempt += 1;
            let outcome = self.send_once(request, attempt).await;
            match patience::next(&self.trial(request, attempt, started), &outcome) {
                Retry::Give => {
                    self.remember_unreachable(request, &outcome);
                    return Exchange { outcome, earlier };
                }
                Retry::After(pause) => {
                    if patience::may_have_acted(&outcome) == Sent::Maybe {
                        earlier = Sent::Maybe;
                    }
                    self.inner.clock.sleep(pause).await;
                }
            }
        }
    }

    /// A thousand requests must not each wait for a host that is not there.
    fn known_unreachable(&self, request: &Request, now: Timestamp) -> Option<Failure> {
        let known = self.inner.unreachable.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        let (until, failure) = known.get(request.url.authority())?;
        (now < *until).then(|| failure.clone())
    }

    fn remember_unreachable(&self, request: &Request, outcome: &Result<Response, Failure>) {
        let known = self.inner.unreachable.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
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
            .unwrap_or_else(PoisonError::into_inner)
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
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::http::Repeat;
    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use http::{HeaderMap, Method};
    use std::collections::VecDeque;

    /// Answers from a list, in order; then with 200.
    struct Script(Mutex<VecDeque<Result<u16, Sent>>>);

    impl Transport for Script {
        fn send<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
            let next = self.0.lock().unwrap().pop_front().unwrap_or(Ok(200));
            Box::pin(async move {
                match next {
                    Ok(status) => Ok(Response {
                        status,
                        headers: HeaderMap::new(),
                        body: Bytes::new(),
                    }),
                    Err(sent) => Err(Failure {
                        sent,
                        what: "lost".to_owned(),
                    }),
                }
            })
        }
    }

    fn request(repeat: Repeat) -> Request {
        Request {
            method: Method::POST,
            url: "https://example.com/x".parse().unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            repeat,
            kind: "test",
            timeout: crate::limits::RESPONSE_TIMEOUT,
        }
    }

    async fn sends(repeat: Repeat, script: &[Result<u16, Sent>]) -> (u64, Exchange) {
        let script = Script(Mutex::new(script.iter().copied().collect()));
        let clock = Clock::Manual(ManualClock::new(Timestamp::UNIX_EPOCH));
        let client = Client::new(Arc::new(script), clock);
        let exchange = client.exchange(&request(repeat)).await;
        (client.requests()["test"], exchange)
    }

    #[tokio::test]
    async fn a_lost_answer_is_asked_for_again_unless_the_request_must_not_be_repeated() {
        let lost = [Err(Sent::Maybe)];
        assert_eq!(sends(Repeat::Safe, &lost).await.0, 2);
        assert_eq!(sends(Repeat::Keyed, &lost).await.0, 2);
        let (sent, exchange) = sends(Repeat::Never, &lost).await;
        assert_eq!((sent, exchange.outcome.is_err()), (1, true));
    }

    #[tokio::test]
    async fn a_refused_connection_after_a_lost_answer_is_still_a_doubt() {
        let mut script = vec![Err(Sent::Maybe)];
        script.resize(20, Err(Sent::No));
        let (sent, exchange) = sends(Repeat::Keyed, &script).await;
        assert_eq!(sent, u64::from(crate::limits::ATTEMPTS_MAX));
        assert_eq!(exchange.earlier, Sent::Maybe);
        let (_, exchange) = sends(Repeat::Keyed, &[Err(Sent::No), Ok(400)]).await;
        assert_eq!(exchange.earlier, Sent::No);
    }

    #[tokio::test]
    async fn a_host_that_is_not_there_is_waited_for_once_and_tried_again_later() {
        let gone = vec![Err(Sent::No); usize::try_from(crate::limits::ATTEMPTS_MAX).unwrap()];
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let script = Script(Mutex::new(gone.into()));
        let client = Client::new(Arc::new(script), Clock::Manual(clock.clone()));
        let first = client.exchange(&request(Repeat::Safe)).await;
        assert!(first.outcome.is_err());
        let tried = client.requests()["test"];
        for _ in 0..100 {
            let next = client.exchange(&request(Repeat::Never)).await;
            assert_eq!(
                (next.outcome.unwrap_err().sent, next.earlier),
                (Sent::No, Sent::No)
            );
        }
        assert_eq!(client.requests()["test"], tried);
        clock.advance_to(clock.now() + UNREACHABLE_KEPT);
        assert!(
            client
                .exchange(&request(Repeat::Safe))
                .await
                .outcome
                .is_ok()
        );
        assert_eq!(client.requests()["test"], tried + 1);
    }

    #[test]
    fn what_an_answers_way_may_explain_is_no_skew() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let ahead = |date, sent, answered| skew(at(date), at(sent), at(answered)).as_secs();
        assert_eq!(ahead(100, 100, 100), 0);
        assert_eq!(ahead(100, 70, 130), 0);
        assert_eq!(ahead(100, 101, 130), 0);
        assert_eq!(ahead(100, 461, 465), 360);
        assert_eq!(ahead(500, 90, 100), -400);
    }

    #[tokio::test]
    async fn throttling_is_waited_out_for_every_kind_of_request() {
        for repeat in [Repeat::Safe, Repeat::Keyed, Repeat::Never] {
            assert_eq!(sends(repeat, &[Ok(429), Ok(429)]).await.0, 3);
        }
    }
}
