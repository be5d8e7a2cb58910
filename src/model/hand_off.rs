//! Where the current key of a resource is handed to, and what is known of that.
//!
//! A rule says it with names that may hold placeholders ([`HandOff`]); of one resource each is a [`Destination`].

use std::fmt;

use sha2::{Digest, Sha256};

use super::address::{Address, ResourceId};
use super::hex::hex;
use super::key_service::KeyService;
use super::runtime::fingerprint::Fingerprint;
use super::runtime::slot::Slot;
use super::time::{Span, Timestamp};
use super::trouble::Trouble;
use super::vault::{NewVersion, SecretName, SecretSight, SecretVersion, VaultName};

/// The tags of Microsoft's convention for secrets that hold one of two keys: the key's name, the resource's id, and how long it is valid.
pub const TAG_KEY: &str = "CredentialId";
/// As [`TAG_KEY`].
pub const TAG_RESOURCE: &str = "ProviderAddress";
/// As [`TAG_KEY`].
pub const TAG_DAYS: &str = "ValidityPeriodDays";
/// Our own tag: proves which key a version holds, without its value.
pub const TAG_PROOF: &str = "afreshProof";

/// What a version holds, where nothing was said before.
const CONTENT_TYPE: &str = "text/plain";

/// A tag's value has so many characters at most.
const TAG_CHARS_MAX: usize = 256;

/// One entry of a rule's `handOff`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOff {
    /// A secret in a Key Vault gets a new version.
    Vault {
        /// Which vault.
        vault: VaultName,
        /// The secret's name, with placeholders: `{runtime}-{slot}`.
        secret: String,
        /// A secret that none of our versions is in may be taken over.
        adopt: bool,
    },
    /// A program gets the key on its standard input.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
        /// How long it may take.
        timeout: Span,
    },
    /// A person does it, and says so with `afresh ledger confirm`.
    Person {
        /// What there is to do.
        what: String,
    },
}

/// Where the key of one resource goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// A secret in a Key Vault.
    Vault {
        /// Which vault.
        vault: VaultName,
        /// Which secret.
        secret: SecretName,
    },
    /// A program.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
    },
    /// A person.
    Person {
        /// What there is to do.
        what: String,
    },
}

impl fmt::Display for Destination {
    /// `keyVault kv-data/gateway-west`, `command ./deliver.sh west`, `confirm re-register the gateway`. `ledger confirm` takes the same text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault { vault, secret } => write!(f, "keyVault {vault}/{secret}"),
            Self::Command { argv } => write!(f, "command {}", argv.join(" ")),
            Self::Person { what } => write!(f, "confirm {what}"),
        }
    }
}

impl Destination {
    /// What there is to do for it: `re-register the gateway`.
    pub fn task(&self) -> String {
        match self {
            Self::Person { what } => what.clone(),
            Self::Vault { .. } | Self::Command { .. } => format!("hand it over to {self}"),
        }
    }

    /// Can afresh do it by itself?
    pub const fn is_automatic(&self) -> bool {
        match self {
            Self::Vault { .. } | Self::Command { .. } => true,
            Self::Person { .. } => false,
        }
    }

    /// The secret, if it is one.
    pub const fn secret(&self) -> Option<(&VaultName, &SecretName)> {
        match self {
            Self::Vault { vault, secret } => Some((vault, secret)),
            Self::Command { .. } | Self::Person { .. } => None,
        }
    }
}

/// Which of the two keys a rule hands over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serves {
    /// The one that was made last.
    #[default]
    Newest,
    /// Always this one.
    Key(Slot),
}

impl HandOff {
    /// Can afresh do it by itself?
    pub const fn is_automatic(&self) -> bool {
        match self {
            Self::Vault { .. } | Self::Command { .. } => true,
            Self::Person { .. } => false,
        }
    }

    /// Does each key have a place of its own? Then both are handed over, each to its own.
    pub fn is_of_each_key(&self) -> bool {
        match self {
            Self::Vault { secret, .. } => secret.contains("{slot}"),
            Self::Command { .. } | Self::Person { .. } => false,
        }
    }

    /// Where the key of this slot goes.
    ///
    /// # Errors
    /// A sentence: what the placeholders become is no name of a secret.
    pub fn of(
        &self,
        address: &Address,
        resource: &ResourceId,
        slot: Slot,
    ) -> Result<Destination, String> {
        Ok(match self {
            Self::Vault { vault, secret, .. } => {
                let filled = filled(secret, address, resource, slot);
                let secret = SecretName::parse(&filled)
                    .map_err(|why| format!("`{filled}` cannot be a secret's name: {why}"))?;
                Destination::Vault {
                    vault: vault.clone(),
                    secret,
                }
            }
            Self::Command { argv, .. } => Destination::Command { argv: argv.clone() },
            Self::Person { what } => Destination::Person { what: what.clone() },
        })
    }
}

fn filled(pattern: &str, address: &Address, resource: &ResourceId, slot: Slot) -> String {
    let service = KeyService::of(resource);
    // `…/factories/FACTORY/integrationRuntimes/RUNTIME`.
    let parent = resource.as_str().rsplit('/').nth(2).unwrap_or_default();
    pattern
        .replace("{runtime}", resource.name())
        .replace("{account}", resource.name())
        .replace("{factory}", parent)
        .replace("{connection}", address.connection.as_str())
        .replace("{slot}", service.key_name(slot))
}

/// What the last hand-off to one destination delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Which key.
    pub slot: Slot,
    /// Its value, as its fingerprint.
    pub fingerprint: Fingerprint,
    /// When it was delivered there for the first time: the overlap counts from this.
    pub first: Timestamp,
    /// When it was delivered last.
    pub last: Timestamp,
    /// A person said so.
    pub by: Option<String>,
}

impl Delivered {
    /// For the first time, by afresh itself.
    pub fn now(slot: Slot, fingerprint: &Fingerprint, at: Timestamp) -> Self {
        Self {
            slot,
            fingerprint: fingerprint.clone(),
            first: at,
            last: at,
            by: None,
        }
    }
}

/// What was seen of one destination of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationCase {
    /// Where.
    pub to: Destination,
    /// The entry of the rule.
    pub hand_off: HandOff,
    /// It is for this key only; `None`: for the one that is served.
    pub only: Option<Slot>,
    /// What was seen of it.
    pub sight: DestinationSight,
}

/// What was seen of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationSight {
    /// Nobody looked, since nobody asked (`--refresh none`).
    NotAsked,
    /// The secret.
    Secret(Box<SecretSight>),
    /// It could not be read.
    Failed(Trouble),
    /// A program, and whether it may be run.
    Command {
        /// The policy or `--allow-commands` allows it.
        allowed: bool,
    },
    /// A person: there is nothing to see.
    Person,
}

/// The proof that a version of a secret holds this key of this resource: SHA-256 over our purpose, the resource's id in lower case and the
/// key's fingerprint, which is itself SHA-256 of the key. Keys are random, so that it helps nobody to guess one; and it needs no ledger.
pub fn proof(resource: &ResourceId, fingerprint: &Fingerprint) -> String {
    let text = format!(
        "afresh hand-off 1\n{}\n{}",
        resource.folded(),
        fingerprint.as_str()
    );
    hex(&Sha256::digest(text.as_bytes()))
}

/// The resource as its tag names it: its id, or, where that is too long for a tag, the SHA-256 of it in lower case.
pub fn resource_tag(resource: &ResourceId) -> String {
    let id = resource.as_str();
    if id.chars().count() <= TAG_CHARS_MAX {
        return id.to_owned();
    }
    format!("sha256:{}", hex(&Sha256::digest(resource.folded())))
}

/// Was this version written for this resource? By our proof beside the resource's tag: without it, it is of another tool.
pub fn is_ours(version: &SecretVersion, resource: &ResourceId) -> bool {
    let tags = &version.tags;
    let names = tags
        .get(TAG_RESOURCE)
        .is_some_and(|tag| tag.eq_ignore_ascii_case(&resource_tag(resource)));
    names && tags.contains_key(TAG_PROOF)
}

/// What the next version of a secret has beside its value, before it is known which key that is: the tags that `newest` has stay.
pub fn new_version(
    resource: &ResourceId,
    slot: Slot,
    newest: Option<&SecretVersion>,
) -> NewVersion {
    let kept = newest.map(|newest| newest.tags.clone());
    let mut tags = kept.unwrap_or_default();
    let key = KeyService::of(resource).key_name(slot);
    tags.insert(TAG_KEY.to_owned(), key.to_owned());
    tags.insert(TAG_RESOURCE.to_owned(), resource_tag(resource));
    tags.insert(TAG_DAYS.to_owned(), String::new());
    tags.insert(TAG_PROOF.to_owned(), String::new());
    NewVersion {
        tags,
        content_type: newest
            .and_then(|newest| newest.content_type.clone())
            .or_else(|| Some(CONTENT_TYPE.to_owned())),
        expires: None,
    }
}

/// The same, once the key is known: with its proof, how long it is valid, and when its limit is reached.
pub fn proved(
    mut version: NewVersion,
    resource: &ResourceId,
    key: &Fingerprint,
    (age_max, expires): (Span, Option<Timestamp>),
) -> NewVersion {
    let days = age_max.as_secs().div_ceil(86_400);
    version.tags.insert(TAG_DAYS.to_owned(), days.to_string());
    version
        .tags
        .insert(TAG_PROOF.to_owned(), proof(resource, key));
    version.expires = expires;
    version
}
