//! Who has to sign a plan before it is applied: what a policy says of it.

use std::collections::BTreeSet;

mod public_key;
mod wire;

pub use public_key::{Curve, KeyError, Material, PublicKey, RSA_BITS_MAX, RSA_BITS_MIN};
pub use wire::Wire;

/// Somebody whose signature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Who: an address of mail, or any word without blanks. Several keys may be one person's.
    pub name: String,
    /// With what.
    pub key: PublicKey,
}

impl Signer {
    /// Who it is, whatever the case of the letters: whoever has several keys counts once.
    pub fn person(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

/// Whose signatures a plan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// Who may sign, at least one.
    pub signers: Vec<Signer>,
    /// How many different people have to, from 1 to as many as there are.
    pub needed: usize,
}

impl Signing {
    /// Whose key it is.
    pub fn signer_of(&self, key: &[u8]) -> Option<&Signer> {
        self.signers.iter().find(|one| one.key.blob() == key)
    }

    /// How many different people there are.
    pub fn people(signers: &[Signer]) -> usize {
        let people: BTreeSet<String> = signers.iter().map(Signer::person).collect();
        people.len()
    }
}

/// May a signer be called so? A list for `ssh-keygen -Y verify` separates names by commas, and reads `*`, `?` and `!` as patterns.
///
/// # Errors
/// A sentence that says how names are written.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_graphic() && !",*?!\"'`#\\".contains(c);
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!(
        "write 1 to {NAME_CHARS_MAX} visible ASCII characters without blanks, commas, quotes, `*`, `?`, `!`, `#` and `\\`, such as alice@example.com"
    ))
}

/// Most characters of a signer's name.
const NAME_CHARS_MAX: usize = 128;
