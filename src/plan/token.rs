//! Idempotency tokens: the same need has the same token, the next need another one.

use sha2::{Digest, Sha256};

use crate::model::job::{RunId, Token};

/// SHA-256 over the parts and the run they follow, as 64 hex digits. Each part is preceded by its length, so that no two lists
/// of parts read the same.
pub(super) fn token(parts: &[&str], after: Option<RunId>) -> Token {
    let after = after.map_or_else(|| "none".to_owned(), |run| run.to_string());
    let mut hasher = Sha256::new();
    for part in parts.iter().copied().chain([after.as_str()]) {
        hasher.update(part.len().to_string());
        hasher.update(":");
        hasher.update(part);
    }
    Token::from_digest(&hasher.finalize().into())
}
