//! What is sent, how often, when, and what is said of what was not.

use super::*;
use crate::clock::ManualClock;
use crate::http::Meter;
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::collections::VecDeque;

/// Answers from a list, in order; then with 200.
struct Script(Mutex<VecDeque<Result<u16, Sent>>>);

impl Transport for Script {
    fn send<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        let next = self.0.lock().pop_front().unwrap_or(Ok(200));
        Box::pin(async move {
            match next {
                Ok(status) => Ok(Response {
                    status,
                    headers: HeaderMap::new(),
                    body: Bytes::new(),
                }),
                Err(sent) => Err(Failure::network(sent, "lost".to_owned())),
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
        meter: Meter::free(Class::ArmReads),
        timeout: crate::limits::RESPONSE_TIMEOUT,
        send_by: None,
    }
}

async fn sends(repeat: Repeat, script: &[Result<u16, Sent>]) -> (u64, Exchange) {
    let script = Script(Mutex::new(script.iter().copied().collect()));
    let clock = Clock::Manual(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::new(Arc::new(script), clock);
    let exchange = client.exchange(&request(repeat)).await;
    (client.requests()[&Class::ArmReads]["test"], exchange)
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
    let tried = client.requests()[&Class::ArmReads]["test"];
    for _ in 0..100 {
        let next = client.exchange(&request(Repeat::Never)).await;
        assert_eq!(
            (next.outcome.unwrap_err().sent, next.earlier),
            (Sent::No, Sent::No)
        );
    }
    assert_eq!(client.requests()[&Class::ArmReads]["test"], tried);
    clock.advance_to(clock.now() + UNREACHABLE_KEPT);
    assert!(
        client
            .exchange(&request(Repeat::Safe))
            .await
            .outcome
            .is_ok()
    );
    assert_eq!(client.requests()[&Class::ArmReads]["test"], tried + 1);
}

/// A process that stands still while it waits wakes when others may have settled its doubt.
#[tokio::test]
async fn what_could_be_under_way_too_late_is_not_sent_once_more() {
    for (repeat, slept, is_too_late) in [
        (Repeat::Never, 5, false),
        (Repeat::Never, 61, true),
        (Repeat::Keyed, 126, true),
        (Repeat::Safe, 126, true),
    ] {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let script = Script(Mutex::new([Ok(429)].into()));
        let client = Client::new(Arc::new(script), Clock::Manual(clock.clone()));
        let request = Request {
            send_by: Some(clock.now() + Duration::from_mins(1)),
            ..request(repeat)
        };
        let suspended = async { clock.advance_to(clock.now() + Duration::from_secs(slept)) };
        let (exchange, ()) = futures_util::future::join(client.exchange(&request), suspended).await;
        let counted = client.requests()[&Class::ArmReads]["test"];
        if is_too_late {
            let failure = exchange.outcome.unwrap_err();
            assert_eq!(
                (counted, failure.sent, failure.what.as_str()),
                (1, Sent::No, TOO_LATE)
            );
        } else {
            assert_eq!((counted, exchange.outcome.unwrap().status), (2, 200));
        }
    }
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

/// Answers with these statuses and `Date` headers, in order.
struct Dated(Mutex<VecDeque<(u16, &'static str)>>);

impl Transport for Dated {
    fn send<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        let (status, date) = self.0.lock().pop_front().unwrap();
        let headers = [(http::header::DATE, date.parse().unwrap())];
        Box::pin(async move {
            Ok(Response {
                status,
                headers: headers.into_iter().collect(),
                body: Bytes::new(),
            })
        })
    }
}

#[tokio::test]
async fn the_largest_difference_between_the_clocks_is_told() {
    let dates = [
        (400, "Thu, 01 Jan 1970 09:00:00 GMT"),
        (200, "Thu, 01 Jan 1970 00:10:00 GMT"),
        (200, "Thu, 01 Jan 1970 00:40:00 GMT"),
        (200, "Thu, 01 Jan 1970 00:20:00 GMT"),
    ];
    let clock = Clock::Manual(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::new(Arc::new(Dated(Mutex::new(dates.into()))), clock);
    let mut told = Vec::new();
    for _ in dates {
        let _ = client.exchange(&request(Repeat::Never)).await;
        told.push(client.skew().map(|skew| skew.ahead.as_secs()));
    }
    assert_eq!(told, [None, Some(-600), Some(-2400), Some(-2400)]);
}

#[tokio::test]
async fn throttling_is_waited_out_for_every_kind_of_request() {
    for repeat in [Repeat::Safe, Repeat::Keyed, Repeat::Never] {
        assert_eq!(sends(repeat, &[Ok(429), Ok(429)]).await.0, 3);
    }
}

/// A status and how long it asks to wait.
type Told = (u16, Option<&'static str>);
type Answers = dyn Fn(&Request, usize) -> Told + Send + Sync;

/// Answers as told by the kind and the number of the send, after `distance`; counts how many are under way.
struct Service {
    clock: Clock,
    distance: Duration,
    answers: Box<Answers>,
    sent: Mutex<Vec<(&'static str, Timestamp)>>,
    under_way: Mutex<(usize, usize)>,
}

impl Transport for Service {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let (status, retry_after) = {
                let mut sent = self.sent.lock();
                sent.push((request.kind, self.clock.now()));
                (self.answers)(request, sent.len())
            };
            {
                let mut under_way = self.under_way.lock();
                under_way.0 += 1;
                under_way.1 = under_way.1.max(under_way.0);
            }
            self.clock.sleep(self.distance).await;
            self.under_way.lock().0 -= 1;
            let mut headers = HeaderMap::new();
            if let Some(seconds) = retry_after {
                headers.insert("retry-after", http::HeaderValue::from_static(seconds));
            }
            headers.insert("x-ms-request-id", http::HeaderValue::from_static("first"));
            Ok(Response {
                status,
                headers,
                body: Bytes::new(),
            })
        })
    }
}

fn service(
    answers: impl Fn(&Request, usize) -> Told + Send + Sync + 'static,
) -> (Arc<Service>, Client) {
    let clock = Clock::Manual(ManualClock::new(Timestamp::UNIX_EPOCH));
    let service = Arc::new(Service {
        clock: clock.clone(),
        distance: Duration::from_millis(60),
        answers: Box::new(answers),
        sent: Mutex::default(),
        under_way: Mutex::default(),
    });
    (Arc::clone(&service), Client::new(service, clock))
}

fn bucket(burst: u32, per_second: u32) -> Bucket {
    Bucket {
        name: "writes".to_owned(),
        principal: String::new(),
        rate: crate::http::Rate {
            burst,
            gain: per_second,
            seconds: 1,
        },
        remaining: &[],
    }
}

fn metered(kind: &'static str, repeat: Repeat, bucket: &Bucket) -> Request {
    Request {
        kind,
        meter: Meter {
            class: Class::ArmWrites,
            bucket: Some(bucket.clone()),
        },
        ..request(repeat)
    }
}

/// Of a request that was not sent nobody may think that it was answered: a 503 would be a doubt.
#[tokio::test]
async fn what_closed_a_bucket_is_no_answer_to_who_was_not_sent() {
    for status in [503, 429] {
        let (service, client) = service(move |_, _| (status, Some("60")));
        let writes = bucket(100, 10);
        let first = client
            .exchange(&metered("first", Repeat::Never, &writes))
            .await;
        assert_eq!(first.outcome.unwrap().status, status);
        let second = client
            .exchange(&metered("second", Repeat::Never, &writes))
            .await;
        let failure = second.outcome.unwrap_err();
        assert_eq!(
            (failure.sent, failure.cause, second.earlier),
            (Sent::No, Cause::Throttled, Sent::No)
        );
        assert_eq!(
            failure.what,
            "the service has asked to be left alone for 1m00s more, which is too late for it"
        );
        assert_eq!(service.sent.lock().len(), 1);
    }
}

/// Two requests each, of which the second must not be late: however many ask, and however slow the bucket is.
#[tokio::test]
async fn who_has_room_is_not_late() {
    for (burst, per_second, refused) in [
        (200, 10, 0),
        (5, 1, 0),
        (1, 1, 0),
        (40, 3, 0),
        (200, 10, 8),
        (5, 1, 8),
    ] {
        // Each refusal halves the pace, down to its least.
        let (service, client) = service(move |request, nth| match request.kind {
            "look" if nth <= refused => (429, Some("1")),
            _ => (200, None),
        });
        let writes = bucket(burst, per_second);
        let one = || async {
            let _room = client.room(&writes, 2).await.unwrap();
            let look = client
                .exchange(&metered("look", Repeat::Safe, &writes))
                .await;
            assert!(look.outcome.is_ok());
            client
                .exchange(&metered("act", Repeat::Never, &writes))
                .await
                .outcome
        };
        let outcomes = futures_util::future::join_all((0..300).map(|_| one())).await;
        for outcome in outcomes {
            assert_eq!(
                outcome.unwrap().status,
                200,
                "{burst} and {per_second} a second"
            );
        }
        assert!(service.sent.lock().len() >= 600);
    }
}

#[tokio::test]
async fn so_many_are_under_way_at_a_time_and_who_stands_in_line_is_not_counted() {
    let (service, client) = service(|_, _| (200, None));
    client.at_most(3);
    let (wide, closed) = (bucket(1_000, 1_000), bucket(1, 1));
    let slow = (0..5).map(|_| {
        metered(
            "slow",
            Repeat::Safe,
            &Bucket {
                name: "slow".to_owned(),
                ..closed.clone()
            },
        )
    });
    let fast = (0..50).map(|_| metered("fast", Repeat::Safe, &wide));
    let requests: Vec<Request> = slow.chain(fast).collect();
    let all = requests.iter().map(|request| client.exchange(request));
    for exchange in futures_util::future::join_all(all).await {
        assert!(exchange.outcome.is_ok());
    }
    assert_eq!(service.under_way.lock().1, 3);
    let sent = service.sent.lock();
    let last = |kind| {
        sent.iter()
            .filter(|(sent, _)| *sent == kind)
            .map(|(_, at)| *at)
            .max()
            .unwrap()
    };
    assert!(last("fast") < last("slow"));
}

/// What was done is written down, also after the command's time and also where that takes another sign-in.
#[tokio::test]
async fn the_end_of_the_commands_time_stops_all_but_the_ledger() {
    let sign_in = Request {
        meter: Meter::free(Class::SignIns),
        ..request(Repeat::Safe)
    };
    let (service, client) = service(|_, nth| (if nth % 2 == 1 { 503 } else { 200 }, None));
    client.end_at(Timestamp::UNIX_EPOCH);
    let cut = client.exchange(&sign_in).await.outcome.unwrap_err();
    assert_eq!((cut.sent, cut.cause), (Sent::No, Cause::TimeOver));
    assert_eq!(
        cut.what,
        "the time of this command is over (--timeout), and test was answered with 503 so far"
    );
    assert!(client.in_time().is_err() && client.was_cut());
    service.sent.lock().clear();
    let ledger = client.for_the_ledger();
    assert_eq!(ledger.exchange(&sign_in).await.outcome.unwrap().status, 200);
    assert!(ledger.in_time().is_ok());
}

/// What may have been done is told by its answer; the time that is over is not all there is to say.
#[tokio::test]
async fn a_cut_that_leaves_a_doubt_says_what_was_answered() {
    let (_, client) = service(|_, _| (503, None));
    client.end_at(Timestamp::UNIX_EPOCH + SignedDuration::from_millis(100));
    let writes = bucket(100, 10);
    let start = metered("start", Repeat::Keyed, &writes);
    let cancel = Request {
        send_by: Some(Timestamp::MAX),
        ..metered("cancel", Repeat::Safe, &writes)
    };
    for effect in [start, cancel] {
        let exchange = client.exchange(&effect).await;
        assert_eq!(exchange.outcome.unwrap().status, 503);
        assert_eq!(exchange.earlier, Sent::Maybe);
    }
    assert!(client.was_cut());
}

/// A request may wait for a place for as long as others take: the command's time may be over then, or its bucket closed.
#[tokio::test]
async fn who_got_a_place_too_late_is_not_sent() {
    let (service, client) = service(|_, _| (200, None));
    client.at_most(1);
    client.end_at(Timestamp::UNIX_EPOCH + SignedDuration::from_millis(50));
    let wide = bucket(1_000, 1_000);
    let requests = [0, 1].map(|_| metered("look", Repeat::Safe, &wide));
    let (first, second) =
        futures_util::future::join(client.exchange(&requests[0]), client.exchange(&requests[1]))
            .await;
    assert!(first.outcome.is_ok());
    assert_eq!(second.outcome.unwrap_err().cause, Cause::TimeOver);
    assert_eq!(service.sent.lock().len(), 1);
}

/// Its own answer says more than that there will be no other.
#[tokio::test]
async fn a_turn_that_is_too_late_leaves_the_answer_that_came_before() {
    let (service, client) = service(|_, nth| (429, Some(if nth == 1 { "5" } else { "60" })));
    let writes = bucket(100, 10);
    let act = metered("act", Repeat::Never, &writes);
    let other = metered("other", Repeat::Never, &writes);
    let (act, other) =
        futures_util::future::join(client.exchange(&act), client.exchange(&other)).await;
    assert_eq!(act.outcome.unwrap().status, 429);
    assert_eq!(other.outcome.unwrap().status, 429);
    assert_eq!(service.sent.lock().len(), 2);
}
