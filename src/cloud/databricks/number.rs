//! Whole numbers as services write them: as numbers, or as text where they follow protobuf's JSON.
//!
//! Refuses: fractions, and text that is no number.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// Reads a number that may be absent, null or text.
pub(super) fn whole<'de, T: TryFrom<i64>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    from.deserialize_option(Perhaps(PhantomData))
}

struct Perhaps<T>(PhantomData<T>);

impl<'de, T: TryFrom<i64>> Visitor<'de> for Perhaps<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or nothing")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(Whole(PhantomData)).map(Some)
    }
}

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::custom("a whole number out of range"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let number = i64::try_from(number).map_err(E::custom)?;
        self.visit_i64(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let number = text.parse::<i64>().map_err(E::custom)?;
        self.visit_i64(number)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "super::whole")]
        id: Option<i64>,
        #[serde(default, deserialize_with = "super::whole")]
        most: Option<u32>,
    }

    fn read(body: Value) -> Option<(Option<i64>, Option<u32>)> {
        let body: Body = serde_json::from_value(body).ok()?;
        Some((body.id, body.most))
    }

    #[test]
    fn numbers_and_text_are_read_and_nothing_is_made_up() {
        let most = i64::MAX.to_string();
        assert_eq!(
            read(json!({"id": most, "most": 3})),
            Some((Some(i64::MAX), Some(3)))
        );
        assert_eq!(read(json!({"id": 7, "most": null})), Some((Some(7), None)));
        assert_eq!(read(json!({})), Some((None, None)));
        for wrong in [
            json!({"id": 1.5}),
            json!({"id": "1.5"}),
            json!({"id": ""}),
            json!({"id": u64::MAX}),
            json!({"most": -1}),
            json!({"most": true}),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
