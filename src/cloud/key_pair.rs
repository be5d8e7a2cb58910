//! A resource with a pair of keys: how both are listed and one is regenerated, whichever service it is of.
//!
//! A key is replaced by its fingerprint while an answer is read; it is never stored.

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer::{ActFailure, Dated, Regenerated};
use super::call::{Body, Call};
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
pub(super) trait Keys<K>: DeserializeOwned {
    /// The key of a slot, if the answer holds it.
    fn of(&self, slot: Slot) -> Option<&K>;
}

/// What is kept of a key in an answer.
pub(super) trait Kept: Sized {
    /// A key that is not empty.
    fn of_key(key: SecretString) -> Option<Self>;
}

impl Kept for Fingerprint {
    fn of_key(key: SecretString) -> Option<Self> {
        // Never in a plain string: the key is wiped as soon as it has a fingerprint.
        of_text(key.expose_secret())
    }
}

/// A key itself: only to be handed over at once.
#[derive(Clone)]
pub(super) struct KeyValue {
    pub value: SecretString,
    pub fingerprint: Fingerprint,
}

impl Kept for KeyValue {
    fn of_key(value: SecretString) -> Option<Self> {
        let fingerprint = of_text(value.expose_secret())?;
        Some(Self { value, fingerprint })
    }
}

/// Both keys, as fingerprints.
pub(super) async fn list<K: Keys<Fingerprint>>(
    session: &Session,
    call: &Call<'_>,
) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
    let Dated { at, said } = session.read::<K>(call).await?;
    match (said.of(Slot::One), said.of(Slot::Two)) {
        (Some(one), Some(two)) => Ok(Dated {
            at,
            said: PerSlot {
                one: one.clone(),
                two: two.clone(),
            },
        }),
        _ => Err(call.trouble(
            TroubleKind::Unexpected,
            "the answer does not hold both keys",
            call.ids(),
        )),
    }
}

/// The key of one slot itself, to be handed over.
pub(super) async fn value<K: Keys<KeyValue>>(
    session: &Session,
    call: &Call<'_>,
    slot: Slot,
) -> Result<KeyValue, Trouble> {
    let said = session.read::<K>(call).await?.said;
    said.of(slot).cloned().ok_or_else(|| {
        call.trouble(
            TroubleKind::Unexpected,
            "the answer does not hold the key",
            call.ids(),
        )
    })
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
pub(super) async fn regenerate<K: Keys<Fingerprint>>(
    session: &Session,
    call: Call<'_>,
    (resource, slot): (&ResourceId, Slot),
    act_by: Timestamp,
) -> Result<Dated<Regenerated>, ActFailure> {
    let key_name = KeyService::of(resource).key_name(slot);
    let call = Call {
        body: Some(Body::Json(json!({"keyName": key_name}))),
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
                key: key.clone(),
                beside: said.of(slot.twin()).cloned(),
            },
        }),
        None => Err(ActFailure::Lost(call.trouble(
            TroubleKind::Unexpected,
            format!("the answer does not hold {key_name}"),
            call.ids(),
        ))),
    }
}

/// What is kept of a key in an answer; of an empty key, or none, nothing is.
pub(super) fn kept<'de, K: Kept, D: Deserializer<'de>>(from: D) -> Result<Option<K>, D::Error> {
    let key = Option::<SecretString>::deserialize(from)?;
    let key = key.filter(|key| !key.expose_secret().is_empty());
    Ok(key.and_then(K::of_key))
}

fn of_text(key: &str) -> Option<Fingerprint> {
    Fingerprint::parse(&hex(&Sha256::digest(key)))
}
