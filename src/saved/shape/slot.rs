//! What is known of the two keys, with the evidence.
//!
//! Most of the evidence is about both keys, and most ages are what the bounds say at the time of the plan: neither is written twice.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::evidence::{AgeRange, Evidence, PerSlot};
use super::text::Text;
use super::words::{self, Fingerprint, Timestamp};
use crate::saved::mirror::{Absent, Mirror, shape};

shape! {
    /// What is known of one key.
    #[derive(Default)]
    SlotFacts {
        fingerprint: Option<Text<Fingerprint>>,
        birth: Birth,
        /// Its age at the time of the plan; left out: what `birth` says at that time.
        age: Option<AgeRange>,
        due_at: Option<Text<Timestamp>>,
        limit_at: Option<Text<Timestamp>>,
    } {}
}

shape! {
    /// When a key was made, as far as the evidence goes.
    #[derive(Default)]
    Birth {
        /// Exactly then. It stands in the place of both bounds.
        at: Option<Text<Timestamp>>,
        /// Not before this.
        earliest: Option<Text<Timestamp>>,
        /// Not after this.
        latest: Option<Text<Timestamp>>,
        #[serde(default)]
        evidence: Vec<Piece>,
    } {}
}

/// A piece of evidence of its own, or the number of the first key's piece that says the same of this key.
pub(in crate::saved) enum Piece {
    Own(Evidence),
    SameAs(u32),
}

impl SlotFacts {
    fn of(model: &words::SlotFacts, evidence: Vec<Piece>, at: Timestamp) -> Self {
        let words::Birth {
            earliest, latest, ..
        } = model.birth;
        let exact = earliest.filter(|_| earliest == latest);
        let bound = |bound: Option<Timestamp>| bound.filter(|_| exact.is_none()).map(Text);
        let age = Some(model.age).filter(|age| *age != model.birth.age(at));
        Self {
            fingerprint: Mirror::of(&model.fingerprint),
            birth: Birth {
                at: exact.map(Text),
                earliest: bound(earliest),
                latest: bound(latest),
                evidence,
            },
            age: Mirror::of(&age),
            due_at: Mirror::of(&model.due_at),
            limit_at: Mirror::of(&model.limit_at),
        }
    }

    fn back(self, evidence: Vec<words::Evidence>, at: Timestamp) -> words::SlotFacts {
        let exact = self.birth.at.back();
        let birth = words::Birth {
            earliest: exact.or(self.birth.earliest.back()),
            latest: exact.or(self.birth.latest.back()),
            evidence,
        };
        words::SlotFacts {
            fingerprint: self.fingerprint.back(),
            age: self.age.back().unwrap_or_else(|| birth.age(at)),
            due_at: self.due_at.back(),
            limit_at: self.limit_at.back(),
            birth,
        }
    }
}

impl PerSlot<SlotFacts> {
    /// Those of a plan that was decided for `at`.
    pub(in crate::saved) fn of_keys(
        model: &words::PerSlot<words::SlotFacts>,
        at: Timestamp,
    ) -> Self {
        let first = &model.one.birth.evidence;
        let own = |piece: &words::Evidence| Piece::Own(Evidence::of(piece));
        let same = |piece: &words::Evidence| {
            let place = first.iter().position(|other| other == piece)?;
            u32::try_from(place).ok().map(Piece::SameAs)
        };
        let second = model.two.birth.evidence.iter();
        let second = second.map(|piece| same(piece).unwrap_or_else(|| own(piece)));
        Self {
            one: SlotFacts::of(&model.one, first.iter().map(own).collect(), at),
            two: SlotFacts::of(&model.two, second.collect(), at),
        }
    }

    /// Back from the file. What is not right is said with its place below the keys.
    pub(in crate::saved) fn back(
        mut self,
        at: Timestamp,
    ) -> Result<words::PerSlot<words::SlotFacts>, (String, String)> {
        let first = pieces(&mut self.one, &[], "authKey1")?;
        let second = pieces(&mut self.two, &first, "authKey2")?;
        Ok(words::PerSlot {
            one: self.one.back(first, at),
            two: self.two.back(second, at),
        })
    }
}

fn pieces(
    slot: &mut SlotFacts,
    first: &[words::Evidence],
    key: &str,
) -> Result<Vec<words::Evidence>, (String, String)> {
    let piece = |(index, piece): (usize, Piece)| match piece {
        Piece::Own(evidence) => Ok(evidence.back()),
        Piece::SameAs(number) => {
            let other = usize::try_from(number).ok().and_then(|at| first.get(at));
            other.copied().ok_or_else(|| {
                let why =
                    format!("authKey1 has no piece of evidence {number} that it could repeat");
                (format!("{key}.birth.evidence[{index}]"), why)
            })
        }
    };
    let all = std::mem::take(&mut slot.birth.evidence);
    all.into_iter().enumerate().map(piece).collect()
}

impl Absent for Piece {}

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own(evidence) => evidence.serialize(serializer),
            Self::SameAs(number) => serializer.serialize_u32(*number),
        }
    }
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Piece;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a piece of evidence, or the number of one of the first key's")
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Piece, E> {
        let number = u32::try_from(number).map_err(|_| E::custom("no key has so many"))?;
        Ok(Piece::SameAs(number))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Piece, A::Error> {
        Evidence::deserialize(MapAccessDeserializer::new(map)).map(Piece::Own)
    }
}

impl JsonSchema for Piece {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Piece".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A piece of evidence; or, of the second key, the number of the first key's piece that says the same, counted from 0.",
            "anyOf": [generator.subschema_for::<Evidence>(), {"type": "integer", "minimum": 0}],
        })
    }
}
