//! Tokens: who gets one, what it opens, how long it lives.

use http::Method;

use super::*;

const TENANTS: &str = "tenants: [{id: contoso, principals: [{clientId: me, clientSecret: s, forbidden: [regenerateAuthKey]}]}]";

fn code(client: &Client, tenant: &str, form: &str) -> (u16, u64) {
    let url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
    let response = client.send(&Method::POST, &url, form.to_owned()).unwrap();
    (
        response.status,
        super::body(&response)["error_codes"][0]
            .as_u64()
            .unwrap_or(0),
    )
}

const SCOPE: &str = "scope=https://management.azure.com/.default";

#[test]
fn v1_says_its_numbers_as_text_and_v2_as_numbers() {
    let client = client("");
    let v1 = super::body(&client.token("https://management.core.windows.net/"));
    assert_eq!(v1["expires_in"], "3599");
    assert_eq!(v1["expires_on"], "1795341599");
    let url = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
    let form = format!("grant_type=client_credentials&client_id=me&client_secret=s&{SCOPE}");
    let v2 = super::body(&client.send(&Method::POST, url, form).unwrap());
    assert_eq!(v2["expires_in"], 3599);
    assert!(v2.get("expires_on").is_none());
}

#[test]
fn refusals_have_the_numbers_that_people_search_for() {
    let client = client(TENANTS);
    let form = |id: &str, secret: &str| {
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&{SCOPE}")
    };
    assert_eq!(code(&client, "contoso", &form("me", "s")), (200, 0));
    assert_eq!(
        code(&client, "contoso", &form("me", "wrong")),
        (401, 7_000_215)
    );
    assert_eq!(code(&client, "contoso", &form("who", "s")), (400, 700_016));
    assert_eq!(code(&client, "fabrikam", &form("me", "s")), (400, 90002));
    assert_eq!(
        code(&client, "contoso", "grant_type=client_credentials"),
        (400, 900_144)
    );
    let assertion =
        format!("grant_type=client_credentials&client_id=me&client_assertion=jwt&{SCOPE}");
    assert_eq!(code(&client, "contoso", &assertion), (401, 70021));
    let strange = form("me", "s").replace("https://management.azure.com", "https://example.org");
    assert_eq!(code(&client, "contoso", &strange), (400, 500_011));
}

#[test]
fn a_token_opens_only_the_service_it_is_for() {
    let client = workspace("[]").arm();
    assert_eq!(client.get_jobs("list").0, 401);
    let client = client.signed_in("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d");
    assert_eq!(client.get_jobs("list").0, 200);
    let (status, answer) = client.get_arm(&format!("{FACTORY}?api-version=2018-06-01"));
    assert_eq!(
        (status, answer["error"]["code"].as_str().unwrap()),
        (401, "InvalidAuthenticationTokenAudience")
    );
}

#[test]
fn a_token_ends_with_a_challenge() {
    let client = factory("[]").arm();
    let path = format!("https://management.azure.com{FACTORY}?api-version=2018-06-01");
    assert_eq!(client.send(&Method::GET, &path, "").unwrap().status, 200);
    client.pass(3599);
    let late = client.send(&Method::GET, &path, "").unwrap();
    assert_eq!(late.status, 401);
    assert!(late.headers.contains_key("www-authenticate"));
    let client = client.without("authorization");
    assert_eq!(client.send(&Method::GET, &path, "").unwrap().status, 401);
}

#[test]
fn plan_and_apply_may_run_under_different_principals() {
    let world = format!(
        "{TENANTS}\nsubscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw}}]}}]}}]"
    );
    let client = client(&world).arm();
    assert_eq!(client.keys("gw").len(), 2);
    let refused = client
        .post_runtime("gw/regenerateAuthKey", r#"{"keyName": "authKey1"}"#)
        .unwrap();
    assert_eq!(refused.0, 403);
}

#[test]
fn a_stranger_to_the_workspace_needs_both_service_principal_headers() {
    const RESOURCE: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
    let client = client(&format!(
        "workspaces: [{{host: {HOST}, resourceId: {RESOURCE}, members: []}}]"
    ));
    let management = super::body(&client.token("https://management.core.windows.net/"));
    let client = client.signed_in("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d");
    assert_eq!(client.get_jobs("list").0, 403);
    let client = client
        .with(
            "x-databricks-azure-sp-management-token",
            management["access_token"].as_str().unwrap(),
        )
        .with(
            "x-databricks-azure-workspace-resource-id",
            &RESOURCE.to_ascii_uppercase(),
        );
    assert_eq!(client.get_jobs("list").0, 200);
}

#[test]
fn the_management_token_is_not_the_bearer_twice() {
    let client = workspace("[]").signed_in("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d");
    let token = super::body(&client.token("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"));
    let client = client.with(
        "x-databricks-azure-sp-management-token",
        token["access_token"].as_str().unwrap(),
    );
    assert_eq!(client.get_jobs("list").0, 403);
}

#[test]
fn a_listed_personal_token_is_taken_and_another_is_not() {
    let client = client(&format!(
        "workspaces: [{{host: {HOST}, tokens: [dapi0123]}}]"
    ))
    .dapi();
    assert_eq!(client.get_jobs("list").0, 200);
    assert_eq!(
        client
            .with("authorization", "Bearer dapi9999")
            .get_jobs("list")
            .0,
        401
    );
}

#[test]
fn libraries_find_the_token_endpoint() {
    let client = client("");
    let url = "https://login.microsoftonline.com/contoso/v2.0/.well-known/openid-configuration";
    let found = super::body(&client.send(&Method::GET, url, "").unwrap());
    assert_eq!(
        found["token_endpoint"],
        "https://login.microsoftonline.com/contoso/oauth2/v2.0/token"
    );
    let url = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1";
    let found = super::body(&client.send(&Method::GET, url, "").unwrap());
    assert_eq!(
        found["metadata"][0]["preferred_network"],
        "login.microsoftonline.com"
    );
}
