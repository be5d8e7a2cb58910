//! A request that the service refused, remembered for the next plan.
//!
//! A refusal is not a hold. The right may have been granted since, and only trying tells: read rights do not show who may regenerate. So
//! the next apply tries again. Until then the plan reports the refusal, and needs attention where only a person can end it.

use super::super::time::Timestamp;
use super::action::Action;

/// What the service said to the last request of this kind on the subject, with none done since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When that was written down.
    pub at: Timestamp,
    /// In the words a person needs: `cannot regenerate authKey1 of gateway-west: …`.
    pub why: String,
    /// A right or a sign-in is missing: only a person can end that.
    pub is_access: bool,
}

impl Refusal {
    /// Does it tell of `act`, if `refused` is what it refused? A right is missing for all of one kind; anything else was said of one key or one
    /// run.
    pub fn is_about(&self, refused: &Action, act: &Action) -> bool {
        refused.is_same(act) || self.is_access && refused.is_alike(act)
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::Presumed;
    use super::*;
    use crate::model::job::RunId;
    use crate::model::runtime::Slot;

    #[test]
    fn a_refusal_is_of_one_key_or_run_and_a_missing_right_of_all() {
        let key = |slot| Action::Regenerate {
            slot,
            replacing: Presumed::Unseen,
            beside: Presumed::Unseen,
        };
        let cancel = |run| Action::Cancel { run };
        for (refused, act, is_same) in [
            (key(Slot::One), key(Slot::One), true),
            (key(Slot::One), key(Slot::Two), false),
            (cancel(RunId(5)), cancel(RunId(5)), true),
            (cancel(RunId(5)), cancel(RunId(6)), false),
        ] {
            for is_access in [false, true] {
                let refusal = Refusal {
                    at: Timestamp::UNIX_EPOCH,
                    why: String::new(),
                    is_access,
                };
                let told = refusal.is_about(&refused, &act);
                assert_eq!(told, is_same || is_access, "{refused:?} {act:?}");
            }
        }
        let refusal = Refusal {
            at: Timestamp::UNIX_EPOCH,
            why: String::new(),
            is_access: true,
        };
        assert!(!refusal.is_about(&cancel(RunId(5)), &key(Slot::One)));
    }
}
