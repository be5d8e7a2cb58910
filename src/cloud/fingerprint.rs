//! A key becomes its fingerprint while an answer is read. It is never stored.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use crate::model::runtime::Fingerprint;

/// The fingerprint of a key in an answer; an empty key, or none, has none.
pub(super) fn of_key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Fingerprint>, D::Error> {
    // Never in a plain string: the key is wiped as soon as it has a fingerprint.
    let key = Option::<SecretString>::deserialize(from)?;
    let key = key.as_ref().map(ExposeSecret::expose_secret);
    Ok(key.filter(|key| !key.is_empty()).and_then(of_text))
}

fn of_text(key: &str) -> Option<Fingerprint> {
    let hex = Sha256::digest(key)
        .iter()
        .fold(String::with_capacity(64), |hex, byte| {
            format!("{hex}{byte:02x}")
        });
    Fingerprint::parse(&hex)
}
