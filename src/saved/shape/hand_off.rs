//! Where keys are handed over, as the file spells it.

use super::text::Text;
use super::trouble::Trouble;
use super::words::{self, Fingerprint, SecretName, Slot, Span, Timestamp, VaultName};
use crate::saved::mirror::{Absent, Mirror, mirror};

mirror! {
    /// One entry of a rule's `handOff`.
    enum HandOff {
        #[serde(rename = "keyVault")]
        Vault { vault: Text<VaultName>, secret: String, #[serde(default)] adopt: bool },
        Command { argv: Vec<String>, timeout: Text<Span> },
        #[serde(rename = "confirm")]
        Person { what: String },
    }
}

/// The key that a rule always hands over; left out: the one that was made last.
#[derive(Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(in crate::saved) struct Serves(Option<Text<Slot>>);

impl Absent for Serves {
    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl Mirror<words::Serves> for Serves {
    fn of(model: &words::Serves) -> Self {
        Self(match model {
            words::Serves::Newest => None,
            words::Serves::Key(slot) => Some(Text(*slot)),
        })
    }
    fn back(self) -> words::Serves {
        match self.0 {
            None => words::Serves::Newest,
            Some(Text(slot)) => words::Serves::Key(slot),
        }
    }
}

mirror! {
    /// Where a key of one resource goes.
    enum Destination {
        #[serde(rename = "keyVault")]
        Vault { vault: Text<VaultName>, secret: Text<SecretName> },
        Command { argv: Vec<String> },
        #[serde(rename = "confirm")]
        Person { what: String },
    }
}

mirror! {
    /// How one hand-off stands.
    struct HandOffFacts {
        to: Destination,
        slot: Text<Slot>,
        key: Option<Text<Fingerprint>>,
        state: HandOffState,
        /// The other key is not regenerated before this is done.
        #[serde(default)]
        blocks: bool,
    }
}

mirror! {
    /// How a hand-off stands.
    enum HandOffState {
        Done {
            since: Option<Text<Timestamp>>,
            until: Option<Text<Timestamp>>,
            #[serde(default)]
            is_seen: bool,
        },
        Due(gap: Gap),
        Waits { since: Text<Timestamp> },
        Blocked(why: Obstacle),
        Unknown,
        NotOwed,
    }
}

mirror! {
    /// Why a key is to be handed over.
    enum Gap { Never, Another, Missing, Disabled, Expired { at: Text<Timestamp> } }
}

mirror! {
    /// What is missing where.
    struct HandOffGap { to: Destination, gap: Gap }
}

mirror! {
    /// Why a key cannot be handed over.
    enum Obstacle {
        NotOurs,
        Deleted { purged: Option<Text<Timestamp>> },
        Unread(trouble: Trouble),
        CommandsOff,
        Unfit(why: String),
    }
}

mirror! {
    /// Why a hand-off waits for a person.
    enum HandOffStop { Person { since: Text<Timestamp> }, Obstacle(obstacle: Obstacle) }
}
