//! How a shape of the file mirrors a type of the model: the same name and the same fields, with serde's rules on one side only.
//!
//! Converting back to the model cannot fail. Whatever can be wrong with a text is found while it is parsed, where line and column are known.

use std::collections::BTreeMap;

use crate::model::job::{JobId, RunId};

/// The shape of a `Model` in the file.
pub(super) trait Mirror<Model>: Sized {
    /// To the file.
    fn of(model: &Model) -> Self;
    /// Back from it.
    fn back(self) -> Model;
}

/// Whether a value of the file says nothing, so that its field is left out.
pub(super) trait Absent {
    /// Nothing is lost if it is not written.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Declares a struct or an enum that has the name, fields and variants of the model's, and the two ways between them.
///
/// What stands after `beside` is in the model alone: the file has it once, or by a reference, and it is handed to `back`. What stands after
/// `written` is in the file alone: it is filled in beside the mirror.
///
/// A newtype variant names its field, so that the macro has a name to bind: `Trouble(trouble: Trouble)`.
macro_rules! mirror {
    ($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $shape:ty),* $(,)? }) => {
        $crate::saved::mirror::shape! { $(#[$meta])* $name { $($(#[$field_meta])* $field: $shape),* } {} }

        impl $crate::saved::mirror::Mirror<words::$name> for $name {
            fn of(model: &words::$name) -> Self {
                Self { $($field: $crate::saved::mirror::Mirror::of(&model.$field)),* }
            }
            fn back(self) -> words::$name {
                words::$name { $($field: self.$field.back()),* }
            }
        }
    };
    ($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $shape:ty),* $(,)? }
     beside { $($beside:ident: $beside_type:ty),* $(,)? }
     written { $($(#[$written_meta:meta])* $written:ident: $written_shape:ty),* $(,)? }) => {
        $crate::saved::mirror::shape! {
            $(#[$meta])* $name { $($(#[$field_meta])* $field: $shape),* }
            { $($(#[$written_meta])* $written: $written_shape),* }
        }

        impl $name {
            pub(in crate::saved) fn of(model: &words::$name $(, $written: $written_shape)*) -> Self {
                Self { $($field: $crate::saved::mirror::Mirror::of(&model.$field),)* $($written),* }
            }
            pub(in crate::saved) fn back(self $(, $beside: $beside_type)*) -> words::$name {
                use $crate::saved::mirror::Mirror as _;
                words::$name { $($field: self.$field.back(),)* $($beside),* }
            }
        }
    };
    ($(#[$meta:meta])* enum $name:ident { $(
        $(#[$variant_meta:meta])*
        $variant:ident $(($inner:ident: $inner_shape:ty))? $({ $($(#[$field_meta:meta])* $field:ident: $shape:ty),* $(,)? })?
    ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
        pub(in crate::saved) enum $name { $(
            $(#[$variant_meta])*
            $variant $(($inner_shape))? $({ $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "crate::saved::mirror::Absent::is_absent")]
                $field: $shape
            ),* })?
        ),* }

        impl $crate::saved::mirror::Absent for $name {}

        impl $crate::saved::mirror::Mirror<words::$name> for $name {
            fn of(model: &words::$name) -> Self {
                match model { $(
                    words::$name::$variant $(($inner))? $({ $($field),* })? =>
                        Self::$variant $(($crate::saved::mirror::Mirror::of($inner)))?
                            $({ $($field: $crate::saved::mirror::Mirror::of($field)),* })?
                ),* }
            }
            fn back(self) -> words::$name {
                match self { $(
                    Self::$variant $(($inner))? $({ $($field),* })? =>
                        words::$name::$variant $(($inner.back()))? $({ $($field: $field.back()),* })?
                ),* }
            }
        }
    };
}
pub(super) use mirror;

/// Declares a struct of the file: without the fields that say nothing, and closed to fields that it does not know.
macro_rules! shape {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $shape:ty),* $(,)? }
     { $($(#[$more_meta:meta])* $more:ident: $more_shape:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(in crate::saved) struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "crate::saved::mirror::Absent::is_absent")]
                pub(in crate::saved) $field: $shape,
            )*
            $(
                $(#[$more_meta])*
                #[serde(skip_serializing_if = "crate::saved::mirror::Absent::is_absent")]
                pub(in crate::saved) $more: $more_shape,
            )*
        }

        impl $crate::saved::mirror::Absent for $name {}
    };
}
pub(super) use shape;

macro_rules! itself {
    ($($plain:ty),*) => { $(
        impl Mirror<$plain> for $plain {
            fn of(model: &$plain) -> Self { model.clone() }
            fn back(self) -> $plain { self }
        }
    )* };
}
itself!(String, bool, u32, u64, usize);

macro_rules! number {
    ($($id:ty),*) => { $(
        impl Mirror<$id> for i64 {
            fn of(id: &$id) -> Self { id.0 }
            fn back(self) -> $id { self.into() }
        }
    )* };
}
number!(JobId, RunId);

macro_rules! never_absent {
    ($($plain:ty),*) => { $(impl Absent for $plain {})* };
}
never_absent!(String, u32, u64, i64, usize);

impl Absent for bool {
    fn is_absent(&self) -> bool {
        !self
    }
}

impl<S> Absent for Option<S> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// A shape that is left out where the model has its default.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(super) struct OrDefault<S>(Option<S>);

impl<S> Default for OrDefault<S> {
    fn default() -> Self {
        Self(None)
    }
}

impl<S> Absent for OrDefault<S> {
    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<M: Default + PartialEq, S: Mirror<M>> Mirror<M> for OrDefault<S> {
    fn of(model: &M) -> Self {
        Self((*model != M::default()).then(|| S::of(model)))
    }
    fn back(self) -> M {
        self.0.map(S::back).unwrap_or_default()
    }
}

impl<S> Absent for Vec<S> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<S> Absent for Box<S> {}

impl<K, S> Absent for BTreeMap<K, S> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<M, S: Mirror<M>> Mirror<Option<M>> for Option<S> {
    fn of(model: &Option<M>) -> Self {
        model.as_ref().map(S::of)
    }
    fn back(self) -> Option<M> {
        self.map(S::back)
    }
}

impl<M, S: Mirror<M>> Mirror<Vec<M>> for Vec<S> {
    fn of(model: &Vec<M>) -> Self {
        model.iter().map(S::of).collect()
    }
    fn back(self) -> Vec<M> {
        self.into_iter().map(S::back).collect()
    }
}

impl<M, S: Mirror<M>> Mirror<Box<M>> for Box<S> {
    fn of(model: &Box<M>) -> Self {
        Self::new(S::of(model))
    }
    fn back(self) -> Box<M> {
        Box::new((*self).back())
    }
}

impl<K: Ord, V, KeyShape: Mirror<K> + Ord, Shape: Mirror<V>> Mirror<BTreeMap<K, V>>
    for BTreeMap<KeyShape, Shape>
{
    fn of(model: &BTreeMap<K, V>) -> Self {
        let pair = |(key, value)| (KeyShape::of(key), Shape::of(value));
        model.iter().map(pair).collect()
    }
    fn back(self) -> BTreeMap<K, V> {
        let pair = |(key, value): (KeyShape, Shape)| (key.back(), value.back());
        self.into_iter().map(pair).collect()
    }
}
