//! What jobs, runs and requests for runs go by.

use std::fmt;

use crate::limits::TOKEN_CHARS_MAX;
use crate::model::hex::hex;

/// A job's id: a positive 64-bit number, never a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub i64);

/// A run's id: a positive 64-bit number, never a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl From<i64> for JobId {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl From<i64> for RunId {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An `idempotency_token`: decided and stored before the call, at most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(String);

impl Token {
    /// Takes 1 to 64 characters of `[A-Za-z0-9-]`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=TOKEN_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// A SHA-256 as its 64 lower-case hex digits: exactly as long as a token may be.
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        Self(hex(digest))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
