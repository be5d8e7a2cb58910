//! The HTTP client that afresh has anyway; with the feature `official`, and the credentials of azure_identity over it.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

/// Sends to whatever address stands in the arguments; measured is what gets linked.
async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .build()?;
    let Some(address) = std::env::args().nth(1) else {
        println!("ready");
        return Ok(());
    };
    #[cfg(feature = "official")]
    return official(client, &address).await;
    #[cfg(not(feature = "official"))]
    {
        let answer = client.get(address).send().await?;
        println!("{}", answer.text().await?);
        Ok(())
    }
}

#[cfg(feature = "official")]
async fn official(client: reqwest::Client, scope: &str) -> Result<(), Box<dyn std::error::Error>> {
    use azure_core::credentials::TokenCredential;
    use azure_core::http::{ClientOptions, Transport};
    use azure_identity::*;
    use std::sync::Arc;

    let options = || ClientOptions {
        transport: Some(Transport::new(Arc::new(client.clone()))),
        ..ClientOptions::default()
    };
    let tenant = "00000000-0000-0000-0000-000000000000";
    let all: [Arc<dyn TokenCredential>; 4] = [
        ClientSecretCredential::new(
            tenant,
            "app".to_owned(),
            "secret".to_owned().into(),
            Some(ClientSecretCredentialOptions {
                client_options: options(),
            }),
        )?,
        WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: options(),
            },
            tenant_id: Some(tenant.to_owned()),
            client_id: Some("app".to_owned()),
            token_file_path: Some("/no/such/token".into()),
        }))?,
        ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
            client_options: options(),
            ..Default::default()
        }))?,
        AzureCliCredential::new(None)?,
    ];
    for credential in all {
        println!("{:?}", credential.get_token(&[scope], None).await.is_ok());
    }
    Ok(())
}
