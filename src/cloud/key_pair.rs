//! A resource with a pair of keys: how both are listed and one is regenerated, whichever service it is of.
//!
//! A key is replaced by its fingerprint while an answer is read; it is never stored.

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer::{ActFailure, Dated, Regenerated};
use super::call::Call;
use super::request_id;
use super::session::Session;
use crate::http::{Place, Repeat};
use crate::model::address::ResourceId;
use crate::model::hex::hex;
use crate::model::key_service::KeyService;
use crate::model::runtime::{Fingerprint, PerSlot, Slot};
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};

/// An answer with keys in it, as a service writes it.
pub(super) trait Keys: DeserializeOwned {
    /// The key of a slot, if the answer holds it.
    fn of(&self, slot: Slot) -> Option<Fingerprint>;
}

/// Both keys, as fingerprints.
pub(super) async fn list<K: Keys>(
    session: &Session,
    call: &Call<'_>,
) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
    let Dated { at, said } = session.read::<K>(call).await?;
    match (said.of(Slot::One), said.of(Slot::Two)) {
        (Some(one), Some(two)) => Ok(Dated {
            at,
            said: PerSlot { one, two },
        }),
        _ => Err(call.trouble(
            TroubleKind::Unexpected,
            "the answer does not hold both keys",
            call.ids(),
        )),
    }
}

/// Waits until the bucket of `call` has room for so many requests. `None`: it is drawn from none.
pub(super) async fn room(
    session: &Session,
    call: &Call<'_>,
    requests: u32,
) -> Result<Option<Place>, Trouble> {
    let Some(bucket) = call.meter().bucket else {
        return Ok(None);
    };
    let room = session.client.room(&bucket, requests).await;
    room.map(Some).map_err(|failure| call.unanswered(&failure))
}

/// Regenerates the key of `slot` of `resource`: sent once, unless the service surely did nothing. Its request id tells the slot to
/// whoever reads the log.
pub(super) async fn regenerate<K: Keys>(
    session: &Session,
    call: Call<'_>,
    (resource, slot): (&ResourceId, Slot),
    act_by: Timestamp,
) -> Result<Dated<Regenerated>, ActFailure> {
    let key_name = KeyService::of(resource).key_name(slot);
    let call = Call {
        body: Some(json!({"keyName": key_name})),
        repeat: Repeat::Never,
        act_by: Some(act_by),
        id: request_id::marked(resource, slot),
        ..call
    };
    let Dated { at, said } = session.act::<K>(&call).await?;
    match said.of(slot) {
        Some(key) => Ok(Dated {
            at,
            said: Regenerated {
                key,
                beside: said.of(slot.twin()),
            },
        }),
        None => Err(ActFailure::Lost(call.trouble(
            TroubleKind::Unexpected,
            format!("the answer does not hold {key_name}"),
            call.ids(),
        ))),
    }
}

/// The fingerprint of a key in an answer; an empty key, or none, has none.
pub(super) fn fingerprint<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Fingerprint>, D::Error> {
    // Never in a plain string: the key is wiped as soon as it has a fingerprint.
    let key = Option::<SecretString>::deserialize(from)?;
    let key = key.as_ref().map(ExposeSecret::expose_secret);
    Ok(key.filter(|key| !key.is_empty()).and_then(of_text))
}

fn of_text(key: &str) -> Option<Fingerprint> {
    Fingerprint::parse(&hex(&Sha256::digest(key)))
}
