//! Macros that declare shapes: one declaration gives the type, its reader and its JSON Schema.

/// Declares a mapping with named fields: the struct, its reader, its schema; and what the fields must be to each other,
/// each an `Option` there, since it may not have been understood.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $key:literal $field:ident : $type:ty ),* $(,)? } $(check |$findings:ident| $check:block)?) => {
        #[derive(Clone, Debug, schemars::JsonSchema)]
        $(#[$meta])*
        #[schemars(deny_unknown_fields)]
        pub struct $name { $( $(#[$field_meta])* #[schemars(rename = $key)] pub $field: $type ),* }

        impl $name {
            /// The names of its fields.
            pub const FIELDS: &[&str] = &[$($key),*];
        }

        impl $crate::manifest::shape::spot::Shape for $name {
            fn read(
                spot: $crate::manifest::shape::spot::Spot<'_>,
                findings: &mut $crate::manifest::problem::Findings,
            ) -> Option<Self> {
                let _fields = $crate::manifest::shape::spot::Fields::open(spot, Self::FIELDS, findings)?;
                $( let $field = _fields.take::<$type>($key, findings); )*
                $( let $findings = &mut *findings; $check )?
                Some(Self { $( $field: $field? ),* })
            }
        }
    };
}

/// Declares a mapping with exactly one of several keys: the enum, its reader, its schema.
macro_rules! either {
    ($(#[$meta:meta])* $name:ident { $( $(#[$variant_meta:meta])* $key:literal $variant:ident ( $type:ty ) ),* $(,)? }) => {
        #[derive(Clone, Debug, schemars::JsonSchema)]
        $(#[$meta])*
        pub enum $name { $( $(#[$variant_meta])* #[schemars(rename = $key)] $variant($type) ),* }

        impl $crate::manifest::shape::spot::Shape for $name {
            fn read(
                spot: $crate::manifest::shape::spot::Spot<'_>,
                findings: &mut $crate::manifest::problem::Findings,
            ) -> Option<Self> {
                let spot = $crate::manifest::shape::spot::one_of(spot, &[$($key),*], findings)?;
                match spot.name {
                    $( $key => <$type as $crate::manifest::shape::spot::Shape>::read(spot, findings).map(Self::$variant), )*
                    _ => None,
                }
            }
        }
    };
}

/// Declares one word out of few: a wrapper of a model enum, its reader, its schema.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident ( $model:ty ) { $( $word:literal $value:path = $about:literal ),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $model);

        impl $crate::manifest::shape::spot::Shape for $name {
            fn read(
                spot: $crate::manifest::shape::spot::Spot<'_>,
                findings: &mut $crate::manifest::problem::Findings,
            ) -> Option<Self> {
                let known = [$($word),*];
                match $crate::manifest::shape::leaf::word(spot, &known, findings)? {
                    $( $word => Some(Self($value)), )*
                    _ => None,
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!($($doc),*).trim(),
                    "oneOf": [ $( { "const": $word, "description": $about } ),* ]
                })
            }
        }
    };
}

pub(in crate::manifest) use {either, record, words};
