//! Tokens: where they come from, when they are fetched again, where they go.

use super::*;
use crate::model::address::ResourceId;
use crate::model::connection::{Proof, SecretSource};
use crate::model::trouble::TroubleKind;
use crate::model::trust::Trust;

fn empty_list(_: &Request, _: usize) -> Answer {
    ok(json!({}))
}

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

#[tokio::test]
async fn the_environment_names_a_service_principal() {
    let fake = fake(empty_list);
    let reader = reader(&fake);
    assert_eq!(reader.credential_used(&factory().name), None);
    reader.runtimes(&factory()).await.unwrap();
    let asked = &fake.asked("entra.token")[0];
    assert_eq!(
        asked.url.as_str(),
        "https://login.microsoftonline.com/tenant/oauth2/v2.0/token"
    );
    let form = form(asked);
    assert_eq!(form["scope"], "https://management.azure.com/.default");
    assert_eq!(
        (form["client_id"].as_str(), form["client_secret"].as_str()),
        ("client", "hush")
    );
    let sent = &fake.asked("adf.list")[0];
    assert_eq!(header(sent, "authorization"), Some("Bearer token-1"));
    assert!(sent.headers["authorization"].is_sensitive());
    let used = reader.credential_used(&factory().name);
    assert_eq!(used.as_deref(), Some("environment (AZURE_CLIENT_SECRET)"));
}

#[tokio::test]
async fn arm_variables_come_second_and_only_as_a_whole_family() {
    let fake = fake(empty_list);
    let mixed = [
        ("AZURE_TENANT_ID", "a"),
        ("AZURE_CLIENT_ID", ""),
        ("ARM_TENANT_ID", "b"),
        ("ARM_CLIENT_ID", "c"),
        ("ARM_CLIENT_SECRET", "d"),
    ];
    let reader = reader_with(&fake, &mixed);
    reader.runtimes(&factory()).await.unwrap();
    assert_eq!(form(&fake.asked("entra.token")[0])["client_id"], "c");
    let used = reader.credential_used(&factory().name);
    assert_eq!(used.as_deref(), Some("environment (ARM_CLIENT_SECRET)"));
}

/// A service principal that somebody has begun to set up does not give way to whoever else is there.
#[tokio::test]
async fn a_secret_without_its_ids_ends_the_search() {
    let arm = [
        ("ARM_TENANT_ID", "b"),
        ("ARM_CLIENT_ID", "c"),
        ("ARM_CLIENT_SECRET", "d"),
    ];
    for (begun, words) in [
        (
            &[("AZURE_CLIENT_SECRET", "x"), ("AZURE_CLIENT_ID", "a")][..],
            "environment: of AZURE_… not all are set: AZURE_TENANT_ID missing; set what is missing, or take AZURE_CLIENT_SECRET away",
        ),
        (
            &[("AZURE_CLIENT_CERTIFICATE_PATH", "x")],
            "environment: of AZURE_… not all are set: AZURE_TENANT_ID and AZURE_CLIENT_ID missing; set what is missing, or take \
             AZURE_CLIENT_CERTIFICATE_PATH away",
        ),
    ] {
        let fake = fake_machine(|request, _| match request.kind {
            "imds.token" => ok(json!({"access_token": "machine-1", "expires_in": 3600})),
            _ => ok(json!({})),
        });
        for others in [&[][..], &arm] {
            let reader = reader_with(&fake, &[begun, others].concat());
            let trouble = reader.runtimes(&factory()).await.unwrap_err();
            assert_eq!(trouble.message, words);
        }
        assert!(fake.asked("entra.token").is_empty() && fake.asked("imds.token").is_empty());
        let left_out = [
            begun,
            &[("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")],
        ]
        .concat();
        reader_with(&fake, &left_out)
            .runtimes(&factory())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_authority_of_a_cloud_document_is_not_overruled() {
    let fake = fake(empty_list);
    let mut env = PRINCIPAL.to_vec();
    env.push(("AZURE_AUTHORITY_HOST", "https://login.example"));
    let reader = reader_with(&fake, &env);
    reader.runtimes(&factory()).await.unwrap();
    let mut lab = factory();
    lab.cloud.authority = "https://login.lab".to_owned();
    reader.runtimes(&lab).await.unwrap();
    let hosts: Vec<_> = fake
        .asked("entra.token")
        .iter()
        .map(|r| r.url.host_str().unwrap().to_owned())
        .collect();
    assert_eq!(hosts, ["login.example", "login.lab"]);
}

#[tokio::test]
async fn an_authority_without_tls_gets_no_secret() {
    let fake = fake(empty_list);
    let mut lab = factory();
    lab.cloud.authority = "http://login.lab".to_owned();
    let trouble = reader(&fake).runtimes(&lab).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
    assert!(fake.asked("entra.token").is_empty());
}

#[tokio::test]
async fn a_hundred_requests_fetch_one_token() {
    let fake = fake(empty_list);
    let (reader, factory) = (reader(&fake), factory());
    let looks = (0..100).map(|_| reader.runtimes(&factory));
    for look in futures_util::future::join_all(looks).await {
        look.unwrap();
    }
    assert_eq!(
        (
            fake.asked("entra.token").len(),
            fake.asked("adf.list").len()
        ),
        (1, 100)
    );
}

#[tokio::test]
async fn a_failed_sign_in_is_not_tried_by_each_request_and_says_what_to_do() {
    let fake = Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(|_, _| {
            let said = "AADSTS7000222: The provided client secret keys for app 'client' are expired.\r\nTrace ID: x";
            status(
                401,
                json!({"error": "invalid_client", "error_description": said, "error_codes": [7_000_222], "trace_id": "tr-1"}),
            )
        }),
        grants_tokens: false,
    });
    let (reader, factory) = (reader(&fake), factory());
    let looks = (0..10).map(|_| reader.runtimes(&factory));
    for look in futures_util::future::join_all(looks).await {
        let trouble = look.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
        assert_eq!(
            trouble.to_string(),
            "cannot list the integration runtimes of ingest: no token from environment (AZURE_CLIENT_SECRET): AADSTS7000222: The provided \
             client secret keys for app 'client' are expired; the secret has expired: make a new one for this application (request tr-1)"
        );
    }
    assert_eq!(fake.asked("entra.token").len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_fetched_once_more() {
    let fake_once = fake(|request, _| match header(request, "authorization") {
        Some("Bearer token-1") => answer(401, ""),
        _ => ok(json!({})),
    });
    let reader_once = reader(&fake_once);
    let (one, factory) = (factory(), factory());
    let (a, b) = tokio::join!(reader_once.runtimes(&one), reader_once.runtimes(&factory));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(fake_once.asked("entra.token").len(), 2);

    let always = fake(|_, _| answer(401, ""));
    let trouble = reader(&always).runtimes(&factory).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
    assert_eq!(
        (
            always.asked("adf.list").len(),
            always.asked("entra.token").len()
        ),
        (2, 2)
    );
}

#[tokio::test]
async fn tokens_are_renewed_before_they_end() {
    let fake = fake(empty_list);
    let hand = ManualClock::new(now());
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
    let here = Surroundings::new(PRINCIPAL);
    let reader = Reader::new(
        Client::new(transport, Clock::Manual(hand.clone())),
        here,
        Trust::simulated(),
    );
    let at = |seconds: u64| crate::model::time::Span::seconds(seconds).after(now());
    for (seconds, tokens) in [(0, 1), (3_298, 1), (3_300, 2)] {
        hand.advance_to(at(seconds));
        reader.runtimes(&factory()).await.unwrap();
        assert_eq!(fake.asked("entra.token").len(), tokens, "after {seconds}s");
    }
}

/// Five hours of waiting, a hundred requests each ten minutes, and a service that takes no token after its end.
#[tokio::test]
async fn a_hundred_waits_of_hours_share_one_token_after_the_other() {
    let hand = ManualClock::new(now());
    let served_at = hand.clone();
    let serving = Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(move |request, _| {
            let seconds = |at: Timestamp| at.as_second();
            if request.kind == "entra.token" {
                // 75 minutes, the middle of what Entra ID gives.
                let end = seconds(served_at.now()) + 75 * 60;
                return ok(json!({"access_token": format!("until-{end}"), "expires_in": "4500"}));
            }
            let bearer = header(request, "authorization").unwrap();
            let end: i64 = bearer.trim_start_matches("Bearer until-").parse().unwrap();
            answer(
                if seconds(served_at.now()) < end {
                    200
                } else {
                    401
                },
                "{}",
            )
        }),
        grants_tokens: false,
    });
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&serving);
    let client = Client::new(transport, Clock::Manual(hand.clone()));
    let (reader, factory) = (
        Reader::new(client, Surroundings::new(PRINCIPAL), Trust::simulated()),
        factory(),
    );
    for _ in 0..=30 {
        let looks = (0..100).map(|_| reader.runtimes(&factory));
        for look in futures_util::future::join_all(looks).await {
            look.unwrap();
        }
        hand.advance_to(crate::model::time::Span::seconds(600).after(hand.now()));
    }
    // 300 minutes, each token renewed five minutes before its end, seen at the next tenth minute: at 0, 70, 140, 210 and 280.
    assert_eq!(serving.asked("entra.token").len(), 5);
    assert_eq!(serving.asked("adf.list").len(), 3_100, "none was refused");
}

/// A token that is revoked before its end, under a hundred requests at once.
#[tokio::test]
async fn a_hundred_refusals_fetch_one_new_token() {
    let fake = fake(|request, _| match header(request, "authorization") {
        Some("Bearer token-1") => answer(401, ""),
        _ => ok(json!({})),
    });
    let (reader, factory) = (reader(&fake), factory());
    let looks = (0..100).map(|_| reader.runtimes(&factory));
    for look in futures_util::future::join_all(looks).await {
        look.unwrap();
    }
    assert_eq!(fake.asked("entra.token").len(), 2);
    assert!(fake.asked("adf.list").len() <= 200);
}

#[tokio::test]
async fn a_service_principal_shows_databricks_who_it_is_in_azure() {
    let fake = fake(empty_list);
    let id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Databricks/workspaces/w";
    let known = Workspace {
        resource_id: Some(ResourceId::new(id)),
        ..workspace()
    };
    let reader = reader(&fake);
    reader.jobs(&known, None).await.unwrap();
    reader.jobs(&workspace(), None).await.unwrap();
    let asked = fake.asked("jobs.list");
    assert_eq!(header(&asked[0], "authorization"), Some("Bearer token-1"));
    assert_eq!(
        header(&asked[0], "x-databricks-azure-sp-management-token"),
        Some("token-2")
    );
    assert_eq!(
        header(&asked[0], "x-databricks-azure-workspace-resource-id"),
        Some(id)
    );
    assert_eq!(
        header(&asked[1], "x-databricks-azure-workspace-resource-id"),
        None
    );
    let scopes: Vec<_> = fake
        .asked("entra.token")
        .iter()
        .map(|r| form(r)["scope"].clone())
        .collect();
    assert_eq!(
        scopes,
        [
            "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default",
            "https://management.core.windows.net//.default"
        ]
    );
}

/// A member of a workspace gets in with its own token; that it could not show another one is said only if it is turned away.
#[tokio::test]
async fn a_member_needs_no_management_token_and_an_outsider_is_told_of_it() {
    let serving = |opens: bool| {
        Arc::new(Fake {
            asked: Mutex::default(),
            answers: Box::new(move |request, _| match request.kind {
                "entra.token" if form(request)["scope"].contains("management") => status(
                    400,
                    json!({"error": "invalid_grant", "error_codes": [53_003], "error_description": "AADSTS53003: Blocked."}),
                ),
                "entra.token" => ok(json!({"access_token": "bearer", "expires_in": 3599})),
                _ if opens => ok(json!({})),
                _ => answer(
                    403,
                    r#"{"error_code":"PERMISSION_DENIED","message":"You are not in this workspace."}"#,
                ),
            }),
            grants_tokens: false,
        })
    };
    let member = serving(true);
    reader(&member).jobs(&workspace(), None).await.unwrap();
    let sent = &member.asked("jobs.list")[0];
    assert_eq!(header(sent, "authorization"), Some("Bearer bearer"));
    assert_eq!(header(sent, "x-databricks-azure-sp-management-token"), None);

    let trouble = reader(&serving(false)).jobs(&workspace(), None).await;
    assert_eq!(
        trouble.unwrap_err().to_string(),
        "cannot list the jobs of analytics: PERMISSION_DENIED: You are not in this workspace; who is no member of the workspace has to \
         show it a management token, and there is none: no token from environment (AZURE_CLIENT_SECRET): AADSTS53003: Blocked; a \
         Conditional Access policy blocks it: ask whoever administers the tenant, or run it from an allowed place; the permission CAN \
         VIEW is missing"
    );
}

/// A proxy's refusal, a hotel's sign-in portal, and the way to it.
#[tokio::test]
async fn a_page_for_people_is_no_answer_of_a_service() {
    let page = |status: u16| {
        let mut response = answer(status, "<!DOCTYPE html><title>Welcome</title>").unwrap();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers.insert("content-type", html);
        Ok(response)
    };
    for status in [200, 302, 403, 511] {
        let at_entra = Arc::new(Fake {
            asked: Mutex::default(),
            answers: Box::new(move |_, _| page(status)),
            grants_tokens: false,
        });
        let trouble = reader(&at_entra).runtimes(&factory()).await.unwrap_err();
        let words = format!(
            "no token from environment (AZURE_CLIENT_SECRET): no answer of the token endpoint: a page for people came in the place of \
             the service's answer (status {status}): something on the way speaks"
        );
        assert!(trouble.message.starts_with(&words), "{trouble}");
        assert!(!trouble.message.contains("Welcome"), "{trouble}");

        let at_arm = fake(move |_, _| page(status));
        let said = reader(&at_arm).runtimes(&factory()).await.unwrap_err();
        let words = format!(
            "a page for people came in the place of the service's answer (status {status})"
        );
        assert!(said.message.starts_with(&words), "{said}");
    }
}

/// Each number that people meet, by the words that the authority really has around it, and what they are told to do.
#[tokio::test]
async fn every_known_refusal_of_entra_says_what_to_do() {
    for (code, advice) in [
        (7_000_215, "give its value, not its id"),
        (7_000_222, "make a new one for this application"),
        (700_016, "check both ids"),
        (
            700_027,
            "is this certificate registered with the application?",
        ),
        (70_021, "compare its subject, issuer and audience"),
        (700_213, "compare its subject, issuer and audience"),
        (700_024, "fetch a fresh one, and check the clock"),
        (90_002, "check the tenant id and the cloud"),
        (
            500_011,
            "check the cloud's audience, or consent to the application",
        ),
        (50_034, "there is no such account in this tenant"),
        (53_003, "a Conditional Access policy blocks it"),
        (50_076, "a second factor is wanted"),
        (50_079, "a second factor is wanted"),
        (65_001, "consent"),
        (7_000_218, "public client flows"),
        (50_020, "check the tenant"),
        (50_057, "disabled"),
        (50_105, "assign"),
        (700_082, "sign in again"),
    ] {
        let fake = Arc::new(Fake {
            asked: Mutex::default(),
            answers: Box::new(move |_, _| {
                let between = if code % 2 == 0 { "\r\n" } else { " " };
                let said = format!(
                    "AADSTS{code}: Something is wrong with it.{between}Trace ID: t{between}Correlation ID: c"
                );
                status(
                    400,
                    json!({"error": "invalid_client", "error_description": said, "error_codes": [code], "trace_id": "t"}),
                )
            }),
            grants_tokens: false,
        });
        let trouble = reader(&fake).runtimes(&factory()).await.unwrap_err();
        let begins = format!(
            "no token from environment (AZURE_CLIENT_SECRET): AADSTS{code}: Something is wrong with it; "
        );
        assert!(trouble.message.starts_with(&begins), "{trouble}");
        assert!(trouble.message.contains(advice), "{trouble}");
        assert_eq!(trouble.ids.request.as_deref(), Some("t"));
    }
}

#[tokio::test]
async fn one_token_for_two_audiences_is_refused() {
    let fake = Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(|_, _| ok(json!({"access_token": "same", "expires_in": "3599"}))),
        grants_tokens: false,
    });
    let trouble = reader(&fake).jobs(&workspace(), None).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
    assert!(fake.asked("jobs.list").is_empty());
}

#[tokio::test]
async fn a_databricks_token_comes_first_and_alone() {
    let fake = fake(|_, _| answer(401, ""));
    let mut env = PRINCIPAL.to_vec();
    env.push(("DATABRICKS_TOKEN", "dapi-x"));
    let reader = reader_with(&fake, &env);
    let trouble = reader.jobs(&workspace(), None).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::SignedOut);
    assert_eq!(
        trouble.message,
        "status 401, without a reason; the token of environment (DATABRICKS_TOKEN) has ended or is wrong, and nothing renews it: put \
         a good one there"
    );
    let asked = fake.asked("jobs.list");
    assert_eq!(
        (asked.len(), header(&asked[0], "authorization")),
        (1, Some("Bearer dapi-x"))
    );
    assert_eq!(
        header(&asked[0], "x-databricks-azure-sp-management-token"),
        None
    );
    assert!(fake.asked("entra.token").is_empty());
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let fake = fake(empty_list);
    let env = |name: &str| SecretSource::Env(name.to_owned());
    let certificate = Proof::Certificate("/no/such/cert.pem".into());
    let principal = |proof| Credential::ServicePrincipal {
        tenant: "t".to_owned(),
        client_id: "c".to_owned(),
        proof,
    };
    for (credential, words) in [
        (
            principal(certificate),
            "no token from servicePrincipal (/no/such/cert.pem): cannot read /no/such/cert.pem: No such file or directory (os error 2)",
        ),
        (
            principal(Proof::Secret(env("NOWHERE"))),
            "the environment variable NOWHERE is not set",
        ),
        (
            Credential::DatabricksToken { token: env("X") },
            "a databricksToken opens workspaces only, not Azure Resource Manager",
        ),
        (
            Credential::AzureCli { tenant: None },
            "there is no Azure CLI here",
        ),
    ] {
        let asking = Factory {
            credential,
            ..factory()
        };
        let trouble = reader_with(&fake, &[]).runtimes(&asking).await.unwrap_err();
        assert_eq!(
            (trouble.kind, trouble.message.as_str()),
            (TroubleKind::Unauthenticated, words)
        );
    }
    let trouble = reader_with(&fake, &[])
        .runtimes(&factory())
        .await
        .unwrap_err();
    assert_eq!(
        trouble.message,
        "no credential was found; set one of these up, or name a credential in the manifest:
    environment: neither AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET nor the same with ARM_ are set;
    workload identity: AZURE_FEDERATED_TOKEN_FILE is not set;
    GitHub OIDC: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set;
    Azure Pipelines OIDC: SYSTEM_OIDCREQUESTURI and SYSTEM_ACCESSTOKEN are not set;
    managed identity: this is not an Azure machine: 169.254.169.254 gave no answer (no connection: no route to host);
    Azure CLI: there is no `az` on PATH"
    );
}

/// An `az` that does what `script` says.
#[cfg(unix)]
async fn with_az(
    script: &str,
) -> (
    Result<Vec<ListedRuntime>, String>,
    Arc<Fake>,
    Option<String>,
) {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let az = folder.path().join("az");
    std::fs::write(&az, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let fake = fake(empty_list);
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
    let client = Client::new(transport, Clock::Manual(ManualClock::new(now())));
    let here = Surroundings::default().with_azure_cli(Some(az));
    let reader = Reader::new(client, here, Trust::simulated());
    let asking = Factory {
        credential: Credential::AzureCli {
            tenant: Some("t".to_owned()),
        },
        ..factory()
    };
    let outcome = reader.runtimes(&asking).await;
    let outcome = outcome
        .map(|dated| dated.said)
        .map_err(|trouble| trouble.message);
    (outcome, fake, reader.credential_used(&asking.name))
}

#[cfg(unix)]
#[tokio::test]
async fn the_azure_cli_is_asked_for_a_scope_and_a_tenant() {
    let script = r#"test "$*" = "account get-access-token -o json --scope https://management.azure.com/.default --tenant t" || exit 9
        echo '{"accessToken": "from-az", "expires_on": 1795402800, "expiresOn": "2026-11-22 06:00:00.000000"}'"#;
    let (outcome, fake, used) = with_az(script).await;
    assert_eq!(outcome, Ok(Vec::new()));
    assert_eq!(
        header(&fake.asked("adf.list")[0], "authorization"),
        Some("Bearer from-az")
    );
    assert_eq!(used.as_deref(), Some("Azure CLI"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_azure_cli_s_complaint_is_handed_on() {
    let (outcome, ..) =
        with_az("echo 'ERROR: Please run az login to set up account.' >&2; exit 1").await;
    assert_eq!(
        outcome,
        Err("no token from Azure CLI: Please run az login to set up account.".to_owned())
    );
    let (outcome, ..) = with_az(r#"echo '{"accessToken": "x", "expiresOn": "soon"}'"#).await;
    assert!(
        outcome
            .unwrap_err()
            .contains("version 2.54 or newer is needed")
    );
}

/// A sign-in of the Azure CLI that has come to its end ends a wait, as every other end of a sign-in does.
#[cfg(unix)]
#[tokio::test]
async fn an_azure_cli_whose_sign_in_has_ended_is_signed_out() {
    use std::os::unix::fs::PermissionsExt;

    for (said, kind) in [
        (
            "AADSTS70043: The refresh token has expired.",
            TroubleKind::SignedOut,
        ),
        (
            "AADSTS700082: The refresh token has expired due to inactivity.",
            TroubleKind::SignedOut,
        ),
        (
            "AADSTS50173: The provided grant has expired.",
            TroubleKind::SignedOut,
        ),
        (
            "AADSTS500011: The resource principal was not found.",
            TroubleKind::Unauthenticated,
        ),
        ("Connection reset by peer", TroubleKind::Unauthenticated),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let az = folder.path().join("az");
        std::fs::write(
            &az,
            format!("#!/bin/sh\necho 'ERROR: {said}' >&2; exit 1\n"),
        )
        .unwrap();
        std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
        let transport: Arc<dyn Transport> = fake(empty_list);
        let client = Client::new(transport, Clock::Manual(ManualClock::new(now())));
        let here = Surroundings::default().with_azure_cli(Some(az));
        let asking = Factory {
            credential: Credential::AzureCli { tenant: None },
            ..factory()
        };
        let trouble = Reader::new(client, here, Trust::simulated())
            .runtimes(&asking)
            .await;
        assert_eq!(trouble.unwrap_err().kind, kind, "{said}");
    }
}

/// An assertion that was handed in once is as good as ended when it is too old; one that is made anew is not.
#[tokio::test]
async fn a_given_assertion_that_is_too_old_is_signed_out() {
    let too_old = || {
        Arc::new(Fake {
            asked: Mutex::default(),
            answers: Box::new(|_, _| {
                status(
                    401,
                    json!({"error": "invalid_client", "error_description": "AADSTS700024: Client assertion is not within its valid time range."}),
                )
            }),
            grants_tokens: false,
        })
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "assertion").unwrap();
    let path = file.path().to_str().unwrap();
    for (shown, kind) in [
        (("ARM_OIDC_TOKEN", "assertion"), TroubleKind::SignedOut),
        (
            ("AZURE_FEDERATED_TOKEN_FILE", path),
            TroubleKind::Unauthenticated,
        ),
    ] {
        let env = [PRINCIPAL[0], PRINCIPAL[1], shown];
        let trouble = reader_with(&too_old(), &env).runtimes(&factory()).await;
        let trouble = trouble.unwrap_err();
        assert_eq!(trouble.kind, kind, "{trouble}");
        let is_said = trouble
            .message
            .ends_with("one that is handed in is not renewed");
        assert_eq!(is_said, kind == TroubleKind::SignedOut, "{trouble}");
    }
}

/// Whatever a secret looks like: what a token service was shown is not in what it says.
#[tokio::test]
async fn a_refusal_does_not_quote_what_was_shown() {
    let quoting = Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(|request, _| {
            let said = format!(
                "{} and {:?}",
                String::from_utf8_lossy(&request.body),
                request
                    .headers
                    .get("x-identity-header")
                    .map(|h| h.to_str().unwrap().to_owned())
            );
            status(
                401,
                json!({"error": "invalid_client", "error_description": said, "message": said}),
            )
        }),
        grants_tokens: false,
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "sec-ret-shown").unwrap();
    for proof in [
        ("AZURE_CLIENT_SECRET", "sec-ret-shown"),
        ("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap()),
    ] {
        let env = [PRINCIPAL[0], PRINCIPAL[1], proof];
        let trouble = reader_with(&quoting, &env)
            .runtimes(&factory())
            .await
            .unwrap_err();
        assert!(trouble.message.contains("=[redacted]"), "{trouble}");
        assert!(!trouble.message.contains("sec-ret-shown"), "{trouble}");
    }
    let of_machine = Factory {
        credential: Credential::ManagedIdentity {
            client_id: None,
            resource_id: None,
        },
        ..factory()
    };
    let env = [
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:42356/msi/token"),
        ("IDENTITY_HEADER", "sec-ret-shown"),
    ];
    let trouble = reader_with(&quoting, &env)
        .runtimes(&of_machine)
        .await
        .unwrap_err();
    assert!(trouble.message.contains("[redacted]"), "{trouble}");
    assert!(!trouble.message.contains("sec-ret-shown"), "{trouble}");
}

#[tokio::test]
async fn a_token_service_that_asks_to_wait_is_quoted() {
    for body in [r#"{"error":"temporarily_unavailable"}"#, ""] {
        let busy = Arc::new(Fake {
            asked: Mutex::default(),
            answers: Box::new(move |_, _| {
                let mut response = answer(429, body).unwrap();
                response
                    .headers
                    .insert("retry-after", HeaderValue::from_static("3600"));
                Ok(response)
            }),
            grants_tokens: false,
        });
        let trouble = reader(&busy).runtimes(&factory()).await.unwrap_err();
        assert!(
            trouble.message.ends_with("; it asks to wait 1h"),
            "{trouble}"
        );
        assert_eq!(
            busy.asked("entra.token").len(),
            1,
            "longer than patience lasts"
        );
    }
}
