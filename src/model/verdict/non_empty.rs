//! Lists with at least one item.

/// At least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonEmpty<T> {
    /// The first.
    pub first: T,
    /// The others, in order.
    pub rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// Just one.
    pub const fn one(first: T) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }

    /// All of them, or nothing of nothing.
    pub fn from_vec(mut items: Vec<T>) -> Option<Self> {
        if items.is_empty() {
            return None;
        }
        let first = items.remove(0);
        Some(Self { first, rest: items })
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}
