//! Idempotency tokens: the same need has the same token, the next need another one.

use sha2::{Digest, Sha256};

use super::follow::Followed;
use crate::model::job::Token;

/// SHA-256 over the parts and the runs they follow, as 64 hex digits. Each part is preceded by its length, so that no two lists
/// of parts read the same.
pub(super) fn token(parts: &[&str], followed: &Followed) -> Token {
    let mut after: Vec<String> = followed.ids.iter().map(ToString::to_string).collect();
    if after.is_empty() {
        after.push("none".to_owned());
    }
    let mut hasher = Sha256::new();
    for part in parts
        .iter()
        .copied()
        .chain(after.iter().map(String::as_str))
    {
        hasher.update(part.len().to_string());
        hasher.update(":");
        hasher.update(part);
    }
    Token::from_digest(&hasher.finalize().into())
}
