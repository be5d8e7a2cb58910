//! Ways in besides client credentials: a person, the machine, a pipeline's job, a workspace's own principals.

use http::Method;

use super::*;

const LOGIN: &str = "https://login.microsoftonline.com";
const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

fn post(client: &Client, path: &str, form: &str) -> (u16, Value) {
    let url = format!("{LOGIN}{path}");
    let response = client.send(&Method::POST, &url, form.to_owned()).unwrap();
    (response.status, body(&response))
}

fn get(client: &Client, path: &str) -> (u16, Value) {
    let response = client
        .send(&Method::GET, &format!("{LOGIN}{path}"), "")
        .unwrap();
    (response.status, body(&response))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn poll(client: &Client, code: &str) -> (u16, Value) {
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=app&device_code={code}"
    );
    post(client, "/contoso/oauth2/v2.0/token", &form)
}

fn device_code(client: &Client) -> String {
    let form = format!("client_id=app&scope={DATABRICKS}/.default offline_access");
    let (status, code) = post(client, "/contoso/oauth2/v2.0/devicecode", &form);
    assert_eq!(
        (status, code["interval"].as_u64()),
        (200, Some(5)),
        "{code}"
    );
    text(&code, "device_code").to_owned()
}

#[test]
fn a_person_accepts_after_some_questions_and_stays_signed_in() {
    let client = client(&format!(
        "person: {{name: ada@example.com, polls: 2}}\nworkspaces: [{{host: {HOST}, members: [ada@example.com]}}]"
    ));
    let code = device_code(&client);
    for _ in 0..2 {
        let (status, denial) = poll(&client, &code);
        assert_eq!(
            (status, text(&denial, "error")),
            (400, "authorization_pending")
        );
    }
    let (status, first) = poll(&client, &code);
    assert_eq!(status, 200, "{first}");
    let renewal = text(&first, "refresh_token").to_owned();
    let renew = |renewal: &str| {
        let form = format!(
            "grant_type=refresh_token&client_id=app&refresh_token={renewal}&scope=https://management.azure.com/.default"
        );
        post(&client, "/contoso/oauth2/v2.0/token", &form)
    };
    let (status, second) = renew(&renewal);
    assert_eq!((status, second.get("refresh_token")), (200, None));
    assert_eq!(text(&renew("other").1, "error"), "invalid_grant");
    let bearer = format!("Bearer {}", text(&first, "access_token"));
    assert_eq!(
        client.with("authorization", &bearer).get_jobs("list").0,
        200
    );
}

#[test]
fn a_person_declines_or_does_nothing_and_a_code_ends() {
    let client_one = client("person: {polls: 0, answer: declines}");
    let code = device_code(&client_one);
    assert_eq!(
        text(&poll(&client_one, &code).1, "error"),
        "authorization_declined"
    );
    assert_eq!(
        text(&poll(&client_one, "7.x").1, "error"),
        "bad_verification_code"
    );
    let client_two = client("person: {polls: 0, answer: nothing}");
    let code = device_code(&client_two);
    assert_eq!(
        text(&poll(&client_two, &code).1, "error"),
        "authorization_pending"
    );
    client_two.pass(900);
    assert_eq!(text(&poll(&client_two, &code).1, "error"), "expired_token");
}

const MACHINE: &str = "tenants: [{id: contoso, principals: [{clientId: ci, federated: true}]}]\nmachine: {header: h, identities: [{clientId: mi-1, system: true}, {clientId: mi-2, resourceId: /mi/2}]}\npipeline: {token: step}";

#[test]
fn a_machine_gives_tokens_of_its_own_identities_to_whoever_asks_rightly() {
    let imds = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/";
    let app_service = imds.replace("/metadata/identity/oauth2/token", "/msi/token");
    assert_eq!(get(&client(""), imds).0, 403, "no machine of Azure");
    let without = client(MACHINE);
    assert_eq!(get(&without, imds).0, 400, "no Metadata field");
    let client = without
        .with("metadata", "true")
        .with("x-identity-header", "h");
    let (status, granted) = get(&client, imds);
    assert_eq!(
        (
            status,
            text(&granted, "client_id"),
            text(&granted, "expires_in")
        ),
        (200, "mi-1", "3599")
    );
    let (_, granted) = get(&client, &format!("{app_service}&mi_res_id=/MI/2"));
    assert_eq!(text(&granted, "client_id"), "mi-2");
    assert!(granted.get("expires_in").is_none());
    let (status, denial) = get(&client, &format!("{imds}&client_id=other"));
    assert_eq!(
        (status, text(&denial, "error_description")),
        (400, "Identity not found")
    );
    let wrong = client.with("x-identity-header", "other");
    assert_eq!(get(&wrong, &app_service).0, 400);
}

#[test]
fn an_assertion_of_a_job_is_good_for_minutes() {
    let client = client(MACHINE).with("authorization", "Bearer step");
    let (status, told) = get(&client, "/oidc/github?audience=api://AzureADTokenExchange");
    assert_eq!(status, 200);
    let assertion = text(&told, "value").to_owned();
    let exchange = || {
        let form = format!(
            "grant_type=client_credentials&client_id=ci&client_assertion={assertion}&scope=https://management.azure.com/.default"
        );
        post(&client, "/contoso/oauth2/v2.0/token", &form)
    };
    assert_eq!(exchange().0, 200);
    client.pass(301);
    assert_eq!(exchange().1["error_codes"][0], 700_024);
    let (status, told) = post(&client, "/oidc/pipelines?api-version=7.1", "");
    assert!(status == 200 && !text(&told, "oidcToken").is_empty());
    let stranger = client.with("authorization", "Bearer other");
    assert_eq!(get(&stranger, "/oidc/github").0, 401);
}

#[test]
fn a_workspace_gives_its_own_principals_a_token_for_itself_alone() {
    let two = "adb-2.7.azuredatabricks.net";
    let client = client(&format!(
        "workspaces: [{{host: {HOST}, principals: [{{clientId: app, clientSecret: dose}}]}}, {{host: {two}}}]"
    ));
    let ask = |client: &Client| {
        let form = "grant_type=client_credentials&scope=all-apis";
        let url = format!("https://{HOST}/oidc/v1/token");
        let response = client.send(&Method::POST, &url, form).unwrap();
        (response.status, body(&response))
    };
    // printf app:other | base64; printf app:dose | base64
    let client = client.with("authorization", "Basic YXBwOm90aGVy");
    assert_eq!(ask(&client).0, 401);
    let client = client.with("authorization", "Basic YXBwOmRvc2U=");
    let (status, granted) = ask(&client);
    assert_eq!((status, granted["expires_in"].as_u64()), (200, Some(3_600)));
    let bearer = format!("Bearer {}", text(&granted, "access_token"));
    let client = client.with("authorization", &bearer);
    assert_eq!(client.get_jobs("list").0, 200);
    let elsewhere = format!("https://{two}/api/2.2/jobs/list");
    assert_eq!(
        client.send(&Method::GET, &elsewhere, "").unwrap().status,
        401
    );
    client.pass(3_600);
    assert_eq!(client.get_jobs("list").0, 401);
}

#[test]
fn a_fault_can_be_a_refusal_with_a_number() {
    let client =
        client("faults: [{on: token, nth: 2, do: error, status: 401, code: AADSTS7000222}]");
    let ask = || {
        let form = "grant_type=client_credentials&client_id=a&client_secret=b&scope=https://management.azure.com/.default";
        post(&client, "/contoso/oauth2/v2.0/token", form)
    };
    assert_eq!(ask().0, 200);
    let (status, denial) = ask();
    assert_eq!(
        (status, denial["error_codes"][0].as_u64()),
        (401, Some(7_000_222))
    );
    assert!(
        text(&denial, "error_description")
            .starts_with("AADSTS7000222: The provided client secret keys")
    );
    assert_eq!(ask().0, 200);
}
