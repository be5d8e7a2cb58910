//! Which of the two keys of a resource.

/// One of the two keys of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// `authKey1`.
    One,
    /// `authKey2`.
    Two,
}

impl Slot {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// Its name in the ledger and in plan files, whatever its service calls it ([`KeyService::key_name`]).
    ///
    /// [`KeyService::key_name`]: crate::model::key_service::KeyService::key_name
    pub const fn on_the_wire(self) -> &'static str {
        match self {
            Self::One => "authKey1",
            Self::Two => "authKey2",
        }
    }

    /// Reads its name in the ledger and in plan files.
    pub fn from_the_wire(text: &str) -> Option<Self> {
        Self::BOTH
            .into_iter()
            .find(|slot| slot.on_the_wire() == text)
    }

    /// The other one.
    #[must_use]
    pub const fn twin(self) -> Self {
        match self {
            Self::One => Self::Two,
            Self::Two => Self::One,
        }
    }

    /// What is of this key, and what is of the other one.
    pub fn pair<T>(self, own: T, other: T) -> PerSlot<T> {
        let (one, two) = match self {
            Self::One => (own, other),
            Self::Two => (other, own),
        };
        PerSlot { one, two }
    }
}

/// One of something for each key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSlot<T> {
    /// `authKey1`'s.
    pub one: T,
    /// `authKey2`'s.
    pub two: T,
}

impl<T> PerSlot<T> {
    /// Makes one for each.
    pub fn from_fn(mut make: impl FnMut(Slot) -> T) -> Self {
        Self {
            one: make(Slot::One),
            two: make(Slot::Two),
        }
    }

    /// That of `slot`.
    pub const fn get(&self, slot: Slot) -> &T {
        match slot {
            Slot::One => &self.one,
            Slot::Two => &self.two,
        }
    }

    /// That of `slot`, to change.
    pub const fn get_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::One => &mut self.one,
            Slot::Two => &mut self.two,
        }
    }
}
