//! What is a workspace's own: Databricks OAuth and the profiles of `~/.databrickscfg`.

use super::*;
use crate::model::connection::SecretSource;
use crate::model::trouble::TroubleKind;

const OAUTH: [(&str, &str); 2] = [
    ("DATABRICKS_CLIENT_ID", "app"),
    ("DATABRICKS_CLIENT_SECRET", "dose-s3cret"),
];

fn grants(request: &Request, nth: usize) -> Answer {
    match request.kind {
        "databricks.token" => ok(json!({"access_token": format!("own-{nth}"), "expires_in": 3600})),
        _ => ok(json!({})),
    }
}

const OTHER: &str = "adb-2.7.azuredatabricks.net";

fn pinned() -> Credential {
    Credential::DatabricksOauth {
        client_id: "app".to_owned(),
        client_secret: SecretSource::Env("DATABRICKS_CLIENT_SECRET".to_owned()),
    }
}

fn at(host: &str) -> Workspace {
    Workspace {
        host: WorkspaceHost::Given(host.to_owned()),
        ..workspace()
    }
}

#[tokio::test]
async fn a_workspace_gives_its_own_principals_a_token_for_itself_alone() {
    let fake = fake(grants);
    let pinned = |host: &str| Workspace {
        credential: pinned(),
        ..at(host)
    };
    let reader = reader_with(&fake, &[&OAUTH[..], &PRINCIPAL[..]].concat());
    reader.jobs(&pinned(HOST), None).await.unwrap();
    reader.jobs(&pinned(HOST), None).await.unwrap();
    reader.jobs(&pinned(OTHER), None).await.unwrap();
    let asked = fake.asked("databricks.token");
    let urls: Vec<_> = asked.iter().map(|request| request.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://adb-1.7.azuredatabricks.net/oidc/v1/token",
            "https://adb-2.7.azuredatabricks.net/oidc/v1/token"
        ]
    );
    // printf app:dose-s3cret | base64
    assert_eq!(
        header(&asked[0], "authorization"),
        Some("Basic YXBwOmRvc2UtczNjcmV0")
    );
    assert!(asked[0].headers["authorization"].is_sensitive());
    assert_eq!(
        &asked[0].body[..],
        b"grant_type=client_credentials&scope=all-apis"
    );
    let sent = fake.asked("jobs.list");
    let bearers: Vec<_> = sent
        .iter()
        .map(|sent| header(sent, "authorization"))
        .collect();
    assert_eq!(
        bearers,
        [
            Some("Bearer own-1"),
            Some("Bearer own-1"),
            Some("Bearer own-2")
        ]
    );
    assert_eq!(
        header(&sent[0], "x-databricks-azure-sp-management-token"),
        None
    );
    assert!(fake.asked("entra.token").is_empty());
}

#[tokio::test]
async fn no_secret_goes_to_a_host_outside_the_cloud() {
    let fake = fake(grants);
    let elsewhere = Workspace {
        credential: pinned(),
        ..at("adb-1.7.azuredatabricks.net.evil.example")
    };
    let reader = reader_with(&fake, &OAUTH);
    let trouble = reader.jobs(&elsewhere, None).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Misfit);
    assert!(fake.asked("databricks.token").is_empty());
    let azure = Factory {
        credential: pinned(),
        ..factory()
    };
    let trouble = reader.runtimes(&azure).await.unwrap_err();
    assert_eq!(
        trouble.message,
        "a databricksOauth opens workspaces only, not Azure Resource Manager"
    );
}

#[tokio::test]
async fn a_wrong_oauth_secret_is_told_in_the_workspace_s_words() {
    let fake = fake(|_, _| {
        status(
            401,
            json!({"error": "invalid_client", "error_description": "Client authentication failed"}),
        )
    });
    let trouble = reader_with(&fake, &OAUTH).jobs(&at(HOST), None).await;
    assert_eq!(
        trouble.unwrap_err().message,
        "no token from environment (DATABRICKS_CLIENT_SECRET): Client authentication failed; is this the OAuth secret of a service \
         principal of this workspace's account, and has it not expired?"
    );
}

#[tokio::test]
async fn a_token_of_one_host_does_not_go_to_another() {
    let fake = fake(grants);
    let env = [
        ("DATABRICKS_TOKEN", "dapi-x"),
        ("DATABRICKS_HOST", "https://adb-1.7.azuredatabricks.net/"),
        PRINCIPAL[0],
        PRINCIPAL[1],
        PRINCIPAL[2],
    ];
    let reader = reader_with(&fake, &env);
    reader.jobs(&at(HOST), None).await.unwrap();
    reader.jobs(&at(OTHER), None).await.unwrap();
    let sent = fake.asked("jobs.list");
    assert_eq!(header(&sent[0], "authorization"), Some("Bearer dapi-x"));
    assert_eq!(header(&sent[1], "authorization"), Some("Bearer token-1"));
}

/// What nobody has named a host for is for the only workspace that it can be meant for, else for none.
#[tokio::test]
async fn variables_without_a_host_open_no_workspace_of_several() {
    let by_variable = Workspace {
        credential: Credential::DatabricksToken {
            token: SecretSource::Env("DATABRICKS_TOKEN".to_owned()),
        },
        ..at(OTHER)
    };
    let by_another = Workspace {
        credential: Credential::DatabricksToken {
            token: SecretSource::Env("PAT".to_owned()),
        },
        ..at(OTHER)
    };
    for (others, opens) in [
        (vec![], true),
        (vec![at(HOST), at("ADB-1.7.azuredatabricks.net")], true),
        (vec![by_another], true),
        (vec![at(OTHER)], false),
        (vec![by_variable], false),
    ] {
        for variables in [&[("DATABRICKS_TOKEN", "dapi-x")][..], &OAUTH] {
            let fake = fake(grants);
            let reader = reader_with(&fake, variables);
            reader.among(others.iter().chain([&at(HOST)]));
            let seen = reader.jobs(&at(HOST), None).await;
            assert_eq!(seen.is_ok(), opens, "{others:?}");
            assert_eq!(
                fake.asked("databricks.token").is_empty(),
                !opens || variables.len() == 1
            );
            if let Err(trouble) = seen {
                assert!(
                    trouble.message.contains(
                        "DATABRICKS_TOKEN or DATABRICKS_CLIENT_ID: nothing says which of the project's workspaces they are for: set \
                         DATABRICKS_HOST to its host"
                    ),
                    "{trouble}"
                );
            }
        }
    }
}

/// The environment comes before the file, at the host that either names.
#[tokio::test]
async fn the_profile_s_host_is_the_variables_and_they_come_first() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

    let file = profiles();
    let path = file.path().to_str().unwrap();
    let token = ("DATABRICKS_TOKEN", "dapi-x");
    let (by_token, by_pair) = ("Bearer dapi-x", "Bearer own-1");
    let cases: [Case<'_>; 7] = [
        ("pat", &[token], by_token),
        ("pat", &OAUTH, by_pair),
        ("host", &[token], by_token),
        ("host", &OAUTH, by_pair),
        ("pat", &[token, ("DATABRICKS_HOST", HOST)], by_token),
        // What the file says is meant holds for the environment, too, unless that says something else.
        ("both", &[token], by_pair),
        ("both", &[token, ("DATABRICKS_AUTH_TYPE", "pat")], by_token),
    ];
    for (name, variables, bearer) in cases {
        let profile = [
            ("DATABRICKS_CONFIG_FILE", path),
            ("DATABRICKS_CONFIG_PROFILE", name),
        ];
        let fake = fake(grants);
        let reader = reader_with(&fake, &[&profile, variables, &PRINCIPAL[..]].concat());
        // Two workspaces that the variables could be meant for.
        reader.among([&at(HOST), &at(OTHER)]);
        reader.jobs(&at(HOST), None).await.unwrap();
        reader.jobs(&at(OTHER), None).await.unwrap();
        let sent = fake.asked("jobs.list");
        let bearers = [0, 1].map(|index| header(&sent[index], "authorization").unwrap());
        assert_eq!(bearers[0], bearer, "{name}");
        assert!(bearers[1].starts_with("Bearer token-"), "{name}");
    }
}

#[tokio::test]
async fn a_workspace_that_the_profile_does_not_name_is_told_whose_the_variables_are() {
    let file = profiles();
    let env = [
        ("DATABRICKS_CONFIG_FILE", file.path().to_str().unwrap()),
        ("DATABRICKS_CONFIG_PROFILE", "host"),
        ("DATABRICKS_TOKEN", "dapi-x"),
    ];
    let fake = fake(grants);
    let trouble = reader_with(&fake, &env).jobs(&at(OTHER), None).await;
    let said = trouble.unwrap_err().message;
    for words in [
        "DATABRICKS_TOKEN or DATABRICKS_CLIENT_ID: they are for adb-1.7.azuredatabricks.net, as the profile [host] says, not for adb-2.7",
        "profile: the profile [host] is for adb-1.7.azuredatabricks.net, not for adb-2.7",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(fake.asked("jobs.list").is_empty());
}

fn profiles() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "[DEFAULT]\nhost = https://adb-1.7.azuredatabricks.net\ntoken = dapi-default\n\
        [pat]\nhost = https://adb-1.7.azuredatabricks.net/\ntoken = dapi-profile\n\
        [m2m]\nhost = adb-1.7.azuredatabricks.net\nclient_id = app\nclient_secret = dose-s3cret\n\
        [sp]\nhost = adb-1.7.azuredatabricks.net\nazure_tenant_id = t2\nazure_client_id = c2\nazure_client_secret = hush2\n\
        [msi]\nhost = adb-1.7.azuredatabricks.net\nazure_use_msi = true\n\
        [both]\nhost = adb-1.7.azuredatabricks.net\ntoken = dapi-old\nauth_type = oauth-m2m\nclient_id = app\nclient_secret = dose-s3cret\n\
        [bare]\nhost = adb-1.7.azuredatabricks.net\nauth_type = pat\nclient_id = app\nclient_secret = dose-s3cret\n\
        [host]\nhost = https://adb-1.7.azuredatabricks.net/\n\
        [u2m]\nhost = adb-1.7.azuredatabricks.net\nauth_type = databricks-cli\n";
    std::fs::write(file.path(), text).unwrap();
    file
}

/// What the first request to the workspace carried, or why there was none, and which method it was.
async fn with_profile(name: Option<&str>, host: &str) -> (Result<String, String>, Option<String>) {
    let file = profiles();
    let mut env = PRINCIPAL.to_vec();
    env.push(("DATABRICKS_CONFIG_FILE", file.path().to_str().unwrap()));
    env.extend(name.map(|name| ("DATABRICKS_CONFIG_PROFILE", name)));
    let fake = fake_machine(|request, nth| match request.kind {
        "imds.token" => ok(json!({"access_token": format!("machine-{nth}"), "expires_in": 3600})),
        _ => grants(request, nth),
    });
    let reader = reader_with(&fake, &env);
    let seen = reader.jobs(&at(host), None).await;
    let seen = seen.map_err(|trouble| trouble.message).map(|_| {
        let sent = &fake.asked("jobs.list")[0];
        header(sent, "authorization").unwrap().to_owned()
    });
    (seen, reader.credential_used(&workspace().name))
}

#[tokio::test]
async fn a_profile_that_is_asked_for_opens_the_workspace_that_it_names() {
    for (profile, bearer, used) in [
        (Some("pat"), "Bearer dapi-profile", "profile [pat] (token)"),
        (
            Some("DEFAULT"),
            "Bearer dapi-default",
            "profile [DEFAULT] (token)",
        ),
        (Some("m2m"), "Bearer own-1", "profile [m2m] (client_secret)"),
        (
            Some("sp"),
            "Bearer token-1",
            "profile [sp] (azure_client_secret)",
        ),
        (Some("msi"), "Bearer machine-1", "managed identity"),
        // What it says is meant comes before what else it has.
        (
            Some("both"),
            "Bearer own-1",
            "profile [both] (client_secret)",
        ),
        // A manifest names the host, so that the file stays out unless a profile is asked for.
        (None, "Bearer token-1", "environment (AZURE_CLIENT_SECRET)"),
    ] {
        let (seen, took) = with_profile(profile, HOST).await;
        assert_eq!(seen.as_deref(), Ok(bearer));
        assert_eq!(took.as_deref(), Some(used));
    }
    let (seen, took) = with_profile(Some("pat"), "adb-2.7.azuredatabricks.net").await;
    assert_eq!(seen.as_deref(), Ok("Bearer token-1"));
    assert_eq!(took.as_deref(), Some("environment (AZURE_CLIENT_SECRET)"));
}

#[tokio::test]
async fn a_profile_that_cannot_be_used_is_said() {
    let (seen, _) = with_profile(Some("nobody"), HOST).await;
    let said = seen.unwrap_err();
    assert!(
        said.ends_with("has no profile [nobody], which DATABRICKS_CONFIG_PROFILE asks for"),
        "{said}"
    );
    let (seen, _) = with_profile(Some("bare"), HOST).await;
    let said = seen.unwrap_err();
    assert!(
        said.starts_with("profile [bare] (auth_type pat): this version takes token"),
        "{said}"
    );
    let (seen, _) = with_profile(Some("u2m"), HOST).await;
    let said = seen.unwrap_err();
    assert!(
        said.starts_with("profile [u2m] (auth_type databricks-cli): this version takes token"),
        "{said}"
    );
    let fake = fake(grants);
    let env = [
        ("DATABRICKS_CONFIG_PROFILE", "pat"),
        ("HOME", "/no/such/home"),
    ];
    let trouble = reader_with(&fake, &env).jobs(&at(HOST), None).await;
    assert!(
        trouble
            .unwrap_err()
            .message
            .contains("cannot read /no/such/home/.databrickscfg")
    );
}

/// A slip in one name must not make somebody else act.
#[tokio::test]
async fn a_pair_of_which_one_is_missing_ends_the_search() {
    for (there, missing) in [(0, 1), (1, 0)] {
        let (there, missing) = (OAUTH[there], OAUTH[missing].0);
        let fake = fake(grants);
        let reader = reader_with(&fake, &[&[there], &PRINCIPAL[..]].concat());
        let trouble = reader.jobs(&at(HOST), None).await.unwrap_err();
        let there = there.0;
        assert_eq!(
            trouble.message,
            format!(
                "environment: {missing} is not set beside {there}; set it, or take {there} away"
            )
        );
        assert!(fake.asked("entra.token").is_empty());
        reader.runtimes(&factory()).await.unwrap();
    }
}

#[tokio::test]
async fn an_auth_type_of_databricks_leaves_one_way() {
    let env = [
        &OAUTH[..],
        &PRINCIPAL,
        &ARM,
        &[("DATABRICKS_TOKEN", "dapi-x")],
    ]
    .concat();
    for (word, seen) in [
        ("pat", Ok("Bearer dapi-x")),
        ("oauth-m2m", Ok("Bearer own-1")),
        ("azure-client-secret", Ok("Bearer token-1")),
        (
            "azure-cli",
            Err("environment: DATABRICKS_AUTH_TYPE leaves it out"),
        ),
        (
            "databricks-cli",
            Err("DATABRICKS_AUTH_TYPE is databricks-cli; it may be pat,"),
        ),
    ] {
        let fake = fake(grants);
        let reader = reader_with(
            &fake,
            &[&env[..], &[("DATABRICKS_AUTH_TYPE", word)]].concat(),
        );
        match (reader.jobs(&at(HOST), None).await, seen) {
            (Ok(_), Ok(bearer)) => {
                let sent = &fake.asked("jobs.list")[0];
                assert_eq!(header(sent, "authorization"), Some(bearer), "{word}");
            }
            (Err(trouble), Err(words)) => assert!(trouble.message.contains(words), "{trouble}"),
            (seen, _) => panic!("{word}: {:?}", seen.map(|_| ())),
        }
        // It is about workspaces.
        reader.runtimes(&factory()).await.unwrap();
    }
}

const ARM: [(&str, &str); 3] = [
    ("ARM_TENANT_ID", "arm-tenant"),
    ("ARM_CLIENT_ID", "arm-client"),
    ("ARM_CLIENT_SECRET", "arm-hush"),
];

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

/// The words of Databricks mean `ARM_*`, as in its own tools; elsewhere `AZURE_*` come first.
#[tokio::test]
async fn an_auth_type_of_databricks_reads_arm_variables() {
    let word = ("DATABRICKS_AUTH_TYPE", "azure-client-secret");
    let fake_one = fake(grants);
    let env = [&PRINCIPAL[..], &ARM, &[word]].concat();
    let reader = reader_with(&fake_one, &env);
    reader.jobs(&at(HOST), None).await.unwrap();
    reader.runtimes(&factory()).await.unwrap();
    let asked = fake_one.asked("entra.token");
    let clients: Vec<_> = asked
        .iter()
        .map(|request| form(request)["client_id"].clone())
        .collect();
    // The workspace's two, then Azure's.
    assert_eq!(clients, ["arm-client", "arm-client", "client"]);
    assert!(asked[0].url.path().starts_with("/arm-tenant/"));

    let certificate = ("ARM_CLIENT_CERTIFICATE_PATH", "/no/such/cert.pem");
    let without = [&PRINCIPAL[..], &ARM[..2], &[word, certificate]].concat();
    let fake_two = fake(grants);
    let trouble = reader_with(&fake_two, &without).jobs(&at(HOST), None).await;
    let said = trouble.unwrap_err().message;
    assert!(
        said.contains("environment: ARM_CLIENT_SECRET is not set;"),
        "{said}"
    );
    assert!(fake_two.asked("entra.token").is_empty());
}

#[tokio::test]
async fn azure_msi_is_the_identity_of_arm_client_id_or_the_system_s() {
    let word = ("DATABRICKS_AUTH_TYPE", "azure-msi");
    for (arm, asks) in [(&ARM[..], Some("arm-client")), (&[], None)] {
        let fake = fake_machine(|request, nth| match request.kind {
            "imds.token" => {
                ok(json!({"access_token": format!("machine-{nth}"), "expires_in": 3600}))
            }
            _ => ok(json!({})),
        });
        let env = [&PRINCIPAL[..], arm, &[word]].concat();
        reader_with(&fake, &env)
            .jobs(&at(HOST), None)
            .await
            .unwrap();
        let asked = fake.asked("imds.token");
        let id = asked[0].url.query_pairs();
        let id = id
            .filter(|(name, _)| name == "client_id")
            .map(|(_, id)| id.into_owned())
            .next();
        assert_eq!(id.as_deref(), asks);
        assert!(fake.asked("entra.token").is_empty());
    }
}

#[tokio::test]
async fn github_oidc_azure_takes_arm_ids_first() {
    let job = [
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "https://pipelines.example/token?api-version=2.0",
        ),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-token"),
        ("DATABRICKS_AUTH_TYPE", "github-oidc-azure"),
    ];
    for (arm, client) in [(&ARM[..], "arm-client"), (&ARM[..1], "client")] {
        let fake = fake(|request, _| match request.kind {
            "oidc.assertion" => ok(json!({"value": "assertion"})),
            _ => ok(json!({})),
        });
        let env = [&PRINCIPAL[..2], arm, &job].concat();
        reader_with(&fake, &env)
            .jobs(&at(HOST), None)
            .await
            .unwrap();
        let asked = &fake.asked("entra.token")[0];
        assert_eq!(form(asked)["client_id"], client);
    }
}

/// A choice for one workspace says nothing of another, not even a word that nobody knows.
#[tokio::test]
async fn an_auth_type_is_for_the_workspace_that_is_named() {
    let file = profiles();
    let profile = [
        ("DATABRICKS_CONFIG_FILE", file.path().to_str().unwrap()),
        ("DATABRICKS_CONFIG_PROFILE", "host"),
    ];
    for named in [&[("DATABRICKS_HOST", HOST)][..], &profile] {
        for word in ["pat", "no-such-way"] {
            let fake = fake(grants);
            let word = [("DATABRICKS_AUTH_TYPE", word)];
            let reader = reader_with(&fake, &[&PRINCIPAL[..], named, &word].concat());
            reader.jobs(&at(OTHER), None).await.unwrap();
            let sent = &fake.asked("jobs.list")[0];
            assert_eq!(header(sent, "authorization"), Some("Bearer token-1"));
            let trouble = reader.jobs(&at(HOST), None).await;
            assert!(trouble.is_err(), "{word:?}");
        }
    }
}
