//! What a token says about itself, for display only: the signature is not checked, and nothing is decided by it.
//!
//! Only these few claims leave this file; the token itself does not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::super::credential::token::Held;
use crate::model::access::Identity;
use crate::model::time::Timestamp;

/// Claims of v1 and v2 tokens ("Access token claims reference"), and of tokens of Databricks' own (`client_id`, `sub`).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    aud: Value,
    exp: Value,
    tid: Value,
    oid: Value,
    appid: Value,
    azp: Value,
    client_id: Value,
    idtyp: Value,
    upn: Value,
    preferred_username: Value,
    unique_name: Value,
}

/// Whom a token was given to; of one that says nothing only how it was come by.
pub(in crate::cloud) fn identity(held: &Held) -> Identity {
    let claims = read(held.token.expose_secret()).unwrap_or_default();
    let first = |all: &[&Value]| all.iter().find_map(|claim| text(claim));
    let is_application = text(&claims.idtyp).is_some_and(|kind| kind == "app");
    let user = first(&[&claims.upn, &claims.preferred_username, &claims.unique_name]);
    Identity {
        credential: held.origin.clone(),
        application: first(&[&claims.appid, &claims.azp, &claims.client_id]),
        user: user.filter(|_| !is_application),
        object: text(&claims.oid),
        tenant: text(&claims.tid),
        audience: text(&claims.aud),
        until: seconds(&claims.exp).and_then(|at| Timestamp::from_second(at).ok()),
    }
}

fn read(token: &str) -> Option<Claims> {
    let (_, rest) = token.split_once('.')?;
    let (body, _) = rest.split_once('.')?;
    let bytes = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A claim with one value; of several the first.
fn text(claim: &Value) -> Option<String> {
    let one = match claim {
        Value::Array(all) => all.first()?,
        one => one,
    };
    one.as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn seconds(claim: &Value) -> Option<i64> {
    claim
        .as_i64()
        .or_else(|| claim.as_str().and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(claims: &Value) -> Identity {
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        identity(&Held::for_tests(&format!("head.{body}.signature"), "test"))
    }

    #[test]
    fn an_applications_token_and_a_persons_say_who_they_are() {
        let application = said(&json!({
            "aud": "https://management.azure.com", "exp": 1_795_341_599, "appid": "a-1", "oid": "o-1", "tid": "t-1",
            "idtyp": "app", "upn": "made-up@example.com"
        }));
        assert_eq!(application.application.as_deref(), Some("a-1"));
        assert_eq!(application.user, None);
        assert_eq!(
            application.until.map(Timestamp::as_second),
            Some(1_795_341_599)
        );
        let person = said(&json!({
            "aud": ["x", "y"], "exp": "1795341599", "azp": "az", "oid": "o-2", "preferred_username": "me@example.com"
        }));
        assert_eq!(person.user.as_deref(), Some("me@example.com"));
        assert_eq!(person.application.as_deref(), Some("az"));
        assert_eq!(person.audience.as_deref(), Some("x"));
        assert!(person.until.is_some() && person.tenant.is_none());
    }

    #[test]
    fn a_token_that_cannot_be_read_says_nothing() {
        for token in ["dapi0123", "a.b.c", "a.bm8.c", "", "..", "a.W10.c"] {
            let known = identity(&Held::for_tests(token, "test"));
            let nothing = Identity {
                credential: "test".to_owned(),
                ..Identity::default()
            };
            assert_eq!(known, nothing, "{token}");
        }
    }
}
