//! Reads a signature from its file: base64 between two lines, and in it the fields of SSHSIG.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::model::signing::Wire;

const FIRST: &str = "-----BEGIN SSH SIGNATURE-----";
const LAST: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;

/// A signature as it was read. Nothing of it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The public key that it says to be of.
    pub key: Vec<u8>,
    /// What it is for.
    pub namespace: String,
    /// Signed, and without a meaning today.
    pub reserved: Vec<u8>,
    /// How the bytes of the file were hashed: `sha256` or `sha512`.
    pub hash: String,
    /// How it was signed: `ssh-ed25519`, `rsa-sha2-512`, …
    pub algorithm: String,
    /// The signature itself.
    pub signature: Vec<u8>,
    /// What a hardware token says beside it.
    pub token: Option<Token>,
}

/// What a hardware token signs along with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whether somebody touched it, and was verified.
    pub flags: u8,
    /// How often it has signed.
    pub counter: u32,
}

/// Why a file is no signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unread {
    /// It is something else.
    #[error("it is not a signature made by `ssh-keygen -Y sign`: the first line is not `{FIRST}`")]
    Foreign,
    /// It was cut off or changed.
    #[error("it is damaged: {what}")]
    Damaged {
        /// What is wrong with it.
        what: &'static str,
    },
    /// It may be right, for another program.
    #[error("it has version {version} of the format, and only version 1 is known")]
    Version {
        /// The version.
        version: u32,
    },
}

const fn damaged(what: &'static str) -> Unread {
    Unread::Damaged { what }
}

/// Reads the text of a `.sig` file.
///
/// # Errors
/// It is not one, or not whole.
pub fn read(text: &[u8]) -> Result<Sealed, Unread> {
    let blob = unarmored(text)?;
    let mut wire = Wire::new(&blob);
    if wire.bytes(MAGIC.len()) != Some(MAGIC) {
        return Err(damaged("what is in it does not begin with `SSHSIG`"));
    }
    match wire.number() {
        Some(VERSION) => {}
        Some(version) => return Err(Unread::Version { version }),
        None => return Err(damaged("it ends too early")),
    }
    let sealed = fields(&mut wire).ok_or(damaged("a field is cut off, or not text"))?;
    if wire.is_over() {
        Ok(sealed)
    } else {
        Err(damaged("something stands behind the last field"))
    }
}

fn fields(wire: &mut Wire<'_>) -> Option<Sealed> {
    let key = wire.string()?.to_vec();
    let namespace = wire.text()?.to_owned();
    let reserved = wire.string()?.to_vec();
    let hash = wire.text()?.to_owned();
    let mut inner = Wire::new(wire.string()?);
    let algorithm = inner.text()?.to_owned();
    let signature = inner.string()?.to_vec();
    let token = if inner.is_over() {
        None
    } else {
        let flags = inner.byte()?;
        let counter = inner.number()?;
        Some(Token { flags, counter })
    };
    inner.is_over().then_some(Sealed {
        key,
        namespace,
        reserved,
        hash,
        algorithm,
        signature,
        token,
    })
}

/// What the base64 between the two lines says.
fn unarmored(text: &[u8]) -> Result<Vec<u8>, Unread> {
    let text = std::str::from_utf8(text).map_err(|_| Unread::Foreign)?;
    let mut lines = text.lines();
    if lines.next() != Some(FIRST) {
        return Err(Unread::Foreign);
    }
    let mut base64 = String::with_capacity(text.len());
    let is_closed = lines.by_ref().any(|line| {
        let is_last = line == LAST;
        if !is_last {
            base64.push_str(line);
        }
        is_last
    });
    if !is_closed {
        return Err(damaged(
            "the last line is not `-----END SSH SIGNATURE-----`",
        ));
    }
    if lines.next().is_some() {
        return Err(damaged("something stands behind the last line"));
    }
    STANDARD
        .decode(base64)
        .map_err(|_| damaged("it is not base64"))
}
