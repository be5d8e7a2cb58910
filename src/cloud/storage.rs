//! Authorization for Azure Blob Storage, where a ledger may be kept: a shared access signature, an account key, or a token of Entra ID.
//!
//! A request is authorized only for a host that is trusted with a ledger.
//! An account key opens everything in its account, so it is used only with an emulator on this machine.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::access::claims;
use super::credential::token::{Held, Purpose, Want};
use super::credential::vault::Vault;
use super::reader::Reader;
use super::secret;
use super::surroundings::Surroundings;
use super::who::{Service, Who};
use crate::http::{Authorize, Request};
use crate::model::access::{Identity, Standing};
use crate::model::address::Name;
use crate::model::connection::{Cloud, Credential, blob_cloud};
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};
use crate::model::trust::{Host, Role};
use crate::mutex::{Mutex, MutexGuard};

/// Holds a shared access signature, as the Azure CLI reads it.
const SAS: &str = "AZURE_STORAGE_SAS_TOKEN";
/// Holds an account key, as the Azure CLI reads it.
const ACCOUNT_KEY: &str = "AZURE_STORAGE_KEY";

/// How a ledger's blob is reached.
enum Access {
    Signature(SecretString),
    AccountKey { account: String, key: hmac::Key },
    Entra(Box<Entra>),
}

struct Entra {
    reader: Reader,
    name: Name,
    cloud: Cloud,
    last: Mutex<Option<Held>>,
}

/// The method for the blob at `address`: what the environment holds for it, else the `default` credential.
///
/// # Errors
/// A sentence: the host is none of Azure's, or the environment holds something unusable.
pub fn access(
    reader: &Reader,
    here: &Surroundings,
    address: &Url,
) -> Result<Arc<dyn Authorize>, String> {
    Ok(Arc::new(choose(reader, here, address)?))
}

fn choose(reader: &Reader, here: &Surroundings, address: &Url) -> Result<Access, String> {
    let host = Host::of_address(address.as_str());
    let trust = reader.session().vault().trust();
    let cleared = trust.host(Role::Storage, &host, None);
    cleared.map_err(|denied| denied.to_string())?;
    let cloud = blob_cloud(host.as_str());
    let signature = here.var(SAS).map(|text| {
        let signature = text.trim_start_matches('?').into();
        Access::Signature(signature)
    });
    let cloud = match (cloud, signature) {
        (None, None) if host.is_loopback() => return account_key(here, address),
        (_, Some(signature)) => return Ok(signature),
        (Some(cloud), None) => cloud,
        (None, None) => {
            return Err(format!(
                "{host} is not a blob host of an Azure cloud, so a shared access signature is needed: set {SAS}"
            ));
        }
    };
    Ok(Access::Entra(Box::new(Entra {
        reader: reader.clone(),
        name: Name::parse("ledger")?,
        cloud,
        last: Mutex::default(),
    })))
}

/// Who reads and writes the blob at `address`, by the same choice as [`access`], and whether appending to it is allowed, where a
/// shared access signature says so.
///
/// # Errors
/// There is no token, or no way to reach it.
pub async fn identity(
    reader: &Reader,
    here: &Surroundings,
    address: &Url,
) -> Result<(Identity, Standing), Trouble> {
    let trouble = |message: String| Trouble {
        kind: TroubleKind::Unauthenticated,
        doing: "sign in to the ledger".to_owned(),
        message,
        ids: Box::default(),
    };
    let unasked = Standing::Unknown("the first append will tell".to_owned());
    let of_environment = |name: &str| Identity {
        credential: format!("environment ({name})"),
        ..Identity::default()
    };
    match choose(reader, here, address).map_err(trouble)? {
        Access::Signature(signature) => {
            let told = |name: &str| {
                let mut pairs = form_urlencoded::parse(signature.expose_secret().as_bytes());
                let found = pairs.find(|(key, _)| key == name);
                found.map(|(_, value)| value.into_owned())
            };
            let allowed = told("sp").unwrap_or_default();
            let identity = Identity {
                until: told("se").and_then(|end| end.parse().ok()),
                ..of_environment(SAS)
            };
            // A blob is made with `c` or `w`, and lengthened with `a` or `w`.
            let appends = allowed.contains('w') || allowed.contains('a') && allowed.contains('c');
            let standing = if appends {
                Standing::Granted
            } else {
                Standing::Missing
            };
            Ok((identity, standing))
        }
        Access::AccountKey { .. } => Ok((of_environment(ACCOUNT_KEY), Standing::Granted)),
        Access::Entra(entra) => {
            let held = entra.vault().token(&entra.want()).await;
            match held {
                Ok(held) => Ok((claims::identity(&held), unasked)),
                Err(failure) => Err(Trouble {
                    ids: Box::new(RequestIds::of(failure.request_id)),
                    ..trouble(failure.message)
                }),
            }
        }
    }
}

fn account_key(here: &Surroundings, address: &Url) -> Result<Access, String> {
    let Some(text) = here.var(ACCOUNT_KEY) else {
        return Err(format!(
            "neither {SAS} nor {ACCOUNT_KEY} is set, and an emulator wants one of them"
        ));
    };
    let key = STANDARD
        .decode(text)
        .map_err(|_| format!("{ACCOUNT_KEY} is not base64"))?;
    let account = address.path_segments().and_then(|mut path| path.next());
    Ok(Access::AccountKey {
        account: account.unwrap_or_default().to_owned(),
        key: hmac::Key::new(hmac::HMAC_SHA256, &key),
    })
}

impl Authorize for Access {
    fn authorize<'a>(
        &'a self,
        request: &'a mut Request,
        again: bool,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            match self {
                Self::Signature(signature) => {
                    add_query(&mut request.url, signature.expose_secret());
                    Ok(())
                }
                Self::AccountKey { account, key } => sign(request, account, key),
                Self::Entra(entra) => entra.authorize(request, again).await,
            }
        })
    }
}

impl Entra {
    const fn want(&self) -> Want<'_> {
        Want {
            who: Who {
                connection: &self.name,
                credential: &Credential::Default,
                cloud: &self.cloud,
                service: Service::Arm,
            },
            purpose: Purpose::Storage,
            at: None,
        }
    }

    fn vault(&self) -> &Vault {
        self.reader.session().vault()
    }

    async fn authorize(&self, request: &mut Request, again: bool) -> Result<(), String> {
        let (want, vault) = (self.want(), self.vault());
        let refused = self.last().take().filter(|_| again);
        if let Some(refused) = refused {
            vault.forget(&want, &refused).await;
        }
        let held = vault.token(&want).await;
        let held = held.map_err(|failure| failure.message)?;
        let put = put_secret(request, &["Bearer ", held.token.expose_secret()]);
        *self.last() = Some(held);
        put
    }

    fn last(&self) -> MutexGuard<'_, Option<Held>> {
        self.last.lock()
    }
}

/// A signature is the query that it comes as: encoded already.
fn add_query(url: &mut Url, signature: &str) {
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&{signature}"),
        _ => signature.to_owned(),
    };
    url.set_query(Some(&query));
}

fn put_secret(request: &mut Request, parts: &[&str]) -> Result<(), String> {
    let value = secret::header(parts)
        .map_err(|_| "the token holds characters that no header can carry".to_owned())?;
    request.headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// "Authorize with Shared Key", version 2009-09-19 and later.
fn sign(request: &mut Request, account: &str, key: &hmac::Key) -> Result<(), String> {
    let field = |name: &str| {
        let value = request.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let length = match request.body.len() {
        0 => String::new(),
        length => length.to_string(),
    };
    let mut text = format!(
        "{}\n\n\n{length}\n\n{}\n\n{}\n{}\n{}\n{}\n{}\n",
        request.method,
        field("content-type"),
        field("if-modified-since"),
        field("if-match"),
        field("if-none-match"),
        field("if-unmodified-since"),
        field("range"),
    );
    let mut own: Vec<(&str, String)> = request
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-ms-"))
        .map(|name| (name, field(name)))
        .collect();
    own.sort();
    for (name, value) in own {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "/{account}{}", request.url.path());
    let mut query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    query.sort();
    for (name, value) in query {
        let _ = write!(text, "\n{}:{value}", name.to_lowercase());
    }
    let tag = hmac::sign(key, text.as_bytes());
    let signature = STANDARD.encode(tag);
    put_secret(request, &["SharedKey ", account, ":", &signature])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::http::{Client, Wire};
    use crate::model::trust::Trust;

    fn around(env: &[(&str, &str)]) -> (Reader, Surroundings) {
        let here = Surroundings::new(env.iter().copied());
        let client = Client::new(Arc::new(Wire::new()), Clock::Real);
        let trust = Trust {
            allows_loopback: true,
            ..Trust::default()
        };
        (Reader::new(client, here.clone(), trust), here)
    }

    fn refusal(address: &str, env: &[(&str, &str)]) -> Option<String> {
        let (reader, here) = around(env);
        access(&reader, &here, &address.parse().unwrap()).err()
    }

    #[tokio::test]
    async fn a_signature_says_until_when_it_holds_and_whether_it_may_append() {
        for (permissions, standing) in [
            ("rw", Standing::Granted),
            ("rac", Standing::Granted),
            ("ra", Standing::Missing),
            ("r", Standing::Missing),
        ] {
            let sas = format!("?sp={permissions}&se=2026-12-01T00%3A00%3A00Z&sig=s3cret");
            let (reader, here) = around(&[(SAS, &sas)]);
            let address = "https://a.blob.core.windows.net/c/n".parse().unwrap();
            let (identity, told) = identity(&reader, &here, &address).await.unwrap();
            assert_eq!(told, standing, "{permissions}");
            assert_eq!(identity.credential, "environment (AZURE_STORAGE_SAS_TOKEN)");
            assert_eq!(identity.until, "2026-12-01T00:00:00Z".parse().ok());
            assert!(!format!("{identity:?}").contains("s3cret"));
        }
    }

    #[test]
    fn tokens_and_keys_go_to_azure_and_to_this_machine_only() {
        let sas = [(SAS, "sig=s3cret")];
        assert_eq!(refusal("https://a.blob.core.windows.net/c/n", &sas), None);
        assert_eq!(
            refusal("https://a.blob.core.chinacloudapi.cn/c/n", &[]),
            None
        );
        assert_eq!(
            refusal("http://127.0.0.1:1/a/c/n", &[(ACCOUNT_KEY, "AAAA")]),
            None
        );
        let elsewhere = refusal("https://a.blob.core.windows.net.example.com/c/n", &sas);
        assert!(elsewhere.unwrap().contains("is not trusted"));
        assert!(
            refusal("http://127.0.0.1:1/a/c/n", &[])
                .unwrap()
                .contains("wants one of them")
        );
        let key = refusal("http://127.0.0.1:1/a/c/n", &[(ACCOUNT_KEY, "no key")]);
        assert_eq!(key.unwrap(), "AZURE_STORAGE_KEY is not base64");
    }
}
