//! The encoding of SSH (RFC 4251): numbers and texts one behind the other, each text with its length before it.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// All of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes, without a length before them; `None`: there are not so many.
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    /// A number of four bytes.
    pub fn number(&mut self) -> Option<u32> {
        let bytes = self.bytes(4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    /// Bytes with their length before them.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.bytes(usize::try_from(length).ok()?)
    }

    /// The same as text.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// A positive number of any size, without zeros before it. What could be written shorter is none.
    pub fn positive(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        match bytes {
            // The first bit would make it negative.
            [0, first, ..] if *first >= 0x80 => bytes.get(1..),
            [first, ..] if (1..0x80).contains(first) => Some(bytes),
            _ => None,
        }
    }

    /// Nothing stands behind what was read.
    pub const fn is_over(self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_longer_than_it_is_said_to_be_is_no_string() {
        let mut wire = Wire::new(b"\0\0\0\x02ab\0\0\0\x03ab");
        assert_eq!(wire.text(), Some("ab"));
        assert_eq!(wire.string(), None);
        assert_eq!(Wire::new(b"\xff\xff\xff\xffab").string(), None);
        assert_eq!(Wire::new(b"\0\0\0").number(), None);
        assert!(Wire::new(b"").is_over());
    }

    #[test]
    fn a_number_has_one_encoding() {
        let positive = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            let text = [length.as_slice(), bytes].concat();
            Wire::new(&text).positive().map(<[u8]>::to_vec)
        };
        assert_eq!(positive(&[1, 2]), Some(vec![1, 2]));
        assert_eq!(positive(&[0, 0x80]), Some(vec![0x80]));
        for wrong in [&[][..], &[0], &[0, 1], &[0, 0, 0x80], &[0x80]] {
            assert_eq!(positive(wrong), None, "{wrong:?}");
        }
    }
}
