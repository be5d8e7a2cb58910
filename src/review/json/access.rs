//! Who we are to each connection.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::access::{Access, Entry, Need, Place, Right, Standing};
use crate::model::kind::Kind;

/// The version of this shape.
const FORMAT: &str = "afresh-auth/1";

/// What `auth` tells. Never a token.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "what afresh auth --format json prints")]
pub struct Document {
    /// The version of this shape.
    format: &'static str,
    connections: Vec<Connection>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Connection {
    name: String,
    /// The kind of its document, or `ledger`.
    kind: &'static str,
    /// The factory's or vault's name, the subscription's id, the workspace's host, or the ledger's address.
    place: String,
    signed_in: bool,
    /// Which credential was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    /// The application's client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The object id of whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    /// When the token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Why nobody is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    rights: Vec<Granted>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "it is the name in the output")]
struct Granted {
    r#for: Command,
    right: String,
    /// What it is a right to; none: to whatever the connection names.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
    /// `null`: nobody can tell.
    granted: Option<bool>,
    /// Why nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Command {
    Plan,
    Apply,
}

/// Who we are to these.
pub fn accesses(all: &[Access]) -> Document {
    Document {
        format: FORMAT,
        connections: all.iter().map(connection).collect(),
    }
}

fn connection(access: &Access) -> Connection {
    let (kind, place) = match &access.place {
        Place::Factory(service, name) => (service.keys().kind().as_str(), name.clone()),
        Place::Accounts(id) => (Kind::Subscription.as_str(), id.to_string()),
        Place::Workspace(host) => (Kind::DatabricksWorkspace.as_str(), host.clone()),
        Place::Vault(name) => ("KeyVault", name.clone()),
        Place::Ledger(address) => ("ledger", address.clone()),
    };
    let (identity, trouble) = match &access.entry {
        Entry::NoToken(trouble) => (None, Some(trouble)),
        Entry::Refused(identity, trouble) => (Some(identity), Some(trouble)),
        Entry::In(identity) => (Some(identity), None),
    };
    Connection {
        name: access.name.clone(),
        kind,
        place,
        signed_in: !access.is_closed(),
        credential: identity.map(|identity| identity.credential.clone()),
        application: identity.and_then(|identity| identity.application.clone()),
        user: identity.and_then(|identity| identity.user.clone()),
        object: identity.and_then(|identity| identity.object.clone()),
        tenant: identity.and_then(|identity| identity.tenant.clone()),
        audience: identity.and_then(|identity| identity.audience.clone()),
        until: identity.and_then(|identity| identity.until.map(|end| end.to_string())),
        why: trouble.map(ToString::to_string),
        rights: access.rights.iter().map(right).collect(),
    }
}

fn right(right: &Right) -> Granted {
    let (granted, why) = match &right.standing {
        Standing::Granted => (Some(true), None),
        Standing::Missing => (Some(false), None),
        Standing::Unknown(why) => (None, Some(why.clone())),
    };
    Granted {
        r#for: match right.need {
            Need::Plan => Command::Plan,
            Need::Apply => Command::Apply,
        },
        right: right.name.clone(),
        on: right.on.clone(),
        granted,
        why,
    }
}
