//! Hashes a file while it is read.

use std::io::{self, Read};

use ring::digest::{Context, SHA256, SHA512};

/// A reader that hashes all that it reads.
pub struct Hashing<R> {
    input: R,
    sha256: Context,
    sha512: Context,
}

/// What the bytes hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// SHA-256.
    pub sha256: Vec<u8>,
    /// SHA-512.
    pub sha512: Vec<u8>,
}

impl<R> Hashing<R> {
    /// From the present place of `input` on.
    pub fn new(input: R) -> Self {
        Self {
            input,
            sha256: Context::new(&SHA256),
            sha512: Context::new(&SHA512),
        }
    }

    /// Of all that was read: of a whole file, once its end was met.
    pub fn finish(self) -> Hashes {
        Hashes {
            sha256: self.sha256.finish().as_ref().to_vec(),
            sha512: self.sha512.finish().as_ref().to_vec(),
        }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        self.sha512.update(&buffer[..count]);
        Ok(count)
    }
}
