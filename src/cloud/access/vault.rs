//! Whether a vault lets the caller in, and what it allows with secrets.
//!
//! The data plane tells of no right but by a request that takes it. So the right to write is unknown until something is written.

use super::super::credential::token::{Purpose, Want};
use super::super::session::Session;
use super::super::vault;
use super::super::who::Who;
use super::entry::{entry, is_shut, sign_in};
use crate::model::access::{Entry, Need, Right, Standing};
use crate::model::trouble::Trouble;
use crate::model::vault::{SecretName, SecretSight, VaultConnection};

/// Why nobody can tell whether a secret may be written.
const UNTRIED: &str = "only a write would tell";

/// Whether a vault lets us in, and the rights on these secrets.
pub(in crate::cloud) async fn of_vault(
    session: &Session,
    place: &VaultConnection,
    secrets: &[SecretName],
) -> (Entry, Vec<Right>) {
    let address = match vault::address(place) {
        Ok(address) => address,
        Err(trouble) => return (Entry::NoToken(trouble), Vec::new()),
    };
    let want = Want {
        who: Who::of_vault(place),
        purpose: Purpose::Vault,
        at: Some(&address),
    };
    let identity = match sign_in(session, &want).await {
        Ok(identity) => identity,
        Err(trouble) => return (Entry::NoToken(trouble), Vec::new()),
    };
    let mut rights = Vec::new();
    for secret in secrets {
        let seen = seen(session, place, secret).await;
        if seen.as_ref().is_err_and(is_shut) {
            return (entry(identity, &seen), Vec::new());
        }
        let at = |need, name, standing| Right::new(need, name, standing).on(secret.to_string());
        rights.push(at(Need::Plan, vault::READ, Standing::told_by(&seen)));
        let untried = Standing::Unknown(UNTRIED.to_owned());
        rights.push(at(Need::Apply, vault::SET, untried));
    }
    (Entry::In(identity), rights)
}

async fn seen(
    session: &Session,
    place: &VaultConnection,
    secret: &SecretName,
) -> Result<SecretSight, Trouble> {
    let seen = vault::secret(session, place, secret).await;
    seen.map(|seen| seen.said)
}
