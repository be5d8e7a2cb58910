//! A shelf with one entry, stored as that alone.

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shelf::Shelf;

pub(crate) fn serialize<T: Serialize, S: Serializer>(
    shelf: &Shelf<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match shelf.first() {
        Some(entry) => entry.serialize(to),
        None => Err(S::Error::custom("the shelf is empty")),
    }
}

pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Shelf<T>, D::Error> {
    T::deserialize(from).map(|entry| Shelf::from(vec![entry]))
}
