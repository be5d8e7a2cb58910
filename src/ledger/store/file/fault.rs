//! Why nothing was read or written.

use std::io;

use super::lock::NoLock;

/// Why nothing was read or written.
pub(super) enum Fault {
    /// Another process held the lock all the time; what it wrote about itself.
    Held(String),
    /// What lies where its lock belongs is no lock, with the reason.
    Unusable(String),
    /// The file is shorter than what was written to it, by so many bytes.
    Cut {
        missing: u64,
    },
    /// There is no file, and so many bytes have been written to it.
    Gone {
        written: u64,
    },
    /// The next generation cannot be given to the owner and group of this one.
    Owner(io::Error),
    Io(io::Error),
}

impl From<NoLock> for Fault {
    fn from(none: NoLock) -> Self {
        match none {
            NoLock::Held(who) => Self::Held(who),
            NoLock::Unusable(why) => Self::Unusable(why),
            NoLock::Io(error) => Self::Io(error),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
