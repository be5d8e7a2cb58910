//! Data Factory: keys, their regeneration, and what tells of it afterwards.

use http::Method;
use serde_json::Value;

use super::*;

const GATEWAY: &str = "[{name: gateway, created: 97d ago, authKey2: {made: 40d ago}}]";
const REGENERATE: &str = r#"{"keyName": "authKey1"}"#;

fn log(client: &Client, filter: &str) -> (u16, Value) {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("api-version", "2015-04-01")
        .append_pair("$filter", filter)
        .finish();
    client.get_arm(&format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?{query}"
    ))
}

const WINDOW: &str =
    "eventTimestamp ge '2026-08-24T09:00:00Z' and eventTimestamp le '2026-12-01T00:00:00Z'";

#[test]
fn the_answer_to_regenerate_holds_only_the_new_key() {
    let client = factory(GATEWAY).arm();
    let before = client.keys("gateway");
    let (status, answer) = client
        .post_runtime("gateway/regenerateAuthKey", REGENERATE)
        .unwrap();
    assert_eq!(status, 200);
    assert_eq!(answer.as_object().unwrap().len(), 1);
    let after = client.keys("gateway");
    assert_eq!(answer["authKey1"], after[0]);
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
}

#[test]
fn every_regeneration_makes_another_key() {
    let client = factory(GATEWAY).arm();
    let mut seen = vec![client.keys("gateway")[0].clone()];
    for _ in 0..3 {
        client
            .post_runtime("gateway/regenerateAuthKey", REGENERATE)
            .unwrap();
        seen.push(client.keys("gateway")[0].clone());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    assert_eq!(
        client.cloud.world().effects().regenerations["adf/gateway#authKey1"],
        3
    );
}

#[test]
fn a_key_looks_like_a_real_one() {
    let key = &factory(GATEWAY).arm().keys("gateway")[0];
    let parts: Vec<&str> = key.split('@').collect();
    assert_eq!(parts[0], "IR");
    assert_eq!(parts[1].len(), 36);
    assert_eq!(parts[2], "adf");
    assert_eq!(
        parts[3],
        "ServiceEndpoint=adf.westeurope.datafactory.azure.net"
    );
    assert_eq!(parts[4].len(), 44);
}

#[test]
fn the_status_tells_the_creation_and_no_age() {
    let client = factory(GATEWAY).arm();
    let (_, status) = client.post_runtime("gateway/getStatus", "").unwrap();
    let properties = &status["properties"]["typeProperties"];
    assert_eq!(properties["createTime"], "2026-08-17T09:00:00.0000000Z");
    let queue = properties["taskQueueId"].as_str().unwrap();
    assert!(client.keys("gateway")[0].contains(queue));
}

#[test]
fn paths_are_read_without_case() {
    let client = factory(GATEWAY).arm();
    let (status, _) = client.get_arm(&format!(
        "{}/INTEGRATIONRUNTIMES/Gateway?API-version=2018-06-01",
        FACTORY.to_ascii_uppercase()
    ));
    assert_eq!(status, 200);
}

#[test]
fn managed_and_linked_runtimes_have_no_keys() {
    let client = factory("[{name: azure-ir, type: Managed}, {name: shared, linkedTo: /x}]").arm();
    for runtime in ["azure-ir", "shared"] {
        let (status, answer) = client
            .post_runtime(&format!("{runtime}/listAuthKeys"), "")
            .unwrap();
        assert_eq!(status, 400, "{answer}");
    }
    let (_, shared) = client.get_arm(&format!(
        "{FACTORY}/integrationRuntimes/shared?api-version=2018-06-01"
    ));
    assert_eq!(shared["properties"]["type"], "SelfHosted");
    assert_eq!(
        shared["properties"]["typeProperties"]["linkedInfo"]["resourceId"],
        "/x"
    );
}

#[test]
fn a_list_is_paged_by_a_link_to_follow_as_it_is() {
    let client = client(&format!(
        "paging: {{runtimes: 2}}\nsubscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw, copies: 5}}]}}]}}]"
    ))
    .arm();
    let mut url =
        format!("https://management.azure.com{FACTORY}/integrationRuntimes?api-version=2018-06-01");
    let mut names = Vec::new();
    loop {
        let page = super::body(&client.send(&Method::GET, &url, "").unwrap());
        names.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextLink"].as_str() else {
            break;
        };
        next.clone_into(&mut url);
    }
    assert_eq!(
        names,
        ["gw-0001", "gw-0002", "gw-0003", "gw-0004", "gw-0005"]
    );
}

#[test]
fn one_page_may_end_with_an_explicit_null() {
    let client = factory(GATEWAY).arm();
    let (_, page) = client.get_arm(&format!(
        "{FACTORY}/integrationRuntimes?api-version=2018-06-01"
    ));
    assert_eq!(page.get("nextLink"), Some(&Value::Null));
}

#[test]
fn there_are_two_kinds_of_404_before_the_runtime_is_missed() {
    let client = factory(GATEWAY).arm();
    let code = |path: &str| {
        let (status, answer) = client.get_arm(path);
        (
            status,
            answer["error"]["code"].as_str().unwrap_or("-").to_owned(),
        )
    };
    let runtimes =
        |factory: String| format!("{factory}/integrationRuntimes?api-version=2018-06-01");
    assert_eq!(
        code(&runtimes(FACTORY.replace("/rg/", "/none/"))),
        (404, "ResourceGroupNotFound".to_owned())
    );
    assert_eq!(
        code(&runtimes(FACTORY.replace("/adf", "/none"))),
        (404, "ResourceNotFound".to_owned())
    );
    assert_eq!(
        code(&format!(
            "{FACTORY}/integrationRuntimes/none?api-version=2018-06-01"
        ))
        .0,
        404
    );
    assert_eq!(
        code(&format!("{FACTORY}/nonsense?api-version=2018-06-01")).0,
        404
    );
    assert_eq!(
        code(&format!("{FACTORY}/integrationRuntimes")),
        (400, "MissingApiVersionParameter".to_owned())
    );
}

#[test]
fn a_prohibition_names_the_action_that_is_missing() {
    let client = factory("[{name: locked, forbidden: [listAuthKeys]}]").arm();
    let (status, answer) = client.post_runtime("locked/listAuthKeys", "").unwrap();
    assert_eq!(status, 403);
    assert_eq!(answer["error"]["code"], "AuthorizationFailed");
    let text = answer["error"]["message"].as_str().unwrap();
    assert!(
        text.contains("'Microsoft.DataFactory/factories/integrationruntimes/listauthkeys/action'")
    );
    assert_eq!(
        client.post_runtime("locked/getStatus", "").unwrap().0,
        200,
        "the rest is open"
    );
}

#[test]
fn the_activity_log_tells_that_a_key_was_remade_but_not_which() {
    let client = factory(GATEWAY)
        .arm()
        .with("x-ms-client-request-id", "my-own-id");
    client
        .post_runtime("gateway/regenerateAuthKey", REGENERATE)
        .unwrap();
    assert_eq!(
        log(&client, WINDOW).1["value"].as_array().unwrap().len(),
        2,
        "only the old one yet: begun and ended"
    );
    client.pass(300);
    let (_, entries) = log(&client, WINDOW);
    let newest = &entries["value"][0];
    assert_eq!(newest["eventTimestamp"], "2026-11-22T09:00:00.0000000Z");
    assert_eq!(
        newest["submissionTimestamp"],
        "2026-11-22T09:05:00.0000000Z"
    );
    assert_eq!(newest["httpRequest"]["clientRequestId"], "my-own-id");
    assert_eq!(newest["status"]["value"], "Succeeded");
    assert_eq!(entries["value"][1]["status"]["value"], "Started");
    assert!(!entries.to_string().contains("authKey"));
}

#[test]
fn the_activity_log_forgets_after_90_days() {
    let client = factory(
        "[{name: gw, created: 200d ago, authKey1: {made: 89d ago}, authKey2: {made: 91d ago}}]",
    )
    .arm();
    let (_, entries) = log(&client, "eventTimestamp ge '2026-01-01T00:00:00Z'");
    let ended = entries["value"].as_array().unwrap().iter();
    assert_eq!(
        ended
            .filter(|event| event["status"]["value"] == "Succeeded")
            .count(),
        1
    );
}

#[test]
fn the_activity_log_takes_one_condition_and_no_other_syntax() {
    let client = factory(GATEWAY).arm();
    let provider = format!("{WINDOW} and resourceProvider eq 'microsoft.datafactory'");
    assert_eq!(
        log(&client, &provider).1["value"].as_array().unwrap().len(),
        2
    );
    let runtime = format!("{WINDOW} and resourceUri eq '{FACTORY}/integrationRuntimes/GATEWAY'");
    assert_eq!(
        log(&client, &runtime).1["value"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        log(&client, &format!("{provider} and resourceUri eq 'x'")).0,
        400
    );
    assert_eq!(
        log(&client, &format!("{WINDOW} and operationName eq 'x'")).0,
        400
    );
}

#[test]
fn a_closed_activity_log_is_a_403_of_its_own() {
    let client = client(&format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, activityLog: forbidden, factories: [{{name: adf, resourceGroup: rg, runtimes: {GATEWAY}}}]}}]"
    ))
    .arm();
    let (status, answer) = log(&client, WINDOW);
    assert_eq!(status, 403);
    assert!(answer.to_string().contains("eventtypes/values/read"));
    assert_eq!(client.keys("gateway").len(), 2);
}

#[test]
fn key_operations_are_metered_as_writes_and_the_rest_as_reads() {
    let client = factory(GATEWAY).arm();
    let header = |what: &str| {
        let url = format!(
            "https://management.azure.com{FACTORY}/integrationRuntimes/gateway/{what}?api-version=2018-06-01"
        );
        let response = client.send(&Method::POST, &url, "").unwrap();
        let names = response.headers.keys().map(http::HeaderName::as_str);
        names
            .filter_map(|name| name.strip_prefix("x-ms-ratelimit-remaining-subscription-"))
            .collect::<String>()
    };
    assert_eq!(header("listAuthKeys"), "writes");
    assert_eq!(header("getStatus"), "reads");
}

#[test]
fn a_throttled_subscription_says_how_long_to_wait() {
    let client = client(&format!(
        "throttling: true\nsubscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: {GATEWAY}}}]}}]"
    ))
    .arm();
    for _ in 0..200 {
        client.keys("gateway");
    }
    let (status, answer) = client.post_runtime("gateway/listAuthKeys", "").unwrap();
    assert_eq!(
        (status, answer["error"]["code"].as_str().unwrap()),
        (429, "SubscriptionRequestsThrottled")
    );
    client.pass(1);
    client.keys("gateway");
}

#[test]
fn every_answer_tells_the_time_of_the_world() {
    let client = factory(GATEWAY);
    for url in [
        "https://login.microsoftonline.com/nowhere".to_owned(),
        format!("https://management.azure.com{FACTORY}"),
    ] {
        let response = client.send(&Method::GET, &url, "").unwrap();
        assert_eq!(response.headers["date"], "Sun, 22 Nov 2026 09:00:00 GMT");
    }
}
