//! Key vaults: the recorded life of a secret, lived again.

use super::*;

/// Answers to the recorded requests, in their order.
pub(in super::super) fn asked() -> Vec<Asked> {
    const BODIES: [&str; 8] = [
        "recordings/keyvault-python-2025-secret-crud-7.6.json 0",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 1",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 2",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 3",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 4",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 5",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 6",
        "recordings/keyvault-python-2025-secret-crud-7.6.json 7",
    ];
    const NAME: &str = "livekvtestsecret-name75f43515";
    let client = client("vaults: [{name: sanitized, recoverableDays: 7, location: westus}]");
    let ask = |client: &Client, method: &Method, path: &str, sent: &Value| {
        let url = format!("https://sanitized.vault.azure.net/{path}?api-version=7.6");
        client.send(method, &url, sent.to_string()).unwrap()
    };
    let (get, put) = (Method::GET, Method::PUT);
    let new = json!({"value": "secret-value", "attributes": {"exp": 2_527_401_600_i64}});
    let change = json!({"contentType": "text/plain", "tags": {"foo": "updated tag"}});
    let secret = format!("secrets/{NAME}");
    let bare = ask(&client, &put, &secret, &Value::Null);
    let client = client.vault();
    let made = ask(&client, &put, &secret, &new);
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    let version = id.rsplit('/').next().unwrap().to_owned();
    let latest = format!("{secret}/");
    let deleted = format!("deletedsecrets/{NAME}");
    let mut answers = vec![
        bare,
        made,
        ask(&client, &get, &latest, &Value::Null),
        ask(&client, &get, &format!("{secret}/{version}"), &Value::Null),
        ask(&client, &Method::PATCH, &latest, &change),
        ask(&client, &Method::DELETE, &secret, &Value::Null),
        ask(&client, &get, &deleted, &Value::Null),
    ];
    client.pass(2);
    answers.push(ask(&client, &get, &deleted, &Value::Null));
    let kinds = ["", "vault.set", "", "", "", "", "", ""];
    let answers = BODIES.into_iter().zip(kinds).zip(answers);
    answers
        .map(|((name, kind), answer)| (name, kind, answer))
        .collect()
}
