//! Jobs without a secret: what others assert about them is shown instead, fresh for every token.

use super::*;
use crate::model::trouble::TroubleKind;

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

/// Numbered assertions from whoever makes them; Resource Manager refuses the first token.
fn says(request: &Request, nth: usize) -> Answer {
    match request.kind {
        "oidc.assertion" => {
            let text = format!("assertion-{nth}");
            ok(json!({"value": text, "oidcToken": text}))
        }
        _ if nth == 1 => answer(401, ""),
        _ => ok(json!({})),
    }
}

const IDS: [(&str, &str); 2] = [("AZURE_TENANT_ID", "tenant"), ("AZURE_CLIENT_ID", "client")];
const GITHUB: [(&str, &str); 2] = [
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "https://pipelines.example/token?api-version=2.0",
    ),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-token"),
];
const PIPELINES: [(&str, &str); 3] = [
    ("SYSTEM_OIDCREQUESTURI", "https://dev.example/oidc"),
    ("SYSTEM_ACCESSTOKEN", "step-token"),
    ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection-1"),
];

fn asserted(fake: &Arc<Fake>) -> Vec<String> {
    let asked = fake.asked("entra.token");
    asked
        .iter()
        .map(|request| {
            let form = form(request);
            assert_eq!(form["client_id"], "client");
            assert!(form["client_assertion_type"].ends_with(":jwt-bearer"));
            assert!(!form.contains_key("client_secret"));
            form["client_assertion"].clone()
        })
        .collect()
}

#[tokio::test]
async fn a_github_job_asks_for_a_fresh_assertion_for_every_token() {
    let fake = fake(says);
    let reader = reader_with(&fake, &[&IDS[..], &GITHUB[..]].concat());
    reader.runtimes(&factory()).await.unwrap();
    assert_eq!(asserted(&fake), ["assertion-1", "assertion-2"]);
    let asked = &fake.asked("oidc.assertion")[0];
    assert_eq!(
        (asked.method.as_str(), header(asked, "authorization")),
        ("GET", Some("Bearer job-token"))
    );
    assert!(asked.headers["authorization"].is_sensitive());
    assert_eq!(
        asked.url.as_str(),
        "https://pipelines.example/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange"
    );
    let used = reader.credential_used(&factory().name);
    assert_eq!(used.as_deref(), Some("GitHub OIDC"));
}

#[tokio::test]
async fn a_step_of_azure_pipelines_asks_for_its_service_connection() {
    let fake = fake(says);
    let reader = reader_with(&fake, &[&IDS[..], &PIPELINES[..]].concat());
    reader.runtimes(&factory()).await.unwrap();
    assert_eq!(asserted(&fake), ["assertion-1", "assertion-2"]);
    let asked = &fake.asked("oidc.assertion")[0];
    assert_eq!(
        asked.url.as_str(),
        "https://dev.example/oidc?api-version=7.1&serviceConnectionId=connection-1"
    );
    assert_eq!(
        (
            asked.method.as_str(),
            header(asked, "authorization"),
            header(asked, "x-tfs-fedauthredirect")
        ),
        ("POST", Some("Bearer step-token"), Some("Suppress"))
    );
}

#[tokio::test]
async fn a_federated_token_file_is_read_again_for_every_token() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from-file\n").unwrap();
    let path = file.path().to_owned();
    let fake = fake(move |request, nth| {
        std::fs::write(&path, format!("from-file-{nth}")).unwrap();
        says(request, nth)
    });
    let text = file.path().to_str().unwrap();
    let env = [&IDS[..], &[("AZURE_FEDERATED_TOKEN_FILE", text)]].concat();
    let reader = reader_with(&fake, &env);
    reader.runtimes(&factory()).await.unwrap();
    assert_eq!(asserted(&fake), ["from-file", "from-file-1"]);
    let pinned = Factory {
        credential: Credential::WorkloadIdentity {
            tenant: Some("other".to_owned()),
            client_id: None,
            token_file: Some(file.path().to_owned()),
        },
        ..factory()
    };
    reader_with(&fake, &env).runtimes(&pinned).await.unwrap();
    let asked = fake.asked("entra.token");
    assert!(asked.last().unwrap().url.path().starts_with("/other/"));
}

#[tokio::test]
async fn a_secret_comes_before_the_job_and_a_job_without_ids_is_passed_over() {
    let fake_one = fake(says);
    let all = [&PRINCIPAL[..], &GITHUB[..]].concat();
    reader_with(&fake_one, &all)
        .runtimes(&factory())
        .await
        .unwrap();
    assert!(fake_one.asked("oidc.assertion").is_empty());
    let fake_two = fake(says);
    let trouble = reader_with(&fake_two, &GITHUB).runtimes(&factory()).await;
    let trouble = trouble.unwrap_err().message;
    assert!(trouble.contains("neither AZURE_TENANT_ID"), "{trouble}");
    let ids = "GitHub OIDC: not set: AZURE_TENANT_ID and AZURE_CLIENT_ID";
    assert!(trouble.contains(ids), "{trouble}");
    assert!(fake_two.asked("oidc.assertion").is_empty());
}

/// Both ids come from one family: that of what shows the job, if it is whole.
#[tokio::test]
async fn the_ids_of_a_job_are_of_one_family() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a str);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from-file").unwrap();
    let path = file.path().to_str().unwrap();
    let others = [
        ("AZURE_CLIENT_ID", "azure"),
        ("ARM_TENANT_ID", "tenant"),
        ("ARM_CLIENT_ID", "arm"),
        ("AZURESUBSCRIPTION_TENANT_ID", "tenant"),
        ("AZURESUBSCRIPTION_CLIENT_ID", "connected"),
    ];
    let whole = [&others[..], &[("AZURE_TENANT_ID", "tenant")]].concat();
    let of_azure = [("AZURE_FEDERATED_TOKEN_FILE", path)];
    let of_arm = [("ARM_OIDC_TOKEN_FILE_PATH", path)];
    let given = [("ARM_OIDC_TOKEN", "given")];
    let asked_by_arm = [
        ("ARM_OIDC_REQUEST_URL", GITHUB[0].1),
        ("ARM_OIDC_REQUEST_TOKEN", "t"),
    ];
    let cases: [Case<'_>; 8] = [
        (&of_azure, &whole, "azure"),
        (&of_azure, &others, "arm"),
        (&of_arm, &whole, "arm"),
        (&given, &whole, "arm"),
        (&GITHUB, &whole, "azure"),
        (&GITHUB, &others, "arm"),
        (&asked_by_arm, &whole, "arm"),
        (&PIPELINES, &whole, "connected"),
    ];
    for (shown, ids, client) in cases {
        let fake = fake(|request, _| match request.kind {
            "oidc.assertion" => ok(json!({"value": "a", "oidcToken": "a"})),
            _ => ok(json!({})),
        });
        let reader = reader_with(&fake, &[shown, ids].concat());
        reader.runtimes(&factory()).await.unwrap();
        let asked = &fake.asked("entra.token")[0];
        assert_eq!(form(asked)["client_id"], client, "{shown:?}");
        assert!(asked.url.path().starts_with("/tenant/"));
    }
}

/// As with a secret: a slip in one name must not make somebody else act.
#[tokio::test]
async fn a_token_that_is_handed_in_without_its_ids_ends_the_search() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str);
    let cases: [Case<'_>; 3] = [
        (
            &[("ARM_OIDC_TOKEN", "given"), ("ARM_CLIENT_ID", "a")],
            "workload identity: not set: ARM_TENANT_ID; set what is missing, or take ARM_OIDC_TOKEN away",
        ),
        (
            &[("AZURE_TENANT_ID", "t"), ("ARM_OIDC_TOKEN_FILE_PATH", "f")],
            "workload identity: not set: AZURE_CLIENT_ID; set what is missing, or take ARM_OIDC_TOKEN_FILE_PATH away",
        ),
        (
            &[("AZURE_FEDERATED_TOKEN_FILE", "f")],
            "workload identity: not set: AZURE_TENANT_ID and AZURE_CLIENT_ID; set what is missing, or take AZURE_FEDERATED_TOKEN_FILE \
             away",
        ),
    ];
    for (env, words) in cases {
        let fake = fake_machine(|request, _| match request.kind {
            "imds.token" => ok(json!({"access_token": "machine", "expires_in": 3600})),
            _ => ok(json!({})),
        });
        let trouble = reader_with(&fake, env).runtimes(&factory()).await;
        assert_eq!(trouble.unwrap_err().message, words);
        assert!(fake.asked("imds.token").is_empty() && fake.asked("entra.token").is_empty());
        let off = [env, &[("ARM_USE_OIDC", "false")]].concat();
        reader_with(&fake, &off).runtimes(&factory()).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_missing_or_refused_is_said_and_shows_no_secret() {
    type Case<'a> = (Credential, &'a [(&'a str, &'a str)], &'a str);
    let github = Credential::GithubOidc {
        tenant: "t".to_owned(),
        client_id: "client".to_owned(),
    };
    let pipelines = Credential::AzurePipelines {
        tenant: "t".to_owned(),
        client_id: "client".to_owned(),
        service_connection: "c".to_owned(),
    };
    let plain = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://pipelines.example/t"),
        GITHUB[1],
    ];
    let gone = [&IDS[..], &[("AZURE_FEDERATED_TOKEN_FILE", "/no/such/file")]].concat();
    let cases: [Case<'_>; 5] = [
        (
            github.clone(),
            &[],
            "not set: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ),
        (
            pipelines,
            &[],
            "not set: SYSTEM_OIDCREQUESTURI and SYSTEM_ACCESSTOKEN",
        ),
        (
            github.clone(),
            &GITHUB,
            "GitHub OIDC answered with status 403 and no token; does the job have `permissions: {id-token: write}`?",
        ),
        (github, &plain, "only https"),
        (Credential::Default, &gone, "cannot read /no/such/file"),
    ];
    for (credential, env, words) in cases {
        let fake = fake(|_, _| answer(403, "no"));
        let asking = Factory {
            credential,
            ..factory()
        };
        let trouble = reader_with(&fake, env).runtimes(&asking).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
        assert!(trouble.message.contains(words), "{}", trouble.message);
        assert!(
            !trouble.message.contains("job-token"),
            "{}",
            trouble.message
        );
    }
}
