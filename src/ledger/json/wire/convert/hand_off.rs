//! Where keys go, and what people say of that.

use super::super::{DestinationLine, HandOffLine, Instant, SlotLine};
use super::{address, fingerprint, identity, subject};
use crate::ledger::event::HandOffConfirmation;
use crate::model::hand_off::Destination;
use crate::model::vault::{SecretName, VaultName};

impl DestinationLine {
    pub(super) fn of(to: Destination) -> Self {
        match to {
            Destination::Vault { vault, secret } => Self::KeyVault {
                vault: vault.to_string(),
                secret: secret.to_string(),
            },
            Destination::Command { argv } => Self::Command(argv),
            Destination::Person { what } => Self::Confirm(what),
        }
    }

    pub(super) fn destination(self) -> Result<Destination, String> {
        Ok(match self {
            Self::KeyVault { vault, secret } => Destination::Vault {
                vault: VaultName::parse(&vault)?,
                secret: SecretName::parse(&secret)?,
            },
            Self::Command(argv) => Destination::Command { argv },
            Self::Confirm(what) => Destination::Person { what },
        })
    }
}

impl HandOffLine<'_> {
    pub(super) fn of(said: HandOffConfirmation) -> Self {
        Self {
            identity: identity(&said.subject),
            address: address(&said.subject),
            to: DestinationLine::of(said.to),
            slot: SlotLine::of(said.slot),
            fingerprint: said.fingerprint.as_str().to_owned(),
            at: Instant(said.at),
            by: said.by,
            reason: said.reason,
        }
    }

    pub(in super::super) fn confirmation(self) -> Result<HandOffConfirmation, String> {
        Ok(HandOffConfirmation {
            subject: subject(&self.identity, &self.address)?,
            to: self.to.destination()?,
            slot: self.slot.slot(),
            fingerprint: fingerprint(&self.fingerprint)?,
            at: self.at.0,
            by: self.by,
            reason: self.reason,
        })
    }
}
