//! What a network between a client and the cloud can do to requests and answers, by seed: the same seed always meets the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use afresh::clock::Clock;
use afresh::http::Transport;
use afresh::http::{Failure, Request, Response, Sent};
use afresh::sim::Embedded;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

/// Numbers by seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let a = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        b ^ (b >> 31)
    }

    /// From 0 up to but not including `most`; 0 for 0.
    pub fn below(&mut self, most: u64) -> u64 {
        if most == 0 { 0 } else { self.next() % most }
    }
}

/// Faults that come by chance. Clones share the dice.
#[derive(Clone, Debug)]
pub struct Weather {
    dice: Arc<Mutex<Dice>>,
    /// Of a hundred requests so many meet a fault.
    percent: u64,
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Slow,
    Silent,
    ResetBefore,
    ResetAfter,
    NoConnection,
    Truncated,
    Endless,
    Empty,
    WrongContentType,
    Page(u16),
    Status(u16),
    WrongJson,
    WrongValue,
    TwiceDated,
    Redirect,
    HugeHeader,
}

const FAULTS: [Fault; 24] = [
    Fault::Slow,
    Fault::Silent,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::NoConnection,
    Fault::Truncated,
    Fault::Endless,
    Fault::Empty,
    Fault::WrongContentType,
    Fault::Page(200),
    Fault::Page(500),
    Fault::Page(502),
    Fault::Page(503),
    Fault::Status(408),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(504),
    Fault::WrongJson,
    Fault::WrongValue,
    Fault::TwiceDated,
    Fault::Redirect,
    Fault::HugeHeader,
];

const PAGE: &str = "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>";

impl Weather {
    /// Some weather: from a shower to a storm in which nothing comes through.
    pub fn of(dice: &mut Dice) -> Self {
        let percent = [5, 15, 40, 100][usize::try_from(dice.below(4)).unwrap()];
        Self {
            dice: Arc::new(Mutex::new(Dice::new(dice.next()))),
            percent,
        }
    }

    fn roll(&self, most: u64) -> u64 {
        self.dice.lock().unwrap().below(most)
    }

    /// Carries one request through it.
    pub async fn carry(
        &self,
        cloud: &Embedded,
        clock: &Clock,
        request: &Request,
    ) -> Result<Response, Failure> {
        if self.roll(100) >= self.percent {
            return cloud.send(request).await;
        }
        let fault = FAULTS[usize::try_from(self.roll(FAULTS.len() as u64)).unwrap()];
        match fault {
            Fault::NoConnection => Err(Failure::network(
                Sent::No,
                "no connection: connection refused".to_owned(),
            )),
            Fault::ResetBefore => lost("connection reset"),
            Fault::Page(status) if status != 200 => Ok(page(status)),
            Fault::Status(status) => Ok(self.status(status)),
            Fault::Redirect => Ok(redirect()),
            Fault::Silent => {
                cloud.send(request).await?;
                clock.sleep(request.timeout).await;
                lost("no answer in time")
            }
            Fault::Slow => {
                clock.sleep(Duration::from_millis(self.roll(29_000))).await;
                cloud.send(request).await
            }
            Fault::ResetAfter => {
                cloud.send(request).await?;
                lost("connection reset")
            }
            Fault::Endless => {
                cloud.send(request).await?;
                lost("the answer is larger than 16777216 bytes")
            }
            _ => Ok(self.spoilt(fault, &cloud.send(request).await?)),
        }
    }

    /// An error without a word, sometimes with a wait that makes sense.
    fn status(&self, status: u16) -> Response {
        let mut headers = HeaderMap::new();
        let waits = [
            "1",
            "0",
            "-3",
            "soon",
            "99999999999999999999",
            "3",
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ];
        if let Some(wait) = waits.get(usize::try_from(self.roll(10)).unwrap()) {
            headers.insert("retry-after", HeaderValue::from_static(wait));
        }
        Response {
            status,
            headers,
            body: bytes::Bytes::new(),
        }
    }

    /// The right answer, on its way spoilt.
    fn spoilt(&self, fault: Fault, answer: &Response) -> Response {
        let mut headers = answer.headers.clone();
        let mut body = answer.body.clone();
        match fault {
            Fault::Truncated => {
                let kept = usize::try_from(self.roll(body.len() as u64)).unwrap();
                body.truncate(kept);
            }
            Fault::Empty => body.clear(),
            Fault::WrongContentType => {
                headers.insert("content-type", HeaderValue::from_static("image/png"));
            }
            Fault::Page(_) => body = PAGE.into(),
            Fault::WrongJson => {
                let others = [
                    "[]",
                    "null",
                    "\"ok\"",
                    "42",
                    "true",
                    "[[[[[[[[[[]]]]]]]]]]",
                    "[{}]",
                ];
                body = others[usize::try_from(self.roll(others.len() as u64)).unwrap()].into();
            }
            Fault::WrongValue => {
                if let Ok(mut value) = serde_json::from_slice::<Value>(&body) {
                    self.change(&mut value);
                    body = value.to_string().into();
                }
            }
            Fault::TwiceDated => {
                if let Some(date) = headers.get("date").cloned() {
                    headers.append("date", date);
                }
                headers.append("content-type", HeaderValue::from_static("text/plain"));
                headers.append("x-ms-request-id", HeaderValue::from_static("another"));
            }
            Fault::HugeHeader => {
                headers.insert(
                    "x-ms-huge",
                    HeaderValue::from_str(&"x".repeat(60_000)).unwrap(),
                );
            }
            _ => {}
        }
        Response {
            status: answer.status,
            headers,
            body,
        }
    }

    /// Gives one list or object in it another type.
    fn change(&self, value: &mut Value) {
        match value {
            Value::Object(fields) if !fields.is_empty() && self.roll(3) > 0 => {
                let place = usize::try_from(self.roll(fields.len() as u64)).unwrap();
                if let Some(field) = fields.values_mut().nth(place) {
                    self.change(field);
                }
            }
            Value::Array(items) if !items.is_empty() && self.roll(3) > 0 => {
                let place = usize::try_from(self.roll(items.len() as u64)).unwrap();
                self.change(&mut items[place]);
            }
            Value::Object(_) => *value = json!([1, "two"]),
            Value::Array(_) => *value = json!({"not": "a list"}),
            Value::String(_) => *value = json!({"text": null}),
            Value::Number(_) | Value::Bool(_) | Value::Null => *value = json!(["?"]),
        }
    }
}

fn lost(what: &str) -> Result<Response, Failure> {
    Err(Failure::network(Sent::Maybe, what.to_owned()))
}

fn page(status: u16) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/html"));
    Response {
        status,
        headers,
        body: PAGE.into(),
    }
}

fn redirect() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(
        "location",
        HeaderValue::from_static("https://evil.example/"),
    );
    Response {
        status: 307,
        headers,
        body: bytes::Bytes::new(),
    }
}
