//! Storage accounts and their two keys (Microsoft.Storage, API 2023-05-01).
//!
//! When a key was made is told by the service itself. A key is replaced by its fingerprint while the response is parsed; it is never stored.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;

use super::answer::{ActFailure, Dated, ListedAccount, Regenerated};
use super::arm::{self, Ask};
use super::call::{Call, StorageBucket};
use super::key_pair::{self, Kept, KeyValue};
use super::session::Session;
use super::soft::{self, Soft, Words};
use super::who::Who;
use crate::http::Place;
use crate::limits::CLOCK_SKEW_MAX;
use crate::model::address::{ResourceId, is_account_name};
use crate::model::connection::Subscription;
use crate::model::key_service::KeyService;
use crate::model::runtime::{Fingerprint, OwnKeys, PerSlot, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};

const VERSION: &str = "2023-05-01";
const PROVIDER: &str = "/providers/Microsoft.Storage/storageAccounts";
/// Sees accounts, and when their keys were made.
pub(super) const READ: &str = "Microsoft.Storage/storageAccounts/read";
/// Sees the keys themselves.
pub(super) const LIST_KEYS: &str = "Microsoft.Storage/storageAccounts/listkeys/action";
/// Regenerates one.
pub(super) const REGENERATE: &str = "Microsoft.Storage/storageAccounts/regeneratekey/action";

#[derive(Deserialize)]
struct AccountResource {
    #[serde(default, deserialize_with = "soft::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    name: Option<String>,
    tags: Option<Soft<BTreeMap<String, Words>>>,
    #[serde(default, deserialize_with = "soft::part")]
    properties: Option<AccountProperties>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountProperties {
    #[serde(default, deserialize_with = "soft::text")]
    creation_time: Option<String>,
    #[serde(default, deserialize_with = "soft::part")]
    key_creation_time: Option<KeyTimes>,
    #[serde(default, deserialize_with = "soft::text")]
    allow_shared_key_access: Option<String>,
}

#[derive(Deserialize)]
struct KeyTimes {
    #[serde(default, deserialize_with = "soft::text")]
    key1: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    key2: Option<String>,
}

impl AccountResource {
    /// A resource is an account only if its id is one of this connection, and ends with its name. `at`: the service's time of the answer.
    fn listed(self, place: &Subscription, at: Timestamp) -> Option<ListedAccount> {
        let (name, id) = (self.name?, ResourceId::new(self.id?));
        let is_it = id.name().eq_ignore_ascii_case(&name) && place.reaches(&id);
        if !is_it || !is_account_name(&name) {
            return None;
        }
        let Soft(tags) = self.tags.unwrap_or_default();
        let tags = tags
            .into_iter()
            .filter_map(|(tag, Words(value))| Some((tag, value?)));
        let properties = self.properties.unwrap_or_default();
        let takes_none = properties
            .allow_shared_key_access
            .is_some_and(|word| word == "false");
        let told = properties
            .key_creation_time
            .map_or_else(PerSlot::default, |times| PerSlot {
                one: instant(times.key1),
                two: instant(times.key2),
            });
        // The clocks of a service may differ a little. No key is made later than that.
        let latest = Span::seconds(CLOCK_SKEW_MAX.as_secs()).after(at);
        Some(ListedAccount {
            name: name.to_ascii_lowercase(),
            id,
            tags: tags.collect(),
            created: instant(properties.creation_time),
            told: PerSlot::from_fn(|slot| told.get(slot).filter(|made| *made <= latest)),
            told_ahead: PerSlot::from_fn(|slot| told.get(slot).filter(|made| *made > latest)),
            own_keys: if takes_none {
                OwnKeys::Disabled
            } else {
                OwnKeys::Yes
            },
        })
    }
}

fn instant(text: Option<String>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

/// All accounts of a subscription, or of its one resource group, every page.
pub(super) async fn list(
    session: &Session,
    place: &Subscription,
) -> Result<Dated<Vec<ListedAccount>>, Trouble> {
    let ask = Ask {
        who: Who::of_subscription(place),
        doing: format!("list the storage accounts of {}", place.name),
        right: READ,
        kind: "storage.list",
        method: Method::GET,
        id: place.id(),
        part: PROVIDER,
        version: VERSION,
    };
    let call = Call {
        storage: Some(StorageBucket::Lists),
        ..ask.call()?
    };
    let strange = call.trouble(
        TroubleKind::Unexpected,
        "an entry of the list is not a storage account of this subscription",
        call.ids(),
    );
    let Dated { at, said } = arm::pages::<AccountResource>(session, call).await?;
    let said: Option<Vec<ListedAccount>> = said
        .into_iter()
        .map(|resource| resource.listed(place, at))
        .collect();
    match said {
        Some(said) => Ok(Dated { at, said }),
        None => Err(strange),
    }
}

/// One account: its own answer tells what a list may leave out.
pub(super) async fn get(
    session: &Session,
    place: &Subscription,
    account: &ResourceId,
) -> Result<Dated<ListedAccount>, Trouble> {
    let get = (Method::GET, "", READ, "storage.get");
    let call = of_account(place, account, "read the storage account", get)?;
    let Dated { at, said } = session.read::<AccountResource>(&call).await?;
    match said.listed(place, at).filter(|one| one.id == *account) {
        Some(said) => Ok(Dated { at, said }),
        None => Err(call.trouble(
            TroubleKind::Unexpected,
            "the answer is not about this storage account",
            call.ids(),
        )),
    }
}

/// The answer of `listKeys` and of `regenerateKey`: both keys.
#[derive(Deserialize)]
#[serde(bound = "K: Kept")]
struct Keys<K> {
    #[serde(default, deserialize_with = "soft::list")]
    keys: Vec<Soft<Key<K>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "K: Kept")]
struct Key<K> {
    #[serde(default, deserialize_with = "soft::text")]
    key_name: Option<String>,
    #[serde(default, deserialize_with = "key_pair::kept")]
    value: Option<K>,
}

impl<K> Default for Key<K> {
    fn default() -> Self {
        Self {
            key_name: None,
            value: None,
        }
    }
}

impl<K: Kept> key_pair::Keys<K> for Keys<K> {
    fn of(&self, slot: Slot) -> Option<&K> {
        let name = KeyService::Storage.key_name(slot);
        let mut named = self.keys.iter().filter(|Soft(key)| {
            let told = key.key_name.as_deref();
            told.is_some_and(|told| told.eq_ignore_ascii_case(name))
        });
        // Of two keys with one name nobody knows which it is.
        match (named.next(), named.next()) {
            (Some(Soft(key)), None) => key.value.as_ref(),
            _ => None,
        }
    }
}

/// Both keys, as fingerprints.
pub(super) async fn keys(
    session: &Session,
    place: &Subscription,
    account: &ResourceId,
) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
    let call = list_keys(place, account)?;
    key_pair::list::<Keys<Fingerprint>>(session, &call).await
}

/// One key itself, to be handed over.
pub(super) async fn value(
    session: &Session,
    place: &Subscription,
    account: &ResourceId,
    slot: Slot,
) -> Result<KeyValue, Trouble> {
    let call = list_keys(place, account)?;
    key_pair::value::<Keys<KeyValue>>(session, &call, slot).await
}

fn list_keys<'a>(place: &'a Subscription, account: &ResourceId) -> Result<Call<'a>, Trouble> {
    let post = (Method::POST, "/listKeys", LIST_KEYS, "storage.listKeys");
    of_account(place, account, "list the keys of", post)
}

/// Waits for what [`regenerate`] draws from its bucket.
pub(super) async fn room(
    session: &Session,
    place: &Subscription,
    account: &ResourceId,
) -> Result<Option<Place>, Trouble> {
    let call = of_account(place, account, "regenerate a key of", post_regenerate())?;
    key_pair::room(session, &call, 1).await
}

/// `regenerateKey`: sent once, unless the service surely did nothing. Its request id tells the slot to whoever reads the log.
pub(super) async fn regenerate(
    session: &Session,
    place: &Subscription,
    account: &ResourceId,
    slot: Slot,
    act_by: Timestamp,
) -> Result<Dated<Regenerated>, ActFailure> {
    let key_name = KeyService::Storage.key_name(slot);
    let doing = format!("regenerate {key_name} of");
    let call =
        of_account(place, account, &doing, post_regenerate()).map_err(ActFailure::Refused)?;
    key_pair::regenerate::<Keys<Fingerprint>>(session, call, (account, slot), act_by).await
}

/// Method, part, right, and what counts call it.
type Verb = (Method, &'static str, &'static str, &'static str);

const fn post_regenerate() -> Verb {
    (
        Method::POST,
        "/regenerateKey",
        REGENERATE,
        "storage.regenerateKey",
    )
}

fn of_account<'a>(
    place: &'a Subscription,
    account: &ResourceId,
    doing: &str,
    (method, part, right, kind): Verb,
) -> Result<Call<'a>, Trouble> {
    let doing = format!("{doing} {}", account.name());
    if !place.reaches(account) || !is_account_name(account.name()) {
        return Err(Trouble {
            kind: TroubleKind::Misfit,
            doing,
            message: format!(
                "{account} is not a storage account that {} reaches",
                place.name
            ),
            ids: Box::default(),
        });
    }
    let ask = Ask {
        who: Who::of_subscription(place),
        doing,
        right,
        kind,
        method,
        id: account.clone(),
        part,
        version: VERSION,
    };
    Ok(Call {
        storage: Some(if right == REGENERATE {
            StorageBucket::Writes
        } else {
            StorageBucket::Reads
        }),
        ..ask.call()?
    })
}
