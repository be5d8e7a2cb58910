//! Reads an error response of Key Vault. Its code says little; an inner error says why.
//!
//! A 401 names the resource that a token is wanted for. That has to be the vault's own domain, as in the SDKs of Azure.

use serde::Deserialize;
use url::Url;

use super::super::denial::Denial;
use super::super::fields::header;
use super::super::soft;
use super::super::who::{Service, host_and_port};
use super::{Refusal, told};
use crate::http::Response;

/// The name belongs to a secret that was deleted and not purged.
const DELETED: &str = "ObjectIsDeletedButRecoverable";

#[derive(Deserialize)]
struct VaultError {
    #[serde(default, deserialize_with = "soft::part")]
    error: Option<ErrorBody>,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default, deserialize_with = "soft::text")]
    code: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
    #[serde(default, deserialize_with = "soft::part", rename = "innererror")]
    inner: Option<InnerError>,
}

#[derive(Default, Deserialize)]
struct InnerError {
    #[serde(default, deserialize_with = "soft::text")]
    code: Option<String>,
}

/// Reads what the vault at `host` has said, which was shown a token of `resource`; any part may be missing.
pub(in crate::cloud) fn read(response: &Response, host: &str, resource: &str) -> Refusal {
    let said = serde_json::from_slice::<VaultError>(&response.body).ok();
    let error = said.and_then(|said| said.error).unwrap_or_default();
    let inner = error.inner.and_then(|inner| inner.code);
    let text = error.message.as_deref().unwrap_or_default();
    let why = inner.as_deref().or(error.code.as_deref());
    if response.status == 401
        && let Some(wanted) = foreign_resource(response, host, resource)
    {
        return Refusal {
            message: format!("{host} asks for a token of {wanted}, which is not its own domain"),
            missing: false,
            taken: false,
            denial: Some(Denial::Elsewhere),
        };
    }
    Refusal {
        missing: response.status == 404,
        taken: inner.as_deref() == Some(DELETED),
        denial: Denial::of(Service::Vault, response, why, text),
        message: told(response, inner.or(error.code), error.message),
    }
}

/// The resource that a challenge names, if the host does not end with that of its address, and it is none that a token was shown of. A
/// challenge that names none asks for nothing.
fn foreign_resource(response: &Response, host: &str, shown: &str) -> Option<String> {
    let challenge = header(response, &["www-authenticate"])?;
    let (_, rest) = ["resource=", "scope="]
        .iter()
        .find_map(|field| challenge.split_once(field))?;
    let wanted = rest
        .trim_start_matches('"')
        .split(['"', ',', ' '])
        .next()
        .unwrap_or_default();
    let own = |wanted: &str| {
        let wanted = Url::parse(wanted).ok()?;
        let domain = host_and_port(&wanted);
        Some(!domain.is_empty() && (host == domain || host.ends_with(&format!(".{domain}"))))
    };
    let is_shown = !shown.is_empty() && wanted.trim_end_matches('/') == shown;
    (!is_shown && own(wanted) != Some(true)).then(|| wanted.chars().take(100).collect())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;

    const HOST: &str = "kv-data.vault.azure.net";
    const RESOURCE: &str = "https://vault.azure.net";

    fn refused(status: u16, code: &str, message: &str, inner: Option<&str>) -> Refusal {
        let body = json!({"error": {"code": code, "message": message, "innererror": inner.map(|code| json!({"code": code}))}});
        let response = Response {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
        };
        read(&response, HOST, RESOURCE)
    }

    #[test]
    fn an_inner_error_says_why() {
        let by = |inner: &str, message: &str| refused(403, "Forbidden", message, Some(inner));
        let right = by(
            "ForbiddenByRbac",
            "Caller is not authorized to perform action on resource.",
        );
        assert_eq!(right.denial, Some(Denial::Right));
        let said = "ForbiddenByRbac: Caller is not authorized to perform action on resource.";
        assert_eq!(right.message, said);
        for (inner, message, wanted) in [
            (
                "ForbiddenByPolicy",
                "does not have secrets set permission on key vault",
                Denial::Right,
            ),
            ("AccessDenied", "", Denial::Right),
            (
                "ForbiddenByFirewall",
                "Client address is not authorized and caller is not a trusted service.\r\nClient address: 192.0.2.7\r\nCaller: appid=1",
                Denial::Firewall("192.0.2.7".parse().ok()),
            ),
            (
                "ForbiddenByConnection",
                "Public network access is disabled",
                Denial::Firewall(None),
            ),
        ] {
            assert_eq!(by(inner, message).denial, Some(wanted), "{inner}");
        }
        let tenant = refused(401, "Unauthorized", "AKV10032: Invalid issuer.", None);
        assert_eq!(tenant.denial, Some(Denial::Tenant));
        let missing = refused(404, "SecretNotFound", "", None);
        assert!(missing.missing && missing.denial.is_none());
        let taken = refused(409, "Conflict", "Secret x is", Some(DELETED));
        assert!(taken.taken && taken.message.contains(DELETED));
        assert!(!refused(409, "Conflict", "", Some("ObjectIsBeingDeleted")).taken);
    }

    #[test]
    fn a_challenge_for_another_domain_is_refused() {
        let challenged = |challenge: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                "www-authenticate",
                HeaderValue::from_str(challenge).unwrap(),
            );
            let response = Response {
                status: 401,
                headers,
                body: Bytes::from_static(b"{}"),
            };
            [HOST, "127.0.0.1:4203"].map(|host| read(&response, host, RESOURCE).denial)
        };
        let of = |resource: &str| {
            challenged(&format!(
                "Bearer authorization=\"https://login.microsoftonline.com/t\", resource=\"{resource}\""
            ))
        };
        // A test server is where no domain of its own is, and takes the same token.
        assert_eq!(of(RESOURCE), [Some(Denial::Token); 2]);
        for foreign in [
            "https://management.azure.com",
            "https://ault.azure.net",
            "https://vault.azure.net.evil.example",
            "https://vault.azure.cn",
            "https://vault.azure.net:8443",
            "nothing",
            "",
        ] {
            assert_eq!(of(foreign), [Some(Denial::Elsewhere); 2], "{foreign}");
        }
        let scope = "Bearer scope=https://evil.example/.default, error=\"x\"";
        assert_eq!(challenged(scope), [Some(Denial::Elsewhere); 2]);
        assert_eq!(challenged("Bearer"), [Some(Denial::Token); 2]);
    }
}
