//! Storage accounts: what they tell, their keys, and what happens to both.

use super::*;

const ACCOUNT: &str = "/subscriptions/12345678-1234-1234-1234-1234567890ab/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lakeraw";
const ACCOUNTS: &str = "/subscriptions/12345678-1234-1234-1234-1234567890ab/providers/Microsoft.Storage/storageAccounts";
const VERSION: &str = "api-version=2023-05-01";
const DAY: u64 = 24 * 3600;
const ONE: &str = "[{name: lakeraw, resourceGroup: rg, created: 400d ago, key1: {made: 97d ago}, key2: {made: 40d ago, by: ada@example.com}}]";
const FIRST: &str = r#"{"keyName": "key1"}"#;

fn estate(accounts: &str, more: &str) -> Client {
    client(&format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, storageAccounts: {accounts}}}, {{id: other}}]\n{more}"
    ))
    .arm()
}

fn send(client: &Client, method: &Method, path: &str, text: &str) -> Response {
    let url = format!("https://management.azure.com{path}?{VERSION}");
    client.send(method, &url, text.to_owned()).unwrap()
}

fn get(client: &Client, path: &str) -> (u16, Value) {
    client.get_arm(&format!("{path}?{VERSION}"))
}

fn post(client: &Client, what: &str, text: &str) -> (u16, Value) {
    let response = send(client, &Method::POST, &format!("{ACCOUNT}/{what}"), text);
    (response.status, body(&response))
}

/// The values in an answer about keys.
fn values(answer: &Value) -> [String; 2] {
    [0, 1].map(|slot| answer["keys"][slot]["value"].as_str().unwrap().to_owned())
}

fn keys(client: &Client) -> [String; 2] {
    let (status, answer) = post(client, "listKeys", "");
    assert_eq!(status, 200, "{answer}");
    values(&answer)
}

fn times(client: &Client) -> Value {
    let (status, answer) = get(client, ACCOUNT);
    assert_eq!(status, 200, "{answer}");
    answer["properties"]["keyCreationTime"].clone()
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or("-"))
}

fn names(list: &Value) -> Vec<&str> {
    let all = list["value"].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap()).collect()
}

/// So many seconds later, with a new token.
fn later(client: Client, seconds: u64) -> Client {
    client.pass(seconds);
    client.arm()
}

/// What the log of a subscription tells, newest first, only the ends of requests.
fn log(client: &Client, subscription: &str) -> Vec<Value> {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("api-version", "2015-04-01")
        .append_pair(
            "$filter",
            "eventTimestamp ge '2026-08-24T09:00:00Z' and resourceProvider eq 'Microsoft.Storage'",
        )
        .finish();
    let (status, page) = client.get_arm(&format!(
        "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values?{query}"
    ));
    assert_eq!(status, 200, "{page}");
    let events = page["value"].as_array().unwrap().iter();
    events
        .filter(|event| event["status"]["value"] == "Succeeded")
        .cloned()
        .collect()
}

/// `day action group caller` of each.
fn told(client: &Client, subscription: &str) -> Vec<String> {
    let short = |event: &Value| {
        let action = event["authorization"]["action"].as_str().unwrap();
        format!(
            "{} {} {} {}",
            &event["eventTimestamp"].as_str().unwrap()[..10],
            action.split_once("storageAccounts/").unwrap().1,
            event["resourceGroupName"].as_str().unwrap(),
            event["caller"].as_str().unwrap_or("-")
        )
    };
    log(client, subscription).iter().map(short).collect()
}

#[test]
fn an_account_tells_when_its_keys_were_made() {
    let client = estate(
        "[{name: lakeraw, resourceGroup: rg, location: northeurope, created: 400d ago, tags: {tier: gold}, allowSharedKeyAccess: false, key1: {made: 97d ago}}]",
        "",
    );
    let (status, account) = get(&client, &ACCOUNT.to_ascii_uppercase());
    assert_eq!(status, 200);
    assert_eq!(account["id"], ACCOUNT);
    assert_eq!(account["location"], "northeurope");
    assert_eq!(account["tags"], json!({"tier": "gold"}));
    let properties = &account["properties"];
    assert_eq!(properties["creationTime"], "2025-10-18T09:00:00.0000000Z");
    assert_eq!(
        properties["keyCreationTime"],
        json!({"key1": "2026-08-17T09:00:00.0000000Z", "key2": "2025-10-18T09:00:00.0000000Z"})
    );
    assert_eq!(properties["allowSharedKeyAccess"], false);
    let plain = get(&estate(ONE, ""), ACCOUNT).1;
    assert_eq!(plain["properties"].get("allowSharedKeyAccess"), None);
    assert_eq!(plain["tags"], json!({}));
}

#[test]
fn accounts_are_listed_in_pages_of_a_subscription_or_a_group() {
    let client = estate(
        "[{name: lake, copies: 3, resourceGroup: rg}, {name: other1, resourceGroup: rg2}]",
        "paging: {storageAccounts: 2}",
    );
    let (_, first) = get(&client, ACCOUNTS);
    assert_eq!(names(&first), ["lake0001", "lake0002"]);
    let next = first["nextLink"].as_str().unwrap();
    let second = super::body(&client.send(&Method::GET, next, "").unwrap());
    assert_eq!(names(&second), ["lake0003", "other1"]);
    assert_eq!(second.get("nextLink"), None);
    let in_group = ACCOUNTS.replace("/providers", "/resourceGroups/RG2/providers");
    assert_eq!(names(&get(&client, &in_group).1), ["other1"]);
    let nowhere = ACCOUNTS.replace("/providers", "/resourceGroups/none/providers");
    assert_eq!(
        code(&get(&client, &nowhere)),
        (404, "ResourceGroupNotFound")
    );
}

#[test]
fn what_is_not_there_is_one_of_two_kinds_of_404_and_a_version_is_needed() {
    let client = estate(ONE, "");
    let at = |path: String| get(&client, &path);
    assert_eq!(
        code(&at(ACCOUNT.replace("/rg/", "/none/"))),
        (404, "ResourceGroupNotFound")
    );
    assert_eq!(
        code(&at(ACCOUNT.replace("lakeraw", "lakegone"))),
        (404, "ResourceNotFound")
    );
    assert_eq!(
        code(&at(format!("{ACCOUNT}/listKeys"))),
        (404, "InvalidResourceType")
    );
    for version in ["2022-09-01", "2023-01-01", "2024-01-01"] {
        let path = format!("{ACCOUNT}?api-version={version}");
        assert_eq!(client.get_arm(&path).0, 200);
    }
    assert_eq!(
        code(&client.get_arm(&format!("{ACCOUNT}?api-version=2018-06-01"))),
        (400, "InvalidApiVersionParameter")
    );
    assert_eq!(
        code(&client.get_arm(ACCOUNT)),
        (400, "MissingApiVersionParameter")
    );
}

#[test]
fn both_keys_are_told_and_look_like_real_ones() {
    let client = estate(ONE, "");
    let (_, answer) = post(&client, "listKeys", "");
    let whole = answer["keys"].as_array().unwrap();
    for (key, name) in whole.iter().zip(["key1", "key2"]) {
        assert_eq!(
            (&key["keyName"], &key["permissions"]),
            (&json!(name), &json!("FULL"))
        );
        let value = key["value"].as_str().unwrap();
        assert_eq!((value.len(), value.ends_with("==")), (88, true));
    }
    assert_eq!(whole.len(), 2);
    assert_eq!(whole[1]["creationTime"], "2026-10-13T09:00:00.0000000Z");
    let [first, second] = keys(&client);
    assert_ne!(first, second);
    let url = format!("https://management.azure.com{ACCOUNT}/listKeys?{VERSION}&$expand=kerb");
    let expanded = super::body(&client.send(&Method::POST, &url, "").unwrap());
    assert_eq!(values(&expanded), [first.clone(), second]);
    let other = estate(ONE, "seed: 8");
    assert_ne!(keys(&other)[0], first);
}

#[test]
fn a_regeneration_changes_one_key_and_answers_with_both() {
    let client = estate(ONE, "");
    let before = keys(&client);
    client.pass(60);
    let (status, answer) = post(&client, "regenerateKey", FIRST);
    assert_eq!(status, 200);
    let after = keys(&client);
    assert_eq!(values(&answer), after);
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    assert_eq!(
        answer["keys"][0]["creationTime"],
        "2026-11-22T09:01:00.0000000Z"
    );
    assert_eq!(times(&client)["key1"], "2026-11-22T09:01:00.0000000Z");
    assert_eq!(times(&client)["key2"], "2026-10-13T09:00:00.0000000Z");
    for (text, expected) in [
        (
            r#"{"keyName": "key3"}"#,
            "InvalidValuesForRequestParameters",
        ),
        ("{}", "InvalidValuesForRequestParameters"),
        ("", "InvalidRequestContent"),
    ] {
        assert_eq!(code(&post(&client, "regenerateKey", text)), (400, expected));
    }
    let world = client.cloud.world();
    assert_eq!(
        *world.effects().regenerations,
        [("storage:lakeraw#key1".to_owned(), 1)].into()
    );
}

#[test]
fn a_time_may_be_told_here_and_not_there() {
    let world = |told: &str| {
        estate(
            &format!(
                "[{{name: lakeraw, resourceGroup: rg, created: 400d ago, keyTimes: {told}, key1: {{made: 97d ago}}}}]"
            ),
            "",
        )
    };
    let made = json!("2026-08-17T09:00:00.0000000Z");
    let born = json!("2025-10-18T09:00:00.0000000Z");
    let both = json!({"key1": made, "key2": born});
    let one = json!({"key1": made, "key2": null});
    let late =
        json!({"key1": "2027-08-17T09:00:00.0000000Z", "key2": "2026-10-18T09:00:00.0000000Z"});
    for (told, listed, own) in [
        ("shown", Some(&both), &both),
        ("notInLists", None, &both),
        ("afterRotation", Some(&one), &one),
        ("hidden", Some(&Value::Null), &Value::Null),
        ("ahead", Some(&late), &late),
    ] {
        let client = world(told);
        let list = get(&client, ACCOUNTS).1;
        let in_list = list["value"][0]["properties"].get("keyCreationTime");
        assert_eq!((in_list, &times(&client)), (listed, own), "{told}");
        let keys = post(&client, "listKeys", "").1;
        assert_eq!(keys["keys"][1]["creationTime"], own["key2"], "{told}");
    }
    let client = world("afterRotation");
    post(&client, "regenerateKey", r#"{"keyName": "key2"}"#);
    assert_eq!(times(&client)["key2"], "2026-11-22T09:00:00.0000000Z");
}

#[test]
fn a_right_that_is_missing_is_named_and_told_beforehand() {
    let forbidden = |operations: &str| {
        let account = format!("[{{name: lakeraw, resourceGroup: rg, forbidden: [{operations}]}}]");
        estate(&account, "")
    };
    let client = forbidden("regenerateKey, listKeys");
    for (what, right) in [
        ("regenerateKey", "regeneratekey/action"),
        ("listKeys", "listkeys/action"),
    ] {
        let answer = post(&client, what, FIRST);
        assert_eq!(code(&answer), (403, "AuthorizationFailed"));
        let text = answer.1["error"]["message"].as_str().unwrap();
        assert!(text.contains(&format!(
            "'Microsoft.Storage/storageAccounts/{right}' over scope '{ACCOUNT}'"
        )));
    }
    assert!(client.cloud.world().effects().regenerations.is_empty());
    let closed = |client: &Client, scope: &str| {
        let path =
            format!("{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01");
        let (status, roles) = client.get_arm(&path);
        assert_eq!(status, 200, "{roles}");
        let all = roles["value"].as_array().unwrap().iter();
        let storage = |role: &&Value| role["actions"][0] == "Microsoft.Storage/storageAccounts/*";
        all.clone().find(storage).unwrap()["notActions"].clone()
    };
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    let group = format!("{subscription}/resourceGroups/rg");
    assert_eq!(closed(&client, &subscription), json!([]));
    assert_eq!(closed(&client, &group), json!([]));
    assert_eq!(
        closed(&client, ACCOUNT),
        json!([
            "Microsoft.Storage/storageAccounts/listkeys/action",
            "Microsoft.Storage/storageAccounts/regeneratekey/action"
        ])
    );
    let client = forbidden("getStorageAccount");
    assert_eq!(get(&client, ACCOUNT).0, 403);
    assert!(names(&get(&client, ACCOUNTS).1).is_empty());
    assert_eq!(
        closed(&client, ACCOUNT),
        json!(["Microsoft.Storage/storageAccounts/read"])
    );
    let client = estate(
        ONE,
        "tenants: [{id: contoso, principals: [{clientId: me, clientSecret: s, forbidden: [listStorageAccounts, getStorageAccount]}]}]",
    );
    assert_eq!(
        (get(&client, ACCOUNTS).0, get(&client, ACCOUNT).0),
        (403, 403)
    );
    for scope in [subscription.as_str(), group.as_str(), ACCOUNT] {
        assert_eq!(
            closed(&client, scope),
            json!(["Microsoft.Storage/storageAccounts/read"])
        );
    }
}

#[test]
fn the_activity_log_tells_a_regeneration_but_not_of_which_key() {
    let client = estate(ONE, "").with("x-ms-client-request-id", "my-own-id");
    assert_eq!(
        told(&client, SUBSCRIPTION),
        ["2026-10-13 regenerateKey/action rg ada@example.com"]
    );
    post(&client, "regenerateKey", FIRST);
    assert_eq!(log(&client, SUBSCRIPTION).len(), 1, "not yet");
    client.pass(300);
    let newest = &log(&client, SUBSCRIPTION)[0];
    assert_eq!(newest["resourceId"], ACCOUNT);
    assert_eq!(
        newest["operationName"]["value"],
        "Microsoft.Storage/storageAccounts/regenerateKey/action"
    );
    assert_eq!(newest["httpRequest"]["clientRequestId"], "my-own-id");
    assert!(!newest.to_string().contains("key1"));
}

#[test]
fn storage_counts_for_itself_and_says_how_long_to_wait() {
    let client = estate(ONE, "throttling: true");
    for _ in 0..100 {
        assert_eq!(get(&client, ACCOUNTS).0, 200);
    }
    client.pass(60);
    let response = send(&client, &Method::GET, ACCOUNTS, "");
    assert_eq!(response.status, 429);
    assert_eq!(body(&response)["error"]["code"], "TooManyRequests");
    assert_eq!(response.headers["retry-after"], "240");
    let metered = |response: &Response| {
        let names = response.headers.keys().map(http::HeaderName::as_str);
        names
            .filter_map(|name| name.strip_prefix("x-ms-ratelimit-remaining-subscription-"))
            .collect::<String>()
    };
    assert_eq!(metered(&response), "");
    let one = send(&client, &Method::GET, ACCOUNT, "");
    assert_eq!((one.status, metered(&one).as_str()), (200, "reads"));
    let listed = send(&client, &Method::POST, &format!("{ACCOUNT}/listKeys"), "");
    assert_eq!((listed.status, metered(&listed).as_str()), (200, "writes"));
    client.pass(240);
    assert_eq!(get(&client, ACCOUNTS).0, 200);
    // What Azure Resource Manager takes is used up first.
    let statuses: Vec<u16> = (0..300).map(|_| get(&client, ACCOUNT).0).collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        249
    );
    assert_eq!(
        code(&get(&client, ACCOUNT)),
        (429, "SubscriptionRequestsThrottled")
    );
}

#[test]
fn others_regenerate_keys_and_tell_it_late_or_never() {
    let client = estate(
        "[{name: lakeraw, resourceGroup: rg, created: 400d ago}]",
        "meanwhile:
- {at: in 1d, regenerateKey: {storageAccount: LAKERAW, key: key1, by: bob@example.com, requestId: '7'}}
- {at: in 2d, regenerateKey: {storageAccount: lakeraw, key: both, logged: false}}
- {at: in 2d, logDelay: 2h}
- {at: in 3d, regenerateKey: {storageAccount: lakeraw, key: key2, by: ''}}
- {at: in 4d, swapKeys: {storageAccount: lakeraw}}
- {at: in 5d, restoreKey: {storageAccount: lakeraw, key: key1, back: 9}}",
    );
    let first = keys(&client);
    let client = later(client, DAY);
    let second = keys(&client);
    assert_eq!((first[0] == second[0], &first[1]), (false, &second[1]));
    let client = later(client, DAY);
    let third = keys(&client);
    assert!(third.iter().all(|key| !second.contains(key)));
    let client = later(client, DAY + 600);
    assert_eq!(
        told(&client, SUBSCRIPTION),
        ["2026-11-23 regenerateKey/action rg bob@example.com"]
    );
    let client = later(client, 7200);
    assert_eq!(
        told(&client, SUBSCRIPTION)[0],
        "2026-11-25 regenerateKey/action rg -"
    );
    let before = keys(&client);
    let client = later(client, DAY);
    assert_eq!(keys(&client), [before[1].clone(), before[0].clone()]);
    assert_eq!(
        times(&client)["key1"],
        "2026-11-25T09:00:00.0000000Z",
        "a value keeps its time"
    );
    let client = later(client, DAY);
    assert_eq!(keys(&client)[0], first[0]);
    assert_eq!(times(&client)["key1"], "2025-10-18T09:00:00.0000000Z");
    assert!(client.cloud.world().effects().regenerations.is_empty());
}

#[test]
fn an_account_made_anew_has_new_keys_and_a_new_birth() {
    let client = estate(
        ONE,
        "meanwhile:
- {at: in 1d, recreateStorageAccount: {storageAccount: lakeraw}}
- {at: in 2d, deleteStorageAccount: {storageAccount: lakeraw}}",
    );
    let before = keys(&client);
    let client = later(client, DAY + 600);
    assert!(keys(&client).iter().all(|key| !before.contains(key)));
    let born = "2026-11-23T09:00:00.0000000Z";
    assert_eq!(get(&client, ACCOUNT).1["properties"]["creationTime"], born);
    assert_eq!(times(&client), json!({"key1": born, "key2": born}));
    let mut all = told(&client, SUBSCRIPTION);
    all.sort();
    assert_eq!(
        all,
        [
            "2026-10-13 regenerateKey/action rg ada@example.com",
            "2026-11-23 delete rg operator@example.com",
            "2026-11-23 write rg operator@example.com",
        ]
    );
    let client = later(client, DAY);
    assert_eq!(code(&get(&client, ACCOUNT)), (404, "ResourceNotFound"));
    assert!(names(&get(&client, ACCOUNTS).1).is_empty());
}

#[test]
fn an_account_that_moves_keeps_its_keys_and_leaves_its_log_behind() {
    let client = estate(
        ONE,
        "meanwhile:
- {at: in 1d, moveStorageAccount: {storageAccount: lakeraw, subscription: other, resourceGroup: rg2}}
- {at: in 2d, regenerateKey: {storageAccount: lakeraw, key: key1}}",
    );
    let before = keys(&client);
    let born = times(&client);
    let client = later(client, DAY);
    assert_eq!(get(&client, ACCOUNT).0, 404);
    let moved = ACCOUNT
        .replace(SUBSCRIPTION, "other")
        .replace("/rg/", "/rg2/");
    assert_eq!(
        get(&client, &moved).1["properties"]["keyCreationTime"],
        born
    );
    let path = format!("{moved}/listKeys");
    let after = body(&send(&client, &Method::POST, &path, ""));
    assert_eq!(values(&after), before);
    let client = later(client, DAY + 600);
    assert_eq!(
        told(&client, SUBSCRIPTION),
        ["2026-10-13 regenerateKey/action rg ada@example.com"]
    );
    assert_eq!(
        told(&client, "other"),
        ["2026-11-24 regenerateKey/action rg2 operator@example.com"]
    );
}

#[test]
fn rights_at_an_account_come_and_go() {
    let client = estate(
        ONE,
        "meanwhile:
- {at: in 1d, forbid: {operations: [regenerateKey], storageAccount: lakeraw}}
- {at: in 2d, allow: {operations: [regenerateKey], storageAccount: lakeraw}}",
    );
    let client = later(client, DAY);
    assert_eq!(post(&client, "regenerateKey", FIRST).0, 403);
    let client = later(client, DAY);
    assert_eq!(post(&client, "regenerateKey", FIRST).0, 200);
}

#[test]
fn answers_are_lost_late_and_wrong_as_elsewhere() {
    let client = estate(
        ONE,
        "faults:
- {on: regenerateKey, do: loseAnswer}
- {on: regenerateKey, do: throttle, retryAfter: 7s}
- {on: regenerateKey, do: errorAfterActing, status: 503}
- {on: regenerateKey, do: delayRequest, by: 10m}
- {on: regenerateKey, do: changeNothing}
- {on: regenerateKey, do: changeBoth}
- {on: getStorageAccount, nth: 2, do: staleList, by: 1h}
- {on: listKeys, nth: 8, do: refuse, as: missingRight}",
    );
    let ask = || {
        let url = format!("https://management.azure.com{ACCOUNT}/regenerateKey?{VERSION}");
        let answer = client.send(&Method::POST, &url, FIRST);
        answer.ok().map(|response| response.status)
    };
    let mut seen = vec![keys(&client)];
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(ask());
        seen.push(keys(&client));
    }
    let ok = Some(200);
    assert_eq!(statuses, [None, Some(429), Some(503), None, ok, ok]);
    let changed: Vec<[bool; 2]> = seen
        .windows(2)
        .map(|pair| [0, 1].map(|slot| pair[0][slot] != pair[1][slot]))
        .collect();
    assert_eq!(
        changed,
        [
            [true, false],
            [false, false],
            [true, false],
            [false, false],
            [false, false],
            [true, true]
        ]
    );
    let now = "2026-11-22T09:00:00.0000000Z";
    assert_eq!(times(&client), json!({"key1": now, "key2": now}));
    assert_eq!(
        times(&client)["key2"],
        "2026-10-13T09:00:00.0000000Z",
        "as it was an hour ago"
    );
    assert_eq!(
        code(&post(&client, "listKeys", "")),
        (403, "AuthorizationFailed")
    );
    client.pass(600);
    assert_ne!(
        keys(&client)[0],
        seen[6][0],
        "the request has arrived after all"
    );
}

#[test]
fn an_account_that_cannot_be_is_refused() {
    for (accounts, more, what) in [
        (
            "[{name: Lake, resourceGroup: rg}]",
            "",
            "3 to 24 of a-z and 0-9",
        ),
        (
            "[{name: la, resourceGroup: rg}]",
            "",
            "3 to 24 of a-z and 0-9",
        ),
        (
            "[{name: lake, resourceGroup: rg, key1: {made: 9d ago}, created: 3d ago}]",
            "",
            "between the creation",
        ),
        (
            "[{name: lake, resourceGroup: rg}, {name: lake, resourceGroup: rg2}]",
            "",
            "there twice",
        ),
        (
            "[{name: lake, resourceGroup: rg, authKey1: {made: 9d ago}}]",
            "",
            "unknown field `authKey1`",
        ),
        (
            "[{name: lake, resourceGroup: rg, keyTimes: never}]",
            "",
            "unknown variant `never`",
        ),
        (
            "[{name: lake, resourceGroup: rg, allowSharedKeyAccess: maybe}]",
            "",
            "world.yaml:1:",
        ),
        ("[{name: lake}]", "", "missing field `resourceGroup`"),
        (
            ONE,
            "meanwhile: [{at: in 1d, regenerateKey: {storageAccount: lakeraw, key: authKey1}}]",
            "`key1` and `key2`",
        ),
        (
            ONE,
            "meanwhile: [{at: in 1d, regenerateKey: {key: key1}}]",
            "one `runtime` or of one `storageAccount`",
        ),
        (
            ONE,
            "meanwhile: [{at: in 1d, swapKeys: {runtime: a/b, storageAccount: lakeraw}}]",
            "one `runtime` or of one `storageAccount`",
        ),
        (
            ONE,
            "meanwhile: [{at: in 1d, deleteStorageAccount: {storageAccount: nowhere}}]",
            "no storage account `nowhere`",
        ),
        (
            ONE,
            "meanwhile: [{at: in 1d, moveStorageAccount: {storageAccount: lakeraw, subscription: nowhere}}]",
            "no subscription `nowhere`",
        ),
        (
            ONE,
            "faults: [{on: listKeys, do: changeNothing}]",
            "are for `regenerateAuthKey` and `regenerateKey`",
        ),
    ] {
        let text = format!("subscriptions: [{{id: s, storageAccounts: {accounts}}}]\n{more}");
        let told = World::from_text(&text, Path::new("world.yaml"), &Clock::Real);
        let told = told.unwrap_err().to_string();
        assert!(told.contains(what), "{accounts} {more}\n{told}");
    }
    let runtime = "subscriptions: [{id: s, factories: [{name: adf, resourceGroup: rg, runtimes: [{name: gw}]}]}]\nmeanwhile: [{at: in 1d, regenerateKey: {runtime: adf/gw, key: key2}}]";
    let told = World::from_text(runtime, Path::new("world.yaml"), &Clock::Real);
    assert!(
        told.unwrap_err()
            .to_string()
            .contains("`authKey1` and `authKey2`")
    );
}

#[test]
fn accounts_live_on_where_the_world_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stored) = (
        folder.path().join("world.yaml"),
        folder.path().join("world.json"),
    );
    std::fs::write(&file, format!("{START}subscriptions: [{{id: {SUBSCRIPTION}, storageAccounts: {ONE}}}]\nmeanwhile: [{{at: in 1d, regenerateKey: {{storageAccount: lakeraw, key: key2}}}}]\n")).unwrap();
    let load = || {
        let world = World::load(&file, &stored, &Clock::Real).unwrap();
        client("").put(world).arm()
    };
    let first = load();
    post(&first, "regenerateKey", FIRST);
    let (remade, account) = (keys(&first), get(&first, ACCOUNT).1);
    let second = load();
    assert_eq!(
        (keys(&second), get(&second, ACCOUNT).1),
        (remade.clone(), account)
    );
    second.pass(DAY);
    let third = keys(&second.arm());
    assert_eq!((&third[0], third[1] == remade[1]), (&remade[0], false));
}
