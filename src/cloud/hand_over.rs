//! Hands a key over: reads it, and gives it at once to where it goes. It is never stored, and nothing above this folder sees it.

mod command;

use super::answer::ActFailure;
use super::key_pair::KeyValue;
use super::session::Session;
use super::vault::Sending;
use super::{account, factory, vault};
use crate::clock::Clock;
use crate::http::Repeat;
use crate::model::address::{Address, ResourceId};
use crate::model::connection::KeyConnection;
use crate::model::hex::hex;
use crate::model::key_service::KeyService;
use crate::model::runtime::{Fingerprint, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::{NewVersion, SecretName, VaultConnection};

use sha2::{Digest, Sha256};

/// Which key is handed over, as it was seen before the intent was written.
#[derive(Clone, Copy, Debug)]
pub struct HandedKey<'a> {
    /// What people call what has it.
    pub address: &'a Address,
    /// How it is reached.
    pub connection: &'a KeyConnection,
    /// Its id.
    pub resource: &'a ResourceId,
    /// Which of its keys.
    pub slot: Slot,
    /// The key that it must still be.
    pub key: &'a Fingerprint,
}

impl HandedKey<'_> {
    async fn value(&self, session: &Session) -> Result<KeyValue, ActFailure> {
        let (id, slot) = (self.resource, self.slot);
        let value = match self.connection {
            KeyConnection::Factory(one) => factory::value(session, one, id.name(), slot).await,
            KeyConnection::Subscription(one) => account::value(session, one, id, slot).await,
        };
        let value = value.map_err(ActFailure::Refused)?;
        if value.fingerprint == *self.key {
            return Ok(value);
        }
        let name = KeyService::of(id).key_name(slot);
        Err(ActFailure::Refused(Trouble {
            kind: TroubleKind::Misfit,
            doing: format!("hand over {name} of {}", id.name()),
            message: format!("{name} is another key by now"),
            ids: Box::default(),
        }))
    }
}

/// Writes a new version of a secret. Its answer tells when the service made it.
pub(super) async fn to_vault(
    session: &Session,
    key: HandedKey<'_>,
    (vault, secret): (&VaultConnection, &SecretName),
    version: &NewVersion,
    act_by: Timestamp,
) -> Result<Timestamp, ActFailure> {
    let value = key.value(session).await?;
    let sending = Sending {
        repeat: Repeat::Never,
        act_by,
    };
    let written = vault::set(session, vault, secret, (&value.value, version), sending).await?;
    Ok(written.said.created)
}

/// Runs a command with the key on its standard input; exit code 0 is delivery. Gives the time at which it ended.
pub(super) async fn to_command(
    session: &Session,
    key: HandedKey<'_>,
    argv: &[String],
    timeout: Span,
    clock: &Clock,
) -> Result<Timestamp, ActFailure> {
    let value = key.value(session).await?;
    let service = KeyService::of(key.resource);
    let mut told = vec![
        ("AFRESH_ADDRESS", key.address.to_string()),
        ("AFRESH_RESOURCE", key.resource.as_str().to_owned()),
        ("AFRESH_SLOT", service.key_name(key.slot).to_owned()),
        ("AFRESH_FINGERPRINT", key.key.as_str().to_owned()),
        ("AFRESH_ID", id_of(key, argv)),
    ];
    let around = session.vault().surroundings();
    for name in ["PATH", "HOME"] {
        told.extend(around.var(name).map(|value| (name, value.to_owned())));
    }
    command::run(argv, &told, &value.value, timeout)
        .await
        .map(|()| clock.now())
        .map_err(|failure| failure.of(key.resource, service.key_name(key.slot), argv))
}

/// What a command can tell a repeated delivery by: the same for the same key, resource and command.
fn id_of(key: HandedKey<'_>, argv: &[String]) -> String {
    let mut digest = Sha256::new();
    digest.update(key.resource.folded());
    digest.update([0]);
    digest.update(key.key.as_str());
    for word in argv {
        digest.update([0]);
        digest.update(word);
    }
    hex(&digest.finalize())
}
