//! Bytes that are overwritten when nobody needs them any more: answers, which may hold tokens and auth keys, and forms with secrets.
//!
//! Refuses: growing in place, which would leave a copy behind. What hyper and rustls keep in buffers of their own is not wiped.

use bytes::Bytes;
use zeroize::Zeroizing;

/// First room of a buffer whose end is not known.
const ROOM: usize = 16 * 1024;

/// `bytes` to be shared, wiped with the last clone.
pub fn wiped(bytes: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes))
}

/// A buffer that grows into a new place and wipes the old one.
pub struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    /// Room for so many bytes, if that is known.
    pub fn with_room(expected: Option<usize>) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(expected.unwrap_or(ROOM))))
    }

    /// Would `more` bytes make it longer than `limit`?
    pub fn would_exceed(&self, limit: usize, more: usize) -> bool {
        self.0.len() + more > limit
    }

    /// Appends.
    pub fn push(&mut self, more: &[u8]) {
        let needed = self.0.len() + more.len();
        if needed > self.0.capacity() {
            let mut wider = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            wider.extend_from_slice(&self.0);
            self.0 = wider;
        }
        self.0.extend_from_slice(more);
    }

    /// To be shared, wiped with the last clone.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_grows_by_moving_and_keeps_what_it_holds() {
        let mut buffer = Buffer::with_room(Some(2));
        let whole: Vec<u8> = (0..=255).collect();
        for part in whole.chunks(7) {
            buffer.push(part);
        }
        assert!(buffer.would_exceed(256, 1) && !buffer.would_exceed(257, 1));
        assert_eq!(&buffer.freeze()[..], &whole[..]);
        assert_eq!(&wiped(b"hush".to_vec())[..], b"hush");
    }
}
