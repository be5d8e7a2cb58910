//! Types of the model that are written to the file as one string.
//!
//! A string that the type does not accept is an error, with the type's own message.

use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::{
    Address, Fingerprint, Name, ResourceId, RunResult, SecretName, Slot, Span, Timestamp, Token,
    VaultName,
};
use crate::saved::mirror::{Absent, Mirror};

/// A word that has one exact spelling.
pub(in crate::saved) trait Spelled: Sized {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What it looks like, for the schema.
    fn schema() -> Schema;
    fn spell(&self) -> String;
    fn read(text: &str) -> Result<Self, String>;
}

/// A [`Spelled`] word as a JSON string.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::saved) struct Text<T>(pub(in crate::saved) T);

impl<T: Spelled> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.spell())
    }
}

impl<'de, T: Spelled> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reading(PhantomData))
    }
}

/// Reads the word from the text as it stands, without a copy of its own.
struct Reading<T>(PhantomData<T>);

impl<T: Spelled> Visitor<'_> for Reading<T> {
    type Value = Text<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text<T>, E> {
        T::read(text).map(Text).map_err(E::custom)
    }
}

impl<T: Spelled> JsonSchema for Text<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

impl<T> Absent for Text<T> {}

impl<T: Spelled + Clone> Mirror<T> for Text<T> {
    fn of(model: &T) -> Self {
        Self(model.clone())
    }
    fn back(self) -> T {
        self.0
    }
}

impl Spelled for Timestamp {
    const NAME: &'static str = "Instant";
    fn schema() -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "An instant, in UTC."})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error| format!("`{text}` is not an instant: {error}"))
    }
}

impl Spelled for Span {
    const NAME: &'static str = "Length";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "minLength": 2,
            "description": "A length of time: 90d, 12h, 30m, 45s, or a sum such as 1d12h."})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        // A manifest bounds a length; an age that was computed may be longer, and has to be read all the same.
        text.parse().or_else(|error| long_age(text).ok_or(error))
    }
}

/// A length beyond what a manifest may say: days first, then a part that a manifest could say.
fn long_age(text: &str) -> Option<Span> {
    let (days, rest) = text.split_once('d')?;
    let days = days.parse::<u64>().ok()?.checked_mul(86_400)?;
    let rest = if rest.is_empty() {
        Span::ZERO
    } else {
        rest.parse().ok()?
    };
    Some(Span::seconds(days).plus(rest))
}

impl Spelled for Name {
    const NAME: &'static str = "Name";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 63})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl Spelled for Address {
    const NAME: &'static str = "Address";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^[a-z0-9.-]+/", "description": "CONNECTION/NAME, as in ingest/gateway-west."})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl Spelled for ResourceId {
    const NAME: &'static str = "ResourceId";
    fn schema() -> Schema {
        json_schema!({"type": "string", "description": "An ARM resource id."})
    }
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::new(text))
    }
}

impl Spelled for Fingerprint {
    const NAME: &'static str = "Fingerprint";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of a key. The key cannot be found from it."})
    }
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text)
            .ok_or_else(|| "a fingerprint has 64 lower-case hexadecimal digits".to_owned())
    }
}

impl Spelled for Slot {
    const NAME: &'static str = "Slot";
    fn schema() -> Schema {
        json_schema!({"type": "string", "enum": ["authKey1", "authKey2"],
            "description": "The first or the second key; at a storage account, `key1` or `key2`."})
    }
    fn spell(&self) -> String {
        self.on_the_wire().to_owned()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::from_the_wire(text).ok_or_else(|| format!("`{text}` is not authKey1 or authKey2"))
    }
}

impl Spelled for Token {
    const NAME: &'static str = "IdempotencyToken";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$",
            "description": "Names one attempt, so that sending it twice starts one run. It opens nothing."})
    }
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text)
            .ok_or_else(|| "a token has 1 to 64 letters, digits and hyphens".to_owned())
    }
}

impl Spelled for VaultName {
    const NAME: &'static str = "VaultName";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^[a-z][a-z0-9-]{1,22}[a-z0-9]$"})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl Spelled for SecretName {
    const NAME: &'static str = "SecretName";
    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9A-Za-z-]{1,127}$"})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl Spelled for RunResult {
    const NAME: &'static str = "RunResult";
    fn schema() -> Schema {
        json_schema!({"type": "string", "description": "The service's word for how a run ended, such as SUCCESS."})
    }
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::parse(text))
    }
}

impl Spelled for PathBuf {
    const NAME: &'static str = "Path";
    fn schema() -> Schema {
        json_schema!({"type": "string", "description": "A path of the machine that made the plan."})
    }
    fn spell(&self) -> String {
        // Manifests are UTF-8, and with them every path in them.
        self.to_string_lossy().into_owned()
    }
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
}
