//! The machine's own identity: found, asked, waited for, passed over.

use std::time::Duration;

use super::*;
use crate::model::trouble::TroubleKind;
use crate::model::trust::Trust;

const APP_SERVICE: [(&str, &str); 2] = [
    ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
    ("IDENTITY_HEADER", "header-secret"),
];

fn of_machine(client_id: Option<&str>, resource_id: Option<&str>) -> Factory {
    Factory {
        credential: Credential::ManagedIdentity {
            client_id: client_id.map(str::to_owned),
            resource_id: resource_id.map(str::to_owned),
        },
        ..factory()
    }
}

/// A machine with an identity; numbers as text, as its services write them.
fn grants(request: &Request, nth: usize) -> Answer {
    match request.kind {
        "imds.token" => ok(json!({
            "access_token": format!("machine-{nth}"), "expires_in": "86399", "expires_on": "1795489199",
            "resource": "r", "token_type": "Bearer"
        })),
        "appService.token" => ok(json!({"access_token": "app-1", "expires_on": "1795406400"})),
        "imds.probe" => answer(400, r#"{"error":"invalid_request"}"#),
        _ => ok(json!({})),
    }
}

#[tokio::test]
async fn a_virtual_machine_asks_its_metadata_service() {
    let fake = fake_machine(grants);
    for (asking, extra) in [
        (of_machine(None, None), ""),
        (of_machine(Some("id-1"), None), "&client_id=id-1"),
        (of_machine(None, Some("/s/r")), "&msi_res_id=%2Fs%2Fr"),
    ] {
        let reader = reader_with(&fake, &[]);
        reader.runtimes(&asking).await.unwrap();
        let asked = fake.asked("imds.token").pop().unwrap();
        assert_eq!(
            asked.url.as_str(),
            format!(
                "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com{extra}"
            )
        );
        assert_eq!(header(&asked, "metadata"), Some("true"));
        assert_eq!(header(&asked, "authorization"), None);
    }
    let sent = fake.asked("adf.list");
    assert_eq!(header(&sent[0], "authorization"), Some("Bearer machine-1"));
    assert!(fake.asked("imds.probe").is_empty(), "pinned: it is there");
}

#[tokio::test]
async fn a_workspace_is_shown_the_machine_s_management_token() {
    let fake = fake_machine(grants);
    let asking = Workspace {
        credential: of_machine(None, None).credential,
        ..workspace()
    };
    reader_with(&fake, &[]).jobs(&asking, None).await.unwrap();
    let resources: Vec<_> = fake
        .asked("imds.token")
        .iter()
        .map(|asked| query(asked)["resource"].clone())
        .collect();
    assert_eq!(
        resources,
        [
            "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
            "https://management.core.windows.net/"
        ]
    );
    let sent = &fake.asked("jobs.list")[0];
    let shown = header(sent, "x-databricks-azure-sp-management-token");
    assert_eq!(shown, Some("machine-2"));
}

#[tokio::test]
async fn app_service_has_an_endpoint_and_a_header_of_its_own() {
    let fake = fake_machine(grants);
    let reader = reader_with(&fake, &APP_SERVICE);
    let asking = of_machine(None, Some("/s/r"));
    reader.runtimes(&asking).await.unwrap();
    let asked = &fake.asked("appService.token")[0];
    assert_eq!(
        asked.url.as_str(),
        "http://127.0.0.1:42356/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com&mi_res_id=%2Fs%2Fr"
    );
    assert_eq!(header(asked, "x-identity-header"), Some("header-secret"));
    assert!(asked.headers["x-identity-header"].is_sensitive());
    let used = reader.credential_used(&asking.name);
    assert_eq!(
        used.as_deref(),
        Some("managed identity of App Service (/s/r)")
    );
}

#[tokio::test]
async fn a_starting_or_updated_metadata_service_is_waited_for() {
    let starts = fake_machine(|request, nth| match (request.kind, nth) {
        ("imds.token", 1..=3) => answer(404, ""),
        _ => grants(request, nth),
    });
    let reader = reader_with(&starts, &[]);
    reader.runtimes(&of_machine(None, None)).await.unwrap();
    assert_eq!(starts.asked("imds.token").len(), 4);

    let hand = ManualClock::new(now());
    let updating = hand.clone();
    let until = crate::model::time::Span::seconds(70).after(now());
    let updated = fake_machine(move |request, nth| {
        if request.kind == "imds.token" && updating.now() < until {
            return answer(410, "");
        }
        grants(request, nth)
    });
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&updated);
    let client = Client::new(transport, Clock::Manual(hand.clone()));
    let reader = Reader::new(client, Surroundings::default(), Trust::simulated());
    reader.runtimes(&of_machine(None, None)).await.unwrap();
    let waited = Duration::try_from(hand.now().duration_since(now())).unwrap();
    assert!(waited >= Duration::from_secs(70) && waited <= crate::limits::IMDS_UPDATE_WAIT);

    let never = fake_machine(|_, _| answer(404, ""));
    let reader = reader_with(&never, &[]);
    let trouble = reader.runtimes(&of_machine(None, None)).await;
    let said = trouble.unwrap_err().message;
    assert!(said.contains("status 404"), "{said}");
}

#[tokio::test]
async fn what_the_machine_lacks_is_said() {
    let none = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let fake_none = fake_machine(move |_, _| answer(400, none));
    let reader = reader_with(&fake_none, &[]);
    for (asking, words) in [
        (
            of_machine(None, None),
            "no token from managed identity: this machine has no system-assigned identity (Identity not found); assign one, or name \
             a user-assigned one by clientId or resourceId",
        ),
        (
            of_machine(Some("id-1"), None),
            "no token from managed identity (id-1): the identity id-1 is not assigned to this machine (Identity not found)",
        ),
    ] {
        let trouble = reader.runtimes(&asking).await.unwrap_err();
        assert_eq!(
            (trouble.kind, trouble.message.as_str()),
            (TroubleKind::Unauthenticated, words)
        );
    }
    for (env, host) in [
        (
            &[("MSI_ENDPOINT", "http://localhost:50342/")][..],
            "Cloud Shell",
        ),
        (
            &[("IDENTITY_ENDPOINT", "x"), ("IMDS_ENDPOINT", "y")],
            "Azure Arc",
        ),
        (
            &[
                APP_SERVICE[0],
                APP_SERVICE[1],
                ("IDENTITY_SERVER_THUMBPRINT", "z"),
            ],
            "Service Fabric",
        ),
    ] {
        let reader = reader_with(&fake_none, env);
        let trouble = reader.runtimes(&of_machine(None, None)).await.unwrap_err();
        let words = format!("does not speak to the managed identity of {host}");
        assert!(trouble.message.contains(&words), "{trouble}");
    }
}

#[tokio::test]
async fn the_chain_takes_a_machine_that_answers_and_asks_it_once() {
    let fake_one = fake_machine(grants);
    let reader = reader_with(&fake_one, &[("AZURE_CLIENT_ID", "id-1")]);
    reader.runtimes(&factory()).await.unwrap();
    reader.jobs(&workspace(), None).await.unwrap();
    assert_eq!(fake_one.asked("imds.probe").len(), 1);
    let probe = &fake_one.asked("imds.probe")[0];
    assert_eq!(header(probe, "metadata"), None);
    assert_eq!(probe.timeout, Duration::from_secs(1));
    assert_eq!(query(&fake_one.asked("imds.token")[0])["client_id"], "id-1");
    let used = reader.credential_used(&factory().name);
    assert_eq!(used.as_deref(), Some("managed identity (id-1)"));

    let dead = fake(|_, _| ok(json!({})));
    let off = reader_with(&dead, &[("ARM_USE_MSI", "false")]);
    let said = off.runtimes(&factory()).await.unwrap_err().message;
    assert!(
        said.contains("managed identity: ARM_USE_MSI switches it off"),
        "{said}"
    );
    assert!(dead.asked("imds.probe").is_empty());
}

/// A development machine in Azure has a metadata service and no identity; whoever is signed in to the Azure CLI gets in.
#[cfg(unix)]
#[tokio::test]
async fn the_chain_goes_on_behind_a_machine_without_an_identity() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let az = folder.path().join("az");
    let script = "#!/bin/sh\necho '{\"accessToken\": \"from-az\", \"expires_on\": 1795402800}'\n";
    std::fs::write(&az, script).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let fake = fake_machine(|request, _| match request.kind {
        "imds.probe" => answer(400, "{}"),
        "imds.token" => answer(400, r#"{"error":"invalid_request"}"#),
        _ => ok(json!({})),
    });
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
    let client = Client::new(transport, Clock::Manual(ManualClock::new(now())));
    let here = Surroundings::default().with_azure_cli(Some(az.clone()));
    let reader = Reader::new(client.clone(), here.clone(), Trust::simulated());
    reader.runtimes(&factory()).await.unwrap();
    reader.jobs(&workspace(), None).await.unwrap();
    assert_eq!(
        reader.credential_used(&factory().name).as_deref(),
        Some("Azure CLI")
    );
    assert_eq!(fake.asked("imds.token").len(), 1, "remembered");

    let signed_out =
        "#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n";
    std::fs::write(&az, signed_out).unwrap();
    let trouble = Reader::new(client, here, Trust::simulated())
        .runtimes(&factory())
        .await;
    let said = trouble.unwrap_err().message;
    assert!(
        said.contains(
            "managed identity: this machine has no system-assigned identity (invalid_request)"
        ),
        "{said}"
    );
    assert!(
        said.ends_with("Azure CLI: Please run 'az login' to setup account."),
        "{said}"
    );
}

/// A machine with an `az` that somebody is signed in to, and what it says when it is asked for a token for each resource.
#[cfg(unix)]
fn beside_az(
    env: &[(&str, &str)],
    says: impl Fn(&str, usize) -> Answer + Send + Sync + 'static,
) -> (Arc<Fake>, Reader, tempfile::TempDir) {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let az = folder.path().join("az");
    let script = "#!/bin/sh\necho '{\"accessToken\": \"from-az\", \"expires_on\": 1795402800}'\n";
    std::fs::write(&az, script).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let fake = fake_machine(move |request, nth| match request.kind {
        "imds.probe" => answer(400, "{}"),
        "imds.token" => says(&query(request)["resource"], nth),
        _ => ok(json!({})),
    });
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
    let client = Client::new(transport, Clock::Manual(ManualClock::new(now())));
    let here = Surroundings::new(env.iter().copied()).with_azure_cli(Some(az));
    (fake, Reader::new(client, here, Trust::simulated()), folder)
}

/// A refusal that is not about the identity changes nothing about who asks.
#[cfg(unix)]
#[tokio::test]
async fn the_chain_does_not_take_another_principal_for_a_resource_that_is_refused() {
    for refusal in [
        json!({"error": "invalid_resource", "error_description": "The resource principal was not found"}),
        json!({"error": "invalid_request", "error_description": "AADSTS500011: The resource principal was not found"}),
        json!({"statusCode": 400, "message": "AADSTS53003: Blocked by Conditional Access"}),
    ] {
        let said = refusal.clone();
        let (_fake, reader, _folder) = beside_az(&[], move |resource, nth| {
            if resource.starts_with("https://management.azure.com") {
                return ok(json!({"access_token": format!("machine-{nth}"), "expires_in": 3600}));
            }
            status(400, said.clone())
        });
        let trouble = reader.jobs(&workspace(), None).await.unwrap_err();
        assert!(
            trouble
                .message
                .starts_with("no token from managed identity: "),
            "{refusal}: {trouble}"
        );
        reader.runtimes(&factory()).await.unwrap();
        let used = reader.credential_used(&factory().name);
        assert_eq!(used.as_deref(), Some("managed identity"), "{refusal}");
    }
}

/// The first answer about an identity holds for the whole command, whatever is said of it for another purpose.
#[cfg(unix)]
#[tokio::test]
async fn one_command_has_one_principal() {
    let none = || {
        answer(
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
        )
    };
    let one = || ok(json!({"access_token": "machine-1", "expires_in": 3600}));
    for first_gives in [true, false] {
        let (_fake, reader, _folder) = beside_az(&[], move |_, nth| {
            if (nth == 1) == first_gives {
                one()
            } else {
                none()
            }
        });
        reader.runtimes(&factory()).await.unwrap();
        let then = reader.jobs(&workspace(), None).await;
        let used = reader.credential_used(&factory().name);
        if first_gives {
            assert_eq!(used.as_deref(), Some("managed identity"));
            let said = then.unwrap_err().message;
            assert!(said.contains("no system-assigned identity"), "{said}");
        } else {
            assert_eq!(used.as_deref(), Some("Azure CLI"));
            then.unwrap();
            let used = reader.credential_used(&workspace().name);
            assert_eq!(used.as_deref(), Some("Azure CLI"));
        }
    }
}

/// That a profile's identity is not there says nothing about another one that the chain would come upon.
#[cfg(unix)]
#[tokio::test]
async fn what_is_said_of_one_identity_says_nothing_of_another() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!("[msi]\nhost = {HOST}\nazure_use_msi = true\n");
    std::fs::write(file.path(), text).unwrap();
    let env = [
        ("DATABRICKS_CONFIG_FILE", file.path().to_str().unwrap()),
        ("DATABRICKS_CONFIG_PROFILE", "msi"),
    ];
    let (fake, reader, _folder) = beside_az(&env, |resource, _| {
        if resource.starts_with("https://management.azure.com") {
            return ok(json!({"access_token": "machine-1", "expires_in": 3600}));
        }
        answer(
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
        )
    });
    let trouble = reader.jobs(&workspace(), None).await.unwrap_err();
    assert!(
        trouble.message.contains("no system-assigned identity"),
        "{trouble}"
    );
    assert_eq!(
        fake.asked("imds.token").len(),
        1,
        "asked once, and no other"
    );
    reader.runtimes(&factory()).await.unwrap();
    let used = reader.credential_used(&factory().name);
    assert_eq!(used.as_deref(), Some("managed identity"));
}

#[tokio::test]
async fn the_metadata_service_s_own_address_may_be_written_out() {
    for own in [
        "http://169.254.169.254",
        "http://169.254.169.254/",
        "http://169.254.169.254:80",
    ] {
        let fake = fake_machine(grants);
        let reader = reader_with(&fake, &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", own)]);
        reader.runtimes(&of_machine(None, None)).await.unwrap();
        let asked = &fake.asked("imds.token")[0].url;
        assert_eq!(asked.host_str(), Some("169.254.169.254"));
    }
    for other in [
        "http://169.254.169.254:8080",
        "http://169.254.169.253",
        "http://imds.example",
    ] {
        let fake = fake_machine(grants);
        let reader = reader_with(&fake, &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", other)]);
        let trouble = reader.runtimes(&of_machine(None, None)).await.unwrap_err();
        assert!(
            trouble.message.contains("is refused: only https"),
            "{trouble}"
        );
        assert!(fake.asked("imds.token").is_empty());
    }
}

/// Google's and Amazon's metadata services have the address of Azure's.
#[cfg(unix)]
#[tokio::test]
async fn another_cloud_s_metadata_service_costs_no_wait() {
    type Said = (u16, &'static [(&'static str, &'static str)]);
    let foreign: [Said; 3] = [
        (
            404,
            &[
                ("metadata-flavor", "Google"),
                ("server", "Metadata Server for VM"),
            ],
        ),
        (404, &[("server", "EC2ws")]),
        (401, &[]),
    ];
    for (status, fields) in foreign {
        let fake = fake_machine(move |_, _| {
            let mut response = answer(status, "Not Found").unwrap();
            for (name, value) in fields {
                response
                    .headers
                    .insert(*name, HeaderValue::from_static(value));
            }
            Ok(response)
        });
        let trouble = reader_with(&fake, &[]).runtimes(&factory()).await;
        let said = trouble.unwrap_err().message;
        assert!(
            said.contains(
                "managed identity: this is not an Azure machine: 169.254.169.254 is the metadata service of another cloud"
            ),
            "{said}"
        );
        assert!(fake.asked("imds.token").is_empty());
    }
    // One that only says 404 is waited for like a starting one, once, and then it is none.
    let (fake, reader, _folder) = beside_az(&[], |_, _| answer(404, "Not Found"));
    reader.runtimes(&factory()).await.unwrap();
    reader.jobs(&workspace(), None).await.unwrap();
    let used = reader.credential_used(&factory().name);
    assert_eq!(used.as_deref(), Some("Azure CLI"));
    let asked = fake.asked("imds.token");
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|one| query(one)["resource"] == "https://management.azure.com")
    );
}
