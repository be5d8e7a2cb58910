//! Why there is no yes, and what to do about it.

use std::fmt;

use super::ask::Ask;

/// Why there is no yes, for people: what is asked, and what to allow where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was asked for.
    pub ask: Ask,
    /// What is lacking.
    pub lack: Lack,
}

/// What is lacking for a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A policy, or a person.
    Leave,
    /// `--allow-loopback`.
    LoopbackFlag,
    /// Loopback is allowed, but not beside hosts that are none.
    OnlyLoopback,
}

impl Denied {
    /// What is lacking, and how it is given, in one line.
    pub fn advice(&self) -> String {
        match self.lack {
            Lack::LoopbackFlag => {
                "give --allow-loopback if whatever listens there may have your credentials".to_owned()
            }
            Lack::OnlyLoopback => "--allow-loopback holds only if every host of the cloud and of the ledger is loopback".to_owned(),
            Lack::Leave => format!(
                "allow it in a policy, outside the manifests (--policy FILE): `allow: {{{}}}`",
                self.ask.allowance()
            ),
        }
    }
}

impl fmt::Display for Denied {
    /// `the authority host login.evil.example of the cloud evil is not trusted: allow it in a policy …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not trusted: {}", self.ask, self.advice())
    }
}
