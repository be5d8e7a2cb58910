//! The retry policy: whether a request is sent again, and when. A pure function.
//!
//! A [`Repeat::Never`] request is retried only if it surely did nothing: it never left, or it was throttled (429 is answered before a
//! service acts).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;
use serde_json::Value;

use super::message::{Failure, Repeat, Response, Sent};
use crate::limits::{ATTEMPTS_MAX, REQUEST_DEADLINE, RETRY_PAUSE_MAX, UNREPEATABLE_DEADLINE};

/// Pause after the first failure; doubled with each one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What to do about an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Hand it on.
    Give,
    /// Send again after a pause.
    After(Duration),
}

/// How far the sending of one request has come.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Sends so far, at least 1.
    pub attempt: u32,
    /// May it be sent again?
    pub repeat: Repeat,
    /// Time since the first send.
    pub elapsed: Duration,
    /// The present instant, for a `Retry-After` that names a date where the answer has no `Date`.
    pub now: Timestamp,
    /// Spreads the pauses of different requests.
    pub seed: u64,
}

/// The rule: what `outcome` of the newest send leads to.
pub fn next(trial: &Trial, outcome: &Result<Response, Failure>) -> Retry {
    if trial.attempt >= ATTEMPTS_MAX || !may_repeat(trial.repeat, outcome) {
        return Retry::Give;
    }
    let asked = outcome
        .as_ref()
        .ok()
        .and_then(|response| retry_after(response, trial.now));
    let own = backoff(trial);
    // What a service asks for is waited out whole or not at all: sent early, the request would only be refused again. Asked for
    // nothing, or for a time that has passed, it is still not sent at once.
    let pause = asked.map_or(own, |asked| asked.max(own / 2));
    let deadline = match trial.repeat {
        Repeat::Never => UNREPEATABLE_DEADLINE,
        Repeat::Safe | Repeat::Keyed => REQUEST_DEADLINE,
    };
    if trial.elapsed.saturating_add(pause) > deadline {
        Retry::Give
    } else {
        Retry::After(pause)
    }
}

fn may_repeat(repeat: Repeat, outcome: &Result<Response, Failure>) -> bool {
    match outcome {
        Ok(response) if response.status == 429 => true,
        Ok(response) => {
            repeat != Repeat::Never
                && (matches!(response.status, 408 | 500 | 502 | 503 | 504)
                    || says_not_now(response))
        }
        // A certificate that is not accepted is the same one a second later, as is a variable.
        Err(failure) if failure.is_about_certificate() || failure.is_about_proxy_address() => false,
        Err(failure) => failure.sent == Sent::No || repeat != Repeat::Never,
    }
}

/// Codes that say "not now" under a status that says "never" (the Jobs API).
const NOT_NOW: [&str; 4] = [
    "COULD_NOT_ACQUIRE_LOCK",
    "TEMPORARILY_UNAVAILABLE",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
];
/// The same in words: the workspace is being moved, or its cluster is coming up.
const NOT_YET: [&str; 4] = [
    "UnknownWorkerEnvironmentException",
    "does not have any associated worker environments",
    "There is no worker environment with id",
    "ClusterNotReadyException",
];

/// Does a refusal (4xx) say that the same request may succeed in a moment? Nothing was done.
pub fn says_not_now(response: &Response) -> bool {
    #[derive(Deserialize)]
    struct Body {
        error_code: Option<Value>,
        message: Option<Value>,
    }
    if !matches!(response.status, 400..=499) || matches!(response.status, 401 | 403) {
        return false;
    }
    let Ok(body) = serde_json::from_slice::<Body>(&response.body) else {
        return false;
    };
    let code = body.error_code.as_ref().and_then(Value::as_str);
    let said = body.message.as_ref().and_then(Value::as_str);
    code.is_some_and(|code| NOT_NOW.contains(&code))
        || said.is_some_and(|said| NOT_YET.iter().any(|words| said.contains(words)))
}

/// Could the server have acted on a send that had this outcome? Nobody knows after a lost answer, a 408 or a server error.
pub fn may_have_acted(outcome: &Result<Response, Failure>) -> Sent {
    match outcome {
        Ok(response) if response.status != 408 && response.status < 500 => Sent::No,
        Ok(_) => Sent::Maybe,
        Err(failure) => failure.sent,
    }
}

/// How long everybody is to leave a service alone that gave this answer: as long as it asks; after a 429 that does not say, as long
/// as its own request waits.
pub fn asks_to_wait(response: &Response, next: Retry, now: Timestamp) -> Option<Duration> {
    let own = match next {
        Retry::After(pause) => pause,
        Retry::Give => FIRST_PAUSE,
    };
    let asked = retry_after(response, now);
    if response.status == 429 {
        return Some(asked.map_or(own, |asked| asked.max(FIRST_PAUSE / 4)));
    }
    asked.filter(|asked| !asked.is_zero())
}

/// How long a 429 or 503 asks to wait, by its `Retry-After` in seconds or as an HTTP date.
pub fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    if !matches!(response.status, 429 | 503) {
        return None;
    }
    let text = response.headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    let from = date(response).unwrap_or(now);
    Some(Duration::try_from(until.duration_since(from)).unwrap_or(Duration::ZERO))
}

/// The service's own time of an answer, from its `Date` header.
pub fn date(response: &Response) -> Option<Timestamp> {
    http_date(response.headers.get("date")?.to_str().ok()?)
}

fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// Half the doubled pause is kept, the other half is drawn by the seed: the same request always waits alike, different
/// ones do not come back together.
fn backoff(trial: &Trial) -> Duration {
    let doubled = FIRST_PAUSE
        .saturating_mul(1 << trial.attempt.saturating_sub(1).min(16))
        .min(RETRY_PAUSE_MAX);
    let share = mix(trial.seed.wrapping_add(u64::from(trial.attempt))) % 1_000;
    let drawn = (doubled / 2 / 1_000).saturating_mul(u32::try_from(share).unwrap_or(0));
    doubled / 2 + drawn
}

/// The finaliser of SplitMix64: neighbouring seeds give unrelated numbers.
const fn mix(seed: u64) -> u64 {
    let a = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    c ^ (c >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn trial(attempt: u32, repeat: Repeat) -> Trial {
        Trial {
            attempt,
            repeat,
            elapsed: Duration::ZERO,
            now: Timestamp::UNIX_EPOCH,
            seed: 7,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "an outcome, as `next` takes it")]
    fn answer(status: u16, fields: &[(&'static str, &'static str)]) -> Result<Response, Failure> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, http::HeaderValue::from_static(value));
        }
        Ok(Response {
            status,
            headers,
            body: Bytes::new(),
        })
    }

    fn lost(sent: Sent) -> Result<Response, Failure> {
        Err(Failure::network(sent, "connection reset".to_owned()))
    }

    fn repeats(repeat: Repeat, outcome: &Result<Response, Failure>) -> bool {
        next(&trial(1, repeat), outcome) != Retry::Give
    }

    /// The others that use the service wait as long as it asks, and at least for a moment after a 429.
    #[test]
    fn a_service_that_is_busy_is_left_alone() {
        let asks = |status, fields: &[(&'static str, &'static str)], next| {
            let answer = answer(status, fields).unwrap();
            asks_to_wait(&answer, next, Timestamp::UNIX_EPOCH)
        };
        let own = Retry::After(Duration::from_secs(9));
        for (status, fields, next, pause) in [
            (429, &[][..], own, Some(Duration::from_secs(9))),
            (429, &[], Retry::Give, Some(FIRST_PAUSE)),
            (
                429,
                &[("retry-after", "30")],
                own,
                Some(Duration::from_secs(30)),
            ),
            (429, &[("retry-after", "0")], own, Some(FIRST_PAUSE / 4)),
            (
                503,
                &[("retry-after", "30")],
                own,
                Some(Duration::from_secs(30)),
            ),
            (503, &[("retry-after", "0")], own, None),
            (503, &[], own, None),
            (200, &[("retry-after", "30")], own, None),
        ] {
            assert_eq!(asks(status, fields, next), pause, "{status} {fields:?}");
        }
    }

    #[test]
    fn reads_and_keyed_requests_outlast_what_passes() {
        for repeat in [Repeat::Safe, Repeat::Keyed] {
            for status in [408, 429, 500, 502, 503, 504] {
                assert!(repeats(repeat, &answer(status, &[])), "{status}");
            }
            for status in [200, 302, 400, 401, 403, 404, 409, 501] {
                assert!(!repeats(repeat, &answer(status, &[])), "{status}");
            }
            assert!(repeats(repeat, &lost(Sent::Maybe)) && repeats(repeat, &lost(Sent::No)));
        }
    }

    fn refusal(status: u16, body: &'static str) -> Result<Response, Failure> {
        answer(status, &[]).map(|answer| Response {
            body: Bytes::from_static(body.as_bytes()),
            ..answer
        })
    }

    #[test]
    fn a_refusal_that_says_not_now_is_tried_again_unless_it_must_not_be() {
        let lock = r#"{"error_code": "COULD_NOT_ACQUIRE_LOCK", "message": "Try again."}"#;
        let moving = r#"{"message": "Org 1 does not have any associated worker environments"}"#;
        for body in [lock, moving] {
            assert!(repeats(Repeat::Safe, &refusal(400, body)));
            assert!(repeats(Repeat::Keyed, &refusal(400, body)));
            assert!(!repeats(Repeat::Never, &refusal(400, body)));
            assert_eq!(may_have_acted(&refusal(400, body)), Sent::No);
        }
        for (status, body) in [
            (
                400,
                r#"{"error_code": "INVALID_PARAMETER_VALUE", "message": "COULD_NOT_ACQUIRE_LOCK"}"#,
            ),
            (400, r#"{"error_code": 400, "message": 7}"#),
            (403, lock),
            (
                409,
                r#"{"error_code": "CONFLICT", "message": "A concurrent request to run the continuous job is already in progress"}"#,
            ),
            (400, "COULD_NOT_ACQUIRE_LOCK"),
        ] {
            assert!(!repeats(Repeat::Keyed, &refusal(status, body)), "{body}");
        }
    }

    #[test]
    fn never_is_repeated_only_if_it_surely_did_nothing() {
        assert!(repeats(Repeat::Never, &answer(429, &[])));
        assert!(repeats(Repeat::Never, &lost(Sent::No)));
        assert!(!repeats(Repeat::Never, &lost(Sent::Maybe)));
        for status in [408, 500, 502, 503, 504] {
            assert!(!repeats(Repeat::Never, &answer(status, &[])), "{status}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_accepted_is_no_passing_fault() {
        let refused = Err(Failure::network(
            Sent::No,
            "no connection: nobody has signed it (invalid peer certificate: UnknownIssuer)"
                .to_owned(),
        ));
        for repeat in [Repeat::Safe, Repeat::Keyed, Repeat::Never] {
            assert!(!repeats(repeat, &refused));
        }
    }

    #[test]
    fn a_service_says_how_long_to_wait_within_bounds() {
        let after = |fields: &[_]| next(&trial(1, Repeat::Safe), &answer(429, fields));
        assert_eq!(
            after(&[("retry-after", "17")]),
            Retry::After(Duration::from_secs(17))
        );
        assert_eq!(
            after(&[("retry-after", "120")]),
            Retry::After(Duration::from_mins(2))
        );
        for beyond in ["301", "86400", "18446744073709551615"] {
            assert_eq!(after(&[("retry-after", beyond)]), Retry::Give);
        }
        let dated = [
            ("date", "Sun, 06 Nov 1994 08:49:30 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        assert_eq!(after(&dated), Retry::After(Duration::from_secs(7)));
        for none in ["0", "-5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            let Retry::After(pause) = after(&[("retry-after", none)]) else {
                panic!("{none} ends patience")
            };
            assert!((FIRST_PAUSE / 4..=FIRST_PAUSE).contains(&pause), "{none}");
        }
    }

    #[test]
    fn pauses_grow_and_differ_between_requests() {
        let pause = |attempt, seed| match next(
            &Trial {
                seed,
                ..trial(attempt, Repeat::Safe)
            },
            &answer(500, &[]),
        ) {
            Retry::After(pause) => pause,
            Retry::Give => Duration::ZERO,
        };
        for attempt in 1..ATTEMPTS_MAX {
            let whole = FIRST_PAUSE * 2_u32.pow(attempt - 1);
            assert!((whole / 2..=whole).contains(&pause(attempt, 3)));
        }
        assert_ne!(pause(1, 1), pause(1, 2));
        assert_eq!(pause(1, 1), pause(1, 1));
        assert_eq!(pause(ATTEMPTS_MAX, 1), Duration::ZERO);
    }

    /// After the time in which a doubt is settled, a late send would be a second regenerate beside somebody else's.
    #[test]
    fn never_is_not_put_off_until_others_may_have_settled_it() {
        let throttled = |after| answer(429, &[("retry-after", after)]);
        assert!(repeats(Repeat::Never, &throttled("20")));
        assert!(!repeats(Repeat::Never, &throttled("21")));
        assert!(repeats(Repeat::Keyed, &throttled("21")));
    }

    #[test]
    fn the_deadline_ends_patience() {
        let late = Trial {
            elapsed: REQUEST_DEADLINE.saturating_sub(Duration::from_secs(5)),
            ..trial(1, Repeat::Safe)
        };
        assert_eq!(
            next(&late, &answer(429, &[("retry-after", "6")])),
            Retry::Give
        );
        assert_eq!(
            next(&late, &answer(429, &[("retry-after", "5")])),
            Retry::After(Duration::from_secs(5))
        );
    }
}
