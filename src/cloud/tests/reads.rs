//! Which fields of a response the client reads, found out from the types themselves: a deserializer that offers every field that a
//! type asks for, and records its name and the expected type.
//!
//! No list is written by hand, since that would only say what its author believes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};

/// The fields that are read, by their place in the body (`value[].name`), and their type.
pub(in crate::cloud) type Fields = BTreeMap<String, &'static str>;

thread_local! {
    /// By what the client calls the request.
    static READ: RefCell<BTreeMap<&'static str, Fields>> = const { RefCell::new(BTreeMap::new()) };
}

/// Called where an answer to a request of this kind is about to be read as a `T`.
pub(in crate::cloud) fn note<T: DeserializeOwned>(kind: &'static str) {
    let mut fields = Fields::new();
    let probe = Probe {
        at: String::new(),
        fields: &mut fields,
    };
    // A type may refuse what it is offered; what it has asked for is written down by then.
    let _ = T::deserialize(probe);
    READ.with_borrow_mut(|read| read.entry(kind).or_default().extend(fields));
}

/// Everything that was noted on this thread.
pub(super) fn all() -> BTreeMap<&'static str, Fields> {
    READ.with_borrow(Clone::clone)
}

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Probe<'a> {
    at: String,
    fields: &'a mut Fields,
}

impl Probe<'_> {
    fn found(self, what: &'static str) {
        if !self.is_too_deep() {
            self.fields.insert(self.at, what);
        }
    }

    /// A type that holds itself (a run has tasks that are runs) is looked into once.
    fn is_too_deep(&self) -> bool {
        self.at.matches("tasks[]").count() > 1
    }
}

/// What a visitor of anything says that it expects.
fn expected<'de>(visitor: &impl Visitor<'de>) -> String {
    format!("{}", visitor as &dyn Expected)
}

macro_rules! plain {
    ($($method:ident $what:literal $visit:ident($($value:expr)?)),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.found($what);
            visitor.$visit($($value)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Refused;

    plain! {
        deserialize_bool "true or false" visit_bool(true),
        deserialize_i8 "a number" visit_i64(1),
        deserialize_i16 "a number" visit_i64(1),
        deserialize_i32 "a number" visit_i64(1),
        deserialize_i64 "a number" visit_i64(1),
        deserialize_u8 "a number" visit_u64(1),
        deserialize_u16 "a number" visit_u64(1),
        deserialize_u32 "a number" visit_u64(1),
        deserialize_u64 "a number" visit_u64(1),
        deserialize_f32 "a number" visit_f64(1.0),
        deserialize_f64 "a number" visit_f64(1.0),
        deserialize_char "text" visit_str("x"),
        deserialize_str "text" visit_str("x"),
        deserialize_string "text" visit_str("x"),
        deserialize_bytes "text" visit_str("x"),
        deserialize_byte_buf "text" visit_str("x"),
        deserialize_unit "nothing" visit_unit(),
    }

    /// It has to be told what is wanted, as formats that do not describe themselves.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let wanted = expected(&visitor);
        if wanted.contains("number") {
            self.found("a number");
            visitor.visit_i64(1)
        } else {
            self.found("anything");
            visitor.visit_unit()
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.is_too_deep() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let at = format!("{}[]", self.at);
        self.fields.insert(self.at, "a list");
        visitor.visit_seq(One {
            at: Some(at),
            fields: self.fields,
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_struct("", &["*"], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if !self.at.is_empty() {
            self.fields.insert(self.at.clone(), "an object");
        }
        visitor.visit_map(Object {
            at: self.at,
            names: names.iter(),
            name: "",
            fields: self.fields,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Refused> {
        panic!(
            "{}: a closed enum in an answer: the service may add words",
            self.at
        );
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str("x")
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 }
}

struct One<'a> {
    at: Option<String>,
    fields: &'a mut Fields,
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        let Some(at) = self.at.take() else {
            return Ok(None);
        };
        let probe = Probe {
            at,
            fields: self.fields,
        };
        seed.deserialize(probe).map(Some)
    }
}

struct Object<'a> {
    at: String,
    names: std::slice::Iter<'static, &'static str>,
    name: &'static str,
    fields: &'a mut Fields,
}

impl<'de> MapAccess<'de> for Object<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        let Some(name) = self.names.next() else {
            return Ok(None);
        };
        self.name = name;
        seed.deserialize((*name).into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let at = if self.at.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.at, self.name)
        };
        seed.deserialize(Probe {
            at,
            fields: self.fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "its type is what matters")]
        id: Option<i64>,
        #[expect(dead_code, reason = "its type is what matters")]
        tasks: Option<Vec<Body>>,
        #[expect(dead_code, reason = "its type is what matters")]
        words: Option<BTreeMap<String, String>>,
    }

    #[test]
    fn the_types_tell_what_they_read() {
        note::<Body>("test");
        let seen: Vec<(String, &str)> = all().remove("test").unwrap().into_iter().collect();
        let seen: Vec<(&str, &str)> = seen.iter().map(|(at, what)| (at.as_str(), *what)).collect();
        assert_eq!(
            seen,
            [
                ("id", "a number"),
                ("tasks", "a list"),
                ("tasks[]", "an object"),
                ("tasks[].id", "a number"),
                ("tasks[].tasks", "a list"),
                ("tasks[].tasks[]", "an object"),
                ("tasks[].words", "an object"),
                ("tasks[].words.*", "text"),
                ("words", "an object"),
                ("words.*", "text"),
            ]
        );
    }
}
