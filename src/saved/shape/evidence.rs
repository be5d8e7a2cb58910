//! What is said of a key, and of both keys alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Text;
use super::words::{self, Span, Timestamp};
use crate::saved::mirror::{Absent, Mirror, mirror};

mirror! {
    /// One piece of evidence about a key.
    enum Evidence {
        Rotated { sent: Text<Timestamp>, answered: Text<Timestamp> },
        Changed { after: Text<Timestamp>, by: Text<Timestamp> },
        FirstSeen { at: Text<Timestamp> },
        Told { at: Text<Timestamp> },
        KnownBefore { earliest: Option<Text<Timestamp>>, latest: Text<Timestamp>, seen: Text<Timestamp> },
        RuntimeCreated { at: Text<Timestamp> },
        LogSilent { since: Text<Timestamp>, until: Text<Timestamp> },
        LogEvents { known: Option<Text<Timestamp>>, newest: Text<Timestamp>, until: Text<Timestamp> },
        Declared { at: Text<Timestamp> },
    }
}

mirror! {
    /// An age as far as it is known.
    struct AgeRange { at_least: Text<Span>, at_most: Option<Text<Span>> }
}

/// One of something for each key: `authKey1` is the first, at a storage account `key1`.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::saved) struct PerSlot<S> {
    #[serde(rename = "authKey1")]
    pub(in crate::saved) one: S,
    #[serde(rename = "authKey2")]
    pub(in crate::saved) two: S,
}

impl<S: Absent> Absent for PerSlot<S> {
    fn is_absent(&self) -> bool {
        self.one.is_absent() && self.two.is_absent()
    }
}

impl<M, S: Mirror<M>> Mirror<words::PerSlot<M>> for PerSlot<S> {
    fn of(model: &words::PerSlot<M>) -> Self {
        Self {
            one: S::of(&model.one),
            two: S::of(&model.two),
        }
    }
    fn back(self) -> words::PerSlot<M> {
        words::PerSlot {
            one: self.one.back(),
            two: self.two.back(),
        }
    }
}
