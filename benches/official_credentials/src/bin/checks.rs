//! Where azure_identity 1.0.0 conflicts with what afresh promises, each observed in the crate itself over a transport that answers in
//! process. A check fails the day upstream behaves otherwise: then the decision has to be looked at again.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitCode, Output};
use std::sync::{Arc, Mutex};

use azure_core::Bytes;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport};
use azure_core::time::{Duration, OffsetDateTime};
use azure_identity::*;

const SCOPE: &str = "https://management.azure.com/.default";
const TENANT: &str = "00000000-0000-0000-0000-000000000000";

/// Gives one answer to everything, and keeps what it was asked.
#[derive(Debug)]
struct Canned {
    status: u16,
    body: &'static str,
    asked: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl HttpClient for Canned {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.asked.lock().unwrap().push(request.url().to_string());
        let mut headers = Headers::new();
        headers.insert("date", "Mon, 01 Jan 2001 00:00:00 GMT");
        headers.insert("retry-after", "0");
        let body = Bytes::from_static(self.body.as_bytes());
        Ok(AsyncRawResponse::from_bytes(
            self.status.into(),
            headers,
            body,
        ))
    }
}

fn canned(status: u16, body: &'static str) -> (Arc<Canned>, ClientOptions) {
    let canned = Arc::new(Canned {
        status,
        body,
        asked: Mutex::default(),
    });
    let options = ClientOptions {
        transport: Some(Transport::new(Arc::<Canned>::clone(&canned))),
        ..ClientOptions::default()
    };
    (canned, options)
}

fn principal(client_options: ClientOptions) -> azure_core::Result<Arc<ClientSecretCredential>> {
    let options = ClientSecretCredentialOptions { client_options };
    ClientSecretCredential::new(TENANT, "app".to_owned(), Secret::new("hush"), Some(options))
}

fn machine(
    client_options: ClientOptions,
    user_assigned_id: Option<UserAssignedId>,
) -> azure_core::Result<Arc<ManagedIdentityCredential>> {
    ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
        user_assigned_id,
        client_options,
    }))
}

/// The whole chain of an error, as an edge prints it.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

fn a_secret_can_be_written_and_compared() -> bool {
    let secret = Secret::new("hush");
    serde_json::to_string(&secret).unwrap() == "\"hush\"" && secret == Secret::new("hush")
}

/// Entra ends its first line with an escape, which a borrowed string cannot hold: what comes out is an error of the reader, without
/// the status and without the number that says what to do. The words only stand in it as what the reader did not expect.
async fn the_refusal_of_entra_is_lost() -> bool {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000222: The secret is expired.\r\nTrace ID: t","error_codes":[7000222]}"#;
    let (_, options) = canned(401, body);
    let error = principal(options)
        .unwrap()
        .get_token(&[SCOPE], None)
        .await
        .unwrap_err();
    let said = words(&error);
    println!("    it says: {said}");
    error.http_status().is_none() && said.contains("expected a borrowed string")
}

async fn a_lifetime_as_text_is_refused() -> bool {
    let (_, options) = canned(
        200,
        r#"{"token_type":"Bearer","access_token":"t","expires_in":"3599","ext_expires_in":3599}"#,
    );
    principal(options)
        .unwrap()
        .get_token(&[SCOPE], None)
        .await
        .is_err()
}

async fn an_end_as_a_number_is_refused_of_a_machine() -> bool {
    let (_, options) = canned(
        200,
        r#"{"token_type":"Bearer","access_token":"t","expires_on":4102444800,"resource":"r"}"#,
    );
    machine(options, None)
        .unwrap()
        .get_token(&[SCOPE], None)
        .await
        .is_err()
}

async fn an_end_is_reckoned_by_the_machine_s_clock() -> bool {
    let (_, options) = canned(
        200,
        r#"{"token_type":"Bearer","access_token":"t","expires_in":3599,"ext_expires_in":3599}"#,
    );
    let token = principal(options)
        .unwrap()
        .get_token(&[SCOPE], None)
        .await
        .unwrap();
    token.expires_on - OffsetDateTime::now_utc() > Duration::seconds(3_500)
}

/// Its retries count beside ours, and by default it waits longer than any of ours.
async fn it_repeats_by_itself() -> bool {
    let (canned, options) = canned(503, "{}");
    let options = ClientOptions {
        retry: azure_core::http::RetryOptions::fixed(azure_core::http::FixedRetryOptions {
            delay: Duration::milliseconds(1),
            ..Default::default()
        }),
        ..options
    };
    let refused = principal(options)
        .unwrap()
        .get_token(&[SCOPE], None)
        .await
        .is_err();
    let sent = canned.asked.lock().unwrap().len();
    println!("    sends of one refused request: {sent}");
    refused && sent > 1
}

async fn the_metadata_service_cannot_be_moved() -> bool {
    let (canned, options) = canned(
        200,
        r#"{"token_type":"Bearer","access_token":"t","expires_on":"4102444800","resource":"r"}"#,
    );
    machine(options, None)
        .unwrap()
        .get_token(&[SCOPE], None)
        .await
        .unwrap();
    let asked = canned.asked.lock().unwrap();
    asked.len() == 1 && asked[0].starts_with("http://169.254.169.254/")
}

fn an_authority_on_loopback_needs_tls() -> bool {
    let mut custom = CustomConfiguration::default();
    custom.authority_host = "http://127.0.0.1:4201".to_owned();
    let (_, options) = canned(200, "{}");
    let options = ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..options
    };
    principal(options).is_err()
}

/// With `IDENTITY_ENDPOINT` in the process's own environment, which it reads by itself.
fn app_service_takes_no_resource_id() -> bool {
    let (_, options) = canned(200, "{}");
    let id = UserAssignedId::ResourceId("/subscriptions/s/…/id".to_owned());
    machine(options, Some(id))
        .is_err_and(|error| words(&error).contains("aren't supported for App Service"))
}

/// Tells what would be run.
#[derive(Debug, Default)]
struct Ran(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Executor for Ran {
    async fn run(&self, program: &OsStr, _: &[&OsStr]) -> io::Result<Output> {
        self.0
            .lock()
            .unwrap()
            .push(program.to_string_lossy().into_owned());
        Err(io::Error::other("not run"))
    }
}

async fn the_azure_cli_is_run_by_a_shell() -> bool {
    let ran = Arc::new(Ran::default());
    let options = AzureCliCredentialOptions {
        executor: Some(Arc::<Ran>::clone(&ran)),
        ..Default::default()
    };
    let credential = AzureCliCredential::new(Some(options)).unwrap();
    let refused = credential.get_token(&[SCOPE], None).await.is_err();
    refused && *ran.0.lock().unwrap() == ["/bin/sh"]
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // `run` starts this a second time with the variables of App Service, since the crate reads its process's environment.
    let outcomes = if std::env::var_os("IDENTITY_ENDPOINT").is_some() {
        vec![(
            "in App Service a resource id is refused",
            app_service_takes_no_resource_id(),
        )]
    } else {
        vec![
            (
                "a Secret can be serialised and compared",
                a_secret_can_be_written_and_compared(),
            ),
            (
                "a refusal of Entra as it really is comes as an error of the reader, without status and number",
                the_refusal_of_entra_is_lost().await,
            ),
            (
                "expires_in as text is refused",
                a_lifetime_as_text_is_refused().await,
            ),
            (
                "expires_on as a number is refused of a machine",
                an_end_as_a_number_is_refused_of_a_machine().await,
            ),
            (
                "a token's end is reckoned by the machine's clock",
                an_end_is_reckoned_by_the_machine_s_clock().await,
            ),
            (
                "it repeats requests by itself",
                it_repeats_by_itself().await,
            ),
            (
                "AZURE_POD_IDENTITY_AUTHORITY_HOST does not move the metadata service",
                the_metadata_service_cannot_be_moved().await,
            ),
            (
                "an authority on loopback needs TLS",
                an_authority_on_loopback_needs_tls(),
            ),
            (
                "the Azure CLI is run through /bin/sh",
                the_azure_cli_is_run_by_a_shell().await,
            ),
        ]
    };
    let mut code = ExitCode::SUCCESS;
    for (what, holds) in outcomes {
        println!("{} {what}", if holds { "observed " } else { "OTHERWISE" });
        if !holds {
            code = ExitCode::FAILURE;
        }
    }
    code
}
