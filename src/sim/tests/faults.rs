//! The lies: what a client sees and what has really happened.

use crate::http::Sent;

use super::*;

const REGENERATE: &str = r#"{"keyName": "authKey1"}"#;

fn lying(fault: &str) -> Client {
    client(&format!(
        "faults: [{fault}]\nsubscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw}}]}}]}}]"
    ))
    .arm()
}

/// What regenerate gave (a status or how it failed), and how often it has really happened.
fn regenerate(client: &Client) -> (Result<u16, Sent>, u64) {
    let answer = client.post_runtime("gw/regenerateAuthKey", REGENERATE);
    let happened = client
        .cloud
        .world()
        .effects()
        .regenerations
        .get("adf/gw#authKey1")
        .copied();
    (
        answer
            .map(|(status, _)| status)
            .map_err(|failure| failure.sent),
        happened.unwrap_or(0),
    )
}

#[test]
fn a_lost_answer_has_happened_and_a_dropped_request_has_not() {
    let lost = lying("{on: regenerateAuthKey, do: loseAnswer}");
    assert_eq!(regenerate(&lost), (Err(Sent::Maybe), 1));
    assert_eq!(regenerate(&lost), (Ok(200), 2), "the fault is spent");
    let dropped = lying("{on: regenerateAuthKey, do: dropRequest}");
    assert_eq!(regenerate(&dropped), (Err(Sent::Maybe), 0));
}

#[test]
fn a_delayed_request_acts_when_nobody_waits_any_more() {
    let client = lying("{on: regenerateAuthKey, do: delayRequest, by: 60s}");
    let before = client.keys("gw");
    assert_eq!(regenerate(&client).0, Err(Sent::Maybe));
    client.pass(59);
    assert_eq!(client.keys("gw"), before);
    client.pass(1);
    assert_ne!(client.keys("gw"), before);
}

#[test]
fn an_error_may_come_without_the_effect_or_after_it() {
    assert_eq!(
        regenerate(&lying("{on: regenerateAuthKey, do: error, status: 503}")),
        (Ok(503), 0)
    );
    assert_eq!(
        regenerate(&lying(
            "{on: regenerateAuthKey, do: errorAfterActing, status: 504}"
        )),
        (Ok(504), 1)
    );
}

#[test]
fn a_throttled_request_is_told_how_long_to_wait() {
    let client = lying("{on: any, nth: 1, do: throttle, retryAfter: 7s, subject: listAuthKeys}");
    let url = format!(
        "https://management.azure.com{FACTORY}/integrationRuntimes/gw/listAuthKeys?api-version=2018-06-01"
    );
    let response = client.send(&http::Method::POST, &url, "").unwrap();
    assert_eq!(
        (response.status, response.headers["retry-after"].as_bytes()),
        (429, b"7".as_slice())
    );
    assert_eq!(client.keys("gw").len(), 2);
}

#[test]
fn an_answer_slower_than_the_patience_of_the_client_is_a_doubt() {
    let client = lying("{on: regenerateAuthKey, do: slow, by: 31s, times: 1}");
    assert_eq!(regenerate(&client), (Err(Sent::Maybe), 1));
    let now = client.cloud.world().clock().now().to_string();
    assert_eq!(now, "2026-11-22T09:00:30Z", "the client waited its 30 s");
    let patient = lying("{on: regenerateAuthKey, do: slow, by: 5s}");
    assert_eq!(regenerate(&patient), (Ok(200), 1));
}

#[test]
fn a_stale_answer_is_the_one_of_before() {
    let client = lying("{on: listAuthKeys, nth: 2, do: staleList, by: 60s}");
    let before = client.keys("gw");
    client.pass(120);
    assert_eq!(regenerate(&client), (Ok(200), 1));
    assert_eq!(client.keys("gw"), before, "stale");
    assert_ne!(client.keys("gw"), before);
}

#[test]
fn a_host_that_no_world_has_is_not_reached() {
    let failure = client("")
        .send(&http::Method::GET, "https://example.org/", "")
        .unwrap_err();
    assert_eq!(failure.sent, Sent::No);
}

#[test]
fn requests_are_recorded_without_secrets() {
    let client = lying("{on: regenerateAuthKey, do: loseAnswer}");
    assert_eq!(regenerate(&client), (Err(Sent::Maybe), 1));
    let requests = client.cloud.requests();
    let paths: Vec<(&str, Option<u16>)> = requests
        .iter()
        .map(|one| (one.path.as_str(), one.status))
        .collect();
    assert_eq!(paths[0], ("/contoso/oauth2/token", Some(200)));
    assert!(
        paths[1]
            .0
            .ends_with("/regenerateAuthKey?api-version=2018-06-01")
    );
    assert_eq!(paths[1].1, None);
    assert!(!format!("{requests:?}").contains("client_secret"));
}

#[test]
fn a_regenerate_may_change_nothing_or_both_keys() {
    let client = lying("{on: regenerateAuthKey, do: changeNothing}");
    let before = client.keys("gw");
    let (status, answer) = client
        .post_runtime("gw/regenerateAuthKey", REGENERATE)
        .unwrap();
    assert_eq!((status, &answer), (200, &json!({"authKey1": before[0]})));
    assert_eq!(client.keys("gw"), before);
    let client = lying("{on: regenerateAuthKey, do: changeBoth}");
    let before = client.keys("gw");
    let (_, answer) = client
        .post_runtime("gw/regenerateAuthKey", REGENERATE)
        .unwrap();
    let after = client.keys("gw");
    assert_eq!(answer, json!({"authKey1": after[0]}));
    assert!(after.iter().all(|key| !before.contains(key)));
}

#[test]
fn each_refusal_of_a_workspace_has_its_own_words() {
    let told = |kind: &str, operation: &str| {
        let client = client(&format!(
            "faults: [{{on: {operation}, do: refuse, as: {kind}}}]\nworkspaces: [{{host: {HOST}, jobs: [{{id: 1, name: n}}]}}]"
        ))
        .dapi();
        let url = format!("https://{HOST}/api/2.2/jobs/list");
        let response = client.send(&http::Method::GET, &url, "").unwrap();
        let text = String::from_utf8(response.body.to_vec()).unwrap();
        assert_eq!(client.get_jobs("list").0, 200, "it is spent");
        (response.status, text)
    };
    for (kind, status, words) in [
        ("tokenExpired", 403, "(token expired)"),
        ("invalidToken", 403, r#""message":"Invalid access token."#),
        (
            "invalidTokenPage",
            403,
            "<title>Error 403 Invalid access token.",
        ),
        (
            "addressBlocked",
            403,
            r#""error_code":403,"message":"Source IP address: 192.0.2.7 is blocked by Databricks IP ACL for workspace: 1""#,
        ),
        ("missingRight", 403, "PERMISSION_DENIED"),
        ("lock", 400, "COULD_NOT_ACQUIRE_LOCK"),
        ("notFound", 404, "RESOURCE_DOES_NOT_EXIST"),
        (
            "notFoundShort",
            404,
            r#"{"error_code":"NOT_FOUND","message":"Not found"}"#,
        ),
        ("notFoundFeature", 404, "FEATURE_DISABLED"),
        ("notFoundEmpty", 404, ""),
    ] {
        let (got, text) = told(kind, "jobs/list");
        assert_eq!(got, status, "{kind}");
        assert!(text.contains(words), "{kind}: {text}");
    }
}

#[test]
fn azure_refuses_with_the_hint_or_without() {
    for (kind, hint) in [("recentlyGranted", true), ("missingRight", false)] {
        let client = lying(&format!("{{on: listAuthKeys, do: refuse, as: {kind}}}"));
        let (status, answer) = client.post_runtime("gw/listAuthKeys", "").unwrap();
        let text = answer["error"]["message"].as_str().unwrap();
        assert_eq!(
            (status, text.contains("recently granted")),
            (403, hint),
            "{text}"
        );
        assert!(text.contains("listauthkeys/action' over scope '/subscriptions/"));
    }
}

#[test]
fn an_error_says_what_it_is_told_to_say() {
    let client =
        lying("{on: listAuthKeys, do: error, status: 404, code: ParentNotFound, message: gone}");
    assert_eq!(
        client.post_runtime("gw/listAuthKeys", "").unwrap(),
        (
            404,
            json!({"error": {"code": "ParentNotFound", "message": "gone"}})
        )
    );
}

#[test]
fn the_log_may_hide_who_it_was() {
    let client = lying("{on: activityLog, do: hideCaller}");
    assert_eq!(regenerate(&client), (Ok(200), 1));
    client.pass(600);
    let url = format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$select=caller,claims&$filter=eventTimestamp%20ge%20'2026-11-20T00:00:00Z'"
    );
    assert_eq!(client.get_arm(&url).1["value"][0], json!({"claims": {}}));
    let told = &client.get_arm(&url).1["value"][0];
    assert!(told["caller"].is_string(), "{told}");
}

#[test]
fn a_fault_that_no_service_has_is_refused() {
    for (fault, what) in [
        ("{on: jobs/list, do: refuse}", "`as` belongs to `refuse`"),
        (
            "{on: jobs/list, do: error, as: lock}",
            "`as` belongs to `refuse`",
        ),
        (
            "{on: listAuthKeys, do: refuse, as: lock}",
            "never refuses like that",
        ),
        (
            "{on: any, do: refuse, as: missingRight}",
            "never refuses like that",
        ),
        (
            "{on: listAuthKeys, do: changeBoth}",
            "are for `regenerateAuthKey`",
        ),
        ("{on: listAuthKeys, do: hideCaller}", "is for `activityLog`"),
    ] {
        let text = format!("{START}faults: [{fault}]");
        let told = World::from_text(&text, Path::new("w"), &Clock::Real).unwrap_err();
        assert!(told.to_string().contains(what), "{fault}: {told}");
    }
}
