//! Bytes that are overwritten when nobody needs them any more: responses, which may hold tokens and auth keys, and forms with secrets.
//!
//! A buffer never grows in place, which would leave a copy behind. What hyper and rustls keep in their own buffers is not wiped.

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

/// Looks at what is left in freed memory.
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod residue {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;

    /// How many of the bytes at `address` are `byte`; all of them, if that cannot be told. Memory that was given back to the kernel
    /// holds none.
    pub fn count(address: usize, length: usize, byte: u8) -> usize {
        // Wiped as well: it may come to lie where the next look goes.
        let mut left = zeroize::Zeroizing::new(vec![0; length]);
        let (Ok(memory), Ok(at)) = (File::open("/proc/self/mem"), u64::try_from(address)) else {
            return length;
        };
        let read = memory.read_at(&mut left, at).unwrap_or(0);
        left[..read]
            .iter()
            .map(|one| usize::from(*one == byte))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An allocator marks a freed block with a few bytes of its own and leaves the rest as it was.
    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_is_left_where_bytes_were() {
        const LENGTH: usize = 3_000;
        let places = |bytes: &Bytes| bytes.as_ptr().addr();
        let form = wiped(vec![0xA7; LENGTH]);
        let mut buffer = Buffer::with_room(Some(LENGTH));
        buffer.push(&[0xA7; LENGTH]);
        let first = buffer.0.as_ptr().addr();
        buffer.push(&[0xA7; 1]);
        let answer = buffer.freeze();
        let places = [places(&form), places(&answer), first];
        assert_eq!(residue::count(places[0], LENGTH, 0xA7), LENGTH);
        drop((form.clone(), answer.clone()));
        assert_eq!(residue::count(places[1], LENGTH, 0xA7), LENGTH);
        drop((form, answer));
        for place in places {
            assert!(residue::count(place, LENGTH, 0xA7) < LENGTH / 10);
        }
    }

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
