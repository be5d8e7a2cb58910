//! What stands for a key everywhere but in the cloud folder.

/// A key's SHA-256 in lower-case hex. Its random part has 256 bits, so the hash gives nothing away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Takes 64 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            .then(|| Self(text.to_owned()))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 digits, for reading.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or_default()
    }
}
