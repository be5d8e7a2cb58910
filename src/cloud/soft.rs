//! Reads optional fields of a response without insisting on their type: a number for text, text for a number, null, a list for an object.
//!
//! What cannot be read counts as absent; `docs/servers.md` says what follows from that.
//! Do not use it for what decides whether a response is complete (page tokens, lists of a page), nor for secrets, which it would copy.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// A text, or a number or truth value as text. Anything else is none.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    leaf(from, Text)
}

/// A whole number, or text that is one. Anything else is none.
pub(super) fn whole<'de, T: TryFrom<i64>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    from.deserialize_option(Perhaps(Whole(PhantomData)))
}

/// An object. Null is none; of anything else nothing is known but that it is there.
pub(super) fn part<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::<Soft<T>>::deserialize(from).map(|part| part.map(|Soft(part)| part))
}

/// A list whose entries are as in [`part`]. Anything else is an empty one.
pub(super) fn list<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let all = Option::<Soft<Vec<Soft<T>>>>::deserialize(from)?;
    let all = all.map(|Soft(all)| all).unwrap_or_default();
    Ok(all.into_iter().map(|Soft(one)| one).collect())
}

/// Something that is read as what it should be, or as an empty one of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Soft<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Soft<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(Softly(from)).map(Soft)
    }
}

/// A text by itself, as an entry of a list or of a map.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(pub Option<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from).map(Self)
    }
}

fn leaf<'de, V: Visitor<'de>, D: Deserializer<'de>>(
    from: D,
    visitor: V,
) -> Result<V::Value, D::Error> {
    // What does not describe itself has to be told what is wanted.
    if from.is_human_readable() {
        from.deserialize_any(visitor)
    } else {
        from.deserialize_str(visitor)
    }
}

struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or nothing")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Some(yes.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map).map(|()| None)
    }
}

/// Null or absent, else as the visitor has it.
struct Perhaps<V>(V);

impl<'de, T, V: Visitor<'de, Value = Option<T>>> Visitor<'de> for Perhaps<V> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self.0)
    }
}

struct Whole<T>(PhantomData<T>);

impl<'de, T: TryFrom<i64>> Visitor<'de> for Whole<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or nothing")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::try_from(number).ok())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).ok().and_then(|n| T::try_from(n).ok()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // `7.0` is how some serializers write 7. Beyond 2^53 a fraction has lost digits already.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        let is_whole = number.fract() == 0.0 && number.abs() < EXACT_MAX;
        let digits = is_whole.then(|| format!("{number:.0}"));
        Ok(digits.and_then(|digits| parsed(&digits)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(parsed(text.trim()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map).map(|()| None)
    }
}

fn parsed<T: TryFrom<i64>>(digits: &str) -> Option<T> {
    let number: i64 = digits.parse().ok()?;
    T::try_from(number).ok()
}

fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A source that gives an empty object or list where another thing stands.
struct Softly<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Softly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if self.0.is_human_readable() {
            self.0.deserialize_any(Object(visitor))
        } else {
            self.0.deserialize_struct(name, fields, visitor)
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if self.0.is_human_readable() {
            self.0.deserialize_any(Object(visitor))
        } else {
            self.0.deserialize_map(visitor)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if self.0.is_human_readable() {
            self.0.deserialize_any(Array(visitor))
        } else {
            self.0.deserialize_seq(visitor)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct
        enum identifier ignored_any
    }
}

/// A scalar in the place of an object or a list: the visitor sees an empty one.
macro_rules! scalar_is_nothing {
    () => {
        fn visit_str<E: Error>(self, _: &str) -> Result<V::Value, E> {
            self.nothing()
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<V::Value, E> {
            self.nothing()
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<V::Value, E> {
            self.nothing()
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<V::Value, E> {
            self.nothing()
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<V::Value, E> {
            self.nothing()
        }

        fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
            self.nothing()
        }
    };
}

/// Lets its visitor see an object, or an empty one.
struct Object<V>(V);

impl<'de, V: Visitor<'de>> Object<V> {
    fn nothing<E: Error>(self) -> Result<V::Value, E> {
        let none = std::iter::empty::<(&str, ())>();
        self.0.visit_map(MapDeserializer::new(none))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        drain_seq(seq)?;
        self.nothing()
    }

    scalar_is_nothing!();
}

/// Lets its visitor see a list, or an empty one.
struct Array<V>(V);

impl<'de, V: Visitor<'de>> Array<V> {
    fn nothing<E: Error>(self) -> Result<V::Value, E> {
        let none = std::iter::empty::<()>();
        self.0.visit_seq(SeqDeserializer::new(none))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Array<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        drain_map(map)?;
        self.nothing()
    }

    scalar_is_nothing!();
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize, PartialEq)]
    struct Body {
        #[serde(default, deserialize_with = "super::whole")]
        id: Option<i64>,
        #[serde(default, deserialize_with = "super::whole")]
        most: Option<u32>,
        #[serde(default, deserialize_with = "super::text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "super::part")]
        part: Option<Part>,
        #[serde(default, deserialize_with = "super::list")]
        all: Vec<Part>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Part {
        #[serde(default, deserialize_with = "super::text")]
        word: Option<String>,
    }

    fn read(body: &Value) -> Body {
        serde_json::from_str(&body.to_string()).unwrap()
    }

    #[test]
    fn numbers_are_read_as_numbers_or_text_and_nothing_is_made_up() {
        let id = |value: &Value| read(&json!({"id": value})).id;
        assert_eq!(id(&json!(i64::MAX.to_string())), Some(i64::MAX));
        assert_eq!(id(&json!(7)), Some(7));
        assert_eq!(id(&json!(7.0)), Some(7));
        assert_eq!(id(&json!(" 7 ")), Some(7));
        for wrong in [
            json!(1.5),
            json!("1.5"),
            json!(""),
            json!(u64::MAX),
            json!(null),
            json!(true),
            json!([7]),
            json!({"a": 7}),
            json!(1e300),
        ] {
            assert_eq!(id(&wrong), None, "{wrong}");
        }
        assert_eq!(read(&json!({"most": -1})).most, None);
    }

    #[test]
    fn a_text_of_another_type_is_its_words_or_none() {
        let name = |value: &Value| read(&json!({"name": value})).name;
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(name(&json!("n")), said("n"));
        assert_eq!(name(&json!(2024)), said("2024"));
        assert_eq!(name(&json!(true)), said("true"));
        for none in [json!(null), json!(["n"]), json!({"n": [1, {"m": 2}]})] {
            assert_eq!(name(&none), None, "{none}");
        }
    }

    #[test]
    fn what_stands_around_what_cannot_be_read_is_read() {
        let word = |word: &str| Part {
            word: Some(word.to_owned()),
        };
        for odd in [
            json!("x"),
            json!(1),
            json!(-1),
            json!(0.5),
            json!(true),
            json!([[1], {"a": 2}]),
        ] {
            let body = read(&json!({"part": odd, "all": odd, "name": "n"}));
            assert_eq!(body.part, Some(Part::default()), "{odd}");
            assert_eq!(body.name.as_deref(), Some("n"), "{odd}");
        }
        let nothing = read(&json!({"part": null, "all": null}));
        assert_eq!((nothing.part, nothing.all), (None, Vec::new()));
        let mixed = read(&json!({"part": {"word": "a"}, "all": [{"word": "b"}, null, 3]}));
        assert_eq!(mixed.part, Some(word("a")));
        assert_eq!(mixed.all, [word("b"), Part::default(), Part::default()]);
    }
}
