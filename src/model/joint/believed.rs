//! Which facts give way where they contradict each other: the weakest first.

use super::correction::Correction;
use crate::model::runtime::Slot;
use crate::model::timeline::Timeline;

/// Which of the weaker facts are believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Believed {
    pub(super) declared: [bool; 2],
    pub(super) silence: [bool; 2],
}

impl Believed {
    pub(super) const ALL: Self = Self::but([true; 2], [true; 2]);
    pub(super) const LOOKS: Self = Self::but([false; 2], [false; 2]);
    /// From everything down to what looks and events say. Those of one rank are equally good.
    pub(super) const RANKS: [&'static [Self]; 5] = [
        &[Self::ALL],
        &[
            Self::but([false, true], [true; 2]),
            Self::but([true, false], [true; 2]),
        ],
        &[Self::but([false; 2], [true; 2])],
        &[
            Self::but([false; 2], [false, true]),
            Self::but([false; 2], [true, false]),
        ],
        &[Self::LOOKS],
    ];

    const fn but(declared: [bool; 2], silence: [bool; 2]) -> Self {
        Self { declared, silence }
    }

    pub(super) const fn of(pair: [bool; 2], slot: Slot) -> bool {
        match slot {
            Slot::One => pair[0],
            Slot::Two => pair[1],
        }
    }

    pub(super) fn corrections(self, timeline: &Timeline) -> impl Iterator<Item = Correction> {
        let declared = move |slot: Slot| {
            let said = timeline.slots.get(slot).declared;
            let said = said.filter(|_| !Self::of(self.declared, slot))?;
            Some(Correction::Declared {
                slot,
                born: said.born,
            })
        };
        let silence = move |slot: Slot| {
            (!Self::of(self.silence, slot)).then_some(Correction::Silence { slot })
        };
        let both = |slot| [declared(slot), silence(slot)];
        Slot::BOTH.map(both).into_iter().flatten().flatten()
    }
}
