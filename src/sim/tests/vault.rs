//! Key vaults: versions, deletion that can be taken back, rights by action, and the traps of the real service.

use super::*;

const GET: Method = Method::GET;
const PUT: Method = Method::PUT;
const NONE: Value = Value::Null;

fn vault(secrets: &str) -> Client {
    client(&format!(
        "vaults: [{{name: kv-data, recoverableDays: 7, secrets: {secrets}}}]"
    ))
    .vault()
}

/// The ids of a list, without the host.
fn ids(list: &Value) -> Vec<String> {
    let all = list["value"].as_array().unwrap().iter();
    let ids = all.map(|one| one["id"].as_str().unwrap());
    ids.map(|id| id.rsplit_once(".net/").unwrap().1.to_owned())
        .collect()
}

fn inner(body: &Value) -> &str {
    body["error"]["innererror"]["code"]
        .as_str()
        .unwrap_or_default()
}

fn value(client: &Client, path: &str) -> String {
    let (status, body) = client.ask_vault(&GET, path, &NONE);
    assert_eq!(status, 200, "{body}");
    body["value"].as_str().unwrap().to_owned()
}

#[test]
fn without_a_token_a_vault_says_where_to_get_one() {
    let client = vault("[]").without("authorization");
    let url = "https://kv-data.vault.azure.net/secrets/a?api-version=7.5";
    let response = client.send(&GET, url, "").unwrap();
    let challenge = response.headers["www-authenticate"].to_str().unwrap();
    assert_eq!(response.status, 401);
    assert!(
        challenge.starts_with("Bearer authorization=\"https://login.microsoftonline.com/")
            && challenge.ends_with(", resource=\"https://vault.azure.net\""),
        "{challenge}"
    );
    // A token for something else, or for the vaults of another cloud, opens nothing.
    for resource in ["https://management.azure.com", "https://vault.azure.cn"] {
        let client = vault("[]").signed_in(resource);
        let (status, body) = client.ask_vault(&GET, "/secrets", &NONE);
        let said = body["error"]["message"].as_str().unwrap();
        assert!(status == 401 && said.starts_with("AKV10022"), "{body}");
    }
    let arm = vault("[]").get_arm(
        "/subscriptions/x/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01",
    );
    assert_eq!(arm.0, 401, "nor does a token for vaults open anything else");
}

#[test]
fn the_last_version_counts_also_where_several_are_of_one_second() {
    let client = vault("[]");
    for number in 0..3 {
        let (status, made) = client.ask_vault(
            &PUT,
            "/secrets/Key",
            &json!({"value": format!("v{number}")}),
        );
        assert_eq!(
            (status, &made["value"]),
            (200, &json!(format!("v{number}")))
        );
    }
    assert_eq!(value(&client, "/secrets/key"), "v2");
    let (_, list) = client.ask_vault(&GET, "/secrets/KEY/versions", &NONE);
    let listed = ids(&list);
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!((listed.len(), &listed), (3, &sorted), "by id, not by age");
    assert!(listed[0].starts_with("secrets/Key/"), "{listed:?}");
    let all = list["value"].as_array().unwrap();
    let created = all.iter().map(|one| &one["attributes"]["created"]);
    assert!(
        created
            .clone()
            .all(|at| *at == all[0]["attributes"]["created"])
    );
    assert!(
        all.iter().all(|one| one["value"].is_null()),
        "a list has no values"
    );
    assert_eq!(
        client.cloud.world().effects().secret_versions["kv-data/Key"],
        3
    );
    let (status, empty) = client.ask_vault(&GET, "/secrets/nothing/versions", &NONE);
    assert_eq!(
        (status, empty),
        (200, json!({"value": [], "nextLink": null}))
    );
}

#[test]
fn a_new_version_has_nothing_of_the_one_before_but_its_name() {
    let client = vault("[]");
    let whole = json!({"value": "x", "contentType": "text/plain", "tags": {"a": "b"}, "attributes": {"enabled": false, "exp": 9, "nbf": 8}});
    let (_, made) = client.ask_vault(&PUT, "/secrets/key", &whole);
    assert_eq!(made["attributes"]["enabled"], false);
    let (status, body) = client.ask_vault(&GET, "/secrets/key", &NONE);
    assert_eq!((status, inner(&body)), (403, "SecretDisabled"));
    // Attributes of a version that is not given out can be changed all the same, and what is not named stays.
    let on = json!({"attributes": {"enabled": true}});
    let (status, changed) = client.ask_vault(&Method::PATCH, "/secrets/key", &on);
    assert_eq!((status, &changed["tags"]), (200, &json!({"a": "b"})));
    assert!(changed["value"].is_null());
    assert_eq!(
        value(&client, "/secrets/key"),
        "x",
        "outside of nbf and exp, too"
    );
    let (_, next) = client.ask_vault(&PUT, "/secrets/key", &json!({"value": "y"}));
    assert!(
        next["tags"].is_null() && next["contentType"].is_null(),
        "{next}"
    );
    assert!(next["attributes"]["exp"].is_null() && next["attributes"]["enabled"] == true);
}

#[test]
fn a_deleted_secret_keeps_its_name_until_it_is_purged() {
    let client = vault("[]");
    client.ask_vault(
        &PUT,
        "/secrets/key",
        &json!({"value": "x", "tags": {"a": "b"}}),
    );
    let (status, deleted) = client.ask_vault(&Method::DELETE, "/secrets/key", &NONE);
    let times = ["deletedDate", "scheduledPurgeDate"].map(|time| deleted[time].as_i64().unwrap());
    assert_eq!((status, times[1] - times[0]), (200, 7 * 86_400));
    assert!(deleted["value"].is_null(), "{deleted}");
    // It takes a moment, in which nobody sees it.
    let put = || client.ask_vault(&PUT, "/secrets/key", &json!({"value": "y"}));
    let gone = |path: &str| client.ask_vault(&GET, path, &NONE).0;
    assert_eq!(
        (gone("/secrets/key"), gone("/deletedsecrets/key")),
        (404, 404)
    );
    assert_eq!((put().0, inner(&put().1)), (409, "ObjectIsBeingDeleted"));
    client.pass(2);
    assert_eq!(
        (put().0, inner(&put().1)),
        (409, "ObjectIsDeletedButRecoverable")
    );
    let (_, list) = client.ask_vault(&GET, "/deletedsecrets", &NONE);
    assert_eq!(ids(&list), ["secrets/key"]);
    assert_eq!(list["value"][0]["tags"], json!({"a": "b"}));
    assert_eq!(
        client.ask_vault(&GET, "/secrets/key/versions", &NONE).1["value"],
        json!([])
    );
    let recover = "/deletedsecrets/key/recover";
    assert_eq!(client.ask_vault(&Method::POST, recover, &NONE).0, 200);
    assert_eq!((put().0, inner(&put().1)), (409, "ObjectIsBeingRecovered"));
    client.pass(2);
    assert_eq!(value(&client, "/secrets/key"), "x");
    client.ask_vault(&Method::DELETE, "/secrets/key", &NONE);
    client.pass(2);
    assert_eq!(
        client
            .ask_vault(&Method::DELETE, "/deletedsecrets/key", &NONE)
            .0,
        204
    );
    assert_eq!(put().0, 200);
    let again = |client: &Client| {
        let new = json!({"value": "y"});
        client.ask_vault(&PUT, "/secrets/key", &new).0
    };
    // Time does it, too.
    client.ask_vault(&Method::DELETE, "/secrets/key", &NONE);
    client.pass(7 * 86_400);
    // No token lives so long.
    let client = client.vault();
    assert_eq!(client.ask_vault(&GET, "/deletedsecrets/key", &NONE).0, 404);
    assert_eq!(again(&client), 200);
    let (_, list) = client.ask_vault(&GET, "/secrets/key/versions", &NONE);
    assert_eq!(ids(&list).len(), 1, "what was purged is gone for good");
}

#[test]
fn a_protected_vault_lets_nobody_purge() {
    let client = client(
        "vaults: [{name: kv-data, purgeProtection: true, secrets: [{name: key, deleted: 3d ago, versions: [{created: 5d ago}]}]}]",
    )
    .vault();
    let (status, body) = client.ask_vault(&Method::DELETE, "/deletedsecrets/key", &NONE);
    assert_eq!(status, 403, "{body}");
    let (_, one) = client.ask_vault(&GET, "/deletedsecrets/key", &NONE);
    assert_eq!(one["attributes"]["recoveryLevel"], "Recoverable");
    assert_eq!(one["attributes"]["recoverableDays"], 90);
}

#[test]
fn each_action_takes_a_right_of_its_own() {
    let asks: [(&str, Method, &str, Value); 8] = [
        ("readMetadata", GET, "/secrets", NONE),
        ("readMetadata", GET, "/secrets/key/versions", NONE),
        ("readMetadata", GET, "/deletedsecrets", NONE),
        ("readMetadata", GET, "/deletedsecrets/key", NONE),
        ("getSecret", GET, "/secrets/key", NONE),
        ("setSecret", PUT, "/secrets/other", json!({"value": "x"})),
        (
            "updateSecret",
            Method::PATCH,
            "/secrets/key",
            json!({"tags": {}}),
        ),
        ("deleteSecret", Method::DELETE, "/secrets/key", NONE),
    ];
    for forbidden in [
        "readMetadata",
        "getSecret",
        "setSecret",
        "updateSecret",
        "deleteSecret",
    ] {
        for at in [
            "forbidden: [@], secrets: [{name: key}]",
            "secrets: [{name: key, forbidden: [@]}]",
        ] {
            let world = at.replace('@', forbidden);
            let client = client(&format!("vaults: [{{name: kv-data, {world}}}]")).vault();
            for (right, method, path, sent) in &asks {
                let (status, body) = client.ask_vault(method, path, sent);
                let is_about_it = at.starts_with("forbidden") || path.contains("/key");
                let closed = *right == forbidden && is_about_it;
                assert_eq!(status == 403, closed, "{at} {path} {body}");
                if closed {
                    let said = body["error"]["message"].as_str().unwrap();
                    assert_eq!(inner(&body), "ForbiddenByRbac");
                    assert!(
                        said.contains("Action: 'Microsoft.KeyVault/vaults/secrets/"),
                        "{said}"
                    );
                }
            }
        }
    }
    // Somebody else may.
    let closed = "tenants: [{id: contoso, principals: [{clientId: me, clientSecret: s, forbidden: [setSecret]}, {clientId: ci, clientSecret: s}]}]\nvaults: [{name: kv-data}]";
    let me = client(closed).vault();
    assert_eq!(
        me.ask_vault(&PUT, "/secrets/key", &json!({"value": "x"})).0,
        403
    );
    assert_eq!(me.ask_vault(&GET, "/secrets", &NONE).0, 200);
}

#[test]
fn where_access_policies_decide_one_deleted_secret_takes_the_right_to_values() {
    let client = client(
        "vaults: [{name: kv-data, accessPolicies: true, forbidden: [getSecret], secrets: [{name: key, deleted: 3d ago, versions: [{created: 5d ago}]}]}]",
    )
    .vault();
    let (status, body) = client.ask_vault(&GET, "/deletedsecrets/key", &NONE);
    assert_eq!((status, inner(&body)), (403, "ForbiddenByPolicy"));
    let said = body["error"]["message"].as_str().unwrap();
    assert!(
        said.contains("does not have secrets get permission on key vault 'kv-data;"),
        "{said}"
    );
    let (status, list) = client.ask_vault(&GET, "/deletedsecrets", &NONE);
    assert_eq!((status, ids(&list)), (200, vec!["secrets/key".to_owned()]));
}

#[test]
fn lists_come_in_pages_at_the_vault_s_own_port() {
    let names: Vec<String> = (0..30).map(|n| format!("{{name: s{n:02}}}")).collect();
    let client = vault(&format!("[{}]", names.join(", ")));
    let (_, first) = client.ask_vault(&GET, "/secrets", &NONE);
    assert_eq!(ids(&first).len(), 25);
    let link = first["nextLink"].as_str().unwrap();
    assert!(
        link.starts_with("https://kv-data.vault.azure.net:443/secrets?"),
        "{link}"
    );
    let rest = body(&client.send(&GET, link, "").unwrap());
    assert_eq!((ids(&rest).len(), &rest["nextLink"]), (5, &NONE));
    let (_, few) = client.ask_vault(&GET, "/secrets?maxresults=2", &NONE);
    assert_eq!(ids(&few), ["secrets/s00", "secrets/s01"]);
    for wrong in [
        "/secrets?maxresults=26",
        "/secrets?maxresults=0",
        "/secrets?$skiptoken=x",
    ] {
        assert_eq!(client.ask_vault(&GET, wrong, &NONE).0, 400, "{wrong}");
    }
}

#[test]
fn what_is_too_large_or_no_name_is_not_taken() {
    let client = vault("[]");
    let tags = |count: usize| {
        let tags = (0..count).map(|n| (n.to_string(), json!("v")));
        json!({"value": "x", "tags": Value::Object(tags.collect())})
    };
    let tag = |name: usize, value: usize| json!({"value": "x", "tags": {"n".repeat(name): "v".repeat(value)}});
    let long = |bytes: usize| json!({"value": "x".repeat(bytes)});
    for (sent, status) in [
        (tags(15), 200),
        (tags(16), 400),
        (tag(256, 256), 200),
        (tag(257, 1), 400),
        (tag(1, 257), 400),
        (long(25 * 1024), 200),
        (long(25 * 1024 + 1), 400),
        (json!({}), 400),
        (json!([]), 400),
        (json!({"value": 7}), 400),
        (json!({"value": "x", "attributes": {"exp": "soon"}}), 400),
    ] {
        let (said, body) = client.ask_vault(&PUT, "/secrets/key", &sent);
        assert_eq!(said, status, "{body}");
    }
    for wrong in [
        "/secrets/a.b",
        "/secrets/a%20b",
        &format!("/secrets/{}", "a".repeat(128)),
    ] {
        assert_eq!(
            client.ask_vault(&PUT, wrong, &json!({"value": "x"})).0,
            400,
            "{wrong}"
        );
    }
    let url = "https://kv-data.vault.azure.net/secrets?api-version=6.0";
    assert_eq!(client.send(&GET, url, "").unwrap().status, 400);
    assert_eq!(client.ask_vault(&PUT, "/keys/key", &NONE).0, 404);
    let nowhere = client.send(&GET, "https://kv-other.vault.azure.net/secrets", "");
    assert!(nowhere.is_err(), "no such host");
}

#[test]
fn a_vault_takes_so_many_requests_in_ten_seconds() {
    let client = client("throttling: true\nvaults: [{name: kv-data}, {name: kv-other}]").vault();
    for _ in 0..4_000 {
        let mut world = client.cloud.world();
        let now = world.clock().now();
        let kind = crate::sim::quota::Kind::Vault;
        assert!(
            world
                .quotas
                .take("kv-data.vault.azure.net", kind, now)
                .is_ok()
        );
    }
    let url = |name: &str| format!("https://{name}.vault.azure.net/secrets?api-version=7.5");
    let refused = client.send(&GET, &url("kv-data"), "").unwrap();
    assert_eq!(
        (refused.status, &refused.headers["retry-after"]),
        (429, &"10".parse().unwrap())
    );
    assert_eq!(client.send(&GET, &url("kv-other"), "").unwrap().status, 200);
    client.pass(10);
    assert_eq!(client.send(&GET, &url("kv-data"), "").unwrap().status, 200);
}

#[test]
fn others_write_disable_delete_recover_and_purge() {
    let mut client = client(
        "vaults: [{name: kv-data, secrets: [{name: key, versions: [{created: 9d ago, tags: {a: b}}]}]}]
meanwhile:
- {at: in 1h, writeSecret: {vault: kv-data, secret: key, tags: {c: d}, expiresIn: 30d}}
- {at: in 2h, disableSecret: {vault: kv-data, secret: key}}
- {at: in 3h, disableSecret: {vault: kv-data, secret: key, back: 1}}
- {at: in 4h, deleteSecret: {vault: kv-data, secret: key}}
- {at: in 5h, recoverSecret: {vault: kv-data, secret: key}}
- {at: in 6h, deleteSecret: {vault: kv-data, secret: key}}
- {at: in 7h, purgeSecret: {vault: kv-data, secret: key}}
- {at: in 8h, writeSecret: {vault: kv-data, secret: key}}
- {at: in 9h, forbid: {operations: [setSecret], vault: kv-data}}
",
    )
    .vault();
    // How many versions there are, how many of them are enabled, and whether a deleted secret has the name.
    let seen = |client: &Client| {
        let (_, list) = client.ask_vault(&GET, "/secrets/key/versions", &NONE);
        let all = list["value"].as_array().unwrap();
        let enabled = all
            .iter()
            .filter(|one| one["attributes"]["enabled"] == true);
        let (_, deleted) = client.ask_vault(&GET, "/deletedsecrets", &NONE);
        (all.len(), enabled.count(), ids(&deleted).len())
    };
    let mut told = vec![seen(&client)];
    for hour in 0..8 {
        // Deleting and recovering take a moment.
        client.pass(if hour == 0 { 3_602 } else { 3_600 });
        // No token lives longer.
        client = client.vault();
        told.push(seen(&client));
    }
    let wanted = [
        (1, 1, 0),
        (2, 2, 0),
        (2, 1, 0),
        (2, 0, 0),
        (0, 0, 1),
        (2, 0, 0),
        (0, 0, 1),
        (0, 0, 0),
        (1, 1, 0),
    ];
    assert_eq!(told, wanted);
    let put = |client: &Client| {
        client
            .ask_vault(&PUT, "/secrets/key", &json!({"value": "x"}))
            .0
    };
    assert_eq!(put(&client), 200);
    client.pass(3_600);
    assert_eq!(put(&client), 401);
    assert_eq!(put(&client.vault()), 403);
}

#[test]
fn what_cannot_happen_to_a_secret_is_told_when_the_world_is_loaded() {
    let wrong = |vault: &str, more: &str| {
        let text = format!("{START}vaults: [{vault}]\n{more}");
        let world = World::from_text(&text, Path::new("world.yaml"), &Clock::Real);
        world.unwrap_err().to_string()
    };
    let happening = |what: &str| {
        wrong(
            "{name: kv-data, secrets: [{name: key}]}",
            &format!("meanwhile: [{{at: in 1h, {what}}}]"),
        )
    };
    for (said, wanted) in [
        (wrong("{name: kv}", ""), "3 to 24"),
        (wrong("{name: kv-data, recoverableDays: 3}", ""), "7 to 90"),
        (wrong("{name: kv-data}, {name: KV-data}", ""), "twice"),
        (
            wrong("{name: kv-data, secrets: [{name: a.b}]}", ""),
            "1 to 127",
        ),
        (
            wrong("{name: kv-data, secrets: [{name: a}, {name: A}]}", ""),
            "twice",
        ),
        (
            wrong(
                "{name: kv-data, secrets: [{name: a, versions: [{created: 1d ago}, {created: 2d ago}]}]}",
                "",
            ),
            "in the order of their creation",
        ),
        (
            happening("deleteSecret: {vault: kv-other, secret: key}"),
            "there is no vault",
        ),
        (
            happening("deleteSecret: {vault: kv-data, secret: nothing}"),
            "there is no secret",
        ),
        (
            happening("recoverSecret: {vault: kv-data, secret: key}"),
            "there is no deleted secret",
        ),
        (
            happening("disableSecret: {vault: kv-data, secret: key, back: 1}"),
            "so many versions",
        ),
    ] {
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn faults_strike_at_vaults_in_their_own_words() {
    let client = client(
        "vaults: [{name: kv-data}]
faults:
- {on: setSecret, do: refuse, as: addressBlocked}
- {on: setSecret, do: refuse, as: missingRight}
- {on: setSecret, do: throttle, retryAfter: 3s}
- {on: setSecret, do: error, status: 503}
- {on: setSecret, do: loseAnswer}
",
    )
    .vault();
    let put = || {
        client.send(
            &PUT,
            "https://kv-data.vault.azure.net/secrets/key?api-version=7.5",
            r#"{"value": "x"}"#,
        )
    };
    let told = |wanted: u16| {
        let answer = put().unwrap();
        assert_eq!(answer.status, wanted);
        body(&answer)
    };
    assert_eq!(inner(&told(403)), "ForbiddenByFirewall");
    assert_eq!(inner(&told(403)), "ForbiddenByRbac");
    assert_eq!(told(429)["error"]["code"], "Throttled");
    assert_eq!(told(503)["error"]["code"], "ServiceUnavailable");
    assert!(put().is_err(), "the answer is lost");
    assert_eq!(
        client.cloud.world().effects().secret_versions["kv-data/key"],
        1
    );
}
