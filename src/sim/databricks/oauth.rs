//! The token endpoint of a workspace, for its own principals.
//!
//! The secret is accepted only in the `Authorization` field, and the scope must be `all-apis`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;

use super::super::message::{Incoming, json as answer};
use super::super::token;
use super::super::world::{Workspace, World};
use crate::http::Response;

pub(crate) fn token(world: &World, place: usize, request: &Incoming, now: Timestamp) -> Response {
    let refused = |status, word: &str, text: &str| {
        answer(status, &json!({"error": word, "error_description": text}))
    };
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(request.body);
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    if field("grant_type").as_deref() != Some("client_credentials") {
        return refused(400, "unsupported_grant_type", "Only client_credentials.");
    }
    if field("scope").as_deref() != Some("all-apis") {
        return refused(
            400,
            "invalid_scope",
            "The requested scope is invalid, unknown or malformed.",
        );
    }
    let workspace = &world.workspaces[place];
    match basic(request.header("authorization")) {
        Some((client, secret)) if is_known(workspace, &client, &secret) => {
            let (access_token, _) = world.mint(&own_audience(workspace), &client, "", now);
            let body = json!({
                "access_token": access_token, "scope": "all-apis", "token_type": "Bearer", "expires_in": token::LIFE + 1,
            });
            answer(200, &body)
        }
        _ => refused(401, "invalid_client", "Client authentication failed"),
    }
}

fn is_known(workspace: &Workspace, client: &str, secret: &str) -> bool {
    let known = workspace.principals.as_ref();
    known.is_none_or(|all| all.iter().any(|(id, own)| id == client && own == secret))
}

fn basic(header: Option<&str>) -> Option<(String, String)> {
    let pair = header?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(pair).ok()?).ok()?;
    let (client, secret) = pair.split_once(':')?;
    (!client.is_empty() && !secret.is_empty()).then(|| (client.to_owned(), secret.to_owned()))
}

/// What tokens that a workspace gives out are for: itself.
fn own_audience(workspace: &Workspace) -> String {
    format!("https://{}/oidc", workspace.host)
}

/// Whom a token of this workspace's own is for, if it is one and still good.
pub(crate) fn holder(
    world: &World,
    workspace: &Workspace,
    bearer: &str,
    now: Timestamp,
) -> Option<Result<String, token::Trouble>> {
    let claims = world.read(bearer).ok()?;
    if claims.aud != own_audience(workspace) {
        return None;
    }
    Some(if claims.exp <= now.as_second() {
        Err(token::Trouble::Expired)
    } else {
        Ok(claims.appid)
    })
}
