//! What surely did not happen, what nobody knows, and how often it is sent.

use super::*;
use crate::model::job::{JobId, RunId, Token};
use crate::model::runtime::Slot;
use crate::model::survey::SubmissionTarget;

/// How an effect went, in one word, and how many requests of its kind it took.
async fn regenerate(
    answers: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
) -> (&'static str, usize) {
    let fake = fake(answers);
    let outcome = writer(&fake)
        .regenerate(
            &to_factory(&factory()),
            &factory().runtime("west"),
            Slot::One,
            Timestamp::MAX,
        )
        .await;
    (word(&outcome), fake.asked("adf.regenerateAuthKey").len())
}

async fn start(
    answers: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
) -> (&'static str, usize) {
    let fake = fake(answers);
    let token = Token::parse("t-1").unwrap();
    let outcome = writer(&fake)
        .start(
            &workspace(),
            JobId(7),
            &token,
            &BTreeMap::new(),
            Timestamp::MAX,
        )
        .await;
    (word(&outcome), fake.asked("jobs.run-now").len())
}

fn word<T>(outcome: &Result<T, ActFailure>) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(ActFailure::Refused(_)) => "refused",
        Err(ActFailure::Lost(_)) => "lost",
    }
}

fn no_connection() -> Answer {
    Err(Failure::network(Sent::No, "no connection".to_owned()))
}

#[tokio::test]
async fn a_regenerate_goes_out_once_unless_it_surely_did_nothing() {
    let key = || ok(json!({"authKey1": "IR@new"}));
    assert_eq!(regenerate(move |_, _| key()).await, ("done", 1));
    assert_eq!(regenerate(|_, _| lost()).await, ("lost", 1));
    for doubtful in [408, 500, 502, 503, 504, 302] {
        let outcome = regenerate(move |_, _| answer(doubtful, "")).await;
        assert_eq!(outcome, ("lost", 1), "{doubtful}");
    }
    for refused in [400, 403, 404, 409] {
        let outcome = regenerate(move |_, _| answer(refused, "")).await;
        assert_eq!(outcome, ("refused", 1), "{refused}");
    }
    let throttled = move |_: &Request, nth| if nth < 3 { answer(429, "") } else { key() };
    assert_eq!(regenerate(throttled).await, ("done", 3));
    assert_eq!(regenerate(|_, _| no_connection()).await, ("refused", 6));
    let then_lost = |_: &Request, nth| if nth == 1 { no_connection() } else { lost() };
    assert_eq!(regenerate(then_lost).await, ("lost", 2));
}

#[tokio::test]
async fn a_success_that_does_not_show_the_key_leaves_a_doubt() {
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"authKey2": "IR@other"}"#,
        r#"{"authKey1": ""}"#,
    ] {
        assert_eq!(
            regenerate(move |_, _| answer(200, body)).await,
            ("lost", 1),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_regenerate_names_its_key_in_body_and_id() {
    let fake = fake(|_, _| ok(json!({"authKey2": "IR@new"})));
    let made = writer(&fake)
        .regenerate(
            &to_factory(&factory()),
            &factory().runtime("west"),
            Slot::Two,
            Timestamp::MAX,
        )
        .await
        .unwrap();
    assert_eq!(made.at, now());
    // printf 'IR@new' | sha256sum
    assert_eq!(
        made.said.key.as_str(),
        "217b16d1ad7517cf52f3529f6f978b854ef5814a3658bfdd2207c41f455cf643"
    );
    let asked = &fake.asked("adf.regenerateAuthKey")[0];
    assert_eq!(asked.body, r#"{"keyName":"authKey2"}"#);
    let id = header(asked, "x-ms-client-request-id")
        .unwrap()
        .parse()
        .unwrap();
    let runtime = factory().runtime("west");
    assert_eq!(request_id::slot_of(id, &runtime), Some(Slot::Two));
}

#[tokio::test]
async fn a_keyed_start_is_repeated_under_its_token_before_it_counts_as_lost() {
    let run = || ok(json!({"run_id": 455_644_833}));
    let once_lost = move |_: &Request, nth| if nth == 1 { lost() } else { run() };
    assert_eq!(start(once_lost).await, ("done", 2));
    assert_eq!(start(|_, _| lost()).await, ("lost", 6));
    assert_eq!(start(|_, _| answer(503, "")).await, ("lost", 6));
    assert_eq!(start(|_, _| answer(403, "")).await, ("refused", 1));
    let then_refused = |_: &Request, nth| if nth == 1 { lost() } else { answer(400, "") };
    assert_eq!(start(then_refused).await, ("lost", 2));
    assert_eq!(start(|_, _| ok(json!({}))).await, ("lost", 1));
}

#[tokio::test]
async fn a_service_that_ignores_tokens_is_found_out_where_a_request_went_out_twice() {
    let begun = |ids: &'static [i64], at: Timestamp| {
        move |request: &Request, nth| match request.kind {
            "jobs.run-now" if nth == 1 => lost(),
            "jobs.run-now" => ok(json!({"run_id": 2})),
            _ => {
                let state = json!({"life_cycle_state": "RUNNING"});
                let runs: Vec<Value> = ids
                    .iter()
                    .map(|id| json!({"run_id": id, "job_id": 7, "start_time": at.as_millisecond(), "state": state}))
                    .collect();
                ok(json!({"runs": runs}))
            }
        }
    };
    let earlier = crate::model::time::Span::seconds(60).before(now());
    assert_eq!(start(begun(&[2], now())).await, ("done", 2));
    assert_eq!(start(begun(&[2, 1], earlier)).await, ("done", 2));
    assert_eq!(start(begun(&[2, 1], now())).await, ("lost", 2));
}

#[tokio::test]
async fn a_submit_is_its_content_with_name_and_token() {
    let fake = fake(|_, _| ok(json!({"run_id": 9})));
    let target = SubmissionTarget {
        workspace: workspace().name,
        host: HOST.to_owned(),
        rule: Name::parse("backfill").unwrap(),
        body: r#"{"tasks":[{"task_key":"a"}]}"#.to_owned(),
    };
    let token = Token::parse("t-2").unwrap();
    let digest = "0123456789abcdef0123";
    let run = writer(&fake)
        .submit(&workspace(), &target, digest, &token, Timestamp::MAX)
        .await;
    assert_eq!(run.unwrap().said, RunId(9));
    let body: Value = serde_json::from_slice(&fake.asked("runs.submit")[0].body).unwrap();
    assert_eq!(
        body,
        json!({"tasks": [{"task_key": "a"}], "run_name": "backfill [afresh 0123456789abcdef]", "idempotency_token": "t-2"})
    );
}

#[tokio::test]
async fn a_start_carries_parameters_only_if_there_are_any_and_a_cancel_names_its_run() {
    let fake = fake(|_, _| ok(json!({"run_id": 9})));
    let writer = writer(&fake);
    let token = Token::parse("t").unwrap();
    let parameters = BTreeMap::from([("day".to_owned(), "monday".into())]);
    writer
        .start(
            &workspace(),
            JobId(7),
            &token,
            &BTreeMap::new(),
            Timestamp::MAX,
        )
        .await
        .unwrap();
    writer
        .start(&workspace(), JobId(7), &token, &parameters, Timestamp::MAX)
        .await
        .unwrap();
    writer
        .cancel(&workspace(), RunId(9), Timestamp::MAX)
        .await
        .unwrap();
    let bodies: Vec<_> = ["jobs.run-now", "runs.cancel"]
        .into_iter()
        .flat_map(|kind| fake.asked(kind))
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"job_id": 7, "idempotency_token": "t"}),
            json!({"job_id": 7, "idempotency_token": "t", "job_parameters": {"day": "monday"}}),
            json!({"run_id": 9}),
        ]
    );
}
